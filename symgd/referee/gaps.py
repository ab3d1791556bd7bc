"""What changes sign: the insides of kinks, cases, roots and logarithms, and where they are 0.

There two sides that agree elsewhere may differ, so points are placed on and around the zeros, and jumps are decided on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

__all__ = ["factors", "gaps", "rational_zero", "roots", "zeros"]


def gaps(both: sp.Basic) -> list[sp.Expr]:
    """What changes sign at a kink, at the edge of a domain or of a case, sorted."""
    found: set[sp.Expr] = set()
    for e in sp.preorder_traversal(both):
        if isinstance(e, sp.Abs | sp.sign | sp.Heaviside | sp.log):
            found.add(e.args[0])
        elif isinstance(e, sp.Max | sp.Min):
            found |= {a - b for a in e.args for b in e.args if sp.default_sort_key(a) < sp.default_sort_key(b)}
        elif isinstance(e, sp.core.relational.Relational):
            found.add(e.lhs - e.rhs)
        elif e.is_Pow and not e.exp.is_Integer:
            found |= {e.base, *(f.base if f.is_Pow else f for f in sp.Mul.make_args(e.base))}
        elif isinstance(e, sp.asin | sp.acos | sp.atanh | sp.acosh):
            found |= {e.args[0] - 1, e.args[0] + 1}
    return sorted((g for g in found if g.free_symbols), key=sp.default_sort_key)[:6]


def roots(left: sp.Expr, right: sp.Expr) -> tuple[sp.Expr, ...]:
    """What stands under a root."""
    bases = {e.base for side in (left, right) for e in sp.preorder_traversal(side) if e.is_Pow and not e.exp.is_Integer}
    return tuple(sorted((b for b in bases if b.free_symbols), key=sp.default_sort_key))


def factors(gap: sp.Expr) -> tuple[sp.Expr, ...]:
    """What a product is 0 with."""
    try:
        if gap.is_polynomial():
            return tuple(f for f, _ in sp.factor_list(gap)[1])
    except sp.polys.polyerrors.BasePolynomialError:  # coefficients like 1/π
        pass
    return tuple(f.base if f.is_Pow and f.exp.is_Integer else f for f in sp.Mul.make_args(gap))


def zeros(gap: sp.Expr, s: sp.Symbol) -> tuple[tuple[sp.Expr, ...], sp.Expr] | None:
    """The values of s at which a gap of degree 1 or 2 in it is 0, and the coefficient in front, which must not be 0 for that."""
    if not gap.is_polynomial(s):
        return None
    numbers = sp.Poly(gap, s).all_coeffs()
    if len(numbers) == 2:
        return (-numbers[1] / numbers[0],), numbers[0]
    if len(numbers) != 3 or not numbers[0].is_Rational:
        return None
    a, b, c = numbers
    under = b**2 - 4 * a * c
    return (tuple((-b + sign * sp.sqrt(under)) / (2 * a) for sign in (1, -1)) if under.is_negative is not True else ()), a


def rational_zero(gap: sp.Expr, base: Mapping[str, Fraction], name: str) -> Fraction | None:
    """Where the gap is 0 along this name, if it is linear in it and rational at the base point."""
    values = []
    for q in (0, 1, 2):
        at = {s: Fraction(q) if s.name == name else base[s.name] for s in gap.free_symbols}
        try:
            value = gap.subs({s: sp.Rational(v.numerator, v.denominator) for s, v in at.items()})
        except (TypeError, ValueError):  # SymPy: an argument that is not comparable
            return None
        if not value.is_Rational:
            return None
        values.append(Fraction(int(value.p), int(value.q)))
    a, b, c = values
    return -a / (b - a) if b != a and c - b == b - a else None
