"""Slips of the chain rule through a function, and derivatives of functions that are mistaken for others.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from collections.abc import Callable

from symgd.handcalc.slips_of_sums import slope
from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.language import FUNCTIONS
from symgd.term import ONE, TWO, ZERO, Call, Cases, D, Div, Name, Neg, Pow, Term, add, mul

__all__ = ["OF_FUNCTIONS"]

OF_FUNCTIONS: dict[str, SlipRule] = {}

@slip(OF_FUNCTIONS, "inner-derivative", spoils="chain rule", everywhere=True)
def inside_forgotten(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here the inner derivative u′ with u = {u} was forgotten."""
    match d:
        case D(Call(f, (u,)), _by) if u != _by and (outer := FUNCTIONS[f].derivative):
            yield outer(u), {"u": u}


@slip(OF_FUNCTIONS, "function-derivative", spoils="chain rule", everywhere=True)
def function_not_differentiated(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here the outer function was not differentiated: {law}."""
    match d:
        case D(Call(f, (u,)) as whole, by):
            if f != "exp":
                yield mul(whole, D(u, by, True)), {"law": Name(f)}
            if u != by:
                yield D(u, by, True), {"law": Name(f)}


@slip(OF_FUNCTIONS, "inner-derivative", spoils="chain rule", rare=1, everywhere=True)
def derivative_of_the_derivative(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here f′ was taken at u′ instead of at u = {u}."""
    match d:
        case D(Call(f, (u,)), by) if u != by and (outer := FUNCTIONS[f].derivative):
            yield outer(D(u, by, True)), {"u": u}


def _one(f: str, u: Term) -> Term:
    return Call(f, (u,))


# the derivatives that people take for those of the function
_MISTAKEN: dict[str, Callable[[Term], tuple[Term, ...]]] = {
    "log": lambda u: (u, Div(ONE, _one("log", u)), _one("exp", u), Neg(Div(ONE, Pow(u, TWO)))),
    "exp": lambda u: (mul(u, _one("exp", add(u, Neg(ONE)))), Div(ONE, u), Div(ONE, _one("exp", u))),
    "sqrt": lambda u: (Div(ONE, _one("sqrt", u)), Div(TWO, _one("sqrt", u)), Div(ONE, mul(TWO, u)), _one("sqrt", u) * TWO),
    "sin": lambda u: (Neg(_one("cos", u)), Neg(_one("sin", u))),
    "cos": lambda u: (_one("sin", u), Neg(_one("cos", u))),
    "tan": lambda u: (Div(ONE, _one("cos", u)), ONE - Pow(_one("tan", u), TWO), Pow(_one("tan", u), TWO), _one("cot", u)),
    "sigmoid": lambda u: (
        _one("sigmoid", u) * (ONE + _one("sigmoid", u)), ONE - _one("sigmoid", u), ONE - Pow(_one("sigmoid", u), TWO), mul(u, ONE - u),
        Pow(_one("sigmoid", u), TWO), _one("sigmoid", u) * (_one("sigmoid", u) - ONE), ONE, _one("exp", u) / (ONE + _one("exp", u)),
    ),
    "tanh": lambda u: (
        ONE - _one("tanh", u), ONE + Pow(_one("tanh", u), TWO), _one("tanh", u) * (ONE - _one("tanh", u)), Pow(_one("tanh", u), TWO),
        ONE - Pow(u, TWO), Pow(_one("tanh", u), TWO) - ONE, ONE,
    ),
    "softplus": lambda u: (_one("sigmoid", u) * (ONE - _one("sigmoid", u)), ONE - _one("sigmoid", u), _one("exp", u), ONE),
    "relu": lambda u: (ONE, u, ZERO),
    "abs": lambda u: (ONE, u, Neg(_one("sign", u)), _one("abs", u)),
    "sinh": lambda u: (Neg(_one("cosh", u)),),
    "cosh": lambda u: (Neg(_one("sinh", u)),),
    "atan": lambda u: (Div(ONE, ONE - Pow(u, TWO)), Div(ONE, _one("sqrt", ONE - Pow(u, TWO))), Pow(_one("cos", u), TWO)),
    "asin": lambda u: (Div(ONE, _one("sqrt", ONE + Pow(u, TWO))), Neg(Div(ONE, _one("sqrt", ONE - Pow(u, TWO)))), _one("acos", u)),
    "acos": lambda u: (Div(ONE, _one("sqrt", ONE - Pow(u, TWO))), Neg(_one("asin", u))),
}  # fmt: skip


@slip(OF_FUNCTIONS, "function-derivative", spoils="chain rule", everywhere=True)
def function_mistaken(d: Term, _: Around) -> Wrongs:
    """The derivative of the function is another one: {law}."""
    match d:
        case D(Call(f, (u,)), by):
            for wrong in _MISTAKEN[f](u) if f in _MISTAKEN else ():
                yield mul(wrong, D(u, by, True)), {"law": Name(f)}


@slip(OF_FUNCTIONS, "function-derivative", spoils="chain rule")
def exponential_by_power_rule(d: Term, _: Around) -> Wrongs:
    """The variable is in the exponent, so the power rule does not apply: (eᵘ)′ = eᵘ u′; here the exponent {u} was brought down and lowered by one."""
    match d:
        case D(Call("exp", (u,)), by) if u != by:
            yield mul(u, Call("exp", (u - ONE,))), {"u": u}


@slip(OF_FUNCTIONS, "exponent-kept", spoils="chain rule", everywhere=True)
def root_exponent_kept(d: Term, _: Around) -> Wrongs:
    """√u is u to the power 1/2, and the power rule lowers the exponent to −1/2: (√u)′ = u′/(2√u); here the exponent 1/2 was kept."""
    match d:
        case D(Call("sqrt", (u,)) as root, by):
            yield mul(Div(ONE, TWO), root, D(u, by, True))


@slip(OF_FUNCTIONS, "function-derivative", spoils="larger of two")
def larger_turned_round(d: Term, _: Around) -> Wrongs:
    """By cases, max(u, v)′ = u′ where u > v, and v′ where u < v; here only one of them was differentiated, or the cases were turned round."""
    match d:
        case D(Call(_f, (u, v)), by):
            yield slope(u, by)
            yield slope(v, by)


@slip(OF_FUNCTIONS, "function-derivative", spoils="smaller of two")
def smaller_turned_round(d: Term, _: Around) -> Wrongs:
    """By cases, min(u, v)′ = u′ where u < v, and v′ where u > v; here only one of them was differentiated, or the cases were turned round."""
    match d:
        case D(Call(_f, (u, v)), by):
            yield slope(u, by)
            yield slope(v, by)


@slip(OF_FUNCTIONS, "function-derivative", spoils="case by case")
def one_case_only(d: Term, _: Around) -> Wrongs:
    """A function given by cases is differentiated case by case; here one case was taken for all."""
    match d:
        case D(Cases(pieces, otherwise), by):
            for value in (*(v for v, _when in pieces), otherwise):
                yield slope(value, by)
