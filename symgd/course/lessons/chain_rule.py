"""The chain rule: a function inside a function, the residual as a name of its own, and every factor as a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgd.backward import differentiate
from symgd.course.exercise import Exercise, fill_next, find_wrong
from symgd.course.lesson import Course, Lesson
from symgd.course.errors import of_slides
from symgd.course.runs import figure
from symgd.course.trial import Trial, agreeing, cells, exact, table, trial
from symgd.document.page import Cite, Inline, Line, Prose
from symgd.exposition.layers import local
from symgd.exposition.writing import Writing
from symgd.pictures import Drawing, chain_of_names
from symgd.pictures.lettering import count
from symgd.term import TWO, D, Name, Term

__all__ = ["CHAIN_RULE"]

SHOWN = 3  # rows


def _write(c: Course, w: Writing) -> None:
    t = trial(c.example)
    _names(c, w)
    _rule(c, w, t)
    _residual(c, w)
    _prediction(c, w)
    _numbers(c, w, t)
    w.head("Two lines to read closely")
    w.blocks.extend(of_slides(c, 7))
    w.blocks.extend(of_slides(c, 10))
    w.head("What follows")
    w.say("The loss now reaches each prediction. One slope and one intercept move all ", count(c.example.n), " predictions at once: what that makes of the ",
          "product is the ", c.to("gradient", "next page"), ".")  # fmt: skip


def _names(c: Course, w: Writing) -> None:
    p = c.example.gradient.problem
    w.head("The loss is made in three steps")
    w.say("We want the derivative of the loss by ", w.formula(c.w), ": how much ", w.formula(c.L), " changes when ", w.formula(c.w), " changes a little. But ",
          w.formula(c.w), " does not stand in the loss directly. It makes a prediction, the prediction makes a residual, the residuals make the "
          "loss:")  # fmt: skip
    w.chain(tuple(w.line(d.name, d.value, ":=", (d.says,), w.number(d.name)) for d in p.tape))
    w.say("The substitution ", w.formula(c.u), " in ", Cite(w.numbers[c.u]),
          " is what makes this easy: it gives the inner part a name. There is one residual for each ",
          "sample, so the name carries the index. The slope and the intercept carry none: all samples share them.")  # fmt: skip
    w.blocks.extend(of_slides(c, 6))


def _bare(n: Name) -> Name:
    """The name without its index: of one sample."""
    return Name(n.symbol)


def _square(c: Course) -> Term:
    return (c.w * _bare(c.x) + c.b - _bare(c.y)) ** TWO


def _rule(c: Course, w: Writing, t: Trial) -> None:
    e, u, x = c.example, float(t.u[t.i]), float(c.example.x[t.i])
    digits = t.digits[0]
    w.head("The rule")
    w.say("A function g inside a function f, written f∘g, has the derivative (f∘g)′ = (f′∘g) · g′. In words: differentiate the outer function and take that "
          "derivative at the value of the inner function; then multiply by the derivative of the inner function.")  # fmt: skip
    w.say("The square of one sample's residual shows it. The outer function is the square, the inner one is the residual:")
    w.chain(w.derivation(differentiate(_square(c), c.w)))
    w.say("The same with numbers, for row ", count(t.i + 1), " of the data, at ", w.formula(c.w), " = ", exact(t.w), " and ", w.formula(c.b), " = ", exact(t.b),
          ": the inner value is the residual ", figure(u, 4), ", the outer derivative there is twice that, ", figure(2 * u, 4), ", the inner derivative is ",
          w.formula(_bare(c.x)), " = ", figure(x, digits), ", and the product is ", figure(2 * u * x, 4), ".")  # fmt: skip
    w.say("“Multiply the individual derivatives” leaves out where the outer one is taken. Taken at ", w.formula(c.w), " itself it would be 2 · ",
          exact(t.w) if t.w > 0 else f"({exact(t.w)})",
          " = ",
          exact(2 * t.w), ", and the product ", figure(2 * t.w * x, 4),
          f": {'another number' if abs(2 * u * x - 2 * t.w * x) > 1e-9 * abs(u * x) else 'here the same, by chance'}.")  # fmt: skip
    w.say(*_said_difference(c, w, t, lambda s: float(((t.w + s) * e.x[t.i] + t.b - e.y[t.i]) ** 2), 2 * u * x))
    w.blocks.extend(of_slides(c, 8))


def _said_difference(c: Course, w: Writing, t: Trial, f: Callable[[float], float], value: float) -> Inline:
    h = t.steps[0]
    found = (f(h) - f(-h)) / (2 * h)
    return ("Who is right? Move ", w.formula(c.w), " by ", exact(h), " up and down and divide the change of the square by the change of ", w.formula(c.w),
            f": that gives {cells([found], 4, value)[0]}, the product of the rule.")  # fmt: skip


def _residual(c: Course, w: Writing) -> None:
    g = c.example.gradient
    w.head("How ", w.formula(c.u), " impacts the loss")
    w.say("One residual, the others held still. From its definition ", Cite(w.numbers[c.L]), ":")
    w.chain(w.derivation(g.of(c.u.symbol)))
    w.say("Where did the sum go? It has ", w.formula(c.n), " terms, and ", w.formula(c.u),
          " stands in one of them alone: the derivative of every other term by ",
          w.formula(c.u), " is 0. So one term is left of the sum, but what stands before the sum stays: the division by ", w.formula(c.n), ".")  # fmt: skip
    w.blocks.extend(of_slides(c, 9))


def _prediction(c: Course, w: Writing) -> None:
    g = c.example.gradient
    own = local(g, c.u, c.y_hat)
    assert own is not None
    w.head("How ", w.formula(c.y_hat), " impacts ", w.formula(c.u), ", and then the loss")
    w.say("The measured value ", w.formula(c.y), " does not move. From ", Cite(w.numbers[c.u]), ":")
    w.chain(w.derivation(own))
    w.say("Now the chain: how ", w.formula(c.y_hat), " impacts ", w.formula(c.u), ", and how ", w.formula(c.u), " impacts the loss. Both are known, by ",
          Cite(w.numbers[own.goal]), " and ", Cite(w.numbers[D(c.L, c.u)]), ":")  # fmt: skip
    w.chain(w.derivation(g.of(c.y_hat.symbol)))
    w.say("The residual moves exactly as far as its prediction, so the loss feels both alike. Two more factors lead from the parameters to the prediction ",
          Cite(w.numbers[c.y_hat]), ":")  # fmt: skip
    lines: list[Line] = []
    for by in (c.w, c.b):
        found = local(g, c.y_hat, by)
        assert found is not None
        lines.append(w.result(found))
    w.chain(tuple(lines))


# ---------------------------------------------------------------- numbers


def _numbers(c: Course, w: Writing, t: Trial) -> None:
    e, rows = c.example, range(SHOWN)
    dx, dy = t.digits
    slope = 2 * e.scale * t.u / e.n
    w.head("Every factor as a number")
    w.say("At ", w.formula(c.w), " = ", exact(t.w), " and ", w.formula(c.b), " = ", exact(t.b),
          f", for the first {SHOWN} {e.rows_are}: the values, going forward,")
    values = [[str(k + 1), figure(e.x[k], dx), figure(e.y[k], dy), figure(e.y[k] + t.u[k], dy), *cells([t.u[k]], 4, e.y[k])] for k in rows]
    table(w, [("row",), *((w.formula(s),) for s in (c.x, c.y, c.y_hat, c.u))], values)
    w.say("and the factors, going back:")
    goals = (D(c.y_hat, c.w, True), D(c.y_hat, c.b, True), D(c.u, c.y_hat, True), D(c.L, c.u), D(c.L, c.y_hat))
    size = float(np.abs(slope).max())
    factors = [[str(k + 1), figure(e.x[k], dx), "1", "1", *cells([slope[k]] * 2, 4, size)] for k in rows]
    table(w, [("row",), *((w.formula(g),) for g in goals)], factors)
    _checked(c, w, t, goals)
    c.draw(w, _picture(c, t, float(slope[t.i])))


def _checked(c: Course, w: Writing, t: Trial, goals: Sequence[D]) -> None:
    """Each factor again, as a difference quotient: for row i."""
    w.head("Each factor checked by a difference", level=2)
    w.say("A derivative says how fast a value changes. So change what it is taken by, a step h up and a step h down, and divide the change of the ",
          "value by 2h. For row ", count(t.i + 1), ", with h = ", exact(t.steps[0]), " for ", w.formula(c.w), " and h = ", exact(t.steps[1]),
          " for all others:")  # fmt: skip
    pairs = _pairs(c, t)
    rows: list[list[str | Inline]] = [[(w.formula(g),), *cells([a, b], 6, a), agreeing(a, b)] for g, (a, b) in zip(goals, pairs, strict=True)]
    table(w, [("factor",), ("by the rule",), ("by the difference",), ("digits that agree",)], rows)
    w.say("Nothing here is curved more than a square, and for squares such a difference is exact but for rounding, whatever the step.")


def _pairs(c: Course, t: Trial) -> list[tuple[float, float]]:
    """(by the rule, by the difference) for the goals in order; `size` tells a slope of 0 from rounding."""
    e, i, (hw, hb) = c.example, t.i, t.steps
    x, y = float(e.x[i]), float(e.y[i])

    def total(move: float) -> float:
        """The loss when residual i is moved."""
        u = t.u.copy()
        u[i] += move
        return e.scale * float(u @ u) / e.n

    def quotient(f: Callable[[float], float], h: float) -> float:
        return (f(h) - f(-h)) / (2 * h)

    slope = 2 * e.scale * float(t.u[i]) / e.n
    by_loss = quotient(total, hb)
    return [(x, quotient(lambda s: (t.w + s) * x + t.b, hw)), (1.0, quotient(lambda s: t.w * x + (t.b + s), hb)),
            (1.0, quotient(lambda s: (t.w * x + t.b + s) - y, hb)), (slope, by_loss), (slope, by_loss)]  # fmt: skip


def _picture(c: Course, t: Trial, slope: float) -> Drawing:
    e, i = c.example, t.i
    dx, dy = t.digits
    node = {
        c.w: exact(t.w), c.b: exact(t.b), c.y_hat: figure(float(e.y[i] + t.u[i]), dy), c.u: figure(float(t.u[i]), 4),
        c.L: figure(e.scale * float(t.u @ t.u) / e.n, 4),
    }  # fmt: skip
    named = {n: f"{c.label(n)} = {value}" for n, value in node.items()}
    arrows = [(c.w, c.y_hat, D(c.y_hat, c.w, True), figure(float(e.x[i]), dx)), (c.b, c.y_hat, D(c.y_hat, c.b, True), "1"),
              (c.y_hat, c.u, D(c.u, c.y_hat, True), "1"), (c.u, c.L, D(c.L, c.u), figure(slope, 4))]  # fmt: skip
    return chain_of_names(
        tuple(named.values()), [(named[a], named[b], f"{c.label(d)} = {value}") for a, b, d, value in arrows],
        title=f"From the parameters to the loss, row {count(i + 1)}", prefix="chain-rule-names",
    )  # fmt: skip


def _program(c: Course) -> str:
    t = trial(c.example)
    return f'''# every factor of the chain at one line, by loops and by differences
w, b = {t.w!r}, {t.b!r}
step_w, step_b = {t.steps[0]!r}, {t.steps[1]!r}
row = {t.i}  # counted from 0
print("n", n, "row", row + 1, "w", w, "b", b, "steps", step_w, step_b, "loss", loss(w, b))
for k in (0, 1, 2, row):
    y_hat = w * x[k] + b
    u = y_hat - y[k]
    print("row", k + 1, "x", x[k], "y", y[k], "prediction", y_hat, "residual", u, "slope of the loss by it", scale * 2 * u / n)

u = w * x[row] + b - y[row]
print("one square: outer", 2 * u, "inner", x[row], "product", 2 * u * x[row], "taken at w", 2 * w, 2 * w * x[row])


def moved_loss(step):
    total = 0.0
    moved = w * x + b - y
    moved[row] += step
    for part in np.array_split(moved, 16):
        total += np.sum(part * part)
    return scale * total / n


def square(w):
    return (w * x[row] + b - y[row]) ** 2


print("square by differences", (square(w + step_w) - square(w - step_w)) / (2 * step_w))
print("prediction by w", ((w + step_w) * x[row] - (w - step_w) * x[row]) / (2 * step_w))
print("loss by the residual", (moved_loss(step_b) - moved_loss(-step_b)) / (2 * step_b))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    return fill_next(c, D(c.L, c.u)), find_wrong(c, D(c.L, c.u), "sum-kept"), _twice(c)


def _twice(c: Course) -> Exercise:
    """Every row doubled."""
    rate = c.formula(D(c.L, c.y_hat))
    return Exercise(
        (Prose(("Write every row of the data a second time. What becomes of the loss, and what of ", rate, " of one row?")),),
        (("What becomes of ", c.formula(c.n), "?"), ("What stands before the sum, and is it still there when the sum has gone?",)),
        (Prose(("The loss stays: twice as many terms, divided by twice as many. But ", rate, " is halved, for ", c.formula(c.n), " is doubled and only one ",
                "term of the sum contains the prediction of that row. The row and its copy together pull as the one did.")),),
    )  # fmt: skip


CHAIN_RULE = Lesson("chain-rule", "The chain rule", "How does a change travel to the loss, and where does the sum go?", _write, _program, _exercises)
