"""The loss from above: contours of a quadratic loss round its lowest point, and the way that the descent took.

Glossary: d = (w, b) − center; the excess of the loss over its least value is ½ (m_ww d_w² + 2 m_wb d_w d_b + m_bb d_b²);
e an excess; L Lᵀ = H the Cholesky factors of the Hessian H; t the angle along a contour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from symgd.pictures.axes import LARGEST, Key, Plot, finite, frame
from symgd.pictures.lettering import clean, count, digits_apart, iterations, name, number
from symgd.pictures.strokes import arrow_head, clip, dot
from symgd.pictures.svg import FONT, Box, Drawing, Element, Point, Rows, element, fill, path, stroke

__all__ = ["contour_with_path"]

LEVELS = 9
TALL = 250.0
SHAPE = 360 / TALL  # width to height of the plot
ALIKE = 25.0
FAR = 40.0  # what would make the picture so many times as wide is left outside
GROWTH = 4.0  # a path that goes up is followed until it needs a picture so many times as wide


@dataclass(frozen=True)
class Bowl:
    """A quadratic loss: its lowest point, and the Cholesky factors of its Hessian ((p, 0), (q, r))."""

    center: Point
    p: float
    q: float
    r: float

    def excess(self, at: Point) -> float:
        """½ |Lᵀ d|²"""
        dw, db = at[0] - self.center[0], at[1] - self.center[1]
        along, across = self.p * dw + self.q * db, self.r * db
        return 0.5 * (along * along + across * across)

    def contour(self, e: float, t: float) -> Point:
        """The point d with Lᵀ d = √(2e) (cos t, sin t)."""
        radius = math.sqrt(2 * e)
        db = radius * math.sin(t) / self.r
        return self.center[0] + (radius * math.cos(t) - self.q * db) / self.p, self.center[1] + db

    def arcs(self, e: float, view: Box) -> list[tuple[float, float]]:
        """The stretches of t in which the contour runs inside the view, between its crossings of the four sides, in closed form."""
        radius = math.sqrt(2 * e)
        tilt = math.atan2(-self.q / self.r, 1.0)  # d_w = reach cos(t − tilt)
        reach = radius / self.p * math.hypot(1.0, self.q / self.r)
        cuts = []
        for side, middle, size, turn in (
            (view.left, self.center[0], reach, tilt), (view.right, self.center[0], reach, tilt),
            (view.top, self.center[1], radius / self.r, math.pi / 2), (view.bottom, self.center[1], radius / self.r, math.pi / 2),
        ):  # fmt: skip
            share = (side - middle) / size
            if abs(share) < 1:
                cuts += [(turn + math.acos(share)) % math.tau, (turn - math.acos(share)) % math.tau]
        cuts = sorted(cuts) or [0.0]
        found = []
        for a, b in zip(cuts, [*cuts[1:], cuts[0] + math.tau], strict=True):
            w, h = self.contour(e, (a + b) / 2)
            if view.left <= w <= view.right and view.top <= h <= view.bottom:
                found.append((a, b))
        return found


def bowl(hessian: tuple[float, float, float], center: Point) -> Bowl:
    """Raises ValueError unless the Hessian is positive definite; its determinant is exact, so that a long valley is no matter of rounding."""
    m_ww, m_wb, m_bb = finite("hessian", hessian)
    determinant = Fraction(m_ww) * Fraction(m_bb) - Fraction(m_wb) ** 2
    if m_ww <= 0 or determinant <= 0:
        raise ValueError(f"the Hessian {m_ww}, {m_wb}, {m_bb} is not positive definite: the loss has no single lowest point to draw contours round")
    c_w, c_b = finite("center", center)
    p = math.sqrt(m_ww)
    return Bowl((c_w, c_b), p, m_wb / p, math.sqrt(determinant / Fraction(m_ww)))


def contour_with_path(
    hessian: tuple[float, float, float],
    center: Point,
    points: Iterable[Point],
    *,
    x_label: str = "w",
    y_label: str = "b",
    least: float | None = None,
    stopped: str = "",
    prefix: str = "contour",
) -> Drawing:
    """Contours of the loss with this Hessian (m_ww, m_wb, m_bb) and lowest point, and the path of a descent over them.

    points   (w, b) after 0, 1, 2, … iterations; they may run into inf or nan
    least    the loss at the lowest point, where it is known: contours then carry the loss, otherwise the excess over its least value
    stopped  the rule that ended the descent, in a word or two
    Raises ValueError for a Hessian that is not positive definite, for no points, and for a first point that is not finite.
    """
    way = [(float(w), float(b)) for w, b in points]
    finite("the first point", way[0] if way else ())
    valley = bowl(hessian, center)
    numbers = next((k for k, at in enumerate(way) if not all(abs(v) <= LARGEST for v in at)), len(way))
    view, followed = choose_view(valley, way[:numbers])
    keys = [Key((element("path", d="M-12 0H12", **stroke("purple", 1.5)),), "equal loss"),
            Key((element("path", d="M-12 0H10", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "path of the descent"),
            Key(cross((0, 0)), "lowest point")]  # fmt: skip
    plot = frame((view.left, view.right), (view.top, view.bottom), x_label, y_label, keys, grid=False, inside=TALL)
    levels = choose_levels(valley, view)
    drawn = [(e, [plot.at(*within(view, valley.contour(e, a + (b - a) * k / 90))) for k in range(91)]) for e in levels for a, b in valley.arcs(e, view)]
    for _, curve in drawn:
        plot.sheet.draw(element("path", d=path(curve), **stroke("purple", 1.5, stroke_opacity=0.75)))
    draw_path(plot, way[:followed], way[followed] if followed < numbers else None)
    if holds(view, valley.center):
        plot.sheet.draw(*cross(plot.at(*valley.center)))
        plot.sheet.keep_clear([plot.at(*valley.center)], 8)
    name_ends(plot, way, followed)
    name_levels(plot, drawn, levels, least or 0.0)
    title = "The loss from above, and the path of the descent"
    names = name(x_label), name(y_label)
    description = words(valley, way, followed, numbers, view, levels, least, names, clean(stopped))
    return Drawing(plot.sheet.to_svg(title, description, prefix), title, description, rows(valley, way, least, names))


def choose_view(valley: Bowl, way: Sequence[Point]) -> tuple[Box, int]:
    """The ranges shown (top is the least b), and how many points of the path are followed.

    A path that went down is shown whole, with the lowest point unless the path would become a speck beside it;
    one that went up is followed from start and lowest point until it needs a much larger picture.
    """
    if valley.excess(way[-1]) <= valley.excess(way[0]):
        seen, followed = extent(way), len(way)
        if all(g <= FAR * s or s == 0 for g, s in zip(sides(extent([*way, valley.center])), sides(seen), strict=True)):
            seen = extent([*way, valley.center])
    else:
        seen, followed = extent([way[0], valley.center]), 1
        room = [FAR * s for s in sides(seen)]
        for at in way[1:]:
            grown = extent([(seen.left, seen.top), (seen.right, seen.bottom), at])
            if any(g > limit > 0 for g, limit in zip(sides(grown), room, strict=True)):
                break
            seen, followed = grown, followed + 1
            if followed == 2:
                room = [GROWTH * s for s in sides(seen)]
    return with_margin(seen, valley, way[0]), followed


def with_margin(seen: Box, valley: Bowl, start: Point) -> Box:
    """The ranges a little wider; where the axes are alike, with the same scale on both."""
    e = valley.excess(start) or 0.5
    chords = math.sqrt(2 * e) / valley.p, math.sqrt(2 * e) / math.hypot(valley.q, valley.r)  # half as long as the start's contour through the lowest point
    if alike(valley) and any(sides(seen)):
        chords = 0.0, 0.0  # the common scale makes room
    dw, db = (max(0.12 * s if s else c, 16 * math.ulp(abs(v)), 1e-60) for s, c, v in zip(sides(seen), chords, (seen.right, seen.bottom), strict=True))
    if alike(valley):
        wide, high = (s + 2 * d for s, d in zip(sides(seen), (dw, db), strict=True))
        dw += max(0.0, SHAPE * high - wide) / 2
        db += max(0.0, wide / SHAPE - high) / 2
    return Box(seen.left - dw, seen.top - db, seen.right + dw, seen.bottom + db)


def alike(valley: Bowl) -> bool:
    """Whether w and b can share a scale: along both the loss bends about as much."""
    return 1 / ALIKE < valley.p**2 / (valley.q**2 + valley.r**2) < ALIKE


def extent(points: Sequence[Point]) -> Box:
    """The smallest box round the points."""
    ws, bs = zip(*points, strict=True)
    return Box(min(ws), min(bs), max(ws), max(bs))


def sides(box: Box) -> tuple[float, float]:
    return box.right - box.left, box.bottom - box.top


def choose_levels(valley: Bowl, view: Box) -> list[float]:
    """Excesses between the least and the greatest in the view, their roots evenly spaced, as on a bowl seen from above."""
    c_w, c_b = valley.center
    corners = [(w, b) for w in (view.left, view.right) for b in (view.top, view.bottom)]
    nearest = [(w, clamp(c_b - valley.p * valley.q * (w - c_w) / (valley.q**2 + valley.r**2), view.top, view.bottom)) for w in (view.left, view.right)]
    nearest += [(clamp(c_w - valley.q / valley.p * (b - c_b), view.left, view.right), b) for b in (view.top, view.bottom)]
    high = math.sqrt(max(map(valley.excess, corners)))
    low = 0.0 if holds(view, valley.center) else math.sqrt(min(map(valley.excess, nearest)))
    return [e for k in range(1, LEVELS + 1) if (e := (low + (high - low) * k / (LEVELS + 1)) ** 2) > 0]


def clamp(v: float, low: float, high: float) -> float:
    return min(max(v, low), high)


def within(view: Box, at: Point) -> Point:
    """The point, or the nearest in the view: where a contour is 10¹⁵ times as large as the view, rounding of t throws its ends out."""
    return clamp(at[0], view.left, view.right), clamp(at[1], view.top, view.bottom)


def holds(view: Box, at: Point) -> bool:
    return view.left <= at[0] <= view.right and view.top <= at[1] <= view.bottom


def cross(at: Point) -> tuple[Element, ...]:
    x, y = at
    return (element("path", d=f"{path([(x - 6, y - 6), (x + 6, y + 6)])}{path([(x - 6, y + 6), (x + 6, y - 6)])}", **stroke("green", 3)),)


def draw_path(plot: Plot, way: Sequence[Point], beyond: Point | None) -> None:
    """The path: arrow heads on its first long steps, a dot at each iterate apart from those before it; towards `beyond` it leaves the picture."""
    places = [plot.at(*at) for at in way]
    apart = [places[0]]
    for at in places[1:]:
        if math.dist(at, apart[-1]) >= 0.5:
            apart.append(at)
    plot.sheet.draw(element("path", d=path(apart), **stroke("orange", 2.5 if len(apart) < 60 else 1.5, stroke_linejoin="round")))
    plot.sheet.keep_clear(apart, 3)
    told = [apart[0]]
    for at in apart[1:400]:
        if all(math.dist(at, other) >= 12 for other in told):
            told.append(at)
    plot.sheet.draw(*(shape for at in told[1:] for shape in dot(at, "orange", 3.5)))
    long = [(p, q) for p, q in list(pairwise(apart))[:12] if math.dist(p, q) >= 30]
    for p, q in long or list(pairwise(told))[1::4]:
        plot.sheet.draw(arrow_head(((p[0] + 2 * q[0]) / 3, (p[1] + 2 * q[1]) / 3), p, "orange", 11))
    leaving = beyond and clip(places[-1], plot.at(*beyond), plot.box)
    if leaving:
        plot.sheet.draw(element("path", d=path(leaving), **stroke("orange", 2.5, stroke_dasharray="5 3")), arrow_head(leaving[1], leaving[0], "orange", 11))
        plot.sheet.keep_clear(leaving, 3)


def name_ends(plot: Plot, way: Sequence[Point], followed: int) -> None:
    """Start and end of the path, in words; the end only where it is in the picture."""
    first, last = plot.at(*way[0]), plot.at(*way[followed - 1])
    plot.sheet.draw(*dot(first, "ink", 5))
    plot.sheet.label("start", *first, within=plot.box, sides="w s n e sw nw se ne")
    if followed == len(way) > 1:
        plot.sheet.draw(element("rect", x=last[0] - 4.5, y=last[1] - 4.5, width=9, height=9, **fill("orange")))
        plot.sheet.label(f"after {iterations(followed - 1)}", *last, within=plot.box)
    elif followed < len(way):
        plot.sheet.label(f"leaves at iteration {count(followed)}", *last, within=plot.box)


def name_levels(plot: Plot, drawn: Sequence[tuple[float, Sequence[Point]]], levels: Sequence[float], least: float) -> None:
    """The loss on some contours, where it covers nothing."""
    written = heights(levels, least)
    room = Box(plot.box.left + 2, plot.box.top + 2, plot.box.right - 2, plot.box.bottom - 2)
    named: set[float] = set()
    for e, curve in drawn:
        if e in levels[::2] and e not in named:
            tries = (plot.sheet.write(written[e], x, y + 0.35 * FONT, "middle", clear=True, air=12, within=room, halo=True) for x, y in curve[5:-5:4])
            named |= {e} if any(tries) else set()


def heights(levels: Sequence[float], least: float) -> dict[float, str]:
    """The loss on each contour, to as many digits as tell them apart."""
    digits = digits_apart([least + e for e in levels] or [least], 3)
    return {e: number(least + e, digits) for e in levels}


def words(
    valley: Bowl, way: Sequence[Point], followed: int, numbers: int, view: Box,
    levels: Sequence[float], least: float | None, names: tuple[str, str], stopped: str,
) -> str:  # fmt: skip
    """What the picture shows."""
    w, b = names
    spot = f"{w} = {number(valley.center[0], 6)}, {b} = {number(valley.center[1], 6)}"
    said = [f"The loss has its lowest point at {spot}" + (f", where it is {number(least, 6)}." if least is not None else ".")]
    if not holds(view, valley.center):
        said.append("That point lies outside the picture, far beyond the path.")
    ratio = elongation(valley)
    said.append(f"Its contours are ellipses{f' {number(ratio, 3)} times as long as they are wide' if ratio > 1.005 else ''}, in the units of {w} and {b};")
    if alike(valley):
        said.append("both axes of the picture have the same scale.")
    else:
        lines = ", and of so long a valley it shows nearly parallel lines" if ratio > 50 else ""
        said.append(f"the two axes of the picture have scales of their own{lines}.")
    height = "loss" if least is not None else "loss above its least value"
    stated = ", ".join(heights(levels, least or 0.0).values())
    said.append(f"The contours drawn have a {height} of {stated}." if levels else "It is too flat here for contours.")
    said.append(f"The path starts at {w} = {number(way[0][0], 6)}, {b} = {number(way[0][1], 6)}")
    last = way[min(numbers, len(way)) - 1]
    if numbers < len(way):
        said.append(f"and is no longer finite at iteration {count(numbers)};")
    else:
        why = f" ({stopped})" if stopped else ""
        said.append(f"and is at {w} = {number(last[0], 6)}, {b} = {number(last[1], 6)} after {iterations(len(way) - 1)}{why}.")
    if followed < len(way):
        said.append(f"From iteration {count(followed)} on it lies outside the picture and is not drawn.")
    return " ".join(said)


def elongation(valley: Bowl) -> float:
    """√(λmax/λmin): how much longer the contours are than wide."""
    m_ww, m_wb, m_bb = valley.p**2, valley.p * valley.q, valley.q**2 + valley.r**2
    largest = (m_ww + m_bb) / 2 + math.hypot((m_ww - m_bb) / 2, m_wb)
    return largest / (valley.p * valley.r)  # λmax λmin = (p r)²


def rows(valley: Bowl, way: Sequence[Point], least: float | None, names: tuple[str, str]) -> Rows:
    """The path at its start, at each 1, 2, 5 × 10ᵏ, and at its end."""
    last = len(way) - 1
    picked = sorted({0, last} | {k for k in (m * 10**p for p in range(len(str(last))) for m in (1, 2, 5)) if k < last})
    cells = ((count(k), number(way[k][0], 7), number(way[k][1], 7), number((least or 0.0) + valley.excess(way[k]), 6)) for k in picked)
    return Rows(("iteration", *names, "loss" if least is not None else "loss above its least value"), tuple(cells))
