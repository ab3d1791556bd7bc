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
FIRST = 64  # of many: the steps before the first leap, or of it
GROW = 3
PAIR, MORE = 4096, 128  # steps of a leap at most: of two parameters, whose eigenvalues are right to the last digits, and of more
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
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(np.log1p(np.where(shrink < 1, -shrink, shrink - 2)), -1e3))


def land(theta: Column, slope: Column, rate: float, steps: int, values: Column, vectors: Column) -> Column:
    """The point after so many steps."""
    shrink = rate * values
    less = np.expm1(float(steps) * _logs(shrink))
    if steps % 2:
        less = np.where(shrink > 1, -2 - less, less)
    flat = values == 0
    phi = np.where(flat, -rate * steps, less / np.where(flat, 1.0, values))
    return np.asarray(theta + vectors @ (phi * (slope @ vectors)))


def leap(theta: Column, slope: Column, rate: float, steps: int, values: Column, vectors: Column) -> tuple[Column, Column]:
    """The points after 1, 2, …, steps, the last one as `land` has it, and the parts of the slopes there along V; shapes (p, steps).

    (1 − s)^{i + j} − 1 = A + B + A B for A = (1 − s)^i − 1 and B = (1 − s)^j − 1
    """
    shrink, part = rate * values, slope @ vectors
    logs = _logs(shrink)[:, None]
    coarse, fine = np.expm1(FINE * logs * np.arange(-(-steps // FINE)))[:, :, None], np.expm1(logs * np.arange(1.0, FINE + 1))[:, None]
    less = (coarse + fine + coarse * fine).reshape(len(values), -1)[:, :steps]
    if (over := shrink > 1).any():
        less[over, ::2] = -2 - less[over, ::2]
    flat = values == 0
    moved = less * (part / np.where(flat, 1.0, values))[:, None]
    if flat.any():
        moved[flat] = np.outer(part[flat], -rate * np.arange(1.0, steps + 1))
    way = theta[:, None] + vectors @ moved
    way[:, -1] = land(theta, slope, rate, steps, values, vectors)
    return way, (1 + less) * part[:, None]


def far(g: Any, theta: Column, rate: float, begun: int, most: int, ends: float, limit: float, points: Any, losses: Any) -> tuple[int, Column]:
    """(steps, θ), so many steps from the beginning: at most `most`, along losses up to the limit and slopes above `ends`.  What they pass is kept if asked for.

    g has `spectrum`, both(θ) → L and the slope, and heights(points), their losses
    """
    steps, found, slope = begun, fit(*g.spectrum), g.both(theta)[1]
    longest = PAIR if len(theta) <= 2 else MORE
    while found is not None and steps < most and ends < float(np.abs(slope).max()) < math.inf:
        many = min(longest, max(FIRST, GROW * steps), most - steps)
        if points is None and ends < 0:  # where it ends is all that is asked
            end = land(theta, slope, rate, many, *found)
            loss, slope = g.both(end)
            if not loss <= limit:
                break
            theta, steps = end, steps + many
            continue
        way, parts = leap(theta, slope, rate, many, *found)
        heights = g.heights(way)
        good = heights <= limit
        if ends >= 0:
            good &= np.abs(found[1] @ parts).max(axis=0) > ends
        made = many if good.all() else int(np.argmin(good))
        if points is not None:
            points.frombytes(way[:, :made].tobytes(order="F"))
            losses.frombytes(heights[:made].tobytes())
        if made:
            theta, steps = way[:, made - 1].copy(), steps + made
        if made < many:
            break
        slope = g.both(theta)[1]
    return steps, theta
