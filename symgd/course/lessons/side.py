"""Which side: the sign of the slope says in which direction the loss falls."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symgd.course.exercise import Exercise
from symgd.course.held import parabola_of
from symgd.course.lesson import Course, Lesson
from symgd.course.proved import chain, proved
from symgd.course.runs import figure, held, start_of
from symgd.course.trial import table
from symgd.document.page import Box, Folded, Inline, Prose, Strong
from symgd.exposition.writing import Writing
from symgd.pictures import ways_downhill
from symgd.pictures.lettering import digits_apart
from symgd.term import ONE, TWO, Div, Neg, Num, add, mul

__all__ = ["SIDE"]

PLACES = (-1.0, -0.5, 0.0, 0.5, 1.0)  # where the slope is looked at, in distances of the start from the lowest point
TRIED = 0.1  # of that distance: a small step to either side
ROUNDING = 1e-9


def _write(c: Course, w: Writing) -> None:
    _question(c, w)
    _proof(c, w)
    _places(c, w)
    _both(c, w)


def _question(c: Course, w: Writing) -> None:
    w.head("A question first")
    w.say("Hold the intercept ", c.formula(c.b), " still and stand at some slope ", c.formula(c.w), " of the line. The loss curve cannot be seen from there; "
          "what is known is the loss at this one place, and its derivative ", c.formula(c.dw), " there.")  # fmt: skip
    right: Inline = (
        "If ", c.formula(c.dw), " is negative, to the right: ", c.formula(c.w), " grows. If it is positive, to the left: ", c.formula(c.w),
        " gets smaller. If it is 0, nowhere: this is the lowest point. In short: against the sign of the derivative.",
    )  # fmt: skip
    w.blocks.append(Box(("Which way?",), (
        Prose(("How does the algorithm know to which side it has to move ", c.formula(c.w), " so that the loss falls?")),
        Folded(("Hint",), (Prose(("A derivative says how fast the curve rises when you walk to the right. What does it say when it is negative?",)),), "hint"),
        Folded(("Answer",), (Prose(right),), "answer"),
    ), "exercise"))  # fmt: skip


def _proof(c: Course, w: Writing) -> None:
    p = parabola_of(c)
    h, t = p.problem.unused("h", "t")
    g = c.dw
    w.head("Why: the first-order term")
    w.say("With ", c.formula(c.b), " held the loss is a ", c.to("parabola", "parabola"), " in ", c.formula(c.w), ", and ", c.formula(g), " is its slope:")
    w.chain((
        *(w.line(d.name, d.value, ":=", (d.says,)) for d in p.problem.tape[:3]),
        proved(c.L, p.at(c.w), p.problem, ("the loss, sorted by powers of ", c.formula(c.w))),
        proved(g, p.slope, p.problem, ("its derivative",)),
    ))  # fmt: skip
    change = add(p.at(add(c.w, h)), Neg(p.at(c.w)))
    first = add(mul(p.slope, h), mul(p.A, h**2))
    w.say("Now take a step: ", c.formula(add(c.w, h)), " in place of ", c.formula(c.w), ". The loss changes by")
    w.chain(chain(change, [
        (first, "multiplied out: what does not contain the step cancels", "It stands with a plus in the new loss, and with a minus in the old one."),
        (add(mul(g, h), mul(p.A, h**2)), "the first bracket is the derivative", "So for a short step the loss changes by about the derivative times the step."),
    ], p.problem, w.detail))  # fmt: skip
    w.say("The first term is the derivative times the step. The second is never negative, and it shrinks with the square of the step: for a small step the "
          "first term decides. The loss can only fall if the first term is negative, so the step must have ", Strong("the sign that the derivative has not"),
          ".")  # fmt: skip
    w.say("How small is small? Take a step against the derivative, ", c.formula(t), " times as long, with ", c.formula(t), " > 0:")
    moved = mul(Neg(t), g)
    w.chain(chain(add(mul(g, moved), mul(p.A, moved**2)), [(Neg(mul(t, add(ONE, Neg(mul(p.A, t))), g**2)), "the common factors in front",
                                                               "A square stays when two minus signs meet in it; the minus that is left comes to the front.")],
                  p.problem, w.detail))  # fmt: skip
    w.say("That is negative as long as the derivative is not 0 and ", c.formula(t), " is smaller than ", c.formula(Div(ONE, p.A)), ". So the loss falls for "
          "every step in this direction that is not too long; too long a step is the subject of ", c.to("raw-slope", "the next page"), ".")  # fmt: skip
    w.note("No picture of the curve is needed to choose the side, and no search: one number, the derivative, has a sign, and the sign is the answer.")


def _points(c: Course) -> tuple[float, float, list[tuple[float, float]]]:
    """(A, the vertex, (w, slope) at each of the places)"""
    a, b, const = held(c.example)
    lowest = -b / (2 * a)
    away = abs(lowest - start_of(a, b, const))
    return a, lowest, [(lowest + k * away, 2 * a * k * away) for k in PLACES]


def _places(c: Course, w: Writing) -> None:
    a, b, const = held(c.example)
    _, lowest, points = _points(c)
    step = TRIED * abs(points[0][0] - lowest)
    digits = digits_apart([p for p, _ in points], 4)
    w.head("Five places on these data")
    w.say("The intercept is held at ", c.formula(c.b), " = 0. At five values of ", c.formula(c.w), " the slope is computed from the data. Then a small step of "
          "", figure(step), " is really tried to either side, to see whether the sign had told the truth.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for at, slope in points:
        way = "to the right" if slope < 0 else "to the left" if slope > 0 else "stay"
        changes = [slope * h + a * h * h for h in (step, -step)]
        rows.append([figure(at, digits), figure(slope), way, *(_signed(x) for x in changes)])
    table(w, [(c.formula(c.w),), (c.formula(c.dw),), ("so move",), ("loss changes, step right",), ("loss changes, step left",)], rows)
    w.say("A falling loss has a − in front of its change. On the left of the lowest point only the step to the right lowers the loss, on the right of it only "
          "the step to the left; at the lowest point, ", c.formula(c.w), f" = {figure(lowest, digits)}, no step does.")  # fmt: skip
    c.draw(w, ways_downhill(a, b, const, [p for p, _ in points], w_label=c.label(c.w), y_label="loss", prefix="side-ways"))


def _signed(x: float) -> str:
    return ("+" if x > 0 else "") + figure(x)


def _both(c: Course, w: Writing) -> None:
    """The same for the intercept, at the start."""
    e = c.example
    sizes = (abs(e.x).mean() * abs(e.y).mean(), abs(e.y).mean())
    slopes = [0.0 if abs(s) <= ROUNDING * size else s for s, size in zip(e.raw.gradient(0.0, 0.0), sizes, strict=True)]
    w.head("The same for the intercept")
    w.say("The intercept has a derivative of its own, ", c.formula(c.db), ", and its sign is read in the same way. At ", c.formula(c.w), " = 0 and ",
          c.formula(c.b), " = 0, where a descent usually starts, these data give")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for name, derivative, slope in zip((c.w, c.b), (c.dw, c.db), slopes, strict=True):
        way = "must grow" if slope < 0 else "must get smaller" if slope > 0 else "must stay: rounding aside, the derivative is 0"
        rows.append([(c.formula(derivative),), figure(slope), (c.formula(name), f" {way}")])
    table(w, [("derivative",), ("at the start",), ("so",)], rows)
    w.say("The sign says to which side. It does not say how far: that is the question of ", c.to("raw-slope", "the next page"), ".")


def _program(c: Course) -> str:
    a, b, const = held(c.example)
    start = start_of(a, b, const)
    return f'''import math

# the intercept held at 0: the lowest point, and five places about it
lowest = np.mean(x * y) / np.mean(x * x)
away = abs(lowest - {"0.0" if not start else "math.sqrt(np.mean(y * y) / np.mean(x * x))"})
step = {TRIED} * away
print("lowest point", lowest, "step", step)


def change(w, h):
    """loss(w + h, 0) - loss(w, 0), without the digits that a difference would lose"""
    return scale * np.mean(h * x * (2 * (w * x - y) + h * x))


for k in {PLACES}:
    w = lowest + k * away
    print("w", w, "loss", loss(w, 0), "slope", slopes(w, 0)[0], "right", change(w, step), "left", change(w, -step))
print("at the start", slopes(0, 0))
print("A, B, C", scale * np.mean(x * x), -2 * scale * np.mean(x * y), scale * np.mean(y * y))
print("least loss with the intercept held", loss(lowest, 0))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    p = parabola_of(c)
    step = p.problem.unused("h")[0]
    bigger = add(mul(c.dw, step), mul(p.A, step**2))
    twelve = mul(Num(Fraction(12)), c.w)
    slope = add(mul(Num(Fraction(4)), c.w), Neg(Num(Fraction(12))))
    return (
        Exercise(
            (Prose(("At some place ", c.formula(c.dw), " = −3. Should ", c.formula(c.w), " grow or get smaller? And if ", c.formula(c.dw), " = 5?")),),
            (("The step has the sign that the derivative has not.",),),
            (Prose(("It should grow in the first case, for −3 is negative, and get smaller in the second.",)),),
        ),
        Exercise(
            (Prose(("Somebody moves in the direction of the derivative, ", c.formula(add(c.w, c.dw)), ". Can the loss fall?")),),
            (("Put the derivative itself for the step into ", c.formula(bigger), "."), ("Which of the two terms can then be negative?",)),
            (Prose(("No. With the derivative ", c.formula(c.dw), (" as the step both terms are squares times something positive: the loss rises wherever the "
            "derivative is not 0."))),),
            kind="find",
        ),
        Exercise(
            (Prose(("The loss is ", c.formula(c.L), " = ", c.formula(add(mul(TWO, c.w**2), Neg(twelve), ONE)), (". Write the line for its derivative, and say "
            "to which side to move from "),
                    c.formula(c.w), " = 1.")),),
            (("The derivative of a square is twice its base; constants do not change.",),),
            (Prose(("The derivative is ", c.formula(slope), ", which is −8 at ", c.formula(c.w), " = 1: negative, so to the right.")),),
            kind="fill", stated=(f"{c.L.symbol} = 2*{c.w.symbol}^2 - 12*{c.w.symbol} + 1",), key=f"d{c.L.symbol}/d{c.w.symbol} = 4*{c.w.symbol} - 12",
        ),
    )  # fmt: skip


SIDE = Lesson("side", "Which side to move towards", "How does the slope tell in which direction the loss falls?", _write, _program, _exercises)
