"""The calculus of convex functions: what is convex because of what it is made of, kinks and all.

A function of one number that is convex stays convex when an affine function is put in; a convex increasing one when a convex function is put in;
a sum of convex functions with factors ≥ 0 is convex, and so is the larger of two (Boyd and Vandenberghe, Convex Optimization, 2004, §3.2).

Glossary: `t` a term as a function of the parameters; its kind is "constant", "affine", "convex", "concave" or "" (not seen).
"""

from __future__ import annotations

from dataclasses import dataclass

from symgd.forward import Problem
from symgd.hessian.pieces import joined
from symgd.indices import rename
from symgd.term import TWO, Add, Call, Cases, Div, Mul, Name, Neg, Num, Pow, Sum, Term, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["TABLE", "convex_by_rule"]

# function: (its kind, where it increases: everywhere, or above 0 alone, and is it ≥ 0)
TABLE: dict[str, tuple[str, str, bool]] = {
    "exp": ("convex", "everywhere", True),
    "softplus": ("convex", "everywhere", True),
    "relu": ("convex", "everywhere", True),
    "max": ("convex", "everywhere", False),
    "abs": ("convex", "above 0", True),
    "cosh": ("convex", "above 0", True),
    "logcosh": ("convex", "above 0", True),
    "min": ("concave", "everywhere", False),
    "log": ("concave", "everywhere", False),
    "sqrt": ("concave", "everywhere", True),
}
TURNED = {"convex": "concave", "concave": "convex"}


@dataclass(frozen=True)
class Shape:
    """kind  "constant", "affine", "convex", "concave" or "" (not seen)
    sign  1 where it is ≥ 0 for all values, −1 where it is ≤ 0, else 0
    """

    kind: str
    sign: int = 0


def convex_by_rule(problem: Problem) -> tuple[str, tuple[str, ...]]:
    """(the kind of the objective, the reasons line by line); the kind is "" where the rules do not decide."""
    calculus = _Calculus(problem)
    found = calculus.of(problem.tape[-1].value)
    return (found.kind, tuple(calculus.reasons)) if found.kind else ("", ())


class _Calculus:
    """The kinds of a problem's definitions, and the reasons, in the order in which they were needed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.parameters = {p.symbol for p in problem.parameters}
        self.values = {c.symbol: v for c, v in problem.constants if v is not None}
        self.counts = {n.symbol for _, n in problem.count}
        self.known: dict[str, Shape] = {}
        self.reasons: list[str] = []

    def say(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def of(self, t: Term) -> Shape:
        match t:
            case Num(v):
                return Shape("constant", 1 if v >= 0 else -1)
            case Name(s, _):
                return self.named(s)
            case Neg(a):
                inside = self.of(a)
                return Shape(TURNED.get(inside.kind, inside.kind), -inside.sign)
            case Add(ts):
                return self.total(t, [self.of(x) for x in ts])
            case Mul(fs):
                return _product([self.of(f) for f in fs])
            case Div(a, c):
                return _product([self.of(a), under]) if (under := self.of(c)).kind == "constant" else Shape("")
            case Sum(_, body):
                return self.of(body)
            case Pow(u, v):
                return self.power(t, self.of(u), v)
            case Call(f, args):
                return self.call(t, f, args)
            case Cases():
                return self.piecewise(t)
        held = all(self.of(s).kind == "constant" for s in subterms(t) if isinstance(s, Name))
        return Shape("constant" if held else "")

    def named(self, symbol: str) -> Shape:
        if symbol in self.parameters:
            return Shape("affine")
        d = self.problem.definition(symbol)
        if d is None:
            v = self.values.get(symbol, 0)
            return Shape("constant", 1 if v > 0 or symbol in self.counts else -1 if v < 0 else 0)
        if symbol not in self.known:
            self.known[symbol] = found = self.of(d.value)
            if found.kind == "affine":
                self.say(f"{_text(d.name)} is affine in the parameters")
        return self.known[symbol]

    def total(self, t: Add, found: list[Shape]) -> Shape:
        kinds = {x.kind for x in found} - {"constant"}
        signs = {x.sign for x in found}
        sign = signs.pop() if len(signs) == 1 else self.difference(t)
        if kinds <= {"affine"}:
            return Shape("affine" if kinds else "constant", sign)
        kinds.discard("affine")
        return Shape(kinds.pop(), sign) if len(kinds) == 1 else Shape("")

    def difference(self, t: Add) -> int:
        """The sign of 1 − τ, where τ has a value"""
        match t:
            case Add((Num(v), Neg(Name(s, ())))) if s in self.values:
                return 1 if v >= self.values[s] else -1
        return 0

    def power(self, t: Pow, inside: Shape, exponent: Term) -> Shape:
        if inside.kind == "constant" and self.of(exponent).kind == "constant":
            even = isinstance(exponent, Num) and exponent.value % 2 == 0
            return Shape("constant", 1 if even else max(inside.sign, 0))
        even = isinstance(exponent, Num) and exponent.value > 0 and exponent.value % 2 == 0
        if even and (inside.kind == "affine" or (inside.kind == "convex" and inside.sign == 1)):
            self.say(f"{_text(t)} is convex: {'the square' if exponent == TWO else 'an even power'} of {_what(inside)}")
            return Shape("convex", 1)
        return Shape("")

    def call(self, t: Call, f: str, args: tuple[Term, ...]) -> Shape:
        found = [self.of(a) for a in args]
        if all(x.kind == "constant" for x in found):
            return Shape("constant", 1 if f in TABLE and TABLE[f][2] else 0)
        if f == "log" and (special := self.log(t, args[0])):
            return special
        if f not in TABLE:
            return Shape("")
        kind, rises, positive = TABLE[f]
        affine = all(x.kind in ("affine", "constant") for x in found)
        increasing = rises == "everywhere" or all(x.sign == 1 for x in found)
        if not affine and not (increasing and all(x.kind in ("affine", "constant", kind) for x in found)):
            return Shape("")
        what = "affine" if affine else kind
        if len(args) > 1:
            self.say(f"{_text(t)} is {kind}: the {'larger' if f == 'max' else 'smaller'} of two {what} functions")
        else:
            self.say(f"{_text(t)} is {kind}: {'a' if affine else 'an increasing'} {kind} function of {'an' if affine else 'a'} {what} one")
        return Shape(kind, int(positive or (f == "max" and any(x.sign == 1 for x in found))))

    def log(self, t: Call, u: Term) -> Shape | None:
        """log Σ_k e^(z_k) is convex; log e^z is z; log σ(z) and log(1 − σ(z)) are concave; all for affine z."""
        match self.written(u):
            case Sum(_, body) if isinstance(e := self.written(body), Call) and e.function == "exp" and self.of(e.args[0]).kind == "affine":
                self.say(f"{_text(t)} is convex: the logarithm of a sum of exponentials of affine functions")
                return Shape("convex")
            case Add(ts) if all((isinstance(x, Num) and x.value >= 0) or self.exponential(x) for x in ts):
                self.say(f"{_text(t)} is convex: the logarithm of a sum of exponentials of affine functions and numbers")
                return Shape("convex")
            case Call("exp", (z,)) if self.of(z).kind == "affine":
                self.say(f"{_text(t)} is affine: the logarithm of the exponential of an affine function")
                return Shape("affine")
            case Call("sigmoid", (z,)) | Add((_, Neg(Call("sigmoid", (z,))))) if self.of(z).kind == "affine":
                self.say(f"{_text(t)} is concave: minus the softplus of an affine function")
                return Shape("concave", -1)
        return None

    def exponential(self, x: Term) -> bool:
        return isinstance(x, Call) and x.function == "exp" and self.of(x.args[0]).kind == "affine"

    def written(self, u: Term) -> Term:
        """u with the definition in the place of its name: 1 − σ(z) for 1 − p."""
        match u:
            case Name(s, indices) if d := self.problem.definition(s):
                return rename(d.value, {a: b for a, b in zip(d.name.indices, indices, strict=True) if a != b})
            case Add((Num(v), Neg(Name() as p))) if v == 1:
                return Add((u.terms[0], Neg(self.written(p))))
        return u

    def piecewise(self, t: Cases) -> Shape:
        """A function of one affine u by cases: each piece convex, no jump at a border, and the slope never falls there."""
        kinds = {s: self.of(s).kind for s in subterms(t) if isinstance(s, Name)}
        moving = sorted((s for s, kind in kinds.items() if kind != "constant"), key=lambda s: (s.symbol, s.indices))
        if not moving:
            return Shape("constant")
        u = moving[0]
        if len(moving) > 1 or kinds[u] != "affine" or (found := joined(t, u, self.values)) is None or not found.convex:
            return Shape("")
        self.say(f"the function of {_text(u)} given by cases is convex: each piece is, the pieces meet at {found.where}, and the slope does not fall there")
        return Shape("convex")


def _product(found: list[Shape]) -> Shape:
    """At most one factor that moves; its kind is turned by a factor ≤ 0, and lost by one of unknown sign unless it is affine."""
    moving = [x for x in found if x.kind != "constant"]
    sign = held = 1
    for x in found:
        sign *= x.sign
        held *= x.sign if x.kind == "constant" else 1
    if len(moving) > 1:
        return Shape("")
    if not moving:
        return Shape("constant", sign)
    kind = moving[0].kind
    return Shape(kind if kind == "affine" or held == 1 else TURNED[kind] if held == -1 and kind in TURNED else "", sign)


def _what(x: Shape) -> str:
    return "an affine function" if x.kind == "affine" else "a convex function that is at least 0"


def _text(t: Term) -> str:
    return to_unicode(layout(t))
