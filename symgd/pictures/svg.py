"""SVG as text: a tree of elements written the same way every time, on a sheet where no text covers another.

Every colour stands twice: as an attribute (paper, PDF, anything without style sheets) and as a class that follows light and dark on a screen;
a page may set its own by the custom properties --symgd-ink, --symgd-paper, --symgd-blue, ….
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from symgd.pictures.lettering import LOWERED, Piece, clean, pieces, width

__all__ = ["COLOURS", "FONT", "STYLE", "WIDTH", "Box", "Drawing", "Element", "Point", "Rows", "Sheet", "element", "fill", "path", "stroke"]

Point = tuple[float, float]

WIDTH = 420.0  # of every picture; on a phone of 360 px, inside margins of 20 px, FONT is then 12 px
FONT = 16.0

# light, dark: Okabe and Ito's palette (https://jfly.uni-koeln.de/color/); on dark their lighter neighbours
COLOURS = {
    "ink": ("#1c1c1e", "#e9e6e0"),
    "paper": ("#fffefb", "#17181b"),
    "blue": ("#0072b2", "#56b4e9"),
    "orange": ("#d55e00", "#e69f00"),
    "green": ("#00805d", "#2fc498"),
    "purple": ("#a8527f", "#e09bc3"),
}


def _rules(shade: int) -> str:
    value = {name: f"var(--symgd-{name},{shades[shade]})" for name, shades in COLOURS.items()}
    plain = [f".symgd-picture{{color:{value['ink']}}}", f".symgd-picture .sheet{{fill:{value['paper']}}}", f".symgd-picture .halo{{stroke:{value['paper']}}}"]
    hues = [f".symgd-picture .{n}{{stroke:{v}}}.symgd-picture .{n}-fill{{fill:{v}}}" for n, v in value.items() if n != "ink"]
    return "".join(plain + hues)


STYLE = (
    f".symgd-picture{{display:block;width:100%;max-width:30rem;height:auto;margin:0 auto}}"
    f"@media screen{{{_rules(0)}}}@media screen and (prefers-color-scheme:dark){{{_rules(1)}}}"
)


@dataclass(frozen=True)
class Rows:
    """The numbers that a picture shows, as text: a head and rows of as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A picture: its SVG, its title, what it shows in words, and its numbers."""

    svg: str
    title: str
    description: str
    table: Rows


@dataclass(frozen=True)
class Element:
    """<tag attributes>children</tag>; a string among the children is text, escaped when written."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Element | str, ...] = ()

    def write(self) -> str:
        inside = "".join(c.write() if isinstance(c, Element) else escape(c) for c in self.children)
        start = self.tag + "".join(f' {name}="{escape(value)}"' for name, value in self.attributes)
        return f"<{start}>{inside}</{self.tag}>" if inside else f"<{start}/>"


def escape(text: str) -> str:
    """Text for XML, inside an element or a quoted attribute."""
    for c, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(c, entity)
    return text


def element(tag: str, *children: Element | str, **attributes: str | float) -> Element:
    """An element; `stroke_width` is written stroke-width, `class_` class, numbers to two decimals."""
    named = ((name.rstrip("_").replace("_", "-") if name != "viewBox" else name, value) for name, value in attributes.items())
    return Element(tag, tuple((name, value if isinstance(value, str) else coordinate(value)) for name, value in named), children)


def coordinate(value: float) -> str:
    """Two decimals, no trailing zeros, no minus zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def stroke(colour: str, thickness: float = 2.0, **more: str | float) -> dict[str, str | float]:
    """The attributes of a line; colour is a name of COLOURS."""
    return {"class_": colour, "stroke": _light(colour), "stroke_width": thickness, "fill": "none", **more}


def fill(colour: str, **more: str | float) -> dict[str, str | float]:
    """The attributes of a filled shape."""
    return {"class_": f"{colour}-fill", "fill": _light(colour), **more}


def _light(colour: str) -> str:
    return "currentColor" if colour == "ink" else COLOURS[colour][0]


# an edge in the colour of the paper round the letters of a label, so that it can be read over points and lines
HALO: dict[str, str | float] = {"class_": "halo", "stroke": COLOURS["paper"][0], "stroke_width": 4, "stroke_linejoin": "round", "paint_order": "stroke"}


def path(points: Iterable[Point]) -> str:
    """The path data of a line through the points."""
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)


@dataclass(frozen=True)
class Box:
    """A rectangle; y runs down, as in SVG."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def inside(self, other: Box) -> bool:
        return other.left <= self.left and self.right <= other.right and other.top <= self.top and self.bottom <= other.bottom


def spans(letters: Sequence[Piece]) -> list[Element | str]:
    """The pieces as text and <tspan>s; a subscript is lowered, and what follows it raised again."""
    out: list[Element | str] = []
    lowered = False
    for p in letters:
        style: dict[str, str | float] = {"font_style": "italic"} if p.italic else {}
        if p.low:
            style |= {"font_size": LOWERED * FONT}
        if p.low != lowered:
            style |= {"dy": 0.22 * FONT if p.low else -0.22 * FONT}
            lowered = p.low
        out.append(element("tspan", p.text, **style) if style else p.text)
    return out


def text_box(letters: Sequence[Piece], x: float, y: float, anchor: str, size: float) -> Box:
    """Where the text with its baseline at y will be printed."""
    wide = sum(width(p.text, LOWERED * size if p.low else size) for p in letters)
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
    return Box(left, y - 0.85 * size, left + wide, y + (0.4 if any(p.low for p in letters) else 0.27) * size)


@dataclass
class Sheet:
    """A picture being drawn.  Text is set only where it covers no other text and stays on the sheet."""

    height: float
    width: float = WIDTH
    shapes: list[Element] = field(default_factory=list)
    letters: list[Element] = field(default_factory=list)
    texts: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)

    def draw(self, *shapes: Element) -> None:
        self.shapes += shapes

    def keep_clear(self, points: Sequence[Point], reach: float = 2.0) -> None:
        """Labels set by `label` step aside from the line through these points."""
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[-1]], strict=True):
            n = 1 + int(max(abs(x1 - x0), abs(y1 - y0)) / 4)
            for k in range(n):
                x, y = x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n
                self.marks.append(Box(x - reach, y - reach, x + reach, y + reach))

    def write(
        self, text: str | Sequence[Piece], x: float, y: float, anchor: str = "start", *, math: bool = False, clear: bool = False, air: float = 0.0,
        within: Box | None = None, halo: bool = False,
    ) -> bool:  # fmt: skip
        """Set the text with its baseline at y; False, and nothing set, where it would cover text (with `clear`: or a mark) or leave its room.

        math    letters that stand alone are italic, and what follows an underscore is a subscript
        air     the least distance to other text
        within  the room; the sheet if None
        halo    an edge in the colour of the paper, for text over lines (not with `math`: the edge of one piece would cover the last)
        """
        letters = text if not isinstance(text, str) else pieces(text) if math else (Piece(text),)
        box = text_box(letters, x, y, anchor, FONT)
        if not text or not box.inside(within or Box(0, 0, self.width, self.height)) or any(map(box.grown(air).meets, self.texts)):
            return False
        if clear and any(map(box.meets, self.marks)):
            return False
        self.texts.append(box)
        aside: dict[str, str | float] = {} if anchor == "start" else {"text_anchor": anchor}
        self.letters.append(element("text", *spans(letters), x=x, y=y, font_size=FONT, **aside, **(HALO if halo else {})))
        return True

    def label(self, text: str, x: float, y: float, within: Box, sides: str = "e ne se n s w nw sw", math: bool = False, reach: float = 95.0) -> bool:
        """Set the text beside the point, at the nearest free place that covers no mark, trying the sides in order; from far away a thin line leads back.

        reach  how far away it may stand
        """
        down = 0.35 * FONT  # from the middle of the letters to their baseline
        for far in (d for d in (0, 10, 20, 34, 50, 70, 95) if d <= reach):
            for side in sides.split():
                dx = (8 + (far if side in "ew" else 0)) * (("e" in side) - ("w" in side))
                dy = (14 + far) * (("s" in side) - ("n" in side))
                anchor = "start" if dx > 0 else "end" if dx < 0 else "middle"
                if self.write(text, x + dx, y + dy + down, anchor, math=math, clear=True, within=within, halo=not math):
                    if far >= 34:
                        self.lead((x, y), self.texts[-1])
                    return True
        return False

    def lead(self, point: Point, box: Box) -> None:
        """A thin line from near the point to the nearest edge of its text."""
        x, y = min(max(point[0], box.left), box.right), min(max(point[1], box.top + 3), box.bottom - 3)
        share = 7 / max(7.0, ((x - point[0]) ** 2 + (y - point[1]) ** 2) ** 0.5)
        start = point[0] + share * (x - point[0]), point[1] + share * (y - point[1])
        self.draw(element("path", d=path([start, (x, y)]), **stroke("ink", 0.8, stroke_opacity=0.6)))

    def drawing(self, title: str, description: str, table: Rows, prefix: str) -> Drawing:
        """The finished picture."""
        return Drawing(self.to_svg(title, description, prefix), clean(title), description, table)

    def to_svg(self, title: str, description: str, prefix: str) -> str:
        """The SVG text.  Raises ValueError unless the prefix can begin an id."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", prefix):
            raise ValueError(f"the prefix {prefix!r} cannot begin an id: a letter, then letters, digits, - or _")
        return element(
            "svg",
            element("title", clean(title), id=f"{prefix}-title"),
            element("desc", description, id=f"{prefix}-desc"),
            element("style", STYLE),
            element("rect", width=self.width, height=self.height, fill="none", class_="sheet"),
            *self.shapes,
            element("g", *self.letters, fill="currentColor"),
            xmlns="http://www.w3.org/2000/svg", class_="symgd-picture", role="img", aria_labelledby=f"{prefix}-title {prefix}-desc",
            viewBox=f"0 0 {coordinate(self.width)} {coordinate(self.height)}", width=self.width, height=self.height,
            font_family="system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
        ).write()  # fmt: skip
