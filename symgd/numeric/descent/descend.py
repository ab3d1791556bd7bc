"""Gradient descent: θ ← θ − α ∂L/∂θ, until it stands still, cycles, blows up, or has had its steps.

Glossary: θ the parameters; α the rate; `slope` the gradient; `g` a bound gradient function.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from symgd.forward import Problem
from symgd.hessian.curve import without_jumps
from symgd.indices import axis
from symgd.numeric.bound.loss import Bound
from symgd.numeric.function import GradientFunction
from symgd.numeric.descent.batches import Batches
from symgd.numeric.descent.constants import Constants, constants
from symgd.numeric.descent.methods import METHODS, MethodName
from symgd.numeric.descent.rates import (
    MOST_MATRIX, Rates, at_bound, distance, minimum, predicted_iterations, rates, rounded, steepest, target_spread, unresolved,
)  # fmt: skip
from symgd.numeric.descent.trace import Stopped, Trace, sentence
from symgd.numeric.descent.walking import walk
from symgd.numeric.descent.words import sentence_by

__all__ = ["batches_for", "chosen_for", "descend", "descend_bound", "kinked", "rates_near"]

EPS = 2.0**-52
LARGEST = sys.float_info.max
BLOWN = 1e6  # a loss this many times the first one, and rising, comes back no more
FALLS = 1e-6
OFTEN = 16  # steps
SMALL = 32  # rows of a batch
ARRIVED = 1e-11
CUT = 1e-5  # of the first rate: a rate that was halved so often has met a kink
BESIDE = 1e-3  # how far beside the start second derivatives are taken where they change: at the start itself, often 0, a penalty may have its kink
LEVEL = 1e-8  # of the first slope: only below it the slope is compared with its rounding, which costs more than a step

Point = tuple[float, ...]


def descend(
    f: GradientFunction, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto", max_iterations: int = 1000,
    stop: Literal["auto", "unchanged", "never"] = "auto", keep: Literal["all", "ends"] = "all", weights: Any = None,
    method: MethodName = "gd", momentum: float | None = None, batch: int | None = None, seed: int = 0, decay: float = 0.0, **given: Any,
) -> Trace:  # fmt: skip
    """The descent of f on data: descend(f, x=x, y=y, start=(0, 0), rate="auto").

    rate   a number; "auto" is the best fixed rate 2/(λmax + λmin) of a quadratic loss; for another loss 1/λmax as estimated at the start,
           which says nothing of other places: it is halved whenever a step would raise the loss.  At a kink, where the slope jumps, no step
           along it need lower the loss, and no fixed rate comes to rest: the first rate is that of the best first step, and from the first such
           place on it falls to FALLS of that over the steps that are left, J.-L. Goffin, Math. Program. 13, 1977, doi:10.1007/BF01584346
    stop   "auto": converged, stalled, oscillates or diverged, by the rules of `_why`; "unchanged": only when a step changes no parameter;
           "never": after max_iterations; nothing is looked for on the way, so the steps down a quadratic loss are made many at once (`bound.leaping`),
           with points as near to exact arithmetic as those of a loop
    keep   "all" points and losses, or the "ends" only
    method     "gd"; "momentum", "nesterov", "sgd", "line-search", "bb" (Barzilai–Borwein), "newton": `methods.METHODS` has their rules and sources
    momentum   0 ≤ μ < 1 of "momentum" and "nesterov"; left out, the best for the curvature, or 0.9 where the loss is not quadratic
    batch      rows of a batch of "sgd", at most 32 where left out; `seed` draws them; its rate falls as α/(1 + decay · k)
    Raises ValueError for a rate that is no positive number, and for what the method cannot do; DataError and TypeError as f does.
    """
    g = f.bind(weights=weights, **given)
    if method == "sgd" and weights is not None:
        raise ValueError("sgd takes no weights: the mean of a batch would lean to its heavy rows; repeat rows instead, or take another method")
    batches = batches_for(f, g, given, method, batch, seed, decay)
    return descend_bound(
        g, start=start, rate=rate, max_iterations=max_iterations, stop=stop, keep=keep, kinked=kinked(f.derivation.problem),
        method=method, momentum=momentum, batches=batches, decay=decay,
    )  # fmt: skip


def batches_for(f: GradientFunction, g: Any, given: Mapping[str, Any], method: str, batch: int | None, seed: int, decay: float) -> Batches | None:
    """The batches of stochastic descent.  Raises ValueError for words that belong to it alone."""
    if method == "sgd":
        return Batches(f, g, given, SMALL if batch is None else batch, seed)
    if batch is not None or decay:
        raise ValueError(f'batch and decay are for the method "sgd", not {method!r}')
    return None


def descend_bound(
    g: Bound, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto", max_iterations: int = 1000,
    stop: Literal["auto", "unchanged", "never"] = "auto", keep: Literal["all", "ends"] = "all", kinked: bool = False,
    scaled: bool = False, known: Rates | None = None, tell: Callable[[int, int], None] | None = None,
    method: MethodName = "gd", momentum: float | None = None, batches: Batches | None = None, decay: float = 0.0,
) -> Trace:  # fmt: skip
    """`descend` on a function bound to its data.

    kinked   does its slope jump?
    scaled   are its features standardised already?
    known    its rates, where they are not those at the start
    tell     called with (steps made, steps allowed) now and then, where each step passes over the data
    batches  of stochastic descent
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
    if method != "gd":
        return _by_method(g, first, known, method, rate, momentum, batches, decay, max_iterations, stop, keep, kinked, tell)
    if momentum is not None:
        raise ValueError('plain descent has no momentum: method="momentum" or "nesterov" has')
    alpha = float(known.best if rate == "auto" else rate)
    if not math.isfinite(alpha):
        raise ValueError("no rate can be found: the second derivatives at the start are not finite; give a rate, or another start")
    walked = _Walk(g, first, alpha, careful=rate == "auto" and not g.quadratic, kinked=kinked, keep=keep == "all")
    walked.tell = tell
    with np.errstate(all="ignore"):
        walked.go(max_iterations, stop)
        return _trace(g, walked, known, stop, scaled=scaled)


def chosen_for(
    g: Any, first: Sequence[float], known: Rates, method: str, rate: float | str, momentum: float | None, batches: Batches | None = None
) -> Constants:
    """The constants that a method takes.  Raises ValueError for what it cannot do."""
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are {', '.join(METHODS)}")
    if momentum is not None and "momentum" not in METHODS[method].has:
        raise ValueError(f"the method {method!r} has no momentum")
    if momentum is not None and not (isinstance(momentum, float | int) and 0 <= momentum < 1):
        raise ValueError(f"the momentum is a number from 0 to below 1, not {momentum!r}")
    given = None if rate == "auto" else float(rate)
    if given is None and batches is not None:
        given = batches.rate(first, known)
    chosen = constants(method, known, given, None if momentum is None else float(momentum))
    if not math.isfinite(chosen.rate):
        raise ValueError("no rate can be found: the second derivatives at the start are not finite; give a rate, or another start")
    return chosen


def _by_method(
    g: Any, first: Point, known: Rates, method: str, rate: float | str, momentum: float | None, batches: Batches | None, decay: float,
    most: int, stop: str, keep: str, kinked: bool, tell: Callable[[int, int], None] | None,
) -> Trace:  # fmt: skip
    if method == "newton" and kinked:
        raise ValueError("newton needs second derivatives, and the slope of this loss jumps at its kinks: take gd")
    if not (isinstance(decay, float | int) and 0 <= decay < math.inf):
        raise ValueError(f"the decay is a number from 0, not {decay!r}")
    if method == "sgd" and batches is None:
        raise ValueError("stochastic descent needs batches of the data")
    with np.errstate(all="ignore"):
        chosen = chosen_for(g, first, known, method, rate, momentum, batches)
        if batches is not None:
            batches.see_mean(first, g.step(first)[1])
        w = walk(
            method, g, first, known, chosen, auto=rate == "auto", most=most, stop=stop, keep=keep == "all", batches=batches, decay=float(decay), tell=tell,
        )  # fmt: skip
        best, s = minimum(g), w.state
        gap = None if best is None else distance(g, s.theta, best)
        known_steps = g.quadratic and method in ("momentum", "nesterov")
        predicted = predicted_iterations(g, chosen.rate, first, chosen.momentum, ahead=method == "nesterov") if known_steps else None
    batch, seed = (batches.size, batches.seed) if batches else (0, 0)
    says = sentence_by(method, w.stopped, w.reason, w.period, s, w.first, chosen, known, gap, rate == "auto", batch, seed, decay, kinked, predicted)
    points, heights = np.frombuffer(w.points).reshape(-1, len(first)), np.frombuffer(w.losses)
    return Trace(
        g.parameters, points, heights, tuple(s.slope), w.stopped, s.steps, s.rate, known, predicted, gap, w.period, says, _shapes(g),
        method, chosen.momentum, batch, seed, chosen.bound,
    )  # fmt: skip


def _shapes(g: Any) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """(parameter, its shape), where there are arrays."""
    arrays = getattr(g, "arrays", ())
    return tuple((n.symbol, shape) for n, shape in zip(arrays, g.shapes, strict=True)) if arrays else ()


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
        return steepest(g, start)
    return rates(g, start if g.quadratic else [t + BESIDE * (1 - 2 * (k % 2)) * (1 + k % 3) * max(1.0, abs(t)) for k, t in enumerate(start)])


@lru_cache(maxsize=64)
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
        return rounded(self.g, theta, slope, self.first_slope)

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


def _trace(g: Bound, walked: _Walk, known: Rates, stop: str, *, scaled: bool) -> Trace:
    best = minimum(g)
    gap = None if best is None else distance(g, walked.theta, best)
    predicted = None if best is None else predicted_iterations(g, walked.rate, walked.points[: len(walked.theta)].tolist(), best=best)
    stopped = _why(g, walked, known, gap, watched=stop == "auto")
    if not walked.keep and walked.steps:
        walked.points.extend(walked.theta)
        walked.losses.append(walked.loss)
    points = np.frombuffer(walked.points).reshape(-1, len(walked.theta))
    slope = max(map(abs, walked.slope))
    reason = "fallen" if walked.falls < 1 and stopped == "max-iterations" else "cut" if stopped == "max-iterations" and walked.cut else walked.reason
    losses = (walked.first, walked.loss)
    says = sentence(stopped, walked.steps, walked.rate, known, losses, slope, predicted, gap, walked.period, reason, scaled)
    heights, slopes = np.frombuffer(walked.losses), tuple(walked.slope)
    return Trace(g.parameters, points, heights, slopes, stopped, walked.steps, walked.rate, known, predicted, gap, walked.period, says, _shapes(g))


def _why(g: Bound, walk: _Walk, known: Rates, gap: float | None, *, watched: bool) -> Stopped:
    """Unchanged, in a cycle or at the cap, and the slope zero within its rounding: converged.  Unchanged with a larger slope: stalled.

    A rate near its bound lets rounding add up: there a cycle is convergence too if its predictions are those of the minimum, to ARRIVED of the spread.

    A cycle with a larger slope: oscillates; but on a quadratic loss below the bound only rounding makes cycles, with slopes up to 1 + 2/(2 − αλmax) times
    that of a plain evaluation: converged, or else stalled.  Not finite, or a loss more than a million times the first and rising: diverged.
    Else it had its steps, or met a kink; but on a quadratic loss, while the slope has a part along the steepest direction, a rate at the bound
    oscillates, and one above it has diverged, however far the other parts still let the loss fall.
    """
    finite = math.isfinite(walk.loss) and all(map(math.isfinite, (*walk.theta, *walk.slope)))
    if walk.reason == "diverged" or not finite or (walk.first and abs(walk.loss) > BLOWN * abs(walk.first)):
        return "diverged"
    asked = walk.reason or (watched and walk.steps and g.quadratic)
    if walk.reason == "level" or (asked and walk.rounded(walk.theta, walk.slope)):
        return "converged"
    if (walk.reason in ("cycle", "unchanged") or asked) and gap is not None and gap <= ARRIVED * target_spread(g):
        walk.reason = "arrived"
        return "converged"
    level = known.exact and at_bound(walk.rate, known.bound, len(walk.theta))
    if walk.reason == "cycle" and known.exact and walk.rate < known.bound and not level:
        more = 1 + 2 / (2 - 2 * walk.rate / known.bound)
        return "converged" if walk.rounded(walk.theta, tuple(s / more for s in walk.slope)) else "stalled"
    if walk.reason and not walk.cut:
        return "stalled" if walk.reason == "unchanged" else "oscillates"
    if known.exact and walk.steps and (level or walk.rate > known.bound) and unresolved(g, walk.theta, walk.slope):
        walk.period = 2 if level else 0
        return "oscillates" if level else "diverged"
    return "max-iterations"
