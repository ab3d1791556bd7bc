"""The loss along a line θ + t v: how fast each score changes, dL/dt and d²L/dt², with their steps.

A score that is affine in the parameters, z_i = Σ_j X_ij w_j + b, is z_i + t s_i along the line, with s_i := Σ_j X_ij v_j + v_b.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symgd.backward import derive
from symgd.derivation import Derivation, Gradient
from symgd.forward import Definition, Problem
from symgd.hessian.second import finished, then
from symgd.hessian.sign import as_variance
from symgd.stationary import linear
from symgd.term import ZERO, Add, D, Name, Term, add, names, parts
from symgd.term import replace as rewrite

__all__ = ["Line", "along"]


@dataclass(frozen=True)
class Line:
    """problem    the tape along the line, its last line dL/dt where that depends on t, its parameter t
    direction  the names v_p
    named      s_i := Σ_j X_ij v_j, how fast each score changes
    first      the derivation of dL/dt
    slope      g := dL/dt, where it depends on t
    second     the derivations that lead to d²L/dt², the last one its own; none where dL/dt is free of t, or for a network
    kinked     does some step leave out a kink?
    speeds     (z, s_z): the name of a score and of how fast it changes
    """

    problem: Problem
    step: Name
    direction: tuple[Name, ...]
    named: tuple[Definition, ...]
    first: Derivation
    slope: Definition | None
    second: tuple[Derivation, ...]
    kinked: bool
    speeds: tuple[tuple[str, Name], ...]

    @property
    def straight(self) -> bool:
        """Is dL/dt free of t?"""
        return self.slope is None


def along(gradient: Gradient, *, twice: bool = True) -> Line:
    """The walk along the line, once or twice: the second derivative of a network is long, that of a loss with jumps of its slope tells little."""
    problem = gradient.problem
    t, g, *called = problem.unused("t", "g", *(f"v_{p.symbol}" for p in problem.parameters))
    direction = tuple(Name(v.symbol, p.indices) for p, v in zip(problem.parameters, called, strict=True))
    towards = {p.symbol: v for p, v in zip(problem.parameters, direction, strict=True)}
    tape, named, speeds = _moved(problem, t, towards)
    fixed = tuple((p, None) for p in (*problem.parameters, *direction, *(d.name for d in named)))  # what holds for any speeds holds for these
    first = derive(replace(problem, parameters=(t,), tape=tape, constants=(*problem.constants, *fixed)))
    kinked = any(s.where for d in (*gradient.tape, *first.tape) for s in d.steps)
    value, deltas = _by_name(first, first.of(t.symbol).result)
    slope, named = Definition(g, value, "the slope along the line"), (*named, *deltas)
    line = replace(first.problem, tape=then(first.problem, *deltas, slope))
    bent = t.symbol in line.needed()
    if not bent or not twice:
        return Line(first.problem, t, direction, named, first.of(t.symbol), slope if bent else None, (), kinked, speeds)
    second = derive(line)
    kinked = kinked or any(s.where for d in second.tape for s in d.steps)
    last = as_variance(line, finished(second, t), dict(speeds))
    return Line(line, t, direction, named, first.of(t.symbol), slope, (*second.tape[:-1], last), kinked, speeds)


def _by_name(first: Gradient, t: Term) -> tuple[Term, tuple[Definition, ...]]:
    """t with its sensitivities ∂L/∂z_i by names of their own, and what these are, each made of those before it."""
    problem, found = first.problem, dict[str, Definition]()

    def called(s: Term) -> Term | None:
        if not isinstance(s, D):
            return None
        goal = first.of(s.by.symbol).goal
        assert isinstance(goal, D), "a sensitivity is a derivative"
        if s.by.symbol not in found:
            value = rewrite(first.of(s.by.symbol).result, called)
            name = replace(problem, constants=(*problem.constants, *((d.name, None) for d in found.values()))).unused(f"delta_{s.by.symbol}")[0]
            found[s.by.symbol] = Definition(Name(name.symbol, goal.by.indices), value, f"the sensitivity to {s.by.symbol}")
        return Name(found[s.by.symbol].name.symbol, s.by.indices)

    return rewrite(t, called), tuple(found.values())


def _moved(
    problem: Problem, t: Name, towards: Mapping[str, Name]
) -> tuple[tuple[Definition, ...], tuple[Definition, ...], tuple[tuple[str, Name], ...]]:
    """The tape along the line, the speeds s of the scores that are affine in the parameters, and which is whose."""
    moving, tape, scores = set(towards), list[Definition](), list[tuple[int, Definition]]()
    for d in problem.tape:
        if names(d.value) & moving:
            if d.name != problem.objective and names(d.value) & moving <= set(towards) and (s := _speed(problem, d.value, towards)):
                scores.append((len(tape), replace(d, value=s)))
            moving.add(d.name.symbol)
        tape.append(d)
    taken = replace(problem, constants=(*problem.constants, *((v, None) for v in towards.values())))
    called = taken.unused(*("s" if len(scores) == 1 else f"s_{d.name.symbol}" for _, d in scores))
    said = "how fast {} changes along the line"
    named = tuple(Definition(Name(s.symbol, d.name.indices), d.value, said.format(d.name.symbol)) for s, (_, d) in zip(called, scores, strict=True))
    speed = {k: s.name for (k, _), s in zip(scores, named, strict=True)}
    out = (replace(d, value=add(d.value, t * speed[k]) if k in speed else _put(d.value, t, towards)) for k, d in enumerate(tape))
    return tuple(out), named, tuple((d.name.symbol, s.name) for (_, d), s in zip(scores, named, strict=True))


def _speed(problem: Problem, value: Term, towards: Mapping[str, Name]) -> Term | None:
    """What is linear in the parameters, with the direction in their place; None where something is not."""
    held = [part for part in parts(Add, value) if names(part) & set(towards)]
    for part in held:
        line = linear(part, problem.parameters)
        if line is None or line.rest != ZERO:
            return None
    return rewrite(add(*held), lambda s: Name(towards[s.symbol].symbol, s.indices) if isinstance(s, Name) and s.symbol in towards else None)


def _put(value: Term, t: Name, towards: Mapping[str, Name]) -> Term:
    """θ + t v for θ"""
    return rewrite(value, lambda s: s + t * Name(towards[s.symbol].symbol, s.indices) if isinstance(s, Name) and s.symbol in towards else None)
