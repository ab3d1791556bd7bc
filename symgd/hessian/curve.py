"""Second derivatives: the slope of the slope, and whether the loss is convex.

For each parameter p the slope g_p := ∂L/∂p is itself an objective: the walk backwards differentiates it by every parameter.
Convexity: a function is convex exactly if it is convex along every line θ + t v, that is if d²L/dt² ≥ 0 for every direction v
(Boyd and Vandenberghe, Convex Optimization, 2004, §3.1.1).  Where that cannot be seen, or there are kinks, the calculus of convex
functions decides (`convexity`), or a chord that the loss rises above (`chord`).
"""

from __future__ import annotations

from dataclasses import dataclass

from symgd.derivation import Derivation, Gradient
from symgd.document import page as paper
from symgd.document.shown import shows_itself
from symgd.forward import Definition, Problem
from symgd.hessian.chord import Chord, chord
from symgd.hessian.convexity import convex_by_rule
from symgd.hessian.line import Line, along
from symgd.hessian.majorant import Majorant, majorant
from symgd.hessian.pieces import joined
from symgd.hessian.second import deep, entries, slopes
from symgd.hessian.sign import negative, nonnegative
from symgd.language import FUNCTIONS
from symgd.stationary import unfold
from symgd.term import ONE, Call, Cases, Name, names, subterms
from symgd.typeset.layout import layout

__all__ = ["Curvature", "curvature", "without_jumps"]

T = Name("t")
CONVEX = "the loss is convex, and every local minimum is the global one"


@shows_itself
@dataclass(frozen=True)
class Curvature:
    """slopes     g_p := ∂L/∂p, one for each parameter; none for a network, nor for arrays where the slope jumps or a chord refutes convexity
    entries    ((p, q), derivation of ∂g_p/∂q), p before or at q; none there, nor for many parameters: their products with a vector serve
    convex     "yes" (proved), "no" (with a place) or "unknown"
    says       why, in one sentence
    reasons    by which rules of convex functions, line by line, where they decided
    along      the derivations of dL/dt and d²L/dt² along the line θ + t v, the last one's result is ≥ 0 where convex; dL/dt alone for a network,
               and for arrays where the slope jumps
    direction  the names v_p
    named      how fast each score changes along that line: s_i := Σ_j X_ij v_j
    slope      g := dL/dt along that line, where it depends on t
    step       t, how far along the line
    majorant   d²L/dt² is nowhere above it; or why no such bound is known
    kinked     has the loss kinks, where there is no second derivative?
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
    named: tuple[Definition, ...] = ()
    reasons: tuple[str, ...] = ()
    majorant: Majorant | str = ""
    kinked: bool = False

    def of(self, p: str, q: str) -> Derivation:
        """The derivation of ∂²L/∂p∂q; the order does not matter.  Raises KeyError."""
        for (a, b), d in self.entries:
            if {a.symbol, b.symbol} == {p, q}:
                return d
        raise KeyError(f"no second derivative by {p} and {q}")

    def shown(self) -> paper.Page:
        """The slopes, the entries of the Hessian, and what follows."""
        slopes = (paper.Line(layout(d.name), layout(d.value), ":=", reason=(d.says,)) for d in self.slopes)
        entries = (paper.Line(layout(d.goal), layout(d.result)) for _, d in self.entries)
        return paper.Page((), (paper.Chain((*slopes, *entries)), paper.Prose((self.says,))))

    @property
    def constant(self) -> bool:
        """Is the Hessian free of parameters, the loss quadratic?"""
        mine = {p.symbol for p in self.problem.parameters}
        if self.kinked or not self.entries:
            return isinstance(self.majorant, Majorant) and self.majorant.exact
        return not any(names(unfold(self.problem, d.result)) & mine for _, d in self.entries)


def curvature(gradient: Gradient) -> Curvature:
    """The Hessian with its steps, and convexity proved, refuted or left open.  Raises what `backward.derive` raises."""
    problem = gradient.problem
    rule = convex_by_rule(problem)
    bent = chord(problem) if deep(problem) or any(len(p.indices) > 1 for p in problem.parameters) else None
    arrays = any(p.indices for p in problem.parameters)
    twice = not bent and not deep(problem) and (without_jumps(problem) or not arrays)
    found = slopes(gradient) if twice else ()
    second = entries(problem, found)
    line = along(gradient, twice=twice)
    convex, says, reasons = _decided(problem, line, rule, bent)
    bound, derived = _majorant(problem, line), (line.first, *line.second)
    return Curvature(problem, found, second, convex, says, derived, line.direction, line.slope, line.step, line.named, reasons, bound, line.kinked)


def _decided(problem: Problem, line: Line, rule: tuple[str, tuple[str, ...]], bent: Chord | None) -> tuple[str, str, tuple[str, ...]]:
    """(yes, no or unknown; why; by which rules)"""
    if not line.kinked and line.straight:
        return "yes", "the loss is linear along every line: convex", ()
    value = line.second[-1].result if line.second and not line.kinked else None
    if value is not None and nonnegative(line.problem, value):
        return "yes", f"the second derivative along every line is at least 0: {CONVEX}", ()
    kind, reasons = rule
    if kind in ("convex", "affine"):
        return "yes", f"the loss is made of convex functions of affine ones{', kinks included' if line.kinked else ''}: {CONVEX}", reasons
    if value is not None and (place := negative(line.problem, value)):
        return "no", f"the second derivative along a line is negative at {place}: the loss is not convex", ()
    if found := bent or chord(problem):
        return "no", f"{found.says}: the loss is not convex", ()
    if line.kinked:
        return "unknown", "the loss has kinks: second derivatives do not decide whether it is convex", ()
    return "unknown", "the sign of the second derivative is not seen from its form", ()


def _majorant(problem: Problem, line: Line) -> Majorant | str:
    if line.straight and not line.kinked:
        return "the loss is linear: it has no curvature"
    if deep(problem):
        return "the second derivative of a network grows with its parameters: no rate is safe everywhere"
    if line.kinked and not without_jumps(problem):
        return "the slope jumps at the kinks: with a fixed rate the steps do not die out there, so the rate has to shrink"
    if not line.second:
        return "the second derivative is long and has no bound seen here"
    moving = {p.symbol for p in problem.parameters} | {line.step.symbol}
    speeds = {d.name for d in line.named}
    for d in line.problem.tape:
        if names(d.value) & moving and d.name not in speeds:
            moving.add(d.name.symbol)
    alike = {n.symbol for _, n in problem.count} | {c.symbol for c, _ in problem.constants if not c.indices}
    return majorant(line.problem, line.second[-1].result, frozenset(moving), frozenset(alike))


def without_jumps(problem: Problem) -> bool:
    """Is every kink one of a function by cases whose slope does not jump there, as in Huber's?"""
    constants = {c.symbol: v for c, v in problem.constants if v is not None}
    for d in problem.tape:
        for t in subterms(d.value):
            if isinstance(t, Call) and (FUNCTIONS[t.function].arity == 2 or FUNCTIONS[t.function].kinks(ONE)) and not FUNCTIONS[t.function].domain(ONE):
                return False
            if isinstance(t, Cases):
                u = t.pieces[0][1].left
                if not isinstance(u, Name) or (found := joined(t, u, constants)) is None or not found.smooth:
                    return False
    return True
