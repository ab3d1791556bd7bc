"""A refutation as it is printed: the point in short decimals, both values to as many digits as it takes to see them differ."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint

from symgd.referee.check import Check

__all__ = ["decimal", "digits", "refuted"]


def refuted(point: tuple[tuple[str, Fraction], ...], u: Any, v: Any, bits: int = 256) -> Check:
    """Refuted: at this point, (name, value) pairs, the two sides have the values u and v, balls that do not meet."""
    shown = tuple((name, decimal(q)) for name, q in point)
    values = _apart_in_print(u, v, bits)
    place = "at " + ", ".join(f"{name} = {q}" for name, q in shown) + ": " if shown else ""
    return Check("refuted", f"{place}{values[0]} is not {values[1]}", "one point suffices", shown, values)


def decimal(q: Fraction) -> str:
    """3/10 as 0.3; a fraction that does not end, or not within 12 places, stays p/q."""
    places = next((n for n in range(13) if 10**n % q.denominator == 0), None)
    if places is None:
        return str(q)
    text = str(abs(q.numerator) * 10**places // q.denominator).rjust(places + 1, "0")
    whole, part = (text[:-places], text[-places:]) if places else (text, "")
    return ("-" if q < 0 else "") + whole + (f".{part}" if part else "")


def digits(gap: Any, size: Any) -> int:
    """To how many digits two values of this size agree whose difference is at most the gap."""
    top = gap.abs_upper()
    if top == 0:
        return 10**4
    scale = size.abs_upper().max(flint.arb(1))
    return max(0, int(float((scale / top).log() / flint.arb(10).log())))


def _apart_in_print(u: Any, v: Any, bits: int) -> tuple[str, str]:
    with flint.ctx.workprec(bits):
        for places in range(6, 41, 2):
            shown = _plain(u, places), _plain(v, places)
            if shown[0] != shown[1]:
                return shown
        return _plain(u, 6), f"{_plain(u, 6)} {'+' if v > u else '-'} {_plain(abs(v - u), 3)}"


def _plain(v: Any, places: int) -> str:
    """1.26000 as 1.26"""
    text = str(v.str(places, radius=False))
    mantissa, e, power = text.partition("e")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + e + power
