"""Hand calculations in the manners of the wild, written for this corpus, with the verdict that each line deserves.

A record is one object of a JSONL file:

id      its name, the family first
about   what it is, in a few words
file    what the document is called, where that tells how to read it (descend.py)
text    the document as written: LaTeX, Markdown, a notebook's JSON, plain text, code with comments
lines   in order, each with
          text     as written, without the marks of the display
          verdict  given · right · convention · notation · wrong · carried · unread
          accept   other verdicts that a good judge may give
          slip     what explains a wrong line; several where more than one explanation is exact
          py       the members of the line as NumPy-like formulas: the truth of the label is computed from them (`tests.corpus.truth`)
          note     the reason, where it is not plain
let     what the formulas are made of, in order: name → formula
shape   name → its axes ("n", "d", "n d", "h d", "bits n", "positive"), or a list of numbers; a name without a shape is a number
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["VERDICTS", "Label", "Record", "load", "record"]

VERDICTS = ("given", "right", "convention", "notation", "wrong", "carried", "unread")


@dataclass(frozen=True)
class Label:
    """What a good judge says of one line."""

    text: str
    verdict: str
    accept: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    py: tuple[str, ...] = ()
    note: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset((self.verdict, *self.accept))


@dataclass(frozen=True)
class Record:
    """One working with its labels."""

    id: str
    text: str
    lines: tuple[Label, ...]
    about: str = ""
    file: str = ""
    let: dict[str, str] = field(default_factory=dict)
    shape: dict[str, Any] = field(default_factory=dict)


def _listed(x: Any) -> tuple[str, ...]:
    return (x,) if isinstance(x, str) else tuple(x)


def record(data: dict[str, Any]) -> Record:
    """A record from one object of a JSONL file."""
    lines = tuple(
        Label(d["text"], d["verdict"], _listed(d.get("accept", ())), _listed(d.get("slip", ())), tuple(d.get("py", ())), d.get("note", ""))
        for d in data["lines"]
    )
    return Record(data["id"], data["text"], lines, data.get("about", ""), data.get("file", ""), data.get("let", {}), data.get("shape", {}))


def load(folder: Path = Path(__file__).parent) -> list[Record]:
    """Every record of the folder, by file and place."""
    return [record(json.loads(line)) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines() if line]
