"""Two sides whose difference is constant: the same slopes everywhere, a connected domain without a corner, and one point at which they agree.

That settles identities of arc tangents that no canonical form sees: arctan(sinh x) = 2 arctan(tanh(x/2)).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from symgd.referee.balls import ball
from symgd.referee.canonical import Walk, prove
from symgd.referee.kernels import Finer, Kernels, Nowhere, Split, TooLarge

__all__ = ["agree_by_slope"]

SMOOTH = (sp.Add, sp.Mul, sp.exp, sp.sin, sp.cos, sp.atan, sp.sinh, sp.cosh, sp.tanh, sp.sech, sp.asinh, sp.erf, sp.erfc)
LARGEST = 80  # operations of an expression that is differentiated


def agree_by_slope(left: sp.Expr, right: sp.Expr, domain: Mapping[str, str]) -> bool:
    """Is left = right proved so?  The domain is a box of intervals, hence connected, when each name's is one."""
    symbols = sorted(left.free_symbols | right.free_symbols, key=lambda s: s.name)
    broken = any({"integer", "nonzero"} & set(domain.get(s.name, "").split()) for s in symbols)
    if broken or not symbols or not (left.has(sp.atan, sp.asin, sp.acos, sp.acot) or right.has(sp.atan, sp.asin, sp.acos, sp.acot)):
        return False
    if left.count_ops() + right.count_ops() > LARGEST or not (_smooth(left, domain) and _smooth(right, domain)):
        return False
    try:
        slopes = all(prove(left.diff(s), right.diff(s), domain) for s in symbols)
        return slopes and any(_meet(left, right, {s: sp.Integer(q) for s in symbols}, domain) for q in (0, 1, -1))
    except TooLarge:
        return False


def _meet(left: sp.Expr, right: sp.Expr, at: dict[Any, Any], domain: Mapping[str, str]) -> bool:
    """Do both sides have the same exact value at this point, of the domain or of its edge, where both are continuous?"""
    inside = all(_touches(domain.get(s.name, "real"), int(q)) for s, q in at.items())
    values = [ball(side, {s: Fraction(int(q)) for s, q in at.items()}) for side in (left, right)]
    if not inside or any(v is None or not v.is_finite() for v in values):
        return False
    return bool(prove(left.subs(at), right.subs(at)))


def _touches(words: str, q: int) -> bool:
    """Is q in the closed interval of these domains?"""
    ends = {"positive": q >= 0, "nonnegative": q >= 0, "negative": q <= 0, "(0,1)": 0 <= q <= 1, ">1": q >= 1}
    return all(ends.get(word, True) for word in words.split())


def _smooth(e: sp.Expr, domain: Mapping[str, str]) -> bool:
    """Is every part of e defined and smooth in the whole domain, as far as can be seen from signs?"""
    for part in sp.preorder_traversal(e):
        if isinstance(part, SMOOTH) or not part.args:
            continue
        if part.is_Pow and part.exp.is_Integer and part.exp > 0:
            continue
        inside = part.base if part.is_Pow and part.exp.is_Rational else part.args[0] if isinstance(part, sp.log) else None
        if isinstance(part, sp.asin | sp.acos | sp.atanh):
            inside = 1 - part.args[0] ** 2
        squared = part.is_Pow and part.exp.is_Integer
        if inside is None or not _positive(inside**2 if squared else inside, inside, domain):
            return False
    return True


def _positive(e: sp.Expr, root: sp.Expr, domain: Mapping[str, str]) -> bool:
    """Is e > 0 throughout, by the signs of its factors?"""
    parts: dict[str, int] = {}
    for _ in range(10):
        case = Kernels(parts, (), domain)
        walk = Walk(case)
        try:
            u = walk.to(root)
            factors = [f for f, _ in case.factors(u.top)[1] + case.factors(u.bottom)[1]]
            return all(case.never_zero(f) for f in factors) and (e is not root or case.sign_of(u) > 0)
        except Finer:
            continue
        except (Split, TooLarge, Nowhere):
            return False
    return False
