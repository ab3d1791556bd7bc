"""Workings made by chance: right ones, and ones with one slip, from the derivations of the catalogue and of random functions, in many hands.

The truth of a line is known by numbers alone (`tests.by_hand`): each side is worked out in mpmath, a derivative by a complex step of 1e-25.

Glossary: `dice` the chance; `goal` what is to be found, a derivative; `hand` how somebody writes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath as mp

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, combine, problem
from symgd.derivation import Gradient
from symgd.forward import Definition, Problem
from symgd.handcalc.slips import TABLES
from symgd.handcalc.spoil import Around, Spoiling, put
from symgd.handcalc.spoil import places as places_of
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, TWO, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, axis, children, free, mul, names, rebuild, replace as change, size, subterms
from symgd.typeset import to_ascii, to_latex, to_unicode
from symgd.typeset.layout import layout
from tests.by_hand import NUMBERS, leaves, places, value

__all__ = ["HANDS", "Hand", "Line", "Working", "agree", "right_workings", "slipped_workings"]

SIZES = {"i": 3}
STEP = mp.mpf(10) ** -25
CLOSE = mp.mpf(10) ** -9
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


# ---------------------------------------------------------------- the truth, by numbers


class Numbers:
    """One place: a number for every name, as many samples as SIZES says."""

    def __init__(self, given: Problem, seed: int) -> None:
        dice = random.Random(seed)
        self.problem = given
        self.leaves = leaves(given, SIZES, lambda _: mp.mpf(dice.uniform(0.2, 0.9)))
        self.env = self.forward(None)

    def forward(self, moved: tuple[str, tuple[int, ...]] | None) -> dict[tuple[str, tuple[int, ...]], Any]:
        """Every name worked out, one of them moved by a step along i."""
        env: dict[tuple[str, tuple[int, ...]], Any] = {**self.leaves, **{(n.symbol, ()): Fraction(SIZES[a]) for a, n in self.problem.count}}
        if moved in env:
            env[moved] += mp.mpc(0, STEP)
        for d in self.problem.tape:
            for at in places(d.name.indices, SIZES):
                key = d.name.symbol, tuple(at.values())
                env[key] = value(d.value, env, SIZES, at)
                if key == moved:
                    env[key] += mp.mpc(0, STEP)
        return env

    def of(self, t: Term, at: Mapping[str, int]) -> Any:
        """What t is worth, its derivatives taken by a step."""
        env = dict(self.env)

        def named(s: Term) -> Term | None:
            if not isinstance(s, D):
                return None
            name = Name(f"D{len(env)}", tuple(sorted(free(s))))
            for where in places(name.indices, SIZES):
                env[name.symbol, tuple(where[a] for a in name.indices)] = self.rate(s, where)
            return name

        return value(change(t, named), env, SIZES, at, NUMBERS)

    def rate(self, d: D, at: Mapping[str, int]) -> Any:
        """A derivative: along the whole tape, or of one definition with all other names held fixed."""
        key = d.by.symbol, tuple(at[a] for a in d.by.indices)
        if not d.partial:
            return mp.im(value(d.of, self.forward(key), SIZES, at)) / STEP
        found = self.problem.definition(d.of.symbol) if isinstance(d.of, Name) else None
        inside = found.value if found else d.of
        env = {**self.env, key: self.env[key] + mp.mpc(0, STEP)}
        return mp.im(value(inside, env, SIZES, at)) / STEP


@cache
def _numbers(given: Problem, seed: int) -> Numbers:
    return Numbers(given, seed)


def ratios(given: Problem, a: Term, b: Term) -> list[Any]:
    """b/a at every sample of two places; None where a is 0 and b is not."""
    out = []
    for seed in (1, 2):
        world = _numbers(given, seed)
        for at in places(tuple(sorted(free(a) | free(b))), SIZES):
            x, y = (mp.mpmathify(world.of(t, at)) for t in (a, b))
            out.append(mp.mpf(1) if abs(x - y) <= CLOSE * (1 + abs(x)) else y / x if x else None)
    return out


def agree(given: Problem, a: Term, b: Term) -> bool:
    """Is a = b, as far as numbers tell?"""
    return all(q == 1 for q in ratios(given, a, b))


# ---------------------------------------------------------------- the problems

LETTERS: tuple[dict[str, str], ...] = (
    {}, {"w": "m", "b": "c"}, {"w": "a"}, {"w": "theta_1", "b": "theta_0"}, {"w": "beta_1", "b": "beta_0"},
)  # fmt: skip
LOSSES = ("J", "C", "E", "MSE")


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
    """The catalogue, a small network, with one example too, and in other letters."""
    named = [replace(problem(name), name="") for name in CATALOGUE]
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


# ---------------------------------------------------------------- hands


@dataclass(frozen=True)
class Hand:
    """How somebody writes.

    form      "latex", "ascii" or "unicode"
    display   what stands around a line: "$$", "\\[", "align", or "" for plain lines
    upright   d, not ∂
    swaps     marks that are written otherwise, as (pattern, replacement) of LaTeX
    """

    form: str
    display: str = ""
    upright: bool = False
    swaps: tuple[tuple[str, str], ...] = ()


TO_N = (r"\\sum_([a-z])(?!\w)", r"\\sum_{\1=1}^{n}")
HANDS = (
    Hand("latex", "$$"), Hand("latex", "$$", True, (TO_N,)), Hand("latex", "\\[", False, ((r"\\frac", r"\\dfrac"), TO_N)),
    Hand("latex", "align", True, ((r"\\hat\{y\}", r"\\hat y"),)),
    Hand("latex", "$$", False, ((r"\\hat\{y\}_i", r"y_{pred,i}"), (r"\\hat\{y\}", r"y_{pred}"), (r"\\frac", r"\\tfrac"))),
    Hand("latex", "align", False, ((r"_i(?!\w)", r"^{(i)}"), (r"\\sum\^\{\(i\)\}", r"\\sum_{i=1}^{n}"))),
    Hand("ascii"), Hand("ascii", upright=True), Hand("unicode"), Hand("unicode", upright=True),
)  # fmt: skip


def written(t: Term, hand: Hand) -> str:
    """t in this hand."""
    if hand.form == "ascii":
        return to_ascii(t)
    if hand.form == "unicode":
        return to_unicode(layout(t, straight=hand.upright))
    text = to_latex(layout(t, straight=hand.upright))
    for pattern, mark in hand.swaps:
        text = re.sub(pattern, mark, text)
    return text


def document(rows: list[str], hand: Hand) -> str:
    """The rows as a text, a display each or one for all."""
    if hand.display == "align":
        return "\\begin{align}\n" + " \\\\\n".join(r.replace(" = ", " &= ", 1) for r in rows) + "\n\\end{align}\n"
    around = {"$$": ("$$", "$$"), "\\[": ("\\[", "\\]"), "": ("", "")}[hand.display]
    return "\n\n".join(f"{around[0]}{r}{around[1]}" for r in rows) + "\n"


def _rows(given: Problem, lines: list[Line], hand: Hand) -> list[str]:
    stated = [f"{written(d.name, hand)} = {written(d.value, hand)}" for d in given.tape]
    return stated + [" = ".join(written(t, hand) for t in (line.goal, *line.members)) for line in lines]


# ---------------------------------------------------------------- workings


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
