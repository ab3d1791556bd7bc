"""Term → layout: the order of terms, the brackets and the shape of a formula, decided once.  LaTeX, MathML, Unicode and speech are short walks over it.

The pieces are in `shapes`, the walk in `arrange`; `sample` and `matrix` are two other ways to write the same term.
"""

from __future__ import annotations

from typing import Literal

from symgd.term import Term, names
from symgd.typeset.arrange import Look, Derivatives, arrange
from symgd.typeset.matrix import matrix, natural
from symgd.typeset.sample import one_sample
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words, relation

__all__ = [
    "CONVENTIONS", "Apply", "Big", "Brace", "Convention", "Derivatives", "Fence", "Frac", "Ident", "Layout", "Notation", "Number", "Op", "Rate", "Root", "Row",
    "Script", "Words", "axes_of", "in_arrays", "layout", "relation",
]  # fmt: skip

Notation = Literal["sample", "sum", "matrix"]
Convention = Literal["denominator", "numerator"]

# How a derivative by an array is laid out: the sentence that a page prints.
CONVENTIONS: dict[Convention, str] = {
    "denominator": "Denominator layout: the derivative by an array has the array's shape.",
    "numerator": "Numerator layout: the derivative of a number by an array has the shape of the array's transpose; by a column it is a row.",
}


def layout(
    term: Term, notation: Notation = "sum", derivatives: Derivatives = "partial", axes: tuple[str, ...] | None = None, convention: Convention = "denominator"
) -> Layout:
    """The layout of a term, in the order of its tree.

    notation    "sum": as written, with indices; "sample": at one sample (n = 1), without the sample's index;
                "matrix": arrays and products of arrays, where such a form is known, else as "sum"
    derivatives       derivatives as ∂L/∂w ("partial"), with an upright d ("leibniz"), as L′(w) ("prime") or ∇_w L ("nabla"); what has no such form keeps ∂
    axes        in matrix notation: the free indices, rows first, "" for the one row of a row vector; left out, batch first (i, j, h, k).
                Both sides of an equation must agree: `axes_of` its left side.
    convention  in matrix notation: "denominator" or "numerator" layout of derivatives by arrays
    """
    look = Look(derivatives, names(term), convention == "numerator")
    if notation == "sample":
        return arrange(one_sample(term), look)
    if notation == "matrix" and (found := matrix(term, look, axes)) is not None:
        return found
    return arrange(term, look)


def in_arrays(term: Term, axes: tuple[str, ...] | None = None, convention: Convention = "denominator") -> Layout | None:
    """The term in matrix notation; None where no such form is known, for a line whose two sides must be in one notation."""
    return matrix(term, Look("partial", names(term), convention == "numerator"), axes)


def axes_of(term: Term, convention: Convention = "denominator") -> tuple[str, ...]:
    """The axes in which a left side is written without a transpose: ∇_W L as W, or under the numerator convention as Wᵀ."""
    return natural(term, Look("partial", frozenset(), convention == "numerator"))
