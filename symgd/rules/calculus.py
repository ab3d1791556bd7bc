"""The rules of the derivative: a pending partial derivative → the line one move later.

The tables are tried in the order they are written here; the functions themselves stand in `language.FUNCTIONS`.
Glossary: `t` a term, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from symgd.language import FUNCTIONS
from symgd.rules.table import NoRule, Rule, rule
from symgd.term import ONE, TWO, ZERO, Add, Call, Cases, Compare, D, Div, Match, Mul, Name, Neg, Num, Pow, Term, add, mul, names

__all__ = ["CALCULUS", "holds"]

CALCULUS: dict[str, Rule] = {}


def holds(t: Term, by: Name) -> bool:
    """Does `by` stand in t?"""
    return by.symbol in names(t)


def slope(f: Term, by: Name) -> Term:
    """f', pending; a number or another name by itself is held fixed: 0."""
    return ZERO if isinstance(f, Num) or (isinstance(f, Name) and f.symbol != by.symbol) else D(f, by, True)


@rule(CALCULUS, "constant")
def constant(t: Term) -> Term | None:
    """(c)′ = 0

    What does not hold the variable does not change with it.
    """
    match t:
        case D(f, by, True) if not holds(f, by) and not isinstance(f, Name):
            return ZERO
    return None


@rule(CALCULUS, "identity")
def identity(t: Term) -> Term | None:
    """∂uᵢ/∂uⱼ = [i = j], so ∂u/∂u = 1

    A variable changes exactly as fast as itself, and not with its neighbours.
    """
    match t:
        case D(Name(s, indices), Name(r, others), True) if s == r:
            return mul(*(Match(a, b) for a, b in zip(indices, others, strict=True) if a != b))
    return None


@rule(CALCULUS, "sign")
def sign(t: Term) -> Term | None:
    """(−f)′ = −f′

    A minus sign is carried along.
    """
    match t:
        case D(Neg(f), by, True):
            return Neg(slope(f, by))
    return None


@rule(CALCULUS, "sum rule")
def sum_rule(t: Term) -> Term | None:
    """(f + g)′ = f′ + g′

    A sum is differentiated term by term; a term that does not hold the variable contributes nothing.
    """
    match t:
        case D(Add(ts), by, True):
            return add(*(Neg(slope(f.body, by)) if isinstance(f, Neg) else slope(f, by) for f in ts))
    return None


@rule(CALCULUS, "constant multiple")
def constant_multiple(t: Term) -> Term | None:
    """(c f)′ = c f′

    A factor that does not hold the variable stays in front of the derivative.
    """
    match t:
        case D(Mul(fs), by, True) if any(not holds(f, by) for f in fs):
            inside = mul(*(f for f in fs if holds(f, by)))
            front = next(k for k, f in enumerate(fs) if holds(f, by))
            return mul(*fs[:front], D(inside, by, True), *(f for f in fs[front:] if not holds(f, by)))
        case D(Div(f, c), by, True) if not holds(c, by):
            return Div(D(f, by, True), c)
    return None


@rule(CALCULUS, "product rule")
def product_rule(t: Term) -> Term | None:
    """(f g)′ = f′ g + f g′

    Each factor in turn is differentiated while the others are kept.
    """
    match t:
        case D(Mul(fs), by, True):
            return add(*(mul(*fs[:k], D(f, by, True), *fs[k + 1 :]) for k, f in enumerate(fs)))
    return None


@rule(CALCULUS, "reciprocal rule")
def reciprocal_rule(t: Term) -> Term | None:
    """(c/g)′ = −c g′/g²

    The numerator does not change; only the denominator's derivative counts, with a minus sign.
    """
    match t:
        case D(Div(c, g), by, True) if not holds(c, by):
            return Neg(Div(mul(c, D(g, by, True)), Pow(g, TWO)))
    return None


@rule(CALCULUS, "quotient rule")
def quotient_rule(t: Term) -> Term | None:
    """(f/g)′ = (f′ g − f g′)/g²

    The derivative of the top times the bottom, minus the top times the derivative of the bottom, over the bottom squared.
    """
    match t:
        case D(Div(f, g), by, True):
            return Div(add(mul(D(f, by, True), g), Neg(mul(f, D(g, by, True)))), Pow(g, TWO))
    return None


@rule(CALCULUS, "power rule")
def power_rule(t: Term) -> Term | None:
    """(uⁿ)′ = n uⁿ⁻¹ u′

    The exponent comes down as a factor and drops by one; the derivative of the base follows.
    """
    match t:
        case D(Pow(u, n), by, True) if not holds(n, by):
            return mul(n, power_of(u, n), D(u, by, True))
    return None


def power_of(u: Term, n: Term) -> Term:
    """u^(n−1)"""
    if isinstance(n, Num):
        return u if n.value == 2 else ONE if n.value == 1 else Pow(u, Num(n.value - 1))
    return Pow(u, add(n, Neg(ONE)))


@rule(CALCULUS, "exponential rule", where=lambda t: _positive_base(t))
def exponential_rule(t: Term) -> Term | None:
    """(aᵛ)′ = aᵛ log(a) v′

    An exponential reproduces itself, times the logarithm of its base, times the derivative of the exponent.
    """
    match t:
        case D(Pow(a, v), by, True) if not holds(a, by):
            return mul(Pow(a, v), Call("log", (a,)), D(v, by, True))
    return None


@rule(CALCULUS, "general power rule", where=lambda t: _positive_base(t))
def general_power_rule(t: Term) -> Term | None:
    """(uᵛ)′ = uᵛ (v′ log u + v u′/u)

    Write uᵛ as e^(v log u): base and exponent both change.
    """
    match t:
        case D(Pow(u, v), by, True):
            return mul(Pow(u, v), add(mul(D(v, by, True), Call("log", (u,))), Div(mul(v, D(u, by, True)), u)))
    return None


def _positive_base(t: Term) -> tuple[Compare, ...]:
    match t:
        case D(Pow(a, _), _, _) if not (isinstance(a, Num) and a.value > 0):
            return (Compare(a, ">", ZERO),)
    return ()


@rule(CALCULUS, "larger of two", where=lambda t: _apart(t))
def larger(t: Term) -> Term | None:
    """max(u, v)′ = u′ where u > v, and v′ where u < v

    Only the larger of the two counts; where they meet there is a kink.
    """
    match t:
        case D(Call("max", (u, v)), by, True):
            return Cases(((D(u, by, True) if holds(u, by) else ZERO, Compare(u, ">", v)),), D(v, by, True) if holds(v, by) else ZERO)
    return None


@rule(CALCULUS, "smaller of two", where=lambda t: _apart(t))
def smaller(t: Term) -> Term | None:
    """min(u, v)′ = u′ where u < v, and v′ where u > v

    Only the smaller of the two counts; where they meet there is a kink.
    """
    match t:
        case D(Call("min", (u, v)), by, True):
            return Cases(((D(u, by, True) if holds(u, by) else ZERO, Compare(u, "<", v)),), D(v, by, True) if holds(v, by) else ZERO)
    return None


def _apart(t: Term) -> tuple[Compare, ...]:
    match t:
        case D(Call(_, (u, v)), _, _):
            return (Compare(u, "!=", v),)
    return ()


@rule(CALCULUS, "case by case", where=lambda t: _borders(t))
def case_by_case(t: Term) -> Term | None:
    """The derivative of a function given by cases is taken case by case, away from the borders

    Inside each case the function is an ordinary one; at a border the two sides may disagree.
    """
    match t:
        case D(Cases(pieces, otherwise), by, True):
            return Cases(tuple((slope(value, by), when) for value, when in pieces), slope(otherwise, by))
    return None


def _borders(t: Term) -> tuple[Compare, ...]:
    match t:
        case D(Cases(pieces, _), by, _):
            return tuple(Compare(when.left, "!=", when.right) for _, when in pieces if holds(when, by))
    return ()


@rule(CALCULUS, "chain rule", where=lambda t: _kinks(t))
def chain_rule(t: Term) -> Term | None:
    """f(u)′ = f′(u) u′

    The outer derivative, taken at the inner function, times the inner derivative.
    """
    match t:
        case D(Call(f, (u,)), by, True):
            row = FUNCTIONS.get(f)
            if row is None or row.derivative is None:
                raise NoRule(f"no rule differentiates {f}(z) with respect to z; add a row to symgd/language.py")
            return mul(row.derivative(u), D(u, by, True))
        case D(Call(f, args), _, True):
            raise NoRule(f"no rule differentiates {f} of {len(args)} arguments; add one to symgd/rules/calculus.py")
    return None


def _kinks(t: Term) -> tuple[Compare, ...]:
    match t:
        case D(Call(f, (u,)), _, _) if f in FUNCTIONS:
            return FUNCTIONS[f].kinks(u)
    return ()
