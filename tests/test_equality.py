"""Is a = b: no false verdict on pairs whose truth is known, few undecided, every witness a witness; balls against mpmath; points in their domains."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fractions import Fraction
from functools import cache

import mpmath
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.language import FUNCTIONS
from symgd.meaning import expression
from symgd.reading import read
from symgd.referee.balls import UNDEFINED, ball, holds
from symgd.referee.canonical import prove
from symgd.referee.check import Check
from symgd.referee.equality import decide, equal_terms, looks
from symgd.referee.kernels import TooLarge
from symgd.referee.points import DOMAINS, points, within
from symgd.referee.samples import compare_over_samples
from symgd.referee.simplifying import simplified
from symgd.term import Name, Num, Sum
from tests.equality_pairs import DIFFERENT, EQUAL, WHOLE

x, y, z = sp.symbols("x y z", real=True)
third, half = sp.Rational(1, 3), sp.Rational(1, 2)
PAIRS = [(pair, "proved") for pair in EQUAL] + [(pair, "refuted") for pair in DIFFERENT]


@cache
def _equal(left: str, right: str, domain: tuple[tuple[str, str], ...]) -> Check:
    return equal_terms(read(left), read(right), dict(domain))


def equal(left: str, right: str, domain: dict[str, str] | None = None) -> Check:
    return _equal(left, right, tuple((domain or {}).items()))


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(("pair", "truth"), PAIRS, ids=[f"{left} = {right}" for (left, right, _), _ in PAIRS])
def test_no_pair_gets_a_false_verdict(pair, truth):
    left, right, domain = pair
    check = equal(left, right, domain)
    assert check.verdict in (truth, "held"), check
    assert (check.verdict == "refuted") == bool(check.values)


SUMS = [
    ("(2/n) Σ (w x + b - y) x", "-(2/n) sum(x*(y - (w x + b)))", "proved"),
    ("(2/n) Σ (w x + b - y) x", "(1/n) sum(x*(w x + b - y))", "refuted"),
    (r"\sum_{i=1}^n (x_i - \bar x)(y_i - \bar y)", r"\sum_i x_i y_i - n \bar x \bar y", "proved"),
    (r"\sum_{i=1}^n (x_i - \bar x)^2", r"\sum_i x_i^2", "refuted"),
    (r"\sum_i \sum_j x_i x_j", r"(\sum_i x_i)^2", "proved"),
    ("mean(x*(y_hat - y))", "sum(x*y_hat)/n - mean(x y)", "proved"),
    ("sum(sum(x))", "n sum(x)", "proved"),
    ("(sum(x))^2", "sum(x^2)", "refuted"),
    ("u_i x_i", "x_i u_i", "proved"),
]


@pytest.mark.parametrize(("left", "right", "verdict"), SUMS)
def test_sums_over_the_samples_are_decided_for_every_number_of_samples(left, right, verdict):
    check = compare_over_samples(read(left), read(right), {})
    assert check.verdict == verdict, check
    assert ("every number of samples" in check.scope) == (verdict == "proved")


@pytest.mark.parametrize(("left", "right", "says"), [("sum(1)", "n", "one value a sample"), ("x_{ij}", "x_i", "one index"), ("sum(x)", "n", "domain")])
def test_sums_that_make_no_sense_are_refused(left, right, says):
    with pytest.raises(ValueError, match=says):
        compare_over_samples(read(left), read(right), {"x": "positive"} if says == "domain" else {})


def test_at_most_one_pair_in_twenty_is_undecided():
    assert len(PAIRS) >= 350
    held = [pair for pair, _ in PAIRS if equal(*pair).verdict == "held"]
    assert len(held) <= len(PAIRS) // 20, held


@pytest.mark.parametrize("pair", DIFFERENT, ids=[f"{left} = {right}" for left, right, _ in DIFFERENT])
def test_a_witness_is_in_the_domain_and_tells_the_sides_apart_in_sympy_too(pair):
    left, right, domain = pair
    check = equal(left, right, domain)
    at = {sp.Symbol(name, real=True): sp.Rational(value) for name, value in check.witness}
    assert all(within(domain, s.name, Fraction(int(q.p), int(q.q))) for s, q in at.items())
    sides = [sp.N(expression(read(text)).subs(at), 900) for text in (left, right)]
    assert abs(sides[0] - sides[1]) > sp.Float(10) ** -800
    assert check.values[0] != check.values[1]
    assert f"{check.values[0]} is not {check.values[1]}" in check.evidence


@pytest.mark.parametrize(
    ("left", "right", "evidence"),
    [
        ("2*x*(w*x + b)", "2*(w*x + b)", "at b = 0.8, w = 0.5, x = 0.9: 2.25 is not 2.5"),
        ("x", "x + e^(-1000)", "at x = 0.8: 0.8 is not 0.8 + 5.08e-435"),
        ("x", "1.000000000001*x", "at x = 0.8: 0.8 is not 0.800000000001"),
        ("sign(x)^2", "1", "at x = 0: 0 is not 1"),
        ("max(x, 1000)", "1000", "at x = 1000.1: 1000.1 is not 1000"),
        ("1/3", "0.333", "0.333333 is not 0.333"),
        ("sin(x)^2 + cos(x)^2", "1", "written in sines and cosines, both sides have the same exact canonical form"),
        ("x + y", "y + x", "both sides are the same expression"),
        ("abs(x)*abs(y)", "sqrt(x^2*y^2) + 0*x", "both sides are the same expression"),
        ("max(x, y) + min(x, y)", "x + y", "both sides are the same expression"),
        ("relu(x) + relu(-x)", "sqrt(x^2)", "both sides are the same expression"),
        ("max(x, y)*min(x, y)", "x*y", "both sides have the same exact canonical form, for each sign of x - y"),
        ("atan(sinh(x))", "2*atan(tanh(x/2))", "both sides have the same derivatives and the same value at one point"),
    ],
)
def test_the_evidence_is_the_witness_or_the_argument(left, right, evidence):
    assert equal(left, right).evidence == evidence


@pytest.mark.parametrize(
    ("left", "right", "domain", "note"),
    [
        ("x/x", "1", {}, "equal where both are defined; the left needs x ≠ 0"),
        ("x/x", "1", {"x": "positive"}, ""),
        ("(x^2 - 1)/(x - 1)", "x + 1", {}, "equal where both are defined; the left needs x − 1 ≠ 0"),
        ("log(x^2)", "2*log(x)", {}, "equal where both are defined; the right needs x > 0"),
        ("log(x*y)", "log(x) + log(y)", {}, "equal where both are defined; the right needs x > 0, y > 0"),
        ("log(x*y)", "log(x) + log(y)", {"x": "positive", "y": "positive"}, ""),
        ("sqrt(x*y)", "sqrt(x)*sqrt(y)", {}, "equal where both are defined; the right needs x ≥ 0, y ≥ 0"),
        ("asin(tanh(x))", "atan(sinh(x))", {}, ""),  # |tanh x| ≤ 1 always
        ("1/(1 + x^2)", "1 - x^2/(1 + x^2)", {}, ""),
        ("1/(1 + (-1)^n)", "(1 + (-1)^n)/4", WHOLE, "equal where both are defined; the left needs 1 + (−1)ⁿ ≠ 0"),
        ("1/(1 - x) - 1/(1 + x)", "2*x/(1 - x^2)", {"x": "(0,1)"}, ""),
    ],
)
def test_a_difference_of_domain_is_a_note_in_the_scope(left, right, domain, note):
    check = equal(left, right, domain)
    assert check.verdict == "proved"
    assert check.scope.partition("equal where")[1:] == (note.partition("equal where")[1:])


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ("sign(x)*x", "abs(x)", "proved"),  # also at x = 0
        ("sign(x - y)*(x - y)", "abs(x - y)", "proved"),
        ("sign(x^2 - 2)*(x^2 - 2)", "abs(x^2 - 2)", "proved"),  # also at ±√2
        ("sign(x*y)", "sign(x)*sign(y)", "proved"),
        ("sign(x)^2", "1", "refuted"),
        ("sign(x^2 - 2)^2", "1", "held"),  # false at ±√2 alone, where no rational witness is
        ("sqrt(x^3 + 2*x^2 + x) + abs(x)", "sqrt(x^3 + 2*x^2 + x) + x", "refuted"),  # false at x = −1 alone, an isolated point of the domain
    ],
)
def test_zeros_of_jumps_and_isolated_points_are_not_passed_over(left, right, verdict):
    assert equal(left, right).verdict == verdict


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (sp.gamma(x), sp.gamma(x) + sp.exp(x), "not decided: no ball for gamma"),
        (sp.log(-1 - x**2), x, "no point was found at which both sides are defined"),
        (sp.log(x) + sp.log(-x), sp.Integer(5), "no point was found at which both sides are defined"),
    ],
)
def test_where_nothing_can_be_said_the_claim_is_held(left, right, reason):
    check = decide(left, right)
    assert (check.verdict, check.evidence) == ("held", reason)


def test_simplify_is_a_last_try_for_strangers_only():
    left, right = "cos(302*x)", "2*cos(151*x)^2 - 1"  # too many turns for the canonical form
    first, last = looks(read(left), read(right), {}, simplified)
    assert re.fullmatch(r"agrees at \d+ points to 30 digits; no proof was found", first.evidence)
    assert _equal(left, right, ()) == first
    assert (last.verdict, last.evidence) == ("proved", "SymPy's simplify brings the difference to 0")


def test_what_is_decided_is_not_tried_again():
    assert [c.verdict for c in looks(read("x + x"), read("2*x"), {}, lambda pair: pytest.fail("tried again"))] == ["proved"]


def test_a_claim_may_hold_under_a_condition_alone():
    assert decide(sp.Abs(x), x).verdict == "refuted"
    assert decide(sp.Abs(x), x, where=(x > 0,)).verdict == "proved"
    assert decide(sp.Max(x, y), y, where=(x <= y,)).verdict == "proved"


def test_a_large_polynomial_is_decided_by_residues_and_the_primes_stay_secret():
    check = equal("(x + y + z + 1)^200*(x + y)", "(x + y + z + 1)^200*y + x*(x + y + z + 1)^200")
    assert check.verdict == "proved"
    assert "error below 1e-36" in check.evidence
    assert not re.search(r"\d{3}", check.evidence + check.scope)


def test_functions_in_a_large_fraction_may_be_any_numbers():
    u, v = sp.exp(x), sp.sin(y)
    left, right = (x + u + v + 1) ** 200 * (u + v), (x + u + v + 1) ** 200 * v + u * (x + u + v + 1) ** 200
    assert "error below 1e-36" in decide(left, right).evidence
    assert decide(left, right + u).verdict == "refuted"
    assert decide(left, left.subs(v, sp.sqrt(1 - sp.cos(y) ** 2))).verdict == "refuted"  # |sin y|


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decide(x, y, {"x": "big"}), "x: 'big' is no domain; there are real, positive"),
        (lambda: equal_terms(Name("x", ("i",)), Num(Fraction(1))), "x carries indices"),
        (lambda: equal_terms(Sum("i", Name("x", ("i",))), Num(Fraction(1))), "Sum has no meaning without concrete sizes"),
    ],
)
def test_what_is_no_claim_is_an_error(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_the_same_check_whatever_the_hash_seed():
    code = (
        "from symgd.reading import read; from symgd.referee.equality import equal_terms\n"
        "for a, b in (('max(x, y)*min(x, z)', 'x*y'), ('log(x*y*z)', 'log(z) + log(x*y)'), ('max(x, max(y, z))', 'max(max(x, y), z)')):\n"
        "    print(equal_terms(read(a), read(b)))"
    )
    runs = {subprocess.check_output([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}) for seed in ("1", "2")}
    assert len(runs) == 1


# ---------------------------------------------------------------- proofs alone

LEAVES = [x, y, sp.Integer(2), half, sp.pi]
UNARY = [
    sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.sqrt, sp.Abs, sp.tanh, sp.atan, sp.asin, sp.asinh, sp.atanh, sp.erf,
    lambda u: 1 / (1 + sp.exp(-u)), lambda u: u**2, lambda u: u**third, lambda u: u ** (-1), lambda u: -u,
]  # fmt: skip
BINARY = [lambda u, v: u + v, lambda u, v: u * v, lambda u, v: u - v, lambda u, v: (u + v + sp.Abs(u - v)) / 2]
WAYS = [
    sp.expand, sp.factor, lambda e: sp.expand_log(e, force=True), lambda e: sp.logcombine(e, force=True), sp.expand_trig,
    lambda e: e.rewrite(sp.exp), lambda e: sp.sqrt(e**2), lambda e: sp.exp(sp.log(e)), sp.Abs, lambda e: sp.asin(sp.sin(e)),
    lambda e: sp.powdenest(e, force=True),
]  # fmt: skip
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(lambda f, u: f(u), st.sampled_from(UNARY), inner) | st.builds(lambda f, u, v: f(u, v), st.sampled_from(BINARY), inner, inner),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(EXPRESSIONS, st.sampled_from(WAYS))
def test_what_is_proved_agrees_wherever_both_sides_are_defined(e, rewrite):
    """Rewritings that are right, or right for x > 0 alone, or wrong: the canonical form must not be fooled, even where no point is tried first."""
    other = rewrite(e)
    if e.has(sp.zoo, sp.nan, sp.I, sp.oo) or other.has(sp.zoo, sp.nan, sp.I, sp.oo):
        return
    try:
        proof = prove(e, other)
    except TooLarge:
        return
    if proof and proof.cases:
        for point in points([x, y], count=48):
            u, v = ball(e, point), ball(other, point)
            assert u is UNDEFINED or v is UNDEFINED or not abs(u - v) > 0


# ---------------------------------------------------------------- balls


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_ball_of_each_function_holds_the_value_that_mpmath_computes(name):
    row = FUNCTIONS[name]
    e = row.meaning(sp, *(x, y)[: row.arity])
    seen = 0
    for q in map(Fraction, ("0.3", "1.3", "-0.7", "-2.5", "4", "0.01")):
        with mpmath.workdps(40):
            value = sp.lambdify((x, y), e, "mpmath")(mpmath.mpf(q.numerator) / q.denominator, mpmath.mpf(1) / 3)
            real = not isinstance(value, mpmath.mpc) or value.imag == 0
            found = ball(e, {x: q, y: Fraction(1, 3)})
            assert (found is not UNDEFINED) == real
            if real:
                seen += 1
                assert found.rad() < 1e-30
                assert abs(mpmath.mpf(str(found.mid().str(35, radius=False))) - mpmath.re(value)) < 1e-28
    assert seen


AT = {x: Fraction(3, 10), y: Fraction(-7, 10), sp.Symbol("n", integer=True): 3}


@pytest.mark.parametrize(
    "e",
    [sp.log(y), sp.log(x - sp.Rational(3, 10)), 1 / (x - sp.Rational(3, 10)), sp.sqrt(y), y**third, y**x, sp.asin(2 + x), sp.acosh(x), sp.atanh(-1 + 0 * x),
     y ** (10 * x), sp.I * x, sp.zoo, sp.Piecewise((x, x > 1)), x + sp.log(y)],
)  # fmt: skip
def test_undefined_is_not_a_ball(e):
    assert ball(e, AT) is UNDEFINED


@pytest.mark.parametrize(
    ("e", "value"),
    [
        (sp.Piecewise((sp.log(y), y > 0), (sp.log(-y), True)), mpmath.log("0.7")),  # the piece that is not taken need not be defined
        (sp.Piecewise((1, sp.Eq(x, sp.Rational(3, 10))), (2, True)), 1),  # met exactly
        (sp.sign(x - sp.Rational(3, 10)), 0),
        (sp.Heaviside(y), 0),
        (sp.Heaviside(x - sp.Rational(3, 10)), half),
        (sp.DiracDelta(y), 0),
        (sp.Max(x, y, 0), mpmath.mpf("0.3")),
        ((-1) ** sp.Symbol("n", integer=True), -1),
        (y**-3, 1 / mpmath.mpf("-0.343")),
        (sp.Float("0.5") * x, mpmath.mpf("0.15")),
        (sp.E**2, mpmath.e**2),
    ],
)
def test_cases_jumps_and_whole_powers(e, value):
    found = ball(e, AT)
    assert abs(float(found.mid()) - float(value)) < 1e-15
    assert found.rad() < 1e-30


def test_more_bits_tell_what_fewer_cannot():
    e = 1 / (sp.exp(-900) + x - x * (1 + sp.exp(-950)))
    assert not ball(e, AT, 128).is_finite()  # 0 is in the ball of the bottom: too wide to tell
    assert ball(e, AT, 2500).is_finite()
    above = sp.sin(x) ** 2 + sp.cos(x) ** 2 + sp.exp(-900) > 1
    assert holds(above, AT, 128) is None
    assert holds(above, AT, 2500) is True


def test_a_symbol_may_be_worth_a_ball_and_the_memo_keeps_parts():
    memo: dict = {}
    found = ball(sp.exp(x) + y, {x: arb(2).sqrt(), y: 1}, 128, memo)
    assert abs(float(found.mid()) - (float(sp.exp(sp.sqrt(2))) + 1)) < 1e-14
    assert sp.exp(x) in memo


def test_shared_parts_are_computed_once_and_depth_is_no_problem():
    e = x
    for _ in range(200):
        e = sp.Add(sp.tanh(e, evaluate=False), sp.cos(e, evaluate=False), evaluate=False)  # two copies at each of 200 levels: 2^200 paths
    assert ball(e, AT).is_finite()


@pytest.mark.parametrize("e", [sp.gamma(x), sp.Function("f")(x)])
def test_a_function_without_a_ball_is_an_error_that_names_it(e):
    with pytest.raises(NotImplementedError, match=f"no ball for {e.func.__name__}"):
        ball(e, AT)


# ---------------------------------------------------------------- points


@pytest.mark.parametrize("words", [*DOMAINS, "positive integer", "nonzero integer"])
def test_points_lie_in_the_domain_and_are_short_decimals(words):
    found = points([x, y], {"x": words}, 96)
    assert len(found) == 96
    for point in found:
        assert within({"x": words}, "x", point[x])
        assert all(len(str(float(abs(q)))) <= 7 for q in point.values())
    assert len({point[x] for point in found}) >= 9


def test_points_are_the_same_on_every_call_and_differ_between_names():
    assert points([y, x], None, 30) == points([x, y], None, 30)
    assert all(point[x] != point[y] for point in points([x, y], None, 96))
    real = [point[x] for point in points([x], None, 96)]
    assert min(real) < -100
    assert max(real) > 100
    assert any(0 < abs(q) < Fraction(1, 10) for q in real)
