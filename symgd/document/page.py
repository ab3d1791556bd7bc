"""What a page is: a few frozen blocks.  It knows no derivation and no format; each format is one walk over it (`to_*.py`).

Running text is a tuple of pieces: plain strings, `Formula`, `Strong`, `Mono`, `Link` and `Cite`.  A string is always plain text: every format escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from symgd.document.shown import shows_itself
from symgd.typeset.layout import Layout

__all__ = [
    "Block", "Box", "Chain", "Cite", "Code", "Folded", "Formula", "Heading", "Inline", "Line", "Link", "Mono", "Note", "Page", "Picture", "Prose", "Strong",
    "Table", "every_block",
]  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """A formula in running text."""

    layout: Layout


@dataclass(frozen=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True)
class Mono:
    """Words as typed: a command, a file, a column."""

    text: str


@dataclass(frozen=True)
class Cite:
    """A citation of the line with this number: printed (3), and a way to go there where the format has one."""

    number: str


@dataclass(frozen=True)
class Link:
    """Words that lead to a file near the page, by its relative path with /; the words as typed where the format has no such way.

    page  the path is another page of the same set, without its suffix: each format adds its own
    """

    text: str
    path: str
    page: bool = False

    def address(self, suffix: str = "") -> str:
        """The path as a relative reference: no scheme, no host, every character but letters, digits, . _ - ~ / in percent; a page with its suffix (".html").

        Raises ValueError for a path that no file can have.
        """
        return "./" + quote(self.path.lstrip("/") + (suffix if self.page else ""), errors="surrogateescape")


Inline = tuple[str | Formula | Strong | Mono | Link | Cite, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is for sections (the page's title is above it)."""

    level: int
    text: Inline
    anchor: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: Inline


@dataclass(frozen=True)
class Line:
    """One line of a chain: left = right, its number, why it holds, how it is spoken.

    left      None continues the line above: only "= right" is shown
    relation  "=", ":=", "≈", "<", "≥" …
    reason    the law by name and one sentence, shown beside or under the line
    number    "3" is printed as (3) and is what other lines cite; "" for an unnumbered line
    check     "proved", "held", "refuted", or "" for a definition, where there is nothing to prove; or the verdict on a line of somebody's working
    spoken    one sentence that says the formula; "" lets the format read it from the layouts
    quiet     a move inside a step, shown smaller than the main lines
    """

    left: Layout | None
    right: Layout
    relation: str = "="
    reason: Inline = ()
    number: str = ""
    check: str = ""
    spoken: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Chain:
    """Displayed lines, aligned at their relation."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """A small table; every cell is running text.  `numeric` columns are aligned right."""

    head: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]
    caption: Inline = ()
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG text, with what it shows in words; formats that draw nothing print the description.

    path    a file of the same drawing beside the document, for the formats that can only link to one (Markdown); "" for none
    """

    svg: str
    title: str
    description: str
    path: str = ""


@dataclass(frozen=True)
class Code:
    """Program text or terminal output, verbatim.

    output  what the program prints, shown under it; a notebook makes a cell of the two that can be run.  "" for a program that prints nothing, None for text
            that is not run
    """

    text: str
    language: str = ""
    output: str | None = None


@dataclass(frozen=True)
class Note:
    """A paragraph set apart: a remark, a warning, a condition.  kind: "note" | "warning"."""

    text: Inline
    kind: str = "note"


@dataclass(frozen=True)
class Box:
    """A framed part of a page.  kind: "exercise" | "mistake" (something wrong, to be found) | "example"."""

    title: Inline
    blocks: tuple[Block, ...]
    kind: str = "example"


@dataclass(frozen=True)
class Folded:
    """What a reader opens when he is ready: a hint, an answer, a program.  On a screen it folds; on paper it stands at the end of the document.

    kind  "hint" | "answer" | "more"
    """

    title: Inline
    blocks: tuple[Block, ...]
    kind: str = "more"


Block = Heading | Prose | Chain | Table | Picture | Code | Note | Box | Folded


def every_block(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks in order, each Box and Folded followed by what it holds."""
    for block in blocks:
        yield block
        if isinstance(block, Box | Folded):
            yield from every_block(block.blocks)


@shows_itself
@dataclass(frozen=True)
class Page:
    """A document: title, one sentence of summary, blocks."""

    title: Inline
    blocks: tuple[Block, ...]
    summary: Inline = ()
    language: str = "en"

    def shown(self) -> Page:
        """Itself."""
        return self
