"""The closed form: gradient = 0 solved step by step, each step proved; where there is none, the reason."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.derivation import ClosedForm
from symgd.forward import Definition, Problem
from symgd.meaning import Instance
from symgd.numeric.closed.form import NoClosedForm, SolvableForm
from symgd.numeric.closed.exact import dependent, exact_gram, fmpq
from symgd.numeric.closed.rational import exact_array, exact_value
from symgd.stationary import closed_form, linear, unfold
from symgd.term import Det, Inverse, Match, Name, Neg, Pow, Sum, TWO, add, mean, mul, term
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
        for _ in range(6):
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
    ("w*x + b*x^2", "u^2", "w b"),
    ("w*x + 2*b", "u^2", "w b"),
    ("w*x + v*x^2 + b", "u^2", "w v b"),
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
    ("w*x + b", "abs(u)", "piecewise, as sign(z) is"), ("w*b*x", "u^2", "multiply parameters with each other"),
    ("w*x + b", "log(cosh(u))", "transcendental"),
])  # fmt: skip
def test_where_there_is_no_formula_the_reason_is_said(model: str, loss: str, says: str) -> None:
    form = closed_form(derive(line(model, loss)))
    assert says in form.why_not
    assert form.solution == ()


def test_names_are_written_out_down_to_parameters_and_data() -> None:
    assert unfold(problem("line-mse"), Name("u", ("i",))) == add(add(mul(w, x), b), Neg(y))


# ------------------------------------------------------------ vectors of parameters

X, v, z = Name("X", ("i", "j")), Name("w", ("j",)), Name("z", ("i",))
COUNT, LAM = Name("n"), Name("lam")
RNG = np.random.default_rng(7)


def plane(*, intercept: bool = True, weights: bool = False, penalty: bool = False) -> Problem:
    """A plane by hand: ŷ_i = Σ_j X_ij w_j + b, its squares weighed by m_i, a penalty λ Σ_j w_j²."""
    u, m = Name("u", ("i",)), Name("m", ("i",))
    score = Sum("j", mul(X, v))
    square = mul(m, Pow(u, TWO)) if weights else Pow(u, TWO)
    loss = mean("i", square, COUNT)
    tape = (Definition(u, add(score, b) - y if intercept else score - y), Definition(Name("L"), loss + LAM * Sum("j", v**2) if penalty else loss))
    data = (X, y, m) if weights else (X, y)
    return Problem("plane", (v, b) if intercept else (v,), data, tape, ((LAM, Fraction(1, 2)),) if penalty else ())


def normal_equations(X: list[list[int]], y: list[int], m: list[int], lam: Fraction, intercept: bool) -> list[Fraction]:
    """Σ_i m_i a_i a_iᵀ/n + λ I, solved by elimination in Fractions: nothing of ours is used."""
    rows = [[*map(Fraction, r), *([Fraction(1)] if intercept else [])] for r in X]
    p, n = len(rows[0]), len(rows)
    A = [[sum(m[i] * rows[i][j] * rows[i][k] for i in range(n)) / n + (lam if j == k < len(X[0]) else 0) for k in range(p)] for j in range(p)]
    c = [sum(m[i] * rows[i][j] * y[i] for i in range(n)) / n for j in range(p)]
    for j in range(p):
        for k in range(j + 1, p):
            f = A[k][j] / A[j][j]
            A[k], c[k] = [a - f * q for a, q in zip(A[k], A[j], strict=True)], c[k] - f * c[j]
    theta = [Fraction(0)] * p
    for j in reversed(range(p)):
        theta[j] = (c[j] - sum(A[j][k] * theta[k] for k in range(j + 1, p))) / A[j][j]
    return theta


PLANES = [{"intercept": a, "weights": w, "penalty": c} for a in (True, False) for w in (True, False) for c in (True, False)]


@pytest.mark.parametrize("shape", PLANES)
@pytest.mark.parametrize(("rows", "columns"), [(5, 2), (6, 3), (4, 1)])
def test_a_plane_is_solved_as_by_elimination_in_fractions(shape: dict[str, bool], rows: int, columns: int) -> None:
    data = {"X": RNG.integers(-9, 9, (rows, columns)), "y": RNG.integers(-9, 9, rows)} | ({"m": RNG.integers(1, 5, rows)} if shape["weights"] else {})
    found = SolvableForm(closed_form(derive(plane(**shape)))).solve(**data)
    m = data["m"].tolist() if shape["weights"] else [1] * rows
    expected = normal_equations(data["X"].tolist(), data["y"].tolist(), m, Fraction(1, 2) if shape["penalty"] else Fraction(0), shape["intercept"])
    assert [*found.w, *([found.b] if shape["intercept"] else [])] == expected


@pytest.mark.parametrize("shape", PLANES)
def test_every_step_of_the_plane_is_proved_and_the_rank_is_asked_for(shape: dict[str, bool]) -> None:
    form = closed_form(derive(plane(**shape)))
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}
    assert any(isinstance(c.left, Det) and c.relation == "!=" for c in form.requires)
    assert {p.symbol for p, _ in form.solution} == ({"w", "b"} if shape["intercept"] else {"w"})


def test_the_formula_of_the_plane_is_the_inverse_of_the_centred_products() -> None:
    form = closed_form(derive(problem("plane-mse")))
    assert [f"{name.symbol}{''.join(name.indices)}" for name, _ in form.definitions] == ["X_barj", "y_bar", "S_XXjj'", "S_Xyj"]
    value = dict(form.solution)[v]
    assert isinstance(value, Sum)
    assert isinstance(value.body.factors[0], Inverse)
    assert to_ascii(dict(form.solution)[b]) == "y_bar - sum_j(X_bar_j*w_j)"


def test_ridge_adds_n_lambda_to_the_diagonal() -> None:
    form = closed_form(derive(problem("ridge")))
    inverse = dict(form.solution)[v].body.factors[0]
    assert Match("j", "j'") in {f for t in inverse.entry.terms for f in getattr(t, "factors", ())}
    assert {"lam", "n"} <= {s.symbol for t in inverse.entry.terms for s in getattr(t, "factors", ()) if isinstance(s, Name)}


def test_the_formula_and_the_least_squares_of_the_columns_are_the_same_fractions() -> None:
    y = RNG.normal(size=8)
    for name, data in (("ridge", {"X": RNG.normal(size=(8, 3)), "y": y}), ("polynomial-mse", {"x": RNG.normal(size=8), "y": y})):
        form = SolvableForm(closed_form(derive(problem(name))))
        constants = {c.symbol: value for c, value in form.form.problem.constants}
        sizes = {"i": 8, "j": 3}
        by_formula, by_columns = form._by_formula(data, constants, sizes), form.solve(**data)
        assert all(np.array_equal(p, q) for p, q in zip(by_formula, by_columns, strict=True))


def test_a_line_is_found_in_what_is_summed() -> None:
    found = linear(add(Sum("j", mul(X, v)), b, Neg(y)), (v, b))
    assert found is not None
    assert (found.factors, found.rest) == ({v: X, b: term(1)}, Neg(y))
    assert linear(Sum("j", mul(X, Pow(v, TWO))), (v,)) is None


def test_an_index_that_is_free_and_one_that_is_summed_stay_apart() -> None:
    """x_ij Σ_j x_ij w_j: the second j is another one."""
    found = linear(mul(X, Sum("j", mul(X, v))), (v,))
    assert found is not None
    assert found.factors == {Name("w", ("j'",)): mul(X, Name("X", ("i", "j'")))}


def test_a_quadratic_form_is_solved_by_the_sum_of_its_matrix_and_the_transpose() -> None:
    """wᵀ A w + cᵀ w: w = −(A + Aᵀ)⁻¹ c"""
    form_of, c = Name("A", ("j", "j'")), Name("c", ("j",))
    loss = add(Sum("j", mul(v, Sum("j'", mul(form_of, Name("w", ("j'",)))))), Sum("j", mul(c, v)))
    form = closed_form(derive(Problem("form", (v,), (form_of, c), (Definition(Name("L"), loss),), count=())))
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}
    a, shift = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    np.testing.assert_allclose(SolvableForm(form).solve(A=a, c=shift).w.astype(float), -np.linalg.solve(a + a.T, shift), rtol=1e-12)
    with pytest.raises(NoClosedForm, match="det"):
        SolvableForm(form).solve(A=[[0, 1, 0], [-1, 0, 0], [0, 0, 1]], c=shift)


@pytest.mark.parametrize("intercept", [True, False])
def test_several_targets_are_solved_for_at_once(intercept: bool) -> None:
    """W_jk: the classes are carried along, the features are coupled."""
    W, c, targets, u = Name("W", ("j", "k")), Name("b", ("k",)), Name("Y", ("i", "k")), Name("u", ("i", "k"))
    score = Sum("j", mul(X, W))
    tape = (Definition(u, add(score, c) - targets if intercept else score - targets), Definition(Name("L"), mean("i", Sum("k", u**2), COUNT)))
    form = closed_form(derive(Problem("several", (W, c) if intercept else (W,), (X, targets), tape)))
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}
    a, t = RNG.normal(size=(9, 2)), RNG.normal(size=(9, 3))
    expected = np.linalg.lstsq(np.column_stack([a, np.ones(9)]) if intercept else a, t, rcond=None)[0]
    np.testing.assert_allclose(np.vstack(SolvableForm(form).solve(X=a, Y=t)).astype(float), expected, rtol=1e-12, atol=1e-14)


def test_two_groups_of_features_are_solved_for_one_after_the_other() -> None:
    """v by what w leaves of its equations: blocks are eliminated as numbers are."""
    Z, q, u = Name("Z", ("i", "h")), Name("q", ("h",)), Name("u", ("i",))
    tape = (Definition(u, add(Sum("j", mul(X, v)), Sum("h", mul(Z, q)), b, Neg(y))), Definition(Name("L"), mean("i", u**2, COUNT)))
    form = closed_form(derive(Problem("two groups", (v, q, b), (X, Z, y), tape)))
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}
    assert len(form.requires) == 2
    one, two, target = RNG.normal(size=(9, 2)), RNG.normal(size=(9, 3)), RNG.normal(size=9)
    w, other, shift = SolvableForm(form)._by_formula({"X": one, "Z": two, "y": target}, {}, {"i": 9, "j": 2, "h": 3})
    expected = np.linalg.lstsq(np.column_stack([one, two, np.ones(9)]), target, rcond=None)[0]
    np.testing.assert_allclose([float(x) for x in (*w, *other, shift)], expected, rtol=1e-11, atol=1e-13)


# ------------------------------------------------------------ polynomials


@pytest.mark.parametrize("degree", [2, 3, 5, 10])
def test_a_polynomial_comes_back_from_its_own_values(degree: int) -> None:
    truth = [Fraction(k + 1, 3 * k + 2) * (-1) ** k for k in range(degree + 1)]
    x = [Fraction(k, 7) - 1 for k in range(degree + 4)]
    form = SolvableForm(closed_form(derive(problem(f"polynomial-{degree}+squared"))))
    found = form.solve(x=x, y=[sum(a * t**k for k, a in enumerate(truth)) for t in x])
    assert (*found[-1:], *found[:-1]) == tuple(truth)


def test_many_equations_are_shown_and_solved_as_numbers() -> None:
    form = closed_form(derive(problem("polynomial-6+squared")))
    assert (form.solution, form.why_not, len(form.system)) == ((), "", 7)
    assert {s.check.verdict for d in form.steps for s in d.steps} == {"proved"}


def test_the_pivots_of_a_polynomial_must_be_positive() -> None:
    form = closed_form(derive(problem("polynomial-3+squared")))
    assert [to_ascii(c.left) for c in form.requires] == ["S_11", "T_22", "U_33"]
    with pytest.raises(NoClosedForm, match="x³"):
        SolvableForm(form).solve(x=[1, 2, 3, 1, 2, 3], y=[1, 0, 2, 5, 1, 1])


# ------------------------------------------------------------ ill-conditioned problems (NIST StRD, linear regression)

# Longley (1967), J. Am. Stat. Assoc. 62, 819: deflator, GNP, unemployed, armed forces, population, year → employment
LONGLEY = """60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962"""
# certified by NIST StRD, file Longley.dat: B1 … B6, then B0
CERTIFIED = (15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359, -0.511041056535807e-01, 1829.15146461355, -3482258.63459582)


def test_longley_is_right_to_thirteen_digits() -> None:
    rows = [line.split() for line in LONGLEY.splitlines()]
    table = [[Fraction(cell) for cell in row] for row in rows]
    form = SolvableForm(closed_form(derive(problem("plane-mse"))))
    found = form.solve(X=np.array([row[1:] for row in table], dtype=object), y=[row[0] for row in table])
    for ours, certified in zip((*found.w, found.b), CERTIFIED, strict=True):
        assert abs(float(ours) / certified - 1) < 1e-13


@pytest.mark.parametrize("truth", [(1, 1, 1, 1, 1, 1), ("1", "0.1", "0.01", "0.001", "0.0001", "0.00001")], ids=["Wampler1", "Wampler2"])
def test_wampler_is_found_exactly(truth: tuple[object, ...]) -> None:
    """NIST StRD, Wampler1 and Wampler2: y = Σ_k β_k x^k at x = 0 … 20, certified to be β."""
    beta = [Fraction(str(k)) for k in truth]
    x = list(range(21))
    found = SolvableForm(closed_form(derive(problem("polynomial-5+squared")))).solve(x=x, y=[sum(a * t**k for k, a in enumerate(beta)) for t in x])
    assert [found.b, *found[:-1]] == beta


def test_degree_ten_is_right_to_thirteen_digits_where_double_precision_has_none() -> None:
    """As NIST's Filip: 82 points from −9 to −3, degree 10, the targets rounded to doubles; compared with 60 digits of mpmath."""
    import mpmath

    x = np.linspace(-8.8, -3.1, 82)
    y = np.array([float(sum(Fraction((-1) ** k, k + 1) * Fraction(t) ** k for k in range(11))) for t in x.tolist()])
    found = SolvableForm(closed_form(derive(problem("polynomial-10+squared")))).solve(x=x, y=y)
    with mpmath.workdps(60):
        A = mpmath.matrix([[mpmath.mpf(t) ** k for k in range(11)] for t in x.tolist()])
        c = mpmath.lu_solve(A.T * A, A.T * mpmath.matrix(y.tolist()))
        assert max(abs(mpmath.mpf(p.numerator) / p.denominator / q - 1) for p, q in zip((found[-1], *found[:-1]), c, strict=True)) < 1e-13
    plain = np.linalg.lstsq(np.vander(x, 11, increasing=True), y, rcond=None)[0]
    assert max(abs(float(p) / q - 1) for p, q in zip((found[-1], *found[:-1]), plain.tolist(), strict=True)) > 1e-3


# ------------------------------------------------------------ what cannot be solved, and what is too large to be solved exactly


@pytest.mark.parametrize(("extra", "says"), [
    (lambda X: X[:, 0] + X[:, 1], "sat_sum = sat_v + sat_m"), (lambda X: 2 * X[:, 0] - 3, "sat_sum = 2 sat_v − 3"), (lambda X: 0 * X[:, 0] + 4, "sat_sum = 4"),
])  # fmt: skip
def test_columns_that_are_combinations_of_others_are_named(extra, says: str) -> None:
    X = RNG.integers(1, 99, (20, 2))
    form = SolvableForm(closed_form(derive(problem("plane-mse"))))
    with pytest.raises(NoClosedForm, match=says.replace("+", r"\+")):
        form.solve(X=np.column_stack([X, extra(X)]), y=RNG.normal(size=20), names={"X": ["sat_v", "sat_m", "sat_sum"]})
    with pytest.raises(NoClosedForm, match=r"X\[:, 2\] = "):
        form.solve(X=np.column_stack([X, extra(X)]), y=RNG.normal(size=20))


def test_ridge_needs_no_rank() -> None:
    X = RNG.integers(1, 99, (20, 2))
    found = SolvableForm(closed_form(derive(problem("ridge")))).solve(X=np.column_stack([X, X.sum(axis=1)]), y=RNG.normal(size=20))
    assert found.w[2] == found.w[0] + found.w[1]


def test_dependence_is_exact() -> None:
    columns = [[1, 2, 3, 4], [2, 4, 6, 8], [1, 0, 0, 1]]
    assert dependent(exact_gram(columns)) == [(1, {0: Fraction(2)})]
    assert dependent(exact_gram([np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0])])) == []  # 0.3 is no 3/10


@pytest.mark.parametrize(("given", "error", "says"), [
    ({"X": np.ones((3, 2)), "y": [1, 2]}, ValueError, "different lengths"), ({"X": [1, 2, 3], "y": [1, 2, 3]}, ValueError, "2 dimensions"),
    ({"X": np.ones((3, 2))}, TypeError, "y are missing"), ({"X": np.ones((3, 2)), "y": [1, 2, 3], "q": 1}, TypeError, "q is no data"),
    ({"X": [[1.0], [np.nan]], "y": [1, 2]}, ValueError, "row 2 is not finite"),
])  # fmt: skip
def test_data_that_do_not_fit_are_refused(given: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        SolvableForm(closed_form(derive(problem("plane-mse")))).solve(**given)


def test_beyond_twenty_columns_the_columns_are_scaled_and_the_condition_is_told() -> None:
    X = RNG.normal(size=(200, 24)) * 10.0 ** RNG.integers(-6, 6, 24) + 1e3
    y = RNG.normal(size=200)
    form = SolvableForm(closed_form(derive(problem("plane-mse"))))
    found = form.solved(X=X, y=y)
    assert not found.exact
    assert found.condition is not None
    Z = X - X.mean(axis=0)
    size = np.linalg.norm(Z, axis=0)
    assert found.condition == pytest.approx(np.linalg.cond(Z / size), rel=1e-6)
    np.testing.assert_allclose(found.parameters.w * size, np.linalg.lstsq(Z / size, y - y.mean(), rcond=None)[0], rtol=1e-8, atol=1e-12)
    with pytest.raises(NoClosedForm, match="condition number"):
        form.solve(X=np.column_stack([Z, Z[:, 0] + Z[:, 1]]), y=y)


def test_exact_values_of_indexed_terms() -> None:
    A, values = Name("A", ("j", "j'")), {"A": np.array([[fmpq(2), fmpq(1)], [fmpq(1), fmpq(3)]], dtype=object)}
    assert exact_value(Det("j", "j'", A), values) == 5
    inverse = exact_array(Inverse("j", "j'", "j", "j'", A), values, ("j", "j'"), {"j": 2})
    assert [[str(q) for q in row] for row in inverse] == [["3/5", "-1/5"], ["-1/5", "2/5"]]
