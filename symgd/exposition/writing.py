"""The page in the making: terms → layouts in one notation, derivations → lines of a chain, numbers given so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

from symgd.derivation import Derivation, Step
from symgd.document.page import Block, Chain, Cite, Formula, Heading, Inline, Line, Link, Mono, Note, Prose, Strong, Table
from symgd.exposition.style import ALPHA, Style
from symgd.indices import apart, free
from symgd.rules import law_of
from symgd.term import Compare, D, Name, Term, replace
from symgd.typeset.arrange import RELATIONS
from symgd.typeset.layout import Convention, Layout, Notation, Derivatives, axes_of, in_arrays, layout, relation

__all__ = ["SHOWN", "Writing", "apart", "listed", "worst"]

SHOWN = frozenset({"chain rule through names", "insert"})  # moves that even the brief page shows


@dataclass
class Writing:
    """detail, notation, derivatives, convention and alpha as in `Style`; numbers: those given so far, by goal.

    called  (symbol, name of the sensitivity ∂L/∂symbol)
    kept    symbols of a network's layers: a gradient is not written out beyond them
    """

    detail: str
    notation: Notation
    derivatives: Derivatives = "partial"
    convention: Convention = "denominator"
    alpha: Name = ALPHA
    called: dict[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    numbers: dict[Term, str] = field(default_factory=dict)
    last: int = 0
    blocks: list[Block] = field(default_factory=list)

    @classmethod
    def in_style(cls, style: Style) -> Writing:
        return cls(style.detail, style.notation, style.derivatives, style.convention, style.alpha)

    # ------------------------------------------------------------ blocks

    def head(self, *text: str | Formula, level: int = 1) -> None:
        self.blocks.append(Heading(level, text))

    def say(self, *text: str | Formula | Strong | Mono | Link | Cite) -> None:
        self.blocks.append(Prose(text))

    def note(self, *text: str | Formula | Strong | Mono | Link | Cite, kind: str = "note") -> None:
        self.blocks.append(Note(text, kind))

    def chain(self, lines: tuple[Line, ...]) -> None:
        if lines:
            self.blocks.append(Chain(lines))

    def table(self, head: tuple[str, ...], rows: list[tuple[Inline, ...]], caption: Inline = (), numeric: tuple[int, ...] = ()) -> None:
        self.blocks.append(Table(tuple((h,) if h else () for h in head), tuple(rows), caption, numeric))

    # ------------------------------------------------------------ formulas

    def layout(self, t: Term, notation: Notation | None = None, beside: Term | None = None) -> Layout:
        """The term in the page's notation; a local derivative keeps its indices.  Sums keep clear of the free indices of the line, and of `beside`."""
        notation = notation or ("sum" if self.notation == "matrix" and isinstance(t, D) and t.partial else self.notation)
        t = self.named(t)
        if notation == "sum":
            t = apart(t, free(t) | (free(beside) if beside else frozenset()))
        if notation == "matrix" and isinstance(t, Compare):
            return relation(self.layout(t.left, notation), RELATIONS[t.relation], self.layout(t.right, notation))
        return layout(t, notation, self.derivatives, axes_of(t, self.convention) if notation == "matrix" else None, self.convention)

    def pair(self, left: Term, right: Term) -> tuple[Layout, Layout]:
        """Both sides of a line in one notation: in arrays where both have such a form, along the same axes."""
        found = self.in_arrays(left, (right,)) if self.notation == "matrix" else None
        if found is not None and found[1][0] is not None:
            return found[0], found[1][0]
        plain = "sum" if self.notation == "matrix" else self.notation
        return self.layout(left, plain), self.layout(right, plain, left)

    def in_arrays(self, left: Term, rights: tuple[Term, ...]) -> tuple[Layout, tuple[Layout | None, ...]] | None:
        """The left side in arrays, and each right side along its axes, None for one without such a form.

        None where the left side has no such form, or keeps its indices: a local derivative.
        """
        if isinstance(left, D) and left.partial:
            return None
        axes = axes_of(self.named(left), self.convention)
        side = in_arrays(self.named(left), axes, self.convention)
        return None if side is None else (side, tuple(in_arrays(self.named(t), axes, self.convention) for t in rights))

    def line(self, left: Term, right: Term, relation: str = "=", reason: Inline = (), number: str = "", check: str = "") -> Line:
        """left = right, on one line of its own."""
        return Line(*self.pair(left, right), relation, reason, number, check)

    def formula(self, t: Term) -> Formula:
        return Formula(self.layout(t))

    def named(self, t: Term) -> Term:
        """Sensitivities by their names: δ₁ for ∂L/∂z₁."""

        def found(s: Term) -> Term | None:
            known = isinstance(s, D) and not s.partial and isinstance(s.of, Name) and self.called.get(s.by.symbol)
            return Name(known, s.by.indices) if known and isinstance(s, D) else None

        return replace(t, found) if self.called else t

    def number(self, t: Term) -> str:
        """The next number, for a line that others may cite."""
        self.last += 1
        self.numbers[t] = str(self.last)
        return self.numbers[t]

    # ------------------------------------------------------------ one derivation

    def derivation(self, d: Derivation) -> tuple[Line, ...]:
        """goal = … = result, and = … in full; the result's line carries the number.  A sensitivity with a name of its own is introduced first."""
        arrays = self.takes_arrays(d)
        lines = self.lines(d.goal, self.moves(d), arrays)
        out = [self.introduced(d)] if self.has_name(d) else []
        for k, (steps, after) in enumerate(lines):
            last = k == len(lines) - 1
            out.append(
                Line(
                    None if out else self.pair(d.goal, d.result)[0],
                    after,
                    reason=self.reason(steps),
                    number=self.number(d.goal) if last else "",
                    check=worst(steps),
                    quiet=self.detail != "brief" and not last and steps[0].rule not in SHOWN,
                )
            )
        full = self.written_out(d)
        groups: list[tuple[tuple[Step, ...], Term]] = [(full, full[-1].after)] if full else []
        if self.detail != "brief":
            groups = [((s,), s.after) for s in full]
        out += [Line(None, after, reason=self.reason(steps), check=worst(steps)) for steps, after in self.lines(d.goal, groups, arrays)]
        return tuple(out)

    def takes_arrays(self, d: Derivation) -> bool:
        found = self.in_arrays(d.goal, (d.result,)) if self.notation == "matrix" else None
        return found is not None and found[1][0] is not None

    def lines(self, goal: Term, moves: list[tuple[tuple[Step, ...], Term]], arrays: bool) -> list[tuple[tuple[Step, ...], Layout]]:
        """What is shown: (the steps that lead to it, the line); in arrays only lines that have such a form, with the steps between them put together."""
        found = self.in_arrays(goal, tuple(after for _, after in moves)) if arrays else None
        plain: Notation = "sum" if self.notation == "matrix" else self.notation
        shown = found[1] if found else [self.layout(after, plain, goal) for _, after in moves]
        out: list[tuple[tuple[Step, ...], Layout]] = []
        pending: tuple[Step, ...] = ()
        for (steps, _), after in zip(moves, shown, strict=True):
            pending += steps
            if after is not None and self.notation != "sum" and out and out[-1][1] == after:  # a move that is not seen
                out[-1], pending = ((*out[-1][0], *pending), after), ()
            elif after is not None:
                out.append((pending, after))
                pending = ()
        return out

    def written_out(self, d: Derivation) -> tuple[Step, ...]:
        """The steps that put definitions back, up to the layers of a network."""
        return tuple(takewhile(lambda s: not (isinstance(s.about, Name) and s.about.symbol in self.kept), d.in_full))

    def has_name(self, d: Derivation) -> bool:
        return self.named(d.goal) != d.goal

    def introduced(self, d: Derivation) -> Line:
        """δ := ∂L/∂z"""
        name, called = self.named(d.goal), self.called
        self.called = {}
        try:
            return self.line(name, d.goal, ":=", ("its name from here on",))
        finally:
            self.called = called

    def result(self, d: Derivation, *reason: str | Formula | Cite) -> Line:
        """goal = result, on one line."""
        return self.line(d.goal, d.result, "=", reason or self.reason(d.steps), self.number(d.goal), worst(d.steps))

    def moves(self, d: Derivation) -> list[tuple[tuple[Step, ...], Term]]:
        """The lines that are shown: (the steps that lead to it, the line)."""
        if self.detail != "brief":
            return [((s,), s.after) for s in d.steps]
        out: list[tuple[tuple[Step, ...], Term]] = []
        pending: list[Step] = []
        for s in d.steps:
            pending.append(s)
            if s.rule in SHOWN or s is d.steps[-1]:
                out.append((tuple(pending), s.after))
                pending = []
        return out

    def reason(self, steps: tuple[Step, ...]) -> Inline:
        """The rules by name, what they cite, under which conditions; the law and a sentence where there is room."""
        out: list[str | Formula | Strong | Mono | Link | Cite] = []
        names = list(dict.fromkeys(s.rule for s in steps if s.rule != "arithmetic" or len(steps) == 1))
        for k, name in enumerate(names or ["arithmetic"]):
            out.append(f", {name}" if k else name)
            cites = [self.numbers[c] for s in steps if s.rule == name for c in s.cites if c in self.numbers]
            for m, number in enumerate(dict.fromkeys(cites)):
                out += [", " if m else " ", Cite(number)]
        if len(steps) == 1 and self.detail != "brief":
            law, why = law_of(steps[0].rule, steps[0].about)
            out.append(f": {law}")
            if self.detail == "tutorial":
                out.append(f". {why}")
        for k, condition in enumerate(dict.fromkeys(c for s in steps for c in s.where)):
            out += [", where " if k == 0 else " and ", self.formula(condition)]
        return tuple(out)


def worst(steps: tuple[Step, ...]) -> str:
    verdicts = {s.check.verdict for s in steps}
    return next((v for v in ("refuted", "held") if v in verdicts), "proved")


def listed(formulas: list[Formula]) -> Inline:
    """a, b, …, z"""
    shown: list[Formula | str] = list(formulas) if len(formulas) <= 4 else [formulas[0], formulas[1], "…", formulas[-1]]
    return tuple(x for k, f in enumerate(shown) for x in ((", ", f) if k else (f,)))
