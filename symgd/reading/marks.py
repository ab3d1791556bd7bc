r"""The further marks of other people's working → tokens: \boxed, \mathbf, ←, ‖, ⊙, \text{learning rate}, circled numbers, trailing prose.

Beside the kinds of `tokens.py`:
wrap     the braces that follow are not there; `under`: nor what stands below or above them; `left`, `right`: a bracket that is not printed
phrase   words of prose that may be a name
op       := ≈ ≡ ∝ -= += (relations) · ⇒ → or prose gap … (between statements) · ‖ ⊙ @ ∇ 𝔼 ᵀ at
"""

from __future__ import annotations

import re

from symgd.reading.tokens import Token
from symgd.reading.unread import Unread
from symgd.reading.words import CONNECTIVES

__all__ = ["RELATIONS", "mark"]

RELATIONS = frozenset(("=", ":=", "≈", "≡", "∝", "<", "<=", ">", ">=", "!=", "-=", "+=", "*=", "/="))

_NAMED = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
def _commands(names: str) -> frozenset[str]:
    return frozenset("\\" + name for name in names.split())


_TEXT = _commands("text textrm textbf textit texttt textsf mbox hbox mathrm operatorname operatorname* mathit mathsf mathtt textnormal intertext emph")
_WRAPS = _commands("boxed fbox mathbf boldsymbol bm pmb mathcal mathscr mathfrak vec underline ensuremath mathop mathrel mathbin mathord smash")
_UNDER = _commands("underbrace overbrace underbracket overbracket")
_ARGUMENT_LOST = _commands("color label tag tag* hspace hspace* vspace phantom hphantom vphantom mskip")
_FIRST_LOST = _commands("textcolor colorbox overset underset stackrel")  # the second argument counts
_CIRCLED = _commands("textcircled circled enclose")
_NOTHING = _commands(
    "nonumber notag hfill hline displaylimits scriptstyle scriptscriptstyle rm bf it cal strut mathstrut allowbreak noindent / large Large small normalsize "
    "displaystyle newline qedhere centering boldmath middle"
)
_MARKS = {"\\" + name: sign for sign, row in {
    ":=": "leftarrow gets longleftarrow Leftarrow triangleq doteq coloneq", "≈": "approx simeq cong thickapprox", "≡": "equiv", "∝": "propto",
    "→": "to rightarrow longrightarrow mapsto", "gap": "quad qquad", "prose": "forall", "…": "ldots dots cdots dotsc dotsb",
    "⇒": "Rightarrow implies Longrightarrow iff Leftrightarrow Longleftrightarrow therefore leadsto because",
    "⊙": "odot circ", "∇": "nabla", "‖": "| lVert rVert Vert parallel", "*": "bullet star", "⊤": "top intercal", "∈": "in",
}.items() for name in row.split()}  # fmt: skip
_CHARACTERS = {
    "≈": "≈", "≃": "≈", "≅": "≈", "≡": "≡", "≜": ":=", "∝": "∝", "←": ":=", "⟵": ":=", "⇐": ":=", "→": "→", "⟶": "→", "⇒": "⇒", "⟹": "⇒", "⇔": "⇒", "∴": "⇒",
    "⊙": "⊙", "∘": "⊙", "∇": "∇", "‖": "‖", "∥": "‖", "…": "…", "⋯": "…", "ᵀ": "ᵀ", "⊤": "⊤", "@": "@", "—": "prose", "𝔼": "𝔼", ";": ";", "•": "*", "∈": "∈",
}  # fmt: skip
_PAIRS = {"-=": "-=", "−=": "-=", "+=": "+=", "*=": "*=", "/=": "/=", "<-": ":=", "=>": "⇒", "->": "→", "||": "‖", "~=": "≈"}
_IGNORED = "\u200b\u200c\u200d\u2060\ufeff\u2062\u2009\u3000~"
_CIRCLES = re.compile("[\u2705\u2713\u2714\u2611\u274c\u2717\u2718\ufe0f\u2460-\u2473\u24ea\u2776-\u277f]")
_DOTS = re.compile(r"\.{2,}")
_ENVIRONMENT = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}")
_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array"))
_ROWS = frozenset(("align", "aligned", "split", "gather", "gathered", "equation", "eqnarray", "multline", "alignat", "flalign", "alignedat"))
_SUM = re.compile(
    r"(?:[Ss]um|SUM|Σ|∑) ?(?:over |from |for )?\(? ?([ijk]) ?= ?([01]) ?(?:to|\.\.\.?|…|→|->|-|:) ?([A-Za-z](?![A-Za-z(])|[0-9]{1,6})(?: ?\))?(?: ?(?:of|:))?"
)
_GRADIENT = re.compile(r"(?:grad|gradient|nabla) (?=[A-Za-z]\w*(?:\([^()]*\))? ?=)")
_ONES = re.compile(  # a column of ones; before a bracket it is an indicator
    r"\\(?:mathbf|boldsymbol|bm)\s*(?:\{\s*1\s*\}|1(?![0-9.]))(?!\s*(?:[\[({_|]|\\(?:left|[bB]ig|\{|mid)))"
)
_NUMPY = re.compile(r"(?:np|numpy|math|torch|tf|jnp)\.(?=[A-Za-z])")
_METHODS = re.compile(r"\.(T(?![A-Za-z0-9_])|dot(?=\s*\()|sum\(\)|mean\(\))")
_CONNECTIVES = frozenset((
    "and", "where", "with", "so", "hence", "thus", "then", "therefore", "because", "since", "when", "for", "let", "which", "gives", "but", "also", "giving",
    "yields", "as", "given", "if", "by", "using", "from",
    *CONNECTIVES,
))  # fmt: skip
_WORDS = re.compile(r"[A-Za-z][A-Za-z'-]*(?:[ ~]+[A-Za-z][A-Za-z0-9'-]*)*")
_CASES = frozenset(("if", "otherwise", "else"))

Found = tuple[int, list[Token]] | None


def mark(text: str, at: int, spaced: bool, syntax: str) -> Found:
    """Where the mark that begins at `at` ends, and its tokens; None where the plain reader's own tables are to be asked."""
    c = text[at]
    if c == "\\" and syntax == "latex":
        return _command(text, at, spaced)
    if c in _CHARACTERS and not (c == "*" and syntax == "latex"):
        return _dash(text, at) if _CHARACTERS[c] == "prose" else (at + 1, [Token("op", _CHARACTERS[c], at, at + 1, spaced)])
    if c in _IGNORED:
        return at + 1, []
    pair = text[at : at + 2]
    if pair in _PAIRS and not (pair == "<-" and text[at + 2 : at + 3].isdigit()):
        return at + 2, [Token("op", _PAIRS[pair], at, at + 2, spaced)]
    if found := _CIRCLES.match(text, at):
        return found.end(), [Token("op", "prose", at, found.end(), spaced)]
    if c == ".":
        return _dot(text, at, spaced)
    if c == ("%" if syntax == "latex" else "#") or (text.startswith("//", at) and spaced):
        return _dash(text, at) if syntax == "ascii" else (_dash(text, at)[0], [])
    if syntax == "ascii" and c in "sSΣ∑" and (found := _SUM.match(text, at)):
        return found.end(), _bounded(found, at, spaced)
    if syntax == "ascii" and c in "gn" and (found := _GRADIENT.match(text, at)) and not (at and (text[at - 1].isalnum() or text[at - 1] in "_.")):
        return found.end(), [Token("op", "∇", at, found.end(), spaced)]
    if syntax == "ascii" and (found := _NUMPY.match(text, at)) and not (at and (text[at - 1].isalnum() or text[at - 1] in "_.")):
        return found.end(), []
    return None


def _dash(text: str, at: int) -> tuple[int, list[Token]]:
    """— begins a remark, up to the end of the line."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end, [Token("op", "prose", at, end, True)]


def _bounded(found: re.Match[str], at: int, spaced: bool) -> list[Token]:
    """sum from i = 1 to n"""
    index, low, high = found[1], found[2], found[3]
    a, b, c = found.start(1), found.start(2), found.start(3)
    out = [Token("op", "Σ", at, a, spaced), Token("op", "_", a, a), Token("open", "{", a, a), Token("word", index, a, a + 1), Token("op", "=", a + 1, b)]
    out += [Token("number", low, b, b + 1), Token("close", "}", b + 1, b + 1), Token("op", "^", c, c), Token("open", "{", c, c)]
    return [*out, Token("number" if high.isdigit() else "word", high, c, found.end(3)), Token("close", "}", found.end(3), found.end(3))]


def _dot(text: str, at: int, spaced: bool) -> Found:
    """A dot is a transpose or method after a name (.T), nothing at the end, dots (…), and else a product if it stands between operands."""
    if found := _METHODS.match(text, at):
        word = found[1].rstrip("()")
        return found.end(), [Token("op", {"T": "ᵀ", "dot": "@"}.get(word, "." + word), at, found.end(), spaced)]
    if found := _DOTS.match(text, at):
        return found.end(), [Token("op", "…", at, found.end(), spaced)]
    if text[at + 1 : at + 2].isdigit():
        return None
    follows = text[at + 1 :].strip()
    return at + 1, [] if not follows else [Token("op", ".*", at, at + 1, spaced)]


def _command(text: str, at: int, spaced: bool) -> Found:
    found = _NAMED.match(text, at)
    if not found:
        return None
    name, end = found[0], found.end()
    if name in _TEXT:
        return _worded(text, at, end, spaced)
    if name in _MARKS:
        return end, [Token("op", _MARKS[name], at, end, spaced)]
    if name in _NOTHING:
        return end, []
    if found := _ONES.match(text, at):
        return found.end(), [Token("word", "𝟏", at, found.end(), spaced)]
    if name in _WRAPS:
        return end, [Token("wrap", "wrap", at, end, spaced)]
    if name in _UNDER:
        return end, [Token("wrap", "under", at, end, spaced)]
    if name in _FIRST_LOST:
        return _group(text, end)[1], [Token("wrap", "wrap", at, end, spaced)]
    if name in _ARGUMENT_LOST:
        return _group(text, end)[1], []
    if name in _CIRCLED:
        end = _group(text, end)[1]
        return end, [Token("op", "prose", at, end, spaced)]
    if name == r"\mathbb":
        inside, after = _group(text, end)
        kinds = {"E": ("op", "𝔼"), "1": ("word", "indicator")}
        return (after, [Token(*kinds[inside.strip()], at, after, spaced)]) if inside.strip() in kinds else None
    if name in (r"\left", r"\right"):
        return _hidden(text, at, end, name, spaced)
    if name in (r"\begin", r"\end"):
        return _environment(text, at, end, name, spaced)
    return _sized(text, at, end, name, spaced)


def _sized(text: str, at: int, end: int, name: str, spaced: bool) -> Found:
    r"""\big\|, \Bigl\lVert"""
    if re.fullmatch(r"\\[bB]igg?[lrm]?", name) and (follows := re.match(r"\s*(\\\||\\[lr]?Vert(?![A-Za-z])|\.)", text[end : end + 12])):
        return end + follows.end(), [] if follows[1] == "." else [Token("op", "‖", at, end + follows.end(), spaced)]
    return None


def _group(text: str, at: int) -> tuple[str, int]:
    """What stands in the braces (or the one mark) that follow, and where it ends."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at < len(text) and text[at] == "[":  # an optional argument
        close = text.find("]", at)
        return _group(text, close + 1) if close > 0 else ("", at)
    if text[at : at + 1] != "{":
        found = _NAMED.match(text, at)
        end = found.end() if found else min(at + 1, len(text))
        return text[at:end], end
    depth = 0
    for k in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[k], 0) if text[k - 1] != "\\" else 0
        if not depth:
            return text[at + 1 : k], k + 1
    raise Unread("the bracket is never closed", text, at, at + 1)


def _hidden(text: str, at: int, end: int, name: str, spaced: bool) -> Found:
    r"""\left. and \right. print nothing; \left\| is a norm's bar."""
    follows = re.match(r"\s*(\.|\\\||\\[lr]?Vert(?![A-Za-z])|‖)", text[end : end + 12])
    if not follows:
        return None
    end += follows.end()
    return end, [Token("wrap", name[1:], at, end, spaced) if follows[1] == "." else Token("op", "‖", at, end, spaced)]


def _environment(text: str, at: int, end: int, name: str, spaced: bool) -> Found:
    r"""Rows are read on; matrices open and close like brackets, each row a list."""
    found = _ENVIRONMENT.match(text, end)
    if not found or found[1] in ("cases", "dcases"):
        return None
    end = found.end()
    if found[1].rstrip("*") in _ROWS:
        return end, []
    if found[1] not in _MATRICES:
        return None
    if name == r"\begin" and found[1] == "array":
        end = _group(text, end)[1]
    return end, [Token("open", "matrix(", at, end, spaced) if name == r"\begin" else Token("close", "matrix)", at, end, spaced)]


def _worded(text: str, at: int, end: int, spaced: bool) -> Found:
    r"""\text{…}: a name, a connective, or prose"""
    inside, end = _group(text, end)
    plain = inside.replace(r"\_", "_").replace("~", " ").strip()
    bare = plain.strip(" .,:;").lower()
    if not bare or not any(c.isalnum() for c in bare):
        return end, [] if not bare else [Token("op", "prose", at, end, spaced)]
    if bare == "or":
        return end, [Token("op", "or", at, end, spaced)]
    if bare in _CASES:
        return end, [Token("word", bare, at, end, spaced)]
    if re.fullmatch(r"[0-9]{1,3}[A-Za-z]{1,3}", plain) and text[:at].rstrip().endswith(("_", "_{")):  # S_{\mathrm{1y}}
        return end, [Token("word", plain, at, end, spaced)]
    if bare.split()[0] in _CONNECTIVES or "—" in plain or plain[0] in "([" or plain[0].isdigit():
        return end, [Token("op", "prose", at, end, spaced)]
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*", plain):
        kind = "run" if len(plain) == 1 else "word" if inside == plain.replace("_", r"\_") or inside == plain else "phrase"
        return end, [Token(kind, plain, at, end, spaced)]
    if _WORDS.fullmatch(plain) and len(plain) <= 31:
        return end, [Token("phrase", re.sub(r"[ '-]+", "_", plain).lower(), at, end, spaced)]
    return end, [Token("op", "prose", at, end, spaced)]
