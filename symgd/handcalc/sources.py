r"""A document as somebody wrote it → its lines of mathematics, each with its place: LaTeX, Markdown with prose, fenced and plain lines,
code comments, notebooks.

A region is displayed ($$…$$, \[…\], environments, ```math, [ … ] on lines of their own), inline ($…$, \(…\), `…`) or prose; of the prose
a line counts as mathematics where it reads as an equation, or nearly does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from symgd.handcalc import notebook
from symgd.handcalc.notebook import Cell, is_notebook
from symgd.handcalc.plain import cells, mathematics
from symgd.handcalc.rows import rows, trimmed
from symgd.handcalc.verdict import Written
from symgd.reading import Unread
from symgd.reading import statements as divided

__all__ = ["BYTES", "statements", "written"]

BYTES = 5_000_000
_BEFORE = 600  # characters of prose that are kept before a line

_OPEN = re.compile(
    r"^(?P<indent>[ \t>]*)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)$|^[ \t]*(?P<bracket>\[)[ \t]*$|(?P<tick>(?<!`)`(?!`))"
    r"|(?<!\\)(?:\\\\)*(?P<mark>\\\\\(|\\\\\[|\$\$|\$`|\$|\\\[|\\\(|\\begin\{(?P<name>[A-Za-z]+\*?)\})",
    re.MULTILINE,
)
_CLOSE = {r"\\(": r"\\)", r"\\[": r"\\]", "$$": "$$", "$`": "`$", "$": "$", r"\[": r"\]", r"\(": r"\)"}
_ENVIRONMENTS = frozenset((
    "equation", "align", "aligned", "alignat", "alignedat", "split", "gather", "gathered", "multline", "eqnarray", "flalign", "array", "cases", "math",
    "displaymath",
))  # fmt: skip
_PROGRAMS = frozenset((
    "python", "py", "python3", "ipython", "julia", "r", "c", "cpp", "c++", "java", "js", "javascript", "ts", "typescript", "go", "rust", "matlab", "octave",
    "bash", "sh", "shell", "console", "json", "yaml", "toml", "html", "css", "sql", "mermaid", "diff", "dot", "makefile", "dockerfile", "csv", "ini", "xml",
))  # fmt: skip
_CODE_FILES = (".py", ".jl", ".r", ".c", ".cpp", ".h", ".java", ".js", ".ts", ".go", ".rs", ".m")
_RELATION = re.compile(r"=|≈|←|≡|∝|\\approx|\\leftarrow|\\gets|\\equiv|\\propto|\\simeq|\\coloneq|\\triangleq|\\implies|\\Rightarrow")
_RANGE = re.compile(r"\s*[ijklht]\s*(?:=|\\in)\s*(?:[01]\s*,|\\?\{)")
_PROGRAM = re.compile(
    r'"""(.*?)(?:"""|\Z)|' + r"'''(.*?)(?:'''|\Z)|/\*(.*?)(?:\*/|\Z)"
    r'|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'" + r"|(#[^\n]*)|(?<![:\w])(//[^\n]*)|^\s*(%[^\n]*)",
    re.DOTALL | re.MULTILINE,
)
_REMARK = re.compile(r"(?<!\\)%[^\n]*")
_COMMENT = re.compile(r"\s*(?:#|//|%|--)")
_VARIABLE = re.compile(r"\{[A-Z_]{2,}\}")
_TEX = re.compile(r"\\documentclass|\\begin\{document\}")
_BEGINS = re.compile(r"\s*(?:&\s*)*(?:\\(?:quad|qquad|,|;|!|:| )\s*)*(?:&\s*)*(?::?=|≈|≡|∝|\\(?:approx|equiv|simeq|propto|leftarrow|coloneqq|Rightarrow\s*=))")


@dataclass(frozen=True)
class Region:
    """text[start:end], of a kind: display, inline, tick, prose or code."""

    kind: str
    start: int
    end: int


def written(text: str, name: str = "") -> tuple[Written, ...]:
    """The lines of mathematics of a document, in order.

    name   the file's name: .ipynb is a notebook (its Markdown cells count), .py and its kin are code (comments count), .tex has no plain lines

    Raises Unread beyond 5 MB, and for a notebook that is none.
    """
    if len(text.encode("utf-8", "surrogatepass")) > BYTES:
        raise Unread("a file has at most 5 MB", text[:80], 0, 1)
    lower = name.lower()
    if lower.endswith(".ipynb") or (not name and is_notebook(text)):
        found = [line for cell in notebook.cells(text) for line in _in_cell(cell)]
    else:
        text = _comments(text) if lower.endswith(_CODE_FILES) else text
        plain = "none" if lower.endswith(".tex") or _TEX.search(text) else "prose"
        text = _REMARK.sub(lambda found: " " * len(found[0]), text) if plain == "none" else text
        found = _placed(text, plain)
    return tuple(
        Written(k, line, column, content, syntax, bool(_BEGINS.match(content)), before) for k, (line, column, content, syntax, before) in enumerate(found, 1)
    )


Placed = tuple[int, int, str, str, str]


def _placed(text: str, plain: str) -> list[Placed]:
    """(line, column, content, syntax, prose before) of each line of mathematics."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    out: list[Placed] = []
    for start, end, syntax, before in _lines(text, plain):
        line = bisect_right(starts, start)
        out.append((line, start - starts[line - 1] + 1, text[start:end], syntax, before))
    return out


def _in_cell(cell: Cell) -> list[Placed]:
    return [(*cell.place(line, column), content, syntax, before) for line, column, content, syntax, before in _placed(cell.source, "prose")]


def statements(line: Written) -> tuple[tuple[int, int], ...]:
    """The place in line.text of each statement that the line makes: a = b ⇒ c = d makes two."""
    return divided(line.text, line.syntax)


def _lines(text: str, plain: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, syntax, prose before) of each line of mathematics, in order."""
    before = ""
    for region in _regions(text, plain):
        at = region.start
        for start, end, syntax in _mathematics(text, region):
            yield start, end, syntax, _prose(before + " " + text[at:start] if region.kind in ("prose", "code") else before)
            before, at = "", end
        before = (before + " " + text[at : region.end])[-2 * _BEFORE :] if at == region.start or region.kind in ("prose", "code") else before


def _prose(text: str) -> str:
    """The last words of the prose, without the marks of Markdown."""
    return re.sub(r"[\s*_#>`$]+", " ", text[-2 * _BEFORE :])[-_BEFORE:].strip()


def _mathematics(text: str, region: Region) -> Iterator[tuple[int, int, str]]:
    """The lines within one region."""
    start, end = region.start, region.end
    match region.kind:
        case "display":
            yield from ((a, b, "latex") for a, b in rows(text, start, end) if _is_row(text[a:b]))
        case "inline":
            start, end = trimmed(text, start, end)
            if (relation := _RELATION.search(text, start, end)) and relation.end() < end and not _RANGE.match(text, start, end):
                yield start, end, "latex"
        case "tick":
            yield from ((start, end, syntax) for a, b, syntax in mathematics(text[start:end], code=True) if (a, b) == (0, end - start))
        case "prose" | "code":
            yield from _in_lines(text, start, end, region.kind == "code")


def _in_lines(text: str, start: int, end: int, code: bool) -> Iterator[tuple[int, int, str]]:
    """The mathematics of whole lines: of prose; of a program in a document, of its comments and of what reads as an equation."""
    for line in re.finditer(r"[^\n]+", text[start:end]):
        at = start + line.start()
        if _whole_line(text, at, start + line.end()):
            yield from ((at + a, at + b, syntax) for a, b, syntax in _in_line(line[0], code and not _COMMENT.match(line[0])))


def _comments(text: str) -> str:
    """A program with blanks for everything but its comments and its long strings, so that places stay."""
    out: list[str] = []
    at = 0
    for found in _PROGRAM.finditer(text):
        inside = next((k for k, group in enumerate(found.groups(), 1) if group is not None), 0)
        begin, end = found.span(inside) if inside else (found.end(), found.end())
        out += [_blank(text[at:begin]), text[begin:end]]
        at = end
    return "".join([*out, _blank(text[at:])])


def _blank(piece: str) -> str:
    return re.sub(r"[^\n]", " ", piece)


def _whole_line(text: str, start: int, end: int) -> bool:
    """Does nothing else stand on that line?"""
    return (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end] in "\r\n")


def _in_line(line: str, code: bool) -> Iterator[tuple[int, int, str]]:
    """The mathematics of one plain line, or of the cells of a table."""
    table = cells(line)
    for start, end in table or [(0, len(line))]:
        yield from ((start + a, start + b, syntax) for a, b, syntax in mathematics(line[start:end], code or bool(table)))


def _is_row(row: str) -> bool:
    """Is it more than a symbol, numbers or words?"""
    bare = re.sub(r"\\(?:text|textbf|mbox|textrm|intertext)\s*\{[^{}]*\}|\\(?:quad|qquad|[,;:! ])|\\t?e?x?t?circled\{[^{}]*\}", "", row).strip(" \t\n.,;:&—-")
    return bool(bare) and not re.fullmatch(r"\\?[A-Za-z]+(?:_(?:\{[^{}]*\}|\w))?|[0-9.]+|[-−+]?[0-9.]+(?:\s*[,;]\s*[-−+]?[0-9.]+)+", bare)


def _regions(text: str, plain: str) -> Iterator[Region]:
    """The document cut into regions; what is not mathematics is prose, or code."""
    prose = at = 0
    missing: set[str] = set()
    kind = plain
    while found := _OPEN.search(text, at):
        region, after = _region(text, found, missing)
        if region is None:
            at = after
            continue
        if kind != "none":
            yield Region(kind, prose, found.start())
        else:
            yield Region("words", prose, found.start())
        yield region
        prose = at = after
    yield Region(kind if kind != "none" else "words", prose, len(text))


def _region(text: str, found: re.Match[str], missing: set[str]) -> tuple[Region | None, int]:
    """The region that opens here and where the text goes on; no region where it is not closed."""
    if found["fence"]:
        return _fenced(text, found)
    if found["bracket"]:
        close = re.compile(r"^[ \t]*\][ \t]*[.,]?[ \t]*$", re.MULTILINE).search(text, found.end()) if "]" not in missing else None
        if not close:
            missing.add("]")
            return None, found.end()
        return Region("display", found.end(), close.start()), close.end()
    if found["tick"]:
        end = text.find("`", found.end())
        newline = text.find("\n", found.end())
        inside = end > 0 and (newline < 0 or end < newline)
        return (Region("tick", found.end(), end), end + 1) if inside else (None, found.end())
    return _marked(text, found, missing)


def _fenced(text: str, found: re.Match[str]) -> tuple[Region, int]:
    """```math … ```: a display; a program's code; else plain lines."""
    close = re.compile(rf"^[ \t>]*{re.escape(found['fence'][:3])}[`~]*[ \t]*$", re.MULTILINE).search(text, found.end())
    end, after = (close.start(), close.end()) if close else (len(text), len(text))
    language = found["language"].strip().strip("{}.").split(" ")[0].lower()
    kind = "display" if language in ("math", "latex", "tex") else "code" if language in _PROGRAMS else "prose"
    return Region(kind, found.end(), end), after


def _marked(text: str, found: re.Match[str], missing: set[str]) -> tuple[Region | None, int]:
    r"""$$…$$, $…$, \[…\], \(…\), an environment"""
    mark = found["mark"]
    start, name = found.end(), found["name"]
    if name:
        if name.rstrip("*") not in _ENVIRONMENTS:
            return None, start
        close = f"\\end{{{name}}}"
        end = text.find(close, start) if close not in missing else -1
        if end < 0:
            missing.add(close)
            return None, start
        return Region("display", found.start("mark"), end + len(close)), end + len(close)
    close = _CLOSE[mark]
    end = _closes(text, close, start) if close not in missing else -1
    if end < 0:
        missing.add(close)
        return None, start
    if mark == "$":
        inside = text[start:end]
        money = inside[:1].isdigit() and (inside[-1:].isspace() or text[end + 1 : end + 2].isdigit())
        money |= _VARIABLE.match(inside) is not None or '"' in inside
        if not inside.strip() or "\n\n" in inside or len(inside) > 2_000 or money or (inside[-1:].isspace() and not inside[:1].isspace()):
            return None, start
    return Region("display" if mark in ("$$", r"\[", r"\\[") else "inline", start, end), end + len(close)


def _closes(text: str, close: str, start: int) -> int:
    """Where the mark stands next, not behind a backslash of its own."""
    at = text.find(close, start)
    while at > 0 and close[0] == "$" and text[at - 1] == "\\":
        at = text.find(close, at + 1)
    return at
