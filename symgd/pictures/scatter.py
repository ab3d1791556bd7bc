"""The data and the line: points, the fitted line, its slope as a triangle, a few residuals as sticks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from symgd.pictures.axes import Key, Plot, finite, frame, widen
from symgd.pictures.lettering import brief, clean, count, digits_apart, name, number, rounding, shorten, width
from symgd.pictures.strokes import clip, dot
from symgd.pictures.svg import FONT, Drawing, Element, Point, Rows, coordinate, element, path, stroke

__all__ = ["LAYERS", "MOST", "dots", "draw_line", "draw_points", "equation", "even", "measured", "nearest_samples", "scatter_with_line"]

MOST = 1500  # points drawn
LAYERS = 8  # a layer is one path, and one path never darkens itself where its points overlap


def scatter_with_line(
    x: Iterable[float],
    y: Iterable[float],
    w: float,
    b: float,
    *,
    x_label: str = "x",
    y_label: str = "y",
    points_are: str = "points",
    sticks: int = 0,
    prefix: str = "scatter",
) -> Drawing:
    """The points (x_i, y_i) and the line ŷ = w x + b.

    points_are  what a point is, in the plural: "students"
    sticks      for how many points, spread evenly over x (`nearest_samples`), the residual ŷ_i − y_i is drawn
    Raises ValueError for values that are not finite, for no points, and for x and y of unequal length.
    """
    xs, ys, w, b = measured(x, y, w, b)
    low, high = min(xs), max(xs)
    ends = [w * v + b for v in (low, high)]
    chosen = nearest_samples(xs, sticks)
    shown = even(len(xs))
    kind = shorten(clean(points_are), 160, FONT) or "points"
    kind = "point" if len(xs) == 1 and kind == "points" else kind
    keys = [Key((dots([(0.0, 0.0)], 7, 0.9),), f"{count(len(shown))} of {count(len(xs))} {kind}" if len(shown) < len(xs) else f"{count(len(xs))} {kind}"),
            Key((element("path", d="M-12 0H12", **stroke("orange", 3)),), equation(w, b))]  # fmt: skip
    if chosen:
        keys.append(Key((element("path", d="M0-9V9", **stroke("green", 2.5, stroke_dasharray="5 2")),), "residual ŷ − y"))
    plot = frame(widen(low, high), widen(min(*ys, *ends), max(*ys, *ends)), x_label, y_label, keys)
    draw_points(plot, [(xs[k], ys[k]) for k in shown], 0.3 if chosen and len(shown) > 200 else 0.0)
    for k in chosen:
        plot.sheet.draw(element("path", d=path([plot.at(xs[k], ys[k]), plot.at(xs[k], w * xs[k] + b)]), **stroke("green", 2.5, stroke_dasharray="5 2")))
        plot.sheet.draw(*dot(plot.at(xs[k], ys[k]), "green", 3.5))
    draw_line(plot, w, b)
    triangle(plot, w, b)
    misses = [w * u + b - v for u, v in zip(xs, ys, strict=True)]
    noise = rounding(max(ys) - min(ys), max(abs(w * u) for u in xs), max(map(abs, ys)), abs(b))
    mse = sum(u * u for u in misses) / len(xs) if max(map(abs, misses)) > noise else 0.0
    title = f"Data and line: {name(y_label)} against {name(x_label)}"
    description = words(xs, ys, w, b, mse, brief(x_label), brief(y_label), kind, len(shown), chosen)
    rows = (
        ("slope", number(w, 10)), ("intercept", number(b, 10)), ("points", count(len(xs))), ("mean squared error", number(mse, 6)),
        *((f"{name} {end}", number(pick(v), digits_apart(v))) for name, v in (("x", xs), ("y", ys)) for end, pick in (("from", min), ("to", max))),
    )  # fmt: skip
    return plot.sheet.drawing(title, description, Rows(("quantity", "value"), rows), prefix)


def measured(x: Iterable[float], y: Iterable[float], w: float, b: float) -> tuple[tuple[float, ...], tuple[float, ...], float, float]:
    """The columns and the line, as floats.  Raises ValueError for what is not finite, for no points, and for columns of unequal length."""
    xs, ys = finite("x", x), finite("y", y)
    w, b = finite("the line", (w, b))
    if len(xs) != len(ys):
        raise ValueError(f"x has {len(xs)} values and y has {len(ys)}: a point needs one of each")
    return xs, ys, w, b


def even(n: int) -> Sequence[int]:
    """All of n indices, or as many as are drawn, evenly spaced."""
    return [k * n // MOST for k in range(MOST)] if n > MOST else range(n)


def draw_points(plot: Plot, points: Sequence[Point], opacity: float = 0.0) -> None:
    """The points, smaller and paler where they are many."""
    places = [plot.at(*p) for p in points]
    size, usual = (5.0, 0.45) if len(places) > 200 else (7.0, 0.8)
    plot.sheet.draw(*(dots(places[k::LAYERS], size, opacity or usual) for k in range(min(LAYERS, len(places)))))


def draw_line(plot: Plot, w: float, b: float) -> None:
    segment = clip(plot.at(plot.x.low, w * plot.x.low + b), plot.at(plot.x.high, w * plot.x.high + b), plot.box)
    if segment:
        plot.sheet.draw(element("path", d=path(segment), **stroke("orange", 3)))


def equation(w: float, b: float) -> str:
    """ŷ = 0.02387 x + 0.001927"""
    slope = {1.0: "", -1.0: "−"}.get(w, number(w))
    return f"ŷ = {slope}{' ' if abs(w) != 1 else ''}x {'−' if b < 0 else '+'} {number(abs(b))}"


def signed(value: float) -> str:
    """+20 or −0.5"""
    return ("+" if value > 0 else "") + number(value)


def words(
    xs: Sequence[float], ys: Sequence[float], w: float, b: float, mse: float, x_label: str, y_label: str, kind: str, drawn: int, sticks: Sequence[int]
) -> str:
    """What the picture shows."""
    ranges = [f"{label} from {number(min(v), digits_apart(v))} to {number(max(v), digits_apart(v))}" for label, v in ((x_label, xs), (y_label, ys))]
    said = [f"{count(len(xs))} {kind}: {', '.join(ranges)}."]
    if drawn < len(xs):
        said.append("These are too many to draw: every one of an even selection, in the order of the data, is a dot.")
    said.append(f"The line has the slope {number(w, 6)} and the intercept {number(b, 6)}:")
    said.append(f"one more of {name(x_label)} changes the predicted {name(y_label)} by {number(w, 6)}.")
    said.append(f"The mean squared error is {number(mse, 6)}.")
    if sticks:
        said.append(f"For {count(len(sticks))} of the {kind} a dashed stick joins the point to the line: the residual.")
    return " ".join(said)


def dots(places: Sequence[Point], size: float, opacity: float) -> Element:
    """Round dots as one path: lines of length zero with round ends."""
    d = "".join(f"M{coordinate(x)} {coordinate(y)}h0" for x, y in places)
    return element("path", d=d, **stroke("blue", size, stroke_opacity=opacity, stroke_linecap="round"))


def nearest_samples(xs: Sequence[float], n: int) -> list[int]:
    """For each of n places spread evenly over x, low + (k + ½)(high − low)/n, the first sample whose x lies nearest; none twice."""
    ordered = sorted(xs)
    low, high = ordered[0], ordered[-1]
    found = []
    for place in (low + (k + 0.5) / n * (high - low) for k in range(n)):
        at = bisect_left(ordered, place)
        beside = ordered[max(0, at - 1) : at + 1]
        near = min(abs(v - place) for v in beside)
        found.append(min(xs.index(v) for v in beside if abs(v - place) == near))
    return list(dict.fromkeys(found))


def triangle(plot: Plot, w: float, b: float) -> None:
    """The slope as run and rise over one round step of x, where both can be seen and labelled."""
    pairs = [(p, q) for p, q in pairwise(plot.x_ticks.values) if all(plot.y.low < w * v + b < plot.y.high for v in (p, q))]
    pairs = [(p, q) for p, q in pairs if plot.x(q) + 7 + width(signed(w * q - w * p), FONT) < plot.box.right]
    if not pairs:
        return
    p, q = pairs[-1]
    rise = signed(w * q - w * p)
    start, corner, end = plot.at(p, w * p + b), plot.at(q, w * p + b), plot.at(q, w * q + b)
    if abs(end[1] - corner[1]) < 14:
        return
    plot.sheet.draw(element("path", d=path([start, corner, end]), **stroke("ink", 1.5)))
    plot.sheet.write(signed(q - p), (start[0] + corner[0]) / 2, corner[1] + (0.35 * FONT + 12 if w > 0 else -6), "middle", within=plot.box, halo=True)
    plot.sheet.write(rise, end[0] + 7, (corner[1] + end[1]) / 2 + 0.35 * FONT, within=plot.box, halo=True)
