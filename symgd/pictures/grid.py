"""A grid search over the contours of the loss: every pair that was tried, and the best of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from symgd.pictures.axes import Key, Plot, axes, axis_label, finite, frame, linear_ticks, margins
from symgd.pictures.bowl import TALL, Bowl, bowl, contours, extent, ground_keys, lowest_point, name_levels, with_lowest, with_margin
from symgd.pictures.lettering import count, name, number, plain
from symgd.pictures.scatter import dots
from symgd.pictures.svg import WIDTH, Box, Drawing, Element, Point, Rows, element, path, stroke

__all__ = ["grid_of_losses"]

MOST = 700  # dots drawn of a grid
ALIKE = 1e-9  # excesses that differ less, relatively, differ by rounding


def grid_of_losses(
    hessian: tuple[float, float, float],
    center: Point,
    least: float,
    grid_w: Iterable[float],
    grid_b: Iterable[float],
    *,
    w_label: str = "w",
    b_label: str = "b",
    zoom: tuple[Iterable[float], Iterable[float]] | None = None,
    prefix: str = "grid",
) -> Drawing:
    """Contours of the loss with this Hessian and lowest point, a dot at each (w, b) of the grid, and a ring round the best of them.

    least  the loss at the lowest point
    zoom   a finer grid (its w, its b), whose dots are drawn smaller over the first
    Raises ValueError for a Hessian that is not positive definite, and for grids that are empty or not finite.
    """
    valley = bowl(hessian, center)
    finite("least", (least,))
    ws, bs = sorted(set(finite("grid_w", grid_w))), sorted(set(finite("grid_b", grid_b)))
    fine = (sorted(set(finite("the zoom's w", zoom[0]))), sorted(set(finite("the zoom's b", zoom[1])))) if zoom else None
    found = search(valley, ws, bs)
    w, b = plain(name(w_label)), plain(name(b_label))
    cells = [row("grid", ws, bs, valley, found, least)]
    corners = [(vs[k], us[k]) for vs, us in filter(None, [(ws, bs), fine]) for k in (0, -1)]
    view = with_margin(with_lowest(extent(corners), valley), valley, (ws[0], bs[0]))
    tried = len(ws) * len(bs)
    keys = [Key((dots([(0.0, 0.0)], 5, 0.9),), f"{count(tried)} pair{'s' if tried > 1 else ''} tried"), Key((ring((0, 0)),), "the best of them")]
    plot = frame((view.left, view.right), (view.top, view.bottom), w_label, b_label, [*keys, *ground_keys(valley, view)], grid=False, inside=TALL, math="xy")
    ground(plot, valley, view, least, ws, bs, found)
    if fine:
        nearer = search(valley, *fine)
        cells.append(row("finer grid", *fine, valley, nearer, least))
        edge = [plot.at(fine[0][k], fine[1][j]) for k, j in ((0, 0), (-1, 0), (-1, -1), (0, -1))]
        plot.sheet.draw(element("path", d=path(edge) + "Z", **stroke("ink", 1.5)))
        closer(plot, valley, least, fine, nearer, (w_label, b_label))
    cells.append(("lowest point", "", *(number(v, 6) for v in (*center, least))))
    said = [f"A grid of {w} and {b} over lines of equal loss, a dot at each pair that was tried."]
    said += [f"{c[0].capitalize()}: of {c[1]} tried the best is {w} = {c[2]}, {b} = {c[3]}, where the loss is {c[4]}." for c in cells[:-1]]
    said.append(f"The lowest point is {w} = {cells[-1][2]}, {b} = {cells[-1][3]}, where it is {cells[-1][4]}.")
    title, description = f"Trying pairs of {w} and {b} on a grid", " ".join(said)
    return plot.sheet.drawing(title, description, Rows(("", "pairs tried", w, b, "loss"), tuple(cells)), prefix)


def search(valley: Bowl, ws: Sequence[float], bs: Sequence[float]) -> Point:
    """The pair with the least loss, of equals the first: along b the loss has one lowest place, so for each w only its two neighbours count."""
    above = [(w, bisect_left(bs, valley.best_b(w))) for w in ws]
    tried = [(w, b) for w, k in above for b in bs[max(0, k - 1) : k + 1]]
    least = min(map(valley.excess, tried))
    return next(at for at in tried if valley.excess(at) <= least * (1 + ALIKE))


def row(which: str, ws: Sequence[float], bs: Sequence[float], valley: Bowl, found: Point, least: float) -> tuple[str, ...]:
    return which, count(len(ws) * len(bs)), number(found[0], 6), number(found[1], 6), number(least + valley.excess(found), 6)


def ground(plot: Plot, valley: Bowl, view: Box, least: float, ws: Sequence[float], bs: Sequence[float], found: Point) -> None:
    """The contours, the dots, the ring round the best and the lowest point."""
    curves = contours(plot, valley, view)
    kept_w, kept_b = fewer(ws, bs)
    plot.sheet.draw(dots([plot.at(w, b) for w in kept_w for b in kept_b], 5 if len(kept_w) * len(kept_b) < 300 else 3, 0.7))
    lowest_point(plot, valley, view)
    plot.sheet.draw(dots([plot.at(*found)], 5, 1.0), ring(plot.at(*found)))
    plot.sheet.keep_clear([plot.at(*found)], 10)
    name_levels(plot, curves, least)


def fewer(ws: Sequence[float], bs: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """Every so many of both, evenly, so that they are few enough to draw."""
    wide = high = 1
    while -(-len(ws) // wide) * -(-len(bs) // high) > MOST:
        wide, high = (wide + 1, high) if len(ws) / wide >= len(bs) / high else (wide, high + 1)
    return ws[::wide], bs[::high]


def closer(plot: Plot, valley: Bowl, least: float, fine: tuple[list[float], list[float]], found: Point, labels: tuple[str, str]) -> None:
    """A second plot below the first, of the finer grid alone."""
    sheet, (ws, bs) = plot.sheet, fine
    above = sheet.height + 58.0
    view = with_margin(Box(ws[0], bs[0], ws[-1], bs[-1]), valley, (ws[0], bs[0]))
    x, y = (view.left, view.right), (view.top, view.bottom)
    ticks = linear_ticks(*y, 7)
    left, right = margins(x, ticks)
    sheet.height = above + TALL + 52
    below = axes(sheet, Box(left, above, right, above + TALL), x, y, grid=False)
    sheet.write("The finer grid, in the frame above", 4, above - 38)
    sheet.write(axis_label(labels[1], ticks.note, WIDTH - 8, True), 4, above - 14)
    sheet.write(axis_label(labels[0], below.x_ticks.note, right - left, True), (left + right) / 2, sheet.height - 8, "middle")
    ground(below, valley, view, least, ws, bs, found)


def ring(at: Point) -> Element:
    return element("circle", cx=at[0], cy=at[1], r=8, **stroke("orange", 2.5))
