"""P1: the loss and both derivatives of a line, NumPy alone, as a multiple of one read of the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.function import compile_gradient
from tests.benchmarks.timing import medians

TARGETS = {10**3: 13, 10**5: 6, 10**6: 3, 10**7: 2.5}


def obvious(w, b, x, y):
    """What one writes first."""
    u = w * x + b - y
    return np.mean(u**2), (2 * np.mean(u * x), 2 * np.mean(u))


READS = {"x.sum() + y.sum()": lambda x, y: x.sum() + y.sum(), "x @ y": lambda x, y: x @ y}


def rows() -> Iterator[tuple[str, float, float | None]]:
    """(workload, ratio, target); the generated function is what the target is for."""
    f = compile_gradient(derive(problem("line-mse")))
    scope: dict = {}
    exec(compile(f.source, "generated", "exec"), scope)
    generated = scope["loss_and_gradient"]
    for n, target in TARGETS.items():

        def fresh(k, n=n):
            rng = np.random.default_rng(k)
            x = rng.normal(3, 1, n)
            return x, 0.5 * x + rng.normal(0, 1, n)

        x, y = fresh(0)
        np.testing.assert_allclose(np.hstack(generated(0.3, 0.2, x, y)), np.hstack(obvious(0.3, 0.2, x, y)), rtol=1e-11)
        took = medians(
            {**READS,
             "generated": lambda x, y: generated(0.3, 0.2, x, y),
             "f.loss_and_gradient": lambda x, y: f.loss_and_gradient(0.3, 0.2, x=x, y=y),
             "obvious": lambda x, y: obvious(0.3, 0.2, x, y)}, fresh)  # fmt: skip
        read = min(took[r] for r in READS)
        yield f"n = {n:.0e}: the generated function / one read ({read * 1e6:.3g} µs)", took["generated"] / read, target
        yield f"n = {n:.0e}: f.loss_and_gradient(w, b, x=x, y=y) / one read", took["f.loss_and_gradient"] / read, None
        yield f"n = {n:.0e}: the obvious NumPy / one read", took["obvious"] / read, None
