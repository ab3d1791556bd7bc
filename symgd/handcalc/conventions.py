"""What letters usually mean, what is usually meant where nothing is said, and by which constant factors usual conventions differ.

Roles: objective · prediction · target · data · residual · parameter · count · rate · slope.
"""

from __future__ import annotations

import re
from fractions import Fraction

from symgd.term import ONE, Call, Div, Mul, Name, Num, Sum, Term, mul

__all__ = ["FACTORS", "LOSSES", "ROLES", "SURE_PREDICTIONS", "base", "best", "derived_by", "factor_words", "usual_loss", "usual_losses", "version"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# role: the letters and words that usually have it; several words of a name are joined by _ and compared in small letters
ROLES: dict[str, frozenset[str]] = {
    "objective": _words("l j e c s q r f mse sse rss rmse mae bce nll loss cost error_total e_total etotal total_error objective risk ell"),
    "prediction": _words(
        "y_hat yhat y_pred ypred y_p pred prediction predictions predicted h h_theta h_w f_w f_wb p p_hat a o out output y_tilde "
        "hypothesis sigmoid_z a_o"
    ),
    "target": _words("y t target targets y_true ytrue y_actual actual label labels truth price d y_t observed"),
    "data": _words("x xs input inputs feature features mileage phi area size"),
    "residual": _words("u e r err error errors residual residuals epsilon diff difference res"),
    "parameter": _words("w b m c a theta beta omega slope_m intercept bias weight weights theta_0 theta_1 theta0 theta1 beta_0 beta_1 beta0 beta1"),
    "count": _words("n m k t"),
    "rate": _words(
        "alpha eta lr learning_rate learningrate rate gamma mu epsilon step step_size stepsize l_r learning step_length h tau nu lambda rho learn_rate"
    ),
    "slope": _words("slope gradient grad derivative nabla"),
}
SURE_PREDICTIONS = _words("y_hat yhat y_pred ypred pred prediction predictions predicted h_theta h_w f_w f_wb y_tilde hypothesis p_hat")

_BEST = frozenset(("hat", "star", "opt", "best", "ridge", "lasso", "ols", "ls", "ml", "mle", "map"))
# the labels that tell an earlier or a later value of a parameter from the parameter itself
_LATER = re.compile(r"(.+?)_(?:new|neu|next|updated?|after|prime|star_new|\w_plus_1|[tk]1)", re.IGNORECASE)
_EARLIER = re.compile(r"(.+?)_(?:old|alt|curr|current|prev|previous|before|now|last|[tk]|\w_minus_1)", re.IGNORECASE)
_LEADING = re.compile(r"(new|next|updated|old|current|previous)_(.+)", re.IGNORECASE)
_GRADIENT = re.compile(r"(?:d|D|grad|gradient|g|nabla|delta|partial)_?(?P<a>.+)|(?P<b>.+)_(?:grad|gradient)")
_QUOTIENT = re.compile(r"d_?(?P<of>[A-Za-z]+?)_?d_?(?P<by>[A-Za-z][A-Za-z0-9_]*)")

ONE_HALF = Div(ONE, Num(Fraction(2)))


def base(symbol: str) -> str:
    """The symbol in small letters, without what tells variants apart."""
    return symbol.lower()


def best(symbol: str) -> str:
    """w for ŵ, w* and w_opt: the parameter of which this is the best value."""
    head, *labels = symbol.split("_")
    return "_".join([head, *(p for p in labels if p.lower() not in _BEST)])


def version(symbol: str) -> tuple[str, str]:
    """("w", "new") for w_new and w_{t+1}, ("w", "old") for w_old and w_t, (symbol, "") for any other name."""
    for pattern, kind in ((_LATER, "new"), (_EARLIER, "old")):
        if found := pattern.fullmatch(symbol):
            return found[1], kind
    if found := _LEADING.fullmatch(symbol):
        return found[2], "new" if found[1].lower() in ("new", "next", "updated") else "old"
    return symbol, ""


def derived_by(symbol: str, parameters: frozenset[str]) -> str | None:
    """The parameter whose gradient the word names: dw, grad_w, w_grad, dL_dw, dLdw, and grad where there is but one; None for any other word."""
    if len(parameters) == 1 and symbol.lower() in ("grad", "gradient"):
        return min(parameters)
    found = _QUOTIENT.fullmatch(symbol)
    if found and found["by"] in parameters and found["of"].lower() in ROLES["objective"]:
        return found["by"]
    found = _GRADIENT.fullmatch(symbol)
    stem = (found["a"] or found["b"]) if found else None
    return stem if stem in parameters else None


# ---------------------------------------------------------------- factors that a convention explains


def FACTORS(n: Name) -> tuple[tuple[Term, str], ...]:
    """(factor, in words): what is claimed is so many times what follows from the writer's loss."""
    two = Num(Fraction(2))
    return (
        (ONE_HALF, "1/2"),
        (two, "2"),
        (n, n.symbol),
        (Div(ONE, n), f"1/{n.symbol}"),
        (Div(n, two), f"{n.symbol}/2"),
        (Div(two, n), f"2/{n.symbol}"),
        (Mul((two, n)), f"2{n.symbol}"),
        (Div(ONE, Mul((two, n))), f"1/(2{n.symbol})"),
    )


def factor_words(factor: str, n: str) -> str:
    """Which convention differs by the factor."""
    return {
        "1/2": "the 2 of the power rule is left out, as for a loss with 1/2 in front",
        "2": "the loss is taken without its 1/2",
        n: f"the sum is meant, not the mean: the 1/{n} is left out",
        f"1/{n}": f"the mean is meant, not the sum: a 1/{n} is added",
        f"{n}/2": f"the 2 and the 1/{n} are left out, as for a loss with 1/2 in front of a sum",
        f"2/{n}": "a mean without 1/2 is meant",
        f"2{n}": "a sum without 1/2 is meant",
        f"1/(2{n})": "a mean with 1/2 is meant",
    }[factor]


# ---------------------------------------------------------------- losses that are meant where none is stated

# words in the name of the objective: which of the usual losses it says; the first that fits the writer's lines is taken
LOSSES: dict[str, tuple[str, ...]] = {
    "mse": ("mean",),
    "sse": ("sum",),
    "rss": ("sum",),
    "mae": ("mean absolute",),
    "bce": ("mean log", "sum log", "one log"),
    "nll": ("mean log", "sum log", "one log"),
}
_SQUARES = ("mean", "half mean", "half sum", "sum", "one", "half one")
_LOGS = ("mean log", "sum log", "one log")


def usual_losses(symbol: str, logistic: bool, samples: bool) -> tuple[str, ...]:
    """Which losses may be meant by a name that was never defined, the likeliest first."""
    kinds = LOSSES.get(base(symbol), (*_LOGS, *_SQUARES) if logistic else _SQUARES)
    return tuple(k for k in kinds if samples or (k.split()[0] in ("one", "half") and "mean" not in k and "sum" not in k)) or ("one",)


def usual_loss(kind: str, prediction: Name, target: Name, n: Name) -> tuple[Term, str]:
    """(the loss of that kind, the same in words)."""
    u = prediction - target
    each: Term
    if "log" in kind:
        each, word = -(target * Call("log", (prediction,))) - (1 - target) * Call("log", (1 - prediction,)), "log-loss"
    elif "absolute" in kind:
        each, word = Call("abs", (u,)), f"|{prediction.symbol} - {target.symbol}|"
    else:
        each, word = u**2, f"({prediction.symbol} - {target.symbol})^2"
    half = ONE_HALF if "half" in kind else ONE
    if "one" in kind:
        return (mul(half, each) if half != ONE else each), f"{'half ' if half != ONE else ''}the {word} of one sample"
    if "mean" in kind:
        front: Term = Div(ONE, mul(Num(Fraction(2)), n)) if half != ONE else Div(ONE, n)
    else:
        front = half
    total = Sum("i", each)
    return (mul(front, total) if front != ONE else total), f"{'half ' if half != ONE else ''}the {'mean' if 'mean' in kind else 'sum'} of {word}"
