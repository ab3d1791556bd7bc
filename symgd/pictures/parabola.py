"""The loss as a parabola in w while b stands still: tangents with their slopes, the way downhill, the vertex.

Glossary: L(w) = A w² + B w + C; for the mean squared error A = Σ x_i²/n, B = (2/n) Σ x_i (b − y_i), C = Σ (b − y_i)²/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgd.pictures.axes import LARGEST, Key, Plot, finite, frame, widen
from symgd.pictures.lettering import digits_apart, name, number, plain
from symgd.pictures.strokes import arrow_head, clip, dot, slim
from symgd.pictures.svg import Drawing, Point, Rows, element, path, stroke

__all__ = ["Coefficient", "Parabola", "cup", "curve", "loss_parabola", "parabola", "vertex", "way_of"]

Coefficient = float | Fraction

HALF = 56.0  # the length of a tangent on either side of its point


@dataclass(frozen=True)
class Parabola:
    """L(w) = least + a (w − lowest)², which loses nothing to cancellation."""

    a: float
    lowest: float
    least: float

    def at(self, w: float) -> float:
        return self.least + self.a * (w - self.lowest) ** 2

    def slope(self, w: float) -> float:
        return 2 * self.a * (w - self.lowest)

    def reach(self, height: float) -> float:
        """How far from the vertex the loss is that much above its least."""
        return math.sqrt(max(0.0, height) / self.a)


def parabola(a: Coefficient, b: Coefficient, c: Coefficient) -> Parabola:
    """a w² + b w + c, its vertex exact; coefficients that are fractions stay so, for a float C may be far larger than the least loss.

    Raises ValueError for values that are not finite, and unless a > 0.
    """
    if finite("the coefficients", map(float, (a, b, c)))[0] <= 0:
        raise ValueError(f"the coefficient of w² is {float(a)}: a loss with a lowest point needs it positive")
    A, B, C = Fraction(a), Fraction(b), Fraction(c)
    lowest = -B / (2 * A)
    exact = lowest, C - A * lowest**2
    return Parabola(float(A), *finite("the vertex", (float(v) if abs(v) <= LARGEST else math.inf for v in exact)))


def loss_parabola(
    a: Coefficient,
    b: Coefficient,
    c: Coefficient,
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
    bowl = parabola(a, b, c)
    ws = sorted(set(finite("w_points", w_points)))
    low, high = widen(min(*ws, bowl.lowest), max(*ws, bowl.lowest), 0.12)
    top = finite("the loss", [max(map(bowl.at, (low, high)))])[0]
    tangent = Key((element("path", d="M-12 0H12", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "tangent, arrow downhill")
    keys = [tangent, Key(dot((0, 0), "ink"), "its slope"), cup(y_label, held)]
    plot = frame((low, high), widen(bowl.least, top, 0.14), w_label, y_label, keys, inside=240.0, math="x")
    curve(plot, bowl)
    vertex(plot, bowl)
    draw_tangents(plot, [(w, bowl.at(w), bowl.slope(w)) for w in ws])
    w = plain(name(w_label))
    plot.sheet.label(f"lowest at {number(bowl.lowest)}", *plot.at(bowl.lowest, bowl.least), within=plot.box, sides="n s ne nw e w")
    title = f"The {name(y_label)} as a parabola in {w}"
    places = digits_apart([*ws, bowl.lowest])
    cells = [(number(v, places), number(bowl.at(v), 6), number(bowl.slope(v), 6), way_of(bowl.slope(v), w)) for v in ws]
    lowest = (number(bowl.lowest, places), number(bowl.least, 6))
    said = [f"The {plain(name(y_label))} against {w}{f', while {plain(held)} is held' if held else ''}: a parabola that opens upwards."]
    said.append(f"Its lowest point is at {w} = {lowest[0]}, where it is {lowest[1]}.")
    said += [f"At {w} = {v} the slope is {s}: {direction}." for v, _, s, direction in cells]
    table = Rows((w, plain(name(y_label)), "slope", "downhill"), (*cells, (*lowest, "0", "lowest point")))
    description = " ".join(said)
    return plot.sheet.drawing(title, description, table, prefix)


def way_of(slope: float, w: str) -> str:
    """Where downhill is."""
    return f"to larger {w}" if slope < 0 else f"to smaller {w}" if slope > 0 else "flat"


def cup(y_label: str, held: str = "") -> Key:
    """The entry of the key for the curve."""
    return Key((element("path", d="M-12-7Q0 19 12-7", **stroke("blue", 3)),), f"{plain(name(y_label))}{f', {plain(held)} held' if held else ''}")


def curve(plot: Plot, bowl: Parabola, dash: str = "", colour: str = "blue", thickness: float = 3.0) -> list[Point]:
    """The curve as far as it runs inside the plot."""
    reach = bowl.reach(plot.y.high - bowl.least)
    low, high = max(plot.x.low, bowl.lowest - reach), min(plot.x.high, bowl.lowest + reach)
    if low >= high:
        return []
    points = [plot.at(w, min(bowl.at(w), plot.y.high)) for w in (low + (high - low) * k / 120 for k in range(121))]
    dashed: dict[str, str | float] = {"stroke_dasharray": dash} if dash else {}
    plot.sheet.draw(element("path", d=path(slim(points, 0.06)), **stroke(colour, thickness, stroke_linejoin="round", **dashed)))
    plot.sheet.keep_clear(points)
    return points


def vertex(plot: Plot, bowl: Parabola) -> None:
    """A dot on the lowest point, and a dashed line down to its w."""
    bottom = plot.at(bowl.lowest, bowl.least)
    plot.sheet.draw(element("path", d=path([bottom, (bottom[0], plot.box.bottom)]), **stroke("green", 2, stroke_dasharray="4 3")), *dot(bottom, "green", 5))
    plot.sheet.keep_clear([bottom], 5)


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
