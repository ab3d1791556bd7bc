"""Is the loss a sum of squares that are linear in arrays of parameters?  L = c Σ_i u_i² + Σ_p ρ_p Σ θ_p², u = t + Σ_j F_ij w_j + …

Glossary: `c` scale, `t` what has no parameter, `F` what a parameter is multiplied by, `ρ` penalties; all made of data, counts and constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symgd.forward import Problem
from symgd.indices import free
from symgd.stationary import linear, unfold
from symgd.term import TWO, ZERO, Name, Pow, Sum, Term, names, subterms
from symgd.term import replace as rewrite

__all__ = ["WideSquare", "wide_square"]


@dataclass(frozen=True)
class WideSquare:
    """scale      c, made of counts and constants
    fixed      t
    columns    parameter → what it is multiplied by: X_ij for w_j, 1 for b
    penalties  parameter → ρ_p
    """

    scale: Term
    fixed: Term
    columns: Mapping[str, Term]
    penalties: Mapping[str, Term]


def wide_square(problem: Problem) -> WideSquare | None:
    """The loss as c Σ_i u_i² + Σ_p ρ_p Σ θ_p² with u linear in the parameters, or None where it is none."""
    mine = {p.symbol for p in problem.parameters}
    L = problem.tape[-1].value
    sums = [s for s in subterms(L) if isinstance(s, Sum) and any(a == s.index for a, _ in problem.count) and names(unfold(problem, s)) & mine]
    if len(sums) != 1:
        return None
    total, *squares = (Name(s) for s in ("Σ²", *(f"{p.symbol}²" for p in problem.parameters)))
    outer = linear(_with(_squares(L, problem, squares), sums[0], total), (total, *squares))
    inner = _of_square(sums[0].body)
    if outer is None or inner is None or outer.rest != ZERO or any(names(f) & mine for f in outer.factors.values()):
        return None
    factor, u = inner
    line = linear(unfold(problem, u), problem.parameters)
    if line is None or {p.symbol for p in line.factors} != mine or any(len(p.indices) > 1 for p in problem.parameters) or len(free(u)) != 1:
        return None
    still = [f for f in line.factors.values() if not free(f) & {a for a, _ in problem.count}]
    if len(still) > 1 or any(names(f) & _constants(problem) for f in line.factors.values()):
        return None
    penalties = {p.symbol: outer.factors[s] for p, s in zip(problem.parameters, squares, strict=True) if s in outer.factors}
    return WideSquare(outer.factors[total] * factor, line.rest, {p.symbol: f for p, f in line.factors.items()}, penalties)


def _constants(problem: Problem) -> set[str]:
    return {c.symbol for c, _ in problem.constants} | {c.symbol for _, c in problem.count}


def _with(t: Term, old: Term, new: Term) -> Term:
    return rewrite(t, lambda s: new if s == old else None)


def _squares(t: Term, problem: Problem, called: Sequence[Name]) -> Term:
    """t with Σ_j w_j², or b², by a name for each parameter."""
    for p, name in zip(problem.parameters, called, strict=True):
        square: Term = Pow(p, TWO)
        for a in reversed(p.indices):
            square = Sum(a, square)
        t = _with(t, square, name)
    return t


def _of_square(body: Term) -> tuple[Term, Term] | None:
    """(factor, u) where the body is factor · u²."""
    found = [s for s in subterms(body) if isinstance(s, Pow) and s.exponent == TWO]
    for s in found:
        q = Name("u²")
        line = linear(_with(body, s, q), (q,))
        if line is not None and line.rest == ZERO and not free(line.factors[q]) and isinstance(s.base, Term):
            return line.factors[q], s.base
    return None
