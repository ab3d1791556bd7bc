"""A bound loss some of whose numbers are held: what is asked about them changes nothing, and their slope is 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import Column

__all__ = ["Held"]


class Held:
    """g at a point whose entries outside `free` are those of θ₀, as `descend` wants it: step(θ), fun(θ), jac(θ) on the whole flat vector."""

    moments = None
    walk = None
    quadratic = False

    def __init__(self, g: Any, first: Column, free: Any) -> None:
        self.g, self.first, self.free = g, np.array(first, dtype=np.float64), np.array(free, dtype=bool)
        self.name, self.rows, self.parameters = g.name, g.rows, g.parameters

    @property
    def size(self) -> int:
        return len(self.first)

    @property
    def sizes(self) -> Callable[..., Any] | None:
        own = self.g.sizes
        return None if own is None else lambda *theta: np.where(self.free, own(*self.whole(theta)), 0.0)

    def whole(self, theta: Sequence[float]) -> Column:
        """θ with the held entries as they are held."""
        return np.where(self.free, np.asarray(theta, dtype=np.float64), self.first)

    def step(self, theta: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """L and its derivatives, 0 by what is held."""
        loss, slopes = self.g.step(tuple(self.whole(theta).tolist()))
        return loss, tuple(s if f else 0.0 for s, f in zip(slopes, self.free.tolist(), strict=True))

    def fun(self, theta: Any) -> float:
        """L"""
        return float(self.g.fun(self.whole(theta)))

    def jac(self, theta: Any) -> Column:
        """The gradient, 0 by what is held."""
        return np.where(self.free, self.g.jac(self.whole(theta)), 0.0)
