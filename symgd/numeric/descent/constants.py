"""The rate and momentum of each method from the curvature, and the bound beyond which its steps diverge.

On a quadratic loss the error along the eigenvector of λ obeys e_next = a e − b e_before, and dies out exactly where |b| < 1 and |a| < 1 + b.

Glossary: α the rate; μ the momentum; λ an eigenvalue of the second derivatives; κ = λmax/λmin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from symgd.numeric.descent.rates import Rates, shown

__all__ = ["KEPT", "Constants", "constants"]

EPS = 2.0**-52
KEPT = 0.9  # of the velocity, where nothing is known of λmin


@dataclass(frozen=True)
class Constants:
    """rate, momentum; bound: rates below it converge on a quadratic loss, inf where there is none, nan where none is known; formula: what it is"""

    rate: float
    momentum: float = 0.0
    bound: float = math.inf
    formula: str = ""

    def warning(self, known: Rates) -> str:
        """What is wrong with the rate, before the first step, or ""."""
        if self.rate < self.bound or not known.exact or math.isnan(self.bound):
            return ""
        what = "swing for ever" if self.rate == self.bound else "diverge"
        return f"{self.rate:.6g} will {what} here: the bound is {self.formula} = {shown(self.bound)}."


def constants(method: str, known: Rates, rate: float | None, kept: float | None) -> Constants:
    """The rate and momentum given, or the best for this curvature where they are not."""
    top = 2 / known.bound if 0 < known.bound < math.inf else 0.0
    low = _smallest(known) if known.exact else 0.0
    match method:
        case "momentum":
            mu = _ball(top, low, rate) if kept is None else kept
            best = 2 * (1 + mu) / (top + low) if low else known.best
            return Constants(best if rate is None else rate, mu, 2 * (1 + mu) / top if top else known.bound, "2(1 + μ)/λmax")
        case "nesterov":
            best = 4 / (3 * top + low) if low else known.best
            mu = _ahead(top, low, rate) if kept is None else kept
            bound = 2 * (1 + mu) / ((1 + 2 * mu) * top) if top else known.bound
            return Constants(best if rate is None else rate, mu, bound, "2(1 + μ)/((1 + 2μ) λmax)")
        case "newton":
            return Constants(1.0 if rate is None else rate, 0.0, 2.0, "twice the whole step")
        case "gd":
            return Constants(known.best if rate is None else rate, 0.0, known.bound, "2/λmax")
        case "sgd":
            return Constants(known.best if rate is None else rate, 0.0, math.nan)
    return Constants(known.best if rate is None else rate)


def _smallest(known: Rates) -> float:
    """The smallest eigenvalue that is not 0 within its rounding: along the others nothing moves."""
    values = known.eigenvalues
    return min((v for v in values if v > len(values) * EPS * values[-1]), default=0.0)


def _ball(top: float, low: float, rate: float | None) -> float:
    """The μ at which the slowest part shrinks most: max (1 − √(αλ))² at a given rate, ((√κ − 1)/(√κ + 1))² at the best."""
    if not low:
        return KEPT
    if rate is None:
        mu = ((math.sqrt(top) - math.sqrt(low)) / (math.sqrt(top) + math.sqrt(low))) ** 2
        return mu if mu > EPS else 0.0
    return min(max((1 - math.sqrt(rate * v)) ** 2 for v in (low, top)), 1 - 1e-3) if rate < math.inf else KEPT


def _ahead(top: float, low: float, rate: float | None) -> float:
    """(1 − √(αλmin))/(1 + √(αλmin)) at a given rate, (√(3κ + 1) − 2)/(√(3κ + 1) + 2) at the best."""
    if not low:
        return KEPT
    root = math.sqrt(min((4 / (3 * top + low) if rate is None else rate) * low, 1.0))
    return (1 - root) / (1 + root) if root < 1 - EPS else 0.0
