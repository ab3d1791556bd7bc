"""What a caller hands over, as NumPy arrays of numbers: the one place that says which types are taken, and what becomes of them.

float64                     as it is
float32                     columns (n,) are widened to float64; arrays (n, d) stay float32 where all arrays given, parameters too, are of that type
integers, bool, float16     become float64
longdouble                  is rounded to float64
Python's numbers            float, int, Fraction, Decimal: float64
complex, text, dates        are refused
nothing (None, NaN, NA, a masked place) and infinity   are refused in data, with their row, counted from 1

A list, a tuple, an array of any order and stride, a column of pandas or polars (whatever has `__array__` or `to_numpy`) is taken alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgd.forward import Problem
from symgd.numeric.data.table import DataError
from symgd.term import Call, Cases, Det, Div, Inverse, Num, Pow, Term, names, subterms

__all__ = ["as_column", "as_numbers", "hides", "same_length", "see_finite", "see_weights"]

Column = NDArray[np.float64]


def as_numbers(values: Any, name: str) -> np.ndarray[Any, Any]:
    """Real numbers of any shape, float32 kept, all else float64.  Raises DataError for what is none, with its row where it has one."""
    mask = getattr(values, "mask", None)
    if isinstance(mask, np.ndarray | np.bool) and not hasattr(values, "to_numpy") and np.any(mask):
        at = np.argwhere(np.broadcast_to(mask, np.shape(values)))[0]
        raise DataError(f"{name}{_place(at, np.shape(values))} is masked; leave such rows out")
    raw = _array(values, name)
    if raw.dtype.kind == "O":
        raw = _unpacked(raw, name)
    if raw.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {raw.dtype} values; numbers are needed")
    return raw if raw.dtype in (np.float64, np.float32) else raw.astype(np.float64)


def _array(values: Any, name: str) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(values.to_numpy() if not hasattr(values, "__array__") and hasattr(values, "to_numpy") else values)
    except ValueError:
        raise DataError(f"{name} is ragged: its rows have different lengths") from None


def _unpacked(raw: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Python's numbers in an array of objects, as float64."""
    out = np.empty(raw.shape)
    for at in np.ndindex(raw.shape):
        v: Any = raw[at]
        if v is None or type(v).__name__ in ("NAType", "NaTType"):  # what pandas writes for nothing
            raise DataError(f"{name}{_place(at, raw.shape)} is missing; leave such rows out")
        if not isinstance(v, Real | Decimal):
            word = "a sequence: the rows have different lengths" if isinstance(v, list | tuple | np.ndarray) else f"{type(v).__name__}; numbers are needed"
            raise DataError(f"{name}{_place(at, raw.shape)} is {word}")
        try:
            out[at] = float(v)
        except OverflowError:
            raise DataError(f"{name}{_place(at, raw.shape)} is beyond double precision") from None
    return out


def _place(at: Sequence[Any], shape: Sequence[int]) -> str:
    """", row 3 of 10, column 2", as a person counts"""
    where = f", row {int(at[0]) + 1} of {shape[0]}" if len(at) else ""
    return where + "".join(f", column {int(k) + 1}" for k in at[1:2])


def as_column(values: Any, name: str) -> Column:
    """A column as contiguous float64.  Raises DataError for what is no numbers, and for other shapes."""
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1 and len(values):
        return values
    raw = as_numbers(values, name)
    if raw.ndim != 1:
        raise DataError(f"{name} has {raw.ndim} dimensions; a column has one")
    if not len(raw):
        raise DataError(f"{name} is empty")
    return np.ascontiguousarray(raw, dtype=np.float64)


def same_length(symbols: Sequence[str], columns: Sequence[Any]) -> None:
    """Raises DataError where columns differ in length."""
    lengths = [len(c) for c in columns if isinstance(c, np.ndarray)]
    if lengths and lengths.count(lengths[0]) != len(lengths):
        each = ", ".join(f"{s} has {len(c)}" for s, c in zip(symbols, columns, strict=False) if isinstance(c, np.ndarray))
        raise DataError(f"columns of different lengths: {each}")


def see_weights(weights: Column) -> None:
    """Raises DataError unless the weights are finite, not negative, and some positive."""
    wrong = ~np.isfinite(weights) | (weights < 0)
    if wrong.any() or not weights.any():
        where = f"; row {int(np.flatnonzero(wrong)[0]) + 1} of {len(weights)} is {weights[wrong][0]}" if wrong.any() else ""
        raise DataError(f"weights must be finite and not negative, and some must be positive{where}")


def see_finite(symbols: Sequence[str], columns: Sequence[Any]) -> None:
    """Raises DataError naming the first row that is not finite."""
    for name, c in zip(symbols, columns, strict=False):
        if np.isfinite(c).all():
            continue
        at = np.unravel_index(np.flatnonzero(~np.isfinite(c))[0], np.shape(c))
        raise DataError(f"{name}{_place(at, np.shape(c))}: {np.asarray(c)[at]} is not finite")


def hides(problem: Problem) -> bool:
    """Could an infinity in the data come out finite (tanh, 1/x, a case)?

    A polynomial hides none, so its data need a look only where a result is not finite.
    """
    given = {p.symbol for p in problem.parameters} | {c.symbol for c, _ in problem.constants} | {c.symbol for _, c in problem.count}

    def one(t: Term) -> bool:
        match t:
            case Call() | Cases() | Det() | Inverse():
                return True
            case Div(_, bottom):
                return bool(names(bottom) - given)
            case Pow(_, exponent):
                return not (isinstance(exponent, Num) and exponent.value > 0)
        return False

    return any(one(s) for d in problem.tape for s in subterms(d.value))
