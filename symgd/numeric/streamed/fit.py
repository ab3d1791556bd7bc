"""The whole way on a table that is read part by part: one pass for the moments, then a descent on them alone; or, for a loss that is no sum of squares,
a descent each of whose steps is one reduction over all parts.

Glossary: θ the parameters; `g` the bound loss; `S` the centred products of the columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from symgd.hessian import Majorant
from symgd.numeric.bound.above import needed
from symgd.numeric.bound.held import Held
from symgd.numeric.bound.moments import Moments
from symgd.numeric.closed.form import solvable
from symgd.numeric.curve import curve
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.outcome import Outcome, of_classes, outcome, prediction_of
from symgd.numeric.data.study import hidden_axes, penalty_of
from symgd.numeric.data.units import Units
from symgd.numeric.descent.constants import Constants
from symgd.numeric.descent.descend import chosen_for, descend_bound, kinked, rates_near
from symgd.numeric.descent.methods import MethodName
from symgd.numeric.descent.rates import Rates, minimum, shown
from symgd.numeric.fit import MOST_KEPT, TOLERANCE, Fit, first_point, outlook, separated
from symgd.numeric.function import GradientFunction
from symgd.numeric.streamed.exact import rounded
from symgd.numeric.streamed.loss import bound
from symgd.numeric.streamed.passes import all_sums
from symgd.numeric.streamed.study import StreamedStudy, spread
from symgd.term import Call

__all__ = ["fit_streamed"]


def fit_streamed(
    study: StreamedStudy, *, start: Mapping[str, float] | None = None, hold: Mapping[str, float] | None = None, rate: float | Literal["auto"] = "auto",
    max_iterations: int = 1000, stop: Literal["auto", "unchanged", "never"] = "auto", standardise: bool = True, seed: int = 0,
    announce: Callable[[tuple[str, ...], Rates, Units, Constants], None] | None = None, tell: Callable[[int, int], None] | None = None,
    method: MethodName = "gd", momentum: float | None = None, batch: int | None = None, decay: float = 0.0,
) -> Fit:  # fmt: skip
    """`numeric.fit.fit` on a table that is read part by part; the words are the same.

    The closed form is found from the moments in double precision, not in exact arithmetic, and says so with its condition.
    Raises DataError, and ValueError for what a stream cannot do: batches of stochastic descent.
    """
    if method == "sgd":
        raise ValueError("sgd draws rows from all over the table, which is read part by part here: take gd, momentum or bb")
    problem, f = study.problem, GradientFunction(study.gradient)
    held = {study.shapes.owner(k) for places, _ in study.shapes.entries(hold or {}) for k in places}
    units = study.units(standard=standardise, fixed=tuple(held))
    first = first_point(study, units, {**(start or {}), **(hold or {})}, seed)
    g = bound(study, f, units)
    if hold:
        fixed = [k for places, _ in study.shapes.entries(hold) for k in places]
        g = Held(g, first, ~np.isin(np.arange(len(first)), fixed))
    known = _rates(study, f, g, units, first)
    chosen = chosen_for(g, first.tolist(), known, method, rate, momentum, None)
    warning = "" if rate == "auto" and momentum is None else known.warning(chosen.rate) if method == "gd" else chosen.warning(known)
    if announce:
        ahead = outlook(g, chosen.rate, first, max_iterations, raw=not units.scalings) if not warning and method == "gd" else ""
        announce(tuple(filter(None, (warning, ahead))), known, units, chosen)
    trace = descend_bound(
        g, start=first.tolist(), kinked=kinked(problem), scaled=bool(units.scalings), known=known, rate=rate, max_iterations=max_iterations, stop=stop,
        tell=tell, keep="all" if len(first) * max_iterations <= MOST_KEPT else "ends", method=method, momentum=momentum, decay=decay,
    )  # fmt: skip
    end = study.shapes.split(trace.points[-1])
    best, why_not = _closed(study, g)
    closed = None if best is None else _in_own_units(study, units, units.own(study.shapes.split(best)))
    gap = None if closed is None else _gap(study, units, units.own(end), closed, trace.gap)
    agrees = None if gap is None or trace.stopped != "converged" else gap <= TOLERANCE * spread(study.whole)
    predicted = _outcome(study, f, units, end)
    least = None if best is None else g.fun(best)
    remark = separated(study, units, predicted)
    return Fit(units.own(end), closed, why_not, gap, agrees, units, trace, g, warning, rate, least, predicted, remark, chosen)


def _rates(study: StreamedStudy, f: GradientFunction, g: Any, units: Units, first: Column) -> Rates:
    """Those of the Hessian; for another loss those of the form above it, which a few rows with the same products give; else estimates from the sample."""
    if g.quadratic:
        return rates_near(g, first.tolist())
    problem, feature = study.problem, study.feature
    jumps = kinked(problem)
    straight = units.pairs or max((units.powers or {}).values(), default=0) == 1
    if feature is not None and straight and not hidden_axes(problem) and not jumps:
        above = curve(study.gradient)
        if isinstance(above.form.majorant, Majorant) and needed(above.form) <= {feature.symbol}:
            like: Any = units.features(study.likeness())
            few: dict[str, Any] = {feature.symbol: like if len(feature.indices) > 1 else np.ascontiguousarray(like[:, 0])}
            return above.rates(**few)
    hidden = {h: study.shapes.sizes[h] for h in hidden_axes(problem)}
    run = study.data(units.features(study.X))
    some: Any = f.bind(**run, sizes=hidden) if hidden else f.bind(**run)
    if isinstance(g, Held):
        some = Held(some, g.first, g.free)
    return rates_near(some, first.tolist(), kinked=jumps)


def _closed(study: StreamedStudy, g: Any) -> tuple[Column | None, str]:
    """(the minimum in the units of the run, how it was found), or why there is none."""
    if isinstance(g, Held):
        return None, "its formula is for the case that no weight is held"
    if why := solvable(study.gradient).why_not:
        return None, why
    if not g.quadratic:
        return None, "it is found from moments, and this loss is not made from those of its columns"
    if (best := minimum(g)) is None:
        return None, "the data do not determine one solution: the columns are dependent as far as double precision tells"
    condition = shown(_condition(g.moments)) if not penalty_of(study.problem) else shown(_bent(g))
    return np.array(best), f"found from the moments in double precision, not in exact arithmetic; condition {condition}"


def _in_own_units(study: StreamedStudy, units: Units, found: dict[str, Any]) -> dict[str, Any]:
    """The solution, and where it is that of the moments of the data as they stand those numbers: they went through no other units.

    That of y − Σ w_k x_k − b, whose moments are at hand: w = −a, b = −a_0 where their residuals are orthogonal to every column.
    """
    if (names := _line(study, units)) is None or penalty_of(study.problem):
        return found
    weight, bias = names
    m = study.whole
    S = np.array(m.S).reshape((len(m.means),) * 2)
    size = np.sqrt(np.diag(S))
    step = np.linalg.solve(S / size / size[:, None], -np.array(m.g) / size) / size
    a = np.array(m.anchor) + step
    level = sum((Fraction(d) * Fraction(v) for d, v in zip(step.tolist(), m.means, strict=True)), Fraction(m.mean))
    w, b = -a, -float(Fraction(m.constant) - level)
    near = np.abs(w - np.ravel(found[weight])) <= 1e-6 * np.abs(w) + 1e-9 * spread(m) / np.sqrt(np.diag(S) / m.n)
    return {**found, weight: w.reshape(np.shape(found[weight])) if np.ndim(found[weight]) else float(w[0]), bias: b} if near.all() else found


def _line(study: StreamedStudy, units: Units) -> tuple[str, str] | None:
    """(weights, intercept) of a model that is Σ_k w_k x_k + b and no more."""
    mine = {p.symbol for p in study.problem.parameters}
    names = units.pairs[0] if len(units.pairs) == 1 else (units.slope, units.intercept)
    return names if all(names) and set(names) == mine and study.names else None


def _gap(study: StreamedStudy, units: Units, end: Mapping[str, Any], closed: Mapping[str, Any], otherwise: float | None) -> float | None:
    """√ of the mean of (Σ_k Δw_k x_k + Δb)², from the moments; the differences are taken exactly, so that none of them is lost."""
    if (names := _line(study, units)) is None or not all(np.isfinite(v).all() for v in end.values()):
        return otherwise
    (weight, bias), m = names, study.whole
    d = [Fraction(float(p)) - Fraction(float(q)) for p, q in zip(np.ravel(end[weight]), np.ravel(closed[weight]), strict=True)]
    level = Fraction(end[bias]) - Fraction(closed[bias]) + sum((a * Fraction(v) for a, v in zip(d, m.means, strict=True)), Fraction(0))
    moved = np.array([float(v) for v in d])
    return math.sqrt(float(level) ** 2 + max(float(moved @ np.array(m.S).reshape((len(d),) * 2) @ moved), 0.0) / m.n)


def _condition(m: Moments) -> float:
    """Of the columns, each about its mean and of length 1."""
    S = np.array(m.S).reshape((len(m.means),) * 2)
    size = np.sqrt(np.diag(S))
    size[size == 0] = 1.0
    values = np.linalg.eigvalsh(S / size / size[:, None]) if len(size) else np.ones(1)
    return math.sqrt(values[-1] / values[0]) if values[0] > 0 else math.inf


def _bent(g: Any) -> float:
    """√ of that of the second derivatives."""
    values = np.linalg.eigvalsh(g.hessian())
    return math.sqrt(values[-1] / values[0]) if values[0] > 0 else math.inf


def _outcome(study: StreamedStudy, f: GradientFunction, units: Units, end: Mapping[str, Any]) -> Outcome | None:
    """How the model does on all rows, from the moments where it is a line through them, else by one more pass; what it predicts for the sample."""
    shown_rows = outcome(study, end, study.data(units.features(study.X)))
    if shown_rows is None:
        return None
    classes = len(study.goal.classes)
    total = study.rows * spread(study.whole) ** 2
    if not classes and (left := _left(study, units, units.own(end))) is not None:
        return Outcome(shown_rows.predicted, r_squared=1 - left / total if total else None)
    scalings = tuple((s.mean, s.scale) for s in units.scalings)
    ask = replace(study.ask, what="outcome", function=f, numbers=(scalings, tuple(end[p] for p in f.parameters), classes))
    totals = [rounded(e) for e in all_sums(study.table, ask, study.run, study.tell).totals]
    if classes:
        return of_classes(shown_rows.predicted, np.array(totals, dtype=int).reshape(classes, classes))
    return Outcome(shown_rows.predicted, r_squared=1 - totals[0] / total if total else None)


def _left(study: StreamedStudy, units: Units, end: Mapping[str, Any]) -> float | None:
    """Σ (y − Σ_k w_k x_k − b)² from the moments of y and x; None where the prediction is not of that form."""
    last = prediction_of(study.problem)
    made = None if last is None else study.problem.definition(last.symbol)
    names = _line(study, units)
    if names is None or last is None or last.symbol != "y_hat" or made is None or isinstance(made.value, Call):
        return None
    m = study.whole
    d = [-Fraction(float(w)) - Fraction(a) for w, a in zip(np.ravel(end[names[0]]), m.anchor, strict=True)]
    through = sum((a * Fraction(v) for a, v in zip(d, m.means, strict=True)), Fraction(m.mean))
    level = float(through - Fraction(end[names[1]]) - Fraction(m.constant))
    moved = np.array([float(v) for v in d])
    return m.n * level * level + m.R + float(moved @ (2 * np.array(m.g) + np.array(m.S).reshape((len(d),) * 2) @ moved))


