"""Layout → the words of a formula, as a screen reader says them.  What the eye groups is said to end: "… over n, end fraction"."""

from __future__ import annotations

from symgd.language import FUNCTIONS, GREEK
from symgd.typeset.marks import ARRAY_WORDS, GREEK_WORDS, index_parts
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words

__all__ = ["to_speech"]

MARKS = {
    "+": "plus", "−": "minus", "·": "times", "×": "times", "⊙": "times, entry by entry,", "⊘": "divided, entry by entry, by", "=": "equals",
    ":=": "is defined as", "≈": "is about", "≤": "is at most", "≥": "is at least", "<": "is less than", ">": "is greater than", "≠": "is not equal to",
    "←": "becomes", "→": "tends to", "∈": "in", "/": "over", "": "times", ",": ",", "⊤": "transpose", "∝": "is proportional to", "⇒": "implies",
    "⇔": "holds exactly when", "∇": "the gradient of",
}  # fmt: skip

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_POWERS = {"2": "squared", "3": "cubed"}
_FENCES = {"(": ("open bracket", "close bracket"), "[": ("open square bracket", "close square bracket")}
_CONSTANTS = {"1": "the vector of ones", "I": "the identity matrix"}
_MEASURES = {"|": "the absolute value of", "‖": "the norm of"}


def to_speech(piece: Layout) -> str:
    """The formula as part of a sentence."""
    match piece:
        case Ident():
            return _ident(piece)
        case Number(digits):
            return _SMALL[int(digits)] if digits.isdecimal() and len(digits) < 3 and int(digits) < len(_SMALL) else digits
        case Op(mark):
            return MARKS.get(mark, mark)
        case Row(pieces):
            return _row(pieces)
        case Frac(top, bottom):
            if _single(top) and _single(bottom):
                return f"{to_speech(top)} over {to_speech(bottom)}"
            return f"the fraction {_bar(top)} over {_bar(bottom)}, end fraction"
        case Rate(of, by, straight):
            return _rate(of, by, straight)
        case Script():
            return _script(piece)
        case Big(index, body, mark):
            return f"the {'sum' if mark == 'Σ' else 'product'} {f'over {_index(index)} ' if index else ''}of {to_speech(body)}"
        case Fence(body, opens):
            return _fence(body, opens)
        case Root(body):
            return f"the square root of {to_speech(body)}" + ("" if _single(body) else ", end root")
        case Apply(f, args):
            said = [to_speech(a) if _single(a) else _fence(a, "(") for a in args]
            if f in ARRAY_WORDS:
                of_matrix = f == "diag" and isinstance(args[0], Ident) and args[0].letters.isupper()
                return ARRAY_WORDS[f][1].replace(" matrix" * of_matrix, "").format(*said)
            return FUNCTIONS[f].said.format(*said) if f in FUNCTIONS else f"{f} of {', '.join(said)}"
        case Brace(rows, otherwise):
            return "".join(f"{to_speech(v)} if {to_speech(c)}, " for v, c in rows) + f"and {to_speech(otherwise)} otherwise, end of cases"
        case Words(text):
            return text.strip()


def _single(piece: Layout) -> bool:
    """Is it said in one breath, so that nothing needs to say where it ends?"""
    return isinstance(piece, Ident | Number) or (isinstance(piece, Fence) and piece.opens in _FENCES)


def _bar(piece: Layout) -> str:
    """One side of a bar: a fraction on a bar is always said to end."""
    return f"the fraction {to_speech(piece)}, end fraction," if isinstance(piece, Frac) and _single(piece.top) and _single(piece.bottom) else to_speech(piece)


def _row(pieces: tuple[Layout, ...]) -> str:
    """An open Σ before the end of the row is said to end."""
    pieces = tuple(p for p in pieces if not (isinstance(p, Op) and p.kind == "apply"))
    said = [to_speech(p) + (", end sum," if isinstance(_last(p), Big) and k < len(pieces) - 1 else "") for k, p in enumerate(pieces)]
    return " ".join(s for s in said if s).replace(" ,", ",")


def _last(piece: Layout) -> Layout:
    return _last(piece.pieces[-1]) if isinstance(piece, Row) else piece


def _script(piece: Script) -> str:
    if isinstance(piece.base, Op) and piece.sub is not None:  # ∇ with a name under it
        return f"the {'gradient' if piece.sup is None else 'Hessian'}, with respect to {to_speech(piece.sub)}, of"
    if (said := _of_matrix(piece)) is not None:
        return said
    below = "" if piece.sub is None else f" sub {to_speech(piece.sub)}"
    said = to_speech(piece.base) + below
    match piece.sup:
        case None:
            return said
        case Op(mark):
            return f"{said} {MARKS.get(mark, mark)}"
        case Row((Op("⊙"), Number(digits))) if digits in _POWERS:
            return f"{said} {_POWERS[digits]}, entry by entry,"
        case Row((Op("⊙"), *rest)):
            return f"{said} to the power {to_speech(Row(tuple(rest)))}, entry by entry, end power"
        case Number(digits) if digits in _POWERS:
            return f"{said} {_POWERS[digits]}"
        case Ident() | Number() | Row((Op("−", "prefix"), Ident() | Number())):
            return f"{said} to the power {to_speech(piece.sup)}"
    return f"{said} to the power {to_speech(piece.sup)}, end power"


def _of_matrix(piece: Script) -> str | None:
    """The inverse of A; its entry at (j, k); the matrix with given entries; a norm that is not the plain one"""
    match piece:
        case Script(Fence(body, "‖"), Ident("F") | Number("1") as kind, sup):
            name = "Frobenius" if kind == Ident("F") else "one"
            end = "" if _single(body) else ", end norm"
            return f"the {name} norm of {to_speech(body)}{end}" + (f" {_POWERS[sup.digits]}" if isinstance(sup, Number) and sup.digits in _POWERS else "")
        case Script(Fence(Script(_, None, Row((Op("−"), Number("1")))) as inner), Row((a, b)), None):
            return f"entry {to_speech(a)} {to_speech(b)} of {to_speech(inner)}"
        case Script(Fence(body, "["), Row((a, b)), None):
            return f"the matrix with the entries {to_speech(body)}, in row {to_speech(a)} and column {to_speech(b)}, end matrix"
        case Script(base, None, Row((Op("−"), Number("1")))) if _is_matrix(base):
            return f"the inverse of {to_speech(base)}"
    return None


def _is_matrix(piece: Layout) -> bool:
    match piece:
        case Ident(bold=True):
            return True
        case Fence(Row(pieces), "("):
            return any(map(_is_matrix, pieces))
        case Script(Fence(_, "["), Row()) | Apply("diag"):
            return True
        case Script(base, _, Op("⊤")):
            return _is_matrix(base)
        case Row(pieces):
            return any(map(_is_matrix, pieces))
    return False


def _fence(body: Layout, opens: str) -> str:
    if opens == "[" and isinstance(body, Row) and any(isinstance(p, Op) and p.kind == "relation" and p.mark != "=" for p in body.pieces):
        return f"one where {to_speech(body)}, and zero elsewhere,"
    if opens in _FENCES:
        before, after = _FENCES[opens]
        return f"{before} {to_speech(body)} {after}"
    return f"{_MEASURES[opens]} {to_speech(body)}" + ("" if _single(body) else f", end {_MEASURES[opens].split()[-2]}")


def _rate(of: Layout, by: tuple[Layout, ...], straight: bool) -> str:
    kind = ("second " if len(by) > 1 else "") + ("derivative" if straight else "partial derivative")
    along = f"{to_speech(by[0])}, twice" if len(by) > 1 and by[0] == by[1] else " and ".join(map(to_speech, by))
    if isinstance(of, Fence):
        return f"the {kind} with respect to {along} of {to_speech(of)}"
    return f"the {kind} of {to_speech(of)} with respect to {along}"


def _ident(x: Ident) -> str:
    """y hat sub i; S sub x y; bold x: the vector x"""
    word = x.letters.rstrip("'")
    said = _letters(word) + " prime" * (len(x.letters) - len(word))
    if x.bold:
        said = _CONSTANTS.get(word) or f"{'matrix' if word.isupper() else 'vector'} {said}"
    said += "".join(f" {a}" for a in x.accents)
    own = x.own
    if own and own[0].isdigit() and (x.bold or x.indices):  # a layer's number belongs to the name
        said, own = f"{said} {own[0]}", own[1:]
    below = [*(" ".join(_letters(c) for c in p) if len(p) == 2 else _letters(p) for p in own), *map(_index, x.indices)]
    return f"{said} sub {' '.join(below)}" if below else said


def _letters(word: str) -> str:
    return word if word in GREEK else GREEK_WORDS.get(word, word)


def _index(index: str) -> str:
    letter, digits, primes = index_parts(index)
    return " ".join([_letters(letter), digits] if digits else [_letters(letter)]).strip() + " prime" * len(primes)
