"""Tapes, closed form and curvature → pages that a teacher can hand out."""

from symgd.exposition.page import explain, explain_derivative
from symgd.exposition.style import DETAILS, Style

__all__ = ["DETAILS", "Style", "explain", "explain_derivative"]
