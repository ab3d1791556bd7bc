"""`symgd course`: the words of the command line → the folder of pages."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from symgd.entries import YES, Refused, refusing
from symgd.document.files import write_bytes, write_text

if TYPE_CHECKING:
    from symgd.course.lesson import Course

__all__ = ["course_command"]

EXAMPLE = ("sat_sum", "fy_gpa")


def course_command(given: argparse.Namespace) -> int:
    """Every page is made before the first is written; exit status 0."""
    folder = Path(given.output)
    _see_folder(folder, given.force)
    with refusing():
        from symgd.course.folder import files

        written = list(_counted(files(_course(given), given.format, given.title), sys.stderr.isatty()))
    _write(folder, written)
    first = written[-1][0]
    print(f"wrote {len(written)} files below {given.output}; begin with {os.path.join(given.output, first)}", file=sys.stderr)
    return YES


def _see_folder(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file; name a folder with -o")
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise Refused(f"the folder {folder} is not empty; name another with -o, or say --force to replace the files of a course in it")


def _write(folder: Path, files: list[tuple[str, str | bytes]]) -> None:
    """All files or none: they are written beside the folder, and moved into it once they all are on the disk.  Raises OSError, naming the file."""
    new = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".symgd-", dir=folder) as beside:
            for name, contents in files:
                path = Path(beside, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    write_bytes(path, contents) if isinstance(contents, bytes) else write_text(path, contents)
                except OSError as why:
                    raise type(why)(why.errno, why.strerror, str(folder / name)) from None
            for name, _ in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(beside, name), folder / name)
    except OSError:
        for path in new:
            with suppress(OSError):
                path.rmdir()
        raise


def _counted(pages: Iterator[tuple[str, str | bytes]], shown: bool) -> Iterator[tuple[str, str | bytes]]:
    """The files as they come, counted on a terminal."""
    for k, file in enumerate(pages, 1):
        if shown:
            print(f"\r  {k} files", end="", file=sys.stderr, flush=True)
        yield file
    if shown:
        print("\r" + " " * 20 + "\r", end="", file=sys.stderr, flush=True)


def _course(given: argparse.Namespace) -> Course:
    from symgd.course.example import bundled, example_of, line_gradient
    from symgd.course.lesson import Course
    from symgd.exposition import Style
    from symgd.numeric.data.table import parse_csv, read_csv
    from symgd.term import Name

    gradient, scale = line_gradient(given.half, _letters(given)), 0.5 if given.half else 1.0
    units = dict(map(_unit, given.unit))
    if given.data:
        columns = (given.feature, given.target) if given.feature and given.target else ()
        piped = given.data == "-"
        source = "standard input" if piped else os.path.basename(given.data)
        table = parse_csv(sys.stdin.buffer, source, columns, missing=given.missing) if piped else read_csv(given.data, columns, missing=given.missing)
        feature, target = _two(table.columns, given.feature, given.target)
        named = units.get(feature, ""), units.get(target, "")
        found = example_of(table, feature, target, gradient=gradient, scale=scale, source=source, units=named)
    else:
        feature, target = given.feature or EXAMPLE[0], given.target or EXAMPLE[1]
        found = bundled(feature, target, gradient=gradient, scale=scale, units=units)
    if lost := sorted(set(units) - {feature, target}):
        raise Refused(f"--unit: {lost[0]} is not one of the two columns {feature} and {target}")
    if (alpha := Name(given.rate_letter)).symbol in gradient.problem.declared():
        raise Refused(f"--rate-letter {alpha.symbol}: that letter has a meaning already; choose another, with --names or --count another for that")
    return Course(found, Style(given.detail, derivatives=given.derivatives, alpha=alpha))


def _unit(word: str) -> tuple[str, str]:
    name, sign, unit = word.rpartition("=")
    if not sign or not name.strip() or not unit.strip():
        raise Refused(f"--unit takes COLUMN=UNIT, not {word!r}")
    return name.strip(), unit.strip()


def _two(columns: object, feature: str, target: str) -> tuple[str, str]:
    """The feature and the target: as named; of two columns the first and the last."""
    names = list(columns)  # type: ignore[call-overload]
    rest = [n for n in names if n not in (feature, target)]
    if feature and target:
        return feature, target
    if len(names) == 2 and rest:
        return (feature or rest[0], target or rest[-1]) if feature or target else (names[0], names[1])
    raise Refused(f"name the two columns with --feature and --target; {_numbers(names)}")


def _numbers(names: list[str]) -> str:
    return f"columns of numbers are {', '.join(map(repr, names))}" if names else "no column holds numbers alone"


def _letters(given: argparse.Namespace) -> dict[str, str]:
    """--names m,c and --count N, as new letters of the problem."""
    words = [w.strip() for w in given.names.split(",") if w.strip()]
    if len(words) == 1:
        words = [f"{words[0]}1", f"{words[0]}0"]
    if words and len(words) != 2:
        raise Refused(f"--names takes two letters, for the slope and the intercept: m,c; or one that is numbered: theta; not {given.names!r}")
    letters = dict(zip("wb", words, strict=True)) if words else {}
    return letters | ({"n": given.count} if given.count != "n" else {})


