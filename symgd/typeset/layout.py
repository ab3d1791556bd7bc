"""Term → layout: the order of terms, the brackets and the shape of a formula, decided once.  LaTeX, MathML, Unicode and speech are short walks over it.

The pieces are in `shapes`, the walk in `arrange`; `sample` and `matrix` are two other ways to write the same term.
"""

from __future__ import annotations

from typing import Literal

from symgd.term import Term, names
from symgd.typeset.arrange import Look, arrange
from symgd.typeset.matrix import matrix
from symgd.typeset.sample import one_sample
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words, relation

__all__ = [
    "Apply", "Big", "Brace", "Fence", "Frac", "Ident", "Layout", "Notation", "Number", "Op", "Rate", "Root", "Row", "Script", "Words",
    "layout", "relation",
]  # fmt: skip

Notation = Literal["sample", "sum", "matrix"]


def layout(term: Term, notation: Notation = "sum", straight: bool = False, axes: tuple[str, ...] | None = None) -> Layout:
    """The layout of a term, in the order of its tree.

    notation  "sum": as written, with indices; "sample": at one sample (n = 1), without the sample's index;
              "matrix": arrays and products of arrays, where such a form is known, else as "sum"
    straight  derivatives with an upright d instead of ∂, for one variable
    axes      in matrix notation: the free indices, rows first; left out, batch first (i, j, h, k).  Both sides of an equation must agree.
    """
    look = Look(straight, names(term))
    if notation == "sample":
        return arrange(one_sample(term), look)
    if notation == "matrix" and (found := matrix(term, look, axes)) is not None:
        return found
    return arrange(term, look)
