"""CPU time of contestants, interleaved."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

SHORTEST = 2e-3  # seconds of work in one measurement: a shorter call is repeated


def medians(contestants: dict[str, Callable[..., Any]], fresh: Callable[[int], tuple[Any, ...]], rounds: int = 7) -> dict[str, float]:
    """Seconds of CPU time of one call of each contestant on fresh(round): the median over the rounds, the order shuffled in each."""
    order, times = list(contestants), {name: [] for name in contestants}
    shuffle = random.Random(7)
    for k in range(rounds):
        arguments = fresh(k)
        shuffle.shuffle(order)
        for name in order:
            times[name].append(_one(contestants[name], arguments))
    return {name: statistics.median(t) for name, t in times.items()}


def _one(f: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    f(*arguments)
    calls = 1
    while True:
        start = time.process_time()
        for _ in range(calls):
            f(*arguments)
        took = time.process_time() - start
        if took >= SHORTEST:
            return took / calls
        calls *= 2
