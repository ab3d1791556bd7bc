r"""Layout → LaTeX: amsmath without \operatorname and \newcommand, which GitHub refuses, so that one text serves GitHub, a paper and MathML."""

from __future__ import annotations

import re

from symgd.language import FUNCTIONS
from symgd.typeset.marks import ACCENTS, ARRAY_WORDS, GREEK_WORDS, index_parts
from symgd.typeset.shapes import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words, spelled, tall

__all__ = ["escape", "to_latex", "worded"]

MARKS = {
    "+": "+", "−": "-", "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "⊘": r"\oslash", "=": "=", ":=": ":=", "≈": r"\approx", "≤": r"\le", "≥": r"\ge",
    "<": r"\lt", ">": r"\gt", "≠": r"\ne", "←": r"\leftarrow", "→": r"\to", "∈": r"\in", "∝": r"\propto", "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow", "⊤": r"\top", "±": r"\pm", "′": r"\prime", "′′": r"\prime\prime",
    "/": "/", ",": ",", "∂": r"\partial", "∇": r"\nabla", "Σ": r"\sum",
}  # fmt: skip

BRACKETS = {"(": "(", ")": ")", "[": "[", "]": "]", "|": "|", "‖": r"\|"}

_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WORDS = {"epsilon": "varepsilon", "phi": "varphi"}  # TeX's plain names draw other glyphs than ε and φ
_SPECIAL = {c: rf"\{c}" for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def to_latex(piece: Layout) -> str:
    """The formula in LaTeX, without dollar signs around it."""
    match piece:
        case Ident():
            return _ident(piece)
        case Number(digits):
            return digits if _DIGITS.fullmatch(digits) else rf"\text{{{escape(digits)}}}"
        case Op(mark, kind):
            return {"prefix": MARKS.get(mark, mark), "slash": "/", "juxtapose": " ", "apply": " ", "comma": ", "}.get(kind) or f" {MARKS.get(mark, mark)} "
        case Row(pieces):
            return _row(pieces)
        case Frac(top, bottom):
            return rf"\frac{{{to_latex(top)}}}{{{to_latex(bottom)}}}"
        case Rate(mark="prime" | "nabla"):
            return to_latex(spelled(piece))
        case Rate(of, by, straight):
            return _rate(of, by, straight)
        case Script(base, sub, sup):
            return _script(base, sub, sup)
        case Big(index, body, mark):
            return f"{MARKS[mark]}{f'_{_braced(_index(index))}' if index else ''} {to_latex(body)}"
        case Fence(body, opens, closes):
            return _fence(to_latex(body), opens, closes, tall(body))
        case Root(body):
            return rf"\sqrt{{{to_latex(body)}}}"
        case Apply(f, args, bare, spell):
            head = function(f, spell)
            return f"{head} {to_latex(args[0])}" if bare else head + _fence(", ".join(map(to_latex, args)), "(", ")", any(map(tall, args)))
        case Brace(rows, otherwise):
            lines = [rf"{to_latex(value)} & \text{{if }} {to_latex(when)}" for value, when in rows] + [rf"{to_latex(otherwise)} & \text{{otherwise}}"]
            return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"
        case Words(text):
            return rf"\text{{{escape(text)}}}"


def escape(text: str) -> str:
    r"""Plain text, to stand inside \text or \mathrm."""
    return "".join(_SPECIAL.get(c, c) for c in text)


def function(f: str, spell: bool = False) -> str:
    r"""The letter or command of a function: \log, \sigma, \mathrm{relu}."""
    if f in ARRAY_WORDS:
        return ARRAY_WORDS[f][0]
    latex = rf"\mathrm{{{escape(f)}}}" if spell or f not in FUNCTIONS else FUNCTIONS[f].latex
    return latex.replace(r"\operatorname", r"\mathrm")


def letters(text: str) -> str:
    r"""x, \theta, \mathrm{MSE}"""
    word = text.rstrip("'")
    return _letters(word) + text[len(word) :]


def _letters(word: str) -> str:
    if word[:1] in GREEK_WORDS and word[1:].isdigit():  # θ1 below a letter
        return f"{_letters(word[0])} {word[1:]}"
    if word in GREEK_WORDS:
        return "\\" + _WORDS.get(GREEK_WORDS[word], GREEK_WORDS[word])
    if word.isascii() and word.isalnum():
        return word if len(word) == 1 else rf"\mathrm{{{word}}}"
    return rf"\mathrm{{{escape(word)}}}" if word.replace("_", "").isalnum() and word.isascii() else rf"\text{{{escape(word)}}}"


def _ident(x: Ident) -> str:
    out = letters(x.letters)
    if x.bold:
        out = rf"\mathbf{{{x.letters}}}" if x.letters.isascii() and x.letters.isalnum() else rf"\boldsymbol{{{out}}}"
    for accent in x.accents:
        on_letter, on_word, _ = ACCENTS[accent]
        out = rf"{on_letter if len(x.letters) == 1 else on_word}{{{out}}}"
    below = _subscript(x)
    return f"{out}_{_braced(below)}" if below else out


def _braced(script: str) -> str:
    return script if len(script) == 1 else f"{{{script}}}"


def _subscript(x: Ident) -> str:
    """Its own subscripts, then its indices: w_{1,j}, S_{xy}, x_{ij}, a_{i h_1}"""
    own = ",".join(p if p.isascii() and (p.isdigit() or (p.isalpha() and len(p) < 3)) else letters(p) for p in x.own)
    along = (" " if any(index_parts(i)[1] for i in x.indices) else "").join(map(_index, x.indices))
    return f"{own},{along}" if own and along else own or along


def _index(index: str) -> str:
    letter, digits, primes = index_parts(index)
    if not letter:
        return digits + primes
    return letters(letter) + (f"_{_braced(digits)}" if digits else "") + primes


def _row(pieces: tuple[Layout, ...]) -> str:
    out = ""
    for k, piece in enumerate(pieces):
        if piece == Op("", "juxtapose"):
            out += r" \, " if worded(pieces[k - 1], False) or worded(pieces[k + 1], True) else " "
        else:
            text = to_latex(piece)
            out += text + (" " if isinstance(piece, Op) and text[-1:].isalpha() and k < len(pieces) - 1 else "")
    return out


def worded(piece: Layout, left: bool) -> bool:
    """Does the piece end, or begin (left), with an upright word or a bracket of its own, so that a thin space must set it off?"""
    match piece:
        case Row(pieces):
            return worded(pieces[0 if left else -1], left)
        case Script(base, _, sup):
            return (left or sup is None) and worded(base, left)
        case Ident(word):
            return len(word) > 1
        case Apply(f):
            return left and r"\operatorname" in FUNCTIONS[f].latex if f in FUNCTIONS else left
        case Fence(_, opens):
            return opens in "[|‖"
    return False


def _fence(inside: str, opens: str, closes: str, grows: bool) -> str:
    a, b = BRACKETS[opens], BRACKETS[closes]
    if opens == closes:  # TeX cannot tell which of two bars opens
        return rf"\left{a} {inside} \right{b}"
    return rf"\left{a}{inside}\right{b}" if grows else f"{a}{inside}{b}"


def _script(base: Layout, sub: Layout | None, sup: Layout | None) -> str:
    out = to_latex(base)
    for sign, piece in (("_", sub), ("^", sup)):
        if piece is not None:
            out += sign + _braced(to_latex(piece))
    return out


def _rate(of: Layout, by: tuple[Layout, ...], straight: bool) -> str:
    d = r"\mathrm{d}" if straight else r"\partial"
    order = f"^{len(by)}" if len(by) > 1 else ""
    below = rf"{d} {to_latex(by[0])}^{len(by)}" if order and len(set(by)) == 1 else r" \, ".join(f"{d} {to_latex(b)}" for b in by)
    if isinstance(of, Fence):
        return rf"\frac{{{d}{order}}}{{{below}}} {to_latex(of)}"
    return rf"\frac{{{d}{order} {to_latex(of)}}}{{{below}}}"
