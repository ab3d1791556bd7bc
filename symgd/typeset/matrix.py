"""Term → layout in matrix notation: arrays bold, a sum over a shared index as a product, ⊙ for entry by entry, 𝟏 where a value is repeated.

A term with no free index is a number, with one a column, with two a matrix.  `None` wherever no such form is known: the caller falls back to indices.

Glossary: `order` the free indices of the result, rows first; an Array is a layout with how tightly it is bound.
"""

from __future__ import annotations

from dataclasses import replace as altered
from typing import NamedTuple

from symgd.indices import free
from symgd.term import ONE, TWO, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, children, mul, parts
from symgd.typeset.arrange import JUXTAPOSE, Look, arrange, product
from symgd.typeset.marks import ident, index_parts
from symgd.typeset.shapes import Apply, Fence, Frac, Ident, Layout, Number, Op, Root, Row, Script

__all__ = ["Order", "canonical", "matrix"]

Order = tuple[str, ...]

SUM, ENTRYWISE, PRODUCT, ATOM = range(4)

TRANSPOSE, MINUS, ONES = Op("⊤", "prefix"), Op("−", "prefix"), Ident("1", bold=True)

_RANK = {axis: k for k, axis in enumerate("ijhk")}  # batch first: samples, features, hidden units, classes


class Array(NamedTuple):
    piece: Layout
    level: int

    def at(self, least: int) -> Layout:
        """The piece, in brackets where it is bound more loosely than that."""
        return self.piece if self.level >= least else Fence(self.piece)


def canonical(t: Term) -> Order:
    """The free indices of t in the order in which arrays carry them, rows first."""
    return tuple(sorted(free(t), key=_rank))


def _rank(index: str) -> tuple[int, str, int, int]:
    letters, digits, primes = index_parts(index)
    return _RANK.get(letters, len(_RANK)), letters, int(digits or 0), len(primes)


def matrix(t: Term, look: Look, order: Order | None = None) -> Layout | None:
    """t as numbers, columns and matrices, with its free indices in the given order; None where no such form is known."""
    order = canonical(t) if order is None else order
    if len(order) > 2 or not free(t) <= set(order):
        return None
    found = _write(t, order, look)
    return None if found is None else found.piece


def _write(t: Term, order: Order, look: Look) -> Array | None:
    if len(free(t)) < len(order):
        return _repeated(t, order, look)
    match t:
        case _ if not order and not _indexed(t):
            return Array(arrange(t, look), _level(t))
        case Name(symbol, indices):
            return _turned(_array(ident(symbol, (), True), len(order), look), indices, order)
        case D(Name(symbol, ()), Name() as by):
            inner = _write(by, by.indices, look)
            return inner and _turned(Row((Script(Op("∇", "prefix"), inner.piece), Op("", "apply"), ident(symbol))), by.indices, order, PRODUCT)
        case Neg(a):
            found = _write(a, order, look)
            return found and Array(Row((MINUS, found.at(ENTRYWISE))), SUM)
        case Add(ts):
            return _sum(ts, order, look)
        case Mul(fs):
            return _product(fs, order, look)
        case Div(a, b):
            return _quotient(a, b, order, look)
        case Pow(a, b):
            return _power(a, b, order, look)
        case Call(f, args):
            return _entrywise(f, args, order, look)
        case Sum(a, body):
            return _contraction(a, body, order, look)
    return None


def _indexed(t: Term) -> bool:
    return isinstance(t, Sum) or (isinstance(t, Name) and bool(t.indices)) or any(map(_indexed, children(t)))


def _level(t: Term) -> int:
    return SUM if isinstance(t, Add | Neg) or (isinstance(t, Num) and t.value < 0) else PRODUCT if isinstance(t, Mul) else ATOM


def _array(x: Ident, axes: int, look: Look) -> Layout:
    """A matrix is a capital letter, unless that letter is taken."""
    capital = x.letters.upper()
    lifts = axes == 2 and len(x.letters) == 1 and x.letters.isascii() and capital not in look.taken
    return altered(x, letters=capital) if lifts else x


def _turned(piece: Layout, indices: Order, order: Order, level: int = ATOM) -> Array | None:
    """The array as it stands, or transposed where its indices stand the other way round."""
    if indices == order:
        return Array(piece, level)
    return Array(_transposed(Array(piece, level)), ATOM) if indices == order[::-1] else None


def _transposed(a: Array) -> Layout:
    return Script(a.at(ATOM), None, TRANSPOSE)


def _repeated(t: Term, order: Order, look: Look) -> Array | None:
    """What lacks an index is repeated along it: c 𝟏, u 𝟏ᵀ, 𝟏 vᵀ"""
    own = tuple(a for a in order if a in free(t))
    found = _write(t, own, look)
    if found is None:
        return None
    ones = Script(ONES, None, TRANSPOSE)
    if not own:
        front = () if found.piece == Number("1") else (found.at(PRODUCT),)
        return Array(product((*front, ONES, *(() if len(order) == 1 else (ones,)))), PRODUCT)
    return Array(_beside(found.at(PRODUCT), ones) if own == order[:1] else _beside(ONES, _transposed(found)), PRODUCT)


def _beside(a: Layout, b: Layout) -> Layout:
    return Row((a, JUXTAPOSE, b))


def _sum(ts: tuple[Term, ...], order: Order, look: Look) -> Array | None:
    out: list[Layout] = []
    for k, t in enumerate(ts):
        minus = isinstance(t, Neg)
        found = _write(t.body if isinstance(t, Neg) else t, order, look)
        if found is None:
            return None
        sign = [MINUS if k == 0 else Op("−", "sum")] if minus else [Op("+", "sum")] if k else []
        out += [*sign, found.at(ENTRYWISE)]
    return Array(Row(tuple(out)), SUM)


def _product(fs: tuple[Term, ...], order: Order, look: Look) -> Array | None:
    """Numbers in front; then an outer product u vᵀ, and what has all the indices entry by entry."""
    numbers, rest = [f for f in fs if not free(f)], [f for f in fs if free(f)]
    front = [_write(f, (), look) for f in numbers]
    rows, columns = ([f for f in rest if free(f) == {a}] for a in order) if len(order) == 2 else ([], [])
    entries: list[Array | None] = []
    if rows and columns:
        left, right = _write(mul(*rows), order[:1], look), _write(mul(*columns), order[1:], look)
        if left is None or right is None:
            return None
        entries.append(Array(_beside(left.at(PRODUCT), _transposed(right)), PRODUCT))
        rest = [f for f in rest if len(free(f)) == 2]
    entries += [_write(f, order, look) for f in rest]
    return _joined(front, entries)


def _joined(front: list[Array | None], entries: list[Array | None]) -> Array | None:
    """c d (A ⊙ B)"""
    before, found = [a for a in front if a is not None], [a for a in entries if a is not None]
    if len(before) < len(front) or len(found) < len(entries):
        return None
    pieces = [a.at(PRODUCT) for a in before]
    if len(found) == 1:
        pieces.append(found[0].at(PRODUCT))
    elif found:
        row: list[Layout] = [found[0].at(PRODUCT)]
        for a in found[1:]:
            row += [Op("⊙", "product"), a.at(PRODUCT)]
        whole = Array(Row(tuple(row)), ENTRYWISE)
        if not pieces:
            return whole
        pieces.append(whole.at(PRODUCT))
    return Array(product(tuple(pieces)), PRODUCT)


def _quotient(a: Term, b: Term, order: Order, look: Look) -> Array | None:
    """By a number: a fraction in front.  By an array: entry by entry."""
    if free(b):
        top, bottom = _write(a, order, look), _write(b, order, look)
        return top and bottom and Array(Row((top.at(PRODUCT), Op("⊘", "product"), bottom.at(PRODUCT))), ENTRYWISE)
    below = _write(b, (), look)
    numbers, rest = [f for f in parts(Mul, a) if not _indexed(f)], [f for f in parts(Mul, a) if _indexed(f)]
    above = _write(mul(*numbers) if numbers else ONE, (), look)
    if below is None or above is None:
        return None
    found = _write(mul(*rest), order, look) if rest else None
    if not rest or not (free(a) or any(isinstance(f, Sum) for f in rest)):
        top = _write(a, order, look)
        return top and Array(Frac(top.piece, below.piece), ATOM)
    return _joined([Array(Frac(above.piece, below.piece), ATOM)], [found])


def _power(a: Term, b: Term, order: Order, look: Look) -> Array | None:
    base, exponent = _write(a, order, look), None if free(b) else _write(b, (), look)
    if base is None or exponent is None:
        return None
    return Array(Script(base.at(ATOM), None, Row((Op("⊙", "prefix"), exponent.piece)) if order else exponent.piece), PRODUCT)


def _entrywise(f: str, args: tuple[Term, ...], order: Order, look: Look) -> Array | None:
    found = [_write(a, order if free(a) else (), look) for a in args]
    inside = [a for a in found if a is not None]
    if len(inside) < len(args):
        return None
    if f in ("sqrt", "abs") and len(args) == 1:
        return Array(Root(inside[0].piece) if f == "sqrt" else Fence(inside[0].piece, "|", "|"), PRODUCT if f == "sqrt" else ATOM)
    return Array(Apply(f, tuple(a.piece for a in inside), spell=bool({"sigma", "σ"} & look.taken)), PRODUCT)


def _contraction(a: str, body: Term, order: Order, look: Look) -> Array | None:
    """Σ_a: what does not depend on a goes outside; of the rest, what carries the row index stands left, and what carries the column index right."""
    if isinstance(body, Neg):
        return _write(Neg(Sum(a, body.body)), order, look)
    if isinstance(body, Div) and a not in free(body.bottom):
        return _write(Div(Sum(a, body.top), body.bottom), order, look)
    fs = parts(Mul, body)
    outside, inside = [f for f in fs if a not in free(f)], [f for f in fs if a in free(f)]
    if outside and inside:
        return _write(mul(*outside, Sum(a, mul(*inside))), order, look)
    if not inside or any(len(free(f)) > 2 for f in inside):
        return None
    if not order:
        return _number(a, inside, look)
    left = [f for f in inside if order[0] in free(f)]
    right = [f for f in inside if order[0] not in free(f)]
    first = _write(mul(*left), (order[0], a), look)
    second = _write(mul(*right), (a, *order[1:]), look) if right else Array(ONES, ATOM) if len(order) == 1 else None
    return first and second and Array(_beside(first.at(PRODUCT), second.at(PRODUCT)), PRODUCT)


def _number(a: str, inside: list[Term], look: Look) -> Array | None:
    """Σ u v = uᵀ v, Σ u² = ‖u‖², Σ u = 𝟏ᵀ u, Σ Σ X² = ‖X‖² of Frobenius"""
    match inside:
        case [Pow(u, exponent)] if exponent == TWO:
            found = _write(u, (a,), look)
            return found and Array(Script(Fence(found.piece, "‖", "‖"), None, Number("2")), PRODUCT)
        case [Sum(b, Pow(u, exponent))] if exponent == TWO and free(u) == {a, b}:
            found = _write(u, tuple(sorted((a, b), key=_rank)), look)
            return found and Array(Script(Fence(found.piece, "‖", "‖"), Ident("F"), Number("2")), PRODUCT)
        case [u]:
            found = _write(u, (a,), look)
            return found and Array(_beside(Script(ONES, None, TRANSPOSE), found.at(PRODUCT)), PRODUCT)
    left, right = _write(inside[0], (a,), look), _write(mul(*inside[1:]), (a,), look)
    return left and right and Array(_beside(_transposed(left), right.at(PRODUCT)), PRODUCT)
