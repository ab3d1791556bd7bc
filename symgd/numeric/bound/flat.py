"""A loss of arrays with its data: functions of the arrays, or of one flat vector in which they stand one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from symgd.document.page import Page, Prose
from symgd.document.shown import shows_itself
from symgd.indices import axis
from symgd.numeric.data.fitted import Array, of_lengths
from symgd.term import Name

__all__ = ["BoundArrays"]


@shows_itself
class BoundArrays:
    """loss(W, b), gradient(W, b), loss_and_gradient(W, b), hessian(W, b) on arrays; fun(θ), jac(θ), hess(θ) on the flat vector θ, as scipy.optimize wants.

    θ holds the parameters in their order, each row by row.  The data say how far most axes run; the width of a layer is not among them:
    `bind(…, sizes={"h": 32})`.  A call with arrays needs no sizes.

    parameters  a name for each number of θ: w[0], w[1], b
    arrays      the parameters as declared
    """

    moments: Any = None
    walk: Any = None
    quadratic = False

    def __init__(
        self, name: str, rows: int, shape: Callable[..., Any], declared: Sequence[Name], sizes: Mapping[str, int],
        both: Callable[..., tuple[float, tuple[Any, ...]]], loss: Callable[..., float], per_sample: Callable[..., Sequence[Array]] | None,
    ) -> None:  # fmt: skip
        self.again: Any = None  # (function, arguments) that bind it anew
        self.second: Callable[[Sequence[Any]], Array] | None = None  # the second derivatives at a point
        self.name, self.rows, self.arrays, self.axes = name, rows, tuple(declared), dict(sizes)
        self._shape, self._both, self._loss, self._per_sample = shape, both, loss, per_sample

    def shown(self) -> Page:
        """To what it is bound, and what a call costs."""
        return Page((), (Prose((f"{self.name} bound to {self.rows:,} rows: each call is a pass over the data",)),))

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each parameter.  Raises ValueError where the data do not say it."""
        return tuple(of_lengths(self.arrays, self.axes))

    @property
    def size(self) -> int:
        """How many numbers θ holds."""
        return sum(map(math.prod, self.shapes))

    @property
    def parameters(self) -> tuple[str, ...]:
        places = ((n.symbol, at) for n, shape in zip(self.arrays, self.shapes, strict=True) for at in product(*map(range, shape)))
        return tuple(f"{s}[{', '.join(map(str, at))}]" if at else s for s, at in places)

    @property
    def sizes(self) -> Callable[..., Array] | None:
        """The mean size of a sample's own derivatives, where one sample can be looked at alone."""
        own = self._per_sample
        if own is None:
            return None
        return lambda *theta: self.flatten(*(np.abs(g).mean(axis=0) for g in own(*self.unflatten(theta))))

    def unflatten(self, theta: Any) -> Any:
        """The flat vector as the arrays that stand in it, named.  Raises ValueError for a vector of another length."""
        vector, shapes = np.asarray(theta), self.shapes
        if vector.shape != (self.size,):
            each = ", ".join(f"{n.symbol} {s}" for n, s in zip(self.arrays, shapes, strict=True))
            raise ValueError(f"θ is {vector.shape}, and must be ({self.size},): {each}")
        ends = np.cumsum([math.prod(s) for s in shapes])[:-1]
        pieces = (p.reshape(s) if s else float(p[0]) for p, s in zip(np.split(vector, ends), shapes, strict=True))
        return self._shape(*pieces)

    def flatten(self, *arrays: Any) -> Array:
        """The arrays one after the other, each row by row."""
        return np.concatenate([np.ravel(a) for a in arrays])

    def loss(self, *arrays: Any) -> float:
        """L"""
        return self._loss(*arrays)

    def gradient(self, *arrays: Any) -> Any:
        """(∂L/∂W, ∂L/∂b, …), named, each of its parameter's shape"""
        return self.loss_and_gradient(*arrays)[1]

    def loss_and_gradient(self, *arrays: Any) -> Any:
        """L, (∂L/∂W, ∂L/∂b, …)"""
        loss, slopes = self._both(*arrays)
        return loss, self._shape(*slopes)

    def fun(self, theta: Any) -> float:
        """L at the flat vector θ."""
        return self._loss(*self.unflatten(theta))

    def jac(self, theta: Any) -> Array:
        """The gradient at the flat vector θ, shape (p,)."""
        return self.flatten(*self._both(*self.unflatten(theta))[1])

    def hessian(self, *arrays: Any) -> Array:
        """The second derivatives by the numbers of θ, shape (p, p); of the smooth pieces of a loss with kinks.  Raises ValueError beyond 1,000 numbers."""
        if self.second is None or not arrays:
            raise ValueError("the second derivatives change from place to place: hessian(W, b, …) takes the parameters, hess(θ) the flat vector")
        return self.second(arrays)

    def hess(self, theta: Any) -> Array:
        """The second derivatives at the flat vector θ, shape (p, p)."""
        return self.hessian(*self.unflatten(theta))

    def __reduce__(self) -> Any:
        """By what it was bound from, data and never code.  Raises TypeError for one made by hand."""
        if self.again is None:
            raise TypeError(f"{self.name} was bound by hand: pickle what it was bound from")
        return self.again

    def step(self, theta: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """L and its derivatives by θ as plain floats.  Overflow gives inf or nan, never an error or a warning."""
        loss, slopes = self._both(*self.unflatten(np.array(theta)))
        return loss, tuple(map(float, self.flatten(*slopes)))

    def known(self, n: Name) -> bool:
        """Do the data say the shape of this parameter?"""
        return all(axis(a) in self.axes for a in n.indices)
