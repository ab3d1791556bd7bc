"""How large a learning rate may be: the bound 2/λmax, the best fixed rate, and how many steps a rate needs.

For a quadratic loss L = L* + ½ δᵀ H δ, with δ = θ − θ*, one step multiplies the part of δ along the eigenvector of λ by 1 − αλ.
For another loss H is taken at the start by differences of the gradient, and what follows from it is an estimate.

Glossary: α the rate; H the second derivatives; λ its eigenvalues; θ* the minimum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgd.document.page import Page, Prose
from symgd.document.shown import shows_itself
from symgd.numeric.data.arrays import Column
from symgd.numeric.bound.loss import Bound

__all__ = [
    "MOST_MATRIX", "Rates", "at_bound", "by_differences", "distance", "forecast", "from_eigenvalues", "minimum", "predicted_iterations", "rates", "rounded",
    "rounding", "shown", "steepest", "target_spread", "unresolved",
]  # fmt: skip

EPS = 2.0**-52
MOST_MATRIX, POWERS = 100, 60  # parameters whose second derivatives are all taken by differences; else steps of the power method
MOST_SINGLE = 2**24  # derivatives of single samples that are looked at for the rounding of a slope
SWING = 64  # steps in which a swinging error must stay near
NEAR = 1e-8  # of the spread of the target: where predicted_iterations counts a descent as arrived


@shows_itself
@dataclass(frozen=True)
class Rates:
    """bound      2/λmax: a fixed rate below it converges, one above it diverges; inf where the loss is flat
    best       2/(λmax + λmin), the fixed rate that shrinks the slowest part most; where λmin is 0, 1/λmax
    condition  λmax/λmin: about how many steps it takes, divided by 2, to win one factor e
    exact      is the loss quadratic?  Else these are safe for every θ, or estimates at one place, as `says` tells
    says       what they stand on
    """

    bound: float
    best: float
    condition: float
    eigenvalues: tuple[float, ...]
    exact: bool
    says: str = ""

    def shown(self) -> Page:
        """The three numbers, and what they stand on."""
        numbers = f"bound 2/λmax = {shown(self.bound)}, best rate {shown(self.best, down=True)}, condition {shown(self.condition)}"
        return Page((), (Prose((f"{numbers}; {self.says}" if self.says else numbers,)),))

    def warning(self, rate: float) -> str:
        """What is wrong with the rate, before the first step, or ""."""
        if not rate < self.bound and self.exact:
            what = "swing for ever" if rate == self.bound else "diverge"
            return f"{rate:.6g} will {what} here: the bound is {shown(self.bound)}; type {shown(self.best, down=True)} instead."
        return ""


def shown(x: float, down: bool = False) -> str:
    """Three digits: 9.19e-5; down: none of them rounded up, so that a rate below its bound stays below it."""
    if down and math.isfinite(x) and x > 0:
        unit = 10.0 ** (math.floor(math.log10(x)) - 2)
        x = math.floor(x / unit * (1 + 1e-12)) * unit
    return f"{x:.3g}".replace("e-0", "e-").replace("e+0", "e+")


def rates(g: Bound, start: Sequence[float]) -> Rates:
    """The rates for this loss and these data; `start` matters only where the loss is not quadratic."""
    H = g.hessian() if g.quadratic else by_differences(g, start)
    if not np.isfinite(H).all():
        return Rates(math.nan, math.nan, math.nan, (), g.quadratic)
    values = np.linalg.eigvalsh(H)
    top = float(values[-1]) if g.quadratic else float(np.abs(values).max())
    low = float(values[0]) if values[0] > len(values) * EPS * top else 0.0
    if top <= 0:
        return Rates(math.inf, 1.0, math.inf, tuple(map(float, values)), g.quadratic)
    best = 2 / (top + low) if low and g.quadratic else 1 / top
    return Rates(2 / top, best, top / low if low else math.inf, tuple(map(float, values)), g.quadratic)


def from_eigenvalues(values: Column, *, exact: bool, says: str = "") -> Rates:
    """The rates for second derivatives with these eigenvalues, in ascending order: the Hessian's own where exact, else of a form above it."""
    top = float(values[-1])
    low = float(values[0]) if values[0] > (len(values) * EPS) ** 2 * top else 0.0
    if top <= 0:
        return Rates(math.inf, 1.0, math.inf, tuple(map(float, values)), exact, says)
    best = 2 / (top + low) if low and exact else 1 / top
    return Rates(2 / top, best, top / low if low else math.inf, tuple(map(float, values)), exact, says)


def steepest(g: Any, start: Sequence[float]) -> Rates:
    """λmax at the start alone, by the power method on differences of the gradient: H v ≈ (slope(θ + hv) − slope(θ − hv))/2h.  The condition stays unknown."""
    theta = np.array(start, dtype=np.float64)
    v = np.cos(np.arange(1.0, len(theta) + 1))  # any direction does; this one is the same every time
    top, h = 0.0, 6e-6 * max(1.0, float(np.abs(theta).max()))
    for _ in range(POWERS):
        v /= float(np.linalg.norm(v))
        v = (np.array(g.step(tuple(theta + h * v))[1]) - np.array(g.step(tuple(theta - h * v))[1])) / (2 * h)
        top, old = float(np.linalg.norm(v)), top
        if not math.isfinite(top) or abs(top - old) <= 0.01 * top:
            break
    return Rates(2 / top, 1 / top, math.inf, (top,), False) if 0 < top < math.inf else Rates(math.inf, 1.0, math.inf, (), False)


def by_differences(g: Bound, start: Sequence[float]) -> Column:
    """H at the start: central differences of the gradient, made symmetric."""
    p = len(start)
    H = np.empty((p, p))
    for j, t in enumerate(start):
        h = 6e-6 * max(1.0, abs(t))
        up, down = ([*start[:j], t + s, *start[j + 1 :]] for s in (h, -h))
        with np.errstate(all="ignore"):
            H[j] = (np.array(g.step(tuple(up))[1]) - np.array(g.step(tuple(down))[1])) / (2 * h)
    with np.errstate(all="ignore"):
        return np.asarray((H + H.T) / 2)


def minimum(g: Bound) -> tuple[float, ...] | None:
    """θ* of a quadratic loss, by Newton's step repeated; None where it is not unique (the Hessian is singular)."""
    if not g.quadratic:
        return None
    H = g.hessian()
    size = np.sqrt(np.abs(np.diag(H)))
    if not np.isfinite(H).all() or not size.all():
        return None
    scaled = H / size / size[:, None]
    values, V = np.linalg.eigh(scaled)
    if values[0] <= len(H) * EPS * values[-1] * 16:
        return None
    theta = np.zeros(len(H))
    for _ in range(4):
        before, theta = theta, theta - V @ (np.array(g.step(tuple(theta.tolist()))[1]) / size @ V / values) / size
        if (theta == before).all():
            break
    return tuple(map(float, theta))


def distance(g: Bound, theta: Sequence[float], other: Sequence[float]) -> float | None:
    """The root mean square difference between the predictions at two parameter points, in the target's unit; None where no data are fitted."""
    if not g.quadratic or g.moments is None or not g.rows:
        return None
    m = g.moments
    d = g.form().J.T @ (np.array(theta) - np.array(other))
    if not np.isfinite(d).all():
        return math.inf
    between = d[0] + math.fsum(a * b for a, b in zip(m.means, d[1:], strict=True))
    within = float(d[1:] @ _products(g) @ d[1:]) / m.n
    return math.sqrt(between * between + max(within, 0.0))


def target_spread(g: Any) -> float:
    """The standard deviation of the part of u without a parameter: of the target."""
    m = g.moments
    assert m is not None
    if hasattr(g, "S"):
        return math.sqrt(max(m.R + float(g.anchor @ (g.S @ g.anchor - 2 * g.g)), 0.0) / m.n)
    rest = math.fsum(-a * (2 * b - math.fsum(s * c for s, c in zip(row, m.anchor, strict=True))) for a, b, row in zip(m.anchor, m.g, m.S, strict=True))
    return math.sqrt(max(m.R + rest, 0.0) / m.n)


def predicted_iterations(
    g: Bound, rate: float, start: Sequence[float], momentum: float = 0.0, *, ahead: bool = False, best: tuple[float, ...] | None = None
) -> int | None:
    """How many steps bring the predictions within 1e-8 standard deviations of the target to those of the minimum; None where none do.

    With momentum μ the errors along λ obey e_next = (1 + μ − αλ) e − μ e_before, those of Nesterov's (`ahead`) (1 − αλ)((1 + μ) e − μ e_before).
    They may swing on their way: then about so many steps.  best: the minimum, where it is known already
    """
    best = minimum(g) if best is None else best
    if best is None or not g.rows or not (spread := target_spread(g)):
        return None
    form, m = g.form(), g.moments
    assert m is not None
    values, vectors = g.spectrum
    shrink = 1 - rate * values
    parts = vectors.T @ (np.array(start, dtype=np.float64) - np.array(best))
    turned = form.J.T @ vectors * parts  # what each part adds to the coefficients of u
    between, within = np.array([1.0, *m.means]) @ turned, turned[1:]
    C = np.outer(between, between) + within.T @ (_products(g) / m.n) @ within  # with so much left of each part the predictions are off by √(left C left)
    if momentum:
        return _first_swinging(shrink, momentum, ahead, C, NEAR * spread)
    return _first(shrink, C, NEAR * spread) if (np.abs(shrink) < 1).all() else None


def _products(g: Any) -> Column:
    """S as an array."""
    means = g.moments.means
    return g.S if hasattr(g, "S") else np.array(g.moments.S, dtype=np.float64).reshape(len(means), len(means))


def _first(shrink: Column, C: Column, least: float) -> int | None:
    """The first k with √(sᵏ C sᵏ) at most `least`: by halving, below the k at which each part alone is so small that all of them together are."""

    def near(k: int) -> bool:
        left = shrink**k
        return bool(left @ C @ left <= least * least)

    size = np.sqrt(np.diag(C))
    some = (size > 0) & (shrink != 0)
    each = np.log(least / (len(size) * size[some])) / np.log(np.abs(shrink[some]))
    most = float(each.max(initial=0.0))
    if near(0) or not most < 2**53:
        return 0 if near(0) else None
    low, high = 0, 1 + math.ceil(max(0.0, most))
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if near(middle) else (middle, high)
    return high


def _first_swinging(shrink: Column, momentum: float, ahead: bool, C: Column, least: float) -> int | None:
    """The first number of steps from which on the predictions stay as near for SWING steps."""
    turn = np.zeros((len(shrink), 2, 2))
    turn[:, 0, 0] = (1 + momentum) * shrink if ahead else shrink + momentum
    turn[:, 0, 1], turn[:, 1, 0] = -momentum * (shrink if ahead else 1.0), 1.0
    if not np.isfinite(turn).all() or not (np.abs(np.linalg.eigvals(turn)) < 1).all():
        return None

    def near(k: int) -> bool:
        pair = np.linalg.matrix_power(turn, k).sum(axis=2)  # (e_k, e_(k − 1)) of errors that were 1
        for _ in range(SWING):
            if not pair[:, 0] @ C @ pair[:, 0] <= least * least:
                return False
            pair = np.einsum("pij,pj->pi", turn, pair)
        return True

    high = 1
    while not near(high):
        high *= 4
        if high > 2**53:
            return None
    low = high // 4
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if near(middle) else (middle + 1, high)
    return 0 if near(0) else low


def forecast(g: Bound, rate: float | None, start: Sequence[float], most: int) -> str:
    """One sentence: whether `most` steps bring a descent to the minimum, and if not, why."""
    known = rates(g, start)
    alpha = known.best if rate is None else rate
    if not g.quadratic:
        return "how many steps are needed is not known beforehand: the loss is not quadratic, its second derivatives change from place to place"
    if not alpha < known.bound:
        return f"no number of steps is enough at the rate {alpha:.3g}: the bound is {shown(known.bound)}"
    why = f"the condition number λmax/λmin is {shown(known.condition)}"
    steps = predicted_iterations(g, alpha, start)
    if steps is None:
        flat = why if math.isfinite(known.condition) else "the smallest eigenvalue is 0 as far as doubles tell"
        return f"the descent does not get there in double precision: {flat}, and the slope along that direction drowns in its rounding; solve it in closed form"
    if steps <= most:
        return f"about {steps:,} steps are needed at the rate {shown(alpha)}: {why}"
    slow = f"{why}, so each step takes away only a small part of the error along the flattest direction"
    return f"{most:,} steps are not enough, about {shown(float(steps))} are needed at the rate {shown(alpha)}: {slow}; the closed form gets there at once"


def rounding(g: Bound, theta: Sequence[float]) -> list[float]:
    """How far from 0 rounding alone can keep each derivative of the loss, evaluated by a plain loop over the data.

    For a mean of squares 2/n (n + p + 4) ε |X|ᵀ(|X||w| + |y|), its sums bounded by Cauchy and Schwarz; for another loss the like, from the
    samples' own derivatives and the Hessian here.
    """
    point, p = np.abs(theta), len(g.parameters)
    if not g.quadratic:
        own = np.asarray(g.sizes(*theta)) if g.sizes is not None else np.zeros(p)
        return [float(x) for x in (g.rows + p + 4) * EPS * own + 16 * EPS * (np.abs(by_differences(g, theta)) @ point)]
    form, m = g.form(), g.moments
    assert m is not None
    norms = np.sqrt(np.diag(form.M))
    mean = m.mean - m.constant - math.fsum(a * b for a, b in zip(m.anchor, m.means, strict=True))
    target = math.sqrt(m.n * (mean * mean + target_spread(g) ** 2))
    size = target + float(norms @ (np.abs(form.zero) + np.abs(form.J.T) @ point))
    return [float(x) for x in (g.rows + p + 4) * EPS * abs(form.scale) * (np.abs(form.J) @ norms) * size + 8 * EPS * (np.abs(form.P) @ point)]


def unresolved(g: Any, theta: Sequence[float], slope: Sequence[float]) -> bool:
    """Is there more of the slope of a quadratic loss along its steepest directions than rounding makes?  There a rate at its bound swings for ever."""
    values, V = g.spectrum
    steep = V[:, values >= (1 - 1e-12) * values[-1]].T
    return bool((np.abs(steep @ np.array(slope)) > np.abs(steep) @ np.array(rounding(g, theta))).any())


def at_bound(rate: float, bound: float, many: int) -> bool:
    """Is the rate the bound, as far as the eigenvalues of so many parameters are known?"""
    return abs(rate - bound) <= 16 * many * EPS * bound


def rounded(g: Any, theta: Sequence[float], slope: Sequence[float], first: float) -> bool:
    """Could rounding alone make this slope?  first: the largest derivative at the start."""
    if not g.quadratic and (g.rows * len(theta) > MOST_SINGLE or len(theta) > MOST_MATRIX):
        return bool(max(map(abs, slope), default=0.0) <= (g.rows + len(theta)) * EPS * first)
    return bool(all(abs(s) <= r for s, r in zip(slope, rounding(g, theta), strict=True)))
