"""What is fitted to what: a gradient, the columns of a table, and what each is called in the problem.

Glossary: axis `j` features, `k` classes, `h`, `h1`, … hidden units; `X` features, shape (n, d).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symgd.catalogue import CATALOGUE
from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.indices import axis
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.columns import Relation, Target
from symgd.numeric.data.table import DataError
from symgd.numeric.data.shapes import Shapes
from symgd.term import Add, Call, Name, Sum, names, parts, subterms

__all__ = ["Study", "feature_of", "hidden_axes", "initial", "penalty_of", "target_kind", "target_of"]

# what a loss needs of its target; any other loss takes numbers
_KINDS = {
    "log-loss": "zero-one", "log-loss-logits": "zero-one", "hinge": "sign", "squared-hinge": "sign", "exponential": "sign",
    "poisson": "count", "poisson-rate": "count",
}  # fmt: skip


@dataclass(frozen=True)
class Study:
    """names      the columns of X, shape (n, d), in the data's own units
    target     the column that is predicted, and `goal` its values as the loss needs them
    source     where the data come from, `rows_are` what a row is, in the plural
    notes      what was decided on the way, one sentence each
    relations  columns that are combinations of others
    hidden     units of each hidden layer, in order; the last one also for further layers
    """

    gradient: Gradient
    names: tuple[str, ...]
    X: Column
    target: str
    goal: Target
    source: str = ""
    rows_are: str = "rows"
    notes: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    hidden: tuple[int, ...] = ()

    @property
    def problem(self) -> Problem:
        return self.gradient.problem

    @property
    def feature(self) -> Name | None:
        """What the problem calls the features: x_i, X_ij, or None where it uses none."""
        return feature_of(self.problem)

    @property
    def rows(self) -> int:
        return len(self.goal.values)

    @property
    def y(self) -> Column:
        return self.goal.values

    @property
    def x(self) -> Column:
        """The first feature."""
        return np.ascontiguousarray(self.X[:, 0])

    @property
    def about(self) -> str:
        """fy_gpa from sat_sum, 1,000 students (the bundled example)"""
        some = self.names if len(self.names) <= 6 else (*self.names[:5], f"{len(self.names) - 5} more")
        listed = some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}" if some else ""
        what = f"{self.target} from {listed}" if self.feature else self.target
        return f"{what}, {self.rows:,} {self.rows_are} ({self.source})"

    @property
    def shapes(self) -> Shapes:
        """How large the axes of the parameters are."""
        hidden = hidden_axes(self.problem)
        units = {h: (*self.hidden, *[self.hidden[-1]] * len(hidden))[at] for at, h in enumerate(hidden)} if hidden else {}
        labels = {"j": self.names, "k": self.goal.classes}
        return Shapes(self.problem.parameters, {"j": len(self.names), "k": len(self.goal.classes), **units}, {a: v for a, v in labels.items() if v})

    def data(self, X: Column) -> dict[str, Any]:
        """The data by their symbols, for features X: the own ones, or as the run sees them."""
        given: dict[str, Any] = {target_of(self.problem).symbol: self.y}
        if (x := self.feature) is not None:
            given[x.symbol] = X if len(x.indices) > 1 else np.ascontiguousarray(X[:, 0])
        return given

    def bound(self, f: Any) -> Any:
        """The problem's gradient function on all rows, in the data's own units."""
        return f.bind(**self.data(self.X))


def target_of(problem: Problem) -> Name:
    """What is predicted: y_i, t_ik."""
    known = {d.symbol: d for d in problem.data}
    return known.get("y") or known.get("t") or problem.data[-1]


def feature_of(problem: Problem) -> Name | None:
    """x_i or X_ij, or None."""
    target = target_of(problem)
    return next((d for d in problem.data if d != target), None)


def hidden_axes(problem: Problem) -> tuple[str, ...]:
    """The axes of hidden units, in the order of the parameters."""
    return tuple(dict.fromkeys(axis(a) for p in problem.parameters for a in p.indices if axis(a).startswith("h")))


def penalty_of(problem: Problem) -> bool:
    """Does the objective hold parameters beside its sum over the samples?"""
    samples, mine = {a for a, _ in problem.count}, {p.symbol for p in problem.parameters}
    return any(names(t) & mine and not any(isinstance(s, Sum) and s.index in samples for s in subterms(t)) for t in parts(Add, problem.tape[-1].value))


def target_kind(problem: Problem) -> str:
    """What the loss needs of the target: a key of `columns.TARGETS`.  Raises DataError for a loss that no class fits."""
    target = target_of(problem)
    if len(target.indices) > 1:
        if any(isinstance(s, Call) and s.function == "log" and target.symbol in names(s) for d in problem.tape for s in subterms(d.value)):
            raise DataError("this loss takes the logarithm of the target's shares, which are 0 for all classes but one; take softmax-cross-entropy")
        return "classes"
    words = CATALOGUE.get(problem.name) or problem.name.split("+")
    if len(words) > 1 and words[1] in _KINDS:
        return _KINDS[words[1]]
    p = problem.definition("p")
    probability = p is not None and isinstance(p.value, Call) and p.value.function == "sigmoid"
    ends_in_log = any(isinstance(s, Call) and s.function == "log" for s in subterms(problem.tape[-1].value))
    return "zero-one" if probability or (ends_in_log and len(words) < 2) else "number"


def initial(problem: Problem, shapes: Shapes, seed: int) -> dict[str, Any]:
    """Where a descent begins: 0; for a network random weights, or its units would stay alike, and biases of 0.

    With d inputs and h outputs of a layer: uniform within ±√(6/(d + h)), X. Glorot, Y. Bengio, AISTATS 2010, (16); where what they feed is a relu
    (or leaky relu, gelu, silu, softplus), normal with variance 2/d, K. He et al., ICCV 2015, (10), doi:10.1109/ICCV.2015.123.
    """
    out: dict[str, Any] = {p.symbol: np.zeros(shapes.shape(p)) if p.indices else 0.0 for p in problem.parameters}
    if not hidden_axes(problem):
        return out
    draw = np.random.default_rng(seed)
    for p in problem.parameters:
        if p.indices and any(_weighs(d.value, p) for d in problem.tape):
            shape = shapes.shape(p)
            into, outof = shape[0], shape[1] if len(shape) > 1 else 1
            if _rectified(problem, p):
                out[p.symbol] = draw.normal(0.0, np.sqrt(2 / into), shape)
            else:
                out[p.symbol] = draw.uniform(-1.0, 1.0, shape) * np.sqrt(6 / (into + outof))
    return out


def _weighs(t: Any, p: Name) -> bool:
    """Is p summed over its first axis in t?"""
    sums = [s for s in subterms(t) if isinstance(s, Sum)]
    return any(isinstance(u, Name) and u.symbol == p.symbol and u.indices[:1] == (s.index,) for s in sums for u in subterms(s))


def _rectified(problem: Problem, p: Name) -> bool:
    """Does what p feeds go through a function that lets only one side through?"""
    fed = {d.name.symbol for d in problem.tape if any(isinstance(s, Name) and s.symbol == p.symbol for s in subterms(d.value))}
    inside = [s for d in problem.tape[:-1] for s in subterms(d.value) if isinstance(s, Call) and isinstance(s.args[0], Name) and s.args[0].symbol in fed]
    return any(s.function in ("relu", "leakyrelu", "gelu", "silu", "softplus") for s in inside)

