"""The first lessons: what their prose claims is true of other data too, their numbers are found again by another route, their formulas are proved."""

from __future__ import annotations

import pytest

from symgd.course.example import line_gradient
from symgd.course.proved import along, chain, proved
from symgd.forward import Definition
from symgd.term import TWO, Name, mean

PROBLEM = line_gradient(False).problem
W, B = PROBLEM.parameters
X = Name("x", ("i",))


def test_a_true_line_is_marked_proved() -> None:
    assert proved(PROBLEM.objective, mean("i", (W * X + B - Name("y", ("i",))) ** 2, Name("n")), PROBLEM).check == "proved"


def test_a_false_line_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="refuted"):
        proved(PROBLEM.objective, mean("i", (W * X + B) ** 2, Name("n")), PROBLEM)


def test_a_chain_with_one_false_line_is_refused() -> None:
    h = Name("h")
    with pytest.raises(ArithmeticError, match="refuted"):
        chain((W + h) ** 2, [(W**2 + TWO * W * h + h**2, "expanded"), (W**2 + W * h + h**2, "wrong")], PROBLEM)


def test_a_name_put_before_the_tape_is_known_by_its_definition() -> None:
    a = Definition(Name("A"), mean("i", X**2, Name("n")), "the mean square")
    assert proved(Name("A") * W, mean("i", X**2 * W, Name("n")), along(PROBLEM, a)).check == "proved"
    with pytest.raises(ArithmeticError, match="refuted"):
        proved(Name("A") * W, mean("i", X**2 * W, Name("n")) + TWO, along(PROBLEM, a))
