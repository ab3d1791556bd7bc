"""One parabola for each b: how the w with the least loss moves while b slides."""

from __future__ import annotations

from collections.abc import Sequence

from symgd.pictures.axes import Key, finite, frame, widen
from symgd.pictures.lettering import digits_apart, name, number, plain
from symgd.pictures.parabola import Coefficient, curve, parabola
from symgd.pictures.strokes import dot
from symgd.pictures.svg import Drawing, Rows, element, path, stroke

__all__ = ["valley"]

LOOKS = (("blue", ""), ("orange", "8 4"), ("purple", "2 4"), ("blue", "12 4 2 4"), ("orange", "3 3"), ("purple", "14 5"))


def valley(
    parabolas: Sequence[tuple[float, Coefficient, Coefficient, Coefficient]], *,
    w_label: str = "w", b_label: str = "b", y_label: str = "loss", prefix: str = "valley",
) -> Drawing:  # fmt: skip
    """For each (b, A, B, C) the parabola L(w) = A w² + B w + C at this b, and the lowest points w_min(b) = −B/2A joined.

    Raises ValueError for values that are not finite, unless each A > 0, and for no or more than six parabolas.
    """
    if not 1 <= len(parabolas) <= len(LOOKS):
        raise ValueError(f"one to {len(LOOKS)} parabolas are drawn, each with its own dash; there are {len(parabolas)}")
    bs = finite("b", [p[0] for p in parabolas])
    bowls = [parabola(*p[1:]) for p in parabolas]
    w, b, told = plain(name(w_label)), plain(name(b_label)), digits_apart(bs, 4)
    lowest, least = [p.lowest for p in bowls], [p.least for p in bowls]
    rise = max(least) - min(least)
    about = max(max(lowest) - min(lowest), *(p.reach(rise) for p in bowls)) or max(p.reach(abs(p.least) or 1.0) for p in bowls)
    low, high = min(lowest) - 0.45 * about, max(lowest) + 0.45 * about
    low, high = (low, high) if low < high else widen(low, high)
    top = finite("the loss", [max(p.at(v) for p in bowls for v in (low, high))])[0]
    keys = [Key((element("path", d="M-12 0H12", **dashed(n)),), f"{b} = {number(v, max(4, told))}") for n, v in enumerate(bs)]
    mark = Key((element("path", d="M-12 0H12", **stroke("green", 2.5)), *dot((0, 0), "green", 5)), f"lowest {w} for each {b}")
    plot = frame((low, high), widen(min(least), top, 0.1), w_label, y_label, [*keys, mark], inside=250.0, math="x")
    for (colour, dash), p in zip(LOOKS, bowls, strict=False):
        curve(plot, p, dash, colour, 2.5)
    places = [plot.at(p.lowest, p.least) for _, p in sorted(zip(bs, bowls, strict=True), key=lambda pair: pair[0])]
    plot.sheet.draw(element("path", d=path(places), **stroke("green", 2.5)), *(shape for at in places for shape in dot(at, "green", 5)))
    title = f"The lowest {w} moves while {b} slides"
    digits = digits_apart(lowest), digits_apart(least)
    cells = [(number(v, max(6, told)), number(p.lowest, max(6, digits[0])), number(p.least, max(6, digits[1]))) for v, p in zip(bs, bowls, strict=True)]
    said = [f"The {plain(name(y_label))} against {w}, a parabola for each of several {b}; their lowest points are joined."]
    said += [f"At {b} = {v} the lowest point is at {w} = {at}, where it is {height}." for v, at, height in cells]
    description = " ".join(said)
    return plot.sheet.drawing(title, description, Rows((b, f"lowest {w}", f"{plain(name(y_label))} there"), tuple(cells)), prefix)


def dashed(n: int) -> dict[str, str | float]:
    """The look of the n-th curve."""
    colour, dash = LOOKS[n]
    return stroke(colour, 2.5, **({"stroke_dasharray": dash} if dash else {}))
