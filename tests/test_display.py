"""How every public object shows itself: in 80 columns of a terminal, and in a notebook as Markdown and LaTeX whose formulas parse, never as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import symgd
from symgd.document import shown
from symgd.document.page import Heading, Note, Page, Picture, Prose
from symgd.document.plain import width
from symgd.hessian import curvature
from symgd.numeric.gradcheck import check_gradient
from symgd.stationary import closed_form
from symgd.typeset import to_mathml
from tests.pages import SVG, WHOLE
from tests.test_typeset import core_only

X = np.linspace(0.0, 5.0, 60)
Y = 2 * X + np.where(np.arange(60) % 2, 1.25, 0.75)
LONG = np.linspace(-1.0, 1.0, 10_000)
EXPRESSION = "sin(x)^2*exp(-x^2/2)/(1+x^2) + log(1+exp(x))*tanh(x^3) - sqrt(x^2+1)"
HOSTILE = "$x$ <script>alert(1)</script> ` \\(a\\) | " + "m" * 400
WORKING = "dL/dw = (2/n) sum u_i x_i\n\ndL/db = (2/n) sum u_i^2\n"


@cache
def gradient(name: str = "line-mse") -> Any:
    return symgd.derive(symgd.problem(name))


@cache
def function(name: str = "line-mse") -> Any:
    return symgd.compile(gradient(name))


@cache
def verdict() -> Any:
    return symgd.check(WORKING, "line-mse")


def network() -> Any:
    return gradient("network-5-hidden-mse")


# Whatever the functions of `symgd` return, and what stands in it; then the extremes.
OBJECTS: dict[str, Callable[[], Any]] = {
    "problem": lambda: symgd.problem("line-mse"),
    "gradient": gradient,
    "derivation": lambda: gradient().of("w"),
    "step": lambda: gradient().of("w").steps[0],
    "step with a condition": lambda: next(s for d in gradient("lasso").tape for s in d.steps if s.where),
    "differentiate": lambda: symgd.differentiate("x^2", "x"),
    "page": lambda: symgd.explain(gradient(), "brief"),
    "function": function,
    "bound": lambda: function().bind(x=X, y=Y),
    "bound arrays": lambda: function("plane-mse").bind(X=X[:, None], y=Y),
    "closed form": lambda: symgd.closed_form(gradient()),
    "closed form, symbolic": lambda: closed_form(gradient()),
    "closed form of arrays": lambda: symgd.closed_form(gradient("ridge")),
    "no closed form": lambda: symgd.closed_form(gradient("line-mae")),
    "curve": lambda: symgd.curvature(gradient()),
    "curvature": lambda: curvature(gradient()),
    "rates": lambda: symgd.curvature(gradient()).rates(x=X),
    "trace": lambda: symgd.descend(function(), x=X, y=Y),
    "gradient check": lambda: check_gradient(function(), x=X, y=Y),
    "check, proved": lambda: symgd.equal("(a+b)^2", "a^2+2*a*b+b^2"),
    "check, refuted": lambda: symgd.equal("x^2", "2x"),
    "verdict": verdict,
    "finding": lambda: verdict().findings[0],
    "wrong finding": lambda: verdict().findings[1],
    "slip": lambda: verdict().findings[1].slips[0],
    "read derivation": lambda: symgd.read_derivation(_json()),
    # extremes
    "a network": network,
    "a network's problem": lambda: network().problem,
    "a network's derivation": lambda: network().of("W1"),
    "a network's function": lambda: function("network-5-hidden-mse"),
    "a network's closed form": lambda: symgd.closed_form(network()),
    "a network's curvature": lambda: symgd.curvature(network()),
    "softmax's curvature": lambda: symgd.curvature(gradient("softmax-cross-entropy")),
    "10,000 rows": lambda: function().bind(x=LONG, y=LONG),
    "a trace of 10,000 rows": lambda: symgd.descend(function(), x=LONG, y=LONG + 1.0),
    "a diverged trace": lambda: symgd.descend(function(), x=X, y=Y, rate=1e6),
    "a trace that leaves the numbers": lambda: symgd.descend(function(), x=X, y=Y, rate=1e200),
    "a trace of 200 parameters": lambda: symgd.descend(function("plane-mse"), X=np.vander(X / 5, 200), y=Y, max_iterations=3),
    "a wide derivation": lambda: symgd.differentiate(EXPRESSION, "x"),
    "every block": lambda: WHOLE,
    "hostile text": lambda: Page((HOSTILE,), (Heading(1, (HOSTILE,)), Prose((HOSTILE,)), Note((HOSTILE,)), Picture(SVG, HOSTILE, HOSTILE))),
}


def _json() -> str:
    from symgd.records import to_json

    return to_json(gradient())


@cache
def made(name: str) -> Any:
    return OBJECTS[name]()


@cache
def bundle(name: str) -> dict[str, str]:
    found: dict[str, str] = made(name)._repr_mimebundle_(include=None, exclude=None)
    return found


@pytest.mark.parametrize("name", OBJECTS)
def test_in_a_terminal_an_object_is_read_in_80_columns(name: str) -> None:
    text = repr(made(name))
    assert text.strip()
    assert max(map(width, text.split("\n"))) <= 80
    assert not re.search(r"object at 0x|\b(?:Name|Mul|Add|Sum|Num|Fraction|Derivation|array)\(|<class|Traceback", text)


@pytest.mark.parametrize("name", OBJECTS)
def test_in_a_notebook_an_object_is_text_markdown_and_latex(name: str) -> None:
    assert set(bundle(name)) == {"text/plain", "text/markdown", "text/latex"}
    assert bundle(name)["text/plain"] == repr(made(name))
    assert bundle(name)["text/latex"].isascii()
    assert not re.search(r"<(?!/?(?:span|details|summary)>)", re.sub(r"```.*?```|(`+)[^`].*?\1", "", bundle(name)["text/markdown"], flags=re.DOTALL))


FORMULA = re.compile(r"(?<![\\$>])\$\$\n(.*?)\n\$\$(?!\$)|(?<![\\$>`])\$([^$\n]+?)(?<!\\)\$", re.DOTALL)


def formulas(markdown: str) -> list[str]:
    """Each cell of each formula: rows and columns apart, numbers and spaces between them left out."""
    out = []
    for m in FORMULA.finditer(re.sub(r"```.*?```|(?<!`)(`+)[^`].*?\1", "", markdown, flags=re.DOTALL)):
        text = re.sub(r"\\(?:begin|end)\{aligned\}|\\tag\{[^}]*\}|\\qquad", " ", m[1] or m[2])
        out += [cell.strip() for row in re.split(r"\\\\", text) for cell in re.split(r"(?<!\\)&", row) if cell.strip()]
    return out


@pytest.mark.parametrize("name", [name for name in OBJECTS if name != "hostile text"])
def test_every_formula_of_a_notebook_parses(name: str) -> None:
    for formula in formulas(bundle(name)["text/markdown"]):
        if not re.search(r"\\text\{", formula):
            core_only(to_mathml(formula))
        assert formula.count("{") == formula.count("}")


@pytest.mark.parametrize("name", ["gradient", "derivation", "closed form", "curvature", "a network", "verdict", "a wide derivation", "every block"])
def test_what_holds_formulas_shows_them_in_a_notebook(name: str) -> None:
    assert len(formulas(bundle(name)["text/markdown"])) >= 4


def test_a_named_tuple_keeps_its_own_words() -> None:
    slopes = function().gradient(1.0, 2.0, x=X, y=Y)
    assert re.fullmatch(r"Derivatives\(w=-?[\d.e+-]+, b=-?[\d.e+-]+\)", repr(slopes))
    assert repr(symgd.closed_form(gradient()).solve(x=[0, 1, 2], y=[1, 3, 5])) == "Solution(w=Fraction(2, 1), b=Fraction(1, 1))"


def test_a_definition_is_read_on_one_line() -> None:
    assert list(map(repr, gradient().problem.tape)) == ["ŷᵢ := w xᵢ + b", "uᵢ := ŷᵢ − yᵢ", "L := (1/n) Σᵢ uᵢ²"]


def test_a_picture_is_png_inside_the_markdown_and_its_description_alone_without_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(("t",), (Heading(1, ("h",)), Picture(SVG, "A line", "It rises."), Prose(("p",))))
    monkeypatch.setattr(shown, "png_if_any", lambda svg: b"\x89PNG")
    assert "![A line](data:image/png;base64,iVBORw==)\n\n**A line.** It rises." in page._repr_mimebundle_()["text/markdown"]  # type: ignore[attr-defined]
    monkeypatch.setattr(shown, "png_if_any", lambda svg: None)
    assert "data:" not in page._repr_mimebundle_()["text/markdown"]  # type: ignore[attr-defined]


def test_a_drawing_needs_typst_and_where_it_is_missing_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    assert shown.png_if_any(SVG) is None


def test_importing_symgd_draws_nothing_and_shows_nothing() -> None:
    import subprocess
    import sys

    program = "import sys, symgd; print(sorted({'typst', 'nbformat', 'symgd.document.to_notebook', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
