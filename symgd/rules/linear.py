"""The rules of linear algebra: how a determinant and an inverse change when an entry of their matrix does.

Glossary: `M` the matrix, its entry at (r, c) `m`; `by` the name differentiated by.
"""

from __future__ import annotations

from symgd.indices import axis, bound, carries, free, fresh, rename, sorted_out
from symgd.rules.calculus import holds
from symgd.rules.table import Rule, rule
from symgd.term import ZERO, Compare, D, Det, Inverse, Match, Mul, Neg, Sum, Term, mul, parts, subterms

__all__ = ["INVERSES", "LINEAR"]

LINEAR: dict[str, Rule] = {}
INVERSES: dict[str, Rule] = {}


def _entry(t: Det | Inverse, d: D) -> tuple[str, str, Term]:
    """r, c and m, with letters that nothing around them uses."""
    taken = set(d.by.indices) | set(carries(t)) | bound(t.entry) | (free(t.entry) - {t.row, t.column})
    r = fresh(axis(t.row), taken)
    c = fresh(axis(t.column), taken | {r})
    return r, c, rename(t.entry, {a: b for a, b in ((t.row, r), (t.column, c)) if a != b})


def _invertible(t: Term) -> tuple[Compare, ...]:
    match t:
        case D(Det(row, column, m) | Inverse(_, _, row, column, m), _, _):
            return (Compare(Det(row, column, m), "!=", ZERO),)
    return ()


@rule(LINEAR, "derivative of a determinant", where=_invertible)
def determinant(t: Term) -> Term | None:
    """(det M)′ = det M · tr(M⁻¹ M′)

    Jacobi's formula: each entry counts with its cofactor, which is det M times an entry of the inverse.
    """
    match t:
        case D(Det() as det, by, True) if holds(det, by):
            r, c, m = _entry(det, t)
            return mul(det, Sum(r, Sum(c, mul(Inverse(c, r, r, c, m), D(m, by, True)))))
    return None


@rule(LINEAR, "derivative of an inverse", where=_invertible)
def inverse(t: Term) -> Term | None:
    """(M⁻¹)′ = −M⁻¹ M′ M⁻¹

    Differentiate M⁻¹ M = I by the product rule and solve for the derivative of M⁻¹.
    """
    match t:
        case D(Inverse(a, b, _, _, _) as inv, by, True) if holds(inv, by):
            r, c, m = _entry(inv, t)
            return Neg(Sum(r, Sum(c, mul(Inverse(a, r, r, c, m), D(m, by, True), Inverse(c, b, r, c, m)))))
    return None


@rule(INVERSES, "a matrix meets its inverse", where=lambda t: _regular(t))
def meets(t: Term) -> Term | None:
    """M⁻¹ M = I = M M⁻¹

    That is what the inverse is.
    """
    match t:
        case Sum(index, body):
            factors = parts(Mul, body)
            for k, f in enumerate(factors):
                if isinstance(f, Inverse) and index in (f.a, f.b) and f.a != f.b:
                    for other, g in enumerate(factors):
                        if other != k and (left := _partner(f, g, index)) is not None:
                            rest = mul(*(x for n, x in enumerate(factors) if n not in (k, other)))
                            if index not in free(rest):
                                return mul(rest, left)
    return None


def _partner(f: Inverse, g: Term, index: str) -> Match | None:
    """[a = b] where Σ over the index of f g is an entry of M⁻¹ M or M M⁻¹."""
    for other in sorted(free(g) - {index}):
        if f.b == index and rename(f.entry, {f.row: index, f.column: other}) == g:
            return Match(f.a, other)
        if f.a == index and rename(f.entry, {f.column: index, f.row: other}) == g:
            return Match(other, f.b)
    return None


def _regular(t: Term) -> tuple[Compare, ...]:
    return tuple({Compare(Det(f.row, f.column, f.entry), "!=", ZERO): None for f in subterms(t) if isinstance(f, Inverse)})


@rule(INVERSES, "a symmetric matrix")
def symmetric(t: Term) -> Term | None:
    """(M⁻¹)ᵀ = M⁻¹ where Mᵀ = M

    The inverse of a symmetric matrix is symmetric, so its two indices may change places.
    """
    match t:
        case Inverse(a, b, r, c, m) if (len(a), a) > (len(b), b) and sorted_out(rename(m, {r: c, c: r})) == sorted_out(m):
            return Inverse(b, a, r, c, m)
    return None
