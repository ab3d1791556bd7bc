"""The named equations solved one after the other: each for its parameter, which is then put into those that are left.

`p` the group solved for, κ (C_pp p + Σ_q C_pq q − s_p) = 0, so p = (s_p − Σ_q C_pq q)/C_pp; for a vector, C_pp⁻¹ in place of the division.
"""

from __future__ import annotations

from dataclasses import replace

from symgd.derivation import ClosedForm
from symgd.forward import Definition
from symgd.indices import free, rename, settle
from symgd.stationary.equations import Steps
from symgd.stationary.linear import put
from symgd.stationary.sums import Group, Stage, over
from symgd.term import ZERO, Compare, D, Det, Div, Inverse, Name, Neg, Term, add, mul

__all__ = ["solve"]

LETTERS = {"S": "T", "A": "T", "T": "U", "U": "V"}


def solve(stage: Stage) -> ClosedForm:
    """The closed form of a stage.  Raises Unproved."""
    problem, stages = stage.equations.problem, [stage]
    while len(stages[-1].groups) > 1:
        stages.append(_left(stages[-1]))
    named = tuple(d for at in stages for d in at.named)
    steps = Steps(problem, named)
    solution, where = list[tuple[Name, Term]](), list[Compare]()
    if stage.first:
        b, found = stage.first
        steps.chain(f"dL/d{b.symbol}", stage.lines[b.symbol][0][0], *stage.lines[b.symbol][1:])
        steps.solved(b, found, ())
        solution.append((b, found))
    for at in stages:
        for g in reversed(at.groups):
            name = f"dL/d{g.p.symbol}" + (f" at {solution[-1][0].symbol}" if solution else "")
            if at is stage and stage.first:
                left, full = dict(stage.equations.system)[g.p], stage.equations.full[g.p]
                steps.chain(f"dL/d{g.p.symbol}", D(problem.objective, g.p), (left, "insert"), (full, "put back"))
            goal, *lines = at.lines[g.p.symbol]
            if at is stage:
                steps.chain(name, goal[0], *lines)
            else:
                steps.follows(name, goal[0], *lines[0], at.named)
        p = at.groups[0]
        conditions = _conditions(at, p)
        found = _value(at, p)
        steps.solved(p.p, found, conditions)
        where += conditions
        solution.append((p.p, found))
    if len(stage.groups) == 1 and not stage.groups[0].solved:
        _test(steps, stage, solution)
    return ClosedForm(
        problem, stage.equations.system, tuple(reversed(solution)), tuple((d.name, d.value) for d in named), tuple(where), tuple(steps.done)
    )


def _conditions(at: Stage, p: Group) -> tuple[Compare, ...]:
    """What p is divided by is not 0: a sum of squares is then positive."""
    pivot = at.whole(p, p)
    if p.solved:
        return (Compare(Det(p.own[0], p.at(at.other[p.p.symbol, p.p.symbol])[0], pivot), "!=", ZERO),)
    return (Compare(pivot, ">" if at.letter != "A" else "!=", ZERO),)


def _through(at: Stage, p: Group, right: Term) -> Term:
    """C_pp⁻¹ right, which carries the indices of p's equation"""
    pivot = at.whole(p, p)
    if not p.solved:
        return Div(right, pivot)
    (a,), (b,) = p.own, p.at(at.other[p.p.symbol, p.p.symbol])
    out = over((b,), mul(Inverse(a, b, a, b, pivot), rename(right, {a: b})))
    return settle(out, free(out))


def _value(at: Stage, p: Group) -> Term:
    """p = C_pp⁻¹ (s_p − Σ_q C_pq q)"""
    rest = [over(q.at(o), mul(at.coefficient(p, q), o)) for q in at.groups[1:] for o in (at.other[p.p.symbol, q.p.symbol],)]
    return _through(at, p, add(at.s[p.p.symbol], *map(Neg, rest)))


def _left(at: Stage) -> Stage:
    """The equations of the other groups, once p is put in: C_gh − C_gp C_pp⁻¹ C_ph, and s_g − C_gp C_pp⁻¹ s_p."""
    p, *groups = at.groups
    letter, problem = LETTERS[at.letter], at.equations.problem
    target = "" if at.letter == "A" else "y"
    symbols = [f"{letter}_{g.label}{h.label}" for k, g in enumerate(groups) for h in groups[k:]] + [f"{letter}_{g.label}{target}" for g in groups]
    taken = replace(problem, constants=(*problem.constants, *((d.name, None) for d in at.named)))
    fresh = iter(taken.unused(*symbols))
    C, s, named = dict[tuple[str, str], Name](), dict[str, Name](), list[Definition]()

    def without(g: Group, t: Term, right: Term) -> Term:
        """t − C_gp C_pp⁻¹ right"""
        there = p.at(at.other[g.p.symbol, p.p.symbol])
        found = rename(_through(at, p, right), dict(zip(p.own, there, strict=True)))
        out = add(t, Neg(over(there, Div(mul(at.coefficient(g, p), found.top), found.bottom) if isinstance(found, Div) else mul(at.coefficient(g, p), found))))
        return settle(out, free(out))

    for k, g in enumerate(groups):
        for h in groups[k:]:
            here, mention = at.other[p.p.symbol, h.p.symbol], at.other[g.p.symbol, h.p.symbol]
            right = rename(at.coefficient(p, h), dict(zip(h.at(here), h.at(mention), strict=True)))
            old = at.C[g.p.symbol, h.p.symbol]
            C[g.p.symbol, h.p.symbol] = name = Name(next(fresh).symbol, old.indices)
            named.append(Definition(name, without(g, old, right), f"what is left of {old.symbol} once {p.p.symbol} is put in"))
    for g in groups:
        right, s[g.p.symbol] = at.s[g.p.symbol], Name(next(fresh).symbol, g.p.indices)
        named.append(Definition(s[g.p.symbol], without(g, right, at.s[p.p.symbol]), f"what is left of {right.symbol} once {p.p.symbol} is put in"))
    new = Stage(at.equations, at.kappa, tuple(groups), C, s, at.extra, at.other, {}, letter, named=tuple(named))
    for g in groups:
        new.lines[g.p.symbol] = [(put(at.equation(g, at.groups), p.p, _value(at, p)), ""), (new.equation(g, new.groups), "name the sums")]
    return new


def _test(steps: Steps, stage: Stage, solution: list[tuple[Name, Term]]) -> None:
    """The solution put into every equation gives 0."""
    for p, _ in reversed(solution):
        t = stage.equations.full[p]
        for q, found in solution:
            t = put(t, q, found)
        steps.chain(f"dL/d{p.symbol} at the solution", t, (ZERO, "test the solution"))
