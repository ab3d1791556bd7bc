"""A fit for a person and for machines: the lines for the terminal, and the JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from symgd.numeric.fit import TOLERANCE, Fit
from symgd.numeric.descent.constants import Constants
from symgd.numeric.descent.methods import METHODS
from symgd.numeric.descent.rates import NEAR, Rates, shown
from symgd.numeric.data.study import Study, hidden_axes, penalty_of
from symgd.numeric.data.units import Units
from symgd.term import D
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = [
    "MOST_WEIGHTS", "after_lines", "before_lines", "collinear_in_words", "constants_in_words", "cross_check", "entries", "penalty_in_words", "predicted",
    "rate_in_words", "start_in_words", "steps_of", "to_data", "unit_in_words", "weights_in_words",
]  # fmt: skip

SHOWN = 7  # rows of the table of steps
MOST_COLUMNS = 2  # parameters with a column each in it
MOST_ENTRIES, MOST_WEIGHTS = 40, 12  # numbers listed on the terminal; of a network
WIDE = 79


def _wrapped(head: str, text: str) -> str:
    """One paragraph under a word in the margin, 80 columns wide."""
    return textwrap.fill(text, WIDE, initial_indent=f"  {head:10} ", subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)


# ---------------------------------------------------------------- before the first step


def before_lines(
    study: Study, rate: float | str, warnings: Sequence[str], known: Rates, units: Units, method: str, chosen: Constants
) -> Iterator[str]:
    """What can be said before the first step."""
    problem = study.problem
    moves = sum(len(d.steps) + len(d.in_full) for d in study.gradient.tape)
    yield textwrap.fill(f"{problem.title}: {study.about}", WIDE, break_long_words=False)
    yield from (_wrapped("note", note) for note in study.notes)
    yield from (_wrapped("collinear", words) for words in collinear_in_words(study))
    yield ""
    for k, d in enumerate(problem.tape):
        yield _wrapped("model" if k == 0 else "", f"{to_unicode(layout(d.name))} = {to_unicode(layout(d.value))}")
    for k, p in enumerate(problem.parameters):
        result = to_unicode(layout(study.gradient.of(p.symbol).result))
        yield _wrapped("gradient" if k == 0 else "", f"{to_unicode(layout(D(problem.objective, p)))} = {result}")
    verdict = "all proved" if study.gradient.proved else "not all of them proved"
    yield f"             derived in {moves} moves, {verdict}"
    if study.feature is not None:
        yield _wrapped("feature" if len(study.names) == 1 else "features", unit_in_words(study, units))
    if penalty := penalty_in_words(study, units):
        yield _wrapped("penalty", penalty)
    if hidden_axes(problem):
        yield _wrapped("start", start_in_words(study))
    if method != "gd":
        yield _wrapped("method", METHODS[method].title)
        for u in METHODS[method].update:
            says = f"    {u.says}" if u.says else ""
            yield _wrapped("", f"{to_unicode(layout(u.left))} {u.relation} {to_unicode(layout(u.right))}{says}")
    yield _wrapped("rate", rate_in_words(rate, known) if method == "gd" else constants_in_words(method, rate, known, chosen))
    yield from (_wrapped("warning", warning) for warning in warnings)
    yield ""


def collinear_in_words(study: Study) -> Iterator[str]:
    """Each column that is a combination of others, and what that means for the weights."""
    lost = "the weights of these columns are not determined, only their predictions are; leave one of them out to give each a meaning"
    shared = "only the penalty determines how these columns share their weight"
    yield from (f"{r}: {shared if penalty_of(study.problem) else lost}" for r in study.relations)


def unit_in_words(study: Study, units: Units) -> str:
    """What the run does to the features."""
    if not units.scalings:
        return f"{study.names[0]} as it is" if len(study.names) == 1 else "as they are"
    if len(study.names) == 1:
        s = units.scalings[0]
        moved = f"({study.names[0]} − {s.mean:.6g})" if s.mean else study.names[0]
        return f"standardised: x = {moved}/{s.scale:.6g}; results below are in the data's own units"
    how = "(column − mean)/deviation" if units.centred else "column/its root mean square"
    numbers = (f"{s.mean:.6g}, {s.scale:.6g}" if units.centred else f"{s.scale:.6g}" for s in units.scalings)
    each = (f"{name} ({two})" for name, two in zip(study.names, numbers, strict=True))
    listed = f": {', '.join(each)}" if len(study.names) <= 12 else ""
    return f"standardised: X = {how}{listed}; results below are in the data's own units"


def penalty_in_words(study: Study, units: Units) -> str:
    """On which scale a penalty on the weights acts: it is not the same for centimetres and for metres."""
    problem = study.problem
    strengths = [(c, v) for c, v in problem.constants if c.symbol.startswith("lam") and v is not None]
    if not strengths:
        return ""
    values = ", ".join(f"{to_unicode(layout(c))} = {float(v):g}" for c, v in strengths)
    if not units.scalings:
        return f"{values}, on the weights in the data's own units: a column in other units is penalised otherwise"
    how = "on the weights of the standardised features (weight times deviation), so that no unit matters"
    return f"{values}, {how}; --raw puts it on those in the data's own units"


def start_in_words(study: Study) -> str:
    sizes = ", ".join(str(study.shapes.sizes[h]) for h in hidden_axes(study.problem))
    return f"random weights for {sizes} hidden units (Glorot's uniform, He's normal before a relu), the same for the same --seed; biases 0"


def rate_in_words(rate: float | str, known: Rates) -> str:
    if math.isnan(known.bound):
        jumps = "the slope jumps at the kinks of this loss, so no fixed rate comes to rest"
        if rate != "auto":
            return f"{rate:.6g} as given; {jumps}"
        return f"{known.best:.6g}, whose first step lowers the loss most; {jumps}: it is halved where the loss would rise, and falls after the first kink"
    stands = "" if known.exact else f", for all weights, because {known.says}" if known.says else ", estimated at the start: elsewhere it may be another"
    bound = f"2/λmax = {shown(known.bound)}{stands}"
    if rate == "auto":
        safe = "the rate 1/λmax, at which no step raises the loss" if known.says else "a cautious rate 1/λmax, halved where the loss would rise"
        best = "the best fixed rate 2/(λmax + λmin)" if known.exact else safe
        return f"{known.best:.6g}, {best}; the bound is {bound}, the condition {shown(known.condition)}"
    return f"{rate:.6g} as given; the bound is {bound}, the condition {shown(known.condition)}"


def constants_in_words(method: str, rate: float | str, known: Rates, chosen: Constants) -> str:
    """The rate and momentum of a method other than plain descent, and what they stand on."""
    given = "as given" if rate != "auto" else "the best for the curvature" if known.exact else "from the curvature at the start"
    match method:
        case "momentum" | "nesterov":
            bound = f"; the bound is {chosen.formula} = {shown(chosen.bound)}, the condition {shown(known.condition)}" if known.exact else ""
            careful = "" if known.exact or rate != "auto" else "; where the loss would rise the velocity is dropped, and then the rate halved"
            return f"{chosen.rate:.6g}, {given}; momentum {chosen.momentum:.6g}{bound}{careful}"
        case "sgd":
            careful = given if rate != "auto" else "one over twice the expected smoothness of a batch"
            return f"{chosen.rate:.6g}, {careful}"
        case "newton":
            damped = "" if known.exact or rate != "auto" else ", halved where the loss would not fall enough"
            return "1, the whole step" + damped if chosen.rate == 1 else f"{chosen.rate:.6g} of the step, {given}"
        case "line-search":
            return f"found at each step; the first trial is {chosen.rate:.6g}, {given}"
    return f"found at each step; the first is {chosen.rate:.6g}, {given}"


# ---------------------------------------------------------------- after the last


def after_lines(study: Study, fit: Fit) -> Iterator[str]:
    """The steps, why it stopped, and the cross-check."""
    yield from _table_of_steps(study, fit)
    yield ""
    yield _wrapped("stopped", fit.trace.says)
    if words := predicted(fit):
        yield _wrapped("predicted", words)
    if fit.remark:
        yield _wrapped("note", fit.remark)
    yield ""
    yield from (_side_by_side(fit) if _few(study) else _one_below_the_other(study, fit))
    if fit.closed is None:
        yield _wrapped("closed form", f"none: {fit.why_not}")
    else:
        if fit.why_not:
            yield _wrapped("closed form", fit.why_not)
        yield _wrapped("gap", cross_check(study, fit))
    yield from _right_and_wrong(study, fit)


def _few(study: Study) -> bool:
    return study.shapes.scalars and len(study.problem.parameters) <= MOST_COLUMNS


def _table_of_steps(study: Study, fit: Fit) -> Iterator[str]:
    names = list(fit.parameters) if _few(study) else []
    least = _least(fit) if not names else None
    heads = [("step", 10), *((n, 20) for n in names), ("loss", 20), *([("above the least", 20)] if least is not None else [])]
    yield "  " + "".join(f"{head:>{width}}" for head, width in heads)
    for k, point, loss in steps_of(study, fit):
        beyond = "" if least is None else f"{max(loss - least, 0.0):>20.4g}"
        yield "  " + f"{k:>10,}" + "".join(f"{point[n]:>20.10g}" for n in names) + f"{loss:>20.10g}{beyond}"


def _least(fit: Fit) -> float | None:
    """The loss at the closed form, where there is one."""
    return None if fit.least is None or not math.isfinite(fit.least) else fit.least


def _side_by_side(fit: Fit) -> Iterator[str]:
    yield "  " + f"{'':11}" + "".join(f"{n:>20}" for n in fit.parameters)
    yield "  " + f"{'descent':11}" + "".join(f"{v:>20.13g}" for v in fit.parameters.values())
    if fit.closed is not None:
        yield "  " + f"{'closed form':11}" + "".join(f"{v:>20.13g}" for v in fit.closed.values())


def _one_below_the_other(study: Study, fit: Fit) -> Iterator[str]:
    """A row for each number: the descent's, the closed form's, and that for one standard deviation of the column."""
    heads, rows = entries(study, fit)
    if hidden_axes(study.problem) and len(rows) > MOST_WEIGHTS:
        yield _wrapped("weights", f"{weights_in_words(study)}; --json has them all")
        return
    wide = max([10, *(len(_short(name)) for name, *_ in rows[:MOST_ENTRIES])])
    yield f"  {'':{wide}}" + "".join(f"{h:>{(WIDE - 2 - wide) // len(heads)}}" for h in heads)
    for name, *cells in rows[:MOST_ENTRIES]:
        numbers = (f"{'' if v is None else f'{v:.10g}':>{(WIDE - 2 - wide) // len(heads)}}" for v in cells)
        yield f"  {_short(name):{wide}}{''.join(numbers)}".rstrip()
    if len(rows) > MOST_ENTRIES:
        yield f"  … and {len(rows) - MOST_ENTRIES:,} more; --json has them all"


def _right_and_wrong(study: Study, fit: Fit) -> Iterator[str]:
    """How many samples are put into which class; or how much of the spread is explained."""
    found = fit.outcome
    if found is None or (study.shapes.scalars and found.accuracy is None):
        return
    if found.accuracy is None:
        if found.r_squared is not None:
            share = f"the share of the spread of {study.target} that is explained" if found.r_squared >= 0 else "its mean alone would predict better"
            yield _wrapped("R²", f"{found.r_squared:.6g}: {share}")
        return
    right = sum(row[k] for k, row in enumerate(found.confusion))
    yield _wrapped("accuracy", f"{found.accuracy:.4g}: {right:,} of {study.rows:,} {study.rows_are} are put into their class")
    labels = [_short(c) for c in study.goal.classes]
    wide = max(len(f"actual {c}") for c in labels)
    cells = [max(len(f"predicted {c}"), 8) + 2 for c in labels]
    if wide + sum(cells) + 4 > WIDE:
        return
    yield ""
    yield f"  {'':{wide}}" + "".join(f"{f'predicted {c}':>{w}}" for c, w in zip(labels, cells, strict=True))
    for c, row in zip(labels, found.confusion, strict=True):
        yield f"  {f'actual {c}':{wide}}" + "".join(f"{v:>{w},}" for v, w in zip(row, cells, strict=True))


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def weights_in_words(study: Study) -> str:
    """33 numbers, W1 2 × 8, b1 8, w2 8, b2 1"""
    shapes = (f"{p.symbol} {' × '.join(map(str, study.shapes.shape(p))) or 1}" for p in study.problem.parameters)
    return f"{study.shapes.size:,} numbers, {', '.join(shapes)}"


def entries(study: Study, fit: Fit) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(heads, (name, descent, closed form where there is one, for one standard deviation of the feature) for each number)."""
    shapes = study.shapes
    columns = [shapes.join(fit.parameters).tolist()]
    heads = ["descent"]
    if fit.closed is not None:
        columns.append(shapes.join(fit.closed).tolist())
        heads.append("closed form")
    if fit.units.scalings and fit.units.pairs and not hidden_axes(study.problem):
        weights = {w for w, _ in fit.units.pairs}
        mine = {p.symbol: np.full(shapes.shape(p), p.symbol in weights, dtype=np.float64) for p in shapes.parameters}
        run = fit.trace.points[-1].tolist()
        columns.append([v if own else None for v, own in zip(run, shapes.join(mine).tolist(), strict=True)])
        heads.append("per deviation")
    return heads, list(zip(shapes.names(), *columns, strict=True))


def predicted(fit: Fit) -> str:
    """How many steps the eigenvalues promise, beside how many were made."""
    steps = fit.trace.predicted_iterations
    return "" if steps is None else f"{steps:,} step{'s' * (steps != 1)} at this rate, from the curvature, to come within {NEAR:g} of the target's spread"


def cross_check(study: Study, fit: Fit) -> str:
    """The gap in words, and whether it is small enough."""
    if fit.gap is None:
        return "there is no closed form to compare with"
    words = f"{fit.gap:.3g} {study.target} between the predictions of the two (root mean square)"
    if fit.agrees is None:
        return words
    return words + (": the cross-check holds" if fit.agrees else f": the cross-check FAILS, more than {TOLERANCE:g} of the target's standard deviation")


def steps_of(study: Study, fit: Fit) -> Iterator[tuple[int, dict[str, Any], float]]:
    """A few steps of the run, in the data's own units: the first ones, then ever further apart, and the last."""
    kept, shapes = len(fit.trace.points), study.shapes
    last = len(fit.trace.losses) - 1
    chosen: Sequence[int] = sorted({0, *(min(last, round(10 ** (k * math.log10(max(last, 1)) / (SHOWN - 2)))) for k in range(SHOWN - 1)), last})
    for k in chosen:
        point = fit.trace.points[k if kept == last + 1 else -(k == last)]
        yield (k if k < last else fit.trace.iterations), fit.units.own(shapes.split(point)), float(fit.trace.losses[k])


# ---------------------------------------------------------------- machines


def to_data(study: Study, fit: Fit) -> str:
    """The result as JSON; what is not finite or not known is null."""
    rates, shapes = fit.trace.rates, study.shapes
    collinear = [f"{words}." for words in collinear_in_words(study)]
    none = f"There is no closed form: {fit.why_not}." if fit.closed is None and not shapes.scalars else ""
    remark = f"{fit.remark[0].upper()}{fit.remark[1:]}." if fit.remark else ""
    failed = "The cross-check failed." if fit.agrees is False else ""
    data = {
        "problem": study.problem.name or study.problem.title,
        "rows": study.rows,
        "features": list(study.names) if study.feature else [],
        "target": study.target,
        "parameters": shapes.nested(fit.parameters, _finite),
        "closed_form": None if fit.closed is None else shapes.nested(fit.closed, _finite),
        "gap": _finite(fit.gap),
        "loss": _finite(fit.trace.loss),
        "rate": fit.trace.rate,
        "rate_bound": _finite(fit.trace.rate_bound),
        "condition": _finite(rates.condition),
        "iterations": fit.trace.iterations,
        "predicted_iterations": fit.trace.predicted_iterations,
        "stopped": fit.trace.stopped,
        "says": " ".join(filter(None, (*collinear, fit.warning, fit.trace.says, remark, none, failed))),
        "standardised": _standardised(study, fit.units),
        "cross_check": fit.agrees,
        "method": _method(fit),
    }
    if study.goal.classes:
        data["classes"] = list(study.goal.classes)
    if fit.outcome is not None and fit.outcome.accuracy is not None:
        labels = study.goal.classes
        data["accuracy"] = fit.outcome.accuracy
        data["confusion"] = {a: dict(zip(labels, row, strict=True)) for a, row in zip(labels, fit.outcome.confusion, strict=True)}
    elif fit.outcome is not None:
        data["r_squared"] = _finite(fit.outcome.r_squared)
    if study.relations:
        data["collinear"] = [str(r) for r in study.relations]
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)  # a column's name may hold what commands a screen


def _method(fit: Fit) -> dict[str, Any]:
    """{"name": "momentum", "momentum": 0.9}, with what belongs to the method alone."""
    trace = fit.trace
    more = {"momentum": trace.momentum} if "momentum" in METHODS[trace.method].has else {"batch": trace.batch, "seed": trace.seed} if trace.batch else {}
    return {"name": trace.method, **more}


def _standardised(study: Study, units: Units) -> Any:
    """{"mean": …, "scale": …} of the one feature, or by column; None where the run took them as they are."""
    each = [{"mean": s.mean, "scale": s.scale} for s in units.scalings]
    return dict(zip(study.names, each, strict=True)) if len(each) > 1 else each[0] if each else None


def _finite(v: float | None) -> float | None:
    return v if v is not None and math.isfinite(v) else None
