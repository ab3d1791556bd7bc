"""The gradient of the line: one slope and one intercept move every prediction, so the ways to the loss are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symgd.course.errors import of_slides
from symgd.course.exercise import Exercise, fill_next, find_wrong
from symgd.course.lesson import Course, Lesson
from symgd.course.proved import proved
from symgd.course.runs import figure
from symgd.course.trial import Trial, agreeing, cells, exact, table, trial
from symgd.document.page import Cite, Inline, Prose
from symgd.exposition.layers import local
from symgd.exposition.writing import Writing
from symgd.pictures import Drawing, chain_of_names
from symgd.pictures.lettering import count, power_of_ten
from symgd.term import D, Name, Num, Term, mean, mul

__all__ = ["GRADIENT"]

SHOWN = 3  # rows
LOW = "₁₂"
TINY = 1e-20  # the complex step


def _write(c: Course, w: Writing) -> None:
    t = trial(c.example)
    _recalled(c, w)
    c.draw(w, _fan(c, t))
    _derived(c, w, c.w)
    w.say("The residuals, each weighed with its own ", w.formula(c.x), ": a sample far from ", w.formula(c.x), " = 0 pulls more at ", w.formula(c.w), ".")
    w.blocks.extend(of_slides(c, 11))
    _derived(c, w, c.b)
    w.say("Raise ", w.formula(c.b), " by 1 and every prediction rises by 1. So no weight stands in the sum: it is ",
          "twice the mean of the residuals." if c.example.scale == 1 else "the mean of the residuals.")  # fmt: skip
    w.blocks.extend(of_slides(c, 13, 14))
    _added(c, w, t)
    _alone(c, w, t)
    w.blocks.extend(of_slides(c, 12))
    _checked(c, w, t)
    w.head("What follows")
    w.say("Two slopes are known now, one for each parameter: two numbers with two units. What a step does with them is on the ",
          c.to("update", "next page"), ".")  # fmt: skip


# ---------------------------------------------------------------- the derivation


def _recalled(c: Course, w: Writing) -> None:
    g = c.example.gradient
    w.head("One ", w.formula(c.w), ", many predictions")
    w.say("From the ", c.to("chain-rule", "chain rule"), " we take what the loss is made of, and how it changes with one prediction:")
    lines = [w.line(d.name, d.value, ":=", (d.says,), w.number(d.name)) for d in g.problem.tape]
    w.chain((*lines, w.result(g.of(c.y_hat.symbol), "the chain rule, by way of ", w.formula(c.u))))
    w.say("Now move ", w.formula(c.w), ". It stands in the line of every sample, so all ", count(c.example.n),
          " predictions move at once, and each moves the loss. ",
          "There are ", w.formula(c.n), " ways from ", w.formula(c.w), " to ", w.formula(c.L),
          ". Along each the derivatives are multiplied; the ways are added.")  # fmt: skip


def _derived(c: Course, w: Writing, p: Name) -> None:
    """∂L/∂p: the local derivative, then the sum over all ways."""
    g = c.example.gradient
    own = local(g, c.y_hat, p)
    assert own is not None
    w.head("The derivative by ", w.formula(p))
    w.say("One prediction first, from ", Cite(w.numbers[c.y_hat]), ":")
    w.chain(w.derivation(own))
    w.say("Then all of them:")
    w.chain(w.derivation(g.of(p.symbol)))


def _fan(c: Course, t: Trial) -> Drawing:
    """w at the top, two predictions and all the others, the loss below."""
    e, (dx, dy) = c.example, t.digits
    slope = 2 * e.scale * t.u / e.n
    top, foot = f"{c.label(c.w)} = {exact(t.w)}", f"{c.label(c.L)} = {figure(e.scale * float(t.u @ t.u) / e.n, 4)}"
    hat, others = c.label(Name(c.y_hat.symbol)), f"{count(e.n - 2)} more"
    arrows: list[tuple[str, str, str]] = []
    middle = [f"{hat}{LOW[k]} = {figure(float(e.y[k] + t.u[k]), dy)}" for k in range(2)]
    for k, m in enumerate(middle):
        arrows += [(top, m, figure(float(e.x[k]), dx)), (m, foot, cells([slope[k]], 3, float(np.abs(slope).max()))[0])]
    arrows += [(top, others, ""), (others, foot, "")]
    return chain_of_names((top, *middle, others, foot), arrows, title=f"One parameter moves all {count(e.n)} predictions", prefix="gradient-fan")


# ---------------------------------------------------------------- numbers


def _added(c: Course, w: Writing, t: Trial) -> None:
    e, dx = c.example, t.digits[0]
    slope = 2 * e.scale * t.u / e.n
    total = _by_sums(c, t.w, t.b)
    w.head("The ways as numbers")
    w.say("At ", w.formula(c.w), " = ", exact(t.w), " and ", w.formula(c.b), " = ", exact(t.b), f", the first {SHOWN} {e.rows_are} and the sum over all:")
    size = [float(np.abs(slope * e.x).max()), float(np.abs(slope).max())]
    rows: list[list[str]] = [[str(k + 1), *cells([slope[k]], 4, size[1]), figure(e.x[k], dx), *cells([slope[k] * e.x[k]], 4, size[0]), "1",
          *cells([slope[k]], 4, size[1])]
            for k in range(SHOWN)]  # fmt: skip
    rows.append([f"all {count(e.n)}", "", "", *cells([total[0]], 6, e.n * size[0]), "", *cells([total[1]], 6, e.n * size[1])])
    by_w, by_b = D(c.y_hat, c.w, True), D(c.y_hat, c.b, True)
    heads: tuple[Inline, ...] = (("row",), *((w.formula(g),) for g in (D(c.L, c.y_hat), by_w, mul(D(c.L, c.y_hat), by_w), by_b, mul(D(c.L, c.y_hat), by_b))))
    table(w, heads, rows)
    w.say("The last row is the gradient at this place: ", w.formula(c.dw), " = ", rows[-1][3], " and ", w.formula(c.db), " = ", rows[-1][5], ". ",
          *_way(c, w, c.w, total[0], rows[-1][3]), " ", *_way(c, w, c.b, total[1], rows[-1][5]))  # fmt: skip


def _way(c: Course, w: Writing, p: Name, slope: float, shown: str) -> Inline:
    """What the sign says."""
    if shown == "0":
        return ("Along ", w.formula(p), " the loss is level here.")
    return (f"The {'first' if p == c.w else 'second'} is {'negative' if slope < 0 else 'positive'}: a {'larger' if slope < 0 else 'smaller'} ", w.formula(p),
            " lowers the loss.")  # fmt: skip


def _alone(c: Course, w: Writing, t: Trial) -> None:
    """The gradient of one sample: what SGD uses, and by which factor 2 u x is another number."""
    e, i = c.example, t.i
    own = 2 * e.scale * t.u * e.x
    pull, against = float(own.mean()), int(np.count_nonzero(own * np.sign(own.mean()) < -1e-9 * np.abs(own).max()))
    double = Num(Fraction(2 * e.scale))
    one: Term = mul(double, c.u, c.x) if e.scale == 1 else mul(c.u, c.x)
    w.head("One sample alone")
    w.say("The loss of one sample alone is ", "its squared residual" if e.scale == 1 else "half its squared residual", "; its slope is ", w.formula(one),
          ", without a sum and without ", w.formula(c.n), ". The slope of the whole loss is the mean of these:")  # fmt: skip
    w.chain((proved(c.dw, mean("i", one, c.n), e.gradient.problem, ("the factor taken into the sum",)),))
    w.say("A descent that steps by the slope of one sample at a time is called stochastic gradient descent. Such a step is cheap, and wrong by "
          "itself: here the "
          "slopes of the single samples run from ", figure(float(own.min()), 4), " to ", figure(float(own.max()), 4), ", while their mean is ",
          *cells([pull], 4, float(np.abs(own).max())), ". ", f"{count(against)} of {count(e.n)} point the other way. " if against else "None points "
          "the other way. ", "On average it is right.")  # fmt: skip
    w.say("For row ", count(i + 1), " the slope of the sample alone is ", figure(float(own[i]), 4), "; its part in the whole is that divided by ",
          w.formula(c.n), ", ",
          figure(float(own[i]) / e.n, 4), ". So who adds up all samples and forgets to divide has a slope ", count(e.n),
          " times too large, and needs a learning rate ",
          count(e.n), " times smaller.")  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """One slope at one place, by three ways; `size` is what it is made of."""

    goal: D
    sums: float
    difference: float
    complex_step: float
    size: float

    def digits(self) -> tuple[str, str]:
        return agreeing(self.sums, self.difference, self.size), agreeing(self.sums, self.complex_step, self.size)


def _by_sums(c: Course, w: float, b: float) -> tuple[float, float]:
    """From the compiled derivation."""
    found = c.example.raw.gradient(w, b)
    return float(found[0]), float(found[1])


def _loss(c: Course, w: complex, b: complex) -> complex:
    e = c.example
    u = w * e.x + (b - e.y)
    return complex(e.scale * (u @ u) / e.n)


def _places(t: Trial) -> tuple[tuple[float, float], ...]:
    return (0.0, 0.0), (t.w, 0.0), (t.w, t.b)


def _found(c: Course, t: Trial, w: float, b: float) -> tuple[_Found, _Found]:
    e, (hw, hb), sums = c.example, t.steps, _by_sums(c, w, b)
    u = float(np.sqrt(_loss(c, w, b).real))
    by_w = (_loss(c, w + hw, b) - _loss(c, w - hw, b)).real / (2 * hw)
    by_b = (_loss(c, w, b + hb) - _loss(c, w, b - hb)).real / (2 * hb)
    return (_Found(c.dw, sums[0], by_w, _loss(c, w + 1j * TINY, b).imag / TINY, u * float(np.sqrt(e.x @ e.x / e.n))),
            _Found(c.db, sums[1], by_b, _loss(c, w, b + 1j * TINY).imag / TINY, u))  # fmt: skip


def _checked(c: Course, w: Writing, t: Trial) -> None:
    hw, hb = t.steps
    every = [(at, f) for at in _places(t) for f in _found(c, t, *at)]
    w.head("Three ways to the same number")
    w.say("The formulas can be checked without any algebra. A difference: step a little up and a little down, and divide the change of the loss by the way. ",
          "A complex step: put ", w.formula(c.w), " + ih for ", w.formula(c.w),
          " and divide the imaginary part of the loss by h; nothing is subtracted, so h may be as small as ", power_of_ten(-20), ".")  # fmt: skip
    checked: list[list[str | Inline]] = []
    for at, f in every:
        values = (cells([v], 6, f.size)[0] for v in (f.sums, f.difference, f.complex_step))
        checked.append([f"({exact(at[0])}, {exact(at[1])})", (w.formula(f.goal),), *values])
    heads = (("at (", w.formula(c.w), ", ", w.formula(c.b), ")"), ("slope",), ("by the sums",), ("by differences",), ("by the complex step",))
    table(w, heads, checked)
    fewest = [min((f.digits()[k] for _, f in every), key=lambda s: int(s.split()[0])) for k in (0, 1)]
    w.say("The differences were taken with the steps ", exact(hw), " for ", w.formula(c.w), " and ", exact(hb), " for ", w.formula(c.b),
          f". They agree with the sums in {fewest[0]} digits everywhere, the complex steps in {fewest[1]}.")  # fmt: skip


def _program(c: Course) -> str:
    t = trial(c.example)
    return f'''# the gradient: the parts of single samples, and three ways to the whole
w, b = {t.w!r}, {t.b!r}
step_w, step_b, tiny = {t.steps[0]!r}, {t.steps[1]!r}, {TINY!r}
row = {t.i}  # counted from 0
print("n", n, "and", n - 2, "more; row", row + 1, "w", w, "b", b, "steps", step_w, step_b, tiny, "loss", loss(w, b))
for k in (0, 1, 2, row):
    u = w * x[k] + b - y[k]
    part = scale * 2 * u / n
    print("row", k + 1, "x", x[k], "prediction", w * x[k] + b, "parts", part, part * x[k], "alone", scale * 2 * u * x[k])
alone = scale * 2 * x * (w * x + b - y)
other_way = np.sum(alone * np.sign(np.sum(alone)) < -1e-9 * np.max(np.abs(alone)))
print("slopes alone from", np.min(alone), "to", np.max(alone), "mean", np.sum(alone) / n, "other way", other_way)

for w0, b0 in ((0.0, 0.0), (w, 0.0), (w, b)):
    print("at", w0, b0)
    print("  sums", *slopes(w0, b0))
    print("  differences", (loss(w0 + step_w, b0) - loss(w0 - step_w, b0)) / (2 * step_w), (loss(w0, b0 + step_b) - loss(w0, b0 - step_b)) / (2 * step_b))
    print("  complex", np.imag(loss(w0 + 1j * tiny, b0)) / tiny, np.imag(loss(w0, b0 + 1j * tiny)) / tiny)
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    return fill_next(c, c.dw, 2), find_wrong(c, c.dw, "inner-derivative"), _shifted(c)


def _shifted(c: Course) -> Exercise:
    """All targets raised by one."""
    doubled = c.example.scale == 1
    return Exercise(
        (Prose(("Every ", c.formula(c.y), " is raised by 1, and neither ", c.formula(c.w), " nor ", c.formula(c.b), " is moved. By how much does ",
        c.formula(c.db), " change?")),),
        (("What happens to every residual?",), (c.formula(c.db), f" is {'twice ' if doubled else ''}the mean of the residuals.")),
        (Prose((f"By −{2 if doubled else 1}: every residual becomes smaller by 1, so their mean does too",
                ", and twice the mean by 2." if doubled else ".", " The slope asks for a larger ", c.formula(c.b), " than before.")),),
    )  # fmt: skip


GRADIENT = Lesson(
    "gradient", "The gradient of the line", "How do all the samples together pull at the slope and at the intercept?", _write, _program, _exercises
)
