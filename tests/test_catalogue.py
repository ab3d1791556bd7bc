"""Models with losses and penalties: what fits is derived, proved and equal to the complex step of the whole loss; what does not says what would.

`python -m tests.benchmarks combinations` walks all of them; here stands a part that has every loss with two models, every model with two losses.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from fractions import Fraction
from functools import cache

import mpmath as mp
import pytest

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, DoesNotFit, UnknownProblem, combine, fitting_losses, problem, versions
from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.language import FUNCTIONS
from symgd.losses import LOSSES, NUMBERS, PENALTIES
from symgd.models import ACTIVATIONS, MODELS, spelled
from symgd.term import ONE, ZERO, Call, Cases, Compare, D, Name, Neg, Sum, Term, mul, names, replace
from tests.by_hand import Env, forward, leaves, places, value

OF_NUMBERS = ("squared", "half-squared", "sum-of-squares", "absolute", "huber", "log-cosh", "quantile", "gaussian")
OF_SCORES = ("poisson", "log-loss-logits", "hinge", "squared-hinge", "exponential")
OF_CLASSES = ("softmax-cross-entropy", "softmax-cross-entropy-logits", "kl-divergence")
COMBINATIONS = (
    *(f"line+{loss}" for loss in (*OF_NUMBERS, *OF_SCORES)),
    *(f"plane+{loss}+{penalty}" for loss, penalty in zip((*OF_NUMBERS, *OF_SCORES), (*PENALTIES,) * 5)),  # noqa: B905  as many as there are losses
    *(f"softmax+{loss}" for loss in (*OF_CLASSES, "squared")), "softmax+softmax-cross-entropy-logits+ridge",
    "proportional+squared", "proportional+quantile+lasso", "constant+absolute", "constant+gaussian", "constant+log-loss-logits",
    "polynomial-1+squared", "polynomial-3+huber+ridge", "polynomial-4+log-loss-logits", "exponential+squared", "exponential+poisson-rate",
    "exponential+poisson", "exponential-plane+poisson-rate+lasso", "exponential-plane+absolute",
    "logistic+log-loss+ridge", "logistic+squared", "logistic+log-loss-logits", "logistic-plane+log-loss+ridge", "logistic-plane+hinge",
    *(f"network-1-{activation}+squared" for activation in ACTIVATIONS), *(f"network-1-{activation}+log-loss" for activation in ("sigmoid", "softplus")),
    "network-1-identity+softmax-cross-entropy-logits", "network-1+poisson", "network-1-silu+kl-divergence", "network-1+poisson-rate",
    "network-1-identity+absolute+lasso", "network-1+gaussian+elastic-net", "softmax+softmax-cross-entropy+lasso", "network-2-relu+huber",
    "network-2+squared", "network-2+softmax-cross-entropy+ridge", "network-2+log-loss", "network-2-silu+kl-divergence",
    "network-3-identity+log-cosh", "network-3+squared", "network-4+squared",
    "residual-network-2+squared", "residual-network-2+softmax-cross-entropy", "residual-network-2-identity+log-cosh",
)  # fmt: skip
POINTS = 20


@cache
def gradient(name: str) -> Gradient:
    return derive(problem(name))


def parts(name: str) -> tuple[str, str, str]:
    return CATALOGUE.get(name) or tuple([*name.split("+"), ""][:3])  # type: ignore[return-value]


def test_every_loss_stands_with_two_models_and_every_model_with_two_losses() -> None:
    of_loss, of_model = defaultdict(set), defaultdict(set)
    for model, loss, _ in map(parts, COMBINATIONS):
        family = max((f for f in MODELS if model.startswith(f)), key=len)
        of_loss[loss].add(family)
        of_model[family].add(loss)
    assert set(of_loss) == set(LOSSES)
    assert set(of_model) == set(MODELS)
    assert min(map(len, of_loss.values())) >= 2
    assert min(map(len, of_model.values())) >= 2


# ---------------------------------------------------------------- derived, proved, equal to the complex step

NAMED = [name for name in CATALOGUE if any(len(v.indices) > 1 for v in problem(name).data)]  # the others stand in test_backward
TAPES = {problem(name).tape for name in COMBINATIONS}
ALL = (*COMBINATIONS, *(name for name in NAMED if problem(name).tape not in TAPES))


@pytest.mark.parametrize("name", ALL)
def test_every_step_is_proved(name: str) -> None:
    assert {s.check.verdict for d in gradient(name).tape for s in (*d.steps, *d.in_full)} == {"proved"}


def sizes_of(p: Problem, draw: random.Random, point: int) -> dict[str, int]:
    """Unequal sizes; every third point has one sample, every fifth has every axis 1."""
    axes = sorted({a.rstrip("'") for v in p.declared().values() for a in v.indices})
    return {a: 1 if point % 5 == 4 or (a == "i" and point % 3 == 2) else draw.randint(1, 3) for a in axes}


def drawn(p: Problem, loss: str, sizes: dict[str, int], draw: random.Random) -> dict[tuple[str, tuple[int, ...]], Fraction]:
    """Small numbers, none 0, for the leaves; targets as the loss takes them."""
    targets = {"poisson": (0, 1, 5), "poisson-rate": (0, 1, 5), "hinge": (-1, 1), "squared-hinge": (-1, 1), "exponential": (-1, 1)}
    targets |= {"log-loss": (0, 1), "log-loss-logits": (0, 1)}
    out = leaves(p, sizes, lambda _: Fraction(draw.randint(1, 10**6), 500_000) * draw.choice((1, 1, -1)))
    out |= {(c.symbol, ()): v for c, v in p.constants if v is not None}
    if loss in targets:
        out |= {key: Fraction(draw.choice(targets[loss])) for key in out if key[0] == "y"}
    for i in range(sizes["i"] if p.given else 0):
        shares = [Fraction(draw.randint(1, 9)) for _ in range(sizes["k"])]
        out |= {("t", (i, k)): s / sum(shares) for k, s in enumerate(shares)}
    return out


def slopes(g: Gradient, env: Env, sizes: dict[str, int]) -> dict[tuple[str, tuple[int, ...]], mp.mpf]:
    """Our gradient at the values: the sensitivities one after the other, each in terms of those before."""
    at_hand = dict(env)

    def known(t: Term) -> Term | None:
        return Name(f"∂{t.by.symbol}", t.by.indices) if isinstance(t, D) else None

    for d in g.sensitivities():
        assert isinstance(d.goal, D)
        by = d.goal.by
        for at in places(by.indices, sizes):
            at_hand[f"∂{by.symbol}", tuple(at.values())] = mp.mpmathify(value(replace(d.result, known), at_hand, sizes, at))
    return {(p.symbol, where): v for p in g.problem.parameters for (s, where), v in at_hand.items() if s == f"∂{p.symbol}"}


@pytest.mark.parametrize("name", ALL)
def test_the_gradient_equals_the_complex_step_of_the_whole_loss_at_random_points_and_sizes(name: str) -> None:
    g, loss = gradient(name), parts(name)[1]
    draw = random.Random(name)
    step = mp.mpf("1e-30")
    for point in range(POINTS):
        sizes = sizes_of(g.problem, draw, point)
        with mp.workdps(60):
            here = {key: mp.mpf(v.numerator) / v.denominator for key, v in drawn(g.problem, loss, sizes, draw).items()}
            ours = slopes(g, forward(g.problem, here, sizes), sizes)
            for toward in [{key: mp.mpf(draw.randint(1, 99)) for key in ours}, *([{key: mp.mpf(1)} for key in ours] if point == 0 else ())]:
                moved = here | {key: mp.mpc(here[key], step * v) for key, v in toward.items()}
                theirs = forward(g.problem, moved, sizes)[g.problem.objective.symbol, ()].imag / step
                along = sum(v * ours[key] for key, v in toward.items())
                assert abs(theirs - along) <= mp.mpf("1e-40") * abs(along) + mp.mpf("1e-55"), (point, sizes)


# ---------------------------------------------------------------- the lines as a teacher writes them

I, n = ("i",), Name("n")  # noqa: E741
u, m, y, z, p, y_hat, X = (Name(s, I) for s in ("u", "m", "y", "z", "p", "y_hat", "X"))
z_ik, p_ik, t_ik, e_ik = (Name(s, ("i", "k")) for s in "zpte")
X_ij, w_j, lam, delta, tau, s = Name("X", ("i", "j")), Name("w", ("j",)), *(Name(v) for v in ("lam", "delta", "tau", "s"))

RESULTS: list[tuple[str, str, Term]] = [
    ("logistic+log-loss", "z", (p - y) / n),
    ("logistic+log-loss", "w", Sum("i", mul(p - y, Name("x", I))) / n),
    ("logistic-plane+log-loss", "w", Sum("i", mul(p - y, X_ij)) / n),
    ("plane+log-loss-logits", "z", (Call("sigmoid", (z,)) - y) / n),
    ("plane+poisson", "z", (Call("exp", (z,)) - y) / n),
    ("exponential+poisson-rate", "z", (y_hat - y) / n),
    ("softmax+softmax-cross-entropy", "z", (p_ik - t_ik) / n),
    ("softmax+softmax-cross-entropy", "W", Sum("i", mul(p_ik - t_ik, X_ij)) / n),
    ("softmax+kl-divergence", "z", (p_ik - t_ik) / n),
    ("network-2+softmax-cross-entropy", "z", (p_ik - t_ik) / n),
    ("plane+hinge", "m", Cases(((ONE, Compare(m, ">", ZERO)),), ZERO) / n),
    ("plane+squared-hinge", "m", Cases(((2 * m, Compare(m, ">", ZERO)),), ZERO) / n),
    ("line+huber", "u", Cases(((delta, Compare(u, ">", delta)), (Neg(delta), Compare(u, "<", Neg(delta)))), u) / n),
    ("line+quantile", "u", Cases(((1 - tau, Compare(u, ">", ZERO)),), Neg(tau)) / n),
    ("line+log-cosh", "u", Call("tanh", (u,)) / n),
    ("line+sum-of-squares", "u", 2 * u),
    ("line+gaussian", "s", ONE - Call("exp", (Neg(2 * s),)) * Sum("i", u**2) / n),
    ("softmax+softmax-cross-entropy-logits", "z", (Call("exp", (z_ik,)) / Name("S", I) - t_ik) / n),
    ("plane+squared", "w", 2 * Sum("i", u * X_ij) / n),
    ("plane+squared+ridge", "w", 2 * Sum("i", u * X_ij) / n + 2 * lam * w_j),
    ("plane+squared+lasso", "w", 2 * Sum("i", u * X_ij) / n + lam * Call("sign", (w_j,))),
    ("plane+squared+ridge", "b", 2 * Sum("i", u) / n),
]


@pytest.mark.parametrize(("name", "by", "expected"), RESULTS)
def test_a_sensitivity_ends_as_a_teacher_writes_it(name: str, by: str, expected: Term) -> None:
    assert gradient(name).of(by).result == expected


def test_every_problem_says_what_each_of_its_letters_is_and_how_far_each_axis_runs() -> None:
    for name in (*CATALOGUE, *COMBINATIONS):
        stated = problem(name)
        said = [s for s, _ in stated.roles]
        given = {v.symbol for v in (*stated.parameters, *stated.data, *(c for c, _ in stated.constants), *(c for _, c in stated.count))}
        assert sorted(said) == sorted(given)
        assert {a for a, _ in stated.sizes} == {a.rstrip("'") for v in stated.declared().values() for a in v.indices}
        assert stated.name == name


def test_a_network_of_the_identity_is_a_plane() -> None:
    deep, flat = problem("network-2-identity+squared"), problem("plane+squared")
    sizes, draw = {"i": 4, "j": 3, "h1": 2, "h2": 5}, random.Random(1)
    env = forward(deep, drawn(deep, "squared", sizes, draw), sizes)

    def through(bias: int) -> list[Fraction]:
        """What one feature (or the bias alone) adds to the prediction, layer by layer."""
        out = []
        for j in range(sizes["j"] if not bias else 1):
            first = [env["b1", (h,)] if bias else env["W1", (j, h)] for h in range(2)]
            second = [sum((first[h] * env["W2", (h, k)] for h in range(2)), env["b2", (k,)] * bias) for k in range(5)]
            out.append(sum((second[k] * env["w3", (k,)] for k in range(5)), env["b3", ()] * bias))
        return out

    same = {key: v for key, v in env.items() if key[0] in ("X", "y")} | {("w", (j,)): v for j, v in enumerate(through(0))} | {("b", ()): through(1)[0]}
    assert forward(flat, same, sizes)["L", ()] == env["L", ()]


def test_a_penalty_acts_on_all_weights_and_on_no_bias() -> None:
    for penalty in PENALTIES:
        added = PENALTIES[penalty](versions("network-3")[0].weights).value
        assert {s for s in names(added) if not s.startswith("lam")} == {"W1", "W2", "W3", "w4"}


def test_each_layer_of_a_network_has_a_width_of_its_own_and_those_of_a_residual_network_share_one() -> None:
    assert [v.indices for v in problem("network-3+squared").parameters] == [("j", "h1"), ("h1",), ("h1", "h2"), ("h2",), ("h2", "h3"), ("h3",), ("h3",), ()]
    assert [v.indices for v in problem("residual-network-2+squared").parameters] == [("j", "h"), ("h",), ("h'", "h"), ("h",), ("h",), ()]


def test_steps_grow_by_the_same_number_with_every_layer() -> None:
    counts = [sum(len(d.steps) for d in gradient(f"network-{depth}+squared").tape) for depth in (2, 3, 4)]
    assert counts[2] - counts[1] == counts[1] - counts[0]


# ---------------------------------------------------------------- the tables


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_says_its_law_and_takes_kinds_that_some_model_predicts(loss: str) -> None:
    law = LOSSES[loss].__doc__
    assert law
    assert "\n\n" not in law or law.partition("\n\n")[0].endswith(".")
    takes = LOSSES[loss](Name("z", ("i", "k")), Name("t", ("i", "k"))).takes
    assert set(takes) <= {m.kind for family in MODELS for m in versions(family + "-1" * ("DEPTH" in spelled(family) or "DEGREE" in spelled(family)))}


def test_activations_are_functions_that_we_know() -> None:
    assert {f for f in ACTIVATIONS.values() if f} <= set(FUNCTIONS)


def test_a_line_fits_every_loss_of_numbers_and_of_scores() -> None:
    assert set(fitting_losses(versions("line"))) == {*OF_NUMBERS, *OF_SCORES}
    assert set(fitting_losses(versions("network-1"))) == set(LOSSES)
    assert NUMBERS == ("real", "rate", "probability")


def test_a_combination_by_name_is_the_problem_of_the_catalogue_under_another_name() -> None:
    for name, (model, loss, penalty) in CATALOGUE.items():
        assert problem("+".join(filter(None, (model, loss, penalty)))).tape == problem(name).tape
        assert combine(model, loss, penalty).parameters == problem(name).parameters


# ---------------------------------------------------------------- what must fail

WRONG: list[tuple[str, type[Exception], str]] = [
    ("plane+log-loss", DoesNotFit, "plane predicts a number or a score, but log-loss needs a probability; losses that fit plane: squared,"),
    ("plane+log-loss", DoesNotFit, "models that fit log-loss: logistic, logistic-plane, network-DEPTH[-ACTIVATION], residual-network-DEPTH[-ACTIVATION]"),
    ("softmax+absolute", DoesNotFit, "softmax predicts a probability for each class or a score for each class, but absolute needs a number"),
    ("line+softmax-cross-entropy", DoesNotFit, "softmax-cross-entropy needs a probability for each class"),
    ("line+poisson-rate", DoesNotFit, "poisson-rate needs a positive number"),
    ("logistic+kl-divergence", DoesNotFit, "logistic predicts a probability or a score"),
    ("constant+squared+ridge", DoesNotFit, "constant has no weights for a ridge penalty"),
    ("line+squared+rigde", UnknownProblem, "no penalty called 'rigde'; did you mean ridge?"),
    ("line+square", UnknownProblem, "no loss called 'square'; did you mean squared"),
    ("lime+squared", UnknownProblem, "no model called 'lime'; did you mean line"),
    ("line-2+squared", UnknownProblem, "no model called 'line-2'; it is written line"),
    ("network+squared", UnknownProblem, "no model called 'network'; it is written network-DEPTH[-ACTIVATION]"),
    ("network-0+squared", UnknownProblem, "the number of hidden layers is a number from 1 to 100, not '0'"),
    ("network-1000000+squared", UnknownProblem, "from 1 to 100"),
    ("network-0000000010000000000+squared", UnknownProblem, "from 1 to 100"),
    ("network-two+squared", UnknownProblem, "not 'two'"),
    ("network-2-rely+squared", UnknownProblem, "there is no activation 'rely'; there are tanh, sigmoid, relu"),
    ("polynomial-99+squared", UnknownProblem, "the degree is a number from 1 to 20, not '99'"),
    ("polynomial-²+squared", UnknownProblem, "not '²'"),
    ("line", UnknownProblem, "there is no problem called 'line'; did you mean line-"),
    ("line+squared+ridge+lasso", UnknownProblem, "or write MODEL+LOSS or MODEL+LOSS+PENALTY"),
    ("line+squared+", UnknownProblem, "or write MODEL+LOSS or MODEL+LOSS+PENALTY"),
    ("line++ridge", UnknownProblem, "there is no problem called"),
    ("", UnknownProblem, "there is no problem called ''"),
]


@pytest.mark.parametrize(("name", "error", "says"), WRONG)
def test_what_does_not_fit_is_refused_with_what_would(name: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=re.escape(says)):
        problem(name)
