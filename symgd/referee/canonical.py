"""SymPy expression → fraction in kernels; two expressions are equal where both are defined if their fractions are one, sign by sign.

Every function of a name of ours is brought to exp, log, roots, tan of the half argument, arc tangent, and signs.

Glossary: `e` an expression; `u`, `v` the fractions of its arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import sympy as sp

from symgd.referee.elementary import LEAVES, NODES
from symgd.referee.kernels import Finer, Kernels, Nowhere, Ratio, Split, TooLarge
from symgd.referee.powers import call

__all__ = ["Proof", "prove"]

CASES = 64  # sign patterns tried at most
BEGINNINGS = 40  # how often kernels may get finer


@dataclass(frozen=True)
class Proof:
    """cases     how many sign patterns were proved (1: no sign mattered; 0: nothing is defined anywhere)
    kinds     the kinds of kernels that were met, sorted
    kinks     the expressions whose sign was taken and across which both sides are continuous, sorted
    jumps     those across which they need not be: nothing is said of their zeros, sorted
    isolated  nothing is said of the zeros of what stands under a root either: it may be 0 there and negative all around
    """

    cases: int
    kinds: tuple[str, ...]
    kinks: tuple[sp.Expr, ...]
    jumps: tuple[sp.Expr, ...]
    isolated: bool


def prove(left: sp.Expr, right: sp.Expr, domain: Mapping[str, str] | None = None, where: tuple[sp.Basic, ...] = ()) -> Proof | None:
    """left = right wherever both are defined and `where` holds: the proof, or None where their forms differ.

    Raises TooLarge where the exact way would take too long.
    """
    parts, work = dict[str, int](), Counter[str]()
    for _ in range(BEGINNINGS):
        try:
            return _by_cases(left, right, parts, domain, where, work)
        except Finer:
            continue
    raise TooLarge


def _by_cases(
    left: sp.Expr, right: sp.Expr, parts: dict[str, int], domain: Mapping[str, str] | None, where: tuple[sp.Basic, ...], work: Counter[str]
) -> Proof | None:
    """Depth first through the signs that are asked for."""
    paths: list[tuple[int, ...]] = [()]
    kinds, kinks, jumps = set[str](), set[sp.Expr](), set[sp.Expr]()
    cases, isolated = 0, False
    while paths:
        path = paths.pop()
        case = Kernels(parts, path, domain, work)
        walk = Walk(case)
        try:
            for condition in where:
                walk.suppose(condition)
            difference = case.add(walk.to(left), case.neg(walk.to(right)))
            case.settle()
        except Split:
            paths += [(*path, -1), (*path, 1)]
            if len(paths) > CASES:
                raise TooLarge from None
            continue
        except Nowhere:
            isolated |= case.isolated
            continue
        cases += 1
        if cases > CASES:
            raise TooLarge
        if not difference.top.is_zero():
            return None
        kinds |= case.kinds()
        kinks |= walk.kinks
        jumps |= walk.jumps
    return Proof(cases, tuple(sorted(kinds)), _sorted(kinks - jumps), _sorted(jumps), isolated)


def _sorted(found: set[sp.Expr]) -> tuple[sp.Expr, ...]:
    return tuple(sorted(found, key=sp.default_sort_key))


class Walk:
    """One expression tree in one case; shared parts once."""

    def __init__(self, case: Kernels) -> None:
        self.case = case
        self.memo: dict[Any, Ratio] = {}
        self.kinks: set[sp.Expr] = set()
        self.jumps: set[sp.Expr] = set()

    def to(self, e: sp.Basic) -> Ratio:
        """The fraction of e in this case.  Raises Nowhere where e is defined nowhere in it."""
        if e not in self.memo:
            self.memo[e] = self.node(e)
        return self.memo[e]

    def node(self, e: sp.Basic) -> Ratio:
        if isinstance(e, sp.Rational | sp.Float):
            exact = sp.Rational(e)
            return self.case.number(Fraction(int(exact.p), int(exact.q)))
        if e.is_Symbol:
            return self.case.symbol(e.name)
        if isinstance(e, sp.Piecewise):
            return self.piece(e)
        if isinstance(e, sp.Abs | sp.Max | sp.Min):
            self.kinks |= {_upright(a - b) for a, b in combinations((*e.args, sp.S.Zero)[: max(2, len(e.args))], 2)}
        if isinstance(e, sp.sign | sp.Heaviside | sp.DiracDelta):
            self.jumps.add(_upright(e.args[0]))
        if e in LEAVES:
            return LEAVES[e](self.case)
        if e.is_Pow and e.exp == sp.S.Half and e.base.is_number and e.base.has(sp.Pow) and (simpler := sp.sqrtdenest(e)) != e:
            return self.to(simpler)  # √(3 + 2√2) = 1 + √2
        args = [self.to(a) for a in e.args]
        row = NODES.get(e.func)
        return row(self.case, *args) if row else call(self.case, str(e.func), *args)

    def piece(self, e: sp.Piecewise) -> Ratio:
        """The first piece whose condition holds."""
        for value, condition in e.args:
            if self.true(condition):
                return self.to(value)
        raise Nowhere

    def true(self, condition: sp.Basic) -> bool:
        """Does the condition hold in this case, away from the edge where its two sides are equal?"""
        if condition in (sp.true, sp.false):
            return bool(condition)
        if isinstance(condition, sp.And | sp.Or | sp.Not):
            found = [self.true(c) for c in condition.args]
            return all(found) if isinstance(condition, sp.And) else any(found) if isinstance(condition, sp.Or) else not found[0]
        if isinstance(condition, sp.ITE):
            return self.true(condition.args[1 if self.true(condition.args[0]) else 2])
        if not isinstance(condition, sp.core.relational.Relational):
            raise TooLarge
        gap = self.case.add(self.to(condition.lhs), self.case.neg(self.to(condition.rhs)))
        self.jumps.add(_upright(condition.lhs - condition.rhs))
        if isinstance(condition, sp.Eq | sp.Ne):
            return bool(gap.top.is_zero()) == isinstance(condition, sp.Eq)
        s = self.case.sign_of(gap)
        above = isinstance(condition, sp.Gt | sp.Ge)
        return isinstance(condition, sp.Le | sp.Ge) if s == 0 else (s > 0) == above

    def suppose(self, condition: sp.Basic) -> None:
        """This case has the condition."""
        if isinstance(condition, sp.Gt | sp.Ge | sp.Lt | sp.Le):
            gap = self.case.add(self.to(condition.gts), self.case.neg(self.to(condition.lts)))
            self.case.require(gap, edge=isinstance(condition, sp.Ge | sp.Le))


def _upright(gap: sp.Expr) -> sp.Expr:
    """x − y for both x − y and y − x."""
    return -gap if gap.could_extract_minus_sign() else gap
