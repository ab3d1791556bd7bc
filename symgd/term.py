"""The tree: what is written, in the order it is written.  SymPy (`meaning.py`) is what it means.

An index is a letter with primes: i, i', i'' all run over the axis i.  `Name("x", ("i", "j"))` is x_ij.
There are no matrices: a contraction is a Sum over a shared index.

Glossary: `t` a term, `by` the name differentiated by; axes `i` samples, `j` features, `h` hidden units, `k` classes.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import wraps
from operator import attrgetter, is_
from typing import Any, ClassVar, TypeVar, dataclass_transform

__all__ = [
    "ONE", "TWO", "ZERO", "Add", "Call", "Cases", "Compare", "D", "Det", "Div", "Inverse", "Match", "Mul", "Name", "Neg", "Num", "Pow", "Sum", "Term",
    "add", "children", "from_below", "mean", "mul", "names", "occurrences", "parts", "rebuild", "remembered", "replace", "size", "subterms",
    "symbol_problem", "term",
]  # fmt: skip


class Term:
    """One node of the tree.  Python's operators write terms: `2 * (w * x + b)` keeps its order and its brackets."""

    __slots__ = ()

    def __add__(self, other: Term | int | Fraction) -> Term:
        return add(self, term(other))

    def __radd__(self, other: int | Fraction) -> Term:
        return add(term(other), self)

    def __sub__(self, other: Term | int | Fraction) -> Term:
        return add(self, Neg(term(other)))

    def __rsub__(self, other: int | Fraction) -> Term:
        return add(term(other), Neg(self))

    def __mul__(self, other: Term | int | Fraction) -> Term:
        return mul(self, term(other))

    def __rmul__(self, other: int | Fraction) -> Term:
        return mul(term(other), self)

    def __truediv__(self, other: Term | int | Fraction) -> Term:
        return Div(self, term(other))

    def __rtruediv__(self, other: int | Fraction) -> Term:
        return Div(term(other), self)

    def __pow__(self, other: Term | int | Fraction) -> Term:
        return Pow(self, term(other))

    def __neg__(self) -> Term:
        return Neg(self)


C = TypeVar("C")
R = TypeVar("R")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _node(cls: type[C]) -> type[C]:
    """A frozen dataclass whose hash is taken once: terms are keys everywhere, and deep."""
    made: Any = dataclass(frozen=True)(cls)
    whole = made.__hash__

    def once(self: Any) -> int:
        try:
            return self._hash  # type: ignore[no-any-return]
        except AttributeError:
            object.__setattr__(self, "_hash", whole(self))
            return self._hash  # type: ignore[no-any-return]

    def state(self: Any) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k[0] != "_"}  # a hash of strings dies with its process

    made.__hash__ = once
    made.__getstate__ = state
    return made  # type: ignore[no-any-return]


def remembered(law: Callable[[Term], R]) -> Callable[[Term], R]:
    """What depends on a term alone, found once and kept in its node: nodes do not change."""
    key = f"_{law.__module__}.{law.__qualname__}"

    @wraps(law)
    def once(t: Term) -> R:
        kept = t.__dict__
        if key not in kept:
            kept[key] = law(t)
        return kept[key]  # type: ignore[no-any-return]

    return once


def from_below(law: Callable[[Term], R]) -> Callable[[Term], R]:
    """The same for a law that asks itself of the children: it is found from the leaves up, so that a deep term takes no deep stack."""
    found = remembered(law)
    key = f"_{law.__module__}.{law.__qualname__}"

    @wraps(law)
    def once(t: Term) -> R:
        left = [t]
        while key not in t.__dict__:
            if below := [c for c in children(left[-1]) if key not in c.__dict__]:
                left += below
            else:
                found(left.pop())
        return found(t)

    return once


@_node
class Num(Term):
    """A number, exact.  `places` remembers how many decimals the writer gave (0.50 has two); it is no part of the value."""

    value: Fraction
    places: int | None = field(default=None, compare=False)


@_node
class Name(Term):
    """x, x_i, x_ij: a symbol and the indices it carries."""

    symbol: str
    indices: tuple[str, ...] = ()


@_node
class Add(Term):
    """a + b − c: a difference is a sum with a Neg in it."""

    terms: tuple[Term, ...]


@_node
class Mul(Term):
    """a b c"""

    factors: tuple[Term, ...]


@_node
class Div(Term):
    """a/b"""

    top: Term
    bottom: Term


@_node
class Pow(Term):
    """a^b"""

    base: Term
    exponent: Term


@_node
class Neg(Term):
    """−a"""

    body: Term


@_node
class Call(Term):
    """f(a, …) for a function of `language.py`."""

    function: str
    args: tuple[Term, ...]


@_node
class Sum(Term):
    """Σ_index body, over the whole axis of the index."""

    index: str
    body: Term


@_node
class Match(Term):
    """[a = b]: 1 where the two indices agree, else 0 (Kronecker's delta)."""

    a: str
    b: str


@_node
class Det(Term):
    """The determinant of the matrix whose entry at (row, column) is `entry`."""

    row: str
    column: str
    entry: Term


@_node
class Inverse(Term):
    """The entry at (a, b) of the inverse of the matrix whose entry at (row, column) is `entry`."""

    a: str
    b: str
    row: str
    column: str
    entry: Term


@_node
class Compare(Term):
    """left < right and its kin: the condition of a case or of a step."""

    RELATIONS: ClassVar[tuple[str, ...]] = ("<", "<=", ">", ">=", "=", "!=")
    left: Term
    relation: str
    right: Term


@_node
class Cases(Term):
    """The value of the first piece whose condition holds, else `otherwise`."""

    pieces: tuple[tuple[Term, Compare], ...]
    otherwise: Term


@_node
class D(Term):
    """A pending derivative of `of` by `by`.

    Partial: only what is written in `of` is looked at, the other names held fixed (`of` may be a name: then its own definition).
    Total (not partial): along the whole tape, ∂L/∂u as a sensitivity.
    """

    of: Term
    by: Name
    partial: bool = False


ZERO, ONE, TWO = Num(Fraction(0)), Num(Fraction(1)), Num(Fraction(2))


def term(x: Term | int | Fraction) -> Term:
    """x as a term: an int or Fraction becomes a Num."""
    return x if isinstance(x, Term) else Num(Fraction(x))


def add(*terms: Term) -> Term:
    """a + b + …, flattened; one term stays itself, none is 0."""
    flat = tuple(p for t in terms for p in parts(Add, t))
    return flat[0] if len(flat) == 1 else Add(flat) if flat else ZERO


def mul(*factors: Term) -> Term:
    """a b …, flattened; one factor stays itself, none is 1."""
    flat = tuple(p for f in factors for p in parts(Mul, f))
    return flat[0] if len(flat) == 1 else Mul(flat) if flat else ONE


def mean(index: str, body: Term, count: Name) -> Term:
    """(1/n) Σ_i body"""
    return mul(Div(ONE, count), Sum(index, body))


def parts(kind: type[Add] | type[Mul], t: Term) -> tuple[Term, ...]:
    """The terms of a sum, the factors of a product; anything else is its own only part."""
    if isinstance(t, Add) and kind is Add:
        return t.terms
    if isinstance(t, Mul) and kind is Mul:
        return t.factors
    return (t,)


_INSIDE: dict[type[Term], Callable[[Any], tuple[Term, ...]]] = {
    Add: attrgetter("terms"), Mul: attrgetter("factors"), Call: attrgetter("args"),
    Div: attrgetter("top", "bottom"), Pow: attrgetter("base", "exponent"), D: attrgetter("of", "by"), Compare: attrgetter("left", "right"),
    Neg: lambda t: (t.body,), Sum: lambda t: (t.body,), Det: lambda t: (t.entry,), Inverse: lambda t: (t.entry,),
    Cases: lambda t: (*(x for piece in t.pieces for x in piece), t.otherwise), Num: lambda t: (), Name: lambda t: (), Match: lambda t: (),
}  # fmt: skip


def children(t: Term) -> tuple[Term, ...]:
    """The terms directly inside t, in the order they are written."""
    return _INSIDE[type(t)](t)


def rebuild(t: Term, new: Iterable[Term]) -> Term:
    """t with other children, in the order of `children`; t itself where nothing changed."""
    new, old = tuple(new), children(t)
    if len(new) == len(old) and all(map(is_, new, old)):
        return t
    match t:
        case Add():
            return add(*new)
        case Mul():
            return mul(*new)
        case Div():
            return Div(*new)
        case Pow():
            return Pow(*new)
        case Neg():
            return Neg(*new)
        case Sum(index, _):
            return Sum(index, *new)
        case Det(row, column, _):
            return Det(row, column, *new)
        case Inverse(a, b, row, column, _):
            return Inverse(a, b, row, column, *new)
        case Call(f, _):
            return Call(f, new)
        case Compare(_, relation, _):
            return Compare(new[0], relation, new[1])
        case Cases():
            pairs = zip(new[:-1:2], new[1:-1:2], strict=True)
            return Cases(tuple((value, when) for value, when in pairs if isinstance(when, Compare)), new[-1])
        case D(_, _, partial):
            of, by = new
            assert isinstance(by, Name), f"a derivative is taken by a name, not by {by}"
            return D(of, by, partial)
    return t


def subterms(t: Term) -> Iterator[Term]:
    """t and everything inside it, outermost first, left to right."""
    left = [t]
    while left:
        s = left.pop()
        yield s
        left += children(s)[::-1]


def replace(t: Term, change: Callable[[Term], Term | None]) -> Term:
    """t with every outermost subterm s for which change(s) is not None replaced by it."""
    new = change(t)
    return new if new is not None else rebuild(t, [replace(c, change) for c in children(t)])


@from_below
def names(t: Term) -> frozenset[str]:
    """The symbols written in t."""
    return frozenset((t.symbol,)) if isinstance(t, Name) else frozenset().union(*map(names, children(t)))


def occurrences(t: Term, symbol: str) -> tuple[Name, ...]:
    """Each place where the symbol stands in t, with the indices it carries there."""
    return tuple(s for s in subterms(t) if isinstance(s, Name) and s.symbol == symbol)


@from_below
def size(t: Term) -> int:
    """How many nodes t has: the measure of 'shorter'."""
    return 1 + sum(map(size, children(t)))


# ---------------------------------------------------------------- the one check every name passes

_LETTER = "A-Za-z\u0391-\u03a9\u03b1-\u03c9"  # Latin and Greek
_SYMBOL = re.compile(rf"[{_LETTER}][{_LETTER}0-9_]{{0,30}}")


def symbol_problem(symbol: str) -> str | None:
    """Why the symbol may not be a name (a letter, then ≤ 30 letters, digits, underscores; no keyword, no double underscore), or None."""
    if not _SYMBOL.fullmatch(symbol):
        return "a name is a Latin or Greek letter followed by at most 30 letters, digits or underscores"
    if keyword.iskeyword(symbol) and symbol != "lambda":  # λ is a letter of ours; the code writers rename it
        return "that word is reserved by Python"
    if "__" in symbol:
        return "a name has no double underscore"
    return None
