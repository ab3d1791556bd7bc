"""Every number that a page shows, and every number that a program printed; and which of the first are not among the second.

A shown number is found where a printed one, rounded to the digits that are shown, is the same up to its sign.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from symgd.document.page import Block, Box, Chain, Cite, Code, Folded, Heading, Inline, Note, Page, Picture, Prose, Table
from symgd.document.plain import inline_text
from symgd.typeset import to_unicode

SMALL = 12  # whole numbers up to here count, number or are exponents
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SHOWN = re.compile(
    r"(?<![\w.,^_{₀-₉\u0302])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<power>(?:\s?[×·]\s?10|e)(?P<exponent>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[-−+]?\d+))?(?P<alone>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
)
PRINTED = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?)(?![\w])")


@dataclass(frozen=True)
class Number:
    """value, and half a unit of the last digit that is shown."""

    text: str
    value: Fraction
    within: Fraction
    place: str

    def is_among(self, printed: list[float]) -> bool:
        return any(abs(abs(Fraction(p)) - self.value) <= self.within * Fraction(1000001, 1000000) for p in printed if math.isfinite(p))


def shown(page: Page) -> Iterator[Number]:
    """The numbers of the page, but for its programs, its way line and whole numbers up to SMALL."""
    for text in texts(page.blocks):
        yield from numbers(text)


def numbers(text: str) -> Iterator[Number]:
    for m in SHOWN.finditer(text):
        digits = m["digits"].replace(",", "")
        exponent = int(m["exponent"].translate(POWERS).replace("−", "-")) if m["exponent"] else 0
        if m["alone"] and digits == "10":  # 10⁻³
            yield from _power(text, int(m["alone"].translate(POWERS)))
            continue
        after = len(digits.partition(".")[2])
        value = Fraction(digits) * Fraction(10) ** exponent
        if not m["power"] and "." not in digits and value <= SMALL:
            continue
        zeros = len(digits) - len(digits.rstrip("0")) if "." not in digits and len(digits.rstrip("0")) < 7 and exponent == 0 and len(digits) > 6 else 0
        yield Number(m[0], value, Fraction(1, 2) * Fraction(10) ** (exponent - after + zeros), text)


def _power(text: str, exponent: int) -> Iterator[Number]:
    if abs(exponent) > SMALL:
        yield Number(f"10^{exponent}", Fraction(10) ** exponent, Fraction(1, 2) * Fraction(10) ** exponent, text)


def texts(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Prose(text) | Note(text, _):
                if not inline_text(text).startswith("Page "):
                    yield _words(text)
            case Heading(_, text, _):
                yield _words(text)
            case Chain(lines):
                yield from (f"{to_unicode(x.left) if x.left else ''} {x.relation} {to_unicode(x.right)}" for x in lines)
                yield from (_words(x.reason) for x in lines)
            case Table(head, rows, caption, _):
                yield from map(_words, (*head, *(c for row in rows for c in row), caption))
            case Picture(_, title, description, _):
                yield from (title, description)
            case Box(_, inside, _) | Folded(_, inside, _):
                yield from texts(inside)
            case Code():
                pass


def _words(text: Inline) -> str:
    """The text without its citations: those are numbers of lines."""
    return inline_text(tuple(piece for piece in text if not isinstance(piece, Cite)))


def printed(text: str) -> list[float]:
    """The numbers that a program printed."""
    return [float(word) for word in PRINTED.findall(text.replace("np.float64(", "").replace(")", " ").replace("(", " "))]


def lost(page: Page, output: str) -> list[Number]:
    """The numbers of the page that the program did not find."""
    found = printed(output)
    return [x for x in shown(page) if not x.is_among(found)]
