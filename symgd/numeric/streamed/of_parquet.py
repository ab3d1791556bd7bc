"""The rows of a part of a Parquet table, a block at a time, in little memory however long its row groups are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from symgd.numeric.data.table import DataError
from symgd.numeric.streamed.arrow import Rows, into, width
from symgd.numeric.streamed.parts import ALIGN, Ask, File, Numbers, Part, Stretch, Words
from symgd.numeric.streamed.source import opened, pyarrow, see_unchanged

__all__ = ["BATCH", "batches", "of_groups", "placed"]

BATCH = 131_072  # rows decoded at once


@lru_cache(maxsize=64)
def _footer(file: File) -> Any:
    """What the footer says, kept: of a table of many row groups it is long."""
    return opened(file).metadata


def batches(s: Stretch, columns: Sequence[Numbers | Words]) -> Iterator[tuple[int, Any]]:
    """(number of its first row in the file, a batch of rows) for the rows of a stretch.  Raises DataError where the file cannot be read to its end."""
    pa, _ = pyarrow()
    at, last = 0, s.stop - s.start
    names, texts = [c.name for c in columns], [c.name for c in columns if isinstance(c, Words)]
    try:
        file, many = opened(s.file, _footer(s.file), texts, len(names)), max(ALIGN, 2 * BATCH // len(names))
        for batch in file.iter_batches(min(BATCH, many, s.stop), row_groups=[s.group], columns=names, use_threads=False):
            a, b = max(s.start - at, 0), min(s.stop - at, len(batch))
            if a < b:
                yield s.first + at + a, batch.slice(a, b - a)
                last -= b - a
            at += len(batch)
            if at >= s.stop:
                break
    except (pa.ArrowException, OSError) as why:
        see_unchanged(s.file)
        said = str(why).partition("\n")[0][:200]
        raise DataError(f"{s.file.path}: row group {s.group + 1} (from row {s.first + 1:,}) cannot be read; is the file damaged? ({said})") from None
    see_unchanged(s.file)
    if last:
        raise DataError(f"{s.file.path}: row group {s.group + 1} ends before its {s.stop:,} rows, of which the footer tells; the file is damaged")


def of_groups(part: Part, ask: Ask, many: int) -> Iterator[Rows]:
    names = [c.name for c in ask.columns]
    room, filled = np.empty((width(ask), many)), 0
    starts: list[tuple[int, str, int]] = []  # (where in the room, file, row there)
    for s in part.stretches:
        for first, batch in batches(s, ask.columns):
            at = 0
            while at < len(batch):
                length = min(many - filled, len(batch) - at)
                starts.append((filled, s.file.path, first + at))
                some = batch.slice(at, length)
                into(room[:, filled : filled + length], [some.column(n) for n in names], ask, placed([(0, s.file.path, first + at)]))
                filled, at = filled + length, at + length
                if filled == many:
                    yield Rows(room, 0, placed(starts))
                    filled, starts = 0, []
    if filled:
        yield Rows(room[:, :filled], 0, placed(starts))


def placed(starts: Sequence[tuple[int, str, int]]) -> Callable[[int], str]:
    def place(k: int) -> str:
        at, path, first = max(s for s in starts if s[0] <= k)
        return f"{path}: row {first + k - at + 1:,}"

    return place
