"""The methods beside plain descent, each against a loop written by hand and the closed form; the names of their ends; the iterate after many steps."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symgd
from symgd.backward import derive
from symgd.catalogue import problem
from symgd.cli import main
from symgd.meaning import expression
from symgd.numeric.closed.exact import exact_least_squares
from symgd.numeric.descent.after import after
from symgd.numeric.descent.batches import Batches
from symgd.numeric.descent.descend import descend, descend_bound
from symgd.numeric.descent.methods import METHODS, Asked, State
from symgd.numeric.descent.newton import along
from symgd.numeric.descent.rates import rates
from symgd.numeric.function import compile_gradient
from symgd.term import Name, replace

LINE, MAE, LOGISTIC, PLANE = (compile_gradient(derive(problem(p))) for p in ("line-mse", "line-mae", "logistic-log-loss", "plane-mse"))
RIDGE, NETWORK = (compile_gradient(derive(problem(p))) for p in ("line-ridge", "network-1-hidden-mse"))
SURE = ("momentum", "nesterov", "line-search", "bb", "newton")  # not left to chance


def some_line(seed: int = 0, rows: int = 60, offset: float = 2.0, noise: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(offset, 1.5, rows)
    return x, 1.5 * x - 0.5 + noise * rng.normal(size=rows)


X, Y = some_line()


# ---------------------------------------------------------------- by hand


def slope_by_hand(x, y, w, b):
    u = [w * p + b - q for p, q in zip(x, y, strict=True)]
    return 2 * sum(r * p for r, p in zip(u, x, strict=True)) / len(u), 2 * sum(u) / len(u)


def loss_by_hand(x, y, w, b):
    return sum((w * p + b - q) ** 2 for p, q in zip(x, y, strict=True)) / len(x)


def ball(x, y, rate, mu, steps, w, b):
    """θ_next = θ − α g + μ (θ − θ_before)"""
    before = w, b
    for _ in range(steps):
        g = slope_by_hand(x, y, w, b)
        (w, b), before = (w - rate * g[0] + mu * (w - before[0]), b - rate * g[1] + mu * (b - before[1])), (w, b)
    return w, b


def ahead(x, y, rate, mu, steps, w, b):
    """p_next = θ − α g(θ), θ_next = p_next + μ (p_next − p)"""
    p = w, b
    for _ in range(steps):
        g = slope_by_hand(x, y, w, b)
        q = w - rate * g[0], b - rate * g[1]
        (w, b), p = (q[0] + mu * (q[0] - p[0]), q[1] + mu * (q[1] - p[1])), q
    return w, b


def halving(x, y, rate, mu, steps, w, b):
    for k in range(steps):
        g = slope_by_hand(x, y, w, b)
        rate = 2 * rate if k else rate
        while loss_by_hand(x, y, w - rate * g[0], b - rate * g[1]) > loss_by_hand(x, y, w, b) - 1e-4 * rate * (g[0] ** 2 + g[1] ** 2):
            rate /= 2
        w, b = w - rate * g[0], b - rate * g[1]
    return w, b


def two_points(x, y, rate, mu, steps, w, b):
    before = None
    for _ in range(steps):
        g = slope_by_hand(x, y, w, b)
        if before is not None:
            s, d = (w - before[0], b - before[1]), (g[0] - before[2], g[1] - before[3])
            rate = (s[0] ** 2 + s[1] ** 2) / (s[0] * d[0] + s[1] * d[1])
        before = w, b, *g
        w, b = w - rate * g[0], b - rate * g[1]
    return w, b


def cramer(x, y, rate, mu, steps, w, b):
    n = len(x)
    for _ in range(steps):
        g = slope_by_hand(x, y, w, b)
        A, B, C = 2 * sum(p * p for p in x) / n, 2 * sum(x) / n, 2.0
        det = A * C - B * B
        w, b = w - rate * (C * g[0] - B * g[1]) / det, b - rate * (A * g[1] - B * g[0]) / det
    return w, b


BY_HAND = [("momentum", ball, 0.02, 0.6, 25), ("nesterov", ahead, 0.02, 0.6, 25), ("line-search", halving, 0.5, None, 12), ("bb", two_points, 0.02, None, 5),
           ("newton", cramer, 0.3, None, 8)]  # fmt: skip


@pytest.mark.parametrize(("method", "loop", "rate", "mu", "steps"), BY_HAND)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_method_passes_the_points_of_a_plain_loop(method, loop, rate, mu, steps, seed):
    x, y = some_line(seed)
    trace = descend(LINE, x=x, y=y, method=method, rate=rate, momentum=mu, start=(0.5, -1.0), max_iterations=steps, stop="never")
    assert trace.points.shape == (steps + 1, 2)
    assert trace.losses.shape == (steps + 1,)
    for k in (0, 1, 2, steps):
        by_hand = loop(x.tolist(), y.tolist(), rate, mu, k, 0.5, -1.0)
        assert trace.points[k] == pytest.approx(by_hand, rel=1e-9, abs=1e-10), k
        assert trace.losses[k] == pytest.approx(loss_by_hand(x, y, *trace.points[k]), rel=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_stochastic_steps_are_those_of_a_loop_over_the_shuffled_rows(decay):
    """Epoch e takes the rows in the order that the seed [seed, e] shuffles them; what does not fill a batch waits for the next shuffle."""
    w, b, k = 0.0, 0.0, 0
    points = [(w, b)]
    for epoch in range(3):
        order = np.random.default_rng([7, epoch]).permutation(60)
        for at in range(0, 49, 16):
            if at + 16 <= 60:
                rows = order[at : at + 16]
                g = slope_by_hand(X[rows], Y[rows], w, b)
                rate = 0.03 / (1 + decay * k)
                w, b, k = w - rate * g[0], b - rate * g[1], k + 1
                points.append((w, b))
    trace = descend(LINE, x=X, y=Y, method="sgd", rate=0.03, batch=16, seed=7, decay=decay, max_iterations=k, stop="never")
    assert trace.points == pytest.approx(np.array(points), rel=1e-12)
    assert (trace.batch, trace.seed) == (16, 7)


@pytest.mark.parametrize("method", SURE)
@pytest.mark.parametrize("offset", [0.0, 2.0, 6.0])
def test_each_method_ends_at_the_closed_form(method, offset):
    x, y = some_line(3, offset=offset)
    trace = descend(LINE, x=x, y=y, method=method, max_iterations=100_000, keep="ends")
    assert trace.stopped == "converged", trace.says
    exact = exact_least_squares([x, np.ones(len(x))], y)
    assert trace.points[-1] == pytest.approx(tuple(map(float, exact)), rel=1e-8)
    assert trace.gap <= 1e-8 * y.std()
    assert trace.points.shape == (2, 2)


def test_the_best_constants_are_faster_than_plain_descent_by_the_root_of_the_condition():
    x, y = some_line(4, offset=20.0)
    plain, ball_, ahead_ = (descend(LINE, x=x, y=y, method=m, max_iterations=10**6, keep="ends") for m in ("gd", "momentum", "nesterov"))
    low, top = rates(LINE.bind(x=x, y=y), (0, 0)).eigenvalues
    root = math.sqrt(top / low)
    assert ball_.momentum == pytest.approx(((root - 1) / (root + 1)) ** 2)
    assert ball_.rate == pytest.approx(4 / (math.sqrt(top) + math.sqrt(low)) ** 2)
    assert ahead_.rate == pytest.approx(4 / (3 * top + low))
    assert ahead_.momentum == pytest.approx((math.sqrt(3 * top / low + 1) - 2) / (math.sqrt(3 * top / low + 1) + 2))
    assert ball_.iterations * root / 8 < plain.iterations
    assert ahead_.iterations * root / 8 < plain.iterations


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
@pytest.mark.parametrize("mu", [0.0, 0.3, 0.9])
@pytest.mark.parametrize(("share", "end"), [(0.97, "converged"), (1.0, "oscillates"), (1.03, "diverged")])
def test_the_bound_with_momentum_separates_what_converges(method, mu, share, end):
    free = descend(LINE, x=X, y=Y, method=method, momentum=mu, max_iterations=0)
    trace = descend(LINE, x=X, y=Y, method=method, momentum=mu, rate=share * free.rate_bound, max_iterations=20_000, start=(3, 3))
    assert trace.stopped == end, trace.says


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
@pytest.mark.parametrize(("mu", "rate"), [(None, "auto"), (0.5, 0.03), (0.9, 0.05), (0.0, 0.05)])
def test_about_as_many_steps_are_needed_as_were_predicted(method, mu, rate):
    x, y = some_line(6, offset=3.0)
    trace = descend(LINE, x=x, y=y, method=method, momentum=mu, rate=rate, max_iterations=5000, stop="never")
    best = np.array([float(t) for t in exact_least_squares([x, np.ones(60)], y)])
    away = np.sqrt(np.mean(((trace.points - best) @ np.array([x, np.ones(60)])) ** 2, axis=1))
    arrived = int(np.flatnonzero(away > 1e-8 * y.std())[-1]) + 1
    assert trace.predicted_iterations == pytest.approx(arrived, rel=0.1, abs=2)


# ---------------------------------------------------------------- rules as terms


def value(t, numbers):
    """The number of a term, ∂L/∂θ being the slope g."""
    flat = replace(t, lambda s: Name("g") if type(s).__name__ == "D" else None)
    return float(expression(flat, {s: sp.Symbol(s) for s in numbers}).subs(numbers))


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov"])
def test_the_rule_that_is_shown_is_the_rule_that_runs(method):
    at = {"theta": 0.7, "v": -0.2, "g": 1.3, "alpha": 0.05, "mu": 0.6}
    for line in METHODS[method].update:
        at[line.left.symbol] = value(line.right, at)
    asked = Asked(lambda t: (0.0, (0.0,)), None, None, 0.05, 0.6, 0.0, False, 1.0)
    state = METHODS[method].step(State((0.7,), 1.0, (1.3,), 0.05, (-0.2,)), asked)
    assert state.theta[0] == pytest.approx(at["theta"], rel=1e-15)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov"])
def test_the_errors_that_are_shown_are_those_of_the_steps_and_the_constants_those_that_are_used(method):
    """On L = ½ λ θ² with the minimum 0, θ is the error."""
    slope = 1.7
    asked = Asked(lambda t: (0.5 * slope * t[0] ** 2, (slope * t[0],)), None, None, 0.3, 0.6, 0.0, False, 1.0)
    states = [State((2.0,), 3.4, (3.4,), 0.3, (0.0,))]
    for _ in range(6):
        states.append(METHODS[method].step(states[-1], asked))
    shown = METHODS[method].errors
    for before, here, after_ in zip(states, states[1:], states[2:], strict=False):
        at = {"e_before": before.theta[0], "e": here.theta[0], "alpha": 0.3, "mu": 0.6, "lambda": slope}
        assert value(shown[0].right, at) == pytest.approx(after_.theta[0], rel=1e-12)
    x, y = some_line(4, offset=5.0)
    low, top = rates(LINE.bind(x=x, y=y), (0, 0)).eigenvalues
    trace = descend(LINE, x=x, y=y, method=method, max_iterations=1)
    at = {"lambda_max": top, "lambda_min": low, "kappa": top / low}
    assert [value(u.right, at) for u in shown[1:]] == pytest.approx([trace.rate, trace.momentum][: len(shown) - 1], rel=1e-9)


def test_every_method_has_its_source_and_says_whence_it_comes():
    for name, method in METHODS.items():
        assert "doi:" in method.step.__doc__, name
        assert method.because
        assert method.source
        trace = descend(LINE, x=X, y=Y, method=name, max_iterations=3)
        assert trace.method == name
        assert trace.update == method.update
    assert "v ← μ v − α ∂L/∂θ" in repr(descend(LINE, x=X, y=Y, method="momentum"))


# ---------------------------------------------------------------- the iterate at once


def closed_form_iterate(x, y, rate, steps, start):
    """θ* + V (1 − αλ)^k Vᵀ (θ₀ − θ*) in 120 digits, the power as 1 + expm1(k log1p(−αλ)) below αλ = 1."""
    with mp.workdps(120):
        n = len(x)
        xs, ys = [mp.mpf(float(v)) for v in x], [mp.mpf(float(v)) for v in y]
        H = mp.matrix([[2 * sum(v * v for v in xs) / n, 2 * sum(xs) / n], [2 * sum(xs) / n, 2]])
        best = mp.lu_solve(H, mp.matrix([2 * sum(p * q for p, q in zip(xs, ys, strict=True)) / n, 2 * sum(ys) / n]))
        values, V = mp.eigsy(H)
        part = V.T * (mp.matrix([mp.mpf(float(t)) for t in start]) - best)
        al = [mp.mpf(float(rate)) * v for v in values]
        power = [1 + mp.expm1(steps * mp.log1p(-a)) if a < 1 else (1 - a) ** steps for a in al]
        end = best + V * mp.matrix([p * d for p, d in zip(power, part, strict=True)])
        return [float(v) for v in end]


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
@pytest.mark.parametrize("steps", [0, 1, 7, 1000, 10**6, 10**12])
@pytest.mark.parametrize("share", [1e-3, 0.4, 0.95])
def test_the_iterate_after_many_steps_is_that_of_exact_arithmetic(offset, steps, share):
    x, y = some_line(5, 30, offset)
    rate = share * rates(LINE.bind(x=x, y=y), (0, 0)).bound
    found = after(LINE, steps, x=x, y=y, rate=rate, start=(0.5, -1.0))
    assert tuple(found) == pytest.approx(closed_form_iterate(x, y, rate, steps, (0.5, -1.0)), rel=1e-9 if offset == 1e8 else 1e-13)


def test_with_a_shifted_slope_the_iterate_keeps_its_digits_at_an_offset_of_1e8():
    """What is lost above at 1e8 is lost in the sums: θ moves with the last digit of Σ x y.  With small whole numbers beside 1e8 the sums are exact."""
    x, y = np.array([1e8 - 1, 1e8 + 2, 1e8 + 3, 1e8 - 4]), np.array([1.0, 5.0, 2.0, -3.0])
    for steps in (1, 10**6, 10**17):
        found = after(LINE, steps, x=x, y=y, rate=0.9 / 1e16, start=(0.5, -1.0))
        assert tuple(found) == pytest.approx(closed_form_iterate(x, y, 0.9 / 1e16, steps, (0.5, -1.0)), rel=1e-14)


@given(st.integers(0, 10**6), st.integers(0, 400), st.floats(1e-6, 1.2))
@settings(max_examples=30, deadline=None)
def test_the_iterate_at_once_is_where_the_steps_lead(seed, steps, share):
    x, y = some_line(seed, 20)
    rate = share * rates(LINE.bind(x=x, y=y), (0, 0)).bound
    walked = descend(LINE, x=x, y=y, rate=rate, start=(0.5, -1.0), max_iterations=steps, stop="never")
    at_once = after(LINE, steps, x=x, y=y, rate=rate, start=(0.5, -1.0))
    assert tuple(at_once) == pytest.approx(tuple(walked.points[-1]), rel=1e-9, abs=1e-9)


def test_the_iterate_at_once_knows_penalties_arrays_and_many_parameters():
    ridge = descend(RIDGE, x=X, y=Y, rate=0.05, max_iterations=77, stop="never")
    assert tuple(after(RIDGE, 77, x=X, y=Y, rate=0.05)) == pytest.approx(tuple(ridge.points[-1]), rel=1e-12)
    rng = np.random.default_rng(0)
    for many in (3, 80):
        F, t = rng.normal(size=(300, many)), rng.normal(size=300)
        walked = descend(PLANE, X=F, y=t, rate=0.1, max_iterations=200, stop="never")
        found = after(PLANE, 200, X=F, y=t, rate=0.1)
        assert found.w == pytest.approx(walked.values["w"], rel=1e-9, abs=1e-12)
        assert found.b == pytest.approx(walked.values["b"], rel=1e-9, abs=1e-12)


def test_a_million_steps_are_known_within_a_twentieth_of_a_second():
    assert symgd.after(LINE, 10**6, x=X, y=Y, rate=0.01) == after(LINE, 10**6, x=X, y=Y, rate=0.01)
    took = []
    for _ in range(5):
        since = time.perf_counter()
        after(LINE, 10**6, x=X, y=Y, rate=0.01)
        took.append(time.perf_counter() - since)
    assert min(took) < 0.05


@pytest.mark.parametrize(("f", "data", "how", "says"), [
    (LOGISTIC, {"x": X, "y": (Y > 1) * 1.0}, {}, "not quadratic"), (LINE, {"x": X, "y": Y}, {"rate": -1}, "positive number"),
    (LINE, {"x": X, "y": Y}, {"steps": -1}, "whole number"), (LINE, {"x": X, "y": Y}, {"steps": 1.5}, "whole number"),
    (LINE, {"x": X, "y": Y}, {"start": (1,)}, "a finite number for each"),
])  # fmt: skip
def test_the_iterate_of_what_has_none_is_refused(f, data, how, says):
    with pytest.raises(ValueError, match=says):
        after(f, how.pop("steps", 5), **data, **how)


# ---------------------------------------------------------------- labels


def a_descent(k: int):
    """Data, rate and start number k: rates from 1e-22/λmax to 3/λmax, every tenth exactly at 2/λmax; offsets from 0 to 1e4 deviations."""
    rng = np.random.default_rng(k)
    rows = int(rng.integers(3, 40))
    x = rng.normal([0, 0, 1, 30, 1e4][k % 5], 1, rows) * 10.0 ** rng.integers(-2, 3)
    y = rng.normal(0, 1, rows) + rng.normal() * x
    top = np.linalg.eigvalsh(LINE.bind(x=x, y=y).hessian())[-1]
    share = 2.0 if k % 10 == 7 else rng.uniform(0.1, 3) if k % 10 in (0, 1, 3, 4, 6) else 10 ** rng.uniform(-22, np.log10(3))
    return x, y, share / top, tuple(rng.normal(0, 2, 2)) if k % 3 else (0.0, 0.0)


def exact_sums(x, y):
    xs, ys = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    n = len(xs)
    return n, sum(xs), sum(ys), sum(v * v for v in xs), sum(p * q for p, q in zip(xs, ys, strict=True))


def gap(x, y, w, b) -> float:
    """Between the predictions here and those of the exact minimum, in deviations of y."""
    exact = exact_least_squares([x, np.ones(len(x))], y)
    parts = [(w - exact[0]) * Fraction(float(v)) + (b - exact[1]) for v in x]
    return math.sqrt(float(sum(p * p for p in parts) / len(parts))) / float(np.std(y))


def truth(x, y, rate, trace) -> str:
    """The label by the eigenvalues in 60 digits, and by the exact slope where the walk ended."""
    n, sx, sy, sxx, sxy = exact_sums(x, y)
    with mp.workdps(60):
        A, B = (mp.mpf(q.numerator) / q.denominator for q in (2 * sxx / n, 2 * sx / n))
        top = (A + 2 + mp.sqrt((A - 2) ** 2 + 4 * B * B)) / 2
        share = float(mp.mpf(rate) * top - 2)
    if share > 1e-14:
        return "diverged"
    if abs(share) <= 1e-14:
        return "oscillates"
    w, b = (Fraction(float(t)) for t in trace.points[-1])
    slope = 2 * (w * sxx + b * sx - sxy) / n, 2 * (w * sx + b * n - sy) / n
    size = np.abs(x) * abs(float(w)) + abs(float(b)) + np.abs(y)
    bound = 2 / n * (n + 6) * 2.0**-52 * np.array([np.abs(x) @ size, size.sum()])
    most = 1 if trace.iterations == STEPS else 2 + 4 / -share  # rounding adds up in a cycle
    if all(abs(s) <= most * e for s, e in zip(slope, bound, strict=True)) or gap(x, y, w, b) <= 1e-11:
        return "converged"
    moved = [float(t - Fraction(rate) * s) for t, s in zip((w, b), slope, strict=True)]
    near = all(abs(m - float(t)) <= 2 * math.ulp(float(t)) for m, t in zip(moved, (w, b), strict=True))
    return "stalled" if near and trace.iterations < STEPS else "max-iterations"


STEPS = 3000


def test_the_labels_of_500_descents_are_true():
    wrong, seen = [], {}
    for k in range(500):
        x, y, rate, start = a_descent(k)
        trace = descend(LINE, x=x, y=y, rate=rate, start=start, max_iterations=STEPS, keep="ends")
        seen[trace.stopped] = seen.get(trace.stopped, 0) + 1
        if (label := truth(x, y, rate, trace)) != trace.stopped:
            wrong.append((k, label, trace.says))
    assert not wrong, wrong
    assert min(seen.values()) >= 20, seen
    assert len(seen) == 5


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
def test_the_labels_of_descents_with_momentum_are_true(method):
    """The errors along λ obey a recurrence whose largest root is computed here by NumPy: at 1 and above they do not die out."""
    for k in range(60):
        rng = np.random.default_rng(k)
        x, y = some_line(k, 20, offset=[0.0, 1.0, 3.0][k % 3])
        values = np.linalg.eigvalsh(LINE.bind(x=x, y=y).hessian())
        mu, share = float(rng.uniform(0, 0.95)), float(rng.uniform(0.1, 4))
        trace = descend(LINE, x=x, y=y, method=method, momentum=mu, rate=share / values[-1], start=(3, -3), max_iterations=8000, keep="ends")
        q = 1 - share * values / values[-1]
        ball_ = method == "momentum"
        largest = max(float(np.abs(np.roots([1, -(v + mu) if ball_ else -(1 + mu) * v, mu if ball_ else mu * v])).max()) for v in q)
        expected = "diverged" if largest > 1 else "converged" if largest**8000 < 1e-20 else trace.stopped
        assert trace.stopped == expected, (k, largest, trace.says)


# ---------------------------------------------------------------- laws


@given(st.integers(0, 10**6), st.floats(-30, 30), st.floats(1e-6, 1e3))
@settings(max_examples=40, deadline=None)
def test_line_search_never_raises_the_loss(seed, offset, rate):
    x, y = some_line(seed, 15, offset)
    for f, t in ((LINE, y), (LOGISTIC, (y > np.median(y)) * 1.0)):
        losses = descend(f, x=x, y=t, method="line-search", rate=rate, start=(0.3, 1.0), max_iterations=60).losses.tolist()
        assert all(b <= a + 2e-15 * losses[0] for a, b in pairwise(losses))


@given(st.integers(0, 10**6), st.floats(-1e6, 1e6), st.tuples(st.floats(-50, 50), st.floats(-50, 50)))
@settings(max_examples=60, deadline=None)
def test_newton_ends_a_quadratic_loss_in_one_step(seed, offset, start):
    x, y = some_line(seed, 15, offset)
    trace = descend(LINE, x=x, y=y, method="newton", start=start, max_iterations=1, stop="never")
    exact = exact_least_squares([x, np.ones(15)], y)
    assert trace.points[1] == pytest.approx(tuple(map(float, exact)), rel=1e-10)


def test_newton_ends_in_one_step_at_an_offset_of_1e8():
    x, y = some_line(0, 40, 1e8)
    trace = descend(LINE, x=x, y=y, method="newton")
    exact = exact_least_squares([x, np.ones(40)], y)
    assert trace.points[1] == pytest.approx(tuple(map(float, exact)), rel=1e-8)


@given(st.integers(0, 10**6), st.integers(1, 70), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_no_row_comes_twice_in_an_epoch_and_the_seed_says_which_come(seed, size, step):
    g = LINE.bind(x=X, y=Y)
    one, two = (Batches(LINE, g, {"x": X, "y": Y}, size, seed) for _ in range(2))
    per = 60 // min(size, 60)
    epoch = [one.rows_of(step // per * per + k).tolist() for k in range(per)]
    assert len({r for rows in epoch for r in rows}) == per * min(size, 60)
    assert two.rows_of(step).tolist() == epoch[step % per]


# ---------------------------------------------------------------- honest ends


@pytest.mark.parametrize("batch", [1, 8, 59])
def test_stochastic_descent_with_a_rate_that_stays_is_never_called_converged(batch):
    trace = descend(LINE, x=X, y=Y, method="sgd", batch=batch, max_iterations=4000)
    assert trace.stopped == "max-iterations"
    assert "comes to rest nowhere" in trace.says
    assert trace.loss < 1.5 * LINE.loss(*map(float, exact_least_squares([X, np.ones(60)], Y)), x=X, y=Y)


def test_a_batch_of_all_rows_is_plain_descent():
    how = {"rate": 0.05, "max_iterations": 60, "stop": "never"}
    whole, plain = descend(LINE, x=X, y=Y, method="sgd", batch=60, **how), descend(LINE, x=X, y=Y, **how)
    assert whole.points == pytest.approx(plain.points, rel=1e-11)


def test_a_rate_that_falls_brings_stochastic_descent_nearer():
    stays, falls = (descend(LINE, x=X, y=Y, method="sgd", batch=8, seed=1, decay=d, max_iterations=20_000, keep="ends") for d in (0.0, 0.002))
    assert falls.gap < stays.gap / 3
    assert descend(LINE, x=X, y=Y, method="sgd", batch=8, seed=1, max_iterations=500).points.tobytes() == (
        descend(LINE, x=X, y=Y, method="sgd", batch=8, seed=1, max_iterations=500).points.tobytes()
    )


def test_stochastic_descent_far_above_its_bound_diverges_and_far_below_stalls():
    assert descend(LINE, x=X, y=Y, method="sgd", rate=1.0).stopped == "diverged"
    assert descend(LINE, x=X, y=Y, method="sgd", rate=1e-20, start=(1, 1)).stopped == "stalled"


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
def test_a_rate_too_small_for_doubles_stalls(method):
    trace = descend(LINE, x=X, y=Y, method=method, momentum=0.5, rate=1e-22, start=(5, 5))
    assert trace.stopped == "stalled", trace.says


def test_newton_on_a_singular_hessian_takes_the_shortest_step_and_says_so():
    trace = descend(LINE, x=[2.0, 2.0, 2.0], y=[1.0, 3.0, 5.0], method="newton")
    assert trace.stopped == "converged"
    assert trace.loss == pytest.approx(8 / 3)
    assert "singular" in trace.says
    w, b = trace.points[-1]
    assert 2 * w + b == pytest.approx(3)


def test_newton_where_the_loss_bends_downwards_still_goes_down():
    step, note = along(np.diag([2.0, -1.0]), (2.0, 1.0), 1e-8)
    assert step == pytest.approx((1.0, 1.0))
    assert "bends downwards" in note
    assert along(np.zeros((2, 2)), (1.0, 2.0), 1e-8)[0] == (1.0, 2.0)


def test_a_ball_that_rolls_through_the_minimum_has_not_arrived():
    """x = ±1: at rate ¼ and momentum ¼ the ball stands exactly at the minimum after one of its first steps, and rolls on."""
    trace = descend(LINE, x=[1.0, -1.0], y=[1.0, -1.0], method="momentum", rate=0.5, momentum=0.5, max_iterations=1)
    assert trace.points[1].tolist() == [1.0, 0.0]
    assert trace.stopped == "max-iterations"
    assert descend(LINE, x=[1.0, -1.0], y=[1.0, -1.0], method="momentum", rate=0.5, momentum=0.5).stopped == "converged"


# ---------------------------------------------------------------- losses that are not quadratic


@pytest.mark.parametrize("method", SURE)
def test_log_loss_comes_to_the_same_minimum_by_every_method(method):
    y = (Y + np.random.default_rng(1).normal(size=60) * 3 > 2) * 1.0
    least = descend(LOGISTIC, x=X, y=y, max_iterations=20_000, keep="ends")
    trace = descend(LOGISTIC, x=X, y=y, method=method, max_iterations=5000)
    assert trace.stopped == "converged", trace.says
    assert trace.points[-1] == pytest.approx(least.points[-1], rel=1e-6)


@pytest.mark.parametrize("method", [*SURE, "sgd"])
def test_a_plane_is_found_by_every_method(method):
    rng = np.random.default_rng(2)
    F = rng.normal(1, 1, size=(300, 12))
    t = F @ rng.normal(size=12) + rng.normal(size=300)
    exact = np.linalg.lstsq(np.column_stack([F, np.ones(300)]), t, rcond=None)[0]
    trace = descend(PLANE, X=F, y=t, method=method, max_iterations=4000)
    assert trace.stopped == ("max-iterations" if method == "sgd" else "converged"), trace.says
    assert trace.points[-1] == pytest.approx(exact, abs=0.5 if method == "sgd" else 1e-8)
    assert trace.values["w"].shape == (12,)


@pytest.mark.parametrize("method", [*SURE[:-1], "sgd"])
def test_at_a_kink_no_method_claims_to_have_converged(method):
    trace = descend(MAE, x=X, y=Y, method=method, max_iterations=400)
    assert trace.stopped in ("max-iterations", "stalled"), trace.says
    assert trace.losses[-1] < trace.losses[0]


@pytest.mark.parametrize("method", [*SURE, "sgd"])
def test_what_is_held_stays(method, capsys):
    words = ["fit", "--problem", "plane-mse", "--feature", "sat_v", "--feature", "sat_m", "--hold", "w.sat_v=0.01", "--method", method, "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parameters"]["w"]["sat_v"] == pytest.approx(0.01, rel=1e-12)
    assert found["stopped"] == ("max-iterations" if method == "sgd" else "converged")


@pytest.mark.parametrize("method", ["momentum", "nesterov", "sgd", "line-search", "bb", "newton"])
def test_a_network_learns_by_every_method(method):
    rng = np.random.default_rng(0)
    F = rng.normal(size=(80, 2))
    g = NETWORK.bind(X=F, y=np.tanh(F[:, 0]) - F[:, 1] ** 2, sizes={"h": 4})
    start = (rng.normal(size=g.size) * 0.5).tolist()
    batches = Batches(NETWORK, g, {"X": F, "y": np.tanh(F[:, 0]) - F[:, 1] ** 2}, 16, 0) if method == "sgd" else None
    trace = descend_bound(g, start=start, method=method, batches=batches, max_iterations=150)
    assert trace.loss < 0.7 * trace.losses[0]
    assert trace.stopped in ("max-iterations", "converged"), trace.says
    if method not in ("sgd", "bb"):
        assert (np.diff(trace.losses) <= 1e-14 * trace.losses[0]).all()


@pytest.mark.parametrize("f", [LINE, LOGISTIC, RIDGE, MAE], ids=lambda f: f.name)
@pytest.mark.parametrize("rate", [1e3, 1e300, 1.7e308])
def test_a_walk_that_leaves_the_doubles_neither_hangs_nor_breaks(f, rate):
    """Also where nothing stops it; a method that searches its rate comes back instead."""
    y = (Y > 2) * 1.0 if f is LOGISTIC else Y
    for method in METHODS:
        if f is MAE and method == "newton":
            continue
        trace = descend(f, x=X, y=y, method=method, rate=rate, max_iterations=120, stop="never")
        assert trace.iterations == 120 or trace.stopped == "diverged"
        if method == "line-search":
            assert trace.loss <= trace.losses[0]


def test_a_stochastic_walk_whose_losses_are_not_kept_looks_at_them_seldom():
    y = (Y > 2) * 1.0
    every, ends = (descend(LOGISTIC, x=X, y=y, method="sgd", batch=7, max_iterations=101, keep=k) for k in ("all", "ends"))
    assert ends.points[-1].tolist() == every.points[-1].tolist()
    assert ends.losses[-1] == every.losses[-1]


@pytest.mark.parametrize(("f", "how", "says"), [
    (LINE, {"method": "fast"}, "no method 'fast'"), (LINE, {"momentum": 0.9}, "has no momentum"), (LINE, {"method": "bb", "momentum": 0.9}, "has no momentum"),
    (LINE, {"method": "momentum", "momentum": 1.0}, "from 0 to below 1"), (LINE, {"method": "momentum", "momentum": -0.1}, "from 0 to below 1"),
    (LINE, {"batch": 4}, "for the method"), (LINE, {"method": "bb", "decay": 0.1}, "for the method"),
    (LINE, {"method": "sgd", "batch": 0}, "whole number of rows"),
    (LINE, {"method": "sgd", "seed": -1}, "the seed"), (LINE, {"method": "sgd", "decay": -1.0}, "the decay"), (MAE, {"method": "newton"}, "kinks"),
    (LINE, {"method": "sgd", "weights": np.ones(60)}, "no weights"), (LINE, {"method": "momentum", "rate": 0}, "positive number"),
])  # fmt: skip
def test_what_a_method_cannot_do_is_refused(f, how, says):
    with pytest.raises(ValueError, match=says):
        descend(f, x=X, y=Y, **how)


def test_a_sum_over_the_samples_is_no_mean_and_has_no_batches():
    whole = compile_gradient(derive(symgd.Problem.from_text(let=["u = w*x + b - y"], objective="sum(u^2)", parameters="w b", data="x y")))
    with pytest.raises(ValueError, match="mean over its samples"):
        descend(whole, x=X, y=Y, method="sgd", batch=8)
    assert descend(whole, x=X, y=Y, method="bb").stopped == "converged"


# ---------------------------------------------------------------- on the command line


@pytest.mark.parametrize("method", ["momentum", "nesterov", "sgd", "line-search", "bb", "newton"])
def test_fit_takes_each_method_and_says_its_rule(method, capsys):
    assert main(["fit", "--method", method]) == 0
    said = capsys.readouterr().out
    assert "  method     " in said
    assert "←" in said
    if method != "sgd":
        assert "the cross-check holds" in said


def test_fit_answers_machines_with_the_method(capsys):
    assert main(["fit", "--method", "nesterov", "--raw", "--momentum", "0.9", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["method"] == {"name": "nesterov", "momentum": 0.9}
    assert found["stopped"] == "max-iterations"
    assert main(["fit", "--method", "sgd", "--batch", "10", "--seed", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == {"name": "sgd", "batch": 10, "seed": 3}


def test_a_rate_beyond_the_bound_of_the_method_is_announced_and_diverges(capsys):
    assert main(["fit", "--method", "momentum", "--momentum", "0.5", "--rate", "1.6"]) == 1
    said = capsys.readouterr().out
    assert "will diverge here: the bound is 2(1 + μ)/λmax = 1.5" in said.replace("\n            ", "")
    assert "Diverged" in said


@pytest.mark.parametrize("words", [
    ["--momentum", "0.9"], ["--method", "momentum", "--momentum", "1"], ["--method", "bb", "--batch", "3"], ["--method", "sgd", "--batch", "0"],
    ["--method", "sgd", "--decay=-1"], ["--decay", "1"], ["--method", "sgd", "--seed=-1"], ["--method", "sgd", "--momentum", "x"],
])  # fmt: skip
def test_words_that_do_not_belong_to_the_method_are_usage_errors(words, capsys):
    assert main(["fit", *words]) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("method", ["momentum", "newton", "sgd"])
def test_the_report_shows_the_rule_and_its_source(method, tmp_path):
    out = tmp_path / "fit.md"
    assert main(["fit", "--method", method, "--report", str(out)]) == 0
    text = out.read_text()
    assert METHODS[method].title in text
    assert "doi:" in text
    assert r"\alpha" in text


@pytest.mark.skipif(os.name != "posix", reason="signals of another kind")
def test_an_interrupt_in_the_middle_leaves_a_message_and_no_file(tmp_path):
    rows = tmp_path / "rows.csv"
    rng = np.random.default_rng(0)
    rows.write_text("x,y\n" + "\n".join(f"{a},{int(b)}" for a, b in zip(rng.normal(size=3000), rng.random(3000) < 0.5, strict=True)))
    words = ["fit", str(rows), "--problem", "logistic-log-loss", "--method", "momentum", "--stop", "never", "--max-iterations", "9000000"]
    run = subprocess.Popen(
        [sys.executable, "-m", "symgd", *words, "--report", str(tmp_path / "fit.html")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    while "rate" not in run.stdout.readline():
        pass
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 2
    assert said.startswith("error: interrupted")
    assert "nothing was written" in said
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["rows.csv"]
