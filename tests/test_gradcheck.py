"""The gradient check: a right function passes, and each of the mistakes that people make is caught."""

from __future__ import annotations

import re

import numpy as np
import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.function import compile_gradient, from_written
from symgd.numeric.gradcheck import check_gradient

RNG = np.random.default_rng(14)
x = RNG.normal(1.0, 2.0, 37)
X = RNG.normal(0.5, 1.0, (37, 3))
DATA = {
    "line-mse": {"x": x, "y": 2 * x + RNG.normal(size=37)},
    "line-ridge": {"x": x, "y": 2 * x + RNG.normal(size=37)},
    "line-huber": {"x": x, "y": 2 * x + RNG.normal(size=37)},
    "logistic-log-loss": {"x": x, "y": (x > 1).astype(float)},
    "plane-mse": {"X": X, "y": X @ [1.0, -2.0, 0.5]},
    "ridge": {"X": X, "y": X @ [1.0, -2.0, 0.5]},
    "softmax-cross-entropy": {"X": X, "t": np.eye(3)[np.arange(37) % 3]},  # as many classes as features: a transposed slope has the right shape
}
PRODUCT = r"(?:u @ x_|dot\(u, x_\))"  # Σ u x, in one of the ways that it is written
FAULTS = [  # (what, problem, pattern, what stands there instead, …)
    ("the factor 2 is lost", "line-mse", r"= 2\*sum_ux/n", "= sum_ux/n"),
    ("the factor 2 comes twice", "line-mse", r"= 2\*sum_u/n", "= 4*sum_u/n"),
    ("1/(n−1) for 1/n", "line-mse", r"= 2\*sum_ux/n", "= 2*sum_ux/(n - 1)"),
    ("1/n is missing", "line-mse", r"= 2\*sum_ux/n", "= 2*sum_ux"),
    ("a sign", "line-mse", r"= 2\*sum_u/n", "= -2*sum_u/n"),
    ("the residual the other way round", "line-mse", r"np\.subtract\(y_hat, y_,", "np.subtract(y_, y_hat,"),
    ("float32 on the way", "line-mse", r"x_ = (x\[.*\])", r"x_ = np.asarray(\1, np.float32)"),
    ("the intercept is dropped", "line-mse", r"y_hat \+= b  ", "y_hat += 0.0  "),
    ("a stale intercept", "line-mse", r"y_hat \+= b  ", "y_hat += 0.25  "),
    ("a stale slope", "line-mse", r"np\.multiply\(w, x_,", "np.multiply(0.25, x_,"),
    ("the parameters are swapped", "line-mse", r"\(dL_dw, dL_db\)", "(dL_db, dL_dw)"),
    ("the first row is left out", "line-mse", r"range\(0, n,", "range(1, n,"),
    ("a row is counted that is not there", "line-mse", r"n = len\(x\)", "n = len(x) + 1"),
    ("the last block for all blocks", "line-mse", r"BLOCK = \d+", "BLOCK = 8", r"sum_u \+= u\.sum\(\)", "sum_u = u.sum()"),
    ("the rows beyond whole blocks are left out", "line-mse", r"BLOCK = \d+", "BLOCK = 8", r"range\(0, n,", "range(0, n - 5,"),
    ("the absolute value's slope for the square's", "line-mse", f"sum_ux \\+= {PRODUCT}", "sum_ux += np.sign(u) @ x_"),
    ("the exponent is kept", "line-mse", r"sum_u \+= u\.sum\(\)", "sum_u += u @ u"),
    ("the inner derivative is lost", "line-mse", f"sum_ux \\+= {PRODUCT}", "sum_ux += u.sum()"),
    ("the inner derivative comes twice", "line-mse", f"sum_ux \\+= {PRODUCT}", "sum_ux += (u*x_) @ x_"),
    ("a constant is rounded", "line-mse", r"= 2\*sum_ux/n", "= 1.9999999*sum_ux/n"),
    ("the last digits", "line-mse", r"= 2\*sum_ux/n", "= 2.000000000001*sum_ux/n"),
    ("the penalty has no slope", "line-ridge", r" \+ 2\*lam\*w", ""),
    ("the penalty's factor 2 is lost", "line-ridge", r" \+ 2\*lam\*w", " + lam*w"),
    ("the penalty is divided by n", "line-ridge", r" \+ 2\*lam\*w", " + 2*lam*w/n"),
    ("the intercept is penalised", "line-ridge", r"= 2\*sum_u/n", "= 2*sum_u/n + 2*lam*b"),
    ("the penalty's sign", "ridge", r" \+ 2\*lam\*w", " - 2*lam*w"),
    ("the clip is one-sided", "line-huber", r"np\.clip\(u, -delta, delta", "np.clip(u, -2*delta, delta"),
    ("no clip", "line-huber", r"np\.clip\(u, -delta, delta", "np.clip(u, -1e9, 1e9"),
    ("labels for probabilities", "logistic-log-loss", r"np\.subtract\(p, y_,", "np.subtract(y_, p,"),
    ("the score for the probability", "logistic-log-loss", r"np\.subtract\(p, y_,", "np.subtract(z, y_,"),
    ("a transposed slope", "softmax-cross-entropy", r"(X_\.T @ shared_\d)", r"(\1).T"),
    ("the intercepts summed over the classes", "softmax-cross-entropy", "dL_db = sum_db/n", "dL_db = sum_db*0.0 + sum_db.sum()/n"),
    ("the first column for all", "plane-mse", r"sum_uX \+= u @ X_", "sum_uX += u @ X_[:, :1] + np.zeros(d)"),
    ("a slope of another shape", "plane-mse", r"dL_dw = 2\*sum_uX/n", "dL_dw = (2*sum_uX/n)[:, None]"),
    ("no number", "plane-mse", r"dL_dw = 2\*sum_uX/n", "dL_dw = 2*sum_uX/n*np.nan"),
]


@pytest.fixture(scope="module")
def functions():
    return {name: compile_gradient(derive(problem(name))) for name in DATA}


def spoiled(f, source: str):
    return from_written(f.problem, {**f.written(), "source": source})


def in_function(source: str, name: str, old: str, new: str) -> str:
    """The text with `old` replaced in one of its functions; BLOCK stands before them all."""
    if old.startswith("BLOCK"):
        return re.sub(old, new, source)
    start = source.index(f"def {name}(")
    end = source.find("\ndef ", start)
    end = end if end > 0 else len(source)
    return source[:start] + re.sub(old, new, source[start:end]) + source[end:]


@pytest.mark.parametrize("name", DATA)
def test_the_right_function_passes(name: str, functions) -> None:
    check = check_gradient(functions[name], **DATA[name])
    assert check.agrees
    assert check.points == 20
    assert check.worst < 1e-13


@pytest.mark.parametrize("function", ["gradient", "loss_and_gradient"])
@pytest.mark.parametrize("fault", FAULTS, ids=[f[0] for f in FAULTS])
def test_a_fault_in_either_function_is_caught(fault: tuple[str, ...], function: str, functions) -> None:
    f = functions[fault[1]]
    source = f.source
    for old, new in zip(fault[2::2], fault[3::2], strict=True):
        changed = in_function(source, function, old, new)
        assert changed != source
        source = changed
    check = check_gradient(spoiled(f, source), **DATA[fault[1]])
    assert not check.agrees
    assert "differs from" in check.says


def test_a_smaller_block_is_no_fault(functions) -> None:
    f = functions["line-mse"]
    assert check_gradient(spoiled(f, re.sub(r"BLOCK = \d+", "BLOCK = 8", f.source)), **DATA["line-mse"]).agrees


def test_the_report_names_the_parameter_whose_slope_is_wrong(functions) -> None:
    f = functions["line-mse"]
    check = check_gradient(spoiled(f, f.source.replace("= 2*sum_u/n", "= sum_u/n")), **DATA["line-mse"])
    assert check.by == "b"
    assert check.worst == pytest.approx(0.5)
