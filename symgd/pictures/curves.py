"""A few curves in one plot, told apart by dash and name as well as by colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symgd.pictures.axes import LARGEST, Key, Plot, finite, frame, logarithmic, widen
from symgd.pictures.lettering import number, plain, shorten
from symgd.pictures.runs import columns, unbroken
from symgd.pictures.strokes import arrow_head, dot, slim, square
from symgd.pictures.svg import FONT, Drawing, Rows, element, path, stroke

__all__ = ["LOOKS", "Series", "curves", "look"]

LOOKS = (("blue", ""), ("orange", "9 4"), ("green", "2 4"), ("purple", "13 4 2 4"), ("ink", "5 3"), ("blue", "16 6"))
COLUMNS = 500  # of all curves together: what one of them keeps of its points


@dataclass(frozen=True)
class Series:
    """A curve: its name, its points, and what is said at its last one, which then carries a square."""

    label: str
    xs: Iterable[float]
    ys: Iterable[float]
    mark: str = ""


def curves(
    series: Sequence[Series], *, x_label: str, y_label: str, log_x: bool = False, log_y: bool = False,
    verticals: Sequence[tuple[float, str]] = (), title: str, description: str, table: Rows | None = None, prefix: str = "curves",
) -> Drawing:  # fmt: skip
    """The curves of one to six series.  ys may run into inf or nan, which is shown as leaving the picture; a log axis leaves out what is not positive.

    verticals  (x, what is there): dashed lines from top to bottom
    table      the numbers under the picture; if None, the ends of each curve
    Raises ValueError for no or more than six series, xs that are not finite, unequal lengths, and a series that has no point to draw.
    """
    if not 1 <= len(series) <= len(LOOKS):
        raise ValueError(f"one to {len(LOOKS)} curves are drawn, each with its own dash; there are {len(series)}")
    points = [read(s, log_x, log_y) for s in series]
    finite("verticals", [v for v, _ in verticals] or [0.0])
    every = [p for found in points for p in found.values()]
    xs = [x for x, _ in every] + [v for v, _ in verticals if v > 0 or not log_x]
    span, heights = within(xs, log_x, 0.03), within([y for _, y in every], log_y, 0.06)
    keys = [Key((element("path", d="M-12 0H12", **look(n)),), plain(s.label)) for n, s in enumerate(series)]
    plot = frame(span, heights, plain(x_label), plain(y_label), keys if len(keys) > 1 else [], log_x=log_x, log_y=log_y, inside=230.0)
    for n, (s, found) in enumerate(zip(series, points, strict=True)):
        draw(plot, n, found, len(series), leaves=max(found) < len(tuple(s.ys)) - 1)
    for v, says in verticals:
        upright(plot, v, says)
    for n, (s, found) in enumerate(zip(series, points, strict=True)):
        if s.mark:
            last = plot.at(*found[max(found)])
            plot.sheet.draw(*square(last, LOOKS[n][0]))
            plot.sheet.label(shorten(plain(s.mark), 260, FONT), *last, within=plot.box, sides="nw n sw w s ne se e")
    told = plain_text(description)
    return plot.sheet.drawing(title, told, table or ends(series, points, x_label, y_label), prefix)


def read(s: Series, log_x: bool, log_y: bool) -> dict[int, tuple[float, float]]:
    """The points that can be drawn, by their number."""
    xs, ys = finite(f"the xs of {s.label}", s.xs), tuple(map(float, s.ys))
    if len(xs) != len(ys):
        raise ValueError(f"{s.label} has {len(xs)} xs and {len(ys)} ys: a point needs one of each")
    found = {k: (x, y) for k, (x, y) in enumerate(zip(xs, ys, strict=True)) if abs(y) <= LARGEST and (x > 0 or not log_x) and (y > 0 or not log_y)}
    if not found:
        raise ValueError(f"{s.label} has no point to draw: a number{', above 0 on a logarithmic axis,' if log_x or log_y else ''} is needed")
    return found


def within(values: Sequence[float], log: bool, share: float) -> tuple[float, float]:
    if log:
        return logarithmic(min(values), max(values))
    return widen(min(values), max(values), share)


def look(n: int, thickness: float = 2.5) -> dict[str, str | float]:
    """Colour and dash of the n-th curve."""
    colour, dash = LOOKS[n]
    return stroke(colour, thickness, stroke_linejoin="round", **({"stroke_dasharray": dash} if dash else {}))


def draw(plot: Plot, n: int, found: dict[int, tuple[float, float]], many: int, leaves: bool) -> None:
    """One curve, in pieces where points are missing; an arrow at its end where it leaves the picture."""
    for piece in unbroken({k: plot.at(*p) for k, p in found.items()}):
        shown = columns(piece, COLUMNS // (2 * many))
        plot.sheet.draw(element("path", d=path(slim(shown)), **look(n)))
        if len(found) <= 40 or len(shown) == 1:
            plot.sheet.draw(*(shape for at in shown for shape in (square(at, LOOKS[n][0], 3) if n % 2 else dot(at, LOOKS[n][0], 3.5))))
        plot.sheet.keep_clear(shown)
    if leaves:
        x, y = plot.at(*found[max(found)])
        top = (x, plot.box.top - 4)
        plot.sheet.draw(element("path", d=path([(x, y), top]), **look(n)), arrow_head(top, (x, y + 1), LOOKS[n][0]))
        plot.sheet.keep_clear([(x, y), top], 4)


def upright(plot: Plot, v: float, says: str) -> None:
    """A dashed line from top to bottom, and what is there."""
    if v <= 0 and plot.x.log:
        return
    line = [plot.at(v, plot.y.low), plot.at(v, plot.y.high)]
    plot.sheet.draw(element("path", d=path(line), **stroke("ink", 1.5, stroke_dasharray="3 4")))
    plot.sheet.keep_clear(line)
    plot.sheet.label(shorten(plain(says), 200, FONT), line[1][0], plot.box.top + 12, within=plot.box, sides="e w se sw")


def plain_text(text: str) -> str:
    """A long text, word by word as clean as a label."""
    return " ".join(map(plain, text.split()))


def ends(series: Sequence[Series], points: Sequence[dict[int, tuple[float, float]]], x_label: str, y_label: str) -> Rows:
    """The first and the last point of each curve."""
    x, y = plain(x_label), plain(y_label)
    rows = tuple((plain(s.label), *(number(v, 6) for k in (min(p), max(p)) for v in p[k])) for s, p in zip(series, points, strict=True))
    return Rows(("curve", f"from {x}", y, f"to {x}", y), rows)
