"""Gradient descent: θ ← θ − α ∂L/∂θ, until it stands still, cycles, blows up, or has had its steps.

Glossary: θ the parameters; α the rate; `slope` the gradient; `g` a bound gradient function.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from symgd.forward import Problem
from symgd.hessian.curve import without_jumps
from symgd.indices import axis
from symgd.numeric.bound.loss import Bound
from symgd.numeric.function import GradientFunction
from symgd.numeric.descent.rates import Rates, distance, minimum, predicted_iterations, rates, rounding, target_spread
from symgd.numeric.descent.trace import Stopped, Trace, sentence

__all__ = ["descend", "descend_bound", "kinked", "rates_near"]

EPS = 2.0**-52
LARGEST = sys.float_info.max
BLOWN = 1e6  # a loss this many times the first one, and rising, comes back no more
FALLS = 1e-6
OFTEN = 16  # steps
ARRIVED = 1e-11
CUT = 1e-5  # of the first rate: a rate that was halved so often has met a kink
BESIDE = 1e-3  # how far beside the start second derivatives are taken where they change: at the start itself, often 0, a penalty may have its kink
LEVEL = 1e-8  # of the first slope: only below it the slope is compared with its rounding, which costs more than a step
MOST_MATRIX, POWERS = 100, 60  # parameters whose second derivatives are all taken by differences; else steps of the power method
MOST_SINGLE = 2**24  # derivatives of single samples that are looked at for that

Point = tuple[float, ...]


def descend(
    f: GradientFunction, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto", max_iterations: int = 1000,
    stop: Literal["auto", "unchanged", "never"] = "auto", keep: Literal["all", "ends"] = "all", weights: Any = None, **given: Any,
) -> Trace:  # fmt: skip
    """The descent of f on data: descend(f, x=x, y=y, start=(0, 0), rate="auto").

    rate   a number; "auto" is the best fixed rate 2/(λmax + λmin) of a quadratic loss; for another loss 1/λmax as estimated at the start,
           which says nothing of other places: it is halved whenever a step would raise the loss.  At a kink, where the slope jumps, no step
           along it need lower the loss, and no fixed rate comes to rest: the first rate is that of the best first step, and from the first such
           place on it falls to FALLS of that over the steps that are left, J.-L. Goffin, Math. Program. 13, 1977, doi:10.1007/BF01584346
    stop   "auto": converged, stalled, oscillates or diverged, by the rules of `_why`; "unchanged": only when a step changes no parameter;
           "never": after max_iterations
    keep   "all" points and losses, or the "ends" only
    Raises ValueError for a rate that is no positive number, DataError and TypeError as f does.
    """
    g = f.bind(weights=weights, **given)
    return descend_bound(g, start=start, rate=rate, max_iterations=max_iterations, stop=stop, keep=keep, kinked=kinked(f.derivation.problem))


def descend_bound(
    g: Bound, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto", max_iterations: int = 1000,
    stop: Literal["auto", "unchanged", "never"] = "auto", keep: Literal["all", "ends"] = "all", kinked: bool = False,
    scaled: bool = False, known: Rates | None = None, tell: Callable[[int, int], None] | None = None,
) -> Trace:  # fmt: skip
    """`descend` on a function bound to its data.

    kinked  does its slope jump?
    scaled  are its features standardised already?
    known   its rates, where they are not those at the start
    tell    called with (steps made, steps allowed) now and then, where each step passes over the data
    """
    first = tuple(map(float, start)) if start is not None else (0.0,) * len(g.parameters)
    if len(first) != len(g.parameters) or not all(map(math.isfinite, first)):
        raise ValueError(f"the start needs a finite number for each of {', '.join(g.parameters)}")
    if stop not in ("auto", "unchanged", "never") or keep not in ("all", "ends"):
        raise ValueError(f'stop is "auto", "unchanged" or "never" and keep is "all" or "ends", not {stop!r} and {keep!r}')
    if not isinstance(max_iterations, int) or max_iterations < 0:
        raise ValueError(f"max_iterations is a whole number from 0, not {max_iterations!r}")
    if rate != "auto" and not (isinstance(rate, float | int) and 0 < rate < math.inf):
        raise ValueError(f'the rate is a positive number or "auto", not {rate!r}')
    known = known or rates_near(g, first, kinked=kinked)
    alpha = float(known.best if rate == "auto" else rate)
    if not math.isfinite(alpha):
        raise ValueError("no rate can be found: the second derivatives at the start are not finite; give a rate, or another start")
    walk = _Walk(g, first, alpha, careful=rate == "auto" and not g.quadratic, kinked=kinked, keep=keep == "all")
    walk.tell = tell
    with np.errstate(all="ignore"):
        walk.go(max_iterations, stop)
        return _trace(g, walk, known, stop, scaled=scaled)


def rates_near(g: Bound, start: Sequence[float], *, kinked: bool = False) -> Rates:
    """The rates at the start; for a loss that is not quadratic a little beside it, up and down in turn.

    Where the slope jumps second derivatives say nothing: no bound, and the power of two whose first step lowers the loss most.
    """
    if kinked:
        slope = g.step(tuple(start))[1]
        reached = {2.0**k: g.step(tuple(t - 2.0**k * d for t, d in zip(start, slope, strict=True)))[0] for k in range(-30, 31)}
        best = min(reached, key=lambda r: (reached[r] if math.isfinite(reached[r]) else math.inf, r))
        return Rates(math.nan, best, math.nan, (), False)
    if not g.quadratic and len(start) > MOST_MATRIX:
        return _steepest(g, start)
    return rates(g, start if g.quadratic else [t + BESIDE * (1 - 2 * (k % 2)) * (1 + k % 3) * max(1.0, abs(t)) for k, t in enumerate(start)])


def _steepest(g: Bound, start: Sequence[float]) -> Rates:
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


def kinked(problem: Problem) -> bool:
    """Does the slope jump where the loss has kinks?  Those of a network move with its weights, and are passed over."""
    hidden = any(axis(a).startswith("h") for p in problem.parameters for a in p.indices)
    return not hidden and not without_jumps(problem)


def _largest(slope: Point) -> float:
    return max(map(abs, slope), default=0.0)


class _Walk:
    """The loop: where it stands, and all it passed."""

    def __init__(self, g: Bound, start: Point, rate: float, *, careful: bool, kinked: bool, keep: bool) -> None:
        self.step = g.step
        self.walk = g.walk if g.quadratic else None
        self.theta, self.rate, self.careful, self.keep = start, rate, careful, keep
        self.tell: Callable[[int, int], None] | None = None
        self.asked, self.kinked, self.falls = rate, kinked, 1.0
        self.loss, self.slope = g.step(start)
        self.first = self.loss
        self.steps = self.period = 0
        self.g, self.first_slope = g, _largest(self.slope)
        self.gate = LEVEL * self.first_slope
        self.reason = ""
        self.points, self.losses = array("d", start), array("d", (self.loss,))

    def go(self, most: int, stop: str) -> None:
        """Steps until a rule of `stop` says why to end."""
        watch = stop == "auto"
        limit = BLOWN * abs(self.first) or LARGEST
        if watch and not math.isfinite(self.loss):
            self.reason = "diverged"
        elif self.walk is not None:
            kept = (self.points, self.losses) if self.keep else (None, None)
            self.reason, self.steps, period, self.theta, self.loss, self.slope = self.walk(*self.theta, self.rate, most, stop != "never", watch, limit, *kept)
            self.period = period if self.reason == "cycle" else 0
        else:
            self.plainly(most, limit, halt=stop != "never", watch=watch)

    @property
    def cut(self) -> bool:
        """Was the rate halved so often that a kink must be near?"""
        return self.careful and self.rate < CUT * self.asked

    def plainly(self, most: int, limit: float, *, halt: bool, watch: bool) -> None:
        """Brent: the point at each power of two is remembered, and coming back to it is a cycle."""
        theta, loss, slope, mark, marked = self.theta, self.loss, self.slope, self.theta, 0
        while self.steps < most:
            new, new_loss, new_slope = self.next(theta, loss, slope)
            if self.kinked and self.cut:
                self.fall(most - self.steps)
                new, new_loss, new_slope = self.next(theta, loss, slope)
            if halt and new == theta:
                self.reason = "unchanged"
                break
            self.steps += 1
            if self.tell and self.steps % OFTEN == 0:
                self.tell(self.steps, most)
            if self.keep:
                self.points.extend(new)
                self.losses.append(new_loss)
            old, theta, loss, slope = loss, new, new_loss, new_slope
            if watch and not loss <= limit and not loss <= old:
                self.reason = "diverged"
                break
            if watch and theta == mark:
                self.reason, self.period = "cycle", self.steps - marked
                break
            if watch and self.level(theta, slope):
                self.reason = "level"
                break
            if self.steps & (self.steps - 1) == 0:
                mark, marked = theta, self.steps
        self.theta, self.loss, self.slope = theta, loss, slope

    def level(self, theta: Point, slope: Point) -> bool:
        """Is the slope zero within its rounding?  Asked again only when it is 16 times smaller."""
        if _largest(slope) > self.gate:
            return False
        self.gate = _largest(slope) / 16
        return self.rounded(theta, slope)

    def rounded(self, theta: Point, slope: Point) -> bool:
        """Could rounding alone make this slope?"""
        if not self.g.quadratic and (self.g.rows * len(theta) > MOST_SINGLE or len(theta) > MOST_MATRIX):
            return _largest(slope) <= (self.g.rows + len(theta)) * EPS * self.first_slope
        return all(abs(s) <= r for s, r in zip(slope, rounding(self.g, theta), strict=True))

    def fall(self, left: int) -> None:
        """From here on the rate falls, from the first one to FALLS of it at the end."""
        self.rate, self.careful, self.falls = self.asked, False, FALLS ** (1 / max(left, 1))

    def next(self, theta: Point, loss: float, slope: Point) -> tuple[Point, float, Point]:
        """One step; a careful one halves the rate until the loss does not rise beyond its rounding, or nothing changes."""
        self.rate *= self.falls
        while True:
            new = tuple([t - self.rate * d for t, d in zip(theta, slope, strict=True)])
            new_loss, new_slope = self.step(new) if new != theta else (loss, slope)
            if not self.careful or new == theta or new_loss <= loss + 8 * EPS * max(abs(loss), abs(self.first)):
                return new, new_loss, new_slope
            self.rate /= 2


def _trace(g: Bound, walk: _Walk, known: Rates, stop: str, *, scaled: bool) -> Trace:
    best = minimum(g)
    gap = None if best is None else distance(g, walk.theta, best)
    predicted = predicted_iterations(g, walk.rate, walk.points[: len(walk.theta)].tolist()) if g.quadratic else None
    stopped = _why(g, walk, known, gap, watched=stop == "auto")
    if not walk.keep and walk.steps:
        walk.points.extend(walk.theta)
        walk.losses.append(walk.loss)
    points = np.frombuffer(walk.points).reshape(-1, len(walk.theta))
    slope = max(map(abs, walk.slope))
    reason = "fallen" if walk.falls < 1 and stopped == "max-iterations" else "cut" if stopped == "max-iterations" and walk.cut else walk.reason
    losses = (walk.first, walk.loss)
    says = sentence(stopped, walk.steps, walk.rate, known, losses, slope, predicted, gap, walk.period, reason, scaled)
    arrays = getattr(g, "arrays", ())
    shapes = tuple((n.symbol, shape) for n, shape in zip(arrays, g.shapes, strict=True)) if arrays else ()  # type: ignore[attr-defined]
    heights, slopes = np.frombuffer(walk.losses), tuple(walk.slope)
    return Trace(g.parameters, points, heights, slopes, stopped, walk.steps, walk.rate, known, predicted, gap, walk.period, says, shapes)


def _why(g: Bound, walk: _Walk, known: Rates, gap: float | None, *, watched: bool) -> Stopped:
    """Unchanged, in a cycle or at the cap, and the slope zero within its rounding: converged.  Unchanged with a larger slope: stalled.

    A rate near its bound lets rounding add up: there a cycle is convergence too if its predictions are those of the minimum, to ARRIVED of the spread.

    A cycle with a larger slope: oscillates.  Not finite, or a loss more than a million times the first and rising: diverged.  Else it had its steps,
    or met a kink; but where the loss is quadratic and the rate not below its bound, more steps would not help: diverged if the loss rose,
    oscillates if two steps lead back within a millionth.
    """
    finite = math.isfinite(walk.loss) and all(map(math.isfinite, (*walk.theta, *walk.slope)))
    if walk.reason == "diverged" or not finite or (walk.first and abs(walk.loss) > BLOWN * abs(walk.first)):
        return "diverged"
    asked = walk.reason or (watched and walk.steps and g.quadratic)
    if walk.reason == "level" or (asked and walk.rounded(walk.theta, walk.slope)):
        return "converged"
    if walk.reason in ("cycle", "unchanged") and gap is not None and gap <= ARRIVED * target_spread(g):
        walk.reason = "arrived"
        return "converged"
    if walk.reason and not walk.cut:
        return "stalled" if walk.reason == "unchanged" else "oscillates"
    if known.exact and walk.steps and walk.rate >= known.bound * (1 - 1e-9):
        one = tuple(t - walk.rate * d for t, d in zip(walk.theta, walk.slope, strict=True))
        two = tuple(t - walk.rate * d for t, d in zip(one, walk.step(one)[1], strict=True))
        if max(abs(a - b) for a, b in zip(two, walk.theta, strict=True)) <= 1e-6 * max(abs(a - b) for a, b in zip(one, walk.theta, strict=True)):
            walk.period = 2
            return "oscillates"
        if walk.loss > walk.first:
            return "diverged"
    return "max-iterations"
