"""A plan says what it computes: its counts are those of the text that runs, counted on arrays and numbers that watch what is done to them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.bound.moments import Moments, take_moments
from symgd.numeric.bound.quadratic import costs
from symgd.numeric.explained import counts, passes
from symgd.numeric.function import compile_gradient
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.plan import plan

ROWS = 1000
RNG = np.random.default_rng(1)
DATA = {"x": RNG.normal(size=ROWS), "y": RNG.normal(size=ROWS)}
SIGNS = {"multiply": "×", "add": "+", "subtract": "+", "divide": "÷", "exp": "exp", "clip": "clip", "absolute": "abs", "sign": "sign", "maximum": "max"}


def watched(tally):
    """The class of arrays that write down each number that is computed."""

    class Watched(np.ndarray):
        def __array_ufunc__(self, f, method, *inputs, out=None, **more):
            plain = [np.asarray(x) if isinstance(x, Watched) else x for x in inputs]
            size = max(np.size(x) for x in plain)
            if f is np.matmul:
                tally["×"] += size
                tally["+"] += size
            else:
                tally[SIGNS[f.__name__]] += size
            if out is not None:
                getattr(f, method)(*plain, out=tuple(np.asarray(x) for x in out), **more)
                return out[0]
            found = getattr(f, method)(*plain, **more)
            return found.view(Watched) if isinstance(found, np.ndarray) else found

    return Watched


@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "line-huber", "line-mae", "polynomial-mse", "proportional-mse", "constant-mse"])
def test_the_operations_for_each_sample_are_those_that_run(name):
    p = plan(derive(problem(name)))
    tally = Counter()
    kind = watched(tally)
    scope = compile_source(compile_gradient(derive(problem(name))).source, name)

    class Numpy:
        """NumPy whose new arrays watch."""

        def __getattr__(self, word):
            return (lambda *a, **k: np.empty(*a, **k).view(kind)) if word == "empty" else getattr(np, word)

    scope["loss_and_gradient"].__globals__["np"] = Numpy()
    scope["loss_and_gradient"](*(0.3, 0.2, 0.1, 0.4)[: len(p.parameters)], *(DATA[d].view(kind) for d in p.data))
    assert {sign: many / ROWS for sign, many in tally.items()} == dict(counts(p))
    assert passes(p) == 1


class Number(float):
    """A number that writes down what is done with it."""

    tally: ClassVar[Counter] = Counter()

    def _noted(sign, how):  # noqa: N805
        def run(self, other):
            Number.tally[sign] += 1
            return Number(getattr(float, how)(self, float(other)))

        return run

    __mul__, __rmul__ = _noted("×", "__mul__"), _noted("×", "__rmul__")
    __add__, __radd__ = _noted("+", "__add__"), _noted("+", "__radd__")
    __sub__, __rsub__ = _noted("+", "__sub__"), _noted("+", "__rsub__")

    def __neg__(self):
        return Number(float.__neg__(self))


@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "polynomial-mse", "proportional-mse", "constant-mse"])
def test_the_operations_of_a_bound_call_are_those_that_run(name):
    f = compile_gradient(derive(problem(name)))
    scope = compile_source(f.bound_source, name)
    found = take_moments(scope["columns"], [DATA[d] for d in f.data])

    def numbers(v):
        return tuple(map(numbers, v)) if isinstance(v, tuple) else Number(v)

    moments = replace(found, **{k: numbers(getattr(found, k)) for k in Moments.__dataclass_fields__ if k != "passes"})
    both = scope["bound"](moments, **{c: Number(v or 0.1) for c, v in f.constants.items()})[1]
    Number.tally = Counter()
    both(*(Number(0.3) for _ in f.parameters))
    assert (Number.tally["×"], Number.tally["+"]) == costs(f.square, f.plan, f.ids)


@pytest.mark.parametrize(("name", "says"), [
    ("line-mse", "one pass over the data, for each sample three multiplications, five additions"),
    ("line-mse", "two means and three sums of products are taken once"),
    ("plane-mse", "one Gram matrix of the columns is taken once"),
    ("logistic-log-loss", "one exponential, one logarithm"),
    ("network-1-hidden-mse", "one pass over the data, a block of rows at a time"),
])  # fmt: skip
def test_the_plan_says_what_a_call_costs(name, says):
    text = str(plan(derive(problem(name))))
    assert says in " ".join(text.split())
    assert "ŷᵢ := " in text or "zᵢ := " in text or "z₁ᵢₕ := " in text
