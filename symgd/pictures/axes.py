"""Axes: scales, round ticks, and the frame of a plot with its labels and its key.

Glossary: `low`, `high` the ends of a range of values; a position is in units of the sheet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from symgd.pictures.lettering import Piece, clean, decimal, label_pieces, plain, power_of_ten, shorten, width
from symgd.pictures.svg import FONT, WIDTH, Box, Element, Point, Sheet, element, path, stroke

__all__ = ["LARGEST", "Key", "Plot", "Scale", "Ticks", "axes", "axis_label", "draw_keys", "finite", "frame", "key_rows", "linear_ticks", "log_ticks",
           "logarithmic", "margins", "widen"]  # fmt: skip

LARGEST = 1e150  # squares of larger numbers overflow


@dataclass(frozen=True)
class Scale:
    """value → position: low lies at `start`, high at `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, v = map(math.log10, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (v - low) / (high - low) * (self.end - self.start)


@dataclass(frozen=True)
class Ticks:
    """Where the ticks stand, what is written at them, and what was taken out of all labels ("minus 10⁸", "in 10⁶", or nothing)."""

    values: tuple[float, ...]
    labels: tuple[str, ...]
    note: str = ""


def finite(what: str, values: Iterable[float]) -> tuple[float, ...]:
    """The values as floats.  Raises ValueError naming the first that is no finite number within ±1e150, or if there is none."""
    found = tuple(map(float, values))
    if not found:
        raise ValueError(f"{what} is empty: a picture needs at least one value")
    if not all(map(LARGEST.__ge__, map(abs, found))):  # of a million values this is the quickest
        k, v = next((k, v) for k, v in enumerate(found) if not abs(v) <= LARGEST)
        raise ValueError(f"{what}[{k}] is {v}: a picture needs finite numbers, at most 1e150 in size")
    return found


def widen(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """The range with a margin on both sides; a single value, or a range below the resolution of floats, becomes a range about it."""
    room = max((high - low) * share, 4 * math.ulp(max(abs(low), abs(high))))
    if low == high:
        room = abs(low) * share or 1.0
    return low - room, high + room


def logarithmic(low: float, high: float) -> tuple[float, float]:
    """The range with a margin of a twentieth of its decades; at least one decade."""
    decades = math.log10(high) - math.log10(low)
    room = 10 ** max(0.05 * decades, 0.5 * (1 - decades))
    return max(low / room, 1e-307), min(high * room, 1.7e308)


def linear_ticks(low: float, high: float, about: int = 5) -> Ticks:
    """All multiples of a step 1, 2 or 5 × 10ᵏ in low … high: between 2 and about + 1 of them, for about ≥ 5."""
    span = Fraction(high) - Fraction(low)
    k = math.floor(math.log10(float(span) / about))
    step = next(s for e in (k - 1, k, k + 1, k + 2) for m in (1, 2, 5) if span <= about * (s := m * Fraction(10) ** e))
    exact = [n * step for n in range(math.ceil(Fraction(low) / step), math.floor(Fraction(high) / step) + 1)]
    labels, note = tick_labels(exact)
    return Ticks(tuple(map(float, exact)), labels, note)


def tick_labels(exact: Sequence[Fraction]) -> tuple[tuple[str, ...], str]:
    """Short labels for the ticks: a large common part, then a common power of ten, is taken out and named in the note."""
    step = exact[1] - exact[0] if len(exact) > 1 else abs(exact[0]) or Fraction(1)
    notes = []
    largest = max(map(abs, exact))
    if largest >= 10**5 * step:
        common = min(exact, key=lambda t: (len(decimal(t).rstrip("0,")), t))  # the roundest tick
        exact = [t - common for t in exact]
        notes.append(f"minus {decimal(common)}" if common > 0 else f"plus {decimal(-common)}")
        largest = max(map(abs, exact))
    power = math.floor(math.log10(largest) / 3) * 3 if largest else 0
    if largest >= 10**5 or (largest and largest < Fraction(1, 100)):
        exact = [t / Fraction(10) ** power for t in exact]
        notes.append(f"in {power_of_ten(power)}")
    places = max(len(decimal(t).partition(".")[2]) for t in exact)
    return tuple(f"{float(t):,.{places}f}".replace("-", "−") for t in exact), ", ".join(notes)


def log_ticks(low: float, high: float, about: int = 5) -> Ticks:
    """Powers of ten in low … high, thinned evenly to at most about + 1; over less than two decades 1, 2 and 5 of each, then round steps."""
    first, last = math.ceil(math.log10(low) - 1e-12), math.floor(math.log10(high) + 1e-12)
    if last - first >= 2:
        every = next(n for n in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200) if last - first <= n * about)
        powers = [k for k in range(first, last + 1) if k % every == 0]
        plain = powers[0] >= -3 and powers[-1] <= 4
        return Ticks(tuple(float(f"1e{k}") for k in powers), tuple(decimal(Fraction(10) ** k) if plain else power_of_ten(k) for k in powers))
    exact = [m * Fraction(10) ** k for k in range(first - 1, last + 1) for m in (1, 2, 5) if low <= m * Fraction(10) ** k <= high]
    if len(exact) < 3:
        return linear_ticks(low, high, about)
    labels, note = tick_labels_log(exact)
    return Ticks(tuple(map(float, exact)), labels, note)


def tick_labels_log(exact: Sequence[Fraction]) -> tuple[tuple[str, ...], str]:
    """Labels of 1, 2, 5 × 10ᵏ: each with its own digits, a far power of ten taken out."""
    power = math.floor(math.log10(exact[0]) / 3) * 3 if not Fraction(1, 100) <= exact[0] <= 10**4 else 0
    return tuple(decimal(t / Fraction(10) ** power) for t in exact), f"in {power_of_ten(power)}" if power else ""


@dataclass(frozen=True)
class Key:
    """One entry of the key: a sample, drawn 24 wide about the origin, and its meaning."""

    sample: tuple[Element, ...]
    text: str


@dataclass(frozen=True)
class Plot:
    """The inside of a frame: two scales on a sheet."""

    sheet: Sheet
    x: Scale
    y: Scale
    box: Box
    x_ticks: Ticks

    def at(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)


def frame(
    x: tuple[float, float],
    y: tuple[float, float],
    x_label: str,
    y_label: str,
    keys: Sequence[Key] = (),
    *,
    log_x: bool = False,
    log_y: bool = False,
    whole_x: bool = False,
    grid: bool = True,
    inside: float = 212.0,
    math: str = "",
) -> Plot:
    """A sheet with axes, ticks, labels and a key above.

    x, y     the ranges
    whole_x  only whole numbers at the ticks of x
    grid     lines at the ticks of y
    inside   the height of the plot
    math     the axes whose labels are letters of a formula: "x", "y", "xy"
    """
    rows = key_rows(keys)
    top = 24.0 * len(rows) + 36.0
    sheet = Sheet(height=top + inside + 52.0)
    draw_keys(sheet, rows)
    y_ticks = log_ticks(*y) if log_y else linear_ticks(*y, 7)
    left, right = margins(x, y_ticks, log_x)
    box = Box(left, top, right, top + inside)
    plot = axes(sheet, box, x, y, (log_x, log_y), whole_x=whole_x, grid=grid)
    sheet.write(axis_label(y_label, y_ticks.note, WIDTH - 8, "y" in math), 4, top - 14)
    middle = (box.left + box.right) / 2
    room = 2 * (WIDTH - middle) - 8
    sheet.write(axis_label(x_label, plot.x_ticks.note, room, "x" in math), middle, sheet.height - 8, "middle")
    return plot


def margins(x: tuple[float, float], y_ticks: Ticks, log_x: bool = False) -> tuple[float, float]:
    """Left and right side of a plot that leave room for the labels of its ticks."""
    x_ticks = log_ticks(*x) if log_x else linear_ticks(*x)
    return max(width(t, FONT) for t in y_ticks.labels) + 14.0, WIDTH - max(18.0, max(width(t, FONT) for t in x_ticks.labels) / 2 + 4)


def axes(
    sheet: Sheet, box: Box, x: tuple[float, float], y: tuple[float, float], log: tuple[bool, bool] = (False, False), *, whole_x: bool = False,
    grid: bool = True, about: int = 7, labels: str = "xy", reach: float = WIDTH,
) -> Plot:  # fmt: skip
    """Both axes round the box, with their ticks.

    about   how many ticks y has
    labels  the axes at which numbers stand
    reach   how far the numbers at x may stand over its ends
    """
    scale_x, scale_y = Scale(*x, box.left, box.right, log[0]), Scale(*y, box.bottom, box.top, log[1])
    x_ticks, y_ticks = roomy_ticks(scale_x, whole_x, reach), log_ticks(*y) if log[1] else linear_ticks(*y, about)
    for value, text in zip(y_ticks.values, y_ticks.labels, strict=True):
        at = scale_y(value)
        sheet.draw(element("path", d=path([(box.left - 5, at), (box.left, at)]), **stroke("ink", 1)))
        if grid:
            sheet.draw(element("path", d=path([(box.left, at), (box.right, at)]), **stroke("ink", 1, stroke_opacity=0.16)))
        if "y" in labels:
            sheet.write(text, box.left - 8, at + 0.35 * FONT, "end")
    for value, text in zip(x_ticks.values, x_ticks.labels, strict=True):
        at = scale_x(value)
        sheet.draw(element("path", d=path([(at, box.bottom), (at, box.bottom + 5)]), **stroke("ink", 1)))
        if "x" in labels:
            sheet.write(text, at, box.bottom + 8 + FONT, "middle")
    sheet.draw(element("path", d=path([(box.left, box.top), (box.left, box.bottom), (box.right, box.bottom)]), **stroke("ink", 1)))
    return Plot(sheet, scale_x, scale_y, box, x_ticks)


def roomy_ticks(x: Scale, whole: bool, reach: float = WIDTH) -> Ticks:
    """As many ticks as leave room between their labels."""
    left, right = max(0.0, x.start - reach), min(WIDTH, x.end + reach)
    for about in (7, 6, 5, 4, 3, 2, 1):
        ticks = log_ticks(x.low, x.high, about) if x.log else linear_ticks(x.low, x.high, about)
        if whole and any(t != round(t) for t in ticks.values):
            continue
        edges = [(x(t) - width(s, FONT) / 2, x(t) + width(s, FONT) / 2) for t, s in zip(ticks.values, ticks.labels, strict=True)]
        if edges and edges[0][0] >= left and edges[-1][1] <= right and all(b[0] - a[1] >= 10 for a, b in pairwise(edges)):
            return ticks
    return ticks


def axis_label(label: str, note: str, room: float, math: bool = False) -> str | tuple[Piece, ...]:
    """The label, shortened to its room, and what was taken out of the ticks, never shortened."""
    note = f", {note}" if note else ""
    room -= width(note, FONT)
    if math and sum(width(p.text, FONT) for p in label_pieces(label)) <= room:
        return (*label_pieces(label), *([Piece(note)] if note else []))
    return shorten(plain(label) if math else clean(label), room, FONT) + note


def key_rows(keys: Sequence[Key]) -> list[list[tuple[float, Key, str]]]:
    """The key broken into rows: (position, entry, its text shortened to the sheet)."""
    rows: list[list[tuple[float, Key, str]]] = []
    at = WIDTH
    for key in keys:
        text = shorten(clean(key.text), WIDTH - 44, FONT)
        wide = 32 + width(text, FONT)
        if at + wide > WIDTH - 4:
            rows.append([])
            at = 4.0
        rows[-1].append((at, key, text))
        at += wide + 18
    return rows


def draw_keys(sheet: Sheet, rows: Sequence[Sequence[tuple[float, Key, str]]]) -> None:
    for n, row in enumerate(rows):
        for at, key, text in row:
            y = 16.0 + 24.0 * n
            sheet.draw(element("g", *key.sample, transform=f"translate({at + 12:.2f} {y:.2f})"))
            sheet.write(text, at + 32, y + 0.35 * FONT)
