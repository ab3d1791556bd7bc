"""A term in the hand of the writer: the notation, the indices and the marks of the line that it stands in for."""

from __future__ import annotations

import re

from symgd.indices import bound, free, rename
from symgd.term import Call, D, Name, Pow, Sum, Term, children, mul, rebuild, subterms
from symgd.typeset import to_ascii, to_latex, to_unicode
from symgd.typeset.layout import Notation, layout

__all__ = ["printed"]

MATRICES = re.compile(r"\^\s*\{?\s*(?:\\mathsf\s*)?\{?\s*(?:T|\\top|\\intercal|\\mathrm\{T\})|ᵀ|\.T\b|@|transpose")
T_OF_THE_WRITER = re.compile(r"\^\s*(\{?\s*T\s*\}?|\{?\s*\\mathsf\s*\{?T\}?\s*\}?)")


def _lettered(t: Term, text: str) -> Term:
    """t with the writer's letter for its free index, where each has one that the other has not: t_k for t_j."""
    own = sorted(free(t))
    theirs = sorted(set(re.findall(r"(?<!\\sum)_\{?([h-m])(?![A-Za-z0-9])", text)))
    return rename(t, {own[0]: theirs[0]}) if len(own) == len(theirs) == 1 and own != theirs and theirs[0] not in bound(t) else t


def printed(t: Term, syntax: str, text: str, bare: bool) -> str:
    """t as the writer writes: LaTeX, plain ASCII or with Unicode's marks; in matrices where the writer does, without sample indices where they are left out."""
    t = _lettered(t, text)
    upright = "partial" not in text and "∂" not in text
    if any(isinstance(s, Call) and s.function in ("transpose", "matmul") for s in subterms(t)):
        return _with_transposes(t, syntax, text)
    notation: Notation = "matrix" if _in_matrices(t, text) else "sum"
    if syntax == "latex":
        if bare and notation == "sum":
            t = _without_indices(t)
        return _in_the_hand_of(text, to_latex(layout(t, notation, derivatives="leibniz" if upright else "partial")), bare)
    if notation == "matrix":
        return to_unicode(layout(t, notation))
    if bare:
        t = _bare(t)
    return to_ascii(t) if text.isascii() else to_unicode(layout(t, derivatives="leibniz" if upright else "partial"))


TRANSPOSED = Name("TRANSPOSED")  # as an exponent, until the line is printed


def _with_transposes(t: Term, syntax: str, text: str) -> str:
    """A line in matrices as it was written, not in entries."""

    def go(s: Term) -> Term:
        match s:
            case Call("transpose", (a,)):
                return Pow(go(a), TRANSPOSED)
            case Call("matmul", fs):
                return mul(*map(go, fs))
        return rebuild(s, [go(c) for c in children(s)])

    shown = layout(go(t))
    if syntax == "latex":
        return _in_the_hand_of(text, to_latex(shown).replace(f"^{{{to_latex(layout(TRANSPOSED))}}}", r"^{\top}"))
    return re.sub(r"\^\(?TRANSPOSED\)?", "ᵀ", to_unicode(shown))


def _in_matrices(t: Term, text: str) -> bool:
    """Does the writer write matrices: a transpose, or two axes without a Σ?"""
    if any(isinstance(s, D) for s in subterms(t)):
        return False
    axes = any(isinstance(s, Name) and len(s.indices) > 1 for s in subterms(t))
    return bool(MATRICES.search(text)) or (axes and not re.search(r"sum|Σ|∑|mean", text))


def _in_the_hand_of(text: str, shown: str, bare: bool = False) -> str:
    """The marks of LaTeX as the writer has them: bold or not, the transpose, fractions, words, what a sum runs over, an index above in brackets."""
    if not re.search(r"\\mathbf|\\boldsymbol|\\bm", text):
        shown = re.sub(r"\\(?:mathbf|boldsymbol)\{([^{}]*)\}", r"\1", shown)
    found = T_OF_THE_WRITER.search(text)
    shown = shown.replace(r"^{\top}", f"^{found[1].strip()}" if found else r"^\top")
    for mark in (r"\dfrac", r"\tfrac"):
        if mark in text and r"\frac" not in text:
            shown = shown.replace(r"\frac", mark)
    for word in dict.fromkeys(re.findall(r"\\text\{([^{}]*)\}", text)):
        shown = shown.replace(rf"\mathrm{{{word}}}", rf"\text{{{word}}}")
    for word in dict.fromkeys(re.findall(r"_\{([A-Za-z]{2,})[,}]", text)):
        shown = shown.replace(rf"\mathrm{{{word}}}", word)
    for letter in dict.fromkeys(re.findall(r"\\hat ([a-z])", text)):
        shown = shown.replace(rf"\hat{{{letter}}}", rf"\hat {letter}")
    if over := OVER.search(text):
        shown = re.sub(r"\\sum_([a-z])(?![a-z'])", lambda m: over[0] if m[1] == over[1] else m[0], shown)
    elif bare:
        shown = re.sub(r"\\sum_[a-z](?![a-z'])", r"\\sum", shown)
    if "^{(i)}" in text or "^{(j)}" in text:
        shown = re.sub(r"_\{([^{}]*(?:\{[^{}]*\}[^{}]*)*),([ij])\}", r"_{\1}^{(\2)}", shown)
        shown = re.sub(r"(?<!\\sum)_([ij])(?![a-z'])", r"^{(\1)}", shown)
    for whole, f, label in dict.fromkeys(APPLIED.findall(text)):  # h_θ(x^{(i)})
        shown = shown.replace(f"{f}_{{{label}}}^{{(i)}}", whole).replace(f"{f}_{{{label},i}}", whole)
    return shown


OVER = re.compile(r"\\sum(?:\\limits)?\s*_\s*\{\s*([a-z])\s*=\s*[01]\s*\}\s*\^\s*(?:\{[^{}]*\}|\w)")
APPLIED = re.compile(r"(([A-Za-z])_\{?(\\?[A-Za-z]+)\}?\(x(?:\^\{\(i\)\}|_i|_\{i\})\))")


def _without_indices(t: Term) -> Term:
    """The names of the samples without their index; the Σ keeps it."""
    return rebuild(t, [_without_indices(c) for c in children(t)]) if not isinstance(t, Name) else Name(t.symbol)


def _bare(t: Term) -> Term:
    match t:
        case Name(s, indices) if indices:
            return Name(s)
        case Sum(_, body):
            return Call("sum", (_bare(body),))
    return rebuild(t, [_bare(c) for c in children(t)])
