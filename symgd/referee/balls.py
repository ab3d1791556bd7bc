"""The value of a SymPy expression as a real ball: every digit that is printed of it is certain.

Rational arithmetic stays exact (`fmpq`), so that a kink, a pole or a case is met exactly where it lies; everything else is a ball (`arb`).

Glossary: `e` an expression; `u`, `v` values of its arguments; UNDEFINED (None): not real there; a ball that is not finite: too wide to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flint
import sympy
from flint import arb, fmpq

__all__ = ["UNDEFINED", "ball", "holds"]

UNDEFINED = None  # log of a negative number, division by exactly 0, the imaginary unit
EXACT_BITS = 4096  # a rational longer than this goes on as a ball
Value = Any  # fmpq | arb | bool | None


def ball(e: sympy.Basic, at: Mapping[sympy.Symbol, Any], bits: int = 128, memo: dict[Any, Value] | None = None) -> arb | None:
    """A ball that holds the value of e where its symbols have the values `at` (Fraction, int or arb).

    UNDEFINED (None) where some part of e is not real or not defined there; a ball that is not finite (`.is_finite()`) where this many bits
    cannot tell (a pole or the edge of a domain lies within the ball).  `memo` keeps the values of sub-expressions for further calls at
    the same point with the same bits.  Raises NotImplementedError for a function without a ball, KeyError for a symbol without a value.
    """
    with flint.ctx.workprec(bits):
        value = _value(e, at, {} if memo is None else memo)
        return value if value is UNDEFINED else _arb(value)


def holds(condition: sympy.Basic, at: Mapping[sympy.Symbol, Any], bits: int = 128, memo: dict[Any, Value] | None = None) -> bool | None:
    """Is the condition true at this point?  None where it is undefined or these bits cannot tell."""
    with flint.ctx.workprec(bits):
        value = _value(condition, at, {} if memo is None else memo)
        return value if isinstance(value, bool) else None


def _value(e: sympy.Basic, at: Mapping[sympy.Symbol, Any], memo: dict[Any, Value]) -> Value:
    """Innermost parts first, each shared part once, without recursion."""
    stack = [e]
    while stack:
        top = stack[-1]
        if top in memo:
            stack.pop()
            continue
        missing = [a for a in top.args if a not in memo]
        if missing:
            stack += missing
        else:
            memo[top] = _leaf(top, at) if not top.args else _node(top, [memo[a] for a in top.args])
            stack.pop()
    return memo[e]


def _leaf(e: sympy.Basic, at: Mapping[sympy.Symbol, Any]) -> Value:
    if e.is_Symbol:
        value = at[e]
        return value if isinstance(value, arb | fmpq) else fmpq(value.numerator, value.denominator)
    if e.is_Rational:
        return fmpq(int(e.p), int(e.q))
    if e.is_Float:
        exact = sympy.Rational(e)
        return fmpq(int(exact.p), int(exact.q))
    if e in CONSTANTS:
        return CONSTANTS[e]()
    raise NotImplementedError(f"no ball for {e}")


def _node(e: sympy.Basic, args: list[Value]) -> Value:
    if isinstance(e, sympy.Piecewise):
        return _first_case(args)
    if isinstance(e, sympy.functions.elementary.piecewise.ExprCondPair):
        return tuple(args)
    if any(v is UNDEFINED for v in args):
        return UNDEFINED
    if e.is_Pow and args[0] < 0 and e.exp.free_symbols and not e.exp.is_integer:
        return UNDEFINED  # x^y is a function of real y for x > 0 alone, whatever y is worth here
    row = NODES.get(e.func)
    if row is None:
        raise NotImplementedError(f"no ball for {e.func.__name__}")
    return row(*args)


def _first_case(pairs: list[Value]) -> Value:
    """The value of the first piece whose condition holds; a condition that cannot be told makes the ball infinitely wide."""
    for value, condition in pairs:
        if condition is UNDEFINED or condition is True:
            return value if condition else UNDEFINED
        if condition is not False:
            return arb.nan()
    return UNDEFINED


# ---------------------------------------------------------------- arithmetic


def _arb(v: Value) -> arb:
    return v if isinstance(v, arb) else arb(v)


def _bits(v: fmpq) -> int:
    return int(v.p.bit_length() + v.q.bit_length())


def _short(v: Value) -> Value:
    return arb(v) if isinstance(v, fmpq) and _bits(v) > EXACT_BITS else v


def _add(*vs: Value) -> Value:
    exact = sum((v for v in vs if isinstance(v, fmpq)), fmpq(0))
    return _short(sum((v for v in vs if isinstance(v, arb)), exact))


def _mul(*vs: Value) -> Value:
    exact, rest = fmpq(1), None
    for v in vs:
        if isinstance(v, fmpq):
            exact = exact * v
        else:
            rest = v if rest is None else rest * v
    if rest is None:
        return _short(exact)
    return exact if exact == 0 and rest.is_finite() else rest * exact


def _pow(u: Value, v: Value) -> Value:
    """uᵛ: any u ≠ 0 for a whole v, u = 0 for v ≥ 0, else u > 0."""
    if isinstance(v, fmpq):
        if v == 0:
            return fmpq(1)
        if _zero(u):
            return fmpq(0) if v > 0 else UNDEFINED
        if v.q == 1:
            if isinstance(u, fmpq) and abs(v.p) * _bits(u) <= EXACT_BITS:
                return u ** int(v.p)
            return _arb(u) ** v.p
        if _below(u, 0):
            return UNDEFINED
        u = _arb(u)
        root = u.root(int(v.q)) if v.q < 1000 else None
        return (u.log() * v).exp() if root is None else root**v.p
    if _zero(u):
        return fmpq(0) if v > 0 else UNDEFINED if v < 0 else arb.nan()
    return UNDEFINED if _below(u, 0) else (_arb(u).log() * v).exp()


def _zero(u: Value) -> bool:
    return bool(u == 0)


def _below(u: Value, bound: int) -> bool:
    """Certainly u < bound."""
    return bool(u < bound)


def _sign(u: Value) -> Value:
    return fmpq(1) if u > 0 else fmpq(-1) if u < 0 else fmpq(0) if _zero(u) else u.sgn()


def _heaviside(u: Value, at_zero: Value) -> Value:
    return fmpq(1) if u > 0 else fmpq(0) if u < 0 else at_zero if _zero(u) else (u.sgn() + 1) / 2


def _delta(u: Value) -> Value:
    """Dirac's delta: 0 away from 0."""
    return fmpq(0) if u > 0 or u < 0 else UNDEFINED if _zero(u) else arb.nan()


def _abs(u: Value) -> Value:
    return abs(u)


def _largest(*vs: Value) -> Value:
    return max(vs) if all(isinstance(v, fmpq) for v in vs) else _fold(arb.max, vs)


def _smallest(*vs: Value) -> Value:
    return min(vs) if all(isinstance(v, fmpq) for v in vs) else _fold(arb.min, vs)


def _fold(pick: Callable[[arb, arb], arb], vs: tuple[Value, ...]) -> arb:
    out = _arb(vs[0])
    for v in vs[1:]:
        out = pick(out, _arb(v))
    return out


# ---------------------------------------------------------------- functions, on their domains


def _total(f: Callable[[arb], arb]) -> Callable[[Value], Value]:
    """f is real everywhere."""
    return lambda u: f(_arb(u))


def _real(f: Callable[[arb], arb], outside: Callable[[Value], bool]) -> Callable[[Value], Value]:
    """f is real except where `outside` is certainly true."""
    return lambda u: UNDEFINED if outside(u) else f(_arb(u))


def _beyond(u: Value) -> bool:
    return bool(abs(u) > 1)


def _at_or_beyond(u: Value) -> bool:
    return bool(abs(u) >= 1)


def _at_or_within(u: Value) -> bool:
    return bool(abs(u) <= 1)


def _within(u: Value) -> bool:
    return bool(abs(u) < 1)


def _not_positive(u: Value) -> bool:
    return bool(u <= 0)


CONSTANTS: dict[Any, Callable[[], Value]] = {
    sympy.pi: arb.pi,
    sympy.E: arb.const_e,
    sympy.I: lambda: UNDEFINED,
    sympy.zoo: lambda: UNDEFINED,
    sympy.nan: lambda: UNDEFINED,
    sympy.oo: lambda: UNDEFINED,
    -sympy.oo: lambda: UNDEFINED,
    sympy.true: lambda: True,
    sympy.false: lambda: False,
}


def _compare(below: Value, equal: Value, above: Value) -> Callable[[Value, Value], Value]:
    """A relation by what it says of u < v, u = v and u > v; NaN where that cannot be told."""

    def relation(u: Value, v: Value) -> Value:
        gap = _add(u, -v)
        return below if gap < 0 else above if gap > 0 else equal if _zero(gap) else _edge(gap, below, equal, above)

    return relation


def _edge(gap: Value, below: bool, equal: bool, above: bool) -> Value:
    """u ≤ v is certain where the ball of u − v only touches 0."""
    if gap <= 0 and below == equal:
        return below
    return above if gap >= 0 and above == equal else arb.nan()


def _all(*vs: Value) -> Value:
    return False if any(v is False for v in vs) else True if all(v is True for v in vs) else arb.nan()


def _any(*vs: Value) -> Value:
    return True if any(v is True for v in vs) else False if all(v is False for v in vs) else arb.nan()


def _either(v: Value, then: Value, otherwise: Value) -> Value:
    return then if v is True else otherwise if v is False else v


def _not(v: Value) -> Value:
    return not v if isinstance(v, bool) else v


NODES: dict[Any, Callable[..., Value]] = {
    sympy.Add: _add,
    sympy.Mul: _mul,
    sympy.Pow: _pow,
    sympy.exp: _total(arb.exp),
    sympy.log: _real(arb.log, _not_positive),
    sympy.sin: _total(arb.sin),
    sympy.cos: _total(arb.cos),
    sympy.tan: _total(arb.tan),
    sympy.cot: _real(arb.cot, _zero),
    sympy.sec: _total(arb.sec),
    sympy.csc: _real(arb.csc, _zero),
    sympy.asin: _real(arb.asin, _beyond),
    sympy.acos: _real(arb.acos, _beyond),
    sympy.atan: _total(arb.atan),
    sympy.acot: _real(lambda u: (1 / u).atan(), _zero),
    sympy.asec: _real(lambda u: (1 / u).acos(), _within),
    sympy.acsc: _real(lambda u: (1 / u).asin(), _within),
    sympy.sinh: _total(arb.sinh),
    sympy.cosh: _total(arb.cosh),
    sympy.tanh: _total(arb.tanh),
    sympy.coth: _real(arb.coth, _zero),
    sympy.sech: _total(arb.sech),
    sympy.csch: _real(arb.csch, _zero),
    sympy.asinh: _total(arb.asinh),
    sympy.acosh: _real(arb.acosh, lambda u: _below(u, 1)),
    sympy.atanh: _real(arb.atanh, _at_or_beyond),
    sympy.acoth: _real(lambda u: (1 / u).atanh(), _at_or_within),
    sympy.asech: _real(lambda u: (1 / u).acosh(), lambda u: bool(u <= 0 or u > 1)),
    sympy.acsch: _real(lambda u: (1 / u).asinh(), _zero),
    sympy.erf: _total(arb.erf),
    sympy.erfc: _total(arb.erfc),
    sympy.Abs: _abs,
    sympy.sign: _sign,
    sympy.Max: _largest,
    sympy.Min: _smallest,
    sympy.Heaviside: _heaviside,
    sympy.DiracDelta: _delta,
    sympy.re: lambda u: u,
    sympy.im: lambda u: fmpq(0),
    sympy.conjugate: lambda u: u,
    sympy.StrictLessThan: _compare(True, False, False),
    sympy.LessThan: _compare(True, True, False),
    sympy.StrictGreaterThan: _compare(False, False, True),
    sympy.GreaterThan: _compare(False, True, True),
    sympy.Equality: _compare(False, True, False),
    sympy.Unequality: _compare(True, False, True),
    sympy.And: _all,
    sympy.Or: _any,
    sympy.Not: _not,
    sympy.ITE: _either,
    sympy.ITE: lambda when, a, b: a if when is True else b if when is False else when,
}
