"""Losses: what one sample costs, given its prediction and its target.  A new loss is one function and its row in LOSSES.

Each returns the definitions it needs (the residual) and the loss of one sample; the objective is their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symgd.forward import Definition
from symgd.term import Call, Name, Num, Term

__all__ = ["LOSSES", "PENALTIES", "Loss"]


@dataclass(frozen=True)
class Loss:
    """title for a page ("mean squared error"), what the objective is called, the definitions before it, and the loss of one sample."""

    title: str
    symbol: str
    tape: tuple[Definition, ...]
    value: Term


def _residual(prediction: Name, target: Name) -> tuple[Definition, Name]:
    u = Name("u", prediction.indices)
    return Definition(u, prediction - target, "the residual"), u


def squared(prediction: Name, target: Name) -> Loss:
    """u², u = ŷ − y: the mean squared error.  Its gradient has the factor 2."""
    d, u = _residual(prediction, target)
    return Loss("mean squared error", "L", (d,), u**2)


def half_squared(prediction: Name, target: Name) -> Loss:
    """u²/2: half the squared error, so that the factor 2 of the gradient goes."""
    d, u = _residual(prediction, target)
    return Loss("half the mean squared error", "L", (d,), Num(Fraction(1, 2)) * u**2)


def absolute(prediction: Name, target: Name) -> Loss:
    """|u|: the mean absolute error.  It has a kink at u = 0, where no derivative is taken."""
    d, u = _residual(prediction, target)
    return Loss("mean absolute error", "L", (d,), Call("abs", (u,)))


def log_loss(prediction: Name, target: Name) -> Loss:
    """−y log p − (1 − y) log(1 − p): the negative log-likelihood of a yes-or-no target (y is 0 or 1, 0 < p < 1)."""
    p, y = prediction, target
    return Loss("mean log-loss", "L", (), -(y * Call("log", (p,))) - (1 - y) * Call("log", (1 - p,)))


LOSSES: dict[str, Callable[[Name, Name], Loss]] = {f.__name__.replace("_", "-"): f for f in (squared, half_squared, absolute, log_loss)}


def ridge(weight: Name, strength: Name) -> Term:
    """λ w²: keeps the weight small; the intercept is not penalised."""
    return strength * weight**2


PENALTIES: dict[str, Callable[[Name, Name], Term]] = {"ridge": ridge}
