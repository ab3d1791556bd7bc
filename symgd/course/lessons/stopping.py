"""When to stop: unchanged parameters, a cap on the iterations, a small slope; when each rule really fires, and what it promises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import islice

from symgd.course.errors import of_slides
from symgd.course.exercise import Exercise
from symgd.course.held import parabola_of
from symgd.course.lesson import Course, Lesson
from symgd.course.proved import chain, proved
from symgd.course.runs import MOST, Form, Point, figure, forms_of, held, needed
from symgd.course.stopped import CAP, LOOKED, MANY, PART, SHARES, Fired, fired, plainly, program, short, tolerance, too_small, when
from symgd.course.trial import table
from symgd.document.page import Box, Folded, Inline, Mono, Prose, Strong
from symgd.exposition.writing import Writing
from symgd.numeric.descent.descend import descend_bound
from symgd.pictures import Drawing, Rows, Series, curves
from symgd.pictures.lettering import count
from symgd.term import ONE, TWO, ZERO, Call, Div, Name, Neg, Num, Term, add, mul

__all__ = ["STOPPING"]

SAME = 1e-9
DRAWN = (0, 1, 3, 5)  # of SHARES: the curves


def _write(c: Course, w: Writing) -> None:
    form = forms_of(c.example)["standard"]
    runs = fired(form, tolerance(form)[1])
    _question(c, w)
    _unchanged(c, w)
    _one_of_two(c, w)
    _floats(c, w, form, runs)
    _cap(c, w, form, runs)
    _certificate(c, w, form, runs)
    _drawn(c, w, form, runs)
    _named(c, w, form)


def _question(c: Course, w: Writing) -> None:
    w.head("A question first")
    w.say("The descent makes one step after the other. Nothing in the rule says when to end.")
    w.blocks.append(Box(("When do we stop?",), (
        Prose(("When should the updates of ", c.formula(c.w), " and ", c.formula(c.b), " stop? Name a rule, and say what it promises about the loss.",)),
        Folded(("Hint",), (Prose(("What is special about the lowest point? And how would a program notice?",)),), "hint"),
        Folded(("Answer",), (Prose((("At the lowest point both slopes are 0. A program can look whether anything still changes, count its iterations, or look "
        "at the size of the slopes. Only the last rule says something about the loss."),)),), "answer"),
    ), "exercise"))  # fmt: skip


def _unchanged(c: Course, w: Writing) -> None:
    problem = c.example.gradient.problem
    new = Name(f"{c.w.symbol}_new")
    w.head("Rule 1: stop when nothing changes")
    w.say("Put a slope of 0 into the update, and three lines show that nothing changes any more:")
    update = add(c.w, Neg(mul(c.alpha, c.dw)))
    zero = add(c.w, Neg(mul(c.alpha, ZERO)))
    w.chain((
        w.line(new, update, ":=", ("the update",)),
        w.line(new, zero, "=", ("where the slope is 0",)),
        proved(zero, c.w, problem, ("a number times 0 is 0",)),
    ))  # fmt: skip
    w.say("The other way round it holds too, as ", c.formula(c.alpha), " is not 0: the change is ", c.formula(Neg(mul(c.alpha, c.dw))), ", and a product is 0 "
          "only if a factor is. With exact numbers, then: ",
          Strong("nothing changes exactly if both slopes are 0"), ", that of ", c.formula(c.w), " and that of ", c.formula(c.b), ". For this loss that is the "
          "one ", c.to("convexity", "lowest point"), ".")  # fmt: skip


def _one_of_two(c: Course, w: Writing) -> None:
    """The slide's rule looks at w alone."""
    e = c.example
    form = forms_of(e)["raw"]
    a, b, _ = held(e)
    low = -b / (2 * a)
    slope = form.slopes(low, 0.0)[1]
    excess = form.excess(low, 0.0)
    if excess <= 1e-12 * form.loss(low, 0.0):
        on: Inline = ("On these data that place happens to be the lowest point of all, rounding aside, because the best ", c.formula(c.b), " is 0.")
    else:
        harm = " (on these data the harm is small)" if excess <= 1e-3 * form.least else ""
        on = ("On these data that is so at ", c.formula(c.w), f" = {figure(low)}, ", c.formula(c.b), " = 0. There the slope ", c.formula(c.db),
              (f" is {figure(slope)}, and the loss lies {figure(excess)} above the least one, {figure(form.least)}: the rule that looks at one parameter "
              f"stops too early{harm}."))  # fmt: skip
    more: Inline = ("There is a place where the slope by ", c.formula(c.w), " is 0 and that by ", c.formula(c.b), (" need not be: the lowest point of the "
    "parabola for a held intercept. "), *on)
    w.blocks.extend(of_slides(c, 5, more=more))


def _floats(c: Course, w: Writing, form: Form, runs: list[Fired]) -> None:
    w.head("What a computer does with rule 1", level=2)
    w.say("A floating-point number has about sixteen digits. A step that is smaller than half of the last one of them is rounded away: ", c.formula(c.w),
          " stays as it is if the step, ", c.formula(c.alpha),
          " times the slope, is less than half the distance to the next number. So the rule can fire too early, and it need never fire.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for f in runs:
        gap = math.sqrt(form.excess(*f.walk.at) / form.scale)
        rows.append([figure(f.rate), when(f.walk), "0" if gap <= SAME * math.sqrt(form.yy) else figure(gap)])
    w.say("Here is when it fires on these data, the feature standardised, from ", *_from(c, form), f". At most {count(MOST)} iterations are made. The last "
          f"column is the distance from the best line: the "
          "root mean square of the difference between the predictions; 0 is written for what is rounding alone.")  # fmt: skip
    table(w, [(c.formula(c.alpha),), ("nothing changes after iteration",), ("distance from the best line then",)], rows)
    cycles = [f for f in runs if f.walk.why == "cycle"]
    arrived = [f for f in cycles if f.rate < form.bound * (1 - SAME)]
    if arrived:
        w.say("Below the bound, where parameters come back to what they were, they come back for ever, and the rule never fires, though the descent is at the "
              "lowest point as nearly as floating-point numbers allow: the last digit goes to and fro.")
    if any(not f.walk.why and f.rate * form.scale < 1 for f in runs):
        w.say("Where it has not fired at a rate below the bound, it is because a best value is 0, or next to it: floating-point numbers lie the closer "
              "together the nearer they are to 0, so that there is always a next one to go to." if min(map(abs, form.best)) <= SAME * math.sqrt(form.yy) else
              f"Where it has not fired at a rate below the bound, {count(MOST)} iterations were too few.")
    if any(f.walk.why == "unchanged" for f in runs):
        w.say("In which iteration it fires, or whether it does, hangs on the last digit. Another order of adding up the sums can change it: the rule asks "
              "about rounding, not about the loss.")
    _summed(c, w)
    _stalled(c, w, form)


def _summed(c: Course, w: Writing) -> None:
    """The same at half the bound, each slope summed over all rows, as a plain program does."""
    e = c.example
    if e.n > MANY:
        return
    found = plainly(e, 0.5 / e.scale)
    if found is not None:
        w.say("A plain program, which sums each slope over all rows in every iteration, finds at the rate ", figure(0.5 / e.scale), ": ", when(found,
              told=True), ".")


def _from(c: Course, form: Form) -> Inline:
    if form.start == (0.0, 0.0):
        return (c.formula(c.w), " = 0, ", c.formula(c.b), " = 0")
    return (c.formula(c.w), f" = {figure(form.start[0])}, ", c.formula(c.b), " = 0")


def _stalled(c: Course, w: Writing, form: Form) -> None:
    at, rate = short(form), too_small(form)
    assert form.walk(rate, 1, at).why == "unchanged"
    w.say("And it can fire far away from the lowest point. Stand at ", c.formula(c.w), f" = {figure(at[0])}, ", c.formula(c.b), f" = {figure(at[1])}, "
    f"nothing changes at the rate {figure(rate)}: the rule fires at once, "
          f"with the loss {figure(form.loss(*at))}, while the least one is {figure(form.least)}. The rate is too small for floating-point numbers; the "
          f"descent has not arrived, it has stalled.")  # fmt: skip


def _cap(c: Course, w: Writing, form: Form, runs: list[Fired]) -> None:
    raw = forms_of(c.example)["raw"]
    rho, epsilon = Name("rho"), Name("epsilon")
    w.head(f"Rule 2: stop after {count(CAP)} iterations")
    w.say("A descent that multiplies its distance by ", c.formula(rho), " in each iteration has a share ", c.formula(epsilon), " of it left after ",
          c.formula(Div(_log(Div(ONE, epsilon)), Neg(_log(rho)))), " iterations: ",
          "the logarithm of the one divided by that of the other. That is known beforehand. Does the cap leave room for a millionth? The last but one column "
          "says how much is left of the first excess, the height of the loss at the start above the least one.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for f in runs[:-1]:
        rows.append(_capped(form, f.rate, "standardised", f.at_cap))
    fastest = raw.fastest
    rows.append(_capped(raw, fastest, "as it is", next(islice(raw.path(fastest), CAP, None))))
    table(w, [("feature",), (c.formula(c.alpha),), ("iterations to a millionth of the distance",), (f"loss after {count(CAP)}",), ("of the first excess",),
          ("so the cap",)], rows)
    w.say("The least loss is ", figure(form.least, 5), ". The last row is the feature without standardising, at the best fixed rate for it.")
    w.note(Strong("A cap is a budget, not convergence."), " It says when to give up, and nothing about the loss. A program that stops at its cap should say "
           "so, and say how far it got.")


def _log(t: Term) -> Term:
    return Call("log", (t,))


def _capped(form: Form, rate: float, says: str, at: Point) -> list[str | Inline]:
    steps = needed(rate * form.eigenvalues[0], PART) or 0
    share = form.excess(*at) / form.excess(*form.start)
    left = "0" if share <= SAME else figure(share, 3)
    fires = "is enough" if steps <= CAP else "is near enough" if share <= PART else "fires too early"
    return [says, figure(rate), figure(steps) if steps >= 1e6 else count(steps), _loss(form, at), left, fires]


def _loss(form: Form, at: Point) -> str:
    loss = form.loss(*at)
    return "0" if loss <= SAME**2 * form.loss(*form.start) else figure(loss, 5)


def _certificate(c: Course, w: Writing, form: Form, runs: list[Fired]) -> None:
    p = parabola_of(c)
    w.head("Rule 3: stop when the slopes are small")
    w.say("The size of the slope can be turned into a promise about the loss. With ", c.formula(c.b), " held, ", c.formula(p.low), " the lowest point:")
    low_loss = p.at(p.low)
    w.chain((
        *chain(add(c.L, Neg(low_loss)), [(mul(p.A, add(c.w, Neg(p.low)) ** 2), "how far the loss lies above its least value",
                                          "Complete the square: what the parabola has beside its square is its least value."),
                                         (Div(c.dw**2, mul(TWO, mul(TWO, p.A))), ("the slope is ", c.formula(mul(TWO, p.A, add(c.w, Neg(p.low))))),
                                          "Square it, and see by what it must be divided to give the line before.")],
               p.problem, w.detail),
    ))  # fmt: skip
    mu, g = Name("lambda_min"), Name("g")
    w.say("The excess of the loss is the squared slope divided by twice the second derivative. With both parameters the same holds along each of the two ",
          c.to("rate", "directions"), ", and the smaller second derivative, ",
          c.formula(mu), ", gives a bound for the sum: the excess is at most ", c.formula(Div(g**2, mul(TWO, mu))), ", where ", c.formula(g**2),
          " is the sum of the squares of both slopes. It can be computed without knowing the lowest point.")  # fmt: skip
    allowed, enough = tolerance(form)
    rate = runs[1].rate
    rows: list[list[str | Inline]] = []
    looked = [(k, at) for k, at in enumerate(islice(form.path(rate), LOOKED[-1] + 1)) if k in LOOKED]
    for k, at in looked:
        slopes, excess = form.slopes(*at), form.excess(*at)
        promise = math.hypot(*slopes) ** 2 / (2 * form.eigenvalues[0])
        held_ = excess <= promise * (1 + 1e-4)
        rows.append([count(k), figure(math.hypot(*slopes)), figure(promise), figure(excess), "yes" if held_ else "no"])
    w.say("Checked on these data, standardised, at the rate ", figure(rate), ":")
    table(w, [("iteration",), ("size of the slopes",), ("promise: excess at most",), ("excess of the loss",), ("kept?",)], rows)
    w.say("Standardised, both second derivatives are equal and the promise is sharp. ", *_cautious(c))
    w.say(f"So choose what excess nobody would notice, say a millionth of the variance of the target, {figure(allowed)}. The rule is then: stop when the "
          f"size of the slopes is at most {figure(enough)}. It fires")
    table(w, [(c.formula(c.alpha),), ("after iteration",), ("excess of the loss then",)],
          [[figure(f.rate), ("never: the rate is at its bound" if f.rate * form.scale == 1 else f"not in "
          f"{count(CAP * 20)}") if f.small is None else count(f.small), "" if f.small is None else _excess_after(form, f)] for f in runs])


def _cautious(c: Course) -> Inline:
    """The promise for the feature as it is."""
    raw = forms_of(c.example)["raw"]
    if raw.condition < 1 + 1e-6:
        return ()
    at = next(islice(raw.path(raw.fastest), CAP, None))
    if raw.excess(*at) <= SAME * raw.excess(*raw.start):
        return (f"For the feature as it is, with the condition number {figure(raw.condition)}, it stays true and becomes cautious.",)
    promise = math.hypot(*raw.slopes(*at)) ** 2 / (2 * raw.eigenvalues[0])
    return ((f"For the feature as it is, with the condition number {figure(raw.condition)}, it stays true and becomes cautious: after {count(CAP)} "
    f"iterations at the best rate for it the promise is {figure(promise)}, and the "
            f"excess {figure(raw.excess(*at))}."),)


def _excess_after(form: Form, f: Fired) -> str:
    excess = form.excess(*next(islice(form.path(f.rate), f.small or 0, None)))
    return "0" if excess <= 1e-12 * form.excess(*form.start) else figure(excess)


def _drawn(c: Course, w: Writing, form: Form, runs: list[Fired]) -> None:
    w.head("All rules in one picture")
    w.say("The size of the slopes over the iterations, on logarithmic axes: a size that shrinks by the same factor in each iteration bends down on them. The "
          "dashed line marks the cap, a square with its iteration the place where nothing changes any more.")
    c.draw(w, _picture(form, runs))


def _picture(form: Form, runs: list[Fired]) -> Drawing:
    series, rows = [], []
    for n in DRAWN:
        f = runs[n]
        last = min(f.walk.steps + 2, 2 * CAP) if n == 3 else min(f.walk.steps + 2, 20 * CAP) if f.walk.why == "unchanged" else 2 * CAP
        sizes = [math.hypot(*form.slopes(*at)) for at in islice(form.path(f.rate), last + 1)]
        floor = 1e-17 * sizes[0]
        drawn = {0, len(sizes) - 1} | {round(1.04**j) for j in range(300)}
        shown = [(k + 1, max(v, floor)) for k, v in enumerate(sizes) if k in drawn]
        mark = count(f.walk.steps) if f.walk.why == "unchanged" else "cycle" if f.walk.why == "cycle" else ""
        series.append(Series(f"rate {figure(f.rate)}", [k for k, _ in shown], [v for _, v in shown], mark))
        rows.append((figure(f.rate), figure(sizes[0]), *(_size(sizes, k, sizes[0]) for k in (10, 100, CAP)), when(f.walk)))
    said = [f"The size of the slopes over the iterations, both axes logarithmic, iteration 0 drawn at 1. It begins at {rows[0][1]}."]
    said += [f"At the rate {r[0]} it is {r[2]} after 10 iterations and {r[4]} after {count(CAP)}; nothing changes after: {r[5]}." for r in rows]
    said.append(f"A dashed line marks the cap of {count(CAP)} iterations.")
    return curves(
        series, x_label="iteration + 1", y_label="size of the slopes", log_x=True, log_y=True, verticals=[(CAP + 1, f"cap {count(CAP)}")],
        title="The size of the slopes, and where each rule fires", description=" ".join(said),
        table=Rows(("rate", "at the start", "after 10", "after 100", f"after {count(CAP)}", "nothing changes after"), tuple(rows)), prefix="stopping-slopes",
    )  # fmt: skip


def _size(sizes: Sequence[float], k: int, first: float) -> str:
    if k >= len(sizes):
        return "0"
    return "0" if sizes[k] <= SAME * first else figure(sizes[k])


def _named(c: Course, w: Writing, form: Form) -> None:
    """The five words of symgd, each of a run that was really made."""
    g = c.example.standard
    best, half = form.fastest, short(form)
    made = (
        ("the best rate", descend_bound(g, start=form.start, rate=best, max_iterations=CAP)),
        ("a thousandth of the bound", descend_bound(g, start=form.start, rate=SHARES[0] * form.bound, max_iterations=CAP)),
        ("the rate that is too small, from there", descend_bound(g, start=half, rate=too_small(form), max_iterations=CAP)),
        ("exactly the bound", descend_bound(g, start=form.start, rate=form.bound, max_iterations=CAP)),
        ("one and a half times the bound", descend_bound(g, start=form.start, rate=1.5 * form.bound, max_iterations=CAP)),
    )
    w.head("What symgd does")
    w.say("symgd looks at both: whether anything changes or comes back, and whether the slopes are small within their rounding. It names what it found by one "
          "of five words: ",
          Mono("converged"), ", ", Mono("stalled"), ", ", Mono("oscillates"), ", ", Mono("diverged"), ", ", Mono("max-iterations"), f". Run on these data, "
          f"standardised, with a cap of {count(CAP)}:")  # fmt: skip
    rows: list[list[str | Inline]] = [[says, (Mono(trace.stopped), ": ", MEANS[trace.stopped])] for says, trace in made]
    table(w, [("rate",), ("how it stopped",)], rows)
    first = made[0][1]
    w.say("By default symgd standardises and takes the best rate. Here that ended with ", Mono(first.stopped), ": ", _default(first.stopped))


MEANS = {
    "converged": "both slopes are 0 within their rounding",
    "stalled": "nothing changes, but the slopes are not small: the rate is too small",
    "oscillates": "the parameters come back, and the slopes are not small: the rate is at its bound",
    "diverged": "the loss grows beyond all measure: the rate is above its bound",
    "max-iterations": "the cap came first; it adds how far the loss got and how many iterations are needed",
}


def _default(stopped: str) -> str:
    if stopped == "converged":
        return "the rule that fired is a statement about the slopes, and not the cap."
    return "so look at the slopes before you trust the result."


def _exercises(c: Course) -> Sequence[Exercise]:
    L, v = c.L.symbol, c.w.symbol
    loss = add(mul(Num(Fraction(2)), c.w**2), Neg(mul(Num(Fraction(4)), c.w)), Num(Fraction(5)))
    return (
        Exercise(
            (Prose((("A program stops because nothing changes any more, and reports that it has converged. Which number would you ask for before you believe "
            "it?"),)),),
            (("Nothing changes if the step is 0. Of which two numbers is the step a product?",),),
            (Prose((("The size of the slopes. The step is the rate times the slope: it may be rounded away because the rate is tiny, while the slope is not "
            "small."),)),),
        ),
        Exercise(
            (Prose(("Each iteration halves the distance. Are 10 iterations enough to get to a thousandth of it? And if each takes away a tenth?",)),),
            (("Multiply 1/2 by itself ten times.",),),
            (Prose(("With halving they are: ten of them leave less than a thousandth. Otherwise about a third is left: a cap of 10 fires too early.",)),),
        ),
        Exercise(
            (Prose(("The loss is ", c.formula(c.L), " = ", c.formula(loss), ". Write the line for its derivative. At ", c.formula(c.w), (" = 2, what does the "
            "rule of the small slope promise about the excess of the loss, and what is it?"))),),
            (("The second derivative is 4.",), ("The promise is the squared slope divided by twice that.",)),
            (Prose(("The derivative is ", c.formula(add(mul(Num(Fraction(4)), c.w), Neg(Num(Fraction(4))))), ", which is 4 at ", c.formula(c.w),
            " = 2. The promise is 4 · 4 divided by 8, which is 2. The loss there is 5, the least one, at ",
                    c.formula(c.w), " = 1, is 3: the promise is kept exactly.")),),
            kind="fill", stated=(f"{L} = 2*{v}^2 - 4*{v} + 5",), key=f"d{L}/d{v} = 4*{v} - 4",
        ),
    )  # fmt: skip


STOPPING = Lesson("stopping", "When to stop", "When should the updates end, and what does each rule promise?", _write, lambda c: program(c.example), _exercises)
