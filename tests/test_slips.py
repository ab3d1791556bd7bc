"""Slips: each spoiled rule gives a wrong line and is named for it; a right line never gets one; the account of a wrong line says what a tutor would."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from symgd.forward import Definition, Problem
from symgd.handcalc.explaining import FalseClaim
from symgd.handcalc.hand import printed
from symgd.handcalc.judge import check
from symgd.handcalc.slips import LIKELY, SLIPS, TABLES, explain
from symgd.handcalc.verdict import Finding
from symgd.language import FUNCTIONS
from symgd.reading import read
from symgd.referee.tape import Referee
from symgd.rules import LAWS
from symgd.term import D, Name, Term, names, replace, subterms
from tests.workings import right_workings

PARAMETERS = {"w", "b", "v", "c", "m"}


def term(text: str, made: dict[str, Name]) -> Term:
    """The text as a term; the derivative of a name by what it is made of is partial, of L total."""
    t = read(text, "ascii", declared={*made, *"abcdefghklmpqrstuvwxyzLn"})
    return replace(t, lambda s: D(s.of, s.by, s.of != Name("L")) if isinstance(s, D) else None)


def stated(*lines: str) -> Problem:
    """The problem whose tape these definitions are; what else carries an index is data, w, b, v, c, m are parameters."""
    tape: list[Definition] = []
    made: dict[str, Name] = {}
    for line in lines:
        left, _, right = line.partition(" = ")
        name = read(left, "ascii")
        assert isinstance(name, Name)
        tape.append(Definition(name, term(right, made)))
        made[name.symbol] = name
    leaves = {s.symbol: s for d in tape for s in subterms(d.value) if isinstance(s, Name) and s.symbol not in made and s.symbol != "n"}
    others = tuple(sorted((v for v in leaves.values()), key=lambda v: v.symbol))
    free_ones = ("a", "b", "c", "d", "x", "y")
    unused = tuple((Name(s), None) for s in free_ones if s not in leaves and s not in made)
    return Problem(
        "stated", tuple(v for v in others if v.symbol in PARAMETERS), tuple(v for v in others if v.indices and v.symbol not in PARAMETERS), tuple(tape),
        (*((v, None) for v in others if not v.indices and v.symbol not in PARAMETERS), *unused), (("i", Name("n")),) if any("sum" in x for x in lines) else (),
    )  # fmt: skip


def f(text: str) -> Problem:
    return stated(f"f = {text}")


LINE = stated("p_i = w*x_i + b", "L = 1/n*sum_i((p_i - y_i)^2)")
WHOLE_LINE = stated("L = 1/n*sum_i((w*x_i + b - y_i)^2)")
ONE = stated("u = w*x + b - y", "L = u^2")
NET = stated("z = v*x + c", "h = tanh(z)", "p = w*h + b", "L = (p - y)^2")
SIGMOID = stated("z = v*x + c", "h = sigmoid(z)", "p = w*h + b", "L = (p - y)^2")
LOGISTIC = stated("z_i = w*x_i + b", "p_i = sigmoid(z_i)", "L = -1/n*sum_i(y_i*log(p_i) + (1 - y_i)*log(1 - p_i))")
PATHS = stated("r = w*x", "s = w*y", "L = (r + s)^2")
SAMPLES = stated("s = sum_i(x_i*y_i)")
ALGEBRA = stated("q = a + b*c - d + x*y")

# the slip → (the problem, the left side, what was written)
CASES: dict[str, tuple[Problem, str, str]] = {
    # the power rule, exponentials
    "exponent_kept": (f("(2*x + 1)^3"), "df/dx", "6*(2*x + 1)^3"),
    "exponent_not_brought_down": (f("(2*x + 1)^3"), "df/dx", "2*(2*x + 1)^2"),
    "inside_of_power_forgotten": (f("(5*x + 1)^3"), "df/dx", "3*(5*x + 1)^2"),
    "power_not_differentiated": (f("(5*x + 1)^3"), "df/dx", "5*(5*x + 1)^3"),
    "exponent_dropped": (f("x^4"), "df/dx", "4*x"),
    "exponent_raised": (f("x^4"), "df/dx", "x^5/5"),
    "exponential_as_power": (f("2^x"), "df/dx", "x*2^(x - 1)"),
    "inside_of_exponential_forgotten": (f("3^(5*x)"), "df/dx", "3^(5*x)*log(3)"),
    "general_power_as_power": (f("x^x"), "df/dx", "x*x^(x - 1)"),
    # constants, sums, signs, factors
    "constant_kept": (f("x^2 + 7"), "df/dx", "2*x + 7"),
    "constant_as_variable": (f("x^2 + a"), "df/dx", "2*x + 1"),
    "term_forgotten": (f("x^2 + sin(x)"), "df/dx", "cos(x)"),
    "inner_minus_lost": (f("(1 - 3*x)^2"), "df/dx", "6*(1 - 3*x)"),
    "sign_of_a_term": (f("x^3 + sin(x)"), "df/dx", "3*x^2 - cos(x)"),
    "sign_lost": (f("x^2 - exp(-x^3)"), "df/dx", "2*x - 3*x^2*exp(-x^3)"),
    "constant_not_zero": (f("x^3 + a^2"), "df/dx", "3*x^2 + a^2"),
    "constant_taken_as_one": (f("x^3 + a^2"), "df/dx", "3*x^2 + 1"),
    "variable_kept": (f("(x + 3)^2*sin(x)"), "df/dx", "2*(x + 3)*x*sin(x) + (x + 3)^2*cos(x)"),
    "variable_held_fixed": (f("(x + 3)*sin(x)"), "df/dx", "(x + 3)*cos(x)"),
    "factor_lost": (f("a*x^3"), "df/dx", "3*x^2"),
    "count_lost": (WHOLE_LINE, "dL/db", "2*sum_i(w*x_i + b - y_i)"),
    "rate_lost": (LINE, "dp_i/dw", "1"),
    "other_factor_differentiated": (LINE, "dp_i/dw", "w"),
    "constant_factor_differentiated": (f("a^2*x"), "df/dx", "2*a"),
    "factor_not_differentiated": (LINE, "dp_i/dw", "w*x_i"),
    "sum_lost": (stated("L = sum_i((w*x_i - y_i)^2)"), "dL/dw", "2*(w*x_i - y_i)*x_i"),
    "sum_kept": (stated("L = sum_i((p_i - y_i)^2)"), "dL/dp_i", "2*sum_i(p_i - y_i)"),
    # products and quotients
    "product_of_derivatives": (f("x^2*sin(x)"), "df/dx", "2*x*cos(x)"),
    "half_a_product_rule": (f("x^2*sin(x)"), "df/dx", "x^2*cos(x)"),
    "product_rule_with_minus": (f("x^2*exp(x)"), "df/dx", "2*x*exp(x) - x^2*exp(x)"),
    "sum_of_derivatives": (f("x^2*exp(x)"), "df/dx", "2*x + exp(x)"),
    "quotient_rule_turned_round": (f("x^2/(x + 1)"), "df/dx", "(x^2 - 2*x*(x + 1))/(x + 1)^2"),
    "quotient_of_derivatives": (f("x^3/sin(x)"), "df/dx", "3*x^2/cos(x)"),
    "quotient_rule_parts": (f("x^2/(x + 1)"), "df/dx", "(2*x*(x + 1) - x^2)/(x + 1)"),
    "reciprocal_without_minus": (f("3/(x^2 + 1)"), "df/dx", "6*x/(x^2 + 1)^2"),
    "reciprocal_of_derivative": (f("1/sin(x)"), "df/dx", "1/cos(x)"),
    "inside_of_reciprocal_forgotten": (f("1/sin(x)"), "df/dx", "-1/sin(x)^2"),
    "reciprocal_integrated": (f("1/(x + 2)"), "df/dx", "log(x + 2)"),
    # functions
    "inside_forgotten": (f("sin(x^2)"), "df/dx", "cos(x^2)"),
    "function_not_differentiated": (f("sin(x^2)"), "df/dx", "2*x*sin(x^2)"),
    "derivative_of_the_derivative": (f("sin(x^2)"), "df/dx", "cos(2*x)"),
    "function_mistaken": (f("log(x)"), "df/dx", "1/log(x)"),
    "exponential_by_power_rule": (f("exp(2*x)"), "df/dx", "2*x*exp(2*x - 1)"),
    "root_exponent_kept": (f("sqrt(3*x)"), "df/dx", "3*sqrt(3*x)/2"),
    "larger_turned_round": (f("max(x^2, 3*x)"), "df/dx", "2*x"),
    "smaller_turned_round": (f("min(x^2, 3*x)"), "df/dx", "3"),
    "one_case_only": (f("cases(x^2/2, x <= 1, x - 1/2)"), "df/dx", "x"),
    # the chain through names
    "link_forgotten": (LINE, "dL/dw", "2/n*sum_i(p_i - y_i)"),
    "link_of_function_forgotten": (NET, "dL/dv", "2*(p - y)*w*x"),
    "outer_link_forgotten": (NET, "dL/dw", "h"),
    "links_added": (ONE, "dL/dw", "dL/du + du/dw"),
    "sum_over_paths_lost": (LINE, "dL/dw", "dL/dp_i*dp_i/dw"),
    "path_forgotten": (PATHS, "dL/dw", "2*(r + s)*x"),
    "other_loss": (LOGISTIC, "dL/dp_i", "p_i - y_i"),
    "other_parameter": (LINE, "dL/db", "2/n*sum_i((p_i - y_i)*x_i)"),
    "other_variable": (f("x^2 + 3*x*y + y^3"), "df/dx", "3*x + 3*y^2"),
    # the whole line
    "whole_sign": (LINE, "dL/db", "-2/n*sum_i(p_i - y_i)"),
    "whole_factor": (f("5*x^2"), "df/dx", "20*x"),
    "whole_count": (LINE, "dL/db", "2/n^2*sum_i(p_i - y_i)"),
    "whole_sum": (LINE, "dL/db", "2/n*(p_i - y_i)"),
    # brackets
    "bracket_before_product": (ALGEBRA, "(a + b)*c", "a + b*c"),
    "bracket_after_product": (ALGEBRA, "c*(a + b)", "c*a + b"),
    "minus_before_bracket": (ALGEBRA, "-(a + b)", "-a + b"),
    "power_of_bracket": (ALGEBRA, "(a*b)^2", "a*b^2"),
    "square_term_by_term": (ALGEBRA, "(a + b)^2", "a^2 + b^2"),
    "not_every_term_multiplied": (ALGEBRA, "c*(a + b - d)", "c*a + c*b - d"),
    "brackets_multiplied_term_by_term": (ALGEBRA, "(a + b)*(c + d)", "a*c + b*d"),
    "only_first_term_negated": (ALGEBRA, "x - (a + b)", "x - a + b"),
    "power_of_one_factor": (ALGEBRA, "(a*b)^3", "a^3*b"),
    # the pen
    "sign_of_written_term": (WHOLE_LINE, "dL/db", "2/n*sum_i(w*x_i - b - y_i)"),
    "sign_of_written_argument": (ALGEBRA, "exp(-x)*a", "exp(x)*a"),
    "written_term_dropped": (WHOLE_LINE, "dL/db", "2/n*sum_i(w*x_i + b)"),
    "written_term_added": (LINE, "dp_i/dw", "x_i + b"),
    "written_factor": (ALGEBRA, "(a + b)^2", "a^2 + a*b + b^2"),
    "written_count": (stated("L = 1/n*sum_i((p_i - y_i)^2) + w^2"), "L", "1/n*sum_i((p_i - y_i)^2) + n*w^2"),
    "written_factor_lost": (ALGEBRA, "a + b*c", "a + b"),
    "written_weight_lost": (stated("L = sum_i(g_i*(w*x_i - y_i)^2)"), "dL/dw", "2*sum_i((w*x_i - y_i)*x_i)"),
    "written_constant_counted_once": (stated("L = sum_i((w*x_i - b)^2)"), "dL/db", "-2*(sum_i(w*x_i) - b)"),
    "written_factor_added": (ALGEBRA, "a + b*c", "a + b*c*d"),
    "written_exponent": (f("x*(x^3 + 1)"), "df/dx", "x^3 + 1 + 3*x^4"),
    "written_exponent_lost": (ALGEBRA, "a^3 + b", "a^2 + b"),
    "written_upside_down": (ALGEBRA, "a/b + c", "b/a + c"),
    "written_update": (stated("L = (w*x - y)^2"), "w - a*dL/dw", "w + a*2*(w*x - y)*x"),
    # names
    "written_variable": (WHOLE_LINE, "dL/dw", "2/n*sum_i((w*x_i + b - y_i)*y_i)"),
    "written_variable_twice": (SIGMOID, "dL/dv", "2*(p - y)*w*p*(1 - p)*x"),
    "written_parameter": (NET, "dL/dv", "2*(p - y)*v*(1 - h^2)*x"),
    "written_derivative": (NET, "dL/dv", "dL/dz*dh/dv"),
    "written_derivative_upside_down": (ONE, "dL/dw", "dL/du*dw/du"),
    "written_derivative_by_other": (ONE, "dL/dw", "dL/du*du/db"),
    "written_sum_lost": (stated("L = sum_i((w*x_i - y_i)^2) + w^2"), "dL/dw", "sum_i(2*w*x_i^2) - 2*y_i*x_i + 2*w"),
    "product_of_sums": (SAMPLES, "sum_i(x_i*y_i)", "sum_i(x_i)*sum_i(y_i)"),
    "factor_before_the_sum": (SAMPLES, "sum_i(x_i*y_i)", "x_i*sum_i(y_i)"),
    # rewriting
    "sum_split_over_product": (SAMPLES, "sum_i(x_i*y_i)", "sum_i(x_i)*sum_i(y_i)"),
    "constant_counted_once": (SAMPLES, "sum_i(x_i + a)", "sum_i(x_i) + a"),
    "function_over_sum": (ALGEBRA, "sqrt(a + b)", "sqrt(a) + sqrt(b)"),
    "logarithm_of_product": (ALGEBRA, "log(a*b)", "log(a)*log(b)"),
    "reciprocal_of_sum": (ALGEBRA, "1/(a + b)", "1/a + 1/b"),
    "cancelled_in_one_term": (ALGEBRA, "(a + b)/a", "b"),
}  # fmt: skip


def claim(case: tuple[Problem, str, str], kind: str = "") -> FalseClaim:
    problem, left, right = case
    made = {d.name.symbol: d.name for d in problem.tape}
    return FalseClaim(problem, term(left, made), term(right, made), kind, TABLES)


def test_every_slip_has_a_case() -> None:
    assert set(CASES) == set(SLIPS)


@pytest.mark.parametrize("key", CASES)
def test_the_slip_gives_the_wrong_line_and_is_named_for_it(key: str) -> None:
    c = claim(CASES[key], "update" if key == "written_update" else "")
    referee = Referee(c.problem)
    assert referee.compare(c.spoiling.right(c.left), c.spoiling.right(c.right)).verdict != "proved"
    assert any(k.made.rule.spoil.__name__ == key and c.proved(k, referee) for k in c.candidates())
    assert SLIPS[key].name in [s.name for s in explain(c.problem, c.left, c.right, referee, c.kind)] or SLIPS[key].rare


@pytest.mark.parametrize("key", CASES)
def test_the_sentence_is_whole_and_short(key: str) -> None:
    c = claim(CASES[key], "update" if key == "written_update" else "")
    for slip in explain(c.problem, c.left, c.right, Referee(c.problem), c.kind):
        assert re.fullmatch(r"[^a-z ].*[.)]", slip.says)
        assert not re.search(r"[{}]|Name\(|goal|  ", slip.says)
        assert len(re.findall(r"[a-z)]\. [A-Z]", slip.says)) <= 1


def test_every_slip_spoils_a_move_that_is_made_and_has_a_place_in_the_order() -> None:
    assert {r.spoils for r in SLIPS.values()} <= set(LAWS) | {"arithmetic"}
    assert {r.name for r in SLIPS.values()} <= set(LIKELY)


def test_the_laws_of_functions_that_are_quoted_exist() -> None:
    quoted = {n for c in CASES.values() for n in names(claim(c).left) if n in FUNCTIONS}
    assert all(FUNCTIONS[n].law for n in quoted)


# ---------------------------------------------------------------- a right line never gets a slip


@pytest.mark.parametrize(
    ("problem", "left", "right"),
    [
        (LINE, "dL/dw", "2/n*sum_i((p_i - y_i)*x_i)"), (LINE, "dL/dw", "sum_i(dL/dp_i*dp_i/dw)"), (NET, "dL/dv", "2*(p - y)*w*(1 - h^2)*x"),
        (LOGISTIC, "dL/db", "1/n*sum_i(p_i - y_i)"), (f("x^2*sin(x)"), "df/dx", "x*(2*sin(x) + x*cos(x))"), (ALGEBRA, "(a + b)^2", "a^2 + 2*a*b + b^2"),
        (SAMPLES, "sum_i(x_i + a)", "sum_i(x_i) + n*a"), (f("0*x + 5"), "df/dx", "0"), (PATHS, "dL/dw", "2*(r + s)*x + 2*(r + s)*y"),
    ],
)  # fmt: skip
def test_a_right_line_gets_no_slip(problem: Problem, left: str, right: str) -> None:
    c = claim((problem, left, right))
    assert explain(c.problem, c.left, c.right, Referee(c.problem)) == ()


def test_the_lines_of_right_workings_get_no_slip() -> None:
    for w in islice(right_workings(11), 25):
        assert [f.slips for f in check(w.text).findings if f.slips] == [], w.text


# ---------------------------------------------------------------- the account of a wrong line


def finding(text: str) -> Finding:
    """What is said of the first wrong line."""
    return next(f for f in check(text).findings if f.verdict == "wrong")


ACCOUNTS: dict[str, tuple[str, str | None]] = {  # the working → the slip named first, and the line put right
    "L = (1/n) sum_i (w x_i + b - y_i)^2\ndL/dw = (2/n) sum_i (w x_i + b - y_i)^2 x_i": ("exponent-kept", "dL/dw = 2*sum_i((w*x_i + b - y_i)*x_i)/n"),
    "$$f(x) = \\sqrt{x}$$\n$$f'(x) = \\frac12 x^{1/2}$$": ("exponent-kept", r"f'(x) = \frac{1}{2 \sqrt{x}}"),
    "$$L = (w x + b - y)^2$$\n$$\\frac{\\partial L}{\\partial b} = 2(wx + b - y) = 2wx + 2b - y$$": (
        "bracket", r"\frac{\partial L}{\partial b} = 2 w x + 2 b - 2 y",
    ),
    "$$(a+b)^2 = a^2 + b^2$$": ("bracket", "(a+b)^2 = a^2 + 2 a b + b^2"),
    "L = (w x - y)^2\nw := w + lr * dL/dw": ("update-direction", "w := w - lr*(dL/dw)"),
    "$$J(w) = \\frac12\\|Xw - y\\|^2$$\n$$\\nabla J(w) = X(Xw - y)$$": ("transpose", r"\nabla J(w) = X^\top (X w - y)"),
    "y = w*x + b\nL = (y - t)^2\ndL/dw = dL/dy + dy/dw": ("chain-rule", None),
}  # fmt: skip


@pytest.mark.parametrize("text", ACCOUNTS)
def test_a_wrong_line_is_explained_and_put_right_in_the_writers_notation(text: str) -> None:
    slip, expected = ACCOUNTS[text]
    found = finding(text)
    assert found.slips[0].name == slip
    assert expected is None or found.expected == expected


def test_a_correction_is_right_when_it_is_judged_in_the_wrong_lines_place() -> None:
    for text in ACCOUNTS:
        wrong = finding(text)
        if wrong.expected:
            again = check(text.replace(wrong.line.text, wrong.expected.replace("w = w - lr", "w := w - lr")))
            assert {f.verdict for f in again.findings} <= {"given", "right", "notation"}, again.findings


def test_a_factor_that_a_convention_explains_is_told_besides() -> None:
    c = claim((LINE, "dL/dw", "sum_i((p_i - y_i)^2*x_i)"))
    (slip, *_) = explain(c.problem, c.left, c.right, Referee(c.problem))
    assert slip.name == "exponent-kept"
    assert "(Besides, a factor n/2" in slip.says


def test_what_nothing_explains_gets_no_slip() -> None:
    c = claim((LINE, "dL/dw", "exp(w)*sum_i(x_i^5)"))
    assert explain(c.problem, c.left, c.right, Referee(c.problem)) == ()


def test_the_same_claim_is_explained_the_same() -> None:
    c = claim(CASES["exponent_kept"])
    assert explain(c.problem, c.left, c.right, Referee(c.problem)) == explain(c.problem, c.left, c.right, Referee(c.problem))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"\frac{\partial J}{\partial b} = \frac{1}{m}\sum_{i=1}^{m}(h_\theta(x^{(i)}) - y^{(i)})", r"\sum_{i=1}^{m} (h_\theta(x^{(i)}) - y^{(i)}) x^{(i)}"),
        (r"\frac{\partial J}{\partial b} = \tfrac{2}{n}\sum_i (\hat y_i - y_i)", r"\sum_i (h_{\theta,i} - y_i) x_i"),
        (r"\frac{\partial J}{\partial b} = 2\sum (h - y)", r"\sum (h_{\theta} - y) x"),
        ("dJ/db = sum_i(h_i - y_i)", "sum_i((h_theta_i - y_i)*x_i)"),
        ("dJ/db = sum(h - y)", "sum((h_theta - y)*x)"),
        ("∂J/∂b = Σ (h − y)", "Σ"),
    ],
)
def test_a_term_is_printed_in_the_hand_of_the_writer(written: str, expected: str) -> None:
    t = read("sum_i((h_theta_i - y_i)*x_i)", "ascii", declared={"h_theta", "y", "x"})
    bare = not re.search(r"_i|\(i\)", written)
    shown = printed(t, "latex" if "\\" in written else "ascii", written, bare)
    assert expected in shown


def test_matrices_are_printed_with_the_writers_transpose_and_without_bold() -> None:
    t = read("sum_i(X_ij*(p_i - y_i))", "ascii", declared={"X", "p", "y"})
    assert printed(t, "latex", r"\nabla J = X^T(y - p)", True) == "X^T (p - y)"
    assert printed(t, "latex", r"\nabla J = \mathbf{X}^\top(\mathbf y - \mathbf p)", True) == r"\mathbf{X}^\top (\mathbf{p} - \mathbf{y})"
    assert printed(t, "ascii", "grad = X.T @ (y - p)", True) == "Xᵀ (p − y)"


def test_the_index_has_the_writers_letter() -> None:
    assert printed(read("t_j - p_j", "ascii"), "latex", r"\frac{\partial L}{\partial z_k} = p_k - t_k", False) == "t_k - p_k"


def test_the_value_of_another_parameters_derivative_is_named_for_it() -> None:
    text = "x = [1, 2, 3]\ny = [3, 5, 7]\nw = 0\nb = 0\nL = (1/n) sum_i (w x_i + b - y_i)^2\ndL/db = (2/3)*(1*(-3) + 2*(-5) + 3*(-7))"
    assert finding(text).slips[0].name == "wrong-parameter"
    assert "by w, not by b" in finding(text).slips[0].says
