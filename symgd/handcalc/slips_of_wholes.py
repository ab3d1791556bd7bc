"""Slips that turn the whole line: its sign, a constant factor, the count, the Σ.

A function is given the wrong line and yields what it should have been.  Its docstring is what the writer is told.

`t` the line, `f` how many times too large it is.
"""

from __future__ import annotations

from fractions import Fraction

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.indices import axis, free
from symgd.term import ONE, TWO, Div, Neg, Num, Sum, Term, mul

__all__ = ["WHOLE"]

WHOLE: dict[str, SlipRule] = {}
FOUR = Num(Fraction(4))


@slip(WHOLE, "sign", spoils="sign")
def whole_sign(t: Term, _: Around) -> Wrongs:
    """Only the sign is turned round: everything else is right."""
    yield Neg(t)


@slip(WHOLE, "factor", spoils="constant multiple", rare=1)
def whole_factor(t: Term, _: Around) -> Wrongs:
    """Only a constant factor is wrong: what stands here is {f} times what it should be."""
    for f in (TWO, Div(ONE, TWO), FOUR, Div(ONE, FOUR)):
        yield Div(t, f), {"f": f}


@slip(WHOLE, "count", spoils="constant multiple", rare=1)
def whole_count(t: Term, around: Around) -> Wrongs:
    """Only the count is wrong: what stands here is {f} times what it should be."""
    for _, n in around.problem.count:
        for f in (n, Div(ONE, n), mul(n, n), Div(ONE, mul(n, n))):
            yield Div(t, f), {"f": f}


@slip(WHOLE, "sum-dropped", spoils="linearity of the sum")
def whole_sum(t: Term, around: Around) -> Wrongs:
    """The Σ was lost: this is the share of one example; the shares of all examples are to be added up."""
    for index in sorted(free(t)):
        if axis(index) in {a for a, _ in around.problem.count}:
            yield Sum(index, t)
