"""A function of one number given by cases: is it convex, and does its slope jump?

Glossary: `u` the number, `c` a border between two pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symgd.meaning import expression
from symgd.term import Cases, Name, Term, names, subterms
from symgd.term import replace as rewrite
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["Joined", "joined"]


@dataclass(frozen=True)
class Joined:
    """convex  is the function convex?
    smooth  is its slope without a jump?
    where   the borders, in words
    """

    convex: bool
    smooth: bool
    where: str


def joined(t: Cases, u: Name, constants: Mapping[str, Fraction]) -> Joined | None:
    """How the pieces are joined; None where they are not an interval of u each, or a border's place cannot be told.

    A constant with a positive value is taken as any positive number.
    """
    symbols = {s: sp.Symbol(s, positive=True) if constants.get(s, 0) > 0 else sp.Symbol(s, real=True) for s in names(t)}
    x = symbols[u.symbol] = sp.Symbol(u.symbol, real=True)
    borders: dict[Any, Term] = {}
    rules: list[tuple[str, Any, Any]] = []
    for value, when in t.pieces:
        if when.left != u or when.relation not in ("<", "<=", ">", ">=") or u.symbol in names(when.right):
            return None
        c = expression(_bare(when.right), symbols)
        borders.setdefault(c, when.right)
        rules.append((when.relation[0], c, expression(_bare(value), symbols)))
    if any(isinstance(s, Cases) for p, _ in t.pieces for s in subterms(p)) or (order := _sorted(list(borders))) is None:
        return None
    otherwise = expression(_bare(t.otherwise), symbols)
    pieces = []
    for k in range(len(order) + 1):  # the interval between border k − 1 and border k
        holds = (f for relation, c, f in rules if (order.index(c) < k if relation == ">" else order.index(c) >= k))
        pieces.append(next(holds, otherwise))
    jumps = [sp.expand((right - left).subs(x, c)) for left, right, c in zip(pieces, pieces[1:], order, strict=False)]
    turns = [sp.expand((sp.diff(right, x) - sp.diff(left, x)).subs(x, c)) for left, right, c in zip(pieces, pieces[1:], order, strict=False)]
    convex = all(j == 0 for j in jumps) and all(s.is_nonnegative for s in turns) and all(sp.expand(sp.diff(f, x, 2)).is_nonnegative for f in pieces)
    where = " and ".join(f"{to_unicode(layout(u))} = {to_unicode(layout(borders[c]))}" for c in order)
    return Joined(bool(convex), all(j == 0 for j in jumps) and all(s == 0 for s in turns), where)


def _bare(t: Term) -> Term:
    """t without indices: all of one sample."""
    return rewrite(t, lambda s: Name(s.symbol) if isinstance(s, Name) and s.indices else None)


def _sorted(borders: list[Any]) -> list[Any] | None:
    """The borders from left to right; None where that depends on a constant."""
    out: list[Any] = []
    for c in borders:
        if any((c - d).is_positive is None for d in out):
            return None
        out.insert(sum(bool((c - d).is_positive) for d in out), c)
    return out
