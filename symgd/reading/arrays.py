r"""Formulas in arrays, as NumPy and as LaTeX write them → readings: tanh(X @ W1 + b1), X.T, sum(Z, axis=1), \operatorname{tr}(A^\top X), \|x\|_2^2.

Terms beyond `language.FUNCTIONS` (`symgd.arrays` gives them their meaning, from the shapes):
Call("matmul", (A, B)) for @ · Call("transpose", (X,)) · Call("hadamard", (a, b)) for ⊙ · Call("norm", (x,)), and with its order · Call("list", …) for (n, d)
Call("sum", (Z, axis = 1)) and the other words of NOTATION, an option being a Compare.  Products keep their written order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from fractions import Fraction

from symgd.reading.functions import arguments, bracketed, call, condition, opens
from symgd.reading.grammar import INFIX, PREFIX, group
from symgd.reading.grammar import word as plain_word
from symgd.reading.lexer import lex
from symgd.reading.limits import within_limits
from symgd.reading.marks import mark
from symgd.reading.names import script
from symgd.reading.names import name as plain_name
from symgd.reading.passes import in_arrays
from symgd.reading.pratt import POWER, PRODUCT, Cursor, Infix, Reading, begins, expression
from symgd.reading.reader import formula_within, settle
from symgd.reading.sums import worded_sum
from symgd.reading.tokens import Token, brackets
from symgd.reading.words import SPOKEN
from symgd.term import ONE, ZERO, Call, Cases, Compare, Div, Name, Neg, Num, Term

__all__ = ["NOTATION", "read_array_definition", "read_arrays"]

# the words that are read as functions of arrays
NOTATION = frozenset((
    "sum", "mean", "norm", "trace", "tr", "Tr", "det", "inv", "logdet", "dot", "outer", "inner", "matmul", "multiply", "hadamard", "diag", "eye", "identity",
    "ones", "zeros", "softmax", "log_softmax", "logsumexp", "transpose", "where", "square", "power", "solve", "matrix_power", "max", "min", "maximum",
    "minimum", "prod", "kron", "vec", "cross",
))  # fmt: skip
_OPTIONS = ("axis", "keepdims", "ord")
_LIBRARIES = re.compile(r"(?:(?:np|numpy|jnp|torch|scipy|sp)\.)?(?:linalg\.|special\.|nn\.|functional\.)|(?:np|numpy|jnp|torch|scipy)\.(?=[A-Za-z])")
_METHOD = re.compile(r"\.([a-z]+)(?=\()")
_METHODS = ("sum", "mean", "dot", "trace", "transpose", "diagonal")
_COMMANDS = {"\\" + word: word for word in ("det", "tr", "Tr", "trace", "diag", "softmax", "inv", "logdet")} | {r"\max": "max", r"\min": "min"}
_COMMAND = re.compile(r"\\[A-Za-z]+")
_ONES = re.compile(r"𝟏|\\(?:mathbf|boldsymbol|mathbb|bm)\s*(?:\{\s*1\s*\}|1(?![0-9.]))")
_SIGNS = {"@": "@", "⊙": "⊙", "⊘": "⊘", "∘": "⊙", "ᵀ": "ᵀ", "⊤": "ᵀ", "‖": "‖", "∥": "‖"}


def read_arrays(text: str, declared: Collection[str] = frozenset()) -> Reading:
    """The expression in arrays that the text says, with the place of every part.  Raises Unread."""
    p = _cursor(text, declared)
    out = within_limits(expression(p), text)
    if p.here.kind != "end":
        p.refuse("an expression is expected here, not an equation" if p.sees("=", ":=") else "the expression ends before this")
    return out


def read_array_definition(text: str, declared: Collection[str] = frozenset()) -> tuple[Name, Reading]:
    """Y_hat = tanh(X @ W + b): the name and what it stands for.  Raises Unread."""
    p = _cursor(text, declared, defines=True)
    left = plain_name(p) if p.here.kind == "word" else expression(p)
    if not isinstance(left.term, Name) or begins(p):
        p.refuse("the left side of a definition is a name", left)
    if not p.sees("=", ":="):
        p.missing("the sign = of the definition")
    p.at += 1
    right = within_limits(expression(p), text)
    if p.here.kind != "end":
        p.refuse("a definition has one sign =" if p.sees("=", ":=") else "the expression ends before this")
    return left.term, right


def _cursor(text: str, declared: Collection[str], defines: bool = False) -> Cursor:
    syntax, begin, end = formula_within(text)
    tokens = in_arrays(lex(text, syntax, begin, end, _mark), text, syntax, declared)
    tokens = settle(tokens, text, syntax, declared, defines)
    return Cursor(text, tokens, brackets(tokens, text), syntax, declared, frozenset(), ARRAY_PREFIX, ARRAY_INFIX)


def _mark(text: str, at: int, spaced: bool, syntax: str) -> tuple[int, list[Token]] | None:
    """The marks of arrays; None where the plain tables are to be asked."""
    if found := _ONES.match(text, at):
        return found.end(), [Token("word", "𝟏", at, found.end(), spaced)]
    if syntax == "latex":
        found = _COMMAND.match(text, at)
        if found and found[0] in _COMMANDS:
            return found.end(), [Token("word", _COMMANDS[found[0]], at, found.end(), spaced)]
        if text[at] == "⊘" or (found and found[0] == r"\oslash"):
            return (found.end() if found else at + 1), [Token("op", "⊘", at, found.end() if found else at + 1, spaced)]
        return mark(text, at, spaced, syntax) if text[at] in "\\‖∥⊙∘ᵀ⊤" else None
    if text[at] in _SIGNS:
        return at + 1, [Token("op", _SIGNS[text[at]], at, at + 1, spaced)]
    if text.startswith("||", at):
        return at + 2, [Token("op", "‖", at, at + 2, spaced)]
    if text.startswith(".T", at) and not text[at + 2 : at + 3].isalnum():
        return at + 2, [Token("op", "ᵀ", at, at + 2, spaced)]
    if (found := _METHOD.match(text, at)) and found[1] in _METHODS:
        return found.end(), [Token("op", ".method", at, found.end(), spaced)]
    if (found := _LIBRARIES.match(text, at)) and not (at and (text[at - 1].isalnum() or text[at - 1] in "_.")):
        return found.end(), []
    return None


# ---------------------------------------------------------------- what begins an expression


def word(p: Cursor) -> Reading:
    """A word of NOTATION with its arguments; else a name or a function, as everywhere."""
    t = p.here
    head = t.text.partition("_")[0]
    if t.text == "𝟏":
        p.at += 1
        return p.made(Name("𝟏"), t.start, t.end)
    if t.text in p.declared:
        return plain_word(p)
    if t.text in NOTATION and not (head in SPOKEN and p.tokens[p.at + 1].text == "_"):
        p.at += 1
        return applied(p, t.text, t.start)
    if head in SPOKEN and head != "cases":
        return worded_sum(p)
    return plain_word(p)


def applied(p: Cursor, f: str, start: int, *first: Reading) -> Reading:
    """f(a, b, axis=1); without brackets f takes what a function takes."""
    if not (opens(p) or (p.here.kind, p.here.text) == ("open", "{")):
        return call(p, f)
    if p.closing[p.at] == p.at + 1 and first:
        p.at += 2
        return p.made(Call(f, tuple(x.term for x in first)), start, p.last.end, *first)
    outer, p.prefix = p.prefix, {**p.prefix, "word": option}
    args = arguments(p)
    p.prefix = outer
    return p.made(Call(f, (*(x.term for x in first), *(x.term for x in args))), start, p.last.end, *first, *args)


def option(p: Cursor) -> Reading:
    """axis=1, keepdims=True; else a word as everywhere"""
    t = p.here
    if t.text not in _OPTIONS or p.tokens[p.at + 1].text != "=":
        return word(p)
    p.at += 2
    sign = -1 if p.sees("-") else 1
    p.at += sign < 0
    v = p.take()
    if v.text not in ("True", "False", "None") and not (v.kind == "number" and v.text.isdigit()):
        p.refuse(f"a whole number is expected after {t.text}=", v)
    value = {"True": 1, "False": 0, "None": -99}.get(v.text) if not v.text.isdigit() else sign * int(v.text)
    left, right = p.made(Name(t.text), t.start, t.end), p.made(Num(Fraction(value or 0)), v.start, v.end)
    return p.made(Compare(left.term, "=", right.term), t.start, v.end, left, right)


def grouped(p: Cursor) -> Reading:
    """(…), (n, d), ‖x‖; an entry in brackets, x[0], is refused"""
    t = p.here
    if t.text == "‖(":
        return norm(p)
    if t.text == "[" and p.at and not t.spaced and p.last.kind in ("word", "close") and p.syntax == "ascii":
        p.refuse("entries and slices in brackets are not read", t, "write an index, x_i, or the arrays whole")
    if t.text == "[" and _compares(p):
        return indicator(p)
    if t.text == "(" and _has_comma(p):
        items = arguments(p)
        return p.made(Call("list", tuple(x.term for x in items)), t.start, p.last.end, *items)
    return group(p)


def _compares(p: Cursor) -> bool:
    """[a > b], which is no [i = j]"""
    inside = range(p.at + 1, p.closing[p.at])
    return any(p.tokens[k].kind == "op" and p.tokens[k].text in ("<", "<=", ">", ">=", "!=") for k in inside)


def indicator(p: Cursor) -> Reading:
    """[Z > 0]: 1 where the condition holds, else 0"""
    first = p.take()
    when = condition(p, expression(p))
    if p.here.kind != "close":
        p.missing("the bracket that closes [")
    p.at += 1
    one, zero = p.made(ONE, first.start, first.end), p.made(ZERO, p.last.start, p.last.end)
    assert isinstance(when.term, Compare)
    return p.made(Cases(((ONE, when.term),), ZERO), first.start, p.last.end, one, when, zero)


def _has_comma(p: Cursor) -> bool:
    at = p.at + 1
    while at < p.closing[p.at]:
        if p.tokens[at][:2] == ("op", ","):
            return True
        at = p.closing.get(at, at) + 1
    return False


def norm(p: Cursor) -> Reading:
    """‖x‖, ‖x‖_2, ‖A‖_F, ‖x‖_1"""
    sign = p.take()
    body = expression(p)
    if not p.sees("‖)"):
        p.missing("the second bar of the norm")
    p.at += 1
    label = ""
    if p.sees("_"):
        p.at += 1
        label = "".join(t.text for t in script(p))
    if label not in ("", "1", "2", "F"):
        p.refuse(f"the norm {label[:20]} is not read", sign, "the norms are ‖x‖, ‖x‖_1, ‖A‖_F")
    if label != "1":
        return p.made(Call("norm", (body.term,)), sign.start, p.last.end, body)
    one = p.made(Num(Fraction(1)), p.last.start, p.last.end)
    return p.made(Call("norm", (body.term, one.term)), sign.start, p.last.end, body, one)


# ---------------------------------------------------------------- what follows one


def transposed(p: Cursor, left: Reading) -> Reading:
    """X.T, X^\\top"""
    p.at += 1
    return p.made(Call("transpose", (left.term,)), left.start, p.last.end, left)


def raised(p: Cursor, left: Reading) -> Reading:
    r"""A^{\odot 2}: entry by entry"""
    p.at += 1
    power = bracketed(p)
    return p.made(Call("power", (left.term, power.term)), left.start, p.last.end, left, power)


def _called(function: str) -> Callable[[Term, Term], Term]:
    return lambda a, b: Call(function, (a, b))


def pairing(made: Callable[[Term, Term], Term]) -> Callable[[Cursor, Reading], Reading]:
    """A @ B, a ⊙ b, a ⊘ b: from the left, as strong as * and /"""

    def build(p: Cursor, left: Reading) -> Reading:
        p.at += 1
        sign = p.take() if p.sees("-") else None
        right = expression(p, PRODUCT)
        if sign:
            right = p.made(Neg(right.term), sign.start, right.end, right)
        return p.made(made(left.term, right.term), left.start, right.end, left, right)

    return build


def method(p: Cursor, left: Reading) -> Reading:
    """Z.sum(axis=1), x.dot(y)"""
    t = p.take()
    f = p.text[t.start + 1 : t.end]
    if not opens(p):
        p.missing(f"the bracket after {f}")
    return applied(p, {"diagonal": "diag"}.get(f, f), left.start, left)


ARRAY_PREFIX: dict[str, Callable[[Cursor], Reading]] = PREFIX | {"word": word, "open": grouped}
ARRAY_INFIX = INFIX | {
    "@": Infix(PRODUCT, pairing(_called("matmul"))), "⊙": Infix(PRODUCT, pairing(_called("hadamard"))), "⊘": Infix(PRODUCT, pairing(Div)),
    "^⊙": Infix(POWER, raised), "ᵀ": Infix(POWER, transposed), ".method": Infix(POWER, method),
}  # fmt: skip
