"""Page → Typst: a document that stands alone, and that Typst makes a tagged PDF of.  Every formula carries its spoken sentence, every picture its words.

A user's text only ever stands inside a string of Typst, which `quoted` writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from symgd.document.on_paper import on_paper
from symgd.document.page import (
    Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table, every_block,
)  # fmt: skip
from symgd.document.plain import CHECKS, RELATIONS, above, beside, drawn, inline_text, legend, numbers, one_line, split_formula, spoken, visible
from symgd.document.svg import inline_svg
from symgd.typeset import Layout, to_speech
from symgd.typeset.typst import quoted
from symgd.typeset.typst import to_typst as formula

__all__ = ["image", "to_typst"]

PREAMBLE = """\
#set page(paper: "a4", margin: 2.5cm, numbering: "1")
#set text(font: ("New Computer Modern", "New Computer Modern Math", "Libertinus Serif", "DejaVu Sans Mono"), size: 11pt)
#set par(leading: 0.6em, spacing: 1em)
#show title: set text(size: 0.9em)
#show heading: set block(above: 1.5em, below: 0.9em)
#show raw: set text(font: "DejaVu Sans Mono", size: 0.95em)
#show math.equation.where(block: true): set align(left)
#show math.equation.where(block: true): set block(above: 0pt, below: 0pt, breakable: false)
#show figure: set block(above: 1.2em, below: 1.2em)
#show figure.where(kind: table): set block(breakable: true)
#show figure: set align(left)
#set figure(numbering: none, supplement: none, gap: 0.6em)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure.caption: set align(left)
#set table(stroke: none, inset: (x: 0.5em, y: 0.4em))
#let eq(alt, body) = math.equation(alt: alt, body.body)
#let listing(text) = block(width: 100%, fill: luma(95%), inset: 0.6em, radius: 2pt, raw(text, block: true))
#let framed(body, whole: false) = block(breakable: not whole, width: 100%, stroke: 0.6pt + luma(45%), inset: 0.8em, radius: 2pt, body)
#let aside(body) = block(width: 100%, stroke: (left: 2pt + luma(45%)), inset: (left: 0.8em, y: 0.3em), body)
#let page-of(name) = context str(locate(label(name)).page())
#let chain(side, ..lines) = layout(size => {
  let lines = lines.pos()
  let wide(body) = measure(math.equation(math.display(body))).width
  let edge = calc.max(0pt, ..lines.map(line => wide(line.left.body)))
  let room = size.width * if side { 72% } else { 100% } - 4em.to-absolute()
  let shown(line) = {
    let body = math.equation(block: true, alt: line.alt, h(edge - wide(line.left.body)) + line.left.body + line.right.body)
    let found = measure(body).width
    pad(left: 1.5em, if found > room { text(size: 1em * (room / found), body) } else { body })
  }
  let said(line) = text(size: 0.9em, line.reason)
  if side {
    grid(
      columns: (auto, 1fr, auto), column-gutter: 2em, row-gutter: 1em, align: (left + horizon, left + horizon, right + horizon),
      ..lines.map(line => (shown(line), said(line), line.number)).flatten(),
    )
  } else {
    for line in lines {
      block(breakable: false, above: 1em, below: 1em, {
        grid(columns: (1fr, auto), align: (left + horizon, right + horizon), shown(line), line.number)
        if line.reason != none { block(inset: (left: 3em), above: 0.7em, said(line)) }
      })
    }
  }
})
"""

_WIDE, _LINE = 72, 84  # columns of Unicode: the longest row of a formula; formula and reason together
_SHORT = 2500  # characters of a box, as Typst reads it, that stays on one page
_CODE = 80  # characters of a program's row
_HEAD = 500  # characters of a head that comes again on the next page
_SCALE = 300 / 420  # points of paper for a unit of a drawing


@dataclass
class Setting:
    """A page while it is set.

    anchors  the label of each numbered line
    used     the numbers that have their label by now
    level    of the last heading: the next may be one deeper
    """

    anchors: dict[str, str]
    used: set[str] = field(default_factory=set)
    level: int = 0


def to_typst(page: Page) -> str:
    """The page as a Typst document, to be compiled to a tagged PDF (PDF/UA-1).  Raises ValueError for a picture that is no drawing."""
    page = on_paper(page)
    at = Setting(numbers(page))
    title, language = inline_text(page.title).strip() or "Untitled", page.language if re.fullmatch("[A-Za-z]{2,3}", page.language) else "en"
    body = [f"#title[{_inline(page.title, at)}]"] if inline_text(page.title).strip() else []
    if page.summary:
        body.append(f"#emph[{_inline(page.summary, at)}]")
    body += _blocks(page.blocks, at)
    if marks := legend(page):
        rows = r" \ ".join(f"#{quoted(mark)}#{quoted(' ')}*#{quoted(word)}*#{quoted(f': {meaning}.')}" for mark, word, meaning in marks)
        body.append(f"#line(length: 100%, stroke: 0.5pt)\n#text(size: 0.9em)[{rows}]")
    head = f"#set document(title: {quoted(title)}, date: none)\n#set text(lang: {quoted(language.lower())})\n"
    return "\n\n".join([head + PREAMBLE, *body]) + "\n"


def _blocks(blocks: tuple[Block, ...], at: Setting) -> list[str]:
    """A sentence that announces what follows stays on its page."""
    return [
        f"#block(sticky: true)[{text}]" if isinstance(block, Prose) and inline_text(block.text).rstrip().endswith((":", ",")) else text
        for block in blocks
        for text in [_block(block, at)]
    ]


def _block(block: Block, at: Setting) -> str:
    match block:
        case Heading(level, text, anchor):
            at.level = min(max(level, 1), at.level + 1)
            return f"#heading(level: {at.level})[{_inline(text, at)}]" + (f" #label({quoted(anchor)})" if anchor else "")
        case Prose(text):
            return _inline(text, at)
        case Note(text, kind):
            return f"#aside[*{'Warning' if kind == 'warning' else 'Note'}.* {_inline(text, at)}]"
        case Chain(lines):
            return _chain(lines, at, all(beside(block, _LINE)))
        case Table():
            return _table(block, at)
        case Picture(svg, title, description):
            caption = f"*#{quoted(_text(title))}.* #{quoted(_text(description))}"
            return f"#figure(kind: image, caption: [{caption}], {image(svg, title)})"
        case Code(text, _, output):
            printed = f"\n#block(above: 0.6em, below: 0.4em)[It prints]\n#listing({_typed(output.rstrip())})" if output else ""
            return f"#listing({_typed(text)}){printed}"
        case Box(title, blocks) | Folded(title, blocks):
            return _box(title, blocks, at)


def _box(title: Inline, blocks: tuple[Block, ...], at: Setting) -> str:
    level = at.level
    at.level = min(level + 1, 6)
    head = f"#heading(level: {at.level}, outlined: false)[{_inline(title, at)}]"
    inside = "\n\n".join([head, *_blocks(blocks, at)])
    at.level = level
    long = len(inside) >= _SHORT or any(isinstance(b, Code | Table | Picture) for b in every_block(blocks))
    return f"#framed{'' if long else '(whole: true)'}[\n{inside}\n]"


def image(svg: str, title: str) -> str:
    """The drawing as an element of Typst, its letters in the font of the document.  Raises ValueError for text that is no drawing."""
    drawing = re.sub(r"<style>.*?</style>", "", inline_svg(svg, one_line(title), "", "p-"), flags=re.DOTALL)
    drawing = re.sub(r'font-family="[^"]*"', "", drawing).replace("<svg ", '<svg font-family="New Computer Modern" ', 1)
    wide = re.search(r'viewBox="\S+ \S+ (\S+) ', drawing)
    drawing = re.sub(r' d="[^"]*"', lambda d: re.sub(r"h0(?![.0-9])", "h.01", d[0]), drawing)  # a dot of no length at all would not be drawn
    size = f"width: {min(float(wide[1]) * _SCALE, 450):.1f}pt, " if wide else ""
    return f'image(bytes({quoted(drawing)}), format: "svg", {size}alt: {quoted(_text(title))})'


# ---------------------------------------------------------------------------------------------------------------------- text


def _text(text: str, longest: int = 40, step: int = 10) -> str:
    """One line; a word of more than 40 characters may break after each 10."""
    return " ".join("\u200b".join(word[k : k + step] for k in range(0, len(word), step)) if len(word) > longest else word for word in one_line(text).split(" "))


def _typed(text: str) -> str:
    """As it stands; a word that is wider than the paper may break."""
    return quoted("\n".join(_text(row, _CODE, _CODE) for row in visible(text).split("\n")))


def _least(text: Inline) -> float:
    """Columns of what cannot be broken in the text: its widest formula between two signs, its longest word."""
    formulas = [drawn(part) for piece in text if isinstance(piece, Formula) for part in split_formula(piece.layout, 1, inside=False)]
    return max([*formulas, *(min(len(word), 40) for word in inline_text(tuple(p for p in text if not isinstance(p, Formula))).split())], default=0)


def _inline(text: Inline, at: Setting) -> str:
    return "".join(_piece(piece, at) for piece in text)


def _piece(piece: str | Formula | Strong | Mono | Link | Cite, at: Setting) -> str:
    match piece:
        case Formula(layout):
            shown = f"#eq({quoted(_said(layout))}, ${formula(layout)}$)"
            return f"#text(size: {_WIDE / least:.2f}em)[{shown}]" if (least := _least((piece,))) > _WIDE else shown
        case Strong(words):
            return f"*#{quoted(_text(words))}*"
        case Mono(words):
            return f"#raw({quoted(_text(words))})"
        case Link(words, path) if path.startswith("#"):
            return f"#link(label({quoted(path[1:])}))[#{quoted(_text(words))}#{quoted(' on page ')}#page-of({quoted(path[1:])})]"
        case Link(words):
            return f"#link({quoted(piece.address('.pdf'))})[#underline[#{quoted(_text(words))}]]"
        case Cite(number):
            words = f"#{quoted(_text(f'({number})'))}"
            return f'#link(label("{at.anchors[number]}"))[{words}]' if number in at.anchors else words
    return f"#{quoted(_text(piece))}"


def _said(layout: Layout) -> str:
    return one_line(to_speech(layout)) or "formula"


# ---------------------------------------------------------------------------------------------------------------------- chains


def _chain(lines: tuple[Line, ...], at: Setting, side: bool) -> str:
    """Relations under one another, numbers at the edge; a reason beside its line, or under it."""
    rows, left = [], ""
    for line in lines:
        left = to_speech(line.left) if line.left is not None else left
        rows.append(f"  (left: ${_left(line)}$, right: ${_right(line)}$, alt: {quoted(spoken(line, left) or 'formula')}, "
                    f"number: [{_number(line, at)}], reason: {_reason(line, at)}),")  # fmt: skip
    return "\n".join([f"#chain({'true' if side else 'false'},", *rows, ")"])


def _left(line: Line) -> str:
    return formula(line.left) if line.left is not None and not above(line) else ""


def _right(line: Line) -> str:
    """& relation right, and further rows where the right side is broken; before them a left side that is too wide to stand beside."""
    wide = above(line)
    room = _WIDE - (drawn(line.left) if line.left is not None and not wide else 0)
    first, *more = [formula(part) for part in split_formula(line.right, max(int(room), 30))]
    mark = ("≔" if line.relation == ":=" else line.relation) if line.relation in RELATIONS else quoted(line.relation)
    own = [f"&{formula(part)}" for part in split_formula(line.left, _WIDE)] if wide and line.left is not None else []
    return r" \ ".join([*own, f"&{mark} {first}", *(f"&quad {part}" for part in more)])


def _number(line: Line, at: Setting) -> str:
    if not line.number:
        return ""
    label = "" if line.number in at.used else f'#label("{at.anchors[line.number]}")'
    at.used.add(line.number)
    return f"#box[#{quoted(_text(f'({line.number})'))}]{label}"


def _reason(line: Line, at: Setting) -> str:
    mark, word, _ = CHECKS.get(line.check, ("", "", ""))
    verdict = f"#box[#{quoted(f'{mark} {word}')}]" if word else ""
    parts = [part for part in (_inline(line.reason, at), verdict) if part]
    return f"[{'#h(1em)'.join(parts)}]" if parts else "none"


# ---------------------------------------------------------------------------------------------------------------------- tables


def _table(table: Table, at: Setting) -> str:
    """A figure with its caption; the head is marked as one and comes again where the table goes on over the page."""
    count = max([1, len(table.head), *map(len, table.rows)])
    align = ", ".join("right" if k in table.numeric else "left" for k in range(count))
    again = "true" if sum(len(inline_text(cell)) for cell in table.head) < _HEAD else "false"
    head = [f"  table.header(repeat: {again}, {_cells(table.head, count, at, '*')}),", "  table.hline(stroke: 0.6pt),"] if any(table.head) else []
    rows = [f"  {_cells(row, count, at)}," for row in table.rows]
    caption = f"caption: emph[{_inline(table.caption, at)}], " if table.caption else ""
    every = [table.head, *table.rows]
    least = sum(max((min(_least(row[k]), _WIDE) for row in every if k < len(row)), default=0) + 2 for k in range(count))
    start = f"#figure(kind: table, {caption}table(columns: {count}, align: ({align},),"
    whole = "\n".join([start, *head, *rows, "  table.hline(stroke: 0.6pt),", "))"])
    return f"#[\n#show table: set text(size: {_LINE / least:.2f}em)\n{whole}\n]" if least > _LINE else whole


def _cells(row: tuple[Inline, ...], count: int, at: Setting, mark: str = "") -> str:
    texts = [_inline(cell, at) for cell in row] + [""] * (count - len(row))
    return ", ".join(f"[{mark}{text}{mark}]" if text else "[]" for text in texts)
