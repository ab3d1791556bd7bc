"""The forward tape: it names, line by line, what the loss is made of.

`ŷ_i := w x_i + b`, `u_i := ŷ_i − y_i`, `L := (1/n) Σ_i u_i²` is a tape of three definitions; the last is the objective.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from symgd.term import Name, Term, names

__all__ = ["Definition", "Problem"]


@dataclass(frozen=True)
class Definition:
    """name := value, and what it is in words ("the residual")."""

    name: Name
    value: Term
    says: str = ""


@dataclass(frozen=True)
class Problem:
    """What is differentiated by what.

    title       for a person
    parameters  the names differentiated by, with their axes
    data        the names that come from the reader's data, with their axes: x_i, y_i
    tape        the definitions in order; each uses only what stands before it; the last one is the objective
    constants   names held fixed, with their values where they have one: λ = 1/10
    count       for each axis that is counted by a name: (axis, name), here i by n
    given       (symbol, axis): that name sums to one along that axis
    name        its name in the catalogue, or ""
    """

    title: str
    parameters: tuple[Name, ...]
    data: tuple[Name, ...]
    tape: tuple[Definition, ...]
    constants: tuple[tuple[Name, Fraction | None], ...] = ()
    count: tuple[tuple[str, Name], ...] = (("i", Name("n")),)
    given: tuple[tuple[str, str], ...] = ()
    name: str = ""
    roles: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # (symbol, what it is): ("w", "the slope")

    @property
    def objective(self) -> Name:
        """The name of the last definition: L."""
        return self.tape[-1].name

    def definition(self, symbol: str) -> Definition | None:
        """The line of the tape that defines the symbol, or None."""
        return next((d for d in self.tape if d.name.symbol == symbol), None)

    def declared(self) -> dict[str, Name]:
        """Every symbol of the problem, with its indices as declared, counts included."""
        known = (*self.parameters, *self.data, *(c for c, _ in self.constants), *(d.name for d in self.tape), *(c for _, c in self.count))
        return {x.symbol: x for x in known}

    def needed(self) -> frozenset[str]:
        """The symbols that the objective is made of."""
        out = {self.objective.symbol}
        for d in reversed(self.tape):
            if d.name.symbol in out:
                out |= names(d.value)
        return frozenset(out)
