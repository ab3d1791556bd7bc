"""A line of a lesson that the referee has proved: its mark is true, or there is no line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from symgd.document.page import Inline, Line
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.referee.tape import Referee
from symgd.term import Name, Term, names
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

Move: TypeAlias = "tuple[Term, str | Inline] | tuple[Term, str | Inline, str | Inline]"

__all__ = ["along", "chain", "proved"]


def proved(left: Term, right: Term, problem: Problem, reason: Inline = (), number: str = "") -> Line:
    """left = right, proved along the tape of the problem; a name that the problem does not declare may be any number.

    Raises ArithmeticError where the referee does not prove it.
    """
    check = _referee(problem, tuple(sorted(names(left) | names(right)))).compare(left, right)
    if check.verdict != "proved":
        raise ArithmeticError(f"{to_unicode(layout(left))} = {to_unicode(layout(right))} is {check.verdict} {check.evidence}")
    return Writing("full", "sum").line(left, right, "=", reason, number, check.verdict)


def chain(start: Term, moves: Sequence[Move], problem: Problem, detail: str = "full") -> tuple[Line, ...]:
    """start = line = line …, each proved equal to the one before, each with its reason.

    moves   (the line, its reason, a sentence of why for somebody who has just met derivatives)
    detail  tutorial: with that sentence; brief: start = the last line, with all reasons
    """
    found, at = list[Line](), start
    for after, reason, *why in moves:
        said = (*_words(reason), ". ", *_words(why[0])) if detail == "tutorial" and why else _words(reason)
        line = proved(at, after, problem, said)
        found.append(replace(line, left=None) if found else line)
        at = after
    if detail != "brief" or len(found) < 2:
        return tuple(found)
    reasons = tuple(piece for k, line in enumerate(found) for piece in (("; ", *line.reason) if k else line.reason))
    return (proved(start, at, problem, reasons),)


def _words(text: str | Inline) -> Inline:
    return (text,) if isinstance(text, str) else text


def along(problem: Problem, *named: Definition) -> Problem:
    """The problem with further names before its own: A := (1/n) Σ x_i²."""
    return replace(problem, tape=(*named, *problem.tape))


@lru_cache(maxsize=64)
def _referee(problem: Problem, used: tuple[str, ...]) -> Referee:
    declared, written = problem.declared(), {s for d in problem.tape for s in names(d.value)}
    free = tuple((Name(s), None) for s in sorted({*used, *written} - set(declared)))
    return Referee(replace(problem, constants=(*problem.constants, *free)))
