r"""Names as other people write them: x^{(i)}, x^i, w_{t+1}, w^{(t)}, a^{[1]}, w^*x, y_{\text{pred},i}, \hat{y_i}."""

from __future__ import annotations

from symgd.reading.names import ACCENTS
from symgd.reading.pratt import Cursor, Reading, Student, begins
from symgd.reading.tokens import Token
from symgd.reading.words import INDEX_LETTERS, labels
from symgd.term import Match, Name, Term, children, symbol_problem

__all__ = ["PRIMED", "noted", "plain_name", "script", "spread", "student"]

LAYERED = frozenset(("a", "z", "w", "b", "W", "delta", "A", "Z"))  # a^l, z^L, W^{l+1}: of a layer

PRIMED = Name("?")  # u' is D(u, PRIMED): the variable is what the surroundings say


def noted(p: Cursor, note: str, start: int, end: int) -> None:
    """Keep what was repaired, with its place."""
    assert p.student is not None
    p.student.notes.append((note, start, end))


def student(p: Cursor) -> Student:
    assert p.student is not None
    return p.student


def spread(t: Term, start: int, end: int) -> Reading:
    """A reading of t with every part at the same place: for what is not written out."""
    parts = tuple(spread(c, start, end) for c in children(t))
    return Reading(t, start, end, parts, 1 + max((x.depth for x in parts), default=0))


def plain_name(p: Cursor) -> Reading:
    """A name with its accents, labels and indices, whatever follows."""
    p.down()
    first = p.here
    if first.kind == "command":
        symbol, indices = _accent(p)
    elif first.kind in ("word", "phrase"):
        p.at += 1
        symbol, indices = (first.text, ()) if first.text in p.declared else _labelled(p, *_base(first.text))
    else:
        p.missing("a name")
    symbol, indices = _scripts(p, symbol, indices)
    p.depth -= 1
    if problem := symbol_problem(symbol):
        p.refuse(f"{symbol if len(symbol) < 40 else symbol[:36] + '…'} cannot be a name: {problem}", Token("word", symbol, first.start, p.last.end))
    if symbol == "delta" and len(indices) == 2 and indices[0] != indices[1] and "delta" not in p.declared and p.tokens[p.at - 1].text != ")":
        return p.made(Match(*indices), first.start, p.last.end)
    return p.made(Name(symbol, indices), first.start, p.last.end)


def _base(text: str) -> tuple[str, list[str]]:
    base, *pieces = text.split("_")
    return base, pieces


def _accent(p: Cursor) -> tuple[str, tuple[str, ...]]:
    accent = p.take()
    if accent.text not in ACCENTS:
        p.refuse("a name is expected here", accent)
    if p.here.text == "{" and p.here.kind == "open":
        end = p.closing[p.at]
        p.at += 1
        inner = plain_name(p)
        if p.at != end:
            p.refuse("under an accent one name is read")
        p.at += 1
    elif p.here.kind in ("word", "phrase"):
        t = p.take()
        inner = p.made(Name(t.text), t.start, t.end)
    else:
        p.refuse("this accent stands on a name", accent)
    assert isinstance(inner.term, Name)
    base, *rest = inner.term.symbol.split("_")
    place = next((k for k, piece in enumerate(rest) if piece not in ACCENTS), len(rest))
    return "_".join([base, *rest[:place], accent.text, *rest[place:]]), inner.term.indices


def _scripts(p: Cursor, symbol: str, indices: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The subscripts and the raised labels that follow."""
    while True:
        if p.sees("_"):
            mark = p.take()
            symbol, more = _label(p, symbol, _inside(p, script(p)), mark)
        elif p.sees("^") and (raised := _raised(p, symbol)):
            found, at = raised
            p.at = at
            symbol, more = _label(p, symbol, found, p.last)
            indices, more = more, indices  # the sample of x_j^{(i)} first, as in x_ij
        elif p.sees("'") and indices and p.syntax == "ascii" and not p.here.spaced and indices[-1] + "'" in p.bound:
            p.at += 1
            indices, more = (*indices[:-1], indices[-1] + "'"), ()
        elif p.here.kind == "word" and not p.here.spaced and p.last.kind == "word" and p.last.text.endswith(ACCENTS) and p.here.text in ("i", "j"):
            symbol, more = symbol, (p.take().text,)  # ŷi
        else:
            return symbol, indices
        indices += more


def script(p: Cursor) -> list[Token]:
    """The tokens of the subscript or superscript here: within braces or brackets, or one."""
    if p.here.kind == "open" and p.here.text in ("{", "(", "["):
        end = p.closing[p.at]
        tokens = p.tokens[p.at + 1 : end]
        p.at = end + 1
        return tokens
    if p.here.kind not in ("word", "number", "phrase"):
        p.missing("a subscript")
    t = p.take()
    if p.syntax == "latex" and t.kind == "number" and len(t.text) > 1:
        p.refuse("TeX takes only the first digit into the subscript", t, f"write _{{{t.text}}}")
    return [t]


def _inside(p: Cursor, tokens: list[Token]) -> list[str]:
    if prose := next((t for t in tokens if t[:2] == ("op", "prose")), None):
        p.refuse("these words are no subscript", prose)
    return [t.text for t in tokens if t.text not in ("{", "}", "(", ")", "[", "]")]


def _label(p: Cursor, symbol: str, inside: list[str], at: Token) -> tuple[str, tuple[str, ...]]:
    """What a subscript says: indices, or a label (t+1 is t_plus_1)."""
    pieces: list[str] = []
    whole = ""
    for part, following in zip(inside, (*inside[1:], ""), strict=True):
        if part == "_" and whole[-1:] in (*INDEX_LETTERS, *p.bound) and following.isdigit():
            continue  # the index h_1
        if part in (",", "_", ";"):
            pieces.append(whole)
            whole = ""
        elif part in ("+", "-", "="):
            pieces.append(whole)
            pieces.append({"+": "plus", "-": "minus", "=": "at"}[part])
            whole = ""
        elif part.replace("_", "").replace("'", "").isalnum() or (part == "'" and whole):
            whole += part
        elif part not in ("hat", "bar", "tilde", "*"):
            p.refuse("a subscript is letters, digits and commas: x_i, x_{ij}, y_{new}", at)
    pieces.append(whole)
    pieces = [q for piece in pieces for q in piece.split("_") if q]
    if not pieces:
        p.refuse("a piece of the subscript is missing", at)
    if "plus" in pieces or "minus" in pieces or "at" in pieces:
        return "_".join([symbol, *pieces]), ()
    return _labelled(p, symbol, pieces)


def _labelled(p: Cursor, symbol: str, pieces: list[str]) -> tuple[str, tuple[str, ...]]:
    indices: tuple[str, ...] = ()
    for piece in pieces:
        own, more = (piece, ()) if f"{symbol}_{piece}" in p.declared else labels(piece, (*INDEX_LETTERS, *p.bound))
        symbol, indices = "_".join([symbol, own] if own else [symbol]), indices + more
    return symbol, indices


def _raised(p: Cursor, symbol: str) -> tuple[list[str], int] | None:
    """x^{(i)}, x^{[1]}, w^{(t)}, w^{t+1}, x^i where no power is meant, w^*: what the raised mark says, and where it ends."""
    first = p.tokens[p.at + 1]
    if first.text in ("{", "(") and first.kind == "open":
        end = p.closing[p.at + 1]
        inside = p.tokens[p.at + 2 : end]
        bracket = inside[0].text if inside and first.text == "{" else "(" if first.text == "(" and p.syntax == "latex" else ""
        texts = [t.text for t in inside]
    else:
        end, inside, bracket, texts = p.at + 1, [first], "", [first.text]
    if texts == ["+"]:
        return ["plus"], end + 1
    if texts in (["*"], ["★"]):
        return _starred(p, end)
    if bracket in ("(", "[") and len(inside) <= 8 and all(t.kind in ("word", "number", "open", "close") or t.text in ("+", "-", ",", "_") for t in inside):
        return _inside(p, inside), end + 1
    if len(texts) == 3 and texts[1] in ("+", "-") and texts[2] == "1" and texts[0] in ("t", "k") and texts[0] not in p.declared:
        return texts, end + 1
    if symbol in LAYERED and texts[:1] and texts[0] in ("l", "L") and (len(texts) == 1 or (len(texts) == 3 and texts[1] in ("+", "-") and texts[2] == "1")):
        return texts, end + 1
    if len(texts) == 1 and inside[0].kind == "word" and texts[0] not in p.declared and (texts[0] in p.bound or texts[0] in ("i", "j")):
        return texts, end + 1
    return None


def _starred(p: Cursor, end: int) -> tuple[list[str], int] | None:
    """w^* x with an operand at once is a product sign that was raised by mistake; else the star is a label: the best w."""
    start = p.here.start
    here, p.at = p.at, end + 1
    stray = begins(p)
    p.at = here
    if not stray:
        return ["star"], end + 1
    noted(p, "the raised star is read as a product sign", start, p.tokens[end].end)
    return None
