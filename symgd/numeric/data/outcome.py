"""What a fitted model predicts, and how often it is right.

Glossary: axes `i` samples, `k` classes; `z` scores, `p` probabilities, `ŷ` predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.study import Study, target_kind, target_of
from symgd.numeric.program.written import written
from symgd.term import Name

__all__ = ["Outcome", "of_classes", "outcome", "placed", "prediction_of", "predictor"]


@dataclass(frozen=True)
class Outcome:
    """predicted  for each sample: the number, or the place of its class
    accuracy   the share of the samples whose class is right; None where a number is predicted
    confusion  [actual][predicted] → how many samples
    r_squared  1 − Σ (ŷ − y)²/Σ (y − ȳ)²; None where a class is predicted
    """

    predicted: Column
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    r_squared: float | None = None


def prediction_of(problem: Problem) -> Name | None:
    """p, ŷ or z, whichever comes last on the tape: what the loss is a function of."""
    return next((d.name for d in reversed(problem.tape[:-1]) if d.name.symbol in ("p", "y_hat", "z")), None)


def predictor(problem: Problem) -> Callable[..., Column]:
    """The prediction as a function of parameters, data and constants, all by name."""
    last = prediction_of(problem)
    assert last is not None
    tape = problem.tape[: 1 + next(k for k, d in enumerate(problem.tape) if d.name == last)]
    given = (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))
    values = written(tape, given, (last,), f"{problem.name or problem.title}, prediction")
    return lambda **by_name: values(**by_name)[0]


def outcome(study: Study, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Outcome | None:
    """What is predicted for the samples, beside what they are; None where the problem names no prediction or a parameter is not finite."""
    problem = study.problem
    if prediction_of(problem) is None or not all(np.isfinite(v).all() for v in parameters.values()):
        return None
    found, actual = placed(problem, parameters, data)
    if study.goal.classes:
        counts = np.zeros((len(study.goal.classes),) * 2, dtype=int)
        np.add.at(counts, (actual, found), 1)
        return of_classes(found, counts)
    spread = float(np.square(actual - actual.mean()).sum())
    return Outcome(found, r_squared=1 - float(np.square(found - actual).sum()) / spread if spread else None)


def placed(problem: Problem, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Any, Any]:
    """(predicted, actual): numbers, or for each sample the place of its class."""
    last = prediction_of(problem)
    assert last is not None
    fixed = {c.symbol: float(v) for c, v in problem.constants if v is not None}
    value = _predictor(problem)(**parameters, **{x.symbol: data[x.symbol] for x in problem.data}, **fixed)
    y = data[target_of(problem).symbol]
    match target_kind(problem):
        case "classes":
            return value.argmax(axis=1), y.argmax(axis=1)
        case "zero-one":
            return (value >= (0.5 if last.symbol == "p" else 0.0)).astype(int), y.astype(int)
        case "sign":
            return (value >= 0.0).astype(int), (y > 0).astype(int)
        case "count" if last.symbol == "z":
            value = np.exp(value)
    return np.broadcast_to(value, y.shape), y


@lru_cache(maxsize=32)
def _predictor(problem: Problem) -> Callable[..., Column]:
    return predictor(problem)


def of_classes(predicted: Any, counts: Any) -> Outcome:
    """The outcome with these [actual][predicted] counts."""
    return Outcome(predicted, float(np.trace(counts)) / int(counts.sum()), tuple(tuple(map(int, row)) for row in counts))
