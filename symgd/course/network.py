"""The small network of the course: derived, with two units of its own numbers, on feature and target in standard deviations.

Glossary: `z` the sums of the hidden layer, `a` = tanh z, shapes (n, 2); δ₂ = ∂L/∂ŷ, shape (n,); δ₁ = ∂L/∂z, shape (n, 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.course.lesson import Course
from symgd.derivation import Gradient
from symgd.exposition.layers import Layer, indexless, layers_of, local, names_of
from symgd.forward import Definition, Problem, ProblemError
from symgd.numeric.data.arrays import Column
from symgd.pictures import Band
from symgd.term import Call, D, Name, add, mul

__all__ = ["WEIGHTS", "Network", "bands", "derived", "linear", "products"]

# W1, b1, w2, b2: short numbers, such that no unit is the other's mirror
WEIGHTS: tuple[Column, Column, Column, float] = (np.array([1.0, -0.5]), np.array([0.5, 0.25]), np.array([0.5, 1.0]), 0.1)


def derived(c: Course) -> Gradient:
    """The gradient of a network with one hidden layer and the course's loss, in the reader's letters where they do not clash."""
    own = ((("L", c.L.symbol), ("n", c.n.symbol), ("y", c.y.symbol), ("y_hat", c.y_hat.symbol), ("u", c.u.symbol)))
    return _derived("half-squared" if c.example.scale < 1 else "squared", tuple((a, b) for a, b in own if a != b))


@cache
def _derived(loss: str, letters: tuple[tuple[str, str], ...]) -> Gradient:
    plain = problem(f"network-1+{loss}")
    try:
        return derive(plain.renamed(dict(letters)))
    except ProblemError:
        return derive(plain)


def linear(c: Course) -> tuple[Problem, tuple[Name, ...]]:
    """The line as a network of two layers without activation, z := x W₁ + b₁ and ŷ := z W₂ + b₂; with its four parameters."""
    line = c.example.gradient.problem
    W1, b1, W2, b2, z = line.unused("W1", "b1", "W2", "b2", "z")
    z = Name(z.symbol, c.x.indices)
    first, second = Definition(z, add(mul(c.x, W1), b1), "the first layer"), Definition(c.y_hat, add(mul(z, W2), b2), "the second layer")
    parameters = (W1, b1, W2, b2)
    return replace(line, parameters=parameters, tape=(first, second, *line.tape[1:]), name="", roles=()), parameters


# ---------------------------------------------------------------- with numbers


@dataclass(frozen=True, eq=False)
class Network:
    """x, t: feature and target in standard deviations; W1, b1, w2 of two units each, b2."""

    x: Column
    t: Column
    scale: float

    @staticmethod
    def on(c: Course) -> Network:
        e = c.example
        return Network(e.z, (e.y - e.y.mean()) / e.y.std(), e.scale)

    def loss(self, theta: Sequence[Any]) -> Any:
        """L at (W1, W1, b1, b1, w2, w2, b2), real or complex."""
        W1, b1, w2, b2 = np.array(theta[:2]), np.array(theta[2:4]), np.array(theta[4:6]), theta[6]
        u = np.tanh(np.outer(self.x, W1) + b1) @ w2 + b2 - self.t
        return self.scale * (u @ u) / len(u)

    @property
    def theta(self) -> list[float]:
        W1, b1, w2, b2 = WEIGHTS
        return [*map(float, (*W1, *b1, *w2)), b2]

    @cached_property
    def z(self) -> Column:
        sums: Column = np.outer(self.x, WEIGHTS[0]) + WEIGHTS[1]
        return sums

    @cached_property
    def a(self) -> Column:
        outputs: Column = np.tanh(self.z)
        return outputs

    @cached_property
    def u(self) -> Column:
        residuals: Column = self.a @ WEIGHTS[2] + WEIGHTS[3] - self.t
        return residuals

    def delta2(self, n: int = 1) -> Column:
        sensitivities: Column = 2 * self.scale * self.u / n
        return sensitivities

    def delta1(self, n: int = 1) -> Column:
        sensitivities: Column = np.outer(self.delta2(n), WEIGHTS[2]) * (1 - self.a * self.a)
        return sensitivities

    @cached_property
    def gradient(self) -> list[float]:
        """By W1, b1, w2, b2: Xᵀ Δ₁, Δ₁ᵀ 1, Aᵀ δ₂, Σ δ₂"""
        n = len(self.x)
        d1, d2 = self.delta1(n), self.delta2(n)
        return [*map(float, (*(self.x @ d1), *d1.sum(axis=0), *(d2 @ self.a), d2.sum()))]


# ---------------------------------------------------------------- how much work it is


def products(sizes: Sequence[int]) -> tuple[int, int, int]:
    """(parameters, arrows, products of the forward way) of a network with so many units in its layers, the data first, the prediction last.

    Backwards each arrow is multiplied with once.  Forwards there is a pass for each parameter, over the arrows that lead on from it.
    """
    layers = list(pairwise(sizes))
    parameters = sum(into * out + out for into, out in layers)
    after = 2  # arrows from the sums of a layer onwards: of the last one ŷ → u → L
    arrows, forward = 2, 0
    for k in range(len(layers) - 1, -1, -1):
        into, out = layers[k]
        last = k == len(layers) - 1
        onwards = after if last else 1 + layers[k + 1][1] + after
        forward += (into * out + out) * (1 + onwards)
        after = after if last else out + out * layers[k + 1][1] + after
        arrows += into * out + out + (into * out if k else 0) + (0 if last else out)
    return parameters, arrows, forward


# ---------------------------------------------------------------- for its picture


def bands(c: Course, gradient: Gradient) -> tuple[Band, ...]:
    """The two layers as text for the picture of the flow."""
    layers = layers_of(gradient.problem)
    called = names_of(gradient.problem, layers)
    return tuple(_band(c, gradient, layers, k, called) for k in range(len(layers)))


def _band(c: Course, gradient: Gradient, layers: tuple[Layer, ...], k: int, called: dict[str, str]) -> Band:
    layer, last, loss = layers[k], k == len(layers) - 1, gradient.problem.objective
    total, before = layer.total.name, layers[k - 1].output if k else layer.fed_by[0]
    out = loss if last else layer.output

    def text(t: Any) -> str:
        return c.label(indexless(t))

    def rate(of: Name, by: Name) -> str:
        found = local(gradient, of, by)
        return text(found.result if found else gradient.of(by.symbol).result)

    step = next((d.value.function for d in layer.inside if isinstance(d.value, Call)), "the loss")
    return Band(
        values=(text(before), text(total), text(out)), forward=(", ".join(map(text, layer.weights)), "the loss" if last else step),
        sensitivities=(text(D(loss, before)) if k else "", text(Name(called[total.symbol])), "" if last else text(D(loss, out))),
        backward=(rate(total, before) if k else "", rate(out, total)),
        gradients=", ".join(text(D(loss, p)) for p in layer.weights),
        size="1" if last else "2",
    )  # fmt: skip
