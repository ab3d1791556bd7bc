"""The closed form of record: least squares of the float64 data in exact rational arithmetic, rounded once by whoever needs a float.

Glossary: `A` the integer matrix of the scaled columns, one row a column; `G` = A Aᵀ; θ the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np

from symgd.numeric.closed.limbs import MOST, products, width

__all__ = ["RankError", "Whole", "dependent", "exact_gram", "exact_least_squares", "exact_rank", "fmpq", "solve_exactly", "whole"]

Numbers = Sequence[float] | Sequence[Fraction] | Any  # a NumPy array, a sequence of int, float, Fraction or decimal text, or a Whole


class RankError(ValueError):
    """The columns do not determine one solution: some column is a combination of the others, exactly.

    dependent  (the place of a column, {place: factor}): each is such a combination of columns before it
    """

    def __init__(self, says: str, dependent: Sequence[tuple[int, dict[int, Fraction]]] = ()) -> None:
        super().__init__(says)
        self.dependent = tuple(dependent)


@dataclass(frozen=True)
class Whole:
    """A column of rationals: whole numbers over one scale; those of floats are kept as digits · 2^shift, and written out where they are asked for."""

    given: list[int] | tuple[Any, Any]
    scale: Fraction

    def __len__(self) -> int:
        return len(self.given if isinstance(self.given, list) else self.given[0])

    @cached_property
    def values(self) -> list[int]:
        if isinstance(self.given, list):
            return self.given
        digits, shift = self.given
        if int(shift.max(initial=0)) <= 9:  # 53 + 9 bits and a sign: still a machine integer
            return (digits << shift).tolist()  # type: ignore[no-any-return]
        return [a << s for a, s in zip(digits.tolist(), shift.tolist(), strict=True)]

    def times(self, other: Whole) -> Whole:
        """Entry by entry."""
        return Whole([a * b for a, b in zip(self.values, other.values, strict=True)], self.scale * other.scale)

    def power(self, k: int) -> Whole:
        """Each entry to the k-th power."""
        return Whole([a**k for a in self.values], self.scale**k)


def exact_least_squares(columns: Sequence[Numbers], target: Numbers) -> tuple[Fraction, ...]:
    """θ that minimises Σ_i (Σ_j θ_j columns[j][i] − target[i])², exactly.

    For a line the columns are x and 1.  A float is taken as the rational number that it is; a Fraction stays itself.
    Raises RankError where the columns are linearly dependent, ValueError where lengths differ or a value is not finite.
    """
    gram = exact_gram([*columns, target])
    p = len(columns)
    return solve_exactly([row[:p] for row in gram[:p]], [row[p] for row in gram[:p]])


def exact_rank(columns: Sequence[Numbers]) -> int:
    """How many of the columns are linearly independent, exactly."""
    return int(_matrix(exact_gram(columns)).rank())


def solve_exactly(G: Sequence[Sequence[Fraction]], v: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """θ with G θ = v, for the symmetric G of a least squares problem.  Raises RankError where G is singular."""
    p, matrix = len(G), _matrix(G)
    if (rank := int(matrix.rank())) < p:
        raise RankError(f"the {p} columns have rank {rank}: no unique solution exists", dependent(G))
    theta = matrix.solve(flint.fmpq_mat(p, 1, [fmpq(x) for x in v]))
    return tuple(Fraction(int(theta[j, 0].p), int(theta[j, 0].q)) for j in range(p))


def dependent(G: Sequence[Sequence[Fraction]]) -> list[tuple[int, dict[int, Fraction]]]:
    """The columns that are combinations of those before them, with their factors, from the Gram matrix: what A sends to 0, G does too."""
    reduced, rank = _matrix(G).rref()
    rows = [[Fraction(int(reduced[r, j].p), int(reduced[r, j].q)) for j in range(len(G))] for r in range(int(rank))]
    leads = [next(j for j, x in enumerate(row) if x) for row in rows]
    return [(j, {lead: row[j] for lead, row in zip(leads, rows, strict=True) if row[j]}) for j in range(len(G)) if j not in leads]


def exact_gram(columns: Sequence[Numbers]) -> list[list[Fraction]]:
    """All products Σ_i a_i b_i of the columns, exactly."""
    scaled = [c if isinstance(c, Whole) else whole(c) for c in columns]
    if len({len(c) for c in scaled}) > 1:
        raise ValueError(f"the columns have different lengths: {', '.join(str(len(c)) for c in scaled)}")
    G = _products(scaled)
    return [[Fraction(G[j][k]) / (a.scale * b.scale) for k, b in enumerate(scaled)] for j, a in enumerate(scaled)]


def _products(columns: Sequence[Whole]) -> list[list[int]]:
    """Σ_i a_i b_i of the whole numbers, by BLAS where all are floats of like size, else by flint."""
    floats = [c.given for c in columns if isinstance(c.given, tuple)]
    if len(floats) == len(columns) > 0 and sum(width(shift) for _, shift in floats) <= MOST:
        return products(floats)
    A = flint.fmpz_mat([c.values for c in columns])
    G = A * A.transpose()
    return [[int(G[j, k]) for k in range(len(columns))] for j in range(len(columns))]


def whole(column: Numbers) -> Whole:
    """The column as whole numbers over one scale, exactly.  Raises ValueError for a value that is not finite."""
    try:
        values = np.asarray(column)
    except (TypeError, ValueError):
        values = np.asarray(column, dtype=object)
    if values.dtype.kind in "OUS":
        fractions = [Fraction(x) for x in column]
        scale = int(np.lcm.reduce([f.denominator for f in fractions], dtype=object))
        return Whole([int(f * scale) for f in fractions], Fraction(scale))
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"row {int(np.flatnonzero(~np.isfinite(values))[0]) + 1} is not finite")
    mantissa, exponent = np.frexp(values)
    digits = np.ldexp(mantissa, 53).astype(np.int64)  # values = digits · 2^(exponent − 53)
    return _shifted(digits, exponent.astype(np.int64) - 53)


def _shifted(digits: Any, exponent: Any) -> Whole:
    """The whole numbers digits · 2^(exponent − least) over the scale 2^(−least), trailing zeros taken off first."""
    some = digits != 0
    if not some.any():
        return Whole((digits, np.zeros_like(digits)), Fraction(1))
    zeros = np.where(some, np.frexp((digits & -digits).astype(np.float64))[1] - 1, 0)  # the lowest set bit is a power of two
    digits, exponent = digits >> zeros, np.where(some, exponent + zeros, 0)
    least = min(int(exponent[some].min()), 0)
    shift = np.where(some, exponent - least, 0)
    return Whole((digits, shift), Fraction(2**-least))


def fmpq(v: Any) -> Any:
    """A number as flint's rational; a float is taken as the rational that it is."""
    exact = v if isinstance(v, Fraction) else Fraction(v) if isinstance(v, str | int) else Fraction(float(v))
    return flint.fmpq(exact.numerator, exact.denominator)


def _matrix(G: Sequence[Sequence[Fraction]]) -> Any:
    return flint.fmpq_mat(len(G), len(G), [fmpq(x) for row in G for x in row])
