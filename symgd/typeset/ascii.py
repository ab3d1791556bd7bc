"""Term → ASCII text that `reading` reads back to the same term: 2/n*sum_i(u_i*x_i), with every name as it stands in the tree."""

from __future__ import annotations

from fractions import Fraction

from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.typeset.numbers import decimal, exact_places

__all__ = ["to_ascii"]

# How tightly a written term is bound; a slot that asks for more gets brackets.
CONDITION, SUM, PRODUCT, POWER, ATOM = range(5)


def to_ascii(t: Term) -> str:
    """The term as one types it; reading it back gives the same tree (a number without a finite decimal reads back as a quotient)."""
    return _write(t)[0]


def _slot(t: Term, least: int) -> str:
    text, own = _write(t)
    return text if own >= least else f"({text})"


def _write(t: Term) -> tuple[str, int]:
    """The text and how tightly it is bound."""
    match t:
        case Num(v, places):
            text, own = _digits(abs(v), places)
            return (text, own) if v >= 0 else (f"-{text}", SUM)
        case Name(symbol, indices):
            return symbol + (f"_{''.join(indices)}" if indices else ""), ATOM
        case Add(ts):
            return _sum(ts), SUM
        case Neg(a):
            return f"-{_slot(a, PRODUCT)}", SUM
        case Mul(fs):
            return "*".join([_slot(fs[0], PRODUCT if isinstance(fs[0], Div) else POWER), *(_slot(f, POWER) for f in fs[1:])]), PRODUCT
        case Div(a, b):
            return f"{_slot(a, PRODUCT)}/{_slot(b, POWER)}", PRODUCT
        case Pow(a, b):
            return f"{_slot(a, ATOM)}^{_slot(b, ATOM)}", POWER
        case Call(f, args):
            return f"{f}({', '.join(to_ascii(a) for a in args)})", ATOM
        case Sum(index, body):
            return f"sum_{index if index.isalnum() else f'{{{index}}}'}({to_ascii(body)})", POWER
        case Match(a, b):
            return f"[{a} = {b}]", ATOM
        case Det(row, column, entry):
            return f"det_{{{row},{column}}}({to_ascii(entry)})", ATOM
        case Inverse(a, b, row, column, entry):
            return f"inv_{{{a},{b},{row},{column}}}({to_ascii(entry)})", ATOM
        case D(of, by):
            return (f"d{to_ascii(of)}/d{to_ascii(by)}", PRODUCT) if isinstance(of, Name) else (f"d/d{to_ascii(by)}({to_ascii(of)})", PRODUCT)
        case Compare(a, relation, b):
            return f"{_slot(a, SUM)} {relation} {_slot(b, SUM)}", CONDITION
        case Cases(pieces, otherwise):
            return "cases(" + ", ".join(f"{to_ascii(v)}, {to_ascii(c)}" for v, c in pieces) + f", {to_ascii(otherwise)})", ATOM
    raise TypeError(f"no text for {type(t).__name__}")


def _sum(ts: tuple[Term, ...]) -> str:
    out = _slot(ts[0], SUM) if not isinstance(ts[0], Add) else f"({to_ascii(ts[0])})"
    for t in ts[1:]:
        out += f" - {_slot(t.body, PRODUCT)}" if isinstance(t, Neg) else f" + {_slot(t, PRODUCT)}"
    return out


def _digits(v: Fraction, places: int | None) -> tuple[str, int]:
    """Decimals where they are exact, else a quotient."""
    exact = exact_places(v)
    if exact is None:
        return f"{v.numerator}/{v.denominator}", PRODUCT
    return decimal(v, max(exact, places or 0)), ATOM
