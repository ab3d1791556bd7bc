"""The fourteen errors of the slides that this course replaces: what they say, what is wrong with it, and which lesson gets it right.

`of_slides(c, 9)` is the box about one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symgd.course.lesson import Course
from symgd.course.mistake import GIVEN, mistake
from symgd.document.page import Block, Inline
from symgd.term import D, Div, Name, Neg, Num, Pow, Sum, Term, add, mul

__all__ = ["ERRORS", "SlideError", "of_slides"]

TWO = Num(Fraction(2))
Said = Callable[[Course], Inline]


@dataclass(frozen=True)
class SlideError:
    """number  1 to 14, in the order of the slides
    said    the formula as LaTeX, or the sentence where `words`
    called  what is wrong, in a few words
    lesson  the slug of the page that gets it right
    """

    number: int
    said: str
    called: str
    lesson: str
    hint: Said
    why: Said
    words: bool = False
    given: tuple[str, ...] = GIVEN


def of_slides(c: Course, *numbers: int, more: Inline = ()) -> tuple[Block, ...]:
    """The box about one of the slides' errors, or about several of one formula: of_slides(c, 1, 2).

    more  said at the end of the answer: what it means on these data
    """
    es = [ERRORS[k] for k in numbers]
    why = tuple(x for k, e in enumerate(es) for x in ((" ",) if k else ()) + e.why(c))
    return mistake(c, es[0].said, (*why, *((" ", *more) if more else ())), hint=es[0].hint(c), given=es[0].given, words=es[0].words)


def _of_one(c: Course) -> Inline:
    """One example with numbers: its slope 2u, and what the slide writes for it."""
    x, w, b, y = 2, 1, 0, 3
    u = w * x + b - y
    values = [v for s, k in ((c.x, x), (c.w, w), (c.b, b), (c.y, y)) for v in (", ", c.formula(Name(s.symbol)), f" = {k}")]
    return (
        "For one example with ", *values[1:], f" the residual is {_minus(u)} and the slope 2 · ({_minus(u)}) = {_minus(2 * u)}. ",
        f"The slide's first expression gives 2 · ({_minus(u)}) − {y} = {_minus(2 * u - y)}, its second 2 · ({w} · {x} + {b}) = {2 * (w * x + b)}: ",
        "three different numbers.",
    )  # fmt: skip


def _minus(k: int) -> str:
    return str(k).replace("-", "−")


def _bare(name: Name) -> Name:
    return Name(name.symbol)


def _mean(c: Course, of: Term) -> Term:
    """(2/n) Σ of, the slope of the slides' loss."""
    return mul(Div(TWO, c.n), Sum("i", of))


def _equals(c: Course, left: Term, right: Term) -> Inline:
    return c.formula(left), " = ", c.formula(right)


ERRORS: dict[int, SlideError] = {
    e.number: e
    for e in (
        SlideError(
            1, "y = w_i * x_i + b_i", "the slope and the intercept carry the index of a sample", "line",
            lambda c: ("How many slopes has one line? And does every point lie on it?",),
            lambda c: (c.formula(Name(c.w.symbol, ("i",))), " would be another slope for each sample, and ", c.formula(Name(c.b.symbol, ("i",))),
                       " another intercept: as many lines as samples. There is one ", c.formula(c.w), " and one ", c.formula(c.b), "; only ",
                       c.formula(c.x), " and ", c.formula(c.y), " belong to a sample."),
        ),
        SlideError(
            2, "y = w_i * x_i + b_i", "the left side is the prediction, not what was measured", "line",
            lambda c: ("Does every point lie on the line?",),
            lambda c: ("The line gives ", c.formula(c.y_hat), ", the prediction. ", c.formula(c.y), " is what was measured, and the loss is made of how ",
                       "far the two are apart: if they were equal, there would be nothing to minimise."),
        ),
        SlideError(
            3, r"MSE = \frac{1}{N} \sum_{i=1}^n ((wx_i + b) - y_i)^2", "two letters for one count", "loss",
            lambda c: ("How many terms has the sum, and by what is it divided?",),
            lambda c: ("The sum runs to one letter and is divided by another, but both are one number: the count of the samples, ", c.formula(c.n), ". ",
                       "Another slide leaves the index under the sum away."),
        ),
        SlideError(
            4, "Learning rate = 0.001 (good starting point to train models)", "no rate is good for all data", "scaling",
            lambda c: ("What happens to the slope when the feature is written in another unit?",),
            lambda c: ("Which rates are small depends on the units of the feature: one and the same rate can creep on one data set and diverge on the next. ",
                       "The data tell the bound before anything is run."),
            words=True,
        ),
        SlideError(
            5, "Stop when the new weight is the old weight", "it looks at one parameter of two, and at floating-point numbers", "stopping",
            lambda c: ("What does it say of ", c.formula(c.b), "? And does a computer find two numbers equal when the slope is zero?"),
            lambda c: ("It asks only whether ", c.formula(c.w), " has stopped: ", c.formula(c.b), " may still be on its way. And on a computer it can hold ",
                       "too early, where the step is lost in rounding, or never, where the last digit goes to and fro. ",
                       "A bound on the size of the gradient says what is meant."),
            words=True,
        ),
        SlideError(
            6, "Find the derivative of the slope with respect to the weight", "the derivative of the loss is meant: that is the slope", "chain-rule",
            lambda c: ("The slope is itself a derivative. Of what?",),
            lambda c: ("What is wanted is the derivative of the loss, ", c.formula(c.dw), ": that is the slope. The derivative of the slope is the second ",
                       "derivative; it says how the curve bends, not where downhill is."),
            words=True,
        ),
        SlideError(
            7, r"\hat{y} = \omega_i^* x_i + b", "the slope has another name, a star and an index", "chain-rule",
            lambda c: ("Which symbol stood there before, and what may carry the index of a sample?",),
            lambda c: (c.formula(Name("omega", ("i",))), " is the ", c.formula(c.w), " of the slides before. It is one number, so it carries no index; ",
                       "the prediction ", c.formula(c.y_hat), " belongs to a sample and carries one. The star is a multiplication sign that slipped upwards."),
            given=(),
        ),
        SlideError(
            8, "Derivative of a composite function is the product of the individual derivatives of the composite function",
            "the outer derivative is taken at the inner function", "chain-rule",
            lambda c: ("Where is the derivative of the square taken: at ", c.formula(c.w), ", or at the residual?"),
            lambda c: ("The outer derivative is taken at the value of the inner function: that of ", c.formula(Pow(c.u, TWO)), " by ", c.formula(c.w), " is ",
                       c.formula(mul(TWO, c.u)), ", with the residual in it, times the derivative of the residual. And where several ways lead from ",
                       "a parameter to the loss, one for each sample, their products are added."),
            words=True,
        ),
        SlideError(
            9, r"\frac{dL}{du} = \frac{2u}{N}", "the sum has gone without a word", "chain-rule",
            lambda c: ("How many residuals does the loss depend on?",),
            lambda c: ("The loss is made of ", c.formula(c.n), " residuals. By one of them, ", c.formula(c.u), ", its derivative is ",
                       c.formula(Div(mul(TWO, c.u), c.n)), ", for the other terms of the sum do not contain it. Without the index that cannot be seen."),
        ),
        SlideError(
            10, r"y_i = w \cdot x_i + b", "the prediction is written as the measured value", "chain-rule",
            lambda c: ("Compare it with the line that defines the prediction.",),
            lambda c: ("The left side is ", c.formula(c.y_hat), ", the prediction: the slides differentiate by it in the next line."),
        ),
        SlideError(
            11, r"\frac{dL}{dw} = \frac{dL}{d\hat{y}} * \frac{d\hat{y}}{dw}", "the sum over the samples is missing", "gradient",
            lambda c: ("How many predictions change when ", c.formula(c.w), " changes?"),
            lambda c: ("For one sample the slide is right. But ", c.formula(c.w), " moves every prediction: one way leads to the loss through each of them, ",
                       "and the ways are added: ", *_equals(c, c.dw, Sum("i", mul(D(c.L, c.y_hat), D(c.y_hat, c.w, True)))), "."),
        ),
        SlideError(
            12, r"\frac{dL}{dw} = 2u \cdot x_i \quad \text{or} \quad 2(\hat{y} - y) \cdot x_i", "the sum and the division by the count have gone", "gradient",
            lambda c: ("A few lines before, the derivative by the residual was divided by the count.",),
            lambda c: ("It is the slope of the loss of one sample. For the mean over all of them it is ", *_equals(c, c.dw, _mean(c, mul(c.u, c.x))), "."),
        ),
        SlideError(
            13, r"\frac{dL}{dB} = 2u - y = 2(w_{old} * x + b)", "the slope for the intercept is another", "gradient",
            lambda c: ("By how much does a prediction change when ", c.formula(c.b), " grows by 1? Go the same way as for ", c.formula(c.w), "."),
            lambda c: ("A prediction changes by as much as ", c.formula(c.b), " does, so ", *_equals(c, c.db, _mean(c, c.u)), ". ", *_of_one(c)),
        ),
        SlideError(
            14, r"2u - y = 2(w * x + b)", "its two sides are not equal", "gradient",
            lambda c: ("Put in what the residual stands for, and multiply out.",),
            lambda c: ("With the residual put in, the left side is ",
                       c.formula(add(mul(TWO, add(mul(c.w, _bare(c.x)), c.b)), Neg(mul(Num(Fraction(3)), _bare(c.y))))),
                       ": the measured value is subtracted three times, while the right side does not contain it at all."),
        ),
    )
}  # fmt: skip
