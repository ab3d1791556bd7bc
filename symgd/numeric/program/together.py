"""Lines that one function of the text computes together: σ(z) of each sample and, of the same exponential, what the log-loss sums.

Σ (([z ≥ 0] − t) z + log(1 + e^(−|z|))) = Σ (log(1 + e^z) − t z) = log Π (1 + e^z) − Σ t z, for all real z and t: log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|)).
The form on the right has fewer operations, and rounds by some eps of log Π (1 + e^z) and of n; where that is not little beside the sum, or e^z is
large, the function takes the form on the left (`heads.LOG_LOSS`).

Glossary: `t` the target; `right` [z ≥ 0]; `tail` e^(−|z|).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symgd.numeric.program.line import Line
from symgd.term import ONE, ZERO, Add, Call, Cases, Compare, Mul, Name, Neg, Term, names
from symgd.term import replace as rewrite

__all__ = ["LOG_LOSS", "together"]

LOG_LOSS = "log_loss"  # of (z, t) where the lines are samples: σ(z); of its name where they are summed


def together(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines of a plan with such sums joined."""
    for logs in lines:
        if logs.kind == "sum" and not logs.axes:
            lines = _joined(logs, lines) or lines
    return lines


def _joined(logs: Line, lines: tuple[Line, ...]) -> tuple[Line, ...] | None:
    """The lines with Σ log(1 + e^(−|z|)) joined to the sum beside it; None where there is none, or no σ(z), or where one of both stands alone somewhere."""
    opened = {Name(x.symbol, x.axes): x.value for x in lines if x.kind == "sample" and x.symbol[0] in "⁼·"}
    match _open(logs.value, opened):
        case Call("log1p", (Call("exp", (Neg(Call("abs", (Name() as z,))),)) as tail,)):
            right = Cases(((ONE, Compare(z, ">=", ZERO)),), ZERO)
        case _:
            return None
    sigma = Call("max", (tail, right)) / (1 + tail)
    lines = lines if any(_open(x.value, opened) == sigma for x in lines if x.kind == "sample") else _named(sigma, z, lines, opened)
    p = next((x for x in lines if x.kind == "sample" and _open(x.value, opened) == sigma), None)
    found = [(x, t) for x in lines if x.kind == "sum" and not x.axes and (t := _target(_open(x.value, opened), right, z)) is not None]
    if p is None or len(found) != 1:
        return None
    beside, t = found[0]
    out = [replace(x, value=_without(x.value, Name(logs.symbol), Name(beside.symbol))) if x.kind == "scalar" else x for x in lines if x != logs]
    if any(logs.symbol in names(x.value) for x in out):
        return None
    if out.index(p) > out.index(beside):  # whose function fills it
        out.remove(p)
        out.insert(out.index(beside), p)
    joined = {p: Call(LOG_LOSS, (z, t)), beside: Call(LOG_LOSS, (Name(p.symbol, p.axes),))}
    return _used(replace(x, value=joined.get(x, x.value)) for x in out)


def _named(sigma: Term, z: Name, lines: tuple[Line, ...], opened: dict[Name, Term]) -> tuple[Line, ...]:
    """The lines with σ(z), which stands inside of others, as one of its own."""
    own = Line("⁼sigma", sigma, "sample", "⁼sigma", False, z.indices)
    name = Name(own.symbol, own.axes)
    out = [replace(x, value=rewrite(x.value, lambda s: name if _open(s, opened) == sigma else None)) if x.kind == "sample" else x for x in lines]
    first = next((k for k, x in enumerate(out) if own.symbol in names(x.value)), len(out))
    return (*out[:first], own, *out[first:])


def _open(t: Term, opened: dict[Name, Term]) -> Term:
    """t with the names that plans give to what lines share written out."""
    return rewrite(t, lambda s: _open(opened[s], opened) if isinstance(s, Name) and s in opened else None)


def _target(t: Term, right: Term, z: Name) -> Name | None:
    """t where the term is ([z ≥ 0] − t) z."""
    match t:
        case Mul((Add((step, Neg(Name() as target))), at)) | Mul((at, Add((step, Neg(Name() as target))))) if step == right and at == z:
            return target if target.indices == z.indices else None
    return None


def _without(t: Term, one: Name, beside: Name) -> Term:
    """The term without the summand `one` of every sum that has `beside` as well."""

    def change(s: Term) -> Term | None:
        if not isinstance(s, Add) or one not in s.terms or beside not in s.terms:
            return None
        left = tuple(x for x in s.terms if x != one)
        return Add(left) if len(left) > 1 else left[0]

    return rewrite(t, change)


def _used(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines without values for each sample that no later line asks for."""
    out: list[Line] = []
    wanted: set[str] = set()
    for x in reversed(tuple(lines)):
        if x.kind != "sample" or x.symbol in wanted:
            wanted |= names(x.value)
            out.insert(0, x)
    return tuple(out)
