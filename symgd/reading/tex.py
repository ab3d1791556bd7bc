r"""What TeX wraps, hides, raises, lowers and divides → the same in the plain alphabet: \boxed, \left. \right|, X^\top, {a \over b}, \frac y a."""

from __future__ import annotations

from symgd.reading.tokens import Token, brackets
from symgd.reading.unread import Unread

__all__ = ["apart", "braced", "entrywise_powers", "hidden", "inverse_transposed", "lowered", "over", "transposed", "unwrapped", "upright"]

_LABELS = frozenset(("new", "old", "pred", "true", "curr", "prev", "next", "min", "max", "opt", "hat", "out", "in", "err", "obs", "ij", "ji", "ik", "jk"))


def unwrapped(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def upright(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def hidden(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def transposed(tokens: list[Token], text: str, syntax: str, letter: bool = True) -> list[Token]:
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


def inverse_transposed(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def over(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def braced(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def lowered(tokens: list[Token], text: str, syntax: str) -> list[Token]:
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


def apart(tokens: list[Token], text: str) -> list[Token]:
    r"""A space before \mathbf{W} stands before W."""
    ends = [0, *(t.end for t in tokens)]
    gaps = [text[end : t.start] for end, t in zip(ends, tokens, strict=False)]
    return [t._replace(spaced=t.spaced or gap[:1].isspace() or ("\\" in gap and " " in gap)) for gap, t in zip(gaps, tokens, strict=True)]


def entrywise_powers(tokens: list[Token]) -> list[Token]:
    r"""A^{\odot 2}: the power is one of the entries"""
    out: list[Token] = []
    for t in tokens:
        if t[:2] == ("op", "⊙") and len(out) > 1 and out[-1].kind == "open" and out[-2][:2] == ("op", "^"):
            out[-2] = out[-2]._replace(text="^⊙")
        else:
            out.append(t)
    return out
