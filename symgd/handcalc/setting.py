"""What a working is about: who is who, what the writer defined, what is assumed aloud; and its referee.

Names stand for one value a sample where their role or their definition says so, written with an index or without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgd.forward import Definition, Problem
from symgd.handcalc.roles import Roles
from symgd.indices import axis, fresh, rename
from symgd.language import CONSTANTS
from symgd.referee.check import Check
from symgd.referee.residues import Undecided, Unfit
from symgd.referee.tape import Referee, positives
from symgd.stationary import unfold
from symgd.term import Add, D, Mul, Name, Neg, Term, children, names, rebuild, replace as rewrite, size, subterms

__all__ = ["LARGEST", "Misfit", "Setting"]

SHORT = 60  # nodes of a claim whose canonical form is soon found
LARGEST = 600  # nodes of a claim with its definitions put in: a larger one is undecided


class Misfit(ValueError):
    """A name or function stands where it makes no sense; the message says which."""


@dataclass(frozen=True)
class Setting:
    """roles    who is who
    tape     the definitions, each uses only what stands before it
    leaves   every other name, with its indices
    stated   the symbols that the writer defined, with the number of the line
    rates    names for derivatives: δ_i = ∂L/∂z_i
    assumed  what was missing and therefore assumed: (symbol, sentence)
    loose    the symbols of assumptions from which no line of the working follows: they may be other than what is meant
    """

    roles: Roles
    tape: tuple[Definition, ...] = ()
    leaves: tuple[Name, ...] = ()
    stated: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, Definition] = field(default_factory=dict)
    assumed: tuple[tuple[str, str], ...] = ()
    loose: frozenset[str] = frozenset()

    # ------------------------------------------------------------ as a problem

    @property
    def count(self) -> Name:
        return Name(self.roles.count)

    @cached_property
    def problem(self) -> Problem:
        """The setting as a problem; the last definition is the objective where one is known."""
        defined = {d.name.symbol for d in self.tape}
        leaves = [v for v in self.leaves if v.symbol not in defined and v != self.count]
        role = self.roles.of
        counted = any("i" in v.indices for v in (*leaves, *(d.name for d in self.tape)))
        main = self.objective
        tape = (*(d for d in self.tape if d.name != main), *(d for d in self.tape if d.name == main))
        return Problem(
            title="a working",
            parameters=tuple(v for v in leaves if role.get(v.symbol) == "parameter"),
            data=tuple(v for v in leaves if v.indices and role.get(v.symbol) != "parameter"),
            tape=tape,
            constants=tuple((v, None) for v in leaves if not v.indices and role.get(v.symbol) != "parameter") + (() if counted else ((self.count, None),)),
            count=(("i", self.count),) if counted else (),
            given=tuple((s, a) for s, a in self.roles.ones if s not in defined and a in self.declared(s).indices),
        )

    @property
    def objective(self) -> Name | None:
        """The name of the main objective, where it is defined."""
        defined = {d.name.symbol: d.name for d in self.tape}
        found = next((defined[s] for s in self.roles.all("objective") if s in defined), None)
        return found if found is None or not any(found.symbol in names(d.value) for d in self.tape) else None

    @cached_property
    def others(self) -> tuple[Setting, ...]:
        """The same about each further objective: a text may hold several workings."""
        main, of = self.objective, self.roles.of
        if main is None:
            return ()
        used = frozenset(s for d in self.tape for s in names(d.value))
        more = [d.name.symbol for d in self.tape if of.get(d.name.symbol) == "objective" and d.name != main and d.name.symbol not in used]
        return tuple(replace(self, roles=replace(self.roles, of={s: "objective", **of})) for s in more)

    def about(self, t: Term) -> Setting:
        """About the objective that t is differentiated from or, for a parameter, that depends on it: the main one, where that does."""
        of = t.of if isinstance(t, D) else None
        if self.objective is None or not isinstance(t, D | Name) or of == self.objective or (isinstance(t, Name) and self.depends(self.objective, t.symbol)):
            return self
        fits = (s for s in self.others if (s.objective == of if of else isinstance(t, Name) and s.objective and s.depends(s.objective, t.symbol)))
        return next(fits, self)

    @cached_property
    def referee(self) -> Referee:
        return Referee(self.problem)

    @property
    def known(self) -> Mapping[str, Name]:
        """Every name that stands on the tape or is a leaf of it."""
        return self._every

    def declared(self, symbol: str) -> Name:
        """The symbol with the indices that it carries."""
        return self._every.get(symbol) or Name(symbol, self.roles.axes.get(symbol, ()))

    @cached_property
    def _every(self) -> dict[str, Name]:
        return {v.symbol: v for v in (*self.leaves, *(d.name for d in self.tape))}

    def definition(self, symbol: str) -> Definition | None:
        return next((d for d in self.tape if d.name.symbol == symbol), None)

    # ------------------------------------------------------------ changing it

    def define(self, d: Definition, line: int | None = None) -> Setting:
        """With one more definition, put where it can stand.  Raises ValueError for one that needs itself."""
        tape = ordered((*(x for x in self.tape if x.name.symbol != d.name.symbol), d))
        stated = {**self.stated, d.name.symbol: line} if line is not None else self.stated
        return replace(self, tape=tape, stated=stated, leaves=tuple(v for v in self.leaves if v.symbol != d.name.symbol))

    def assume(self, d: Definition, says: str) -> Setting:
        """With one definition that the writer did not state."""
        return replace(self.define(d), assumed=(*self.assumed, (d.name.symbol, says)))

    def knows(self, t: Term) -> Setting:
        """With the names of t as leaves, where they are none yet."""
        new = {s.symbol: s for s in subterms(t) if isinstance(s, Name) and s.symbol not in self._every and s != self.count}
        return replace(self, leaves=(*self.leaves, *(Name(s, _own(v.indices)) for s, v in sorted(new.items())))) if new else self

    # ------------------------------------------------------------ deciding

    def proved(self, a: Term, b: Term) -> bool:
        """Is a = b proved by residues?  Cheap: no witness is looked for."""
        if self.too_large(a) or self.too_large(b):
            return False
        referee = self.referee
        used = referee.made_of(names(a) | names(b))
        domain = tuple(u for d in self.problem.tape if d.name.symbol in used for u in positives(d.value))
        try:
            return all(referee.case(s, referee.weighed_in(a, b)).agree(a, b, domain) for s in referee.sizes(a, b))
        except (Unfit, Undecided, ZeroDivisionError):
            return self.compare(a, b).verdict == "proved"

    def compare(self, a: Term, b: Term) -> Check:
        """The referee's verdict on a = b; held where the two are too large to be looked at."""
        if self.too_large(a) or self.too_large(b):
            return Check("held", "the line is too large to be decided here")
        if not self.referee.axes or size(a) + size(b) <= SHORT:
            self.referee.forms = 1  # its canonical form may always be tried
        check = self.referee.compare(a, b)
        return self.unfolded(a, b) or check if check.verdict == "held" else check

    def unfolded(self, a: Term, b: Term) -> Check | None:
        """Proved with every definition written out, for all real numbers, or for positive ones where logarithms and powers ask for it; else None."""
        from symgd.referee.equality import equal_terms

        if self.referee.axes or any(isinstance(s, D) for t in (a, b) for s in subterms(t)):
            return None
        left, right = unfold(self.problem, a), unfold(self.problem, b)
        asked = {s for t in (left, right) for u in positives(t) for s in names(u)} - CONSTANTS.keys()
        for domain in ({}, dict.fromkeys(sorted(asked), "positive")) if asked else ({},):
            check = equal_terms(left, right, domain)
            if check.verdict == "proved":
                return replace(check, scope=f"positive {' and '.join(sorted(asked))}" if domain else check.scope)
        return None

    def too_large(self, t: Term) -> bool:
        return size(t) > LARGEST

    # ------------------------------------------------------------ derivatives

    def depends(self, t: Term, symbol: str) -> bool:
        """Is t made of the symbol, along the tape?"""
        return symbol in self.referee.made_of(names(t))

    def rate(self, of: Term, by: Name) -> Term:
        """d(of)/d(by) along the tape, as a term that the referee can value."""
        if isinstance(of, Name) and of.symbol != by.symbol and self.definition(of.symbol) and self.depends(of, by.symbol):
            return D(of, by)
        return D(self.down_to(of, by), by, True)

    def down_to(self, t: Term, by: Name) -> Term:
        """t with every name that depends on `by` written out, down to `by` itself; where none does, `by` is looked for in t unfolded.

        Raises Misfit where something in t is differentiated by a name that would have to be written out.
        """
        t = rewrite(t, lambda s: D(self.down_to(s.of, s.by), s.by, True) if isinstance(s, D) and not s.partial else None)
        if stuck := sorted({s.by.symbol for s in subterms(t) if isinstance(s, D) and s.by.symbol != by.symbol and self.depends(s.by, by.symbol)}):
            raise Misfit(f"what is differentiated by {stuck[0]} is not differentiated by {by.symbol} here")
        for d in reversed(self.problem.tape):
            if d.name.symbol != by.symbol and self.depends(d.value, by.symbol):
                t = rewrite(t, lambda s, d=d: _value(d, s) if isinstance(s, Name) and s.symbol == d.name.symbol else None)  # type: ignore[misc]
        own = self.definition(by.symbol)
        if by.symbol in names(t) or own is None:
            return t
        return self.folded(unfold(replace(self.problem, tape=tuple(x for x in self.problem.tape if x.name.symbol != by.symbol)), t), own)

    def folded(self, t: Term, d: Definition) -> Term:
        """t with the definition's value, or its negative, called by name."""
        pattern = self.signature(d.value)
        negative = frozenset((-sign, f) for sign, f in pattern)

        def go(s: Term) -> Term:
            if isinstance(s, Add | Mul | Neg):
                for to in self.letters(s, d):
                    own = self.signature(rename(s, to))
                    if own == pattern:
                        return rename(d.name, {b: a for a, b in to.items()})
                    if own == negative:
                        return Neg(rename(d.name, {b: a for a, b in to.items()}))
            return rebuild(s, [go(c) for c in children(s)])

        return go(t)

    def letters(self, s: Term, d: Definition) -> Iterator[dict[str, str]]:
        """How the letters of s may be named as in the definition."""
        own = sorted({a for x in subterms(s) if isinstance(x, Name) for a in x.indices})
        if not d.name.indices:
            yield {}
        elif len(d.name.indices) == 1:
            yield from ({a: d.name.indices[0]} for a in own if axis(a) == axis(d.name.indices[0]))

    def signature(self, t: Term) -> frozenset[tuple[int, Term]]:
        """The signed terms of t, every name written out."""
        return frozenset(_signed(unfold(self.problem, t), 1))


def _own(indices: tuple[str, ...]) -> tuple[str, ...]:
    """The letters as a name declares them: i, j, and j' where one axis is met twice."""
    out: list[str] = []
    for a in indices:
        out.append(fresh(axis(a), out))
    return tuple(out)


def _signed(t: Term, sign: int) -> Iterator[tuple[int, Term]]:
    match t:
        case Neg(a):
            yield from _signed(a, -sign)
        case Add(ts):
            for x in ts:
                yield from _signed(x, sign)
        case Mul(fs):
            minus = sum(isinstance(f, Neg) for f in fs)
            yield sign * (-1) ** minus, Mul(tuple(sorted((f.body if isinstance(f, Neg) else f for f in fs), key=repr)))
        case _:
            yield sign, t


def _value(d: Definition, name: Name) -> Term:
    return rename(d.value, {a: b for a, b in zip(d.name.indices, name.indices, strict=True) if a != b})


def ordered(tape: tuple[Definition, ...]) -> tuple[Definition, ...]:
    """The definitions, each after those that it uses.  Raises ValueError where they go in a circle."""
    by_name = {d.name.symbol: d for d in tape}
    out: dict[str, Definition] = {}

    def put(d: Definition, above: tuple[str, ...]) -> None:
        if d.name.symbol in above:
            raise ValueError(f"{d.name.symbol} is defined by itself")
        for s in sorted(names(d.value)):
            if s in by_name and s not in out:
                put(by_name[s], (*above, d.name.symbol))
        out[d.name.symbol] = d

    for d in tape:
        if d.name.symbol not in out:
            put(d, ())
    return tuple(out.values())

