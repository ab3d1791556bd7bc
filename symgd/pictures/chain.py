"""The chain of names: what feeds what, from a parameter down to the loss, with the local derivative on every arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symgd.pictures.lettering import clean, count, pieces, shorten, width
from symgd.pictures.strokes import arrow_head
from symgd.pictures.svg import COLOURS, FONT, WIDTH, Box, Drawing, Point, Rows, Sheet, element, path, stroke

__all__ = ["chain_of_names"]

Arrow = tuple[str, str, str]
ROW, TALL = 88.0, 32.0  # from one layer to the next; the height of a node


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
    places, routes, deepest = layout(names, links)
    sheet = Sheet(height=(deepest + 1) * ROW - ROW + TALL + 16)
    everywhere = Box(2, 2, sheet.width - 2, sheet.height - 2)
    half = {n: max(20.0, width("".join(p.text for p in pieces(clean(n))), FONT) / 2 + 10) for n in names}
    half = {n: min(h, room(n, places) / 2) for n, h in half.items()}
    for (source, target, _), route in zip(links, routes, strict=True):
        line = from_edge(route, half[source], half[target])
        sheet.draw(element("path", d=path(line), **stroke("blue", 2, stroke_linejoin="round")), arrow_head(line[-1], line[-2], "blue", 11))
        sheet.keep_clear(line, 3)
    for n in names:
        x, y = places[n]
        sheet.draw(element("rect", x=x - half[n], y=y - TALL / 2, width=2 * half[n], height=TALL, rx=8, class_="paper-fill ink", fill=COLOURS["paper"][0],
                           stroke="currentColor", stroke_width=1.5))  # fmt: skip
        sheet.keep_clear([(x - half[n], y), (x + half[n], y)], TALL / 2 + 2)
        sheet.write(shorten(clean(n), 2 * half[n] - 8, FONT), x, y + 0.35 * FONT, "middle", math=True)
    for (_, _, text), route in zip(links, routes, strict=True):
        (x0, y0), (x1, y1) = route[0], route[1]
        outward = "w nw sw e" if min(x0, x1) < WIDTH / 2 - 1 else "e ne se w"
        sheet.label(shorten(clean(text), WIDTH / 2 - 16, FONT), (x0 + x1) / 2, (y0 + y1) / 2, everywhere, outward, math=True)
    said = ". ".join(f"{clean(s)} feeds {clean(t)}{f', with {clean(d)}' if d else ''}" for s, t, d in links)
    description = f"{count(len(names))} names, from top to bottom. {said}." if links else f"The name {clean(names[0])}."
    rows = tuple((clean(s), clean(t), clean(d)) for s, t, d in links)
    return sheet.drawing(title, description, Rows(("from", "to", "local derivative"), rows), prefix)


def layout(names: Sequence[str], links: Sequence[Arrow]) -> tuple[dict[str, Point], list[list[Point]], int]:
    """Where each node stands, the way of each arrow (through a free column of every layer that it crosses), and the lowest layer."""
    depth = depths(names, links)
    for n in reversed(names):  # a name that nothing feeds stands just above what it feeds
        below = [depth[t] for s, t, _ in links if s == n]
        if below and all(t != n for _, t, _ in links):
            depth[n] = min(below) - 1
    layers: list[list[str]] = [[n for n in names if depth[n] == k] for k in range(max(depth.values()) + 1)]
    passing = {(k, m): f"\0{k} {m}" for k, (s, t, _) in enumerate(links) for m in range(depth[s] + 1, depth[t])}
    for (_, m), stand_in in passing.items():
        layers[m].append(stand_in)
    at = {n: ((k + 0.5) * WIDTH / len(row), 8 + TALL / 2 + m * ROW) for m, row in enumerate(layers) for k, n in enumerate(row)}
    routes = [[at[s], *(at[passing[k, m]] for m in range(depth[s] + 1, depth[t])), at[t]] for k, (s, t, _) in enumerate(links)]
    return {n: at[n] for n in names}, routes, len(layers) - 1


def depths(names: Sequence[str], links: Sequence[Arrow]) -> dict[str, int]:
    """The length of the longest way to each node.  Raises ValueError for a circle."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        longer = {t: max(depth[s] + 1 for s, u, _ in links if u == t) for _, t, _ in links}
        if all(depth[t] == d for t, d in longer.items()):
            return depth
        depth |= longer
    raise ValueError("the arrows run in a circle: " + ", ".join(f"{s} → {t}" for s, t, _ in links))


def room(name: str, places: Mapping[str, Point]) -> float:
    """The width that a node may take beside the others of its layer."""
    x, y = places[name]
    beside = [abs(x - u) for n, (u, v) in places.items() if v == y and n != name]
    return min([2 * min(x, WIDTH - x), *beside]) - 12


def from_edge(route: Sequence[Point], start_half: float, end_half: float) -> list[Point]:
    """The route from the edge of its first node to the edge of its last."""

    def edge(inner: Point, outer: Point, half: float) -> Point:
        dx, dy = outer[0] - inner[0], outer[1] - inner[1]
        share = min(half / abs(dx) if dx else 2.0, TALL / 2 / abs(dy) if dy else 2.0)
        return inner[0] + share * dx, inner[1] + share * dy

    return [edge(route[0], route[1], start_half + 1), *route[1:-1], edge(route[-1], route[-2], end_half + 2)]
