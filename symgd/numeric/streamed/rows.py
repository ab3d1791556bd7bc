"""A part → its rows as columns of float64, a block at a time; what cannot be used is refused with its file, row or line, and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symgd.numeric.data.table import LARGEST, DataError, missing_says, quoted
from symgd.numeric.streamed.arrow import Rows, first_null, is_gap, texts_of
from symgd.numeric.streamed.of_csv import by_arrow, by_hand, bytes_of, of_bytes, see_quotes
from symgd.numeric.streamed.of_parquet import BATCH, batches, of_groups, placed
from symgd.numeric.streamed.parts import ALIGN, MOST_WORDS, Ask, Numbers, Part, Place, Words

__all__ = ["read", "refusal", "see_usable", "words_of"]


def read(part: Part, ask: Ask, most: int = BATCH) -> Iterator[Rows]:
    """The rows of a part, `most` at a time (a multiple of ALIGN), counted from its first; ALIGN at a time where rows may be left out.

    Raises DataError.
    """
    many = ALIGN if ask.drop else most
    blocks = of_bytes(part.stretches[0], ask, many) if ask.dialect else of_groups(part, ask, many)
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


def words_of(part: Part, ask: Ask) -> dict[str, Place]:
    """Each word of the one column → where it first stands in the part, up to MOST_WORDS of them.  Raises DataError for a missing one where none may be."""
    found: dict[str, Place] = {}
    name = ask.columns[0].name
    if ask.dialect:
        s = part.stretches[0]
        raw, begun = bytes_of(s)
        if not raw:
            return {}
        see_quotes(s, raw, begun)
        arrays = by_arrow(raw, ask)
        if arrays is None:
            table = by_hand(s, raw, begun, ask)
            for k, w in enumerate(table.text(name)):
                if len(found) < MOST_WORDS:
                    found.setdefault(w, (part.number, k, table.place(k)))
            return found
        _see_words(found, arrays[0], name, ask, (part.number, 0), lambda k: by_hand(s, raw, begun, ask).place(k))
        return found
    at = 0
    for s in part.stretches:
        for first, batch in batches(s, ask.columns):
            _see_words(found, batch.column(name), name, ask, (part.number, at), placed([(0, s.file.path, first)]))
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
        k = pc.index(texts, word).as_py() if word is not None else first_null(texts)
        if is_gap(word):
            if not ask.drop:
                raise DataError(f"{place(k)}: column {quoted(name)}: {missing_says(word or '')}")
        elif len(found) < MOST_WORDS:
            found[word] = (at[0], at[1] + k, place(k))
