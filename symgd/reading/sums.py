"""Sums, averages and derivatives: Σ_i a_i, sum(x), \\sum_{i=1}^{n}, d/dw (…), ∂L/∂w.

Σ takes the product that follows, up to the next + or − on its level: Σ_i a_i b_i + c is (Σ_i a_i b_i) + c.
The words sum(…) and mean(…) with a bracket take that bracket alone, as functions do.
d/dw takes a bracket (with its power), or the factors that follow up to a sign.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NoReturn

from symgd.reading.functions import bracketed, exponent, opens
from symgd.reading.names import script
from symgd.reading.pratt import MINUS, POWER, PRODUCT, Cursor, Reading, begins, expression, joined
from symgd.reading.tokens import Token
from symgd.reading.words import labels
from symgd.term import Call, D, Div, Mul, Name, Num, Sum

__all__ = ["derivative", "fraction", "summation", "worded_sum"]


def summation(p: Cursor) -> Reading:
    """Σ_i body, \\sum_{i=1}^{n} body, Σ body"""
    sign = p.take()
    return _summed(p, sign, _bounds(p, sign), "sum", call=False)


def worded_sum(p: Cursor) -> Reading:
    """sum_i(body), sum(body), mean(body)"""
    word = p.take()
    kind, _, label = word.text.partition("_")
    indices = _indices(p, label, word) if label else _bounds(p, word)
    if indices and kind == "mean":
        p.refuse("mean takes no index", word, "write mean(…), or (1/n) sum_i(…)")
    return _summed(p, word, indices, kind, call=opens(p) and not p.here.spaced)


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
            p.refuse("a sum with an upper bound needs its index", hint="write \\sum_{i=1}^{n}")
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


# ---------------------------------------------------------------- derivatives and fractions


def fraction(p: Cursor) -> Reading:
    r"""\frac{a}{b}, \frac12, and \frac{dL}{dw}"""
    command = p.take()
    if p.here.text == "{" and p.tokens[p.at + 1].kind == "op" and p.tokens[p.at + 1].text in ("d", "∂") and p.closing[p.at] + 1 in p.closing:
        below = p.closing[p.at] + 2
        if p.tokens[below].kind == "op" and p.tokens[below].text in ("d", "∂"):
            return _rate(p, command.start)
    top = _argument(p)
    bottom = _argument(p)
    return p.made(Div(top.term, bottom.term), command.start, p.last.end, top, bottom)


def _argument(p: Cursor) -> Reading:
    """A group in braces, or one digit or letter."""
    t = p.here
    if t.kind == "open" and t.text == "{":
        return bracketed(p)
    if t.kind == "number" and t.text.isdigit() and len(t.text) > 1:
        p.tokens[p.at] = t._replace(text=t.text[1:], start=t.start + 1)
        return p.made(Num(Fraction(int(t.text[0]))), t.start, t.start + 1)
    if t.kind in ("number", "word"):
        out = p.prefix[t.kind](p)
        return out if out.end == t.end else p.refuse("braces are missing here", out)
    return p.missing("a part of the fraction")


def derivative(p: Cursor) -> Reading:
    """∂L/∂w, dL/dw, d/dw (…), d²y/dx²"""
    return _rate(p, p.here.start)


def _rate(p: Cursor, start: int) -> Reading:
    barred = p.here.text == "{"
    p.at += barred
    d = p.take()
    order = _order(p)
    of: Reading | None = None
    if not (p.sees("}") if barred else p.sees("/")):
        if not barred and p.here.kind not in ("word", "open", "command"):
            p.missing("a name or a bracket after this ∂")
        of = expression(p, PRODUCT if barred else POWER)
    if not (p.sees("}") if barred else p.sees("/")):
        p.refuse("put this numerator into brackets") if barred else _alone(p, d)
    p.at += 2 if barred else 1
    by = _denominator(p, d)
    if barred:
        if not p.sees("}"):
            p.missing("the end of the fraction")
        p.at += 1
    if len(by) != order:
        p.refuse(f"above stands a derivative of order {order}, below of order {len(by)}", Token("", "", start, p.last.end))
    if of is None:
        of = _operand(p)
    end = max(p.last.end, of.end)
    out = of
    for x in reversed(by):
        assert isinstance(x.term, Name)
        out = p.made(D(out.term, x.term, partial=not isinstance(out.term, Name | D) or (isinstance(out.term, D) and out.term.partial)), start, end, out, x)
    return out


def _alone(p: Cursor, d: Token) -> NoReturn:
    p.refuse(f"{d.text} stands here without the {d.text}… that it is divided by", d)


def _order(p: Cursor) -> int:
    if not p.sees("^"):
        return 1
    power = exponent(p)
    if not isinstance(power.term, Num) or power.term.value not in (1, 2, 3, 4):
        p.refuse("a derivative has the order 1, 2, 3 or 4", power)
    return int(power.term.value)


def _denominator(p: Cursor, d: Token) -> list[Reading]:
    """∂w ∂b, dx²: the names, the outermost first, each as often as it is derived by."""
    by: list[Reading] = []
    while p.sees("d", "∂"):
        p.at += 1
        if p.here.kind not in ("word", "command"):
            p.missing("the name that is derived by")
        x = p.prefix[p.here.kind if p.here.kind == "word" else p.here.text](p)
        if not isinstance(x.term, Name):
            p.refuse("a derivative is taken by a name", x)
        by += [x] * _order(p)
    if not by:
        _alone(p, d)
    return by


def _operand(p: Cursor) -> Reading:
    """What d/dw is applied to."""
    if opens(p):
        out = expression(p, POWER - 1)
        if opens(p) and not p.here.spaced:
            p.refuse("does the derivative take this bracket as well?", hint="put the whole into brackets")
        return out
    if p.sees("Σ"):
        return expression(p, MINUS)
    pieces = [expression(p, POWER - 1)]
    while begins(p):
        pieces.append(expression(p, POWER - 1))
    return joined(p, Mul, pieces)
