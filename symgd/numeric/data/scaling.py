"""Standardising a feature, z = (x − mean)/scale, and the way back of a line's parameters to the units of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import DataError

__all__ = ["Scaling", "standardise"]


@dataclass(frozen=True)
class Scaling:
    """z = (x − mean)/scale, so w z + b = (w/scale) x + (b − w mean/scale)."""

    mean: float
    scale: float

    def to_data(self, w: float, b: float) -> tuple[float, float]:
        """The slope and intercept in the units of the data: exact in the numbers given, each rounded once."""
        if not (math.isfinite(w) and math.isfinite(b)):
            return w / self.scale, b - w * self.mean / self.scale
        slope = Fraction(w) / Fraction(self.scale)
        return float(slope), float(Fraction(b) - slope * Fraction(self.mean))

    def from_data(self, w: float, b: float) -> tuple[float, float]:
        """The slope and intercept for z of a line given in the units of the data: the other way round."""
        return float(Fraction(w) * Fraction(self.scale)), float(Fraction(b) + Fraction(w) * Fraction(self.mean))


def standardise(x: Column, name: str = "x") -> tuple[Column, Scaling]:
    """(z, the scaling): mean 0 and standard deviation 1, the deviation taken over n, not n − 1.  Raises DataError for a constant column."""
    shift = float(x[0])
    mean = shift + float((x - shift).mean())
    scale = math.sqrt(float(np.square(x - mean).mean()))
    if not scale > 0:
        raise DataError(f"{name!r} is constant ({shift:g} in every row), so it cannot be standardised")
    return (x - mean) / scale, Scaling(mean, scale)
