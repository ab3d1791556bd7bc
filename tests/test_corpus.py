"""The corpus of hand calculations is true, spans what people write, and is judged as its labels say."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from tests.benchmarks.handcalc import Outcome, first_right, judged, missed_slips, records_of, score
from tests.corpus import VERDICTS, Label, Record, load, record
from tests.corpus.truth import fault, gaps

RECORDS = load()
BY_ID = {r.id: r for r in RECORDS}
SLIPS = (
    "sign", "factor", "exponent-kept", "inner-derivative", "outer-derivative", "count", "sum-dropped", "term-dropped", "wrong-variable", "bracket",
    "product-rule", "quotient-rule", "function-derivative", "transpose", "update-direction", "wrong-parameter", "arithmetic",
)  # fmt: skip
NOTATIONS = {  # what has to be understood, and how it is found in a document
    r"\hat y": r"\\hat y", r"\hat{y}_i": r"\\hat\{y\}_i", "ŷ": "ŷ", "y_pred": "y_pred", "y_{pred}": r"y_\{pred", "h_θ(x)": r"h_\\theta\(x",
    "f(x_i)": r"f\(x_i\)", "x^{(i)}": r"x\^\{\(i\)\}", "x^i": r"x\^i\b", "X": r"\bX\b", r"\mathbf": r"\\mathbf", r"\vec": r"\\vec", "primes": r"[a-zJLW]'",
    r"\sigma'": r"\\sigma'|σ'", r"\frac12": r"\\frac1", r"\tfrac": r"\\tfrac", r"\dfrac": r"\\dfrac", r"\over": r"\\over\b", "a/b": r"\d/n",
    r"\cdot": r"\\cdot", r"\times": r"\\times", "*": r"\w\*\w", "·": "·", "implicit products": r"\d[a-z]\(", r"\left( \right)": r"\\left\(",
    r"\Big": r"\\[bB]igg?l?[\[\(]", "|…|": r"\|[a-zŷ]", r"\|…\|^2": r"\\\|", r"\sum_{i=1}^{n}": r"\\sum_\{i=1\}\^\{?n", r"\sum_i": r"\\sum_i",
    r"\sum alone": r"\\sum [\(|]", "Σ": "Σ|∑", "sum(…)": r"\bsum\(", "mean(…)": r"mean\(", r"\mathbb{E}": r"\\mathbb\{E\}",
    "∂ fraction": r"\\frac\{\\partial", "dL/dw": r"\bd[A-Z]+/d[a-z]", "∂L/∂w": "∂[A-Z]+/∂", r"d/dw[…]": r"\\left\[|\\frac\{d\}\{dw\}", "L'(w)": r"L'\(w\)",
    r"\nabla_w": r"\\nabla_", r"\delta": r"\\delta", "X^T": r"X\^T", r"X^\top": r"X\}?\^\{?\\top", r"\odot": r"\\odot|⊙", ":=": ":=",
    r"\leftarrow": r"\\leftarrow|←", "w -= …": r"\w [-+]=", r"\boxed": r"\\boxed", r"\underbrace": r"\\underbrace", r"\text": r"\\text\{", r"\tag": r"\\tag",
    "alignment marks": r"&=", "spacing": r"\\,|\\;|\\quad", "trailing punctuation": r"[.,]\$\$|[.,] ?\\\]", r"\textcircled": r"\\textcircled",
    r"\Rightarrow": r"\\Rightarrow|\\implies", r"\approx": r"\\approx", "decimals": r"\d\.\d", "lists of numbers": r"\[-?\d+(\.\d+)?, ", "tables": r"\|---\|",
    "OCR": r"\^\*|\\hat \{|\{ ", "code comments": r"(?m)^\s*(#|//) ", "```math": "```math", "fences": "```", "notebooks": r'"cell_type"', r"\[…\]": r"\\\[",
    r"\(…\)": r"\\\(", "$…$": r"[^$]\$[^$]", "equation": r"begin\{equation", "align": r"begin\{align\*?\}", "aligned": r"begin\{aligned",
    "split": r"begin\{split", "gather": r"begin\{gather", "eqnarray": r"begin\{eqnarray", "array": r"begin\{array", "cases": r"begin\{cases",
    "continued rows": r"(?m)^\s*&?=|^\$\$=|\\\\\n&=", "m and c": r"m\s?x(_i)? \+ c", "a and b": r"ax_i|a x_i", "θ₀, θ₁": r"\\theta_0", "β": r"\\beta",
}  # fmt: skip

READ, AGREEMENT, FIRST_WRONG = 99.5, 99.0, 99.0  # percent, of the whole corpus


@cache
def outcomes() -> tuple[tuple[Outcome, ...], ...]:
    return tuple(tuple(judged(r)) for r in RECORDS)


# ---------------------------------------------------------------- the corpus itself


@pytest.mark.parametrize("r", RECORDS, ids=lambda r: r.id)
def test_every_label_is_true_on_random_numbers(r: Record) -> None:
    assert {label.text: why for label in r.lines if (why := fault(label, r))} == {}


def test_every_line_called_right_wrong_or_carried_has_formulas_to_judge_it_by() -> None:
    assert [(r.id, x.text) for r in RECORDS for x in gaps(r) if x.verdict != "notation"] == []


def test_there_are_150_records_and_more_each_with_its_name() -> None:
    assert len(RECORDS) == len(BY_ID) >= 150


def test_every_line_stands_in_its_document_in_order() -> None:
    for r in RECORDS:
        text = "\n".join("".join(c["source"]) for c in json.loads(r.text)["cells"]) if r.file.endswith(".ipynb") else r.text
        at = 0
        for label in r.lines:
            found = text.find(label.text, at)
            assert found >= 0, (r.id, label.text)
            at = found + len(label.text)


def test_every_verdict_is_met() -> None:
    assert {x.verdict for r in RECORDS for x in r.lines} == set(VERDICTS)
    assert {v for r in RECORDS for x in r.lines for v in x.accept} <= set(VERDICTS)


@pytest.mark.parametrize("slip", SLIPS)
def test_every_slip_is_met_three_times(slip: str) -> None:
    assert sum(x.verdict in ("wrong", "convention") and slip in x.slips for r in RECORDS for x in r.lines) >= 3


def test_no_slip_is_said_of_a_right_line_and_every_wrong_line_says_one() -> None:
    for r in RECORDS:
        for x in r.lines:
            assert bool(x.slips) or x.verdict != "wrong", (r.id, x.text)
            assert not x.slips or x.verdict in ("wrong", "carried", "convention"), (r.id, x.text)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_is_met_three_times(notation: str) -> None:
    assert sum(bool(re.search(NOTATIONS[notation], r.text)) for r in RECORDS) >= 3


def test_a_false_label_is_found_out() -> None:
    base = {"id": "x", "text": "", "let": {"L": "mean((w*x-y)**2)"}}
    lines = [
        {"text": "a", "verdict": "right", "py": ["D(L,w)", "2*mean(x*(w*x-y))+0.001"]},
        {"text": "b", "verdict": "wrong", "py": ["D(L,w)", "2*mean(x*(w*x-y))"]},
        {"text": "c", "verdict": "convention", "py": ["D(L,w)", "mean((w*x-y)*y)"]},
        {"text": "d", "verdict": "right", "py": ["2/3", "0.66"]},
        {"text": "e", "verdict": "right", "py": ["2/3", "0.67"]},
        {"text": "f", "verdict": "convention", "py": ["D(L,w)", "mean(x*(w*x-y))"]},
    ]
    r = record({**base, "lines": lines})
    assert [bool(fault(x, r)) for x in r.lines] == [True, True, True, True, False, False]


# ---------------------------------------------------------------- how it is judged


def test_no_right_line_is_called_wrong() -> None:
    assert [(o.record.id, o.label.text) for g in outcomes() for o in g if o.unjust] == []


def test_lines_are_read_and_judged_as_labelled() -> None:
    s = score(outcomes())
    assert s.read >= READ
    assert s.agreement >= AGREEMENT
    assert s.first_wrong >= FIRST_WRONG


# ---------------------------------------------------------------- the measure


def _outcomes(labels: str, verdicts: str) -> list[Outcome]:
    words = {"r": "right", "w": "wrong", "g": "given", "c": "carried", "n": "convention"}
    r = Record("x", "", tuple(Label(str(k), words[v], ("wrong",) if v == "n" else ()) for k, v in enumerate(labels)))
    return [Outcome(r, x, None, words[v]) for x, v in zip(r.lines, verdicts, strict=True)]


@pytest.mark.parametrize(
    ("labels", "verdicts", "right"),
    [("grr", "grr", True), ("grw", "grr", False), ("grw", "gww", False), ("gwc", "gwc", True), ("grr", "gwr", False), ("gnw", "gww", True),
     ("gnw", "gnw", True), ("gnw", "gnr", False), ("gnr", "gwr", True)],
)  # fmt: skip
def test_the_first_wrong_line_is_the_labelled_one_or_one_that_may_be_called_so(labels: str, verdicts: str, right: bool) -> None:
    assert first_right(_outcomes(labels, verdicts)) is right


def test_a_line_labelled_right_that_is_called_carried_counts_as_called_wrong() -> None:
    assert score([_outcomes("grr", "grc")]).called_wrong == 1
    assert score([_outcomes("grw", "grw")]).called_wrong == 0


def test_files_of_other_shapes_are_measured_too(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "raw": "$$L = w^2$$\n\n$$L' = w$$", "lines": [
        {"text": "L = w^2", "status": "given"}, {"text": "L' = w", "status": "wrong", "slip": "lost_parens", "accept": ["correct"]}]}) + "\n")  # fmt: skip
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "L = w^2", "accept": ["given"], "why": ""}) + "\n")
    (a,), (b,) = records_of(tmp_path / "a.jsonl"), records_of(tmp_path / "b.jsonl")
    assert [(x.verdict, x.accept, x.slips) for x in a.lines] == [("given", (), ()), ("wrong", ("right",), ("bracket",))]
    assert [o.verdict for o in judged(b)] == ["given"]


def test_a_slip_that_is_not_named_first_is_counted() -> None:
    (o,) = _outcomes("w", "w")
    assert missed_slips([[o]]) == []
