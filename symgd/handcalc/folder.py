"""Many submissions: which files of a folder are read, what is refused and why, and the summary of all of them, also as CSV.

A file of a stranger is never trusted: no link is followed, its size is limited, its text is strict UTF-8, its name is shown escaped.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from symgd.document.page import Block, Heading, Inline, Link, Mono, Note, Page, Prose, Strong, Table
from symgd.document.plain import one_line, width, wrap
from symgd.handcalc.show import MARKS, counts
from symgd.handcalc.verdict import Verdict

__all__ = ["KINDS", "LARGEST", "Outcome", "Unusable", "find", "read_text", "summary_csv", "summary_lines", "summary_page", "text_of"]

LARGEST = 5_000_000  # bytes of one file
MOST = 20_000  # files of one folder
LISTED = 20  # skipped files that are named on a terminal

# the suffix of a file: what it holds
KINDS = {
    ".tex": "LaTeX", ".latex": "LaTeX", ".ltx": "LaTeX", ".md": "Markdown", ".markdown": "Markdown", ".txt": "text", ".text": "text", ".rst": "text",
    ".ipynb": "notebook", ".py": "code", ".r": "code", ".jl": "code", ".m": "code", ".c": "code", ".cpp": "code", ".h": "code", ".js": "code", ".ts": "code",
    ".java": "code", ".rs": "code", ".go": "code",
}  # fmt: skip

_LINK = "a symbolic link; links are not followed"
_WAITS_FOR_NOBODY, _NO_LINK = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_NOFOLLOW", 0)  # Windows has neither


class Unusable(ValueError):
    """A file that is not judged: the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its verdict, or why there is none; `report` is its document, where one was asked for."""

    name: str
    verdict: Verdict | None
    trouble: str = ""
    report: str = ""


# ---------------------------------------------------------------- files in


def find(folder: Path, leave_out: Sequence[Path] = ()) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files to judge, in order, and (name, why) for each that is not; hidden files and folders, and `leave_out`, are passed over.

    Raises Unusable for a folder of too many files.
    """
    chosen: list[Path] = []
    skipped: list[tuple[str, str]] = []
    closed = {os.path.realpath(p) for p in leave_out}
    for here, folders, files in os.walk(folder, followlinks=False):
        open_ones = sorted(f for f in folders if not f.startswith(".") and os.path.realpath(os.path.join(here, f)) not in closed)
        skipped += [(Path(here, f).relative_to(folder).as_posix(), _LINK) for f in open_ones if os.path.islink(os.path.join(here, f))]
        folders[:] = open_ones
        for file in sorted(f for f in files if not f.startswith(".")):
            path = Path(here, file)
            if os.path.realpath(path) in closed:
                continue
            why = _unfit(path)
            if why:
                skipped.append((path.relative_to(folder).as_posix(), why))
            else:
                chosen.append(path)
        if len(chosen) + len(skipped) > MOST:
            raise Unusable(f"{folder}: there are more than {MOST:,} files here; check a part of them at a time")
    return chosen, skipped


def _unfit(path: Path) -> str:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return _LINK
    if not stat.S_ISREG(mode):
        return "no regular file"
    return "" if path.suffix.lower() in KINDS else "a kind of file that is not read"


def read_text(path: Path, follow: bool = False) -> str:
    """The text of a file.  Raises Unusable, with the reason, for one that is too large, binary, no UTF-8, or cannot be opened."""
    try:
        with open(os.open(path, os.O_RDONLY | _WAITS_FOR_NOBODY | (0 if follow else _NO_LINK)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unusable("no regular file")
            return text_of(file.read(LARGEST + 1))
    except OSError as why:
        raise Unusable(f"cannot be opened ({why.strerror})") from why


def text_of(data: bytes) -> str:
    """The bytes as text.  Raises Unusable."""
    if len(data) > LARGEST:
        raise Unusable(f"more than {LARGEST // 1_000_000} MB")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unusable("UTF-16, not UTF-8; save the file as UTF-8")
    if b"\0" in data:
        raise Unusable("a binary file")
    try:
        return data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise Unusable(f"line {line} is no UTF-8 (byte {why.start + 1}); save the file as UTF-8") from why


# ---------------------------------------------------------------- the summary


def _state(o: Outcome) -> str:
    """One clause about a file."""
    v = o.verdict
    if v is None:
        return o.trouble
    many = counts(v)
    if not v.findings:
        return "no mathematics was found"
    if many["unread"] == len(v.findings):
        return "could not be read"
    first = next((f for f in v.findings if f.verdict == "wrong"), None)
    if first is not None:
        slip = f": {first.slips[0].name}" if first.slips else ""
        return f"first mistake in line {first.line.number}{slip}"
    if o.trouble:
        return o.trouble
    loose = many["convention"] + many["notation"]
    said = "no mistake found" if _open(many) else "right" if many["right"] else "no mistake"
    return f"{said}; {loose} to look at" if loose else said


def _open(many: dict[str, int]) -> int:
    """Lines that were not judged."""
    return many["undecided"] + many["unread"]


def _sorts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many files: with a mistake, without one, with lines left open, not judged."""
    found = dict.fromkeys(("with a mistake", "without one", "without one as far as they could be judged", "not judged"), 0)
    for o in outcomes:
        many = counts(o.verdict) if o.verdict else {}
        if many.get("wrong"):
            found["with a mistake"] += 1
        elif not any(many.values()) or many["unread"] == sum(many.values()) or o.trouble:
            found["not judged"] += 1
        else:
            found["without one as far as they could be judged" if _open(many) else "without one"] += 1
    return found


def summary_sentence(outcomes: Sequence[Outcome]) -> str:
    """12 files: 2 with a mistake, 9 without one, 1 not judged."""
    parts = [f"{n} {word}" for word, n in _sorts(outcomes).items() if n]
    return f"{len(outcomes)} file{'s' * (len(outcomes) != 1)}: {', '.join(parts)}." if parts else "There is no file to judge here."


def summary_lines(outcomes: Sequence[Outcome], skipped: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The table for the terminal, 80 columns: file, lines, wrong, open, what is to say."""
    if outcomes:
        wide = min(32, max(4, *(width(one_line(o.name)) for o in outcomes)))
        yield f"  {'file':{wide}}  lines  wrong  open"
        for o in outcomes:
            yield from _summary_row(o, wide)
        yield ""
    for name, why in skipped[:LISTED]:
        yield from _named("  skipped  ", name, why)
    if len(skipped) > LISTED:
        yield f"  skipped  and {len(skipped) - LISTED} more files"
    if skipped:
        yield ""
    yield from wrap(summary_sentence(outcomes), 80)


def _summary_row(o: Outcome, wide: int) -> Iterator[str]:
    name = one_line(o.name)
    if width(name) > wide:
        yield from (f"  {part}" for part in wrap(name, 78))
        name = ""
    if o.verdict is None:
        cells = f"{'':5}  {'':5}  {'':4}"
    else:
        many = counts(o.verdict)
        cells = f"{len(o.verdict.findings):5}  {many['wrong']:5}  {_open(many):4}"
    head = f"  {name}{' ' * (wide - width(name))}  {cells}  "
    said = wrap(_state(o), 80 - width(head))
    yield (head + said[0]).rstrip()
    yield from (" " * width(head) + part for part in said[1:])


def _named(head: str, name: str, why: str) -> Iterator[str]:
    for k, part in enumerate(wrap(f"{one_line(name)}: {why}", 80 - len(head))):
        yield (head if k == 0 else " " * len(head)) + part


def summary_csv(outcomes: Sequence[Outcome], skipped: Sequence[tuple[str, str]]) -> str:
    """One row a file; a cell that a spreadsheet might take for a formula begins with an apostrophe."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(["file", "lines", *MARKS, "first_wrong", "slip", "says"])
    for o in outcomes:
        v = o.verdict
        first = next((f for f in v.findings if f.verdict == "wrong"), None) if v else None
        many = [len(v.findings), *counts(v).values()] if v else [""] * (1 + len(MARKS))
        slip = first.slips[0].name if first and first.slips else ""
        says = first.says if first else _state(o)
        rows.writerow([harmless(o.name), *many, first.line.number if first else "", harmless(slip), harmless(says)])
    for name, why in skipped:
        rows.writerow([harmless(name), *[""] * (1 + len(MARKS)), "", "", harmless(f"skipped: {why}")])
    return out.getvalue()


_FORMULA = re.compile(r"(^|[;,|\t])(?=\s*[=+\-@])")


def harmless(text: str) -> str:
    """The text as a cell: what follows a sign by which some spreadsheet separates cells must not begin a formula either."""
    return _FORMULA.sub(r"\1'", one_line(text))


def summary_page(outcomes: Sequence[Outcome], skipped: Sequence[tuple[str, str]], title: str, reports: Sequence[str] = ()) -> Page:
    """The summary as a document; reports[k] is the path from the summary to the k-th outcome's own report."""
    head: tuple[Inline, ...] = (("file",), ("what was found",), ("lines",), ("wrong",), ("open",))
    rows: list[tuple[Inline, ...]] = []
    for k, o in enumerate(outcomes):
        many = counts(o.verdict) if o.verdict else {}
        numbers = (str(len(o.verdict.findings)), str(many["wrong"]), str(_open(many))) if o.verdict else ("", "", "")
        mark = Strong(_state(o)) if many.get("wrong") else _state(o)
        name = Link(o.name, reports[k]) if k < len(reports) and reports[k] else Mono(o.name)
        rows.append(((name,), (mark,), *((n,) for n in numbers)))
    blocks: list[Block] = [Table(head, tuple(rows), numeric=(2, 3, 4))] if rows else []
    if slips := _slips(outcomes):
        blocks += [Heading(1, ("What went wrong, and how often",)), Table((("slip",), ("files",)), slips, ("The first mistake of each file.",), numeric=(1,))]
    if skipped:
        blocks += [Heading(1, ("Not read",)), *(Prose((Mono(name), f": {why}")) for name, why in skipped)]
    if not rows:
        blocks.append(Note(("There is no file to judge here.",), "warning"))
    return Page((title,), tuple(blocks), (summary_sentence(outcomes),))


def _slips(outcomes: Sequence[Outcome]) -> tuple[tuple[Inline, ...], ...]:
    """(slip, how many files) of the first mistakes, the most frequent first."""
    firsts = [next((f for f in o.verdict.findings if f.verdict == "wrong"), None) for o in outcomes if o.verdict]
    words = [f.slips[0].name if f.slips else "not explained" for f in firsts if f]
    return tuple(((w,), (str(words.count(w)),)) for w in sorted(set(words), key=lambda w: (-words.count(w), w)))
