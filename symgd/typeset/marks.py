"""A symbol of the tree → its mark on paper: y_hat → ŷ, theta0 → θ₀, S_xy → S with a subscript; and an index → letter, number, primes."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from symgd.language import GREEK
from symgd.typeset.shapes import Ident

__all__ = ["ACCENTS", "ARRAY_WORDS", "GREEK_WORDS", "array_mark", "ident", "index_parts", "rank"]

# accent: (LaTeX on a letter, LaTeX on a word, combining character)
ACCENTS = {"hat": (r"\hat", r"\widehat", "\u0302"), "bar": (r"\bar", r"\overline", "\u0304"), "tilde": (r"\tilde", r"\widetilde", "\u0303")}

GREEK_WORDS = {letter: word for word, letter in reversed(GREEK.items())}  # the first word of a letter wins: lambda, not lam

# functions of whole arrays: (LaTeX, how it is said)
ARRAY_WORDS = {
    "det": (r"\det", "the determinant of {0}"), "tr": (r"\mathrm{tr}", "the trace of {0}"), "diag": (r"\mathrm{diag}", "the diagonal matrix of {0}"),
    "softmax": (r"\mathrm{softmax}", "softmax of {0}"),
}  # fmt: skip

_HEAD = re.compile(r"([^\W\d_]+)(\d*)")
_WORD = re.compile(r"[a-z]{4,}")
_INDEX = re.compile(r"([^\d']*)(\d*)('*)")


def ident(symbol: str, indices: tuple[str, ...] = (), bold: bool = False) -> Ident:
    """The mark of a name, with the indices it carries."""
    letters, accents, own = _mark(symbol)
    return Ident(letters, accents, own, indices, bold)


_CAPITALS = {"γ": "Γ", "δ": "Δ", "θ": "Θ", "λ": "Λ", "ξ": "Ξ", "φ": "Φ", "ψ": "Ψ", "ω": "Ω"}  # Σ and Π are signs, the others Latin letters


def array_mark(symbol: str, axes: int, taken: frozenset[str] = frozenset()) -> Ident:
    """The bold mark of an array.  A matrix is a capital letter, unless a name that is taken has that letter."""
    mark = ident(symbol, (), True)
    capital = mark.letters.upper() if mark.letters.isascii() else _CAPITALS.get(mark.letters, mark.letters)
    if axes != 2 or len(mark.letters) != 1 or capital == mark.letters:
        return mark
    lifted = replace(mark, letters=capital)
    return mark if any(ident(s, (), True) == lifted for s in taken) else lifted


def index_parts(index: str) -> tuple[str, str, str]:
    """An index as letter, number and primes: h1' → ("h", "1", "'")."""
    found = _INDEX.fullmatch(index)
    return (found[1], found[2], found[3]) if found else (index, "", "")


@lru_cache(maxsize=4096)
def _mark(symbol: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Letters, accents, own subscripts.  A symbol of no known form stays one upright word, words joined by _ are one name: learning rate."""
    first, *rest = symbol.split("_")
    if rest and all(_WORD.fullmatch(p) and p not in ACCENTS and p not in GREEK for p in (first, *rest)):
        return " ".join((first, *rest)), (), ()
    head = _HEAD.fullmatch(first)
    if head is None or "" in rest:
        return symbol, (), ()
    letters, digits = GREEK.get(head[1], head[1]), head[2]
    if digits and len(letters) > 1:  # fc1 is a word
        letters, digits = first, ""
    accents = tuple(p for p in rest if p in ACCENTS)
    own = tuple(_below(p) for p in rest if p not in ACCENTS)
    return letters, accents, ((digits,) if digits else ()) + own


def _below(part: str) -> str:
    """theta1 below a letter is θ1."""
    found = _HEAD.fullmatch(part)
    return GREEK.get(found[1], found[1]) + found[2] if found else part


_RANK = {axis: k for k, axis in enumerate("ijhk")}  # batch first: samples, features, hidden units, classes


def rank(index: str) -> tuple[int, str, int, int]:
    """Sorts indices as arrays carry them, rows first."""
    letters, digits, primes = index_parts(index)
    return _RANK.get(letters, len(_RANK)), letters, int(digits or 0), len(primes)
