r"""A line → its statements: a = b ⇒ c = d, a = b and c = d, a = b, c = d are two; trailing prose and equation numbers belong to none."""

from __future__ import annotations

from symgd.reading.lexer import lex
from symgd.reading.marks import RELATIONS, mark
from symgd.reading.tokens import Token
from symgd.reading.words import CONNECTIVES, INDEX_LETTERS, known

__all__ = ["lexed", "parted"]

_ALWAYS = frozenset(("⇒",))
_PERHAPS = frozenset((",", ";", "gap", "prose", "→", "or", "newrow", "&"))
_REMARKS = frozenset((
    "rule", "chain", "definition", "substitution", "substitute", "linearity", "theorem", "above", "eq", "equation", "line", "step", "derivative",
))  # fmt: skip
_LEADS = frozenset((
    "let", "so", "then", "thus", "hence", "therefore", "and", "where", "with", "define", "set", "put", "now", "since", "because", "we", "have", "get",
    *CONNECTIVES,
))  # fmt: skip
_GOES_ON = RELATIONS | {"+", "-", "*", "/", "⊙", "@"}
_QUIET = frozenset((",", ";", "…", "∈", "_", "^", "-", "."))


def lexed(text: str, syntax: str) -> list[Token]:
    """The tokens of the line, with the further marks of other people's working."""
    return lex(text, syntax, 0, len(text), mark)


def parted(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each statement, without the end."""
    pieces, marks = _cut(tokens)
    out: list[list[Token]] = []
    related: list[bool] = []  # does a relation stand in out[k]?
    joins: list[str] = []
    for piece, before, following in zip(pieces, marks, (*pieces[1:], []), strict=True):
        joins.append(before)
        if not piece:
            continue
        if out and _remark(piece, joins) and not _open(out[-1]):
            continue
        own = _related(piece)
        column = bool({"&", "newrow"} & {*joins}) and bool(out) and related[-1] and not _open(out[-1]) and _begins(following)
        if out and not column and not _parts(related[-1], own, piece, joins):
            out[-1] += [*_join(joins, piece), *piece]
            related[-1] |= own
        else:
            out.append(piece)
            related.append(own)
        joins = []
    return [kept for piece in out if (kept := _led(_kept(piece)))]


def _cut(tokens: list[Token]) -> tuple[list[list[Token]], list[str]]:
    """The pieces between the marks that may part statements, and the mark before each."""
    pieces: list[list[Token]] = [[]]
    marks = [""]
    depth = 0
    for t in tokens:
        depth += {"open": 1, "close": -1}.get(t.kind, 0)
        if t.kind == "op" and not depth and (t.text in _ALWAYS or t.text in _PERHAPS):
            pieces.append([])
            marks.append(t.text)
        elif t.kind != "end":
            pieces[-1].append(t)
    return pieces, marks


def _related(piece: list[Token]) -> bool:
    """Does a relation stand in the piece, outside brackets?"""
    depth = 0
    for t in piece:
        depth += {"open": 1, "close": -1}.get(t.kind, 0)
        if not depth and t.kind == "op" and t.text in RELATIONS:
            return True
    return False


def _parts(left: bool, own: bool, right: list[Token], joins: list[str]) -> bool:
    """Do the two stand for themselves?"""
    if any(j in _ALWAYS for j in joins):
        return True
    return left and own and not _begins(right)


def _begins(piece: list[Token]) -> bool:
    """Does the piece begin with a relation?"""
    return bool(piece) and piece[0].kind == "op" and piece[0].text in RELATIONS


def _open(piece: list[Token]) -> bool:
    """Does the piece end with a relation or an operator, so that it goes on: L = & loss?"""
    return piece[-1].kind == "op" and piece[-1].text in _GOES_ON


def _remark(piece: list[Token], joins: list[str]) -> bool:
    """Is the piece no mathematics of its own: (1), (chain rule), for i = 1, …, n, && its name from here on?"""
    if _related(piece):
        return len(piece) > 1 and "prose" in joins and piece[0].text in INDEX_LETTERS and any(t.text == "…" for t in piece)
    if "prose" in joins:
        return all(t.kind != "op" or t.text in _QUIET for t in piece)
    inside = [t.kind for t in piece]
    if {"gap", "&"} & {*joins} and "or" not in joins and piece[0].kind == "phrase" and "_" in piece[0].text:
        return True  # how fast ŷ changes along the line
    if joins.count("&") > 1 and inside == ["word"] and len(piece[0].text) > 2:
        return True
    return ("gap" in joins or "&" in joins) and "or" not in joins and inside in (["phrase"], ["open", "number", "close"], ["open", "phrase", "close"])


def _join(joins: list[str], piece: list[Token]) -> list[Token]:
    """What stands between two pieces of one statement: "or", an arrow, a comma, or nothing."""
    at = piece[0].start
    shown = [j for j in joins if j not in ("gap", "newrow", "&", "")]
    if "or" in shown:
        return [Token("op", "or", at, at)]
    if "→" in shown:
        return [Token("op", "→", at, at)]
    if "prose" in shown:
        return [Token("op", "prose", at, at)]
    return [Token("op", s, at, at) for s in shown if s in (",", ";")]


def _kept(piece: list[Token]) -> list[Token]:
    """The piece without what trails it: an equation's number, prose, commas."""
    while piece and piece[-1].kind == "op" and piece[-1].text in (",", ";", "prose", "…", ".*"):
        piece = piece[:-1]
    if len(piece) > 4 and [t.kind for t in piece[-3:]] == ["open", "phrase", "close"] and piece[-4].kind in ("word", "run", "number", "close"):
        piece = _kept(piece[:-3]) if piece[-3].spaced and _REMARKS & set(piece[-2].text.split("_")) else piece
    if [t.text for t in piece[-4:-2]] == ["…", "("] and piece[-1].text == ")":
        piece = _kept(piece[:-4])
    while piece and piece[0].kind == "op" and piece[0].text in (",", ";", "prose", "→", "or"):
        piece = piece[1:]
    return piece


def _led(piece: list[Token]) -> list[Token]:
    """Without the word that leads to the formula: let u = …, target y = 1."""
    if len(piece) > 2 and piece[0].kind == "run" and piece[0].text.lower() in _LEADS:
        return _led(piece[1:])
    word, following = piece[:1], piece[1:]
    relation = next((k for k, t in enumerate(following) if t.kind == "op" and t.text in RELATIONS), 0)
    if relation and word[0].kind in ("run", "phrase") and word[0].text.replace("_", "").isalpha() and len(word[0].text) > 2 and not known(word[0].text):
        name = following[0]
        single = relation == 1 or following[1].text == "_"
        if single and name.spaced and name.kind in ("run", "word") and len(name.text.partition("_")[0]) < 3 and not name.text.isdigit():
            return following
    return piece
