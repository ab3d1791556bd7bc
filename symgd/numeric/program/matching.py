"""[a = b] in sums: Σ_a [a = b] f_a is f_b, so no matrix of ones and zeros is ever multiplied."""

from __future__ import annotations

from symgd.indices import free, rename
from symgd.term import ONE, Add, Div, Match, Mul, Neg, Sum, Term, add, children, mul, parts, rebuild, subterms

__all__ = ["unmatched"]


def unmatched(t: Term) -> Term:
    """t with every [a = b] under a sum over a or b used up: the sum goes, and the other index takes its place."""
    t = rebuild(t, [unmatched(c) for c in children(t)])
    if isinstance(t, Match) and t.a == t.b:
        return ONE
    if not isinstance(t, Sum) or not _has(t.body, t.index):
        return t
    return add(*(_summed(t.index, term) for term in _terms(t.body, t.index)))


def _has(t: Term, index: str) -> bool:
    return index in free(t) and any(isinstance(s, Match) and index in (s.a, s.b) for s in subterms(t))


def _terms(t: Term, index: str) -> list[Term]:
    """The terms of a sum, multiplied out as far as a comparison of the index stands inside."""
    if not _has(t, index):
        return [t]
    match t:
        case Add(ts):
            return [x for s in ts for x in _terms(s, index)]
        case Neg(a):
            return [Neg(x) for x in _terms(a, index)]
        case Div(a, b) if not _has(b, index):
            return [Div(x, b) for x in _terms(a, index)]
        case Mul(fs):
            k = next(k for k, f in enumerate(fs) if _has(f, index))
            opened = [(s, mul(*fs[:k], s, *fs[k + 1 :])) for s in _terms(fs[k], index)]
            return [x for s, whole in opened for x in ([whole] if s == fs[k] else _terms(whole, index))]
    return [t]


def _summed(index: str, t: Term) -> Term:
    """Σ_index of one term."""
    match t:
        case Neg(a):
            return Neg(_summed(index, a))
        case Div(a, b) if index not in free(b):
            return Div(_summed(index, a), b)
    factors = parts(Mul, t)
    for k, f in enumerate(factors):
        if isinstance(f, Match) and index in (f.a, f.b):
            other = f.b if f.a == index else f.a
            if other == index:
                return _summed(index, mul(*factors[:k], *factors[k + 1 :]))
            return unmatched(rename(mul(*factors[:k], *factors[k + 1 :]), {index: other}))
        if isinstance(f, Div) and _has(f.top, index) and index not in free(f.bottom):
            return Div(_summed(index, mul(*factors[:k], f.top, *factors[k + 1 :])), f.bottom)
        if isinstance(f, Neg) and _has(f, index):
            return Neg(_summed(index, mul(*factors[:k], f.body, *factors[k + 1 :])))
    return Sum(index, t)
