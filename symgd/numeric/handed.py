"""What is handed over with a call: parameters, data, weights and constants, seen, and brought to the types and the order of the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import as_column, as_numbers, hides, same_length, see_finite, see_weights
from symgd.numeric.data.fitted import as_array, fit_shapes, in_one_type
from symgd.numeric.data.table import DataError
from symgd.numeric.texts import Texts
from symgd.term import Name

__all__ = ["Handed", "see_rows"]


class Handed:
    """The names of a problem, and how what is given for them becomes the arguments of its texts.

    symbols   of the parameters, in order; `data` those of the data
    constants  their values, None where one must be given
    declared   data, parameters and constants with axes, whose shapes must fit together; `fixed` are the last of them
    """

    def __init__(self, texts: Texts) -> None:
        self.problem = problem = texts.problem
        self.wide, self.samples, self.ids = texts.wide, texts.samples, texts.ids
        self.symbols, self.data = tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data)
        self.constants = {c.symbol: None if v is None else float(v) for c, v in problem.constants}
        self.fixed = tuple(c for c, _ in problem.constants if c.indices)
        self.declared = (*problem.data, *problem.parameters, *self.fixed)
        self.inputs = [(d.symbol, bool(d.indices)) for d in problem.data]
        self.expected = {*self.data, *(c for c, v in self.constants.items() if v is None)}
        self.hides = hides(problem)

    def point(self, theta: Sequence[Any]) -> list[Any]:
        """The parameters as arrays and floats.  Raises TypeError for too few or too many."""
        if len(theta) != len(self.symbols):
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.symbols)}")
        declared = self.problem.parameters
        return [as_array(t, n) if n.indices else _number(t, n.symbol) if not np.ndim(t) else as_array(t, n) for t, n in zip(theta, declared, strict=True)]

    def arguments(self, theta: tuple[Any, ...], weights: Any, given: dict[str, Any]) -> tuple[list[Any], list[Any], dict[str, Any]]:
        """The parameters (by position, or the last ones by name), the columns, the constants."""
        if len(theta) > len(self.symbols):
            data = ", ".join(f"{d}=…" for d in self.data)
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.symbols)}" + (f"; data are given by name: {data}" if data else ""))
        rest = self.symbols[len(theta) :]
        if missing := [p for p in rest if p not in given]:
            raise TypeError(f"a value is needed for {', '.join(missing)}; the parameters are {', '.join(self.symbols)}")
        point = [*theta, *(given[p] for p in rest)]
        values = self.point(point) if self.wide else [_number(t, p) for t, p in zip(point, self.symbols, strict=True)]
        return values, *self.given(weights, {k: v for k, v in given.items() if k not in rest} if rest else given)

    def given(self, weights: Any, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The data in the plan's order, the weights last, and the constants by identifier."""
        if given.keys() != self.expected:
            self._see_names(given)
        if self.wide:
            columns: list[Any] = [as_array(given[x.symbol], x) if x.indices else _single(given[x.symbol], x.symbol) for x in self.problem.data]
        else:
            columns = [as_column(given[s], s) if varies else _single(given[s], s) for s, varies in self.inputs]
        if weights is not None:
            columns.append(in_one_type([as_array(weights, Name("weights", ("i",)))])[0] if self.wide else as_column(weights, "weights"))
            see_weights(columns[-1])
        if not self.wide:
            same_length((*self.data, "weights"), columns)
        if self.hides:
            see_finite(self.data, columns)
        arrays = {x.symbol: x for x, _ in self.problem.constants if x.indices}
        return columns, {self.ids[c]: as_array(given[c], arrays[c]) if c in arrays else _single(given[c], c) for c in self.constants if c in given}

    def _see_names(self, given: Mapping[str, Any]) -> None:
        """Raises TypeError for what is missing and for what is unknown."""
        if missing := [f"{s}=…" for s in (*self.data, *self.constants) if s in self.expected and s not in given]:
            raise TypeError(f"{', '.join(missing)} must be given")
        if extra := sorted(set(given) - set(self.data) - set(self.constants)):
            raise TypeError(f"{', '.join(extra)}: no such data; there are {', '.join([*self.data, *self.constants]) or 'none'}")

    def fitted(self, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any], *, weighted: bool) -> tuple[list[Any], dict[str, Any]]:
        """(parameters, data, weights) and the constants, of shapes that fit and of one type."""
        fixed = [constants[self.ids[c.symbol]] for c in self.fixed]
        data = columns[:-1] if weighted else columns
        sizes = fit_shapes(self.declared, [*data, *point, *fixed])
        if weighted:
            see_rows(columns[-1], sizes[self.samples])
        arrays = in_one_type([*point, *columns, *constants.values()])
        return arrays[: len(point) + len(columns)], dict(zip(constants, arrays[len(point) + len(columns) :], strict=True))


def see_rows(weights: Any, rows: int) -> None:
    """Raises DataError for weights of another number than the samples."""
    if len(weights) != rows:
        raise DataError(f"weights has {len(weights)}, and there are {rows} samples")


def _number(t: Any, name: str) -> Any:
    """A parameter as a plain float, or an array where it has a shape."""
    if type(t) is float:
        return t
    array = as_numbers(t, name)
    return array.astype(np.float64, copy=False) if array.ndim else float(array)


def _single(value: Any, name: str) -> float:
    """One number.  Raises DataError."""
    if type(value) is float:
        return value
    array = as_numbers(value, name)
    if array.size != 1:
        raise DataError(f"{name} is one number, not an array of shape {array.shape}")
    return float(array.reshape(()))
