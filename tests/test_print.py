"""On paper: PDF through Typst, tagged and read back with another library; drawings in LaTeX and as PNG; what folds stands at the end."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

import symgd
from symgd.cli import main
from symgd.document.formats import MissingExtra, render, see_installed
from symgd.document.page import (
    Block, Box, Chain, Cite, Code, Folded, Formula, Heading, Line, Link, Page, Picture, Prose, Table,
)  # fmt: skip
from symgd.document.plain import one_line
from symgd.document.png import png_of
from symgd.document.to_pdf import compiled, to_pdf
from symgd.document.to_tikz import to_tikz
from symgd.document.to_typst import to_typst
from symgd.pictures import Drawing, contour_with_path, loss_over_iterations, loss_parabola, scatter_with_line
from symgd.term import Call, Name, Neg, mean
from symgd.typeset import to_speech
from symgd.typeset.layout import Apply, Big, Brace, Fence, Frac, Ident, Layout, Number, Op, Rate, Root, Row, Script, Words
from symgd.typeset.shapes import relation
from symgd.typeset.typst import _RANGES, quoted, shown
from symgd.typeset.typst import to_typst as formula
from tests.pages import BLOCKS, HOSTILE, WHOLE, hostile_page, lay

PDFLATEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
w, b, n, L = Name("w"), Name("b"), Name("n"), Name("L")
x, y = Name("x", ("i",)), Name("y", ("i",))


# ---------------------------------------------------------------------------------------------------------------------- reading a PDF


class Paper:
    """A PDF as another library reads it: its text, its tags with their attributes, its links."""

    def __init__(self, data: bytes) -> None:
        self.file = pypdf.PdfReader(io.BytesIO(data))
        self.root: Any = self.file.trailer["/Root"]
        self.links = [a.get_object() for page in self.file.pages for a in page.get("/Annots", [])]

    @cached_property
    def words(self) -> str:
        return "".join("".join(page.extract_text() for page in self.file.pages).split()).replace("\u200b", "")

    @cached_property
    def tags(self) -> list[tuple[str, Any]]:
        return list(_tags(self.root["/StructTreeRoot"]))

    def alts(self, tag: str) -> list[str]:
        return [str(node.get("/Alt", "")) for name, node in self.tags if name == tag]

    def addresses(self) -> list[str]:
        return [str(a["/A"]["/URI"]) for a in self.links if "/A" in a and "/URI" in a["/A"]]


def _tags(node: Any) -> Iterator[tuple[str, Any]]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"])[1:], node
        yield from _tags(node.get("/K", []))
    elif isinstance(node, list):
        for child in node:
            yield from _tags(child)


@cache
def whole() -> Paper:
    return Paper(to_pdf(WHOLE))


# ---------------------------------------------------------------------------------------------------------------------- formulas


def sub(*indices: str) -> Ident:
    return Ident("x", (), (), indices)


FORMULAS: list[tuple[Layout, str]] = [
    (Ident("y", ("hat",), (), ("i",)), "hat(y)_(i)"),
    (Ident("θ", (), ("0",)), "θ_(0)"),
    (Ident("S", (), ("xy",)), "S_(x y)"),
    (Ident("MSE"), 'upright("MSE")'),
    (Ident("X", bold=True), "upright(bold(X))"),
    (Ident("σ", bold=True), "bold(σ)"),
    (Ident("f'"), "f'"),
    (sub("i", "h1"), "x_(i h_(1))"),
    (Number("0.5"), "0.5"),
    (Number("1/2"), '"1/2"'),
    (Row((Number("2"), Op("", "juxtapose"), Ident("x"))), "2 x"),
    (Row((Ident("w"), Op("", "juxtapose"), Ident("MSE"))), 'w thin upright("MSE")'),
    (Row((Ident("j"), Ident("k"))), "j k"),
    (Row((Op("−", "prefix"), Ident("x"))), "−x"),
    (relation(Ident("u"), ":=", Ident("v")), "u ≔ v"),
    (Frac(Ident("a"), Row((Ident("b"), Op("+", "sum"), Number("1")))), "frac(a, b + 1)"),
    (Rate(Ident("L"), (Ident("w"),)), "frac(∂ L, ∂ w)"),
    (Rate(Ident("L"), (Ident("w"),), True), "frac(upright(d) L, upright(d) w)"),
    (Rate(Ident("L"), (Ident("w"), Ident("w"))), "frac(∂^(2) L, ∂ w^(2))"),
    (Rate(Ident("L"), (Ident("w"),), mark="prime"), r"L^(′)\(w\)"),
    (Rate(Ident("L"), (Ident("w"),), mark="nabla"), "∇_(w) L"),
    (Script(Fence(Ident("x")), None, Number("2")), r"\(x\)^(2)"),
    (Big("i", sub("i")), "∑_(i) x_(i)"),
    (Fence(Frac(Ident("a"), Ident("b"))), r"lr(\( frac(a, b) \))"),
    (Fence(Ident("x"), "‖", "‖"), "lr(‖ x ‖)"),
    (Root(Ident("x")), "sqrt(x)"),
    (Apply("log", (Ident("p"),), True), 'op("log") p'),
    (Apply("log2", (Ident("p"),)), r'op("log")_(2)\(p\)'),
    (Apply("max", (Number("0"), Ident("x"))), r'op("max")\(0\, x\)'),
    (Apply("sigmoid", (Ident("z"),)), r"σ\(z\)"),
    (Brace(((Ident("a"), relation(Ident("x"), ">", Number("0"))),), Number("0")), 'cases(&a &&quad "if" x > 0, &0 &&quad "otherwise")'),
    (Words('a "b" \\ $ # ]'), '"a \\"b\\" \\\\ $ # ]"'),
    (Op("(", "prefix"), r"\("),  # left alone by a line break
]


@pytest.mark.parametrize(("piece", "text"), FORMULAS)
def test_each_shape_of_a_formula_has_its_form_in_typst(piece: Layout, text: str) -> None:
    assert formula(piece) == text


def test_typst_reads_every_shape_of_a_formula_and_tags_it_with_its_sentence() -> None:
    pieces = [piece for piece, _ in FORMULAS]
    paper = Paper(to_pdf(Page(("Shapes",), tuple(Prose((Formula(p),)) for p in pieces))))
    assert paper.alts("Formula") == [one_line(to_speech(p)) or "formula" for p in pieces]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=20))
def test_a_string_of_typst_is_the_text_that_was_quoted(texts: list[str]) -> None:
    source = "\n".join(f"#metadata({quoted(text)}) <it>" for text in texts)
    found = json.loads(typst.query(source.encode(), "<it>", field="value", ignore_system_fonts=True))
    assert found == [shown(text) for text in texts]


def test_every_character_that_is_not_spelled_can_be_drawn() -> None:
    every = [chr(code) for first, last in _RANGES for code in range(first, last + 1) if chr(code).isprintable()]
    assert len(every) > 4000
    compiled(to_typst(Page(("All",), (Prose((" ".join(every),)), Prose((Formula(Words(" ".join(every))),))))))


@pytest.mark.parametrize(("text", "seen"), [("中", "[U+4E2D]"), ("a\u202eb", "a[U+202E]b"), ("ŷ − Σ ℝ ✓ 𝟏", "ŷ − Σ ℝ ✓ 𝟏"), ("δᵢ łódź", "δᵢ łódź")])
def test_a_character_that_no_font_here_draws_is_given_by_its_code_point(text: str, seen: str) -> None:
    assert shown(text) == seen


# ---------------------------------------------------------------------------------------------------------------------- the document


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_becomes_pdf_ua(block: str) -> None:
    paper = Paper(to_pdf(Page(("A title",), (BLOCKS[block],), ("A summary.",))))
    assert "Atitle" in paper.words
    assert "Asummary." in paper.words
    assert "pdfuaid:part" in paper.root["/Metadata"].get_data().decode()


def test_the_document_is_tagged_and_has_language_and_title() -> None:
    assert whole().root["/MarkInfo"]["/Marked"]
    assert whole().root["/Lang"] == "en"
    assert whole().root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert whole().file.metadata is not None
    assert whole().file.metadata.title == "The gradient of L"
    assert Paper(to_pdf(Page(("Die Linie",), (), (), "de"))).root["/Lang"] == "de"


def test_every_formula_has_a_sentence_every_picture_its_title() -> None:
    spoken = whole().alts("Formula")
    assert all(spoken)
    assert "J is long" in spoken  # the line's own sentence
    assert any(s.startswith("the partial derivative of L with respect to w equals the sum over i of") for s in spoken)
    assert [alt for alt in whole().alts("Figure") if alt] == ["The fitted line", "A second line"]


def test_headings_nest_and_a_table_has_a_real_head() -> None:
    levels = [int(name[1]) for name, _ in whole().tags if re.fullmatch("H[1-6]", name)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = [name for name, _ in Paper(to_pdf(Page(("T",), (BLOCKS["table"],)))).tags]
    assert (names.count("TH"), names.count("TD"), names.count("Caption")) == (2, 4, 1)


def test_a_deep_first_heading_is_not_deep() -> None:
    paper = Paper(to_pdf(Page(("T",), (Heading(3, ("Deep",)), Heading(3, ("Deeper",)), Heading(1, ("Up",))))))
    assert [name for name, _ in paper.tags if re.fullmatch("H[1-6]", name)] == ["H1", "H2", "H1"]


def test_a_citation_leads_to_its_line_and_a_page_to_the_pdf_beside() -> None:
    assert sorted(whole().addresses()) == ["./line.pdf", "./reports/a%20b.html"]
    cited = Page(("T",), (BLOCKS["definitions"], Prose((Cite("1"), " and ", Cite("2"), " and ", Cite("7")))))
    places = [a.get("/Dest") or a["/A"]["/D"] for a in Paper(to_pdf(cited)).links]
    assert len(places) == 2  # nothing on the page is numbered 7
    heights = [place.get_object()[3] for place in places]
    assert heights[0] > heights[1] > 0  # of two lines under one another


def test_hints_and_answers_stand_at_the_end_and_their_place_names_the_page() -> None:
    box = Box(("Exercise 1",), (Prose(("What?",)), Folded(("Hint",), (Prose(("Think.",)),), "hint"), Folded(("Answer",), (Prose(("It is 7.",)),), "answer")))
    text = Paper(to_pdf(Page(("T",), (box, Prose(("Afterwards.",)))))).words
    places = [text.index(word) for word in ("What?", "Hintonpage1", "Afterwards.", "Hints", "Think.", "Answers", "Itis7.")]
    assert places == sorted(places)


def test_the_same_page_gives_the_same_bytes_in_another_process_with_another_clock() -> None:
    program = "import hashlib, tests.pages as t; from symgd.document.to_pdf import to_pdf; print(hashlib.sha256(to_pdf(t.WHOLE)).hexdigest())"
    there = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LANG": "de_DE.UTF-8"}
    done = subprocess.run([sys.executable, "-c", program], env=there, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == hashlib.sha256(to_pdf(WHOLE)).hexdigest()


def test_a_box_of_many_rows_goes_on_over_the_page() -> None:
    rows = "\n".join(map(str, range(200)))
    for block in (Code(rows), Prose((" ".join(["word"] * 2000),))):
        paper = Paper(to_pdf(Page(("T",), (Box(("A box",), (block,)), Prose(("The end.",))))))
        assert len(paper.file.pages) > 1
        assert all(page.extract_text().strip() for page in paper.file.pages)
        assert paper.words.count("word") in (0, 2000)
        assert "199" in paper.words or "word" in paper.words


def furthest(data: bytes) -> float:
    """The right-most place at which a run of letters begins, in points from the left edge."""
    found = [0.0]

    def visit(text: str, _cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if text.strip():
            found.append(tm[4])

    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        page.extract_text(visitor_text=visit)
    return max(found)


WIDE = Frac(Row(tuple(p for k in range(60) for p in (Ident("x", (), (str(k),)), Op("+", "sum")))[:-1]), Number("2"))


LONG = mean("i", Call("log", (1 + Call("exp", (Neg(y * (w * x + b)),)),)) ** 2 * (w * x + b - y) ** 2, n) + w**2 * b**2 + mean("i", (x - y) ** 4, n)


@pytest.mark.parametrize("block", [
    Chain((Line(lay(Name("J")), lay(LONG), "=", ("long",)),)),
    Chain((Line(Ident("J"), WIDE, "=", ("nowhere to break",), "1"),)),
    Prose(("The fraction ", Formula(WIDE), " too.")),
    Table((("a",),), (((Formula(WIDE),),),)),
    Prose(("w" * 3000,)),
    Code("w" * 300),
    Table((("w" * 200,), ("b",)), ((("1",), ("2",)),)),
])  # fmt: skip
def test_nothing_runs_off_the_page(block: Block) -> None:
    assert furthest(to_pdf(Page(("T",), (block,)))) < 595 - 70


# ---------------------------------------------------------------------------------------------------------------------- hostile text


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_in_any_field_is_set_as_text(kind: str) -> None:
    paper = Paper(to_pdf(hostile_page(HOSTILE[kind])))
    assert {*paper.addresses()} <= {"./line.pdf"}
    assert not {"/JavaScript", "/EmbeddedFiles"} & set(paper.root.get("/Names", {}))
    assert "/OpenAction" not in paper.root


MARKUP = ['#import "x"', r"\write18{x}", "$ a $ = b @c <d>", "`` ` ```", '#eval("1") ] } )', "// no comment", "/* none */", "*a* _b_ ~", "= head", "- list"]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_of_typst_comes_out_letter_by_letter(text: str) -> None:
    assert "".join(text.split()) in Paper(to_pdf(Page((text,), (Heading(1, (text,)), Prose((text,)))))).words


# ---------------------------------------------------------------------------------------------------------------------- pictures


@cache
def drawings() -> dict[str, Drawing]:
    draw, path = np.random.default_rng(1), [(3.0, 4.0), (1.5, 2.4)]
    xs = draw.normal(50, 10, 300)
    return {
        "scatter": scatter_with_line(xs, 2 * xs + draw.normal(0, 9, 300), 2, 3, x_label="50% & more_of #1", y_label="fy_gpa", sticks=5, prefix="a"),
        "parabola": loss_parabola(2.0, -3.0, 1.0, [-1, 0.5, 2.0], w_label="w", y_label="loss", prefix="b"),
        "loss": loss_over_iterations([10 * 0.8**k + 1 for k in range(40)], 1.0, stopped="it stopped", y_label="loss", prefix="c"),
        "contour": contour_with_path((4.0, 1.0, 2.0), (1.0, 2.0), path, x_label="w", y_label="b", least=0.5, stopped="converged", prefix="d"),
    }


def pictured(d: Drawing) -> Picture:
    return Picture(d.svg, d.title, d.description)


@pytest.mark.parametrize("name", ["scatter", "parabola", "loss", "contour"])
def test_a_drawing_of_ours_becomes_tikz_with_every_one_of_its_words(name: str) -> None:
    tikz = to_tikz(drawings()[name].svg, "a drawing")
    assert tikz.startswith(r"\begin{tikzpicture}")
    assert tikz.isascii()
    assert tikz.count(r"\node") == drawings()[name].svg.count("<text ")


def svg(inside: str, size: str = 'viewBox="0 0 40 20"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'


@pytest.mark.parametrize(("inside", "expected"), [
    ('<path d="M0 0L4 4" stroke="#0072b2" fill="none" stroke-dasharray="7 7"/>',
     r'\path[draw={rgb,255:red,0;green,114;blue,178},line width=0.71pt,draw opacity=1,dash pattern=on 5pt off 5pt] [shift={(0pt,0pt)}] svg "M0 0L4 4";'),
    ('<g transform="translate(3 4)" opacity="0.5"><circle cx="1" cy="2" r="5" fill="currentColor" fill-opacity="0.5"/></g>',
     r"\path[fill=black,fill opacity=0.25] (4pt,6pt) circle[radius=5pt];"),
    ('<rect x="1" y="2" width="3" height="4" fill="none" stroke="currentColor" stroke-linejoin="round"/>',
     r"\path[draw=black,line width=0.71pt,draw opacity=1,line join=round] (1pt,2pt) rectangle (4pt,6pt);"),
    ('<text x="1" y="2" font-size="14" text-anchor="end" fill="currentColor">a_b</text>',
     r"\node[anchor=base east,inner sep=0.5pt,outer sep=0pt,text=black] at (1pt,2pt) {\fontsize{10.0pt}{12.0pt}\selectfont\sffamily a\_b};"),
])  # fmt: skip
def test_each_element_of_a_drawing_has_its_form_in_tikz(inside: str, expected: str) -> None:
    assert to_tikz(svg(inside), "d").split("\n")[2:-1] == [expected]


@pytest.mark.parametrize("inside", [
    '<use href="#a"/>', '<path d="M0 0" transform="rotate(3)"/>', '<path d="M0 0\\input{x}"/>', '<circle r="1" fill="url(#a)"/>', '<circle r="one"/>',
])  # fmt: skip
def test_what_is_not_translated_leaves_the_words(inside: str) -> None:
    assert to_tikz(svg(inside), "d") == ""
    text = render(Page(("T",), (Picture(svg(inside), "The title", "What it shows."),)), "latex")
    assert r"\textbf{The title.} What it shows." in text
    assert "tikz" not in text


def test_a_png_is_as_wide_as_the_drawing_and_the_same_every_time() -> None:
    data = png_of(drawings()["scatter"].svg)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", data[16:20]) == (600,)
    assert data == png_of(drawings()["scatter"].svg)


@pytest.mark.parametrize("text", ["no svg", svg("<script/>"), svg('<image href="file:///etc/passwd"/>'), '<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("")])
def test_what_is_no_drawing_is_refused_as_png_pdf_and_latex(text: str) -> None:
    for write in (png_of, lambda s: to_pdf(Page((), (Picture(s, "t", ""),))), lambda s: render(Page((), (Picture(s, "t", ""),)), "latex")):
        with pytest.raises(ValueError, match="picture"):
            write(text)


# ---------------------------------------------------------------------------------------------------------------------- LaTeX


def warnings_of(text: str, folder: Path) -> list[str]:
    """What pdflatex complains of on the second run, over- and underfull boxes among it."""
    (folder / "page.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "page.tex"]
    for _ in range(2):
        subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=120)
    log = (folder / "page.log").read_text(errors="replace")
    return re.findall(r"^!.*|.*Warning.*|^(?:Over|Under)full.*|.*undefined.*", log, re.MULTILINE)


@PDFLATEX
def test_drawings_boxes_folds_and_programs_compile_in_latex_without_a_warning(tmp_path: Path) -> None:
    blocks = (*map(pictured, drawings().values()), *BLOCKS.values())
    assert warnings_of(render(Page(("All of it",), blocks), "latex"), tmp_path) == []


@PDFLATEX
def test_a_derivation_in_matrix_notation_compiles_in_latex_without_a_warning(tmp_path: Path) -> None:
    page = symgd.explain(symgd.derive(symgd.problem("plane-mse")), notation="matrix")
    assert warnings_of(render(page, "latex"), tmp_path) == []


def test_latex_leads_from_the_place_to_the_end_and_back_by_page() -> None:
    text = render(Page(("T",), (Box(("Exercise",), (Folded(("Hint",), (Prose(("Think.",)),), "hint"),)), Prose((Link("next", "b", True),)))), "latex")
    assert r"\hyperref[fold-1]{Hint} on page~\pageref{fold-1}" in text
    assert text.index(r"\section*{Hints}") < text.index(r"\label{fold-1}") < text.index("Think.")
    assert r"\href{./b.pdf}{next}" in text


def test_latex_shows_what_a_program_prints() -> None:
    text = render(Page(("T",), (Code("print(6 * 7)", "python", "42\n"),)), "latex")
    assert text.index("print(6") < text.index("It prints") < text.index("42")


# ---------------------------------------------------------------------------------------------------------------------- derivations


@pytest.mark.parametrize(("name", "notation"), [("line-mse", "sum"), ("softmax-cross-entropy", "matrix")])
def test_a_derivation_is_pdf_ua_with_all_its_lines_on_the_page(name: str, notation: Any) -> None:
    page = symgd.explain(symgd.derive(symgd.problem(name)), notation=notation)
    data = to_pdf(page)
    paper = Paper(data)
    lines = [line for block in page.blocks if isinstance(block, Chain) for line in block.lines]
    assert len(paper.alts("Formula")) >= len(lines) > 20
    assert all(paper.alts("Formula"))
    assert all(f"({line.number})" in paper.words for line in lines if line.number)
    assert furthest(data) < 595 - 70


# ---------------------------------------------------------------------------------------------------------------------- the command line


def run(*words: str) -> int:
    return main(list(words))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_derive_writes_a_pdf_by_the_name_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("derive", "line-mse", "--detail", "brief", "-o", "line.pdf") == 0
    assert Path("line.pdf").read_bytes().startswith(b"%PDF-")
    assert capsys.readouterr() == ("", "wrote line.pdf\n")
    assert run("derive", "line-mse", "-o", "line.pdf") == 2


def test_a_pdf_goes_to_another_program_but_not_to_a_terminal(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("derive", "--expression", "x^2", "--wrt", "x", "--format", "pdf", "-o", "-") == 0
    assert capfdbinary.readouterr().out.startswith(b"%PDF-")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run("derive", "--expression", "x^2", "--wrt", "x", "--format", "pdf") == 2
    assert capfdbinary.readouterr() == (b"", b"error: pdf is no text for a terminal; name a file with -o FILE.pdf, or send the output to one\n")


def test_fit_and_check_report_in_pdf() -> None:
    Path("hand.tex").write_text("$y = w x$\n\n$L = (y - t)^2$\n\n$dL/dw = 2 (y - t)$\n")
    assert run("check", "hand.tex", "--report", "hand.pdf") == 1
    assert "Thefirstmistake" in Paper(Path("hand.pdf").read_bytes()).words
    assert run("fit", "--report", "fit.pdf") == 0
    paper = Paper(Path("fit.pdf").read_bytes())
    assert len([alt for alt in paper.alts("Figure") if alt]) == 4
    Path("all").mkdir()
    shutil.copy("hand.tex", "all/a.tex")
    assert run("check", "all", "--report", "reports.pdf") == 1
    assert "./reports/a.tex.pdf" in Paper(Path("reports.pdf").read_bytes()).addresses()
    assert Path("reports/a.tex.pdf").read_bytes().startswith(b"%PDF-")


def test_without_typst_the_way_to_install_it_is_one_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    says = "pdf needs typst, which is not installed: pip install 'symgd[pdf]'"
    for call in (lambda: render(WHOLE, "pdf"), lambda: png_of(svg("")), lambda: see_installed("pdf")):
        with pytest.raises(MissingExtra, match=re.escape(says)):
            call()
    for words in (["derive", "line-mse", "-o", "a.pdf"], ["fit", "--report", "a.pdf"], ["check", "hand.tex", "--report", "a.pdf"]):
        Path("hand.tex").write_text("$y = x$\n")
        assert run(*words) == 2
        assert capsys.readouterr() == ("", f"error: {says}\n")
        assert not Path("a.pdf").exists()


def test_a_library_is_imported_only_when_a_pdf_is_made() -> None:
    program = "import sys; from symgd.document.formats import render; from tests.pages import WHOLE; render(WHOLE, 'html'); print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
