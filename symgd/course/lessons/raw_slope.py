"""The raw slope: subtracting the slope itself, without a learning rate; what its units say, and what it really does on these data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgd.course.exercise import Exercise
from symgd.course.held import parabola_of
from symgd.course.lesson import Course, Lesson
from symgd.course.measured import measured
from symgd.course.mistake import mistake
from symgd.course.proved import chain, proved
from symgd.course.runs import Form, Walk, figure, forms_of, held, jumps, needed, start_of
from symgd.course.trial import table
from symgd.document.page import Inline, Prose, Strong
from symgd.exposition.writing import Writing
from symgd.pictures import steps_on_parabola
from symgd.pictures.lettering import count
from symgd.term import ONE, TWO, D, Name, Neg, Num, Term, add, mul

__all__ = ["RAW_SLOPE", "verdict"]

SHOWN = 4  # jumps in the table
DRAWN = 8  # jumps in the picture
LONGEST = 20_000  # steps until a parameter must have left the numbers
SAME = 1e-9  # what differs by less is the same, rounding aside
SHARE = 1e-3  # of the distance at the start


@dataclass(frozen=True)
class Jump:
    """A, B, C of the parabola; start and vertex; turn = αλ = 2A, so that one step multiplies the distance by 1 − turn."""

    a: float
    b: float
    c: float
    start: float
    lowest: float
    turn: float

    @property
    def factor(self) -> float:
        return 1 - self.turn

    def loss(self, w: float) -> float:
        """L(w) = C − B²/(4A) + A (w − w_min)²"""
        return self.c - self.b * self.b / (4 * self.a) + self.a * (w - self.lowest) ** 2


def _jump(c: Course) -> Jump:
    a, b, const = held(c.example)
    return Jump(a, b, const, start_of(a, b, const), -b / (2 * a), 2 * a)


def verdict(turn: float) -> str:
    """What one step does to the distance from the lowest point, where it multiplies it by 1 − turn."""
    if abs(turn - 2) <= SAME:
        return "swings"
    if abs(turn - 1) <= SAME:
        return "lands"
    return "nearer" if turn < 1 else "overshoots" if turn < 2 else "diverges"


SAYS = {
    "nearer": "no step reaches the lowest point, every one comes nearer: it converges, from one side",
    "lands": "the first step lands on the lowest point, rounding aside",
    "overshoots": "every step jumps over the lowest point, but lands nearer to it: it converges, from both sides in turn",
    "swings": "every step jumps over the lowest point and lands just as far on the other side: it swings for ever",
    "diverges": "every step jumps over the lowest point and lands farther away than it was: it diverges",
}


def _write(c: Course, w: Writing) -> None:
    w.head("The first idea")
    new = _new(c)
    w.say("The slope has the sign that tells ", c.to("side", "which side to move to"), ". So why not subtract it as it is?")
    w.chain((w.line(new, add(c.w, Neg(c.dw)), ":=", ("the old value minus the slope",)),))
    _units(c, w)
    _factor(c, w)
    _run(c, w)
    _both(c, w)
    w.note("What is missing is a number in front of the slope that has the right unit, and that can be made small: ", c.to("rate", "the learning rate"), ".")


def _new(c: Course) -> Name:
    return Name(f"{c.w.symbol}_new")


def _units(c: Course, w: Writing) -> None:
    e = c.example
    w.head("The units do not fit")
    w.say("One may only subtract what has the same unit. The loss is a mean of squares, and a derivative has the unit of the loss divided by that of the "
          "parameter:")
    rows: list[list[str | Inline]] = [
        [(w.formula(Name(c.x.symbol)), f", the column {e.feature}"), measured(e, 0, 1)],
        [(w.formula(Name(c.y.symbol)), f", the column {e.target}"), measured(e, 1, 0)],
        [(w.formula(c.w),), measured(e, 1, -1)],
        [(w.formula(c.L),), measured(e, 2, 0)],
        [(w.formula(c.dw),), measured(e, 1, 1)],
    ]
    table(w, [("quantity",), ("unit",)], rows)
    slope = e.raw.gradient(_jump(c).start, 0.0)[0]
    w.say("The slope is measured in ", measured(e, 1, 1), ", the weight in ", measured(e, 1, -1), ": the rule subtracts one from the other. That is no matter "
          "of taste. Write the feature in a unit ten times smaller, so that each of its numbers is ten times larger: the best ",
          c.formula(c.w),
          " becomes a tenth, but the slope becomes ten times as large. At the start it is ", figure(slope), " now, and would be ", figure(10 * slope),
          " then: the same rule on the same data takes quite another step.")  # fmt: skip
    w.blocks.extend(mistake(
        c, "New weight = old weight − slope",
        ("The unit check fails: the weight is measured in ", measured(e, 1, -1), ", the slope in ", measured(e, 1, 1),
         ". A number with a unit of its own has to stand before the slope."),
        hint=("Which unit has the weight, and which the slope?",), words=True,
    ))  # fmt: skip


def _factor(c: Course, w: Writing) -> None:
    p = parabola_of(c)
    low, new, step = p.low, _new(c), add(c.w, Neg(c.dw))
    w.head("When does a step jump over the minimum?")
    w.say("Hold ", c.formula(c.b), " and take the parabola ", c.formula(p.at(c.w)), " of the ", c.to("side", "last page"), ". Look at the distance from the "
          "lowest point before and after a step:")
    w.chain((
        w.line(low, p.problem.tape[3].value, ":=", (p.problem.tape[3].says,)),
        w.line(new, step, ":=", ("the step",)),
        *chain(add(step, Neg(low)), [
            (add(c.w, Neg(p.slope), Neg(low)), ("the slope of the parabola",), "The derivative of a parabola, put where its mark stood."),
            (mul(add(ONE, Neg(mul(TWO, p.A))), add(c.w, Neg(low))), ("since ", c.formula(p.B), " = ", c.formula(Neg(mul(TWO, p.A, low)))),
             "That is how the lowest point was defined, solved for the other letter. Then the distance is a factor of both parts."),
        ], p.problem, w.detail),
    ))  # fmt: skip
    w.say("The distance is multiplied by ", c.formula(add(ONE, Neg(mul(TWO, p.A)))), ", by the same number in every step. ", c.formula(mul(TWO, p.A)),
          " is the second derivative: how fast the slope grows. So")
    rows: list[list[str | Inline]] = [
        [(c.formula(mul(TWO, p.A)), " < 1"), "it stays on its side and comes nearer"],
        [(c.formula(mul(TWO, p.A)), " = 1"), "it lands on the lowest point"],
        [("1 < ", c.formula(mul(TWO, p.A)), " < 2"), "it jumps over the lowest point, and lands nearer"],
        [(c.formula(mul(TWO, p.A)), " = 2"), "it jumps over, and lands just as far away"],
        [(c.formula(mul(TWO, p.A)), " > 2"), "it jumps over, and lands farther away: it diverges"],
    ]
    table(w, [("if",), ("the step",)], rows)
    turn = figure(_jump(c).turn)
    w.blocks.extend(mistake(
        c, "Subtracting large slope can jump over the minimum.",
        ("Not the size of the slope decides, but how fast it grows. The step jumps over the lowest point exactly if ", c.formula(mul(TWO, p.A)),
         " > 1, from wherever it starts, however small the slope is there. On these data ", c.formula(mul(TWO, p.A)), f" = {turn}."),
        asks=("It says “can”. When does it?",), hint=("By what is the distance from the lowest point multiplied? Does the slope stand in that number?",),
        words=True,
    ))  # fmt: skip


def _run(c: Course, w: Writing) -> None:
    j = _jump(c)
    kind = verdict(j.turn)
    p = parabola_of(c)
    way = jumps(j.a, j.b, 1.0, j.start, LONGEST)
    away = abs(j.start - j.lowest)
    finite = [0.0 if kind == "swings" and abs(v) <= SAME * away else v for v in way if abs(v - j.lowest) < 1e100]
    w.head("Really run")
    w.say("On these data, with ", c.formula(c.b), " = 0 held, ", c.formula(mul(TWO, p.A)), f" = {figure(j.turn)}. So ", Strong(SAYS[kind]), ".",
          *_how_far(c, j, kind))
    rows = [[str(k), figure(v), figure(v - j.lowest) if k == 0 or kind != "lands" else "0, rounding aside"] for k, v in enumerate(finite[: SHOWN + 1])]
    table(w, [("step",), (c.formula(c.w),), ("distance from ", c.formula(p.low))], rows)
    w.say("The lowest point is ", c.formula(p.low), f" = {figure(j.lowest)}, with the loss {figure(j.loss(j.lowest))}.")
    c.draw(w, steps_on_parabola(j.a, j.b, j.c, finite[: DRAWN + 1], held=f"{c.label(c.b)} = 0", w_label=c.label(c.w), y_label="loss", prefix="raw-slope-jumps"))
    if not math.isfinite(way[-1]):
        w.say("Nothing stops it: after step ", count(len(way) - 1), " ", c.formula(c.w), " is too large for a floating-point number.")


def _how_far(c: Course, j: Jump, kind: str) -> Inline:
    """What the factor means in steps."""
    size = abs(j.factor)
    if kind == "diverges":
        return (f" Each step multiplies the distance by {figure(size)}.",) if size > 1.001 else (" It grows slowly, but it grows in every step.",)
    if kind in ("nearer", "overshoots"):
        steps = needed(j.turn, SHARE) or 0
        slow = "That is slow: it takes" if steps > 1000 else "It takes"
        return (f" {slow} {figure(steps) if steps >= 1e6 else count(steps)} step{'s' if steps != 1 else ''} until a thousandth of the first distance is left.",)
    return ()


def _both(c: Course, w: Writing) -> None:
    """Both parameters free: the intercept's own second derivative is 2, or 1 with the ½, on all data."""
    form = forms_of(c.example)["raw"]
    twice = Num(Fraction(2 * c.example.scale))
    w.head("And with both parameters moving?")
    w.say("Then the intercept subtracts its raw slope too. How fast its slope grows does not depend on the data at all:")
    w.chain((proved(D(_slope_of_b(c), c.b, partial=True), twice, c.example.gradient.problem, ("the derivative of ", c.formula(c.db), " by ", c.formula(c.b))),))
    level = "With that, the intercept alone would jump over its lowest point and land just as far on the other side, on every data set."
    half = "With that, the intercept alone would land on its lowest point in one step, on every data set."
    w.say(half if c.example.scale == 0.5 else level)
    top = form.eigenvalues[1]
    w.say("For both together the largest second derivative in any direction decides; the page on ", c.to("rate", "the learning rate"), " says why. Here it is ",
          figure(top, 6), _compared(top), " ", _outcome(form, form.walk(1.0, LONGEST)))  # fmt: skip


def _slope_of_b(c: Course) -> Term:
    """∂L/∂b with every name put back"""
    d = c.example.gradient.of(c.b.symbol)
    return d.in_full[-1].after if d.in_full else d.result


def _compared(top: float) -> str:
    if abs(top - 2) <= SAME:
        return ", which is exactly 2, rounding aside: the descent swings for ever in that direction."
    return ", more than 2: the descent diverges." if top > 2 else ", less than 2: the descent converges."


def _outcome(form: Form, ran: Walk) -> str:
    """What a run from the start came to."""
    above = form.excess(*ran.at)
    if ran.why == "lost":
        return f"Really run: after step {count(ran.steps)} the parameters are too large for floating-point numbers."
    if ran.why and above <= SAME * form.excess(*form.start):
        return f"Really run: it comes to rest by step {count(ran.steps)}, at the lowest point."
    if ran.why:
        return f"Really run: by step {count(ran.steps)} it comes back to where it was before, and the loss is not the least one: it swings for ever."
    loss, least = figure(form.loss(*ran.at)), figure(form.least)
    return f"Really run: after {count(ran.steps)} steps it has neither settled nor left the numbers; the loss is {loss}, the least one {least}."


def _program(c: Course) -> str:
    j, form = _jump(c), forms_of(c.example)["raw"]
    return f'''import math

# the intercept held at 0: w - slope, where the slope is 2 A w + B
A, B = scale * np.mean(x * x), -2 * scale * np.mean(x * y)
lowest, w = np.mean(x * y) / np.mean(x * x), {"np.sqrt(np.mean(y * y) / np.mean(x * x))" if j.start else "0.0"}
print("2A", 2 * A, "factor", 1 - 2 * A, "of size", abs(1 - 2 * A), "lowest point", lowest, "loss there", loss(lowest, 0))
print("slope at the start", slopes(w, 0)[0], "with x ten times as large", 10 * slopes(w, 0)[0])
each = math.log1p(-2 * A) if 2 * A < 1 else math.log1p(2 * A - 2) if 2 * A > 1 else 0
print("steps to a thousandth", math.ceil(math.log(1000) / abs(each)) if each else 1)

at, k = float(w), 0
while math.isfinite(at) and k < {LONGEST}:
    if k <= {DRAWN} and abs(at) < 1e100:
        print("step", k, "w", at, "from the lowest point", at - lowest, "loss", loss(lowest, 0) + A * (at - lowest) ** 2)
    at, k = at - (2 * A * at + B), k + 1
print("step", k, "w", at)

# both parameters: the second derivatives, and the run
H = scale * 2 * np.array([[np.mean(x * x), x.mean()], [x.mean(), 1]])
print("largest second derivative", np.linalg.eigvalsh(H)[-1])
mx, my, sxx, sxy = (float(v) for v in (x.mean(), y.mean(), np.mean((x - x.mean()) ** 2), np.mean((x - x.mean()) * (y - y.mean()))))
far = 1e305 / (n * max(1.0, float(np.abs(x).max()) ** 2))
w, b, seen = {_start_text(form)}, 0.0, set()
for k in range({LONGEST} + 1):
    if (w, b) in seen or not (math.isfinite(w) and math.isfinite(b)):
        break
    seen.add((w, b))
    m = w * mx + b - my
    g, h = 2 * scale * (sxx * w - sxy + mx * m), 2 * scale * m
    if not max(abs(w), abs(b)) < far:  # near the end of the numbers: summed over all rows
        g, h = slopes(w, b)
    w, b = float(w - g), float(b - h)
best, w, b = sxy / sxx, np.float64(w), np.float64(b)
print("ended at step", k, "loss", loss(best, my - best * mx) + scale * (sxx * (w - best) ** 2 + (w * mx + b - my) ** 2), "least", loss(best, my - best * mx))
'''


def _start_text(form: Form) -> str:
    """The start of a descent, as the program finds it."""
    return "math.sqrt(np.mean(y * y) / np.mean(x * x))" if form.start[0] else "0.0"


def _exercises(c: Course) -> Sequence[Exercise]:
    p = parabola_of(c)
    curved = mul(TWO, p.A)
    wrong, right = (mul(add(ONE, sign), add(c.w, Neg(p.low))) for sign in (curved, Neg(curved)))
    step = add(_new(c), Neg(p.low))
    loss = add(c.w**2, Neg(mul(Num(Fraction(6)), c.w)), Num(Fraction(10)))
    L, v = c.L.symbol, c.w.symbol
    return (
        Exercise(
            (Prose(("The raw slope is subtracted, with ", c.formula(curved), (" = 1/2 on one data set, 3/2 on a second and 3 on a third. What happens on "
            "each?"))),),
            (("By what is the distance from the lowest point multiplied?",),),
            (Prose(("By 1/2, by −1/2, and by −2. The first comes nearer from one side, the second from both sides in turn, the third diverges.",)),),
        ),
        Exercise(
            (Prose(("Somebody writes ", c.formula(step), " = ", c.formula(wrong), ". Which sign is wrong, and how does one see it without a calculation?")),),
            (("Think of a very flat parabola, and of a step that stops short of the lowest point: is its distance larger or smaller afterwards?",),),
            (Prose(("It is ", c.formula(step), " = ", c.formula(right), (". With a plus every step would lead away from the lowest point, however flat the "
            "parabola is."))),),
            kind="find",
        ),
        Exercise(
            (Prose(("The loss is ", c.formula(c.L), " = ", c.formula(loss), ". Write the line for its derivative. Where does the raw slope lead from ",
            c.formula(c.w), " = 0, and where from there?")),),
            (("The second derivative is 2.",), ("What does a factor of −1 do?",)),
            (Prose(("The derivative is ", c.formula(add(mul(TWO, c.w), Neg(Num(Fraction(6))))),
                    ". From 0 the step leads to 6, from 6 back to 0, and so on: it swings about the lowest point 3 for ever.")),),
            kind="fill", stated=(f"{L} = {v}^2 - 6*{v} + 10",), key=f"d{L}/d{v} = 2*{v} - 6",
        ),
    )  # fmt: skip


RAW_SLOPE = Lesson(
    "raw-slope", "Subtracting the slope itself", "What happens if the new weight is the old one minus the slope, without a learning rate?", _write,
    _program, _exercises
)
