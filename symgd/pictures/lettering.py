"""Text in a picture: cleaned of what a stranger may have hidden in it, measured, shortened; numbers as a reader writes them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "LOWERED", "Piece", "brief", "clean", "count", "decimal", "digits_apart", "fitted", "formula_width", "iterations", "label_pieces", "name", "number",
    "pieces", "plain", "power_of_ten", "rounding", "shorten", "width",
]  # fmt: skip

LOWERED = 0.75  # the size of a subscript
LONGEST = 120  # characters of a label that are looked at
_JOINERS = "\u200c\u200d"  # they shape letters and turn nothing round
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def clean(text: str) -> str:
    """The text on one line, without control characters, marks that turn its direction, or more than two accents on a letter."""
    kept: list[str] = []
    accents = 0
    for c in unicodedata.normalize("NFC", text[: 4 * LONGEST]):
        kind = unicodedata.category(c)
        accents = accents + 1 if kind in ("Mn", "Me") else 0
        if c.isspace():
            kept.append(" ")
        elif accents <= 2 and (kind[0] != "C" or c in _JOINERS):
            kept.append(c)
    text = " ".join("".join(kept).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


@dataclass(frozen=True)
class Piece:
    """A stretch of text in one style; low: a subscript."""

    text: str
    italic: bool = False
    low: bool = False


_WORDS = re.compile(r"_\{([^{}]*)\}|_([^\W_⁰¹²³⁴⁵⁶⁷⁸⁹]+)|([^\W\d_]+\u0302?)|([^_]|_)")


def pieces(text: str) -> tuple[Piece, ...]:
    """A formula's text in pieces: w_min as an italic w and a low "min"; letters that stand alone, or with an index, are italic, words and digits upright."""
    found: list[Piece] = []
    for braced, low, word, other in _WORDS.findall(text):
        sub = braced or low
        letters = sub or word
        p = Piece(sub or word or other, italic=len(letters.rstrip("\u0302ᵢⱼₕₖ")) == 1 and letters[0].isalpha(), low=bool(sub))
        if found and (found[-1].italic, found[-1].low) == (p.italic, p.low):
            found[-1] = Piece(found[-1].text + p.text, p.italic, p.low)
        else:
            found.append(p)
    return tuple(found)


def label_pieces(label: str) -> tuple[Piece, ...]:
    """A quantity's label: its letter as a formula, a unit behind it as it stands: "θ_{1} (GPA per point)"."""
    letter, bracket, unit = clean(label).partition(" (")
    return (*pieces(letter), *([Piece(bracket + unit)] if bracket else []))


def plain(label: str) -> str:
    """A formula's text in running text: θ₁ for θ_{1}, w_min for w_{min}."""
    lowered = re.sub(r"_\{(\d+)\}", lambda m: m[1].translate(_SUBSCRIPT), clean(label))
    return re.sub(r"_\{([^{}]*)\}", r"_\1", lowered)


# Widths in ems, at or above those of Arial, Roboto, San Francisco and DejaVu Sans, so that a box is never too small.
_WIDTHS = {**dict.fromkeys("ijl.,:;'|!·ıᵢ", 0.33), **dict.fromkeys("frtI()[]{}/\\-\" ⁻¹ˈ`", 0.42), **dict.fromkeys("mw", 0.96), **dict.fromkeys("MW@%…—", 1.02),
           **dict.fromkeys("−+=<>≤≥×±≈→←↓↑", 0.84), **dict.fromkeys("⁰²³⁴⁵⁶⁷⁸⁹ᵃⁿ", 0.46)}


def width(text: str, size: float) -> float:
    """An upper estimate of the printed width of the text, in the unit of the font size."""
    return size * sum(map(_em, text))


def _em(c: str) -> float:
    if c in _WIDTHS:
        return _WIDTHS[c]
    if unicodedata.combining(c) or c in _JOINERS:
        return 0.0
    if c.isascii():
        return 0.74 if c.isupper() else 0.64
    if unicodedata.east_asian_width(c) in "WF":
        return 1.05
    return 0.66 if unicodedata.category(c) == "Ll" else 0.9


def shorten(text: str, room: float, size: float) -> str:
    """The text, or as much of its beginning as fits the room, with an ellipsis."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1].rstrip()
    return text + "…" if text else ""


def fitted(text: str, room: float, size: float) -> str:
    """As `shorten`, for a formula's text, whose lowered parts are smaller and whose marks take no room."""
    return text if formula_width(text, size) <= room else shorten("".join(p.text for p in pieces(text)), room, size)


def formula_width(text: str, size: float) -> float:
    """An upper estimate of the printed width of a formula's text."""
    return sum(width(p.text, LOWERED * size if p.low else size) for p in pieces(text))


def brief(text: str) -> str:
    """The text, cleaned, in at most 48 characters: a name to use in sentences."""
    text = clean(text)
    return text if len(text) <= 48 else text[:47].rstrip() + "…"


def name(label: str) -> str:
    """What a label names, without its unit: "sat_sum" of "sat_sum (SAT points)"."""
    return brief(label.partition(" (")[0] or label)


def count(n: int) -> str:
    """A whole number with its thousands apart: 15,343."""
    return f"{n:,}".replace("-", "−")


def iterations(n: int) -> str:
    return f"{count(n)} iteration{'s' if n != 1 else ''}"


def digits_apart(values: Iterable[float], digits: int = 6) -> int:
    """How many significant digits tell the values apart where they share a large part: 6, or up to 16."""
    found = list(values)
    span, largest = max(found) - min(found), max(map(abs, found))
    return min(16, digits + max(0, round(math.log10(largest / span)))) if span else digits


def rounding(spread: float, *parts: float) -> float:
    """How large a difference of such parts may come out, where it is 0 but for rounding: beside the spread of the data, or the largest part, nothing."""
    return max(1e-9 * spread, 4 * EPSILON * max(parts, default=0.0))


EPSILON = 2.0**-52  # from 1 to the next floating-point number


def power_of_ten(exponent: int) -> str:
    """10⁻³ for −3."""
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def number(value: float, digits: int = 4) -> str:
    """The value to so many significant digits: 0.02387, −12.5, 21,762, 1.2 × 10⁻⁵; trailing zeros dropped; 2024, as a year, without a comma."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < max(6, digits):
        text = f"{float(f'{value:.{digits - 1}e}'):{',' if power >= 4 else ''}.{max(0, digits - 1 - power)}f}"
        return _trim(text).replace("-", "−")
    return f"{_trim(mantissa)} × {power_of_ten(power)}".replace("-", "−")


def decimal(value: Fraction) -> str:
    """A fraction whose denominator divides a power of ten, exactly; a long tail of zeros as a power of ten."""
    places = 0
    while (scaled := value * 10**places).denominator != 1:
        places += 1
    digits = abs(scaled.numerator)
    sign = "−" if value < 0 else ""
    zeros = len(str(digits)) - len(str(digits).rstrip("0")) if digits else 0
    if places == 0 and zeros >= 6:
        head = digits // 10**zeros
        return sign + (power_of_ten(zeros) if head == 1 else f"{head:,} × {power_of_ten(zeros)}")
    whole, part = divmod(digits, 10**places)
    return f"{sign}{whole:,}" + (f".{part:0{places}d}" if places else "")


def _trim(text: str) -> str:
    return re.sub(r"\.?0+$", "", text) if "." in text else text
