"""The problems that have a name: a model, a loss, perhaps a penalty.  A new one is a row of CATALOGUE; any other that fits is MODEL+LOSS+PENALTY."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from symgd.forward import Definition, Problem
from symgd.indices import free
from symgd.losses import LOSSES, PENALTIES, Loss, Penalty
from symgd.models import MODELS, Model, Versions, spelled
from symgd.term import ZERO, Name, Neg, Sum, Term, mean

__all__ = ["CATALOGUE", "DoesNotFit", "UnknownProblem", "combine", "fitting_losses", "problem", "versions"]

# name: (model, loss, penalty)
CATALOGUE: dict[str, tuple[str, str, str]] = {
    "line-mse": ("line", "squared", ""),
    "line-half-mse": ("line", "half-squared", ""),
    "line-mae": ("line", "absolute", ""),
    "line-huber": ("line", "huber", ""),
    "line-ridge": ("line", "squared", "ridge"),
    "proportional-mse": ("proportional", "squared", ""),
    "constant-mse": ("constant", "squared", ""),
    "polynomial-mse": ("polynomial-3", "squared", ""),
    "exponential-mse": ("exponential", "squared", ""),
    "logistic-log-loss": ("logistic", "log-loss", ""),
    "plane-mse": ("plane", "squared", ""),
    "ridge": ("plane", "squared", "ridge"),
    "lasso": ("plane", "squared", "lasso"),
    "poisson": ("plane", "poisson", ""),
    "hinge": ("plane", "hinge", ""),
    "softmax-cross-entropy": ("softmax", "softmax-cross-entropy", ""),
    "network-1-hidden-mse": ("network-1", "squared", ""),
    "network-2-hidden-softmax": ("network-2", "softmax-cross-entropy", ""),
    "network-5-hidden-mse": ("network-5", "squared", ""),
}

Y, T, COUNT = Name("y", ("i",)), Name("t", ("i", "k")), Name("n")
SIZES = {"i": "n", "j": "d", "k": "c"}  # how the size of an axis is written; units are counted by their own letter


class UnknownProblem(KeyError):
    """No problem of that name; the message lists the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


class DoesNotFit(ValueError):
    """A model whose prediction is not what the loss needs; the message says what would fit."""


def problem(name: str) -> Problem:
    """The problem of that name, or the combination MODEL+LOSS or MODEL+LOSS+PENALTY: "plane+huber+lasso", "network-2-relu+squared".

    Raises UnknownProblem, with the choices; DoesNotFit where the loss needs another kind of prediction.
    """
    if name in CATALOGUE:
        return combine(*CATALOGUE[name], name=name)
    words = name.split("+")
    if not (2 <= len(words) <= 3 and all(words)):
        raise UnknownProblem(f"there is no problem called {name!r}; {_hint(name, CATALOGUE)}, or write MODEL+LOSS or MODEL+LOSS+PENALTY")
    return combine(words[0], words[1], "".join(words[2:]), name)


def combine(model: str, loss: str, penalty: str = "", name: str = "") -> Problem:
    """A model with a loss that fits: L = (1/n) Σ ℓ_i, plus the penalty on the weights.  Raises as `problem` does."""
    m, cost = _fitted(model, loss)
    extra = _penalty(penalty, model, m) if penalty else Penalty(ZERO, (), ())
    with_penalty = f" with {_article(penalty)} {penalty} penalty" if penalty else ""
    tape = (*m.tape, *cost.tape, Definition(Name(cost.symbol), _plus(cost.beside, _objective(m, cost), extra.value), f"{_the(cost.title)}{with_penalty}"))
    target = _target(m)
    known = {s for s, _ in cost.roles}
    roles = (*m.roles, *(() if target.symbol in known else ((target.symbol, "the target"),)), *cost.roles, ("n", "the number of samples"), *extra.roles)
    axes = sorted({a.rstrip("'") for v in (*m.parameters, *m.inputs, target) for a in v.indices}, key=lambda a: ("ijhk".index(a[0]), len(a), a))
    return Problem(
        f"{m.title}, {cost.title}" + (f", {penalty} penalty" if penalty else ""),
        (*m.parameters, *cost.parameters),
        (*m.inputs, target),
        tape,
        (*cost.constants, *extra.constants),
        given=(("t", "k"),) if target == T else (),
        name=name,
        roles=roles,
        sizes=tuple((a, SIZES.get(a, a)) for a in axes),
    )


def _objective(m: Model, cost: Loss) -> Term:
    """(1/n) Σ_i ℓ_i, or Σ_i ℓ_i; a loss of each class is summed over the classes first."""
    value = cost.value
    for a in reversed(m.prediction.indices[1:]):
        value = Sum(a, value) if a in free(value) else value
    negative = isinstance(value, Neg)
    body = value.body if isinstance(value, Neg) else value
    over = Sum("i", body) if cost.total else mean("i", body, COUNT)
    return Neg(over) if negative else over


def _the(title: str) -> str:
    return title if title.startswith("half ") else f"the {title}"


def _plus(*terms: Term) -> Term:
    first, *rest = (t for t in terms if t != ZERO)
    for t in rest:
        first = first + t
    return first


def _target(m: Model) -> Name:
    """y_i, or the targets t_ik of the classes, which sum to one."""
    return T if len(m.prediction.indices) > 1 else Y


def _fitted(model: str, loss: str) -> tuple[Model, Loss]:
    """The first version of the model that the loss takes."""
    made = versions(model)
    if loss not in LOSSES:
        raise UnknownProblem(f"there is no loss called {loss!r}; {_hint(loss, LOSSES)}")
    for m in made:
        cost = LOSSES[loss](m.prediction, _target(m))
        if m.kind in cost.takes:
            return m, cost
    needs = LOSSES[loss](Name("z", ("i", "k")), T).takes
    raise DoesNotFit(
        f"{model} predicts {_kinds(m.kind for m in made)}, but {loss} needs {_kinds(needs)}; "
        f"losses that fit {model}: {', '.join(fitting_losses(made))}; models that fit {loss}: {', '.join(_fitting_models(needs))}"
    )


_WORDS = {
    "real": "a number", "rate": "a positive number", "score": "a score", "probability": "a probability",
    "scores": "a score for each class", "distribution": "a probability for each class",
}  # fmt: skip


def _kinds(kinds: Iterable[str]) -> str:
    return " or ".join(_WORDS[k] for k in kinds)


def fitting_losses(made: Versions) -> tuple[str, ...]:
    """The losses that take one of the versions of a model."""
    kinds = {m.kind for m in made}
    return tuple(name for name, make in LOSSES.items() if kinds & set(make(Name("z", ("i", "k")), T).takes))


def _fitting_models(needs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(spelled(family) for family in MODELS if any(m.kind in needs for m in MODELS[family](*_least(family))))


def _least(family: str) -> tuple[str, ...]:
    """The words that a family needs at least: one number for each slot."""
    return tuple("1" for s in inspect.signature(MODELS[family]).parameters.values() if s.kind is s.POSITIONAL_OR_KEYWORD)


def versions(model: str) -> Versions:
    """The versions of the model of that name: `network-2-relu` is the family network, told 2 and relu.  Raises UnknownProblem."""
    words = model.split("-")
    for k in range(len(words), 0, -1):
        if (family := "-".join(words[:k])) in MODELS:
            return _made(model, family, words[k:])
    raise UnknownProblem(f"there is no model called {model!r}; {_hint(model, MODELS)}")


def _made(model: str, family: str, words: list[str]) -> Versions:
    try:
        inspect.signature(MODELS[family]).bind(*words)
        return MODELS[family](*words)
    except TypeError:
        raise UnknownProblem(f"there is no model called {model!r}; it is written {spelled(family)}") from None
    except ValueError as wrong:
        raise UnknownProblem(f"there is no model called {model!r}: {wrong}") from wrong


def _penalty(penalty: str, model: str, m: Model) -> Penalty:
    if penalty not in PENALTIES:
        raise UnknownProblem(f"there is no penalty called {penalty!r}; {_hint(penalty, PENALTIES)}")
    if not m.weights:
        raise DoesNotFit(f"{model} has no weights for a {penalty} penalty: intercepts are not penalised")
    return PENALTIES[penalty](m.weights)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _hint(name: str, table: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(table), 3, 0.4)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(table)}"
