"""Plan → the NumPy module that runs here, as a file of its own."""

from __future__ import annotations

from typing import Any

from symgd.derivation import Gradient
from symgd.numeric.function import compile_gradient
from symgd.numeric.program.plan import plan
from symgd.numeric.program.to_numpy import module as written

__all__ = ["compile", "module"]


def module(gradient: Gradient) -> str:
    """The text: loss(w, b, x, y), gradient and loss_and_gradient, in blocks of rows, importing NumPy alone."""
    return written(plan(gradient))


def compile(gradient: Gradient) -> Any:  # noqa: A001  the word of the interface
    """The gradient as NumPy functions."""
    return compile_gradient(gradient)
