"""Two ways to the lowest point on one contour: where they part, and where each of them ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symgd.pictures.axes import LARGEST, Key, finite, frame
from symgd.pictures.bowl import TALL, bowl, contours, extent, follow, ground_keys, lowest_point, name_levels, with_margin
from symgd.pictures.contour import draw_path, ground_in_words
from symgd.pictures.lettering import count, iterations, name, number, plain
from symgd.pictures.runs import milestones
from symgd.pictures.strokes import dot, square
from symgd.pictures.svg import Drawing, Point, Rows, element, stroke

__all__ = ["two_paths"]

LOOKS = (("orange", ""), ("blue", "8 4"), ("green", "2 4"))


def two_paths(
    hessian: tuple[float, float, float],
    center: Point,
    paths: Sequence[tuple[str, Iterable[Point]]],
    *,
    w_label: str = "w",
    b_label: str = "b",
    least: float | None = None,
    prefix: str = "paths",
) -> Drawing:
    """Contours of the loss with this Hessian (m_ww, m_wb, m_bb) and lowest point, and up to three named paths over them.

    paths  (its name, (w, b) after 0, 1, 2, … iterations), which may run into inf or nan
    least  the loss at the lowest point, where it is known
    Raises ValueError for a Hessian that is not positive definite, for no or more than three paths, and for a start that is not finite.
    """
    if not 1 <= len(paths) <= len(LOOKS):
        raise ValueError(f"one to {len(LOOKS)} paths are drawn, each with its own dash; there are {len(paths)}")
    ways = [[(float(w), float(b)) for w, b in way] for _, way in paths]
    for says, way in zip((says for says, _ in paths), ways, strict=True):
        finite(f"the start of {says}", way[0] if way else ())
    valley = bowl(hessian, center)
    numbers = [next((k for k, at in enumerate(way) if not all(abs(v) <= LARGEST for v in at)), len(way)) for way in ways]
    seen = [follow(valley, way[:n]) for way, n in zip(ways, numbers, strict=True)]
    corners = [at for box, _ in seen for at in ((box.left, box.top), (box.right, box.bottom))]
    view = with_margin(extent(corners), valley, max((way[0] for way in ways), key=valley.excess))
    samples = [(element("path", d="M-12 0H12", **look(n)), *(square if n else dot)((0, 0), LOOKS[n][0], 3.5)) for n in range(len(paths))]
    keys = [Key(sample, plain(says)) for sample, (says, _) in zip(samples, paths, strict=True)]
    plot = frame((view.left, view.right), (view.top, view.bottom), w_label, b_label, [*keys, *ground_keys(valley, view)], grid=False, inside=TALL, math="xy")
    curves = contours(plot, valley, view)
    for n, (way, (_, followed), finite_ones) in enumerate(zip(ways, seen, numbers, strict=True)):
        draw_path(plot, way[:followed], way[followed] if followed < finite_ones else None, *LOOKS[n])
    for start in dict.fromkeys(way[0] for way in ways):
        plot.sheet.draw(*dot(plot.at(*start), "ink", 5))
        plot.sheet.label("start", *plot.at(*start), within=plot.box, sides="w s n e sw nw se ne")
    lowest_point(plot, valley, view)
    name_levels(plot, curves, least or 0.0)
    names = plain(name(w_label)), plain(name(b_label))
    said, cells = [ground_in_words(valley, view, least, names)], []
    for (says, _), way, (_, followed), n in zip(paths, ways, seen, numbers, strict=True):
        picked = milestones(n - 1, (7, 3, 2)[len(paths) - 1])
        rows = [(plain(says), count(k), *(number(v, 6) for v in (*way[k], (least or 0.0) + valley.excess(way[k])))) for k in picked]
        cells += rows
        gone = " It leaves the picture." if followed < len(way) else ""
        said.append(f"{plain(says)}: from {names[0]} = {rows[0][2]}, {names[1]} = {rows[0][3]}, after {iterations(n - 1)} "
                    f"at {names[0]} = {rows[-1][2]}, {names[1]} = {rows[-1][3]}.{gone}")  # fmt: skip
    cells.append(("lowest point", "", *(number(v, 6) for v in (*valley.center, least or 0.0))))
    title, description = f"{count(len(paths))} ways over the same loss" if len(paths) > 1 else "A way over the loss", " ".join(said)
    head = ("path", "iteration", *names, "loss" if least is not None else "loss above its least value")
    return plot.sheet.drawing(title, description, Rows(head, tuple(cells)), prefix)


def look(n: int) -> dict[str, str | float]:
    """Colour and dash of the n-th path."""
    colour, dash = LOOKS[n]
    return stroke(colour, 2.5, **({"stroke_dasharray": dash} if dash else {}))
