"""A fit as a page: data, derivation, rate, descent, cross-check, code; with pictures where the loss has them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from symgd.derivation import Gradient
from symgd.document.page import Block, Code, Formula, Heading, Inline, Note, Page, Prose, Strong, Table
from symgd.explained import page_of
from symgd.exposition import Style
from symgd.hessian import curvature
from symgd.numeric.descent.methods import METHODS, Update
from symgd.numeric.descent.trace import as_chain
from symgd.numeric.fit import Fit
from symgd.numeric.function import GradientFunction
from symgd.numeric.program.line import NotSupported
from symgd.numeric.data.outcome import prediction_of
from symgd.numeric.data.study import Study, hidden_axes
from symgd.numeric.tried import tried
from symgd.pictures import Drawing, contour_with_path, loss_over_iterations, loss_parabola, scatter_with_line, to_blocks
from symgd.pictures.predicted import predicted_against_actual
from symgd.stationary import closed_form
from symgd.summary import (
    MOST_WEIGHTS, collinear_in_words, constants_in_words, cross_check, entries, penalty_in_words, predicted, rate_in_words, start_in_words, steps_of,
    unit_in_words, weights_in_words,
)  # fmt: skip
from symgd.term import Call, D, Name, Term, replace
from symgd.typeset.layout import layout

__all__ = ["as_program", "to_page"]

MOST_ROWS, MOST_COLUMNS = 200, 3  # of the tables of numbers and of steps


def to_page(study: Study, fit: Fit, detail: str = "brief", title: str = "") -> Page:
    """The document of the whole way: data, derivation, rate, descent, cross-check, code; with pictures where the loss has them."""
    gradient = study.gradient
    derived = page_of(gradient, closed_form(gradient), curvature(gradient), Style(detail))
    blocks: list[Block] = [Heading(1, ("The data and the result",)), *_result(study, fit), *derived.blocks, *_descent(study, fit), *_code(gradient)]
    return Page((title or f"{gradient.problem.title}: {study.about}",), tuple(blocks), (fit.trace.says,))


def _result(study: Study, fit: Fit) -> Iterator[Block]:
    yield Prose((" ".join((f"{study.about}.", *study.notes)),))
    for words in collinear_in_words(study):
        yield Note((f"Collinear: {words}.",), "warning")
    if drawing := _against(study, fit):
        yield from to_blocks(drawing)
    yield from _numbers(study, fit)
    text: Inline = (Strong("Cross-check. "), f"The gap is {cross_check(study, fit)}.") if fit.closed else (f"There is no closed form: {fit.why_not}.",)
    yield Note(text, "warning" if fit.agrees is False else "note")
    if fit.remark:
        yield Note((f"{fit.remark[0].upper()}{fit.remark[1:]}.",), "warning")
    if fit.warning:
        yield Note((fit.warning,), "warning")


def _against(study: Study, fit: Fit) -> Drawing | None:
    """Data and line where the model is one; else the predictions against what is, where a number is predicted."""
    last = prediction_of(study.problem)
    if fit.outcome is None or fit.outcome.accuracy is not None or last is None:
        return None
    drawn = study.problem.definition(last.symbol)
    if fit.units.slope and last.symbol == "y_hat" and drawn is not None and not isinstance(drawn.value, Call):
        w, b = _line(study, fit)
        return scatter_with_line(study.x, study.y, w, b, x_label=study.names[0], y_label=study.target, points_are=study.rows_are, sticks=12, prefix="scatter")
    if not math.isfinite(float(fit.outcome.predicted.sum())):
        return None
    return predicted_against_actual(fit.outcome.predicted, study.y, label=study.target, points_are=study.rows_are)


def _line(study: Study, fit: Fit) -> tuple[float, float]:
    """Slope and intercept of the line that is drawn: the descent's."""
    held = {c.symbol: float(v) for c, v in study.gradient.problem.constants if v is not None}
    values = fit.parameters | held
    return values.get(fit.units.slope, 0.0), values.get(fit.units.intercept or "b", 0.0)


def _numbers(study: Study, fit: Fit) -> Iterator[Block]:
    """A row for each number, of the first MOST_ROWS; and the classes, as they are and as they are predicted."""
    heads, rows = entries(study, fit)
    if hidden_axes(study.problem) and len(rows) > MOST_WEIGHTS:
        rows = []
    shown = tuple(((name,), *(("" if v is None else f"{v:.10g}",) for v in cells)) for name, *cells in rows[:MOST_ROWS])
    more = f" The first {MOST_ROWS} of {len(rows):,}." if len(rows) > MOST_ROWS else ""
    what = "prediction" if fit.outcome is not None and fit.outcome.accuracy is None else "score"
    deviations = f" Per deviation: the change of the {what} when the column grows by one standard deviation." if "per deviation" in heads else ""
    caption = f"The parameters, in the units of the data.{deviations}{more}"
    if shown:
        yield Table((("",), *((h,) for h in heads)), shown, (caption,), numeric=tuple(range(1, len(heads) + 1)))
    else:
        yield Prose((f"The network has {weights_in_words(study)}; their values are in the output of --json.",))
    if fit.outcome is not None and fit.outcome.confusion:
        labels = study.goal.classes
        counts = tuple(((f"actual {c}",), *((f"{v:,}",) for v in row)) for c, row in zip(labels, fit.outcome.confusion, strict=True))
        share = f"Accuracy {fit.outcome.accuracy:.4g}: the share of the {study.rows_are} whose class is predicted."
        yield Table((("",), *((f"predicted {c}",) for c in labels)), counts, (share,), numeric=tuple(range(1, len(labels) + 1)))


def _descent(study: Study, fit: Fit) -> Iterator[Block]:
    trace = fit.trace
    yield Heading(1, ("The descent on these data",))
    seen = "The feature is" if len(study.names) == 1 else "The features are"
    feature = f" {seen} {unit_in_words(study, fit.units)}." if study.feature else ""
    if trace.method == "gd":
        yield Prose((f"The learning rate is {rate_in_words(fit.asked, trace.rates)}.{feature}",))
    else:
        yield from _method(study.gradient, fit, feature)
    if penalty := penalty_in_words(study, fit.units):
        yield Prose((f"The penalty: {penalty}.",))
    if hidden_axes(study.problem):
        yield Prose((f"The start: {start_in_words(study)}.",))
    if words := predicted(fit):
        yield Prose((f"Predicted: {words}.",))
    if fit.bound.quadratic:
        yield _hessian(fit)
    few = study.shapes.scalars and len(study.problem.parameters) <= MOST_COLUMNS
    names = tuple((Formula(layout(p)),) for p in study.problem.parameters) if few else ()
    points = ((f"{k:,}", point.values() if few else (), loss) for k, point, loss in steps_of(study, fit))
    rows = tuple(((k,), *((f"{v:.8g}",) for v in values), (f"{loss:.8g}",)) for k, values, loss in points)
    yield Table((("step",), *names, ("loss",)), rows, ("The descent, in the units of the data.",), numeric=tuple(range(len(names) + 2)))
    for drawing in _pictures(study, fit, fit.least):
        yield from to_blocks(drawing)


def _method(gradient: Gradient, fit: Fit, feature: str) -> Iterator[Block]:
    """The rule of the method for all parameters together, whence it comes, and its constants here."""
    trace = fit.trace
    method = METHODS[trace.method]
    yield Prose((f"The steps are those of {method.title}, θ all parameters together:",))
    yield as_chain(method.update)
    if "momentum" in method.has:
        own = [line for p in gradient.problem.parameters[:MOST_COLUMNS] for line in _own(method.update, gradient, p)]
        yield Prose(("With the slopes derived above that is",))
        yield as_chain(tuple(own))
    yield Prose((f"{method.because[0].upper()}{method.because[1:]}.",))
    if method.errors:
        yield as_chain(method.errors)
    yield Prose((f"The source: {method.source}.",))
    rows = f"; batches of {trace.batch:,} rows, drawn from the seed {trace.seed}" if trace.batch else ""
    yield Prose((f"The rate is {constants_in_words(trace.method, fit.asked, trace.rates, fit.chosen)}{rows}.{feature}",))


def _own(rule: tuple[Update, ...], gradient: Gradient, p: Name) -> Iterator[Update]:
    """The rule of θ for one parameter: its own velocity v_p, and its slope as derived."""

    def change(t: Term) -> Term | None:
        match t:
            case D(_, Name("theta")):
                return gradient.of(p.symbol).result
            case Name("theta"):
                return p
            case Name("v"):
                return Name(f"v_{p.symbol}", p.indices)
        return None

    return (Update(replace(u.left, change), u.relation, replace(u.right, change)) for u in rule)


def _hessian(fit: Fit) -> Table:
    """The second derivatives on these data, where they are few, and what follows from them."""
    H, names, rates = fit.bound.hessian(), fit.trace.parameters, fit.trace.rates
    few = len(names) <= MOST_COLUMNS
    entries = [(f"∂²L/∂{p}∂{q}", H[j, k]) for j, p in enumerate(names) for k, q in enumerate(names) if j <= k] if few else []
    every = [(f"eigenvalue {k}", v) for k, v in enumerate(rates.eigenvalues, 1)]
    some = every if few else [("smallest eigenvalue", rates.eigenvalues[0]), ("largest eigenvalue", rates.eigenvalues[-1])]
    values = [*entries, *some, ("bound 2/λmax", rates.bound), ("best rate", rates.best), ("condition λmax/λmin", rates.condition)]
    rows = tuple(((name,), (f"{value:.8g}",)) for name, value in values)
    what = "feature" if few else "features"
    return Table(((f"second derivatives, as the run sees the {what}",), ("value",)), rows, (), numeric=(1,))


def _pictures(study: Study, fit: Fit, least: float | None) -> Iterator[Drawing]:
    trace = fit.trace
    if len(trace.losses) <= trace.iterations:
        return  # only the ends were kept
    yield loss_over_iterations(trace.losses, least, stopped=trace.stopped.replace("-", " "), y_label="loss", prefix="loss")
    if not fit.bound.quadratic or not fit.closed or not study.feature:
        return
    if fit.units.slope:
        yield _parabola(study, fit)
    if len(trace.parameters) == 2 and fit.units.intercept:
        H = fit.bound.hessian()
        best = fit.units.run(fit.closed)
        order = [trace.parameters.index(p) for p in (fit.units.slope, fit.units.intercept)]
        w, b = (trace.parameters[k] for k in order)
        yield contour_with_path(
            (float(H[order[0], order[0]]), float(H[order[0], order[1]]), float(H[order[1], order[1]])),
            (best[w], best[b]),
            [(float(p[order[0]]), float(p[order[1]])) for p in trace.points],
            x_label=w if not fit.units.scalings else f"{w} (for the standardised feature)",
            y_label=b,
            least=least,
            stopped=trace.stopped.replace("-", " "),
            prefix="contour",
        )


def _parabola(study: Study, fit: Fit) -> Drawing:
    """L(w) = A w² + B w + C with the intercept held at its best value, in the data's own units; tangents on both sides of the vertex."""
    f = GradientFunction(study.gradient)
    g, closed, k = study.bound(f), dict(fit.closed or {}), list(f.parameters).index(fit.units.slope)
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
    yield Code(GradientFunction(gradient).source, "python", "")


def as_program(gradient: Gradient) -> tuple[Block, ...]:
    """The gradient's NumPy text, and a few numbers on which it is tried, as programs that can be run; nothing where it cannot be compiled."""
    try:
        f = GradientFunction(gradient)
    except NotSupported:
        return ()
    says = "This NumPy text is written from the derivation above; each line names the step that it comes from."
    blocks: tuple[Block, ...] = (Heading(1, ("The gradient as a program",)), Prose((says,)), Code(f.source, "python", ""))
    if (example := tried(f)) is None:
        return blocks
    return (*blocks, Prose(("It is tried on a few numbers, and held against two losses nearby:",)), Code(example[0], "python", example[1]))
