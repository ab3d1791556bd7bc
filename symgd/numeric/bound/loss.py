"""A loss with its data: functions of the parameters alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgd.document.page import Page, Prose
from symgd.document.shown import shows_itself
from symgd.numeric.bound.leaping import FEW, FIRST, STEEP, far
from symgd.numeric.bound.moments import Moments

__all__ = ["Bound", "over_grid", "spectrum"]

LARGEST = sys.float_info.max

Column = NDArray[np.float64]


def over_grid(both: Callable[..., Any], points: Sequence[Any]) -> tuple[Column, Column]:
    """L and its derivatives, shapes (…) and (p, …), at each point of the broadcast parameters in turn."""
    points = np.broadcast_arrays(*(np.asarray(t, dtype=np.float64) for t in points))
    shape = points[0].shape
    loss, slopes = np.empty(shape), np.empty((len(points), *shape))
    with np.errstate(all="ignore"):
        for at in np.ndindex(shape):
            loss[at], slopes[(slice(None), *at)] = both(*(float(p[at]) for p in points))
    return loss, slopes


def spectrum(H: Column) -> tuple[Column, Column]:
    """(λ, V), all nan where H is not finite."""
    if np.isfinite(H).all():
        values, vectors = np.linalg.eigh(H)
        return values, vectors
    return np.full(len(H), np.nan), np.full(H.shape, np.nan)


@dataclass(frozen=True)
class Form:
    """A loss c Σ u² + P with u = t + Σ_k a_k F_k (F_0 = 1): scale = 2c; J = ∂a/∂θ, shape (p, K + 1); M = Σ F Fᵀ; P the second derivatives of P; zero = a(0)."""

    scale: float
    J: Column
    M: Column
    P: Column
    zero: Column


@shows_itself
class Bound:
    """loss(w, b), gradient(w, b), loss_and_gradient(w, b), hessian(w, b); fun(θ), jac(θ) and hess(θ) on a flat vector, as scipy.optimize wants.

    A copy or a pickle carries the data, or the moments where they are all that is needed.

    moments    what is left of the data where the loss is a sum of squares; else None, and each call is a pass over the data
    quadratic  is the loss a quadratic form in the parameters?  Then `hessian()` is one matrix for all of them.
    """

    def __init__(
        self, name: str, rows: int, shape: Callable[..., Any], loss: Callable[..., Any], both: Callable[..., Any],
        moments: Moments | None = None, walk: Callable[..., Any] | None = None, form: Callable[[], tuple[Any, ...]] | None = None,
        sizes: Callable[..., Any] | None = None,
    ) -> None:  # fmt: skip
        self.again: Any = None  # (function, arguments) that bind it anew
        self.second: Callable[[Sequence[float]], Column] | None = None  # the second derivatives where they change from place to place
        self.name = name
        self.rows = rows
        self.parameters: tuple[str, ...] = shape._fields  # type: ignore[attr-defined]
        self.moments = moments
        self.sizes = sizes  # the mean size of a sample's own derivatives, where one sample can be looked at alone
        self._walk = walk  # the descent in plain floats, for a quadratic loss
        self._shape, self._loss, self._both, self._form = shape, loss, both, form

    def shown(self) -> Page:
        """To what it is bound, and what a call costs."""
        how = "made from moments, without the data" if self.moments else "a pass over the data"
        return Page((), (Prose((f"{self.name} bound to {self.rows:,} rows: each call is {how}",)),))

    @property
    def quadratic(self) -> bool:
        return self._form is not None

    def loss(self, *theta: Any) -> Any:
        """L"""
        if self._grid(theta):
            return self._on_grid(theta)[0]
        with np.errstate(all="ignore"):
            return float(self._loss(*map(float, theta)))

    def gradient(self, *theta: Any) -> Any:
        """(∂L/∂w, ∂L/∂b, …), named"""
        return self.loss_and_gradient(*theta)[1]

    def loss_and_gradient(self, *theta: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        loss, slopes = self._on_grid(theta) if self._grid(theta) else self.step(tuple(map(float, theta)))
        return loss, self._shape(*slopes)

    def fun(self, theta: Any) -> float:
        """L at the flat vector θ."""
        return float(self.loss(*map(float, theta)))

    def jac(self, theta: Any) -> Column:
        """The gradient at the flat vector θ, shape (p,)."""
        return np.array(self.gradient(*map(float, theta)))

    def step(self, theta: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
        """L and its derivatives as plain floats.  Overflow gives inf or nan, never an error or a warning."""
        try:
            if self.moments is not None:
                return self._both(*theta)  # type: ignore[no-any-return]
            with np.errstate(all="ignore"):
                loss, slopes = self._both(*theta)
            return float(loss), tuple(map(float, slopes))
        except (OverflowError, ZeroDivisionError):
            return float("inf"), (float("nan"),) * len(theta)

    def both(self, theta: Column) -> tuple[float, Column]:
        """L and its derivatives at the flat vector θ, as `step` has them."""
        loss, slope = self.step(tuple(theta.tolist()))
        return loss, np.array(slope)

    def heights(self, way: Column) -> Column:
        """L at each of the points, shape (p, m), of a loss that is quadratic."""
        return np.array(np.broadcast_to(self._loss(*way), way.shape[1]))

    @property
    def walk(self) -> Callable[..., Any] | None:
        """The descent of a quadratic loss: `descend` drives it."""
        return None if self._walk is None else self._walked

    def _walked(self, *given: Any) -> Any:
        """Every step where a rule may end it; else only the first and the last ones, and leaps between them."""
        *first, rate, most, halt, watch, limit, points, losses = given
        assert self._walk is not None
        values = self.spectrum[0]
        if halt or watch or most < FEW or not values[-1] < STEEP * values[0]:
            return self._walk(*given)
        begun = self._walk(*first, rate, FIRST, False, False, limit, points, losses)
        with np.errstate(all="ignore"):
            made, theta = far(self, np.array(begun[3]), rate, FIRST, most, -1.0, LARGEST, points, losses)
        why, steps, period, *there = self._walk(*theta.tolist(), rate, most - made, False, False, limit, points, losses)
        return why, made + steps, period, *there

    def hess(self, theta: Any) -> Column:
        """The second derivatives at the flat vector θ, shape (p, p)."""
        return self.hessian(*map(float, theta))

    def __reduce__(self) -> Any:
        """By what it was bound from, data and never code.  Raises TypeError for one made by hand."""
        if self.again is None:
            raise TypeError(f"{self.name} was bound by hand: pickle what it was bound from")
        return self.again

    def hessian(self, *theta: float) -> Column:
        """The second derivatives, shape (p, p): of a quadratic loss the same everywhere, of another one at θ; of its smooth pieces where it has kinks.

        Raises ValueError for a loss that is not quadratic where no θ is given, NoRule where a function has no second derivative here.
        """
        if self._form is None and self.second is not None and theta:
            self._grid(theta)
            return self.second(tuple(map(float, theta)))
        return self._bend.copy()

    @cached_property
    def _bend(self) -> Column:
        form = self.form()
        return form.scale * form.J @ form.M @ form.J.T + form.P

    @cached_property
    def spectrum(self) -> tuple[Column, Column]:
        """The eigenvalues of the second derivatives of a quadratic loss, in ascending order, and their eigenvectors; all nan where they are not finite."""
        return spectrum(self._bend)

    def form(self) -> Form:
        """The quadratic form that the loss is.  Raises ValueError for another loss."""
        return self._quadratic_form

    @cached_property
    def _quadratic_form(self) -> Form:
        if self._form is None or self.moments is None:
            raise ValueError("the loss is not quadratic in its parameters: its second derivatives change from place to place")
        m = self.moments
        scale, jacobian, penalty, zero = self._form()
        means = np.array([1.0, *m.means])
        M = m.n * np.outer(means, means)
        M[1:, 1:] += np.array(m.S).reshape(len(m.means), len(m.means))
        return Form(float(scale), np.array(jacobian, dtype=np.float64), M, np.array(penalty, dtype=np.float64), np.array(zero, dtype=np.float64))

    def _grid(self, theta: tuple[Any, ...]) -> bool:
        if len(theta) != len(self.parameters):
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.parameters)}")
        return any(isinstance(t, np.ndarray | list | tuple) and np.ndim(t) for t in theta)

    def _on_grid(self, theta: tuple[Any, ...]) -> tuple[Column, Column]:
        if self.moments is None:
            return over_grid(self._both, theta)
        points = np.broadcast_arrays(*(np.asarray(t, dtype=np.float64) for t in theta))
        with np.errstate(all="ignore"):
            loss, slopes = self._both(*points)
        return np.array(np.broadcast_to(loss, points[0].shape)), np.array([np.broadcast_to(s, points[0].shape) for s in slopes])
