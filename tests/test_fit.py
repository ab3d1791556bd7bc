"""A fit of several features: units there and back, where networks begin, closed forms and least squares, classes, what the results are called."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.data import DataError
from symgd.numeric.descend import descend_bound
from symgd.numeric.exact import exact_least_squares
from symgd.numeric.function import compile_gradient
from symgd.numeric.rates import minimum, rates
from symgd.numeric.scaling import Scaling
from symgd.numeric.shapes import Shapes
from symgd.numeric.study import feature_of, hidden_axes, initial, target_kind, target_of
from symgd.numeric.squares import wide_square
from symgd.numeric.units import Units, units_of
from symgd.term import Name

COLUMNS = ("a", "b", "c")


def seen(name: str, X, **how):
    p = problem(name)
    return units_of(p, feature_of(p), X, COLUMNS[: X.shape[1]] if X.ndim > 1 else ("a",), **{"standard": True, **how})


# ---------------------------------------------------------------- units

# problem -> (what multiplies the features, what is added), and the powers of one feature
SEEN = [
    ("plane-mse", (("w", "b"),), None), ("ridge", (("w", "b"),), None), ("softmax-cross-entropy", (("W", "b"),), None), ("hinge", (("w", "b"),), None),
    ("network-1-hidden-mse", (("W1", "b1"),), None), ("network-2-hidden-softmax", (("W1", "b1"),), None), ("poisson", (("w", "b"),), None),
    ("line-mse", (), {"w": 1, "b": 0}), ("logistic-log-loss", (), {"w": 1, "b": 0}), ("exponential-mse", (), {"w": 1, "b": 0}),
    ("polynomial-mse", (), {"w1": 1, "w2": 2, "w3": 3, "b": 0}), ("proportional-mse", (), {"w": 1}), ("line+gaussian", (), {"w": 1, "b": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pairs", "powers"), SEEN)
def test_where_a_model_sees_its_features(name, pairs, powers):
    p = problem(name)
    X = np.random.default_rng(0).normal(3, 2, (20, 3))
    x = feature_of(p)
    found = units_of(p, x, X if len(x.indices) > 1 else X[:, 0], COLUMNS if len(x.indices) > 1 else ("a",), standard=True)
    assert found.pairs == pairs
    assert found.powers == powers
    assert len(found.scalings) == (3 if pairs else 1)
    assert found.centred == (name != "proportional-mse")
    assert not units_of(p, x, X if len(x.indices) > 1 else X[:, 0], COLUMNS, standard=False).scalings


def test_a_held_intercept_does_not_take_up_a_shift():
    X = np.random.default_rng(0).normal(3, 2, (20, 3))
    assert not seen("plane-mse", X, fixed=["b"]).centred
    assert not units_of(problem("line-mse").hold({"b": Fraction(1)}), Name("x", ("i",)), X[:, 0], ("a",), standard=True).centred


@given(st.integers(0, 10**6), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.sampled_from(["plane-mse", "softmax-cross-entropy", "network-1-hidden-mse"]))
@settings(max_examples=60, deadline=None)
def test_scores_are_the_same_in_both_units(seed, offset, spread, name):
    rng = np.random.default_rng(seed)
    X = rng.normal(offset, spread, (12, 3))
    units = seen(name, X)
    (weight, bias), shape = units.pairs[0], () if name == "plane-mse" else (4,)
    run = {weight: rng.normal(size=(3, *shape)), bias: rng.normal(size=shape) if shape else float(rng.normal()), "other": 7.0}
    own = units.own(run)
    Z = units.features(X)
    size = 1 + np.abs(X) @ np.abs(own[weight]) + np.abs(own[bias])
    assert (np.abs(X @ own[weight] + own[bias] - (Z @ run[weight] + run[bias])) <= 1e-13 * size).all()
    assert own["other"] == 7.0
    back = units.run(own)
    assert np.allclose(back[weight], run[weight], rtol=1e-13)
    assert np.allclose(back[bias], run[bias], rtol=0, atol=1e-12 * (1 + float(size.max())))


@given(st.lists(st.fractions(-5, 5, max_denominator=9), min_size=2, max_size=6), st.fractions(-4, 4, max_denominator=7), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_polynomial_is_the_same_in_both_units_exactly(factors, mean, scale):
    units = Units(powers={f"w{k}": k for k in range(len(factors))}, scalings=(Scaling(float(mean), float(scale)),))
    m, s = Fraction(float(mean)), Fraction(scale)
    run = {f"w{k}": c for k, c in enumerate(factors)}
    own = units.own(run)
    for x in (Fraction(-2), Fraction(1, 3), Fraction(5)):
        assert sum(c * x**k for k, c in enumerate(own.values())) == sum(c * ((x - m) / s) ** k for k, c in enumerate(factors))
    assert units.run(own) == run


def test_what_is_not_finite_stays_so():
    units = seen("plane-mse", np.random.default_rng(0).normal(3, 2, (20, 3)))
    own = units.own({"w": np.array([np.inf, 1.0, np.nan]), "b": 1.0})
    assert np.isfinite(own["w"]).tolist() == [False, True, False]
    assert not math.isfinite(own["b"])
    assert not math.isfinite(Units(powers={"w": 1, "b": 0}, scalings=(Scaling(1.0, 2.0),)).own({"w": math.inf, "b": 0.0})["b"])


# ---------------------------------------------------------------- shapes

NET = Shapes((Name("W", ("j", "k")), Name("v", ("h",)), Name("b")), {"j": 2, "k": 2, "h": 3}, {"j": ("sat v", "hs"), "k": ("no", "yes")})


def test_every_entry_has_a_name():
    assert NET.names() == ["W.sat v.no", "W.sat v.yes", "W.hs.no", "W.hs.yes", "v.1", "v.2", "v.3", "b"]
    assert (NET.size, NET.scalars) == (8, False)


def test_a_flat_vector_is_taken_apart_and_put_together():
    theta = np.arange(8.0)
    parts = NET.split(theta)
    assert (parts["W"].tolist(), parts["v"].tolist(), parts["b"]) == ([[0, 1], [2, 3]], [4, 5, 6], 7.0)
    assert NET.join(parts).tolist() == theta.tolist()
    assert NET.join({"W": 1, "v": 2, "b": 3}).tolist() == [1, 1, 1, 1, 2, 2, 2, 3]


def test_results_are_objects_by_label_and_lists_where_there_is_none():
    assert NET.nested(NET.split(np.arange(8.0))) == {"W": {"sat v": {"no": 0, "yes": 1}, "hs": {"no": 2, "yes": 3}}, "v": [4, 5, 6], "b": 7}


@pytest.mark.parametrize(("name", "places"), [("W", [0, 1, 2, 3]), ("W.hs.yes", [3]), ("v.2", [5]), ("b", [7])])
def test_a_start_names_a_parameter_or_an_entry(name, places):
    assert list(NET.entries({name: 0.5})) == [(places, 0.5)]


def test_a_start_that_names_neither_is_refused():
    with pytest.raises(ValueError, match=r"W.hs is no parameter; the parameters are W, v, b \(one entry: W.sat v.no\)"):
        list(NET.entries({"W.hs": 1}))


# ---------------------------------------------------------------- problems

KINDS = [
    ("line-mse", "number", "y"), ("plane+huber+lasso", "number", "y"), ("logistic-log-loss", "zero-one", "y"), ("logistic-plane+squared", "zero-one", "y"),
    ("plane+log-loss-logits", "zero-one", "y"), ("hinge", "sign", "y"), ("plane+exponential", "sign", "y"), ("poisson", "count", "y"),
    ("exponential+poisson-rate", "count", "y"), ("softmax-cross-entropy", "classes", "t"), ("network-2-hidden-softmax", "classes", "t"),
    ("network-1+log-loss", "zero-one", "y"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "symbol"), KINDS)
def test_each_loss_says_what_it_needs_of_its_target(name, kind, symbol):
    p = problem(name)
    assert (target_kind(p), target_of(p).symbol) == (kind, symbol)


def shapes_of(name: str, features: int, *units: int, classes: int = 0) -> Shapes:
    p = problem(name)
    return Shapes(p.parameters, {"j": features, "k": classes, **dict(zip(hidden_axes(p), units, strict=True))}, {})


def test_a_model_without_hidden_units_begins_at_zero():
    shapes = shapes_of("softmax-cross-entropy", 4, classes=3)
    assert not shapes.join(initial(problem("softmax-cross-entropy"), shapes, 5)).any()


def test_a_network_begins_with_seeded_weights_of_the_size_that_is_told():
    tanh, relu = "network-2+squared", "network-2-relu+squared"
    for name in (tanh, relu):
        shapes = shapes_of(name, 40, 60, 50)
        first, again, other = (initial(problem(name), shapes, seed) for seed in (1, 1, 2))
        assert all((first[k] == again[k]).all() if np.ndim(first[k]) else first[k] == again[k] for k in first)
        assert not (first["W1"] == other["W1"]).any()
        assert not any(np.any(first[b]) for b in ("b1", "b2", "b3"))
    glorot, he = (initial(problem(n), shapes_of(n, 40, 60, 50), 1) for n in (tanh, relu))
    assert np.abs(glorot["W1"]).max() <= math.sqrt(6 / 100) <= 1.02 * np.abs(glorot["W1"]).max()
    assert np.abs(glorot["w3"]).max() <= math.sqrt(6 / 51)
    assert he["W1"].std() == pytest.approx(math.sqrt(2 / 40), rel=0.05)
    assert he["W2"].std() == pytest.approx(math.sqrt(2 / 60), rel=0.05)
    assert np.abs(he["w3"]).max() <= math.sqrt(6 / 51)  # what it feeds is the prediction itself


# ---------------------------------------------------------------- one Gram matrix for all steps

SQUARES = ["plane-mse", "ridge", "plane+half-squared", "plane+sum-of-squares", "plane+sum-of-squares+ridge"]
COMPILED = {name: compile_gradient(derive(problem(name))) for name in SQUARES}


def study(seed: int, rows: int, columns: int, offset: float = 0.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(offset, 1, (rows, columns))
    return X, X @ rng.normal(size=columns) + 3 + rng.normal(size=rows), rng


@pytest.mark.parametrize("name", SQUARES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gram_matrix_gives_what_a_pass_over_the_data_gives(name, weighted):
    f = COMPILED[name]
    for seed, offset in ((0, 0.0), (1, 50.0)):
        X, y, rng = study(seed, 300, 4, offset)
        how = {"weights": rng.random(300) + 0.1} if weighted else {}
        g = f.bind(X=X, y=y, **how)
        assert g.quadratic
        for w, b in ((np.zeros(4), 0.0), (rng.normal(size=4), 2.5)):
            loss, slopes = f.loss_and_gradient(w, b, X=X, y=y, **how)
            ours, mine = g.loss_and_gradient(w, b)
            assert ours == pytest.approx(loss, rel=1e-12)
            assert mine.w == pytest.approx(slopes.w, rel=1e-10)
            assert mine.b == pytest.approx(slopes.b, rel=1e-10)
            assert g.fun(g.flatten(w, b)) == ours


def test_the_loss_near_its_least_is_right_to_the_last_digits_at_any_offset():
    for offset in (0.0, 1e4, 1e7):
        X, y, _ = study(2, 500, 3, offset)
        exact = exact_least_squares([*X.T, np.ones(500)], y)
        rows = zip(X.tolist(), y.tolist(), strict=True)
        residual = [sum((Fraction(v) * t for v, t in zip((*row, 1.0), exact, strict=True)), -Fraction(z)) for row, z in rows]
        least = float(sum(u * u for u in residual) / 500)
        g = COMPILED["plane-mse"].bind(X=X, y=y)
        assert g.fun(np.array([float(t) for t in exact])) == pytest.approx(least, rel=1e-9)
        assert float(g.moments.R) / 500 == pytest.approx(least, rel=1e-11)


@pytest.mark.parametrize("rate", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("name", ["plane-mse", "ridge"])
def test_many_steps_at_once_are_the_steps_of_a_plain_loop(name, rate):
    X, y, _ = study(3, 200, 5)
    f = COMPILED[name]
    g = f.bind(X=X, y=y)
    rate *= rates(g, [0.0] * 6).bound
    trace = descend_bound(g, rate=rate, max_iterations=600, stop="never", start=[1.0] * 6)
    w, b = np.ones(5), 1.0
    for k in range(601):
        assert trace.points[k] == pytest.approx(np.append(w, b), rel=1e-9, abs=1e-11)
        loss, slopes = f.loss_and_gradient(w, b, X=X, y=y)
        assert trace.losses[k] == pytest.approx(loss, rel=1e-12)
        w, b = w - rate * slopes.w, b - rate * slopes.b


def test_a_rate_above_the_bound_diverges_within_the_steps_that_a_plain_loop_needs():
    X, y, _ = study(4, 200, 5)
    g = COMPILED["plane-mse"].bind(X=X, y=y)
    bound = rates(g, [0.0] * 6).bound
    trace = descend_bound(g, rate=3 * bound, max_iterations=1000)
    assert trace.stopped == "diverged"
    losses = []
    theta = np.zeros(6)
    while not losses or losses[-1] <= 1e6 * losses[0]:
        losses.append(g.fun(theta))
        theta = theta - 3 * bound * g.jac(theta)
    assert trace.iterations == len(losses) - 1
    assert descend_bound(g, rate=bound * 1.001, max_iterations=5000).stopped == "diverged"


def test_a_well_conditioned_plane_converges_to_least_squares():
    X, y, _ = study(5, 400, 6)
    g = COMPILED["plane-mse"].bind(X=X, y=y)
    trace = descend_bound(g)
    assert trace.stopped == "converged", trace.says
    A = np.column_stack([X, np.ones(400)])
    assert trace.points[-1] == pytest.approx(np.linalg.lstsq(A, y, rcond=None)[0], rel=1e-12)
    assert trace.gap <= 1e-12
    arrived = [np.sqrt(np.mean((A @ (p - trace.points[-1])) ** 2)) <= 1e-8 * y.std() for p in trace.points]
    assert trace.predicted_iterations == pytest.approx(arrived.index(True), abs=1)


def test_collinear_columns_have_no_single_minimum_but_their_predictions_converge():
    X, y, _ = study(6, 200, 3)
    X = np.column_stack([X, X[:, 0] + X[:, 1]])
    g = COMPILED["plane-mse"].bind(X=X, y=y)
    assert minimum(g) is None
    trace = descend_bound(g)
    assert trace.stopped == "converged", trace.says
    A = np.column_stack([X, np.ones(200)])
    best = np.linalg.lstsq(A, y, rcond=None)[0]  # of least length: where a descent from 0 leads
    assert trace.points[-1] == pytest.approx(best, rel=1e-9)


def test_more_columns_than_rows_are_passed_over_as_data():
    X, y, _ = study(7, 5, 9)
    g = COMPILED["plane-mse"].bind(X=X, y=y)
    assert not g.quadratic
    assert g.fun(np.zeros(10)) == pytest.approx(np.mean(y**2))


@pytest.mark.parametrize("name", ["hinge", "softmax-cross-entropy", "network-1-hidden-mse", "lasso", "plane+huber", "plane+gaussian", "logistic-plane+squared"])
def test_what_is_no_sum_of_squares_is_not_taken_for_one(name):
    assert wide_square(problem(name)) is None


def test_values_that_are_not_finite_are_named_with_their_row():
    X, y, _ = study(8, 30, 3)
    X[7, 1] = np.nan
    with pytest.raises(DataError, match="X, row 8 of 30, column 2: nan is not finite"):
        COMPILED["plane-mse"].bind(X=X, y=y)
    with pytest.raises(DataError, match="the squares of the data leave the range of double precision"):
        COMPILED["plane-mse"].bind(X=np.full((30, 3), 1e200) * (1 + np.arange(90).reshape(30, 3)), y=y)
