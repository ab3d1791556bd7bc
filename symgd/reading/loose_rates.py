r"""Derivatives as other people write them, \partial_w L, \nabla_w L, \nabla L, \frac{\partial J(\theta)}{\partial \theta_1}, and their fractions."""

from __future__ import annotations

from symgd.language import FUNCTIONS
from symgd.reading.functions import bracketed, exponent, opens
from symgd.reading.loose_names import plain_name, spread, student
from symgd.reading.names import ACCENTS
from symgd.reading.pratt import MINUS, POWER, Cursor, Reading, begins, expression
from symgd.reading.tokens import Token
from symgd.term import TWO, Call, D, Div, Mul, Name, Num, Term

__all__ = ["derivative", "fraction", "headless", "nabla", "product", "taken"]


def taken(p: Cursor, sign: str) -> bool:
    """Steps over the sign where it stands here."""
    seen = p.sees(sign)
    p.at += seen
    return seen


def headless(t: Term, labelled: bool = False) -> Term:
    """L for L(w, b): the name alone, where an unknown function is applied to names; not for L(w_new), the value at one place, unless `labelled`."""
    unknown = isinstance(t, Call) and t.function not in _OURS and t.function not in FUNCTIONS and "'" not in t.function
    if unknown and isinstance(t, Call) and all(isinstance(a, Name) and (labelled or _variable(a)) for a in t.args):
        return Name(t.function)
    return t


def _variable(x: Name) -> bool:
    """Is it a quantity, and not one of its values (w_new, w_t, x_i)?"""
    label = x.symbol.partition("_")[2]
    return not x.indices and (not label or label.isdigit() or label in ACCENTS)


_OURS = frozenset(("transpose", "matmul", "hadamard", "norm", "norm1", "list", "matrix", "gradient", "at", "sum", "mean"))


def fraction(p: Cursor) -> Reading:
    r"""\frac{a}{b}, \frac{dL}{dw}, \frac{\partial J(\theta)}{\partial \theta_1}"""
    command = p.take()
    if p.here.text != "{":
        p.missing("a part of the fraction")
    if _is_d(p.tokens[p.at + 1]) and p.tokens[p.closing[p.at] + 1].text == "{" and _is_d(p.tokens[p.closing[p.at] + 2]):
        return _barred(p, command)
    top = bracketed(p)
    if p.here.text != "{":
        p.missing("a part of the fraction")
    bottom = bracketed(p)
    return p.made(Div(top.term, bottom.term), command.start, p.last.end, top, bottom)


def _is_d(t: Token) -> bool:
    return t.kind == "op" and t.text in ("d", "∂")


def _barred(p: Cursor, command: Token) -> Reading:
    end = p.closing[p.at]
    p.at += 1
    p.take()
    order = _order(p)
    of = None if p.at == end else expression(p)
    if p.at != end:
        p.refuse("this numerator is not read")
    p.at += 2
    by = _denominator(p)
    if not p.sees("}"):
        p.missing("the end of the fraction")
    p.at += 1
    return _rate(p, command.start, order, of, by)


def derivative(p: Cursor) -> Reading:
    """du/dw, d/dw (…), d²y/dx², ∂_w L"""
    d = p.take()
    if p.sees("_"):
        p.at += 1
        return _lowered(p, d)
    order = _order(p)
    of = None if p.sees("/") else expression(p, POWER)
    if not p.sees("/"):
        p.refuse(f"{d.text} stands here without the {d.text}… that it is divided by", d)
    p.at += 1
    return _rate(p, d.start, order, of, _denominator(p))


def _lowered(p: Cursor, d: Token) -> Reading:
    r"""\partial_w L, \nabla_w L, \nabla_{w} (…)"""
    if p.here.kind == "open":
        end = p.closing[p.at]
        p.at += 1
        by = [plain_name(p)]
        while taken(p, ","):
            by.append(plain_name(p))
        if p.at != end:
            p.refuse("names are expected here")
        p.at += 1
    elif p.here.kind in ("word", "phrase"):
        t = p.take()
        by = [p.made(Name(t.text), t.start, t.end)]
    else:
        p.missing("the name that is derived by")
    if len(by) > 1:
        body = _operand(p)
        return spread(Call("gradient", (headless(body.term), *(x.term for x in by))), d.start, body.end)
    return _rate(p, d.start, 1, None, by)


def nabla(p: Cursor) -> Reading:
    r"""\nabla L, \nabla_w L, \nabla f(\beta)"""
    sign = p.take()
    if taken(p, "_"):
        return _lowered(p, sign)
    second = p.sees("^")
    if second and (order := exponent(p)).term != TWO:
        p.refuse("a gradient of this order is not read", order)
    body = expression(p, POWER - 1)
    once = p.made(Call("gradient", (headless(body.term),)), sign.start, body.end, body.at(body.start, body.end))
    return p.made(Call("gradient", (once.term,)), sign.start, body.end, once) if second else once


def _order(p: Cursor) -> int:
    if not p.sees("^"):
        return 1
    power = exponent(p)
    if not isinstance(power.term, Num) or power.term.value not in (1, 2, 3, 4):
        p.refuse("a derivative has the order 1, 2, 3 or 4", power)
    return int(power.term.value)


def _denominator(p: Cursor) -> list[Reading]:
    by: list[Reading] = []
    while _is_d(p.here):
        p.at += 1
        inner = p.here.kind == "open" and p.here.text in ("(", "{")
        close = p.tokens[p.closing[p.at]].text if inner else ""
        p.at += inner
        x = plain_name(p)
        if inner and not taken(p, close):
            p.refuse("a derivative is taken by a name", x)
        if p.sees("ᵀ"):
            p.at += 1
        by += [x] * _order(p)
    if not by:
        p.missing("the name that is derived by")
    return by


def _rate(p: Cursor, start: int, order: int, of: Reading | None, by: list[Reading]) -> Reading:
    if len(by) != order:
        p.refuse(f"above stands a derivative of order {order}, below of order {len(by)}", Token("", "", start, p.last.end))
    body = _operand(p) if of is None else of
    end = max(p.last.end, body.end)
    inner = headless(body.term)
    out = body if inner is body.term else spread(inner, body.start, body.end)
    partial = not isinstance(out.term, Name) and not (isinstance(out.term, D) and not out.term.partial)
    for x in reversed(by):
        assert isinstance(x.term, Name)
        out = p.made(D(out.term, x.term, partial), start, end, out, x)
    return out


def _operand(p: Cursor) -> Reading:
    """What d/dw is applied to: a bracket with its power, a sum, or the factors up to a sign or to the next derivative."""
    if student(p).wide:
        return expression(p)
    if opens(p):
        out = expression(p, POWER - 1)
        if opens(p) and not p.here.spaced:
            p.refuse("does the derivative take this bracket as well?", hint="put the whole into brackets")
        return out
    pieces = [expression(p, MINUS if p.sees("Σ") else POWER - 1)]
    while begins(p) and not _is_rate(p):
        pieces.append(expression(p, MINUS if p.sees("Σ") else POWER - 1))
    student(p).open |= p.sees("+", "-")
    return pieces[0] if len(pieces) == 1 else product(p, pieces)


def product(p: Cursor, pieces: list[Reading]) -> Reading:
    flat = [x for piece in pieces for x in (piece.parts if isinstance(piece.term, Mul) else (piece,))]
    return p.made(Mul(tuple(x.term for x in flat)), pieces[0].start, pieces[-1].end, *flat)


def _is_rate(p: Cursor) -> bool:
    """Does a derivative begin here?"""
    return _is_d(p.here) or (p.here.text == "frac" and p.here.kind == "command" and _is_d(p.tokens[p.at + 2]))
