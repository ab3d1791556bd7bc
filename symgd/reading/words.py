r"""Which names a run of letters holds, what a subscript says, and where d means a differential.

The rules, in order, for a run such as `wx` or `wx_i`:
1. declared as a whole, or a function, or a Greek word: one name;
2. plain text: letters that are all declared are a product (w x_i), any other word is one name;
3. LaTeX: each letter is a name, in a run of up to three (wx, but slope is one word, and so is MSE).

A subscript is an index where it is letters out of i, j, k, h, l or of a Σ around it, each perhaps with digits (layers: h1) and primes;
otherwise it belongs to the name: `y_hat_i` is y_hat with the index i, `w_1` is a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from symgd.language import ALIASES, CONSTANTS, FUNCTIONS, GREEK
from symgd.reading.tokens import Token

__all__ = ["CONNECTIVES", "ENDING_WORDS", "INDEX_LETTERS", "SPOKEN", "declares", "differentials", "labels", "settle_scripts", "split"]

INDEX_LETTERS = "ijkhl"
SPOKEN = frozenset(("sum", "mean", "cases"))  # words that are read as notation
ENDING_WORDS = frozenset(("if", "else", "otherwise"))  # they belong to cases

_OWN_NUMBER = re.compile(r"[0-9]+(?=[A-Za-z])")


def known(word: str) -> bool:
    """Has the word a meaning without being declared?"""
    return word in FUNCTIONS or word in ALIASES or word in CONSTANTS or word in SPOKEN or word in GREEK


def split(t: Token, syntax: str, declared: Collection[str]) -> list[Token]:
    """The names that a run of letters holds."""
    base, mark, rest = t.text.partition("_")
    if len(base) == 1 or t.text in declared or base in declared:
        return [t._replace(kind="word")]
    if known(base) if syntax == "ascii" else base in FUNCTIONS or base in ALIASES or base in SPOKEN or (base in GREEK and len(base) > 2):
        return [t._replace(kind="word")]
    together = declared and all(c in declared for c in base[:-1]) and declares(base[-1] + mark + rest, declared)
    if not together and (syntax == "ascii" or len(base) > 3 or (len(base) == 3 and base.isupper())):
        return [t._replace(kind="word")]
    ends = [*range(1, len(base)), len(t.text)]
    return [Token("word", t.text[a:b], t.start + a, t.start + b, t.spaced and not a) for a, b in zip([0, *ends], ends, strict=False)]


def declares(word: str, declared: Collection[str]) -> bool:
    """Is the word declared, as it stands or without its indices: x_i, y_hat_i?"""
    base, *pieces = word.split("_")
    own = "_".join([base, *(p for p in pieces if labels(p, INDEX_LETTERS)[1] == ())])
    return word in declared or own in declared or base in declared


def labels(piece: str, letters: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """A piece of a subscript as (what belongs to the name, indices): "ij" → ("", ("i", "j")), "new" → ("new", ()), "1j" → ("1", ("j",))."""
    number = _OWN_NUMBER.match(piece)
    own, rest = (number[0], piece[number.end() :]) if number else ("", piece)
    found = re.findall(r"[A-Za-z][0-9]*'*", rest)
    if found and "".join(found) == rest and all(x[0] in letters for x in found):
        return own, tuple(found)
    return piece, ()


# ---------------------------------------------------------------- d as a differential


def differentials(tokens: Sequence[Token], closing: Mapping[int, int], declared: Collection[str]) -> frozenset[int]:
    r"""The positions of the runs whose first letter is a differential: dL/dw, d/dw, d²y/dx², \frac{dL}{dw}."""
    out: set[int] = set()
    for at, t in enumerate(tokens):
        if t.kind == "command" and t.text == "frac" and at + 1 in closing and closing[at + 1] + 1 in closing:
            top, bottom = at + 2, closing[at + 1] + 2
            if _differential(tokens, top) and _differential(tokens, bottom, below=True):
                out |= {top, *(k for k in range(bottom, closing[bottom - 1]) if _differential(tokens, k, below=True))}
        elif at not in out and _differential(tokens, at):
            below = _past_operand(tokens, closing, at) + 1
            if tokens[below - 1].text == "/" and _differential(tokens, below, below=True) and not _both_declared(t, tokens[below], declared):
                out |= {at, below}
    return frozenset(out)


def _differential(tokens: Sequence[Token], at: int, below: bool = False) -> bool:
    """May the token begin with a differential?  A name must follow, above the bar at least later: in d_1/d_2 there is none."""
    t = tokens[at]
    if at and tokens[at - 1].text in ("∂", "^", "_"):
        return False
    if t.kind not in ("run", "word") or t.text[0] != "d" or (len(t.text) > 1 and (t.kind == "word" or known(t.text.partition("_")[0]))):
        return False
    if len(t.text) > 1:
        return t.text[1].isalpha()
    return not below or (tokens[at + 1].kind in ("run", "word", "command") and tokens[at + 1].text not in ENDING_WORDS)


def _both_declared(a: Token, b: Token, declared: Collection[str]) -> bool:
    return len(a.text) > 1 and len(b.text) > 1 and a.text in declared and b.text in declared


def _past_operand(tokens: Sequence[Token], closing: Mapping[int, int], at: int) -> int:
    """Past d, its order and its operand (a name with its subscripts, or brackets): the place where a slash must stand."""
    taken = len(tokens[at].text) > 1
    at += 1
    while True:
        t = tokens[at]
        if t.kind == "op" and t.text in ("^", "_"):
            at = min(closing.get(at + 1, at + 1), len(tokens) - 2) + 1
        elif t.kind == "op" and t.text == "'":
            at += 2 if tokens[at + 1].kind == "run" and not tokens[at + 1].spaced else 1  # x_i'j
        elif not taken and (t.kind in ("run", "word") or at in closing):
            at, taken = closing.get(at, at) + 1, True
        elif not taken and t.kind == "command" and t.text in ("hat", "bar", "tilde"):
            at, taken = min(closing.get(at + 1, at + 1), len(tokens) - 2) + 1, True
        else:
            return at


def settle_scripts(tokens: list[Token], closing: Mapping[int, int]) -> list[Token]:
    """u^2_i and u²ᵢ as u_i^2: a subscript stands before the power."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at][:2] == ("op", "^"):
            low = closing.get(at + 1, at + 1) + 1
            if low < len(tokens) and tokens[low][:2] == ("op", "_"):
                end = closing.get(low + 1, low + 1) + 1
                out += [*tokens[low:end], *tokens[at:low]]
                at = end
                continue
        out.append(tokens[at])
        at += 1
    return out

# with, where, and, so, then, for, in German, French, Spanish, Italian and Portuguese: words that no formula is written with
CONNECTIVES = frozenset((
    "mit", "wobei", "und", "sowie", "daher", "dann", "somit", "folglich", "wenn", "also", "avec", "donc", "alors", "pour", "con", "donde", "entonces",
    "para", "dove", "quindi", "allora", "onde", "logo",
))  # fmt: skip
