"""The elementary functions as fractions in kernels, each by the law that its docstring states.

Glossary: `k` the kernels of a case; `u`, `v` the fractions of the arguments; `c` a rational number, `m` a monomial, `t` the tangent of half an angle.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from symgd.referee.kernels import RING, Kernels, Nowhere, Ratio, TooLarge
from symgd.referee.powers import alternating, call, exp, log, root, split_terms, times

__all__ = ["LEAVES", "NODES"]

TURNS = 100  # sin(kθ) is written out in sin θ and cos θ up to this k
HALF = Fraction(1, 2)


# ---------------------------------------------------------------- arithmetic and powers


def _number(u: Ratio) -> Fraction | None:
    """The rational number that u is, if it is one."""
    return Fraction(int(u.top.leading_coefficient() or 0), int(u.bottom.leading_coefficient())) if u.top.is_constant() and u.bottom.is_constant() else None


def _pow(k: Kernels, u: Ratio, v: Ratio) -> Ratio:
    """uᵛ: whole powers exactly, roots of u ≥ 0, else e^(v log u) with u > 0; for an integer v, u may be negative."""
    c = _number(v)
    if c is not None:
        if c.denominator == 1:
            return k.power(u, int(c))
        k.require(u, edge=c > 0)
        return root(k, u, c)
    if u.top.is_zero():
        raise TooLarge
    if v.bottom == 1 and all(k.whole(j) for j, degree in enumerate(v.top.degrees()) if degree):
        size = exp(k, k.mul(v, log(k, u)))
        return k.mul(alternating(k, v), size) if k.sign_of(u) < 0 else size
    k.require(u)
    return exp(k, k.mul(v, log(k, u)))


def _sqrt(k: Kernels, u: Ratio) -> Ratio:
    k.require(u, edge=True)
    return root(k, u, HALF)


def _log(k: Kernels, u: Ratio) -> Ratio:
    k.require(u)
    return log(k, u)


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
    for c, m in split_terms(k, u):
        out = _turn(k, out, _circle_of(k, c, m))
    return out


def _circle_of(k: Kernels, c: Fraction, m: Ratio) -> tuple[Ratio, Ratio]:
    """(cos, sin) of c m: by t = tan(m/2N), cos = (1 − t²)/(1 + t²), sin = 2t/(1 + t²); of a part of π and of an arc tangent by their values."""
    slot = k.alone(m.top) if m.bottom == 1 else None
    part = k.kernels[slot] if slot is not None else None
    if part and part.kind == "pi" and (known := _part_of_pi(k, c)):
        return known
    if m.bottom == 1 and c.denominator == 1 and _whole_turns(k, m):
        return alternating(k, Ratio(m.top / _pi(k).top * int(c), m.bottom)), k.number(Fraction(0))
    if part and part.kind == "call" and part.of[0] == "atan" and c.denominator == 1:
        (x,) = part.of[1]
        over = _over(k, root(k, _square_and(k, x, 1), HALF))
        pair, n = (over, k.mul(x, over)), 1
    else:
        n = k.fine(f"tan {m.top}/{m.bottom}", c.denominator)
        t = Ratio(k.kernel("tan", m, f"{m.top}/{m.bottom}", n), RING.constant(1))
        below = _over(k, _square_and(k, t, 1))
        pair = k.mul(_less(k, _one(k), k.power(t, 2)), below), k.mul(times(k, t, 2), below)
    turns = int(c * n)
    if abs(turns) > TURNS:
        raise TooLarge
    if turns < 0:
        pair = pair[0], k.neg(pair[1])
    out = _one(k), k.number(Fraction(0))
    for bit in f"{abs(turns):b}":
        out = _turn(k, out, out)
        out = _turn(k, out, pair) if bit == "1" else out
    return out


def _part_of_pi(k: Kernels, c: Fraction) -> tuple[Ratio, Ratio] | None:
    """(cos cπ, sin cπ) where SymPy knows them by square roots."""
    angle = sp.Rational(c.numerator, c.denominator) * sp.pi
    pair = sp.cos(angle), sp.sin(angle)
    if any(e.has(sp.cos, sp.sin) for e in pair):
        return None
    return _written(k, pair[0]), _written(k, pair[1])


def _written(k: Kernels, e: sp.Expr) -> Ratio:
    """A number written with roots."""
    return k.number(Fraction(int(e.p), int(e.q))) if e.is_Rational else NODES[e.func](k, *(_written(k, a) for a in e.args))


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
    """Odd; of u and 1/u the one that is written shorter: atan(1/u) = sign(u) π/2 − atan u."""
    u = k.rational(u)
    if u.top.is_zero():
        return u
    if _number(u) in (1, -1):
        return k.mul(_pi(k), u, k.number(Fraction(1, 4)))
    inverse = k.rational(_over(k, u))
    if _length(inverse) < _length(u):
        return _less(k, times(k, _pi(k), Fraction(k.sign_of(u), 2)), _odd(k, "atan", inverse))
    return _odd(k, "atan", u)


def _length(u: Ratio) -> tuple[int, str]:
    """An order of fractions in which u and −u are one."""
    top = u.top if u.top.leading_coefficient() > 0 else -u.top
    return len(top) + len(u.bottom), f"{top}/{u.bottom}"


def _odd(k: Kernels, name: str, u: Ratio) -> Ratio:
    """f(−u) = −f(u)"""
    u = k.rational(u)
    if u.top.is_zero():
        return u
    return k.neg(call(k, name, k.neg(u))) if u.top.leading_coefficient() < 0 else call(k, name, u)


def _asin(k: Kernels, u: Ratio) -> Ratio:
    """atan(u/√(1 − u²)), and ±π/2 at its ends"""
    inside = k.neg(_square_and(k, u, -1))
    if inside.top.is_zero():
        return times(k, _pi(k), HALF * k.sign_of(u))
    return _atan(k, k.mul(u, _over(k, _sqrt(k, inside))))


def _acos(k: Kernels, u: Ratio) -> Ratio:
    return _less(k, times(k, _pi(k), HALF), _asin(k, u))


# ---------------------------------------------------------------- hyperbola


def _hyperbola(k: Kernels, u: Ratio) -> tuple[Ratio, Ratio]:
    """(cosh u, sinh u) = ((E + 1/E)/2, (E − 1/E)/2)"""
    E = exp(k, u)
    inverse = _over(k, E)
    return times(k, k.add(E, inverse), HALF), times(k, _less(k, E, inverse), HALF)


def _tanh(k: Kernels, u: Ratio) -> Ratio:
    c, s = _hyperbola(k, u)
    return k.mul(s, _over(k, c))


def _asinh(k: Kernels, u: Ratio) -> Ratio:
    """log(u + √(u² + 1))"""
    return _log(k, k.add(u, root(k, _square_and(k, u, 1), HALF)))


def _acosh(k: Kernels, u: Ratio) -> Ratio:
    """log(u + √(u² − 1)), u ≥ 1"""
    k.require(_less(k, u, _one(k)), edge=True)
    return log(k, k.add(u, _sqrt(k, _square_and(k, u, -1))))


def _atanh(k: Kernels, u: Ratio) -> Ratio:
    """½ log((1 + u)/(1 − u))"""
    return times(k, _log(k, k.mul(k.add(_one(k), u), _over(k, _less(k, _one(k), u)))), HALF)


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
    sp.E: lambda k: exp(k, _one(k)),
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
    sp.exp: exp,
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
