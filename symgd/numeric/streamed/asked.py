"""What can be asked of a part: each reduction reads it once, and answers with exact sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from symgd.numeric.bound.gram import block_sums
from symgd.numeric.bound.moments import piece_sums
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.outcome import placed
from symgd.numeric.data.study import feature_of, target_of
from symgd.numeric.data.table import LARGEST
from symgd.numeric.streamed.arrow import Rows
from symgd.numeric.streamed.exact import together
from symgd.numeric.streamed.parts import ALIGN, Ask, Part, Sums, Words
from symgd.numeric.streamed.rows import read, see_usable, words_of

__all__ = ["REDUCTIONS", "given", "part_sums", "triangle"]

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


def _columns(part: Part, ask: Ask) -> Sums:
    """Moments of the columns that ask.function makes of the data, the features scaled: ask.numbers = (scalings, shift, anchor)."""
    scalings, shift, anchor = ask.numbers
    out = _Adding()
    for rows in read(part, ask):
        with np.errstate(all="ignore"):
            found = piece_sums(ask.function.columns, given(rows.values, ask, scalings), None, list(shift), list(anchor)) if rows.values.shape[1] else ()
        out.add(rows.values.shape[1], rows.dropped, found)
    return out.sums(part)


def _loss(part: Part, ask: Ask) -> Sums:
    """n L and n times its derivatives for L a mean over n rows, L itself for a sum; ALIGN rows at a time.

    ask.numbers = (scalings, the parameters as they are declared, is L a mean?)
    """
    scalings, theta, counted = ask.numbers
    f, out = ask.function, _Adding()
    for rows in read(part, ask, most=ALIGN):
        if not (n := rows.values.shape[1]):
            continue
        loss, slopes = f.loss_and_gradient(*theta, **dict(zip(f.data, given(rows.values, ask, scalings), strict=True)))
        flat = np.concatenate([np.ravel(s) for s in slopes])
        many = n if counted else 1
        out.add(n, rows.dropped, [[many * loss], *(many * flat[:, None]).tolist()])
    return out.sums(part)


def _outcome(part: Part, ask: Ask) -> Sums:
    """How often each class is taken for which, row by row of the table; or Σ (ŷ − y)²: ask.numbers = (scalings, the parameters, how many classes)."""
    scalings, theta, classes = ask.numbers
    f, out = ask.function, _Adding()
    for rows in read(part, ask, most=ALIGN):
        if not (n := rows.values.shape[1]):
            continue
        found, actual = placed(f.problem, dict(zip(f.parameters, theta, strict=True)), dict(zip(f.data, given(rows.values, ask, scalings), strict=True)))
        if classes:
            counts = np.bincount(actual * classes + found, minlength=classes * classes).astype(np.float64)
            out.add(n, rows.dropped, counts[:, None].tolist())
        else:
            out.add(n, rows.dropped, [np.square(found - actual).reshape(1, -1).sum(axis=1).tolist()])
    return out.sums(part)


def _range(part: Part, ask: Ask) -> Sums:
    """Of each column how many rows differ from ask.numbers: a column that is constant says 0."""
    out, first = _Adding(), np.array(ask.numbers)[:, None]
    for rows in read(part, ask):
        out.add(rows.values.shape[1], rows.dropped, (rows.values != first).sum(axis=1, dtype=np.float64)[:, None].tolist())
    return out.sums(part)


def given(values: Column, ask: Ask, scalings: Sequence[tuple[float, float]]) -> list[Column]:
    """The data of the function, in its order, from columns of which the target's are the last; the features scaled, (x − m)/s."""
    f = ask.function
    target, feature = target_of(f.problem), feature_of(f.problem)
    last = len(ask.columns[-1].values[0]) if isinstance(ask.columns[-1], Words) else 1
    X, goal = values[:-last], values[-last:]
    if scalings:
        mean, scale = np.array(scalings).T[:, :, None]
        X = (X - mean) / scale
    y = np.ascontiguousarray(goal.T) if len(target.indices) > 1 else np.ascontiguousarray(goal[0])
    given = {target.symbol: y}
    if feature is not None:
        given[feature.symbol] = np.ascontiguousarray(X.T) if len(feature.indices) > 1 else np.ascontiguousarray(X[0])
    return [given[d] for d in f.data]


REDUCTIONS: dict[str, Callable[[Part, Ask], Sums]] = {
    "flat": _flat, "gram": _gram, "words": _words, "range": _range, "columns": _columns, "loss": _loss, "outcome": _outcome,
}  # fmt: skip


def triangle(sums: Sequence[float], many: int) -> tuple[float, Column, Column]:
    """(n, P, Q) from the sums of `_gram`."""
    n, P, Q = sums[0], np.array(sums[1 : many + 1]), np.zeros((many, many))
    Q[np.triu_indices(many)] = sums[many + 1 :]
    return n, P, Q + np.triu(Q, 1).T


