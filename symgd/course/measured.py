"""Units in words: what a slope, a loss and a rate are measured in, from the units of the two columns."""

from __future__ import annotations

from symgd.course.example import Example

__all__ = ["measured", "squared"]


def measured(e: Example, y: int, x: int) -> str:
    """The unit that is that of y to one power times that of x to another: (1, −1) is "GPA per SAT point"; where a unit is not known, "unit of …"."""
    up, across = e.y_unit or f"unit of {e.target}", e.x_unit or f"unit of {e.feature}"
    over = [_power(unit, k) for unit, k in ((up, y), (across, x)) if k > 0]
    under = [_power(unit, -k) for unit, k in ((up, y), (across, x)) if k < 0]
    if not over and not under:
        return "a pure number"
    return (" times ".join(over) or "1") + "".join(f" per {unit}" for unit in under)


def _power(unit: str, k: int) -> str:
    return squared(unit) if k == 2 else unit


def squared(unit: str) -> str:
    """GPA², and (SAT points)² for one of several words."""
    return f"{unit}²" if unit.isalpha() else f"({unit})²"
