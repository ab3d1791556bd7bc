"""A race: contestants that agree, then CPU time of one call of each, interleaved."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Contestant", "Race", "numbers", "race"]

SHORTEST = 2e-3  # seconds of work in one measurement: a shorter call is repeated


def as_given(*arguments: Any) -> tuple[Any, ...]:
    return arguments


@dataclass(frozen=True)
class Contestant:
    """run     the work; what it gives back is compared with what the others give
    takes   NumPy arrays → its own arrays, before the clock starts
    each    how many such calls the workload is: 100 where it runs 10 of 1,000 iterations
    judged  does it compute the same? a floor (one read of the data) does not
    """

    run: Callable[..., Any]
    takes: Callable[..., tuple[Any, ...]] = as_given
    each: float = 1.0
    judged: bool = True


@dataclass(frozen=True)
class Race:
    """seconds  CPU time of one workload, by contestant: the median over the rounds
    first    CPU seconds of its first call, its compiling included
    """

    seconds: Mapping[str, float]
    first: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.seconds[name]

    def over(self, unit: float, *but: str) -> dict[str, float]:
        """Everybody's time in this unit, but for those named."""
        return {name: t / unit for name, t in self.seconds.items() if name not in but}


def numbers(out: Any) -> Any:
    """All numbers of an outcome in one flat array, however it is nested."""
    if isinstance(out, tuple | list):
        return np.concatenate([numbers(o) for o in out]) if out else np.empty(0)
    return np.asarray(out, dtype=np.float64).ravel()


def race(
    contestants: Mapping[str, Contestant], fresh: Callable[[int], tuple[Any, ...]], *, rounds: int = 7, rtol: float = 1e-10, atol: float = 0.0,
) -> Race:  # fmt: skip
    """CPU time of each contestant on fresh(round): the median over the rounds, the order shuffled in each.

    Raises AssertionError, before anything is timed, where one of those judged differs from the first of them.
    """
    first: dict[str, float] = {}
    outcomes: dict[str, Any] = {}
    arguments = fresh(0)
    for name, c in contestants.items():
        own = c.takes(*arguments)
        start = time.process_time()
        out = c.run(*own)
        first[name] = time.process_time() - start
        if c.judged and c.each == 1:
            outcomes[name] = numbers(out)
    reference = next(iter(outcomes), None)
    for name, out in outcomes.items():
        np.testing.assert_allclose(out, outcomes[reference], rtol=rtol, atol=atol, err_msg=f"{name} differs from {reference}")
    order, times = list(contestants), {name: list[float]() for name in contestants}
    shuffle = random.Random(7)
    for k in range(1, rounds + 1):
        arguments = fresh(k)
        shuffle.shuffle(order)
        for name in order:
            c = contestants[name]
            times[name].append(c.each * one(c.run, c.takes(*arguments), rounds))
    return Race({name: statistics.median(t) for name, t in times.items()}, first)


def one(f: Callable[..., Any], arguments: tuple[Any, ...], rounds: int) -> float:
    """Seconds of one call, after one to warm up; in a race of one round, which only tries whether it runs, of the first."""
    calls = 1
    if rounds > 1:
        f(*arguments)
    while True:
        start = time.process_time()
        for _ in range(calls):
            f(*arguments)
        took = time.process_time() - start
        if took >= SHORTEST or rounds == 1:
            return took / calls
        calls *= 2
