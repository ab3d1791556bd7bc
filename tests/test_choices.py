"""The reader's choices: whatever marks and letters a page is written in, `symgd check` reads every line of it and finds it right."""

from __future__ import annotations

import pytest

import symgd
from symgd.commands import _renamed, halved
from symgd.document.formats import render
from symgd.handcalc.judge import check
from symgd.term import D, Name
from symgd.typeset import to_latex, to_unicode
from symgd.typeset.layout import Derivatives, layout

L, W, U = Name("L"), Name("w"), Name("u", ("i",))


@pytest.mark.parametrize("name", ["line-mse", "line-ridge"])
@pytest.mark.parametrize("marks", ["partial", "leibniz", "prime", "nabla"])
@pytest.mark.parametrize(("names", "count", "rate"), [("", "n", "alpha"), ("m,c", "N", "eta"), ("theta", "m", "eta"), ("beta", "n", "alpha")])
def test_a_page_in_any_marks_and_letters_passes_the_check_of_hand_calculations(name: str, marks: Derivatives, names: str, count: str, rate: str) -> None:
    gradient = symgd.derive(_renamed(symgd.problem(name), names, count))
    verdict = check(render(symgd.explain(gradient, "brief", derivatives=marks, alpha=rate), "markdown"), name="page.md")
    assert {f.verdict for f in verdict.findings} <= {"given", "right"}
    assert len(verdict.findings) > 15


@pytest.mark.parametrize(
    ("term", "marks", "latex", "text"),
    [
        (D(L, W), "prime", r"L^{\prime}(w)", "L′(w)"),
        (D(L, W), "nabla", r"\nabla_w L", "∇_w L"),
        (D(L, W), "leibniz", r"\frac{\mathrm{d} L}{\mathrm{d} w}", "dL/dw"),
        (D(U, W, partial=True), "prime", r"u_i^{\prime}(w)", "uᵢ′(w)"),
        (D(D(L, W), W), "prime", r"L^{\prime\prime}(w)", "L′′(w)"),
        (D(D(L, W), Name("b")), "prime", r"\frac{\partial^2 L}{\partial b \, \partial w}", "∂²L/∂b∂w"),  # has no form with primes
    ],
)
def test_a_derivative_is_marked_as_chosen(term: D, marks: Derivatives, latex: str, text: str) -> None:
    assert to_latex(layout(term, derivatives=marks)) == latex
    assert to_unicode(layout(term, derivatives=marks)) == text


@pytest.mark.parametrize(
    ("name", "expected"), [("line-mse", "line-half-mse"), ("plane-mse", "plane+half-squared"), ("plane+squared+ridge", "plane+half-squared+ridge")]
)
def test_a_half_goes_in_front_of_a_squared_loss(name: str, expected: str) -> None:
    assert halved(name) == expected
    assert symgd.derive(symgd.problem(expected)).proved


def test_with_a_half_the_slope_is_half_of_what_it_was() -> None:
    whole, half = (symgd.compile(symgd.derive(symgd.problem(n))) for n in ("line-mse", halved("line-mse")))
    x, y = [1.0, 2.0, 4.0], [3.0, 5.0, 4.0]
    assert half.gradient(0.5, 0.25, x=x, y=y).w == pytest.approx(whole.gradient(0.5, 0.25, x=x, y=y).w / 2, rel=1e-15)
