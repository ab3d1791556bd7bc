"""The loss at every iteration: how fast it falls, where the descent stopped, or where it left the picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from symgd.pictures.axes import Key, Plot, finite, frame, logarithmic, widen
from symgd.pictures.lettering import brief, clean, count, iterations, name, number, shorten
from symgd.pictures.runs import columns, milestones, unbroken
from symgd.pictures.strokes import arrow_head, dot, slim, square
from symgd.pictures.svg import FONT, Drawing, Element, Rows, element, path, stroke

__all__ = ["loss_over_iterations"]

LARGEST_LOSS, SMALLEST = 1e307, 1e-300  # what is beyond the first has left the picture; a log axis ends at the second


def loss_over_iterations(
    losses: Iterable[float], optimum: float | None = None, *, stopped: str = "", y_label: str = "loss", prefix: str = "loss"
) -> Drawing:
    """The loss after 0, 1, 2, … iterations; `losses` may run into inf or nan, which is shown as leaving the picture.

    optimum   the least possible loss, where it is known: then the excess over it is drawn if that spans over two decades
    stopped   the rule that ended the descent, in a word or two: "converged", "1,000 iterations"
    Raises ValueError if there are no losses or the first is not finite.
    """
    values = tuple(map(float, losses))
    finite("losses", values[:1])
    if optimum is not None:
        finite("optimum", (optimum,))
    good = [k for k, v in enumerate(values) if abs(v) <= LARGEST_LOSS]
    lost = next((k for k, v in enumerate(values) if not abs(v) <= LARGEST_LOSS), None)
    drawn, log, floor = heights([values[k] for k in good], optimum)
    label = clean(y_label) + (" above least" if floor is not None else "")
    line = optimum if floor is None and optimum is not None and (not log or optimum > 1e-6 * min(drawn)) else None
    keys = [] if line is None else [Key((least_line(-12, 12, 0),), f"least possible: {number(line, 5)}")]
    inside = [*drawn, *([] if line is None else [line])]
    y = logarithmic(min(inside), max(inside)) if log else widen(min(inside), max(inside))
    plot = frame((0.0, max(1.08 * good[-1], 1.0) if lost else float(max(len(values) - 1, 1))), y, "iteration", label, keys, log_y=log, whole_x=True)
    draw_curve(plot, dict(zip(good, drawn, strict=True)))
    if line is not None:
        plot.sheet.draw(least_line(plot.box.left, plot.box.right, plot.y(line)))
        plot.sheet.keep_clear([(plot.box.left, plot.y(line)), (plot.box.right, plot.y(line))])
    draw_ends(plot, dict(zip(good, drawn, strict=True)), values, lost, stopped, "loss " if floor is not None else "")
    title = f"The {name(y_label)} over {iterations(len(values) - 1)}"
    description = words(values, optimum, lost, brief(stopped), brief(y_label), log, floor)
    return plot.sheet.drawing(title, description, rows(values, optimum, [] if lost is None else [lost - 1, lost]), prefix)


def heights(values: Sequence[float], optimum: float | None) -> tuple[list[float], bool, float | None]:
    """What is drawn, whether on a log axis, and the floor if it is the excess over the optimum: smaller excesses are rounding, and lie on it."""
    if optimum is not None and values[-1] < values[0]:
        floor = max(math.ulp(optimum), min((v - optimum for v in values if v > optimum), default=0.0), SMALLEST)
        excess = [max(v - optimum, floor) for v in values]
        if max(excess) > 100 * min(excess):
            return excess, True, floor
    return list(values), min(values) > SMALLEST and max(values) > 100 * min(values), None


def draw_curve(plot: Plot, heights: dict[int, float]) -> None:
    """The curve, in pieces where iterations without a number lie between; small dots while there are few."""
    for piece in unbroken({k: plot.at(k, v) for k, v in heights.items()}):
        shown = columns(piece, 400)
        plot.sheet.draw(element("path", d=path(slim(shown)), **stroke("blue", 2.5, stroke_linejoin="round")))
        plot.sheet.keep_clear(shown)
    if len(heights) <= 40:
        plot.sheet.draw(*(d for k, v in heights.items() for d in dot(plot.at(k, v), "blue", 3.5)))


def least_line(left: float, right: float, y: float) -> Element:
    return element("path", d=path([(left, y), (right, y)]), **stroke("green", 2, stroke_dasharray="7 4"))


def draw_ends(plot: Plot, heights: dict[int, float], values: Sequence[float], lost: int | None, stopped: str, what: str) -> None:
    """The start, and the end with the rule that fired there; or an arrow out of the picture.

    what  is said before a loss where the axis shows another height
    """
    first, last = plot.at(0, heights[0]), plot.at(max(heights), heights[max(heights)])
    plot.sheet.draw(*dot(first, "ink"))
    plot.sheet.label(what + number(values[0]), *first, within=plot.box, sides="e ne se")
    if lost is not None:
        before = plot.at(lost - 1, heights[lost - 1])
        top = (before[0], plot.box.top + 1)
        plot.sheet.draw(element("path", d=path([before, top]), **stroke("orange", 2.5, stroke_dasharray="5 3")), arrow_head(top, before, "orange"))
        plot.sheet.keep_clear([before, top])
        plot.sheet.label(f"left the picture at {count(lost)}", top[0], plot.box.top + 14, plot.box, sides="w e s")
    elif len(values) > 1:
        plot.sheet.draw(*square(last, "orange", 5))
        plot.sheet.label(f"{shorten(clean(stopped), 220, FONT) or 'end'}: {what}{number(values[-1])}", *last, within=plot.box, sides="nw sw w")


def words(values: Sequence[float], optimum: float | None, lost: int | None, stopped: str, label: str, log: bool, floor: float | None) -> str:
    """What the picture shows."""
    said = [f"The {label} is {number(values[0], 6)} at the start"]
    if lost is not None:
        said.append(f" and rises to {number(values[lost - 1], 6)} after {iterations(lost - 1)}; at iteration {count(lost)} it is {number(values[lost])},")
        said.append(" no longer a finite number: the curve leaves the picture.")
    else:
        said.append(f" and {number(values[-1], 6)} after {iterations(len(values) - 1)}{f', where the descent stopped: {stopped}' if stopped else ''}.")
    if optimum is not None:
        said.append(f" The least possible {label} is {number(optimum, 6)}.")
    if floor is not None:
        said.append(f" The vertical axis shows how far the {label} lies above that, on a logarithmic scale.")
        if any(v <= optimum for v in values if optimum is not None):
            said.append(" Where it does not lie above, in these digits, the curve runs along the bottom.")
    elif log:
        said.append(" The vertical axis is logarithmic.")
    return "".join(said)


def rows(values: Sequence[float], optimum: float | None, also: Sequence[int]) -> Rows:
    """The loss at the start, at round iterations, and at the last; the least possible loss below."""
    picked = milestones(len(values) - 1, 8 if optimum is None else 7, also)
    if optimum is None:
        return Rows(("iteration", "loss"), tuple((count(k), number(values[k], 8)) for k in picked))
    cells = [(count(k), number(values[k], 8), number(values[k] - optimum, 3)) for k in picked]
    return Rows(("iteration", "loss", "above the least"), (*cells, ("least possible", number(optimum, 8), "0")))
