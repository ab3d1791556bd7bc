"""What users of gradients expect: SciPy, Hessians, weights, grids, types, data of every origin, copies and pickles."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import pickletools
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.data.arrays import as_column, as_numbers
from symgd.numeric.data.table import DataError
from symgd.numeric.function import compile_gradient
from symgd.numeric.second import MOST
from tests.array_problems import PROBLEMS, SIZES, random_arrays

RNG = np.random.default_rng(6)
x = RNG.normal(2.0, 1.0, 60)
y = 3 * x - 1 + RNG.normal(size=60)
X = RNG.normal(0.5, 1.0, (60, 3))
DATA: dict[str, dict[str, Any]] = {
    "line-mse": {"x": x, "y": y},
    "line-huber": {"x": x, "y": y},
    "exponential-mse": {"x": x / 4, "y": np.exp(x / 8)},
    "logistic-log-loss": {"x": x, "y": (y > 5).astype(float)},
    "plane-mse": {"X": X, "y": X @ [1.0, -2.0, 0.5] + 0.1 * y},
    "ridge": {"X": X, "y": X @ [1.0, -2.0, 0.5] + 0.1 * y},
    "lasso": {"X": X, "y": X @ [1.0, -2.0, 0.5] + 0.1 * y},
    "poisson": {"X": X, "y": RNG.poisson(2.0, 60).astype(float)},
    "softmax-cross-entropy": {"X": X, "t": np.eye(3)[RNG.integers(0, 3, 60)]},
    "network-1-hidden-mse": {"X": X, "y": np.tanh(X @ [1.0, -2.0, 0.5])},
}
UNITS = {"network-1-hidden-mse": {"h": 2}}


@pytest.fixture(scope="module")
def functions():
    return {name: compile_gradient(derive(problem(name))) for name in DATA}


def bound(functions, name: str, **more: Any):
    return functions[name].bind(**DATA[name], sizes=UNITS.get(name), **more)


def start(g, seed: int = 3):
    return np.random.default_rng(seed).normal(0.3, 0.5, len(g.parameters))


def differences(g, theta):
    """The second derivatives by central differences of the gradient."""
    h = 1e-5
    return np.array([(g.jac(theta + h * e) - g.jac(theta - h * e)) / (2 * h) for e in np.eye(len(theta))])


# ---------------------------------------------------------------- SciPy


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG", "trust-exact", "TNC"])
@pytest.mark.parametrize("name", ["line-mse", "logistic-log-loss", "plane-mse", "poisson"])
def test_fun_jac_and_hess_go_straight_into_scipy(name: str, method: str, functions) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    g = bound(functions, name)
    needs = {"hess": g.hess} if method in ("Newton-CG", "trust-exact") else {}
    found = optimize.minimize(g.fun, np.zeros(len(g.parameters)), jac=g.jac, method=method, **needs)
    assert np.abs(g.jac(found.x)).max() < 1e-3
    lowest = optimize.minimize(g.fun, found.x, jac=g.jac, method="trust-exact", hess=g.hess)
    assert found.fun == pytest.approx(lowest.fun, rel=1e-5)


@pytest.mark.parametrize("name", DATA)
def test_scipys_own_check_agrees_with_the_gradient(name: str, functions) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    g = bound(functions, name)
    theta = start(g)
    assert optimize.check_grad(g.fun, g.jac, theta) < 1e-5 * max(1.0, np.abs(g.jac(theta)).max())


# ---------------------------------------------------------------- second derivatives


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", DATA)
def test_hess_is_the_slope_of_jac(name: str, weighted: bool, functions) -> None:
    g = bound(functions, name, weights=np.linspace(0.5, 2.0, 60) if weighted else None)
    theta = start(g)
    H, D = g.hess(theta), differences(g, theta)
    assert H.shape == (len(theta),) * 2
    np.testing.assert_allclose(H, H.T, rtol=1e-14)
    np.testing.assert_allclose(H, D, rtol=0, atol=1e-7 * np.abs(D).max())


@pytest.mark.parametrize("k", ["scores", "other pairs", "log det", "softmax", "centred columns", "each alike"])
def test_hess_is_the_slope_of_jac_for_arrays_of_every_kind(k: str) -> None:
    f = compile_gradient(derive(PROBLEMS[k]))
    arrays = random_arrays(f.problem, SIZES[0])
    g = f.bind(**{d: arrays[d] for d in f.data}, sizes=SIZES[0])
    theta = g.flatten(*(arrays[p] for p in f.parameters))
    D = differences(g, theta)
    np.testing.assert_allclose(g.hess(theta), D, rtol=0, atol=1e-6 * max(1.0, np.abs(D).max()))


def test_the_hessian_by_named_parameters_is_that_of_the_flat_vector(functions) -> None:
    for name in ("line-huber", "poisson"):
        g = bound(functions, name)
        theta = start(g)
        point = g.unflatten(theta) if name == "poisson" else theta
        assert (g.hessian(*point) == g.hess(theta)).all()


def test_the_hessian_of_a_quadratic_loss_needs_no_place_and_another_one_does(functions) -> None:
    g = bound(functions, "line-mse")
    assert (g.hessian() == g.hess([5.0, 6.0])).all()
    for name in ("logistic-log-loss", "poisson"):
        with pytest.raises(ValueError, match="change from place to place"):
            bound(functions, name).hessian()


def test_a_hessian_of_very_many_parameters_is_refused(functions) -> None:
    wide = np.ones((2, MOST + 1))
    g = functions["poisson"].bind(X=wide, y=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"1,002 numbers.*1,000 at most"):
        g.hess(np.zeros(MOST + 2))


# ---------------------------------------------------------------- types


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1.0, 2.0]), np.float64), (np.array([1, 2], np.float32), np.float32), (np.array([1, 2], np.float16), np.float64),
        (np.array([1, 2], np.longdouble), np.float64), (np.array([1, 2], np.int8), np.float64), (np.array([1, 2], np.uint64), np.float64),
        (np.array([True, False]), np.float64), ([1, 2.5], np.float64), ((1, 2), np.float64), ([Fraction(1, 3), Decimal("0.5")], np.float64),
        (np.array([1.0, 2.0], ">f8"), np.float64), (3, np.float64),
    ],
)  # fmt: skip
def test_the_type_of_what_comes_in_says_the_type_that_is_computed_with(values, kind) -> None:
    found = as_numbers(values, "x")
    assert found.dtype == kind
    np.testing.assert_allclose(found, np.asarray(values).astype(np.float64))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1j, 2], "x holds complex128 values; numbers are needed"),
        (["1", "2"], "x holds <U1 values; numbers are needed"),
        (np.array(["2020-01-01"], "M8[D]"), r"x holds datetime64\[D\] values; numbers are needed"),
        ([1.0, None, 2.0], "x, row 2 of 3 is missing"),
        ([[1.0, 2.0], [1.0, None]], "x, row 2 of 2, column 2 is missing"),
        (np.array([1, "a"], dtype=object), "x, row 2 of 2 is str; numbers are needed"),
        ([1, 2j], "x holds complex128"),
        (np.array([1, 2j], dtype=object), "x, row 2 of 2 is complex; numbers are needed"),
        ([[1.0], [1.0, 2.0]], "x is ragged"),
        ([10**400, 1], "x, row 1 of 2 is beyond double precision"),
        (np.ma.array([1.0, 2.0, 3.0], mask=[False, False, True]), "x, row 3 of 3 is masked"),
        (np.ma.array([[1.0, 2.0]], mask=[[False, True]]), "x, row 1 of 1, column 2 is masked"),
    ],
)
def test_what_is_no_number_is_refused_with_its_row(values, says: str) -> None:
    with pytest.raises(DataError, match=says):
        as_numbers(values, "x")


def test_a_masked_array_without_a_masked_place_is_an_array() -> None:
    assert as_column(np.ma.array([1.0, 2.0], mask=False), "x").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", DATA)
def test_what_is_not_finite_is_refused_with_its_row(name: str, bad: float, functions) -> None:
    key = next(iter(DATA[name]))
    spoiled = np.array(DATA[name][key])
    spoiled[(4, *(1,) * (spoiled.ndim - 1))] = bad
    data = {**DATA[name], key: spoiled}
    g = bound(functions, name)
    point = g.unflatten(start(g)) if hasattr(g, "unflatten") else start(g)
    where = f"{key}, row 5 of 60" + (", column 2" if spoiled.ndim == 2 else "")
    for use in (
        lambda f: f.bind(**data, sizes=UNITS.get(name)), lambda f: f.gradient(*point, **data), lambda f: f.loss(*point, **data),
        lambda f: f.per_sample(*point, **data), lambda f: f.loss(*point, **data, weights=np.ones(60)),
    ):  # fmt: skip
        with pytest.raises(DataError, match=f"^{where}: -?(nan|inf) is not finite"):
            use(functions[name])


@pytest.mark.parametrize(("kind", "atol"), [(np.float32, 1e-4), (np.float64, 0.0)])
def test_arrays_of_float32_alone_are_computed_in_float32_and_stay_so(kind, atol: float, functions) -> None:
    f = functions["poisson"]
    data = {k: v.astype(kind) for k, v in DATA["poisson"].items()}
    w = np.array([0.1, 0.2, 0.3], kind)
    slopes = f.gradient(w, 0.5, **data)
    assert slopes.w.dtype == kind
    g = f.bind(**data)
    assert g.gradient(w, 0.5).w.dtype == kind
    np.testing.assert_allclose(slopes.w, f.gradient(w.astype(float), 0.5, **DATA["poisson"]).w, atol=atol, rtol=1e-5)


def test_float32_data_and_a_float64_vector_are_computed_in_float64(functions) -> None:
    data = {k: v.astype(np.float32) for k, v in DATA["poisson"].items()}
    g = functions["poisson"].bind(**data)
    theta = np.array([0.1, 0.2, 0.3, 0.5])
    exact = functions["poisson"].bind(**{k: v.astype(np.float64) for k, v in data.items()})
    assert g.jac(theta).dtype == np.float64
    assert (g.jac(theta) == exact.jac(theta)).all()
    assert g.fun(theta) == exact.fun(theta)


def test_float32_columns_are_computed_in_float64(functions) -> None:
    f = functions["line-mse"]
    narrow = {k: v.astype(np.float32) for k, v in DATA["line-mse"].items()}
    assert f.gradient(1.0, 2.0, **narrow) == f.gradient(1.0, 2.0, **{k: v.astype(np.float64) for k, v in narrow.items()})


@pytest.mark.parametrize("order", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a[::-1][::-1], np.ndarray.tolist])
@pytest.mark.parametrize("name", ["line-mse", "plane-mse", "softmax-cross-entropy"])
def test_order_and_stride_of_the_data_do_not_matter(name: str, order, functions) -> None:
    g = bound(functions, name)
    other = functions[name].bind(**{k: order(v) for k, v in DATA[name].items()})
    theta = start(g)
    np.testing.assert_allclose(other.jac(theta), g.jac(theta), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("bad", ["1.0", 1j, np.array([1j]), None, np.datetime64("2020-01-01")])
def test_a_parameter_that_is_no_number_is_refused(bad, functions) -> None:
    with pytest.raises(DataError, match="w"):
        functions["line-mse"].loss(bad, 1.0, x=x, y=y)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0]}, "x has 3, y has 2"),
        ({"x": 3.0, "y": [1.0]}, "x has 0 dimensions"),
        ({"x": np.ones((3, 1)), "y": [1.0, 2.0, 3.0]}, "x has 2 dimensions"),
        ({"x": [], "y": []}, "x is empty"),
    ],
)
def test_columns_of_other_shapes_are_refused_with_both_lengths(data, says: str, functions) -> None:
    with pytest.raises(DataError, match=says):
        functions["line-mse"].loss(1.0, 1.0, **data)


def test_weights_of_another_length_or_below_zero_are_refused(functions) -> None:
    with pytest.raises(DataError, match="x has 60, y has 60, weights has 3"):
        bound(functions, "line-mse", weights=[1, 2, 3])
    with pytest.raises(DataError, match="weights has 3, and there are 60 samples"):
        bound(functions, "ridge", weights=[1, 2, 3])
    with pytest.raises(DataError, match=r"row 2 of 60 is -1\.0"):
        bound(functions, "ridge", weights=np.where(np.arange(60) == 1, -1.0, 1.0))


# ---------------------------------------------------------------- data frames


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_a_data_frame_are_columns(library: str, functions) -> None:
    frames = pytest.importorskip(library)
    table = frames.DataFrame({"x": x, "y": y, "k": np.arange(60)})
    f = functions["line-mse"]
    assert f.gradient(1.0, 2.0, x=table["x"], y=table["y"]) == f.gradient(1.0, 2.0, x=x, y=y)
    assert f.bind(x=table["k"], y=table["y"]).fun([1.0, 2.0]) == f.bind(x=np.arange(60.0), y=y).fun([1.0, 2.0])
    names = [f"c{j}" for j in range(3)]
    wide = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    g = functions["plane-mse"]
    assert g.loss([1.0, 2.0, 3.0], 0.5, X=wide, y=table["y"]) == pytest.approx(g.loss([1.0, 2.0, 3.0], 0.5, X=X, y=y), rel=1e-14)
    with pytest.raises(DataError, match=r"x, row 2 of 3"):
        f.loss(1.0, 2.0, x=frames.Series([1, None, 3]), y=[1.0, 2.0, 3.0])
    with pytest.raises(DataError, match="x"):
        f.loss(1.0, 2.0, x=frames.Series(["a", "b", "c"]), y=[1.0, 2.0, 3.0])


def test_a_nullable_column_of_pandas_is_refused_at_its_missing_row(functions) -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match=r"x, row 3 of 3"):
        functions["line-mse"].loss(1.0, 2.0, x=pandas.Series([1, 2, None], dtype="Int64"), y=[1.0, 2.0, 3.0])


class Foreign:
    """A column of a library that NumPy does not know, but that knows NumPy."""

    def to_numpy(self):
        return np.array([1, 2, 3])


def test_whatever_turns_itself_into_an_array_is_a_column() -> None:
    assert as_column(Foreign(), "x").tolist() == [1.0, 2.0, 3.0]


# ---------------------------------------------------------------- weights, samples, grids


@pytest.mark.parametrize("name", DATA)
def test_whole_weights_are_repeated_rows(name: str, functions) -> None:
    f = functions[name]
    weights = np.arange(60) % 3
    g = bound(functions, name, weights=weights)
    many = f.bind(**{k: np.repeat(v, weights, axis=0) for k, v in DATA[name].items()}, sizes=UNITS.get(name))
    theta = start(g)
    assert g.fun(theta) == pytest.approx(many.fun(theta), rel=1e-12)
    np.testing.assert_allclose(g.jac(theta), many.jac(theta), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["line-mse", "line-huber", "logistic-log-loss", "plane-mse", "poisson", "softmax-cross-entropy", "network-1-hidden-mse"])
def test_the_gradient_is_the_mean_of_the_samples_gradients(name: str, functions) -> None:
    g = bound(functions, name)
    point = g.unflatten(start(g)) if hasattr(g, "unflatten") else start(g)
    each = functions[name].per_sample(*point, **DATA[name])
    means = each.mean(axis=0) if isinstance(each, np.ndarray) else [a.mean(axis=0) for a in each]
    for mean, whole in zip(means, functions[name].gradient(*point, **DATA[name]), strict=True):
        np.testing.assert_allclose(mean, whole, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["line-mse", "line-huber", "logistic-log-loss", "exponential-mse"])
def test_a_grid_of_parameters_is_computed_by_broadcasting(name: str, functions) -> None:
    f, g = functions[name], bound(functions, name)
    first, second = np.linspace(-1, 1, 4)[:, None], np.linspace(0, 2, 3)
    loss, slopes = f.loss_and_gradient(first, second, **DATA[name])
    assert loss.shape == slopes[0].shape == slopes[1].shape == (4, 3)
    np.testing.assert_allclose(loss, g.loss(first, second), rtol=1e-12)
    for at in np.ndindex(4, 3):
        assert loss[at] == pytest.approx(f.loss(first[at[0], 0], second[at[1]], **DATA[name]), rel=1e-12)


# ---------------------------------------------------------------- copies and pickles


def same(a, b, theta) -> bool:
    return a.fun(theta) == b.fun(theta) and (a.jac(theta) == b.jac(theta)).all() and a.parameters == b.parameters and repr(a) == repr(b)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", DATA)
def test_a_bound_loss_pickles_and_copies_with_its_data(name: str, weighted: bool, functions) -> None:
    g = bound(functions, name, weights=np.linspace(0.5, 2.0, 60) if weighted else None)
    theta = start(g)
    for again in (pickle.loads(pickle.dumps(g)), copy.copy(g), copy.deepcopy(g), pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(g))))):
        assert same(again, g, theta)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(g)).hess(theta), g.hess(theta), rtol=1e-12)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_function_pickles_by_its_record_and_never_by_code(protocol: int, functions) -> None:
    f = functions["line-huber"]
    text = pickle.dumps(f, protocol)
    again = pickle.loads(text)
    assert (again.source, again.bound_source, again.derivation) == (f.source, f.bound_source, f.derivation)
    assert repr(again) == repr(f)
    called = [arg for op, arg, _ in pickletools.genops(text) if op.name == "GLOBAL"]
    assert called in ([], ["symgd.numeric.function _again"])
    assert b"def loss" not in text
    assert b"np.multiply" not in text


def test_a_spoiled_record_in_a_pickle_is_refused(functions) -> None:
    make, (record,) = functions["line-mse"].__reduce__()
    from symgd.records import RecordError

    for bad in (record.replace('"w"', '"__class__"'), record[:-10], "{}", record.replace('"symgd": 1', '"symgd": 2')):
        assert bad != record
        with pytest.raises(RecordError):
            make(bad)


def test_a_function_copies_as_itself(functions) -> None:
    f = functions["line-mse"]
    assert copy.copy(f) is f
    assert copy.deepcopy({"f": f})["f"] is f


@pytest.mark.parametrize("name", ["line-mse", "softmax-cross-entropy"])
def test_problems_and_gradients_pickle_and_copy(name: str, functions) -> None:
    gradient = functions[name].derivation
    for thing in (gradient, gradient.problem):
        assert pickle.loads(pickle.dumps(thing)) == thing
        assert copy.deepcopy(thing) == thing
        assert hash(copy.copy(thing)) == hash(thing)


def test_a_process_of_its_own_computes_the_same(functions) -> None:
    g = bound(functions, "poisson")
    theta = start(g)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (found,) = pool.map(g.jac, [theta])
        loss = pool.apply(functions["line-mse"].loss, (1.0, 2.0), DATA["line-mse"])
    assert (found == g.jac(theta)).all()
    assert loss == functions["line-mse"].loss(1.0, 2.0, **DATA["line-mse"])


def test_the_package_says_that_it_is_typed() -> None:
    assert files("symgd").joinpath("py.typed").is_file()
