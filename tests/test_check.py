"""`symgd check` and `symgd.check` as users type them: what is printed and written, the exit status, JSON, folders, what is refused."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import symgd
from symgd import checking
from symgd.catalogue import UnknownProblem
from symgd.cli import main
from symgd.document.formats import FORMATS, TEXTS, render
from symgd.document.page import Link, Page, Prose
from symgd.document.plain import width
from symgd.handcalc.jobs import Reference, as_texts, from_data, to_data
from symgd.handcalc.show import MARKS, to_lines
from symgd.handcalc.verdict import ORDER, Finding, Slip, Verdict, Written
from symgd.worker import Answer, Worker

RIGHT = "f(x) = x^2\nf'(x) = 2x\n"
WRONG = "f(x) = x^2\nf'(x) = 2x^2\n"
LINE = r"""\documentclass{article}
\begin{document}
Our prediction is a line: $\hat y_i = w x_i + b$. The residual is $u_i = \hat y_i - y_i$ and the loss
\[ L = \frac{1}{n}\sum_{i=1}^n u_i^2 . \]
\begin{align}
\frac{\partial L}{\partial w} &= \frac{2}{n}\sum_i u_i x_i \\
\frac{\partial L}{\partial b} &= \frac{2}{n}\sum_i u_i x_i \\
 &= \frac{2}{n}\sum_i (w x_i + b - y_i) x_i
\end{align}
\end{document}
"""
UNREAD = "$$\\heartsuit + x = \\spadesuit$$\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """symgd check WORDS… in an empty folder: (exit status, stdout, stderr)"""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str, stdin: str | bytes = b"") -> tuple[int, str, str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        status: Any = None
        try:
            status = main(["check", *words])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return typed


def put(name: str, text: str | bytes) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


def rows_of(out: str) -> list[list[str]]:
    """[mark, number, verdict, text] of each line of the table."""
    rows = [row.split(maxsplit=3) for row in out.splitlines() if row.startswith("  ")]
    return [row for row in rows if row and row[0] in MARKS.values()]


# ---------------------------------------------------------------- a file, for a person


def test_a_wrong_line_is_shown_first_with_place_slip_correction_and_numbers(run: Run) -> None:
    status, out, err = run(put("hand.tex", LINE))
    rows = out.splitlines()
    assert (status, err) == (1, "")
    assert rows[0].startswith("error[wrong]: line 5: ")
    assert rows[1].strip() == "--> hand.tex:7:34"
    assert rows[3] == r"7 | \frac{\partial L}{\partial b} &= \frac{2}{n}\sum_i u_i x_i"
    assert rows[4] == "  |" + " " * 34 + "^" * len(r"\frac{2}{n}\sum_i u_i x_i")
    assert "= slip: wrong-parameter. " in out
    assert r"= correct: \frac{\partial L}{\partial b} = \frac{2}{n} \sum_i u_i" in out
    assert "left side is" in out.replace("\n    ", " ")
    assert "The first mistake is in line 5 (line 7 of the text)." in out


def test_every_line_has_its_mark_number_verdict_and_text(run: Run) -> None:
    rows = rows_of(run(put("hand.tex", LINE))[1])
    verdicts = ["given", "given", "given", "right", "wrong", "carried"]
    assert [row[:3] for row in rows] == [[MARKS[v], str(k), v] for k, v in enumerate(verdicts, 1)]
    assert rows[2][3] == r"L = \frac{1}{n}\sum_{i=1}^n u_i^2"


def test_a_text_from_standard_input_has_a_place_too(run: Run) -> None:
    assert "--> standard input:2:9" in run("-", "--report", "out.md", stdin=WRONG)[1]
    assert Path("out.md").read_text("utf-8").startswith("# The working, line by line\n")


def test_what_was_assumed_is_said_aloud(run: Run) -> None:
    status, out, _ = run("-", stdin="dL/dw = (2/n) Σ x(ŷ − y)\n")
    assert status == 0
    assert out.index("assumed ") < out.index("L is the mean of (y_hat - y)^2") < out.index("Everything here is right.")


def test_nothing_on_a_terminal_is_wider_than_80_columns(run: Run) -> None:
    long = WRONG + "g(x) = " + " + ".join(f"(x + {k})^2" for k in range(12)) + "\ng'(x) = " + " + ".join(f"2(x + {k})^2" for k in range(12)) + "\n"
    status, out, _ = run(put("a-name-that-is-long-" * 6 + ".txt", long))
    assert status == 1
    assert max(width(row) for row in out.splitlines()) <= 80
    assert out.count("error[wrong]") == 2
    shown = "".join(row.partition("| ")[2] for row in out.splitlines() if row.startswith(("4 | ", "  | ")) and "^^" not in row)
    assert long.splitlines()[3].replace(" ", "") in shown.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        (RIGHT, "Everything here is right."),
        ("f(x) = x^2\n", "There are only definitions here: nothing to judge."),
        ("", "No line of mathematics was found."),
        (UNREAD, "This could not be read."),
        (f"$$f(x) = x^2$$\n\n$$f'(x) = 2x$$\n\n{UNREAD}", "No mistake was found. One line could not be read."),
        (WRONG, "The first mistake is in line 2."),
        ("\n\n" + WRONG, "The first mistake is in line 2 (line 4 of the text)."),
    ],
)
def test_the_last_sentence_sums_up(run: Run, text: str, closing: str) -> None:
    assert run("-", stdin=text)[1].splitlines()[-1] == closing


def test_a_reason_that_many_lines_share_is_said_once() -> None:
    lines = [Finding(Written(k, k, 1, f"a = {k}", "ascii"), "undecided", "no time") for k in (1, 2, 3)]
    assert "\n".join(to_lines(Verdict(None, (), (), tuple(lines)))).count("no time") == 1


def test_what_commands_a_screen_is_drawn(run: Run) -> None:
    out = run(put("a\x1b[31m.md", "$$f(x) = x$$\n\n$$f'(x) = 2 \x1b[2J \x07 \u202e$$\n\n$$f'(x) = 3$$\n"))[1]
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "␛" in out


# ---------------------------------------------------------------- the kinds of files


NOTEBOOK = json.dumps({"nbformat": 4, "cells": [
    {"cell_type": "markdown", "source": ["Let $f(x) = x^2$.\n", "\n", "$$f'(x) = 2x$$"]}, {"cell_type": "code", "source": ["a = wrong"]},
]})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tex", "\\begin{document}\n\\[ f(x) = x^2 \\]\nprose, a = b\n\\[ f'(x) = 2x \\]\n\\end{document}\n"),
        ("a.md", "# Title\n\nLet $f(x) = x^2$.\n\n```math\nf'(x) = 2x\n```\n"),
        ("a.txt", RIGHT),
        ("a.py", "import os\n# f(x) = x^2\n# f'(x) = 2x\nos.system('exit 1')\n"),
        ("a.ipynb", NOTEBOOK),
        ("b.md", "\ufeff$f(x) = x^2$\r\n\r\n$f'(x) = 2x$\r\n"),
    ],
)
def test_a_file_is_read_as_its_suffix_says(run: Run, name: str, text: str) -> None:
    status, out, _ = run(put(name, text), "--json")
    assert (status, [line["verdict"] for line in json.loads(out)["lines"]]) == (0, ["given", "right"])


# ---------------------------------------------------------------- for machines


def shape(data: Any) -> None:
    """What is promised of the JSON of one working."""
    text = (str, type(None))
    assert set(data) >= {"problem", "definitions", "assumed", "lines", "first_wrong"}
    assert isinstance(data["problem"], text)
    assert all(isinstance(t, str) for t in [*data["definitions"], *data["assumed"]])
    assert [line["number"] for line in data["lines"]] == [*range(1, len(data["lines"]) + 1)]
    for line in data["lines"]:
        assert set(line) >= {"number", "at", "text", "verdict", "says", "slip", "factor", "expected", "counterexample", "steps"}
        assert set(line["at"]) == {"line", "column"}
        assert line["verdict"] in ORDER
        assert isinstance(line["says"], str)
        assert line["slip"] is None or (set(line["slip"]) == {"name", "says"} and line["verdict"] == "wrong")
        assert isinstance(line["factor"], text)
        assert isinstance(line["expected"], text)
        assert line["counterexample"] is None or isinstance(line["counterexample"], dict)
        assert all(set(s) >= {"text", "verdict"} and s["verdict"] in ORDER for s in line["steps"])
        assert not line["steps"] or line["verdict"] == max((s["verdict"] for s in line["steps"]), key=ORDER.index)
    assert data["first_wrong"] == next((line["number"] for line in data["lines"] if line["verdict"] == "wrong"), None)


def test_the_json_is_as_promised(run: Run) -> None:
    status, out, err = run(put("hand.tex", LINE + UNREAD), "--json")
    data = json.loads(out)
    shape(data)
    assert (status, err, data["problem"], data["first_wrong"]) == (1, "", None, 5)
    assert data["definitions"] == ["y_hat_i = w*x_i + b", "u_i = y_hat_i - y_i", "L = 1/n*sum_i(u_i^2)"]
    wrong, unread = data["lines"][4], data["lines"][6]
    assert wrong["at"] == {"line": 7, "column": 1}
    assert wrong["slip"]["name"] == "wrong-parameter"
    assert {"left", "right", "w"} <= set(wrong["counterexample"])
    assert wrong["counterexample"]["left"] != wrong["counterexample"]["right"]
    assert (unread["verdict"], unread["slip"], unread["expected"]) == ("unread", None, None)


def test_each_member_of_a_chain_has_a_verdict(run: Run) -> None:
    data = json.loads(run("-", "--json", stdin="f(x) = (x + 1)^2 = x^2 + 2x + 1 = x^2 + 3x + 1\n")[1])
    shape(data)
    assert [s["verdict"] for s in data["lines"][0]["steps"]] == ["given", "right", "wrong"]


def test_the_same_text_gives_the_same_bytes_and_the_asking_process_needs_no_sympy(run: Run) -> None:
    """Another process, another seed of the hashes."""
    here = run("-", "--json", stdin=LINE)[1]
    code = "import sys; from symgd.cli import main; main(['check', '-', '--json']); print('sympy' in sys.modules, 'numpy' in sys.modules, file=sys.stderr)"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], input=LINE, capture_output=True, encoding="utf-8", timeout=60, check=True, env=environment)
    assert (done.stdout, done.stderr) == (here, "False False\n")


# ---------------------------------------------------------------- what it is judged against


def test_a_problem_of_the_catalogue_is_the_reference(run: Run) -> None:
    status, out, _ = run("-", "--problem", "line-mse", "--json", stdin="dL/db = (2/n) Σ (ŷ − y)\n\ndL/dw = (2/n) Σ (ŷ − y)\n")
    data = json.loads(out)
    assert (status, data["problem"], [line["verdict"] for line in data["lines"]]) == (1, "line-mse", ["right", "wrong"])


TOML = 'title = "Mine"\nparameters = ["w"]\ndata = ["x", "y"]\nlet = ["u = w*x - y"]\nloss = "u^4"\n'


@pytest.mark.parametrize(
    "words",
    [
        ("--problem", "mine.toml"),
        ("--let", "u = w*x - y", "--loss", "u^4", "--wrt", "w"),
        ("--objective", "mean((w*x - y)^4)", "--wrt", "w", "--data", "x,y"),
    ],
)
def test_the_reference_can_be_stated(run: Run, words: tuple[str, ...]) -> None:
    put("mine.toml", TOML)
    assert run("-", *words, stdin="dL/dw = (4/n) Σ x (w x − y)^3\n")[0] == 0
    assert run("-", *words, stdin="dL/dw = (2/n) Σ x (w x − y)\n")[0] == 1


def test_definitions_that_the_writer_leaves_out_can_be_given(run: Run) -> None:
    text = "L = (y_hat - y)^2\n\ndL/dw = 2 (y_hat - y) x^2\n"
    assert run("-", "--let", "y_hat = w*x^2 + b", stdin=text)[0] == 0
    assert run("-", "--let", "y_hat = w*x + b", stdin=text)[0] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--problem", "line-mze"), "did you mean line-mse"),
        (("--problem", "nowhere.toml"), "nowhere.toml"),
        (("--problem", "line-mse", "--loss", "u^2"), "not both"),
        (("--let", "y_hat = = w"), "error[unread]"),
        (("--let", "w + b"), "this is no definition"),
        (("--wrt", "w"), "belong to a --loss"),
        (("--loss", "u^2"), "error"),
        (("--seconds", "0"), "--seconds"),
        (("--seconds", "nan"), "--seconds"),
        (("--seconds", "soon"), "--seconds"),
        (("--report", "out.docx"), "names no format"),
        (("--report", "nowhere/out.html"), "no such directory"),
        (("--report", "there.md"), "--force"),
        (("--frobnicate",), "unrecognized"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, words: tuple[str, ...], message: str) -> None:
    put("there.md", "mine")
    status, out, err = run(put("a.txt", RIGHT), *words)
    assert (status, out) == (2, "")
    assert message in err
    assert Path("there.md").read_text() == "mine"
    assert sorted(os.listdir()) == ["a.txt", "there.md"]


# ---------------------------------------------------------------- exit statuses


@pytest.mark.parametrize(
    ("text", "status", "strict"),
    [
        (RIGHT, 0, 0), (WRONG, 1, 1), ("", 2, 2), (UNREAD, 2, 2), (f"$$f(x) = x^2$$\n\n{UNREAD}", 0, 3), (f"$$f(x) = x$$\n\n$$f'(x) = 2$$\n\n{UNREAD}", 1, 1),
    ],
)  # fmt: skip
def test_the_exit_status_says_the_answer(run: Run, text: str, status: int, strict: int) -> None:
    assert (run("-", stdin=text)[0], run("-", "--strict", stdin=text)[0]) == (status, strict)


# ---------------------------------------------------------------- input that cannot be read


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"\x00\x01\x02", "a binary file"),
        ("a.txt", RIGHT.encode("utf-16"), "UTF-16"),
        ("a.txt", b"f(x) = x\nf'(x) = \xff\n", "line 2 is no UTF-8 (byte 18)"),
        ("a.txt", b"x" * 5_000_001, "more than 5 MB"),
        ("a.ipynb", b'{"cells": 3', "not a notebook"),
        ("a.ipynb", b"[" * 100_000, "notebook"),
        ("gone.txt", None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(run: Run, name: str, data: bytes | None, message: str) -> None:
    status, out, err = run(put(name, data) if data is not None else name)
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {name}: ")
    assert message in err


def test_a_pipe_is_not_waited_for(run: Run) -> None:
    os.mkfifo("pipe.txt")
    assert run("pipe.txt") == (2, "", "error: pipe.txt: no regular file\n")


@pytest.mark.parametrize(
    "text",
    [
        "$$L = " + "(" * 10_000 + "x" + ")" * 10_000 + "$$", "$$a = 9^{9^{9^9}} = 3$$", "$$" + r"\frac{1}{" * 5_000 + "$$", r"\begin{align}" * 2_000,
        "$$a = " + r"\sin(" * 200 + "x" + ")" * 200 + "$$", "$$__import__('os').system('touch pwned') = 1$$", "$$a = \ufffd \u0000 \u202e$$".replace("\0", ""),
    ],
)  # fmt: skip
def test_a_hostile_line_leaves_the_others_their_verdicts(run: Run, text: str) -> None:
    status, out, _ = run("-", "--json", stdin=f"$$f(x) = x^2$$\n\n$$f'(x) = 2x$$\n\n{text}\n\n$$f'(x) = 3x$$\n")
    verdicts = [line["verdict"] for line in json.loads(out)["lines"]]
    assert (status, verdicts[:2], verdicts[-1]) == (1, ["given", "right"], "wrong")
    assert os.listdir() == []


def test_where_time_runs_out_the_lines_not_reached_are_undecided_never_wrong(run: Run) -> None:
    status, out, _ = run("-", "--seconds", "0.4", "--json", stdin="$$f(x) = x^2$$\n\n" + "$$f'(x) = 2x$$\n\n" * 1_500)
    verdicts = [line["verdict"] for line in json.loads(out)["lines"]]
    assert (status, len(verdicts), verdicts[-1]) == (0, 1_501, "undecided")
    assert {*verdicts} <= {"given", "right", "undecided"}
    assert "not decided within 0.4 seconds" in out
    assert run("-", stdin=RIGHT)[0] == 0  # and the next text is judged as ever


class Ends(Worker):
    """A process that ends early."""

    def __init__(self, ended: str) -> None:
        super().__init__()
        self.ended = ended

    def ask(self, job: str, *data: Any, seconds: float = 2.0) -> Answer:
        return Answer(None, self.ended)


@pytest.mark.parametrize(("ended", "says"), [("time", "not decided within 2 seconds"), ("memory", "memory limit"), ("died", "process that judged it ended")])
def test_a_process_that_ends_early_leaves_everything_undecided(ended: str, says: str) -> None:
    found = checking.check_text(WRONG, Reference(), 2, "a.txt", "html", "none", Ends(ended))
    assert found.verdict
    assert [f.verdict for f in found.verdict.findings] == ["undecided"]
    assert says in found.trouble
    assert says in found.report
    assert (checking.status([found], strict=False), checking.status([found], strict=True)) == (0, 3)


def test_where_no_process_starts_the_command_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Worker("symgd.nowhere:JOBS") as none:
        monkeypatch.setattr(checking, "_shared", none)
        put("class/a.txt", RIGHT)
        for path in ("-", "class"):
            assert run(path, stdin=RIGHT) == (2, "", "error: the worker process does not start\n")


# ---------------------------------------------------------------- reports


class Reader(html.parser.HTMLParser):
    """The tags of a document, its links, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links, self.words = set[str](), list[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [v or "" for k, v in attrs if k in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("suffix", [FORMATS[name].suffix for name in TEXTS])
def test_a_report_holds_the_mistake_every_line_and_what_was_defined(run: Run, suffix: str) -> None:
    plain = run(put("hand.tex", LINE))[1]
    assert run("hand.tex", "--report", f"out{suffix}") == (1, plain, f"wrote out{suffix}\n")
    out = Path(f"out{suffix}").read_text("utf-8")
    text = "".join(Reader(out).words) if suffix == ".html" else out.replace("{-}", "-").replace(r"\textasciicircum{}", "^")
    for word in ("The first mistake: line 5", "wrong-parameter", "^^^^", "Line by line", "carried", "In numbers", "What was defined"):
        assert word in text, word
    assert text.index("The first mistake: line 5") < text.index("Line by line")


def test_a_report_is_replaced_only_by_force(run: Run) -> None:
    put("hand.tex", LINE)
    put("out.md", "mine")
    assert run("hand.tex", "--report", "out.md")[0] == 2
    assert Path("out.md").read_text() == "mine"
    assert run("hand.tex", "--report", "out.md", "--force")[0] == 1
    assert "wrong-parameter" in Path("out.md").read_text("utf-8")


def test_a_hostile_text_stays_text_in_the_report(run: Run) -> None:
    put("<img src=x>.md", "$$<script>alert(1)</script> = x$$\n\n`y = <b>1</b>`\n\n$$f(x) = x$$\n\n$$f'(x) = 2$$\n")
    assert run("<img src=x>.md", "--report", "out.html")[0] == 1
    reader = Reader(Path("out.html").read_text("utf-8"))
    assert not {"script", "img", "b"} & reader.tags
    assert all(link.startswith("#") for link in reader.links)
    assert "<img src=x>.md" in "".join(reader.words)


# ---------------------------------------------------------------- a folder


@pytest.fixture
def folder(run: Run) -> str:
    """Submissions: good, bad and hostile."""
    put("secret.txt", WRONG)
    for name, data in {
        "anna.tex": LINE, "ben.md": "$f(x) = x^2$ and $f'(x) = 2x$\n", "sub/carla.txt": RIGHT, "=dan.txt": WRONG, "[e](f)<g>.txt": RIGHT,
        "empty.md": "", "binary.txt": b"\x00\xff", "utf16.txt": RIGHT.encode("utf-16"), "bad.ipynb": "{", "unread.md": UNREAD, "photo.jpg": b"\xff\xd8",
        ".hidden.txt": WRONG, ".git/x.txt": WRONG,
    }.items():  # fmt: skip
        put(f"class/{name}", data)
    os.symlink("../secret.txt", "class/link.txt")
    os.symlink("..", "class/up")
    os.mkfifo("class/pipe.txt")
    return "class"


def table(path: str) -> dict[str, dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as rows:
        return {row["file"]: row for row in csv.DictReader(rows)}


def test_a_folder_gets_a_table_a_csv_and_a_report_for_each(run: Run, folder: str) -> None:
    status, out, err = run(folder, "--report", "reports")
    assert (status, err) == (1, "wrote reports/summary.html\n")
    assert max(map(width, out.splitlines())) <= 80
    assert "first mistake in line 5: wrong-parameter" in out
    assert out.splitlines()[-1] == "10 files: 2 with a mistake, 3 without one, 5 not judged."
    rows = table("reports/summary.csv")
    assert {name: row["first_wrong"] for name, row in rows.items() if row["wrong"] not in ("", "0")} == {"anna.tex": "5", "'=dan.txt": "2"}
    assert rows["binary.txt"]["says"] == "a binary file"
    assert rows["link.txt"]["says"].startswith("skipped: a symbolic link")
    links = {unquote(link) for link in Reader(Path("reports/summary.html").read_text("utf-8")).links}
    assert links == {f"./{p.relative_to('reports').as_posix()}" for p in Path("reports").rglob("*.html")} - {"./summary.html"}
    assert {"./anna.tex.html", "./sub/carla.txt.html", "./[e](f)<g>.txt.html"} < links


def test_links_hidden_files_and_pipes_are_not_read(run: Run, folder: str) -> None:
    data = json.loads(run(folder, "--json")[1])
    assert {s["file"]: s["why"].partition(";")[0] for s in data["skipped"]} == {
        "link.txt": "a symbolic link", "up": "a symbolic link", "pipe.txt": "no regular file", "photo.jpg": "a kind of file that is not read",
    }  # fmt: skip
    assert len(data["files"]) == 10
    assert not [f["file"] for f in data["files"] if any(word in f["file"] for word in ("secret", "hidden", ".git", "link", "up/"))]
    judged = [f for f in data["files"] if f["trouble"] is None]
    assert len(judged) == 7
    for file in judged:
        shape(file)


def test_the_reports_of_a_folder_are_not_judged_when_it_is_checked_again(run: Run, folder: str) -> None:
    first = run(folder, "--report", "class/out.md")
    assert Path("class/out/anna.tex.md").is_file()
    assert first == run(folder, "--report", "class/out.md", "--force")


def test_nothing_in_a_folder_is_replaced_without_force(run: Run, folder: str) -> None:
    put("reports/anna.tex.html", "mine")
    status, _, err = run(folder, "--report", "reports")
    assert status == 1
    assert "anna.tex: its report was not written" in err
    assert Path("reports/anna.tex.html").read_text() == "mine"
    assert Path("reports/ben.md.html").is_file()
    kept = Path("reports/summary.csv").read_bytes()
    assert run(folder, "--report", "reports")[0] == 2
    assert Path("reports/summary.csv").read_bytes() == kept
    assert run(folder, "--report", "reports", "--force")[0] == 1
    assert Path("reports/anna.tex.html").read_text() != "mine"


def test_a_folder_without_anything_to_judge_is_status_2(run: Run) -> None:
    os.mkdir("empty")
    assert run("empty") == (2, "There is no file to judge here.\n", "")


def test_two_processes_judge_many_files_in_order(run: Run) -> None:
    wrong = {f"{k:02}.txt" for k in range(0, 45, 7)}
    for k in range(45):
        put(f"class/{k:02}.txt", WRONG if f"{k:02}.txt" in wrong else RIGHT)
    status, out, _ = run("class", "--json", "--problem", "line-mse")
    files = json.loads(out)["files"]
    assert status == 1
    assert [f["file"] for f in files] == [f"{k:02}.txt" for k in range(45)]
    assert {f["file"] for f in files if f["first_wrong"]} == wrong
    assert {f["problem"] for f in files} == {"line-mse"}


def test_a_link_leads_to_a_file_and_nowhere_else() -> None:
    page = Page(("p",), (Prose((Link("words", '//evil.example/javascript:alert(1)"><b>'),)),))
    assert Reader(render(page, "html")).links == ["./evil.example/javascript%3Aalert%281%29%22%3E%3Cb%3E"]
    assert "[words](./evil.example/javascript%3Aalert%281%29%22%3E%3Cb%3E)" in render(page, "markdown")
    assert "words" in render(page, "text")
    assert r"\texttt{words}" in render(page, "latex")


# ---------------------------------------------------------------- the Python name


def test_the_python_name_gives_a_verdict_that_shows_itself() -> None:
    verdict: Any = symgd.check(LINE)
    assert verdict.first_wrong == 5
    shape(json.loads(verdict.to_json()))
    assert [f.verdict for f in verdict.findings] == ["given", "given", "given", "right", "wrong", "carried"]
    assert "The first mistake is in line 5" in repr(verdict)
    assert set(verdict._repr_mimebundle_()) >= {"text/plain", "text/markdown"}


def test_the_python_name_takes_a_problem_by_name_or_whole_and_definitions() -> None:
    text = "dL/db = (2/n) Σ (ŷ − y)\n\ndL/dw = (2/n) Σ (ŷ − y)\n"
    mine = symgd.Problem.from_text(["u = w*x - y"], "u^4", "w", "x y")
    assert symgd.check(text, "line-mse").first_wrong == 2
    assert symgd.check(text, symgd.problem("line-mse")).problem == "line-mse"
    assert symgd.check("dL/dw = (4/n) Σ x (w x − y)^3", mine).first_wrong is None
    assert symgd.check("dL/dw = (2/n) Σ x (w x − y)", mine).first_wrong == 1
    assert symgd.check(NOTEBOOK, name="a.ipynb").first_wrong is None
    assert symgd.check("dL/dw = 2 (y_hat - y) x^2", let=["y_hat = w*x^2 + b", "L = (y_hat - y)^2"]).first_wrong is None


def test_threads_get_the_verdicts_on_their_own_texts() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: symgd.check(f"f(x) = x^{k}\nf'(x) = {k} x^{k - 1 if k % 2 else k}\n").first_wrong, range(2, 26)))
    assert found == [None if k % 2 else 2 for k in range(2, 26)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": RIGHT, "problem": "line-mze"}, UnknownProblem), ({"text": RIGHT, "let": ["= ="]}, ValueError), ({"text": "x" * 5_000_001}, ValueError),
        ({"text": "{", "name": "a.ipynb"}, ValueError),
    ],
)  # fmt: skip
def test_the_python_name_refuses_what_cannot_be_used(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        symgd.check(**arguments)


def test_a_verdict_crosses_a_pipe_whole() -> None:
    line = Written(1, 2, 3, "a = b", "ascii", True, "so")
    verdict = Verdict("line-mse", ("a = 1",), ("b = 2",), (Finding(line, "wrong", "no", (Slip("sign", "s"),), "2", "a = c", (("left", "1"), ("right", "2"))),))
    assert from_data(json.loads(json.dumps(to_data(verdict)))) == verdict


@pytest.mark.parametrize("name", ["line-mse", "line-ridge", "line-mae"])
def test_a_problem_of_the_catalogue_is_handed_over_by_name(name: str) -> None:
    assert as_texts(symgd.problem(name)) == Reference(name=name)


@pytest.mark.parametrize(
    "line", ["dL/dw = ______", "    dL/dw = ___  ", "- dL/dw = _____", r"$\frac{dL}{dw} = \_\_\_\_$", r"$$\frac{dL}{dw} = \_ \_ \_$$"],
)  # fmt: skip
def test_a_blank_that_nobody_filled_is_said_to_be_unread(line: str) -> None:
    last = symgd.check(f"L = w^2\n\n{line}\n").findings[-1]
    assert (last.verdict, last.says) == ("unread", "this blank is not filled in")


def test_words_with_a_blank_are_no_line_of_mathematics() -> None:
    assert len(symgd.check("L = w^2\n\nName: ______   Date: ______\n").findings) == 1
