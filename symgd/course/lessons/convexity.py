"""Convexity: the loss of a line bends upwards everywhere, so it has one valley; a network of one unit has two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from symgd.course.exercise import Exercise, predict, predict_program
from symgd.course.lesson import Course, Lesson
from symgd.course.mistake import mistake
from symgd.course.proved import along, chain, proved
from symgd.course.runs import figure
from symgd.course.trial import exact, trial
from symgd.derivation import Gradient
from symgd.document.page import Prose
from symgd.exposition.writing import Writing
from symgd.forward import Definition
from symgd.hessian import Curvature, curvature
from symgd.numeric.data.arrays import Column
from symgd.pictures import Drawing, Rows, Series, curves
from symgd.pictures.lettering import count, digits_apart, rounding
from symgd.term import TWO, Call, Div, Name, Neg, Num, Sum, add, mul

__all__ = ["CONVEXITY"]

MOST = 1000  # rows that the small network is tried on
WIDE = 1.6  # how far its picture goes, in places of its minimum
LEAST = 1e-6  # the correlation from which on it has something to learn


def _write(c: Course, w: Writing) -> None:
    curve = _curve(c.example.gradient)
    _second(c, w, curve)
    _bends(c, w, curve)
    _global(c, w)
    _only(c, w, curve)
    _two(c, w)
    w.head("What follows")
    w.say("For a line a descent cannot end in a wrong valley; for a network it can. It is used all the same, and the gradient of a network comes from "
          "the chain rule "
          "alone: ", c.to("backpropagation", "back-propagation"), ".")  # fmt: skip


@cache
def _curve(gradient: Gradient) -> Curvature:
    return curvature(gradient)


# ---------------------------------------------------------------- the second derivatives


def _second(c: Course, w: Writing, curve: Curvature) -> None:
    w.head("How the slopes change")
    w.say("The derivative of a slope says how the loss bends. There are two slopes and two parameters to move, so there are four second derivatives; "
          "two of them are "
          "equal. The slopes get names, and are differentiated once more:")  # fmt: skip
    w.chain(tuple(w.line(d.name, d.value, ":=", ("the slope by ", w.formula(p)), w.number(d.name)) for p, d in zip((c.w, c.b), curve.slopes, strict=True)))
    for _, d in curve.entries:
        w.chain(w.derivation(d))
    H = c.example.raw.hessian()
    values = [0.0 if abs(v) < 1e-9 * float(np.abs(H).max()) else float(v) for v in (H[0, 0], H[0, 1], H[1, 1])]
    w.say("No parameter is left in them: the loss bends the same everywhere. Together they are the Hessian, a matrix H. On these data it has the entries")
    entries = tuple(d for _, d in curve.entries)
    w.chain(tuple(w.line(name, d.goal, ":=", (f"here {figure(v, 5)}",)) for name, d, v in zip(_entries(c), entries, values, strict=True)))


def _entries(c: Course) -> tuple[Name, ...]:
    """Short names for the three different entries of H."""
    return c.example.gradient.problem.unused("H1", "H2", "H3")


def _bends(c: Course, w: Writing, curve: Curvature) -> None:
    """vᵀHv as a sum of squares."""
    p, (v, q), names = c.example.gradient.problem, curve.direction, _entries(c)
    known = (Definition(name, d.result, "") for name, (_, d) in zip(names, curve.entries, strict=True))
    left = add(mul(names[0], v**TWO), mul(TWO, names[1], v, q), mul(names[2], q**TWO))
    right = mul(Div(Num(Fraction(2 * c.example.scale)), c.n), Sum("i", add(mul(v, c.x), q) ** TWO))
    (s,) = p.unused("s")
    w.head("It bends upwards in every direction")
    w.say("Walk straight on, from anywhere: ", w.formula(v), " in ", w.formula(c.w), " and ", w.formula(q), " in ", w.formula(c.b),
          " for each unit of time. How the loss bends along that way, ", w.formula(s), ", is made of the entries of H; it is written vᵀHv. ",
          "It is a sum of squares:")  # fmt: skip
    lines = [
        (left, "the entries, each with its two directions", "The mixed entry stands twice, once for either order: that is where the 2 comes from."),
        (right, "the entries put in, the square gathered", "Under one sum it is (f + g)² = f² + 2 f g + g², read from right to left."),
    ]
    w.chain(chain(s, lines, along(p, *known, Definition(s, left, "")), w.detail))
    w.say("A sum of squares is never negative. So along every straight line, at every place, the loss bends upwards or not at all. ",
          "Such a function is called convex.")


def _global(c: Course, w: Writing) -> None:
    e, t = c.example, trial(c.example)
    dw, db = t.w - e.best[0], t.b - e.best[1]
    way = dw * e.x + db
    w.head("Why local is global here")
    w.say("Say we have come to a place where both slopes are 0. Walk from there to any other place, straight on. At first the slope along the way is "
          "0. It changes by "
          "the second derivative, which is never negative, so it never becomes negative: the loss never falls on the whole way. No other place is lower. "
          "Every local minimum of this loss is a global one.")  # fmt: skip
    w.say("For a square one can say how much higher the other place is: by half of vᵀHv, with v the way to it. From the best line to ", w.formula(c.w),
          " = ", exact(t.w), ", ", w.formula(c.b), " = ", exact(t.b), " that is ", figure(e.scale * float(way @ way) / e.n, 5), ". The loss there is ",
          figure(e.scale * float(t.u @ t.u) / e.n, 5), ", that at the best line ", figure(e.least, 5),
          ": the same difference.")  # fmt: skip
    w.blocks.extend(mistake(
        c, "This technique is used to find the local minimum", words=True,
        hint=("How many valleys has the loss of a line?",),
        why=("For this loss the word “local” promises too little. The loss of a line is convex: a minimum that is the lowest place ",
             "nearby is the lowest of all. In general a descent promises less than that: only a place where the slopes are 0. ",
             "What kind of place it is depends on the loss."),
    ))  # fmt: skip


def eigenvalues(c: Course) -> tuple[float, float]:
    """λmin and λmax; the smaller one from the determinant (2/n)² n Σ (x − mean)², so that it keeps its digits where the valley is long."""
    e = c.example
    largest = float(e.rates.eigenvalues[-1])
    return (2 * e.scale) ** 2 * float(e.x.var()) / largest, largest


def _only(c: Course, w: Writing, curve: Curvature) -> None:
    e, (v, q) = c.example, curve.direction
    low, high = float(e.x.min()), float(e.x.max())
    digits = digits_apart((low, high), 4)
    least, most = eigenvalues(c)
    w.head("Is it the only one?")
    w.say("The sum of squares is 0 only if every square is: ", w.formula(add(mul(v, c.x), q)), " = 0 for all samples. Where ", w.formula(c.x),
          " has two different values, "
          "that leaves only the standstill ", w.formula(v), " = ", w.formula(q), " = 0. In these data it runs from ", figure(low, digits), " to ",
          figure(high, digits),
          ": the loss rises in every direction, and there is one best line. Were ", w.formula(c.x),
          " the same everywhere, a whole row of lines would be equally good.")  # fmt: skip
    w.say("In numbers: among all directions of length 1 the second derivative lies between the eigenvalues of H, here ", figure(least, 4), " and ",
          figure(most, 4),
          ". Both are positive.", *_how_long(most / least))  # fmt: skip


def _how_long(ratio: float) -> tuple[str, ...]:
    if ratio > 10:
        return (f" The larger is {figure(ratio, 3)} times the smaller: one valley, but a long one.",)
    return (" They are not far apart: the bowl is nearly round.",)


# ---------------------------------------------------------------- two valleys


@dataclass(frozen=True)
class Small:
    """A network of one unit, ŷ = ±s tanh(s z), on some rows in standard deviations: z the feature, t the target turned so that it rises with z."""

    z: Column
    t: Column
    scale: float
    rises: bool

    def loss(self, s: float) -> float:
        u = s * np.tanh(s * self.z) - self.t
        return self.scale * float(u @ u) / len(u)

    def line(self, s: float) -> float:
        u = s * self.z - self.t
        return self.scale * float(u @ u) / len(u) if float(np.abs(u).max()) > rounding(1.0) else 0.0

    @property
    def r(self) -> float:
        """The correlation: the best slope of a line."""
        return float(self.z @ self.t) / len(self.z)

    def slope(self, s: float) -> float:
        bent = np.tanh(s * self.z)
        return 2 * self.scale * float((s * bent - self.t) @ (bent + s * self.z * (1 - bent * bent))) / len(self.z)

    def best(self) -> float:
        """The place s > 0 of the lowest loss on a grid, then where the slope is 0."""
        grid = np.linspace(0, 2 * np.sqrt(self.r), 201)[1:]
        k = int(np.argmin([self.loss(s) for s in grid]))
        low, high = float(grid[max(k - 1, 0)]), float(grid[min(k + 1, len(grid) - 1)])
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self.slope(middle) > 0 else (middle, high)
        return (low + high) / 2


def small(c: Course) -> Small | None:
    """On every k-th row, so that there are at most MOST; None where feature and target go together so little that nothing can be learned."""
    e = c.example
    x, y = e.x[:: -(-e.n // MOST)], e.y[:: -(-e.n // MOST)]
    if not (x.std() > 0 and y.std() > 0):
        return None
    z, t = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float(np.mean(z * t))
    return Small(z, t if r > 0 else -t, e.scale, r > 0) if abs(r) >= LEAST else None


def _two(c: Course, w: Writing) -> None:
    found = small(c)
    p = c.example.gradient.problem
    first, second, s, z = p.unused("w1", "w2", "s", "z")
    w.head("A loss with two valleys")
    w.say("A network of one unit predicts ", w.formula(mul(second, Call("tanh", (mul(first, z),)))),
          ", with two weights. Turn both signs and nothing has changed:")
    w.chain((proved(mul(Neg(second), Call("tanh", (mul(Neg(first), z),))), mul(second, Call("tanh", (mul(first, z),))), p, ("tanh(−x) = −tanh x",)),))
    w.say("So its loss has the same height at two places, on opposite sides of 0. If a convex function did that, it could not be higher half-way between them. "
          "At 0, half-way, this network predicts 0 for everything.")  # fmt: skip
    if found is None:
        w.note("In these data feature and target do not go together at all: there is nothing for such a network to learn, so its valleys are not shown.")
        return
    e, at = c.example, found.best()
    step = -(-e.n // MOST)
    rows = f"on {'all' if step == 1 else 'every ' + count(step) + 'th of the'} {count(e.n)} rows, " if e.n > 1 else ""
    w.say(f"Try it {rows}feature and target measured from their means in standard deviations. We keep both weights ", *(("equal, and call them ",
          w.formula(s)) if found.rises
          else ("equal but for their sign, for these data fall, and call them ", w.formula(s), " and ", w.formula(Neg(s)))),
                ": that is one straight line through the loss of the network. Beside it the same for a line with the slope ",
          w.formula(s if found.rises else Neg(s)), ".")  # fmt: skip
    c.draw(w, _line_picture(c, found, s))
    c.draw(w, _network_picture(c, found, s, at))
    top, low = found.loss(0.0), found.loss(at)
    digits = digits_apart((top, low), 4)
    w.say("The network has two valleys, at ", w.formula(s), " = −", figure(at, 4), " and ", figure(at, 4), ", with the loss ", figure(low, digits),
          "; between them, at 0, it is ",
          figure(top, digits), ". A descent with small steps that starts right of 0 stays on the right, one that starts left of 0 on the left: the "
          "start decides. ",
          "Started exactly at 0 it never moves: the slope is 0, on a hilltop.")  # fmt: skip
    w.say("A function that is convex would be so along every straight line. This one is not, so the loss of the network is not convex. Here the two "
          "valleys are equally "
          "good; in larger networks they need not be.")  # fmt: skip


def _line_picture(c: Course, found: Small, s: Name) -> Drawing:
    r = found.r
    xs = np.linspace(r - 1.5, r + 1.5, 61)
    label = c.label(s)
    loss = c.label(c.L)
    told = [(r - 1.5, found.line(r - 1.5)), (r, found.line(r)), (r + 1.5, found.line(r + 1.5))]
    rows = Rows((label, loss), tuple((figure(a, 4), figure(v, 4)) for a, v in told))
    return curves(
        [Series("the line", tuple(xs), tuple(map(found.line, xs)))], x_label=label, y_label="loss", title="A line: one valley", table=rows,
        prefix="convexity-one",
        description=f"The loss of a line over {label}: one valley, lowest at {figure(r, 4)}, where the loss is {figure(found.line(r), 4)}.",
    )  # fmt: skip


def _network_picture(c: Course, found: Small, s: Name, at: float) -> Drawing:
    xs = np.linspace(-WIDE * at, WIDE * at, 81)
    label = c.label(s)
    told = [-WIDE * at, -at, 0.0, at, WIDE * at]
    losses = [found.loss(a) for a in told]
    digits = digits_apart(losses, 4)
    rows = Rows((label, c.label(c.L)), tuple((figure(a, 4), figure(v, digits)) for a, v in zip(told, losses, strict=True)))
    return curves(
        [Series("the network", tuple(xs), tuple(map(found.loss, xs)))], x_label=label, y_label="loss", title="A network of one unit: two valleys",
        description=f"The loss of the network over {label}: a hilltop at 0, where it is {figure(losses[2], digits)}, and a valley on either side, "
        f"at {figure(-at, 4)} and {figure(at, 4)}, where it is {figure(losses[1], digits)}.", table=rows, prefix="convexity-two",
    )  # fmt: skip


def _program(c: Course) -> str:
    t, found = trial(c.example), small(c)
    text = f'''# how the loss bends: the Hessian, its eigenvalues, and what that means for two places
print("n", n, "x from", x.min(), "to", x.max())
print("H", 2 * scale * np.mean(x * x), 2 * scale * np.mean(x), 2 * scale)
largest = 2 * scale * np.linalg.svd(np.column_stack((x, np.ones(n))), compute_uv=False)[0] ** 2 / n
smallest = (2 * scale) ** 2 * np.mean((x - x.mean()) ** 2) / largest
print("eigenvalues", smallest, largest, "ratio", largest / smallest)
w_best = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
b_best = y.mean() - w_best * x.mean()
w, b = {t.w!r}, {t.b!r}
print("at", w, b, loss(w, b), "at the best line", loss(w_best, b_best), "difference", loss(w, b) - loss(w_best, b_best))
'''
    text += predict_program(c, bound_of(c))
    if found is None:
        return text
    return text + f'''
# the small network: its slope in s by a complex step, its valley by halving
every = {-(-c.example.n // MOST)}
z, t = x[::every], y[::every]
z, t = (z - z.mean()) / z.std(), (t - t.mean()) / t.std()
r = abs(np.sum(z * t) / len(z))
t = t * np.sign(np.sum(z * t))
print("every", every)


def network(s):
    return scale * np.mean((s * np.tanh(s * z) - t) ** 2)


def line(s):
    return scale * np.mean((s * z - t) ** 2)


grid = np.linspace(0, 2 * np.sqrt(r), 201)[1:]
k = min(range(200), key=lambda k: network(grid[k]))
low, high = grid[max(k - 1, 0)], grid[min(k + 1, 199)]
for halving in range(60):
    middle = (low + high) / 2
    low, high = (low, middle) if np.imag(network(middle + 1e-20j)) > 0 else (middle, high)
for s in (0.0, low, {WIDE} * low):
    print("network at", s, network(s), network(-s))
for s in (r - 1.5, r, r + 1.5):
    print("line at", s, line(s))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    return _two_best(c), _saddle(c), predict(c, bound_of(c))


def bound_of(c: Course) -> float:
    """2/λmax"""
    return c.example.rates.bound


def _two_best(c: Course) -> Exercise:
    return Exercise(
        (Prose(("Somebody reports two different lines with the same, lowest loss. What do you know about his ", c.formula(c.x), "?")),),
        (("How does a convex loss run between two lowest places?",), ("When is the sum of squares 0 although there is a way from one to the other?",)),
        (Prose(("It is the same in every row. Between two lowest places a convex loss stays level, so the sum of squares is 0 along ",
                "the way between them; with two different values of ", c.formula(c.x), " that cannot be.")),),
    )  # fmt: skip


def _saddle(c: Course) -> Exercise:
    """Bent upwards along both axes, and yet no valley."""
    f = add(c.w**TWO, c.b**TWO, Neg(mul(Num(Fraction(4)), c.w, c.b)))
    return Exercise(
        (Prose(("The function ", c.formula(f), " bends upwards along ", c.formula(c.w), " and along ", c.formula(c.b),
                ": both second derivatives are 2. Is it convex?")),),
        (("Walk along the diagonal.",), ("Put the same number for both.",)),
        (Prose(("No. Along ", c.formula(c.w), " = ", c.formula(c.b), " it is ", c.formula(Neg(mul(TWO, c.w**TWO))), ", which bends downwards. Two directions ",
                "are not enough: vᵀHv must not be negative for any v.")),),
    )  # fmt: skip


CONVEXITY = Lesson("convexity", "Convexity: one valley", "Can a descent end in a wrong valley?", _write, _program, _exercises)
