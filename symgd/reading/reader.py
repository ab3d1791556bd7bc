"""The doors of the room: text in, terms with their places out.

syntax        "ascii" (with all of Unicode's marks), "latex", or "auto": LaTeX where there is a backslash or a dollar sign
declared      names that are names whatever else they could mean (e, sigma), and whose letters side by side are products (wx)
functions_of  names that are functions: f(x) is then no product
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Literal, TypeAlias

from symgd.reading.functions import condition
from symgd.reading.grammar import INFIX, PREFIX
from symgd.reading.lexer import lex
from symgd.reading.limits import within_limits
from symgd.reading.names import name
from symgd.reading.pratt import Cursor, Reading, begins, expression
from symgd.reading.tokens import TOKENS, Token, brackets
from symgd.reading.words import differentials, settle_scripts, split
from symgd.reading.unread import Unread
from symgd.term import Compare, Name, Term

__all__ = ["Syntax", "formula_within", "read", "read_condition", "read_definition", "read_equation", "read_with_places", "settle"]

Syntax = Literal["auto", "ascii", "latex"]
Symbols: TypeAlias = Collection[str]
Divide: TypeAlias = Callable[[Token, str, Symbols], list[Token]]
NONE: Symbols = frozenset()
_RELATIONS = ("<", "<=", ">", ">=", "=", "!=")
_DOLLARS = re.compile(r"\s*(?:\$\$(.*)\$\$|\$(.*)\$|\\\[(.*)\\\]|\\\((.*)\\\))\s*", re.DOTALL)


def read(text: str, syntax: Syntax = "auto", functions_of: Symbols = NONE, declared: Symbols = NONE) -> Term:
    """The expression that the text says.  Raises Unread."""
    return read_with_places(text, syntax, functions_of, declared).term


def read_with_places(text: str, syntax: Syntax = "auto", functions_of: Symbols = NONE, declared: Symbols = NONE) -> Reading:
    """The expression with the place of every part of it: reading.parts[k] is children(term)[k].  Raises Unread."""
    p = _cursor(text, syntax, functions_of, declared)
    out = within_limits(expression(p), text)
    if p.sees("=", ":=", *_RELATIONS):
        p.refuse("an expression is expected here, not an equation or a condition")
    return _ended(p, out)


def read_condition(text: str, syntax: Syntax = "auto", functions_of: Symbols = NONE, declared: Symbols = NONE) -> Compare:
    """The condition: x > 0.  Raises Unread."""
    p = _cursor(text, syntax, functions_of, declared)
    left = expression(p)
    if not p.sees(*_RELATIONS):
        p.missing("one of < ≤ > ≥ = ≠")
    out = _ended(p, within_limits(condition(p, left), text)).term
    assert isinstance(out, Compare)
    return out


def read_definition(text: str, syntax: Syntax = "auto", functions_of: Symbols = NONE, declared: Symbols = NONE) -> tuple[Name, Term]:
    """y_hat = w*x + b, or with := in between: the name and what it stands for.  Raises Unread."""
    p = _cursor(text, syntax, functions_of, declared, defines=True)
    left = name(p) if p.here.kind == "word" else expression(p)
    if not isinstance(left.term, Name) or begins(p) or p.sees("+", "-", "*", "/", "^"):
        p.refuse("the left side of a definition is a name", left)
    if not p.sees("=", ":="):
        p.missing("the sign = of the definition")
    p.at += 1
    right = within_limits(expression(p), text)
    if p.sees("=", ":="):
        p.refuse("a definition has one sign =")
    return left.term, _ended(p, right).term


def read_equation(text: str, syntax: Syntax = "auto", functions_of: Symbols = NONE, declared: Symbols = NONE) -> tuple[Reading, ...]:
    """The members of a = b = c, each with its places.  Raises Unread."""
    p = _cursor(text, syntax, functions_of, declared)
    members = [within_limits(expression(p), text)]
    while p.sees("=", ":="):
        p.at += 1
        members.append(within_limits(expression(p), text))
    _ended(p, members[-1])
    return tuple(members)


def _ended(p: Cursor, out: Reading) -> Reading:
    """out, where nothing follows it."""
    if p.here.kind != "end":
        p.refuse("the expression ends before this")
    return out


def _cursor(text: str, syntax: Syntax, functions_of: Symbols, declared: Symbols, defines: bool = False) -> Cursor:
    """The text as tokens, names and differentials told apart, ready to be walked."""
    chosen, begin, end = formula_within(text, syntax)
    tokens = settle(lex(text, chosen, begin, end), text, chosen, {*declared, *functions_of}, defines)
    return Cursor(text, tokens, brackets(tokens, text), chosen, declared, functions_of, PREFIX, INFIX)


def formula_within(text: str, syntax: Syntax = "auto") -> tuple[str, int, int]:
    """How the text is written, and where the formula stands in it, without the dollars around it."""
    chosen = syntax if syntax != "auto" else "latex" if "\\" in text or "$" in text else "ascii"
    inner = _DOLLARS.fullmatch(text) if chosen == "latex" else None
    begin, end = inner.span(inner.lastindex or 0) if inner else (0, len(text))
    return chosen, begin, end


def settle(tokens: list[Token], text: str, syntax: str, declared: Symbols, defines: bool = False, divide: Divide = split) -> list[Token]:
    """The tokens, with runs of letters split into names, d told from a name, and subscripts before powers."""
    marks = differentials(tokens, brackets(tokens, text), declared)
    out: list[Token] = []
    for at, t in enumerate(tokens):
        if at in marks:
            out.append(Token("op", "d", t.start, t.start + 1, t.spaced))
            if len(t.text) == 1:
                continue
            t = t._replace(text=t.text[1:], start=t.start + 1, spaced=False)
        if t.kind == "run":
            alone = defines and not at  # MSE = …
            out += [t._replace(kind="word")] if alone else divide(t, syntax, declared)
        else:
            out.append(t)
    if len(out) > TOKENS:
        raise Unread(f"a formula has at most {TOKENS:,} names and signs", text, out[TOKENS].start, out[TOKENS].end)
    return settle_scripts(out, brackets(out, text))
