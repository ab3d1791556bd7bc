"""What the lines of a working show about their letters, before anything is decided: where each stands, with which indices, beside what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from symgd.handcalc.conventions import version
from symgd.handcalc.lines import MARKS, Said
from symgd.language import FUNCTIONS
from symgd.term import Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, children, names, parts, subterms

__all__ = ["ONES", "PRIMED", "Facts", "gather", "is_number", "solved"]

ONES = "𝟏"  # a column of ones
PRIMED = "?"  # what u′ is differentiated by, until its surroundings say it


@dataclass
class Facts:
    """bare, indexed  how often a symbol stands without indices; the index tuples it was met with, each with the number of its statement
    tops        what was differentiated, and by what, in order; "" for what is no name
    stated      the number of the statement that defines a symbol
    defined     symbols that stand alone on one side of a first =, with what stands on the other: no numbers
    numbers     symbols that were given a number
    minus       pairs of names of which one is taken from the other
    compared    names that are terms of what is squared, or of what stands in | |
    under       names in denominators
    counts      what sums run to
    dots        (statement, letter) of sums, with the symbols that carry the letter
    sums        is anything summed or averaged?
    logs        names in logarithms
    functions   functions and marks that were met
    statements  the members of each, in order
    symmetric   do the words say that a matrix is?
    ones        (t, k), where Σ t is 1 over the k-th index of t
    met         the number of the first statement where a symbol stands, its own definition apart
    updated     parameters that got a new value
    arguments   of f(x) = …: what f was said to depend on
    """

    bare: dict[str, int] = field(default_factory=dict)
    indexed: dict[str, set[tuple[int, tuple[str, ...]]]] = field(default_factory=dict)
    tops: list[tuple[str, str]] = field(default_factory=list)
    defined: dict[str, list[Term]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    minus: list[tuple[str, str]] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)
    under: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    dots: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    sums: bool = False
    logs: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    statements: list[tuple[Term, ...]] = field(default_factory=list)
    ones: set[tuple[str, int]] = field(default_factory=set)
    met: dict[str, int] = field(default_factory=dict)
    symmetric: bool = False
    stated: dict[str, int] = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)
    arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def symbols(self) -> list[str]:
        return sorted({*self.bare, *self.indexed})

    def uses(self, s: str) -> int:
        return self.bare.get(s, 0) + len(self.indexed.get(s, ()))


def is_number(t: Term) -> bool:
    """Is t made of numbers alone?"""
    stated = any(isinstance(s, D) or (isinstance(s, Call) and s.function not in FUNCTIONS and s.function not in MARKS) for s in subterms(t))
    return not names(t) - {"pi"} and not stated


def solved(facts: Facts, s: str) -> bool:
    """Is s used before its formula is stated: a parameter that is solved for?"""
    return s in facts.stated and facts.met.get(s, facts.stated[s]) < facts.stated[s]


def gather(statements: Iterable[Said]) -> Facts:
    """The facts of all statements."""
    facts = Facts()
    for number, said in enumerate(statements):
        for t in said.terms:
            _look(facts, t, number)
            for s in sorted(names(t)):
                if not (t is said.terms[0] and isinstance(t, Name)):
                    facts.met.setdefault(s, number)
        facts.statements.append(said.terms)
        facts.counts += [c for c in said.counts if c.isidentifier() and c not in facts.counts]
        _sides(facts, said, number)
    return facts


def _sides(facts: Facts, said: Said, number: int) -> None:
    """What the first = of a statement says of a name that stands alone beside it."""
    if len(said.terms) < 2 or said.continues:
        return
    match said.terms:
        case (Sum(index, Name(s, indices)), Num(v)) if v == 1 and index in indices:
            facts.ones.add((s, indices.index(index)))
        case (Name(s, _), right, *_):
            if said.arguments:
                facts.arguments.setdefault(s, said.arguments)
            stem, kind = version(s)
            if kind == "new" or (s in {version(x)[0] for x in names(right)} and isinstance(right, Add)):
                facts.updated += [x for x in [stem if kind else s] if x not in facts.updated]
            elif is_number(right):
                facts.numbers.add(s)
            else:
                facts.defined.setdefault(s, []).append(right)
                facts.stated.setdefault(s, number)
        case (left, Name(s, _)) if not isinstance(left, D) and s not in names(left) and not is_number(left):
            facts.defined.setdefault(s, []).append(left)


def _look(facts: Facts, t: Term, number: int) -> None:
    match t:
        case Name(s, indices):
            if s in (PRIMED, ONES):
                return
            if indices:
                facts.indexed.setdefault(s, set()).add((number, indices))
            else:
                facts.bare[s] = facts.bare.get(s, 0) + 1
        case D(of, by):
            facts.tops.append((of.symbol if isinstance(of, Name) else "", by.symbol))
        case Sum(index, body):
            facts.sums = True
            facts.dots.append((number, index, frozenset(s.symbol for s in subterms(body) if isinstance(s, Name) and index in s.indices)))
        case Call(f, args):
            facts.functions.add(f)
            facts.sums |= f in ("sum", "mean")
            if f in ("abs", "norm", "norm1") and isinstance(args[0], Add):
                facts.compared |= _named(args[0].terms)
            if f == "log":
                facts.logs |= {x.symbol for x in subterms(args[0]) if isinstance(x, Name)}
        case Div(_, bottom):
            facts.under += [f.symbol for f in parts(Mul, bottom) if isinstance(f, Name) and not f.indices and f.symbol not in facts.under]
        case Pow(Add(ts), Num(v)) if v == 2:
            facts.compared |= _named(ts)
        case Add(ts):
            plus = [x.symbol for x in ts if isinstance(x, Name)]
            less = [x.body.symbol for x in ts if isinstance(x, Neg) and isinstance(x.body, Name)]
            facts.minus += [(a, b) for a in plus for b in less if a != b and len(ts) == 2]
    for c in children(t):
        _look(facts, c, number)


def _named(ts: tuple[Term, ...]) -> set[str]:
    bare = [t.body if isinstance(t, Neg) else t for t in ts]
    return {t.symbol for t in bare if isinstance(t, Name)}
