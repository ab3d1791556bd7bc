"""Weighted samples, data that are kept, and what a library does with our functions, on every target: as NumPy has it.

C where there is a compiler, PyTorch where it is installed.
"""

from __future__ import annotations

import copy
import pickle
from functools import cache

import numpy as np
import pytest

import symgd
from symgd.catalogue import problem
from symgd.numeric.data.table import DataError
from symgd.numeric.program.line import NotSupported
from symgd.numeric.targets.table import TARGETS
from symgd.term import Call, Match, Name, Sum
from tests.test_targets import FLAT, build, need, numbers

NAMES = ["line-mse", "line-ridge", "line-mae", "logistic-log-loss", "polynomial-mse", "ridge", "poisson", "network-1-hidden-mse"]
X = Name("x", ("i",))
COMPARED = build((Name("L"), Sum("i", Sum("i'", Call("exp", (Match("i", "i'") * Name("w") * X,))))), parameters=(Name("w"),), data=(X,), count=())
OTHERS = [t for t in TARGETS if t != "numpy"]


@cache
def made(target: str, name: str):
    need(target)
    if target == "sympy" and name not in FLAT:
        pytest.skip("SymPy's expressions are of numbers")
    return symgd.compile(symgd.derive(problem(name)), target=target)


def plain(v):
    return np.asarray(v, dtype=float)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", OTHERS)
def test_weights_mean_what_they_mean_to_numpy(target, name):
    f, theirs = made(target, name), made("numpy", name)
    theta, data = numbers(f.problem)
    m = np.random.default_rng(3).uniform(0.0, 2.0, 41)
    loss, slopes = f.loss_and_gradient(*theta, weights=m, **data)
    true, true_slopes = theirs.loss_and_gradient(*theta, weights=m, **data)
    np.testing.assert_allclose(plain(loss), true, rtol=1e-12)
    for a, b in zip(slopes, true_slopes, strict=True):
        np.testing.assert_allclose(plain(a), b, rtol=1e-12, atol=1e-12 * np.max(np.abs(b)))


@pytest.mark.parametrize("target", OTHERS)
def test_weights_are_numbers_of_samples(target):
    f = made(target, "line-mse")
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0])
    repeated = np.array([0, 0, 1, 2, 2, 2])
    assert float(f.loss(0.5, 0.25, x=x, y=y, weights=[2, 1, 3])) == pytest.approx(float(f.loss(0.5, 0.25, x=x[repeated], y=y[repeated])))
    with pytest.raises(ValueError, match="weights must be"):
        f.loss(0.5, 0.25, x=x, y=y, weights=[1.0, 2.0])
    with pytest.raises(DataError, match="row 2 of 3"):
        f.loss(0.5, 0.25, x=x, y=y, weights=[1.0, -1.0, 2.0])


@pytest.mark.parametrize("target", ["numba", "jax", "torch", "c"])
def test_samples_that_are_compared_have_no_weights(target):
    need(target)
    w = Name("w")
    f = symgd.compile(symgd.derive(COMPARED), target=target)
    with pytest.raises(NotSupported, match="no weights where two are compared"):
        f.loss(1.0, x=np.ones(3), weights=np.ones(3))
    bowl = symgd.compile(symgd.derive(build((Name("L"), (w - 1) ** 2), parameters=(w,), data=(), count=())), target=target)
    with pytest.raises(NotSupported, match="no samples"):
        bowl.loss(1.0, weights=np.ones(3))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", OTHERS)
def test_bound_it_is_what_numpy_binds(target, name, weighted):
    f, theirs = made(target, name), made("numpy", name)
    theta, data = numbers(f.problem)
    m = np.random.default_rng(3).uniform(0.0, 2.0, 41) if weighted else None
    g, true = f.bind(weights=m, sizes={"h": 4}, **data), theirs.bind(weights=m, sizes={"h": 4}, **data)
    assert (g.parameters, g.rows, g.quadratic) == (true.parameters, true.rows, true.quadratic)
    flat = np.concatenate([np.ravel(t) for t in theta])
    np.testing.assert_allclose(g.fun(flat), true.fun(flat), rtol=1e-12)
    np.testing.assert_allclose(g.jac(flat), true.jac(flat), rtol=1e-12, atol=1e-13)
    assert isinstance(g.fun(flat), float)
    assert type(g.jac(flat)) is np.ndarray


@pytest.mark.parametrize("name", ["line-mse", "line-huber", "poisson"])
@pytest.mark.parametrize("target", OTHERS)
def test_a_descent_of_a_target_is_that_of_numpy(target, name):
    f, theirs = made(target, name), made("numpy", name)
    _, data = numbers(f.problem)
    start = [0.1] * len(theirs.bind(**data).parameters)
    for more in ({}, {"method": "sgd", "batch": 7}):
        ours, true = (symgd.descend(h, start=start, rate=0.01, max_iterations=20, **data, **more) for h in (f, theirs))
        np.testing.assert_allclose(ours.points, true.points, rtol=1e-11)
        np.testing.assert_allclose(ours.losses, true.losses, rtol=1e-11)


@pytest.mark.parametrize("target", OTHERS)
def test_it_pickles_by_its_problem_and_bound_with_its_data(target):
    f = made(target, "line-mae")
    theta, data = numbers(f.problem)
    again = pickle.loads(pickle.dumps(f))
    assert again.source == f.source
    assert float(again.loss(*theta, **data)) == float(f.loss(*theta, **data))
    assert copy.deepcopy(f) is f
    g = f.bind(**data)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(g)).jac(np.array(theta)), g.jac(np.array(theta)))


@pytest.mark.parametrize("target", ["numba", "c", "sympy"])
def test_what_is_not_finite_is_refused_with_its_row(target):
    f = made(target, "line-mse")
    with pytest.raises(DataError, match="x, row 2 of 3: nan is not finite"):
        f.gradient(0.5, 0.25, x=[1.0, np.nan, 2.0], y=[1.0, 2.0, 3.0])
    with pytest.raises(DataError, match="w has 1 dimension"):
        f.loss([0.5, 0.6], 0.25, x=[1.0, 2.0], y=[1.0, 2.0])


def test_it_shows_how_it_is_called():
    assert repr(made("c", "line-mse")) == "gradient function of line-mse for c: f.loss_and_gradient(w, b, x=x, y=y)"
