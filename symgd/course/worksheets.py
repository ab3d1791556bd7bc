"""Worksheets: an exercise as Markdown that a student completes and hands to `symgd check`; and the answers to all exercises as one page."""

from __future__ import annotations

from collections.abc import Iterator

from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.path import LESSONS
from symgd.document.page import Block, Heading, Inline, Page, Prose
from symgd.document.plain import inline_text
from symgd.handcalc.sources import written

__all__ = ["BLANK", "FOLDER", "answers", "name_of", "worksheet", "worksheets"]

FOLDER = "worksheets"
BLANK = "______"  # what `symgd check` takes for no line at all


def worksheets(c: Course) -> Iterator[tuple[str, str]]:
    """(path below the course's folder, Markdown) of each exercise in which a line is to be written."""
    for lesson in LESSONS:
        for k, e in enumerate(lesson.exercises(c), 1):
            if e.key:
                yield f"{FOLDER}/{name_of(lesson, k)}", worksheet(lesson, k, e)


def name_of(lesson: Lesson, k: int) -> str:
    return f"{lesson.slug}-{k}.md"


def worksheet(lesson: Lesson, k: int, e: Exercise) -> str:
    """What is asked, the definitions, the lines before, and a blank; the file as it stands holds nothing that is wrong.

    The lines of which one is wrong are told in words, so that they are not judged.
    """
    goal = e.key.partition(" = ")[0]
    found = [
        "Somebody found these lines, each from the one before it. One of them is the first that is wrong.",
        _fenced(_told(e, goal)),
        f"Write the line that ought to stand in its place, where `{BLANK}` is.",
    ]
    asked = found if e.lines else [_asked(e), f"Write your line where `{BLANK}` is."]
    return "\n\n".join((
        f"# {lesson.title}: exercise {k}",
        *asked,
        _fenced((*e.stated, f"{goal} = {BLANK}")),
        f"Then let it be judged: `symgd check {name_of(lesson, k)}`. Hints and the answer stand on the page “{lesson.title}” of the course.",
    )) + "\n"  # fmt: skip


def _asked(e: Exercise) -> str:
    """The question in words; where it holds mathematics that would be judged, what is asked in general."""
    words = " ".join(inline_text(block.text) for block in e.question if isinstance(block, Prose))
    return words if words and not written(words) else "What is the next line?"


def _fenced(lines: tuple[str, ...]) -> str:
    return "\n".join(("```text", *lines, "```"))


def _told(e: Exercise, goal: str) -> tuple[str, ...]:
    """line 2 says by the power rule that dL/dw equals …"""
    return tuple(f"line {k} ({rule}): {goal} equals {line.removeprefix(f'{goal} = ')}" for k, (line, rule) in enumerate(e.lines, 1))


def answers(c: Course) -> Page:
    """The answers to all exercises, by lesson, each with the way back to its question."""
    blocks: list[Block] = []
    for lesson in LESSONS:
        exercises = tuple(lesson.exercises(c))
        if exercises:
            blocks += [Heading(1, (lesson.title,)), Prose(("The questions: ", c.to(lesson.slug, lesson.title), "."))]
        for k, e in enumerate(exercises, 1):
            blocks += [Heading(2, (f"Exercise {k}{KINDS[e.kind]}",)), *e.answer]
    summary: Inline = ("The answer to every exercise of the course. Read the hints first.",)
    return Page(("Answers",), (Prose(("All pages: ", c.to(c.index, "the course"), ".")), *blocks), summary)


KINDS = {"fill": ": the next line", "find": ": the wrong line", "predict": ""}
