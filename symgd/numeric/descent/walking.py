"""The walk by any method of the table: steps until it stands still, comes back, blows up, or has had its steps; and what it is called then.

Glossary: θ the parameters; α the rate; `slope` the gradient; `g` a bound gradient function.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symgd.numeric.descent.batches import Batches
from symgd.numeric.descent.constants import Constants
from symgd.numeric.descent.methods import METHODS, Asked, Method, Point, State
from symgd.numeric.descent.newton import solver
from symgd.numeric.descent.rates import Rates, at_bound, distance, minimum, rounded, target_spread, unresolved
from symgd.numeric.descent.trace import Stopped

__all__ = ["Walked", "walk"]

LARGEST = sys.float_info.max
BLOWN = 1e6  # a loss this many times the first one, and rising, comes back no more
LEVEL = 1e-8  # of the first slope: only below it the slope is compared with its rounding, which costs more than a step
ARRIVED = 1e-11  # of the target's spread: how near the predictions are to those of the minimum
OFTEN = 16  # steps
SEARCHES = frozenset({"line-search", "bb", "newton"})  # whose rate is no more than a first trial on a loss that is not quadratic


@dataclass
class Walked:
    """What a walk leaves: where it stands, all it passed, why it ended."""

    state: State
    first: float
    points: array[float]
    losses: array[float]
    stopped: Stopped = "max-iterations"
    reason: str = ""
    period: int = 0


def walk(
    name: str, g: Any, start: Point, known: Rates, chosen: Constants, *, auto: bool, most: int, stop: str, keep: bool,
    batches: Batches | None, decay: float, tell: Callable[[int, int], None] | None,
) -> Walked:  # fmt: skip
    """The walk by the method of that name.  auto: may the rate be changed on a loss that is not quadratic?"""
    method = METHODS[name]
    loss, slope = g.step(start)
    careful = name == "line-search" or (not g.quadratic and name != "sgd" and (auto or name == "bb"))
    asked = Asked(
        g.step, solver(g) if name == "newton" else _none, batches.slope if batches else _none, chosen.rate, chosen.momentum, decay, careful, abs(loss),
        batches.many if batches and not keep and not g.quadratic else 1,
    )  # fmt: skip
    sure = known.exact and (name in SEARCHES or chosen.rate < chosen.bound)  # it comes back, however high it may swing
    w = _Walk(method, g, asked, State(start, loss, slope, chosen.rate, (0.0,) * len(start)), batches, decay, keep, tell)
    w.go(most, stop, LARGEST if sure else BLOWN * abs(loss) or LARGEST)
    out = w.out
    out.stopped = w.called(known, chosen, watched=stop == "auto")
    if not keep and out.state.steps:
        out.points.extend(out.state.theta)
        out.losses.append(out.state.loss)
    return out


def _none(*_: Any) -> Any:
    raise AssertionError("this method asks for no such thing")


class _Walk:
    """The loop, and the name of its end."""

    def __init__(self, method: Method, g: Any, asked: Asked, state: State, batches: Batches | None, decay: float, keep: bool, tell: Any) -> None:
        self.method, self.g, self.asked, self.state, self.batches, self.decay, self.keep, self.tell = method, g, asked, state, batches, decay, keep, tell
        self.out = Walked(state, state.loss, array("d", state.theta), array("d", (state.loss,)))
        self.first_slope = max(map(abs, state.slope), default=0.0)
        self.gate, self.level_before = LEVEL * self.first_slope, False
        self.best = minimum(g) if g.quadratic else None
        self.spread = target_spread(g) if self.best is not None and g.rows else 0.0

    def go(self, most: int, stop: str, limit: float) -> None:
        """Steps until a rule of `stop` says why to end.  Brent: the state at each power of two is remembered, and coming back to it is a cycle."""
        s, halt, watch = self.state, stop != "never", stop == "auto"
        step, asked, random, out = self.method.step, self.asked, self.batches is not None, self.out
        patience = self.batches.many if self.batches else 1  # steps in which nothing changes
        mark, marked, still = s, 0, 0
        if watch and not math.isfinite(s.loss):
            out.reason = "diverged"
            return
        while s.steps < most:
            new = step(s, asked)
            same = new.theta == s.theta
            still = still + 1 if same else 0
            if halt and same and (random or new.velocity == s.velocity) and still >= patience:
                out.reason = "unchanged"
                s = new._replace(steps=s.steps, rate=s.rate)
                break
            old, s = s, new
            if self.tell and s.steps % OFTEN == 0:
                self.tell(s.steps, most)
            if self.keep:
                out.points.extend(s.theta)
                out.losses.append(s.loss)
            if not watch:
                continue
            if not s.loss <= limit and not s.loss <= old.loss:
                out.reason = "diverged"
                break
            if not random and s.theta == mark.theta and s.velocity == mark.velocity and s.rate == mark.rate:
                out.reason, out.period = "cycle", s.steps - marked
                break
            if (not random or (self.decay and s.steps % patience == 0)) and self.level(s):
                out.reason = "level"
                break
            if s.steps & (s.steps - 1) == 0:
                mark, marked = s, s.steps
        if asked.every > 1 and s.steps % asked.every:
            loss, slope = asked.at(s.theta)
            s = s._replace(loss=loss, slope=slope)
        self.state = out.state = s

    def level(self, s: State) -> bool:
        """Is the slope zero within its rounding, here and at the point before: a ball may roll through the lowest point?  Asked when it is 16 times less."""
        largest = max(map(abs, s.slope))
        if largest > self.gate:
            self.level_before = False
            return False
        if self.at_rest(s):
            if self.level_before or not self.method.has & {"momentum"}:
                return True
            self.level_before = True
        else:
            self.gate, self.level_before = largest / 16, False
        return False

    def at_rest(self, s: State) -> bool:
        """Could rounding alone make this slope; and are the predictions those of the minimum, where that is known?"""
        if not rounded(self.g, s.theta, s.slope, self.first_slope):
            return False
        return self.best is None or not self.spread or self.arrived(s)

    def arrived(self, s: State) -> bool:
        """Are the predictions those of the minimum, to ARRIVED of the target's spread?"""
        gap = None if self.best is None else distance(self.g, s.theta, self.best)
        return gap is not None and gap <= ARRIVED * self.spread

    def called(self, known: Rates, chosen: Constants, *, watched: bool) -> Stopped:
        """converged: the slope is zero within rounding.  stalled: nothing changes and it is not.  oscillates: it comes back and it is not.

        diverged: not finite, or more than a million times the first loss and rising; or, at its steps' end, a rate beyond the bound and a loss above the
        first.  A stochastic walk whose rate stays is never called converged, unless no batch moves it any more: its slope is not that of the loss.
        """
        s, out = self.state, self.out
        finite = math.isfinite(s.loss) and all(map(math.isfinite, (*s.theta, *s.slope)))
        steady = known.exact and self.batches is None and chosen.rate < chosen.bound
        if out.reason == "diverged" or not finite or (not steady and out.first and abs(s.loss) > BLOWN * abs(out.first)):
            return "diverged"
        settled = self.batches is None or out.reason == "unchanged" or self.decay > 0
        if out.reason == "level" or (settled and (out.reason or (watched and s.steps)) and self.finished(s)):
            return "converged"
        if settled and (out.reason or (watched and s.steps)) and self.arrived(s) and (not self.method.has & {"momentum"} or out.reason or self.stays(s)):
            out.reason = "arrived"
            return "converged"
        level = known.exact and math.isfinite(chosen.bound) and at_bound(chosen.rate, chosen.bound, len(s.theta))
        if out.reason == "cycle" and steady and not level:
            return "stalled"
        if out.reason:
            return "stalled" if out.reason == "unchanged" else "oscillates"
        if (level or (known.exact and chosen.rate > chosen.bound)) and s.steps and unresolved(self.g, s.theta, s.slope):
            out.period = 2 * level
            return "oscillates" if level else "diverged"
        return "max-iterations"

    def stays(self, s: State) -> bool:
        """Is it still at the minimum after one more step?"""
        return self.arrived(self.method.step(s, self.asked))

    def finished(self, s: State) -> bool:
        """At rest by the slope here and, for a method with velocity, still there after one more step."""
        if self.out.reason in ("cycle", "unchanged"):
            return rounded(self.g, s.theta, s.slope, self.first_slope)
        return self.at_rest(s) and (not self.method.has & {"momentum"} or self.at_rest(self.method.step(s, self.asked)))
