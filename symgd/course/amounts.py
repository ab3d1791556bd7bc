"""Numbers as a lesson writes them: a column with the digits that tell its values apart, 0 for what is rounding alone, steps that are round."""

from __future__ import annotations

import math
from collections.abc import Iterable

from symgd.pictures.lettering import digits_apart, number

__all__ = ["amount", "column", "round_step", "settled"]

ROUNDING = 1e-9


def settled(value: float, size: float) -> float:
    """The value; 0 where it is nothing beside `size`, but rounding."""
    return 0.0 if abs(value) <= ROUNDING * abs(size) else value


def amount(value: float, digits: int = 4) -> str:
    """The value to so many digits; the whole part of one below a million is written out, for 997700 would look exact: 997719."""
    whole = math.floor(math.log10(abs(value))) + 1 if value and math.isfinite(value) else 0
    return number(value, max(digits, whole) if whole <= 6 else digits)


def column(values: Iterable[float], digits: int = 4) -> list[str]:
    """The values with so many digits, and more where they share a large part: 1,000,000.25 beside 1,000,000.5."""
    found = [float(v) for v in values]
    finite = [v for v in found if math.isfinite(v)]
    return [amount(v, min(12, digits_apart(finite, digits)) if finite else digits) for v in found]


def round_step(span: float) -> float:
    """The largest of … 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not larger than the span."""
    power = 10.0 ** math.floor(math.log10(span))
    return next(float(f"{k * power:.3g}") for k in (5, 2, 1) if k * power <= span * (1 + 1e-12))
