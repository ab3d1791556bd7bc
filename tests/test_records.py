"""The derivation as data: what is written is read back the same, a broken record is refused at its place, and a false line is refuted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.backward import derive, differentiate
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import ClosedForm, Gradient
from symgd.forward import Problem
from symgd.hessian import Curvature, curvature
from symgd.language import FUNCTIONS
from symgd.reading import read
from symgd.records import RecordError, derivation_to_json, from_json, read_record, replay, term_from_data, term_to_data, to_json
from symgd.rules import LAWS
from symgd.stationary import closed_form
from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term


@cache
def derived(name: str) -> tuple[Gradient, ClosedForm, Curvature]:
    gradient = derive(problem(name))
    return gradient, closed_form(gradient), curvature(gradient)


@cache
def written(name: str = "line-mse") -> str:
    return to_json(*derived(name))


def changed(change: Callable[[Any], None], name: str = "line-mse") -> str:
    """The record of a problem with something in it changed."""
    data = json.loads(written(name))
    change(data)
    return json.dumps(data)


# ---------------------------------------------------------------- terms

SYMBOLS = st.sampled_from(["w", "x", "y_hat", "S_xx", "theta1", "λ", "lambda"])
INDICES = st.sampled_from(["i", "j", "i'", "h2", "k''"])
NUMBERS = st.builds(Num, st.fractions(max_denominator=10**6), st.none() | st.integers(0, 12))
NAMES = st.builds(Name, SYMBOLS, st.lists(INDICES, max_size=2).map(tuple))
LEAVES = NUMBERS | NAMES | st.builds(Match, INDICES, INDICES)


def several(inside: st.SearchStrategy[Term]) -> st.SearchStrategy[tuple[Term, ...]]:
    return st.lists(inside, min_size=2, max_size=3).map(tuple)


def larger(inside: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    compare = st.builds(Compare, inside, st.sampled_from(Compare.RELATIONS), inside)
    call = st.sampled_from(sorted(FUNCTIONS)).flatmap(lambda f: st.builds(Call, st.just(f), st.tuples(*[inside] * FUNCTIONS[f].arity)))
    cases = st.builds(Cases, st.lists(st.tuples(inside, compare), min_size=1, max_size=2).map(tuple), inside)
    two = st.builds(Div, inside, inside) | st.builds(Pow, inside, NAMES) | st.builds(D, inside, NAMES, st.booleans())
    over = st.builds(Sum, INDICES, inside) | st.builds(Det, INDICES, INDICES, inside)
    return st.builds(Add, several(inside)) | st.builds(Mul, several(inside)) | st.builds(Neg, inside) | over | call | cases | two


TERMS = st.recursive(LEAVES, larger, max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(TERMS | st.builds(Compare, TERMS, st.sampled_from(Compare.RELATIONS), TERMS))
def test_a_term_is_read_back_as_it_was_through_json(t: Term) -> None:
    back = term_from_data(json.loads(json.dumps(term_to_data(t))))
    assert back == t
    assert term_to_data(back) == term_to_data(t)  # the places of decimals too, which equality of terms does not look at


x_i, w, b = Name("x", ("i",)), Name("w"), Name("b")
FORMS: list[tuple[Term, Any]] = [
    (Num(Fraction(2)), "2"),
    (Num(Fraction(-1, 3)), "-1/3"),
    (Num(Fraction(1, 2), 2), ["number", "1/2", 2]),
    (w * x_i + b, ["add", ["mul", ["name", "w"], ["name", "x", "i"]], ["name", "b"]]),
    (x_i - 1, ["add", ["name", "x", "i"], ["neg", "1"]]),
    (Sum("i'", x_i**2) / w, ["div", ["sum", "i'", ["pow", ["name", "x", "i"], "2"]], ["name", "w"]]),
    (Call("tanh", (w,)), ["call", "tanh", ["name", "w"]]),
    (Match("i", "j"), ["match", "i", "j"]),
    (Det("j", "j'", w), ["det", "j", "j'", ["name", "w"]]),
    (Inverse("k", "l", "j", "j'", w), ["inverse", "k", "l", "j", "j'", ["name", "w"]]),
    (Compare(w, "<=", b), ["<=", ["name", "w"], ["name", "b"]]),
    (Cases(((w, Compare(w, ">", b)),), b), ["cases", ["name", "w"], [">", ["name", "w"], ["name", "b"]], ["name", "b"]]),
    (D(Name("L"), w), ["d", ["name", "L"], ["name", "w"]]),
    (D(w * b, w, True), ["partial", ["mul", ["name", "w"], ["name", "b"]], ["name", "w"]]),
]  # fmt: skip


@pytest.mark.parametrize(("t", "data"), FORMS)
def test_each_kind_of_node_has_its_form(t: Term, data: Any) -> None:
    assert term_to_data(t) == data
    assert term_from_data(data) == t


def nested(depth: int, data: Any = "1") -> Any:
    for _ in range(depth):
        data = ["add", data, "1"]
    return data


# (data, where in it, a word of the reason)
NO_TERMS: list[tuple[Any, str, str]] = [
    (1, "$", "a term is"), (1.5, "$", "a term is"), (None, "$", "a term is"), (True, "$", "a term is"), ({}, "$", "a term is"), ([], "$", "a term is"),
    ([["name", "x"]], "$", "a term is"), (["neg", ["neg", 7]], "$[1][1]", "a term is"), (["eval", "1"], "$[0]", "no node"),
    ("", "$", "number"), ("x", "$", "number"), ("1.5", "$", "number"), ("1e9", "$", "number"), ("٣", "$", "number"), ("1_000", "$", "number"),
    ("+1", "$", "number"), ("1/0", "$", "zero"), ("2/4", "$", "lowest"), ("007", "$", "lowest"), ("-0", "$", "lowest"), ("2\n", "$", "number"),
    ("9" * 2000, "$", "4,096 bits"), ("9" * 10**6, "$", "number"), ("1/" + "9" * 2000, "$", "4,096 bits"),
    (["pow", "9", ["pow", "9", ["pow", "9", "9"]]], "$", "4,096 bits"), (["pow", ["name", "x"], "100000"], "$", "degree"),
    (["add", *(f"1/{10**400 + k}" for k in range(99))], "$", "together"),
    (["number", "1", True], "$", "parts"), (["number", "1", -1], "$", "parts"), (["number", "1", 10**6], "$", "parts"), (["number", "1"], "$", "parts"),
    (["name"], "$", "parts"), (["name", 3], "$[1]", "text"), (["name", "__import__"], "$[1]", "name"), (["name", "os.system"], "$[1]", "name"),
    (["name", "class"], "$[1]", "Python"), (["name", "x" * 99], "$[1]", "name"), (["name", "x", ""], "$[2]", "index"),
    (["name", "x", "i;j"], "$[2]", "index"), (["name", "x", 1], "$[2]", "index"), (["match", "i"], "$", "parts"), (["match", "i", "'"], "$[2]", "index"),
    (["add", "1"], "$", "inside"), (["neg", "1", "2"], "$", "inside"), (["div", "1"], "$", "inside"), (["sum", "i"], "$", "inside"),
    (["sum", ["name", "i"], "1"], "$[1]", "index"), (["call"], "$", "inside"), (["call", "system", "1"], "$[1]", "unknown function"),
    (["call", [], "1"], "$[1]", "unknown function"), (["call", "max", "1"], "$[1]", "takes 2"), (["d", "1", "2"], "$[2]", "by a name"),
    (["add", ["<", "1", "2"], "1"], "$[1]", "condition"), (["cases", "1", "2", "3"], "$[2]", "condition"),
    (["cases", "1", ["<", "1", "2"], "3", "4"], "$[4]", "condition"), (["=", "1", "2", "3"], "$", "inside"), (["==", "1", "2"], "$[0]", "no node"),
    (nested(201), "$" + "[1]" * 201, "200 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "path", "why"), NO_TERMS)
def test_what_is_no_term_is_refused_at_its_place(data: Any, path: str, why: str) -> None:
    with pytest.raises(RecordError, match=why) as refused:
        term_from_data(data)
    assert refused.value.path == path


def test_a_term_may_be_as_deep_as_promised() -> None:
    assert term_to_data(term_from_data(nested(200))) == nested(200)


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_gradient_is_read_back_equal(name: str) -> None:
    gradient, closed, curve = derived(name)
    assert from_json(to_json(gradient)) == gradient
    record = read_record(written(name))
    assert (record.title, record.gradient, record.closed) == (gradient.problem.title, gradient, closed)
    assert record.gradient.problem.roles == gradient.problem.roles  # equality of problems does not look at them
    assert record.gradient.problem.sizes == gradient.problem.sizes
    second = {p.name: p.derivations for p in record.parts}
    assert (second["curvature"], second["along a line"]) == (tuple(d for _, d in curve.entries), curve.along)
    assert to_json(record.gradient, record.closed, curve) == written(name)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_claim_of_the_catalogue_is_proved_again(name: str) -> None:
    gradient, closed, curve = derived(name)
    found = replay(written(name))
    assert {check.verdict for _, _, check in found} == {"proved"}
    lines = sum(len(d.steps) + len(d.in_full) for d in (*gradient.tape, *closed.steps, *(e for _, e in curve.entries), *curve.along))
    beside = len(closed.system) + len(closed.solution) + len(curve.slopes) + 1
    assert len(found) == lines + beside


STATED = [
    Problem.from_text(let=["y_hat = w*x + b"], loss="(y_hat - y)^2", parameters="w b").hold({"b": Fraction(1, 2)}),
    Problem.from_text(let=["z = w*x"], loss="max(0, 1 - y*z)", parameters="w", title="Hinge & <b>bold</b> \\end{x} ŷ"),
    Problem.from_text(objective="lam*w^2 + mean(log(1 + exp(-y*(w*x + b))))", parameters="w b", constants={"lam": "0.1"}),
    Problem.from_text(objective="w^2 + 0.50*w", parameters="w"),
]  # fmt: skip


@pytest.mark.parametrize("stated", STATED)
def test_problems_of_ones_own_are_read_back_and_replayed(stated: Problem) -> None:
    gradient = derive(stated)
    text = to_json(gradient, page_title="A title")
    assert from_json(text) == gradient
    assert read_record(text).title == "A title"
    assert [check.verdict for _, _, check in replay(text)] == [s.check.verdict for d in gradient.tape for s in (*d.steps, *d.in_full)]


# letters that the closed form and the curvature would like for themselves
@pytest.mark.parametrize(("let", "data"), [("y_hat = w*t + b", "t y"), ("g = w*x + b", "x y"), ("y_hat = w*g_w + b", "g_w v_w"), ("S_xx = w*x + b", "x x_bar")])
def test_a_letter_of_the_problem_is_never_taken_for_another_name(let: str, data: str) -> None:
    prediction, target = let.split()[0], data.split()[1]
    gradient = derive(Problem.from_text(let=[let], loss=f"({prediction} - {target})^2", parameters="w b", data=data))
    curve = curvature(gradient)
    text = to_json(gradient, closed_form(gradient), curve)
    assert curve.convex == "yes"
    assert from_json(text) == gradient
    assert {check.verdict for _, _, check in replay(text)} == {"proved"}


@pytest.mark.parametrize("expression", ["sin(x)^2/x", "a*abs(x) + erf(x)", "max(x, c)*log(x)", "3"])
def test_a_scalar_derivative_is_a_record_too(expression: str) -> None:
    derivation = differentiate(read(expression, declared=frozenset({"a", "c", "x"})), Name("x"))
    text = derivation_to_json(derivation)
    assert from_json(text).tape == (derivation,)
    assert [check.verdict for _, _, check in replay(text)] == ["proved"] * len(derivation.steps)


def test_a_derivation_along_a_tape_is_no_scalar_one() -> None:
    with pytest.raises(ValueError, match="no derivative of one expression"):
        derivation_to_json(derived("line-mse")[0].tape[0])


def test_a_closed_form_of_another_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="another problem"):
        to_json(derived("line-mse")[0], derived("line-ridge")[1])


# ---------------------------------------------------------------- the form


def test_the_record_holds_each_line_once_with_its_law() -> None:
    data = json.loads(written("line-mae"))
    assert (data["symgd"], data["problem"]["name"], data["problem"]["tape"][0]["text"]) == (1, "line-mae", "y_hat_i := w*x_i + b")
    first = data["derivations"][0]
    assert (first["name"], first["text"], first["goal"]) == ("dL/du", "dL/du_i", ["d", ["name", "L"], ["name", "u", "i"]])
    kink = next(s for s in first["steps"] if s["rule"] == "chain rule")
    assert (kink["law"], kink["where"][0]["text"], kink["verdict"]) == (FUNCTIONS["abs"].law, "u_i != 0", "proved")
    assert data["rules"]["chain rule"]["law"] == LAWS["chain rule"][0]
    assert "every number of samples" in data["arguments"][kink["argument"]]["scope"]
    assert set(kink) == {"after", "text", "latex", "rule", "law", "about", "where", "verdict", "argument"}


def test_the_laws_beside_a_record_are_those_of_its_steps() -> None:
    data = json.loads(written())
    used = {s["rule"] for part in (data["derivations"], data["closed_form"]["derivations"], data["curvature"]["entries"], data["curvature"]["along"])
            for d in part for s in (*d.get("steps", ()), *d.get("in_full", ()))}  # fmt: skip
    assert set(data["rules"]) == used


def test_a_term_is_one_line_and_the_flagship_is_small() -> None:
    assert '     "after": ["div",["mul","2",["name","u","i"]],["name","n"]],\n' in written()
    assert len(written()) < 50_000
    assert len(to_json(derived("line-mse")[0])) < 16_000


HASHED = """
from symgd.backward import derive
from symgd.catalogue import problem
from symgd.hessian import curvature
from symgd.records import to_json
from symgd.stationary import closed_form
gradient = derive(problem("proportional-mse"))
print(to_json(gradient, closed_form(gradient), curvature(gradient)), end="")
"""


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    def run(seed: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", HASHED], stdout=subprocess.PIPE, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"})

    one, two = run("1"), run("4242")
    first, second = one.communicate(timeout=60)[0], two.communicate(timeout=60)[0]
    assert first == second == written("proportional-mse").encode()


def test_reading_imports_no_sympy() -> None:
    code = "import sys, symgd.records; sys.exit('sympy' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---------------------------------------------------------------- broken records

GOOD = '"symgd": 1'
NO_RECORDS: list[tuple[Callable[[str], str], str, str]] = [
    (lambda s: "", "line 1, column 1", "no JSON"),
    (lambda s: s[:700], "line ", "no JSON"),
    (lambda s: "[]", "$", "object"),
    (lambda s: "null", "$", "object"),
    (lambda s: "[" * 10**5 + "]" * 10**5, "$", "nested"),
    (lambda s: '{"a":' * 10**5 + "1" + "}" * 10**5, "$", "nested"),
    (lambda s: s + " " * 5_000_000, "$", "characters"),
    (lambda s: s.replace(GOOD, '"symgd": 2'), "$.symgd", "version"),
    (lambda s: s.replace(GOOD, '"symgd": "1"'), "$.symgd", "version"),
    (lambda s: s.replace(GOOD, '"symgd": true'), "$.symgd", "version"),
    (lambda s: s.replace(GOOD, '"symgd": 1.0'), "$.symgd", "version"),
    (lambda s: s.replace(GOOD, '"symgd": NaN'), "$.symgd", "version"),
    (lambda s: s.replace(GOOD, '"title": ""'), "$", "twice"),
    (lambda s: s.replace(GOOD, '"symgd": 1, "wrong": 1'), "$", "unknown key 'wrong'"),
    (lambda s: s.replace('"rule": "power rule"', '"rule": "power rule", "rule": ""', 1), "$.derivations[0].steps[3]", "'rule' stands twice"),
    (lambda s: s.replace('"argument": 0', '"argument": 0.5', 1), "$.derivations[0].steps[0].argument", "0.5 is not written so"),
    (lambda s: s.replace('"argument": 0', '"argument": -Infinity', 1), "$.derivations[0].steps[0].argument", "Infinity is not written so"),
    (lambda s: s.replace('"argument": 0', '"argument": ' + "9" * 5000, 1), "$.derivations[0].steps[0].argument", "not written so"),
    (lambda s: s.replace('"argument": 0', '"argument": 99', 1), "$.derivations[0].steps[0].argument", "less than"),
    (lambda s: s.replace('"verdict": "proved"', '"verdict": "true"', 1), "$.derivations[0].steps[0].verdict", "one of proved"),
    (lambda s: s.replace('"says": "the residual"', '"says": "\\ud800"'), "$.problem.tape[1].says", "half a character"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "why"), NO_RECORDS)
def test_a_broken_text_is_refused_at_its_place(change: Callable[[str], str], path: str, why: str) -> None:
    with pytest.raises(RecordError, match=why) as refused:
        from_json(change(written()))
    assert refused.value.path.startswith(path)


def put(*keys: Any, value: Any) -> Callable[[Any], None]:
    """Sets data[key][key]… to the value."""

    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


VALUE = ("problem", "tape", 0, "value")
STEP = ("derivations", 0, "steps", 0)
MISFITS: list[tuple[Callable[[Any], None], str, str]] = [
    (put("derivations", value={}), "$.derivations", "a list"),
    (put("derivations", 1, value=None), "$.derivations[1]", "object"),
    (put(*STEP, "after", value=None), "$.derivations[0].steps[0].after", "a term is"),
    (put(*STEP, "after", value=["mul", "2", 3]), "$.derivations[0].steps[0].after[2]", "a term is"),
    (put(*STEP, "after", value=["<", "1", "2"]), "$.derivations[0].steps[0].after", "condition"),
    (put(*STEP, "after", value=["name", "v"]), "$.derivations[0].steps[0]", "v is not defined"),
    (put(*STEP, "after", value=["name", "x"]), "$.derivations[0].steps[0]", "x is declared with the index i"),
    (put(*STEP, "after", value=["name", "x", "j"]), "$.derivations[0].steps[0]", "x is declared with the index i"),
    (put(*STEP, "after", value=["sum", "j", "1"]), "$.derivations[0].steps[0]", "no name carries the index j"),
    (put(*STEP, "where", value=[{"condition": "1"}]), "$.derivations[0].steps[0].where[0].condition", "a condition"),
    (put(*STEP, "cites", value=["1"]), "$.derivations[0].steps[0].cites[0]", "a derivative"),
    (put(*STEP, "cites", value=[["d", ["name", "L"], ["name", "w"]]]), "$.derivations[0].steps[0].cites", "not derived before"),
    (put(*STEP, "rule", value=7), "$.derivations[0].steps[0].rule", "a text"),
    (put(*STEP, "latex", value=["x"]), "$.derivations[0].steps[0].latex", "a text"),
    (put(*STEP, "wher", value=[]), "$.derivations[0].steps[0]", "unknown key 'wher'"),
    (put(*VALUE, value=["name", "u", "i"]), "$.problem", "in the value of y_hat: u is not defined"),
    (put(*VALUE, value=["name", "x", "i'"]), "$.problem", "i' is free"),
    (put("problem", "tape", 0, "name", value=["name", "y", "i"]), "$.problem", "y is declared twice"),
    (put("problem", "tape", value=[]), "$.problem.tape", "an objective"),
    (put("problem", "parameters", 0, value="1"), "$.problem.parameters[0]", "a name"),
    (put("problem", "constants", value=[{"name": ["name", "c"], "value": "0.1"}]), "$.problem.constants[0].value", "number"),
    (put("problem", "given", value=[{"symbol": "x", "axis": "k"}]), "$.problem.given", "no name with the index k"),
    (put("arguments", 0, "values", value=["1"]), "$.arguments[0].values", "two values"),
    (put("arguments", 0, "witness", value=[["x"]]), "$.arguments[0].witness[0]", "a pair"),
    (put("rules", value=[]), "$.rules", "an object"),
    (put("rules", "identity", value="x"), "$.rules.identity", "an object"),
    (put("closed_form", "solution", value=[]), "$.closed_form.solution", "every parameter once"),
    (put("closed_form", "system", 0, "parameter", value=["name", "b"]), "$.closed_form.system", "every parameter once"),
    (put("closed_form", "solution", 0, "value", value=["name", "b"]), "$.closed_form.solution", "b is not defined"),
    (put("closed_form", "definitions", 3, "name", value=["name", "S_xx"]), "$.closed_form", "S_xx is declared twice"),
    (put("closed_form", "derivations", 1, "steps", 0, "about", value="0"), "$.closed_form.derivations[1].steps[0]", "not the line before"),
    (put("curvature", "slopes", value=[]), "$.curvature.slopes", "one slope for each parameter"),
    (put("curvature", "direction", value=[["name", "v_w"]]), "$.curvature.direction", "one direction for each parameter"),
    (put("curvature", "convex", value="perhaps"), "$.curvature.convex", "one of yes"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "why"), MISFITS)
def test_what_does_not_fit_the_problem_is_refused_at_its_place(change: Callable[[Any], None], path: str, why: str) -> None:
    with pytest.raises(RecordError, match=why) as refused:
        read_record(changed(change))
    assert refused.value.path == path


# ---------------------------------------------------------------- tampering

FORGED: list[tuple[str, Callable[[Any], None], str, int]] = [
    # 2 u_i/n became 3 u_i/n: the step to it is false, and the step from it
    ("line-mse", put("derivations", 0, "steps", 5, "after", value=["div", ["mul", "3", ["name", "u", "i"]], ["name", "n"]]), "dL/du", 6),
    ("line-mse", put("derivations", 6, "goal", value=["d", ["name", "L"], ["name", "w"]]), "dL/db", 1),
    ("line-mse", put("derivations", 5, "in_full", 1, "after", value="0"), "dL/dw", 5),
    ("line-mse", put("problem", "tape", 2, "value", 1, value=["div", "2", ["name", "n"]]), "dL/du", 1),
    ("line-mse", put("closed_form", "system", 1, "zero", value=["sum", "i", ["name", "x", "i"]]), "closed form: dL/db", 0),
    ("line-mse", put("closed_form", "solution", 1, "value", value=["name", "y_bar"]), "solution: dL/dw = 0", 0),
    ("line-mse", put("closed_form", "derivations", 1, "steps", 0, "after", value=["name", "y_bar"]), "closed form: b", 1),
    ("line-mse", put("closed_form", "definitions", 2, "value", value="1"), "closed form: dL/dw at b", 3),
    ("line-mse", put("curvature", "slopes", 0, "value", value=["name", "w"]), "curvature: dL/dw", 0),
    ("line-mse", put("curvature", "entries", 2, "steps", 4, "after", value="3"), "curvature: d2L/dbdb", 5),
    ("line-mse", put("curvature", "slope", "value", value=["name", "t"]), "along a line: dL/dt", 0),
    ("line-mse", put("curvature", "along", 5, "steps", 2, "after", value="1"), "along a line: dg/dt", 3),
    ("line-mae", put("derivations", 0, "steps", 3, "after", value="1"), "dL/du", 4),
    ("logistic-log-loss", put("derivations", 0, "steps", 0, "after", value="0"), "dL/dp", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "line", "number"), FORGED)
def test_a_forged_line_is_refuted(name: str, change: Callable[[Any], None], line: str, number: int) -> None:
    refuted = {(found, k) for found, k, check in replay(changed(change, name)) if check.verdict == "refuted"}
    assert (line, number) in refuted


def test_no_written_verdict_is_believed() -> None:
    def forge(data: Any) -> None:
        for s in data["derivations"][0]["steps"]:
            s["after"] = ["add", s["after"], "1"]

    text = changed(forge)
    assert from_json(text).proved
    assert next(check.verdict for _, _, check in replay(text)) == "refuted"


def test_a_step_called_solve_outside_the_closed_form_is_judged_as_a_line() -> None:
    def forge(data: Any) -> None:
        data["derivations"][0]["steps"][5] |= {"rule": "solve", "after": "0", "about": "0"}

    assert ("dL/du", 6, "refuted") in {(name, k, check.verdict) for name, k, check in replay(changed(forge))}


def test_a_line_that_has_no_scalar_meaning_is_held_and_ends_nothing() -> None:
    inside = ["call", "exp", ["d", ["name", "L"], ["name", "w"]]]
    found = replay(changed(lambda data: data["derivations"][0]["steps"][5].update(after=inside)))
    assert found[5][2].verdict == "held"
    assert len(found) == len(replay(written()))
