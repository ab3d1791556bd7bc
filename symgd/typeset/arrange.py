"""Term → layout in sum notation: the order is the tree's; brackets come from one table of levels, apart from the walk.

Glossary: `t` a term; a level says how tightly a piece is bound, and a slot asks for a level: what is looser gets brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symgd.language import FUNCTIONS
from symgd.term import ONE, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, names, parts, size, subterms
from symgd.typeset.marks import array_mark, ident, index_parts
from symgd.typeset.numbers import number
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, leftmost

__all__ = ["Derivatives", "Look", "arrange", "product"]

Derivatives = Literal["partial", "leibniz", "prime", "nabla"]

# A piece binds as tightly as its level; brackets go around a piece that is looser than its slot asks.
CHOICE, SUM, MINUS, BIG, PRODUCT, FRACTION, FUNCTION, POWER, ATOM = range(9)

RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "=", "!=": "≠"}

JUXTAPOSE, DOT, MINUS_SIGN = Op("", "juxtapose"), Op("·", "product"), Op("−", "prefix")

# What people write of arrays and no tape holds, as the reader names it, with the number of arguments: its level.
WRITTEN = {
    ("transpose", 1): POWER, ("matmul", 2): PRODUCT, ("hadamard", 2): PRODUCT, ("norm", 1): ATOM, ("norm1", 1): POWER, ("gradient", 1): PRODUCT,
    ("sum", 1): BIG,
}  # fmt: skip

_SHORT = 8  # nodes in an exponent of e; longer arguments go into exp(…)


@dataclass(frozen=True)
class Look:
    """derivatives  how derivatives are marked: with ∂, with d, as L′(w), as ∇_w L
    taken      symbols in use, so that e and σ are not written for functions where they are names
    numerator  the derivative of a number by a column is a row
    """

    derivatives: Derivatives = "partial"
    taken: frozenset[str] = frozenset()
    numerator: bool = False


def arrange(t: Term, look: Look | None = None) -> Layout:
    """The layout of a term as it is written."""
    return _piece(t, look or Look(taken=names(t)))


def level(t: Term, look: Look) -> int:
    """How tightly the layout of t is bound."""
    match t:
        case Name() | Match():
            return ATOM
        case Num(v, places):
            return MINUS if v < 0 else {Frac: FRACTION, Row: PRODUCT, Script: POWER}.get(type(number(v, places)), ATOM)
        case Call("abs", (u,)) if not _barred(u):
            return ATOM
        case Call("exp", (u,)) if _raised(u, look):
            return POWER
        case Call(f, args):
            return WRITTEN.get((f, len(args)), FUNCTION)
        case Det():
            return FUNCTION
        case Pow() | Inverse():
            return POWER
        case D():
            return FRACTION
        case Div():
            moved = _sum_in_front(t)
            return FRACTION if moved is None else level(moved, look)
        case Mul(fs):
            return MINUS if isinstance(fs[0], Num) and fs[0].value < 0 else BIG if level(fs[-1], look) == BIG else PRODUCT
        case Sum():
            return BIG
        case Neg():
            return MINUS
        case Add():
            return SUM
    return CHOICE


def _slot(t: Term, least: int, look: Look) -> Layout:
    if level(t, look) >= least:
        return _piece(t, look)
    if isinstance(t, Mul) and least == BIG:  # too loose only by its leading minus: a + (−3) x
        return _product(t.factors, look, leading=False)
    return Fence(_piece(t, look))


def _piece(t: Term, look: Look) -> Layout:
    match t:
        case Name(symbol, indices):
            return ident(symbol, indices)
        case Num(v, places):
            return Row((MINUS_SIGN, number(v, places))) if v < 0 else number(v, places)
        case Add(ts):
            return _sum(ts, look)
        case Neg(a):
            return Row((MINUS_SIGN, _slot(a, BIG, look)))
        case Mul(fs):
            return _product(fs, look, leading=True)
        case Div(a, b):
            moved = _sum_in_front(t)
            return Frac(_piece(a, look), _piece(b, look)) if moved is None else _piece(moved, look)
        case Pow(a, b):
            return Script(_slot(a, ATOM, look), None, _exponent(b, look))
        case Call(f, args):
            return _call(f, args, look)
        case Sum(index, body):
            return Big(index, _slot(body, BIG, look))
        case Match(a, b):
            return Fence(Row((_index(a), Op("=", "relation"), _index(b))), "[", "]")
        case Det(row, column, entry):
            return Apply("det", (_of_entries(row, column, entry, look),))
        case Inverse(a, b, row, column, entry):
            inverse = Script(_of_entries(row, column, entry, look), None, Row((MINUS_SIGN, Number("1"))))
            return Script(Fence(inverse), Row((_index(a), _index(b))))
        case Compare(a, mark, b):
            return Row((_slot(a, SUM, look), Op(RELATIONS[mark], "relation"), _slot(b, SUM, look)))
        case Cases(pieces, otherwise):
            return Brace(tuple((_piece(v, look), _piece(c, look)) for v, c in pieces), _piece(otherwise, look))
        case D(of, by):
            return _rate(of, by, look)
    raise TypeError(f"no layout for {type(t).__name__}")


def _sum(ts: tuple[Term, ...], look: Look) -> Layout:
    """a + b − c; what begins with a minus gets brackets unless it stands first"""
    out: list[Layout] = [_slot(ts[0], MINUS, look)]
    for t in ts[1:]:
        minus = isinstance(t, Neg)
        out += [Op("−" if minus else "+", "sum"), _slot(t.body if isinstance(t, Neg) else t, BIG, look)]
    return Row(tuple(out))


def _factor(t: Term, last: bool, first: bool, look: Look) -> Layout:
    """One factor: a Σ may stand open only at the end, a negative number only at the start, log p without brackets only at the end."""
    piece, own = _piece(t, look), level(t, look)
    if isinstance(t, Mul) or _by_entries(t) or (own < PRODUCT and not (last and own == BIG) and not (first and isinstance(t, Num))):
        return Fence(piece)
    return Apply(piece.function, piece.args, spell=piece.spell) if isinstance(piece, Apply) and not last else piece


def _product(fs: tuple[Term, ...], look: Look, leading: bool) -> Row:
    return product(tuple(_factor(f, k == len(fs) - 1, leading and k == 0, look) for k, f in enumerate(fs)))


def product(pieces: tuple[Layout, ...]) -> Row:
    """The pieces side by side, a dot between them where they would run together."""
    out: list[Layout] = [pieces[0]]
    for k in range(1, len(pieces)):
        out += [DOT if _dotted(pieces[k - 1], pieces[k]) else JUXTAPOSE, pieces[k]]
    return Row(tuple(out))


def _dotted(a: Layout, b: Layout) -> bool:
    """Two fractions touch; a number after anything reads as its part, as does a fraction after a number; ∂L/∂w stands apart, and a word from a word."""
    start = leftmost(b)
    if _is_word(a) and (_is_word(start) or _is_word(a, " ")):
        return True
    if isinstance(start, Frac | Rate):
        return isinstance(a, Frac | Rate) or _ends_in_digits(a)
    return isinstance(start, Number) or isinstance(a, Rate)


def _is_word(piece: Layout, mark: str = "") -> bool:
    return isinstance(piece, Ident) and len(piece.letters) > 1 and mark in piece.letters


def _ends_in_digits(piece: Layout) -> bool:
    return isinstance(piece, Number) or (isinstance(piece, Row) and _ends_in_digits(piece.pieces[-1]))


def _sum_in_front(t: Div) -> Term | None:
    """(2 Σ_i a_i)/n as (2/n) Σ_i a_i: a Σ never stands on a fraction bar, unless another stands below it."""
    if isinstance(t.top, Neg) and isinstance(t.top.body, Sum | Mul):
        inner = _sum_in_front(Div(t.top.body, t.bottom))
        return None if inner is None else Neg(inner)
    fs = parts(Mul, t.top)
    first = next((k for k, f in enumerate(fs) if isinstance(f, Sum)), None)
    if first is None or _has_sum(t.bottom):
        return None
    front = ONE if first == 0 else fs[0] if first == 1 else Mul(fs[:first])
    return Mul((Div(front, t.bottom), *fs[first:]))


def _has_sum(t: Term) -> bool:
    return isinstance(t, Sum) or any(map(_has_sum, children(t)))


def _exponent(t: Term, look: Look) -> Layout:
    """A simple fraction is written with a slash: there is no room for a bar."""
    match t:
        case Num(v, places) if v < 0:
            return Row((MINUS_SIGN, _exponent(Num(-v, places), look)))
        case Neg(a):
            return Row((MINUS_SIGN, _exponent(a, look))) if level(a, look) >= PRODUCT else _piece(t, look)
        case Num(v, places) if isinstance(number(v, places), Frac):
            return Row((Number(str(v.numerator)), Op("/", "slash"), Number(str(v.denominator))))
        case Div(a, b) if level(a, look) >= POWER and level(b, look) >= ATOM:
            return Row((_piece(a, look), Op("/", "slash"), _piece(b, look)))
    return _piece(t, look)


def _raised(u: Term, look: Look) -> bool:
    """May exp(u) be written e^u?  Where the argument is short and low, and no name is e."""
    return "e" not in look.taken and size(u) <= _SHORT and not _towers(u)


def _towers(u: Term) -> bool:
    return isinstance(u, Sum | D | Cases | Call | Match) or (isinstance(u, Div) and size(u) > 5) or any(map(_towers, children(u)))


def _written(f: str, args: tuple[Term, ...], look: Look) -> Layout:
    """Xᵀ · A B · a ⊙ b · ‖v‖ · ‖v‖₁ · ∇f · Σ without an index"""
    a, b = args[0], args[-1]
    match f:
        case "transpose":
            return Script(_slot(a, ATOM, look), None, Op("⊤", "prefix"))
        case "matmul":
            return product(tuple(Fence(_piece(x, look)) if _by_entries(x) else _slot(x, PRODUCT, look) for x in (a, b)))
        case "hadamard":
            return Row((_slot(a, PRODUCT, look), Op("⊙", "product"), _slot(b, PRODUCT, look)))
        case "gradient":
            return Row((Op("∇", "prefix"), _slot(a, FUNCTION, look)))
        case "sum":
            return Big("", _slot(a, BIG, look))
    bars = Fence(_piece(a, look), "‖", "‖")
    return Script(bars, Number("1")) if f == "norm1" else bars


def _by_entries(t: Term) -> bool:
    """a ⊙ b: among matrices it needs brackets."""
    return isinstance(t, Call) and (t.function, len(t.args)) == ("hadamard", 2)


def _call(f: str, args: tuple[Term, ...], look: Look) -> Layout:
    if (f, len(args)) in WRITTEN:
        return _written(f, args, look)
    pieces = tuple(_piece(a, look) for a in args)
    if f == "sqrt" and len(args) == 1:
        return Root(pieces[0])
    if f == "abs" and len(args) == 1 and not _barred(args[0]):
        return Fence(pieces[0], "|", "|")
    if f == "exp" and len(args) == 1 and _raised(args[0], look):
        return Script(ident("e"), None, _exponent(args[0], look))
    spell = f == "sigmoid" and bool({"sigma", "σ"} & look.taken)
    bare = f in FUNCTIONS and _commanded(FUNCTIONS[f].latex) and FUNCTIONS[f].arity == 1 and len(args) == 1
    return Apply(f, pieces, bare and f != "exp" and isinstance(pieces[0], Ident), spell)


def _barred(u: Term) -> bool:
    """Are there bars in u?  Bars inside bars do not say which of them closes."""
    return any(isinstance(s, Call) and s.function == "abs" for s in subterms(u))


def _commanded(latex: str) -> bool:
    """Does TeX know the function as an operator, with the space that sets it off from a bare argument?"""
    return not latex.startswith((r"\operatorname", r"\sigma"))


def _rate(of: Term, by: Name, look: Look) -> Layout:
    """∂L/∂w; ∂²L/∂b∂w for a derivative of a derivative; ∂/∂w (…) for what is no name, and what has no form as L′(w) or ∇_w L"""
    bys, inner = [by], of
    while isinstance(inner, D) and len(bys) < 2:
        bys, inner = [*bys, inner.by], inner.of
    if not isinstance(inner, Name):
        bys, inner = [by], of
    body = _piece(inner, look)
    if not isinstance(inner, Name):
        return Rate(Fence(body), tuple(_piece(b, look) for b in bys), look.derivatives == "leibniz")
    mark: Literal["", "prime", "nabla"] = ""
    if look.derivatives == "prime" and bys[0] == bys[-1]:
        mark = "prime"
    elif look.derivatives == "nabla" and len(bys) == 1:
        mark = "nabla"
    return Rate(body, tuple(_piece(b, look) for b in bys), look.derivatives == "leibniz", mark)


def _of_entries(row: str, column: str, entry: Term, look: Look) -> Layout:
    """A where the entry is A_jj'; else the entry in square brackets, with the indices of its rows and columns below."""
    match entry:
        case Name(symbol, indices) if indices == (row, column):
            return array_mark(symbol, 2, look.taken)
        case Name(symbol, indices) if indices == (column, row):
            return Script(array_mark(symbol, 2, look.taken), None, Op("⊤", "prefix"))
    return Script(Fence(_piece(entry, look), "[", "]"), Row((_index(row), _index(column))))


def _index(index: str) -> Layout:
    """An index as a piece of its own, as in [i = j]."""
    letters, digits, primes = index_parts(index)
    return Ident(letters + primes, (), (digits,) if digits else ()) if letters else Number(digits)

