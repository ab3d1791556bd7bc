"""What `compile` gives for a target: loss, gradient and loss_and_gradient, called as the NumPy functions are, and bound as they are."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from symgd.derivation import Gradient
from symgd.document.page import Mono, Page, Prose
from symgd.document.shown import shows_itself
from symgd.numeric.data.arrays import hides, see_finite, see_weights
from symgd.numeric.data.fitted import as_array, fit_shapes
from symgd.numeric.program.line import NotSupported
from symgd.numeric.program.plan import Plan, plan
from symgd.numeric.targets.told import given as given_to
from symgd.numeric.targets.told import named
from symgd.records import from_json, to_json
from symgd.term import Name

if TYPE_CHECKING:
    from symgd.numeric.function import GradientFunction
    from symgd.numeric.targets.reduced import Reduced

__all__ = ["FUNCTIONS", "Called", "Machine", "doubles"]

FUNCTIONS = ("loss", "gradient", "loss_and_gradient")


@dataclass(frozen=True)
class Machine:
    """Who computes.

    target   its name in the table
    made     a plan → (its text, the functions in it by name), which take what `told.given` lists, in that order, and check nothing
    words    no name of a text may be one of these; `spelt` rewrites a name where the target knows fewer letters
    taken    what was handed over for the names declared, as the functions take it
    around   what a call is made in
    plainly  a value of the target's as NumPy's
    own      is it an array of the target's own?  Then nobody looks into it; where None is given arrays are NumPy's, and are seen to be finite
    reduced  the sums of a sum of squares in its own way, as `targets.reduced` has them, or None for another loss
    """

    target: str
    made: Callable[[Plan], tuple[str, Mapping[str, Callable[..., Any]]]]
    words: Sequence[str]
    taken: Callable[[Sequence[Name], Sequence[Any]], list[Any]]
    spelt: Callable[[str], str] = str
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    plainly: Callable[[Any], Any] = np.asarray
    own: Callable[[Any], bool] | None = None
    reduced: Callable[[GradientFunction], Reduced | None] = lambda f: None


def doubles(declared: Sequence[Name], values: Sequence[Any]) -> list[Any]:
    """Values as floats, and arrays of float64 that lie row by row.  Raises DataError for what is no such thing."""
    return [v if type(v) is float and not n.indices else _double(as_array(v, n)) for n, v in zip(declared, values, strict=True)]


def _double(array: np.ndarray[Any, Any]) -> Any:
    return np.ascontiguousarray(array, np.float64) if array.ndim else float(array)


@lru_cache(maxsize=32)
def _again(record: str, target: str) -> Any:
    """A gradient function from the record of its gradient, which is checked."""
    from symgd.numeric.targets.table import compiled

    return compiled(from_json(record), target)


@shows_itself
class Called:
    """The loss L and its derivatives, computed by the text in `source` in another language.

    f.loss(w, b, x=x, y=y); f.gradient(…) -> a named tuple in the order of the parameters; f.loss_and_gradient(…) -> both; `weights=` weighs the samples
    f.bind(x=x, y=y) -> the same functions of the parameters alone
    Data and constants are keywords; a constant without a value must be given.  Arrays of JAX and tensors are taken as they are, whatever they hold.
    functions  those of the text, by name: parameters, data and constants in the order of its signature, nothing checked
    Raises TypeError for a wrong call, ValueError for shapes that do not fit together, DataError for data that are no finite numbers,
    NotSupported for weights where samples look at each other.
    """

    def __init__(self, gradient: Gradient, machine: Machine) -> None:
        self.derivation, self.problem, self.plan = gradient, gradient.problem, plan(gradient)
        self.target, self._machine = machine.target, machine
        self.source, self.functions = machine.made(self.plan)
        problem, ids = self.problem, named(self.plan, machine.words, machine.spelt)
        self.name = problem.name or problem.title
        self.parameters, self.data = tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data)
        self.constants = {c.symbol: None if v is None else float(v) for c, v in problem.constants}
        self._hides = machine.own is None and hides(problem)
        self._shape: Callable[..., Any] = namedtuple("Derivatives", [ids[p] for p in self.parameters])  # type: ignore[misc]

    def __reduce__(self) -> Any:
        """By the record of its gradient: data, and never code."""
        return _again, (to_json(self.derivation), self.target)

    def __copy__(self) -> Called:
        return self  # nothing in it changes

    def __deepcopy__(self, memo: object) -> Called:
        return self

    def shown(self) -> Page:
        """How it is called, and by whom it is computed."""
        call = ", ".join([*self.parameters, *(f"{d}={d}" for d in self.data), *(f"{c}={c}" for c, v in self.constants.items() if v is None)])
        return Page((), (Prose((f"gradient function of {self.name} for {self.target}: ", Mono(f"f.loss_and_gradient({call})"))),))

    def loss(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """L"""
        return self.call("loss", theta, weights, given)

    def gradient(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """(∂L/∂w, ∂L/∂b, …), named"""
        return self._shape(*self.call("gradient", theta, weights, given))

    def loss_and_gradient(self, *theta: Any, weights: Any = None, **given: Any) -> Any:
        """L, (∂L/∂w, ∂L/∂b, …)"""
        loss, slopes = self.call("loss_and_gradient", theta, weights, given)
        return loss, self._shape(*slopes)

    def per_sample(self, *theta: Any, **given: Any) -> Any:
        """One gradient a row, computed by NumPy, whatever the target."""
        return self.numpy.per_sample(*map(self._machine.plainly, theta), **{s: self._machine.plainly(v) for s, v in given.items()})

    def bind(self, *, weights: Any = None, sizes: Mapping[str, int] | None = None, **given: Any) -> Any:
        """The same functions of the parameters alone: floats and arrays of NumPy, as scipy.optimize and `descend` want them.

        Of a sum of squares the sums over the data are taken here, once, and nothing of the data is needed later: by a pass that Numba compiles, else by NumPy.
        Of another loss the data are brought to where the target computes, once, and stay there.
        """
        from symgd.numeric.targets.kept import kept

        return kept(self, weights, dict(sizes or {}), given)

    @cached_property
    def numpy(self) -> GradientFunction:
        """The same gradient as NumPy functions."""
        from symgd.numeric.function import compile_gradient

        return compile_gradient(self.derivation)

    @cached_property
    def reduced(self) -> Reduced | None:
        """The sums of a sum of squares as the target takes them itself; None where NumPy takes them."""
        return self._machine.reduced(self.numpy)

    @cached_property
    def weighted_source(self) -> str:
        """The text for weighted samples: Σ_i f_i means Σ_i m_i f_i, and n means Σ_i m_i."""
        return self._weighted[0]

    @cached_property
    def _weighted(self) -> tuple[str, Mapping[str, Callable[..., Any]]]:
        if not self.plan.samples:
            raise NotSupported(f"{self.name} has no samples that could be weighted")
        return self._machine.made(plan(self.derivation, "weighted"))

    def call(self, which: str, theta: Sequence[Any], weights: Any, given: Mapping[str, Any]) -> Any:
        """What the function of that name gives, in the target's own numbers."""
        functions = self.functions if weights is None else self._weighted[1]
        with self._machine.around():
            arrays = self._arguments(theta, weights, given)
            out = functions[which](*arrays)
            if self._machine.own is None and not np.isfinite(out if which == "loss" else out[0]).all():
                self._see(arrays)
        return out

    def _see(self, arrays: Sequence[Any]) -> None:
        """Raises DataError where the data are not finite."""
        at = len(self.parameters)
        see_finite(self.data, arrays[at : at + len(self.data)])

    def _arguments(self, theta: Sequence[Any], weights: Any, given: Mapping[str, Any]) -> list[Any]:
        values = {c: v for c, v in self.constants.items() if v is not None} | dict(given)
        expected = {*self.data, *self.constants}
        if len(theta) != len(self.parameters) or set(values) != expected:
            call = ", ".join([*self.parameters, *(f"{s}=…" for s in sorted(expected, key=[*self.data, *self.constants].index))])
            raise TypeError(f"{self.name} is called with {call}")
        parameters, data = self.problem.parameters, self.problem.data
        fixed = given_to(self.plan)[len(parameters) + len(data) :]
        masses = () if weights is None else (Name("weights", (self.plan.samples,)),)
        declared = (*parameters, *data, *masses, *fixed)
        handed = [*theta, *(values[x.symbol] for x in data), *([] if weights is None else [weights]), *(values[c.symbol] for c in fixed)]
        arrays = self._machine.taken(declared, handed)
        for n, array in zip(declared, arrays, strict=True):
            if len(getattr(array, "shape", ())) != len(n.indices):
                raise ValueError(f"{n.symbol} is {tuple(getattr(array, 'shape', ()))}, and must have {len(n.indices)} dimensions")
        fit_shapes(declared, arrays)
        if weights is not None and not (self._machine.own and self._machine.own(weights)):
            see_weights(self._machine.plainly(arrays[len(theta) + len(data)]))
        if self._hides:
            self._see(arrays)
        return arrays
