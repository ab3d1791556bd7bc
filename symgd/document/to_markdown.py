"""Page → Markdown, as GitHub draws it (formulas in ```math blocks and $`…`$) or as notebooks do (between dollars); everything else is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import quote

from symgd.document.on_paper import lower
from symgd.document.page import Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, above, beside, inline_text, legend, one_line, split_formula, visible, wrap
from symgd.typeset import Layout, to_latex

__all__ = ["GITHUB", "NOTEBOOK", "Dialect", "blocks_to_markdown", "legend_to_markdown", "to_markdown"]

# MathJax looks for dollars and \\( in the text of a notebook, but not across the bounds of an element.
_SPECIAL = {c: f"\\{c}" for c in "`*_{}[]|~"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": r"<span>\$</span>", "\\": r"<span>\\</span>"}

_ESCAPED = "#$%&_{}"

_WIDE, _LINE = 90, 105  # columns of Unicode: the longest row of a formula; formula and reason together


def _beside(picture: Picture) -> str:
    """The picture in the file beside the document, if there is one."""
    return quote(picture.path) if picture.path else ""


@dataclass(frozen=True)
class Dialect:
    """inline   what stands round a formula in running text, {} for the formula; block likewise
    suffix   of another page of the same set
    address  of the drawing of a picture, "" for none
    framed   a box is a quotation, which nothing may leave; else the cells of a notebook set it apart
    """

    inline: str
    block: str
    suffix: str
    address: Callable[[Picture], str] = _beside
    framed: bool = True


GITHUB = Dialect("$`{}`$", "```math\n{}\n```", ".md")
NOTEBOOK = Dialect("${}$", "$$\n{}\n$$", ".ipynb", lambda _: "", framed=False)


def to_markdown(page: Page, dialect: Dialect = GITHUB) -> str:
    """The page as GitHub-flavoured Markdown, one paragraph a line."""
    parts = ["# " + _inline(page.title, dialect)] if page.title else []
    if page.summary:
        parts.append(_paragraph(page.summary, dialect))
    parts += [blocks_to_markdown(page.blocks, dialect), legend_to_markdown(page)]
    return "\n\n".join(part for part in parts if part.strip()).rstrip() + "\n"


def blocks_to_markdown(blocks: tuple[Block, ...], dialect: Dialect = GITHUB) -> str:
    """The blocks, a blank line between them."""
    return "\n\n".join(part for part in (_block(block, dialect) for block in blocks) if part.strip())


def legend_to_markdown(page: Page) -> str:
    """What the verdicts of the page mean."""
    marks = legend(page)
    return "---\n\n" + " · ".join(f"{mark} **{word}**: {meaning}" for mark, word, meaning in marks) if marks else ""


def _escape(text: str) -> str:
    """Plain text: no character of it is Markdown or HTML, wherever it stands in a line."""
    text = "".join(_SPECIAL.get(c, c) for c in one_line(text))
    return re.sub(r"(?<=[A-Za-z0-9/])([:@.])(?=[A-Za-z/])", r"<span>\1</span>", text) if re.search(r"://|www\.|@", text) else text


def _inline(text: Inline, dialect: Dialect, cell: bool = False) -> str:
    out = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(_formula(layout, dialect, cell))
            case Strong(words):
                before, after = (" " if words[at:][:1].isspace() else "" for at in (0, -1))
                out.append(f"{before}**{_escape(words.strip())}**{after}" if words.strip() else "")
            case Mono(words):
                out.append(_typed(words, cell))
            case Link(words):
                out.append(f"[{_escape(words)}]({piece.address(dialect.suffix)})")
            case Cite(number):
                out.append(f"({_escape(number)})")
            case _:
                out.append(_escape(piece))
    return "".join(out)


def _formula(layout: Layout, dialect: Dialect, cell: bool) -> str:
    latex = _github(layout).strip()
    return dialect.inline.format(_without_bars(latex) if cell else latex)


def _without_bars(latex: str) -> str:
    """A bar would end the cell of a table."""
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _typed(words: str, cell: bool) -> str:
    """Between more backticks than the words hold; blanks at the ends where a backtick would touch."""
    words = one_line(words)
    fence = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    pad = " " if words[:1] in "` " or words[-1:] in "` " else ""
    return f"{fence}{pad}{words.replace('|', chr(92) + '|') if cell else words}{pad}{fence}" if words.strip() else ""


def _paragraph(text: Inline, dialect: Dialect) -> str:
    """A paragraph: what would begin a list, a heading, a rule or a quotation at its start is escaped."""
    line = _inline(text, dialect).strip()
    return re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^(?=[#+=\-:])", r"\\", line))


# ---------------------------------------------------------------------------------------------------------------------- blocks


def _block(block: Block, dialect: Dialect) -> str:
    match block:
        case Heading(level, text):
            return "#" * min(max(level, 1) + 1, 6) + " " + _inline(text, dialect)
        case Prose(text):
            return _paragraph(text, dialect)
        case Note(text, kind):
            return f"> **{'Warning' if kind == 'warning' else 'Note'}.** {_inline(text, dialect)}"
        case Chain(lines):
            return _aligned(lines, beside(block, _LINE, 1), dialect) if _fits(block) else _one_by_one(lines, dialect)
        case Table():
            return _table(block, dialect)
        case Picture(_, title, description):
            address = dialect.address(block)
            link = f"![{_escape(title)}]({address})\n\n" if address else ""
            return f"{link}**{_escape(title)}.** {_escape(description)}"
        case Code(text, language, output):
            return _fenced(text, language) + (f"\n\nIt prints\n\n{_fenced(output.rstrip(), 'text')}" if output else "")
        case Box(title, blocks):
            inside = f"**{_inline(title, dialect)}**\n\n{blocks_to_markdown(lower(blocks), dialect)}"
            return re.sub("^", "> ", inside, flags=re.MULTILINE).replace("> \n", ">\n") if dialect.framed else inside
        case Folded(title, blocks):  # Markdown, and mathematics in it, begins again after a blank line
            return f"<details>\n<summary>{_in_html(inline_text(title))}</summary>\n\n{blocks_to_markdown(lower(blocks), dialect)}\n\n</details>"


def _fenced(text: str, language: str) -> str:
    text = visible(text)
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language if re.fullmatch(r'[A-Za-z0-9+-]+', language) else ''}\n{text}\n{fence}"


def _in_html(text: str) -> str:
    """Plain text on a line of HTML, where a backslash escapes nothing."""
    return re.sub(r"[$\\:@.`]", r"<span>\g<0></span>", escape(text, quote=False))


def _relation(line: Line) -> str:
    mark = RELATIONS.get(line.relation, (_math_text(line.relation) + r"\ ", ""))[0]
    return {"<": r"\lt", ">": r"\gt"}.get(mark, mark)


def _rows(line: Line, left: str) -> list[str]:
    """left & relation right, and further rows where the right side is broken."""
    first, *more = [_github(part) for part in split_formula(line.right, _WIDE)]
    if above(line):
        return [f"& {left}", f"&{_relation(line)} {first}", *(rf"&\qquad {part}" for part in more)]
    return [f"{left} &{_relation(line)} {first}", *(rf"&\qquad {part}" for part in more)]


def _math(rows: list[str], dialect: Dialect, number: str = "") -> str:
    r"""A block of aligned rows.  Its number stands on the last row, as \tag."""
    tag = rf" \tag{{{re.sub(r'[^A-Za-z0-9. -]', '', number)}}}" if number else ""
    if len(rows) == 1:
        return dialect.block.format(f"{rows[0].replace('&&', chr(92) + 'qquad ').replace('&', '', 1).strip()}{tag}")
    inside = " \\\\\n".join(rows)
    return dialect.block.format(f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}{tag}")


def _fits(chain: Chain) -> bool:
    """Can all reasons stand in a column beside the formulas?  One that holds a formula must fit on one row, since only words are wrapped."""
    worded = (not any(isinstance(piece, Formula) for piece in line.reason) for line in chain.lines)
    one, more = beside(chain, _LINE, 1), beside(chain, _LINE)
    return not any(line.reason for line in chain.lines) or all(o or (m and w) for o, m, w in zip(one, more, worded, strict=True))


def _aligned(lines: tuple[Line, ...], one_row: tuple[bool, ...], dialect: Dialect) -> str:
    """All lines in one block, aligned at their relations; number, reason and verdict in a column to the right."""
    rows = []
    for line, one in zip(lines, one_row, strict=True):
        formulas = _rows(line, _github(line.left) if line.left is not None else "")
        said = _said_in_math(line, one)
        formulas, said = formulas + ["&"] * (len(said) - len(formulas)), said + [""] * (len(formulas) - len(said))
        rows += [f"{f} &&{s}" if s else f for f, s in zip(formulas, said, strict=True)]
    return _math(rows, dialect)


def _said_in_math(line: Line, one_row: bool) -> list[str]:
    """Number, reason and verdict, as rows of a column."""
    number, verdict = f"({line.number}) " if line.number else "", f" {CHECKS[line.check][0]}" if line.check in CHECKS else ""
    pieces: Inline = (number, *line.reason, verdict)
    if not one_row:
        return [_math_text(row) for row in wrap("".join(map(_words, pieces)), 52)]
    runs = groupby(pieces, lambda p: isinstance(p, Formula))
    said = "".join("".join(_github(p.layout) for p in run if isinstance(p, Formula)) if math else _math_text("".join(map(_words, run))) for math, run in runs)
    return [said] if said else []


def _words(piece: str | Formula | Strong | Mono | Link | Cite) -> str:
    match piece:
        case Strong(words) | Mono(words) | Link(words):
            return words
        case Cite(number):
            return f"({number})"
        case str():
            return piece
    return ""


_ALIKE = {"\\": "∖", "`": "’", "^": "ˆ", "~": "∼", "<": "‹", ">": "›"}


def _math_text(text: str) -> str:
    r"""Plain text inside a formula: \text{a}\_\text{b}, since MathJax without its text macros prints the backslash of \_ inside \text."""
    text = "".join(_ALIKE.get(c, c) for c in one_line(text))
    return "".join(rf"\{part}" if part in _ESCAPED else rf"\text{{{part}}}" for part in re.split(r"([#$%&_{}])", text) if part)


def _github(layout: Layout) -> str:
    r"""A formula for MathJax on GitHub: no backtick, and no escape inside \text."""
    return re.sub(r"\\text\{((?:[^{}\\]|\\[#$%&_{}]|\\text[a-z]+\{\})*)\}", lambda m: _math_text(_plain(m[1])), to_latex(layout)).replace("`", "’")


def _plain(escaped: str) -> str:
    """The text that stands escaped inside \\text."""
    for command, c in ((r"\textbackslash{}", "∖"), (r"\textasciitilde{}", "~"), (r"\textasciicircum{}", "^"), (r"\textless{}", "<"), (r"\textgreater{}", ">")):
        escaped = escaped.replace(command, c)
    return re.sub(r"\\([#$%&_{}])", r"\1", escaped)


def _one_by_one(lines: tuple[Line, ...], dialect: Dialect) -> str:
    """A block for each line, its reason under it; a continuing line repeats its left side, since it is not seen above it."""
    out, left = [], ""
    for line in lines:
        left = _github(line.left) if line.left is not None else left
        mark, word, _ = CHECKS.get(line.check, ("", "", ""))
        said = " ".join(part for part in (_paragraph(line.reason, dialect), f"{mark} {word}" if word else "") if part)
        out += [_math(_rows(line, left), dialect, line.number), *([said] if said else [])]
    return "\n\n".join(out)


def _table(table: Table, dialect: Dialect) -> str:
    count = max([len(table.head), *map(len, table.rows)])
    rule = "|" + "|".join("---:" if k in table.numeric else "---" for k in range(count)) + "|"
    rows = [_cells(row, count, dialect) for row in (table.head, *table.rows)]
    caption = [_paragraph(table.caption, dialect), ""] if table.caption else []
    return "\n".join([*caption, rows[0], rule, *rows[1:]])


def _cells(row: tuple[Inline, ...], count: int, dialect: Dialect) -> str:
    cells = [_inline(cell, dialect, cell=True).strip() for cell in row] + [""] * (count - len(row))
    return "| " + " | ".join(cells) + " |"
