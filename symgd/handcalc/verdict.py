"""What is said of somebody's working: one finding a displayed line, in order.

Verdicts: given · right · convention · notation · wrong · carried · undecided · unread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from symgd.document.page import Page, Prose, Strong
from symgd.document.shown import shows_itself

__all__ = ["ORDER", "Finding", "Slip", "StepVerdict", "Verdict", "Written", "worst"]

# from good to bad: a line's verdict is that of its worst member
ORDER = ("given", "right", "convention", "notation", "undecided", "unread", "carried", "wrong")


@dataclass(frozen=True)
class Written:
    """One displayed line or row as its writer wrote it.

    number     1, 2, …, in order
    line       where it starts in the source, counted from 1
    column     likewise
    text       as written, without the marks of the display ($$, \\[, &)
    syntax     "latex" or "ascii"
    continues  does it begin with a relation, and so continue the line above?
    before     the prose that stands before it, since the line above (for "let", "where", "setting … to zero")
    """

    number: int
    line: int
    column: int
    text: str
    syntax: str
    continues: bool = False
    before: str = ""


@shows_itself
@dataclass(frozen=True)
class Slip:
    """A move gone wrong: its stable name, and one sentence for the writer."""

    name: str
    says: str

    def shown(self) -> Page:
        """Name and sentence."""
        return Page((), (Prose((Strong(f"{self.name}: "), self.says)),))


@dataclass(frozen=True)
class StepVerdict:
    """One member of a = b = c, against the member before it; start and end are its place in the line's text."""

    text: str
    verdict: str
    says: str = ""
    start: int = 0
    end: int = 0


@shows_itself
@dataclass(frozen=True)
class Finding:
    """The verdict on one line.

    says            one sentence for the writer
    slips           what explains a wrong line exactly; the first is the likeliest
    factor          for a convention: the constant factor, in words or as a formula
    expected        the corrected line in the writer's own symbols
    counterexample  (name, value) pairs, then ("left", …), ("right", …): numbers at which the two sides differ
    """

    line: Written
    verdict: str
    says: str
    slips: tuple[Slip, ...] = ()
    factor: str | None = None
    expected: str | None = None
    counterexample: tuple[tuple[str, str], ...] | None = None
    steps: tuple[StepVerdict, ...] = ()

    def shown(self) -> Page:
        """The line with its verdict; where it is wrong the slip, the correction, the numbers."""
        from symgd.handcalc.to_page import judged

        return Page((), tuple(judged(self)))


@shows_itself
@dataclass(frozen=True)
class Verdict:
    """problem      the catalogue's name of the problem it was judged against, or None
    definitions  what the writer defined, as ASCII text
    assumed      what was missing and therefore assumed, aloud
    findings     one a line
    """

    problem: str | None
    definitions: tuple[str, ...]
    assumed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def first_wrong(self) -> int | None:
        """The number of the first wrong line, or None."""
        return next((f.line.number for f in self.findings if f.verdict == "wrong"), None)

    def shown(self) -> Page:
        """The document of it."""
        from symgd.handcalc.to_page import to_page

        return to_page(self)

    def to_json(self) -> str:
        """The verdict as data, for machines."""
        lines = [
            {
                "number": f.line.number,
                "at": {"line": f.line.line, "column": f.line.column},
                "text": f.line.text,
                "verdict": f.verdict,
                "says": f.says,
                "slip": {"name": f.slips[0].name, "says": f.slips[0].says} if f.slips else None,
                "slips": [{"name": s.name, "says": s.says} for s in f.slips],
                "factor": f.factor,
                "expected": f.expected,
                "counterexample": dict(f.counterexample) if f.counterexample else None,
                "steps": [{"text": s.text, "verdict": s.verdict, "says": s.says} for s in f.steps],
            }
            for f in self.findings
        ]
        data = {"problem": self.problem, "definitions": list(self.definitions), "assumed": list(self.assumed), "lines": lines, "first_wrong": self.first_wrong}
        return json.dumps(data, ensure_ascii=False, indent=1)


def worst(verdicts: tuple[str, ...]) -> str:
    """The worst of some verdicts."""
    return max(verdicts, key=ORDER.index, default="given")
