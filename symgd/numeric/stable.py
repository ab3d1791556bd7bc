"""Forms that lose no digits: log σ(z) and its kin, each an identity for every real z, applied before code is written.

log σ(z) = −softplus(−z) · log(1 − σ(z)) = −softplus(z) · 1/(1 + e^(−z)) = σ(z) · log(1 + e^z) = softplus(z)
"""

from __future__ import annotations

from symgd.forward import Problem
from symgd.indices import rename
from symgd.term import ONE, Add, Call, Div, Name, Neg, Pow, Term, rebuild, children

__all__ = ["stable"]


def stable(t: Term, problem: Problem) -> Term:
    """t with each such form rewritten, innermost first; a name is looked at through its definition (p_i := σ(z_i))."""
    t = rebuild(t, [stable(c, problem) for c in children(t)])
    match t:
        case Call("log", (inside,)):
            if (z := _sigmoid(inside, problem)) is not None:
                return Neg(Call("softplus", (_minus(z),)))
            if (z := _sigmoid_of_minus(inside, problem)) is not None:
                return Neg(Call("softplus", (z,)))
            if (z := _one_plus_exp(inside)) is not None:
                return Call("softplus", (z,))
        case Div(top, bottom) if top == ONE and (z := _one_plus_exp(bottom)) is not None:
            return Call("sigmoid", (_minus(z),))
        case Pow(base, exponent) if exponent == Neg(ONE) and (z := _one_plus_exp(base)) is not None:
            return Call("sigmoid", (_minus(z),))
    return t


def _minus(z: Term) -> Term:
    return z.body if isinstance(z, Neg) else Neg(z)


def _sigmoid(t: Term, problem: Problem) -> Term | None:
    """z where t is σ(z), written out or by a name."""
    if isinstance(t, Name) and (d := problem.definition(t.symbol)) is not None:
        value = stable(d.value, problem) if not isinstance(d.value, Call) else d.value
        return _sigmoid(rename(value, dict(zip(d.name.indices, t.indices, strict=True))), problem)
    match t:
        case Call("sigmoid", (z,)):
            return z
    return None


def _sigmoid_of_minus(t: Term, problem: Problem) -> Term | None:
    """z where t is 1 − σ(z)."""
    match t:
        case Add((one, Neg(p))) if one == ONE:
            return _sigmoid(p, problem)
        case Add((Neg(p), one)) if one == ONE:
            return _sigmoid(p, problem)
    return None


def _one_plus_exp(t: Term) -> Term | None:
    """z where t is 1 + e^z."""
    match t:
        case Add((one, Call("exp", (z,)))) if one == ONE:
            return z
        case Add((Call("exp", (z,)), one)) if one == ONE:
            return z
    return None
