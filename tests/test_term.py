"""The tree: what is written, in the order it is written; its indices, and the one check every name passes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.indices import axis, bound, free, fresh, rename, settle
from symgd.term import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Cases,
    Compare,
    D,
    Det,
    Div,
    Inverse,
    Match,
    Mul,
    Name,
    Neg,
    Num,
    Pow,
    Sum,
    Term,
    add,
    children,
    mean,
    mul,
    names,
    occurrences,
    parts,
    rebuild,
    replace,
    size,
    subterms,
    symbol_problem,
    term,
)
from tests.by_hand import value

a, b, c, x, y, n = (Name(s) for s in "abcxyn")
u_i, u_j, x_i = Name("u", ("i",)), Name("u", ("i'",)), Name("x", ("i",))

INDICES = st.sampled_from(["i", "i'", "k"])
MATRICES = st.sampled_from([("i", "i'"), ("i'", "i"), ("i'", "i''"), ("k", "k'")])
LEAVES = st.one_of(
    st.fractions(min_value=-3, max_value=3, max_denominator=4).map(Num), st.sampled_from([a, b, x]), INDICES.map(lambda k: Name("u", (k,))),
    st.tuples(INDICES, INDICES).map(lambda ab: Match(*ab)),
)  # fmt: skip
TERMS = st.recursive(
    LEAVES,
    lambda t: st.one_of(
        st.lists(t, min_size=2, max_size=3).map(lambda ts: add(*ts)), st.lists(t, min_size=2, max_size=3).map(lambda ts: mul(*ts)), t.map(Neg),
        st.tuples(INDICES, t).map(lambda kt: Sum(*kt)), st.tuples(MATRICES, t).map(lambda rt: Det(*rt[0], rt[1])),
        st.tuples(t, st.integers(0, 3)).map(lambda tn: Pow(tn[0], term(tn[1]))),
        st.tuples(t, t, t).map(lambda abc: Cases(((abc[0], Compare(abc[1], "<", ONE)),), abc[2])),
    ),
    max_leaves=10,
)  # fmt: skip
SIZES = {"i": 2, "k": 3}
ENV = {("a", ()): Fraction(2, 3), ("b", ()): Fraction(-1, 2), ("x", ()): Fraction(5), **{("u", (k,)): Fraction(3 * k + 1, 7 - k) for k in range(3)}}
AT = {"i": 1, "i'": 0, "k": 2}


@pytest.mark.parametrize(
    ("written", "tree"),
    [
        (x + 1, Add((x, ONE))), (1 + x, Add((ONE, x))), (x - y, Add((x, Neg(y)))), (1 - x, Add((ONE, Neg(x)))), (2 * x, Mul((TWO, x))), (x * 2, Mul((x, TWO))),
        (x / y, Div(x, y)), (1 / x, Div(ONE, x)), (x**2, Pow(x, TWO)), (-x, Neg(x)), (x * y * a, Mul((x, y, a))), (x + y + a, Add((x, y, a))),
        (x + (y + a), Add((x, y, a))), (2 * (a * x + b - y), Mul((TWO, Add((Mul((a, x)), b, Neg(y)))))), (x * Fraction(1, 2), Mul((x, Num(Fraction(1, 2))))),
        (add(), ZERO), (mul(), ONE), (add(x), x), (mul(x), x), (mean("i", x_i, n), Mul((Div(ONE, n), Sum("i", x_i)))),
        (x - (y - a), Add((x, Neg(Add((y, Neg(a))))))),
    ],
)  # fmt: skip
def test_a_term_is_what_was_written_in_that_order(written: Term, tree: Term) -> None:
    assert written == tree


def test_nothing_is_simplified_by_writing_it() -> None:
    assert x / x != ONE
    assert x - x != ZERO
    assert b + a != a + b
    assert 2 * (x + y) != 2 * x + 2 * y


def test_the_decimals_that_the_writer_gave_are_no_part_of_the_value() -> None:
    assert Num(Fraction(1, 2), 2) == Num(Fraction(1, 2))
    assert hash(Num(Fraction(1, 2), 2)) == hash(Num(Fraction(1, 2)))


def test_terms_are_frozen_and_survive_pickling_into_a_process_with_other_hashes() -> None:
    t = Sum("i", (u_i - 1) ** 2)
    with pytest.raises(AttributeError):
        t.index = "k"  # type: ignore[misc]
    hash(t)
    ask = "import pickle, sys; from symgd.term import *; print(Sum('i', (Name('u', ('i',)) - 1) ** 2) in {pickle.loads(bytes.fromhex(sys.argv[1]))})"
    assert subprocess.run([sys.executable, "-c", ask, pickle.dumps(t).hex()], capture_output=True, text=True, check=True).stdout.strip() == "True"


@given(TERMS)
@settings(max_examples=150, deadline=None)
def test_a_term_rebuilt_of_its_own_children_is_itself_and_of_others_has_those(t: Term) -> None:
    assert rebuild(t, children(t)) is t
    assert size(t) == 1 + sum(map(size, children(t)))
    assert replace(t, lambda s: None) == t
    assert next(iter(subterms(t))) is t
    assert names(t) == {s.symbol for s in subterms(t) if isinstance(s, Name)}


@given(TERMS)
@settings(max_examples=150, deadline=None)
def test_settling_and_renaming_bound_indices_keeps_the_value(t: Term) -> None:
    assert value(settle(t), ENV, SIZES, AT) == value(t, ENV, SIZES, AT)
    assert free(settle(t)) == free(t)
    assert settle(settle(t)) == settle(t)


@given(TERMS, INDICES, INDICES)
@settings(max_examples=200, deadline=None)
def test_renaming_an_index_means_looking_at_the_other_one_whatever_the_sums_inside_are_called(t: Term, old: str, new: str) -> None:
    if axis(old) == axis(new):
        assert value(rename(t, {old: new}), ENV, SIZES, AT) == value(t, ENV, SIZES, {**AT, old: AT[new]})
        assert free(rename(t, {old: new})) <= (free(t) - {old}) | {new}


@given(TERMS)
@settings(max_examples=100, deadline=None)
def test_two_indices_can_change_places_at_once(t: Term) -> None:
    swapped = rename(t, {"i": "i'", "i'": "i"})
    assert value(swapped, ENV, SIZES, AT) == value(t, ENV, SIZES, {**AT, "i": AT["i'"], "i'": AT["i"]})


@pytest.mark.parametrize(
    ("t", "indices"),
    [(u_i, {"i"}), (Sum("i", u_i), set()), (Sum("i", u_i * u_j), {"i'"}), (Match("i", "k"), {"i", "k"}), (D(u_i, u_j, True), {"i", "i'"}), (x, set()),
     (Cases(((u_i, Compare(u_j, ">", ZERO)),), x), {"i", "i'"}),
     (Det("i", "i'", u_i * Name("u", ("k",))), {"k"}), (Inverse("k", "i", "i", "i'", u_i), {"k", "i"})],
)  # fmt: skip
def test_the_free_indices_are_what_a_term_depends_on(t: Term, indices: set[str]) -> None:
    assert free(t) == indices


def test_a_bound_index_in_the_way_steps_aside() -> None:
    assert rename(Sum("i'", u_i * u_j), {"i": "i'"}) == Sum("i''", Name("u", ("i'",)) * Name("u", ("i''",)))
    assert rename(Sum("i", u_i), {"i": "k"}) == Sum("i", u_i)
    assert settle(Sum("i''", Name("u", ("i''",)))) == Sum("i", u_i)
    assert settle(Sum("i''", Name("u", ("i''",)) * u_i)) == Sum("i'", u_j * u_i)
    assert bound(Sum("i", Sum("k", u_i))) == {"i", "k"}


def test_the_letters_of_a_matrix_are_its_own() -> None:
    m = Name("m", ("i", "i'"))
    assert rename(Inverse("i", "i'", "i", "i'", m), {"i": "i'", "i'": "i"}) == Inverse("i'", "i", "i", "i'", m)
    assert rename(Det("i", "i'", m * Name("u", ("k",))), {"k": "i"}) == Det("i''", "i'", Name("m", ("i''", "i'")) * u_i)
    for around in (Det("i''", "i", Name("m", ("i''", "i"))), Det("i'", "i", Name("m", ("i'", "i")))):
        assert settle(Sum("i", u_i * around)) == Sum("i", u_i * Det("i", "i'", m))  # the same wherever it stands


def test_an_index_belongs_to_the_axis_of_its_letter() -> None:
    assert axis("i''") == "i"
    assert fresh("i", {"i", "i'"}) == "i''"
    assert fresh("i", set()) == "i"


def test_replacing_stops_at_the_outermost_hit() -> None:
    assert replace(x + Call("sin", (x + 1,)), lambda t: y if t in (x, Call("sin", (x + 1,))) else None) == y + y
    assert replace(D(x**2, x), lambda t: y**2 if isinstance(t, Pow) else None) == D(y**2, x)


def test_parts_occurrences_and_conditions_are_found_where_they_stand() -> None:
    assert parts(Add, x + y) == (x, y)
    assert parts(Mul, x + y) == (x + y,)
    assert occurrences(u_i * u_j + x, "u") == (u_i, u_j)
    case = Cases(((x, Compare(x, ">", ZERO)),), y)
    assert children(case) == (x, Compare(x, ">", ZERO), y)
    assert rebuild(case, (a, Compare(x, ">", ONE), b)) == Cases(((a, Compare(x, ">", ONE)),), b)


@pytest.mark.parametrize("good", ["w", "x1", "y_hat", "S_xx", "lambda", "λ", "βeta", "X" * 31])
def test_a_letter_followed_by_letters_digits_and_underscores_is_a_name(good: str) -> None:
    assert symbol_problem(good) is None


@pytest.mark.parametrize(
    ("bad", "says"),
    [("", "a name is"), ("1x", "a name is"), ("_x", "a name is"), ("x y", "a name is"), ("x;import os", "a name is"), ("x.y", "a name is"),
     ("X" * 32, "a name is"), ("ŷ", "a name is"), ("x\n", "a name is"), ("import", "reserved"), ("None", "reserved"),
     ("x__class__", "double underscore"), ("𝑥", "a name is")],
)  # fmt: skip
def test_anything_else_is_refused_with_the_reason(bad: str, says: str) -> None:
    assert says in (symbol_problem(bad) or "")
