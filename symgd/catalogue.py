"""The problems that have a name: a model, a loss, perhaps a penalty.  A new one is a row of CATALOGUE."""

from __future__ import annotations

import difflib
from fractions import Fraction

from symgd.forward import Definition, Problem
from symgd.losses import LOSSES, PENALTIES
from symgd.models import MODELS
from symgd.term import Name, add, mean

__all__ = ["CATALOGUE", "UnknownProblem", "combine", "problem"]

# name: (model, loss, penalty)
CATALOGUE: dict[str, tuple[str, str, str]] = {
    "line-mse": ("line", "squared", ""),
    "line-half-mse": ("line", "half-squared", ""),
    "line-mae": ("line", "absolute", ""),
    "line-ridge": ("line", "squared", "ridge"),
    "proportional-mse": ("proportional", "squared", ""),
    "constant-mse": ("constant", "squared", ""),
    "exponential-mse": ("exponential", "squared", ""),
    "logistic-log-loss": ("logistic", "log-loss", ""),
}

Y, LAMBDA, COUNT = Name("y", ("i",)), Name("lam"), Name("n")


class UnknownProblem(KeyError):
    """No problem of that name; the message lists the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


def problem(name: str) -> Problem:
    """The problem of that name.  Raises UnknownProblem, with the choices."""
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, 3, 0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(CATALOGUE)}"
        raise UnknownProblem(f"there is no problem called {name!r}; {hint}")
    return combine(*CATALOGUE[name], name=name)


def combine(model: str, loss: str, penalty: str = "", name: str = "") -> Problem:
    """Any model with any loss: L = (1/n) Σ ℓ_i, plus the penalty on the weight."""
    m = MODELS[model]()
    cost = LOSSES[loss](m.prediction, Y)
    objective = mean("i", cost.value, COUNT)
    constants: tuple[tuple[Name, Fraction | None], ...] = ()
    if penalty:
        objective = add(objective, PENALTIES[penalty](m.parameters[0], LAMBDA))
        constants = ((LAMBDA, Fraction(1, 10)),)
    title = f"{m.title}, {cost.title}" + (f", {penalty} penalty" if penalty else "")
    tape = (*m.tape, *cost.tape, Definition(Name(cost.symbol), objective, f"the {cost.title}" + (f" with a {penalty} penalty" if penalty else "")))
    roles = (*m.roles, ("y", "the target"), ("n", "the number of samples")) + ((("lam", "the strength of the penalty"),) if penalty else ())
    return Problem(title, m.parameters, (*m.inputs, Y), tape, constants, name=name, roles=roles)
