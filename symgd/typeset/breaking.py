"""How wide a formula is drawn, and where a long one is broken: before its relations, + and −; then between factors; then inside a bracket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from symgd.typeset.arrange import DOT, JUXTAPOSE
from symgd.typeset.plain import to_unicode
from symgd.typeset.shapes import Big, Brace, Fence, Frac, Ident, Layout, Op, Rate, Root, Row, Script, spelled

__all__ = ["drawn", "split_formula"]

Measure: TypeAlias = Callable[[Layout], float]

_LETTERS = {"m": 1.6, "w": 1.4, "W": 2.0, "M": 2.0, "I": 0.9, "i": 0.7, "j": 0.8, "l": 0.7, "t": 0.8}  # columns of a letter as it is typeset


def drawn(layout: Layout) -> float:
    """Columns of the formula as it is typeset: a fraction is as wide as its wider half, raised and lowered letters are smaller."""
    match layout:
        case Row(pieces):
            return sum(map(drawn, pieces))
        case Frac(top, bottom):
            return 0.5 + max(drawn(top), drawn(bottom))
        case Rate(mark="prime" | "nabla"):
            return drawn(spelled(layout))
        case Rate(of, by):
            below = sum(1 + drawn(b) for b in by)
            return below + drawn(of) if isinstance(of, Fence) else 0.5 + max(1 + drawn(of), below)
        case Script(base, sub, sup):
            return drawn(base) + 0.7 * max((drawn(x) for x in (sub, sup) if x is not None), default=0)
        case Big(_, body):
            return 2.5 + drawn(body)
        case Fence(body) | Root(body):
            return 1.5 + drawn(body)
        case Op(mark, kind):
            return {"juxtapose": 0.3, "comma": 1.2, "prefix": 1, "slash": 1}.get(kind, 2.5 if mark != "·" else 1.5)
        case Ident(letters, _, own, indices):
            return sum(_LETTERS.get(c, 1.7 if c.isupper() else 1.05) for c in letters) + 0.75 * sum(map(len, own + indices)) + (0.8 if own and indices else 0)
        case Brace(rows, otherwise):
            return 8 + max(drawn(otherwise), *(drawn(value) + drawn(when) for value, when in rows))
    return len(to_unicode(layout))


def split_formula(layout: Layout, columns: float, measure: Measure = drawn, inside: bool = True) -> list[Layout]:
    """The formula in parts of at most `columns`, cut where it reads best; a part without a place to cut stays whole.

    inside  also between factors and inside brackets; else only at the outermost relations, + and −, which need no further mark on a line that is not cut
    """
    if measure(layout) <= columns or not isinstance(layout, Row | Big):
        return [layout]
    lines = _cut(_pieces(layout), ("sum", "relation"), columns, measure)
    return [Row(part) for line in lines for part in (_finer(line, columns, measure) if inside else (line,))]


Pieces: TypeAlias = tuple[Layout, ...]


def _cut(pieces: Sequence[Layout], kinds: tuple[str, ...], columns: float, measure: Measure) -> list[Pieces]:
    """The pieces in lines as full as they may be, each but the first beginning with a mark of these kinds."""
    lines: list[list[Layout]] = [[]]
    for part in _parts(pieces, kinds):
        if not lines[-1] or measure(Row((*lines[-1], *part))) <= columns:
            lines[-1] += part
        else:
            lines.append([DOT if part[0] == JUXTAPOSE else part[0], *part[1:]])
    return [tuple(line) for line in lines]


def _parts(pieces: Sequence[Layout], kinds: tuple[str, ...]) -> list[list[Layout]]:
    parts: list[list[Layout]] = [[]]
    for piece in pieces:
        if isinstance(piece, Op) and piece.kind in kinds and parts[-1]:
            parts.append([])
        parts[-1].append(piece)
    return parts


def _finer(line: Pieces, columns: float, measure: Measure) -> list[Pieces]:
    """A line that is still too wide: between its factors, else inside its widest bracket or behind its Σ."""
    if measure(Row(line)) <= columns:
        return [line]
    factors = _cut(line, ("product", "juxtapose"), columns, measure)
    if all(measure(Row(part)) <= columns for part in factors) or (opened := _opened(line, measure)) is None:
        return factors
    return [part for cut in _cut(opened, ("sum", "relation"), columns, measure) for part in _finer(cut, columns, measure)]


def _opened(line: Pieces, measure: Measure) -> Pieces | None:
    """The line with the brackets of its widest bracket, or the Σ before its widest sum, as marks of their own; None where it has neither."""
    ways = [(measure(piece), k, inner) for k, piece in enumerate(line) if (inner := _inside(piece))]
    if not ways:
        return None
    _, at, inner = max(ways, key=lambda way: way[0])
    return (*line[:at], *inner, *line[at + 1 :])


def _inside(piece: Layout) -> Pieces:
    """( body ) as three pieces or more; () for what cannot be opened"""
    match piece:
        case Row(pieces):
            return pieces
        case Big(index, body, mark) if body != Row(()):
            return (Big(index, Row(()), mark), *_pieces(body))
        case Fence(body, opens, closes) if not isinstance(body, Brace):
            return (Op(opens, "prefix"), *_pieces(body), Op(closes, "prefix"))
        case Script(Fence(body, opens, closes), sub, sup):
            return (Op(opens, "prefix"), *_pieces(body), Script(Op(closes, "prefix"), sub, sup))
    return ()


def _pieces(body: Layout) -> Pieces:
    return body.pieces if isinstance(body, Row) else (body,)
