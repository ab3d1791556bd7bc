"""Two estimators of scikit-learn that go down the derived gradients: GradientDescentRegressor, GradientDescentClassifier.  The extra `sklearn` brings it.

    >>> from symgd.sklearn import GradientDescentRegressor
    >>> GradientDescentRegressor(loss="huber").fit(X, y).predict(X)

The objective is the catalogue's: the mean loss of the samples, weighted by sample_weight, plus the penalty on the weights, without 1/2 and without 1/n.
So penalty="ridge", strength=λ is Ridge(alpha=n λ) for the squared loss and LogisticRegression(C=1/(2 n λ)) for log-loss, n the sum of the sample weights.
With standardise=True the penalty sees the weights of the standardised features, as behind a StandardScaler.

Glossary: X features, shape (n, d); y targets, shape (n,); w, W weights; b intercepts; Z the features as the run sees them; g a bound loss.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import Any, Literal, Self

import numpy as np

from symgd.catalogue import problem
from symgd.document.formats import MissingExtra

try:
    from scipy.special import expit, softmax
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError:
    raise MissingExtra("scikit-learn", "sklearn") from None

from symgd.numeric.bound.held import Held
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.columns import collinear
from symgd.numeric.data.scaling import Scaling
from symgd.numeric.data.units import Units
from symgd.numeric.descent.descend import batches_for, descend_bound, kinked, rates_near
from symgd.numeric.descent.methods import MethodName
from symgd.numeric.descent.near import Near
from symgd.numeric.descent.trace import Trace
from symgd.numeric.function import GradientFunction
from symgd.shelf import function

__all__ = ["GradientDescentClassifier", "GradientDescentRegressor"]

MOST_KEPT = 10_000_000  # numbers: a descent that passes more of them keeps its first and its last loss only
MOST_NAMED = 100  # features whose combinations are looked for by name
DTYPES = [np.float64, np.float32]
REGRESSION = ("squared", "half-squared", "huber", "absolute", "log-cosh", "quantile", "poisson")
LOWER = {"log-loss": 0.0, "hinge": -1.0, "squared-hinge": -1.0, "exponential": -1.0}  # what stands for the first of two classes; 1 for the second
PENALTIES = ("ridge", "lasso")
SEPARATED = 'every sample is put into its class, so larger weights always fit better: the loss has no minimum, and penalty="ridge" would give it one'


class _Descending(BaseEstimator):
    """What both share: from arrays and the name of a problem to its parameters."""

    def _constants(self) -> dict[str, float]:
        return {"lam": _number("strength", self.strength, 0.0, math.inf)} if self.penalty else {}

    def _descend(self, name: str, X: Column, target: dict[str, Column], weights: Column | None, constants: Mapping[str, float], begin: float = 0.0) -> Any:
        """The parameters in the units of X, named.  The intercept of a single score begins at `begin`, all else at 0."""
        several = name.startswith("softmax")
        tolerance = _number("tolerance", self.tolerance, 0.0, 1.0)
        scalings = _scalings(X, weights, centre=self.fit_intercept) if self.standardise else ()
        units = Units((("W" if several else "w", "b" if self.fit_intercept else ""),), None, scalings)
        f = _function(_named(name, self.penalty), through_0=not (self.fit_intercept or several))
        given: dict[str, Any] = {"X": units.features(X), **target, **constants}
        bound = g = f.bind(weights=weights, **given)
        start = np.zeros(bound.size)
        if several and not self.fit_intercept:
            g = Held(bound, start, np.arange(len(start)) < len(start) - target["t"].shape[1])
        elif self.fit_intercept and not several:
            start[-1] = begin
        self.problem_ = f.problem.name
        trace = self._walk(f, g, given, tuple(start.tolist()), tolerance, weights)
        self.n_iter_, self.loss_curve_, self.trace_ = trace.iterations, trace.losses, replace(trace, points=trace.points[[0, -1]])
        self._see_determined(X)
        return units.own(bound.unflatten(trace.points[-1])._asdict())

    def _walk(self, f: GradientFunction, g: Any, given: dict[str, Any], start: tuple[float, ...], tolerance: float, weights: Column | None) -> Trace:
        if self.method == "sgd" and weights is not None:
            raise ValueError("sgd takes no sample_weight: the mean of a batch would lean to its heavy rows; take another method")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1)) if self.method == "sgd" else 0
        batches = batches_for(f, g, given, self.method, self.batch, seed, self.decay)
        kinks = kinked(f.problem)
        with np.errstate(all="ignore"):
            known = rates_near(g, start, kinked=kinks)
            if not g.quadratic and self.method != "newton" and tolerance:  # Newton's second derivatives are differences of slopes: none may be cut
                g = Near(g, start, tolerance)
            trace = descend_bound(
                g, start=start, rate=self.rate, max_iterations=self.max_iterations, keep="all" if len(start) * self.max_iterations <= MOST_KEPT else "ends",
                kinked=kinks, scaled=self.standardise, known=known, method=self.method, momentum=self.momentum, batches=batches, decay=self.decay,
            )  # fmt: skip
            return g.told(trace) if isinstance(g, Near) else trace

    def _see_determined(self, X: Column) -> None:
        """Warns where the weights of a squared loss are not determined by the data."""
        known, (n, d) = self.trace_.rates, X.shape
        if not known.exact or math.isfinite(known.condition) or n <= d or d > MOST_NAMED:
            return
        varying = np.flatnonzero(np.ptp(X, axis=0) > 0) if self.fit_intercept else np.arange(d)
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(d)])
        for relation in collinear([str(names[j]) for j in varying], X[:, varying].astype(np.float64), intercept=self.fit_intercept) if len(varying) else ():
            says = f"{relation}: the weights of these features are not determined, only their predictions are; leave one out to give each a meaning"
            warnings.warn(says, UserWarning, stacklevel=4)

    def _see_converged(self, remark: str = "") -> None:
        """Warns, in the words of the descent, where it did not converge."""
        if self.trace_.stopped != "converged":
            says = self.trace_.says.replace("--", "")  # an option of the command line is a parameter here
            warnings.warn(says + (f" Note: {remark}." if remark else ""), ConvergenceWarning, stacklevel=3)

    def _scores(self, X: Any) -> Column:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=DTYPES)
        return np.asarray(X @ self.coef_.T + self.intercept_)


class GradientDescentRegressor(RegressorMixin, _Descending):
    """ŷ = X w + b by gradient descent; its gradient is derived, and every step of it proved.

    loss        "squared", "half-squared", "huber" (with `delta`), "absolute", "log-cosh", "quantile" (with `quantile`), "poisson" (then ŷ = e^(X w + b))
    penalty     None, "ridge" or "lasso", `strength` times it; the intercept is not penalised
    rate        "auto", or a number: the learning rate on the features as the run sees them
    tolerance   of the largest derivative at the start: a slope below it is taken for zero; 0 goes on to the last digit, as the squared losses always do
    standardise features to mean 0 and deviation 1 on the run; results are in the data's own units
    method      "gd", "momentum", "nesterov", "sgd", "line-search", "bb" or "newton"; `momentum`, `batch`, `decay` as `symgd.descend` takes them
    random_state draws the batches of "sgd"; nothing else is random

    coef_ (d,), intercept_, n_iter_, loss_curve_ (one loss a step, the start first), n_features_in_, feature_names_in_;
    trace_ is symgd's own record of the descent, problem_ the name under which `symgd derive` shows the derivation.
    A loss with kinks ("absolute", "quantile"), and a lasso, has slopes that jump: its descent uses all its steps, and warns that more come nearer.
    fit raises ConvergenceWarning where the descent did not converge, with the rate to type; ValueError for data and words that it cannot use.
    """

    def __init__(
        self, loss: str = "squared", *, penalty: str | None = None, strength: float = 0.1, delta: float = 1.0, quantile: float = 0.5,
        rate: float | Literal["auto"] = "auto", max_iterations: int = 10_000, tolerance: float = 1e-9, standardise: bool = True, fit_intercept: bool = True,
        method: MethodName = "gd", momentum: float | None = None, batch: int | None = None, decay: float = 0.0, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.loss, self.penalty, self.strength, self.delta, self.quantile = loss, penalty, strength, delta, quantile
        self.rate, self.max_iterations, self.tolerance, self.standardise, self.fit_intercept = rate, max_iterations, tolerance, standardise, fit_intercept
        self.method, self.momentum, self.batch, self.decay, self.random_state = method, momentum, batch, decay, random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The descent on X (n, d) and y (n,)."""
        if self.loss not in REGRESSION:
            raise ValueError(f"no loss {self.loss!r}; there are {', '.join(REGRESSION)}")
        X, y = validate_data(self, X, y, dtype=DTYPES, y_numeric=True)
        kind, y = X.dtype, np.asarray(y, dtype=np.float64)
        X, weights, y = _weighted(X, sample_weight, y)
        if self.loss == "poisson" and (y.min() < 0 or not y.any()):
            raise ValueError("poisson takes counts: no target may be negative, and some must be positive")
        constants = self._constants()
        if self.loss == "huber":
            constants["delta"] = _number("delta", self.delta, 0.0, math.inf)
        if self.loss == "quantile":
            constants["tau"] = _number("quantile", self.quantile, 0.0, 1.0)
        mean = float(np.average(y, weights=weights))
        found = self._descend(f"plane+{self.loss}", X, {"y": y}, weights, constants, math.log(mean) if self.loss == "poisson" else mean)
        self.coef_, self.intercept_ = found["w"].astype(kind), kind.type(found.get("b", 0.0))
        self._see_converged()
        return self

    def predict(self, X: Any) -> Column:
        """ŷ, shape (n,)"""
        z = self._scores(X)
        return np.exp(z) if self.loss == "poisson" else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags


class GradientDescentClassifier(ClassifierMixin, _Descending):
    """The class with the highest score X w + b, by gradient descent; its gradient is derived, and every step of it proved.

    loss  "log-loss": logistic regression, for more than two classes softmax with cross-entropy; "hinge", "squared-hinge", "exponential": two classes
    The other parameters are those of GradientDescentRegressor; "hinge" has kinks.

    classes_; coef_ (1, d) and intercept_ (1,), for k > 2 classes (k, d) and (k,); the others as there.
    Where the classes can be told apart without error an unpenalised loss has no minimum: fit says so as it warns.
    """

    def __init__(
        self, loss: str = "log-loss", *, penalty: str | None = None, strength: float = 0.1, rate: float | Literal["auto"] = "auto",
        max_iterations: int = 1_000, tolerance: float = 1e-9, standardise: bool = True, fit_intercept: bool = True,
        method: MethodName = "gd", momentum: float | None = None, batch: int | None = None, decay: float = 0.0, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.loss, self.penalty, self.strength = loss, penalty, strength
        self.rate, self.max_iterations, self.tolerance, self.standardise, self.fit_intercept = rate, max_iterations, tolerance, standardise, fit_intercept
        self.method, self.momentum, self.batch, self.decay, self.random_state = method, momentum, batch, decay, random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The descent on X (n, d) and labels y (n,)."""
        if self.loss not in LOWER:
            raise ValueError(f"no loss {self.loss!r}; there are {', '.join(LOWER)}")
        X, y = validate_data(self, X, y, dtype=DTYPES)
        check_classification_targets(y)
        kind, (self.classes_, y) = X.dtype, np.unique(y, return_inverse=True)
        if len(self.classes_) > 2 and self.loss != "log-loss":
            raise ValueError(f"Only binary classification is supported by {self.loss}: the target is {type_of_target(y)}; log-loss takes more classes")
        X, weights, y = _weighted(X, sample_weight, y)
        if len(np.unique(y)) < 2:
            raise ValueError(f"there is one class only, {self.classes_[y[0]]!r}: a classifier needs samples of two")
        if len(self.classes_) > 2:
            found = self._descend("softmax+softmax-cross-entropy", X, {"t": np.eye(len(self.classes_))[y]}, weights, self._constants())
            coef, intercept = found["W"].T, found.get("b", np.zeros(len(self.classes_)))
            # a number added to every score changes no probability: of these solutions the one whose scores sum to 0, which a ridge chooses too
            intercept = intercept - intercept.mean()
            coef = coef if self.penalty == "lasso" else coef - coef.mean(axis=0)
        else:
            name = "logistic-plane+log-loss" if self.loss == "log-loss" else f"plane+{self.loss}"
            found = self._descend(name, X, {"y": np.where(y == 1, 1.0, LOWER[self.loss])}, weights, self._constants())
            coef, intercept = found["w"][None], np.array([found.get("b", 0.0)])
        self.coef_, self.intercept_ = np.ascontiguousarray(coef, dtype=kind), np.asarray(intercept, dtype=kind)
        endless = not self.penalty and self.loss in ("log-loss", "exponential") and bool((self._chosen(X @ coef.T + intercept) == y).all())
        self._see_converged(SEPARATED if endless else "")
        return self

    def decision_function(self, X: Any) -> Column:
        """The scores: for two classes (n,), positive for the second; else (n, k)"""
        z = self._scores(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X: Any) -> Any:
        """The label of each sample, shape (n,)"""
        chosen = self._chosen(self._scores(X))
        return self.classes_[chosen]

    @available_if(lambda self: self.loss == "log-loss")
    def predict_proba(self, X: Any) -> Column:
        """The probability of each class, shape (n, k)"""
        z = self._scores(X)
        return np.asarray(np.hstack([expit(-z), expit(z)]) if z.shape[1] == 1 else softmax(z, axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.loss == "log-loss"
        return tags

    @staticmethod
    def _chosen(z: Column) -> Any:
        """The place of the class in classes_."""
        return (z[:, 0] > 0).astype(int) if z.shape[1] == 1 else z.argmax(axis=1)


@lru_cache(maxsize=64)
def _function(name: str, *, through_0: bool) -> GradientFunction:
    """The compiled gradient of a problem, once a process; through_0: with its one intercept held at 0."""
    stated = problem(name)
    return function(stated.hold({"b": Fraction(0)}) if through_0 else stated)


def _named(name: str, penalty: str | None) -> str:
    if penalty is not None and penalty not in PENALTIES:
        raise ValueError(f"no penalty {penalty!r}; there are None, {', '.join(PENALTIES)}")
    return f"{name}+{penalty}" if penalty else name


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) < high:
        raise ValueError(f"{name} is a number from {low:g}{f' to {high:g}' if math.isfinite(high) else ''}, not {value!r}")
    return float(value)


def _weighted(X: Column, sample_weight: Any, y: Column) -> tuple[Column, Column | None, Column]:
    """(X in float64, weights, y) of the samples whose weight is not 0."""
    X = X.astype(np.float64)
    if sample_weight is None:
        return X, None, y
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("every sample_weight is 0")
    return X[weights > 0], weights[weights > 0], y[weights > 0]


def _scalings(X: Column, weights: Column | None, *, centre: bool) -> tuple[Scaling, ...]:
    """Mean and standard deviation of each feature over the weighted samples, or 0 and its root mean square; a feature that is constant keeps its size."""
    mean = X[0] + np.average(X - X[0], axis=0, weights=weights) if centre else np.zeros(X.shape[1])
    size = np.sqrt(np.average(np.square(X - mean), axis=0, weights=weights))
    return tuple(Scaling(float(m), float(s) if s > 0 else 1.0) for m, s in zip(mean, size, strict=True))
