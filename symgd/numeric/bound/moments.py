"""One pass over the data for all steps of a descent: the moments of the columns of u = t + Σ_k a_k F_k + a_0, and what Σ u² is made of.

Raw sums of squares lose every digit at a large offset, so the sums are taken about one shift, common to all blocks, and of residuals about one
anchor, common too; the correction is folded in at the end.  Shift and anchor come from a sample of rows; where that sample turns out unlike the
rest (an outlier, a drift), a second pass takes them from the first one's result.

Glossary: `t` the column that has no coefficient; `F` (K columns); `w` weights; `s` shifts; `a` the anchor, coefficients near the least squares
ones; `r` = u at the anchor; `S` the centred products Σ (F_k − m_k)(F_l − m_l), `m` the means; `g` = Σ (F_k − m_k) r, `R` = Σ (r − r̄)².
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_DATA", "PIECE", "Moments", "piece_sums", "settled", "take_moments"]

Column = NDArray[np.float64]
BLOCK = 262_144  # numbers in the columns of a block: so many that their sums take longer than the calls, so few that they stay in the cache
PIECE = 2_048
ONES = np.ones(PIECE)
SAMPLE = 1024  # rows that shift and anchor are taken from
PASSES = 3


@dataclass(frozen=True)
class Moments:
    """What Σ u² needs, all plain floats: with d_k = a_k − anchor_k (k = 0 for the constant column),

    Σ u² = n (mean + d_0 + Σ m_k d_k)² + R + Σ_k d_k (2 g_k + Σ_l S_kl d_l)
    """

    n: float
    constant: float
    anchor: tuple[float, ...]
    means: tuple[float, ...]
    S: tuple[tuple[float, ...], ...]
    g: tuple[float, ...]
    mean: float
    R: float
    passes: int = 1


NO_DATA = Moments(1.0, 0.0, (), (), (), (), 0.0, 0.0)


def take_moments(split: Callable[..., tuple[Column, ...]], data: Sequence[Column], weights: Column | None = None) -> Moments:
    """The moments of the columns (t, F_1, …) = split(*data), a block at a time; split is elementwise.

    Error of S and R: a few units in the last place of themselves, at any offset of the data.
    """
    rows = len(data[0])
    step = max(1, rows // SAMPLE)
    sample = np.array([np.broadcast_to(c, len(range(0, rows, step))) for c in split(*(x[::step] for x in data))], dtype=np.float64)
    return settled(sample, lambda shift, anchor: [_add(column) for column in piece_sums(split, data, weights, shift, anchor)])


def settled(sample: NDArray[np.float64], sums: Callable[[list[float], list[float]], list[float]]) -> Moments:
    """The moments of the columns (t, F_1, …) of which `sample` holds some rows, shape (1 + K, m).

    sums  (shift, anchor) → Σ w, Σ w z_j, Σ w z_j z_k (j ≤ k) over all rows, as `piece_sums` has them; asked again where the sample was unlike the rest
    """
    mean = sample.mean(axis=1)
    centred = sample - mean[:, None]
    spread = np.sqrt(np.vecdot(centred, centred) / sample.shape[1]).tolist()
    anchor = _anchor(centred)
    still = 0.0 if any(anchor) else 1 / 8  # of the spread: a mean so near to 0 is left where it is; but not below a fit, whose residuals are smaller
    shift = [0.0 if abs(v) <= still * d else _near(v, d) for v, d in zip(mean.tolist(), spread, strict=True)]
    for k in range(1, PASSES + 1):
        found, telling = _fold(sums(shift, anchor), shift, anchor, k)
        if telling or k == PASSES:
            break
        spread = [0.0, *(math.sqrt(max(found.S[j][j], 0.0) / found.n) for j in range(len(found.means)))]
        t = float(-_dot(found.anchor, found.means) - Fraction(found.constant))
        shift = [_near(v, d) for v, d in zip((t, *found.means), spread, strict=True)]
        anchor = [_short(a) for a in found.anchor]
    return found


def _near(v: float, spread: float) -> float:
    """A shift near v: in few bits where that is near enough for data that spread so far."""
    short = _short(v)
    return short if abs(short - v) <= spread / 4 else v


def _dot(a: Sequence[float], b: Sequence[float]) -> Fraction:
    """Σ a b, exactly."""
    return sum((Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True)), Fraction(0))


def _short(v: float) -> float:
    """v to 24 bits: differences from it are mostly exact, and so are products of two such numbers."""
    mantissa, exponent = math.frexp(v)
    return math.ldexp(round(math.ldexp(mantissa, 24)), exponent - 24) if math.isfinite(v) else 0.0


def _anchor(centred: NDArray[np.float64]) -> list[float]:
    """Coefficients a with t + Σ a_k F_k small on the sample; any numbers would do, good ones keep the digits of the loss.

    0 where less than half of t would go: then none are lost, and the residual is t as it lies.
    """
    t, F = centred[0], centred[1:]
    if not len(F) or not np.isfinite(centred).all():
        return [0.0] * len(F)
    size = np.sqrt(np.vecdot(F, F))
    size[size == 0] = 1.0
    scaled = F / size[:, None]
    a = -(scaled @ t) if len(F) == 1 else -np.linalg.lstsq(scaled.T, t, rcond=1e-10)[0]
    left = t + a @ scaled
    return [_short(float(v)) for v in a / size] if left @ left < t @ t / 2 else [0.0] * len(F)


def piece_sums(
    split: Callable[..., tuple[Column, ...]], data: Sequence[Column], weights: Column | None, shift: list[float], anchor: list[float],
) -> list[list[float]]:  # fmt: skip
    """Σ w, then Σ w z_j, then Σ w z_j z_k (j ≤ k) for z = (r, F_1 − s_1, …), each as what its pieces give: they are to be added without rounding.

    A piece is PIECE rows, counted from the first: whoever cuts the rows at multiples of PIECE gets the same numbers.
    """
    rows, many = len(data[0]), len(shift)
    step = max(PIECE, BLOCK // many // PIECE * PIECE)
    room = np.empty((many + any(anchor) + (0 if weights is None else many), min(rows, step)))
    pairs = [(j, k) for j in range(many) for k in range(j, many)]
    sums: list[list[Any]] = [[] for _ in range(1 + many + len(pairs))]
    for at in range(0, rows, step):
        length = min(step, rows - at)
        z = []
        for column, s, out in zip(split(*(x[at : at + step] for x in data)), shift, room, strict=False):
            z.append(np.subtract(column, s, out[:length]) if s else np.ascontiguousarray(np.broadcast_to(column, length), dtype=np.float64))
        for a, f in zip(anchor, z[1:], strict=True):
            if a:
                z[0] = np.add(z[0], np.multiply(f, a, room[-1, :length]), room[0, :length])
        one = ONES if weights is None else weights[at : at + step]
        v = z if weights is None else [np.multiply(one, f, out[:length]) for f, out in zip(z, room[many:], strict=False)]
        _collect(sums, v, z, one, pairs)
    return [np.concatenate(column).tolist() for column in sums]


def _collect(sums: list[list[Any]], v: Sequence[Column], z: Sequence[Column], one: Column, pairs: Sequence[tuple[int, int]]) -> None:
    """Σ 1 (Σ w), Σ v_j and Σ v_j z_k in pieces of PIECE elements: BLAS starts no threads for them, and fewer roundings follow on each other."""
    length = len(z[0])
    whole = length // PIECE * PIECE
    counted = one is ONES
    sums[0].append([length] if counted else [one.sum()])
    for part, cut in ((slice(0, whole), (-1, PIECE)), (slice(whole, length), (1, -1))):
        if part.start == part.stop:
            continue
        V = [f[part].reshape(cut) for f in v]
        Z = V if counted else [f[part].reshape(cut) for f in z]
        for column, f in zip(sums[1:], V, strict=False):
            column.append(np.vecdot(f, ONES[: f.shape[1]]))
        for column, (j, k) in zip(sums[1 + len(v) :], pairs, strict=True):
            column.append(np.vecdot(V[j], Z[k]))


def _add(values: Sequence[float]) -> float:
    """Σ values, rounded once; where one is not finite, as plain addition has it."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def _fold(sums: list[float], shift: list[float], anchor: list[float], passes: int) -> tuple[Moments, bool]:
    """The moments about the means, the anchor moved to the least squares coefficients; and whether shift and anchor were near enough."""
    many = len(shift)
    if not all(map(math.isfinite, sums)):
        lost = (math.nan,) * (many - 1)
        return Moments(sums[0], 0.0, tuple(anchor), lost, (lost,) * (many - 1), lost, math.nan, math.nan, passes), True
    n, P, rest = sums[0], sums[1 : many + 1], iter(sums[many + 1 :])
    Q = [[0.0] * many for _ in range(many)]
    for j in range(many):
        for k in range(j, many):
            Q[j][k] = Q[k][j] = next(rest)
    centred = [[Q[j][k] - P[j] * P[k] / n for k in range(many)] for j in range(many)]
    S, g = [row[1:] for row in centred[1:]], centred[0][1:]
    means = [s + p / n for s, p in zip(shift[1:], P[1:], strict=True)]
    constant, mean = -shift[0], P[0] / n  # r is u at this constant
    if any(anchor):
        exact = -(Fraction(shift[0]) + _dot(anchor, shift[1:]))
        constant = float(exact)
        mean += float(Fraction(constant) - exact)  # what its rounding loses is given back to the mean
    moved = [a + d for a, d in zip(anchor, _least(S, g), strict=True)]
    d = [b - a for a, b in zip(anchor, moved, strict=True)]
    h = [gk + math.fsum(s * x for s, x in zip(row, d, strict=True)) for gk, row in zip(g, S, strict=True)]
    R = centred[0][0] + math.fsum(x * (a + b) for x, a, b in zip(d, g, h, strict=True))
    drift = mean + math.fsum(x * m for x, m in zip(d, means, strict=True))
    centre = constant - drift
    left = drift + (centre - constant)
    found = Moments(n, centre, tuple(moved), tuple(means), tuple(map(tuple, S)), tuple(h), left, max(R, 0.0), passes)
    telling = all(P[j] * P[j] <= n * Q[j][j] / 2 for j in range(many)) and Q[0][0] / 4 <= R
    return found, telling


def _least(S: list[list[float]], g: list[float]) -> list[float]:
    """d with S d = −g, as near as S allows; 0 along a column that is constant."""
    if len(S) == 1:
        d = -g[0] / S[0][0] if S[0][0] > 0 else 0.0
        return [d if math.isfinite(d) else 0.0]
    if not S or not all(map(math.isfinite, [*g, *(x for row in S for x in row)])):
        return [0.0] * len(S)
    size: Any = np.sqrt(np.maximum(np.diag(S), 0.0))
    size[size == 0] = 1.0
    return [float(x) for x in np.linalg.lstsq(np.array(S) / size / size[:, None], -np.array(g) / size, rcond=1e-13)[0] / size]
