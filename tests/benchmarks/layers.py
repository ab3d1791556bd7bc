"""P9: a network 10-32-1 with tanh, NumPy alone, as a multiple of what it cannot do without, its products and its tanh; P10: log-loss and Huber's loss.

Log-loss and Huber's loss are measured in reads of the data; beside log-loss stand the exponential and the logarithm that each sample needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symgd.backward import derive
from symgd.catalogue import combine, problem
from symgd.numeric.function import compile_gradient
from tests.benchmarks.one_pass import READS
from tests.benchmarks.timing import medians

ROWS, FEATURES, HIDDEN = 10**5, 10, 32
STEPS = (512, 1024, 2048, 4096, 8192)  # rows of a block: the floor is that of the fastest


def generated(f: Any) -> Callable[..., Any]:
    """The function of the text alone, without the checks of what a caller hands over."""
    scope: dict[str, Any] = {}
    exec(compile(f.source, "generated", "exec"), scope)
    return scope["loss_and_gradient"]  # type: ignore[no-any-return]


def obvious(W1, b1, w2, b2, X, y):
    """What one writes first."""
    a = np.tanh(X @ W1 + b1)
    u = a @ w2 + b2 - y
    g = np.outer(2 * u / len(X), w2) * (1 - a**2)
    return u @ u / len(X), (X.T @ g, g.sum(axis=0), 2 * u @ a / len(X), 2 * u.mean())


def floor(step: int) -> Callable[..., Any]:
    """X W1, tanh, and the product with Xᵀ on the way back, on blocks, in place; nothing else."""

    def run(W1, b1, w2, b2, X, y):
        room, total = np.empty((step, HIDDEN)), np.zeros((FEATURES, HIDDEN))
        for at in range(0, ROWS, step):
            X_ = X[at : at + step]
            a = np.matmul(X_, W1, out=room[: len(X_)])
            np.tanh(a, out=a)
            total += X_.T @ a
        return total

    return run


def fresh_network(k: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(k)
    shapes = (FEATURES, HIDDEN), (HIDDEN,), (HIDDEN,)
    return (*(rng.normal(0, 0.4, s) for s in shapes), 0.1, rng.normal(size=(ROWS, FEATURES)), rng.normal(size=ROWS))


def network_rows() -> Iterator[tuple[str, float, float | None]]:
    """(workload, ratio, target)"""
    f = compile_gradient(derive(problem("network-1-hidden-mse")))
    ours = generated(f)
    arguments = fresh_network(0)
    loss, slopes = ours(*arguments)
    true, others = obvious(*arguments)
    np.testing.assert_allclose(loss, true, rtol=1e-12)
    for a, b in zip(slopes, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13)

    def called(W1, b1, w2, b2, X, y):
        return f.loss_and_gradient(W1, b1, w2, b2, X=X, y=y)

    took = medians({**{f"floor {s}": floor(s) for s in STEPS}, "ours": ours, "called": called, "obvious": obvious}, fresh_network)
    least = min(took[f"floor {s}"] for s in STEPS)
    yield f"10-32-1 tanh, n = {ROWS:.0e}: the generated function / its products + tanh ({least * 1e3:.3g} ms)", took["ours"] / least, 2.5
    yield "the same, f.loss_and_gradient(W1, b1, w2, b2, X=X, y=y)", took["called"] / least, None
    yield "the obvious NumPy", took["obvious"] / least, None


# ---------------------------------------------------------------- one feature, stable


def stable_log_loss(w, b, x, y):
    """The log-loss and its slopes as a careful person writes them, with whole arrays."""
    z = w * x + b
    e = np.exp(-np.abs(z))
    g = np.where(z < 0, e, 1) / (1 + e) - y
    return (np.maximum(z, 0) - y * z + np.log1p(e)).mean(), ((g * x).mean(), g.mean())


def plain_huber(w, b, x, y):
    u = w * x + b - y
    g = np.clip(u, -1, 1)
    return np.where(np.abs(u) <= 1, u * u / 2, np.abs(u) - 0.5).mean(), ((g * x).mean(), g.mean())


def exp_and_log(w, b, x, y):
    """One exponential and one logarithm for each sample, on blocks, in place."""
    room = np.empty(8192)
    for at in range(0, len(x), 8192):
        part = np.exp(x[at : at + 8192], out=room[: len(x[at : at + 8192])])
        np.log1p(part, out=part)


def fresh_columns(k: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(k)
    x = rng.normal(size=ROWS)
    return 0.3, 0.2, x, (rng.random(ROWS) < 0.5) * 1.0


def loss_rows() -> Iterator[tuple[str, float, float | None]]:
    """(workload, ratio, target)"""
    for name, model, loss, by_hand, target in (
        ("log-loss", "logistic", "log-loss", stable_log_loss, 4.5), ("Huber", "line", "huber", plain_huber, 16.0),
    ):  # fmt: skip
        ours = generated(compile_gradient(derive(combine(model, loss))))
        arguments = fresh_columns(0)
        np.testing.assert_allclose(np.hstack(ours(*arguments)), np.hstack(by_hand(*arguments)), rtol=1e-11)
        reads = {r: (lambda w, b, x, y, read=read: read(x, y)) for r, read in READS.items()}
        took = medians({**reads, "floor": exp_and_log, "ours": ours, "hand": by_hand}, fresh_columns)
        read = min(took[r] for r in READS)
        yield f"{name}, n = {ROWS:.0e}: the generated function / one read ({read * 1e6:.3g} µs)", took["ours"] / read, target
        if name == "log-loss":
            yield "its exponential and its logarithm alone / one read", took["floor"] / read, None
            yield "the generated function / its exponential and its logarithm", took["ours"] / took["floor"], None
        yield f"{name}, stable, with whole arrays / one read", took["hand"] / read, None
