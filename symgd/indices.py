"""Indices: which letters a term depends on, and how they are renamed without capture.

An index is a letter with primes: i, i', i'' all run over the axis i.  A Sum binds its index; Det and Inverse bind the two of their matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symgd.term import Det, Inverse, Match, Name, Sum, Term, children, rebuild, subterms

__all__ = ["axis", "binds", "bound", "carries", "free", "fresh", "rename", "settle"]


def axis(index: str) -> str:
    """The axis that an index runs over: its letter without primes."""
    return index.rstrip("'")


def binds(t: Term) -> tuple[str, ...]:
    """The indices that t itself binds in what stands inside it."""
    match t:
        case Sum(index, _):
            return (index,)
        case Det(row, column, _) | Inverse(_, _, row, column, _):
            return (row, column)
    return ()


def carries(t: Term) -> tuple[str, ...]:
    """The indices that t itself carries, apart from what stands inside it."""
    match t:
        case Name(_, indices):
            return indices
        case Match(a, b) | Inverse(a, b, _, _, _):
            return (a, b)
    return ()


def free(t: Term) -> frozenset[str]:
    """The indices that t depends on."""
    return (frozenset().union(*map(free, children(t))) - frozenset(binds(t))) | frozenset(carries(t))


def bound(t: Term) -> frozenset[str]:
    """The indices that sums, determinants and inverses inside t run over."""
    return frozenset(a for s in subterms(t) for a in binds(s))


def fresh(index: str, avoid: Iterable[str]) -> str:
    """The index with the fewest primes added that is not in use."""
    taken = set(avoid)
    while index in taken:
        index += "'"
    return index


def rename(t: Term, to: Mapping[str, str]) -> Term:
    """t with free indices renamed; a bound index in the way steps aside (gets a prime)."""
    if not to:
        return t
    own = tuple(to.get(a, a) for a in carries(t))
    match t:
        case Name(s, indices):
            return t if own == indices else Name(s, own)
        case Match():
            return Match(*own)
        case Sum(index, body):
            (index,), body = _under((index,), body, to)
            return Sum(index, body)
        case Det(row, column, entry):
            (row, column), entry = _under((row, column), entry, to)
            return Det(row, column, entry)
        case Inverse(_, _, row, column, entry):
            (row, column), entry = _under((row, column), entry, to)
            return Inverse(own[0], own[1], row, column, entry)
    return rebuild(t, [rename(c, to) for c in children(t)])


def _under(letters: tuple[str, ...], body: Term, to: Mapping[str, str]) -> tuple[tuple[str, ...], Term]:
    """The bound letters, aside where one is in the way, and the body renamed."""
    inside = free(body)
    to = {k: v for k, v in to.items() if k not in letters and k in inside}
    taken = set(to.values()) | inside
    aside: dict[str, str] = {}
    for a in letters:
        if a in to.values():
            aside[a] = fresh(a, taken | set(letters) | set(aside.values()))
    return tuple(aside.get(a, a) for a in letters), rename(body, {**to, **aside})


def settle(t: Term, around: frozenset[str] = frozenset()) -> Term:
    """t with bound indices carrying the fewest primes that their surroundings leave them, the outermost first.

    The letters of a determinant or an inverse are seen by nobody outside: they are the same wherever the matrix stands.
    """
    if isinstance(t, Det | Inverse):
        around = frozenset()
    own: set[str] = set()
    for k, a in enumerate(binds(t)):
        new = fresh(axis(a), (free(children(t)[0]) - {*binds(t)}) | around | own)
        if new != binds(t)[k]:
            t = _rebound(t, binds(t)[k], new)
        own.add(new)
    return rebuild(t, [settle(c, around | own) for c in children(t)])


def _rebound(t: Term, old: str, new: str) -> Term:
    """t with one of its bound indices called otherwise; one that has that name takes the old."""
    to = {old: new, **({new: old} if new in binds(t) else {})}
    match t:
        case Sum(_, body):
            return Sum(new, rename(body, to))
        case Det(row, column, entry):
            return Det(to.get(row, row), to.get(column, column), rename(entry, to))
        case Inverse(a, b, row, column, entry):
            return Inverse(a, b, to.get(row, row), to.get(column, column), rename(entry, to))
    return t
