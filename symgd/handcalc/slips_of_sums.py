"""Slips with constants, signs, sums and constant factors, and with the Σ over the samples.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from symgd.forward import Problem
from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.indices import free, rename
from symgd.rules.calculus import holds
from symgd.term import ONE, ZERO, Add, D, Div, Mul, Name, Neg, Num, Sum, Term, add, mul, names, occurrences

__all__ = ["SUMS", "slope"]

SUMS: dict[str, SlipRule] = {}

@slip(SUMS, "constant-kept", spoils="sum rule")
def constant_kept(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it, so its derivative is 0; here {c} was kept."""
    match d:
        case D(Add(ts), by):
            for k, c in enumerate(ts):
                if not holds(c, by):
                    yield add(*(c if j == k else slope(t, by) for j, t in enumerate(ts))), {"by": by, "c": _unsigned(c)}
            fixed = [c for c in ts if not holds(c, by)]
            if len(fixed) > 1:
                yield add(*(c if not holds(c, by) else slope(c, by) for c in ts)), {"by": by, "c": add(*fixed)}


@slip(SUMS, "constant-kept", spoils="sum rule")
def constant_as_variable(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it, so its derivative is 0; here the derivative of {c} was taken as 1."""
    match d:
        case D(Add(ts), by):
            for k, c in enumerate(ts):
                if not holds(c, by) and isinstance(_unsigned(c), Name):
                    one = Neg(ONE) if isinstance(c, Neg) else ONE
                    yield add(*(one if j == k else slope(t, by) for j, t in enumerate(ts))), {"by": by, "c": _unsigned(c)}


@slip(SUMS, "term-dropped", spoils="sum rule")
def term_forgotten(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term: (f + g)′ = f′ + g′; here the derivative of {f} is missing."""
    match d:
        case D(Add(ts), by):
            for k, f in enumerate(ts):
                if holds(f, by) and sum(holds(t, by) for t in ts) > 1:
                    yield add(*(slope(t, by) for j, t in enumerate(ts) if j != k)), {"f": _unsigned(f)}


@slip(SUMS, "sign", spoils="sum rule")
def inner_minus_lost(d: Term, _: Around) -> Wrongs:
    """In {u} the part with {by} is subtracted, so the derivative by {by} carries a minus sign; here it was lost."""
    match d:
        case D(Add(ts) as u, by):
            moving = [t for t in ts if holds(t, by)]
            if len(moving) == 1 and isinstance(moving[0], Neg):
                yield slope(moving[0].body, by), {"u": u, "by": by}


@slip(SUMS, "sign", spoils="sum rule", rare=1)
def sign_of_a_term(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term, each with its own sign; here the sign of what comes from {f} was turned round."""
    match d:
        case D(Add(ts), by):
            for k, f in enumerate(ts):
                if holds(f, by):
                    yield add(*(Neg(slope(t, by)) if j == k else slope(t, by) for j, t in enumerate(ts))), {"f": _unsigned(f)}


@slip(SUMS, "sign", spoils="sign", everywhere=True)
def sign_lost(d: Term, _: Around) -> Wrongs:
    """A minus sign is carried along: (−f)′ = −f′; here it was lost."""
    match d:
        case D(Neg(f), by):
            yield D(f, by, True)


@slip(SUMS, "constant-kept", spoils="constant", everywhere=True)
def constant_not_zero(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it: the derivative of {c} by {by} is 0."""
    match d:
        case D(c, by):
            yield c, {"c": c, "by": by}


@slip(SUMS, "constant-kept", spoils="constant", rare=1)
def constant_taken_as_one(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it: the derivative of {c} by {by} is 0; here it was taken as 1."""
    match d:
        case D(c, by):
            yield ONE, {"c": c, "by": by}


@slip(SUMS, "constant-kept", spoils="identity", rare=1)
def variable_kept(d: Term, _: Around) -> Wrongs:
    """A variable changes exactly as fast as itself: the derivative of {by} by {by} is 1; here {by} was left as it is."""
    match d:
        case D(Name(), by):
            yield by, {"by": by}


@slip(SUMS, "constant-kept", spoils="identity", rare=2)
def variable_held_fixed(d: Term, _: Around) -> Wrongs:
    """A variable changes exactly as fast as itself: the derivative of {by} by {by} is 1; here it was taken as 0."""
    match d:
        case D(Name(), by):
            yield ZERO, {"by": by}


@slip(SUMS, "factor", spoils="constant multiple")
def factor_lost(d: Term, around: Around) -> Wrongs:
    """A constant factor stays in front of the derivative: (c f)′ = c f′; here {c} was lost."""
    match d:
        case D(Mul(fs), by):
            for k, c in enumerate(fs):
                if not holds(c, by) and not _is_count(c, around.problem) and not free(c):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"c": c}
        case D(Div(f, c), by) if not _is_count(Div(ONE, c), around.problem):
            yield D(f, by, True), {"c": Div(ONE, c)}


@slip(SUMS, "count", spoils="constant multiple")
def count_lost(d: Term, around: Around) -> Wrongs:
    """A constant factor stays in front of the derivative; here {c}, which makes the sum an average, was lost."""
    match d:
        case D(Mul(fs), by):
            for k, c in enumerate(fs):
                if not holds(c, by) and _is_count(c, around.problem):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"c": c}
        case D(Div(f, c), by) if _is_count(Div(ONE, c), around.problem):
            yield D(f, by, True), {"c": Div(ONE, c)}


@slip(SUMS, "inner-derivative", spoils="constant multiple")
def rate_lost(d: Term, _: Around) -> Wrongs:
    """Where {by} grows by 1, {f} grows by {c}: its derivative by {by} is {c}; here that factor was forgotten."""
    match d:
        case D(Mul(fs) as f, by) if by in fs:
            for k, c in enumerate(fs):
                if not holds(c, by) and free(c):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"f": f, "c": c, "by": by}


@slip(SUMS, "wrong-variable", spoils="constant multiple")
def other_factor_differentiated(d: Term, _: Around) -> Wrongs:
    """The derivative of {f} by {by} is what stands beside {by}; here it was differentiated by {c}."""
    match d:
        case D(Mul(fs) as f, by):
            for k, c in enumerate(fs):
                if isinstance(c, Name) and c.symbol != by.symbol:
                    yield mul(*fs[:k], *fs[k + 1 :]), {"f": f, "c": c, "by": by}


@slip(SUMS, "wrong-variable", spoils="constant multiple")
def constant_factor_differentiated(d: Term, around: Around) -> Wrongs:
    """As {c} does not change with {by}, it stays as a factor; here {c} was differentiated, too."""
    match d:
        case D(Mul(fs), by):
            for k, c in enumerate(fs):
                if not holds(c, by) and not isinstance(c, Num | Name) and len(names(c)) == 1 and not _is_count(c, around.problem):
                    other = occurrences(c, next(iter(names(c))))[0]
                    rest = mul(*fs[:k], *fs[k + 1 :])
                    yield mul(D(c, other, True), D(rest, by, True)), {"c": c, "by": by}


@slip(SUMS, "constant-kept", spoils="constant multiple")
def factor_not_differentiated(d: Term, _: Around) -> Wrongs:
    """The derivative of {f} by {by} was to be taken; here {f} was left as it is."""
    match d:
        case D(Mul(fs) as f, by) if by in fs:
            yield f, {"f": f, "by": by}


@slip(SUMS, "sum-dropped", spoils="linearity of the sum")
def sum_lost(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term, and stays a sum: (Σ fᵢ)′ = Σ fᵢ′; here the Σ was lost."""
    match d:
        case D(Sum(_index, body), by):
            yield D(body, by, True)


@slip(SUMS, "sum-kept", spoils="only its own term")
def sum_kept(d: Term, _: Around) -> Wrongs:
    """Only one term of the sum holds {by}; the derivative of all the others is 0, so no Σ is left; here it was kept."""
    match d:
        case D(Sum(index, body), by):
            for letter in by.indices:
                inside = rename(body, {index: letter})
                yield Sum(letter, D(inside, by, True)), {"by": by}


def slope(f: Term, by: Name) -> Term:
    """f′, pending, with its sign in front; 0 for what does not hold `by`."""
    if isinstance(f, Neg):
        return Neg(slope(f.body, by))
    return D(f, by, True) if holds(f, by) else ZERO


def _unsigned(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else t


def _is_count(c: Term, problem: Problem) -> bool:
    """Is it made of a count alone: n, 1/n?"""
    counts = {n.symbol for _, n in problem.count}
    return bool(names(c)) and names(c) <= counts
