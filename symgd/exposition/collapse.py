"""A check of back-propagation: with the identity for every activation and one unit in every layer, a network is the line, and so are its gradients."""

from __future__ import annotations

from functools import cache

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.derivation import Gradient
from symgd.document.page import Line
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.term import D, Name, Term, add, mul

__all__ = ["collapse", "collapsed", "linear_network"]

MOST = 4  # layers: a deeper one is the same


def linear_network(layers: int) -> Problem:
    """ŷ := (… (x W₁ + b₁) W₂ + b₂ …) with the mean squared error of the line."""
    line = problem("line-mse")
    x, parameters, tape = Name("x", ("i",)), list[Name](), list[Definition]()
    into = x
    for k in range(1, layers + 1):
        weight, bias = Name(f"W{k}"), Name(f"b{k}")
        parameters += [weight, bias]
        total = Name("y_hat" if k == layers else f"z{k}", ("i",))
        tape.append(Definition(total, into * weight + bias))
        into = total
    after = [d for d in line.tape if d.name.symbol != "y_hat"]
    return Problem(f"A linear network of {layers} layers", tuple(parameters), line.data, (*tape, *after))


@cache
def collapsed(layers: int) -> tuple[Gradient, Gradient, tuple[tuple[Term, Term, Check], ...]]:
    """The gradients of the network and of the line, and the claims that make them one: (left, right, what the referee says).

    ŷ = w x + b with w := W₁ ⋯ W_m and b := (… (b₁ W₂ + b₂) …); ∂L/∂W₁ = ∂L/∂w · ∂w/∂W₁ = ∂L/∂w · W₂ ⋯ W_m, and so with b₁.
    """
    line, network = derive(problem("line-mse")), derive(linear_network(layers))
    weights = [Name(f"W{k}") for k in range(1, layers + 1)]
    offset: Term = Name("b1")
    for k in range(2, layers + 1):
        offset = add(mul(offset, weights[k - 1]), Name(f"b{k}"))
    L, after = network.problem.objective, weights[1:]
    claims = [
        (Name("y_hat", ("i",)), add(mul(*weights, Name("x", ("i",))), offset)),
        (D(L, Name("W1")), mul(line.of("w").result, *after)),
        (D(L, Name("b1")), mul(line.of("b").result, *after)),
    ]
    referee = Referee(network.problem)
    return network, line, tuple((a, b, referee.compare(a, b)) for a, b in claims)


def collapse(w: Writing, layers: int) -> None:
    """The check as a section of a page."""
    many = min(layers, MOST)
    network, line, ((y, as_line, first), *gradients) = collapsed(many)
    w.head("A check: without its bends a network is a line")
    w.say(f"Take the identity for every activation and one unit in every layer. The network of {many} layers is then")
    w.chain((w.line(y, as_line, "=", ("every sum put into the next",), check=first.verdict),))
    weight = mul(*(Name(f"W{k}") for k in range(1, many + 1)))
    w.say("a line with the slope ", w.formula(Name("w")), " = ", w.formula(weight), ". Its gradients must be those of the line, with what the chain rule adds:")
    lines = []
    for (goal, value, check), p in zip(gradients, ("w", "b"), strict=True):
        assert isinstance(goal, D)
        factor = mul(D(line.problem.objective, Name(p)), *(Name(f"W{k}") for k in range(2, many + 1)))
        lines.append(Line(w.layout(goal), w.layout(network.of(goal.by.symbol).result), reason=("by back-propagation through the network",), check="proved"))
        lines.append(Line(None, w.layout(value), reason=("the line's gradient, with the weights of the later layers",), check=check.verdict))
        lines.append(Line(None, w.layout(factor), reason=("chain rule: the line's slope moves by them",)))
    w.chain(tuple(lines))
    moves = [sum(len(d.steps) for d in g.tape) for g in (network, line)]
    w.say(f"Both were derived for this page, the network in {moves[0]} moves and the line in {moves[1]}; the referee finds them equal.")
