"""What a problem in arrays has by name: the axes of each name, the letter of each size, and the lines of the tape so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symgd.arrays.array import Array
from symgd.indices import axis, free, fresh, rename, settle
from symgd.term import Name, Num, Term

__all__ = ["SAMPLES", "Known", "in_order", "settled"]

SAMPLES = "i"


@dataclass
class Known:
    """What the problem has by name.

    axes     of each name its axes, as letters of axes; None for an axis of one entry; () for a number
    letters  of each size its axis
    lost     parameters without a shape: numbers, unless they are used as arrays
    counted  the sizes that are written as numbers in formulas; filled on the way
    tape     what was defined so far: (name, value, what it is)
    naming   may parts of a formula get names of their own?
    """

    axes: dict[str, tuple[str | None, ...]]
    letters: Mapping[str, str]
    lost: frozenset[str] = frozenset()
    counted: dict[str, Name] = field(default_factory=dict)
    tape: list[tuple[Name, Term, str]] = field(default_factory=list)
    naming: bool = False

    def define(self, x: Array, symbol: str, says: str = "") -> Array:
        """A line of the tape for x, with the indices of its axes; x by its name.  Without naming x itself."""
        if not self.naming:
            return x
        letters = [a for a in (*sorted(free(x.term) - set(x.letters)), *x.letters) if a in free(x.term)]
        indices = in_order([axis(a) for a in letters])
        value = settled(rename(x.term, {a: b for a, b in zip(letters, indices, strict=True) if a != b}))
        known = next((n for n, v, _ in self.tape if v == value and n.indices == indices), None)
        if known is None:
            count = next(k for k in range(1, 999) if f"{symbol}{k}" not in self.axes and f"{symbol}{k}" not in self.letters)
            known = Name(f"{symbol}{count}", indices)
            self.axes[known.symbol] = tuple(map(axis, indices))
            self.tape.append((known, value, says))
        return replace(x, term=Name(known.symbol, tuple(letters)))

    def count(self, over: str | None) -> Term:
        """How many entries the axis has."""
        size = next((s for s, letter in self.letters.items() if letter == over), "1")
        if size.isdigit():
            return Num(Fraction(int(size)))
        if size not in self.counted:
            self.counted[size] = Name(size if size not in self.axes else next(x for k in range(99) if (x := f"n_{size}{k or ''}") not in self.axes))
        return self.counted[size]

    def words(self, x: Array) -> str:
        """(n × d), as the sizes are called."""
        names = {letter: s for s, letter in self.letters.items()}
        if not x.axes:
            return "a number"
        return f"({' × '.join(names.get(a or '', '1') for a in x.shape)})"

    def size(self, letter: str | None) -> str:
        return next((s for s, a in self.letters.items() if letter and a == axis(letter)), "1")


def in_order(axes: Sequence[str]) -> tuple[str, ...]:
    """i, j, and j' where an axis comes twice"""
    out: list[str] = []
    for a in axes:
        out.append(fresh(a, out))
    return tuple(out)


def settled(t: Term) -> Term:
    """The bound letters with the fewest primes that the free ones leave them."""
    return settle(t, free(t))
