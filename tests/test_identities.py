"""Each identity of `identities.py` derives, every step proved; the result is the answer of the books, and the answer what a complex step in NumPy gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
import pytest

from tests.identities import IDENTITIES, Identity
from symgd.arrays import entry
from symgd.backward import derive
from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.indices import axis, free
from symgd.numeric.function import compile_gradient
from symgd.referee.tape import Referee
from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term

SIZES = {"n": 5, "d": 3, "h": 4, "k": 2, "m": 6}  # of the arrays in NumPy; no two alike
SEEDS = (1, 2)
CLOSE = 1e-12  # of the largest entry
STEP = 1e-30

PLAIN: dict[str, Callable[..., float]] = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "abs": abs, "max": max, "min": min,
    "sign": lambda x: math.copysign(1, x), "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "softplus": lambda x: math.log(1 + math.exp(x)),
    "relu": lambda x: max(x, 0.0), "cosh": math.cosh,
}  # fmt: skip
HOLDS = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}


class Entries:
    """The value of a term, entry by entry, in plain floats: nothing of symgd but the tree is used."""

    def __init__(self, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self.arrays, self.sizes = arrays, sizes
        self.known: dict[Any, float] = {}

    def at(self, t: Term, **at: int) -> float:
        key = t, tuple(sorted((a, at[a]) for a in free(t)))
        if key not in self.known:
            self.known[key] = self.value(t, at)
        return self.known[key]

    def matrix(self, t: Det | Inverse, at: dict[str, int]) -> Any:
        size = range(self.sizes[axis(t.row)])
        return np.array([[self.at(t.entry, **{**at, t.row: r, t.column: c}) for c in size] for r in size])

    def value(self, t: Term, at: dict[str, int]) -> float:
        match t:
            case Num(v):
                return float(v)
            case Name(s, indices):
                return float(self.arrays[s][tuple(at[a] for a in indices)])
            case Add(ts):
                return math.fsum(self.at(x, **at) for x in ts)
            case Mul(fs):
                return math.prod(self.at(f, **at) for f in fs)
            case Neg(a):
                return -self.at(a, **at)
            case Div(a, b):
                return self.at(a, **at) / self.at(b, **at)
            case Pow(a, b):
                return float(self.at(a, **at) ** self.at(b, **at))
            case Call(f, args):
                return float(PLAIN[f](*(self.at(a, **at) for a in args)))
            case Sum(index, body):
                return math.fsum(self.at(body, **{**at, index: k}) for k in range(self.sizes[axis(index)]))
            case Match(a, b):
                return float(at[a] == at[b])
            case Det():
                return float(np.linalg.det(self.matrix(t, at)))
            case Inverse(a, b):
                return float(np.linalg.inv(self.matrix(t, at))[at[a], at[b]])
            case Cases(pieces, otherwise):
                return next((self.at(v, **at) for v, when in pieces if self.holds(when, at)), self.at(otherwise, **at))
        raise TypeError(f"no value for {t}")

    def holds(self, when: Compare, at: dict[str, int]) -> bool:
        return bool(HOLDS[when.relation](self.at(when.left, **at), self.at(when.right, **at)))


def shapes(x: Identity) -> dict[str, tuple[str, ...]]:
    pairs = (part.split(":") for part in x.shapes.split(";"))
    return {name.strip(): tuple(sizes.split()) for name, sizes in pairs}


@cache
def problem(k: int) -> Problem:
    x = IDENTITIES[k]
    return Problem.from_text(x.let, objective=x.objective, parameters=" ".join(x.answers), shapes=[part.strip() for part in x.shapes.split(";")])


@cache
def gradient(k: int) -> Gradient:
    return derive(problem(k))


def answers(k: int) -> Iterator[tuple[Name, Term]]:
    """Each parameter with the answer that the book gives for it."""
    p = problem(k)
    for name in p.parameters:
        yield name, entry(IDENTITIES[k].answers[name.symbol], p.declared(), p.sizes, name.indices)


def drawn(x: Identity, seed: int) -> dict[str, Any]:
    """Random arrays of unequal sizes; square ones are far from singular."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, sizes in shapes(x).items():
        size = tuple(SIZES[s] for s in sizes)
        a = rng.uniform(0.5, 1.5, size) if name in x.positive.split() else rng.normal(size=size)
        out[name] = a + 4 * np.eye(size[0]) if len(set(sizes)) == 1 and len(sizes) == 2 else a
    return out


def stepped(x: Identity, arrays: Mapping[str, Any], by: str) -> Any:
    """The derivative by a complex step, entry by entry, from the NumPy code of the objective."""
    out = np.empty(np.shape(arrays[by]))
    for at in np.ndindex(out.shape):
        moved = {name: np.array(a, dtype=complex) for name, a in arrays.items()}
        moved[by][at] += STEP * 1j
        out[at] = np.imag(x.code(**{name: moved[name] for name in signature(x.code).parameters})) / STEP
    return out


@pytest.mark.parametrize("k", range(len(IDENTITIES)), ids=lambda k: IDENTITIES[k].objective)
def test_the_derivation_is_proved_and_ends_in_the_answer(k: int) -> None:
    p, g = problem(k), gradient(k)
    assert {s.check.verdict for d in g.tape for s in (*d.steps, *d.in_full)} <= {"proved"}
    assert g.proved
    referee = Referee(p)
    for name, answer in answers(k):
        assert referee.compare(g.of(name.symbol).result, answer).verdict == "proved"


@pytest.mark.parametrize("k", range(len(IDENTITIES)), ids=lambda k: IDENTITIES[k].objective)
def test_the_answer_is_what_a_complex_step_gives(k: int) -> None:
    x, p = IDENTITIES[k], problem(k)
    for seed in SEEDS:
        arrays = drawn(x, seed)
        sizes = {letter: SIZES[size] for letter, size in p.sizes}
        entries = Entries({**arrays, **{s: np.float64(v) for s, v in SIZES.items() if s not in arrays}}, sizes)
        for name, answer in answers(k):
            wanted = stepped(x, arrays, name.symbol)
            found = np.array([entries.at(answer, **dict(zip(name.indices, at, strict=True))) for at in np.ndindex(wanted.shape)]).reshape(wanted.shape)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=CLOSE * np.abs(wanted).max())


@pytest.mark.parametrize("k", range(len(IDENTITIES)), ids=lambda k: IDENTITIES[k].objective)
def test_the_compiled_gradient_is_what_a_complex_step_gives(k: int) -> None:
    x, p = IDENTITIES[k], problem(k)
    arrays = drawn(x, 3)
    found = compile_gradient(gradient(k)).gradient(*(arrays[q.symbol] for q in p.parameters), **{v.symbol: arrays[v.symbol] for v in p.data})
    for q, value in zip(p.parameters, found if isinstance(found, tuple) else (found,), strict=True):
        wanted = stepped(x, arrays, q.symbol)
        np.testing.assert_allclose(np.asarray(value), wanted, rtol=0, atol=CLOSE * np.abs(wanted).max())


def test_a_wrong_answer_is_refuted() -> None:
    """The comparison can fail: X for (X + Xᵀ)/2."""
    p = Problem.from_text(objective="trace(A @ X)", parameters="X", shapes={"A": "d d", "X": "d d"})
    X = p.parameters[0]
    check = Referee(p).compare(D(p.objective, X), entry("A", p.declared(), p.sizes, X.indices))
    assert check.verdict == "refuted"
