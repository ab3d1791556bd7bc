# ruff: noqa: E501  a row of the table is one line
"""The words: every function, constant and letter that symgd knows by name.  A new function is one row of FUNCTIONS.

SymPy and NumPy are not imported here: `meaning` is handed the SymPy module, `numpy` is text.

Glossary: `u`, `v` the arguments of a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, Div, Name, Neg, Num, Pow, Term

__all__ = ["ALIASES", "CONSTANTS", "FUNCTIONS", "GREEK", "Function", "Kink"]


@dataclass(frozen=True)
class Kink:
    """A place where a function has no derivative, but is continuous; its slopes from both sides span the subdifferential.

    where   the place, an equation in the arguments u, v: "u = 0"
    slopes  the set of slopes there, of all lines below the graph that touch it; for a function that is not convex the hull of the slopes
            around it (F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, theorem 2.5.1, doi:10.1137/1.9781611971309)
    takes   the one that the derivative, as it is written and computed here, has there
    """

    where: str
    slopes: str
    takes: str


@dataclass(frozen=True)
class Function:
    """One row.

    derivative  the outer derivative f'(u) as a term in u; None where `rules/` has a rule of its own (max, min)
    law         that derivative, as a reader writes it
    meaning     f in SymPy, unfolded to functions of SymPy's own, so that our derivative never judges itself
    said        how it is spoken, with {0} for the argument
    latex       the command or letter that stands before the argument
    numpy       the NumPy expression that computes it without overflow, with {0}, {1} for the arguments
    domain      where f is real: conditions on u
    kinks       where f has no derivative: the derivative holds under these conditions
    arity       how many arguments
    at_kink     where the kink lies, what the subdifferential is there, and the value that the derivative of this row takes there; None without one
    """

    name: str
    derivative: Callable[[Term], Term] | None
    law: str
    meaning: Callable[..., Any]
    said: str
    latex: str
    numpy: str
    domain: Callable[[Term], tuple[Compare, ...]] = lambda u: ()
    kinks: Callable[[Term], tuple[Compare, ...]] = lambda u: ()
    arity: int = 1
    at_kink: Kink | None = None


def _call(f: str) -> Callable[[Term], Term]:
    return lambda u: Call(f, (u,))


_exp, _log, _sin, _cos, _tan, _sqrt = map(_call, ("exp", "log", "sin", "cos", "tan", "sqrt"))
_sinh, _cosh, _tanh, _sigmoid, _abs, _erf = map(_call, ("sinh", "cosh", "tanh", "sigmoid", "abs", "erf"))
_cot, _sec, _csc, _coth, _sech, _csch = map(_call, ("cot", "sec", "csc", "coth", "sech", "csch"))


def _square(u: Term) -> Term:
    return Pow(u, TWO)


def _over_root(inside: Callable[[Term], Term]) -> Callable[[Term], Term]:
    """1/√(…)"""
    return lambda u: Div(ONE, _sqrt(inside(u)))


def _positive(u: Term) -> tuple[Compare, ...]:
    return (Compare(u, ">", ZERO),)


def _nonzero(u: Term) -> tuple[Compare, ...]:
    return (Compare(u, "!=", ZERO),)


def _within_one(u: Term) -> tuple[Compare, ...]:
    return (Compare(_abs(u), "<=", ONE),)


def _inside_one(u: Term) -> tuple[Compare, ...]:
    return (Compare(_abs(u), "<", ONE),)


def _beyond_one(u: Term) -> tuple[Compare, ...]:
    return (Compare(_abs(u), ">=", ONE),)


def _outside_one(u: Term) -> tuple[Compare, ...]:
    return (Compare(_abs(u), ">", ONE),)


def _zero_to_one(u: Term) -> tuple[Compare, ...]:
    return (Compare(u, ">", ZERO), Compare(u, "<=", ONE))


_F = Function
FUNCTIONS: dict[str, Function] = {row.name: row for row in (
    _F("exp", _exp, "(eᵘ)′ = eᵘ u′", lambda sp, u: sp.exp(u), "e to the power {0}", r"\exp", "np.exp({0})"),
    _F("log", lambda u: ONE / u, "(log u)′ = u′/u", lambda sp, u: sp.log(u), "log of {0}", r"\log", "np.log({0})", _positive),
    _F("log2", lambda u: ONE / (u * _log(TWO)), "(log₂ u)′ = u′/(u log 2)", lambda sp, u: sp.log(u) / sp.log(2), "log to base 2 of {0}", r"\log_2", "np.log2({0})", _positive),
    _F("log10", lambda u: ONE / (u * _log(Num(Fraction(10)))), "(log₁₀ u)′ = u′/(u log 10)", lambda sp, u: sp.log(u) / sp.log(10), "log to base 10 of {0}", r"\log_{10}", "np.log10({0})", _positive),
    _F("sqrt", lambda u: ONE / (2 * _sqrt(u)), "(√u)′ = u′/(2√u)", lambda sp, u: sp.sqrt(u), "square root of {0}", r"\sqrt", "np.sqrt({0})", lambda u: (Compare(u, ">=", ZERO),), _positive),
    _F("sin", _cos, "(sin u)′ = cos(u) u′", lambda sp, u: sp.sin(u), "sine of {0}", r"\sin", "np.sin({0})"),
    _F("cos", lambda u: Neg(_sin(u)), "(cos u)′ = −sin(u) u′", lambda sp, u: sp.cos(u), "cosine of {0}", r"\cos", "np.cos({0})"),
    _F("tan", lambda u: ONE + _square(_tan(u)), "(tan u)′ = (1 + tan²u) u′", lambda sp, u: sp.tan(u), "tangent of {0}", r"\tan", "np.tan({0})", lambda u: _nonzero(_cos(u))),
    _F("cot", lambda u: Neg(ONE + _square(_cot(u))), "(cot u)′ = −(1 + cot²u) u′", lambda sp, u: sp.cot(u), "cotangent of {0}", r"\cot", "1/np.tan({0})", lambda u: _nonzero(_sin(u))),
    _F("sec", lambda u: _sec(u) * _tan(u), "(sec u)′ = sec(u) tan(u) u′", lambda sp, u: sp.sec(u), "secant of {0}", r"\sec", "1/np.cos({0})", lambda u: _nonzero(_cos(u))),
    _F("csc", lambda u: Neg(_csc(u) * _cot(u)), "(csc u)′ = −csc(u) cot(u) u′", lambda sp, u: sp.csc(u), "cosecant of {0}", r"\csc", "1/np.sin({0})", lambda u: _nonzero(_sin(u))),
    _F("asin", _over_root(lambda u: ONE - _square(u)), "(arcsin u)′ = u′/√(1 − u²)", lambda sp, u: sp.asin(u), "arc sine of {0}", r"\arcsin", "np.arcsin({0})", _within_one, _inside_one),
    _F("acos", lambda u: Neg(ONE / _sqrt(ONE - _square(u))), "(arccos u)′ = −u′/√(1 − u²)", lambda sp, u: sp.acos(u), "arc cosine of {0}", r"\arccos", "np.arccos({0})", _within_one, _inside_one),
    _F("atan", lambda u: ONE / (ONE + _square(u)), "(arctan u)′ = u′/(1 + u²)", lambda sp, u: sp.atan(u), "arc tangent of {0}", r"\arctan", "np.arctan({0})"),
    _F("acot", lambda u: Neg(ONE / (ONE + _square(u))), "(arccot u)′ = −u′/(1 + u²)", lambda sp, u: sp.acot(u), "arc cotangent of {0}", r"\operatorname{arccot}", "np.arctan(1/{0})", _nonzero),
    _F("asec", lambda u: ONE / (_abs(u) * _sqrt(_square(u) - 1)), "(arcsec u)′ = u′/(|u|√(u² − 1))", lambda sp, u: sp.acos(1 / u), "arc secant of {0}", r"\operatorname{arcsec}", "np.arccos(1/{0})", _beyond_one, _outside_one),
    _F("acsc", lambda u: Neg(ONE / (_abs(u) * _sqrt(_square(u) - 1))), "(arccsc u)′ = −u′/(|u|√(u² − 1))", lambda sp, u: sp.asin(1 / u), "arc cosecant of {0}", r"\operatorname{arccsc}", "np.arcsin(1/{0})", _beyond_one, _outside_one),
    _F("sinh", _cosh, "(sinh u)′ = cosh(u) u′", lambda sp, u: sp.sinh(u), "hyperbolic sine of {0}", r"\sinh", "np.sinh({0})"),
    _F("cosh", _sinh, "(cosh u)′ = sinh(u) u′", lambda sp, u: sp.cosh(u), "hyperbolic cosine of {0}", r"\cosh", "np.cosh({0})"),
    _F("tanh", lambda u: ONE - _square(_tanh(u)), "(tanh u)′ = (1 − tanh²u) u′", lambda sp, u: sp.tanh(u), "hyperbolic tangent of {0}", r"\tanh", "np.tanh({0})"),
    _F("coth", lambda u: ONE - _square(_coth(u)), "(coth u)′ = (1 − coth²u) u′", lambda sp, u: sp.coth(u), "hyperbolic cotangent of {0}", r"\coth", "1/np.tanh({0})", _nonzero),
    _F("sech", lambda u: Neg(_sech(u) * _tanh(u)), "(sech u)′ = −sech(u) tanh(u) u′", lambda sp, u: sp.sech(u), "hyperbolic secant of {0}", r"\operatorname{sech}", "1/np.cosh({0})"),
    _F("csch", lambda u: Neg(_csch(u) * _coth(u)), "(csch u)′ = −csch(u) coth(u) u′", lambda sp, u: sp.csch(u), "hyperbolic cosecant of {0}", r"\operatorname{csch}", "1/np.sinh({0})", _nonzero),
    _F("asinh", _over_root(lambda u: _square(u) + 1), "(arsinh u)′ = u′/√(u² + 1)", lambda sp, u: sp.asinh(u), "inverse hyperbolic sine of {0}", r"\operatorname{arsinh}", "np.arcsinh({0})"),
    _F("acosh", _over_root(lambda u: _square(u) - 1), "(arcosh u)′ = u′/√(u² − 1)", lambda sp, u: sp.acosh(u), "inverse hyperbolic cosine of {0}", r"\operatorname{arcosh}", "np.arccosh({0})", lambda u: (Compare(u, ">=", ONE),), lambda u: (Compare(u, ">", ONE),)),
    _F("atanh", lambda u: ONE / (ONE - _square(u)), "(artanh u)′ = u′/(1 − u²)", lambda sp, u: sp.atanh(u), "inverse hyperbolic tangent of {0}", r"\operatorname{artanh}", "np.arctanh({0})", _inside_one),
    _F("acoth", lambda u: ONE / (ONE - _square(u)), "(arcoth u)′ = u′/(1 − u²)", lambda sp, u: sp.atanh(1 / u), "inverse hyperbolic cotangent of {0}", r"\operatorname{arcoth}", "np.arctanh(1/{0})", _outside_one),
    _F("asech", lambda u: Neg(ONE / (u * _sqrt(ONE - _square(u)))), "(arsech u)′ = −u′/(u√(1 − u²))", lambda sp, u: sp.acosh(1 / u), "inverse hyperbolic secant of {0}", r"\operatorname{arsech}", "np.arccosh(1/{0})", _zero_to_one, _inside_one),
    _F("acsch", lambda u: Neg(ONE / (_abs(u) * _sqrt(ONE + _square(u)))), "(arcsch u)′ = −u′/(|u|√(1 + u²))", lambda sp, u: sp.asinh(1 / u), "inverse hyperbolic cosecant of {0}", r"\operatorname{arcsch}", "np.arcsinh(1/{0})", _nonzero),
    _F("sigmoid", lambda u: _sigmoid(u) * (ONE - _sigmoid(u)), "(σ(u))′ = σ(u)(1 − σ(u)) u′", lambda sp, u: 1 / (1 + sp.exp(-u)), "sigma of {0}", r"\sigma", "0.5*(1 + np.tanh(0.5*({0})))"),
    _F("softplus", _sigmoid, "(softplus u)′ = σ(u) u′", lambda sp, u: sp.log(1 + sp.exp(u)), "softplus of {0}", r"\operatorname{softplus}", "np.logaddexp(0, {0})"),
    _F("relu", lambda u: Cases(((ONE, Compare(u, ">", ZERO)),), ZERO), "(relu u)′ = u′ where u > 0, and 0 where u < 0", lambda sp, u: (u + sp.Abs(u)) / 2, "relu of {0}", r"\operatorname{relu}", "np.maximum({0}, 0)", kinks=_nonzero, at_kink=Kink("u = 0", "[0, 1]", "0")),
    _F("leakyrelu", lambda u: Cases(((ONE, Compare(u, ">", ZERO)),), Num(Fraction(1, 100))), "(leakyrelu u)′ = u′ where u > 0, and u′/100 where u < 0", lambda sp, u: (101 * u + 99 * sp.Abs(u)) / 200, "leaky relu of {0}", r"\operatorname{leakyrelu}", "np.maximum({0}, 0.01*({0}))", kinks=_nonzero, at_kink=Kink("u = 0", "[1/100, 1]", "1/100")),
    _F("silu", lambda u: _sigmoid(u) * (ONE + u * (ONE - _sigmoid(u))), "(silu u)′ = σ(u)(1 + u (1 − σ(u))) u′, silu u = u σ(u)", lambda sp, u: u / (1 + sp.exp(-u)), "silu of {0}", r"\operatorname{silu}", "0.5*({0})*(1 + np.tanh(0.5*({0})))"),
    _F("gelu", lambda u: Div(ONE + _erf(u / _sqrt(TWO)), TWO) + Div(u * _exp(Neg(_square(u) / 2)), _sqrt(2 * Name("pi"))), "(gelu u)′ = (Φ(u) + u φ(u)) u′, gelu u = u Φ(u), Φ and φ of the normal distribution", lambda sp, u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2, "gelu of {0}", r"\operatorname{gelu}", "0.5*({0})*(1 + erf(({0})/np.sqrt(2)))"),
    _F("logcosh", _tanh, "(log cosh u)′ = tanh(u) u′", lambda sp, u: sp.log(sp.cosh(u)), "log of the hyperbolic cosine of {0}", r"\operatorname{logcosh}", "(np.logaddexp({0}, -({0})) - np.log(2))"),
    _F("abs", _call("sign"), "|u|′ = sign(u) u′", lambda sp, u: sp.Abs(u), "the absolute value of {0}", r"\operatorname{abs}", "np.abs({0})", kinks=_nonzero, at_kink=Kink("u = 0", "[−1, 1]", "0")),
    _F("sign", lambda u: ZERO, "(sign u)′ = 0 where u ≠ 0", lambda sp, u: sp.sign(u), "the sign of {0}", r"\operatorname{sign}", "np.sign({0})", kinks=_nonzero),
    _F("erf", lambda u: Div(TWO, _sqrt(Name("pi"))) * _exp(Neg(_square(u))), "(erf u)′ = (2/√π) e^(−u²) u′", lambda sp, u: sp.erf(u), "the error function of {0}", r"\operatorname{erf}", "erf({0})"),
    _F("max", None, "max(u, v)′ = u′ where u > v, and v′ where u < v", lambda sp, u, v: (u + v + sp.Abs(u - v)) / 2, "the larger of {0} and {1}", r"\max", "np.maximum({0}, {1})", arity=2, at_kink=Kink("u = v", "all between u′ and v′", "v′")),
    _F("min", None, "min(u, v)′ = u′ where u < v, and v′ where u > v", lambda sp, u, v: (u + v - sp.Abs(u - v)) / 2, "the smaller of {0} and {1}", r"\min", "np.minimum({0}, {1})", arity=2, at_kink=Kink("u = v", "all between u′ and v′", "v′")),
)}  # fmt: skip

ALIASES = {
    "ln": "log", "lg": "log10", "logistic": "sigmoid", "sig": "sigmoid", "σ": "sigmoid", "ReLU": "relu", "sgn": "sign",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsec": "asec", "arccsc": "acsc",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh",
    "arcoth": "acoth", "arsech": "asech", "arcsch": "acsch", "cosec": "csc", "tg": "tan", "ctg": "cot", "maximum": "max", "minimum": "min",
    "LeakyReLU": "leakyrelu", "leaky_relu": "leakyrelu", "lrelu": "leakyrelu", "swish": "silu", "SiLU": "silu", "GELU": "gelu", "log_cosh": "logcosh",
}  # fmt: skip

# Names that mean a number wherever the problem does not declare them: their SymPy meaning and how they are said.
CONSTANTS: dict[str, tuple[Callable[[Any], Any], str]] = {"pi": (lambda sp: sp.pi, "pi")}

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "lam": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
