"""The gradient functions against the complex step: ∂L/∂θ_j = Im L(θ + i h e_j)/h with h = 1e-100, exact to rounding.

L is evaluated from the forward tape alone, every function unfolded to what SymPy means by it, in complex numbers: no rule, no plan, no stable form
is shared with what is checked.  |u|, max and their kin are continued by the sign of the real part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symgd.forward import Problem
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.numeric.function import GradientFunction
from symgd.numeric.plan import NotSupported
from symgd.term import Add, Call, Cases, Compare, Div, Mul, Name, Neg, Num, Pow, Sum, Term

__all__ = ["GradientCheck", "check_gradient", "complex_loss", "value_of"]

TINY = 1e-100
RTOL = 1e-13
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


@dataclass(frozen=True)
class GradientCheck:
    """agrees at every point?  worst: the largest relative difference, at the parameters `at`, for the derivative by `by`."""

    agrees: bool
    worst: float
    at: tuple[float, ...]
    by: str
    points: int
    says: str


def check_gradient(f: GradientFunction, *, points: Sequence[Sequence[float]] | None = None, rtol: float = RTOL, **data: Any) -> GradientCheck:
    """Is f.gradient the complex-step derivative at each point (20 fixed ones unless given), to rtol and without an absolute tolerance?"""
    chosen = [tuple(map(float, p)) for p in points] if points is not None else _points(len(f.parameters))
    worst, at, by = -1.0, chosen[0], f.parameters[0]
    for theta in chosen:
        found = f.gradient(*theta, **data)
        for j, name in enumerate(f.parameters):
            moved = [complex(t, TINY if k == j else 0.0) for k, t in enumerate(theta)]
            true = complex_loss(f.derivation.problem, moved, data).imag / TINY
            error = abs(found[j] - true) / abs(true) if true else float(found[j] != 0)
            if not error <= worst:
                worst, at, by = (error if error == error else float("inf")), theta, name
    agrees = worst <= rtol
    words = "agrees with" if agrees else "differs from"
    where = "" if agrees else f"; most for {by} at {', '.join(f'{n} = {v:.6g}' for n, v in zip(f.parameters, at, strict=True))}"
    says = f"the gradient {words} the complex step at {len(chosen)} points, relative difference {worst:.1e}{where}"
    return GradientCheck(agrees, worst, at, by, len(chosen), says)


def _points(p: int) -> list[tuple[float, ...]]:
    """Twenty fixed points, no parameter near 0."""
    rng = np.random.default_rng(20)
    return [tuple(map(float, row)) for row in rng.uniform(0.3, 1.5, (20, p)) * rng.choice([-1.0, 1.0], (20, p))]


def complex_loss(problem: Problem, theta: Sequence[complex], data: dict[str, Any]) -> complex:
    """L at complex parameters, by the forward tape."""
    at: dict[str, Any] = {x.symbol: np.asarray(data[x.symbol], dtype=np.float64) for x in problem.data}
    rows = next((len(at[x.symbol]) for x in problem.data if x.indices), 0)
    at |= {p.symbol: t for p, t in zip(problem.parameters, theta, strict=True)}
    at |= {c.symbol: float(data[c.symbol]) if c.symbol in data else float(v or 0) for c, v in problem.constants}
    at |= {n.symbol: float(rows) for _, n in problem.count}
    for d in problem.tape:
        at[d.name.symbol] = value_of(d.value, at, rows)
    return complex(at[problem.objective.symbol])


def value_of(t: Term, at: dict[str, Any], rows: int) -> Any:
    """A term in complex numbers: `at` gives each name its value, an array over the samples where it carries their index."""
    def go(s: Term) -> Any:
        return value_of(s, at, rows)

    match t:
        case Num(v):
            return float(v)
        case Name(symbol, _):
            return at[symbol] if symbol in at else complex(CONSTANTS[symbol][0](sp))
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
        case Sum(_, body):
            return np.sum(np.broadcast_to(go(body), rows))
        case Call(f, args):
            return _function(f)(*(np.asarray(go(a), dtype=np.complex128) for a in args))
        case Cases(pieces, otherwise):
            out = go(otherwise)
            for value, when in reversed(pieces):
                out = np.where(_holds(when, at, rows), go(value), out)
            return out
    raise NotSupported(f"{type(t).__name__} is not evaluated in complex numbers")


def _holds(c: Compare, at: dict[str, Any], rows: int) -> Any:
    return _COMPARE[c.relation](np.real(value_of(c.left, at, rows)), np.real(value_of(c.right, at, rows)))


@cache
def _function(f: str) -> Callable[..., Any]:
    """SymPy's meaning of a function of ours, in complex NumPy."""
    slots = sp.symbols(f"u:{FUNCTIONS[f].arity}", real=True)
    kinks = {"Abs": lambda u: np.where(np.real(u) < 0, -u, u), "sign": lambda u: np.sign(np.real(u)), "erf": np.vectorize(_erf, otypes=[complex])}
    return sp.lambdify(slots, FUNCTIONS[f].meaning(sp, *slots), modules=[kinks, "numpy"])  # type: ignore[no-any-return]


def _erf(z: complex) -> complex:
    """erf(x + iy) for a tiny y, to first order: what a complex step needs (mpmath would lose the tiny part beside the large)."""
    return complex(float(mpmath.erf(z.real)), z.imag * 2 / np.sqrt(np.pi) * np.exp(-z.real * z.real))
