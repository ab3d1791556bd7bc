"""The product: a gradient as NumPy functions, on data handed over with each call, or bound to data once.

Everything is computed in float64, whatever comes in; a problem of arrays in float32 where every array given is float32 (`data.arrays` says it all).
SymPy is imported where a text is written, and not where one that was written before (`from_record`) is run.
"""

from __future__ import annotations

import contextlib
import math
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Mono, Page, Prose
from symgd.document.shown import shows_itself
from symgd.forward import Problem
from symgd.numeric.bound.flat import BoundArrays
from symgd.numeric.bound.loss import Bound, over_grid
from symgd.numeric.bound.moments import NO_DATA, take_moments
from symgd.numeric.data.arrays import as_column, as_numbers, hides, same_length, see_finite, see_weights
from symgd.numeric.data.fitted import as_array, fit_shapes, in_one_type
from symgd.numeric.data.table import DataError
from symgd.numeric.program.compiled import compile_source, functions_of, see_arithmetic
from symgd.records import from_json, to_json
from symgd.term import Name

if TYPE_CHECKING:
    from symgd.numeric.bound.quadratic import Square
    from symgd.numeric.bound.wide import WideSum
    from symgd.numeric.program.plan import Plan

__all__ = ["GradientFunction", "compile_gradient", "from_written"]

GRID = 4  # points: from here on a sum of squares is bound before a grid of parameters is computed


WRITTEN = {
    "source": str, "weighted_source": str, "alone_source": str, "bound_source": str,
    "affine": bool, "wide": bool, "blocks": bool, "mixes": bool, "samples": str, "ids": dict,
}  # fmt: skip


def compile_gradient(gradient: Gradient) -> GradientFunction:
    """The gradient as NumPy functions."""
    return GradientFunction(gradient)


def from_written(problem: Problem, data: Any) -> GradientFunction:
    """The function that `written()` was asked of, for the same problem; nothing is derived.

    Raises ValueError for data of another shape, and for a text that is more than arithmetic: a text of a file is read as a stranger's.
    """
    needed = {k for k in WRITTEN if k not in ("weighted_source", "alone_source")}
    if not isinstance(data, dict) or not needed <= data.keys() <= WRITTEN.keys() or not all(type(v) is WRITTEN[k] for k, v in data.items()):
        raise ValueError("these are not the texts of a gradient function")
    symbols = [x.symbol for x in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))]
    words = data["ids"]
    if sorted(words) != sorted(symbols) or not all(isinstance(w, str) and w.isidentifier() and not w.startswith("_") for w in words.values()):
        raise ValueError("these are not the names of the problem")
    for key, text in data.items():
        if key.endswith("source"):
            see_arithmetic(text)
    if not {"loss", "gradient", "loss_and_gradient"} <= functions_of(data["source"]):
        raise ValueError("a function is missing")
    return GradientFunction(problem, data)


def _bound_again(f: GradientFunction, columns: list[Any], constants: dict[str, Any], sizes: dict[str, int], weighted: bool) -> Any:
    """A bound loss from its data."""
    return f._bind(columns, constants, sizes, weighted)


def _of_moments(f: GradientFunction, moments: Any, constants: dict[str, Any], rows: int) -> Bound:
    """A bound loss from its moments alone."""
    return f._from_moments(moments, constants, rows)


@lru_cache(maxsize=32)
def _again(record: str) -> GradientFunction:
    """A gradient function from the record of its gradient or problem, which is checked."""
    gradient = from_json(record)
    if not gradient.tape:
        from symgd.backward import derive

        gradient = derive(gradient.problem)
    return GradientFunction(gradient)


@shows_itself
class GradientFunction:
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
        if isinstance(gradient, Gradient):
            self.derivation = gradient
        self.problem = problem = gradient.problem if isinstance(gradient, Gradient) else gradient
        self.__dict__.update(written or {})
        self.name = problem.name or problem.title
        self.parameters, self.data = tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data)
        self.constants = {c.symbol: None if v is None else float(v) for c, v in problem.constants}
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [self.ids[p] for p in self.parameters])  # type: ignore[misc]
        self._kernels = compile_source(self.source, self.name)
        self._inputs = [(d.symbol, bool(d.indices)) for d in problem.data]
        self._expected = {*self.data, *(c for c, v in self.constants.items() if v is None)}
        self._hides = hides(problem)
        self._seconds: dict[bool, Callable[..., Any] | None] = {}
        fixed = tuple(c for c, _ in problem.constants if c.indices)
        self._declared = (*problem.data, *problem.parameters, *fixed)

    def __reduce__(self) -> Any:
        """By the record of its gradient, or of its problem where nothing was derived here: data, and never code."""
        return _again, (to_json(self.__dict__.get("derivation") or Gradient(self.problem, ())),)

    def __copy__(self) -> GradientFunction:
        return self  # nothing in it changes

    def __deepcopy__(self, memo: object) -> GradientFunction:
        return self

    def written(self) -> dict[str, Any]:
        """Its texts and what is known of them, as plain data: all that another process needs to run them.  What is not supported is left out."""
        out: dict[str, Any] = {}
        for key in WRITTEN:
            with contextlib.suppress(NotImplementedError):
                out[key] = getattr(self, key)
        names = {*self.parameters, *self.data, *self.constants}
        return out | {"ids": {s: word for s, word in self.ids.items() if s in names}}

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
        point, columns, constants = self._arguments(theta, None, given)
        if self.wide:
            return self._shape(*self._each(point, columns, constants))
        see_finite(self.data, columns)
        with np.errstate(all="ignore"):
            return self._alone(*map(float, point), *columns, **constants)

    def bind(self, *, weights: Any = None, sizes: Mapping[str, int] | None = None, **given: Any) -> Any:
        """The same functions of the parameters alone.  For a sum of squares the sums over the data are taken here, once.

        sizes  how far an axis runs that is not in the data: {"h": 32}, for functions of the flat vector of all parameters
        """
        return self._bind(*self._given(weights, given), sizes or {}, weights is not None)

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
        where = self._point(point)
        fixed = self._declared[len(self.data) + len(self.parameters) :]
        sizes = fit_shapes(self._declared, [*data, *where, *(values[c.symbol] for c in fixed)])
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

    # ---------------------------------------------------------------- the texts that run

    @cached_property
    def derivation(self) -> Gradient:
        """The gradient, derived now where the texts were read."""
        from symgd.backward import derive

        return derive(self.problem)

    @cached_property
    def plan(self) -> Plan:
        """What is computed, in order."""
        from symgd.numeric.program.plan import plan

        return plan(self.derivation)

    @cached_property
    def ids(self) -> dict[str, str]:
        """The identifiers of parameters, data and constants."""
        from symgd.numeric.program.to_numpy import names_of

        return names_of(self.plan)

    @cached_property
    def source(self) -> str:
        """The NumPy text that runs, each line naming the step it comes from."""
        from symgd.numeric.program.to_numpy import module

        return module(self.plan)

    @cached_property
    def weighted_source(self) -> str:
        """The same for weighted samples.  Raises NotSupported where samples look at each other."""
        return self._text("weighted")

    @cached_property
    def alone_source(self) -> str:
        """The same for each sample alone.  Raises NotSupported where samples look at each other."""
        return self._text("alone", ["per_sample"])

    def _text(self, meaning: Any, *only: Sequence[str]) -> str:
        from symgd.numeric.program.plan import plan
        from symgd.numeric.program.to_numpy import module

        return module(plan(self.derivation, meaning), *only)

    @cached_property
    def bound_source(self) -> str:
        """The text that runs when a sum of squares is bound, or "" for another loss."""
        from symgd.numeric.bound.quadratic import bound_source, columns_source

        if self.square is None:
            return ""
        return f"import numpy as np\n\n\n{columns_source(self.square, self.plan, self.ids)}\n\n{bound_source(self.square, self.plan, self.ids)}"

    @cached_property
    def square(self) -> Square | None:
        """The loss as c Σ u² + P, where it is one."""
        from symgd.numeric.bound.quadratic import square

        return None if self.wide else square(self.plan)

    @cached_property
    def affine(self) -> bool:
        """Is it one that is quadratic in its parameters?"""
        return self.square is not None and self.square.affine

    @cached_property
    def wide(self) -> bool:
        """Is there any axis but that of the samples?"""
        return not self.plan.flat

    @cached_property
    def samples(self) -> str:
        """The axis of the samples, or "" where there is none."""
        return self.plan.samples

    @cached_property
    def blocks(self) -> bool:
        """Is it evaluated in blocks of rows?"""
        return self.plan.blocks

    @cached_property
    def mixes(self) -> bool:
        """Does a sample look at others?"""
        from symgd.meaning import mixes

        return bool(self.samples) and mixes(self.problem, self.samples)

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
        point, columns, constants = self._arguments(theta, weights, given)
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
        return self._from_moments(moments, constants, rows)

    def _from_moments(self, moments: Any, constants: dict[str, Any], rows: int) -> Bound:
        loss, both, walk, form = self._of_moments["bound"](moments, **constants)
        g = Bound(self.name, rows, self._shape, loss, both, moments, walk, form if self.affine else None)
        g.again = _of_moments, (self, moments, constants, rows)
        return g

    # ---------------------------------------------------------------- arrays

    def _fitted(self, point: Sequence[Any], columns: Sequence[Any], constants: Mapping[str, Any], *, weighted: bool) -> tuple[list[Any], dict[str, Any]]:
        """(parameters, data, weights) and the constants, of shapes that fit and of one type."""
        fixed = [constants[self.ids[c.symbol]] for c in self._declared[len(self.data) + len(self.parameters) :]]
        data = columns[:-1] if weighted else columns
        sizes = fit_shapes(self._declared, [*data, *point, *fixed])
        if weighted:
            self._see_weights(columns[-1], sizes[self.samples])
        arrays = in_one_type([*point, *columns, *constants.values()])
        return arrays[: len(point) + len(columns)], dict(zip(constants, arrays[len(point) + len(columns) :], strict=True))

    def _see_weights(self, weights: Any, rows: int) -> None:
        """Raises DataError for weights of another number than the samples."""
        if len(weights) != rows:
            raise DataError(f"weights has {len(weights)}, and there are {rows} samples")

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
        known = fit_shapes(self.problem.data, data) if data else {}
        rows = known.get(self.samples, 0)
        if weighted:
            self._see_weights(columns[-1], rows)

        double: list[Any] = []  # the columns, widened once, where they are float32 and parameters are not

        def at(point: Sequence[Any]) -> tuple[list[Any], list[Any]]:
            here = self._point(point)
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
            return self._each(self._point(point), columns, constants)

        own = None if weighted or self.mixes or not self.samples else each
        g = BoundArrays(self.name, rows, self._shape, self.problem.parameters, {**sizes, **known}, both, loss, own)
        if self.wide_square is not None:
            given = {c: constants.get(self.ids[c], v) for c, v in self.constants.items()}
            bound = self.wide_square.bind(g, dict(zip(self.data, data, strict=True)), given, columns[-1] if weighted else None)
            if bound is not None:
                return bound
        see_finite(self.data, columns)
        return g

    @cached_property
    def wide_square(self) -> WideSum | None:
        """The loss as a sum of squares of arrays, where it is one: bound by its Gram matrix."""
        from symgd.numeric.bound.wide import wide_sum

        return wide_sum(self.problem)

    def _point(self, theta: Sequence[Any]) -> list[Any]:
        """The parameters as arrays and floats.  Raises TypeError for too few or too many."""
        if len(theta) != len(self.parameters):
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.parameters)}")
        declared = self.problem.parameters
        return [as_array(t, n) if n.indices else _number(t, n.symbol) if not np.ndim(t) else as_array(t, n) for t, n in zip(theta, declared, strict=True)]

    def _arguments(self, theta: tuple[Any, ...], weights: Any, given: dict[str, Any]) -> tuple[list[Any], list[Any], dict[str, Any]]:
        """The parameters (by position, or the last ones by name), the columns, the constants."""
        if len(theta) > len(self.parameters):
            data = ", ".join(f"{d}=…" for d in self.data)
            raise TypeError(f"{len(theta)} values for the parameters {', '.join(self.parameters)}" + (f"; data are given by name: {data}" if data else ""))
        rest = self.parameters[len(theta) :]
        if missing := [p for p in rest if p not in given]:
            raise TypeError(f"a value is needed for {', '.join(missing)}; the parameters are {', '.join(self.parameters)}")
        point = [*theta, *(given[p] for p in rest)]
        values = self._point(point) if self.wide else [_number(t, p) for t, p in zip(point, self.parameters, strict=True)]
        return values, *self._given(weights, {k: v for k, v in given.items() if k not in rest} if rest else given)

    def _given(self, weights: Any, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The data in the plan's order, the weights last, and the constants by identifier."""
        if given.keys() != self._expected:
            self._see_names(given)
        if self.wide:
            columns: list[Any] = [as_array(given[x.symbol], x) if x.indices else _single(given[x.symbol], x.symbol) for x in self.problem.data]
        else:
            columns = [as_column(given[s], s) if varies else _single(given[s], s) for s, varies in self._inputs]
        if weights is not None:
            columns.append(in_one_type([as_array(weights, Name("weights", ("i",)))])[0] if self.wide else as_column(weights, "weights"))
            see_weights(columns[-1])
        if not self.wide:
            same_length((*self.data, "weights"), columns)
        if self._hides:
            see_finite(self.data, columns)
        arrays = {x.symbol: x for x, _ in self.problem.constants if x.indices}
        return columns, {self.ids[c]: as_array(given[c], arrays[c]) if c in arrays else _single(given[c], c) for c in self.constants if c in given}

    def _see_names(self, given: Mapping[str, Any]) -> None:
        """Raises TypeError for what is missing and for what is unknown."""
        if missing := [f"{s}=…" for s in (*self.data, *self.constants) if s in self._expected and s not in given]:
            raise TypeError(f"{', '.join(missing)} must be given")
        if extra := sorted(set(given) - set(self.data) - set(self.constants)):
            raise TypeError(f"{', '.join(extra)}: no such data; there are {', '.join([*self.data, *self.constants]) or 'none'}")


def _number(t: Any, name: str) -> Any:
    """A parameter as a plain float, or an array where it has a shape."""
    if type(t) is float:
        return t
    array = as_numbers(t, name)
    return array.astype(np.float64, copy=False) if array.ndim else float(array)


def _single(value: Any, name: str) -> float:
    """One number.  Raises DataError."""
    if type(value) is float:
        return value
    array = as_numbers(value, name)
    if array.size != 1:
        raise DataError(f"{name} is one number, not an array of shape {array.shape}")
    return float(array.reshape(()))
