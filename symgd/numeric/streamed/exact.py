"""Sums without rounding: a number as a few floats whose sum it is, the same ones for the same number, however it was added up.

J. R. Shewchuk, Discrete Comput. Geom. 18, 1997, doi:10.1007/PL00009321; `math.fsum` rounds an exact sum once, so what is left after each rounding is
exact again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from symgd.numeric.streamed.parts import MOST_WORDS, Expansion, Place, Sums

__all__ = ["exact", "merged", "rounded", "together"]


def exact(values: Iterable[float]) -> Expansion:
    """Σ values as its nearest double, the nearest to what is left, and so on; () for 0.  Where the sum is not finite, one number that is not."""
    left, out = list(values), list[float]()
    try:
        while top := math.fsum(left):
            if not math.isfinite(top):
                return (top,)
            out.append(top)
            left.append(-top)
    except (OverflowError, ValueError):
        return (math.nan,)
    return tuple(out)


def together(columns: Sequence[Iterable[float]]) -> tuple[Expansion, ...]:
    """Each column's sum."""
    return tuple(map(exact, columns))


def rounded(e: Expansion) -> float:
    """The nearest double."""
    return e[0] if e else 0.0


def merged(answers: Iterable[Sums]) -> Sums:
    """All answers as one; in any order, in any grouping, the same digits."""
    every = list(answers)
    if not every:
        return Sums(0, 0)
    if len(every) == 1:
        return every[0]
    columns = zip(*(s.totals for s in every if s.totals), strict=True)  # a part without rows has no sums
    words: dict[str, Place] = {}
    for s in every:
        for word, place in s.words.items():
            words[word] = min(place, words.get(word, place))
    if len(words) > MOST_WORDS:
        words = {w: words[w] for w in sorted(words, key=words.__getitem__)[:MOST_WORDS]}
    totals = tuple(exact([v for e in column for v in e]) for column in columns)
    return Sums(sum(s.rows for s in every), sum(s.dropped for s in every), totals, words, sum(s.size for s in every))
