"""The update: two slopes, two steps; both parameters together, or one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from symgd.course.exercise import Exercise, predict, predict_program
from symgd.course.lesson import Course, Lesson
from symgd.course.measured import measured
from symgd.course.mistake import mistake
from symgd.course.proved import along, chain
from symgd.course.runs import figure
from symgd.course.trial import cells, exact, power_below, table, trial
from symgd.document.page import Cite, Code, Formula, Inline, Prose
from symgd.exposition.writing import Writing
from symgd.forward import Definition
from symgd.pictures import two_paths
from symgd.pictures.lettering import count, digits_apart
from symgd.term import TWO, Div, Neg, Num, Sum, Term, add, mul

__all__ = ["UPDATE"]

SHOWN, STEPS = 5, 12  # steps in the tables; steps in the picture
Point = tuple[float, float]
NEAR = 1e-6  # of the loss: who starts so near to the least one has nowhere to go
LEVEL = 1e-9  # a mean of x so small, in standard deviations, is 0: the slope by the intercept then does not feel the weight


def _write(c: Course, w: Writing) -> None:
    rate = rate_of(c)
    _rule(c, w)
    _five(c, w, rate)
    _after_another(c, w, rate)
    w.head("What follows")
    w.say("Either way leads downhill. Whether it can end in a wrong valley is the question of the ", c.to("convexity", "next page"), ".")


def rate_of(c: Course) -> float:
    """Three tenths of the bound, cut to two digits: the steepest direction shrinks by a factor from 0.4 to 0.46 a step."""
    most = 0.3 * c.example.rates.bound
    unit = power_below(most) / 10
    return float(f"{math.floor(most / unit * (1 + 1e-12))}e{round(math.log10(unit))}")


# ---------------------------------------------------------------- the rule


def _rule(c: Course, w: Writing) -> None:
    g, e = c.example.gradient, c.example
    w.head("Two slopes, two steps")
    w.say("The ", c.to("gradient", "page before"), " found the two slopes:")
    w.chain(tuple(w.result(g.of(p.symbol), "derived there") for p in (c.w, c.b)))
    w.say("One step moves each parameter against its own slope, scaled by the learning rate ", w.formula(c.alpha), " > 0:")
    w.chain(tuple(w.line(p, add(p, Neg(mul(c.alpha, g.of(p.symbol).result))), "←", ("by ", Cite(w.numbers[goal]))) for p, goal in ((c.w, c.dw), (c.b, c.db))))
    w.say("Both slopes are taken at the same place, before anything has moved; then both parameters move together.")
    w.say("The two slopes are different numbers, and not even of one kind: ", w.formula(c.dw), " is measured in ", measured(e, 1, 1), ", ", w.formula(c.db),
          " in ",
          measured(e, 1, 0), ". The same ", w.formula(c.alpha), " for both is a choice.")  # fmt: skip
    w.blocks.extend(mistake(
        c, "new weight = old weight − learning rate * slope; new bias = old bias − learning rate * slope", words=True,
        hint=("Which derivative is meant by “slope” in the first line, and which in the second?",),
        why=("One word stands for two numbers. In the first line the slope is ", w.formula(c.dw), ", in the second ", w.formula(c.db),
             ". Who computes one slope and subtracts it from both parameters does not go downhill."),
    ))  # fmt: skip


# ---------------------------------------------------------------- the runs


def start_of(c: Course) -> Point:
    """(0, 0); where that is the best line already, the trial line."""
    e, t = c.example, trial(c.example)
    at_zero = float(e.raw.loss(0.0, 0.0))
    return (0.0, 0.0) if at_zero - e.least > NEAR * at_zero else (t.w, t.b)


def together(c: Course, rate: float, steps: int) -> list[Point]:
    """(w, b) after 0, 1, 2, … steps, both moved at once."""
    way = [start_of(c)]
    for _ in range(steps):
        (w, b), slopes = way[-1], c.example.raw.gradient(*way[-1])
        way.append((w - rate * float(slopes[0]), b - rate * float(slopes[1])))
    return way


def after_another(c: Course, rate: float, steps: int) -> list[Point]:
    """The same, but b is moved by its slope at the new w."""
    way = [start_of(c)]
    for _ in range(steps):
        w, b = way[-1]
        w -= rate * float(c.example.raw.gradient(w, b)[0])
        way.append((w, b - rate * float(c.example.raw.gradient(w, b)[1])))
    return way


def _rows(c: Course, way: Sequence[Point]) -> list[list[str]]:
    """The first steps: place, slopes there, loss."""
    raw, shown = c.example.raw, way[: SHOWN + 1]
    losses = [float(raw.loss(*at)) for at in shown]
    slopes = [tuple(map(float, raw.gradient(*at))) for at in shown]
    digits = digits_apart(losses, 4)
    return [[str(k), *cells(at, 5), *cells(g, 5), figure(loss, digits)] for k, (at, g, loss) in enumerate(zip(shown, slopes, losses, strict=True))]


def _heads(c: Course, w: Writing) -> list[Inline]:
    return [("step",), *((w.formula(t),) for t in (c.w, c.b, c.dw, c.db, c.L))]


def _five(c: Course, w: Writing, rate: float) -> None:
    way = together(c, rate, SHOWN)
    e, raw = c.example, c.example.raw
    w.head("The first five steps")
    w.say("From ", w.formula(c.w), " = ", exact(way[0][0]), " and ", w.formula(c.b), " = ", exact(way[0][1]), ", with ", w.formula(c.alpha), " = ",
          figure(rate, 3),
          ", a little below a third of the bound of these data, ",
          figure(e.rates.bound, 3), ":")  # fmt: skip
    table(w, _heads(c, w), _rows(c, way))
    first = tuple(map(float, raw.gradient(*way[0])))
    w.say("Read the first step: ", figure(rate, 3), " times ", figure(first[0], 5), " is subtracted from ", w.formula(c.w), ", and ", figure(rate, 3),
          " times ",
          figure(first[1], 5), " from ", w.formula(c.b), ". Both slopes stand in row 0; row 1 is where the step leads.")  # fmt: skip
    w.say(*_said_end(c, w, way))


def _said_end(c: Course, w: Writing, way: Sequence[Point]) -> Inline:
    """Where five steps have led, beside the best line."""
    e, at = c.example, way[-1]
    last, least = float(e.raw.loss(*at)), e.least
    low = figure(least, 5)
    out: list[str | Formula] = [f"After {SHOWN} steps "]
    for (p, q), loss, between in ((at, figure(last, 5), "; the best line has "), (e.best, low, ".")):
        out += [w.formula(c.w), " = ", figure(p, 5), ", ", w.formula(c.b), " = ", figure(q, 5), " and the loss ", loss, between]
    if e.rates.condition > 100:
        out.append(" The steep direction is nearly done; along the flat one the same rate is far too small.")
    return tuple(out)


# ---------------------------------------------------------------- one after the other


def _after_another(c: Course, w: Writing, rate: float) -> None:
    e = c.example
    both, single = together(c, rate, STEPS), after_another(c, rate, STEPS)
    centred = abs(float(e.x.mean())) <= LEVEL * float(e.x.std())
    w.head("One after the other")
    w.say("A program that writes the new ", w.formula(c.w), " first, and then works out the slope by ", w.formula(c.b),
          ", does something else: that slope is taken at "
          "the new ", w.formula(c.w), ". It is the way of Gauss and Seidel. From the same start:")  # fmt: skip
    table(w, _heads(c, w), _rows(c, single))
    _moved(c, w)
    slope, mean = float(e.raw.gradient(*both[0])[0]), float(e.x.mean())
    apart = 2 * e.scale * rate * rate * slope * mean
    if centred:
        w.say("The last sum is 0 here, for the mean of ", w.formula(c.x),
              " is 0. So on these data both ways are the same, step by step; on others they differ.")
    else:
        w.say("So after the first step the two values of ", w.formula(c.b), " differ by ", w.formula(c.alpha**TWO), " times ", w.formula(c.dw), " times ",
              "twice the mean of " if e.scale == 1 else "the mean of ", w.formula(c.x), ". Here that is ", *_apart(abs(apart), both[1][1], single[1][1]),
              " With a feature that is standardised the mean is 0, and the two ways are one.")  # fmt: skip
    H = e.raw.hessian()
    ways = [("together", both), ("one after the other", single)]
    c.draw(w, two_paths((float(H[0, 0]), float(H[0, 1]), float(H[1, 1])), e.best, ways, w_label=c.label(c.w), b_label=c.label(c.b), least=e.least,
                        prefix="update-paths"))  # fmt: skip
    w.say(*_compared(c, both, single))
    w.say("Neither is wrong: both stand still exactly where both slopes are 0. But they are two methods, and who checks a program by hand must know "
          "which one it is. ",
          "In this course both parameters move together.")  # fmt: skip


def _apart(by: float, first: float, second: float) -> tuple[str, ...]:
    """How far apart, and both values, where one can see it."""
    if by <= 1e-6 * max(abs(first), abs(second)):
        return (figure(by, 4), ", too little to be seen beside ", figure(first, 6), ".")
    digits = min(12, digits_apart((first, second), 4))
    return (figure(by, 4), ": ", figure(first, digits), " together, ", figure(second, digits), " one after the other.")


def _moved(c: Course, w: Writing) -> None:
    """∂L/∂b at w − α g: proved for any number g in the place of ∂L/∂w."""
    p = c.example.gradient.problem
    g, s = p.unused("g", "s")
    double: Term = Div(Num(Fraction(2 * c.example.scale)), c.n)
    there = mul(double, Sum("i", add(mul(add(c.w, Neg(mul(c.alpha, g))), c.x), c.b, Neg(c.y))))
    after = add(c.db, Neg(mul(c.alpha, g, double, Sum("i", c.x))))
    w.say("How much does it change? Write ", w.formula(g), " for ", w.formula(c.dw), " and ", w.formula(s), " for the slope by ", w.formula(c.b),
          " where ", w.formula(c.w), " has moved already:")  # fmt: skip
    w.chain(chain(s, [
        (there, ("the new ", w.formula(c.w), " put in"), "The other parameter still has its old value: only one has moved."),
        (after, "what was there, and what the move adds", "The part without the rate is the old slope; the rest has the rate and a slope as factors."),
    ], along(p, Definition(s, there, "")), w.detail))  # fmt: skip


def _compared(c: Course, both: Sequence[Point], single: Sequence[Point]) -> Inline:
    """Which loss is lower after all steps."""
    losses = [float(c.example.raw.loss(*way[-1])) for way in (both, single)]
    digits = min(12, digits_apart(losses, 4))
    after = f"After {count(STEPS)} steps "
    if abs(losses[0] - losses[1]) <= 1e-4 * max(losses):
        return (after, "the loss is ", figure(losses[0], 3), " both ways, to three digits.")
    better = "together" if losses[0] < losses[1] else "one after the other"
    return (after, "the loss is ", figure(losses[0], digits), " together and ", figure(losses[1], digits), " one after the other: here ", better, " is ahead.")


def _program(c: Course) -> str:
    return f'''# both ways to update, step by step
rate = {rate_of(c)!r}
H = 2 * scale * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]])
print("rate", rate, "bound", 2 / np.linalg.eigvalsh(H)[-1])
deviation = x - x.mean()
w_best = np.sum(deviation * y) / np.sum(deviation * deviation)
b_best = y.mean() - w_best * x.mean()
print("best", w_best, b_best, "least loss", loss(w_best, b_best))

w, b = v, c = {start_of(c)!r}  # (w, b) move together, (v, c) one after the other
slope = slopes(w, b)[0]
print("apart after one step", rate * rate * slope * 2 * scale * np.mean(x))
for k in range({STEPS} + 1):
    print("step", k, "together", w, b, *slopes(w, b), loss(w, b))
    print("step", k, "in turn", v, c, *slopes(v, c), loss(v, c))
    slope_w, slope_b = slopes(w, b)
    w, b = w - rate * slope_w, b - rate * slope_b
    v = v - rate * slopes(v, c)[0]
    c = c - rate * slopes(v, c)[1]
''' + predict_program(c, exercise_rate(c))


def exercise_rate(c: Course) -> float:
    """Half as much again as the bound allows, to two digits."""
    return float(f"{1.5 * c.example.rates.bound:.1e}")


def _exercises(c: Course) -> Sequence[Exercise]:
    return (_which(c), predict(c, exercise_rate(c)), _at_rest(c))


def _which(c: Course) -> Exercise:
    """A program to read."""
    text = "w = w - rate * slopes(w, b)[0]\nb = b - rate * slopes(w, b)[1]\n"
    mended = "slope_w, slope_b = slopes(w, b)\nw, b = w - rate * slope_w, b - rate * slope_b\n"
    return Exercise(
        (Prose(("In this program slopes(…) gives both slopes at a place. Does it move the parameters together, or one after the other?",)), Code(text,
        "python")),
        (("At which place is the slope of the second line taken?",), ("What does the first letter stand for once the first line is done?",)),
        (Prose(("One after the other: when the second line asks for the slopes, the first parameter has its new value already. Together it is",)),
         Code(mended, "python")),
    )  # fmt: skip


def _at_rest(c: Course) -> Exercise:
    return Exercise(
        (Prose(("At the best line both slopes are 0. Where does one step from there lead, together, and one after the other?",)),),
        (("Put 0 for the slope into the update.",), ("Has the place changed when the second slope is taken?",)),
        (Prose(("Nowhere, both ways. The first parameter stays where it is, so the second slope is still taken at the best line, where it is 0: ",
                "the two methods have the same places of rest.")),),
    )  # fmt: skip


UPDATE = Lesson("update", "Updating both parameters", "How does one step move the slope and the intercept, and in which order?", _write, _program, _exercises)
