"""The gradient functions against the complex step: ∂L/∂θ_j = Im L(θ + i h e_j)/h with h = 1e-100, exact to rounding.

L is evaluated from the forward tape alone, every function unfolded to what SymPy means by it, in complex numbers: no rule, no plan, no stable form
is shared with what is checked.  |u|, max and their kin are continued by the sign of the real part.

Every index in scope is one dimension of the arrays on the way; a sum puts one more behind them and adds it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symgd.document.page import Page, Prose
from symgd.document.shown import shows_itself
from symgd.forward import Problem
from symgd.indices import axis
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.numeric.data.fitted import fit_shapes, of_lengths
from symgd.numeric.function import GradientFunction
from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term

__all__ = ["GradientCheck", "check_gradient", "complex_loss", "value_of"]

TINY = 1e-100
RTOL = 1e-13
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


@shows_itself
@dataclass(frozen=True)
class GradientCheck:
    """agrees at every point?  worst: the largest relative difference, at the parameters `at`, for the derivative by `by`."""

    agrees: bool
    worst: float
    at: tuple[Any, ...]
    by: str
    points: int
    says: str

    def shown(self) -> Page:
        """The sentence."""
        return Page((), (Prose((self.says,)),))


def check_gradient(
    f: GradientFunction, *, points: Sequence[Sequence[Any]] | None = None, rtol: float = RTOL, sizes: Mapping[str, int] | None = None, **data: Any
) -> GradientCheck:
    """Are f.gradient and f.loss_and_gradient the complex-step derivative at each point (20 fixed ones unless given), to rtol, with no absolute tolerance?

    points  the parameters, numbers or arrays; `sizes` says how far an axis runs that is not in the data, for the points chosen here
    A derivative that is an array is compared as a whole: its largest error against its largest entry.
    """
    problem = f.derivation.problem
    chosen = [tuple(p) for p in points] if points is not None else _points(_shapes(problem, data, sizes or {}))
    worst, at, by = -1.0, chosen[0], f.parameters[0]
    for theta in chosen:
        found = [f.gradient(*theta, **data)]
        if hasattr(f, "loss_and_gradient"):  # two functions of the text: each is checked
            found.append(f.loss_and_gradient(*theta, **data)[1])
        for j, name in enumerate(f.parameters):
            true = _by_steps(problem, theta, j, data)
            for slopes in found:
                error = _error(slopes[j], true)
                if not error <= worst:
                    worst, at, by = error, theta, name
    agrees = worst <= rtol
    words = "agrees with" if agrees else "differs from"
    where = "" if agrees else f"; most for {by} at {', '.join(f'{n} = {_shown(v)}' for n, v in zip(f.parameters, at, strict=True))}"
    says = f"the gradient {words} the complex step at {len(chosen)} points, relative difference {worst:.1e}{where}"
    return GradientCheck(agrees, worst, at, by, len(chosen), says)


def _error(found: Any, true: Any) -> float:
    """The largest error of an array, in its largest entry; infinite where it is no number or of another shape."""
    found = np.asarray(found)  # a target's own numbers would be rounded as it likes
    if np.shape(found) != np.shape(true):
        return math.inf
    error = float(np.max(np.abs(found - true)))
    error = error / float(np.max(np.abs(true))) if true.any() else float(error != 0)
    return math.inf if math.isnan(error) else error


def _shown(v: Any) -> str:
    return f"{v:.6g}" if not np.ndim(v) else f"an array {np.shape(v)}"


def _by_steps(problem: Problem, theta: Sequence[Any], j: int, data: Mapping[str, Any]) -> Any:
    """∂L/∂θ_j, each number of it by a complex step of its own."""
    own = np.asarray(theta[j], dtype=np.float64)
    out = np.empty(own.shape)
    for at in np.ndindex(own.shape):
        step = np.zeros(own.shape, dtype=np.complex128)
        step[at] = 1j * TINY
        out[at] = complex_loss(problem, [own + step if k == j else t for k, t in enumerate(theta)], data).imag / TINY
    return out


def _shapes(problem: Problem, data: Mapping[str, Any], sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
    """The shape of each parameter."""
    return of_lengths(problem.parameters, fit_shapes(problem.data, [data[x.symbol] for x in problem.data], sizes))


def _points(shapes: Sequence[tuple[int, ...]]) -> list[tuple[Any, ...]]:
    """Twenty fixed points, no parameter near 0."""
    rng = np.random.default_rng(20)
    p = sum(math.prod(s) for s in shapes)
    ends = np.cumsum([math.prod(s) for s in shapes])[:-1]
    rows = rng.uniform(0.3, 1.5, (20, p)) * rng.choice([-1.0, 1.0], (20, p))
    return [tuple(piece.reshape(s) if s else float(piece[0]) for piece, s in zip(np.split(row, ends), shapes, strict=True)) for row in rows]


def complex_loss(problem: Problem, theta: Sequence[Any], data: Mapping[str, Any]) -> complex:
    """L at complex parameters, by the forward tape."""
    at: dict[str, Any] = {x.symbol: np.asarray(data[x.symbol], dtype=np.float64) for x in problem.data}
    at |= {p.symbol: t for p, t in zip(problem.parameters, theta, strict=True)}
    at |= {c.symbol: np.asarray(data[c.symbol] if c.symbol in data else float(v or 0), dtype=np.float64) for c, v in problem.constants}
    given = (*problem.data, *problem.parameters, *(c for c, _ in problem.constants))
    sizes = fit_shapes(given, [at[x.symbol] for x in given])
    at |= {n.symbol: float(sizes.get(a, 0)) for a, n in problem.count}
    for d in problem.tape:
        value = value_of(d.value, at, sizes, d.name.indices)
        at[d.name.symbol] = np.broadcast_to(value, tuple(sizes[axis(a)] for a in d.name.indices))
    return complex(at[problem.objective.symbol])


def value_of(t: Term, at: Mapping[str, Any], sizes: Mapping[str, int], scope: tuple[str, ...] = ()) -> Any:
    """A term in complex numbers, as an array with a dimension for each index in scope; `at` gives each name its array, `sizes` how far an axis runs."""

    def go(s: Term) -> Any:
        return value_of(s, at, sizes, scope)

    match t:
        case Num(v):
            return float(v)
        case Name(symbol, indices):
            return _spread(at[symbol], indices, scope) if symbol in at else complex(CONSTANTS[symbol][0](sp))
        case Add(ts):
            return sum(map(go, ts))
        case Mul(fs):
            return math.prod(map(go, fs))
        case Div(a, b):
            return go(a) / go(b)
        case Neg(a):
            return -go(a)
        case Pow(base, Num(v)) if v.denominator == 1:
            return go(base) ** int(v)
        case Pow(base, exponent):
            return np.exp(go(exponent) * np.log(np.asarray(go(base), dtype=np.complex128)))
        case Sum(index, body):
            inside = (*(f"({a}" if a == index else a for a in scope), index)
            return np.sum(_whole(value_of(body, at, sizes, inside), sizes, inside, 1), axis=-1)
        case Match(a, b):
            return _spread(np.eye(sizes[axis(a)]), (a, b), scope)
        case Det(row, column, entry):
            inside = (*(f"({a}" if a in (row, column) else a for a in scope), row, column)
            return np.linalg.det(_whole(value_of(entry, at, sizes, inside), sizes, inside, 2))
        case Inverse(a, b, row, column, entry):
            inside = (*(f"({x}" if x in (row, column) else x for x in scope), row, column)
            matrix = np.linalg.inv(_whole(value_of(entry, at, sizes, inside), sizes, inside, 2))
            assert all(n == 1 for n in matrix.shape[:-2]), "an inverse for each of several indices"
            return _spread(matrix.reshape(matrix.shape[-2:]), (a, b), scope)
        case Call(f, args):
            return _function(f)(*(np.asarray(go(a), dtype=np.complex128) for a in args))
        case Cases(pieces, otherwise):
            out = go(otherwise)
            for value, when in reversed(pieces):
                out = np.where(_COMPARE[when.relation](np.real(go(when.left)), np.real(go(when.right))), go(value), out)
            return out
        case Compare() | D():
            pass
    raise TypeError(f"{type(t).__name__} has no value of its own")


def _spread(array: Any, indices: tuple[str, ...], scope: tuple[str, ...]) -> Any:
    """The array with its dimensions where the scope has them; one index twice is the diagonal."""
    letters = dict.fromkeys(a for a in scope if a in indices)
    which = {a: k for k, a in enumerate(scope)}
    taken = np.einsum(np.asarray(array), [which[a] for a in indices], [which[a] for a in letters]) if indices else np.asarray(array)
    lengths = dict(zip(letters, taken.shape, strict=True))
    return taken.reshape([lengths.get(a, 1) for a in scope])


def _whole(value: Any, sizes: Mapping[str, int], scope: tuple[str, ...], last: int) -> Any:
    """The value with its last dimensions as long as their axes."""
    shape = np.shape(value) or (1,) * len(scope)
    return np.broadcast_to(value, (*shape[: len(shape) - last], *(sizes[axis(a)] for a in scope[len(scope) - last :])))


@cache
def _function(f: str) -> Callable[..., Any]:
    """SymPy's meaning of a function of ours, in complex NumPy."""
    slots = sp.symbols(f"u:{FUNCTIONS[f].arity}", real=True)
    kinks = {"Abs": lambda u: np.where(np.real(u) < 0, -u, u), "sign": lambda u: np.sign(np.real(u)), "erf": np.vectorize(_erf, otypes=[complex])}
    return sp.lambdify(slots, FUNCTIONS[f].meaning(sp, *slots), modules=[kinks, "numpy"])  # type: ignore[no-any-return]


def _erf(z: complex) -> complex:
    """erf(x + iy) for a tiny y, to first order: what a complex step needs (mpmath would lose the tiny part beside the large)."""
    return complex(float(mpmath.erf(z.real)), z.imag * 2 / np.sqrt(np.pi) * np.exp(-z.real * z.real))
