"""Newton's step: δ with H δ = ∂L/∂θ, exactly where the loss is quadratic; and what is done where there is none.

Glossary: H the second derivatives; δ the step; g the slope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgd.numeric.bound.held import Held
from symgd.numeric.data.arrays import Column
from symgd.numeric.descent.after import MOST_EXACT, exact_form, fmpq
from symgd.numeric.descent.rates import MOST_MATRIX, by_differences
from symgd.numeric.program.line import NotSupported
from symgd.rules import NoRule

__all__ = ["along", "solver"]

EPS = 2.0**-52
COARSE = 1e-11  # of the largest eigenvalue, where H changes from place to place: below it 0
SINGULAR = "the second derivatives are singular: of all solutions the shortest step was taken"
BENT = "the loss bends downwards on the way: there the step was taken by the sizes of the second derivatives"
FLAT = "the second derivatives say nothing on the way: there the step went against the slope"

Point = tuple[float, ...]


def solver(g: Any) -> Callable[[Point, Point], tuple[Point, str]]:
    """(θ, g) → (δ, what was done instead of H δ = g).  Raises ValueError for so many parameters that H is too large."""
    p = len(g.parameters)
    if g.quadratic:
        if p <= MOST_EXACT and (exactly := _exactly(g)):
            return exactly
        H = g.hessian()
        return lambda theta, slope: along(H, slope, p * EPS * 16)
    if p > MOST_MATRIX:
        raise ValueError(f"newton needs the second derivatives by {p:,} parameters, and takes at most {MOST_MATRIX}: take bb or momentum")
    return lambda theta, slope: along(bend(g, theta), slope, COARSE)


def bend(g: Any, theta: Point) -> Column:
    """H at θ as derived, 0 by what is held; by differences of the slope where a function has no second derivative here."""
    try:
        if not isinstance(g, Held):
            return np.asarray(g.hess(theta), dtype=np.float64)
        H = np.asarray(g.g.hess(g.whole(theta)), dtype=np.float64)
        return H * np.outer(g.free, g.free)
    except (NoRule, NotSupported):
        return by_differences(g, theta)


def _exactly(g: Any) -> Callable[[Point, Point], tuple[Point, str]] | None:
    """H δ = H θ + c in exact rationals, rounded once; None where H is singular, or would be but for the rounding of the sums it is made of."""
    H, c = exact_form(g)
    p = H.nrows()
    if not (_independent(g) or _well(g.hessian())) or H.rank() < p:
        return None
    best = H.solve(c)

    def solve(theta: Point, slope: Point) -> tuple[Point, str]:
        try:
            exact = [fmpq(t) + best[k, 0] for k, t in enumerate(theta)]
            return tuple(int(q.p) / int(q.q) for q in exact), ""
        except (OverflowError, ValueError):  # it has left the doubles
            return slope, FLAT

    return solve


def _independent(g: Any) -> bool:
    """Are the columns independent, about their means?"""
    S = np.array(g.moments.S, dtype=np.float64).reshape(len(g.moments.means), -1) if len(g.moments.means) else np.empty((0, 0))
    size = np.sqrt(np.diag(S))
    return not size.size or bool(size.all() and _well(S))


def _well(H: Column) -> bool:
    size = np.sqrt(np.abs(np.diag(H)))
    if not np.isfinite(H).all() or not size.all():
        return False
    values = np.linalg.eigvalsh(H / size / size[:, None])
    return bool(values[0] > len(H) * EPS * 16 * values[-1])


def along(H: Column, slope: Sequence[float], least: float) -> tuple[Point, str]:
    """δ = Σ_k (v_k · g/|λ_k|) v_k over the eigenvalues of the scaled H that are more than `least` of the largest; g itself where there are none."""
    g = np.array(slope, dtype=np.float64)
    size = np.sqrt(np.abs(np.diag(H)))
    moving = (np.abs(H).max(axis=0) > 0) | (g != 0)  # a number that is held has neither
    size[size == 0] = 1.0
    if not np.isfinite(H).all() or not np.isfinite(g).all():
        return tuple(slope), FLAT
    values, V = np.linalg.eigh((H / size / size[:, None])[np.ix_(moving, moving)])
    top = float(np.abs(values).max(initial=0.0))
    some = np.abs(values) > least * top
    if not some.any():
        return tuple(slope), FLAT
    out = np.zeros(len(g))
    part = V[:, some].T @ (g / size)[moving]
    out[moving] = V[:, some] @ (part / np.abs(values[some]))
    out /= size
    if float(out @ g) <= 0 and g.any():
        return tuple(slope), FLAT
    return tuple(out.tolist()), BENT if (values[some] < 0).any() else "" if some.all() else SINGULAR
