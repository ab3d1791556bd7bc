"""The values of terms at one place: the tape computed forward in scalars, derivatives accumulated backwards through SymPy's `diff` of each definition.

Two kinds of numbers: residues (`residues.Place`), where equality is exact, and real balls (`balls.ball`), where a difference is a witness.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

import sympy as sp

from symgd.indices import axis
from symgd.meaning import Instance, letters, symbols_of
from symgd.referee.balls import ball
from symgd.referee.residues import Place, Unfit
from symgd.term import Add, D, Det, Div, Inverse, Mul, Name, Neg, Num, Pow, Sum, Term

__all__ = ["RANGES", "Reals", "Residues", "Values"]

# (lowest, highest, of how many parts of one): where leaves are drawn from, in turn.  The first meet the most domains; the last look far out and close to 0.
RANGES = (
    (1, 9, 10), (-9, 9, 10), (11, 40, 10), (-40, 40, 10), (1, 30, 10), (-90, 90, 10), (-3, 3, 10), (101, 140, 10),
    (-99, 99, 1), (-99, 99, 1000), (-9999, 9999, 1), (-9, 9, 10000),
)  # fmt: skip


class Field(Protocol):
    """Where values live: residues or real balls."""

    def number(self, v: Fraction) -> Any: ...
    def add(self, xs: list[Any]) -> Any: ...
    def mul(self, xs: list[Any]) -> Any: ...
    def inverse(self, x: Any) -> Any: ...
    def value(self, e: Any) -> Any: ...


class Waiting:
    """The forward tape in scalars that have no value yet: each is computed when an expression first needs it.

    A line is judged by what it is made of alone: S_xx may be 0 at one sample, and a line without it has a value there all the same.
    """

    def __init__(self, tape: tuple[tuple[Any, Any], ...]) -> None:
        self.tape = tape
        self.waiting = {symbol for symbol, _ in tape}

    def needed(self, e: Any) -> Iterator[tuple[Any, Any]]:
        """What e is made of and has no value yet, in order; each has one once it was handed out."""
        if not self.waiting or not (wanted := self.waiting & symbols_of(e)):
            return
        for symbol, definition in reversed(self.tape):
            if symbol in wanted:
                wanted |= symbols_of(definition)
        for symbol, definition in self.tape:
            if symbol in wanted and symbol in self.waiting:
                yield symbol, definition
                self.waiting.discard(symbol)


class Reals:
    """Real balls at small rational values of the leaves; the tape is computed forward when first needed."""

    def __init__(self, instance: Instance, seed: int, bits: int = 128) -> None:
        rng, (low, high, parts) = random.Random(seed), RANGES[seed % len(RANGES)]
        self.bits, self.env = bits, dict[Any, Any]()
        self.leaves: dict[Any, Fraction] = {}
        for a in sorted(instance.weighed):
            self.leaves |= {instance.weight(a, k): Fraction(rng.randint(1, 5)) for k in range(instance.sizes[a])}
        self.leaves |= {symbol: Fraction(rng.choice([k for k in range(low, high + 1) if k]), parts) for _, symbol in instance.leaves()}
        for symbol, others in _complements(instance):
            self.leaves[symbol] = 1 - sum((self.leaves[o] for o in others), Fraction(0))
        self.counts = instance.counts
        self.at: dict[Any, Any] = dict(self.leaves)
        self._tape = Waiting(instance.scalars())
        self._inside = instance.inside

    def value(self, e: Any) -> Any:
        for symbol, definition in self._tape.needed(e):
            self.at[symbol] = self._ball(definition)
        for symbol, what in self._inside.items():
            if symbol not in self.at and symbol in e.free_symbols:
                self.at[symbol] = self.value(what)
        return self._ball(e)

    def _ball(self, e: Any) -> Any:
        b = ball(e, self.at, self.bits, self.env)
        if b is None:
            raise Unfit("not real at this place")
        return b

    def number(self, v: Fraction) -> Any:
        return self._ball(sp.Rational(v.numerator, v.denominator))

    def add(self, xs: list[Any]) -> Any:
        return sum(xs[1:], xs[0]) if xs else self.number(Fraction(0))

    def mul(self, xs: list[Any]) -> Any:
        out = xs[0]
        for x in xs[1:]:
            out = out * x
        return out

    def inverse(self, x: Any) -> Any:
        if not (x > 0 or x < 0):
            raise Unfit("division by zero")
        return 1 / x


def _drawn(instance: Instance) -> Iterator[Any]:
    """Every scalar that is no number and not computed: the multiplicities, then the leaves."""
    for a in sorted(instance.weighed):
        yield from (instance.weight(a, k) for k in range(instance.sizes[a]))
    yield from (symbol for _, symbol in instance.leaves())


def _complements(instance: Instance) -> Iterator[tuple[Any, list[Any]]]:
    """`given`: t_ik sums to one over k, so the last one is 1 − the others."""
    for symbol, along in instance.problem.given:
        v = instance.problem.declared()[symbol]
        for at in instance.values(tuple(a for a in v.indices if a != along)):
            one = [instance.symbol(symbol, tuple({**at, along: k}[a] for a in v.indices)) for k in range(instance.sizes[along])]
            yield one[-1], one[:-1]


class Residues:
    """Residues at a random place modulo the `number`-th primes; the tape is computed forward when first needed.

    `like`: another place in the same field, from which all leaves but `other` are taken.
    """

    def __init__(self, instance: Instance, number: int = 0, like: Residues | None = None, other: frozenset[Any] = frozenset()) -> None:
        self.place = Place(number)
        if like:
            self.place.same_functions(like.place)
        for symbol in _drawn(instance):
            self.place.draw(symbol, like.place if like and symbol not in other else None)
        for symbol, others in _complements(instance):
            self.place.put(symbol, 1 - sp.Add(*others))
        self._tape = Waiting(instance.scalars())
        self._inside = instance.inside
        self._instance = instance
        if like:
            self.keep(like, other)
        self.number, self.add, self.mul, self.inverse = self.place.number, self.place.add, self.place.mul, self.place.inverse

    def keep(self, like: Residues, other: frozenset[Any]) -> None:
        """What is not made of the other leaves has the value and the sign that it has there."""
        changed = set(other) | {symbol for symbol, others in _complements(self._instance) if other & set(others)}
        for symbol, definition in self._tape.tape:
            if symbols_of(definition) & changed:
                changed.add(symbol)
            elif symbol in like.place.env:
                self.place.keep(symbol, like.place)
                self._tape.waiting.discard(symbol)
        changed |= {symbol for symbol in self._inside if symbol not in self.place.env}  # drawn into the line later than the tape
        for e, sign in like.place.signs.items():
            if not symbols_of(e) & changed:
                self.place.signs[e] = sign
        self.place.forced |= {e for e in like.place.forced if not symbols_of(e) & changed}

    def leaves(self, e: Any) -> frozenset[Any]:
        """What e is made of: those of one sample, where it is made of any, else all."""
        found, ask = set[Any](), set(e.free_symbols)
        while ask - found:
            found |= ask
            ask = {s for made in ask for s in getattr(self.place.made.get(made), "free_symbols", ())}
        leaves = found - self.place.made.keys()
        return frozenset(leaves & self._instance.sampled or {s for s in leaves if "[" in str(s)} or leaves)

    def value(self, e: Any) -> int:
        if (known := self.place.env.get(e)) is not None:
            return known
        self.prepare(e)
        return self.place.value(e)

    def prepare(self, e: Any) -> None:
        """What e is made of has its value."""
        for symbol, definition in self._tape.needed(e):
            self.place.put(symbol, definition)
        for symbol, what in self._inside.items():
            if symbol not in self.place.env and symbol in symbols_of(e):
                self.value(what)
                self.place.put(symbol, what)

    def must_be_positive(self, e: Any) -> None:
        """Raises Unfit where e is negative here."""
        self.prepare(e)
        self.place.must_be_positive(e)


class Values:
    """The values of terms of one instance in one field; each line is valued once."""

    def __init__(self, instance: Instance, field: Field) -> None:
        self.instance, self.field = instance, field
        self.memo: dict[Any, Any] = {}

    def of(self, t: Term, at: dict[str, int]) -> Any:
        """The value of t at index values `at`."""
        key = t, tuple(at[a] for a in letters(t))
        if key not in self.memo:
            self.memo[key] = self._of(t, at)
        return self.memo[key]

    def _of(self, t: Term, at: dict[str, int]) -> Any:
        field, inside = self.field, self.instance
        match t:
            case Num(v):
                return field.number(v)
            case Add(ts):
                return field.add([self.of(x, at) for x in ts])
            case Mul(fs):
                return field.mul([self.of(f, at) for f in fs])
            case Neg(a):
                return field.mul([field.number(Fraction(-1)), self.of(a, at)])
            case Div(a, b):
                return field.mul([self.of(a, at), field.inverse(self.of(b, at))])
            case Pow(a, Num(v)) if v.denominator == 1 and 0 < v <= 8:
                return field.mul([self.of(a, at)] * int(v))
            case Sum(index, body):
                terms = [self.of(body, {**at, index: k}) for k in range(inside.sizes[axis(index)])]
                if axis(index) in inside.weighed:
                    terms = [field.mul([field.value(inside.weight(index, k)), x]) for k, x in enumerate(terms)]
                return field.add(terms)
            case Det(row, column, entry):
                return self.determinant(self.matrix(row, column, entry, at))
            case Inverse(a, b, row, column, entry):
                m = self.matrix(row, column, entry, at)
                minor = [[x for c, x in enumerate(line) if c != at[a]] for r, line in enumerate(m) if r != at[b]]
                sign = field.number(Fraction((-1) ** (at[a] + at[b])))
                return field.mul([sign, self.determinant(minor), field.inverse(self.determinant(m))])
            case D(Name(s, up), by, False):
                top, down = (inside.symbol(x.symbol, tuple(at[a] for a in x.indices)) for x in (Name(s, up), by))
                if (slope := self.adjoint(top, down)) is None:
                    return field.number(Fraction(0))
                return field.mul([slope, field.inverse(field.value(inside.copies(Name(s, up), by, at)))])
        return field.value(inside.say(t, at))

    def matrix(self, row: str, column: str, entry: Term, at: dict[str, int]) -> list[list[Any]]:
        size = self.instance.sizes[axis(row)]
        return [[self.of(entry, {**at, row: r, column: c}) for c in range(size)] for r in range(size)]

    def determinant(self, m: list[list[Any]]) -> Any:
        """By Laplace's expansion: the matrices are small."""
        if not m:
            return self.field.number(Fraction(1))
        minors = ([[x for k, x in enumerate(line) if k != c] for line in m[1:]] for c in range(len(m)))
        return self.field.add([self.field.mul([self.field.number(Fraction((-1) ** c)), m[0][c], self.determinant(minor)]) for c, minor in enumerate(minors)])

    def adjoint(self, top: Any, v: Any) -> Any:
        """∂top/∂v along the tape, SymPy's diff for each definition; None where no path leads from v to top."""
        key = top, v
        if key not in self.memo:
            paths = () if v == top else self.backwards(top, v) if top == self.instance.objective else self.forwards(top, v)
            terms = [self.field.mul([known, self.field.value(self.instance.slope(definition, by))]) for known, definition, by in paths if known is not None]
            self.memo[key] = self.field.number(Fraction(1)) if v == top else self.field.add(terms) if terms else None
        return self.memo[key]

    def backwards(self, top: Any, v: Any) -> Iterator[tuple[Any, Any, Any]]:
        """Σ ∂top/∂u · ∂u/∂v over the scalars u that are made of v: one walk for every v, as the objective is asked for."""
        return ((self.adjoint(top, u), definition, v) for u, definition in self.instance.users(v))

    def forwards(self, top: Any, v: Any) -> Iterator[tuple[Any, Any, Any]]:
        """Σ ∂u/∂v · ∂top/∂u over the scalars u that top is made of: one walk for every top."""
        definition, inside = self.instance.made_of(top)
        return ((self.adjoint(u, v), definition, u) for u in inside)
