"""Characters → tokens, for plain text (ASCII and Unicode) and for LaTeX.  The accepted characters are the tables below; every other one is refused.

Nothing is normalised beforehand, so that places stay those of the original; a letter and its accent are read as one, composed or not (NFC and NFD alike).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from symgd.language import GREEK
from symgd.reading import latex
from symgd.reading.tokens import LENGTH, TOKENS, Token
from symgd.reading.unread import Unread

__all__ = ["lex"]

First = Callable[[str, int, bool, str], tuple[int, list[Token]] | None]

_SPACE = re.compile("[ \t\r\n\u00a0\u2002\u2003\u2009\u200a\u202f\u2061\u2062]+")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_RUN = {"ascii": re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*"), "latex": re.compile(r"[A-Za-z]+")}
_BLANK = re.compile(r"_{3,}|\\_(?:[ ]*\\_)+")  # where an answer is to be written
_DIGITS = re.compile(r"[0-9]*")

_PAIRS = {"**": "^", ":=": ":=", "<=": "<=", ">=": ">=", "!=": "!=", "==": "="}
_OPERATORS = {
    **{c: c for c in "+-*/^_=<>,'|&"}, ":": ":", ";": ",",
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=",
    "≔": ":=", "∂": "∂", "√": "√", "Σ": "Σ", "∑": "Σ", "′": "'", "’": "'", "∣": "|",
}  # fmt: skip
_BRACKETS = {"(": "open", "[": "open", "{": "open", ")": "close", "]": "close", "}": "close"}
_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "0123456789+-()abcdefghijklmnoprstuvwxyz", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", "0123456789+-=()aehijklmnoprstuvxβγρφχ", strict=True))
_PRIMES = "'′’"
_RAISED_PRIMES = re.compile(r"\^\s*(?:\{\s*((?:\\prime\s*)+)\}|\\prime(?![A-Za-z]))")
_FRACTIONS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅛": (1, 8)}
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde"}
_LETTERS = {c: word for word, c in GREEK.items() if word != "lam"} | {"ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "µ": "mu", "ℓ": "l"}


def lex(text: str, syntax: str, begin: int, finish: int, first: First | None = None) -> list[Token]:
    """The tokens of text[begin:finish], then one `end`.  Raises Unread at a character, command or number that is not accepted, and beyond the limits.

    first   is asked at each place before the tables here: where the token that it knows ends, and the tokens
    """
    if len(text) > LENGTH:
        raise Unread(f"a formula has at most {LENGTH:,} characters, this one has {len(text):,}", text, LENGTH, LENGTH + 1)
    out: list[Token] = []
    at, spaced = begin, True
    while at < finish:
        if space := _SPACE.match(text, at):
            at, spaced = space.end(), True
            continue
        at, new = (first and first(text, at, spaced, syntax)) or _next(text, at, spaced, syntax)
        spaced = spaced and not new  # \left and \, leave nothing
        out += new
        if len(out) > TOKENS:
            raise Unread(f"a formula has at most {TOKENS:,} names and signs", text, new[-1].start, at)
    return [*out, Token("end", "", finish, finish, spaced)]


def _next(text: str, at: int, spaced: bool, syntax: str) -> tuple[int, list[Token]]:
    """Where the next token ends, and what it is."""
    c = text[at]
    if found := _BLANK.match(text, at):
        raise Unread("this blank is not filled in", text, at, found.end())
    if found := _NUMBER.match(text, at):
        return found.end(), [Token("number", found[0], at, found.end(), spaced)]
    if c == "\\" and syntax == "latex":
        return latex.command(text, at, spaced)
    if c == "^" and syntax == "latex" and (found := _RAISED_PRIMES.match(text, at)):  # L^{\prime} is L'
        return found.end(), [Token("op", "'", at, found.end(), spaced)] * (found[1] or "\\prime").count("prime")
    following = text[at + 1 : at + 2]
    if c not in _ACCENTED_BASES or following not in _ACCENTS:
        if found := _RUN[syntax].match(text, at):
            end = found.end()
            if end > at + 1 and text[end : end + 1] in _ACCENTS:  # the accent belongs to the last letter alone
                end -= 1
            return end, [Token("run", text[at:end], at, end, spaced)]
        if c + following in _PAIRS:
            return at + 2, [Token("op", _PAIRS[c + following], at, at + 2, spaced)]
        if c in _OPERATORS:
            return at + 1, [Token("op", _OPERATORS[c], at, at + 1, spaced)]
        if c in _BRACKETS:
            return at + 1, [Token(_BRACKETS[c], c, at, at + 1, spaced)]
        if c in _FRACTIONS:
            return at + 1, _fraction(text, at, spaced)
        if c in _SUPER or c in _SUB:
            return _script(text, at, *((_SUPER, "^") if c in _SUPER else (_SUB, "_")))
    return _letter(text, at, spaced)


_ACCENTED_BASES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") | frozenset(_LETTERS)


def _letter(text: str, at: int, spaced: bool) -> tuple[int, list[Token]]:
    """θ, ŷ, ȳ, β̂: a letter beyond ASCII is a name of its own, with its accent and the digits that follow."""
    base, *marks = list(unicodedata.normalize("NFD", text[at]))
    end = at + 1
    while end < len(text) and text[end] in _ACCENTS:
        marks.append(text[end])
        end += 1
    word = _LETTERS.get(base, base if base in _ACCENTED_BASES else "")
    if not word or any(m not in _ACCENTS for m in marks) or len(marks) > 1:
        raise Unread(f"the character {_described(text[at])} is not one that is read here", text, at, at + 1)
    digits = "" if marks else _DIGITS.match(text, end)[0]  # type: ignore[index]  # it always matches
    return end + len(digits), [Token("word", "_".join([word + digits, *(_ACCENTS[m] for m in marks)]), at, end + len(digits), spaced)]


def _described(c: str) -> str:
    """U+005C REVERSE SOLIDUS, with the character where it can be printed."""
    shown = f"{c!r} " if c.isprintable() else ""
    return f"{shown}(U+{ord(c):04X} {unicodedata.name(c, 'without a name')})"


def _fraction(text: str, at: int, spaced: bool) -> list[Token]:
    """½ is (1/2)"""
    if not spaced and at and text[at - 1].isdigit():
        raise Unread("a number stands right before a fraction: is it added or multiplied?", text, at - 1, at + 1, "write 2 + 1/2 or 2 * 1/2")
    top, bottom = _FRACTIONS[text[at]]
    made = (("open", "("), ("number", str(top)), ("op", "/"), ("number", str(bottom)), ("close", ")"))
    return [Token(kind, part, at, at + 1, spaced and not i) for i, (kind, part) in enumerate(made)]


def _script(text: str, at: int, table: dict[str, str], operator: str) -> tuple[int, list[Token]]:
    """x⁻¹ is x^{-1}, xᵢⱼ is x_{ij}"""
    end = at
    while end < len(text) and (text[end] in table or (table is _SUB and text[end] in _PRIMES)):  # xᵢ′ has the index i'
        end += 1
    plain = "".join(table.get(c, "'") for c in text[at:end])
    out = [Token("op", operator, at, at), Token("open", "{", at, at)]
    for found in re.finditer(r"[0-9]+|[a-z]+|.", plain):
        a, b, part = at + found.start(), at + found.end(), _LETTERS.get(found[0], found[0])
        kind = "number" if part.isdigit() else "run" if part.isalpha() else _BRACKETS.get(part, "op")
        out.append(Token(kind, part, a, b))
    return end, [*out, Token("close", "}", end, end)]
