"""Models: what is predicted from the data, as definitions of the forward tape.  A new model is one function and its row in MODELS.

`w` slope or weight, `b` intercept, `x` feature, `y_hat` prediction, `z` score, `p` probability; axis `i` samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symgd.forward import Definition
from symgd.term import Call, Name

__all__ = ["MODELS", "Model"]


@dataclass(frozen=True)
class Model:
    """title, parameters, inputs (data), the definitions that lead to the prediction, and what each letter is."""

    title: str
    parameters: tuple[Name, ...]
    inputs: tuple[Name, ...]
    tape: tuple[Definition, ...]
    roles: tuple[tuple[str, str], ...]

    @property
    def prediction(self) -> Name:
        return self.tape[-1].name


I = ("i",)  # noqa: E741  the sample's index
w, b, x, y_hat, z, p = Name("w"), Name("b"), Name("x", I), Name("y_hat", I), Name("z", I), Name("p", I)
_ROLES = (("w", "the slope: how much the prediction grows when the feature grows by 1"), ("b", "the intercept: the prediction where the feature is 0"))


def line() -> Model:
    """ŷ_i = w x_i + b"""
    return Model("A line", (w, b), (x,), (Definition(y_hat, w * x + b, "the prediction"),), (*_ROLES, ("x", "the feature")))


def proportional() -> Model:
    """ŷ_i = w x_i, a line through the origin"""
    return Model("A line through the origin", (w,), (x,), (Definition(y_hat, w * x, "the prediction"),), (_ROLES[0], ("x", "the feature")))


def constant() -> Model:
    """ŷ_i = b, the same prediction for every sample"""
    return Model("A constant", (b,), (), (Definition(y_hat, b, "the prediction"),), (("b", "the prediction for every sample"),))


def exponential() -> Model:
    """ŷ_i = e^(w x_i + b)"""
    tape = (Definition(z, w * x + b, "the score"), Definition(y_hat, Call("exp", (z,)), "the prediction"))
    return Model("An exponential", (w, b), (x,), tape, (("w", "the rate of growth"), ("b", "the logarithm of the prediction at 0"), ("x", "the feature")))


def logistic() -> Model:
    """p_i = σ(w x_i + b)"""
    tape = (Definition(z, w * x + b, "the score"), Definition(p, Call("sigmoid", (z,)), "the probability of class 1"))
    return Model("Logistic regression", (w, b), (x,), tape, (("w", "the weight of the feature"), ("b", "the bias"), ("x", "the feature")))


MODELS: dict[str, Callable[[], Model]] = {f.__name__: f for f in (line, proportional, constant, exponential, logistic)}
