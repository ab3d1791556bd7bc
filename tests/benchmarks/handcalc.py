"""`python -m tests.benchmarks.handcalc [FILE.jsonl …] [--all] [--document FILE]`: how well hand calculations are judged.

Without a file the corpus of `tests.corpus` is measured.  A file may also have records of the shape `raw`, `lines[].status` (correct = right), or
one formula a line: `text`, `accept`; those stand in the document that --document names.  --all shows every disagreement, else the first twenty.

read            of all labelled lines, those that were found and read
agreement       of the lines read, those with the labelled verdict or one that its label accepts
called wrong    lines labelled right or given that are called wrong or carried: there must be none
first wrong     of the records, those whose first wrong line is the labelled one (none, where none is)
slip first      of the wrong lines called wrong, those where the slip named first is the labelled one
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symgd.handcalc.judge import check_lines
from symgd.handcalc.sources import written
from symgd.handcalc.verdict import Finding, worst
from tests.corpus import Label, Record, load, record

__all__ = ["Outcome", "Score", "judged", "records_of", "score"]

BAD = ("wrong", "carried")
SLIPS = {  # other words for slips
    "lost-parens": ("bracket",), "dropped-1-over-n": ("count",), "dropped-minus-y": ("term-dropped",), "forgot-inner-derivative": ("inner-derivative",),
    "sign-and-forgot-inner-derivative": ("sign", "inner-derivative"),
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """A label, and what was said of its line: None where the line was not found."""

    record: Record
    label: Label
    finding: Finding | None
    verdict: str

    @property
    def agrees(self) -> bool:
        return self.verdict in self.label.allowed

    @property
    def unjust(self) -> bool:
        return self.label.verdict in ("right", "given") and self.verdict in BAD and not self.agrees


@dataclass(frozen=True)
class Score:
    """The figures of some records; shares are in percent, None where there is nothing to count."""

    records: int
    lines: int
    read: float
    agreement: float
    called_wrong: int
    first_wrong: float
    slip_first: float | None
    milliseconds: float


# ---------------------------------------------------------------- records of other shapes


def _slips(words: object) -> tuple[str, ...]:
    listed = [words] if isinstance(words, str) else list(words) if isinstance(words, list) else []
    plain = [w.replace("_", "-").lower() for w in listed]
    return tuple(s for w in plain for s in SLIPS.get(w, (w,)))


def _labelled(data: dict[str, Any]) -> Record:
    word = lambda s: "right" if s == "correct" else s  # noqa: E731

    def label(d: dict[str, Any]) -> Label:
        said = word(d["status"])
        return Label(d["text"], said, tuple(w for w in map(word, d.get("accept", ())) if w != said), _slips(d.get("slip")), (), d.get("note", ""))

    return Record(data["id"], data["raw"], tuple(map(label, data["lines"])))


def records_of(file: Path, document: Path | None = None) -> list[Record]:
    """The records of a file of any of the three shapes."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    if rows and "lines" not in rows[0]:
        labels = tuple(Label(d["text"], d["accept"][0], tuple(d["accept"][1:]), (), (), d.get("why", "")) for d in rows)
        text = document.read_text(encoding="utf-8") if document else "\n\n".join(f"$${d['text']}$$" for d in rows)
        return [Record(file.stem, text, labels)]
    return [_labelled(d) if "raw" in d else record(d) for d in rows]


# ---------------------------------------------------------------- whose finding is it?


def _bare(text: str) -> str:
    """The text without blanks and marks of the display."""
    for mark in ("\\\\", "&", "$", "\\[", "\\]", "\\displaystyle", "\\!", "\\,"):
        text = text.replace(mark, "")
    return "".join(text.split()).rstrip(".,;")


def _found(label: str, findings: Sequence[str], start: int) -> tuple[int, int] | None:
    """From which to which finding the label's line goes, at `start` or after it where it can be."""
    for order in (range(start, len(findings)), range(start)):
        if (k := next((k for k in order if findings[k] == label), None)) is not None:
            return k, k + 1
        for k in order:
            if label in findings[k]:
                return k, k + 1
            if len(findings[k]) > 2 and findings[k] in label:
                end = k + 1
                while end < len(findings) and len(findings[end]) > 1 and findings[end] in label:
                    end += 1
                return k, end
    return None


def judged(r: Record) -> list[Outcome]:
    """Every label of the record beside what the judge says of its line."""
    findings = check_lines(written(r.text, r.file)).findings
    bare = [_bare(f.line.text) for f in findings]
    out: list[Outcome] = []
    at = 0
    for label in r.lines:
        where = _found(_bare(label.text), bare, at)
        if where is None:
            out.append(Outcome(r, label, None, "unread"))
            continue
        mine = findings[where[0] : where[1]]
        verdict = worst(tuple(f.verdict for f in mine))
        out.append(Outcome(r, label, next(f for f in mine if f.verdict == verdict), verdict))
        at = where[1] if bare[where[0]] in _bare(label.text) else where[0]
    return out


# ---------------------------------------------------------------- the figures


def _first(verdicts: Iterable[str]) -> int | None:
    return next((k for k, v in enumerate(verdicts) if v == "wrong"), None)


def first_right(outcomes: Sequence[Outcome]) -> bool:
    """Is the first line called wrong the first one labelled so?  A line whose label accepts `wrong` may be it, too; one labelled so need not be, where its
    label accepts what is said."""
    said = _first(o.verdict for o in outcomes)
    must = _first("" if o.verdict in o.label.accept else o.label.verdict for o in outcomes)
    if said == must:
        return True
    return said is not None and "wrong" in outcomes[said].label.accept and (must is None or said < must)


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def score(groups: Sequence[Sequence[Outcome]], seconds: Sequence[float] = ()) -> Score:
    """The figures; one group a record."""
    every = [o for g in groups for o in g]
    read = [o for o in every if o.verdict != "unread" or o.agrees]
    named = [o for o in every if o.label.verdict == "wrong" and o.label.slips and o.verdict == "wrong"]
    first = sum(bool(o.finding and o.finding.slips and o.finding.slips[0].name in o.label.slips) for o in named)
    return Score(
        records=len(groups), lines=len(every), read=_share(len(read), len(every)), agreement=_share(sum(o.agrees for o in read), len(read)),
        called_wrong=sum(o.unjust for o in every), first_wrong=_share(sum(map(first_right, groups)), len(groups)),
        slip_first=_share(first, len(named)) if named else None,
        milliseconds=1000 * statistics.median(s / max(1, len(g)) for s, g in zip(seconds, groups, strict=True)) if seconds else 0.0,
    )  # fmt: skip


def shown(o: Outcome) -> str:
    """A disagreement, for a person."""
    text = " ".join(o.label.text.split())
    lines = [f"{o.record.id}: {'/'.join((o.label.verdict, *o.label.accept))} labelled, {o.verdict if o.finding else 'not found'}", f"    {text}"]
    if o.finding and o.finding.says:
        lines.append(f"    {o.finding.says}")
    if o.label.note:
        lines.append(f"    note: {o.label.note}")
    return "\n".join(lines)


def shown_slip(o: Outcome) -> str:
    """A slip that was not named, or not first."""
    named = [s.name for s in o.finding.slips] if o.finding else []
    return f"{o.record.id}: slip {' or '.join(o.label.slips)} labelled, {', '.join(named) or 'none'} named\n    {' '.join(o.label.text.split())}"


def missed_slips(groups: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    """Wrong lines called wrong without the labelled slip first."""
    every = [o for g in groups for o in g if o.label.verdict == "wrong" and o.label.slips and o.verdict == "wrong" and o.finding]
    return [o for o in every if o.finding and not (o.finding.slips and o.finding.slips[0].name in o.label.slips)]


def measure(name: str, records: Sequence[Record], everything: bool) -> Score:
    """Judges the records and prints their figures."""
    groups, seconds = [], []
    for r in records:
        start = time.perf_counter()
        groups.append(judged(r))
        seconds.append(time.perf_counter() - start)
    s = score(groups, seconds)
    notes = [shown(o) for g in groups for o in g if not o.agrees] + [shown_slip(o) for o in missed_slips(groups)]
    for note in notes if everything else notes[:20]:
        print(note)
    if len(notes) > 20 and not everything:
        print(f"… and {len(notes) - 20} more (--all)")
    print(
        f"{name}: {s.records} records, {s.lines} lines · read {s.read:.1f} % · agreement {s.agreement:.1f} % · right called wrong {s.called_wrong} · "
        f"first wrong {s.first_wrong:.1f} % · slip first {'–' if s.slip_first is None else f'{s.slip_first:.1f} %'} · {s.milliseconds:.0f} ms a line"
    )
    return s


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 where a right line is called wrong."""
    words = list(arguments)
    document = Path(words.pop(words.index("--document") + 1)) if "--document" in words else None
    files = [w for w in words if not w.startswith("--")]
    tables = [(Path(f).name, records_of(Path(f), document)) for f in files] or [("corpus", load())]
    return int(any([measure(name, records, "--all" in words).called_wrong for name, records in tables]))  # noqa: C419


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
