"""Input that cannot be used: exit status 2, a message that names the place, no traceback, nothing run, nothing overwritten."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symgd.cli import main

Run = Callable[..., tuple[int, str, str]]
SECONDS, BYTES = 5.0, 1 << 30

FILES = {
    "good.csv": b"x,y\n1,2\n2,4\n3,7\n",
    "empty.csv": b"",
    "blank.csv": b"\n\n",
    "header.csv": b"x,y\n",
    "one.csv": b"x,y\n1,2\n",
    "constant.csv": b"x,y\n1,2\n1,3\n1,4\n",
    "text.csv": b"x,y\n1,2\n2,red\n",
    "nan.csv": b"x,y\n1,2\n2,nan\n3,4\n",
    "missing.csv": b"x,y\n1,2\n2,\n3,4\n",
    "infinite.csv": b"x,y\n1,2\n2,inf\n",
    "huge.csv": b"x,y\n1,1e200\n2,3\n",
    "ragged.csv": b"x,y\n1,2\n2,3,4\n",
    "quote.csv": b'x,y\n1,"2\n2,3\n',
    "null.csv": b"x,y\n1,\x002\n",
    "utf16.csv": "x,y\n1,2\n".encode("utf-16"),
    "latin.csv": "größe,y\n1,2\n".encode("latin-1"),
    "twice.csv": b"x,x\n1,2\n2,3\n",
    "underscore.csv": b"x,y\n1_000,2\n2,3\n",
    "fullwidth.csv": "x,y\n１,2\n2,3\n".encode(),
    "three.csv": b"a,b,c\n1,2,3\n2,3,5\n",
    "no_names.csv": b"1,2\n2,3\n",
    "no_toml.toml": b"this is no toml",
    "key.toml": b'parameters = ["w"]\nloss = "(w*x - y)^2"\nfoo = 1\n',
    "type.toml": b'parameters = "w"\nloss = "(w*x - y)^2"\n',
    "no_loss.toml": b'parameters = ["w"]\n',
    "hostile.toml": b'parameters = ["__import__"]\nloss = "__import__^2"\n',
    "keyword.toml": b'parameters = ["w"]\nconstants = {"in" = 1}\nloss = "(w*x - y)^2"\n',
    "constant.toml": b'parameters = ["w"]\nloss = "(w*x - y)^2 + c*w"\nconstants = {c = "__import__"}\n',
    "far.toml": b'parameters = ["w"]\nloss = "(w*x - y)^2 + c*w"\nconstants = {c = "1e999999999"}\n',
    "latin.toml": 'title = "ö"\n'.encode("latin-1"),
    "long.toml": b'title = "' + b"a" * 300_000 + b'"\n',
    "deep.toml": b"a = " + b"[" * 20_000 + b"]" * 20_000,
    "three.toml": b'parameters = ["w"]\ndata = ["x", "y", "z"]\nloss = "(w*x - y*z)^2"\n',
    "open.toml": b'parameters = ["w"]\nloss = "(w*x - lam*y)^2"\n',
    "taken.html": b"mine",
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """symgd WORDS… in a folder that holds FILES: (exit status, stdout, stderr)"""
    monkeypatch.chdir(tmp_path)
    for name, contents in FILES.items():
        Path(name).write_bytes(contents)
    Path("folder").mkdir()

    def typed(*words: str) -> tuple[int, str, str]:
        status: Any = None
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return typed


W = ["--wrt", "w"]
OWN = ["derive", "--loss", "(w*x - y)^2"]

BAD: list[tuple[list[str], str]] = [
    # problems
    (["derive"], "name a problem"),
    (["derive", "line-msee"], "there is no problem called 'line-msee'; did you mean line-mse"),
    (["derive", "nowhere.toml"], "nowhere.toml: No such file"),
    (["derive", "no_toml.toml"], "no_toml.toml: this is no TOML: Expected '=' after a key in a key/value pair (at line 1, column 6)"),
    (["derive", "key.toml"], "key.toml: unknown key 'foo'; the keys are title, parameters"),
    (["derive", "type.toml"], "type.toml: the key 'parameters' must be a list of texts"),
    (["derive", "no_loss.toml"], "no_loss.toml: state either loss"),
    (["derive", "hostile.toml"], "hostile.toml: '__import__' cannot be a name"),
    (["derive", "keyword.toml"], "keyword.toml: 'in' cannot be a name"),
    (["derive", "open.toml"], "open.toml: lam in '(w*x - lam*y)^2' is neither defined nor declared"),
    (["derive", "constant.toml"], "constant.toml: the constant c has the value '__import__'"),
    (["derive", "far.toml"], "far.toml: the constant c is too long or too far from 1"),
    (["derive", "latin.toml"], "latin.toml: byte 10 is no UTF-8"),
    (["derive", "long.toml"], "long.toml: 300011 bytes are too many"),
    (["derive", "deep.toml"], "nested"),
    (["derive", "line-mse", "--loss", "u^2"], "either a PROBLEM, or --let and --loss"),
    (["derive", "line-mse", "--wrt", "q"], "q is no parameter; the parameters are w, b"),
    (["derive", "line-mse", "--hold", "b"], "--hold takes name=value, not 'b'"),
    (["derive", "line-mse", "--hold", "b=half"], "--hold: 'half' is no number"),
    (["derive", "line-mse", "--hold", "q=1"], "q is no parameter"),
    (["derive", "line-mse", "--hold", "w=1,b=2"], "every parameter is held"),
    # names
    (["derive", "line-mse", "--names", "a,b,c"], "3 names for the 2 parameters w, b"),
    (["derive", "line-mse", "--names", "x,c"], "the name x is taken"),
    (["derive", "line-mse", "--names", "m,m"], "the name m is taken"),
    (["derive", "line-mse", "--names", "m,L"], "the name L is taken"),
    (["derive", "line-mse", "--names", "1a,c"], "'1a' cannot be a name"),
    (["derive", "line-mse", "--names", "os.system,c"], "'os.system' cannot be a name"),
    (["derive", "line-mse", "--names", "__class__,c"], "'__class__' cannot be a name"),
    # definitions
    ([*OWN, *W, "--loss", "(c*x - y)^2"], "c in '(c*x - y)^2' is neither defined nor declared; the names are w"),
    (OWN, "no parameters"),
    ([*OWN, "--wrt", "w w"], "w is declared twice"),
    ([*OWN, "--wrt", "n"], "n is the number of samples"),
    ([*OWN, *W, "--constant", "w=1"], "w is declared twice"),
    ([*OWN, *W, "--constant", "c=1e500"], "--constant: 1e500 is more than 1e+150"),
    ([*OWN, *W, "--constant", "c=x"], "--constant: 'x' is no number"),
    ([*OWN, *W, "--objective", "w"], "state either loss"),
    (["derive", "--let", "w = 3", "--loss", "w^2", *W], "w is defined twice"),
    (["derive", "--let", "a = b", "--let", "b = a", "--loss", "w*a", *W], "b in 'a = b' is neither defined nor declared"),
    (["derive", "--let", "u w x", "--loss", "w^2", *W], "the left side of a definition is a name"),
    (["derive", "--let", "u = 3", "--loss", "u^2", *W], "does not depend on w"),
    (["derive", "--objective", "w*x", *W], "take the mean(…) or the sum(…)"),
    (["derive", "--loss", "floor(w*x)", *W], "floor is not a function that is known here"),
    (["derive", "--loss", "log(w*x", *W], "the bracket is never closed"),
    # expressions
    (["derive", "--expression", "x"], "--expression takes one --wrt NAME"),
    (["derive", "--expression", "x", "--wrt", "x", "--wrt", "y"], "--expression takes one --wrt NAME"),
    (["derive", "--expression", "x", "--wrt", "x;y"], "'x;y' cannot be a name"),
    (["derive", "--expression", "x = 3", "--wrt", "x"], "not an equation"),
    (["derive", "--expression", "  ", "--wrt", "x"], "an expression is missing"),
    (["derive", "--expression", "x/0", "--wrt", "x"], "not defined anywhere"),
    (["derive", "--expression", "nosuch(x)", "--wrt", "x"], "nosuch is not a function that is known here"),
    (["equal", "x^", "x"], "the exponent is missing"),
    (["equal", "x", "x", "--domain", "x:purple"], "'purple' is no domain; there are real, positive"),
    (["equal", "x", "x", "--domain", "x"], "--domain takes name:value"),
    (["equal", "x", "x", "--domain", "x:positive,x:negative"], "--domain names a letter twice"),
    (["equal", "x"], "RHS"),
    # tables
    (["fit", "nowhere.csv"], "nowhere.csv: No such file"),
    (["fit", "folder"], "folder: this is a directory"),
    (["fit", "empty.csv"], "empty.csv: the file is empty"),
    (["fit", "blank.csv"], "blank.csv:1: the first line is blank"),
    (["fit", "header.csv"], "header.csv: there is a header but no row"),
    (["fit", "one.csv"], "1 row cannot determine 2 parameters"),
    (["fit", "constant.csv"], "the column 'x' is constant (1 in every row)"),
    (["fit", "text.csv"], "text.csv:3: column 'y': 'red' is not a number"),
    (["fit", "nan.csv"], "nan.csv:3: column 'y': a value is missing ('nan')"),
    (["fit", "missing.csv"], "missing.csv:3: column 'y': a value is missing"),
    (["fit", "infinite.csv"], "infinite.csv:3: column 'y': 'inf' is not finite"),
    (["fit", "huge.csv"], "huge.csv:2: column 'y': '1e200' is larger than 1e+150"),
    (["fit", "ragged.csv"], "ragged.csv:3: 3 cells, where the header names 2 columns"),
    (["fit", "quote.csv"], "quote.csv:3:"),
    (["fit", "null.csv"], r"null.csv:2: column 'y': '\x002' is not a number"),
    (["fit", "utf16.csv"], "utf16.csv: this looks like UTF-16"),
    (["fit", "latin.csv"], "latin.csv:1: byte 3 of the line (0xf6) is not UTF-8"),
    (["fit", "twice.csv"], "the column name 'x' stands twice, in columns 1 and 2"),
    (["fit", "underscore.csv"], "underscore.csv:2: column 'x': '1_000' is not a number"),
    (["fit", "fullwidth.csv"], "fullwidth.csv:2: column 'x': '１' is not a number"),
    (["fit", "three.csv"], "name the columns with --target and --feature; there are 'a', 'b', 'c'"),
    (["fit", "no_names.csv"], "no_names.csv:1: the first line holds numbers only"),
    (["fit", "good.csv", "--target", "z"], "there is no column 'z'; there are 'x', 'y'"),
    (["fit", "--target", "fy_gap"], "there is no column 'fy_gap'; did you mean 'fy_gpa'?"),
    (["fit", "--target", "sat_sum", "--feature", "sat_sum"], "both target and feature"),
    (["fit", "--problem", "logistic-log-loss"], "satgpa.csv:4: the target 'fy_gpa' has 282 different values, here '3.25'; two classes"),
    # what is fitted, and how
    (["fit", "--feature", "sat_v", "--feature", "sat_m", "--problem", "line-mse"], "line-mse takes one feature, not 2; for several take --problem plane"),
    (["fit", "--feature", "sat_v", "--feature", "sat_m", "--problem", "logistic-log-loss"], "for several take --problem logistic-plane+log-loss"),
    (["fit", "--feature", "sat_v", "--feature", "sat_m", "--degree", "2"], "polynomial-2+squared takes one feature, not 2"),
    (["fit", "--degree", "0"], "the degree is a number from 1 to 20, not '0'"),
    (["fit", "--degree", "2", "--problem", "line-mae"], "--degree is for a polynomial; line-mae is none"),
    (["fit", "--feature", "sat_v", "--feature", "sat_v"], "the column 'sat_v' is named twice as a feature"),
    (["fit", "--feature", "sat_v", "--feature", "fy_gpa"], "the column 'fy_gpa' is both target and feature"),
    (["fit", "--one-hot", "sat_w"], "there is no column 'sat_w'; did you mean"),
    (["fit", "text.csv", "--feature", "y", "--target", "x"], "text.csv:3: column 'y': 'red' is not a number; if the column is a category, take it with --one"),
    (["fit", "--problem", "poisson"], "satgpa.csv:2: the target 'fy_gpa' is 3.18; a count is needed: a whole number from 0"),
    (["fit", "--problem", "hinge"], "satgpa.csv:4: the target 'fy_gpa' has 282 different values, here '3.25'; two classes are needed"),
    (["fit", "--problem", "softmax-cross-entropy"], "satgpa.csv:128: the target 'fy_gpa' has 282 different values, here '2.97'; at most 100"),
    (["fit", "--one-hot", "fy_gpa", "--target", "hs_gpa"], "the column 'fy_gpa' has 282 different values; at most 100 are taken as levels of a category"),
    (["fit", "--feature", "sat_v", "--hold", "w=1,b=2", "--problem", "plane-mse"], "every parameter is held constant"),
    (["fit", "--feature", "sat_v", "--hold", "w.sat_m=1", "--problem", "plane-mse"], "--hold: w.sat_m is no parameter; the parameters are w, b (one"),
    (["fit", "--seed", "one"], "--seed"),
    (["fit", "text.csv", "--problem", "poisson"], "text.csv:3: column 'y': 'red' is not a number"),
    (["fit", "--hidden", "0"], "--hidden takes the number of units of each hidden layer, from 1 to 10,000"),
    (["fit", "--hidden", "8,many"], "--hidden takes the number of units"),
    (["fit", "--constant", "lam=1"], "--constant: lam is no constant of this problem; it has none"),
    (["fit", "--problem", "plane+log-loss"], "plane predicts a number or a score, but log-loss needs a probability"),
    (["fit", "--start", "w.sat_v=1"], "--start: w.sat_v is no parameter; the parameters are w, b"),
    (["fit", "--degree", "two"], "--degree"),
    (["fit", "--problem", "nosuch"], "there is no problem called 'nosuch'"),
    (["fit", "--problem", "three.toml"], "this one has x, y, z"),
    (["fit", "--problem", "softmax-cross-entropy", "--target", "sex", "--no-intercept"], "--no-intercept: softmax-cross-entropy has no intercept b"),
    (["fit", "--rate", "0"], '--rate takes a positive number or "auto", not 0'),
    (["fit", "--rate", "-1"], '--rate takes a positive number or "auto", not -1'),
    (["fit", "--rate", "nan"], "--rate: 'nan' is no number"),
    (["fit", "--rate", "inf"], "--rate: 'inf' is no number"),
    (["fit", "--rate", "1e400"], "--rate: 1e400 is more than 1e+150"),
    (["fit", "--rate", "1e-400"], '--rate takes a positive number or "auto"'),
    (["fit", "--rate", "fast"], "--rate: 'fast' is no number"),
    (["fit", "--max-iterations", "-3"], "--max-iterations takes a whole number from 0 to 10,000,000, not -3"),
    (["fit", "--max-iterations", "9" * 30], "--max-iterations takes a whole number from 0"),
    (["fit", "--max-iterations", "9" * 5000], "--max-iterations"),
    (["fit", "--max-iterations", "1.5"], "--max-iterations"),
    (["fit", "--start", "w"], "--start takes name=value"),
    (["fit", "--start", "w=fast"], "--start: 'fast' is no number"),
    (["fit", "--start", "q=1"], "--start: q is no parameter; the parameters are w, b"),
    (["fit", "--stop", "later"], "--stop"),
    (["fit", "--missing", "guess"], "--missing"),
    # where it is written
    (["derive", "line-mse", "-o", "taken.html"], "taken.html: the file exists already; --force replaces it"),
    (["derive", "line-mse", "-o", "folder/none/a.html"], "folder/none: there is no such directory"),
    (["derive", "line-mse", "-o", "/proc/a.html"], "/proc/a.html: cannot be written"),
    (["derive", "line-mse", "-o", "a.doc"], "the suffix '.doc' of 'a.doc' names no format; there are .htm, .html, .ipynb, .json"),
    (["derive", "line-mse", "-o", "folder", "--format", "html"], "folder: is a directory"),
    (["derive", "line-mse", "--format", "word"], "--format"),
    (["fit", "--report", "taken.html"], "taken.html: the file exists already; --force replaces it"),
    (["fit", "--report", "nowhere/a.html"], "nowhere: there is no such directory"),
    (["fit", "--report", "a.doc"], "the suffix '.doc' of 'a.doc' names no format"),
    (["build", "good.csv"], "good.csv is a file; name a folder"),
    # the command line
    (["nonsense"], "invalid choice: 'nonsense'"),
    (["fit", "--tar", "y"], "unrecognized arguments: --tar"),
    (["list", "extra"], "unrecognized arguments: extra"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=[" ".join(words)[:60] for words, _ in BAD])
def test_bad_input_is_named_before_anything_is_printed(run: Run, words: list[str], message: str) -> None:
    before = {p: p.read_bytes() for p in Path().iterdir() if p.is_file()}
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert re.match(r"error(\[\w+\])?: |usage: ", err)
    assert message in err
    assert {p: p.read_bytes() for p in Path().iterdir() if p.is_file()} == before


def test_a_table_on_standard_input_is_named_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x,y\n1,2\n2,\n")))
    status, _, err = run("fit", "-")
    assert (status, err.startswith("error: standard input:3: column 'y': a value is missing")) == (2, True)


def test_a_place_that_cannot_be_read_points_at_it(run: Run) -> None:
    _, _, err = run("derive", "--expression", "x + floor(x)", "--wrt", "x")
    assert err.splitlines()[:4] == ["error[unread]: floor is not a function that is known here", "   |", " 1 | x + floor(x)", "   |     ^^^^^"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_named(run: Run) -> None:
    os.chmod("folder", 0o500)
    status, _, err = run("derive", "line-mse", "-o", "folder/a.html")
    assert status == 2
    assert err.startswith("error: folder/a.html: cannot be written (Permission denied)")


# ---------------------------------------------------------------- hostile words, in a process with limits

DEEP = "(" * 10_000 + "x" + ")" * 10_000
HOSTILE = [
    "__import__('os').system('touch pwned')", "__import__(\"os\").system(\"touch pwned\")", "exec(\"open('pwned','w')\")", "eval(chr(49))", "open('pwned','w')",
    "x.__class__.__mro__", "().__class__", "[c for c in ()]", "lambda: 0", "x if x else x", "f'{x}'", "globals()", "getattr(x, x)", "S('x')", "Symbol('x')",
    r"\write18{touch pwned}", r"\input{/etc/passwd}", r"\csname x\endcsname", "$(touch pwned)", "`touch pwned`", "; touch pwned", "| touch pwned",
    "9**9**9**9", "9^9^9^9", "2^(2^(2^(2^(2^2))))", "x^(10^10)", "(x+1)^9999999", "1e999999999", "9" * 5000, "1/" * 3000 + "x", "-" * 9000 + "x",
    DEEP, "x+" * 5000 + "x", "x^" * 2000 + "x", "sin(" * 3000 + "x" + ")" * 3000, "abs(" * 70 + "x" + ")" * 70, r"\frac{" * 2000, "{" * 10_000, "|" * 999,
    "x\x00", "x\u202e", "\ufeffx", "x\x1b[31m", "\ud800", "a" * 9999,
]  # fmt: skip

LIMITED = f"""
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_CPU, (200, 200))
resource.setrlimit(resource.RLIMIT_AS, ({4 * BYTES}, {4 * BYTES}))
from symgd.cli import main
for words in json.load(sys.stdin):
    start = time.monotonic()
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    print("DONE", status, time.monotonic() - start < {SECONDS}, file=sys.stderr, flush=True)
with open("/proc/self/status") as status:  # of this program; ru_maxrss still counts the process that started it
    print("PEAK", next(line for line in status if line.startswith("VmHWM:")).split()[1], file=sys.stderr)
"""


def in_limits(tmp_path: Path, commands: list[list[str]]) -> tuple[list[str], str]:
    """The commands one after the other in one process, its address space limited: what each wrote on stderr with its last line, and stdout."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], input=json.dumps(commands), capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    *told, last = re.split(r"(?<=True)\n|(?<=False)\n", done.stderr)
    assert last.startswith("PEAK "), done.stderr[-2000:]
    assert int(last.split()[1]) * 1024 < BYTES
    return told, done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize("command", ["expression", "loss", "equal"])
def test_hostile_words_are_refused_or_decided_fast_small_and_run_nothing(tmp_path: Path, command: str) -> None:
    typed = {
        "expression": lambda text: ["derive", f"--expression={text}", "--wrt", "x"],
        "loss": lambda text: ["derive", f"--loss=w*({text})", "--wrt", "w"],
        "equal": lambda text: ["equal", "--", text, "x"],
    }[command]
    commands = [typed(text) for text in HOSTILE]
    (_, *told), _ = in_limits(tmp_path, [typed("x + 1"), *commands])  # the first one waits for the imports, here and in the worker
    assert len(told) == len(commands)
    for words, text in zip(commands, told, strict=True):
        *message, last = text.splitlines()
        done, status, fast = last.split()
        assert (done, fast) == ("DONE", "True"), (words[-1][:60], text[:300])
        assert "Traceback" not in text
        assert status in ("0", "1", "2", "3")
        assert (status == "2") == bool(message), (words[-1][:60], text[:300])
        assert "\x1b" not in text
    assert list(tmp_path.iterdir()) == []


def test_the_classic_attacks_are_refused() -> None:
    for text in ("__import__('os').system('x')", "9**9**9**9", DEEP):
        start = time.monotonic()
        assert main(["derive", f"--expression={text}", "--wrt", "x"]) == 2
        assert time.monotonic() - start < SECONDS


# ---------------------------------------------------------------- hostile names and titles

NAMES = [
    "<script>alert(1)</script>", r"\write18{touch pwned}", "\x1b[31mred\x07", "a\nb", "$x$", "`x`", "=cmd|' /C calc'!A0", "\u202etxt.exe", "![x](y)", "]]>",
    "--", "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".html", ".md", ".tex", ".txt"])
@pytest.mark.parametrize("name", NAMES)
def test_hostile_columns_and_titles_stay_text_in_every_format(run: Run, name: str, suffix: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    Path("table.csv").write_text(f"{quoted},y\n1,2\n2,3\n3,5\n", encoding="utf-8")
    status, out, err = run("fit", "table.csv", "--report", "report" + suffix, f"--title={name}")
    assert (status, err) == (0, f"wrote report{suffix}\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)
    text = Path("report" + suffix).read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    if suffix == ".html":
        assert "<script" not in text
    if suffix == ".md":
        assert "<script" not in text
        assert "![x](y)" not in text
    if suffix == ".tex":
        assert "\\write18" not in text


@pytest.mark.parametrize("name", NAMES)
def test_hostile_columns_come_back_whole_in_the_json(run: Run, name: str) -> None:
    Path("table.csv").write_text('"' + name.replace('"', '""') + '",y\n1,2\n2,3\n3,5\n', encoding="utf-8")
    status, out, _ = run("fit", "table.csv", "--json")
    assert status == 0
    assert json.loads(out)["features"] == [name]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out)
