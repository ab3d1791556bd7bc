"""Back-propagation on a page: the sensitivities layer by layer from the loss backwards, then the parameters' gradients, which reuse them.

Glossary: `z` a layer's sum, `a` its output, δ := ∂L/∂z.
"""

from __future__ import annotations

from itertools import pairwise

from symgd.derivation import Derivation, Gradient
from symgd.document.page import Block, Cite, Formula, Inline, Line
from symgd.exposition.layers import Layer, alike, names_of, uses
from symgd.exposition.writing import Writing, listed
from symgd.term import D, Name, names

__all__ = ["back_propagation", "summary"]

MANY = 3  # layers in a run from which on local derivatives are not listed
EACH = 2  # layers up to which every derivation is told in full, though it be another's in other letters


class Telling:
    """Derivations told so far; one that is another's in other letters is told by its result."""

    def __init__(self, w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> None:
        self.w, self.gradient, self.problem, self.layers = w, gradient, gradient.problem, layers
        self.told: dict[tuple[object, ...], Derivation] = {}

    def earlier(self, d: Derivation) -> Derivation | None:
        return self.told.get(alike(self.problem, d)) if len(self.layers) > EACH else None

    def tell(self, derivations: list[Derivation]) -> None:
        """Each derivation that is new; neighbours told by their results stand in one chain."""
        results: list[Line] = []
        for d in derivations:
            if like := self.earlier(d):
                results.append(self.w.result(d, "as ", Cite(self.w.numbers[like.goal])))
                continue
            self.w.chain(tuple(results))
            results = []
            self.told[alike(self.problem, d)] = d
            if self.w.detail != "brief":
                self.w.say(*self.aim(d))
            self.w.chain(self.w.derivation(d))
        self.w.chain(tuple(results))

    def aim(self, d: Derivation) -> Inline:
        """One sentence: what is found, and from what."""
        w, goal = self.w, d.goal
        assert isinstance(goal, D)
        assert isinstance(goal.of, Name)
        if goal.partial:
            declared = self.problem.definition(goal.of.symbol)
            assert declared is not None
            number = w.numbers.get(declared.name)
            where = (", from definition ", Cite(number), ":") if number else (", from its definition:",)
            return ("How ", w.formula(goal.of), " changes with ", w.formula(goal.by), *where)
        ways = sum(1 for s in d.steps[:1] if s.rule == "chain rule through names")
        how = "by the chain rule" if ways else "directly from its definition"
        return ("How ", w.formula(goal.of), " changes with ", w.formula(goal.by), f", {how}:")

    def new(self, derivations: list[Derivation]) -> bool:
        return any(self.earlier(d) is None for d in derivations)


def back_propagation(w: Writing, gradient: Gradient, layers: tuple[Layer, ...], drawn: tuple[Block, ...] = ()) -> None:
    """The sensitivities from the loss backwards, the gradients, what is shared between them, and what must be kept for them."""
    w.called = names_of(gradient.problem, layers)
    w.kept = frozenset(x for layer in layers for x in _names_in(layer))
    objective = w.formula(gradient.problem.objective)
    deltas = [w.formula(_delta(gradient, x)) for x in reversed(layers)]
    w.head("Back-propagation: the sensitivities, from the loss backwards")
    w.say(
        "A sensitivity is the derivative of ", objective, " by a value on the way. That by the sum of a layer gets a name: ",
        *listed(deltas), ". Each is made of those after it: a change reaches ", objective,
        " only through the next layer." if _in_a_row(gradient, layers) else " through every later value that uses what has changed.",
    )  # fmt: skip
    w.blocks += drawn
    telling = Telling(w, gradient, layers)
    _sensitivities(telling)
    _parameters(telling)
    _shared(w, gradient, layers)
    _kept(w, gradient, layers)


def summary(w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> Inline:
    """The gradients of the first layer, and the sensitivity that they are made of."""
    first, objective = layers[0], gradient.problem.objective
    called = names_of(gradient.problem, layers)
    delta = w.pair(Name(called[first.total.name.symbol], first.total.name.indices), _delta(gradient, first))
    w.called = called
    out: list[str | Formula] = []
    for p in first.weights:
        left, right = w.pair(D(objective, p), gradient.of(p.symbol).result)
        out += [Formula(left), " = ", Formula(right), ", "]
    out += ["where ", Formula(delta[0]), " = ", Formula(delta[1]), f"; and so in each of the {len(layers)} layers, from its own sensitivity"]
    w.called = {}
    return tuple(out)


def _delta(gradient: Gradient, layer: Layer) -> D:
    return D(gradient.problem.objective, layer.total.name)


def _in_a_row(gradient: Gradient, layers: tuple[Layer, ...]) -> bool:
    """Is each layer's output used by the next layer's sum alone?"""
    uses_of = {x.symbol: {v.name.symbol for v in gradient.problem.tape if x.symbol in names(v.value)} for x in (y.output for y in layers[:-1])}
    return all(uses_of[a.output.symbol] == {b.total.name.symbol} for a, b in pairwise(layers))


def _by(gradient: Gradient, symbols: set[str]) -> list[Derivation]:
    return [d for d in gradient.tape if isinstance(d.goal, D) and d.goal.by.symbol in symbols]


def _sensitivities(t: Telling) -> None:
    """A section for each layer: from δ of the layer after it (or from the loss) to its own δ."""
    w, layers = t.w, t.layers
    before = {x for layer in layers[:-1] for x in _names_in(layer)} | {p.symbol for p in t.problem.parameters}
    last = {d.name.symbol for d in t.problem.tape[:-1]} - before
    w.head("From the loss to ", w.formula(_delta(t.gradient, layers[-1])), level=2)
    t.tell(_by(t.gradient, last))
    groups = [(x.number, _by(t.gradient, _names_in(x))) for x in reversed(layers[:-1])]
    for run in _runs(t, groups):
        first, final = layers[run[0][0] - 1], layers[run[-1][0] - 1]
        after = w.formula(_delta(t.gradient, layers[first.number]))
        w.head("From ", after, " to ", w.formula(_delta(t.gradient, final)), level=2)
        t.tell(_once(w, run))


def _names_in(layer: Layer) -> set[str]:
    return {layer.total.name.symbol, *(d.name.symbol for d in layer.inside)}


Groups = list[tuple[int, list[Derivation]]]


def _runs(t: Telling, groups: Groups) -> list[Groups]:
    """The layers one by one, but those that bring nothing new together."""
    seen, out, quiet = set(t.told), list[Groups](), False
    for number, group in groups:
        keys = {alike(t.problem, d) for d in group}
        old = keys <= seen and len(t.layers) > EACH
        seen |= keys
        if old and quiet:
            out[-1].append((number, group))
        else:
            out.append([(number, group)])
        quiet = old
    return out


def _once(w: Writing, run: Groups) -> list[Derivation]:
    """What is told of a run of layers: of several that bring nothing new a sentence, and of many the total derivatives alone."""
    if len(run) > 1:
        w.say(f"{_layers(run)} go the way of the layer after them, in their own letters; each move was proved for each of them.")
    every = [d for _, group in run for d in group]
    return every if len(run) <= MANY else [d for d in every if isinstance(d.goal, D) and not d.goal.partial]


def _layers(run: Groups) -> str:
    first, last = run[0][0], run[-1][0]
    return f"Layer {first}" if first == last else f"Layers {first} {'and' if first - last == 1 else 'to'} {last}"


def _parameters(t: Telling) -> None:
    """A section for each layer: the gradients of its parameters, from its δ."""
    w = t.w
    w.head("The gradients of the parameters, from the sensitivities")
    groups = [(x.number, _by(t.gradient, {p.symbol for p in x.weights})) for x in reversed(t.layers)]
    for run in _runs(t, groups):
        w.head(_layers(run), level=2)
        t.tell(_once(w, run))


# ---------------------------------------------------------------- what is shared, and what is kept


def _shared(w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> None:
    rows, with_names, without = uses(gradient.problem)
    w.head("What the gradients share")
    shown = [u for u in rows if u.ways > 1]
    some = shown if len(layers) <= 6 else [u for u in shown if u.name.symbol in w.called]
    some = some if len(some) <= 12 else [*some[:6], *some[-2:]]
    objective = gradient.problem.objective
    table: list[tuple[Inline, ...]] = [
        ((w.formula(D(objective, u.name)),), listed([w.formula(D(objective, v)) for v in u.by]), (str(u.ways),), (str(u.saved),)) for u in some
    ]
    w.table(("sensitivity", "used by", "times needed", "products saved"), table, numeric=(2, 3))
    w.say(
        "A product is one multiplication of a sensitivity by a local derivative. “Times needed” counts the paths from a parameter through the sensitivity: "
        f"as often it would be worked out if each gradient were derived by itself. With every sensitivity worked out once there are {with_names} products "
        f"instead of {without}; with the number of layers the first grows linearly, the second like its square.",
    )


def _kept(w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> None:
    """Which forward values the backward lines use again."""
    problem = gradient.problem
    w.head("Why the forward values are kept")
    forward = [*problem.data, *(d.name for d in problem.tape[:-1])]
    direct = [d for d in gradient.tape if isinstance(d.goal, D) and (d.goal.partial or d.steps[0].rule == "definition")]
    uses_of = {x.symbol: [d for d in direct if x.symbol in names(d.result)] for x in forward}
    needed = [x for x in forward if uses_of[x.symbol]]
    rows: list[tuple[Inline, ...]] = []
    for x in needed if len(needed) <= 10 else [*needed[:5], *needed[-3:]]:
        where = [Formula(w.layout(d.goal)) for d in uses_of[x.symbol]]
        rows.append(((w.formula(x),), listed(where)))
    w.table(("value", "stands in"), rows)
    free = [w.formula(x) for x in forward if x not in problem.data and not uses_of[x.symbol]]
    w.say(
        "These values of the forward pass stand in the derivatives, so going backwards needs them again: they are kept, not worked out twice. "
        "That is the memory that training takes: one array for each layer and all the samples of a batch.",
        *((" Not needed again: ", *listed(free), ".") if free else ()),
    )  # fmt: skip
    _activation(w, gradient, layers)


def _activation(w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> None:
    """1 − a² needs a, not z."""
    for layer in layers:
        for d in layer.inside[:1]:
            found = next((x for x in gradient.tape if x.goal == D(d.name, layer.total.name, True)), None)
            if found and d.name.symbol in names(found.result) and layer.total.name.symbol not in names(found.result):
                rate, value = w.pair(found.goal, found.result)
                w.say("The derivative ", Formula(rate), " = ", Formula(value), " is written with ", w.formula(d.name),
                      ", which the forward pass has worked out already: ", w.formula(layer.total.name), " can be forgotten.")  # fmt: skip
                return
