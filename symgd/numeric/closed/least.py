"""The least sum of squares on data: exactly where that is feasible, else by QR of scaled columns.

L = c Σ_i (t_i + Σ_k F_ik θ_k)² + Σ_k ρ_k θ_k², so (c FᵀF + diag ρ) θ = −c Fᵀ t.

Glossary: `F` the columns, one for each number of θ; `t` what has no parameter; `c` the scale; `ρ` penalties.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symgd.forward import Definition, Problem
from symgd.indices import axis
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.columns import Relation
from symgd.numeric.closed.exact import RankError, Whole, exact_gram, fmpq, solve_exactly, whole
from symgd.numeric.closed.rational import exact_array, exact_value
from symgd.numeric.bound.squares import WideSquare
from symgd.numeric.program.written import written
from symgd.term import ZERO, Mul, Name, Neg, Num, Pow, Term, names
from symgd.term import replace as rewrite
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Design", "design", "exactly", "rounded"]

MOST_ROWS, MOST_COLUMNS = 100_000, 20  # of an exact solution
EPS = 2.0**-52


@dataclass(frozen=True)
class Design:
    """columns  F, in the order of θ, exact
    labels   what each is called; "" for the constant column
    target   t
    scale    c
    ridge    ρ for each column
    """

    columns: tuple[Whole, ...]
    labels: tuple[str, ...]
    target: Whole
    scale: Fraction
    ridge: tuple[Fraction, ...]


def design(problem: Problem, square: WideSquare, data: Mapping[str, Any], constants: Mapping[str, Any], called: Mapping[str, Sequence[str]]) -> Design:
    """The columns of a loss that is such a square, on data.  called: what the columns of an array are called, {"X": ["a", "b"]}."""
    rows = len(next(iter(data.values())))
    sizes = {axis(a): k for x in problem.data for a, k in zip(x.indices, np.shape(data[x.symbol]), strict=True)}
    values = {s: fmpq(v) for s, v in constants.items()} | {n.symbol: fmpq(rows) for _, n in problem.count}
    columns, labels, ridge = list[Whole](), list[str](), list[Fraction]()
    for p in problem.parameters:
        f = square.columns[p.symbol]
        penalty = _fraction(exact_value(square.penalties.get(p.symbol, ZERO), values))
        for place in range(sizes[axis(p.indices[0])]) if p.indices else (None,):
            columns.append(_column(f, problem, data, rows, place))
            labels.append(_label(f, place, called))
            ridge.append(penalty)
    held = {c: Num(Fraction(v)) for c, v in constants.items() if not np.ndim(v)}
    fixed = rewrite(square.fixed, lambda s: held.get(s.symbol) if isinstance(s, Name) else None)
    target = _column(fixed, problem, data, rows, None)
    return Design(tuple(columns), tuple(labels), target, _fraction(exact_value(square.scale, values)), tuple(ridge))


def _column(f: Term, problem: Problem, data: Mapping[str, Any], rows: int, place: int | None) -> Whole:
    """f for each sample, at one place of its other index."""
    match f:
        case Num(v):
            return Whole([v.numerator] * rows, Fraction(v.denominator))
        case Name(s, indices):
            return whole(data[s][:, place] if len(indices) > 1 else data[s])
        case Neg(a):
            inside = _column(a, problem, data, rows, place)
            return Whole([-v for v in inside.values], inside.scale)
        case Pow(a, Num(v)) if v.denominator == 1 and v > 0:
            return _column(a, problem, data, rows, place).power(int(v))
        case Mul(fs):
            out = _column(fs[0], problem, data, rows, place)
            for x in fs[1:]:
                out = out.times(_column(x, problem, data, rows, place))
            return out
    one = {s: v[:, place] if place is not None and np.ndim(v) > 1 else v for s, v in data.items()}
    flat = {x.symbol: Name(x.symbol, x.indices[:1]) for x in problem.data}
    return _elsewise(rewrite(f, lambda s: flat.get(s.symbol) if isinstance(s, Name) else None), one, [x for x in flat.values() if x.symbol in names(f)], rows)


def _elsewise(f: Term, data: Mapping[str, Any], given: list[Name], rows: int) -> Whole:
    """Sums and quotients in rationals; a function, which has no rational value, in double precision."""
    try:
        exact = exact_array(f, {x.symbol: [fmpq(v) for v in data[x.symbol]] for x in given}, ("i",), {"i": rows})
        return whole([Fraction(int(v.p), int(v.q)) for v in exact])
    except ValueError:
        made = written([Definition(Name("column", ("i",)), f)], given, [Name("column", ("i",))], "column")
        return whole(np.broadcast_to(made(**{x.symbol: np.asarray(data[x.symbol], dtype=np.float64) for x in given})[0], rows))


def _label(f: Term, place: int | None, called: Mapping[str, Sequence[str]]) -> str:
    match f:
        case Name(s, _) if place is not None:
            return called[s][place] if s in called else f"{s}[:, {place}]"
        case Num():
            return ""
    return to_unicode(layout(rewrite(f, lambda s: Name(s.symbol) if isinstance(s, Name) else None)))


def _fraction(q: Any) -> Fraction:
    return Fraction(int(q.p), int(q.q))


# ---------------------------------------------------------------- the two ways


def exactly(d: Design) -> tuple[Fraction, ...]:
    """θ, exactly.  Raises RankError naming the columns that are combinations of others."""
    G, p = exact_gram([*d.columns, d.target]), len(d.columns)
    left = [[d.scale * G[j][k] + (d.ridge[j] if j == k else 0) for k in range(p)] for j in range(p)]
    try:
        return solve_exactly(left, [-d.scale * G[j][p] for j in range(p)])
    except RankError as wrong:
        raise RankError("; ".join(map(str, relations(d.labels, wrong.dependent))), wrong.dependent) from None


def relations(labels: Sequence[str], dependent: Sequence[tuple[int, dict[int, Fraction]]]) -> list[Relation]:
    """sat_sum = sat_v + sat_m, for each column that is a combination of others; one that the constant column completes is told by another of its terms."""
    out = []
    for j, factors in dependent:
        if not labels[j]:  # 1 = a x: x = 1/a
            j, factors = _turned(j, factors)
        terms = tuple((f, labels[k]) for k, f in factors.items() if labels[k])
        out.append(Relation(labels[j], terms, sum((f for k, f in factors.items() if not labels[k]), Fraction(0)), True))
    return out


def _turned(j: int, factors: dict[int, Fraction]) -> tuple[int, dict[int, Fraction]]:
    """Solved for the last of the other columns."""
    last = max(factors)
    return last, {**{k: -f / factors[last] for k, f in factors.items() if k != last}, j: 1 / factors[last]}


def rounded(d: Design) -> tuple[tuple[float, ...], float]:
    """(θ, the condition number of the columns scaled to one length), in double precision, for more rows or columns than are solved exactly.

    The columns are taken about their means where there is a constant one, QR is refined once from its residual.  Raises RankError where the
    condition is beyond what doubles resolve.
    """
    F = np.array([_floats(c) for c in d.columns]).T
    t = _floats(d.target)
    constant = next((k for k, label in enumerate(d.labels) if not label and not d.ridge[k]), None)
    moving = [k for k in range(F.shape[1]) if k != constant]
    mean = F[:, moving].mean(axis=0) if constant is not None else np.zeros(len(moving))
    Z = F[:, moving] - mean
    rest = t - t.mean() if constant is not None else t
    weight = math.sqrt(abs(float(d.scale)))
    under = np.sqrt([float(d.ridge[k]) for k in moving])
    A = np.vstack([weight * Z, np.diag(under)]) if under.any() else weight * Z
    b = -weight * np.concatenate([rest, np.zeros(len(A) - len(rest))])
    size = np.sqrt(np.einsum("ij,ij->j", A, A))
    size[size == 0] = 1.0
    Q, R = np.linalg.qr(A / size)
    values = np.linalg.svd(R, compute_uv=False)
    condition = float(values[0] / values[-1]) if values[-1] > 0 else math.inf
    if condition * EPS * max(A.shape) ** 0.5 > 1:
        raise RankError(f"the columns are dependent as far as double precision tells: their condition number is {condition:.3g}")
    theta = np.linalg.solve(R, Q.T @ b)
    theta = (theta + np.linalg.solve(R, Q.T @ (b - (A / size) @ theta))) / size
    out = np.empty(F.shape[1])
    out[moving] = theta
    if constant is not None:
        out[constant] = -(float(t.mean()) + float(mean @ theta)) / float(F[0, constant])
    return tuple(map(float, out)), condition


def _floats(c: Whole) -> Column:
    scale = c.scale
    return np.array([v / scale.numerator if scale.denominator == 1 else float(Fraction(v) / scale) for v in c.values])
