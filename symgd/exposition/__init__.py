"""Tapes, closed form and curvature → pages that a teacher can hand out."""

from symgd.exposition.page import DETAILS, explain, explain_derivative

__all__ = ["DETAILS", "explain", "explain_derivative"]
