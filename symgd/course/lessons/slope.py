"""The slope: secants that turn into the tangent, and the derivative from first principles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from symgd.course.amounts import amount, round_step
from symgd.course.errors import of_slides
from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.line import unit_of_slope, unit_of_target
from symgd.course.lessons.parabola import coefficients, drawn, lowest, rounded, share, sums, width, with_coefficients
from symgd.course.measured import squared
from symgd.course.proved import along, chain, proved
from symgd.course.spoiled import as_line
from symgd.document.page import Chain, Prose
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.pictures import loss_parabola, secants
from symgd.stationary.linear import unfold
from symgd.term import TWO, D, Div, Name, Neg, Pow, Sum, Term, add, mul

__all__ = ["SLOPE", "places", "steps"]

STEPS = (1.0, 0.1, 0.01)  # of the secants, in powers of ten of w
TANGENTS = 6
WANTED = 0.001  # of an exercise: how exact a slope is to be


def places(c: Course) -> tuple[float, ...]:
    """Six round values of w, three up to the lowest point and three beyond it, with the intercept 0."""
    step = round_step(width(c, 0.0) / 2)
    middle = math.floor(lowest(c, 0.0)[0] / step)
    return tuple(rounded((middle + k) * step) for k in range(-2, TANGENTS - 2))


def steps(c: Course) -> tuple[float, ...]:
    """h = 1, 0.1, 0.01 of the power of ten that these slopes have."""
    unit = 10.0 ** math.floor(math.log10(width(c, 0.0)))
    return tuple(rounded(k * unit) for k in STEPS)


def _write(c: Course, w: Writing) -> None:
    _secants(c, w)
    _derivative(c, w)
    _with_sums(c, w)
    _tangents(c, w)
    _second(c, w)


def _secants(c: Course, w: Writing) -> None:
    at = places(c)[1]
    w.head("Two points make a secant")
    w.say("How steep is a curve at one point? With two points it is easy: the line through them, a secant, rises by the difference of the losses over ",
          "the distance ", c.formula(step_name(c)), ". Then the second point is moved towards the first. Here is the loss as ",
          c.to("parabola", "the parabola"), " with ", c.formula(c.b), " = 0, at ", c.formula(c.w), f" = {amount(at)}:")  # fmt: skip
    drawing = secants(*drawn(c, 0.0), at, steps(c), w_label=c.label(c.w), y_label=f"loss {c.label(c.L)}", prefix="slope-secants")
    c.draw(w, drawing)
    w.say("Each step ten times as short leaves a difference ten times as small. The slopes settle at one number, the slope of the tangent. But ",
          c.formula(step_name(c)), " = 0 cannot be put in: one point makes no secant, and 0/0 is no number. So first divide, then let ",
          c.formula(step_name(c)), " go to 0.")  # fmt: skip


def step_name(c: Course) -> Name:
    (h,) = c.example.gradient.problem.unused("h")
    return h


def name_of_secant(c: Course) -> Name:
    (s,) = c.example.gradient.problem.unused("s")
    return s


def _derivative(c: Course, w: Writing) -> None:
    A, B, C = (d.name for d in coefficients(c))
    h, v, known = step_name(c), c.w, with_coefficients(c)
    here = add(mul(A, v**2), mul(B, v), C)
    w.head("The derivative from first principles")
    w.say("The slope ", c.formula(name_of_secant(c)), " of the secant, with the parabola put in at both points, line by line:")
    name, start = name_of_secant(c), Div(add(mul(A, Pow(v + h, TWO)), mul(B, v + h), C) - here, h)
    squared = add(v**2, mul(TWO, v, h), h**2)
    opened = Div(add(mul(A, squared), mul(B, v), mul(B, h), C, Neg(mul(A, v**2)), Neg(mul(B, v)), Neg(C)), h)
    lines = chain(name, [
        (start, "the difference of the losses over the distance", "How much higher the second point lies, divided by how far away it is: that is a slope."),
        (opened, ("the square multiplied out: ", c.formula(Pow(v + h, TWO)), " = ", c.formula(squared)),
         "The second bracket loses its brackets: each sign in it turns, for it is subtracted."),
        (Div(add(mul(TWO, A, v, h), mul(A, h**2), mul(B, h)), h), ("all without ", c.formula(h), " cancels"),
         "Each such term stands once with a plus and once with a minus."),
        (add(mul(TWO, A, v), B, mul(A, h)), ("divided by ", c.formula(h), ", which is not 0 yet"),
         "Every term on top holds it as a factor, so one of it goes from each."),
    ], along(c.example.gradient.problem, *coefficients(c), Definition(name, start, "")), w.detail)  # fmt: skip
    w.chain(lines)
    w.say("Now nothing is divided by ", c.formula(h), " any more, and it may go to 0. The last term goes with it, and what stays is the slope of the ",
          "tangent, the derivative:")  # fmt: skip
    w.chain((proved(c.dw, add(mul(TWO, A, v), B), known, ("the limit",)),))
    w.say("The secants in the table differ from it by exactly ", c.formula(mul(A, h)), ": that is why a tenth of the step left a tenth of the difference.")


def _with_sums(c: Course, w: Writing) -> None:
    e = c.example
    problem, h, u = e.gradient.problem, step_name(c), c.u
    at = places(c)[1]

    def over(body: Term) -> Term:
        return Sum("i", body)

    w.head("The same with the sums themselves")
    w.say("The parabola's letters are not needed. When ", c.formula(c.w), " grows by ", c.formula(h), ", every residual grows by ", c.formula(mul(h, c.x)), ":")
    one = share(c, 1)
    moved = Pow(u + mul(h, c.x), TWO)
    name, start = name_of_secant(c), Div(mul(one, over(moved)) - mul(one, over(u**2)), h)
    lines = chain(name, [
        (start, "the difference of the losses over the distance", "The new loss minus the old one, as before; only the residuals have moved."),
        (mul(one, over(Div(add(u**2, mul(TWO, h, u, c.x), mul(h**2, c.x**2), Neg(u**2)), h))), "one sum; the square multiplied out",
         "Both losses are sums over the same rows: subtract row by row. And (f + g)² = f² + 2 f g + g²."),
        (mul(one, over(add(mul(TWO, u, c.x), mul(h, c.x**2)))), ("the squares cancel, then one ", c.formula(h)),
         "What is left on top holds it in each term, so it can be divided away."),
        (add(mul(share(c, 2), over(mul(u, c.x))), mul(h, one, over(c.x**2))), "two sums",
         "A sum of sums may be taken part by part, and a common factor stands in front."),
    ], along(problem, Definition(name, unfold(problem, start), "")), w.detail)  # fmt: skip
    w.chain(lines)
    w.say("and with ", c.formula(h), " gone")
    w.chain((proved(c.dw, mul(share(c, 2), over(mul(u, c.x))), problem, ("the limit",)),))
    w.say("It is the mean of residual times feature, twice" if e.scale == 1 else "It is the mean of residual times feature", ". "
          "", c.to("chain-rule", "The chain rule"),
          " will give the same without any limit.")  # fmt: skip
    slope = slope_at(c, at)
    w.say("A check by another way: take ", c.formula(h), " not short but imaginary. A step in that direction leaves the data alone, and the imaginary ",
          "part of the loss, divided by the step, is the slope, without a difference of two nearly equal numbers. At ", c.formula(c.w), " = ",
          f"{amount(at)} that gives {amount(by_complex_step(c, at), 8)}; the derivative gives {amount(slope, 8)}.")  # fmt: skip


def slope_at(c: Course, v: float) -> float:
    A, B, _ = sums(c, 0.0)
    return 2 * A * v + B


def by_complex_step(c: Course, v: float) -> float:
    """Im L(w + ih)/h, W. Squire and G. Trapp, SIAM Review 40, 1998, doi:10.1137/S003614459631241X."""
    e = c.example
    h = 1e-20 * width(c, 0.0)
    u = complex(v, h) * e.x - e.y
    return float(e.scale * (u @ u).imag / e.n / h)


def _tangents(c: Course, w: Writing) -> None:
    w.head("Six tangents")
    drawing = loss_parabola(
        *drawn(c, 0.0), places(c), w_label=c.label(c.w), y_label=f"loss {c.label(c.L)}", held=f"{c.label(c.b)} = 0", prefix="slope-tangents",
    )  # fmt: skip
    c.draw(w, drawing)
    best = lowest(c, 0.0)[0]
    w.say("Left of the lowest point the slopes are negative, right of it positive, and the farther from it, the steeper. At the lowest point itself, at ",
          c.formula(c.w), f" = {amount(best, 6)}, the tangent is level. The unit of a slope is that of the loss over that of ", c.formula(c.w), ": ",
          f"{squared(unit_of_target(c))} over ({unit_of_slope(c)}).")  # fmt: skip


def _second(c: Course, w: Writing) -> None:
    A, B, _ = (d.name for d in coefficients(c))
    known = with_coefficients(c)
    second = D(add(mul(TWO, A, c.w), B), c.w, True)
    w.head("The slope of the loss, not of the slope")
    w.blocks.extend(of_slides(c, 6))
    w.say("Whoever does take the derivative of the slope gets the second derivative:")
    w.chain((proved(second, mul(TWO, A), known, ("it holds no ", c.formula(c.w))),))
    w.say(f"Here it is {amount(2 * sums(c, 0.0)[0], 6)}, the same everywhere. It tells how fast the slope changes, and with that ",
          c.to("rate", "how large a step may be"), ". But which side is down, only the slope itself tells: ", c.to("side", "which side to move towards"),
          ".")  # fmt: skip


def _program(c: Course) -> str:
    at, h0 = places(c)[1], width(c, 0.0)
    return f'''at = {at!r}
slope = slopes(at, 0)[0]
print("at", at, "slope", slope)
for h in {list(steps(c))}:
    secant = (loss(at + h, 0) - loss(at, 0)) / h
    print("step", h, "secant", secant, "more than the tangent", h * scale * np.mean(x**2))
h = {1e-20 * h0!r}
print("complex step", (scale * np.mean(((at + 1j * h) * x - y) ** 2)).imag / h)
for w in {[*places(c), rounded(sum(places(c)[3:5]) / 2)]}:
    print("at", w, "loss", loss(w, 0), "slope", slopes(w, 0)[0])
best = np.sum(x * y) / np.sum(x * x)
print("A", scale * np.mean(x**2), "wanted", {WANTED}, "step", {WANTED} / (scale * np.mean(x**2)))
print("lowest point", best, "loss there", loss(best, 0), "second derivative", 2 * scale * np.mean(x * x))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    A, B, C = (d.name for d in coefficients(c))
    h, v = step_name(c), c.w
    whole = Problem("", (), (), (), (), count=())
    start = Div(add(mul(A, Pow(v + h, TWO)), mul(B, v + h), C) - add(mul(A, v**2), mul(B, v), C), h)
    opened, end = Div(add(mul(TWO, A, v, h), mul(A, h**2), mul(B, h)), h), add(mul(TWO, A, v), B, mul(A, h))
    one, two = places(c)[3:5]
    middle = rounded((one + two) / 2)
    return (
        Exercise(
            (Prose(("Here is the slope of a secant, with the square multiplied out. Write the next line: divide by ", c.formula(h), ".")),
             Chain((proved(start, opened, whole, ("multiplied out",)),))),
            (("Each of the three parts contains ", c.formula(h), "."),),
            (Chain((proved(start, end, whole, ("divided by ", c.formula(h)),),)), Prose(("Only now may ", c.formula(h), " go to 0."))),
            "fill", (as_line(start, opened),), as_line(start, end),
        ),
        Exercise(
            (Prose(("The secants above differ from the tangent by ", c.formula(mul(A, h)), ". How small must ", c.formula(h), " be for a slope that is ",
                    "right to ",
                    f"{amount(WANTED)} in these units?")),),
            (("With ", c.formula(A), f" = {amount(sums(c, 0.0)[0], 6)} set ", c.formula(mul(A, h)), f" = {amount(WANTED)}."),),
            (Prose((f"At most {amount(WANTED / sums(c, 0.0)[0])}. A computer cannot go on like that: the two losses become so alike that their ",
                    "difference is rounding.")),),
        ),
        Exercise(
            (Prose(("Two tangents of the picture touch at ", c.formula(v), f" = {amount(one)} and ", c.formula(v), f" = {amount(two)}. What is the slope at ",
                    c.formula(v), f" = {amount(middle)}, half way between?")),),
            (("How does ", c.formula(add(mul(TWO, A, v), B)), " depend on ", c.formula(v), "?"),),
            (Prose((f"The mean of the two, {amount(slope_at(c, middle), 6)}: the slope of a parabola grows evenly.",)),),
        ),
    )  # fmt: skip


SLOPE = Lesson("slope", "The slope of the loss", "How steep is the loss at a place, and how is that computed?", _write, _program, _exercises)
