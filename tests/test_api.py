"""The Python names, as the README and other people's scripts use them."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import symgd
from symgd.catalogue import CATALOGUE, UnknownProblem
from symgd.reading import Unread
from symgd.rules import NoRule
from symgd.term import Name
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

RNG = np.random.default_rng(11)
X = RNG.normal(3.0, 2.0, 60)
Y = 1.5 * X - 4.0 + RNG.normal(0.0, 1.0, 60)


@pytest.fixture(scope="module")
def gradient():
    return symgd.derive(symgd.problem("line-mse"))


@pytest.fixture(scope="module")
def f(gradient):
    return symgd.compile(gradient)


def loss(w: float, b: float) -> float:
    return float(np.mean((w * X + b - Y) ** 2))


def slopes(w: float, b: float) -> tuple[float, float]:
    u = w * X + b - Y
    return float(2 * np.mean(u * X)), float(2 * np.mean(u))


# ---------------------------------------------------------------- names


def test_every_name_is_there_and_has_its_docstring() -> None:
    for name in symgd.__all__:
        assert getattr(symgd, name).__doc__
    assert set(symgd.__all__) <= set(dir(symgd))
    promised = "Problem problem derive explain write compile closed_form curvature descend differentiate equal"
    assert set(promised.split()) <= set(symgd.__all__)


def test_an_unknown_name_is_an_attribute_error_with_the_choices() -> None:
    with pytest.raises(AttributeError, match=r"symgd has no 'derivee'; it has Problem"):
        _ = symgd.derivee


@pytest.mark.parametrize(
    ("line", "loaded", "absent"),
    [
        ("import symgd; dir(symgd)", "symgd", ("sympy", "numpy", "flint")),
        ("import symgd; symgd.derive(symgd.problem('line-mse'))", "sympy", ("numpy",)),
        ("import symgd.gradients; dir(symgd.gradients)", "symgd", ("sympy", "numpy", "flint")),
        ("from symgd.gradients import line_mse", "numpy", ()),
        ("import symgd; symgd.problem('line-mse'), symgd.compile, symgd.equal, symgd.check", "symgd.api", ("sympy", "numpy", "flint")),
    ],
)
def test_imports_are_lazy(line: str, loaded: str, absent: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", f"{line}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, timeout=60, check=True)
    modules = set(done.stdout.split())
    assert loaded in modules
    assert not modules & set(absent)


# ---------------------------------------------------------------- problems, derivations, pages


def test_a_problem_by_name_and_the_same_from_text(gradient) -> None:
    own = symgd.Problem.from_text(let=["y_hat = w*x + b", "u = y_hat - y"], loss="u^2", parameters="w b", data="x y")
    derived = symgd.derive(own)
    assert [derived.of(p).result for p in "wb"] == [gradient.of(p).result for p in "wb"]
    assert derived.proved
    assert symgd.problem("line-mse") == symgd.problem("line-mse")


@pytest.mark.parametrize("name", ["line-msee", "", "LINE-MSE"])
def test_an_unknown_problem_is_a_key_error(name: str) -> None:
    with pytest.raises(UnknownProblem, match="there is no problem called") as caught:
        symgd.problem(name)
    assert isinstance(caught.value, KeyError)


def test_the_gradient_knows_its_derivations_by_name(gradient) -> None:
    assert gradient.of("w").name == "dL/dw"
    with pytest.raises(KeyError, match=r"no derivative by 'q'; there are w, b"):
        gradient.of("q")


@pytest.mark.parametrize(
    ("expression", "by", "result"),
    [
        ("sin(x)^2/x", "x", "sin(x) (2x cos x − sin x)/x²"), ("a*t^3", "t", "3a t²"), ("log(x^2 + 1)", "x", "2x/(x² + 1)"),
        (r"\frac{1}{1+e^{-z}}", "z", "e⁻ᶻ/(1 + e⁻ᶻ)²"), ("pi*r^2", "r", "2π r"),
    ],
)  # fmt: skip
def test_differentiate_gives_linked_proved_steps(expression: str, by: str, result: str) -> None:
    derivation = symgd.differentiate(expression, by)
    assert [s.before for s in derivation.steps[1:]] == [s.after for s in derivation.steps[:-1]]
    assert all(s.check.verdict == "proved" for s in derivation.steps)
    assert to_unicode(layout(derivation.result)) == result


@pytest.mark.parametrize(("expression", "by", "error"), [("x +", "x", Unread), ("floor(x)", "x", Unread), ("x", "2x", Unread), ("x/0", "x", ValueError)])
def test_differentiate_refuses_what_it_cannot_read(expression: str, by: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        symgd.differentiate(expression, by)


def test_no_rule_is_an_error_that_names_the_function() -> None:
    from symgd.term import Call, Name

    with pytest.raises(NoRule, match="bessel"):
        symgd.differentiate(Call("bessel", (Name("x"),)), "x")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".tex", ".html"])
def test_a_page_is_written_in_the_format_of_the_suffix_once(gradient, tmp_path: Path, suffix: str) -> None:
    page, path = symgd.explain(gradient, detail="brief", title="Mine"), tmp_path / f"line{suffix}"
    symgd.write(page, str(path))
    assert "Mine" in path.read_text(encoding="utf-8")
    with pytest.raises(FileExistsError):
        symgd.write(page, str(path))
    symgd.write(page, str(path), force=True)


def test_an_unknown_suffix_or_detail_is_a_value_error(gradient, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the suffix '\.doc' .* names no format"):
        symgd.write(symgd.explain(gradient), str(tmp_path / "line.doc"))
    with pytest.raises(ValueError, match="no detail 'long'; there are brief, full, tutorial"):
        symgd.explain(gradient, detail="long")


def test_a_gradient_survives_its_json(gradient, tmp_path: Path) -> None:
    from symgd.cli import main

    assert main(["derive", "line-mse", "-o", str(tmp_path / "line.json")]) == 0
    assert symgd.read_derivation((tmp_path / "line.json").read_text(encoding="utf-8")) == gradient


# ---------------------------------------------------------------- functions


def test_loss_and_gradient_are_those_of_plain_numpy(f) -> None:
    assert f.loss(0.3, 0.2, x=X, y=Y) == pytest.approx(loss(0.3, 0.2), rel=1e-13)
    assert f.gradient(0.3, 0.2, x=X, y=Y) == pytest.approx(slopes(0.3, 0.2), rel=1e-12)
    value, both = f.loss_and_gradient(0.3, 0.2, x=X, y=Y)
    assert (value, both) == (f.loss(0.3, 0.2, x=X, y=Y), f.gradient(0.3, 0.2, x=X, y=Y))


def test_the_gradient_is_a_named_tuple_in_the_order_of_the_parameters(f) -> None:
    found = f.gradient(0.3, 0.2, x=X, y=Y)
    assert found._fields == ("w", "b")
    assert (found.w, found.b) == tuple(found)


def test_parameters_may_be_given_by_name_and_data_as_lists(f) -> None:
    assert f.loss(b=0.2, w=0.3, x=list(X), y=list(Y)) == f.loss(0.3, 0.2, x=X, y=Y)


def test_bound_to_data_the_values_stay(f) -> None:
    g = f.bind(x=X, y=Y)
    assert g.loss(0.3, 0.2) == pytest.approx(loss(0.3, 0.2), rel=1e-13)
    assert g.gradient(0.3, 0.2) == pytest.approx(slopes(0.3, 0.2), rel=1e-12)
    assert g.loss_and_gradient(0.3, 0.2)[1]._fields == ("w", "b")


def test_fun_and_jac_serve_a_minimiser_on_a_flat_vector(f) -> None:
    g = f.bind(x=X, y=Y)
    theta = np.array([5.0, 5.0])
    assert isinstance(g.fun(theta), float)
    assert g.jac(theta).shape == (2,)
    step = 1e-3
    for _ in range(3):  # Newton's method, its Hessian from differences of jac: exact for a parabola but for rounding
        hessian = np.array([(g.jac(theta + e) - g.jac(theta - e)) / (2 * step) for e in step * np.eye(2)])
        theta = theta - np.linalg.solve(hessian, g.jac(theta))
    assert theta == pytest.approx(np.polyfit(X, Y, 1), rel=1e-9)


def test_per_sample_has_one_gradient_a_row_whose_mean_is_the_gradient(f) -> None:
    rows = f.per_sample(0.3, 0.2, x=X, y=Y)
    u = 0.3 * X + 0.2 - Y
    assert rows.shape == (60, 2)
    np.testing.assert_allclose(rows, np.column_stack([2 * u * X, 2 * u]), rtol=1e-12)


def test_a_grid_of_parameters_gives_a_grid_of_losses(f) -> None:
    w, b = np.linspace(-1, 1, 5)[:, None], np.linspace(0, 2, 4)[None, :]
    found = f.loss(w, b, x=X, y=Y)
    assert found.shape == (5, 4)
    np.testing.assert_allclose(found, [[loss(p, q) for q in b[0]] for p in w[:, 0]], rtol=1e-11)
    assert f.gradient(w, b, x=X, y=Y).w.shape == (5, 4)


def test_weights_count_samples_several_times(f) -> None:
    k = RNG.integers(1, 4, 60)
    assert f.loss(0.3, 0.2, x=X, y=Y, weights=k) == pytest.approx(f.loss(0.3, 0.2, x=np.repeat(X, k), y=np.repeat(Y, k)), rel=1e-12)


def test_the_source_is_numpy_that_names_its_steps_and_runs_alone(f) -> None:
    assert re.search(r"dL_dw = .*# ∂L/∂w = \(2/n\) Σᵢ uᵢ xᵢ", f.source)
    alone = {}
    exec(f.source, alone)
    assert set(re.findall(r"^(?:import|from) (\w+)", f.source, re.MULTILINE)) == {"numpy"}
    assert alone["loss_and_gradient"](0.3, 0.2, X, Y)[0] == pytest.approx(loss(0.3, 0.2), rel=1e-13)


def test_an_unknown_target_is_refused_with_the_choices(gradient) -> None:
    with pytest.raises(ValueError, match="no target 'fortran'; there are numpy, numba, jax, torch, c, sympy"):
        symgd.compile(gradient, target="fortran")


def test_the_catalogue_is_importable_by_name(f) -> None:
    from symgd.gradients import line_mse

    assert line_mse.loss_and_gradient(0.3, 0.2, x=X, y=Y) == f.loss_and_gradient(0.3, 0.2, x=X, y=Y)


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_function_of_the_catalogue_has_the_slope_of_its_loss(name: str) -> None:
    """Along a random direction, by a central difference."""
    from symgd import gradients

    function = getattr(gradients, name.replace("-", "_"))
    rng = np.random.default_rng(4)

    def drawn(v: Name) -> np.ndarray:
        return rng.normal(0, 0.5, [{"i": 7, "j": 2, "k": 3}.get(a, 4) for a in v.indices])

    problem = function.derivation.problem
    data = {v.symbol: drawn(v) for v in problem.data}
    data |= {"y": (data["y"] > 0).astype(float)} if "y" in data else {"t": np.eye(3)[[0, 1, 2, 2, 1, 0, 2]]}
    point, way = ([drawn(v) for v in problem.parameters] for _ in range(2))
    slope = sum(np.sum(g * d) for g, d in zip(function.gradient(*point, **data), way, strict=True))
    up, down = (function.loss(*(p + h * d for p, d in zip(point, way, strict=True)), **data) for h in (1e-6, -1e-6))
    assert slope == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-8)


def test_gradients_without_such_a_name_say_which_there_are() -> None:
    with pytest.raises(ImportError):
        from symgd.gradients import line_msee  # type: ignore[attr-defined]  # noqa: F401


# ---------------------------------------------------------------- closed form, curvature, descent


def test_the_closed_form_is_exact(gradient) -> None:
    closed = symgd.closed_form(gradient)
    found = closed.solve(x=[Fraction(1), Fraction(2), Fraction(4)], y=[Fraction(1), Fraction(3), Fraction(4)])
    assert found == (Fraction(13, 14), Fraction(1, 2))
    assert (found.w, found.b) == found
    x, y = [Fraction(v) for v in X], [Fraction(v) for v in Y]
    w, b = closed.solve(x=X, y=Y)
    residual = [w * p + b - q for p, q in zip(x, y, strict=True)]
    assert sum(residual) == 0
    assert sum(u * p for u, p in zip(residual, x, strict=True)) == 0


def test_a_loss_without_closed_form_says_why() -> None:
    closed = symgd.closed_form(symgd.derive(symgd.problem("logistic-log-loss")))
    assert "not linear" in closed.why_not
    with pytest.raises(ValueError, match="there is no closed form"):
        closed.solve(x=X, y=Y)


def test_constant_data_have_no_closed_form(gradient) -> None:
    with pytest.raises(ValueError, match="S_xx > 0 is needed"):
        symgd.closed_form(gradient).solve(x=[2.0, 2.0], y=[1.0, 3.0])


def test_the_rate_bound_is_two_over_the_largest_eigenvalue(gradient) -> None:
    curve = symgd.curvature(gradient)
    hessian = 2 * np.array([[np.mean(X * X), np.mean(X)], [np.mean(X), 1.0]])
    small, large = np.linalg.eigvalsh(hessian)
    assert curve.convex == "yes"
    assert curve.rate_bound(x=X) == pytest.approx(2 / large, rel=1e-12)
    assert curve.best_rate(x=X) == pytest.approx(2 / (small + large), rel=1e-12)


def test_the_predicted_number_of_steps_is_about_what_it_takes(gradient, f) -> None:
    curve = symgd.curvature(gradient)
    predicted = curve.predicted_iterations(curve.best_rate(x=X), x=X, y=Y)
    walked = symgd.descend(f, x=X, y=Y, rate=curve.best_rate(x=X), max_iterations=predicted + 2, stop="never")
    gap = np.sqrt(np.mean((walked.point["w"] * X + walked.point["b"] - np.polyval(np.polyfit(X, Y, 1), X)) ** 2))
    assert gap < 3e-8 * np.std(Y)


@pytest.mark.parametrize("steps", [1, 7])
def test_the_descent_is_the_plain_loop(f, steps: int) -> None:
    trace = symgd.descend(f, x=X, y=Y, start=(0.5, -1.0), rate=0.02, max_iterations=steps)
    w, b = 0.5, -1.0
    for _ in range(steps):
        dw, db = slopes(w, b)
        w, b = w - 0.02 * dw, b - 0.02 * db
    assert trace.points[-1] == pytest.approx([w, b], rel=1e-11)
    assert len(trace.losses) == steps + 1
    assert trace.losses[-1] == pytest.approx(loss(w, b), rel=1e-10)


def test_the_automatic_rate_converges_to_the_closed_form(gradient, f) -> None:
    trace = symgd.descend(f, x=X, y=Y, start=(0, 0), rate="auto", max_iterations=5000)
    assert trace.stopped == "converged"
    assert list(trace.point.values()) == pytest.approx([float(v) for v in symgd.closed_form(gradient).solve(x=X, y=Y)], rel=1e-9)
    assert trace.gap < 1e-8 * np.std(Y)


# ---------------------------------------------------------------- equal


@pytest.mark.parametrize(
    ("left", "right", "domain", "verdict"),
    [("2*(a+b)", "2a+2b", None, "proved"), ("sqrt(x^2)", "x", {"x": "positive"}, "proved"), ("sqrt(x^2)", "x", None, "refuted"), ("a", "b", None, "refuted")],
)
def test_equal_is_a_check(left: str, right: str, domain: dict[str, str] | None, verdict: str) -> None:
    check = symgd.equal(left, right, domain=domain)
    assert check.verdict == verdict
    assert bool(check.witness) == (verdict == "refuted")


# ---------------------------------------------------------------- how objects show themselves


def objects() -> dict[str, object]:
    gradient = symgd.derive(symgd.problem("line-mse"))
    f = symgd.compile(gradient)
    return {
        "problem": gradient.problem, "gradient": gradient, "derivation": gradient.of("w"), "page": symgd.explain(gradient, "brief"),
        "check": symgd.equal("x^2", "2x"), "function": f, "bound": f.bind(x=X, y=Y), "closed form": symgd.closed_form(gradient),
        "no closed form": symgd.closed_form(symgd.derive(symgd.problem("line-mae"))), "curvature": symgd.curvature(gradient),
        "trace": symgd.descend(f, x=X, y=Y), "one derivative": symgd.differentiate("x^2", "x"),
    }  # fmt: skip


OBJECTS = objects()

SHOWN = {
    "problem": "A line, mean squared error\n\n"
    "  ŷᵢ := w xᵢ + b       the prediction\n  uᵢ := ŷᵢ − yᵢ        the residual\n   L := (1/n) Σᵢ uᵢ²   the mean squared error",
    "gradient": "A line, mean squared error\n\n  ∂L/∂w = (2/n) Σᵢ uᵢ xᵢ\n  ∂L/∂b = (2/n) Σᵢ uᵢ\n\nderived in 33 moves, all proved",
    "check": "refuted: at x = 0.8: 0.64 is not 1.6\n\none point suffices",
    "one derivative": "  d/dx (x²) = 2x dx/dx   power rule\n            = 2x · 1     identity\n            = 2x         arithmetic\n\n3 of 3 steps are proved",
    "bound": "line-mse bound to 60 rows: each call is made from moments, without the data",
}


@pytest.mark.parametrize(("name", "text"), SHOWN.items())
def test_an_object_reads_well_in_a_terminal(name: str, text: str) -> None:
    assert repr(OBJECTS[name]) == text


@pytest.mark.parametrize("name", OBJECTS)
def test_no_repr_names_a_class_or_an_address(name: str) -> None:
    assert not re.search(r"\w+\(\w+=|object at 0x|Name\(|<class", repr(OBJECTS[name]))


@pytest.mark.parametrize("name", OBJECTS)
def test_in_a_notebook_there_is_markdown_and_latex_but_no_html(name: str) -> None:
    bundle = OBJECTS[name]._repr_mimebundle_(include=None, exclude=None)  # type: ignore[attr-defined]
    assert set(bundle) == {"text/plain", "text/markdown", "text/latex"}
    assert bundle["text/plain"] == repr(OBJECTS[name])
    assert "```math" not in bundle["text/markdown"]
    assert "$`" not in bundle["text/markdown"]
    assert bundle["text/markdown"].count("$$") % 2 == 0
    assert "<" not in re.sub(r"</?span>", "", bundle["text/markdown"])


def test_formulas_stand_between_dollars_in_a_notebook() -> None:
    bundle = OBJECTS["gradient"]._repr_mimebundle_()  # type: ignore[attr-defined]
    formula = r"\frac{\partial L}{\partial w} &= \frac{2}{n} \sum_i u_i x_i"
    assert f"$$\n\\begin{{aligned}}\n{formula}" in bundle["text/markdown"]
    assert formula in bundle["text/latex"]
