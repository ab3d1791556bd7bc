"""Where a descent on a quadratic loss stands after any number of steps, at once; and where it ends.

A step is θ ← A θ − α c with A = I − αH and c the slope at 0, so k steps are the k-th power of a matrix, taken by repeated squaring in ball arithmetic:
the precision is doubled until the balls are smaller than what a double can tell apart.  H and c are exact numbers, made from the sums over the data.
With many parameters the same along the eigenvectors of H: θ_k = θ + V φ_k(λ) Vᵀ slope, φ_k = ((1 − αλ)^k − 1)/λ, written with expm1 and log1p where αλ is
small.

Glossary: α the rate; H the second derivatives; λ, V its eigenvalues and eigenvectors; c the slope at θ = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import flint
import numpy as np

from symgd.numeric.bound.leaping import eigen, land
from symgd.numeric.data.arrays import Column
from symgd.numeric.descent.rates import rates, rounding
from symgd.numeric.function import GradientFunction

__all__ = ["MOST_EXACT", "after", "after_bound", "exact_form", "fmpq"]

MOST_EXACT = 64  # parameters: beyond them eigenvectors in double precision
MOST_STEPS = 10**18
BITS, MOST_BITS = 128, 1 << 16


def after(
    f: GradientFunction, steps: int, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto", weights: Any = None, **given: Any
) -> Any:
    """θ after that many steps of gradient descent, without making them: after(f, 1_000_000, x=x, y=y, rate=0.001).

    A named tuple in the order of the parameters; each number is that of exact arithmetic on the sums over the data, rounded once (inf beyond doubles).
    Raises ValueError where the loss is not quadratic (its steps must be made), and as `descend` does.
    """
    g = f.bind(weights=weights, **given)
    theta = after_bound(g, steps, start=start, rate=rate)
    return g.unflatten(np.array(theta)) if hasattr(g, "unflatten") else g._shape(*theta)


def after_bound(g: Any, steps: int, *, start: Sequence[float] | None = None, rate: float | Literal["auto"] = "auto") -> tuple[float, ...]:
    """`after` on a function bound to its data: the flat vector θ."""
    first = tuple(map(float, start)) if start is not None else (0.0,) * len(g.parameters)
    if len(first) != len(g.parameters) or not all(map(math.isfinite, first)):
        raise ValueError(f"the start needs a finite number for each of {', '.join(g.parameters)}")
    if not isinstance(steps, int) or not 0 <= steps <= MOST_STEPS:
        raise ValueError(f"the number of steps is a whole number from 0 to 10^18, not {steps!r}")
    if rate != "auto" and not (isinstance(rate, float | int) and 0 < rate < math.inf):
        raise ValueError(f'the rate is a positive number or "auto", not {rate!r}')
    if not g.quadratic:
        raise ValueError("the loss is not quadratic in its parameters: where its descent leads is known only by making the steps; use descend")
    alpha = rates(g, first).best if rate == "auto" else float(rate)
    if len(first) <= MOST_EXACT:
        return _by_balls(*exact_form(g), first, alpha, steps)
    return _by_eigenvectors(g, first, alpha, steps)


def exact_form(g: Any) -> tuple[Any, Any]:
    """(H, c) in exact rationals: the slope at θ is H θ + c.  g is quadratic and bound to its data."""
    form, m = g.form(), g.moments
    J, S = _rational(form.J), _rational(np.array(m.S, dtype=np.float64).reshape(len(m.means), len(m.means)))
    means = [flint.fmpq(1), *map(fmpq, m.means)]
    n, K = fmpq(m.n), len(means)
    M = flint.fmpq_mat(K, K, [n * a * b + (S[j - 1, k - 1] if j and k else 0) for j, a in enumerate(means) for k, b in enumerate(means)])
    scale = fmpq(form.scale)
    H = scale * (J * M * J.transpose()) + _rational(form.P)
    away = [fmpq(a) - fmpq(b) for a, b in zip(form.zero, (m.constant, *m.anchor), strict=True)]  # a(0) less the anchor
    u = fmpq(m.mean) + sum((a * b for a, b in zip(away, means, strict=True)), flint.fmpq(0))
    inner = [fmpq(m.g[k]) + sum((S[k, j] * away[j + 1] for j in range(K - 1)), flint.fmpq(0)) for k in range(K - 1)]
    halves = flint.fmpq_mat(K, 1, [n * u, *(means[k + 1] * n * u + inner[k] for k in range(K - 1))])
    c = scale * (J * halves)
    if form.P.any():  # a penalty that is not least at 0 adds its slope there
        there, noise = g.step((0.0,) * len(form.P))[1], rounding(g, (0.0,) * len(form.P))
        for j, (s, r) in enumerate(zip(there, noise, strict=True)):
            more = fmpq(s) - c[j, 0]
            if abs(more) > 4 * fmpq(r):
                c[j, 0] += more
    return H, c


def fmpq(x: float) -> Any:
    return flint.fmpq(*float(x).as_integer_ratio())


def _rational(a: Column) -> Any:
    rows, columns = a.shape
    return flint.fmpq_mat(rows, columns, [fmpq(x) for x in a.ravel()])


def _by_balls(H: Any, c: Any, start: Sequence[float], rate: float, steps: int) -> tuple[float, ...]:
    """[I − αH, −αc; 0, 1]^k (θ, 1)"""
    p, alpha = len(start), fmpq(rate)
    B = flint.fmpq_mat(p + 1, p + 1)
    for i in range(p):
        for j in range(p):
            B[i, j] = flint.fmpq(i == j) - alpha * H[i, j]
        B[i, p] = -alpha * c[i, 0]
    B[p, p] = 1
    first = flint.fmpq_mat(p + 1, 1, [*map(fmpq, start), 1])
    before, bits = flint.ctx.prec, BITS
    try:
        while True:
            flint.ctx.prec = bits
            found = (flint.arb_mat(B) ** steps) * flint.arb_mat(first)
            each = [found[k, 0] for k in range(p)]
            if bits >= MOST_BITS or all(x.is_exact() or x.rel_accuracy_bits() > 60 or abs(x) < 1e-300 for x in each):
                return tuple(float(x.mid()) for x in each)
            bits *= 2
    finally:
        flint.ctx.prec = before


def _by_eigenvectors(g: Any, start: Sequence[float], rate: float, steps: int) -> tuple[float, ...]:
    """θ + V φ_k Vᵀ slope.  Raises ValueError where H is too ill-conditioned for doubles."""
    found = eigen(g.hessian())
    if found is None:
        raise ValueError(f"the second derivatives by {len(start)} parameters are too ill-conditioned for double precision: standardise the features")
    first = np.array(start, dtype=np.float64)
    return tuple(land(first, np.array(g.step(tuple(start))[1]), rate, steps, *found).tolist())
