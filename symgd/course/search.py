"""A grid search and a descent on the reader's data, both run, with what they cost and what each step of the descent won.

Glossary: z the feature in standard deviations from its mean; R = max y − min y; the box |w| ≤ R/2, min y ≤ b ≤ max y holds the best
pair, for b* = ȳ and |w*| ≤ σ_y ≤ R/2 (T. Popoviciu, Mathematica 9, 1935);
Λ = (2/n) Σ (z_i² + 1) = 4, the sum of the second derivatives (2 where the loss is written with ½).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from symgd.course.lesson import Course
from symgd.numeric.data.arrays import Column
from symgd.numeric.descent.descend import descend_bound
from symgd.pictures.grid import ALIKE

__all__ = ["DIGITS", "EVALUATION", "STEP", "Search", "places", "promises", "search"]

DIGITS = (1, 2, 3)  # of the box's sides
EVALUATION, STEP = 5, 6  # operations a row: w z + b − y, its square, the sum; for a step no square, but the two sums of the slopes


@dataclass(frozen=True)
class Search:
    """A grid search and a descent, with the feature standardised.

    box      (w from, to), (b from, to)
    best     (w*, b*)
    rate     of the descent, from the box's corner: a tenth of the bound
    shrinks  by how much each step multiplies the distance to the best pair
    found    for each number of digits: (pairs on a side, w, b, loss) of the best dot
    needed   for each number of digits: how many steps bring the descent within half a step of the grid
    points, losses  of the descent
    """

    box: tuple[tuple[float, float], tuple[float, float]]
    best: tuple[float, float]
    rate: float
    shrinks: float
    found: tuple[tuple[int, float, float, float], ...]
    needed: tuple[int, ...]
    points: tuple[tuple[float, float], ...]
    losses: tuple[float, ...]


def places(side: tuple[float, float], m: int) -> Column:
    """The middles of m equal parts."""
    low, high = side
    return np.asarray(low + (np.arange(m) + 0.5) * ((high - low) / m), dtype=np.float64)


@lru_cache(maxsize=4)
def search(c: Course) -> Search:
    """Both, run: 10^2k evaluations for each number of digits k, the first of the best taken."""
    e = c.example
    bound, H = e.standard, e.standard.hessian()
    low, high = float(e.y.min()), float(e.y.max())
    box = (-(high - low) / 2, (high - low) / 2), (low, high)
    best = e.best[0] * float(e.x.std()), float(e.y.mean())
    rate, found, needed = e.standard_rates.bound / 10, [], []
    start = (box[0][0], box[1][0])
    trace = descend_bound(bound, start=start, rate=rate, max_iterations=60, stop="never")
    away = np.abs(trace.points - np.array(best))
    for k in DIGITS:
        m = 10**k
        ws, bs = places(box[0], m), places(box[1], m)
        off, up = ws[:, None] - best[0], bs[None, :] - best[1]
        excess = (((H[0, 0] * off + 2 * H[0, 1] * up) * off + H[1, 1] * up * up) / 2).ravel()  # the loss above its least value, no digit lost
        at = int(np.flatnonzero(excess <= excess.min() * (1 + ALIKE))[0])
        found.append((m, float(ws[at // m]), float(bs[at % m]), e.least + float(excess[at])))
        near = (away <= [(high - low) / m / 2 for low, high in box]).all(axis=1)
        needed.append(int(np.argmax(near)))
    last = needed[-1]
    points, losses = tuple((float(w), float(b)) for w, b in trace.points[: last + 1]), tuple(map(float, trace.losses[: last + 1]))
    return Search(box, best, rate, 1 - rate * e.standard_rates.eigenvalues[-1], tuple(found), tuple(needed), points, losses)


def promises(c: Course) -> tuple[list[tuple[float, float, float]], int]:
    """For each step of the run: p² + q², what the lemma promises, by how much the loss fell; and on how many steps it fell by that much."""
    s, lam = search(c), 4 * c.example.scale
    rows = []
    for k, at in enumerate(s.points[:-1]):
        squared = sum(g * g for g in c.example.standard.gradient(*at))
        rows.append((squared, s.rate * (1 - s.rate * lam / 2) * squared, s.losses[k] - s.losses[k + 1]))
    return rows, sum(fall >= least for _, least, fall in rows)
