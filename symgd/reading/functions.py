"""Functions with their arguments: sin 2x, sin^2(x), log_2(x), max(a, b, c), σ(z), |u|, √x, and cases.

Without brackets a function takes the number and the names that follow at once: sin 2x is sin(2x), sin x cos x is (sin x)(cos x).
"""

from __future__ import annotations

from symgd.language import ALIASES, FUNCTIONS
from symgd.reading.names import script
from symgd.reading.pratt import POWER, Cursor, Reading, begins, expression, joined
from symgd.reading.tokens import CLOSES, Token
from symgd.reading.words import SPOKEN
from symgd.term import Call, Cases, Compare, Div, Mul, Neg, Pow, Term

__all__ = ["absolute", "arguments", "bracketed", "call", "cases", "condition", "environment", "exponent", "function", "opens", "root"]

RELATIONS = ("<", "<=", ">", ">=", "=", "!=")
_INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec", "csc": "arccsc"} | {
    "sinh": "arsinh", "cosh": "arcosh", "tanh": "artanh", "coth": "arcoth", "sech": "arsech", "csch": "arcsch"}  # fmt: skip


def opens(p: Cursor) -> bool:
    """Does a bracket that is seen on paper open here?"""
    return p.here.kind == "open" and p.here.text in ("(", "[", "brace(", "|(")


def bracketed(p: Cursor) -> Reading:
    """(…) with its place, brackets included."""
    items = arguments(p)
    if len(items) > 1:
        p.refuse("one expression is read between these brackets, not several", items[1])
    if isinstance(items[0].term, Compare):
        p.refuse("a condition stands only in cases", items[0])
    return items[0]


def arguments(p: Cursor) -> tuple[Reading, ...]:
    """(a, b, …); one argument alone takes the brackets into its place."""
    first = p.take()
    outside, p.bars = p.bars, False
    items = [item(p)] if first.text != "{" else [over(p)]
    while p.sees(",") and first.text != "{":
        p.at += 1
        items.append(item(p))
    p.bars = outside
    if p.here.text != CLOSES[first.text] or p.here.kind != "close":
        p.refuse(f"an operator, a comma or {CLOSES[first.text][-1]!r} is expected here")
    end = p.take().end
    if first.text == "|(":
        return (p.made(Call("abs", (items[0].term,)), first.start, end, items[0]), *items[1:])
    return (items[0].at(first.start, end),) if len(items) == 1 else tuple(items)


def over(p: Cursor) -> Reading:
    r"""a \over b, or the a alone"""
    top = expression(p)
    if not p.sees("over"):
        return top
    p.at += 1
    bottom = expression(p)
    return p.made(Div(top.term, bottom.term), top.start, bottom.end, top, bottom)


def item(p: Cursor) -> Reading:
    """An expression, or a condition a < b."""
    left = expression(p)
    return condition(p, left) if p.sees(*RELATIONS) else left


def condition(p: Cursor, left: Reading) -> Reading:
    """left < right, with the cursor on the relation."""
    relation = p.take().text
    right = expression(p)
    if p.sees(*RELATIONS):
        p.refuse("a condition compares two sides, not three")
    return p.made(Compare(left.term, relation, right.term), left.start, right.end, left, right)


def function(symbol: str) -> str:
    """The row of the table that the word names, or ""."""
    name = ALIASES.get(symbol, symbol)
    return name if name in FUNCTIONS else ""


def call(p: Cursor, f: str, label: str = "") -> Reading:
    """f(…), f x, f^2(x) after the word of the function (with its own subscript as label) has been taken."""
    word = p.last
    if p.sees("_"):
        p.at += 1
        label = "".join(t.text for t in script(p))
    if label:
        if f != "log" or label not in ("2", "10"):
            p.refuse(f"{f} with the subscript {label} is not read", word, f"write log(x)/log({label})" if f == "log" else "")
        f += label
    power = exponent(p) if p.sees("^") else None
    if power is not None and isinstance(power.term, Neg):
        hint = f"write {_INVERSE[f]}(x) or 1/{f}(x)" if f in _INVERSE else f"write 1/{f}(x)"
        p.refuse(f"is {f}^(-1) the inverse function or one over {f}?" if f in _INVERSE else f"is this 1/{f}(x)?", power, hint)
    args = arguments(p) if opens(p) or (p.here.kind, p.here.text) == ("open", "{") else (_bare(p, f),)
    whole = _applied(p, f, word, args)
    return whole if power is None else p.made(Pow(whole.term, power.term), word.start, whole.end, whole, power)


def _applied(p: Cursor, f: str, word: Token, args: tuple[Reading, ...]) -> Reading:
    arity = FUNCTIONS[f].arity if f in FUNCTIONS else len(args)
    for a in args:
        if isinstance(a.term, Compare):
            p.refuse("an expression is expected here, not a condition", a)
    if len(args) < arity or (len(args) > arity and arity == 1):
        p.refuse(f"{f} takes {arity} argument{'s' if arity > 1 else ''}, not {len(args)}", Token("", "", word.start, p.last.end))
    whole = p.made(Call(f, tuple(a.term for a in args[:arity])), word.start, p.last.end, *args[:arity])
    for more in args[arity:]:  # max(a, b, c) is max(max(a, b), c)
        whole = p.made(Call(f, (whole.term, more.term)), word.start, p.last.end, whole, more)
    return whole


def _bare(p: Cursor, f: str) -> Reading:
    """The argument of a function without brackets."""
    if p.here.kind == "end" or p.sees("*", "/", "+", ",", "=", "^"):
        p.missing(f"the argument of {f}")
    if p.sees("-"):
        minus = p.take()
        if p.sees("-", "^"):
            p.missing(f"the argument of {f}")
        body = _bare(p, f)
        return p.made(Neg(body.term), minus.start, body.end, body)
    pieces = [expression(p, POWER - 1)]
    while _plain_end(pieces[-1]) and _plain_name(p):
        pieces.append(expression(p, POWER - 1))
    if opens(p) and not p.here.spaced and _plain_end(pieces[-1]):
        p.refuse(f"does {f} take this bracket as well?", hint=f"write {f}(…) with brackets")
    return joined(p, Mul, pieces)


def _plain_name(p: Cursor) -> bool:
    t = p.here
    head = t.text.partition("_")[0]
    return t.kind == "word" and begins(p) and (t.text in p.declared or not (function(head) or head in SPOKEN or t.text in p.functions_of))


def _plain_end(out: Reading) -> bool:
    """Is it made of numbers and names alone?"""
    return not isinstance(out.term, Call | Div) and all(map(_plain_end, out.parts))


def exponent(p: Cursor) -> Reading:
    """What stands raised: a group, in LaTeX one mark, in plain text a signed power."""
    caret = p.take()
    if p.here.kind == "open" and p.here.text == "{":
        return bracketed(p)
    if p.syntax == "latex" and p.here.kind == "number" and len(p.here.text) > 1:
        p.refuse("TeX takes only the first digit into the exponent", hint=f"write ^{{{p.here.text}}}")
    if p.syntax == "latex" and p.here.kind == "word" and not function(p.here.text):
        t = p.take()
        p.at -= 1
        out = p.prefix["word"](p)
        return out if out.end == t.end else p.refuse("braces are missing around the exponent", out)
    if p.here.kind == "end":
        p.missing("the exponent")
    sign = p.take() if p.sees("-") else None
    out = expression(p, POWER - 1)
    if sign:
        out = p.made(Neg(out.term), sign.start, out.end, out)
    if p.syntax == "ascii" and p.last.kind == "word" and p.here.kind == "word" and not p.here.spaced:
        p.refuse("where does the exponent end?", Token("", "", caret.start, p.here.end), "put it into brackets")
    return out


def root(p: Cursor) -> Reading:
    """√x, √2, √(…)"""
    sign = p.take()
    if not (opens(p) or p.here.kind in ("number", "word")):
        p.missing("what stands under the root")
    body = bracketed(p) if opens(p) else p.prefix[p.here.kind](p)
    if p.sees("^"):
        p.refuse("is the root raised, or what stands under it?", hint="write (√x)^2 or √(x^2)")
    return p.made(Call("sqrt", (body.term,)), sign.start, body.end, body)


def absolute(p: Cursor) -> Reading:
    """|u|; inside, a second bar closes."""
    bar = p.take()
    if p.sees("|"):
        p.refuse("norms are not read", Token("", "", bar.start, p.here.end))
    outside, p.bars = p.bars, True
    body = expression(p)
    p.bars = outside
    if not p.sees("|"):
        p.refuse("this bar is never closed", bar)
    return p.made(Call("abs", (body.term,)), bar.start, p.take().end, body)


def cases(p: Cursor) -> Reading:
    """cases(value, condition, …, otherwise)"""
    word = p.take()
    if not opens(p):
        p.missing("the bracket after cases")
    return chosen(p, word.start, list(arguments(p)))


def environment(p: Cursor) -> Reading:
    r"""\begin{cases} value & condition \\ … & otherwise \end{cases}, or {value if condition; …; value otherwise}"""
    first = p.take()
    end = CLOSES[first.text]
    items: list[Reading] = []
    while not p.sees(end):
        items.append(expression(p))
        while p.sees("&", ",") or p.here.text == "if":
            p.at += 1
        if p.here.text in ("otherwise", "else"):
            p.at += 1
        elif not p.sees(end):
            items.append(condition(p, expression(p)))
        while p.sees("newrow", ",", "."):
            p.at += 1
    p.at += 1
    return chosen(p, first.start, items)


def chosen(p: Cursor, start: int, items: list[Reading]) -> Reading:
    """Values and conditions by turns, a value last."""
    if len(items) < 3 or len(items) % 2 == 0:
        p.refuse("cases are read as value, condition, …, and a last value otherwise", Token("", "", start, p.last.end), "write cases(x, x > 0, 0)")
    pieces: list[tuple[Term, Compare]] = []
    for value, when in zip(items[:-1:2], items[1::2], strict=True):
        if not isinstance(when.term, Compare):
            p.refuse("a condition such as x > 0 is expected here", when)
        pieces.append((value.term, when.term))
    for value in items[::2]:
        if isinstance(value.term, Compare):
            p.refuse("a value is expected here, not a condition", value)
    return p.made(Cases(tuple(pieces), items[-1].term), start, p.last.end, *items)
