"""The reader's data: one feature, one target, a line through them; what the lessons compute on, found once.

Glossary: L(w, b) = scale · (1/n) Σ (w x_i + b − y_i)², scale 1, or ½ where the reader writes the loss with ½; H its second derivatives; λ their eigenvalues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.derivation import Gradient
from symgd.numeric.data.arrays import Column
from symgd.numeric.bound.loss import Bound
from symgd.numeric.data.columns import features, target
from symgd.numeric.data.table import DataError, Table, example
from symgd.numeric.function import GradientFunction
from symgd.numeric.descent.rates import Rates, rates
from symgd.pictures.lettering import clean, rounding

__all__ = ["Example", "bundled", "example_of", "line_gradient"]

UNITS = {"sat_sum": "SAT percentile", "sat_v": "SAT percentile", "sat_m": "SAT percentile", "hs_gpa": "GPA", "fy_gpa": "GPA"}  # of the bundled example

FEWEST = 3  # rows: through two a line always goes


@dataclass(frozen=True, eq=False)
class Example:
    """x, y      the two columns, in the data's own units
    feature   what x is called, target what y is: cleaned, on one line
    x_unit    of one step of x, y_unit of y: "" where nobody said
    rows_are  what a row is, in the plural: "students"
    source    where the data come from: "the bundled example", "grades.csv"
    gradient  of the line's mean squared error, proved, in the reader's letters
    scale     1, or ½ where the loss is written with ½
    notes     what was decided while reading, one sentence each
    """

    x: Column
    y: Column
    feature: str
    target: str
    gradient: Gradient
    x_unit: str = ""
    y_unit: str = ""
    rows_are: str = "rows"
    source: str = ""
    scale: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.x)

    @cached_property
    def z(self) -> Column:
        """The feature standardised: (x − mean)/σ, with σ² = Σ (x − mean)²/n."""
        standardised: Column = (self.x - self.x.mean()) / self.x.std()
        return standardised

    @cached_property
    def function(self) -> GradientFunction:
        """Loss and gradient, compiled."""
        return GradientFunction(self.gradient)

    @cached_property
    def raw(self) -> Bound:
        """The loss on the data as they are: raw.loss(w, b), raw.gradient(w, b), raw.hessian()."""
        return self.on(self.x)

    @cached_property
    def standard(self) -> Bound:
        """The loss with the feature standardised."""
        return self.on(self.z)

    def on(self, x: Column) -> Bound:
        """The loss for another form of the feature, the target as it is."""
        bound: Bound = self.function.bind(x=np.ascontiguousarray(x), y=self.y)
        return bound

    @cached_property
    def rates(self) -> Rates:
        """Bound, best rate and condition on the data as they are."""
        return rates(self.raw, (0.0, 0.0))

    @cached_property
    def standard_rates(self) -> Rates:
        """The same with the feature standardised."""
        return rates(self.standard, (0.0, 0.0))

    @cached_property
    def best(self) -> tuple[float, float]:
        """(w*, b*) of the closed form, in the data's own units, exact and rounded once where the data are few."""
        from symgd.numeric.closed.form import solvable

        found = solvable(self.gradient).solve(x=self.x, y=self.y)
        return float(found[0]), float(found[1])

    @cached_property
    def least(self) -> float:
        """The loss at the closed form, from its residuals; 0 where they are rounding alone."""
        w, b = self.best
        u = w * self.x + b - self.y
        noise = rounding(float(np.ptp(self.y)), *(float(np.abs(part).max()) for part in (w * self.x, self.y)), abs(b))
        return self.scale * float(u @ u) / self.n if float(np.abs(u).max()) > noise else 0.0

    def parabola(self, b: float) -> tuple[float, float, float]:
        """(A, B, C) of L(w) = A w² + B w + C at this b: A = Σ x²/n, B = (2/n) Σ x (b − y), C = Σ (b − y)²/n, each times the scale."""
        u = b - self.y
        return self.scale * float(self.x @ self.x) / self.n, 2 * self.scale * float(self.x @ u) / self.n, self.scale * float(u @ u) / self.n


def example_of(
    table: Table, feature: str, goal: str, *, gradient: Gradient, scale: float = 1.0, source: str, rows_are: str = "rows", units: tuple[str, str] = ("", "")
) -> Example:
    """The example that two columns of a table make.  Raises DataError where they make none: a constant column, too few rows, cells that are no numbers."""
    if feature == goal:
        raise DataError(f"the column {feature!r} is both target and feature")
    X, y = features(table, [feature], intercept=True), target(table, goal, "number")
    if len(y.values) < FEWEST:
        raise DataError(f"{source} has {len(y.values)} rows; the course needs at least {FEWEST}, for through two points a line always goes")
    if float(np.ptp(y.values)) == 0:
        raise DataError(f"every value of {goal!r} is {y.values[0]:g}: there is nothing to predict; name another column with --target")
    notes = (*table.says, *X.says, *filter(None, [y.says]))
    x = np.ascontiguousarray(X.X[:, 0])
    return Example(x, y.values, clean(feature), clean(goal), gradient, *units, rows_are, source, scale, notes)


def bundled(
    feature: str = "sat_sum", goal: str = "fy_gpa", *, gradient: Gradient | None = None, scale: float = 1.0, units: Mapping[str, str] | None = None
) -> Example:
    """The bundled example: 1,000 students, their SAT percentiles and grades."""
    known = UNITS | dict(units or {})
    table, source = example(texts=None), "the bundled example"
    named = known.get(feature, ""), known.get(goal, "")
    return example_of(table, feature, goal, gradient=gradient or line_gradient(), scale=scale, source=source, rows_are="students", units=named)


def line_gradient(half: bool = False, letters: Mapping[str, str] | None = None) -> Gradient:
    """The gradient of the line, with or without ½, in other letters: {"w": "m", "n": "N"}.  Raises ProblemError for letters that clash."""
    return derive(problem("line-half-mse" if half else "line-mse").renamed(letters or {}))
