"""Slips with brackets: one that was lost, and one that was multiplied out wrongly.

A function is given one part of a line and yields what was there before the slip (LOST), or what the slip has made of it (REWRITTEN).
Its docstring is what the writer is told.

`s` the part of the line, `ts` the terms of a sum, `fs` the factors of a product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.term import TWO, Add, Call, Div, Mul, Neg, Num, Pow, Sum, Term, add, mul

__all__ = ["BRACKETS_LOST", "BRACKETS_REWRITTEN"]

LONG = 4  # terms
BRACKETS_LOST: dict[str, SlipRule] = {}
BRACKETS_REWRITTEN: dict[str, SlipRule] = {}


@slip(BRACKETS_LOST, "bracket", spoils="arithmetic")
def bracket_before_product(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: (a + b)c = ac + bc; here the bracket {bracket} was lost."""
    match s:
        case Add(ts):
            for end, t in enumerate(ts[1:], 1):
                for inside, outside in _split_front(t):
                    for start in range(end):
                        bracket = add(*ts[start:end], inside)
                        yield add(*ts[:start], outside(bracket), *ts[end + 1 :]), {"bracket": bracket}


@slip(BRACKETS_LOST, "bracket", spoils="arithmetic")
def bracket_after_product(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: c(a + b) = ca + cb; here the bracket {bracket} was lost."""
    match s:
        case Add(ts):
            for start, t in enumerate(ts[:-1]):
                for inside, outside in _split_back(t):
                    for end in range(start + 2, len(ts) + 1):
                        bracket = add(inside, *ts[start + 1 : end])
                        yield add(*ts[:start], outside(bracket), *ts[end:]), {"bracket": bracket}


@slip(BRACKETS_LOST, "bracket", spoils="arithmetic")
def minus_before_bracket(s: Term, _: Around) -> Wrongs:
    """A minus in front of a bracket turns every sign in it round: −(a + b) = −a − b; here only the first term of {bracket} got the minus."""
    match s:
        case Add(ts):
            for start, t in enumerate(ts[:-1]):
                if isinstance(t, Neg):
                    for end in range(start + 2, len(ts) + 1):
                        bracket = add(t.body, *ts[start + 1 : end])
                        yield add(*ts[:start], Neg(bracket), *ts[end:]), {"bracket": bracket}


@slip(BRACKETS_LOST, "bracket", spoils="arithmetic")
def power_of_bracket(s: Term, _: Around) -> Wrongs:
    """A power belongs to the whole bracket: (a b)² = a² b², and (a + b)² = a² + 2ab + b²; here only a part of {bracket} was raised."""
    match s:
        case Add(ts):
            match ts[-1]:
                case Pow(base, n) | Neg(Pow(base, n)):
                    last = Neg(base) if isinstance(ts[-1], Neg) else base
                    yield Pow(add(*ts[:-1], last), n), {"bracket": add(*ts[:-1], last)}
            roots = [_root(t) for t in ts]
            if len(ts) == 2 and all(roots):
                for signs in product((False, True), repeat=len(ts) - 1):
                    whole = add(*(Neg(r) if minus else r for r, minus in zip(roots, (False, *signs), strict=True) if r))
                    yield Pow(whole, TWO), {"bracket": whole}
        case Mul(fs):
            for k, f in enumerate(fs[1:], 1):
                if isinstance(f, Pow):
                    whole = mul(*fs[:k], f.base)
                    yield mul(Pow(whole, f.exponent), *fs[k + 1 :]), {"bracket": whole}


def _root(t: Term) -> Term | None:
    """b of b² and of −b²; c of a square number."""
    match t:
        case Pow(b, Num(n)) | Neg(Pow(b, Num(n))) if n == 2:
            return b
        case Num(v) if v > 0 and int(v**0.5) ** 2 == v:
            return Num(Fraction(int(v**0.5)))
    return None


Outside = Callable[[Term], Term]


def _split_front(t: Term) -> Iterator[tuple[Term, Outside]]:
    """b c as what may have been inside a bracket that ended before c: (… + b) c.  So too b/c, and −b c."""
    match t:
        case Neg(a):
            yield from ((Neg(inside), outside) for inside, outside in _split_front(a))
        case Mul(fs):
            for k in range(1, len(fs)):
                yield mul(*fs[:k]), lambda b, rest=fs[k:]: mul(b, *rest)  # type: ignore[misc]
        case Div(a, c):
            yield a, lambda b: Div(b, c)
            for inside, outside in _split_front(a):
                yield inside, lambda b, out=outside: Div(out(b), c)  # type: ignore[misc]


def _split_back(t: Term) -> Iterator[tuple[Term, Outside]]:
    """c a as what may have been inside a bracket that began after c: c (a + …).  So too −c a, Σ a, a/c and c Σ a."""
    match t:
        case Neg(a):
            yield from ((inside, lambda b, out=outside: Neg(out(b))) for inside, outside in _split_back(a))
        case Mul(fs):
            for k in range(1, len(fs)):
                yield mul(*fs[k:]), lambda b, front=fs[:k]: mul(*front, b)  # type: ignore[misc]
            for inside, outside in _split_back(fs[-1]) if not isinstance(fs[-1], Mul) else ():
                yield inside, lambda b, front=fs[:-1], out=outside: mul(*front, out(b))  # type: ignore[misc]
        case Div(a, c):
            yield c, lambda b: Div(a, b)
            for inside, outside in _split_back(a):
                yield inside, lambda b, out=outside: Div(out(b), c)  # type: ignore[misc]
        case Sum(index, a):
            yield a, lambda b: Sum(index, b)
            for inside, outside in _split_back(a):
                yield inside, lambda b, out=outside: Sum(index, out(b))  # type: ignore[misc]
        case Call(f, (a,)):
            yield a, lambda b: Call(f, (b,))


@slip(BRACKETS_REWRITTEN, "bracket", spoils="arithmetic")
def square_term_by_term(s: Term, _: Around) -> Wrongs:
    """(a + b)² = a² + 2ab + b²; here each term of {bracket} was squared alone, or the middle term is not twice the product."""
    match s:
        case Pow(Add(ts) as bracket, n):
            yield add(*(Pow(t.body if isinstance(t, Neg) else t, n) for t in ts)), {"bracket": bracket}
            yield add(*(Neg(Pow(t.body, n)) if isinstance(t, Neg) else Pow(t, n) for t in ts)), {"bracket": bracket}
            if len(ts) == 2 and n == TWO:
                a, b = ts
                yield add(Pow(a, n), mul(a, b), Pow(b, n)), {"bracket": bracket}
                yield add(Pow(a, n), mul(TWO, a, b), Neg(Pow(b, n))), {"bracket": bracket}


@slip(BRACKETS_REWRITTEN, "bracket", spoils="arithmetic")
def not_every_term_multiplied(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: c(a + b) = ca + cb; here not every term of {bracket} got it."""
    match s:
        case Mul(fs):
            for k, f in enumerate(fs):
                if isinstance(f, Add):
                    front, back = fs[:k], fs[k + 1 :]
                    for got in _some(len(f.terms)):
                        yield add(*(mul(*front, t, *back) if yes else t for yes, t in zip(got, f.terms, strict=True))), {"bracket": f}
        case Div(Add(ts) as bracket, c):
            for got in _some(len(ts)):
                yield add(*(Div(t, c) if yes else t for yes, t in zip(got, ts, strict=True))), {"bracket": bracket}


def _some(many: int) -> Iterator[tuple[bool, ...]]:
    """Which of so many terms: not all, not none; of a long sum one alone."""
    if many <= LONG:
        yield from (got for got in product((True, False), repeat=many) if any(got) and not all(got))
    else:
        yield from (tuple(j == k for j in range(many)) for k in range(many))


@slip(BRACKETS_REWRITTEN, "bracket", spoils="arithmetic")
def brackets_multiplied_term_by_term(s: Term, _: Around) -> Wrongs:
    """(a + b)(c + d) = ac + ad + bc + bd; here only ac + bd was written."""
    match s:
        case Mul((*front, Add((a, b)), Add((c, d)))):
            yield mul(*front, add(mul(a, c), mul(b, d)))


@slip(BRACKETS_REWRITTEN, "bracket", spoils="arithmetic", rare=-1)
def only_first_term_negated(s: Term, _: Around) -> Wrongs:
    """A minus in front of a bracket turns every sign in it round; here only the first term of {bracket} got the minus."""
    match s:
        case Neg(Add(ts) as bracket):
            yield add(Neg(ts[0]), *ts[1:]), {"bracket": bracket}


@slip(BRACKETS_REWRITTEN, "bracket", spoils="arithmetic")
def power_of_one_factor(s: Term, _: Around) -> Wrongs:
    """(a b)² = a² b²; here only one factor of {bracket} was raised."""
    match s:
        case Pow(Mul(fs) as bracket, n):
            for k in range(len(fs)):
                yield mul(*(Pow(f, n) if j == k else f for j, f in enumerate(fs))), {"bracket": bracket}
