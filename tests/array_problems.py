"""Problems of vectors and matrices, built by hand, for the tests of the gradient functions; and their gradients by plain loops and complex steps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath as mp
import numpy as np

from symgd.forward import Definition, Problem
from symgd.indices import axis
from symgd.term import Call, Det, Inverse, Match, Name, Sum, Term, mean
from tests import by_hand

STEP = mp.mpf(10) ** -30
n, L, b, lam = map(Name, ("n", "L", "b", "lam"))


def name(symbol: str, *indices: str) -> Name:
    return Name(symbol, indices)


def call(f: str, u: Term) -> Call:
    return Call(f, (u,))


def build(title: str, parameters: tuple[Name, ...], data: tuple[Name, ...], *defs: tuple[Name, Term], **more: Any) -> Problem:
    return Problem(title, parameters, data, tuple(Definition(a, v) for a, v in defs), **more)


X, y, w, x = name("X", "i", "j"), name("y", "i"), name("w", "j"), name("x", "i")
y_hat, u, s = name("y_hat", "i"), name("u", "i"), name("s", "i")
z, e, S, p, t = name("z", "i", "k"), name("e", "i", "k"), name("S", "i"), name("p", "i", "k"), name("t", "i", "k")
W, c, A = name("W", "j", "k"), name("c", "k"), name("A", "j", "j'")
plane = (y_hat, Sum("j", X * w) + b), (u, y_hat - y)
scores = z, Sum("j", X * W) + c
cross_entropy = L, -mean("i", Sum("k", t * call("log", p)), n)


def network(depth: int, *outputs: str) -> Problem:
    """tanh layers of their own widths, then a linear output for each of `outputs`."""
    tape: list[tuple[Name, Term]] = []
    parameters: list[Name] = []
    last, unit = X, "j"
    for k in range(1, depth + 1):
        h = f"h{k}" if depth > 1 else "h"
        V, c = name(f"W{k}", unit, h), name(f"b{k}", h)
        parameters += [V, c]
        tape += [(name(f"z{k}", "i", h), Sum(unit, last * V) + c), (name(f"a{k}", "i", h), call("tanh", name(f"z{k}", "i", h)))]
        last, unit = name(f"a{k}", "i", h), h
    V, c = name("V", unit, *outputs), name("d", *outputs)
    target, guess, residual = (name(letter, "i", *outputs) for letter in ("y", "y_hat", "u"))
    cost: Term = residual**2
    for k in outputs:
        cost = Sum(k, cost)
    tape += [(guess, Sum(unit, last * V) + c), (residual, guess - target), (L, mean("i", cost, n))]
    return build(f"{depth} hidden", (*parameters, V, c), (X, target), *tape)


def residual() -> Problem:
    """a2 + a1: what skips a layer is added again."""
    W1, b1, W2, b2, v = name("W1", "j", "h"), name("b1", "h"), name("W2", "h", "h'"), name("b2", "h"), name("v", "h")
    z1, a1, z2, a2, r = (name(letter, "i", "h") for letter in ("z1", "a1", "z2", "a2", "r"))
    return build(
        "residual", (W1, b1, W2, b2, v), (X, y),
        (z1, Sum("j", X * W1) + b1), (a1, call("tanh", z1)), (z2, Sum("h'", name("a1", "i", "h'") * name("W2", "h'", "h")) + b2), (a2, call("tanh", z2)),
        (r, a2 + a1), (y_hat, Sum("h", r * v)), (u, y_hat - y), (L, mean("i", u**2, n)),
    )  # fmt: skip


other = name("s", "i'")
entry = name("A", "j''", "j'''")
PROBLEMS: dict[str, Problem] = {
    "plane": build("plane", (w, b), (X, y), *plane, (L, mean("i", u**2, n))),
    "ridge plane": build(
        "ridge", (w, b), (X, y), *plane, (L, mean("i", u**2, n) + lam * Sum("j", w**2)), constants=((lam, Fraction(1, 10)),),
    ),
    "absolute plane": build("absolute", (w, b), (X, y), *plane, (L, mean("i", call("abs", u), n) + Sum("j", call("abs", w)))),
    "quadratic of features": build(
        "quadratic", (w, A), (X,), (s, Sum("j", X * w) + Sum("j", Sum("j'", X * A * name("X", "i", "j'")))), (L, mean("i", s**2, n)),
    ),
    "softmax": build("softmax", (W, c), (X, t), scores, (e, call("exp", z)), (S, Sum("k", e)), (p, e / S), cross_entropy, given=(("t", "k"),)),
    "softmax, targets of any sum": build("softmax", (W, c), (X, t), scores, (e, call("exp", z)), (S, Sum("k", e)), (p, e / S), cross_entropy),
    "softmax, squared": build(
        "brier", (W, c), (X, t), scores, (e, call("exp", z)), (S, Sum("k", e)), (p, e / S), (L, mean("i", Sum("k", (p - t) ** 2), n)),
    ),
    "softmax, exponentials unnamed": build("softmax", (W, c), (X, t), scores, (S, Sum("k", call("exp", z))), (p, call("exp", z) / S), cross_entropy),
    "scores": build("scores", (W, c), (X, t), scores, (L, mean("i", call("log", Sum("k", call("exp", z))) - Sum("k", t * z), n))),
    "network 1": network(1),
    "network 2": network(2),
    "network 3": network(3),
    "two outputs": network(1, "k"),
    "residual": residual(),
    "all pairs": build("pairs", (w,), (X,), (s, Sum("j", X * w)), (L, Sum("i", Sum("i'", (s - other) ** 2)) / n**2)),
    "other pairs": build("pairs", (w,), (X,), (s, Sum("j", X * w)), (L, Sum("i", Sum("i'", (1 - Match("i", "i'")) * s * other)) / n)),
    "log det": build(
        "log det", (A,), (X,), (s, Sum("j", Sum("j'", X * A * name("X", "i", "j'")))), (L, mean("i", s, n) - call("log", Det("j", "j'", A))),
    ),
    "inverse": build(
        "inverse", (A,), (X,), (s, Sum("j", Sum("j'", X * Inverse("j", "j'", "j''", "j'''", entry) * name("X", "i", "j'")))), (L, mean("i", s, n)),
    ),
    "features first": build("features first", (w,), (name("F", "j", "i"), y), (u, Sum("j", name("F", "j", "i") * w) - y), (L, mean("i", u**2, n))),
    "no samples": build("trace", (A,), (name("B", "j", "j'"),), (L, Sum("j", Sum("j'", A * name("B", "j'", "j") * name("A", "j'", "j")))), count=()),
    "centred columns": build(
        "centred", (w,), (X, y), (name("m", "j"), mean("i", X, n)), (u, Sum("j", (X - name("m", "j")) * w) - y), (L, mean("i", u**2, n)),
    ),
    "another name": build(
        "another name", (w,), (X, y), (s, Sum("j", X * w)), (name("a", "i"), s), (name("q", "i"), call("tanh", s)),
        (name("r", "i"), call("exp", name("q", "i"))), (u, name("a", "i") * name("r", "i") - y), (L, mean("i", u**2, n)),
    ),
    "each alike": build("each alike", (w, b), (y,), (u, b - y), (L, mean("i", u**2, n) + 3 * Sum("j", w))),
}  # fmt: skip

SIZES = (
    {"i": 3, "j": 2, "h": 3, "h1": 2, "h2": 3, "h3": 2, "k": 3},
    {"i": 1, "j": 1, "h": 1, "h1": 1, "h2": 1, "h3": 1, "k": 1},
    {"i": 1, "j": 3, "h": 2, "h1": 1, "h2": 2, "h3": 1, "k": 2},
)


def random_arrays(problem: Problem, sizes: Mapping[str, int], seed: int = 1) -> dict[str, Any]:
    """An array for each parameter and datum; a square parameter is far from singular, the targets t of the classes sum to one."""
    rng = np.random.default_rng(seed)
    out: dict[str, Any] = {}
    for v in (*problem.parameters, *problem.data):
        array = rng.normal(0.2, 0.8, tuple(sizes[axis(a)] for a in v.indices))
        if v == A:
            array = array @ array.T + 2 * np.eye(len(array))
        if v == t:
            array = rng.dirichlet(np.ones(array.shape[1]), len(array))
        out[v.symbol] = array if v.indices else float(array)
    return out


def true_gradient(problem: Problem, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[Any, dict[str, Any]]:
    """(L, ∂L/∂θ) by plain loops over the tape in 40 digits, each number of θ moved by a complex step."""
    with mp.workdps(40):
        leaves: dict[tuple[str, tuple[int, ...]], Any] = {}
        for v in (*problem.parameters, *problem.data):
            leaves |= {(v.symbol, at): mp.mpf(float(np.asarray(arrays[v.symbol])[at])) for at in np.ndindex(np.shape(arrays[v.symbol]))}
        leaves |= {(k.symbol, ()): mp.mpf(v.numerator) / v.denominator for k, v in problem.constants if v is not None}

        def loss(moved: Mapping[tuple[str, tuple[int, ...]], Any]) -> Any:
            return mp.mpmathify(by_hand.forward(problem, {**leaves, **moved}, sizes)[problem.objective.symbol, ()])

        slopes = {}
        for v in problem.parameters:
            out = np.empty(np.shape(arrays[v.symbol]))
            for at in np.ndindex(out.shape):
                out[at] = float(mp.im(loss({(v.symbol, at): leaves[v.symbol, at] + mp.mpc(0, STEP)})) / STEP)
            slopes[v.symbol] = out
        return float(mp.re(loss({}))), slopes
