"""The two tables of the Pratt parser: what may begin an expression, what may follow one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symgd.reading.functions import absolute, bracketed, call, cases, environment, exponent, function, opens, root
from symgd.reading.names import accented, name
from symgd.reading.pratt import MINUS, POWER, PRODUCT, SUM, Cursor, Infix, Reading, begins, expression, joined
from symgd.reading.rates import derivative, fraction
from symgd.reading.sums import of_entries, summation, worded_sum
from symgd.reading.tokens import DIGITS, Token
from symgd.reading.words import declares, known
from symgd.term import Add, Call, Div, Match, Mul, Name, Neg, Num, Pow

__all__ = ["INFIX", "PREFIX"]

_LARGEST_POWER_OF_TEN = 1_200  # 4,096 bits


def number(p: Cursor) -> Reading:
    """0.50 keeps its two places; 1e-3 has three."""
    t = p.take()
    mantissa, _, power = t.text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    if len(whole + decimals) > DIGITS or len(power) > 6 or abs(int(power or 0)) > _LARGEST_POWER_OF_TEN:
        p.refuse(f"a number has at most {DIGITS} digits, and a power of ten up to {_LARGEST_POWER_OF_TEN:,}", t)
    if p.here.kind == "number":
        p.refuse("two numbers stand side by side: is a sign missing?", Token("", "", t.start, p.here.end))
    value = Fraction(int(whole + decimals or "0")) * Fraction(10) ** (int(power or 0) - len(decimals))
    places = len(decimals) - int(power or 0)
    return p.made(Num(value, places if places > 0 else None), t.start, t.end)


def word(p: Cursor) -> Reading:
    """A name, a function, or a word that is notation: sum, mean, cases."""
    t = p.here
    head, _, label = t.text.partition("_") if not function(t.text) else (t.text, "", "")  # leaky_relu is one word
    if not declares(t.text, p.declared):
        if head in ("sum", "mean"):
            return worded_sum(p)
        if t.text == "cases":
            return cases(p)
        if t.text in ("det", "inv") and p.tokens[p.at + 1][:2] == ("op", "_"):
            return of_entries(p)
        if function(head):
            p.at += 1
            return call(p, function(head), label)
        if head == "sigma" and not label and p.tokens[p.at + 1].kind == "open" and p.tokens[p.at + 1].text != "{":
            p.at += 1
            return call(p, "sigmoid")
    if t.text in p.functions_of:
        p.at += 1
        if not opens(p):
            p.missing(f"the bracket after the function {t.text}")
        return call(p, t.text)
    out = name(p)
    assert isinstance(out.term, Name)
    if opens(p) and not p.here.spaced and len(head.rstrip("0123456789")) > 1 and out.term.symbol not in p.declared and not known(head):
        p.refuse(f"{head} is not a function that is known here", t, f"write {head}*(…) for a product")
    return out


def group(p: Cursor) -> Reading:
    """(…), and [i = j] for Kronecker's delta"""
    if p.here.text == "cases(" or (p.here.text == "{" and _has_if(p)):
        return environment(p)
    if p.closing[p.at] == p.at + 1:
        p.refuse("there is nothing between these brackets", Token("", "", p.here.start, p.tokens[p.at + 1].end))
    if p.here.text == "[" and (found := _match(p)):
        return found
    return bracketed(p)


def _has_if(p: Cursor) -> bool:
    """{value if condition; …}"""
    at = p.at + 1
    while at < p.closing[p.at] and p.tokens[at].text != "if":
        at = p.closing.get(at, at) + 1
    return p.tokens[at].text == "if"


def _match(p: Cursor) -> Reading | None:
    """[i = j]"""
    first, end = p.here, p.closing[p.at]
    text = "".join(t.text for t in p.tokens[p.at + 1 : end] if t.text not in ("_", "{", "}"))
    a, sign, b = text.partition("=")
    if not sign or not all(x.rstrip("'0123456789").isalpha() and len(x.rstrip("'0123456789")) == 1 for x in (a, b)):
        return None
    p.at = end + 1
    return p.made(Match(a, b), first.start, p.last.end)


def negative(p: Cursor) -> Reading:
    """−a b is −(a b), −x^2 is −(x^2)"""
    sign = _sign(p)
    body = expression(p, MINUS)
    return p.made(Neg(body.term), sign.start, body.end, body)


def plus_sign(p: Cursor) -> Reading:
    """+a is a"""
    sign = _sign(p)
    body = expression(p, MINUS)
    return body.at(sign.start, body.end)


def square_root(p: Cursor) -> Reading:
    r"""\sqrt{x}, \sqrt[3]{x}"""
    command = p.take()
    order = bracketed(p) if p.here.text == "[" and p.here.kind == "open" else None
    if p.here.kind not in ("open", "number", "word") or (p.here.kind == "number" and len(p.here.text) > 1):
        p.missing("the braces of the root")
    body = bracketed(p) if p.here.kind == "open" else p.prefix[p.here.kind](p)
    if order is None or order.term == Num(Fraction(2)):
        return p.made(Call("sqrt", (body.term,)), command.start, p.last.end, body)
    one = p.made(Num(Fraction(1)), command.start, order.end)
    power = p.made(Div(one.term, order.term), command.start, order.end, one, order)
    return p.made(Pow(body.term, power.term), command.start, p.last.end, body, power)


def _right(p: Cursor, binds: int) -> Reading:
    """What stands right of an operator; a minus there takes one factor: a · −b c is a (−b) c."""
    if not p.sees("+", "-"):
        return expression(p, binds)
    sign = _sign(p)
    body = expression(p, binds)
    return body if sign.text == "+" else p.made(Neg(body.term), sign.start, body.end, body)


def _sign(p: Cursor) -> Token:
    sign = p.take()
    if p.sees("+", "-"):
        p.refuse("two signs stand side by side", Token("", "", sign.start, p.here.end), "put brackets around the second")
    return sign


def terms(p: Cursor, left: Reading) -> Reading:
    """a + b − c; a difference is a sum with −c in it"""
    pieces = [left]
    while p.sees("+", "-"):
        sign = p.take()
        body = expression(p, SUM)
        pieces.append(body if sign.text == "+" else p.made(Neg(body.term), sign.start, body.end, body))
    return joined(p, Add, pieces)


def factors(p: Cursor, left: Reading) -> Reading:
    """a * b c: with a sign or without, 2x(y − w)"""
    pieces = [left]
    while p.sees("*") or begins(p):
        if p.sees("*"):
            p.at += 1
            pieces.append(_right(p, PRODUCT))
            continue
        if p.here.kind == "number" and p.last.kind == "word":
            p.refuse("is this number a factor, an index or a power?", Token("", "", p.last.start, p.here.end))
        pieces.append(expression(p, PRODUCT))
    return joined(p, Mul, pieces)


def divided(p: Cursor, left: Reading) -> Reading:
    """a/b c is (a/b) c; a/2n could be either and is refused"""
    p.at += 1
    bottom = _right(p, PRODUCT)
    if p.here.kind == "word" and not p.here.spaced and p.last.kind in ("number", "word"):
        p.refuse("where does the denominator end?", Token("", "", bottom.start, p.here.end), "write a/(b c) or (a/b) c")
    return p.made(Div(left.term, bottom.term), left.start, bottom.end, left, bottom)


def power(p: Cursor, left: Reading) -> Reading:
    """a^b; e^u is exp(u) where e is not declared"""
    raised = exponent(p)
    end = max(left.end, raised.end)  # u^2_i
    if left.term == Name("e") and "e" not in p.declared:
        if p.syntax == "ascii" and p.last.kind == "number" and p.here.kind == "word" and not p.here.spaced:
            p.refuse("where does the exponent end?", Token("", "", left.start, p.here.end), "put it into brackets")
        return p.made(Call("exp", (raised.term,)), left.start, end, raised)
    return p.made(Pow(left.term, raised.term), left.start, end, left, raised)


PREFIX: dict[str, Callable[[Cursor], Reading]] = {
    "number": number, "word": word, "open": group,
    "-": negative, "+": plus_sign, "Σ": summation, "√": root, "|": absolute, "∂": derivative, "d": derivative,
    "frac": fraction, "sqrt": square_root, "hat": accented, "bar": accented, "tilde": accented,
}  # fmt: skip

INFIX = {
    "+": Infix(SUM, terms), "-": Infix(SUM, terms), "*": Infix(PRODUCT, factors), "": Infix(PRODUCT, factors), "/": Infix(PRODUCT, divided),
    "^": Infix(POWER, power),
}  # fmt: skip
