"""Layout → one line of Unicode: (2/n) Σᵢ (w xᵢ + b − yᵢ) xᵢ.  Where a bar or a raised line disappears, brackets come back."""

from __future__ import annotations

import unicodedata

from symgd.language import FUNCTIONS
from symgd.typeset.marks import ACCENTS, index_parts
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words, spelled

__all__ = ["function", "to_unicode"]

BELOW = dict(zip("0123456789aehijklmnoprstuvxβγρφχ'′", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ′′", strict=True))
ABOVE = dict(zip("0123456789abcdefghijklmnoprstuvwxyz+−⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ⁺⁻ᵀ′", strict=True))

# How tightly a written line is bound: a sum, a product or quotient, a function without brackets, one piece.
SUM, PRODUCT, OPEN, ONE = range(4)


def to_unicode(piece: Layout) -> str:
    """The formula on one line."""
    match piece:
        case Ident():
            return _ident(piece)
        case Number(digits):
            return digits
        case Op(mark, kind):
            return {"juxtapose": " ", "apply": " ", "comma": ", "}.get(kind) or (mark if kind in ("prefix", "slash") else f" {mark} ")
        case Row(pieces):
            return _row(pieces)
        case Frac(top, bottom):
            return f"{_within(top, ONE if isinstance(top, Frac) else PRODUCT)}/{_within(bottom, ONE)}"
        case Rate(mark="prime" | "nabla"):
            return to_unicode(spelled(piece))
        case Rate(of, by, straight):
            return _rate(of, by, straight)
        case Script(base, sub, sup):
            return to_unicode(base) + ("" if sub is None else _lowered(sub)) + ("" if sup is None else _raised(sup))
        case Big(index, body, mark):
            return f"{mark}{_below(index)} {to_unicode(body)}"
        case Fence(Brace() as body, "("):
            return to_unicode(body)  # the braces of a line close by themselves
        case Fence(body, opens, closes):
            return f"{opens}{to_unicode(body)}{closes}"
        case Root(body):
            inside = to_unicode(body)
            return f"√{inside}" if isinstance(body, Ident | Number) and len(inside) == 1 else f"√({inside})"
        case Apply(f, args, bare, spell):
            inside = ", ".join(map(to_unicode, args))
            return f"{function(f, spell)} {inside}" if bare else f"{function(f, spell)}({inside})"
        case Brace(rows, otherwise):
            lines = [f"{to_unicode(_closed(v))} if {to_unicode(_closed(c))}" for v, c in rows]
            return "{" + "; ".join([*lines, f"{to_unicode(_closed(otherwise))} otherwise"]) + "}"
        case Words(text):
            return text


def function(f: str, spell: bool = False) -> str:
    """The name of a function as it is printed: log, log₂, arcsin, σ."""
    if spell or f not in FUNCTIONS:
        return f
    word = FUNCTIONS[f].latex.replace(r"\operatorname", "").replace(r"\sigma", "σ").strip("\\{}")
    head, _, base = word.partition("_")
    return head + "".join(BELOW[c] for c in base.strip("{}"))


def binding(piece: Layout) -> int:
    """How tightly the line of the piece is bound."""
    match piece:
        case Row(pieces):
            kinds = {p.kind for p in pieces if isinstance(p, Op)}
            return SUM if kinds & {"sum", "relation", "prefix", "comma"} else PRODUCT if kinds else binding(pieces[0]) if len(pieces) == 1 else PRODUCT
        case Frac() | Rate() | Big():
            return PRODUCT
        case Apply(bare=True):
            return OPEN
        case Words():
            return SUM
    return ONE


def _within(piece: Layout, least: int) -> str:
    """The piece, in brackets where it is looser than its place on the line asks; log p becomes log(p)."""
    if isinstance(piece, Apply):
        return to_unicode(_closed(piece))
    text = to_unicode(piece)
    open_end = isinstance(piece, Big) or (isinstance(piece, Row) and isinstance(piece.pieces[-1], Big | Apply))
    return text if binding(piece) >= least and not (open_end and least == PRODUCT) else f"({text})"


def _closed(piece: Layout) -> Layout:
    """The piece with brackets around the argument of a function at its end: words may follow."""
    match piece:
        case Apply(f, args, _, spell):
            return Apply(f, args, False, spell)
        case Row(pieces):
            return Row((*pieces[:-1], _closed(pieces[-1])))
        case Big(index, body, mark):
            return Big(index, _closed(body), mark)
    return piece


def _row(pieces: tuple[Layout, ...]) -> str:
    """A fraction among factors gets brackets; 2 and x come together as 2x."""
    factors = any(isinstance(p, Op) and p.kind in ("juxtapose", "product", "slash") for p in pieces)
    out = ""
    for k, piece in enumerate(pieces):
        if factors and isinstance(piece, Frac):
            out += f"({to_unicode(piece)})"
        elif piece == Op("", "juxtapose") and _meets(pieces[k - 1], pieces[k + 1]):
            continue
        else:
            out += to_unicode(piece)
    return out


def _meets(a: Layout, b: Layout) -> bool:
    """Do a number and a letter come together, as in 2x and −3x²?"""
    number = a.pieces[-1] if isinstance(a, Row) else a
    letter = b.base if isinstance(b, Script) else b
    return isinstance(number, Number) and isinstance(letter, Ident) and len(letter.letters) == 1


def _ident(x: Ident) -> str:
    out = "𝟏" if x.bold and x.letters == "1" else x.letters.replace("'", "′")
    if len(x.letters) == 1:
        out = unicodedata.normalize("NFC", out + "".join(ACCENTS[a][2] for a in x.accents))
        own = x.own
    else:
        own = (*x.accents, *x.own)
    return out + _subscript(own, x.indices)


def _subscript(own: tuple[str, ...], indices: tuple[str, ...]) -> str:
    """Lowered where every character can be, words and mixtures after an underscore: S_xy, w_(new, j)"""
    flat = "".join(indices)
    small = not own or (len(own) == 1 and (own[0].isdigit() or (len(own[0]) == 1 and not indices)))
    if small and all(c in BELOW for c in "".join(own) + flat):
        return "".join(BELOW[c] for c in "".join(own) + flat)
    groups = [*own, *([flat.replace("'", "′")] if flat else [])]
    return f"_{groups[0]}" if len(groups) == 1 else f"_({', '.join(groups)})"


def _below(index: str) -> str:
    if all(c in BELOW for c in index):
        return "".join(BELOW[c] for c in index)
    return "_" + "".join(index_parts(index)).replace("'", "′")


def _lowered(piece: Layout) -> str:
    text = to_unicode(piece)
    if all(c in BELOW for c in text):
        return "".join(BELOW[c] for c in text)
    return f"_{text}" if text.isalnum() else f"_({text})"


def _raised(piece: Layout) -> str:
    """²  ⁿ⁻¹  ^(a/b): raised where every character can be"""
    text = to_unicode(piece)
    tight = text.replace(" + ", "+").replace(" − ", "−")
    if all(c in ABOVE for c in tight):
        return "".join(ABOVE[c] for c in tight)
    return f"^{text}" if len(text) == 1 and text.isalpha() else f"^({text})"


def _rate(of: Layout, by: tuple[Layout, ...], straight: bool) -> str:
    d = "d" if straight else "∂"
    order = ABOVE[str(len(by))] if len(by) > 1 else ""
    below = f"{d}{to_unicode(by[0])}{order}" if order and len(set(by)) == 1 else "".join(d + to_unicode(b) for b in by)
    return f"{d}{order}/{below} {to_unicode(of)}" if isinstance(of, Fence) else f"{d}{order}{to_unicode(of)}/{below}"
