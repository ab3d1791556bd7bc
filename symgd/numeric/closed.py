"""The closed form in numbers: its formula evaluated in exact rational arithmetic, rounded once by whoever needs a float."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from symgd.derivation import ClosedForm, Gradient
from symgd.document.page import Chain, Formula, Line, Page, Prose
from symgd.document.shown import shows_itself
from symgd.stationary import closed_form
from symgd.term import Add, Div, Mul, Name, Neg, Num, Pow, Sum, Term, names
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["NoClosedForm", "SolvableForm", "exact_value", "fmpq", "solvable"]

Exact = Any  # an fmpq, or a list of them, one a sample


class NoClosedForm(ValueError):
    """There is no formula, or the data do not meet its condition; the message says which."""


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
        if self.why_not:
            return Page((), (Prose((f"no closed form: {self.why_not}",)),))
        lines = [Line(layout(p), layout(v)) for p, v in self.solution]
        lines += [Line(layout(p), layout(v), ":=") for p, v in self.form.definitions]
        where = [piece for k, c in enumerate(self.requires) for piece in (" and " if k else "if ", Formula(layout(c)))]
        return Page((), (Chain(tuple(lines)), Prose(tuple(where))))

    def solve(self, **given: Any) -> Any:
        """A named tuple of Fractions in the order of the parameters: solve(x=x, y=y).  Floats are taken as the rationals that they are.

        Raises NoClosedForm where there is no formula or its condition fails, TypeError where data or a constant is missing.
        """
        if self.why_not:
            raise NoClosedForm(f"there is no closed form: {self.why_not}")
        problem = self.form.problem
        values = _given(self.form, given)
        for name, value in self.form.definitions:
            values[name.symbol] = exact_value(value, values)
        for condition in self.requires:
            if not exact_value(condition.left, values) > 0:
                raise NoClosedForm("the data do not determine one solution: " + _said(condition))
        for p, value in _in_order(self.solution):
            values[p.symbol] = exact_value(value, values)
        shape: Any = namedtuple("Solution", [p.symbol for p in problem.parameters])  # type: ignore[misc]
        return shape(*(Fraction(int(values[p.symbol].p), int(values[p.symbol].q)) for p in problem.parameters))


def _said(condition: Any) -> str:
    return f"{to_unicode(layout(condition))} is needed (is the feature constant?)"


def _in_order(solution: Sequence[tuple[Name, Term]]) -> list[tuple[Name, Term]]:
    """Each value after those that it uses."""
    symbols = {p.symbol for p, _ in solution}
    return sorted(solution, key=lambda pair: len(names(pair[1]) & symbols))


def _given(form: ClosedForm, given: Mapping[str, Any]) -> dict[str, Exact]:
    problem, values = form.problem, dict[str, Exact]()
    held = {c.symbol: v for c, v in problem.constants}
    known = {x.symbol for x in problem.data} | set(held)
    if lost := sorted(set(given) - known):
        raise TypeError(f"{lost[0]} is no data of this problem; it takes {', '.join(sorted(known))}")
    for x in problem.data:
        if x.symbol not in given:
            raise TypeError(f"the data {x.symbol} are missing")
        values[x.symbol] = [fmpq(v) for v in given[x.symbol]]
    for c, v in held.items():
        value = given.get(c, v)
        if value is None:
            raise TypeError(f"the constant {c} needs a value")
        values[c] = fmpq(value)
    lengths = {len(values[x.symbol]) for x in problem.data}
    if len(lengths) > 1:
        raise ValueError("the columns have different lengths")
    for _, count in problem.count:
        values[count.symbol] = flint.fmpq(lengths.pop() if lengths else 1)
    return values


def fmpq(v: Any) -> Any:
    """A number as flint's rational; a float is taken as the rational that it is."""
    exact = v if isinstance(v, Fraction) else Fraction(float(v))
    return flint.fmpq(exact.numerator, exact.denominator)


def exact_value(t: Term, values: Mapping[str, Exact]) -> Exact:
    """The value of a term over data alone, an fmpq or one for each sample.  Raises ValueError for a function: that has no rational value."""

    def both(f: Any, a: Exact, b: Exact) -> Exact:
        if isinstance(a, list) and isinstance(b, list):
            return [f(x, y) for x, y in zip(a, b, strict=True)]
        if isinstance(a, list):
            return [f(x, b) for x in a]
        return [f(a, y) for y in b] if isinstance(b, list) else f(a, b)

    def fold(f: Any, ts: Sequence[Term]) -> Exact:
        out = go(ts[0])
        for x in ts[1:]:
            out = both(f, out, go(x))
        return out

    def go(s: Term) -> Exact:
        match s:
            case Num(v):
                return flint.fmpq(v.numerator, v.denominator)
            case Name(symbol, _):
                return values[symbol]
            case Add(ts):
                return fold(lambda a, b: a + b, ts)
            case Mul(fs):
                return fold(lambda a, b: a * b, fs)
            case Neg(a):
                return both(lambda x, y: x * y, flint.fmpq(-1), go(a))
            case Div(a, b):
                return both(lambda x, y: x / y, go(a), go(b))
            case Pow(a, Num(v)) if v.denominator == 1:
                return both(lambda x, y: x**y, go(a), int(v))
            case Sum(_, body):
                inside = go(body)
                return sum(inside, flint.fmpq(0)) if isinstance(inside, list) else values["n"] * inside
        raise ValueError(f"{type(s).__name__} has no exact rational value")

    return go(t)
