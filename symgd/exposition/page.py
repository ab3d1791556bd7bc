"""Tapes, closed form and curvature → a page that a teacher can hand out, in the style that the reader chose."""

from __future__ import annotations

from symgd.derivation import ClosedForm, Derivation, Gradient
from symgd.document.page import Block, Chain, Cite, Formula, Heading, Inline, Page
from symgd.exposition import network
from symgd.exposition.collapse import collapse
from symgd.exposition.kinks import kinks_section
from symgd.exposition.layers import Layer, layers_of
from symgd.exposition.letters import letters
from symgd.exposition.notations import marks, notations
from symgd.exposition.solved import checked, closed_form, curvature
from symgd.exposition.stable import stable_section
from symgd.exposition.style import Style
from symgd.exposition.vanishing import vanishing
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.hessian import Curvature
from symgd.term import Add, D, Name, Neg, Sum, Term, add, mul, subterms
from symgd.typeset.layout import CONVENTIONS

__all__ = ["explain", "explain_derivative", "shown_goals"]

PLAIN = Style()
DEEP = 8  # layers from which on not every one is written out forward
MANY = 14  # parameters from which on not every update is written


def explain(
    gradient: Gradient,
    closed: ClosedForm | None = None,
    curve: Curvature | None = None,
    style: Style = PLAIN,
    title: str = "",
    drawn: tuple[Block, ...] = (),
) -> Page:
    """The derivation as a page.  drawn: the pictures of its network: its units, the flow through it, and how sensitivities fade."""
    w, notation, convention = Writing.in_style(style), style.notation, style.convention
    problem = gradient.problem
    layers = layers_of(problem)
    summary = network.summary(w, gradient, layers) if layers else _summary(w, gradient)
    letters(w, problem)
    if notation in _NOTATIONS:
        w.note(_NOTATIONS[notation], *((" ", CONVENTIONS[convention]) if notation == "matrix" else ()))
    _forward(w, problem, layers)
    w.blocks += drawn[:1]
    if layers:
        network.back_propagation(w, gradient, layers, drawn[1:2])
    else:
        _backward(w, gradient)
    if notation == "sum":
        notations(w, gradient, layers)
    elif notation == "matrix":
        marks(w, [line.right for block in w.blocks if isinstance(block, Chain) for line in block.lines])
    _updates(w, gradient)
    if notation == "sample":  # what follows is about all samples together
        w.notation = "sum"
    if closed:
        closed_form(w, closed)
    if curve:
        curvature(w, curve)
    kinks_section(w, gradient)
    stable_section(w, gradient)
    if layers:
        collapse(w, len(layers))
        vanishing(w, layers, drawn[2:])
    checked(w, gradient, closed, curve)
    return Page((title or problem.title,), tuple(w.blocks), summary)


def _summary(w: Writing, gradient: Gradient) -> Inline:
    """The derivative by each parameter, and by each value whose sensitivity kept its name in them."""
    out: list[str | Formula] = []
    for k, goal in enumerate(shown_goals(gradient)):
        left, right = w.pair(goal, gradient.of(goal.by.symbol).result)
        between = "; where " if k == len(gradient.problem.parameters) else "; "
        out += [between if k else "", Formula(left), " = ", Formula(right)]
    return tuple(out)


def shown_goals(gradient: Gradient) -> list[D]:
    """The derivatives by the parameters, then those that stand in their results, as a short answer needs them."""
    goals: list[D] = [D(gradient.problem.objective, p) for p in gradient.problem.parameters]
    for goal in goals:
        for s in subterms(gradient.of(goal.by.symbol).result):
            if isinstance(s, D) and s.by.symbol not in {g.by.symbol for g in goals}:
                own = gradient.of(s.by.symbol).goal
                assert isinstance(own, D)
                goals.append(own)
    return goals


_NOTATIONS = {
    "sample": "Written for one sample: the index is left out, n is 1, and a sum has one term. It is what one step of stochastic gradient descent uses.",
    "matrix": "Written in arrays: bold letters are columns and matrices, one row a sample, and a sum over an index that two of them share is a product. "
    "Local derivatives of an array by an array keep their indices: they would need four axes.",
}


def _forward(w: Writing, problem: Problem, layers: tuple[Layer, ...]) -> None:
    w.head("Forward: what the loss is made of")
    away = layers[2:-3] if len(layers) > DEEP else ()
    hidden = {x for layer in away for x in (layer.total.name.symbol, *(d.name.symbol for d in layer.inside))}
    lines = [w.line(d.name, d.value, ":=", (d.says,) if d.says else (), w.number(d.name)) for d in problem.tape if d.name.symbol not in hidden]
    w.chain(tuple(lines))
    if away:
        w.say(f"Layers {away[0].number} to {away[-1].number} are made as the layers before and after them, each from the one before it.")
    inner = [d for d in problem.tape[:-1] if any(d.name.symbol == s.symbol for s in _names(problem.tape[-1].value))]
    if inner and not layers:
        u = inner[-1]
        w.say("The substitution ", w.formula(u.name), " := ", w.formula(u.value), " keeps its name until the end.")


def _names(t: Term) -> list[Name]:
    return [s for s in subterms(t) if isinstance(s, Name)]


def _backward(w: Writing, gradient: Gradient) -> None:
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


def _aim(w: Writing, gradient: Gradient, d: Derivation) -> Inline:
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


def _updates(w: Writing, gradient: Gradient) -> None:
    problem = gradient.problem
    w.head("The update")
    w.say("Gradient descent moves every parameter against its slope, all at the same time, scaled by the learning rate ", w.formula(w.alpha), " > 0:")
    few = problem.parameters if len(problem.parameters) <= MANY else (*problem.parameters[:2], *problem.parameters[-2:])
    found = [(p, gradient.of(p.symbol)) for p in few]
    w.chain(tuple(w.line(p, add(p, Neg(mul(w.alpha, d.result))), "←", ("by ", Cite(w.numbers[d.goal]))) for p, d in found))
    if len(few) < len(problem.parameters):
        w.say("and so for the parameters in between, each by its own gradient.")


# ---------------------------------------------------------------- one scalar derivative


def explain_derivative(derivation: Derivation, detail: str = "full", title: str = "") -> Page:
    """The steps of (expression)′ as a page."""
    w = Writing(detail, "sum", "leibniz")
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
        w.note(*joined, ".")
    proved = sum(s.check.verdict == "proved" for s in derivation.steps)
    w.say(f"{proved} of {len(derivation.steps)} moves are proved equal, compared with SymPy's own derivative.")
    summary = (w.formula(derivation.goal), " = ", w.formula(derivation.result))
    return Page((title,) if title else ("The derivative by ", w.formula(derivation.goal.by)), tuple(w.blocks), summary)
