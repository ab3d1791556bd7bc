"""Whether a label is true, by numbers alone: each member of a line is a NumPy-like formula, valued on random data; derivatives by differences.

`D(L, w)` is the derivative of the formula L by w, where everything defined from w moves along and w itself is moved by hand (so D(L, u) holds
whatever u is made of); a gradient where L is a number, sample by sample where both are vectors.  `at(L, w, 2, b, 0)` is L with w and b so set.
Shares nothing with symgd: no term, no rule, no referee.
"""

from __future__ import annotations

import ast
import operator
import re
import zlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from tests.corpus import Label, Record

__all__ = ["World", "agree", "factor", "fault", "gaps", "worlds"]

SIZES = {"n": 5, "d": 3, "h": 4, "k": 3}
CLOSE = 2e-6  # relative, of two sides that are equal; differences of two that are not are far larger

_sigmoid: Callable[[Any], Any] = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "mean": np.mean, "sum": np.sum, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh,
    "arctan": np.arctan, "abs": np.abs, "sign": np.sign, "where": np.where, "max": np.maximum, "min": np.minimum, "sigmoid": _sigmoid,
    "relu": lambda z: np.maximum(z, 0), "step": lambda z: (z > 0) * 1.0, "softplus": lambda z: np.logaddexp(0, z), "norm2": lambda v: np.sum(np.square(v)),
    "T": np.transpose, "outer": np.outer, "diag": np.diag, "inv": np.linalg.inv, "solve": np.linalg.solve, "det": np.linalg.det, "trace": np.trace,
    "cosh": np.cosh, "sinh": np.sinh, "eye": lambda v: np.eye(len(v)), "ones": np.ones_like, "zeros": np.zeros_like, "list": lambda *v: np.array(v, float),
    "sums": lambda v, k: np.sum(v, axis=k), "col": lambda v: np.asarray(v)[:, None], "entry": lambda v, k: np.asarray(v)[int(k)],
    "stack": lambda *v: np.stack(v, axis=-1), "softmax": lambda v: np.exp(v) / np.sum(np.exp(v)),
}  # fmt: skip
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow, ast.MatMult: operator.matmul,
    ast.Lt: operator.lt, ast.Gt: operator.gt, ast.LtE: operator.le, ast.GtE: operator.ge,
}  # fmt: skip


class World:
    """Numbers for every name: drawn from a seed, or as the record gives them."""

    def __init__(self, record: Record, seed: int) -> None:
        self.let = {name: ast.parse(text, mode="eval").body for name, text in record.let.items()}
        self.shape = record.shape
        self.seed = seed

    def drawn(self, name: str) -> Any:
        spec = self.shape.get(name, "n" if name in ("x", "y") else "")
        if name in SIZES and name not in self.shape:
            return float(SIZES[name])
        if not isinstance(spec, str):
            return np.asarray(spec, float) if isinstance(spec, list) else float(spec)
        dice = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        axes = tuple(SIZES[a] for a in spec.split() if a in SIZES)
        if "bits" in spec:
            return (dice.random(axes) < 0.5) * 1.0
        numbers = dice.uniform(0.3, 1.7, axes)
        if "unit" in spec:
            return numbers / 2
        return numbers if "positive" in spec else numbers * np.where(dice.random(axes) < 0.4, -1.0, 1.0)

    def value(self, text: str) -> Any:
        """The value of a formula."""
        return self.walk(ast.parse(text.strip(), mode="eval").body, {})

    def walk(self, node: ast.expr, put: Mapping[str, Any]) -> Any:
        """The value of a part of a formula, with some names put by hand."""
        go = lambda a: self.walk(a, put)  # noqa: E731
        match node:
            case ast.Constant(float() | int() as number):
                return float(number)
            case ast.Name(name):
                if name in put:
                    return put[name]
                return self.walk(self.let[name], put) if name in self.let else self.drawn(name)
            case ast.UnaryOp(ast.USub(), a):
                return -go(a)
            case ast.UnaryOp(ast.UAdd(), a):
                return go(a)
            case ast.BinOp(a, op, b) | ast.Compare(a, [op], [b]) if type(op) in OPERATORS:
                return OPERATORS[type(op)](go(a), go(b))
            case ast.Call(ast.Name("D"), [of, ast.Name(by)]):
                return self.derivative(of, by, put)
            case ast.Call(ast.Name("at"), [of, *rest]):
                return self.walk(of, {**put, **{name.id: go(value) for name, value in zip(rest[::2], rest[1::2], strict=True) if isinstance(name, ast.Name)}})
            case ast.Call(ast.Name(name), arguments):
                return FUNCTIONS[name](*map(go, arguments))
        raise ValueError(f"no formula of the corpus: {ast.unparse(node)}")

    def derivative(self, of: ast.expr, by: str, put: Mapping[str, Any]) -> Any:
        """d(of)/d(by) by differences of the sixth order."""
        here = np.asarray(self.walk(ast.Name(by), put), float)
        value = np.asarray(self.walk(of, put), float)

        def along(k: tuple[int, ...]) -> Any:
            def moved(step: float) -> Any:
                there = here.copy()
                there[k] += step
                return np.asarray(self.walk(of, {**put, by: there if there.shape else float(there)}), float)

            h = 4e-3
            return sum(c * (moved(s * h) - moved(-s * h)) for s, c in ((1, 45), (2, -9), (3, 1))) / (60 * h)

        if not here.shape:
            return along(())
        if value.shape == here.shape:  # sample by sample
            return np.array([along(k)[k] for k in np.ndindex(here.shape)]).reshape(here.shape)
        return np.array([along(k) for k in np.ndindex(here.shape)]).reshape((*here.shape, *value.shape))


def worlds(record: Record, number: int = 3) -> list[World]:
    """Some random worlds for the record, always the same ones."""
    return [World(record, seed) for seed in range(1, number + 1)]


# ---------------------------------------------------------------- comparing


def _printed(text: str) -> float | None:
    """Half a unit of the last digit of a printed decimal number, or None for any other formula."""
    if not re.fullmatch(r"-?\d+\.\d+", text.strip()):
        return None
    return 0.5 * 10.0 ** int(Decimal(text.strip()).as_tuple().exponent)


class Unfit(Exception):
    """A member has no value: its shapes do not fit."""


def number(text: str, world: World) -> Any:
    """The value of a member.  Raises Unfit where its shapes do not fit, ArithmeticError where it is not finite."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(world.value(text), float)
    except ValueError as why:
        if "mismatch" in str(why) or "broadcast" in str(why):
            raise Unfit(text) from why
        raise
    if not np.all(np.isfinite(value)):
        raise ArithmeticError(f"{text} is not finite")
    return value


def equal(a: str, b: str, world: World) -> bool:
    """Are two members the same, to the digits that are printed?"""
    try:
        left, right = number(a, world), number(b, world)
    except Unfit:
        return False
    if left.shape != right.shape and left.size > 1 and right.size > 1:
        return False
    slack = max([x * 1.0001 for x in (_printed(a), _printed(b)) if x is not None], default=0.0)
    return bool(np.all(np.abs(left - right) <= CLOSE * (1 + np.abs(left)) + slack))


def agree(label: Label, record: Record) -> bool:
    """Is every member of the line equal to the one before it, wherever they are looked at?"""
    return all(equal(a, b, w) for w in worlds(record) for a, b in zip(label.py, label.py[1:], strict=False))


def factor(label: Label, record: Record) -> float | None:
    """The constant by which the last member differs from the first everywhere, or None."""
    ratios = []
    for w in worlds(record):
        left, right = number(label.py[0], w), number(label.py[-1], w)
        if np.any(left == 0) or (left.shape != right.shape and 1 not in (left.size, right.size)):
            return None
        ratios += list(np.ravel(right / left))
    return float(ratios[0]) if np.allclose(ratios, ratios[0], rtol=1e-5) else None


def fault(label: Label, record: Record) -> str:
    """What is untrue about a label, or "" for one that stands (or says no formulas)."""
    if len(label.py) < 2:
        return ""
    same = agree(label, record)
    match label.verdict:
        case "right" | "notation" | "given":
            return "" if same else f"{label.verdict}, but the members differ"
        case "wrong" | "carried":
            return "" if not same else f"{label.verdict}, but the members are equal"
        case "convention":
            return "" if same or factor(label, record) is not None else "convention, but no constant factor"
    return ""


def gaps(record: Record) -> list[Label]:
    """The labels that are judged and carry no formulas."""
    return [x for x in record.lines if x.verdict not in ("given", "unread") and len(x.py) < 2]
