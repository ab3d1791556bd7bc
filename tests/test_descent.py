"""A descent: the points it passes, the rule that ends it, the rate it may have, and what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.hessian import curvature
from symgd.numeric.data.table import example
from symgd.numeric.descent.descend import descend, descend_bound
from symgd.numeric.closed.exact import exact_least_squares
from symgd.numeric.function import compile_gradient
from symgd.numeric.gradcheck import value_of
from symgd.numeric.descent.rates import minimum, rates, shown
from symgd.numeric.data.scaling import standardise

X, Y = example()["sat_sum"], example()["fy_gpa"]
Z, SCALING = standardise(X, "sat_sum")
LINE = compile_gradient(derive(problem("line-mse")))
LOGISTIC = compile_gradient(derive(problem("logistic-log-loss")))
MAE = compile_gradient(derive(problem("line-mae")))
RIDGE = compile_gradient(derive(problem("line-ridge")))
PASSED = (Y > 2.5) * 1.0


def plain_loop(x, y, rate, steps, w=0.0, b=0.0):
    for _ in range(steps):
        u = w * x + b - y
        w, b = w - rate * 2 * np.mean(u * x), b - rate * 2 * np.mean(u)
    return w, b


@given(st.integers(0, 10**6), st.floats(-3, 3), st.floats(-2, 2), st.floats(0.01, 0.9))
@settings(max_examples=40, deadline=None)
def test_after_some_steps_the_parameters_are_those_of_a_plain_loop(seed, offset, intercept, part):
    rng = np.random.default_rng(seed)
    x = rng.normal(offset, 1, 60)
    y = 1.5 * x + 3 * intercept + rng.normal(0, 1, 60)
    rate = part * rates(LINE.bind(x=x, y=y), (0, 0)).bound
    trace = descend(LINE, x=x, y=y, rate=rate, start=(0.5, -1.0), max_iterations=50, stop="never")
    for k in (0, 1, 7, 50):
        assert trace.points[k] == pytest.approx(plain_loop(x, y, rate, k, 0.5, -1.0), rel=1e-11, abs=1e-11)
        assert trace.losses[k] == pytest.approx(np.mean((trace.points[k][0] * x + trace.points[k][1] - y) ** 2), rel=1e-11)


def test_the_example_in_its_own_units():
    known = rates(LINE.bind(x=X, y=Y), (0, 0))
    assert known.exact
    assert shown(known.bound) == "9.19e-5"
    assert known.condition == pytest.approx(5.8e5, rel=0.01)
    assert minimum(LINE.bind(x=X, y=Y)) == pytest.approx(tuple(map(float, exact_least_squares([X, np.ones(1000)], Y))), rel=1e-10)
    assert minimum(LINE.bind(x=X, y=Y))[0] == pytest.approx(0.02386573594, rel=1e-9)
    assert known.warning(0.001) == "0.001 will diverge here: the bound is 9.19e-5; type 9.18e-5 instead."
    assert known.warning(9e-5) == ""


def test_a_rate_above_the_bound_is_called_diverged_within_five_steps():
    trace = descend(LINE, x=X, y=Y, rate=0.001)
    assert (trace.stopped, trace.iterations <= 5) == ("diverged", True)
    for word in ("step 3", "rate 0.001", "2/λmax = 9.19e-5", "loss 6.63902 → 4.97382e+08", "try the rate 9.18e-5"):
        assert word in trace.says
    went_on = descend(LINE, x=X, y=Y, rate=0.001, stop="never")
    assert np.flatnonzero(~np.isfinite(went_on.points).all(axis=1))[0] == 231
    assert went_on.stopped == "diverged"


@pytest.mark.parametrize(("rate", "stopped", "mse"), [(0.01, "max-iterations", 0.43209), (0.001, "max-iterations", 0.545), (1.0, "oscillates", 6.639)])
def test_the_standardised_example_with_the_slides_rates(rate, stopped, mse):
    trace = descend(LINE, x=Z, y=Y, rate=rate, max_iterations=1000)
    assert (trace.stopped, trace.iterations) == (stopped, 1000)
    assert trace.loss == pytest.approx(mse, abs=5e-4)


def test_by_itself_the_example_converges_to_the_closed_form():
    trace = descend(LINE, x=Z, y=Y)
    assert trace.stopped == "converged"
    assert trace.rate == pytest.approx(0.5)
    w, b = SCALING.to_data(*trace.points[-1])
    exact = exact_least_squares([X, np.ones(1000)], Y)
    assert (w, b) == (pytest.approx(float(exact[0]), rel=1e-12), pytest.approx(float(exact[1]), rel=1e-9))
    assert trace.gap <= 1e-8 * Y.std()


# (start, rate, steps) -> why it ended; x with eigenvalues 2 and 2, so that the bound is 1
ENDS = [
    ((0, 0), 0.3, 1000, "converged"), ((0, 0), 0.9999, 10**6, "converged"), ((0, 0), 1.0, 50, "oscillates"), ((0, 0), 1.0001, 50, "diverged"),
    ((0, 0), 1.5, 1000, "diverged"), ((5, 5), 1e-18, 1000, "stalled"), ((0, 0), 0.01, 100, "max-iterations"), ((0, 0), 0.3, 0, "max-iterations"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "rate", "steps", "stopped"), ENDS)
def test_each_way_to_end_has_its_name(start, rate, steps, stopped):
    trace = descend(LINE, x=Z, y=Y, rate=rate, start=start, max_iterations=steps)
    assert trace.stopped == stopped, trace.says
    assert trace.says.split()[0].lower().rstrip(",") in (stopped, "stopped")
    assert f"rate {rate:.6g}" in trace.says
    assert "bound 1" in trace.says
    assert len(trace.points) == len(trace.losses) == trace.iterations + 1


def test_an_exact_cycle_far_from_the_minimum_oscillates():
    """x = ±1, y = ±1: at rate 1 every number is a small integer, and w goes 0, 2, 0, 2."""
    trace = descend(LINE, x=[1.0, -1.0], y=[1.0, -1.0], rate=1.0)
    assert (trace.stopped, trace.period, trace.iterations) == ("oscillates", 2, 4)


def test_a_cycle_in_the_last_digit_is_convergence():
    """Some rate leaves the parameters changing their last bits for ever; the slope there is rounding alone."""
    found = [descend(LINE, x=Z, y=Y, rate=r, max_iterations=10**5) for r in np.linspace(0.9, 0.999, 25)]
    assert {t.stopped for t in found} == {"converged"}
    assert any(t.period > 1 for t in found)
    assert all(t.gap <= 1e-8 * Y.std() for t in found)


def test_the_slides_rule_stops_only_when_nothing_changes():
    trace = descend(LINE, x=Z, y=Y, rate=0.3, stop="unchanged")
    assert trace.stopped == "converged"
    assert descend(LINE, x=Z, y=Y, rate=0.3, stop="never", max_iterations=300).iterations == 300
    w, b = trace.points[-1]
    slope = LINE.bind(x=Z, y=Y).gradient(w, b)
    assert (w - 0.3 * slope.w, b - 0.3 * slope.b) == (w, b)


def test_the_spelled_out_loop_is_the_general_one():
    """Each step of the written loop is one step θ − α ∂L/∂θ of the bound function, to the last bit."""
    for f in (LINE, RIDGE):
        g = f.bind(x=Z, y=Y, **({"lam": 0.1} if f is RIDGE and f.constants["lam"] is None else {}))
        trace = descend_bound(g, rate=0.2, start=(1.0, -1.0), max_iterations=20, stop="never")
        theta = (1.0, -1.0)
        for point, loss in zip(trace.points.tolist(), trace.losses.tolist(), strict=True):
            assert (tuple(point), loss) == (theta, g.loss(*theta))
            theta = tuple(t - 0.2 * d for t, d in zip(theta, g.gradient(*theta), strict=True))


def test_the_ends_alone_are_kept_when_told_so():
    every, ends = (descend(LINE, x=Z, y=Y, rate=0.1, max_iterations=30, keep=k) for k in ("all", "ends"))
    assert ends.points.tolist() == [every.points[0].tolist(), every.points[-1].tolist()]
    assert ends.losses.tolist() == [every.losses[0], every.losses[-1]]


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.003, 0.9])
def test_the_predicted_number_of_steps_is_the_one_that_arrives(rate):
    x = np.array([0.0, 1.0, 2.0, 4.0, 5.5])
    y = np.array([1.0, 0.5, 2.0, 3.0, 5.0])
    g = LINE.bind(x=x, y=y)
    rate = rate * rates(g, (0, 0)).bound
    best = np.array(minimum(g))
    trace = descend_bound(g, rate=rate, max_iterations=10**5, stop="never")
    distance = np.sqrt(np.mean(((trace.points - best) @ np.array([x, np.ones(5)])) ** 2, axis=1))
    arrived = int(np.flatnonzero(distance <= 1e-8 * y.std())[0])
    assert trace.predicted_iterations == pytest.approx(arrived, abs=1)


def test_the_gap_is_the_distance_between_predictions():
    trace = descend(LINE, x=X, y=Y, rate=9e-5, max_iterations=50)
    w, b = map(float, exact_least_squares([X, np.ones(1000)], Y))
    at = trace.point
    assert trace.gap == pytest.approx(np.sqrt(np.mean(((at["w"] - w) * X + at["b"] - b) ** 2)), rel=1e-9)
    assert trace.gap == pytest.approx(math.sqrt(trace.loss - LINE.loss(w, b, x=X, y=Y)), rel=1e-9)
    assert f"the gap to the closed form {trace.gap:.3g}" in trace.says


def test_the_bound_separates_rates_that_converge_from_rates_that_do_not():
    x, y = X[:30] / 50, Y[:30]
    bound = rates(LINE.bind(x=x, y=y), (0, 0)).bound
    below, above = (descend(LINE, x=x, y=y, rate=bound * k, max_iterations=4000).losses for k in (0.99, 1.01))
    assert below[-1] < below[0]
    assert above[-1] > above[0]


def test_the_numeric_hessian_is_the_symbolic_one():
    curve = curvature(derive(problem("line-mse")))
    at = {"x": X, "y": Y, "w": 0.7, "b": -0.4, "n": float(len(X))}
    symbolic = [[complex(value_of(curve.of(p, q).result, at, {"i": len(X)})).real for q in ("w", "b")] for p in ("w", "b")]
    np.testing.assert_allclose(LINE.bind(x=X, y=Y).hessian(), symbolic, rtol=1e-13)


@pytest.mark.parametrize(("f", "y"), [(LOGISTIC, PASSED), (compile_gradient(derive(problem("exponential-mse"))), Y)])
def test_another_loss_finds_a_rate_by_itself_and_falls_at_every_step(f, y):
    trace = descend(f, x=Z, y=y, max_iterations=3000)
    assert trace.stopped == "converged", trace.says
    assert not trace.rates.exact
    assert "estimated" in trace.says
    assert (np.diff(trace.losses) <= 1e-14).all()
    assert trace.gap is trace.predicted_iterations is None


def test_a_loss_whose_slope_jumps_comes_near_its_least_with_a_rate_that_falls():
    """Some line through two of the points has the least mean absolute error."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=40)
    y = np.round(2 * x + 1 + 3 * rng.normal(size=40))
    lines = [((y[j] - y[k]) / (x[j] - x[k]), (x[j] * y[k] - x[k] * y[j]) / (x[j] - x[k])) for j in range(40) for k in range(j)]
    least = min(np.mean(np.abs(w * x + b - y)) for w, b in lines)
    trace = descend(MAE, x=x, y=y)
    assert least <= trace.loss <= least * (1 + 1e-5)
    assert trace.stopped == "max-iterations"
    assert "the slope jumps at the kinks" in trace.says
    assert math.isnan(trace.rate_bound)


def test_a_start_at_the_minimum_is_converged_at_once():
    trace = descend(LINE, x=[1.0, -1.0], y=[2.0, 0.0], start=(1.0, 1.0))
    assert (trace.stopped, trace.iterations, trace.gap) == ("converged", 0, 0.0)


def test_data_that_determine_no_line_are_said_by_the_condition():
    trace = descend(LINE, x=[2.0, 2.0], y=[1.0, 3.0])
    assert trace.rates.condition == math.inf
    assert trace.gap is trace.predicted_iterations is None
    assert trace.loss == pytest.approx(1.0)


@pytest.mark.parametrize(("how", "message"), [
    ({"rate": 0}, "the rate is a positive number"), ({"rate": -1.0}, "the rate is a positive number"), ({"rate": math.nan}, "positive number"),
    ({"rate": "fast"}, "the rate is a positive number"), ({"start": (0, 0, 0)}, "a finite number for each of w, b"),
    ({"start": (0, math.inf)}, "a finite number"), ({"max_iterations": -1}, "a whole number"), ({"stop": "soon"}, 'stop is "auto"'),
])  # fmt: skip
def test_a_descent_that_makes_no_sense_is_refused(how, message):
    with pytest.raises(ValueError, match=message):
        descend(LINE, x=Z, y=Y, **how)
