"""The parabola: the intercept held still, the loss is A w² + B w + C; its lowest point, and how that moves.

Glossary: A = Σ x_i²/n, B = (2/n) Σ x_i (b − y_i), C = Σ (b − y_i)²/n, half of them where the loss is written with ½; W_min = −B/2A.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from symgd.course.amounts import amount, column, round_step, settled
from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.line import unit_of_slope
from symgd.course.proved import along, chain, proved
from symgd.course.spoiled import as_line
from symgd.document.page import Chain, Inline, Prose, Table
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.pictures import loss_parabola, valley
from symgd.stationary.linear import unfold
from symgd.term import TWO, D, Div, Name, Neg, Num, Pow, Sum, Term, add, mul

__all__ = ["PARABOLA", "coefficients", "lowest", "share", "sums", "with_coefficients"]


def share(c: Course, times: int) -> Term:
    """times/n; times/(2n) where the loss is written with ½."""
    whole = Fraction(times) * (1 if c.example.scale == 1 else Fraction(1, 2))
    return Div(Num(Fraction(whole.numerator)), c.n if whole.denominator == 1 else mul(Num(Fraction(whole.denominator)), c.n))


def coefficients(c: Course) -> tuple[Definition, Definition, Definition]:
    """A, B, C of L = A w² + B w + C, as sums over the data."""
    a, b, constant = c.example.gradient.problem.unused("A", "B", "C")
    rest = c.b - c.y
    return (
        Definition(a, mul(share(c, 1), Sum("i", c.x**2)), "how narrow the parabola is"),
        Definition(b, mul(share(c, 2), Sum("i", mul(c.x, rest))), "decides with A where its lowest point is"),
        Definition(constant, mul(share(c, 1), Sum("i", Pow(rest, TWO))), "the loss of the flat line, at slope 0"),
    )


def with_coefficients(c: Course) -> Problem:
    """The problem of the line, with A, B, C before it."""
    return along(c.example.gradient.problem, *coefficients(c))


@lru_cache(maxsize=64)
def sums(c: Course, b: float) -> tuple[float, float, float]:
    """A, B, C for one intercept, taken once."""
    return c.example.parabola(b)


@lru_cache(maxsize=64)
def lowest(c: Course, b: float) -> tuple[float, float]:
    """W_min and the loss there, for one intercept; where the mean of the feature is rounding alone, the same W_min for all."""
    A, B, _ = sums(c, b if moves(c) else 0.0)
    w = -B / (2 * A) + 0.0  # no −0
    return w, settled(float(c.example.raw.loss(w, b)), c.example.scale * float(c.example.y.var()))


def drawn(c: Course, b: float) -> tuple[Fraction, Fraction, Fraction]:
    """A, B, C with the lowest point and the loss there exact: as floats C may be so large that the least loss is lost beside it."""
    w, least = map(Fraction, lowest(c, b))
    A = Fraction(sums(c, b)[0])
    return A, -2 * A * w, A * w * w + least


@lru_cache(maxsize=8)
def moves(c: Course) -> float:
    """By how much the lowest point moves to the left for each 1 of the intercept: Σ x/Σ x²."""
    e = c.example
    return settled(float(e.x.sum() / (e.x @ e.x)), 1 / float(np.ptp(e.x)))


def intercepts(c: Course) -> tuple[float, ...]:
    """Five round intercepts about the best one, far enough apart to see the lowest point move: the outer ones cost about the spread of the target."""
    e = c.example
    share_of_x = float((e.x @ e.x) / e.n / e.x.var())
    step = round_step(float(e.y.std()) * math.sqrt(share_of_x) / 2)
    middle = round(e.best[1] / step)
    return tuple(rounded((middle + k) * step) for k in (-2, -1, 0, 1, 2))


def _write(c: Course, w: Writing) -> None:
    _hold(c, w)
    _three_sums(c, w)
    _vertex(c, w)
    _not_the_answer(c, w)


def _hold(c: Course, w: Writing) -> None:
    w.head("One of the two is held still")
    w.say("The loss depends on two numbers, ", c.formula(c.w), " and ", c.formula(c.b), ". To see what ", c.formula(c.w), " alone does we hold ",
          c.formula(c.b), " still, at 0 for a start: the lines are then all lines through the origin.")  # fmt: skip
    w.say("Why may one do that? Holding a variable still changes nothing about the loss. It looks at a part of it, as a cut through a hill looks at a ",
          "part of the hill. What is found is true of that cut: here, for this ", c.formula(c.b), ". The slope along the cut is what ", c.formula(c.dw),
          " means: ", SAYS_HELD[c.style.derivatives])  # fmt: skip


SAYS_HELD = {  # what the way of writing derivatives tells of the variables that stand still
    "partial": "the rounded ∂ says that other variables are there and stand still.",
    "leibniz": "that other variables are there and stand still, this way of writing leaves to the reader.",
    "prime": "the bracket behind it names the variable that moves; the others stand still.",
    "nabla": "the letter below names the variable that moves; the others stand still.",
}


def _three_sums(c: Course, w: Writing) -> None:
    e = c.example
    given = coefficients(c)
    A, B, C = (d.name for d in given)
    known = with_coefficients(c)
    w.head("The loss is a parabola")
    w.say("The square multiplied out, and sorted by powers of ", c.formula(c.w), ":")
    whole = unfold(e.gradient.problem, c.L)
    rest = c.b - c.y
    sorted_out = add(mul(given[0].value, c.w**2), mul(given[1].value, c.w), given[2].value)
    inside = add(mul(c.w**2, c.x**2), mul(TWO, c.w, c.x, rest), Pow(rest, TWO))
    lines = chain(c.L, [
        (whole, "the loss", "This is its definition, with the line put in."),
        (mul(share(c, 1), Sum("i", inside)), "(f + g)² = f² + 2 f g + g²", ("The first part holds ", c.formula(c.w), ", the other two do not move with it.")),
        (sorted_out, ("each sum apart; ", c.formula(c.w), " is the same in every row"), "So it may be taken out of the sum, as a common factor may."),
        (add(mul(A, c.w**2), mul(B, c.w), C), "with a name for each sum", "They are fixed numbers here, and a name makes the shape visible: a parabola."),
    ], known, w.detail)  # fmt: skip
    w.chain(lines)
    values = sums(c, 0.0)
    rows: list[tuple[Inline, ...]] = [((c.formula(d.name),), (c.formula(d.value),), (amount(v, 6),)) for d, v in zip(given, values, strict=True)]
    w.blocks.append(Table((("name",), ("the sum",), ("with ", c.formula(c.b), " = 0")), tuple(rows), (), (2,)))
    w.say("The three sums hold no ", c.formula(c.w), ": the data and ", c.formula(c.b), " decide them. ", c.formula(A), " is a mean of squares and not ",
          "0, for not every ", c.formula(c.x), " is 0. So it is positive, and the parabola opens upwards: it has one lowest point.")  # fmt: skip


def _vertex(c: Course, w: Writing) -> None:
    A, B, C = (d.name for d in coefficients(c))
    known, minimum = with_coefficients(c), name_of_lowest(c)
    w.head("Its lowest point")
    w.say("Complete the square: then ", c.formula(c.w), " stands in one place only.")
    vertex = Neg(Div(B, mul(TWO, A)))
    squared = add(mul(A, Pow(c.w + Div(B, mul(TWO, A)), TWO)), C, Neg(Div(B**2, mul(Num(Fraction(4)), A))))
    w.chain(chain(c.L, [(add(mul(A, c.w**2), mul(B, c.w), C), "the parabola", "It is the last line from above."),
                        (squared, "multiply out to see it", "The square brings back the first two terms, and one too many: it is taken away at the end.")],
                  known, w.detail))  # fmt: skip
    w.say("The square is never negative, and it is 0 at one place alone. There the loss is least:")
    as_sums = proved(vertex, of_intercept(c), known, ("the sums put in; the count cancels",))
    w.chain((w.line(minimum, vertex, ":=", ("where the square is 0",)), replace(as_sums, left=None)))
    w.say("The derivative agrees, for it is 0 at the same place and nowhere else:")
    w.chain(chain(D(c.L, c.w), [
        (add(mul(TWO, A, c.w), B), "the slope of the parabola", "A square has twice its base as its derivative, a multiple its factor, and a constant 0."),
        (mul(TWO, A, c.w + Div(B, mul(TWO, A))), "factored", "A product is 0 exactly where a factor is: here only the bracket can be."),
    ], known, w.detail))  # fmt: skip
    best, least = lowest(c, 0.0)
    w.say("With ", c.formula(c.b), " = 0 the lowest point is at ", c.formula(c.w), f" = {amount(best, 6)} {unit_of_slope(c)}; the loss there is ",
          f"{amount(least, 6)}. The short lines in the picture touch the parabola; ", c.to("slope", "their slopes"), " are the next page.")  # fmt: skip
    drawing = loss_parabola(
        *drawn(c, 0.0), around(c, 0.0), w_label=c.label(c.w), y_label=f"loss {c.label(c.L)}", held=f"{c.label(c.b)} = 0", prefix="parabola-vertex",
    )  # fmt: skip
    c.draw(w, drawing)


def name_of_lowest(c: Course) -> Name:
    """w_min, as a name that nothing else has."""
    (found,) = c.example.gradient.problem.unused(f"{c.w.symbol}_min")
    return found


def of_intercept(c: Course) -> Term:
    """The lowest point as the data and the intercept give it: Σ x (y − b) / Σ x²."""
    return Div(Sum("i", mul(c.x, c.y - c.b)), Sum("i", c.x**2))


def width(c: Course, b: float) -> float:
    """√(C/A), rounded down: the lowest point is never farther from 0 than that."""
    A, _, C = sums(c, b)
    return round_step(math.sqrt(C / A))


def around(c: Course, b: float) -> tuple[float, float]:
    """Two round places, one on either side of the lowest point."""
    step = width(c, b)
    middle = round(lowest(c, b)[0] / step)
    return rounded((middle - 1) * step), rounded((middle + 1) * step)


def rounded(value: float) -> float:
    """0.3 for 0.30000000000000004"""
    return float(f"{value:.12g}")


def _not_the_answer(c: Course, w: Writing) -> None:
    e = c.example
    w.head("It is not yet the answer")
    w.say("This is the best slope for one ", c.formula(c.b), ". Another ", c.formula(c.b), " makes another parabola with another lowest point:")
    split = Div(Sum("i", mul(c.x, c.y)), Sum("i", c.x**2)) - mul(Div(Sum("i", c.x), Sum("i", c.x**2)), c.b)
    minimum = name_of_lowest(c)
    named = along(e.gradient.problem, Definition(minimum, of_intercept(c), ""))
    w.chain(chain(minimum, [
        (of_intercept(c), "from above", "It is the lowest point that was found, with the sums written out."),
        (split, "the sum split", ("Multiply the bracket out, and take ", c.formula(c.b), ", which is the same in every row, out of the sum.")),
    ], named, w.detail))  # fmt: skip
    if moves(c):
        way = "smaller" if moves(c) > 0 else "larger"
        w.say("So it moves along a line: for each 1 that ", c.formula(c.b), f" grows, the best slope becomes {way} by {amount(abs(moves(c)))}, for the ",
              "line has to be turned to stay near the points.")  # fmt: skip
    else:
        w.say(f"But the mean of {e.feature} is 0 in these data, so the last term is 0: the lowest point stays where it is, whatever ", c.formula(c.b), " ",
              "is. That is what makes standardised data so convenient.")  # fmt: skip
    drawing = valley(
        [(b, *drawn(c, b)) for b in intercepts(c)], w_label=c.label(c.w), b_label=c.label(c.b), y_label=f"loss {c.label(c.L)}", prefix="parabola-valley",
    )  # fmt: skip
    c.draw(w, drawing)
    _both(c, w)


def _both(c: Course, w: Writing) -> None:
    e = c.example
    slope, intercept = e.best
    mean = float(e.y.mean())
    least = e.least
    free, held = column((intercept, mean, 0.0 if abs(mean) < e.y.std() else intercept + float(e.y.std())), 6)[:2]
    tried = [("0, held", *lowest(c, 0.0)), (f"{held}, the mean of the target, held", *lowest(c, mean)), (f"{free}, free", slope, least)]
    rows = [((b,), (amount(v, 6),), (amount(loss, 6),)) for b, v, loss in tried]
    w.blocks.append(Table(((c.formula(c.b),), ("best ", c.formula(c.w)), (c.formula(c.L),)), tuple(rows), (), (1, 2)))
    more = excess(c, 0.0)
    if settled(more, e.scale * float(e.y.var())):
        both = "and only a search that moves both will find it" if moves(c) else "and here the slope is right already: only the intercept is missing"
        w.say(f"Holding the intercept at 0 costs {amount(more, 3)} of loss. The best of all lies where the valley of the lowest points is deepest, {both}.")
    else:
        w.say("In these data the best intercept is 0, so the cut happened to go through the best of all. In other data it will not: only a search that ",
              "moves both will find it.")  # fmt: skip
    w.say("To move at all, the descent must know which side is down. That is told by ", c.to("slope", "the slope"), ".")


def excess(c: Course, b: float) -> float:
    """How much the lowest loss at this intercept lies above the least of all: (b − b*)² Σ (x − x̄)²/Σ x²."""
    e = c.example
    return e.scale * (b - e.best[1]) ** 2 * float(e.x.var() * e.n / (e.x @ e.x))


def _program(c: Course) -> str:
    return f'''def parabola(b):
    return scale * np.mean(x * x), 2 * scale * np.mean(x * (b - y)), scale * np.mean((b - y) ** 2)


def lowest(b):  # the least squares of a line with the intercept b
    return np.linalg.lstsq(x[:, None] / np.abs(x).max(), y - b, rcond=None)[0][0] / np.abs(x).max()


print("A, B, C at 0:", *parabola(0))
for b in [y.mean(), *{[0.0, *intercepts(c), rounded(sum(intercepts(c)[2:4]) / 2)]}]:
    print("intercept", b, "lowest point", lowest(b), "loss there", loss(lowest(b), b))
for p in {[*around(c, 0.0)]}:
    print("at", p, "loss", loss(p, 0), "slope", slopes(p, 0)[0])
print("for each 1 of the intercept", lowest(0) - lowest(1))
w = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
b = y.mean() - w * x.mean()
print("both free", w, b, loss(w, b), "holding costs", loss(lowest(0), 0) - loss(w, b))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    A, B, C = (d.name for d in coefficients(c))
    plain, whole = add(mul(A, c.w**2), mul(B, c.w), C), Problem("", (), (), (), (), count=())
    started = add(mul(A, c.w**2 + mul(Div(B, A), c.w)), C)
    squared = add(mul(A, Pow(c.w + Div(B, mul(TWO, A)), TWO)), C, Neg(Div(B**2, mul(Num(Fraction(4)), A))))
    low, high = intercepts(c)[2:4]
    middle = rounded((low + high) / 2)
    told = column((low, middle, high))
    left = "to the left" if moves(c) > 0 else "to the right"
    return (
        Exercise(
            (Prose(("Complete the square. It begins so:",)), Chain((proved(plain, started, whole, (c.formula(A), " taken out of the first two")),))),
            (("Half of ", c.formula(Div(B, A)), " goes into the bracket."), ("The square brings a number too many; take it away again outside.",)),
            (Chain((proved(plain, squared, whole, ("the square completed",)),)),),
            "fill", (as_line(plain, started),), as_line(plain, squared),
        ),
        Exercise(
            (Prose(("In the table of the valley, ", c.formula(c.b), f" = {told[0]} and ", c.formula(c.b), f" = {told[2]} stand one below the other. Where ",
                    "is the lowest point for ",
                    c.formula(c.b), f" = {told[1]}, half way between?")),),
            (("How does the lowest point depend on ", c.formula(c.b), "?"),),
            (Prose(("Half way between as well, for it moves along a line: at ", c.formula(c.w), f" = {amount(lowest(c, middle)[0], 5)}.")),),
        ),
        Exercise(
            (Prose(("As ", c.formula(c.b), " grows, does the parabola of these data move to the left, to the right, or not at all? And why?")),),
            (("Which sign has the sum of the ", c.formula(c.x), "?"),),
            (Prose((f"It moves {left}, for the sum of the feature is {'positive' if moves(c) > 0 else 'negative'}. In words: a line that is raised has to ",
                    "be turned to stay near the points.",)
                   if moves(c) else ("Not at all: the feature has the mean 0, and raising the line changes nothing about its best slope.",)),),
        ),
    )  # fmt: skip


ASKS = "What does the slope of the line alone do to the loss, and what is its best value then?"
PARABOLA = Lesson("parabola", "The loss as a parabola", ASKS, _write, _program, _exercises)
