"""Page → one HTML file: native MathML, our style sheet, the math font inside it; no script, no network."""

from __future__ import annotations

import base64
import re
from html import escape
from importlib import resources
from urllib.parse import quote

from symgd.document.page import Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table
from symgd.document.plain import CHECKS, RELATIONS, above, beside, drawn, inline_text, legend, numbers, one_line, slug, split_formula, spoken, visible, width
from symgd.document.svg import inline_svg
from symgd.typeset import Layout, to_latex, to_mathml, to_speech

__all__ = ["FONT", "font_bytes", "to_html"]

FONT = "stix-two-math.woff2"

_LINE, _WIDE, _PHONE = 92, 76, 30  # columns: the page; a displayed formula and one in running text before they are broken

Anchors = dict[str, str]


def font_bytes() -> bytes:
    """The math font (WOFF2; SIL Open Font License 1.1), for a folder of pages that share one file."""
    return resources.files("symgd.document").joinpath(FONT).read_bytes()


def to_html(page: Page, font: str = "embed") -> str:
    """The page as one HTML document.

    font    "embed" puts the math font into the file; "link:FILE" names a file beside it, by a relative path; "none" leaves it to the reader's fonts
    Raises ValueError for another `font`, and for a picture that is no plain SVG drawing.
    """
    anchors, taken = numbers(page), set[str]()
    title = escape(inline_text(page.title))
    body = [f"<h1>{_inline(page.title, anchors)}</h1>"]
    if page.summary:
        body.append(f'<p class="summary">{_inline(page.summary, anchors)}</p>')
    taken.update(anchors.values())
    body += _blocks(page.blocks, "picture-", 1, anchors, taken)
    if marks := legend(page):
        rows = "".join(f"<p>{_mark(verdict)} <strong>{word}</strong>: {meaning}.</p>" for verdict, word, meaning in _by_verdict(marks))
        body.append(f'<footer class="legend">{rows}</footer>')
    face, policy = _font(font)
    style = resources.files("symgd.document").joinpath("page.css").read_text("utf-8")
    inside = "\n".join(body)
    return f"""<!DOCTYPE html>
<html lang="{_language(page.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src {policy}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{escape(inline_text(page.summary) or inline_text(page.title))}">
<title>{title}</title>
<style>
{face}{style}</style>
</head>
<body>
<main>
{inside}
</main>
</body>
</html>
"""


def _by_verdict(marks: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str, str]]:
    """(verdict, word, meaning): in CHECKS the word of a verdict is its key."""
    return [(word, word, meaning) for _, word, meaning in marks]


def _font(font: str) -> tuple[str, str]:
    """The @font-face rule and what the policy must allow for it."""
    if font == "none":
        return "", "'none'"
    if font == "embed":
        source, policy = "data:font/woff2;base64," + base64.b64encode(font_bytes()).decode("ascii"), "data:"
    elif re.fullmatch(r"link:(?!/)[^:\\\x00-\x1f]+", font):
        source, policy = quote(font.removeprefix("link:")), "'self' file:"
    else:
        raise ValueError(f"font is 'embed', 'none' or 'link:' and a relative file name, not {font!r}")
    return f'@font-face {{ font-family: "STIX Two Math"; src: url("{source}") format("woff2"); }}\n', policy


def _language(tag: str) -> str:
    return tag if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag) else "en"


# ---------------------------------------------------------------------------------------------------------------- running text


def _inline(text: Inline, anchors: Anchors) -> str:
    out = []
    for piece in text:
        match piece:
            case Formula(layout):
                out.append(_inline_math(layout))
            case Strong(words):
                out.append(f"<strong>{_words(words)}</strong>")
            case Mono(words):
                out.append(f"<code>{escape(one_line(words))}</code>")
            case Link(words):
                address = escape(piece.address(".html"))
                out.append(f'<a href="{address}">{escape(one_line(words))}</a>')
            case Cite(number):
                shown = escape(f"({one_line(number)})")
                out.append(f'<a href="#{anchors[number]}">{shown}</a>' if number in anchors else shown)
            case _:
                words = _words(piece)
                out.append(words if not (out and out[-1].endswith("</math>") and (mark := _ENDS.match(words))) else _held(out, mark[0]) + words[len(mark[0]) :])
    return "".join(out)


_RAISED = re.compile(r"[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ]+")
_POWER = re.compile(r"(?<![\d.,])[−-]?[\d.,]{1,30} × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def _words(text: str) -> str:
    """Text as it is, on one line; a number with its power of ten never breaks, and raised digits come from the one font that has all of them."""
    return _RAISED.sub(r'<span class="raised">\g<0></span>', _POWER.sub(r'<span class="joined">\g<0></span>', escape(one_line(text))))


_ENDS = re.compile(r"[,.;:)!?…]+")


def _held(out: list[str], mark: str) -> str:
    """A comma holds on to the formula before it: it never begins a line."""
    before, math, formula = out.pop().rpartition("<math")
    return f'{before}<span class="joined">{math}{formula}{mark}</span>'


def _inline_math(layout: Layout) -> str:
    """A formula in running text: a long one may wrap before its outermost signs, and a part too long for a phone scrolls by itself."""
    out = []
    for k, part in enumerate(split_formula(layout, _PHONE, inside=False)):
        math = to_mathml(to_latex(part)) if k == 0 else _infix(to_mathml(to_latex(part)))
        out.append(f'<span class="long" tabindex="0"><span>{math}</span></span>' if drawn(part) > _PHONE else math)
    return "<wbr>".join(out)


def _anchor(name: str, taken: set[str]) -> str:
    """An id that no other part of the page has."""
    free = next(c for k in range(1, len(taken) + 2) if (c := name if k == 1 else f"{name}-{k}") not in taken)
    taken.add(free)
    return free


# ---------------------------------------------------------------------------------------------------------------------- blocks


def _blocks(blocks: tuple[Block, ...], place: str, under: int, anchors: Anchors, taken: set[str]) -> list[str]:
    """The blocks under a heading <h{under}>; `place` begins the ids of their pictures."""
    out, level = [], under
    for k, block in enumerate(blocks):
        if isinstance(block, Heading):
            level = min(under + max(block.level, 1), 6)
        out.append(_block(block, f"{place}{k}-", level, anchors, taken))
    return out


def _block(block: Block, place: str, level: int, anchors: Anchors, taken: set[str]) -> str:
    """One block; `level` is that of the heading which it is, or stands under."""
    match block:
        case Heading(_, text, anchor):
            tag = f"h{level}"
            return f'<{tag} id="{_anchor(slug(anchor or inline_text(text)), taken)}">{_inline(text, anchors)}</{tag}>'
        case Prose(text):
            return f"<p>{_inline(text, anchors)}</p>"
        case Note(text, kind):
            look, word = ("note warning", "Warning") if kind == "warning" else ("note", "Note")
            return f'<div class="{look}" role="note"><p><strong>{word}.</strong> {_inline(text, anchors)}</p></div>'
        case Chain():
            return _chain(block, anchors)
        case Table():
            return _table(block, anchors)
        case Picture(svg, title, description):
            title, description = one_line(title), one_line(description)
            drawn = inline_svg(svg, title, description, place)
            return f"<figure>{drawn}<figcaption><strong>{escape(title)}.</strong> {_words(description)}</figcaption></figure>"
        case Code():
            return _code(block)
        case Box(title, blocks, kind):
            look, tag, name = kind if kind in BOXES else "example", f"h{min(level + 1, 6)}", _anchor(slug(inline_text(title)), taken)
            inside = "\n".join(_blocks(blocks, place, min(level + 1, 6), anchors, taken))
            head = f'<{tag} id="{name}">{_inline(title, anchors)}</{tag}>'
            return f'<div class="box {look}" role="group" aria-labelledby="{name}">\n{head}\n{inside}\n</div>'
        case Folded(title, blocks, kind):
            look = kind if kind in FOLDED else "more"
            inside = "\n".join(_blocks(blocks, place, level, anchors, taken))
            return f'<details class="{look}"><summary>{_inline(title, anchors)}</summary>\n<div>\n{inside}\n</div></details>'


BOXES, FOLDED = ("exercise", "mistake", "example"), ("hint", "answer", "more")


def _code(code: Code) -> str:
    """The text as it stands; under it what it prints."""
    known = f' class="language-{code.language}"' if re.fullmatch(r"[A-Za-z0-9+-]+", code.language) else ""
    text = f'<pre tabindex="0"><code{known}>{escape(visible(code.text), quote=False)}</code></pre>'
    if not code.output:
        return text
    printed = f'<pre tabindex="0"><samp>{escape(visible(code.output).rstrip(), quote=False)}</samp></pre>'
    return f'<div class="run">{text}<p>It prints</p>{printed}</div>'


def _chain(chain: Chain, anchors: Anchors) -> str:
    """A grid of ours, so that the relations stand under one another: number, left, relation, right; the reason beside or beneath."""
    rows, said, seen = [], "", set[str]()
    sides = beside(chain, _LINE)
    for line, side in zip(chain.lines, sides, strict=True):
        said = to_speech(line.left) if line.left is not None else said
        first = line.number in anchors and line.number not in seen and line.number != ""
        seen.add(line.number)
        rows.append(_line(line, said, anchors, first, side))
    numbered = [one_line(line.number) for line in chain.lines if line.number]
    name = f"Line {numbered[0]}" if len(numbered) == 1 else f"Lines {numbered[0]} to {numbered[-1]}" if numbered else "Formulas"
    kind = " beside" if any(sides) else ""
    inside = "\n".join(rows)
    return f'<div class="chain scroll{kind}" tabindex="0" role="group" aria-label="{escape(name)}"><ol class="lines" role="list">\n{inside}\n</ol></div>'


def _line(line: Line, left: str, anchors: Anchors, first: bool, side: bool) -> str:
    place = anchors.get(line.number, "")
    shown = escape(one_line(line.number))
    number = f'<a class="number" href="#{place}" aria-label="Line {shown}">({shown})</a>' if place else ""
    mark = _math(RELATIONS[line.relation][0]) if line.relation in RELATIONS else escape(one_line(line.relation))
    sides = f'<span class="left">{_display(line.left) if line.left is not None else ""}</span><span class="relation">{mark}</span>'
    right, *more = [_display(part) for part in split_formula(line.right, _WIDE)]
    sides += f'<span class="right">{right}</span>' + "".join(f'<span class="right more">{_infix(part)}</span>' for part in more)
    sentence = escape(spoken(line, left))
    verdict = ("\u00a0" if line.reason else "") + _verdict(line.check) if line.check in CHECKS else ""
    why = f'<span class="why">{_inline(line.reason, anchors)}{verdict}</span>' if line.reason or verdict else ""
    identity = f' id="{place}"' if first else ""
    look = "line" + " above" * above(line) + " starts" * (line.left is not None) + " quiet" * line.quiet + " under" * (not side)
    return f'<li class="{look}"{identity}>{number}<span class="sides" role="group" aria-label="{sentence}">{sides}</span>{why}</li>'


def _display(layout: Layout) -> str:
    return to_mathml(to_latex(layout), display=True)


def _infix(math: str) -> str:
    """A part that begins with the mark between it and the part before: not a sign of its own."""
    return re.sub(r"^(<math[^>]*>(?:<mrow>)?)<mo[^>]*>(?=[+−⋅⊙⊘]<)", r'\1<mo form="infix">', math)


def _verdict(check: str) -> str:
    """The mark, and its word: said aloud for what is proved, in print for what is not."""
    word = f'<span class="hidden"> {check}</span>' if check == "proved" else f" {check}"
    return f'<span class="check {check}">{_mark(check)}{word}</span>'


def _math(mark: str) -> str:
    return to_mathml(mark)


def _mark(verdict: str) -> str:
    return f'<span aria-hidden="true">{CHECKS[verdict][0]}</span>'


def _table(table: Table, anchors: Anchors) -> str:
    whole = (table.head, *table.rows)
    short = {k for k in range(max(map(len, whole))) if all(width(inline_text(row[k])) <= 16 for row in whole if k < len(row))}

    def cell(k: int, text: Inline, tag: str, scope: str = "") -> str:
        look = ' class="numeric"' if k in table.numeric else ' class="short"' if k in short else ""
        return f"<{tag}{scope}{look}>{_inline(text, anchors)}</{tag}>"

    def row(cells: tuple[Inline, ...]) -> str:
        named = 0 if 0 not in table.numeric else -1  # the first column names the row where it holds words
        return "<tr>" + "".join(cell(k, c, "th", ' scope="row"') if k == named else cell(k, c, "td") for k, c in enumerate(cells)) + "</tr>"

    head = "".join(cell(k, c, "th", ' scope="col"') if c else "<td></td>" for k, c in enumerate(table.head))
    caption = f"<caption>{_inline(table.caption, anchors)}</caption>" if table.caption else ""
    top = f"<thead><tr>{head}</tr></thead>" if any(table.head) else ""
    name = escape(inline_text(table.caption) or "Table")
    body = "\n".join(row(cells) for cells in table.rows)
    return f'<div class="scroll table" tabindex="0" role="group" aria-label="{name}"><table>{caption}{top}<tbody>\n{body}\n</tbody></table></div>'
