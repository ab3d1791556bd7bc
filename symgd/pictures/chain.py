"""The chain of names: what feeds what, from a parameter down to the loss, with the local derivative on every arrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symgd.pictures.lettering import clean, count, fitted, formula_width, pieces
from symgd.pictures.strokes import arrow_head
from symgd.pictures.svg import COLOURS, FONT, WIDTH, Box, Drawing, Point, Rows, Sheet, element, path, stroke

__all__ = ["chain_of_names"]

Arrow = tuple[str, str, str]
TALL, LINE = 32.0, 20.0  # the height of a node of one line; of every line more
GAP, WIDER, WIDEST = 56.0, 92.0, 160.0  # between layers; where many arrows spread


def chain_of_names(nodes: Iterable[str], arrows: Iterable[Arrow], *, title: str = "What feeds what", prefix: str = "chain") -> Drawing:
    """The nodes in layers, each below all that feed it, and the arrows (from, to, label) between them.

    Names and labels are read as formulas' text: w_1 has a subscript.  The chain of a line:
    chain_of_names(("w", "b", "ŷ_i", "u_i", "L"), (("w", "ŷ_i", "∂ŷ_i/∂w = x_i"), …)).
    Raises ValueError for no or repeated nodes, an arrow to an unknown node, and arrows that run in a circle.
    """
    names, links = tuple(nodes), tuple(arrows)
    if not names or len(set(names)) < len(names):
        raise ValueError("a chain needs at least one node, each named once")
    for source, target, _ in links:
        if source not in names or target not in names:
            raise ValueError(f"the arrow {source} → {target} has an end that is no node")
    places, routes, heights, rooms = layout(names, links)
    sheet = Sheet(height=max(y + heights[n] / 2 for n, (_, y) in places.items()) + 8)
    everywhere = Box(2, 2, sheet.width - 2, sheet.height - 2)
    half = {n: min(rooms[n], wanted(n, heights[n])) / 2 for n in names}
    own: list[list[Box]] = []
    for (source, target, _), route in zip(links, routes, strict=True):
        line = from_edge(route, (half[source], heights[source] / 2), (half[target], heights[target] / 2))
        sheet.draw(element("path", d=path(line), **stroke("blue", 2, stroke_linejoin="round")), arrow_head(line[-1], line[-2], "blue", 11))
        before = len(sheet.marks)
        sheet.keep_clear(line, 3)
        own.append(sheet.marks[before:])
    for n in names:
        draw_node(sheet, n, places[n], half[n], heights[n])
    for (_, _, text), route, marks in zip(links, routes, own, strict=True):
        name_arrow(sheet, fitted(clean(text), WIDTH / 2 - 16, FONT), route, everywhere, marks)
    said = ". ".join(f"{clean(s)} feeds {clean(t)}{f', with {clean(d)}' if d else ''}" for s, t, d in links)
    description = f"{count(len(names))} names, from top to bottom. {said}." if links else f"The name {clean(names[0])}."
    rows = tuple((clean(s), clean(t), clean(d)) for s, t, d in links)
    return sheet.drawing(title, description, Rows(("from", "to", "local derivative"), rows), prefix)


def draw_node(sheet: Sheet, name: str, at: Point, half: float, tall: float) -> None:
    """Its box, and its name in it; a value stands below its name where there is no room beside it."""
    x, y = at
    sheet.draw(element("rect", x=x - half, y=y - tall / 2, width=2 * half, height=tall, rx=8, class_="paper-fill ink", fill=COLOURS["paper"][0],
                       stroke="currentColor", stroke_width=1.5))  # fmt: skip
    sheet.keep_clear([(x - half, y), (x + half, y)], tall / 2 + 2)
    lines = lines_of(name, tall)
    for k, text in enumerate(lines):
        sheet.write(fitted(text, 2 * half - 8, FONT), x, y + (k - (len(lines) - 1) / 2) * LINE + 0.35 * FONT, "middle", math=True)


def lines_of(name: str, tall: float) -> list[str]:
    """The name in a box so high."""
    return list(filter(None, clean(name).partition(" = ")[::2])) if tall > TALL else [clean(name)]


def name_arrow(sheet: Sheet, text: str, route: Sequence[Point], within: Box, own: Sequence[Box]) -> None:
    """The local derivative close to its arrow, wherever along it there is room, on the outer side first; else on it, where it covers no other; else led to it.

    own  what the arrow itself keeps clear
    """
    (x0, y0), (x1, y1) = route[0], route[1]
    sides = "w nw sw e ne se" if min(x0, x1) < WIDTH / 2 - 1 else "e ne se w nw sw"
    for share in (0.5, 0.6, 0.4, 0.7, 0.3, 0.65, 0.35, 0.75, 0.25):
        if sheet.label(text, x0 + share * (x1 - x0), y0 + share * (y1 - y0), within, sides, math=True, reach=0):
            return
    if in_two_lines(sheet, text, route, within):
        return
    every, sheet.marks = sheet.marks, [m for m in sheet.marks if m not in own]
    for share in (0.5, 0.6, 0.4, 0.7, 0.3, 0.78, 0.22) if not any(p.italic or p.low for p in pieces(text)) else ():
        if sheet.write(text, x0 + share * (x1 - x0), y0 + share * (y1 - y0) + 0.35 * FONT, "middle", clear=True, within=within, halo=True):
            break
    else:
        sheet.marks = every
        sheet.label(text, (x0 + x1) / 2, (y0 + y1) / 2, within, sides, math=True)
    sheet.marks = every


def in_two_lines(sheet: Sheet, text: str, route: Sequence[Point], within: Box) -> bool:
    """The local derivative above its value, beside the arrow."""
    lines = [part for part in text.partition(" = ") if part != " = "]
    if not all(lines):
        return False
    (x0, y0), (x1, y1) = route[0], route[1]
    aside = 10 + abs((x1 - x0) / (y1 - y0)) * LINE  # as far as a slanting arrow needs beside two lines
    side, anchor = (-aside, "end") if min(x0, x1) < WIDTH / 2 - 1 else (aside, "start")
    for share in (0.5, 0.6, 0.4, 0.7, 0.3):
        x, y = x0 + share * (x1 - x0) + side, y0 + share * (y1 - y0) + 0.35 * FONT
        first = sheet.write(lines[0], x, y - LINE / 2, anchor, math=True, clear=True, within=within)
        if first and sheet.write("= " + lines[1], x, y + LINE / 2, anchor, math=True, clear=True, within=within):
            return True
        if first:
            sheet.letters.pop()
            sheet.texts.pop()
    return False


def layout(names: Sequence[str], links: Sequence[Arrow]) -> tuple[dict[str, Point], list[list[Point]], dict[str, float], dict[str, float]]:
    """Where each node stands, the way of each arrow (through a free column of every layer that it crosses), each node's height and the room for its width."""
    depth = depths(names, links)
    for n in reversed(names):  # a name that nothing feeds stands just above what it feeds
        below = [depth[t] for s, t, _ in links if s == n]
        if below and all(t != n for _, t, _ in links):
            depth[n] = min(below) - 1
    layers: list[list[str]] = [[n for n in names if depth[n] == k] for k in range(max(depth.values()) + 1)]
    passing = {(k, m): f"\0{k} {m}" for k, (s, t, _) in enumerate(links) for m in range(depth[s] + 1, depth[t])}
    for (_, m), stand_in in passing.items():
        layers[m].append(stand_in)
    tall = [TALL + LINE if any(" = " in n and formula_width(clean(n), FONT) + 16 > WIDTH / len(row) - 12 for n in row) else TALL for row in layers]
    gaps = [gap([text for s, t, text in links if depth[s] <= m < depth[t]]) for m in range(len(layers))]
    middles = [8 + sum(tall[:m]) + sum(gaps[:m]) + tall[m] / 2 for m in range(len(layers))]
    at, rooms = {}, {}
    for m, row in enumerate(layers):
        for n, (x, wide) in zip(row, columns(row, tall[m]), strict=True):
            at[n], rooms[n] = (x, middles[m]), wide
    routes = [[at[s], *(at[passing[k, m]] for m in range(depth[s] + 1, depth[t])), at[t]] for k, (s, t, _) in enumerate(links)]
    return {n: at[n] for n in names}, routes, {n: tall[depth[n]] for n in names}, rooms


def gap(texts: Sequence[str]) -> float:
    """The space between two layers; more where many arrows spread, and the more the wider what is written at them."""
    return GAP if len(texts) <= 3 else min(WIDEST, max(WIDER, 0.5 * WIDER + max(formula_width(clean(t), FONT) for t in texts)))


def columns(row: Sequence[str], tall: float) -> list[tuple[float, float]]:
    """The middle of each node of a layer, and how wide it may be: evenly spaced, or where that is too narrow for one of them, by what each needs."""
    needed = [wanted(n, tall) for n in row]
    even = WIDTH / len(row)
    if max(needed) <= even or sum(needed) > WIDTH:
        return [((k + 0.5) * even, even - 12) for k in range(len(row))]
    spare = (WIDTH - sum(needed)) / len(row)
    return [(sum(needed[:k]) + k * spare + (need + spare) / 2, need + spare - 10) for k, need in enumerate(needed)]


def wanted(name: str, tall: float) -> float:
    """How wide a node's box should be; an arrow that only passes takes little."""
    return 20.0 if name.startswith("\0") else max(40.0, max(formula_width(t, FONT) for t in lines_of(name, tall)) + 20)


def depths(names: Sequence[str], links: Sequence[Arrow]) -> dict[str, int]:
    """The length of the longest way to each node.  Raises ValueError for a circle."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        longer = {t: max(depth[s] + 1 for s, u, _ in links if u == t) for _, t, _ in links}
        if all(depth[t] == d for t, d in longer.items()):
            return depth
        depth |= longer
    raise ValueError("the arrows run in a circle: " + ", ".join(f"{s} → {t}" for s, t, _ in links))


def from_edge(route: Sequence[Point], start: tuple[float, float], end: tuple[float, float]) -> list[Point]:
    """The route from the edge of its first node to the edge of its last; of both half the width and half the height."""

    def edge(inner: Point, outer: Point, half: tuple[float, float], gap: float) -> Point:
        dx, dy = outer[0] - inner[0], outer[1] - inner[1]
        share = min((half[0] + gap) / abs(dx) if dx else 2.0, half[1] / abs(dy) if dy else 2.0)
        return inner[0] + share * dx, inner[1] + share * dy

    return [edge(route[0], route[1], start, 1), *route[1:-1], edge(route[-1], route[-2], end, 2)]
