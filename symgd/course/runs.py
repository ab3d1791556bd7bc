"""Descents of the lessons in plain floats: the loss of a line from a few means, so that a step costs the same for any number of rows.

Glossary: L(w, b) = least + scale · (sxx (w − w*)² + m²) with m = w mx + b − my, the mean residual; λ the eigenvalues of its second derivatives;
A, B, C as in L(w) = A w² + B w + C where b is held.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from symgd.course.example import Example
from symgd.numeric.data.arrays import Column
from symgd.pictures.lettering import number, rounding

__all__ = ["MOST", "Form", "Walk", "figure", "forms_of", "held", "jumps", "needed", "only", "start_of"]

MOST = 30_000  # steps of a run
LARGEST = 1e305  # divided by what a sum multiplies it with: beyond it sums may overflow
THERE = 1e-6  # of the loss: who starts so near to the least one has nowhere to go

Point = tuple[float, float]


@dataclass(frozen=True)
class Walk:
    """steps   made until `why`: "unchanged", "cycle", "lost" (a parameter that is no finite number), "near", or "" where they were used up
    at      where it ended
    period  of the cycle, or 0
    """

    steps: int
    at: Point
    why: str
    period: int = 0


@dataclass(frozen=True)
class Form:
    """The loss for one form of the feature.

    mx, my    the means
    sxx, sxy  mean products of the deviations from them
    rest, yy  mean squares of the best line's residuals, and of y
    columns   the feature in this form, and y
    """

    mx: float
    my: float
    sxx: float
    sxy: float
    rest: float
    yy: float
    scale: float
    columns: tuple[Column, Column] = field(compare=False, repr=False)

    @cached_property
    def best(self) -> Point:
        """(w*, b*)"""
        w = self.sxy / self.sxx
        return w, self.my - w * self.mx

    @property
    def least(self) -> float:
        return self.scale * self.rest

    @property
    def variance(self) -> float:
        """Of y: what the line explains, and what it leaves."""
        return self.sxy / self.sxx * self.sxy + self.rest

    def excess(self, w: float, b: float) -> float:
        """L − L*, without the digits that a difference would lose."""
        off, m = w - self.best[0], w * self.mx + b - self.my
        return self.scale * (self.sxx * off * off + m * m)

    def loss(self, w: float, b: float) -> float:
        return self.least + self.excess(w, b)

    def slopes(self, w: float, b: float) -> Point:
        """(∂L/∂w, ∂L/∂b)"""
        m = w * self.mx + b - self.my
        return 2 * self.scale * (self.sxx * w - self.sxy + self.mx * m), 2 * self.scale * m

    @cached_property
    def eigenvalues(self) -> tuple[float, float]:
        """(λmin, λmax): their product is (2 scale)² sxx, so the small one loses no digit at a large mean."""
        most = self.scale * (self.sxx + self.mx**2 + 1 + math.hypot(self.sxx + self.mx**2 - 1, 2 * self.mx))
        return 4 * self.scale**2 * self.sxx / most, most

    @property
    def bound(self) -> float:
        """2/λmax"""
        return 2 / self.eigenvalues[1]

    @property
    def fastest(self) -> float:
        """2/(λmax + λmin)"""
        return 2 / sum(self.eigenvalues)

    @property
    def condition(self) -> float:
        return self.eigenvalues[1] / self.eigenvalues[0]

    @cached_property
    def start(self) -> Point:
        """(0, 0); where the loss is least there already, the slope at which predictions are as large as the targets."""
        if self.excess(0.0, 0.0) > THERE * self.loss(0.0, 0.0):
            return 0.0, 0.0
        return math.sqrt(self.yy / (self.sxx + self.mx**2)), 0.0

    def path(self, rate: float, start: Point | None = None) -> Iterator[Point]:
        """The start, and the point after each step, for ever."""
        w, b = start or self.start
        mx, my, sxx, sxy, two = self.mx, self.my, self.sxx, self.sxy, 2 * self.scale
        while True:
            yield w, b
            m = w * mx + b - my
            w, b = w - rate * (two * (sxx * w - sxy + mx * m)), b - rate * (two * m)

    def walk(self, rate: float, most: int = MOST, start: Point | None = None) -> Walk:
        """Until a step changes nothing, comes back to a remembered point (Brent), or leaves the numbers."""
        walk = self.path(rate, start)
        old = mark = next(walk)
        marked = 0
        for k, new in zip(range(1, most + 1), walk, strict=False):
            if new == old:
                return Walk(k - 1, old, "unchanged")
            if new == mark:
                return self.first_back(rate, start, k - marked)
            if k & (k - 1) == 0:
                mark, marked = new, k
            old = new
            if k & (k - 1) == 0 and not all(map(math.isfinite, new)):
                break
        return Walk(most, old, "") if all(map(math.isfinite, old)) else self.first_lost(rate, start)

    def first_back(self, rate: float, start: Point | None, period: int) -> Walk:
        """The first iteration that leads back to a point that was there before."""
        later = islice(self.path(rate, start), period, None)
        return next(Walk(k, new, "cycle", period) for k, (old, new) in enumerate(zip(self.path(rate, start), later, strict=False), period) if old == new)

    def first_lost(self, rate: float, start: Point | None = None) -> Walk:
        """The first iteration after which a parameter is no finite number.

        Near the end of the numbers each slope is summed over all rows, as in a plain program.
        """
        x, y = self.columns
        far = LARGEST / (len(x) * max(1.0, float(np.abs(x).max()) ** 2))
        k, (w, b) = next((k, at) for k, at in enumerate(self.path(rate, start)) if not max(map(abs, at)) < far)
        with np.errstate(all="ignore"):
            while math.isfinite(w) and math.isfinite(b):
                u = w * x + b - y
                w, b, k = w - rate * float(self.scale * 2 * np.mean(u * x)), b - rate * float(self.scale * 2 * np.mean(u)), k + 1
        return Walk(k, (w, b), "lost")

    def comes_near(self, rate: float, share: float, most: int = MOST, start: Point | None = None) -> Walk:
        """Until the excess of the loss is at most that share of the first one."""
        enough, at = share * self.excess(*(start or self.start)), (0.0, 0.0)
        for k, at in zip(range(most + 1), self.path(rate, start), strict=False):
            if self.excess(*at) <= enough:
                return Walk(k, at, "near")
            if not (abs(at[0]) < math.inf and abs(at[1]) < math.inf):
                return Walk(k, at, "lost")
        return Walk(most, at, "")


def forms_of(e: Example) -> dict[str, Form]:
    """"raw": the feature as it is; "ten": ten times that; "standard": standardised."""
    return {name: _form(x, e.y, e.scale) for name, x in (("raw", e.x), ("ten", 10 * e.x), ("standard", e.z))}


def _form(x: Column, y: Column, scale: float) -> Form:
    """The means; sums of NumPy, pairwise, so that every machine finds the same last digit."""
    mx, my = float(x.mean()), float(y.mean())
    across, up = x - mx, y - my
    sxx, sxy = float(np.mean(across * across)), float(np.mean(across * up))
    u = sxy / sxx * across - up
    noise = rounding(float(np.ptp(y)), float(np.abs(sxy / sxx * x).max()), float(np.abs(y).max()))
    rest, yy = float(np.mean(u * u)) if float(np.abs(u).max()) > noise else 0.0, float(np.mean(y * y))
    return Form(mx, my, sxx, sxy, rest, yy, scale, (x, y))


# ---------------------------------------------------------------- one parameter, the other held


def held(e: Example) -> tuple[float, float, float]:
    """(A, B, C) of the loss while b = 0 is held."""
    return e.parabola(0.0)


def start_of(a: float, b: float, c: float) -> float:
    """0; where the lowest point is there already, the slope at which predictions are as large as the targets."""
    return 0.0 if b * b > THERE * 4 * a * c else math.sqrt(c / a)


def jumps(a: float, b: float, rate: float, start: float, most: int) -> list[float]:
    """w, and w after each step w − rate · (2A w + B), up to the first that is no finite number."""
    w, out = start, [start]
    while len(out) <= most and math.isfinite(w):
        w = w - rate * (2 * a * w + b)
        out.append(w)
    return out


def needed(turn: float, share: float) -> int | None:
    """The fewest steps k with |1 − turn|ᵏ ≤ share, turn = αλ; beyond 2 the fewest with |1 − turn|ᵏ ≥ 1/share; None where it is 0, or 2 and nothing changes."""
    if turn == 1:
        return 1
    each = math.log1p(-turn) if turn < 1 else math.log1p(turn - 2)
    return max(1, math.ceil(abs(math.log(share) / each) * (1 - 1e-12))) if each else None


def only(number: float) -> float:
    """The number to three digits: what a reader would type."""
    return float(f"{number:.3g}")


def figure(value: float, digits: int = 4) -> str:
    """`number`, but a value of five or six digits before its point shows them all: 49,726 is not 49,730."""
    whole = math.floor(math.log10(abs(value))) + 1 if value and math.isfinite(value) else 1
    return number(value, whole if digits < whole <= 6 else digits)
