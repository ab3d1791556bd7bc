"""Tapes become NumPy: what the text says, what it computes, for weights, grids, single samples, and what it refuses."""

from __future__ import annotations

import ast
import math
from array import array
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.language import FUNCTIONS
from symgd.numeric.data.table import DataError
from symgd.numeric.closed.exact import exact_gram
from symgd.numeric.function import compile_gradient
from symgd.numeric.gradcheck import check_gradient, value_of
from symgd.numeric.bound.moments import take_moments
from symgd.numeric.program.plan import NotSupported, plan
from symgd.numeric.program.printing import identifiers, printed
from symgd.numeric.program.stable import stable
from symgd.numeric.program.together import together
from symgd.numeric.program.to_numpy import compile_source
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, D, Div, Match, Mul, Name, Neg, Num, Pow, Sum, Term, mean

RNG = np.random.default_rng(5)
X, Y, W = RNG.normal(0.3, 1, 40), (RNG.random(40) < 0.5) * 1.0, RNG.integers(1, 4, 40) * 1.0
LONG = RNG.normal(0.3, 1, 20001), RNG.normal(0, 1, 20001)


def i(symbol: str) -> Name:
    return Name(symbol, ("i",))


w, b, n, L, lam = map(Name, ("w", "b", "n", "L", "lam"))
x, y, y_hat, u, z, p = map(i, ("x", "y", "y_hat", "u", "z", "p"))


def build(*defs: tuple[Name, Term], parameters=(w, b), data=(x, y), title="of a test", **more) -> Problem:
    return Problem(title, parameters, data, tuple(Definition(a, v) for a, v in defs), **more)


CENTRED = build((Name("m"), mean("i", x, n)), (y_hat, w * (x - Name("m")) + b), (u, y_hat - y), (L, mean("i", u**2, n)))
BOWL = build((L, (w - 1) ** 2 + 3 * (b + 2) ** 2 + w * b), data=(), count=())
HINGE = build((y_hat, w * x + b), (u, y_hat - y), (L, mean("i", Cases(((u**2, Compare(u, ">", ZERO)),), ZERO), n)))
FREE = build((y_hat, w * x + b), (u, y_hat - y), (L, mean("i", u**2, n) + lam * w**2), constants=((lam, None),))
HELD = build((y_hat, w * x + b), (u, y_hat - y), (L, mean("i", u**2, n)), parameters=(w,), constants=((b, Fraction(1, 2)),))
PARABOLA = build((y_hat, w * x**2 + b * x + Name("c")), (u, y_hat - y), (L, mean("i", u**2, n)), parameters=(w, b, Name("c")))
OTHERS = {"centred": CENTRED, "bowl": BOWL, "hinge": HINGE, "held": HELD, "parabola": PARABOLA}
PROBLEMS = {name: q for name, q in ({name: problem(name) for name in CATALOGUE} | OTHERS).items() if not any(p.indices for p in q.parameters)}


@pytest.fixture(scope="module")
def compiled():
    return {name: compile_gradient(derive(q)) for name, q in PROBLEMS.items()}


def columns(f, **all_of_them) -> dict[str, np.ndarray]:
    return {d: all_of_them[d] for d in f.data}


def constants(f) -> dict[str, float]:
    return {c: 0.1 for c, v in f.constants.items() if v is None}


THETA = (0.7, -0.4, 0.2, 0.1)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_gradient_agrees_with_the_complex_step(compiled, name):
    f = compiled[name]
    check = check_gradient(f, **columns(f, x=X, y=Y), **constants(f))
    assert check.agrees, check.says
    assert check.points == 20


def test_the_complex_step_catches_a_wrong_derivative():
    right = derive(problem("line-mse"))
    slope = right.of("w")
    wrong = Derivation(slope.name, slope.goal, (Step(slope.goal, Mul((Num(Fraction(1001, 1000)), slope.result)), "made wrong", slope.goal),))
    spoiled = compile_gradient(replace(right, tape=tuple(wrong if d is slope else d for d in right.tape)))
    check = check_gradient(spoiled, x=X, y=Y)
    assert not check.agrees
    assert (check.by, check.worst) == ("w", pytest.approx(1e-3, rel=1e-2))


@pytest.mark.parametrize("name", PROBLEMS)
def test_bound_and_unbound_agree_in_one_block_and_in_several(compiled, name):
    f = compiled[name]
    theta = THETA[: len(f.parameters)]
    for rows in (1, 40, 8192, 8193, 20001):
        data = columns(f, x=LONG[0][:rows], y=LONG[1][:rows])
        loss, slopes = f.loss_and_gradient(*theta, **data, **constants(f))
        g = f.bind(**data, **constants(f))
        assert g.loss(*theta) == pytest.approx(loss, rel=1e-11)
        assert g.gradient(*theta) == pytest.approx(slopes, rel=1e-9, abs=1e-12)
        assert f.loss(*theta, **data, **constants(f)) == loss
        assert f.gradient(*theta, **data, **constants(f)) == slopes
        assert g.fun(np.array(theta)) == g.loss(*theta)
        assert g.jac(np.array(theta)).tolist() == list(g.gradient(*theta))


@pytest.mark.parametrize("name", [k for k in PROBLEMS if k != "bowl"])
def test_whole_weights_count_a_sample_several_times(compiled, name):
    f = compiled[name]
    theta, times = THETA[: len(f.parameters)], W.astype(int)
    repeated = f.loss_and_gradient(*theta, **columns(f, x=np.repeat(X, times), y=np.repeat(Y, times)), **constants(f))
    for loss, slopes in (
        f.loss_and_gradient(*theta, weights=W, **columns(f, x=X, y=Y), **constants(f)),
        f.bind(weights=W, **columns(f, x=X, y=Y), **constants(f)).loss_and_gradient(*theta),
    ):
        assert loss == pytest.approx(repeated[0], rel=1e-12)
        assert slopes == pytest.approx(repeated[1], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", [k for k in PROBLEMS if k not in ("bowl", "centred")])
def test_a_row_per_sample_is_the_gradient_on_that_row_alone(compiled, name):
    f = compiled[name]
    theta, data = THETA[: len(f.parameters)], columns(f, x=X, y=Y)
    rows = f.per_sample(*theta, **data, **constants(f))
    assert rows.shape == (40, len(f.parameters))
    for k in (0, 17, 39):
        alone = f.gradient(*theta, **{d: c[k : k + 1] for d, c in data.items()}, **constants(f))
        assert rows[k] == pytest.approx(alone, rel=1e-11, abs=1e-13)
    assert rows.mean(axis=0) == pytest.approx(f.gradient(*theta, **data, **constants(f)), rel=1e-11)


def test_a_sample_that_needs_the_others_has_no_gradient_of_its_own(compiled):
    with pytest.raises(NotSupported, match="other samples"):
        compiled["centred"].per_sample(1.0, 1.0, x=X, y=Y)


@pytest.mark.parametrize("name", PROBLEMS)
def test_parameters_broadcast_to_a_grid(compiled, name):
    f = compiled[name]
    data = {**columns(f, x=X, y=Y), **constants(f)}
    rest = f.parameters[1:]
    grid = np.linspace(-1, 1, 5)[:, None]
    points = (grid, *([np.array([0.1, 0.5, 0.9])] * len(rest)))
    for loss, slopes in (f.loss_and_gradient(*points, **data), f.bind(**data).loss_and_gradient(*points)):
        assert loss.shape == ((5, 3) if rest else (5, 1))
        at = f.loss_and_gradient(grid[3, 0], *([0.5] * len(rest)), **data)
        column = 1 if rest else 0
        assert loss[3, column] == pytest.approx(at[0], rel=1e-12)
        assert [s[3, column] for s in slopes] == pytest.approx(at[1], rel=1e-10, abs=1e-12)


def test_results_are_named_and_plain(compiled):
    f = compiled["line-mse"]
    slopes = f.gradient(0.7, b=-0.4, x=X.tolist(), y=Y.astype(np.float32))
    assert slopes._fields == ("w", "b")
    assert type(slopes.w) is type(f.loss(0.7, -0.4, x=X, y=Y)) is float
    assert slopes == pytest.approx((2 * np.mean((0.7 * X - 0.4 - Y) * X), 2 * np.mean(0.7 * X - 0.4 - Y)))


def test_a_constant_is_a_keyword_and_one_without_a_value_must_be_given(compiled):
    f = compile_gradient(derive(FREE))
    assert f.loss(1.0, 0.0, x=X, y=Y, lam=2.0) - f.loss(1.0, 0.0, x=X, y=Y, lam=0.5) == pytest.approx(1.5)
    assert f.bind(x=X, y=Y, lam=2.0).loss(1.0, 0.0) - f.bind(x=X, y=Y, lam=0.5).loss(1.0, 0.0) == pytest.approx(1.5)
    with pytest.raises(TypeError, match="lam=… must be given"):
        f.loss(1.0, 0.0, x=X, y=Y)
    assert compiled["held"].loss(0.7, x=X, y=Y) == compiled["line-mse"].loss(0.7, 0.5, x=X, y=Y)
    assert compiled["held"].bind(x=X, y=Y, b=-0.4).loss(0.7) == pytest.approx(compiled["line-mse"].loss(0.7, -0.4, x=X, y=Y), rel=1e-14)


BAD = X.copy()
BAD[6] = np.nan


@pytest.mark.parametrize(("name", "call", "error", "message"), [
    ("line-mse", lambda f: f.loss(1.0, x=X, y=Y), TypeError, "a value is needed for b"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, X, Y), TypeError, "4 values for the parameters w, b; data are given by name: x=…, y=…"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X), TypeError, "y=… must be given"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X, y=Y, z=Y), TypeError, "z: no such data"),
    ("line-mse", lambda f: f.bind(x=X, y=Y).loss(1.0), TypeError, "1 values for the parameters w, b"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X, y=Y[1:]), DataError, "x has 40, y has 39"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=[], y=[]), DataError, "x is empty"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=["1"], y=[2]), DataError, "x holds <U1 values"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=[1j], y=[2]), DataError, "x holds complex128 values"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=[[1], [2, 3]], y=[2, 2]), DataError, "x is ragged"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X[:, None], y=Y), DataError, "x has 2 dimensions"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=BAD, y=Y), DataError, "x, row 7 of 40: nan is not finite"),
    ("line-mse", lambda f: f.gradient(1.0, 2.0, x=X, y=BAD), DataError, "y, row 7 of 40"),
    ("line-mse", lambda f: f.bind(x=BAD, y=Y), DataError, "x, row 7 of 40"),
    ("line-mse", lambda f: f.per_sample(1.0, 2.0, x=BAD, y=Y), DataError, "x, row 7 of 40"),
    ("line-mse", lambda f: f.loss(np.ones(2), 2.0, x=BAD, y=Y), DataError, "x, row 7 of 40"),
    ("hinge", lambda f: f.loss(1.0, 2.0, x=BAD, y=Y), DataError, "x, row 7 of 40"),
    ("line-mae", lambda f: f.gradient(1.0, 2.0, x=np.where(np.isnan(BAD), np.inf, X), y=Y), DataError, "x, row 7 of 40: inf"),
    ("line-mse", lambda f: f.bind(x=X * 1e200, y=Y), DataError, "leave the range of double precision"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X, y=Y, weights=-W), DataError, "weights must be finite and not negative"),
    ("line-mse", lambda f: f.loss(1.0, 2.0, x=X, y=Y, weights=W[1:]), DataError, "weights has 39"),
])  # fmt: skip
def test_a_wrong_call_is_refused(compiled, name, call, error, message):
    with pytest.raises(error, match=message):
        call(compiled[name])


def test_an_overflow_is_a_result_and_no_error(compiled):
    assert compiled["line-mse"].loss(1e200, 0.0, x=X, y=Y) == math.inf
    assert compiled["line-ridge"].bind(x=X, y=Y, **constants(compiled["line-ridge"])).loss(1e200, 0.0) == math.inf


# ---------------------------------------------------------------- the text


def test_the_text_is_what_a_careful_person_would_write(compiled):
    source = compiled["line-mse"].source
    assert "\nimport numpy as np\n" in source
    assert source.count("import") == 1
    for line, comment in (
        ("        y_hat += b", "ŷᵢ := w xᵢ + b"), ("        sum_ux += dot(u, x_)", "Σᵢ uᵢ xᵢ"), ("        sum_u += u.sum()", "Σᵢ uᵢ"),
        ("    L = sum_uu/n", "L := (1/n) Σᵢ uᵢ²"), ("    dL_dw = 2*sum_ux/n", "∂L/∂w = (2/n) Σᵢ uᵢ xᵢ"),
    ):  # fmt: skip
        assert any(found.split("#")[0].rstrip() == line and found.endswith(f"# {comment}") for found in source.splitlines()), line
    assert "∂L/∂b = (2/n) Σᵢ uᵢ" in ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_text_runs_alone_and_is_the_same_every_time(compiled, name):
    f = compiled[name]
    again = compile_gradient(f.derivation)
    assert (again.source, again.bound_source) == (f.source, f.bound_source)
    alone = compile_source(f.source, "alone")
    theta = THETA[: len(f.parameters)]
    data = columns(f, x=X, y=Y)
    assert alone["loss"](*theta, *data.values(), **constants(f)) == f.loss(*theta, **data, **constants(f))


HOSTILE = ["lambda", "np", "n_", "loss", "at", "room", "len", "range", "BLOCK", "λ", "x" * 31]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_parameter_may_have_any_name(name):
    q = build((y_hat, Name(name) * x), (u, y_hat - y), (L, mean("i", u**2, n)), parameters=(Name(name),))
    f = compile_gradient(derive(q))
    assert f.loss(0.7, x=X, y=Y) == pytest.approx(np.mean((0.7 * X - Y) ** 2))
    assert f.bind(x=X, y=Y).gradient(0.7)[0] == pytest.approx(2 * np.mean((0.7 * X - Y) * X))


def test_no_unchecked_name_reaches_the_text():
    evil = "__import__('os').system('true')"
    words = identifiers([evil, "SAT score", "ok", "Σ" + evil, "∂L/∂" + evil, "class", "ok_"], ["ok"])
    assert all(word.isidentifier() for word in words.values())
    assert len(set(words.values())) == len(words)
    assert not any("import" in word or "os" in word for word in words.values())
    with pytest.raises(KeyError):
        printed(Name(evil), {})


def test_a_name_that_was_never_checked_cannot_leave_its_comment():
    evil = Name("u\nraise SystemExit #\"\"\"", ("i",))
    q = build((y_hat, w * x + b), (evil, y_hat - y), (L, mean("i", evil**2, n)), title='a""" + \\')
    result = Div(2 * Sum("i", evil * x), n)
    f = compile_gradient(Gradient(q, tuple(Derivation("", D(L, v), (Step(D(L, v), result, "given", D(L, v)),)) for v in (w, b))))
    assert f.gradient(0.7, -0.4, x=X, y=Y).w == pytest.approx(2 * np.mean((0.7 * X - 0.4 - Y) * X))
    assert not any(line.startswith("raise") for line in f.source.splitlines())


def test_a_sum_without_a_count_needs_none():
    q = build((y_hat, w * x), (u, y_hat - y), (L, Sum("i", u**2) + Sum("i", w**2)), parameters=(w,), count=())
    f = compile_gradient(derive(q))
    assert f.loss(0.7, x=X, y=Y) == pytest.approx(np.sum((0.7 * X - Y) ** 2) + 40 * 0.49)
    assert f.bind(x=X, y=Y).gradient(0.7)[0] == pytest.approx(2 * np.sum((0.7 * X - Y) * X) + 80 * 0.7)


COMPARED = build((L, Sum("i", Sum("i'", (1 - Match("i", "i'")) * x * Name("x", ("i'",)) * w))), parameters=(w,), data=(x,))
PAIRS = build((L, Sum("i", Sum("i'", (x - Name("x", ("i'",))) ** 2 * w))), parameters=(w,), data=(x,))


@pytest.mark.parametrize(("q", "meaning", "message"), [
    (COMPARED, "alone", "samples that look at each other"),
    (PAIRS, "alone", "samples that look at each other"),
    (BOWL, "alone", "no samples"),
])  # fmt: skip
def test_what_cannot_be_computed_is_named(q, meaning, message):
    with pytest.raises(NotSupported, match=message):
        plan(derive(q), meaning)


def test_an_unfinished_derivative_is_refused():
    q = problem("line-mse")
    with pytest.raises(NotSupported, match="unfinished"):
        plan(Gradient(q, (Derivation("dL/dw", D(L, w), (Step(D(L, w), D(y_hat, w, partial=True), "stopped", D(L, w)),)),)))


def test_sensitivities_by_name_are_computed():
    """∂L/∂w = Σ_i ∂L/∂u_i x_i, with ∂L/∂u_i a line of its own where it is more than a multiple of another."""
    q = problem("line-mse")
    by_u, by_w, by_b = D(L, u), D(L, w), D(L, b)
    for slope, kept in ((Div(2 * u, n), False), (Div(u + u, n), True)):
        results = ((by_u, slope), (by_w, Sum("i", by_u * x)), (by_b, Sum("i", by_u)))
        f = compile_gradient(Gradient(q, tuple(Derivation("", goal, (Step(goal, result, "given", goal),)) for goal, result in results)))
        assert ("dL_du" in f.source) is kept
        assert check_gradient(f, x=X, y=Y).agrees


# ---------------------------------------------------------------- printing

a, c = Name("a"), Name("c")
TERMS = st.recursive(
    st.sampled_from([a, c, ONE, TWO, Num(Fraction(-3)), Num(Fraction(1, 2)), Num(Fraction(-2, 3)), Name("pi")]),
    lambda s: st.one_of(
        st.tuples(s, s).map(lambda t: t[0] + t[1]), st.tuples(s, s).map(lambda t: t[0] - t[1]), st.tuples(s, s).map(lambda t: t[0] * t[1]),
        s.map(Neg), s.map(lambda t: Pow(t, TWO)), st.tuples(s, s).map(lambda t: Div(t[0], 1 + Pow(t[1], TWO))),
        st.tuples(st.sampled_from(["sin", "tanh", "sigmoid", "softplus", "abs", "relu", "sech", "atan"]), s).map(lambda t: Call(t[0], (t[1],))),
        st.tuples(s, s).map(lambda t: Call("max", t)), st.tuples(s, s, s).map(lambda t: Cases(((t[0], Compare(t[1], "<", ZERO)),), t[2])),
    ), max_leaves=8,
)  # fmt: skip


@given(TERMS)
@settings(max_examples=150, deadline=None)
def test_the_text_computes_what_the_term_means(t):
    scope = compile_source(f"import numpy as np\ndef f(a, c):\n    return {printed(t, {'a': 'a', 'c': 'c'})}\n", "printed")
    at = {"a": 0.7, "c": -1.3}
    true = complex(value_of(t, at, {}))
    with np.errstate(all="ignore"):
        found = scope["f"](**at)
    assert found == pytest.approx(true.real, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_computed_as_it_is_meant(name):
    row = FUNCTIONS[name]
    slots = [Name(f"u{k}") for k in range(row.arity)]
    where = 1.7 if name in ("acosh", "asec", "acsc", "acoth") else 0.4
    at = [where, -0.3][: row.arity]
    text = printed(Call(name, tuple(slots)) * 3, {s.symbol: s.symbol for s in slots})
    f = compile_source(f"import numpy as np\nfrom math import erf\ndef f({', '.join(s.symbol for s in slots)}):\n    return {text}\n", name)["f"]
    assert f(*at) == pytest.approx(3 * float(row.meaning(sp, *map(sp.Float, at))), rel=1e-13)


STABLE = [
    (Call("log", (Call("sigmoid", (z,)),)), -745.0), (Call("log", (1 - Call("sigmoid", (z,)),)), 745.0),
    (Call("log", (p,)), -800.0), (Call("log", (1 - p,)), 800.0), (Call("log", (1 + Call("exp", (z,)),)), 800.0), (Div(ONE, 1 + Call("exp", (-z,))), -800.0),
]  # fmt: skip


@pytest.mark.parametrize(("t", "far"), STABLE)
def test_a_stable_form_is_an_identity_and_survives_where_the_written_one_does_not(t, far):
    q = build((z, w * x + b), (p, Call("sigmoid", (z,))), (L, mean("i", t, n)))
    form = stable(t, q)
    assert form != t
    scope = compile_source(f"import numpy as np\ndef f(z):\n    return {printed(form, {'z': 'z', 'p': 'p'})}\n", "stable")
    meaning = {"sigmoid": lambda v: 1 / (1 + mpmath.exp(-v)), "log": mpmath.log, "exp": mpmath.exp}

    def true(s, v):
        match s:
            case Name("z", _):
                return v
            case Name("p", _):
                return meaning["sigmoid"](v)
            case Num(value):
                return mpmath.mpf(int(value))
            case Call(f, (inside,)):
                return meaning[f](true(inside, v))
            case Neg(inside):
                return -true(inside, v)
            case Div(top, bottom):
                return true(top, v) / true(bottom, v)
        return sum(true(part, v) for part in s.terms)

    with mpmath.workdps(700):
        for v in (far, -3.0, -0.1, 0.0, 0.2, 4.0):
            assert scope["f"](v) == pytest.approx(float(true(t, mpmath.mpf(v))), rel=1e-13, abs=1e-300 if v == far else 0)


# ---------------------------------------------------------------- moments


def exact_parts(x, y):
    """Sxx and the residual sum of squares, exactly."""
    G = exact_gram([x, y, np.ones(len(x))])
    Sxx, Sxy, Syy = (G[j][k] - G[j][2] * G[k][2] / len(x) for j, k in ((0, 0), (0, 1), (1, 1)))
    return Sxx, Syy - Sxy**2 / Sxx


N = 20000
NOISE = RNG.normal(size=N)
BASE = RNG.normal(size=N)
COLUMNS = {
    "centred": BASE, "offset 1e2": BASE + 1e2, "offset 1e5": BASE + 1e5, "offset 1e8": BASE + 1e8, "sorted": np.sort(BASE) + 1e6,
    "an outlier first": np.concatenate([[1e9], BASE[1:]]), "an outlier between samples": np.where(np.arange(N) == 5, 1e9, BASE),
    "a drift": np.arange(N) + BASE, "tiny": BASE * 1e-100,
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_moments_keep_every_digit(name):
    x = COLUMNS[name]
    y = 2 * (x - x[7]) + NOISE * x.std()
    m = take_moments(lambda x, y: (y, x), (x, y))
    Sxx, RSS = exact_parts(x, y)
    assert abs(Fraction(m.S[0][0]) / Sxx - 1) <= (1e-15 if "outlier" in name else 4e-16)  # one square of 1e18 rounds what is added to it
    assert abs(Fraction(m.R) / RSS - 1) <= 1e-15


def test_an_unlike_sample_of_rows_costs_a_second_pass_and_no_digit():
    x, y = COLUMNS["an outlier between samples"], 2 * BASE + NOISE
    m = take_moments(lambda x, y: (y, x), (x, y))
    assert m.passes > 1
    Sxx, RSS = exact_parts(x, y)
    assert abs(Fraction(m.S[0][0]) / Sxx - 1) <= 1e-15
    assert abs(Fraction(m.R) / RSS - 1) <= 1e-15


def test_the_loss_keeps_its_digits_near_the_minimum():
    """A fit so tight that Syy − Sxy²/Sxx would have none left."""
    x = BASE + 50
    y = 3 * x + 1e-6 * NOISE
    f = compile_gradient(derive(problem("line-mse")))
    G = exact_gram([x, y, np.ones(N)])
    point = (3.0, 1e-9)
    ws, bs = map(Fraction, point)
    true = (G[1][1] + ws * ws * G[0][0] + bs * bs * N - 2 * ws * G[0][1] - 2 * bs * G[1][2] + 2 * ws * bs * G[0][2]) / N
    assert f.bind(x=x, y=y).loss(*point) == pytest.approx(float(true), rel=1e-12)


def test_constant_and_single_data_are_no_special_case():
    for x, y in (([3.3] * 5, [1, 2, 3, 4, 5.0]), ([1.0], [3.0]), ([1.0, 2.0], [3.0, 5.5])):
        f = compile_gradient(derive(problem("line-mse")))
        assert f.bind(x=x, y=y).loss_and_gradient(0.7, -0.4)[0] == pytest.approx(f.loss(0.7, -0.4, x=x, y=y), rel=1e-14)


def test_the_hessian_of_a_quadratic_loss_is_that_of_numpy():
    f = compile_gradient(derive(problem("line-mse")))
    H = f.bind(x=X, y=Y).hessian()
    np.testing.assert_allclose(H, 2 * np.array([[np.mean(X * X), np.mean(X)], [np.mean(X), 1]]), rtol=1e-13)
    with pytest.raises(ValueError, match="not quadratic"):
        compile_gradient(derive(problem("line-mae"))).bind(x=X, y=Y).hessian()


# ---------------------------------------------------------------- log-loss, and sums in pieces


def true_log_loss(w, b, x, y):
    """The log-loss and its slopes to 40 digits; and |z| in the mean, by which a rounding of z is larger in the loss."""
    with mpmath.workdps(40):
        z = [mpmath.mpf(w) * v + b for v in x.tolist()]
        loss = [mpmath.log1p(mpmath.exp(-abs(v))) + ((v >= 0) - t) * v for v, t in zip(z, y.tolist(), strict=True)]
        slope = [1 / (1 + mpmath.exp(-v)) - t for v, t in zip(z, y.tolist(), strict=True)]
        return mpmath.fsum(loss) / len(x), mpmath.fsum(s * v for s, v in zip(slope, x.tolist(), strict=True)) / len(x), mpmath.fsum(slope) / len(x)


@pytest.mark.parametrize(("rows", "w", "label"), [
    (1, 0.3, "noisy"), (2, 0.3, "noisy"), (63, 3.0, "noisy"), (64, 0.3, "right"), (65, 3.0, "soft"), (700, 0.3, "noisy"), (700, 4.0, "right"),
    (700, 12.0, "right"), (700, 12.0, "soft"), (700, 300.0, "noisy"),
])  # fmt: skip
def test_the_log_loss_keeps_its_digits_where_the_scores_are_right_and_where_they_are_not(compiled, rows, w, label):
    x = np.round(LONG[0][:rows] * 16) / 16 + 1 / 32  # short numbers, so that w x is rounded in the last place of z alone
    y = {"noisy": (LONG[1] > 0) * 1.0, "right": (LONG[0] > 0) * 1.0, "soft": np.abs(np.sin(LONG[1]))}[label][:rows]
    w = round(w * 16) / 16
    loss, slopes = compiled["logistic-log-loss"].loss_and_gradient(w, 0.0, x=x, y=y)
    true = true_log_loss(w, 0.0, x, y)
    assert abs(mpmath.mpf(loss) / true[0] - 1) <= 1e-15
    assert slopes == pytest.approx([float(t) for t in true[1:]], rel=1e-13, abs=1e-16 * (1 + np.abs(x).mean()))


def test_a_loss_of_sure_right_scores_is_not_zero(compiled):
    """1 + e^(−40) is 1 in double precision, its logarithm is not 0."""
    loss = compiled["logistic-log-loss"].loss(40.0, 0.0, x=np.ones(500), y=np.ones(500))
    assert loss == pytest.approx(math.exp(-40), rel=1e-14)


SCORES = {
    "one": [0.25], "one that is right": [31.5], "at the border": [19.75, 20.0, 20.25, -20.0], "far out": [800.0, -800.0, 3.5, -0.125], "none": [0.0] * 70,
    "small": [2.0**-60, -(2.0**-60)] * 40, "mixed": list(np.arange(-64, 65) / 4), "low": [-30.0] * 33, "overflowing products": [19.5] * 1000,
}  # fmt: skip


@pytest.mark.parametrize("label", ["0", "1", "right", "wrong", "soft"])
@pytest.mark.parametrize("scores", SCORES)
def test_both_forms_of_the_log_loss_are_the_true_one(compiled, scores, label):
    """Scores without a rounding; 50 digits.  Each slope to the last place of σ(z), which is all that is known of σ(z) − y."""
    z = np.array(SCORES[scores])
    right = (z > 0) * 1.0
    y = {"0": 0 * z, "1": 0 * z + 1, "right": right, "wrong": 1 - right, "soft": 0 * z + 0.375}[label]
    with mpmath.workdps(50 + 400):
        exact = [mpmath.log1p(mpmath.exp(mpmath.mpf(v))) - mpmath.mpf(t) * v for v, t in zip(z.tolist(), y.tolist(), strict=True)]
        sigma = [1 / (1 + mpmath.exp(-mpmath.mpf(v))) for v in z.tolist()]
        loss = mpmath.fsum(exact) / len(z)
        slopes = [float(mpmath.fsum((s - t) * u for s, t, u in zip(sigma, y.tolist(), x, strict=True)) / len(z)) for x in (z.tolist(), [1.0] * len(z))]
    ours, found = compiled["logistic-log-loss"].loss_and_gradient(1.0, 0.0, x=z, y=y)
    assert abs(mpmath.mpf(ours) / loss - 1) <= 1e-15
    assert found == pytest.approx(slopes, rel=1e-15, abs=2.3e-16 * (1 + np.abs(z).mean()))


def test_the_sum_of_the_log_loss_is_that_of_the_plan_written_without_the_larger_of_two():
    """1 + e^z = e^max(z, 0) (1 + e^(−|z|)) on both sides of 0, as SymPy sees it; so one sum stands where the plan has two."""
    u = sp.Symbol("u", positive=True)
    for score, larger in ((u, u), (-u, 0)):
        assert sp.expand(1 + sp.exp(score) - sp.exp(larger) * (1 + sp.exp(-u))) == 0
    p = plan(derive(problem("logistic-log-loss")))
    both, one = ([x for x in lines if x.kind == "sum"] for lines in (p.lines, together(p.lines)))
    assert (len(both), len(one)) == (4, 3)
    assert [x.value.function for x in one if isinstance(x.value, Call)] == ["log_loss"]


@pytest.mark.parametrize("name", [k for k in PROBLEMS if k != "logistic-log-loss"])
def test_nothing_else_is_joined(name):
    p = plan(derive(PROBLEMS[name]))
    assert together(p.lines) == p.lines


@pytest.mark.parametrize("scores", SCORES)
def test_the_log_loss_of_scores_is_that_of_probabilities(compiled, scores):
    """softplus(z) − y z, where z is right, is no difference of large sums; σ(z), which has no name there, gets a line."""
    z = np.array(SCORES[scores])
    f = compile_gradient(derive(problem("line+log-loss-logits")))
    for y in ((z > 0) * 1.0, (z < 0) * 1.0, 0 * z + 0.375):
        theirs = compiled["logistic-log-loss"].loss_and_gradient(1.0, 0.0, x=z, y=y)
        ours = f.loss_and_gradient(1.0, 0.0, x=z, y=y)
        assert (ours[0], *ours[1]) == pytest.approx((theirs[0], *theirs[1]), rel=1e-15, abs=0)
        assert f.gradient(1.0, 0.0, x=z, y=y) == ours[1]


def test_the_text_of_the_log_loss_warns_of_nothing_where_it_runs_alone(compiled):
    """e^z is taken where it cannot overflow, so that a text that is exported needs nobody who silences it."""
    both = compile_source(compiled["logistic-log-loss"].source, "alone")["loss_and_gradient"]
    for far in (0.5, 19.9, 20.0, 700.0, 1e4, 1e300):
        x = np.linspace(-far, far, 1001)
        assert np.isfinite(both(1.0, 0.0, x, (x > 0) * 1.0)[0])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0.1, 1.0, 2.4, 2.6, 19.0, 60.0])
def test_many_columns_of_either_type_are_summed_without_an_overflow(kind, size):
    f = compile_gradient(derive(problem("logistic-plane+log-loss")))
    X = np.full((1000, 2), size / 2, kind) * np.where(np.arange(1000) % 5, 1, -1).astype(kind)[:, None]
    y = (np.arange(1000) % 3 == 0).astype(kind)
    loss, slopes = compile_source(f.source, "alone")["loss_and_gradient"](np.ones(2, kind), kind(0), X, y)
    z = X.sum(axis=1).astype(float)
    assert loss == pytest.approx(np.mean(np.logaddexp(0, z) - y * z), rel=4e-6 if kind is np.float32 else 1e-14)
    assert slopes[0] == pytest.approx(((1 / (1 + np.exp(-z)) - y) @ X / 1000), rel=1e-5 if kind is np.float32 else 1e-13)
    assert loss.dtype == slopes[0].dtype == kind


@pytest.mark.parametrize("rows", [1, 8191, 8192, 8193, 131_072, 131_073, 150_001])
def test_long_blocks_are_summed_in_pieces_to_the_last_row(compiled, rows):
    rng = np.random.default_rng(rows)
    x, y = rng.integers(-50, 50, rows), rng.integers(-50, 50, rows)
    loss, slopes = compiled["line-mse"].loss_and_gradient(3.0, -2.0, x=x, y=y)
    u = 3 * x - 2 - y
    assert (loss, *slopes) == (int(u @ u) / rows, 2 * int(u @ x) / rows, 2 * int(u.sum()) / rows)


@pytest.mark.parametrize("made", [
    lambda c: np.repeat(c, 2)[::2], lambda c: c[::-1].copy()[::-1], lambda c: np.asfortranarray(np.column_stack([c, c]))[:, 1],
    lambda c: np.column_stack([c, c])[:, 1], lambda c: c.astype(np.float32), lambda c: c.astype(np.int64), lambda c: c.tolist(),
])  # fmt: skip
def test_columns_may_lie_in_memory_as_they_like(compiled, made):
    rng = np.random.default_rng(3)
    x, y = rng.integers(-50, 50, 20_001) * 1.0, rng.integers(-50, 50, 20_001) * 1.0
    f = compiled["line-mse"]
    assert f.loss_and_gradient(3.0, -2.0, x=made(x), y=made(y)) == f.loss_and_gradient(3.0, -2.0, x=x, y=y)
    assert f.bind(x=made(x), y=made(y)).loss_and_gradient(3.0, -2.0) == f.bind(x=x, y=y).loss_and_gradient(3.0, -2.0)


@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "parabola", "bowl"])
def test_a_descent_of_which_only_the_end_is_asked_ends_where_the_one_that_is_kept_ends(compiled, name):
    f = compiled[name]
    g = f.bind(**columns(f, x=X, y=Y), **constants(f))
    start = THETA[: len(f.parameters)]
    for steps in (0, 1, 7, 300):
        points, losses = array("d"), array("d")
        kept = g.walk(*start, 0.01, steps, False, False, 1e300, points, losses)
        assert g.walk(*start, 0.01, steps, False, False, 1e300, None, None)[3:] == kept[3:]
        assert g.walk(*start, 0.01, steps, False, False, 1e300, None, None)[1] == steps == len(losses)


# ---------------------------------------------------------------- bound, against fractions

WORST = {
    "one row": ([3.5], [1.25]), "two rows": ([1.0, 2.5], [3.0, -1.0]), "the same row twice": ([0.1, 0.1], [0.7, 0.7]),
    "y constant": (BASE[:300], np.full(300, 0.3)), "x constant": (np.full(300, 0.1), NOISE[:300]), "both constant": (np.full(300, 0.1), np.full(300, 0.7)),
    "x at 1e8": (BASE[:3000] + 1e8, NOISE[:3000]), "y at 1e8": (BASE[:3000], NOISE[:3000] + 1e8),
    "sorted, an outlier first": (np.concatenate([[1e9], np.sort(BASE[:3000])]), NOISE[:3001]),
    "an outlier in y first": (BASE[:3000], np.r_[1e9, NOISE[1:3000]]),
    "decimals": (np.round(BASE[:3000], 1) + 0.1, np.round(NOISE[:3000], 1)), "far and small": (BASE[:3000] * 1e-100, NOISE[:3000] * 1e100),
}  # fmt: skip


@pytest.mark.parametrize("case", WORST)
@pytest.mark.parametrize("point", [(0.0, 0.0), (0.75, -0.5), (-3.0, 1e3)])
def test_bound_to_the_worst_data_the_loss_and_its_derivatives_are_those_of_fractions(compiled, case, point):
    """The loss to a few units in its last place; a derivative to those of Cauchy's bound |F| |u|, for at the minimum it is a sum to nothing."""
    x, y = (np.asarray(c, dtype=np.float64) for c in WORST[case])
    ws, bs = map(Fraction, point)
    u = [ws * Fraction(v) + bs - Fraction(t) for v, t in zip(x.tolist(), y.tolist(), strict=True)]
    true = sum(r * r for r in u) / len(u), 2 * sum(r * Fraction(v) for r, v in zip(u, x.tolist(), strict=True)) / len(u), 2 * sum(u) / len(u)
    loss, slopes = compiled["line-mse"].bind(x=x, y=y).loss_and_gradient(*point)
    lost = 2.0**20 if case == "x at 1e8" else 1.0  # so many times larger than u are the numbers whose difference its mean is: (w − w*) 1e8
    assert abs(Fraction(loss) - true[0]) <= Fraction(2e-15) * Fraction(lost) * true[0]
    sizes = math.sqrt(np.mean(np.square(x))), 1.0
    for found, right, size in zip(slopes, true[1:], sizes, strict=True):
        assert abs(float(Fraction(found) - right)) <= 4e-16 * lost * 2 * size * math.sqrt(float(true[0]))
