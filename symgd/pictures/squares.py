"""The loss as areas: the residuals of a few samples, each with its square."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symgd.pictures.axes import Key, Plot, frame, widen
from symgd.pictures.lettering import count, digits_apart, name, number, rounding, width
from symgd.pictures.scatter import dots, draw_line, draw_points, equation, even, measured, nearest_samples
from symgd.pictures.strokes import dot
from symgd.pictures.svg import FONT, Box, Drawing, Element, Rows, element, fill, path, stroke

__all__ = ["squares_of_residuals"]

INSIDE = 250.0
WIDEST = 155.0  # a square; in a plot at least twice as wide it fits on one side of its stick


def squares_of_residuals(
    x: Iterable[float],
    y: Iterable[float],
    w: float,
    b: float,
    *,
    x_label: str = "x",
    y_label: str = "y",
    chosen: int | Sequence[int] = 6,
    prefix: str = "squares",
) -> Drawing:
    """The line ŷ = w x + b and, at a few samples, the residual ŷ_i − y_i as the side of a square whose area is (ŷ_i − y_i)².

    chosen  how many samples (`nearest_samples` says which), or their indices
    Raises ValueError for values that are not finite, for no points, and for x and y of unequal length.
    """
    xs, ys, w, b = measured(x, y, w, b)
    picked = nearest_samples(xs, chosen) if isinstance(chosen, int) else list(chosen)
    samples = [(xs[k], ys[k], w * xs[k] + b) for k in picked]
    low, high = min(xs), max(xs)
    ends = [w * v + b for v in (low, high)]
    bottom, top = widen(min(*ys, *ends), max(*ys, *ends))
    more = max(0.0, max((abs(u - v) for _, v, u in samples), default=0.0) * INSIDE / WIDEST - (top - bottom)) / 2
    how_many = f"{count(len(xs))} point{'s' if len(xs) > 1 else ''}"
    keys = [Key((dots([(0.0, 0.0)], 7, 0.9),), how_many), Key((element("path", d="M-12 0H12", **stroke("orange", 3)),), equation(w, b)),
            Key((square_on(Box(-8, -8, 8, 8), -8),), "residual, and its square as an area")]  # fmt: skip
    plot = frame(widen(low, high), (bottom - more, top + more), x_label, y_label, keys, inside=INSIDE)
    draw_points(plot, [(xs[k], ys[k]) for k in even(len(xs))], 0.3)
    draw_line(plot, w, b)
    draw_squares(plot, samples)
    misses = [w * u + b - v for u, v in zip(xs, ys, strict=True)]
    noise = rounding(max(ys) - min(ys), max(abs(w * u) for u in xs), max(map(abs, ys)), abs(b))
    mse = sum(u * u for u in misses) / len(xs) if max(map(abs, misses)) > noise else 0.0
    told = [max(6, digits_apart(v)) for v in (xs, [*ys, *ends])]
    title = f"Residuals as squares: {name(y_label)} against {name(x_label)}"
    apart = [f - v if abs(f - v) > noise else 0.0 for _, v, f in samples]
    cells = [(number(u, told[0]), number(v, told[1]), number(f, told[1]), number(e, 6), number(e * e, 6)) for (u, v, f), e in zip(samples, apart, strict=True)]
    mean = (f"mean of all {count(len(xs))}", "", "", "", number(mse, 6))
    said = [f"{how_many} and a line; at a few of them the residual is the side of a square."]
    said += [f"At x = {c[0]} the residual ŷ − y is {c[3]}, and its square has the area {c[4]}." for c in cells]
    said.append(f"The mean of all {count(len(xs))} squares, (1/n) Σ (ŷ − y)², is {mean[-1]}.")
    description = " ".join(said)
    head = (name(x_label), name(y_label), "ŷ", "residual ŷ − y", "its square")
    return plot.sheet.drawing(title, description, Rows(head, (*cells, mean)), prefix)


def draw_squares(plot: Plot, samples: Sequence[tuple[float, float, float]]) -> None:
    """Each square on the side of its residual where it covers the least of the others; its area written inside, or beside it."""
    placed: list[Box] = []
    for u, v, f in samples:
        (x, y0), (_, y1) = plot.at(u, v), plot.at(u, f)
        side, top = abs(y1 - y0), min(y0, y1)
        both = [Box(x - side, top, x, top + side), Box(x, top, x + side, top + side)]
        fits = [q for q in both if plot.box.left <= q.left and q.right <= plot.box.right] or both
        placed.append(min(fits, key=lambda q: sum(common(q, p) for p in placed)))
        plot.sheet.draw(square_on(placed[-1], x), *dot((x, y0), "green", 4))
        plot.sheet.keep_clear([(x, y0), (x, y1)], 3)
    for (u, v, f), q in zip(samples, placed, strict=True):
        text, middle = number((f - v) ** 2, 3), ((q.left + q.right) / 2, (q.top + q.bottom) / 2)
        inside = q.right - q.left >= width(text, FONT) + 4 and plot.sheet.write(text, middle[0], middle[1] + 0.35 * FONT, "middle", halo=True)
        if not inside:
            plot.sheet.label(text, *middle, within=plot.box, sides="w e nw ne sw se" if q.right <= plot.x(u) + 1 else "e w ne nw se sw")


def common(p: Box, q: Box) -> float:
    """The area that two boxes share."""
    return max(0.0, min(p.right, q.right) - max(p.left, q.left)) * max(0.0, min(p.bottom, q.bottom) - max(p.top, q.top))


def square_on(q: Box, stick: float) -> Element:
    """The square, its residual drawn stronger."""
    shape = element("rect", x=q.left, y=q.top, width=q.right - q.left, height=q.bottom - q.top, **fill("green", fill_opacity=0.18))
    edge = element("path", d=path([(q.left, q.top), (q.right, q.top), (q.right, q.bottom), (q.left, q.bottom)]) + "Z", **stroke("green", 1.5))
    return element("g", shape, edge, element("path", d=path([(stick, q.top), (stick, q.bottom)]), **stroke("green", 3, stroke_dasharray="4 3")))
