"""Slips of the derivative: each rule of `rules/calculus.py`, `rules/sums.py` and the chain through names, gone wrong.  One small function each.

A function is given what the rule is made on, a pending derivative, and yields what the slip makes of it; what is pending in that is derived rightly.
Its docstring is what the writer is told: the rule's correct form, then what happened here.

`d` the pending derivative, `by` the name differentiated by, `f`, `g`, `u`, `v` what is differentiated, `c` what does not hold `by`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symgd.backward import paths
from symgd.forward import Problem
from symgd.handcalc.spoil import Around, SlipRule, Words, slip
from symgd.language import FUNCTIONS
from symgd.rules.calculus import holds, power_of
from symgd.term import ONE, TWO, ZERO, Add, Call, Cases, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, free, mul, names, occurrences, parts, rename, subterms

__all__ = ["CALCULUS_SLIPS"]

CALCULUS_SLIPS: dict[str, SlipRule] = {}
Wrongs = Iterator[Term | tuple[Term, Words]]


# ---------------------------------------------------------------- power rule


@slip(CALCULUS_SLIPS, "exponent-kept", spoils="power rule")
def exponent_kept(d: Term, _: Around) -> Wrongs:
    """The power rule brings the exponent down and lowers it by one: (u²)′ = 2u u′; here the exponent was kept."""
    match d:
        case D(Pow(u, n), by):
            yield mul(n, Pow(u, n), D(u, by, True))


@slip(CALCULUS_SLIPS, "factor", spoils="power rule")
def exponent_not_brought_down(d: Term, _: Around) -> Wrongs:
    """The power rule brings the exponent down as a factor: (u²)′ = 2u u′; here that factor is missing."""
    match d:
        case D(Pow(u, n), by):
            yield mul(power_of(u, n), D(u, by, True))


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="power rule")
def inside_of_power_forgotten(d: Term, _: Around) -> Wrongs:
    """By the chain rule (uⁿ)′ = n uⁿ⁻¹ u′; here the inner derivative u′ with u = {u} was forgotten."""
    match d:
        case D(Pow(u, n), by) if u != by:
            yield mul(n, power_of(u, n)), {"u": u}


@slip(CALCULUS_SLIPS, "outer-derivative", spoils="power rule")
def power_not_differentiated(d: Term, _: Around) -> Wrongs:
    """By the chain rule (uⁿ)′ = n uⁿ⁻¹ u′; here only the inside was differentiated, and the power was not."""
    match d:
        case D(Pow(u, n), by) if u != by:
            yield D(u, by, True)
            yield mul(n, D(u, by, True))
            yield mul(Pow(u, n), D(u, by, True))
            yield Pow(D(u, by, True), n)


@slip(CALCULUS_SLIPS, "exponent-kept", spoils="power rule", rare=1)
def exponent_raised(d: Term, _: Around) -> Wrongs:
    """The power rule lowers the exponent by one: (uⁿ)′ = n uⁿ⁻¹ u′; here the exponent was raised, as for an integral."""
    match d:
        case D(Pow(u, Num(n)), by):
            yield Div(mul(Pow(u, Num(n + 1)), D(u, by, True)), Num(n + 1))
            yield mul(Num(n), Pow(u, Num(n + 1)), D(u, by, True))


# ---------------------------------------------------------------- constants, sums, signs


@slip(CALCULUS_SLIPS, "constant-kept", spoils="sum rule")
def constant_kept(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it, so its derivative is 0; here {c} was kept."""
    match d:
        case D(Add(ts), by):
            for k, c in enumerate(ts):
                if not holds(c, by):
                    yield add(*(c if j == k else _slope(t, by) for j, t in enumerate(ts))), {"by": by, "c": _unsigned(c)}
            fixed = [c for c in ts if not holds(c, by)]
            if len(fixed) > 1:
                yield add(*(c if not holds(c, by) else _slope(c, by) for c in ts)), {"by": by, "c": add(*fixed)}


@slip(CALCULUS_SLIPS, "constant-kept", spoils="sum rule")
def constant_as_variable(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it, so its derivative is 0; here the derivative of {c} was taken as 1."""
    match d:
        case D(Add(ts), by):
            for k, c in enumerate(ts):
                if not holds(c, by) and isinstance(_unsigned(c), Name):
                    one = Neg(ONE) if isinstance(c, Neg) else ONE
                    yield add(*(one if j == k else _slope(t, by) for j, t in enumerate(ts))), {"by": by, "c": _unsigned(c)}


@slip(CALCULUS_SLIPS, "term-dropped", spoils="sum rule")
def term_forgotten(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term: (f + g)′ = f′ + g′; here the derivative of {f} is missing."""
    match d:
        case D(Add(ts), by):
            for k, f in enumerate(ts):
                if holds(f, by) and sum(holds(t, by) for t in ts) > 1:
                    yield add(*(_slope(t, by) for j, t in enumerate(ts) if j != k)), {"f": _unsigned(f)}


@slip(CALCULUS_SLIPS, "sign", spoils="sum rule")
def sign_of_a_term(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term, each with its own sign; here the sign of the derivative of {f} was turned round."""
    match d:
        case D(Add(ts), by):
            for k, f in enumerate(ts):
                if holds(f, by):
                    yield add(*(Neg(_slope(t, by)) if j == k else _slope(t, by) for j, t in enumerate(ts))), {"f": _unsigned(f)}


@slip(CALCULUS_SLIPS, "sign", spoils="sign")
def sign_lost(d: Term, _: Around) -> Wrongs:
    """A minus sign is carried along: (−f)′ = −f′; here it was lost."""
    match d:
        case D(Neg(f), by):
            yield D(f, by, True)


@slip(CALCULUS_SLIPS, "constant-kept", spoils="constant")
def constant_not_zero(d: Term, _: Around) -> Wrongs:
    """What does not hold {by} does not change with it: the derivative of {c} by {by} is 0."""
    match d:
        case D(c, by):
            yield c, {"c": c, "by": by}
            yield ONE, {"c": c, "by": by}


@slip(CALCULUS_SLIPS, "constant-kept", spoils="identity", rare=1)
def variable_kept(d: Term, _: Around) -> Wrongs:
    """A variable changes exactly as fast as itself: the derivative of {by} by {by} is 1; here it was taken as {by}, or as 0."""
    match d:
        case D(Name(), by):
            yield by, {"by": by}
            yield ZERO, {"by": by}


@slip(CALCULUS_SLIPS, "factor", spoils="constant multiple")
def factor_lost(d: Term, around: Around) -> Wrongs:
    """A constant factor stays in front of the derivative: (c f)′ = c f′; here {c} was lost."""
    match d:
        case D(Mul(fs), by):
            for k, c in enumerate(fs):
                if not holds(c, by) and not _is_count(c, around.problem) and not free(c):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"c": c}
        case D(Div(f, c), by) if not _is_count(Div(ONE, c), around.problem):
            yield D(f, by, True), {"c": Div(ONE, c)}


@slip(CALCULUS_SLIPS, "count", spoils="constant multiple")
def count_lost(d: Term, around: Around) -> Wrongs:
    """A constant factor stays in front of the derivative; here {c}, which makes the sum an average, was lost."""
    match d:
        case D(Mul(fs), by):
            for k, c in enumerate(fs):
                if not holds(c, by) and _is_count(c, around.problem):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"c": c}
        case D(Div(f, c), by) if _is_count(Div(ONE, c), around.problem):
            yield D(f, by, True), {"c": Div(ONE, c)}


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="constant multiple")
def rate_lost(d: Term, _: Around) -> Wrongs:
    """{f} grows by {c} where {by} grows by 1, so its derivative by {by} is {c}; here that factor was forgotten."""
    match d:
        case D(Mul(fs) as f, by) if by in fs:
            for k, c in enumerate(fs):
                if not holds(c, by) and free(c):
                    yield D(mul(*fs[:k], *fs[k + 1 :]), by, True), {"f": f, "c": c, "by": by}


@slip(CALCULUS_SLIPS, "wrong-variable", spoils="constant multiple")
def other_factor_differentiated(d: Term, _: Around) -> Wrongs:
    """{f} was to be differentiated by {by}, which leaves {c}; here it was differentiated by {c}."""
    match d:
        case D(Mul(fs) as f, by):
            for k, c in enumerate(fs):
                if isinstance(c, Name) and c.symbol != by.symbol:
                    yield mul(*fs[:k], *fs[k + 1 :]), {"f": f, "c": c, "by": by}


@slip(CALCULUS_SLIPS, "constant-kept", spoils="constant multiple")
def factor_not_differentiated(d: Term, _: Around) -> Wrongs:
    """The derivative of {f} by {by} was to be taken; here {f} was left as it is."""
    match d:
        case D(Mul(fs) as f, by) if by in fs:
            yield f, {"f": f, "by": by}


# ---------------------------------------------------------------- products and quotients


@slip(CALCULUS_SLIPS, "product-rule", spoils="product rule")
def product_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′; here the derivatives were multiplied: f′ g′."""
    match d:
        case D(Mul(fs), by):
            yield mul(*(D(f, by, True) for f in fs))


@slip(CALCULUS_SLIPS, "product-rule", spoils="product rule")
def half_a_product_rule(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′: each factor in turn is differentiated; here {f} was treated as a constant."""
    match d:
        case D(Mul(fs), by):
            summands = [mul(*fs[:k], D(f, by, True), *fs[k + 1 :]) for k, f in enumerate(fs)]
            for k, f in enumerate(fs):
                yield add(*summands[:k], *summands[k + 1 :]), {"f": f}


@slip(CALCULUS_SLIPS, "product-rule", spoils="product rule")
def product_rule_with_minus(d: Term, _: Around) -> Wrongs:
    """The product rule adds: (f g)′ = f′ g + f g′; here the parts were subtracted, as in the quotient rule."""
    match d:
        case D(Mul((f, g)), by):
            yield add(mul(D(f, by, True), g), Neg(mul(f, D(g, by, True))))
            yield add(mul(f, D(g, by, True)), Neg(mul(D(f, by, True), g)))


@slip(CALCULUS_SLIPS, "product-rule", spoils="product rule")
def sum_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The product rule is (f g)′ = f′ g + f g′; here the derivatives were only added: f′ + g′."""
    match d:
        case D(Mul(fs), by):
            yield add(*(D(f, by, True) for f in fs))


@slip(CALCULUS_SLIPS, "quotient-rule", spoils="quotient rule")
def quotient_rule_turned_round(d: Term, _: Around) -> Wrongs:
    """The quotient rule is (f/g)′ = (f′ g − f g′)/g²; here the two parts of the top were turned round."""
    match d:
        case D(Div(f, g), by):
            yield Div(add(mul(f, D(g, by, True)), Neg(mul(D(f, by, True), g))), Pow(g, TWO))


@slip(CALCULUS_SLIPS, "quotient-rule", spoils="quotient rule")
def quotient_of_derivatives(d: Term, _: Around) -> Wrongs:
    """The quotient rule is (f/g)′ = (f′ g − f g′)/g²; here top and bottom were differentiated one by one: f′/g′."""
    match d:
        case D(Div(f, g), by):
            yield Div(D(f, by, True), D(g, by, True))


@slip(CALCULUS_SLIPS, "quotient-rule", spoils="quotient rule")
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


@slip(CALCULUS_SLIPS, "sign", spoils="reciprocal rule")
def reciprocal_without_minus(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the minus sign is missing."""
    match d:
        case D(Div(c, g), by):
            yield Div(mul(c, D(g, by, True)), Pow(g, TWO))


@slip(CALCULUS_SLIPS, "quotient-rule", spoils="reciprocal rule")
def reciprocal_of_derivative(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the bottom was differentiated alone, or not squared."""
    match d:
        case D(Div(c, g), by):
            yield Div(c, D(g, by, True))
            yield Neg(Div(mul(c, D(g, by, True)), g))
            yield Div(mul(c, D(g, by, True)), g)


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="reciprocal rule")
def inside_of_reciprocal_forgotten(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here the inner derivative g′ with g = {g} was forgotten."""
    match d:
        case D(Div(c, g), by) if g != by:
            yield Neg(Div(c, Pow(g, TWO))), {"g": g}


@slip(CALCULUS_SLIPS, "function-derivative", spoils="reciprocal rule")
def reciprocal_integrated(d: Term, _: Around) -> Wrongs:
    """(1/g)′ = −g′/g²; here 1/g was integrated, which gives a logarithm."""
    match d:
        case D(Div(c, g), by):
            yield mul(c, Call("log", (g,)), D(g, by, True))


# ---------------------------------------------------------------- exponentials and functions


@slip(CALCULUS_SLIPS, "function-derivative", spoils="exponential rule")
def exponential_as_power(d: Term, _: Around) -> Wrongs:
    """(aᵛ)′ = aᵛ log(a) v′: the variable is in the exponent, so the power rule does not apply; log a belongs to it."""
    match d:
        case D(Pow(a, v), by):
            yield mul(v, Pow(a, add(v, Neg(ONE))), D(v, by, True))
            yield mul(v, Pow(a, add(v, Neg(ONE))))
            yield mul(Pow(a, v), D(v, by, True))


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="exponential rule")
def inside_of_exponential_forgotten(d: Term, _: Around) -> Wrongs:
    """(aᵛ)′ = aᵛ log(a) v′; here the derivative of the exponent {v} was forgotten."""
    match d:
        case D(Pow(a, v), by) if v != by:
            yield mul(Pow(a, v), Call("log", (a,))), {"v": v}


@slip(CALCULUS_SLIPS, "function-derivative", spoils="general power rule")
def general_power_as_power(d: Term, _: Around) -> Wrongs:
    """(uᵛ)′ = uᵛ (v′ log u + v u′/u): base and exponent both change; here one of them was treated as a constant."""
    match d:
        case D(Pow(u, v), by):
            yield mul(v, Pow(u, add(v, Neg(ONE))), D(u, by, True))
            yield mul(Pow(u, v), Call("log", (u,)), D(v, by, True))


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="chain rule")
def inside_forgotten(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here the inner derivative u′ with u = {u} was forgotten."""
    match d:
        case D(Call(f, (u,)), _by) if u != _by and (outer := FUNCTIONS[f].derivative):
            yield outer(u), {"u": u}


@slip(CALCULUS_SLIPS, "function-derivative", spoils="chain rule")
def function_not_differentiated(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here the outer function was not differentiated: {law}."""
    match d:
        case D(Call(f, (u,)) as whole, by):
            if f != "exp":
                yield mul(whole, D(u, by, True)), {"law": Name(f)}
            if u != by:
                yield D(u, by, True), {"law": Name(f)}


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="chain rule", rare=1)
def derivative_of_the_derivative(d: Term, _: Around) -> Wrongs:
    """By the chain rule f(u)′ = f′(u) u′; here f′ was taken at u′ instead of at u = {u}."""
    match d:
        case D(Call(f, (u,)), by) if u != by and (outer := FUNCTIONS[f].derivative):
            yield outer(D(u, by, True)), {"u": u}


def _one(f: str, u: Term) -> Term:
    return Call(f, (u,))


# the derivatives that people take for those of the function
_MISTAKEN: dict[str, Callable[[Term], tuple[Term, ...]]] = {
    "log": lambda u: (u, Div(ONE, _one("log", u)), _one("exp", u), Neg(Div(ONE, u)), Neg(Div(ONE, Pow(u, TWO)))),
    "exp": lambda u: (mul(u, _one("exp", add(u, Neg(ONE)))), Div(ONE, u), Div(ONE, _one("exp", u)), Neg(_one("exp", u))),
    "sqrt": lambda u: (Div(ONE, _one("sqrt", u)), Div(_one("sqrt", u), TWO), Div(TWO, _one("sqrt", u)), Div(ONE, mul(TWO, u)), _one("sqrt", u) * TWO),
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


@slip(CALCULUS_SLIPS, "function-derivative", spoils="chain rule")
def function_mistaken(d: Term, _: Around) -> Wrongs:
    """The derivative of the function is another one: {law}."""
    match d:
        case D(Call(f, (u,)), by):
            for wrong in _MISTAKEN[f](u) if f in _MISTAKEN else ():
                yield mul(wrong, D(u, by, True)), {"law": Name(f)}


@slip(CALCULUS_SLIPS, "function-derivative", spoils="larger of two")
def larger_turned_round(d: Term, _: Around) -> Wrongs:
    """max(u, v)′ = u′ where u > v, and v′ where u < v; here only one of them was differentiated, or the cases were turned round."""
    match d:
        case D(Call(_f, (u, v)), by):
            yield _slope(u, by)
            yield _slope(v, by)


@slip(CALCULUS_SLIPS, "function-derivative", spoils="smaller of two")
def smaller_turned_round(d: Term, _: Around) -> Wrongs:
    """min(u, v)′ = u′ where u < v, and v′ where u > v; here only one of them was differentiated, or the cases were turned round."""
    match d:
        case D(Call(_f, (u, v)), by):
            yield _slope(u, by)
            yield _slope(v, by)


@slip(CALCULUS_SLIPS, "function-derivative", spoils="case by case")
def one_case_only(d: Term, _: Around) -> Wrongs:
    """A function given by cases is differentiated case by case; here one case was taken for all."""
    match d:
        case D(Cases(pieces, otherwise), by):
            for value in (*(v for v, _when in pieces), otherwise):
                yield _slope(value, by)


# ---------------------------------------------------------------- sums over samples, and the chain through names


@slip(CALCULUS_SLIPS, "sum-dropped", spoils="linearity of the sum")
def sum_lost(d: Term, _: Around) -> Wrongs:
    """A sum is differentiated term by term, and stays a sum: (Σ fᵢ)′ = Σ fᵢ′; here the Σ was lost."""
    match d:
        case D(Sum(_index, body), by):
            yield D(body, by, True)


@slip(CALCULUS_SLIPS, "sum-kept", spoils="only its own term")
def sum_kept(d: Term, _: Around) -> Wrongs:
    """Only one term of the sum holds {by}; the derivative of all the others is 0, so no Σ is left; here it was kept."""
    match d:
        case D(Sum(index, body), by):
            for letter in by.indices:
                inside = rename(body, {index: letter})
                yield Sum(letter, D(inside, by, True)), {"by": by}


@slip(CALCULUS_SLIPS, "inner-derivative", spoils="chain rule through names")
def link_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule {l} is reached through {c}: the derivative by {c} times the derivative of {c} by {v}; here the second, the inner one, was forgotten."""
    yield from (w for w in _without(d, around, partial=True) if not _function(w[1]["c"], around))


@slip(CALCULUS_SLIPS, "function-derivative", spoils="chain rule through names")
def link_of_function_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule the derivative of {c} by {v} is a factor, for {c} is a function of {v}: {law}; here it was forgotten."""
    for wrong, words in _without(d, around, partial=True):
        if f := _function(words["c"], around):
            yield wrong, {**words, "law": Name(f)}


def _function(c: Term, around: Around) -> str | None:
    """The function that the name c is the value of."""
    definition = around.problem.definition(c.symbol) if isinstance(c, Name) else None
    return definition.value.function if definition and isinstance(definition.value, Call) else None


@slip(CALCULUS_SLIPS, "outer-derivative", spoils="chain rule through names")
def outer_link_forgotten(d: Term, around: Around) -> Wrongs:
    """By the chain rule {l} is reached through {c}: the derivative by {c} times the derivative of {c} by {v}; here the first, the outer one, was forgotten."""
    yield from _without(d, around, partial=False)


def _without(d: Term, around: Around, partial: bool) -> Iterator[tuple[Term, Words]]:
    """Each path with one of its two derivatives left out."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        links = [f for f in parts(Mul, _within(path)) if isinstance(f, D)]
        if len(links) == 2:
            kept = next(f for f in links if f.partial != partial)
            link = next(f for f in links if f.partial)
            yield add(*through[:k], _summed(path, kept), *through[k + 1 :]), {"c": link.of, "v": link.by, "l": around.problem.objective}


@slip(CALCULUS_SLIPS, "chain-rule", spoils="chain rule through names")
def links_added(d: Term, around: Around) -> Wrongs:
    """Along one path the derivatives are multiplied: ∂L/∂v = ∂L/∂c · ∂c/∂v; here they were added."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if isinstance(_within(path), Mul):
            yield add(*through[:k], _summed(path, add(*parts(Mul, _within(path)))), *through[k + 1 :])


@slip(CALCULUS_SLIPS, "sum-dropped", spoils="chain rule through names")
def sum_over_paths_lost(d: Term, around: Around) -> Wrongs:
    """Every sample reaches the loss by its own path, and the paths are added up: ∂L/∂v = Σ ∂L/∂c · ∂c/∂v; here the Σ was lost."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if isinstance(path, Sum):
            yield add(*through[:k], path.body, *through[k + 1 :])


@slip(CALCULUS_SLIPS, "path-dropped", spoils="chain rule through names")
def path_forgotten(d: Term, around: Around) -> Wrongs:
    """A change reaches the loss by every quantity that uses it, and the paths are added; here the path by {c} is missing."""
    through = _paths(d, around.problem)
    for k, path in enumerate(through):
        if len(through) > 1:
            c = next((f.of for f in parts(Mul, _within(path)) if isinstance(f, D) and f.partial), path)
            yield add(*through[:k], *through[k + 1 :]), {"c": c}


def _paths(d: Term, problem: Problem) -> list[Term]:
    return [path for _, path in paths(problem, d.by)] if isinstance(d, D) else []


def _within(path: Term) -> Term:
    while isinstance(path, Sum):
        path = path.body
    return path


def _summed(path: Term, inside: Term) -> Term:
    return Sum(path.index, _summed(path.body, inside)) if isinstance(path, Sum) else inside


@slip(CALCULUS_SLIPS, "function-derivative", spoils="chain rule through names")
def other_loss(d: Term, around: Around) -> Wrongs:
    """The loss is a logarithm, and the derivative of log {c} is 1/{c}; here {c} − {y} was taken, as for squared errors."""
    match d:
        case D(Name(s, ()), by, False) if (definition := around.problem.definition(s)) and _in_a_logarithm(by, definition.value):
            for y in around.problem.data:
                if y.symbol in names(definition.value) and len(y.indices) == len(by.indices):
                    target = Name(y.symbol, by.indices)
                    yield add(by, Neg(target)), {"c": by, "y": target}


def _in_a_logarithm(c: Name, t: Term) -> bool:
    """Is log c in t?"""
    return any(isinstance(s, Call) and s.function == "log" and isinstance(s.args[0], Name) and s.args[0].symbol == c.symbol for s in subterms(t))


@slip(CALCULUS_SLIPS, "wrong-parameter", spoils="definition")
def other_parameter(d: Term, around: Around) -> Wrongs:
    """This is the derivative by {other}, not by {by}."""
    match d:
        case D(of, by, partial) if by in around.problem.parameters:
            for other in around.problem.parameters:
                if other != by and other.indices == by.indices:
                    yield D(of, other, partial), {"other": other, "by": by}


@slip(CALCULUS_SLIPS, "wrong-variable", spoils="definition", rare=2)
def other_variable(d: Term, around: Around) -> Wrongs:
    """This is the derivative by {other}, not by {by}."""
    match d:
        case D(Name() as of, by, True) if definition := around.problem.definition(of.symbol):
            for s in sorted(names(definition.value) - {by.symbol}):
                other = occurrences(definition.value, s)[0]
                if set(other.indices) <= set(definition.name.indices) and other not in around.problem.parameters:
                    yield D(of, other, True), {"other": other, "by": by}


# ----------------------------------------------------------------


def _slope(f: Term, by: Name) -> Term:
    """f′, pending, with its sign in front; 0 for what does not hold `by`."""
    if isinstance(f, Neg):
        return Neg(_slope(f.body, by))
    return D(f, by, True) if holds(f, by) else ZERO


def _unsigned(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else t


def _is_count(c: Term, problem: Problem) -> bool:
    """Is it made of a count alone: n, 1/n?"""
    counts = {n.symbol for _, n in problem.count}
    return bool(names(c)) and names(c) <= counts


