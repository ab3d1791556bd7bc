"""The estimators of scikit-learn: its own checks, agreement with its own linear models, and what a user does with them."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import symgd
from symgd.numeric.descent.methods import METHODS
from symgd.sklearn import LOWER, REGRESSION, GradientDescentClassifier, GradientDescentRegressor

Array = NDArray[np.float64]
DRAW = np.random.default_rng(7)
DIABETES: tuple[Array, Array] = load_diabetes(return_X_y=True)
IRIS: tuple[Array, Any] = load_iris(return_X_y=True)
TWO = (IRIS[0][50:], IRIS[1][50:])  # two classes that overlap


def near(a: Any, b: Any, rtol: float = 1e-9) -> bool:
    """The same to rtol of the largest."""
    return bool(np.abs(np.asarray(a) - b).max() <= rtol * np.abs(b).max())


# ---------------------------------------------------------------- scikit-learn's own checks

CHECKED = [
    GradientDescentRegressor(),
    GradientDescentRegressor("huber", penalty="ridge", standardise=False, max_iterations=200),
    GradientDescentClassifier(max_iterations=200),
    GradientDescentClassifier("squared-hinge", fit_intercept=False, method="nesterov", max_iterations=200),
]


@parametrize_with_checks(CHECKED)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    check(estimator)


# ---------------------------------------------------------------- the same results as its linear models


@pytest.mark.parametrize(("intercept", "offset"), [(True, 0.0), (True, 1e6), (False, 0.0)])  # through the origin columns beside 1e6 are all but one
def test_the_squared_loss_ends_at_least_squares(intercept: bool, offset: float) -> None:
    X, y = DIABETES[0] * 100 + offset, DIABETES[1]
    ours, theirs = (made(fit_intercept=intercept).fit(X, y) for made in (GradientDescentRegressor, LinearRegression))
    assert near(ours.coef_, theirs.coef_)
    assert near(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"sgd"}))
def test_every_method_ends_there(method: Any) -> None:
    assert near(GradientDescentRegressor(method=method).fit(*DIABETES).coef_, LinearRegression().fit(*DIABETES).coef_)


def test_weighted_samples_count_as_often_as_their_weight() -> None:
    X, y = DIABETES
    weights = DRAW.uniform(0, 3, len(y)) * (DRAW.random(len(y)) > 0.1)
    ours = GradientDescentRegressor().fit(X, y, weights)
    assert near(ours.coef_, LinearRegression().fit(X, y, weights).coef_)
    twice = GradientDescentClassifier(method="newton").fit(*TWO, np.repeat([1, 2], 50))
    repeated = np.concatenate([np.arange(100), np.arange(50, 100)])
    assert near(twice.coef_, GradientDescentClassifier(method="newton").fit(TWO[0][repeated], TWO[1][repeated]).coef_, 1e-7)


@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_a_ridge_is_theirs_at_n_times_the_strength(strength: float) -> None:
    X, y = DIABETES
    ours = GradientDescentRegressor(penalty="ridge", strength=strength, standardise=False).fit(X, y)
    assert near(ours.coef_, Ridge(alpha=strength * len(y), tol=1e-12).fit(X, y).coef_)
    assert near(ours.intercept_, y.mean() - X.mean(axis=0) @ ours.coef_)


def test_a_penalty_sees_the_standardised_weights() -> None:
    X, y = DIABETES[0] * np.geomspace(1, 1e4, 10), DIABETES[1]
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=0.1 * len(y))).fit(X, y)
    assert near(GradientDescentRegressor(penalty="ridge", strength=0.1).fit(X, y).predict(X), theirs.predict(X))


@pytest.mark.parametrize("data", [load_breast_cancer, load_iris, load_wine], ids=["two", "iris", "wine"])
@pytest.mark.parametrize("method", ["nesterov", "bb"])
def test_log_loss_ends_at_logistic_regression(data: Any, method: Any) -> None:
    X, y = data(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    ours = GradientDescentClassifier(penalty="ridge", strength=0.01, method=method).fit(X, y)
    theirs = LogisticRegression(C=1 / (2 * len(y) * 0.01), tol=1e-12, solver="newton-cholesky", max_iter=1000).fit(X, y)
    assert near(ours.coef_, theirs.coef_, 1e-6)
    assert near(ours.predict_proba(X), theirs.predict_proba(X), 1e-6)
    assert near(ours.decision_function(X), theirs.decision_function(X), 1e-6)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


def test_without_a_penalty_it_is_the_most_likely() -> None:
    ours = GradientDescentClassifier(method="newton", tolerance=0.0).fit(*TWO)
    theirs = LogisticRegression(C=np.inf, tol=1e-14, solver="newton-cholesky", max_iter=1000).fit(*TWO)
    assert near(ours.coef_, theirs.coef_, 1e-8)
    assert near(ours.intercept_, theirs.intercept_, 1e-8)


def test_poisson_is_theirs() -> None:
    X = DRAW.normal(size=(200, 3)) * [1, 10, 0.1] + 5
    y = DRAW.poisson(np.exp(X @ [0.2, 0.01, 1.0] - 1)).astype(float)
    ours = GradientDescentRegressor("poisson").fit(X, y)
    assert near(ours.predict(X), PoissonRegressor(alpha=0, tol=1e-12, solver="newton-cholesky").fit(X, y).predict(X), 1e-6)


@pytest.mark.parametrize(
    ("loss", "of"),
    [
        ("huber", lambda u: np.where(abs(u) <= 1, u**2 / 2, abs(u) - 0.5)),
        ("log-cosh", lambda u: np.logaddexp(u, -u) - np.log(2)),
        ("half-squared", lambda u: u**2 / 2),
    ],
)
def test_a_smooth_loss_ends_where_another_minimiser_does(loss: str, of: Any) -> None:
    X = DRAW.normal(size=(80, 2))
    y = X @ [1.0, -2.0] + 3 + DRAW.standard_t(2, 80)
    ours = GradientDescentRegressor(loss).fit(X, y)
    found = minimize(lambda t: of(X @ t[:2] + t[2] - y).mean(), np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 5000})
    assert near([*ours.coef_, ours.intercept_], found.x, 1e-6)


def test_a_quantile_comes_near_theirs() -> None:
    X = DRAW.normal(size=(150, 2))
    y = X @ [1.0, -2.0] + 3 + DRAW.exponential(size=150)
    with pytest.warns(ConvergenceWarning, match="more steps come nearer"):
        ours = GradientDescentRegressor("quantile", quantile=0.8, max_iterations=3000).fit(X, y)
    assert near(ours.predict(X), QuantileRegressor(quantile=0.8, alpha=0).fit(X, y).predict(X), 1e-2)


# ---------------------------------------------------------------- what is said


def test_a_rate_beyond_the_bound_is_warned_of_with_the_rate_to_type() -> None:
    with pytest.warns(ConvergenceWarning, match=r"Diverged at step .* the rate must be below 2/λmax = .* try the rate (\S+)\.") as said:
        GradientDescentRegressor(rate=1.5).fit(*DIABETES)
    rate = float(re.search(r"try the rate (\S+)\.", str(said[0].message)).group(1))  # type: ignore[union-attr]
    assert near(GradientDescentRegressor(rate=rate).fit(*DIABETES).coef_, LinearRegression().fit(*DIABETES).coef_)


def test_too_few_steps_are_warned_of() -> None:
    with pytest.warns(ConvergenceWarning, match=r"Stopped at the cap of 5 steps .* steps are needed at this rate"):
        assert GradientDescentRegressor(max_iterations=5).fit(*DIABETES).n_iter_ == 5


def test_a_slope_below_the_tolerance_is_enough_and_told_as_it_is() -> None:
    loose, tight = (GradientDescentClassifier(penalty="ridge", tolerance=t).fit(*TWO) for t in (1e-3, 1e-9))
    assert loose.n_iter_ < tight.n_iter_
    assert "the slope is below 0.001 of the first" in loose.trace_.says
    assert max(map(abs, tight.trace_.gradient)) < max(map(abs, loose.trace_.gradient)) < 1e-3


def test_classes_without_overlap_have_no_best_weights() -> None:
    with pytest.warns(ConvergenceWarning, match="the loss has no minimum"):
        GradientDescentClassifier(max_iterations=50).fit(IRIS[0], IRIS[1] > 0)


def test_collinear_features_are_named() -> None:
    X = DRAW.normal(size=(50, 2))
    X = np.column_stack([X, X[:, 0] + X[:, 1]])
    with pytest.warns(UserWarning, match=r"x2 ≈ x0 \+ x1: the weights of these features are not determined"):
        ours = GradientDescentRegressor().fit(X, X[:, 0])
    assert near(ours.predict(X), X[:, 0])


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (GradientDescentRegressor("cubed"), "no loss 'cubed'; there are squared"),
        (GradientDescentRegressor(penalty="rigde"), "no penalty 'rigde'; there are None, ridge, lasso"),
        (GradientDescentRegressor(penalty="ridge", strength=-1), "strength is a number from 0, not -1"),
        (GradientDescentRegressor("quantile", quantile=2), "quantile is a number from 0 to 1, not 2"),
        (GradientDescentRegressor(rate=0), 'the rate is a positive number or "auto"'),
        (GradientDescentRegressor(method="sdg"), "no method 'sdg'; there are gd"),  # type: ignore[arg-type]
        (GradientDescentRegressor("poisson"), "no target may be negative"),
        (GradientDescentClassifier("hinge"), "Only binary classification is supported by hinge"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(estimator: Any, says: str) -> None:
    X, y = IRIS
    with pytest.raises(ValueError, match=re.escape(says)):
        estimator.fit(X, y if isinstance(estimator, GradientDescentClassifier) else y - 1.0)


def test_sparse_features_are_refused() -> None:
    with pytest.raises(TypeError, match="Sparse data was passed"):
        GradientDescentRegressor().fit(csr_array(DIABETES[0]), DIABETES[1])


def test_without_scikit_learn_one_sentence_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['sklearn'] = None; sys.modules['sklearn.base'] = None; import symgd.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("MissingExtra: sklearn needs scikit-learn, which is not installed: pip install 'symgd[sklearn]'")


# ---------------------------------------------------------------- what a user does with them


@pytest.mark.parametrize("estimator", [GradientDescentRegressor(), GradientDescentRegressor("log-cosh"), GradientDescentClassifier(penalty="ridge")])
def test_the_loss_falls_with_every_step(estimator: Any) -> None:
    fitted = estimator.fit(*(TWO if isinstance(estimator, GradientDescentClassifier) else (DIABETES[0][:, :4], DIABETES[1] / 50)))
    curve = fitted.loss_curve_
    assert len(curve) == fitted.n_iter_ + 1 > 5
    assert (np.diff(curve) <= 1e-12 * curve[0]).all()
    assert curve[-1] < 0.9 * curve[0]


def test_the_loss_curve_ends_at_the_mean_loss() -> None:
    ours = GradientDescentClassifier(penalty="ridge", strength=0.02, standardise=False, method="newton").fit(*IRIS)
    p = ours.predict_proba(IRIS[0])
    assert ours.loss_curve_[-1] == pytest.approx(-np.log(p[np.arange(150), IRIS[1]]).mean() + 0.02 * (ours.coef_**2).sum(), rel=1e-12)


def test_its_problem_is_one_that_can_be_derived() -> None:
    ours = GradientDescentRegressor("huber", penalty="ridge").fit(DIABETES[0], DIABETES[1] / 50)
    assert ours.problem_ == "plane+huber+ridge"
    assert [p.symbol for p in symgd.problem(ours.problem_).parameters] == ["w", "b"]


@pytest.mark.parametrize(("estimator", "data"), [(GradientDescentRegressor(), DIABETES), (GradientDescentClassifier(penalty="ridge", method="bb"), IRIS)])
def test_it_pickles_with_its_results_and_without_code(estimator: Any, data: tuple[Array, Array]) -> None:
    fitted = estimator.fit(*data)
    written = pickle.dumps(fitted)
    again = pickle.loads(written)
    assert b"def " not in written
    assert (again.predict(data[0]) == fitted.predict(data[0])).all()
    assert (clone(again).fit(*data).coef_ == fitted.coef_).all()


def test_a_pipeline_is_searched() -> None:
    pipe = make_pipeline(StandardScaler(), GradientDescentClassifier(penalty="ridge", method="bb"))
    search = GridSearchCV(pipe, {"gradientdescentclassifier__strength": [1e-2, 1.0]}, cv=3).fit(*IRIS)
    assert search.best_params_ == {"gradientdescentclassifier__strength": 1e-2}
    assert search.best_score_ > 0.9
    ours, theirs = (cross_val_score(m, *DIABETES, cv=3) for m in (GradientDescentRegressor(), LinearRegression()))
    assert near(ours, theirs)


def test_the_names_of_the_features_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DIABETES[0][:, :2], columns=["age", "sex"])
    assert GradientDescentRegressor().fit(frame, DIABETES[1]).feature_names_in_.tolist() == ["age", "sex"]


def test_single_precision_stays_single() -> None:
    X = DIABETES[0].astype(np.float32)
    ours = GradientDescentRegressor().fit(X, DIABETES[1])
    assert ours.coef_.dtype == ours.predict(X).dtype == np.float32
    assert near(ours.coef_, LinearRegression().fit(*DIABETES).coef_, 1e-4)


@pytest.mark.parametrize("loss", REGRESSION)
@pytest.mark.parametrize("penalty", [None, "lasso"])
def test_every_regression_loss_learns(loss: str, penalty: str | None) -> None:
    X = DRAW.normal(size=(60, 2))
    y = np.exp(X @ [0.5, -0.3]) if loss == "poisson" else X @ [0.5, -0.3] + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert GradientDescentRegressor(loss, penalty=penalty, strength=1e-3, max_iterations=300).fit(X, y).score(X, y) > 0.95


@pytest.mark.parametrize("loss", LOWER)
def test_every_classification_loss_learns(loss: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours = GradientDescentClassifier(loss, max_iterations=300).fit(TWO[0], np.array(["a", "b"])[TWO[1] - 1])
    assert ours.score(TWO[0], np.array(["a", "b"])[TWO[1] - 1]) > 0.94
    assert hasattr(ours, "predict_proba") == (loss == "log-loss")


def test_batches_are_drawn_by_the_random_state_alone() -> None:
    with pytest.warns(ConvergenceWarning, match="comes to rest nowhere"):
        fits = [GradientDescentRegressor(method="sgd", batch=50, max_iterations=500, random_state=s).fit(*DIABETES).coef_ for s in (0, 0, 1)]
    assert (fits[0] == fits[1]).all()
    assert (fits[0] != fits[2]).any()
