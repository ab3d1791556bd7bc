"""The layers of a network, seen from its forward tape: where parameters enter, what follows them, and what each sensitivity is used for.

A layer's sum z is a definition that holds parameters; its output is the last definition before the next layer's sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from symgd.backward import paths
from symgd.derivation import Derivation, Gradient
from symgd.forward import Definition, Problem
from symgd.term import Call, D, Match, Name, Sum, Term, children, names, rebuild, subterms

__all__ = ["Layer", "Use", "alike", "indexless", "layers_of", "local", "names_of", "uses"]


@dataclass(frozen=True)
class Layer:
    """number   1 for the layer at the data
    total    z, the definition that holds the layer's parameters
    inside   the definitions after z, up to the next layer's sum: a := tanh z; the last one is the layer's output
    weights  the parameters in z
    fed_by   the names in z that come from the layer before, or from the data
    """

    number: int
    total: Definition
    inside: tuple[Definition, ...]
    weights: tuple[Name, ...]
    fed_by: tuple[Name, ...]

    @property
    def output(self) -> Name:
        return self.inside[-1].name if self.inside else self.total.name


def layers_of(problem: Problem) -> tuple[Layer, ...]:
    """The layers, from the data to the loss; () where parameters enter once only, or not one behind the other."""
    mine = {p.symbol for p in problem.parameters}
    tape = [d for d in problem.tape[:-1] if d.name.symbol in problem.needed()]
    at = [k for k, d in enumerate(tape) if names(d.value) & mine]
    if len(at) < 2 or any(tape[a].name.symbol not in _made_of(problem, tape[b]) for a, b in pairwise(at)):
        return ()
    ends = [*at[1:], len(tape)]
    return tuple(_layer(problem, k, tape[a], tuple(tape[a + 1 : end])) for k, (a, end) in enumerate(zip(at, ends, strict=True), 1))


def _layer(problem: Problem, number: int, total: Definition, after: tuple[Definition, ...]) -> Layer:
    inside, seen = [], {total.name.symbol}
    for d in after:
        if names(d.value) & seen:
            inside.append(d)
            seen.add(d.name.symbol)
    mine = {p.symbol for p in problem.parameters}
    known = {c.symbol for c, _ in (*problem.constants,)} | {c.symbol for _, c in problem.count}
    met = list(dict.fromkeys(s for s in subterms(total.value) if isinstance(s, Name) and s.symbol not in known))
    return Layer(number, total, tuple(inside), tuple(x for x in met if x.symbol in mine), tuple(x for x in met if x.symbol not in mine))


def _made_of(problem: Problem, d: Definition) -> frozenset[str]:
    """Every symbol that d is made of, directly or not."""
    out = set(names(d.value))
    for earlier in reversed(problem.tape):
        if earlier.name.symbol in out:
            out |= names(earlier.value)
    return frozenset(out)


def names_of(problem: Problem, layers: Iterable[Layer]) -> dict[str, str]:
    """What the sensitivity of each layer's sum is called: δ with the layer's number."""
    found = list(layers)
    called = problem.unused(*(f"delta{x.number}" for x in found))
    return {x.total.name.symbol: c.symbol for x, c in zip(found, called, strict=True)}


# ---------------------------------------------------------------- what is shared


@dataclass(frozen=True)
class Use:
    """name    v, of the sensitivity ∂L/∂v
    by      the names whose derivatives use it directly
    ways    how many paths lead from the parameters through it: as often it would be worked out without a name
    saved   products of a sensitivity with a local derivative that its name saves
    """

    name: Name
    by: tuple[Name, ...]
    ways: int
    saved: int


def uses(problem: Problem) -> tuple[tuple[Use, ...], int, int]:
    """What each sensitivity is used for, loss first; and the products that the gradients take with the names, and without.

    With names there is one product for each way ∂L/∂c · ∂c/∂v that is not ∂L/∂v itself; without, one for each on every path from a parameter to L.
    """
    used = problem.needed()
    between = [d.name for d in problem.tape[:-1] if d.name.symbol in used]
    every = (*problem.parameters, *between)
    users = {v: [c.symbol for c in _users(problem, v)] for v in every}
    ways = dict.fromkeys((x.symbol for x in every), 0) | {p.symbol: 1 for p in problem.parameters}
    for v in every:
        for c in users[v]:
            ways[c] += ways[v.symbol]
    downwards = (*reversed(between), *problem.parameters)
    rows = (Use(x, tuple(v for v in downwards if x.symbol in users[v]), ways[x.symbol], (ways[x.symbol] - 1) * len(users[x])) for x in reversed(between))
    return tuple(rows), sum(map(len, users.values())), sum(len(users[v]) * ways[v.symbol] for v in every)


def _users(problem: Problem, v: Name) -> list[Name]:
    """The names between v and L that are defined with v."""
    return [local.of for local, _ in paths(problem, v) if isinstance(local.of, Name) and local.of.symbol != v.symbol]


# ---------------------------------------------------------------- the same derivation in other letters


def alike(problem: Problem, d: Derivation) -> tuple[Term, ...]:
    """The lines of a derivation with its names and indices numbered as they come: equal for two derivations exactly if they differ in letters alone."""
    letters: dict[str, str] = {}
    fixed = {problem.objective.symbol, *(c.symbol for _, c in problem.count)}

    def one(kind: str, s: str) -> str:
        return letters.setdefault(kind + s, f"{kind}{len(letters)}")

    def plain(t: Term) -> Term:
        match t:
            case Name(s, indices):
                return Name(s if s in fixed else one("s", s), tuple(one("a", i) for i in indices))
            case Sum(i, body):
                return Sum(one("a", i), plain(body))
            case Match(a, b):
                return Match(one("a", a), one("a", b))
        return rebuild(t, [plain(c) for c in children(t)])

    return (plain(d.goal), *(x for s in (*d.steps, *d.in_full) for x in (Call(s.rule, ()), plain(s.after))))


def indexless(t: Term) -> Term:
    """The term without its indices and sums, for a label: 1 − a₁² of 1 − a₁ᵢₕ²"""
    match t:
        case Name(s, _):
            return Name(s)
        case Sum(_, body):
            return indexless(body)
    return rebuild(t, [indexless(c) for c in children(t)])


def local(gradient: Gradient, of: Name, by: Name) -> Derivation | None:
    """The derivation of ∂of/∂by on the tape."""
    for d in gradient.tape:
        match d.goal:
            case D(Name(s, _), v, True) if (s, v.symbol) == (of.symbol, by.symbol):
                return d
    return None
