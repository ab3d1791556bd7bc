"""P2 and P4: the loss and both derivatives of a line, and 1,000 iterations, by a compiled pass, in reads of the data.

Where `symgd.compile` has no such target the rows say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import symgd
from symgd.catalogue import problem
from tests.benchmarks.hoisting import RATE, STEPS, by_hand, fresh
from tests.benchmarks.one_pass import READS, fresh_line, obvious, reads
from tests.benchmarks.peers import looped, peer
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

TARGETS = {10**3: 1.5, 10**5: 1.25, 10**6: 1.1, 10**7: 1.2}
ENDS = 1.15  # reads


def function(target: str) -> Any:
    """The function of a line compiled for the target, or None where there is no such target or nobody who compiles it."""
    try:
        return symgd.compile(symgd.derive(problem("line-mse")), target=target)
    except (ValueError, ImportError):
        return None


def absent(target: str) -> str:
    return "numba is not installed" if target == "numba" and peer(target) is None else "not built"


def rows(*, tiny: bool = False, target: str = "numba") -> Iterator[Row]:
    """One pass."""
    f = function(target)
    for n, most in {10**3: 1.5}.items() if tiny else TARGETS.items():
        what = f"loss, dw, db of a line, n = {n:,}, compiled ({target})"
        if f is None:
            yield Row(what, None, "reads", most, absent=absent(target))
            continue
        called = Contestant(lambda w, b, x, y: f.loss_and_gradient(w, b, x=x, y=y))
        ours = Contestant(f.functions["loss_and_gradient"]) if hasattr(f, "functions") else called
        took = race({"ours": ours, "called": called, "NumPy": Contestant(obvious), **looped("line"), **reads(2)}, fresh_line(n), rounds=1 if tiny else 7)
        read = min(took[r] for r in READS)
        yield Row(what, took["ours"] / read, "reads", most, beside=took.over(read, "ours", "called", *READS))
        yield Row("the same, f.loss_and_gradient(w, b, x=x, y=y)", took["called"] / read, "reads")


def iterations(*, tiny: bool = False, target: str = "numba") -> Iterator[Row]:
    """1,000 iterations, to the end point: by the compiled function of the data, and by `descend`."""
    f, n = function(target), 1000 if tiny else 10**6
    what = f"{STEPS:,} iterations, n = {n:,}, to the end point, compiled ({target})"
    if f is None:
        yield Row(what, None, "reads", ENDS, absent=absent(target))
        return

    def called(x, y):
        return symgd.descend(f, x=x, y=y, rate=RATE, max_iterations=STEPS, stop="never", keep="ends").points[-1]

    reduced = getattr(f, "reduced", None)  # a target that takes the sums itself goes to the end point in one call

    def ours(x, y):
        return reduced.functions["descend"](0.0, 0.0, x, y, RATE, STEPS)

    mine = {"ours": Contestant(ours if reduced else called), "called": Contestant(called), "hand": Contestant(by_hand)}
    took = race({**mine, **reads()}, partial(fresh, n=n), rounds=1 if tiny else 7)
    read = min(took[r] for r in READS)
    yield Row(what, took["ours"] / read, "reads", ENDS, beside={"hand": took["hand"] / read})
    yield Row('the same by descend(f, x=x, y=y, keep="ends"), with its rates and its sentence', took["called"] / read, "reads")
