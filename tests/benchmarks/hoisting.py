"""P3 and P5: 1,000 iterations on a million rows, NumPy alone, to the end point, and with every iterate and loss kept, in reads of the data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.descent.descend import descend
from symgd.numeric.function import compile_gradient
from tests.benchmarks.one_pass import READS, fresh_line, reads
from tests.benchmarks.peers import descents
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

ROWS, STEPS, RATE = 10**6, 1000, 0.01
SOME = 5  # steps that are run of the loops that pass over the data in each


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


def whole_way(x, y, steps=STEPS):
    """Hoisted by hand, every iterate and loss kept."""
    mx, my = float(x.mean()), float(y.mean())
    xc, yc = x - mx, y - my
    sxx, sxy, syy = float(xc @ xc) / len(x), float(xc @ yc) / len(x), float(yc @ yc) / len(x)
    w = b = 0.0
    points, losses = [], []
    for k in range(steps + 1):
        r = w * mx + b - my
        points.append((w, b))
        losses.append(syy - 2 * w * sxy + w * w * sxx + r * r)
        if k < steps:
            w, b = w - RATE * 2 * (w * sxx - sxy + mx * r), b - RATE * 2 * r
    return np.array(points), np.array(losses)


def fresh(k: int, n: int = ROWS):
    return fresh_line(n)(k)[2:]


def kept(f, x, y, steps=STEPS):
    trace = descend(f, x=x, y=y, rate=RATE, max_iterations=steps, stop="never")
    return trace.points, trace.losses


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """The end point, and the same against the loops of others."""
    f = compile_gradient(derive(problem("line-mse")))

    def ours(x, y, steps=STEPS):
        return descend(f, x=x, y=y, rate=RATE, max_iterations=steps, stop="never", keep="ends").points[-1]

    n = 1000 if tiny else ROWS
    rounds = 1 if tiny else 7
    loops = {"NumPy": Contestant(lambda x, y: plain(x, y, SOME), each=STEPS / SOME), **descents(RATE, SOME, STEPS)}
    short = {"ours": Contestant(lambda x, y: ours(x, y, SOME)), **{k: Contestant(c.run, c.takes) for k, c in loops.items()}}
    race(short, partial(fresh, n=1000), rounds=1)  # everybody's loop comes to the same place
    mine = {"ours": Contestant(ours), "hand": Contestant(by_hand)}
    took = race({**mine, **loops, **reads()}, partial(fresh, n=n), rounds=rounds)
    read = min(took[r] for r in READS)
    others = took.over(read, "ours", *READS)
    yield Row(f"{STEPS:,} iterations, n = {n:,}, to the end point", took["ours"] / read, "reads", 5, beside=others, short=True)
    if "JAX" in loops:
        yield Row("the same in jax.lax.scan, how many times slower", took["JAX"] / took["ours"], "×", 700, least=True, short=True)


def kept_rows(*, tiny: bool = False) -> Iterator[Row]:
    """Every iterate and loss kept."""
    f = compile_gradient(derive(problem("line-mse")))
    n = 1000 if tiny else ROWS
    mine = {"ours": Contestant(partial(kept, f)), "hand": Contestant(whole_way)}
    took = race({**mine, **reads()}, partial(fresh, n=n), rounds=1 if tiny else 7)
    read = min(took[r] for r in READS)
    others = {"hand": took["hand"] / read}
    yield Row(f"{STEPS:,} iterations, n = {n:,}, every iterate and loss kept", took["ours"] / read, "reads", 6, beside=others, short=True)
