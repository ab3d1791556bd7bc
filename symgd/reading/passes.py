r"""Tokens of a stranger's line → tokens of the plain alphabet, pass by pass: what prints nothing goes, one-letter arguments get their braces,
∂ is told from δ, norms pair, words become phrases."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from symgd.language import FUNCTIONS, GREEK
from symgd.reading.marks import RELATIONS
from symgd.reading.pratt import Student
from symgd.reading.tokens import Token, brackets
from symgd.reading.words import known, split
from symgd.reading.unread import Unread

__all__ = ["divide", "in_arrays", "passed"]

_LABELS = frozenset(("new", "old", "pred", "true", "curr", "prev", "next", "min", "max", "opt", "hat", "out", "in", "err", "obs", "ij", "ji", "ik", "jk"))
_LATEX_WORDS = frozenset(("lr", "err", "net", "out", "mse", "reg", "pre", "act", "yhat", "lam", "old", "new"))
_TWO = re.compile(r"[wmabckpn][xXuzvt]|([xyuvwe])\1|[XWAVU][wxbhuvy]")
_NUMBERED = re.compile(r"(?:[A-Za-z][0-9]+){2,}|(?:[wmabc][0-9]*)(?:[xXz][0-9]*)")
_SPELLED = re.compile(r"([wmab]?)([xyeuzXYt])i")
_ACCENTED = re.compile(r"([A-Za-z])(hat|bar)(_\w+)?")
_DATA = frozenset("xXzu")


def passed(tokens: list[Token], text: str, syntax: str, declared: Collection[str], notes: Student) -> list[Token]:
    """All passes, in order."""
    for step in (_unwrapped, _upright, _hidden, _transposed, _over, _braced, _lowered):
        tokens = step(tokens, text, syntax)
    tokens = _norms(_joined(_placed(tokens), text, syntax), text)
    tokens = _deltas(tokens, text, notes)
    tokens = _dots(tokens, notes)
    return _phrases(tokens, text, syntax, declared)


def in_arrays(tokens: list[Token], text: str, syntax: str, declared: Collection[str]) -> list[Token]:
    r"""The passes that a formula in arrays needs: \mathbf{X} is X, A^{-\top} and A^\top are transposed, the bars of a norm pair."""
    tokens = _entrywise_powers(_hidden(_apart(_unwrapped(tokens, text, syntax), text), text, syntax))
    return _norms(_transposed(_inverse_transposed(tokens, text, syntax), text, syntax, "T" not in declared), text)


def _apart(tokens: list[Token], text: str) -> list[Token]:
    r"""A space before \mathbf{W} stands before W."""
    ends = [0, *(t.end for t in tokens)]
    gaps = [text[end : t.start] for end, t in zip(ends, tokens, strict=False)]
    return [t._replace(spaced=t.spaced or gap[:1].isspace() or ("\\" in gap and " " in gap)) for gap, t in zip(gaps, tokens, strict=True)]


def _entrywise_powers(tokens: list[Token]) -> list[Token]:
    r"""A^{\odot 2}: the power is one of the entries"""
    out: list[Token] = []
    for t in tokens:
        if t[:2] == ("op", "⊙") and len(out) > 1 and out[-1].kind == "open" and out[-2][:2] == ("op", "^"):
            out[-2] = out[-2]._replace(text="^⊙")
        else:
            out.append(t)
    return out


def _inverse_transposed(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""A^{-\top} is (A^{-1})^\top"""
    out: list[Token] = []
    for at, t in enumerate(tokens):
        raised = [x.text for x in tokens[at - 3 : at + 2]] if at > 2 else []
        if len(raised) == 5 and raised[:3] == ["^", "{", "-"] and raised[3] in ("T", "⊤") and raised[4] == "}":
            out.append(Token("number", "1", t.start, t.end))
        elif t.text == "}" and out and out[-1].text == "1" and tokens[at - 1].text in ("T", "⊤"):
            out += [t, Token("op", "ᵀ", t.end, t.end)]
        else:
            out.append(t)
    return out


def _unwrapped(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""\boxed{a = b} is a = b, \underbrace{a}_{b} is a"""
    if all(t.kind != "wrap" or t.text not in ("wrap", "under") for t in tokens):
        return tokens
    closing = brackets(tokens, text)
    lost: set[int] = set()
    for at, t in enumerate(tokens):
        if t.kind == "wrap" and t.text in ("wrap", "under"):
            lost.add(at)
            first = at + 1
            while tokens[first].kind == "wrap":
                first += 1
            if tokens[first].text == "{" and first in closing:
                lost |= {first, closing[first]}
                after = closing[first] + 1
                if t.text == "under" and tokens[after].text in ("_", "^"):
                    lost |= set(range(after, closing.get(after + 1, after + 1) + 1))
    return [t for at, t in enumerate(tokens) if at not in lost]


def _upright(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""{\rm d}L is dL; d_loss/d_w is dloss/dw"""
    out: list[Token] = []
    for at, t in enumerate(tokens):
        alone = t.kind == "close" and len(out) > 1 and out[-1][:2] == ("run", "d") and out[-2][:2] == ("open", "{")
        if alone and tokens[at + 1].kind in ("run", "word") and (len(out) < 3 or out[-3].text not in ("frac", "_", "^")):
            out[-2:] = [out[-1]]
        else:
            out.append(t)
    for at, t in enumerate(out[:-2]):
        if syntax == "ascii" and t.kind == "run" and t.text[:2] == "d_" and out[at + 1].text == "/" and out[at + 2].text[:2] == "d_":
            out[at], out[at + 2] = (x._replace(text="d" + x.text[2:]) for x in (t, out[at + 2]))
    return out


def _hidden(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""\left. … \right| is "… at", \left\{ … \right. is …"""
    if all(t.kind != "wrap" for t in tokens):
        return tokens
    out: list[Token] = []
    opened: list[int] = []
    for t in tokens:
        if t.kind == "wrap" and t.text == "right":
            if not opened:
                raise Unread("this bracket was never opened", text, t.start, t.end)
            out[opened.pop()] = Token("gone", "", t.start, t.start)
        elif t.kind == "wrap":
            opened.append(len(out))
            out.append(t._replace(kind="gone"))
        elif text.startswith(r"\left", t.start) and t.kind == "open":
            opened.append(len(out))
            out.append(t)
        elif text.startswith(r"\right", t.start) and t.kind == "close" and opened and out[first := opened.pop()].kind == "gone":
            if t.text == "|)":
                out[first] = out[first]._replace(kind="open", text="{")
                out += [Token("close", "}", t.start, t.start), Token("op", "|", t.start, t.end)]
        else:
            out.append(t)
    return [t for t in out if t.kind != "gone"]


def _transposed(tokens: list[Token], text: str, syntax: str, letter: bool = True) -> list[Token]:
    r"""X^T, X^{\top}, X^{T}: one raised T; only \top where the letter is a name"""
    signs = ("T", "⊤") if letter else ("⊤",)
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        t = tokens[at]
        if t.text == "^" and t.kind == "op" and at + 1 < len(tokens):
            inside = [x.text for x in tokens[at + 1 : at + 4]]
            first = tokens[at + 1]
            if len(inside) == 3 and inside[0] == "{" and inside[1] in signs and inside[2] == "}":
                out.append(Token("op", "ᵀ", t.start, tokens[at + 3].end))
                at += 4
                continue
            if first.text == "⊤" or (letter and first.kind == "run" and first.text[0] == "T" and (len(first.text) == 1 or first.text[1:2].isalpha())):
                out.append(Token("op", "ᵀ", t.start, first.start + 1 if first.kind == "run" else first.end))
                if first.kind == "run" and len(first.text) > 1:
                    out.append(first._replace(text=first.text[1:], start=first.start + 1, spaced=False))
                at += 2
                continue
        out.append(t)
        at += 1
    return out


def _over(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""{a \over b} as \frac{a}{b}; an empty {} is nothing"""
    out: list[Token] = []
    opened: list[int] = []
    for t in tokens:
        if t.kind == "open":
            opened.append(len(out))
        elif t.kind == "close" and opened:
            first = opened.pop()
            if t.text == "}" and first == len(out) - 1:
                out.pop()
                if out and out[-1].text not in ("_", "^", "}"):
                    continue
                out.append(tokens[0]._replace(kind="open", text="{", start=t.start, end=t.start))
        elif t[:2] == ("command", "over") and opened and out[opened[-1]].text == "{":
            first = opened[-1]
            out.insert(first, Token("command", "frac", out[first].start, out[first].start, out[first].spaced))
            opened = [k + (k >= first) for k in opened]
            out += [Token("close", "}", t.start, t.start), Token("open", "{", t.end, t.end)]
            continue
        out.append(t)
    return out


def _braced(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    r"""\frac y a as \frac{y}{a}, \frac d{dw} as \frac{d}{dw}"""
    out: list[Token] = []
    waiting = 0  # arguments of a fraction still to come at this depth
    stack: list[int] = []
    queue = list(reversed(tokens))
    while queue:
        t = queue.pop()
        if t.kind == "command" and t.text == "frac" and not waiting:
            out.append(t)
            waiting = 2
            continue
        if t.kind == "open":
            stack.append(waiting - 1 if waiting and t.text == "{" else waiting)
            waiting = 0
        elif t.kind == "close" and stack:
            waiting = stack.pop()
        elif waiting and t.kind in ("run", "number", "word", "phrase") and (t.kind != "number" or t.text.isdigit()):
            one = t.end if t.kind in ("word", "phrase") else t.start + 1
            if one < t.end and text[t.start] != "\\":
                queue.append(t._replace(text=t.text[1:], start=one, spaced=False))
                t = t._replace(text=t.text[0], end=one)
            out += [Token("open", "{", t.start, t.start, t.spaced), t, Token("close", "}", t.end, t.end)]
            waiting -= 1
            continue
        elif waiting:
            waiting = 0
        out.append(t)
    return out


def _lowered(tokens: list[Token], text: str, syntax: str) -> list[Token]:
    """w_new and x_ij in LaTeX: what TeX lowers is one letter, what was meant is the word."""
    if syntax != "latex":
        return tokens
    out: list[Token] = []
    for t in tokens:
        if out and out[-1][:2] == ("op", "_") and t.kind == "run" and len(t.text) > 1:
            if t.text in _LABELS or len(t.text) > 3:
                out.append(t._replace(kind="word"))
            else:
                out += [Token("word", t.text[0], t.start, t.start + 1), t._replace(text=t.text[1:], start=t.start + 1, spaced=True)]
        else:
            out.append(t)
    return out


def _placed(tokens: list[Token]) -> list[Token]:
    """The bar of a|_{w=2}"""
    closing = {t.start: k for k, t in enumerate(tokens)}
    out = list(tokens)
    for at, t in enumerate(tokens[:-3]):
        if t.text in ("|", "|)") and tokens[at + 1][:2] == ("op", "_") and tokens[at + 2].text == "{" and any(x.text == "=" for x in tokens[at + 3 : at + 12]):
            out[at] = t._replace(kind="op", text="at")
    return out if closing else tokens


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


def _phrases(tokens: list[Token], text: str, syntax: str, declared: Collection[str]) -> list[Token]:
    """learning rate: neighbouring words that nobody declared are one name."""
    least = 4 if syntax == "latex" else 2
    out: list[Token] = []
    for at, t in enumerate(tokens):
        before = out[-1] if out else None
        if (t.kind == "run" and before and before.kind in ("run", "phrase") and t.spaced and _is_word(t.text, least, declared)
                and _is_word(before.text.split("_")[-1], least, declared) and not (at > 1 and tokens[at - 2][:2] == ("op", "_"))
                and max(len(t.text), len(before.text)) > 3 and text[before.start] != "\\" and len(before.text) + len(t.text) < 30):  # fmt: skip
            out[-1] = Token("phrase", f"{before.text}_{t.text}".lower(), before.start, t.end, before.spaced)
        else:
            out.append(t)
    return out


def _is_word(word: str, least: int, declared: Collection[str]) -> bool:
    return word.isalpha() and word.isascii() and len(word) >= least and not known(word) and word not in declared and word not in FUNCTIONS


def divide(notes: Student) -> Callable[[Token, str, Collection[str]], list[Token]]:
    """How a run of letters is divided into names in a stranger's line."""

    def into(t: Token, syntax: str, declared: Collection[str]) -> list[Token]:
        word = t.text
        base, mark, rest = word.partition("_")
        if word in declared or len(base) == 1:
            return [t._replace(kind="word")]
        if syntax == "latex" and (word in _LATEX_WORDS or (re.fullmatch(r"d[A-Za-z]", word) and "d" not in declared)):
            return [t._replace(kind="word")]
        if syntax == "ascii" and (found := _SPELLED.fullmatch(word)):
            notes.notes.append((f"{found[2]}i is read as {found[2]} with the index i", t.end - 2, t.end))
            factor = [t._replace(kind="word", text=found[1], end=t.start + 1)] if found[1] else []
            return [*factor, t._replace(kind="word", text=f"{found[2]}_i", start=t.end - 2, spaced=t.spaced and not factor)]
        if accented := _ACCENTED.fullmatch(word):
            return [t._replace(kind="word", text=f"{accented[1]}_{accented[2]}{accented[3] or ''}")]
        if syntax == "ascii" and base not in declared and (_TWO.fullmatch(base) or (_NUMBERED.fullmatch(base) and len(base) > 2)) and not known(base):
            pieces = [m.span() for m in re.finditer(r"[A-Za-z][0-9]*", base)]
            last = len(pieces) - 1
            return [Token("word", base[a:b] + (mark + rest if k == last else ""), t.start + a, t.end if k == last else t.start + b, t.spaced and not a)
                    for k, (a, b) in enumerate(pieces)]  # fmt: skip
        return split(t, syntax, declared)

    return into
