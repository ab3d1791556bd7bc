r"""The tables of the parser for other people's working: what may begin an expression there, what may follow one.

Terms beyond `language.FUNCTIONS` (the judge gives them their meaning, once shapes are known):
Call("transpose", (X,)) · Call("matmul", (A, B)) for @ and dot · Call("hadamard", (a, b)) for ⊙ · Call("norm", (v,)) and "norm1" · Call("list", …) for [1, 2, 3]
Call("matrix", rows, each a list) · Call("gradient", (L,)) for ∇L · Call("at", (a, w = 2)) for a|_{w=2} · Call("f", …) for a name that is applied
Call("f'", (u,)) for f′ at an expression · D(u, Name("?")) for u′.  Products keep their written order.
"""

from __future__ import annotations

from collections.abc import Callable

from symgd.reading.applied import accented, transposes, word
from symgd.reading.functions import condition, exponent
from symgd.reading.grammar import INFIX, PREFIX, factors, number
from symgd.reading.loose_brackets import grouped
from symgd.reading.loose_names import PRIMED, noted, spread, student
from symgd.reading.loose_rates import derivative, fraction, nabla, product, taken
from symgd.reading.loose_sums import expectation, letter, summation, worded_sum
from symgd.reading.pratt import POWER, PRODUCT, Cursor, Infix, Reading, begins, expression
from symgd.term import Call, D, Div, Name, Num, Pow

__all__ = ["LOOSE_INFIX", "LOOSE_PREFIX"]


def transposed(p: Cursor, left: Reading) -> Reading:
    """Xᵀ"""
    p.at += 1
    return p.made(Call("transpose", (left.term,)), left.start, p.last.end, left)


def primed(p: Cursor, left: Reading) -> Reading:
    """(u v)′"""
    p.at += 1
    if transposes(p.text):
        return p.made(Call("transpose", (left.term,)), left.start, p.last.end, left)
    return spread(D(left.term, PRIMED, partial=True), left.start, p.last.end)


def pairing(function: str) -> Callable[[Cursor, Reading], Reading]:
    """a ⊙ b, A @ B"""

    def build(p: Cursor, left: Reading) -> Reading:
        p.at += 1
        right = expression(p, PRODUCT)
        return p.made(Call(function, (left.term, right.term)), left.start, right.end, left, right)

    return build


def method(function: str) -> Callable[[Cursor, Reading], Reading]:
    """(…).sum(), (…).mean()"""

    def build(p: Cursor, left: Reading) -> Reading:
        p.at += 1
        return p.made(Call(function, (left.term,)), left.start, p.last.end, left)

    return build


def divided(p: Cursor, left: Reading) -> Reading:
    """a/2n is a/(2n), with a note; else as everywhere"""
    p.at += 1
    if p.sees("+", "-"):
        sign = p.take()
        bottom = expression(p, PRODUCT)
        bottom = bottom if sign.text == "+" else spread(-bottom.term, sign.start, bottom.end)
    else:
        bottom = expression(p, PRODUCT)
    if p.here.kind == "word" and not p.here.spaced and p.last.kind in ("number", "word") and isinstance(bottom.term, Num | Name):
        more = expression(p, POWER - 1)
        noted(p, f"{p.text[left.start : more.end]} is read with {p.text[bottom.start : more.end]} below the bar", left.start, more.end)
        bottom = product(p, [bottom, more])
    return p.made(Div(left.term, bottom.term), left.start, bottom.end, left, bottom)


def placed(p: Cursor, left: Reading) -> Reading:
    r"""\left. a \right|_{w = 2}: a at w = 2"""
    p.at += 2
    end = p.closing[p.at]
    p.at += 1
    items = []
    while p.at < end:
        items.append(condition(p, expression(p)))
        if p.at < end and not taken(p, ","):
            p.refuse("a value such as w = 2 is expected here")
    p.at += 1
    return p.made(Call("at", (left.term, *(x.term for x in items))), left.start, p.last.end, left, *items)


def powered(p: Cursor, left: Reading) -> Reading:
    """a^b; a^* b is a b with a note"""
    caret = p.here
    after = p.tokens[p.at + 1]
    inside = [t.text for t in p.tokens[p.at + 1 : p.at + 4]]
    if after.text == "*" or inside == ["{", "*", "}"]:
        p.at += 2 if after.text == "*" else 4
        if not begins(p):
            p.refuse("a raised star is read only on a name", caret)
        p.at -= 1
        p.tokens[p.at] = p.tokens[p.at]._replace(kind="op", text="*")
        if not any(s <= caret.start < e for _, s, e in student(p).notes):
            noted(p, "the raised star is read as a product sign", caret.start, p.here.end)
        return factors(p, left)
    return _euler(p, left) if left.term == Name("e") else INFIX["^"].build(p, left)


def _euler(p: Cursor, left: Reading) -> Reading:
    """e^{-z} is exp(−z); e^2 is the square of an error where e is one"""
    raised = exponent(p)
    end = max(left.end, raised.end)
    if isinstance(raised.term, Num) and ("e" in p.declared or student(p).inside or "e" in student(p).letters):
        return p.made(Pow(left.term, raised.term), left.start, end, left, raised)
    return p.made(Call("exp", (raised.term,)), left.start, end, raised)


def below(p: Cursor, left: Reading) -> Reading:
    """A subscript on a bracket is not read."""
    p.refuse("a subscript stands on a name")


LOOSE_PREFIX: dict[str, Callable[[Cursor], Reading]] = PREFIX | {
    "word": letter, "phrase": word, "open": grouped, "number": number, "Σ": summation, "Σword": worded_sum, "𝔼": expectation,
    "∂": derivative, "d": derivative, "frac": fraction, "∇": nabla, "hat": accented, "bar": accented, "tilde": accented,
}  # fmt: skip

LOOSE_INFIX = INFIX | {
    "/": Infix(30, divided), "^": Infix(POWER, powered), "ᵀ": Infix(POWER, transposed), "'": Infix(POWER, primed), "⊙": Infix(PRODUCT, pairing("hadamard")),
    "@": Infix(PRODUCT, pairing("matmul")), ".sum": Infix(POWER, method("sum")), ".mean": Infix(POWER, method("mean")), "at": Infix(POWER, placed),
}  # fmt: skip
