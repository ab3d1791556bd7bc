"""Every format × every block, hostile text in every field of every format, and formulas that read back as what they say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from symgd.api import explain
from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.course.lesson import Lesson
from symgd.course.pages import page
from symgd.course.path import LESSONS
from symgd.document.formats import TEXTS, format_of, render
from symgd.document.on_paper import on_paper
from symgd.document.page import Box, Chain, Code, Folded, Formula, Heading, Inline, Link, Note, Page, Picture, Prose, Table, every_block
from symgd.document.plain import legend, one_line
from symgd.reading import read, read_condition
from symgd.records import to_json
from symgd.term import Compare, Det, Inverse, Neg, Num, Pow, Term, names, replace, subterms
from symgd.typeset import to_latex, to_mathml
from symgd.typeset.layout import Layout, Notation, in_arrays, layout, relation
from tests.pages import BLOCKS, HOSTILE, SVG, WHOLE, WORDS, Reader, hostile_page, seen, sources
from tests.test_course import course
from tests.test_typeset import core_only, value

LATEX = shutil.which("pdflatex")


def pdf_text(data: bytes, folder: Path) -> str:
    """The words of a PDF as a reader may copy them."""
    (folder / "page.pdf").write_bytes(data)
    subprocess.run(["pdftotext", "-raw", "page.pdf", "page.txt"], cwd=folder, check=True, capture_output=True, timeout=60)
    return re.sub(r"\s+", " ", (folder / "page.txt").read_text("utf-8"))


# ------------------------------------------------------------------------------------------------------------------ every format


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("format", TEXTS)
def test_every_format_shows_every_block(format: str, block: str) -> None:  # noqa: A002
    shown = seen(format, str(render(Page(("A title",), (BLOCKS[block],), ("A summary.",)), format)))
    for words in ["A title", "A summary.", *WORDS[block]]:
        assert words in shown


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="nothing here reads a PDF: no pdftotext")
def test_a_pdf_shows_every_block(tmp_path: Path) -> None:
    shown = "".join(pdf_text(bytes(render(WHOLE, "pdf")), tmp_path).split())
    assert [words for block in WORDS.values() for words in block if "".join(words.split()) not in shown] == []


def test_the_table_has_a_page_for_every_kind_of_block_and_of_running_text() -> None:
    import symgd.document.page as blocks

    pieces = {type(piece).__name__ for b in every_block(WHOLE.blocks) for piece in _text_of(b)}
    assert {type(b).__name__ for b in every_block(WHOLE.blocks)} | pieces >= set(blocks.__all__) - {"Block", "Inline", "Line", "Page", "every_block"}


def _text_of(block: object) -> Iterator[object]:
    match block:
        case Prose(text) | Note(text) | Heading(_, text):
            yield from text
        case Chain(lines):
            yield from (piece for line in lines for piece in line.reason)


@pytest.mark.parametrize("format", TEXTS)
def test_every_format_ends_with_one_newline_and_survives_an_empty_page(format: str) -> None:  # noqa: A002
    empty = (Chain(()), Table((), ()), Prose(()), Code(""), Heading(3, ()), Note(()), Box((), ()), Folded((), ()), Code("", "python", ""))
    for shown in (WHOLE, Page((), ()), Page(("t",), empty)):
        text = str(render(shown, format))
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        text.encode("utf-8")


def test_the_same_page_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib, tests.pages as t; from symgd.document.formats import TEXTS, render;"
        "print([hashlib.sha256(render(t.WHOLE, f).encode()).hexdigest() for f in TEXTS])"
    )
    seeds = {**os.environ, "PYTHONHASHSEED": "1"}
    there = subprocess.run([sys.executable, "-c", program], env=seeds, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True).stdout.strip()
    assert there == str([hashlib.sha256(str(render(WHOLE, f)).encode()).hexdigest() for f in TEXTS])


def test_an_unknown_format_or_suffix_names_the_choices() -> None:
    with pytest.raises(ValueError, match=r"no format 'docx'; there are text, markdown, latex, html, notebook"):
        render(WHOLE, "docx")
    with pytest.raises(ValueError, match=r"the suffix '.docx' of 'a.docx' names no format; .*\.html.*\.ipynb.*\.md.*\.tex.*\.txt"):
        format_of("a.docx")


def test_a_suffix_names_its_format() -> None:
    assert {s: format_of("dir.x/a" + s) for s in (".txt", ".md", ".tex", ".HTML", ".htm", ".ipynb", ".pdf")} == {
        ".txt": "text", ".md": "markdown", ".tex": "latex", ".HTML": "html", ".htm": "html", ".ipynb": "notebook", ".pdf": "pdf",
    }  # fmt: skip


def test_the_legend_explains_the_verdicts_of_the_page_and_no_others() -> None:
    assert [word for _, word, _ in legend(WHOLE)] == ["proved", "held", "refuted", "wrong"]
    assert legend(Page(("t",), (BLOCKS["definitions"],))) == ()


# ------------------------------------------------------------------------------------------------------------- boxes and folds


def test_on_paper_nothing_folds_and_what_was_folded_stands_at_the_end_in_order() -> None:
    page = on_paper(Page(("t",), (BLOCKS["exercise"], BLOCKS["mistake"], BLOCKS["more"], BLOCKS["mistake"])))
    assert not any(isinstance(b, Folded) for b in every_block(page.blocks))
    headings = [(b.level, "".join(str(p) for p in b.text if isinstance(p, str))) for b in page.blocks if isinstance(b, Heading)]
    assert headings == [
        (1, "Hints"), (2, "Exercise 1: Hint 1"), (2, "Exercise 1: Hint with "),
        (1, "Answers"), (2, "Exercise 1: Answer"), (3, "By the chain rule"), (2, "Find the mistake 1: Answer"), (2, "Find the mistake 2: Answer"),
        (1, "In full"), (2, "The whole program"),
    ]  # fmt: skip
    assert [b.title for b in page.blocks if isinstance(b, Box)] == [("Exercise 1",), ("Find the mistake", " 1"), ("Find the mistake", " 2")]


def test_a_page_without_folds_is_the_same_on_paper() -> None:
    page = Page(("t",), tuple(b for b in WHOLE.blocks if not any(isinstance(f, Folded) for f in every_block((b,)))))
    assert on_paper(page) == page


def test_in_text_an_answer_does_not_stand_beside_its_question() -> None:
    text = str(render(Page(("t",), (BLOCKS["exercise"], Prose(("After it.",)))), "text"))
    assert text.index("What is") < text.index("After it.") < text.index("Look at") < text.index("By the chain rule")


def test_in_html_folds_are_details_and_boxes_groups_with_a_heading_of_their_own() -> None:
    page = Page(("t",), (Heading(1, ("Exercises",)), BLOCKS["exercise"], BLOCKS["mistake"], BLOCKS["more"]))
    reader = Reader(str(render(page, "html")))
    kinds = [str(a["class"]) for t, a in reader.elements if t == "details" or str(a.get("class")).startswith("box ")]
    assert kinds == ["box exercise", "hint", "hint", "answer", "box mistake", "answer", "more"]
    assert sum(t == "summary" for t, _ in reader.elements) == sum(t == "details" for t, _ in reader.elements) == 5
    assert not any("open" in a for t, a in reader.elements if t == "details")
    assert [(t, a["id"]) for t, a in reader.elements if re.fullmatch("h[1-6]", t) and "id" in a] == [
        ("h2", "exercises"), ("h3", "exercise-1"), ("h4", "by-the-chain-rule"), ("h3", "find-the-mistake"),
    ]  # fmt: skip
    groups = [(a["role"], a["aria-labelledby"]) for t, a in reader.elements if str(a.get("class")).startswith("box ")]
    assert groups == [("group", "exercise-1"), ("group", "find-the-mistake")]


def test_no_heading_of_the_html_is_more_than_one_below_the_one_before() -> None:
    box = BLOCKS["exercise"]
    page = Page(("t",), (Box(("Outer",), (box, Folded(("More",), (box, Heading(1, ("In it",)))))), Heading(1, ("One",)), box, Heading(2, ("Two",)), box))
    levels = [int(t[1]) for t, _ in Reader(str(render(page, "html"))).elements if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_picture_anywhere_has_ids_that_no_other_has() -> None:
    picture = Picture(SVG, "p", "d")
    page = Page((), (picture, Box(("b",), (picture, Folded(("f",), (picture, picture)))), Folded(("g",), (Box(("c",), (picture,)),)), picture))
    ids = Reader(str(render(page, "html"))).values("id")
    assert len(ids) == len(set(ids))
    assert sum(i.endswith("title") for i in ids) == 6


def test_on_github_a_fold_is_html_with_markdown_inside_and_nothing_leaves_a_box() -> None:
    text = str(render(Page(("t",), (BLOCKS["exercise"],)), "markdown"))
    box = text[text.index("> **Exercise 1**") :].split("\n\n")[0].split("\n")
    assert all(line.startswith(">") for line in box)
    inside = "\n".join(line[2:] for line in box)
    assert inside.count("<details>") == inside.count("</details>") == 3
    assert re.findall(r"<details>\n<summary>(.*)</summary>\n\n", inside) == ["Hint 1", "Hint with L", "Answer"]
    assert "\n\n#### By the chain rule\n\n" in inside
    assert all(f"\n\n{block}\n\n" in inside for block in re.findall(r"```math\n.*?\n```", inside, re.DOTALL))


def test_a_link_to_a_page_of_the_set_has_the_suffix_of_its_format() -> None:
    page = Page((), (Prose((Link("next", "the line", page=True), Link("file", "a.csv"))),))
    assert Reader(str(render(page, "html"))).values("href") == ["./the%20line.html", "./a.csv"]
    assert "[next](./the%20line.md)[file](./a.csv)" in str(render(page, "markdown"))
    assert "[next](./the%20line.ipynb)[file](./a.csv)" in sources(str(render(page, "notebook")))


def test_what_a_program_prints_is_shown_apart_from_it_and_nothing_where_it_prints_nothing() -> None:
    silent, loud = (Page((), (Code("x = 1", "python", out),)) for out in ("", "1\n"))
    for format in ("text", "markdown", "html"):  # noqa: A001
        assert "It prints" not in str(render(silent, format))
        assert "It prints" in str(render(loud, format))


# ----------------------------------------------------------------------------------------------------------------- hostile text


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("format", TEXTS)
def test_hostile_text_in_any_field_stays_text(format: str, kind: str) -> None:  # noqa: A002
    out = str(render(hostile_page(HOSTILE[kind]), format))
    out.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", out)
    HARMLESS[format](out, one_line(HOSTILE[kind]))


def harmless_text(out: str, text: str) -> None:
    squeezed = re.sub(r"[\s│]", "", out)
    assert squeezed.count("".join(text.split())) >= 10


def harmless_html(out: str, text: str) -> None:
    plain = Reader(str(render(hostile_page("plain"), "html")))
    reader = Reader(out)
    assert {tag for tag, _ in reader.elements} <= {tag for tag, _ in plain.elements}
    assert {key for _, a in reader.elements for key in a} <= {key for _, a in plain.elements for key in a}
    assert all(v.startswith(("#", "./")) for v in reader.values("href"))
    assert "".join(reader.text.split()).count("".join(text.split())) >= 10


TAGS = "details|/details|summary|/summary|span|/span"


def harmless_markdown(out: str, text: str) -> None:
    outside = re.sub(r"^(?:> )?(`{3,}).*?^(?:> )?\1$", "", out, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    outside = re.sub(r"^(?:> )?<summary>.*</summary>$", in_summary, outside, flags=re.MULTILINE)
    outside = re.sub(r"(?<!\\)!\[(.*?)(?<!\\)\]\(attachment:picture-\d+\.png\)", r"\1", outside)
    outside = re.sub(r"(?<!\\)\]\(\./line\.\w+\)", "", re.sub(r"(?<![\\!])\[(?=.*?(?<!\\)\]\(\./line\.\w+\))", "", outside))
    assert not re.search(rf"<(?!(?:{TAGS})>)", outside)
    assert not re.search(r"(?<!\\)[\[\]~]|&(?!amp;|lt;|gt;)", outside)
    if kind_has_words := re.findall(r"[a-z]{3,}", text):
        assert all(word in out for word in kind_has_words)


def in_summary(line: re.Match[str]) -> str:
    """A line of HTML: text and spans alone, no dollar beside another character."""
    inside = line[0].removeprefix("> ").removeprefix("<summary>").removesuffix("</summary>")
    assert not re.search(r"<(?!/?span>)", inside)
    assert not re.search(r"[$\\`]", re.sub(r"<span>[$\\`:@.]</span>", "", inside))
    return ""


def harmless_notebook(out: str, text: str) -> None:
    book = nbformat.reads(out, as_version=4)
    nbformat.validate(book)
    assert nbformat.writes(book) + "\n" == out
    assert not any("text/html" in o.get("data", {}) for c in book.cells for o in c.get("outputs", ()))
    prose = "\n\n".join(c.source for c in book.cells if c.cell_type == "markdown")
    formulas = r"(?<![\\$>])\$\$\n(.*?)\n\$\$(?!\$)|(?<![\\$>`])\$([^$\n]+?)(?<!\\)\$"
    outside = re.sub(r"^(`{3,}).*?^\1$", "", prose, flags=re.DOTALL | re.MULTILINE)
    assert not any("$" in re.sub(r"\\\$", "", m[1] or m[2]) for m in re.finditer(formulas, outside, re.DOTALL))
    outside = re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(formulas, "", outside, flags=re.DOTALL))
    assert not re.search(r"(?<!<span>)\\[()\[\]]|\\begin", re.sub(r"\\[\[\]]", "", outside))
    harmless_markdown(re.sub(formulas, "", prose, flags=re.DOTALL), text)


def harmless_latex(out: str, text: str) -> None:
    assert out.isascii()
    ours = str(render(WHOLE, "latex")) + str(render(hostile_page("plain"), "latex")) + str(render(hostile_page("plain " * 30), "latex"))
    commands = set(re.findall(r"\\[A-Za-z]+", out)) - set(re.findall(r"\\[A-Za-z]+", ours))
    assert all(c in (r"\ensuremath", r"\quad", r"\allowbreak") or c.startswith(r"\text") for c in commands), commands


HARMLESS: dict[str, Callable[[str, str], None]] = {
    "text": harmless_text, "html": harmless_html, "markdown": harmless_markdown, "notebook": harmless_notebook, "latex": harmless_latex,
}  # fmt: skip


def test_hostile_text_is_set_as_text_in_a_pdf(tmp_path: Path) -> None:
    data = bytes(render(hostile_page(" ".join(text for kind, text in HOSTILE.items() if kind != "long")), "pdf"))
    assert data.startswith(b"%PDF-")
    assert b"/JavaScript" not in data
    assert b"/Launch" not in data
    links = re.findall(rb"/URI\s*\((.*?)\)", data)
    assert all(link.startswith(b"./") for link in links)


@pytest.mark.parametrize("kind", [k for k in HOSTILE if k != "surrogate"])
def test_a_hostile_title_comes_back_from_the_json_as_it_went_in(kind: str) -> None:
    out = to_json(derive(problem("constant-mse")), page_title=HOSTILE[kind])
    assert HOSTILE[kind] in _strings(json.loads(out))
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out)


def _strings(data: object) -> set[str]:
    if isinstance(data, dict):
        return {s for v in data.values() for s in _strings(v)}
    return {s for v in data for s in _strings(v)} if isinstance(data, list) else {data} if isinstance(data, str) else set()


# ------------------------------------------------------------------------------------------------ formulas say what they come from


def shown_by(page: Page) -> Iterator[Layout]:
    """Every formula of a page, those in running text and in cells too."""
    texts: list[Inline] = [page.title, page.summary]
    for block in every_block(page.blocks):
        match block:
            case Chain(lines):
                yield from (side for line in lines for side in (line.left, line.right) if side is not None)
                texts += [line.reason for line in lines]
            case Table(head, rows, caption):
                texts += [*head, *(cell for row in rows for cell in row), caption]
            case Prose(text) | Note(text) | Heading(_, text) | Box(text) | Folded(text):
                texts.append(text)
    yield from (piece.layout for text in texts for piece in text if isinstance(piece, Formula))


@dataclass
class Made:
    """What each layout was made of, while a test runs: a term with its indices; the two sides of a relation; or a term in arrays (test_matrix_notation)."""

    terms: dict[Layout, Term] = field(default_factory=dict)
    relations: dict[Layout, tuple[Layout, Layout]] = field(default_factory=dict)
    arrays: set[Layout] = field(default_factory=set)

    def sides(self, shown: Layout) -> Iterator[Layout]:
        """The formula, or both sides of it."""
        for side in self.relations.get(shown, (shown,)):
            yield from (side,) if side is shown else self.sides(side)

    def of(self, shown: Layout) -> str:
        """"" where the formula is known, and its LaTeX is read as the term that it was made from; else what is wrong."""
        return next((said for side in self.sides(shown) if side not in self.arrays and (said := self.side(side))), "")

    def side(self, shown: Layout) -> str:
        if shown not in self.terms:
            return f"{to_latex(shown)} was made of nothing known"
        term = self.terms[shown]
        if any(isinstance(s, Det | Inverse) for s in subterms(term)):
            return ""  # of a matrix given entry by entry: read in arrays alone
        text = to_latex(shown)
        back = (read_condition if isinstance(term, Compare) else read)(text, "latex", declared=names(term))
        return "" if value(settled(back), {}) == value(settled(term), {}) else f"{text} is read as {back}, and not as {term}"


def settled(t: Term) -> Term:
    """2.49 · 10⁻⁵ as the number that it is."""

    def number(s: Term) -> Term | None:
        match s:
            case Pow(Num(base), (Num(k) | Neg(Num(k))) as exponent) if k.denominator == 1:
                return Num(base ** int(-k if isinstance(exponent, Neg) else k))
        return None

    return replace(t, number)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    out = Made()

    def laid(term: Term, notation: Notation = "sum", *args: object, **options: object) -> Layout:
        shown = layout(term, notation, *args, **options)  # type: ignore[arg-type]
        if notation == "sum":
            out.terms[shown] = term
        else:
            out.arrays.add(shown)
        return shown

    def arrayed(*args: object, **options: object) -> Layout | None:
        if (shown := in_arrays(*args, **options)) is not None:  # type: ignore[arg-type]
            out.arrays.add(shown)
        return shown

    def related(left: Layout, sign: str, right: Layout) -> Layout:
        shown = relation(left, sign, right)
        out.relations[shown] = (left, right)
        return shown

    wrapped = {"layout": (layout, laid), "in_arrays": (in_arrays, arrayed), "relation": (relation, related)}
    for module in [m for name, m in sys.modules.items() if name.startswith(("symgd.exposition", "symgd.course", "symgd.handcalc", "symgd.derivation"))]:
        for name, (own, recorded) in wrapped.items():
            if getattr(module, name, None) is own:
                monkeypatch.setattr(module, name, recorded)
    return out


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_formula_of_a_page_is_core_mathml_and_is_read_back_as_the_term_it_came_from(name: str, made: Made) -> None:
    shown = tuple(dict.fromkeys(shown_by(explain(derive(problem(name)), "tutorial"))))
    for formula in shown:
        core_only(to_mathml(to_latex(formula)))
    assert [said for formula in shown if (said := made.of(formula))] == []
    assert len([f for f in shown if f in made.terms]) > 10


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_formula_of_a_lesson_is_core_mathml_and_is_read_back_as_the_term_it_came_from(lesson: Lesson, made: Made) -> None:
    shown = tuple(dict.fromkeys(shown_by(page(course(), lesson))))
    for formula in shown:
        core_only(to_mathml(to_latex(formula)))
    assert [said for formula in shown if (said := made.of(formula))] == []
    assert shown
