r"""A display → the places of its rows: environments are opened, rows that only carry an expression on are joined, cases and matrices stay whole."""

from __future__ import annotations

import re

__all__ = ["rows", "trimmed"]

Place = tuple[int, int]

_ROWED = frozenset((
    "equation", "align", "aligned", "alignat", "alignedat", "split", "gather", "gathered", "eqnarray", "flalign", "array", "math", "displaymath",
))  # fmt: skip
_BEGIN = re.compile(r"(?:\\left\s*\\?[{.]\s*)?\\begin\s*\{([A-Za-z]+)(\*?)\}")
_OPTIONS = re.compile(r"\s*\[[a-z]*\]|(?<=array\})\s*\{[^{}]*\}|(?<=alignat\})\s*\{[0-9]+\}|(?<=alignat\*\})\s*\{[0-9]+\}|(?<=alignedat\})\s*\{[0-9]+\}")
_LABEL = re.compile(r"\s*(?:\\(?:label|intertext|shortintertext)\s*\{[^{}]*\}|\\hline|\\notag|\\nonumber|&|\s)")
_MARK = re.compile(r"\\begin\s*\{|\\end\s*\{|\\\\\*?(?:\[[^\]\n]{0,12}\])?|\\(?:cr|newline|tabularnewline)(?![A-Za-z])|\\.|[{}]", re.DOTALL)
_TAIL = re.compile(r"[✅✓✔☑❌✗✘\ufe0f]\Z|\\[,;:! ]\Z|\\(?:quad|qquad|nonumber|notag|hline|cr)\Z|(?<!\\right)(?<!\\left)(?<!\\)[.,;。，]\Z|[\s&]\Z|\\\Z")
_NAMED = re.compile(r"\\label\s*\{[^{}]*\}\Z")
_RELATION = re.compile(r"[=≈≡←]|\\(?:approx|equiv|leftarrow|gets|simeq|propto|coloneqq|triangleq|Rightarrow|implies|le|ge|leq|geq)(?![A-Za-z])")
_CARRIES = re.compile(r"(?:&|\s|\\(?:quad|qquad|,|;|!))*(?:[+*/·×−-]|\\(?:cdot|times|odot|div|pm|left|right|bigl?|Big[lr]?)(?![A-Za-z]))")
_UNFINISHED = re.compile(r"(?:[+*/·×(\[−-]|\\(?:cdot|times|odot|left[(\[]))\s*$")


def rows(text: str, start: int, end: int) -> list[Place]:
    """The rows of the display text[start:end], in order."""
    return _rows(text, start, end, 0)


def _rows(text: str, start: int, end: int, depth: int) -> list[Place]:
    start, end = trimmed(text, start, end)
    found = _BEGIN.match(text, start, end)
    if found and depth < 8 and (inner := _inside(text, found, end)):
        if found[1] == "multline":
            return [trimmed(text, *inner)]
        cut = [place for place in _split(text, *inner) if place[0] < place[1]]
        if found[1] in _ROWED or (found[1] in ("cases", "dcases") and all("&" not in text[a:b] and _RELATION.search(text, a, b) for a, b in cut)):
            return _joined(text, [row for place in cut for row in _rows(text, *place, depth + 1)])
        return [(start, end)]
    places = [trimmed(text, *place) for place in _split(text, start, end)]
    whole = [place for place in places if place[0] < place[1]]
    if len(whole) > 1 and depth < 8:
        return _joined(text, [row for place in whole for row in _rows(text, *place, depth + 1)])
    return whole


def _inside(text: str, begin: re.Match[str], end: int) -> Place | None:
    r"""What stands between \begin{…} and the \end{…} that closes it, if that is where the display ends."""
    start = begin.end()
    depth = 1
    for found in _MARK.finditer(text, start, end):
        depth += 1 if found[0].startswith(r"\begin") else -1 if found[0].startswith(r"\end") else 0
        if not depth:
            rest = text[found.end() : end].partition("}")[2]
            if not re.fullmatch(r"(?:\s|\\right\s*\\?[}.|]|[.,;]|\\tag\*?\{[^{}]*\}|\\label\{[^{}]*\})*", rest):
                return None
            options = _OPTIONS.match(text, start, found.start())
            return (options.end() if options else start), found.start()
    return None


def _split(text: str, start: int, end: int) -> list[Place]:
    r"""The pieces between the \\ that stand outside inner environments and braces."""
    out: list[Place] = []
    environments = braces = 0
    at = start
    for found in _MARK.finditer(text, start, end):
        mark = found[0]
        if mark.startswith(r"\begin"):
            environments += 1
            braces += 1
        elif mark.startswith(r"\end") and mark.endswith("{"):
            environments -= 1
            braces += 1
        elif mark in "{}":
            braces += 1 if mark == "{" else -1
        elif environments <= 0 and braces <= 0 and (mark.startswith("\\\\") or mark in (r"\cr", r"\newline", r"\tabularnewline")):
            out.append((at, found.start()))
            at = found.end()
    return [*out, (at, end)]


def _joined(text: str, places: list[Place]) -> list[Place]:
    """Rows that carry on the expression of the row above belong to it."""
    out: list[Place] = []
    for start, end in places:
        row = text[start:end]
        if out and not _RELATION.search(row) and (_CARRIES.match(row) or _UNFINISHED.search(text[out[-1][0] : out[-1][1]])):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def trimmed(text: str, start: int, end: int) -> Place:
    """Without white space, alignment marks, labels before it and punctuation after it."""
    while start < end and (found := _LABEL.match(text, start, end)) and found.end() > start:
        start = found.end()
    while start < end:
        if text[end - 1] == "}" and (label := _NAMED.search(text, max(start, end - 80), end)):
            end = label.start()
            continue
        found = _TAIL.search(text, max(start, end - 12), end)
        if not found or found.end() < end or (found[0] == "\\" and text[end - 2 : end] == "\\\\"):
            break
        end = found.start()
    return start, max(start, end)
