"""Scaling: the rate 0.001 on the feature as it is, on ten times that, and standardised; and how a rate is found, by reading the curve or by halving."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from symgd.course.errors import of_slides
from symgd.course.exercise import Exercise
from symgd.course.halving import CAP, PART, RATE, ROUNDING, halving
from symgd.course.held import parabola_of
from symgd.course.lesson import Course, Lesson
from symgd.course.measured import measured
from symgd.course.proved import proved
from symgd.course.runs import Form, figure, forms_of
from symgd.course.trial import table
from symgd.document.page import Inline, Prose
from symgd.exposition.writing import Writing
from symgd.pictures import Drawing, Rows, Series, curves
from symgd.pictures.lettering import count
from symgd.term import ONE, TWO, Compare, Div, Name, Neg, Num, Sum, Term, add, mul, replace

__all__ = ["SCALING"]

STEPS = 1000
LONGEST = 20_000  # steps until a parameter must have left the numbers
BLOWN = 1e12  # times the first loss: there a curve leaves the picture
SAME = 1e-9
SLOW = 1e-2  # of the distance along the flat direction, lost in an iteration: a thousandth of it takes 700
SAYS = {"raw": "as it is", "ten": "times 10", "standard": "standardised"}
MARKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # iterations in the table


def _write(c: Course, w: Writing) -> None:
    _run(c, w)
    _why(c, w)
    _standardise(c, w)
    _recipe(c, w)
    _halve(c, w)


# ---------------------------------------------------------------- 0.001 on three forms


@dataclass(frozen=True)
class Ran:
    """lost    the first iteration after which a parameter is no finite number, or None
    losses  after 0, 1, 2, … STEPS iterations, as far as they are no more than BLOWN times the first
    last    the loss after STEPS iterations, ∞ where it is too large
    """

    lost: int | None
    losses: list[float]
    last: float


def _ran(form: Form) -> Ran:
    losses: list[float] = []
    first, last = form.loss(*form.start), math.inf
    for k, at in enumerate(islice(form.path(RATE), LONGEST + 1)):
        if not all(map(math.isfinite, at)):
            return Ran(form.first_lost(RATE).steps, losses, last)
        if k <= STEPS and len(losses) == k and (last := form.loss(*at)) <= BLOWN * first:
            losses.append(last)
        if k == STEPS and RATE * form.eigenvalues[1] <= 2:
            break
    return Ran(None, losses, last)


def _run(c: Course, w: Writing) -> None:
    forms = forms_of(c.example)
    ran = {name: _ran(form) for name, form in forms.items()}
    w.head("The same data, three ways to write the feature")
    w.say("“0.001 is a good starting point” is advice that one hears. Here it is tried on these data: with the feature as it is, with each of its numbers "
          "multiplied by 10 (as if it were written in a unit ten times smaller), and standardised, its mean subtracted and divided by its standard deviation. "
          "The target stays the same, and so does the best line; only the numbers in front of it change.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for name, form in forms.items():
        rows.append([SAYS[name], figure(form.bound), figure(RATE / form.bound), _promise(form), *_what(ran[name])])
    table(w, [("feature",), ("bound for the rate",), ("0.001, as a multiple of it",), ("so it",), (f"loss after {count(STEPS)}",), ("not finite after",)], rows)
    least = forms["raw"].least
    w.say("The bound is 2 divided by the largest second derivative; ", c.to("rate", "the page before"), " derives it. It is known before the first step. The "
          "least possible loss is ", figure(least), " for all three.", *_lost(ran))
    c.draw(w, _picture(ran, least))
    w.blocks.extend(of_slides(c, 4, more=_more(forms)))


def _promise(form: Form) -> str:
    share = RATE / form.bound
    if abs(share - 1) <= SAME:
        return "swings"
    if share > 1:
        return "diverges"
    return "converges" if RATE * form.eigenvalues[0] > SLOW else "converges, slowly"


def _what(ran: Ran) -> tuple[str, str]:
    """The loss after STEPS iterations, and when a parameter has left the numbers."""
    return figure(ran.last, 5) if len(ran.losses) > STEPS else "too large", "" if ran.lost is None else count(ran.lost)


def _lost(ran: dict[str, Ran]) -> Inline:
    if all(r.lost is None for r in ran.values()):
        return ()
    return (" Where the descent diverges, each iteration multiplies the distance, until a parameter is no finite number: see the last column.",)


def _more(forms: dict[str, Form]) -> Inline:
    over = [SAYS[name] for name, form in forms.items() if form.bound * (1 + SAME) < RATE]
    if not over:
        return (f"On these data it is below the bound in all three forms; the bounds are {', '.join(figure(f.bound) for f in forms.values())}.",)
    return (f"On these data it is above the bound with the feature {' and '.join(over)}.",)


def _picture(ran: dict[str, Ran], least: float) -> Drawing:
    """The loss over the iterations on logarithmic axes: iteration k at k + 1."""
    series = []
    for name, r in ran.items():
        cut = len(r.losses) <= STEPS
        ys = [*r.losses, math.inf] if cut else r.losses
        series.append(Series(SAYS[name], range(1, len(ys) + 1), ys, "" if cut else f"{figure(r.last)}"))
    marks = [k for k in (0, *MARKS) if any(k < len(r.losses) for r in ran.values())]
    rows = tuple((count(k), *(figure(r.losses[k], 5) if k < len(r.losses) else "too large" for r in ran.values())) for k in marks)
    said = [f"The loss over the iterations at the rate 0.001, both axes logarithmic, iteration 0 drawn at 1. The least possible loss is {figure(least)}."]
    for name, r in ran.items():
        falls = f"falls from {figure(r.losses[0])} to {figure(r.last)} in {count(STEPS)} iterations"
        end = falls if len(r.losses) > STEPS else "rises until it leaves the picture"
        said.append(f"Feature {SAYS[name]}: it {end if r.last <= r.losses[0] or len(r.losses) <= STEPS else 'rises to ' + figure(r.last)}.")
    return curves(
        series, x_label="iteration + 1", y_label="loss", log_x=True, log_y=True, title="The loss at the rate 0.001, the feature written in three ways",
        description=" ".join(said), table=Rows(("iteration", *(f"loss, {SAYS[n]}" for n in ran)), rows), prefix="scaling-losses",
    )  # fmt: skip


# ---------------------------------------------------------------- why


def _why(c: Course, w: Writing) -> None:
    e = c.example
    forms = forms_of(e)
    p = parabola_of(c)
    s = p.problem.unused("s")[0]
    w.head("Why: the units of the rate")
    w.say("The rate has the unit ", measured(e, 0, -2), ". Multiply every value of the feature by a number ", c.formula(s), ", and the second derivative is "
          "multiplied by its square:")
    one = p.problem.tape[0].value
    assert isinstance(c.x, Name)
    scaled = _scaled(one, c.x, s)
    w.chain((proved(scaled, mul(s**2, one), e.gradient.problem, ("the square of a product; the sum does not contain ", c.formula(s))),))
    ratio = forms["raw"].bound / forms["ten"].bound
    w.say("The bound has the second derivative below the line, so it is divided by the square. Times 10 divides it by about a hundred where the feature is "
          "large beside 1, for then this second derivative sets it; on these data it is divided by ", figure(ratio), ". ", *_conditions(c, forms))


def _scaled(t: Term, x: Name, s: Name) -> Term:
    return replace(t, lambda part: mul(s, part) if part == x else None)


def _conditions(c: Course, forms: dict[str, Form]) -> Inline:
    raw, ten, standard = (f.condition for f in forms.values())
    return ("The condition number, which sets how many iterations are needed, is ", figure(raw), " for the feature as it is, ", figure(ten),
    " times 10, and ", figure(standard), " standardised.")


def _standardise(c: Course, w: Writing) -> None:
    e = c.example
    form = forms_of(e)["standard"]
    w.head("What standardising does")
    mean, z = Div(ONE, c.n), Name("z", ("i",))
    twice = Num(Fraction(2 * e.scale))
    w.say("Standardised values ", c.formula(z), " have the mean 0, and the mean of their squares is 1:")
    w.chain((w.line(mul(mean, Sum("i", z)), Num(Fraction(0)), "="), w.line(mul(mean, Sum("i", z**2)), ONE, "=")))
    times: Inline = (c.formula(twice), " times ") if twice != ONE else ()
    w.say("The second derivatives of the loss are ", *times, "the mean of the squares, ", *times, "the mean, and ",
          c.formula(twice), ". So both parameters have the same second derivative, ",
          c.formula(twice), ", and the mixed one is 0: the bound is ", c.formula(Num(2 / twice.value)), ", the best rate ", c.formula(Num(1 / twice.value)),
          ", the condition number 1, on ", "every data set. Computed on these data: bound ", figure(form.bound, 6), ", condition ", figure(form.condition,
          6), ".")  # fmt: skip
    w.note("A rule of thumb such as 0.001 can only be meant for features of about this size. For standardised features it is small: safe, and slow.")


# ---------------------------------------------------------------- finding a rate


def _recipe(c: Course, w: Writing) -> None:
    w.head("“Can be increased or decreased based on observations”")
    w.say("What is to be observed is the curve of the loss over the iterations:")
    rows: list[list[str | Inline]] = [
        ["rises, faster and faster", "the rate is above the bound", "divide it by 10 and start again"],
        ["stays between two heights", "it is at the bound, or close to it", "halve it"],
        ["falls, while the parameters change sides in each step", "it is between half the bound and the bound", "leave it, or make it a little smaller"],
        ["falls quickly, then is flat", "arrived, or only the steep direction has", "look at the slopes: if they are not near 0, standardise"],
        ["falls so slowly that it looks straight", "it is far below the bound", "multiply it by 3 or by 10"],
        ["starts at “not a number”", "the data hold gaps, or the first step was too long", "look at the data, then divide it by 10"],
    ]
    table(w, [("the curve",), ("what it means",), ("what to do",)], rows)


def _halve(c: Course, w: Writing) -> None:
    p = parabola_of(c)
    a, g = c.alpha, c.dw
    forms = forms_of(c.example)
    w.head("A rule that finds the rate by itself")
    w.say("The computer can do the observing. By the ", c.to("side", "page on the side"), " the loss after a step is known exactly, with ", c.formula(c.b),
          " held:")
    after = add(c.L, Neg(mul(a, add(ONE, Neg(mul(a, p.A))), g**2)))
    w.chain((proved(p.at(add(c.w, Neg(mul(a, g)))), after, p.problem, ("the loss after the step, by the loss before it",)),))
    enough = Compare(Div(ONE, mul(TWO, p.A)), ">=", a)
    w.say("A very short step lowers the loss by ", c.formula(mul(a, g**2)), ". Ask for at least half of that: it is there exactly if ", c.formula(add(ONE,
          Neg(mul(a, p.A)))), " is at least one half, so if ",
          c.formula(enough), ", the inverse of the second derivative. So the rule needs no second derivative and ends all the same:")  # fmt: skip
    w.say("Try twice the rate of the last step. As long as the loss has not fallen by half of ", c.formula(a), " times the squared slopes, halve it. Then "
          "step.")
    w.say("With both parameters the largest second derivative takes the place of ", c.formula(mul(TWO, p.A)), ": a rate up to half the bound always passes, so "
          "after halving it is above a quarter of the bound, or it was never halved. Where the slope points along a flat direction, larger rates pass too: "
          "there the rule takes longer steps than any fixed rate may.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    ended = set[str]()
    for name, form in forms.items():
        found = halving(form)
        ended.add(found.why)
        steps = {"near": count(found.steps), "stuck": f"stuck after {count(found.steps)}", "": f"more than {count(CAP)}"}[found.why]
        rates = found.rates or [math.nan]
        rows.append([SAYS[name], figure(form.bound), *map(figure, (rates[0], min(rates), max(rates))), count(found.halved), steps])
    table(w, [("feature",), ("bound",), ("first rate",), ("smallest rate",), ("largest rate",), ("halvings",), ("steps to a millionth",)], rows)
    w.say(f"Each run begins by trying {RATE}, the same number for all three; a millionth of the first excess of the loss has to be left, and at most "
          f"{count(CAP)} steps are made. "
          "No run diverges. But finding the rate does not cure a large condition number: that is what standardising is for.",
          " Stuck means: along the flat direction the slope promises a fall of the loss so small that it drowns in its "
          "rounding." if "stuck" in ended else "")  # fmt: skip


def _program(c: Course) -> str:
    start = forms_of(c.example)["raw"].start[0]
    return f'''import math

rate, steps = {RATE}, {STEPS}
for name, form in (("as it is", x), ("times 10", 10 * x), ("standardised", (x - x.mean()) / x.std())):
    mx, my, sxx = float(form.mean()), float(y.mean()), float(np.mean((form - form.mean()) ** 2))
    sxy = float(np.mean((form - mx) * (y - my)))
    far = 1e305 / (n * max(1.0, float(np.abs(form).max()) ** 2))
    best, start = sxy / sxx, {"math.sqrt(np.mean(y * y) / np.mean(form * form))" if start else "0.0"}
    least = scale * np.mean((best * (form - mx) - (y - my)) ** 2)
    top = np.linalg.eigvalsh(scale * 2 * np.array([[sxx + mx * mx, mx], [mx, 1]]))[-1]
    print(name, "bound", 2 / top, "rate by bound", rate * top / 2, "condition", top * top / (4 * scale**2 * sxx), "least", least)
    if name != "standardised":
        print("bound, how many times smaller", (2 / top) / (2 / np.linalg.eigvalsh(scale * 2 * np.array([[100 * (sxx + mx * mx), 10 * mx], [10 * mx, 1]]))[-1]))

    def above(w, b):
        return scale * (sxx * (w - best) * (w - best) + (w * mx + b - my) * (w * mx + b - my))

    def slopes_of(w, b):
        if not max(abs(w), abs(b)) < far:  # near the end of the numbers: over all rows, as a plain program does
            u = w * form + b - y
            return float(scale * 2 * np.mean(u * form)), float(scale * 2 * np.mean(u))
        m = w * mx + b - my
        return 2 * scale * (sxx * w - sxy + mx * m), 2 * scale * m

    # the fixed rate
    w, b = start, 0.0
    for k in range({LONGEST} + 1):
        if not (math.isfinite(w) and math.isfinite(b)):
            print("no finite number after", k)
            break
        if k in {(0, *MARKS)}:
            print("after", k, "loss", least + above(w, b))
        if k >= steps and rate * top <= 2:
            break
        g, h = slopes_of(w, b)
        w, b = w - rate * g, b - rate * h

    # twice the last rate, halved until the loss falls by half of what the slope promises
    w, b, a, rates, halved, stuck = start, 0.0, rate / 2, [], 0, False
    enough = {PART} * above(w, b)
    while above(w, b) > enough and len(rates) < {CAP} and not stuck:
        g, h = slopes_of(w, b)
        a = 2 * a
        while not above(w - a * g, b - a * h) <= above(w, b) - a * (g * g + h * h) / 2:
            a, halved = a / 2, halved + 1
            stuck = a * (g * g + h * h) <= {ROUNDING} * above(w, b)  # what the slope promises is rounding
            if stuck:
                break
        else:
            w, b = w - a * g, b - a * h
            rates.append(a)
    print("halving: rates", rates[:1], min(rates, default=0), max(rates, default=0))
    print("halved", halved, "steps", len(rates), "of", {CAP}, "loss", least + above(w, b))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    p = parabola_of(c)
    return (
        Exercise(
            (Prose((("A feature is measured in metres, and the rate 0.001 works well. It is written in centimetres instead. What happens to the bound for the "
            "rate, if the feature is large beside 1?"),)),),
            (("Each number becomes a hundred times as large. What becomes of the mean of the squares?",),),
            (Prose((("The second derivative becomes ten thousand times as large, so the bound becomes ten thousand times smaller. The same rate may now "
            "diverge."),)),),
        ),
        Exercise(
            (Prose(("“The loss is not a number after some iterations, so the derivative must be wrong.” Find the mistake in this thought.",)),),
            (("What does a right derivative do at a rate above the bound?",),),
            (Prose((("A right derivative diverges too if the rate is above the bound: each iteration multiplies the distance until it is too large for a "
            "floating-point number. Compare the rate with the bound first."),)),),
            kind="find",
        ),
        Exercise(
            (Prose(("The rule asks for at least half of what the slope promises. Which rates pass where ", c.formula(p.A), (" = 2? Which one is left if it "
            "begins at 1 and halves?"))),),
            (("They are those up to the inverse of the second derivative, ", c.formula(mul(TWO, p.A)), "."),),
            (Prose(("Rates up to 1/4 pass. From 1 it halves to 1/2, then to 1/4, and steps.",)),),
        ),
    )  # fmt: skip


SCALING = Lesson(
    "scaling", "0.001 on three forms of the same data", "Is 0.001 a good learning rate, and how is a good one found?", _write, _program, _exercises
)
