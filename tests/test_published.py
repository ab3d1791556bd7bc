"""The published documents: every step proved, every record replayed, and the same bytes whenever and wherever they are written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symgd.catalogue import CATALOGUE
from symgd.published import GROUPS, documents
from symgd.records import replay

PUBLISHED = Path(__file__).parent.parent / "derivations"
QUICK = ("line-mse", "logistic-log-loss", "network-1-hidden-mse")


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
def test_the_bytes_do_not_depend_on_the_seed_of_hashes(seed: str) -> None:
    code = "import sys, json, symgd.published as p; print(json.dumps([c for n, c in p.documents(sys.argv[1:]) if isinstance(c, str) and n != 'README.md']))"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code, *QUICK], check=True, capture_output=True, encoding="utf-8", timeout=100, env=environment)
    kept = {(PUBLISHED / name / f"{name}{suffix}").read_text(encoding="utf-8") for name in QUICK for suffix in (".md", ".tex", ".html", ".json")}
    assert kept <= set(json.loads(done.stdout))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_record_replays_and_every_step_of_it_is_proved(name: str) -> None:
    found = replay((PUBLISHED / name / f"{name}.json").read_text(encoding="utf-8"))
    assert len(found) > 20
    assert [(where, number) for where, number, check in found if check.verdict != "proved"] == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_document_names_a_machine_a_day_or_a_version(name: str) -> None:
    for path in (PUBLISHED / name).iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/home/|/root|/tmp|/work|\b20\d\d-\d\d-\d\d\b|Python 3|SymPy \d", text), path.name


def test_every_character_of_the_latex_has_its_command() -> None:
    assert [path.name for path in PUBLISHED.glob("*/*.tex") if "[U+" in path.read_text(encoding="utf-8").replace("{[}", "[")] == []


def test_the_html_pages_share_one_font_and_ask_for_nothing_else() -> None:
    for path in PUBLISHED.glob("*/*.html"):
        if path.name == "playground.html":  # a page with a script of its own: test_playground looks at what it asks for
            continue
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"url\(([^)]*)\)", text) == ['"../stix-two-math.woff2"']
        assert not re.search(r"<script|\bsrc=|<link|@import|https?://(?!www\.w3\.org/)", text)


def test_the_index_leads_to_every_page() -> None:
    index = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", index)
    assert {f"{name}/{name}.md" for name in CATALOGUE} <= set(links)
    assert [link for link in links if not (PUBLISHED / link).is_file()] == []
    assert re.findall(r"^## (.+)$", index, re.MULTILINE) == list(GROUPS)


def test_the_pictures_of_a_network_lie_beside_its_markdown() -> None:
    for name in CATALOGUE:
        text = (PUBLISHED / name / f"{name}.md").read_text(encoding="utf-8")
        linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
        assert [p.name for p in sorted((PUBLISHED / name).glob("*.svg"))] == [path.removeprefix("./") for path in linked]
        assert len(linked) == (3 if name.startswith("network") else 0)


def test_markdown_uses_what_github_draws() -> None:
    for path in PUBLISHED.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^> ?", "", text, flags=re.MULTILINE)  # what stands in a frame is quoted
        formulas = re.findall(r"```math\n(.*?)\n```|\$`(.*?)`\$", text, re.DOTALL)
        assert formulas or "$" not in text
        for block, inline in formulas:
            formula = block or inline
            assert not re.search(r"\\operatorname|\\newcommand|\\href|<", formula), formula
            assert formula.count("{") - formula.count("\\{") == formula.count("}") - formula.count("\\}"), formula


def test_pages_of_networks_have_their_pictures_and_no_page_is_endless() -> None:
    for name in CATALOGUE:
        text = (PUBLISHED / name / f"{name}.html").read_text(encoding="utf-8")
        assert text.count("<svg") == (3 if name.startswith("network") else 0), name
        assert len(text) < 600_000, name


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "logistic-log-loss", "softmax-cross-entropy", "network-2-hidden-softmax", "network-5-hidden-mse"])
def test_the_latex_compiles_without_a_complaint(tmp_path: Path, name: str) -> None:
    words = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", f"-output-directory={tmp_path}"]
    for _ in range(2):
        done = subprocess.run([*words, str(PUBLISHED / name / f"{name}.tex")], capture_output=True, text=True, errors="replace", timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / f"{name}.log").read_text(errors="replace")
    assert not re.search(r"Missing character|undefined references|Overfull \\hbox \((?:[5-9]|\d\d)", log), log
