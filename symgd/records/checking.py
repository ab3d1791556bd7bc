"""Are the names of a record those of its problem?  A line may write only what is declared, with the indices it was declared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symgd.derivation import Derivation
from symgd.forward import Problem
from symgd.language import CONSTANTS
from symgd.records.trees import RecordError
from symgd.term import Match, Name, Sum, Term, axis, free, subterms

__all__ = ["check_derivations", "check_names", "check_problem"]


def check_problem(p: Problem, path: str) -> None:
    """Each name declared once, each definition made of what stands before it.  Raises RecordError."""
    every = [*p.parameters, *p.data, *(c for c, _ in p.constants), *(d.name for d in p.tape), *(c for _, c in p.count)]
    symbols = [n.symbol for n in every]
    if twice := [s for k, s in enumerate(symbols) if s in symbols[:k]]:
        raise RecordError(path, f"{twice[0]} is declared twice")
    axes = {axis(a) for n in every for a in n.indices}
    if lost := [a for a, _ in p.count if a not in axes]:
        raise RecordError(f"{path}.count", f"no name carries the index {lost[0]}")
    known = {n.symbol: n for n in every if not any(n == d.name for d in p.tape)}
    for s, a in p.given:
        if s not in known or a not in known[s].indices:
            raise RecordError(f"{path}.given", f"{s} is no name with the index {a} that is given")
    for k, d in enumerate(p.tape):
        place = f"{path}.tape[{k}]"
        check_names([d.value], known, axes, place)
        if lost := sorted(free(d.value) - set(d.name.indices)):
            raise RecordError(place, f"the index {lost[0]} is free in the value, but {d.name.symbol} does not carry it")
        known[d.name.symbol] = d.name


def check_derivations(ds: Iterable[tuple[Derivation, str]], problem: Problem) -> None:
    """Every line of the derivations is one of this problem.  Raises RecordError."""
    known = problem.declared()
    axes = {axis(a) for n in known.values() for a in n.indices}
    for d, place in ds:
        check_names([d.goal], known, axes, f"{place}.goal")
        for key, steps in (("steps", d.steps), ("in_full", d.in_full)):
            for k, s in enumerate(steps):
                check_names([s.after, s.about, *s.where, *s.cites], known, axes, f"{place}.{key}[{k}]")


def check_names(ts: Iterable[Term], known: Mapping[str, Name], axes: set[str], path: str) -> None:
    """Every name is known, with as many indices, each on its own axis.  Raises RecordError."""
    for t in ts:
        for s in subterms(t):
            match s:
                case Name(symbol, indices) if symbol in known:
                    if list(map(axis, indices)) != list(map(axis, known[symbol].indices)):
                        raise RecordError(path, f"{symbol} is declared with {_listed(known[symbol].indices)}, and stands here with {_listed(indices)}")
                case Name(symbol, indices) if indices or symbol not in CONSTANTS:
                    raise RecordError(path, f"{symbol} is not defined here; the names are {', '.join(known)}")
                case (Sum(a, _) | Match(a, _)) if axis(a) not in axes:
                    raise RecordError(path, f"no name carries the index {a}")
                case Match(_, b) if axis(b) not in axes:
                    raise RecordError(path, f"no name carries the index {b}")


def _listed(indices: tuple[str, ...]) -> str:
    return f"the index {', '.join(indices)}" if indices else "no index"
