"""A sum of squares over many columns bound to its data: every call is made from one Gram matrix.

Glossary: θ the flat vector of the parameters; `δ` the distance of a from the anchor; `t`, `F`, `a`, `S`, `g`, `R`, `m` as in `moments`; ρ penalties.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from symgd.document.page import Page, Prose
from symgd.forward import Definition, Problem
from symgd.indices import free
from symgd.numeric.data.arrays import Column
from symgd.numeric.bound.loss import Form, spectrum
from symgd.numeric.closed.form import exact_value, fmpq
from symgd.numeric.data.table import DataError
from symgd.numeric.bound.flat import BoundArrays
from symgd.numeric.bound.gram import gram
from symgd.numeric.bound.leaping import far
from symgd.numeric.bound.moments import Moments
from symgd.numeric.descent.rates import rounding
from symgd.numeric.bound.squares import WideSquare, wide_square
from symgd.numeric.program.written import written
from symgd.term import ZERO, Name, Term, names

__all__ = ["BoundSquare", "WideSum", "wide_sum"]

# A Gram matrix takes as long as 3 passes over the data for 10 columns, 3 for 100, 14 for 500 (measured): fewer than any descent makes.
MOST_COLUMNS = 4_000  # beyond it a Gram matrix is larger than most data
LEVEL, EVERY = 1e-8, 16  # of the first slope, and steps: when steps are made one by one, and the slope compared with its rounding


class BoundSquare(BoundArrays):
    """The functions of a `BoundArrays`, each call O(K²) whatever the number of rows.

    Σ u² = n v² + R + δ·(2g + S δ), v = mean + δ_0 + m·δ: half its derivatives are n v by a_0 and m n v + g + S δ by the other a.
    """

    quadratic = True

    def __init__(self, g: BoundArrays, moments: Moments, scale: float, at: Sequence[int], fixed: int, turn: float, ridge: Column) -> None:
        """at     for each column of F the place in θ of what multiplies it
        fixed  the place of what multiplies the constant column `turn`, or −1
        ridge  ρ for each number of θ
        """
        super().__init__(g.name, g.rows, g._shape, g.arrays, g.axes, g._both, g._loss, g._per_sample)
        self.moments = moments
        self.scale, self.at, self.fixed, self.turn, self.ridge = scale, np.array(at, dtype=int), fixed, turn, ridge
        self.anchor, self.means, self.S, self.g = (np.array(v, dtype=np.float64) for v in (moments.anchor, moments.means, moments.S, moments.g))

    def shown(self) -> Page:
        """To what it is bound, and what a call costs."""
        return Page((), (Prose((f"{self.name} bound to {self.rows:,} rows: each call is made from one Gram matrix, without the data",)),))

    def both(self, theta: Column) -> tuple[float, Column]:
        """L and its derivatives at the flat vector θ."""
        m = self.moments
        delta = theta[self.at] - self.anchor
        v = m.mean - m.constant + (self.turn * float(theta[self.fixed]) if self.fixed >= 0 else 0.0) + float(self.means @ delta)
        half = self.S @ delta
        half += self.g
        q = m.n * v * v + m.R + float(delta @ half) + float(delta @ self.g)
        half += self.means * (m.n * v)
        half *= 2 * self.scale
        slope = np.empty(len(theta))
        slope[self.at] = half
        if self.fixed >= 0:
            slope[self.fixed] = 2 * self.scale * self.turn * m.n * v
        if self.ridged:
            bent = self.ridge * theta
            slope += 2 * bent
            return self.scale * q + float(bent @ theta), slope
        return self.scale * q, slope

    @cached_property
    def ridged(self) -> bool:
        return bool(self.ridge.any())

    def loss(self, *arrays: Any) -> float:
        """L"""
        return self.both(self._flat(arrays))[0]

    def loss_and_gradient(self, *arrays: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        loss, slope = self.both(self._flat(arrays))
        return loss, self.unflatten(slope)

    def _flat(self, arrays: Sequence[Any]) -> Column:
        """θ from the arrays.  Raises ValueError for other shapes than the data ask for."""
        given = [np.shape(a) for a in arrays]
        if given != list(self.shapes):
            raise ValueError(f"the parameters {', '.join(n.symbol for n in self.arrays)} have the shapes {given}; the data ask for {list(self.shapes)}")
        return self.flatten(*(np.asarray(a, dtype=np.float64) for a in arrays))

    def fun(self, theta: Any) -> float:
        """L at the flat vector θ."""
        return self.both(np.asarray(theta, dtype=np.float64))[0]

    def jac(self, theta: Any) -> Column:
        """The gradient at the flat vector θ, shape (p,)."""
        return self.both(np.asarray(theta, dtype=np.float64))[1]

    def step(self, theta: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """L and its derivatives as plain floats.  Overflow gives inf or nan, never an error or a warning."""
        with np.errstate(all="ignore"):
            loss, slope = self.both(np.array(theta, dtype=np.float64))
        return loss, tuple(slope.tolist())

    def hessian(self, *arrays: Any) -> Column:
        """The second derivatives, shape (p, p): the same everywhere."""
        return self._bend.copy()

    @cached_property
    def _bend(self) -> Column:
        n, c, at, m = self.moments.n, 2 * self.scale, self.at, self.means
        H = np.diag(2 * self.ridge)
        H[np.ix_(at, at)] += c * (self.S + n * np.outer(m, m))
        if self.fixed >= 0:
            H[self.fixed, self.fixed] += c * n * self.turn**2
            H[at, self.fixed] += c * n * self.turn * m
            H[self.fixed, at] = H[at, self.fixed]
        return H

    def form(self) -> Form:
        """The quadratic form that the loss is."""
        return self._form

    @cached_property
    def _form(self) -> Form:
        m, K, p = self.moments, len(self.at), self.size
        means = np.array([1.0, *m.means])
        M = m.n * np.outer(means, means)
        M[1:, 1:] += self.S
        J = np.zeros((p, K + 1))
        J[self.at, np.arange(1, K + 1)] = 1.0
        if self.fixed >= 0:
            J[self.fixed, 0] = self.turn
        return Form(2 * self.scale, J, M, np.diag(2 * self.ridge), np.zeros(K + 1))

    def walk(self, *given: Any) -> tuple[str, int, int, tuple[float, ...], float, tuple[float, ...]]:
        """Steps θ − rate ∂L/∂θ; the words and rules are those of the walk that `quadratic` writes out for single numbers.

        Many steps at once while none of the rules can fire, then one by one; and, where the rules are watched, every EVERY steps: a slope that
        is zero within rounding ends it, for many numbers seldom come to rest all at once.
        """
        *first, rate, most, halt, watch, limit, points, losses = given
        with np.errstate(all="ignore"):
            begun, theta = 0, np.array(first, dtype=np.float64)
            if watch or not halt:
                ends = LEVEL * float(np.abs(self.both(theta)[1]).max()) if watch else -1.0
                begun, theta = far(self, theta, rate, 0, most, ends, limit, points, losses)
            return self._steps(theta, begun, rate, most, halt, watch, limit, points, losses)

    @cached_property
    def spectrum(self) -> tuple[Column, Column]:
        """The eigenvalues of the second derivatives, in ascending order, and their eigenvectors; all nan where they are not finite."""
        return spectrum(self._bend)

    def heights(self, way: Column) -> Column:
        """L at each of the points, shape (p, m)."""
        m = self.moments
        delta = way[self.at] - self.anchor[:, None]
        v = m.mean - m.constant + self.means @ delta + (self.turn * way[self.fixed] if self.fixed >= 0 else 0.0)
        q = m.n * v * v + m.R + np.einsum("ij,ij->j", delta, self.S @ delta + 2 * self.g[:, None])
        return np.asarray(self.scale * q + (self.ridge @ np.square(way) if self.ridged else 0.0))

    def _steps(
        self, theta: Column, steps: int, rate: float, most: int, halt: bool, watch: bool, limit: float, points: Any, losses: Any,
    ) -> tuple[str, int, int, tuple[float, ...], float, tuple[float, ...]]:  # fmt: skip
        """One by one, to the end."""
        loss, slope = self.both(theta)
        why, marked, following, mark = "", steps, 2 * steps + 1, theta
        gate, this = math.inf, self
        while steps < most:
            new = theta - rate * slope
            if halt and (new == theta).all():
                why = "unchanged"
                break
            theta, old = new, loss
            loss, slope = self.both(theta)
            steps += 1
            if points is not None:
                points.frombytes(theta.tobytes())
                losses.append(loss)
            if not watch:
                continue
            if not loss <= limit and not loss <= old:
                why = "diverged"
                break
            if (theta == mark).all():
                why = "cycle"
                break
            if steps == following:
                mark, marked, following = theta, steps, 2 * steps
            if steps % EVERY == 0 and (largest := float(np.abs(slope).max())) <= gate:
                gate = largest / 16
                if all(abs(s) <= r for s, r in zip(slope.tolist(), rounding(this, theta.tolist()), strict=True)):  # type: ignore[arg-type]
                    why = "level"
                    break
        return why, steps, steps - marked, tuple(theta.tolist()), loss, tuple(slope.tolist())


class WideSum:
    """A problem whose loss is such a square, its columns as a function of the data."""

    def __init__(self, problem: Problem, square: WideSquare) -> None:
        self.problem, self.square = problem, square
        samples = {a for a, _ in problem.count}
        self.moving = [p for p in problem.parameters if free(square.columns[p.symbol]) & samples]
        self.still = [p for p in problem.parameters if p not in self.moving]
        columns = (Definition(Name(f"F{k}", ("i", *p.indices)), square.columns[p.symbol]) for k, p in enumerate(self.moving))
        tape = [Definition(Name("t", ("i",)), square.fixed), *columns]
        every = (*problem.data, *(c for c, _ in problem.constants))
        self.given = [x for x in every if any(x.symbol in names(d.value) for d in tape)]
        self.columns = written(tape, self.given, [d.name for d in tape], f"{problem.name or problem.title}, columns")

    def bind(self, g: BoundArrays, data: Mapping[str, Any], constants: Mapping[str, Any], weights: Column | None) -> BoundSquare | None:
        """The loss bound by its Gram matrix; None where there are too many columns for the rows, or a value is not finite.

        Raises DataError where the squares of the data leave the range of double precision.
        """
        if g.size > min(MOST_COLUMNS, g.rows):
            return None
        t, F = self.split({**constants, **data}, g.rows)
        with np.errstate(all="ignore"):
            moments = gram(t, F, weights)
        if not math.isfinite(moments.R):
            if all(np.isfinite(x).all() for x in data.values()):
                raise DataError("the squares of the data leave the range of double precision; scale them down")
            return None
        at, fixed = self.places(g)
        scale, turn, ridge = self.numbers(g, constants, moments.n)
        return BoundSquare(g, moments, float(scale), at, fixed, float(turn), np.array(ridge, dtype=np.float64))

    def split(self, given: Mapping[str, Any], rows: int) -> tuple[Column, Column]:
        """(t, F), shapes (n,) and (n, K)."""
        t, *blocks = self.columns(**{x.symbol: given[x.symbol] for x in self.given})
        wide = [F if F.ndim > 1 else F[:, None] for F in blocks]
        return np.broadcast_to(t, rows), wide[0] if len(wide) == 1 else np.hstack(wide) if wide else np.empty((rows, 0))

    def places(self, g: BoundArrays) -> tuple[list[int], int]:
        """For each column of F the place in θ of what multiplies it; and the place of what multiplies the constant column, or −1."""
        ends = np.cumsum([0, *map(math.prod, g.shapes)]).tolist()
        mine = {p.symbol: range(a, b) for p, a, b in zip(g.arrays, ends[:-1], ends[1:], strict=True)}
        return [k for p in self.moving for k in mine[p.symbol]], mine[self.still[0].symbol][0] if self.still else -1

    def numbers(self, g: BoundArrays, constants: Mapping[str, Any], n: float) -> tuple[Fraction, Fraction, list[Fraction]]:
        """(c, what the constant column holds, ρ for each number of θ)"""
        values = {s: fmpq(v) for s, v in constants.items()} | {c.symbol: fmpq(n) for _, c in self.problem.count}
        each = [(math.prod(shape), _number(self.square.penalties.get(p.symbol, ZERO), values)) for p, shape in zip(g.arrays, g.shapes, strict=True)]
        turn = _number(self.square.columns[self.still[0].symbol], {}) if self.still else Fraction(0)
        return _number(self.square.scale, values), turn, [r for many, r in each for _ in range(many)]


def wide_sum(problem: Problem) -> WideSum | None:
    """The problem as such a sum, or None where its loss is none."""
    square = wide_square(problem)
    return None if square is None else WideSum(problem, square)


def _number(t: Term, values: Mapping[str, Any]) -> Fraction:
    q = exact_value(t, values)
    return Fraction(int(q.p), int(q.q))
