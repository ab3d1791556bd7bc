"""Page → Markdown as GitHub draws it: formulas in ```math blocks and $`…`$, everything else escaped."""

from __future__ import annotations

import re
from itertools import groupby
from urllib.parse import quote

from symgd.document.page import Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, above, beside, legend, one_line, split_formula, visible, wrap
from symgd.typeset import Layout, to_latex

__all__ = ["to_markdown"]

_SPECIAL = {c: f"\\{c}" for c in "\\`*_{}[]|~"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": r"<span>\$</span>"}

_ESCAPED = "#$%&_{}"

_WIDE, _LINE = 90, 105  # columns of Unicode: the longest row of a formula; formula and reason together


def to_markdown(page: Page) -> str:
    """The page as GitHub-flavoured Markdown, one paragraph a line."""
    parts = ["# " + _inline(page.title)] if page.title else []
    if page.summary:
        parts.append(_paragraph(page.summary))
    parts += [_block(block) for block in page.blocks]
    if marks := legend(page):
        parts.append("---\n\n" + " · ".join(f"{mark} **{word}**: {meaning}" for mark, word, meaning in marks))
    return "\n\n".join(part for part in parts if part.strip()).rstrip() + "\n"


def _escape(text: str) -> str:
    """Plain text: no character of it is Markdown or HTML, wherever it stands in a line."""
    text = "".join(_SPECIAL.get(c, c) for c in one_line(text))
    return re.sub(r"(?<=[A-Za-z0-9/])([:@.])(?=[A-Za-z/])", r"<span>\1</span>", text) if re.search(r"://|www\.|@", text) else text


def _inline(text: Inline, cell: bool = False) -> str:
    out = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(_formula(layout, cell))
            case Strong(words):
                out.append(f"**{_escape(words.strip())}**" if words.strip() else "")
            case Mono(words):
                out.append(_typed(words, cell))
            case Link(words):
                out.append(f"[{_escape(words)}]({piece.address('.md')})")
            case Cite(number):
                out.append(f"({_escape(number)})")
            case _:
                out.append(_escape(piece))
    return "".join(out)


def _formula(layout: Layout, cell: bool) -> str:
    latex = _github(layout)
    return f"$`{_without_bars(latex) if cell else latex}`$"


def _without_bars(latex: str) -> str:
    """A bar would end the cell of a table."""
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _typed(words: str, cell: bool) -> str:
    """Between more backticks than the words hold; blanks at the ends where a backtick would touch."""
    words = one_line(words)
    fence = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    pad = " " if words[:1] in "` " or words[-1:] in "` " else ""
    return f"{fence}{pad}{words.replace('|', chr(92) + '|') if cell else words}{pad}{fence}" if words.strip() else ""


def _paragraph(text: Inline) -> str:
    """A paragraph: what would begin a list, a heading, a rule or a quotation at its start is escaped."""
    line = _inline(text).strip()
    return re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^(?=[#+=\-:])", r"\\", line))


# ---------------------------------------------------------------------------------------------------------------------- blocks


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            return "#" * min(max(level, 1) + 1, 6) + " " + _inline(text)
        case Prose(text):
            return _paragraph(text)
        case Note(text, kind):
            return f"> **{'Warning' if kind == 'warning' else 'Note'}.** {_inline(text)}"
        case Chain(lines):
            return _aligned(lines, beside(block, _LINE, 1)) if _fits(block) else _one_by_one(lines)
        case Table():
            return _table(block)
        case Picture(_, title, description, path):
            link = f"![{_escape(title)}]({quote(path)})\n\n" if path else ""
            return f"{link}**{_escape(title)}.** {_escape(description)}"
        case Code(text, language):
            text = visible(text)
            fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
            return f"{fence}{language if re.fullmatch(r'[A-Za-z0-9+-]+', language) else ''}\n{text}\n{fence}"
        case Box(title, blocks) | Folded(title, blocks):
            return "\n\n".join([f"**{_inline(title)}**", *map(_block, blocks)])


def _relation(line: Line) -> str:
    mark = RELATIONS.get(line.relation, (_math_text(line.relation), ""))[0]
    return {"<": r"\lt", ">": r"\gt"}.get(mark, mark)


def _rows(line: Line, left: str) -> list[str]:
    """left & relation right, and further rows where the right side is broken."""
    first, *more = [_github(part) for part in split_formula(line.right, _WIDE)]
    if above(line):
        return [f"& {left}", f"&{_relation(line)} {first}", *(rf"&\qquad {part}" for part in more)]
    return [f"{left} &{_relation(line)} {first}", *(rf"&\qquad {part}" for part in more)]


def _math(rows: list[str], number: str = "") -> str:
    r"""A block of aligned rows.  Its number stands on the last row, as \tag."""
    tag = rf" \tag{{{re.sub(r'[^A-Za-z0-9. -]', '', number)}}}" if number else ""
    if len(rows) == 1:
        return f"```math\n{rows[0].replace('&&', chr(92) + 'qquad ').replace('&', '', 1).strip()}{tag}\n```"
    inside = " \\\\\n".join(rows)
    return f"```math\n\\begin{{aligned}}\n{inside}\n\\end{{aligned}}{tag}\n```"


def _fits(chain: Chain) -> bool:
    """Can all reasons stand in a column beside the formulas?  One that holds a formula must fit on one row, since only words are wrapped."""
    worded = (not any(isinstance(piece, Formula) for piece in line.reason) for line in chain.lines)
    one, more = beside(chain, _LINE, 1), beside(chain, _LINE)
    return not any(line.reason for line in chain.lines) or all(o or (m and w) for o, m, w in zip(one, more, worded, strict=True))


def _aligned(lines: tuple[Line, ...], one_row: tuple[bool, ...]) -> str:
    """All lines in one block, aligned at their relations; number, reason and verdict in a column to the right."""
    rows = []
    for line, one in zip(lines, one_row, strict=True):
        formulas = _rows(line, _github(line.left) if line.left is not None else "")
        said = _said_in_math(line, one)
        formulas, said = formulas + ["&"] * (len(said) - len(formulas)), said + [""] * (len(formulas) - len(said))
        rows += [f"{f} &&{s}" if s else f for f, s in zip(formulas, said, strict=True)]
    return _math(rows)


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


def _one_by_one(lines: tuple[Line, ...]) -> str:
    """A block for each line, its reason under it; a continuing line repeats its left side, since it is not seen above it."""
    out, left = [], ""
    for line in lines:
        left = _github(line.left) if line.left is not None else left
        mark, word, _ = CHECKS.get(line.check, ("", "", ""))
        said = " ".join(part for part in (_paragraph(line.reason), f"{mark} {word}" if word else "") if part)
        out += [_math(_rows(line, left), line.number), *([said] if said else [])]
    return "\n\n".join(out)


def _table(table: Table) -> str:
    count = max([len(table.head), *map(len, table.rows)])
    rule = "|" + "|".join("---:" if k in table.numeric else "---" for k in range(count)) + "|"
    rows = [_cells(row, count) for row in (table.head, *table.rows)]
    caption = [_paragraph(table.caption), ""] if table.caption else []
    return "\n".join([*caption, rows[0], rule, *rows[1:]])


def _cells(row: tuple[Inline, ...], count: int) -> str:
    cells = [_inline(cell, cell=True).strip() for cell in row] + [""] * (count - len(row))
    return "| " + " | ".join(cells) + " |"
