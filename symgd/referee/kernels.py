"""Fractions of polynomials in kernels: the exact arithmetic in which two sides of an equality are brought to one form.

A kernel stands for a real number that is no fraction of the others: x, π, e^m, tan(m/2), log|f|, |f|^(1/q), erf(u), with m a monomial.
Each rewriting here is an identity of real numbers, so a fraction whose top reduces to 0 is 0 wherever it is defined; kernels that are
secretly dependent can only make a proof fail.  Where an identity needs a sign that is not known, both signs are tried (`Split`).

Glossary: `p`, `f`, `g` polynomials (`fmpz_mpoly`); `R` a root kernel, R^q = ±f; `c` a rational number; a `Ratio` is top/bottom in lowest terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb, lcm, prod
from typing import Any

from flint import fmpq_mpoly_ctx, fmpz_mpoly_ctx

__all__ = ["Finer", "Kernels", "Nowhere", "Ratio", "Split", "TooLarge"]

KERNELS = 24  # at most so many in one case
TERMS = 2000  # of a polynomial
DEGREE = 1200  # of a polynomial, in all kernels together
PAIRED = 8  # signs taken that are compared with one another
WORK = 12_000  # fractions made in one proof, all its cases together: about a second
PARTS = 120  # the finest part m/N of a kernel's argument
RING = fmpz_mpoly_ctx.get([f"k{j}" for j in range(KERNELS)], "degrevlex")
QRING = fmpq_mpoly_ctx.get([f"k{j}" for j in range(KERNELS)], "degrevlex")
SLOTS = RING.gens()
Poly = Any


class TooLarge(Exception):
    """The exact way would take too long; nothing is known."""


class Finer(Exception):
    """A kernel must be a finer part of its argument, e^(m/2N) for e^(m/N): begin again."""


class Split(Exception):
    """The sign of a polynomial is needed and not known: both are to be tried."""


class Nowhere(Exception):
    """Nothing is defined in this case."""


@dataclass(frozen=True)
class Ratio:
    """top/bottom, in lowest terms."""

    top: Poly
    bottom: Poly


@dataclass(frozen=True)
class Kernel:
    """kind      symbol | pi | exp | tan | log | root | call
    key       what tells it from the others of its kind
    of        what it is made of: a name, a prime number, a Ratio or a polynomial
    parts     N where it belongs to the N-th part of its argument
    """

    kind: str
    key: str
    of: Any
    parts: int = 1


class Kernels:
    """One case: the signs taken for granted and the kernels met so far.

    parts   for each kernel, by key, the N of its argument's part, kept from one beginning to the next
    path    the signs to be taken, in the order in which they are asked for
    domain  words of `points.DOMAINS` by name
    work    how many fractions have been made, kept for all cases of a proof
    """

    def __init__(self, parts: dict[str, int], path: tuple[int, ...] = (), domain: Mapping[str, str] | None = None, work: Counter[str] | None = None) -> None:
        self.work = Counter[str]() if work is None else work
        self.parts, self.path, self.asked = parts, path, 0
        self.domain = dict(domain or {})
        self.kernels: list[Kernel] = []
        self.slots: dict[str, int] = {}
        self.positive: dict[int, int] = {}  # slot → sign, where it has one
        self.relations: dict[int, tuple[int, Poly]] = {}  # slot of R → (q, f): R^q = |f|
        self.signs: dict[str, int] = {}
        self.factored: dict[str, tuple[int, list[tuple[Poly, int]]]] = {}
        self.inferred: set[str] = set()  # polynomials whose sign follows from what had to be positive
        self.strict: set[str] = set()  # polynomials that the domains keep from 0
        self.positives: list[Poly] = []  # what this case takes to be positive
        self.pending: list[tuple[int, list[Poly], bool]] = []
        self.isolated = False  # something in an impossible case may yet be 0, and so defined, at single points

    # ------------------------------------------------------------ fractions

    def number(self, c: Fraction) -> Ratio:
        return Ratio(RING.constant(c.numerator), RING.constant(c.denominator))

    def ratio(self, top: Poly, bottom: Poly) -> Ratio:
        """top/bottom in lowest terms, the bottom's leading coefficient positive.  Raises Nowhere for a zero bottom."""
        self.work["fractions"] += 1
        if self.work["fractions"] > WORK:
            raise TooLarge
        top, bottom = self.reduce(top), self.reduce(bottom)
        if bottom.is_zero():
            raise Nowhere
        if top.is_zero():
            return Ratio(top, RING.constant(1))
        if len(top) > TERMS or len(bottom) > TERMS or max(sum(top.degrees()), sum(bottom.degrees())) > DEGREE:
            raise TooLarge
        g = top.gcd(bottom)
        if bottom.leading_coefficient() < 0:
            g = -g
        return Ratio(top / g, bottom / g)

    def add(self, *us: Ratio) -> Ratio:
        out = Ratio(RING.constant(0), RING.constant(1))
        for u in us:
            same = str(u.bottom) == str(out.bottom)
            out = self.ratio(u.top + out.top, u.bottom) if same else self.ratio(u.top * out.bottom + out.top * u.bottom, u.bottom * out.bottom)
        return out

    def mul(self, *us: Ratio) -> Ratio:
        out = self.number(Fraction(1))
        for u in us:
            if len(u.top) * len(out.top) > 50 * TERMS or len(u.bottom) * len(out.bottom) > 50 * TERMS:
                raise TooLarge
            out = self.ratio(u.top * out.top, u.bottom * out.bottom)
        return out

    def neg(self, u: Ratio) -> Ratio:
        return Ratio(-u.top, u.bottom)

    def power(self, u: Ratio, n: int) -> Ratio:
        """uⁿ.  Raises Nowhere for 0 to a negative power."""
        if n < 0:
            return self.power(self.ratio(u.bottom, u.top), -n)
        for p in (u.top, u.bottom):
            if n * sum(p.degrees()) > DEGREE or comb(len(p) + n - 1, n) > TERMS or n * p.leading_coefficient().bit_length() > 50_000:
                raise TooLarge
        return self.ratio(u.top**n, u.bottom**n)

    def reduce(self, p: Poly) -> Poly:
        """p with R^q replaced by ±f, the youngest root first, for older roots may stand in f."""
        for k in reversed(self.relations):
            q, f = self.relations[k]
            if p.degrees()[k] < q:
                continue
            low: dict[int, dict[tuple[int, ...], Any]] = {}
            for powers, c in p.to_dict().items():
                n, rest = divmod(powers[k], q)
                low.setdefault(n, {})[(*powers[:k], rest, *powers[k + 1 :])] = c
            signed = f * self.sign(f)
            if max(low) * sum(f.degrees()) > DEGREE or comb(len(f) + max(low) - 1, max(low)) > TERMS:
                raise TooLarge
            p = sum((RING.from_dict(part) * signed**n for n, part in sorted(low.items())), RING.constant(0))
        return p

    def rational(self, u: Ratio) -> Ratio:
        """u with square roots brought to the top: 1/(a + bR) = (a − bR)/(a² − b²f)."""
        for k in reversed(self.relations):
            if self.relations[k][0] == 2 and u.bottom.degrees()[k] == 1:
                a, b = self.linear(u.bottom, k)
                other = a - b * SLOTS[k]
                u = self.ratio(u.top * other, u.bottom * other)
        return u

    def linear(self, p: Poly, k: int) -> tuple[Poly, Poly]:
        """p = a + bR for the kernel R in slot k, of degree 1."""
        parts: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
        for powers, c in p.to_dict().items():
            parts[powers[k]][(*powers[:k], 0, *powers[k + 1 :])] = c
        return RING.from_dict(parts[0]), RING.from_dict(parts[1])

    # ------------------------------------------------------------ kernels

    def kernel(self, kind: str, of: Any, key: str, parts: int = 1, sign: int = 0, relation: tuple[int, Poly] | None = None) -> Poly:
        """The polynomial that is this one kernel."""
        name = f"{kind} {key} {parts}"
        if name not in self.slots:
            if len(self.kernels) == KERNELS:
                raise TooLarge
            k = self.slots[name] = len(self.kernels)
            self.kernels.append(Kernel(kind, key, of, parts))
            if sign:
                self.positive[k] = sign
            if relation:
                self.relations[k] = relation
        return SLOTS[self.slots[name]]

    def fine(self, key: str, q: int) -> int:
        """The N of this kernel's argument, divisible by q.  Raises Finer where it was not."""
        n = self.parts.get(key, 1)
        if n % q:
            if lcm(n, q) > PARTS:
                raise TooLarge
            self.parts[key] = lcm(n, q)
            raise Finer
        return n

    def alone(self, p: Poly) -> int | None:
        """The slot of the kernel that p is, if p is one."""
        return None if len(p) != 1 or p.leading_coefficient() != 1 or sum(p.degrees()) != 1 else p.degrees().index(1)

    def symbol(self, name: str) -> Ratio:
        """x, or where a root of x is met ±Rⁿ with R = |x|^(1/n)."""
        n = self.parts.get(f"symbol {name}", 1)
        words = self.domain.get(name, "real").split()
        sign = -1 if "negative" in words else 1 if set(words) & {"positive", "nonnegative", "(0,1)", ">1"} else 0
        if n > 1 and not sign:
            sign = self.ask(f"symbol {name}")
        x = self.kernel("symbol", name, name, n, 1 if n > 1 else sign)
        for word, side in (("(0,1)", -1), (">1", 1)):
            if word in words:
                self.signs[str(x - 1)] = side
                self.strict.add(str(x - 1))
        return Ratio(x**n * sign if n > 1 else x, RING.constant(1))

    def whole(self, k: int) -> bool:
        """Is the kernel in slot k an integer name?"""
        one = self.kernels[k]
        return one.kind == "symbol" and one.parts == 1 and "integer" in self.domain.get(one.of, "").split()

    # ------------------------------------------------------------ factors and signs

    def factors(self, p: Poly) -> tuple[int, list[tuple[Poly, int]]]:
        """p = c Π f^e, each f irreducible with positive leading coefficient.  Raises TooLarge."""
        if len(p) > 150 or (len(p) > 1 and sum(p.degrees()) > 60):
            raise TooLarge
        if str(p) not in self.factored:
            c, found = p.factor()
            self.factored[str(p)] = int(c), [(f, int(e)) for f, e in found]
        return self.factored[str(p)]

    def ask(self, key: str) -> int:
        """The sign of what the key names, as this case takes it.  Raises Split where this case has not been told."""
        if key not in self.signs:
            if self.asked == len(self.path):
                raise Split
            self.signs[key] = self.path[self.asked]
            self.asked += 1
        return self.signs[key]

    def sign(self, f: Poly) -> int:
        """The sign of a polynomial that is not 0 (irreducible, with positive leading coefficient, unless its sign is plain)."""
        known = self.known_sign(f)
        if not known and (k := self.alone(f + 1)) is not None and self.kernels[k].kind == "exp":
            return self.sign_of(self.kernels[k].of)
        if not known:
            known = self.ask(str(f))
            self.positives.append(f * known)
        return known

    def known_sign(self, f: Poly, depth: int = 3) -> int:
        """The sign of f where it has one for all values, or in this case; else 0."""
        if str(f) in self.signs:
            return self.signs[str(f)]
        if (k := self.alone(f + 1)) is not None and self.kernels[k].kind == "exp":
            s, odd = self.odd_factors(self.kernels[k].of)  # e^m > 1 where m > 0
            return s * prod(self.known_sign(g, depth - 1) for g in odd)
        seen = {self.term_sign(powers, int(c)) for powers, c in f.to_dict().items()}
        if len(seen) == 1:
            return seen.pop()
        return next((s for k, degree in enumerate(f.degrees()) if degree == 2 and depth and (s := self.square(f, k, depth))), 0)

    def term_sign(self, powers: tuple[int, ...], c: int) -> int:
        """The sign of one term c x^a y^b … where it has one: an odd power needs a kernel of known sign."""
        odd = [self.positive.get(k, 0) or self.signs.get(str(SLOTS[k]), 0) for k, power in enumerate(powers) if power % 2]
        return prod(odd) * (1 if c > 0 else -1)

    def square(self, f: Poly, k: int, depth: int) -> int:
        """a v² + b v + c has the sign of a where b² − 4ac ≤ 0."""
        parts: list[dict[Any, Any]] = [{}, {}, {}]
        for powers, coefficient in f.to_dict().items():
            parts[powers[k]][(*powers[:k], 0, *powers[k + 1 :])] = coefficient
        c, b, a = (RING.from_dict(part) for part in parts)
        under = self.reduce(b * b - 4 * a * c)
        settled = under.is_zero() or self.known_sign(under, depth - 1) < 0
        return self.known_sign(a, depth - 1) if settled else 0

    def odd_factors(self, u: Ratio) -> tuple[int, list[Poly]]:
        """The sign of u's number and the factors that u's sign depends on."""
        (a, tops), (b, bottoms) = self.factors(u.top), self.factors(u.bottom)
        return (1 if a * b > 0 else -1), [f for f, e in tops + bottoms if e % 2]

    def sign_of(self, u: Ratio) -> int:
        """sign u, 0 only where u is 0 everywhere."""
        if u.top.is_zero():
            return 0
        s, odd = self.odd_factors(u)
        return s * prod(self.sign(f) for f in odd)

    def require(self, u: Ratio, edge: bool = False) -> None:
        """This case has u > 0, or with `edge` u ≥ 0.  Raises Nowhere where that cannot be."""
        if u.top.is_zero():
            if edge:
                return
            raise Nowhere
        s, odd = self.odd_factors(u)
        isolated = edge and len(odd) < len(self.factors(u.top)[1]) + len(self.factors(u.bottom)[1])
        open_ = [f for f in odd if not self.known_sign(f)]
        s *= prod(self.known_sign(f) for f in odd if self.known_sign(f))
        if not open_ and s < 0:
            self.isolated = isolated or (edge and any(str(f) in self.inferred or (len(f) > 1 and str(f) not in self.signs) for f in odd))
            raise Nowhere
        if len(open_) == 1:
            self.signs[str(open_[0])] = s
            self.inferred.add(str(open_[0]))
            self.positives.append(open_[0] * s)
        elif open_:
            self.pending.append((s, open_, isolated))

    def settle(self) -> None:
        """Raises Nowhere where the signs taken contradict what had to be positive, or one another: of f > 0, g > 0 and f + g < 0 one is wrong."""
        for s, open_, isolated in self.pending:
            if s * prod(self.known_sign(f) for f in open_) < 0:
                self.isolated = isolated
                raise Nowhere
        for f, g in combinations(self.positives[:PAIRED], 2):
            if self.never(f + g):
                raise Nowhere

    def never(self, p: Poly) -> bool:
        """Is p < 0 or p = 0 in this case?"""
        if p.is_zero():
            return True
        c = p.content() * (1 if p.leading_coefficient() > 0 else -1)
        return bool(self.known_sign(p / c) * c < 0)

    def never_zero(self, f: Poly) -> bool:
        """Is f a sum of terms of one sign, one of them a number or a product of what is never 0?"""
        terms = {powers: self.term_sign(powers, int(c)) for powers, c in f.to_dict().items()}
        if len(set(terms.values())) == 1 and 0 not in terms.values():
            return any(all(self.apart(k) for k, power in enumerate(powers) if power) for powers in terms)
        return str(f) in self.strict

    def apart(self, k: int) -> bool:
        """Is the kernel in slot k never 0?"""
        one = self.kernels[k]
        words = set(self.domain.get(one.of, "").split()) if one.kind == "symbol" else set()
        return one.kind in ("exp", "pi") or bool(words & {"positive", "negative", "nonzero", "(0,1)", ">1"})

    def kinds(self) -> set[str]:
        """The kinds of kernels met."""
        return {one.kind for one in self.kernels}
