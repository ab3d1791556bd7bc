"""gradient = 0, solved step by step where it is linear in the parameters."""

from symgd.stationary.linear import Line, linear, unfold
from symgd.stationary.solve import closed_form

__all__ = ["Line", "closed_form", "linear", "unfold"]
