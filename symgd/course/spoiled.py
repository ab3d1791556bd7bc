"""A derivation with one line spoiled: a slip that people make, made at one step, and the rest derived rightly from there; confirmed by `symgd check`.

Also a gradient derived the other way that people take it, from the loss written out; and lines as texts that `symgd check` reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from symgd.derivation import Derivation, Gradient, Step
from symgd.exposition.writing import apart
from symgd.forward import Problem
from symgd.handcalc.judge import check
from symgd.handcalc.slips import TABLES
from symgd.handcalc.spoil import Around, SlipRule, Spoiling, outcomes, places, put
from symgd.handcalc.verdict import Finding
from symgd.indices import bound, free, rename
from symgd.referee.tape import Referee
from symgd.rules import CALCULUS, LINEAR, SUMS
from symgd.rules.arithmetic import tidy
from symgd.rules.table import first
from symgd.term import D, Name, Sum, Term, children, rebuild, subterms
from symgd.typeset import to_ascii

__all__ = ["Spoiled", "as_line", "as_text", "by_definition", "definitions", "findings", "slips_in", "spoiled"]

_LETTERS = "jklmpqrst"
RARE = 1  # slips that are rarer are nobody's exercise
Path = tuple[int, ...]
_HALF = re.compile(r"(?<![\w.^/])0\.5\*")


def as_text(t: Term) -> str:
    """The term as it is typed; sums run over plain letters: sum_j for a sum over i′; ½ is 1/2."""

    def plain(s: Term) -> Term:
        s = rebuild(s, [plain(c) for c in children(s)])
        if isinstance(s, Sum) and not s.index.isalnum():
            new = next(a for a in _LETTERS if a not in free(s.body) | bound(s.body))
            return Sum(new, rename(s.body, {s.index: new}))
        return s

    return _HALF.sub("1/2*", to_ascii(plain(t)))


def as_line(left: Term, right: Term) -> str:
    """left = right as it is typed; no sum runs over a letter that stands free in the line."""
    return f"{as_text(left)} = {as_text(apart(right, free(left) | free(right)))}"


def definitions(problem: Problem) -> tuple[str, ...]:
    """The tape as typed lines: y_hat_i = w*x_i + b."""
    return tuple(as_line(d.name, d.value) for d in problem.tape)


@lru_cache(1024)
def findings(lines: tuple[str, ...]) -> tuple[Finding, ...]:
    """What `symgd check` finds on typed lines, each on a line of its own."""
    return check("```text\n" + "\n".join(lines) + "\n```").findings


@lru_cache(32)
def by_definition(gradient: Gradient, v: Name) -> Derivation:
    """∂L/∂v from the loss with every name in it written out, rule by rule, each step proved: the way without names."""
    problem, goal = gradient.problem, D(gradient.problem.objective, v)
    referee, steps = Referee(problem), []
    at: Term = goal
    whole = D(Spoiling(Around(problem), TABLES.moves).written_out(problem.objective, v.symbol), v, True)
    for rule, about, after in _moves(goal, whole):
        steps.append(Step(at, after, rule, about, check=referee.compare(at, after)))
        at = after
    return Derivation(f"d{problem.objective.symbol}/d{v.symbol}", goal, tuple(steps))


def _moves(goal: Term, at: Term) -> Iterator[tuple[str, Term, Term]]:
    """(rule, what it is made on, the line after it), until no derivative is left."""
    yield "definition", goal, at
    while move := first(at, LINEAR, CALCULUS, SUMS):
        yield move.rule.name, move.about, move.after
        at = move.after
    if (last := tidy(at)) != at:
        yield "arithmetic", at, last


# ---------------------------------------------------------------- one line spoiled


@dataclass(frozen=True)
class Spoiled:
    """goal     what every line is said to be equal to
    lines    (the rule that is claimed, the line); lines[at] does not follow from the one before it
    at       counted from 0
    right    the line that follows
    slip     the name of the slip, as `symgd check` gives it
    said     what `symgd check` finds on each line
    """

    goal: Term
    lines: tuple[tuple[str, Term], ...]
    at: int
    right: Term
    slip: str
    said: tuple[Finding, ...]


@lru_cache(256)
def spoiled(problem: Problem, derivation: Derivation, slip: str, which: int = 0) -> Spoiled:
    """The derivation with that slip made at one step; `which` counts the places and ways where it can be made.

    Raises ValueError, with the slips that can be made, where it cannot.
    """
    for k, found in enumerate(_all(problem, derivation, slip)):
        if k == which:
            return found
    known = ", ".join(slips_in(problem, derivation)) or "none"
    raise ValueError(f"no slip {slip!r} number {which} can be made in the derivation of {derivation.name} so that the check names it; there are: {known}")


@lru_cache(64)
def slips_in(problem: Problem, derivation: Derivation) -> tuple[str, ...]:
    """The names of the slips that `spoiled` can make in this derivation."""
    named = sorted({r.name for table in (TABLES.moves, TABLES.rewritten) for r in table.values()})
    return tuple(name for name in named if next(_all(problem, derivation, name), None))


def _all(problem: Problem, derivation: Derivation, slip: str) -> Iterator[Spoiled]:
    for k, step in enumerate(derivation.steps):
        for wrong in _wrongs(problem, step, slip):
            made = _made(problem, derivation, k, wrong, slip)
            if made is not None:
                yield made


def _wrongs(problem: Problem, step: Step, slip: str) -> Iterator[Term]:
    """The line after the step with the slip made in it: the move gone wrong, or a part of the line before wrongly rewritten."""
    seen = {step.before, step.after}
    for r, path, part, around in _chances(problem, step, slip):
        for _, result in outcomes(r, part, around):
            line = put(step.before, path, result)
            line = tidy(line) if step.rule == "arithmetic" else line
            if line not in seen:
                seen.add(line)
                yield line


def _chances(problem: Problem, step: Step, slip: str) -> Iterator[tuple[SlipRule, Path, Term, Around]]:
    """(rule, the part that it is made on with its place, what stands around)."""
    for r in TABLES.moves.values():
        if (r.name, r.spoils) == (slip, step.rule) and r.rare <= RARE:
            yield from ((r, path, step.about, Around(problem)) for path in _places(step.before, step.about))
    if step.rule == "arithmetic":
        for r in TABLES.rewritten.values():
            if r.name == slip and r.rare <= RARE:
                yield from ((r, path, part, Around(problem, (), letters, within)) for path, part, letters, within in places(step.before))


def _places(t: Term, part: Term, path: Path = ()) -> Iterator[Path]:
    """Where the part stands first."""
    if t == part:
        yield path
        return
    for k, c in enumerate(children(t)):
        if found := next(_places(c, part, (*path, k)), None):
            yield found
            return


def _made(problem: Problem, derivation: Derivation, k: int, wrong: Term, slip: str) -> Spoiled | None:
    """The lines, if the check calls that one wrong by this slip, what stands above it and in its stead right, what stands below it false."""
    right = Spoiling(Around(problem), TABLES.moves)
    lines = [(s.rule, s.after) for s in derivation.steps[:k]]
    lines.append((derivation.steps[k].rule, wrong))
    rest = tidy(right.right(wrong)) if any(isinstance(s, D) for s in subterms(wrong)) else tidy(wrong)
    if rest != wrong:
        lines.append(("arithmetic", rest))
    given = definitions(problem)
    typed = tuple(as_line(derivation.goal, t) for _, t in lines)
    said = findings((*given, *typed))[len(given) :]
    if tuple(f.line.text for f in said) != typed:
        return None
    sound = all(f.verdict == "right" for f in said[:k]) and all(f.verdict in ("carried", "wrong") for f in said[k + 1 :])
    if not sound or said[k].verdict != "wrong" or slip not in {s.name for s in said[k].slips[:1]}:
        return None
    follows = derivation.steps[k].after
    if findings((*given, as_line(derivation.goal, follows)))[-1].verdict != "right":
        return None
    return Spoiled(derivation.goal, tuple(lines), k, follows, slip, said)
