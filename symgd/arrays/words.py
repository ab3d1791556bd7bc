"""The functions of arrays that are known by name: sum(Z, axis=1), trace(A), softmax(Z), norm(x, 1).  A new one is one function and its row in WORDS.

Each takes the walk and the reading of the call, and returns one entry of the value.  Glossary: `w` the walk, `r` the reading, `x`, `a`, `b` arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symgd.arrays.array import Array, diagonal, scaled, summed, transposed
from symgd.indices import rename
from symgd.reading.pratt import Reading
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, Det, Div, Match, Name, Num, Pow, Sum, Term, mul

if TYPE_CHECKING:
    from symgd.arrays.elaborate import Walk

__all__ = ["WORDS"]

Word = Callable[[Any, Reading], Array]


def _split(w: Walk, r: Reading, least: int = 1, most: int = 1, options: Sequence[str] = ()) -> tuple[list[Reading], dict[str, int]]:
    """The arguments, and the options axis=1, keepdims=True.  Raises ShapeError."""
    args = [x for x in r.parts if not isinstance(x.term, Compare)]
    given: dict[str, int] = {}
    for x in r.parts:
        match x.term:
            case Compare(Name(word, ()), "=", Num(v)) if word in options:
                given[word] = int(v)
            case Compare():
                raise w.refuse(f"{_called(r)} takes no {w.place.of(x)}", x)
    if not least <= len(args) <= most:
        raise w.refuse(f"{_called(r)} takes {least if least == most else f'{least} to {most}'} argument{'s' if most > 1 else ''}, not {len(args)}", r)
    return args, given


def _called(r: Reading) -> str:
    assert isinstance(r.term, Call)
    return r.term.function


def _axis(w: Walk, x: Array, given: int | None, r: Reading) -> tuple[int, ...]:
    """The axes that are meant: all, or one counted from the front or the back."""
    many = len(x.axes)
    if given is None or given == -99:
        return tuple(range(many))
    if not -many <= given < many:
        raise w.refuse(f"axis={given} of {w.place.of(r.parts[0])}, which is {w.known.words(x)}: there is no such axis", r)
    return (given % many,)


def _reduced(w: Walk, r: Reading) -> tuple[Array, tuple[int, ...], bool]:
    """The array, the axes that are summed over, and whether they stay with one entry: of sum, mean, logsumexp."""
    args, given = _split(w, r, 1, 2, ("axis", "keepdims"))
    x = w.go(args[0])
    if x.unit or x.many:
        raise w.refuse("the size of the identity is not known here; write eye(d)" if x.unit else "how many ones 𝟏 has is not said here", r)
    chosen = given.get("axis")
    if len(args) == 2:
        match args[1].term:
            case Num(v):
                chosen = int(v)
            case _:
                raise w.refuse(f"the second argument of {_called(r)} is an axis, 0 or 1", args[1])
    return x, _axis(w, x, chosen, r), bool(given.get("keepdims")) or (w.columns and chosen is not None)


def _kept(x: Array, whole: Array, at: tuple[int, ...], keep: bool) -> Array:
    """The summed axes as axes of one entry, where they are to stay."""
    return replace(x, axes=tuple(None if k in at else a for k, a in enumerate(whole.axes))) if keep else x


def sum_(w: Walk, r: Reading) -> Array:
    """Σ over all entries, or over one axis"""
    x, at, keep = _reduced(w, r)
    return _kept(summed(x, at), x, at, keep)


def mean_(w: Walk, r: Reading) -> Array:
    """(1/n) Σ, over all entries or one axis"""
    x, at, keep = _reduced(w, r)
    counts = [w.known.count(x.shape[k]) for k in at if x.axes[k]]
    total = summed(x, at)
    return _kept(replace(total, term=mul(Div(ONE, mul(*counts)), total.term)) if counts else total, x, at, keep)


def norm(w: Walk, r: Reading) -> Array:
    """√Σ x², norm(x, 1) = Σ |x|; of a matrix Frobenius', or of its rows with axis=1"""
    args, given = _split(w, r, 1, 2, ("axis", "ord", "keepdims"))
    x = w.go(args[0])
    order = given.get("ord", 2)
    if len(args) == 2:
        match args[1].term:
            case Num(v) if v in (1, 2):
                order = int(v)
            case _:
                raise w.refuse(f"the norm {w.place.of(args[1])} is not read; norm(x) and norm(x, 1) are", args[1])
    at = _axis(w, x, given.get("axis"), r)
    if len(x.letters) == 2 and len(at) == 2 and (len(args) == 2 or "ord" in given) and not w.columns:
        raise w.refuse(f"norm({w.place.of(args[0])}, {order}) of a matrix is no sum of entries; norm({w.place.of(args[0])}) is Frobenius'", r)
    x = w.named(x) if order == 1 else x
    if order == 1:
        out = summed(replace(x, term=Call("abs", (x.term,))), at)
    else:
        out = summed(replace(x, term=Pow(x.term, TWO)), at)
        out = replace(out, term=Call("sqrt", (out.term,)))
    return _kept(out, x, at, bool(given.get("keepdims")) or (w.columns and "axis" in given))


def _one(w: Walk, r: Reading) -> Array:
    args, _ = _split(w, r)
    return w.go(args[0])


def _square(w: Walk, r: Reading) -> Array:
    """The one argument, a square matrix."""
    x = _one(w, r)
    if x.unit:
        raise w.refuse("the size of the identity is not known here; write eye(d)", r)
    if not x.square:
        raise w.refuse(f"{w.place.of(r)}: {w.place.of(r.parts[0])} is {w.known.words(x)}, and a square matrix is needed", r.parts[0])
    return x


def trace(w: Walk, r: Reading) -> Array:
    """Σ_j a_jj"""
    return summed(diagonal(_square(w, r)))


def det(w: Walk, r: Reading) -> Array:
    """det A"""
    x = _square(w, r)
    row, col = x.axes
    return Array(Det(row, col, x.term) if row and col else x.term)


def logdet(w: Walk, r: Reading) -> Array:
    """log det A"""
    x = det(w, r)
    return replace(x, term=Call("log", (x.term,)))


def inv(w: Walk, r: Reading) -> Array:
    """A⁻¹"""
    x = _one(w, r)
    return x if x.unit else w.inverse(_square(w, r), r)


def matmul(w: Walk, r: Reading) -> Array:
    """a @ b"""
    args, _ = _split(w, r, 2, 2)
    return w.matmul(args[0], args[1], r)


def dot(w: Walk, r: Reading) -> Array:
    """Σ a b for vectors; a @ b for matrices; a number times an array"""
    args, _ = _split(w, r, 2, 2)
    a, b = (w.go(x) for x in args)
    if a.number or b.number:
        return scaled(a, b)
    if w.columns and a.shape == b.shape and a.shape[1] is None:
        a = transposed(a)
    return w.times(a, b, (args[0].start, args[1]), r)


def inner(w: Walk, r: Reading) -> Array:
    """The sum of the products of the entries, of two vectors or two matrices of one shape"""
    args, _ = _split(w, r, 2, 2)
    a, b = (w.go(x) for x in args)
    return summed(w.two(lambda s, t: mul(s, t), a, b, (args[0].start, args[1]), r))


def outer(w: Walk, r: Reading) -> Array:
    """a_i b_j"""
    args, _ = _split(w, r, 2, 2)
    a, b = (w.go(x) for x in args)
    for x, part in ((a, args[0]), (b, args[1])):
        if len(x.letters) != 1:
            raise w.refuse(f"{w.place.of(part)} is {w.known.words(x)}, and outer takes two vectors", part)
    return Array(mul(a.term, b.term), (a.letters[0], b.letters[0]))


def multiply(w: Walk, r: Reading) -> Array:
    """a b entry by entry"""
    args, _ = _split(w, r, 2, 2)
    return w.two(lambda s, t: mul(s, t), w.go(args[0]), w.go(args[1]), (args[0].start, args[1]), r)


def diag(w: Walk, r: Reading) -> Array:
    """The matrix with the vector on its diagonal, or the diagonal of a matrix"""
    x = _one(w, r)
    if len(x.letters) == 1:
        row = x.letters[0]
        col = w.letters.new(row)
        return Array(mul(x.term, Match(row, col)), (row, col))
    out = diagonal(_square(w, r))
    return replace(out, axes=(*out.axes, None)) if w.columns else out


def eye(w: Walk, r: Reading) -> Array:
    """[j = j'], of the size that is named"""
    args, _ = _split(w, r)
    return w.identity(_named(w, args[0]))


def _named(w: Walk, r: Reading) -> str:
    """The axis of a size: d"""
    if isinstance(r.term, Name) and not r.term.indices and r.term.symbol in w.known.letters:
        return w.known.letters[r.term.symbol]
    word = w.place.of(r)
    if word in w.known.letters:
        return w.known.letters[word]
    raise w.refuse(f"{word} is no size here; the sizes are {', '.join(w.known.letters)}", r)


def _filled(value: Term) -> Word:
    def filled(w: Walk, r: Reading) -> Array:
        args, _ = _split(w, r, 1, 2)
        sizes = args[0].parts if isinstance(args[0].term, Call) and args[0].term.function == "list" else tuple(args)
        axes: list[str | None] = [None if w.place.of(s) == "1" else w.letters.new(_named(w, s)) for s in sizes]
        if w.columns and len(axes) == 1:
            axes.append(None)
        return Array(value, tuple(axes))

    return filled


def _along_last(w: Walk, r: Reading) -> tuple[Array, int]:
    """The array, and the axis along which it sums to one: the last, the classes."""
    args, given = _split(w, r, 1, 1, ("axis",))
    x = w.go(args[0])
    if x.scalar:
        raise w.refuse(f"{_called(r)} takes a vector or a matrix; {w.place.of(args[0])} is {w.known.words(x)}", args[0])
    last = max(k for k, a in enumerate(x.axes) if a) if w.columns and len(x.letters) == 1 else len(x.axes) - 1
    return x, _axis(w, x, given.get("axis", last), r)[0]


def _exponentials(w: Walk, x: Array, at: int) -> Term:
    """Σ x along the axis, under a letter of its own"""
    letter = x.axes[at]
    if letter is None:
        return x.term
    other = w.letters.new(letter)
    return Sum(other, rename(x.term, {letter: other}))


def softmax(w: Walk, r: Reading) -> Array:
    """exp(z_k)/Σ exp(z), along the last axis"""
    x, at = _along_last(w, r)
    x = w.named(x)
    top = w.known.define(replace(x, term=Call("exp", (x.term,))), "e")
    total = w.known.define(replace(x, term=_exponentials(w, top, at), axes=tuple(a for k, a in enumerate(x.axes) if k != at)), "s")
    return replace(x, term=Div(top.term, total.term))


def log_softmax(w: Walk, r: Reading) -> Array:
    """z_k − log Σ exp(z), along the last axis"""
    x, at = _along_last(w, r)
    x = w.named(x)
    return replace(x, term=x.term - Call("log", (_exponentials(w, replace(x, term=Call("exp", (x.term,))), at),)))


def logsumexp(w: Walk, r: Reading) -> Array:
    """log Σ exp(z), over all entries or one axis"""
    x, at, keep = _reduced(w, r)
    x = w.named(x)
    total = summed(replace(x, term=Call("exp", (x.term,))), at)
    return _kept(replace(total, term=Call("log", (total.term,))), x, at, keep)


def transpose(w: Walk, r: Reading) -> Array:
    return transposed(_one(w, r))


def where(w: Walk, r: Reading) -> Array:
    """where(a < b, x, y): x where the condition holds, else y"""
    if len(r.parts) != 3 or not isinstance(r.parts[0].term, Compare):
        raise w.refuse("where takes a condition and two values: where(x > 0, x, 0)", r)
    relation = r.parts[0].term.relation
    return w.several(lambda a, b, x, y: Cases(((x, Compare(a, relation, b)),), y), [*r.parts[0].parts, *r.parts[1:]], r)


def power(w: Walk, r: Reading) -> Array:
    """x to the power c, entry by entry"""
    args, _ = _split(w, r, 2, 2)
    return w.two(Pow, w.go(args[0]), w.go(args[1]), (args[0].start, args[1]), r)


def square(w: Walk, r: Reading) -> Array:
    """x² entry by entry"""
    x = _one(w, r)
    return replace(x, term=Pow(x.term, TWO))


def solve(w: Walk, r: Reading) -> Array:
    """A⁻¹ b"""
    args, _ = _split(w, r, 2, 2)
    a = w.go(args[0])
    return w.times(w.inverse(a, args[0]), w.go(args[1]), (args[0].start, args[1]), r)


def matrix_power(w: Walk, r: Reading) -> Array:
    """A A …; with a negative number of the inverse"""
    args, _ = _split(w, r, 2, 2)
    x, text = w.go(args[0]), w.place.of(args[1])
    times = int(text) if text.lstrip("-").isdigit() and len(text) < 4 else 0
    if not times:
        raise w.refuse("matrix_power takes a whole number, 1, 2, … or −1, −2, …", args[1])
    return w.raised(w.inverse(x, args[0]) if times < 0 else x, abs(times), args[0])


def extreme(w: Walk, r: Reading) -> Array:
    """max(a, b) is entry by entry; the largest entry of an array has no term here"""
    args, _ = _split(w, r, 1, 9, ("axis",))
    f = _called(r).removesuffix("imum")
    if len(args) > 1 and not any(isinstance(x.term, Compare) for x in r.parts):
        out = w.go(args[0])
        for part in args[1:]:
            out = w.two(lambda s, t: Call(f, (s, t)), out, w.go(part), (args[0].start, part), r)
        return out
    raise w.refuse(f"the {f} of the entries of an array is not read; {f}(a, b) goes entry by entry", r)


def product(w: Walk, r: Reading) -> Array:
    raise w.refuse("the product of the entries is not read; of positive ones it is exp(sum(log(x)))", r)


def unread(w: Walk, r: Reading) -> Array:
    raise w.refuse(f"{_called(r)} is not read: its value has more axes than a matrix, or joins two of them", r)


WORDS: dict[str, Word] = {
    "sum": sum_, "mean": mean_, "norm": norm, "trace": trace, "tr": trace, "Tr": trace, "det": det, "inv": inv, "logdet": logdet, "matmul": matmul, "dot": dot,
    "inner": inner, "outer": outer, "multiply": multiply, "hadamard": multiply, "diag": diag, "eye": eye, "identity": eye, "ones": _filled(ONE),
    "zeros": _filled(ZERO), "softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp, "transpose": transpose, "where": where, "square": square,
    "power": power, "solve": solve, "matrix_power": matrix_power, "max": extreme, "min": extreme, "maximum": extreme, "minimum": extreme,
    "prod": product, "kron": unread, "vec": unread, "cross": unread,
}  # fmt: skip
