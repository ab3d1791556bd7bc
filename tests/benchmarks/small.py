"""P6: 10,000 iterations on 100 rows, the whole trajectory kept: against jax.lax.scan where JAX is installed, else against a plain NumPy loop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.function import compile_gradient
from tests.benchmarks.hoisting import RATE, fresh, kept, whole_way
from tests.benchmarks.peers import peer, scans, to_jax
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

ROWS, STEPS = 100, 10_000


def plain(x, y, steps):
    """The loop of the text book, every iterate and loss kept."""
    w = b = 0.0
    points, losses = np.empty((steps + 1, 2)), np.empty(steps + 1)
    for k in range(steps + 1):
        u = w * x + b - y
        points[k], losses[k] = (w, b), np.mean(u * u)
        w, b = w - RATE * 2 * np.mean(u * x), b - RATE * 2 * np.mean(u)
    return points, losses


def in_columns(way):
    """(w…, b…, L…) → the points and the losses, as the others have them"""
    w, b, losses = map(np.asarray, way)
    return np.stack([w, b], axis=1), losses


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """How many times faster; and everybody's milliseconds."""
    f = compile_gradient(derive(problem("line-mse")))
    steps = 50 if tiny else STEPS
    made = {
        "ours": Contestant(partial(kept, f, steps=steps)), "hand": Contestant(partial(whole_way, steps=steps)),
        "NumPy": Contestant(partial(plain, steps=steps)),
    }  # fmt: skip
    if peer("jax") is not None:
        scan = scans(RATE, steps, keep=True)
        made["JAX"] = Contestant(lambda x, y: in_columns(scan(x, y)), to_jax)
    took = race(made, partial(fresh, n=ROWS), rounds=1 if tiny else 7)
    against = "JAX" if "JAX" in took.seconds else "NumPy"
    what = "jax.lax.scan" if against == "JAX" else "the plain NumPy loop (JAX is not installed)"
    what = f"{steps:,} iterations, n = {ROWS}, whole trajectory, every loss: times faster than {what}"
    yield Row(what, took[against] / took["ours"], "×", 1, least=True, short=True)
    yield Row("the same", took["ours"] * 1e3, "ms", beside=took.over(1e-3, "ours"))
