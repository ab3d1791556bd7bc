"""Pages to try every format on: each block and each piece of running text once, hostile text in every field, and what a reader sees of a format."""

from __future__ import annotations

import html
import json
import re
from fractions import Fraction
from html.parser import HTMLParser

from symgd.document.page import (
    Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Inline, Line, Link, Mono, Note, Page, Picture, Prose, Strong, Table,
)  # fmt: skip
from symgd.document.plain import one_line
from symgd.term import Call, D, Div, Name, Neg, Num, Sum, Term, mean, mul
from symgd.typeset.layout import Layout, Words, layout

w, b, n, L, lam = Name("w"), Name("b"), Name("n"), Name("L"), Name("lam")
x, y, u, y_hat = (Name(s, ("i",)) for s in ("x", "y", "u", "y_hat"))
residual = w * x + b - y
PATHS = Sum("i", mul(D(L, y_hat), D(y_hat, w, True)))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><g id="a"><circle r="4"/></g><use href="#a"/></svg>'


def lay(t: Term) -> Layout:
    return layout(t)


def long_one() -> Layout:
    chance = Call("sigmoid", (w * x + b,))
    logs = Sum("i", Call("log", (1 + Call("exp", (Neg(y * residual),)),))) - Sum("i", mul(y, Call("log", (chance,))))
    return lay(mean("i", residual**2, n) + lam * w**2 + logs + mul(Div(Num(Fraction(1)), 2 * n), Sum("i", mul(residual, x))))


BLOCKS: dict[str, Block] = {
    "heading": Heading(1, ("The backward tape",)),
    "smaller heading": Heading(2, ("By ", Formula(lay(w)))),
    "prose": Prose(("We ask how ", Formula(lay(L)), " moves; ", Strong("every line"), " follows ", Cite("1"), ", as ", Mono("symgd derive"), " prints it.")),
    "definitions": Chain((
        Line(lay(y_hat), lay(w * x + b), ":=", ("the prediction",), "1"),
        Line(lay(L), lay(mean("i", u**2, n)), ":=", ("the loss",), "2"),
    )),
    "chain": Chain((
        Line(lay(D(L, w)), lay(PATHS), "=", (Strong("Chain rule"), ": along every prediction, from ", Cite("2")), "3", "proved"),
        Line(None, lay(Sum("i", mul(Div(2 * u, n), x))), "=", ("both factors are known by now, and only have to be put in",), "", "proved", quiet=True),
        Line(None, lay(mul(Div(Num(Fraction(2)), n), Sum("i", mul(residual, x)))), "≈", ("the residual is written out again",), "4", "held"),
    )),
    "refuted": Chain((Line(lay(D(u, w)), lay(2 * x), "=", (), "", "refuted"),)),
    "long chain": Chain((Line(lay(Name("J")), long_one(), "=", ("a long one",), "5", "proved", "J is long"),)),
    "table": Table((("parameter",), ("value",)), (((Formula(lay(w)),), ("0.0239",)), ((Formula(lay(b)),), ("0.0019",))), ("The result.",), (1,)),
    "picture": Picture(SVG, "The fitted line", "A line that rises from 1.1 to 3.4."),
    "code": Code("$ symgd fit\nw = 0.0239", "console"),
    "note": Note(("Where ", Formula(lay(u)), " is 0 the derivative does not exist.")),
    "warning": Note(("The rate is above the bound.",), "warning"),
    "links": Prose(("Before: ", Link("the line", "line", page=True), ", and ", Link("the report", "reports/a b.html"), ".")),
    "program": Code("import math\nprint(6 * 7, math.e)", "python", "42 2.718281828459045\n"),
    "exercise": Box(("Exercise 1",), (
        Prose(("What is ", Formula(lay(D(L, w))), "?")),
        Folded(("Hint 1",), (Prose(("Look at ", Formula(lay(u)), ".")),), "hint"),
        Folded(("Hint with ", Formula(lay(L))), (Prose(("Look again.",)), Picture(SVG, "A second line", "It falls.")), "hint"),
        Folded(("Answer",), (
            Heading(1, ("By the chain rule",)),
            Chain((Line(lay(D(L, w)), lay(PATHS), "=", ("through the residual",), "9", "proved"),)),
            Table((("k",),), (("7",),)),
        ), "answer"),
    ), "exercise"),
    "mistake": Box(("Find the mistake",), (
        Chain((Line(lay(D(u, w)), lay(2 * x), "=", (), "", "wrong"),)),
        Folded(("Answer",), (Prose(("The 2 is too much.",)), Code("print(2)", "python", "2\n")), "answer"),
    ), "mistake"),
    "example": Box(("An example",), (Note(("Three rows are enough.",)),)),
    "more": Folded(("The whole program",), (Prose(("It stands alone.",)), Code("print('alone')", "python", "alone\n")), "more"),
}  # fmt: skip

WHOLE = Page(("The gradient of ", Formula(lay(L))), tuple(BLOCKS.values()), ("Each step is checked.",))

# What a reader must find of each block, whatever the format: words that no format marks up.
WORDS = {
    "heading": ["The backward tape"],
    "smaller heading": ["By"],
    "prose": ["We ask how", "every line", "symgd derive", "prints it"],
    "definitions": ["the prediction", "the loss"],
    "chain": ["Chain rule", "along every prediction", "both factors are known by now", "the residual is written out again", "proved", "held"],
    "refuted": ["refuted"],
    "long chain": ["a long one"],
    "table": ["parameter", "value", "0.0239", "0.0019", "The result."],
    "picture": ["The fitted line", "A line that rises from 1.1 to 3.4."],
    "code": ["symgd fit", "w = 0.0239"],
    "note": ["Note", "the derivative does not exist"],
    "warning": ["Warning", "The rate is above the bound."],
    "links": ["the line", "the report"],
    "program": ["import math", "print(6 * 7, math.e)", "42 2.718281828459045"],
    "exercise": ["Exercise 1", "What is", "Hint 1", "Look at", "Look again.", "A second line", "It falls.", "Answer", "By the chain rule", "the residual"],
    "mistake": ["Find the mistake", "wrong", "The 2 is too much.", "print(2)"],
    "example": ["An example", "Note", "Three rows are enough."],
    "more": ["The whole program", "It stands alone.", "alone"],
}


class Reader(HTMLParser):
    """What a browser sees: the elements with their attributes, and the text outside the style sheet."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.mute = "", False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.mute = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.mute = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self.mute else data

    def values(self, attribute: str) -> list[str]:
        return [str(a[attribute]) for _, a in self.elements if attribute in a]


def sources(notebook: str) -> str:
    """All cells of a notebook, what they print with them."""
    cells = json.loads(notebook)["cells"]
    return "\n\n".join("".join(c["source"]) + "\n\n" + "".join("".join(o["text"]) for o in c.get("outputs", ())) for c in cells)


def seen(format: str, text: str) -> str:  # noqa: A002
    """The words of a rendered page as a reader sees them, as far as plain words go."""
    if format == "html":
        text = Reader(text).text
    if format == "notebook":
        text = sources(text)
    if format in ("markdown", "notebook"):
        text = html.unescape(re.sub(r"</?span>", "", re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text))).replace("**", "").replace("`", "")
    if format == "latex":
        text = re.sub(r"\{([-',\[\]*])\}|\\ ", lambda m: m[1] or " ", text)
        text = re.sub(r"\\text(?:bf|it|tt)\{([^{}]*)\}", r"\1", text)
    return re.sub(r"\s+", " ", text)


# ------------------------------------------------------------------------------------------------------------------ hostile text

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "tex": r"\write18{x} \input{/etc/passwd} ^^5cwrite $x$ %",
    "markdown": "`` ` ``` | **a** _b_ [c](d) ![e](f) <!-- ~~g~~ $`h`$ # -",
    "entity": "&amp; &#60;b&#62; ]]> --> </style></title>",
    "terminal": "\x1b[31mred\x1b[0m \x07 \x9b31m \x00 \x7f",
    "directions": "a\u202eb\u200fc\u2066d",
    "lines": "one\ntwo\r\nthree\u2028four\x0bfive",
    "long": "0123456789" * 1000,
    "surrogate": "\ud800",
    "sheet": "=cmd|' /C calc'!A0",
    "script link": "](javascript:alert(1)) [x](javascript:alert(1)) \\(\\href{javascript:alert(1)}{x}\\)",
    "dollars": "$x$ $$y$$ \\[z\\] \\begin{equation}q\\end{equation} $`v`$",
    "typst": "#eval(\"1\") #import \"x\" $ a $ = b @c <d> //e /*f*/",
    "quotes": "\" ' ” \\\" \\' =",
}


def hostile_page(text: str) -> Page:
    """The text in every field; the start of it where no user's words come (number, relation)."""
    short = text[:20]
    inline: Inline = (text, Strong(text), Mono(text), Cite(text))
    chain = Chain((
        Line(Words(one_line(text)), Words(one_line(text)), "=", inline, short, "proved", text),
        Line(None, lay(u), short, (text,), "", text),
    ))  # fmt: skip
    blocks = (
        Heading(1, inline, text), Prose(inline), chain, Note(inline, text), Table((inline, inline), ((inline, inline),), inline, (1,)),
        Picture(SVG, text, text), Code(text, text), Code(text, "python", text), Prose((Link(text, "line", page=True),)),
        Box(inline, (Prose(inline), Folded(inline, (Prose(inline), Code(text, "python", text)), "hint")), text), Folded(inline, (Prose(inline),), text),
    )  # fmt: skip
    return Page(inline, blocks, inline, text)
