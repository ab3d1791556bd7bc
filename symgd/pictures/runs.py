"""A run of iterations in a picture: which of them a table names, and how far a way that grows is followed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from symgd.pictures.axes import LARGEST
from symgd.pictures.svg import Point

__all__ = ["columns", "first_lost", "milestones", "thin", "unbroken"]

MOST_STEPS = 600


def milestones(last: int, most: int = 8, also: Iterable[int] = ()) -> list[int]:
    """Of 0 … last both ends and those in `also`; while there is room, 1, 2, 5, 10, 20, …; else 1, 10, 100, …; else the first few."""
    if last < most:
        return list(range(last + 1))
    needed = {0, last, *also}
    for factors in ((1, 2, 5), (1, 3), (1,)):
        round_ones = [k for p in range(len(str(last))) for m in factors if (k := m * 10**p) < last]
        picked = needed | set(round_ones)
        if len(picked) <= most:
            return sorted(picked)
    return sorted(needed | set([k for k in round_ones if k not in needed][: max(0, most - len(needed))]))


def first_lost(values: Sequence[float]) -> int:
    """The first index at which there is no finite number within ±1e150; as many as there are values where all are."""
    return next((k for k, v in enumerate(values) if not abs(v) <= LARGEST), len(values))


def unbroken(places: Mapping[int, Point]) -> list[list[Point]]:
    """The places in the order of their numbers, in pieces without a missing number."""
    pieces: list[list[Point]] = []
    before = None
    for k in sorted(places):
        pieces += [] if before is not None and k == before + 1 else [[]]
        pieces[-1].append(places[k])
        before = k
    return pieces


def columns(places: Sequence[Point], many: int) -> list[Point]:
    """Of so many stretches of the way the first, lowest, highest and last place, so that no extreme is lost."""
    if len(places) <= 4 * many:
        return list(places)
    kept: set[int] = set()
    for c in range(many):
        stretch = range(c * len(places) // many, (c + 1) * len(places) // many)
        kept |= {stretch[0], stretch[-1], min(stretch, key=lambda k: places[k][1]), max(stretch, key=lambda k: places[k][1])}
    return [places[k] for k in sorted(kept)]


def thin(places: Sequence[Point]) -> list[list[Point]]:
    """The way through the places, in pieces: without steps too short to see, without steps drawn before, and not without end."""
    pen, steps = places[0], 0
    pieces = [[pen]]
    seen: set[tuple[int, ...]] = set()
    for at in places[1:]:
        if math.dist(at, pen) < 0.5:
            continue
        step = tuple(round(2 * v) for v in (*pen, *at))
        if step not in seen:
            seen.add(step)
            pieces += [] if pieces[-1][-1] == pen else [[pen]]
            pieces[-1].append(at)
            steps += 1
        pen = at
        if steps >= MOST_STEPS:
            break
    return pieces
