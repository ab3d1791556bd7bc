"""Lesson → Page: what stands on every page of the course, round what its lesson says; and the index."""

from __future__ import annotations

from symgd.course.exercise import to_blocks
from symgd.course.lesson import Course, Lesson
from symgd.course.path import LESSONS
from symgd.course.program import DATA, preamble, printed
from symgd.course.worksheets import FOLDER, name_of
from symgd.document.page import Block, Code, Folded, Heading, Inline, Link, Mono, Note, Page, Prose, Table

__all__ = ["ANSWERS", "CARDS", "PLAYGROUND", "index", "page"]

ANSWERS, PLAYGROUND, CARDS = "answers", "playground.html", "cards.tsv"


def page(c: Course, lesson: Lesson) -> Page:
    """The page of one lesson: the way through the course, the lesson, its exercises, its program."""
    w = c.writing()
    lesson.write(c, w)
    exercises = tuple(lesson.exercises(c))
    way = Prose(_way(c, lesson))
    blocks: list[Block] = [way, *w.blocks]
    if exercises:
        blocks += [Heading(1, ("Exercises",)), *to_blocks(exercises, lambda k: f"{FOLDER}/{name_of(lesson, k)}")]
    body = lesson.program(c)
    prints = printed(body, c.example) if c.outputs else None
    blocks += [
        Heading(1, ("Compute it yourself",)),
        Folded(("A program that finds the numbers of this page again",), (Code(preamble(c.example) + body, "python", prints),), "more"),
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
    """The way through the course, and what lies beside its pages."""
    e = c.example
    rows = tuple(((str(k),), (c.to(lesson.slug, lesson.title),), (lesson.asks,)) for k, lesson in enumerate(LESSONS, 1))
    about = (f"Gradient descent finds the numbers of a model step by step: here the slope and the intercept of a line that predicts {e.target} from "
             f"{e.feature}, for {e.n:,} {e.rows_are} ({e.source}). Each page takes one idea, derives it with every step proved, computes it on these data, "
             "draws it and asks about it; who has just met derivatives can begin with page 1.")  # fmt: skip
    beside: tuple[tuple[Inline, Inline], ...] = (
        ((Link("Playground", PLAYGROUND),), ("Move the learning rate and the start, and see where the descent goes. It opens in a browser.",)),
        ((c.to(ANSWERS, "Answers"),), ("The answers to all exercises.",)),
        ((Mono(f"{FOLDER}/"),), ("Exercises to complete in an editor; ", Mono("symgd check worksheets/"), " marks them.")),
        ((Link(CARDS, CARDS),), ("The exercises and every step of the derivation as flash cards for Anki.",)),
        ((Link(DATA, DATA),), ("The two columns that the programs read.",)),
    )
    notes = [Note((" ".join(e.notes),))] if e.notes else []
    blocks: list[Block] = [*notes, Table((("page",), ("",), ("the question",)), rows, (), (0,)), Heading(1, ("Beside the pages",)), Table(((), ()), beside)]
    return Page((title or "Gradient descent, derived and run",), tuple(blocks), (about,))
