"""The words: functions, aliases, Greek letters.  What a row says of its derivative is tested with the rules."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from symgd.language import ALIASES, CONSTANTS, FUNCTIONS, GREEK
from symgd.reading import read
from symgd.term import Call, Compare, Name, Term, symbol_problem
from tests.by_hand import NUMBERS, value

x = Name("x")
POINTS = (-2.3, -0.7, -0.41, 0.3, 0.62, 1.7, 2.9)


def test_every_alias_leads_to_a_function_and_none_hides_one() -> None:
    assert set(ALIASES.values()) <= set(FUNCTIONS)
    assert not set(ALIASES) & set(FUNCTIONS)


@pytest.mark.parametrize("alias", [a for a in ALIASES if a.isascii() and FUNCTIONS[ALIASES[a]].arity == 1])
def test_an_alias_is_read_as_its_function(alias: str) -> None:
    assert read(f"{alias}(x)") == Call(ALIASES[alias], (x,))


def test_the_tests_know_every_function_of_the_table() -> None:
    assert set(NUMBERS) == set(FUNCTIONS)


def test_greek_names_are_names_and_no_two_name_different_letters() -> None:
    assert all(symbol_problem(s) is None for s in GREEK)
    assert all(len(letter) == 1 for letter in GREEK.values())
    assert set(CONSTANTS) <= set(GREEK)


def test_a_function_name_is_lower_case_and_short() -> None:
    assert all(re.fullmatch("[a-z0-9]{2,9}", name) for name in FUNCTIONS)


def holds(conditions: tuple[Compare, ...], at: float) -> bool:
    return all(value(c, {("x", ()): mp.mpf(at)}) for c in conditions)


@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values() if row.arity == 1])
def test_a_function_is_real_exactly_on_its_domain(name: str) -> None:
    row = FUNCTIONS[name]
    for at in (*POINTS, -1.5, 1.5):
        real = mp.im(mp.mpmathify(NUMBERS[name](mp.mpf(at)))) == 0
        assert real == holds(row.domain(x), at)


@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values() if row.arity == 1])
def test_the_numpy_text_computes_the_function(name: str) -> None:
    row = FUNCTIONS[name]
    for at in POINTS:
        if holds(row.domain(x), at):
            computed = eval(row.numpy.format("u"), {"np": np, "erf": math.erf, "u": np.float64(at)})
            assert abs(computed - float(mp.re(NUMBERS[name](mp.mpf(at))))) < 1e-13 * max(1, abs(computed))


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "relu", "leakyrelu", "silu", "gelu", "logcosh", "abs"])
def test_the_numpy_text_computes_a_loss_or_activation_far_out_without_overflow(name: str) -> None:
    for at in (-1e4, -800.0, -20.0, 0.0, 20.0, 800.0, 1e4):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            computed = eval(FUNCTIONS[name].numpy.format("u"), {"np": np, "erf": math.erf, "u": np.float64(at)})
        with mp.workdps(9000 if abs(at) > 1e3 and name in ("logcosh", "softplus") else 60):
            assert abs(computed - float(mp.re(NUMBERS[name](mp.mpf(at))))) <= 1e-13 * max(1, abs(computed))


def test_where_a_derivative_does_not_exist_the_row_says_so() -> None:
    kinked = {name for name, row in FUNCTIONS.items() if row.kinks(x)}
    assert kinked == {"sqrt", "asin", "acos", "asec", "acsc", "acosh", "asech", "relu", "leakyrelu", "abs", "sign"}


SIDES = {"relu": (0, 1), "leakyrelu": (0.01, 1), "abs": (-1, 1)}  # the slopes left and right of 0


@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row.at_kink])
def test_a_kink_has_the_slopes_of_both_sides_and_takes_one_between_them(name: str) -> None:
    row, kink = FUNCTIONS[name], FUNCTIONS[name].at_kink
    assert kink
    if row.arity == 2:
        assert (kink.where, kink.slopes, kink.takes) == ("u = v", "all between u′ and v′", "v′")
        return
    assert row.derivative
    assert row.kinks(x)
    assert kink.where == "u = 0"
    left, right = (float(Fraction(s.replace("−", "-"))) for s in kink.slopes.strip("[]").split(", "))
    assert (left, right) == SIDES[name] == tuple(float(value(row.derivative(x), {("x", ()): Fraction(at)})) for at in (-1, 1))
    takes = float(Fraction(kink.takes))
    assert takes == float(value(row.derivative(x), {("x", ()): Fraction(0)}))
    assert left <= takes <= right


def test_a_function_with_a_jump_has_no_subdifferential() -> None:
    assert FUNCTIONS["sign"].kinks(x)
    assert FUNCTIONS["sign"].at_kink is None


def test_a_row_is_a_function_of_terms() -> None:
    made: list[Term] = [row.derivative(x) for row in FUNCTIONS.values() if row.derivative]
    assert len(made) == len(FUNCTIONS) - 2
