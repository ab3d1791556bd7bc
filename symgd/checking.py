"""`symgd check`: texts go to processes with limits, verdicts come back and are shown, written and counted.

Nothing of a stranger's text is parsed in this process; where time or memory ran out, the lines not reached are undecided.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from symgd.document.files import see_writable, write_bytes, write_file, write_text
from symgd.document.formats import FORMATS, format_of, render, see_installed
from symgd.document.plain import one_line
from symgd.document.to_html import FONT, font_bytes
from symgd.document.to_pdf import compiled
from symgd.handcalc.folder import LARGEST, Outcome, Unusable, find, read_text, summary_csv, summary_lines, summary_page, text_of
from symgd.handcalc.jobs import Reference, document, from_data, nothing_known
from symgd.handcalc.show import to_lines
from symgd.handcalc.verdict import Verdict
from symgd.worker import Worker

__all__ = ["SECONDS", "Wish", "begin", "check", "check_text", "run"]

SECONDS = 20.0  # for one text
PROCESSES = 2
WORTH_ANOTHER = 20  # files that take as long as the start of a process
YES, NO, UNREAD, UNDECIDED = 0, 1, 2, 3
ENDED = {"time": "not decided within {seconds:g} seconds", "memory": "the memory limit was reached", "died": "the process that judged it ended"}


@dataclass(frozen=True)
class Wish:
    """What is to be checked, and how it is to be told.  path: a file, a folder, or "-"."""

    path: str
    reference: Reference
    strict: bool = False
    report: str = ""
    json: bool = False
    force: bool = False
    seconds: float = SECONDS


# ---------------------------------------------------------------- one text

_JOBS = "symgd.handcalc.jobs:JOBS"
_shared = Worker(_JOBS)
atexit.register(_shared.close)


def begin() -> None:
    """Start the process that judges, which takes a while, and do not wait for it."""
    _shared.begin()


def check_text(
    text: str, reference: Reference, seconds: float = SECONDS, name: str = "-", form: str = "", font: str = "", worker: Worker | None = None
) -> Outcome:
    """The verdict on a text, and its document in the format `form` if one is named; the suffix of `name`, its file, says what it holds.

    Raises Unusable where no process can be started.
    """
    try:
        answer = (worker or _shared).ask("check", text, asdict(reference), name, form, font, seconds=seconds)
    except RuntimeError as none:  # no process can be started
        raise Unusable(str(none)) from none
    found = answer.value or {}
    why = ENDED[answer.ended].format(seconds=seconds) if answer.ended else ""
    if "unusable" in found:
        return Outcome(name, None, found["unusable"])
    verdict = from_data(found["verdict"]) if "verdict" in found else nothing_known(text, reference)
    findings = tuple(replace(f, says=why) if why and f.verdict == "undecided" and not f.says else f for f in verdict.findings)
    verdict = replace(verdict, findings=findings)
    return Outcome(name, verdict, why, found.get("report") or (document(verdict, name, form, font, typeset=False) if form else ""))


def check(text: str, reference: Reference, name: str = "-", seconds: float = SECONDS) -> Verdict:
    """The verdict on a text.  Raises Unusable for one that is too large, or no notebook though its name says so."""
    text_of(text.encode("utf-8", "surrogatepass"))
    found = check_text(text, reference, seconds, name)
    if found.verdict is None:
        raise Unusable(found.trouble)
    return found.verdict


# ---------------------------------------------------------------- the command


def run(wish: Wish) -> int:
    """Check, print, write; the exit status.  Raises Unusable, with the reason, where nothing can be checked; OSError where nothing can be written."""
    if wish.path != "-" and os.path.isdir(wish.path):
        return _run_folder(wish)
    form = format_of(wish.report) if wish.report else ""
    see_installed(form)
    if wish.report:
        see_writable(wish.report, wish.force)
    name = "-" if wish.path == "-" else os.path.basename(wish.path)
    try:
        text = text_of(sys.stdin.buffer.read(LARGEST + 1)) if wish.path == "-" else read_text(Path(wish.path), follow=True)
    except Unusable as why:
        raise Unusable(f"{wish.path}: {why}") from why
    found = check_text(text, wish.reference, wish.seconds, name, form)
    if found.verdict is None:
        raise Unusable(f"{wish.path}: {found.trouble}")
    print(found.verdict.to_json() if wish.json else "\n".join(to_lines(found.verdict, "standard input" if name == "-" else wish.path)))
    if wish.report:
        write_file(wish.report, finished(found.report, form), wish.force)
        print(f"wrote {wish.report}", file=sys.stderr)
    return status([found], wish.strict)


def status(outcomes: Sequence[Outcome], strict: bool) -> int:
    """1 if a line is wrong; else 2 if nothing could be read; else 0, or if strict 3 where a line is undecided or unread, or a file could not be judged."""
    verdicts = [o.verdict for o in outcomes if o.verdict]
    every = [f.verdict for v in verdicts for f in v.findings]
    if "wrong" in every:
        return NO
    if all(v == "unread" for v in every):
        return UNREAD
    return UNDECIDED if strict and ({"undecided", "unread"} & {*every} or len(verdicts) < len(outcomes)) else YES


def finished(report: str, form: str) -> str | bytes:
    """The document that the process wrote, compiled where it is a PDF: Typst needs more memory than a stranger's text may have."""
    return compiled(report) if form == "pdf" else report


# ---------------------------------------------------------------- a folder


def _run_folder(wish: Wish) -> int:
    plan = Reports(wish.report, wish.force) if wish.report else None
    files, skipped = find(Path(wish.path), plan.places if plan else ())
    if plan:
        plan.see_writable()
    outcomes: list[Outcome] = []
    progress = _Progress(len(files))
    for found in judged(files, Path(wish.path), wish, plan):
        progress.show(found)
        outcomes.append(plan.write(found) if plan else found)
    progress.end()
    if wish.json:
        print(_folder_json(outcomes, skipped))
    else:
        print("\n".join(summary_lines(outcomes, skipped)))
    if plan:
        plan.summarise(outcomes, skipped, os.path.basename(os.path.normpath(wish.path)))
        print(f"wrote {plan.summary}", file=sys.stderr)
    return status(outcomes, wish.strict)


def judged(files: Sequence[Path], folder: Path, wish: Wish, plan: Reports | None) -> Iterator[Outcome]:
    """The outcome of each file, in order, judged by PROCESSES workers; nobody else waits for a file that takes long."""
    idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    workers = [_shared, *(Worker(_JOBS) for _ in range(1, min(PROCESSES, 1 + len(files) // WORTH_ANOTHER)))]
    for worker in workers:
        idle.put(worker)

    def judge(path: Path) -> Outcome:
        name = path.relative_to(folder).as_posix()
        try:
            text = read_text(path)
        except Unusable as why:
            return Outcome(name, None, str(why))
        worker = idle.get()
        try:
            return check_text(text, wish.reference, wish.seconds, name, plan.form if plan else "", plan.font_of(name) if plan else "", worker)
        finally:
            idle.put(worker)

    pool, interrupted = ThreadPoolExecutor(len(workers)), True
    try:
        yield from pool.map(judge, files)
        interrupted = False
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers if interrupted else workers[1:]:
            worker.close()
        pool.shutdown()


def _folder_json(outcomes: Sequence[Outcome], skipped: Sequence[tuple[str, str]]) -> str:
    """{"files": [{"file": …, and the verdict or "trouble"}], "skipped": […]}"""
    rows = [{"file": o.name, "trouble": o.trouble or None, **(json.loads(o.verdict.to_json()) if o.verdict else {})} for o in outcomes]
    return json.dumps({"files": rows, "skipped": [{"file": name, "why": why} for name, why in skipped]}, ensure_ascii=False, indent=1)


class Reports:
    """Where the documents go.  FOLDER: one of each file and summary.html, summary.csv in it; FILE.html (.pdf, …): the summary there, FILE.csv beside it,
    the others in a folder of that name without the suffix; FILE.csv: the table alone.
    """

    def __init__(self, where: str, force: bool) -> None:
        self.force = force
        suffix = Path(where).suffix.lower()
        named = suffix in (".csv", ".htm", ".markdown", *(f.suffix for f in FORMATS.values())) and not os.path.isdir(where)
        self.form = "" if suffix == ".csv" and named else format_of(where) if named else "html"
        see_installed(self.form)
        self.folder = Path(where).with_suffix("") if named else Path(where)
        self.csv = Path(where).with_suffix(".csv") if named else self.folder / "summary.csv"
        self.summary = Path(where) if named else self.folder / "summary.html"
        self.places = (self.folder, self.csv, self.summary)
        self.written: set[str] = set()

    def font_of(self, name: str) -> str:
        """The documents of a folder share one file with the math font."""
        return f"link:{'../' * name.count('/')}{FONT}"

    def file_of(self, name: str) -> Path:
        return self.folder / f"{name}{FORMATS[self.form].suffix}"

    def path_of(self, found: Outcome) -> str:
        """The way from the summary to the document, "" where there is none."""
        return Path(os.path.relpath(self.file_of(found.name), self.summary.parent)).as_posix() if found.name in self.written else ""

    def see_writable(self) -> None:
        """Refuse before anything is judged."""
        for path in {self.csv, self.summary}:
            path.parent.mkdir(parents=True, exist_ok=True)
            see_writable(path, self.force)
        font = self.folder / FONT
        if self.form == "html" and not (font.is_file() and font.read_bytes() == font_bytes()):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(font, font_bytes(), self.force)

    def write(self, found: Outcome) -> Outcome:
        """One document.  Where it cannot be written, the outcome says so, and the others go on."""
        trouble = found.trouble
        if found.report:
            try:
                self.file_of(found.name).parent.mkdir(parents=True, exist_ok=True)
                write_file(self.file_of(found.name), finished(found.report, self.form), self.force)
                self.written.add(found.name)
            except (OSError, ValueError) as why:
                trouble = f"its report was not written: {why.strerror if isinstance(why, OSError) else why}"
                print(f"error: {one_line(found.name)}: {trouble}", file=sys.stderr)
        return replace(found, report="", trouble=trouble)

    def summarise(self, outcomes: Sequence[Outcome], skipped: Sequence[tuple[str, str]], title: str) -> None:
        write_text(self.csv, summary_csv(outcomes, skipped), self.force)
        if self.form:
            page = summary_page(outcomes, skipped, f"The workings in {title}", [self.path_of(o) for o in outcomes])
            write_file(self.summary, render(page, self.form), self.force)


class _Progress:
    """One line on a terminal that is overwritten; nothing elsewhere."""

    def __init__(self, many: int) -> None:
        self.many, self.done, self.wrong, self.last = many, 0, 0, 0.0
        self.shows = sys.stderr.isatty() and many > 1

    def show(self, found: Outcome) -> None:
        self.done += 1
        self.wrong += bool(found.verdict and found.verdict.first_wrong)
        if self.shows and time.monotonic() - self.last > 0.1:
            self.last = time.monotonic()
            bar = "█" * (20 * self.done // self.many)
            print(f"\r  {bar:░<20} {self.done:,} of {self.many:,} files, {self.wrong:,} with a mistake", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shows:
            print(f"\r{' ' * 78}\r", end="", file=sys.stderr, flush=True)
