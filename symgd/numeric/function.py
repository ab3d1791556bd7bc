"""The product: a gradient as NumPy functions, on data handed over with each call, or bound to data once.

Everything is computed in float64, whatever comes in; a problem of arrays in float32 where every array given is float32 (`data.arrays` says it all).
What it runs, `texts` makes or reads; what it is handed, `handed` brings into shape.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Mono, Page, Prose
from symgd.document.shown import shows_itself
from symgd.forward import Problem
from symgd.numeric.bound.flat import BoundArrays
from symgd.numeric.bound.loss import Bound, over_grid
from symgd.numeric.bound.moments import NO_DATA, take_moments
from symgd.numeric.data.arrays import see_finite
from symgd.numeric.data.fitted import fit_shapes
from symgd.numeric.data.table import DataError
from symgd.numeric.handed import Handed, see_rows
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.texts import Texts, see_written
from symgd.records import from_json, to_json

__all__ = ["GradientFunction", "compile_gradient", "from_written"]

GRID = 4  # points: from here on a sum of squares is bound before a grid of parameters is computed


def compile_gradient(gradient: Gradient) -> GradientFunction:
    """The gradient as NumPy functions."""
    return GradientFunction(gradient)


def from_written(problem: Problem, data: Any) -> GradientFunction:
    """The function that `written()` was asked of, for the same problem; nothing is derived.

    Raises ValueError for data of another shape, and for a text that is more than arithmetic: a text of a file is read as a stranger's.
    """
    see_written(problem, data)
    return GradientFunction(problem, data)


def _bound_again(f: GradientFunction, columns: list[Any], constants: dict[str, Any], sizes: dict[str, int], weighted: bool) -> Any:
    """A bound loss from its data."""
    return f._bind(columns, constants, sizes, weighted)


def _of_moments(f: GradientFunction, moments: Any, constants: dict[str, Any], rows: int) -> Bound:
    """A bound loss from its moments alone."""
    return f.from_moments(moments, constants, rows)


@lru_cache(maxsize=32)
def _again(record: str) -> GradientFunction:
    """A gradient function from the record of its gradient or problem, which is checked."""
    gradient = from_json(record)
    if not gradient.tape:
        from symgd.backward import derive

        gradient = derive(gradient.problem)
    return GradientFunction(gradient)


@shows_itself
class GradientFunction(Texts):
    """The loss L and its derivatives by the parameters, computed by the text in `source`.

    f.loss(w, b, x=x, y=y) -> float; f.gradient(…) -> a named tuple in the order of the parameters; f.loss_and_gradient(…) -> both.
    Data are columns of one length, shape (n,), or arrays of the shapes that the problem says, X (n, d); `weights=` gives each sample a weight
    (Σ_i becomes Σ w_i, n becomes Σ w_i).  Constants are keywords too; one without a value must be given.
    Where all parameters are single numbers they may be arrays that broadcast (a grid): results then have their shape.
    Lists, arrays of any stride, columns of pandas and polars are taken; `data.arrays` says which types, and that all is float64 but arrays of float32 alone.
    It copies as itself and pickles by the record of its gradient; what `bind` gives pickles with its data.
    Raises DataError for data that cannot be used (lengths, text, a value that is not finite, with its row), ValueError for shapes that do not fit
    together, TypeError for a wrong call.
    """

    def __init__(self, gradient: Gradient | Problem, written: Mapping[str, Any] | None = None) -> None:
        """written  what `written()` gave, for the same problem: then nothing is derived until it is asked for"""
        super().__init__(gradient, written)
        self.name = self.problem.name or self.problem.title
        self._handed = handed = Handed(self)
        self.parameters, self.data, self.constants = handed.symbols, handed.data, handed.constants
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [self.ids[p] for p in self.parameters])  # type: ignore[misc]
        self._kernels = compile_source(self.source, self.name)
        self._seconds: dict[bool, Callable[..., Any] | None] = {}

    def __reduce__(self) -> Any:
        """By the record of its gradient, or of its problem where nothing was derived here: data, and never code."""
        return _again, (to_json(self.__dict__.get("derivation") or Gradient(self.problem, ())),)

    def __copy__(self) -> GradientFunction:
        return self  # nothing in it changes

    def __deepcopy__(self, memo: object) -> GradientFunction:
        return self

    def shown(self) -> Page:
        """How it is called, and what a call costs."""
        call = ", ".join([*self.parameters, *(f"{d}={d}" for d in self.data), *(f"{c}={v}" for c, v in self.constants.items() if v is None)])
        how = "evaluated in blocks of rows" if self.blocks else "evaluated at once"
        how = "bound to data, each call costs the same for any number of rows" if self.bound_source else how
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
        if self.mixes:
            from symgd.numeric.program.line import NotSupported

            raise NotSupported("a sample's own loss needs the other samples here: a definition holds a sum over them")
        point, columns, constants = self._handed.arguments(theta, None, given)
        if self.wide:
            return self._shape(*self._each(point, columns, constants))
        see_finite(self.data, columns)
        with np.errstate(all="ignore"):
            return self._alone(*map(float, point), *columns, **constants)

    def bind(self, *, weights: Any = None, sizes: Mapping[str, int] | None = None, **given: Any) -> Any:
        """The same functions of the parameters alone.  For a sum of squares the sums over the data are taken here, once.

        sizes  how far an axis runs that is not in the data: {"h": 32}, for functions of the flat vector of all parameters
        """
        return self._bind(*self._handed.given(weights, given), sizes or {}, weights is not None)

    def _bind(self, columns: list[Any], constants: dict[str, Any], sizes: Mapping[str, int], weighted: bool) -> Any:
        g: Any = self._bound_arrays(columns, constants, sizes, weighted=weighted) if self.wide else self._bound(columns, constants, weighted=weighted)
        if self.wide or not g.quadratic:  # else the moments are all that is kept of the data
            g.again = _bound_again, (self, columns, constants, dict(sizes), weighted)
            g.second = lambda point: self._hessian(g, point, columns, constants, weighted=weighted)
        return g

    def _hessian(self, g: Any, point: Sequence[Any], columns: list[Any], constants: Mapping[str, Any], *, weighted: bool) -> Any:
        """The second derivatives at a point."""
        data = columns[:-1] if weighted else columns
        if (exact := self._second(weighted)) is None:
            from symgd.numeric.second import differences

            return differences(g.jac, np.concatenate([np.ravel(t) for t in point]).astype(np.float64))
        values = dict(zip(self.data, data, strict=True)) | {c: constants.get(self.ids[c], v) for c, v in self.constants.items()}
        where = self._handed.point(point)
        sizes = fit_shapes(self._handed.declared, [*data, *where, *(values[c.symbol] for c in self._handed.fixed)])
        counts = {n.symbol: float(sizes.get(a, 0)) for a, n in self.problem.count}
        if weighted:
            values[""] = columns[-1]
            counts |= {n.symbol: float(np.sum(columns[-1])) for a, n in self.problem.count if a == self.samples}
        return exact(where, values | counts, sizes)

    def _second(self, weighted: bool) -> Callable[..., Any] | None:
        """The second derivatives from the derivation, or None where they are not derived."""
        if weighted not in self._seconds:
            from symgd.numeric.program.line import NotSupported
            from symgd.numeric.second import second

            try:
                self._seconds[weighted] = second(self.derivation, self.samples, weighted=weighted)
            except NotSupported:
                self._seconds[weighted] = None
        return self._seconds[weighted]

    @cached_property
    def _of_moments(self) -> dict[str, Any]:
        return compile_source(self.bound_source, f"{self.name}, bound")

    @cached_property
    def _weighted(self) -> dict[str, Any]:
        return compile_source(self.weighted_source, f"{self.name}, weighted")

    @cached_property
    def _alone(self) -> Callable[..., Any]:
        return compile_source(self.alone_source, f"{self.name}, one sample")["per_sample"]  # type: ignore[no-any-return]

    # ---------------------------------------------------------------- calls

    def _call(self, which: str, theta: tuple[Any, ...], weights: Any, given: dict[str, Any]) -> Any:
        point, columns, constants = self._handed.arguments(theta, weights, given)
        weighted = weights is not None
        if self.wide:
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
        if self.bound_source and math.prod(np.broadcast_shapes(*map(np.shape, point))) >= GRID:
            return getattr(self._bound(columns, constants, weighted=weighted), which)(*point)
        kernel = (self._weighted if weighted else self._kernels)["loss_and_gradient"]
        loss, slopes = over_grid(lambda *theta: kernel(*theta, *columns, **constants), point)
        if not np.isfinite(loss).all():
            see_finite(self.data, columns)
        return {"loss": loss, "gradient": self._shape(*slopes), "loss_and_gradient": (loss, self._shape(*slopes))}[which]

    def _bound(self, columns: list[Any], constants: dict[str, float], *, weighted: bool) -> Bound:
        rows = next((len(c) for c in columns if isinstance(c, np.ndarray)), 0)
        if not self.bound_source:
            see_finite(self.data, columns)
            kernels = self._weighted if weighted else self._kernels
            return Bound(
                self.name, rows, self._shape,
                lambda *theta: kernels["loss"](*theta, *columns, **constants),
                lambda *theta: kernels["loss_and_gradient"](*theta, *columns, **constants),
                sizes=None if weighted or self.mixes else lambda *theta: np.abs(self._alone(*theta, *columns, **constants)).mean(axis=0),
            )  # fmt: skip
        data, weights = (columns[:-1], columns[-1]) if weighted else (columns, None)
        with np.errstate(all="ignore"):
            moments = take_moments(self._of_moments["columns"], data, weights) if data else NO_DATA
        if not math.isfinite(moments.R):
            see_finite(self.data, columns)
            raise DataError("the squares of the data leave the range of double precision; scale them down")
        return self.from_moments(moments, constants, rows)

    def columns(self, *data: Any) -> tuple[Any, ...]:
        """What a sum of squares over single numbers is made of: t, then F_1, …, each of as many rows as the data, or one number."""
        return self._of_moments["columns"](*data)  # type: ignore[no-any-return]

    def from_moments(self, moments: Any, constants: Mapping[str, Any], rows: int) -> Bound:
        """A sum of squares over single numbers, bound to the moments of its `columns`, which were taken elsewhere."""
        loss, both, walk, form = self._of_moments["bound"](moments, **constants)
        g = Bound(self.name, rows, self._shape, loss, both, moments, walk, form if self.affine else None)
        g.again = _of_moments, (self, moments, constants, rows)
        return g

    # ---------------------------------------------------------------- arrays

    def _computed(
        self, which: str, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any], *, weighted: bool
    ) -> tuple[Any, tuple[Any, ...]]:
        """(L, its derivatives, each of its parameter's shape and nobody else's array)"""
        arrays, fixed = self._handed.fitted(point, columns, constants, weighted=weighted)
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
        arrays, fixed = self._handed.fitted(point, columns, constants, weighted=False)
        see_finite(self.data, columns)
        with np.errstate(all="ignore"):
            out = self._alone(*arrays, **fixed)
        return tuple(out.T) if isinstance(out, np.ndarray) else tuple(np.array(g) for g in out)

    def _bound_arrays(self, columns: list[Any], constants: dict[str, Any], sizes: Mapping[str, int], *, weighted: bool) -> BoundArrays:
        data = columns[:-1] if weighted else columns
        known = fit_shapes(self.problem.data, data) if data else {}
        rows = known.get(self.samples, 0)
        if weighted:
            see_rows(columns[-1], rows)

        double: list[Any] = []  # the columns, widened once, where they are float32 and parameters are not

        def at(point: Sequence[Any]) -> tuple[list[Any], list[Any]]:
            here = self._handed.point(point)
            if all(t.dtype == np.float32 for t in here if isinstance(t, np.ndarray)):
                return here, columns
            if not double:
                double.extend(c.astype(np.float64, copy=False) if isinstance(c, np.ndarray) else c for c in columns)
            return here, double

        def both(*point: Any) -> tuple[float, tuple[Any, ...]]:
            return self._computed("loss_and_gradient", *at(point), constants, weighted=weighted)

        def loss(*point: Any) -> float:
            return float(self._computed("loss", *at(point), constants, weighted=weighted)[0])

        def each(*point: Any) -> tuple[Any, ...]:
            return self._each(self._handed.point(point), columns, constants)

        own = None if weighted or self.mixes or not self.samples else each
        g = BoundArrays(self.name, rows, self._shape, self.problem.parameters, {**sizes, **known}, both, loss, own)
        if self.wide_square is not None:
            given = {c: constants.get(self.ids[c], v) for c, v in self.constants.items()}
            bound = self.wide_square.bind(g, dict(zip(self.data, data, strict=True)), given, columns[-1] if weighted else None)
            if bound is not None:
                return bound
        see_finite(self.data, columns)
        return g

