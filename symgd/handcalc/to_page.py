"""A verdict as a document: the first mistake on top with its correction, then the working line by line, then what was defined and assumed.

A line is typeset where it can be read, and shown as it was typed where it cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symgd.document.page import Block, Chain, Cite, Code, Heading, Inline, Line, Mono, Page, Prose, Strong
from symgd.document.plain import CHECKS, visible, wrap
from symgd.handcalc.show import closing, numbers_of, place, windowed
from symgd.handcalc.verdict import ORDER, Finding, Verdict
from symgd.reading import Unread, read_line
from symgd.typeset.layout import Layout, Derivatives, layout

__all__ = ["formula_block", "judged", "to_page"]

_CODE = 72  # columns of the line with the caret
_NARROW = 28  # columns of the numbers of a line by itself: the width of a telephone
_RELATION = re.compile(r"=|≈|\\approx|←|\\leftarrow")


@dataclass(frozen=True)
class Member:
    """relation formula; the first member of a line has no relation, unless it continues the line above."""

    relation: str
    formula: Layout


def to_page(verdict: Verdict, name: str = "", typeset: bool = True) -> Page:
    """The document; `name` is the file that was judged.  typeset=False shows every line as it was typed."""
    title: Inline = ("The working in ", Mono(name), ", line by line") if name not in ("", "-") else ("The working, line by line",)
    first = next((f for f in verdict.findings if f.verdict == "wrong"), None)
    blocks: list[Block] = []
    if first is not None:
        blocks += [Heading(1, (f"The first mistake: line {first.line.number}",)), *_mistake(first, typeset)]
    if verdict.findings:
        blocks += [Heading(1, ("Line by line",)), *_lines(verdict, first, typeset)]
    blocks += [*_defined(verdict.definitions, typeset), *_assumed(verdict.assumed)]
    return Page(title, tuple(blocks), (closing(verdict),))


def judged(finding: Finding) -> Iterator[Block]:
    """One line by itself: typeset with its marks, or as it was typed; where it is wrong the slip, the correction, the numbers."""
    members = _members(finding.line.text, finding.line.syntax)
    if members:
        yield Chain(tuple(replace(line, number="") for line in _judged(finding, members, False)))
    else:
        yield from _as_typed(finding)
    if finding.verdict == "wrong":
        yield from _told(replace(finding, counterexample=None), True)
        if numbers := numbers_of(finding):
            yield Prose((Strong("In numbers:"),))
            yield Code("\n".join(wrap(numbers.replace(" = ", "="), _NARROW)))


# ---------------------------------------------------------------- one mistake


def _mistake(finding: Finding, typeset: bool) -> Iterator[Block]:
    """The line with its caret, what is wrong, the slip, the correction, the numbers."""
    at = place(finding)
    cut = max((m.start() for m in _RELATION.finditer(at.row, 0, at.start)), default=0)
    above, _, _ = windowed(at.row[:cut], 0, 0, _CODE)
    shown, column, wide = windowed(at.row[cut:], at.start - cut, at.end - cut, _CODE)
    yield Code("\n".join(row for row in (above, shown, f"{' ' * column}{'^' * wide}") if row))
    yield Prose((f"At line {at.line}, column {at.column} of the text: ", _sentence(finding.says or "this does not follow")))
    yield from _told(finding, typeset)


def _told(finding: Finding, typeset: bool) -> Iterator[Block]:
    """What is known of a wrong line."""
    for slip in finding.slips:
        yield Prose((Strong("Slip: "), f"{slip.name}. {_sentence(slip.says)}" if slip.says else f"{slip.name}."))
    if finding.factor:
        yield Prose((f"The factor is {finding.factor}.",))
    if finding.expected:
        yield Prose((Strong("Correct:"),))
        yield from formula_block(finding.expected, finding.line.syntax, typeset)
    if numbers := numbers_of(finding):
        yield Prose((Strong("In numbers: "), _sentence(numbers.removeprefix("in numbers: "))))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.rstrip(")")[-1:] in ".!?" else f"{text}."


def formula_block(text: str, syntax: str, typeset: bool = True) -> Iterator[Block]:
    """A line of mathematics typeset, or as it was typed where it cannot be read."""
    members = _members(text, syntax) if typeset else None
    yield Chain(tuple(_rows(members, "", ()))) if members else Code(visible(text))


# ---------------------------------------------------------------- line by line


def _lines(verdict: Verdict, first: Finding | None, typeset: bool) -> Iterator[Block]:
    """Lines that can be typeset stand in one chain, until one that cannot, or a further mistake that is told at length."""
    chain: list[Line] = []
    for f in verdict.findings:
        members = _members(f.line.text, f.line.syntax) if typeset else None
        if members:
            chain += _judged(f, members, f is first)
        if not members or (f.verdict == "wrong" and f is not first):
            if chain:
                yield Chain(tuple(chain))
                chain = []
            if not members:
                yield from _as_typed(f)
            if f.verdict == "wrong" and f is not first:
                yield from _mistake(f, typeset)
    if chain:
        yield Chain(tuple(chain))


def _judged(f: Finding, members: tuple[Member, ...], is_first: bool) -> Iterator[Line]:
    """The members of a line under one another, a mark on each; the sentence stands at the member that it is about."""
    yield from _rows(members, str(f.line.number), _said(f, is_first), [s.verdict for s in f.steps], f.verdict)


def _said(f: Finding, is_first: bool) -> Inline:
    if f.verdict == "right" and f.says.rstrip(".") in ("", "follows"):  # its mark says so
        return ()
    factor = f" (Factor: {f.factor}.)" if f.factor and f.factor not in f.says else ""
    more = " See above." if is_first else ""
    return (f"{_sentence(f.says)}{factor}{more}",) if f.says else (f"{factor}{more}".strip(),) if factor or more else ()


def _rows(members: tuple[Member, ...], number: str, reason: Inline, steps: Sequence[str] = (), verdict: str = "") -> Iterator[Line]:
    """One row for each relation of the line; `steps` are the verdicts on the members after the first, where they are known one by one."""
    rows: list[tuple[Layout | None, Member]] = []
    for k, member in enumerate(members):
        alone = k == len(members) - 1 or not members[k + 1].relation
        if member.relation or alone:
            rows.append((members[k - 1].formula if k and member.relation and not members[k - 1].relation else None, member))
    marks = list(steps) if len(steps) == len(rows) else [""] * (len(rows) - 1) + [verdict]
    worst = max(range(len(rows)), key=lambda k: _BAD.index(marks[k]))
    for k, ((left, member), mark) in enumerate(zip(rows, marks, strict=True)):
        yield Line(left, member.formula, member.relation, reason if k == worst else (), number if k == 0 else "", mark)


_BAD = ("", *ORDER)


def _as_typed(f: Finding) -> Iterator[Block]:
    mark, word, _ = CHECKS[f.verdict]
    yield Code(visible(f.line.text))
    yield Prose((Cite(str(f.line.number)), f" {mark} ", Strong(word), f": {_sentence(f.says)}" if f.says else "."))


def _members(text: str, syntax: str) -> tuple[Member, ...] | None:
    """The members of the line as formulas, or None where it cannot be read."""
    derivatives: Derivatives = "partial" if "∂" in text or "partial" in text else "leibniz"
    try:
        found = read_line(text, syntax)
    except Unread:
        return None
    signs = _SIGNS | ({":=": "←"} if "←" in text or r"\leftarrow" in text or r"\gets" in text else {})
    return tuple(Member(signs.get(r, r), layout(m.term, derivatives=derivatives)) for s in found for m, r in zip(s.members, s.relations, strict=True))


_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠"}


def _defined(texts: tuple[str, ...], typeset: bool) -> Iterator[Block]:
    """In one chain where all can be typeset."""
    read = [_members(text, "ascii") if typeset else None for text in texts]
    if texts:
        yield Heading(1, ("What was defined",))
    if texts and all(read):
        yield Chain(tuple(line for members in read if members for line in _rows(members, "", ())))
    else:
        yield from (Prose((Mono(text),)) for text in texts)


def _assumed(texts: tuple[str, ...]) -> Iterator[Block]:
    if texts:
        yield Heading(1, ("What was assumed",))
    yield from (Prose((_sentence(text),)) for text in texts)
