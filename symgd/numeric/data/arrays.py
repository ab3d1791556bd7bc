"""What a caller hands over, as columns of float64: flat, of one length, finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgd.forward import Problem
from symgd.numeric.data.table import DataError
from symgd.term import Call, Cases, Det, Div, Inverse, Num, Pow, Term, names, subterms

__all__ = ["as_column", "hides", "same_length", "see_finite", "see_weights"]

Column = NDArray[np.float64]


def as_column(values: Any, name: str) -> Column:
    """A column as contiguous float64; float32, integers and booleans are converted.  Raises DataError for text, complex numbers, other shapes."""
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1 and len(values):
        return values
    try:
        raw = np.asarray(values)
    except ValueError:
        raise DataError(f"{name} is ragged; a column is a flat sequence of numbers") from None
    if raw.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {raw.dtype} values; numbers are needed")
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
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise DataError("weights must be finite and not negative, and some must be positive")


def see_finite(symbols: Sequence[str], columns: Sequence[Any]) -> None:
    """Raises DataError naming the first row that is not finite."""
    for name, c in zip(symbols, columns, strict=False):
        if np.isfinite(c).all():
            continue
        at = np.unravel_index(np.flatnonzero(~np.isfinite(c))[0], np.shape(c))
        where = f", row {int(at[0]) + 1} of {len(c)}" if at else ""
        where += "".join(f", column {int(k) + 1}" for k in at[1:2])
        raise DataError(f"{name}{where}: {np.asarray(c)[at]} is not finite")


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
