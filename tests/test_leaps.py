"""Many steps of plain descent at once: the points of exact arithmetic, as near as a loop in doubles comes, and every end as the loop has it."""

from __future__ import annotations

from array import array

import mpmath as mp
import numpy as np
import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.bound.leaping import eigen, land, leap
from symgd.numeric.descent.after import exact_form
from symgd.numeric.descent.descend import descend, descend_bound
from symgd.numeric.descent.rates import distance, minimum, predicted_iterations, rates
from symgd.numeric.function import compile_gradient

LINE, RIDGE, CUBIC, PLANE = (compile_gradient(derive(problem(p))) for p in ("line-mse", "line-ridge", "polynomial-mse", "plane-mse"))
STEPS = 1500
rng = np.random.default_rng(11)
BASE, NOISE = rng.normal(0, 1, 80), rng.normal(0, 1, 80)


def line_on(x, noise=NOISE):
    x = np.asarray(x, dtype=np.float64)
    return {"x": x, "y": 0.5 * (x - x.mean()) + 0.25 + noise[: len(x)]}


DATA = {
    "about 0": (LINE, line_on(BASE)), "off by 3": (LINE, line_on(BASE + 3)), "off by 6": (LINE, line_on(BASE + 6)), "off by 12": (LINE, line_on(BASE + 12)),
    "off by 30": (LINE, line_on(BASE + 30)), "off by 1e8": (LINE, line_on(BASE + 1e8)),
    "an outlier first": (LINE, line_on(np.r_[1e6, BASE[1:]])), "one row": (LINE, {"x": [3.0], "y": [2.0]}), "two rows": (LINE, line_on([1.0, 4.0])),
    "y constant": (LINE, {"x": BASE, "y": np.full(80, 0.3)}), "x constant": (LINE, line_on(np.full(80, 0.1))), "a penalty": (RIDGE, line_on(BASE + 2)),
    "four parameters": (CUBIC, line_on(BASE + 1)),
    "collinear columns": (PLANE, {"X": np.column_stack([BASE, 2 * BASE + 1]), "y": BASE + NOISE}),
}  # fmt: skip


def in_digits(q):
    return mp.mpf(int(q.p)) / int(q.q)


def exactly(g, rate: float, steps: int) -> np.ndarray:
    """The points of a loop in 50 digits, each rounded once."""
    H, c = exact_form(g)
    p = H.nrows()
    with mp.workdps(50):
        A, b = [[in_digits(H[i, j]) for j in range(p)] for i in range(p)], [in_digits(c[i, 0]) for i in range(p)]
        theta, way = [mp.mpf(0)] * p, [[0.0] * p]
        for _ in range(steps):
            theta = [t - mp.mpf(rate) * (sum(a * v for a, v in zip(row, theta, strict=True)) + d) for t, row, d in zip(theta, A, b, strict=True)]
            way.append([float(t) for t in theta])
    return np.array(way)


def one_by_one(g, rate: float, steps: int) -> np.ndarray:
    """The points of a loop in doubles."""
    theta = (0.0,) * len(g.parameters)
    way = [theta]
    for _ in range(steps):
        theta = tuple(t - rate * s for t, s in zip(theta, g.step(theta)[1], strict=True))
        way.append(theta)
    return np.array(way)


@pytest.mark.parametrize("share", [1e-3, 0.05, 0.5, 0.75, 0.95])
@pytest.mark.parametrize("case", DATA)
def test_leaps_are_as_near_to_exact_arithmetic_as_single_steps(case, share):
    """The largest error of any point, in the largest size of its number: that of the loop, or 2e-14 where the loop is better."""
    f, data = DATA[case]
    g = f.bind(**data)
    rate = share * rates(g, [0.0] * len(g.parameters)).bound
    true = exactly(g, rate, STEPS)
    size = np.abs(true).max(axis=0)
    trace = descend_bound(g, rate=rate, max_iterations=STEPS, stop="never")
    leapt, stepped = (float((np.abs(way - true) / size).max()) for way in (trace.points, one_by_one(g, rate, STEPS)))
    assert leapt <= max(3 * stepped, 2e-14), (leapt, stepped)
    assert trace.iterations == STEPS


@pytest.mark.parametrize("case", DATA)
def test_a_loss_that_is_kept_is_the_loss_of_its_point(case):
    f, data = DATA[case]
    g = f.bind(**data)
    trace = descend_bound(g, rate=0.3 * rates(g, [0.0] * len(g.parameters)).bound, max_iterations=400, stop="never")
    assert trace.losses.tolist() == pytest.approx([g.fun(p) for p in trace.points], rel=1e-15)


@pytest.mark.parametrize("case", DATA)
@pytest.mark.parametrize("steps", [255, 256, 288, 289, 1056, 1057, 3000])
def test_the_end_alone_is_the_end_of_the_whole_way(case, steps):
    f, data = DATA[case]
    g = f.bind(**data)
    rate = 0.4 * rates(g, [0.0] * len(g.parameters)).bound
    every, ends = (descend_bound(g, rate=rate, max_iterations=steps, stop="never", keep=k) for k in ("all", "ends"))
    assert len(every.points) == steps + 1
    assert (ends.iterations, ends.points.tolist()) == (steps, [every.points[0].tolist(), every.points[-1].tolist()])
    assert (ends.loss, ends.gradient) == (every.loss, every.gradient)


@pytest.mark.parametrize("share", [1.02, 1.5, 4.0])
def test_above_the_bound_the_points_leave_the_doubles_at_the_step_at_which_those_of_a_loop_do(share):
    g = LINE.bind(**line_on(BASE + 3))
    rate = share * rates(g, (0, 0)).bound
    trace = descend_bound(g, rate=rate, max_iterations=20_000, stop="never")
    pts, losses = array("d"), array("d")
    g._walk(0.0, 0.0, rate, 20_000, False, False, 1e300, pts, losses)
    plain = np.array(pts).reshape(-1, 2)
    assert trace.stopped == "diverged"
    assert np.flatnonzero(~np.isfinite(trace.points[1:]).all(axis=1))[0] == np.flatnonzero(~np.isfinite(plain).all(axis=1))[0]
    assert np.isfinite(trace.losses).sum() == np.isfinite(losses).sum() + 1


def test_a_rule_that_may_end_a_descent_sees_every_step():
    """Stop rules look at doubles that no longer change: what is said to have converged, stalled or oscillated is what a loop does."""
    g = LINE.bind(**line_on(BASE))
    for rate in (0.3, 1e-3):
        trace = descend_bound(g, rate=rate * rates(g, (0, 0)).bound, max_iterations=10**5, stop="unchanged")
        assert trace.points.tolist() == one_by_one(g, trace.rate, trace.iterations).tolist()


@pytest.mark.parametrize("values", [[0.1, 1.0], [0.0, 3.0], [1e-9, 1.9], [0.5, 1.0, 1.5]])
def test_a_leap_is_the_powers_of_the_matrix(values):
    """θ_k − θ* shrinks by (I − αH)^k; where αλ is 1 at once, where it is above 1 from side to side."""
    p = len(values)
    V = np.linalg.qr(np.random.default_rng(p).normal(size=(p, p)))[0]
    theta, slope = np.arange(1.0, p + 1) + 0.1, np.linspace(-1, 2, p)
    way, parts = leap(theta, slope, 1.0, 130, np.array(values), V)
    A = np.eye(p) - V @ np.diag(values) @ V.T
    for k in (1, 2, 63, 64, 65, 129, 130):
        sums = sum(np.linalg.matrix_power(A, j) for j in range(k))
        np.testing.assert_allclose(way[:, k - 1], theta - sums @ slope, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(V @ parts[:, k - 1], np.linalg.matrix_power(A, k) @ slope, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(land(theta, slope, 1.0, k, np.array(values), V), way[:, k - 1], rtol=1e-14)


def test_a_matrix_whose_small_eigenvalues_are_rounding_is_not_leapt_on():
    assert eigen(np.diag([1.0, 1e-11])) is None
    assert eigen(np.diag([np.nan, 1.0])) is None
    assert eigen(np.zeros((2, 2))) is None
    assert eigen(np.diag([1.0, 0.0])) is not None
    offset = LINE.bind(**line_on(BASE + 1e8))
    assert descend(LINE, **line_on(BASE + 1e8), rate=1e-17, max_iterations=300, stop="never").points.tolist() == one_by_one(offset, 1e-17, 300).tolist()


@pytest.mark.parametrize(("columns", "offset"), [(1, 0.0), (8, 0.0), (40, 0.0), (8, 2.0)])
def test_with_many_parameters_the_points_are_those_of_a_loop_over_the_data_in_longer_numbers(columns, offset):
    """np.longdouble, where it is longer than a double; the loop knows of no moments."""
    own = np.random.default_rng(columns)
    X = own.normal(offset, 1, (300, columns))
    y = X @ own.normal(size=columns) + own.normal(size=300)
    g = PLANE.bind(X=X, y=y)
    rate = 0.9 * rates(g, [0.0] * (columns + 1)).bound
    trace = descend_bound(g, rate=rate, max_iterations=700, stop="never")
    A, t, theta = np.column_stack([X, np.ones(300)]).astype(np.longdouble), y.astype(np.longdouble), np.zeros(columns + 1, np.longdouble)
    way = [theta]
    for _ in range(700):
        theta = theta - np.longdouble(rate) * 2 / 300 * (A.T @ (A @ theta - t))
        way.append(theta)
    true = np.array(way)
    off = np.abs(trace.points - true).max()
    assert off <= 1e-14 * np.abs(true).max()


@pytest.mark.parametrize("case", ["about 0", "off by 3", "y constant", "a penalty", "four parameters"])
@pytest.mark.parametrize("share", [0.07, 0.5, 0.97])
def test_the_steps_that_are_predicted_are_those_after_which_the_predictions_are_near(case, share):
    f, data = DATA[case]
    g = f.bind(**data)
    rate = share * rates(g, [0.0] * len(g.parameters)).bound
    need = predicted_iterations(g, rate, [0.0] * len(g.parameters))
    if np.std(data["y"]) < 1e-12:
        assert need is None
        return
    best, near = minimum(g), 1e-8 * float(np.std(data["y"]))
    trace = descend_bound(g, rate=rate, max_iterations=need + 5, stop="never")
    gaps = [distance(g, p, best) for p in trace.points[max(0, need - 5) :]]
    first = next(k for k, d in enumerate(gaps, max(0, need - 5)) if d <= near)
    assert abs(first - need) <= 1
    assert first > max(0, need - 5)
