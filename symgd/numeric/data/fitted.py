"""What a caller hands over, fitted to the names as declared: X of (n, d), w of (d,), and how far each axis runs.

All arrays are computed in float64, or in float32 where every array given is of that type (`arrays` says what is taken).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symgd.indices import axis
from symgd.numeric.data.arrays import as_numbers
from symgd.numeric.data.table import DataError
from symgd.term import Name

__all__ = ["as_array", "fit_shapes", "in_one_type", "of_lengths"]

Array = np.ndarray[Any, Any]


def as_array(values: Any, n: Name) -> Array:
    """The array of a name: numbers, as many dimensions as it has indices, none of length 0.  Raises DataError."""
    raw = as_numbers(values, n.symbol)
    if raw.ndim != len(n.indices):
        raise DataError(f"{n.symbol} has {_dimensions(raw.ndim)}, {shown(raw.shape)}; it must have {len(n.indices)}")
    if not raw.size:
        raise DataError(f"{n.symbol} is empty")
    return raw


def _dimensions(k: int) -> str:
    return f"{k or 'no'} dimension{'s' * (k != 1)}"


def shown(shape: Sequence[int]) -> str:
    """A shape as NumPy writes it: (3,)"""
    return str(tuple(shape))


def fit_shapes(declared: Sequence[Name], arrays: Sequence[Any], sizes: Mapping[str, int] | None = None) -> dict[str, int]:
    """How far each axis runs.  Raises ValueError where two arrays disagree: "X is (100, 3), so w must be (3,), not (2,)"."""
    found: dict[str, tuple[int, str]] = {a: (k, f"{a} is {k}") for a, k in (sizes or {}).items()}
    for n, array in zip(declared, arrays, strict=True):
        if not n.indices:
            continue
        shape = np.shape(array)
        must = [found[axis(a)][0] if axis(a) in found else k for a, k in zip(n.indices, shape, strict=True)]
        if tuple(must) != shape:
            raise ValueError(_misfit(n, shape, must, found))
        for a, k in zip(n.indices, shape, strict=True):
            if found.setdefault(axis(a), (k, f"{n.symbol} is {shown(shape)}"))[0] != k:
                raise ValueError(f"{n.symbol} is {shown(shape)}, and must be square: {' and '.join(n.indices)} run over the same axis")
    return {a: k for a, (k, _) in found.items()}


def _misfit(n: Name, shape: Sequence[int], must: Sequence[int], found: Mapping[str, tuple[int, str]]) -> str:
    """Which array says otherwise, and what the shape must be."""
    others = dict.fromkeys(found[axis(a)][1] for a, k, m in zip(n.indices, shape, must, strict=True) if k != m)
    return f"{' and '.join(others)}, so {n.symbol} must be {shown(must)}, not {shown(shape)}"


def in_one_type(arrays: Sequence[Any]) -> list[Any]:
    """The arrays, contiguous, in one type: float32 where all of them are, else float64.  What is no array stays a float."""
    given = [a for a in arrays if isinstance(a, np.ndarray)]
    kind = np.float32 if given and all(a.dtype == np.float32 for a in given) else np.float64
    return [np.ascontiguousarray(a, dtype=kind) if isinstance(a, np.ndarray) else a for a in arrays]


def of_lengths(declared: Sequence[Name], sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
    """The shape of each name.  Raises ValueError for an axis whose length is not known."""
    for n in declared:
        if lost := [a for a in map(axis, n.indices) if a not in sizes]:
            raise ValueError(f"how far {lost[0]} runs is not in the data: bind(…, sizes={{{lost[0]!r}: …}}) says it")
    return [tuple(sizes[axis(a)] for a in n.indices) for n in declared]
