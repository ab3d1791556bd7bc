"""A descent that is to come near the minimum, and not to the last digit: a bound loss whose slope counts as zero below a tolerance.

Glossary: θ the parameters; `slope` the gradient; `g` a bound loss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symgd.numeric.descent.trace import Trace

__all__ = ["Near"]


class Near:
    """g, but its slope is 0 where none of its derivatives is larger than `tolerance` of the largest at the start: there every method comes to rest.

    Newton's method takes differences of slopes for second derivatives, so it goes down g itself; so does a quadratic loss, whose steps cost no pass
    over the data.
    """

    def __init__(self, g: Any, start: Sequence[float], tolerance: float) -> None:
        self.g, self.tolerance = g, tolerance
        self.least = tolerance * max(map(abs, g.step(start)[1]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.g, name)

    def step(self, theta: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """L and its derivatives, all 0 where they are small"""
        loss, slope = self.g.step(theta)
        return loss, (0.0,) * len(slope) if max(map(abs, slope)) <= self.least else slope

    def told(self, trace: Trace) -> Trace:
        """The trace of a descent down it, with the slope as it is, and why it was enough."""
        says = f"the slope is below {self.tolerance:g} of the first"
        says = re.sub("(the parameters no longer change and )?the slope is zero within rounding", says, trace.says)
        return replace(trace, gradient=self.g.step(tuple(trace.points[-1].tolist()))[1], says=says)
