"""A fit of several features: units there and back, where networks begin, closed forms and least squares, classes, what the results are called."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.cli import main
from symgd.document.plain import width
from symgd.numeric.data.table import DataError, example, read_csv
from symgd.numeric.descent.descend import descend, descend_bound
from symgd.numeric.closed.exact import exact_least_squares
from symgd.numeric.function import compile_gradient
from symgd.numeric.descent.rates import minimum, rates
from symgd.numeric.data.scaling import Scaling
from symgd.numeric.data.shapes import Shapes
from symgd.numeric.data.study import feature_of, hidden_axes, initial, target_kind, target_of
from symgd.numeric.bound.squares import wide_square
from symgd.numeric.data.units import Units, units_of
from symgd.pictures.predicted import predicted_against_actual
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


def test_a_loss_with_the_logarithm_of_its_target_is_not_for_classes():
    with pytest.raises(DataError, match="take softmax-cross-entropy"):
        target_kind(problem("softmax+kl-divergence"))


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


def test_a_trace_of_arrays_gives_them_back_with_their_shapes():
    X, y, _ = study(9, 60, 3)
    trace = descend(COMPILED["plane-mse"], X=X, y=y, max_iterations=7)
    assert trace.values["w"].shape == (3,)
    assert [*trace.values["w"], trace.values["b"]] == trace.points[-1].tolist() == list(trace.point.values())
    assert list(trace.point) == ["w[0]", "w[1]", "w[2]", "b"]
    x = X[:, 0]
    assert descend(compile_gradient(derive(problem("line-mse"))), x=x, y=y).values.keys() == {"w", "b"}


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


# ---------------------------------------------------------------- the picture


def test_predictions_are_drawn_against_what_is() -> None:
    drawing = predicted_against_actual([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], label="price", points_are="houses")
    assert drawing.title == "Predicted and actual price"
    assert "3 houses" in drawing.description
    assert dict(drawing.table.rows)["root mean square error"] == "0.645497"  # √((0.5² + 0 + 1²)/3)
    assert drawing.svg.count("h0") == 3 + 1  # and one in the key
    for predicted, actual in (([], []), ([1.0], [1.0, 2.0]), ([float("nan")], [1.0])):
        with pytest.raises(ValueError, match=r"prediction|value"):
            predicted_against_actual(predicted, actual)


# ---------------------------------------------------------------- the command

Run = Callable[..., tuple[int, str, str]]
GPA = example()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """symgd fit WORDS… in a folder that holds people.csv: (exit status, stdout, stderr)"""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    age, hours, sex = rng.integers(18, 70, 200), np.round(rng.gamma(3, 2, 200), 1), rng.choice(["m", "f", "x"], 200)
    passed = np.where(rng.random(200) < 1 / (1 + np.exp(-0.9 * (hours - 6) - 0.05 * (age - 40))), "yes", "no")
    calls = rng.poisson(np.exp(0.2 * hours - 0.5))
    grade = np.array(["A", "B", "C"])[(np.stack([0.3 * hours, 0.05 * age, np.full(200, 2.0)], 1) + rng.gumbel(size=(200, 3))).argmax(1)]
    rows = zip(age, hours, sex, passed, calls, grade, strict=True)
    Path("people.csv").write_text("age,hours,sex,passed,calls,grade\n" + "".join(",".join(map(str, r)) + "\n" for r in rows))

    def typed(*words: str) -> tuple[int, str, str]:
        status: Any = None
        try:
            status = main(["fit", *words])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return typed


def named(*features: str) -> list[str]:
    return [word for f in features for word in ("--feature", f)]


PEOPLE = ["people.csv", "--target"]


def result(run: Run, *words: str, status: int = 0) -> dict[str, Any]:
    found = run(*words, "--json")
    assert (found[0], found[2]) == (status, "")
    data: dict[str, Any] = json.loads(found[1])
    return data


def least_squares(y, *columns):
    return np.linalg.lstsq(np.column_stack([*columns, np.ones(len(y))]), y, rcond=None)[0]


def test_several_features_are_a_plane_and_its_weights_those_of_least_squares(run: Run) -> None:
    columns = ["hs_gpa", "sat_m", "sat_v"]
    data = result(run, *named(*columns))
    best = least_squares(GPA["fy_gpa"], *(GPA[c] for c in columns))
    assert (data["problem"], data["features"], data["stopped"], data["cross_check"]) == ("plane-mse", columns, "converged", True)
    assert list(data["parameters"]["w"]) == columns
    for way in ("parameters", "closed_form"):
        assert list(data[way]["w"].values()) == pytest.approx(best[:-1], rel=1e-10)
        assert data[way]["b"] == pytest.approx(best[-1], rel=1e-10)
    assert data["gap"] <= 1e-13
    assert data["standardised"]["sat_m"]["mean"] == pytest.approx(GPA["sat_m"].mean())


def test_the_closed_form_is_exact_and_rounded_once(run: Run) -> None:
    exact = exact_least_squares([GPA["sat_v"], GPA["hs_gpa"], np.ones(1000)], GPA["fy_gpa"])
    found = result(run, *named("sat_v", "hs_gpa"))["closed_form"]
    assert [*found["w"].values(), found["b"]] == list(map(float, exact))


def test_a_category_is_compared_with_its_reference(run: Run) -> None:
    data = result(run, *named("sat_v"), "--one-hot", "sex")
    best = least_squares(GPA["fy_gpa"], GPA["sat_v"], GPA["sex"] == 2)
    assert data["features"] == ["sat_v", "sex=2"]
    assert list(data["parameters"]["w"].values()) == pytest.approx(best[:-1], rel=1e-10)
    assert "the reference is sex=1" in plain(run(*named("sat_v"), "--one-hot", "sex")[1])


def plain(out: str) -> str:
    return out.replace("\n             ", " ")


def test_collinear_columns_are_named_before_the_first_step(run: Run) -> None:
    words = named("sat_v", "sat_m", "sat_sum")
    status, out, _ = run(*words)
    assert status == 0
    assert plain(out).index("sat_sum = sat_v + sat_m") < out.index("step ")
    data = result(run, *words)
    assert (data["closed_form"], data["gap"], data["collinear"]) == (None, None, ["sat_sum = sat_v + sat_m"])
    assert re.search("There is no closed form: the data do not determine one solution: .*sat_sum = sat_v \\+ sat_m", data["says"])
    best = least_squares(GPA["fy_gpa"], GPA["sat_v"], GPA["sat_m"])
    assert data["loss"] == pytest.approx(np.mean((np.column_stack([GPA["sat_v"], GPA["sat_m"], np.ones(1000)]) @ best - GPA["fy_gpa"]) ** 2), rel=1e-12)


def test_a_penalty_shares_the_weight_of_collinear_columns(run: Run) -> None:
    data = result(run, *named("sat_v", "sat_m", "sat_sum"), "--problem", "ridge")
    assert data["cross_check"] is True
    assert "sat_sum = sat_v + sat_m: only the penalty determines how these columns share their weight." in data["says"]


@pytest.mark.parametrize("degree", [2, 3])
def test_a_polynomial_is_that_of_least_squares_in_the_units_of_the_data(run: Run, degree: int) -> None:
    data = result(run, *named("hs_gpa"), "--degree", str(degree), "--max-iterations", "100000")
    best = np.polyfit(GPA["hs_gpa"], GPA["fy_gpa"], degree)[::-1]
    assert data["stopped"] == "converged"
    assert data["cross_check"] is True
    assert [data["parameters"][p] for p in ("b", *(f"w{k}" for k in range(1, degree + 1)))] == pytest.approx(best, rel=1e-8)


def test_a_penalty_acts_on_the_scale_that_is_said(run: Run) -> None:
    X, y = np.column_stack([GPA["sat_v"], GPA["hs_gpa"]]), GPA["fy_gpa"]
    words = [*named("sat_v", "hs_gpa"), "--problem", "ridge", "--constant", "lam=0.5"]
    for raw, scale in ((True, np.ones(2)), (False, X.std(axis=0))):
        Z, centre = X / scale - (X / scale).mean(axis=0), y.mean()
        w = np.linalg.solve(Z.T @ Z / 1000 + 0.5 * np.eye(2), Z.T @ (y - centre) / 1000) / scale
        data = result(run, *words, *["--raw"] * raw, "--max-iterations", "10")
        assert list(data["closed_form"]["w"].values()) == pytest.approx(w, rel=1e-10)
        assert data["closed_form"]["b"] == pytest.approx(centre - X.mean(axis=0) @ w, rel=1e-10)
    assert "λ = 0.5, on the weights of the standardised features" in plain(run(*words)[1])
    assert "λ = 0.5, on the weights in the data's own units" in plain(run(*words, "--raw")[1])


def newton(slope, bend, theta):
    for _ in range(50):
        theta = theta - np.linalg.solve(bend(theta), slope(theta))
    return theta


def people_columns(*names: str):
    t = read_csv("people.csv", texts=None)
    return np.column_stack([*(t[n] for n in names), np.ones(200)]), t


def test_a_logistic_plane_is_that_of_newtons_method_and_counts_its_classes(run: Run) -> None:
    data = result(run, *PEOPLE, "passed", *named("hours", "age"), "--problem", "logistic-plane+log-loss")
    A, t = people_columns("hours", "age")
    y = np.array([c == "yes" for c in t.text("passed")]) * 1.0
    p = lambda w: 1 / (1 + np.exp(-A @ w))  # noqa: E731
    best = newton(lambda w: A.T @ (p(w) - y), lambda w: (A.T * (p(w) * (1 - p(w)))) @ A, np.zeros(3))
    assert data["stopped"] == "converged"
    assert [*data["parameters"]["w"].values(), data["parameters"]["b"]] == pytest.approx(best, rel=1e-7)
    right = (p(best) >= 0.5) == y
    assert data["classes"] == ["no", "yes"]
    assert data["accuracy"] == right.mean()
    assert data["confusion"]["no"]["yes"] == int((~right & (y == 0)).sum())
    assert sum(v for row in data["confusion"].values() for v in row.values()) == 200
    assert (data["closed_form"], data["gap"]) == (None, None)
    assert "There is no closed form" in data["says"]
    Z = (A[:, :2] - A[:, :2].mean(axis=0)) / A[:, :2].std(axis=0)
    Z = np.column_stack([Z, np.ones(200)])
    assert data["rate_bound"] == pytest.approx(2 / np.linalg.eigvalsh(Z.T @ Z / 800)[-1])  # no second derivative of log-loss is above ¼
    assert "bound for all weights" in data["says"]


def test_counts_are_fitted_as_by_newtons_method(run: Run) -> None:
    data = result(run, *PEOPLE, "calls", *named("hours", "age"), "--problem", "poisson", "--max-iterations", "5000")
    A, t = people_columns("hours", "age")
    best = newton(lambda w: A.T @ (np.exp(A @ w) - t["calls"]), lambda w: (A.T * np.exp(A @ w)) @ A, np.array([0.0, 0.0, 1.0]))
    assert data["stopped"] == "converged"
    assert [*data["parameters"]["w"].values(), data["parameters"]["b"]] == pytest.approx(best, rel=1e-7)


def test_softmax_has_weights_for_each_class(run: Run) -> None:
    data = result(run, *PEOPLE, "grade", *named("hours", "age"), "--problem", "softmax-cross-entropy")
    W, b = data["parameters"]["W"], data["parameters"]["b"]
    assert (list(W), list(W["age"]), list(b)) == (["hours", "age"], ["A", "B", "C"], ["A", "B", "C"])
    A, t = people_columns("hours", "age")
    z = A[:, :2] @ np.array([list(W[f].values()) for f in W]) + np.array(list(b.values()))
    chosen = np.array(["A", "B", "C"])[z.argmax(axis=1)]
    assert data["accuracy"] == np.mean(chosen == np.array(t.text("grade")))
    assert sum(b.values()) == pytest.approx(0, abs=1e-9)  # what is the same for all classes stays 0


def test_softmax_says_that_its_weights_count_beside_each_other(run: Run) -> None:
    words = [*PEOPLE, "grade", *named("hours"), "--max-iterations", "2", "--problem"]
    assert "they count beside each other" in plain(run(*words, "softmax-cross-entropy")[1])
    assert "they count beside each other" not in plain(run(*words, "softmax+softmax-cross-entropy+ridge")[1])


def test_hinge_tells_which_class_is_plus_one(run: Run) -> None:
    out = run(*PEOPLE, "passed", *named("hours", "age"), "--problem", "hinge")[1]
    assert "passed: yes is +1, no is −1." in out
    assert "predicted no  predicted yes" in out


def test_classes_that_can_be_told_apart_have_no_minimum(run: Run) -> None:
    Path("apart.csv").write_text("x,c\n1,a\n2,a\n3,b\n4,b\n")
    data = result(run, "apart.csv", "--problem", "logistic-log-loss")
    assert data["accuracy"] == 1
    assert "the loss has no minimum" in data["says"]
    assert "the loss has no minimum" not in result(run, "apart.csv", "--problem", "logistic+log-loss+ridge")["says"]


def test_a_network_is_fitted_and_the_same_seed_gives_the_same_bytes(run: Run) -> None:
    words = [*PEOPLE, "calls", *named("hours", "age"), "--problem", "network-1-hidden-mse", "--hidden", "3", "--max-iterations", "200"]
    first, again, other = (run(*words, "--json", "--seed", seed)[1] for seed in ("4", "4", "5"))
    assert first == again != other
    data = json.loads(first)
    assert (list(data["parameters"]["W1"]), len(data["parameters"]["b1"]), data["closed_form"]) == (["hours", "age"], 3, None)
    calls = people_columns("hours")[1]["calls"]
    assert data["loss"] < calls.var()
    out = run(*words)[1]
    assert "random weights for 3 hidden units" in plain(out)


def test_hidden_layers_have_the_widths_that_are_named(run: Run) -> None:
    words = [*PEOPLE, "grade", *named("hours"), "--problem", "network-2-hidden-softmax", "--max-iterations", "3"]
    data = result(run, *words, "--hidden", "4,2")
    assert (len(data["parameters"]["b1"]), len(data["parameters"]["b2"]), list(data["parameters"]["b3"])) == (4, 2, ["A", "B", "C"])


def test_the_start_and_what_is_held_are_in_the_units_of_the_data(run: Run) -> None:
    words = [*named("sat_v", "hs_gpa"), "--start", "w=0.5,w.hs_gpa=-1,b=2"]
    data = result(run, *words, "--max-iterations", "0")
    assert data["parameters"] == {"w": {"sat_v": pytest.approx(0.5), "hs_gpa": pytest.approx(-1)}, "b": pytest.approx(2)}
    level = result(run, *named("sat_v"), "--one-hot", "sex", "--start", "w.sex=2=0.25", "--max-iterations", "0")
    assert level["parameters"]["w"] == {"sat_v": 0, "sex=2": pytest.approx(0.25)}
    held = result(run, *named("sat_v", "hs_gpa"), "--hold", "w.sat_v=0.02", "--max-iterations", "20000")
    best = least_squares(GPA["fy_gpa"] - 0.02 * GPA["sat_v"], GPA["hs_gpa"])
    assert held["parameters"]["w"]["sat_v"] == pytest.approx(0.02, rel=1e-15)
    assert [held["parameters"]["w"]["hs_gpa"], held["parameters"]["b"]] == pytest.approx(best, rel=1e-6)
    assert "that no weight is held" in held["says"]


def test_a_run_that_cannot_get_there_says_so_beforehand(run: Run) -> None:
    out = plain(run(*named("sat_v", "sat_m"), "--raw")[1])
    assert out.index("about 2,868,107 steps are needed at this rate, 1,000 are allowed") < out.index("step ", out.index("are allowed"))
    assert "are allowed" not in run(*named("sat_v", "sat_m"))[1]


@pytest.mark.parametrize("words", [
    [*named("sat_v", "sat_m", "hs_gpa"), "--one-hot", "sex"], [*named("sat_v", "sat_m", "sat_sum")], ["--degree", "3"],
    [*named("sat_v", "hs_gpa"), "--problem", "ridge"], [*named("sat_v"), "--problem", "network-1-hidden-mse", "--max-iterations", "5"],
    [*PEOPLE, "grade", *named("hours", "age"), "--one-hot", "sex", "--problem", "softmax-cross-entropy", "--max-iterations", "5"],
])  # fmt: skip
def test_no_line_is_wider_than_a_terminal(run: Run, words: list[str]) -> None:
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if width(line) > 80] == []
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(("words", "pictures", "says"), [
    ([*named("sat_v", "sat_m", "sat_sum")], 2, "Collinear: sat_sum = sat_v + sat_m"),
    ([*PEOPLE, "passed", *named("hours", "age"), "--problem", "logistic-plane+log-loss"], 1, "predicted yes"),
    (["--degree", "2"], 2, "polynomial of degree 2"),
])  # fmt: skip
def test_the_report_shows_what_makes_sense_for_several_features(run: Run, words: list[str], pictures: int, says: str) -> None:
    assert run(*words, "--max-iterations", "50", "--report", "report.html")[0] == 0
    text = Path("report.html").read_text(encoding="utf-8")
    svgs = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(svgs) == pictures
    assert all("<title" in s and "<desc" in s for s in svgs)
    assert says in text


def test_without_an_intercept_the_plane_goes_through_the_origin(run: Run) -> None:
    data = result(run, *named("sat_v", "hs_gpa"), "--no-intercept", "--max-iterations", "5000")
    best = np.linalg.lstsq(np.column_stack([GPA["sat_v"], GPA["hs_gpa"]]), GPA["fy_gpa"], rcond=None)[0]
    assert list(data["parameters"]["w"].values()) == pytest.approx(best, rel=1e-9)
    assert "b" not in data["parameters"]
    shifted = result(run, *named("sat_v", "hs_gpa"), "--hold", "b=1.5")
    best = np.linalg.lstsq(np.column_stack([GPA["sat_v"], GPA["hs_gpa"]]), GPA["fy_gpa"] - 1.5, rcond=None)[0]
    assert list(shifted["closed_form"]["w"].values()) == pytest.approx(best, rel=1e-9)


def test_an_ill_conditioned_regression_converges_with_patience(run: Run) -> None:
    """J. W. Longley's employment data, National Institute of Standards and Technology, Statistical Reference Datasets, with the certified coefficients."""
    Path("longley.csv").write_text("y,x1,x2,x3,x4,x5,x6\n" + LONGLEY)
    words = ["longley.csv", "--target", "y", *named("x1", "x2", "x3", "x4", "x5", "x6")]
    certified = [15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359, -0.0511041056535807, 1829.15146461355]
    data = result(run, *words)
    assert list(data["closed_form"]["w"].values()) == pytest.approx(certified, rel=1e-13)
    assert data["closed_form"]["b"] == pytest.approx(-3482258.63459582, rel=1e-13)
    assert data["stopped"] == "max-iterations"
    assert data["predicted_iterations"] > 100_000
    far = result(run, *words, "--max-iterations", "400000")
    assert (far["stopped"], far["cross_check"]) == ("converged", True)
    assert list(far["parameters"]["w"].values()) == pytest.approx(certified, rel=1e-9)


LONGLEY = """60323,83,234289,2356,1590,107608,1947
61122,88.5,259426,2325,1456,108632,1948
60171,88.2,258054,3682,1616,109773,1949
61187,89.5,284599,3351,1650,110929,1950
63221,96.2,328975,2099,3099,112075,1951
63639,98.1,346999,1932,3594,113270,1952
64989,99,365385,1870,3547,115094,1953
63761,100,363112,3578,3350,116219,1954
66019,101.2,397469,2904,3048,117388,1955
67857,104.6,419180,2822,2857,118734,1956
68169,108.4,442769,2936,2798,120445,1957
66513,110.8,444546,4681,2637,121950,1958
68655,112.6,482704,3813,2552,123366,1959
69564,114.2,502601,3931,2514,125368,1960
69331,115.7,518173,4806,2572,127852,1961
70551,116.9,554894,4007,2827,130081,1962
"""
