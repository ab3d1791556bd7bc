"""The two tapes → a plan: named lines without sums inside, each a scalar, a value per sample, or a sum over the samples.

`L := (1/n) Σ_i u_i²` becomes the sum `uu := Σ_i u_i²` and the scalar `L := (1/n) uu`; what does not vary with the sample stands outside its sum.

Weights m_i: Σ_i f_i means Σ_i m_i f_i, and n means Σ_i m_i.  One sample alone: Σ_i f_i means f_i, and n is 1.

Only the sample axis is known here.  Another axis is refused by `_one_axis`; to add one, give `Line` its axes in place of the one kind "sample".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.indices import axis, free, rename
from symgd.numeric.stable import stable
from symgd.term import ONE, TWO, D, Div, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, mul, names, parts, rebuild, subterms
from symgd.term import replace as rewrite

__all__ = ["WEIGHT", "Line", "NotSupported", "Plan", "plan"]

Meaning = Literal["all", "weighted", "alone"]
MINUS_ONE = Num(-ONE.value)
WEIGHT = Name("m", ("i",))  # taken under another letter where the problem has an m of its own


class NotSupported(NotImplementedError):
    """The problem is sound, but its numbers cannot be computed here yet; the message names what is missing."""


@dataclass(frozen=True)
class Line:
    """symbol := value, or symbol := Σ_i value where kind is "sum".

    kind   "scalar" | "sample" (one value a sample) | "sum"
    about  the line of a tape that it comes from: the symbol of a definition, or ("L", "w") for ∂L/∂w
    once   made of data and counts alone: the same at every step of a descent
    """

    symbol: str
    value: Term
    kind: Literal["scalar", "sample", "sum"]
    about: str | tuple[str, str]
    once: bool


@dataclass(frozen=True)
class Plan:
    """What is computed, in order: every line uses only parameters, constants, data and lines above it.

    results  the symbols of the loss and of each parameter's derivative, in the order of the parameters
    count    the symbol of n where it is the number of rows, or "" where no line needs it
    meaning  "all" | "weighted" | "alone": what a sum over the samples is
    """

    problem: Problem
    parameters: tuple[str, ...]
    data: tuple[str, ...]
    constants: tuple[str, ...]
    lines: tuple[Line, ...]
    results: tuple[str, ...]
    count: str = ""
    meaning: Meaning = "all"
    weight: str = ""
    gradient: Gradient | None = field(default=None, repr=False, compare=False)

    @property
    def once(self) -> tuple[Line, ...]:
        """The lines over data alone."""
        return tuple(x for x in self.lines if x.once)

    @property
    def each(self) -> tuple[Line, ...]:
        """The lines that change with the parameters."""
        return tuple(x for x in self.lines if not x.once)

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
    """The plan of a gradient.  Raises NotSupported for an axis other than the samples, and for samples that look at each other (i against i')."""
    problem = gradient.problem
    for t in (d.value for d in problem.tape):
        _one_axis(t, problem)
    known = set(problem.declared())
    weight = next(s for s in (WEIGHT.symbol, "weight", "mass", *(f"m{k}" for k in range(len(known) + 1))) if s not in known)
    fresh = next(s for s in ("n", "rows", *(f"n{k}" for k in range(len(known) + 1))) if s not in known)
    rows = problem.count[0][1].symbol if problem.count else fresh
    walk = _Walk(problem, meaning, weight, rows)
    for d in problem.tape:
        walk.define(d.name.symbol, stable(d.value, problem), d.name.symbol)
    L = problem.objective.symbol
    for s in gradient.sensitivities():
        assert isinstance(s.goal, D)
        walk.define(_sensitivity(L, s.goal.by.symbol), rewrite(s.result, _named), (L, s.goal.by.symbol))
    results = (L, *(_sensitivity(L, p.symbol) for p in problem.parameters))
    whole = Plan(
        problem, tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data), tuple(c.symbol for c, _ in problem.constants),
        tuple(walk.lines.values()), results, meaning=meaning, weight=weight if meaning == "weighted" else "", gradient=gradient,
    )  # fmt: skip
    lines = whole.needed(results)
    counted = meaning == "all" and any(rows in names(x.value) for x in lines)
    return replace(whole, lines=lines, count=rows if counted else "")


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


def _one_axis(t: Term, problem: Problem) -> None:
    samples = {a for a, _ in problem.count} or {"i"}
    for s in subterms(t):
        if isinstance(s, Match):
            raise NotSupported(f"[{s.a} = {s.b}] compares two indices; the gradient functions know samples that do not look at each other")
        for index in s.indices if isinstance(s, Name) else (s.index,) if isinstance(s, Sum) else ():
            if axis(index) not in samples or len(samples) > 1:
                raise NotSupported(f"the axis {axis(index)} is not known to the gradient functions yet: they know scalars and one axis of samples")


class _Walk:
    """The lines so far, and which symbols vary with the sample."""

    def __init__(self, problem: Problem, meaning: Meaning, weight: str, rows: str) -> None:
        self.lines: dict[str, Line] = {}
        self.meaning = meaning
        self.weight = weight
        self.sums: dict[Term, str] = {}
        self.varies = {x.symbol for x in problem.data if x.indices} | {weight}
        self.moves = {p.symbol for p in problem.parameters} | {c.symbol for c, _ in problem.constants}
        self.rows = rows

    def define(self, symbol: str, value: Term, about: str | tuple[str, str]) -> None:
        """One definition of a tape: its sums first, then what is left."""
        left = _tidy(self.lifted(value, about))
        self.put(symbol, left, "sample" if self.varying(left) else "scalar", about)

    def put(self, symbol: str, value: Term, kind: Literal["scalar", "sample", "sum"], about: str | tuple[str, str]) -> None:
        once = not names(value) & self.moves
        self.lines[symbol] = Line(symbol, value, kind, about, once)
        if not once:
            self.moves.add(symbol)
        if kind == "sample":
            self.varies.add(symbol)

    def varying(self, t: Term) -> bool:
        return bool(names(t) & self.varies)

    def lifted(self, t: Term, about: str | tuple[str, str]) -> Term:
        """t with every sum over the samples replaced by a name, and n by what it means."""
        if isinstance(t, Name) and t.symbol == self.rows:
            return ONE if self.meaning == "alone" else self.total(ONE, about)
        if not isinstance(t, Sum):
            return rebuild(t, [self.lifted(c, about) for c in children(t)])
        if others := free(t):
            raise NotSupported(f"a sum over {t.index} inside looks at {min(others)} as well: samples that look at each other are not computed yet")
        body = self.lifted(rename(t.body, {t.index: axis(t.index)}), about)
        if self.meaning == "alone":
            return body
        outside, inside = self.split(body)
        return _times(outside, self.total(inside, about))

    def split(self, body: Term) -> tuple[list[Term], Term]:
        """(factors that do not vary, the rest): Σ c f = c Σ f"""
        match body:
            case Neg(a):
                out, rest = self.split(a)
                return [MINUS_ONE, *out], rest
            case Div(a, b) if not self.varying(b):
                out, rest = self.split(a)
                return [*out, Div(ONE, b)], rest
            case Mul(fs):
                pairs = [self.split(f) for f in fs]
                return [c for out, _ in pairs for c in out], mul(*(rest for _, rest in pairs if rest != ONE))
        return ([], body) if self.varying(body) else ([body] if body != ONE else [], ONE)

    def total(self, body: Term, about: str | tuple[str, str]) -> Term:
        """The name of Σ_i body, one line for equal bodies."""
        if self.meaning == "weighted":
            body = mul(Name(self.weight, ("i",)), *(parts(Mul, body) if body != ONE else ()))
        elif body == ONE:
            return Name(self.rows)
        if body not in self.sums:
            stem = _spelled(body) or (about if isinstance(about, str) else f"d{about[1]}")
            symbol = next(s for k in range(len(self.sums) + 1) if (s := f"Σ{stem}{k or ''}") not in self.lines)
            self.sums[body] = symbol
            self.put(symbol, body, "sum", about)
        return Name(self.sums[body])


def _times(outside: list[Term], total: Term) -> Term:
    """c Σ f"""
    sign = sum(f == MINUS_ONE for f in outside) % 2
    out = mul(*(f for f in outside if f not in (ONE, MINUS_ONE)), total)
    return Neg(out) if sign else out


def _tidy(t: Term) -> Term:
    """1/n · S and S · 1/n as S/n; what stands over or beside 1 alone."""
    t = rebuild(t, [_tidy(c) for c in children(t)])
    match t:
        case Mul(fs):
            under = [f.bottom for f in fs if isinstance(f, Div) and f.top == ONE]
            top = mul(*(f for f in fs if f != ONE and not (isinstance(f, Div) and f.top == ONE)))
            return _tidy(Div(top, mul(*under))) if under else top
        case Div(a, b) if b == ONE:
            return a
        case Neg(Div(a, b)):
            return Div(Neg(a), b)
    return t


def _spelled(body: Term) -> str:
    """uu for Σ u², ux for Σ u x: a product of names by its letters, anything else by none."""
    letters: list[str] = []
    for f in parts(Mul, body):
        match f:
            case Name(s, _):
                letters.append(s)
            case Pow(Name(s, _), exponent) if exponent == TWO:
                letters += [s, s]
            case _:
                return ""
    return "".join(letters) if all(len(s) == 1 for s in letters) else "_".join(letters)
