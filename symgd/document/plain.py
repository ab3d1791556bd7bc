"""What every format shares: strings made safe to show, their width, the words for a verdict and a relation, the lines of a page by number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from symgd.document.page import Chain, Cite, Formula, Inline, Line, Link, Mono, Page, Strong, every_block
from symgd.typeset import to_speech, to_unicode
from symgd.typeset.breaking import drawn, split_formula
from symgd.typeset.layout import Layout

__all__ = [
    "CHECKS", "RELATIONS", "above", "beside", "drawn", "formula_text", "inline_text", "legend", "numbers", "one_line", "slug", "split_formula", "spoken",
    "visible", "width", "wrap", "written",
]  # fmt: skip

# verdict: its mark, its word, and what the word means here
CHECKS = {
    "proved": ("✓", "proved", "the two sides are equal for every value"),
    "held": ("≈", "held", "the two sides agree at every point tried; not proved"),
    "refuted": ("✗", "refuted", "the two sides differ"),
} | {  # of somebody's working
    "given": ("·", "given", "stated, nothing to judge"),
    "right": ("✓", "right", "follows from the lines before it"),
    "convention": ("≈", "convention", "right up to a factor that a convention explains"),
    "notation": ("~", "notation", "right as it is meant, loosely written"),
    "wrong": ("✗", "wrong", "does not follow: a mistake begins here"),
    "carried": ("↳", "carried", "false, because an earlier line is"),
    "undecided": ("?", "undecided", "neither proved nor refuted"),
    "unread": ("?", "unread", "could not be read, and is not guessed at"),
}

# relation: how LaTeX writes it, how it is said
RELATIONS = {
    "=": ("=", "equals"),
    ":=": (":=", "is defined as"),
    "≈": (r"\approx", "is about"),
    "≠": (r"\ne", "is not equal to"),
    "<": ("<", "is less than"),
    ">": (">", "is greater than"),
    "≤": (r"\le", "is at most"),
    "≥": (r"\ge", "is at least"),
    "→": (r"\to", "tends to"),
    "←": (r"\leftarrow", "becomes"),
    "∝": (r"\propto", "is proportional to"),
    "⇒": (r"\Rightarrow", "implies"),
    "⇔": (r"\Leftrightarrow", "holds exactly when"),
}

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    """The text with every character that commands a screen (controls, direction marks, lone surrogates) drawn instead of obeyed; newlines stay."""
    text = text.replace("\r\n", "\n").expandtabs(4)
    return "".join(_drawn(c) for c in text)


def _drawn(c: str) -> str:
    if c == "\n" or " " <= c <= "~":
        return c
    if ord(c) in _CONTROL_PICTURES:
        return _CONTROL_PICTURES[ord(c)]
    unseen = c in _BIDI or unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn")
    return "\ufffd" if unseen else " " if c in "\u2028\u2029" else c


def one_line(text: str) -> str:
    """The visible text on one line: running text has no line breaks of its own."""
    return visible(text).replace("\n", " ")


def width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining marks none."""
    return len(text) if text.isascii() else sum(_columns(c) for c in text)


def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def wrap(text: str, columns: int) -> list[str]:
    """Lines of whole words, at most `columns` wide; a word that is wider than a line is broken where its line ends."""
    lines, line, used = [], "", 0
    for word in text.split(" "):
        for piece in _pieces(word, columns):
            wide = width(piece)
            if line and used + 1 + wide > columns:
                lines.append(line)
                line, used = piece, wide
            else:
                line, used = (f"{line} {piece}", used + 1 + wide) if line else (piece, wide)
    return [part.rstrip() for part in [*lines, line] if part.strip()] or [""]


def _pieces(word: str, columns: int) -> list[str]:
    """The word, or where it is wider than a line its parts of one line each."""
    if width(word) <= columns:
        return [word]
    parts, taken = [""], 0
    for c in word:
        taken += width(c)
        if taken > columns and parts[-1]:
            parts.append("")
            taken = width(c)
        parts[-1] += c
    return parts


def formula_text(layout: Layout) -> str:
    """The formula on one line of Unicode."""
    return one_line(to_unicode(layout))


def written(layout: Layout) -> float:
    """Columns of the formula on one line of Unicode."""
    return width(formula_text(layout))


def inline_text(text: Inline) -> str:
    """Running text without any markup."""
    out = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(formula_text(layout))
            case Cite(number):
                out.append(f"({one_line(number)})")
            case Strong(words) | Mono(words) | Link(words):
                out.append(one_line(words))
            case _:
                out.append(one_line(piece))
    return "".join(out)


def slug(text: str) -> str:
    """Letters, digits and hyphens of the text, for an anchor or a label: never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "x"


def numbers(page: Page) -> dict[str, str]:
    """The anchor of each numbered line; a number used twice belongs to the first."""
    found: dict[str, str] = {}
    for block in every_block(page.blocks):
        for line in block.lines if isinstance(block, Chain) else ():
            if line.number and line.number not in found:
                name = f"line-{slug(line.number)}"
                found[line.number] = name if name not in found.values() else f"{name}-{len(found)}"
    return found


def spoken(line: Line, left: str = "") -> str:
    """The sentence that says the line; `left` says the side that a continuing line leaves out."""
    if line.spoken:
        return one_line(line.spoken)
    said = to_speech(line.left) if line.left is not None else left
    return one_line(f"{said} {RELATIONS.get(line.relation, ('', line.relation))[1]} {to_speech(line.right)}".strip())


def above(line: Line) -> bool:
    """Is the left side so wide that it stands on a row of its own, above the right side?"""
    return line.left is not None and drawn(line.left) > _WIDE_LEFT


def beside(chain: Chain, columns: int = 80, rows: int = 4, measure: Callable[[Layout], float] = drawn) -> tuple[bool, ...]:
    """For each line: does its reason stand in a second column beside the formulas, in at most `rows` rows of it?  All no, where most do not fit."""
    left = max((measure(line.left) for line in chain.lines if line.left is not None and not above(line)), default=0) + _MARGIN
    ends = [left + measure(line.right) for line in chain.lines]
    least = min(_COLUMN, max((_reason_width(line) for line in chain.lines), default=0))
    column = max((end for end in ends if end + least <= columns), default=columns)
    fits = tuple(end <= column and not above(line) and _reason_width(line) <= rows * (columns - column) for end, line in zip(ends, chain.lines, strict=True))
    reasoned = [fit for fit, line in zip(fits, chain.lines, strict=True) if line.reason or line.check]
    return fits if 2 * sum(reasoned) > len(reasoned) else (False,) * len(fits)


_WIDE_LEFT = 36  # columns
_MARGIN, _COLUMN = 13, 28  # columns for the number, the relation and the gaps; the least for a column of reasons that do not fit into less


def _reason_width(line: Line) -> int:
    return width(inline_text(line.reason)) + (2 + width(" ".join(CHECKS[line.check][:2])) if line.check in CHECKS else 0)


def legend(page: Page) -> tuple[tuple[str, str, str], ...]:
    """(mark, word, meaning) of the verdicts that the page shows, for a line at its end."""
    shown = {line.check for block in every_block(page.blocks) if isinstance(block, Chain) for line in block.lines}
    return tuple(row for verdict, row in CHECKS.items() if verdict in shown)
