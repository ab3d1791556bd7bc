"""The rows of a part of a CSV file.

pyarrow reads the cells quickly; where it will not, or is not there, the house's own reader decides, whose words are those of a file in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import MISSING_WORDS, DataError, Table, parse_rows, quoted
from symgd.numeric.streamed.arrow import Rows, into, width
from symgd.numeric.streamed.parts import Ask, Numbers, Stretch, Words
from symgd.numeric.streamed.source import LINE_BYTES, pyarrow, see_unchanged

__all__ = ["by_arrow", "by_hand", "bytes_of", "of_bytes", "see_quotes"]

GAPS = tuple(sorted({v for w in MISSING_WORDS for v in (w, w.upper(), w.capitalize(), "NaN", "N/A")}))


def bytes_of(s: Stretch) -> tuple[bytes, int]:
    """(the whole lines whose first byte lies in the stretch, where they begin)."""
    see_unchanged(s.file)
    try:
        with open(s.file.path, "rb") as stream:
            stream.seek(s.start - 1)
            skipped = b"" if stream.read(1) == b"\n" else stream.readline(LINE_BYTES)
            at = s.start + len(skipped)
            lines = stream.read(s.stop - at) if at < s.stop else b""
            if lines and not lines.endswith(b"\n"):
                lines += stream.readline(LINE_BYTES)
    except OSError as why:
        raise DataError(f"{s.file.path}: {why.strerror or why}") from None
    see_unchanged(s.file)
    return lines, at


def see_quotes(s: Stretch, raw: bytes, begun: int) -> None:
    """Raises DataError for a line that ends within quotes: whoever reads from the next line on cannot know that."""
    if b'"' not in raw:
        return
    marks = np.frombuffer(raw, dtype=np.uint8)
    open_at_end = (np.cumsum(marks == 34)[marks == 10] & 1).astype(bool)
    if open_at_end.any():
        at = _lines_before(s, begun) + int(np.flatnonzero(open_at_end)[0]) + 1
        raise DataError(f"{s.file.path}:{at}: a quoted cell goes on in the next line; a file that is read part by part has its rows on lines of their own")


def _lines_before(s: Stretch, at: int) -> int:
    """How many lines stand above a byte."""
    found = 0
    with open(s.file.path, "rb") as stream:
        while at > 0 and (some := stream.read(min(at, 2**24))):
            found += some.count(b"\n")
            at -= len(some)
    return found


def of_bytes(s: Stretch, ask: Ask, many: int) -> Iterator[Rows]:
    raw, begun = bytes_of(s)
    if not raw:
        return
    see_quotes(s, raw, begun)
    arrays = by_arrow(raw, ask)
    slow: list[Table] = []

    def table() -> Table:
        if not slow:
            slow.append(by_hand(s, raw, begun, ask))
        return slow[0]

    rows = len(arrays[0]) if arrays is not None else table().rows
    dropped = 0 if arrays is not None else table().dropped

    def placed(at: int) -> Callable[[int], str]:
        return lambda k: table().place(at + k) if at + k < table().rows else f"{s.file.path}: a row below byte {begun:,}"

    for at in range(0, rows, many):
        length = min(many, rows - at)
        room = np.empty((width(ask), length))
        if arrays is not None:
            into(room, [a.slice(at, length) for a in arrays], ask, placed(at))
        else:
            _from_table(room, table(), at, ask)
        yield Rows(room, dropped if at == 0 else 0, placed(at))
    if not rows and dropped:
        yield Rows(np.empty((width(ask), 0)), dropped, placed(0))


def by_arrow(raw: bytes, ask: Ask) -> list[Any] | None:
    """The columns as pyarrow reads them; None where it will not, or one is not plain: then the house's reader says why."""
    if raw.count(b"\r") != raw.count(b"\r\n"):
        return None
    try:
        pa, _ = pyarrow()
        from pyarrow import csv
    except ImportError:
        return None
    header, mark = ask.dialect  # type: ignore[misc]
    names = [str(header.index(c.name)) for c in ask.columns]
    try:
        found = csv.read_csv(
            pa.BufferReader(raw), csv.ReadOptions(use_threads=False, block_size=len(raw) + 1, column_names=[str(k) for k in range(len(header))]),
            csv.ParseOptions(delimiter=mark),
            csv.ConvertOptions(
                include_columns=names, null_values=GAPS,
                column_types={n: pa.string() if isinstance(c, Words) else pa.float64() for n, c in zip(names, ask.columns, strict=True)},
            ),
        )  # fmt: skip
    except pa.ArrowException:
        return None
    arrays = [found.column(n).combine_chunks() for n in names]
    return arrays if all(isinstance(c, Words) or _plain(a) for c, a in zip(ask.columns, arrays, strict=True)) else None


def _plain(array: Any) -> bool:
    """Is every number that is there finite?"""
    return bool(np.isfinite(array.drop_null().to_numpy()).all())


def by_hand(s: Stretch, raw: bytes, begun: int, ask: Ask) -> Table:
    header, mark = ask.dialect  # type: ignore[misc]
    texts = [c.name for c in ask.columns if isinstance(c, Words)]
    return parse_rows(raw, s.file.path, _lines_before(s, begun), header, mark, [c.name for c in ask.columns], texts, drop=ask.drop)


def _from_table(room: Column, table: Table, at: int, ask: Ask) -> None:
    k = 0
    for c in ask.columns:
        if isinstance(c, Numbers):
            room[k] = table.columns[c.name][at : at + room.shape[1]]
            k += 1
            continue
        known = dict(zip(c.cells, c.values, strict=True))
        cells = table.text(c.name)[at : at + room.shape[1]]
        if lost := next((j for j, w in enumerate(cells) if w not in known), None):
            raise DataError(f"{table.place(at + lost)}: column {quoted(c.name)}: {quoted(cells[lost])} was not there when the words were counted")
        wide = len(c.values[0])
        room[k : k + wide] = np.array([known[w] for w in cells]).T
        k += wide
