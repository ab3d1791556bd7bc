"""The typeset room: each term as LaTeX, Unicode, ASCII, speech and MathML, its brackets, its other notations, and what hostile text does to it."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from hashlib import blake2b
from itertools import product
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.language import FUNCTIONS
from symgd.reading import read, read_line
from symgd.term import (
    ONE, TWO, ZERO, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow,
    Sum, Term, add, children, mul, names, rebuild,
)  # fmt: skip
from symgd.typeset import mathml_table, to_ascii, to_latex, to_mathml, to_speech, to_unicode
from symgd.typeset.breaking import drawn, split_formula
from symgd.typeset.layout import Notation, Op, Row, Words, layout, relation
from symgd.typeset.sample import one_sample


def N(symbol: str, *indices: str) -> Name:
    return Name(symbol, indices)


def num(value: object, places: int | None = None) -> Num:
    return Num(Fraction(str(value)), places)


def call(f: str, *args: Term) -> Call:
    return Call(f, args)


a, b, n, w, L = (N(s) for s in ("a", "b", "n", "w", "L"))
x, y, u, y_hat = (N(s, "i") for s in ("x", "y", "u", "y_hat"))
residual = w * x + b - y

A = N("A", "j", "j'")
gram = Sum("i", Mul((N("x", "i", "j"), N("x", "i", "j'"))))

TABLE: list[tuple[Term, str, str]] = [
    # fractions and sums: a Σ never stands on a fraction bar, neighbouring fractions do not touch
    (2 * u / n, r"\frac{2 u_i}{n}", "2uᵢ/n"),
    (Mul((Div(TWO, n), Sum("i", residual * x))), r"\frac{2}{n} \sum_i (w x_i + b - y_i) x_i", "(2/n) Σᵢ (w xᵢ + b − yᵢ) xᵢ"),
    (Div(2 * Sum("i", u * x), n), r"\frac{2}{n} \sum_i u_i x_i", "(2/n) Σᵢ uᵢ xᵢ"),
    (Div(Sum("i", u), n), r"\frac{1}{n} \sum_i u_i", "(1/n) Σᵢ uᵢ"),
    (Div(Neg(Sum("i", u)), n), r"-\frac{1}{n} \sum_i u_i", "−(1/n) Σᵢ uᵢ"),
    (Div(Sum("i", u), Sum("i", x)), r"\frac{\sum_i u_i}{\sum_i x_i}", "(Σᵢ uᵢ)/(Σᵢ xᵢ)"),
    (Div(Sum("i", u) + 1, n), r"\frac{\sum_i u_i + 1}{n}", "(Σᵢ uᵢ + 1)/n"),
    (Div(ONE, n) * Div(ONE, n), r"\frac{1}{n} \cdot \frac{1}{n}", "(1/n) · (1/n)"),
    (Div(Div(a, b), n), r"\frac{\frac{a}{b}}{n}", "(a/b)/n"),
    (Div(a, Div(b, n)), r"\frac{a}{\frac{b}{n}}", "a/(b/n)"),
    (Div(a * b, n), r"\frac{a b}{n}", "a b/n"),
    (Div(a, b * n), r"\frac{a}{b n}", "a/(b n)"),
    (Mul((a, Div(b, n))), r"a \frac{b}{n}", "a (b/n)"),
    (Mul((TWO, Div(b, n))), r"2 \cdot \frac{b}{n}", "2 · (b/n)"),
    (Div(a, b) + Div(b, a), r"\frac{a}{b} + \frac{b}{a}", "a/b + b/a"),
    (Div(Neg(a), b), r"\frac{-a}{b}", "(−a)/b"),
    (Neg(Div(a, b)), r"-\frac{a}{b}", "−a/b"),
    (Div(a, Neg(b)), r"\frac{a}{-b}", "a/(−b)"),
    (Div(a + b, n), r"\frac{a + b}{n}", "(a + b)/n"),
    # signs
    (y_hat - y, r"\hat{y}_i - y_i", "ŷᵢ − yᵢ"),
    (a - (b - n), "a - (b - n)", "a − (b − n)"),
    (a - (b + n), "a - (b + n)", "a − (b + n)"),
    (Add((a, Add((b, n)))), "a + (b + n)", "a + (b + n)"),
    (a - Neg(b), "a - (-b)", "a − (−b)"),
    (a + num(-3), "a + (-3)", "a + (−3)"),
    (a + Mul((num(-3), b)), "a + (-3) b", "a + (−3) b"),
    (a - Mul((num(-3), b)), "a - (-3) b", "a − (−3) b"),
    (num(-3) * x, "-3 x_i", "−3xᵢ"),
    (Neg(a + b), "-(a + b)", "−(a + b)"),
    (Neg(Neg(a)), "-(-a)", "−(−a)"),
    (Neg(a) + b, "-a + b", "−a + b"),
    (Mul((TWO, num(-3))), "2 (-3)", "2 (−3)"),
    (Mul((TWO, Neg(a))), "2 (-a)", "2 (−a)"),
    (Mul((Neg(a), b)), "(-a) b", "(−a) b"),
    # products
    (Mul((TWO, num(3))), r"2 \cdot 3", "2 · 3"),
    (a * 2, r"a \cdot 2", "a · 2"),
    (w * (a + b), "w (a + b)", "w (a + b)"),
    (Mul((a, Mul((b, n)))), "a (b n)", "a (b n)"),
    (2 * N("lr"), r"2 \, \mathrm{lr}", "2 lr"),
    (Mul((Sum("i", u), a)), r"\left(\sum_i u_i\right) a", "(Σᵢ uᵢ) a"),
    (Mul((a, Sum("i", u))), r"a \sum_i u_i", "a Σᵢ uᵢ"),
    (Sum("i", u) + a, r"\sum_i u_i + a", "Σᵢ uᵢ + a"),
    (Sum("i", u + a), r"\sum_i (u_i + a)", "Σᵢ (uᵢ + a)"),
    (Sum("i", Neg(u)), r"\sum_i (-u_i)", "Σᵢ (−uᵢ)"),
    (Sum("i", Sum("j", N("x", "i", "j"))), r"\sum_i \sum_j x_{ij}", "Σᵢ Σⱼ xᵢⱼ"),
    (Sum("i'", N("K", "i", "i'")), r"\sum_{i'} K_{ii'}", "Σᵢ′ Kᵢᵢ′"),
    (Match("i", "j") * u, r"[i = j] \, u_i", "[i = j] uᵢ"),
    # powers
    (x**2, "x_i^2", "xᵢ²"),
    (Pow(Neg(a), TWO), "(-a)^2", "(−a)²"),
    (Neg(Pow(a, TWO)), "-a^2", "−a²"),
    (Pow(Pow(a, TWO), num(3)), "(a^2)^3", "(a²)³"),
    (Pow(a, Pow(b, TWO)), "a^{b^2}", "a^(b²)"),
    (Pow(a + b, TWO), "(a + b)^2", "(a + b)²"),
    (Pow(a * b, TWO), "(a b)^2", "(a b)²"),
    (Pow(Div(a, b), TWO), r"\left(\frac{a}{b}\right)^2", "(a/b)²"),
    (Pow(num("1/2"), TWO), r"\left(\frac{1}{2}\right)^2", "(1/2)²"),
    (Pow(num(-1), n), "(-1)^n", "(−1)ⁿ"),
    (Pow(a, num(-1)), "a^{-1}", "a⁻¹"),
    (Pow(a, Neg(n)), "a^{-n}", "a⁻ⁿ"),
    (Pow(a, n - 1), "a^{n - 1}", "aⁿ⁻¹"),
    (Pow(a, num("1/2")), "a^{1/2}", "a^(1/2)"),
    (Pow(a, Div(n, b)), "a^{n/b}", "a^(n/b)"),
    (Pow(Sum("i", u), TWO), r"\left(\sum_i u_i\right)^2", "(Σᵢ uᵢ)²"),
    (2 * a**2, "2 a^2", "2a²"),
    # functions
    (call("log", a), r"\log a", "log a"),
    (call("log", a) * b, r"\log(a) b", "log(a) b"),
    (b * call("log", a), r"b \log a", "b log a"),
    (call("log", a * b), r"\log(a b)", "log(a b)"),
    (call("log", a) / b, r"\frac{\log a}{b}", "log(a)/b"),
    (call("log", a / b), r"\log\left(\frac{a}{b}\right)", "log(a/b)"),
    (Pow(call("sin", a), TWO), r"(\sin a)^2", "(sin a)²"),
    (call("sin", Pow(a, TWO)), r"\sin(a^2)", "sin(a²)"),
    (call("log10", a), r"\log_{10} a", "log₁₀ a"),
    (call("sigmoid", N("z", "i")), r"\sigma(z_i)", "σ(zᵢ)"),
    (call("sigmoid", a) * N("sigma"), r"\mathrm{sigmoid}(a) \sigma", "sigmoid(a) σ"),
    (call("relu", a) * b, r"\mathrm{relu}(a) b", "relu(a) b"),
    (call("asinh", a), r"\mathrm{arsinh}(a)", "arsinh(a)"),
    (call("max", a, ZERO), r"\max(a, 0)", "max(a, 0)"),
    (call("abs", a - 1), r"\left| a - 1 \right|", "|a − 1|"),
    (Pow(call("abs", a), TWO), r"\left| a \right|^2", "|a|²"),
    (call("abs", call("abs", a) - 1), r"\mathrm{abs}(\left| a \right| - 1)", "abs(|a| − 1)"),
    (call("sqrt", a), r"\sqrt{a}", "√a"),
    (call("sqrt", a + 1), r"\sqrt{a + 1}", "√(a + 1)"),
    (Pow(call("sqrt", a), TWO), r"(\sqrt{a})^2", "(√a)²"),
    (call("exp", a), "e^a", "eᵃ"),
    (call("exp", Neg(a)), "e^{-a}", "e⁻ᵃ"),
    (call("exp", Neg(w * x + b)), "e^{-(w x_i + b)}", "e^(−(w xᵢ + b))"),
    (call("exp", Neg(Div(x**2, TWO))), "e^{-x_i^2/2}", "e^(−xᵢ²/2)"),
    (call("exp", Sum("i", u)), r"\exp\left(\sum_i u_i\right)", "exp(Σᵢ uᵢ)"),
    (call("exp", a) * N("e"), r"\exp(a) e", "exp(a) e"),
    (Pow(call("exp", a), TWO), "(e^a)^2", "(eᵃ)²"),
    # derivatives
    (D(L, w), r"\frac{\partial L}{\partial w}", "∂L/∂w"),
    (D(L, y_hat) * D(y_hat, w), r"\frac{\partial L}{\partial \hat{y}_i} \cdot \frac{\partial \hat{y}_i}{\partial w}", "∂L/∂ŷᵢ · ∂ŷᵢ/∂w"),
    (N("eta") * D(L, w), r"\eta \frac{\partial L}{\partial w}", "η ∂L/∂w"),
    (D(L, w) * x, r"\frac{\partial L}{\partial w} \cdot x_i", "∂L/∂w · xᵢ"),
    (Pow(D(L, w), TWO), r"\left(\frac{\partial L}{\partial w}\right)^2", "(∂L/∂w)²"),
    (Div(D(L, w), n), r"\frac{\frac{\partial L}{\partial w}}{n}", "∂L/∂w/n"),
    (D(u**2, w), r"\frac{\partial}{\partial w} (u_i^2)", "∂/∂w (uᵢ²)"),
    (D(D(L, w), b), r"\frac{\partial^2 L}{\partial b \, \partial w}", "∂²L/∂b∂w"),
    (D(D(L, w), w), r"\frac{\partial^2 L}{\partial w^2}", "∂²L/∂w²"),
    # names
    (N("x_bar"), r"\bar{x}", "x̄"),
    (N("x_tilde", "i"), r"\tilde{x}_i", "x̃ᵢ"),
    (N("theta0"), r"\theta_0", "θ₀"),
    (N("theta_0"), r"\theta_0", "θ₀"),
    (N("w1", "j"), "w_{1,j}", "w₁ⱼ"),
    (N("a1", "i", "h1") ** 2, "a_{1,i h_1}^2", "a₁ᵢₕ₁²"),  # the number is a part of the name, as in W₁: a power needs no brackets
    (N("w_new"), r"w_{\mathrm{new}}", "w_new"),
    (N("w_new", "j"), r"w_{\mathrm{new},j}", "w_(new, j)"),
    (N("S_xy"), "S_{xy}", "S_xy"),
    (N("MSE"), r"\mathrm{MSE}", "MSE"),
    (N("fy_gpa"), r"\mathrm{fy}_{\mathrm{gpa}}", "fy_gpa"),
    (N("a", "i", "h1"), "a_{i h_1}", "aᵢₕ₁"),
    (N("z", "i", "c"), "z_{ic}", "z_ic"),
    (N("pi"), r"\pi", "π"),
    (N("lambda"), r"\lambda", "λ"),
    (N("epsilon"), r"\varepsilon", "ε"),
    # determinants and inverses
    (Det("j", "j'", A), r"\det(\mathbf{A})", "det(A)"),
    (Det("j'", "j", A), r"\det(\mathbf{A}^{\top})", "det(Aᵀ)"),
    (Inverse("j", "j'", "j", "j'", A), r"(\mathbf{A}^{-1})_{jj'}", "(A⁻¹)ⱼⱼ′"),
    (Pow(Inverse("j", "h", "j", "j'", A), TWO), r"((\mathbf{A}^{-1})_{jh})^2", "((A⁻¹)ⱼₕ)²"),
    (Det("j", "j'", gram), r"\det\left(\left[\sum_i x_{ij} x_{ij'}\right]_{jj'}\right)", "det([Σᵢ xᵢⱼ xᵢⱼ′]ⱼⱼ′)"),
    # numbers
    (num("0.5", 2), "0.50", "0.50"),
    (num("1/3"), r"\frac{1}{3}", "1/3"),
    (num("1/3", 3), "0.333", "0.333"),
    (num("-1/2"), r"-\frac{1}{2}", "−1/2"),
    (num("0.0000919", 7), r"9.19 \times 10^{-5}", "9.19 × 10⁻⁵"),
    (num("0.02386573594", None), "0.02386573594", "0.02386573594"),
    (num(1000), "1000", "1000"),
    (num(6 * 10**23), r"6 \times 10^{23}", "6 × 10²³"),
    (num(10**20), "10^{20}", "10²⁰"),
    (Pow(num(10**20), TWO), "(10^{20})^2", "(10²⁰)²"),
    # conditions
    (Compare(a, "<=", b), r"a \le b", "a ≤ b"),
    (Compare(a, "!=", ZERO), r"a \ne 0", "a ≠ 0"),
    (
        Cases(((b * call("log", a), Compare(a, ">", ZERO)),), call("log", b)),
        r"\begin{cases} b \log a & \text{if } a \gt 0 \\ \log b & \text{otherwise} \end{cases}",
        "{b log(a) if a > 0; log(b) otherwise}",
    ),
    (
        Cases(((a, Compare(a, ">", ZERO)),), ZERO) * 2,
        r"\left(\begin{cases} a & \text{if } a \gt 0 \\ 0 & \text{otherwise} \end{cases}\right) \cdot 2",
        "{a if a > 0; 0 otherwise} · 2",
    ),
]


@pytest.mark.parametrize(("t", "latex", "unicode"), TABLE, ids=[row[1] for row in TABLE])
def test_a_term_is_printed_as_a_teacher_writes_it(t: Term, latex: str, unicode: str) -> None:
    assert (to_latex(layout(t)), to_unicode(layout(t))) == (latex, unicode)


def test_one_variable_is_differentiated_with_an_upright_d() -> None:
    t = D(N("y"), N("x"))
    assert to_latex(layout(t, derivatives="leibniz")) == r"\frac{\mathrm{d} y}{\mathrm{d} x}"
    assert to_unicode(layout(t, derivatives="leibniz")) == "dy/dx"
    assert to_speech(layout(t, derivatives="leibniz")) == "the derivative of y with respect to x"


# ---------------------------------------------------------------- the strings mean what the term means

_PRIME = 2**61 - 1
_SIZES = {"i": 2, "j": 2, "h": 2, "k": 3}


def mixed(*parts: object) -> int:
    """An unrelated value for each different thing."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=7).digest(), "big")


def value(t: Term, at: dict[str, int]) -> int:
    """t in the field of 2⁶¹ − 1 elements, the indices standing at given places; functions and powers are arbitrary but fixed."""
    match t:
        case Num(v):
            return v.numerator * pow(v.denominator, -1, _PRIME) % _PRIME
        case Name(symbol, indices):
            return mixed(symbol, [at.get(i, i) for i in indices])
        case Add(ts):
            return sum(value(s, at) for s in ts) % _PRIME
        case Mul(fs):
            out = 1
            for f in fs:
                out = out * value(f, at) % _PRIME
            return out
        case Div(p, q):
            return value(p, at) * pow(value(q, at), -1, _PRIME) % _PRIME if value(q, at) else mixed("zero below", value(p, at))
        case Neg(p):
            return -value(p, at) % _PRIME
        case Pow(p, q):
            return mixed("power", value(p, at), value(q, at))
        case Call(f, args):
            return mixed(f, [value(p, at) for p in args])
        case Sum(index, body):
            return sum(value(body, {**at, index: k}) for k in range(_SIZES[index[0]])) % _PRIME
        case Match(i, j):
            return int(at.get(i, i) == at.get(j, j))
        case D(of, by):
            return mixed("derivative", value(of, at), value(by, at))
        case Cases(pieces, otherwise):
            return mixed([(value(p, at), value(c, at)) for p, c in pieces], value(otherwise, at))
        case Compare(p, sign, q):
            return mixed(value(p, at), sign, value(q, at))
    raise TypeError(t)


LEAVES: list[Term] = [
    a, b, x, y_hat, N("z", "i", "k"), N("w1"), N("theta"), TWO, num(3), num("1/2"), num(-2), num("0.25", 2), N("S_xy"), D(L, w), Match("i", "j"),
]  # fmt: skip


def grown(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    one, two, some = inner, st.tuples(inner, inner), st.lists(inner, min_size=2, max_size=3).map(tuple)
    condition = st.builds(Compare, inner, st.sampled_from(Compare.RELATIONS), inner)
    return st.one_of(
        some.map(Add),
        some.map(Mul),
        two.map(lambda p: Div(*p)),
        two.map(lambda p: Pow(*p)),
        one.map(Neg),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "tanh", "sigmoid", "abs", "relu", "log2"]), one).map(lambda p: Call(p[0], (p[1],))),
        two.map(lambda p: Call("max", p)),
        st.tuples(st.sampled_from(["i", "k"]), one).map(lambda p: Sum(*p)),
        one.map(lambda p: D(p, w)),
        st.tuples(inner, condition, inner).map(lambda p: Cases(((p[0], p[1]),), p[2])),
    )


TERMS = st.recursive(st.sampled_from(LEAVES), grown, max_leaves=9)

PRINTERS: dict[str, Callable[[Term], str]] = {
    "ascii": to_ascii,
    "unicode": lambda t: to_unicode(layout(t)),
    "latex": lambda t: to_latex(layout(t)),
}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TERMS)
def test_what_is_printed_is_read_back_with_the_same_meaning(t: Term) -> None:
    for form, write in PRINTERS.items():
        text = write(t)
        back = read(text, "latex" if form == "latex" else "ascii", declared=names(t) | {"L", "w"})
        assert value(back, {}) == value(t, {}), f"{form}: {text} was read as {back}"


@pytest.mark.parametrize("write", [*PRINTERS.values(), lambda t: to_speech(layout(t))], ids=[*PRINTERS, "speech"])
def test_no_two_small_terms_of_different_meaning_look_or_sound_the_same(write: Callable[[Term], str]) -> None:
    small: list[Term] = [x, TWO, a]
    one: list[Callable[[Term], Term]] = [Neg, lambda p: Call("log", (p,)), lambda p: Sum("i", p), lambda p: Call("exp", (p,)), lambda p: Call("sqrt", (p,))]
    two: list[Callable[[Term, Term], Term]] = [lambda p, q: Add((p, q)), lambda p, q: Mul((p, q)), Div, Pow]
    once = small + [f(p) for f in one for p in small] + [f(p, q) for f in two for p, q in product(small, small)]
    twice = once + [f(p) for f in one for p in once] + [f(*pair) for f in two for p, q in product(once, small) for pair in ((p, q), (q, p))]
    meanings = defaultdict(set)
    for t in twice:
        meanings[write(t)].add(value(t, {"i": 1}))
    assert [text for text, found in meanings.items() if len(found) > 1] == []
    assert len(meanings) > 800


def as_read(t: Term) -> Term:
    """t without what the reader does not keep: sums and products come flat, −3 is a minus and a 3, 1/3 a quotient, ∂ and d are one."""
    match t:
        case Num(v) if v < 0:
            return Neg(as_read(Num(-v)))
        case Num(v) if 10**18 % v.denominator:
            return Div(Num(Fraction(v.numerator)), Num(Fraction(v.denominator)))
        case D(of, by):
            return D(as_read(of), by)
    inside = [as_read(c) for c in children(t)]
    return add(*inside) if isinstance(t, Add) else mul(*inside) if isinstance(t, Mul) else rebuild(t, inside)


def test_determinants_and_inverses_are_typed_with_the_letters_they_run_over() -> None:
    assert to_ascii(Det("j", "j'", A)) == "det_{j,j'}(A_jj')"
    assert to_ascii(Inverse("h", "j", "j", "j'", A)) == "inv_{h,j,j,j'}(A_jj')"


READABLE = [row[0] for row in TABLE if not isinstance(row[0], Compare) and names(row[0]) != {"z"}]  # c is an index only where it is declared


@pytest.mark.parametrize("t", READABLE, ids=map(to_ascii, READABLE))
def test_ascii_is_read_back_as_the_same_tree(t: Term) -> None:
    assert as_read(read(to_ascii(t), "ascii", declared=names(t) | {"L"})) == as_read(t)


# ---------------------------------------------------------------- speech

SPOKEN: list[tuple[Term, str]] = [
    (Mul((Div(TWO, n), Sum("i", u * x))), "two over n times the sum over i of u sub i times x sub i"),
    (Compare(D(L, w), "=", Div(TWO, n)), "the partial derivative of L with respect to w equals two over n"),
    (y_hat, "y hat sub i"),
    (2 * u / n, "the fraction two times u sub i over n, end fraction"),
    (w * (a + b), "w times open bracket a plus b close bracket"),
    (Sum("i", u) + 1, "the sum over i of u sub i, end sum, plus one"),
    (call("log", a + b), "log of open bracket a plus b close bracket"),
    (call("sqrt", a + b), "the square root of a plus b, end root"),
    (x**2, "x sub i squared"),
    (Pow(a, n - 1), "a to the power n minus one, end power"),
    (call("exp", Neg(a)), "e to the power minus a"),
    (D(D(L, w), w), "the second partial derivative of L with respect to w, twice"),
    (N("S_xy"), "S sub x y"),
    (N("theta0") - N("lambda"), "theta sub 0 minus lambda"),
    (N("K", "i", "i'"), "K sub i i prime"),
    (call("abs", a), "the absolute value of a"),
    (N("W1", "j", "h"), "W 1 sub j h"),
    (Det("j", "j'", A), "the determinant of matrix A"),
    (Inverse("j", "j'", "j", "j'", A), "entry j j prime of the inverse of matrix A"),
    (Cases(((a, Compare(a, ">", ZERO)),), ZERO), "a if a is greater than zero, and zero otherwise, end of cases"),
]


@pytest.mark.parametrize(("t", "said"), SPOKEN, ids=[row[1] for row in SPOKEN])
def test_a_term_is_said_as_a_person_reads_it_out(t: Term, said: str) -> None:
    assert to_speech(layout(t)) == said


SPOKEN_IN_MATRICES: list[tuple[Term, str]] = [
    (Sum("i", N("X", "i", "j") * N("delta1", "i", "h")), "matrix X transpose times matrix Delta 1"),
    (Sum("j'", Inverse("j", "j'", "j", "j'", A) * N("b", "j'")), "the inverse of matrix A times vector b"),
    (Sum("j", N("A", "j", "j")), "the trace of matrix A"),
    (Sum("j", N("A", "j", "j") * N("w", "j")), "the diagonal of matrix A transpose times vector w"),
    (N("w", "j") * Match("j", "j'"), "the diagonal matrix of vector w"),
    (A + N("lam") * Match("j", "j'"), "matrix A plus lambda times the identity matrix"),
    (Sum("i", Sum("j", N("X", "i", "j") ** 2)), "the Frobenius norm of matrix X squared"),
    (Sum("i", u), "the vector of ones transpose times vector u"),
    (u**2, "vector u squared, entry by entry,"),
    (D(L, N("W1", "j", "h")), "the gradient, with respect to matrix W 1, of L"),
    (D(D(L, N("w", "j")), N("w", "j'")), "the Hessian, with respect to vector w, of L"),
    (Cases(((ONE, Compare(u, ">", ZERO)),), ZERO), "one where vector u is greater than zero, and zero elsewhere,"),
]


@pytest.mark.parametrize(("t", "said"), SPOKEN_IN_MATRICES, ids=[row[1] for row in SPOKEN_IN_MATRICES])
def test_a_matrix_form_is_said_as_a_person_reads_it_out(t: Term, said: str) -> None:
    assert to_speech(layout(t, "matrix")) == said


@pytest.mark.parametrize("f", sorted(FUNCTIONS))
def test_every_function_of_the_language_is_printed_in_every_form(f: str) -> None:
    t = Call(f, tuple(N(s) for s in "pq"[: FUNCTIONS[f].arity]))
    shape = layout(t)
    assert read(to_ascii(t), declared={"p", "q"}) == t
    assert read(to_unicode(shape), "ascii", declared={"p", "q"}) == t
    assert read(to_latex(shape), "latex", declared={"p", "q"}) == t
    assert "operatorname" not in to_latex(shape)
    assert "{" not in to_speech(shape)
    core_only(to_mathml(to_latex(shape)))


# ---------------------------------------------------------------- one sample, matrices

SAMPLE = [
    (2 * u / n, "2 u"),
    (Mul((Div(TWO, n), Sum("i", residual * x))), "2 (w x + b - y) x"),
    (Div(Sum("i", u**2), n), "u^2"),
    (Div(a, ONE), r"\frac{a}{1}"),
    (Mul((Match("i", "i'"), x)), "x"),
    (Sum("j", N("x", "i", "j") * N("w", "j")), r"\sum_j x_j w_j"),
    (y_hat - y, r"\hat{y} - y"),
]


@pytest.mark.parametrize(("t", "latex"), SAMPLE, ids=[row[1] for row in SAMPLE])
def test_at_one_sample_the_index_and_the_count_are_gone(t: Term, latex: str) -> None:
    assert to_latex(layout(t, "sample")) == latex


def test_one_sample_has_the_value_of_the_sum_over_a_single_one() -> None:
    t = Mul((Div(TWO, n), Sum("i", residual * x)))
    w_, b_, x_, y_ = 3, 5, 7, 11
    by_hand = 2 * (w_ * x_ + b_ - y_) * x_
    alone = one_sample(t)
    assert by_hand == number_at(alone, {"w": w_, "b": b_, "x": x_, "y": y_})


def number_at(t: Term, at: dict[str, int]) -> Fraction:
    match t:
        case Num(v):
            return v
        case Name(symbol, ()):
            return Fraction(at[symbol])
        case Add(ts):
            return sum((number_at(s, at) for s in ts), Fraction(0))
        case Neg(p):
            return -number_at(p, at)
        case Mul(fs):
            out = Fraction(1)
            for f in fs:
                out *= number_at(f, at)
            return out
    raise TypeError(t)


X, V, G, T, P = (N(s, *i) for s, i in (("x", "ij"), ("V", "jh"), ("g", "ih"), ("t", "ik"), ("p", "ik")))
MATRIX = [
    (Sum("i", u * x), "uᵀ x"),
    (Sum("i", u), "𝟏ᵀ u"),
    (Sum("i", u**2), "‖u‖²"),
    (Mul((Div(TWO, n), Sum("i", u * X))), "(2/n) Xᵀ u"),
    (Sum("i", X * G), "Xᵀ G"),
    (Sum("j", X * N("w", "j")) + b, "X w + b 𝟏"),
    (call("tanh", Sum("j", X * V) + N("c", "h")), "tanh(X V + 𝟏 cᵀ)"),
    (G * (1 - N("a", "i", "h") ** 2), "G ⊙ (𝟏 𝟏ᵀ − A^(⊙2))"),
    (u * N("v", "h"), "u vᵀ"),
    (D(L, V), "∇_V L"),
    (Neg(Div(Sum("i", Sum("k", T * call("log", P))), n)), "−(1/n) 𝟏ᵀ (T ⊙ log(P)) 𝟏"),
    (Sum("j", Sum("h", V**2)), "‖V‖_F²"),
    (2 * u / n, "(2/n) u"),
    (y / y_hat, "y ⊘ ŷ"),
    (D(L, w), "∂L/∂w"),
    (Match("i", "j") * u, "[i = j] uᵢ"),  # no matrix form: as written
]


@pytest.mark.parametrize(("t", "unicode"), MATRIX, ids=[row[1] for row in MATRIX])
def test_a_contraction_is_a_product_of_arrays(t: Term, unicode: str) -> None:
    assert to_unicode(layout(t, "matrix")) == unicode


def test_both_sides_of_an_equation_can_be_given_the_same_axes() -> None:
    W = N("W", "k", "j")
    left, right = D(L, W), Sum("i", N("g", "i", "k") * X)
    assert [to_unicode(layout(t, "matrix", axes=("k", "j"))) for t in (left, right)] == ["∇_W L", "Gᵀ X"]
    assert [to_unicode(layout(t, "matrix")) for t in (left, right)] == ["(∇_W L)ᵀ", "Xᵀ G"]


def test_a_capital_letter_that_is_taken_is_not_used_for_a_matrix() -> None:
    assert to_latex(layout(X * N("X"), "matrix")) == r"X \mathbf{x}"


# ---------------------------------------------------------------- MathML

# The elements of MathML Core, read off https://www.w3.org/TR/mathml-core/, section 3 (those that are not for legacy content).
CORE = set(
    re.findall(
        r"\w+",
        "math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle merror mpadded mphantom msub msup msubsup munder mover munderover mmultiscripts "
        "mprescripts mtable mtr mtd semantics annotation",
    )
)
NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


def core_only(mathml: str) -> ElementTree.Element:
    """The MathML, parsed; elements of Core alone, no attribute that could run, link or style."""
    tree = ElementTree.fromstring(mathml)
    for e in tree.iter():
        assert e.tag.removeprefix(NAMESPACE) in CORE
        assert not {k for k in e.attrib if k.startswith("on") or k in ("style", "href", "columnalign", "mathcolor")}
        assert e.get("mathvariant", "normal") == "normal"
    return tree


@pytest.mark.parametrize("latex", [row[1] for row in TABLE] + [to_latex(layout(t, "matrix")) for t, _ in MATRIX])
def test_every_formula_becomes_core_mathml(latex: str) -> None:
    for display in (False, True):
        tree = core_only(to_mathml(latex, display))
        assert "\\" not in "".join(tree.itertext())
        assert tree.get("display") == ("block" if display else "inline")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(TERMS)
def test_any_layout_becomes_core_mathml(t: Term) -> None:
    core_only(to_mathml(to_latex(layout(t))))


def bare(mathml: str) -> str:
    """Without the wrapping <math …>."""
    return re.sub(r"^<math[^>]*?(?:/>|>)|</math>$", "", mathml)


PIECES = [
    (r"\hat{y}_i", '<msub><mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover><mi>i</mi></msub>'),
    (r"\mathrm{MSE}", "<mi>MSE</mi>"),
    (r"\mathrm{d}", '<mi mathvariant="normal">d</mi>'),
    (r"\mathbf{x}", "<mi>𝐱</mi>"),
    (r"\sum_i u", "<munder><mo>∑</mo><mi>i</mi></munder><mi>u</mi>"),
    (r"\text{95\%, fy\_gpa}", "<mtext>95%, fy_gpa</mtext>"),
    (r"-a", '<mo form="prefix">−</mo><mi>a</mi>'),
    (r"= -a", '<mo>=</mo><mo form="prefix">−</mo><mi>a</mi>'),
    (r"L := a", "<mi>L</mi><mo>:=</mo><mi>a</mi>"),
    (r"\log p", '<mi>log</mi><mo>\u2061</mo><mspace width="0.167em" /><mi>p</mi>'),
    (r"\boxed{a}", '<mrow class="boxed"><mi>a</mi></mrow>'),
    (r"a \lt b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    (r"2 mm", "<mn>2</mn><mi>m</mi><mi>m</mi>"),
    ("", ""),
]


@pytest.mark.parametrize(("latex", "mathml"), PIECES, ids=[row[0] for row in PIECES])
def test_what_latex2mathml_breaks_is_put_right(latex: str, mathml: str) -> None:
    found = bare(to_mathml(latex))
    assert found == mathml


@pytest.mark.parametrize("latex", [r"\max_k z", r"\lim_{h \to 0} f", r"\operatorname*{arg\,min}_w L", r"\frac{1}{n} \sum_i \sum_j u"])
def test_limits_stand_under_their_operator(latex: str) -> None:
    tags = [e.tag.removeprefix(NAMESPACE) for e in core_only(to_mathml(latex)).iter()]
    assert tags.count("munder") == latex.count("_")
    assert "msub" not in tags


REFUSED = [
    r"\nosuch x", r"\frac{a}{b", r"\frac{a}", "a}", "{a", "x_", "x^", "x^^2", "x_1_2", "x^12", r"\frac12", r"\sqrt", r"\left( a", r"a \right)",
    r"\left a", "a & b", r"a \\ b", r"\begin{align} a \end{align}", r"\begin{cases} a", r"\href{https://x}{y}", r"\color{red} a", r"\class{a}{b}",
    r"\style{a}{b}",
    r"\newcommand{\a}{b}", r"\def\a{b}", r"\text{\href{a}{b}}", r"\text{a", "ŷ", "\ue000", "_i", "'", "<script>\x00", "{" * 10_000, "a" * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("latex", REFUSED, ids=[r[:24].encode("ascii", "backslashreplace").decode() for r in REFUSED])
def test_latex_outside_the_subset_is_refused_and_not_guessed(latex: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        to_mathml(latex)


def test_a_table_aligns_its_cells_and_keeps_its_rows_apart() -> None:
    tree = core_only(mathml_table([(r"\frac{\partial L}{\partial w}", "= a"), ("", "= b")]))
    rows = tree.findall(f".//{NAMESPACE}mtr")
    assert [[c.get("class") for c in row] for row in rows] == [["right", "left"], ["right", "left"]]
    assert ["".join(c.itertext()) for c in rows[1]] == ["", "=b"]


# ---------------------------------------------------------------- hostile names and text

HOSTILE = [
    "<svg/onload=alert(1)>", "</math><script>alert(1)</script>", '" onmouseover="x', "&lt;b&gt;", r"\href{javascript:x}{y}", r"}\input{/etc/passwd}{",
    "50% of #1 & $2_3 ^ ~ {a}", "^^41", r"\\", "a$b$c", "\ue000", "x\u0000y", "é", "\ud800", "%", "_", "{", "}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_and_names_cannot_break_out(text: str) -> None:
    for shape in (Words(text), layout(Name(text)), layout(Name("x", (text,))), layout(Name(f"x_{text}")), layout(Call(text, (a,)))):
        latex = to_latex(shape)
        assert re.sub(r"\\[{}\\]", "", latex).count("{") == re.sub(r"\\[{}\\]", "", latex).count("}")
        assert not re.search(r"(?<!\\)[$%#&]", latex)
        assert not re.search(r"\\(href|input)", latex)
        core_only(to_mathml(latex))
        assert to_unicode(shape)
        assert to_speech(shape)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_running_text_arrives_in_mathml_as_it_was(text: str) -> None:
    tree = core_only(to_mathml(to_latex(Words(text))))
    assert "".join(tree.itertext()).strip("\u00a0") == re.sub("[\ufffe\uffff]", "\ufffd", text).strip()


LONG = [
    # (term, notation, columns, parts)
    (a + b + n + w, "sum", 4, ["a", "+ b", "+ n", "+ w"]),
    (a + b + n + w, "sum", 8, ["a + b", "+ n + w"]),
    (Mul((N("u"), a + b, n + w)), "sum", 9, ["u (a + b)", "· (n + w)"]),
    (Mul((a, b + n + w)), "sum", 9, ["a (b + n", "+ w)"]),
    (Sum("i", Mul((x, u, y, y_hat))), "sum", 7, ["Σᵢ xᵢ uᵢ", "· yᵢ ŷᵢ"]),
    (Pow(a + b + n, TWO) * w, "sum", 7, ["(a + b", "+ n)² w"]),
    (Mul((Div(TWO, n), Sum("i", (u - y) * N("X", "i", "j")))), "matrix", 9, ["(2/n) Xᵀ", "· (u − y)"]),
    (call("log", a + b), "sum", 3, ["log(a + b)"]),  # there is no place to cut
]


@pytest.mark.parametrize(("t", "notation", "columns", "parts"), LONG, ids=[" | ".join(row[3]) for row in LONG])
def test_a_long_formula_is_cut_where_it_reads_best(t: Term, notation: Notation, columns: int, parts: list[str]) -> None:
    shown = split_formula(layout(t, notation), columns)
    assert [to_unicode(part).strip() for part in shown] == parts
    for part in shown:
        core_only(to_mathml(to_latex(part)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TERMS, st.integers(5, 40))
def test_a_formula_that_is_cut_keeps_every_mark(t: Term, columns: int) -> None:
    whole = layout(t)
    parts = split_formula(whole, columns)
    marks = [re.sub(r"[\s·()]", "", s) for s in (to_unicode(whole), "".join(map(to_unicode, parts)))]
    assert marks[0] == marks[1]
    assert len(parts) == 1 or drawn(whole) > columns


def test_a_relation_is_laid_out_between_two_layouts() -> None:
    shape = relation(layout(N("w_new")), "←", Row((layout(w), Op("−", "sum"), layout(N("eta") * D(L, w)))))
    assert to_unicode(shape) == "w_new ← w − η ∂L/∂w"
    assert to_latex(shape) == r"w_{\mathrm{new}} \leftarrow w - \eta \frac{\partial L}{\partial w}"
    assert to_speech(shape) == "w sub new becomes w minus eta times the partial derivative of L with respect to w"


def test_a_typical_formula_is_laid_out_and_printed_within_a_millisecond() -> None:
    t = Mul((Div(TWO, n), Sum("i", residual * x)))

    def one() -> float:
        start = time.perf_counter()
        to_latex(layout(t))
        return time.perf_counter() - start

    assert min(one() for _ in range(50)) < 1e-3


@pytest.mark.parametrize(
    ("text", "latex", "plain", "said"),
    [
        ("X^T y", r"X^{\top} y", "Xᵀ y", "X transpose times y"),
        (r"\|y - X w\|^2", r"\left\| y - X w \right\|^2", "‖y − X w‖²", "the norm of y minus X times w, end norm squared"),
        (r"(a - y) \odot b", r"(a - y) \odot b", "(a − y) ⊙ b", "open bracket a minus y close bracket times, entry by entry, b"),
        (r"X^T (a \odot b)", r"X^{\top} (a \odot b)", "Xᵀ (a ⊙ b)", "X transpose times open bracket a times, entry by entry, b close bracket"),
        (r"\frac{1}{n} \sum u^2", r"\frac{1}{n} \sum u^2", "(1/n) Σ u²", "one over n times the sum of u squared"),
        (r"(\sum x)^2", r"\left(\sum x\right)^2", "(Σ x)²", "open bracket the sum of x close bracket squared"),
        (r"\nabla L", r"\nabla L", "∇L", "the gradient of L"),
        (r"\|w\|_1", r"\left\| w \right\|_1", "‖w‖₁", "the one norm of w"),
    ],
)  # fmt: skip
def test_what_people_write_of_arrays_is_set_as_they_write_it(text: str, latex: str, plain: str, said: str) -> None:
    term = read_line(text, "latex")[0].members[0].term
    shown = layout(term)
    assert (to_latex(shown), to_unicode(shown), to_speech(shown)) == (latex, plain, said)
    assert read_line(to_latex(shown), "latex")[0].members[0].term == term


@pytest.mark.parametrize(
    ("symbol", "latex", "plain", "said"),
    [
        ("learning_rate", r"\text{learning rate} \cdot \mathrm{slope}", "learning rate · slope", "learning rate times slope"),
        ("w_new", r"w_{\mathrm{new}} \, \mathrm{slope}", "w_new slope", "w sub new times slope"),
        ("sat_sum", r"\mathrm{sat}_{\mathrm{sum}} \cdot \mathrm{slope}", "sat_sum · slope", "sat sub sum times slope"),
        ("loss_hat", r"\widehat{\mathrm{loss}} \cdot \mathrm{slope}", None, "loss hat times slope"),
    ],
)  # fmt: skip
def test_whole_words_joined_by_an_underscore_are_one_name_and_a_dot_keeps_words_apart(symbol: str, latex: str, plain: str | None, said: str) -> None:
    shape = layout(N(symbol) * N("slope"))
    assert (to_latex(shape), to_speech(shape)) == (latex, said)
    assert plain is None or to_unicode(shape) == plain
    assert read_line(to_latex(shape), "latex")[0].members[0].term == N(symbol) * N("slope")


def test_a_letter_with_a_number_below_another_is_a_letter_and_a_number() -> None:
    shape = layout(N("g_theta1"))
    assert (to_latex(shape), to_unicode(shape), to_speech(shape)) == (r"g_{\theta 1}", "g_θ1", "g sub theta 1")
    assert "<mi>θ</mi><mn>1</mn>" in to_mathml(to_latex(shape))
    assert read(to_latex(shape), "latex") == N("g_theta1")
