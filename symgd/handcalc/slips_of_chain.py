"""Slips of the chain rule through names: a link, a path or a Σ left out, another name put for the one that is meant.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from collections.abc import Iterator

from symgd.backward import paths
from symgd.forward import Problem
from symgd.handcalc.spoil import Around, SlipRule, Words, Wrongs, slip
from symgd.indices import free
from symgd.term import Call, D, Div, Mul, Name, Neg, Sum, Term, add, names, occurrences, parts, subterms

__all__ = ["CHAIN"]

CHAIN: dict[str, SlipRule] = {}

@slip(CHAIN, "inner-derivative", spoils="chain rule through names")
def link_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule {l} is reached through {c}: the derivative by {c} times the derivative of {c} by {v}; here the second, the inner one, was forgotten."""
    yield from (w for w in _without(d, around, partial=True) if not _function(w[1]["c"], around))


@slip(CHAIN, "function-derivative", spoils="chain rule through names")
def link_of_function_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule the derivative of {c} by {v} is a factor, for {c} is a function of {v}: {law}; here it was forgotten."""
    for wrong, words in _without(d, around, partial=True):
        if f := _function(words["c"], around):
            yield wrong, {**words, "law": Name(f)}


def _function(c: Term, around: Around) -> str | None:
    """The function that the name c is the value of."""
    definition = around.problem.definition(c.symbol) if isinstance(c, Name) else None
    return definition.value.function if definition and isinstance(definition.value, Call) else None


@slip(CHAIN, "outer-derivative", spoils="chain rule through names")
def outer_link_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule {l} is reached through {c}: the derivative by {c} times the derivative of {c} by {v}; here the first, the outer one, was forgotten."""
    yield from _without(d, around, partial=False)


def _without(d: Term, around: Around, partial: bool) -> Iterator[tuple[Term, Words]]:
    """Each path with one of its two derivatives left out."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        links = [f for f in parts(Mul, _within(path)) if isinstance(f, D)]
        if len(links) == 2:
            kept = next(f for f in links if f.partial != partial)
            link = next(f for f in links if f.partial)
            yield add(*through[:k], _summed(path, kept), *through[k + 1 :]), {"c": link.of, "v": link.by, "l": around.problem.objective}


@slip(CHAIN, "chain-rule", spoils="chain rule through names")
def links_added(d: Term, around: Around) -> Wrongs:
    """Along one path the derivatives are multiplied, {right}; here they were added."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if isinstance(_within(path), Mul):
            yield add(*through[:k], _summed(path, add(*parts(Mul, _within(path)))), *through[k + 1 :]), {"right": _within(path)}


@slip(CHAIN, "sum-dropped", spoils="chain rule through names")
def sum_over_paths_lost(d: Term, around: Around) -> Wrongs:
    """Every example reaches the loss by its own path, and the paths are added up; here the Σ was lost."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if isinstance(path, Sum):
            yield add(*through[:k], path.body, *through[k + 1 :])


@slip(CHAIN, "path-dropped", spoils="chain rule through names")
def path_forgotten(d: Term, around: Around) -> Wrongs:
    """A change reaches the loss by every quantity that uses it, and the paths are added; here the path by {c} is missing."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if len(through) > 1:
            c = next((f.of for f in parts(Mul, _within(path)) if isinstance(f, D) and f.partial), path)
            yield add(*through[:k], *through[k + 1 :]), {"c": c}


def _paths(d: Term, problem: Problem) -> list[Term]:
    return [path for _, path in paths(problem, d.by)] if isinstance(d, D) else []


def _within(path: Term) -> Term:
    while isinstance(path, Sum):
        path = path.body
    return path


def _summed(path: Term, inside: Term) -> Term:
    return Sum(path.index, _summed(path.body, inside)) if isinstance(path, Sum) else inside


@slip(CHAIN, "function-derivative", spoils="definition")
def other_loss(d: Term, around: Around) -> Wrongs:
    """The loss is a logarithm, and the derivative of log {c} is 1/{c}; here {c} − {y} was taken, as for squared errors."""
    match d:
        case D(Name(s, ()), by, False) if (definition := around.problem.definition(s)) and _in_a_logarithm(by, definition.value):
            for y in around.problem.data:
                if y.symbol in names(definition.value) and len(y.indices) == len(by.indices):
                    target = Name(y.symbol, by.indices)
                    yield add(by, Neg(target)), {"c": by, "y": target}
                    yield from ((Div(add(by, Neg(target)), n), {"c": by, "y": target}) for _, n in around.problem.count)


def _in_a_logarithm(c: Name, t: Term) -> bool:
    """Is log c in t?"""
    return any(isinstance(s, Call) and s.function == "log" and isinstance(s.args[0], Name) and s.args[0].symbol == c.symbol for s in subterms(t))


@slip(CHAIN, "wrong-parameter", spoils="definition")
def other_parameter(d: Term, around: Around) -> Wrongs:
    """This is the derivative by {other}, not by {by}."""
    match d:
        case D(of, by, partial) if by in around.problem.parameters:
            for other in around.problem.parameters:
                if other != by and other.indices == by.indices:
                    yield D(of, other, partial), {"other": other, "by": by}


@slip(CHAIN, "wrong-variable", spoils="definition", rare=1)
def other_variable(d: Term, around: Around) -> Wrongs:
    """This is the derivative by {other}, not by {by}."""
    match d:
        case D(of, by, partial):
            definition = around.problem.definition(of.symbol) if isinstance(of, Name) else None
            value = definition.value if definition else of
            for s in sorted(names(value) - {by.symbol}):
                other = occurrences(value, s)[0]
                if set(other.indices) <= free(of) and other not in around.problem.parameters:
                    yield D(of, other, partial), {"other": other, "by": by}
