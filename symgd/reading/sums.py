r"""Sums and averages: Σ_i a_i, sum(x), mean(x), \sum_{i=1}^{n}.

Σ takes the product that follows, up to the next + or − on its level: Σ_i a_i b_i + c is (Σ_i a_i b_i) + c.
The words sum(…) and mean(…) with a bracket take that bracket alone, as functions do.
"""

from __future__ import annotations

from symgd.reading.functions import bracketed, opens
from symgd.reading.names import script
from symgd.reading.pratt import MINUS, Cursor, Reading, expression
from symgd.reading.tokens import Token
from symgd.reading.words import INDEX_LETTERS, labels
from symgd.term import Call, Det, Inverse, Sum

__all__ = ["of_entries", "summation", "worded_sum"]


def summation(p: Cursor) -> Reading:
    r"""Σ_i body, \sum_{i=1}^{n} body, Σ body"""
    sign = p.take()
    return _summed(p, sign, _bounds(p, sign), "sum", call=False)


def worded_sum(p: Cursor) -> Reading:
    """sum_i(body), sum(body), mean(body)"""
    word = p.take()
    kind, _, label = word.text.partition("_")
    indices = _indices(p, label, word) if label else _bounds(p, word)
    if len(indices) > 1 and any(i[0] not in INDEX_LETTERS for i in indices):
        p.refuse(f"is {word.text} a name or a sum over {' and '.join(indices)}?", word)
    if indices and kind == "mean":
        p.refuse("mean takes no index", word, "write mean(…), or (1/n) sum_i(…)")
    return _summed(p, word, indices, kind, call=opens(p) and not p.here.spaced)


def of_entries(p: Cursor) -> Reading:
    """det_{j,j'}(A_jj') with the letters of rows and columns; inv_{a,b,j,j'}(A_jj') is the entry at (a, b) of the inverse."""
    word = p.take()
    p.at += 1
    letters = tuple("".join(t.text for t in script(p)).split(","))
    many = 2 if word.text == "det" else 4
    if len(letters) != many or len(set(letters[-2:])) < 2 or not all(labels(x, x[:1])[1] == (x,) and x[0].isalpha() for x in letters):
        hint = "write det_{j,j'}(A_jj') or inv_{a,b,j,j'}(A_jj')"
        p.refuse("det has the letters of its rows and columns below; inv before them those of the entry", word, hint)
    if not opens(p):
        p.missing(f"the bracket after {word.text}")
    outside = p.bound
    p.bound = (*outside, *(x[0] for x in letters))
    body = bracketed(p)
    p.bound = outside
    *entry, row, column = letters
    made = Inverse(entry[0], entry[1], row, column, body.term) if entry else Det(row, column, body.term)
    return p.made(made, word.start, body.end, body)


def _summed(p: Cursor, sign: Token, indices: tuple[str, ...], kind: str, call: bool) -> Reading:
    outside = p.bound
    p.bound = (*outside, *(i[0] for i in indices))
    body = bracketed(p) if call else expression(p, MINUS)
    p.bound = outside
    if call and (p.sees("^") or (opens(p) and not p.here.spaced)):
        p.refuse(f"does this belong under the {kind}, or is the whole {kind} meant?", hint=f"write {kind}((…)^2) or ({kind}(…))^2")
    out = body
    for index in reversed(indices):
        out = p.made(Sum(index, out.term), sign.start, body.end, out)
    return out if indices else p.made(Call(kind, (body.term,)), sign.start, body.end, body)


def _indices(p: Cursor, label: str, at: Token) -> tuple[str, ...]:
    """The letters a sum runs over: i, ij, "i,j"."""
    letters = [c for c in label if c.isalpha()]
    own, indices = labels(label.replace(",", ""), letters)
    if own or not indices or len(set(indices)) < len(indices):
        p.refuse("a sum runs over letters: sum_i, sum_{i=1}^{n}", at)
    return indices


def _bounds(p: Cursor, sign: Token) -> tuple[str, ...]:
    """_i, _{ij}, _{i=1}^{n}: the indices.  A sum runs over a whole axis: from 1 to a name, or from 0 to a name less 1."""
    if not p.sees("_"):
        if p.sees("^"):
            p.refuse("a sum with an upper bound needs its index", hint=r"write \sum_{i=1}^{n}")
        return ()
    p.at += 1
    below = [t.text for t in script(p)]
    lower = below[below.index("=") + 1 :] if "=" in below else []
    indices = _indices(p, "".join(below[: below.index("=")] if "=" in below else below).replace("_", ""), sign)
    upper: list[str] = []
    if p.sees("^"):
        p.at += 1
        upper = [t.text for t in script(p)]
    if not _whole(lower, upper):
        p.refuse("a sum is read only over a whole axis, from 1 to n", Token("", "", sign.start, p.last.end))
    return indices


def _whole(lower: list[str], upper: list[str]) -> bool:
    """from 1 to n, from 0 to n − 1, or no bounds"""
    if upper[-2:] == ["-", "1"]:
        return lower == ["0"] and _counts(upper[:-2])
    return lower in ([], ["1"]) and (not upper or _counts(upper))


def _counts(upper: list[str]) -> bool:
    """n, N, n_1: one name"""
    return bool(upper) and upper[0].isalpha() and all(t.isalnum() or t == "_" for t in upper)
