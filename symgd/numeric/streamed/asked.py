"""What can be asked of a part: each reduction reads it once, and answers with exact sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from symgd.numeric.bound.gram import block_sums
from symgd.numeric.bound.moments import piece_sums
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import LARGEST
from symgd.numeric.streamed.exact import together
from symgd.numeric.streamed.parts import ALIGN, Ask, Part, Sums
from symgd.numeric.streamed.rows import Rows, read, see_usable, words_of

__all__ = ["REDUCTIONS", "part_sums"]

MOST_KEPT = 2**22  # numbers that wait to be added exactly
SQUARE = LARGEST * LARGEST / 16  # a sum of squares as large may hold a value that is too large


def part_sums(part: Part, ask: Ask) -> Sums:
    """What is asked, over the rows of one part.  The same part and the same ask give the same digits, in whatever process and order.

    Raises DataError for what cannot be used, with its file, row or line, and column.
    """
    return REDUCTIONS[ask.what](part, ask)


class _Adding:
    """Columns of numbers to be added exactly; added now and then, so that few wait."""

    def __init__(self) -> None:
        self.columns: list[list[float]] = []
        self.waiting = self.rows = self.dropped = 0

    def add(self, rows: int, dropped: int, columns: Sequence[Sequence[float]]) -> None:
        self.rows, self.dropped = self.rows + rows, self.dropped + dropped
        if not columns:
            return
        if not self.columns:
            self.columns = [[] for _ in columns]
        for mine, some in zip(self.columns, columns, strict=True):
            mine.extend(some)
        self.waiting += len(columns) * len(columns[0])
        if self.waiting > MOST_KEPT:
            self.columns = [list(e) for e in together(self.columns)]
            self.waiting = sum(map(len, self.columns))

    def sums(self, part: Part) -> Sums:
        return Sums(self.rows, self.dropped, together(self.columns), {}, part.size)


def _see(rows: Rows, ask: Ask, squares: float) -> None:
    """A value that is missing or not finite shows in the sums: only then, or where a target must be a count, the values are looked at."""
    if not abs(squares) < SQUARE or any(getattr(c, "kind", "number") != "number" for c in ask.columns):
        see_usable(rows, ask)


def _flat(part: Part, ask: Ask) -> Sums:
    """Moments of the columns as they stand: `bound.moments.piece_sums` of (target, features) about ask.numbers = (shift, anchor)."""
    shift, anchor = (list(v) for v in ask.numbers)
    many, out = len(shift), _Adding()
    diagonal = np.cumsum([0, *range(many, 1, -1)]) + 1 + many
    for rows in read(part, ask):
        v = rows.values
        if not v.shape[1]:
            out.add(0, rows.dropped, ())
            continue
        with np.errstate(all="ignore"):
            found = piece_sums(lambda *c: c, [v[-1], *v[:-1]], None, shift, anchor)
        _see(rows, ask, math.fsum(sum(found[k]) for k in diagonal))
        out.add(v.shape[1], rows.dropped, found)
    return out.sums(part)


def _gram(part: Part, ask: Ask) -> Sums:
    """The same for many features: `bound.gram.block_sums` about ask.numbers = (shift, anchor, start); n, P, and the upper triangle of Q row by row."""
    shift, anchor = (np.array(v, dtype=np.float64) for v in ask.numbers[:2])
    upper, out = np.triu_indices(len(shift) + 1), _Adding()
    for rows in read(part, ask, most=ALIGN):
        v = rows.values
        with np.errstate(all="ignore"):
            blocks = list(block_sums(v[-1], v[:-1].T, None, shift, anchor, ask.numbers[2])) if v.shape[1] else []
        _see(rows, ask, float(sum(np.trace(q) for _, _, q in blocks)))
        for n, p, q in blocks:
            out.add(0, 0, [[n], *p[:, None].tolist(), *q[upper][:, None].tolist()])
        out.add(v.shape[1], rows.dropped, ())
    return out.sums(part)


def _words(part: Part, ask: Ask) -> Sums:
    """Each word of the one column, and where it first stands."""
    return Sums(0, 0, (), words_of(part, ask), part.size)


REDUCTIONS: dict[str, Callable[[Part, Ask], Sums]] = {"flat": _flat, "gram": _gram, "words": _words}


def triangle(sums: Sequence[float], many: int) -> tuple[float, Column, Column]:
    """(n, P, Q) from the sums of `_gram`."""
    n, P, Q = sums[0], np.array(sums[1 : many + 1]), np.zeros((many, many))
    Q[np.triu_indices(many)] = sums[many + 1 :]
    return n, P, Q + np.triu(Q, 1).T


