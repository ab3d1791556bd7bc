"""The pieces a formula is laid out from: what is said once by `layout`, and walked by every printer.

All marks are Unicode; each printer has its own table for them.  A piece knows nothing of terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Apply", "Big", "Brace", "Fence", "Frac", "Ident", "Layout", "Number", "Op", "Rate", "Root", "Row", "Script", "Words",
    "leftmost", "relation", "spelled", "tall",
]  # fmt: skip

Kind = Literal["sum", "relation", "prefix", "product", "juxtapose", "apply", "slash", "comma"]


@dataclass(frozen=True)
class Ident:
    """A name: its letters (one, or an upright word), accents, own subscript and indices.  ŷ_i is Ident("y", ("hat",), (), ("i",))."""

    letters: str
    accents: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    bold: bool = False


@dataclass(frozen=True)
class Number:
    """The digits of a number that is not negative."""

    digits: str


@dataclass(frozen=True)
class Op:
    """A mark between two pieces or, as a prefix, before one.  Juxtaposition has no mark, nor has what sets ∇ off from its function."""

    mark: str
    kind: Kind


@dataclass(frozen=True)
class Row:
    """Pieces side by side, the marks among them."""

    pieces: tuple[Layout, ...]


@dataclass(frozen=True)
class Frac:
    """top over bottom, with a bar"""

    top: Layout
    bottom: Layout


@dataclass(frozen=True)
class Rate:
    """∂of/∂by; with two names in `by` a second derivative, the outer one first.  A fenced `of` stands beside the ∂/∂by.

    straight  with d instead of ∂
    mark      "prime" for of′(by) or "nabla" for ∇_by of, both without a fraction: `spelled` says of which pieces
    """

    of: Layout
    by: tuple[Layout, ...]
    straight: bool = False
    mark: Literal["", "prime", "nabla"] = ""


@dataclass(frozen=True)
class Script:
    """base with something below and something above it"""

    base: Layout
    sub: Layout | None = None
    sup: Layout | None = None


@dataclass(frozen=True)
class Big:
    """Σ_index body"""

    index: str
    body: Layout
    mark: str = "Σ"


@dataclass(frozen=True)
class Fence:
    """(body), [body], |body| or ‖body‖"""

    body: Layout
    opens: str = "("
    closes: str = ")"


@dataclass(frozen=True)
class Root:
    """√body"""

    body: Layout


@dataclass(frozen=True)
class Apply:
    """f(args) for a function of `language`; `bare` writes one argument without brackets: log p.  `spell` writes σ as a word."""

    function: str
    args: tuple[Layout, ...]
    bare: bool = False
    spell: bool = False


@dataclass(frozen=True)
class Brace:
    """One of several values: (value, condition) rows, and what holds otherwise."""

    rows: tuple[tuple[Layout, Layout], ...]
    otherwise: Layout


@dataclass(frozen=True)
class Words:
    """Upright running text inside a formula; every printer escapes it."""

    text: str


Layout: TypeAlias = Ident | Number | Op | Row | Frac | Rate | Script | Big | Fence | Root | Apply | Brace | Words


def relation(left: Layout, mark: str, right: Layout) -> Row:
    """left mark right, on one line: mark is one of = := ≈ ≤ ≥ < > ≠ ← → ∈"""
    return Row((left, Op(mark, "relation"), right))


def spelled(rate: Rate) -> Row:
    """L′(w) or ∇_w L from simpler pieces, for a rate with a mark."""
    if rate.mark == "prime":
        return Row((Script(rate.of, None, Op("′" * len(rate.by), "prefix")), Fence(rate.by[0])))
    return Row((Script(Op("∇", "prefix"), rate.by[0]), Op("", "apply"), rate.of))


def leftmost(piece: Layout) -> Layout:
    """The piece with which it begins."""
    match piece:
        case Row(pieces):
            return leftmost(pieces[0])
        case Script(base):
            return leftmost(base)
    return piece


def tall(piece: Layout) -> bool:
    """Is it higher than a line of letters, so that brackets around it must grow?"""
    match piece:
        case Rate(mark="prime" | "nabla"):
            return False
        case Frac() | Rate() | Big() | Brace():
            return True
        case Row(pieces) | Apply(_, pieces):
            return any(map(tall, pieces))
        case Fence(body) | Root(body):
            return tall(body)
        case Script(base, _, sup):
            return tall(base) or (sup is not None and tall(sup))
    return False
