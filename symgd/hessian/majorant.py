"""How large can d²L/dt² get?  A quadratic form above it for every θ bounds the rate: a step below 2/λmax of that form never raises a convex loss.

p (1 − p) ≤ ¼; 1 − tanh² ≤ 1; the variance of s_k under any probabilities is at most ½ Σ_k s_k² (Böhning, Ann. Inst. Statist. Math. 44, 1992).
e^z has no such bound: the curvature grows with the prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symgd.forward import Problem
from symgd.hessian.sign import complement, nonnegative
from symgd.indices import free
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, TWO, Add, Cases, Div, Mul, Neg, Num, Pow, Sum, Term, add, mul, names, parts
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["Majorant", "Part", "majorant"]


@dataclass(frozen=True)
class Part:
    """factor · Σ_over base², the base linear in the direction, the factor free of parameters and samples"""

    factor: Term
    over: tuple[str, ...]
    base: Term

    @property
    def term(self) -> Term:
        out: Term = Pow(self.base, TWO)
        for a in reversed(self.over):
            out = Sum(a, out)
        return tidy(mul(self.factor, out))


@dataclass(frozen=True)
class Majorant:
    """d²L/dt² ≤ the sum of the parts, with equality where exact; `says` why."""

    parts: tuple[Part, ...]
    exact: bool
    says: str

    @property
    def term(self) -> Term:
        """The sum of the parts."""
        return add(*(p.term for p in self.parts))


def majorant(problem: Problem, value: Term, moving: frozenset[str], constants: frozenset[str]) -> Majorant | str:
    """The form above d²L/dt² = value; or why none is known.

    moving     the symbols that change with the parameters
    constants  those of counts and of constants, alike for all samples and all directions
    """
    walk = _Above(problem, moving, constants)
    found: list[Part] = []
    for t in parts(Add, value):
        one = walk.above(t, ONE, ())
        if one is None:
            return walk.unbounded or "no bound of the second derivative is seen from its form"
        found += one
    says = "; ".join(walk.used) or "the second derivative is the same everywhere"
    return Majorant(tuple(found), not walk.used, says)


class _Above:
    """The walk through sums and products; `used` the bounds that were needed."""

    def __init__(self, problem: Problem, moving: frozenset[str], constants: frozenset[str]) -> None:
        self.problem, self.moving, self.constants = problem, moving, constants
        self.used: list[str] = []
        self.unbounded = ""

    def held(self, t: Term) -> bool:
        return not names(t) & self.moving

    def alike(self, t: Term) -> bool:
        """A number ≥ 0, made of counts and constants."""
        return names(t) <= self.constants and nonnegative(self.problem, t)

    def above(self, t: Term, factor: Term, over: tuple[str, ...]) -> list[Part] | None:
        match t:
            case Add(ts):
                each = [self.above(x, factor, over) for x in ts]
                return None if any(x is None for x in each) else [p for x in each if x for p in x]
            case Div(a, c) if self.alike(c):
                return self.above(a, tidy(Div(factor, c)), over)
            case Sum(k, body) if (base := self.spread(k, body)) is not None:
                self.use(f"the variance of {_text(base)} under any probabilities is at most ½ of the sum of its squares")
                return [Part(tidy(Div(factor, TWO)), (*over, k), base)]
            case Sum(index, body):
                return self.above(body, factor, (*over, index))
            case Mul(fs):
                return self.product(list(fs), factor, over)
            case Pow(base, e) if e == TWO and self.held(base):
                return [Part(factor, over, base)]
        return self.product([t], factor, over)

    def product(self, fs: list[Term], factor: Term, over: tuple[str, ...]) -> list[Part] | None:
        """Numbers and constants come out, squares of what is held stay, one sum is walked into, everything else is bounded."""
        outer = [f for f in fs if self.alike(f)]
        squares = [f.base for f in fs if isinstance(f, Pow) and f not in outer and f.exponent == TWO and self.held(f.base)]
        sums: list[Term] = [f for f in fs if f not in outer and (isinstance(f, Sum) or (isinstance(f, Div) and self.alike(f.bottom)))]
        rest = [f for f in fs if f not in outer and f not in sums and not (isinstance(f, Pow) and f.exponent == TWO and self.held(f.base))]
        factor = tidy(mul(factor, *outer))
        if len(sums) == 1 and not rest and not squares:
            return self.above(sums[0], factor, over)
        top = self.highest(rest + sums)
        if top is None:
            return None
        return [] if top == 0 else [Part(tidy(mul(Num(top), factor)), over, mul(*squares))] if squares else None

    def highest(self, fs: list[Term]) -> Fraction | None:
        """An upper bound of the product of factors ≥ 0; None where none is seen."""
        out, left = Fraction(1), list(fs)
        for f in fs:
            if isinstance(f, Add) and (part := complement(self.problem, f)) is not None and f in left:
                left.remove(f)
                if part in left:
                    left.remove(part)
                    out /= 4
                    self.use(f"{_text(mul(part, f))} ≤ ¼")
                else:
                    self.use(f"{_text(f)} ≤ 1")
        for f in left:
            top = self.ceiling(f)
            if top is None:
                self.unbounded = f"{_text(f)} has no upper bound: the curvature grows with the prediction, and no rate is safe everywhere"
                return None
            out *= top
        return out

    def ceiling(self, f: Term) -> Fraction | None:
        match f:
            case Num(v):
                return v
            case Cases(pieces, otherwise):
                tops = [self.ceiling(x) for x in (*(value for value, _ in pieces), otherwise)]
                known = [x for x in tops if x is not None]
                if len(known) == len(tops):
                    self.use(f"every piece of the second derivative is at most {_text(Num(max(known)))}")
                    return max(known)
        return None

    def use(self, reason: str) -> None:
        if reason not in self.used:
            self.used.append(reason)

    def spread(self, k: str, body: Term) -> Term | None:
        """s_k where the body is p_k (s_k − Σ_k' p_k' s_k')²"""
        match body:
            case Mul((p, Pow(Add((s, Neg(Sum(_, Mul(inner))))), e))) if e == TWO and self.held(s) and k in free(s) and nonnegative(self.problem, p):
                return s if len(inner) == 2 and not self.held(p) else None
        return None


def _text(t: Term) -> str:
    return to_unicode(layout(t))
