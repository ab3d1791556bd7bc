"""A sum over a product of entries → which of its factors are multiplied as matrices, and in which order.

Σ_i Σ_j a_i X_ij b_j is a network: its knots are the indices, its strands the factors.  A knot on which only two others hang is taken out as a product of
matrices, a loose end as a matrix with a column, until only the free indices are left.

Glossary: `order` the free indices of the result, rows first; a factor Div(1, q) divides entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from symgd.indices import axis, bound, free, fresh, rename
from symgd.term import ONE, Call, Det, Div, Inverse, Match, Mul, Name, Neg, Sum, Term, children, mul, parts

__all__ = ["Flat", "Strand", "below", "contracted", "flat", "indexed", "joined", "loop", "lots", "softmax", "taken_out"]


class Strand(NamedTuple):
    """free    the indices it carries
    term    the factor; or None where it is a product of strands, summed over the index `over`
    """

    free: frozenset[str]
    term: Term | None
    over: str = ""
    inside: tuple[Strand, ...] = ()

    def own(self) -> tuple[str, ...] | None:
        """The order in which it is written without a transpose, where it has one."""
        match self.term:
            case Name(_, indices):
                return indices
            case Inverse(a, b, _, _, _):
                return (a, b)
        return None

    def plain(self) -> bool:
        """Is it a matrix of its own, no function of entries?"""
        return self.term is None or isinstance(self.term, Name | Inverse)


class Flat(NamedTuple):
    """(−1)^minus · numbers · Σ_bound factors"""

    minus: bool
    numbers: tuple[Term, ...]
    over: tuple[str, ...]
    factors: tuple[Term, ...]


def indexed(t: Term) -> bool:
    """Is anything in t an array, or a sum over one?"""
    return isinstance(t, Sum | Match | Det | Inverse) or (isinstance(t, Name) and bool(t.indices)) or any(map(indexed, children(t)))


def flat(t: Term, taken: Iterable[str] = ()) -> Flat:
    """The factors of t with all the sums in front of them, numbers and signs apart."""
    taken = {*taken, *free(t)}
    match t:
        case _ if not indexed(t):
            return Flat(False, () if t == ONE else (t,), (), ())
        case Neg(a):
            inner = flat(a, taken)
            return inner._replace(minus=not inner.minus)
        case Mul(fs):
            out = Flat(False, (), (), ())
            for f in fs:
                out = _beside(out, flat(f, taken | set(out.over)))
            return out
        case Sum(a, body):
            new = fresh(axis(a), taken | bound(body)) if a in taken else a
            inner = flat(rename(body, {a: new}) if new != a else body, taken | {new})
            return inner._replace(over=(new, *inner.over))
        case Div(a, b) if not softmax(t):
            inner = flat(a, taken)
            divisors = [f for f in parts(Mul, b) if not free(f)]
            arrays = tuple(Div(ONE, f) for f in parts(Mul, b) if free(f))
            numbers = (Div(mul(*inner.numbers), mul(*divisors)),) if divisors else inner.numbers
            return inner._replace(numbers=numbers, factors=(*inner.factors, *arrays))
    return Flat(False, (), (), (t,)) if free(t) else Flat(False, (t,), (), ())


def _beside(a: Flat, b: Flat) -> Flat:
    return Flat(a.minus != b.minus, a.numbers + b.numbers, a.over + b.over, a.factors + b.factors)


def softmax(t: Term) -> bool:
    """e^(z_ik) / Σ_k' e^(z_ik')"""
    match t:
        case Div(Call("exp", (u,)), Sum(a, Call("exp", (v,)))):
            return any(axis(b) == axis(a) and rename(u, {b: a}) == v for b in free(u) - free(v))
    return False


def below(s: Strand) -> Term | None:
    """What the strand divides by, entry by entry."""
    match s.term:
        case Div(top, bottom) if top == ONE:
            return bottom
    return None


def joined(factors: Iterable[Term]) -> tuple[Strand, ...]:
    return tuple(Strand(free(f), f) for f in factors)


def contracted(over: tuple[str, ...], strands: tuple[Strand, ...]) -> tuple[Strand, ...] | None:
    """The strands that are left when every index in `over` is summed away; None where a knot holds more than two others."""
    left = list(over)
    while left:
        knots = {a: _around(a, strands) for a in left}
        a = min(left, key=lambda a: (len(knots[a]), _crossed(a, knots[a], strands), -left.index(a)))
        if len(knots[a]) > 2 or any(len(s.free) > 2 for s in strands if a in s.free):
            return None
        strands = taken_out(a, strands)
        left.remove(a)
    return strands


def taken_out(a: str, strands: tuple[Strand, ...]) -> tuple[Strand, ...]:
    """The strands after the sum over a: those that hold it have become one, in the place of the first."""
    inside = tuple(s for s in strands if a in s.free)
    new = Strand(_around(a, strands), None, a, inside)
    at = next((k for k, s in enumerate(strands) if a in s.free), len(strands))
    return (*strands[:at], new, *(s for s in strands[at:] if a not in s.free))


def _around(a: str, strands: tuple[Strand, ...]) -> frozenset[str]:
    """The other indices of the strands that hold a."""
    return frozenset(b for s in strands if a in s.free for b in s.free if b != a)


def _crossed(a: str, around: frozenset[str], strands: tuple[Strand, ...]) -> int:
    """How many strands would be written transposed if the sum over a were taken as a matrix times a column."""
    if len(around) != 1:
        return 0
    (b,) = around
    return sum(s.own() == (a, b) for s in strands)


def lots(over: tuple[str, ...], strands: tuple[Strand, ...]) -> list[tuple[tuple[str, ...], tuple[Strand, ...]]]:
    """The summed indices and strands that hang together, each lot by itself; strands without a summed index are lots of their own."""
    found: list[tuple[set[str], list[Strand]]] = []
    for s in strands:
        mine, rest = {a for a in s.free if a in over}, []
        together = [s]
        for letters, members in found:
            if letters & mine:
                mine |= letters
                together = members + together
            else:
                rest.append((letters, members))
        found = [*rest, (mine, together)]
    return [(tuple(a for a in over if a in letters), tuple(members)) for letters, members in found]


def loop(s: Strand) -> bool:
    """A_aa or an entry of an inverse on the diagonal"""
    own = s.own()
    return own is not None and len(own) == 2 and own[0] == own[1]
