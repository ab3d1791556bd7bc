r"""The strict reading of one cell of LaTeX, before latex2mathml sees it: known commands only, groups closed, and everything it breaks taken out.

Words (\text, \mathrm), bold letters, boxes and cases are built here, as MathML, and stand in the cell as private characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from symgd.language import GREEK

__all__ = ["prepared", "tokens_of"]

_DEEPEST = 60  # groups inside groups
_LONGEST = 20_000  # characters
_PRIVATE = 0xE000  # the first of Unicode's 6,400 private characters

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\[^A-Za-z]|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)

_HANDED_ON = (  # what latex2mathml draws in Core
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi varphi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega frac tfrac dfrac sqrt hat bar tilde widehat widetilde overline sum prod int lim max min "
    "sup inf det log ln exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth partial nabla infty top odot oslash otimes cdot times div pm "
    "mp le leq ge geq lt gt ne neq approx equiv sim propto in to rightarrow leftarrow Rightarrow Leftrightarrow implies iff forall exists mid vert Vert "
    "lvert rvert lVert rVert ldots dots cdots prime ell quad qquad left right"
)
_KNOWN = frozenset("\\" + word for word in _HANDED_ON.split()) | {r"\,", r"\;", r"\:", r"\!", r"\|", r"\{", r"\}", r"\ "}

_GROUPS = {r"\frac": 2, r"\tfrac": 2, r"\dfrac": 2} | dict.fromkeys((r"\sqrt", r"\hat", r"\bar", r"\tilde", r"\widehat", r"\widetilde", r"\overline"), 1)
_DELIMITERS = frozenset({"(", ")", "[", "]", "|", ".", r"\|", r"\{", r"\}", r"\vert", r"\Vert", r"\lvert", r"\rvert", r"\lVert", r"\rVert"})
_CHARACTERS = frozenset("()[]|+-=<>*/,;:.!'~{}_^")
_TEXT = frozenset({r"\text", r"\textrm"})
_UPRIGHT = frozenset({r"\mathrm", r"\operatorname", r"\operatorname*"})
_BOLD = frozenset({r"\mathbf", r"\boldsymbol"})
_WORD_OPERATOR = {"movablelimits": "false", "form": "prefix", "lspace": "0", "rspace": "0"}
_CLASSED = {r"\boxed": "boxed", r"\cancel": "cancelled"}  # drawn by a style sheet: Core has no <menclose>
_BUILT = _TEXT | _UPRIGHT | _BOLD | _CLASSED.keys() | {r"\begin"}  # what latex2mathml must not touch
_SAID = {r"\textbackslash": "\\", r"\textasciitilde": "~", r"\textasciicircum": "^", r"\textless": "<", r"\textgreater": ">", r"\,": "\u2009", r"\ ": " "}
_SAID |= {rf"\{c}": c for c in "#$%&_{}"} | {"~": "\u00a0", "{": "", "}": ""}

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML cannot hold

Convert = Callable[[list[str], int], Element]


def tokens_of(latex: str) -> list[str]:
    """The commands, numbers, spaces and single characters of a formula."""
    if len(latex) > _LONGEST:
        raise ValueError(f"a formula of {len(latex)} characters is too long for MathML; the limit is {_LONGEST}")
    return _TOKEN.findall(latex)


def prepared(tokens: list[str], depth: int, convert: Convert) -> tuple[list[str], dict[str, Element]]:
    """The tokens that may be handed on, and the pieces built here by the private character that stands for each."""
    if depth > _DEEPEST:
        raise ValueError(f"groups are nested more than {_DEEPEST} deep")
    cell: list[str] = []
    built: dict[str, Element] = {}
    opened: list[str] = []
    k = _skip(tokens, 0)
    while k < len(tokens):
        token = tokens[k]
        _check(tokens, k, cell[-1] if cell else "")
        if token in (r"\left", r"\right", "{", "}"):
            _balance(opened, token)
        if token in (r"\left", r"\right"):
            k = _skip(tokens, k + 1)
            token += tokens[k]
        elif token in _BUILT:
            piece, k = _built(tokens, k, depth, convert)
            token = chr(_PRIVATE + len(built))
            built[token] = piece
            k -= 1
        cell.append(token)
        k = _skip(tokens, k + 1)
    if opened:
        raise ValueError(f"{opened[-1]} is never closed: {''.join(tokens)}")
    return cell, built


def _skip(tokens: list[str], k: int) -> int:
    """The next place that is no space."""
    while k < len(tokens) and tokens[k].isspace():
        k += 1
    return k


def _balance(opened: list[str], token: str) -> None:
    """} closes {, and \\right closes \\left: always what was opened last."""
    closes = {"}": "{", r"\right": r"\left"}.get(token)
    if closes is None:
        opened.append(token)
        if len(opened) > _DEEPEST:
            raise ValueError(f"groups are nested more than {_DEEPEST} deep")
    elif not opened or opened.pop() != closes:
        raise ValueError(f"{token} closes nothing")


def _check(tokens: list[str], k: int, before: str) -> None:
    """Raises ValueError where the token is none of ours, or what must follow it is missing."""
    token, after = tokens[k], _skip(tokens, k + 1)
    follows = tokens[after] if after < len(tokens) else ""
    if token.startswith("\\"):
        if token not in _KNOWN and token not in _BUILT:
            raise ValueError(f"no MathML for {token}")
    elif not (token in _CHARACTERS or (token.isascii() and token.replace(".", "").isalnum())):
        raise ValueError(f"no MathML for the character {token!r} outside \\text")
    if token in (r"\left", r"\right") and follows not in _DELIMITERS:
        raise ValueError(f"no delimiter after {token}")
    if token in "_^" and follows in ("", "}", "_", "^", "'", r"\right", r"\left"):
        raise ValueError(f"nothing stands after {token}")
    if before in ("_", "^") and len(token) > 1 and token[0].isdigit():
        raise ValueError(f"{before}{token} wants braces")
    for _ in range(_GROUPS.get(token, 0)):
        after = _group(tokens, after)[1]


def _group(tokens: list[str], k: int) -> tuple[list[str], int]:
    """The tokens inside the braces that come next, and the place after them."""
    start = _skip(tokens, k)
    level = 0
    for end in range(start, len(tokens)):
        level += {"{": 1, "}": -1}.get(tokens[end], 0)
        if level == 0:
            break
    else:
        raise ValueError(f"a group in braces is not closed: {''.join(tokens)}")
    if end == start:
        raise ValueError(f"a group in braces is missing before {''.join(tokens[start:])}")
    return tokens[start + 1 : end], end + 1


def _built(tokens: list[str], k: int, depth: int, convert: Convert) -> tuple[Element, int]:
    """A word, bold letters, a box or cases as MathML, and the place after it."""
    token = tokens[k]
    inside, k = _group(tokens, k + 1)
    if token == r"\begin":
        return _cases("".join(inside), tokens, k, depth, convert)
    if token in _CLASSED:
        row = Element("mrow", {"class": _CLASSED[token]})
        row.append(convert(inside, depth + 1))
        return row, k
    if token in _BOLD:
        inside = [GREEK.get(t.removeprefix("\\").removeprefix("var"), t) for t in inside]
    for t in inside:
        if t.startswith("\\") and t not in _SAID:
            raise ValueError(f"no MathML for {t} inside {token}")
    said = "".join(_SAID.get(t, t) for t in inside)
    if token in _TEXT:
        out = Element("mtext")
        out.text = re.sub(r"^\s+|\s+$", "\u00a0", _NO_XML.sub("\ufffd", said))
    else:
        out = Element("mo" if token.endswith("*") else "mi", _WORD_OPERATOR if token.endswith("*") else {})
        out.text = _NO_XML.sub("\ufffd", "".join(map(_bold, said)) if token in _BOLD else said)
        if out.tag == "mi" and len(said) == 1 and token not in _BOLD:
            out.set("mathvariant", "normal")
    return out, k


def _bold(c: str) -> str:
    """Core has no bold variant: Unicode's own bold letters are x → 𝐱, θ → 𝛉, 1 → 𝟏."""
    for first, last, bold in (("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("0", "9", 0x1D7CE), ("Α", "Ω", 0x1D6A8), ("α", "ω", 0x1D6C2)):
        if first <= c <= last:
            return chr(bold + ord(c) - ord(first))
    return c


def _cases(name: str, tokens: list[str], k: int, depth: int, convert: Convert) -> tuple[Element, int]:
    """{ and a table: cases is the one environment that stands inside a formula; rows and cells are split here."""
    if name != "cases":
        raise ValueError(f"no MathML for the environment {name}: set rows and cells with mathml_table")
    rows: list[list[list[str]]] = [[[]]]
    level = 0
    while k < len(tokens):
        token = tokens[k]
        if token in (r"\begin", r"\end"):
            level += 1 if token == r"\begin" else -1
            if level < 0:
                return _table(rows, depth, convert), _group(tokens, k + 1)[1]
        if level == 0 and token == "\\\\":
            rows.append([[]])
        elif level == 0 and token == "&":
            rows[-1].append([])
        else:
            rows[-1][-1].append(token)
        k += 1
    raise ValueError("cases is never ended")


def _table(rows: list[list[list[str]]], depth: int, convert: Convert) -> Element:
    whole = Element("mrow")
    SubElement(whole, "mo", {"form": "prefix", "fence": "true", "stretchy": "true"}).text = "{"
    table = SubElement(whole, "mtable", {"class": "cases"})
    for row in rows:
        line = SubElement(table, "mtr")
        for cell in row:
            SubElement(line, "mtd", {"class": "left"}).append(convert(cell, depth + 1))
    return whole
