"""P9: a network 10-32-1 with tanh, NumPy alone, as a multiple of what it cannot do without, its products and its tanh; P10: log-loss and Huber's loss.

Log-loss and Huber's loss are measured in reads of the data; beside log-loss stand the exponential that each sample needs, and its logarithm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import symgd
from symgd.backward import derive
from symgd.catalogue import combine, problem
from symgd.numeric.function import compile_gradient
from tests.benchmarks.one_pass import READS, generated, reads
from tests.benchmarks.peers import HUBER, LOG_LOSS, NETWORK, automatic, looped, lambdified, peer
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

ROWS, FEATURES, HIDDEN = 10**5, 10, 32
STEPS = (512, 1024, 2048, 4096, 8192)  # rows of a block: the floor is that of the fastest


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
        for at in range(0, len(X), step):
            X_ = X[at : at + step]
            a = np.matmul(X_, W1, out=room[: len(X_)])
            np.tanh(a, out=a)
            total += X_.T @ a
        return total

    return run


def fresh_network(k: int, n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(k)
    shapes = (FEATURES, HIDDEN), (HIDDEN,), (HIDDEN,)
    return (*(rng.normal(0, 0.4, s) for s in shapes), 0.1, rng.normal(size=(n, FEATURES)), rng.normal(size=n))


def network_rows(*, tiny: bool = False) -> Iterator[Row]:
    """The generated function is what the target is for."""
    f = compile_gradient(derive(problem("network-1-hidden-mse")))
    n = 1000 if tiny else ROWS

    def called(W1, b1, w2, b2, X, y):
        return f.loss_and_gradient(W1, b1, w2, b2, X=X, y=y)

    mine = {"ours": Contestant(generated(f)), "called": Contestant(called), "NumPy": Contestant(obvious)}
    floors = {f"floor {s}": Contestant(floor(s), judged=False) for s in STEPS}
    took = race({**mine, **automatic(NETWORK, 4), **floors}, partial(fresh_network, n=n), rounds=1 if tiny else 7, rtol=1e-8, atol=1e-12)
    least = min(took[s] for s in floors)
    others = took.over(least, "ours", "called", *floors)
    yield Row(f"network 10-32-1 tanh, n = {n:,}, the generated function", took["ours"] / least, "gemm + tanh", 2.5, beside=others, short=True)
    yield Row(f"the same, f.loss_and_gradient(W1, b1, w2, b2, X=X, y=y); the floor is {least * 1e3:.3g} ms", took["called"] / least, "gemm + tanh")


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


def exp_alone(w, b, x, y):
    """One exponential for each sample, in one call and in place: without it nobody has σ(z)."""
    room = np.empty(131_072)
    for at in range(0, len(x), 131_072):
        np.exp(x[at : at + 131_072], out=room[: len(x[at : at + 131_072])])


def by_scipy(w, b, x, y):
    """The log-loss with SciPy's stable functions."""
    special = peer("scipy.special")
    z = w * x + b
    g = special.expit(z) - y
    return (-special.log_expit(z) + (1 - y) * z).mean(), ((g * x).mean(), g.mean())


def fresh_columns(k: int, n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(k)
    x = rng.normal(size=n)
    return 0.3, 0.2, x, (rng.random(n) < 0.5) * 1.0


def compiled(gradient: Any) -> dict[str, Contestant]:
    """Our loop, where there is somebody to compile it."""
    if peer("numba") is None:
        return {}
    return {"compiled": Contestant(symgd.compile(gradient, target="numba").functions["loss_and_gradient"])}


def loss_rows(*, tiny: bool = False) -> Iterator[Row]:
    """A row for each loss."""
    n = 1000 if tiny else ROWS
    scipy = {"SciPy": Contestant(by_scipy)} if peer("scipy.special") is not None else {}
    for name, model, loss, by_hand, stated, target, most in (
        ("log-loss", "logistic", "log-loss", stable_log_loss, LOG_LOSS, 4.5, 2.0), ("Huber", "line", "huber", plain_huber, HUBER, 16.0, 1.5),
    ):  # fmt: skip
        gradient = derive(combine(model, loss))
        ours = generated(compile_gradient(gradient))
        loops = compiled(gradient)
        theirs = {**lambdified(loss), **automatic(stated, 2), **looped(loss), **(scipy if loss == "log-loss" else {})}
        floors = {"floor": Contestant(exp_and_log, judged=False), "exp": Contestant(exp_alone, judged=False), **reads(2)}
        made = {"ours": Contestant(ours), **loops, "NumPy": Contestant(by_hand), **theirs, **floors}
        took = race(made, partial(fresh_columns, n=n), rounds=1 if tiny else 7)
        read = min(took[r] for r in READS)
        others = took.over(read, "ours", "floor", "exp", "compiled", *READS)
        yield Row(f"{name}, n = {n:,}, stable, the generated function", took["ours"] / read, "reads", target, beside=others, short=True)
        yield Row("the same, compiled (numba)", took["compiled"] / read if loops else None, "reads", most, beside=others, absent="numba is not installed")
        if name == "log-loss":
            yield Row("its exponential and its logarithm alone", took["floor"] / read, "reads")
            yield Row("its exponential alone", took["exp"] / read, "reads")
