"""Exact sums of products of floats by BLAS: each number is cut into limbs so short that no product and no sum of a block is rounded.

A double is a whole number of 53 bits times a power of two.  Limbs hold 21 bits and what spills from their neighbour, so they are below 2²², their
products below 2⁴⁴, and sums of 2⁹ of them are below 2⁵³: exact in double precision, in any order.

Glossary: `digits`, `shift`: the numbers digits · 2^shift, shift ≥ 0; `place` counts limbs from the lowest; `L` (limbs, rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["MOST", "products", "width"]

BITS, ROWS = 21, 512
BLOCKS = 512  # of ROWS; sums of so many of them stay below 2⁶²
QUIET = 2**18  # multiplications
MOST = 126  # limbs of all columns: beyond it, or where exponents spread so far that most limbs are 0, longer numbers are quicker


def width(shift: Any) -> int:
    """How many limbs numbers of these shifts need."""
    return int(shift.max(initial=0)) // BITS + 4


def products(columns: Sequence[tuple[Any, Any]]) -> list[list[int]]:
    """Σ_i a_i b_i for all pairs of columns (digits, shift), exactly."""
    many, rows = len(columns), len(columns[0][0])
    total = [[0] * many for _ in range(many)]
    for at in range(0, rows, ROWS * BLOCKS):
        some = [_limbs(digits[at : at + ROWS * BLOCKS], shift[at : at + ROWS * BLOCKS]) for digits, shift in columns]
        G = _gram(np.concatenate([L for _, L in some]))
        place = [p for places, _ in some for p in places]
        owner = [k for k, (places, _) in enumerate(some) for _ in places]
        for j, row in enumerate(G.tolist()):
            for k, v in enumerate(row[: j + 1]):
                if v:
                    total[owner[j]][owner[k]] += v << BITS * (place[j] + place[k])
                    if j != k and owner[j] == owner[k]:
                        total[owner[j]][owner[k]] += v << BITS * (place[j] + place[k])
    return [[total[max(j, k)][min(j, k)] for k in range(many)] for j in range(many)]


def _limbs(digits: Any, shift: Any) -> tuple[list[int], Any]:
    """(the places that are not all 0, the limbs there), each with the sign of its number."""
    up, by = np.divmod(shift, BITS)
    rest, row = np.abs(digits), np.arange(len(digits))
    L = np.zeros((width(shift), len(digits)), dtype=np.int64)
    for k in range(3):
        part = (rest & (1 << BITS) - 1) << by
        L[up + k, row] += part & (1 << BITS) - 1
        L[up + k + 1, row] += part >> BITS
        rest = rest >> BITS
    places = np.flatnonzero(L.any(axis=1)).tolist()
    return places, L[places] * np.sign(digits).astype(np.float64)


def _gram(L: Any) -> Any:
    """L Lᵀ in whole numbers, so few rows at a time that BLAS starts no threads for them."""
    total = np.zeros((len(L), len(L)), dtype=np.int64)
    step = min(ROWS, max(1, QUIET // max(1, len(L) ** 2)))
    for at in range(0, L.shape[1], ROWS):
        block = L[:, at : at + ROWS]
        exact = np.zeros(total.shape)
        for k in range(0, block.shape[1], step):
            few = block[:, k : k + step]
            exact += few @ few.T
        total += exact.astype(np.int64)
    return total
