"""The loss: one number for all the misses of a line, the mean of their squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from symgd.course.amounts import amount, column, settled
from symgd.course.errors import of_slides
from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.line import ROWS, first_rows, residuals, unit_of_target
from symgd.course.measured import squared
from symgd.course.proved import chain, proved
from symgd.course.spoiled import as_line, definitions
from symgd.document.page import Inline, Prose, Table
from symgd.exposition.writing import Writing
from symgd.pictures import squares_of_residuals
from symgd.pictures.lettering import count
from symgd.stationary.linear import put, unfold
from symgd.term import ONE, TWO, Call, Pow, mul

__all__ = ["LOSS", "lines_tried"]

SQUARES = 6  # samples whose square is drawn


def lines_tried(c: Course) -> list[tuple[str, float, float]]:
    """(what it is, w, b) of a few lines, the best one last: flat, turned about the point of the means by half of σ_y/σ_x both ways, raised by σ_y."""
    e = c.example
    w, b = e.best
    turn, mean_x, mean_y = float(e.y.std() / e.x.std()) / 2, float(e.x.mean()), float(e.y.mean())
    turned = [(f"the best line, {how}", w + s, mean_y - (w + s) * mean_x) for how, s in (("turned upwards", turn), ("turned downwards", -turn))]
    return [("flat, at the mean of the target", 0.0, mean_y), *turned, ("the best line, raised", w, b + float(e.y.std())), ("the best line", w, b)]


def _write(c: Course, w: Writing) -> None:
    _one_number(c, w)
    _squares(c, w)
    _definition(c, w)
    _units(c, w)
    _others(c, w)


def _one_number(c: Course, w: Writing) -> None:
    e = c.example
    flat = amount(float(e.y.mean()))
    w.head("Why not the plain mean?")
    w.say("A line makes a residual in each row. To say which of two lines is better we need one number for all of them, ", c.formula(c.L), ". Their ",
          "plain mean will not do: misses to both sides cancel.")  # fmt: skip
    w.say(f"The flat line that always predicts the mean, {flat}, shows it: the mean of its residuals is 0, though it uses nothing of {e.feature}. And ",
          "any line turned about the point of the two means has the mean residual 0 as well.")  # fmt: skip
    w.say("Squares cannot cancel: a square is never negative, and it is 0 for a residual of 0 alone. They also make large misses dear: twice the ",
          "residual costs four times as much.")  # fmt: skip


def _squares(c: Course, w: Writing) -> None:
    e = c.example
    slope, intercept = e.best
    perfect = not residuals(c, slope, intercept).any()
    name = "the best line"
    if perfect:
        name, slope, intercept = lines_tried(c)[0]
        w.say("The best line of these data has no residuals. So here are the squares of the flat line.")
    drawing = squares_of_residuals(e.x, e.y, slope, intercept, x_label=c.x_label, y_label=c.y_label, chosen=SQUARES, prefix="loss-squares")
    c.draw(w, drawing)
    u = residuals(c, slope, intercept)[:ROWS]
    squares = [float(v) ** 2 for v in u]
    cells = [(*row, text) for row, text in zip(first_rows(c, slope, intercept), column(squares), strict=True)]
    head: tuple[Inline, ...] = (("row",), (c.formula(c.x),), (c.formula(c.y),), (c.formula(c.y_hat),), (c.formula(c.u),), (c.formula(Pow(c.u, TWO)),))
    told = (f"The first {len(u)} {e.rows_are} and {name}",)
    w.blocks.append(Table(head, tuple(tuple((x,) for x in row) for row in cells), told, tuple(range(len(head)))))
    everything = float((residuals(c, slope, intercept) ** 2).mean())
    if e.n > len(u):
        w.say(f"The mean of these {len(u)} squares is {amount(sum(squares) / len(u))}; of all {count(e.n)} it is {amount(everything)}.")
    else:
        w.say(f"The mean of these squares is {amount(everything)}.")


def _definition(c: Course, w: Writing) -> None:
    problem = c.example.gradient.problem
    factor, half = problem.tape[-1].value, c.example.scale != 1
    w.head("The mean squared error")
    w.chain((w.line(c.L, factor, ":=", ("half the mean of the squares" if half else "the mean of the squares",)),))
    if half:
        w.say("The ½ in front is a habit: it will cancel a 2 in the slope. All losses are halved by it, so the best line stays the best.")
    w.say("The letters inside are names. With what they stand for put in, one after the other, it is a function of ", c.formula(c.w), " and ",
          c.formula(c.b), " alone, for the data are given numbers:")  # fmt: skip
    u = problem.tape[1].value
    lines = chain(c.L, [
        (factor, "definition of the loss", "Nothing is computed yet: the name is replaced by what it stands for."),
        (put(factor, c.u, u), "definition of the residual", "The same with the next name: equals may be put for equals, and brackets keep them together."),
        (unfold(problem, c.L), "definition of the prediction", "Now only the data and the two numbers that we look for are left."),
    ], problem, w.detail)  # fmt: skip
    w.chain(lines)
    w.say("Some write the squares with bars. For real numbers they say nothing more:")
    size = Pow(Call("abs", (u,)), TWO)
    w.chain((proved(size, Pow(u, TWO), problem, ("a real number and its size have the same square",)),))
    w.say("The condition is that the residual is real, as it is here. The imaginary unit has the size 1, and its square is −1: there the bars would matter.")
    w.blocks.extend(of_slides(c, 3))


def _units(c: Course, w: Writing) -> None:
    e = c.example
    unit = unit_of_target(c)
    root, spread = math.sqrt(e.least / e.scale), float(e.y.std())
    w.head("Its unit")
    w.say(f"A residual is counted in {unit}, so its square and the loss in {squared(unit)}. To get back to {unit}, take the root of the mean square: for the ",
          f"best line {amount(root)}, a typical miss. The flat line misses by {amount(spread)}: that is the standard deviation of {e.target}.")  # fmt: skip


def _others(c: Course, w: Writing) -> None:
    e = c.example
    tried = lines_tried(c)
    w.head("Other lines")
    losses = [e.least if (slope, b) == e.best else float(e.raw.loss(slope, b)) for _, slope, b in tried]
    means = [amount(settled(slope * float(e.x.mean()) + b - float(e.y.mean()), float(e.y.std()))) for _, slope, b in tried]
    columns = (column([slope for _, slope, _ in tried]), column([b for _, _, b in tried]), means, column(losses))
    rows = tuple(((name,), *((x,) for x in cells)) for (name, *_), *cells in zip(tried, *columns, strict=True))
    head: tuple[Inline, ...] = (("line",), (c.formula(c.w),), (c.formula(c.b),), ("mean residual",), (c.formula(c.L),))
    w.blocks.append(Table(head, rows, (), (1, 2, 3, 4)))
    w.say("The mean residual does not tell the lines that go through the point of the means apart; the loss does. Of all lines there are, none has a ",
          f"smaller loss than {amount(losses[-1])}: ", c.to("closed-form", "the closed form"), " shows why. How can one find that line, or the pair of ",
          "numbers that it is? Simply trying is the first idea: ", c.to("grid", "the grid"), ".")  # fmt: skip


def _program(c: Course) -> str:
    return f'''w = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
b = y.mean() - w * x.mean()
turn = y.std() / x.std() / 2


def misses(w, b):
    return w * x + b - y


lines = [("flat", 0, y.mean()), ("up", w + turn, y.mean() - (w + turn) * x.mean()), ("down", w - turn, y.mean() - (w - turn) * x.mean()),
         ("raised", w, b + y.std()), ("best", w, b)]
for name, p, q in lines:
    print(name, "slope", p, "intercept", q, "mean residual", np.mean(misses(p, q)), "loss", scale * np.mean(misses(p, q) ** 2))
for name, p, q in lines[::4]:
    u = misses(p, q)
    print("mean square, all rows", np.mean(u**2), "its root", np.sqrt(np.mean(u**2)), "the first {ROWS}", np.mean(u[:{ROWS}] ** 2))
    near = [np.argmin(np.abs(x - (x.min() + (k + 0.5) / {SQUARES} * (x.max() - x.min())))) for k in range({SQUARES})]
    for i in [*range(min({ROWS}, n)), *near]:
        print("row", i + 1, "x", x[i], "y", y[i], "predicted", p * x[i] + q, "residual", u[i], "square", u[i] ** 2)
print("ten times the unit", 10**2, "times the loss")
print("rows", n, "mean of y", y.mean(), "spread of y", y.std())
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    problem, once = c.example.gradient.problem, c.example.scale
    whole = unfold(problem, c.L)
    return (
        Exercise(
            (Prose(("Write the loss with the line put in: no prediction and no residual in it.",)),),
            (("First put in what ", c.formula(c.u), " stands for, then what ", c.formula(c.y_hat), " stands for."), ("The index and the sum stay.",)),
            (Prose((c.formula(c.L), " = ", c.formula(whole), ".")),),
            "fill", definitions(problem), as_line(c.L, whole),
        ),
        Exercise(
            (Prose(("The target is written in a unit ten times smaller: every number in its column, every prediction and every residual becomes ten times ",
                    "as large. ",
                    "By what factor does the loss grow? And which line is the best one now?")),),
            (("The residuals are squared.",),),
            (Prose(("By 100, for every square does. The best line is the same line on paper; its two numbers are ten times as large. A loss says little ",
                    "without its unit.")),),
        ),
        Exercise(
            (Prose(("The best line is raised by 1 everywhere. By how much does the loss grow?",)),),
            (("Each residual becomes ", c.formula(c.u + ONE), ". Multiply its square out.",), ("What is the mean of the residuals of the best line? Look ",
                    "at the last table.",)),
            (Prose(("The square becomes ", c.formula(c.u**2 + mul(TWO, c.u) + ONE), ". The mean residual of the best line is 0, so the middle part adds ",
                    "nothing: the loss grows by ",
                    c.value(Fraction(once)), ", on all data alike.")),),
        ),
    )  # fmt: skip


LOSS = Lesson("loss", "One number for all the misses", "What is the mean squared error, and why squares?", _write, _program, _exercises)
