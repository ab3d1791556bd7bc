"""The commands as a user types them: what they print, where, and with which exit status."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symgd.catalogue import CATALOGUE
from symgd.cli import main
from symgd.document.plain import width

W, B = 0.02386573594038, 0.001927371016287  # the least squares line of the bundled example, from its exact rational normal equations
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """symgd WORDS… in an empty folder: (exit status, stdout, stderr)"""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> tuple[int, str, str]:
        status: Any = None
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return typed


def formula(text: str, left: str) -> list[str]:
    """The right sides of `left = …` on the way backwards, and of the lines that continue it, without their reasons."""
    lines = text.partition("Backward")[2].splitlines()
    at = next(k for k, line in enumerate(lines) if re.match(rf"(\(\d+\))? *{re.escape(left)} += ", line))
    out = [lines[at].partition(" = ")[2]]
    for line in lines[at + 1 :]:
        if not line.strip():
            break
        if found := re.match(r"(?:\(\d+\))? +(=|:=) (.*)", line):
            out.append(found[2])
    return [re.split(r" {3,}|  ✓", r)[0].strip() for r in out]


# ---------------------------------------------------------------- list


def test_list_names_every_problem(run: Run) -> None:
    status, out, err = run("list")
    assert (status, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines() if line.startswith("  ")} >= set(CATALOGUE)


def test_list_json_says_what_each_problem_is_made_of(run: Run) -> None:
    data = json.loads(run("list", "--json")[1])
    assert data["problems"][0] == {"name": "line-mse", "title": "A line, mean squared error", "model": "line", "loss": "squared", "penalty": None}
    families = {re.split(r"-[A-Z]", m)[0] for m in data["models"]}
    assert {re.split(r"-[0-9]", p["model"])[0] for p in data["problems"]} <= families
    assert {p["loss"] for p in data["problems"]} <= set(data["losses"])


# ---------------------------------------------------------------- derive


def test_the_flagship_shows_its_lines_in_the_order_of_a_teacher(run: Run) -> None:
    status, out, _ = run("derive", "line-mse")
    assert status == 0
    shown = ["uᵢ := ŷᵢ − yᵢ", "L := (1/n) Σᵢ uᵢ²", "∂L/∂uᵢ", "∂uᵢ/∂ŷᵢ", "∂L/∂ŷᵢ = ∂L/∂uᵢ · ∂uᵢ/∂ŷᵢ", "∂ŷᵢ/∂w", "∂ŷᵢ/∂b", "∂L/∂w = Σᵢ ∂L/∂ŷᵢ · ∂ŷᵢ/∂w",
             "∂L/∂b = Σᵢ ∂L/∂ŷᵢ · ∂ŷᵢ/∂b", "w ← w − α", "b ← b − α", "b = ȳ − w x̄", "w = S_xy/S_xx"]  # fmt: skip
    places = [out.index(s, out.index("Forward")) for s in shown]
    assert places == sorted(places)
    assert formula(out, "∂L/∂uᵢ")[-1] == "2uᵢ/n"
    assert formula(out, "∂L/∂w")[-3:] == ["(2/n) Σᵢ uᵢ xᵢ", "(2/n) Σᵢ (ŷᵢ − yᵢ) xᵢ", "(2/n) Σᵢ (w xᵢ + b − yᵢ) xᵢ"]
    assert "held" not in out


@pytest.mark.parametrize(("name", "detail"), [*((name, "full") for name in CATALOGUE), ("line-ridge", "brief"), ("logistic-log-loss", "tutorial")])
def test_every_problem_fits_a_terminal_and_is_proved(run: Run, name: str, detail: str) -> None:
    status, out, err = run("derive", name, "--detail", detail)
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if width(line) > 80] == []
    assert "\x1b" not in out
    checked = re.search(r"(\d+)\s+of\s+(\d+)\s+moves\s+are\s+proved", out)
    assert checked
    assert checked[1] == checked[2]


def test_wrt_holds_the_other_parameters_constant(run: Run) -> None:
    _, out, _ = run("derive", "line-mse", "--wrt", "w")
    assert "∂L/∂w" in out
    assert "∂L/∂b" not in out
    assert re.search(r"b +constant", out)


def test_hold_gives_a_parameter_its_value(run: Run) -> None:
    _, out, _ = run("derive", "line-mse", "--hold", "b=0.5")
    assert "∂L/∂b" not in out
    assert re.search(r"b +constant, 0\.5", out)


@pytest.mark.parametrize(
    ("names", "slope", "intercept"),
    [("m,c", "∂L/∂m", "∂L/∂c"), ("theta", "∂L/∂θ₁", "∂L/∂θ₀"), ("a , d", "∂L/∂a", "∂L/∂d"), ("beta1,beta0", "∂L/∂β₁", "∂L/∂β₀")],
)
def test_names_are_the_readers_own(run: Run, names: str, slope: str, intercept: str) -> None:
    _, out, _ = run("derive", "line-mse", "--names", names)
    assert formula(out, slope)[-3] == "(2/n) Σᵢ uᵢ xᵢ"
    assert formula(out, intercept)[-3] == "(2/n) Σᵢ uᵢ"


@pytest.mark.parametrize(("notation", "expected"), [("sum", "(2/n) Σᵢ uᵢ xᵢ"), ("sample", "2u x"), ("matrix", "(2/n) uᵀ x")])
def test_one_gradient_in_three_notations(run: Run, notation: str, expected: str) -> None:
    assert run("derive", "line-mse", "--notation", notation)[1].splitlines()[3].split(";")[0] == f"∂L/∂w = {expected}"


def test_the_title_is_the_readers_own(run: Run) -> None:
    assert run("derive", "line-mse", "--title", "Für Übung 3")[1].startswith("Für Übung 3\n═══════════\n")


@pytest.mark.parametrize(
    ("form", "suffix", "start"),
    [("text", ".txt", "A line"), ("markdown", ".md", "# A line"), ("latex", ".tex", "\\documentclass"), ("html", ".html", "<!DOCTYPE"), ("json", ".json", "{")],
)
def test_each_format_goes_to_the_terminal_and_by_suffix_to_a_file(run: Run, form: str, suffix: str, start: str) -> None:
    printed = run("derive", "line-mse", "--format", form)[1]
    assert printed.lower().startswith(start.lower())
    status, out, err = run("derive", "line-mse", "-o", "page" + suffix)
    assert (status, out, err) == (0, "", f"wrote page{suffix}\n")
    assert Path("page" + suffix).read_text(encoding="utf-8") == printed


def test_the_format_option_beats_the_suffix(run: Run) -> None:
    assert run("derive", "line-mse", "--format", "markdown", "-o", "page.txt")[0] == 0
    assert Path("page.txt").read_text(encoding="utf-8").startswith("# A line")


def test_dash_o_dash_is_the_terminal(run: Run) -> None:
    assert run("derive", "line-mse", "-o", "-") == run("derive", "line-mse")


def test_a_file_is_not_overwritten_without_force(run: Run) -> None:
    Path("page.html").write_text("mine")
    status, out, err = run("derive", "line-mse", "-o", "page.html")
    assert (status, out, err) == (2, "", "error: page.html: the file exists already; --force replaces it\n")
    assert Path("page.html").read_text() == "mine"
    assert run("derive", "line-mse", "-o", "page.html", "--force")[0] == 0
    assert "<math" in Path("page.html").read_text(encoding="utf-8")


def test_a_problem_of_ones_own_is_the_same_gradient(run: Run) -> None:
    _, out, _ = run("derive", "--let", "y_hat = w*x + b", "--let", "u = y_hat - y", "--loss", "u^2", "--wrt", "w", "--wrt", "b")
    assert formula(out, "∂L/∂w")[-1] == "(2/n) Σᵢ (w xᵢ + b − yᵢ) xᵢ"


def test_an_objective_is_stated_whole_with_a_constant(run: Run) -> None:
    _, out, _ = run("derive", "--objective", "mean((w*x - y)^2) + lam*w^2", "--wrt", "w", "--constant", "lam=0.1")
    assert re.search(r"λ +constant, 0\.1", out)
    assert "2λ w" in formula(out, "∂L/∂w")[-1].replace("2 λ", "2λ")


def test_data_have_any_name(run: Run) -> None:
    _, out, _ = run("derive", "--loss", "(a*height - weight)^2", "--wrt", "a", "--data", "height,weight")
    assert re.search(r"heightᵢ +data", out)


def test_a_problem_is_read_from_a_file(run: Run) -> None:
    text = 'title = "Mine"\nparameters = ["w", "b"]\ndata = ["x", "y"]\nlet = ["y_hat = w*x + b", "u = y_hat - y"]\nloss = "u^2"\n'
    assert tomllib.loads(text)
    Path("mine.toml").write_text(text)
    status, out, _ = run("derive", "mine.toml")
    assert status == 0
    assert out.startswith("Mine\n")
    assert formula(out, "∂L/∂b")[-1] == "(2/n) Σᵢ (w xᵢ + b − yᵢ)"


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (["--expression", "sin(x)^2/x"], "sin(x) (2x cos x − sin x)/x²"),
        (["--expression", r"\frac{\sin^2 x}{x}"], "sin(x) (2x cos x − sin x)/x²"),
        (["--expression=-x^2"], "−2x"),
        (["--expression", "x/(1 + x)"], "1/(1 + x)²"),
        (["--expression", "a*x"], "a"),
        (["--expression", "7"], "0"),
    ],
)
def test_a_scalar_derivative_step_by_step(run: Run, words: list[str], result: str) -> None:
    status, out, _ = run("derive", *words, "--wrt", "x")
    assert status == 0
    assert next(line for line in out.splitlines() if line.startswith("d/dx")).partition(" = ")[2] == result
    assert re.search(r"\b(\d+) of \1 moves are proved", out)


def test_where_a_derivative_has_a_kink_the_page_says_so(run: Run) -> None:
    assert "Valid where x ≠ 0" in run("derive", "--expression", "abs(x)", "--wrt", "x")[1]


# ---------------------------------------------------------------- derive, in arrays

NETWORK = [
    "derive", "--let", "Y_hat = tanh(X @ W1 + b1) @ W2 + b2", "--objective", "sum((Y_hat - Y)^2)/n", "--shape", "X: n d", "--shape", "W1: d h",
    "--shape", "b1: h", "--shape", "W2: h k", "--shape", "b2: k", "--shape", "Y: n k", "--wrt", "W1", "--wrt", "b1", "--wrt", "W2", "--wrt", "b2",
]  # fmt: skip


def test_a_network_in_arrays_is_derived_and_shown_in_matrices(run: Run) -> None:
    status, out, err = run(*NETWORK, "--notation", "matrix", "--detail", "brief")
    assert (status, err) == (0, "")
    for shown in ("Z₁ := X W₁ + 𝟏 b₁ᵀ", "A₁ := tanh(Z₁)", "Ŷ := A₁ W₂ + 𝟏 b₂ᵀ", "L := (1/n) ‖Ŷ − Y‖_F²", "(2/n) A₁ᵀ (Ŷ − Y)", "d × h"):
        assert shown in out
    assert "held" not in out
    assert [line for line in out.splitlines() if width(line) > 80] == []


def test_a_file_with_shapes_says_the_same_as_the_words(run: Run, tmp_path: Path) -> None:
    shapes = "X = 'n d'\nw = 'd'\ny = 'n'\n"
    (tmp_path / "own.toml").write_text(f"parameters = ['w']\nobjective = 'norm(X @ w - y)^2'\n[shapes]\n{shapes}", encoding="utf-8")
    words = ["--objective", "norm(X @ w - y)^2", "--wrt", "w", "--shape", "X: n d", "--shape", "w: d", "--shape", "y: n"]
    assert run("derive", "own.toml") == run("derive", *words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--objective", "X @ w", "--shape", "X: n d", "--shape", "w: h"],
         'error: X @ w: X is (n × d) and w is (h): the inner sizes d and h differ, at column 5 of "X @ w"'),
        (["--objective", "sum(X @ v)", "--shape", "X: n d"], "error: v is neither defined nor declared, and has no shape; the names are X, w, n, d"),
        (["--objective", "det(w)", "--shape", "w: n d"], "error: det(w): w is (n × d), and a square matrix is needed, at column 5 of \"det(w)\""),
        (["--objective", "sum(w", "--shape", "w: n d"], "error[unread]: the bracket is never closed"),
        (["--objective", "sum(w)", "--shape", "w"], 'error: a shape is written "X: n d", not \'w\''),
        (["--shape", "w: n d"], "error: state either loss (of one sample) or objective (the whole), one of the two"),
        (["line-mse", "--shape", "w: d"], "error: either a PROBLEM, or --let and --loss, not both"),
        (["--loss", "(X @ w - y)^2"], "error[unread]: the character '@' (U+0040 COMMERCIAL AT) is not one that is read here"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_end_with_status_2_and_one_line(run: Run, words: list[str], says: str) -> None:
    status, out, err = run("derive", *words, *([] if "line-mse" in words else ["--wrt", "w"]))
    assert (status, out) == (2, "")
    assert err.startswith(says)
    assert "Traceback" not in err
    assert max(map(width, err.splitlines())) <= 100


def test_the_help_shows_how_arrays_are_written(run: Run) -> None:
    status, out, _ = run("derive", "--help")
    assert status == 0
    assert '--objective "sum((Y_hat - Y)^2)/n"' in out
    assert all(word in out for word in ("softmax", "trace", "eye(d)", r"X^\top"))


# ---------------------------------------------------------------- fit


def fields(out: str) -> dict[str, object]:
    data = json.loads(out)
    assert isinstance(data, dict)
    return data


def test_fit_alone_converges_to_the_closed_form_of_the_students(run: Run) -> None:
    status, out, err = run("fit")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    assert [line for line in out.splitlines() if width(line) > 80] == []
    descent, closed = (re.findall(rf"{row} +(\S+) +(\S+)", out)[0] for row in ("descent", "closed form"))
    assert descent == closed == ("0.02386573594038", "0.001927371016287")
    for word in ("1,000 students", "all proved", "standardised", "Converged", "the cross-check holds", "the bound is"):
        assert word in out.replace("\n             ", " ")


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_fit_is_wider_than_a_terminal(run: Run, name: str) -> None:
    Path("xy.csv").write_text("x,y\n" + "".join(f"{k / 7},{int(k * 7 % 20 > 9)}\n" for k in range(20)))
    out = run("fit", "xy.csv", "--problem", name, "--max-iterations", "50")[1]
    assert "stopped" in out
    assert [line for line in out.splitlines() if width(line) > 80] == []


def test_the_json_has_the_shape_that_is_promised(run: Run) -> None:
    status, out, _ = run("fit", "--json")
    data = fields(out)
    promised = {
        "problem": str, "rows": int, "features": list, "target": str, "parameters": dict, "closed_form": dict, "gap": float, "loss": float, "rate": float,
        "rate_bound": float, "condition": float, "iterations": int, "predicted_iterations": int, "stopped": str, "says": str,
    }  # fmt: skip
    assert list(data)[: len(promised)] == list(promised)
    assert {k: type(data[k]) for k in promised} == promised
    assert (status, data["problem"], data["rows"], data["features"], data["target"]) == (0, "line-mse", 1000, ["sat_sum"], "fy_gpa")
    assert data["closed_form"] == pytest.approx({"w": W, "b": B}, rel=1e-13)
    assert data["parameters"] == pytest.approx({"w": W, "b": B}, rel=1e-9)
    assert data["stopped"] == "converged"


def test_a_rate_above_the_bound_is_announced_before_the_first_step(run: Run) -> None:
    status, out, _ = run("fit", "--raw", "--rate", "0.001")
    plain = out.replace("\n             ", " ")
    assert status == 1
    assert plain.index("0.001 will diverge here: the bound is 9.19e-5") < plain.index("step ")
    steps = re.search(r"Diverged at step (\d+)", plain)
    assert steps
    assert int(steps[1]) <= 5


def test_the_warning_stands_in_the_json_too(run: Run) -> None:
    status, out, _ = run("fit", "--raw", "--rate", "0.001", "--json")
    assert status == 1
    assert fields(out)["stopped"] == "diverged"
    assert str(fields(out)["says"]).startswith("0.001 will diverge here: the bound is 9.19e-5")


def plain_loop(steps: int, rate: float, w: float, b: float, x: list[float], y: list[float]) -> tuple[float, float]:
    for _ in range(steps):
        u = [w * p + b - q for p, q in zip(x, y, strict=True)]
        w, b = w - rate * 2 * sum(r * p for r, p in zip(u, x, strict=True)) / len(x), b - rate * 2 * sum(u) / len(x)
    return w, b


def table(path: str) -> tuple[list[float], list[float]]:
    x, y = [0.5, 1.5, -2.0, 3.25, 4.0, 0.25], [9.0, 9.5, 6.0, 13.0, 12.5, 8.75]
    Path(path).write_text("size,price\n" + "".join(f"{p},{q}\n" for p, q in zip(x, y, strict=True)))
    return x, y


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_the_steps_are_those_of_the_plain_loop(run: Run, steps: int) -> None:
    x, y = table("houses.csv")
    out = run("fit", "houses.csv", "--raw", "--rate", "0.05", "--start", "w=0.5,b=-1", "--max-iterations", str(steps), "--stop", "never", "--json")[1]
    w, b = plain_loop(steps, 0.05, 0.5, -1.0, x, y)
    assert fields(out)["parameters"] == pytest.approx({"w": w, "b": b}, rel=1e-11)
    assert fields(out)["iterations"] == steps


def test_of_two_columns_the_last_is_the_target(run: Run) -> None:
    table("houses.csv")
    data = fields(run("fit", "houses.csv", "--json")[1])
    assert (data["features"], data["target"], data["rows"]) == (["size"], "price", 6)
    turned = fields(run("fit", "houses.csv", "--target", "size", "--json")[1])
    assert (turned["features"], turned["target"]) == (["price"], "size")


def test_a_table_comes_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x,y\n1,2\n2,4\n3,7\n")))
    status, out, _ = run("fit", "-", "--json")
    assert status == 0
    assert fields(out)["closed_form"] == pytest.approx({"w": 2.5, "b": -2 / 3})


def test_hold_fits_the_rest(run: Run) -> None:
    x, y = table("houses.csv")
    data = fields(run("fit", "houses.csv", "--hold", "b=0.5", "--json")[1])
    vertex = sum(p * (q - 0.5) for p, q in zip(x, y, strict=True)) / sum(p * p for p in x)
    assert data["parameters"] == pytest.approx({"w": vertex})


def test_no_intercept_is_a_line_through_the_origin(run: Run) -> None:
    x, y = table("houses.csv")
    data = fields(run("fit", "houses.csv", "--no-intercept", "--json")[1])
    assert data["parameters"] == pytest.approx({"w": sum(p * q for p, q in zip(x, y, strict=True)) / sum(p * p for p in x)})


def test_rows_with_missing_values_are_dropped_when_asked_and_said(run: Run) -> None:
    Path("gaps.csv").write_text("x,y\n1,2\n,5\n2,4\n3,NA\n3,7\n")
    status, out, _ = run("fit", "gaps.csv", "--missing", "drop", "--json")
    assert (status, fields(out)["rows"]) == (0, 3)
    assert "2 rows with missing values left out" in run("fit", "gaps.csv", "--missing", "drop")[1]


@pytest.mark.parametrize(
    ("words", "status", "stopped"),
    [
        ([], 0, "converged"),
        (["--stop", "unchanged"], 0, "converged"),
        (["--stop", "never", "--max-iterations", "10"], 0, "max-iterations"),
        (["--rate", "0.01", "--max-iterations", "3"], 0, "max-iterations"),
        (["--start", "w=1,b=1", "--rate", "1e-25"], 1, "stalled"),
        (["--rate", "3"], 1, "diverged"),
    ],
)
def test_why_it_stopped_decides_the_exit_status(run: Run, words: list[str], status: int, stopped: str) -> None:
    found = run("fit", *words, "--json")
    assert (found[0], fields(found[1])["stopped"]) == (status, stopped)


def test_at_the_cap_the_gap_and_the_number_of_steps_are_told(run: Run) -> None:
    plain = run("fit", "--rate", "0.01", "--max-iterations", "3")[1].replace("\n             ", " ")
    assert re.search(r"the gap to the closed form [\d.]+ \(about [\d,]+ steps are needed at this rate\)", plain)


@pytest.mark.parametrize(("suffix", "has"), [(".html", "<svg"), (".md", "# "), (".tex", "\\begin{document}"), (".txt", "The closed form")])
def test_the_report_is_written_in_each_format(run: Run, suffix: str, has: str) -> None:
    status, _, err = run("fit", "--report", "report" + suffix, "--title", "Class 3")
    assert (status, err) == (0, f"wrote report{suffix}\n")
    text = Path("report" + suffix).read_text(encoding="utf-8")
    assert has in text
    assert "Class 3" in text
    assert run("fit", "--report", "report" + suffix)[0] == 2


def test_the_report_shows_four_pictures_each_with_title_and_description(run: Run) -> None:
    run("fit", "--report", "report.html")
    svgs = re.findall(r"<svg.*?</svg>", Path("report.html").read_text(encoding="utf-8"), re.DOTALL)
    assert len(svgs) == 4
    assert all("<title" in s and "<desc" in s for s in svgs)


# ---------------------------------------------------------------- equal


@pytest.mark.parametrize(
    ("words", "status", "start"),
    [
        (["(x+1)^2", "x^2+2x+1"], 0, "proved: "),
        (["--", "-(1-x)", "x-1"], 0, "proved: "),
        ([r"\frac{2}{n} u", "2u/n"], 0, "proved: "),
        (["sqrt(x^2)", "x", "--domain", "x:positive"], 0, "proved: "),
        (["sqrt(x^2)", "x"], 1, "refuted: at x = -"),
        (["x^2", "2x"], 1, "refuted: at x = "),
    ],
)
def test_equal_gives_its_verdict_and_exit_status(run: Run, words: list[str], status: int, start: str) -> None:
    found = run("equal", *words)
    assert (found[0], found[2]) == (status, "")
    assert found[1].startswith(start)


def test_what_cannot_be_decided_is_undecided_with_status_3(run: Run) -> None:
    status, out, _ = run("equal", "sin(x)", "sin(x) + e^(-10^5)*sin(x*e^(10^4))")
    assert (status, out.split(":")[0]) == (3, "undecided")


def test_equal_json_holds_the_witness(run: Run) -> None:
    data = fields(run("equal", "a*b", "a+b", "--json")[1])
    assert data["verdict"] == "refuted"
    assert set(data["witness"]) == {"a", "b"}  # type: ignore[call-overload]
    assert len(data["values"]) == 2  # type: ignore[arg-type]


# ---------------------------------------------------------------- build


def test_build_writes_every_problem_in_every_format_and_prints_the_paths(run: Run) -> None:
    status, out, _ = run("build", "pages")
    assert status == 0
    written = {str(p) for p in Path("pages").rglob("*") if p.is_file()}
    assert set(out.split()) == written
    assert {f"pages/{name}/{name}{suffix}" for name in CATALOGUE for suffix in (".md", ".tex", ".html", ".json")} <= written
    assert run("build", "pages")[0] == 0


# ---------------------------------------------------------------- the program itself


def test_without_words_the_help_is_shown_and_the_status_is_2(run: Run) -> None:
    status, out, _ = run()
    assert status == 2
    assert all(word in out for word in ("list", "derive", "fit", "equal", "build"))


@pytest.mark.parametrize("words", [["--help"], ["derive", "--help"], ["fit", "--help"], ["equal", "--help"], ["--version"]])
def test_help_and_version_are_results(run: Run, words: list[str]) -> None:
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert out


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["fit", "--help"], ["nonsense"], ["fit", "--max-iterations", "many"], ["derive", "--frob"], []])
def test_words_alone_import_neither_sympy_nor_numpy(words: list[str]) -> None:
    code = "import sys\nfrom symgd.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\nprint('LOADED', sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.rpartition("LOADED")[2]
    assert "symgd" in loaded
    assert not [m for m in ("sympy", "numpy", "flint", "mpmath") if f"'{m}'" in loaded]


def test_deriving_needs_no_numpy() -> None:
    code = "import sys\nfrom symgd.cli import main\nmain(['derive', 'line-mse'])\nprint('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("\nFalse\n")


def test_the_module_and_the_script_are_the_same_program() -> None:
    script = Path(sys.executable).with_name("symgd")
    assert subprocess.run([sys.executable, "-m", "symgd", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout == "symgd 0.1.0\n"
    if script.exists():
        assert subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout == "symgd 0.1.0\n"


def test_a_closed_pipe_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([sys.executable, "-m", "symgd", "derive", "line-mse"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("words", [["derive", "line-mse"], ["list"], ["fit", "--json"]])
def test_a_full_disk_is_an_error_and_no_traceback(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "symgd", *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


def test_output_is_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-m", "symgd", "derive", "line-mse"], capture_output=True, timeout=60, check=True, env=environment)
    assert "∂L/∂w = (2/n) Σᵢ uᵢ xᵢ" in done.stdout.decode("utf-8")
