"""Columns of Arrow → columns of float64: numbers of every type, words as what they stand for; NaN where a value is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import NO_WORD, DataError, missing_says, quoted
from symgd.numeric.streamed.parts import Ask, Words
from symgd.numeric.streamed.source import pyarrow

__all__ = ["Rows", "coded", "first_null", "into", "is_gap", "numbers_of", "texts_of", "width"]


@dataclass(frozen=True)
class Rows:
    """values   shape (columns, n)
    dropped  rows left out of them
    place    row k of them as messages name it: "big.csv:14"
    """

    values: Column
    dropped: int
    place: Callable[[int], str]


def width(ask: Ask) -> int:
    """How many columns of numbers the columns become."""
    return sum(len(c.values[0]) if isinstance(c, Words) else 1 for c in ask.columns)


def into(room: Column, arrays: Sequence[Any], ask: Ask, place: Callable[[int], str]) -> None:
    """Arrow's columns as numbers; NaN where one is missing.  Raises DataError for a missing one where none may be, and for an unknown word."""
    at = 0
    for c, array in zip(ask.columns, arrays, strict=True):
        if isinstance(c, Words):
            k = len(c.values[0])
            room[at : at + k] = coded(array, c, ask, place)
            at += k
            continue
        if array.null_count and not ask.drop:
            raise DataError(f"{place(first_null(array))}: column {quoted(c.name)}: {missing_says('null')}")
        room[at] = numbers_of(array)
        at += 1


def first_null(array: Any) -> int:
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


def coded(array: Any, c: Words, ask: Ask, place: Callable[[int], str]) -> Column:
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
        if not (ask.drop and is_gap(word)):
            what = missing_says("" if word is None else str(word)) if is_gap(word) else f"{quoted(str(word))} was not there when the words were counted"
            raise DataError(f"{place(k)}: column {quoted(c.name)}: {what}")
    values = np.vstack([np.array(c.values, dtype=np.float64), np.full(len(c.values[0]), np.nan)])
    return np.asarray(values[codes].T)


def is_gap(word: Any) -> bool:
    return word is None or str(word).strip().lower() in NO_WORD
