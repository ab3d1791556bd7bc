"""A line that does not fit yet: where lessons work out derivatives, with numbers that are short to write and no slope that is 0 by design.

Glossary: σ a standard deviation; a number is short where it has one digit that is not 0, or few.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symgd.course.example import Example
from symgd.course.runs import figure
from symgd.document.page import Inline, Table
from symgd.exposition.writing import Writing
from symgd.numeric.data.arrays import Column
from symgd.pictures.lettering import digits_apart, number

__all__ = ["Trial", "agreeing", "cells", "exact", "power_below", "table", "trial"]

NOISE = 1e-9  # of what it is made of: a value that small is rounding
MOST = 12  # digits that two ways are said to agree in


@dataclass(frozen=True)
class Trial:
    """w, b  about half the best slope, and an intercept that leaves the predictions half a standard deviation too high
    i     the row that is followed: the first one whose residual and feature both matter
    """

    example: Example
    w: float
    b: float

    @cached_property
    def u(self) -> Column:
        residuals: Column = self.w * self.example.x + self.b - self.example.y
        return residuals

    @cached_property
    def i(self) -> int:
        size = np.abs(self.u * self.example.x)
        return int(np.argmax(size > 0.01 * size.max()))

    @property
    def steps(self) -> tuple[float, float]:
        """A change of w, and one of b, that move the predictions by about σ of the target."""
        e = self.example
        spread = float(e.y.std())
        return power_below(spread / math.sqrt(float(np.mean(e.x * e.x)))), power_below(spread)

    @property
    def digits(self) -> tuple[int, int]:
        """Significant digits that tell values of x apart, and values of y."""
        e = self.example
        return digits_apart((float(e.x.min()), float(e.x.max())), 4), digits_apart((float(e.y.min()), float(e.y.max())), 4)


def trial(e: Example) -> Trial:
    """w: w*/2 cut to one digit, so never w*; where the data have next to no slope, a short one."""
    ratio, best = float(e.y.std() / e.x.std()), e.best[0] / 2
    unit = power_below(abs(best)) if abs(best) > 0.005 * ratio else power_below(ratio)
    w = short(math.trunc(best / unit * (1 + 1e-12)) or 1, unit)
    half = float(e.y.std()) / 2
    unit = power_below(half)
    return Trial(e, w, short(round((float(e.y.mean()) - w * float(e.x.mean()) + half) / unit), unit))


def power_below(size: float) -> float:
    """The largest power of ten up to the size."""
    return float(f"1e{math.floor(math.log10(size) + 1e-12)}")


def short(times: int, unit: float) -> float:
    """times · unit for a power of ten, without a rounding error of its own: 0.3 and not 0.30000000000000004"""
    return float(f"{times}e{round(math.log10(unit))}")


# ---------------------------------------------------------------- on paper


def exact(value: float) -> str:
    """A short number, all its digits: 0.01, 20005.4, −6 × 10⁷, 10⁻⁵"""
    digits = len(f"{value:.14e}".split("e")[0].lstrip("-").replace(".", "").rstrip("0")) or 1
    return re.sub(r"(?<![\d.])1 × (?=10)", "", number(value, digits))


def cells(values: Sequence[float], digits: int, beside: float = 0.0) -> list[str]:
    """The values; one that is rounding next to `beside` is 0."""
    return ["0" if abs(v) <= NOISE * abs(beside) else figure(float(v), digits) for v in values]


def agreeing(a: float, b: float, beside: float = 0.0) -> str:
    """In how many digits two values agree, counted from the first digit of the larger, or of `beside`: "7", "12 or more"."""
    size = max(abs(a), abs(b), abs(beside))
    found = MOST if a == b else max(0, math.floor(math.log10(size / abs(a - b))))
    return f"{MOST} or more" if found >= MOST else str(found)


def table(w: Writing, head: Sequence[Inline], rows: Sequence[Sequence[str | Inline]], caption: Inline = ()) -> None:
    """A table whose head may hold formulas; columns of numbers are aligned right."""
    made = tuple(tuple((cell,) if isinstance(cell, str) else cell for cell in row) for row in rows)
    numeric = tuple(k for k in range(len(head)) if all(map(_numeric, (r[k] for r in made))))
    w.blocks.append(Table(tuple(head), made, caption, numeric))


def _numeric(cell: Inline) -> bool:
    match cell:
        case (str(text),):
            return not text or text.lstrip("−")[:1].isdigit()
    return False
