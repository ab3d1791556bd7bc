"""Every rule of the tables, against SymPy's diff by two ways; and every rule spoiled, which the referee must catch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import mpmath as mp
import pytest
import sympy as sp

from symgd import backward
from symgd.backward import Refuted, derive, differentiate
from symgd.catalogue import problem
from symgd.forward import Definition, Problem
from symgd.indices import free, fresh
from symgd.language import CONSTANTS, FUNCTIONS, Function
from symgd.meaning import expression
from symgd.referee.tape import Referee
from symgd.rules import CALCULUS, INDICES, INVERSES, LAWS, LINEAR, SUMS, NoRule
from symgd.rules.arithmetic import tidy
from symgd.rules.closing import close, count_out, fold
from symgd.rules.spreading import spread
from symgd.rules.table import Rule, first
from symgd.term import ONE, TWO, ZERO, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, mean, mul, size, subterms
from tests.by_hand import NUMBERS, SYMBOLS, places, value

TABLES = {"CALCULUS": CALCULUS, "SUMS": SUMS, "LINEAR": LINEAR, "INDICES": INDICES, "INVERSES": INVERSES}
RULES = [(t, name) for t, table in TABLES.items() for name in table]

x, y, c, n, L, lam = (Name(s) for s in ("x", "y", "c", "n", "L", "lam"))
u, v, t_i = (Name(s, ("i",)) for s in ("u", "v", "t"))
u_j, u_k, w_k, w_l = Name("u", ("i'",)), Name("u", ("k",)), Name("w", ("k",)), Name("w", ("k'",))
HALF = Num(Fraction(1, 2))
M, M_kl, X_ik = Name("M", ("k", "k'")), Name("M", ("k''", "k'''")), Name("X", ("i", "k"))
gram = Sum("i", X_ik * Name("X", ("i", "k'")))  # XᵀX


def f(name: str, *args: Term) -> Call:
    return Call(name, args)


def d(of: Term, by: Name = x) -> D:
    return D(of, by, True)


# Each rule's lines, on which it is the first to fire.
EXAMPLES: dict[str, list[Term]] = {
    "constant": [d(f("log", Num(Fraction(3)))), d(c * y), d(Sum("i", u))],
    "identity": [d(x), D(u, u_j, True), D(Name("w", ("k", "i")), Name("w", ("k'", "i'")), True), D(u, u, True)],
    "sign": [d(-f("sin", x)), d(-x)],
    "sum rule": [d(x**3 + x), d(x + c - x**2), d(1 - f("exp", x))],
    "constant multiple": [d(c * x**2), d(x**2 * c), d(3 * c * x * f("sin", x)), d(f("sin", x) / c), d(x / 7)],
    "product rule": [d(x * f("sin", x)), d(x * f("exp", x) * f("log", x))],
    "reciprocal rule": [d(1 / (x + 1)), d(c / f("sin", x))],
    "quotient rule": [d(f("sin", x) / x), d(x / (x**2 + c))],
    "power rule": [d(x**2), d(x**5), d(Pow(x, HALF)), d(Pow(x, Neg(TWO))), d(Pow(f("sin", x), c)), d(Pow(x, Num(Fraction(1))))],
    "exponential rule": [d(Pow(TWO, x)), d(Pow(c, x**2))],
    "general power rule": [d(Pow(x, x)), d(Pow(f("sin", x), f("log", x)))],
    "larger of two": [d(f("max", x**2, x)), d(f("max", c, x)), d(f("max", x, c))],
    "smaller of two": [d(f("min", x**2, x)), d(f("min", c, x)), d(f("min", x, c))],
    "case by case": [d(Cases(((x**2, Compare(x, "<", ONE)), (x, Compare(x, "<", TWO))), f("sin", x)))],
    "chain rule": [d(f("sin", x**2)), d(f("exp", f("tanh", x))), d(f("abs", x - c)), d(f("relu", x))],
    "only its own term": [D(Sum("i", u**2 * v), u_j, True), D(Sum("k", f("exp", u_k) * w_k), Name("u", ("k'",)), True)],
    "linearity of the sum": [d(Sum("i", u * x**2)), D(Sum("i", u * u_j), Name("u", ("i''",)), True), d(Sum("i", Sum("k", u * w_k * x)))],
    "derivative of a determinant": [D(Det("k", "k'", M), M_kl, True),
                                    d(Det("k", "k'", M + x * Match("k", "k'"))), D(Det("k", "k'", gram), Name("X", ("i", "k")), True)],
    "derivative of an inverse": [D(Inverse("k", "k'", "k", "k'", M), M_kl, True), d(Inverse("k", "k'", "k", "k'", M + x**2 * Match("k", "k'")))],
    "a matrix meets its inverse": [Sum("k'", M * Inverse("k'", "k''", "k", "k'", M) * w_k), Sum("k", Inverse("k''", "k", "k", "k'", M) * M)],
    "a symmetric matrix": [Inverse("k'", "k", "k", "k'", gram)],
    "only the matching index": [Sum("i", mul(u, Match("i", "i'"), v)), Sum("i'", mul(Match("i", "i'"), u_j**2)), Sum("k", mul(Match("k", "k'"), w_k))],
    "a match with itself": [mul(u, Match("i", "i"))],
    "the match comes out": [mul(u, add(Match("i", "i'"), v)), Div(mul(u, Match("i", "i'")), c), Div(add(Match("i", "i'"), u), v),
                            Neg(add(Match("i", "i'"), Neg(u))),
                            Sum("k", add(mul(w_k, Match("k", "k'")), w_k)), Div(Neg(Match("i", "i'")), u)],
}  # fmt: skip
LINES = [(name, line) for name, lines in EXAMPLES.items() for line in lines]


def apart(axes: Iterable[str]) -> tuple[str, ...]:
    """One letter for each place: (k, k) is (k, k')."""
    out: list[str] = []
    for a in axes:
        out.append(fresh(a, out))
    return tuple(out)


def room(line: Term) -> Problem:
    """The constants with the indices that the line writes."""
    written = {s.symbol: Name(s.symbol, apart(a.rstrip("'") for a in s.indices)) for s in subterms(line) if isinstance(s, Name) and s != n}
    return Problem("rules", (), (), (), tuple((s, None) for _, s in sorted(written.items())))


def moved(name: str, line: Term) -> Term:
    move = first(line, *TABLES.values())
    assert move is not None
    assert move.rule.name == name
    return move.after


def test_every_rule_has_examples() -> None:
    assert set(EXAMPLES) == {name for _, name in RULES}


@pytest.mark.parametrize(("table", "name"), RULES)
def test_a_rule_says_its_law_and_one_sentence_of_reason(table: str, name: str) -> None:
    r = TABLES[table][name]
    assert r.law
    assert "\n" not in r.law
    assert r.reason.endswith(".")
    assert LAWS[name] == (r.law, r.reason)


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_rule_keeps_the_value_of_the_line_says_the_referee(name: str, line: Term) -> None:
    assert Referee(room(line)).compare(line, moved(name, line)).verdict == "proved"


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_rule_agrees_with_the_sums_written_out_for_three_and_differentiated_by_sympy(name: str, line: Term) -> None:
    after, sizes = moved(name, line), {"i": 3, "k": 3}
    env = {(s.symbol, tuple(at.values())): sp.Symbol(f"{s.symbol}{''.join(map(str, at.values()))}", positive=True)
           for s, _ in room(line).constants for at in places(s.indices, sizes)}  # fmt: skip
    numbers = {symbol: sp.Rational(3 + 7 * k, 5 + 2 * k) for k, symbol in enumerate(env.values())}
    for at in places(tuple(sorted(free(line) | free(after))), sizes):
        left, right = (sp.sympify(value(t, env, sizes, at, SYMBOLS)).doit().subs(numbers).evalf(30) for t in (line, after))
        assert abs(left - right) < 1e-25


def test_a_rule_leaves_what_it_does_not_know_alone() -> None:
    total = D(L, x)
    assert all(r.move(t) is None for table in TABLES.values() for r in table.values() for t in (x, x + y, total, Num(Fraction(2))))


def test_a_kink_stands_in_the_condition_of_the_rule() -> None:
    conditions = {name: [r.where(line) for line in EXAMPLES[name]] for name, r in CALCULUS.items()}
    assert conditions["larger of two"][1] == (Compare(c, "!=", x),)
    assert conditions["smaller of two"][1] == (Compare(c, "!=", x),)
    assert conditions["chain rule"] == [(), (), (Compare(x - c, "!=", ZERO),), (Compare(x, "!=", ZERO),)]
    assert conditions["case by case"] == [(Compare(x, "!=", ONE), Compare(x, "!=", TWO))]
    assert conditions["exponential rule"] == [(), (Compare(c, ">", ZERO),)]
    assert conditions["general power rule"][0] == (Compare(x, ">", ZERO),)


# ---------------------------------------------------------------- functions

POINTS = ("-2.3", "-0.7", "-0.41", "0.3", "0.62", "1.7", "2.9")


def in_domain(row: Function) -> Iterator[mp.mpf]:
    """The points where the function is real and smooth."""
    for p in POINTS:
        at = mp.mpf(p)
        if all(value(condition, {("x", ()): at}) for condition in (*row.domain(x), *row.kinks(x))):
            yield at


ONE_ARGUMENT = [row.name for row in FUNCTIONS.values() if row.derivative]


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_the_derivative_of_a_function_is_that_of_its_meaning_and_of_mpmath(name: str) -> None:
    row = FUNCTIONS[name]
    assert row.derivative
    symbol = sp.Symbol("x", real=True)
    slope = sp.diff(row.meaning(sp, symbol), symbol)
    with mp.workdps(40):
        found = list(in_domain(row))
        assert len(found) >= 2
        for at in found:
            ours = mp.mpmathify(value(row.derivative(x), {("x", ()): at}))
            assert abs(ours - mp.mpf(str(slope.subs(symbol, sp.Float(str(at), 40)).evalf(35)))) < 1e-30 * (1 + abs(ours))
            assert abs(ours - mp.diff(NUMBERS[name], at)) < mp.mpf("1e-15") * (1 + abs(ours))


@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values()])
def test_the_meaning_of_a_function_is_what_mathematics_calls_by_its_name(name: str) -> None:
    row = FUNCTIONS[name]
    arguments = [mp.mpf(p) for p in POINTS]
    with mp.workdps(30):
        for at in list(in_domain(row)) if row.arity == 1 else arguments:
            args = (at,) if row.arity == 1 else (at, mp.mpf("0.5"))
            meant = row.meaning(sp, *(sp.Float(str(a), 30) for a in args)).evalf(25)
            assert abs(mp.mpf(str(meant)) - NUMBERS[name](*args)) < mp.mpf("1e-20")


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_a_function_says_its_law_and_how_it_is_spoken_and_computed(name: str) -> None:
    row = FUNCTIONS[name]
    slots = [f"{{{k}}}" for k in range(row.arity)]
    assert row.law
    assert row.latex
    assert all(s in row.said and s in row.numpy for s in slots)
    assert row.name == name


def test_a_function_without_a_rule_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "erf", dataclasses.replace(FUNCTIONS["erf"], derivative=None))
    with pytest.raises(NoRule, match=r"no rule differentiates erf\(z\) with respect to z; add a row to symgd/language.py"):
        differentiate(f("erf", x), x)
    with pytest.raises(NoRule, match="no rule differentiates nosuch"):
        first(d(f("nosuch", x)), CALCULUS)
    with pytest.raises(NoRule, match="no rule differentiates hypot of 2 arguments"):
        first(d(f("hypot", x, c)), CALCULUS)


def test_the_constants_known_by_name_are_numbers() -> None:
    assert {name: row[0](sp) for name, row in CONSTANTS.items()} == {"pi": sp.pi}


# ---------------------------------------------------------------- spoiled: a wrong rule cannot produce an unmarked line

Move = Callable[[Term], Term | None]


def wrong(right: Move, spoil: Callable[[Term, Term], Term | None]) -> Move:
    """The rule's own result, spoiled: spoil(line, result)."""

    def move(t: Term) -> Term | None:
        into = right(t)
        return None if into is None else spoil(t, into)

    return move


def inner_dropped(t: Term, into: Term) -> Term:
    return mul(*into.factors[:-1]) if isinstance(into, Mul) else into


def factor_dropped(t: Term, into: Term) -> Term:
    return mul(*into.factors[1:]) if isinstance(into, Mul) else into.top if isinstance(into, Div) else into


def last_term_dropped(t: Term, into: Term) -> Term:
    return add(*into.terms[:-1]) if isinstance(into, Add) else into


def sign_flipped(t: Term, into: Term) -> Term:
    return into.body if isinstance(into, Neg) else Neg(into)


def exponent_kept(t: Term, into: Term) -> Term:
    match t:
        case D(Pow(base, n), by, True):
            return mul(n, Pow(base, n), D(base, by, True))
    return into


def turned_round(t: Term, into: Term) -> Term:
    match into:
        case Div(Add((a, Neg(b))), bottom):
            return Div(add(b, Neg(a)), bottom)
    return into


def square_forgotten(t: Term, into: Term) -> Term:
    match into:
        case Div(top, Pow(bottom, _)):
            return Div(top, bottom)
        case Neg(Div(top, Pow(bottom, _))):
            return Neg(Div(top, bottom))
    return into


def plus_for_minus(t: Term, into: Term) -> Term:
    match into:
        case Div(Add((a, Neg(b))), bottom):
            return Div(add(a, b), bottom)
        case Add((a, b)):
            return add(a, Neg(b))
    return into


def undifferentiated(t: Term, into: Term) -> Term:
    match t:
        case D(Call(_, (a,)) as whole, by, True):
            return mul(whole, D(a, by, True))
    return into


def the_other_case(t: Term, into: Term) -> Term:
    match into:
        case Cases(((a, when),), b):
            return Cases(((b, when),), a)
        case Cases(((a, when), *rest), b):
            return Cases(((b, when), *rest), a)
    return into


def sum_kept(t: Term, into: Term) -> Term:
    match t, into:
        case D(Sum(index, _), _, _), _:
            return Sum(index, into)
        case Sum(index, _), _:
            return Sum(index, into)
    return into


def sum_dropped(t: Term, into: Term) -> Term:
    match t, into:
        case D(Sum(index, body), by, _), Sum():
            return D(body, by, True) if not free(body) & {index} else mul(TWO, into)
    return into


def match_lost(t: Term, into: Term) -> Term:
    return mul(*(ONE if isinstance(m, Match) else m for m in (into.factors if isinstance(into, Mul) else (into,))))


def wrong_index(t: Term, into: Term) -> Term:
    """Σ_k f_k [k = k'] is not f at another index: the match is dropped, the sum kept."""
    match t:
        case Sum(index, Mul(fs)):
            return Sum(index, mul(*(f for f in fs if not isinstance(f, Match))))
    return into


i, ik, k = ("i",), ("i", "k"), ("k",)
softmax = Problem(
    "softmax regression",
    (Name("W", k), Name("b", k)),
    (Name("x", i), Name("t", ik)),
    (
        Definition(Name("z", ik), Name("W", k) * Name("x", i) + Name("b", k)),
        Definition(Name("S", i), Sum("k", f("exp", Name("z", ik)))),
        Definition(Name("p", ik), f("exp", Name("z", ik)) / Name("S", i)),
        Definition(Name("L"), Neg(mean("i", Sum("k", Name("t", ik) * f("log", Name("p", ik))), n))),
    ),
    given=(("t", "k"),),
)
softmax_in_one_line = Problem(
    "softmax in one line",
    (Name("W", k),),
    (Name("x", i), Name("t", ik)),
    (
        Definition(Name("z", ik), Name("W", k) * Name("x", i)),
        Definition(Name("p", ik), f("exp", Name("z", ik)) / Sum("k'", f("exp", Name("z", ("i", "k'"))))),
        Definition(Name("L"), Neg(mean("i", Sum("k", Name("t", ik) * f("log", Name("p", ik))), n))),
    ),
)
direct = Problem("in one line", (Name("w"),), (Name("x", i), Name("y", i)), (Definition(L, mean("i", (Name("w") * Name("x", i) - Name("y", i)) ** 2, n)),))
# s_i = Σ_i' [i = i'] z_i' + z_i': the rule of a match stands in the way of the sum over it
gated = Problem(
    "each sample twice",
    (Name("w"),),
    (Name("x", i),),
    (
        Definition(Name("z", i), Name("w") * Name("x", i)),
        Definition(Name("s", i), Sum("i'", (Match("i", "i'") + Name("x", i)) * Name("z", ("i'",)) ** 2)),
        Definition(Name("L"), Sum("i", Name("s", i) ** 2)),
    ),
)

# r_i = 2 z_i, with matches that the author wrote
written_matches = Problem(
    "matches written by the author",
    (Name("w"),),
    (Name("x", i),),
    (
        Definition(Name("z", i), Name("w") * Name("x", i)),
        Definition(Name("r", i), Sum("i'", Match("i", "i'") * (Name("z", ("i'",)) + Match("i", "i'") * Name("z", i)))),
        Definition(Name("L"), Sum("i", Name("r", i) ** 2)),
    ),
)

k_l = ("k", "k'")
determinant = Problem("det M", (Name("M", k_l),), (), (Definition(L, Det("k", "k'", M)),), count=())
inverse = Problem("tr M⁻¹", (Name("M", k_l),), (), (Definition(L, Sum("k", Inverse("k", "k", "k", "k'", M))),), count=())
volume = Problem("log det XᵀX", (X_ik,), (), (Definition(L, f("log", Det("k", "k'", gram))),), count=())
trace = Sum("k", Sum("k'", M * Inverse("k'", "k", "k", "k'", M)))
unity = Problem("w² tr M M⁻¹", (Name("w"),), (M,), (Definition(L, Name("w") ** 2 * trace),), count=())


def transposed(t: Term, into: Term) -> Term:
    match into:
        case Mul((det, Sum(r, Sum(c, Mul((Inverse(a, b, row, column, m), slope)))))):
            return mul(det, Sum(r, Sum(c, mul(Inverse(b, a, row, column, m), slope))))
    return into


Spoil = Callable[[Term, Term], Term | None]
SPOILED: list[tuple[str, str, Spoil, Term | Problem]] = [
    ("constant", "1 instead of 0", lambda t, into: ONE, x**2 + f("log", TWO)),
    ("identity", "2 instead of 1", lambda t, into: mul(TWO, into), x**3),
    ("identity", "the match lost", match_lost, softmax_in_one_line),
    ("sign", "sign flipped", sign_flipped, -f("sin", x)),
    ("sum rule", "term dropped", last_term_dropped, x**2 + f("sin", x)),
    ("sum rule", "sign flipped", plus_for_minus, x**2 + f("sin", x)),
    ("constant multiple", "factor lost", factor_dropped, 3 * f("sin", x)),
    ("constant multiple", "factor lost", factor_dropped, problem("line-mse")),
    ("product rule", "term dropped", last_term_dropped, x * f("sin", x)),
    ("product rule", "sign flipped", plus_for_minus, x * f("sin", x)),
    ("product rule", "product of the derivatives", lambda t, into: mul(*(D(g, t.by, True) for g in t.of.factors)), x * f("sin", x)),  # type: ignore[union-attr, attr-defined]
    ("reciprocal rule", "sign flipped", sign_flipped, 1 / (x**2 + 1)),
    ("reciprocal rule", "square forgotten", square_forgotten, 1 / (x**2 + 1)),
    ("quotient rule", "turned round", turned_round, f("sin", x) / x),
    ("quotient rule", "plus for minus", plus_for_minus, f("sin", x) / x),
    ("quotient rule", "square forgotten", square_forgotten, f("sin", x) / x),
    ("power rule", "exponent kept", exponent_kept, x**3),
    ("power rule", "exponent kept", exponent_kept, problem("line-mse")),
    ("power rule", "inner derivative dropped", inner_dropped, f("sin", x) ** 2),
    ("power rule", "factor lost", factor_dropped, x**3),
    ("power rule", "sign flipped", sign_flipped, x**3),
    ("exponential rule", "logarithm lost", lambda t, into: mul(into.factors[0], into.factors[2]), Pow(Num(Fraction(3)), x)),  # type: ignore[attr-defined]
    ("exponential rule", "inner derivative dropped", inner_dropped, Pow(Num(Fraction(3)), x**2)),
    ("general power rule", "as if the exponent were constant", exponent_kept, Pow(x, x)),
    ("general power rule", "term dropped", lambda t, into: mul(into.factors[0], into.factors[1].terms[0]), Pow(x, x)),  # type: ignore[attr-defined]
    ("larger of two", "the other case", the_other_case, f("max", x**2, x)),
    ("smaller of two", "the other case", the_other_case, f("min", x**2, x)),
    ("case by case", "the other case", the_other_case, Cases(((x**2, Compare(x, "<", ONE)),), x**3)),
    ("chain rule", "inner derivative dropped", inner_dropped, f("sin", x**2)),
    ("chain rule", "inner derivative dropped", inner_dropped, problem("logistic-log-loss")),
    ("chain rule", "outer function not differentiated", undifferentiated, f("sin", x**2)),
    ("only its own term", "the sum kept", sum_kept, problem("line-mse")),
    ("linearity of the sum", "the summand counted twice", sum_dropped, direct),
    ("derivative of a determinant", "the inverse transposed", transposed, determinant),
    ("derivative of an inverse", "sign flipped", sign_flipped, inverse),
    ("a matrix meets its inverse", "doubled", lambda t, into: mul(TWO, into), unity),
    ("a symmetric matrix", "doubled", lambda t, into: mul(TWO, into), volume),
    ("only the matching index", "the sum kept, the match dropped", wrong_index, softmax_in_one_line),
    ("a match with itself", "0 instead of 1", lambda t, into: ZERO, written_matches),
    ("the match comes out", "term dropped", last_term_dropped, gated),
]  # fmt: skip


def test_every_rule_is_spoiled_at_least_once() -> None:
    assert {name for name, *_ in SPOILED} == {name for _, name in RULES}


def refused(goal: Term | Problem) -> Refuted:
    with pytest.raises(Refuted) as caught:
        derive(goal) if isinstance(goal, Problem) else differentiate(goal, x)
    return caught.value


@pytest.mark.parametrize(("name", "how", "spoil", "goal"), SPOILED)
def test_a_spoiled_rule_is_refuted_with_the_step_both_values_and_the_point(
    name: str, how: str, spoil: Spoil, goal: Term | Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = next(table for table in TABLES.values() if name in table)
    r: Rule = table[name]
    monkeypatch.setitem(table, name, dataclasses.replace(r, move=wrong(r.move, spoil)))
    stopped = refused(goal)
    assert stopped.step.rule == name
    check = stopped.step.check
    assert check.verdict == "refuted"
    assert check.values is not None
    assert check.values[0] != check.values[1]
    says = str(stopped)
    assert f"({name}) is refuted" in says
    assert f"{check.values[0]} is not {check.values[1]}" in says
    assert all(f"{symbol} = {at}" in says for symbol, at in check.witness)


# What the walk does beside the tables: the function of `backward` that is spoiled, how, and the rule that the refuted step names.
BESIDE: list[tuple[str, Callable[..., Term], str, Term | Problem]] = [
    ("tidy", lambda t: mul(TWO, tidy(t)), "arithmetic", x**2),
    ("tidy", lambda t: add(tidy(t), Num(Fraction(1, 10**12))), "arithmetic", x**3),
    ("close", lambda p, t: Neg(close(p, t)), "closing algebra", problem("logistic-log-loss")),
    ("count_out", lambda p, t: t.body if isinstance(t, Sum) else Div(count_out(p, t), TWO), "count", problem("constant-mse")),
    ("spread", lambda p, t: mul(TWO, spread(p, t)), "sums apart", problem("plane-mse")),
    ("fold", lambda p, t: fold(p, t) if size(t) < 2 else add(fold(p, t), ONE), "call by name", problem("exponential-mse")),
    ("_value", lambda d, name: TWO * d.value, "definition", problem("line-mse")),
]  # fmt: skip


@pytest.mark.parametrize(("function", "spoil", "rule", "goal"), BESIDE)
def test_a_spoiled_step_beside_the_tables_is_refuted(
    function: str, spoil: Callable[..., Term], rule: str, goal: Term | Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backward, function, spoil)
    assert refused(goal).step.rule == rule


def test_a_path_left_out_of_the_chain_rule_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = backward._Backward.paths
    monkeypatch.setattr(backward._Backward, "paths", lambda self, v: whole(self, v)[:1])
    two_uses = Problem("two uses", (x,), (), (Definition(y, x**2), Definition(L, y * f("sin", y) + x * y)), count=())
    assert refused(two_uses).step.rule == "chain rule through names"


def test_a_wrong_result_put_in_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = backward._Backward.keep

    def spoiled(self: backward._Backward, goal: D, derivation: object) -> None:
        keep(self, goal, derivation)  # type: ignore[arg-type]
        known = self.known[backward._key(goal)]
        self.known[backward._key(goal)] = known[0], TWO * known[1]

    monkeypatch.setattr(backward._Backward, "keep", spoiled)
    assert refused(problem("line-mse")).step.rule == "insert"


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_a_spoiled_derivative_of_a_function_is_refuted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = FUNCTIONS[name]
    assert row.derivative
    right = row.derivative
    monkeypatch.setitem(FUNCTIONS, name, dataclasses.replace(row, derivative=lambda u: right(u) + u / 1000))
    stopped = refused(f(name, x))
    assert stopped.step.rule == "chain rule"
    assert stopped.step.check.values


# ---------------------------------------------------------------- arithmetic: each line keeps its value and is as expected

a, b = Name("a"), Name("b")
TIDIED: list[tuple[Term, Term]] = [
    (0 * x, ZERO), (1 * x, x), (x + 0, x), (TWO + 3, Num(Fraction(5))), (x * 2, 2 * x), (2 * x * 3, 6 * x), (x * x**2, Pow(x, Num(Fraction(3)))),
    (a * (b / c), a * b / c), (a * Neg(b), Neg(a * b)), (Neg(Neg(a)), a), (Neg(a) / Neg(b), a / b), ((a / b) / c, a / (b * c)), (a / (b / c), a * c / b),
    (2 * a / (4 * b), a / (2 * b)), (a * b / (a * c), b / c), (x**2 / x, x), (Pow(x, ONE), x),
    (Pow(x, ZERO), ONE), (Pow(TWO, Num(Fraction(3))), Num(Fraction(8))),
    (Pow(Neg(a), TWO), a**2),
    (Pow(Neg(a), Num(Fraction(3))), Neg(a**3)), (f("sqrt", a) ** 2, a), (Pow(Pow(a, TWO), Num(Fraction(3))), Pow(a, Num(Fraction(6)))),
    (f("exp", ZERO), ONE), (f("log", ONE), ZERO), (f("sqrt", ONE), ONE), (Neg(add(Neg(a), Neg(b))), a + b), (ZERO / a, ZERO), (a / ONE, a),
    (Sum("i", ZERO), ZERO), (Sum("i", Neg(u)), Neg(Sum("i", u))), (Sum("i", 2 * u), mul(TWO, Sum("i", u))), (Sum("i", u / c), Sum("i", u) / c),
    (Sum("i", u / mul(c, v)), Div(Sum("i", u / v), c)), (Cases(((a, Compare(x, ">", ZERO)),), a), a), (x - x, x - x),
    (Num(Fraction(-3)) * x, Neg(3 * x)), (f("sin", x) * x, x * f("sin", x)), (Div(ONE, ZERO), Div(ONE, ZERO)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "tidied"), TIDIED)
def test_arithmetic_says_what_a_reader_would(line: Term, tidied: Term) -> None:
    assert tidy(line) == tidied
    assert tidy(tidied) == tidied


def test_arithmetic_leaves_pending_derivatives_and_products_of_sums_alone() -> None:
    for line in (d(x * 1), mul(x + 1, x + 2), x**2 + 2 * x):
        assert tidy(line) == line


@pytest.mark.parametrize(
    ("name", "line", "closed"),
    [
        ("logistic-log-loss", Neg(Name("y", i) * (1 - Name("p", i)) - (1 - Name("y", i)) * Name("p", i)), Name("p", i) - Name("y", i)),
        ("line-mse", Div(Name("w") ** 2 + Name("w") * Name("b"), Name("w")), Name("w") + Name("b")),
        ("line-mse", Neg(Name("y", i) - Name("y_hat", i)), Name("y_hat", i) - Name("y", i)),
        ("line-mse", Name("w") * Name("b"), Name("w") * Name("b")),
    ],
)
def test_closing_algebra_writes_sums_as_the_author_wrote_them(name: str, line: Term, closed: Term) -> None:
    assert close(problem(name), line) == closed
    assert Referee(problem(name)).compare(line, closed).verdict == "proved"


def test_a_constant_summed_over_all_samples_is_counted() -> None:
    assert count_out(problem("line-mse"), Sum("i", Name("b"))) == mul(n, Name("b"))
    assert count_out(problem("line-mse"), Sum("i", Name("x", i))) == Sum("i", Name("x", i))


def test_a_value_that_has_a_name_is_called_by_it_at_the_indices_where_it_stands() -> None:
    p = problem("logistic-log-loss")
    assert fold(p, f("sigmoid", Name("z", ("i'",))) * x) == Name("p", ("i'",)) * x
    assert fold(p, f("sigmoid", Name("x", i))) == f("sigmoid", Name("x", i))


def test_a_number_raised_to_a_name_means_the_same_as_sympy_says() -> None:
    assert expression(Pow(TWO, x)) == 2 ** sp.Symbol("x", real=True)
