"""Slips of the product rule, of the quotient rule and of the reciprocal rule.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from symgd.handcalc.spoil import Around, SlipRule, Wrongs, slip
from symgd.term import TWO, Call, D, Div, Mul, Neg, Pow, Term, add, mul

__all__ = ["PRODUCTS"]

PRODUCTS: dict[str, SlipRule] = {}

@slip(PRODUCTS, "product-rule", spoils="product rule", everywhere=True)
def product_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′; here the derivatives were multiplied: f′ g′."""
    match d:
        case D(Mul(fs), by):
            yield mul(*(D(f, by, True) for f in fs))


@slip(PRODUCTS, "product-rule", spoils="product rule")
def half_a_product_rule(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′: each factor in turn is differentiated; here {f} was treated as a constant."""
    match d:
        case D(Mul(fs), by):
            summands = [mul(*fs[:k], D(f, by, True), *fs[k + 1 :]) for k, f in enumerate(fs)]
            for k, f in enumerate(fs):
                yield add(*summands[:k], *summands[k + 1 :]), {"f": f}


@slip(PRODUCTS, "product-rule", spoils="product rule")
def product_rule_with_minus(d: Term, _: Around) -> Wrongs:
    """The product rule adds: (f g)′ = f′ g + f g′; here the parts were subtracted, as in the quotient rule."""
    match d:
        case D(Mul((f, g)), by):
            yield add(mul(D(f, by, True), g), Neg(mul(f, D(g, by, True))))
            yield add(mul(f, D(g, by, True)), Neg(mul(D(f, by, True), g)))


@slip(PRODUCTS, "product-rule", spoils="product rule")
def sum_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′; here the derivatives were only added: f′ + g′."""
    match d:
        case D(Mul(fs), by):
            yield add(*(D(f, by, True) for f in fs))


@slip(PRODUCTS, "quotient-rule", spoils="quotient rule")
def quotient_rule_turned_round(d: Term, _: Around) -> Wrongs:
    """The quotient rule is (f/g)′ = (f′ g − f g′)/g²; here the two parts of the top were turned round."""
    match d:
        case D(Div(f, g), by):
            yield Div(add(mul(f, D(g, by, True)), Neg(mul(D(f, by, True), g))), Pow(g, TWO))


@slip(PRODUCTS, "quotient-rule", spoils="quotient rule")
def quotient_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The quotient rule is (f/g)′ = (f′ g − f g′)/g²; here top and bottom were differentiated one by one: f′/g′."""
    match d:
        case D(Div(f, g), by):
            yield Div(D(f, by, True), D(g, by, True))


@slip(PRODUCTS, "quotient-rule", spoils="quotient rule")
def quotient_rule_parts(d: Term, _: Around) -> Wrongs:
    """The quotient rule is (f/g)′ = (f′ g − f g′)/g²: a minus between the parts, and the bottom squared; here one of these is missing."""
    match d:
        case D(Div(f, g), by):
            left, right = mul(D(f, by, True), g), mul(f, D(g, by, True))
            yield Div(add(left, right), Pow(g, TWO))
            yield Div(add(left, Neg(right)), g)
            yield add(left, Neg(right))
            yield Div(D(f, by, True), g)
            yield Neg(Div(right, Pow(g, TWO)))
            yield Div(right, Pow(g, TWO))


@slip(PRODUCTS, "sign", spoils="reciprocal rule", everywhere=True)
def reciprocal_without_minus(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the minus sign is missing."""
    match d:
        case D(Div(c, g), by):
            yield Div(mul(c, D(g, by, True)), Pow(g, TWO))


@slip(PRODUCTS, "quotient-rule", spoils="reciprocal rule", everywhere=True)
def reciprocal_of_derivative(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the bottom was differentiated alone, or not squared."""
    match d:
        case D(Div(c, g), by):
            yield Div(c, D(g, by, True))
            yield Neg(Div(mul(c, D(g, by, True)), g))
            yield Div(mul(c, D(g, by, True)), g)


@slip(PRODUCTS, "inner-derivative", spoils="reciprocal rule", everywhere=True)
def inside_of_reciprocal_forgotten(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the inner derivative g′ with g = {g} was forgotten."""
    match d:
        case D(Div(c, g), by) if g != by:
            yield Neg(Div(c, Pow(g, TWO))), {"g": g}


@slip(PRODUCTS, "function-derivative", spoils="reciprocal rule")
def reciprocal_integrated(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here 1/g was integrated, which gives a logarithm."""
    match d:
        case D(Div(c, g), by):
            yield mul(c, Call("log", (g,)), D(g, by, True))
