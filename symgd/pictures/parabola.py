"""The loss as a parabola in w while b stands still: tangents with their slopes, the way downhill, the vertex.

Glossary: L(w) = A w² + B w + C; for the mean squared error A = Σ x_i²/n, B = (2/n) Σ x_i (b − y_i), C = Σ (b − y_i)²/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from symgd.pictures.axes import LARGEST, Key, Plot, finite, frame, widen
from symgd.pictures.lettering import brief, clean, digits_apart, name, number
from symgd.pictures.strokes import arrow_head, clip, dot
from symgd.pictures.svg import Drawing, Rows, element, path, stroke

__all__ = ["loss_parabola"]

HALF = 56.0  # the length of a tangent on either side of its point


def loss_parabola(
    a: float,
    b: float,
    c: float,
    w_points: Iterable[float],
    *,
    w_label: str = "w",
    y_label: str = "loss",
    held: str = "",
    prefix: str = "parabola",
) -> Drawing:
    """L(w) = a w² + b w + c with its tangents at w_points and its vertex w_min = −b/2a.

    held  what stands still, as text: "b = 0"
    Raises ValueError for values that are not finite, and unless a > 0 (else there is no lowest point).
    """
    A, B, C = finite("the coefficients", (a, b, c))
    ws = sorted(set(finite("w_points", w_points)))
    if A <= 0:
        raise ValueError(f"the coefficient of w² is {A}: a loss with a lowest point needs it positive")
    exact = Fraction(-B) / (2 * Fraction(A))
    vertex = exact, Fraction(C) - Fraction(A) * exact**2
    lowest, least = finite("the vertex", (float(v) if abs(v) <= LARGEST else math.inf for v in vertex))

    def loss(w: float) -> float:  # L(w) = L(w_min) + A (w − w_min)² loses nothing to cancellation
        return least + A * (w - lowest) ** 2

    slopes = [2 * A * (w - lowest) for w in ws]
    low, high = widen(min(*ws, lowest), max(*ws, lowest), 0.12)
    top = finite("the loss", [max(map(loss, (low, high)))])[0]
    keys = [Key((element("path", d="M-12 0H12", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "tangent, arrow downhill"),
            Key((element("path", d="M-12-7Q0 19 12-7", **stroke("blue", 3)),), f"{clean(y_label)}{f', {clean(held)} held' if held else ''}")]  # fmt: skip
    plot = frame((low, high), widen(least, top, 0.14), w_label, y_label, keys, inside=240.0)
    curve = [plot.at(w, loss(w)) for w in (low + (high - low) * k / 120 for k in range(121))]
    plot.sheet.draw(element("path", d=path(curve), **stroke("blue", 3, stroke_linejoin="round")))
    plot.sheet.keep_clear(curve)
    bottom = plot.at(lowest, least)
    plot.sheet.draw(element("path", d=path([bottom, (bottom[0], plot.box.bottom)]), **stroke("green", 2, stroke_dasharray="4 3")), *dot(bottom, "green", 5))
    draw_tangents(plot, [(w, loss(w), s) for w, s in zip(ws, slopes, strict=True)])
    plot.sheet.label(f"w_min = {number(lowest)}", *bottom, within=plot.box, sides="n s ne nw e w", math=True)
    title = f"The {name(y_label)} as a parabola in {name(w_label)}"
    said = [f"The {brief(y_label)} is L(w) = A w² + B w + C with A = {number(A, 6)}, B = {number(B, 6)}, C = {number(C, 6)}"]
    said[0] += f", while {brief(held)} is held." if held else "."
    said.append(f"Its lowest point is at w_min = −B/2A = {number(lowest, digits_apart([*ws, lowest]))}, where it is {number(least, 6)}.")
    places = digits_apart([*ws, lowest])
    said += [f"At w = {number(w, places)} the slope is {number(s, 6)}: {way(s)}." for w, s in zip(ws, slopes, strict=True)]
    table = tuple((number(w, places), number(loss(w), 6), number(s, 6), way(s)) for w, s in zip(ws, slopes, strict=True))
    description = " ".join(said)
    return Drawing(plot.sheet.to_svg(title, description, prefix), title, description, Rows(("w", "loss", "slope", "downhill"), table))


def way(slope: float) -> str:
    """Where downhill is."""
    return "to larger w" if slope < 0 else "to smaller w" if slope > 0 else "flat"


def draw_tangents(plot: Plot, points: Sequence[tuple[float, float, float]]) -> None:
    """At each (w, L, slope) a stretch of the tangent, its downhill end an arrow; then the slopes, beside the points."""
    x_unit, y_unit = (plot.box.right - plot.box.left) / (plot.x.high - plot.x.low), (plot.box.bottom - plot.box.top) / (plot.y.high - plot.y.low)
    for w, height, slope in points:
        x, y = plot.at(w, height)
        angle = math.atan2(-slope * y_unit, x_unit) if slope <= 0 else math.atan2(slope * y_unit, -x_unit)  # downhill, y runs down
        dx, dy = HALF * math.cos(angle), HALF * math.sin(angle)
        stretch = clip((x - dx, y - dy), (x + dx, y + dy), plot.box)
        if stretch:
            plot.sheet.draw(element("path", d=path(stretch), **stroke("orange", 2.5)))
            plot.sheet.keep_clear(stretch, 3)
            if slope:
                plot.sheet.draw(arrow_head(stretch[1], stretch[0], "orange", 11))
    for w, height, _ in points:
        at = plot.at(w, height)
        plot.sheet.draw(*dot(at, "ink"))
        plot.sheet.keep_clear([at], 5)
    for w, height, slope in points:
        plot.sheet.label(number(slope, 3), *plot.at(w, height), within=plot.box, sides="w sw nw e ne" if slope < 0 else "e se ne w nw")
