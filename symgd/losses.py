"""Losses: what one sample costs, given its prediction and its target.  A new loss is one function and its row in LOSSES.

Each returns the definitions it needs (the residual, the margin) and the loss of one sample; the objective is their mean over the samples,
L = (1/n) Σ_i ℓ_i, or their sum where the loss says so.  Where a prediction carries a second index, the loss of one sample is the sum over it.
A loss says which kinds of prediction it takes: any number is no probability.  Penalties are added to the objective as they are, without 1/n.

Glossary: `ŷ` prediction, `z` score, `p` probability; `y` target, `t` targets of the classes; `u = ŷ − y` residual, `m = 1 − y z` what the margin lacks.
Kinds: "real" any number, "rate" a positive one, "score" any number that a decision is read from, "probability" between 0 and 1; one for each class:
"scores", and "distribution", which sums to one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symgd.forward import Definition
from symgd.term import ZERO, Call, Cases, Compare, Name, Neg, Num, Sum, Term, mul

__all__ = ["LOSSES", "NUMBERS", "PENALTIES", "Loss", "Penalty"]

NUMBERS = ("real", "rate", "probability")  # a rate and a probability are numbers too: what a regression loss takes
CLASSES = ("distribution",)

Constants = tuple[tuple[Name, Fraction], ...]
Roles = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Loss:
    """What a loss brings to a problem.

    title       for a page ("mean squared error")
    symbol      what the objective is called
    tape        the definitions before it
    value       the loss of one sample; where it carries more indices than the sample's, it is summed over them
    takes       the kinds of prediction it is made for
    total       is the objective the sum over the samples, without 1/n?
    beside      what stands beside the mean, alike for all samples
    parameters  parameters of its own, found together with the model's
    constants   numbers held fixed, with their usual values
    roles       what its letters are; among them the target, where it is no plain number
    """

    title: str
    symbol: str
    tape: tuple[Definition, ...]
    value: Term
    takes: tuple[str, ...] = NUMBERS
    total: bool = False
    beside: Term = ZERO
    parameters: tuple[Name, ...] = ()
    constants: Constants = ()
    roles: Roles = ()


def _number(p: int, q: int = 1) -> Num:
    return Num(Fraction(p, q))


def _residual(prediction: Name, target: Name) -> tuple[Definition, Name]:
    u = Name("u", prediction.indices)
    return Definition(u, prediction - target, "the residual"), u


# ---------------------------------------------------------------- a number is predicted


def squared(prediction: Name, target: Name) -> Loss:
    """u², u = ŷ − y: the mean squared error.  Its gradient has the factor 2.

    For a distribution it is the Brier score Σ_k (p_k − t_k)², G. W. Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    Smooth everywhere; A.-M. Legendre, Nouvelles méthodes, 1805.
    """
    d, u = _residual(prediction, target)
    return Loss("mean squared error", "L", (d,), u**2, (*NUMBERS, *CLASSES))


def half_squared(prediction: Name, target: Name) -> Loss:
    """u²/2: half the squared error, so that the factor 2 of the gradient goes.

    C. M. Bishop, Pattern Recognition and Machine Learning, 2006, (1.2), there without 1/n.
    """
    d, u = _residual(prediction, target)
    return Loss("half the mean squared error", "L", (d,), _number(1, 2) * u**2, (*NUMBERS, *CLASSES))


def sum_of_squares(prediction: Name, target: Name) -> Loss:
    """Σ u²: the residual sum of squares, without 1/n; its gradient grows with the number of samples.

    T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, 2009, (3.2), doi:10.1007/978-0-387-84858-7.
    """
    d, u = _residual(prediction, target)
    return Loss("sum of squared errors", "L", (d,), u**2, (*NUMBERS, *CLASSES), total=True)


def absolute(prediction: Name, target: Name) -> Loss:
    """|u|: the mean absolute error.  It has a kink at u = 0, where ∂|u| = [−1, 1] and sign(0) = 0 is taken."""
    d, u = _residual(prediction, target)
    return Loss("mean absolute error", "L", (d,), Call("abs", (u,)))


def huber(prediction: Name, target: Name) -> Loss:
    """u²/2 where |u| ≤ δ, else δ (|u| − δ/2): squared near 0, absolute far out; the slope is u cut off at ±δ.

    δ > 0, 1 unless given.  Value and slope meet at |u| = δ: no kink; the second derivative jumps from 1 to 0 there.
    Stable as it stands.  P. J. Huber, Ann. Math. Statist. 35, 1964, doi:10.1214/aoms/1177703732.
    """
    d, u = _residual(prediction, target)
    delta = Name("delta")
    far, low = delta * (u - delta / 2), Neg(delta * (u + delta / 2))
    value = Cases(((far, Compare(u, ">", delta)), (low, Compare(u, "<", Neg(delta)))), u**2 / 2)
    constants = ((delta, Fraction(1)),)
    return Loss("mean Huber loss", "L", (d,), value, constants=constants, roles=(("delta", "the residual from which on the loss grows linearly"),))


def log_cosh(prediction: Name, target: Name) -> Loss:
    """log cosh u: u²/2 near 0, |u| − log 2 far out, smooth everywhere; the slope is tanh u.

    Stable form: log cosh u = log(e^u + e^(−u)) − log 2, the first by logaddexp.  P. J. Green, IEEE Trans. Med. Imaging 9, 1990, doi:10.1109/42.52985.
    """
    d, u = _residual(prediction, target)
    return Loss("mean log-cosh loss", "L", (d,), Call("logcosh", (u,)))


def quantile(prediction: Name, target: Name) -> Loss:
    """(1 − τ) u where u > 0, else −τ u, u = ŷ − y: the pinball loss; the constant that minimises it is the τ-quantile of the targets.

    0 < τ < 1, 1/2 unless given: half the absolute error, the median.  A kink at u = 0: there the subdifferential is [−τ, 1 − τ], and −τ is taken.
    R. Koenker, G. Bassett, Econometrica 46, 1978, doi:10.2307/1913643 (with u = y − ŷ there).
    """
    d, u = _residual(prediction, target)
    tau = Name("tau")
    value = Cases((((1 - tau) * u, Compare(u, ">", ZERO)),), Neg(tau * u))
    return Loss("mean quantile loss", "L", (d,), value, constants=((tau, Fraction(1, 2)),), roles=(("tau", "the quantile that is aimed at"),))


def gaussian(prediction: Name, target: Name) -> Loss:
    """s + u² e^(−2s)/2: the negative log-likelihood of a normal spread around ŷ, σ = e^s its own parameter.

    s = log σ is the parameter, for any s will do where σ would have to stay positive, and the slope by s is 1 − (mean of u²)/σ².
    The constant log(2π)/2, which has no derivative, is left out.  s is alike for all samples, so it stands beside the mean.
    C. M. Bishop, Pattern Recognition and Machine Learning, 2006, (1.54).
    """
    d, u = _residual(prediction, target)
    s = Name("s")
    value = mul(_number(1, 2), Call("exp", (Neg(2 * s),)), u**2)
    roles = (("s", "the logarithm of the spread σ of the targets around the prediction"),)
    return Loss("Gaussian negative log-likelihood", "L", (d,), value, beside=s, parameters=(s,), roles=roles)


# ---------------------------------------------------------------- a count is predicted


def poisson(score: Name, target: Name) -> Loss:
    """e^z − y z: the negative log-likelihood of a count y = 0, 1, 2, … whose rate is e^z; log y!, which has no derivative, is left out.

    Smooth; the slope is e^z − y.  e^z is beyond the numbers for z > 709.  P. McCullagh, J. A. Nelder, Generalized Linear Models, 1989, section 6.
    """
    value = Call("exp", (score,)) - target * score
    return Loss("mean Poisson loss", "L", (), value, ("score",), roles=(("y", "the target, a count"),))


def poisson_rate(rate: Name, target: Name) -> Loss:
    """ŷ − y log ŷ: the same, where the rate ŷ > 0 itself is predicted.  P. McCullagh, J. A. Nelder, Generalized Linear Models, 1989, section 6."""
    value = rate - target * Call("log", (rate,))
    return Loss("mean Poisson loss", "L", (), value, ("rate",), roles=(("y", "the target, a count"),))


# ---------------------------------------------------------------- one of two classes is predicted


def log_loss(prediction: Name, target: Name) -> Loss:
    """−y log p − (1 − y) log(1 − p): the negative log-likelihood of a yes-or-no target (y is 0 or 1, 0 < p < 1), also called binary cross-entropy.

    Stable form: log σ(z) = −softplus(−z) and log(1 − σ(z)) = −softplus(z).  D. R. Cox, J. R. Stat. Soc. B 20, 1958, doi:10.1111/j.2517-6161.1958.tb00292.x.
    """
    p, y = prediction, target
    return Loss("mean log-loss", "L", (), -(y * Call("log", (p,))) - (1 - y) * Call("log", (1 - p,)), ("probability",))


def log_loss_logits(score: Name, target: Name) -> Loss:
    """softplus(z) − y z: the same as log-loss at p = σ(z), written in the score (y is 0 or 1); the slope is σ(z) − y.

    Stable form: softplus(z) = log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|)), by logaddexp(0, z).
    """
    value = Call("softplus", (score,)) - target * score
    return Loss("mean log-loss", "L", (), value, ("score",), roles=(("y", "the target, 0 or 1"),))


def _margin(score: Name, target: Name) -> tuple[Definition, Name]:
    m = Name("m", score.indices)
    return Definition(m, 1 - target * score, "what the margin lacks"), m


def hinge(score: Name, target: Name) -> Loss:
    """max(m, 0), m = 1 − y z, y = ±1: nothing is paid beyond the margin.

    A kink at m = 0: there the subdifferential by m is [0, 1], and 0 is taken.  C. Cortes, V. Vapnik, Machine Learning 20, 1995, doi:10.1007/BF00994018.
    """
    d, m = _margin(score, target)
    return Loss("mean hinge loss", "L", (d,), Call("max", (m, ZERO)), ("score",), roles=_SIGNED)


def squared_hinge(score: Name, target: Name) -> Loss:
    """m² where m > 0, else 0, m = 1 − y z, y = ±1.  Value and slope meet at m = 0: no kink.

    R.-E. Fan and others, LIBLINEAR, J. Mach. Learn. Res. 9, 2008, (2).
    """
    d, m = _margin(score, target)
    return Loss("mean squared hinge loss", "L", (d,), Cases(((m**2, Compare(m, ">", ZERO)),), ZERO), ("score",), roles=_SIGNED)


def exponential(score: Name, target: Name) -> Loss:
    """e^(−y z), y = ±1: what AdaBoost minimises.  Beyond the numbers for y z < −709.

    J. Friedman, T. Hastie, R. Tibshirani, Ann. Statist. 28, 2000, doi:10.1214/aos/1016218223.
    """
    return Loss("mean exponential loss", "L", (), Call("exp", (Neg(target * score),)), ("score",), roles=_SIGNED)


_SIGNED: Roles = (("y", "the target, +1 or −1"),)


# ---------------------------------------------------------------- one of many classes is predicted


def softmax_cross_entropy(prediction: Name, target: Name) -> Loss:
    """−Σ_k t_k log p_k, Σ_k t_k = 1: the negative log-likelihood of the class; t_k is 1 for it and 0 for the others, or a share of each.

    Stable form: log p_k = z_k − log Σ e^z, the largest score taken out.  I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 2016, section 6.2.2.3.
    """
    k = prediction.indices[-1]
    return Loss("mean cross-entropy", "L", (), Neg(Sum(k, target * Call("log", (prediction,)))), CLASSES, roles=_SHARES)


def softmax_cross_entropy_logits(scores: Name, target: Name) -> Loss:
    """log Σ_k e^(z_k) − Σ_k t_k z_k, Σ_k t_k = 1: the same, written in the scores; the slope by z_k is e^(z_k)/S − t_k.

    Stable form: log S = max z + log Σ_k e^(z_k − max z).
    """
    k = scores.indices[-1]
    S = Name("S", scores.indices[:-1])
    tape = (Definition(S, Sum(k, Call("exp", (scores,))), "the sum of the exponentials"),)
    return Loss("mean cross-entropy", "L", tape, Call("log", (S,)) - Sum(k, target * scores), ("scores",), roles=_SHARES)


def kl_divergence(prediction: Name, target: Name) -> Loss:
    """Σ_k t_k (log t_k − log p_k), t_k > 0, Σ_k t_k = 1: how far p is from t; 0 exactly where they agree.

    Its slope is that of the cross-entropy.  S. Kullback, R. A. Leibler, Ann. Math. Statist. 22, 1951, doi:10.1214/aoms/1177729694.
    """
    k, t = prediction.indices[-1], target
    value = Sum(k, t * (Call("log", (t,)) - Call("log", (prediction,))))
    return Loss("mean Kullback–Leibler divergence", "L", (), value, CLASSES, roles=(("t", "the target's share of each class, positive"),))


_SHARES: Roles = (("t", "the target's share of each class: 1 for the class it is, 0 for the others"),)

_FUNCTIONS: tuple[Callable[[Name, Name], Loss], ...] = (
    squared, half_squared, sum_of_squares, absolute, huber, log_cosh, quantile, gaussian, poisson, poisson_rate,
    log_loss, log_loss_logits, hinge, squared_hinge, exponential, softmax_cross_entropy, softmax_cross_entropy_logits, kl_divergence,
)  # fmt: skip
LOSSES: dict[str, Callable[[Name, Name], Loss]] = {f.__name__.replace("_", "-"): f for f in _FUNCTIONS}


# ---------------------------------------------------------------- penalties


@dataclass(frozen=True)
class Penalty:
    """What is added to the objective, the constants in it, and what they are."""

    value: Term
    constants: Constants
    roles: Roles


def _over_all(weight: Name, body: Term) -> Term:
    """Σ_j Σ_h body, over all entries of the weight."""
    for a in reversed(weight.indices):
        body = Sum(a, body)
    return body


def _strength(name: Name, weights: tuple[Name, ...], of_one: Callable[[Name], Term]) -> Term:
    """λ Σ … for each array of weights."""
    out: Term = ZERO
    for w in weights:
        one = mul(name, _over_all(w, of_one(w)))
        out = one if out == ZERO else out + one
    return out


_TENTH = Fraction(1, 10)


def ridge(weights: tuple[Name, ...]) -> Penalty:
    """λ ‖w‖², over all weights: keeps them small; the intercepts are not penalised.  No 1/2 and no 1/n.

    A. E. Hoerl, R. W. Kennard, Technometrics 12, 1970, doi:10.1080/00401706.1970.10488634.
    """
    lam = Name("lam")
    return Penalty(_strength(lam, weights, lambda w: w**2), ((lam, _TENTH),), (("lam", "the strength of the penalty"),))


def lasso(weights: tuple[Name, ...]) -> Penalty:
    """λ ‖w‖₁, over all weights: makes some of them exactly 0.  A kink where a weight is 0: there ∂|w| = [−1, 1], and 0 is taken.

    R. Tibshirani, J. R. Stat. Soc. B 58, 1996, doi:10.1111/j.2517-6161.1996.tb02080.x.
    """
    lam = Name("lam")
    return Penalty(_strength(lam, weights, _absolute), ((lam, _TENTH),), (("lam", "the strength of the penalty"),))


def elastic_net(weights: tuple[Name, ...]) -> Penalty:
    """λ₁ ‖w‖₁ + λ₂ ‖w‖², over all weights.  H. Zou, T. Hastie, J. R. Stat. Soc. B 67, 2005, doi:10.1111/j.1467-9868.2005.00503.x, (3)."""
    one, two = Name("lam1"), Name("lam2")
    value = _strength(one, weights, _absolute) + _strength(two, weights, lambda w: w**2)
    roles = (("lam1", "the strength of the absolute penalty"), ("lam2", "the strength of the squared penalty"))
    return Penalty(value, ((one, _TENTH), (two, _TENTH)), roles)


def _absolute(w: Name) -> Term:
    return Call("abs", (w,))


PENALTIES: dict[str, Callable[[tuple[Name, ...]], Penalty]] = {"ridge": ridge, "lasso": lasso, "elastic-net": elastic_net}
