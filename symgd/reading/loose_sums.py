r"""Sums and averages as other people write them: from 0 to n, without an index, over one half of a formula; \mathbb{E}[…], E[…]."""

from __future__ import annotations

from symgd.reading.applied import word
from symgd.reading.functions import bracketed, exponent, opens
from symgd.reading.loose_names import noted, script, student
from symgd.reading.loose_rates import taken
from symgd.reading.pratt import LOWEST, MINUS, Cursor, Reading, expression
from symgd.reading.tokens import Token
from symgd.reading.words import labels
from symgd.term import Call, Pow, Sum

__all__ = ["expectation", "letter", "summation", "worded_sum"]


def summation(p: Cursor) -> Reading:
    r"""Σ_i body, \sum_{i=0}^n body, Σ body"""
    sign = p.take()
    indices = _bounds(p, sign)
    return _summed(p, sign, indices)


def _summed(p: Cursor, sign: Token, indices: tuple[str, ...]) -> Reading:
    outside = p.bound
    p.bound = (*outside, *(i[0] for i in indices))
    student(p).inside += 1
    body = expression(p, LOWEST if student(p).wide else MINUS)
    student(p).inside -= 1
    student(p).open |= p.sees("+", "-")
    p.bound = outside
    return _sum(p, sign.start, indices, body, "sum")


def _sum(p: Cursor, start: int, indices: tuple[str, ...], body: Reading, kind: str) -> Reading:
    out = body
    for index in reversed(indices):
        out = p.made(Sum(index, out.term), start, body.end, out)
    if kind == "mean" and indices:
        return p.made(Call("mean", (body.term,)), start, body.end, body)
    return out if indices else p.made(Call(kind, (body.term,)), start, body.end, body)


def worded_sum(p: Cursor) -> Reading:
    """sum_i(body), sum(body), mean(body): the bracket alone; with a power outside it, the power of each"""
    t = p.take()
    kind, _, label = t.text.partition("_")
    if label:
        own, indices = labels(label.replace(",", ""), [c for c in label if c.isalpha()])
        if own:
            p.refuse("a sum runs over letters: sum_i, sum_{i=1}^{n}", t)
    else:
        indices = _bounds(p, t)
    if not opens(p) or p.here.spaced:
        return _summed(p, t, indices) if kind == "sum" else p.missing("the bracket after mean")
    outside = p.bound
    p.bound = (*outside, *(i[0] for i in indices))
    student(p).inside += 1
    body = bracketed(p)
    student(p).inside -= 1
    p.bound = outside
    if p.sees("^"):
        noted(p, f"the power is read as belonging to each term under the {kind}", body.start, p.here.end)
        raised = exponent(p)
        body = p.made(Pow(body.term, raised.term), body.start, raised.end, body, raised)
    return _sum(p, t.start, indices, body, kind)


def _bounds(p: Cursor, sign: Token) -> tuple[str, ...]:
    """_i, _{i=1}^{n}, _{i=0}^{n}, _1^n"""
    below = [t.text for t in script(p)] if taken(p, "_") else []
    upper = [t.text for t in script(p)] if taken(p, "^") else []
    if not below and not upper:
        return ()
    place = Token("", "", sign.start, p.last.end)
    end = "".join(upper)
    if end:
        student(p).counts.append(end)
    letters, lower = (below[: below.index("=")], below[below.index("=") + 1 :]) if "=" in below else (below, [])
    if "∈" in letters:
        letters = letters[: letters.index("∈")]
    if letters == ["1"] or not letters:
        noted(p, "the sum names no index", sign.start, p.last.end)
        return ()
    own, indices = labels("".join(t for t in letters if t not in ("_", ",", "(", ")")), [c for t in letters for c in t if c.isalpha()])
    if own or not indices or len(set(indices)) < len(indices):
        p.refuse("a sum runs over letters: sum_i, sum_{i=1}^{n}", place)
    if lower == ["0"] and end and not end.endswith("-1"):
        noted(p, f"the sum from {indices[0]} = 0 to {end} is read as one over all samples", sign.start, p.last.end)
    elif lower not in ([], ["0"], ["1"]) or (end.endswith("-1") and lower != ["0"]):
        p.refuse("a sum is read only over a whole axis, from 1 to n", place)
    return indices


def expectation(p: Cursor) -> Reading:
    r"""\mathbb{E}[…] is the mean"""
    sign = p.take()
    if taken(p, "_"):
        script(p)
    if not opens(p):
        p.missing("the bracket of the mean")
    body = bracketed(p)
    return p.made(Call("mean", (body.term,)), sign.start, body.end, body)


def letter(p: Cursor) -> Reading:
    """E[…] is a mean too"""
    t = p.here
    if t.text == "E" and "E" not in p.declared and p.tokens[p.at + 1].text == "[":
        return expectation(p)
    return word(p)
