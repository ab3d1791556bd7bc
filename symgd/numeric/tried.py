"""A gradient tried on a few numbers: a program that follows its NumPy text, and what the two print."""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.indices import axis
from symgd.numeric.data.table import DataError
from symgd.numeric.function import GradientFunction
from symgd.numeric.program.printing import identifiers
from symgd.numeric.data.study import target_kind, target_of
from symgd.numeric.program.to_numpy import compile_source, names_of
from symgd.term import Name

__all__ = ["tried"]

LENGTHS = {"i": 4, "j": 2}  # of an axis; 3 of any other
_TARGETS = {"zero-one": [0, 1, 1, 0], "sign": [-1, 1, 1, -1], "count": [1, 0, 3, 2]}
_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples, modulo 1, lie evenly and repeat nowhere


def tried(f: GradientFunction) -> tuple[str, str] | None:
    """(a program to stand under `f.source`, what it prints): loss and derivatives at a point, and the slope along the gradient, measured.

    None where neither numbers of both signs nor positive ones give a finite loss and a gradient that is not 0 and is what is measured.
    """
    for low in (-2.0, 0.2):
        values = _values(f, low)
        with np.errstate(all="ignore"):
            program = _program(f, values)
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.suppress(np.linalg.LinAlgError):
                compile_source(f"{f.source}\n{program}", f"{f.name}, tried")
        if _agrees(out.getvalue()):
            return program, out.getvalue()
    return None


def _agrees(printed: str) -> bool:
    """Are all numbers finite, and is the measured slope the gradient's length?  Not at a kink, nor beside a matrix without an inverse."""
    found = re.search(r"length of the gradient (\S+) measured (\S+)\n$", printed)
    if found is None or re.search(r"\b(?:nan|inf)\b", printed):
        return False
    return math.isclose(float(found[1]), float(found[2]), rel_tol=1e-3)


def _values(f: GradientFunction, low: float) -> dict[str, Any]:
    """A value for each parameter, column and constant without one, by symbol: numbers with one decimal between `low` and 2."""
    problem = f.derivation.problem
    free = [c for c, v in problem.constants if v is None and c.symbol in f.constants]
    place = iter(range(1, 10_000))
    out = {n.symbol: _numbers(n, low, place) for n in (*problem.parameters, *problem.data, *free)}
    if problem.data:
        out |= _targets(problem)
    return out


def _numbers(n: Name, low: float, place: Iterator[int]) -> Any:
    shape = tuple(map(_length, n.indices))
    drawn = [round(low + (2 - low) * (next(place) * _GOLDEN % 1), 1) + 0.0 for _ in range(math.prod(shape))]
    return np.array(drawn).reshape(shape) if shape else drawn[0]


def _length(index: str) -> int:
    return LENGTHS.get(axis(index), 3)


def _targets(problem: Problem) -> dict[str, Any]:
    """What is predicted, where it cannot be any number."""
    target = target_of(problem)
    try:
        kind = target_kind(problem)
    except DataError:
        return {}
    shape = tuple(map(_length, target.indices))
    if kind == "classes" and len(shape) == 2:
        return {target.symbol: np.eye(shape[1])[np.arange(shape[0]) % shape[1]]}
    return {target.symbol: np.resize(np.array(_TARGETS[kind], dtype=float), shape)} if kind in _TARGETS and shape else {}


def _program(f: GradientFunction, values: dict[str, Any]) -> str:
    ids = names_of(f.plan)
    words = ["value", "slopes", "name", "slope", "size", "ahead", "behind", "h", "s"]
    value, slopes, name, slope, size, ahead, behind, h, s = identifiers(words, ids.values()).values()
    given = [f"{ids[symbol]} = {_literal(v)}" for symbol, v in values.items()]
    columns = [ids[d] for d in f.data] + [f"{ids[c]}={ids[c]}" for c in f.constants if c in values]
    here = ", ".join([*(ids[p] for p in f.parameters), *columns])
    moved = ", ".join([*(f"{ids[p]} + {s}*{slopes}[{k}]" for k, p in enumerate(f.parameters)), *columns])
    names = "".join(f'"{ids[p]}", ' for p in f.parameters)
    lines = [
        "# a few numbers to try it on",
        *given,
        "",
        f"{value}, {slopes} = loss_and_gradient({here})",
        f'print("loss", f"{{{value}:.6g}}")',
        f"for {name}, {slope} in zip(({names.rstrip() if len(f.parameters) == 1 else names[:-2]}), {slopes}):",
        f'    print("derivative by", {name}, (np.round({slope}, 6) + 0.0).tolist())',
        "",
        "# along its gradient the loss rises by the gradient's length a step: measured by two losses",
        f"{size} = np.sqrt(sum(np.sum({slope}**2) for {slope} in {slopes}))",
        f"{h} = 1e-6",
        f"{ahead}, {behind} = (loss({moved}) for {s} in ({h}/{size}, -{h}/{size}))",
        f'print("length of the gradient", f"{{{size}:.5g}}", "measured", f"{{({ahead} - {behind})/(2*{h}):.5g}}")',
    ]
    return "\n".join(lines) + "\n"


def _literal(v: Any) -> str:
    return f"np.array({v.tolist()})" if isinstance(v, np.ndarray) else repr(float(v))
