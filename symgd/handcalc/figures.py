"""Numbers in a working: what an expression is worth under the values given so far, and whether a printed number is that value.

A printed number is judged to the digits it shows, rounded or cut off: −53/3 is −17.67 and −17.6 and −17.7, not −17.8; after ≈ to one unit of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from symgd.term import Add, Call, Div, Mul, Name, Neg, Num, Pow, Sum, Term, children, names, subterms

__all__ = ["Figure", "NoValue", "bind", "is_figure", "same", "worth"]

Figure: TypeAlias = "Fraction | float | tuple[Figure, ...]"
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tan": math.tan, "tanh": math.tanh,
    "sinh": math.sinh, "cosh": math.cosh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "log10": math.log10, "log2": math.log2,
}  # fmt: skip
_ROUNDED = 0.56  # of a unit of the last digit: 0.6446, rounded to 0.645 and then to 0.65
_LARGEST = 4_096  # bits of an exact number


class NoValue(ValueError):
    """The expression has no value that is known: a name without one, or a division by zero."""


def is_figure(t: Term) -> bool:
    """Is t made of numbers alone (and lists of them)?"""
    kinds, known = (Num, Add, Mul, Neg, Div, Pow, Name), (*_FUNCTIONS, "list", "abs")
    return names(t) <= {"pi"} and all(isinstance(s, kinds) or (isinstance(s, Call) and s.function in known) for s in subterms(t))


def worth(t: Term, values: Mapping[str, Figure], at: Mapping[str, int] | None = None) -> Figure:
    """The value of t; a name without an index that has a list of values stands for the list, item by item.  Raises NoValue."""
    try:
        return _worth(t, values, at or {})
    except (ZeroDivisionError, OverflowError) as wrong:
        raise NoValue("a division by zero, or a number beyond all bounds") from wrong


def _worth(t: Term, values: Mapping[str, Figure], at: Mapping[str, int]) -> Figure:
    match t:
        case Num(v):
            return v
        case Name("pi"):
            return math.pi
        case Name(s, indices):
            return _named(s, indices, values, at)
        case Neg(a):
            return _each(lambda x: -x, _worth(a, values, at))
        case Add(ts):
            return _joined(lambda x, y: x + y, [_worth(x, values, at) for x in ts])
        case Mul(fs) | Call("hadamard", fs):
            return _joined(lambda x, y: x * y, [_worth(x, values, at) for x in fs])
        case Div(a, b):
            return _joined(lambda x, y: x / y, [_worth(a, values, at), _worth(b, values, at)])
        case Pow(a, b):
            return _joined(_power, [_worth(a, values, at), _worth(b, values, at)])
        case Call("list", items):
            return tuple(_worth(x, values, at) for x in items)
        case Call("sum", (a,)):
            return _total(_worth(a, values, at))
        case Call("mean", (a,)):
            found = _worth(a, values, at)
            return _joined(lambda x, y: x / y, [_total(found), Fraction(len(found) if isinstance(found, tuple) else 1)])
        case Sum(index, body):
            n = _length(body, values)
            return _joined(lambda x, y: x + y, [_worth(body, values, {**at, index: k}) for k in range(n)])
        case Call("abs", (a,)):
            return _each(abs, _worth(a, values, at))
        case Call(f, (a,)) if f in _FUNCTIONS:
            return _each(_function(f), _worth(a, values, at))
    raise NoValue("this has no value that is known")


def _named(s: str, indices: tuple[str, ...], values: Mapping[str, Figure], at: Mapping[str, int]) -> Figure:
    if s not in values:
        raise NoValue(f"{s} has no value")
    found = values[s]
    for a in indices:
        if isinstance(found, tuple) and a in at:
            if at[a] >= len(found):
                raise NoValue(f"{s} has fewer values")
            found = found[at[a]]
    return found


def _length(body: Term, values: Mapping[str, Figure]) -> int:
    lengths = {len(v) for s in names(body) if isinstance(v := values.get(s), tuple)}
    if len(lengths) != 1:
        raise NoValue("how many values are summed is not known")
    return lengths.pop()


def _each(f: Callable[..., Fraction | float], x: Figure) -> Figure:
    return tuple(_each(f, y) for y in x) if isinstance(x, tuple) else f(x)


def _joined(f: Callable[..., Fraction | float], xs: list[Figure]) -> Figure:
    out = xs[0]
    for x in xs[1:]:
        out = _both(f, out, x)
    return out


def _both(f: Callable[..., Fraction | float], a: Figure, b: Figure) -> Figure:
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            raise NoValue("the lists have different lengths")
        return tuple(_both(f, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, tuple):
        return tuple(_both(f, x, b) for x in a)
    if isinstance(b, tuple):
        return tuple(_both(f, a, y) for y in b)
    out = f(a, b)
    if isinstance(out, Fraction) and out.numerator.bit_length() + out.denominator.bit_length() > _LARGEST:
        return float(out)
    return out


def _power(a: Fraction | float, b: Fraction | float) -> Fraction | float:
    if isinstance(b, Fraction) and b.denominator == 1 and abs(b) <= 64:
        return math.pow(a, int(b)) if isinstance(a, float) else a ** int(b)
    if a < 0 or abs(float(b)) > 512:
        raise NoValue("this power is not computed")
    return math.pow(float(a), float(b))


def _function(f: str) -> Callable[[Fraction | float], float]:
    def value(x: Fraction | float) -> float:
        try:
            return _FUNCTIONS[f](float(x))
        except ValueError as wrong:
            raise NoValue(f"{f} has no value there") from wrong

    return value


def _total(x: Figure) -> Figure:
    if not isinstance(x, tuple):
        return x
    return _joined(lambda a, b: a + b, list(x)) if x else Fraction(0)


# ---------------------------------------------------------------- is the printed number the value?


@dataclass(frozen=True)
class _Printed:
    """The value of what is printed, and by how much its digits leave it open."""

    value: Figure
    slack: float


def same(value: Figure, printed: Term, about: bool = False) -> bool:
    """Is the printed expression worth `value`, to the digits that its numbers show?  `about`: ≈ stands before it.  Raises NoValue."""
    found = worth(printed, {})
    slack = _slack(printed, about)
    return _same(value, found, slack, slack if about else _ROUNDED * slack)


def _same(a: Figure, b: Figure, below: float, above: float) -> bool:
    """Is b, or each number in it, no more than `below` nearer to zero than a, and no more than `above` farther from it?"""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b) and all(_same(x, y, below, above) for x, y in zip(a, b, strict=True))
    if a == b:
        return True
    off = (float(b) - float(a)) * math.copysign(1, float(a))
    return abs(off) <= (above if off > 0 else below) * (1 + 1e-9) + (1e-9 * abs(float(a)) if isinstance(a, float) or isinstance(b, float) else 0)


def _slack(t: Term, about: bool) -> float:
    """One unit of the last digit printed, for a number alone; what the last digits of its numbers change, for an expression with ≈ in front."""
    match t:
        case Num(v, places):
            if places:
                return 10.0 ** -places
            return 0.5 if about and v.denominator == 1 else 0.0
        case Neg(a):
            return _slack(a, about)
        case Call("list", items):
            return max((_slack(x, about) for x in items), default=0.0)
    if not about:
        return 0.0
    total = 0.0
    for k, c in enumerate(children(t)):
        own = _slack(c, about)
        if own:
            total += own * _weight(t, k)
    return total


def _weight(t: Term, k: int) -> float:
    """How much a change of the k-th part changes t: a bound from its other parts."""
    try:
        others = [abs(float(x)) for j, c in enumerate(children(t)) if j != k and not isinstance(x := worth(c, {}), tuple)]
    except NoValue:
        return 1.0
    match t:
        case Mul():
            return math.prod(others)
        case Div() if k == 0 and others and others[0]:
            return 1 / others[0]
    return 1.0


# ---------------------------------------------------------------- values read off a line


def bind(pattern: Term, numbers: Term) -> dict[str, Figure] | None:
    """The values that the names of the pattern have, where the numbers are the pattern with each name replaced; None where they are not."""
    found: dict[str, Figure] = {}
    if isinstance(numbers, Call) and numbers.function == "list" and not (isinstance(pattern, Call) and pattern.function == "list"):
        rows = [bind(pattern, item) for item in numbers.args]
        if any(r is None for r in rows) or not rows:
            return None
        for s in sorted(rows[0] or {}):
            found[s] = tuple((r or {})[s] for r in rows)
        return found
    return found if _bound(pattern, numbers, found) else None


def _bound(p: Term, t: Term, found: dict[str, Figure]) -> bool:
    if isinstance(p, Name):
        try:
            v = worth(t, {})
        except NoValue:
            return False
        return found.setdefault(p.symbol, v) == v
    if is_figure(p):
        try:
            return worth(p, {}) == worth(t, {})
        except NoValue:
            return False
    if isinstance(p, Neg) and isinstance(t, Num) and t.value < 0:
        return _bound(p.body, Num(-t.value, t.places), found)
    if type(p) is not type(t) or len(children(p)) != len(children(t)) or (isinstance(p, Call) and isinstance(t, Call) and p.function != t.function):
        return False
    return all(_bound(a, b, found) for a, b in zip(children(p), children(t), strict=True))
