"""One entry of an array, with the letters that are free in it: what a product, a broadcast and a sum do to them.

Glossary: `a`, `b` arrays; a letter is an index, its axis the letter without primes; an axis of one entry has no letter: None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from symgd.indices import axis, fresh, rename
from symgd.term import ONE, TWO, Match, Neg, Pow, Sum, Term, mul

__all__ = ["Array", "Letters", "Unfit", "contracted", "diagonal", "entrywise", "repeated", "scaled", "squares", "summed", "transposed"]


class Unfit(ValueError):
    """Two arrays (or one) whose shapes do not fit: `why` says it in a few words, `left` and `right` are the two axes that differ."""

    def __init__(self, why: str, a: Array, b: Array | None = None, axes: tuple[str | None, str | None] | None = None, at: int = 0) -> None:
        super().__init__(why)
        self.why, self.a, self.b, self.axes, self.at = why, a, b, axes, at


@dataclass(frozen=True)
class Array:
    """term  one entry
    axes  the free letter of each axis, in order; None for an axis of one entry
    unit  a multiple of the identity, whose size its surroundings say
    many  the places of the axes without a letter that are as long as their surroundings say: 𝟏, 𝟏 bᵀ
    """

    term: Term
    axes: tuple[str | None, ...] = ()
    unit: bool = False
    many: frozenset[int] = frozenset()

    @property
    def scalar(self) -> bool:
        """Has it one entry?"""
        return not self.unit and not self.many and all(a is None for a in self.axes)

    @property
    def number(self) -> bool:
        """Has it no axes at all, not even axes of one entry?"""
        return not self.axes and not self.unit

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(a for a in self.axes if a is not None)

    @property
    def shape(self) -> tuple[str | None, ...]:
        return tuple(axis(a) if a else None for a in self.axes)

    @property
    def square(self) -> bool:
        return len(self.axes) == 2 and self.shape[0] == self.shape[1]

    def apart(self, letters: Letters) -> Array:
        """The same entry under new letters."""
        to = {a: letters.new(axis(a)) for a in self.letters}
        return replace(self, term=rename(self.term, to), axes=tuple(to[a] if a else None for a in self.axes))


class Letters:
    """Letters that nothing has yet."""

    def __init__(self, used: Iterable[str] = ()) -> None:
        self.used = set(used)

    def new(self, over: str) -> str:
        """A letter of the axis."""
        letter = fresh(axis(over), self.used)
        self.used.add(letter)
        return letter


def entrywise(f: Callable[..., Term], *xs: Array, letters: Letters | None = None) -> Array:
    """f(a, b, …) entry by entry, with NumPy's broadcasting: axes are aligned from the last, one without a letter stretches.  Raises Unfit."""
    many = max((len(x.axes) for x in xs), default=0)
    if any(x.unit for x in xs):
        xs = _with_size(xs)
        many = max(many, len(xs[0].axes))
        if all(x.unit or x.scalar for x in xs):
            return Array(f(*(x.term for x in xs)), xs[0].axes, unit=True)
    out: list[str | None] = [None] * many
    for at, x in enumerate(xs):
        for k, letter in enumerate(x.axes, many - len(x.axes)):
            if letter and out[k] is None:
                out[k] = letter if letter not in out else (letters or Letters(filter(None, out))).new(letter)
            elif letter and axis(letter) != axis(out[k] or ""):
                raise Unfit("differ", xs[0], x, (out[k], letter), at)
    terms = []
    for x in xs:
        to = {a: b for a, b in zip(x.axes, out[many - len(x.axes) :], strict=True) if a and b and a != b}
        terms.append(rename(x.term, to))
    open_ends = (k + many - len(x.axes) for x in xs for k in x.many)
    return Array(f(*terms), tuple(out), many=frozenset(k for k in open_ends if out[k] is None))


def _with_size(xs: Sequence[Array]) -> tuple[Array, ...]:
    """The identity as [j = j'], where a square array beside it says its size."""
    shaped = next((x for x in xs if not x.unit and not x.scalar), None)
    if shaped is None:
        return tuple(xs)
    if not shaped.square or len(shaped.letters) < 2:
        raise Unfit("identity", shaped)
    row, col = shaped.letters
    return tuple(Array(_product(x.term, Match(row, col)), (row, col)) if x.unit else x for x in xs)


def _product(s: Term, t: Term) -> Term:
    """s t, without the 1 of an array of ones; (−s) t is −(s t)"""
    if isinstance(s, Neg):
        return Neg(_product(s.body, t))
    return t if s == ONE else s if t == ONE else mul(s, t)


def scaled(a: Array, b: Array) -> Array:
    """A number, or a multiple of the identity, times an array."""
    shaped = b if a.scalar or (a.unit and not b.scalar) else a
    return replace(shaped, term=_product(a.term, b.term) if a.unit or b.unit or shaped.many else mul(a.term, b.term))


def contracted(a: Array, b: Array) -> Array:
    """a @ b: the last axis of a with the first of b.  Raises Unfit."""
    if a.unit or b.unit:
        return scaled(a, b)
    if a.many or b.many:
        return _with_ones(a, b)
    inner, other = a.axes[-1], b.axes[0]
    if (axis(inner) if inner else None) != (axis(other) if other else None):
        raise Unfit("inner", a, b, (inner, other), 1)
    axes = (*a.axes[:-1], *b.axes[1:])
    if inner is None or other is None:
        return Array(_product(a.term, b.term), axes)
    return Array(Sum(inner, _product(a.term, rename(b.term, {other: inner}))), axes)


def _with_ones(a: Array, b: Array) -> Array:
    """𝟏ᵀ u and Z 𝟏 are sums, 𝟏 bᵀ repeats.  Raises Unfit."""
    last = len(a.axes) - 1
    inner, other = a.axes[last], b.axes[0]
    axes = (*a.axes[:-1], *b.axes[1:])
    many = frozenset({k for k in a.many if k < last} | {k + last - 1 for k in b.many if k > 0})
    left, right = a.term, b.term
    if last in a.many and other:
        right = Sum(other, right)
    elif 0 in b.many and inner:
        left = Sum(inner, left)
    elif last in a.many or 0 in b.many or inner or other:
        raise Unfit("ones" if last in a.many and 0 in b.many else "inner", a, b, (inner, other), 1)
    return Array(_product(left, right), axes, many=many)


def transposed(a: Array) -> Array:
    return replace(a, axes=a.axes[::-1], many=frozenset(len(a.axes) - 1 - k for k in a.many))


def summed(a: Array, at: Sequence[int] | None = None) -> Array:
    """Σ over these axes, or over all."""
    over = range(len(a.axes)) if at is None else at
    term = a.term
    for k in sorted(over, reverse=True):
        if letter := a.axes[k]:
            term = Sum(letter, term)
    return Array(term, tuple(x for k, x in enumerate(a.axes) if k not in over))


def squares(a: Array) -> Array:
    """The sum of the squared entries."""
    return summed(replace(a, term=Pow(a.term, TWO)))


def diagonal(a: Array) -> Array:
    """The entries a_jj.  Raises Unfit."""
    if not a.square:
        raise Unfit("square", a)
    row, col = a.axes
    return Array(rename(a.term, {col: row}) if row and col else a.term, (row,))


def repeated(a: Array, times: int, letters: Letters) -> Array:
    """a @ a @ … .  Raises Unfit."""
    if not a.square:
        raise Unfit("square", a)
    out = a
    for _ in range(times - 1):
        out = contracted(out, a.apart(letters))
    return out
