"""Flash cards for Anki: every exercise, and every step of the derivation with its rule and law, as tab-separated text.

A field is HTML with formulas between \\( and \\), which Anki's MathJax typesets.  It begins with an element, so no spreadsheet takes it for a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from symgd.course.exercise import Exercise, writing_of
from symgd.course.lesson import Course
from symgd.course.path import LESSONS
from symgd.derivation import Derivation, Step
from symgd.document.page import Block, Box, Chain, Code, Folded, Formula, Heading, Inline, Line, Mono, Note, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, inline_text, one_line, visible
from symgd.rules import law_of
from symgd.typeset import Layout, to_latex

__all__ = ["COLUMNS", "cards", "to_tsv"]

COLUMNS = ("Front", "Back", "Tags")
HEAD = ("#separator:tab", "#html:true", f"#columns:{chr(9).join(COLUMNS)}", f"#tags column:{len(COLUMNS)}")
ROOT = "symgd"  # above every tag

Card = tuple[str, str, str]


def to_tsv(c: Course) -> str:
    """The file: Anki's head lines, then a card a line."""
    return "\n".join((*HEAD, *("\t".join(card) for card in cards(c)))) + "\n"


def cards(c: Course) -> Iterator[Card]:
    """(front, back, tags): the exercises lesson by lesson, then the steps of each derivation."""
    for lesson in LESSONS:
        for e in lesson.exercises(c):
            yield _of_exercise(lesson.title, lesson.slug, e)
    for d in c.example.gradient.tape:
        for k, step in enumerate((*d.steps, *d.in_full)):
            yield _of_step(c, d, k, step)


def _of_exercise(title: str, slug: str, e: Exercise) -> Card:
    return _cell(_small(title) + _blocks(e.question)), _cell(_blocks(e.answer)), _tags(f"course::{slug}", e.kind)


def _of_step(c: Course, d: Derivation, k: int, step: Step) -> Card:
    """Front: the line, and which rule comes next.  Back: the rule, its law and reason, the line that follows."""
    w = writing_of(c)
    law, reason = law_of(step.rule, step.about)
    before = [] if step.before == d.goal else [Line(*w.pair(d.goal, step.before))]
    shown = _blocks((Chain(tuple(before)),)) if before else f"<p>{_math(w.layout(d.goal))}</p>"
    asked: Inline = ("Which rule is used next on ", w.formula(step.about), ", and what does the line become?")
    after = Chain((Line(*w.pair(d.goal, step.after), check=step.check.verdict),))
    back = _blocks((Prose((Strong(step.rule), f": {law}")), Prose((reason,)), after))
    return _cell(f"{shown}<p>{_inline(asked)}</p>"), _cell(back), _tags(f"derivation::{_word(d.name)}", f"rule::{_word(step.rule)}", f"step::{k + 1}")


def _cell(html: str) -> str:
    """One field: an element, on one line, without tabs."""
    return "<div>" + re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]+", " ", html) + "</div>"


def _tags(*tags: str) -> str:
    return " ".join(f"{ROOT}::{t}" for t in tags)


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")


# ---------------------------------------------------------------- blocks → HTML


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Prose(text) | Note(text, _):
            return f"<p>{_inline(text)}</p>"
        case Heading(_, text, _):
            return f"<p><b>{_inline(text)}</b></p>"
        case Chain(lines):
            return "".join(map(_line, lines))
        case Table(head, rows, caption, _):
            found = ["".join(f"<th>{_inline(cell)}</th>" for cell in head), *("".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in rows)]
            below = f"<p>{_inline(caption)}</p>" if caption else ""
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in found)}</table>{below}"
        case Code(text, _, output):
            return _typed(text) + (_typed(output) if output else "")
        case Picture(_, title, description, _):
            return f"<p><b>{_text(title)}</b> {_text(description)}</p>"
        case Box(title, inside, _) | Folded(title, inside, _):
            return f"<p><b>{_inline(title)}</b></p>{_blocks(inside)}"


def _line(line: Line) -> str:
    """The formula, and under it the reason and the mark, small."""
    relation = RELATIONS[line.relation][0] if line.relation in RELATIONS else rf"\text{{{line.relation}}}\ " if line.relation else ""
    formula = " ".join(filter(None, (to_latex(line.left) if line.left else "", relation, to_latex(line.right))))
    mark = " ".join(CHECKS[line.check][:2]) if line.check in CHECKS else ""
    said = " ".join(filter(None, (_inline(line.reason), _text(mark))))
    below = f"<br>{_small_html(said)}" if said else ""
    return f"<p>{_formula(formula)}{below}</p>"


def _inline(text: Inline) -> str:
    out: list[str] = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(_math(layout))
            case Strong(words):
                out.append(f"<b>{_text(words)}</b>")
            case Mono(words):
                out.append(f"<code>{_text(words)}</code>")
            case _:
                out.append(_text(inline_text((piece,))))
    return "".join(out)


def _math(layout: Layout) -> str:
    return _formula(to_latex(layout))


def _formula(latex: str) -> str:
    return rf"\({escape(latex, quote=False)}\)"


def _text(text: str) -> str:
    """Plain words: no HTML, and nothing that MathJax or Anki reads as its own, a formula, a sound, a field."""
    return re.sub(r"[\\\[{]", lambda m: f"<span>{m[0]}</span>", escape(one_line(text), quote=False))


def _typed(text: str) -> str:
    return f"<pre>{'<br>'.join(_text(row) for row in visible(text).split(chr(10)))}</pre>"


def _small(text: str) -> str:
    return f"<p>{_small_html(_text(text))}</p>"


def _small_html(html: str) -> str:
    return f"<small>{html}</small>"
