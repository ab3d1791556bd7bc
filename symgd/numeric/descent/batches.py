"""Batches of rows for stochastic descent: which rows step k sees, the slope over them, and the rate they allow.

Glossary: n rows, m of them in a batch; an epoch is ⌊n/m⌋ batches, in which no row comes twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symgd.indices import axis
from symgd.meaning import mixes
from symgd.numeric.bound.held import Held
from symgd.numeric.descent.rates import Rates, steepest
from symgd.numeric.function import GradientFunction

__all__ = ["Batches"]

MOST_SINGLE = 2**24  # derivatives of single samples that are looked at for a rate
TRIED = 8  # batches whose curvature is looked at where single samples are too many
EPS = 2.0**-52
Point = tuple[float, ...]


class Batches:
    """slope(k, θ) over the rows of step k, drawn from the seed alone: the same seed, the same batches.

    Raises ValueError for a loss that is no mean over samples, whose batches would lead elsewhere, and for a batch that the rows cannot fill.
    """

    def __init__(self, f: GradientFunction, g: Any, given: Mapping[str, Any], size: int, seed: int) -> None:
        self.f, self.g, self.rows, self.size, self.seed = f, g, g.rows, min(size, g.rows), seed
        problem, samples = f.derivation.problem, f.plan.samples
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"a batch is a whole number of rows from 1, not {size!r}")
        if not isinstance(seed, int) or seed < 0:
            raise ValueError(f"the seed is a whole number from 0, not {seed!r}")
        if not samples or not self.rows or mixes(problem, samples):
            raise ValueError("stochastic descent needs a loss that is a mean over samples, each by itself")
        split = {d.symbol for d in problem.data if d.indices and axis(d.indices[0]) == samples}
        self.whole = {s: v for s, v in given.items() if s not in split}
        self.split = {s: _array(v) for s, v in given.items() if s in split}
        self.epoch, self.order = -1, np.arange(0)
        self.many = self.rows // self.size

    def rows_of(self, step: int) -> Any:
        """The rows that step k sees."""
        epoch, at = divmod(step, self.many)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.rows)
        return self.order[at * self.size : (at + 1) * self.size]

    def slope(self, step: int, theta: Sequence[float]) -> Point:
        """The slope over the batch of step k, at the flat vector θ; not finite where it leaves the doubles."""
        return self._over(self.rows_of(step), theta)[1]

    def _over(self, rows: Any, theta: Sequence[float]) -> tuple[float, Point]:
        try:
            loss, slopes = self.f.loss_and_gradient(*self._point(theta), **{s: v[rows] for s, v in self.split.items()}, **self.whole)
        except (OverflowError, ZeroDivisionError):
            return math.inf, (math.nan,) * len(theta)
        flat = np.concatenate([np.ravel(a) for a in slopes])
        return loss, tuple((np.where(self.g.free, flat, 0.0) if isinstance(self.g, Held) else flat).tolist())

    def _point(self, theta: Sequence[float]) -> Any:
        inner = self.g.g if isinstance(self.g, Held) else self.g
        return inner.unflatten(np.array(theta)) if hasattr(inner, "unflatten") else theta

    def see_mean(self, theta: Sequence[float], slope: Sequence[float]) -> None:
        """Raises ValueError where the slopes over the parts of the data do not average to the slope over all."""
        parts = np.array_split(np.arange(self.rows), min(4, self.rows))
        mean = sum(len(rows) / self.rows * np.array(self._over(rows, theta)[1]) for rows in parts)
        size = max(float(np.abs(self._over(rows, theta)[1]).max()) for rows in parts)
        if np.isfinite(size) and not np.allclose(mean, slope, rtol=1e-6, atol=1e-9 * size):
            raise ValueError("stochastic descent needs a loss that is a mean over its samples: here the mean slope over batches is not the slope over all")

    def rate(self, theta: Sequence[float], known: Rates) -> float:
        """1/(2S), S = n(m − 1)/(m(n − 1)) λmax + (n − m)/(m(n − 1)) max_i λ_i: R. Gower et al., 2019, doi:10.48550/arXiv.1901.09401"""
        n, m = int(self.rows), int(self.size)
        whole = 2 / known.bound if 0 < known.bound < math.inf else 1 / known.best
        single = self._sharpest(theta)
        if single is None:
            batches = [steepest(_Part(self, k), theta).bound for k in range(min(TRIED, self.many))]
            return 1 / (2 * max(whole, *(2 / b for b in batches if b > 0)))
        share = (n - m) / (m * max(n - 1, 1))
        return 1 / (2 * ((1 - share) * whole + share * max(single, whole)))

    def _sharpest(self, theta: Sequence[float]) -> float | None:
        """max_i tr H_i, no less than the largest eigenvalue of any sample; None where that is too much work."""
        p = len(theta)
        if p * p * self.rows > MOST_SINGLE or p > 100:
            return None
        trace = np.zeros(self.rows)
        for j, t in enumerate(theta):
            h = 6e-6 * max(1.0, abs(t))
            up, down = (self._single([*theta[:j], t + s, *theta[j + 1 :]], j) for s in (h, -h))
            trace += (up - down) / (2 * h)
        largest = float(np.abs(trace).max())
        return largest if math.isfinite(largest) else None

    def _single(self, theta: Sequence[float], j: int) -> Any:
        """The derivative of each sample's own loss by the j-th number of θ."""
        each = self.f.per_sample(*self._point(theta), **self.split, **self.whole)
        return each[:, j] if isinstance(each, np.ndarray) else np.hstack([np.reshape(a, (self.rows, -1)) for a in each])[:, j]


class _Part:
    """A batch as a bound function."""

    def __init__(self, of: Batches, step: int) -> None:
        self.of, self.chosen = of, np.array(of.rows_of(step))

    def step(self, theta: Sequence[float]) -> tuple[float, Point]:
        return self.of._over(self.chosen, theta)


def _array(values: Any) -> Any:
    return np.asarray(values.to_numpy() if not hasattr(values, "__array__") and hasattr(values, "to_numpy") else values)
