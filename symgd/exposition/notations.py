"""The same lines in indices and in matrices, side by side."""

from __future__ import annotations

from symgd.derivation import Gradient
from symgd.document.page import Formula, Inline
from symgd.exposition.layers import Layer
from symgd.exposition.writing import Writing
from symgd.term import D, Name, Term
from symgd.typeset.layout import CONVENTIONS, Layout, relation
from symgd.typeset.legend import explained

__all__ = ["marks", "notations"]


def notations(w: Writing, gradient: Gradient, layers: tuple[Layer, ...]) -> None:
    """A table of the forward lines and the gradients, for a problem whose parameters are arrays; of a deep network the first layer and the last two."""
    if not any(p.indices for p in gradient.problem.parameters):
        return
    rows = [row for left, right, mark in _lines(gradient, layers) if (row := _row(w, left, right, mark))]
    w.head("The same in indices and in matrices")
    w.say(f"A sum over an index that two arrays share is a product of the arrays. {CONVENTIONS[w.convention]}")
    w.table(("in indices", "in matrices"), rows)
    marks(w, [p.layout for _, cell in rows for p in cell if isinstance(p, Formula)])


def marks(w: Writing, formulas: list[Layout]) -> None:
    """What 𝟏, ⊙ and their kin mean, those that stand in the formulas."""
    if said := "; ".join(explained(formulas)):
        w.say(f"{said[0].upper()}{said[1:]}.")


def _row(w: Writing, left: Term, right: Term, mark: str) -> tuple[Inline, ...] | None:
    found = w.in_arrays(left, (right,))
    if found is None or found[1][0] is None:
        return None
    return (Formula(relation(w.layout(left, "sum"), mark, w.layout(right, "sum", left))),), (Formula(relation(found[0], mark, found[1][0])),)


def _lines(gradient: Gradient, layers: tuple[Layer, ...]) -> list[tuple[Term, Term, str]]:
    """(left, right, = or :=)"""
    problem = gradient.problem
    away = layers[1:-2]  # none of a shallow one
    out = {x for layer in away for x in (layer.total.name.symbol, *(d.name.symbol for d in layer.inside), *(p.symbol for p in layer.weights))}
    lines: list[tuple[Term, Term, str]] = [(d.name, d.value, ":=") for d in problem.tape if d.name.symbol not in out]
    for d in gradient.sensitivities():
        if isinstance(d.goal, D) and isinstance(d.goal.by, Name) and d.goal.by.symbol not in out:
            lines.append((d.goal, d.result, "="))
    return lines
