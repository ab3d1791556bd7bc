"""How a sensitivity fades on its way through many layers: products of an activation's derivative, as numbers."""

from __future__ import annotations

from fractions import Fraction
from math import floor, log10

from symgd.document.page import Block, Formula, Inline
from symgd.exposition.layers import Layer
from symgd.exposition.writing import Writing
from symgd.language import FUNCTIONS
from symgd.meaning import expression
from symgd.term import Call, Num, subterms
from symgd.typeset.layout import layout

__all__ = ["DEPTHS", "slope", "slopes", "vanishing"]

DEPTHS = range(1, 11)
ALWAYS = (("sigmoid", 0), ("sigmoid", 2), ("tanh", 1), ("tanh", 2))  # (activation, where its derivative is taken)


def slope(function: str, at: int) -> Fraction:
    """f′(at), from the derivative that is used in every derivation here, to 30 digits."""
    derivative = FUNCTIONS[function].derivative
    assert derivative is not None
    return Fraction(str(expression(derivative(Num(Fraction(at)))).evalf(30)))


def slopes() -> dict[str, float]:
    """The slopes that every page shows, by name: σ′(0) …"""
    return {f"{_said(f)}′({z})": float(slope(f, z)) for f, z in ALWAYS}


def vanishing(w: Writing, layers: tuple[Layer, ...], drawn: tuple[Block, ...] = ()) -> None:
    """A section: the factor that so many layers leave of a sensitivity; `drawn` is a picture of it."""
    columns = [*ALWAYS, *((f, 1) for f in _others(layers))]
    w.head("Why early layers learn slowly: a product of derivatives")
    w.say("On its way back through a layer a sensitivity is multiplied by the derivative of the activation. Through several layers that is a product; "
          "with the same sum z everywhere it is a power:")  # fmt: skip
    rows: list[tuple[Inline, ...]] = []
    for n in DEPTHS:
        rows.append(((str(n),), *((_rounded(slope(f, z) ** n),) for f, z in columns)))
    heads = ("n layers", *(f"{_said(f)}′({z})ⁿ" for f, z in columns))
    w.table(heads, rows, numeric=tuple(range(len(heads))))
    w.blocks += drawn
    w.say("σ′ is nowhere above σ′(0) = 1/4, so ten sigmoid layers leave at most 4⁻¹⁰ ≈ ", _rounded(slope("sigmoid", 0) ** 10), " of a sensitivity. ",
          "tanh′(0) is 1, but beyond ±2 each tanh layer leaves less than a fourteenth; relu′ is 1 wherever the unit is on. ",
          "The weights multiply too: they can make up for this, or blow it up.")  # fmt: skip


def _rounded(v: Fraction) -> Formula:
    """Three significant digits."""
    places = 2 - floor(log10(v))
    return Formula(layout(Num(Fraction(round(v * 10**places), 10**places), places) if v != 1 else Num(v)))


def _others(layers: tuple[Layer, ...]) -> list[str]:
    """The activations of this network that the table does not show anyway."""
    met = (s.function for layer in layers[:-1] for d in layer.inside for s in subterms(d.value) if isinstance(s, Call))
    return [f for f in dict.fromkeys(met) if f not in ("sigmoid", "tanh") and FUNCTIONS[f].derivative is not None]


def _said(function: str) -> str:
    return "σ" if function == "sigmoid" else function
