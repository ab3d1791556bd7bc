"""Limits on what a text says, before any of it is computed: 9**9**9**9 is short to write."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, prod
from typing import NamedTuple

from symgd.reading.pratt import Reading
from symgd.reading.unread import Unread
from symgd.term import Add, Div, Mul, Name, Neg, Num, Pow, Term

__all__ = ["BITS", "DEGREE", "within_limits"]

BITS, DEGREE = 4_096, 10_000


class _Measure(NamedTuple):
    """value: where it is an exact number · bits: at most so many, where it is one · degree: of a polynomial or quotient in its names and functions"""

    value: Fraction | None
    bits: int
    degree: int


def within_limits(r: Reading, text: str) -> Reading:
    """r itself.  Raises Unread where an exact value may be longer than 4,096 bits, or a total degree beyond 10,000."""
    _measure(r, text)
    return r


def _measure(r: Reading, text: str) -> _Measure:
    """Bounds from those of the parts first; a value is computed only where its bound is within the limit."""
    parts = [_measure(x, text) for x in r.parts]
    bits, degree = _bounds(r.term, parts)
    if bits > BITS:
        raise Unread(f"the value of this may be longer than {BITS:,} bits", text, r.start, r.end)
    if degree > DEGREE:
        raise Unread(f"the degree of this is beyond {DEGREE:,}", text, r.start, r.end)
    value = _value(r.term, [x.value for x in parts if x.value is not None]) if all(x.value is not None for x in parts) else None
    return _Measure(value, bits if value is None else max(abs(value.numerator).bit_length(), value.denominator.bit_length()), degree)


def _bounds(t: Term, parts: list[_Measure]) -> tuple[int, int]:
    """bits(a b) ≤ bits(a) + bits(b), bits(a^b) ≤ bits(a) |b|, and so for degrees"""
    match t, parts:
        case Num(v), _:
            return max(v.numerator.bit_length(), v.denominator.bit_length()), 0
        case Name(), _:
            return 0, 1
        case (Mul() | Div()), _:
            return sum(x.bits for x in parts), sum(x.degree for x in parts)
        case Pow(), [base, exponent] if exponent.value is not None:
            return ceil(base.bits * abs(exponent.value)), ceil(base.degree * abs(exponent.value))
        case (Add() | Neg()), _:
            return max(x.bits for x in parts), max(x.degree for x in parts)
    return max((x.bits for x in parts), default=0), min(1, max((x.degree for x in parts), default=0))


def _value(t: Term, values: list[Fraction]) -> Fraction | None:
    """The exact number that t is, if it is one."""
    match t, values:
        case Num(v), _:
            return v
        case Neg(), [a]:
            return -a
        case Add(), _:
            return sum(values, Fraction(0))
        case Mul(), _:
            return prod(values, start=Fraction(1))
        case Div(), [a, b] if b:
            return a / b
        case Pow(), [a, b] if a and b.denominator == 1:
            return a ** int(b)
    return None
