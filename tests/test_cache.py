"""The cache: what is read back, what is thrown away, who may write, and that a second start needs no SymPy."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from symgd import cache
from symgd.backward import derive
from symgd.cache import folder, keep, kept
from symgd.catalogue import CATALOGUE, problem
from symgd.numeric.function import compile_gradient, from_written
from symgd.numeric.program.compiled import see_arithmetic

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYMGD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def only(place: Path) -> Path:
    (file,) = place.iterdir()
    return file


# ---------------------------------------------------------------- the store


def test_a_text_is_read_back_under_what_it_is_about_and_under_nothing_else(place: Path) -> None:
    text = "ŷ := w x\tand\na second line\r\n"
    keep(text, "kind", "about", "more")
    assert kept("kind", "about", "more") == text
    assert kept("kind", "about\tmore") is None
    assert kept("kind", "about") is None
    assert kept("other", "about", "more") is None


def test_another_state_of_the_program_reads_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("text", "kind", "about")
    monkeypatch.setattr(cache, "state", lambda: "another")
    assert kept("kind", "about") is None


def test_the_state_changes_with_a_source_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "a.py"
    file.write_text("1")
    before = cache._sources(str(tmp_path))
    os.utime(file, ns=(1, 1))
    touched = cache._sources(str(tmp_path))
    (tmp_path / "b.py").write_text("")
    assert len({tuple(sorted(s)) for s in (before, touched, cache._sources(str(tmp_path)))}) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b[:-1], lambda b: b"", lambda b: b + b"x", lambda b: b.replace(b"text", b"tExt"), lambda b: b.replace(b"cache 1", b"cache 2"),
        lambda b: b"\xff\xfe" * 50, lambda b: b.replace(b"about", b"abouT"), lambda b: bytes(len(b)),
    ],
)  # fmt: skip
def test_a_broken_file_counts_as_absent_and_is_written_again(place: Path, spoil) -> None:
    keep("a text", "kind", "about")
    file = only(place)
    file.write_bytes(spoil(file.read_bytes()))
    assert kept("kind", "about") is None
    keep("a text", "kind", "about")
    assert kept("kind", "about") == "a text"


def test_an_entry_with_a_right_digest_under_a_wrong_name_is_not_taken(place: Path) -> None:
    keep("one", "kind", "1")
    one = only(place)
    keep("two", "kind", "2")
    two = next(p for p in place.iterdir() if p != one)
    two.write_bytes(one.read_bytes())
    assert kept("kind", "2") is None


@POSIX
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(place: Path, mode: int) -> None:
    keep("text", "kind", "about")
    only(place).chmod(mode)
    assert kept("kind", "about") is None


@POSIX
def test_a_directory_that_others_may_write_is_neither_read_nor_written(place: Path) -> None:
    keep("text", "kind", "about")
    place.chmod(0o777)
    assert kept("kind", "about") is None
    keep("text", "kind", "more")
    assert len(list(place.iterdir())) == 1


@POSIX
def test_what_belongs_to_somebody_else_is_not_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("text", "kind", "about")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert kept("kind", "about") is None


@POSIX
def test_a_link_is_not_followed(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("text", "kind", "about")
    file = only(place)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert kept("kind", "about") is None
    (tmp_path / "link").symlink_to(place)
    monkeypatch.setenv("SYMGD_CACHE", str(tmp_path / "link"))
    keep("text", "kind", "more")
    assert kept("kind", "more") is None


@POSIX
def test_a_pipe_in_place_of_a_file_does_not_hold_the_program_up(place: Path) -> None:
    keep("text", "kind", "about")
    file = only(place)
    file.unlink()
    os.mkfifo(file, 0o600)
    start = time.monotonic()
    assert kept("kind", "about") is None
    assert time.monotonic() - start < 1


@POSIX
def test_directory_and_files_are_the_users_alone(place: Path) -> None:
    keep("text", "kind", "about")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE(only(place).stat().st_mode) == 0o600


@pytest.mark.parametrize("where", ["file", "file/below", "\0"])
def test_where_nothing_can_be_written_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(cache, "folder", lambda: str(tmp_path / where))
    keep("text", "kind", "about")
    assert kept("kind", "about") is None
    assert (tmp_path / "file").read_text() == ""


def test_a_full_disk_leaves_no_half_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    place.mkdir(mode=0o700)
    monkeypatch.setattr(os, "replace", full)
    keep("text", "kind", "about")
    assert list(place.iterdir()) == []


def test_many_who_write_and_read_at_once_see_whole_texts_only(place: Path) -> None:
    texts = [f"{k}" * 50_000 for k in range(4)]

    def one(k: int) -> bool:
        keep(texts[k % 4], "kind", "about")
        return kept("kind", "about") in texts

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(80)))
    assert not [p for p in place.iterdir() if p.suffix == ".part"]


def test_the_longest_unused_go_first_and_files_of_others_stay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_FILES", 6)
    place.mkdir(mode=0o700)
    (place / "mine.txt").write_text("not an entry")
    for k in range(6):
        keep("text", "kind", str(k))
        for p in place.iterdir():
            os.utime(p, (p.stat().st_mtime - 100,) * 2)
    keep("text", "kind", "6")
    assert [kept("kind", str(k)) for k in range(7)] == [None] * 4 + ["text"] * 3
    assert (place / "mine.txt").exists()


def test_unfinished_files_of_an_hour_ago_are_cleared(place: Path) -> None:
    keep("text", "kind", "about")
    aside = only(place).with_suffix(".txt.1.0.part")
    aside.write_text("")
    keep("text", "kind", "about")
    assert aside.exists()
    os.utime(aside, (time.time() - 4000,) * 2)
    keep("text", "kind", "about")
    assert not aside.exists()


def test_a_huge_text_is_not_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 100)
    keep("x" * 200, "kind", "about")
    assert not place.exists()


HOME = os.path.expanduser("~")


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"SYMGD_CACHE": "off"}, ""),
        ("linux", {"SYMGD_CACHE": "OFF"}, ""),
        ("linux", {"SYMGD_CACHE": "/some/where"}, "/some/where"),
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/symgd"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, f"{HOME}/.cache/symgd"),
        ("linux", {}, f"{HOME}/.cache/symgd"),
        ("darwin", {}, f"{HOME}/Library/Caches/symgd"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/symgd/Cache"),
        ("win32", {}, ""),
    ],
)
@POSIX
def test_where_the_cache_lies(platform: str, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYMGD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert folder() == expected


# ---------------------------------------------------------------- the texts of functions


@pytest.mark.parametrize("name", [n for n in CATALOGUE if not n.startswith(("network-2", "network-5"))])
def test_every_text_of_ours_is_arithmetic_and_runs_the_same_when_read_back(name: str) -> None:
    f = compile_gradient(derive(problem(name)))
    written = f.written()
    again = from_written(f.problem, json.loads(json.dumps(written)))
    assert again.written() == written
    assert "derivation" not in vars(again)
    assert repr(again) == repr(f)


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "from os import system",
        "import numpy",
        "import numpy as np, os",
        "def f(x):\n    return x.__class__",
        "def f(x):\n    return __import__('os')",
        "def f(x):\n    return open('/etc/passwd')",
        "def f(x):\n    return eval('1')",
        "def f(x):\n    return np.load('a')",
        "def f(x):\n    return x.tofile('a')",
        "def f(x):\n    return np.lib",
        "def f(x):\n    return '{0.__class__}'.format(x)",
        "def f(x):\n    return f'{x}'",
        "def f(x=1 .__class__):\n    return x",
        "@np.vectorize\ndef f(x: int) -> int:\n    return x",
        "@abs\ndef f(x):\n    return x",
        "def f(x):\n    import os",
        "def f(x):\n    global y",
        "def f(x):\n    return (lambda: x)()",
        "def f(x):\n    return [y for y in x]",
        "class A:\n    pass",
        "def __getattr__(x):\n    return x",
        "with np as x:\n    x",
        "try:\n    x = 1\nexcept x:\n    x = 2",
        "def f(x):\n    yield x",
        "del np",
        "def f(x):\n    return unknown",
        "def f(x):\n    exec = x\n    return x\n\n\ndef g(x):\n    return exec('1')",
        "def f(open):\n    return open\n\n\ndef g(x):\n    return open('/etc/passwd')",
        "def f(*, eval=1):\n    return 1\n\n\ndef g(x):\n    return eval('1')",
        "def f(*compile):\n    return 1\n\n\ndef g(x):\n    return compile('1')",
        "def f(x):\n    for getattr in x:\n        x = 1\n    return x",
        "def exec(x):\n    return x",
        "def f(x):\n    np.exp = np.sin\n    return x",
        "def f(x):\n    np.exp += 1\n    return x",
        "def f(x, b=np.zeros(3)):\n    return x",
        "def f(x, *, b=abs(1)):\n    return x",
        "def f(np):\n    return np",
        "def f(x):\n    _erf = x\n    return x",
        "np = 3",
        "x = abs(1)",
        "abs(1)",
        "for x in 'ab':\n    x = 1",
        "x = (",
        "def f(x):\n    return b'1'",
        "def f(x):\n    return " + "-" * 100_000 + "1",
    ],
)
def test_a_text_that_is_more_than_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        see_arithmetic(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("source"), lambda d: d.update(source=1), lambda d: d.update(more="x"), lambda d: d.update(ids={}), lambda d: d.update(affine="yes"),
        lambda d: d["ids"].update(w="__class__"), lambda d: d["ids"].update(w="a b"), lambda d: d.update(source="import numpy as np\n"),
        lambda d: d.update(source=d["source"] + "\nimport os\n"), lambda d: d.update(bound_source="x = open('a')"),
    ],
)  # fmt: skip
def test_texts_of_another_shape_are_refused(change) -> None:
    f = compile_gradient(derive(problem("line-mse")))
    written = json.loads(json.dumps(f.written()))
    change(written)
    with pytest.raises(ValueError, match=r"text|names|function"):
        from_written(f.problem, written)


# ---------------------------------------------------------------- a second start

USE = """
import sys
from symgd.gradients import line_mse
x, y = [1.0, 2.0, 4.0], [2.0, 3.0, 4.0]
g = line_mse.bind(x=x, y=y)
print(line_mse.gradient(0.5, 1.0, x=x, y=y), line_mse.per_sample(0.5, 1.0, x=x, y=y).tolist(), line_mse.loss(0.5, 1.0, x=x, y=y, weights=[1, 2, 3]))
print(g.jac([0.5, 1.0]), g.hessian().tolist(), line_mse.bound_source == "", line_mse)
print("sympy" in sys.modules, file=sys.stderr)
"""
QUIET = """
import sys
from symgd.cli import main
status = main(['derive', 'line-mse'])
print("sympy" in sys.modules, "numpy" in sys.modules, status, file=sys.stderr)
"""


def started(code: str, place: Path | str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "SYMGD_CACHE": str(place)})
    return done.stdout, done.stderr.strip()


def test_a_second_start_of_a_gradient_function_imports_no_sympy_and_gives_the_same(place: Path) -> None:
    first, said = started(USE, place)
    assert said == "True"
    assert started(USE, place) == (first, "False")


OWN = """
import sys, symgd
f = symgd.compile({problem})
print(f.gradient(0.5, 1.0, x=[1.0, 2.0, 4.0], y=[1.0, 0.0, 1.0]), f.bind(x=[1.0, 2.0, 4.0], y=[1.0, 0.0, 1.0]).loss(0.5, 1.0), f.source)
print("sympy" in sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "stated",
    ["symgd.problem('line-mse')", "symgd.problem('logistic-log-loss')", "symgd.Problem.from_text(['u = w*x^2 + b - y'], 'u^4', 'w b', 'x y')"],
)
def test_a_problem_that_was_compiled_before_is_compiled_without_sympy(place: Path, stated: str) -> None:
    first, said = started(OWN.format(problem=stated), place)
    assert said == "True"
    assert started(OWN.format(problem=stated), place) == (first, "False")
    assert started(OWN.format(problem=stated), "off") == (first, "True")
    assert started(OWN.format(problem=f"symgd.derive({stated})"), place) == (first, "True")


def test_problems_that_differ_in_a_constant_alone_are_two(place: Path) -> None:
    first, _ = started(OWN.format(problem="symgd.problem('line-ridge')"), place)
    other, said = started(OWN.format(problem="symgd.problem('line-ridge').hold({'b': 1})").replace("0.5, 1.0", "0.5"), place)
    assert said == "True"
    assert first != other


def test_a_second_derive_imports_neither_sympy_nor_numpy_and_prints_the_same(place: Path) -> None:
    first, said = started(QUIET, place)
    assert said.split()[0] == "True"
    assert started(QUIET, place) == (first, "False False 0")
    assert started(QUIET, "off")[0] == first


def test_a_spoiled_text_is_derived_again(place: Path) -> None:
    first, _ = started(USE, place)
    file = only(place)
    file.write_bytes(file.read_bytes().replace(b"2*sum_ux", b"9*sum_ux"))
    assert started(USE, place) == (first, "True")
    assert started(USE, place) == (first, "False")


def test_a_directory_that_cannot_be_written_does_not_trouble_a_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out, said = started(QUIET, tmp_path / "file" / "below")
    assert said.split()[::2] == ["True", "0"]
    assert out.startswith("A line")


def test_another_detail_is_another_document(place: Path) -> None:
    brief = QUIET.replace("'line-mse'", "'line-mse', '--detail', 'brief'")
    assert started(QUIET, place)[0] != started(brief, place)[0]
    assert len(list(place.iterdir())) == 2


def test_a_function_that_was_read_derives_itself_when_asked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from symgd import shelf

    made = shelf.function(problem("line-ridge"))
    read = shelf.function(problem("line-ridge"))
    assert "derivation" not in vars(read)
    assert read.derivation == made.derivation
    assert (read.source, read.plan) == (made.source, made.plan)
    x = np.arange(5.0)
    assert read.gradient(1.0, 2.0, x=x, y=x) == made.gradient(1.0, 2.0, x=x, y=x)
