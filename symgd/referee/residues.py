"""The value of a SymPy expression in a finite field: two expressions that agree at a random place there are equal, but for a chance below 1e-20.

What is exact: the four operations, integer powers, roots, exp one layer deep, sine and cosine of one angle, signs and |u|.
Every other function is a random table from argument to value: what agrees then agrees for every function in its place.

exp (Gonnet 1984, doi:10.1145/800057.808698):
p and q are primes with q | p − 1 and g has order q; exp(v) is g^v, v taken in GF(q), so exp(a + b) = exp(a) exp(b).
Signs: p ≡ 3 mod 4, so each square has one root that is itself a square, and of u and −u one is a square.  "Positive" means "is a square":
then products have the signs they should, √(ab) = √a √b, √(a²) = |a|, exp(v) > 0; the numbers up to 52 are positive.  The signs of
independent expressions are independent coins, so places in enough number show every pattern of signs that real values can have;
`pattern` tells which one a place shows.  What SymPy knows to be positive for all real values must be a square, or the place is unfit.
sin z = 2t/(1 + t²), cos z = (1 − t²)/(1 + t²) with t = tan(z/2) from a table: sin² + cos² = 1 holds.
The primes are secret and random, never printed or stored: a fixed prime can be attacked with well-chosen coefficients.
There are several: √(1 + √2) has no value modulo half of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import sympy as sp

__all__ = ["Pattern", "Place", "Undecided", "Unfit", "primes"]

Pattern = frozenset[tuple[Any, int]]  # (expression, its sign), …
SQUARES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)  # these and 2 are squares mod p, and none divides p − 1: roots of their order are unique


class Unfit(Exception):
    """This place gives no value: a division by zero, a root of a "negative".  Another may.  `on`: the expression whose sign should be another."""

    def __init__(self, says: str, on: Any = None) -> None:
        super().__init__(says)
        self.on = on


class Undecided(Exception):
    """No place gives a value: the expression holds something that has none in a finite field."""


@cache
def primes(number: int) -> tuple[int, int, int]:
    """The number-th (p, q, g), drawn once a process: q | p − 1, p ≡ 7 mod 8, SQUARES are squares mod p, g has order q."""
    q = int(sp.nextprime(2**89 + secrets.randbelow(2**89)))
    p, step = 7, 8
    for r, residue in [(r, secrets.choice([a for a in range(2, r) if _square(r, a)])) for r in SQUARES] + [(q, 1)]:  # Chinese remainders
        p += step * ((residue - p) * pow(step, -1, r) % r)
        step *= r
    while not sp.isprime(p):
        p += step
    return p, q, pow(2, (p - 1) // q, p)


def _square(r: int, p: int) -> bool:
    """Is the odd prime r a square mod a prime ≡ 3 mod 4 that leaves the remainder p?  By quadratic reciprocity."""
    return (pow(p, (r - 1) // 2, r) == 1) == (r % 4 == 1)


@lru_cache(4096)
def _known_sign(e: Any) -> int | None:
    """The sign that e has for all real values of its symbols, if SymPy sees one; a value of 0 aside."""
    return 1 if e.is_nonnegative else -1 if e.is_nonpositive else None


class Place:
    """A random place in GF(p), with one in GF(q) inside it for exponents.

    `signs` holds the signs that were asked for; `forced` those that could not be otherwise: of what must be positive for the place to be fit.
    `rooted` becomes true where an even root was met.
    """

    def __init__(self, number: int = 0, outer: Place | None = None) -> None:
        self.numbered = number
        p, q, self.g = primes(number)
        self.p = p if outer is None else q
        self.outer, self.inner = outer, Place(number, self) if outer is None else None
        self.rooted = False
        self.env: dict[Any, int] = {}
        self.made: dict[Any, Any] = {}
        self.tables: dict[tuple[Any, ...], int] = {(sp.log, 1): 0, **{(f, 0): 0 for f in _THROUGH_ZERO}}
        self.signs: dict[Any, int] = {}
        self.forced: set[Any] = set()

    def draw(self, symbol: Any, like: Place | None = None) -> None:
        """A random value for a symbol, or the one of the other place."""
        self.env[symbol] = like.env[symbol] if like else secrets.randbelow(self.p - 1) + 1
        if self.inner:
            self.inner.draw(symbol, like and like.inner)

    def same_functions(self, other: Place) -> None:
        """The random functions are those of the other place, in the same field."""
        self.tables = other.tables
        if self.inner and other.inner:
            self.inner.tables = other.inner.tables

    def put(self, symbol: Any, e: Any) -> None:
        """The symbol is worth what e is."""
        self.env[symbol], self.made[symbol] = self.value(e), e
        if self.inner:
            self.inner.put(symbol, e)

    def keep(self, symbol: Any, other: Place) -> None:
        """The symbol is worth what it is at the other place."""
        self.env[symbol], self.made[symbol] = other.env[symbol], other.made[symbol]
        if self.inner and other.inner:
            self.inner.keep(symbol, other.inner)

    def pattern(self) -> Pattern:
        """The signs that could be otherwise at another place."""
        return frozenset((e, s) for e, s in self.signs.items() if e not in self.forced)

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

    def both_exp(self, z: Any) -> tuple[int, int]:
        """(exp(z), exp(−z)).  SymPy is asked only where it may know more of them: exp(log u) is u; of a long z it would ask for long."""
        if z.has(sp.log):
            return self.value(sp.exp(z)), self.value(sp.exp(-z))
        if self.inner is None:
            v = self.value(z)
            return self.table(sp.exp, (v,)), self.table(sp.exp, (-v % self.p,))
        x = self.exp(z)
        return x, self.inverse(x)

    def function(self, e: Any) -> int:
        if e.func in _BY_ANGLE:
            z = self.value(e.args[0])
            t = self.table("tan(z/2)", (min(z, self.p - z),)) * (1 if z <= self.p - z else -1) % self.p
            over = self.inverse(1 + t * t)
            sine, cosine = 2 * t * over % self.p, (1 - t * t) * over % self.p
            return _BY_ANGLE[e.func](self, sine, cosine)
        if e.func in _BY_EXP:
            return _BY_EXP[e.func](self, *self.both_exp(e.args[0]))
        return self.table(e.func, tuple(self.value(a) for a in e.args))

    def table(self, f: Any, args: tuple[int, ...]) -> int:
        """An arbitrary function: a random value for each argument."""
        if (f, *args) not in self.tables:
            self.tables[f, *args] = secrets.randbelow(self.p - 1) + 1
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
        if self.outer:  # exponents of exp: any function will do
            return self.table("root", (x, up, down))
        if base.is_Rational and any(r > SQUARES[-1] for r in sp.factorint(base.p * base.q)):
            raise Undecided(f"a root of {base}")
        if down % 2 == 0:
            self.rooted = True
            self.must_be_positive(base)
        while down % 2 == 0:
            x, down = pow(x, (self.p + 1) // 4, self.p), down // 2
        try:
            x = pow(x, pow(down, -1, self.p - 1), self.p)
        except ValueError as shared:
            raise Undecided(f"a root of order {down}") from shared
        return pow(x, up, self.p) if up >= 0 else pow(self.inverse(x), -up, self.p)

    # ------------------------------------------------------------ signs

    def sign(self, e: Any) -> int:
        """The sign of e: that of its number times those of its factors."""
        if self.outer:
            return self.outer.sign(e)
        number, rest = e.primitive()
        out = int(sp.sign(number))
        for f in sp.Mul.make_args(rest):
            base, exponent = f.as_base_exp()
            out *= self.sign_of(f) if not exponent.is_Integer else self.sign_of(base) if exponent % 2 else 1
        return out

    def sign_of(self, e: Any) -> int:
        """1 where e is a square, else −1; 0 where it is 0."""
        if e.is_Rational:
            return int(sp.sign(e))
        if e.could_extract_minus_sign():
            return -self.sign(-e)
        if e not in self.signs:
            x = self.value(e)
            s = 0 if x == 0 else 1 if pow(x, (self.p - 1) // 2, self.p) == 1 else -1
            known = _known_sign(self.made.get(e, e))
            if known not in (None, s):
                raise Unfit("not the sign that it has for all real values", e)
            self.signs[e] = s
            if known or s == 0:
                self.forced.add(e)
        return self.signs[e]

    def must_be_positive(self, e: Any) -> None:
        """Raises Unfit where e is negative."""
        if e in self.forced:
            return
        x = self.value(e)
        if x != 0 and pow(x, (self.p - 1) // 2, self.p) != 1:
            raise Unfit("an even root of a negative", e)
        self.forced.add(e)

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


_THROUGH_ZERO = (sp.asin, sp.atan, sp.asinh, sp.atanh, sp.erf, "tan(z/2)")
_BY_ANGLE: dict[Any, Callable[[Place, int, int], int]] = {
    sp.sin: lambda f, s, c: s,
    sp.cos: lambda f, s, c: c,
    sp.tan: lambda f, s, c: s * f.inverse(c) % f.p,
    sp.cot: lambda f, s, c: c * f.inverse(s) % f.p,
    sp.sec: lambda f, s, c: f.inverse(c),
    sp.csc: lambda f, s, c: f.inverse(s),
}
_BY_EXP: dict[Any, Callable[[Place, int, int], int]] = {  # x = exp(z), y = exp(−z)
    sp.sinh: lambda f, x, y: (x - y) * f.inverse(2) % f.p,
    sp.cosh: lambda f, x, y: (x + y) * f.inverse(2) % f.p,
    sp.tanh: lambda f, x, y: (x - y) * f.inverse(x + y) % f.p,
    sp.coth: lambda f, x, y: (x + y) * f.inverse(x - y) % f.p,
    sp.sech: lambda f, x, y: 2 * f.inverse(x + y) % f.p,
    sp.csch: lambda f, x, y: 2 * f.inverse(x - y) % f.p,
}
