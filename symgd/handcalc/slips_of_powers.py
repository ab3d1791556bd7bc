"""Slips of the power rule, of the exponential rule and of the general power.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.rules.calculus import power_of
from symgd.term import ONE, Call, D, Div, Neg, Num, Pow, Term, add, mul

__all__ = ["POWERS"]

POWERS: dict[str, SlipRule] = {}

@slip(POWERS, "exponent-kept", spoils="power rule", everywhere=True)
def exponent_kept(d: Term, _: Around) -> Wrongs:
    """The power rule brings the exponent down and lowers it by one: (uⁿ)′ = n uⁿ⁻¹ u′; here {u} kept its exponent {n}."""
    match d:
        case D(Pow(u, n), by):
            yield mul(n, Pow(u, n), D(u, by, True)), {"u": u, "n": n}


@slip(POWERS, "factor", spoils="power rule", everywhere=True)
def exponent_not_brought_down(d: Term, _: Around) -> Wrongs:
    """The power rule brings the exponent down as a factor: (uⁿ)′ = n uⁿ⁻¹ u′; here the factor {n} is missing."""
    match d:
        case D(Pow(u, n), by):
            yield mul(power_of(u, n), D(u, by, True)), {"n": n}


@slip(POWERS, "inner-derivative", spoils="power rule", everywhere=True)
def inside_of_power_forgotten(d: Term, _: Around) -> Wrongs:
    """By the chain rule (uⁿ)′ = n uⁿ⁻¹ u′; here the inner derivative u′ with u = {u} was forgotten."""
    match d:
        case D(Pow(u, n), by) if u != by:
            yield mul(n, power_of(u, n)), {"u": u}


@slip(POWERS, "outer-derivative", spoils="power rule", everywhere=True)
def power_not_differentiated(d: Term, _: Around) -> Wrongs:
    """By the chain rule (uⁿ)′ = n uⁿ⁻¹ u′; here only the inside {u} was differentiated, and the power was not."""
    match d:
        case D(Pow(u, n), by) if u != by:
            inner = D(u, by, True)
            for wrong in (inner, mul(n, inner), mul(Pow(u, n), inner), Pow(inner, n)):
                yield wrong, {"u": u}


@slip(POWERS, "exponent-lost", spoils="power rule")
def exponent_dropped(d: Term, _: Around) -> Wrongs:
    """The power rule lowers the exponent by one: {s} becomes {right}, times the inner derivative; here the exponent is gone altogether."""
    match d:
        case D(Pow(u, Num(n)) as s, by) if n > 2:
            yield mul(Num(n), u, D(u, by, True)), {"s": s, "right": mul(Num(n), power_of(u, Num(n)))}


@slip(POWERS, "exponent-kept", spoils="power rule", rare=1)
def exponent_raised(d: Term, _: Around) -> Wrongs:
    """The power rule lowers the exponent by one: (uⁿ)′ = n uⁿ⁻¹ u′; here the exponent was raised, as for an integral."""
    match d:
        case D(Pow(u, Num(n)), by):
            yield Div(mul(Pow(u, Num(n + 1)), D(u, by, True)), Num(n + 1))
            yield mul(Num(n), Pow(u, Num(n + 1)), D(u, by, True))


@slip(POWERS, "function-derivative", spoils="exponential rule", everywhere=True)
def exponential_as_power(d: Term, _: Around) -> Wrongs:
    """(aᵛ)′ = aᵛ log(a) v′: the variable is in the exponent, so the power rule does not apply; log a belongs to it."""
    match d:
        case D(Pow(a, v), by):
            yield mul(v, Pow(a, add(v, Neg(ONE))), D(v, by, True))
            yield mul(v, Pow(a, add(v, Neg(ONE))))
            yield mul(Pow(a, v), D(v, by, True))


@slip(POWERS, "inner-derivative", spoils="exponential rule", everywhere=True)
def inside_of_exponential_forgotten(d: Term, _: Around) -> Wrongs:
    """(aᵛ)′ = aᵛ log(a) v′; here the derivative of the exponent {v} was forgotten."""
    match d:
        case D(Pow(a, v), by) if v != by:
            yield mul(Pow(a, v), Call("log", (a,))), {"v": v}


@slip(POWERS, "function-derivative", spoils="general power rule")
def general_power_as_power(d: Term, _: Around) -> Wrongs:
    """(uᵛ)′ = uᵛ (v′ log u + v u′/u): base and exponent both change; here one of them was treated as a constant."""
    match d:
        case D(Pow(u, v), by):
            yield mul(v, Pow(u, add(v, Neg(ONE))), D(u, by, True))
            yield mul(Pow(u, v), Call("log", (u,)), D(v, by, True))
