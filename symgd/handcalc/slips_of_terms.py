"""Slips of the pen: a sign, a term, a factor, an exponent written wrongly.

A function is given one part of a line and yields what was there before the slip.
Its docstring is what the writer is told.

`s` the part of the line, `ts` the terms of a sum, `fs` the factors of a product.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symgd.handcalc.slips_of_names import known_names, near_by
from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.indices import free
from symgd.term import TWO, Add, Call, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul, names, parts, subterms

__all__ = ["TERMS"]

TERMS: dict[str, SlipRule] = {}
HALF = Num(Fraction(1, 2))


@slip(TERMS, "sign", spoils="arithmetic")
def sign_of_written_term(s: Term, _: Around) -> Wrongs:
    """Here stands {t} where {right} is meant: the sign is turned round."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                yield add(*ts[:k], _minus(t), *ts[k + 1 :]), {"t": t, "right": _minus(t)}


@slip(TERMS, "sign", spoils="arithmetic", rare=1)
def sign_of_written_argument(s: Term, _: Around) -> Wrongs:
    """Here stands {t} where {right} is meant: the sign is turned round."""
    match s:
        case Call(f, (u,)):
            yield Call(f, (_minus(u),)), {"t": u, "right": _minus(u)}
        case Pow(u, v) if names(v):
            yield Pow(u, _minus(v)), {"t": v, "right": _minus(v)}


@slip(TERMS, "update-direction", spoils="arithmetic")
def written_update(s: Term, around: Around) -> Wrongs:
    """Gradient descent steps against the gradient: the step is subtracted, {right}; here it is added, which makes the loss grow."""
    match s:
        case Add((p, step)) if around.kind == "update" and not isinstance(step, Neg):
            yield add(p, Neg(step)), {"right": add(p, Neg(step))}


def _minus(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else Neg(t)


# ---------------------------------------------------------------- terms and factors


@slip(TERMS, "term-dropped", spoils="arithmetic", rare=1)
def written_term_dropped(s: Term, around: Around) -> Wrongs:
    """The term {t} is missing."""
    if isinstance(around.within, Add | Neg) or (isinstance(s, Num) and around.within is None):
        return
    stands = parts(Add, s)
    for t in near_by(around):
        if Neg(t) not in stands:
            yield add(s, t), {"t": t}
        if t not in stands:
            yield add(s, Neg(t)), {"t": Neg(t)}


@slip(TERMS, "term-added", spoils="arithmetic", rare=2)
def written_term_added(s: Term, _: Around) -> Wrongs:
    """The term {t} does not belong here."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                yield add(*ts[:k], *ts[k + 1 :]), {"t": t}


@slip(TERMS, "count", spoils="count")
def written_constant_counted_once(s: Term, around: Around) -> Wrongs:
    """A constant summed over all {n} samples is {n} times the constant; here {t} stands beside the Σ as if it were summed once."""
    match s:
        case Add(ts) if any(isinstance(x, Sum) for t in ts for x in subterms(t)):
            for k, t in enumerate(ts):
                for _axis, n in around.problem.count:
                    if not any(isinstance(x, Sum) for x in subterms(t)) and not free(t):
                        yield add(*ts[:k], _times(n, t), *ts[k + 1 :]), {"t": t, "n": n}


@slip(TERMS, "factor", spoils="arithmetic", rare=1)
def written_factor(s: Term, _: Around) -> Wrongs:
    """One term has a wrong factor: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for factor in (TWO, HALF):
                    right = _times(factor, t)
                    yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "right": right}


@slip(TERMS, "count", spoils="arithmetic", rare=1)
def written_count(s: Term, around: Around) -> Wrongs:
    """One term has a wrong count: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for _axis, n in around.problem.count:
                    for right in (_times(n, t), Div(t, n)):
                        yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "right": right}


def _times(factor: Term, t: Term) -> Term:
    return Neg(_times(factor, t.body)) if isinstance(t, Neg) else Div(t, TWO) if factor == HALF else mul(factor, t)


@slip(TERMS, "factor", spoils="arithmetic", rare=1)
def written_factor_lost(s: Term, around: Around) -> Wrongs:
    """The factor {f} is missing: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for f in known_names(around):
                    right = Neg(mul(t.body, f)) if isinstance(t, Neg) else mul(t, f)
                    yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "f": f, "right": right}


@slip(TERMS, "factor", spoils="arithmetic", rare=1)
def written_weight_lost(s: Term, around: Around) -> Wrongs:
    """Under the Σ the factor {f} is missing."""
    match s:
        case Sum(index, body):
            for f in known_names(replace(around, letters=around.letters | {index})):
                if index in f.indices:
                    yield Sum(index, mul(f, body)), {"f": f}


@slip(TERMS, "factor", spoils="arithmetic", rare=2)
def written_factor_added(s: Term, _: Around) -> Wrongs:
    """The factor {f} does not belong here."""
    match s:
        case Mul(fs):
            for k, f in enumerate(fs):
                yield mul(*fs[:k], *fs[k + 1 :]), {"f": f}


@slip(TERMS, "exponent-kept", spoils="power rule", rare=1)
def written_exponent(s: Term, around: Around) -> Wrongs:
    """The power rule brings the exponent down and lowers it by one; here {s} still has its exponent."""
    counts = {n.symbol for _, n in around.problem.count}
    match s:
        case Pow(u, Num(n)) if n.denominator == 1 and n >= 2 and not names(u) <= counts:
            yield u if n == 2 else Pow(u, Num(n - 1)), {"s": s}


@slip(TERMS, "exponent-lost", spoils="arithmetic", rare=1)
def written_exponent_lost(s: Term, _: Around) -> Wrongs:
    """An exponent was lost: {s} should be {right}."""
    match s:
        case Name() | Add() | Call():
            yield Pow(s, TWO), {"s": s, "right": Pow(s, TWO)}
        case Pow(u, Num(n)) if n.denominator == 1 and n >= 2:
            yield Pow(u, Num(n + 1)), {"s": s, "right": Pow(u, Num(n + 1))}


@slip(TERMS, "reciprocal", spoils="arithmetic", rare=1)
def written_upside_down(s: Term, _: Around) -> Wrongs:
    """A fraction stands upside down: {s} should be {right}."""
    match s:
        case Div(a, b):
            yield Div(b, a), {"s": s, "right": Div(b, a)}
            yield mul(a, b), {"s": s, "right": mul(a, b)}
