"""Hands: the manners in which the same line is written, in LaTeX, in ASCII, in Unicode."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symgd.term import Term
from symgd.typeset import to_ascii, to_latex, to_unicode
from symgd.typeset.layout import layout

__all__ = ["HANDS", "Hand", "document", "written"]


@dataclass(frozen=True)
class Hand:
    """How somebody writes.

    form      "latex", "ascii" or "unicode"
    display   what stands around a line: "$$", "\\[", "align", or "" for plain lines
    upright   d, not ∂
    swaps     marks that are written otherwise, as (pattern, replacement) of LaTeX
    """

    form: str
    display: str = ""
    upright: bool = False
    swaps: tuple[tuple[str, str], ...] = ()


TO_N = (r"\\sum_([a-z])(?!\w)", r"\\sum_{\1=1}^{n}")
HANDS = (
    Hand("latex", "$$"), Hand("latex", "$$", True, (TO_N,)), Hand("latex", "\\[", False, ((r"\\frac", r"\\dfrac"), TO_N)),
    Hand("latex", "align", True, ((r"\\hat\{y\}", r"\\hat y"),)),
    Hand("latex", "$$", False, ((r"\\hat\{y\}_i", r"y_{pred,i}"), (r"\\hat\{y\}", r"y_{pred}"), (r"\\frac", r"\\tfrac"))),
    Hand("latex", "align", False, ((r"_i(?!\w)", r"^{(i)}"), (r"\\sum\^\{\(i\)\}", r"\\sum_{i=1}^{n}"))),
    Hand("ascii"), Hand("ascii", upright=True), Hand("unicode"), Hand("unicode", upright=True),
)  # fmt: skip


def written(t: Term, hand: Hand) -> str:
    """t in this hand."""
    if hand.form == "ascii":
        return to_ascii(t)
    if hand.form == "unicode":
        return to_unicode(layout(t, derivatives="leibniz" if hand.upright else "partial"))
    text = to_latex(layout(t, derivatives="leibniz" if hand.upright else "partial"))
    for pattern, mark in hand.swaps:
        text = re.sub(pattern, mark, text)
    return text


def document(rows: list[str], hand: Hand) -> str:
    """The rows as a text, a display each or one for all."""
    if hand.display == "align":
        return "\\begin{align}\n" + " \\\\\n".join(r.replace(" = ", " &= ", 1) for r in rows) + "\n\\end{align}\n"
    around = {"$$": ("$$", "$$"), "\\[": ("\\[", "\\]"), "": ("", "")}[hand.display]
    return "\n\n".join(f"{around[0]}{r}{around[1]}" for r in rows) + "\n"
