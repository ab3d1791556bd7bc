"""Term → layout in matrix notation: arrays bold, a sum over a shared index as a product, ⊙ for entry by entry, 𝟏 where a value is repeated.

A term with no free index is a number, with one a column, with two a matrix.  `None` wherever no such form is known: the caller falls back to indices.
Every sum has terms of one shape: a bias over the samples is 𝟏 bᵀ, and 1 − a² is 𝟏 𝟏ᵀ − A ⊙ A.  Functions and comparisons act entry by entry.

Glossary: `order` the free indices of the result, rows first; "" in it stands for the one row of a row vector.
"""

from __future__ import annotations

from functools import lru_cache

from symgd.indices import axis, free, rename, sorted_out
from symgd.term import ONE, TWO, ZERO, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children
from symgd.typeset.arrange import RELATIONS, Look, arrange
from symgd.typeset.arrays import ATOM, ENTRYWISE, FUNCTION, MINUS, ONES, OPEN, PRODUCT, SUM, Array, applied, length, negative, scaled, times, turned
from symgd.typeset.contract import flat, indexed, softmax
from symgd.typeset.marks import array_mark, ident, rank
from symgd.typeset.multiply import fewer_transposes, multiplied
from symgd.typeset.shapes import Apply, Brace, Fence, Ident, Layout, Number, Op, Rate, Root, Row, Script

__all__ = ["Order", "canonical", "matrix", "natural"]

Order = tuple[str, ...]

_DEEPEST = 100

NABLA = Op("∇", "prefix")

def canonical(t: Term) -> Order:
    """The free indices of t in the order in which arrays carry them, rows first."""
    return tuple(sorted(free(t), key=rank))


def natural(t: Term, look: Look) -> Order:
    """The order in which t is written without a transpose: a name as it is declared, a derivative by an array with the array's shape."""
    match t:
        case Name(_, indices) if len(set(indices)) == len(indices):
            return indices
        case D(Name(_, ()), Name(_, indices)) if indices:
            return (("", *indices) if len(indices) == 1 else indices[::-1]) if look.numerator else indices
        case D(Name(_, (a,)), Name(_, (b,))) if a != b:
            return (a, b) if look.numerator else (b, a)
    return canonical(t)


def matrix(t: Term, look: Look, order: Order | None = None) -> Layout | None:
    """t as numbers, columns and matrices, with its free indices in the given order; None where no such form is known."""
    order = canonical(t) if order is None else order
    letters = tuple(a for a in order if a)
    if len(letters) > 2 or _too_deep(t):
        return None
    found = _write(t, letters, look)
    if found is not None and order[:1] == ("",) and letters:
        found = turned(found)
    return None if found is None else found.piece


def _too_deep(t: Term) -> bool:
    """Nobody reads thirty layers inside one another, and the walk would run out of stack."""
    level: list[Term] = [t]
    for _ in range(_DEEPEST):
        level = [c for s in level for c in children(s)]
    return bool(level)


@lru_cache(maxsize=4096)  # sums are written both ways round
def _write(t: Term, order: Order, look: Look) -> Array | None:
    if not free(t) <= set(order):
        return None
    if not order and not indexed(t):
        return Array(arrange(t, look), _level(t))
    product = isinstance(t, Mul | Sum | Div) and not softmax(t)
    if len(free(t)) < len(order) and not product:
        return _repeated(t, order, look)
    if product:
        return multiplied(t, order, lambda u, own: _write(u, own, look))
    if isinstance(t, Add) and isinstance(first := t.terms[0], Name) and first.indices == order:
        return _one_way(t, order, look)  # W − α …, not (Wᵀ − α …)ᵀ
    if len(order) == 2 and isinstance(t, Add | Pow | Call | Cases):
        return fewer_transposes(order, lambda own: _one_way(t, own, look))
    return _one_way(t, order, look)


def _one_way(t: Term, order: Order, look: Look) -> Array | None:
    match t:
        case Name(symbol, indices):
            return _name(symbol, indices, order, look)
        case D(of, by):
            return _rate(of, by, order, look)
        case Match(a, b) if axis(a) == axis(b):
            return Array(Ident("I", bold=True), ATOM, (Ident("I", bold=True), ATOM))
        case Det(row, column, entry):
            inner = _write(entry, (row, column), look)
            return inner and applied("det", inner)
        case Inverse():
            return _inverse(t, order, look)
        case Neg(a):
            found = _write(a, order, look)
            return found and negative(found)
        case Add(ts):
            return _sum(ts, order, look)
        case Pow(a, b):
            return _power(a, b, order, look)
        case Call(f, args):
            return _function(f, args, order, look)
        case Cases():
            return _cases(t, order, look)
        case Div():
            return _softmax(t, order, look)
    return None


def _level(t: Term) -> int:
    if isinstance(t, Add | Neg) or (isinstance(t, Num) and t.value < 0):
        return SUM
    return PRODUCT if isinstance(t, Mul) else FUNCTION if isinstance(t, Call | Pow | D) else ATOM


def _oriented(a: Array, own: Order, order: Order) -> Array | None:
    """The array as it stands, or transposed where its indices stand the other way round."""
    if own == order:
        return a
    return turned(a) if own == order[::-1] or own == ("", *order) else None


def _name(symbol: str, indices: Order, order: Order, look: Look) -> Array | None:
    mark = Array(array_mark(symbol, len(indices), look.taken), ATOM)
    if len(indices) == 2 and order == indices[:1] == indices[1:]:
        return applied("diag", mark)
    return _oriented(mark, indices, order)


def _rate(of: Term, by: Name, order: Order, look: Look) -> Array | None:
    """∇_W L, ∂ŷ/∂w, ∇²_w L"""
    along = Array(array_mark(by.symbol, len(by.indices), look.taken), ATOM).piece if by.indices else ident(by.symbol)
    match of:
        case Name(symbol, ()) if not look.numerator:
            return _oriented(Array(Row((Script(NABLA, along), Op("", "apply"), ident(symbol))), OPEN), by.indices, order)
        case Name(symbol, indices) if len(indices) + len(by.indices) <= 2 and not set(indices) & set(by.indices):
            mark = array_mark(symbol, len(indices), look.taken) if indices else ident(symbol)
            own = natural(D(of, by), look) if by.indices else indices
            return _oriented(Array(Rate(mark, (along,)), FUNCTION), own, order)
        case D(Name(symbol, ()), Name(inner, (_,))) if inner == by.symbol and len(by.indices) == 1 and len(order) == 2:
            piece = Row((Script(NABLA, along, Number("2")), Op("", "apply"), ident(symbol)))
            return Array(piece, OPEN, (piece, OPEN))  # symmetric
    return None


def _inverse(t: Inverse, order: Order, look: Look) -> Array | None:
    """A⁻¹; its transpose is (A⁻¹)ᵀ, and A⁻¹ itself where Aᵀ = A"""
    inner = _write(t.entry, (t.row, t.column), look)
    if inner is None:
        return None
    whole = Array(Script(inner.at(ATOM), None, Row((MINUS, Number("1")))), FUNCTION)
    symmetric = sorted_out(rename(t.entry, {t.row: t.column, t.column: t.row})) == sorted_out(t.entry)
    return applied("diag", whole) if t.a == t.b else _oriented(whole, order if symmetric else (t.a, t.b), order)


def _repeated(t: Term, order: Order, look: Look) -> Array | None:
    """What lacks an index is repeated along it: c 𝟏, u 𝟏ᵀ, 𝟏 vᵀ"""
    own = tuple(a for a in order if a in free(t))
    found = _write(t, own, look)
    if found is None:
        return None
    if own:
        return times(found, turned(ONES)) if own == order[:1] else times(ONES, turned(found))
    ones = ONES if len(order) == 1 else times(ONES, turned(ONES))
    return ones if found.piece == Number("1") else scaled((found.at(PRODUCT),), ones)


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


def _power(a: Term, b: Term, order: Order, look: Look) -> Array | None:
    if not order and b == Num(ONE.value / 2) and (norm := _norm(a, look)):
        return norm
    base, exponent = _write(a, order, look), None if free(b) else _write(b, (), look)
    if base is None or exponent is None:
        return None
    if not order and isinstance(base.piece, Script):
        base = Array(Fence(base.piece), ATOM)
    return Array(Script(base.at(ATOM), None, Row((Op("⊙", "prefix"), exponent.piece)) if order else exponent.piece), FUNCTION)


def _norm(t: Term, look: Look) -> Array | None:
    """√(Σ_j w_j²) = ‖w‖"""
    match flat(t):
        case (False, (), over, (Pow(u, e),)) if e == TWO and over and free(u) == set(over) and len(over) < 3:
            found = _write(u, tuple(sorted(over, key=rank)), look)
            return found and length(found.piece, len(over), "")
    return None


def _function(f: str, args: tuple[Term, ...], order: Order, look: Look) -> Array | None:
    """Entry by entry; a number among the arguments stays a number."""
    if f == "sqrt" and not order and (norm := _norm(args[0], look)):
        return norm
    found = [_write(a, order if free(a) else (), look) for a in args]
    inside = [a for a in found if a is not None]
    if len(inside) < len(args):
        return None
    if f == "sqrt":
        return Array(Root(inside[0].piece), FUNCTION)
    if f == "abs" and len(order) < 2:  # the bars of a matrix are its determinant
        return Array(Fence(inside[0].piece, "|", "|"), ATOM)
    return Array(Apply(f, tuple(a.piece for a in inside), spell=bool({"sigma", "σ"} & look.taken)), FUNCTION)


def _softmax(t: Term, order: Order, look: Look) -> Array | None:
    """Each row for itself."""
    assert isinstance(t, Div)
    assert isinstance(t.top, Call)
    (along,) = free(t.top) - free(t.bottom)
    rows = (*(a for a in order if a != along), along)
    inner = _write(t.top.args[0], rows, look)
    return inner and _oriented(applied("softmax", inner), rows, order)


def _cases(t: Cases, order: Order, look: Look) -> Array | None:
    """[Z > 0], or one of several values, entry by entry; a number stays a number."""
    rows = []
    for value, when in t.pieces:
        v, condition = _loose(value, order, look), _condition(when, order, look)
        if v is None or condition is None:
            return None
        rows.append((v, condition))
    if len(rows) == 1 and (t.pieces[0][0], t.otherwise) == (ONE, ZERO):
        return Array(Fence(rows[0][1], "[", "]"), ATOM)
    otherwise = _loose(t.otherwise, order, look)
    return None if otherwise is None else Array(Brace(tuple(rows), otherwise), SUM)


def _condition(c: Compare, order: Order, look: Look) -> Layout | None:
    left, right = _loose(c.left, order, look), _loose(c.right, order, look)
    return None if left is None or right is None else Row((left, Op(RELATIONS[c.relation], "relation"), right))


def _loose(t: Term, order: Order, look: Look) -> Layout | None:
    found = _write(t, order if free(t) else (), look)
    return found and found.piece
