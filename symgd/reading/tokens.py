"""Tokens: the alphabet that both lexers write and the parser reads, each token with its place in the text.

kind      text
number    0.50
word      a whole name or function: y_hat, theta, sin
run       letters that may be one name or several (`wx`): `words.py` decides
op        + - * / ^ _ = < <= > >= != := , ' | & newrow Σ √ ∂ d (a differential)
open      ( [ { brace |( cases(        close     ) ] } brace) |) cases)        ({ is a group that is not seen on paper)
command   frac sqrt hat bar tilde over
end
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symgd.reading.unread import Unread

__all__ = ["CLOSES", "DEPTH", "DIGITS", "LENGTH", "TOKENS", "Token", "brackets"]

# The limits on a stranger's formula.
LENGTH, TOKENS, DEPTH, DIGITS = 10_000, 2_000, 60, 40

CLOSES = {"(": ")", "[": "]", "{": "}", "brace(": "brace)", "|(": "|)", "cases(": "cases)", "‖(": "‖)", "matrix(": "matrix)"}


class Token(NamedTuple):
    """text[start:end] of the original is this token; `spaced` where a space stands before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False


def brackets(tokens: Sequence[Token], text: str) -> dict[int, int]:
    """For each opening bracket the position of the one that closes it.  Raises Unread where they do not pair or nest deeper than 60."""
    out: dict[int, int] = {}
    opened: list[int] = []
    for at, t in enumerate(tokens):
        if t.kind == "open":
            opened.append(at)
            if len(opened) > DEPTH:
                raise Unread(f"brackets are nested deeper than {DEPTH}", text, t.start, t.end)
        elif t.kind == "close":
            if not opened:
                raise Unread("this bracket was never opened", text, t.start, t.end)
            first = opened.pop()
            if CLOSES[tokens[first].text] != t.text:
                raise Unread(f"this bracket closes another kind than was opened at column {tokens[first].start + 1}", text, t.start, t.end)
            out[first] = at
    if opened:
        t = tokens[opened[-1]]
        raise Unread("the bracket is never closed", text, t.start, t.end)
    return out
