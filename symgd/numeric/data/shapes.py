"""Parameters with shapes ↔ one flat vector: how large each axis is, what its places are called, where every entry stands.

Glossary: `j` features, `k` classes, `h`, `h1`, … hidden units; θ the flat vector, the parameters one after the other, each row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from symgd.indices import axis
from symgd.numeric.data.arrays import Column
from symgd.term import Name

__all__ = ["Shapes"]


@dataclass(frozen=True)
class Shapes:
    """parameters  in order
    sizes       axis → how many places it has
    labels      axis → what they are called: columns for j, classes for k; an axis without labels is numbered from 1
    """

    parameters: tuple[Name, ...]
    sizes: Mapping[str, int]
    labels: Mapping[str, tuple[str, ...]]

    def shape(self, p: Name) -> tuple[int, ...]:
        return tuple(self.sizes[axis(a)] for a in p.indices)

    @property
    def scalars(self) -> bool:
        """Has no parameter an index?"""
        return not any(p.indices for p in self.parameters)

    @property
    def size(self) -> int:
        return sum(math.prod(self.shape(p)) for p in self.parameters)

    def split(self, theta: Any) -> dict[str, Any]:
        """θ → each parameter as an array of its shape, a scalar one as a float."""
        theta, at, out = np.asarray(theta, dtype=np.float64), 0, {}
        for p in self.parameters:
            shape = self.shape(p)
            part = theta[at : at + math.prod(shape)]
            out[p.symbol] = part.reshape(shape) if shape else float(part[0])
            at += len(part)
        return out

    def join(self, values: Mapping[str, Any]) -> Column:
        """The parameters → θ; a number stands for an array full of it."""
        return np.concatenate([np.broadcast_to(np.asarray(values[p.symbol], dtype=np.float64), self.shape(p)).ravel() for p in self.parameters])

    def names(self) -> list[str]:
        """What each entry of θ is called: b, w.sat_v, W.sat_v.yes."""
        return [".".join((p.symbol, *place)) for p in self.parameters for place in product(*(self.places(a) for a in p.indices))]

    def places(self, index: str) -> tuple[str, ...]:
        """What the places along an axis are called."""
        a = axis(index)
        return self.labels.get(a) or tuple(str(k + 1) for k in range(self.sizes[a]))

    def nested(self, values: Mapping[str, Any], leaf: Callable[[float], Any] = float) -> dict[str, Any]:
        """By parameter: a number; an object by label where an axis has labels, else a list."""
        return {p.symbol: self._nest(values[p.symbol], p.indices, leaf) for p in self.parameters}

    def _nest(self, value: Any, indices: tuple[str, ...], leaf: Callable[[float], Any]) -> Any:
        if not indices:
            return leaf(float(value))
        inside = [self._nest(v, indices[1:], leaf) for v in value]
        return dict(zip(self.places(indices[0]), inside, strict=True)) if axis(indices[0]) in self.labels else inside

    def entries(self, given: Mapping[str, float]) -> Iterator[tuple[list[int], float]]:
        """For each of {"w": 0, "w.sat_v": 0.1}: the places in θ that it speaks of, a whole parameter or one entry, and the number.

        Raises ValueError for what is neither.
        """
        every = self.names()
        for name, value in given.items():
            places = [k for k, n in enumerate(every) if name in (n, self.owner(k))]
            if not places:
                raise ValueError(self._unknown(name, every))
            yield places, value

    def owner(self, k: int) -> str:
        """The parameter that the k-th number of θ belongs to."""
        at = 0
        for p in self.parameters:
            at += math.prod(self.shape(p))
            if k < at:
                return p.symbol
        raise IndexError(k)

    def _unknown(self, name: str, every: Sequence[str]) -> str:
        symbols = ", ".join(p.symbol for p in self.parameters)
        entry = next((n for n in every if "." in n), "")
        return f"{name} is no parameter; the parameters are {symbols}" + (f" (one entry: {entry})" if entry else "")
