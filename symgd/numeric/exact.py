"""The closed form of record: least squares of the float64 data in exact rational arithmetic, rounded once by whoever needs a float.

Glossary: `A` the integer matrix of the scaled columns, one row a column; `G` = A Aᵀ; θ the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np

__all__ = ["RankError", "exact_gram", "exact_least_squares", "exact_rank", "solve_exactly"]

Numbers = Sequence[float] | Sequence[Fraction] | Any  # a NumPy array, or a sequence of int, float or Fraction


class RankError(ValueError):
    """The columns do not determine one solution: some column is a combination of the others, exactly."""


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
        raise RankError(f"the {p} columns have rank {rank}: no unique solution exists")
    theta = matrix.solve(flint.fmpq_mat(p, 1, [_fmpq(x) for x in v]))
    return tuple(Fraction(int(theta[j, 0].p), int(theta[j, 0].q)) for j in range(p))


def exact_gram(columns: Sequence[Numbers]) -> list[list[Fraction]]:
    """All products Σ_i a_i b_i of the columns, exactly."""
    scaled = [_integers(c) for c in columns]
    if len({len(ints) for ints, _ in scaled}) > 1:
        raise ValueError(f"the columns have different lengths: {', '.join(str(len(ints)) for ints, _ in scaled)}")
    A = flint.fmpz_mat([ints for ints, _ in scaled])
    G = A * A.transpose()
    return [[Fraction(int(G[j, k])) / (a * b) for k, (_, b) in enumerate(scaled)] for j, (_, a) in enumerate(scaled)]


def _integers(column: Numbers) -> tuple[list[int], int]:
    """(integers, scale) with column = integers/scale, exactly."""
    try:
        values = np.asarray(column)
    except (TypeError, ValueError):
        values = np.asarray(column, dtype=object)
    if values.dtype == object:
        fractions = [Fraction(x) for x in column]
        scale = int(np.lcm.reduce([f.denominator for f in fractions], dtype=object))
        return [int(f * scale) for f in fractions], scale
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"row {int(np.flatnonzero(~np.isfinite(values))[0]) + 1} is not finite")
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64)  # values = whole · 2^(exponent − 53)
    return _shifted(whole, exponent.astype(np.int64) - 53)


def _shifted(whole: Any, exponent: Any) -> tuple[list[int], int]:
    """The integers whole · 2^(exponent − least) and the scale 2^(−least), trailing zeros taken off first."""
    some = whole != 0
    if not some.any():
        return [0] * len(whole), 1
    zeros = np.where(some, np.frexp((whole & -whole).astype(np.float64))[1] - 1, 0)  # the lowest set bit is a power of two
    whole, exponent = whole >> zeros, np.where(some, exponent + zeros, 0)
    least = min(int(exponent[some].min()), 0)
    shift = np.where(some, exponent - least, 0)
    if int(shift.max()) <= 9:  # 53 + 9 bits and a sign: still a machine integer
        return (whole << shift).tolist(), 2**-least
    return [a << s for a, s in zip(whole.tolist(), shift.tolist(), strict=True)], 2**-least


def _fmpq(x: Fraction) -> Any:
    return flint.fmpq(x.numerator, x.denominator)


def _matrix(G: Sequence[Sequence[Fraction]]) -> Any:
    return flint.fmpq_mat(len(G), len(G), [_fmpq(x) for row in G for x in row])
