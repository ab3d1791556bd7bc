"""Are the names of a record those of its problem?  A line may write only what is declared, with the indices it was declared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symgd.derivation import Derivation
from symgd.forward import Problem
from symgd.indices import axis, free
from symgd.language import CONSTANTS
from symgd.records.trees import RecordError
from symgd.term import Match, Name, Sum, Term, subterms

__all__ = ["check_cites", "check_derivations", "check_problem", "check_terms"]


def check_problem(p: Problem, path: str) -> None:
    """Each name declared once, each definition made of what stands before it.  Raises RecordError."""
    whole, axes = _known(p)
    known: dict[str, Name] = {}
    for n in (*p.parameters, *p.data, *(c for c, _ in p.constants), *(c for _, c in p.count)):
        _declare(n, known, path)
    known = {s: n for s, n in known.items() if s in whole}
    for s, a in p.given:
        if s not in known or a not in known[s].indices:
            raise RecordError(f"{path}.given", f"{s} is no name with the index {a} that is given")
    for d in p.tape:
        _check_names([d.value], known, axes, path, f"in the value of {d.name.symbol}: ")
        if lost := sorted(free(d.value) - set(d.name.indices)):
            raise RecordError(path, f"in the value of {d.name.symbol}: the index {lost[0]} is free, but {d.name.symbol} does not carry it")
        _declare(d.name, known, path)


def _declare(n: Name, known: dict[str, Name], path: str) -> None:
    if n.symbol in known:
        raise RecordError(path, f"{n.symbol} is declared twice")
    known[n.symbol] = n


def _known(p: Problem) -> tuple[dict[str, Name], set[str]]:
    """(names by symbol, axes); the count of an axis that no name carries has no value."""
    declared = p.declared()
    axes = {axis(a) for n in declared.values() for a in n.indices}
    idle = {n.symbol for a, n in p.count if a not in axes}
    return {s: n for s, n in declared.items() if s not in idle}, axes


def check_terms(ts: Iterable[Term], problem: Problem, path: str) -> None:
    """Every name in the terms is one of this problem.  Raises RecordError."""
    _check_names(ts, *_known(problem), path)


def check_derivations(ds: Iterable[tuple[Derivation, str]], problem: Problem) -> None:
    """Every line of the derivations is one of this problem.  Raises RecordError."""
    known, axes = _known(problem)
    for d, place in ds:
        _check_names([d.goal], known, axes, f"{place}.goal")
        for key, steps in (("steps", d.steps), ("in_full", d.in_full)):
            for k, s in enumerate(steps):
                _check_names([s.after, s.about, *s.where, *s.cites], known, axes, f"{place}.{key}[{k}]")


def check_cites(ds: Iterable[Derivation], path: str) -> None:
    """A step cites only what was derived before it.  Raises RecordError."""
    derived: set[Term] = set()
    for k, d in enumerate(ds):
        for j, s in enumerate((*d.steps, *d.in_full)):
            if not derived.issuperset(s.cites):
                raise RecordError(f"{path}[{k}].steps[{j}].cites", "what is cited was not derived before")
        derived.add(d.goal)


def _check_names(ts: Iterable[Term], known: Mapping[str, Name], axes: set[str], path: str, where: str = "") -> None:
    """Every name is known, with as many indices, each on its own axis.  Raises RecordError."""
    for t in ts:
        for s in subterms(t):
            match s:
                case Name(symbol, indices) if symbol in known:
                    if list(map(axis, indices)) != list(map(axis, known[symbol].indices)):
                        raise RecordError(path, f"{where}{symbol} is declared with {_listed(known[symbol].indices)}, and stands here with {_listed(indices)}")
                case Name(symbol, indices) if indices or symbol not in CONSTANTS:
                    raise RecordError(path, f"{where}{symbol} is not defined here; the names are {', '.join(list(known)[:20])}")
                case (Sum(a, _) | Match(a, _)) if axis(a) not in axes:
                    raise RecordError(path, f"{where}no name carries the index {a}")
                case Match(_, b) if axis(b) not in axes:
                    raise RecordError(path, f"{where}no name carries the index {b}")


def _listed(indices: tuple[str, ...]) -> str:
    return f"the index {', '.join(indices)}" if indices else "no index"
