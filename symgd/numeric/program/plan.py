"""The two tapes → a plan: named lines, each an array whose axes are known, and over which of them it is summed.

`L := (1/n) Σ_i u_i²` becomes the sum `uu := Σ_i u_i²` and the line `L := (1/n) uu`.

Weights m_i: Σ_i f_i means Σ_i m_i f_i, and n means Σ_i m_i.  One sample alone: Σ_i f_i means f_i, and n is 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from symgd.derivation import Gradient
from symgd.document.page import Page
from symgd.document.shown import shows_itself
from symgd.forward import Problem
from symgd.indices import axis
from symgd.numeric.program.laying import Laying, Meaning
from symgd.numeric.program.line import MADE, WEIGHT, Line, NotSupported
from symgd.numeric.program.sharing import apart, light, shared
from symgd.numeric.program.stable import spelled, stable, tailed
from symgd.numeric.program.steady import steady
from symgd.term import D, Name, Term, names
from symgd.term import replace as rewrite

__all__ = ["MADE", "WEIGHT", "Line", "NotSupported", "Plan", "plan"]


@shows_itself
@dataclass(frozen=True, repr=False)
class Plan:
    """What is computed, in order: every line uses only parameters, constants, data and lines above it.

    results  the symbols of the loss and of each parameter's derivative, in the order of the parameters
    count    the symbol of n where it is the number of rows, or "" where no line needs it
    sizes    (symbol, axis): the other counts that lines need
    meaning  "all" | "weighted" | "alone": what a sum over the samples is
    samples  the axis of the samples, or "" where there is none
    blocks   can it be computed a block of samples at a time?  Not where samples look at each other
    """

    problem: Problem
    parameters: tuple[str, ...]
    data: tuple[str, ...]
    constants: tuple[str, ...]
    lines: tuple[Line, ...]
    results: tuple[str, ...]
    count: str = ""
    sizes: tuple[tuple[str, str], ...] = ()
    meaning: Meaning = "all"
    weight: str = ""
    samples: str = "i"
    blocks: bool = True
    gradient: Gradient | None = field(default=None, repr=False, compare=False)

    def shown(self) -> Page:
        """Its lines, what each call costs, and what is taken once."""
        from symgd.numeric.explained import explained  # which looks at what stands above plans, too

        return explained(self)

    @property
    def once(self) -> tuple[Line, ...]:
        """The lines over data alone."""
        return tuple(x for x in self.lines if x.once)

    @property
    def each(self) -> tuple[Line, ...]:
        """The lines that change with the parameters."""
        return tuple(x for x in self.lines if not x.once)

    @property
    def flat(self) -> bool:
        """Is there no axis but that of the samples?"""
        fixed = (*self.problem.parameters, *(c for c, _ in self.problem.constants))
        columns = all([axis(a) for a in x.indices] in ([], [self.samples]) for x in self.problem.data)
        return columns and not any(x.indices for x in fixed) and (self.blocks or not self.samples)

    def line(self, symbol: str) -> Line | None:
        """The line that computes the symbol, or None where it is given."""
        return next((x for x in self.lines if x.symbol == symbol), None)

    def needed(self, results: Iterable[str]) -> tuple[Line, ...]:
        """The lines that these results are made of, in order."""
        wanted, out = set(results), []
        for x in reversed(self.lines):
            if x.symbol in wanted:
                wanted |= names(x.value)
                out.append(x)
        return tuple(reversed(out))


def plan(gradient: Gradient, meaning: Meaning = "all") -> Plan:
    """The plan of a gradient.

    Raises NotSupported for a derivative left unfinished, and where samples that look at each other are weighted or looked at alone.
    """
    problem = gradient.problem
    known = set(problem.declared())
    weight = next(s for s in (WEIGHT.symbol, "weight", "mass", *(f"m{k}" for k in range(len(known) + 1))) if s not in known)
    L = problem.objective.symbol
    forward, backward = steady(gradient)
    forward = [(name, stable(value, problem)) for name, value in forward]
    backward = [(by, stable(value, problem)) for by, value in backward]
    tails = tailed(value for _, value in (*forward, *backward))
    backward = [(Name(_sensitivity(L, by.symbol), by.indices), rewrite(spelled(value, tails), _named)) for by, value in backward]
    walk = _laid([(n, spelled(v, tails), n.symbol) for n, v in forward] + [(n, v, _about(n)) for n, v in backward], problem, meaning, weight)
    results = (L, *(_sensitivity(L, p.symbol) for p in problem.parameters))
    whole = Plan(
        problem, tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data), tuple(c.symbol for c, _ in problem.constants),
        tuple(walk.lines.values()), results, meaning=meaning, weight=weight if meaning == "weighted" else "", samples=walk.samples, blocks=walk.blocks,
        gradient=gradient,
    )  # fmt: skip
    lines = shared(whole.needed(results), walk.samples, walk.blocks)
    if walk.blocks and meaning != "alone":
        lines = apart(light(lines, results), walk.samples)
    used = frozenset().union(*(names(x.value) for x in lines))
    counted = meaning == "all" and walk.rows in used
    sizes = tuple((s, a) for s, a in walk.sizes.items() if s in used and s != walk.rows)
    return replace(whole, lines=lines, count=walk.rows if counted else "", sizes=sizes)


def _laid(definitions: list[tuple[Name, Term, str | tuple[str, str]]], problem: Problem, meaning: Meaning, weight: str) -> Laying:
    """The definitions laid in blocks of samples, or all samples at once where one of them needs that."""
    for blocks in (True, False):
        walk = Laying(problem, meaning, weight, blocks)
        for name, value, about in definitions:
            walk.define(name, value, about)
        if walk.blocks:
            break
    return walk


def _about(n: Name) -> tuple[str, str]:
    """("L", "w") for ∂L/∂w"""
    of, by = n.symbol.replace("∂", "").split("/")
    return of, by


def _sensitivity(of: str, by: str) -> str:
    """The symbol ∂L/∂w: no name of a problem can hold a ∂."""
    return f"∂{of}/∂{by}"


def _named(t: Term) -> Term | None:
    """∂L/∂u_i, mentioned in another sensitivity, by its name."""
    if isinstance(t, D):
        if t.partial or not isinstance(t.of, Name):
            raise NotSupported(f"a derivative by {t.by.symbol} is left unfinished in the derivation, so there is nothing to compute")
        return Name(_sensitivity(t.of.symbol, t.by.symbol), t.by.indices)
    return None
