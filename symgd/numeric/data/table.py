"""Numbers in: a CSV file, or the bundled example, to checked float64 columns.

Every complaint is a `DataError` that names the line and the column.  Nothing is guessed: a cell is a number or it is refused.
"""

from __future__ import annotations

import csv
import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from io import BytesIO
from itertools import islice
from os import PathLike, fspath
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST", "MISSING_WORDS", "NO_WORD", "DataError", "Table", "example", "header_of", "missing_says", "parse_csv", "parse_rows", "quoted", "read_csv"]

Column = NDArray[np.float64]

LARGEST = 1e150  # the squares of larger values, and sums of them, leave the range of double precision
FILE_BYTES = 2**28
LINE_BYTES = 2**20
_EMPTY = "{}: the file is empty; a header and rows of numbers are needed"
CHUNK = 2**15  # rows parsed at once: memory stays flat

# `float()` also takes 1_000 and full-width digits; a table of figures should not.
_NUMBER = r"[ ]*[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?[ ]*"
_ONE_NUMBER = re.compile(_NUMBER)
_NUMBERS = re.compile(rf"(?:{_NUMBER}\n)*+")
MISSING_WORDS = {"", "na", "n/a", "nan", "null", "none", "."}
NO_WORD = {"", "na", "n/a", "nan", "null"}  # "none" may be a category
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


class DataError(ValueError):
    """The data cannot be read or used; the message says what, and where."""


def missing_says(cell: str) -> str:
    """What is said of a cell that holds nothing."""
    return f'a value is missing ({quoted(cell)}); fill it, or drop such rows (missing="drop", --missing drop)'


@dataclass(frozen=True)
class Table:
    """Columns of float64, all of one length, by name.

    names    the columns that were read, in the order of the header
    columns  name -> values, shape (rows,)
    skipped  columns that hold something other than numbers, each with the reason
    dropped  how many rows were left out because a value was missing
    says     what was decided on reading (delimiter, dropped rows), one sentence each
    texts    name -> cells, of the columns that were read as text
    source   what messages call the file; `lines` the line of each row in it
    """

    names: tuple[str, ...]
    columns: dict[str, Column]
    skipped: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    says: tuple[str, ...] = ()
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    lines: Any = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.lines) or next((len(c) for c in self.columns.values()), 0)

    def place(self, row: int) -> str:
        """Where a row stands, from 0: "table.csv:14"."""
        return f"{self.source}:{self.lines[row]}" if len(self.lines) else f"row {row + 1}"

    def __getitem__(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        for skipped, why in self.skipped:
            if skipped == name:
                raise DataError(why)
        raise _unknown(name, self.names)

    def text(self, name: str) -> tuple[str, ...]:
        """The cells of a column that was read as text, none of them empty.  Raises DataError."""
        if name not in self.texts:
            raise _unknown(name, [*self.texts, *self.names])
        for row, cell in enumerate(self.texts[name]):
            if cell.lower() in NO_WORD:
                raise DataError(f"{self.place(row)}: column {quoted(name)}: {missing_says(cell)}")
        return self.texts[name]

    def __repr__(self) -> str:
        lines = [f"  {quoted(n)}: {c.min():.6g} … {c.max():.6g}" for n, c in self.columns.items()]
        return "\n".join([f"Table of {self.rows} rows", *lines, *(f"  {quoted(n)}: not numbers" for n, _ in self.skipped)])


def example(*, texts: Sequence[str] | None = ()) -> Table:
    """1,000 first-year students: SAT percentiles and grade-point averages (origin: symgd/data/README.md).

    Columns sex, sat_v, sat_m, sat_sum, hs_gpa, fy_gpa; the custom here is fy_gpa (target) on sat_sum (feature).
    """
    with files("symgd").joinpath("data/satgpa.csv").open("rb") as stream:
        return parse_csv(stream, "satgpa.csv", texts=texts)


def read_csv(
    path: str | PathLike[str], columns: Sequence[str] = (), *, texts: Sequence[str] | None = (), missing: str = "refuse", delimiter: str | None = None,
) -> Table:  # fmt: skip
    """The named columns of a CSV file with a header, or every column of numbers; "-" is standard input.

    UTF-8, with or without a byte order mark.  The delimiter is a comma, semicolon or tab, whichever stands in the header; if several do, say which.
    texts           the columns to keep as text (categories, classes); None: all of them, beside their numbers where they have some
    missing="drop"  leaves out the rows where a column asked for is empty (or NA, NaN, null)
    Raises DataError.
    """
    path = fspath(path)
    if path == "-":
        return parse_csv(sys.stdin.buffer, "standard input", columns, texts=texts, missing=missing, delimiter=delimiter)
    try:
        with open(path, "rb") as stream:
            return parse_csv(stream, path, columns, texts=texts, missing=missing, delimiter=delimiter)
    except IsADirectoryError:
        raise DataError(f"{path}: this is a directory; name a CSV file in it") from None
    except OSError as e:
        raise DataError(f"{path}: {e.strerror or e}") from None
    except ValueError as e:  # a path with a NUL in it
        raise e if isinstance(e, DataError) else DataError(f"{path!r}: {e}") from None


def parse_csv(
    stream: IO[bytes], name: str, columns: Sequence[str] = (), *, texts: Sequence[str] | None = (), missing: str = "refuse", delimiter: str | None = None,
) -> Table:  # fmt: skip
    """`read_csv` on an open binary stream; `name` is what messages call it."""
    if missing not in ("refuse", "drop"):
        raise DataError(f'missing may be "refuse" or "drop", not {missing!r}')
    lines = _lines(stream, name)
    first = next(lines, None)
    if first is None:
        raise DataError(_EMPTY.format(name))
    mark, says = _delimiter(first, delimiter, name)
    reader = csv.reader(_chain(first, lines), delimiter=mark, strict=True)
    try:
        header = _header(next(reader), name)
        wanted = _wanted(header, columns, name)
        words = set(wanted) if texts is None else {k for k in wanted if header[k] in texts}
        body = _Body(name, header, wanted, words, strict=bool(columns), both=texts is None, drop=missing == "drop")
        return body.read(reader, says)
    except csv.Error as e:
        raise DataError(f"{name}:{reader.line_num}: {e}") from None


def header_of(first: bytes, name: str) -> tuple[list[str], str, tuple[str, ...]]:
    """(the names of the columns, the delimiter, what to say about it) of a file whose first line this is.  Raises DataError."""
    text = next(_lines(BytesIO(first), name), None)
    if text is None:
        raise DataError(_EMPTY.format(name))
    mark, says = _delimiter(text, None, name)
    try:
        return _header(next(csv.reader([text], delimiter=mark, strict=True)), name), mark, says
    except csv.Error as e:
        raise DataError(f"{name}:1: {e}") from None


def parse_rows(
    rows: bytes, name: str, before: int, header: Sequence[str], delimiter: str, columns: Sequence[str], texts: Sequence[str] = (), *, drop: bool = False,
) -> Table:  # fmt: skip
    """The named columns of some whole lines of a CSV file, as `read_csv` has them; `before` lines stand above.  There may be no row.  Raises DataError."""
    wanted = sorted({list(header).index(c) for c in columns})
    body = _Body(name, list(header), wanted, {k for k in wanted if header[k] in texts}, strict=True, both=False, drop=drop)
    reader = csv.reader(_lines(BytesIO(rows), name, before), delimiter=delimiter, strict=True)
    try:
        body.fill(reader, before)
    except csv.Error as e:
        raise DataError(f"{name}:{before + reader.line_num}: {e}") from None
    return body.table(())


def _lines(stream: IO[bytes], name: str, before: int = 0) -> Iterator[str]:
    """The lines as text: strict UTF-8, none longer than a megabyte, all together no more than FILE_BYTES."""
    number, total = before, 0
    while raw := stream.readline(LINE_BYTES):
        number += 1
        total += len(raw)
        if total > FILE_BYTES:
            raise DataError(f"{name}:{number}: more than {FILE_BYTES >> 20} MB; cut the file, or hand the columns over as arrays")
        if number == 1:
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
                raise DataError(f"{name}: this looks like UTF-16 or a binary file; save it as UTF-8 text")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) == LINE_BYTES:
            raise DataError(f"{name}:{number}: the line is longer than {LINE_BYTES} bytes; is this a CSV file?")
        try:
            yield raw.decode()
        except UnicodeDecodeError as e:
            raise DataError(f"{name}:{number}: byte {e.start + 1} of the line (0x{raw[e.start]:02x}) is not UTF-8; save the file as UTF-8") from None


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(first: str, given: str | None, name: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter, and what to say about it: the one of , ; tab that stands in the header outside quotes."""
    if given is not None:
        if given not in _DELIMITERS:
            raise DataError(f"the delimiter may be a comma, a semicolon or a tab, not {given!r}")
        return given, ()
    outside = re.sub(r'"[^"]*"', "", first)
    found = [d for d in _DELIMITERS if d in outside]
    if len(found) > 1:
        kinds = " and ".join(_DELIMITERS[d] for d in found)
        raise DataError(f"{name}:1: the header holds {kinds}, so the delimiter is in doubt; put names in double quotes, or say which")
    if not found or found == [","]:
        return ",", ()
    return found[0], (f"The columns are separated by a {_DELIMITERS[found[0]]}.",)


def quoted(name: str) -> str:
    """A name as messages show it: control characters visible, never longer than a line."""
    return repr(name if len(name) <= 40 else name[:39] + "…")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names[:20])) + (" …" if len(names) > 20 else "")


def _unknown(name: str, names: Sequence[str]) -> DataError:
    near = get_close_matches(name, names, 1)
    hint = f"; did you mean {quoted(near[0])}?" if near else ""
    return DataError(f"there is no column {quoted(name)}{hint}; there are {_listed(names)}")


def _header(cells: list[str], name: str) -> list[str]:
    header = [c.strip() for c in cells]
    if not any(header):
        raise DataError(f"{name}:1: the first line is blank; it should name the columns")
    if all(_ONE_NUMBER.fullmatch(c) for c in header):
        raise DataError(f"{name}:1: the first line holds numbers only; it should name the columns")
    seen: dict[str, int] = {}
    for k, c in enumerate(header, 1):
        if c and c in seen:
            raise DataError(f"{name}:1: the column name {quoted(c)} stands twice, in columns {seen[c]} and {k}")
        seen[c] = k
    return header


def _wanted(header: list[str], columns: Sequence[str], name: str) -> list[int]:
    """The positions of the columns to read."""
    for c in columns:
        if c not in header or not c:
            raise DataError(f"{name}: {_unknown(c, [h for h in header if h])}")
    return sorted({header.index(c) for c in columns}) if columns else [k for k, h in enumerate(header) if h]


class _Body:
    """The rows, a chunk at a time.

    words   the columns kept as text; both: as numbers too, where they are
    strict  a column that is not numbers is an error; else it is skipped, with the reason kept
    """

    def __init__(self, name: str, header: list[str], wanted: list[int], words: set[int], *, strict: bool, both: bool, drop: bool) -> None:
        self.name, self.header, self.wanted, self.strict, self.drop = name, header, wanted, strict, drop
        self.words: dict[int, list[str]] = {k: [] for k in sorted(words)}
        self.values = {k: array("d") for k in wanted if both or k not in words}
        self.only_words = set(self.words) - set(self.values)
        self.skipped: dict[int, str] = {}
        self.lines = array("q")
        self.dropped = 0

    def read(self, reader: Any, says: tuple[str, ...]) -> Table:
        """All of them."""
        self.fill(reader)
        dropped = self.dropped
        rows_dropped = f"{dropped} row{'s' * (dropped > 1)} with missing values"
        if not self.lines:
            raise DataError(f"{self.name}: there is a header but no row of numbers{f' ({rows_dropped} dropped)' if dropped else ''}")
        return self.table((*says, f"{rows_dropped} left out.") if dropped else says)

    def fill(self, reader: Any, before: int = 0) -> None:
        """The rows that the reader has; `before` lines stand above them."""
        while numbered := [(before + reader.line_num, r) for r in islice(reader, CHUNK) if r]:
            self.chunk(self.whole(numbered))

    def table(self, says: tuple[str, ...]) -> Table:
        """What was read."""
        header, dropped = self.header, self.dropped
        columns = {header[k]: np.frombuffer(v, dtype=np.float64) for k, v in self.values.items() if k not in self.skipped}
        texts = {header[k]: tuple(cells) for k, cells in self.words.items()}
        skipped = tuple((header[k], why) for k, why in self.skipped.items())
        return Table(tuple(columns), columns, skipped, dropped, says, texts, self.name, np.frombuffer(self.lines, dtype=np.int64))

    def whole(self, numbered: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
        """The rows with a cell for each column, and, if so told, with none missing."""
        for at, r in numbered:
            if len(r) != len(self.header):
                raise DataError(f"{self.name}:{at}: {len(r)} cells, where the header names {len(self.header)} columns")
        if not self.drop:
            return numbered
        live = [(k, NO_WORD if k in self.only_words else MISSING_WORDS) for k in self.wanted if k not in self.skipped]
        kept = [(at, r) for at, r in numbered if not any(r[k].strip().lower() in gaps for k, gaps in live)]
        self.dropped += len(numbered) - len(kept)
        return kept

    def chunk(self, numbered: list[tuple[int, list[str]]]) -> None:
        lines = [at for at, _ in numbered]
        self.lines.extend(lines)
        for k, kept in self.words.items():
            kept.extend(sys.intern(r[k].strip()) for _, r in numbered)
        for k, values in self.values.items():
            if k in self.skipped:
                continue
            try:
                values.extend(_numbers([r[k] for _, r in numbered], lines, self.name, self.header[k]))
            except DataError as e:
                if self.strict and k not in self.words:
                    raise
                self.skipped[k] = str(e)


def _numbers(cells: list[str], lines: list[int], name: str, column: str) -> Column:
    """The cells as float64, checked all at once; if one fails, the first is named."""
    text = "\n".join(cells) + "\n" if cells else ""
    if _NUMBERS.fullmatch(text) and text.count("\n") == len(cells):
        out = np.array([float(c) for c in cells], dtype=np.float64)
        if not (np.abs(out) > LARGEST).any():
            return out
    for cell, at in zip(cells, lines, strict=True):
        if why := _refusal(cell):
            word = f"; if the column is a category, take it with --one-hot {column}" if re.fullmatch(r"\s*[^\W\d_].*", cell) and "not a number" in why else ""
            raise DataError(f"{name}:{at}: column {quoted(column)}: {why}{word}")
    raise AssertionError("a cell failed the pattern together, none alone")


def _refusal(cell: str) -> str | None:
    """Why the cell is no usable number, or None."""
    word = cell.strip().lower()
    if word in MISSING_WORDS:
        return missing_says(cell)
    if word.lstrip("+-") in ("inf", "infinity"):
        return f"{quoted(cell)} is not finite"
    if not _ONE_NUMBER.fullmatch(cell):
        hint = "; write the decimal point as '.'" if re.fullmatch(r"\s*[+-]?[0-9]+,[0-9]+\s*", cell) else ""
        return f"{quoted(cell)} is not a number{hint}"
    return f"{quoted(cell)} is larger than {LARGEST:g} in magnitude" if abs(float(cell)) > LARGEST else None
