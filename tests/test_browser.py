"""Every page of the course and some derivations, looked at in Chromium: on a phone, a tablet and a screen, light and dark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.course.folder import files
from symgd.course.path import LESSONS
from symgd.document.formats import render
from symgd.document.to_html import FONT
from symgd.explained import page_of
from symgd.hessian import curvature
from symgd.stationary import closed_form
from tests.browser import Tab
from tests.test_playground import course

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
LOOKING, GLYPHS = (HERE.joinpath(name).read_text("utf-8") for name in ("looking.js", "glyphs.js"))
# axe would walk thousands of boxes that hold one letter each; for what it asks (colour, size, names about them) a formula is a word
FORMULAS_AS_WORDS = """;
for (const m of document.querySelectorAll("math")) m.replaceWith(Object.assign(document.createElement("i"), { textContent: m.textContent }));
true"""
CUT = r"[...document.querySelectorAll('svg text')].map(t => t.textContent).filter(t => /[^…\s]\s*…$/.test(t))"  # labels that ended for want of room
WIDTHS = (360, 768, 1280)
DERIVATIONS = ("line-mse", "line-ridge", "hinge", "softmax-cross-entropy", "network-1-hidden-mse")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course on the bundled example, written out."""
    where = tmp_path_factory.mktemp("course")
    write(where, files(course()))
    return where


def write(where: Path, contents: Iterable[tuple[str, str | bytes]]) -> None:
    for name, text in contents:
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def pages() -> list[str]:
    return ["index", "answers", "playground", *(lesson.slug for lesson in LESSONS), *(f"{name}/{name}" for name in DERIVATIONS)]


@pytest.fixture(params=pages(), ids=lambda stem: stem.rpartition("/")[2])
def path(request: pytest.FixtureRequest, folder: Path) -> Path:
    stem: str = request.param
    if name := stem.partition("/")[0] * ("/" in stem):
        gradient = derive(problem(name))
        write(folder, [(f"{stem}.html", render(page_of(gradient, closed_form(gradient), curvature(gradient)), "html", font=f"link:../{FONT}"))])
    return folder / f"{stem}.html"


def test_the_page_fits_is_legible_and_accessible(path: Path, tab: Tab) -> None:
    """At every width, light and dark: nothing sticks out or overlaps, every letter is there, the console is silent, axe finds nothing serious."""
    tab.look(width=WIDTHS[-1])
    tab.open(path)
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    wrong = [f"no glyph: {found}" for found in tab.evaluate(GLYPHS)]
    for width, dark in product(WIDTHS, (False, True)):
        tab.look(width=width, dark=dark)
        wrong += [f"{width} px: {found}" for found in (tab.evaluate(LOOKING) if not dark else [])]
    wrong += [f"cut off: {label}" for label in tab.evaluate(CUT)]
    tab.evaluate(axe_source() + FORMULAS_AS_WORDS)
    wrong += [f"axe, dark: {found}" for found in axe(tab, ("color-contrast",))]
    tab.look(width=WIDTHS[0])
    wrong += [f"axe, light: {found}" for found in axe(tab)]
    assert wrong == []
    assert tab.complaints == []
    assert [r for r in tab.requests if not r.startswith("file://") or not r.endswith(".woff2")] == []


def axe_source() -> str:
    """Deque's axe-core, as a package that bundles it brings it; the package itself, which would start a browser of its own, is not imported."""
    found = find_spec("axe_playwright_python")
    assert found is not None, "axe-core comes with the dependency group dev"
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0], "axe.min.js").read_text("utf-8")


def axe(tab: Tab, rules: Sequence[str] = ()) -> list[str]:
    """The serious and critical findings: rule, what it asks, where."""
    options = {"resultTypes": ["violations"], "elementRef": False} | ({"runOnly": list(rules)} if rules else {})
    found = tab.evaluate(f"axe.run(document, {json.dumps(options)}).then(r => r.violations)")
    return [f"{v['id']}: {v['help']}: {node['html'][:160]}" for v in found if v["impact"] in ("serious", "critical") for node in v["nodes"]]


# ------------------------------------------------------------------------------------------------------- the checks themselves see

BROKEN = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>broken</title><body style="margin:0"><main><h1>Broken</h1>
<svg width="300" height="60" role="img" aria-label="two words"><text x="5" y="30" font-size="16">one word</text>
<text x="30" y="33" font-size="16">another</text></svg>
<div class="line"><div class="sides"><div><math><mi>x</mi></math></div><div style="margin-top:-1.2em"><math><mi>y</mi></math></div></div></div>
<p style="color:#aaa;background:#fff">pale</p><p>\u0379</p><div style="width:1400px">wide</div></main></body></html>"""


def test_what_sticks_out_overlaps_is_pale_or_has_no_glyph_is_found(tmp_path: Path, tab: Tab) -> None:
    (tmp_path / "broken.html").write_text(BROKEN, "utf-8")
    tab.look(width=360)
    tab.open(tmp_path / "broken.html")
    found = tab.evaluate(LOOKING)
    assert any("1400 wide in a window of 360" in said for said in found), found
    assert any("one word" in said and "another" in said and "overlap" in said for said in found), found
    assert any("<math> “x” and <math> “y” overlap" in said for said in found), found
    assert len(tab.evaluate(GLYPHS)) == 1
    tab.evaluate(axe_source() + "; true")
    assert any(said.startswith("color-contrast") for said in axe(tab))


def test_formulas_are_drawn_in_the_font_that_the_page_brings(folder: Path, tab: Tab) -> None:
    tab.look()
    tab.open(folder / "line.html")
    assert set(tab.fonts("math mi")) == {"STIX Two Math"}
