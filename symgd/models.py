"""Models: what is predicted from the data, as definitions of the forward tape.  A new model is one function and its row in MODELS.

A model's function returns its versions, one for each kind of prediction that it can end in, the usual one first: a line predicts a number ŷ,
or a score z for a loss that reads a decision from a score.  Words after the model's name are handed to the function: `network-2-relu`.

Glossary: `w`, `W` weights, `b` intercepts or biases, `x` feature, `X` features, `z` score, `a` activation, `p` probability, `y_hat` prediction;
axes `i` samples, `j` features, `h` hidden units (`h1`, `h2`, … layer by layer), `k` classes; arrays batch first, X (n, d), W (d, h).
Kinds: see `losses`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from symgd.forward import Definition
from symgd.term import Call, Name, Num, Sum, Term, add

__all__ = ["ACTIVATIONS", "MODELS", "Model", "spelled"]

DEEPEST, HIGHEST = 100, 20  # layers, degree: what a name may ask for


@dataclass(frozen=True)
class Model:
    """title, parameters, inputs (data), the definitions that lead to the prediction, what each letter is, and:

    kind     what the prediction is: "real", "rate", "score", "probability"; "scores", "distribution" with one value for each class
    weights  the parameters that a penalty acts on: intercepts and biases are left alone
    """

    title: str
    parameters: tuple[Name, ...]
    inputs: tuple[Name, ...]
    tape: tuple[Definition, ...]
    roles: tuple[tuple[str, str], ...]
    kind: str = "real"
    weights: tuple[Name, ...] = ()

    @property
    def prediction(self) -> Name:
        return self.tape[-1].name


Versions = tuple[Model, ...]
I = ("i",)  # noqa: E741  the sample's index
w, b, x, y_hat, z, p, X = Name("w"), Name("b"), Name("x", I), Name("y_hat", I), Name("z", I), Name("p", I), Name("X", ("i", "j"))
_ROLES = (("w", "the slope: how much the prediction grows when the feature grows by 1"), ("b", "the intercept: the prediction where the feature is 0"))


def _ends(model: Model, value: Term, *kinds: str) -> Versions:
    """The versions of a model whose last line is `value`, one for each kind: as it stands, or squeezed into what the kind is."""
    made = {
        "real": (Definition(y_hat, value, "the prediction"),),
        "score": (Definition(z, value, "the score"),),
        "rate": (Definition(z, value, "the score"), Definition(y_hat, Call("exp", (z,)), "the prediction")),
        "probability": (Definition(z, value, "the score"), Definition(p, Call("sigmoid", (z,)), "the probability of class 1")),
    }
    return tuple(replace(model, tape=(*model.tape, *made[kind]), kind=kind) for kind in kinds)


def _ends_in_classes(model: Model, value: Term, *kinds: str) -> Versions:
    """The same with one value for each class k: the scores, and their softmax p = e/S."""
    z, e, S, p = Name("z", ("i", "k")), Name("e", ("i", "k")), Name("S", I), Name("p", ("i", "k"))
    scores = (Definition(z, value, "the scores"),)
    softmax = (
        Definition(e, Call("exp", (z,)), "the exponentials"),
        Definition(S, Sum("k", e), "their sum"),
        Definition(p, e / S, "the probability of each class"),
    )
    made = {"scores": scores, "distribution": (*scores, *softmax)}
    return tuple(replace(model, tape=(*model.tape, *made[kind]), kind=kind) for kind in kinds)


# ---------------------------------------------------------------- one feature


def line() -> Versions:
    """ŷ_i = w x_i + b"""
    model = Model("A line", (w, b), (x,), (), (*_ROLES, ("x", "the feature")), weights=(w,))
    return _ends(model, w * x + b, "real", "score")


def proportional() -> Versions:
    """ŷ_i = w x_i, a line through the origin"""
    model = Model("A line through the origin", (w,), (x,), (), (_ROLES[0], ("x", "the feature")), weights=(w,))
    return _ends(model, w * x, "real", "score")


def constant() -> Versions:
    """ŷ_i = b, the same prediction for every sample"""
    return _ends(Model("A constant", (b,), (), (), (("b", "the prediction for every sample"),)), b, "real", "score")


def polynomial(degree: str) -> Versions:
    """ŷ_i = w1 x_i + w2 x_i² + … + b, up to x^degree: linear in its weights, so that the closed form is found"""
    weights = tuple(Name(f"w{k}") for k in range(1, _count(degree, "degree", HIGHEST) + 1))
    powers = (x if k == 1 else x ** Num(Fraction(k)) for k in range(1, len(weights) + 1))
    roles = tuple((v.symbol, f"the weight of {'x' if k == 1 else f'x to the power {k}'}") for k, v in enumerate(weights, 1))
    roles = (*roles, ("b", "the intercept: the prediction where the feature is 0"), ("x", "the feature"))
    model = Model(f"A polynomial of degree {len(weights)}", (*weights, b), (x,), (), roles, weights=weights)
    return _ends(model, add(*(v * power for v, power in zip(weights, powers, strict=True)), b), "real", "score")


def exponential() -> Versions:
    """ŷ_i = e^(w x_i + b)"""
    roles = (("w", "the rate of growth"), ("b", "the logarithm of the prediction at 0"), ("x", "the feature"))
    return _ends(Model("An exponential", (w, b), (x,), (), roles, weights=(w,)), w * x + b, "rate", "score")


def logistic() -> Versions:
    """p_i = σ(w x_i + b)"""
    roles = (("w", "the weight of the feature"), ("b", "the bias"), ("x", "the feature"))
    return _ends(Model("Logistic regression", (w, b), (x,), (), roles, weights=(w,)), w * x + b, "probability", "score")


# ---------------------------------------------------------------- many features


def _weighed(w_j: Name) -> Term:
    """Σ_j X_ij w_j + b: X w + b"""
    return Sum("j", X * w_j) + b


def plane() -> Versions:
    """ŷ_i = Σ_j X_ij w_j + b: ŷ = X w + b, many features"""
    w_j = Name("w", ("j",))
    roles = (("w", "the weight of each feature"), ("b", "the intercept: the prediction where all features are 0"), ("X", "the features"))
    return _ends(Model("A plane", (w_j, b), (X,), (), roles, weights=(w_j,)), _weighed(w_j), "real", "score")


def exponential_plane() -> Versions:
    """ŷ_i = e^(Σ_j X_ij w_j + b), many features: the rate of a count"""
    w_j = Name("w", ("j",))
    roles = (("w", "the rate of growth with each feature"), ("b", "the logarithm of the prediction where all features are 0"), ("X", "the features"))
    return _ends(Model("An exponential of many features", (w_j, b), (X,), (), roles, weights=(w_j,)), _weighed(w_j), "rate", "score")


def logistic_plane() -> Versions:
    """p_i = σ(Σ_j X_ij w_j + b): p = σ(X w + b), many features"""
    w_j = Name("w", ("j",))
    roles = (("w", "the weight of each feature"), ("b", "the bias"), ("X", "the features"))
    model = Model("Logistic regression on many features", (w_j, b), (X,), (), roles, weights=(w_j,))
    return _ends(model, _weighed(w_j), "probability", "score")


def softmax() -> Versions:
    """p_ik = e^(z_ik)/Σ_k e^(z_ik), z_ik = Σ_j X_ij W_jk + b_k: one score for each class"""
    W, b = Name("W", ("j", "k")), Name("b", ("k",))
    roles = (("W", "the weight of each feature for each class"), ("b", "the bias of each class"), ("X", "the features"))
    return _ends_in_classes(Model("Softmax regression", (W, b), (X,), (), roles, weights=(W,)), Sum("j", X * W) + b, "distribution", "scores")


# ---------------------------------------------------------------- networks

# as written in a model's name → a function of `language`; "" leaves the sum as it is
ACTIVATIONS = {
    "tanh": "tanh", "sigmoid": "sigmoid", "relu": "relu", "leaky-relu": "leakyrelu", "softplus": "softplus", "gelu": "gelu", "silu": "silu", "identity": "",
}  # fmt: skip


def network(depth: str, *activation: str) -> Versions:
    """a1 = f(X W1 + b1), a2 = f(a1 W2 + b2), …: `depth` hidden layers, each of any width; f is tanh unless named.

    The last layer has one unit, ŷ = a w + b, or one for each class; its weights and bias carry the next number.
    I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6; gelu and silu: D. Hendrycks, K. Gimpel 2016, arXiv:1606.08415.
    """
    layers = _count(depth, "number of hidden layers", DEEPEST)
    word, f = _activation(activation)
    axes = ("j", *(("h",) if layers == 1 else (f"h{k}" for k in range(1, layers + 1))))
    model, last = Model(_title("A network", layers, word), (), (X,), (), (("X", "the features"),)), X
    for k in range(1, layers + 1):
        W, c = Name(f"W{k}", axes[k - 1 : k + 1]), Name(f"b{k}", axes[k : k + 1])
        made, a = _layer(k, axes[k], Sum(axes[k - 1], last * W) + c, f)
        model, last = _deeper(model, k, W, c, made), a
    return _output(model, layers + 1, last)


def residual_network(depth: str, *activation: str) -> Versions:
    """a1 = f(X W1 + b1), a2 = a1 + f(a1 W2 + b2), …: each further layer adds to what the one before gave, W2, W3, … are square.

    K. He, X. Zhang, S. Ren, J. Sun 2016, doi:10.1109/CVPR.2016.90.
    """
    layers = _count(depth, "number of hidden layers", DEEPEST)
    word, f = _activation(activation)
    model, last = Model(_title("A residual network", layers, word), (), (X,), (), (("X", "the features"),)), X
    for k in range(1, layers + 1):
        W, c = Name(f"W{k}", ("j", "h") if k == 1 else ("h'", "h")), Name(f"b{k}", ("h",))
        inner = Sum("j", X * W) if k == 1 else Sum("h'", Name(last.symbol, ("i", "h'")) * W)
        made, a = _layer(k, "h", inner + c, f, None if k == 1 else last)
        model, last = _deeper(model, k, W, c, made), a
    return _output(model, layers + 1, last)


def _layer(k: int, unit: str, inner: Term, f: str, before: Name | None = None) -> tuple[tuple[Definition, ...], Name]:
    """z := inner, a := f(z); r := f(z), a := before + r where the layer adds to the one before; with the identity inner stands for f(z)."""
    z, a, r = (Name(f"{s}{k}", ("i", unit)) for s in "zar")
    sums = Definition(z, inner, f"the sums of layer {k}")
    activations = f"the activations of layer {k}"
    if before is not None:
        lines = (sums, Definition(r, Call(f, (z,)), f"what layer {k} adds")) if f else (Definition(r, inner, f"what layer {k} adds"),)
        return (*lines, Definition(a, before + r, activations)), a
    return ((sums, Definition(a, Call(f, (z,)), activations)) if f else (Definition(a, inner, activations),)), a


def _deeper(model: Model, k: int, W: Name, c: Name, made: tuple[Definition, ...]) -> Model:
    """The model with one more layer: its weights, its biases, its lines."""
    roles = (*model.roles, (W.symbol, f"the weights of layer {k}"), (c.symbol, f"the biases of layer {k}"))
    parameters, weights = (*model.parameters, W, c), (*model.weights, W)
    return replace(model, parameters=parameters, weights=weights, tape=(*model.tape, *made), roles=roles)


def _output(model: Model, k: int, last: Name) -> Versions:
    """The last layer: one unit, or one for each class."""
    unit = last.indices[-1]
    w, c = Name(f"w{k}", (unit,)), Name(f"b{k}")
    W, cs = Name(f"W{k}", (unit, "k")), Name(f"b{k}", ("k",))
    one, many = _deeper(model, k, w, c, ()), _deeper(model, k, W, cs, ())
    return (
        *_ends(one, Sum(unit, last * w) + c, "real", "score", "probability", "rate"),
        *_ends_in_classes(many, Sum(unit, last * W) + cs, "distribution", "scores"),
    )


def _title(what: str, layers: int, activation: str) -> str:
    return f"{what} with {layers} hidden layer{'s' if layers > 1 else ''} ({activation})"


def _activation(words: tuple[str, ...]) -> tuple[str, str]:
    """The activation as written, and its function."""
    word = "-".join(words) or "tanh"
    if word not in ACTIVATIONS:
        raise ValueError(f"there is no activation {word!r}; there are {', '.join(ACTIVATIONS)}")
    return word, ACTIVATIONS[word]


def _count(word: str, what: str, most: int) -> int:
    if not (re.fullmatch("[1-9][0-9]{0,2}", word) and int(word) <= most):
        raise ValueError(f"the {what} is a number from 1 to {most}, not {word!r}")
    return int(word)


_FAMILIES: tuple[Callable[..., Versions], ...] = (
    line, proportional, constant, polynomial, exponential, logistic, plane, exponential_plane, logistic_plane, softmax, network, residual_network,
)  # fmt: skip
MODELS: dict[str, Callable[..., Versions]] = {f.__name__.replace("_", "-"): f for f in _FAMILIES}


def spelled(family: str) -> str:
    """How the names of a family are written: polynomial-DEGREE, network-DEPTH[-ACTIVATION]."""
    slots = inspect.signature(MODELS[family]).parameters.values()
    return family + "".join(f"[-{s.name.upper()}]" if s.kind is s.VAR_POSITIONAL else f"-{s.name.upper()}" for s in slots)
