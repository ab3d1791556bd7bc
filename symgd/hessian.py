"""Second derivatives: the slope of the slope, and whether the loss is convex.

For each parameter p the slope g_p := ∂L/∂p is itself an objective: the walk backwards differentiates it by every parameter.
Convexity: a function is convex exactly if it is convex along every line θ + t v, that is if d²L/dt² ≥ 0 for every direction v
(Boyd and Vandenberghe, Convex Optimization, 2004, §3.1.1).  So each parameter p is replaced by p + t v_p and the walk taken twice by t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from symgd.backward import derive
from symgd.derivation import Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.indices import axis
from symgd.meaning import Instance
from symgd.referee.check import Check
from symgd.referee.residues import Unfit
from symgd.referee.tape import Referee
from symgd.referee.values import RANGES, Reals, Values
from symgd.rules.arithmetic import tidy
from symgd.stationary import unfold
from symgd.term import ZERO, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, names
from symgd.term import replace as rewrite

__all__ = ["Curvature", "curvature"]
T = Name("t")


@dataclass(frozen=True)
class Curvature:
    """slopes     g_p := ∂L/∂p, one for each parameter
    entries    ((p, q), derivation of ∂g_p/∂q), p before or at q
    convex     "yes" (proved), "no" (with a place) or "unknown"
    says       why, in one sentence
    along      the derivations of dL/dt and d²L/dt² along the line θ + t v, the last one's result is ≥ 0 where convex
    direction  the names v_p
    slope      g := dL/dt along that line, where it depends on t
    step       t, how far along the line
    """

    problem: Problem
    slopes: tuple[Definition, ...]
    entries: tuple[tuple[tuple[Name, Name], Derivation], ...]
    convex: str
    says: str
    along: tuple[Derivation, ...] = ()
    direction: tuple[Name, ...] = ()
    slope: Definition | None = None
    step: Name = T

    def of(self, p: str, q: str) -> Derivation:
        """The derivation of ∂²L/∂p∂q; the order does not matter.  Raises KeyError."""
        for (a, b), d in self.entries:
            if {a.symbol, b.symbol} == {p, q}:
                return d
        raise KeyError(f"no second derivative by {p} and {q}")

    @property
    def constant(self) -> bool:
        """Is the Hessian free of parameters, the loss quadratic?"""
        mine = {p.symbol for p in self.problem.parameters}
        return not any(names(unfold(self.problem, d.result)) & mine for _, d in self.entries)


def curvature(gradient: Gradient) -> Curvature:
    """The Hessian with its steps, and convexity proved, refuted or left open.  Raises what `backward.derive` raises."""
    problem = gradient.problem
    called = problem.unused(*(f"g_{p.symbol}" for p in problem.parameters))
    slopes = {p: Definition(g, gradient.whole(p.symbol), f"the slope in {p.symbol}") for p, g in zip(problem.parameters, called, strict=True)}
    entries = tuple(((p, q), _second(problem, slopes[p], p, q)) for p, q in combinations_with_replacement(problem.parameters, 2))
    return Curvature(problem, tuple(slopes.values()), entries, *_along_a_line(gradient))


def _second(problem: Problem, slope: Definition, p: Name, q: Name) -> Derivation:
    """∂g_p/∂q along the tape; 0 where g_p is made of nothing that holds q."""
    others = tuple((other, None) for other in problem.parameters if other != q)
    along = replace(problem, tape=(*problem.tape[:-1], slope), parameters=(q,), constants=(*problem.constants, *others))
    name, goal = f"d2L/d{p.symbol}d{q.symbol}", D(slope.name, q)
    if q.symbol not in along.needed():
        check = Check("proved", f"{slope.name.symbol} is made of nothing that holds {q.symbol}")
        return Derivation(name, goal, (Step(goal, ZERO, "constant", goal, check=check),))
    return Derivation(name, goal, _finished(derive(along), q).steps)


def _finished(gradient: Gradient, p: Name) -> Derivation:
    """The derivation by p, with a last step that writes out the sensitivities that kept their names."""
    d = gradient.of(p.symbol)
    value = tidy(gradient.whole(p.symbol))
    if value == d.result:
        return d
    return replace(d, steps=(*d.steps, Step(d.result, value, "insert", d.result, check=Referee(gradient.problem).compare(d.result, value))))


Along = tuple[str, str, tuple[Derivation, ...], tuple[Name, ...], Definition | None, Name]


def _along_a_line(gradient: Gradient) -> Along:
    """(convex, says, derivations, direction, dL/dt, t)"""
    problem = gradient.problem
    t, g, *direction = problem.unused("t", "g", *(f"v_{p.symbol}" for p in problem.parameters))
    if any(p.indices for p in problem.parameters):
        return "unknown", "convexity is not decided here for parameters with indices", (), (), None, t
    moved = {p.symbol: p + t * v for p, v in zip(problem.parameters, direction, strict=True)}
    fixed = tuple((p, None) for p in (*problem.parameters, *direction))
    tape = tuple(replace(d, value=_put(d.value, moved)) for d in problem.tape)
    first = derive(replace(problem, parameters=(t,), tape=tape, constants=(*problem.constants, *fixed)))
    slope = Definition(g, first.whole(t.symbol), "the slope along the line")
    line = replace(first.problem, tape=(*tape[:-1], slope))
    if t.symbol not in line.needed():
        return _no_curvature(gradient, first.of(t.symbol), tuple(direction), t)
    second = derive(line)
    last = _finished(second, t)
    found = (first.of(t.symbol), *second.tape[:-1], last), tuple(direction), slope, t
    if any(s.where for d in (*first.tape, *second.tape) for s in d.steps):
        return "unknown", "the loss has kinks: second derivatives do not decide whether it is convex", *found
    value = last.result
    if nonnegative(line, value):
        return "yes", "the second derivative along every line is at least 0: the loss is convex, and every local minimum is the global one", *found
    if place := _negative(line, value):
        return "no", f"the second derivative along a line is negative at {place}: the loss is not convex", *found
    return "unknown", "the sign of the second derivative is not seen from its form", *found


def _no_curvature(gradient: Gradient, first: Derivation, direction: tuple[Name, ...], t: Name) -> Along:
    kinked = any(s.where for d in gradient.tape for s in d.steps)
    says = "the loss has kinks: second derivatives do not decide whether it is convex" if kinked else "the loss is linear along every line: convex"
    return "unknown" if kinked else "yes", says, (first,), direction, None, t


def _put(t: Term, values: Mapping[str, Term]) -> Term:
    return rewrite(t, lambda s: values.get(s.symbol) if isinstance(s, Name) else None)


def _negative(problem: Problem, t: Term) -> str:
    """A place where t < 0, as "w = 0.3, …", or "" where none was met."""
    axes = sorted({axis(a) for v in problem.declared().values() for a in v.indices})
    instance = Instance(problem, dict.fromkeys(axes, 2))
    for seed in range(4 * len(RANGES)):
        reals = Reals(instance, seed)
        try:
            value = Values(instance, reals).of(t, {})
        except Unfit:
            continue
        if value < 0:
            return ", ".join(f"{str(s).replace('[', '_').replace(']', '')} = {float(v):.6g}" for s, v in reals.leaves.items())
    return ""


def nonnegative(problem: Problem, t: Term) -> bool:
    """Is t ≥ 0 for all values of the names, seen from its form alone?  False means: not seen."""
    match t:
        case Num(v):
            return v >= 0
        case Name(s, _):
            known = {c.symbol for _, c in problem.count} | {c.symbol for c, v in problem.constants if v is not None and v >= 0}
            d = problem.definition(s)
            return s in known or (d is not None and nonnegative(problem, d.value))
        case Add(ts):
            return all(nonnegative(problem, x) for x in ts) or _one_minus(problem, t)
        case Mul(fs):
            return all(nonnegative(problem, f) for f in fs)
        case Div(a, c):
            return nonnegative(problem, a) and nonnegative(problem, c)
        case Pow(a, Num(v)):
            return (v.denominator == 1 and v % 2 == 0) or nonnegative(problem, a)
        case Call(f, _):
            return f in ("exp", "sigmoid", "softplus", "relu", "abs", "sqrt", "cosh")
        case Sum(_, body):
            return nonnegative(problem, body)
    return False


def _one_minus(problem: Problem, t: Term) -> bool:
    """1 − σ(z), or 1 − p where p := σ(z)"""
    match t:
        case Add((Num(v), Neg(Name(s, _)))) if v >= 1 and (d := problem.definition(s)):
            return isinstance(d.value, Call) and d.value.function == "sigmoid"
        case Add((Num(v), Neg(Call("sigmoid", _)))):
            return v >= 1
    return False
