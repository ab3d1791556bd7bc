"""The line: what w and b are, what a prediction is, and by how much it misses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from symgd.course.amounts import ROUNDING, amount, column, settled
from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.errors import of_slides
from symgd.course.spoiled import as_line, definitions
from symgd.document.page import Inline, Prose, Table
from symgd.exposition.writing import Writing
from symgd.pictures import scatter_with_line
from symgd.numeric.data.arrays import Column
from symgd.pictures.lettering import count
from symgd.term import Name, mul

__all__ = ["LINE", "first_rows", "residuals", "unit_of_slope", "unit_of_target"]

ROWS = 5  # of the data, that tables show
INDEX = Name("i")


def unit_of_target(c: Course) -> str:
    """What y is counted in: its unit, or the column's name."""
    return c.example.y_unit or c.example.target


def unit_of_slope(c: Course) -> str:
    """GPA per hour"""
    return f"{unit_of_target(c)} per {c.example.x_unit or c.example.feature}"


def residuals(c: Course, w: float, b: float) -> Column:
    """ŷ_i − y_i of every row, 0 where they are rounding alone."""
    u = w * c.example.x + b - c.example.y
    settled_at_0: Column = np.where(np.abs(u) <= ROUNDING * np.ptp(c.example.y), 0.0, u)
    return settled_at_0


def first_rows(c: Course, w: float, b: float) -> list[tuple[str, ...]]:
    """i, x, y, ŷ, u of the first rows, as they are written."""
    e = c.example
    x, y = e.x[:ROWS], e.y[:ROWS]
    columns = (column(x), column(y), column(w * x + b), column(residuals(c, w, b)[:ROWS]))
    return [(str(k), *cells) for k, cells in enumerate(zip(*columns, strict=True), 1)]


def _write(c: Course, w: Writing) -> None:
    e = c.example
    w.say(f"{count(e.n)} {e.rows_are} ({e.source}): for each of them we know {e.feature} and {e.target}. From {e.feature} we want to predict {e.target}. ",
          "The simplest rule that can do that is a line.")  # fmt: skip
    _model(c, w)
    _two_numbers(c, w)
    _misses(c, w)
    _no_index(c, w)


def _model(c: Course, w: Writing) -> None:
    e = c.example
    problem = e.gradient.problem
    w.head("A rule with two numbers")
    w.chain((w.line(problem.tape[0].name, problem.tape[0].value, ":=", ("the prediction",)),))
    w.say("The mark := says that the left side is a name for the right side. These are all the letters:")
    target, slope = unit_of_target(c), unit_of_slope(c)
    rows: list[tuple[Inline, ...]] = [
        ((c.formula(INDEX),), ("the number of a row of the data: 1, 2, …, ", c.formula(c.n)), ("none",)),
        ((c.formula(c.x),), (f"{e.feature} of row ", c.formula(INDEX), ", the feature"), (e.x_unit or "as in the data",)),
        ((c.formula(c.y),), (f"{e.target} of row ", c.formula(INDEX), ", the target"), (e.y_unit or "as in the data",)),
        ((c.formula(c.y_hat),), ("the prediction for row ", c.formula(INDEX), ", said “y hat”"), (target,)),
        ((c.formula(c.u),), ("the residual of row ", c.formula(INDEX), ": by how much its prediction misses"), (target,)),
        ((c.formula(c.w),), ("the slope, a weight: one number for all rows, to be found",), (slope,)),
        ((c.formula(c.b),), ("the intercept, a bias: one number for all rows, to be found",), (target,)),
        ((c.formula(c.n),), (f"the number of rows, {count(e.n)}",), ("none",)),
    ]
    w.table(("letter", "what it is", "unit"), rows)
    wx = c.formula(mul(c.w, c.x))
    w.say("Only things with the same unit can be added. ", wx, " is counted as the target is, and so are ", c.formula(c.b), " and ", c.formula(c.y_hat),
          f": that gives the slope its unit, {slope}.")  # fmt: skip


def _two_numbers(c: Course, w: Writing) -> None:
    e = c.example
    slope, intercept = e.best
    w.head("What the two numbers say")
    drawing = scatter_with_line(e.x, e.y, slope, intercept, x_label=c.x_label, y_label=c.y_label, points_are=e.rows_are, sticks=12, prefix="line-scatter")
    c.draw(w, drawing)
    w.say("The line in the picture has ", c.formula(c.w), f" = {amount(slope)} and ", c.formula(c.b), f" = {amount(intercept)}. How such a line is found ",
          "is what this course is about.")  # fmt: skip
    if settled(slope * float(np.ptp(e.x)), float(np.ptp(e.y))):
        turns, step = "more" if slope > 0 else "less", one_more(e.x)
        w.say(f"The slope: of two {e.rows_are} of which one has {amount(step)} more of {e.feature}, the line predicts {amount(abs(slope) * step)} {turns} of ",
              f"{e.target} for that one. Nothing is said of what would happen to one of them if it were changed.")  # fmt: skip
    else:
        w.say(f"The slope is 0: as far as a line can tell, {e.feature} says nothing about {e.target} in these data.")
    low, high = float(e.x.min()), float(e.x.max())
    ends, middle = column((low, high)), column((low, float(e.x.mean()), high))[1]
    level = column((float(e.y.min()), float(e.y.mean()), float(e.y.max())))[1]
    if low <= 0 <= high:
        w.say(f"The intercept: for {e.feature} = 0 the line predicts {amount(intercept)}.")
    else:
        w.say(f"The intercept is what the line gives at {e.feature} = 0. But the data run from {ends[0]} to {ends[1]}: at 0 there are none, and what the ",
              "line gives there is no prediction to rely on.")  # fmt: skip
    w.say(f"Easier to remember: the line goes through the point of the two means. At {e.feature} = {middle} it predicts {level}.")


def one_more(x: Column) -> float:
    """1, or of a feature whose values lie nearer to each other the power of ten that fits between them."""
    span = float(np.ptp(x))
    return 1.0 if span >= 1 else float(f"1e{math.floor(math.log10(span))}")


def _misses(c: Course, w: Writing) -> None:
    e = c.example
    slope, intercept = e.best
    u = residuals(c, slope, intercept)
    residual = e.gradient.problem.tape[1]
    w.head("By how much it misses")
    w.chain((w.line(residual.name, residual.value, ":=", ("the residual: predicted minus measured",)),))
    rows = first_rows(c, slope, intercept)
    head: tuple[Inline, ...] = ((c.formula(INDEX),), (c.formula(c.x),), (c.formula(c.y),), (c.formula(c.y_hat),), (c.formula(c.u),))
    cells = tuple(tuple((cell,) for cell in row) for row in rows)
    w.blocks.append(Table(head, cells, (f"The first {len(rows)} {e.rows_are}, with the line of the picture",), tuple(range(len(head)))))
    if not u.any():
        w.say("Every point lies on the line: all residuals are 0. That is rare with measured data; the descent will have to find exactly this line.")
        return
    k = int(np.argmax(np.abs(u)))
    below, above = int((u > 0).sum()), int((u < 0).sum())
    w.say("A positive residual: predicted too much, the point lies below the line. A negative one: too little. ",
          f"Of these {e.rows_are} {count(below)} {'lies' if below == 1 else 'lie'} below the line and {count(above)} above it. ",
          f"The largest miss is that of row {count(k + 1)}: {f'{amount(u[k])} {e.y_unit}'.rstrip()}.")  # fmt: skip
    w.say("No line makes all residuals 0 here. Which line is the best then? That needs one number for all the misses together: ", c.to("loss", "the loss"), ".")


def _no_index(c: Course, w: Writing) -> None:
    n = c.example.n
    w.head("Why ", c.formula(c.w), " and ", c.formula(c.b), " carry no index")
    w.say("An index says: this is another number in each row. With an index the slope and the intercept would be ", count(2 * n), " numbers for ",
          f"{count(n)} rows. Then nothing is left to find: whatever the slopes are, take as the intercept of each row what its point still lacks, and ",
          "every residual is 0. But for a new row there would be neither. One slope and one intercept for all rows: only that predicts.")  # fmt: skip
    w.blocks.extend(of_slides(c, 1, 2))


def _program(c: Course) -> str:
    return f'''# the best line, from the two means
w = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
b = y.mean() - w * x.mean()
u = w * x + b - y
u[np.abs(u) <= 1e-9 * np.ptp(y)] = 0  # rounding alone
print("rows", n, "two numbers each", 2 * n)
print("slope", w, "intercept", b, "loss", loss(w, b))
print("for", {one_more(c.example.x)!r}, "more", w * {one_more(c.example.x)!r})
print("x from", x.min(), "to", x.max(), "mean", x.mean())
print("y from", y.min(), "to", y.max(), "mean", y.mean())
for i in range(min({ROWS}, n)):
    print("row", i + 1, "x", x[i], "y", y[i], "predicted", w * x[i] + b, "residual", u[i])
print("below the line", np.sum(u > 0), "above", np.sum(u < 0))
k = np.argmax(np.abs(u))
print("largest miss: row", k + 1, "by", u[k])
print("exercise: row", n // 2 + 1, "x", x[n // 2], "predicted", w * x[n // 2] + b, "measured", y[n // 2], "residual", u[n // 2])
print("mean squared error", np.mean(u**2), "drawn", min(n, 5000))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    e = c.example
    slope, intercept = e.best
    k = e.n // 2
    x, y, u = column(e.x[[k, 0]])[0], column(e.y[[k, 0]])[0], residuals(c, slope, intercept)[k]
    told = column((slope * float(e.x[k]) + intercept, float(e.y[0])))[0]
    prediction, residual = e.gradient.problem.tape[:2]
    wx = c.formula(mul(c.w, c.x))
    asks = f"Row {count(k + 1)} has {e.feature} = {x} and {e.target} = {y}. What does the line of this page predict for it, and what is its residual?"
    halved = f"Somebody writes {e.feature} in a unit half as large: every number in its column doubles. What happens to slope and intercept of the best line?"
    return (
        Exercise(
            (Prose((asks,)),),
            (("Put ", c.formula(c.x), f" = {x} into the line.",), ("The residual is predicted minus measured: mind the order.",)),
            (Prose((c.formula(c.y_hat), f" = {told} and ", c.formula(c.u), f" = {amount(u)}.")),),
        ),
        Exercise(
            (Prose(("Write the residual with the line put in for the prediction.",)),),
            (("Put the right side of the prediction where ", c.formula(c.y_hat), " stands."),),
            (Prose((c.formula(c.u), " = ", c.formula(prediction.value - c.y), ". Neither ", c.formula(c.w), " nor ", c.formula(c.b), " has an index.")),),
            "fill",
            definitions(e.gradient.problem)[:2],
            as_line(residual.name, prediction.value - c.y),
        ),
        Exercise(
            (Prose((halved,)),),
            (("The predictions must stay what they are.",), ("Which of ", wx, " and ", c.formula(c.b), " contains the feature?")),
            (Prose(("The slope is halved, for ", wx, " must stay the same; the intercept stays. That is why a slope means nothing without its unit.")),),
        ),
    )


LINE = Lesson("line", "A line through the data", "What do the slope and the intercept of a line say, and what is a residual?", _write, _program, _exercises)
