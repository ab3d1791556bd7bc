"""Slopes of the loss: secants that turn into the tangent, and at several places the side to move towards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symgd.pictures.axes import Key, Plot, finite, frame, widen
from symgd.pictures.lettering import digits_apart, name, number, plain
from symgd.pictures.parabola import Coefficient, cup, curve, parabola, vertex, way_of
from symgd.pictures.strokes import arrow_head, clip, dot, square
from symgd.pictures.svg import Drawing, Rows, element, path, stroke

__all__ = ["secants", "ways_downhill"]

DASHES = ("2 4", "7 4", "12 4 2 4", "14 5")
LONGEST, SHORTEST = 70.0, 18.0  # an arrow


def secants(
    a: Coefficient, b: Coefficient, c: Coefficient, at: float, steps: Iterable[float] = (1.0, 0.1, 0.01), *,
    w_label: str = "w", y_label: str = "loss", prefix: str = "secants",
) -> Drawing:  # fmt: skip
    """L(w) = a w² + b w + c with the tangent at w = at, and the secants through there and w = at + h for each step h: their slopes are L′ + a h.

    Raises ValueError for values that are not finite, unless a > 0, and for a step of 0 or more than four steps.
    """
    bowl, hs = parabola(a, b, c), finite("steps", steps)
    (at,) = finite("the point", (at,))
    if not all(hs) or len(hs) > len(DASHES):
        raise ValueError(f"one to {len(DASHES)} steps are drawn, none of them 0: through one point alone goes no secant")
    ends = [at + h for h in hs]
    low, high = widen(min(at, *ends), max(at, *ends), 0.25)
    heights = finite("the loss", [bowl.at(v) for v in (low, high, at, *ends, min(max(bowl.lowest, low), high))])
    slope = bowl.slope(at)
    w = plain(name(w_label))
    keys = [cup(y_label), Key((element("path", d="M-12 0H12", **stroke("orange", 3)),), f"tangent: slope {number(slope)}")]
    keys += [Key((element("path", d="M-12 0H12", **stroke("purple", 2, stroke_dasharray=dash)),), f"h = {number(h)}: slope {number(slope + bowl.a * h)}")
             for h, dash in zip(hs, DASHES, strict=False)]  # fmt: skip
    plot = frame((low, high), widen(min(heights), max(heights), 0.12), w_label, y_label, keys, inside=240.0, math="x")
    curve(plot, bowl)
    here = bowl.at(at)
    lines = [*((slope + bowl.a * h, stroke("purple", 2, stroke_dasharray=dash)) for h, dash in zip(hs, DASHES, strict=False)), (slope, stroke("orange", 3))]
    for s, look in lines:
        stretch = clip(plot.at(low, here + s * (low - at)), plot.at(high, here + s * (high - at)), plot.box)
        if stretch:
            plot.sheet.draw(element("path", d=path(stretch), **look))
    plot.sheet.draw(*(shape for v in ends for shape in square(plot.at(v, bowl.at(v)), "purple", 4)), *dot(plot.at(at, here), "ink", 5))
    title = f"Secants that turn into the tangent at {w} = {number(at, 6)}"
    cells = [(number(h, 6), number(slope + bowl.a * h, 8), number(bowl.a * h, 6)) for h in hs]
    said = [f"The {plain(name(y_label))} against {w}, with its tangent at {w} = {number(at, 6)}: its slope there is {number(slope, 8)}."]
    said += [f"The secant to the point h = {h} further has the slope {s}, {d} more." for h, s, d in cells]
    said.append("The smaller h is, the nearer the secant comes to the tangent.")
    description = " ".join(said)
    table = Rows(("h", "slope of the secant", "more than the tangent's"), (*cells, (f"tangent at {number(at, 6)}", number(slope, 8), "0")))
    return plot.sheet.drawing(title, description, table, prefix)


def ways_downhill(
    a: Coefficient, b: Coefficient, c: Coefficient, points: Iterable[float], *, w_label: str = "w", y_label: str = "loss", prefix: str = "side",
) -> Drawing:  # fmt: skip
    """L(w) = a w² + b w + c; at each point the sign of the slope, and an arrow to the other side, as − slope says: half way to the lowest point.

    Raises ValueError for values that are not finite, for no points, and unless a > 0.
    """
    bowl = parabola(a, b, c)
    ws = sorted(set(finite("points", points)))
    low, high = widen(min(*ws, bowl.lowest), max(*ws, bowl.lowest), 0.14)
    top = finite("the loss", [max(map(bowl.at, (low, high)))])[0]
    keys = [cup(y_label), Key((element("path", d="M-12 0H12", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "where − slope points"),
            Key(dot((0, 0), "ink"), "the slope there")]  # fmt: skip
    plot = frame((low, high), widen(bowl.least, top, 0.14), w_label, y_label, keys, inside=240.0, math="x")
    curve(plot, bowl)
    vertex(plot, bowl)
    draw_ways(plot, [(v, bowl.at(v), bowl.slope(v)) for v in ws], plot.x(bowl.lowest))
    w, places = plain(name(w_label)), digits_apart([*ws, bowl.lowest])
    cells = [(number(v, places), number(s := bowl.slope(v), 6), "−" if s < 0 else "+" if s > 0 else "0", way_of(s, w)) for v in ws]
    title = f"Which side to move towards: the slope's sign at {'each' if len(ws) > 1 else 'one'} {w}"
    said = [f"The {plain(name(y_label))} against {w}, with its lowest point at {w} = {number(bowl.lowest, places)}."]
    said += [f"At {w} = {v} the slope is {s}, so − slope points {direction}." if direction != "flat" else f"At {w} = {v} the slope is 0: nowhere to go."
             for v, s, _, direction in cells]  # fmt: skip
    lowest = (number(bowl.lowest, places), "0", "0", "lowest point")
    table = tuple(dict.fromkeys((*cells, lowest))) if not any(v == bowl.lowest for v in ws) else tuple(cells)
    description = " ".join(said)
    return plot.sheet.drawing(title, description, Rows((w, "slope", "its sign", "− slope points"), table), prefix)


def draw_ways(plot: Plot, points: Sequence[tuple[float, float, float]], lowest: float) -> None:
    """At each (w, L, slope) the arrow, then the slope with its sign on the side that the arrow leaves free."""
    for w, height, slope in points:
        x, y = plot.at(w, height)
        if slope:
            long = min(LONGEST, max(SHORTEST, abs(x - lowest) / 2))
            tip = (x + long if slope < 0 else x - long, y)
            plot.sheet.draw(element("path", d=path([(x, y), tip]), **stroke("orange", 2.5)), arrow_head(tip, (x, y), "orange", 11))
            plot.sheet.keep_clear([(x, y), tip], 5)
        plot.sheet.draw(*dot((x, y), "ink"))
        plot.sheet.keep_clear([(x, y)], 5)
    for w, height, slope in points:
        text = ("+" if slope > 0 else "") + number(slope, 3)
        plot.sheet.label(text, *plot.at(w, height), within=plot.box, sides="w sw nw n s" if slope < 0 else "e se ne n s" if slope > 0 else "s n e w")
