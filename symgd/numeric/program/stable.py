"""Forms that lose no digits and overflow nowhere, each an identity for every real z, applied before code is written.

log σ(z) = −softplus(−z) · log(1 − σ(z)) = −softplus(z) · 1/(1 + e^(−z)) = σ(z) · log(1 + e^z) = softplus(z) · log e^z = z
softplus(z) = max(z, 0) + log(1 + e^(−|z|)) · log cosh z by softplus(−2|z|) · y softplus(−z) + (1 − y) softplus(z) = ([z ≥ 0] − y) z + log(1 + e^(−|z|))
σ(z) = max(e, [z ≥ 0])/(1 + e), e = e^(−|z|) ≤ 1, where the loss needs that e as well
Huber's loss is c u − c²/2 and its slope c, c = min(max(u, −δ), δ)    (for δ > 0, which is what the loss is made for)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import sympy as sp

from symgd.forward import Problem
from symgd.indices import rename
from symgd.meaning import expression
from symgd.numeric.program.aligned import fraction, quotient
from symgd.term import ONE, TWO, ZERO, Add, Call, Cases, Compare, Div, Name, Neg, Num, Pow, Sum, Term, add, children, mul, rebuild, replace
from symgd.term import subterms

__all__ = ["spelled", "stable", "tailed"]

HALF = Num(Fraction(1, 2))


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
            if (z := _exp(inside, problem)) is not None:
                return z
            if isinstance(inside, Call) and inside.function == "cosh":
                return Call("logcosh", inside.args)
        case Div(top, bottom) if top == ONE and (z := _one_plus_exp(bottom)) is not None:
            return Call("sigmoid", (_minus(z),))
        case Pow(base, exponent) if exponent == Neg(ONE) and (z := _one_plus_exp(base)) is not None:
            return Call("sigmoid", (_minus(z),))
        case Cases():
            return _cut_off(t) or t
    return t


def _minus(z: Term) -> Term:
    return z.body if isinstance(z, Neg) else Neg(z)


def _through(n: Name, problem: Problem) -> Term | None:
    """What a name stands for, in forms of this file."""
    d = problem.definition(n.symbol)
    if d is None:
        return None
    value = stable(d.value, problem) if not isinstance(d.value, Call) else d.value
    return rename(value, {a: b for a, b in zip(d.name.indices, n.indices, strict=True) if a != b})


def _sigmoid(t: Term, problem: Problem) -> Term | None:
    """z where t is σ(z), written out or by a name."""
    if isinstance(t, Name) and (value := _through(t, problem)) is not None:
        return _sigmoid(value, problem)
    match t:
        case Call("sigmoid", (z,)):
            return z
    return None


def _exp(t: Term, problem: Problem) -> Term | None:
    """z where t is e^z, written out or by a name."""
    if isinstance(t, Name) and (value := _through(t, problem)) is not None:
        return _exp(value, problem)
    match t:
        case Call("exp", (z,)):
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


# ---------------------------------------------------------------- Huber


def _cut_off(t: Cases) -> Term | None:
    """c, or c (u − c/2), where t is one of them case by case; None else."""
    match t:
        case Cases(((far, Compare(u, ">", d)), (low, Compare(v, "<", Neg(e)))), near) if u == v and d == e:
            c = Call("clip", (u, Neg(d), d))
            pieces = (far, d), (low, Neg(d)), (near, u)
            if all(_equal(piece, at) for piece, at in pieces):
                return c
            if all(_equal(piece, at * (u - at / 2)) for piece, at in pieces):
                return c * u - c**2 / 2
    return None


def _equal(a: Term, b: Term) -> bool:
    """Are two terms the same polynomial, each name a letter?"""
    if any(isinstance(s, Call | Cases | Sum | Compare) for t in (a, b) for s in subterms(t)):
        return a == b
    plain = (expression(replace(t, lambda s: Name("_".join((s.symbol, *s.indices)).replace("'", "q")) if isinstance(s, Name) else None)) for t in (a, b))
    return bool(sp.expand(next(plain) - next(plain)) == 0)


# ---------------------------------------------------------------- e^(−|z|), once for the loss and its slope


def tailed(terms: Iterable[Term]) -> frozenset[str]:
    """The symbols z whose softplus is taken, so that e^(−|z|) is there for σ(z) as well."""
    calls = (s for t in terms for s in subterms(t) if isinstance(s, Call) and s.function == "softplus")
    inside = (s.args[0].body if isinstance(s.args[0], Neg) else s.args[0] for s in calls)
    return frozenset(z.symbol for z in inside if isinstance(z, Name))


def spelled(t: Term, tails: frozenset[str]) -> Term:
    """t with softplus, log cosh and σ over functions that NumPy computes fast and in place."""
    if isinstance(t, Add) and (joined := _joined(t.terms)) is not None:
        t = joined
    t = rebuild(t, [spelled(c, tails) for c in children(t)])
    match t:
        case Call("softplus", (z,)):
            return Call("max", (z, ZERO)) + Call("log1p", (_tail(z),))
        case Call("logcosh", (u,)):
            a = Call("abs", (u,))
            return a + Call("log1p", (Call("exp", (Neg(2 * a),)),)) - Call("log", (TWO,))
        case Call("sigmoid", (Name(symbol, _) as z,)) if symbol in tails:
            return Call("max", (_tail(z), _right(z))) / (1 + _tail(z))
        case Call("silu", (z,)):
            return z * spelled(Call("sigmoid", (z,)), tails)
        case Call("gelu", (z,)):
            return HALF * z * (1 + Call("erf", (z / Call("sqrt", (TWO,)),)))
    return t


def _tail(z: Term) -> Term:
    """e^(−|z|)"""
    return Call("exp", (Neg(Call("abs", (z.body if isinstance(z, Neg) else z,))),))


def _joined(ts: Sequence[Term]) -> Term | None:
    """c softplus(z) + d softplus(−z) + f z + … as ([z ≥ 0] − d + f) z + … + log(1 + e^(−|z|)), where c + d = 1: for a score that is right nothing is lost."""
    found: list[tuple[Term, Term, bool]] = []
    rest: list[Term] = []
    for t in ts:
        sign, top, bottom = fraction(t)
        calls = [f for f in top if isinstance(f, Call) and f.function == "softplus"]
        if len(calls) != 1:
            rest.append(t)
            continue
        top.remove(calls[0])
        z = calls[0].args[0]
        found.append((quotient(sign, top, bottom), z.body if isinstance(z, Neg) else z, isinstance(z, Neg)))
    if not found or any(z != found[0][1] for _, z, _ in found) or not _equal(add(*(c for c, _, _ in found)), ONE):
        return None
    z = found[0][1]
    back: list[Term] = [Neg(c) for c, _, minus in found if minus]
    others: list[Term] = []
    for t in rest:
        sign, top, bottom = fraction(t)
        if top.count(z) == 1:
            top.remove(z)
            back.append(quotient(sign, top, bottom))
        else:
            others.append(t)
    return add(mul(add(_right(z), *back), z), *others, Call("log1p", (_tail(z),)))


def _right(z: Term) -> Term:
    """[z ≥ 0]"""
    return Cases(((ONE, Compare(z, ">=", ZERO)),), ZERO)
