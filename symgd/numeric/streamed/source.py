"""Files → a source: what columns there are, of which types, how many rows, and the parts in which they are read.  Only footers and headers are read here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from glob import glob
from typing import Any

from symgd.document.formats import MissingExtra
from symgd.numeric.data.table import DataError, header_of, quoted
from symgd.numeric.streamed.parts import ALIGN, File, Part, Stretch

__all__ = ["Source", "is_parquet", "look", "opened", "see_unchanged", "size_of"]

PART_ROWS = 2**20  # rows of a part, at least, where row groups are smaller
CSV_BYTES = 2**23  # of a part
LINE_BYTES = 2**20
BUFFERS = 2**23  # bytes read ahead, of all columns together


@dataclass(frozen=True)
class Source:
    """name     what messages call it
    files    in the order of their rows
    types    column → "number", "text", or what else it holds
    parts    which together are all rows
    rows     how many, where the footers say it; else None
    dialect  of a CSV file: (header, delimiter)
    says     what was decided on looking
    """

    name: str
    files: tuple[File, ...]
    types: dict[str, str]
    parts: tuple[Part, ...]
    rows: int | None
    dialect: tuple[tuple[str, ...], str] | tuple[()] = ()
    says: tuple[str, ...] = ()

    def see(self, columns: Sequence[str], texts: Sequence[str] = ()) -> None:
        """Raises DataError for a column that is not there, and for one of another type than it is wanted as."""
        for c in columns:
            if c not in self.types:
                near = get_close_matches(c, list(self.types), 1)
                hint = f"; did you mean {quoted(near[0])}?" if near else ""
                some = ", ".join(map(quoted, list(self.types)[:20])) + (" …" if len(self.types) > 20 else "")
                raise DataError(f"{self.name}: there is no column {quoted(c)}{hint}; there are {some}")
            kind = self.types[c]
            if kind not in ("number", "text"):
                raise DataError(f"{self.name}: column {quoted(c)} holds {kind}; numbers{' or text' * (c in texts)} are needed")
            if kind == "text" and c not in texts and not self.dialect:
                raise DataError(f"{self.name}: column {quoted(c)} holds text; numbers are needed; if it is a category, take it with --one-hot {c}")


def look(path: str | Sequence[str]) -> Source:
    """A Parquet or CSV file, several of them, a folder of Parquet files, or a pattern with * in it.

    Raises DataError for what is not there, is cut short, or differs from the first file; MissingExtra for Parquet without pyarrow.
    """
    paths = [p for word in ([path] if isinstance(path, str) else path) for p in _paths(word)]
    files = [_file(p) for p in paths]
    name = os.path.basename(paths[0]) if len(paths) == 1 else f"{os.path.basename(paths[0])} and {len(paths) - 1} more"
    forms = [is_parquet(f.path) for f in files]
    if all(forms):
        return _parquet(name, files)
    if any(forms):
        raise DataError(f"{files[forms.index(False)].path} is no Parquet file, {files[forms.index(True)].path} is one; name files of one kind")
    return _csv(name, files)


def size_of(path: str) -> int:
    """Bytes of a file, or of the files of a folder or a pattern.  Raises DataError."""
    return sum(_file(p).size for p in _paths(path))


def _paths(word: str) -> list[str]:
    if os.path.isdir(word):
        found = sorted(p for end in ("parquet", "pq") for p in glob(os.path.join(glob_safe(word), f"*.{end}")))
        if not found:
            raise DataError(f"{word}: this is a directory without Parquet files; name a file")
        return found
    if not os.path.exists(word) and any(c in word for c in "*?["):
        if not (found := sorted(glob(word))):
            raise DataError(f"{word}: no file is called so")
        return found
    return [word]


def glob_safe(folder: str) -> str:
    """A folder's name in a pattern, its own * and [ taken as they are."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in folder)


def _file(path: str) -> File:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as why:
        raise DataError(f"{path!r}: {getattr(why, 'strerror', '') or why}") from None
    return File(path, found.st_size, found.st_mtime_ns)


def see_unchanged(file: File) -> None:
    """Raises DataError where the file is gone, or another one than was looked at."""
    try:
        found = os.stat(file.path)
    except OSError as why:
        raise DataError(f"{file.path}: {why.strerror}: it was there when the reading began") from None
    if (found.st_size, found.st_mtime_ns) != (file.size, file.changed):
        raise DataError(f"{file.path}: the file was changed while it was read; begin again when nobody writes to it")


def is_parquet(path: str) -> bool:
    """Does it begin as Parquet does, or is it called so?  Raises DataError where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(4) == b"PAR1" or path.endswith((".parquet", ".pq"))
    except OSError as why:
        raise DataError(f"{path}: {why.strerror or why}") from None


# ---------------------------------------------------------------- Parquet


def pyarrow() -> tuple[Any, Any]:
    """(pyarrow, pyarrow.parquet).  Raises MissingExtra."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", "data") from None
    return pyarrow, pyarrow.parquet


def opened(file: File, metadata: Any = None, texts: Sequence[str] = (), columns: int = 2) -> Any:
    """The Parquet file, so many of its columns read in small pieces, `texts` by their dictionaries.  Raises DataError where it is changed, or none."""
    pa, pq = pyarrow()
    see_unchanged(file)
    try:
        return pq.ParquetFile(file.path, metadata=metadata, buffer_size=max(2**16, BUFFERS // columns), read_dictionary=list(texts))
    except (pa.ArrowException, OSError) as why:
        raise DataError(f"{file.path}: this is no whole Parquet file; was it cut short? ({_first_line(why)})") from None


def _first_line(why: BaseException) -> str:
    return str(why).partition("\n")[0][:200]


def _parquet(name: str, files: Sequence[File]) -> Source:
    types: dict[str, str] = {}
    groups: list[tuple[Stretch, int]] = []
    for f in files:
        if not f.size:
            raise DataError(f"{f.path}: the file is empty")
        found = opened(f)
        mine = {c.name: _type(c.type) for c in found.schema_arrow}
        types = types or mine
        if wrong := next((c for c in types if mine.get(c) != types[c]), None):
            other = f"holds {mine[wrong]}" if wrong in mine else "is missing"
            raise DataError(f"{f.path}: column {quoted(wrong)} {other}; in {files[0].path} it holds {types[wrong]}")
        first = 0
        for g in range(found.metadata.num_row_groups):
            one = found.metadata.row_group(g)
            groups.append((Stretch(f, g, 0, one.num_rows, first), one.total_byte_size))
            first += one.num_rows
    rows = sum(s.stop for s, _ in groups)
    if not rows:
        raise DataError(f"{name}: there are columns but no row")
    return Source(name, tuple(files), types, tuple(_parts([s for s, _ in groups])), rows)


def _type(t: Any) -> str:
    """number, text, or the type's own word."""
    types = pyarrow()[0].types
    if types.is_dictionary(t):
        return _type(t.value_type)
    if types.is_integer(t) or types.is_floating(t) or types.is_boolean(t) or types.is_decimal(t):
        return "number"
    return "text" if types.is_string(t) or types.is_large_string(t) or types.is_string_view(t) else str(t)


def _parts(groups: Sequence[Stretch]) -> Iterator[Part]:
    """Runs of rows that begin at multiples of ALIGN: each takes the rest of its last group's block of ALIGN rows from the groups behind it."""
    ends = [0]
    for s in groups:
        ends.append(ends[-1] + s.stop)
    cuts = [0]
    for end in ends[1:-1]:
        cut = -(-end // ALIGN) * ALIGN
        if cut - cuts[-1] >= PART_ROWS and cut < ends[-1]:
            cuts.append(cut)
    at = 0
    for number, (a, b) in enumerate(zip(cuts, [*cuts[1:], ends[-1]], strict=True)):
        while ends[at + 1] <= a:
            at += 1
        found, k = [], at
        while k < len(groups) and ends[k] < b:
            s = groups[k]
            start, stop = max(a - ends[k], 0), min(b - ends[k], s.stop)
            if start < stop:
                found.append(Stretch(s.file, s.group, start, stop, s.first))
            k += 1
        yield Part(number, tuple(found), b - a, b - a)


# ---------------------------------------------------------------- CSV


def _csv(name: str, files: Sequence[File]) -> Source:
    dialect: tuple[tuple[str, ...], str] | None = None
    says, parts = tuple[str, ...](), list[Part]()
    for f in files:
        with open(f.path, "rb") as stream:
            first = stream.readline(LINE_BYTES)
        header, mark, says = header_of(first, f.path)
        dialect = dialect or (tuple(header), mark)
        if (tuple(header), mark) != dialect:
            raise DataError(f"{f.path}:1: the header differs from that of {files[0].path}")
        for a in range(len(first), f.size, CSV_BYTES):
            b = min(a + CSV_BYTES, f.size)
            parts.append(Part(len(parts), (Stretch(f, -1, a, b, len(first)),), 0, b - a))
    assert dialect is not None
    if not parts:
        raise DataError(f"{name}: there is a header but no row of numbers")
    return Source(name, tuple(files), {h: "text" for h in dialect[0] if h}, tuple(parts), None, dialect, says)
