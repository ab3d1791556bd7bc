"""P8: 1,000 iterations on X of 1e5 rows and many columns, by one Gram matrix, counted in iterations of the loop that passes over X each time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.descent.descend import descend
from symgd.numeric.function import compile_gradient
from tests.benchmarks.timing import medians

ROWS, STEPS, RATE = 10**5, 1000, 0.01
FASTER = {10: 250, 100: 200, 500: 90}  # columns → how many times faster than the loop


def plain(X, y, steps):
    """The loop of the text book."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        u = X @ w + b - y
        w, b = w - RATE * 2 / len(y) * (X.T @ u), b - RATE * 2 / len(y) * u.sum()
    return np.append(w, b)


def rows() -> Iterator[tuple[str, float, float | None]]:
    """(workload, ratio, target)"""
    f = compile_gradient(derive(problem("plane-mse")))

    def ours(X, y, steps=STEPS):
        return descend(f, X=X, y=y, rate=RATE, max_iterations=steps, stop="never", keep="ends").points[-1]

    for columns, times in FASTER.items():

        def fresh(k, columns=columns):
            rng = np.random.default_rng(k)
            X = rng.normal(0, 1, (ROWS, columns))
            return X, X @ rng.normal(size=columns) + rng.normal(size=ROWS)

        X, y = fresh(0)
        np.testing.assert_allclose(ours(X, y, 40), plain(X, y, 40), rtol=1e-10, atol=1e-12)
        took = medians({"ours": ours, "plain": lambda X, y: plain(X, y, 1)}, fresh, 7 if columns < 200 else 3)
        yield f"{STEPS} iterations, {ROWS:.0e} × {columns}: ours / one iteration over X", took["ours"] / took["plain"], STEPS / times
