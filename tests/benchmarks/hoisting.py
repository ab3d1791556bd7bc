"""P3: 1,000 iterations on a million rows, NumPy alone, to the end point, as a multiple of one read; beside the same hoisted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.descent.descend import descend
from symgd.numeric.function import compile_gradient
from tests.benchmarks.one_pass import READS
from tests.benchmarks.timing import medians

ROWS, STEPS, RATE = 10**6, 1000, 0.01


def by_hand(x, y, steps=STEPS):
    """What one writes who knows that the sums need be taken only once, and about the means."""
    mx, my = float(x.mean()), float(y.mean())
    xc, yc = x - mx, y - my
    sxx, sxy = float(xc @ xc) / len(x), float(xc @ yc) / len(x)
    w = b = 0.0
    for _ in range(steps):
        r = w * mx + b - my
        w, b = w - RATE * 2 * (w * sxx - sxy + mx * r), b - RATE * 2 * r
    return w, b


def plain(x, y, steps):
    """The loop of the text book."""
    w = b = 0.0
    for _ in range(steps):
        u = w * x + b - y
        w, b = w - RATE * 2 * np.mean(u * x), b - RATE * 2 * np.mean(u)
    return w, b


def fresh(k):
    rng = np.random.default_rng(k)
    x = rng.normal(3, 1, ROWS)
    return x, 0.5 * x + rng.normal(0, 1, ROWS)


def rows() -> Iterator[tuple[str, float, float | None]]:
    """(workload, ratio, target)"""
    f = compile_gradient(derive(problem("line-mse")))

    def ours(x, y, steps=STEPS, keep="ends"):
        return descend(f, x=x, y=y, rate=RATE, max_iterations=steps, stop="never", keep=keep).points[-1]

    x, y = fresh(0)
    np.testing.assert_allclose(ours(x, y, 50), plain(x, y, 50), rtol=1e-11)
    np.testing.assert_allclose(ours(x, y), by_hand(x, y), rtol=1e-11)
    took = medians({**READS, "ours": ours, "every": lambda x, y: ours(x, y, keep="all"), "hand": by_hand, "plain": lambda x, y: plain(x, y, 5)}, fresh)
    read = min(took[r] for r in READS)
    yield f"{STEPS} iterations, n = {ROWS:.0e}: ours / one read ({read * 1e6:.3g} µs)", took["ours"] / read, 5
    yield "the same / hoisted by hand", took["ours"] / took["hand"], 1.1
    yield "every iterate and loss kept / one read (P5)", took["every"] / read, 6
    yield "hoisted by hand / one read", took["hand"] / read, None
    yield "the text book's loop / ours", took["plain"] * STEPS / 5 / took["ours"], None
