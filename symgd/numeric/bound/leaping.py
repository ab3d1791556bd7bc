"""Many steps of a descent on a quadratic form at once, along the eigenvectors of its second derivatives.

A step multiplies the part of the slope along the eigenvector of λ by 1 − αλ, so k steps lead from θ to θ + V φ_k Vᵀ slope(θ) with
φ_k = ((1 − αλ)^k − 1)/λ, which is −αk where λ is 0.  Written with expm1 and log1p nothing is lost where αλ is small.

What λ is wrong by, some ε λmax, counts k times after k steps, and so does what rounding leaves of the steep parts of the slope in the flat ones.  So
each leap begins with the slope where it begins, and is no longer than GROW times all steps before it: by then the steep parts have gone so far that the
points are as near to those of exact arithmetic as the points of a loop, which rounds in each step.

Glossary: α the rate; λ, V eigenvalues and eigenvectors; θ the flat vector.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import Column

__all__ = ["FEW", "FIRST", "eigen", "far", "fit", "land", "leap"]

FEW = 256  # steps: fewer are made one by one, which takes no longer
FIRST = 32  # of many: the steps before the first leap, or of it
GROW = 3
PAIR, MORE = 1024, 128  # steps of a leap at most: of two parameters, whose eigenvalues are right to the last digits, and of more
FINE = 64  # steps of a part of a leap
FLAT = 2.0**-50  # of the largest eigenvalue: what is below counts as 0
STEEP = 1e10  # condition from which on eigenvalues are too coarse: then every step is made

Spectrum = tuple[Column, Column]


def fit(values: Column, vectors: Column) -> Spectrum | None:
    """(λ, V) fit to leap with, or None: where they are not finite, or so far apart that the small ones are rounding."""
    top = float(np.abs(values).max())
    some = np.abs(values) > FLAT * top
    return None if not 0 < top < math.inf or float(np.abs(values[some]).min()) * STEEP < top else (np.where(some, values, 0.0), vectors)


def eigen(H: Column) -> Spectrum | None:
    """(λ, V) of a matrix, or None where they are not fit to leap with."""
    return fit(*np.linalg.eigh(H)) if np.isfinite(H).all() else None


def _logs(shrink: Column) -> Column:
    """log |1 − s|; where that is −∞ as small as makes no difference."""
    return np.maximum(np.log1p(np.where(shrink < 1, -shrink, shrink - 2)), -1e3)


def _phi(less: Column, k: Any, rate: float, values: Column) -> Column:
    return np.where(values != 0, less / np.where(values != 0, values, 1.0), -rate * k)


def land(theta: Column, slope: Column, rate: float, steps: int, values: Column, vectors: Column) -> Column:
    """The point after so many steps."""
    with np.errstate(all="ignore"):
        shrink = rate * values
        less = np.expm1(float(steps) * _logs(shrink))
        if steps % 2:
            less = np.where(shrink > 1, -2 - less, less)
        return np.asarray(theta + vectors @ (_phi(less, float(steps), rate, values) * (slope @ vectors)))


def leap(theta: Column, slope: Column, rate: float, steps: int, values: Column, vectors: Column) -> tuple[Column, Column]:
    """The points after 1, 2, …, steps, the last one as `land` has it, and the parts of the slopes there along V; shapes (steps, p).

    (1 − s)^{i + j} − 1 = A + B + A B for A = (1 − s)^i − 1 and B = (1 − s)^j − 1
    """
    with np.errstate(all="ignore"):
        shrink, part = rate * values, slope @ vectors
        logs, many = _logs(shrink), -(-steps // FINE)
        coarse, fine = np.expm1(FINE * np.arange(many)[:, None, None] * logs), np.expm1(np.arange(1.0, FINE + 1)[:, None] * logs)
        less = (coarse + fine + coarse * fine).reshape(-1, len(logs))[:steps]
        less[::2] = np.where(shrink > 1, -2 - less[::2], less[::2])
        way = theta + (_phi(less, np.arange(1.0, steps + 1)[:, None], rate, values) * part) @ vectors.T
        way[-1] = land(theta, slope, rate, steps, values, vectors)
        return way, (1 + less) * part


def far(g: Any, theta: Column, rate: float, begun: int, most: int, ends: float, limit: float, points: Any, losses: Any) -> tuple[int, Column]:
    """(steps, θ), so many steps from the beginning: at most `most`, along losses up to the limit and slopes above `ends`.  What they pass is kept if asked for.

    g has `spectrum`, slope(θ), and heights(points), their losses
    """
    steps, found = begun, fit(*g.spectrum)
    while found is not None and steps < most:
        slope = g.slope(theta)
        if not ends < float(np.abs(slope).max()) < math.inf:
            break
        many = min(PAIR if len(theta) <= 2 else MORE, max(FIRST, GROW * steps), most - steps)
        if points is None and ends < 0:  # where it ends is all that is asked
            end = land(theta, slope, rate, many, *found)
            if not g.heights(end[None])[0] <= limit:
                break
            theta, steps = end, steps + many
            continue
        way, parts = leap(theta, slope, rate, many, *found)
        heights = g.heights(way)
        good = heights <= limit
        if ends >= 0:
            good &= np.abs(parts @ found[1].T).max(axis=1) > ends
        made = many if good.all() else int(np.argmin(good))
        if points is not None:
            points.frombytes(way[:made].tobytes())
            losses.frombytes(heights[:made].tobytes())
        if made:
            theta, steps = way[made - 1], steps + made
        if made < many:
            break
    return steps, theta
