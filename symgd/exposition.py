"""Tapes, closed form and curvature → a page that a teacher can hand out: brief, full or tutorial.

brief     every derivation as one or two lines, with the rules by name
full      every move on a line of its own, with its law
tutorial  as full, with a sentence of reason for every move
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from symgd.derivation import ClosedForm, Derivation, Gradient, Step
from symgd.document.page import Block, Chain, Cite, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Prose, Strong, Table
from symgd.forward import Problem
from symgd.hessian import Curvature
from symgd.rules import law_of
from symgd.term import Add, D, Name, Neg, Sum, Term, add, mul, subterms
from symgd.typeset.layout import Layout, Notation, layout

__all__ = ["DETAILS", "explain", "explain_derivative"]

DETAILS = ("brief", "full", "tutorial")
SHOWN = frozenset({"chain rule through names", "insert"})  # moves that even the brief page shows
ALPHA = Name("alpha")


@dataclass
class _Writing:
    """The page in the making: the numbers given so far, by goal."""

    detail: str
    notation: Notation
    straight: bool = False
    numbers: dict[Term, str] = field(default_factory=dict)
    last: int = 0
    blocks: list[Block] = field(default_factory=list)

    def layout(self, t: Term) -> Layout:
        return layout(t, self.notation, self.straight)

    def formula(self, t: Term) -> Formula:
        return Formula(self.layout(t))

    def number(self, t: Term) -> str:
        """The next number, for a line that others may cite."""
        self.last += 1
        self.numbers[t] = str(self.last)
        return self.numbers[t]

    def head(self, text: str, level: int = 1, anchor: str = "") -> None:
        self.blocks.append(Heading(level, (text,), anchor))

    def say(self, *text: str | Formula | Strong | Mono | Link | Cite) -> None:
        self.blocks.append(Prose(text))

    # ------------------------------------------------------------ one derivation

    def derivation(self, d: Derivation) -> tuple[Line, ...]:
        """goal = … = result, and = … in full; the result's line carries the number."""
        lines = self.moves(d)
        out = []
        for k, (steps, after) in enumerate(lines):
            last = k == len(lines) - 1
            out.append(
                Line(
                    self.layout(d.goal) if k == 0 else None,
                    self.layout(after),
                    reason=self.reason(steps),
                    number=self.number(d.goal) if last else "",
                    check=_worst(steps),
                    quiet=self.detail != "brief" and not last and steps[0].rule not in SHOWN,
                )
            )
        if d.in_full:
            steps = d.in_full
            groups = [((s,), s.after) for s in steps] if self.detail != "brief" else [(steps, steps[-1].after)]
            out += [Line(None, self.layout(after), reason=self.reason(group), check=_worst(group)) for group, after in groups]
        return tuple(out)

    def result(self, d: Derivation) -> Line:
        """goal = result, on one line."""
        return Line(self.layout(d.goal), self.layout(d.result), reason=self.reason(d.steps), number=self.number(d.goal), check=_worst(d.steps))

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

    def chain(self, lines: tuple[Line, ...]) -> None:
        self.blocks.append(Chain(lines))


def _worst(steps: tuple[Step, ...]) -> str:
    verdicts = {s.check.verdict for s in steps}
    return next((v for v in ("refuted", "held") if v in verdicts), "proved")


# ---------------------------------------------------------------- the page of a gradient


def explain(
    gradient: Gradient, closed: ClosedForm | None = None, curve: Curvature | None = None, detail: str = "full", notation: Notation = "sum", title: str = ""
) -> Page:
    """The derivation as a page.  Raises ValueError for an unknown detail."""
    if detail not in DETAILS:
        raise ValueError(f"no detail {detail!r}; there are {', '.join(DETAILS)}")
    w = _Writing(detail, notation)
    problem, summary = gradient.problem, _summary(w, gradient)
    _letters(w, problem)
    if notation in _NOTATIONS:
        w.blocks.append(Note((_NOTATIONS[notation],)))
    _forward(w, problem)
    _backward(w, gradient)
    _updates(w, gradient)
    if notation == "sample":  # what follows is about all samples together
        w.notation = "sum"
    if closed:
        _closed(w, closed)
    if curve:
        _curvature(w, curve)
    _checked(w, gradient, closed, curve)
    return Page((title or problem.title,), tuple(w.blocks), summary)


def _summary(w: _Writing, gradient: Gradient) -> Inline:
    """The derivative by each parameter."""
    out: list[str | Formula] = []
    for k, p in enumerate(gradient.problem.parameters):
        out += ["; " if k else "", w.formula(D(gradient.problem.objective, p)), " = ", w.formula(gradient.of(p.symbol).result)]
    return tuple(out)


_NOTATIONS = {
    "sample": "Written for one sample: the index is left out, n is 1, and a sum has one term. It is what one step of stochastic gradient descent uses.",
    "matrix": "Written in arrays where there is such a form: bold letters hold one value a sample, and a sum over the samples is a product with a transpose.",
}


def _letters(w: _Writing, problem: Problem) -> None:
    roles = dict(problem.roles)
    kinds = (
        *((p, "parameter") for p in problem.parameters),
        *((x, "data") for x in problem.data),
        *((c, f"constant{_value(v)}") for c, v in problem.constants),
        *((d.name, "defined below") for d in problem.tape),
        *((n, "count") for a, n in problem.count if any(a in x.indices for x in problem.data)),
    )
    count = w.notation if w.notation != "sample" else "sum"
    symbols = [Formula(layout(name, count)) if kind == "count" else w.formula(name) for name, kind in kinds]
    rows = tuple(((symbol,), (kind,), (roles.get(name.symbol, _says(problem, name)),)) for symbol, (name, kind) in zip(symbols, kinds, strict=True))
    w.head("The letters")
    w.blocks.append(Table((("symbol",), ("kind",), ("meaning",)), rows))


def _value(v: Fraction | None) -> str:
    return "" if v is None else f", {float(v):g}"


def _says(problem: Problem, name: Name) -> str:
    d = problem.definition(name.symbol)
    return d.says if d else "as declared"


def _forward(w: _Writing, problem: Problem) -> None:
    w.head("Forward: what the loss is made of")
    lines = [Line(w.layout(d.name), w.layout(d.value), ":=", reason=(d.says,) if d.says else (), number=w.number(d.name)) for d in problem.tape]
    w.chain(tuple(lines))
    inner = [d for d in problem.tape[:-1] if any(d.name.symbol == s.symbol for s in _names(problem.tape[-1].value))]
    if inner:
        u = inner[-1]
        w.say("The substitution ", w.formula(u.name), " := ", w.formula(u.value), " keeps its name until the end.")


def _names(t: Term) -> list[Name]:
    return [s for s in subterms(t) if isinstance(s, Name)]


def _backward(w: _Writing, gradient: Gradient) -> None:
    w.head("Backward: how the loss changes")
    objective = w.formula(gradient.problem.objective)
    w.say(
        "From ", objective, " back to the parameters: a change reaches ", objective,
        " only along the lines above, so derivatives are multiplied along each path and added over the paths.",
    )  # fmt: skip
    if w.detail == "brief":
        w.chain(tuple(line for d in gradient.tape for line in w.derivation(d)))
        return
    for k, d in enumerate(gradient.tape, 1):
        w.blocks.append(Heading(2, (f"Step {k}: ", w.formula(d.goal))))
        w.say(*_aim(w, gradient, d))
        w.chain(w.derivation(d))


def _aim(w: _Writing, gradient: Gradient, d: Derivation) -> Inline:
    """One sentence: what this step finds, and from what."""
    goal = d.goal
    assert isinstance(goal, D)
    if goal.partial:
        assert isinstance(goal.of, Name)
        definition = Cite(w.numbers[_declared(gradient.problem, goal.of)])
        return ("How ", w.formula(goal.of), " changes with ", w.formula(goal.by), ", from definition ", definition, ".")
    if d.steps and d.steps[0].rule == "chain rule through names":
        through = "several paths" if any(isinstance(s, Sum | Add) for s in (d.steps[0].after,)) else "one path"
        return ("How ", w.formula(goal.of), " changes with ", w.formula(goal.by), f": {through}, by the chain rule.")
    return ("How ", w.formula(goal.of), " changes with ", w.formula(goal.by), ", directly from its definition.")


def _declared(problem: Problem, name: Name) -> Name:
    d = problem.definition(name.symbol)
    return d.name if d else name


def _updates(w: _Writing, gradient: Gradient) -> None:
    problem = gradient.problem
    w.head("The update")
    w.say("Gradient descent moves every parameter against its slope, all at the same time, scaled by the learning rate ", w.formula(ALPHA), " > 0:")
    lines = [
        Line(w.layout(p), w.layout(add(p, Neg(mul(ALPHA, gradient.of(p.symbol).result)))), "←", reason=("by ", Cite(w.numbers[gradient.of(p.symbol).goal])))
        for p in problem.parameters
    ]
    w.chain(tuple(lines))


# ---------------------------------------------------------------- closed form and curvature


def _closed(w: _Writing, closed: ClosedForm) -> None:
    w.head("The closed form")
    if closed.why_not:
        w.say("There is none: ", closed.why_not, ".")
        return
    w.say("At the minimum every slope is 0. The equations are linear in the parameters, so they can be solved step by step.")
    if closed.definitions:
        w.chain(tuple(Line(w.layout(name), w.layout(value), ":=", number=w.number(name)) for name, value in closed.definitions))
    for d in closed.steps:
        lines = w.derivation(d)
        if isinstance(d.goal, Name):
            w.say("Set to 0 and solve for ", w.formula(d.goal), ":")
        w.chain(lines)
    for condition in closed.requires:
        w.blocks.append(Note(("This holds if ", w.formula(condition), "; otherwise the minimum is not unique.")))


def _curvature(w: _Writing, curve: Curvature) -> None:
    w.head("Curvature: is the minimum the only one, and how fast may we go?")
    problem = curve.problem
    w.chain(tuple(Line(w.layout(d.name), w.layout(d.value), ":=", reason=(d.says,), number=w.number(d.name)) for d in curve.slopes))
    for _, d in curve.entries:
        w.chain(w.derivation(d) if w.detail != "brief" else (w.result(d),))
    if curve.along:
        moved = [x for p, v in zip(problem.parameters, curve.direction, strict=True) for x in (w.formula(add(p, mul(curve.step, v))), ", ")][:-1]
        slope = f"{curve.slope.name.symbol if curve.slope else 'g'} := d{problem.objective.symbol}/d{curve.step.symbol}"
        w.say("Along a line through the parameters, ", *moved, f", the slope is {slope} and its own slope is")
        last = curve.along[-1]
        w.chain((Line(w.layout(last.goal), w.layout(last.result), reason=("the same walk, twice",), check=_worst(last.steps) if last.steps else ""),))
    sentence = curve.says[0].upper() + curve.says[1:]
    w.blocks.append(Note((sentence + ".",), "note" if curve.convex == "yes" else "warning"))
    if curve.constant and curve.convex == "yes":
        w.say(
            "The second derivatives are the entries of the Hessian H. With its largest eigenvalue λmax, a fixed learning rate converges exactly if 0 < ",
            w.formula(ALPHA),
            " < 2/λmax; the best one is 2/(λmax + λmin).",
        )


def _checked(w: _Writing, gradient: Gradient, closed: ClosedForm | None, curve: Curvature | None) -> None:
    steps = [s for d in gradient.tape for s in (*d.steps, *d.in_full)]
    steps += [s for d in (closed.steps if closed else ()) for s in d.steps]
    steps += [s for _, d in (curve.entries if curve else ()) for s in d.steps] + [s for d in (curve.along if curve else ()) for s in d.steps]
    proved = sum(s.check.verdict == "proved" for s in steps)
    scope = gradient.tape[-1].steps[-1].check.scope
    w.head("How this was checked")
    held = "" if proved == len(steps) else f" {len(steps) - proved} are held: they agree wherever they were tried, without a proof."
    w.say(
        f"{proved} of {len(steps)} moves are proved equal by a referee that shares no rule with the derivation: it differentiates each definition with SymPy, "
        f"accumulates along the forward lines, and compares both sides exactly in a finite field.{held} Scope: {scope}."
    )


# ---------------------------------------------------------------- one scalar derivative


def explain_derivative(derivation: Derivation, detail: str = "full", title: str = "") -> Page:
    """The steps of (expression)′ as a page."""
    w = _Writing(detail, "sum", straight=True)
    assert isinstance(derivation.goal, D)
    if derivation.steps:
        w.chain(w.derivation(derivation))
    else:
        w.say("There is nothing to do.")
    conditions = tuple(dict.fromkeys(c for s in derivation.steps for c in s.where))
    if conditions:
        joined: list[str | Formula] = ["Valid where "]
        for k, c in enumerate(conditions):
            joined += [" and " if k else "", w.formula(c)]
        w.blocks.append(Note((*joined, ".")))
    proved = sum(s.check.verdict == "proved" for s in derivation.steps)
    w.say(f"{proved} of {len(derivation.steps)} moves are proved equal, compared with SymPy's own derivative.")
    summary = (w.formula(derivation.goal), " = ", w.formula(derivation.result))
    return Page((title,) if title else ("The derivative by ", w.formula(derivation.goal.by)), tuple(w.blocks), summary)
