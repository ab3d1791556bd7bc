"""What the marks of matrix notation mean: one sentence for each mark that stands in the formulas of a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from symgd.language import FUNCTIONS
from symgd.typeset.shapes import Apply, Brace, Fence, Ident, Layout, Op, Row, Script

__all__ = ["explained"]

ONES = "𝟏 is a column of ones: 𝟏 bᵀ repeats the row bᵀ for every sample, 𝟏ᵀ u adds up the entries of u"
TIMES = "⊙ multiplies entry by entry"
DIVIDED = "⊘ divides entry by entry"
POWER = "A^⊙2 squares every entry"
WHERE = "[Z > 0] is 1 where the condition holds and 0 elsewhere, entry by entry"
APPLIED = "functions and cases act entry by entry"
DIAGONAL = "diag(u) is the matrix with u on its diagonal and 0 elsewhere"
SOFTMAX = "softmax acts on each row"

SENTENCES = (ONES, TIMES, DIVIDED, POWER, APPLIED, WHERE, DIAGONAL, SOFTMAX)


def explained(formulas: Iterable[Layout]) -> tuple[str, ...]:
    """The sentences, without full stops, for the marks that stand in the formulas."""
    met = {said for formula in formulas for piece in _all(formula) if (said := _said(piece))}
    return tuple(s for s in SENTENCES if s in met)


def _said(piece: Layout) -> str:
    match piece:
        case Ident("1", bold=True):
            return ONES
        case Op("⊙", "product"):
            return TIMES
        case Op("⊘", "product"):
            return DIVIDED
        case Script(_, _, Row((Op("⊙", "prefix"), *_))):
            return POWER
        case Fence(Row(pieces), "[") if _arrays(pieces) and any(isinstance(p, Op) and p.kind == "relation" for p in pieces):
            return WHERE
        case Apply("diag"):
            return DIAGONAL
        case Apply("softmax"):
            return SOFTMAX
        case Apply(f, args) if f in FUNCTIONS and _arrays(args):
            return APPLIED
        case Brace(rows) if any(map(_arrays, rows)):
            return APPLIED
    return ""


def _arrays(pieces: Iterable[Layout]) -> bool:
    return any(isinstance(x, Ident) and x.bold for piece in pieces for x in _all(piece))


def _all(piece: object) -> Iterator[Layout]:
    """The piece and all that it is made of."""
    if isinstance(piece, tuple):
        for x in piece:
            yield from _all(x)
    elif is_dataclass(piece):
        yield piece  # type: ignore[misc]
        for f in fields(piece):
            yield from _all(getattr(piece, f.name))
