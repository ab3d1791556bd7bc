"""A line of plain text → the mathematics in it: without bullets, numbers, labels and the words around it, or nothing where it is prose.

What reads as an equation counts; so does what has a relation, marks of mathematics and no sentence around it, though it cannot be read: the judge says so.
"""

from __future__ import annotations

import re
from itertools import pairwise

from symgd.language import ALIASES, FUNCTIONS, GREEK
from symgd.reading import Unread, read_line
from symgd.reading.words import CONNECTIVES, SPOKEN

__all__ = ["cells", "mathematics"]

_LONGEST = 2_000
_MARKS = re.compile(
    r"[ \t>]*(?:(?:\.\. math::|#\d{1,3}(?=[ \t])|[#%]+|//+|--|[-*+•·‣–](?=[ \t])|\d{1,2}[.)](?=[ \t])|\([a-z0-9]{1,3}\)(?=[ \t])|[a-z]\)(?=[ \t])"
    r"|Q\d{1,3}[.:)]|(?:[Ss]tep|[Ee]q(?:uation|n)?\.?|[Ll]ine)[ \t]*\(?\d{1,3}\)?[ \t]*[:.)—–-]?(?=[ \t])|=>|⇒|→|∴|\*\*|__)[ \t]*)*"
)
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9 ()/'’,–-]{0,60}:(?!=)[ \t]+(?=\S)")
_POINTS = re.compile(r"(?:\(-?[0-9.]+(?:,\s*-?[0-9.]+)+\)[\s,;.]*(?:and\s+)?)+")
_RELATION = re.compile(r"(?<![<>!=])(?::=|[-+*/]=|=)(?![=>])|≈|←|≡|∝|≜|<-(?![0-9])|\\(?:approx|leftarrow|gets|equiv|propto|simeq)(?![A-Za-z])")
_WORD = re.compile(r"(?<![A-Za-z0-9_\\{/])[A-Za-z][A-Za-z'’]+(?![A-Za-z0-9_}/])")
_STOPS = frozenset((
    "the", "is", "of", "and", "we", "to", "in", "for", "with", "that", "this", "are", "be", "by", "it", "its", "on", "as", "at", "from", "so", "then",
    "where", "when", "an", "or", "not", "let", "thus", "hence", "therefore", "get", "have", "gives", "give", "obtain", "define", "set", "put", "now",
    "since", "because", "using", "use", "if", "our", "which", "has", "was", "will", "can", "called", "equals", "means", "into", "yields", "becomes",
    "here", "compute", "calculate", "suppose", "assume", "say", "but", "also", "again", "finally", "first", "next", "substitute", "substituting",
    "plug", "apply", "applying", "note", "recall", "each", "all", "my", "your", "does", "do", "should", "would", "must", "these", "those", "they",
    "you", "there", "what", "how", "why", "until", "while", "than", "same", "only",
    *CONNECTIVES,
))  # fmt: skip
_OF_SUMS = frozenset(("from", "to", "of"))  # sum from i = 1 to n of …
_SUMS = re.compile(r"[Ss]um|SUM|[Σ∑]|mean|average")
_REMARK = re.compile(r"[ \t]+(?:[(\[](?=[^()\[\]]*[a-z]{3})[A-Za-z][A-Za-z ,.'’/:-]*[)\]]|\(\d{1,2}\))[ \t]*$")
_ASIDE = re.compile(
    r"[ \t]+(?:#|//|--|—|–[ \t]|←[ \t]+[a-z]{3}|<-+[ \t]+[a-z]{3}|%).*$"
    r"|[ \t]{2,}[A-Za-z]{3,}(?:[ \t]+[A-Za-z]{2,})+[ \t]*$|[ \t]{3,}[A-Za-z]{4,}[A-Za-z ,.()0-9'’-]*$"
)
_STRONG = re.compile(r"[0-9*/^²³+−×·ΣΣ∑∂∇√-]|\\[A-Za-z]|(?<![A-Za-z_.])[A-Za-z](?![A-Za-z_.])|[Α-ωŷ\u0302]")
_FUNCTION = re.compile(rf"\b(?:{'|'.join(sorted((*FUNCTIONS, *ALIASES, 'sum', 'mean')))})\(")
_REFUSED = re.compile(  # links, tags, and lines of programs
    r"://|[\"`]|</|<[a-zA-Z!]|[=!]=|[{:]\s*$|'[^' ]{2,}'|\(\)|\{\}|__|\[[^\]]*:[^\]]*\]|<<|>>|&&|\$\{|--\w+=|%[sd(]|^\s*_|\w\([^()]*\w=[^=]"
    r"|[A-Za-z]\.(?!T\b|dot\(|sum\(|mean\(|sqrt|exp|log|abs|max|min|square|matmul|array|power|norm)[A-Za-z_]{2,}"
    r"|\b(?:self|import|return|print|True|False|None|def|class|elif|static|void|const|var)\b|\blambda\s+[\w, ]*:|^\s*(?:int|float|double)\s"
)
_TO_FILL = re.compile(r"=[ \t]*_{3,}[ \t]*$")  # dL/dw = ______
_OPERATOR = re.compile(r"[-+*/·×−^²]")
_KNOWN = frozenset((*FUNCTIONS, *ALIASES, *GREEK, *SPOKEN, "frac", "hat", "partial", "grad", "nabla", "sum", "mean", "np", "dot", "from", "to", "of"))

_EDGES = " \t,;:."

Found = tuple[int, int, str]


def mathematics(line: str, code: bool = False) -> list[Found]:
    """Where the mathematics of the line begins and ends, and its syntax, from left to right; nothing for prose.  `code`: only what reads without doubt."""
    if len(line) > _LONGEST or (_REFUSED.search(line) and not _TO_FILL.search(line)):
        return []
    start, end = _core(line)
    if _TO_FILL.search(line, start, end):
        return [(start, end, "latex" if "\\" in line[start:end] else "ascii")]
    out: list[Found] = []
    while start < end and len(out) < 9:
        found, start = _first(line, start, end, code, bool(out))
        out += [found] if found else []
    return out


def _first(line: str, start: int, end: int, code: bool, further: bool) -> tuple[Found | None, int]:
    """The first formula of line[start:end], and where the line goes on."""
    syntax = "latex" if "\\" in line[start:end] else "ascii"
    relation = _RELATION.search(line, start, end)
    if not relation:
        alone = not code and not further and _expression(line[start:end], syntax)
        return ((start, end, syntax) if alone else None), end
    start, last = _left(line, start, relation.start()), 0
    for stop in _ends(line, relation.end(), end):
        piece = line[start:stop].strip(_EDGES)
        if not _RELATION.fullmatch(piece[-2:].strip()) and not _RELATION.fullmatch(piece[-1:]) and _reads(piece, syntax):
            begin = line.index(piece, start)
            if _strong(piece) and not _sentence(piece, 4):
                return (begin, begin + len(piece), syntax), stop
            last = stop
    if last:
        return None, last
    piece = line[start:end].strip()
    nearly = not code and not further and _strong(piece) and not _sentence(piece, 1) and line[relation.end() : end].strip(" ?.…") != ""
    return ((start, start + len(piece), syntax) if nearly else None), end


def _strong(piece: str) -> bool:
    """Is there more in it than words and brackets?"""
    return bool(_STRONG.search(piece) or _FUNCTION.search(piece))


def cells(line: str) -> list[tuple[int, int]]:
    """The cells of a row of a Markdown table, where it is one: a bar before, a bar behind."""
    bare = line.strip()
    if len(bare) < 3 or bare[0] != "|" or bare[-1] != "|" or bare.count("|") < 3 or len(line) > _LONGEST:
        return []
    bars = [k for k, c in enumerate(line) if c == "|" and line[k - 1 : k] != "\\"]
    return [(a + 1, b) for a, b in pairwise(bars)]


def _core(line: str) -> tuple[int, int]:
    """The line without marks, emphasis, label and remarks."""
    found = _MARKS.match(line)
    start = found.end() if found else 0
    end = len(line)
    if "**" in line[:start] and (close := line.find("**", start)) > 0:
        if _RELATION.search(line, start, close):
            end = close
        else:  # **Update:** w = …
            start = close + 2
    if label := _LABEL.match(line, start, end):
        start = label.end()
    if points := _POINTS.match(line, start, end):
        start = points.end()
    for pattern in (_ASIDE, _REMARK):
        if (aside := pattern.search(line, start, end)) and _RELATION.search(line, start, aside.start()):
            end = aside.start()
    while start < end and line[end - 1] in " \t\r.,;:!?。，*":
        end -= 1
    while start < end and line[start] in " \t":
        start += 1
    return start, end


def _left(line: str, start: int, relation: int) -> int:
    """Where the left side begins, after the words that lead to it."""
    words = [w for w in _WORD.finditer(line, start, relation) if w[0].lower() in _STOPS]
    if words:
        start = words[-1].end()
        while start < relation and line[start] in " \t,:":
            start += 1
    tokens = list(re.finditer(r"\S+", line[start:relation]))
    plain = [bool(re.fullmatch(r"[A-Za-z][A-Za-z'’]+,?", t[0])) and t[0] not in _KNOWN for t in tokens]
    plain = [is_word or (t[0] in ("I", "a", "A") and True in plain[k:]) for k, (t, is_word) in enumerate(zip(tokens, plain, strict=True))]
    if tokens and not plain[-1] and True in plain:
        last = max(k for k, is_word in enumerate(plain) if is_word)
        follows = tokens[last + 1][0]
        before_all_words = all(plain[: last + 1])
        if before_all_words and follows[0] not in "*/+-^=·×−)(":
            return start + tokens[last + 1].start()
    return start


def _ends(line: str, start: int, end: int) -> list[int]:
    """Where the mathematics may end: at the end, or before a word of prose."""
    words = [w.start() for w in _WORD.finditer(line, start, end) if _stops(w[0], line)]
    last = max((r.end() for r in _RELATION.finditer(line, start, end)), default=start)
    comma = next((k for k in range(last, end - 1) if line[k] in ",;" and line[k + 1] == " "), end)
    return [end, *words[:1], *([comma] if comma < end else [])]


def _reads(piece: str, syntax: str) -> bool:
    try:
        read_line(piece, syntax)
    except Unread:
        return False
    return True


def _sentence(piece: str, most: int) -> bool:
    """Do more words stand in it than names have?"""
    words = [w[0] for w in _WORD.finditer(piece) if w[0] not in _KNOWN - _OF_SUMS]
    return any(_stops(w, piece) for w in words) or len(words) > 3 * most


def _stops(word: str, piece: str) -> bool:
    """Does the word belong to a sentence?  In "sum from i = 1 to n of" none does, and "or" joins two forms of one thing."""
    lower = word.lower()
    return lower in _STOPS and lower not in ("or", "if") and not (lower in _OF_SUMS and _SUMS.search(piece) is not None)


def _expression(piece: str, syntax: str) -> bool:
    """An expression alone, 2(ŷ − y)x: with brackets and signs, without words."""
    words = [w[0] for w in _WORD.finditer(piece) if w[0] not in _KNOWN and len(w[0]) > 2]
    signs = any(c in piece for c in "Σ∑") or (any(c in piece for c in "([") and bool(_OPERATOR.search(piece)))
    return signs and "," not in piece and not words and any(c.isalpha() for c in piece) and _reads(piece, syntax)
