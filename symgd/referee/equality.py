"""Is a = b?  Proved, refuted with a witness, or held: the one place where two expressions are compared.

Refutation comes first, for most wrong lines fall at the first point: both sides as balls at fixed small points; balls that do not meet
refute.  Then the proof: exact fractions of polynomials in kernels (`canonical`), or residues where a rational line is too large to expand
(`identity`).  What is neither is looked at again with 2,500 bits at more points, and held.

Glossary: `u`, `v` the balls of the two sides; a point gives each name a value; a gap is an expression whose sign or zero matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import flint
import sympy as sp

from symgd.meaning import expression
from symgd.referee import identity
from symgd.referee.balls import ball, holds
from symgd.referee.canonical import Proof, prove
from symgd.referee.check import Check
from symgd.referee.domains import conditions, difference, meanings
from symgd.referee.gaps import factors, gaps, rational_zero, roots, zeros
from symgd.referee.kernels import TooLarge
from symgd.referee.constant import agree_by_slope
from symgd.referee.points import points, within
from symgd.referee.witness import decimal, digits, refuted
from symgd.term import Term

__all__ = ["Pair", "decide", "equal_terms", "looks"]

LOOKS = 96  # points before a pair is held
FIRST = 6  # points that agree before a proof is tried
BITS = (128, 640, 2500)
NESTED = 2  # zeros of one jump within those of another
NOWHERE = (sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I, sp.AccumBounds)  # what SymPy makes of a side that is not defined
DEEP = 12  # points looked at with all the bits before a pair is held
Point = Mapping[str, Fraction]
KERNEL_WORDS = {"exp": "exponentials", "log": "logarithms", "tan": "sines and cosines", "root": "roots", "pi": "π"}


def decide(left: sp.Expr, right: sp.Expr, domain: Mapping[str, str] | None = None, where: tuple[sp.Basic, ...] = ()) -> Check:
    """left = right for all real values of their names where both are defined and the conditions `where` hold.

    domain  words by name ("positive", "nonnegative", "negative", "nonzero", "integer", "(0,1)", ">1", or several: "positive integer"); a name not in it is real
    It takes no longer than about a second.  Raises ValueError for a word that is no domain.
    """
    return Pair(sp.sympify(left, strict=True), sp.sympify(right, strict=True), domain or {}, where).verdict()


def equal_terms(left: Term, right: Term, domain: Mapping[str, str] | None = None) -> Check:
    """left = right, two terms without indices, wherever both are defined as they are written; a difference of domain is noted in the scope.

    Domain and time as for `decide`.  Raises ValueError for an index, a sum or a pending derivative, and for a word that is no domain.
    """
    return next(looks(left, right, domain, lambda _: None))


def looks(left: Term, right: Term, domain: Mapping[str, str] | None, last: Callable[[Pair], Check | None]) -> Iterator[Check]:
    """The verdict of `equal_terms`; and where that is held, the one after a last try, which may take for ever."""
    own, other = conditions(left, domain), conditions(right, domain)
    pair = Pair(expression(left), expression(right), domain or {}, meanings(dict.fromkeys((*own, *other))))

    def noted(check: Check) -> Check:
        note = difference(own, other, domain) if check.verdict != "refuted" else ""
        return replace(check, scope=f"{check.scope}; {note}") if note else check

    check = pair.verdict()
    yield noted(check)
    if check.verdict == "held":
        yield noted(last(pair) or check)


class Pair:
    """One claim left = right, and what has been seen of it.

    agreed  the points at which the sides agree
    digits  to how many digits, where they agree least
    lonely  for "left" and "right": a point at which that side alone is undefined
    """

    def __init__(self, left: sp.Expr, right: sp.Expr, domain: Mapping[str, str], where: tuple[sp.Basic, ...]) -> None:
        whole = {s: sp.Symbol(s.name, integer=True) for s in sp.Tuple(left, right, *where).free_symbols if "integer" in domain.get(s.name, "").split()}
        self.left, self.right, *rest = (e.xreplace(whole) for e in (left, right, *where))  # SymPy must know, for (−1)^n
        self.domain, self.where = domain, tuple(rest)
        both = sp.Tuple(self.left, self.right, *self.where)
        self.symbols = sorted(both.free_symbols, key=lambda s: s.name)
        self.names = sorted({s.name for s in self.symbols})
        self.agreed: list[Point] = []
        self.digits = 10**6
        self.lonely: dict[str, Point] = {}
        self.missing, self.reason = "", "no proof was found"
        for name in self.names:
            within(domain, name, Fraction(0))

    def verdict(self) -> Check:
        """The whole procedure."""
        fixed, near = self.points(), list(islice(self.near(), 60))
        try:
            refuted = self.look(iter(fixed), FIRST) or self.look(iter(near))
        except NotImplementedError as unknown:
            refuted, self.missing = None, str(unknown)
        if refuted:
            return refuted
        return (self.proof() if self.agreed or self.left == self.right else None) or self.deeper(fixed) or self.held()

    def points(self) -> list[Point]:
        return [{s.name: q for s, q in point.items()} for point in points([sp.Symbol(n) for n in self.names], self.domain, LOOKS)] if self.names else [{}]

    # ------------------------------------------------------------ refutation

    def look(self, where: Iterator[Point], enough: int = 10**6, bits: tuple[int, ...] = BITS[:2]) -> Check | None:
        """Refuted at one of these points, or None after `enough` of them agree."""
        found = 0
        for point in where:
            seen = self.at(point, bits)
            if isinstance(seen, Check):
                return seen
            if seen is not None:
                self.digits = min(self.digits, seen)
                self.agreed.append(point)
                found += 1
                if found >= enough:
                    break
        return None

    def at(self, point: Point, bits: tuple[int, ...]) -> Check | int | None:
        """Refuted here, or the number of digits to which the sides agree, or None where a side is undefined or cannot be told."""
        agreed = None
        for precision in bits:
            values = self.values(point, precision)
            if values is None:
                return None
            u, v = values
            with flint.ctx.workprec(precision):
                gap = abs(u - v)
                if gap > 0:
                    return self.refuted(point, precision)
                if gap.is_finite():
                    agreed = digits(gap, abs(u))
                    if agreed >= 20 and precision == bits[0] and len(bits) < len(BITS):
                        return agreed
        return agreed

    def values(self, point: Point, bits: int) -> tuple[Any, Any] | None:
        """Both sides as balls; None where a condition fails or a side is undefined."""
        at = {s: point[s.name] for s in self.symbols}
        memo: dict[Any, Any] = {}
        if not all(holds(condition, at, bits, memo) for condition in self.where):
            return None
        u, v = ball(self.left, at, bits, memo), ball(self.right, at, bits, memo)
        if (u is None) != (v is None):
            self.lonely.setdefault("left" if u is None else "right", point)
        return None if u is None or v is None else (u, v)

    def refuted(self, point: Point, bits: int) -> Check | None:
        """The witness, computed once more with twice the bits."""
        values = self.values(point, 2 * bits)
        if values is None or values[0].overlaps(values[1]):
            return None
        return refuted(tuple((name, point[name]) for name in self.names), *values, bits=2 * bits)

    def near(self) -> Iterator[Point]:
        """Points on and around the zeros of the gaps in both sides: kinks, edges of domains, cases."""
        bases = list(islice(self.points(), 3))
        for gap in gaps(sp.Tuple(self.left, self.right)):
            for base in bases:
                for name in sorted({s.name for s in gap.free_symbols}):
                    zero = rational_zero(gap, base, name)
                    for step in (0, Fraction(1, 10), Fraction(-1, 10), 3, -3, 40, -40) if zero is not None else ():
                        value = (zero or Fraction(0)) + step
                        if within(self.domain, name, value):
                            yield {**base, name: value}

    # ------------------------------------------------------------ proof

    def proof(self) -> Check | None:
        """Proved, or None where no argument is found."""
        scope = self.scope()
        if self.left == self.right:
            return Check("proved", "both sides are the same expression", scope)
        try:
            found = prove(self.left, self.right, self.domain, self.where)
            if found is None:
                return self.by_slope(scope)
            jumps = found.jumps + (roots(self.left, self.right) if found.isolated else ())
            open_ = [gap for gap in jumps if not self.on_zeros(gap, NESTED)]
        except (TooLarge, RecursionError):
            return self.by_residues(scope)
        if not found.cases:
            return None
        if open_:
            self.reason = f"both sides have the same canonical form where {_said_of(open_)} is not 0; there no proof was found"
            return None
        return Check("proved", _argument(found), scope)

    def on_zeros(self, gap: sp.Expr, depth: int) -> bool:
        """Is the claim proved, or nothing defined, where the gap is 0?  Factor by factor, one name's value there is put in."""
        return all(self.on_zero(factor, depth) for factor in factors(gap))

    def on_zero(self, gap: sp.Expr, depth: int) -> bool:
        if not gap.free_symbols:
            return bool(gap != 0)
        for s in sorted(gap.free_symbols, key=lambda s: s.name):
            found = zeros(gap, s) if s.name not in self.domain else None
            if found and all(self.at_zero(s, zero, depth) for zero in found[0]):
                return not found[1].free_symbols or (depth > 0 and self.on_zeros(found[1], depth - 1))
        return False

    def at_zero(self, s: sp.Symbol, zero: sp.Expr, depth: int) -> bool:
        try:
            left, right, *where = (e.subs(s, zero) for e in (self.left, self.right, *self.where))
        except (TypeError, ValueError):  # SymPy: an argument that is not comparable
            return False
        if left.has(*NOWHERE) or right.has(*NOWHERE) or sp.false in where:
            return True
        found = prove(left, right, self.domain, tuple(where))
        if found is None or found.isolated or (found.jumps and not depth):
            return False
        there = Pair(left, right, self.domain, tuple(where))
        return all(there.on_zeros(gap, depth - 1) for gap in found.jumps)

    def by_slope(self, scope: str) -> Check | None:
        """Proved where both sides have the same slopes, are smooth throughout, and agree at one point exactly."""
        if not agree_by_slope(self.left, self.right, self.domain):
            return None
        return Check("proved", "both sides have the same derivatives and the same value at one point", scope)

    def by_residues(self, scope: str) -> Check | None:
        """Proved but for a chance below 1e-36, where both sides are rational, or would be with any numbers for their roots and functions."""
        left, right = identity.rational(self.left, self.right)
        bound = identity.error_bound(left, right)
        if bound is None or bound > 1e-36 or not identity.agree(left, right):
            return None
        return Check("proved", "both sides have equal residues at random places modulo three secret primes of 61 bits (error below 1e-36)", scope)

    def scope(self) -> str:
        """For which values it was decided."""
        if not self.names:
            return "numbers"
        words = "; ".join(f"{name} {_said(self.domain[name])}" for name in self.names if self.domain.get(name, "real") != "real")
        alone = "; ".join(f"the {side} alone is undefined at {_at(self.lonely[side])}" for side in sorted(self.lonely))
        return "; ".join(filter(None, ("all real values at which both sides are defined", words, alone)))

    def deeper(self, fixed: list[Point]) -> Check | None:
        """Refuted at more points, or with more bits."""
        if self.missing:
            return None
        seen = [dict(p) for p in self.agreed]
        return self.look(iter(seen[:DEEP]), bits=BITS[2:]) or self.look(p for p in fixed if p not in seen)

    def held(self) -> Check:
        if self.missing:
            return Check("held", f"not decided: {self.missing}", self.scope())
        if not self.agreed:
            return Check("held", "no point was found at which both sides are defined", self.scope())
        count = len({tuple(sorted(p.items())) for p in self.agreed})
        return Check("held", f"agrees at {count} point{'s' if count > 1 else ''} to {min(self.digits, 30)} digits; {self.reason}", self.scope())


# ---------------------------------------------------------------- what is said


def _said(words: str) -> str:
    """"positive integer" as it is, "(0,1)" as "in (0,1)", ">1" as "> 1"."""
    return " ".join({"(0,1)": "in (0,1)", ">1": "> 1"}.get(word, word) for word in words.split())


def _at(point: Point) -> str:
    return ", ".join(f"{name} = {decimal(q)}" for name, q in sorted(point.items()))


def _argument(proof: Proof) -> str:
    """Why it is so, in one sentence."""
    words = sorted(KERNEL_WORDS[kind] for kind in proof.kinds if kind in KERNEL_WORDS)
    what = f"written in {', '.join(words)}, " if words else ""
    signs = [*proof.kinks, *proof.jumps]
    split = f", for each sign of {_said_of(signs)}" if signs else f", in each of {proof.cases} patterns of signs" if proof.cases > 1 else ""
    return f"{what}both sides have the same exact canonical form{split}"


def _said_of(gaps: list[sp.Expr]) -> str:
    return ", ".join(map(sp.sstr, gaps))
