"""Indices: which letters a term depends on, and how they are renamed without capture.

An index is a letter with primes: i, i', i'' all run over the axis i.  A Sum binds its index; Det and Inverse bind the two of their matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symgd.term import Add, Det, Inverse, Match, Mul, Name, Sum, Term, children, from_below, mul, rebuild, subterms

__all__ = ["apart", "axis", "binds", "bound", "carries", "free", "fresh", "rename", "settle", "sorted_out"]


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


@from_below
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


def sorted_out(t: Term) -> Term:
    """One form for what differs by the order of factors, terms and sums and by the letters of bound indices: Σ_i a_i Σ_j b_ij, Σ_j Σ_k b_kj a_k.

    The letters of sums that stand together are told apart by the factors in which they stand; where that does not tell them apart, two forms of
    the same may differ.  Two different things never have one form.
    """
    bound_here, factors = _flat(t, free(t) | bound(t))
    if not bound_here:
        match t:
            case Mul(fs):
                return Mul(tuple(sorted(map(sorted_out, fs), key=repr)))
            case Add(ts):
                return Add(tuple(sorted(map(sorted_out, ts), key=repr)))
        return settle(rebuild(t, [sorted_out(c) for c in children(t)]))
    factors = [sorted_out(f) for f in factors]
    colour, told = {a: axis(a) for a in bound_here}, 0
    for _ in bound_here:
        seen = {a: repr((axis(a), sorted(repr(rename(f, {**colour, a: "*"})) for f in factors if a in free(f)))) for a in bound_here}
        rank = {c: str(k) for k, c in enumerate(sorted(set(seen.values())))}
        colour = {a: rank[seen[a]] for a in bound_here}
        if len(rank) in (told, len(bound_here)):
            break
        told = len(rank)
    to, taken = dict[str, str](), set(free(t))
    for a in sorted(bound_here, key=lambda a: (colour[a], a)):
        to[a] = fresh(axis(a), taken | set(to.values()))
    out = mul(*sorted((sorted_out(rename(f, to)) for f in factors), key=repr))
    for a in sorted(to.values(), reverse=True):
        out = Sum(a, out)
    return out


def _flat(t: Term, taken: frozenset[str]) -> tuple[list[str], list[Term]]:
    """The indices of the sums that stand outside, and the factors under them: Σ_i a_i (Σ_j b_ij) is Σ_i Σ_j of a_i and b_ij."""
    match t:
        case Sum(index, body):
            new = fresh(index, taken)
            letters, factors = _flat(rename(body, {index: new}), taken | {new})
            return [new, *letters], factors
        case Mul(fs):
            out, every = list[str](), list[Term]()
            for f in fs:
                letters, factors = _flat(f, taken | set(out))
                out, every = [*out, *letters], [*every, *factors]
            return out, every
    return [], [t]


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


def apart(t: Term, taken: frozenset[str]) -> Term:
    """The same term for a reader: no sum runs over a letter that stands outside it with another meaning."""
    if isinstance(t, Sum) and t.index in taken:
        new = fresh(axis(t.index), taken | free(t.body))
        t = Sum(new, rename(t.body, {t.index: new}))
    inside = taken | {t.index} if isinstance(t, Sum) else taken
    return rebuild(t, [apart(c, inside) for c in children(t)])
