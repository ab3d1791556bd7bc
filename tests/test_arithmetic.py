"""exp and log1p of the texts for Numba, run here without it: an ulp, and every special value."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from symgd.numeric.targets.arithmetic import OWN, needed


@pytest.fixture(scope="module")
def own():
    scope = {"np": np, "compiled": lambda f: f}
    for text in OWN.values():
        exec(text, scope)
    return {word: scope[word] for word in OWN}


def ulps(f, true, values):
    with mpmath.workdps(40), np.errstate(all="ignore"):
        return max(abs(float((mpmath.mpf(float(f(v))) - true(mpmath.mpf(v))) / np.spacing(float(true(mpmath.mpf(v)))))) for v in values)


RNG = np.random.default_rng(11)
HALVES = [float(np.log(2) * (k + 0.5)) for k in range(-1020, 1022, 7)]  # where |r| is largest
EXPONENTS = {
    "near": RNG.uniform(-40, 40, 500).tolist(), "far": RNG.uniform(-708, 709.7, 500).tolist(), "halves": HALVES,
    "tiny": (-(10 ** RNG.uniform(-300, 0, 200))).tolist(), "the largest": [709.5, 709.75, 709.782712893],
}  # fmt: skip


@pytest.mark.parametrize("where", EXPONENTS)
def test_the_exponential_is_right_to_an_ulp(own, where):
    assert ulps(own["exp"], mpmath.exp, EXPONENTS[where]) < 1


@pytest.mark.parametrize("values", [
    RNG.random(1000).tolist(), (10 ** RNG.uniform(-300, 0, 500)).tolist(), [1.0, 0.5, 2.0**-53, 5e-324, float(np.nextafter(1, 0))],
])  # fmt: skip
def test_the_logarithm_is_right_to_little_more_than_an_ulp(own, values):
    assert ulps(own["log1p"], mpmath.log1p, values) < 1.5


@pytest.mark.parametrize("x", [0.0, -0.0, -708.5, -720.0, -740.0, -745.1, -745.2, -746.5, -1e300, -np.inf, 709.79, 710.0, 711.5, 1e300, np.inf, np.nan])
def test_the_exponential_ends_where_that_of_numpy_ends(own, x):
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(float(own["exp"](x)), np.exp(x), rtol=3e-16, atol=5e-324)


def test_the_logarithm_of_one_is_zero_and_what_is_no_number_stays_none(own):
    assert own["log1p"](0.0) == 0
    assert np.isnan(own["log1p"](np.nan))


def test_a_text_has_the_functions_that_it_calls():
    assert needed(["x = math.exp(2)", "y = my_exp(2)"]) == []
    assert needed(["x = exp(2)"]) == [OWN["exp"]]
    assert needed(["x = 1", "y = -log1p(exp(-z))"]) == [OWN["exp"], OWN["log1p"]]
