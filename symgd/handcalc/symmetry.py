"""Matrices that are symmetric: by the words, by A = Aᵀ, by their numbers; and forms that nobody writes of others, ½ xᵀAx and xᵀAx / xᵀx.

A symmetric matrix is B + Bᵀ, for any B.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from symgd.forward import Definition
from symgd.handcalc.facts import Facts
from symgd.handcalc.setting import Setting
from symgd.indices import axis
from symgd.term import Add, Call, Div, Mul, Name, Neg, Num, Sum, Term, names, parts

__all__ = ["by_itself", "in_words", "of_symmetric", "symmetric", "symmetrised"]

_WORDS = re.compile(
    r"(?<![\w-])(?:symm?[eé]tri(?:c|cal|sch\w*|que|ca|co)|spd|hermit\w+|positiv\w*[ -]?(?:semi-?)?defini\w+)(?!\w)|\\succ(?:eq|curlyeq)?(?![A-Za-z])|[≻⪰]",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|non|nicht|never|any|isn't|no|pas|kein\w*|un)(?:[ -](?:necessarily|assumed|notwendig\w*|unbedingt))?[ -]+(?:a )?$", re.IGNORECASE)


def in_words(texts: Iterable[str]) -> bool:
    """Do the words say that a matrix is symmetric, or positive definite?"""
    return any(not _NOT.search(t[: m.start()]) for t in texts for m in _WORDS.finditer(t))


def by_itself(left: Term, right: Term) -> str | None:
    """A, where A = Aᵀ is said."""
    for a, b in ((left, right), (right, left)):
        if isinstance(a, Name) and not a.indices and b == Call("transpose", (a,)):
            return a.symbol
    return None


def symmetric(facts: Facts, matrices: Iterable[str]) -> list[str]:
    """The matrices that are said to be symmetric."""
    if facts.symmetric:
        return sorted(matrices)
    numbers = {t[0].symbol for t in facts.statements if len(t) > 1 and isinstance(t[0], Name) and _of_numbers(t[1])}
    return sorted(numbers | {s for t in facts.statements if len(t) > 1 and (s := by_itself(t[0], t[1]))})


def _of_numbers(t: Term) -> bool:
    if not (isinstance(t, Call) and t.function == "matrix"):
        return False
    rows = [r.args for r in t.args if isinstance(r, Call)]
    return len(rows) > 1 and all(len(r) == len(rows) for r in rows) and all(rows[j][k] == rows[k][j] for j in range(len(rows)) for k in range(j))


def symmetrised(setting: Setting, s: str) -> Definition | None:
    """A = B + Bᵀ, where A is square and nothing else is said of it."""
    a = setting.declared(s)
    if len(a.indices) != 2 or axis(a.indices[0]) != axis(a.indices[1]) or setting.definition(s) is not None:
        return None
    half = next(f"{s}_{k}" for k in range(1, 99) if f"{s}_{k}" not in setting.known)
    return Definition(a, Name(half, a.indices) + Name(half, a.indices[::-1]))


def of_symmetric(setting: Setting, used: Iterable[str]) -> Iterator[tuple[str, Setting, bool]]:
    """(a square matrix of which nothing is said, the setting where it is symmetric, does its form suppose that?)"""
    for s in sorted(used):
        if s in setting.known and (d := symmetrised(setting, s)) is not None:
            forms = [t for x in setting.tape if s in names(x.value) for t in parts(Add, x.value) if s in names(t)]
            changed = setting.knows(d.value)
            yield s, changed.define(d), bool(forms) and all(_supposes(t) for t in forms)


def _supposes(t: Term) -> bool:
    """½ xᵀAx, or a quotient of two forms."""
    t = t.body if isinstance(t, Neg) else t
    if isinstance(t, Div) and names(t.bottom):
        return True
    return _constant(t) == Fraction(1, 2)


def _constant(t: Term) -> Fraction:
    match t:
        case Num(v):
            return v
        case Div(a, Num(v)) if v:
            return _constant(a) / v
        case Sum(_, body):
            return _constant(body)
        case Mul(fs):
            out = Fraction(1)
            for f in fs:
                out *= _constant(f)
            return out
    return Fraction(1)
