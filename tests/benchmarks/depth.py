"""Depth: networks of 1 to 50 hidden layers, derived and proved; and every model with every loss that fits, alone and with each penalty."""

from __future__ import annotations

import time
from collections.abc import Iterator

from symgd.backward import derive
from symgd.catalogue import fitting_losses, problem, versions
from symgd.losses import PENALTIES
from symgd.models import MODELS, spelled

DEPTHS = (1, 2, 5, 10, 20, 30, 40, 50)
Row = tuple[str, float, float | None]


def measured(name: str) -> tuple[int, float]:
    """(steps, CPU seconds) of deriving and proving; every step must be proved."""
    stated = problem(name)
    start = time.process_time()
    gradient = derive(stated)
    took = time.process_time() - start
    assert gradient.proved, f"{name} is not proved in every step"
    return sum(len(d.steps) for d in gradient.tape), took


def rows() -> Iterator[Row]:
    """Steps and time for each depth; steps must lie on a line exactly, the time of a layer may not grow by more than half from 5 to 50 layers."""
    measured("network-2+squared")  # once to warm up
    two = measured("network-2+squared")[1]
    yield "network-2+squared, warm, s", two, 2
    found = {depth: measured(f"network-{depth}+squared") for depth in DEPTHS}
    for depth, (steps, took) in found.items():
        yield f"{depth} hidden layers: {steps} steps, s", took, None
    by_layer = (found[50][0] - found[2][0]) / 48
    bent = max(abs(steps - found[2][0] - by_layer * (depth - 2)) for depth, (steps, _) in found.items() if depth > 1)
    yield f"steps off the line of {by_layer:g} steps a layer, at most", bent, 0
    yield "time of a layer from 10 to 50 layers / from 1 to 10", (found[50][1] - found[10][1]) / 40 / ((found[10][1] - found[1][1]) / 9), 1.5


def of_combinations() -> Iterator[Row]:
    """Every model with every loss that fits, and with each penalty: how many, and the slowest."""
    words = {"polynomial": "-3", "network": "-2", "residual-network": "-2"}
    for family in MODELS:
        name = family + words.get(family, "")
        made = versions(name)
        penalties = [f"+{p}" for p in PENALTIES] if made[0].weights else []
        times = {c: measured(c)[1] for loss in fitting_losses(made) for c in (f"{name}+{loss}{p}" for p in ("", *penalties))}
        slowest = max(times, key=lambda c: times[c])
        yield f"{spelled(family)}: {len(times)} combinations, all proved; {slowest}, s", times[slowest], None
