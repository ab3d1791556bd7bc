"""What `compile` gives for a target: loss, gradient and loss_and_gradient, called as the NumPy functions are."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.numeric.data.fitted import as_array, fit_shapes
from symgd.term import Name

__all__ = ["Called", "doubles"]


def doubles(declared: Sequence[Name], values: Sequence[Any]) -> list[Any]:
    """Values as floats, and arrays of float64 that lie row by row.  Raises DataError for what is no such thing."""
    return [np.ascontiguousarray(as_array(v, n), np.float64) if n.indices else float(v) for n, v in zip(declared, values, strict=True)]


class Called:
    """The loss L and its derivatives, computed by the text in `source` in another language.

    f.loss(w, b, x=x, y=y); f.gradient(…) -> a named tuple in the order of the parameters; f.loss_and_gradient(…) -> both
    Data and constants are keywords; a constant without a value must be given.
    functions  those of the text, by name, which take parameters, data and constants in this order, and check nothing
    Raises TypeError for a wrong call, ValueError for shapes that do not fit together.
    """

    def __init__(
        self, gradient: Gradient, target: str, source: str, functions: Mapping[str, Callable[..., Any]], ids: Mapping[str, str],
        taken: Callable[[Sequence[Name], Sequence[Any]], list[Any]], around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:  # fmt: skip
        """taken  the values that were handed over, as the functions take them; `around` what a call is made in"""
        self.derivation, self.problem = gradient, gradient.problem
        self.target, self.source, self.functions = target, source, dict(functions)
        problem = self.problem
        self.name = problem.name or problem.title
        self.parameters, self.data = tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data)
        self.constants = {c.symbol: None if v is None else float(v) for c, v in problem.constants}
        self._declared = (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))
        self._taken, self._around = taken, around
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [ids[p] for p in self.parameters])  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<gradient function of {self.name} for {self.target}>"

    def loss(self, *theta: Any, **given: Any) -> Any:
        """L"""
        with self._around():
            return self.functions["loss"](*self._arguments(theta, given))

    def gradient(self, *theta: Any, **given: Any) -> Any:
        """(∂L/∂w, ∂L/∂b, …), named"""
        with self._around():
            return self._shape(*self.functions["gradient"](*self._arguments(theta, given)))

    def loss_and_gradient(self, *theta: Any, **given: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        with self._around():
            loss, gradient = self.functions["loss_and_gradient"](*self._arguments(theta, given))
            return loss, self._shape(*gradient)

    def _arguments(self, theta: tuple[Any, ...], given: Mapping[str, Any]) -> list[Any]:
        values = {c: v for c, v in self.constants.items() if v is not None} | dict(given)
        expected = {*self.data, *self.constants}
        if len(theta) != len(self.parameters) or set(values) != expected:
            call = ", ".join([*self.parameters, *(f"{s}=…" for s in sorted(expected, key=[*self.data, *self.constants].index))])
            raise TypeError(f"{self.name} is called with {call}")
        arrays = self._taken(self._declared, [*theta, *(values[n.symbol] for n in self._declared[len(theta) :])])
        for n, array in zip(self._declared, arrays, strict=True):
            if len(getattr(array, "shape", ())) != len(n.indices):
                raise ValueError(f"{n.symbol} is {tuple(getattr(array, 'shape', ()))}, and must have {len(n.indices)} dimensions")
        fit_shapes(self._declared, arrays)
        return arrays
