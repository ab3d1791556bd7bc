"""Many steps of a descent on a quadratic form at once, along the eigenvectors of its second derivatives.

A step multiplies the part of the slope along the eigenvector of λ by 1 − αλ, so k steps lead from θ to θ + V φ_k Vᵀ slope(θ) with
φ_k = ((1 − αλ)^k − 1)/λ, which is −αk where λ is 0.  Written with expm1 and log1p nothing is lost where αλ is small.

Glossary: α the rate; λ, V eigenvalues and eigenvectors; θ the flat vector.
"""

from __future__ import annotations

import numpy as np

from symgd.numeric.data.arrays import Column

__all__ = ["eigen", "leap"]

FLAT = 2.0**-50  # of the largest eigenvalue: what is below counts as 0
STEEP = 1e10  # condition from which on eigenvalues are too coarse: then every step is made


def eigen(H: Column) -> tuple[Column, Column] | None:
    """(λ, V) of a matrix fit to leap with, or None: where it is not finite, or so ill-conditioned that its small eigenvalues are rounding."""
    if not np.isfinite(H).all():
        return None
    values, vectors = np.linalg.eigh(H)
    top = float(np.abs(values).max())
    some = np.abs(values) > FLAT * top
    return None if not top or float(np.abs(values[some]).min()) * STEEP < top else (np.where(some, values, 0.0), vectors)


def leap(theta: Column, slope: Column, rate: float, steps: int, values: Column, vectors: Column) -> tuple[Column, Column]:
    """(the points after 1, 2, …, steps, and the slopes there), shapes (steps, p)."""
    k = np.arange(1.0, steps + 1)[:, None]
    shrink = rate * values
    with np.errstate(all="ignore"):
        small = shrink < 0.5
        less = np.where(small, np.expm1(k * np.log1p(-np.where(small, shrink, 0.0))), (1 - shrink) ** k - 1)
        part = slope @ vectors
        phi = np.where(values != 0, less / np.where(values != 0, values, 1.0), -rate * k)
        return theta + (phi * part) @ vectors.T, ((1 + less) * part) @ vectors.T
