"""Kinks on a page: where the loss has no derivative, which slopes there are at such a place, and which one the code takes."""

from __future__ import annotations

from symgd.derivation import Gradient
from symgd.document.page import Inline
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.language import FUNCTIONS
from symgd.rules.arithmetic import tidy
from symgd.term import Call, Cases, Compare, D, Num, Term, replace, subterms

__all__ = ["kinks_section"]


def kinks_section(w: Writing, gradient: Gradient) -> None:
    """The section; nothing where the loss is smooth."""
    rows = _rows(w, gradient)
    if not rows:
        return
    w.head("Kinks: where there is no derivative")
    w.table(("in", "kink at", "slopes there", "taken"), rows)
    w.say("At a kink the slopes from both sides differ; they and all numbers between them are the subdifferential, a set. The derivation holds away from "
          "kinks; at one, the code takes the value in the last column.")  # fmt: skip


def _rows(w: Writing, gradient: Gradient) -> list[tuple[Inline, ...]]:
    problem = gradient.problem
    found: list[tuple[Inline, ...]] = []
    for d in problem.tape:
        for s in subterms(d.value) if d.name.symbol in problem.needed() else ():
            match s:
                case Call(f, args) if f in FUNCTIONS and (kink := FUNCTIONS[f].at_kink):
                    found.append(((w.formula(s),), *_row_of_call(w, kink.where, kink.slopes, kink.takes, args)))
                case Cases():
                    found += _rows_of_cases(w, problem, gradient, s)
    return list(dict.fromkeys(found))


def _row_of_call(w: Writing, where: str, slopes: str, takes: str, args: tuple[Term, ...]) -> tuple[Inline, ...]:
    """`u` and `v` of the table of functions are the arguments; max(u, 0) has the slopes 1 and 0 by u."""
    if len(args) == 1:
        return (w.formula(args[0]), where.removeprefix("u")), (slopes,), (takes,)
    first, second = args
    place: Inline = (w.formula(Compare(first, "=", second)),)
    if isinstance(second, Num):
        return place, ("[0, 1]",), ("0",)
    return place, ("all between those of ", w.formula(first), " and ", w.formula(second)), ("that of ", w.formula(second))


def _rows_of_cases(w: Writing, problem: Problem, gradient: Gradient, t: Cases) -> list[tuple[Inline, ...]]:
    """Where the slopes of two neighbouring cases differ at their border."""
    slopes = next((s for d in gradient.tape if isinstance(d.goal, D) for s in subterms(d.result) if isinstance(s, Cases) and _borders(s) == _borders(t)), None)
    if slopes is None:
        return []
    out: list[tuple[Inline, ...]] = []
    for value, at in slopes.pieces:
        beside = tidy(replace(slopes.otherwise, lambda s, at=at: at.right if s == at.left else None))  # type: ignore[misc]
        if beside != tidy(replace(value, lambda s, at=at: at.right if s == at.left else None)):  # type: ignore[misc]
            low, high = (beside, value) if at.relation in (">", ">=") else (value, beside)
            taken = beside if at.relation in ("<", ">") else value
            out.append(((w.formula(t),), (w.formula(Compare(at.left, "=", at.right)),), ("[", w.formula(low), ", ", w.formula(high), "]"), (w.formula(taken),)))
    return out


def _borders(t: Cases) -> tuple[Compare, ...]:
    return tuple(c for _, c in t.pieces)
