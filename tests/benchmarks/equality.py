"""How long it takes to decide a = b, warm: milliseconds over the pairs of `tests.equality_pairs`, in process and through the worker."""

from __future__ import annotations

import time
from collections.abc import Iterator

from symgd import worker
from symgd.reading import read
from symgd.referee.equality import equal_terms
from tests.equality_pairs import DIFFERENT, EQUAL

LIMIT = 100.0  # milliseconds at the 95th percentile


def spread(decide) -> tuple[float, float]:
    """Median and 95th percentile of one run over all pairs after one to warm up."""
    for left, right, domain in EQUAL[:20]:
        decide(left, right, domain)
    times = []
    for left, right, domain in EQUAL + DIFFERENT:
        start = time.perf_counter()
        decide(left, right, domain)
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return times[len(times) // 2], times[len(times) * 95 // 100]


def rows() -> Iterator[tuple[str, float, float | None]]:
    """(what, milliseconds, target)"""
    for how, decide in (("in process", lambda a, b, d: equal_terms(read(a), read(b), d)), ("in the worker", worker.equal)):
        middle, high = spread(decide)
        yield f"deciding a = b {how}, median ms", middle, None
        yield f"deciding a = b {how}, 95th percentile ms", high, LIMIT


if __name__ == "__main__":
    for what, value, target in rows():
        print(f"{what:56} {value:8.2f} {'' if target is None else f'≤ {target:g}'}")
