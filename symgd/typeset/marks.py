"""A symbol of the tree → its mark on paper: y_hat → ŷ, theta0 → θ₀, S_xy → S with a subscript; and an index → letter, number, primes."""

from __future__ import annotations

import re
from functools import lru_cache

from symgd.language import GREEK
from symgd.typeset.shapes import Ident

__all__ = ["ACCENTS", "GREEK_WORDS", "ident", "index_parts"]

# accent: (LaTeX on a letter, LaTeX on a word, combining character)
ACCENTS = {"hat": (r"\hat", r"\widehat", "\u0302"), "bar": (r"\bar", r"\overline", "\u0304"), "tilde": (r"\tilde", r"\widetilde", "\u0303")}

GREEK_WORDS = {letter: word for word, letter in reversed(GREEK.items())}  # the first word of a letter wins: lambda, not lam

_HEAD = re.compile(r"([^\W\d_]+)(\d*)")
_INDEX = re.compile(r"([^\d']*)(\d*)('*)")


def ident(symbol: str, indices: tuple[str, ...] = (), bold: bool = False) -> Ident:
    """The mark of a name, with the indices it carries."""
    letters, accents, own = _mark(symbol)
    return Ident(letters, accents, own, indices, bold)


def index_parts(index: str) -> tuple[str, str, str]:
    """An index as letter, number and primes: h1' → ("h", "1", "'")."""
    found = _INDEX.fullmatch(index)
    return (found[1], found[2], found[3]) if found else (index, "", "")


@lru_cache(maxsize=4096)
def _mark(symbol: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Letters, accents, own subscripts.  A symbol of no known form stays one upright word."""
    first, *rest = symbol.split("_")
    head = _HEAD.fullmatch(first)
    if head is None or "" in rest:
        return symbol, (), ()
    letters, digits = GREEK.get(head[1], head[1]), head[2]
    if digits and len(letters) > 1:  # fc1 is a word
        letters, digits = first, ""
    accents = tuple(p for p in rest if p in ACCENTS)
    own = tuple(GREEK.get(p, p) for p in rest if p not in ACCENTS)
    return letters, accents, ((digits,) if digits else ()) + own
