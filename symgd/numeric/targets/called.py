"""What `compile` gives for a target: loss, gradient and loss_and_gradient, called as the NumPy functions are."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from symgd.forward import Problem
from symgd.numeric.data.fitted import fit_shapes
from symgd.term import Name

__all__ = ["Called"]


class Called:
    """The loss L and its derivatives, computed by the text in `source` in another language.

    f.loss(w, b, x=x, y=y); f.gradient(…) -> a named tuple in the order of the parameters; f.loss_and_gradient(…) -> both
    Data and constants are keywords; a constant without a value must be given.
    functions  those of the text, by name, which take parameters, data and constants in this order, and check nothing
    Raises TypeError for a wrong call, ValueError for shapes that do not fit together.
    """

    def __init__(
        self, problem: Problem, target: str, source: str, functions: Mapping[str, Callable[..., Any]], ids: Mapping[str, str], taken: Callable[[Name, Any], Any]
    ) -> None:
        """taken  a value that was handed over, as the functions take it"""
        self.problem, self.target, self.source, self.functions = problem, target, source, dict(functions)
        self.name = problem.name or problem.title
        self.parameters, self.data = tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data)
        self.constants = {c.symbol: None if v is None else float(v) for c, v in problem.constants}
        self._declared = (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))
        self._taken = taken
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [ids[p] for p in self.parameters])  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<gradient function of {self.name} for {self.target}>"

    def loss(self, *theta: Any, **given: Any) -> Any:
        """L"""
        return self.functions["loss"](*self._arguments(theta, given))

    def gradient(self, *theta: Any, **given: Any) -> Any:
        """(∂L/∂w, ∂L/∂b, …), named"""
        return self._shape(*self.functions["gradient"](*self._arguments(theta, given)))

    def loss_and_gradient(self, *theta: Any, **given: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        loss, gradient = self.functions["loss_and_gradient"](*self._arguments(theta, given))
        return loss, self._shape(*gradient)

    def _arguments(self, theta: tuple[Any, ...], given: Mapping[str, Any]) -> list[Any]:
        values = {c: v for c, v in self.constants.items() if v is not None} | dict(given)
        expected = {*self.data, *self.constants}
        if len(theta) != len(self.parameters) or set(values) != expected:
            call = ", ".join([*self.parameters, *(f"{s}=…" for s in sorted(expected, key=[*self.data, *self.constants].index))])
            raise TypeError(f"{self.name} is called with {call}")
        arrays = [self._taken(n, v) for n, v in zip(self._declared, (*theta, *(values[n.symbol] for n in self._declared[len(theta) :])), strict=True)]
        for n, array in zip(self._declared, arrays, strict=True):
            if len(getattr(array, "shape", ())) != len(n.indices):
                raise ValueError(f"{n.symbol} is {tuple(getattr(array, 'shape', ()))}, and must have {len(n.indices)} dimensions")
        fit_shapes(self._declared, arrays)
        return arrays
