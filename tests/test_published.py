"""The published documents: every step proved, every record replayed, and the same bytes whenever and wherever they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import Derivation, Step
from symgd.hessian import curvature
from symgd.published import documents
from symgd.records import replay
from symgd.stationary import closed_form

PUBLISHED = Path(__file__).parent.parent / "derivations"


@pytest.fixture(scope="module")
def written() -> dict[str, str | bytes]:
    return dict(documents())


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_folder_holds_exactly_what_is_written_now(written: dict[str, str | bytes]) -> None:
    kept = files(PUBLISHED)
    fresh = {name: text if isinstance(text, bytes) else text.encode() for name, text in written.items()}
    assert sorted(kept) == sorted(fresh)
    assert [name for name in fresh if kept[name] != fresh[name]] == [], "run `uv run symgd build` and look at what changed"


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_bytes_do_not_depend_on_the_seed_of_hashes(tmp_path: Path, seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-m", "symgd", "build", str(tmp_path / "out")], check=True, capture_output=True, timeout=200, env=environment)
    built, kept = files(tmp_path / "out"), files(PUBLISHED)
    assert [name for name in built if kept.get(name) != built[name]] == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_step_of_every_problem_is_proved(name: str) -> None:
    gradient = derive(problem(name))
    curve = curvature(gradient)
    found: tuple[Derivation, ...] = (*gradient.tape, *closed_form(gradient).steps, *(d for _, d in curve.entries), *curve.along)
    assert found
    assert [(d.name, s.rule, s.check.evidence) for d in found for s in steps(d) if s.check.verdict != "proved"] == []


def steps(d: Derivation) -> Iterator[Step]:
    yield from d.steps
    yield from d.in_full


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_record_replays(name: str) -> None:
    found = replay((PUBLISHED / name / f"{name}.json").read_text(encoding="utf-8"))
    assert len(found) > 20
    assert [(where, number) for where, number, check in found if check.verdict != "proved"] == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_document_names_a_machine_a_day_or_a_version(name: str) -> None:
    for path in (PUBLISHED / name).iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/home/|/root|/tmp|/work|\b20\d\d-\d\d-\d\d\b|Python 3|SymPy \d", text), path.name


def test_the_html_pages_share_one_font_and_ask_for_nothing_else() -> None:
    for path in PUBLISHED.glob("*/*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"url\(([^)]*)\)", text) == ['"../stix-two-math.woff2"']
        assert not re.search(r"<script|\bsrc=|<link|@import|https?://(?!www\.w3\.org/)", text)


def test_the_index_leads_to_every_page() -> None:
    index = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", index)
    assert {f"{name}/{name}.md" for name in CATALOGUE} <= set(links)
    assert [link for link in links if not (PUBLISHED / link).is_file()] == []


def test_markdown_uses_what_github_draws() -> None:
    for path in PUBLISHED.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        formulas = re.findall(r"```math\n(.*?)\n```|\$`(.*?)`\$", text, re.DOTALL)
        assert formulas
        for block, inline in formulas:
            formula = block or inline
            assert not re.search(r"\\operatorname|\\newcommand|\\href|<", formula), formula
            assert formula.count("{") - formula.count("\\{") == formula.count("}") - formula.count("\\}"), formula


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "logistic-log-loss"])
def test_the_latex_compiles_without_a_complaint(tmp_path: Path, name: str) -> None:
    words = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", f"-output-directory={tmp_path}"]
    for _ in range(2):
        done = subprocess.run([*words, str(PUBLISHED / name / f"{name}.tex")], capture_output=True, text=True, errors="replace", timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / f"{name}.log").read_text(errors="replace")
    assert not re.search(r"Missing character|undefined references|Overfull \\hbox \((?:[2-9]\d|\d{3,})", log), log
