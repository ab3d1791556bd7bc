"""`symgd course`: where it writes, what it refuses, and that a folder is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import symgd.teaching as teaching
from symgd.cli import main
from symgd.document.files import write_text

ROWS = "hours,points\n" + "".join(f"{k},{2 * k + (-1) ** k}\n" for k in range(12))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "grades.csv"
    path.write_text(ROWS, "utf-8")
    return path


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five small files in place of the course: here only the writing matters."""
    made = [("a.html", "a"), ("worksheets/b.md", "b"), ("c.woff2", b"c"), ("d.html", "d"), ("index.html", "e")]
    monkeypatch.setattr("symgd.course.folder.files", lambda *_: iter(made))


def written(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def full_disk(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(99))

    def write(path: os.PathLike[str], text: str, force: bool = False) -> None:
        if next(calls) == after:
            raise OSError(errno.ENOSPC, "cannot be written (No space left on device)", str(path))
        write_text(path, text, force)

    monkeypatch.setattr(teaching, "write_text", write)


@pytest.mark.usefixtures("pages")
def test_a_folder_is_made_with_those_above_it(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["course", str(data), "-o", str(tmp_path / "x" / "y")]) == 0
    assert written(tmp_path / "x") == ["y/a.html", "y/c.woff2", "y/d.html", "y/index.html", "y/worksheets/b.md"]
    assert "begin with" in capsys.readouterr().err


@pytest.mark.usefixtures("pages")
def test_a_full_disk_leaves_nothing_and_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    full_disk(3, monkeypatch)
    assert main(["course", str(data), "-o", str(tmp_path / "x" / "y")]) == 2
    assert not (tmp_path / "x").exists()
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert str(tmp_path / "x" / "y" / "index.html") in said


@pytest.mark.usefixtures("pages")
def test_with_force_a_full_disk_leaves_the_old_course_as_it_was(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "a.html").write_text("old", "utf-8")
    full_disk(2, monkeypatch)
    assert main(["course", str(data), "-o", str(folder), "--force"]) == 2
    assert written(folder) == ["a.html"]
    assert (folder / "a.html").read_text("utf-8") == "old"


@pytest.mark.usefixtures("pages")
def test_force_replaces_the_course_and_leaves_other_files(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    for name in ("a.html", "mine.txt"):
        (folder / name).write_text("old", "utf-8")
    assert main(["course", str(data), "-o", str(folder)]) == 2
    assert written(folder) == ["a.html", "mine.txt"]
    assert main(["course", str(data), "-o", str(folder), "--force"]) == 0
    assert written(folder) == ["a.html", "c.woff2", "d.html", "index.html", "mine.txt", "worksheets/b.md"]
    assert [(folder / name).read_text("utf-8") for name in ("a.html", "mine.txt")] == ["a", "old"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--rate-letter", "w"], "--rate-letter w: that letter has a meaning already"),
        (["--names", "alpha,c"], "--rate-letter alpha: that letter has a meaning already"),
        (["--count", "w"], "the name w is taken"),
        (["--names", "a,b,c"], "--names takes two letters"),
        (["--target", "zzz"], "there is no column 'zzz'; there are 'hours', 'points'"),
        (["--unit", "foo=m"], "foo is not one of the two columns"),
    ],
)  # fmt: skip
def test_what_makes_no_course_is_refused_in_one_line_before_anything_is_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["course", str(data), "-o", str(tmp_path / "x"), *more]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_column_with_words_in_it_is_named_when_two_are_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\nfoo,3\n1,2\n", "utf-8")
    assert main(["course", str(path), "-o", str(tmp_path / "x")]) == 2
    assert "--feature and --target; columns of numbers are 'b'" in capsys.readouterr().err
