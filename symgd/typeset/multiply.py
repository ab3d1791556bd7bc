"""A product, or a sum over one → matrices beside one another: Xᵀ G, aᵀ X b, tr(A B), ‖w‖², diag(u) A, u vᵀ.

Glossary: `write` lays out a term with its free indices in an order; `order` the free indices of the result, rows first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symgd.indices import axis
from symgd.term import ONE, TWO, Call, Div, Match, Pow, Term
from symgd.typeset.arrays import ATOM, FUNCTION, ONES, TRANSPOSE, Array, applied, diagonal, entrywise, length, negative, scaled, times, turned
from symgd.typeset.contract import Strand, below, contracted, flat, joined, loop, lots, taken_out
from symgd.typeset.marks import rank
from symgd.typeset.shapes import Apply, Fence, Frac, Layout, Number, Root, Row, Script

__all__ = ["multiplied"]

Order = tuple[str, ...]
Write = Callable[[Term, Order], Array | None]


def multiplied(t: Term, order: Order, write: Write) -> Array | None:
    """Numbers in front, then what is summed away as products of matrices, then the rest entry by entry."""
    minus, numbers, over, factors = flat(t)
    front = [_numeral(f, write) for f in numbers]
    rest: list[Strand] = []
    for letters, strands in lots(over, joined(factors)):
        if all(s.free <= set(letters) for s in strands):
            front.append(_number(letters, strands, write))
        elif (left := contracted(letters, strands)) is not None:
            rest += left
        else:
            return None
    found = _beside(rest, order, write) if rest else write(ONE, order) if order else None
    before = [a for a in front if a is not None]
    if len(before) < len(front) or (rest and found is None):
        return None
    pieces = [*before, *([found] if found else [])]
    whole = scaled([_factor(a) for a in pieces[:-1]], pieces[-1]) if pieces else Array(Number("1"), ATOM)
    return negative(whole) if minus else whole


def _numeral(f: Term, write: Write) -> Array | None:
    if not isinstance(f, Div):
        return write(f, ())
    top, bottom = write(f.top, ()), write(f.bottom, ())
    return top and bottom and Array(Frac(top.piece, bottom.piece), ATOM)


def _factor(a: Array) -> Layout:
    """A number before others: wᵀ x and ∇L would run into what follows."""
    return a.piece if a.level >= FUNCTION or not isinstance(a.piece, Row) else Fence(a.piece)


def _strand(s: Strand, order: Order, write: Write) -> Array | None:
    """A factor, or the product of matrices M(r, a) diag(v) N(a, c) or M(r, a) v."""
    if s.term is not None:
        return write(s.term, order)
    a = s.over
    left = [x for x in s.inside if order[0] in x.free]
    labels = [x for x in s.inside if x.free == {a}]
    if len(order) == 1:
        return _times(_together(left, (order[0], a), write), _together(labels, (a,), write) if labels else ONES)
    right = [x for x in s.inside if order[1] in x.free]
    middle = [_diagonal(labels, a, write)] if labels else []
    return _times(_together(left, (order[0], a), write), *middle, _together(right, (a, order[1]), write))


def _times(*factors: Array | None) -> Array | None:
    found = [a for a in factors if a is not None]
    return times(*found) if len(found) == len(factors) else None


def _together(strands: Sequence[Strand], order: Order, write: Write) -> Array | None:
    """Strands of the same indices: A ⊙ B, or A ⊘ C; where the letters stand the other way round, (A ⊙ B)ᵀ"""
    if len(strands) < 2 or len(order) < 2:
        return _entries(strands, order, write)
    if all(s.term is not None for s in strands):
        return fewer_transposes(order, lambda own: _entries(strands, own, write))
    found = _entries(strands, _batch_first(order), write)  # products inside are written once
    return found if order == _batch_first(order) else found and turned(found)


def _batch_first(order: Order) -> Order:
    return tuple(sorted(order, key=rank))


def fewer_transposes(order: Order, write: Callable[[Order], Array | None]) -> Array | None:
    """(A + B)ᵀ rather than Aᵀ + Bᵀ: of the two ways the one with fewer transposes; of two as good, batch first."""
    here, there = write(order), write(order[::-1])
    if here is None or there is None:
        return None
    back = turned(there)
    some, other = _crossed(here.piece), _crossed(back.piece)
    return here if some < other or (some == other and order == _batch_first(order)) else back


def _entries(strands: Sequence[Strand], order: Order, write: Write) -> Array | None:
    tops, bottoms = [s for s in strands if below(s) is None], [q for s in strands if (q := below(s)) is not None]
    above = [_strand(s, order, write) for s in tops] or [write(ONE, order)]
    under = _product_of(bottoms, order, write)
    both = [a for a in above if a is not None]
    if len(both) < len(above) or (bottoms and under is None):
        return None
    return entrywise(both, under)


def _product_of(factors: Sequence[Term], order: Order, write: Write) -> Array | None:
    """Entry by entry."""
    found = [a for f in factors if (a := write(f, order)) is not None]
    return entrywise(found) if factors and len(found) == len(factors) else None


def _diagonal(strands: Sequence[Strand], a: str, write: Write) -> Array | None:
    inner = _together(strands, (a,), write)
    return inner and diagonal(inner)


def _beside(strands: Sequence[Strand], order: Order, write: Write) -> Array | None:
    """What is left carries free indices alone: entry by entry, u vᵀ, (u vᵀ) ⊙ A, diag(u) A, A diag(v); what divides does so entry by entry."""
    tops = [s for s in strands if below(s) is None]
    bottoms = [q for s in strands if (q := below(s)) is not None]
    if len(order) < 2:
        return _together(strands, order, write)
    if bottoms:
        above, under = _beside(tops, order, write) if tops else write(ONE, order), _product_of(bottoms, order, write)
        return above and under and entrywise([above], under)
    row, column = ([s for s in strands if s.free == {a}] for a in order)
    both = [s for s in strands if len(s.free) == 2]
    if not both:
        left = _together(row, order[:1], write) if row else ONES
        right = _together(column, order[1:], write) if column else ONES
        return left and right and times(left, turned(right))
    if len(both) == 1 and isinstance(both[0].term, Match) and axis(order[0]) == axis(order[1]) and (row or column):
        labels = [_together(s, (a,), write) for s, a in ((row, order[0]), (column, order[1])) if s]
        found = [a for a in labels if a is not None]
        return diagonal(entrywise(found)) if len(found) == len(labels) else None
    middle = _together(both, order, write)
    if row and column:
        outer = _beside([*row, *column], order, write)
        return outer and middle and entrywise([outer, middle])
    before = [_diagonal(row, order[0], write)] if row else []
    after = [_diagonal(column, order[1], write)] if column else []
    return _times(*before, middle, *after)


# ---------------------------------------------------------------- numbers


def _number(over: Order, strands: tuple[Strand, ...], write: Write) -> Array | None:
    """Σ u v = uᵀ v, Σ u² = ‖u‖², Σ u = 𝟏ᵀ u, Σ a X b = aᵀ X b, Σ A_jj = tr A, Σ A B = tr(Aᵀ B)"""
    if (special := _special(over, strands, write)) is not None:
        return special
    while len(over) > 1:
        a = _next(over, strands)
        if a is None:
            return None
        if len(over) == 2 and (trace := _trace(over, strands, write)) is not None:
            return trace
        strands = taken_out(a, strands)
        over = tuple(b for b in over if b != a)
    if not over:
        return None
    loops = [s for s in strands if loop(s)]
    if len(strands) == 1 and loops and strands[0].term is not None:
        return _trace_of(strands[0], write)
    tops = sorted((s for s in strands if below(s) is None), key=lambda s: s.term is None)
    first, others = (tops[:1], [*tops[1:], *(s for s in strands if below(s) is not None)]) if len(tops) > 1 else ([], list(strands))
    left = _together(first, over, write) if first else ONES
    right = _together(others, over, write) if others else ONES
    return _times(left and turned(left), right)


def _special(over: Order, strands: tuple[Strand, ...], write: Write) -> Array | None:
    """‖u‖², ‖u‖₁, ‖X‖_F²"""
    match strands:
        case (Strand(_, Pow(u, e)),) if e == TWO and 0 < len(over) < 3:
            found = write(u, over)
            return found and length(found.piece, len(over), "2")
        case (Strand(_, Call("abs", (u,))),) if len(over) == 1:
            found = write(u, over)
            return found and Array(Script(Fence(found.piece, "‖", "‖"), Number("1")), FUNCTION)
    return None


def _next(over: Order, strands: tuple[Strand, ...]) -> str | None:
    """The knot that is taken out first: of two that are as good, the one that leaves matrices untransposed."""
    alone = {a: contracted((a,), strands) for a in over}
    return next((a for a in sorted(over, key=lambda a: _rank(a, over, strands)) if alone[a] is not None), None)


def _rank(a: str, over: Order, strands: tuple[Strand, ...]) -> tuple[int, int, int]:
    mine = [s for s in strands if a in s.free]
    around = {b for s in mine for b in s.free} - {a}
    crossed = sum(s.own() is not None and len(s.own() or ()) == 2 and (s.own() or ("",))[0] == a for s in mine)
    return len(around), crossed if len(around) == 1 else 0, -over.index(a)


def _trace(over: Order, strands: tuple[Strand, ...], write: Write) -> Array | None:
    """tr(A B): two matrices between the last two knots, and no column"""
    if len(strands) != 2 or any(len(s.free) != 2 or not s.plain() for s in strands):
        return None
    first, second = strands
    ways = []
    for order in (over, over[::-1]):
        a, b = _strand(first, order, write), _strand(second, order[::-1], write)
        if a is None or b is None:
            return None
        ways.append((_crossed(a.piece) + _crossed(b.piece), order == first.own(), times(a, b)))  # rather tr(Aᵀ B) than tr(A Bᵀ)
    return applied("tr", min(ways, key=lambda way: way[:2])[2])


def _crossed(piece: Layout) -> int:
    """How many transposes stand in it?"""
    match piece:
        case Row(pieces) | Apply(_, pieces):
            return sum(map(_crossed, pieces))
        case Fence(body) | Root(body):
            return _crossed(body)
        case Script(base, _, sup):
            return _crossed(base) + (sup == TRANSPOSE)
    return 0


def _trace_of(s: Strand, write: Write) -> Array | None:
    """Σ_a A_aa, whose entries are written diag(A)"""
    assert s.term is not None
    found = write(s.term, tuple(s.free))
    return applied("tr", Array(found.piece.args[0], ATOM)) if found and isinstance(found.piece, Apply) else None
