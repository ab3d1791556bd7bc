"""Shapes that several pictures share: a clipped line, an arrow head, a dot."""

from __future__ import annotations

import math
from collections.abc import Sequence

from symgd.pictures.svg import Box, Element, Point, element, fill, path, stroke

__all__ = ["arrow_head", "clip", "cross", "dot", "slim", "square"]


def clip(p: Point, q: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of the segment p q inside the box (Liang and Barsky, doi:10.1145/357332.357333), or None."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    enter, leave = 0.0, 1.0
    for rate, room in ((-dx, p[0] - box.left), (dx, box.right - p[0]), (-dy, p[1] - box.top), (dy, box.bottom - p[1])):
        if rate == 0:
            if room < 0:
                return None
        elif rate < 0:
            enter = max(enter, room / rate)
        else:
            leave = min(leave, room / rate)
    if enter > leave:
        return None
    at = [(p[0] + t * dx, p[1] + t * dy) for t in (enter, leave)]
    return at[0], at[1]


def slim(points: Sequence[Point], off: float = 0.12) -> list[Point]:
    """The line through the points without those that it passes anyway, within `off` (Douglas and Peucker, doi:10.3138/FM57-6770-U75U-7727)."""
    kept, parts = {0, len(points) - 1}, [(0, len(points) - 1)]
    while parts:
        a, b = parts.pop()
        far = [(away(points[k], points[a], points[b]), k) for k in range(a + 1, b)]
        if far and max(far)[0] > off:
            k = max(far)[1]
            kept.add(k)
            parts += [(a, k), (k, b)]
    return [points[k] for k in sorted(kept)]


def away(at: Point, p: Point, q: Point) -> float:
    """How far a point lies from the segment p q."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    square = dx * dx + dy * dy
    share = min(1.0, max(0.0, ((at[0] - p[0]) * dx + (at[1] - p[1]) * dy) / square)) if square else 0.0
    return math.dist(at, (p[0] + share * dx, p[1] + share * dy))


def arrow_head(tip: Point, back: Point, colour: str, size: float = 9.0) -> Element:
    """A filled head at the tip of an arrow that comes from `back`."""
    angle = math.atan2(tip[1] - back[1], tip[0] - back[0])
    wings = [(tip[0] - size * math.cos(angle + s), tip[1] - size * math.sin(angle + s)) for s in (0.42, -0.42)]
    return element("path", d=path([tip, *wings]) + "Z", **fill(colour))


def dot(at: Point, colour: str, radius: float = 4.0) -> tuple[Element, ...]:
    """A dot with a rim in the colour of the paper, so that it stands off lines under it."""
    return (element("circle", cx=at[0], cy=at[1], r=radius, **fill(colour), stroke="none"),)


def square(at: Point, colour: str, half: float = 4.5) -> tuple[Element, ...]:
    """What marks an end: another shape than a dot, so that it need not be told by its colour."""
    return (element("rect", x=at[0] - half, y=at[1] - half, width=2 * half, height=2 * half, **fill(colour)),)


def cross(at: Point) -> tuple[Element, ...]:
    """The lowest point of a loss seen from above."""
    x, y = at
    return (element("path", d=f"{path([(x - 6, y - 6), (x + 6, y + 6)])}{path([(x - 6, y + 6), (x + 6, y - 6)])}", **stroke("green", 3)),)
