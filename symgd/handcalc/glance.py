"""The value of a term at one place, in floating point: what differs here differs; what agrees here is still to be proved.

An index is a dimension of an array, counted from the last; a letter met for the first time becomes a new first dimension.
Each sample is one sample here, so n is how many there are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symgd.forward import Problem
from symgd.indices import axis
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import Add, Call, Cases, Compare, D, Div, Match, Mul, Name, Neg, Num, Pow, Sum, Term

__all__ = ["Glance", "ratio"]

CLOSE = 1e-9
SAMPLES, OTHERS = 3, 2  # how far an axis runs that a name counts, and any other
_RELATIONS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal}


class Glance:
    """One place: a number for every name that is given, the definitions worked out from them.

    taken      what a pending derivative is equal to
    low, high  between which numbers are drawn
    """

    def __init__(self, problem: Problem, taken: Callable[[D], Term], seed: int, low: float = 0.1, high: float = 0.9) -> None:
        rng = random.Random(seed)
        self.problem, self.taken = problem, taken
        self.counted = {a for a, _ in problem.count}
        self.dimension: dict[str, int] = {}
        self.memo: dict[Term, Any] = {}
        self.raw: dict[str, Any] = {n.symbol: float(self.size(a)) for a, n in problem.count}
        for v in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants)):
            shape = tuple(self.size(a) for a in v.indices)
            self.raw[v.symbol] = np.array([rng.uniform(low, high) for _ in range(math.prod(shape))]).reshape(shape) if shape else rng.uniform(low, high)

        for s, a in problem.given:  # sums to one along the axis
            at = next((k for k, b in enumerate(declared) if axis(b) == a), None) if (declared := problem.declared()[s].indices) else None
            if at is not None and s in self.raw:
                self.raw[s] = self.raw[s] / self.raw[s].sum(axis=at, keepdims=True)

    def size(self, index: str) -> int:
        return SAMPLES if axis(index) in self.counted else OTHERS

    def of(self, t: Term) -> Any:
        """The value of t: a number, or an array over its free indices.  Raises KeyError or ValueError for what has no value here."""
        if t not in self.memo:
            self.memo[t] = self._of(t)
        return self.memo[t]

    def _of(self, t: Term) -> Any:
        match t:
            case Num(v):
                return float(v)
            case Name(s, indices):
                return self.name(s, indices)
            case Add(ts):
                return sum(map(self.of, ts[1:]), self.of(ts[0]))
            case Mul(fs):
                return math.prod(map(self.of, fs))
            case Neg(a):
                return -self.of(a)
            case Div(a, b):
                return self.of(a) / _nonzero(self.of(b))
            case Pow(a, b):
                return _power(self.of(a), self.of(b))
            case Sum(index, body):
                return self.summed(index, self.of(body))
            case Call(f, args):
                return _function(f)(*map(self.of, args))
            case D():
                return self.of(self.taken(t))
            case Match(a, b):
                return (self.grid(a) == self.grid(b)) * 1.0
            case Compare(a, relation, b):
                return _RELATIONS[relation](self.of(a), self.of(b))
            case Cases(pieces, otherwise):
                out = self.of(otherwise)
                for value, when in reversed(pieces):
                    out = np.where(self.of(when), self.of(value), out)
                return out
        raise ValueError(f"no value for {type(t).__name__}")

    def grid(self, index: str) -> Any:
        """0, 1, … along the dimension of the index."""
        k = self.dimension.setdefault(index, len(self.dimension))
        return np.arange(self.size(index)).reshape((-1,) + (1,) * k)

    def summed(self, index: str, x: Any) -> Any:
        k = self.dimension.setdefault(index, len(self.dimension))
        if not isinstance(x, np.ndarray) or x.ndim <= k or x.shape[-1 - k] == 1:
            return x * self.size(index)
        return x.sum(axis=-1 - k, keepdims=True)

    def name(self, s: str, indices: tuple[str, ...]) -> Any:
        if s not in self.raw:
            self.raw[s] = self.defined(s)
        raw = self.raw[s]
        return raw[tuple(map(self.grid, indices))] if indices else raw

    def defined(self, s: str) -> Any:
        """The value of a definition, one slot an index of its name."""
        d = self.problem.definition(s)
        if d is None:
            if s in CONSTANTS:
                return float(CONSTANTS[s][0](sp))
            raise KeyError(s)
        value = self.of(d.value)
        if not d.name.indices:
            return value.item() if isinstance(value, np.ndarray) else value
        dims = [len(self.dimension) - 1 - self.dimension.setdefault(a, len(self.dimension)) for a in d.name.indices]
        dims = [len(self.dimension) - 1 - self.dimension[a] for a in d.name.indices]
        shape = [1] * len(self.dimension)
        for a, k in zip(d.name.indices, dims, strict=True):
            shape[k] = self.size(a)
        whole = np.broadcast_to(value, np.broadcast_shapes(np.shape(value), tuple(shape)))
        return whole.transpose([*dims, *(k for k in range(len(shape)) if k not in dims)]).reshape([self.size(a) for a in d.name.indices])


def _nonzero(x: Any) -> Any:
    return math.nan if isinstance(x, float) and x == 0 else x


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.asarray(a) ** b
    if isinstance(a, float) and isinstance(b, float):
        return math.nan if (a < 0 and b != int(b)) or (a == 0 and b < 0) else a**b
    raise ValueError("no power")


@cache
def _function(f: str) -> Any:
    """The function in NumPy, from its meaning."""
    slots = sp.symbols(f"u:{FUNCTIONS[f].arity}", real=True)
    compiled = sp.lambdify(slots, FUNCTIONS[f].meaning(sp, *slots), modules=[{"erf": np.vectorize(math.erf, otypes=[float])}, "numpy"])
    return lambda *args: compiled(*(np.asarray(a, dtype=float) for a in args))


def ratio(a: Any, b: Any, allowed: Sequence[float]) -> int | None:
    """Which of the allowed numbers a/b is, everywhere, as far as floating point tells; the first of them where both are 0."""
    first, other = (x.item(0) if isinstance(x, np.ndarray) else x for x in (a, b))
    if not (math.isfinite(first) and math.isfinite(other)):
        return None
    if abs(first) < CLOSE or abs(other) < CLOSE:
        return 0 if np.all(np.abs(a) < CLOSE) and np.all(np.abs(b) < CLOSE) else next((k for k, f in enumerate(allowed) if _alike(a, b * f)), None)
    q = first / other
    return next((k for k, f in enumerate(allowed) if abs(q - f) < CLOSE * f and _alike(a, b * f)), None)


def _alike(a: Any, b: Any) -> bool:
    return bool(np.all(np.abs(a - b) <= CLOSE * (1 + np.abs(b))))
