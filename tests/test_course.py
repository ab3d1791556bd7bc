"""The course: every number of every page is found again by its program, on very different data; every idea of the slides has its page and its picture."""

from __future__ import annotations

import functools
import io
import re
from pathlib import Path

import numpy as np
import pytest

from symgd.course.example import Example, bundled, example_of, line_gradient
from symgd.course.folder import files
from symgd.course.lesson import Course, Lesson
from symgd.course.pages import page
from symgd.course.path import LESSONS
from symgd.course.program import preamble, printed
from symgd.document.page import Page, Picture, every_block
from symgd.document.plain import inline_text
from symgd.exposition import Style
from symgd.numeric.data import DataError, parse_csv
from symgd.term import Name
from tests.course_numbers import lost, numbers


def table(x, y, names: str = "hours,points"):
    rows = "\n".join(f"{u!r},{v!r}" for u, v in zip(map(float, x), map(float, y), strict=True))
    return parse_csv(io.BytesIO(f"{names}\n{rows}\n".encode()), "grades.csv")


def noisy(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


DATA = {
    "falling": lambda: (np.linspace(1, 9, 40), 20 - 2.5 * np.linspace(1, 9, 40) + noisy(40, 1)),
    "three rows": lambda: (np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 7.0])),
    "perfect": lambda: (np.arange(1.0, 9.0), 3 * np.arange(1.0, 9.0) - 5),
    "offset": lambda: (1e6 + noisy(200, 2), 5 + noisy(200, 3)),
    "tiny": lambda: (1e-6 * noisy(60, 4), 1e3 * noisy(60, 5)),
    "standardised": lambda: ((v := noisy(500, 6)) / v.std() - v.mean() / v.std(), noisy(500, 7)),
}


@functools.cache
def course(data: str = "", half: bool = False, letters: tuple[tuple[str, str], ...] = (), alpha: str = "alpha") -> Course:
    gradient, scale = line_gradient(half, dict(letters)), 0.5 if half else 1.0
    if data:
        found: Example = example_of(table(*DATA[data]()), "hours", "points", gradient=gradient, scale=scale, source="grades.csv", units=("h", "points"))
    else:
        found = bundled(gradient=gradient, scale=scale)
    return Course(found, Style(alpha=Name(alpha)))


@functools.cache
def page_of(c: Course, lesson: Lesson) -> Page:
    return page(c, lesson)


@functools.cache
def output_of(c: Course, lesson: Lesson) -> str:
    return printed(preamble(c.example) + lesson.program(c), c.example)


each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[x.slug for x in LESSONS])


# ---------------------------------------------------------------- the numbers


@each_lesson
@pytest.mark.parametrize("data", ["", *DATA])
def test_every_number_of_a_page_is_found_again_by_its_program(lesson: Lesson, data: str) -> None:
    c = course(data)
    assert [f"{x.text} in: {x.place[:200]}" for x in lost(page_of(c, lesson), output_of(c, lesson))] == []


@each_lesson
def test_with_a_half_and_other_letters_the_numbers_are_found_again(lesson: Lesson) -> None:
    c = course(half=True, letters=(("w", "m"), ("b", "c"), ("n", "N")), alpha="eta")
    assert [f"{x.text} in: {x.place[:200]}" for x in lost(page_of(c, lesson), output_of(c, lesson))] == []


@each_lesson
def test_a_program_imports_numpy_alone_and_stays_short(lesson: Lesson) -> None:
    text = preamble(course().example) + lesson.program(course())
    assert set(re.findall(r"^\s*(?:import|from)\s+(\w+)", text, re.MULTILINE)) <= {"numpy", "math", "fractions"}
    assert text.count("\n") <= 100


def test_a_number_that_is_wrong_in_its_last_digit_is_noticed() -> None:
    right, wrong = numbers("0.02387 and 0.02388")
    assert right.is_among([0.0238657])
    assert not wrong.is_among([0.0238657])


@pytest.mark.parametrize(
    ("text", "values"),
    [("1,000 students", [1000.0]), ("−9.19 × 10⁻⁵", [9.19e-05]), ("column x_12 of θ₁", []), ("in 12 steps", []), ("in 13 steps", [13.0]), ("10⁻³⁰", [1e-30])],
)
def test_numbers_are_read_from_prose(text: str, values: list[float]) -> None:
    assert [float(x.value) for x in numbers(text)] == values


# ---------------------------------------------------------------- the letters


@each_lesson
def test_other_letters_leave_no_trace_of_the_usual_ones(lesson: Lesson) -> None:
    c = course(letters=(("w", "q"), ("b", "r")))
    said = [inline_text(x.text) for x in every_block(page_of(c, lesson).blocks) if hasattr(x, "text") and isinstance(x.text, tuple)]
    assert [s for s in said if re.search(r"(?<![\w\u0302])[wb](?![\w\u0302])", s)] == []
    titles = [x.title + " " + x.description for x in every_block(page_of(c, lesson).blocks) if isinstance(x, Picture)]
    assert [s for s in titles if re.search(r"(?<![\w\u0302])[wb](?![\w\u0302])", s)] == []


# ---------------------------------------------------------------- the ideas


# row of the slides' list of ideas, the idea, the page that answers it, words in the title of the picture there ("" for an idea without one)
IDEAS: list[tuple[int, str, str, str]] = []


@pytest.mark.parametrize(("row", "idea", "slug", "picture"), IDEAS, ids=[str(row) for row, *_ in IDEAS])
def test_every_idea_of_the_slides_has_its_page_and_its_picture(row: int, idea: str, slug: str, picture: str) -> None:
    lesson = next(x for x in LESSONS if x.slug == slug)
    blocks = list(every_block(page_of(course(), lesson).blocks))
    assert not picture or any(picture in x.title for x in blocks if isinstance(x, Picture))


# ---------------------------------------------------------------- the folder


def test_a_page_weighs_at_most_300_kilobytes() -> None:
    for name, contents in files(course()):
        if name.endswith(".html"):
            assert len(contents) <= 300_000, name


def test_the_columns_that_lie_beside_the_pages_are_those_of_the_example(tmp_path: Path) -> None:
    text = dict(files(course("falling")))["data.csv"]
    assert isinstance(text, str)
    (tmp_path / "data.csv").write_text(text)
    x, y = np.loadtxt(tmp_path / "data.csv", delimiter=",", skiprows=1, unpack=True)
    assert (x == course("falling").example.x).all()
    assert (y == course("falling").example.y).all()


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [([1, 1, 1], [1, 2, 3], "hours"), ([1, 2, 3], [5, 5, 5], "nothing to predict"), ([1, 2], [1, 2], "at least 3")],
)
def test_columns_that_make_no_line_are_refused(x: list[float], y: list[float], why: str) -> None:
    with pytest.raises(DataError, match=why):
        example_of(table(x, y), "hours", "points", gradient=line_gradient(), source="grades.csv")
