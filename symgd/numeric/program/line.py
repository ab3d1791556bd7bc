"""One line of a plan, and the algebra that plans are made with: what does not depend on an index goes before its sum.

Glossary: symbols that begin with a sign are made here: Σux a sum, ∂L/∂w a derivative, ⁻A an inverse, ⁼1 what two lines share, ·L what is summed,
⌈z the largest of a row, ₑz its exponentials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from symgd.numeric.program.aligned import Axes
from symgd.term import ONE, TWO, Div, Mul, Name, Neg, Num, Pow, Term, children, mul, parts, rebuild

__all__ = ["MADE", "WEIGHT", "Kind", "Line", "NotSupported", "lettered", "split", "tidy", "times"]

Kind = Literal["scalar", "sample", "sum"]
MINUS_ONE = Num(-ONE.value)
WEIGHT = Name("m", ("i",))  # taken under another letter where the problem has an m of its own
MADE = "Σ∂⁻⁼⌈ₑ·"


class NotSupported(NotImplementedError):
    """The problem is sound, but its numbers cannot be computed here yet; the message names what is missing."""


@dataclass(frozen=True)
class Line:
    """symbol := value, or symbol := Σ_i value where kind is "sum".

    kind   "scalar": the same for all samples (an array of a parameter's shape, perhaps) | "sample": the samples are its first axis | "sum"
    about  the line of a tape that it comes from: the symbol of a definition, or ("L", "w") for ∂L/∂w
    once   made of data and counts alone: the same at every step of a descent
    axes   what its array's dimensions run over, in their order; the names in `value` carry theirs in the same way
    """

    symbol: str
    value: Term
    kind: Kind
    about: str | tuple[str, str]
    once: bool
    axes: Axes = ()


def split(body: Term, depends: Callable[[Term], bool]) -> tuple[list[Term], Term]:
    """(factors that do not depend, the rest): Σ c f = c Σ f"""
    match body:
        case Neg(a):
            out, rest = split(a, depends)
            return [MINUS_ONE, *out], rest
        case Div(a, b):
            out, rest = split(a, depends)
            below = [f for f in parts(Mul, b) if depends(f)]
            fixed = [Div(ONE, mul(*rest_of))] if (rest_of := [f for f in parts(Mul, b) if not depends(f)]) else []
            return [*out, *fixed], Div(rest, mul(*below)) if below else rest
        case Mul(fs):
            pairs = [split(f, depends) for f in fs]
            return [c for out, _ in pairs for c in out], mul(*(rest for _, rest in pairs if rest != ONE))
    return ([], body) if depends(body) else ([body] if body != ONE else [], ONE)


def times(outside: list[Term], total: Term) -> Term:
    """c Σ f"""
    sign = sum(f == MINUS_ONE for f in outside) % 2
    out = mul(*(f for f in outside if f not in (ONE, MINUS_ONE)), total)
    return Neg(out) if sign else out


def tidy(t: Term) -> Term:
    """1/n · S and S · 1/n as S/n; what stands over or beside 1 alone."""
    t = rebuild(t, [tidy(c) for c in children(t)])
    match t:
        case Mul(fs):
            under = [f.bottom for f in fs if isinstance(f, Div) and f.top == ONE]
            top = mul(*(f for f in fs if f != ONE and not (isinstance(f, Div) and f.top == ONE)))
            return tidy(Div(top, mul(*under))) if under else top
        case Div(a, b) if b == ONE:
            return a
    return t


def lettered(body: Term) -> str:
    """uu for Σ u², ux for Σ u x: a product of names by its letters, anything else by none."""
    letters: list[str] = []
    for f in parts(Mul, body):
        match f:
            case Name(s, _):
                letters.append(s)
            case Pow(Name(s, _), exponent) if exponent == TWO:
                letters += [s, s]
            case _:
                return ""
    if not all(s[:1] not in MADE for s in letters):
        return ""
    return "".join(letters) if all(len(s) == 1 for s in letters) else "_".join(letters)
