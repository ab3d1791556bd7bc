"""Axes: scales, round ticks, and the frame of a plot with its labels and its key.

Glossary: `low`, `high` the ends of a range of values; a position is in units of the sheet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from symgd.pictures.lettering import clean, decimal, power_of_ten, shorten, width
from symgd.pictures.svg import FONT, WIDTH, Box, Element, Point, Sheet, element, path, stroke

__all__ = ["LARGEST", "Key", "Plot", "Scale", "Ticks", "finite", "frame", "linear_ticks", "log_ticks", "widen"]

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
    for k, v in enumerate(found):
        if not abs(v) <= LARGEST:
            raise ValueError(f"{what}[{k}] is {v}: a picture needs finite numbers, at most 1e150 in size")
    return found


def widen(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """The range with a margin on both sides; a single value, or a range below the resolution of floats, becomes a range about it."""
    room = max((high - low) * share, 4 * math.ulp(max(abs(low), abs(high))))
    if low == high:
        room = abs(low) * share or 1.0
    return low - room, high + room


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
    x_ticks: tuple[float, ...] = ()

    def at(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)


def frame(
    x: tuple[float, float],
    y: tuple[float, float],
    x_label: str,
    y_label: str,
    keys: Sequence[Key] = (),
    log_y: bool = False,
    whole_x: bool = False,
    grid: bool = True,
    inside: float = 212.0,
) -> Plot:
    """A sheet with axes, ticks, labels and a key above.

    x, y     the ranges
    whole_x  only whole numbers at the ticks of x
    grid     lines at the ticks of y
    inside   the height of the plot
    """
    rows = key_rows(keys)
    top = 24.0 * len(rows) + 36.0
    sheet = Sheet(height=top + inside + 52.0)
    y_ticks = log_ticks(*y) if log_y else linear_ticks(*y, 7)
    left = max(width(t, FONT) for t in y_ticks.labels) + 14.0
    right = WIDTH - max(18.0, max(width(t, FONT) for t in linear_ticks(*x).labels) / 2 + 4)
    box = Box(left, top, right, top + inside)
    x_scale = Scale(*x, box.left, box.right)
    x_ticks = roomy_ticks(x_scale, whole_x)
    plot = Plot(sheet, x_scale, Scale(*y, box.bottom, box.top, log_y), box, x_ticks.values)
    draw_keys(sheet, rows)
    for value, text in zip(y_ticks.values, y_ticks.labels, strict=True):
        at = plot.y(value)
        sheet.draw(element("path", d=path([(box.left - 5, at), (box.left, at)]), **stroke("ink", 1)))
        if grid:
            sheet.draw(element("path", d=path([(box.left, at), (box.right, at)]), **stroke("ink", 1, stroke_opacity=0.16)))
        sheet.write(text, box.left - 8, at + 0.35 * FONT, "end")
    for value, text in zip(x_ticks.values, x_ticks.labels, strict=True):
        at = plot.x(value)
        sheet.draw(element("path", d=path([(at, box.bottom), (at, box.bottom + 5)]), **stroke("ink", 1)))
        sheet.write(text, at, box.bottom + 8 + FONT, "middle")
    sheet.draw(element("path", d=path([(box.left, box.top), (box.left, box.bottom), (box.right, box.bottom)]), **stroke("ink", 1)))
    sheet.write(axis_label(y_label, y_ticks.note, WIDTH - 8), 4, top - 14)
    middle = (box.left + box.right) / 2
    sheet.write(axis_label(x_label, x_ticks.note, 2 * (WIDTH - middle) - 8), middle, sheet.height - 6, "middle")
    return plot


def roomy_ticks(x: Scale, whole: bool) -> Ticks:
    """As many ticks as leave room between their labels."""
    for about in (7, 6, 5, 4, 3, 2, 1):
        ticks = linear_ticks(x.low, x.high, about)
        if whole and any(t != round(t) for t in ticks.values):
            continue
        edges = [(x(t) - width(s, FONT) / 2, x(t) + width(s, FONT) / 2) for t, s in zip(ticks.values, ticks.labels, strict=True)]
        if edges and edges[0][0] >= 0 and edges[-1][1] <= WIDTH and all(b[0] - a[1] >= 10 for a, b in pairwise(edges)):
            return ticks
    return ticks


def axis_label(label: str, note: str, room: float) -> str:
    """The label, shortened to its room, and what was taken out of the ticks, never shortened."""
    note = f", {note}" if note else ""
    return shorten(clean(label), room - width(note, FONT), FONT) + note


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
