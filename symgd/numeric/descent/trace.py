"""What a descent leaves behind: every point it passed, why it stopped, and one sentence about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from symgd.document.page import Chain, Line, Page, Prose
from symgd.document.shown import shows_itself
from symgd.numeric.data.arrays import Column
from symgd.numeric.descent.methods import METHODS, Update
from symgd.numeric.descent.rates import Rates, shown
from symgd.typeset.layout import layout

__all__ = ["Stopped", "Trace", "as_chain", "sentence"]

MOST_SHOWN = 12  # numbers of a point
Stopped = Literal["converged", "stalled", "oscillates", "diverged", "max-iterations"]


@shows_itself
@dataclass(frozen=True)
class Trace:
    """points     (k + 1, p): the start first; only the two ends where the descent was told to keep no more
    losses     (k + 1,): the loss at each point
    gradient   the slope at the last point
    stopped    converged | stalled | oscillates | diverged | max-iterations: it had its steps, or no step of any rate lowers the loss at a kink
    iterations how many steps were made
    rate       the learning rate (the last one, where it was cut on the way)
    rates      the bound 2/λmax, the best rate, the condition number; `rates.exact` says whether they hold or are estimates
    predicted_iterations  steps to come within 1e-8 of the target's standard deviation; None where no rate brings it there or none is known
    gap        root mean square difference between the predictions here and at the minimum, in the target's unit; None where no closed form is known
    period     the length of the cycle it ended in, or 0
    says       one sentence for a person
    shapes     (parameter, its shape) for each, where there are arrays: `parameters` then names their numbers one by one, w[0], w[1], b
    method     gd | momentum | nesterov | sgd | line-search | bb | newton, and its constants: the momentum, the rows of a batch, the seed they are drawn from
    """

    parameters: tuple[str, ...]
    points: Column
    losses: Column
    gradient: tuple[float, ...]
    stopped: Stopped
    iterations: int
    rate: float
    rates: Rates
    predicted_iterations: int | None
    gap: float | None
    period: int
    says: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    method: str = "gd"
    momentum: float = 0.0
    batch: int = 0
    seed: int = 0
    bound: float | None = None

    @property
    def update(self) -> tuple[Update, ...]:
        """The rule of each step, as terms."""
        return METHODS[self.method].update

    @property
    def rate_bound(self) -> float:
        """2/λmax; for another method than plain descent its own bound: 2(1 + μ)/λmax of momentum"""
        return self.rates.bound if self.bound is None else self.bound

    @property
    def point(self) -> dict[str, float]:
        """The last point, by parameter."""
        return dict(zip(self.parameters, map(float, self.points[-1]), strict=True))

    @property
    def values(self) -> dict[str, Any]:
        """The last point, each parameter an array of its shape, or a float."""
        if not self.shapes:
            return dict(self.point)
        ends = np.cumsum([math.prod(shape) for _, shape in self.shapes])[:-1]
        parts = zip(self.shapes, np.split(np.asarray(self.points[-1]), ends), strict=True)
        return {symbol: part.reshape(shape) if shape else float(part[0]) for (symbol, shape), part in parts}

    @property
    def loss(self) -> float:
        """The loss at the last point."""
        return float(self.losses[-1])

    def shown(self) -> Page:
        """Where it ended, and the sentence."""
        some = list(self.point.items())[:MOST_SHOWN]
        values = ", ".join(f"{k} = {v:.10g}" for k, v in some) + (f", … ({len(self.parameters):,} numbers)" if len(self.parameters) > MOST_SHOWN else "")
        rule = () if self.method == "gd" else (as_chain(self.update),)
        return Page((), (*rule, Prose((f"{values}; loss {self.loss:.8g}",)), Prose((self.says,))))


def as_chain(rule: tuple[Update, ...]) -> Chain:
    """A rule as displayed lines."""
    return Chain(tuple(Line(layout(u.left), layout(u.right), u.relation, (u.says,) if u.says else ()) for u in rule))


def sentence(
    stopped: Stopped, steps: int, rate: float, rates: Rates, losses: tuple[float, float], slope: float, predicted: int | None, gap: float | None, period: int,
    reason: str = "unchanged", scaled: bool = False,
) -> str:  # fmt: skip
    """Step, rate, bound, first and last loss, and the number to type instead."""
    kind = "bound" if rates.exact else "bound for all weights" if rates.says else "bound, estimated at the start,"
    at = f"at rate {rate:.6g}" + ("" if math.isnan(rates.bound) else f" ({kind} {shown(rates.bound)})")
    went = f"loss {losses[0]:.6g} → {losses[1]:.6g}"
    instead = f"try the rate {shown(rates.best, down=True)}"
    match stopped:
        case "converged":
            repeat = f"the parameters repeat themselves in the last digit with period {period} and "
            how = {"unchanged": "the parameters no longer change and ", "cycle": repeat}
            slope_is = "the predictions are those of the minimum" if reason == "arrived" else f"{how.get(reason, '')}the slope is zero within rounding"
            return f"Converged after {steps} step{'s' * (steps != 1)} {at}: {slope_is}; {went}."
        case "stalled":
            why = f"the rate is too small for double precision, nothing changes although the slope is {slope:.3g}"
            if period > 1:
                why = f"the parameters repeat themselves in the last digit with period {period}, although the slope is {slope:.3g}: rounding hides it"
            return f"Stalled at step {steps} {at}: {why}; {went}; {instead}."
        case "oscillates":
            return f"Oscillates by step {steps} {at}: the parameters come back every {period} steps while the slope is {slope:.3g}; {went}; {instead}."
        case "diverged":
            if math.isnan(rates.bound):
                return f"Diverged at step {steps} {at}; {went}; {instead}."
            must = f"the rate must be below 2/λmax = {shown(rates.bound)}" if rates.exact else f"the rate should be below about {shown(rates.bound)}"
            return f"Diverged at step {steps} {at}: {must}; {went}; {instead}."
    left = "" if gap is None else f", the gap to the closed form {gap:.3g}"
    need = f" (about {predicted} steps are needed at this rate)" if predicted and predicted > steps else ""
    if reason == "fallen":
        fell = "the slope jumps at the kinks of this loss and need not come to 0, so the rate falls as the steps go"
        return f"Stopped after {steps} step{'s' * (steps != 1)}, the rate down to {rate:.6g}: {fell}; {went}; more steps come nearer."
    if reason == "cut":
        cut = f"no step longer than that lowers the loss, {shown(rates.best)} was tried first: it stands at a kink, where the slope jumps and need not be 0"
        return f"Stopped after {steps} step{'s' * (steps != 1)}, the rate cut to {rate:.6g}: {cut}; {went}."
    if rates.exact and abs(rate - rates.best) <= 0.01 * rates.best:
        instead = f"no fixed rate is faster (condition {shown(rates.condition)})" + ("" if scaled else ": standardise the features")
    more = f"{instead}, or allow more steps" if rates.exact or rate > rates.best else "allow more steps"
    return f"Stopped at the cap of {steps} step{'s' * (steps != 1)} {at}: the slope is still {slope:.3g}{left}{need}; {went}; {more}."
