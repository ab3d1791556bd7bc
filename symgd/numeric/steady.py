"""Softmax without overflow."""

from __future__ import annotations

from symgd.derivation import Gradient
from symgd.term import D, Name, Term

__all__ = ["steady"]

Lines = list[tuple[Name, Term]]


def steady(gradient: Gradient) -> tuple[Lines, Lines]:
    """The definitions and the sensitivities, in order."""
    forward = [(d.name, d.value) for d in gradient.problem.tape]
    backward = [(s.goal.by, s.result) for s in gradient.sensitivities() if isinstance(s.goal, D)]
    return forward, backward
