"""How much is explained: brief, full and tutorial really differ, in lessons that derive by rules and in those that write their own lines."""

from __future__ import annotations

import functools
import io
import re

import pytest

from symgd.course.example import example_of, line_gradient
from symgd.course.lesson import Course
from symgd.course.pages import index, page
from symgd.course.path import LESSONS
from symgd.course.proved import chain
from symgd.course.worksheets import worksheets
from symgd.document.page import Block, Box, Chain, Folded, Line, Picture, Prose
from symgd.document.plain import inline_text
from symgd.exposition import Style
from symgd.forward import Problem
from symgd.numeric.data.table import Table, parse_csv
from symgd.term import TWO, Name, mul
from symgd.typeset.layout import Derivatives

DERIVES = ("loss", "grid", "closed-form", "parabola", "slope", "side", "raw-slope", "rate", "stopping", "chain-rule", "gradient", "update", "convexity",
           "backpropagation")  # fmt: skip


def table() -> Table:
    rows = "\n".join(f"{k / 4},{30 - 2 * k + (-1) ** k * k % 5}" for k in range(24))
    return parse_csv(io.BytesIO(f"hours,points\n{rows}\n".encode()), "grades.csv")


@functools.cache
def lines(slug: str, detail: str) -> tuple[Line, ...]:
    """The lines of the lesson's own chains, without those of its boxes."""
    c = Course(example_of(table(), "hours", "points", gradient=line_gradient(), source="grades.csv"), Style(detail), outputs=False)
    found: list[Line] = []

    def look(blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            if isinstance(block, Chain):
                found.extend(block.lines)
            elif isinstance(block, Folded) or (isinstance(block, Box) and block.kind == "example"):
                look(block.blocks)

    look(page(c, next(x for x in LESSONS if x.slug == slug)).blocks)
    return tuple(found)


def sentences(slug: str, detail: str) -> int:
    return sum(inline_text(line.reason).count(". ") + inline_text(line.reason).endswith(".") for line in lines(slug, detail))


@pytest.mark.parametrize("slug", DERIVES)
def test_a_tutorial_says_why_where_the_full_page_names_the_move(slug: str) -> None:
    assert sentences(slug, "tutorial") > sentences(slug, "full")
    assert len(lines(slug, "tutorial")) == len(lines(slug, "full"))


@pytest.mark.parametrize("slug", DERIVES)
def test_a_brief_page_has_fewer_lines_and_ends_at_the_same_results(slug: str) -> None:
    brief, full = lines(slug, "brief"), lines(slug, "full")
    assert len(brief) < len(full) or slug in ("stopping", "update")
    assert {line.right for line in brief} <= {line.right for line in full}


@pytest.mark.parametrize("detail", ["brief", "full", "tutorial"])
def test_a_chain_in_any_detail_begins_and_ends_alike_and_every_line_is_proved(detail: str) -> None:
    a, b = Name("a"), Name("b")
    moves = ((mul(a, a + b), "a square split", "It is a product."), (a**TWO + mul(a, b), "multiplied out", "Term by term."))
    found = chain(a**TWO + mul(b, a), moves, Problem("", (), (), (), count=()), detail)
    said = [inline_text(line.reason) for line in found]
    assert said == {
        "brief": ["a square split; multiplied out"], "full": ["a square split", "multiplied out"],
        "tutorial": ["a square split. It is a product.", "multiplied out. Term by term."],
    }[detail]  # fmt: skip
    assert [line.check for line in found] == ["proved"] * len(found)
    assert found[0].left is not None
    assert found[-1].right == chain(a**TWO + mul(b, a), moves, Problem("", (), (), (), count=()))[-1].right


def test_a_false_line_is_no_line_in_any_detail() -> None:
    a = Name("a")
    for detail in ("brief", "full", "tutorial"):
        with pytest.raises(ArithmeticError):
            chain(a, ((mul(a, TWO), "doubled"), (a, "halved again")), Problem("", (), (), (), count=()), detail)


def test_an_exercise_whose_line_can_be_marked_names_its_worksheet_and_the_command() -> None:
    c = Course(example_of(table(), "hours", "points", gradient=line_gradient(), source="grades.csv"), outputs=False)
    files = dict(worksheets(c))
    for lesson in LESSONS:
        boxes = [b for b in page(c, lesson).blocks if isinstance(b, Box) and inline_text(b.title).startswith("Exercise ")]
        exercises = tuple(lesson.exercises(c))
        assert len(boxes) == len(exercises)
        for k, (box, e) in enumerate(zip(boxes, exercises, strict=True), 1):
            said = [inline_text(b.text) for b in box.blocks if isinstance(b, Prose) and "To have your line marked" in inline_text(b.text)]
            path = f"worksheets/{lesson.slug}-{k}.md"
            assert (path in files) == bool(e.key) == bool(said)
            assert all(f"symgd check {path}" in text for text in said)


def test_the_index_invites_and_says_what_it_is_about_in_two_sentences() -> None:
    c = Course(example_of(table(), "hours", "points", gradient=line_gradient(), source="grades.csv"))
    text = inline_text(index(c).summary)
    assert all(word in text for word in ("Gradient descent", "points", "hours", "24 rows", "page 1"))
    assert len(re.findall(r"\.(?: |$)", text.replace("grades.csv", ""))) == 2


@pytest.mark.parametrize(("derivatives", "label", "said"), [
    ("partial", "∂ŷᵢ/∂w", "rounded ∂"), ("leibniz", "dŷᵢ/dw", "leaves to the reader"), ("prime", "ŷᵢ′(w)", "bracket behind it"), ("nabla", "∇", "letter below"),
])  # fmt: skip
def test_pictures_and_words_follow_the_way_derivatives_are_written(derivatives: Derivatives, label: str, said: str) -> None:
    c = Course(example_of(table(), "hours", "points", gradient=line_gradient(), source="grades.csv"), Style(derivatives=derivatives), outputs=False)
    of = {lesson.slug: page(c, lesson) for lesson in LESSONS if lesson.slug in ("chain-rule", "parabola")}
    assert any(label in b.description for b in of["chain-rule"].blocks if isinstance(b, Picture))
    assert any(said in inline_text(b.text) for b in of["parabola"].blocks if isinstance(b, Prose))
