"""The learning rate: what it is and measured in; too small, ideal, too large and exactly at the bound, with the steps that each needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symgd.course.exercise import Exercise
from symgd.course.held import parabola_of
from symgd.course.lesson import Course, Lesson
from symgd.course.measured import measured
from symgd.course.proved import chain, proved
from symgd.course.runs import MOST, Form, figure, forms_of, held, jumps, needed, start_of
from symgd.course.trial import table
from symgd.document.page import Inline, Prose
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.pictures import rate_panels
from symgd.pictures.lettering import count
from symgd.term import ONE, TWO, Div, Name, Neg, Num, Pow, add, mul

__all__ = ["RATE"]

TURNS = (("small", 0.1), ("ideal", 1.0), ("large", 1.8), ("at the bound", 2.0), ("too large", 2.1))  # αλ
SHARE = 1e-3  # of the distance at the start
PART = 1e-6  # of the excess of the loss at the start, where both parameters move
SWINGS = 100  # steps of the run at the bound
DRAWN = 24  # steps in a panel
SAME = 1e-9


@dataclass(frozen=True)
class Run:
    """One rate on the parabola: αλ, what it is called, the steps predicted and counted, w after each step."""

    called: str
    turn: float
    rate: float
    predicted: int | None
    counted: int | None
    path: list[float]


def _runs(c: Course) -> list[Run]:
    a, b, const = held(c.example)
    lowest, start = -b / (2 * a), start_of(a, b, const)
    out = []
    for called, turn in TURNS:
        rate = turn / (2 * a)
        predicted = needed(turn, SHARE) if turn != 2 else None
        path = jumps(a, b, rate, start, SWINGS if predicted is None else predicted + 5)
        out.append(Run(called, turn, rate, predicted, _counted(path, lowest, turn), path))
    return out


def _counted(path: list[float], lowest: float, turn: float) -> int | None:
    """The first step within SHARE of the first distance, or beyond its inverse."""
    first = abs(path[0] - lowest)
    there = (k for k, v in enumerate(path) if (abs(v - lowest) <= SHARE * first * (1 + SAME) if turn < 2 else abs(v - lowest) >= first / SHARE * (1 - SAME)))
    return next(there, None)


def _write(c: Course, w: Writing) -> None:
    _meaning(c, w)
    _regimes(c, w)
    _run(c, w)
    _both(c, w)
    _table(c, w)


def _meaning(c: Course, w: Writing) -> None:
    e = c.example
    new = Name(f"{c.w.symbol}_new")
    w.head("What it is")
    w.say("The learning rate ", c.formula(c.alpha), " is a positive number that stands before the slope and scales the step:")
    w.chain((w.line(new, add(c.w, Neg(mul(c.alpha, c.dw))), ":=", ("the rule of gradient descent",)),))
    w.say("It also makes the units fit. The slope is measured in ", measured(e, 1, 1), ", the weight in ", measured(e, 1, -1), ", so the rate has the unit "
          "", measured(e, 0, -2),
          ": it depends on how the feature is measured, and a rate that is good for one data set says nothing about another. For the intercept it would have "
          "to be a pure number; one rate can fit both only where the feature itself is a pure number, as it is once it is "
          "", c.to("scaling", "standardised"), ".")  # fmt: skip


def _regimes(c: Course, w: Writing) -> None:
    p = parabola_of(c)
    lam = p.problem.unused("lambda")[0]
    problem = _with(p.problem, Definition(lam, mul(TWO, p.A), "the second derivative: how fast the slope grows"))
    step = add(c.w, Neg(mul(c.alpha, c.dw)), Neg(p.low))
    factor = add(ONE, Neg(mul(c.alpha, lam)))
    w.head("What one step does")
    w.say("Hold ", c.formula(c.b), " and look at the distance from the lowest point ", c.formula(p.low), ", as on the ", c.to("raw-slope", "last page"),
          ", now with the rate:")
    w.chain((
        w.line(lam, mul(TWO, p.A), ":=", ("the second derivative: how fast the slope grows",)),
        *chain(step, [(add(c.w, Neg(mul(c.alpha, lam, add(c.w, Neg(p.low)))), Neg(p.low)), ("the slope is ", c.formula(lam), " times the distance"),
                       "The slope is 0 at the lowest point and grows evenly from there: so it is the distance times how fast it grows."),
                      (mul(factor, add(c.w, Neg(p.low))), "the distance in front", "Both parts hold the distance as a factor: take it out.")],
               problem, w.detail),
    ))  # fmt: skip
    w.say("So each step multiplies the distance by ", c.formula(factor), ", and ", c.formula(Name("k")), " steps by ", c.formula(Pow(factor, Name("k"))),
          ". Everything about the rate follows from this number:")
    inverse, twice = Div(ONE, lam), Div(TWO, lam)
    rows: list[list[str | Inline]] = [
        [("0 < ", c.formula(c.alpha), " < ", c.formula(inverse)), "between 0 and 1", "stays on its side and comes nearer"],
        [(c.formula(c.alpha), " = ", c.formula(inverse)), "0", "lands on the lowest point in one step"],
        [(c.formula(inverse), " < ", c.formula(c.alpha), " < ", c.formula(twice)), "between −1 and 0", "zig-zag: changes sides and comes nearer"],
        [(c.formula(c.alpha), " = ", c.formula(twice)), "−1", "swings between two points for ever"],
        [(c.formula(c.alpha), " > ", c.formula(twice)), "below −1", "diverges"],
    ]
    table(w, [("rate",), (c.formula(factor),), ("the descent",)], rows)


def _run(c: Course, w: Writing) -> None:
    a, b, const = held(c.example)
    runs = _runs(c)
    w.head("Really run: five rates on these data")
    w.say("With ", c.formula(c.b), f" = 0 held, the second derivative is {figure(2 * a)}. A rate below the bound has arrived when a thousandth of the first "
          f"distance is left. How many steps that takes is known "
          "before anything is run: the smallest whole number from which on the factor, multiplied by itself so often, is at most a thousandth. Beyond the "
          "bound, the steps until the distance is a thousand times the first one.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for r in runs:
        rows.append([r.called, figure(r.rate), figure(1 - r.turn), "never" if r.predicted is None else count(r.predicted),
                    "never" if r.counted is None else count(r.counted), _ended(r, -b / (2 * a))])
    table(w, [("rate",), (c.formula(c.alpha),), ("factor",), ("steps predicted",), ("steps counted",), ("what happened",)], rows)
    swing = runs[3]
    lowest = -b / (2 * a)
    share = abs(swing.path[-1] - lowest) / abs(swing.path[0] - lowest)
    w.say("At the bound, after ", count(SWINGS), " steps, the distance is ", "" if abs(share - 1) > SAME else "again ",
          *((figure(share, 6), " times the first one.") if abs(share - 1) > SAME else ("the first one.",)))  # fmt: skip
    c.draw(w, rate_panels(a, b, const, [(r.called, r.rate, _settled(r, lowest)) for r in runs[:4]], w_label=c.label(c.w), y_label="loss", prefix="rate-panels"))
    w.note("“Small”, “ideal” and “large” are not numbers in themselves: each is a multiple of the inverse of the second derivative of these data.")


def _settled(r: Run, lowest: float) -> list[float]:
    """The path for a picture: without what is rounding next to the first distance."""
    away = abs(r.path[0] - lowest)
    drawn = (v if abs(v - lowest) > SAME * away else lowest for v in r.path[: 2 if r.turn == 1 else DRAWN + 1])
    return [0.0 if abs(v) <= SAME * away else v for v in drawn]


def _ended(r: Run, lowest: float) -> str:
    if r.turn == 2:
        return "swings between two points"
    if r.turn > 2:
        return "a thousand times as far"
    sides = {v > lowest for v in r.path[: (r.counted or 0)]}
    return "one step" if r.counted == 1 else "from one side" if len(sides) == 1 else "from both sides in turn"


def _both(c: Course, w: Writing) -> None:
    """The best rate where there are two second derivatives."""
    top, low, kappa = (Name(s) for s in ("lambda_max", "lambda_min", "kappa"))
    problem = c.example.gradient.problem
    best = Div(TWO, add(top, low))
    a = c.alpha
    factors = (add(ONE, Neg(mul(a, top))), add(ONE, Neg(mul(a, low))))
    w.head("Both parameters: one rate for a steep and a flat direction")
    w.say("With two parameters the loss is steep in one direction and flat in another: the directions in which the vector of slopes points straight along the "
          "distance. There the slope is ",
          c.formula(top), " or ", c.formula(low), " times the distance, the eigenvalues of the second derivatives, and a step multiplies that part of the "
          "distance by ",
          c.formula(factors[0]), " in the steep direction, and by ", c.formula(factors[1]), " in the flat one.")  # fmt: skip
    w.say("The steep direction sets the bound: the descent converges exactly if ", c.formula(a), " < ", c.formula(Div(TWO, top)),
          ". The flat one sets the pace. The best fixed rate makes both factors equally large, one of them negative: a larger one is worse in the steep "
          "direction, a smaller one in the flat.")  # fmt: skip
    slowest = Div(add(kappa, Neg(ONE)), add(kappa, ONE))
    known = _with(problem, Definition(kappa, Div(top, low), "the condition number"))
    w.chain((
        w.line(kappa, Div(top, low), ":=", ("the condition number: how much steeper the one is",)),
        proved(add(ONE, Neg(mul(best, low))), Neg(add(ONE, Neg(mul(best, top)))), known, ("at the rate ", c.formula(best), (" the two factors differ in their "
        "sign alone"))),
        *chain(add(ONE, Neg(mul(best, low))), [(Div(add(top, Neg(low)), add(top, low)), "one fraction",
                                                      "Write the 1 as the bottom over the bottom, then subtract the tops."),
                                                     (slowest, ("divided by ", c.formula(low)),
                                                      "Top and bottom may be divided by the same number: the fraction stays.")], known, w.detail),
    ))  # fmt: skip
    w.say("If the condition number is 1, that is 0: one step is enough. If it is large, the factor is just below 1, and it takes about a third of the "
          "condition number of steps to halve the distance.")


def _table(c: Course, w: Writing) -> None:
    forms = forms_of(c.example)
    w.head("Your data")
    w.say("The loss lies above its least value by a sum of squares, so it falls by the square of the factor. That gives the largest number of steps that any "
          "start can need until a millionth of the first excess is left. "
          f"Beside it, the steps really made, at most {count(MOST)}. ", *_from(c, forms["raw"]))  # fmt: skip
    rows: list[list[str | Inline]] = []
    counted: dict[tuple[str, str], int | None] = {}
    for name, says in (("raw", "as they are"), ("standard", "standardised")):
        form = forms[name]
        for what, rate in (("best", form.fastest), ("half the bound", form.bound / 2)):
            ran = form.comes_near(rate, PART)
            counted[name, what] = ran.steps if ran.why == "near" else None
            most = needed(rate * form.eigenvalues[0], math.sqrt(PART))  # in the steep direction the factor is not larger
            rows.append([f"{says}, {what}", figure(rate), figure(form.bound), figure(form.condition), _steps(most), _steps(counted[name,
                        what]) or f"more than {count(MOST)}"])
    table(w, [("feature, rate",), (c.formula(c.alpha),), ("bound",), ("condition number",), ("steps at most",), ("steps counted",)], rows)
    w.say(*_read(c, forms["raw"], counted))


def _from(c: Course, form: Form) -> Inline:
    """Where the descents start."""
    if form.start == (0.0, 0.0):
        return ("They start from ", c.formula(c.w), " = 0, ", c.formula(c.b), " = 0.")
    return ("Since the loss is least at 0 already, they start from the slope at which the predictions are as large as the targets, and from ",
    c.formula(c.b), " = 0.")


def _steps(k: int | None) -> str:
    return "" if k is None else figure(k) if k >= 1e6 else count(k)


def _read(c: Course, form: Form, counted: dict[tuple[str, str], int | None]) -> Inline:
    """What the table says."""
    best, half = counted["raw", "best"], counted["raw", "half the bound"]
    out: list[Inline] = [("Standardised, both directions are equally steep: the condition number is 1, and one step does it.",)]
    if form.condition < 1 + SAME:
        return ("This feature is standardised already: both forms are the same, the condition number is 1, and one step does it.",)
    if half is not None and (best is None or half < best):
        out.append(((" As the data are, half the bound needs fewer steps than the “best” rate. That is no contradiction: the best rate is the best for the "
                   "worst start. Half the bound clears the steep direction in one step, and what this start has in the flat direction hardly counts in the "
                    "loss."),))
    if best is None and half is None:
        out.append((f" As the data are, {count(MOST)} steps are not enough at either rate: the flat direction is too flat.",))
    return tuple(x for inline in out for x in inline)


def _program(c: Course) -> str:
    a, b, const = held(c.example)
    moved, start = start_of(a, b, const), forms_of(c.example)["raw"].start
    return f'''import math

# the intercept held at 0: five rates, each a multiple of the inverse of the second derivative 2A
A, B = scale * np.mean(x * x), -2 * scale * np.mean(x * y)
lowest = np.mean(x * y) / np.mean(x * x)
print("2A", 2 * A, "lowest point", lowest, "loss there", loss(lowest, 0))
for turn in {tuple(t for _, t in TURNS)}:
    w, rate, size = {"math.sqrt(np.mean(y * y) / np.mean(x * x))" if moved else "0.0"}, turn / (2 * A), abs(1 - turn)
    first = abs(w - lowest)
    print("rate", rate, "factor", 1 - turn, "predicted", math.ceil(math.log(1000) / abs(math.log(size)) - 1e-9) if size not in (0, 1) else 1)
    for k in range(1, {SWINGS} + 1):
        w -= rate * (2 * A * w + B)
        left = abs(w - lowest) / first
        if k in (1, {DRAWN}, {SWINGS}):
            print("after", k, "steps: w", w, "distance", left, "loss", loss(lowest, 0) + A * (w - lowest) ** 2)
        if left <= 1.000000001e-3 or left >= 0.999999999e3:
            print("counted", k)
            break

# both parameters: the two second derivatives, the bound, the best rate, and the steps until a millionth of the excess is left
share = 1e-6
for form in (x, (x - x.mean()) / x.std()):
    mx, my, sxx = float(form.mean()), float(y.mean()), float(np.var(form))
    sxy = float(np.mean((form - form.mean()) * (y - y.mean())))
    top = float(np.linalg.eigvalsh(scale * 2 * np.array([[sxx + mx * mx, mx], [mx, 1]]))[-1])
    low = 4 * scale**2 * sxx / top
    print("second derivatives", top, low, "condition", top / low, "bound", 2 / top)
    for rate in (2 / (top + low), 1 / top):
        flat = abs(math.log1p(-min(rate * low, 0.999999)))
        print("rate", rate, "at most", max(1, math.ceil(math.log(1 / share) / 2 / flat * (1 - 1e-12))), "of", {MOST})
        w, b, best = {"math.sqrt(np.mean(y * y) / np.mean(form * form))" if start[0] else "0.0"}, 0.0, sxy / sxx
        for k in range({MOST} + 1):
            m = w * mx + b - my
            excess = sxx * (w - best) ** 2 + m * m
            if k == 0:
                enough = share * excess
            if excess <= enough:
                break
            w, b = w - rate * (2 * scale * (sxx * w - sxy + mx * m)), b - rate * (2 * scale * m)
        print("steps", k)
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    loss = add(mul(Num(Fraction(2)), c.w**2), Neg(mul(Num(Fraction(8)), c.w)))
    L, v = c.L.symbol, c.w.symbol
    return (
        Exercise(
            (Prose(("The second derivative is 4. What happens at the rates 1/8, 1/4, 3/8, 1/2 and 1?",)),),
            (("Multiply each rate by 4 and subtract that from 1.",),),
            (Prose((("The factors are 1/2, 0, −1/2, −1 and −3: it comes nearer from one side, lands in one step, zig-zags towards the lowest point, swings for "
            "ever, diverges."),)),),
        ),
        Exercise(
            (Prose(("Somebody says: “If the loss rises, the slope has the wrong sign.” What else can it be?",)),),
            (("The sign of the step may be right, and its length not.",),),
            (Prose((("The rate can be above its bound: every step then goes to the right side, but so far beyond the lowest point that the loss is higher "
            "there."),)),),
            kind="find",
        ),
        Exercise(
            (Prose(("The loss is ", c.formula(c.L), " = ", c.formula(loss), ". Write the line for its derivative. To where does one step lead from ",
            c.formula(c.w), " = 0 at the rate 1/4?")),),
            (("The derivative at 0 is −8.",),),
            (Prose(("The derivative is ", c.formula(add(mul(Num(Fraction(4)), c.w), Neg(Num(Fraction(8))))), (". One step leads from 0 to 2, the lowest point: "
            "1/4 is the inverse of the second derivative."))),),
            kind="fill", stated=(f"{L} = 2*{v}^2 - 8*{v}",), key=f"d{L}/d{v} = 4*{v} - 8",
        ),
    )  # fmt: skip


def _with(problem: Problem, definition: Definition) -> Problem:
    """The problem with one more name, after those that are there but for its own."""
    own = next(k for k, d in enumerate(problem.tape) if d.name.indices)
    return replace(problem, tape=(*problem.tape[:own], definition, *problem.tape[own:]))


RATE = Lesson("rate", "The learning rate", "How long should a step be, and how many steps does a rate need?", _write, _program, _exercises)
