"""The value of a term over data in exact rational arithmetic, entry by entry along its indices.

Glossary: `a` an array of flint's rationals with its indices in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flint
import numpy as np

from symgd.indices import axis
from symgd.numeric.closed.exact import fmpq
from symgd.term import Add, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term

__all__ = ["exact_array", "exact_value"]

Exact = Any  # an fmpq, or a list or an array of them
Indexed = tuple[tuple[str, ...], Any]  # indices, array of objects


def exact_value(t: Term, values: Mapping[str, Exact]) -> Exact:
    """The value of a term over data alone, an fmpq or a list of one for each sample.  Raises ValueError for a function: that has no rational value."""
    indices, out = _Walk(values, {}).of(t)
    return list(out) if len(indices) == 1 else out if indices else out[()]


def exact_array(t: Term, values: Mapping[str, Exact], indices: Sequence[str], sizes: Mapping[str, int]) -> Any:
    """The value of a term as an array along the indices, one axis each.  Raises ValueError for a function."""
    own, out = _Walk(values, sizes).of(t)
    out = _along((own, out), tuple(indices))
    return np.broadcast_to(out, [sizes[axis(a)] for a in indices])


class _Walk:
    """Values of subterms; a sum over what does not carry its index counts the places of the axis."""

    def __init__(self, values: Mapping[str, Exact], sizes: Mapping[str, int]) -> None:
        self.values, self.sizes = values, sizes

    def of(self, t: Term) -> Indexed:
        match t:
            case Num(v):
                return (), _one(fmpq(v))
            case Name(symbol, indices):
                value = self.values[symbol]
                if isinstance(value, list | np.ndarray):
                    return self.diagonal(indices or ("i",), np.array(value, dtype=object))
                return (), _one(value)
            case Add(ts):
                return self.fold(ts, lambda a, b: a + b)
            case Mul(fs):
                return self.fold(fs, lambda a, b: a * b)
            case Neg(a):
                indices, x = self.of(a)
                return indices, -x if indices else _one(-x[()])
            case Div(a, b):
                return self.fold((a, b), lambda x, y: x / y)
            case Pow(a, Num(v)) if v.denominator == 1:
                indices, x = self.of(a)
                return indices, np.frompyfunc(lambda e: e ** int(v), 1, 1)(x) if indices else _one(x[()] ** int(v))
            case Sum(index, body):
                return self.total(index, self.of(body))
            case Match(a, b):
                k = self.sizes[axis(a)]
                return (a, b), np.array([[flint.fmpq(i == j) for j in range(k)] for i in range(k)], dtype=object)
            case Det(row, column, entry):
                return (), _one(self.matrix(entry, row, column).det())
            case Inverse(a, b, row, column, entry):
                found = self.matrix(entry, row, column).inv()
                k = found.nrows()
                return (a, b), np.array([[found[i, j] for j in range(k)] for i in range(k)], dtype=object)
        raise ValueError(f"{type(t).__name__} has no exact rational value")

    def diagonal(self, indices: tuple[str, ...], x: Any) -> Indexed:
        """x_jj is the diagonal of x_jj'."""
        if len(set(indices)) < len(indices):
            raise ValueError(f"the index {indices[0]} stands twice; an entry of the diagonal has no value here")
        return indices, x

    def fold(self, ts: Sequence[Term], f: Callable[[Any, Any], Any]) -> Indexed:
        found = [self.of(x) for x in ts]
        indices = tuple(sorted({a for own, _ in found for a in own}))
        out = _along(found[0], indices)
        for x in found[1:]:
            out = f(out, _along(x, indices))
        return indices, out if isinstance(out, np.ndarray) else _one(out)

    def total(self, index: str, inside: Indexed) -> Indexed:
        indices, x = inside
        if index not in indices:
            many = fmpq(self.sizes[axis(index)]) if axis(index) in self.sizes else self.values["n"]
            return indices, x * many if indices else _one(x[()] * many)
        at = indices.index(index)
        out = x.sum(axis=at)
        return indices[:at] + indices[at + 1 :], out if isinstance(out, np.ndarray) else _one(out)

    def matrix(self, entry: Term, row: str, column: str) -> Any:
        indices, x = self.of(entry)
        if set(indices) != {row, column}:
            raise ValueError("a matrix that changes with another index has no exact value here")
        x = _along((indices, x), (row, column))
        return flint.fmpq_mat([[x[i, j] for j in range(x.shape[1])] for i in range(x.shape[0])])


def _one(x: Any) -> Any:
    out = np.empty((), dtype=object)
    out[()] = x
    return out


def _along(inside: Indexed, indices: tuple[str, ...]) -> Any:
    """The array with its axes in the order of the indices, one place long where it has none."""
    own, x = inside
    x = x.transpose([own.index(a) for a in indices if a in own])
    return x.reshape([x.shape[[a for a in indices if a in own].index(a)] if a in own else 1 for a in indices])
