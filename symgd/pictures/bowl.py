"""A quadratic loss from above: its lowest point, its contours, and what of the plane a picture shows.

Glossary: d = (w, b) − center; the excess of the loss over its least value is ½ (m_ww d_w² + 2 m_wb d_w d_b + m_bb d_b²);
e an excess; L Lᵀ = H the Cholesky factors of the Hessian H; t the angle along a contour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from symgd.pictures.axes import Key, Plot, finite
from symgd.pictures.lettering import digits_apart, number
from symgd.pictures.strokes import clip, cross, slim
from symgd.pictures.svg import FONT, Box, Point, element, path, stroke

__all__ = [
    "TALL", "Bowl", "alike", "bowl", "contours", "elongation", "extent", "follow", "ground_keys", "holds", "lowest_point", "name_levels", "with_lowest",
    "with_margin",
]  # fmt: skip

LEVELS = 9
TALL = 250.0
SHAPE = 360 / TALL  # width to height of the plot
ALIKE = 25.0
FAR = 40.0  # what would make the picture so many times as wide is left outside
NEAR = 1e-7  # of a contour's size
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

    def best_b(self, w: float) -> float:
        """Where the loss is least for this w: d_b = −m_wb d_w / m_bb."""
        return self.center[1] - self.p * self.q * (w - self.center[0]) / (self.q**2 + self.r**2)

    def best_w(self, b: float) -> float:
        """Where the loss is least for this b: d_w = −m_wb d_b / m_ww."""
        return self.center[0] - self.q / self.p * (b - self.center[1])

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


def elongation(valley: Bowl) -> float:
    """√(λmax/λmin): how much longer the contours are than wide."""
    m_ww, m_wb, m_bb = valley.p**2, valley.p * valley.q, valley.q**2 + valley.r**2
    largest = (m_ww + m_bb) / 2 + math.hypot((m_ww - m_bb) / 2, m_wb)
    return largest / (valley.p * valley.r)  # λmax λmin = (p r)²


# ---------------------------------------------------------------- the view


def follow(valley: Bowl, way: Sequence[Point]) -> tuple[Box, int]:
    """The ranges that a path needs (top is the least b), and how many of its points are followed.

    A path that went down is shown whole, with the lowest point unless the path would become a speck beside it;
    one that went up is followed from start and lowest point until it needs a much larger picture.
    """
    if valley.excess(way[-1]) <= valley.excess(way[0]):
        return with_lowest(extent(way), valley), len(way)
    seen, followed = extent([way[0], valley.center]), 1
    room = [FAR * s for s in sides(seen)]
    for at in way[1:]:
        grown = extent([(seen.left, seen.top), (seen.right, seen.bottom), at])
        if any(g > limit > 0 for g, limit in zip(sides(grown), room, strict=True)):
            break
        seen, followed = grown, followed + 1
        if followed == 2:
            room = [GROWTH * s for s in sides(seen)]
    return seen, followed


def with_lowest(seen: Box, valley: Bowl) -> Box:
    """The ranges with the lowest point in them, unless what they showed would become a speck."""
    both = extent([(seen.left, seen.top), (seen.right, seen.bottom), valley.center])
    return both if all(g <= FAR * s or s == 0 for g, s in zip(sides(both), sides(seen), strict=True)) else seen


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


def holds(view: Box, at: Point) -> bool:
    return view.left <= at[0] <= view.right and view.top <= at[1] <= view.bottom


def clamp(v: float, low: float, high: float) -> float:
    return min(max(v, low), high)


# ---------------------------------------------------------------- contours

Contours = list[tuple[float, list[Point]]]  # (excess, the way on the sheet)


def choose_levels(valley: Bowl, view: Box) -> list[float]:
    """Excesses between the least and the greatest in the view, their roots evenly spaced, as on a bowl seen from above."""
    corners = [(w, b) for w in (view.left, view.right) for b in (view.top, view.bottom)]
    nearest = [(w, clamp(valley.best_b(w), view.top, view.bottom)) for w in (view.left, view.right)]
    nearest += [(clamp(valley.best_w(b), view.left, view.right), b) for b in (view.top, view.bottom)]
    high = math.sqrt(max(map(valley.excess, corners)))
    low = 0.0 if holds(view, valley.center) else math.sqrt(min(map(valley.excess, nearest)))
    return [e for k in range(1, LEVELS + 1) if (e := (low + (high - low) * k / (LEVELS + 1)) ** 2) > 0]


def contours(plot: Plot, valley: Bowl, view: Box) -> Contours:
    """Draws them."""
    found = [(e, line) for e in choose_levels(valley, view) for line in (nearby if near(valley, e, view) else far_off)(plot, valley, e, view)]
    for _, line in found:
        plot.sheet.draw(element("path", d=path(slim(line)), **stroke("purple", 1.5, stroke_opacity=0.75)))
    return found


def near(valley: Bowl, e: float, view: Box) -> bool:
    """Whether the contour is small enough, beside the view, for its angle t to tell apart the places in the view."""
    wide, high = sides(view)
    reach_w, reach_b = math.hypot(1.0, valley.q / valley.r) / valley.p, 1 / valley.r
    return wide > NEAR * math.sqrt(2 * e) * reach_w and high > NEAR * math.sqrt(2 * e) * reach_b


def nearby(plot: Plot, valley: Bowl, e: float, view: Box) -> list[list[Point]]:
    """The arcs of the contour inside the view; what rounding throws out is held in it."""

    def place(t: float) -> Point:
        w, b = valley.contour(e, t)
        return plot.at(clamp(w, view.left, view.right), clamp(b, view.top, view.bottom))

    return [[place(a + (b - a) * k / 90) for k in range(91)] for a, b in valley.arcs(e, view)]


def far_off(plot: Plot, valley: Bowl, e: float, view: Box) -> list[list[Point]]:
    """The contour from row to row: at b it is where d_w = −(q/p) d_b ± √(2e − r² d_b²)/p; in pieces, as it enters and leaves the view."""
    found: list[list[Point]] = []
    for side in (-1, 1):
        line: list[Point] = []
        for b in (view.top + (view.bottom - view.top) * k / 90 for k in range(91)):
            rest = 2 * e - (valley.r * (b - valley.center[1])) ** 2
            if rest >= 0:
                line.append(plot.at(valley.best_w(b) + side * math.sqrt(rest) / valley.p, b))
        for p, q in pairwise(line):
            inside = clip(p, q, plot.box)
            if inside and found and found[-1][-1] == inside[0]:
                found[-1].append(inside[1])
            elif inside:
                found.append(list(inside))
    return [line for line in found if math.dist(line[0], line[-1]) > 1]


def name_levels(plot: Plot, found: Contours, least: float) -> None:
    """The loss on some contours, where it covers nothing, to as many digits as tell them apart."""
    levels = sorted({e for e, _ in found})
    digits = digits_apart([least + e for e in levels] or [least], 3)
    room = Box(plot.box.left + 2, plot.box.top + 2, plot.box.right - 2, plot.box.bottom - 2)
    named: set[float] = set()
    for e, curve in found:
        if e in levels[::2] and e not in named:
            text = number(least + e, digits)
            tries = (plot.sheet.write(text, x, y + 0.35 * FONT, "middle", clear=True, air=12, within=room, halo=True) for x, y in curve[5:-5:4])
            named |= {e} if any(tries) else set()


def lowest_point(plot: Plot, valley: Bowl, view: Box) -> None:
    """A cross, where it is in the picture."""
    if holds(view, valley.center):
        plot.sheet.draw(*cross(plot.at(*valley.center)))
        plot.sheet.keep_clear([plot.at(*valley.center)], 8)


def ground_keys(valley: Bowl, view: Box) -> list[Key]:
    """The entries of the key that all pictures from above share."""
    keys = [Key((element("path", d="M-12 0H12", **stroke("purple", 1.5)),), "equal loss"), Key(cross((0, 0)), "lowest point")]
    return keys if holds(view, valley.center) else keys[:1]
