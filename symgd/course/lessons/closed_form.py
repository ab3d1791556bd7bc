"""The closed form: both slopes 0, solved; when it exists, and what it costs where there are many parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache


from symgd.backward import derive
from symgd.catalogue import problem
from symgd.course.amounts import amount, column
from symgd.course.exercise import Exercise, fill_next
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.line import unit_of_slope, unit_of_target
from symgd.course.mistake import mistake
from symgd.course.proved import chain
from symgd.derivation import ClosedForm, Gradient
from symgd.document.page import Formula, Inline, Prose, Table
from symgd.exposition.solved import closed_form as derivation
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.pictures import Rows, Series, curves
from symgd.pictures.lettering import count
from symgd.stationary import closed_form
from symgd.term import Div, Name, Sum, mul
from symgd.typeset.layout import layout

__all__ = ["CLOSED_FORM", "crossing", "work"]

SIZES = (1, 2, 10, 100, 1000, 2000)  # parameters
STEPS = (100, 1000)  # of a descent, for the picture
MANY = 50  # parameters of an exercise
OTHERS = ("line-mae", "line+log-cosh")


@lru_cache(maxsize=8)
def solved(gradient: Gradient) -> ClosedForm:
    return closed_form(gradient)


def work(n: int, p: int) -> tuple[int, int]:
    """What the closed form of p parameters costs on n rows, n p² + p³, and what one step of the descent does, n p."""
    return n * p * p + p**3, n * p


def crossing(n: int, steps: int) -> float:
    """The number of parameters at which so many steps cost as much as the closed form: p + p²/n = steps, p ≥ 0."""
    return 2 * steps / (1 + math.sqrt(1 + 4 * steps / n))


def _write(c: Course, w: Writing) -> None:
    w.say("At the lowest place of the loss no small change of ", c.formula(c.w), " or ", c.formula(c.b), " makes it smaller. So both slopes, ",
          c.formula(c.dw), " and ", c.formula(c.db), ", are 0 there. ", c.to("chain-rule", "The chain rule"), " will derive the slopes; here they are ",
          "taken as they are.")  # fmt: skip
    derivation(w, solved(c.example.gradient))
    _numbers(c, w)
    _exists(c, w)
    _many(c, w)
    _costs(c, w)
    _squares_only(c, w)


def _numbers(c: Course, w: Writing) -> None:
    e = c.example
    form, mean_x, mean_y = solved(e.gradient), float(e.x.mean()), float(e.y.mean())
    sxx, sxy = _sums(c)
    means = column((float(e.x.min()), mean_x, float(e.x.max())))[1], column((float(e.y.min()), mean_y, float(e.y.max())))[1]
    slope, intercept = e.best
    values = (*means, amount(sxx), amount(sxy))
    w.head("With these data")
    units = dict(zip((c.w, c.b), (unit_of_slope(c), unit_of_target(c)), strict=True))
    rows: list[tuple[Inline, ...]] = [((c.formula(name),), (text,), ("",)) for (name, _), text in zip(form.definitions, values, strict=True)]
    found = {c.w: amount(slope, 6), c.b: amount(intercept, 6)}
    rows += [((c.formula(p), " = ", c.formula(value)), (found[p],), (units[p],)) for p, value in sorted(form.solution, key=lambda s: s[0] != c.w)]
    w.blocks.append(Table((("what",), ("value",), ("unit",)), tuple(rows), (), (1,)))
    w.say("No step was tried and nothing was guessed: each row of the data was read, four sums were taken, and there is the answer. The loss of this ",
          f"line is {amount(e.least, 6)}.")  # fmt: skip


def _sums(c: Course) -> tuple[float, float]:
    """S_xx and S_xy about the means."""
    e = c.example
    dx, dy = e.x - e.x.mean(), e.y - e.y.mean()
    return float(dx @ dx), float(dx @ dy)


def _exists(c: Course, w: Writing) -> None:
    e = c.example
    (condition,) = solved(e.gradient).requires
    w.head("When there is one")
    w.say("The division needs ", c.formula(condition), ". It is a sum of squares, so it is never negative, and it is 0 only if every ", c.formula(c.x),
          f" is the mean. Then {e.feature} would be the same in all rows, and any line through the one point of the means would do as well as any other. ",
          f"Here it is {amount(_sums(c)[0])}: there is exactly one best line.")  # fmt: skip


def _many(c: Course, w: Writing) -> None:
    x, other, y, theta = Name("X", ("i", "j")), Name("X", ("i", "j'")), Name("y", ("i",)), Name("theta", ("j'",))
    p, _ = _letters(c)
    data, parameters = layout(x, "matrix", axes=("i", "j")), layout(theta, "matrix", axes=("j'",))
    left = layout(Sum("j'", mul(Sum("i", mul(x, other)), theta)), "matrix", axes=("j",))
    right = layout(Sum("i", mul(x, y)), "matrix", axes=("j",))
    w.head("With many parameters")
    w.say("Here are two equations in two unknowns. With ", c.formula(p), " parameters there are ", c.formula(p), " slopes, one for each, and as many ",
          "equations. Written with arrays, the data as ", Formula(data), " (a row for each sample, a column for each parameter) and all parameters as ",
          Formula(parameters), ", they are ", Formula(left), " = ", Formula(right), ". They are solved by elimination; there is one solution if no ",
          "column can be made of the others.")  # fmt: skip


def _costs(c: Course, w: Writing) -> None:
    n = c.example.n
    p, size = _letters(c)
    w.head("What it costs")
    w.blocks.extend(mistake(c, "Approach complexity increases in multi-variable scenarios", (
        "It is true, but it says neither how fast nor compared with what: a step of gradient descent too costs more with more variables. Counting tells. ",
        "And it leaves out the other limit of the closed form: for most losses there is none."),
        hint=("How many products does each way need? Compare the two.",), asks=("What does it leave out?",), words=True))  # fmt: skip
    whole, step = size * p**2 + p**3, mul(size, p)
    w.say("Count the multiplications, without the constants in front. The equations need, for each pair of parameters, a sum over all rows: ",
          c.formula(size * p**2), ". Solving them: ", c.formula(p**3), ". One step of the descent: a sum over all rows for each parameter, ",
          c.formula(step), ". So the closed form costs as much as this many steps:")  # fmt: skip
    w.chain(chain(Div(whole, step), [
        (p + Div(p**2, size), "divided term by term", "Each part of the top over the bottom, and what stands above and below goes."),
    ], Problem("", (), (), (), count=()), w.detail))  # fmt: skip
    rows = []
    for k in SIZES:
        closed, one = work(n, k)
        steps = count(closed // one) if closed % one == 0 else amount(closed / one)
        rows.append(((count(k),), (count(closed),), (count(one),), (steps,)))
    head: tuple[Inline, ...] = (("parameters ", c.formula(p)), ("closed form ", c.formula(whole)), ("one step ", c.formula(step)), ("in steps",))
    w.blocks.append(Table(head, tuple(rows), (f"Multiplications with {count(n)} rows",), (0, 1, 2, 3)))
    if (more := [k for k in SIZES if k > n]):
        w.say(f"With {count(more[0])} parameters there are more parameters than rows here: then the equations have no single solution at all.")
    _crossings(c, w)


def _letters(c: Course) -> tuple[Name, Name]:
    """The number of parameters, and of rows, as names."""
    (p,) = c.example.gradient.problem.unused("p")
    return p, c.n


def _crossings(c: Course, w: Writing) -> None:
    n, p = c.example.n, c.label(_letters(c)[0])
    at = [k * 10**d for d in range(4) for k in (1, 2, 5)][:11]
    series = [Series("closed form", at, [work(n, k)[0] for k in at])]
    series += [Series(f"{count(s)} steps", at, [s * work(n, k)[1] for k in at]) for s in STEPS]
    meet = [crossing(n, s) for s in STEPS]
    table = Rows((p, "closed form", *(f"{count(s)} "
    "steps" for s in STEPS)), tuple((count(k), count(work(n, k)[0]), *(count(s * work(n, k)[1]) for s in STEPS)) for k in at))
    told = [f"{count(s)} steps and the closed form cost the same at {p} = {amount(m)}." for s, m in zip(STEPS, meet, strict=True)]
    said = f"Multiplications against the number of parameters, both axes logarithmic, with {count(n)} rows. The closed form rises more steeply."
    drawing = curves(series, x_label=f"parameters {p}", y_label="multiplications", log_x=True, log_y=True, title="What the closed form and the descent cost",
                     description=" ".join((said, *told)), table=table, prefix="closed-form-cost")  # fmt: skip
    c.draw(w, drawing)
    two, most = work(n, 2), STEPS[-1]
    w.say(f"A line has 2 parameters: its closed form costs as much as {amount(two[0] / two[1], 2)} steps, and nobody would descend. The course does it ",
          "because with two parameters all can be seen.")  # fmt: skip
    if meet[-1] <= n:
        w.say(f"But if {count(most)} steps are enough, then from about {amount(meet[-1])} parameters on the descent is cheaper; and a network has millions.")
    else:
        w.say(f"With {count(n)} rows there can be at most {count(n)} parameters, and then the closed form costs as much as {count(2 * n)} steps. With so ",
              "few rows it is hard to beat; the table shows how that changes with the number of parameters, and a network has millions of them, and rows ",
              "to match.")  # fmt: skip


@lru_cache(maxsize=8)
def _why_not(name: str, letters: tuple[tuple[str, str], ...]) -> tuple[Problem, str]:
    other = problem(name).renamed(dict(letters))
    return other, closed_form(derive(other)).why_not


def _squares_only(c: Course, w: Writing) -> None:
    own = problem("line-mse")
    pairs = ((a, b) for a, b in zip((*own.parameters, own.objective, own.count[0][1]), (c.w, c.b, c.L, c.n), strict=True))
    letters = tuple((a.symbol, b.symbol) for a, b in pairs if a != b)
    w.head("Only for squares")
    w.say("The equations could be solved because the slope of a square is linear: no power, no root, no jump. With another loss for the same line that ends:")
    for name in OTHERS:
        other, why = _why_not(name, letters)
        w.say(other.tape[-1].says[0].upper(), other.tape[-1].says[1:], ", ", c.formula(other.tape[-1].value), f": {why}.")
    w.say("Nor is there one for a network, whose predictions are not linear in its weights. Gradient descent needs none of this: only that the slope can ",
          "be computed. For squares both exist, so here the descent can be checked against the exact answer.")  # fmt: skip


def _program(c: Course) -> str:
    at = [k * 10**d for d in range(4) for k in (1, 2, 5)][:11]
    return f'''X = np.column_stack([x - x.mean(), np.ones(n)])  # about the mean: no digits are lost
q, r = np.linalg.qr(X)
w, level = np.linalg.solve(r, q.T @ y)
b = level - w * x.mean()
print("means", x.mean(), y.mean())
print("Sxx", r[0, 0] ** 2, "Sxy", np.dot(X[:, 0], y - level))
print("slope", w, "intercept", b, "loss", loss(w, b))

for p in {sorted({*SIZES, *at, min(MANY, c.example.n)})}:
    closed, step = n * p**2 + p**3, n * p
    print("parameters", p, "closed form", closed, "a step", step, "as many steps", closed / step, *[k * step for k in {STEPS}])
for k in {STEPS}:
    print("as many parameters as rows:", 2 * n, "steps")
    print(k, "steps cost the same at", np.roots([1 / n, 1, -k]).max(), "parameters of", n, "rows")
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    n, (first, *_) = c.example.n, solved(c.example.gradient).steps
    p, size = _letters(c)
    many = min(MANY, n)
    slope = next(v for p, v in solved(c.example.gradient).solution if p == c.w)
    return (
        fill_next(c, first),
        Exercise(
            (Prose(("To every number of the feature 1,000 is added, in all rows. What happens to the slope of the best line, and what to its intercept?",)),),
            (("Look at ", c.formula(slope), ": both sums are made of differences from the mean."),
             ("The predictions must stay what they are.",)),
            (Prose(("The slope stays, for no difference from the mean changes. The line goes through the point of the means, whose feature is now 1,000 ",
                    "larger: the ",
                    "intercept becomes smaller by 1,000 times the slope.")),),
        ),
        Exercise(
            (Prose((f"With {count(many)} parameters and the {count(n)} rows of these data: how many steps of the descent cost as much as the closed form?",)),),
            (("Divide the two counts.",), ("It is ", c.formula(p + Div(p**2, size)), ".")),
            (Prose((f"{count(many)} + {count(many)}²/{count(n)} = {amount(many + many**2 / n)} steps.",)),),
        ),
    )  # fmt: skip


ASKS = "Can the best line be computed at once, and why is that not the end of it?"
CLOSED_FORM = Lesson("closed-form", "The best line at once", ASKS, _write, _program, _exercises)
