"""The curvature in numbers: from the Hessian's derivation and the reader's data to the rate bound, the best rate, the number of iterations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Chain, Line, Page, Prose
from symgd.document.shown import shows_itself
from symgd.hessian import Curvature, curvature
from symgd.numeric.bound import Bound
from symgd.numeric.function import GradientFunction
from symgd.numeric.rates import Rates, predicted_iterations, rates
from symgd.stationary import unfold
from symgd.term import names
from symgd.typeset.layout import layout

__all__ = ["Curve", "curve"]


def curve(gradient: Gradient) -> Curve:
    """The second derivatives with their steps, convexity, and rates on data.  Raises what `hessian.curvature` raises."""
    return Curve(curvature(gradient), GradientFunction(gradient))


@shows_itself
class Curve:
    """form  the symbolic curvature: .form.entries, .form.convex, .form.says

    A bound needs only the data that the Hessian is made of: curve.rate_bound(x=x) for a line.  Where the loss is not quadratic the rates are
    estimates at `at`, the parameters in order (default 0).
    """

    def __init__(self, form: Curvature, f: GradientFunction) -> None:
        self.form, self.f = form, f
        self.convex, self.says = form.convex, form.says

    def shown(self) -> Page:
        """The slopes, the entries of the Hessian, and what follows."""
        slopes = (Line(layout(d.name), layout(d.value), ":=", reason=(d.says,)) for d in self.form.slopes)
        entries = (Line(layout(d.goal), layout(d.result)) for _, d in self.form.entries)
        return Page((), (Chain((*slopes, *entries)), Prose((self.says,))))

    def of(self, p: str, q: str) -> Any:
        """The derivation of ∂²L/∂p∂q."""
        return self.form.of(p, q)

    def rates(self, at: Sequence[float] | None = None, **given: Any) -> Rates:
        """Bound, best rate, condition and eigenvalues."""
        return rates(self._bound(given), at if at is not None else [0.0] * len(self.f.parameters))

    def rate_bound(self, at: Sequence[float] | None = None, **given: Any) -> float:
        """2/λmax: a fixed rate converges exactly below it."""
        return self.rates(at, **given).bound

    def best_rate(self, at: Sequence[float] | None = None, **given: Any) -> float:
        """2/(λmax + λmin)"""
        return self.rates(at, **given).best

    def hessian(self, **given: Any) -> Any:
        """The Hessian of a quadratic loss on data, shape (p, p)."""
        return self._bound(given).hessian()

    def predicted_iterations(self, rate: float, start: Sequence[float] | None = None, **given: Any) -> int | None:
        """How many steps bring the predictions within 1e-8 standard deviations of the target to the best ones; None where none do, or none is known."""
        g = self.f.bind(**given)
        return predicted_iterations(g, rate, start if start is not None else [0.0] * len(self.f.parameters)) if g.quadratic else None

    def _bound(self, given: dict[str, Any]) -> Bound:
        """Bound to the data; a column that the Hessian does not hold may be left out."""
        missing = [d for d in self.f.data if d not in given]
        used = frozenset[str]().union(*(names(unfold(self.form.problem, d.result)) for _, d in self.form.entries))
        if missing and self.form.constant and not used & set(missing) and any(d in given for d in self.f.data):
            rows = len(next(given[d] for d in self.f.data if d in given))
            given = {**given, **{d: np.zeros(rows) for d in missing}}
        bound: Bound = self.f.bind(**given)
        return bound
