# ruff: noqa: E501  a row of the table is one line
"""Derivatives by vectors and matrices that books list, as problems in text with the answer in the same language, and the objective once more in NumPy.

The numbers in brackets are those of Petersen & Pedersen, The Matrix Cookbook (version of 15 November 2012).  Denominator layout: the derivative by X has
the shape of X.  `code` is the objective for complex numbers, so that a complex step gives its derivative without rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["IDENTITIES", "Identity"]

inv, det, trace, log, exp, sqrt, tanh, outer, diag = np.linalg.inv, np.linalg.det, np.trace, np.log, np.exp, np.sqrt, np.tanh, np.outer, np.diag
sin, cos, mean, eye = np.sin, np.cos, np.mean, np.eye
total: Callable[..., Any] = np.sum


def norm(x: Any, axis: int | None = None) -> Any:
    """√Σx², also of complex numbers"""
    return sqrt(total(x * x, axis=axis))


def absolute(x: Any) -> Any:
    return np.where(x.real < 0, -x, x)


def larger(x: Any, y: Any) -> Any:
    return np.where(x.real > np.real(y), x, y)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def softplus(x: Any) -> Any:
    return log(1 + exp(x))


def softmax(z: Any, axis: int = -1) -> Any:
    return exp(z) / total(exp(z), axis=axis, keepdims=True)


def logsumexp(z: Any, axis: int | None = None) -> Any:
    return log(total(exp(z), axis=axis))


@dataclass(frozen=True)
class Identity:
    """objective, in text, with shapes "X: n d; w: d"; answers: {parameter: its derivative, in text}

    let       definitions before it
    positive  names whose entries are drawn positive
    """

    objective: str
    shapes: str
    answers: dict[str, str]
    code: Callable[..., Any]
    let: tuple[str, ...] = ()
    positive: str = ""


_, D2 = Identity, "X: d d"

IDENTITIES: list[Identity] = [
    # ---------------------------------------------------------------- determinants (2.1)
    _("det(X)", D2, {"X": "det(X) * inv(X).T"}, lambda X: det(X)),  # (49)
    _("det(A @ X @ B)", "A: d d; X: d d; B: d d", {"X": "det(A @ X @ B) * inv(X).T"}, lambda A, X, B: det(A @ X @ B)),  # (50)
    _("det(X.T @ A @ X)", "A: d d; X: d d", {"X": "det(X.T @ A @ X) * (A @ X @ inv(X.T @ A @ X) + A.T @ X @ inv(X.T @ A.T @ X))"},
      lambda A, X: det(X.T @ A @ X)),  # (53)
    _("det(X.T @ A @ X)", "A: n n; X: n d", {"X": "det(X.T @ A @ X) * (A @ X @ inv(X.T @ A @ X) + A.T @ X @ inv(X.T @ A.T @ X))"},
      lambda A, X: det(X.T @ A @ X)),  # (54)
    _("log(det(X.T @ X))", "X: m d", {"X": "2 * X @ inv(X.T @ X)"}, lambda X: log(det(X.T @ X))),  # (55)
    _("log(det(X))", D2, {"X": "inv(X).T"}, lambda X: log(det(X))),  # (57)
    _("det(X)^3", D2, {"X": "3 * det(X)^3 * inv(X).T"}, lambda X: det(X) ** 3),  # (58)
    _("logdet(X)", D2, {"X": "inv(X.T)"}, lambda X: log(det(X))),
    _("log(det(A + X))", "A: d d; X: d d", {"X": "inv((A + X).T)"}, lambda A, X: log(det(A + X))),
    _("det(X @ X)", D2, {"X": "2 * det(X)^2 * inv(X.T)"}, lambda X: det(X @ X)),
    _("det(inv(X))", D2, {"X": "-inv(X).T / det(X)"}, lambda X: det(inv(X))),
    _("1/det(X)", D2, {"X": "-inv(X).T / det(X)"}, lambda X: 1 / det(X)),
    _("sqrt(det(X))", D2, {"X": "sqrt(det(X))/2 * inv(X).T"}, lambda X: sqrt(det(X))),
    _("log(det(I + A @ X))", "A: d m; X: m d", {"X": "A.T @ inv(I + A @ X).T"}, lambda A, X: log(det(eye(len(A)) + A @ X))),
    _("det(X + a * eye(d))", "X: d d; a:", {"a": "det(X + a*I) * trace(inv(X + a*I))"}, lambda X, a: det(X + a * eye(len(X)))),
    _("log(det(diag(x)))", "x: d", {"x": "1/x"}, lambda x: log(det(diag(x))), positive="x"),
    # ---------------------------------------------------------------- inverses (2.2)
    _("a @ inv(X) @ b", "X: d d; a: d; b: d", {"X": "-inv(X).T @ outer(a, b) @ inv(X).T"}, lambda X, a, b: a @ inv(X) @ b),  # (61)
    _("trace(A @ inv(X) @ B)", "X: d d; A: k d; B: d k", {"X": "-(inv(X) @ B @ A @ inv(X)).T"}, lambda X, A, B: trace(A @ inv(X) @ B)),  # (63)
    _("trace(inv(X + A))", "X: d d; A: d d", {"X": "-(inv(X + A) @ inv(X + A)).T"}, lambda X, A: trace(inv(X + A))),  # (64)
    _("sum(inv(X))", D2, {"X": "-inv(X).T @ ones((d, d)) @ inv(X).T"}, lambda X: total(inv(X))),
    _("trace(inv(X))", D2, {"X": "-(inv(X) @ inv(X)).T"}, lambda X: trace(inv(X))),
    _("a @ solve(X, b)", "X: d d; a: d; b: d", {"b": "solve(X.T, a)"}, lambda X, a, b: a @ np.linalg.solve(X, b)),
    _("a @ inv(X) @ a", "X: d d; a: d", {"a": "(inv(X) + inv(X).T) @ a"}, lambda X, a: a @ inv(X) @ a),
    _("norm(inv(X) @ b)^2", "X: d d; b: d", {"X": "-2 * inv(X).T @ outer(inv(X) @ b, inv(X) @ b)"}, lambda X, b: total((inv(X) @ b) ** 2)),
    # ---------------------------------------------------------------- first order (2.4.1)
    _("x @ a", "x: d; a: d", {"x": "a"}, lambda x, a: x @ a),  # (69)
    _("x.T @ a", "x: d; a: d", {"a": "x"}, lambda x, a: x @ a),
    _("a @ X @ b", "X: n d; a: n; b: d", {"X": "outer(a, b)"}, lambda X, a, b: a @ X @ b),  # (70)
    _("a @ X.T @ b", "X: n d; a: d; b: n", {"X": "outer(b, a)"}, lambda X, a, b: a @ X.T @ b),  # (71)
    _("a @ X @ a", "X: d d; a: d", {"X": "outer(a, a)"}, lambda X, a: a @ X @ a),  # (72)
    _("a @ X.T @ a", "X: d d; a: d", {"X": "outer(a, a)"}, lambda X, a: a @ X.T @ a),  # (72)
    # ---------------------------------------------------------------- second order (2.4.2)
    _("sum(outer(x, x))", "x: d", {"x": "2 * sum(x) * ones(d)"}, lambda x: total(outer(x, x))),  # (76)
    _("b @ X.T @ X @ c", "X: n d; b: d; c: d", {"X": "X @ (outer(b, c) + outer(c, b))"}, lambda X, b, c: b @ X.T @ X @ c),  # (77)
    _("(B @ x + b).T @ C @ (D @ x + d)", "B: n m; D: k m; C: n k; x: m; b: n; d: k",
      {"x": "B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b)"}, lambda B, D, C, x, b, d: (B @ x + b) @ C @ (D @ x + d)),  # (78)
    _("trace(X.T @ B @ X)", "X: n d; B: n n", {"X": "B @ X + B.T @ X"}, lambda X, B: trace(X.T @ B @ X)),  # (79), (80) summed
    _("x @ B @ x", "x: d; B: d d", {"x": "(B + B.T) @ x"}, lambda x, B: x @ B @ x),  # (81)
    _("b @ X.T @ D @ X @ c", "X: n d; D: n n; b: d; c: d", {"X": "D.T @ X @ outer(b, c) + D @ X @ outer(c, b)"}, lambda X, D, b, c: b @ X.T @ D @ X @ c),  # (82)
    _("(X @ b + c).T @ D @ (X @ b + c)", "X: n d; D: n n; b: d; c: n", {"X": "outer((D + D.T) @ (X @ b + c), b)"},
      lambda X, D, b, c: (X @ b + c) @ D @ (X @ b + c)),  # (83)
    _("(x - A @ s) @ W @ (x - A @ s)", "x: n; A: n d; s: d; W: n n",
      {"s": "-A.T @ (W + W.T) @ (x - A @ s)", "x": "(W + W.T) @ (x - A @ s)", "A": "-outer((W + W.T) @ (x - A @ s), s)"},
      lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s)),  # (84), (86), (88)
    _("(x - s) @ W @ (x - s)", "x: d; s: d; W: d d", {"x": "(W + W.T) @ (x - s)", "s": "-(W + W.T) @ (x - s)"}, lambda x, s, W: (x - s) @ W @ (x - s)),  # (85), (87)
    # ---------------------------------------------------------------- higher order (2.4.3)
    _("a @ X @ X @ X @ b", "X: d d; a: d; b: d", {"X": "outer(a, X @ X @ b) + outer(X.T @ a, X @ b) + outer(X.T @ X.T @ a, b)"},
      lambda X, a, b: a @ X @ X @ X @ b),  # (91)
    _("a @ X.T @ X.T @ X @ X @ b", "X: d d; a: d; b: d",
      {"X": "outer(X.T @ X @ X @ b, a) + outer(X @ X @ b, X @ a) + outer(X @ X @ a, X @ b) + outer(X.T @ X @ X @ a, b)"},
      lambda X, a, b: a @ X.T @ X.T @ X @ X @ b),  # (92)
    _("x @ A @ x + b @ x", "x: d; A: d d; b: d", {"x": "(A + A.T) @ x + b"}, lambda x, A, b: x @ A @ x + b @ x),  # (97)
    # ---------------------------------------------------------------- traces, first order (2.5.1)
    _("trace(X)", D2, {"X": "eye(d)"}, lambda X: trace(X)),  # (99)
    _("trace(X @ A)", "X: n d; A: d n", {"X": "A.T"}, lambda X, A: trace(X @ A)),  # (100)
    _("trace(A @ X @ B)", "A: d n; X: n k; B: k d", {"X": "A.T @ B.T"}, lambda A, X, B: trace(A @ X @ B)),  # (101)
    _("trace(A @ X.T @ B)", "A: d k; X: n k; B: n d", {"X": "B @ A"}, lambda A, X, B: trace(A @ X.T @ B)),  # (102)
    _("trace(X.T @ A)", "X: n d; A: n d", {"X": "A"}, lambda X, A: trace(X.T @ A)),  # (103)
    _("trace(A @ X.T)", "X: n d; A: n d", {"X": "A"}, lambda X, A: trace(A @ X.T)),  # (104)
    # ---------------------------------------------------------------- traces, second order (2.5.2)
    _("trace(X @ X)", D2, {"X": "2 * X.T"}, lambda X: trace(X @ X)),  # (106)
    _("trace(X @ X @ B)", "X: d d; B: d d", {"X": "(X @ B + B @ X).T"}, lambda X, B: trace(X @ X @ B)),  # (107)
    _("trace(X.T @ B @ X)", "X: n d; B: n n", {"X": "(B + B.T) @ X"}, lambda X, B: trace(X.T @ B @ X)),  # (108)
    _("trace(B @ X @ X.T)", "X: n d; B: n n", {"X": "(B + B.T) @ X"}, lambda X, B: trace(B @ X @ X.T)),  # (109)
    _("trace(X @ X.T @ B)", "X: n d; B: n n", {"X": "(B + B.T) @ X"}, lambda X, B: trace(X @ X.T @ B)),  # (110)
    _("trace(X @ B @ X.T)", "X: n d; B: d d", {"X": "X @ (B + B.T)"}, lambda X, B: trace(X @ B @ X.T)),  # (111)
    _("trace(B @ X.T @ X)", "X: n d; B: d d", {"X": "X @ (B + B.T)"}, lambda X, B: trace(B @ X.T @ X)),  # (112)
    _("trace(X.T @ X @ B)", "X: n d; B: d d", {"X": "X @ (B + B.T)"}, lambda X, B: trace(X.T @ X @ B)),  # (113)
    _("trace(A @ X @ B @ X)", "A: d n; X: n d; B: d n", {"X": "A.T @ X.T @ B.T + B.T @ X.T @ A.T"}, lambda A, X, B: trace(A @ X @ B @ X)),  # (114)
    _("trace(X.T @ X)", "X: n d", {"X": "2 * X"}, lambda X: trace(X.T @ X)),  # (115)
    _("trace(X @ X.T)", "X: n d", {"X": "2 * X"}, lambda X: trace(X @ X.T)),  # (115)
    _("trace(B.T @ X.T @ C @ X @ B)", "B: d k; X: n d; C: n n", {"X": "C.T @ X @ B @ B.T + C @ X @ B @ B.T"}, lambda B, X, C: trace(B.T @ X.T @ C @ X @ B)),  # (116)
    _("trace(X.T @ B @ X @ C)", "X: n d; B: n n; C: d d", {"X": "B @ X @ C + B.T @ X @ C.T"}, lambda X, B, C: trace(X.T @ B @ X @ C)),  # (117)
    _("trace(A @ X @ B @ X.T @ C)", "A: k n; X: n d; B: d d; C: n k", {"X": "A.T @ C.T @ X @ B.T + C @ A @ X @ B"}, lambda A, X, B, C: trace(A @ X @ B @ X.T @ C)),  # (118)
    _("trace((A @ X @ B + C) @ (A @ X @ B + C).T)", "A: k n; X: n d; B: d h; C: k h", {"X": "2 * A.T @ (A @ X @ B + C) @ B.T"},
      lambda A, X, B, C: trace((A @ X @ B + C) @ (A @ X @ B + C).T)),  # (119)
    _("trace(X) * trace(X)", D2, {"X": "2 * trace(X) * eye(d)"}, lambda X: trace(X) ** 2),  # (120)
    _("trace(X)^2", D2, {"X": "2 * trace(X) * eye(d)"}, lambda X: trace(X) ** 2),
    # ---------------------------------------------------------------- traces, higher order (2.5.3)
    _("trace(X @ X @ X)", D2, {"X": "3 * (X @ X).T"}, lambda X: trace(X @ X @ X)),  # (121)
    _("trace(matrix_power(X, 4))", D2, {"X": "4 * matrix_power(X, 3).T"}, lambda X: trace(X @ X @ X @ X)),  # (121)
    _("trace(A @ X @ X @ X)", "A: d d; X: d d", {"X": "(X @ X @ A + X @ A @ X + A @ X @ X).T"}, lambda A, X: trace(A @ X @ X @ X)),  # (122)
    _("trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)", "B: d k; X: n d; C: n n",
      {"X": "C @ X @ X.T @ C @ X @ B @ B.T + C.T @ X @ B @ B.T @ X.T @ C.T @ X + C @ X @ B @ B.T @ X.T @ C @ X + C.T @ X @ X.T @ C.T @ X @ B @ B.T"},
      lambda B, X, C: trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)),  # (123)
    # ---------------------------------------------------------------- traces, other (2.5.4)
    _("trace(A @ inv(X) @ B)", "A: d d; X: d d; B: d d", {"X": "-inv(X).T @ A.T @ B.T @ inv(X).T"}, lambda A, X, B: trace(A @ inv(X) @ B)),  # (124)
    _("trace(inv(X.T @ C @ X) @ A)", "X: n d; C: n n; A: d d",
      {"X": "-C @ X @ inv(X.T @ C @ X) @ A @ inv(X.T @ C @ X) - C.T @ X @ inv(X.T @ C.T @ X) @ A.T @ inv(X.T @ C.T @ X)"},
      lambda X, C, A: trace(inv(X.T @ C @ X) @ A)),  # (125)
    _("trace(inv(X.T @ C @ X) @ (X.T @ B @ X))", "X: m d; C: m m; B: m m",
      {"X": "-C @ X @ inv(X.T @ C @ X) @ X.T @ B @ X @ inv(X.T @ C @ X) - C.T @ X @ inv(X.T @ C.T @ X) @ X.T @ B.T @ X @ inv(X.T @ C.T @ X)"
            " + B @ X @ inv(X.T @ C @ X) + B.T @ X @ inv(X.T @ C.T @ X)"},
      lambda X, C, B: trace(inv(X.T @ C @ X) @ (X.T @ B @ X))),  # (126)
    _("trace(sin(X))", D2, {"X": "diag(diag(cos(X)))"}, lambda X: trace(sin(X))),
    # ---------------------------------------------------------------- norms (2.6, 2.7)
    _("norm(x - a)", "x: d; a: d", {"x": "(x - a)/norm(x - a)"}, lambda x, a: norm(x - a)),  # (129)
    _("norm(x)^2", "x: d", {"x": "2*x"}, lambda x: total(x**2)),  # (131)
    _("norm(x)", "x: d", {"x": "x/norm(x)"}, lambda x: norm(x)),
    _("norm(x)^3", "x: d", {"x": "3*norm(x)*x"}, lambda x: norm(x) ** 3),
    _("norm(x)^4", "x: d", {"x": "4*norm(x)^2*x"}, lambda x: norm(x) ** 4),
    _("1/norm(x)", "x: d", {"x": "-x/norm(x)^3"}, lambda x: 1 / norm(x)),
    _("a @ x/norm(x)", "x: d; a: d", {"x": "a/norm(x) - (a @ x)*x/norm(x)^3"}, lambda x, a: a @ x / norm(x)),  # (130) contracted
    _("norm(X)^2", "X: n d", {"X": "2*X"}, lambda X: total(X**2)),  # (132)
    _("norm(X)", "X: n d", {"X": "X/norm(X)"}, lambda X: norm(X)),
    _("norm(X - A)", "X: n d; A: n d", {"X": "(X - A)/norm(X - A)"}, lambda X, A: norm(X - A)),
    _("norm(A @ X - B)^2", "A: k n; X: n d; B: k d", {"X": "2 * A.T @ (A @ X - B)"}, lambda A, X, B: total((A @ X - B) ** 2)),
    _("norm(X @ X.T - A)^2", "X: n d; A: n n", {"X": "2 * ((X @ X.T - A) + (X @ X.T - A).T) @ X"}, lambda X, A: total((X @ X.T - A) ** 2)),
    _("norm(x, 1)", "x: d", {"x": "sign(x)"}, lambda x: total(absolute(x))),
    _("norm(X @ w - y, 1)", "X: n d; w: d; y: n", {"w": "X.T @ sign(X @ w - y)"}, lambda X, w, y: total(absolute(X @ w - y))),
    _("sum(norm(X, axis=1))", "X: n d", {"X": "X/norm(X, axis=1, keepdims=True)"}, lambda X: total(norm(X, axis=1))),
    _("sum(abs(X))", "X: n d", {"X": "sign(X)"}, lambda X: total(absolute(X))),
    # ---------------------------------------------------------------- entry by entry
    _("sum(A * X)", "A: n d; X: n d", {"X": "A"}, lambda A, X: total(A * X)),
    _("sum(X * X)", "X: n d", {"X": "2*X"}, lambda X: total(X * X)),
    _("sum(exp(X))", "X: n d", {"X": "exp(X)"}, lambda X: total(exp(X))),
    _("sum(log(X))", "X: n d", {"X": "1/X"}, lambda X: total(log(X)), positive="X"),
    _("sum(X**3)", "X: n d", {"X": "3*X**2"}, lambda X: total(X**3)),
    _("sum(sin(X) * A)", "X: n d; A: n d", {"X": "cos(X) * A"}, lambda X, A: total(sin(X) * A)),
    _("trace(A.T @ (X * B))", "A: n d; X: n d; B: n d", {"X": "A * B"}, lambda A, X, B: trace(A.T @ (X * B))),
    _("a @ (x * y)", "a: d; x: d; y: d", {"x": "a * y", "y": "a * x"}, lambda a, x, y: a @ (x * y)),
    _("sum(exp(X @ w))", "X: n d; w: d", {"w": "X.T @ exp(X @ w)"}, lambda X, w: total(exp(X @ w))),
    _("sum(log(X @ w))", "X: n d; w: d", {"w": "X.T @ (1/(X @ w))"}, lambda X, w: total(log(X @ w)), positive="X w"),
    _("sum(tanh(X @ W))", "X: n d; W: d h", {"W": "X.T @ (1 - tanh(X @ W)**2)"}, lambda X, W: total(tanh(X @ W))),
    _("sum(A * (X @ W))", "A: n h; X: n d; W: d h", {"W": "X.T @ A", "X": "A @ W.T"}, lambda A, X, W: total(A * (X @ W))),
    _("sum(x/y)", "x: d; y: d", {"x": "1/y", "y": "-x/y**2"}, lambda x, y: total(x / y), positive="y"),
    _("a + sum(x)", "x: d; a:", {"x": "ones(d)", "a": "1"}, lambda x, a: a + total(x)),
    _("sum(sqrt(x**2 + 1))", "x: d", {"x": "x/sqrt(x**2 + 1)"}, lambda x: total(sqrt(x**2 + 1))),
    _("exp(x @ A @ x)", "x: d; A: d d", {"x": "exp(x @ A @ x) * ((A + A.T) @ x)"}, lambda x, A: exp(x @ A @ x)),
    _("log(x @ A @ x)", "x: d; A: d d", {"x": "(A + A.T) @ x / (x @ A @ x)"}, lambda x, A: log(x @ A @ x), positive="x A"),
    _("sigmoid(w @ x)", "w: d; x: d", {"w": "sigmoid(w @ x) * (1 - sigmoid(w @ x)) * x"}, lambda w, x: sigmoid(w @ x)),
    _("(x @ A @ x)/(x @ x)", "x: d; A: d d", {"x": "(A + A.T) @ x/(x @ x) - 2*(x @ A @ x)*x/(x @ x)^2"}, lambda x, A: x @ A @ x / (x @ x)),
    _("sum(max(X @ w, 0))", "X: n d; w: d", {"w": "X.T @ where(X @ w > 0, 1, 0)"}, lambda X, w: total(larger(X @ w, 0))),
    # ---------------------------------------------------------------- sums, means, diagonals, outer products
    _("sum(X)", "X: n d", {"X": "ones((n, d))"}, lambda X: total(X)),
    _("mean(X)", "X: n d", {"X": "ones((n, d))/(n*d)"}, lambda X: mean(X)),
    _("sum(X, axis=0) @ a", "X: n d; a: d", {"X": "outer(ones(n), a)"}, lambda X, a: total(X, axis=0) @ a),
    _("sum(X, axis=1) @ a", "X: n d; a: n", {"X": "outer(a, ones(d))"}, lambda X, a: total(X, axis=1) @ a),
    _("sum(mean(X, axis=0)^2)", "X: n d", {"X": "2/n * ones((n, 1)) * mean(X, axis=0)"}, lambda X: total(mean(X, axis=0) ** 2)),
    _("mean(sum(X**2, axis=1))", "X: n d", {"X": "2/n * X"}, lambda X: mean(total(X**2, axis=1))),
    _("mean((X @ w - y)**2)", "X: n d; w: d; y: n", {"w": "2/n * X.T @ (X @ w - y)"}, lambda X, w, y: mean((X @ w - y) ** 2)),
    _("sum((x - mean(x))^2)", "x: n", {"x": "2*(x - mean(x))"}, lambda x: total((x - mean(x)) ** 2)),
    _("norm(X - mean(X, axis=0))^2", "X: n d", {"X": "2*(X - mean(X, axis=0))"}, lambda X: total((X - mean(X, axis=0)) ** 2)),
    _("trace(diag(x) @ A)", "x: d; A: d d", {"x": "diag(A)"}, lambda x, A: trace(diag(x) @ A)),
    _("a @ diag(x) @ b", "a: d; x: d; b: d", {"x": "a * b"}, lambda a, x, b: a @ diag(x) @ b),
    _("sum(diag(X) ** 2)", D2, {"X": "2 * diag(diag(X))"}, lambda X: total(diag(X) ** 2)),
    _("trace(diag(x) @ A @ diag(x) @ B)", "x: d; A: d d; B: d d", {"x": "diag(A @ diag(x) @ B) + diag(B @ diag(x) @ A)"}, lambda x, A, B: trace(diag(x) @ A @ diag(x) @ B)),
    _("norm(outer(x, y) - A)^2", "x: n; y: d; A: n d", {"x": "2*(outer(x, y) - A) @ y", "y": "2*(outer(x, y) - A).T @ x"}, lambda x, y, A: total((outer(x, y) - A) ** 2)),
    _("trace(outer(x, y) @ A)", "x: n; y: d; A: d n", {"x": "A.T @ y", "y": "A @ x"}, lambda x, y, A: trace(outer(x, y) @ A)),
    _("sum(outer(x, x) * A)", "x: d; A: d d", {"x": "(A + A.T) @ x"}, lambda x, A: total(outer(x, x) * A)),
    _("trace(X) * det(X)", D2, {"X": "det(X)*eye(d) + trace(X)*det(X)*inv(X).T"}, lambda X: trace(X) * det(X)),
    _("trace(A @ X) * trace(B @ X)", "A: d n; X: n d; B: d n", {"X": "trace(B @ X)*A.T + trace(A @ X)*B.T"}, lambda A, X, B: trace(A @ X) * trace(B @ X)),
    _("sum(x)^2", "x: d", {"x": "2*sum(x)*ones(d)"}, lambda x: total(x) ** 2),
    _("sum(log(sum(X**2, axis=1)))", "X: n d", {"X": "2*X/sum(X**2, axis=1, keepdims=True)"}, lambda X: total(log(total(X**2, axis=1)))),
    # ---------------------------------------------------------------- softmax and its kin
    _("logsumexp(x)", "x: d", {"x": "softmax(x)"}, lambda x: logsumexp(x)),
    _("log(sum(exp(X @ w)))", "X: n d; w: d", {"w": "X.T @ exp(X @ w)/sum(exp(X @ w))"}, lambda X, w: logsumexp(X @ w)),
    _("a @ softmax(x)", "x: d; a: d", {"x": "softmax(x) * (a - a @ softmax(x))"}, lambda x, a: a @ softmax(x)),
    _("sum(A * softmax(X))", "X: n d; A: n d", {"X": "softmax(X) * (A - sum(A * softmax(X), axis=1, keepdims=True))"}, lambda X, A: total(A * softmax(X))),
    _("-sum(T * log(softmax(Z)))", "Z: n k; T: n k", {"Z": "sum(T, axis=1, keepdims=True) * softmax(Z) - T"}, lambda Z, T: -total(T * log(softmax(Z)))),
    _("-sum(T * log_softmax(Z))/n", "Z: n k; T: n k", {"Z": "(sum(T, axis=1, keepdims=True) * softmax(Z) - T)/n"}, lambda Z, T: -total(T * log(softmax(Z))) / len(Z)),
    _("sum(logsumexp(Z, axis=1))", "Z: n k", {"Z": "softmax(Z)"}, lambda Z: total(logsumexp(Z, axis=1))),
    _("mean(logsumexp(X @ W, axis=1) - sum(T * (X @ W), axis=1))", "X: n d; W: d k; T: n k", {"W": "X.T @ (softmax(X @ W) - T)/n"},
      lambda X, W, T: mean(logsumexp(X @ W, axis=1) - total(T * (X @ W), axis=1))),
    _("sum(p * log(p))", "p: k", {"p": "log(p) + 1"}, lambda p: total(p * log(p)), positive="p"),
    _("sum(p * log(p/q))", "p: k; q: k", {"p": "log(p/q) + 1", "q": "-p/q"}, lambda p, q: total(p * log(p / q)), positive="p q"),
    # ---------------------------------------------------------------- losses of a first course
    _("norm(X @ w - y)^2 + lam*norm(w)^2", "X: n d; w: d; y: n; lam:", {"w": "2*X.T @ (X @ w - y) + 2*lam*w"}, lambda X, w, y, lam: total((X @ w - y) ** 2) + lam * total(w**2)),
    _("sum((X @ w + b - y)^2)/(2*n)", "X: n d; w: d; b:; y: n", {"w": "X.T @ (X @ w + b - y)/n", "b": "sum(X @ w + b - y)/n"},
      lambda X, w, b, y: total((X @ w + b - y) ** 2) / (2 * len(y))),
    _("norm(X @ w - y)^2 + lam*norm(w, 1)", "X: n d; w: d; y: n; lam:", {"w": "2*X.T @ (X @ w - y) + lam*sign(w)"},
      lambda X, w, y, lam: total((X @ w - y) ** 2) + lam * total(absolute(w))),
    _("(y - X @ w) @ S @ (y - X @ w)", "X: n d; w: d; y: n; S: n n", {"w": "-X.T @ (S + S.T) @ (y - X @ w)"}, lambda X, w, y, S: (y - X @ w) @ S @ (y - X @ w)),
    _("sum(s * (X @ w - y)^2)", "X: n d; w: d; y: n; s: n", {"w": "2*X.T @ (s * (X @ w - y))"}, lambda X, w, y, s: total(s * (X @ w - y) ** 2)),
    _("-mean(y*log(sigmoid(X @ w)) + (1 - y)*log(1 - sigmoid(X @ w)))", "X: n d; w: d; y: n", {"w": "X.T @ (sigmoid(X @ w) - y)/n"},
      lambda X, w, y: -mean(y * log(sigmoid(X @ w)) + (1 - y) * log(1 - sigmoid(X @ w)))),
    _("mean(log(1 + exp(-y * (X @ w))))", "X: n d; w: d; y: n", {"w": "-X.T @ (y * sigmoid(-y * (X @ w)))/n"}, lambda X, w, y: mean(log(1 + exp(-y * (X @ w))))),
    _("mean(softplus(X @ w) - y*(X @ w))", "X: n d; w: d; y: n", {"w": "X.T @ (sigmoid(X @ w) - y)/n"}, lambda X, w, y: mean(softplus(X @ w) - y * (X @ w))),
    _("mean(exp(X @ w) - y*(X @ w))", "X: n d; w: d; y: n", {"w": "X.T @ (exp(X @ w) - y)/n"}, lambda X, w, y: mean(exp(X @ w) - y * (X @ w))),
    _("mean(max(0, 1 - y*(X @ w))) + lam*norm(w)^2", "X: n d; w: d; y: n; lam:", {"w": "2*lam*w - X.T @ (where(1 - y*(X @ w) > 0, 1, 0) * y)/n"},
      lambda X, w, y, lam: mean(larger(1 - y * (X @ w), 0)) + lam * total(w**2)),
    _("mean(log((exp(u) + exp(-u))/2))", "X: n d; w: d; y: n", {"w": "X.T @ tanh(X @ w - y)/n"}, lambda X, w, y: mean(log(np.cosh(X @ w - y))), ("u = X @ w - y",)),
    _("mean(where(abs(u) <= 1, u^2/2, abs(u) - 1/2))", "X: n d; w: d; y: n", {"w": "X.T @ where(abs(X @ w - y) <= 1, X @ w - y, sign(X @ w - y))/n"},
      lambda X, w, y: mean(np.where(abs(X @ w - y) <= 1, (X @ w - y) ** 2 / 2, absolute(X @ w - y) - 0.5)), ("u = X @ w - y",)),
    _("n/2*log(s) + norm(X @ w - y)^2/(2*s)", "X: n d; w: d; y: n; s:", {"w": "X.T @ (X @ w - y)/s", "s": "n/(2*s) - norm(X @ w - y)^2/(2*s^2)"},
      lambda X, w, y, s: len(y) / 2 * log(s) + total((X @ w - y) ** 2) / (2 * s), positive="s"),
    _("logdet(S)/2 + (x - m) @ inv(S) @ (x - m)/2", "S: d d; x: d; m: d",
      {"m": "-(inv(S) + inv(S).T) @ (x - m)/2", "S": "inv(S).T/2 - inv(S).T @ outer(x - m, x - m) @ inv(S).T/2"},
      lambda S, x, m: log(det(S)) / 2 + (x - m) @ inv(S) @ (x - m) / 2),
    _("trace(S @ P) - logdet(P)", "S: d d; P: d d", {"P": "S.T - inv(P).T"}, lambda S, P: trace(S @ P) - log(det(P))),
    _("-sum(T*log(P))/n", "X: n d; W: d k; b: k; T: n k", {"W": "X.T @ (softmax(X @ W + b)*sum(T, axis=1, keepdims=True) - T)/n", "b": "sum(softmax(X @ W + b)*sum(T, axis=1, keepdims=True) - T, axis=0)/n"},
      lambda X, W, b, T: -total(T * log(softmax(X @ W + b))) / len(X), ("P = softmax(X @ W + b)",)),
    # ---------------------------------------------------------------- factorisations and networks
    _("norm(U @ V.T - Y)^2 + lam*(norm(U)^2 + norm(V)^2)", "U: n k; V: d k; Y: n d; lam:", {"U": "2*(U @ V.T - Y) @ V + 2*lam*U", "V": "2*(U @ V.T - Y).T @ U + 2*lam*V"},
      lambda U, V, Y, lam: total((U @ V.T - Y) ** 2) + lam * (total(U**2) + total(V**2))),
    _("sum(M * (U @ V.T - Y)^2)", "U: n k; V: d k; Y: n d; M: n d", {"U": "2*(M*(U @ V.T - Y)) @ V"}, lambda U, V, Y, M: total(M * (U @ V.T - Y) ** 2)),
    _("norm(X - X @ W @ W.T)^2", "X: n d; W: d h", {"W": "-2*(X.T @ (X - X @ W @ W.T) + (X - X @ W @ W.T).T @ X) @ W"}, lambda X, W: total((X - X @ W @ W.T) ** 2)),
    _("sum((tanh(X @ W1 + b1) @ W2 + b2 - Y)^2)/n", "X: n d; W1: d h; b1: h; W2: h k; b2: k; Y: n k",
      {"W1": "2/n*X.T @ (((tanh(X @ W1 + b1) @ W2 + b2 - Y) @ W2.T) * (1 - tanh(X @ W1 + b1)^2))",
       "b1": "2/n*sum(((tanh(X @ W1 + b1) @ W2 + b2 - Y) @ W2.T) * (1 - tanh(X @ W1 + b1)^2), axis=0)",
       "W2": "2/n*tanh(X @ W1 + b1).T @ (tanh(X @ W1 + b1) @ W2 + b2 - Y)", "b2": "2/n*sum(tanh(X @ W1 + b1) @ W2 + b2 - Y, axis=0)"},
      lambda X, W1, b1, W2, b2, Y: total((tanh(X @ W1 + b1) @ W2 + b2 - Y) ** 2) / len(X)),
    _("mean((relu(X @ W) @ v - y)^2)", "X: n d; W: d h; v: h; y: n",
      {"W": "2/n*X.T @ (outer(relu(X @ W) @ v - y, v) * where(X @ W > 0, 1, 0))", "v": "2/n*relu(X @ W).T @ (relu(X @ W) @ v - y)"},
      lambda X, W, v, y: mean((larger(X @ W, 0) @ v - y) ** 2)),
    _("norm(X @ W1 @ W2 - Y)^2", "X: n d; W1: d h; W2: h k; Y: n k", {"W1": "2*X.T @ (X @ W1 @ W2 - Y) @ W2.T", "W2": "2*(X @ W1).T @ (X @ W1 @ W2 - Y)"},
      lambda X, W1, W2, Y: total((X @ W1 @ W2 - Y) ** 2)),
    _("sum(A * (softmax(Q @ K.T) @ V))", "Q: n d; K: m d; V: m k; A: n k", {"V": "softmax(Q @ K.T).T @ A"}, lambda Q, K, V, A: total(A * (softmax(Q @ K.T) @ V))),
    # ---------------------------------------------------------------- parameters inside matrices
    _("x @ inv(diag(s)) @ x + sum(log(s))", "s: d; x: d", {"x": "2*x/s", "s": "1/s - x**2/s**2"}, lambda s, x: x @ inv(diag(s)) @ x + total(log(s)), positive="s"),
    _("det(A + t*B)", "A: d d; B: d d; t:", {"t": "det(A + t*B) * trace(inv(A + t*B) @ B)"}, lambda A, B, t: det(A + t * B)),
    _("trace(inv(A + t*B))", "A: d d; B: d d; t:", {"t": "-trace(inv(A + t*B) @ B @ inv(A + t*B))"}, lambda A, B, t: trace(inv(A + t * B)), positive="t"),
    _("logdet(diag(s) + W @ W.T)", "s: d; W: d k", {"s": "diag(inv(diag(s) + W @ W.T))", "W": "2 * inv(diag(s) + W @ W.T) @ W"},
      lambda s, W: log(det(diag(s) + W @ W.T)), positive="s"),
    _("y @ inv(K + s*eye(n)) @ y/2 + logdet(K + s*eye(n))/2", "K: n n; y: n; s:", {"s": "(trace(inv(K + s*I)) - y @ inv(K + s*I) @ inv(K + s*I) @ y)/2"},
      lambda K, y, s: y @ inv(K + s * eye(len(y))) @ y / 2 + log(det(K + s * eye(len(y)))) / 2, positive="s"),
    _("det(A @ X)/trace(X)", "A: d d; X: d d", {"X": "det(A @ X) * (inv(X).T/trace(X) - eye(d)/trace(X)^2)"}, lambda A, X: det(A @ X) / trace(X)),
    _("(x - y) @ M.T @ M @ (x - y)", "x: d; y: d; M: k d", {"M": "2 * M @ outer(x - y, x - y)", "x": "2 * M.T @ M @ (x - y)"}, lambda x, y, M: (x - y) @ M.T @ M @ (x - y)),
    _("trace(C @ X @ D @ X.T) - 2*trace(B @ X)", "C: n n; X: n d; D: d d; B: d n", {"X": "C @ X @ D + C.T @ X @ D.T - 2*B.T"},
      lambda C, X, D, B: trace(C @ X @ D @ X.T) - 2 * trace(B @ X)),
    _("x @ y/(norm(x)*norm(y))", "x: d; y: d", {"x": "y/(norm(x)*norm(y)) - (x @ y)*x/(norm(x)^3*norm(y))"}, lambda x, y: x @ y / (norm(x) * norm(y))),
    _("mean(max(q*(y - X @ w), (q - 1)*(y - X @ w)))", "X: n d; w: d; y: n; q:", {"w": "-X.T @ where(q*(y - X @ w) > (q - 1)*(y - X @ w), q, q - 1)/n"},
      lambda X, w, y, q: mean(larger(q * (y - X @ w), (q - 1) * (y - X @ w)))),
    _("v @ tanh(W @ x + b) + c", "v: h; W: h d; x: d; b: h; c:", {"v": "tanh(W @ x + b)", "W": "outer(v*(1 - tanh(W @ x + b)^2), x)", "c": "1"},
      lambda v, W, x, b, c: v @ tanh(W @ x + b) + c),
]  # fmt: skip
