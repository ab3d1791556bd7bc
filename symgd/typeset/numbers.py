"""A number → its digits: a fraction as a fraction, a decimal with the places its writer gave, powers of ten where zeros would be counted."""

from __future__ import annotations

from fractions import Fraction

from symgd.typeset.shapes import Frac, Layout, Number, Op, Row, Script

__all__ = ["decimal", "exact_places", "number"]

_LONGEST = 15  # an integer with more digits is shown as 6.02 × 10²³ if that is exact
_LEADING = 3  # a decimal with more zeros after its point is shown as 9.19 × 10⁻⁵


def number(value: Fraction, places: int | None = None) -> Layout:
    """|value| as digits; with places a decimal, rounded half to even, else exact."""
    value = abs(value)
    if places is not None and places > 0:
        return _plain_or_scientific(decimal(value, places))
    if value.denominator == 1:
        return _integer(str(value.numerator))
    exact = exact_places(value)
    if exact is not None and value.denominator > 1000 and exact <= 20:
        return _plain_or_scientific(decimal(value, exact))
    return Frac(Number(str(value.numerator)), Number(str(value.denominator)))


def decimal(value: Fraction, places: int) -> str:
    """value ≥ 0 with that many digits after the point."""
    digits = str(round(value * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def exact_places(value: Fraction) -> int | None:
    """How many decimals write the value exactly; None if none do."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def _integer(digits: str) -> Layout:
    mantissa = digits.rstrip("0")
    if len(digits) <= _LONGEST or len(mantissa) > _LONGEST:
        return Number(digits)
    return _scientific(mantissa, len(digits) - 1)


def _plain_or_scientific(digits: str) -> Layout:
    after = digits.removeprefix("0.")
    mantissa = after.lstrip("0")
    if after == digits or len(after) - len(mantissa) <= _LEADING or not mantissa:
        return Number(digits)
    return _scientific(mantissa, -(len(after) - len(mantissa) + 1))


def _scientific(mantissa: str, power: int) -> Layout:
    """d.ddd × 10^power"""
    front = mantissa if len(mantissa) == 1 else f"{mantissa[0]}.{mantissa[1:]}"
    minus = (Op("−", "prefix"),) if power < 0 else ()
    ten = Script(Number("10"), None, Row((*minus, Number(str(abs(power))))) if minus else Number(str(power)))
    return ten if front == "1" else Row((Number(front), Op("×", "product"), ten))
