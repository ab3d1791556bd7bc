"""Pages in each format by itself, and files that are written whole or not at all; what all formats share is in test_formats."""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symgd.document import files
from symgd.document.files import write_bytes, write_text
from symgd.document.formats import render
from symgd.document.latex_text import latex_text
from symgd.document.page import Chain, Cite, Code, Formula, Heading, Inline, Line, Mono, Page, Picture, Prose, Strong, Table, every_block
from symgd.document.plain import one_line, slug, visible, width, wrap
from symgd.document.svg import inline_svg
from symgd.document.to_html import FONT, font_bytes
from symgd.document.to_text import wrap_formula
from symgd.term import Call, D, Div
from tests.pages import BLOCKS, HOSTILE, SVG, WHOLE, Reader, b, hostile_page, lay, long_one, n, u, w, x, y_hat, L

# -------------------------------------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
def test_no_line_of_text_is_wider_than_asked(columns: int) -> None:
    assert max(width(line) for line in render(WHOLE, "text", columns=columns).split("\n")) <= columns


def test_relations_of_a_chain_stand_under_one_another() -> None:
    rows = render(Page((), (BLOCKS["chain"],)), "text").split("\n")
    at = {width(row[: row.index(mark)]) for row in rows for mark in (" = ", " ≈ ") if mark in row and "held" not in row}
    assert len(at) == 1


def test_reasons_stand_beside_their_lines_where_there_is_room_and_beneath_elsewhere() -> None:
    wide = render(Page((), (BLOCKS["chain"],)), "text")
    narrow = render(Page((), (BLOCKS["chain"],)), "text", columns=60)
    assert re.search(r"^\(3\) +∂L/∂w = .* {3}Chain rule: along", wide, re.MULTILINE)
    assert re.search(r"^ {7}Chain rule: along every prediction, from \(2\)\n {7}✓ proved$", narrow, re.MULTILINE)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200), st.integers(8, 60))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, columns: int) -> None:
    text = one_line(text)
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= columns for line in lines)


@pytest.mark.parametrize(("formula", "columns", "lines"), [
    ("a + b", 20, ["a + b"]),
    ("aaaa + bbbb − cccc", 12, ["aaaa + bbbb", "− cccc"]),
    ("(aaaa + bbbb) · cccc + d", 17, ["(aaaa + bbbb)", "· cccc + d"]),
    ("f(aaaa + bbbb)", 8, ["f(aaaa", "+ bbbb)"]),
    ("aaaaaaaaaaaaaaaa", 5, ["aaaaaaaaaaaaaaaa"]),
])  # fmt: skip
def test_a_long_formula_breaks_before_its_outermost_signs_and_is_never_cut(formula: str, columns: int, lines: list[str]) -> None:
    assert wrap_formula(formula, columns) == lines


def test_wide_and_combining_characters_are_counted_as_a_terminal_draws_them() -> None:
    assert [width(s) for s in ("abc", "ŷ", "y\u0302", "中文", "Σᵢ")] == [3, 1, 1, 4, 2]


# ---------------------------------------------------------------------------------------------------------------------- Markdown


def test_markdown_keeps_to_what_github_draws() -> None:
    text = render(WHOLE, "markdown")
    assert not re.search(r"\\operatorname|\\newcommand|\\begin\{align\*?\}|\\lt[A-Za-z]", text)
    blocks = re.findall(r"^```math\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 4
    assert all("<" not in block and block.count(r"\begin") == block.count(r"\end") for block in blocks)
    assert "$`L`$" in text


def test_in_markdown_reasons_stand_in_a_column_or_each_line_in_a_block_of_its_own_with_its_left_side() -> None:
    def blocks(reason: Inline) -> list[str]:
        lines = (Line(lay(D(L, w)), lay(2 * u), "=", reason), Line(None, lay(u * 2), "=", reason))
        return re.findall(r"^```math\n(.*?)\n```$", render(Page((), (Chain(lines),)), "markdown"), re.DOTALL | re.MULTILINE)

    assert [b.count("&&") for b in blocks(("short",))] == [2]
    assert [b.count("&&") for b in blocks(("a reason of many words " * 5,))] == [6]
    alone = blocks(("a sentence " * 40,))
    assert len(alone) == 2
    assert len({block.split("=")[0] for block in alone}) == 1
    assert "&" not in render(Page((), (Chain((Line(lay(w), lay(b), "=", ("solve",), "1", "proved"),)),)), "markdown")


def test_no_bar_of_a_formula_ends_a_cell() -> None:
    page = Page((), (Table((("a",), ("b",)), (((Formula(lay(Call("abs", (u,)))),), ("p|q", Mono("r|s"))),)),))
    row = render(page, "markdown").strip().split("\n")[-1]
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_a_picture_with_a_path_becomes_a_relative_link() -> None:
    text = render(Page((), (Picture(SVG, "A [line]", "It rises.", "pictures/a line.svg"),)), "markdown")
    assert r"![A \[line\]](pictures/a%20line.svg)" in text


@pytest.mark.parametrize("start", ["# no heading", "- no item", "+ no item", "1. no list", "12) no list", "=== no rule", "> no quotation", ": no term"])
def test_prose_does_not_begin_a_block_by_accident(start: str) -> None:
    line = render(Page(("t",), (Prose((start,)),)), "markdown").strip().split("\n")[-1]
    assert re.match(r"\\[#+=:-]|\d+\\[.)]|&gt;", line)


# ------------------------------------------------------------------------------------------------------------------------- LaTeX


@pytest.mark.parametrize(("text", "expected"), [
    ("50 % & $5 #1 a_b {c}", r"50 \% \& \$5 \#1 a\_b \{c\}"),
    (r"\write18{x}", r"\textbackslash{}write18\{x\}"),
    ("^^41~", r"\textasciicircum{}\textasciicircum{}41\textasciitilde{}"),
    ("ŷ − y", r"\^{y} \ensuremath{-} y"),
    ("y\u0302", r"\^{y}"),
    ("σ′(z)²", r"\ensuremath{\sigma}\ensuremath{'}(z)\ensuremath{^{2}}"),
    ("∂L, Σ", r"\ensuremath{\partial}L{,} \ensuremath{\Sigma}"),
    ("naïve café", r"na\"{\i}ve caf\'{e}"),
    ("Alpha Α", r"Alpha \ensuremath{\mathrm{A}}"),
    ("--- ,, ?`", r"{-}{-}{-} {,}{,} ?\textasciigrave{}"),
    ("中", r"{[}U+4E2D{]}"),
    ("a\u0489", r"a{[}U+0489{]}"),
])  # fmt: skip
def test_any_text_becomes_ascii_that_tex_prints_as_that_text(text: str, expected: str) -> None:
    assert latex_text(text) == expected


@given(st.text(max_size=80))
def test_latex_text_is_ascii_with_balanced_braces_and_no_live_special(text: str) -> None:
    out = latex_text(text)
    assert out.isascii()
    bare = re.sub(r"\\[#$%&_{}]", "", out)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"[#$%&~\n]|(?<![\\{])\^|(?<!\{)_", re.sub(r"\\[~^.\"'`=]\{", "{", bare).replace("~", "" if "\u00a0" in text else "~"))


def test_a_fragment_has_no_preamble_and_an_article_has_one() -> None:
    whole, part = render(WHOLE, "latex"), render(WHOLE, "latex", fragment=True)
    assert whole.count(r"\documentclass") == whole.count(r"\begin{document}") == 1
    assert not re.search(r"\\documentclass|\{document\}|\\usepackage\{a", part)
    assert part.isascii()


def test_numbers_are_tags_and_citations_refer_to_them() -> None:
    text = render(WHOLE, "latex")
    assert re.findall(r"\\tag\{(\w+)\}", text) == ["1", "2", "3", "4", "5", "9"]
    assert set(re.findall(r"\\eqref\{([^}]*)\}", text)) <= set(re.findall(r"\\label\{([^}]*)\}", text))


def compiled(program: str, text: str, folder: Path) -> str:
    """The log of the second run over the text."""
    (folder / "page.tex").write_text(text, "utf-8")
    for _ in range(3):
        flags = ["-interaction=nonstopmode", "-file-line-error", "-no-shell-escape"]
        subprocess.run([program, *flags, "page.tex"], cwd=folder, capture_output=True, timeout=60, check=False)
    return (folder / "page.log").read_text("latin-1")


def test_a_sentence_that_announces_a_formula_is_one_paragraph_with_it() -> None:
    said, other = Prose(("From the definition:",)), Prose(("That is all.",))
    chain = Chain((Line(lay(y_hat), lay(w * x + b), ":="),))
    text = render(Page(("A page",), (said, chain, other, chain)), "latex")
    assert "From the definition:\n\\begin{align" in text
    assert "That is all.\n\n\\begin{align" in text


def test_a_long_table_may_go_on_over_the_page_and_rows_of_fractions_stand_apart() -> None:
    short, long = (Table((("k",), ("value",)), tuple(((str(k),), (Formula(lay(Div(w, n))),)) for k in range(many))) for many in (3, 30))
    first, second = (render(Page(("A page",), (table,)), "latex") for table in (short, long))
    assert (first.count("{tabular}"), first.count("\\begin{longtable}")) == (2, 0)
    assert (second.count("{tabular}"), second.count("\\begin{longtable}")) == (0, 1)
    assert first.count("arraystretch") == second.count("arraystretch") == 1


def test_a_comma_never_begins_a_line_after_a_formula() -> None:
    text = render(Page(("A page",), (Prose((Formula(lay(w)), ", and ", Formula(lay(b)), ".")), Prose((Formula(lay(w)), " and"))), ()), "html")
    assert len(re.findall(r'<span class="joined"><math[^>]*>.*?</math>[,.]</span>', text)) == 2
    assert ".joined { white-space: nowrap; }" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_the_article_compiles_without_a_warning_or_an_overfull_line(tmp_path: Path) -> None:
    log = compiled("pdflatex", render(WHOLE, "latex"), tmp_path)
    assert "Output written on page.pdf" in log
    assert re.findall(r"^\./page\.tex:\d+:.*|^!.*|.*Warning.*|^Overfull.*", log, re.MULTILINE) == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_a_title_of_ten_thousand_digits_compiles(tmp_path: Path) -> None:
    log = compiled("pdflatex", render(Page((HOSTILE["long"],), (Heading(1, (HOSTILE["long"],)), Prose((HOSTILE["long"],)))), "latex"), tmp_path)
    assert "Output written on page.pdf" in log


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_hostile_text_compiles_and_runs_nothing(tmp_path: Path) -> None:
    log = compiled("pdflatex", render(hostile_page(" ".join(text for kind, text in HOSTILE.items() if kind != "long")), "latex"), tmp_path)
    assert "Output written on page.pdf" in log
    assert re.findall(r"^\./page\.tex:\d+:.*|.*runsystem.*", log, re.MULTILINE) == []


# -------------------------------------------------------------------------------------------------------------------------- HTML


def test_html_needs_no_script_and_no_network() -> None:
    page = render(WHOLE, "html")
    reader = Reader(page)
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
    assert all(v.startswith(("#", "./")) for v in reader.values("href"))
    policy = next(str(a["content"]) for t, a in reader.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert set(re.findall(r"https?://[^\"' ]*", page)) <= {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}


def test_every_formula_of_the_html_is_well_formed_and_ids_and_anchors_agree() -> None:
    page = render(WHOLE, "html")
    formulas = re.findall(r"<math.*?</math>", page, re.DOTALL)
    assert len(formulas) > 20
    for formula in formulas:
        assert ET.fromstring(formula).tag == "{http://www.w3.org/1998/Math/MathML}math"
    ids = Reader(page).values("id")
    assert len(ids) == len(set(ids))
    assert "" not in ids
    assert {v[1:] for v in Reader(page).values("href") if v.startswith("#")} <= set(ids)


def test_every_line_says_its_sentence_and_every_verdict_its_word() -> None:
    reader = Reader(render(WHOLE, "html"))
    said = [str(a["aria-label"]) for _, a in reader.elements if a.get("class") == "sides"]
    assert len(said) == sum(len(c.lines) for c in every_block(BLOCKS.values()) if isinstance(c, Chain))
    assert "J is long" in said
    assert said[0] == "y hat sub i is defined as w times x sub i plus b"
    assert sum("with respect to w equals" in s for s in said) >= 3  # continuing lines say the side they leave out
    assert all(reader.text.count(word) >= 2 for word in ("proved", "held", "refuted"))  # at the line, and in the legend


def test_headings_are_nested_and_repeated_ones_get_their_own_anchor() -> None:
    headings = (Heading(1, ("Σ",)), Heading(2, ("Same",)), Heading(2, ("Same",)), Heading(9, ("Deep",), "own"))
    reader = Reader(render(Page(("t",), headings, language="de"), "html"))
    assert [(t, a["id"]) for t, a in reader.elements if re.fullmatch("h[2-6]", t)] == [("h2", "x"), ("h3", "same"), ("h3", "same-2"), ("h6", "own")]
    assert reader.elements[0] == ("html", {"lang": "de"})
    assert 'lang="en"' in render(Page((), (), language='"><script>'), "html")


def test_a_line_cited_but_not_on_the_page_is_no_link() -> None:
    page = render(Page((), (Prose(("see ", Cite("77"))),)), "html")
    assert "(77)" in page
    assert Reader(page).values("href") == []


def test_tables_have_scopes_and_pictures_have_names() -> None:
    reader = Reader(render(WHOLE, "html"))
    assert [a.get("scope") for t, a in reader.elements if t == "th"] == ["col", "col", "row", "row", "col", "row"]
    names = [str(a["aria-labelledby"]).split() for t, a in reader.elements if t == "svg"]
    assert len(names) == 2
    assert set(names[0] + names[1]) <= set(reader.values("id"))


def test_the_font_is_inside_the_file_or_linked_beside_it() -> None:
    inside = re.search(r"data:font/woff2;base64,([A-Za-z0-9+/=]+)", render(WHOLE, "html"))
    assert inside
    assert base64.b64decode(inside[1]) == font_bytes()
    assert font_bytes()[:4] == b"wOF2"
    assert len(font_bytes()) < 70_000
    linked = render(WHOLE, "html", font=f"link:../{FONT}")
    assert f'url("../{FONT}")' in linked
    assert len(linked) < len(render(WHOLE, "html")) - 60_000
    assert "@font-face" not in render(WHOLE, "html", font="none")


@pytest.mark.parametrize("font", ["", "link:", "link:/etc/x", "link:https://x/y", "link:a\\b", "embedded", "link://host/x"])
def test_a_font_that_is_no_relative_file_is_refused(font: str) -> None:
    with pytest.raises(ValueError, match="font is 'embed', 'none' or 'link:'"):
        render(WHOLE, "html", font=font)


@pytest.mark.parametrize(("inside", "why"), [
    ("<script>alert(1)</script>", "holds <script>"),
    ('<g onload="alert(1)"/>', "holds onload="),
    ('<use href="https://x/#a"/>', "holds href="),
    ('<rect fill="url(https://x/a)"/>', "holds fill="),
    ("<foreignObject/>", "holds <foreignObject>"),
    ("<style>@import 'x'</style>", "style sheet"),
    ("<g>", "not well-formed"),
])  # fmt: skip
def test_a_drawing_with_more_than_a_drawing_needs_is_refused(inside: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        inline_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', "p", "d", "p-")


def test_a_drawing_with_a_document_type_or_another_root_is_refused() -> None:
    with pytest.raises(ValueError, match="document type"):
        inline_svg('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "p", "d", "p-")
    with pytest.raises(ValueError, match="begins with <html>"):
        inline_svg("<html/>", "p", "d", "p-")


def test_a_drawing_gets_its_own_ids_a_view_box_and_its_words() -> None:
    svg = inline_svg(SVG, "A & B", "rises <fast>", "p1-")
    root = ET.fromstring(svg)
    assert root.attrib["viewBox"] == "0 0 40 20"
    assert 'id="p1-a"' in svg
    assert 'href="#p1-a"' in svg
    assert [child.text for child in root][:2] == ["A & B", "rises <fast>"]


@given(st.text(max_size=60))
def test_visible_text_commands_no_terminal_and_is_settled(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert visible(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(("text", "name"), [("The backward tape", "the-backward-tape"), ("ŷ_i", "y-i"), ("Σ", "x"), ("", "x"), ('"><script>', "script")])
def test_an_anchor_is_letters_digits_and_hyphens(text: str, name: str) -> None:
    assert slug(text) == name


# ------------------------------------------------------------------------------------------------------------------------- files


def test_a_new_file_is_written_exactly_and_nothing_else_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "ŷ\nb\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "ŷ\nb\r\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with pytest.raises(FileExistsError, match=r"exists already; --force replaces it.*a\.txt"):
        write_text(path, "new")
    assert path.read_text() == "old"
    write_text(path, "new", force=True)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.txt"]


def test_force_writes_through_a_link_and_without_it_a_dangling_link_counts_as_taken(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(FileExistsError):
        write_text(tmp_path / "link", "x")
    write_text(tmp_path / "link", "x", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


@pytest.mark.parametrize(("name", "error"), [("", IsADirectoryError), ("no/such/a.txt", FileNotFoundError), ("a\0b", ValueError), ("x" * 300, OSError)])
@pytest.mark.parametrize("force", [False, True])
def test_a_place_that_holds_no_file_is_an_error_that_leaves_nothing(tmp_path: Path, name: str, error: type[Exception], force: bool) -> None:
    with pytest.raises(error):
        write_text(f"{tmp_path}/{name}", "x", force=force)
    assert os.listdir(tmp_path) == []


def test_a_device_is_never_replaced_by_a_file() -> None:
    with pytest.raises(OSError, match="no regular file"):
        write_text(os.devnull, "x", force=True)


def test_a_failure_on_the_way_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device\).*a\.txt"):
        write_text(path, "new", force=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_name_taken_in_the_last_moment_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sync = tmp_path / "a.txt", os.fsync

    def meanwhile(descriptor: int) -> None:
        sync(descriptor)
        path.write_text("somebody else's")

    monkeypatch.setattr(files.os, "fsync", meanwhile)
    with pytest.raises(FileExistsError):
        write_text(path, "new")
    assert path.read_text() == "somebody else's"


def test_a_file_system_without_hard_links_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(files.os, "link", none)
    write_bytes(tmp_path / "a.bin", b"\x00\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    with pytest.raises(FileExistsError):
        write_bytes(tmp_path / "a.bin", b"")
    assert os.listdir(tmp_path) == ["a.bin"]


# ----------------------------------------------------------------------------------------------------------------------- browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def browse(path: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--enable-logging=stderr", "--virtual-time-budget=3000"]
    return subprocess.run([str(CHROMIUM), *flags, *more, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=90, check=True)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_fits_a_phone_and_a_desk_without_a_word_on_the_console(tmp_path: Path) -> None:
    page = render(Page(WHOLE.title, (*WHOLE.blocks, Prose(("a long one: ", Formula(long_one()), " " + "m" * 400, Mono("m" * 400))), Code("m" * 400))), "html")
    (tmp_path / "page.html").write_text(page, "utf-8")
    assert "CONSOLE" not in browse(tmp_path / "page.html", tmp_path / "profile").stderr
    frames = "".join(f'<iframe style="width:{w}px;height:800px" srcdoc="{html.escape(page)}"></iframe>' for w in (360, 1280))
    roots = "[...document.querySelectorAll('iframe')].map(f => f.contentDocument.documentElement)"
    probe = f"onload = () => {{ document.title = {roots}.map(e => e.scrollWidth - e.clientWidth).join() }}"
    (tmp_path / "probe.html").write_text(f"<!DOCTYPE html><meta charset=utf-8><script>{probe}</script>{frames}", "utf-8")
    title = re.search(r"<title>(.*?)</title>", browse(tmp_path / "probe.html", tmp_path / "profile").stdout)
    assert title
    assert title[1] == "0,0"


def test_a_space_inside_bold_words_stays_between_them_and_what_follows_in_markdown() -> None:
    assert "**Slip:** sign" in render(Page(("t",), (Prose((Strong("Slip: "), "sign")),)), "markdown")


@pytest.mark.parametrize("kind", ["markdown", "latex"])
def test_a_relation_that_is_a_word_keeps_off_what_follows_in_tex(kind: str) -> None:
    page = Page(("t",), (Chain((Line(lay(u), lay(2 * x)), Line(None, lay(3 * x), "or"))),))
    assert r"\text{or}\  3 x" in render(page, kind)


def test_raised_digits_in_text_come_from_one_font_and_stay_the_same_text() -> None:
    page = render(Page(("t",), (Prose(("about 9.19 × 10⁻⁵, and (uⁿ)′ = n uⁿ⁻¹ u′ <b>",)),)), "html")
    assert '<span class="joined">9.19 × 10<span class="raised">⁻⁵</span></span>' in page
    assert "about 9.19 × 10⁻⁵, and (uⁿ)′ = n uⁿ⁻¹ u′ <b>" in Reader(page).text
    assert re.search(r'\.raised \{ font-family: "STIX Two Math"', page)
