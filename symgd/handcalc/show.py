"""A verdict for a person at a terminal: the first wrong line as compilers show it, every line with its mark, and one sentence at the end.

80 columns, no colour; whatever a stranger wrote is drawn, never obeyed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgd.document.plain import CHECKS, one_line, visible, width, wrap
from symgd.handcalc.verdict import Finding, StepVerdict, Verdict

__all__ = ["MARKS", "Place", "closing", "counts", "numbers_of", "place", "to_lines", "windowed"]

COLUMNS = 80
MOST_ROWS = 6  # of the terminal for one line as it was written

MARKS = {verdict: CHECKS[verdict][0] for verdict in ("given", "right", "convention", "notation", "wrong", "carried", "undecided", "unread")}


def to_lines(verdict: Verdict, name: str = "-") -> Iterator[str]:
    """The lines to print; `name` is the file, "-" for standard input."""
    wrong = [f for f in verdict.findings if f.verdict == "wrong"]
    for finding in wrong[:1]:
        yield from _error(finding, name)
        yield ""
    if verdict.findings:
        yield from _table(verdict)
        yield ""
    for finding in wrong[1:]:
        yield from _error(finding, name)
        yield ""
    for word, texts in (("defined", verdict.definitions), ("assumed", verdict.assumed)):
        for k, text in enumerate(texts):
            yield from _hanging(f"  {word if k == 0 else '':8}", one_line(text))
    if verdict.definitions or verdict.assumed:
        yield ""
    yield from wrap(closing(verdict), COLUMNS)


def _hanging(head: str, text: str) -> Iterator[str]:
    """The text after its head, further lines indented as deep."""
    for k, part in enumerate(wrap(text, COLUMNS - width(head))):
        yield (head if k == 0 else " " * width(head)) + part


# ---------------------------------------------------------------- the wrong line


@dataclass(frozen=True)
class Place:
    """Where the caret stands: in the file (from 1), and in the row of the text that is shown, as text[start:end]."""

    line: int
    column: int
    row: str
    start: int
    end: int


def culprit(finding: Finding) -> StepVerdict | None:
    """The member of a = b = c to blame: the first one as bad as the line."""
    return next((s for s in finding.steps if s.verdict == finding.verdict), None)


def place(finding: Finding) -> Place:
    """The row of the line that holds the member to blame; the whole first row where no member is named."""
    text, step = finding.line.text, culprit(finding)
    if step is None or not 0 <= step.start < step.end <= len(text):
        start = len(text) - len(text.lstrip())
        end = len(text)
    else:
        start, end = step.start, step.end
    begins = text.rfind("\n", 0, start) + 1
    ends = text.find("\n", begins)
    row = text[begins : ends if ends >= 0 else len(text)]
    before = text.count("\n", 0, begins)
    column = start - begins + (finding.line.column if before == 0 else 1)
    return Place(finding.line.line + before, column, row, start - begins, max(start - begins, min(end - begins, len(row.rstrip()))))


def _error(finding: Finding, name: str) -> Iterator[str]:
    """error[wrong]: … --> file:line:column, the row, a caret, the slip, the correction, the numbers."""
    at = place(finding)
    margin = " " * len(str(at.line))
    yield from _hanging("error[wrong]: ", one_line(f"line {finding.line.number}: {finding.says}" if finding.says else f"line {finding.line.number} is wrong"))
    yield from _hanging(f"{margin}--> ", f"{one_line(name)}:{at.line}:{at.column}")
    yield f"{margin} |"
    for k, (shown, caret) in enumerate(quoted(at.row, at.start, at.end, COLUMNS - len(margin) - 3)):
        yield f"{margin if k else at.line} | {shown}"
        if caret:
            yield f"{margin} | {caret}"
    for head, text in details(finding):
        yield from _hanging(f"{margin} = ", f"{head}{text}")


def details(finding: Finding) -> Iterator[tuple[str, str]]:
    """(head, text) for what is known of a wrong line beyond its sentence."""
    for slip in finding.slips:
        yield "slip: ", one_line(f"{slip.name}. {slip.says}" if slip.says else slip.name)
    if finding.factor:
        yield "factor: ", one_line(finding.factor)
    if finding.expected:
        yield "correct: ", one_line(finding.expected)
    if sentence := numbers_of(finding):
        yield "", sentence


def numbers_of(finding: Finding) -> str:
    """at w = 1, x = (2, 3): the left side is 2, the right side 5"""
    pairs = finding.counterexample or ()
    sides = dict(pairs)
    at = ", ".join(f"{one_line(n)} = {one_line(v)}" for n, v in pairs if n not in ("left", "right"))
    if "left" not in sides or "right" not in sides:
        return ""
    return f"{f'at {at}' if at else 'in numbers'}: the left side is {one_line(sides['left'])}, the right side {one_line(sides['right'])}"


def quoted(row: str, start: int, end: int, columns: int) -> Iterator[tuple[str, str]]:
    """The row as it was written, in parts of at most `columns`, and under each the carets of row[start:end]; of a very long one the part around them."""
    row = row.replace("\t", " ").rstrip()
    if width(one_line(row)) > MOST_ROWS * columns:
        shown, first, wide = windowed(row, start, end, columns)
        yield shown, f"{' ' * first}{'^' * wide}"
        return
    at = 0
    for part in _parts(row, columns):
        first, last = max(start - at, 0), min(end - at, len(part.rstrip()))
        yield one_line(part).rstrip(), f"{' ' * width(one_line(part[:first]))}{'^' * width(one_line(part[first:last]))}" if first < last else ""
        at += len(part)


def _parts(row: str, columns: int) -> Iterator[str]:
    """The row in parts of at most `columns`, nothing lost, cut behind a blank or before a command or sign where there is one."""
    while width(one_line(row)) > columns:
        most = len(_cut(one_line(row), columns))
        cut = max((k for k in range(most // 2, most) if row[k - 1] == " " or row[k] in "\\=+"), default=most)
        yield row[:cut]
        row = row[cut:]
    yield row


def windowed(row: str, start: int, end: int, columns: int) -> tuple[str, int, int]:
    """The row made visible, at most `columns` wide, with … where it is cut; the place of row[start:end] in it, as (column, columns)."""
    before, inside, after = (one_line(part) for part in (row[:start], row[start:end], row[end:]))
    room = max(columns - 2, 8)
    if width(before + inside + after) <= columns:
        return (before + inside + after).rstrip(), width(before), max(1, width(inside))
    inside = _cut(inside, room)
    spare = room - width(inside)
    kept_after = _cut(after, spare - min(width(before), spare // 2))
    kept_before = _cut(before[::-1], spare - width(kept_after))[::-1]
    left = "…" if kept_before != before else ""
    cut = "…" if kept_after != after or inside != one_line(row[start:end]) else ""
    return f"{left}{kept_before}{inside}{kept_after}{cut}".rstrip(), width(left + kept_before), max(1, width(inside))


def _cut(text: str, columns: int) -> str:
    """As much of the text as is at most `columns` wide."""
    out, used = [], 0
    for c in text:
        used += width(c)
        if used > columns:
            break
        out.append(c)
    return "".join(out)


# ---------------------------------------------------------------- every line, and the sentence at the end


def _table(verdict: Verdict) -> Iterator[str]:
    """One row a line: mark, number, verdict, the working; under it the sentence, where there is something to say."""
    digits = max(len(str(f.line.number)) for f in verdict.findings)
    last = ""
    for f in verdict.findings:
        mark = MARKS[f.verdict]
        head = f"  {mark} {f.line.number:>{digits}}  {f.verdict:10}  "
        yield (head + windowed(visible(f.line.text).replace("\n", " ⏎ "), 0, 0, COLUMNS - width(head))[0]).rstrip()
        said = f"{f.says} (factor: {f.factor})" if f.factor and f.factor not in f.says else f.says
        again, last = said == last, said
        if said and not again and f.verdict not in ("given", "right", "wrong"):
            yield from _hanging(" " * width(head), one_line(said))


def counts(verdict: Verdict) -> dict[str, int]:
    """How many lines have each verdict, in the order of MARKS."""
    return {word: sum(f.verdict == word for f in verdict.findings) for word in MARKS}


def closing(verdict: Verdict) -> str:
    """One sentence that the writer understands."""
    many = counts(verdict)
    if not verdict.findings:
        return "No line of mathematics was found."
    if many["unread"] == len(verdict.findings):
        return "None of this could be read." if many["unread"] > 1 else "This could not be read."
    later = ""
    if n := many["carried"]:
        later += f" {_lines(n).capitalize()} after it {'is' if n == 1 else 'are'} false only because of it."
    if n := many["wrong"] - 1:
        later += f" {_lines(n).capitalize()} further down {'has a mistake of its' if n == 1 else 'have mistakes of their'} own."
    opened = _open(many)
    if verdict.first_wrong is not None:
        return f"The first mistake is in line {verdict.first_wrong}{_where(verdict)}.{later}{' ' + opened if opened else ''}"
    if opened:
        return f"No mistake was found. {opened}"
    loose = many["convention"] + many["notation"]
    if loose:
        which = " and ".join(f"{many[k]} {k}" for k in ("convention", "notation") if many[k])
        return f"No line is wrong; {_lines(loose)} {'wants' if loose == 1 else 'want'} a closer look ({which})."
    judged = many["right"]
    return "Everything here is right." if judged else "There are only definitions here: nothing to judge."


def _where(verdict: Verdict) -> str:
    """(line 14 of the text), where the working's lines are numbered otherwise than the text's."""
    first = next(f.line for f in verdict.findings if f.line.number == verdict.first_wrong)
    return f" (line {first.line} of the text)" if first.line != first.number else ""


def _lines(n: int) -> str:
    return "one line" if n == 1 else f"{n} lines"


def _open(many: dict[str, int]) -> str:
    """What was not judged."""
    parts = [f"{_lines(many[word])} could not be {said}" for word, said in (("undecided", "decided"), ("unread", "read")) if many[word]]
    return f"{', and '.join(parts)}.".capitalize() if parts else ""
