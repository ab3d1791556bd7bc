"""Notebooks: valid, the same bytes for the same page, and run from top to bottom they print what is stored in them."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from symgd import cli
from symgd.api import explain
from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.course.folder import columns
from symgd.course.pages import page
from symgd.course.path import LESSONS
from symgd.document import to_notebook as room
from symgd.document.formats import render
from symgd.document.page import Box, Code, Folded, Heading, Page, Picture, Prose
from symgd.document.to_notebook import to_notebook
from symgd.numeric.function import compile_gradient
from symgd.numeric.tried import tried
from tests.pages import BLOCKS, SVG, WHOLE
from tests.test_course import course

RUNS = Code("print(1 + 1)", "python", "2\n")
DOT = b"\x89PNG\r\n\x1a\n"

# Each notebook is run in its own folder; what is printed replaces what was stored.
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
for path in sys.argv[1:]:
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, kernel_name="python3", timeout=60, resources={"metadata": {"path": path.rpartition("/")[0]}}).execute()
    nbformat.write(book, path)
"""


def cells(text: str, kind: str = "") -> list[dict[str, object]]:
    return [c for c in json.loads(text)["cells"] if kind in ("", c["cell_type"])]


def source(cell: dict[str, object]) -> str:
    return "".join(cell["source"])  # type: ignore[arg-type]


def printed(text: str) -> list[str]:
    """What each program prints."""
    return ["".join("".join(o["text"]) for o in c["outputs"]) for c in cells(text, "code")]  # type: ignore[attr-defined]


def alike(text: str) -> list[str]:
    """The words, each number to ten digits: the last ones depend on the processor's order of adding up."""
    return [f"{float(word):.10g}" if re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", word) else word for word in re.split(r"([^\w.+-]+)", text)]


# ---------------------------------------------------------------- what is in them


def test_a_program_whose_output_is_known_is_a_cell_with_that_output_and_other_code_is_shown() -> None:
    text = to_notebook(Page(("t",), (RUNS, Code("print(3)", "python"), Code("$ ls", "console", "a\n"), Code("x = 2", "python", ""))))
    assert [(source(c), p) for c, p in zip(cells(text, "code"), printed(text), strict=True)] == [("print(1 + 1)", "2\n"), ("x = 2", "")]
    assert "```python\nprint(3)\n```" in "".join(map(source, cells(text, "markdown")))
    assert [c["execution_count"] for c in cells(text, "code")] == [1, 2]


def test_a_fold_that_holds_a_program_is_opened_but_a_hint_and_an_answer_never() -> None:
    answer = Folded(("Answer",), (Prose(("Run it:",)), RUNS), "answer")
    text = to_notebook(Page(("t",), (Folded(("In full",), (Prose(("The program:",)), RUNS)), Box(("Exercise",), (answer,), "exercise"))))
    assert [source(c) for c in cells(text, "code")] == ["print(1 + 1)"]
    shown = "\n".join(map(source, cells(text, "markdown")))
    assert shown.count("<details>") == 1
    assert "**In full**" in shown
    assert re.search(r"<summary>Answer</summary>.*print\(1 \+ 1\).*</details>", shown, re.DOTALL)


def test_each_section_and_each_box_is_a_cell_of_its_own() -> None:
    blocks = (Prose(("a",)), Prose(("b",)), Heading(1, ("S",)), Prose(("c",)), Box(("B",), (Prose(("d",)),)), Prose(("e",)))
    assert [source(c) for c in cells(to_notebook(Page(("t",), blocks)))] == ["# t", "a\n\nb", "## S\n\nc", "**B**\n\nd", "e"]


def test_ids_are_the_places_of_the_cells_and_nothing_of_the_machine_is_in_it() -> None:
    book = json.loads(to_notebook(WHOLE))
    assert [c["id"] for c in book["cells"]] == [f"cell-{k}" for k in range(1, len(book["cells"]) + 1)]
    assert book["metadata"] == {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def test_a_picture_is_attached_to_its_cell_once_and_without_typst_its_description_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(SVG, "A line", "It rises.")
    drawn = Page((), (Box(("B",), (picture, Folded(("F",), (picture,)))), Heading(1, ("H",)), picture))
    monkeypatch.setattr(room, "png_if_any", lambda svg: DOT)
    found = cells(to_notebook(drawn))
    assert [list(c.get("attachments", {})) for c in found] == [["picture-1.png"], ["picture-1.png"]]  # type: ignore[call-overload]
    assert base64.b64decode(found[0]["attachments"]["picture-1.png"]["image/png"]) == DOT  # type: ignore[index]
    assert [source(c).count("![A line](attachment:picture-1.png)") for c in found] == [2, 1]
    monkeypatch.setattr(room, "png_if_any", lambda svg: None)
    without = to_notebook(drawn)
    assert "attachment" not in without
    assert without.count("**A line.** It rises.") == 3


@pytest.mark.parametrize("shown", [WHOLE, Page((), ()), Page(("t",), (BLOCKS["exercise"],))], ids=["whole", "empty", "exercise"])
def test_a_notebook_is_valid_and_written_as_nbformat_writes_it(shown: Page) -> None:
    text = str(render(shown, "notebook"))
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    assert nbformat.writes(book) + "\n" == text


def test_no_cell_holds_html_but_folds_and_guards() -> None:
    outside = re.sub(r"```.*?```|`[^`]+`", "", "\n".join(map(source, cells(to_notebook(WHOLE), "markdown"))), flags=re.DOTALL)
    assert set(re.findall(r"</?(\w+)", outside)) <= {"details", "summary", "span"}
    assert "<math" not in to_notebook(WHOLE)


# ---------------------------------------------------------------- the gradient, tried


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "network-5-hidden-mse"])
def test_the_gradient_of_every_problem_is_tried_on_numbers_and_agrees_with_what_is_measured(name: str) -> None:
    found = tried(compile_gradient(derive(problem(name))))
    assert found is not None
    length, measured = re.findall(r"length of the gradient (\S+) measured (\S+)", found[1])[0]
    assert float(length) == pytest.approx(float(measured), rel=2e-4)
    assert float(length) > 0


def test_a_gradient_that_no_try_can_compute_is_shown_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from symgd.forward import Problem

    never = Problem.from_text(["y_hat = w*x + b"], "log(-exp(y_hat - y))", "w b", "x y")
    assert tried(compile_gradient(derive(never))) is None

    def singular(*_: object) -> None:
        np.linalg.inv(np.zeros((2, 2)))

    f = compile_gradient(derive(problem("line-mse")))
    monkeypatch.setattr("symgd.numeric.tried.compile_source", singular)
    assert tried(f) is None


def test_names_of_the_problem_and_of_the_program_do_not_meet() -> None:
    from symgd.forward import Problem

    own = Problem.from_text(["value = slope*h + size"], "(value - s)^2", "slope size", "h s")
    found = tried(compile_gradient(derive(own)))
    assert found is not None
    assert "length of the gradient" in found[1]


# ---------------------------------------------------------------- run from top to bottom


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """(before, after) for each notebook that is run: derivations through the command line, a fit's report, lessons beside their data."""
    folder = tmp_path_factory.mktemp("notebooks")
    for name in ("line-mse", "softmax-cross-entropy"):
        assert cli.main(["derive", name, "--detail", "brief", "-o", str(folder / f"{name}.ipynb")]) == 0
    assert cli.main(["fit", "--report", str(folder / "fit.ipynb")]) == 0
    lesson = course()
    (folder / "data.csv").write_text(columns(lesson), "utf-8")
    for each in LESSONS:
        (folder / f"{each.slug}.ipynb").write_text(to_notebook(page(lesson, each)), "utf-8")
    paths = sorted(folder.glob("*.ipynb"))
    before = [p.read_text("utf-8") for p in paths]
    subprocess.run([sys.executable, "-c", EXECUTE, *map(str, paths)], check=True, timeout=480, capture_output=True)
    return {p.stem: (text, p.read_text("utf-8")) for p, text in zip(paths, before, strict=True)}


@pytest.mark.parametrize("name", ["line-mse", "softmax-cross-entropy", "fit", *(each.slug for each in LESSONS)])
def test_run_from_top_to_bottom_a_notebook_prints_what_is_stored_in_it(books: dict[str, tuple[str, str]], name: str) -> None:
    before, after = books[name]
    assert cells(before, "code")
    assert list(map(alike, printed(after))) == list(map(alike, printed(before)))
    assert name == "fit" or any(len(text) > 40 for text in printed(before))


def test_a_page_without_programs_is_a_notebook_without_cells_to_run() -> None:
    assert cells(to_notebook(explain(derive(problem("line-mse")))), "code") == []
