"""The product: a gradient as NumPy functions, on data handed over with each call, or bound to data once.

Everything is computed in float64, whatever comes in; a problem of arrays in float32 where every array given is float32.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Mono, Page, Prose
from symgd.document.shown import shows_itself
from symgd.meaning import mixes
from symgd.numeric.data.arrays import as_column, hides, same_length, see_finite, see_weights
from symgd.numeric.bound.loss import Bound, over_grid
from symgd.numeric.data.table import DataError
from symgd.numeric.data.fitted import as_array, fit_shapes, in_one_type
from symgd.numeric.bound.flat import BoundArrays
from symgd.numeric.bound.moments import NO_DATA, take_moments
from symgd.numeric.program.plan import NotSupported, plan
from symgd.numeric.bound.quadratic import Square, bound_source, columns_source, square
from symgd.numeric.program.to_numpy import compile_source, module, names_of
from symgd.numeric.bound.wide import WideSum, wide_sum
from symgd.term import Name

__all__ = ["GradientFunction", "compile_gradient"]

GRID = 4  # points: from here on a sum of squares is bound before a grid of parameters is computed


def compile_gradient(gradient: Gradient) -> GradientFunction:
    """The gradient as NumPy functions."""
    return GradientFunction(gradient)


@shows_itself
class GradientFunction:
    """The loss L and its derivatives by the parameters, computed by the text in `source`.

    f.loss(w, b, x=x, y=y) -> float; f.gradient(…) -> a named tuple in the order of the parameters; f.loss_and_gradient(…) -> both.
    Data are columns of one length, shape (n,), or arrays of the shapes that the problem says, X (n, d); `weights=` gives each sample a weight
    (Σ_i becomes Σ w_i, n becomes Σ w_i).  Constants are keywords too; one without a value must be given.
    Where all parameters are single numbers they may be arrays that broadcast (a grid): results then have their shape.
    Raises DataError for data that cannot be used (lengths, text, a value that is not finite, with its row), ValueError for shapes that do not fit
    together, TypeError for a wrong call.
    """

    def __init__(self, gradient: Gradient) -> None:
        self.derivation = gradient
        self.plan = plan(gradient)
        self.source = module(self.plan)
        self.name = gradient.problem.name or gradient.problem.title
        self.parameters, self.data = self.plan.parameters, self.plan.data
        values = {c.symbol: v for c, v in gradient.problem.constants}
        self.constants = {c: None if (v := values[c]) is None else float(v) for c in self.plan.constants}
        self._ids = names_of(self.plan)
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [self._ids[p] for p in self.parameters])  # type: ignore[misc]
        self._kernels = compile_source(self.source, self.name)
        self._inputs = [(d.symbol, bool(d.indices)) for d in gradient.problem.data]
        self._expected = {*self.data, *(c for c, v in self.constants.items() if v is None)}
        self._hides = hides(gradient.problem)
        self._wide = not self.plan.flat
        self._mixes = bool(self.plan.samples) and mixes(gradient.problem, self.plan.samples)
        fixed = tuple(c for c, _ in gradient.problem.constants if c.indices)
        self._declared = (*gradient.problem.data, *gradient.problem.parameters, *fixed)

    def shown(self) -> Page:
        """How it is called, and what a call costs."""
        call = ", ".join([*self.parameters, *(f"{d}={d}" for d in self.data), *(f"{c}={v}" for c, v in self.constants.items() if v is None)])
        how = "evaluated in blocks of rows" if self.plan.blocks else "evaluated at once"
        how = "bound to data, each call costs the same for any number of rows" if self.square else how
        return Page((), (Prose((f"gradient function of {self.name}: ", Mono(f"f.loss_and_gradient({call})"), f"; {how}")),))

    def loss(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """L"""
        return self._call("loss", theta, weights, given)

    def gradient(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """(∂L/∂w, ∂L/∂b, …), named"""
        return self._call("gradient", theta, weights, given)

    def loss_and_gradient(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        return self._call("loss_and_gradient", theta, weights, given)

    def per_sample(self, *theta: Any, **given: Any) -> Any:
        """One gradient a row, shape (n, p): that of the loss of the sample alone.  Where L is a mean over the samples, their mean is the gradient.

        Where parameters are arrays: a named tuple, each of shape (n, …) with its parameter's shape behind the sample.
        Raises NotSupported where a sample's loss needs the others (a definition holds a sum over them).
        """
        if self._mixes:
            raise NotSupported("a sample's own loss needs the other samples here: a definition holds a sum over them")
        point, columns, constants = self._arguments(theta, None, given)
        if self._wide:
            return self._shape(*self._each(point, columns, constants))
        see_finite(self.data, columns)
        with np.errstate(all="ignore"):
            return self._alone(*map(float, point), *columns, **constants)

    def bind(self, *, weights: Any = None, sizes: Mapping[str, int] | None = None, **given: Any) -> Any:
        """The same functions of the parameters alone.  For a sum of squares the sums over the data are taken here, once.

        sizes  how far an axis runs that is not in the data: {"h": 32}, for functions of the flat vector of all parameters
        """
        columns, constants = self._given(weights, given)
        if self._wide:
            return self._bound_arrays(columns, constants, sizes or {}, weighted=weights is not None)
        return self._bound(columns, constants, weighted=weights is not None)

    # ---------------------------------------------------------------- the texts that run

    @cached_property
    def square(self) -> Square | None:
        """The loss as c Σ u² + P, where it is one."""
        return None if self._wide else square(self.plan)

    @cached_property
    def bound_source(self) -> str:
        """The text that runs when a sum of squares is bound, or "" for another loss."""
        if self.square is None:
            return ""
        return f"import numpy as np\n\n\n{columns_source(self.square, self.plan, self._ids)}\n\n{bound_source(self.square, self.plan, self._ids)}"

    @cached_property
    def _of_moments(self) -> dict[str, Any]:
        return compile_source(self.bound_source, f"{self.name}, bound")

    @cached_property
    def _weighted(self) -> dict[str, Any]:
        return compile_source(module(plan(self.derivation, "weighted")), f"{self.name}, weighted")

    @cached_property
    def _alone(self) -> Callable[..., Any]:
        return compile_source(module(plan(self.derivation, "alone"), ["per_sample"]), f"{self.name}, one sample")["per_sample"]  # type: ignore[no-any-return]

    # ---------------------------------------------------------------- calls

    def _call(self, which: str, theta: tuple[Any, ...], weights: Any, given: dict[str, Any]) -> Any:
        point, columns, constants = self._arguments(theta, weights, given)
        weighted = weights is not None
        if self._wide:
            loss, slopes = self._computed(which, point, columns, constants, weighted=weighted)
            named = self._shape(*slopes) if slopes else None
            return {"loss": loss, "gradient": named, "loss_and_gradient": (loss, named)}[which]
        if any(isinstance(t, np.ndarray) for t in point):
            return self._grid(which, point, columns, constants, weighted=weighted)
        with np.errstate(all="ignore"):
            out = (self._weighted if weighted else self._kernels)[which](*point, *columns, **constants)
        if not math.isfinite(out if which == "loss" else out[0]):
            see_finite(self.data, columns)
        if which == "loss":
            return float(out)
        if which == "gradient":
            return self._shape(*map(float, out))
        return float(out[0]), self._shape(*map(float, out[1]))

    def _grid(self, which: str, point: Sequence[Any], columns: list[Any], constants: dict[str, float], *, weighted: bool) -> Any:
        """A sum of squares from its moments, all points at once; else one point after the other."""
        if self.square is not None and math.prod(np.broadcast_shapes(*map(np.shape, point))) >= GRID:
            return getattr(self._bound(columns, constants, weighted=weighted), which)(*point)
        kernel = (self._weighted if weighted else self._kernels)["loss_and_gradient"]
        loss, slopes = over_grid(lambda *theta: kernel(*theta, *columns, **constants), point)
        if not np.isfinite(loss).all():
            see_finite(self.data, columns)
        return {"loss": loss, "gradient": self._shape(*slopes), "loss_and_gradient": (loss, self._shape(*slopes))}[which]

    def _bound(self, columns: list[Any], constants: dict[str, float], *, weighted: bool) -> Bound:
        rows = next((len(c) for c in columns if isinstance(c, np.ndarray)), 0)
        if self.square is None:
            see_finite(self.data, columns)
            kernels = self._weighted if weighted else self._kernels
            return Bound(
                self.name, rows, self._shape,
                lambda *theta: kernels["loss"](*theta, *columns, **constants),
                lambda *theta: kernels["loss_and_gradient"](*theta, *columns, **constants),
                sizes=None if weighted or self._mixes else lambda *theta: np.abs(self._alone(*theta, *columns, **constants)).mean(axis=0),
            )  # fmt: skip
        data, weights = (columns[:-1], columns[-1]) if weighted else (columns, None)
        with np.errstate(all="ignore"):
            moments = take_moments(self._of_moments["columns"], data, weights) if data else NO_DATA
        if not math.isfinite(moments.R):
            see_finite(self.data, columns)
            raise DataError("the squares of the data leave the range of double precision; scale them down")
        loss, both, walk, form = self._of_moments["bound"](moments, **constants)
        return Bound(self.name, rows, self._shape, loss, both, moments, walk, form if self.square.affine else None)

    # ---------------------------------------------------------------- arrays

    def _fitted(self, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any], *, weighted: bool) -> tuple[list[Any], dict[str, Any]]:
        """(parameters, data, weights) and the constants, of shapes that fit and of one type."""
        fixed = [constants[self._ids[c.symbol]] for c in self._declared[len(self.data) + len(self.parameters) :]]
        data = columns[:-1] if weighted else columns
        sizes = fit_shapes(self._declared, [*data, *point, *fixed])
        if weighted and len(columns[-1]) != sizes[self.plan.samples]:
            raise DataError(f"weights has {len(columns[-1])}, and there are {sizes[self.plan.samples]} samples")
        arrays = in_one_type([*point, *columns, *constants.values()])
        return arrays[: len(point) + len(columns)], dict(zip(constants, arrays[len(point) + len(columns) :], strict=True))

    def _computed(
        self, which: str, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any], *, weighted: bool
    ) -> tuple[Any, tuple[Any, ...]]:
        """(L, its derivatives, each of its parameter's shape and nobody else's array)"""
        arrays, fixed = self._fitted(point, columns, constants, weighted=weighted)
        with np.errstate(all="ignore"):
            out = (self._weighted if weighted else self._kernels)[which](*arrays, **fixed)
        loss = None if which == "gradient" else out if which == "loss" else out[0]
        slopes: tuple[Any, ...] = () if which == "loss" else out if which == "gradient" else out[1]
        if not all(np.isfinite(a).all() for a in ([*slopes] if loss is None else [loss])):
            see_finite(self.data, columns)
        mine = [g if isinstance(g, np.ndarray) and g.base is None and not any(g is a for a in arrays) else np.array(g) for g in slopes]
        return None if loss is None else float(loss), tuple(g if g.ndim else float(g) for g in mine)

    def _each(self, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any]) -> tuple[Any, ...]:
        """The gradients of the samples one by one."""
        arrays, fixed = self._fitted(point, columns, constants, weighted=False)
        see_finite(self.data, columns)
        with np.errstate(all="ignore"):
            out = self._alone(*arrays, **fixed)
        return tuple(out.T) if isinstance(out, np.ndarray) else tuple(np.array(g) for g in out)

    def _bound_arrays(self, columns: list[Any], constants: dict[str, Any], sizes: Mapping[str, int], *, weighted: bool) -> BoundArrays:
        data = columns[:-1] if weighted else columns
        known = fit_shapes(self.derivation.problem.data, data) if data else {}
        rows = known.get(self.plan.samples, 0)

        def both(*point: Any) -> tuple[float, tuple[Any, ...]]:
            return self._computed("loss_and_gradient", self._point(point), columns, constants, weighted=weighted)

        def loss(*point: Any) -> float:
            return float(self._computed("loss", self._point(point), columns, constants, weighted=weighted)[0])

        def each(*point: Any) -> tuple[Any, ...]:
            return self._each(self._point(point), columns, constants)

        own = None if weighted or self._mixes or not self.plan.samples else each
        g = BoundArrays(self.name, rows, self._shape, self.derivation.problem.parameters, {**sizes, **known}, both, loss, own)
        if self.wide_square is not None:
            given = {c: constants.get(self._ids[c], v) for c, v in self.constants.items()}
            bound = self.wide_square.bind(g, dict(zip(self.data, data, strict=True)), given, columns[-1] if weighted else None)
            if bound is not None:
                return bound
        see_finite(self.data, columns)
        return g

    @cached_property
    def wide_square(self) -> WideSum | None:
        """The loss as a sum of squares of arrays, where it is one: bound by its Gram matrix."""
        return wide_sum(self.derivation.problem)

    def _point(self, theta: Sequence[Any]) -> list[Any]:
        """The parameters as arrays and floats.  Raises TypeError for too few or too many."""
        if len(theta) != len(self.parameters):
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.parameters)}")
        declared = self.derivation.problem.parameters
        return [as_array(t, n) if n.indices else _number(t) if not np.ndim(t) else as_array(t, n) for t, n in zip(theta, declared, strict=True)]

    def _arguments(self, theta: tuple[Any, ...], weights: Any, given: dict[str, Any]) -> tuple[list[Any], list[Any], dict[str, Any]]:
        """The parameters (by position, or the last ones by name), the columns, the constants."""
        if len(theta) > len(self.parameters):
            data = ", ".join(f"{d}=…" for d in self.data)
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.parameters)}" + (f"; data are given by name: {data}" if data else ""))
        rest = self.parameters[len(theta) :]
        if missing := [p for p in rest if p not in given]:
            raise TypeError(f"a value is needed for {', '.join(missing)}; the parameters are {', '.join(self.parameters)}")
        point = [*theta, *(given[p] for p in rest)]
        values = self._point(point) if self._wide else [_number(t) for t in point]
        return values, *self._given(weights, {k: v for k, v in given.items() if k not in rest} if rest else given)

    def _given(self, weights: Any, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The data in the plan's order, the weights last, and the constants by identifier."""
        if given.keys() != self._expected:
            self._see_names(given)
        if self._wide:
            columns: list[Any] = [as_array(given[x.symbol], x) if x.indices else float(given[x.symbol]) for x in self.derivation.problem.data]
        else:
            columns = [as_column(given[s], s) if varies else float(given[s]) for s, varies in self._inputs]
        if weights is not None:
            columns.append(in_one_type([as_array(weights, Name("weights", ("i",)))])[0] if self._wide else as_column(weights, "weights"))
            see_weights(columns[-1])
        if not self._wide:
            same_length((*self.data, "weights"), columns)
        if self._hides:
            see_finite(self.data, columns)
        arrays = {x.symbol: x for x, _ in self.derivation.problem.constants if x.indices}
        return columns, {self._ids[c]: as_array(given[c], arrays[c]) if c in arrays else float(given[c]) for c in self.constants if c in given}

    def _see_names(self, given: Mapping[str, Any]) -> None:
        """Raises TypeError for what is missing and for what is unknown."""
        if missing := [f"{s}=…" for s in (*self.data, *self.constants) if s in self._expected and s not in given]:
            raise TypeError(f"{', '.join(missing)} must be given")
        if extra := sorted(set(given) - set(self.data) - set(self.constants)):
            raise TypeError(f"{', '.join(extra)}: no such data; there are {', '.join([*self.data, *self.constants]) or 'none'}")


def _number(t: Any) -> Any:
    """A parameter as a plain float, or an array where it has a shape."""
    if type(t) is float:
        return t
    array = np.asarray(t, dtype=np.float64)
    return array if array.ndim else float(array)
