"""SymPy expression → fraction in kernels; two expressions are equal where both are defined if their fractions are one, sign by sign.

Every function of a name of ours is brought to exp, log, roots, tan of the half argument, arc tangent, and signs.

Glossary: `e` an expression; `u`, `v` the fractions of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from symgd.referee.kernels import RING, Finer, Kernels, Nowhere, Ratio, Split, TooLarge

__all__ = ["Proof", "prove"]

CASES = 64  # sign patterns tried at most
BEGINNINGS = 40  # how often kernels may get finer
TURNS = 40  # sin(kθ) is written out in sin θ and cos θ up to this k
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Proof:
    """cases   how many sign patterns were looked at (1: no sign mattered)
    kinds   the kinds of kernels that were met, sorted
    kinks   the arguments whose sign was taken, as SymPy prints them, sorted
    """

    cases: int
    kinds: tuple[str, ...]
    kinks: tuple[str, ...]


def prove(left: sp.Expr, right: sp.Expr, domain: Mapping[str, str] | None = None, where: tuple[sp.Basic, ...] = ()) -> Proof | None:
    """left = right wherever both are defined and `where` holds: the proof, or None where their forms differ.

    Raises TooLarge where the exact way would take too long.
    """
    parts: dict[str, int] = {}
    for _ in range(BEGINNINGS):
        try:
            return _by_cases(left, right, parts, domain, where)
        except Finer:
            continue
    raise TooLarge


def _by_cases(left: sp.Expr, right: sp.Expr, parts: dict[str, int], domain: Mapping[str, str] | None, where: tuple[sp.Basic, ...]) -> Proof | None:
    """Depth first through the signs that are asked for."""
    paths: list[tuple[int, ...]] = [()]
    kinds: set[str] = set()
    kinks: set[str] = set()
    cases = 0
    while paths:
        path = paths.pop()
        case = Kernels(parts, path, domain)
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
            continue
        cases += 1
        if cases > CASES:
            raise TooLarge
        if not difference.top.is_zero():
            return None
        kinds |= case.kinds()
        kinks |= walk.kinks
    return Proof(max(cases, 1), tuple(sorted(kinds)), tuple(sorted(kinks)))


class Walk:
    """One expression tree in one case; shared parts once."""

    def __init__(self, case: Kernels) -> None:
        self.case = case
        self.memo: dict[Any, Ratio] = {}
        self.kinks: set[str] = set()

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
        if isinstance(e, sp.Abs | sp.sign | sp.Max | sp.Min | sp.Heaviside):
            self.kinks.add(sp.sstr(e.args[0] - e.args[1] if isinstance(e, sp.Max | sp.Min) else e.args[0]))
        if e in LEAVES:
            return LEAVES[e](self.case)
        args = [self.to(a) for a in e.args]
        row = NODES.get(e.func)
        return row(self.case, *args) if row else self.case.call(str(e.func), *args)

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
        if not isinstance(condition, sp.core.relational.Relational):
            raise TooLarge
        gap = self.case.add(self.to(condition.lhs), self.case.neg(self.to(condition.rhs)))
        self.kinks.add(sp.sstr(condition.lhs - condition.rhs))
        if isinstance(condition, sp.Eq | sp.Ne):
            return bool(gap.top.is_zero()) == isinstance(condition, sp.Eq)
        s = self.case.sign_of(gap)
        above = isinstance(condition, sp.Gt | sp.Ge)
        return isinstance(condition, sp.Le | sp.Ge) if s == 0 else (s > 0) == above

    def suppose(self, condition: sp.Basic) -> None:
        """This case has the condition."""
        if isinstance(condition, sp.Gt | sp.Ge | sp.Lt | sp.Le):
            gap = self.case.add(self.to(condition.gts), self.case.neg(self.to(condition.lts)))
            if gap.top.is_zero() and isinstance(condition, sp.Gt | sp.Lt):
                raise Nowhere
            self.case.require(gap)


# ---------------------------------------------------------------- arithmetic and powers


def _whole(u: Ratio) -> int | None:
    return int(u.top.leading_coefficient() or 0) if u.bottom == 1 and u.top.is_constant() else None


def _number(u: Ratio) -> Fraction | None:
    """The rational number that u is, if it is one."""
    return Fraction(int(u.top.leading_coefficient() or 0), int(u.bottom.leading_coefficient())) if u.top.is_constant() and u.bottom.is_constant() else None


def _pow(k: Kernels, u: Ratio, v: Ratio) -> Ratio:
    """uᵛ: whole powers exactly, roots of u ≥ 0, else e^(v log u) with u > 0; for an integer v, u may be negative."""
    c = _number(v)
    if c is not None:
        if c.denominator == 1:
            return k.power(u, int(c))
        k.require(u)
        return k.root(u, c)
    if u.top.is_zero():
        raise TooLarge
    if k.integral(v):
        size = k.exp(k.mul(v, k.log(u)))
        return k.mul(k.alternating(v), size) if k.sign_of(u) < 0 else size
    k.require(u)
    return k.exp(k.mul(v, k.log(u)))


def _sqrt(k: Kernels, u: Ratio) -> Ratio:
    k.require(u)
    return k.root(u, HALF)


def _log(k: Kernels, u: Ratio) -> Ratio:
    k.require(u)
    return k.log(u)


def _one(k: Kernels) -> Ratio:
    return k.number(Fraction(1))


def _over(k: Kernels, u: Ratio) -> Ratio:
    """1/u"""
    return k.power(u, -1)


def _less(k: Kernels, u: Ratio, v: Ratio) -> Ratio:
    """u − v"""
    return k.add(u, k.neg(v))


def _square_and(k: Kernels, u: Ratio, c: int) -> Ratio:
    """u² + c"""
    return k.add(k.power(u, 2), k.number(Fraction(c)))


# ---------------------------------------------------------------- circle


def _turn(k: Kernels, a: tuple[Ratio, Ratio], b: tuple[Ratio, Ratio]) -> tuple[Ratio, Ratio]:
    """(cos, sin) of a sum: cos a cos b − sin a sin b, sin a cos b + cos a sin b"""
    return _less(k, k.mul(a[0], b[0]), k.mul(a[1], b[1])), k.add(k.mul(a[1], b[0]), k.mul(a[0], b[1]))


def _circle(k: Kernels, u: Ratio) -> tuple[Ratio, Ratio]:
    """(cos u, sin u), term by term of u."""
    out = _one(k), k.number(Fraction(0))
    for c, m in k.split_terms(u):
        out = _turn(k, out, _circle_of(k, c, m))
    return out


def _circle_of(k: Kernels, c: Fraction, m: Ratio) -> tuple[Ratio, Ratio]:
    """(cos, sin) of c m: by t = tan(m/2N), cos = (1 − t²)/(1 + t²), sin = 2t/(1 + t²); of a part of π and of an arc tangent by their values."""
    slot = k.alone(m.top) if m.bottom == 1 else None
    part = k.kernels[slot] if slot is not None else None
    if part and part.kind == "pi" and (known := _part_of_pi(k, c)):
        return known
    if m.bottom == 1 and c.denominator == 1 and _whole_turns(k, m):
        return k.alternating(Ratio(m.top / _pi(k).top * int(c), m.bottom)), k.number(Fraction(0))
    if part and part.kind == "call" and part.of[0] == "atan" and c.denominator == 1:
        (x,) = part.of[1]
        over = _over(k, k.root(_square_and(k, x, 1), HALF))
        pair, n = (over, k.mul(x, over)), 1
    else:
        n = k.fine(f"tan {m.top}/{m.bottom}", c.denominator)
        t = Ratio(k.kernel("tan", m, f"{m.top}/{m.bottom}", n), RING.constant(1))
        below = _over(k, _square_and(k, t, 1))
        pair = k.mul(_less(k, _one(k), k.power(t, 2)), below), k.mul(k.times(t, 2), below)
    turns = int(c * n)
    if abs(turns) > TURNS:
        raise TooLarge
    if turns < 0:
        pair = pair[0], k.neg(pair[1])
    out = _one(k), k.number(Fraction(0))
    for _ in range(abs(turns)):
        out = _turn(k, out, pair)
    return out


def _part_of_pi(k: Kernels, c: Fraction) -> tuple[Ratio, Ratio] | None:
    """(cos cπ, sin cπ) where SymPy knows them by square roots."""
    angle = sp.Rational(c.numerator, c.denominator) * sp.pi
    pair = sp.cos(angle), sp.sin(angle)
    if any(e.has(sp.cos, sp.sin) for e in pair):
        return None
    walk = Walk(k)
    return walk.to(pair[0]), walk.to(pair[1])


def _whole_turns(k: Kernels, m: Ratio) -> bool:
    """Is m = π times integer names?"""
    used = [(j, degree) for j, degree in enumerate(m.top.degrees()) if degree]
    kinds = [(k.kernels[j].kind, degree) for j, degree in used]
    return ("pi", 1) in kinds and len(used) > 1 and all(k.kernels[j].kind == "pi" or k.whole(j) for j, _ in used)


def _pi(k: Kernels) -> Ratio:
    return Ratio(k.kernel("pi", None, "", 1, 1), RING.constant(1))


def _cos(k: Kernels, u: Ratio) -> Ratio:
    return _circle(k, u)[0]


def _sin(k: Kernels, u: Ratio) -> Ratio:
    return _circle(k, u)[1]


def _tan(k: Kernels, u: Ratio) -> Ratio:
    c, s = _circle(k, u)
    return k.mul(s, _over(k, c))


def _atan(k: Kernels, u: Ratio) -> Ratio:
    """Odd; of u and 1/u the one whose top is not the longer: atan(1/u) = sign(u) π/2 − atan u."""
    u = k.rational(u)
    if u.top.is_zero():
        return u
    if _number(u) in (1, -1):
        return k.times(_pi(k), Fraction(int(_number(u) or 0), 4))
    if (len(u.top), str(u.top)) < (len(u.bottom), str(u.bottom)):
        return _less(k, k.times(_pi(k), Fraction(k.sign_of(u), 2)), _atan(k, k.ratio(u.bottom, u.top)))
    return _odd(k, "atan", u)


def _odd(k: Kernels, name: str, u: Ratio) -> Ratio:
    """f(−u) = −f(u)"""
    u = k.rational(u)
    if u.top.is_zero():
        return u
    return k.neg(k.call(name, k.neg(u))) if u.top.leading_coefficient() < 0 else k.call(name, u)


def _asin(k: Kernels, u: Ratio) -> Ratio:
    """atan(u/√(1 − u²)), and ±π/2 at its ends"""
    inside = k.neg(_square_and(k, u, -1))
    if inside.top.is_zero():
        return k.times(_pi(k), HALF * k.sign_of(u))
    return _atan(k, k.mul(u, _over(k, _sqrt(k, inside))))


def _acos(k: Kernels, u: Ratio) -> Ratio:
    return _less(k, k.times(_pi(k), HALF), _asin(k, u))


# ---------------------------------------------------------------- hyperbola


def _hyperbola(k: Kernels, u: Ratio) -> tuple[Ratio, Ratio]:
    """(cosh u, sinh u) = ((E + 1/E)/2, (E − 1/E)/2)"""
    E = k.exp(u)
    inverse = _over(k, E)
    return k.times(k.add(E, inverse), HALF), k.times(_less(k, E, inverse), HALF)


def _tanh(k: Kernels, u: Ratio) -> Ratio:
    c, s = _hyperbola(k, u)
    return k.mul(s, _over(k, c))


def _asinh(k: Kernels, u: Ratio) -> Ratio:
    """log(u + √(u² + 1))"""
    return _log(k, k.add(u, k.root(_square_and(k, u, 1), HALF)))


def _acosh(k: Kernels, u: Ratio) -> Ratio:
    """log(u + √(u² − 1)), u ≥ 1"""
    k.require(_less(k, u, _one(k)))
    return k.log(k.add(u, _sqrt(k, _square_and(k, u, -1))))


def _atanh(k: Kernels, u: Ratio) -> Ratio:
    """½ log((1 + u)/(1 − u))"""
    return k.times(_log(k, k.mul(k.add(_one(k), u), _over(k, _less(k, _one(k), u)))), HALF)


# ---------------------------------------------------------------- kinks


def _abs(k: Kernels, u: Ratio) -> Ratio:
    return k.neg(u) if k.sign_of(u) < 0 else u


def _sign(k: Kernels, u: Ratio) -> Ratio:
    return k.number(Fraction(k.sign_of(u)))


def _pick(k: Kernels, *us: Ratio, larger: bool) -> Ratio:
    out = us[0]
    for u in us[1:]:
        s = k.sign_of(_less(k, u, out))
        out = u if (s > 0) == larger else out
    return out


def _heaviside(k: Kernels, u: Ratio, at_zero: Ratio) -> Ratio:
    s = k.sign_of(u)
    return at_zero if s == 0 else k.number(Fraction(1 if s > 0 else 0))


def _delta(k: Kernels, u: Ratio) -> Ratio:
    """Dirac's delta is 0 away from 0."""
    if u.top.is_zero():
        raise Nowhere
    return k.number(Fraction(0))


def _nowhere(k: Kernels) -> Ratio:
    raise Nowhere


def _of_inverse(f: Callable[[Kernels, Ratio], Ratio]) -> Callable[[Kernels, Ratio], Ratio]:
    """f(1/u)"""
    return lambda k, u: f(k, _over(k, u))


def _inverse_of(f: Callable[[Kernels, Ratio], Ratio]) -> Callable[[Kernels, Ratio], Ratio]:
    """1/f(u)"""
    return lambda k, u: _over(k, f(k, u))


def _cosh(k: Kernels, u: Ratio) -> Ratio:
    return _hyperbola(k, u)[0]


def _sinh(k: Kernels, u: Ratio) -> Ratio:
    return _hyperbola(k, u)[1]


LEAVES: dict[Any, Callable[[Kernels], Ratio]] = {
    sp.pi: _pi,
    sp.E: lambda k: k.exp(_one(k)),
    sp.I: _nowhere,
    sp.zoo: _nowhere,
    sp.nan: _nowhere,
    sp.oo: _nowhere,
    -sp.oo: _nowhere,
}

NODES: dict[Any, Callable[..., Ratio]] = {
    sp.Add: Kernels.add,
    sp.Mul: Kernels.mul,
    sp.Pow: _pow,
    sp.exp: Kernels.exp,
    sp.log: _log,
    sp.sin: _sin,
    sp.cos: _cos,
    sp.tan: _tan,
    sp.cot: _inverse_of(_tan),
    sp.sec: _inverse_of(_cos),
    sp.csc: _inverse_of(_sin),
    sp.asin: _asin,
    sp.acos: _acos,
    sp.atan: _atan,
    sp.acot: _of_inverse(_atan),
    sp.asec: _of_inverse(_acos),
    sp.acsc: _of_inverse(_asin),
    sp.sinh: _sinh,
    sp.cosh: _cosh,
    sp.tanh: _tanh,
    sp.coth: _inverse_of(_tanh),
    sp.sech: _inverse_of(_cosh),
    sp.csch: _inverse_of(_sinh),
    sp.asinh: _asinh,
    sp.acosh: _acosh,
    sp.atanh: _atanh,
    sp.acoth: _of_inverse(_atanh),
    sp.asech: _of_inverse(_acosh),
    sp.acsch: _of_inverse(_asinh),
    sp.erf: lambda k, u: _odd(k, "erf", u),
    sp.erfc: lambda k, u: _less(k, _one(k), _odd(k, "erf", u)),
    sp.Abs: _abs,
    sp.sign: _sign,
    sp.Max: partial(_pick, larger=True),
    sp.Min: partial(_pick, larger=False),
    sp.Heaviside: _heaviside,
    sp.DiracDelta: _delta,
    sp.re: lambda k, u: u,
    sp.im: lambda k, u: k.number(Fraction(0)),
    sp.conjugate: lambda k, u: u,
}
