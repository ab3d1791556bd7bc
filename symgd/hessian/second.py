"""The entries of the Hessian: ∂g_p/∂q for the slopes g_p := ∂L/∂p, with their steps.

For vectors: ∂g_j/∂w_j', each slope against each entry of the other parameter.
"""

from __future__ import annotations

from dataclasses import replace

from symgd.backward import derive
from symgd.derivation import Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.indices import axis, bound, free, fresh, rename, settle
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.stationary.linear import put
from symgd.term import ZERO, D, Div, Mul, Name, Term, mul, names, size, subterms

__all__ = ["Entries", "deep", "entries", "finished", "slopes", "then"]

MOST = 10  # entries that are derived one by one: four parameters

FAR = "'" * 5  # letters that the walk itself does not come to

Entries = tuple[tuple[tuple[Name, Name], Derivation], ...]


def slopes(gradient: Gradient) -> tuple[Definition, ...]:
    """g_p := ∂L/∂p, written out."""
    problem = gradient.problem
    called = problem.unused(*(f"g_{p.symbol}" for p in problem.parameters))
    return tuple(
        Definition(Name(g.symbol, p.indices), gradient.whole(p.symbol), f"the slope in {p.symbol}") for p, g in zip(problem.parameters, called, strict=True)
    )


def deep(problem: Problem) -> bool:
    """Is an array of parameters multiplied with what is made of others: a network of several layers?"""
    arrays = {p.symbol for p in problem.parameters if p.indices}
    made = set[str]()  # of parameters
    for d in problem.tape:
        for s in subterms(d.value):
            if isinstance(s, Mul) and names(s) & arrays and any(names(f) & made for f in s.factors if not names(f) & arrays):
                return True
        if names(d.value) & (made | {p.symbol for p in problem.parameters}):
            made.add(d.name.symbol)
    return False


def entries(problem: Problem, found: tuple[Definition, ...]) -> Entries:
    """((p, q), derivation of ∂g_p/∂q), p before or at q; none where there would be more than MOST."""
    if len(found) * (len(found) + 1) // 2 > MOST:
        return ()
    ps = problem.parameters[: len(found)]
    return tuple(((p, q), d) for k, (p, g) in enumerate(zip(ps, found, strict=True)) for q, d in zip(ps[k:], _row(problem, p, g, ps[k:]), strict=True))


def then(problem: Problem, *more: Definition) -> tuple[Definition, ...]:
    """The tape with these lines in place of the objective; it stays where one of them is made of it: the slope of ‖x‖ is x/L."""
    used = {s for d in more for s in names(d.value)}
    return (*(problem.tape if problem.objective.symbol in used else problem.tape[:-1]), *more)


def _row(problem: Problem, p: Name, slope: Definition, qs: tuple[Name, ...]) -> tuple[Derivation, ...]:
    """∂g_p/∂q for each q, in one walk along the tape; 0 where g_p is made of nothing that holds q.

    The walk is taken with primed letters in g_p, so that they stay apart from those of the tape; then the letters change places.
    """
    used = {a for d in problem.tape for a in bound(d.value) | set(d.name.indices)} | {a for q in qs for a in q.indices}
    to: dict[str, str] = {}
    for a in slope.name.indices:
        to[a] = fresh(axis(a) + FAR, used | set(to.values()))
    g = Definition(_named(rename(slope.name, to)), rename(slope.value, to), slope.says)
    along = replace(problem, tape=then(problem, g))
    moving = tuple(q for q in qs if q.symbol in along.needed())
    others = tuple((other, None) for other in problem.parameters if other not in moving)
    gradient = derive(replace(along, parameters=moving, constants=(*problem.constants, *others))) if moving else None

    def entry(q: Name) -> Derivation:
        back = {there: here for here, there in to.items()}
        for a in q.indices:
            if a in to:
                back[a] = fresh(a, set(to) | set(back.values()))
        name, goal = f"d2L/d{p.symbol}d{q.symbol}", D(g.name, q)
        if gradient is None or q not in moving:
            check = Check("proved", f"{slope.name.symbol} is made of nothing that holds {q.symbol}")
            return _called(Derivation(name, goal, (Step(goal, ZERO, "constant", goal, check=check),)), back)
        return _called(replace(finished(gradient, q), name=name), back)

    return tuple(map(entry, qs))


def _named(t: Term) -> Name:
    assert isinstance(t, Name)
    return t


def _relettered(t: Term, to: dict[str, str]) -> Term:
    t = rename(t, to)
    return settle(t, free(t))


def _called(d: Derivation, to: dict[str, str]) -> Derivation:
    """The derivation with its letters changed; what holds for all values of them still does."""

    def step(s: Step) -> Step:
        cites = tuple(c for x in s.cites if isinstance(c := _relettered(x, to), D))
        return replace(s, before=_relettered(s.before, to), after=_relettered(s.after, to), about=_relettered(s.about, to), cites=cites)

    return d if not to else replace(d, goal=_relettered(d.goal, to), steps=tuple(map(step, d.steps)), in_full=())


def finished(gradient: Gradient, p: Name) -> Derivation:
    """The derivation by p, with last steps that write out the sensitivities that kept their names, and call quotients by theirs."""
    d, problem = gradient.of(p.symbol), gradient.problem
    whole = tidy(gradient.whole(p.symbol))
    for value, rule in ((whole, "insert"), (_quotients(problem, whole), "call by name")):
        if value != d.result:
            d = replace(d, steps=(*d.steps, Step(d.result, value, rule, d.result, check=Referee(problem).compare(d.result, value))))
    return d


def _quotients(problem: Problem, t: Term) -> Term:
    """e/S by its name p, where that makes the line shorter."""
    for d in problem.tape:
        match d.value:
            case Div(Name(e, _) as top, Name() as bottom) if e in names(t):
                shorter = tidy(put(t, top, mul(d.name, bottom)))
                t = shorter if size(shorter) < size(t) else t
    return t
