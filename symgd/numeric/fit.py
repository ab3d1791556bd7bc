"""The whole way on data: standardise, bound the rate, descend, come back to the data's own units, cross-check with the exact closed form.

A score per sample that is linear in the parameters, c_i = w x_i + b, is what lets a run on (x − m)/s speak in the units of x:
w = w_s/s and b = b_s − w m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from symgd.derivation import Gradient
from symgd.indices import free
from symgd.numeric.bound import Bound
from symgd.numeric.closed import NoClosedForm, SolvableForm, exact_value, fmpq, solvable
from symgd.numeric.data import DataError
from symgd.numeric.descend import descend_bound
from symgd.numeric.function import GradientFunction
from symgd.numeric.rates import Rates, minimum, rates
from symgd.numeric.scaling import Scaling
from symgd.numeric.scaling import standardise as standardise_column
from symgd.numeric.trace import Trace
from symgd.stationary import linear, unfold
from symgd.term import ONE, Add, Call, Mul, Name, Neg, Term, names, subterms

__all__ = ["EXACT_ROWS", "TOLERANCE", "Fit", "Units", "fit"]

EXACT_ROWS = 100_000  # beyond it the closed form is found in floating point
TOLERANCE = 1e-8  # of the target's standard deviation: a larger gap of a converged run fails the cross-check


@dataclass(frozen=True)
class Units:
    """`slope` multiplies the feature, `intercept` stands alone ("" where there is none); `scaling` is what the run did to the feature, or None."""

    slope: str
    intercept: str
    scaling: Scaling | None = None

    def own(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of the run → in the data's own units."""
        return self._through(point, self.scaling.to_data) if self.scaling else dict(point)

    def run(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters in the data's own units → of the run."""
        return self._through(point, self.scaling.from_data) if self.scaling else dict(point)

    def _through(self, point: Mapping[str, Any], way: Callable[[Any, Any], tuple[Any, Any]]) -> dict[str, Any]:
        out = dict(point)
        if self.slope in out:
            out[self.slope], other = way(point[self.slope], point.get(self.intercept, 0.0))
            if self.intercept in out:
                out[self.intercept] = other
        return out


@dataclass(frozen=True)
class Fit:
    """parameters  at the end of the descent, in the data's own units
    closed      the exact solution there, rounded once; None where there is none, and `why_not` says why
    gap         root mean square difference between the two predictions, in the target's unit; None where there is no closed form
    agrees      did the cross-check hold?  None where it does not apply (no closed form, not converged)
    units       what the run did to the feature
    trace       the run itself, in its own units
    warning     what is wrong with the rate, said before the first step; "" where nothing is
    asked       the rate that was asked for
    """

    parameters: dict[str, float]
    closed: dict[str, float] | None
    why_not: str
    gap: float | None
    agrees: bool | None
    units: Units
    trace: Trace
    bound: Bound
    warning: str
    asked: float | Literal["auto"] = "auto"

    @property
    def good(self) -> bool:
        """Did it converge, or use up its steps, without a failed cross-check?"""
        return self.trace.stopped in ("converged", "max-iterations") and self.agrees is not False


def fit(
    gradient: Gradient, x: Any, y: Any, *, feature: str = "x", target: str = "y", start: Mapping[str, float] | None = None,
    rate: float | Literal["auto"] = "auto", max_iterations: int = 1000, stop: Literal["auto", "unchanged", "never"] = "auto", standardise: bool = True,
    announce: Callable[[str, Rates, Units], None] | None = None,
) -> Fit:  # fmt: skip
    """The descent on columns x and y, cross-checked.  `announce(warning, rates)` is called before the first step.

    Raises DataError for data that do not fit the loss, ValueError for a bad rate or start.
    """
    problem = gradient.problem
    data = {d.symbol for d in problem.data}
    f, form = GradientFunction(gradient), solvable(gradient)
    if any(isinstance(s, Call) and s.function == "log" for s in subterms(problem.tape[-1].value)) and target in data:
        _yes_or_no(y)
    units = _units(gradient, feature, x) if standardise else _shape(gradient, feature)
    if units is None:
        units = Units("", "")
    x_run = (x - units.scaling.mean) / units.scaling.scale if units.scaling else x
    given = {k: v for k, v in ((feature, x_run), (target, y)) if k in data}
    first = units.run(dict.fromkeys(f.parameters, 0.0) | dict(start or {}))
    g = f.bind(**given)
    known = rates(g, [first[p] for p in f.parameters])
    warning = known.warning(rate) if rate != "auto" else ""
    if announce:
        announce(warning, known, units)
    trace = descend_bound(g, start=[first[p] for p in f.parameters], rate=rate, max_iterations=max_iterations, stop=stop)
    parameters = units.own(trace.point)
    own = {k: v for k, v in ((feature, x), (target, y)) if k in data}
    closed, why_not = _closed(form, gradient, own, given, units, trace, g)
    gap = None if closed is None else _gap(gradient, parameters, closed, own, trace)
    agrees = None if gap is None or trace.stopped != "converged" else bool(gap <= TOLERANCE * float(np.std(y)) or gap <= 1e-12 * float(np.max(np.abs(y))))
    rounded = None if closed is None else {p: float(v) for p, v in closed.items()}
    return Fit(parameters, rounded, why_not, gap, agrees, units, trace, g, warning, rate)


def _yes_or_no(y: Any) -> None:
    wrong = np.flatnonzero((y != 0) & (y != 1))
    if len(wrong):
        raise DataError(f"log-loss needs a target of 0 or 1; row {wrong[0] + 1} of the data is {y[wrong[0]]:g}")


def _scores(gradient: Gradient) -> list[dict[Name, Term]]:
    """The factors of the parameters in what each sample has that is linear in them: in the names, the last first, then inside the objective."""
    problem = gradient.problem
    named = [d.name for d in reversed(problem.tape[:-1]) if d.name.indices]
    inside = [s for s in subterms(problem.tape[-1].value) if isinstance(s, Add | Mul | Neg) and free(s)]
    lines = (linear(unfold(problem, s), problem.parameters) for s in (*named, *inside))
    return [line.factors for line in lines if line is not None and line.factors]


def _shape(gradient: Gradient, feature: str) -> Units | None:
    for factors in _scores(gradient):
        slopes = [p.symbol for p, f in factors.items() if f == Name(feature, ("i",))]
        alone = [p.symbol for p, f in factors.items() if f == ONE]
        if len(slopes) == 1 and len(slopes) + len(alone) == len(factors) == len(gradient.problem.parameters):
            return Units(slopes[0], alone[0] if alone else "")
    return None


def _units(gradient: Gradient, feature: str, x: Any) -> Units | None:
    """Centre and scale where an intercept takes up the shift; only scale where there is none."""
    shape = _shape(gradient, feature)
    if shape is None or not np.any(x):
        return shape
    return replace(shape, scaling=standardise_column(x, feature)[1] if shape.intercept else Scaling(0.0, float(np.sqrt(np.mean(np.square(x))))))


def _closed(
    form: SolvableForm, gradient: Gradient, own: Mapping[str, Any], run: Mapping[str, Any], units: Units, trace: Trace, g: Bound
) -> tuple[dict[str, Any] | None, str]:
    """The exact solution in the data's own units: on the raw data, or, where a penalty sees the scale, on the run's."""
    if form.why_not:
        return None, form.why_not
    penalised = any(names(r.left) & {c.symbol for c, _ in gradient.problem.constants} for r in form.requires)
    rows = max((len(v) for v in own.values()), default=0)
    try:
        if rows <= EXACT_ROWS:
            data = run if penalised else own
            exact = form.solve(**data)._asdict()
            return (units.own(exact) if penalised else exact), ""
    except NoClosedForm as none:
        return None, str(none)
    found = minimum(g)
    if found is None:
        return None, "the data do not determine one solution"
    return units.own(dict(zip(trace.parameters, found, strict=True))), ""


def _gap(gradient: Gradient, parameters: Mapping[str, float], closed: Mapping[str, Any], own: Mapping[str, Any], trace: Trace) -> float | None:
    """√ of the mean of (Σ_p (p − p*) f_p)²: exactly, where the rows are not too many."""
    scores = _scores(gradient)
    rows = max((len(v) for v in own.values()), default=0)
    if not scores or rows > EXACT_ROWS or not all(map(math.isfinite, parameters.values())):
        return trace.gap if trace.gap is not None else math.inf
    values: dict[str, Any] = {k: [fmpq(v) for v in column] for k, column in own.items()} | {"n": fmpq(rows)}
    values |= {c.symbol: fmpq(v) for c, v in gradient.problem.constants if v is not None}
    difference = [fmpq(0)] * rows
    for p, f in scores[0].items():
        step = fmpq(Fraction(parameters[p.symbol]) - Fraction(closed[p.symbol]))
        column = exact_value(f, values)
        difference = [d + step * (column[k] if isinstance(column, list) else column) for k, d in enumerate(difference)]
    square = sum((d * d for d in difference), fmpq(0)) / rows
    return math.sqrt(float(Fraction(int(square.p), int(square.q))))
