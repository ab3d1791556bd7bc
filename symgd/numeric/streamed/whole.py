"""A Parquet table that fits into memory, read whole: then it goes the ordinary way, with its exact closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symgd.numeric.data.table import LARGEST, NO_WORD, DataError, Table, missing_says, quoted
from symgd.numeric.streamed.arrow import numbers_of, texts_of
from symgd.numeric.streamed.parts import Numbers
from symgd.numeric.streamed.rows import refusal
from symgd.numeric.streamed.source import Source, opened, pyarrow

__all__ = ["IN_MEMORY", "fits", "read_whole"]

IN_MEMORY = 2**24  # numbers: a table with more of them is read part by part


def fits(source: Source, columns: int) -> bool:
    """Is the table, in so many columns, to be read whole?"""
    return source.rows is not None and source.rows * max(columns, 1) <= IN_MEMORY


def read_whole(source: Source, columns: Sequence[str], *, texts: Sequence[str] | None = (), drop: bool = False) -> Table:
    """The named columns, or every column of numbers and text, as `data.table.read_csv` gives those of a CSV file.  Raises DataError."""
    wanted = list(columns) or [c for c, kind in source.types.items() if kind in ("number", "text")]
    as_text = set(wanted) if texts is None else set(texts)
    source.see(wanted, [c for c in wanted if c in as_text or not columns])
    arrays = _arrays(source, wanted)
    values: dict[str, Any] = {}
    words: dict[str, list[str | None]] = {}
    gaps = np.zeros(source.rows or 0, dtype=bool)
    for c in wanted:
        if source.types[c] == "number" and (texts is None or c not in as_text):
            values[c] = np.ascontiguousarray(numbers_of(arrays[c]), dtype=np.float64)
            gaps |= np.isnan(values[c])
        if c in as_text:
            words[c] = [None if w is None or w.lower() in NO_WORD else w for w in texts_of(arrays[c]).to_pylist()]
            gaps |= np.array([w is None for w in words[c]], dtype=bool) & (c not in values)
    _see(source, values, words, drop)
    kept = np.flatnonzero(~gaps) if drop else np.arange(len(gaps))
    if not len(kept):
        raise DataError(f"{source.name}: there is no row of numbers ({len(gaps):,} rows with missing values dropped)")
    lost = len(gaps) - len(kept)
    says = (f"{lost:,} row{'s' * (lost > 1)} with missing values left out.",) if lost else ()
    chosen = {c: v[kept] for c, v in values.items()}
    texts_kept = {c: tuple(v[k] or "" for k in kept.tolist()) for c, v in words.items()}
    other = {} if columns else {c: kind for c, kind in source.types.items() if c not in {*values, *words}}
    skipped = tuple((c, f"{source.name}: column {quoted(c)} holds {kind}; numbers are needed") for c, kind in other.items())
    return Table(tuple(chosen), chosen, skipped, lost, says, texts_kept, source.name, kept + 1)


def _arrays(source: Source, wanted: Sequence[str]) -> dict[str, Any]:
    pa, _ = pyarrow()
    tables = []
    for f in source.files:
        try:
            tables.append(opened(f).read(columns=list(wanted)))
        except (pa.ArrowException, OSError) as why:
            said = str(why).partition("\n")[0][:200]
            raise DataError(f"{f.path}: the file cannot be read to its end; is it damaged? ({said})") from None
    return {c: pa.concat_arrays([chunk for t in tables for chunk in t.column(c).cast(tables[0].schema.field(c).type).chunks]) for c in wanted}


def _see(source: Source, values: dict[str, Any], words: dict[str, list[str | None]], drop: bool) -> None:
    """Raises DataError for the first value that cannot be used."""
    for c, v in values.items():
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero(np.abs(v) > LARGEST if drop else ~(np.abs(v) <= LARGEST))
        if len(wrong):
            k = int(wrong[0])
            raise DataError(f"{source.name}: row {k + 1:,}: {refusal(Numbers(c), float(v[k]))}")
    for c, w in words.items():
        if not drop and c not in values and None in w:
            raise DataError(f"{source.name}: row {w.index(None) + 1:,}: column {quoted(c)}: {missing_says('')}")
