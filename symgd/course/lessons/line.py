"""The line: what w and b are, what a prediction is, and by how much it misses."""

from __future__ import annotations

from collections.abc import Sequence

from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.document.page import Prose
from symgd.exposition.writing import Writing
from symgd.pictures import scatter_with_line
from symgd.pictures.lettering import count, number

__all__ = ["LINE"]


def _write(c: Course, w: Writing) -> None:
    e = c.example
    slope, intercept = e.best
    w.head("A line through the data")
    w.say(f"{count(e.n)} {e.rows_are}: from {e.feature} we want to predict {e.target}. The prediction for one of them is a line,")
    problem = e.gradient.problem
    w.chain((w.line(problem.tape[0].name, problem.tape[0].value, ":=", ("the prediction",)),))
    w.say("with the slope ", w.formula(c.w), " and the intercept ", w.formula(c.b), ": two numbers for all samples, so neither carries the index.")
    c.draw(w, scatter_with_line(e.x, e.y, slope, intercept, x_label=c.x_label, y_label=c.y_label, points_are=e.rows_are, sticks=12, prefix="line-scatter"))
    w.say("One more of ", e.feature, " changes the prediction by ", number(slope), ".")


def _program(c: Course) -> str:
    return '''# the best line, from the two means
w = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
b = y.mean() - w * x.mean()
print("n", n)
print("slope", w, "intercept", b)
print("from", x.min(), y.min(), "to", x.max(), y.max())
print("loss", loss(w, b))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    return (
        Exercise(
            (Prose(("What does the line predict where ", c.formula(c.x), " = 0?")),),
            (("Put 0 for ", c.formula(c.x), " into the line."),),
            (Prose(("The intercept ", c.formula(c.b), ": the slope is multiplied by 0.")),),
        ),
    )


LINE = Lesson("line", "A line through the data", "What do the slope and the intercept of a line say, and what is a residual?", _write, _program, _exercises)
