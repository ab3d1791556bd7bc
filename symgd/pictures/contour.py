"""The loss from above: contours of a quadratic loss round its lowest point, and the way that the descent took."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from symgd.pictures.axes import LARGEST, Key, Plot, finite, frame
from symgd.pictures.bowl import TALL, Bowl, alike, bowl, contours, elongation, follow, ground_keys, holds, lowest_point, name_levels, with_margin
from symgd.pictures.lettering import clean, count, iterations, name, number, plain
from symgd.pictures.runs import milestones, thin
from symgd.pictures.strokes import arrow_head, clip, dot, square
from symgd.pictures.svg import Box, Drawing, Point, Rows, element, path, stroke

__all__ = ["contour_with_path", "draw_path", "ground_in_words"]


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
    seen, followed = follow(valley, way[:numbers])
    view = with_margin(seen, valley, way[0])
    mark = Key((element("path", d="M-12 0H10", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "path of the descent")
    plot = frame((view.left, view.right), (view.top, view.bottom), x_label, y_label, [mark, *ground_keys(valley, view)], grid=False, inside=TALL, math="xy")
    curves = contours(plot, valley, view)
    draw_path(plot, way[:followed], way[followed] if followed < numbers else None)
    lowest_point(plot, valley, view)
    name_ends(plot, way, followed)
    name_levels(plot, curves, least or 0.0)
    title = "The loss from above, and the path of the descent"
    names = plain(name(x_label)), plain(name(y_label))
    description = f"{ground_in_words(valley, view, least, names)} {words(way, followed, numbers, names, clean(stopped))}"
    table = rows(valley, way, least, names, [k for k in (followed, numbers) if k < len(way)])
    return plot.sheet.drawing(title, description, table, prefix)


def draw_path(plot: Plot, way: Sequence[Point], beyond: Point | None, colour: str = "orange", dash: str = "") -> None:
    """The path: arrow heads on its first long steps, a dot at each iterate apart from those before it; towards `beyond` it leaves the picture."""
    places = [plot.at(*at) for at in way]
    pieces = thin(places)
    steps = [step for piece in pieces for step in pairwise(piece)]
    dashed: dict[str, str | float] = {"stroke_dasharray": dash} if dash else {}
    for piece in pieces:
        plot.sheet.draw(element("path", d=path(piece), **stroke(colour, 2.5 if len(steps) < 60 else 1.5, stroke_linejoin="round", **dashed)))
        plot.sheet.keep_clear(piece, 3)
    told = [places[0]]
    for _, at in steps[:400]:
        if all(math.dist(at, other) >= 12 for other in told):
            told.append(at)
    plot.sheet.draw(*(shape for at in told[1:] for shape in (square(at, colour, 3) if dash else dot(at, colour, 3.5))))
    long = [(p, q) for p, q in steps[:12] if math.dist(p, q) >= 30]
    for p, q in long or list(pairwise(told))[1::4]:
        plot.sheet.draw(arrow_head(((p[0] + 2 * q[0]) / 3, (p[1] + 2 * q[1]) / 3), p, colour, 11))
    leaving = beyond and clip(places[-1], plot.at(*beyond), plot.box)
    if leaving:
        plot.sheet.draw(element("path", d=path(leaving), **stroke(colour, 2.5, stroke_dasharray="5 3")), arrow_head(leaving[1], leaving[0], colour, 11))
        plot.sheet.keep_clear(leaving, 3)


def name_ends(plot: Plot, way: Sequence[Point], followed: int) -> None:
    """Start and end of the path, in words; the end only where it is in the picture."""
    first, last = plot.at(*way[0]), plot.at(*way[followed - 1])
    plot.sheet.draw(*dot(first, "ink", 5))
    plot.sheet.label("start", *first, within=plot.box, sides="w s n e sw nw se ne")
    if followed == len(way) > 1:
        plot.sheet.draw(*square(last, "orange"))
        plot.sheet.label(f"after {iterations(followed - 1)}", *last, within=plot.box)
    elif followed < len(way):
        plot.sheet.label(f"leaves at iteration {count(followed)}", *last, within=plot.box)


def ground_in_words(valley: Bowl, view: Box, least: float | None, names: tuple[str, str]) -> str:
    """The bowl: its lowest point, the shape of its contours."""
    w, b = names
    spot = f"{w} = {number(valley.center[0], 6)}, {b} = {number(valley.center[1], 6)}"
    said = [f"The loss has its lowest point at {spot}" + (f", where it is {number(least, 6)}." if least is not None else ".")]
    if not holds(view, valley.center):
        said.append("That point lies outside the picture, far beyond what is drawn.")
    ratio = elongation(valley)
    shape = "circles" if ratio <= 1.005 else "nearly parallel lines, so long are the ellipses," if ratio > 50 and not alike(valley) else "ellipses"
    scale = "both axes have the same scale" if alike(valley) else "the two axes have scales of their own"
    said.append(f"Lines of equal loss are {shape} round it; {scale}.")
    return " ".join(said)


def words(way: Sequence[Point], followed: int, numbers: int, names: tuple[str, str], stopped: str) -> str:
    """The path."""
    w, b = names
    last = way[min(numbers, len(way)) - 1]
    said = [f"The path starts at {w} = {number(way[0][0], 6)}, {b} = {number(way[0][1], 6)}"]
    if numbers < len(way):
        said.append(f"and is no longer finite at iteration {count(numbers)}.")
    else:
        why = f" ({stopped})" if stopped else ""
        said.append(f"and is at {w} = {number(last[0], 6)}, {b} = {number(last[1], 6)} after {iterations(len(way) - 1)}{why}.")
    if followed < len(way):
        said.append(f"From iteration {count(followed)} on it lies outside the picture; a dashed arrow points where it goes.")
    return " ".join(said)


def rows(valley: Bowl, way: Sequence[Point], least: float | None, names: tuple[str, str], also: Sequence[int]) -> Rows:
    """The path at its start, at round iterations, where it leaves, and at its end; the lowest point below."""
    picked = milestones(len(way) - 1, 7, also)
    cells = [(count(k), number(way[k][0], 6), number(way[k][1], 6), number((least or 0.0) + valley.excess(way[k]), 6)) for k in picked]
    cells.append(("lowest point", number(valley.center[0], 6), number(valley.center[1], 6), number(least or 0.0, 6)))
    return Rows(("iteration", *names, "loss" if least is not None else "loss above its least value"), tuple(cells))
