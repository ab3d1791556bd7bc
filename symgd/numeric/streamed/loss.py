"""The loss of a streamed study, bound: made from moments where it is a sum of squares, else one reduction over all parts for each point.

Glossary: `z` = (x − m)/s a scaled feature; `t`, `F`, `a`, shift and anchor as in `bound.moments`; θ the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from symgd.numeric.bound.flat import BoundArrays
from symgd.numeric.bound.loss import Bound
from symgd.numeric.bound.moments import Moments, settled
from symgd.numeric.bound.wide import BoundSquare, WideSum
from symgd.numeric.closed.form import exact_value, fmpq
from symgd.numeric.data.study import target_of
from symgd.numeric.data.table import DataError
from symgd.numeric.data.units import Units
from symgd.numeric.function import GradientFunction
from symgd.numeric.second import differences
from symgd.numeric.streamed.asked import given
from symgd.numeric.streamed.exact import rounded
from symgd.numeric.streamed.parts import Ask
from symgd.numeric.streamed.passes import all_sums, sample
from symgd.numeric.streamed.study import StreamedStudy
from symgd.stationary import linear
from symgd.term import ZERO, Name, Neg, Sum, Term, names, subterms
from symgd.term import replace as rewrite

__all__ = ["bound", "in_units", "see_adds"]

KEPT = 4  # points whose loss is remembered: a search along a line comes back to them


def bound(study: StreamedStudy, f: GradientFunction, units: Units) -> Any:
    """The loss on all rows as functions of θ, in the units of the run.

    Raises DataError for an objective that is no mean over the rows, and for one whose rows need each other.
    """
    scalings = tuple((s.mean, s.scale) for s in units.scalings)
    if f.wide:
        g = _arrays(study, f, scalings)
        square = f.wide_square
        signs = None if square is None else _signs_of_arrays(square, study)
        if square is None or signs is None:
            see_adds(f)
            return g
        return _square(square, g, f, in_units(study.whole, *signs, scalings))
    if not f.bound_source:
        see_adds(f)
        return _numbers(study, f, scalings)
    found = _signs(f, study)
    moments = in_units(study.whole, *found, scalings) if found is not None else _by_columns(study, f, scalings)
    return f.from_moments(moments, {}, study.rows)


# ---------------------------------------------------------------- from moments


def in_units(m: Moments, turn: int, signs: Sequence[int], scalings: Sequence[tuple[float, float]]) -> Moments:
    """The moments of u = ±t + Σ_k a_k F_k + a_0, F_k = ±(x_k − m_k)/s_k, from those of t + Σ_k a_k x_k + a_0.

    Coefficients a of x are a s of z: rounding moves the anchor a little, and everything is taken to where it then stands.
    """
    if not scalings:
        scalings = [(0.0, 1.0)] * len(m.means)
    mean, scale = np.array(scalings, dtype=np.float64).reshape(-1, 2).T
    sign = np.array(signs, dtype=np.float64)
    exact = [turn * c * Fraction(a) * Fraction(s) for c, a, s in zip(signs, m.anchor, scale.tolist(), strict=True)]
    anchor = [float(a) for a in exact]
    moved = np.array([float(Fraction(a) - e) for a, e in zip(anchor, exact, strict=True)])
    through = turn * (Fraction(m.constant) + sum((Fraction(a) * Fraction(c) for a, c in zip(m.anchor, mean.tolist(), strict=True)), Fraction(0)))
    constant = float(through)
    means = sign * (np.array(m.means) - mean) / scale
    S = np.array(m.S).reshape((len(means),) * 2) * np.outer(sign / scale, sign / scale)
    g = turn * sign * np.array(m.g) / scale
    after = g + S @ moved
    R = m.R + float(moved @ (g + after))
    level = turn * m.mean + float(moved @ means) + float(Fraction(constant) - through)
    return Moments(m.n, constant, tuple(anchor), tuple(means.tolist()), tuple(map(tuple, S.tolist())), tuple(after.tolist()), level, max(R, 0.0), m.passes)


def _signs(f: GradientFunction, study: StreamedStudy) -> tuple[int, list[int]] | None:
    """(±1 of the target, ±1 of each feature) where the columns of the square are just those; else None."""
    import sympy as sp

    assert f.square is not None
    y = sp.Symbol(target_of(study.problem).symbol, real=True)
    x = [sp.Symbol(study.feature.symbol, real=True)] if study.feature is not None else []
    found = [[k for k in (1, -1) if k * want == have] for want, have in zip([y, *x], [f.square.fixed, *f.square.columns], strict=False)]
    if len(f.square.columns) != len(x) or len(x) != len(study.names) or not all(found):
        return None
    return found[0][0], [k[0] for k in found[1:]]


def _signs_of_arrays(w: WideSum, study: StreamedStudy) -> tuple[int, list[int]] | None:
    """The same for arrays: w_j times X_ij, the target as it stands."""
    turn = _sign(w.square.fixed, target_of(study.problem))
    each = [_sign(w.square.columns[p.symbol], study.feature) for p in w.moving]
    return (turn, each * len(study.names)) if turn and len(each) == 1 and each[0] else None


def _sign(t: Term, n: Name | None) -> int:
    match t:
        case Name(s, _) if n is not None and s == n.symbol:
            return 1
        case Neg(Name(s, _)) if n is not None and s == n.symbol:
            return -1
    return 0


def _square(w: WideSum, g: BoundArrays, f: GradientFunction, moments: Moments) -> BoundSquare:
    at, fixed = w.places(g)
    scale, turn, ridge = w.numbers(g, f.constants, moments.n)
    return BoundSquare(g, moments, float(scale), at, fixed, float(turn), np.array(ridge, dtype=np.float64))


def _by_columns(study: StreamedStudy, f: GradientFunction, scalings: tuple[tuple[float, float], ...]) -> Moments:
    """A pass of its own over the columns of a square that are not the features themselves: their powers, say."""
    ask = replace(study.ask, what="columns", function=f)
    some = sample(study.table, study.ask)
    with np.errstate(all="ignore"):
        made = f.columns(*given(some, ask, scalings))
        columns = np.array([np.broadcast_to(c, some.shape[1]) for c in made], dtype=np.float64)
        return settled(columns, lambda shift, anchor: _summed(study, replace(ask, numbers=(scalings, tuple(shift), tuple(anchor)))))


def _summed(study: StreamedStudy, ask: Ask) -> list[float]:
    return [rounded(e) for e in all_sums(study.table, ask, study.run, study.tell).totals]


# ---------------------------------------------------------------- a reduction for each point


class _Reduced:
    """L and its slopes over all rows at a point, (n L)/n where it is a mean; the last few points are remembered."""

    def __init__(self, study: StreamedStudy, f: GradientFunction, scalings: tuple[tuple[float, float], ...]) -> None:
        self.study, self.ask, self.scalings = study, replace(study.ask, what="loss", function=f), scalings
        self.counted = see_adds(f) == "mean"
        self.known: dict[bytes, list[float]] = {}

    def at(self, point: tuple[Any, ...]) -> list[float]:
        key = b"".join(np.asarray(p, dtype=np.float64).tobytes() for p in point)
        if key not in self.known:
            found = all_sums(self.study.table, replace(self.ask, numbers=(self.scalings, point, self.counted)), self.study.run, self.study.tell)
            while len(self.known) >= KEPT:
                del self.known[next(iter(self.known))]
            self.known[key] = [rounded(e) / (found.rows if self.counted else 1) for e in found.totals]
        return self.known[key]


def _numbers(study: StreamedStudy, f: GradientFunction, scalings: tuple[tuple[float, float], ...]) -> Bound:
    each = _Reduced(study, f, scalings)

    def both(*theta: Any) -> tuple[float, list[float]]:
        loss, *slopes = each.at(tuple(map(float, theta)))
        return loss, slopes

    g = Bound(f.name, study.rows, _shape(f), lambda *theta: both(*theta)[0], both)
    g.second = lambda theta: differences(g.jac, np.array(theta))
    return g


def _arrays(study: StreamedStudy, f: GradientFunction, scalings: tuple[tuple[float, float], ...]) -> BoundArrays:
    each = _Reduced(study, f, scalings)
    shapes = study.shapes

    def both(*point: Any) -> tuple[float, tuple[Any, ...]]:
        loss, *slopes = each.at(tuple(np.asarray(p, dtype=np.float64) if np.ndim(p) else float(p) for p in point))
        return loss, tuple(shapes.split(np.array(slopes)).values())

    g = BoundArrays(f.name, study.rows, _shape(f), study.problem.parameters, shapes.sizes, both, lambda *point: both(*point)[0], None)
    g.second = lambda point: differences(g.jac, g.flatten(*point))
    return g


def _shape(f: GradientFunction) -> Any:
    return f._shape


def see_adds(f: GradientFunction) -> Literal["mean", "sum"]:
    """How the objective over all rows follows from those over some of them.

    "mean"  a mean over the rows, and perhaps what does not depend on their number: it is the mean of theirs, each counted by its rows
    "sum"   a sum over the rows and no more: it is their sum
    Raises DataError for any other.
    """
    if f.mixes:
        raise DataError("the rows need each other here (a definition holds a sum over them): this problem cannot be streamed; hand over fewer rows")
    L, samples = f.problem.tape[-1].value, {a for a, _ in f.problem.count}
    counts = {n.symbol for a, n in f.problem.count}
    sums = [s for s in subterms(L) if isinstance(s, Sum) and s.index in samples]
    total = Name("Σ")
    line = linear(rewrite(L, lambda s: total if s == sums[0] else None), (total,)) if len(sums) == 1 else None
    if line is not None and total in line.factors and not (names(line.rest) | names(sums[0])) & counts:
        held = {c: fmpq(Fraction(v)) for c, v in f.constants.items() if v is not None}
        factors = [exact_value(line.factors[total], {**held, **{c: fmpq(k) for c in counts}}) for k in (1, 2, 3)]
        if factors[0] == factors[1] * 2 == factors[2] * 3:
            return "mean"
        if factors[0] == factors[1] == factors[2] and line.rest == ZERO:
            return "sum"
    raise DataError("this objective is no mean over the rows, so it cannot be streamed part by part; write it as a mean, or hand over fewer rows")
