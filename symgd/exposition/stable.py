"""Stable forms on a page: the identities by which code computes the loss without overflow, each proved here."""

from __future__ import annotations

from functools import cache

from symgd.derivation import Gradient
from symgd.document.page import Line
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.rules.stable import Stable, short_forms, stable_forms
from symgd.term import Name, Sum, names, subterms

__all__ = ["proved", "stable_section"]


@cache
def proved(row: Stable) -> Check:
    """The referee on left = right: for all real numbers, with a case for each sign where one is needed; sums at several sizes."""
    scored = {s for t in (row.left, row.right) for s in subterms(t) if isinstance(s, Name) and s.indices}
    if not scored and not any(isinstance(s, Sum) for s in subterms(row.left)):
        from symgd.referee.equality import equal_terms

        return equal_terms(row.left, row.right)
    others = sorted(names(row.right) - {"z"})
    return Referee(Problem(row.name, tuple(map(Name, others)), (Name("z", ("k",)),), (), count=())).compare(row.left, row.right)


def stable_section(w: Writing, gradient: Gradient) -> None:
    """The section; nothing where every expression can be computed as it stands."""
    rows = stable_forms(gradient.problem)
    if not rows:
        return
    w.head("The stable form: how it is computed")
    several = any(row.met & {"sum over classes"} for row in rows)
    w.say("Some of these expressions overflow in floating point, or are rounded to 0 before a logarithm is taken. Code computes equal ones that do not:")
    w.chain(tuple(_line(w, row) for row in rows))
    if several:
        w.say("Any number may be taken for m: it cancels. With the largest score of the sample no exponential overflows, and one of them is 1.")
    if short := short_forms(gradient.problem):
        w.say("Where no score is above 20, and the sum is no small difference of large numbers, the NumPy text sums a shorter form:")
        w.chain(tuple(_line(w, row) for row in short))


def _line(w: Writing, row: Stable) -> Line:
    check = proved(row)
    split = ", proved for each sign of z" if "for each sign of" in check.evidence else ""
    return Line(w.layout(row.left, "sum"), w.layout(row.right, "sum"), reason=(f"{row.name}: {row.why}{split}",), check=check.verdict)
