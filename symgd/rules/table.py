"""What a rule is, and how the first one that fires is found: at each place only the first, outermost and leftmost.

A rule says why a line may be rewritten: a pending derivative (or a sum) → one move, or None.  It decides nothing about truth: the referee does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc

from symgd.term import Compare, D, Term, children, rebuild

__all__ = ["Move", "NoRule", "Rule", "first", "rule"]

Moving = Callable[[Term], Term | None]
Conditions = Callable[[Term], tuple[Compare, ...]]


class NoRule(ValueError):
    """A derivative that no rule can take; the message names the function and where to add one."""


@dataclass(frozen=True)
class Rule:
    """law: one line a reader recognises.  reason: one sentence.  where: conditions under which the move holds."""

    name: str
    law: str
    reason: str
    move: Moving
    where: Conditions


@dataclass(frozen=True)
class Move:
    """One rule, fired at one place: `about` became `into`, hence the whole line `after`."""

    rule: Rule
    about: Term
    into: Term
    after: Term


def rule(table: dict[str, Rule], name: str, where: Conditions = lambda t: ()) -> Callable[[Moving], Moving]:
    """Put a function into a table; its docstring is the law and, after an empty line, the reason."""

    def put(move: Moving) -> Moving:
        law, _, reason = cleandoc(move.__doc__ or "").partition("\n\n")
        table[name] = Rule(name, law, " ".join(reason.split()), move, where)
        return move

    return put


def first(t: Term, *tables: dict[str, Rule]) -> Move | None:
    """The first move, outermost and leftmost, or None; what a pending derivative is taken of is left alone."""
    for r, into in _fired(t, tables):
        return Move(r, t, into, into)
    if isinstance(t, D):
        return None
    inside = children(t)
    for k, c in enumerate(inside):
        if move := first(c, *tables):
            return Move(move.rule, move.about, move.into, rebuild(t, (*inside[:k], move.after, *inside[k + 1 :])))
    return None


def _fired(t: Term, tables: tuple[dict[str, Rule], ...]) -> Iterator[tuple[Rule, Term]]:
    for table in tables:
        for r in table.values():
            into = r.move(t)
            if into is not None and into != t:
                yield r, into
