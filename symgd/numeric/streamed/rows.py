"""A part → its rows as columns of float64, a block at a time; what cannot be used is refused with its file, row or line, and column.

pyarrow reads the cells of a CSV file quickly; where it will not, or is not there, the house's own reader decides, whose words are those of a file in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import LARGEST, MISSING_WORDS, NO_WORD, DataError, Table, missing_says, parse_rows, quoted
from symgd.numeric.streamed.parts import ALIGN, MOST_WORDS, Ask, File, Numbers, Part, Place, Stretch, Words
from symgd.numeric.streamed.source import LINE_BYTES, opened, pyarrow, see_unchanged

__all__ = ["Rows", "numbers_of", "read", "refusal", "see_usable", "texts_of", "words_of"]

BATCH = 131_072  # rows decoded at once
GAPS = tuple(sorted({v for w in MISSING_WORDS for v in (w, w.upper(), w.capitalize(), "NaN", "N/A")}))


@dataclass(frozen=True)
class Rows:
    """values   shape (columns, n)
    dropped  rows left out of them
    place    row k of them as messages name it: "big.csv:14"
    """

    values: Column
    dropped: int
    place: Callable[[int], str]


def read(part: Part, ask: Ask, most: int = BATCH) -> Iterator[Rows]:
    """The rows of a part, `most` at a time (a multiple of ALIGN), counted from its first; ALIGN at a time where rows may be left out.

    Raises DataError.
    """
    many = ALIGN if ask.drop else most
    blocks = _of_bytes(part.stretches[0], ask, many) if ask.dialect else _of_groups(part, ask, many)
    return map(_whole, blocks) if ask.drop else blocks


def _whole(rows: Rows) -> Rows:
    """The rows in which nothing is missing."""
    gaps = np.isnan(rows.values).any(axis=0)
    if not gaps.any():
        return rows
    kept = np.flatnonzero(~gaps)
    return Rows(np.ascontiguousarray(rows.values[:, kept]), int(gaps.sum()), lambda k: rows.place(int(kept[k])))


def see_usable(rows: Rows, ask: Ask) -> None:
    """Raises DataError for the first value that is missing, not finite, too large, or not what a target must be."""
    at = 0
    for c in ask.columns:
        if isinstance(c, Words):
            at += len(c.values[0])
            continue
        v = rows.values[at]
        at += 1
        with np.errstate(invalid="ignore"):
            wrong = ~(np.abs(v) <= LARGEST)
            if c.kind in NEEDED:
                wrong |= v < 0
            if c.kind == "count":
                wrong |= v != np.floor(v)
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            raise DataError(f"{rows.place(k)}: {refusal(c, float(v[k]))}")


NEEDED = {"count": "a count is needed: a whole number from 0", "not-negative": "a number from 0 is needed"}


def refusal(c: Numbers, v: float) -> str:
    """What is wrong with a value."""
    if np.isnan(v):
        return f"column {quoted(c.name)}: {missing_says('nan')}"
    if np.isinf(v):
        return f"column {quoted(c.name)}: {v} is not finite"
    if abs(v) > LARGEST:
        return f"column {quoted(c.name)}: {v!r} is larger than {LARGEST:g} in magnitude"
    return f"the target {quoted(c.name)} is {v:g}; {NEEDED[c.kind]}"


def width(ask: Ask) -> int:
    """How many columns of numbers the columns become."""
    return sum(len(c.values[0]) if isinstance(c, Words) else 1 for c in ask.columns)


# ---------------------------------------------------------------- Parquet


@lru_cache(maxsize=64)
def _footer(file: File) -> Any:
    """What the footer says, kept: of a table of many row groups it is long."""
    return opened(file).metadata


def _batches(s: Stretch, columns: Sequence[Numbers | Words]) -> Iterator[tuple[int, Any]]:
    """(number of its first row in the file, a batch of rows) for the rows of a stretch.  Raises DataError where the file cannot be read to its end."""
    pa, _ = pyarrow()
    at, last = 0, s.stop - s.start
    names, texts = [c.name for c in columns], [c.name for c in columns if isinstance(c, Words)]
    try:
        for batch in opened(s.file, _footer(s.file), texts).iter_batches(min(BATCH, s.stop), row_groups=[s.group], columns=names, use_threads=False):
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
        raise DataError(f"{s.file.path}: row group {s.group + 1} has {last:,} rows less than the footer says; the file is damaged")


def _of_groups(part: Part, ask: Ask, many: int) -> Iterator[Rows]:
    names = [c.name for c in ask.columns]
    room, filled = np.empty((width(ask), many)), 0
    starts: list[tuple[int, str, int]] = []  # (where in the room, file, row there)
    for s in part.stretches:
        for first, batch in _batches(s, ask.columns):
            at = 0
            while at < len(batch):
                length = min(many - filled, len(batch) - at)
                starts.append((filled, s.file.path, first + at))
                some = batch.slice(at, length)
                _into(room[:, filled : filled + length], [some.column(n) for n in names], ask, _placed([(0, s.file.path, first + at)]))
                filled, at = filled + length, at + length
                if filled == many:
                    yield Rows(room, 0, _placed(starts))
                    filled, starts = 0, []
    if filled:
        yield Rows(room[:, :filled], 0, _placed(starts))


def _placed(starts: Sequence[tuple[int, str, int]]) -> Callable[[int], str]:
    def place(k: int) -> str:
        at, path, first = max(s for s in starts if s[0] <= k)
        return f"{path}: row {first + k - at + 1:,}"

    return place


def _into(room: Column, arrays: Sequence[Any], ask: Ask, place: Callable[[int], str]) -> None:
    """Arrow's columns as numbers; NaN where one is missing.  Raises DataError for a missing one where none may be, and for an unknown word."""
    at = 0
    for c, array in zip(ask.columns, arrays, strict=True):
        if isinstance(c, Words):
            k = len(c.values[0])
            room[at : at + k] = _coded(array, c, ask, place)
            at += k
            continue
        if array.null_count and not ask.drop:
            raise DataError(f"{place(_first_null(array))}: column {quoted(c.name)}: {missing_says('null')}")
        room[at] = numbers_of(array)
        at += 1


def _first_null(array: Any) -> int:
    return int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0])


def numbers_of(array: Any) -> Any:
    """As NumPy has them; what is null is NaN."""
    pa, _ = pyarrow()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_decimal(array.type) or pa.types.is_boolean(array.type):
        array = array.cast(pa.float64())
    return array.to_numpy(zero_copy_only=False)


def texts_of(array: Any) -> Any:
    """As trimmed text."""
    pa, _ = pyarrow()
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pc.utf8_trim_whitespace(array.cast(pa.string()))


def _coded(array: Any, c: Words, ask: Ask, place: Callable[[int], str]) -> Column:
    """What each word stands for, shape (numbers of a word, n)."""
    pa, _ = pyarrow()
    import pyarrow.compute as pc

    known = pa.array(c.cells, pa.string())
    if pa.types.is_dictionary(array.type):
        of_words = pc.fill_null(pc.index_in(texts_of(array.dictionary), value_set=known), -1).to_numpy(zero_copy_only=False)
        codes = np.append(of_words, -1)[pc.fill_null(array.indices.cast(pa.int64()), len(of_words)).to_numpy(zero_copy_only=False)]
    else:
        codes = pc.fill_null(pc.index_in(texts_of(array), value_set=known), -1).to_numpy(zero_copy_only=False)
    for k in np.flatnonzero(codes < 0).tolist():
        word = array[k].as_py()
        if not (ask.drop and _gap(word)):
            what = missing_says("" if word is None else str(word)) if _gap(word) else f"{quoted(str(word))} was not there when the words were counted"
            raise DataError(f"{place(k)}: column {quoted(c.name)}: {what}")
    values = np.vstack([np.array(c.values, dtype=np.float64), np.full(len(c.values[0]), np.nan)])
    return np.asarray(values[codes].T)


def _gap(word: Any) -> bool:
    return word is None or str(word).strip().lower() in NO_WORD


# ---------------------------------------------------------------- CSV


def _bytes_of(s: Stretch) -> tuple[bytes, int]:
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


def _lines_before(s: Stretch, at: int) -> int:
    """How many lines stand above a byte."""
    found = 0
    with open(s.file.path, "rb") as stream:
        while at > 0 and (some := stream.read(min(at, 2**24))):
            found += some.count(b"\n")
            at -= len(some)
    return found


def _of_bytes(s: Stretch, ask: Ask, many: int) -> Iterator[Rows]:
    raw, begun = _bytes_of(s)
    if not raw:
        return
    arrays = _by_arrow(raw, ask)
    slow: list[Table] = []

    def table() -> Table:
        if not slow:
            slow.append(_by_hand(s, raw, begun, ask))
        return slow[0]

    rows = len(arrays[0]) if arrays is not None else table().rows
    dropped = 0 if arrays is not None else table().dropped

    def placed(at: int) -> Callable[[int], str]:
        return lambda k: table().place(at + k) if at + k < table().rows else f"{s.file.path}: a row below byte {begun:,}"

    for at in range(0, rows, many):
        length = min(many, rows - at)
        room = np.empty((width(ask), length))
        if arrays is not None:
            _into(room, [a.slice(at, length) for a in arrays], ask, placed(at))
        else:
            _from_table(room, table(), at, ask)
        yield Rows(room, dropped if at == 0 else 0, placed(at))
    if not rows and dropped:
        yield Rows(np.empty((width(ask), 0)), dropped, placed(0))


def _by_arrow(raw: bytes, ask: Ask) -> list[Any] | None:
    """The columns as pyarrow reads them; None where it will not, or one is not plain: then the house's reader says why."""
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
    return arrays if all(isinstance(c, Words) or _plain(a, ask.drop) for c, a in zip(ask.columns, arrays, strict=True)) else None


def _plain(array: Any, drop: bool) -> bool:
    """Is every number finite, and none missing where none may be?"""
    return (drop or not array.null_count) and bool(np.isfinite(array.drop_null().to_numpy()).all())


def _by_hand(s: Stretch, raw: bytes, begun: int, ask: Ask) -> Table:
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


# ---------------------------------------------------------------- the words of a column


def words_of(part: Part, ask: Ask) -> dict[str, Place]:
    """Each word of the one column → where it first stands in the part, up to MOST_WORDS of them.  Raises DataError for a missing one where none may be."""
    found: dict[str, Place] = {}
    name = ask.columns[0].name
    if ask.dialect:
        s = part.stretches[0]
        raw, begun = _bytes_of(s)
        if not raw:
            return {}
        arrays = _by_arrow(raw, ask)
        if arrays is None:
            table = _by_hand(s, raw, begun, ask)
            for k, w in enumerate(table.text(name)):
                if len(found) < MOST_WORDS:
                    found.setdefault(w, (part.number, k, table.place(k)))
            return found
        _see_words(found, arrays[0], name, ask, (part.number, 0), lambda k: _by_hand(s, raw, begun, ask).place(k))
        return found
    at = 0
    for s in part.stretches:
        for first, batch in _batches(s, ask.columns):
            _see_words(found, batch.column(name), name, ask, (part.number, at), _placed([(0, s.file.path, first)]))
            at += len(batch)
            if len(found) >= MOST_WORDS:
                return found
    return found


def _see_words(found: dict[str, Place], array: Any, name: str, ask: Ask, at: tuple[int, int], place: Callable[[int], str]) -> None:
    import pyarrow.compute as pc

    texts = texts_of(array)
    for word in pc.unique(texts).to_pylist():
        if word in found:
            continue
        k = pc.index(texts, word).as_py() if word is not None else _first_null(texts)
        if _gap(word):
            if not ask.drop:
                raise DataError(f"{place(k)}: column {quoted(name)}: {missing_says(word or '')}")
        elif len(found) < MOST_WORDS:
            found[word] = (at[0], at[1] + k, place(k))
