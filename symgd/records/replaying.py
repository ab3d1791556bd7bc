"""Every claim of a record decided again, by the referee alone: no rule of `rules/` is used, and no verdict that was written is believed."""

from __future__ import annotations

from collections.abc import Iterator

from symgd.derivation import Derivation, Step
from symgd.indices import rename
from symgd.records.reading import Part, read_record
from symgd.referee.check import Check
from symgd.term import ZERO, Name, Term, replace

__all__ = ["replay"]


def replay(text: str) -> tuple[tuple[str, int, Check], ...]:
    """(derivation, number of the step, verdict) for every claim of the record; number 0 is a claim beside the steps.

    Decided: each line equals the last one · the slopes are the gradient's · the system of the closed form is the gradient, and vanishes at
    the solution.  Not decided: that a solution is the only one, and the sign of the second derivative (what `convex` says).
    Raises RecordError.
    """
    return tuple(found for part in read_record(text).parts for found in _decided(part))


def _decided(part: Part) -> Iterator[tuple[str, int, Check]]:
    from symgd.referee.tape import Referee

    referee = Referee(part.problem)
    for name, number, a, b in _claims(part):
        try:
            check = referee.compare(a, b)
        except (ValueError, ArithmeticError, RecursionError) as wrong:
            check = Check("held", f"it could not be decided: {wrong}")
        yield name if part.name == "gradient" else f"{part.name}: {name}", number, check


def _claims(part: Part) -> Iterator[tuple[str, int, Term, Term]]:
    """(what, number, a, b) for a = b"""
    for name, a, b in part.claims:
        yield name, 0, a, b
    for d in part.derivations:
        for k, s in enumerate(_steps(d), 1):
            solved = part.name == "closed form" and s.rule == "solve"
            yield d.name, k, *(_vanishing(s) if solved else (s.before, s.after))


def _steps(d: Derivation) -> tuple[Step, ...]:
    return (*d.steps, *d.in_full)


def _vanishing(s: Step) -> tuple[Term, Term]:
    """about = 0 is solved by p = value: with the value put in, it is 0."""
    p, found = s.before, s.after
    assert isinstance(p, Name), "a parameter is solved for"

    def put(t: Term) -> Term | None:
        same = isinstance(t, Name) and t.symbol == p.symbol
        return rename(found, dict(zip(p.indices, t.indices, strict=True))) if same and isinstance(t, Name) else None

    return replace(s.about, put), ZERO
