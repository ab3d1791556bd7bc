"""P12: deriving and proving, warm; random compositions of all elementary functions, derived and proved; hand calculations, judged in their process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from symgd.meaning import NotDefined
from symgd.backward import derive, differentiate
from symgd.catalogue import problem
from symgd.checking import check_text
from symgd.handcalc.jobs import Reference
from symgd.hessian import curvature
from symgd.stationary import closed_form
from symgd.term import Name
from symgd.worker import Worker
from tests.benchmarks.table import Row
from tests.corpus import load
from tests.test_backward import compositions, network

COMPOSITIONS = 1000
ROUNDS = 15


def milliseconds(f: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """CPU time of one call: the median, after one to warm up."""
    f()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        f()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """Each must be proved in every step, before it is timed."""
    rounds = 1 if tiny else ROUNDS
    line = problem("line-mse")
    gradient = derive(line)
    assert gradient.proved
    yield Row("line-mse derived and proved, warm", milliseconds(lambda: derive(line), rounds), "ms", 40, short=True)
    yield Row("its closed form", milliseconds(lambda: closed_form(gradient), rounds), "ms")
    yield Row("its curvature", milliseconds(lambda: curvature(gradient), rounds), "ms")
    if tiny:
        return
    five, ten = (milliseconds(lambda depth=depth: derive(network(depth)), 3) for depth in (5, 10))
    yield Row(f"a network of 10 layers / one of 5 ({five:.0f} ms)", ten / five, "×", 2.5)


def of_workings() -> Iterator[tuple[str, float, float | None]]:
    """The process that judges: how long it takes to start, its first text, and the records of the corpus after that."""
    with Worker("symgd.handcalc.jobs:JOBS") as worker:
        start = time.perf_counter()
        check_text("", Reference(), worker=worker)
        yield "the start of the process that judges, and an empty text, s", time.perf_counter() - start, None
        times, lines = [], []
        for record in load():
            start = time.perf_counter()
            found = check_text(record.text, Reference(), 20, record.file or "-", worker=worker)
            times.append(time.perf_counter() - start)
            assert found.verdict
            lines.append(times[-1] / max(1, len(found.verdict.findings)))
    yield "its first text, s", times[0], 1
    yield f"a line of the {len(times)} workings of the corpus, the median of their means, ms", 1000 * statistics.median(lines), 30
    yield "a whole working, median, ms", 1000 * statistics.median(times), None
    yield "the slowest working, s", max(times), None


def of_compositions() -> Iterator[tuple[str, float, float | None]]:
    """The same for single derivatives; each must be proved in every step, and none refused."""
    times, proved, refused = [], 0, 0
    for _, t, _, _ in compositions(COMPOSITIONS):
        start = time.process_time()
        try:
            proved += all(s.check.verdict == "proved" for s in differentiate(t, Name("x")).steps)
        except NotDefined:
            refused += 1
        times.append(time.process_time() - start)
    yield f"random compositions, {len(times)}: refused as not defined anywhere", refused, 0
    yield f"random compositions, {len(times)}: not proved in every step", len(times) - proved, 0
    yield "the median of them, ms", 1000 * statistics.median(times), None
    yield "the slowest, s", max(times), 2
