"""P14: the exact least squares solution of 10,000 rows, against Gaussian elimination on the same sums in Fractions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from symgd.numeric.closed.exact import exact_least_squares
from tests.benchmarks.table import Row
from tests.benchmarks.timing import Contestant, race

ROWS = 10_000
TARGETS = {2: 25, 11: 80}  # columns, the constant one included → milliseconds


def by_fractions(columns: Sequence[Any], y: Any) -> list[Fraction]:
    """The normal equations, summed and solved in Fractions."""
    p = len(columns)
    exact = [[Fraction(v) for v in c.tolist()] for c in (*columns, y)]
    rows = [[sum((a * b for a, b in zip(exact[j], exact[k], strict=True)), Fraction(0)) for k in range(p + 1)] for j in range(p)]
    for j in range(p):
        lead = next(k for k in range(j, p) if rows[k][j])
        rows[j], rows[lead] = rows[lead], rows[j]
        rows[j] = [v / rows[j][j] for v in rows[j]]
        for k in range(p):
            if k != j:
                rows[k] = [a - rows[k][j] * b for a, b in zip(rows[k], rows[j], strict=True)]
    return [row[p] for row in rows]


def fresh(k: int, n: int, columns: int) -> tuple[list[Any], Any]:
    rng = np.random.default_rng(k)
    X = [rng.normal(3, 1, n) for _ in range(columns - 1)]
    return [*X, np.ones(n)], sum(X) + rng.normal(size=n)


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """Milliseconds; both solutions are the same Fractions, not only near."""
    n = 50 if tiny else ROWS
    for columns, target in {2: 25}.items() if tiny else TARGETS.items():
        some = fresh(0, 50, columns)
        assert list(exact_least_squares(*some)) == by_fractions(*some)
        made = {"ours": Contestant(exact_least_squares)}
        if columns == 2 or tiny:  # 11 columns in Fractions take longer than all the rest of the table
            made["Fractions"] = Contestant(by_fractions)
        took = race(made, lambda k, columns=columns: fresh(k, n, columns), rounds=1 if tiny else 7, rtol=0)
        others = took.over(1e-3, "ours")
        yield Row(f"exact least squares, n = {n:,}, {columns} columns", took["ours"] * 1e3, "ms", target, beside=others, short=columns == 11)
