"""P8: 1,000 iterations on X of 1e5 rows and many columns, by one Gram matrix, against the loop that passes over X each time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.descent.descend import descend
from symgd.numeric.function import compile_gradient
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

ROWS, STEPS, RATE = 10**5, 1000, 0.01
SHORT = 40  # iterations after which all must agree
FASTER = {10: 250, 100: 200, 500: 90}  # columns → how many times faster than the loop


def plain(X, y, steps):
    """The loop of the text book."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        u = X @ w + b - y
        w, b = w - RATE * 2 / len(y) * (X.T @ u), b - RATE * 2 / len(y) * u.sum()
    return np.append(w, b)


def by_hand(X, y, steps):
    """XᵀX once, then steps on it."""
    A = np.column_stack([X, np.ones(len(y))])
    G, v, theta = A.T @ A, A.T @ y, np.zeros(A.shape[1])
    for _ in range(steps):
        theta = theta - RATE * 2 / len(y) * (G @ theta - v)
    return theta


def fresh(k: int, n: int, columns: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(k)
    X = rng.normal(0, 1, (n, columns))
    return X, X @ rng.normal(size=columns) + rng.normal(size=n)


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """How many times faster than the loop."""
    f = compile_gradient(derive(problem("plane-mse")))

    def ours(X, y, steps=STEPS):
        return descend(f, X=X, y=y, rate=RATE, max_iterations=steps, stop="never", keep="ends").points[-1]

    n = 1000 if tiny else ROWS
    for columns, times in {10: 250}.items() if tiny else FASTER.items():
        short = {"ours": ours, "hand": by_hand, "NumPy": plain}
        race({k: Contestant(lambda X, y, run=run: run(X, y, SHORT)) for k, run in short.items()}, lambda k: fresh(k, 1000, 10), rounds=1, atol=1e-12)
        made = {
            "ours": Contestant(ours), "hand": Contestant(lambda X, y: by_hand(X, y, STEPS)), "NumPy": Contestant(lambda X, y: plain(X, y, 1), each=STEPS),
        }  # fmt: skip
        took = race(made, lambda k, columns=columns: fresh(k, n, columns), rounds=1 if tiny else 7, atol=1e-12)
        what = f"{STEPS:,} iterations, X of {n:,} × {columns}, how many times faster than a pass over X in each"
        yield Row(what, took["NumPy"] / took["ours"], "×", times, True, {"hand": took["NumPy"] / took["hand"]}, columns == 100)
