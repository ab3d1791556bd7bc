"""The referee along the tape: proved, held or refuted; what it must prove, what it must not, and that its witnesses are true."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.catalogue import problem
from symgd.forward import Definition, Problem
from symgd.meaning import Instance, NotDefined, expression, mixes
from symgd.referee.check import Check
from symgd.referee.residues import Place, Undecided, Unfit, primes
from symgd.referee.scope import degree
from symgd.referee.tape import Referee, every
from symgd.referee.values import Reals, Residues, Values
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, D, Div, Match, Name, Neg, Num, Pow, Sum, Term, add, mean, mul, names
from tests.by_hand import forward, value

i, ik = ("i",), ("i", "k")
a, b, w, x, y, n, L = (Name(s) for s in ("a", "b", "w", "x", "y", "n", "L"))
x_i, y_i, u_i, yh_i = (Name(s, i) for s in ("x", "y", "u", "y_hat"))
x_k = Name("x", ("i'",))
SMALL = Num(Fraction(1, 10**12))
HALF, THIRD = Num(Fraction(1, 2)), Num(Fraction(1, 3))


def f(name: str, *args: Term) -> Call:
    return Call(name, args)


def sq(t: Term) -> Call:
    return f("sqrt", t)


def avg(t: Term) -> Term:
    return mean("i", t, n)


scalars = Problem("scalars", (x, y), (), (), ((a, None), (b, None)), count=())
samples = Problem("samples", (w,), (x_i, y_i), (Definition(u_i, w * x_i - y_i), Definition(L, avg(u_i**2))))


def verdict(p: Problem, left: Term, right: Term) -> str:
    return Referee(p).compare(left, right).verdict


TRUE_OF_SCALARS: list[tuple[Term, Term]] = [
    (x + y, y + x), (x * (x + y), x**2 + x * y), ((x**2 - y**2) / (x - y), x + y), (x / x, ONE), (ONE / x + ONE / y, (x + y) / (x * y)),
    (sq(x**2), f("abs", x)), (f("abs", x) ** 2, x**2), (f("abs", x) * f("abs", y), f("abs", x * y)), (sq(x) * sq(y), sq(x * y)),
    (sq((x**2 + 1) ** 2), x**2 + 1), (sq(x**2 + 2 * x * y + y**2), f("abs", x + y)), (f("sign", x) * f("abs", x), x),
    (f("exp", x + y), f("exp", x) * f("exp", y)), (f("exp", -x), ONE / f("exp", x)), (f("sin", x) ** 2 + f("cos", x) ** 2, ONE),
    (f("cosh", x) ** 2 - f("sinh", x) ** 2, ONE), (f("sin", -x), Neg(f("sin", x))), (f("tan", x), f("sin", x) / f("cos", x)),
    (f("sigmoid", -x), 1 - f("sigmoid", x)), (f("tanh", x), 2 * f("sigmoid", 2 * x) - 1), (f("softplus", x), f("log", 1 + f("exp", x))),
    (f("max", x, y), f("max", y, x)), (f("max", x, y) + f("min", x, y), x + y), (f("relu", x), f("max", x, ZERO)), (f("relu", x) - f("relu", -x), x),
    (f("max", x, y), (x + y + f("abs", x - y)) / 2), (Pow(x, y) * x, Pow(x, y + 1)), (Pow(x, HALF), sq(x)), (Pow(x, THIRD) ** 3, x),
    (f("log", f("exp", x)), x), (f("log2", x), f("log", x) / f("log", TWO)), (sq(sq(x**4)), f("abs", x)), (f("exp", f("abs", x)), f("exp", sq(x**2))),
    (Cases(((x, Compare(x, ">", ZERO)),), Neg(x)), f("abs", x)), (D(x**3, x, True), 3 * x**2), (D(f("asech", x), x, True), Neg(ONE / (x * sq(1 - x**2)))),
    (sq(17 * x), sq(Num(Fraction(17))) * sq(x)), (f("abs", 53 * x + 53 * y), 53 * f("abs", x + y)), (f("sqrt", f("exp", x)), f("exp", x / 2)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), TRUE_OF_SCALARS)
def test_what_is_true_for_all_values_is_proved(left: Term, right: Term) -> None:
    assert verdict(scalars, left, right) == "proved"


FALSE_OF_SCALARS: list[tuple[Term, Term]] = [
    (sq(x**2), x), (sq(x**2), Neg(x)), (sq((x + 20) ** 2), x + 20), (f("abs", x + 20), x + 20), (f("relu", x + 50), x + 50), (f("sign", x + 100), ONE),
    (f("abs", x) + f("abs", y), f("abs", x + y)), (f("max", x + 30, y), x + 30), ((f("abs", x + 5) - x - 5) * (f("abs", y + 5) - y - 5), ZERO),
    (sq(x**2 + 2 * x * y + y**2), x + y), (x + SMALL * x, x), (f("exp", x + y), f("exp", x) + f("exp", y)), (f("exp", x * y), f("exp", x) * f("exp", y)),
    (f("sin", x + y), f("sin", x) + f("sin", y)), (f("log", x + y), f("log", x) + f("log", y)), (Pow(x + y, TWO), x**2 + y**2), (x / y, y / x),
    (f("sin", x), x), (f("sin", x), x - x**3 / 6), (D(x**3, x, True), 3 * x**3), (D(x**3, x, True), x**2), (Cases(((x, Compare(x, ">", ZERO)),), ZERO), x),
    (f("atan", x) + f("acot", x), Name("pi") / 2), (Pow(x**2, HALF), x), (Neg(x - y), x - y), (TWO, Num(Fraction(3))),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), FALSE_OF_SCALARS)
def test_what_fails_somewhere_is_refuted_with_values_that_differ_there(left: Term, right: Term) -> None:
    check = Referee(scalars).compare(left, right)
    assert check.verdict == "refuted"
    assert check.values is not None
    env = {(s, ()): Fraction(v) for s, v in check.witness}
    if not any(isinstance(t, D) for t in (left, right)):
        with mp.workdps(40):
            for side, shown in zip((left, right), check.values, strict=True):
                digits = len(shown.partition("e")[0].replace(".", "").lstrip("-0")) or 1
                got = mp.mpmathify(value(side, env))
                assert abs(got - mp.mpf(shown)) <= abs(got) * mp.mpf(10) ** (1 - max(digits, 6))
    assert f"{check.values[0]} is not {check.values[1]}" in check.evidence


def test_a_claim_that_cannot_be_told_is_held_never_refuted() -> None:
    far = f("log", x) + 20  # negative for 0 < x < e^-20 alone, where no probe lies
    assert verdict(scalars, f("abs", far), far) == "held"
    assert verdict(scalars, f("asin", x) + f("acos", x), Name("pi") / 2) in ("held", "proved")
    nowhere = f("log", Neg(ONE) - x**2)
    assert Referee(scalars).compare(nowhere, nowhere + 1).evidence == "no place was met at which both sides have a value"


def test_an_expression_that_is_defined_nowhere_is_an_error_not_a_verdict() -> None:
    with pytest.raises(NotDefined, match="not defined anywhere"):
        expression(f("log", ZERO))


# ---------------------------------------------------------------- for every number of samples

k2, k3, k4 = (Num(Fraction(v)) for v in (2, 3, 4))
TRUE_OF_SAMPLES: list[tuple[Term, Term]] = [
    (D(L, u_i), 2 * u_i / n), (D(L, w), mul(Div(TWO, n), Sum("i", mul(u_i, x_i)))), (D(L, w), 2 * avg(u_i * x_i)),
    (Sum("i", x_i - avg(x_i)), ZERO), (Sum("i", (x_i - mean("i'", x_k, n)) ** 2), Sum("i", x_i**2) - n * avg(x_i) ** 2),
    (Sum("i", Sum("i'", x_i * Name("y", ("i'",)))), Sum("i", x_i) * Sum("i", y_i)), (Sum("i", ONE), n), (avg(w * x_i), w * avg(x_i)),
    (Sum("i", Sum("i'", (x_i - x_k) ** 2)), 2 * n * Sum("i", x_i**2) - 2 * Sum("i", x_i) ** 2), (D(Sum("i", x_i**2), x_k, True), 2 * x_k),
    (Sum("i", Match("i", "i'") * x_i**2), x_k**2),
    (Sum("i", Match("i", "i") * x_i), Sum("i", x_i)), (f("exp", Sum("i", 2 * x_i)), f("exp", Sum("i", x_i)) ** 2),
]  # fmt: skip
cubes = 3 * avg(x_i) * avg(x_i**2) - 2 * avg(x_i) ** 3
FALSE_OF_SAMPLES: list[tuple[Term, Term]] = [
    (D(L, u_i), 2 * avg(u_i)), (D(L, u_i), 2 * u_i), (D(L, u_i), u_i / n), (D(L, u_i), 2 * u_i / n + (n - 2) * (n - 3)),
    (D(L, w), 2 * Sum("i", u_i * x_i)),
    (D(L, w), avg(u_i * x_i)), (D(L, w), 2 * avg(u_i * y_i)), (D(L, w), 2 * avg(u_i) * avg(x_i)), (D(L, w), 2 * avg(u_i * x_i) + (n - 2) * (n - 3) * (n - 4)),
    (avg(x_i**3), cubes), (avg(x_i**2), avg(x_i) ** 2), (avg(x_i * y_i), avg(x_i) * avg(y_i)), (Sum("i", x_i), Sum("i", y_i)), (Sum("i", ONE), ONE),
    (D(Sum("i", x_i**2), x_k, True), Sum("i", 2 * x_i)), (D(L, w), 2 * avg(u_i * x_i) * (1 + SMALL)), (avg(f("abs", x_i)), f("abs", avg(x_i))),
]  # fmt: skip


def newton(power: int) -> Term:
    return Sum("i", x_i**power)


# True for one sample or two (the elementary symmetric polynomial e_3, e_4 of so few is 0), false for more.
FEW = [
    (2 * newton(3), 3 * newton(1) * newton(2) - newton(1) ** 3),
    (newton(1) ** 4 - 6 * newton(1) ** 2 * newton(2) + 3 * newton(2) ** 2 + 8 * newton(1) * newton(3) - 6 * newton(4), ZERO),
]
# The Hankel determinant of the moments of two samples: 0 for n < 3.
rows = (n, newton(1), newton(2)), (newton(1), newton(2), newton(3)), (newton(2), newton(3), newton(4))
hankel = add(*(rows[0][c] * (rows[1][(c + 1) % 3] * rows[2][(c + 2) % 3] - rows[1][(c + 2) % 3] * rows[2][(c + 1) % 3]) for c in range(3)))


@pytest.mark.parametrize(("left", "right"), TRUE_OF_SAMPLES)
def test_what_is_true_for_every_number_of_samples_is_proved_and_says_so(left: Term, right: Term) -> None:
    check = Referee(samples).compare(left, right)
    assert check.verdict == "proved"
    assert "every number of samples" in check.scope


@pytest.mark.parametrize(("left", "right"), [*FALSE_OF_SAMPLES, *FEW, (hankel, ZERO), (hankel + D(L, w), D(L, w))])
def test_what_fails_for_some_number_of_samples_is_refuted(left: Term, right: Term) -> None:
    assert verdict(samples, left, right) == "refuted"


@pytest.mark.parametrize("left_right", [(D(L, w), 2 * Sum("i", u_i * x_i)), (avg(x_i**3), cubes), *FEW])
def test_a_witness_with_samples_can_be_recomputed_with_fractions(left_right: tuple[Term, Term]) -> None:
    check = Referee(samples).compare(*left_right)
    assert check.values is not None
    at = dict(check.witness)
    count = max(int(s.partition("_")[2]) for s in at if "_" in s)
    assert at.get("n", str(count)) == str(count)
    env = {(s.partition("_")[0], (int(s.partition("_")[2]) - 1,) if "_" in s else ()): Fraction(v) for s, v in at.items()}
    env |= {("n", ()): Fraction(count)}
    for side, shown in zip(left_right, check.values, strict=True):
        if isinstance(side, D):
            exact = sum(2 * (env["w", ()] * env["x", (k,)] - env["y", (k,)]) * env["x", (k,)] for k in range(count)) / count
        else:
            exact = value(side, env if not names(side) & {"u"} else forward(samples, env, {"i": count}), {"i": count})
        assert f"{float(exact):.5g}" == f"{float(shown):.5g}"


def test_a_witness_names_only_what_the_claim_is_made_of() -> None:
    assert [s for s, _ in Referee(samples).compare(Sum("i", x_i), ZERO).witness] == ["x_1", "x_2"]
    assert dict(Referee(samples).compare(n, n + 1).witness) == {"n": "2"}
    assert Referee(scalars).compare(TWO, ONE).evidence == "whatever the names are worth: 2 is not 1"
    assert dict(Referee(samples).compare(D(L, u_i), ZERO).witness).keys() == {"w", "x_1", "x_2", "y_1", "y_2", "n", "i"}


batch = Problem(
    "batch normalisation without its scale",
    (w,),
    (x_i,),
    (Definition(Name("z", i), w * x_i), Definition(Name("r", i), Name("z", i) - mean("i'", Name("z", ("i'",)), n)), Definition(L, avg(Name("r", i) ** 2))),
)


def test_where_samples_mix_several_sizes_are_taken() -> None:
    assert mixes(batch, "i")
    assert not mixes(samples, "i")
    check = Referee(batch).compare(D(L, Name("z", i)), 2 * Name("r", i) / n)
    assert check.verdict == "proved"
    assert "every number" not in check.scope
    assert len(check.scope.split("and")) == 3
    for wrong in (2 * Name("z", i) / n, 2 * Name("r", i), 2 * Name("r", i) / n - 2 * avg(Name("r", i)) + SMALL * Name("z", i)):
        assert verdict(batch, D(L, Name("z", i)), wrong) == "refuted"


def test_more_samples_are_looked_at_where_more_sums_are_multiplied() -> None:
    assert degree(samples, Sum("i", x_i), ZERO, "i", {}) == 1
    assert degree(samples, avg(x_i**3), cubes, "i", {}) == 6
    assert degree(samples, n * Sum("i", x_i) ** 3, ZERO, "i", {}) == 4
    assert Referee(samples).sizes(D(L, u_i), 2 * u_i / n)[0][0] >= 3


classes = Problem(
    "softmax",
    (Name("W", ("k",)),),
    (x_i, Name("t", ik)),
    (
        Definition(Name("z", ik), Name("W", ("k",)) * x_i),
        Definition(Name("S", i), Sum("k", f("exp", Name("z", ik)))),
        Definition(Name("p", ik), f("exp", Name("z", ik)) / Name("S", i)),
        Definition(L, Neg(avg(Sum("k", Name("t", ik) * f("log", Name("p", ik)))))),
    ),
    given=(("t", "k"),),
)


def test_what_is_given_is_used_and_what_is_not_given_is_not() -> None:
    claim = D(L, Name("z", ik)), (Name("p", ik) - Name("t", ik)) / n
    assert verdict(classes, *claim) == "proved"
    assert verdict(Problem(classes.title, classes.parameters, classes.data, classes.tape), *claim) == "refuted"
    assert verdict(classes, Sum("k", Name("t", ik)), ONE) == "proved"
    assert verdict(classes, Sum("k", Name("p", ik)), ONE) == "proved"
    assert verdict(classes, Sum("i", Name("t", ik)), ONE) == "refuted"


# ---------------------------------------------------------------- no secrets, no accidents

PRINT_CHECKS = """
from tests.test_referee import *
for p, pairs in ((scalars, TRUE_OF_SCALARS[::3] + FALSE_OF_SCALARS[::3]), (samples, TRUE_OF_SAMPLES[::3] + FALSE_OF_SAMPLES[::3])):
    for left, right in pairs:
        print(vars(Referee(p).compare(left, right)))
"""


def test_two_processes_give_the_same_checks_and_no_secret_number_is_in_them() -> None:
    once, again = (subprocess.run([sys.executable, "-c", PRINT_CHECKS], capture_output=True, text=True, check=True, timeout=120).stdout for _ in range(2))
    assert once == again
    assert once.count("verdict") > 20
    assert all(str(p) not in once for p in primes(0))


def test_the_primes_are_as_the_field_needs_them() -> None:
    p, q, g = primes(0)
    assert sp.isprime(p)
    assert sp.isprime(q)
    assert (p - 1) % q == 0
    assert p % 8 == 7
    assert pow(g, q, p) == 1 != g
    assert all(pow(r, (p - 1) // 2, p) == 1 for r in range(1, 53))
    assert all((p - 1) % r for r in (3, 5, 7, 11, 13))


def at_a_place(*es: sp.Expr, tries: int = 200) -> tuple[int, ...]:
    """Their values at one place."""
    for k in range(tries):
        place = Place(k % 8)
        for s in sorted(set().union(*(e.free_symbols for e in es)), key=str):
            place.draw(s)
        try:
            return tuple(map(place.value, es))
        except Unfit:
            continue
    raise AssertionError(f"no place is fit for {es}")


X, Y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Mul(sp.exp(X), sp.exp(Y), evaluate=False), sp.exp(X + Y)), (sp.Pow(sp.exp(X), 3, evaluate=False), sp.exp(3 * X)),
        (sp.tanh(X) * sp.cosh(X), sp.sinh(X)), (sp.coth(X) * sp.tanh(X), sp.Integer(1)), (sp.sech(X) * sp.cosh(X), sp.Integer(1)),
        (sp.csch(X) * sp.sinh(X), sp.Integer(1)), (sp.cot(X) * sp.tan(X), sp.Integer(1)), (sp.sec(X) * sp.cos(X), sp.Integer(1)),
        (sp.csc(X) * sp.sin(X), sp.Integer(1)), (sp.sign(X) * X, sp.Abs(X)), (sp.sign(X) ** 2, sp.Integer(1)), (sp.cbrt(X + Y) ** 2 * sp.cbrt(X + Y), X + Y),
        (X**Y / X, X ** (Y - 1)), (sp.Piecewise((X, X >= 0), (-X, True), evaluate=False), sp.Abs(X)), (sp.sqrt(X * Y), sp.sqrt(X) * sp.sqrt(Y)),
        (sp.Piecewise((1, sp.And(X > Y, X < 2 * Y)), (0, True)), sp.Piecewise((0, sp.Or(X <= Y, X >= 2 * Y)), (1, True))),
        (sp.Piecewise((1, sp.Ne(X, Y)), (0, True)), sp.Piecewise((0, sp.Eq(X, Y)), (1, True))), (sp.sqrt(1 + sp.sqrt(2)) ** 4, (1 + sp.sqrt(2)) ** 2),
    ],
)  # fmt: skip
def test_the_finite_field_keeps_the_laws_of_the_functions(left: sp.Expr, right: sp.Expr) -> None:
    for _ in range(6):
        one, other = at_a_place(left, right)
        assert one == other


def test_an_unlike_function_has_no_law_in_the_finite_field() -> None:
    for left, right in ((sp.erf(X), sp.erf(Y)), (sp.log(X * Y), sp.log(X) + sp.log(Y)), (sp.sin(2 * X), 2 * sp.sin(X))):
        one, other = at_a_place(left, right)
        assert one != other
    for e in (sp.I * X, sp.sqrt(59) * X, sp.Subs(X, X, 1)):
        with pytest.raises(Undecided):
            at_a_place(e)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from((1, -1))), max_size=6), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_patterns_of_signs_are_complete_exactly_if_each_assignment_extends_one(pairs: list[tuple[int, int]], cut: int) -> None:
    patterns = {frozenset(dict(pairs[k : k + 2]).items()) for k in range(min(cut, len(pairs)))}
    cube = [{e: 1 if bits >> e & 1 else -1 for e in range(4)} for bits in range(16)]
    assert every(patterns) == all(any(p <= frozenset(corner.items()) for p in patterns) for corner in cube)


def test_real_places_are_the_same_on_every_run_and_meet_what_is_given() -> None:
    instance = Instance(classes, {"i": 2, "k": 3})
    one, two = Reals(instance, 5), Reals(instance, 5)
    assert one.leaves == two.leaves
    for sample in (1, 2):
        assert sum(one.leaves[instance.symbol("t", (sample - 1, k))] for k in range(3)) == 1


def test_a_check_is_a_plain_record() -> None:
    assert Check("proved") == Check("proved", "", "", (), None)


@pytest.mark.parametrize("name", ["line-mse", "logistic-log-loss", "line-mae", "exponential-mse"])
@pytest.mark.parametrize("factor", [Num(Fraction(2)), Num(Fraction(-1)), HALF, 1 + SMALL, n])
def test_a_gradient_times_any_factor_is_refuted(name: str, factor: Term) -> None:
    p = problem(name)
    for parameter in p.parameters:
        assert verdict(p, D(p.objective, parameter), factor * D(p.objective, parameter)) == "refuted"


@pytest.mark.parametrize("name", ["line-mse", "logistic-log-loss", "softmax-cross-entropy", "network-2+squared", "residual-network-2+squared"])
def test_the_chain_is_the_same_from_either_end(name: str) -> None:
    stated = problem(name)
    instance = Instance(stated, {a: 2 for v in stated.declared().values() for a in v.indices}, frozenset("i"))
    residues = Residues(instance)
    back, forth = Values(instance, residues), Values(instance, residues)
    forth.backwards = forth.forwards  # type: ignore[method-assign]
    leaves = [symbol for _, symbol in instance.leaves()]
    found = [back.adjoint(instance.objective, v) for v in leaves]
    assert found == [forth.adjoint(instance.objective, v) for v in leaves]
    assert sum(x is not None for x in found) >= 4


def test_a_derivative_is_sympys_whatever_is_put_aside_first() -> None:
    x, y, z = sp.symbols("x y z", real=True)
    instance = Instance(problem("line-mse"), {"i": 2})
    many = (x * y + z, x * y * (x + z) / (y + z), (x * y + z) ** 2 * sp.exp(x * z) / (x + y), sp.Integer(3), y / z)
    more = (x, -x, x * x * y, sp.tanh(x) * y + sp.Abs(y) * x)
    for e in (*many, *more):
        assert sp.simplify(instance.slope(e, x) - sp.diff(e, x)) == 0


@pytest.mark.parametrize("f", [sp.sinh, sp.cosh, sp.tanh, sp.coth, sp.sech, sp.csch])
def test_a_hyperbolic_function_is_worth_what_its_exponentials_are(f: type) -> None:
    z, u = sp.symbols("z u", real=True)
    for argument in (z, 2 * z - u, -z, sp.log(u), z + sp.log(u), sp.tanh(z) * u):
        place = Place()
        for symbol in (z, u):
            place.draw(symbol)
        written = f(argument).rewrite(sp.exp)
        assert place.value(f(argument)) == place.value(written)
        inner = place.inner
        assert inner is not None
        assert inner.value(f(argument)) == inner.value(written)
