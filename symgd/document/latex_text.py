r"""Any text → ASCII that TeX prints as that text: the ten specials, `^^`, ligatures that would eat characters, and Unicode letters by name."""

from __future__ import annotations

import unicodedata

from symgd.document.plain import one_line
from symgd.language import GREEK

__all__ = ["latex_math", "latex_text"]

_SPECIALS = {c: rf"\{c}" for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "'": "{'}", "-": "{-}", ",": "{,}", "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip

_ACCENTS = {
    "\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u", "\u0307": r"\.", "\u0308": r"\"",
    "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0323": r"\d", "\u0327": r"\c", "\u0328": r"\k", "\u0331": r"\b",
}  # fmt: skip

_TEXT = {
    "\u00a0": "~", "–": "{--}", "—": "{---}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
    "„": r"\quotedblbase{}", "‚": r"\quotesinglbase{}",
    "«": r"\guillemotleft{}", "»": r"\guillemotright{}", "‹": r"\guilsinglleft{}", "›": r"\guilsinglright{}",
    "…": r"\dots{}", "•": r"\textbullet{}", "§": r"\S{}", "©": r"\textcopyright{}", "®": r"\textregistered{}", "™": r"\texttrademark{}", "°": r"\textdegree{}",
    "£": r"\textsterling{}", "¡": r"\textexclamdown{}", "¿": r"\textquestiondown{}", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}",
    "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "đ": r"\dj{}", "Đ": r"\DJ{}", "ð": r"\dh{}", "Ð": r"\DH{}", "þ": r"\th{}", "Þ": r"\TH{}",
    "ı": r"\i{}", "ŋ": r"\ng{}", "Ŋ": r"\NG{}",
}  # fmt: skip

_MATH = {
    "−": "-", "·": r"\cdot", "×": r"\times", "÷": r"\div", "±": r"\pm", "∓": r"\mp", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv",
    "∝": r"\propto", "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "√": r"\surd", "∈": r"\in", "∉": r"\notin",
    "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes", "⊕": r"\oplus", "←": r"\leftarrow", "→": r"\to", "↑": r"\uparrow", "↓": r"\downarrow",
    "↔": r"\leftrightarrow",
    "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "⟹": r"\Longrightarrow", "⟺": r"\Longleftrightarrow", "𝟏": r"\mathbf{1}",
    "↦": r"\mapsto", "∀": r"\forall", "∃": r"\exists", "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg",
    "∅": r"\emptyset",
    "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap", "‖": r"\|", "⟨": r"\langle", "⟩": r"\rangle", "⊤": r"\top", "⊥": r"\bot", "ℓ": r"\ell",
    "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "′": "'", "″": "''", "‴": "'''", "µ": r"\mu", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta",
    "✓": r"\checkmark", "✗": r"\times", "½": r"\tfrac12", "¼": r"\tfrac14", "¾": r"\tfrac34", "⅓": r"\tfrac13", "⅔": r"\tfrac23",
    "∖": r"\setminus", "⋅": r"\cdot", "∘": r"\circ", "□": r"\square", "◦": r"\circ", "∼": r"\sim", "≪": r"\ll", "≫": r"\gg", "⌊": r"\lfloor", "⌋": r"\rfloor",
    "⌈": r"\lceil", "⌉": r"\rceil", "∣": r"\mid", "≅": r"\cong", "⊢": r"\vdash", "↳": r"\hookrightarrow",
}  # fmt: skip

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", "0123456789+-=()inabcdefghjklmoprstuvwxyzT", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True))

# Capitals that LaTeX draws with a Latin letter have no command; ε and φ are TeX's var forms.
_GREEK = {letter: rf"\{word}" for word, letter in GREEK.items() if word != "lam"} | {"ε": r"\varepsilon", "φ": r"\varphi", "ς": r"\varsigma", "ο": "o"}
_GREEK |= {a: rf"\mathrm{{{b}}}" for a, b in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True) if a not in _GREEK}


def latex_text(text: str) -> str:
    """The text for a paragraph.  A character that no LaTeX installation is sure to print is given by its code point: [U+4E2D].

    A word of more than 40 characters may break after each 10: TeX's dimensions overflow at 16,383 pt.
    """
    return " ".join(_word(word) for word in unicodedata.normalize("NFC", one_line(text)).split(" "))


def _word(word: str) -> str:
    out: list[str] = []
    for k, c in enumerate(word):
        if unicodedata.combining(c):
            accent = _ACCENTS.get(c)
            out.append(_accented(accent, out.pop()) if accent and out else _code_point(c))
        else:
            out.append((r"\allowbreak{}" if k % 10 == 0 < k and len(word) > 40 else "") + _character(c))
    return "".join(out)


def _character(c: str) -> str:
    if " " <= c <= "~":
        return _SPECIALS.get(c, c)
    if c in _TEXT:
        return _TEXT[c]
    if c in _MATH or c in _GREEK:
        return rf"\ensuremath{{{(_MATH | _GREEK)[c]}}}"
    if c in _RAISED or c in _LOWERED:
        return rf"\ensuremath{{{'^' if c in _RAISED else '_'}{{{(_RAISED | _LOWERED)[c]}}}}}"
    first, *marks = list(unicodedata.normalize("NFD", c))
    if marks and all(m in _ACCENTS for m in marks) and (first.isascii() or first in _TEXT):
        out = _character(first)
        for m in marks:
            out = _accented(_ACCENTS[m], out)
        return out
    return " " if unicodedata.category(c) == "Zs" else _code_point(c)


def _accented(accent: str, base: str) -> str:
    r"""\^{y}; over i and j their dotless forms"""
    return f"{accent}{{{ {'i': chr(92) + 'i', 'j': chr(92) + 'j'}.get(base, base) }}}"


def _code_point(c: str) -> str:
    return f"{{[}}U+{ord(c):04X}{{]}}"


def latex_math(latex: str) -> str:
    r"""A formula from `to_latex` for TeX itself: no \lt and \gt, and letters beyond ASCII (a column's name in \text) spelled."""
    latex = one_line(latex).replace(r"\lt ", "< ").replace(r"\gt ", "> ")
    return "".join(c if c.isascii() else _in_math(c) for c in latex)


def _in_math(c: str) -> str:
    spelled = (_MATH | _GREEK).get(c)
    return rf"\ensuremath{{{spelled}}}" if spelled else rf"\text{{{_character(c)}}}"
