"""A line of a lesson that the referee has proved: its mark is true, or there is no line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from symgd.document.page import Inline, Line
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.referee.tape import Referee
from symgd.term import Name, Term, names
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["along", "chain", "proved"]


def proved(left: Term, right: Term, problem: Problem, reason: Inline = (), number: str = "") -> Line:
    """left = right, proved along the tape of the problem; a name that the problem does not declare may be any number.

    Raises ArithmeticError where the referee does not prove it.
    """
    check = _referee(problem, tuple(sorted(names(left) | names(right)))).compare(left, right)
    if check.verdict != "proved":
        raise ArithmeticError(f"{to_unicode(layout(left))} = {to_unicode(layout(right))} is {check.verdict} {check.evidence}")
    return Writing("full", "sum").line(left, right, "=", reason, number, check.verdict)


def chain(start: Term, lines: Sequence[tuple[Term, str | Inline]], problem: Problem) -> tuple[Line, ...]:
    """start = line = line …, each proved equal to the one before, each with its reason."""
    out, at = list[Line](), start
    for after, why in lines:
        line = proved(at, after, problem, (why,) if isinstance(why, str) else why)
        out.append(replace(line, left=None) if out else line)
        at = after
    return tuple(out)


def along(problem: Problem, *named: Definition) -> Problem:
    """The problem with further names before its own: A := (1/n) Σ x_i²."""
    return replace(problem, tape=(*named, *problem.tape))


@lru_cache(maxsize=64)
def _referee(problem: Problem, used: tuple[str, ...]) -> Referee:
    declared, written = problem.declared(), {s for d in problem.tape for s in names(d.value)}
    free = tuple((Name(s), None) for s in sorted({*used, *written} - set(declared)))
    return Referee(replace(problem, constants=(*problem.constants, *free)))
