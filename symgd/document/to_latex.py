r"""Page → LaTeX: an article that stands alone, or a fragment to \input; plain ASCII, so that every TeX reads it."""

from __future__ import annotations

import re

from symgd.document.latex_text import latex_math, latex_text
from symgd.document.on_paper import on_paper
from symgd.document.page import Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, above, beside, drawn, inline_text, legend, numbers, slug, split_formula, visible, width
from symgd.document.to_tikz import to_tikz
from symgd.typeset import Layout
from symgd.typeset import to_latex as formula
from symgd.typeset.shapes import tall

__all__ = ["to_latex"]

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage[fleqn]{amsmath}
\usepackage{amssymb}
\usepackage{lmodern}
\usepackage[margin=2.5cm]{geometry}
\usepackage{microtype}
\usepackage{array,longtable}
\usepackage[hidelinks]{hyperref}
\makeatletter\def\NR@gettitle#1{\def\@currentlabelname{}}\makeatother
\setlength{\mathindent}{2em}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\emergencystretch=4em
\raggedbottom
\allowdisplaybreaks[1]
"""

_DRAWINGS = r"\usepackage{tikz}" + "\n" + r"\usetikzlibrary{svg.path}" + "\n"

_FRAGMENT = r"% Needs \usepackage[T1]{fontenc} and \usepackage{textcomp,amsmath,amssymb,array,longtable,hyperref}." + "\n"
_FRAGMENT_DRAWINGS = r"% Its drawings need \usepackage{tikz} and \usetikzlibrary{svg.path}." + "\n"

_WIDE, _LINE = 72, 84  # columns of Unicode: the longest row of a formula; formula and reason together

_SIGNS = {"✓": r"\checkmark", "≈": r"\approx", "✗": r"\times", "·": r"\cdot", "~": r"\sim", "↳": r"\hookrightarrow"}
_MARKS = {verdict: rf"\ensuremath{{{_SIGNS[mark]}}}" if mark in _SIGNS else mark for verdict, (mark, _, _) in CHECKS.items()}

LONG = 12  # rows of a table that may go on over the page

Anchors = dict[str, str]


def to_latex(page: Page, fragment: bool = False) -> str:
    r"""The page as a LaTeX article, or with `fragment` as the part between its \begin and \end{document}.

    Lines keep their own numbers by \tag; a citation is an \eqref, so compile twice.
    """
    page = on_paper(page)
    anchors = numbers(page)
    title = _inline(page.title, {})
    body = [] if not title else [rf"\section*{{{title}}}"] if fragment else [rf"{{\LARGE\bfseries\raggedright {title}\par}}"]
    if page.summary:
        body.append(rf"\textit{{{_inline(page.summary, anchors)}}}")
    used: set[str] = set()
    body += [_block(block, anchors, used) for block in page.blocks]
    if marks := legend(page):
        body.append(r"\medskip\hrule\smallskip" + "\n" + r"{\small " + r"\\ ".join(_legend_row(*row) for row in marks) + r"\par}")
    inside = "".join(part + _gap(part, after) for part, after in zip(body, [*body[1:], ""][: len(body)], strict=True))
    inside = inside.replace(f"{_RULE}\n\n{_RULE}", _RULE)  # between two boxes
    drawn = r"\begin{tikzpicture}" in inside
    if fragment:
        return _FRAGMENT + (_FRAGMENT_DRAWINGS if drawn else "") + inside + "\n"
    named = rf"\hypersetup{{pdftitle={{{re.sub(r'[^A-Za-z0-9 .,:;()=+/-]', '', inline_text(page.title))[:200]}}}}}"
    return _PREAMBLE + (_DRAWINGS if drawn else "") + named + "\n\n\\begin{document}\n\n" + inside + "\n\n\\end{document}\n"


def _gap(part: str, after: str) -> str:
    """A sentence that announces a formula is one paragraph with it, so that no page ends between them."""
    return "" if not after else "\n" if part.endswith(":") and after.startswith("\\begin{align") else "\n\n"


def _legend_row(mark: str, word: str, meaning: str) -> str:
    return rf"{_MARKS[word]} \textbf{{{word}}}: {latex_text(meaning)}."


def _math(layout: Layout) -> str:
    return latex_math(formula(layout))


def _inline(text: Inline, anchors: Anchors) -> str:
    out = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(f"${_math(layout)}$")
            case Strong(words):
                out.append(rf"\textbf{{{latex_text(words)}}}")
            case Mono(words):
                out.append(rf"\texttt{{{latex_text(words)}}}")
            case Link():
                out.append(_link(piece))
            case Cite(number):
                out.append(rf"\eqref{{{anchors[number]}}}" if number in anchors else f"({latex_text(number)})")
            case _:
                out.append(latex_text(piece))
    return "".join(out)


def _link(link: Link) -> str:
    """To the PDF that is made of another page, to a file, or to a heading at the end of this document, with its page."""
    words = latex_text(link.text)
    if link.path.startswith("#"):
        return rf"\hyperref[{slug(link.path)}]{{{words}}} on page~\pageref{{{slug(link.path)}}}"
    return rf"\href{{{link.address('.pdf').replace('%', chr(92) + '%')}}}{{{words if link.page else rf'{chr(92)}texttt{{{words}}}'}}}"


def _block(block: Block, anchors: Anchors, used: set[str]) -> str:
    match block:
        case Heading(level, text, anchor):
            label = rf"\phantomsection\label{{{slug(anchor)}}}" if anchor else ""
            return rf"\{'sub' * min(max(level, 1) - 1, 2)}section*{{{_inline(text, {})}}}{label}"
        case Prose(text):
            return _inline(text, anchors)
        case Note(text, kind):
            word = "Warning" if kind == "warning" else "Note"
            return f"\\begin{{quote}}\n\\textbf{{{word}.}} {_inline(text, anchors)}\n\\end{{quote}}"
        case Chain(lines):
            return _chain(lines, anchors, used, all(beside(block, _LINE)))
        case Table():
            return _table(block, anchors)
        case Picture(svg, title, description):
            return _picture(to_tikz(svg, title), rf"\textbf{{{latex_text(title)}.}} {latex_text(description)}")
        case Code(text, _, output):
            return _typed(text) + (f"\n\nIt prints\n\n{_typed(output.rstrip())}" if output else "")
        case Box(title, blocks) | Folded(title, blocks):
            inside = "\n\n".join([rf"\textbf{{{_inline(title, {})}}}", *(_block(b, anchors, used) for b in blocks)])
            return f"{_RULE}\n\n{inside}\n\n{_RULE}"


_RULE = r"\par\medskip\noindent\rule{\linewidth}{0.4pt}\par"


def _typed(text: str) -> str:
    """As it stands; a row that is too long goes on in the next."""
    rows = [latex_text(row).replace(" ", r"\ ") or r"\mbox{}" for row in visible(text).split("\n")]
    return "\\begin{flushleft}\\ttfamily\\small\n" + " \\\\\n".join(rows) + "\n\\end{flushleft}"


def _picture(drawing: str, said: str) -> str:
    """The drawing and its words on one page; the words alone, where it is not translated."""
    if not drawing:
        return f"\\begin{{quote}}\n{said}\n\\end{{quote}}"
    start = r"\par\medskip\noindent\begin{minipage}{\linewidth}\raggedright"
    return "\n".join([start, drawing, rf"\par\smallskip{{\small {said}\par}}", r"\end{minipage}\par\medskip"])


# ---------------------------------------------------------------------------------------------------------------------- chains


def _chain(lines: tuple[Line, ...], anchors: Anchors, used: set[str], side: bool) -> str:
    r"""Relations under one another, our numbers as tags; a reason beside its line (alignat*), or under it (\intertext; after the last line, a paragraph)."""
    rows, after = "", ""
    lefts = (drawn(line.left) for line in lines if line.left is not None and not above(line))
    wide = max(map(drawn, (line.right for line in lines)), default=0) + max(lefts, default=0)
    room = 0.79 - wide / 86
    for k, line in enumerate(lines):
        said, parts = _reason(line, anchors), _rows(line)
        parts[0 if side else -1] += (rf" &\qquad& {_beside(said, room)}" if side and said else "") + _tag(line, anchors, used)
        rows += " \\\\\n".join(parts)
        if k < len(lines) - 1:
            rows += f"\n\\intertext{{{_under(said)}}}\n" if said and not side else " \\\\\n"
        elif said and not side:
            after = f"\n{{{_under(said)}\\par}}"
    kind, columns = ("alignat*", "{2}") if side else ("align*", "")
    return f"\\begin{{{kind}}}{columns}\n{rows}\n\\end{{{kind}}}{after}"


def _beside(said: str, room: float) -> str:
    """The reason as a small paragraph that takes `room` of the line, level with its formula."""
    return rf"\parbox[t]{{{room:.2f}\linewidth}}{{\raggedright\small {said}}}"


def _under(said: str) -> str:
    return rf"\small\leftskip=2em\rightskip=0pt plus 4em {said}"


def _rows(line: Line) -> list[str]:
    """left & relation right, and further rows where the right side is broken."""
    wide = above(line)
    left = _math(line.left) if line.left is not None and not wide else ""
    room = _WIDE - (drawn(line.left) if line.left is not None and not wide else 0)
    first, *more = [_math(part) for part in split_formula(line.right, max(int(room), 30))]
    mark = latex_math(RELATIONS[line.relation][0]) if line.relation in RELATIONS else rf"\text{{{latex_text(line.relation)}}}\ "
    mark = rf"\mathrel{{{mark}}}" if line.relation == ":=" else mark
    own_row = [rf"& {_math(part)}" for part in split_formula(line.left, _WIDE)] if wide and line.left is not None else []
    return [*own_row, f"{left} &{mark} {first}", *(rf"&\quad {part}" for part in more)]


def _tag(line: Line, anchors: Anchors, used: set[str]) -> str:
    if not line.number:
        return ""
    label = "" if line.number in used else rf"\label{{{anchors[line.number]}}}"
    used.add(line.number)
    return rf" \tag{{{latex_text(line.number)}}}{label}"


def _reason(line: Line, anchors: Anchors) -> str:
    verdict = f"{_MARKS[line.check]}~{line.check}" if line.check in CHECKS else ""
    return r"\quad ".join(part for part in (_inline(line.reason, anchors), verdict) if part)


# ---------------------------------------------------------------------------------------------------------------------- tables


def _table(table: Table, anchors: Anchors) -> str:
    count = max([len(table.head), *map(len, table.rows)])
    letters, size = _columns(table, count)
    columns = "".join(letters)
    rows = [" & ".join([_inline(cell, anchors) for cell in row] + [""] * (count - len(row))) + r" \\" for row in table.rows]
    head = [" & ".join(rf"\textbf{{{_inline(cell, anchors)}}}" if cell else "" for cell in table.head) + r" \\", r"\hline"] if any(table.head) else []
    caption = [rf"\textit{{{_inline(table.caption, anchors)}}}\\[0.4em]"] if table.caption else []
    high = any(isinstance(p, Formula) and tall(p.layout) for row in table.rows for cell in row for p in cell)
    stretch = ([r"\renewcommand{\arraystretch}{1.7}"] if high else []) + ([size] if size else [])
    if len(rows) > LONG:
        start = [r"\begingroup", *stretch, *caption, rf"\begin{{longtable}}[l]{{@{{}}{columns}@{{}}}}"]
        return "\n".join([*start, *head, *([r"\endhead"] if head else []), *rows, r"\hline", r"\end{longtable}", r"\endgroup"])
    start = [r"\begin{flushleft}", *stretch, *caption, rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}"]
    return "\n".join([*start, *head, *rows, r"\hline", r"\end{tabular}", r"\end{flushleft}"])


_SIZES = {"": 1.0, r"\small": 0.92, r"\footnotesize": 0.83, r"\scriptsize": 0.74}  # of letters, beside those of the text
_BOLD = 1.2  # times as wide as plain letters


def _columns(table: Table, count: int) -> tuple[list[str], str]:
    """A letter for each column and a size: where the table is wider than a line, its words wrap, and where that does not do its letters are smaller.

    No column is narrower than its longest word or its widest number; what is left is shared by those that hold more.
    """
    cells = [[row[k] for row in table.rows if k < len(row)] for k in range(count)]
    heads = [inline_text(table.head[k]) if k < len(table.head) else "" for k in range(count)]
    whole = [max([_BOLD * width(head), *(width(inline_text(c)) for c in column)]) for head, column in zip(heads, cells, strict=True)]
    right = [k in table.numeric for k in range(count)]
    if sum(whole) + 2 * count <= 76:
        return ["r" if r else "l" for r in right], ""
    least = [
        max(_BOLD * _longest(head), *(width(inline_text(c)) if r else _longest(inline_text(c)) for c in column), 1)
        for head, column, r in zip(heads, cells, right, strict=True)
    ]
    size = next((s for s, part in _SIZES.items() if sum(least) <= 80 / part - 2.6 * count), r"\scriptsize")
    room = 80 / _SIZES[size] - 2.6 * count
    spare = max(room - sum(least), 0) / (sum(a - b for a, b in zip(whole, least, strict=True)) or 1)
    widths = [(b + min(spare, 1) * (a - b)) * min(room / sum(least), 1) for a, b in zip(whole, least, strict=True)]
    side = [rf">{{\ragged{'left' if r else 'right'}\arraybackslash}}" for r in right]
    return [rf"{s}p{{{w * _SIZES[size] / 80:.3f}\linewidth}}" for s, w in zip(side, widths, strict=True)], size


def _longest(text: str) -> int:
    """Columns of the longest word; one of more than 40 characters may break after each 10."""
    return max((width(word) if len(word) <= 40 else 12 for word in text.split()), default=0)
