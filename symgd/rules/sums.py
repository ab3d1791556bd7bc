"""The rules of sums and indices: a derivative of a sum over an axis, and the matches [i = j] that it leaves behind."""

from __future__ import annotations

from symgd.indices import binds, free, fresh, rename
from symgd.rules.table import Rule, rule
from symgd.term import ONE, Add, D, Div, Match, Mul, Neg, Sum, Term, add, children, mul, names, occurrences, parts, subterms

__all__ = ["INDICES", "SUMS"]

SUMS: dict[str, Rule] = {}
INDICES: dict[str, Rule] = {}


@rule(SUMS, "only its own term")
def own_term(t: Term) -> Term | None:
    """(Σᵢ f(uᵢ))′ by uⱼ is f′(uⱼ)

    Only one term of the sum holds this variable; the derivative of all the others is 0.
    """
    match t:
        case D(Sum(index, body), by, True):
            if any(index in binds(s) and by.symbol in names(s) for s in subterms(body)):  # a matrix has letters of its own
                return None
            uses = occurrences(body, by.symbol)
            for k, letter in enumerate(by.indices):
                if uses and all(use.indices[k] == index for use in uses):
                    return D(rename(body, {index: letter}), by, True)
    return None


@rule(SUMS, "linearity of the sum")
def linearity(t: Term) -> Term | None:
    """(Σᵢ fᵢ)′ = Σᵢ fᵢ′

    A sum is differentiated term by term, however many terms it has.
    """
    match t:
        case D(Sum(index, body), by, True):
            letter = fresh(index, set(by.indices) | (free(body) - {index}))
            return Sum(letter, D(rename(body, {index: letter}), by, True))
    return None


@rule(INDICES, "only the matching index")
def matching(t: Term) -> Term | None:
    """Σⱼ fⱼ [j = k] = fₖ

    The match is 0 everywhere but at one place, so one term is left.
    """
    match t:
        case Sum(index, body) if found := _without_match(body, index):
            rest, other = found
            return rename(rest, {index: other})
    return None


def _without_match(t: Term, index: str) -> tuple[Term, str] | None:
    """(t without its factor [index = other], other), also where the factor stands under other sums."""
    match t:
        case Match(a, b) if index in (a, b) and a != b:
            return ONE, b if a == index else a
        case Mul(fs):
            for k, f in enumerate(fs):
                if found := _without_match(f, index):
                    return mul(*fs[:k], *([found[0]] if found[0] != ONE else []), *fs[k + 1 :]), found[1]
        case Neg(a) if found := _without_match(a, index):
            return Neg(found[0]), found[1]
        case Div(a, b) if found := _without_match(a, index):
            return Div(found[0], b), found[1]
        case Sum(inner, body) if inner != index and (found := _without_match(body, index)) and found[1] != inner:
            return Sum(inner, found[0]), found[1]
    return None


@rule(INDICES, "a match with itself")
def same_index(t: Term) -> Term | None:
    """[i = i] = 1

    An index always agrees with itself.
    """
    return ONE if isinstance(t, Match) and t.a == t.b else None


@rule(INDICES, "the match comes out")
def match_out(t: Term) -> Term | None:
    """f (g [i = j] + h) = f g [i = j] + f h

    Products, quotients and sums are spread over a match, so that the sum over its index can use it.
    """
    match t:
        case Div(a, b) if _matched(a) and not _matched(b):
            return _over(a, b)
        case Mul(fs):
            for k, f in enumerate(fs):
                if isinstance(f, Add) and _matched(f):
                    return add(*(mul(*fs[:k], x, *fs[k + 1 :]) for x in f.terms))
        case Neg(Add(ts)) if _matched(t):
            return add(*(Neg(x) for x in ts))
        case Sum(index, Add(ts)) if _matched(t.body):
            return add(*(Sum(index, x) for x in ts))
    return None


def _over(a: Term, b: Term) -> Term:
    match a:
        case Add(ts):
            return add(*(Div(x, b) for x in ts))
        case Neg(x):
            return Neg(Div(x, b))
    matches = [f for f in parts(Mul, a) if _matched(f)]
    return mul(Div(mul(*(f for f in parts(Mul, a) if not _matched(f))), b), *matches)


def _matched(t: Term, inside: frozenset[str] = frozenset()) -> bool:
    """Does a match stand in t that no sum inside t can use?"""
    if isinstance(t, Match):
        return not inside & {t.a, t.b}
    return not isinstance(t, D) and any(_matched(c, inside | {*binds(t)}) for c in children(t))
