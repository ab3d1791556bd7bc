"""What a model predicts against what is: points on the diagonal are predicted exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable

from symgd.pictures.axes import Key, finite, frame, widen
from symgd.pictures.lettering import brief, clean, count, digits_apart, name, number, shorten
from symgd.pictures.scatter import dots, draw_points, even
from symgd.pictures.strokes import clip
from symgd.pictures.svg import FONT, Drawing, Rows, element, path, stroke

__all__ = ["predicted_against_actual"]


def predicted_against_actual(
    predicted: Iterable[float], actual: Iterable[float], *, label: str = "y", points_are: str = "points", prefix: str = "predicted"
) -> Drawing:
    """The points (predicted, actual) with the diagonal where the two are equal.

    points_are  what a point is, in the plural: "students"
    Raises ValueError for values that are not finite, for no points, and where there are not as many of the one as of the other.
    """
    xs, ys = finite("the predictions", predicted), finite("the values", actual)
    if len(xs) != len(ys):
        raise ValueError(f"there are {len(xs)} predictions and {len(ys)} values: a point needs one of each")
    shown = even(len(xs))
    kind = shorten(clean(points_are), 160, FONT) or "points"
    how_many = f"{count(len(shown))} of {count(len(xs))} {kind}" if len(shown) < len(xs) else f"{count(len(xs))} {kind}"
    keys = [Key((dots([(0.0, 0.0)], 7, 0.9),), how_many), Key((element("path", d="M-12 0H12", **_dashed()),), "predicted = actual")]
    plot = frame(widen(min(xs), max(xs)), widen(min(ys), max(ys)), f"predicted {clean(label)}", clean(label), keys)
    draw_points(plot, [(xs[k], ys[k]) for k in shown])
    segment = clip(plot.at(plot.x.low, plot.x.low), plot.at(plot.x.high, plot.x.high), plot.box)
    if segment:
        plot.sheet.draw(element("path", d=path(segment), **_dashed()))
    off = math.sqrt(sum((a - b) ** 2 for a, b in zip(xs, ys, strict=True)) / len(xs))
    title = f"Predicted and actual {name(label)}"
    ranges = [f"{what} from {number(min(v), digits_apart(v))} to {number(max(v), digits_apart(v))}" for what, v in (("predicted", xs), ("actual", ys))]
    description = (
        f"{how_many}: {brief(label)} {' and '.join(ranges)}. Points on the dashed diagonal are predicted exactly; "
        f"the root mean square distance from it, upwards or downwards, is {number(off, 6)}."
    )
    rows = (("points", count(len(xs))), ("root mean square error", number(off, 6)), *(
        (f"{what} {end}", number(pick(v), digits_apart(v))) for what, v in (("predicted", xs), ("actual", ys)) for end, pick in (("from", min), ("to", max))
    ))  # fmt: skip
    return plot.sheet.drawing(title, description, Rows(("quantity", "value"), rows), prefix)


def _dashed() -> dict[str, str | float]:
    return stroke("orange", 3, stroke_dasharray="7 4")
