"""Slips of the pen with names and with the Σ: another name written, a Σ lost or split.

A function is given one part of a line and yields what was there before the slip.
Its docstring is what the writer is told.

`s` the part of the line, `ts` the terms of a sum, `fs` the factors of a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.indices import axis, free, rename
from symgd.term import Add, D, Mul, Name, Sum, Term, add, mul, names, occurrences, replace

__all__ = ["NAMES", "known_names", "near_by"]

NAMES: dict[str, SlipRule] = {}


@slip(NAMES, "wrong-variable", spoils="insert", rare=1)
def written_variable(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    if isinstance(s, Name) and s not in around.problem.parameters:
        for right in known_names(around):
            if right != s:
                yield right, {"s": s, "right": right}


@slip(NAMES, "wrong-variable", spoils="insert", rare=1)
def written_variable_twice(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    match s:
        case Mul(fs):
            for k, (f, g) in enumerate(pairwise(fs)):
                for old in sorted(names(f) & names(g) - {p.symbol for p in around.problem.parameters}):
                    before = occurrences(f, old)[0]
                    for new in known_names(around) if before in occurrences(g, old) else ():
                        both = mul(_called(f, before, new), _called(g, before, new))
                        if new != before:
                            yield mul(*fs[:k], both, *fs[k + 2 :]), {"s": mul(f, g), "right": both}


def _called(t: Term, old: Name, new: Name) -> Term:
    return replace(t, lambda s: new if s == old else None)


@slip(NAMES, "wrong-parameter", spoils="insert", rare=1)
def written_parameter(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    if isinstance(s, Name) and s in around.problem.parameters:
        for right in known_names(around):
            if right != s:
                yield right, {"s": s, "right": right}


@slip(NAMES, "wrong-variable", spoils="chain rule through names", rare=1)
def written_derivative(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    match s:
        case D(of, by, partial):
            for other in known_names(around):
                if other.symbol != by.symbol and other.indices == by.indices and _kind(other, around) == _kind(by, around) != "parameter":
                    yield D(of, other, partial), {"s": s, "right": D(of, other, partial)}
                if isinstance(of, Name) and other.symbol != of.symbol and other.indices == of.indices and _kind(other, around) == "defined":
                    yield D(other, by, partial), {"s": s, "right": D(other, by, partial)}


@slip(NAMES, "chain-rule", spoils="chain rule through names")
def written_derivative_upside_down(s: Term, around: Around) -> Wrongs:
    """The derivative {s} stands upside down: along the chain it is {right}."""
    match s:
        case D(Name() as of, by, partial) if of.symbol != by.symbol and around.kind != "update":
            yield D(by, of, partial), {"s": s, "right": D(by, of, partial)}


@slip(NAMES, "wrong-parameter", spoils="chain rule through names", rare=1)
def written_derivative_by_other(s: Term, around: Around) -> Wrongs:
    """This is the derivative by {by}, where the one by {right} is meant."""
    match s:
        case D(of, by, partial) if by in around.problem.parameters:
            for other in around.problem.parameters:
                if other.symbol != by.symbol and len(other.indices) == len(by.indices):
                    right = Name(other.symbol, by.indices)
                    yield D(of, right, partial), {"by": by, "right": right}


def _kind(v: Name, around: Around) -> str:
    if v in around.problem.parameters:
        return "parameter"
    return "defined" if around.problem.definition(v.symbol) else "leaf"


def known_names(around: Around) -> list[Name]:
    """Every name that may stand here, with the indices of the place."""
    known = (*around.problem.data, *around.problem.parameters, *(d.name for d in around.problem.tape), *(c for c, _ in around.problem.constants))
    last = [d.name for d in around.problem.tape[-1:]]
    return [v for x in known for v in _here(x, around.letters) if isinstance(v, Name) and v not in last]


def near_by(around: Around) -> list[Term]:
    return list(dict.fromkeys(v for t in around.pool for v in _here(t, around.letters)))


def _here(t: Term, letters: frozenset[str]) -> Iterator[Term]:
    """t with its free indices named as at the place; nothing where no index of its axis stands there."""
    to: dict[str, str] = {}
    for a in sorted(free(t)):
        here = sorted(b for b in letters if axis(b) == axis(a) and b not in to.values())
        if not here:
            return
        to[a] = here[0]
    yield rename(t, {a: b for a, b in to.items() if a != b})


# ---------------------------------------------------------------- sums over samples


@slip(NAMES, "sum-dropped", spoils="linearity of the sum", rare=1)
def written_sum_lost(s: Term, around: Around) -> Wrongs:
    """The Σ was lost: {t} is to be added up over all samples."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for letter in sorted(free(t) & around.letters):
                    yield add(*ts[:k], Sum(letter, t), *ts[k + 1 :]), {"t": t}


@slip(NAMES, "sum-product", spoils="linearity of the sum")
def product_of_sums(s: Term, _: Around) -> Wrongs:
    """A sum of products is not the product of the sums: {right} cannot be split."""
    match s:
        case Mul(fs):
            for j, f in enumerate(fs):
                for k, g in enumerate(fs[j + 1 :], j + 1):
                    if isinstance(f, Sum) and isinstance(g, Sum) and axis(f.index) == axis(g.index):
                        right = Sum(f.index, mul(f.body, rename(g.body, {g.index: f.index})))
                        yield mul(*fs[:j], right, *fs[j + 1 : k], *fs[k + 1 :]), {"right": right}


@slip(NAMES, "sum-product", spoils="linearity of the sum", rare=1)
def factor_before_the_sum(s: Term, around: Around) -> Wrongs:
    """The factor {f} has a value for each example, so it must stay inside the Σ."""
    match s:
        case Mul(fs):
            for j, f in enumerate(fs):
                for k, g in enumerate(fs):
                    if isinstance(g, Sum) and j != k and any(axis(a) == axis(g.index) for a in free(f)):
                        inside = rename(f, {a: g.index for a in free(f) if axis(a) == axis(g.index)})
                        whole = Sum(g.index, mul(inside, g.body))
                        yield mul(*(whole if i == k else x for i, x in enumerate(fs) if i != j)), {"f": f}
