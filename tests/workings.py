"""Workings made by chance: right ones, and ones with one slip, from the derivations of the catalogue and of random functions, in many hands.

The truth of a line is known by numbers alone (`tests.true_lines`).

Glossary: `dice` the chance; `goal` what is to be found, a derivative; `hand` how somebody writes (`tests.hands`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import mpmath as mp

from symgd.backward import derive
from symgd.catalogue import combine, problem
from symgd.derivation import Gradient
from symgd.forward import Definition, Problem
from symgd.handcalc.slips import TABLES
from symgd.handcalc.spoil import Around, Spoiling, put
from symgd.handcalc.spoil import places as places_of
from symgd.indices import axis, free
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, TWO, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, children, mul, names, rebuild, size, subterms
from tests.hands import HANDS, Hand, document, written
from tests.true_lines import CLOSE, agree, ratios

__all__ = ["Line", "Working", "right_workings", "slipped_workings"]

LONGEST = 60  # nodes of a line
CONVENTIONS = [mp.mpf(a) / b for a in (1, 2, 3, 6) for b in (1, 2, 3, 6) if a != b]  # n is 3


@dataclass(frozen=True)
class Line:
    """goal = members[0] = members[1] …"""

    goal: Term
    members: tuple[Term, ...]


@dataclass(frozen=True)
class Working:
    """text     as somebody wrote it
    line     the text of the line in question
    slip     the name of the slip made in it, "" where it is right
    same     the names of all slips of this file that make the very same line of it
    factor   is it wrong by a constant factor alone that a convention has: 2, n, and what is made of them?
    made     the function of the slip, for a report
    """

    text: str
    line: str
    slip: str = ""
    same: frozenset[str] = frozenset()
    factor: bool = False
    made: str = ""


# ---------------------------------------------------------------- the problems

LETTERS: tuple[dict[str, str], ...] = (
    {}, {"w": "m", "b": "c"}, {"w": "a"}, {"w": "theta_1", "b": "theta_0"}, {"w": "beta_1", "b": "beta_0"},
)  # fmt: skip
LOSSES = ("J", "C", "E", "MSE")
BY_HAND = (
    "line-mse", "line-half-mse", "line-mae", "line-ridge", "proportional-mse", "constant-mse", "exponential-mse", "logistic-log-loss",
)  # fmt: skip


def _network() -> Problem:
    """One hidden unit: ŷ_i = w tanh(v x_i + c) + b."""
    i = ("i",)
    x, y, z, h, p = (Name(s, i) for s in ("x", "y", "z", "h", "y_hat"))
    w, v, b, c, n = map(Name, ("w", "v", "b", "c", "n"))
    loss = mul(Div(ONE, n), Sum("i", (p - y) ** 2))
    tape = (Definition(z, v * x + c), Definition(h, Call("tanh", (z,))), Definition(p, w * h + b), Definition(Name("L"), loss))
    return Problem("one hidden unit", (w, v, b, c), (x, y), tape)


def _one_example(given: Problem) -> Problem:
    """The same with one example, without a Σ."""

    def bare(t: Term) -> Term:
        match t:
            case Sum(_, body):
                return bare(body)
            case Name("n", ()):
                return ONE
            case Name(s, _):
                return Name(s)
        return rebuild(t, [bare(c) for c in children(t)])

    tape = tuple(Definition(Name(d.name.symbol), tidy(bare(d.value))) for d in given.tape)
    constants = (*((Name(v.symbol), None) for v in given.data), *given.constants)
    return replace(given, parameters=given.parameters, data=(), tape=tape, constants=constants, count=(), name="")


@cache
def problems() -> tuple[Problem, ...]:
    """What a first course works out by hand, a small network, with one example too, and in other letters."""
    named = [replace(problem(name), name="") for name in BY_HAND]
    every = [*named, _network(), replace(combine("logistic", "squared"), name="")]
    every += [_one_example(p) for p in every]
    fitting = [(p, letters) for p in every for letters in LETTERS if not {*letters.values()} & {*p.declared()}]
    renamed = [p.renamed({a: b for a, b in letters.items() if a in p.declared()}) for p, letters in fitting]
    return tuple(p.renamed({p.objective.symbol: LOSSES[k % 4]}) if k % 3 == 0 and LOSSES[k % 4] not in p.declared() else p for k, p in enumerate(renamed))


def _function(dice: random.Random) -> Problem:
    """f(x), composed by chance."""
    x = Name("x")

    def grow(depth: int) -> Term:
        if depth == 0:
            return dice.choice((x, x**2, dice.randint(2, 5) * x, x**3, x + dice.randint(1, 4), dice.randint(2, 4) * x + 1))
        a = grow(depth - 1)
        b = grow(0)
        f = Call(dice.choice(("exp", "sin", "cos", "log", "sqrt", "tanh")), (a,))
        return dice.choice((mul(b, f), f, a**3, Div(b, a), Div(f, b), add(f, b), add(b, Neg(f)), a**2))

    made: Term = x
    while not any(isinstance(s, Call | Pow | Div) for s in subterms(made)):
        made = tidy(grow(dice.choice((1, 1, 2))))
    return Problem("a function", (x,), (), (Definition(Name("f"), made),), (), count=())


@cache
def _derived(given: Problem) -> Gradient:
    return derive(given)


# ---------------------------------------------------------------- rewriting that changes nothing


def rewritten(t: Term, dice: random.Random) -> Term:
    """t with terms and factors in another order, brackets multiplied out, sums split, signs pulled: the same value."""
    t = rebuild(t, [rewritten(c, dice) if not isinstance(t, D | Pow) else c for c in children(t)])
    roll = dice.random()
    match t:
        case Add(ts) if roll < 0.25:
            return add(*dice.sample(ts, len(ts)))
        case Add((a, Neg(b))) if roll < 0.35:
            return Neg(add(b, Neg(a)))
        case Mul(fs) if roll < 0.2 and not any(isinstance(f, Sum) for f in fs[:-1]):
            last = fs[-1:] if isinstance(fs[-1], Sum) else ()
            rest = fs[: len(fs) - len(last)]
            return mul(*dice.sample(rest, len(rest)), *last)
        case Mul((*front, Add(ts))) if roll < 0.35:
            return add(*(Neg(mul(*front, s.body)) if isinstance(s, Neg) else mul(*front, s) for s in ts))
        case Mul((Div(a, b), c)) if roll < 0.6 and not isinstance(c, Sum):
            return Div(mul(a, c), b)
        case Sum(index, Add(ts)) if roll < 0.3 and all(index in free(s) for s in ts):
            return add(*(Neg(Sum(index, s.body)) if isinstance(s, Neg) else Sum(index, s) for s in ts))
        case Pow(Add() as u, Num(v)) if v == 2 and roll < 0.2:
            return mul(u, u)
    return t


# ---------------------------------------------------------------- lines


def right_lines(given: Problem, dice: random.Random) -> list[Line]:
    """What is derived, step by step: each goal with some of the lines on its way, and its result, rewritten."""
    out = []
    for d in _derived(given).tape:
        assert isinstance(d.goal, D)
        after = [s.after for s in (*d.steps, *d.in_full)]
        steps = [t for t in after if size(t) <= LONGEST and t != d.goal and not any(isinstance(s, D) and not isinstance(s.of, Name) for s in subterms(t))]
        some = sorted(dice.sample(range(len(steps)), min(len(steps), dice.randint(1, 2)))) if steps else []
        members = tuple(s if any(isinstance(x, D) for x in subterms(s)) else rewritten(tidy(s), dice) for s in (steps[k] for k in some))
        if members:
            out.append(Line(d.goal, members))
    return out


PENS = ("sign", "term-dropped", "factor", "exponent-kept", "wrong-variable", "sum-dropped", "count", "bracket", "wrong-parameter", "exponent-lost")


def pen_slips(given: Problem, right: Term) -> Iterator[tuple[str, Term]]:
    """A right result with one slip of the pen: (its name, the line)."""
    counts = [n for _, n in given.count]
    for path, s, *_ in places_of(right):
        yield from ((name, put(right, path, wrong)) for name, wrong in _pen(s, given, counts))
    yield "sign", Neg(right) if not isinstance(right, Neg) else right.body
    yield "factor", tidy(mul(TWO, right))
    for n in counts:
        yield "count", tidy(Div(right, n))


def _pen(s: Term, given: Problem, counts: list[Name]) -> Iterator[tuple[str, Term]]:
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                yield "term-dropped", add(*ts[:k], *ts[k + 1 :])
                if k:
                    yield "sign", add(*ts[:k], t.body if isinstance(t, Neg) else Neg(t), *ts[k + 1 :])
        case Mul((*front, Add(ts), last)) if not isinstance(last, Sum):
            yield "bracket", add(*(mul(*front, t) for t in ts[:-1]), mul(*front, ts[-1], last))
        case Pow(u, Num(v)) if v >= 2:
            yield "exponent-lost", u if v == 2 else Pow(u, Num(v - 1))
        case Sum(index, body) if axis(index) == "i":
            yield "sum-dropped", body
        case Name("x", ("i",)) if "y" in names(given.tape[-1].value) or any("y" in names(d.value) for d in given.tape):
            yield "wrong-variable", Name("y", s.indices)


Slipped = tuple[Line, str, str, frozenset[str]]


def slipped_line(given: Problem, dice: random.Random) -> Slipped | None:
    """A line with one slip: (the line, the slip's name, its function, the names of all that make the same line)."""
    gradient = _derived(given)
    derivation = dice.choice([d for d in gradient.tape if isinstance(d.goal, D)])
    goal = derivation.goal
    spoiling = Spoiling(Around(given), TABLES.moves)
    moves = [(made.rule, wrong) for made, wrong in spoiling.wrong(goal) if made.rule.rare < 1]
    lines = [x for x in (derivation.result, *(s.after for s in derivation.in_full[-1:])) if not any(isinstance(s, D) for s in subterms(x))]
    pens = [*pen_slips(given, dice.choice(lines))] if lines else []
    if moves and dice.random() < 0.6:
        rule, wrong = dice.choice(moves)
        name, made, line = rule.name, rule.spoil.__name__, tidy(spoiling.right(wrong))
    elif pens:
        (name, line), made = dice.choice(pens), "pen"
    else:
        return None
    same = {rule.name for rule, w in moves if rule.name != name and _alike(given, line, spoiling.right(w))}
    same |= {other for other, w in pens if other != name and _alike(given, line, w)}
    return Line(goal, (line,)), name, made, frozenset((name, *same))


def _alike(given: Problem, a: Term, b: Term) -> bool:
    try:
        return free(a) == free(b) and agree(given, a, b)
    except (ValueError, ArithmeticError, KeyError):
        return False


# ---------------------------------------------------------------- workings


def _rows(given: Problem, lines: list[Line], hand: Hand) -> list[str]:
    stated = [f"{written(d.name, hand)} = {written(d.value, hand)}" for d in given.tape]
    return stated + [" = ".join(written(t, hand) for t in (line.goal, *line.members)) for line in lines]


def _any_problem(dice: random.Random) -> Problem:
    return _function(dice) if dice.random() < 0.35 else dice.choice(problems())


def right_workings(seed: int) -> Iterator[Working]:
    """Right workings without end; `line` is every line of them, for all are right."""
    dice = random.Random(seed)
    while True:
        given = _any_problem(dice)
        try:
            lines = [x for x in right_lines(given, dice) if all(agree(given, x.goal, t) for t in x.members)]
        except (ValueError, ArithmeticError):
            continue
        hand = dice.choice(HANDS)
        if lines:
            some = sorted(dice.sample(range(len(lines)), min(len(lines), dice.randint(1, 3))))
            rows = _rows(given, [lines[k] for k in some], hand)
            yield Working(document(rows, hand), rows[-1])


def slipped_workings(seed: int) -> Iterator[Working]:
    """Workings without end whose last line has one slip, and no other is wrong."""
    dice = random.Random(seed)
    while True:
        given = _any_problem(dice)
        try:
            made = slipped_line(given, dice)
            if made is None:
                continue
            line, slip, by, same = made
            found = ratios(given, line.goal, line.members[-1])
        except (ValueError, ArithmeticError, KeyError):
            continue
        wrong = rewritten(line.members[-1], dice) if dice.random() < 0.3 else line.members[-1]
        value_at_a_place = not names(wrong) and any(names(d.result) for d in _derived(given).tape if d.goal == line.goal)
        if all(q == 1 for q in found) or size(wrong) > LONGEST or value_at_a_place or any(q is not None and not mp.isfinite(q) for q in found):
            continue
        hand = dice.choice(HANDS)
        rows = _rows(given, [replace(line, members=(wrong,))], hand)
        constant = any(all(q is not None and abs(q - f) < CLOSE for q in found) for f in CONVENTIONS)
        yield Working(document(rows, hand), rows[-1], slip, same, constant, by)
