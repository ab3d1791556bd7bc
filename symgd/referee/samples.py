"""Two expressions with sums over the samples: (2/n) Σ u_i x_i and its kin, compared for every number of samples."""

from __future__ import annotations

from collections.abc import Mapping

from symgd.forward import over_samples
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.term import Call, Name, Sum, Term, subterms

__all__ = ["compare_over_samples", "has_samples"]


def has_samples(t: Term) -> bool:
    """Is there a sum, a mean or an index in it?"""
    return any(isinstance(s, Sum) or (isinstance(s, Name) and s.indices) or (isinstance(s, Call) and s.function in ("sum", "mean")) for s in subterms(t))


def compare_over_samples(left: Term, right: Term, domain: Mapping[str, str]) -> Check:
    """The verdict on left = right.  Raises ValueError for names that do not fit together, and where a domain is stated, which is not taken here."""
    if domain:
        raise ValueError("a domain is not taken beside sums over samples: all names are real there")
    problem, (a, b) = over_samples(left, right)
    return Referee(problem).compare(a, b)
