"""LaTeX's commands → tokens: the subset that is read.  A command that is not in a table here is refused, with its place."""

from __future__ import annotations

import re

from symgd.language import ALIASES, FUNCTIONS, GREEK
from symgd.reading.tokens import Token
from symgd.reading.unread import Unread

__all__ = ["command"]

_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_WORDS = re.compile(r"\s*\{\s*((?=[0-9]*[A-Za-z])[A-Za-z0-9]+(?:\\?_[A-Za-z0-9]+)*)\s*\}|\s*\{\s*\}")
_JOINED = re.compile(r"\s*\{([a-z]{4,}(?: [a-z]{4,})+)\}")
_CASES = re.compile(r"\s*\{\s*(cases|dcases)\s*\}")
_DELIMITER = re.compile(r"\s*(\\[{}|]|\\[lr]?[vV]ert(?![A-Za-z])|\\[lr]brace(?![A-Za-z])|\\[lr]brack(?![A-Za-z])|[()\[\]|])")

_NOTHING = frozenset((
    r"\,", r"\;", r"\:", r"\!", r"\>", "\\ ", "\\\n", r"\quad", r"\qquad", r"\thinspace", r"\enspace", r"\displaystyle", r"\textstyle",
    r"\limits", r"\nolimits",
))  # fmt: skip
_SIZES = frozenset(f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
_OPERATORS = {
    r"\cdot": "*", r"\times": "*", r"\ast": "*", r"\div": "/", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
    r"\ne": "!=", r"\neq": "!=", r"\lt": "<", r"\gt": ">", r"\coloneqq": ":=", r"\sum": "Σ", r"\partial": "∂", r"\prime": "'", r"\vert": "|", r"\\": "newrow",
    r"\mid": "|",
}  # fmt: skip
_OPENING = {"(": "(", "[": "[", r"\{": "brace(", r"\lbrace": "brace(", r"\lbrack": "[", "|": "|(", r"\vert": "|(", r"\lvert": "|("}
_CLOSING = {")": ")", "]": "]", r"\}": "brace)", r"\rbrace": "brace)", r"\rbrack": "]", "|": "|)", r"\vert": "|)", r"\rvert": "|)"}
_STRUCTURES = {
    r"\frac": "frac", r"\tfrac": "frac", r"\dfrac": "frac", r"\cfrac": "frac", r"\sqrt": "sqrt", r"\over": "over",
    r"\hat": "hat", r"\widehat": "hat", r"\bar": "bar", r"\overline": "bar", r"\tilde": "tilde", r"\widetilde": "tilde",
}  # fmt: skip
_TEXTS = frozenset((r"\operatorname", r"\operatorname*", r"\mathrm", r"\text", r"\textrm", r"\mathit", r"\textit", r"\mbox", r"\mathsf"))
_LETTERS = {"\\" + word: word for word in GREEK if word != "lam"} | {
    r"\varepsilon": "epsilon", r"\vartheta": "theta", r"\varphi": "phi", r"\varrho": "rho", r"\ell": "l", r"\Alpha": "Alpha", r"\Beta": "Beta",
}  # fmt: skip
_FUNCTIONS = {"\\" + word: word for word in (*FUNCTIONS, *ALIASES) if word.isascii()}


def command(text: str, at: int, spaced: bool) -> tuple[int, list[Token]]:
    """Where the command that begins at `at` ends (with what belongs to it), and its tokens."""
    found = _COMMAND.match(text, at)
    if not found:
        raise Unread("a backslash stands alone", text, at, at + 1)
    name, end = found[0], found.end()
    if name.endswith("*") and name not in _TEXTS:
        name, end = name[:-1], end - 1
    if name in _NOTHING:
        return end, []
    for kind, table in (("word", _LETTERS), ("op", _OPERATORS), ("command", _STRUCTURES), ("word", _FUNCTIONS)):
        if name in table:
            return end, [Token(kind, table[name], at, end, spaced)]
    if name in _TEXTS:
        return _text(text, at, end, spaced)
    if name in (r"\begin", r"\end"):
        return _cases(text, at, end, spaced)
    if name in _SIZES and (follows := _DELIMITER.match(text, end)):
        if follows[1].startswith("\\"):
            return command(text, follows.start(1), spaced)
        return end, []
    return _delimiter(text, at, end, name, spaced)


def _text(text: str, at: int, end: int, spaced: bool) -> tuple[int, list[Token]]:
    r"""\mathrm{MSE} is one word, and so is \text{learning rate}: learning_rate."""
    if joined := _JOINED.match(text, end):
        return joined.end(), [Token("word", joined[1].replace(" ", "_"), at, joined.end(), spaced)]
    found = _WORDS.match(text, end)
    if not found:
        raise Unread("between these braces one word is read, of letters and digits", text, at, end)
    word = (found[1] or "").replace("\\", "")
    return found.end(), [Token("word", word, at, found.end(), spaced)] if word else []


def _cases(text: str, at: int, end: int, spaced: bool) -> tuple[int, list[Token]]:
    """The environment `cases` opens and closes like a bracket."""
    found = _CASES.match(text, end)
    if not found:
        raise Unread("of the environments only cases is read inside a formula", text, at, end)
    kind, bracket = ("open", "cases(") if text[at + 1] == "b" else ("close", "cases)")
    return found.end(), [Token(kind, bracket, at, found.end(), spaced)]


def _delimiter(text: str, at: int, end: int, name: str, spaced: bool) -> tuple[int, list[Token]]:
    r"""\left( … \right), \{ … \}, \lvert … \rvert"""
    if name in (r"\left", r"\right"):
        found = _DELIMITER.match(text, end)
        delimiter, end = (found[1], found.end()) if found else ("", end)
        if name == r"\left" and delimiter in _OPENING:
            return end, [Token("open", _OPENING[delimiter], at, end, spaced)]
        if name == r"\right" and delimiter in _CLOSING:
            return end, [Token("close", _CLOSING[delimiter], at, end, spaced)]
        raise Unread(f"after {name} a bracket of the pair ( ), [ ], { '{ }' } or | | stands", text, at, end)
    if name in _OPENING:
        return end, [Token("open", _OPENING[name], at, end, spaced)]
    if name in _CLOSING:
        return end, [Token("close", _CLOSING[name], at, end, spaced)]
    shown = name if name[1:].isprintable() else "this"
    raise Unread(f"{shown} is not a command that is read here", text, at, end)
