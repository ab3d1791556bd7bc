"""Two rational expressions too large to expand: equal if they agree at secret random places modulo three secret random primes of 61 bits.

A difference of total degree d whose coefficients have B bits vanishes at one such place by chance 2d/2^60 + B/(60·10^16) at most: 2^60 values
a name (Schwartz 1980, doi:10.1145/322217.322225), and more than 10^16 primes of 61 bits of which at most B/60 divide its coefficients.
Neither primes nor places leave this file: a known prime can be attacked with well-chosen coefficients.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

__all__ = ["agree", "error_bound", "rational"]

DEGREE = 10_000
BITS = 1_000_000
PRIMES = 3


@dataclass(frozen=True)
class Height:
    """Bounds for a fraction of polynomials: total degrees of top and bottom, and bits of the sum of the sizes of all coefficients."""

    top: int
    bottom: int
    top_bits: int
    bottom_bits: int


@cache
def _primes() -> tuple[int, ...]:
    """Drawn once a process, every prime of 61 bits as likely as any other."""
    out: list[int] = []
    while len(out) < PRIMES:
        n = 2**60 + secrets.randbelow(2**60)
        if n not in out and sp.isprime(n):
            out.append(n)
    return tuple(out)


def rational(*sides: sp.Expr) -> tuple[sp.Expr, ...]:
    """The sides with a new name for each root and function in them: what holds for all values of these names holds for them."""
    named: dict[sp.Expr, sp.Symbol] = {}

    def go(e: sp.Expr) -> sp.Expr:
        if e.is_Rational or e.is_Symbol:
            return e
        if e.is_Add or e.is_Mul or (e.is_Pow and e.exp.is_Integer):
            return e.func(*map(go, e.args))
        return named.setdefault(e, sp.Dummy())

    return tuple(map(go, sides))


def error_bound(left: sp.Expr, right: sp.Expr) -> float | None:
    """The chance that unequal sides agree modulo all the primes; None where a side is not rational or beyond the limits."""
    a, b = _height(left, {}), _height(right, {})
    if a is None or b is None:
        return None
    h = _plus(a, b)
    return float((2 * h.top / 2**60 + h.top_bits / 60 / 1e16) ** PRIMES)


def agree(left: sp.Expr, right: sp.Expr) -> bool | None:
    """Do both sides have equal residues at every place?  None where a bottom is 0 at one of them."""
    for p in _primes():
        env = {s: secrets.randbelow(p) for s in sorted(left.free_symbols | right.free_symbols, key=str)}
        a, b = _residue(left, p, dict(env)), _residue(right, p, dict(env))
        if a is None or b is None:
            return None
        if a != b:
            return False
    return True


def _height(e: sp.Expr, memo: dict[Any, Height | None]) -> Height | None:
    if e not in memo:
        memo[e] = _height_of(e, memo)
    h = memo[e]
    return h if h and max(h.top, h.bottom) <= DEGREE and max(h.top_bits, h.bottom_bits) <= BITS else None


def _height_of(e: sp.Expr, memo: dict[Any, Height | None]) -> Height | None:
    if e.is_Rational:
        return Height(0, 0, int(e.p).bit_length(), int(e.q).bit_length())
    if e.is_Symbol:
        return Height(1, 0, 1, 1)
    if e.is_Pow and e.exp.is_Integer:
        h, n = _height(e.base, memo), abs(int(e.exp))
        if h is None or n * max(h.top, h.bottom, h.top_bits, h.bottom_bits) > max(DEGREE, BITS):
            return None
        raised = Height(h.top * n, h.bottom * n, h.top_bits * n, h.bottom_bits * n)
        return raised if e.exp > 0 else Height(raised.bottom, raised.top, raised.bottom_bits, raised.top_bits)
    if not (e.is_Add or e.is_Mul):
        return None
    out: Height | None = None
    for a in e.args:
        h = _height(a, memo)
        if h is None:
            return None
        out = h if out is None else _plus(out, h) if e.is_Add else _times(out, h)
        if max(out.top, out.bottom) > DEGREE or max(out.top_bits, out.bottom_bits) > BITS:
            return None
    return out


def _plus(a: Height, b: Height) -> Height:
    """a/c + b/d = (ad + bc)/cd"""
    bits = max(a.top_bits + b.bottom_bits, b.top_bits + a.bottom_bits) + 1
    return Height(max(a.top + b.bottom, b.top + a.bottom), a.bottom + b.bottom, bits, a.bottom_bits + b.bottom_bits)


def _times(a: Height, b: Height) -> Height:
    return Height(a.top + b.top, a.bottom + b.bottom, a.top_bits + b.top_bits, a.bottom_bits + b.bottom_bits)


def _residue(e: sp.Expr, p: int, env: dict[Any, int | None]) -> int | None:
    if e not in env:
        env[e] = _residue_of(e, p, env)
    return env[e]


def _residue_of(e: sp.Expr, p: int, env: dict[Any, int | None]) -> int | None:
    if e.is_Rational:
        return None if int(e.q) % p == 0 else int(e.p) * pow(int(e.q), -1, p) % p
    if e.is_Pow:
        base = _residue(e.base, p, env)
        return None if base is None or (base == 0 and e.exp < 0) else pow(base, int(e.exp), p)
    out = 0 if e.is_Add else 1
    for a in e.args:
        v = _residue(a, p, env)
        if v is None:
            return None
        out = (out + v if e.is_Add else out * v) % p
    return out
