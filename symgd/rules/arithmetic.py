"""Arithmetic: what a reader does without a word.  0 f = 0, 1 f = f, numbers first, signs out, constants out of sums, common factors cancelled.

`tidy` does all of it; a derivation shows it as one step.  No sum is multiplied out and nothing is factored: that is `closing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symgd.indices import free, settle
from symgd.term import ONE, ZERO, Add, Call, Cases, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, children, mul, parts, rebuild, remembered, subterms

__all__ = ["tidy"]

LAW = "0 and 1 dropped, numbers first, fractions cancelled"


def tidy(t: Term) -> Term:
    """t with the arithmetic done and bound indices relettered; pending derivatives are left alone."""
    return settle(_tidy(t))


@remembered
def _tidy(t: Term) -> Term:
    if isinstance(t, D):
        return t
    t = rebuild(t, [_tidy(c) for c in children(t)])
    while (new := _once(t)) is not None and new != t:
        t = rebuild(new, [_tidy(c) for c in children(new)])
    return t


def _once(t: Term) -> Term | None:
    match t:
        case Add():
            return _sum_of_terms(t)
        case Mul():
            return _product(t)
        case Div(top, bottom):
            return _quotient(top, bottom)
        case Pow(base, exponent):
            return _power(base, exponent)
        case Neg(body):
            return _minus(body)
        case Sum(index, body):
            return _sum_over(index, body)
        case Cases(pieces, otherwise):
            return _cases(pieces, otherwise)
        case Call("exp", (Num(v),)) if v == 0:
            return ONE
        case Call("log", (Num(v),)) if v == 1:
            return ZERO
        case Call("sqrt", (Num(v),)) if v in (0, 1):
            return Num(v)
    return None


def _sum_of_terms(t: Add) -> Term | None:
    """a + 0 = a, 2 + 3 = 5"""
    flat = [x for s in t.terms for x in parts(Add, s) if x != ZERO]
    numbers = [k for k, x in enumerate(flat) if _number(x) is not None]
    if len(numbers) > 1:
        total = sum((_number(flat[k]) or Fraction(0) for k in numbers), Fraction(0))
        flat = [_signed(total) if k == numbers[0] else x for k, x in enumerate(flat) if k == numbers[0] or k not in numbers]
        flat = [x for x in flat if x != ZERO]
    return add(*flat)


def _number(t: Term) -> Fraction | None:
    """The value of a number, a negative one included."""
    match t:
        case Num(v):
            return v
        case Neg(Num(v)):
            return -v
    return None


def _signed(v: Fraction) -> Term:
    return Num(v) if v >= 0 else Neg(Num(-v))


def _product(t: Mul) -> Term:
    """2 · a · 3 = 6 a, a · (b/c) = a b/c, a (−b) = −a b, a · a² = a³"""
    flat = [x for f in t.factors for x in parts(Mul, f)]
    flat, negative = _signs_out(flat)
    if any(isinstance(f, Div) for f in flat):
        out: Term = Div(mul(*(f.top if isinstance(f, Div) else f for f in flat)), mul(*(f.bottom for f in flat if isinstance(f, Div))))
    else:
        number, rest = _split_number(flat)
        if number == 0:
            return ZERO
        out = mul(*([Num(number)] if number != 1 or not rest else []), *_ordered(_gathered(rest)))
    return Neg(out) if negative else out


def _signs_out(factors: Iterable[Term]) -> tuple[list[Term], bool]:
    out, negative = [], False
    for f in factors:
        if isinstance(f, Neg):
            f, negative = f.body, not negative
        elif isinstance(f, Num) and f.value < 0:
            f, negative = Num(-f.value), not negative
        out.append(f)
    return out, negative


def _split_number(factors: Iterable[Term]) -> tuple[Fraction, list[Term]]:
    number, rest = Fraction(1), []
    for f in factors:
        if isinstance(f, Num):
            number *= f.value
        else:
            rest.append(f)
    return number, rest


def _gathered(factors: Iterable[Term]) -> list[Term]:
    """Equal bases with number exponents are put together, at the place of the first."""
    exponents: dict[Term, Fraction] = {}
    for f in factors:
        base, e = _base(f)
        exponents[base] = exponents.get(base, Fraction(0)) + e
    return [_raised(base, e) for base, e in exponents.items() if e != 0]


def _base(f: Term) -> tuple[Term, Fraction]:
    match f:
        case Pow(base, Num(v)) if v > 0 and v.denominator == 1:
            return base, v
    return f, Fraction(1)


def _raised(base: Term, e: Fraction) -> Term:
    return base if e == 1 else Pow(base, Num(e))


def _ordered(factors: list[Term]) -> list[Term]:
    """2 x cos(x²), not 2 cos(x²) x: names before values of functions before sums; otherwise as written."""

    def place(f: Term) -> int:
        match f:
            case Call() | Cases():
                return 1
            case Add(ts) if any(isinstance(x, Call) for t in ts for x in subterms(t)):
                return 1  # σ(z) (1 − σ(z)) stays as it is
            case Pow(b, e) if place(b) or not isinstance(e, Num | Name) or isinstance(b, Num):
                return 1
            case Sum():
                return 2
        return 0

    return sorted(factors, key=place)


def _quotient(top: Term, bottom: Term) -> Term | None:
    """(a/b)/c = a/(b c), a/(b/c) = a c/b, 2a/(4b) = a/(2b), a b/(a c) = b/c"""
    if bottom == ONE:
        return top
    if isinstance(top, Num) and top.value == 0:
        return ZERO
    if isinstance(top, Neg) or isinstance(bottom, Neg) or _is_negative(top) or _is_negative(bottom):
        (tops, n1), (bottoms, n2) = _signs_out([top]), _signs_out([bottom])
        return Neg(Div(tops[0], bottoms[0])) if n1 != n2 else Div(tops[0], bottoms[0])
    if isinstance(top, Div):
        return Div(top.top, mul(top.bottom, bottom))
    if isinstance(bottom, Div):
        return Div(mul(top, bottom.bottom), bottom.top)
    return _cancelled(parts(Mul, top), parts(Mul, bottom))


def _is_negative(t: Term) -> bool:
    return isinstance(t, Num) and t.value < 0


def _cancelled(tops: tuple[Term, ...], bottoms: tuple[Term, ...]) -> Term:
    (a, up), (b, down) = _split_number(tops), _split_number(bottoms)
    if b == 0:
        return Div(mul(*tops), mul(*bottoms))
    ratio = a / b
    above, below = dict(map(_base, _gathered(up))), dict(map(_base, _gathered(down)))
    for base in list(below):
        if base in above:
            common = min(above[base], below[base])
            above[base] -= common
            below[base] -= common
    up, down = [_raised(x, e) for x, e in above.items() if e], [_raised(x, e) for x, e in below.items() if e]
    if not down and (ratio.denominator == 1 or not up):
        return mul(*([Num(ratio)] if ratio != 1 or not up else []), *_ordered(up))
    top = mul(*([Num(Fraction(ratio.numerator))] if ratio.numerator != 1 or not up else []), *_ordered(up))
    return Div(top, mul(*([Num(Fraction(ratio.denominator))] if ratio.denominator != 1 else []), *_ordered(down)))


def _power(base: Term, exponent: Term) -> Term | None:
    """a¹ = a, a⁰ = 1, 2³ = 8, (−a)² = a²"""
    match base, exponent:
        case _, Num(v) if v == 1:
            return base
        case _, Num(v) if v == 0:
            return ONE
        case Num(v), Num(e) if e.denominator == 1 and 0 < e <= 16:
            return Num(v ** int(e))
        case Num(v), _ if v == 1:
            return ONE
        case Neg(a), Num(e) if e.denominator == 1 and e > 0:
            return Pow(a, exponent) if e % 2 == 0 else Neg(Pow(a, exponent))
        case Call("sqrt", (a,)), Num(e) if e == 2:
            return a
        case Pow(a, Num(e)), Num(v) if e.denominator == 1 and v.denominator == 1:
            return Pow(a, Num(e * v))
    return None


def _minus(body: Term) -> Term | None:
    """−(−a) = a, −0 = 0, −(−a − b) = a + b"""
    match body:
        case Neg(a):
            return a
        case Num(v) if v == 0:
            return ZERO
        case Num(v) if v < 0:
            return Num(-v)
        case Add(ts) if all(isinstance(x, Neg) for x in ts):
            return add(*(x.body for x in ts if isinstance(x, Neg)))
    return Neg(body)


def _sum_over(index: str, body: Term) -> Term | None:
    """Σ 0 = 0, Σ (−f) = −Σ f, Σ c f = c Σ f, Σ f/c = (Σ f)/c"""
    match body:
        case Num(v) if v == 0:
            return ZERO
        case Neg(f):
            return Neg(Sum(index, f))
        case Div(f, c) if index not in free(c):
            return Div(Sum(index, f), c) if index in free(f) else None
        case Div(f, Mul(cs)) if any(index not in free(c) for c in cs) and any(index in free(c) for c in cs):
            return Div(Sum(index, Div(f, mul(*(c for c in cs if index in free(c))))), mul(*(c for c in cs if index not in free(c))))
        case Mul(fs) if any(index not in free(f) for f in fs) and any(index in free(f) for f in fs):
            return mul(*(f for f in fs if index not in free(f)), Sum(index, mul(*(f for f in fs if index in free(f)))))
    return None


def _cases(pieces: tuple[tuple[Term, Compare], ...], otherwise: Term) -> Term | None:
    """All cases alike: no cases."""
    return otherwise if all(value == otherwise for value, _ in pieces) else None
