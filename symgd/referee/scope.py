"""At which sizes a line must be looked at, so that it is decided for all.

For every n.  A line is made of sums over samples, multiplied at most s times together, of expressions in a sample's own values.  Written out
as Σ over s-tuples of samples, it vanishes for all data exactly if its symmetrised summand G vanishes for all s-tuples of values.  With s
samples of arbitrary multiplicities m_1 … m_s the coefficient of m_1 m_2 … m_s is G at these samples (up to s!), so s samples with symbols for
their multiplicities decide every n; n itself is m_1 + m_2 + ….  A free index adds one sample.  `_degree` finds s.
"""

from __future__ import annotations

from symgd.forward import Problem
from symgd.indices import axis
from symgd.term import Add, D, Det, Div, Inverse, Mul, Name, Num, Pow, Sum, Term, children, names, subterms

__all__ = ["degree"]


LARGEST = 3  # rows of a determinant or an inverse, at the sizes where lines are decided


Known = dict[tuple[str | Term, str], tuple[int, int]]  # (symbol, axis) → what its definition has; (line, axis) → what the line has


def degree(problem: Problem, a: Term, b: Term, over: str, known: Known) -> int:
    """How many sums over the axis are multiplied together in a = b, once denominators are cleared; `known` remembers the names of the tape, and the lines."""
    for t in (a, b):  # a line is met twice: as what comes out of one step, and as what goes into the next
        if (t, over) not in known:
            known[t, over] = _degree(problem, t, over, known)
    (top_a, under_a), (top_b, under_b) = known[a, over], known[b, over]
    return max(top_a + under_b, top_b + under_a)


def _degree(problem: Problem, t: Term, over: str, known: Known) -> tuple[int, int]:
    """(numerator's, denominator's) number of sums over the axis multiplied together, at most."""
    match t:
        case Sum(index, body):
            n, d = _degree(problem, body, over, known)
            return n + (axis(index) == over), d
        case Name(s, _):
            if any(c.symbol == s and x == over for x, c in problem.count):
                return 1, 0
            if (s, over) not in known:
                definition = problem.definition(s)
                known[s, over] = _degree(problem, definition.value, over, known) if definition else (0, 0)
            return known[s, over]
        case Mul(fs):
            each = [_degree(problem, f, over, known) for f in fs]
            return sum(n for n, _ in each), sum(d for _, d in each)
        case Add(ts):
            each = [_degree(problem, f, over, known) for f in ts]
            under = {d for _, d in each}
            if len(under) == 1:
                return max(n for n, _ in each), under.pop()
            return max(n + sum(d for _, d in each) - own for n, own in each), sum(d for _, d in each)
        case Div(a, b):
            (n, d), (m, e) = _degree(problem, a, over, known), _degree(problem, b, over, known)
            return n + e, d + m
        case Pow(a, Num(v)) if v.denominator == 1:
            n, d = _degree(problem, a, over, known)
            return (n * abs(int(v)), d * abs(int(v))) if v > 0 else (d * abs(int(v)), n * abs(int(v)))
        case Det(_, _, entry):
            n, d = _degree(problem, entry, over, known)
            return LARGEST * n, LARGEST * d
        case Inverse(_, _, _, _, entry):
            n, d = _degree(problem, entry, over, known)
            return (LARGEST - 1) * n + LARGEST * d, LARGEST * n + (LARGEST - 1) * d
        case D(of, by, _):
            n, d = _degree(problem, of, over, known)
            return (n + d, 2 * d) if d and _under(problem, of, by.symbol, over, known) else (n, d)
    each = [_degree(problem, c, over, known) for c in children(t)]
    return max((n for n, _ in each), default=0), max((d for _, d in each), default=0)


def _under(problem: Problem, t: Term, symbol: str, over: str, known: Known) -> bool:
    """Does the symbol stand in a denominator of t with a sum over the axis in it, or in one of what t's names are made of?"""
    for s in subterms(t):
        match s:
            case Div(_, below) | Inverse(_, _, _, _, below):
                pass
            case Pow(below, exponent) if not (isinstance(exponent, Num) and exponent.value > 0):
                pass
            case Name(other, _) if other != symbol and (d := problem.definition(other)) and _under(problem, d.value, symbol, over, known):
                return True
            case _:
                continue
        if any(_degree(problem, below, over, known)) and symbol in _all_names(problem, below):
            return True
    return False


def _all_names(problem: Problem, t: Term) -> set[str]:
    out = set(names(t))
    for s in sorted(out):
        if d := problem.definition(s):
            out |= _all_names(problem, d.value)
    return out
