"""The closed form in numbers: exact rational arithmetic, rounded once by whoever needs a float."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symgd.derivation import ClosedForm, Gradient
from symgd.document.page import Page
from symgd.document.shown import shows_itself
from symgd.indices import axis
from symgd.numeric.closed.exact import RankError, fmpq
from symgd.numeric.closed.least import MOST_COLUMNS, MOST_ROWS, design, exactly, rounded
from symgd.numeric.closed.rational import exact_array, exact_value
from symgd.numeric.bound.squares import wide_square
from symgd.stationary import closed_form
from symgd.term import Compare, Name, Term
from symgd.term import names as symbols
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["NoClosedForm", "SolvableForm", "Solved", "exact_value", "fmpq", "solvable"]


class NoClosedForm(ValueError):
    """There is no formula, or the data do not meet its condition; the message says which."""


@dataclass(frozen=True)
class Solved:
    """parameters  a named tuple in the order of the parameters: Fractions, arrays of them; floats where not exact
    exact       was it found in rational arithmetic?
    condition   of the columns, each scaled to length 1 (and taken about its mean beside an intercept), where it was not: digits lost, about 10 to a power
    """

    parameters: Any
    exact: bool = True
    condition: float | None = None


def solvable(gradient: Gradient) -> SolvableForm:
    """The closed form of a gradient, with its steps, ready to be evaluated."""
    return SolvableForm(closed_form(gradient))


@shows_itself
class SolvableForm:
    """form      the symbolic closed form: .form.solution, .form.steps, .form.requires, .form.why_not
    solve     its value on data, exactly
    """

    def __init__(self, form: ClosedForm) -> None:
        self.form = form
        self.solution, self.steps, self.requires, self.why_not = form.solution, form.steps, form.requires, form.why_not

    def shown(self) -> Page:
        """The solution, what its letters are, and its condition; or why there is none."""
        return self.form.shown()

    def solve(self, *, names: Mapping[str, Sequence[str]] | None = None, **given: Any) -> Any:
        """A named tuple in the order of the parameters: solve(x=x, y=y), solve(X=X, y=y).

        Numbers are Fractions, arrays hold Fractions.  Floats are taken as the rationals that they are; Fractions and decimal texts stay themselves.
        A least squares problem of more than 20 columns or 100,000 rows is solved in double precision, as `solved` tells.
        names  what the columns of an array are called, for messages: {"X": ["sat_v", "sat_m"]}
        Raises NoClosedForm where there is no formula or its condition fails (it names the columns that are combinations of others), TypeError
        where data or a constant is missing, ValueError for shapes that do not fit.
        """
        return self.solved(names=names, **given).parameters

    def solved(self, *, names: Mapping[str, Sequence[str]] | None = None, **given: Any) -> Solved:
        """`solve`, with how it was found."""
        if self.why_not:
            raise NoClosedForm(f"there is no closed form: {self.why_not}")
        problem = self.form.problem
        data, constants = _given(self.form, given)
        shape: Any = namedtuple("Solution", [p.symbol for p in problem.parameters])  # type: ignore[misc]
        sizes = _sizes(problem.data, data)
        if (square := wide_square(problem)) is None or not data:
            return Solved(shape(*self._by_formula(data, constants, sizes)))
        d = design(problem, square, data, constants, names or {})
        exact = len(d.columns) <= MOST_COLUMNS and len(d.target) <= MOST_ROWS
        try:
            if exact:
                return Solved(shape(*_split(problem.parameters, sizes, exactly(d))))
            theta, condition = rounded(d)
            return Solved(shape(*_split(problem.parameters, sizes, theta)), False, condition)
        except RankError as wrong:
            raise NoClosedForm(f"the data do not determine one solution: {self._needed()}{wrong}") from None

    def _needed(self) -> str:
        return f"{_said(self.requires[0])} is needed, but " if len(self.requires) == 1 else ""

    def _by_formula(self, data: dict[str, Any], constants: dict[str, Any], sizes: dict[str, int]) -> list[Any]:
        """The formula evaluated as it stands."""
        problem = self.form.problem
        values: dict[str, Any] = {s: np.vectorize(fmpq, otypes=[object])(v) if np.ndim(v) else fmpq(v) for s, v in (data | constants).items()}
        values |= {n.symbol: fmpq(sizes.get(a, 1)) for a, n in problem.count}

        def value(t: Term, indices: tuple[str, ...]) -> Any:
            return exact_array(t, values, indices, sizes)[()] if not indices else np.array(exact_array(t, values, indices, sizes))

        for name, t in self.form.definitions:
            values[name.symbol] = value(t, name.indices)
        for condition in self.requires:
            left = value(condition.left, ())
            if not (left > 0 if condition.relation == ">" else left != 0):
                raise NoClosedForm(f"the data do not determine one solution: {_said(condition)} is needed")
        for p, t in _in_order(self.solution):
            values[p.symbol] = value(t, p.indices)
        to = np.vectorize(lambda q: Fraction(int(q.p), int(q.q)), otypes=[object])
        return [to(values[p.symbol]) if p.indices else to(values[p.symbol])[()] for p in problem.parameters]


def _said(condition: Compare) -> str:
    return to_unicode(layout(condition))


def _in_order(solution: Sequence[tuple[Name, Term]]) -> list[tuple[Name, Term]]:
    """Each value after those that it uses."""
    out, left = list[tuple[Name, Term]](), list(solution)
    while left:
        waiting = {p.symbol for p, _ in left}
        ready = [x for x in left if not symbols(x[1]) & waiting]
        out += ready
        left = [x for x in left if x not in ready]
    return out


def _given(form: ClosedForm, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The data as arrays, numbers as they are given, and the constants."""
    problem, data = form.problem, dict[str, Any]()
    held = {c.symbol: v for c, v in problem.constants}
    known = {x.symbol for x in problem.data} | set(held)
    if lost := sorted(set(given) - known):
        raise TypeError(f"{lost[0]} is no data of this problem; it takes {', '.join(sorted(known))}")
    for x in problem.data:
        if x.symbol not in given:
            raise TypeError(f"the data {x.symbol} are missing")
        data[x.symbol] = np.asarray(given[x.symbol])
    constants = {c: given.get(c, v) for c, v in held.items()}
    if empty := [c for c, v in constants.items() if v is None]:
        raise TypeError(f"the constant {empty[0]} needs a value")
    return data, constants


def _sizes(declared: Sequence[Name], data: Mapping[str, Any]) -> dict[str, int]:
    """How far each axis runs.  Raises ValueError where two arrays disagree."""
    sizes: dict[str, int] = {}
    for x in declared:
        shape = np.shape(data[x.symbol])
        if len(shape) != len(x.indices):
            raise ValueError(f"{x.symbol} must have {len(x.indices)} dimensions, not {len(shape)}")
        for a, k in zip(x.indices, shape, strict=True):
            if sizes.setdefault(axis(a), k) != k:
                raise ValueError(f"the columns have different lengths: {x.symbol} has {k} along {axis(a)}, others {sizes[axis(a)]}")
    return sizes


def _split(parameters: Sequence[Name], sizes: Mapping[str, int], theta: Sequence[Any]) -> list[Any]:
    """θ as numbers and arrays, one for each parameter."""
    out, at = list[Any](), 0
    for p in parameters:
        shape = tuple(sizes[axis(a)] for a in p.indices)
        many = int(np.prod(shape)) if shape else 1
        piece = theta[at : at + many]
        at += many
        out.append(np.array(piece, dtype=object if isinstance(piece[0], Fraction) else np.float64).reshape(shape) if shape else piece[0])
    return out
