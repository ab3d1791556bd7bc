"""Second derivatives: the entries against finite differences, convexity proved, refuted or left open, and rates on data."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.forward import Definition, Problem
from symgd.hessian import Curvature, Majorant, curvature, hessian_product
from symgd.hessian.chord import chord
from symgd.hessian.convexity import TABLE, convex_by_rule
from symgd.hessian.pieces import joined
from symgd.hessian.second import deep
from symgd.meaning import Instance
from symgd.numeric.curve import Curve, curve
from symgd.referee.values import Reals
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, D, Name, Neg, Num, Pow, Sum, Term, mul, term
from symgd.typeset import to_ascii

RNG = np.random.default_rng(11)
_known: dict[str, Curvature] = {}


def of(name: str) -> Curvature:
    """The curvature of a problem by name, derived once."""
    if name not in _known:
        _known[name] = curvature(derive(problem(name)))
    return _known[name]


def line(model: str, loss: str = "u^2", parameters: str = "w b") -> Problem:
    return Problem.from_text(let=[f"y_hat = {model}", "u = y_hat - y"], loss=loss, parameters=parameters, data="x y")


# ------------------------------------------------------------ entries

SMOOTH = ["line-mse", "plane-mse", "ridge", "poisson", "softmax-cross-entropy", "logistic-plane+log-loss", "plane+log-cosh", "polynomial-3+squared"]


def test_the_second_derivatives_of_the_line() -> None:
    second = of("line-mse")
    found = {(p, q): to_ascii(second.of(p, q).result) for p, q in (("w", "w"), ("w", "b"), ("b", "w"), ("b", "b"))}
    assert found == {("w", "w"): "2*sum_i(x_i^2)/n", ("w", "b"): "2*sum_i(x_i)/n", ("b", "w"): "2*sum_i(x_i)/n", ("b", "b"): "2"}


def test_the_second_derivatives_of_the_plane_are_products_of_columns() -> None:
    second = of("ridge")
    assert to_ascii(second.of("w", "b").result) == "2*sum_i(X_ij)/n"
    goal = second.of("w", "w").goal
    assert isinstance(goal, D)
    assert (goal.of, goal.by) == (Name("g_w", ("j",)), Name("w", ("j'",)))
    assert to_ascii(of("plane-mse").of("w", "w").result) == "2*sum_i(X_ij*X_ij')/n"


@pytest.mark.parametrize("name", [name for name in SMOOTH if name != "softmax-cross-entropy"])  # that one by its product with a direction
def test_every_entry_is_the_second_derivative_that_sympy_takes_of_the_whole_loss(name: str) -> None:
    """At unequal sizes, to thirty digits; nothing but the forward tape is used."""
    p = problem(name)
    instance = Instance(p, {"i": 3, "j": 2})
    say = dict(instance.scalars())
    at_place = {s: sp.Rational(v.numerator, v.denominator) for s, v in Reals(instance, 0).leaves.items()}

    def whole(e: sp.Expr) -> sp.Expr:
        while e.free_symbols & say.keys():
            e = e.xreplace(say)
        return e

    loss = whole(instance.symbol(p.objective.symbol, ()))
    for (a, _), d in of(name).entries:
        goal = d.goal
        assert isinstance(goal, D)
        one, other = Name(a.symbol, goal.of.indices if isinstance(goal.of, Name) else ()), goal.by
        for at in instance.values(tuple(dict.fromkeys((*one.indices, *other.indices)))):
            left, right = (instance.symbol(v.symbol, tuple(at[k] for k in v.indices)) for v in (one, other))
            theirs, ours = loss.diff(left, right), whole(instance.say(d.result, at))
            assert abs(sp.N((theirs - ours).xreplace(at_place), 40)) < sp.Float("1e-30", 40)


@pytest.mark.parametrize("name", [*SMOOTH, "line-mae", "line-huber", "lasso", "hinge", "network-1-hidden-mse"])
def test_every_step_of_a_curvature_is_proved(name: str) -> None:
    second = of(name)
    assert {s.check.verdict for _, d in second.entries for s in d.steps} | {s.check.verdict for d in second.along for s in d.steps} == {"proved"}


def test_the_order_of_the_two_does_not_matter_and_a_name_that_is_none_is_refused() -> None:
    assert of("plane-mse").of("w", "b") is of("plane-mse").of("b", "w")
    with pytest.raises(KeyError, match="no second derivative by w and q"):
        of("plane-mse").of("w", "q")


def test_the_letters_of_a_square_matrix_stay_apart() -> None:
    """Σ (A W − B)²: ∂²L/∂W_jj'∂W_rs = 2 [j' = s] (AᵀA)_jr, four letters of one axis."""
    a, W, B, Z = (Name(s, ("j", "j'")) for s in "AWBZ")
    product = Sum("j''", mul(Name("A", ("j", "j''")), Name("W", ("j''", "j'"))))
    loss = Sum("j", Sum("j'", Pow(Z - B, TWO)))
    p = Problem("square", (W,), (a, B), (Definition(Z, product), Definition(Name("L"), loss)), count=())
    ((_, d),) = curvature(derive(p)).entries
    goal = d.goal
    assert isinstance(goal, D)
    assert isinstance(goal.of, Name)
    letters = (*goal.of.indices, *goal.by.indices)
    assert len(set(letters)) == 4
    instance = Instance(p, {"j": 2})
    for at in instance.values(letters):
        j, k, r, s = (at[x] for x in letters)
        expected = 2 * (k == s) * sum(instance.symbol("A", (m, j)) * instance.symbol("A", (m, r)) for m in range(2))
        assert sp.expand(instance.say(d.result, at) - expected) == 0


def test_the_entries_of_softmax_are_in_its_probabilities() -> None:
    assert to_ascii(of("softmax-cross-entropy").of("W", "b").result) == "sum_i(X_ij*([k = k'] - p_ik)*p_ik')/n"


@pytest.mark.parametrize(("name", "is_deep"), [("plane-mse", False), ("softmax-cross-entropy", False), ("exponential-mse", False), ("network-1+squared", True)])
def test_a_network_is_told_by_its_products_of_parameters(name: str, is_deep: bool) -> None:
    assert deep(problem(name)) == is_deep


def test_a_network_has_no_blocks_but_the_slope_along_a_line() -> None:
    second = of("network-1-hidden-mse")
    assert (second.entries, second.slopes) == ((), ())
    assert len(second.along) == 1
    assert second.slope is not None


@pytest.mark.parametrize("name", ["plane-mse", "softmax-cross-entropy", "network-1-hidden-mse", "network-1-softplus+squared"])
def test_the_product_with_a_direction_is_that_of_the_hessian_that_sympy_takes(name: str) -> None:
    p = problem(name)
    h = hessian_product(derive(p))
    assert {s.check.verdict for d in h.speeds for s in d.steps} == {"proved"}
    sizes = {"i": 2, "j": 1, "h": 2, "k": 2}
    instance, along = Instance(p, sizes), Instance(h.problem, sizes)
    say, moved = dict(instance.scalars()), dict(along.scalars())
    made = [(h.names[d.goal.of.symbol].symbol, d, at) for d in h.speeds for at in along.values(d.goal.of.indices)]
    dots = {along.symbol(dot, tuple(at.values())): along.say(d.result, at) for dot, d, at in made}
    loss = instance.symbol(p.objective.symbol, ())
    while loss.free_symbols & say.keys():
        loss = loss.xreplace(say)
    leaves = sorted({s for e in (loss, *moved.values(), *dots.values()) for s in e.free_symbols} - say.keys() - moved.keys() - dots.keys(), key=str)
    place = {s: sp.Rational(3 * k % 7 + 1, 5) for k, s in enumerate(leaves)} | {along.symbol(h.step.symbol, ()): sp.S.Zero}
    if p.given:  # the targets of a sample sum to 1
        place |= {instance.symbol("t", (i, 1)): 1 - place[instance.symbol("t", (i, 0))] for i in range(2)}
    every = [(q, v, tuple(at.values())) for q, v in zip(p.parameters, h.direction, strict=True) for at in instance.values(q.indices)]
    for q, _, at in every:
        ours = dots[along.symbol(h.names[h.slopes[q.symbol].symbol].symbol, at)]
        while ours.free_symbols & (moved.keys() | dots.keys()):
            ours = ours.xreplace({**moved, **dots})
        slope = loss.diff(instance.symbol(q.symbol, at))
        theirs = sum(slope.diff(instance.symbol(r.symbol, where)) * along.symbol(v.symbol, where) for r, v, where in every)
        assert abs(sp.N((ours - theirs).xreplace(place), 40)) < sp.Float("1e-30", 40)


def test_the_product_has_a_line_for_each_name_and_each_parameter() -> None:
    """Not one for each pair of parameters."""
    p = problem("network-1-hidden-mse")
    h = hessian_product(derive(p))
    assert len(h.speeds) <= 2 * (len(p.tape) - 1) + len(p.parameters)
    assert to_ascii(h.of("W1").result) == "sum_i(X_ij*delta_z1_dot_ih)"
    with pytest.raises(KeyError):
        h.of("W9")


# ------------------------------------------------------------ convexity

CONVEXITY = [
    ("plane-mse", "yes"), ("ridge", "yes"), ("poisson", "yes"), ("softmax-cross-entropy", "yes"),
    ("logistic-plane+log-loss", "yes"), ("logistic-plane+exponential", "yes"), ("plane+log-cosh", "yes"), ("polynomial-5+squared", "yes"),
    ("line-mae", "yes"), ("line-huber", "yes"), ("lasso", "yes"), ("hinge", "yes"), ("plane+quantile", "yes"), ("plane+squared-hinge", "yes"),
    ("exponential-mse", "no"), ("network-1-hidden-mse", "no"), ("network-1-identity+squared", "no"),
    ("plane+gaussian", "no"), ("logistic-plane+squared", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "convex"), CONVEXITY)
def test_convexity_of_the_losses_of_a_course(name: str, convex: str) -> None:
    assert of(name).convex == convex
    assert of(name).says


@pytest.mark.parametrize(("model", "loss", "convex", "constant"), [
    ("w*x + b", "u^2", "yes", True), ("w*x + b", "exp(u)", "yes", False), ("w*x + b", "log(1 + exp(u))", "yes", False), ("w*x + b", "u^4", "yes", False),
    ("w*x + b", "abs(u)", "yes", False), ("w*exp(b*x)", "u^2", "no", False), ("w*b*x", "u^2", "no", False),
    ("w*x + b", "-u^2", "no", True), ("w*x + b", "u^3", "no", False), ("w*x + b", "-abs(u)", "no", False), ("w*x + b", "abs(u)^3 - u^2", "no", False),
    ("abs(w)*x + b", "u^2", "no", False),
])  # fmt: skip
def test_convexity_is_proved_refuted_or_left_open(model: str, loss: str, convex: str, constant: bool) -> None:
    second = curvature(derive(line(model, loss)))
    assert (second.convex, second.constant) == (convex, constant)


@pytest.mark.parametrize(("name", "convex"), CONVEXITY)
def test_no_chord_is_below_a_convex_loss_and_some_chord_is_below_another(name: str, convex: str) -> None:
    """The chords are looked for by the losses alone."""
    assert (chord(problem(name)) is None) == (convex == "yes")


def test_a_chord_can_be_computed_again_by_hand() -> None:
    """ŷ = w₂ tanh(w₁ x + b₁) + b₂ with one sample and one unit"""
    found = chord(problem("network-1-hidden-mse"))
    assert found is not None
    data = {s: float(v) for s, v in found.data}

    def loss(at: dict[str, float]) -> float:
        return (at["w2_1"] * math.tanh(at["W1_11"] * data["X_11"] + at["b1_1"]) + at["b2"] - data["y_1"]) ** 2

    first, second = ({s: float(v) for s, v in end} for end in found.ends)
    half = {s: (first[s] + second[s]) / 2 for s in first}
    assert [loss(p) for p in (first, second, half)] == pytest.approx(found.losses, rel=1e-12)
    assert loss(half) > (loss(first) + loss(second)) / 2
    assert "half way" in found.says


def test_softmax_is_convex_because_a_variance_is_not_negative() -> None:
    last = of("softmax-cross-entropy").along[-1]
    assert to_ascii(last.result) == "sum_i(sum_k(p_ik*(s_ik - sum_{k'}(p_ik'*s_ik'))^2))/n"
    assert [s.check.verdict for s in last.steps[-2:]] == ["proved", "proved"]


# ------------------------------------------------------------ the rules of convex functions


@pytest.mark.parametrize(("loss", "kind"), [
    ("abs(u)", "convex"), ("max(u, 0)", "convex"), ("exp(abs(u))", "convex"), ("u^2 + 3*u", "convex"), ("-sqrt(u)", "convex"), ("log(u)", "concave"),
    ("-u^2", "concave"), ("3*u - 2", "affine"), ("log(exp(u))", "affine"), ("u^2 - abs(u)", ""), ("abs(u)*u", ""), ("exp(-abs(u))", ""), ("u^3", ""),
    ("sin(u)", ""), ("y*abs(u)", ""), ("y*u", "affine"), ("y^2*abs(u)", "convex"), ("min(u, 1)", "concave"), ("abs(u)^2", "convex"), ("(1 - abs(u))^2", ""),
])  # fmt: skip
def test_a_kind_is_what_the_rules_say(loss: str, kind: str) -> None:
    assert convex_by_rule(line("w*x + b", loss))[0] == kind


def test_each_piece_of_a_kinked_loss_has_its_reason() -> None:
    assert of("lasso").reasons == (
        "ŷᵢ is affine in the parameters", "uᵢ is affine in the parameters", "uᵢ² is convex: the square of an affine function",
        "|wⱼ| is convex: a convex function of an affine one",
    )  # fmt: skip
    assert "kinks included" in of("lasso").says


@pytest.mark.parametrize("f", sorted(TABLE))
def test_each_row_of_the_table_bends_as_it_says(f: str) -> None:
    """The middle of a chord, for 200 random pairs of places."""
    kind, rises, positive = TABLE[f]
    functions = {"softplus": lambda u: math.log1p(math.exp(u)), "relu": lambda u: max(u, 0), "abs": abs, "logcosh": lambda u: math.log(math.cosh(u))}
    g = functions.get(f) or {"max": lambda u: max(u, 0.5), "min": lambda u: min(u, 0.5)}.get(f) or getattr(math, f)
    low = 0.01 if f in ("log", "sqrt") or rises == "above 0" else -4.0
    for a, b in RNG.uniform(low, 4, (200, 2)):
        bend = (g(a) + g(b)) / 2 - g((a + b) / 2)
        assert bend >= -1e-12 if kind == "convex" else bend <= 1e-12
        assert g(max(a, b)) >= g(min(a, b))
        assert g(a) >= 0 or not positive


u, c = Name("u"), Name("c")


@pytest.mark.parametrize(("pieces", "otherwise", "convex", "smooth"), [
    ([(mul(c, u), ">", ZERO)], ZERO, True, False), ([(Pow(u, TWO), ">", ZERO)], ZERO, True, True), ([(u, ">", ZERO)], Neg(u), True, False),
    ([(Neg(u), ">", ZERO)], u, False, False), ([(u + 1, ">", ZERO)], ZERO, False, False), ([(Pow(u, TWO), "<", ONE)], 2 * u - 1, True, True),
    ([(Pow(u, TWO), "<", ONE)], u, False, False), ([(u, ">", c), (Neg(u), "<", Neg(c))], c, True, False), ([(term(3), ">", c)], Pow(u, TWO), False, False),
])  # fmt: skip
def test_pieces_are_convex_where_they_meet_and_the_slope_does_not_fall(
    pieces: list[tuple[Term, str, Term]], otherwise: Term, convex: bool, smooth: bool
) -> None:
    t = Cases(tuple((value, Compare(u, relation, right)) for value, relation, right in pieces), otherwise)
    found = joined(t, u, {"c": Fraction(2)})
    assert found is not None
    assert (found.convex, found.smooth) == (convex, smooth)


def test_pieces_whose_borders_cannot_be_ordered_are_not_decided() -> None:
    t = Cases(((u, Compare(u, ">", c)), (Neg(u), Compare(u, "<", Name("a")))), ZERO)
    assert joined(t, u, {}) is None
    assert joined(Cases(((u, Compare(Pow(u, TWO), "<", c)),), ZERO), u, {}) is None


# ------------------------------------------------------------ how large the second derivative gets


@pytest.mark.parametrize(("name", "form", "exact"), [
    ("plane-mse", "2*sum_i(s_i^2)/n", True), ("ridge", "2*sum_i(s_i^2)/n + 2*lam*sum_j(v_w_j^2)", True),
    ("logistic-plane+log-loss", "sum_i(s_i^2)/(4*n)", False), ("softmax-cross-entropy", "sum_i(sum_k(s_ik^2))/(2*n)", False),
    ("plane+log-cosh", "sum_i(s_i^2)/n", False), ("line-huber", "sum_i(s_i^2)/n", False), ("plane+squared-hinge", "2*sum_i((y_i*s_i)^2)/n", False),
])  # fmt: skip
def test_the_form_above_the_second_derivative(name: str, form: str, exact: bool) -> None:
    above = of(name).majorant
    assert isinstance(above, Majorant)
    assert (to_ascii(above.term), above.exact) == (form, exact)


@pytest.mark.parametrize(("name", "says"), [
    ("poisson", "no upper bound"), ("logistic-plane+exponential", "no upper bound"), ("line-mae", "jumps at the kinks"), ("lasso", "jumps at the kinks"),
    ("hinge", "jumps at the kinks"), ("network-1-hidden-mse", "network"),
])  # fmt: skip
def test_where_there_is_no_such_form_the_reason_is_said(name: str, says: str) -> None:
    assert says in str(of(name).majorant)


# ------------------------------------------------------------ rates on data

X = RNG.normal(size=(60, 3)) * [1, 4, 0.3] + [0, 2, 1]
A = np.column_stack([X, np.ones(60)])
Y = RNG.normal(size=60)
SAFE = [
    ("plane-mse", 2 / 60 * A.T @ A), ("ridge", 2 / 60 * A.T @ A + 0.2 * np.diag([1, 1, 1, 0])), ("logistic-plane+log-loss", A.T @ A / 240),
    ("softmax-cross-entropy", A.T @ A / 120), ("plane+log-cosh", A.T @ A / 60),
]  # fmt: skip
_curves: dict[str, Curve] = {}


def numbers(name: str) -> Curve:
    if name not in _curves:
        _curves[name] = curve(derive(problem(name)))
    return _curves[name]


@pytest.mark.parametrize(("name", "H"), SAFE)
def test_the_rate_bound_is_two_over_the_largest_eigenvalue(name: str, H: np.ndarray) -> None:
    low, *_, top = np.linalg.eigvalsh(H)
    found = numbers(name)
    assert found.rate_bound(X=X) == pytest.approx(2 / top, rel=1e-12)
    assert found.best_rate(X=X) == pytest.approx(2 / (top + low) if name in ("plane-mse", "ridge") else 1 / top, rel=1e-10)
    assert found.rates(X=X).condition == pytest.approx(top / low, rel=1e-9)


def test_no_step_below_the_bound_raises_the_loss_of_logistic_and_softmax() -> None:
    classes = np.eye(3)[RNG.integers(0, 3, 60)]
    for name, data in (("logistic-plane+log-loss", {"X": X, "y": (Y > 0) * 1.0}), ("softmax-cross-entropy", {"X": X, "t": classes})):
        g, rate = numbers(name).f.bind(**data), numbers(name).rate_bound(X=X)
        for _ in range(20):
            theta = RNG.normal(size=g.size) * 10.0 ** RNG.integers(-2, 2)
            assert g.fun(theta - rate * g.jac(theta)) <= g.fun(theta) * (1 + 1e-12)


def test_the_bound_of_a_quadratic_loss_separates_rates_that_converge_from_others() -> None:
    g, bound = numbers("plane-mse").f.bind(X=X, y=Y), numbers("plane-mse").rate_bound(X=X)
    ends = []
    for rate in (0.99 * bound, 1.01 * bound):
        theta = np.ones(4)
        for _ in range(3000):
            theta = theta - rate * g.jac(theta)
        ends.append(g.fun(theta))
    assert ends[0] < g.fun(np.ones(4)) < ends[1]


def test_an_estimate_at_one_place_says_so_and_why() -> None:
    found = numbers("poisson").rates(X=X, y=np.ones(60))
    assert not found.exact
    assert "an estimate at one place" in found.says
    assert "no upper bound" in found.says


def test_the_predicted_number_of_steps_arrives_for_a_plane() -> None:
    found = numbers("plane-mse")
    rate = found.best_rate(X=X)
    many = found.predicted_iterations(rate, X=X, y=Y)
    best = np.linalg.lstsq(A, Y, rcond=None)[0]
    assert many is not None

    def far(steps: int) -> float:
        theta = np.zeros(4)
        for _ in range(steps):
            theta = theta - rate * 2 / 60 * A.T @ (A @ theta - Y)
        return float(np.sqrt(np.mean((A @ (theta - best)) ** 2)))

    assert far(many) <= 1e-8 * Y.std() * (1 + 1e-6)
    assert far(many - 2) > 1e-8 * Y.std()


def test_the_product_with_a_vector_is_that_of_the_hessian() -> None:
    found, v = numbers("plane-mse"), RNG.normal(size=4)
    np.testing.assert_allclose(found.hessian_product(v, np.ones(4), X=X, y=Y), 2 / 60 * A.T @ A @ v, rtol=1e-7)
    assert not found.hessian_product(np.zeros(4), np.ones(4), X=X, y=Y).any()


def test_a_forecast_says_when_a_descent_cannot_get_there_and_why() -> None:
    x = np.linspace(-8.8, -3.1, 82)
    degree = curve(derive(problem("polynomial-5+squared")))
    says = degree.forecast(x=x, y=x**2)
    assert "condition number" in says
    assert "closed form" in says
    assert "not enough" in says or "does not get there" in says
    assert numbers("plane-mse").forecast(X=X, y=Y, most=10_000).startswith("about ")
    assert "1,000 steps are not enough" in numbers("plane-mse").forecast(X=X, y=Y)
    assert "no number of steps" in numbers("plane-mse").forecast(rate=10.0, X=X, y=Y)


def test_a_class_with_columns_of_its_own_is_no_form_of_one_block() -> None:
    """Each class with its own data, X_ijk: the rates are estimated instead."""
    data, w = Name("X", ("i", "j", "k")), Name("w", ("j", "k"))
    y, u = Name("y", ("i", "k")), Name("u", ("i", "k"))
    loss = Sum("i", Sum("k", Pow(u, TWO)))
    p = Problem("own columns", (w,), (data, y), (Definition(u, Sum("j", mul(data, w)) - y), Definition(Name("L"), loss)))
    found = Curve(curvature(derive(p)), curve(derive(problem("line-mse"))).f)
    assert found.convex == "yes"
    from symgd.numeric.bound.above import NoForm, eigenvalues

    with pytest.raises(NoForm, match="columns of its own"):
        eigenvalues(found.form, {"X": np.ones((4, 2, 2)), "y": np.ones((4, 2))}, {})


def test_a_linear_loss_has_no_curvature() -> None:
    second = curvature(derive(line("w*x + b", "3*u")))
    assert (second.convex, second.says) == ("yes", "the loss is linear along every line: convex")
    assert Call("abs", (u,)) != Num(Fraction(1))


@pytest.mark.parametrize("objective", ["norm(x)", "sqrt(x @ A @ x)"])
def test_a_slope_that_is_made_of_the_loss_is_differentiated_through_it(objective: str) -> None:
    p = Problem.from_text(objective=objective, parameters="x", shapes={"x": "d", "A": "d d"} if "A" in objective else {"x": "d"})
    curve = curvature(derive(p))
    steps = [s for _, d in curve.entries for s in d.steps] + [s for d in curve.along for s in d.steps]
    assert steps
    assert {s.check.verdict for s in steps} == {"proved"}
