"""P1: the loss and both derivatives of a line, NumPy alone, as a multiple of one read of the data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.function import compile_gradient
from tests.benchmarks.peers import LINE, automatic, lambdified, looped
from tests.benchmarks.table import Row, digits
from tests.benchmarks.timing import Contestant, race

TARGETS = {10**3: 13, 10**5: 6, 10**6: 3, 10**7: 2.5}
AT = 0.3, 0.2


def obvious(w, b, x, y):
    """What one writes first."""
    u = w * x + b - y
    return np.mean(u**2), (2 * np.mean(u * x), 2 * np.mean(u))


def by_hand(w, b, x, y, step=8192):
    """What one writes who knows the caches: blocks, in place, products by BLAS."""
    L = dw = db = 0.0
    room = np.empty(min(step, len(x)))
    for at in range(0, len(x), step):
        x_ = x[at : at + step]
        u = np.multiply(x_, w, out=room[: len(x_)])
        u += b
        u -= y[at : at + step]
        L, dw, db = L + u @ u, dw + u @ x_, db + u.sum()
    return L / len(x), (2 * dw / len(x), 2 * db / len(x))


READS = {"x.sum() + y.sum()": lambda x, y: x.sum() + y.sum(), "x @ y": lambda x, y: x @ y}


def reads(skip: int = 0) -> dict[str, Contestant]:
    """The ways to read x and y once, which stand behind `skip` other arguments."""
    return {r: Contestant(lambda *a, read=read: read(*a[skip:]), judged=False) for r, read in READS.items()}


def generated(f: Any) -> Any:
    """The function of the text alone, without the checks of what a caller hands over."""
    scope: dict[str, Any] = {}
    exec(compile(f.source, "generated", "exec"), scope)
    return scope["loss_and_gradient"]


def fresh_line(n: int) -> Any:
    """round → (w, b, x, y)"""

    def fresh(k):
        rng = np.random.default_rng(k)
        x = rng.normal(3, 1, n)
        return *AT, x, 0.5 * x + rng.normal(0, 1, n)

    return fresh


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """A row for each n; the generated function is what the target is for."""
    start = time.process_time()
    f = compile_gradient(derive(problem("line-mse")))
    ready = time.process_time() - start
    theirs = {**lambdified("line"), **automatic(LINE, 2), **looped("line")}
    called = Contestant(lambda w, b, x, y: f.loss_and_gradient(w, b, x=x, y=y))
    mine = {"ours": Contestant(generated(f)), "called": called, "hand": Contestant(by_hand), "NumPy": Contestant(obvious)}
    for n, target in {10**3: 13}.items() if tiny else TARGETS.items():
        took = race({**mine, **theirs, **reads(2)}, fresh_line(n), rounds=1 if tiny else 7)
        read = min(took[r] for r in READS)
        others = took.over(read, "ours", "called", *READS)
        yield Row(f"loss, dw, db of a line, n = {n:,}, the generated function", took["ours"] / read, "reads", target, beside=others, short=n in (10**3, 10**6))
        yield Row(f"the same, f.loss_and_gradient(w, b, x=x, y=y); a read is {digits(read * 1e6)} µs", took["called"] / read, "reads")
        if n == 10**3:
            compiling = {name: took.first[name] * 1e3 for name in ("JAX", "numba") if name in theirs}
            yield Row("made ready: derived, proved, compiled; beside it what JAX and numba compile for", ready * 1e3, "ms", beside=compiling)
