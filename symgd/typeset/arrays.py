"""The pieces of matrix notation: arrays beside one another, turned, entry by entry, in brackets where they would be misread.

Glossary: an Array is a layout with how tightly it is bound and how its transpose is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symgd.typeset.arrange import DOT, JUXTAPOSE, product
from symgd.typeset.shapes import Apply, Fence, Ident, Layout, Number, Op, Row, Script

__all__ = [
    "ATOM", "ENTRYWISE", "FUNCTION", "MINUS", "ONES", "OPEN", "PRODUCT", "SUM", "TRANSPOSE", "Array",
    "applied", "diagonal", "entrywise", "length", "negative", "scaled", "times", "turned",
]  # fmt: skip

# An open end takes what follows as its own, as ∇L does: it stands last in a product.
SUM, ENTRYWISE, OPEN, PRODUCT, FUNCTION, ATOM = range(6)

TRANSPOSE, MINUS = Op("⊤", "prefix"), Op("−", "prefix")


class Array(NamedTuple):
    """piece and level; `back` is the transpose where it is written otherwise than with ⊤ behind the piece."""

    piece: Layout
    level: int
    back: tuple[Layout, int] | None = None

    def at(self, least: int) -> Layout:
        """The piece, in brackets where it is bound more loosely than that."""
        return self.piece if self.level >= least else Fence(self.piece)


ONES = Array(Ident("1", bold=True), ATOM)


def turned(a: Array) -> Array:
    """aᵀ; (aᵀ)ᵀ is a"""
    if a.back is not None:
        return Array(*a.back, (a.piece, a.level))
    return Array(Script(a.piece if isinstance(a.piece, Apply) else a.at(ATOM), None, TRANSPOSE), ATOM, (a.piece, a.level))


def times(*factors: Array) -> Array:
    """A B c; its transpose is cᵀ Bᵀ Aᵀ"""
    back = _times([turned(a) for a in reversed(factors)])
    return _times(factors)._replace(back=(back.piece, back.level))


def _times(factors: Sequence[Array]) -> Array:
    if len(factors) == 1:
        return factors[0]
    pieces: list[Layout] = []
    for k, a in enumerate(factors):
        piece = a.at(OPEN if k == len(factors) - 1 else PRODUCT)
        flat = isinstance(piece, Row) and JUXTAPOSE in piece.pieces
        pieces += [x for x in piece.pieces if x not in (JUXTAPOSE, DOT)] if flat and isinstance(piece, Row) else [piece]
    return Array(product(tuple(pieces)), _open(factors[-1]))


def scaled(numbers: Sequence[Layout], a: Array) -> Array:
    """c d A, the numbers in front"""
    if not numbers:
        return a
    back = turned(a)
    return Array(product((*numbers, a.at(OPEN))), _open(a), (product((*numbers, back.at(OPEN))), _open(back)))


def _open(a: Array) -> int:
    return OPEN if a.level == OPEN else PRODUCT


def negative(a: Array) -> Array:
    back = turned(a)
    return Array(Row((MINUS, a.at(ENTRYWISE))), SUM, (Row((MINUS, back.at(ENTRYWISE))), SUM))


def entrywise(tops: Sequence[Array], below: Array | None = None) -> Array:
    """A ⊙ B, A ⊘ B: products are put in brackets, for ⊙ is looser to some and tighter to others."""
    if len(tops) == 1 and below is None:
        return tops[0]
    back = _entrywise([turned(a) for a in tops], below and turned(below))
    return Array(_entrywise(tops, below), ENTRYWISE, (back, ENTRYWISE))


def _entrywise(tops: Sequence[Array], below: Array | None) -> Layout:
    pieces: list[Layout] = [tops[0].at(FUNCTION)]
    for a in tops[1:]:
        pieces += [Op("⊙", "product"), a.at(FUNCTION)]
    if below is not None:
        above = Row(tuple(pieces)) if len(pieces) == 1 else Fence(Row(tuple(pieces)))
        pieces = [above, Op("⊘", "product"), below.at(FUNCTION)]
    return Row(tuple(pieces))


def applied(f: str, *args: Array) -> Array:
    """tr(A), det(A), softmax(Z), the diagonal diag(A)"""
    return Array(Apply(f, tuple(a.piece for a in args)), FUNCTION)


def diagonal(u: Array) -> Array:
    """diag(u), a symmetric matrix"""
    whole = applied("diag", u)
    return whole._replace(back=(whole.piece, whole.level))


def length(base: Layout, axes: int, power: str) -> Array:
    """‖w‖, ‖w‖², ‖X‖_F"""
    return Array(Script(Fence(base, "‖", "‖"), Ident("F") if axes == 2 else None, Number(power) if power else None), FUNCTION)
