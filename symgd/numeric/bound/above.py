"""The quadratic form above the second derivative, on data: its eigenvalues bound the rate for every θ.

d²L/dt² ≤ Σ_parts f Σ (base · v)² = |B v|², B with one block of rows for each part; the eigenvalues of BᵀB are the squares of B's singular values.

Glossary: `v` the direction; `B` as above; a part's `base` is linear in v: Σ_j X_ij v_j + v_b.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from symgd.forward import Definition
from symgd.hessian import Curvature, Majorant
from symgd.hessian.majorant import Part
from symgd.indices import axis, free
from symgd.numeric.data.arrays import Column
from symgd.numeric.program.written import written
from symgd.stationary import linear
from symgd.stationary.linear import put
from symgd.term import Name, names

__all__ = ["NoForm", "eigenvalues", "needed"]


class NoForm(ValueError):
    """The form above the second derivative is not of a kind whose eigenvalues are computed here."""


def needed(curve: Curvature) -> frozenset[str]:
    """The data that the form is made of."""
    assert isinstance(curve.majorant, Majorant)
    made = frozenset[str]().union(*(names(_written(curve, part)) | names(part.factor) for part in curve.majorant.parts))
    return frozenset(d.symbol for d in curve.problem.data if d.symbol in made)


def _written(curve: Curvature, part: Part) -> Any:
    out: Any = part.base
    for d in reversed(curve.named):
        out = put(out, d.name, d.value)
    return out


def eigenvalues(curve: Curvature, data: Mapping[str, Any], constants: Mapping[str, float]) -> Column:
    """The eigenvalues of the form, in ascending order; of a form that is the same for each class, each value once for each class, where the data say how many.

    Raises NoForm where a class has columns of its own.
    """
    assert isinstance(curve.majorant, Majorant)
    sizes = {axis(a): k for x in curve.problem.data if x.symbol in data for a, k in zip(x.indices, np.shape(data[x.symbol]), strict=True)}
    rows = {n.symbol: float(sizes[a]) for a, n in curve.problem.count if a in sizes}
    blocks = [_Block(curve, part, data, {**constants, **rows}, sizes) for part in curve.majorant.parts]
    inner = {v.symbol: tuple(sorted({k for b in blocks for k in b.coupled.get(v.symbol, ())})) for v in curve.direction}
    widths = {v.symbol: math.prod(sizes[axis(v.indices[k])] for k in inner[v.symbol]) for v in curve.direction}
    B = np.vstack([b.rows(inner, widths) for b in blocks])
    if len(B) > B.shape[1]:
        B = np.asarray(np.linalg.qr(B, mode="r"))
    values = np.zeros(sum(widths.values()))
    found = np.square(np.linalg.svd(B, compute_uv=False))[::-1]
    values[len(values) - len(found) :] = found
    outer = {a for v in curve.direction for k, a in enumerate(v.indices) if k not in inner[v.symbol]}
    return np.repeat(values, math.prod(sizes.get(axis(a), 1) for a in outer))


class _Block:
    """√f · base for one part, as rows over the numbers of v that are coupled.

    coupled  for each direction the places of its indices that are summed over in the base
    """

    def __init__(self, curve: Curvature, part: Part, data: Mapping[str, Any], values: Mapping[str, float], sizes: Mapping[str, int]) -> None:
        base = _written(curve, part)
        line = linear(base, curve.direction)
        if line is None:
            raise NoForm("the base of a square is not linear in the direction")
        self.factors, self.over, self.sizes, self.curve = line.factors, part.over, sizes, curve
        self.coupled = {v.symbol: tuple(k for k, a in enumerate(v.indices) if a not in free(base)) for v in line.factors}
        self.carried = {a for v in line.factors for a in v.indices if a in free(base)}
        if any(free(f) & self.carried for f in line.factors.values()) or len({v.symbol for v in line.factors}) < len(line.factors):
            raise NoForm("a class has columns of its own")
        declared = (*curve.problem.data, *(c for c, _ in curve.problem.constants), *(n for _, n in curve.problem.count))
        self.data = {**data, **values}
        self.given = [x for x in declared if x.symbol in self.data]
        self.factor = float(self.value(part.factor, ()))

    def value(self, t: Any, indices: tuple[str, ...]) -> Column:
        """The value of a term over data along the indices."""
        used = [x for x in self.given if x.symbol in names(t)]
        out = Name("value", indices)
        found = written([Definition(out, t)], used, [out], "the form above")(**{x.symbol: np.asarray(self.data[x.symbol], dtype=np.float64) for x in used})[0]
        return np.broadcast_to(found, [self.sizes[axis(a)] for a in indices])

    def rows(self, inner: Mapping[str, tuple[int, ...]], widths: Mapping[str, int]) -> Column:
        """The rows, of the width of all coupled numbers."""
        weight = math.sqrt(self.factor)
        along = tuple(a for a in self.over if a not in self.carried)
        columns = []
        mine = {v.symbol: (v, f) for v, f in self.factors.items()}
        alone = [s for s, (v, _) in mine.items() if set(inner[s]) - set(self.coupled[s])]
        if alone:  # v_j² summed over j: each number by itself
            if len(mine) > 1 or along:
                raise NoForm("a square of single numbers holds others too")
            (s,) = alone
            each = float(self.value(mine[s][1], ()))
            return np.hstack([weight * each * np.eye(widths[s]) if v.symbol == s else np.zeros((widths[s], widths[v.symbol])) for v in self.curve.direction])
        many = math.prod(self.sizes[axis(a)] for a in along)
        for v in self.curve.direction:
            if v.symbol not in mine:
                columns.append(np.zeros((many, widths[v.symbol])))
                continue
            name, f = mine[v.symbol]
            letters = tuple(name.indices[k] for k in inner[v.symbol])
            columns.append(weight * self.value(f, (*along, *letters)).reshape(many, widths[v.symbol]))
        return np.hstack(columns)
