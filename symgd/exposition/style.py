"""How the reader wants it written."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.term import Name
from symgd.typeset.layout import Convention, Notation, Derivatives

__all__ = ["ALPHA", "DETAILS", "Style"]

DETAILS = ("brief", "full", "tutorial")
ALPHA = Name("alpha")


@dataclass(frozen=True)
class Style:
    """detail      brief: every derivation as one or two lines, with the rules by name
                full: every move on a line of its own, with its law
                tutorial: as full, with a sentence of reason for every move
    notation    sample (one sample), sum (indices) or matrix (arrays wherever a line has such a form)
    derivatives       how derivatives are marked: partial (∂L/∂w), leibniz (dL/dw), prime (L′(w)) or nabla (∇_w L)
    convention  how derivatives by arrays are laid out in matrices: denominator or numerator; the page says which
    alpha       the letter of the learning rate

    Raises ValueError for an unknown detail.
    """

    detail: str = "full"
    notation: Notation = "sum"
    derivatives: Derivatives = "partial"
    convention: Convention = "denominator"
    alpha: Name = ALPHA

    def __post_init__(self) -> None:
        if self.detail not in DETAILS:
            raise ValueError(f"no detail {self.detail!r}; there are {', '.join(DETAILS)}")
