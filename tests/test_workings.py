"""Workings made by chance: the numbers behind them are trusted only after they were tried; right ones are never called wrong, slipped ones always are."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from symgd.catalogue import problem
from symgd.handcalc.judge import check
from symgd.handcalc.lines import read_rows
from symgd.handcalc.sources import written
from symgd.reading import Unread, read
from symgd.term import D, Name, Sum, Term, mean
from tests.benchmarks.workings import BAD, finding, mutants
from tests.hands import HANDS, document
from tests.hands import written as in_hand
from tests.true_lines import agree, ratios
from tests.workings import problems, rewritten, right_workings, slipped_workings

LINE = problem("line-mse")
L, W = Name("L"), Name("w")
U, X, N = Name("u", ("i",)), Name("x", ("i",)), Name("n")


@pytest.mark.parametrize(
    ("goal", "member", "true"),
    [
        (D(L, W), 2 * mean("i", U * X, N), True), (D(L, W), mean("i", U * X, N), False), (D(L, W), Sum("i", D(L, U) * D(U, W)), True),
        (D(L, Name("b")), 2 * mean("i", U, N), True), (D(L, Name("b")), 2 * mean("i", U * X, N), False), (D(L, U), 2 * U / N, True), (D(L, U), U / N, False),
        (D(U, Name("y_hat", ("i",)), True), Name("x", ("i",)), False),
    ],
)  # fmt: skip
def test_the_numbers_tell_a_true_line_from_a_false_one(goal: Term, member: Term, true: bool) -> None:
    assert agree(LINE, goal, member) is true


def test_a_line_that_is_wrong_by_a_factor_has_one_ratio() -> None:
    assert {round(float(q), 9) for q in ratios(LINE, D(L, W), 4 * mean("i", U * X, N))} == {2.0}


def test_rewriting_changes_the_look_and_not_the_value() -> None:
    dice = random.Random(3)
    right = read("2/n*sum_i((w*x_i + b - y_i)*x_i)", "ascii")
    looks = [rewritten(right, dice) for _ in range(40)]
    assert len(set(looks)) > 5
    assert all(agree(LINE, right, look) for look in looks)


def test_every_hand_writes_what_is_read_back() -> None:
    for hand in HANDS:
        rows = [f"{in_hand(d.name, hand)} = {in_hand(d.value, hand)}" for d in LINE.tape]
        assert [f.verdict for f in check(document(rows, hand)).findings] == ["given"] * 3, hand


def test_the_problems_have_other_letters_and_one_example_too() -> None:
    assert len(problems()) > 60
    assert {p.parameters[0].symbol for p in problems()} >= {"w", "m", "a", "theta_1", "beta_1"}
    assert any(not p.count for p in problems())


def test_the_same_seed_gives_the_same_workings() -> None:
    assert list(islice(slipped_workings(5), 4)) == list(islice(slipped_workings(5), 4))


def test_no_line_of_a_right_working_is_called_wrong() -> None:
    for w in islice(right_workings(21), 40):
        assert [f.line.text for f in check(w.text).findings if f.verdict in (*BAD, "unread")] == [], w.text


def test_a_slipped_line_is_called_wrong_and_its_slip_is_named_first() -> None:
    named = 0
    some = list(islice(slipped_workings(22), 40))
    for w in some:
        f = finding(w)
        assert f is not None, w.text
        assert f.verdict == "wrong" or (f.verdict == "convention" and w.factor) or "sum-dropped" in w.same, (w.text, f.says)
        named += f.verdict != "wrong" or bool(f.slips and f.slips[0].name in w.same)
    assert named >= 0.9 * len(some)


def test_mutated_texts_are_read_or_refused() -> None:
    for text in islice(mutants(9), 300):
        assert refusal(text) is None or "notebook" in str(refusal(text))


def refusal(text: str) -> str | None:
    """What the reader of whole texts refuses it with."""
    try:
        read_rows(written(text))
    except Unread as refused:
        return refused.message
    return None
