"""A pass over all parts, and the moments of the columns that it gives."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

import numpy as np

from symgd.numeric.bound.gram import gathered
from symgd.numeric.bound.moments import Moments, settled
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import DataError
from symgd.numeric.streamed.arrow import width
from symgd.numeric.streamed.asked import part_sums, triangle
from symgd.numeric.streamed.exact import merged, rounded
from symgd.numeric.streamed.parts import Ask, Numbers, Part, Run, Sums
from symgd.numeric.streamed.rows import read
from symgd.numeric.streamed.source import Source

__all__ = ["FLAT", "Tell", "all_sums", "in_threads", "moments", "sample"]

FLAT = 8  # columns up to which every pair of them is summed by itself; beyond it by a Gram matrix
LOOKS, EACH = 16, 64  # places of the table, evenly, and rows at each: the sample that shift and anchor are taken from
AHEAD = 2  # parts a worker has before it
Tell = Callable[[int, int], None]  # (size done, size of all)


def in_threads(parts: Sequence[Part], ask: Ask, workers: int = 0) -> Iterator[Sums]:
    """A run by threads of this process, as many as there are cores: decoding and arithmetic leave Python's lock.

    Of several parts that cannot be used the first is told of; an interruption ends the run after the parts that are being read.
    """
    many = min(workers or _cores(), len(parts))
    if many < 2:
        yield from (part_sums(p, ask) for p in parts)
        return
    left, waiting = iter(parts), deque[Future[Sums]]()
    pool = ThreadPoolExecutor(many)
    try:
        while True:
            waiting.extend(pool.submit(part_sums, p, ask) for p in islice(left, AHEAD * many - len(waiting)))
            if not waiting:
                break
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def all_sums(source: Source, ask: Ask, run: Run = in_threads, tell: Tell | None = None) -> Sums:
    """One pass: what the parts answer, merged as they come.

    tell  called with (size of the parts answered, size of all)
    Raises what `part_sums` raises.
    """
    whole = sum(p.size for p in source.parts)
    found: Sums | None = None
    for s in run(source.parts, replace(ask, dialect=source.dialect)):
        found = s if found is None else merged((found, s))
        if tell:
            tell(found.size, whole)
    return found or Sums(0, 0)


def moments(
    source: Source, features: Sequence[str], target: str, *, drop: bool = False, run: Run = in_threads, tell: Tell | None = None,
) -> Moments:  # fmt: skip
    """The moments of u = target + Σ_k a_k feature_k + a_0 over all rows, as `bound.moments.take_moments` has them of arrays.

    The digits depend on the rows alone, not on how they lie in row groups and files, nor on who reads them.

    drop  leave out rows with missing values
    Raises DataError.
    """
    source.see([*features, target])
    ask = Ask("flat", (*map(Numbers, features), Numbers(target)), source.dialect, drop)
    return moments_of(source, ask, run, tell)[0]


def moments_of(source: Source, ask: Ask, run: Run = in_threads, tell: Tell | None = None) -> tuple[Moments, Sums, Column]:
    """(the moments of the columns asked for, the last of them the target; what the pass said; the sample of rows it began with)."""
    some = sample(source, ask)
    if not some.shape[1]:
        some = np.zeros((len(some), 1))
    last = [Sums(0, 0)]

    def passed(what: str, *numbers: object) -> list[float]:
        last[0] = all_sums(source, replace(ask, what=what, numbers=numbers), run, tell)
        if not last[0].rows:
            dropped = f" ({last[0].dropped:,} rows with missing values dropped)" if last[0].dropped else ""
            raise DataError(f"{source.name}: there is no row of numbers{dropped}")
        return [rounded(e) for e in last[0].totals]

    with np.errstate(all="ignore"):
        if len(some) <= FLAT:
            found = settled(np.vstack([some[-1:], some[:-1]]), lambda shift, anchor: passed("flat", tuple(shift), tuple(anchor)))
        else:
            found = gathered(
                some[-1], np.ascontiguousarray(some[:-1].T),
                lambda shift, anchor, start: triangle(passed("gram", tuple(shift.tolist()), tuple(anchor.tolist()), start), len(some)),
            )  # fmt: skip
    return found, last[0], some


def sample(source: Source, ask: Ask) -> Column:
    """Some rows, EACH from LOOKS places of the table evenly, shape (columns, up to LOOKS · EACH): the same for any splitting into row groups."""
    ask = replace(ask, dialect=source.dialect, drop=True)
    found = [rows.values for part in _looks(source) for rows in [next(iter(read(part, ask)), None)] if rows is not None]
    return np.hstack([v[:, :EACH] for v in found]) if found else np.zeros((width(ask), 0))


def _looks(source: Source) -> Iterator[Part]:
    """Small parts at even distances: of a Parquet table by row, of CSV files by byte."""
    if source.rows is None:
        every = max(1, len(source.parts) // LOOKS)
        for p in source.parts[::every][:LOOKS]:
            (s,) = p.stretches
            yield replace(p, stretches=(replace(s, stop=min(s.stop, s.start + 2**16)),))
        return
    step, end, k = max(EACH, source.rows // LOOKS), 0, 0
    for p in source.parts:
        begun, end = end, end + p.rows
        while k * step < end:
            yield _cut(p, max(0, k * step - begun), min(end, k * step + EACH) - begun)
            k += 1


def _cut(p: Part, a: int, b: int) -> Part:
    """The rows of a part from a to b."""
    found, at = [], 0
    for s in p.stretches:
        long = s.stop - s.start
        start, stop = max(a - at, 0), min(b - at, long)
        if start < stop:
            found.append(replace(s, start=s.start + start, stop=s.start + stop))
        at += long
    return replace(p, stretches=tuple(found), rows=b - a)
