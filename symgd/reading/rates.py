r"""Derivatives as they are written, dL/dw, ∂²L/∂w∂b, d/dw (…), \frac{\partial L}{\partial w}, and the other fractions of LaTeX.

d/dw takes a bracket (with its power), or the factors that follow up to a sign.  Of a name it is the total derivative, of an expression the partial one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NoReturn

from symgd.reading.functions import bracketed, exponent, opens
from symgd.reading.pratt import MINUS, POWER, PRODUCT, Cursor, Reading, begins, expression, joined
from symgd.reading.tokens import Token
from symgd.term import D, Div, Mul, Name, Num

__all__ = ["derivative", "fraction"]


def fraction(p: Cursor) -> Reading:
    r"""\frac{a}{b}, \frac12, and \frac{dL}{dw}"""
    command = p.take()
    if p.here.text == "{" and p.closing[p.at] + 1 in p.closing and _is_d(p.tokens[p.at + 1]) and _is_d(p.tokens[p.closing[p.at] + 2]):
        return _barred(p, command)
    top = _argument(p)
    bottom = _argument(p)
    return p.made(Div(top.term, bottom.term), command.start, p.last.end, top, bottom)


def _is_d(t: Token) -> bool:
    return t.kind == "op" and t.text in ("d", "∂")


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


def _barred(p: Cursor, command: Token) -> Reading:
    r"""\frac{d u}{d w}, with the cursor on the first brace"""
    p.at += 1
    d = p.take()
    order = _order(p)
    of = None if p.sees("}") else expression(p, PRODUCT)
    if not p.sees("}"):
        p.refuse("put this numerator into brackets")
    p.at += 2
    by = _denominator(p, d)
    if not p.sees("}"):
        p.missing("the end of the fraction")
    p.at += 1
    return _rate(p, command.start, order, of, by)


def derivative(p: Cursor) -> Reading:
    """du/dw, d/dw (…), d²y/dx²"""
    d = p.take()
    order = _order(p)
    if not (p.sees("/") or p.here.kind in ("word", "open", "command")):
        p.missing(f"a name or a bracket after this {d.text}")
    of = None if p.sees("/") else expression(p, POWER)
    if not p.sees("/"):
        _alone(p, d)
    p.at += 1
    return _rate(p, d.start, order, of, _denominator(p, d))


def _rate(p: Cursor, start: int, order: int, of: Reading | None, by: list[Reading]) -> Reading:
    """The derivative of `of`, or of what follows, by each name, the last one first."""
    if len(by) != order:
        p.refuse(f"above stands a derivative of order {order}, below of order {len(by)}", Token("", "", start, p.last.end))
    out = _operand(p) if of is None else of
    end = max(p.last.end, out.end)
    partial = not isinstance(out.term, Name) and not (isinstance(out.term, D) and not out.term.partial)
    for x in reversed(by):
        assert isinstance(x.term, Name)
        out = p.made(D(out.term, x.term, partial), start, end, out, x)
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
    while _is_d(p.here):
        p.at += 1
        if p.here.kind not in ("word", "command"):
            p.missing("the name that is derived by")
        x = p.prefix["word" if p.here.kind == "word" else p.here.text](p)
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
        if isinstance(pieces[-1].term, D):
            p.refuse("does the derivative before take this one as well?", pieces[-1], "put brackets around what it takes")
    return joined(p, Mul, pieces)
