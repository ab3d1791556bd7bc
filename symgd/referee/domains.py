"""Where a term is defined: conditions read from what is written, for SymPy forgets them (x/x becomes 1).

Glossary: `u` a base, a bottom or an argument; a condition is a Compare with 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from symgd.language import FUNCTIONS
from symgd.meaning import expression
from symgd.referee.canonical import Walk
from symgd.referee.kernels import Finer, Kernels, Nowhere, Split, TooLarge
from symgd.term import ZERO, Call, Cases, Compare, Div, Neg, Num, Pow, Term, children, names
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["conditions", "difference", "meanings"]


PATHS = 40  # sign patterns looked at before a condition is called needed


def conditions(t: Term, domain: Mapping[str, str] | None = None) -> tuple[Compare, ...]:
    """What must hold for t to be defined, in the order of its parts, each once.  The values of cases are left out: each holds in its case only."""
    return tuple(dict.fromkeys(c for c in _found(t, domain or {}) if expression(c) is not sp.true))


def _found(t: Term, domain: Mapping[str, str]) -> Iterator[Compare]:
    inside = [c for _, c in t.pieces] if isinstance(t, Cases) else children(t)
    for part in inside:
        yield from _found(part, domain)
    match t:
        case Div(_, u):
            yield Compare(u, "!=", ZERO)
        case Pow(u, v):
            yield from _power(u, v, domain)
        case Call(f, (u, *_)):
            yield from FUNCTIONS[f].domain(u)


def _power(u: Term, v: Term, domain: Mapping[str, str]) -> Iterator[Compare]:
    """u^n needs u ≠ 0 for n < 0; u^(p/q) u ≥ 0; any other power u > 0, but for integer names."""
    c = _number(v)
    if c is None:
        if not all("integer" in domain.get(s, "").split() for s in names(v)):
            yield Compare(u, ">", ZERO)
    elif c.denominator > 1:
        yield Compare(u, ">" if c < 0 else ">=", ZERO)
    elif c < 0:
        yield Compare(u, "!=", ZERO)


def _number(t: Term) -> Fraction | None:
    """The rational number that is written, if it is one."""
    match t:
        case Num(v):
            return v
        case Neg(a):
            whole = _number(a)
            return None if whole is None else -whole
        case Div(a, b):
            top, bottom = _number(a), _number(b)
            return None if top is None or not bottom else top / bottom
    return None


def meanings(found: Iterable[Compare]) -> tuple[Any, ...]:
    """The conditions in SymPy."""
    return tuple(expression(c) for c in found)


def difference(left: Sequence[Compare], right: Sequence[Compare], domain: Mapping[str, str] | None = None) -> str:
    """"equal where both are defined; the left needs x ≠ 0", or "" where neither side asks for more than the other."""
    notes = []
    for side, own, other in (("left", left, right), ("right", right, left)):
        needed = [c for c in own if c not in other and not _follows(c, other, domain or {})]
        if needed:
            notes.append(f"the {side} needs {', '.join(to_unicode(layout(c)) for c in needed)}")
    return "; ".join(["equal where both are defined", *notes]) if notes else ""


def _follows(c: Compare, given: Sequence[Compare], domain: Mapping[str, str]) -> bool:
    """Does the condition follow from the domains and the given conditions, factor by factor, sign by sign?  False where that cannot be seen."""
    parts: dict[str, int] = {}
    paths: list[tuple[int, ...]] = [()]
    for _ in range(PATHS):
        path = paths.pop()
        try:
            if not _seen(Kernels(parts, path, domain), c, given):
                return False
        except Finer:
            paths = [()]
            continue
        except Split:
            paths += [(*path, -1), (*path, 1)]
        except Nowhere:
            pass
        except TooLarge:
            return False
        if not paths:
            return True
    return False


def _seen(case: Kernels, c: Compare, given: Sequence[Compare]) -> bool:
    walk = Walk(case)
    nonzero: set[str] = set()
    for g in given:
        gap = case.add(walk.to(expression(g.left)), case.neg(walk.to(expression(g.right))))
        if g.relation in (">", ">="):
            case.require(gap)
        if g.relation in (">", "!="):
            nonzero |= {str(f) for f, _ in case.factors(gap.top)[1]}
    gap = case.add(walk.to(expression(c.left)), case.neg(walk.to(expression(c.right))))
    if gap.top.is_zero():
        return c.relation in (">=", "<=")
    factors = [f for f, _ in case.factors(gap.top)[1]]
    if c.relation == "!=":
        return all(str(f) in nonzero or case.never_zero(f) for f in factors)
    sign, odd = case.odd_factors(gap)
    for f in odd:
        sign *= case.known_sign(f)
    strict = c.relation != ">" or all(str(f) in nonzero or case.never_zero(f) for f in factors)
    return strict and (sign > 0) == (c.relation in (">", ">=")) and sign != 0
