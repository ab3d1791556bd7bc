"""The curvature in numbers: from the Hessian's derivation and the reader's data to the rate bound, the best rate, the number of iterations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Page
from symgd.document.shown import shows_itself
from symgd.hessian import Curvature, Majorant, curvature
from symgd.numeric.bound.above import NoForm, eigenvalues, needed
from symgd.numeric.function import GradientFunction
from symgd.numeric.descent.rates import Rates, forecast, from_eigenvalues, predicted_iterations, rates

__all__ = ["Curve", "curve"]

CUBE_ROOT = 6e-6  # of the smallest step in double precision: where a central difference is nearest


def curve(gradient: Gradient) -> Curve:
    """The second derivatives with their steps, convexity, and rates on data.  Raises what `hessian.curvature` raises."""
    return Curve(curvature(gradient), GradientFunction(gradient))


@shows_itself
class Curve:
    """form  the symbolic curvature: .form.entries, .form.convex, .form.says, .form.majorant

    A bound needs only the data that the second derivatives are made of: curve.rate_bound(x=x) for a line, curve.rate_bound(X=X) for a plane.
    Where the loss is not quadratic but its second derivative has an upper bound everywhere (logistic ¼, softmax ½) the rates are safe for every
    θ; else, or with `at`, they are estimates at one place, the parameters in order (default 0; arrays one after the other in one flat vector).
    """

    def __init__(self, form: Curvature, f: GradientFunction) -> None:
        self.form, self.f = form, f
        self.convex, self.says = form.convex, form.says

    def shown(self) -> Page:
        """The slopes, the entries of the Hessian, and what follows."""
        return self.form.shown()

    def of(self, p: str, q: str) -> Any:
        """The derivation of ∂²L/∂p∂q."""
        return self.form.of(p, q)

    def rates(self, at: Sequence[float] | None = None, **given: Any) -> Rates:
        """Bound, best rate, condition and eigenvalues; `.says` what they stand on."""
        above = self.form.majorant
        if at is None and isinstance(above, Majorant) and needed(self.form) <= given.keys():
            try:
                constants = {c: v if c not in given else float(given[c]) for c, v in self.f.constants.items() if v is not None or c in given}
                values = eigenvalues(self.form, {d: given[d] for d in self.f.data if d in given}, {c: float(v) for c, v in constants.items() if v is not None})
                return from_eigenvalues(values, exact=above.exact, says=above.says)
            except NoForm:
                pass  # estimated at one place, as for a loss without such a form
        g = self.f.bind(**given)
        known = rates(g, at if at is not None else [0.0] * len(g.parameters))
        if known.exact:
            return known
        return replace(known, says="an estimate at one place" + (f": {above}" if isinstance(above, str) else ""))

    def rate_bound(self, at: Sequence[float] | None = None, **given: Any) -> float:
        """2/λmax: for a quadratic loss a fixed rate converges exactly below it; for a loss bounded by such a form, below it no step raises the loss."""
        return self.rates(at, **given).bound

    def best_rate(self, at: Sequence[float] | None = None, **given: Any) -> float:
        """2/(λmax + λmin) of a quadratic loss, else 1/λmax"""
        return self.rates(at, **given).best

    def hessian(self, **given: Any) -> Any:
        """The Hessian of a quadratic loss on data, shape (p, p), arrays one after the other, each row by row."""
        return self.f.bind(**given).hessian()

    def hessian_product(self, direction: Sequence[float], at: Sequence[float], **given: Any) -> Any:
        """H v at the flat vector θ, shape (p,): two gradients, a central difference along v; about ten digits."""
        g = self.f.bind(**given)
        v, theta = np.asarray(direction, dtype=np.float64), np.asarray(at, dtype=np.float64)
        length = float(np.abs(v).max())
        if not length:
            return np.zeros_like(theta)
        h = CUBE_ROOT * max(1.0, float(np.abs(theta).max())) / length
        return (g.jac(theta + h * v) - g.jac(theta - h * v)) / (2 * h)

    def predicted_iterations(self, rate: float, start: Sequence[float] | None = None, **given: Any) -> int | None:
        """How many steps bring the predictions within 1e-8 standard deviations of the target to the best ones; None where none do, or none is known."""
        g = self.f.bind(**given)
        return predicted_iterations(g, rate, start if start is not None else [0.0] * len(g.parameters)) if g.quadratic else None

    def forecast(self, rate: float | None = None, most: int = 1000, start: Sequence[float] | None = None, **given: Any) -> str:
        """One sentence: whether `most` steps are enough, and if not, why."""
        g = self.f.bind(**given)
        return forecast(g, rate, start if start is not None else [0.0] * len(g.parameters), most)
