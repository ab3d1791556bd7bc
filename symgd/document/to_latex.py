r"""Page → LaTeX: an article that stands alone, or a fragment to \input; plain ASCII, so that every TeX reads it."""

from __future__ import annotations

from symgd.document.latex_text import latex_math, latex_text
from symgd.document.page import Block, Chain, Cite, Code, Formula, Heading, Inline, Line, Mono, Note, Page, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, beside, inline_text, legend, numbers, split_formula, visible, width
from symgd.typeset import Layout
from symgd.typeset import to_latex as formula

__all__ = ["to_latex"]

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{amsmath,amssymb}
\usepackage{lmodern}
\usepackage[margin=2.5cm]{geometry}
\usepackage{microtype}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\emergencystretch=4em
\raggedbottom
\allowdisplaybreaks
"""

_FRAGMENT = r"% Needs \usepackage[T1]{fontenc} and \usepackage{textcomp,amsmath,amssymb}." + "\n"

_WIDE = 62  # columns of Unicode after which a displayed formula is broken

_MARKS = {"proved": r"\ensuremath{\checkmark}", "held": r"\ensuremath{\approx}", "refuted": r"\ensuremath{\times}"}

Anchors = dict[str, str]


def to_latex(page: Page, fragment: bool = False) -> str:
    r"""The page as a LaTeX article, or with `fragment` as the part between its \begin and \end{document}.

    Lines keep their own numbers by \tag; a citation is an \eqref, so compile twice.
    """
    anchors = numbers(page)
    body = [rf"\section*{{{_inline(page.title, {})}}}"] if fragment else [r"\maketitle"]
    if page.summary:
        body.append(rf"\textit{{{_inline(page.summary, anchors)}}}")
    used: set[str] = set()
    body += [_block(block, anchors, used) for block in page.blocks]
    if marks := legend(page):
        body.append(r"\medskip\hrule\smallskip" + "\n" + r"{\small " + r"\\ ".join(_legend_row(*row) for row in marks) + r"\par}")
    inside = "\n\n".join(body)
    if fragment:
        return _FRAGMENT + inside + "\n"
    title, plain = _inline(page.title, {}), latex_text(inline_text(page.title))
    head = rf"\title{{\texorpdfstring{{{title}}}{{{plain}}}}}" + "\n\\author{}\n\\date{}\n"
    return _PREAMBLE + head + "\n\\begin{document}\n\n" + inside + "\n\n\\end{document}\n"


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
            case Cite(number):
                out.append(rf"\eqref{{{anchors[number]}}}" if number in anchors else f"({latex_text(number)})")
            case _:
                out.append(latex_text(piece))
    return "".join(out)


def _block(block: Block, anchors: Anchors, used: set[str]) -> str:
    match block:
        case Heading(level, text):
            return rf"\{'sub' * min(max(level, 1) - 1, 2)}section*{{\texorpdfstring{{{_inline(text, {})}}}{{{latex_text(inline_text(text))}}}}}"
        case Prose(text):
            return _inline(text, anchors)
        case Note(text, kind):
            word = "Warning" if kind == "warning" else "Note"
            return f"\\begin{{quote}}\n\\textbf{{{word}.}} {_inline(text, anchors)}\n\\end{{quote}}"
        case Chain(lines):
            return _chain(lines, anchors, used, beside(block))
        case Table():
            return _table(block, anchors)
        case Picture(_, title, description):
            return f"\\begin{{quote}}\n\\textbf{{Picture: {latex_text(title)}.}} {latex_text(description)}\n\\end{{quote}}"
        case Code(text):
            rows = [latex_text(row).replace(" ", r"\ ") or r"\mbox{}" for row in visible(text).split("\n")]
            return "\\begin{flushleft}\\ttfamily\\small\n" + " \\\\\n".join(rows) + "\n\\end{flushleft}"


# ---------------------------------------------------------------------------------------------------------------------- chains


def _chain(lines: tuple[Line, ...], anchors: Anchors, used: set[str], side: bool) -> str:
    r"""One align*: relations under one another, our numbers as tags; a reason beside its line, or as \intertext under it."""
    rows, out = [], []
    for k, line in enumerate(lines):
        said = _reason(line, anchors)
        parts = _rows(line)
        parts[0 if side else -1] += (rf" && {said}" if side and said else "") + _tag(line, anchors, used)
        last = k == len(lines) - 1
        rows.append(" \\\\\n".join(parts) + ("" if last else " \\\\"))
        if said and not side:
            under = rf"{{\small\hangindent=2em\hangafter=0 {said}\par}}"
            out += [under] if last else []
            rows += [] if last else [rf"\intertext{{{under}}}"]
    inside = "\n".join(rows)
    return "\n".join([f"\\begin{{align*}}\n{inside}\n\\end{{align*}}", *out])


def _rows(line: Line) -> list[str]:
    """left & relation right, and further rows where the right side is broken."""
    left = _math(line.left) if line.left is not None else ""
    room = _WIDE - (width(inline_text((Formula(line.left),))) if line.left is not None else 0)
    first, *more = [_math(part) for part in split_formula(line.right, max(room, 30))]
    mark = latex_math(RELATIONS[line.relation][0]) if line.relation in RELATIONS else rf"\text{{{latex_text(line.relation)}}}"
    mark = rf"\mathrel{{{mark}}}" if line.relation == ":=" else mark
    return [f"{left} &{mark} {first}", *(rf"&\quad {part}" for part in more)]


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
    """Columns of words share the line in proportion to what they hold, where the whole is wider than a line."""
    count = max([len(table.head), *map(len, table.rows)])
    widths = [max((width(inline_text(row[k])) for row in (table.head, *table.rows) if k < len(row)), default=1) for k in range(count)]
    wide = sum(widths) > 70
    columns = "".join(_column(k in table.numeric, min(w, 60) / sum(min(x, 60) for x in widths) if wide and w > 12 else 0.0) for k, w in enumerate(widths))
    rows = [" & ".join([_inline(cell, anchors) for cell in row] + [""] * (count - len(row))) + r" \\" for row in table.rows]
    head = [" & ".join(rf"\textbf{{{_inline(cell, anchors)}}}" if cell else "" for cell in table.head) + r" \\", r"\hline"] if any(table.head) else []
    caption = [rf"\textit{{{_inline(table.caption, anchors)}}}\\[0.4em]"] if table.caption else []
    return "\n".join([r"\begin{flushleft}", *caption, rf"\begin{{tabular}}{{{columns}}}", *head, *rows, r"\hline", r"\end{tabular}", r"\end{flushleft}"])


def _column(numeric: bool, share: float) -> str:
    if share:
        return rf"p{{{share * 0.86:.2f}\linewidth}}"
    return "r" if numeric else "l"
