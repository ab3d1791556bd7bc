"""One pass over many columns for all steps of a descent: their Gram matrix, and the moments of what is left.

Sums are taken about one shift and of residuals about one anchor, as in `moments`: what is computed from them is as near as a pass over the data
would be.

Glossary: `t`, `F` (n, K), `S`, `g`, `R`, `m` as in `moments`; `P` and `Q` the sums of z and of z zᵀ, z a row of the shifted F and the residual.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from symgd.numeric.data.arrays import Column
from symgd.numeric.bound.moments import Moments

__all__ = ["BLOCK", "block_sums", "gathered", "gram"]

BLOCK = 8_192  # rows
SAMPLE = 1_024  # rows that shift and anchor are taken from


def gram(t: Column, F: Column, weights: Column | None = None) -> Moments:
    """The moments of the columns (t, F), F of shape (n, K), a block of rows at a time.

    Shift and anchor come from a sample of the rows; where it turns out unlike the rest, a second pass takes them from the first one's result.
    """
    step = max(1, len(t) // SAMPLE)

    def sums(shift: Column, anchor: Column, start: float) -> tuple[float, Column, Column]:
        n, P, Q = 0.0, np.zeros(F.shape[1] + 1), np.zeros((F.shape[1] + 1,) * 2)
        for many, p, q in block_sums(t, F, weights, shift, anchor, start):
            n += many
            P += p
            Q += q
        return n, P, Q

    return gathered(t[::step], np.ascontiguousarray(F[::step]), sums)


def gathered(t: Column, F: Column, sums: Callable[[Column, Column, float], tuple[float, Column, Column]]) -> Moments:
    """The moments of columns of which (t, F) hold some rows.

    sums  (shift, anchor, start) → Σ w, P, Q over all rows, as `block_sums` has them; asked again where the sample was unlike the rest
    """
    shift = _shift(F)
    anchor = _anchor(F - shift, t)
    for _ in range(2):
        start = float((t + F @ anchor).mean())
        found, telling = _fold(*sums(shift, anchor, start), shift, anchor, start)
        if telling:
            break
        shift, anchor = np.array(found.means), np.array(found.anchor)
    return found


def _shift(sample: Column) -> Column:
    """The mean of each column; 0 for all where none is far from 0 beside its spread: then the columns are used as they lie."""
    mean = sample.mean(axis=0) if sample.size else np.zeros(sample.shape[1])
    return mean if (np.abs(mean) > sample.std(axis=0)).any() else np.zeros(len(mean))


def _anchor(centred: Column, t: Column) -> Column:
    """a with t + F a small on a sample; 0 where that is not 16 times smaller than t.  Any numbers would do, good ones keep the digits of the loss."""
    a = _least(centred, t)
    return a if float(np.var(t + centred @ a)) * 16 < float(np.var(t)) else np.zeros(len(a))


def _least(centred: Column, t: Column) -> Column:
    """a with t + F a as small as on these rows."""
    size = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    size[size == 0] = 1.0
    if not (np.isfinite(centred).all() and np.isfinite(t).all()):
        return np.zeros(len(size))
    scaled = centred / size
    S = scaled.T @ scaled
    S[np.diag_indices(len(size))] += 1e-10 * max(1.0, float(np.trace(S)) / max(1, len(size)))  # collinear columns share their weight
    return np.asarray(-np.linalg.solve(S, scaled.T @ (t - t.mean())) / size)


def block_sums(t: Column, F: Column, weights: Column | None, shift: Column, anchor: Column, start: float) -> Iterator[tuple[float, Column, Column]]:
    """Σ w, Σ w z and Σ w z zᵀ for z = (F − shift, r), r = t + F a − start, of each BLOCK of rows, counted from the first."""
    K, about_0, as_it_is = F.shape[1], not shift.any(), not anchor.any()
    both = np.ones((2, min(len(t), BLOCK)))
    for at in range(0, len(t), BLOCK):
        f = F[at : at + BLOCK]
        rows = both[:, : len(f)]
        one, r = rows[0], rows[1]
        np.subtract(t[at : at + BLOCK], start, out=r)
        if not as_it_is:
            r += f @ anchor
        if not about_0:
            f = f - shift
        P, Q = np.empty(K + 1), np.empty((K + 1, K + 1))
        n = float(len(f))
        if weights is None:
            Q[K, K] = r @ r
        else:
            one[:] = weights[at : at + BLOCK]
            n = float(one.sum())
            Q[K, K] = r @ (r * one)
            r *= one
        P[:K], Q[K, :K] = rows @ f
        P[K] = r.sum()
        Q[:K, K] = Q[K, :K]
        np.matmul(f.T, f if weights is None else f * one[:, None], out=Q[:K, :K])
        yield n, P, Q


def _fold(n: float, P: Column, Q: Column, shift: Column, anchor: Column, start: float) -> tuple[Moments, bool]:
    """The moments about the means, the anchor moved to the least squares coefficients; and whether shift and anchor were near enough."""
    K = len(shift)
    centred = Q - np.outer(P, P) / n
    S, g, R = centred[:K, :K], centred[:K, K], float(centred[K, K])
    moved = _solved(S, g)
    means = shift + P[:K] / n
    h, rest = g + S @ moved, R + float(moved @ (2 * g + S @ moved))
    drift = P[K] / n + start + float(moved @ means)
    telling = bool((n * np.diag(Q) >= 2 * P * P).all()) and (rest >= R / 16 or not R)
    a, m, products, left = (tuple(v.tolist()) for v in (anchor + moved, means, S, h))
    found = Moments(n, -float(drift), a, m, tuple(map(tuple, products)), left, 0.0, max(rest, 0.0))
    return found, telling or not math.isfinite(rest)


def _solved(S: Column, g: Column) -> Column:
    """δ with S δ = −g, as near as S allows."""
    size = np.sqrt(np.maximum(np.diag(S), 0.0))
    size[size == 0] = 1.0
    if not np.isfinite(S).all() or not np.isfinite(g).all():
        return np.zeros(len(g))
    scaled = S / size / size[:, None]
    try:
        if float(np.abs(np.diag(np.linalg.cholesky(scaled))).min(initial=1.0)) > 1e-5:
            return np.asarray(np.linalg.solve(scaled, -g / size) / size)
    except np.linalg.LinAlgError:
        pass  # singular: what follows shares the weight among collinear columns
    return np.asarray(np.linalg.lstsq(scaled, -g / size, rcond=1e-13)[0] / size)
