"""Lesson → Page: what stands on every page of the course, round what its lesson says; and the index."""

from __future__ import annotations

from symgd.course.exercise import to_blocks
from symgd.course.lesson import Course, Lesson
from symgd.course.path import LESSONS
from symgd.course.program import preamble, printed
from symgd.document.page import Block, Code, Folded, Heading, Inline, Page, Prose, Table

__all__ = ["ANSWERS", "index", "page"]

ANSWERS = "answers"


def page(c: Course, lesson: Lesson) -> Page:
    """The page of one lesson: the way through the course, the lesson, its exercises, its program."""
    w = c.writing()
    lesson.write(c, w)
    exercises = tuple(lesson.exercises(c))
    way = Prose(_way(c, lesson))
    blocks: list[Block] = [way, *w.blocks]
    if exercises:
        blocks += [Heading(1, ("Exercises",)), *to_blocks(exercises)]
    program = preamble(c.example) + lesson.program(c)
    prints = printed(program, c.example) if c.outputs else None
    blocks += [
        Heading(1, ("Compute it yourself",)),
        Folded(("A program that finds the numbers of this page again",), (Code(program, "python", prints),), "more"),
        way,
    ]
    return Page((lesson.title,), tuple(blocks), (lesson.asks,))


def _way(c: Course, lesson: Lesson) -> Inline:
    at = LESSONS.index(lesson)
    out: list[object] = [f"Page {at + 1} of {len(LESSONS)}. "]
    if at:
        out += ["Before: ", c.to(LESSONS[at - 1].slug, LESSONS[at - 1].title), ". "]
    out += ["All pages: ", c.to(c.index, "the course"), "."]
    if at + 1 < len(LESSONS):
        out += [" Next: ", c.to(LESSONS[at + 1].slug, LESSONS[at + 1].title), "."]
    return tuple(out)  # type: ignore[arg-type]


def index(c: Course, title: str = "") -> Page:
    """The way through the course."""
    e = c.example
    rows = tuple(((str(k),), (c.to(lesson.slug, lesson.title),), (lesson.asks,)) for k, lesson in enumerate(LESSONS, 1))
    about = f"From {e.feature} to {e.target}: {e.n:,} {e.rows_are} ({e.source})."
    return Page((title or "Gradient descent, derived and run",), (Prose((about,)), Table((("page",), ("",), ("the question",)), rows, (), (0,))), (about,))
