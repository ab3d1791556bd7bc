r"""A name with its accents, subscripts and indices: ŷ_i, \hat{y}_{i}, w_{1,j}, x^{(i)}."""

from __future__ import annotations

from symgd.reading.pratt import Cursor, Reading
from symgd.reading.tokens import Token
from symgd.reading.words import INDEX_LETTERS, labels
from symgd.term import Name, symbol_problem

__all__ = ["accented", "name", "script", "subscript"]

ACCENTS = ("hat", "bar", "tilde")


def name(p: Cursor) -> Reading:
    """The name that begins with the word here."""
    first = p.take()
    if first.text in p.declared:
        return finished(p, first, first.text, ())
    base, *pieces = first.text.split("_")
    symbol, indices = _labelled(p, base, pieces)
    return finished(p, first, symbol, indices)


def accented(p: Cursor) -> Reading:
    r"""\hat{y}, \hat y, \hat{y_i}: the accent is a part of the name, before its other subscripts."""
    accent = p.take()
    braces = p.here.text == "{" and p.here.kind == "open"
    if braces:
        end = p.closing[p.at]
        p.at += 1
    if p.here.kind == "command" and p.here.text in ACCENTS:
        p.down()
        inner = accented(p)
        p.depth -= 1
    elif p.here.kind == "word":
        inner = name(p) if braces else _bare(p)
    else:
        p.refuse("this accent stands on a name", accent)
    if braces:
        if p.at != end:
            p.refuse("under an accent one name is read")
        p.at += 1
    assert isinstance(inner.term, Name)
    base, *rest = inner.term.symbol.split("_")
    place = next((k for k, piece in enumerate(rest) if piece not in ACCENTS), len(rest))
    return finished(p, accent, "_".join([base, *rest[:place], accent.text, *rest[place:]]), inner.term.indices)


def _bare(p: Cursor) -> Reading:
    t = p.take()
    return p.made(Name(t.text), t.start, t.end)


def finished(p: Cursor, first: Token, symbol: str, indices: tuple[str, ...]) -> Reading:
    """The name with the subscripts that follow here."""
    while True:
        if p.sees("_"):
            symbol, more = subscript(p, symbol)
            indices += more
        elif p.sees("'"):
            if not indices or p.syntax == "latex" or p.here.spaced:
                p.refuse("a prime is not read as a derivative here", hint="write d/dx (…)")
            indices = (*indices[:-1], indices[-1] + "'")
            p.at += 1
            indices += _further(p)
        elif p.sees("^") and (index := _raised_index(p)):
            indices += (index,)
            p.at += 6
        else:
            break
    symbol = _as_declared(p, symbol)
    if problem := symbol_problem(symbol):
        p.refuse(f"{symbol if len(symbol) < 40 else symbol[:36] + '…'} cannot be a name: {problem}", Token("word", symbol, first.start, p.last.end))
    return p.made(Name(symbol, indices), first.start, p.last.end)


def _further(p: Cursor) -> tuple[str, ...]:
    """The j of x_i'j"""
    if p.here.kind != "word" or p.here.spaced:
        return ()
    own, more = labels(p.here.text, (*INDEX_LETTERS, *p.bound))
    p.at += bool(more and not own)
    return more if not own else ()


def _as_declared(p: Cursor, symbol: str) -> str:
    """W_1 where W1 was declared, λ where lam was."""
    if symbol in p.declared or not p.declared:
        return symbol
    base, mark, rest = symbol.partition("_")
    other = {"lambda": "lam", "lam": "lambda"}.get(base, base)
    forms = [word + sign + rest for word in (base, other) for sign in (mark, "")]
    return next((f for f in forms if f in p.declared), symbol)


def _labelled(p: Cursor, symbol: str, pieces: list[str]) -> tuple[str, tuple[str, ...]]:
    """A symbol with the pieces of its subscripts: y, ["hat", "i"] → y_hat with index i."""
    indices: tuple[str, ...] = ()
    for piece in pieces:
        own, more = (piece, ()) if f"{symbol}_{piece}" in p.declared else labels(piece, (*INDEX_LETTERS, *p.bound))
        symbol, indices = "_".join([symbol, own] if own else [symbol]), indices + more
    return symbol, indices


def subscript(p: Cursor, symbol: str) -> tuple[str, tuple[str, ...]]:
    """The symbol with what the subscript here adds to it, and the indices."""
    mark = p.take()
    tokens = script(p)
    whole = ""
    for k, t in enumerate(tokens):
        nested = t.text == "_" and k and tokens[k - 1].text[-1:] in (*INDEX_LETTERS, *p.bound)  # the index h_1
        if t.kind in ("word", "number") or t.text in (",", "'"):
            whole += t.text
        elif not nested and t.text not in ("{", "}"):
            p.refuse("a subscript is letters, digits and commas: x_i, x_{ij}, y_{new}", t)
    pieces = [piece for part in whole.split(",") for piece in part.split("_")]
    if not all(pieces):
        p.refuse("a piece of the subscript is missing", mark)
    return _labelled(p, symbol, pieces)


def script(p: Cursor) -> list[Token]:
    """The tokens of the subscript or superscript here: within braces or brackets, or one."""
    if p.here.kind == "open" and p.here.text in ("{", "("):
        end = p.closing[p.at]
        tokens = p.tokens[p.at + 1 : end]
        p.at = end + 1
        return tokens
    if p.here.kind not in ("word", "number"):
        p.missing("a subscript")
    t = p.take()
    follows = p.here
    if p.syntax == "latex" and follows.kind == "word" and not follows.spaced and _runs_on(t.text, follows.text, p.tokens[p.at + 1].text):
        p.refuse(f"is {follows.text} in the subscript too, or a factor?", Token("", "", t.start, follows.end), "put the subscript into braces")
    if p.syntax == "latex" and t.kind == "number" and len(t.text) > 1:
        p.refuse("TeX takes only the first digit into the subscript", t, f"write _{{{t.text}}}")
    return [t]


def _runs_on(letter: str, following: str, then: str) -> bool:
    """Was more than TeX's one letter meant to be lowered?  In x_ij and w_new perhaps, in w_ix_i hardly."""
    return len(letter) == 1 and following.isalpha() and (letter not in INDEX_LETTERS or (following in INDEX_LETTERS and then != "_"))


def _raised_index(p: Cursor) -> str:
    """x^{(i)} has the index i."""
    shape = [t.text for t in p.tokens[p.at + 1 : p.at + 6]]
    if len(shape) == 5 and shape[:2] == ["{", "("] and shape[3:] == [")", "}"]:
        if shape[2] in INDEX_LETTERS or shape[2] in p.bound:
            return shape[2]
        if shape[2].isdigit():
            p.refuse("is this number a power or a label?", p.tokens[p.at + 3], "write x^2 or x_2")
    return ""
