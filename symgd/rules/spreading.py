"""Sums that the product rule made are taken apart: Σⱼ a (f + g) = Σⱼ a f + Σⱼ a g, each a product of its own.  Sums that the author wrote stay as they are.

Glossary: `t` a term; a shape is a term without the letters of its indices, only their axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from symgd.forward import Problem
from symgd.indices import axis, free
from symgd.term import Add, D, Match, Mul, Name, Neg, Sum, Term, add, children, mul, parts, rebuild, subterms

__all__ = ["LAW", "spread"]

LAW = "Σ a (f + g) = Σ a f + Σ a g"
MOST = 12  # terms that a line is taken apart into


def spread(problem: Problem, t: Term) -> Term:
    """t with the sums inside sums taken apart that are nobody's: those of the product rule, and x̄ beside x, which add up to nothing."""
    written = frozenset().union(*(_shapes(d.value) for d in problem.tape))
    out = _apart(t, written)
    return out if sum(1 for s in subterms(out) if isinstance(s, Sum)) <= MOST * max(1, sum(1 for s in subterms(t) if isinstance(s, Sum))) else t


@lru_cache(4096)
def _shapes(line: Term) -> frozenset[str]:
    return frozenset(_shape(s) for s in _sums(line))


def _sums(t: Term) -> Iterator[Term]:
    for s in subterms(t):
        if isinstance(s, Add):
            yield s
            yield add(*(x.body if isinstance(x, Neg) else Neg(x) for x in s.terms))


def _apart(t: Term, written: frozenset[str]) -> Term:
    if isinstance(t, D):
        return t
    t = rebuild(t, [_apart(c, written) for c in children(t)])
    match t:
        case Sum(index, Neg(body)):
            return _apart(Neg(Sum(index, body)), written)
        case Sum(index, body):
            factors = parts(Mul, body)
            for k, f in enumerate(factors):
                if isinstance(f, Add) and (_made(f, written) or (len(factors) == 1 and _centred(f, index))):
                    return add(*(_signed(index, x, factors[:k], factors[k + 1 :], written) for x in f.terms))
    return t


def _signed(index: str, x: Term, before: tuple[Term, ...], after: tuple[Term, ...], written: frozenset[str]) -> Term:
    """± Σ a x"""
    inner = x.body if isinstance(x, Neg) else x
    out = _apart(Sum(index, mul(*before, inner, *after)), written)
    return Neg(out) if isinstance(x, Neg) else out


def _made(t: Add, written: frozenset[str]) -> bool:
    """Did the product rule make it: is it nobody's, and are all its terms products with a sum?"""
    return all(any(isinstance(s, Sum) for s in parts(Mul, x.body if isinstance(x, Neg) else x)) for x in t.terms) and _shape(t) not in written


def _centred(t: Add, index: str) -> bool:
    """x_i − (Σ x)/n: something of a sample beside a sum over all samples that does not run with it"""
    loose = [x for x in t.terms if index not in free(x)]
    return 0 < len(loose) < len(t.terms) and all(any(isinstance(s, Sum) and axis(s.index) == axis(index) for s in subterms(x)) for x in loose)


def _shape(t: Term) -> str:
    """What is the same for terms that differ by the letters of their indices and the order of what is added and multiplied."""
    match t:
        case Name(s, indices):
            return f"{s}{[axis(a) for a in indices]}"
        case Sum(index, body):
            return f"Sum {axis(index)}({_shape(body)})"
        case Match(a, b):
            return f"[{axis(a)}={axis(b)}]"
        case Add(ts) | Mul(ts):
            return f"{type(t).__name__}({','.join(sorted(map(_shape, ts)))})"
    inner = ",".join(map(_shape, children(t)))
    return f"{type(t).__name__}{getattr(t, 'value', '')}{getattr(t, 'function', '')}({inner})"


