"""What so many layers leave of a sensitivity: powers of an activation's slope, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping

from symgd.pictures.axes import Key, finite, frame
from symgd.pictures.curves import LOOKS, look
from symgd.pictures.lettering import clean, count, number
from symgd.pictures.runs import milestones
from symgd.pictures.strokes import dot
from symgd.pictures.svg import Drawing, Rows, element, path

__all__ = ["fading_sensitivities"]

MOST = 4  # lines


def fading_sensitivities(slopes: Mapping[str, float], layers: int = 10, *, title: str = "What is left of a sensitivity", prefix: str = "fading") -> Drawing:
    """slopeⁿ for n = 1 … layers, a line for each of up to four named slopes between 0 and 1: {"σ′(0)": 0.25, "tanh′(1)": 0.42}.

    Raises ValueError for no slopes or more than four, a slope that is not in (0, 1], and fewer than two layers.
    """
    named = {clean(name): s for name, s in slopes.items()}
    finite("slopes", named.values())
    if not 1 <= len(named) <= MOST or not all(0 < s <= 1 for s in named.values()) or layers < 2:
        raise ValueError("one to four slopes above 0 and up to 1 are drawn, through two layers or more")
    keys = [Key((element("path", d=path([(-12, 0), (12, 0)]), **look(n)),), name) for n, name in enumerate(named)]
    least = min(named.values()) ** layers
    plot = frame((1.0, float(layers)), (least / 3, 1.6), "layers", "factor", keys, log_y=True, whole_x=True)
    for k, s in enumerate(named.values()):
        points = [plot.at(n, s**n) for n in range(1, layers + 1)]
        plot.sheet.draw(element("path", d=path(points), **look(k)), *(d for p in points for d in dot(p, LOOKS[k][0], 3.5)))
    ends = "; ".join(f"of {name} {number(s**layers, 3)}" for name, s in named.items())
    description = f"The factor that 1 to {count(layers)} layers leave of a sensitivity, on a logarithmic axis. After {count(layers)} layers it is {ends}."
    picked = range(1, layers + 1) if layers <= 8 else [n for n in milestones(layers) if n]
    rows = tuple((count(n), *(number(s**n, 3) for s in named.values())) for n in picked)
    return plot.sheet.drawing(title, description, Rows(("layers", *named), rows), prefix)
