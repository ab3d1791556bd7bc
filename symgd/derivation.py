"""The backward tape: records of checked steps.  Nothing here decides or rewrites; the records are what leaves the house."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.document.page import Chain, Formula, Line, Page, Prose, Strong
from symgd.document.shown import shows_itself
from symgd.forward import Problem
from symgd.indices import apart, free, rename
from symgd.referee.check import Check
from symgd.term import Compare, D, Name, Term, replace
from symgd.typeset.layout import Derivatives, layout

__all__ = ["ClosedForm", "Derivation", "Gradient", "Refuted", "Step"]


UNCHECKED = Check("held", "not looked at yet")


@shows_itself
@dataclass(frozen=True)
class Step:
    """The claim: before = after, under `where`.

    before, after  the whole line before and after the move
    rule           the name of the move, a key of the table of rules
    about          the part of `before` that the move rewrote
    where          conditions under which the move is valid (a kink left out)
    cites          the goals of the derivations whose results the move used
    check          the referee's verdict on before = after
    """

    before: Term
    after: Term
    rule: str
    about: Term
    where: tuple[Compare, ...] = ()
    cites: tuple[D, ...] = ()
    check: Check = UNCHECKED

    def shown(self) -> Page:
        """before = after, the rule and the verdict; under which conditions."""
        where = [piece for k, c in enumerate(self.where) for piece in (" and " if k else "where ", Formula(layout(c)))]
        return Page((), (Chain((Line(layout(self.before), layout(self.after), reason=(f"{self.rule}, {self.check.verdict}",)),)), Prose(tuple(where))))


class Refuted(ArithmeticError):
    """A step that is not true; the derivation stops there."""

    def __init__(self, derivation: str, number: int, step: Step) -> None:
        self.step = step
        super().__init__(f"{derivation}, step {number} ({step.rule}) is refuted {step.check.evidence}")


@shows_itself
@dataclass(frozen=True)
class Derivation:
    """goal = result, by linked steps: each step's `before` is the last one's `after`.

    name    ∂L/∂w as a symbol for people and files: "dL/dw"
    goal    the pending derivative (or the equation's left side)
    in_full further steps from the result, its named substitutions put back: (2/n) Σ u_i x_i = (2/n) Σ (w x_i + b − y_i) x_i
    """

    name: str
    goal: Term
    steps: tuple[Step, ...]
    in_full: tuple[Step, ...] = ()

    @property
    def result(self) -> Term:
        """What the goal is equal to."""
        return self.steps[-1].after if self.steps else self.goal

    def shown(self) -> Page:
        """goal = … = result, each step with its rule."""
        derivatives: Derivatives = "leibniz" if isinstance(self.goal, D) and not isinstance(self.goal.of, Name) else "partial"
        first, taken = layout(self.goal, derivatives=derivatives), free(self.goal)
        afters = (layout(apart(s.after, taken | free(s.after)), derivatives=derivatives) for s in self.steps)
        lines = (Line(None if k else first, after, reason=(s.rule,)) for k, (s, after) in enumerate(zip(self.steps, afters, strict=True)))
        proved = sum(s.check.verdict == "proved" for s in self.steps)
        return Page((), (Chain(tuple(lines)), Prose((f"{proved} of {len(self.steps)} steps are proved",))))


@shows_itself
@dataclass(frozen=True)
class Gradient:
    """The backward tape of a problem: for each name between the objective and the parameters, its sensitivity, loss first.

    Two kinds of derivation stand on it, in the order a reader needs them:
    local ones, the goal a partial D of one definition by a name in it (∂ŷ_i/∂w = x_i),
    and total ones, the goal D(L, name) (∂L/∂w = …).
    """

    problem: Problem
    tape: tuple[Derivation, ...]

    def of(self, symbol: str) -> Derivation:
        """The derivation of ∂L/∂symbol.  Raises KeyError with the choices."""
        for d in self.tape:
            if isinstance(d.goal, D) and not d.goal.partial and d.goal.by.symbol == symbol:
                return d
        raise KeyError(f"no derivative by {symbol!r}; there are {', '.join(p.symbol for p in self.problem.parameters)}")

    def whole(self, symbol: str) -> Term:
        """∂L/∂symbol with every sensitivity that kept its name written out: no pending derivative is left in it."""

        def found(t: Term) -> Term | None:
            if isinstance(t, D):
                by = self.of(t.by.symbol).goal
                assert isinstance(by, D)
                return rename(self.whole(t.by.symbol), {a: b for a, b in zip(by.by.indices, t.by.indices, strict=True) if a != b})
            return None

        return replace(self.of(symbol).result, found)

    def shown(self) -> Page:
        """The derivative by each parameter, and how it was derived."""
        results = ((D(self.problem.objective, p), self.of(p.symbol).result) for p in self.problem.parameters)
        lines = tuple(Line(layout(goal), layout(apart(result, free(goal) | free(result)))) for goal, result in results)
        moves = sum(len(d.steps) + len(d.in_full) for d in self.tape)
        says = f"derived in {moves} moves, {'all proved' if self.proved else 'not all of them proved'}"
        return Page((), (Prose((Strong(self.problem.title),)), Chain(lines), Prose((says,))))

    def sensitivities(self) -> tuple[Derivation, ...]:
        """The total derivatives alone, loss first, parameters last."""
        return tuple(d for d in self.tape if isinstance(d.goal, D) and not d.goal.partial)

    @property
    def proved(self) -> bool:
        """Is every step of every derivation proved?"""
        return all(s.check.verdict == "proved" for d in self.tape for s in (*d.steps, *d.in_full))


@shows_itself
@dataclass(frozen=True)
class ClosedForm:
    """The parameters at which the gradient is zero, solved step by step.  Many linear equations are left unsolved here: solution and why_not are empty.

    system     the equations gradient = 0, as (parameter, left side) pairs; each left side equals 0
    solution   (parameter, value) pairs, the values over data alone, or over parameters solved before
    requires   the conditions under which the solution exists and is unique: S_xx > 0
    steps      derivations of each line, checked
    why_not    where there is no closed form: the reason in one sentence, and the other fields empty
    """

    problem: Problem
    system: tuple[tuple[Name, Term], ...] = ()
    solution: tuple[tuple[Name, Term], ...] = ()
    definitions: tuple[tuple[Name, Term], ...] = ()
    requires: tuple[Compare, ...] = ()
    steps: tuple[Derivation, ...] = ()
    why_not: str = ""

    def shown(self) -> Page:
        """The solution, what its letters are, and its condition; or why there is none."""
        if self.why_not:
            return Page((), (Prose((f"no closed form: {self.why_not}",)),))
        if not self.solution:
            return Page((), (Prose((f"{len(self.system)} linear equations; solve(…) solves them exactly",)),))
        lines = [Line(layout(p), layout(v)) for p, v in self.solution]
        lines += [Line(layout(p), layout(v), ":=") for p, v in self.definitions]
        where = [piece for k, c in enumerate(self.requires) for piece in (" and " if k else "if ", Formula(layout(c)))]
        return Page((), (Chain(tuple(lines)), Prose(tuple(where))))
