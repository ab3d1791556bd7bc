"""The whole way on data: standardise, bound the rate, descend, come back to the data's own units, cross-check with the exact closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from symgd.document.page import Page, Prose, Table
from symgd.document.shown import shows_itself
from symgd.hessian import Majorant
from symgd.numeric.data.arrays import Column
from symgd.numeric.bound.loss import Bound
from symgd.numeric.closed.form import NoClosedForm, SolvableForm, exact_value, fmpq, solvable
from symgd.numeric.curve import curve
from symgd.numeric.descent.constants import Constants
from symgd.numeric.descent.descend import batches_for, chosen_for, descend_bound, kinked, rates_near
from symgd.numeric.descent.methods import MethodName
from symgd.numeric.function import GradientFunction
from symgd.numeric.bound.held import Held
from symgd.numeric.data.outcome import Outcome, outcome
from symgd.numeric.descent.rates import Rates, predicted_iterations, shown
from symgd.numeric.data.study import Study, hidden_axes, initial, penalty_of, target_kind
from symgd.numeric.descent.trace import Trace
from symgd.numeric.data.units import Units, scores, units_of

__all__ = ["EXACT_ROWS", "MOST_KEPT", "TOLERANCE", "Fit", "first_point", "fit", "outlook", "separated"]

MOST_KEPT = 50_000_000  # numbers: beyond them only the two ends of a descent are kept
MOST_LOOKED = 1_000_000_000  # rows: beyond them a stochastic descent does not look at the loss of all rows after each step
EXACT_ROWS = 100_000  # beyond it the gap is found in floating point
NOTHING = Constants(math.nan)
TOLERANCE = 1e-8  # of the target's standard deviation: a larger gap of a converged run fails the cross-check


@shows_itself
@dataclass(frozen=True, repr=False)
class Fit:
    """parameters  at the end of the descent, in the data's own units; arrays where they have axes
    closed      the exact solution there, rounded once; None where there is none, and `why_not` says why; it also says where one is not exact
    gap         root mean square difference between the two predictions, in the target's unit; None where there is no closed form
    agrees      did the cross-check hold?  None where it does not apply (no closed form, not converged)
    units       what the run did to the features
    trace       the run itself, in its own units
    warning     what is wrong with the rate, said before the first step; "" where nothing is
    asked       the rate that was asked for
    least       the loss at the closed form
    outcome     what the model predicts, and how often it is right; None where the problem names no prediction
    chosen      the constants of the method
    remark      that the loss has no minimum, where the classes can be told apart; else ""
    """

    parameters: dict[str, Any]
    closed: dict[str, Any] | None
    why_not: str
    gap: float | None
    agrees: bool | None
    units: Units
    trace: Trace
    bound: Bound
    warning: str
    asked: float | Literal["auto"] = "auto"
    least: float | None = None
    outcome: Outcome | None = None
    remark: str = ""
    chosen: Constants = NOTHING

    def shown(self) -> Page:
        """The parameters, the closed form, and how it ended."""
        rows = [("descent", self.parameters), *([("closed form", self.closed)] if self.closed is not None else [])]
        table = Table((("",), *((p,) for p in self.parameters)), tuple(((name,), *((_digits(v),) for v in point.values())) for name, point in rows))
        return Page((), (table, Prose((self.trace.says,))))

    @property
    def good(self) -> bool:
        """Did it converge, or use up its steps, without a failed cross-check?"""
        return self.trace.stopped in ("converged", "max-iterations") and self.agrees is not False


def fit(
    study: Study, *, start: Mapping[str, float] | None = None, hold: Mapping[str, float] | None = None, rate: float | Literal["auto"] = "auto",
    max_iterations: int = 1000, stop: Literal["auto", "unchanged", "never"] = "auto", standardise: bool = True, seed: int = 0,
    announce: Callable[[tuple[str, ...], Rates, Units, Constants], None] | None = None, tell: Callable[[int, int], None] | None = None,
    method: MethodName = "gd", momentum: float | None = None, batch: int | None = None, decay: float = 0.0,
) -> Fit:  # fmt: skip
    """The descent on the study's columns, cross-checked.  `announce(warnings, rates, units, constants)` is called before the first step, `tell(steps,
    most)` now and then.

    start  {"w": 0, "w.sat_v": 0.1}: a number for all entries of a parameter, or for one, in the data's own units; what is not named starts at 0
    hold   the same for numbers that stay as they are; a parameter without axes is better held in the problem itself
    seed   of the weights with which a network starts, and of the batches of stochastic descent
    method, momentum, batch, decay   as of `descend`
    Raises DataError for data that do not fit the loss, ValueError for a bad rate or start.
    """
    problem, f, form = study.problem, GradientFunction(study.gradient), solvable(study.gradient)
    held = {study.shapes.owner(k): True for places, _ in study.shapes.entries(hold or {}) for k in places}
    units = units_of(problem, study.feature, study.X, study.names, standard=standardise, fixed=held) if study.feature else Units()
    run = study.data(units.features(study.X))
    first = first_point(study, units, {**(start or {}), **(hold or {})}, seed)
    hidden = {h: study.shapes.sizes[h] for h in hidden_axes(problem)}
    g = f.bind(**run, sizes=hidden) if hidden else f.bind(**run)
    if hold:
        fixed = [k for places, _ in study.shapes.entries(hold) for k in places]
        g = Held(g, first, ~np.isin(np.arange(len(first)), fixed))
    known = _safe_rates(study, g, run) or rates_near(g, first.tolist(), kinked=kinked(problem))
    batches = batches_for(f, g, run, method, batch, seed, decay)
    chosen = chosen_for(g, first.tolist(), known, method, rate, momentum, batches)
    warning = "" if rate == "auto" and momentum is None else known.warning(chosen.rate) if method == "gd" else chosen.warning(known)
    if announce:
        forecast = outlook(g, chosen.rate, first, max_iterations, raw=not units.scalings) if not warning and method == "gd" else ""
        announce(tuple(filter(None, (warning, forecast))), known, units, chosen)
    seldom = batches is not None and not g.quadratic and study.rows * max_iterations > MOST_LOOKED
    keep = "all" if len(first) * max_iterations <= MOST_KEPT and not seldom else "ends"
    how: Any = {"rate": rate, "max_iterations": max_iterations, "stop": stop, "tell": tell, "keep": keep}
    how |= {"method": method, "momentum": momentum, "batches": batches, "decay": decay}
    trace = descend_bound(g, start=first.tolist(), kinked=kinked(problem), scaled=bool(units.scalings), known=known, **how)
    end = study.shapes.split(trace.points[-1])
    closed, why_not = _closed(form, study, run, units, g)
    gap = None if closed is None else _gap(study, units, end, closed, trace)
    agrees = None if gap is None or trace.stopped != "converged" else _small(gap, study.y)
    rounded = None if closed is None else {p: _rounded(v) for p, v in closed.items()}
    least = None if rounded is None else g.fun(study.shapes.join(units.run(rounded)))
    predicted = outcome(study, end, run)
    remark = separated(study, units, predicted)
    return Fit(units.own(end), rounded, why_not, gap, agrees, units, trace, g, warning, rate, least, predicted, remark, chosen)


def _safe_rates(study: Study, g: Any, run: Mapping[str, Any]) -> Rates | None:
    """Rates that hold for all weights, where the second derivative has a bound: for log-loss p (1 − p) ≤ ¼."""
    if g.quadratic or hidden_axes(study.problem) or kinked(study.problem):
        return None
    curve_of = curve(study.gradient)
    return curve_of.rates(**run) if isinstance(curve_of.form.majorant, Majorant) else None


def separated(study: Study, units: Units, found: Outcome | None) -> str:
    """Where a linear score puts every sample into its class, twice the weights do so with more certainty, and so on without end."""
    linear = (units.pairs or units.powers) and not hidden_axes(study.problem)
    if found is None or found.accuracy != 1.0 or not linear or penalty_of(study.problem) or target_kind(study.problem) not in ("zero-one", "classes"):
        return ""
    return "every sample is put into its class, so larger weights always fit better: the loss has no minimum, and a penalty (…+ridge) would give it one"


def outlook(g: Any, rate: float, first: Column, most: int, *, raw: bool) -> str:
    """That the descent cannot get there with the steps it has, and why; "" where it can, or nothing is known."""
    if not g.quadratic or g.moments is None:
        return ""
    need = predicted_iterations(g, rate, first.tolist())
    if need is None or need <= most:
        return ""
    instead = "standardise the features (leave out --raw)" if raw else "no fixed rate is much faster; leave out features that say almost the same"
    return f"about {need:,} steps are needed at this rate, {most:,} are allowed: the condition number is the reason; {instead}, or allow more steps"


def _small(gap: float, y: Column) -> bool:
    return bool(gap <= TOLERANCE * float(np.std(y)) or gap <= 1e-12 * float(np.max(np.abs(y))))


def _digits(v: Any) -> str:
    return f"{v:.13g}" if not np.ndim(v) else np.array2string(np.asarray(v), precision=8, threshold=12, separator=", ")


def _rounded(v: Any) -> Any:
    return np.asarray(v, dtype=np.float64) if np.ndim(v) else float(v)


def first_point(study: Study, units: Units, given: Mapping[str, float], seed: int) -> Column:
    """θ of the run: the usual start, with the entries that were given in the data's own units."""
    shapes = study.shapes
    usual = initial(study.problem, shapes, seed)
    if not given:
        return shapes.join(usual)
    theta = shapes.join(units.own(usual))
    for places, value in shapes.entries(given):
        theta[places] = value
    return shapes.join(units.run(shapes.split(theta)))


def _closed(form: SolvableForm, study: Study, run: Mapping[str, Any], units: Units, g: Any) -> tuple[dict[str, Any] | None, str]:
    """The solution in the data's own units, exactly where that is feasible: on the raw data, or, where a penalty sees the scale, on the run's."""
    if isinstance(g, Held):
        return None, "its formula is for the case that no weight is held"
    if form.why_not:
        return None, form.why_not
    penalised = penalty_of(study.problem)
    called = {study.feature.symbol: study.names} if study.feature is not None else {}
    try:
        found = form.solved(names=called, **(run if penalised else study.data(study.X)))
    except NoClosedForm as none:
        return None, str(none)
    point = found.parameters._asdict()
    return (units.own(point) if penalised else point), "" if found.exact else f"found by QR in double precision, condition {shown(found.condition or math.inf)}"


def _gap(study: Study, units: Units, end: Mapping[str, Any], closed: Mapping[str, Any], trace: Trace) -> float | None:
    """√ of the mean of (Σ_p (p − p*) f_p)²: the difference of the parameters is taken exactly, so that none of it is lost."""
    if not study.shapes.scalars:
        return _gap_of_arrays(study, units, end, closed, trace)
    found, rows = scores(study.problem), study.rows
    parameters = units.own(end)
    if not found or rows > EXACT_ROWS or not all(map(math.isfinite, parameters.values())):
        return trace.gap if trace.gap is not None else math.inf
    own = study.data(study.X)
    values: dict[str, Any] = {k: [fmpq(v) for v in column] for k, column in own.items()} | {"n": fmpq(rows)}
    values |= {c.symbol: fmpq(v) for c, v in study.problem.constants if v is not None}
    difference = [fmpq(0)] * rows
    for p, f in found[0][0].items():
        step = fmpq(Fraction(parameters[p.symbol]) - Fraction(closed[p.symbol]))
        column = exact_value(f, values)
        difference = [d + step * (column[k] if isinstance(column, list) else column) for k, d in enumerate(difference)]
    square = sum((d * d for d in difference), fmpq(0)) / rows
    return math.sqrt(float(Fraction(int(square.p), int(square.q))))


def _gap_of_arrays(study: Study, units: Units, end: Mapping[str, Any], closed: Mapping[str, Any], trace: Trace) -> float | None:
    """The same over Z δw + δb, with the features as the run sees them."""
    if len(units.pairs) != 1 or not all(np.isfinite(v).all() for v in end.values()):
        return trace.gap
    best, exact = units.run(closed), np.frompyfunc(Fraction, 1, 1)
    weight, bias = ((np.asarray(exact(end[p]) - exact(best[p]), dtype=np.float64) if p else np.zeros(())) for p in units.pairs[0])
    return float(np.sqrt(np.mean(np.square(units.features(study.X) @ weight + bias))))
