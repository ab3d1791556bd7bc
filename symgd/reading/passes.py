"""Tokens of a stranger's line → tokens of the plain alphabet, pass by pass: what TeX says in its own way, then bars, differentials and dots, then words."""

from __future__ import annotations

import re
from collections.abc import Collection

from symgd.language import GREEK
from symgd.reading.letters import phrases
from symgd.reading.marks import RELATIONS
from symgd.reading.pratt import Student
from symgd.reading.tex import apart, braced, entrywise_powers, hidden, inverse_transposed, lowered, over, transposed, unwrapped, upright
from symgd.reading.tokens import Token, brackets

__all__ = ["in_arrays", "passed"]


def passed(tokens: list[Token], text: str, syntax: str, declared: Collection[str], notes: Student) -> list[Token]:
    """All passes, in order."""
    for step in (unwrapped, upright, hidden, transposed, over, braced, lowered):
        tokens = step(tokens, text, syntax)
    tokens = _norms(_joined(_placed(tokens), text, syntax), text)
    tokens = _deltas(tokens, text, notes)
    tokens = _dots(tokens, notes)
    return phrases(tokens, text, syntax, declared)


def in_arrays(tokens: list[Token], text: str, syntax: str, declared: Collection[str]) -> list[Token]:
    r"""The passes that a formula in arrays needs: \mathbf{X} is X, A^{-\top} and A^\top are transposed, the bars of a norm pair."""
    tokens = entrywise_powers(hidden(apart(unwrapped(tokens, text, syntax), text), text, syntax))
    return _norms(transposed(inverse_transposed(tokens, text, syntax), text, syntax, "T" not in declared), text)


def _placed(tokens: list[Token]) -> list[Token]:
    """The bar of a|_{w=2}"""
    out = list(tokens)
    for at, t in enumerate(tokens[:-3]):
        if t.text in ("|", "|)") and tokens[at + 1][:2] == ("op", "_") and tokens[at + 2].text == "{" and any(x.text == "=" for x in tokens[at + 3 : at + 12]):
            out[at] = t._replace(kind="op", text="at")
    return out


def _joined(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""\mathrm{d}w outside a fraction is one name, so are SS_{res} and hθ before a bracket; words that lead to a name (let u) go."""
    out: list[Token] = []
    for at, t in enumerate(tokens):
        before = out[-1] if out else None
        if before and before.kind == "run" and t.kind in ("run", "word") and not t.spaced:
            if before.text == "d" and text[before.start] == "\\" and t.kind == "run" and (len(out) < 2 or out[-2].text not in ("{", "/")):
                out[-1] = Token("word", "d" + t.text, before.start, t.end, before.spaced)
                continue
            if before.text in ("f", "g", "h") and t.text in GREEK and syntax == "ascii" and tokens[at + 1].text == "(":
                out[-1] = Token("word", f"{before.text}_{t.text}", before.start, t.end, before.spaced)
                continue
        if t.kind == "run" and re.fullmatch(r"([A-Z])\1", t.text) and tokens[at + 1][:2] == ("op", "_"):
            t = t._replace(kind="word")
        out.append(t)
    return out


def _norms(tokens: list[Token], text: str) -> list[Token]:
    """‖ … ‖ as a pair of brackets; | … |_{w=2} as "at"."""
    if all(t.text != "‖" for t in tokens):
        return tokens
    out: list[Token] = []
    depth = 0
    opened: dict[int, bool] = {}
    for t in tokens:
        depth += {"open": 1, "close": -1}.get(t.kind, 0)
        if t.text == "‖":
            out.append(t._replace(kind="close" if opened.get(depth) else "open", text="‖)" if opened.get(depth) else "‖("))
            opened[depth] = not opened.get(depth)
        else:
            if t.kind == "close":
                opened[depth + 1] = False
            out.append(t)
    return out


def _deltas(tokens: list[Token], text: str, notes: Student) -> list[Token]:
    r"""\frac{\delta L}{\delta w} and δL/δw with ∂"""
    greek = [at for at, t in enumerate(tokens) if t[:2] in (("word", "delta"), ("word", "Delta"))]
    out = list(tokens)
    closing = brackets(tokens, text) if greek else {}
    for at in greek:
        if at > 1 and tokens[at - 2].text == "frac" and tokens[at - 1].text == "{":
            other = closing[at - 1] + 2
        else:
            other = next((k + 1 for k in range(at + 1, min(at + 9, len(tokens) - 1)) if tokens[k].text == "/"), 0)
        if other and other < len(tokens) and tokens[other][:2] == tokens[at][:2] and tokens[at + 1].kind not in ("op", "close"):
            for k in (at, other):
                out[k] = tokens[k]._replace(kind="op", text="∂")
            notes.notes.append((f"{'δ' if tokens[at].text == 'delta' else 'Δ'} is read as ∂", tokens[at].start, tokens[at].end))
    return out


def _dots(tokens: list[Token], notes: Student) -> list[Token]:
    """A dot between two operands is a product sign; the one that ends a sentence is nothing."""
    out: list[Token] = []
    for at, t in enumerate(tokens):
        if t[:2] != ("op", ".*"):
            out.append(t)
        elif out and tokens[at + 1].spaced and at + 2 < len(tokens) and tokens[at + 2].text in RELATIONS:  # … − 4x. x0 = 0
            out.append(t._replace(text=";"))
        elif out and _operands(out[-1], tokens[at + 1]):
            out.append(t._replace(text="*"))
            notes.notes.append(("the dot . is read as a product sign", t.start, t.end))
        elif tokens[at + 1].kind not in ("end", "close") and tokens[at + 1][:2] not in (("op", "prose"), ("op", "gap"), ("op", "newrow")):
            out.append(t)
    return out


def _operands(left: Token, right: Token) -> bool:
    """Brackets, numbers and single letters: between words, a dot belongs to a program."""
    if left.kind not in ("close", "word", "run", "number") or right.kind not in ("open", "word", "run", "number", "command"):
        return False
    return not any(t.kind == "run" and len(t.text) > 1 for t in (left, right)) or left.kind == "close" or right.kind == "open" or right.spaced
