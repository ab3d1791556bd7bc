"""A network: its units in columns, and the flow through its layers, values from left to right, sensitivities from right to left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from symgd.pictures.lettering import clean, count, fitted, plain
from symgd.pictures.strokes import arrow_head
from symgd.pictures.svg import COLOURS, FONT, WIDTH, Drawing, Point, Rows, Sheet, element, fill, path, stroke

__all__ = ["Band", "flow_of_sensitivities", "units_in_columns"]

MOST = 6  # layers that are drawn one by one; of more, the first two and the last two


@dataclass(frozen=True)
class Band:
    """One layer, as text; a lowered part follows an underscore: a_1.

    values         into the layer, its sum, out of it: x, z_1, a_1
    forward        what the two steps do: "W_1, b_1", "tanh"
    sensitivities  of the three values; "" where none is needed (data)
    backward       the local derivatives of the two steps: W_1, 1 − a_1²
    gradients      what is made of the sum's sensitivity: "∂L/∂W_1, ∂L/∂b_1"
    size           how many units the layer has: h
    """

    values: tuple[str, str, str]
    forward: tuple[str, str]
    sensitivities: tuple[str, str, str]
    backward: tuple[str, str]
    gradients: str
    size: str = ""


def abbreviated(bands: Sequence[Band]) -> list[tuple[int, Band | None]]:
    """(number, layer), with one None for those left out of a deep network."""
    each: list[tuple[int, Band | None]] = list(enumerate(bands, 1))
    return each if len(each) <= MOST else [*each[:2], (3, None), *each[-2:]]


# ---------------------------------------------------------------- units

TOP, PITCH, RADIUS = 52.0, 30.0, 9.0


def units_in_columns(bands: Sequence[Band], size_in: str, *, title: str = "The network", prefix: str = "network") -> Drawing:
    """A column of units for the data, one for each layer, and the loss; below, the sensitivity of each layer's sum.

    size_in  how many values a sample has: d
    Raises ValueError for no layers.
    """
    if not bands:
        raise ValueError("a network needs at least one layer")
    shown = abbreviated(bands)
    sheet = Sheet(height=TOP + 3 * PITCH + 128)
    columns = len(shown) + 2
    at = [(k + 0.5) * WIDTH / columns for k in range(columns)]
    many = [3, *(0 if b is None else 1 if b.size == "1" else 3 for _, b in shown), 1]
    places = [[(x, TOP + PITCH * (1.5 if n == 1 else (0, 1, 3)[k])) for k in range(n)] for x, n in zip(at, many, strict=True)]
    _edges(sheet, places)
    for k, column in enumerate(places):
        _column(sheet, at[k], column, "green" if k == 0 else "purple" if k == columns - 1 else "blue")
    below = TOP + 3 * PITCH + 34
    names = [bands[0].values[0], *("" if b is None else b.values[2] if k < len(bands) else b.values[1] for k, b in shown), bands[-1].values[2]]
    sizes = [size_in, *("" if b is None else b.size for _, b in shown), ""]
    deltas = ["", *("" if b is None else b.sensitivities[1] for _, b in shown), ""]
    room = WIDTH / columns - 4
    for x, name, size, delta in zip(at, names, sizes, deltas, strict=True):
        sheet.write(fitted(clean(name), room, FONT), x, below, "middle", math=True)
        sheet.write(fitted(clean(size), room, FONT), x, below + 22, "middle", math=True)
        sheet.write(fitted(clean(delta), room, FONT), x, below + 76, "middle", math=True)
    _along(sheet, (at[0], 30), (at[-1], 30), "blue", "values", 20)
    _along(sheet, (at[-1], below + 52), (at[0], below + 52), "orange", "sensitivities", below + 44)
    return sheet.drawing(title, _said_units(bands, size_in), _rows_of_units(bands, size_in), prefix)


def _edges(sheet: Sheet, places: list[list[Point]]) -> None:
    for left, right in pairwise(places):
        for a in left:
            for b in right:
                sheet.draw(element("path", d=path([(a[0] + RADIUS, a[1]), (b[0] - RADIUS, b[1])]), **stroke("ink", 0.8, opacity=0.45)))


def _column(sheet: Sheet, x: float, units: list[Point], colour: str) -> None:
    """Its units; three dots stand for those that are not drawn."""
    for cx, cy in units:
        line: dict[str, str | float] = {"class_": f"paper-fill {colour}", "stroke": COLOURS[colour][0], "stroke_width": 2}
        sheet.draw(element("circle", cx=cx, cy=cy, r=RADIUS, fill=COLOURS["paper"][0], **line))
    dots: list[Point] = [(x, TOP + (2 + d / 5) * PITCH) for d in (-1, 0, 1)] if len(units) == 3 else []
    if not units:
        dots = [(x + d, TOP + 1.5 * PITCH) for d in (-9, 0, 9)]
    for cx, cy in dots:
        sheet.draw(element("circle", cx=cx, cy=cy, r=1.8, **fill("ink")))


def _along(sheet: Sheet, start: Point, end: Point, colour: str, says: str, above: float) -> None:
    sheet.draw(element("path", d=path([start, end]), **stroke(colour, 2)), arrow_head(end, start, colour, 10))
    sheet.write(says, WIDTH / 2, above, "middle")


def _said_units(bands: Sequence[Band], size_in: str) -> str:
    shown = [(k, b, "1 unit" if b.size == "1" else f"{b.size or 'some'} units") for k, b in abbreviated(bands) if b is not None]
    layers = "; ".join(f"layer {k} is {b.values[1]}, {many}, made with {b.forward[0]}" for k, b, many in shown)
    left_out = f" ({count(len(bands) - 4)} layers between them are not drawn)" if len(bands) > MOST else ""
    into, loss = bands[0].values[0], bands[-1].values[2]
    way = f"From left to right {into}, with {size_in} values a sample, becomes {loss}"
    return clean_all(f"{way}: {layers}{left_out}. The sensitivities flow back from {loss}, from right to left.")


def clean_all(text: str) -> str:
    """A long text, piece by piece as clean as a label; lowered digits as such."""
    return " ".join(plain(word) for word in text.split())


def _rows_of_units(bands: Sequence[Band], size_in: str) -> Rows:
    rows: list[tuple[str, ...]] = [("0", clean_all(bands[0].values[0]), clean_all(size_in), "")]
    rows += [(str(k), *map(clean_all, (b.values[1], b.size, b.sensitivities[1]))) for k, b in enumerate(bands, 1)]
    return Rows(("layer", "sum", "units", "its sensitivity"), tuple(rows))


# ---------------------------------------------------------------- the flow

LEFT, MIDDLE, RIGHT = 46.0, 206.0, 372.0
HALF, TALL, ROW, FIRST = 40.0, 54.0, 124.0, 78.0  # half a box's width, its height; from band to band; the middle of the first


def flow_of_sensitivities(bands: Sequence[Band], *, title: str = "Values forward, sensitivities backward", prefix: str = "flow") -> Drawing:
    """A row for each layer: its three values with their sensitivities in boxes, the steps between them, and the local derivatives on the way back.

    Raises ValueError for no layers.
    """
    if not bands:
        raise ValueError("a network needs at least one layer")
    shown = abbreviated(bands)
    left_out = len(shown) < len(bands)
    heights = [FIRST]
    for _, band in shown:
        heights.append(heights[-1] + (56 if band is None else ROW))
    sheet = Sheet(height=heights[-1] - ROW + TALL / 2 + 44)
    _key(sheet)
    for k, ((_, band), y) in enumerate(zip(shown, heights, strict=False)):
        if band is None:
            sheet.write(f"layers 3 to {count(len(bands) - 2)}: the same", WIDTH / 2, y - 16, "middle")
            continue
        _band(sheet, band, y)
        if k < len(shown) - 1 and shown[k + 1][1] is not None:
            _wrap(sheet, y, heights[k + 1])
    rows = tuple((str(k), *map(clean_all, (b.values[1], b.sensitivities[1], *b.backward[::-1], b.gradients))) for k, b in enumerate(bands, 1))
    described = _said_flow([(k, b) for k, b in shown if b is not None], len(bands) - 4 if left_out else 0)
    table = Rows(("layer", "sum", "its sensitivity", "after the sum", "before the sum", "gradients"), rows)
    return sheet.drawing(title, described, table, prefix)


def _key(sheet: Sheet) -> None:
    for x, colour, says in ((60.0, "blue", "values"), (220.0, "orange", "sensitivities")):
        ends = ((x, 16.0), (x + 34, 16.0)) if colour == "blue" else ((x + 34, 16.0), (x, 16.0))
        sheet.draw(element("path", d=path(ends), **stroke(colour, 2)), arrow_head(ends[1], ends[0], colour, 10))
        sheet.write(says, x + 44, 16 + 0.35 * FONT)


def _band(sheet: Sheet, band: Band, y: float) -> None:
    for x, value, sensitivity in zip((LEFT, MIDDLE, RIGHT), band.values, band.sensitivities, strict=True):
        _box(sheet, x, y, value, sensitivity)
    for (a, b), does, derivative, back in zip(((LEFT, MIDDLE), (MIDDLE, RIGHT)), band.forward, band.backward, band.sensitivities, strict=False):
        start, end = a + HALF, b - HALF
        room = end - start - 6
        for colour, ends in (("blue", ((start + 1, y - 10), (end - 2, y - 10))), ("orange", ((end - 1, y + 10), (start + 2, y + 10)))):
            if colour == "blue" or back:
                sheet.draw(element("path", d=path(ends), **stroke(colour, 2)), arrow_head(ends[1], ends[0], colour, 10))
        sheet.write(fitted(clean(does), room, FONT), (start + end) / 2, y - 18, "middle", math=True)
        if back:
            sheet.write(fitted(clean(derivative), room, FONT), (start + end) / 2, y + 29, "middle", math=True)
    if band.gradients:
        foot = y + TALL / 2
        tip = (MIDDLE, foot + 16)
        sheet.draw(element("path", d=path([(MIDDLE, foot), (MIDDLE, foot + 14)]), **stroke("orange", 2)), arrow_head(tip, (MIDDLE, foot), "orange", 10))
        sheet.write(fitted(clean(band.gradients), WIDTH - 24, FONT), MIDDLE, foot + 33, "middle", math=True)


def _box(sheet: Sheet, x: float, y: float, value: str, sensitivity: str) -> None:
    """The value above, its sensitivity below."""
    sheet.draw(element("rect", x=x - HALF, y=y - TALL / 2, width=2 * HALF, height=TALL, rx=8, class_="paper-fill ink", fill=COLOURS["paper"][0],
                       stroke="currentColor", stroke_width=1.5))  # fmt: skip
    lines = ((value, y - 5), (sensitivity, y + 19)) if sensitivity else ((value, y + 0.35 * FONT),)
    for text, baseline in lines:
        sheet.write(fitted(clean(text), 2 * HALF - 6, FONT), x, baseline, "middle", math=True)


def _wrap(sheet: Sheet, y: float, below: float) -> None:
    """From the right end of a row to the left end of the next: the same values, and back the same sensitivities."""
    for colour, dx, dy in (("blue", -5.0, 43.0), ("orange", 5.0, 49.0)):
        right, left = (RIGHT + dx, y + TALL / 2), (LEFT + dx, below - TALL / 2)
        line = [right, (right[0], y + TALL / 2 + dy), (left[0], y + TALL / 2 + dy), left]
        line = line if colour == "blue" else line[::-1]
        sheet.draw(element("path", d=path(line), **stroke(colour, 1.5, stroke_linejoin="round")), arrow_head(line[-1], line[-2], colour, 9))


def _said_flow(bands: Sequence[tuple[int, Band]], left_out: int) -> str:
    said = []
    for k, b in bands:
        back = f"; backwards, the sensitivity {b.sensitivities[1]}" + (f" is made with {b.backward[1]}" if b.backward[1] else "")
        onward = f", and goes on with {b.backward[0]}" if b.sensitivities[0] else ""
        way = f"{b.values[0]} becomes {b.values[1]} by {b.forward[0]}, and {b.values[2]} by {b.forward[1]}"
        said.append(f"Layer {k}: {way}{back}{onward}; it gives {b.gradients}.")
    more = f" {count(left_out)} layers in between go the same way." if left_out else ""
    return clean_all(" ".join(said) + more)
