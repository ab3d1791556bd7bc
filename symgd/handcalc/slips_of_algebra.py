"""Slips of rewriting: a Σ split over a product, a function taken apart as if it were linear, a term cancelled out of a sum.

A function is given one part of a line and yields what the slip has made of it.
Its docstring is what the writer is told.

`s` the part of the line, `ts` the terms of a sum, `fs` the factors of a product.
"""

from __future__ import annotations

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.indices import free
from symgd.term import ONE, Add, Call, Div, Mul, Neg, Pow, Sum, Term, add, mul, parts

__all__ = ["REWRITINGS"]

REWRITINGS: dict[str, SlipRule] = {}


@slip(REWRITINGS, "sum-product", spoils="linearity of the sum", everywhere=True)
def sum_split_over_product(s: Term, around: Around) -> Wrongs:
    """A sum or mean of products is not the product of the sums or means: {s} cannot be split."""
    match s:
        case Sum(index, Mul(fs)):
            inside = [f for f in fs if index in free(f)]
            for k in range(1, len(inside)):
                split = mul(*(f for f in fs if index not in free(f)), Sum(index, mul(*inside[:k])), Sum(index, mul(*inside[k:])))
                yield split, {"s": s}
                for _, n in around.problem.count:
                    yield Div(split, n), {"s": s}
        case Sum(index, Pow(u, n)):
            yield Pow(Sum(index, u), n), {"s": s}
        case Pow(Sum(index, u), n):
            yield Sum(index, Pow(u, n)), {"s": s}


@slip(REWRITINGS, "count", spoils="count")
def constant_counted_once(s: Term, _: Around) -> Wrongs:
    """A constant summed over all n samples is n times the constant: Σ c = n c; here {c} was counted once."""
    match s:
        case Sum(index, body):
            for k, t in enumerate(parts(Add, body)):
                if index not in free(t):
                    rest = [x for j, x in enumerate(parts(Add, body)) if j != k]
                    yield add(*((Sum(index, add(*rest)),) if rest else ()), t), {"c": t}


# ---------------------------------------------------------------- functions that are not linear, and cancelling


@slip(REWRITINGS, "additive", spoils="arithmetic")
def function_over_sum(s: Term, _: Around) -> Wrongs:
    """A function of a sum is not the sum of the function's values: {s} cannot be taken apart like that."""
    match s:
        case Call(f, (Add(ts),)):
            yield add(*(Neg(Call(f, (t.body,))) if isinstance(t, Neg) else Call(f, (t,)) for t in ts)), {"s": s}


@slip(REWRITINGS, "additive", spoils="arithmetic")
def logarithm_of_product(s: Term, _: Around) -> Wrongs:
    """The laws are log(a b) = log a + log b, log(a/b) = log a − log b and log(aⁿ) = n log a; here {s} was taken apart otherwise."""
    match s:
        case Call("log", (Mul(fs),)):
            yield mul(*(Call("log", (f,)) for f in fs)), {"s": s}
        case Call("log", (Div(a, b),)):
            yield Div(Call("log", (a,)), Call("log", (b,))), {"s": s}
            yield add(Call("log", (a,)), Call("log", (b,))), {"s": s}
        case Call("log", (Pow(a, n),)):
            yield Pow(Call("log", (a,)), n), {"s": s}


@slip(REWRITINGS, "additive", spoils="arithmetic")
def reciprocal_of_sum(s: Term, _: Around) -> Wrongs:
    """1/(a + b) is not 1/a + 1/b: {s} cannot be taken apart like that."""
    match s:
        case Div(a, Add(ts)):
            yield add(*(Neg(Div(a, t.body)) if isinstance(t, Neg) else Div(a, t) for t in ts)), {"s": s}


@slip(REWRITINGS, "cancelling", spoils="closing algebra")
def cancelled_in_one_term(s: Term, _: Around) -> Wrongs:
    """Only a factor of the whole top can be cancelled, not of one term of it: {s}."""
    match s:
        case Div(Add(ts), bottom):
            below = parts(Mul, bottom)
            for k, t in enumerate(ts):
                above = parts(Mul, t.body if isinstance(t, Neg) else t)
                for f in below:
                    if f in above:
                        left = mul(*_without(above, f))
                        rest = _without(below, f)
                        for kept in (left, None) if left == ONE else (left,):
                            new = [] if kept is None else [Neg(kept) if isinstance(t, Neg) else kept]
                            top = add(*ts[:k], *new, *ts[k + 1 :])
                            yield Div(top, mul(*rest)) if rest else top, {"s": s}


def _without(fs: tuple[Term, ...], f: Term) -> tuple[Term, ...]:
    k = fs.index(f)
    return (*fs[:k], *fs[k + 1 :])
