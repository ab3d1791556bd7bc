r"""What stands between brackets in other people's working: lists of numbers, matrices, norms, cases without a last word."""

from __future__ import annotations

from symgd.reading.functions import arguments, condition
from symgd.reading.grammar import group
from symgd.reading.loose_names import noted, script
from symgd.reading.loose_rates import taken
from symgd.reading.pratt import Cursor, Reading, expression
from symgd.reading.tokens import Token
from symgd.term import Call, Cases, Compare

__all__ = ["grouped"]


def grouped(p: Cursor) -> Reading:
    """(…), [1, 2, 3], ‖v‖, rows of a matrix"""
    t = p.here
    if t.text == "‖(":
        return _norm(p)
    if t.text == "matrix(":
        return _matrix(p)
    if t.text in ("(", "[") and _has_comma(p):
        items = arguments(p)
        return p.made(Call("list", tuple(x.term for x in items)), t.start, p.last.end, *items)
    if t.text == "[" and _number_alone(p):
        items = arguments(p)
        return p.made(Call("list", (items[0].term,)), t.start, p.last.end, items[0])
    return _cases(p) if t.text == "cases(" else group(p)


def _cases(p: Cursor) -> Reading:
    r"""\begin{cases} value & if condition \\ … \end{cases}; the last piece holds otherwise, with a note where it has a condition"""
    first = p.take()
    pieces: list[tuple[Reading, Reading | None]] = []
    while not p.sees("cases)"):
        value = expression(p)
        _between(p)
        when = None
        if p.here.text in ("otherwise", "else"):
            p.at += 1
        elif not p.sees("cases)", "newrow"):
            when = condition(p, expression(p))
        pieces.append((value, when))
        while p.sees("newrow", ",", ".", "&", "gap", ".*"):
            p.at += 1
    end = p.take().end
    if len(pieces) < 2 or any(when is None for _, when in pieces[:-1]):
        p.refuse("cases are read as value, condition, …, and a last value otherwise", Token("", "", first.start, end))
    last, final = pieces[-1]
    if final is not None:
        noted(p, "the last case is read as the one that holds otherwise", final.start, final.end)
    chosen = [(value, when) for value, when in pieces[:-1] if when is not None]
    whole = Cases(tuple((v.term, w.term) for v, w in chosen if isinstance(w.term, Compare)), last.term)
    return p.made(whole, first.start, end, *(x for pair in chosen for x in pair), last)


def _between(p: Cursor) -> None:
    """What stands between a value and its condition."""
    while p.sees("&", ",", "gap", "prose", ":") or p.here.text in ("if", "for"):
        p.at += 1


def _number_alone(p: Cursor) -> bool:
    return p.closing[p.at] == p.at + 2 and p.tokens[p.at + 1].kind == "number" and not (p.at and p.last.kind in ("word", "close", "number"))


def _has_comma(p: Cursor) -> bool:
    at = p.at + 1
    while at < p.closing[p.at]:
        if p.tokens[at].kind == "op" and p.tokens[at].text in (",", ";"):
            p.tokens[at] = p.tokens[at]._replace(text=",")
            return True
        at = p.closing.get(at, at) + 1
    return False


def _norm(p: Cursor) -> Reading:
    """‖v‖, ‖v‖_2, ‖v‖_1"""
    sign = p.take()
    body = expression(p)
    if not p.sees("‖)"):
        p.missing("the second bar of the norm")
    p.at += 1
    label = "".join(t.text for t in script(p)) if taken(p, "_") else "2"
    if label not in ("1", "2", "F"):
        p.refuse(f"the norm {label[:20]} is not read", sign)
    return p.made(Call("norm1" if label == "1" else "norm", (body.term,)), sign.start, p.last.end, body)


def _matrix(p: Cursor) -> Reading:
    r"""\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}: a matrix of rows"""
    sign = p.take()
    rows: list[Reading] = []
    while not p.sees("matrix)"):
        cells = [expression(p)]
        while taken(p, "&"):
            cells.append(expression(p))
        rows.append(p.made(Call("list", tuple(c.term for c in cells)), cells[0].start, cells[-1].end, *cells))
        if not taken(p, "newrow") and not p.sees("matrix)"):
            p.refuse("a matrix has rows and columns")
    p.at += 1
    if not rows:
        p.refuse("there is nothing between these brackets", sign)
    return p.made(Call("matrix", tuple(r.term for r in rows)), sign.start, p.last.end, *rows)
