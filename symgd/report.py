"""A fit for a person: the lines for the terminal, the data for machines, and the page with its pictures."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symgd.derivation import Gradient
from symgd.document.page import Block, Code, Formula, Heading, Inline, Note, Page, Prose, Strong, Table
from symgd.exposition import explain
from symgd.hessian import curvature
from symgd.numeric.fit import TOLERANCE, Fit, Units
from symgd.numeric.function import GradientFunction
from symgd.numeric.rates import NEAR, Rates, shown
from symgd.pictures import Drawing, contour_with_path, loss_over_iterations, loss_parabola, scatter_with_line, to_blocks
from symgd.stationary import closed_form
from symgd.term import D
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["Subject", "after_lines", "before_lines", "to_data", "to_page"]

SHOWN = 7  # rows of the table of steps


@dataclass(frozen=True)
class Subject:
    """What was fitted: the gradient, the columns, and what they are called."""

    gradient: Gradient
    x: Any
    y: Any
    feature: str
    target: str
    source: str
    rows_are: str = "rows"
    notes: tuple[str, ...] = ()

    @property
    def uses_feature(self) -> bool:
        return any(d.symbol == "x" for d in self.gradient.problem.data)

    @property
    def about(self) -> str:
        """fy_gpa from sat_sum, 1,000 students (the bundled example)"""
        what = f"{self.target} from {self.feature}" if self.uses_feature else self.target
        return f"{what}, {len(self.y):,} {self.rows_are} ({self.source})"


# ---------------------------------------------------------------- the terminal


def _wrapped(head: str, text: str) -> str:
    """One paragraph under a word in the margin, 80 columns wide."""
    return textwrap.fill(text, 79, initial_indent=f"  {head:10} ", subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)


def before_lines(subject: Subject, rate: float | str, warning: str, known: Rates, units: Units) -> Iterator[str]:
    """What can be said before the first step."""
    problem = subject.gradient.problem
    moves = sum(len(d.steps) + len(d.in_full) for d in subject.gradient.tape)
    yield textwrap.fill(f"{problem.title}: {subject.about}", 79, break_long_words=False)
    yield from (_wrapped("note", note) for note in subject.notes)
    yield ""
    for k, d in enumerate(problem.tape):
        yield f"  {'model' if k == 0 else '':10} {to_unicode(layout(d.name))} = {to_unicode(layout(d.value))}"
    for k, p in enumerate(problem.parameters):
        result = to_unicode(layout(subject.gradient.of(p.symbol).result))
        yield f"  {'gradient' if k == 0 else '':10} {to_unicode(layout(D(problem.objective, p)))} = {result}"
    verdict = "all proved" if subject.gradient.proved else "not all of them proved"
    yield f"             derived in {moves} moves, {verdict}"
    if subject.uses_feature:
        yield _wrapped("feature", _feature(subject, units))
    yield _wrapped("rate", _rate(rate, known))
    if warning:
        yield _wrapped("warning", warning)
    yield ""


def _predicted(fit: Fit) -> str:
    """How many steps the eigenvalues promise, beside how many were made."""
    steps = fit.trace.predicted_iterations
    return "" if steps is None else f"{steps:,} step{'s' * (steps != 1)} at this rate, from the curvature, to come within {NEAR:g} of the target's spread"


def _feature(subject: Subject, units: Units) -> str:
    if units.scaling is None:
        return f"{subject.feature} as it is"
    moved = f"({subject.feature} − {units.scaling.mean:.6g})" if units.scaling.mean else subject.feature
    return f"standardised: x = {moved}/{units.scaling.scale:.6g}; results below are in the data's own units"


def _rate(rate: float | str, known: Rates) -> str:
    bound = f"2/λmax = {shown(known.bound)}" + ("" if known.exact else ", estimated at the start")
    if rate == "auto":
        best = "the best fixed rate 2/(λmax + λmin)" if known.exact else "a cautious rate 1/λmax, halved where the loss would rise"
        return f"{known.best:.6g}, {best}; the bound is {bound}, the condition {shown(known.condition)}"
    return f"{rate:.6g} as given; the bound is {bound}, the condition {shown(known.condition)}"


def after_lines(subject: Subject, fit: Fit) -> Iterator[str]:
    """The steps, why it stopped, and the cross-check."""
    names = list(fit.parameters)
    yield "  " + "".join(f"{head:>{width}}" for head, width in (("step", 10), *((n, 20) for n in names), ("loss", 20)))
    for k, point, loss in _steps(fit):
        yield "  " + f"{k:>10,}" + "".join(f"{point[n]:>20.10g}" for n in names) + f"{loss:>20.10g}"
    yield ""
    yield _wrapped("stopped", fit.trace.says)
    if predicted := _predicted(fit):
        yield _wrapped("predicted", predicted)
    yield ""
    yield "  " + f"{'':11}" + "".join(f"{n:>20}" for n in names)
    yield "  " + f"{'descent':11}" + "".join(f"{v:>20.13g}" for v in fit.parameters.values())
    if fit.closed is None:
        yield _wrapped("closed form", f"none: {fit.why_not}")
    else:
        yield "  " + f"{'closed form':11}" + "".join(f"{v:>20.13g}" for v in fit.closed.values())
        yield _wrapped("gap", cross_check(subject, fit))


def cross_check(subject: Subject, fit: Fit) -> str:
    """The gap in words, and whether it is small enough."""
    if fit.gap is None:
        return "there is no closed form to compare with"
    words = f"{fit.gap:.3g} {subject.target} between the predictions of the two (root mean square)"
    if fit.agrees is None:
        return words
    return words + (": the cross-check holds" if fit.agrees else f": the cross-check FAILS, more than {TOLERANCE:g} of the target's standard deviation")


def _steps(fit: Fit) -> Iterator[tuple[int, dict[str, float], float]]:
    """A few steps of the run, in the data's own units: the first ones, then ever further apart, and the last."""
    last = len(fit.trace.losses) - 1
    chosen = sorted({0, *(min(last, round(10 ** (k * math.log10(max(last, 1)) / (SHOWN - 2)))) for k in range(SHOWN - 1)), last})
    for k in chosen:
        point = dict(zip(fit.trace.parameters, map(float, fit.trace.points[k]), strict=True))
        yield (k if k < last else fit.trace.iterations), fit.units.own(point), float(fit.trace.losses[k])


# ---------------------------------------------------------------- machines


def to_data(subject: Subject, fit: Fit) -> str:
    """The result as JSON; what is not finite or not known is null."""
    rates = fit.trace.rates
    data = {
        "problem": subject.gradient.problem.name or subject.gradient.problem.title,
        "rows": len(subject.y),
        "features": [subject.feature] if subject.uses_feature else [],
        "target": subject.target,
        "parameters": {k: _finite(v) for k, v in fit.parameters.items()},
        "closed_form": None if fit.closed is None else {k: _finite(v) for k, v in fit.closed.items()},
        "gap": _finite(fit.gap),
        "loss": _finite(fit.trace.loss),
        "rate": fit.trace.rate,
        "rate_bound": _finite(rates.bound),
        "condition": _finite(rates.condition),
        "iterations": fit.trace.iterations,
        "predicted_iterations": fit.trace.predicted_iterations,
        "stopped": fit.trace.stopped,
        "says": " ".join(filter(None, (fit.warning, fit.trace.says, "" if fit.agrees is not False else "The cross-check failed."))),
        "standardised": None if fit.units.scaling is None else {"mean": fit.units.scaling.mean, "scale": fit.units.scaling.scale},
        "cross_check": fit.agrees,
    }
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)  # a column's name may hold what commands a screen


def _finite(v: float | None) -> float | None:
    return v if v is not None and math.isfinite(v) else None


# ---------------------------------------------------------------- the page


def to_page(subject: Subject, fit: Fit, detail: str = "brief", title: str = "") -> Page:
    """The document of the whole way: data, derivation, rate, descent, cross-check, code; with pictures where the loss has them."""
    gradient = subject.gradient
    derived = explain(gradient, closed_form(gradient), curvature(gradient), detail)
    blocks: list[Block] = [Heading(1, ("The data and the result",)), *_result(subject, fit), *derived.blocks, *_descent(subject, fit), *_code(gradient)]
    return Page((title or f"{gradient.problem.title}: {subject.about}",), tuple(blocks), (fit.trace.says,))


def _result(subject: Subject, fit: Fit) -> Iterator[Block]:
    yield Prose((" ".join((f"{subject.about}.", *subject.notes)),))
    if subject.uses_feature and fit.units.slope:
        w, b = _line(subject, fit)
        if math.isfinite(w) and math.isfinite(b):
            drawing = scatter_with_line(
                subject.x, subject.y, w, b, x_label=subject.feature, y_label=subject.target, points_are=subject.rows_are, sticks=12, prefix="scatter"
            )
            yield from to_blocks(drawing)
    yield _numbers(fit)
    text: Inline = (Strong("Cross-check. "), f"The gap is {cross_check(subject, fit)}.") if fit.closed else (f"There is no closed form: {fit.why_not}.",)
    yield Note(text, "warning" if fit.agrees is False else "note")
    if fit.warning:
        yield Note((fit.warning,), "warning")


def _line(subject: Subject, fit: Fit) -> tuple[float, float]:
    """Slope and intercept of the line that is drawn: the descent's."""
    held = {c.symbol: float(v) for c, v in subject.gradient.problem.constants if v is not None}
    values = fit.parameters | held
    return values.get(fit.units.slope, 0.0), values.get(fit.units.intercept or "b", 0.0)


def _numbers(fit: Fit) -> Table:
    head: tuple[Inline, ...] = (("",), ("descent",), ("closed form",))
    rows = tuple(((name,), (f"{v:.13g}",), ("none" if fit.closed is None else f"{fit.closed[name]:.13g}",)) for name, v in fit.parameters.items())
    return Table(head, rows, ("The parameters, in the units of the data.",), numeric=(1, 2))


def _descent(subject: Subject, fit: Fit) -> Iterator[Block]:
    trace = fit.trace
    yield Heading(1, ("The descent on these data",))
    feature = f" The feature is {_feature(subject, fit.units)}." if subject.uses_feature else ""
    yield Prose((f"The learning rate is {_rate(fit.asked, trace.rates)}.{feature}",))
    if predicted := _predicted(fit):
        yield Prose((f"Predicted: {predicted}.",))
    if fit.bound.quadratic:
        yield _hessian(fit)
    names = tuple((Formula(layout(p)),) for p in subject.gradient.problem.parameters)
    rows = tuple(((f"{k:,}",), *((f"{v:.8g}",) for v in point.values()), (f"{loss:.8g}",)) for k, point, loss in _steps(fit))
    yield Table((("step",), *names, ("loss",)), rows, ("The descent, in the units of the data.",), numeric=tuple(range(len(names) + 2)))
    least = float(fit.bound.loss(*(fit.units.run(fit.closed)[p] for p in trace.parameters))) if fit.closed else None
    for drawing in _pictures(subject, fit, least):
        yield from to_blocks(drawing)


def _hessian(fit: Fit) -> Table:
    """The second derivatives on these data, and what follows from them."""
    H, names, rates = fit.bound.hessian(), fit.trace.parameters, fit.trace.rates
    entries = [(f"∂²L/∂{p}∂{q}", H[j, k]) for j, p in enumerate(names) for k, q in enumerate(names) if j <= k]
    values = [*entries, *((f"eigenvalue {k}", v) for k, v in enumerate(rates.eigenvalues, 1)), ("bound 2/λmax", rates.bound), ("best rate", rates.best)]
    rows = tuple(((name,), (f"{value:.8g}",)) for name, value in (*values, ("condition λmax/λmin", rates.condition)))
    return Table((("second derivatives, as the run sees the feature",), ("value",)), rows, (), numeric=(1,))


def _pictures(subject: Subject, fit: Fit, least: float | None) -> Iterator[Drawing]:
    trace = fit.trace
    yield loss_over_iterations(trace.losses, least, stopped=trace.stopped.replace("-", " "), y_label="loss", prefix="loss")
    if not fit.bound.quadratic or not fit.closed or not subject.uses_feature:
        return
    if fit.units.slope:
        yield _parabola(subject, fit)
    if len(trace.parameters) == 2 and fit.units.intercept:
        H = fit.bound.hessian()
        best = fit.units.run(fit.closed)
        order = [trace.parameters.index(p) for p in (fit.units.slope, fit.units.intercept)]
        w, b = (trace.parameters[k] for k in order)
        yield contour_with_path(
            (float(H[order[0], order[0]]), float(H[order[0], order[1]]), float(H[order[1], order[1]])),
            (best[w], best[b]),
            [(float(p[order[0]]), float(p[order[1]])) for p in trace.points],
            x_label=w if fit.units.scaling is None else f"{w} (for the standardised feature)",
            y_label=b,
            least=least,
            stopped=trace.stopped.replace("-", " "),
            prefix="contour",
        )


def _parabola(subject: Subject, fit: Fit) -> Drawing:
    """L(w) = A w² + B w + C with the intercept held at its best value, in the data's own units; tangents on both sides of the vertex."""
    f = GradientFunction(subject.gradient)
    data = {d.symbol: {"x": subject.x, "y": subject.y}[d.symbol] for d in subject.gradient.problem.data}
    g, closed, k = f.bind(**data), dict(fit.closed or {}), list(f.parameters).index(fit.units.slope)
    best = closed[fit.units.slope]
    at_zero = [0.0 if p == fit.units.slope else closed[p] for p in f.parameters]
    loss, slopes = g.loss_and_gradient(*at_zero)
    reach = max(abs(best), 1e-3)
    held = ", ".join(f"{p} = {v:.4g}" for p, v in closed.items() if p != fit.units.slope)
    points = [best + reach * t for t in (-0.8, -0.4, 0.0, 0.5)]
    a, b, c = float(g.hessian()[k, k]) / 2, float(slopes[k]), float(loss)
    return loss_parabola(a, b, c, points, w_label=fit.units.slope, y_label="loss", held=held, prefix="parabola")


def _code(gradient: Gradient) -> Iterator[Block]:
    yield Heading(1, ("The gradient as a program",))
    yield Prose(("This NumPy text was written from the derivation above and is what ran; each line names the step that it comes from.",))
    yield Code(GradientFunction(gradient).source, "python")
