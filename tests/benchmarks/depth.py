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


def measured(name: str) -> tuple[int, float, bool]:
    """(steps, CPU seconds, is every step proved?) of deriving and proving."""
    stated = problem(name)
    start = time.process_time()
    gradient = derive(stated)
    return sum(len(d.steps) for d in gradient.tape), time.process_time() - start, gradient.proved


def rows() -> Iterator[Row]:
    """Steps and time for each depth; steps must lie on a line exactly, the time of a layer may not grow by more than half from 5 to 50 layers."""
    measured("network-2+squared")  # once to warm up
    two = measured("network-2+squared")[1]
    yield "network-2+squared, warm, s", two, 2
    found = {depth: measured(f"network-{depth}+squared") for depth in DEPTHS}
    yield "depths not proved in every step", sum(not proved for _, _, proved in found.values()), 0
    for depth, (steps, took, _) in found.items():
        yield f"{depth} hidden layers: {steps} steps, s", took, None
    by_layer = (found[50][0] - found[2][0]) / 48
    bent = max(abs(steps - found[2][0] - by_layer * (depth - 2)) for depth, (steps, _, _) in found.items() if depth > 1)
    yield f"steps off the line of {by_layer:g} steps a layer, at most", bent, 0
    yield "time of a layer from 10 to 50 layers / from 1 to 10", (found[50][1] - found[10][1]) / 40 / ((found[10][1] - found[1][1]) / 9), 1.5


def of_combinations() -> Iterator[Row]:
    """Every model with every loss that fits, and with each penalty: how many, and the slowest."""
    words = {"polynomial": "-3", "network": "-2", "residual-network": "-2"}
    for family in MODELS:
        name = family + words.get(family, "")
        made = versions(name)
        penalties = [f"+{p}" for p in PENALTIES] if made[0].weights else []
        found = {c: measured(c) for loss in fitting_losses(made) for c in (f"{name}+{loss}{p}" for p in ("", *penalties))}
        held = [c for c, (_, _, proved) in found.items() if not proved]
        yield f"{spelled(family)}: not proved, of {len(found)} {' '.join(held)}", len(held), 0
        slowest = max(found, key=lambda c: found[c][1])
        yield f"  the slowest, {slowest}, s", found[slowest][1], 5
