"""Where two expressions are compared: fixed small points that a person can check, in the domain of each name.

Nothing here is random: the same points on every run, so that a document stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import sympy

__all__ = ["DOMAINS", "points", "within"]

# What a name may be.  Words add up: "positive integer".
DOMAINS: dict[str, Callable[[Fraction], bool]] = {
    "real": lambda q: True,
    "positive": lambda q: q > 0,
    "nonnegative": lambda q: q >= 0,
    "negative": lambda q: q < 0,
    "nonzero": lambda q: q != 0,
    "integer": lambda q: q.denominator == 1,
    "(0,1)": lambda q: 0 < q < 1,
    ">1": lambda q: q > 1,
}

# (lowest, highest, grid): where the names of one point lie.  The first rows meet the most domains; the last look far out and close to 0.
BANDS: tuple[tuple[int, int, int], ...] = (
    (1, 9, 10), (-29, 29, 10), (11, 39, 10), (1, 99, 100), (-39, -2, 10), (-9, 9, 1), (-99, 99, 100), (2, 12, 1), (-400, 400, 10), (1, 60, 1000),
    (-9000, 9000, 1), (-60, 60, 10000),
)  # fmt: skip


def within(domain: Mapping[str, str] | None, name: str, value: Fraction) -> bool:
    """Is the value in the domain of the name?  Raises ValueError with the choices for a word that is no domain."""
    words = (domain or {}).get(name, "real").split()
    for word in words:
        if word not in DOMAINS:
            raise ValueError(f"{name}: {word!r} is no domain; there are {', '.join(DOMAINS)}")
    return all(DOMAINS[word](value) for word in words)


def points(symbols: Iterable[sympy.Symbol], domain: Mapping[str, str] | None = None, count: int = 96) -> list[dict[sympy.Symbol, Fraction]]:
    """`count` fixed probe points of short decimals for these symbols, respecting the domain of each; the same on every run.

    Every BAND in turn, over and over; within a point the values of different names differ while the band has enough of them.
    """
    ordered = sorted(symbols, key=lambda s: s.name)
    state = 12345
    out: list[dict[sympy.Symbol, Fraction]] = []
    for k in range(count):
        point: dict[sympy.Symbol, Fraction] = {}
        for s in ordered:
            value = Fraction(0)
            for attempt in range(200):
                low, high, grid = BANDS[(k + attempt // 8) % len(BANDS)]  # a band without values of this domain gives way to the next
                state = (state * 1103515245 + 12345) % 2**31  # a fixed sequence (Park and Miller's kind), not a secret
                value = Fraction(low + (state >> 8) % (high - low + 1), grid)
                if within(domain, s.name, value) and (value not in point.values() or attempt > 40):
                    break
            point[s] = value
        out.append(point)
    return out
