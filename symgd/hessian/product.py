"""The Hessian times a direction, H v = d/dt of the gradient at θ + t v: how fast every name changes, forwards along both tapes.

ċ = Σ_d ∂c/∂d ḋ over the names d that c is made of, for the forward tape, then for the sensitivities, then for the gradient itself: as many lines
again as there were, however many blocks the Hessian has (Pearlmutter, Neural Computation 6, 1994).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symgd.derivation import Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.indices import axis, free, fresh, settle
from symgd.referee.tape import Referee
from symgd.rules import CALCULUS, INDICES, SUMS
from symgd.rules.arithmetic import tidy
from symgd.rules.closing import close, count_out, fold
from symgd.rules.table import Rule, first
from symgd.stationary.linear import apart
from symgd.term import D, Name, Sum, Term, add, mul, names, occurrences
from symgd.term import replace as rewrite

__all__ = ["Product", "hessian_product"]


@dataclass(frozen=True)
class Product:
    """problem    the tape along θ + t v: the forward lines, the sensitivities δ, the slopes g_p; its parameter is t
    direction  v_p for each parameter p
    speeds     ċ := dc/dt, a derivation for each line that changes with t, in order
    names      c → ċ
    of         p → ċ of g_p, the part of H v that belongs to p
    """

    problem: Problem
    step: Name
    direction: tuple[Name, ...]
    speeds: tuple[Derivation, ...]
    names: Mapping[str, Name]
    slopes: Mapping[str, Name]

    def of(self, symbol: str) -> Derivation:
        """The derivation of (H v)_p.  Raises KeyError."""
        g = self.slopes[symbol]
        return next(d for d in self.speeds if isinstance(d.goal, D) and d.goal.of == g)


def hessian_product(gradient: Gradient) -> Product:
    """H v with its steps, each proved along the tape.  Raises NoRule where a function has no second derivative here."""
    problem = gradient.problem
    t, *called = problem.unused("t", *(f"v_{p.symbol}" for p in problem.parameters))
    direction = tuple(Name(v.symbol, p.indices) for p, v in zip(problem.parameters, called, strict=True))
    towards = {p.symbol: v.symbol for p, v in zip(problem.parameters, direction, strict=True)}

    def moved(x: Term) -> Term:
        return rewrite(x, lambda s: s + t * Name(towards[s.symbol], s.indices) if isinstance(s, Name) and s.symbol in towards else None)

    sensitivities, slopes = _lines(gradient, (*direction, t))
    tape = tuple(replace(d, value=moved(d.value)) for d in (*problem.tape, *sensitivities, *slopes.values()))
    fixed = tuple((p, None) for p in (*problem.parameters, *direction))
    along = replace(problem, parameters=(t,), tape=tape, constants=(*problem.constants, *fixed))
    speeds, dots = _speeds(along, t, problem.objective.symbol)
    return Product(along, t, direction, speeds, dots, {p: d.name for p, d in slopes.items()})


def _lines(gradient: Gradient, taken: tuple[Name, ...]) -> tuple[list[Definition], dict[str, Definition]]:
    """δ_c := ∂L/∂c for each name on the way, the last first, and g_p := ∂L/∂p, each made of those before it."""
    problem = gradient.problem
    totals = gradient.sensitivities()
    mine = {p.symbol for p in problem.parameters}
    names_of = [d.goal.by for d in totals if isinstance(d.goal, D)]
    on = replace(problem, constants=(*problem.constants, *((x, None) for x in taken)))
    called = on.unused(*(f"{'g' if v.symbol in mine else 'delta'}_{v.symbol}" for v in names_of))
    deltas = {v.symbol: Name(x.symbol, v.indices) for v, x in zip(names_of, called, strict=True)}

    def by_name(s: Term) -> Term | None:
        return Name(deltas[s.by.symbol].symbol, s.by.indices) if isinstance(s, D) else None

    lines = [Definition(deltas[v.symbol], rewrite(d.result, by_name), f"the sensitivity to {v.symbol}") for v, d in zip(names_of, totals, strict=True)]
    slopes = {v.symbol: x for v, x in zip(names_of, lines, strict=True) if v.symbol in mine}
    needed = set().union(*(names(x.value) for x in slopes.values()))
    kept = list[Definition]()
    for x in reversed([x for x in lines if x not in slopes.values()]):
        if x.name.symbol in needed:
            needed |= names(x.value)
            kept.insert(0, x)
    return kept, slopes


def _speeds(along: Problem, t: Name, objective: str) -> tuple[tuple[Derivation, ...], dict[str, Name]]:
    """ċ for each line that changes with t; one referee judges them all, each along those before it."""
    dots, named, goals = dict[str, Name](), list[Definition](), list[tuple[Name, Term]]()
    called = iter(along.unused(*(f"{d.name.symbol}_dot" for d in along.tape)))
    for d in along.tape:
        x = next(called)
        if not names(d.value) & (set(dots) | {t.symbol}) or d.name.symbol == objective:
            continue
        value = _speed(along, d, t, dots)
        goals.append((d.name, value))
        dots[d.name.symbol] = Name(x.symbol, d.name.indices)
        named.append(Definition(dots[d.name.symbol], value, f"how fast {d.name.symbol} changes"))
    referee = Referee(replace(along, tape=(*along.tape, *named)))

    def proved(c: Name, value: Term) -> Derivation:
        goal = D(c, t)
        step = Step(goal, value, "chain rule through names", goal, check=referee.compare(goal, value))
        return Derivation(f"d{c.symbol}/d{t.symbol}", goal, (step,))

    return tuple(proved(c, value) for c, value in goals), dots


def _speed(along: Problem, d: Definition, t: Name, dots: Mapping[str, Name]) -> Term:
    """Σ_c Σ ∂d/∂c ċ + ∂d/∂t, each ∂d/∂c by the rules from the line itself; summed over the indices that c and d do not share."""
    terms = []
    value = apart(d.value, frozenset(d.name.indices))  # a sum inside has a letter of its own: its names do not share the line's index
    for symbol in sorted(names(d.value) & (set(dots) | {t.symbol}), key=lambda s: (s == t.symbol, s)):
        uses = occurrences(value, symbol)
        letters: list[str] = []
        for slot in zip(*(u.indices for u in uses), strict=True):
            shared = len(set(slot)) == 1 and slot[0] in d.name.indices
            letters.append(slot[0] if shared else fresh(axis(slot[0]), {*d.name.indices, *letters}))
        by = Name(symbol, tuple(letters))
        slope = _through(D(apart(value, frozenset(letters)), by, True), CALCULUS, SUMS)
        found = slope if symbol == t.symbol else mul(slope, Name(dots[symbol].symbol, by.indices))
        for a in reversed([a for a in letters if a not in d.name.indices]):
            found = Sum(a, found)
        terms.append(_through(tidy(found), INDICES))
    out = tidy(add(*terms))
    out = close(along, tidy(fold(along, tidy(count_out(along, out)))))
    return settle(out, free(out))


def _through(t: Term, *tables: dict[str, Rule]) -> Term:
    """Rules, one at a time, until none fires."""
    while move := first(t, *tables):
        t = move.after
    return tidy(t)
