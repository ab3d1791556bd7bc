"""Page → plain text for a terminal or a mail: Unicode, wrapped at a width, nothing cut."""

from __future__ import annotations

import re

from symgd.document.on_paper import on_paper
from symgd.document.page import Block, Box, Chain, Code, Folded, Formula, Heading, Inline, Line, Note, Page, Picture, Prose, Table
from symgd.document.plain import CHECKS, beside, formula_text, inline_text, legend, one_line, visible, width, wrap, written

__all__ = ["to_text", "wrap_formula"]

_GLUE = "\u00a0"  # stands for the blanks inside a short formula while a paragraph is wrapped


def to_text(page: Page, columns: int = 80) -> str:
    """The page as plain text, at most `columns` wide (at least 40) wherever a line can be broken."""
    columns, page = max(columns, 40), on_paper(page)
    title = wrap(inline_text(page.title), columns)
    parts = ["\n".join([*title, "═" * max(map(width, title), default=0)])]
    if page.summary:
        parts.append(_paragraph(page.summary, columns))
    parts += [_block(block, columns) for block in page.blocks]
    if marks := legend(page):
        parts.append("\n".join(["─" * 12, *(_hang(f"{mark} ", f"{word}: {meaning}", columns) for mark, word, meaning in marks)]))
    return "\n\n".join(part for part in parts if part.strip()).rstrip() + "\n"


def _block(block: Block, columns: int) -> str:
    match block:
        case Heading(1, text):
            lines = wrap(inline_text(text), columns)
            return "\n".join(["", *lines, "─" * max(map(width, lines), default=0)])
        case Heading(_, text):
            return _hang("── ", inline_text(text), columns)
        case Prose(text):
            return _paragraph(text, columns)
        case Note(text, kind):
            return _hang(f"  {'Warning' if kind == 'warning' else 'Note'}: ", _glued(text), columns).replace(_GLUE, " ")
        case Chain(lines):
            return _chain(lines, columns, beside(block, columns, measure=written))
        case Table():
            return _table(block, columns)
        case Picture(_, title, description):
            return _hang("  [Picture] ", f"{one_line(title)}. {one_line(description)}", columns)
        case Code(text, _, output):
            return _typed(text) + (f"\n\n  It prints\n\n{_typed(output.rstrip())}" if output else "")
        case Box(title, blocks) | Folded(title, blocks):
            inside = "\n\n".join(_block(b, columns - 2) for b in blocks)
            rows = [*wrap(inline_text(title), columns - 2), "", *inside.split("\n")]
            return "\n".join(["┌" + "─" * 12, *(f"│ {row}".rstrip() for row in rows), "└" + "─" * 12])


def _typed(text: str) -> str:
    """As it stands, set in."""
    return "\n".join(f"    {line}".rstrip() for line in visible(text).split("\n"))


def _glued(text: Inline) -> str:
    """Running text in which short formulas hold together."""
    out = []
    for piece in text:
        word = inline_text((piece,))
        out.append(word.replace(" ", _GLUE) if isinstance(piece, Formula) and width(word) <= 40 else word)
    return "".join(out)


def _paragraph(text: Inline, columns: int) -> str:
    return "\n".join(wrap(_glued(text), columns)).replace(_GLUE, " ")


def _hang(first: str, text: str, columns: int) -> str:
    """The text after `first`, its further lines indented as deep."""
    lines = wrap(text, columns - width(first))
    return "\n".join((first if k == 0 else " " * width(first)) + line for k, line in enumerate(lines))


# ---------------------------------------------------------------------------------------------------------------- formulas

_BREAK = re.compile(r" (?=[=≈≤≥<>+−·⊙] )")


def wrap_formula(formula: str, columns: int) -> list[str]:
    """The formula on lines of at most `columns`, broken before the outermost = + − · that helps; unbroken where there is none."""
    if width(formula) <= columns:
        return [formula]
    places = [(depth, m.start()) for m in _BREAK.finditer(formula) if m.start() > 0 for depth in [_depth(formula[: m.start()])]]
    for level in sorted({depth for depth, _ in places}):
        at = [p for depth, p in places if depth <= level]
        fits = [p for p in at if width(formula[:p]) <= columns]
        if fits:
            cut = fits[-1]
            return [formula[:cut], *wrap_formula(formula[cut + 1 :], columns)]
    cut = min((p for _, p in places), default=-1)
    return [formula] if cut < 0 else [formula[:cut], *wrap_formula(formula[cut + 1 :], columns)]


def _depth(text: str) -> int:
    return sum(text.count(c) for c in "([{⟨") - sum(text.count(c) for c in ")]}⟩")


def _chain(lines: tuple[Line, ...], columns: int, sides: tuple[bool, ...]) -> str:
    """Numbers at the margin, left sides flush right, relations under one another, reasons beside or beneath, a blank line where a new formula begins."""
    gutter = max((len(_number(line)) for line in lines), default=0) + 2
    left = max((w for line in lines if line.left is not None if (w := width(formula_text(line.left))) <= columns // 3), default=0)
    relation = max((width(one_line(line.relation)) for line in lines), default=1)
    drawn = [_formula_rows(line, gutter, left, relation, columns) for line in lines]
    at = max((width(row) for rows, side in zip(drawn, sides, strict=True) if side for row in rows), default=0) + 3
    loose = any(line.left is None or (_reason(line) and not side) for line, side in zip(lines, sides, strict=True))
    out: list[str] = []
    for line, rows, side in zip(lines, drawn, sides, strict=True):
        if out and loose and line.left is not None:
            out.append("")
        said = _reason(line)
        out += _with_reason(rows, said, at, columns) if side else rows + [" " * (gutter + 2) + part for part in wrap(said, columns - gutter - 2) if part]
    return "\n".join(row.rstrip().replace(_GLUE, " ") for row in out)


def _with_reason(rows: list[str], said: str, at: int, columns: int) -> list[str]:
    """The reason in the column that begins at `at`, its first row beside the first of the formula."""
    parts = wrap(said, columns - at)
    rows, parts = rows + [""] * (len(parts) - len(rows)), parts + [""] * (len(rows) - len(parts))
    return [row + " " * (at - width(row)) + part for row, part in zip(rows, parts, strict=True)]


def _formula_rows(line: Line, gutter: int, left: int, relation: int, columns: int) -> list[str]:
    """One line of a chain as rows of text: a left side too wide for its column stands on a row of its own."""
    number, blank = _number(line).ljust(gutter), " " * gutter
    said = formula_text(line.left) if line.left is not None else ""
    above = width(said) > left
    side = blank + " " * left if above else number + " " * (left - width(said)) + said
    head = f"{side} {one_line(line.relation).rjust(relation)} "
    right = wrap_formula(formula_text(line.right), columns - width(head))
    rows = [head + right[0]] + [" " * (width(head) - 2) + part if part[0] in "=≈≤≥<>" else " " * width(head) + part for part in right[1:]]
    return [number + part for part in wrap_formula(said, columns - gutter)] + rows if above else rows


def _number(line: Line) -> str:
    return f"({one_line(line.number)})" if line.number else ""


def _reason(line: Line) -> str:
    """The reason and the verdict, as one piece of running text."""
    mark, word, _ = CHECKS.get(line.check, ("", "", ""))
    verdict = f"{mark}{_GLUE}{word}" if word else ""
    return "  ".join(part for part in (_glued(line.reason), verdict) if part)


# ------------------------------------------------------------------------------------------------------------------ tables


def _table(table: Table, columns: int) -> str:
    """Head, rule, rows, two blanks between columns; cells wrap in the widest columns where the table is too wide."""
    rows = [[_glued(cell) for cell in row] for row in (table.head, *table.rows)]
    count = max(map(len, rows), default=0)
    rows = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(width(row[k]) for row in rows) for k in range(count)]
    while sum(widths) + 2 * count > columns and max(widths, default=0) > 8:
        widths[widths.index(max(widths))] -= 1
    body = [line for row in rows for line in _row(row, widths, table.numeric)]
    head = _row(rows[0], widths, table.numeric) if any(rows[0]) else []
    rule = ["  " + "  ".join("─" * w for w in widths)]
    drawn = [*head, *rule, *body[len(_row(rows[0], widths, table.numeric)) :]]
    caption = [_paragraph(table.caption, columns)] if table.caption else []
    return "\n".join([*caption, *(line.rstrip() for line in drawn)]).replace(_GLUE, " ")


def _row(cells: list[str], widths: list[int], numeric: tuple[int, ...]) -> list[str]:
    wrapped = [wrap(cell, w) for cell, w in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    out = []
    for r in range(height):
        parts = [(w[r] if r < len(w) else "") for w in wrapped]
        padded = [" " * (n - width(p)) + p if k in numeric else p + " " * (n - width(p)) for k, (p, n) in enumerate(zip(parts, widths, strict=True))]
        out.append("  " + "  ".join(padded))
    return out
