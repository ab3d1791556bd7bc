"""The grid: trying all pairs (w, b), really run; why nobody can in many parameters, and why the descent is smarter.

Glossary: p, q the slopes by w and b; Λ = (2/n) Σ (x_i² + 1), the sum of the second derivatives (half of it where the loss is written with ½).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction


from symgd.course.amounts import amount, column
from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.parabola import share
from symgd.course.mistake import mistake
from symgd.course.proved import along, chain, proved
from symgd.course.search import DIGITS, EVALUATION, STEP, places, promises, search
from symgd.course.spoiled import as_line, definitions
from symgd.document.page import Chain, Inline, Line, Prose, Table
from symgd.exposition.writing import Writing
from symgd.forward import Definition
from symgd.pictures import grid_of_losses
from symgd.pictures.lettering import count, power_of_ten
from symgd.stationary.linear import unfold
from symgd.term import ONE, TWO, Div, Name, Neg, Num, Pow, Sum, Term, add, mul

__all__ = ["GRID"]

PARAMETERS = (2, 10, 10**6)
YEAR = 365.25 * 24 * 3600  # seconds
SHOWN = (1, 2, 3)  # iterations in the table, and the last one


def _write(c: Course, w: Writing) -> None:
    _box(c, w)
    _count(c, w)
    _run(c, w)
    _descent(c, w)
    _lemma(c, w)
    _checked(c, w)


def _box(c: Course, w: Writing) -> None:
    e, s = c.example, search(c)
    (low, high), (bottom, top) = s.box
    z, _, _ = _letters(c)
    w.head("Where to look")
    w.say("The simplest way to a good pair (", c.formula(c.w), ", ", c.formula(c.b), ") is to try many and to keep the best. First: where? On this page ",
          f"{e.feature} is counted in standard deviations from its mean:")  # fmt: skip
    mean, deviation = Name("x_bar"), Name("sigma")
    middle = column((float(e.x.mean()), float(e.x.mean() + e.x.std())))[0]
    told = f"{e.feature} standardised: its mean is {middle}, its standard deviation {amount(float(e.x.std()))}"
    w.chain((w.line(z, Div(c.x - mean, deviation), ":=", (told,)),))
    w.say(c.to("scaling", "Scaling"), " shows what else that is good for. Now a box can be given that surely holds the best pair. The best line goes ",
          "through the point of the means, where ", c.formula(z), " = 0: the best intercept is the mean of the target, and lies between its smallest and ",
          "its largest value. And the predictions of the best line spread no more than the target does, so the best slope is at most the standard ",
          "deviation of the target, which is at most half of its range:")  # fmt: skip
    ends = column((low, high)), column((bottom, top))
    rows: list[tuple[Inline, ...]] = [((c.formula(p),), *((end,) for end in pair)) for p, pair in zip((c.w, c.b), ends, strict=True)]
    w.table(("", "from", "to"), rows, (), (1, 2))
    w.say(f"Both sides of the box have the same length, {amount(top - bottom)}.")


def _count(c: Course, w: Writing) -> None:
    _, epsilon, d = _letters(c)
    w.head("How many pairs are there?")
    said = f"Infinite combinations of {c.label(c.w)} and {c.label(c.b)} values make exhaustive search impractical"
    w.blocks.extend(mistake(c, said, (
        "There are infinitely many pairs, even uncountably many. But that is not what makes the search impractical: nobody asks for the last ",
        "digit. To three digits of each parameter finitely many are enough, ", c.formula(Pow(Num(Fraction(10)), mul(Num(Fraction(3)), d))), " for ",
        c.formula(d), " parameters. ",
        "With two that is a million, and this page tries them all. It is the exponent that kills: each further parameter costs a factor."),
        hint=("How many digits of them does one need?",), asks=("Is it the infinity that makes the search impractical?",), words=True))  # fmt: skip
    (r,) = c.example.gradient.problem.unused("r")
    w.say("A grid with the step ", c.formula(epsilon), " on a side of length ", c.formula(r), " has ", c.formula(Div(r, epsilon)), " places; with ",
          c.formula(d), " parameters that many in each direction, so the evaluations of the loss are ", c.formula(Pow(Div(r, epsilon), d)), ".")  # fmt: skip
    rows: list[tuple[Inline, ...]] = [((count(k),), *((_power(k * digits),) for digits in DIGITS)) for k in PARAMETERS]
    head = ("parameters", *(f"{k} digit{'s' if k > 1 else ''} of each" for k in DIGITS))
    w.table(head, rows, ("Evaluations",), (0, 1, 2, 3))
    w.say(f"With ten parameters, three digits and a billion evaluations a second the search takes {amount(1e30 / 1e9 / YEAR, 2)} years. A network has a ",
          "million parameters and more.")  # fmt: skip


def _power(exponent: int) -> str:
    if exponent > 300:
        return f"a number of {count(exponent + 1)} digits"
    return count(10**exponent) if exponent <= 6 else power_of_ten(exponent)


def _run(c: Course, w: Writing) -> None:
    e, s = c.example, search(c)
    w.head("The search, run")
    H, least = e.standard.hessian(), e.least
    m, at_w, at_b, _ = s.found[0]
    halves = [(high - low) / m / 2 for low, high in s.box]
    zoom = [places((at - h, at + h), 10) for at, h in zip((at_w, at_b), halves, strict=True)]
    drawing = grid_of_losses(
        (float(H[0, 0]), float(H[0, 1]), float(H[1, 1])), s.best, least, places(s.box[0], m), places(s.box[1], m),
        w_label=c.label(c.w), b_label=c.label(c.b), zoom=(zoom[0], zoom[1]), prefix="grid-dots",
    )  # fmt: skip
    c.draw(w, drawing)
    best = (0, *s.best, least)
    ws, bs, losses = (column([*(f[k] for f in s.found), best[k]], 6) for k in (1, 2, 3))
    rows: list[tuple[Inline, ...]] = []
    for k, (m, *_) in enumerate(s.found):
        rows.append(((str(DIGITS[k]),), (count(m * m),), (count(m * m * EVALUATION * e.n),), (ws[k],), (bs[k],), (losses[k],)))
    rows.append((("exact",), (), (), (ws[-1],), (bs[-1],), (losses[-1],)))
    head: tuple[Inline, ...] = (("digits",), ("evaluations",), ("operations",), ("best ", c.formula(c.w)), ("best ", c.formula(c.b)), (c.formula(c.L),))
    w.blocks.append(Table(head, tuple(rows), (), tuple(range(6))))
    w.say(f"An evaluation takes {EVALUATION} operations a row: a product, a sum, a difference, a square and one more sum. The best dot lies within half ",
          "a step of the best pair in each direction. Every further digit costs 100 times as much.")  # fmt: skip


def _descent(c: Course, w: Writing) -> None:
    e, s = c.example, search(c)
    w.head("The same precision by descent")
    w.say("Gradient descent begins anywhere, here in the corner of the box where both are smallest, computes both slopes, and steps against them. How it ",
          "works is the rest of the course. With the learning rate ", c.formula(c.alpha), f" = {amount(s.rate)} it needs, until it is as near as the ",
          "grid's best dot is sure to be:")  # fmt: skip
    rows: list[tuple[Inline, ...]] = []
    for k, (m, *_), steps in zip(DIGITS, s.found, s.needed, strict=True):
        times = amount(m * m * EVALUATION / (STEP * steps), 3) if steps else ""
        rows.append(((str(k),), (count(m * m),), (count(steps),), (count(STEP * e.n * steps),), (times,)))
    w.table(("digits", "grid: evaluations", "descent: steps", "its operations", "times as much work"), rows, (), (0, 1, 2, 3, 4))
    more = math.log(10) / -math.log(s.shrinks)
    best = e.standard_rates.best
    w.say(f"Each step multiplies the distance to the best pair by {amount(s.shrinks)}, so a further digit costs {amount(more, 3)} more steps, whatever ",
          "the number of parameters, while it multiplies the work of the grid by ten for each of them. A step costs a little more than an evaluation, ",
          f"for it computes both slopes: {STEP} operations a row. (With the rate {amount(best)}, the best one for standardised data, a single step would ",
          "do; ", c.to("rate", "the rate"), " tells why.)")  # fmt: skip


def _letters(c: Course) -> tuple[Name, Name, Name]:
    """The standardised feature, the step of the grid, the number of parameters."""
    z, epsilon, d = c.example.gradient.problem.unused("z", "epsilon", "d")
    return replace(z, indices=c.x.indices), epsilon, d


def _lemma(c: Course, w: Writing) -> None:
    problem = c.example.gradient.problem
    p, q, lam = problem.unused("p", "q", "Lambda")
    slopes = [Definition(name, unfold(problem, c.example.gradient.of(of.symbol).result), "") for name, of in ((p, c.w), (q, c.b))]
    trace = Definition(lam, mul(share(c, 2), Sum("i", c.x**2 + ONE)), "")
    a, u = c.alpha, c.u
    change, length = mul(p, c.x) + q, p**2 + q**2
    square = Pow(p - mul(q, c.x), TWO)
    w.head("Why the descent is smarter")
    w.say("The grid looks at the loss alone. The descent also uses the slopes, and they tell before the step by how much it will lower the loss at ",
          "least. Call the slopes ", c.formula(p), " and ", c.formula(q), ", and let ", c.formula(lam), " be a number of the feature alone:")  # fmt: skip
    w.chain((w.line(p, c.dw, ":=", ("the slope by ", c.formula(c.w))), w.line(q, c.db, ":=", ("the slope by ", c.formula(c.b))),
             w.line(lam, trace.value, ":=", ("how strongly the slopes themselves can change",))))  # fmt: skip
    w.say("One identity is needed:")
    w.chain((proved(change**2, mul(length, c.x**2 + ONE) - square, problem, ("multiply out to see it",)),))
    w.say("A step leads to ", c.formula(c.w - mul(a, p)), " and ", c.formula(c.b - mul(a, q)), ". The loss there, line by line:")

    def over(body: Term) -> Term:
        return mul(share(c, 1), Sum("i", body))

    (after,) = problem.unused(f"{c.L.symbol}_new")
    there = over(Pow(mul(c.w - mul(a, p), c.x) + (c.b - mul(a, q)) - c.y, TWO))
    lines = chain(after, [
        (there, "the loss after the step", "The new values stand where the old ones stood; nothing else has changed."),
        (over(Pow(u - mul(a, change), TWO)), ("every residual becomes smaller by ", c.formula(mul(a, change))),
         ("Sort what is in the bracket: the part without ", c.formula(a), " is the old residual.")),
        (add(c.L, Neg(mul(a, share(c, 2), Sum("i", mul(u, change)))), mul(a**2, over(change**2))), "the square multiplied out",
         ("(f − g)² = f² − 2 f g + g², and the sum of each part by itself; the first is the old loss.")),
        (add(c.L, Neg(mul(a, length)), mul(a**2, over(change**2))), "the sums in the middle are the slopes themselves",
         "What they multiply is a slope again: each slope times itself, so a square."),
        (add(c.L, Neg(mul(a, ONE - Div(mul(a, lam), TWO), length)), Neg(mul(a**2, over(square)))), "the identity put in, and collected",
         "The first part of the identity has the sum of the squared slopes as a factor, as the term before it has: take it out of both."),
    ], along(problem, *slopes, trace, Definition(after, there, "")), w.detail)  # fmt: skip
    right = w.layout(add(c.L, Neg(mul(a, ONE - Div(mul(a, lam), TWO), length))))
    w.chain((*lines, Line(None, right, "≤", ("what was left out is subtracted, and a sum of squares",))))
    w.say("This is the descent lemma. As long as 0 < ", c.formula(a), " < ", c.formula(Div(TWO, lam)), " the bracket is positive: every step lowers the ",
          "loss, and by more the steeper it is. Only where both slopes are 0 nothing is gained, and there the minimum is. No grid can promise that: what ",
          "its next dot will give, nobody knows.")  # fmt: skip


def _checked(c: Course, w: Writing) -> None:
    s = search(c)
    rows, held = promises(c)
    lam = 2 * c.example.scale * 2
    w.head("Checked on every step")
    w.say(f"For the standardised feature the squares have the mean 1, so the number is {amount(lam)}, and ", c.formula(c.alpha), f" = {amount(s.rate)} ",
          f"is below 2/{amount(lam)} = {amount(2 / lam)}. The run above, with what the lemma promises for each step:")  # fmt: skip
    steps = sorted({*(k for k in SHOWN if k < len(rows)), len(rows)})
    cells: list[tuple[Inline, ...]] = [((count(k),), *((amount(v),) for v in rows[k - 1])) for k in steps]
    w.table(("step", "squared slopes", "loss falls at least by", "it falls by"), cells, (), (0, 1, 2, 3))
    kept = f"{count(held)} of {count(len(rows))}" if held < len(rows) else f"all {count(len(rows))}"
    w.say(f"The promise was kept on {kept} steps.")


def _program(c: Course) -> str:
    return f'''z = (x - x.mean()) / x.std()
dy = y - y.mean()
best_w, best_b = np.mean(z * dy), y.mean()
half = (y.max() - y.min()) / 2
box = np.array([[-half, half], [y.min(), y.max()]])
print("mean", x.mean(), "deviation", x.std(), "box", *box.ravel(), 2 * half, "best", best_w, best_b, "loss", scale * np.mean((best_w * z - dy) ** 2))


def middles(low, high, m):
    return low + (np.arange(m) + 0.5) * (high - low) / m


def on_z(w, b):  # the loss from sums that are taken once
    return scale * (w**2 * np.mean(z**2) + (b - y.mean()) ** 2 - 2 * w * np.mean(z * dy) + np.mean(dy**2))


rate, lam = 0.1 / scale, 2 * scale * np.mean(z**2 + 1)
path = [box[:, 0]]  # the descent begins in the corner
for k in range(60):
    u = path[-1][0] * z + (path[-1][1] - y.mean()) - dy
    path.append(path[-1] - rate * scale * 2 * np.array([np.mean(u * z), np.mean(u)]))
away = np.abs(np.array(path) - [best_w, best_b])
for m in (10, 100, 1000):
    w, b = np.meshgrid(middles(*box[0], m), middles(*box[1], m), indexing="ij")
    tried = on_z(w, b)
    for i, j in np.argwhere(tried <= tried.min() + 1e-12 * y.var())[:4]:  # the best, and those equally good
        print(m * m, "pairs, operations", {EVALUATION} * n * m * m, "best", w[i, j], b[i, j], "loss", tried[i, j])
    steps = next(k for k in range(60) if (away[k] <= (box[:, 1] - box[:, 0]) / m / 2).all())
    print("descent", steps, "steps, operations", {STEP} * n * steps, "ratio", {EVALUATION} * m * m / ({STEP} * max(steps, 1)))
print("years", 1e30 / 1e9 / (365.25 * 24 * 3600), "powers", *[10.0 ** (d * k) for d in (2, 10) for k in (1, 2, 3)])
shrinks = 1 - rate * 2 * scale * np.mean(z**2)
print("rate", rate, "shrinks by", shrinks, (1 + shrinks) / 2, "leaving", 1 - shrinks)
print("steps a digit", np.log(10) / -np.log(0.8), "at half the rate", np.log(10) / -np.log(0.9))
print("best rate", 1 / (2 * scale))
print("Lambda", lam, "bound", 2 / lam, "parameters", 10**6, "digits", *[k * 10**6 + 1 for k in (1, 2, 3)])
for k in range(steps):
    u = path[k][0] * z + (path[k][1] - y.mean()) - dy
    squared = np.sum((scale * 2 * np.array([np.mean(u * z), np.mean(u)])) ** 2)
    fall = on_z(*path[k]) - on_z(*path[k + 1])
    print("step", k + 1, squared, "promised", rate * (1 - rate * lam / 2) * squared, "fell", fall, fall >= rate * (1 - rate * lam / 2) * squared)
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    p, q = c.example.gradient.problem.unused("p", "q")
    change = p * c.x + q
    square = Pow(c.u - mul(c.alpha, change), TWO)
    opened = add(c.u**2, Neg(mul(TWO, c.alpha, c.u, change)), mul(c.alpha**2, change**2))
    return (
        Exercise(
            (Prose(("A parabola has three parameters. How many pairs, or here triples, has a grid that finds four digits of each?",)),),
            (("How many places are there along one side?",), ("Each place of one side goes with each place of the two others.",)),
            (Prose((f"10⁴ places a side, so (10⁴)³ = {power_of_ten(12)}.",)),),
        ),
        Exercise(
            (Prose(("The learning rate of the run above is halved. By what is the distance to the best pair multiplied at each step now, and how many ",
                    "steps does a further digit cost?")),),
            ((f"At the rate {amount(search(c).rate)} it is {amount(search(c).shrinks)}: {amount(1 - search(c).shrinks)} of the distance goes. How much at ",
                    "half the rate?",),
             ("After k steps the factor has been taken k times. When is that a tenth?",)),
            (Prose((f"By {amount((1 + search(c).shrinks) / 2)}, so a further digit costs ",
                    f"{amount(math.log(10) / -math.log((1 + search(c).shrinks) / 2), 3)} steps.")),),
        ),
        Exercise(
            (Prose(("The second line of the lemma holds a square. Multiply it out; leave ", c.formula(change), " together.")),
             Prose((c.formula(square), " = ?"))),
            (("It is the square of a difference.",), ("The part in the middle is twice the product of the two, with a minus.",)),
            (Chain((proved(square, opened, c.example.gradient.problem, ("multiplied out",)),)),),
            "fill", definitions(c.example.gradient.problem), as_line(square, opened),
        ),
    )  # fmt: skip


ASKS = "How many pairs would have to be tried, and what does gradient descent do better?"
GRID = Lesson("grid", "Trying all lines", ASKS, _write, _program, _exercises)
