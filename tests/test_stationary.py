"""The closed form: gradient = 0 solved step by step, each step proved; where there is none, the reason."""

from __future__ import annotations

import pytest
import sympy as sp

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import ClosedForm
from symgd.forward import Problem
from symgd.hessian import curvature
from symgd.meaning import Instance
from symgd.stationary import closed_form, unfold
from symgd.term import Name, Neg, add, mul
from symgd.typeset import to_ascii

w, b = Name("w"), Name("b")
x, y = Name("x", ("i",)), Name("y", ("i",))


def line(model: str, loss: str = "u^2", parameters: str = "w b") -> Problem:
    return Problem.from_text(let=[f"y_hat = {model}", "u = y_hat - y"], loss=loss, parameters=parameters, data="x y")


def at_solution(form: ClosedForm, samples: int) -> list[sp.Expr]:
    """SymPy's own gradient of the loss, at the solution: each must be zero."""
    instance = Instance(form.problem, {"i": samples})
    say = dict(instance.scalars())
    loss = instance.symbol(form.problem.objective.symbol, ())
    while loss.free_symbols & say.keys():
        loss = loss.xreplace(say)
    named = {instance.symbol(name.symbol, ()): instance.say(value, {}) for name, value in form.definitions}
    found = {instance.symbol(p.symbol, ()): instance.say(value, {}) for p, value in form.solution}
    out = []
    for p in form.problem.parameters:
        slope = sp.diff(loss, instance.symbol(p.symbol, ()))
        for _ in range(3):
            slope = slope.xreplace(found).xreplace(named)
        out.append(sp.together(slope))
    return out


SOLVED = [
    ("w*x + b", "u^2", "w b"),
    ("w*x + b", "u^2", "b w"),
    ("w*x + b", "2*u^2 - 3*u + 4", "w b"),
    ("w*x^2 + b", "u^2/2", "w b"),
    ("w*(x - 1) + b", "u^2", "b w"),
    ("w*x + b + 3*x", "u^2", "w b"),
    ("w*x", "u^2", "w"),
    ("b", "u^2", "b"),
    ("w*sin(x)", "u^2", "w"),
]


@pytest.mark.parametrize(("model", "loss", "parameters"), SOLVED)
def test_the_gradient_that_sympy_takes_vanishes_at_the_solution(model: str, loss: str, parameters: str) -> None:
    form = closed_form(derive(line(model, loss, parameters)))
    assert not form.why_not
    assert {p.symbol for p, _ in form.solution} == set(parameters.split())
    given = sorted({s for e in at_solution(form, 3) for s in e.free_symbols}, key=str)
    values = {s: sp.Rational(3 * k * k + 7 * k + 2, k + 3) for k, s in enumerate(given)}
    assert [sp.simplify(e.xreplace(values)) for e in at_solution(form, 3)] == [0] * len(form.solution)


@pytest.mark.parametrize(("model", "loss", "parameters"), SOLVED)
def test_every_step_of_the_solution_is_proved(model: str, loss: str, parameters: str) -> None:
    form = closed_form(derive(line(model, loss, parameters)))
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}


def test_the_line_is_solved_as_a_teacher_writes_it() -> None:
    form = closed_form(derive(problem("line-mse")))
    assert [f"{p.symbol} = {to_ascii(v)}" for p, v in form.solution] == ["w = S_xy/S_xx", "b = y_bar - w*x_bar"]
    assert [to_ascii(c.left) + c.relation + to_ascii(c.right) for c in form.requires] == ["S_xx>0"]


def test_a_ridge_penalty_stands_below_the_line() -> None:
    form = closed_form(derive(problem("line-ridge")))
    assert "lam" in to_ascii(dict(form.solution)[w])


@pytest.mark.parametrize(("model", "loss", "says"), [
    ("w*exp(b*x)", "u^2", "not linear"), ("w*x + b", "abs(u)", "not linear"), ("w*x + b", "log(cosh(u))", "not linear"),
    ("sigmoid(w*x + b)", "u^2", "not linear"),
    ("w*x + b*x^2", "u^2", "several parameters"), ("w*x + 2*b", "u^2", "several parameters"),
])  # fmt: skip
def test_where_there_is_no_formula_the_reason_is_said(model: str, loss: str, says: str) -> None:
    form = closed_form(derive(line(model, loss)))
    assert says in form.why_not
    assert form.solution == ()


def test_names_are_written_out_down_to_parameters_and_data() -> None:
    assert unfold(problem("line-mse"), Name("u", ("i",))) == add(add(mul(w, x), b), Neg(y))


# ------------------------------------------------------------ second derivatives


def test_the_second_derivatives_of_the_line() -> None:
    second = curvature(derive(problem("line-mse")))
    found = {(p, q): to_ascii(second.of(p, q).result) for p, q in (("w", "w"), ("w", "b"), ("b", "w"), ("b", "b"))}
    assert found == {("w", "w"): "2*sum_i(x_i^2)/n", ("w", "b"): "2*sum_i(x_i)/n", ("b", "w"): "2*sum_i(x_i)/n", ("b", "b"): "2"}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_step_of_a_curvature_is_proved(name: str) -> None:
    second = curvature(derive(problem(name)))
    assert {s.check.verdict for _, d in second.entries for s in d.steps} | {s.check.verdict for d in second.along for s in d.steps} == {"proved"}


@pytest.mark.parametrize(("model", "loss", "convex", "constant"), [
    ("w*x + b", "u^2", "yes", True), ("w*x + b", "exp(u)", "yes", False), ("w*x + b", "log(1 + exp(u))", "yes", False), ("w*x + b", "u^4", "yes", False),
    ("w*x + b", "abs(u)", "unknown", True), ("w*exp(b*x)", "u^2", "no", False), ("w*b*x", "u^2", "no", False),
    ("w*x + b", "-u^2", "no", True), ("w*x + b", "u^3", "no", False),
])  # fmt: skip
def test_convexity_is_proved_refuted_or_left_open(model: str, loss: str, convex: str, constant: bool) -> None:
    second = curvature(derive(line(model, loss)))
    assert (second.convex, second.constant) == (convex, constant)
    assert second.says


@pytest.mark.parametrize(("model", "loss"), [
    ("sigmoid(w*x + b)", "u^2"), ("w*x + b", "log(cosh(u))"), ("w*x + b", "sqrt(1 + u^2) - 1"), ("tanh(w*x + b)", "exp(u)"),
])  # fmt: skip
def test_a_second_derivative_agrees_with_that_of_sympy(model: str, loss: str) -> None:
    """With sensitivities that keep their names on the way: what is left at the end is written out."""
    p = line(model, loss)
    second = curvature(derive(p))
    instance = Instance(p, {"i": 2})
    say = dict(instance.scalars())
    whole = instance.symbol("L", ())
    while whole.free_symbols & say.keys():
        whole = whole.xreplace(say)
    values = {s: sp.Rational(k + 2, 7) for k, s in enumerate(sorted(whole.free_symbols, key=str))}
    for (a, c), d in second.entries:
        ours = instance.say(d.result, {})
        while ours.free_symbols & say.keys():
            ours = ours.xreplace(say)
        theirs = sp.diff(whole, instance.symbol(a.symbol, ()), instance.symbol(c.symbol, ()))
        assert abs(sp.N((ours - theirs).xreplace(values), 40)) < sp.Float("1e-30", 40)
