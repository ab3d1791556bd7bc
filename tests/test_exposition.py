"""What a page of a network says: its sensitivities, what they share, what is kept, and the checks beside it; every number on it counted again here."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache
from itertools import pairwise

import mpmath
import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.derivation import Gradient
from symgd.document.formats import render
from symgd.document.page import Chain, Heading, Page, Picture, Table
from symgd.document.plain import inline_text, width
from symgd.explained import bands, page_of
from symgd.exposition import Style, explain
from symgd.exposition.collapse import collapsed
from symgd.exposition.layers import alike, layers_of, names_of, uses
from symgd.exposition.stable import proved
from symgd.exposition.vanishing import DEPTHS, slope
from symgd.exposition.writing import apart
from symgd.forward import Definition, Problem
from symgd.indices import bound, free
from symgd.numeric.function import compile_gradient
from symgd.numeric.program.stable import stable
from symgd.records import from_json, to_json
from symgd.referee.tape import Referee
from symgd.rules.stable import SHORT, STABLE, Stable, stable_forms
from symgd.term import TWO, Add, Call, Cases, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mean, mul, names, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import Convention, Notation, layout


def network(hidden: int, activation: str = "tanh") -> Problem:
    """So many hidden layers, then one linear unit, with the mean squared error."""
    into, axis, parameters, tape = Name("X", ("i", "j")), "j", list[Name](), list[Definition]()
    for k in range(1, hidden + 1):
        h = "h" if hidden == 1 else f"h{k}"
        weight, bias = Name(f"W{k}", (axis, h)), Name(f"b{k}", (h,))
        z, a = Name(f"z{k}", ("i", h)), Name(f"a{k}", ("i", h))
        tape.append(Definition(z, add(Sum(axis, mul(into, weight)), bias), f"the sums of layer {k}"))
        tape.append(Definition(a, Call(activation, (z,)), f"the units of layer {k}"))
        parameters += [weight, bias]
        into, axis = a, h
    v, c = Name(f"W{hidden + 1}", (axis,)), Name(f"b{hidden + 1}")
    y_hat, u = Name("y_hat", ("i",)), Name("u", ("i",))
    tape += [Definition(y_hat, add(Sum(axis, mul(into, v)), c), "the prediction"), Definition(u, y_hat - Name("y", ("i",)), "the residual")]
    tape.append(Definition(Name("L"), mean("i", Pow(u, TWO), Name("n")), "the mean squared error"))
    sizes = (("j", "d"), *((h, h) for h in ("h", *(f"h{k}" for k in range(1, hidden + 1)))))
    return Problem(f"A network of {hidden} hidden layers", (*parameters, v, c), (Name("X", ("i", "j")), Name("y", ("i",))), tuple(tape), sizes=sizes)


@cache
def derived(hidden: int, activation: str = "tanh") -> Gradient:
    return derive(network(hidden, activation))


@cache
def page(hidden: int, detail: str = "full") -> Page:
    return page_of(derived(hidden), style=Style(detail))


def section(of: Page, title: str) -> list[object]:
    """The blocks under a heading of level 1, up to the next."""
    out: list[object] = []
    inside = False
    for block in of.blocks:
        if isinstance(block, Heading) and block.level == 1:
            inside = inline_text(block.text).startswith(title)
        elif inside:
            out.append(block)
    assert out, title
    return out


def table(of: Page, title: str) -> list[list[str]]:
    found = next(b for b in section(of, title) if isinstance(b, Table))
    return [[inline_text(cell) for cell in row] for row in found.rows]


# ---------------------------------------------------------------- layers and sensitivities


@pytest.mark.parametrize("hidden", [1, 2, 5])
def test_layers_are_where_parameters_enter_and_their_sensitivities_are_numbered(hidden: int) -> None:
    problem = network(hidden)
    layers = layers_of(problem)
    assert [x.number for x in layers] == list(range(1, hidden + 2))
    assert [x.total.name.symbol for x in layers] == [*(f"z{k}" for k in range(1, hidden + 1)), "y_hat"]
    assert [x.output.symbol for x in layers[:-1]] == [f"a{k}" for k in range(1, hidden + 1)]
    assert [[p.symbol for p in x.weights] for x in layers] == [[f"W{k}", f"b{k}"] for k in range(1, hidden + 2)]
    assert names_of(problem, layers) == {x.total.name.symbol: f"delta{x.number}" for x in layers}


@pytest.mark.parametrize("name", ["line-mse", "logistic-log-loss"])
def test_a_model_of_one_layer_is_no_network(name: str) -> None:
    assert layers_of(problem(name)) == ()
    assert bands(derive(problem(name))) == ()


def test_sensitivities_come_layer_by_layer_from_the_loss_backwards_and_then_the_gradients() -> None:
    heads = [inline_text(b.text) for b in page(2).blocks if isinstance(b, Heading) and b.level == 2]
    assert heads == ["From the loss to δ₃ᵢ", "From δ₃ᵢ to δ₂ᵢₕ₂", "From δ₂ᵢₕ₂ to δ₁ᵢₕ₁", "Layer 3", "Layer 2", "Layer 1"]


def test_a_sensitivity_gets_its_name_before_it_is_used_by_it() -> None:
    text = render(page(2), "text").partition("Forward:")[2]
    assert 0 < text.index("δ₁ᵢₕ₁ := ∂L/∂z₁ᵢₕ₁") < text.index("∂L/∂W₁ⱼₕ₁ = Σᵢ δ₁ᵢₕ₁")
    assert "= Σᵢ δ₁ᵢₕ₁ Xᵢⱼ" in text


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_every_line_is_proved_and_every_goal_of_the_tape_has_a_number(hidden: int) -> None:
    lines = [line for b in page(hidden).blocks if isinstance(b, Chain) for line in b.lines]
    assert {line.check for line in lines} <= {"proved", ""}
    numbers = [line.number for line in lines if line.number]
    assert numbers == [str(k) for k in range(1, len(numbers) + 1)]
    assert len(numbers) == len(network(hidden).tape) + len(derived(hidden).tape)


def test_a_deep_network_is_told_once_and_each_result_given() -> None:
    four, text = render(page(4), "text"), render(page(5), "text")
    assert len(text.splitlines()) - len(four.splitlines()) < 30
    assert all(f"δ{c}ᵢ" in text for c in "₁₂₃₄₅₆")
    assert re.search(r"δ₁ᵢₕ₁ = \(1 − a₁ᵢₕ₁²\) Σₕ₂ δ₂ᵢₕ₂ W₂ₕ₁ₕ₂\s+as \(\d+\)", text)


def test_a_derivation_told_by_its_result_is_another_in_other_letters() -> None:
    gradient = derived(3)
    problem = gradient.problem
    by = {(d.goal.by.symbol, d.goal.of.symbol): d for d in gradient.tape if isinstance(d.goal, D) and isinstance(d.goal.of, Name)}
    assert alike(problem, by["z1", "a1"]) == alike(problem, by["z2", "a2"])
    assert alike(problem, by["W1", "L"]) == alike(problem, by["W2", "L"])
    assert alike(problem, by["W1", "L"]) != alike(problem, by["b1", "L"])
    assert alike(problem, by["z1", "L"]) != alike(problem, by["z3", "L"])


def test_the_summary_says_what_stands_in_a_gradient_under_a_name() -> None:
    found = explain(derive(problem("hinge")), style=Style("brief"))
    assert inline_text(found.summary) == "∂L/∂wⱼ = Σᵢ ∂L/∂zᵢ · Xᵢⱼ; ∂L/∂b = Σᵢ ∂L/∂zᵢ; where ∂L/∂zᵢ = −yᵢ {1 if mᵢ > 0; 0 otherwise}/n"


def test_a_network_whose_layers_add_to_one_another_is_not_said_to_be_a_chain() -> None:
    pages = [explain(derive(problem(name)), style=Style("brief")) for name in ("network-2+squared", "residual-network-2+squared")]
    chain, adding = (render(found, "text").replace("\n", " ") for found in pages)
    assert "only through the next layer" in chain
    assert "through every later value that uses what has changed" in adding
    assert [b.forward[1] for b in bands(derive(problem("residual-network-2+squared")))] == ["tanh", "+ tanh", "the loss"]


@pytest.mark.parametrize("notation", ["sum", "matrix"])
def test_the_page_of_a_very_deep_network_is_short(notation: Notation) -> None:
    text = render(explain(derive(problem("network-12+squared")), style=Style(notation=notation)), "text")
    assert len(text.splitlines()) < 620
    assert max(map(width, text.splitlines())) <= 80
    assert "Layers 3 to 10 are made as the layers before and after them" in text


# ---------------------------------------------------------------- what is shared and kept


def expanded(problem: Problem, symbol: str) -> list[list[str]]:
    """Every path from a name up to the objective, as the names it goes through."""
    if symbol == problem.objective.symbol:
        return [[symbol]]
    users = [d.name.symbol for d in problem.tape if symbol in names(d.value)]
    return [[symbol, *rest] for u in users for rest in expanded(problem, u)]


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_products_saved_are_those_of_all_paths_less_one_for_each_link(hidden: int) -> None:
    problem = network(hidden)
    rows, with_names, without = uses(problem)
    paths = [path for p in problem.parameters for path in expanded(problem, p.symbol)]
    links = {link for path in paths for link in pairwise(path[:-1])}
    assert with_names == len(links)
    assert without == sum(len(path) - 2 for path in paths)
    assert sum(u.saved for u in rows) == without - with_names
    assert {u.name.symbol: u.ways for u in rows} == {u.name.symbol: sum(u.name.symbol in path for path in paths) for u in rows}


def test_the_page_says_what_is_shared() -> None:
    rows = table(page(1), "What the gradients share")
    assert ["δ₁ᵢₕ", "∂L/∂W₁ⱼₕ, ∂L/∂b₁ₕ", "2", "1"] in rows
    assert ["δ₂ᵢ", "∂L/∂a₁ᵢₕ, ∂L/∂W₂ₕ, ∂L/∂b₂", "4", "3"] in rows


def test_the_page_says_which_forward_values_are_needed_again() -> None:
    rows = table(page(2), "Why the forward values are kept")
    assert ["a₁ᵢₕ₁", "∂a₁ᵢₕ₁/∂z₁ᵢₕ₁, ∂z₂ᵢₕ₂/∂W₂ₕ₁ₕ₂"] in rows
    assert not any(row[0].startswith("z") for row in rows)
    kept = table(page_of(derived(1, "softplus")), "Why the forward values are kept")
    assert any(row[0].startswith("z₁") for row in kept)  # softplus′ z is σ(z): there z itself is needed


# ---------------------------------------------------------------- letters, pictures


def test_arrays_are_shown_with_their_shapes() -> None:
    rows = {row[0]: row[-1] for row in table(page(2), "The letters")}
    assert rows["Xᵢⱼ"] == "n × d"
    assert rows["W₁ⱼₕ₁"] == "d × h₁"
    assert rows["b₂ₕ₂"] == "h₂"
    assert rows["L"] == "a number"


def test_a_page_from_a_record_is_the_same() -> None:
    gradient = derived(1)
    assert render(page_of(from_json(to_json(gradient))), "text") == render(page(1), "text")


def test_letters_that_differ_in_their_number_alone_share_a_row() -> None:
    rows = table(page(5), "The letters")
    assert len(rows) < 15
    assert rows[0][0] == "W₁ⱼₕ₁, …, W₆ₕ₅"
    assert rows[0][-1] == "d × h₁, …, h₅"


def test_a_network_has_its_pictures_and_they_name_every_layer() -> None:
    pictures = [b for b in page(2).blocks if isinstance(b, Picture)]
    assert [p.title for p in pictures] == ["The network", "Values forward, sensitivities backward", "What is left of a sensitivity"]
    band = bands(derived(2))
    assert [b.values for b in band] == [("X", "z_{1}", "a_{1}"), ("a_{1}", "z_{2}", "a_{2}"), ("a_{2}", "ŷ", "L")]
    assert [b.backward for b in band] == [("", "1 − a_{1}²"), ("W_{2}", "1 − a_{2}²"), ("W_{3}", "2u/n")]
    assert [b.size for b in band] == ["h_{1}", "h_{2}", "1"]


# ---------------------------------------------------------------- the checks beside the derivation


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_a_linear_network_is_the_line(layers: int) -> None:
    network_, line, claims = collapsed(layers)
    assert network_.proved
    assert line.proved
    assert [check.verdict for _, _, check in claims] == ["proved"] * 3
    assert [to_unicode(layout(a)) for a, _, _ in claims] == ["ŷᵢ", "∂L/∂W₁", "∂L/∂b₁"]


def test_the_products_of_derivatives_are_those_of_the_functions() -> None:
    rows = table(page(1), "Why early layers learn slowly")
    sigmoid = {z: math.exp(-z) / (1 + math.exp(-z)) ** 2 for z in (0, 2)}
    tanh = {z: 1 / math.cosh(z) ** 2 for z in (1, 2)}
    factors = [sigmoid[0], sigmoid[2], tanh[1], tanh[2]]
    assert len(rows) == len(DEPTHS) == 10
    for n, row in zip(DEPTHS, rows, strict=True):
        assert [float(value(cell)) for cell in row] == pytest.approx([n, *(f**n for f in factors)], rel=6e-3)
    assert float(slope("tanh", 2)) == pytest.approx(tanh[2], rel=1e-15)
    assert tanh[2] < 1 / 14
    assert "4⁻¹⁰ ≈ 9.54 × 10⁻⁷" in render(page(1), "text").replace("\n", " ")


def value(text: str) -> str:
    return text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace(" × 10", "e")


def test_an_activation_of_the_network_is_shown_beside_sigmoid_and_tanh() -> None:
    found = page_of(derived(1, "softplus"))
    head = next(b for b in section(found, "Why early layers learn slowly") if isinstance(b, Table)).head
    assert [inline_text(h) for h in head][-1] == "softplus′(1)ⁿ"


# ---------------------------------------------------------------- kinks and stable forms


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("line-mae", [["|uᵢ|", "uᵢ = 0", "[−1, 1]", "0"]]),
        ("lasso", [["|wⱼ|", "wⱼ = 0", "[−1, 1]", "0"]]),
        ("hinge", [["max(mᵢ, 0)", "mᵢ = 0", "[0, 1]", "0"]]),
        ("line+quantile", [["{(1 − τ) uᵢ if uᵢ > 0; −τ uᵢ otherwise}", "uᵢ = 0", "[−τ, 1 − τ]", "−τ"]]),
        ("network-1-leaky-relu+squared", [["leakyrelu(z₁ᵢₕ)", "z₁ᵢₕ = 0", "[1/100, 1]", "1/100"]]),
    ],
)
def test_a_kink_is_stated_with_its_set_of_slopes_and_the_one_that_is_taken(name: str, rows: list[list[str]]) -> None:
    assert table(explain(derive(problem(name)), style=Style("brief")), "Kinks") == rows


@pytest.mark.parametrize("name", ["line-huber", "line-mse", "line+squared-hinge"])
def test_a_loss_whose_slopes_meet_has_no_kinks(name: str) -> None:
    titles = [inline_text(b.text) for b in explain(derive(problem(name)), style=Style("brief")).blocks if isinstance(b, Heading)]
    assert not any(t.startswith("Kinks") for t in titles)


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.name)
def test_a_stable_form_is_proved_equal(row: Stable) -> None:
    check = proved(row)
    assert check.verdict == "proved"
    signed = [s for s in subterms(row.right) if isinstance(s, Cases) or (isinstance(s, Call) and s.function == "abs")]
    assert ("for each sign of z" in check.evidence) == bool(signed)


@pytest.mark.parametrize("row", SHORT, ids=lambda row: row.name)
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_a_short_form_is_proved_equal_and_is_right_near_zero(row: Stable, y: float) -> None:
    assert proved(row).verdict == "proved"
    for score in (-3.0, -0.5, 0.0, 1.0, 4.0):
        with mpmath.workdps(60):
            exact = float(number(row.left, (score,), {"y": y}, 0, mpmath))
        assert number(row.right, (score,), {"y": y}, 0, math) == pytest.approx(exact, rel=1e-14)


def test_a_page_shows_the_short_form_where_the_text_sums_it() -> None:
    for name in ("logistic-log-loss", "logistic-plane+log-loss", "line+log-cosh", "softmax-cross-entropy"):
        gradient = derive(problem(name))
        said = render(page_of(gradient), "text")
        assert ("= log(1 + eᶻ) − y z" in said) == ("log_loss(" in compile_gradient(gradient).source) == ("logistic" in name)


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("score", [-1e4, -40.0, 0.0, 40.0, 1e4])
def test_a_stable_form_has_a_value_far_out(row: Stable, score: float) -> None:
    z, at = (score, score - 1.0, 1.0), {"y": 1.0, "m": max(score, 1.0)}
    with mpmath.workdps(9000):
        exact = float(number(row.left, z, at, 0, mpmath))
    near = 2e-16 if row.name == "sigmoid" else 1e-300  # tanh is 1 far out: σ is right to its last place beside 1, not beside itself
    assert number(row.right, z, at, 0, math) == pytest.approx(exact, rel=1e-14, abs=near)


def number(t: Term, z: tuple[float, ...], at: dict[str, float], k: int, lib):
    """The value of a term of STABLE, by `math` in double precision or by `mpmath` with many digits."""
    go = lambda s, k=k: number(s, z, at, k, lib)  # noqa: E731
    match t:
        case Num(v):
            return float(v)
        case Name("z", indices):
            return (mpmath.mpf if lib is mpmath else float)(z[k] if indices else z[0])
        case Name(s, _):
            return at[s]
        case Neg(a):
            return -go(a)
        case Sum(_, body):
            return sum(go(body, j) for j in range(3))
        case Call("max", (a, b)):
            return max(go(a), go(b))
        case Call("min", (a, b)):
            return min(go(a), go(b))
        case Call("abs", (a,)):
            return abs(go(a))
        case Call("sigmoid", (a,)):
            return 1 / (1 + lib.exp(-go(a)))
        case Call("softplus", (a,)):
            return max(go(a), 0) + lib.log1p(math.exp(-abs(go(a)))) if lib is math else lib.log(1 + lib.exp(go(a)))
        case Call("logcosh", (a,)):
            return lib.log(lib.cosh(go(a)))
        case Call("log", (Add((one, Call("exp", (a,)))),)) if one == Num(Fraction(1)) and lib is math:
            return lib.log1p(lib.exp(go(a)))
        case Call(f, (a,)):
            return getattr(lib, f)(go(a))
        case Add(ts):
            return sum(map(go, ts))
        case Mul(fs):
            return math.prod(map(go, fs))
        case Div(a, b):
            return go(a) / go(b)
        case Cases(((value, Compare(a, ">=", b)),), otherwise):
            return go(value) if go(a) >= go(b) else go(otherwise)
    raise AssertionError(t)


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("line-mse", []),
        ("logistic-log-loss", ["sigmoid from its tail", "log of a sigmoid", "log of what is left", "softplus", "log-loss of a score",
                               "its part without exponentials"]),
        ("network-1-sigmoid+squared", ["sigmoid"]),
        ("softmax-cross-entropy", ["softmax", "log of a sum of exponentials"]),
        ("line+log-cosh", ["log cosh"]),
        ("line+log-loss-logits", ["softplus"]),
        ("poisson", []),
    ],
)
def test_a_page_shows_the_stable_forms_that_its_loss_needs(name: str, forms: list[str]) -> None:
    assert [row.name for row in stable_forms(problem(name))] == forms


@pytest.mark.parametrize("row", [row for row in STABLE if row.name.startswith("log of a sig") or row.name == "log of what is left"], ids=lambda row: row.name)
def test_code_is_written_by_the_same_identity(row: Stable) -> None:
    assert stable(row.left, Problem(row.name, (Name("z"),), (), (), count=())) == row.right


def test_code_computes_what_the_page_says() -> None:
    source = compile_gradient(derive(problem("logistic-log-loss"))).source
    said = render(page_of(derive(problem("logistic-log-loss"))), "text")
    assert "Σᵢ ({1 if zᵢ ≥ 0; 0 otherwise} − yᵢ) zᵢ" in source
    assert "max(z, 0) − y z = ({1 if z ≥ 0; 0 otherwise} − y) z" in said
    assert "Σᵢ log1p(exp(−|zᵢ|))" in source
    assert "= max(z, 0) − y z + log(1 + exp(−|z|))" in said
    assert "the largest of each row: taken out of the exponents" in compile_gradient(derive(problem("softmax-cross-entropy"))).source


# ---------------------------------------------------------------- notations


@pytest.mark.parametrize(
    ("convention", "lines", "says"),
    [
        ("denominator", ["∇_W₁ L = Xᵀ Δ₁", "∇_b₁ L = Δ₁ᵀ 𝟏", "Δ₁ := ∇_Z₁ L", "W₁ ← W₁ − α Xᵀ Δ₁"], "Denominator layout"),
        ("numerator", ["∂L/∂W₁ = Δ₁ᵀ X", "∂L/∂b₁ = 𝟏ᵀ Δ₁", "Δ₁ := (∂L/∂Z₁)ᵀ", "W₁ ← W₁ − α Xᵀ Δ₁"], "Numerator layout"),
    ],
)
def test_a_page_in_matrices_says_its_layout_and_keeps_to_it(convention: Convention, lines: list[str], says: str) -> None:
    text = render(page_of(derived(1), style=Style(notation="matrix", convention=convention)), "text")
    assert says in text
    assert [line for line in lines if line not in text] == []
    assert "∂z₁ᵢₕ/∂W₁ⱼₕ = " in text  # a local derivative of two arrays keeps its indices


def test_the_command_line_takes_the_layout(capsys: pytest.CaptureFixture[str]) -> None:
    from symgd.cli import main

    assert main(["derive", "plane-mse", "--notation", "matrix", "--layout", "numerator", "--detail", "brief"]) == 0
    text = capsys.readouterr().out
    assert "Numerator layout" in text
    assert "∂L/∂w = (2/n) uᵀ X" in text


def test_the_table_of_notations_has_the_same_line_twice() -> None:
    rows = table(page(2), "The same in indices and in matrices")
    assert ["δ₁ᵢₕ₁ = (1 − a₁ᵢₕ₁²) Σₕ₂ δ₂ᵢₕ₂ W₂ₕ₁ₕ₂", "Δ₁ = (𝟏 𝟏ᵀ − A₁^(⊙2)) ⊙ (Δ₂ W₂ᵀ)"] in rows
    assert ["∂L/∂W₂ₕ₁ₕ₂ = Σᵢ δ₂ᵢₕ₂ a₁ᵢₕ₁", "∇_W₂ L = A₁ᵀ Δ₂"] in rows


def test_a_page_for_one_sample_has_no_sample_index_and_no_move_that_is_not_seen() -> None:
    found = page_of(derived(1), style=Style(notation="sample"))
    lines = [line for b in found.blocks if isinstance(b, Chain) for line in b.lines if line.left is None]
    assert all(a.right != b.right for a, b in pairwise(lines))
    assert {row[0]: row[-1] for row in table(found, "The letters")}["Xⱼ"] == "d"


@pytest.mark.parametrize("name", ["ridge", "lasso", "network-2+squared", "softmax-cross-entropy"])
def test_no_sum_on_a_page_runs_over_a_letter_that_stands_outside_it(name: str) -> None:
    gradient = derive(problem(name))
    for d in gradient.tape:
        for s in (*d.steps, *d.in_full):
            outside = free(d.goal) | free(s.after)
            shown = apart(s.after, outside)
            assert not outside & bound(shown)
            assert free(shown) == free(s.after)
            assert shown == s.after or Referee(gradient.problem).compare(shown, s.after).verdict == "proved"


# ---------------------------------------------------------------- every format


@pytest.mark.parametrize("detail", ["brief", "full", "tutorial"])
def test_no_line_of_text_is_wider_than_a_terminal(detail: str) -> None:
    assert max(map(width, render(page(4, detail), "text").splitlines())) <= 80


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html"])
def test_every_format_takes_the_page_the_same_way_twice(format: str) -> None:  # noqa: A002
    assert render(page(2), format) == render(page_of(derived(2)), format)


def test_names_of_sensitivities_stay_out_of_the_way_of_names_in_use() -> None:
    problem = network(1).renamed({"u": "delta1"})
    called = names_of(problem, layers_of(problem))
    assert set(called) == {"z1", "y_hat"}
    assert not set(called.values()) & set(problem.declared())
