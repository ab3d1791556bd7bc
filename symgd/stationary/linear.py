"""Is a term linear in the parameters?  Then it is Σ_p factors[p] · p + rest.

`t` a term, `p` a parameter; an index of p that is not free in t is summed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from symgd.forward import Problem
from symgd.indices import axis, binds, bound, free, fresh, rename
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, ZERO, Add, D, Div, Mul, Name, Neg, Sum, Term, add, children, mul, names, rebuild, replace

__all__ = ["Line", "apart", "linear", "put", "unfold"]


@dataclass(frozen=True)
class Line:
    """t = Σ_p Σ_(the indices of p that are not free in t) factors[p] · p + rest, the factors and the rest free of parameters.

    For t = Σ_j x_ij w_j + b the factors are {w_j: x_ij, b: 1}.
    """

    factors: dict[Name, Term]
    rest: Term


def linear(t: Term, parameters: tuple[Name, ...]) -> Line | None:
    """t as a linear expression in the parameters, or None."""
    symbols = {p.symbol for p in parameters}
    outside = free(t)

    def go(s: Term) -> Line | None:
        if not names(s) & symbols:
            return Line({}, s)
        match s:
            case Name():
                return Line({s: ONE}, ZERO)
            case Neg(a):
                return _each(go(a), lambda p, x: Neg(x))
            case Add(ts):
                return _total([go(x) for x in ts])
            case Mul(fs):
                inside = [k for k, f in enumerate(fs) if names(f) & symbols]
                if len(inside) > 1:
                    return None
                return _each(go(fs[inside[0]]), lambda p, x: mul(*(x if k == inside[0] else f for k, f in enumerate(fs))))
            case Div(a, c) if not names(c) & symbols:
                return _each(go(a), lambda p, x: Div(x, c))
            case Sum(index, body):
                return _each(go(body), lambda p, x: x if p and index in p.indices else Sum(index, x))
        return None

    found = go(_each_its_own(t, set(outside)))
    if found is None:
        return None
    factors: dict[Name, Term] = {}
    for p, x in found.factors.items():
        p, x = _lettered(p, x, outside)
        factors[p] = add(factors[p], x) if p in factors else x
    return Line({p: f for p, x in factors.items() if (f := tidy(x)) != ZERO}, tidy(found.rest))


def _each(line: Line | None, f: Callable[[Name | None, Term], Term]) -> Line | None:
    return line and Line({p: f(p, x) for p, x in line.factors.items()}, f(None, line.rest))


def _total(lines: list[Line | None]) -> Line | None:
    known = [x for x in lines if x is not None]
    if len(known) < len(lines):
        return None
    every = sorted({p for x in known for p in x.factors}, key=lambda p: (p.symbol, p.indices))
    return Line({p: add(*(x.factors[p] for x in known if p in x.factors)) for p in every}, add(*(x.rest for x in known)))


def _each_its_own(t: Term, taken: set[str]) -> Term:
    """t with every bound index a letter of its own, so that a factor may be moved into any sum."""
    for a in binds(t) if isinstance(t, Sum) else ():
        new = fresh(a, taken)
        taken.add(new)
        t = Sum(new, rename(children(t)[0], {a: new})) if new != a else t
    return rebuild(t, [_each_its_own(c, taken) for c in children(t)])


def _lettered(p: Name, x: Term, outside: Iterable[str]) -> tuple[Name, Term]:
    """The indices of p that are summed over, with the fewest primes that the free ones leave them."""
    to: dict[str, str] = {}
    for a in p.indices:
        if a not in outside and a not in to:
            to[a] = fresh(axis(a), set(outside) | set(to.values()))
    new = rename(p, to)
    assert isinstance(new, Name)
    return new, rename(x, to)


def unfold(problem: Problem, t: Term) -> Term:
    """t with every name of the tape written out, down to parameters and data."""
    for d in reversed(problem.tape):
        t = put(t, d.name, d.value)
    return t


def put(t: Term, name: Name, value: Term) -> Term:
    """t with the name, at whatever indices, replaced by its value there; the sums of the value step aside from the indices in use.

    A derivative by the name stays as it is: nothing can be differentiated by a value.
    """
    value = apart(value, free(t) | bound(t))

    def at(s: Term) -> Term | None:
        if isinstance(s, D) and s.by.symbol == name.symbol:
            return s
        if isinstance(s, Name) and s.symbol == name.symbol:
            return rename(value, {a: b for a, b in zip(name.indices, s.indices, strict=True) if a != b})
        return None

    return replace(t, at)


def apart(t: Term, taken: frozenset[str]) -> Term:
    """t with the sums that run over an index in use called otherwise."""
    match t:
        case Sum(index, body) if index in taken:
            new = fresh(index, taken | free(body) | bound(body))
            return Sum(new, apart(rename(body, {index: new}), taken | {new}))
    return rebuild(t, [apart(c, taken) for c in children(t)])
