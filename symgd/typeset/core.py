"""What MathML Core has, and the strict pass that lets nothing else through.

Source of the table: W3C, MathML Core, Candidate Recommendation, sections 2 and 3 (https://www.w3.org/TR/mathml-core/).
Of its global attributes only those a formula of ours needs are let through: no style, no event handler, no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from xml.etree.ElementTree import Element

__all__ = ["ATTRIBUTES", "LIMITS", "strict"]

_GLOBAL = frozenset({"class", "dir", "displaystyle", "scriptlevel"})
_OPERATOR = frozenset({"form", "fence", "separator", "lspace", "rspace", "stretchy", "symmetric", "maxsize", "minsize", "largeop", "movablelimits"})
_PLAIN = (
    "mtext", "mn", "mrow", "msqrt", "mroot", "mstyle", "mphantom", "merror", "msub", "msup", "msubsup", "mmultiscripts", "mprescripts", "mtr",
)  # fmt: skip

# element: its attributes
ATTRIBUTES: dict[str, frozenset[str]] = dict.fromkeys(_PLAIN, _GLOBAL) | {
    "math": _GLOBAL | {"display", "alttext"},
    "mi": _GLOBAL | {"mathvariant"},  # of its values Core has "normal" alone
    "mo": _GLOBAL | _OPERATOR,
    "mspace": _GLOBAL | {"width", "height", "depth"},
    "mpadded": _GLOBAL | {"width", "height", "depth", "lspace", "voffset"},
    "mfrac": _GLOBAL | {"linethickness"},
    "mover": _GLOBAL | {"accent"},
    "munder": _GLOBAL | {"accentunder"},
    "munderover": _GLOBAL | {"accent", "accentunder"},
    "mtable": _GLOBAL,
    "mtd": _GLOBAL | {"columnspan", "rowspan"},
}

LIMITS = frozenset({"∑", "∏", "lim", "max", "min", "sup", "inf", "det"})  # what stands under these stands under, not beside

_FUNCTIONS = "log ln exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth"

_LOWERED = ("msub", "munder", "msubsup", "munderover")
_BESIDE = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_ACCENTS = {"^": "^", "‾": "¯", "¯": "¯", "―": "¯", "~": "~", "˜": "~"}  # U+005E over y is what is spoken "y hat"
_LETTERS = frozenset("∂∇⊤′∞…")  # marks that take no room of their own


def strict(element: Element, built: dict[str, Element]) -> Element:
    """The element with Core's tags and attributes only, `built` pieces in the place of their marks.

    Raises ValueError at an element outside Core, and at a command that was left as text.
    """
    text = unescape(element.text or "")
    if text in built:
        return built[text]
    tag = element.tag
    if tag not in ATTRIBUTES:
        raise ValueError(f"MathML Core has no <{tag}>")
    if "\\" in text:
        raise ValueError(f"no MathML for {text}")
    inside = [strict(child, built) for child in element]
    if tag in ("mrow", "msqrt"):
        inside = _row(inside)
    if tag == "mrow" and len(inside) == 1:
        return inside[0]
    if tag in _BESIDE and ("".join(inside[0].itertext()) in LIMITS or inside[0].get("movablelimits") == "false"):
        tag = _BESIDE[tag]
    if tag in ("mi", "mo") and (text in LIMITS or text in _LETTERS):
        tag = "mo" if text in LIMITS else "mi"
    if tag == "mi" and not text:
        raise ValueError("a script stands with nothing before it")
    out = Element(tag, {k: v for k, v in element.attrib.items() if k in ATTRIBUTES[tag]})
    out.text = "−" if tag == "mo" and text == "-" else text or None
    if (tag == "mi" and len(text) != 1) or out.get("mathvariant") != "normal":
        out.attrib.pop("mathvariant", None)
    out.extend(inside if tag not in _LOWERED else [inside[0], _primed(inside[1]), *inside[2:]])
    return _accented(out) if tag == "mover" else _operator(out) if tag == "mo" else out


def _primed(script: Element) -> Element:
    """The prime of an index beside its letter: raised once more it would be too small to see."""
    for part in script.iter("msup"):
        if not (part[1].text or "x").strip("′″‴⁗"):
            part.tag = "mrow"
    return script


def _accented(over: Element) -> Element:
    """A hat, bar or tilde is an accent; over one letter it does not stretch."""
    mark = over[1].text or ""
    if over[1].tag == "mo" and mark in _ACCENTS:
        over.set("accent", "true")
        over[1].attrib.clear()
        over[1].text = _ACCENTS[mark]
        over[1].set("stretchy", "true" if len("".join(over[0].itertext())) > 1 else "false")
    return over


def _operator(mo: Element) -> Element:
    if mo.text == "/":  # 1/2, not 1 / 2
        mo.attrib.update({"lspace": "0", "rspace": "0"})
    if mo.text in LIMITS:
        mo.attrib.pop("stretchy", None)
        if mo.text not in "∑∏":  # a word: what stands under it does so in a line of text too
            mo.set("movablelimits", "false")
    if mo.get("movablelimits") == "false":
        mo.attrib.update({"form": "prefix", "lspace": "0", "rspace": "0"})
    return mo


def _row(pieces: list[Element]) -> list[Element]:
    """Neighbours that mean something together: := is one mark, a minus after a mark is a sign, a function is set off from its argument."""
    out: list[Element] = []
    for piece, follower in zip(pieces, [*pieces, None][1:], strict=True):
        before = out[-1] if out else None
        if before is not None and (before.text, piece.text) == (":", "=") and before.tag in ("mi", "mo"):
            before.tag, before.text = "mo", ":="
            continue
        if piece.tag == "mo" and piece.text in ("−", "⊙") and (before is None or _asks(before)):
            piece.attrib.update({"form": "prefix"} if piece.text == "−" else {"form": "prefix", "lspace": "0", "rspace": "0"})
        if _named(piece) and before is not None and before.tag not in ("mo", "mspace"):
            out.append(_thin())
        out.append(piece)
        out.extend(_application(piece, follower))
    return out


def _asks(before: Element) -> bool:
    """Does the mark before a minus still wait for something?"""
    return before.tag == "mo" and before.get("form") != "postfix" and before.text not in (")", "]", "|", "‖", "\u2061")


def _application(piece: Element, follower: Element | None) -> Iterator[Element]:
    """log p: U+2061, function application, is heard and not seen; a bare argument stands off by a thin space."""
    opens = follower is not None and follower.text == "("
    if follower is None or not (_named(piece) or (opens and len(_word(piece)) > 1)):
        return
    applied = Element("mo")
    applied.text = "\u2061"
    yield applied
    if not opens and follower.tag not in ("mo", "mspace"):
        yield _thin()


def _word(piece: Element) -> str:
    """The letters of a name, with or without a script."""
    word = piece[0] if piece.tag in ("msub", "msup", "munder") else piece
    return word.text or "" if word.tag == "mi" or word.get("movablelimits") == "false" else ""


def _named(piece: Element) -> bool:
    return _word(piece) in _FUNCTIONS.split() or any(p.get("movablelimits") == "false" for p in (piece, *piece[:1]))


def _thin() -> Element:
    return Element("mspace", {"width": "0.167em"})
