"""A gradient function of a target bound to its data: by moments where the loss is a sum of squares, else with the data kept where the target computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symgd.numeric.targets.called import Called

__all__ = ["kept"]


def kept(f: Called, weights: Any, sizes: Mapping[str, int], given: Mapping[str, Any]) -> Any:
    """A `Bound` or, for a loss of arrays, a `BoundArrays`."""
    plainly = f._machine.plainly
    plain = {s: plainly(v) for s, v in given.items()}
    masses = None if weights is None else plainly(weights)
    g = f.numpy.bind(weights=masses, sizes=sizes, **plain)
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


def _once(f: Called, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data and constants as the target takes them."""
    declared = [x for x in (*f.problem.data, *(c for c, _ in f.problem.constants)) if x.symbol in given]
    with f._machine.around():
        return dict(zip((x.symbol for x in declared), f._machine.taken(declared, [given[x.symbol] for x in declared]), strict=True))


def _bound_again(f: Called, weights: Any, sizes: Mapping[str, int], given: Mapping[str, Any]) -> Any:
    """A bound loss from its data."""
    return f.bind(weights=weights, sizes=sizes, **given)
