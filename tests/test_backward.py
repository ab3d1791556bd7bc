"""The walk backwards: linked steps of one rule each, all proved, in the order of a lesson; its results against other ways to a derivative."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import pytest
import sympy as sp

from symgd.backward import derive, differentiate
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import Derivation, Gradient
from symgd.forward import Definition, Problem
from symgd.indices import rename
from symgd.language import FUNCTIONS
from symgd.rules import LAWS
from symgd.stationary import unfold
from symgd.term import ONE, TWO, ZERO, Call, Compare, D, Div, Name, Neg, Num, Pow, Sum, Term, mean, mul, names, replace, size, subterms
from tests.by_hand import SYMBOLS, forward, leaves, places, value

i, ij, jh, ih, ik, h, j, k = ("i",), ("i", "j"), ("j", "h"), ("i", "h"), ("i", "k"), ("h",), ("j",), ("k",)
n, w, b, x, y, L, lam = (Name(s) for s in ("n", "w", "b", "x", "y", "L", "lam"))
x_i, y_i, u_i, yh_i = (Name(s, i) for s in ("x", "y", "u", "y_hat"))


def f(name: str, *args: Term) -> Call:
    return Call(name, args)


def network(depth: int, activation: str = "tanh") -> Problem:
    """ŷ_i = Σ_h a_ih v_h + d through `depth` hidden layers of one width; the k-th layer's letters carry k."""
    tape: list[Definition] = []
    parameters: list[Name] = []
    for layer in range(1, depth + 1):
        z, a, c = (Name(f"{s}{layer}", ("i", "h")) for s in "zac")
        if layer == 1:
            inner = Sum("j", Name("x", ij) * Name("V1", jh))
            parameters += [Name("V1", jh)]
        else:
            inner = Sum("h'", Name(f"a{layer - 1}", ("i", "h'")) * Name(f"V{layer}", ("h'", "h")))
            parameters += [Name(f"V{layer}", ("h'", "h"))]
        parameters += [Name(f"c{layer}", h)]
        tape += [Definition(z, inner + Name(c.symbol, h)), Definition(a, f(activation, z))]
    tape += [
        Definition(yh_i, Sum("h", Name(f"a{depth}", ih) * Name("v", h)) + Name("d")),
        Definition(u_i, yh_i - y_i),
        Definition(L, mean("i", u_i**2, n)),
    ]
    return Problem(f"network of {depth} layers", (*parameters, Name("v", h), Name("d")), (Name("x", ij), y_i), tuple(tape))


softmax = Problem(
    "softmax regression",
    (Name("W", ("j", "k")), Name("c", k)),
    (Name("x", ij), Name("t", ik)),
    (
        Definition(Name("z", ik), Sum("j", Name("x", ij) * Name("W", ("j", "k"))) + Name("c", k)),
        Definition(Name("S", i), Sum("k", f("exp", Name("z", ik)))),
        Definition(Name("p", ik), f("exp", Name("z", ik)) / Name("S", i)),
        Definition(L, Neg(mean("i", Sum("k", Name("t", ik) * f("log", Name("p", ik))), n))),
    ),
    given=(("t", "k"),),
)
batch = Problem(
    "each score against the mean of all",
    (w, b),
    (x_i, y_i),
    (
        Definition(Name("z", i), w * x_i**2 + b * x_i),
        Definition(Name("r", i), Name("z", i) - mean("i'", Name("z", ("i'",)), n)),
        Definition(L, mean("i", (Name("r", i) - y_i) ** 2, n)),
    ),
)
two_paths = Problem("two uses of one name", (w,), (x_i,), (Definition(u_i, w * x_i), Definition(L, mean("i", u_i * f("sin", u_i), n) + w**2 * lam)),
                    constants=((lam, Fraction(1, 3)),))  # fmt: skip

NAMED = {name: problem(name) for name in CATALOGUE if all(len(v.indices) < 2 for v in problem(name).data)}  # arrays: see test_catalogue
BUILT = {p.title: p for p in (network(1), network(2), network(1, "relu"), softmax, batch, two_paths)}
GRADIENTS: dict[str, Gradient] = {}


def gradient(name: str) -> Gradient:
    if name not in GRADIENTS:
        GRADIENTS[name] = derive((NAMED | BUILT)[name])
    return GRADIENTS[name]


ALL = list(NAMED | BUILT)


@pytest.mark.parametrize("name", ALL)
def test_every_step_is_proved(name: str) -> None:
    assert gradient(name).proved
    assert all(s.check.evidence and s.check.scope for d in gradient(name).tape for s in (*d.steps, *d.in_full))


@pytest.mark.parametrize("name", ALL)
def test_every_step_is_linked_to_the_last_and_has_one_rule_with_a_law(name: str) -> None:
    for d in gradient(name).tape:
        assert d.steps
        assert d.steps[0].before == d.goal
        assert all(one.after == other.before for one, other in pairwise((*d.steps, *d.in_full)))
        assert all(s.before != s.after and LAWS[s.rule][0] and LAWS[s.rule][1] for s in (*d.steps, *d.in_full))


@pytest.mark.parametrize("name", ALL)
def test_what_is_put_in_was_derived_before(name: str) -> None:
    seen: set[Term] = set()
    for d in gradient(name).tape:
        assert {c for s in d.steps for c in s.cites} <= seen
        assert d.goal not in seen
        seen.add(d.goal)


@pytest.mark.parametrize("name", ALL)
def test_each_parameter_has_its_gradient_without_pending_local_derivatives(name: str) -> None:
    g = gradient(name)
    assert [d.goal.by for d in g.sensitivities()[-len(g.problem.parameters) :]] == list(g.problem.parameters)  # type: ignore[attr-defined]
    for p in g.problem.parameters:
        left: list[Term] = []
        replace(g.of(p.symbol).result, lambda t, left=left: left.append(t) if isinstance(t, D) and t.partial else None)  # type: ignore[misc]
        assert not left
        replace(g.whole(p.symbol), lambda t, left=left: left.append(t) if isinstance(t, D) else None)  # type: ignore[misc]
        assert not left


SIZES = {"i": 3, "j": 2, "h": 2, "k": 3}


def drawn(p: Problem, sizes: dict[str, int], seed: int) -> dict[tuple[str, tuple[int, ...]], Fraction]:
    """Small fractions for the leaves; a constant has its value, what is given is kept."""
    rng = random.Random(seed)
    out = leaves(p, sizes, lambda _: Fraction(rng.randint(1, 29), 10) * rng.choice((1, 1, -1)))
    out |= {(c.symbol, ()): v for c, v in p.constants if v is not None}
    for s, along in p.given:
        at = p.declared()[s].indices
        for where in places(tuple(a for a in at if a != along), sizes):
            one = [(s, tuple({**where, along: m}[a] for a in at)) for m in range(sizes[along])]
            out[one[-1]] = 1 - sum(out[o] for o in one[:-1])
    if p.name.startswith("logistic"):
        out |= {key: Fraction(rng.randint(0, 1)) for key in out if key[0] == "y"}
    return out


def slopes(g: Gradient, env: dict[tuple[str, tuple[int, ...]], mp.mpf], sizes: dict[str, int]) -> dict[tuple[str, tuple[int, ...]], mp.mpf]:
    """Our gradient at the values, each parameter's each entry."""
    out = {}
    for p in g.problem.parameters:
        whole = g.whole(p.symbol)
        for at in places(p.indices, sizes):
            out[p.symbol, tuple(at.values())] = mp.mpmathify(value(whole, env, sizes, at))
    return out


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("name", ALL)
def test_gradients_equal_the_complex_step_of_the_whole_loss_at_40_digits(name: str, samples: int) -> None:
    g, sizes = gradient(name), SIZES | {"i": samples}
    with mp.workdps(60):
        here = {key: mp.mpf(v.numerator) / v.denominator for key, v in drawn(g.problem, sizes, 7 * samples).items()}
        ours = slopes(g, forward(g.problem, here, sizes), sizes)
        step = mp.mpf("1e-25")
        for key, slope in ours.items():
            moved = forward(g.problem, {**here, key: mp.mpc(here[key], step)}, sizes)[g.problem.objective.symbol, ()]
            assert abs(moved.imag / step - slope) < mp.mpf("1e-40") * (1 + abs(slope))


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("name", ALL)
def test_gradients_equal_central_differences_of_the_whole_loss(name: str, samples: int) -> None:
    g, sizes = gradient(name), SIZES | {"i": samples}
    with mp.workdps(60):
        here = {key: mp.mpf(v.numerator) / v.denominator for key, v in drawn(g.problem, sizes, 11 * samples).items()}
        ours = slopes(g, forward(g.problem, here, sizes), sizes)
        step = mp.mpf("1e-15")
        for key, slope in list(ours.items())[:6]:
            up, down = (forward(g.problem, {**here, key: here[key] + s}, sizes)[g.problem.objective.symbol, ()] for s in (step, -step))
            assert abs((up - down) / (2 * step) - slope) < mp.mpf("1e-25") * (1 + abs(slope))


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("name", [m for m in ALL if "network of 2" not in m])
def test_gradients_equal_sympys_diff_of_the_whole_loss_written_out(name: str, samples: int) -> None:
    g, sizes = gradient(name), SIZES | {"i": samples, "k": 2}
    symbols = leaves(g.problem, sizes, lambda s: sp.Symbol(s, real=True))
    numbers = {symbols[key]: sp.Rational(v.numerator, v.denominator) for key, v in drawn(g.problem, sizes, 3 * samples).items()}
    env = forward(g.problem, symbols, sizes, SYMBOLS)
    loss = env[g.problem.objective.symbol, ()]
    for p in g.problem.parameters:
        whole = g.whole(p.symbol)
        for at in places(p.indices, sizes):
            theirs = sp.diff(loss, symbols[p.symbol, tuple(at.values())])
            ours = sp.sympify(value(whole, env, sizes, at, SYMBOLS))
            assert abs((theirs - ours).subs(numbers).doit().evalf(30)) < 1e-25


# ---------------------------------------------------------------- the line, as a lesson goes


def test_the_lines_tape_stands_in_the_order_of_the_lesson() -> None:
    g = gradient("line-mse")
    assert [(d.name.symbol) for d in g.problem.tape] == ["y_hat", "u", "L"]
    assert [d.name for d in g.tape] == ["dL/du", "du/dy_hat", "dL/dy_hat", "dy_hat/dw", "dy_hat/db", "dL/dw", "dL/db"]
    results = [2 * u_i / n, ONE, 2 * u_i / n, x_i, ONE, 2 * Sum("i", u_i * x_i) / n, 2 * Sum("i", u_i) / n]
    assert [d.result for d in g.tape] == results


def test_the_lines_gradients_begin_with_the_sum_over_the_paths_and_end_written_in_full() -> None:
    in_full = {"w": 2 * Sum("i", mul(w * x_i + b - y_i, x_i)) / n, "b": 2 * Sum("i", w * x_i + b - y_i) / n}
    for p in (w, b):
        d = gradient("line-mse").of(p.symbol)
        assert d.steps[0].after == Sum("i", mul(D(L, yh_i), D(yh_i, p, True)))
        assert d.in_full[-1].after == in_full[p.symbol]
        assert [s.rule for s in d.in_full] == ["put back", "put back"]


def test_the_first_line_unfolds_into_the_moves_that_justify_it() -> None:
    rules = [s.rule for s in gradient("line-mse").of("u").steps]
    assert rules == ["definition", "constant multiple", "only its own term", "power rule", "identity", "arithmetic"]


def test_logistic_regression_ends_in_p_minus_y() -> None:
    g = gradient("logistic-log-loss")
    p_i = Name("p", i)
    assert g.of("z").result == Div(p_i - y_i, n)
    assert g.of("w").result == Sum("i", mul(p_i - y_i, x_i)) / n


def test_a_kink_stands_on_the_step_that_meets_it_and_on_no_other() -> None:
    g = gradient("line-mae")
    where = {c for d in g.tape for s in d.steps for c in s.where}
    assert where == {Compare(u_i, "!=", ZERO)}
    assert not any(s.where for d in gradient("line-mse").tape for s in d.steps)


def test_a_parameter_held_constant_is_not_differentiated_by() -> None:
    held = problem("line-mse").hold({"b": Fraction(1, 2)})
    g = derive(held)
    assert g.proved
    assert [d.name for d in g.tape] == ["dL/du", "du/dy_hat", "dL/dy_hat", "dy_hat/dw", "dL/dw"]
    with pytest.raises(KeyError, match="no derivative by 'b'; there are w"):
        g.of("b")


def test_a_problem_in_other_letters_has_the_same_derivation_in_those_letters() -> None:
    g = derive(problem("line-mse").renamed({"w": "m", "b": "c", "L": "J"}))
    assert g.proved
    assert g.of("m").result == gradient("line-mse").of("w").result
    assert [d.name for d in g.tape][-2:] == ["dJ/dm", "dJ/dc"]


@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "sin"])
def test_networks_of_other_activations_are_proved(activation: str) -> None:
    assert derive(network(1, activation)).proved


def test_the_steps_of_a_network_grow_linearly_with_its_depth() -> None:
    counts = [sum(len(d.steps) for d in derive(network(depth)).tape) for depth in (1, 2, 3)]
    assert counts[2] - counts[1] == counts[1] - counts[0]
    assert max(size(d.result) for d in derive(network(3)).tape) < 40


def test_deriving_twice_gives_the_same_records() -> None:
    assert derive(problem("logistic-log-loss")).tape == gradient("logistic-log-loss").tape


# ---------------------------------------------------------------- what must fail


def test_a_parameter_that_the_loss_does_not_depend_on_is_an_error_that_names_it() -> None:
    unused = Definition(Name("v", i), Name("q") * x_i)
    lonely = Problem("lonely", (w, Name("q")), (x_i,), (Definition(u_i, w * x_i), unused, Definition(L, mean("i", u_i**2, n))))
    with pytest.raises(ValueError, match="L does not depend on q: there is nothing to differentiate"):
        derive(lonely)


# ---------------------------------------------------------------- one scalar derivative

ONE_ARGUMENT = [name for name, row in FUNCTIONS.items() if row.arity == 1]


def composition(rng: random.Random, depth: int) -> Term:
    """A random expression of x: functions, the four operations, powers, max and min."""
    if depth == 0:
        return rng.choice([x, x, x, x, Num(Fraction(rng.randint(1, 5)))])
    one, two = composition(rng, depth - 1), composition(rng, rng.randint(0, depth - 1))
    match rng.choices(range(8), [50, 10, 15, 10, 7, 4, 2, 2])[0]:
        case 0:
            return f(rng.choice(ONE_ARGUMENT), one)
        case 1:
            return one + two
        case 2:
            return one * two
        case 3:
            return one / two
        case 4:
            return one - two
        case 5:
            return one ** rng.randint(2, 4)
        case 6:
            return Pow(one, two)
    return f(rng.choice(["max", "min"]), one, two)


def smooth_at(t: Term, at: Fraction) -> mp.mpf | None:
    """The derivative by mpmath where t is real in every part, and smooth around the point, else None."""

    def real(v: mp.mpf, t: Term = t) -> mp.mpf:
        out = mp.mpmathify(value(t, {("x", ()): v}))
        if mp.im(out) != 0 or not mp.isfinite(out):
            raise ValueError
        return mp.re(out)

    try:
        with mp.workdps(100):
            step, here = mp.mpf("1e-20"), mp.mpf(at.numerator) / at.denominator
            middle, *_ = [real(here, part) for part in subterms(t)]
            left, right = real(here - step), real(here + step)
            one_side, other = (middle - left) / step, (right - middle) / step
            if abs(one_side - other) > mp.mpf("1e-9") * (1 + abs(one_side)) or abs(middle) > 1e6 or abs(one_side) > 1e9:
                return None
            return mp.diff(real, here, h=mp.mpf("1e-40"))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return None


def compositions(count: int, first: int = 0) -> Iterator[tuple[int, Term, Fraction, mp.mpf]]:
    """(seed, expression, a point where it is real and smooth, its derivative there by mpmath)"""
    seeds = itertools.count(first)
    while count:
        rng = random.Random(seed := next(seeds))
        t = composition(rng, rng.randint(2, 5))
        found = ((at, slope) for p in (37, -61, 183, 271, -330, 8) if (slope := smooth_at(t, at := Fraction(p, 100))) is not None)
        if "x" in names(t) and (here := next(found, None)):
            count -= 1
            yield seed, t, *here


@pytest.mark.parametrize(("t", "at", "slope"), [pytest.param(*row, id=f"seed {seed}") for seed, *row in compositions(60)])
def test_a_random_composition_is_derived_in_linked_steps_and_agrees_with_mpmath_and_sympy(t: Term, at: Fraction, slope: mp.mpf) -> None:
    began = time.process_time()
    d = differentiate(t, x)
    assert time.process_time() - began < 4
    assert d.steps[0].before == d.goal
    assert all(one.after == other.before and one.rule in LAWS for one, other in pairwise(d.steps))
    assert {s.check.verdict for s in d.steps} == {"proved"}
    with mp.workdps(60):
        ours = mp.mpmathify(value(d.result, {("x", ()): mp.mpf(at.numerator) / at.denominator}))
        assert abs(ours - slope) < mp.mpf("1e-40") * (1 + abs(slope))
        theirs = by_sympy(t, at)
        assert theirs is None or abs(ours - theirs) < mp.mpf("1e-30") * (1 + abs(ours))


def by_sympy(t: Term, at: Fraction) -> mp.mpf | None:
    """SymPy's diff of what t means by SymPy's own functions; None where SymPy leaves a derivative open."""
    symbol = sp.Symbol("x", real=True)
    try:
        slope = sp.diff(value(t, {("x", ()): symbol}, {}, {}, SYMBOLS), symbol)
    except TypeError:  # coth(0) in a branch that is not taken: SymPy compares it all the same
        return None
    if slope.has(sp.Derivative, sp.DiracDelta, sp.zoo):  # 1/relu(x) is 1/0 in the branch that is not taken
        return None
    return mp.mpmathify(sp.lambdify(symbol, slope, "mpmath")(mp.mpf(at.numerator) / at.denominator))


HALF = Num(Fraction(1, 2))
EXPECTED: list[tuple[Term, Term]] = [
    (x**2, 2 * x), (f("sin", x**2), 2 * x * f("cos", x**2)), (f("exp", x), f("exp", x)), (f("log", x), ONE / x), (ONE / x, Neg(ONE / x**2)),
    (Pow(x, HALF), HALF * Pow(x, Num(Fraction(-1, 2)))), (x * f("exp", x), (1 + x) * f("exp", x)), (lam * x, lam), (lam, ZERO), (x, ONE),
    (f("sqrt", x), ONE / (2 * f("sqrt", x))), (Pow(TWO, x), Pow(TWO, x) * f("log", TWO)), (f("abs", x), f("sign", x)), (3 * x + 5, Num(Fraction(3))),
    (TWO, ZERO), (f("log", lam), ZERO),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), EXPECTED)
def test_a_plain_derivative_ends_as_a_teacher_writes_it(expression: Term, expected: Term) -> None:
    d = differentiate(expression, x)
    assert d.result == expected
    assert all(s.check.verdict == "proved" for s in d.steps)


def test_a_derivative_at_a_border_of_the_domain_is_held_not_proved() -> None:
    d: Derivation = differentiate(f("asin", x / x) * x, x)
    assert "held" in {s.check.verdict for s in d.steps}


def test_the_objective_of_a_gradient_is_not_unfolded_by_its_walk() -> None:
    deep = network(3)
    unfolded = size(unfold(deep, L))
    assert all(size(s.after) < unfolded for d in derive(deep).tape for s in d.steps)


def test_renaming_an_index_renames_the_gradient() -> None:
    result = gradient("line-mse").of("u").result
    assert rename(result, {"i": "i'"}) == 2 * Name("u", ("i'",)) / n


def test_an_objective_with_a_parameter_by_itself_is_derived() -> None:
    problem = Problem("p + 1", (Name("p"),), (), (Definition(Name("L"), Name("p") + 1),), count=())
    gradient = derive(problem)
    assert gradient.of("p").result == ONE
    assert gradient.proved
