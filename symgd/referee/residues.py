"""The value of a SymPy expression in a finite field: two expressions that agree at a random place there are equal, but for a chance below 1e-20.

What is exact: the four operations, integer powers, roots, exp one layer deep, sine and cosine of one angle, signs and |u|.
Every other function is a random table from argument to value: what agrees then agrees for every function in its place.

exp (Gonnet 1984, doi:10.1145/800057.808698):
p and q are primes with q | p − 1 and g has order q; exp(v) is g^v, v taken in GF(q), so exp(a + b) = exp(a) exp(b).
Roots: p ≡ 3 mod 4, so each square has one root that is itself a square: "positive" means "is a square", and √(ab) = √a √b, √(a²) = |a| hold.
Positive numbers are squares: 2, 3, 5, 7, 11 and 13 are.
sin z = 2t/(1 + t²), cos z = (1 − t²)/(1 + t²) with t = tan(z/2) from a table: sin² + cos² = 1 holds.
The primes are secret and random, never printed or stored: a fixed prime can be attacked with well-chosen coefficients.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

__all__ = ["Place", "Undecided", "Unfit", "primes"]


class Unfit(Exception):
    """This place gives no value: a division by zero, a root of a "negative", a sign unlike the real one.  Another may."""


class Undecided(Exception):
    """No place gives a value: the expression holds something that has none in a finite field."""


@cache
def primes() -> tuple[int, int, int]:
    """(p, q, g), drawn once a process: q | p − 1, 3, 5 and 7 do not divide p − 1 (so those roots are unique), g of order q."""
    while True:
        q = int(sp.nextprime(2**89 + secrets.randbelow(2**89)))
        for k in range(2, 40_000, 4):  # p = kq + 1 with k ≡ 2 mod 4 and q odd: p ≡ 3 mod 4
            p = k * q + 1
            if p % 8 == 7 and all((p - 1) % r for r in (3, 5, 7)) and all(_square(r, p) for r in (3, 5, 7, 11, 13)) and sp.isprime(p):
                return p, q, pow(2, k, p)


def _square(r: int, p: int) -> bool:
    """Is the odd prime r a square mod p ≡ 3 mod 4?  By quadratic reciprocity, before p is known to be prime."""
    return (pow(p, (r - 1) // 2, r) == 1) == (r % 4 == 1)


class Place:
    """A random place in GF(p), with one in GF(q) beside it for exponents.

    `sign` tells the sign of an expression at a real place (1, −1, 0, or None where it can't be told); kinks and cases follow it.
    `split` becomes true where a sign, an even root or a case was met.
    """

    def __init__(self, sign: Callable[[Any], int | None], layer: int = 0) -> None:
        p, q, self.g = primes()
        self.p = p if layer == 0 else q
        self.inner = Place(sign, 1) if layer == 0 else None
        self.real_sign, self.split = sign, False
        self.env: dict[Any, int] = {}
        self.tables: dict[tuple[Any, ...], int] = {}

    def draw(self, symbol: Any, positive: bool | None = None) -> None:
        """A random value for a symbol, a square where the real one is positive."""
        value = secrets.randbelow(self.p - 1) + 1
        if positive is not None and self.p % 4 == 3 and (pow(value, (self.p - 1) // 2, self.p) == 1) != positive:
            value = self.p - value
        self.env[symbol] = value
        if self.inner:
            self.inner.draw(symbol)

    def put(self, symbol: Any, e: Any) -> None:
        """The symbol is worth what e is."""
        self.env[symbol] = self.value(e)
        if self.inner:
            self.inner.put(symbol, e)

    # ------------------------------------------------------------ arithmetic

    def number(self, v: Fraction) -> int:
        return v.numerator * self.inverse(v.denominator % self.p) % self.p

    def add(self, xs: list[int]) -> int:
        return sum(xs) % self.p

    def mul(self, xs: list[int]) -> int:
        out = 1
        for x in xs:
            out = out * x % self.p
        return out

    def inverse(self, x: int) -> int:
        if x % self.p == 0:
            raise Unfit("division by zero")
        return pow(x, -1, self.p)

    def same(self, a: int, b: int) -> bool:
        return a == b

    # ------------------------------------------------------------ SymPy expressions

    def value(self, e: Any) -> int:
        """The value of a SymPy expression; shared parts once.  Raises Unfit or Undecided."""
        got = self.env.get(e)
        if got is None:
            got = self.env[e] = self._value(e)
        return got

    def _value(self, e: Any) -> int:
        if e.is_Rational:
            return self.number(Fraction(int(e.p), int(e.q)))
        if e.is_Add:
            return sum(self.value(a) for a in e.args) % self.p
        if e.is_Mul:
            return self.mul([self.value(a) for a in e.args])
        if e.is_Pow:
            return self.power(e.base, e.exp)
        if isinstance(e, sp.Piecewise):
            return self.value(next(value for value, when in e.args if self.holds(when)))
        if isinstance(e, sp.Abs):
            x = self.value(e.args[0])
            return x if self.sign(e.args[0]) >= 0 else -x % self.p
        if isinstance(e, sp.sign):
            return self.sign(e.args[0]) % self.p
        if isinstance(e, sp.exp):
            return self.exp(e.args[0])
        if e.is_Function or e.is_NumberSymbol:
            return self.function(e)
        raise Undecided(f"no value in a finite field for {type(e).__name__}")

    def exp(self, exponent: Any) -> int:
        if self.inner is None:
            return self.table(sp.exp, (self.value(exponent),))
        return pow(self.g, self.inner.value(exponent), self.p)

    def function(self, e: Any) -> int:
        if e.func in _BY_ANGLE:
            z = self.value(e.args[0])
            t = self.table("tan(z/2)", (min(z, self.p - z),)) * (1 if z <= self.p - z else -1) % self.p
            over = self.inverse(1 + t * t)
            sine, cosine = 2 * t * over % self.p, (1 - t * t) * over % self.p
            return _BY_ANGLE[e.func](self, sine, cosine)
        if e.func in _BY_EXP:
            return self.value(_BY_EXP[e.func](e.args[0]))
        return self.table(e.func, tuple(self.value(a) for a in e.args))

    def table(self, f: Any, args: tuple[int, ...]) -> int:
        """An arbitrary function: a random value for each argument, a square (a "positive" one)."""
        if (f, *args) not in self.tables:
            root = secrets.randbelow(self.p - 1) + 1
            self.tables[f, *args] = root * root % self.p
        return self.tables[f, *args]

    def power(self, base: Any, exponent: Any) -> int:
        if exponent.is_Integer:
            x = self.value(base)
            return pow(x, int(exponent), self.p) if exponent >= 0 else pow(self.inverse(x), -int(exponent), self.p)
        if exponent.is_Rational:
            return self.root(base, int(exponent.p), int(exponent.q))
        whole, rest = exponent.as_coeff_Add()
        front = self.power(base, whole) if whole != 0 else 1
        if self.inner is None:
            return front * self.table("power", (self.value(base), self.value(rest))) % self.p
        return front * pow(self.g, self.inner.value(rest) * self.inner.table(sp.log, (self.inner.value(base),)), self.p) % self.p

    def root(self, base: Any, up: int, down: int) -> int:
        """base^(up/down) of a positive base: odd roots are unique, the square root is the one that is a square itself."""
        x = self.value(base)
        self.split = True
        if self.p % 4 != 3:  # exponents of exp: any function will do
            return self.table("root", (x, up, down))
        while down % 2 == 0:
            if pow(x, (self.p - 1) // 2, self.p) != 1:
                raise Unfit("an even root of a non-square")
            x, down = pow(x, (self.p + 1) // 4, self.p), down // 2
        try:
            x = pow(x, pow(down, -1, self.p - 1), self.p)
        except ValueError as shared:
            raise Undecided(f"a root of order {down}") from shared
        return pow(x, up, self.p) if up >= 0 else pow(self.inverse(x), -up, self.p)

    def sign(self, e: Any) -> int:
        """The sign of e at the real place."""
        self.split = True
        s = self.real_sign(e)
        if s is None:
            raise Undecided("a sign that can't be told")
        return s

    def holds(self, when: Any) -> bool:
        """A condition, at the real place."""
        if when in (sp.true, sp.false):
            return bool(when)
        if isinstance(when, sp.And):
            return all(map(self.holds, when.args))
        if isinstance(when, sp.Or):
            return any(map(self.holds, when.args))
        if isinstance(when, sp.Not):
            return not self.holds(when.args[0])
        if isinstance(when, sp.ITE):
            return self.holds(when.args[1] if self.holds(when.args[0]) else when.args[2])
        s = self.sign(when.lhs - when.rhs)
        return {"<": s < 0, "<=": s <= 0, ">": s > 0, ">=": s >= 0, "==": s == 0, "!=": s != 0}[when.rel_op]


_BY_ANGLE: dict[Any, Callable[[Place, int, int], int]] = {
    sp.sin: lambda f, s, c: s,
    sp.cos: lambda f, s, c: c,
    sp.tan: lambda f, s, c: s * f.inverse(c) % f.p,
    sp.cot: lambda f, s, c: c * f.inverse(s) % f.p,
    sp.sec: lambda f, s, c: f.inverse(c),
    sp.csc: lambda f, s, c: f.inverse(s),
}
_BY_EXP: dict[Any, Callable[[Any], Any]] = {
    sp.sinh: lambda z: (sp.exp(z) - sp.exp(-z)) / 2,
    sp.cosh: lambda z: (sp.exp(z) + sp.exp(-z)) / 2,
    sp.tanh: lambda z: (sp.exp(z) - sp.exp(-z)) / (sp.exp(z) + sp.exp(-z)),
    sp.coth: lambda z: (sp.exp(z) + sp.exp(-z)) / (sp.exp(z) - sp.exp(-z)),
    sp.sech: lambda z: 2 / (sp.exp(z) + sp.exp(-z)),
    sp.csch: lambda z: 2 / (sp.exp(z) - sp.exp(-z)),
}
