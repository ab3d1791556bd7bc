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

NAMES = ["line-ridge", "logistic-log-loss", "ridge", "poisson", "network-1-hidden-mse"]
X = Name("x", ("i",))
COMPARED = build((Name("L"), Sum("i", Sum("i'", Call("exp", (Match("i", "i'") * Name("w") * X,))))), parameters=(Name("w"),), data=(X,), count=())
OTHERS = [t for t in TARGETS if t != "numpy"]


SAID = [(t, name) for t in OTHERS for name in NAMES if t != "sympy" or name in FLAT]  # SymPy's expressions are of numbers


@cache
def made(target: str, name: str):
    need(target)
    return symgd.compile(symgd.derive(problem(name)), target=target)


def plain(v):
    return np.asarray(v, dtype=float)


@pytest.mark.parametrize(("target", "name"), SAID)
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
@pytest.mark.parametrize(("target", "name"), SAID)
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


@pytest.mark.parametrize(("target", "name"), [(t, name) for t, name in SAID if name in ("line-ridge", "logistic-log-loss", "poisson")])
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


# ---------------------------------------------------------------- the sums of a sum of squares, compiled


def rows(n, offset=0.0):
    rng = np.random.default_rng(n)
    x = offset + rng.normal(3.0, 1.0, n)
    return x, 0.5 * x + rng.normal(0.0, 1.0, n)


def outlier_first():
    x, y = rows(5_000)
    x = np.sort(x)
    x[0] = 1e9
    return x, y


COLUMNS = {
    "few": rows(41), "one": rows(1), "two": rows(2), "a piece": rows(2_048), "pieces": rows(10_001), "far": rows(5_000, 1e8), "outlier first": outlier_first(),
    "strided": tuple(c[::3] for c in rows(9_000)), "constant y": (rows(100)[0], np.full(100, 2.5)), "constant x": (np.full(100, 0.1), rows(100)[1]),
}  # fmt: skip
SQUARES = ["line-mse", "line-ridge", "constant-mse", "proportional-mse", "polynomial-mse"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "case"), [(s, c) for s in SQUARES for c in COLUMNS if s != "polynomial-mse" or c not in ("far", "outlier first")])
def test_the_compiled_pass_takes_the_moments_that_numpy_takes(name, case, weighted):
    f = made("numba", name)
    data = {s: c for s, c in zip("xy", COLUMNS[case], strict=True) if s in f.data}
    m = np.random.default_rng(3).uniform(0.5, 2.0, len(data["y"])) if weighted else None
    ours, theirs = f.bind(weights=m, **data), f.numpy.bind(weights=m, **data)
    assert f.reduced is not None
    size = float(np.mean(data["y"] ** 2))
    np.testing.assert_allclose(ours.moments.S, theirs.moments.S, rtol=2e-15)
    np.testing.assert_allclose(ours.moments.R, theirs.moments.R, rtol=1e-14 if len(ours.moments.S) < 2 else 1e-12, atol=1e-16 * size)
    np.testing.assert_allclose((ours.moments.n, *ours.moments.means), (theirs.moments.n, *theirs.moments.means), rtol=4e-16)
    best = np.linalg.lstsq(ours.hessian(), -ours.jac(np.zeros(len(f.parameters))))[0]
    np.testing.assert_allclose(ours.fun(best), theirs.fun(best), rtol=1e-13, atol=1e-15 * size)


@pytest.mark.parametrize("case", [c for c in COLUMNS if c != "outlier first"])
@pytest.mark.parametrize("name", SQUARES)
def test_a_compiled_descent_ends_where_a_descent_ends(name, case):
    f = made("numba", name)
    data = {s: np.ascontiguousarray(c) for s, c in zip("xy", COLUMNS[case], strict=True) if s in f.data}
    g, count = f.numpy.bind(**data), len(f.parameters)
    rate = 1.0 / np.linalg.eigvalsh(g.hessian())[-1]
    constants = {c: v for c, v in f.constants.items() if v is None}
    start = [0.1] * count
    ours = f.reduced.functions["descend"](*start, *(data[s] for s in f.data), *(0.3 if v is None else v for v in f.constants.values()), rate, 300)
    theirs = symgd.descend(f.numpy, start=start, rate=float(rate), max_iterations=300, stop="never", keep="ends", **data, **dict.fromkeys(constants, 0.3))
    np.testing.assert_allclose(ours, theirs.points[-1], rtol=1e-12, atol=1e-16)


def test_only_sums_are_rearranged_in_the_compiled_pass():
    text = made("numba", "line-mse").reduced.source
    assert text.count("reassoc") == 1
    assert text.count("@added\ndef plus") == text.count("@added") == 2
    assert made("numba", "logistic-log-loss").reduced is None
    assert made("c", "line-mse").reduced is None


def test_a_compiled_pass_refuses_what_numpy_refuses():
    f = made("numba", "line-mse")
    with pytest.raises(DataError, match="y, row 2 of 3: nan is not finite"):
        f.bind(x=[1.0, 2.0, 3.0], y=[1.0, np.nan, 3.0])
    with pytest.raises(DataError, match="range of double precision"):
        f.bind(x=[1e200, 2.0, 3.0], y=[1.0, 2.0, 3.0])
