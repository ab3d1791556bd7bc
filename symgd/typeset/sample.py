"""A term at one sample: n is 1, the sums over the samples are gone, and so is the sample's index.  2u_i/n becomes 2u."""

from __future__ import annotations

from symgd.indices import axis
from symgd.term import ONE, Div, Match, Mul, Name, Sum, Term, children, mul, rebuild

__all__ = ["one_sample"]


def one_sample(t: Term, over: str = "i", count: str = "n") -> Term:
    """t for a single sample, along the axis `over` that is counted by `count`.

    Not another term of the same meaning, but the same one where there is one sample only.  What becomes a factor or a divisor 1 is left out.
    """
    match t:
        case Name(symbol, indices):
            return ONE if symbol == count and not indices else Name(symbol, tuple(a for a in indices if axis(a) != over))
        case Sum(a, body) if axis(a) == over:
            return one_sample(body, over, count)
        case Match(a, b) if axis(a) == over and axis(b) == over:
            return ONE
        case Div(a, b):
            top, bottom = one_sample(a, over, count), one_sample(b, over, count)
            return top if bottom == ONE and b != ONE else Div(top, bottom)
        case Mul(fs):
            now = [(f, one_sample(f, over, count)) for f in fs]
            return mul(*(new for old, new in now if new != ONE or old == ONE))
    return rebuild(t, [one_sample(c, over, count) for c in children(t)])
