"""Where the steps of a descent land on its parabola: from the left or from both sides, to the lowest point or away from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from symgd.pictures.axes import Key, Plot, axes, axis_label, draw_keys, finite, frame, key_rows, linear_ticks, margins, widen
from symgd.pictures.lettering import clean, count, digits_apart, name, number, plain, shorten
from symgd.pictures.parabola import Coefficient, Parabola, cup, curve, parabola, vertex
from symgd.pictures.runs import first_lost, milestones, thin
from symgd.pictures.strokes import arrow_head, dot, square
from symgd.pictures.svg import FONT, WIDTH, Box, Drawing, Point, Rows, Sheet, element, path, stroke

__all__ = ["rate_panels", "steps_on_parabola"]

NAMED = 9  # places with a number
HIGHEST = 1e140  # a loss
GROWTH = 4.0  # a way is followed until it is so many times as far from the lowest point as its start
PANEL, HEADING, GAP = 132.0, 54.0, 22.0


def steps_on_parabola(
    a: Coefficient, b: Coefficient, c: Coefficient, path: Sequence[float], *, held: str = "", w_label: str = "w", y_label: str = "loss", prefix: str = "steps",
) -> Drawing:  # fmt: skip
    """L(w) = a w² + b w + c and where the steps land on it: w after 0, 1, 2, … steps; the path may run into inf or nan.

    held  what stands still, as text: "b = 0"
    Raises ValueError for coefficients or a start that are not finite, unless a > 0, and for no path.
    """
    bowl, way = parabola(a, b, c), [float(v) for v in path]
    finite("the start", way[:1])
    (low, high), (followed,) = shown(bowl, [way], GROWTH)
    top = finite("the loss", [max(map(bowl.at, (low, high)))])[0]
    keys = [cup(y_label, held), *arrows(leaves(way, followed))]
    plot = frame((low, high), widen(bowl.least, top, 0.14), w_label, y_label, keys, inside=250.0, math="x")
    curve(plot, bowl)
    vertex(plot, bowl)
    places = draw_steps(plot, bowl, way, followed)
    number_steps(plot, places)
    if followed < len(way):
        leaving_label(plot, bowl, way, followed)
    w = plain(name(w_label))
    title = f"Where the steps land: {name(y_label)} against {w}"
    description = " ".join(words(bowl, way, followed, w, plain(name(y_label)), plain(held)))
    digits = digits_apart(way[: first_lost(way)])
    picked = milestones(len(way) - 1, 7, also=[k for k in (followed, first_lost(way)) if k < len(way)])
    cells = [(count(k), number(way[k], digits), number(loss_at(bowl, way[k]), 6)) for k in picked]
    table = Rows(("step", w, plain(name(y_label))), (*cells, ("lowest point", number(bowl.lowest, digits), number(bowl.least, 6))))
    return plot.sheet.drawing(title, description, table, prefix)


def rate_panels(
    a: Coefficient, b: Coefficient, c: Coefficient, runs: Sequence[tuple[str, float, Sequence[float]]], *, w_label: str = "w", y_label: str = "loss",
    prefix: str = "rates",
) -> Drawing:  # fmt: skip
    """Up to four runs on the same parabola side by side: (what the rate is, the rate, w after 0, 1, 2, … steps).

    Raises ValueError for coefficients, rates or starts that are not finite, unless a > 0, and for no or more than four runs.
    """
    if not 1 <= len(runs) <= 4:
        raise ValueError(f"one to four runs are drawn side by side; there are {len(runs)}")
    bowl, ways = parabola(a, b, c), [[float(v) for v in way] for _, _, way in runs]
    finite("the starts", [v for way in ways for v in way[:1] or [math.nan]])
    finite("the rates", [rate for _, rate, _ in runs])
    span, followed = shown(bowl, ways, 1.6)
    top = finite("the loss", [max(map(bowl.at, span))])[0]
    heights = widen(bowl.least, top, 0.14)
    gone = any(map(leaves, ways, followed))
    plots = panels(span, heights, len(runs), w_label, y_label, [cup(y_label), *arrows(gone)])
    for plot, (says, alpha, _), way, n in zip(plots, runs, ways, followed, strict=True):
        room = plot.box.right - plot.box.left
        plot.sheet.write(shorten(clean(says), room, FONT), plot.box.left, plot.box.top - 30)
        plot.sheet.write(shorten(f"rate {number(alpha)}", room, FONT), plot.box.left, plot.box.top - 10)
        curve(plot, bowl, thickness=2.5)
        vertex(plot, bowl)
        draw_steps(plot, bowl, way, n)
    w = plain(name(w_label))
    title = f"The same parabola, {count(len(runs))} learning rate{'s' if len(runs) > 1 else ''}"
    cells = [(clean(says), number(rate, 6), count(first_lost(way) - 1), number(way[first_lost(way) - 1], 6), number(loss_at(bowl, way[first_lost(way) - 1]), 6))
             for (says, rate, _), way in zip(runs, ways, strict=True)]  # fmt: skip
    said = [f"The {plain(name(y_label))} against {w}, lowest at {w} = {number(bowl.lowest, 6)}, and the steps of a descent at several rates."]
    for (says, rate, steps, last, loss), way, n in zip(cells, ways, followed, strict=True):
        away = " It leaves the picture." if leaves(way, n) else ""
        said.append(f"{says}, rate {rate}: after {steps} step{'' if steps == '1' else 's'} {w} = {last}, where the {plain(name(y_label))} is {loss}.{away}")
    table = Rows(("rate is", "rate", "steps", w, plain(name(y_label))), (*cells, ("lowest point", "", "", number(bowl.lowest, 6), number(bowl.least, 6))))
    description = " ".join(said)
    return plots[0].sheet.drawing(title, description, table, prefix)


def leaves(way: Sequence[float], followed: int) -> bool:
    """Whether the next step goes somewhere outside the picture, not to no number."""
    return followed < len(way) and not math.isnan(way[followed])


def arrows(gone: bool) -> list[Key]:
    """The entries of the key for a step, and for one that leaves the picture."""
    step = Key((element("path", d="M-12 0H12", **stroke("orange", 2.5)), arrow_head((13, 0), (0, 0), "orange")), "a step")
    away = Key((element("path", d="M-12 0H12", **stroke("orange", 2.5, stroke_dasharray="5 3")), arrow_head((13, 0), (0, 0), "orange")), "leaves the picture")
    return [step, away] if gone else [step]


def loss_at(bowl: Parabola, w: float) -> float:
    """L(w), ∞ where it is too large for a float."""
    try:
        return bowl.at(w)
    except OverflowError:
        return math.inf


def shown(bowl: Parabola, ways: Sequence[Sequence[float]], growth: float) -> tuple[tuple[float, float], list[int]]:
    """The range of w, and how many points of each way are followed: until one lies `growth` times as far from the lowest point as the farthest start."""
    reach = max(abs(way[0] - bowl.lowest) for way in ways)
    if not reach:  # all begin at the lowest point: as far as they go, while the loss there is a number
        reach = max(d for way in ways for v in way[: first_lost(way)] if (d := abs(v - bowl.lowest)) <= bowl.reach(HIGHEST))
    inside = [next((k for k, v in enumerate(way) if not abs(v - bowl.lowest) <= growth * reach), len(way)) for way in ways]
    ws = [bowl.lowest, *(v for way, n in zip(ways, inside, strict=True) for v in way[:n])]
    if any(n < len(way) for way, n in zip(ways, inside, strict=True)):
        ws += [bowl.lowest - reach, bowl.lowest + reach]  # both walls, so that the side through which it leaves can be seen
    if min(ws) == max(ws):
        more = bowl.reach(abs(bowl.least) or 1.0)
        ws += [bowl.lowest - more, bowl.lowest + more]
    return widen(min(ws), max(ws), 0.15), inside


def draw_steps(plot: Plot, bowl: Parabola, way: Sequence[float], followed: int) -> list[Point]:
    """From each point sideways by the step, then straight to the curve; the places of the points on the curve."""
    places = [plot.at(v, bowl.at(v)) for v in way[:followed]]
    corners = [places[0]]
    for x, y in places[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    for piece in thin(corners):
        plot.sheet.draw(element("path", d=path(piece), **stroke("orange", 2, stroke_linejoin="round")))
        plot.sheet.keep_clear(piece, 3)
    heads = 0
    for (x0, y0), (x1, _) in pairwise(places):
        if abs(x1 - x0) >= 14 and heads < 2 * NAMED:
            plot.sheet.draw(arrow_head((x1, y0), (x0, y0), "orange", 9))
            heads += 1
    if followed < len(way) and (edge := way_out(plot, way, followed)) is not None:
        start, tip = places[-1], (edge, places[-1][1])
        plot.sheet.draw(element("path", d=path([start, tip]), **stroke("orange", 2.5, stroke_dasharray="5 3")), arrow_head(tip, start, "orange", 11))
        plot.sheet.keep_clear([start, tip], 5)
    told: list[Point] = []
    for at in places[1:]:
        if len(told) < 100 and all(math.dist(at, other) >= 6 for other in told):
            told.append(at)
    plot.sheet.draw(*(shape for at in told for shape in dot(at, "orange", 3.5)), *dot(places[0], "ink", 5))
    if followed == len(way) > 1:
        plot.sheet.draw(*square(places[-1], "orange"))
    for at in (places[0], *told):
        plot.sheet.keep_clear([at], 5)
    return places


def way_out(plot: Plot, way: Sequence[float], followed: int) -> float | None:
    """The side of the picture through which the next step leaves, or None where it is no number."""
    step = way[followed] - way[followed - 1]
    return None if math.isnan(step) else plot.box.right if step > 0 else plot.box.left


def number_steps(plot: Plot, places: Sequence[Point]) -> None:
    """0, 1, 2, … beside the first points; those that share a place share a label: "1, 3, 5, …"."""
    groups: list[tuple[Point, list[int]]] = []
    for k, at in enumerate(places):
        near = next((g for g in groups if math.dist(g[0], at) < 14), None)
        if near:
            near[1].append(k)
        elif len(groups) < NAMED:
            groups.append((at, [k]))
        else:
            break
    middle = (plot.box.left + plot.box.right) / 2
    for at, ks in groups:
        text = ", ".join(map(count, ks[:3])) + (", …" if len(ks) > 3 else "")
        plot.sheet.label(text, *at, within=plot.box, sides="w sw nw ne s n" if at[0] < middle else "e se ne nw s n", reach=20)


def leaving_label(plot: Plot, bowl: Parabola, way: Sequence[float], followed: int) -> None:
    """Where the step that leaves goes, at the edge where it does."""
    edge = way_out(plot, way, followed)
    if edge is not None:
        y = plot.at(0.0, bowl.at(way[followed - 1]))[1]
        plot.sheet.label(f"step {count(followed)} to {number(way[followed])}", edge, y, plot.box, "nw sw w" if edge == plot.box.right else "ne se e")


def words(bowl: Parabola, way: Sequence[float], followed: int, w: str, loss: str, held: str) -> list[str]:
    """What the picture shows."""
    said = [f"The {loss} against {w}{f', while {held} is held' if held else ''}, lowest at {w} = {number(bowl.lowest, 6)}."]
    said.append(f"The steps start at {w} = {number(way[0], 6)}.")
    lost = first_lost(way)
    if leaves(way, followed):
        said.append(f"Step {count(followed)} leaves the picture: it lands at {w} = {number(way[followed], 6)}.")
    if lost < len(way):
        said.append(f"At step {count(lost)} {w} is no longer a finite number.")
    elif len(way) > 1:
        said.append(f"After {count(len(way) - 1)} step{'s' if len(way) > 2 else ''} {w} = {number(way[-1], 6)}.")
    return said


def panels(x: tuple[float, float], y: tuple[float, float], n: int, x_label: str, y_label: str, keys: Sequence[Key]) -> list[Plot]:
    """n plots with the same axes, two in a row; numbers stand only at the left and at the lowest."""
    rows = key_rows(keys)
    columns = min(n, 2)
    top = 24.0 * len(rows) + 24.0
    lines = (n + columns - 1) // columns
    sheet = Sheet(height=top + lines * (HEADING + PANEL) + 52.0)
    draw_keys(sheet, rows)
    ticks = linear_ticks(*y, 5)
    left, right = margins(x, ticks)
    wide = (right - left - (columns - 1) * GAP) / columns
    plots = []
    for k in range(n):
        start, above = left + (k % columns) * (wide + GAP), top + k // columns * (HEADING + PANEL) + HEADING
        box = Box(start, above, start + wide, above + PANEL)
        marks = ("y" if k % columns == 0 else "") + ("x" if k + columns >= n else "")
        plots.append(axes(sheet, box, x, y, about=5, labels=marks, reach=GAP / 2 - 3 if columns > 1 else WIDTH))
    sheet.write(axis_label(y_label, ticks.note, WIDTH - 8), 4, top - 4)
    sheet.write(axis_label(x_label, plots[-1].x_ticks.note, WIDTH - 8, True), (left + right) / 2, sheet.height - 8, "middle")
    return plots
