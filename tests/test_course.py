"""The course: every number of every page is found again by its program, on very different data; every idea of the slides has its page and its picture."""

from __future__ import annotations

import ast
import functools
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symgd.course.example import Example, bundled, example_of, line_gradient
from symgd.course.folder import files
from symgd.course.lesson import Course, Lesson
from symgd.course.pages import page
from symgd.course.path import LESSONS
from symgd.course.program import preamble, printed
from symgd.document.page import Box, Heading, Page, Picture, every_block
from symgd.document.plain import inline_text
from symgd.exposition import Style
from symgd.numeric.data.table import DataError, parse_csv
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
    return printed(lesson.program(c), c.example)


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


def code_of(program: str) -> str:
    """The program without its comments."""
    return ast.unparse(ast.parse(program))


@each_lesson
def test_the_code_of_a_program_holds_no_word_of_the_data(lesson: Lesson) -> None:
    hostile = replace(course().example, feature='x"""; import os # \r\u2028\nprint(1)', target="{data!r} \\' + __import__('os')")
    evil = Course(hostile, course().style)
    assert lesson.program(evil) == lesson.program(course())
    assert code_of(preamble(hostile) + lesson.program(evil)) == code_of(preamble(course().example) + lesson.program(course()))
    assert printed(lesson.program(evil), hostile) == output_of(course(), lesson)


def test_names_of_columns_do_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr("builtins.exec", lambda code, scope: texts.append(code))
    monkeypatch.setattr("builtins.compile", lambda text, *_: text)
    printed("print(n)\n", replace(course().example, feature="feature-word", target="target-word"))
    assert len(texts) == 1
    assert "print(n)" in texts[0]
    assert "-word" not in texts[0]


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


# row in the list of ideas, the idea, the page that answers it, words of a heading or box there, words in the title of its picture ("": none)
IDEAS = [
    (1, "slope and intercept of the best line", "line", "What the two numbers say", "Data and line"),
    (2, "the closed form", "closed-form", "The closed form", "What the closed form and the descent cost"),
    (3, "what many variables cost", "closed-form", "What it costs", "What the closed form and the descent cost"),
    (4, "why not try all pairs", "grid", "How many pairs are there?", "Trying pairs"),
    (5, "local and global", "convexity", "Why local is global here", "one valley"),
    (6, "why descent is smarter", "grid", "Why the descent is smarter", ""),
    (7, "the scores and grades of students", "line", "By how much it misses", "Data and line"),
    (8, "w and b carry no index, the prediction a hat", "line", "Why w and b carry no index", ""),
    (9, "the mean squared error", "loss", "The mean squared error", "Residuals as squares"),
    (10, "the loss against w, b held", "parabola", "The loss is a parabola", "as a parabola"),
    (11, "the lowest w", "parabola", "It is not yet the answer", "moves while"),
    (12, "the slope through tangents", "slope", "The derivative from first principles", "Secants that turn into the tangent"),
    (13, "which side to move towards", "side", "Why: the first-order term", "Which side to move towards"),
    (14, "one letter for the count", "loss", "Find the mistake", ""),
    (15, "subtracting the raw slope", "raw-slope", "Really run", "Where the steps land"),
    (16, "when a step jumps over the minimum", "raw-slope", "When does a step jump over the minimum?", "Where the steps land"),
    (17, "what the learning rate is", "rate", "What it is", ""),
    (18, "small, ideal, large, at the bound", "rate", "five rates", "4 learning rates"),
    (19, "0.001 as a starting point", "scaling", "Find the mistake", "the rate 0.001"),
    (20, "more or less by what is observed", "scaling", "A rule that finds the rate by itself", "the rate 0.001"),
    (21, "when to stop, as a question", "stopping", "A question first", ""),
    (22, "stop when nothing changes", "stopping", "What a computer does with rule 1", "where each rule fires"),
    (23, "a rate times 0", "stopping", "Rule 1: stop when nothing changes", ""),
    (24, "a cap on the iterations", "stopping", "Rule 2: stop after 1,000 iterations", "where each rule fires"),
    (25, "the derivative of the loss, not of the slope", "slope", "The slope of the loss, not of the slope", "as a parabola"),
    (26, "two names for one symbol", "chain-rule", "Two lines to read closely", ""),
    (27, "the chain rule in words", "chain-rule", "The rule", "From the parameters to the loss"),
    (28, "the substitution", "chain-rule", "The loss is made in three steps", "From the parameters to the loss"),
    (29, "where the sum went", "chain-rule", "impacts the loss", "From the parameters to the loss"),
    (30, "how the prediction impacts the loss", "chain-rule", "and then the loss", "From the parameters to the loss"),
    (31, "numbered lines, put together", "chain-rule", "Every factor as a number", ""),
    (32, "the prediction is not what was measured", "chain-rule", "Two lines to read closely", ""),
    (33, "the sum over the samples", "gradient", "One w, many predictions", "moves all"),
    (34, "one sample alone", "gradient", "One sample alone", ""),
    (35, "the slope by b", "gradient", "The derivative by b", ""),
    (36, "updating both", "update", "One after the other", "ways over the same loss"),
    (37, "back-propagation", "backpropagation", "From the loss to", "Values forward, sensitivities backward"),
    (38, "the slides, checked", "slides", "The fourteen errors", ""),
]


def test_no_idea_of_the_slides_is_left_out() -> None:
    assert [row for row, *_ in IDEAS] == list(range(1, 39))


@pytest.mark.parametrize(("idea", "slug", "words", "picture"), [row[1:] for row in IDEAS], ids=[str(row[0]) for row in IDEAS])
def test_every_idea_of_the_slides_has_its_page_and_its_picture(idea: str, slug: str, words: str, picture: str) -> None:
    lesson = next(x for x in LESSONS if x.slug == slug)
    blocks = list(every_block(page_of(course(), lesson).blocks))
    titles = [inline_text(x.text if isinstance(x, Heading) else x.title) for x in blocks if isinstance(x, Heading | Box)]
    assert any(words in title for title in titles), idea
    assert not picture or any(picture in x.title for x in blocks if isinstance(x, Picture)), idea


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
