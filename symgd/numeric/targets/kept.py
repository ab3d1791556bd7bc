"""A gradient function of a target bound to its data: by moments where the loss is a sum of squares, else with the data kept where the target computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from symgd.numeric.data.arrays import see_finite
from symgd.numeric.data.table import DataError
from symgd.numeric.targets.called import Called

__all__ = ["kept"]


def kept(f: Called, weights: Any, sizes: Mapping[str, int], given: Mapping[str, Any]) -> Any:
    """A `Bound` or, for a loss of arrays, a `BoundArrays`."""
    plainly = f._machine.plainly
    plain = {s: plainly(v) for s, v in given.items()}
    masses = None if weights is None else plainly(weights)
    g = _reduced(f, masses, plain) if f.reduced else f.numpy.bind(weights=masses, sizes=sizes, **plain)
    if g.moments is not None:
        return g
    given = _once(f, given)

    def loss(*theta: Any) -> float:
        return float(plainly(f.call("loss", theta, weights, given)))

    def both(*theta: Any) -> tuple[float, tuple[Any, ...]]:
        L, slopes = f.call("loss_and_gradient", theta, weights, given)
        arrays = [plainly(s) for s in slopes]
        return float(plainly(L)), tuple(a if np.ndim(a) else float(a) for a in arrays)

    g._loss, g._both = loss, both
    g.again = _bound_again, (f, masses, dict(sizes), plain)
    return g


def _reduced(f: Called, weights: Any, given: Mapping[str, Any]) -> Any:
    """The moments by a pass of the target's own.  Raises DataError as NumPy does."""
    assert f.reduced
    columns, constants = f.numpy._handed.given(weights, given)
    data, masses = (columns, None) if weights is None else (columns[:-1], columns[-1])
    with np.errstate(all="ignore"):
        moments = f.reduced.moments(data, masses)
    if not math.isfinite(moments.R):
        see_finite(f.data, columns)
        raise DataError("the squares of the data leave the range of double precision; scale them down")
    return f.numpy.from_moments(moments, constants, len(data[0]))


def _once(f: Called, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data and constants as the target takes them."""
    declared = [x for x in (*f.problem.data, *(c for c, _ in f.problem.constants)) if x.symbol in given]
    with f._machine.around():
        return dict(zip((x.symbol for x in declared), f._machine.taken(declared, [given[x.symbol] for x in declared]), strict=True))


def _bound_again(f: Called, weights: Any, sizes: Mapping[str, int], given: Mapping[str, Any]) -> Any:
    """A bound loss from its data."""
    return f.bind(weights=weights, sizes=sizes, **given)
