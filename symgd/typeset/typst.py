r"""Layout → Typst's mathematics.  Every word stands in quotes and every bracket and comma after a backslash, so that Typst reads no word as its own."""

from __future__ import annotations

from symgd.typeset.latex import worded
from symgd.typeset.marks import ARRAY_WORDS, GREEK_WORDS, index_parts
from symgd.typeset.plain import function as plain_function
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words, spelled, tall

__all__ = ["quoted", "shown", "to_typst"]

MARKS = {"+": "+", ":=": "≔", "/": r"\/", ",": r"\,", "Σ": "∑", "Π": "∏"}  # any other mark is its own character

_ACCENTS = {"hat": "hat", "bar": "macron", "tilde": "tilde"}
_STRETCHED = {"hat": "hat", "bar": "overline", "tilde": "tilde"}  # over a word

_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))

# What the fonts inside Typst (New Computer Modern and its mathematics, Libertinus, DejaVu Sans Mono) can draw, first and last code point.
_DRAWN = """20-7E A0-AC AE-377 37A-37F 384-38A 38C-38C 38E-3A1 3A3-4FF 531-556 559-58A 5D0-5EA 621-63A 640-652 660-669 10D0-10FF 1D00-1DBF 1E00-1F15
1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59-1F59 1F5B-1F5B 1F5D-1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FC4 1FC6-1FD3 1FD6-1FDB 1FDD-1FEF 1FF2-1FF4 1FF6-1FFE
2000-200B 2010-2029 202F-205F 2070-2071 2074-208E 2090-209C 20A0-20C0 2100-2151 2153-2184 2189-2189 2190-23FF 2422-2423 2460-2606 2609-262F 2638-268B
2713-2714 2717-2718 2776-277F 27C0-2AFF 2C60-2C7F 1D7CE-1D7FF"""

_RANGES = [tuple(int(end, 16) for end in pair.split("-")) for pair in _DRAWN.split()]


def to_typst(piece: Layout) -> str:
    """The formula in Typst's mathematics, without dollar signs around it."""
    match piece:
        case Ident():
            return _ident(piece)
        case Number(digits):
            return digits if digits.replace(".", "", 1).isdecimal() and digits.isascii() and digits[-1:] != "." else quoted(digits)
        case Op(mark, kind):
            return {"juxtapose": " ", "apply": " ", "comma": r"\, "}.get(kind) or _mark(mark, kind)
        case Row(pieces):
            return _row(pieces)
        case Frac(top, bottom):
            return f"frac({to_typst(top)}, {to_typst(bottom)})"
        case Rate(mark="prime" | "nabla"):
            return to_typst(spelled(piece))
        case Rate(of, by, straight):
            return _rate(of, by, straight)
        case Script(base, sub, sup):
            return to_typst(base) + ("" if sub is None else f"_({to_typst(sub)})") + ("" if sup is None else f"^({to_typst(sup)})")
        case Big(index, body, mark):
            return f"{MARKS[mark]}{f'_({_index(index)})' if index else ''} {to_typst(body)}"
        case Fence(body, opens, closes):
            return _fence(to_typst(body), opens, closes, tall(body))
        case Root(body):
            return f"sqrt({to_typst(body)})"
        case Apply(f, args, bare, spell):
            head = _function(f, spell)
            return f"{head} {to_typst(args[0])}" if bare else head + _fence(r"\, ".join(map(to_typst, args)), "(", ")", any(map(tall, args)))
        case Brace(rows, otherwise):
            lines = [f'&{to_typst(value)} &&quad "if" {to_typst(when)}' for value, when in rows] + [f'&{to_typst(otherwise)} &&quad "otherwise"']
            return f"cases({', '.join(lines)})"
        case Words(text):
            return quoted(text)


def quoted(text: str) -> str:
    r"""A string of Typst that stands for this text and nothing else; a character that its fonts cannot draw is given by its code point: [U+4E2D]."""
    return '"' + shown(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def shown(text: str) -> str:
    """The text with a code point in brackets for each character that the fonts inside Typst cannot draw."""
    return text if text.isascii() and text.isprintable() else "".join(c if c == "\n" or _is_drawn(ord(c)) else f"[U+{ord(c):04X}]" for c in text)


def _is_drawn(code: int) -> bool:
    return any(first <= code <= last for first, last in _RANGES)


def _mark(mark: str, kind: str) -> str:
    """A bracket that a line break has left alone is a mark too."""
    sign = rf"\{mark}" if mark in "()[]|/" else MARKS.get(mark, mark)
    return sign if kind in ("prefix", "slash") else f" {sign} "


def _function(f: str, spell: bool) -> str:
    """σ, op("log"), op("log")_2"""
    word = f if f in ARRAY_WORDS else plain_function(f, spell)
    head = word.rstrip("".join(_BELOW))
    below = "".join(_BELOW[c] for c in word[len(head) :])
    return (head if len(head) == 1 else f"op({quoted(head)})") + (f"_({below})" if below else "")


def _letters(text: str) -> str:
    """x, θ, "MSE", each with its primes"""
    word = text.rstrip("'")
    if word[:1] in GREEK_WORDS and word[1:].isdigit():  # θ1 below a letter
        return f"{word[0]} {word[1:]}"
    plain = len(word) == 1 and (word in GREEK_WORDS or (word.isascii() and word.isalnum()))
    return (word if plain else f"upright({quoted(word)})") + text[len(word) :]


def _ident(x: Ident) -> str:
    out = _letters(x.letters)
    if x.bold:
        out = f"upright(bold({out}))" if x.letters.isascii() and x.letters.isalnum() else f"bold({out})"
    for accent in x.accents:
        out = f"{(_ACCENTS if len(x.letters) == 1 else _STRETCHED)[accent]}({out})"
    own = r"\,".join(" ".join(p) if p.isascii() and p.isalpha() and len(p) == 2 else p if p.isascii() and p.isdigit() else _letters(p) for p in x.own)
    along = " ".join(map(_index, x.indices))
    below = rf"{own}\,{along}" if own and along else own or along
    return f"{out}_({below})" if below else out


def _index(index: str) -> str:
    letter, digits, primes = index_parts(index)
    return (_letters(letter) + (f"_({digits})" if digits else "") if letter else digits) + primes


def _row(pieces: tuple[Layout, ...]) -> str:
    """Factors side by side, upright words among them set off by a thin space."""
    out = ""
    for k, piece in enumerate(pieces):
        if piece == Op("", "juxtapose"):
            out += " thin " if worded(pieces[k - 1], False) or worded(pieces[k + 1], True) else " "
        else:
            text = to_typst(piece)
            out += (" " if out[-1:].isalnum() and text[:1].isalnum() else "") + text
    return out


def _fence(inside: str, opens: str, closes: str, grows: bool) -> str:
    a, b = (sign if sign == "‖" else rf"\{sign}" for sign in (opens, closes))
    return f"lr({a} {inside} {b})" if grows or opens == closes else f"{a}{inside}{b}"


def _rate(of: Layout, by: tuple[Layout, ...], straight: bool) -> str:
    d = "upright(d)" if straight else "∂"
    order = f"^({len(by)})" if len(by) > 1 else ""
    below = f"{d} {to_typst(by[0])}^({len(by)})" if order and len(set(by)) == 1 else " thin ".join(f"{d} {to_typst(b)}" for b in by)
    if isinstance(of, Fence):
        return f"frac({d}{order}, {below}) {to_typst(of)}"
    return f"frac({d}{order} {to_typst(of)}, {below})"
