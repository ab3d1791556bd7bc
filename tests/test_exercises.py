"""Exercises, mistakes, worksheets and cards: what is said to be right is right, what is said to be wrong is wrong, by the check and by numbers."""

from __future__ import annotations

import csv
import functools
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from symgd.cli import main
from symgd.course import exercise
from symgd.course.cards import COLUMNS, cards, to_tsv
from symgd.course.errors import ERRORS, of_slides
from symgd.course.example import example_of, line_gradient
from symgd.course.exercise import Exercise, by_definition, derivation_of, fill_next, find_wrong, predict, predict_program, regime, slips_in, to_blocks
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.slides import FORMULAS, LOOSE, SLIDES, TYPED, slides_verdict
from symgd.course.mistake import GIVEN, in_letters_of, mistake, verdict_on
from symgd.course.path import LESSONS
from symgd.course.program import printed
from symgd.course.spoiled import as_line, definitions, spoiled
from symgd.course.worksheets import BLANK, answers, name_of, worksheet, worksheets
from symgd.document.page import Box, Chain, Code, Folded, Page, Prose, every_block
from symgd.document.plain import inline_text
from symgd.exposition.style import Style
from symgd.handcalc.judge import check
from symgd.numeric.data.table import parse_csv
from symgd.term import D
from tests.course_numbers import numbers
from tests.course_numbers import printed as numbers_printed
from tests.true_lines import agree

LETTERS: dict[str, dict[str, str]] = {"w b": {}, "m c": {"w": "m", "b": "c", "n": "N"}, "theta": {"w": "theta_1", "b": "theta_0"}}


@functools.cache
def course(letters: str = "w b", half: bool = False, names: str = "hours,points", shift: float = 0.0, size: float = 1.0) -> Course:
    dice = np.random.default_rng(3)
    x = shift + size * dice.standard_normal(30)
    y = 2 * dice.standard_normal(30) - 3 * x / size
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([next(csv.reader([names])), *zip(map(repr, map(float, x)), map(repr, map(float, y)), strict=True)])
    table = parse_csv(io.BytesIO(out.getvalue().encode()), "grades.csv")
    found = example_of(table, *table.columns, gradient=line_gradient(half, LETTERS[letters]), scale=0.5 if half else 1.0, source="grades.csv")
    return Course(found)


def status(text: str) -> set[str]:
    """The verdicts of `symgd check` on a text."""
    return {f.verdict for f in check(text).findings}


# ---------------------------------------------------------------- the mistakes of the slides

# the error: the verdicts that a good judge may give to the formula that holds it
GOOD = {
    1: {"notation", "wrong"}, 2: {"notation", "wrong"}, 3: {"notation"}, 7: {"notation"}, 9: {"convention", "notation"}, 10: {"notation", "wrong"},
    11: {"right", "convention", "notation"}, 12: {"wrong", "convention"}, 13: {"wrong"}, 14: {"wrong"},
}  # fmt: skip


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("number", GOOD)
def test_each_error_in_a_formula_gets_a_good_verdict_in_every_alphabet(number: int, letters: str) -> None:
    e, c = ERRORS[number], course(letters)
    found = verdict_on(in_letters_of(c, e.said), tuple(in_letters_of(c, text) for text in e.given))
    assert found.verdict in GOOD[number]
    assert found.verdict != "right" or "summed" in found.says  # never in silence


def test_the_errors_are_the_fourteen_and_those_without_a_formula_are_sentences() -> None:
    assert list(ERRORS) == list(range(1, 15))
    assert {e.number for e in ERRORS.values() if not e.words} == set(GOOD)


def test_every_lesson_that_the_page_of_the_slides_leads_to_is_there() -> None:
    assert {*(e.lesson for e in ERRORS.values()), *(slug for *_, slug in LOOSE)} <= {lesson.slug for lesson in LESSONS}


@pytest.mark.parametrize(
    "right",
    [
        r"\hat{y}_i = w x_i + b", r"\frac{\partial L}{\partial u_i} = \frac{2 u_i}{n}", r"\frac{dL}{dw} = \frac{2}{n} \sum_i u_i x_i",
        r"\frac{dL}{db} = \frac{2}{n} \sum_i u_i", r"2 u_i - y_i = 2(w x_i + b) - 3 y_i",
    ],
)  # fmt: skip
def test_what_the_lessons_say_instead_is_right(right: str) -> None:
    assert verdict_on(right).verdict in ("right", "given")


# the formulas of the deck, judged as one working: which verdicts are good
DECK = (
    "given", "notation wrong", "given notation", "right notation", "given", "given notation right", "given notation right", "given right", "right given",
    "right given", "given right", "notation", "given", "right notation", "convention notation right", "right convention notation", "right", "right",
    "right convention notation", "notation given wrong", "right convention notation", "right convention notation", "wrong convention",
    "convention notation carried wrong", "given right notation", "wrong",
)  # fmt: skip


@pytest.mark.parametrize(("line", "good"), list(enumerate(DECK, 1)))
def test_each_formula_of_the_deck_gets_a_good_verdict(line: int, good: str) -> None:
    assert slides_verdict().findings[line - 1].line.text == TYPED[line - 1]
    assert slides_verdict().findings[line - 1].verdict in good.split()


def test_the_page_of_the_slides_holds_every_formula_once() -> None:
    assert len(TYPED) == len(DECK) == len(set(TYPED)) == sum(len(texts) for _, texts in FORMULAS)


@pytest.mark.parametrize("letters", ["w b", "m c"])
def test_the_numbers_against_the_slides_last_line_are_true(letters: str) -> None:
    c = course(letters)
    found = verdict_on(in_letters_of(c, ERRORS[13].said), tuple(in_letters_of(c, text) for text in GIVEN))
    at = {name: float(value) for name, value in found.counterexample or ()}
    w, b = at[LETTERS[letters].get("w", "w")], at[LETTERS[letters].get("b", "b")]
    u = [w * at[f"x_{k}"] + b - at[f"y_{k}"] for k in (1, 2)]
    i = int(at["i"]) - 1
    assert at["left"] == pytest.approx(2 / 2 * sum(u), abs=0.005)
    assert at["right"] == pytest.approx(2 * u[i] - at[f"y_{i + 1}"], abs=0.005)
    assert abs(at["left"] - at["right"]) > 0.1


def test_the_example_of_one_sample_against_that_line_is_true() -> None:
    said = "".join(inline_text(b.text) for b in every_block(of_slides(course(), 13)) if isinstance(b, Prose))
    x, w, b, y = 2, 1, 0, 3
    for value in (2 * (w * x + b - y), 2 * (w * x + b - y) - y, 2 * (w * x + b)):
        assert f"= {value}".replace("-", "−") in said


@pytest.mark.parametrize(
    ("letters", "text", "expected"),
    [
        ("w b", r"w_{old} x + b", r"w_{old} x + b"),
        ("m c", r"\frac{dL}{dw} = 2(wx_i + b)", r"\frac{dL}{dm} = 2(mx_i + c)"),
        ("m c", r"\frac{1}{N} \sum_{i=1}^n \omega_i", r"\frac{1}{n} \sum_{i=1}^N \omega_i"),
        ("theta", r"w_{old} x + w_i b", r"\theta_{1,old} x + \theta_{1,i} \theta_{0}"),
        ("theta", r"\frac{dL}{dB} \text{new} \nabla", r"\frac{dL}{d\theta_{0}} \text{new} \nabla"),
    ],
)
def test_formulas_of_the_slides_are_written_in_the_readers_letters(letters: str, text: str, expected: str) -> None:
    assert in_letters_of(course(letters), text) == expected


def test_a_box_asks_before_it_answers_and_the_answer_holds_the_verdict() -> None:
    (box,) = of_slides(course(), 12)
    assert isinstance(box, Box)
    assert box.kind == "mistake"
    hint, answer = (b for b in box.blocks if isinstance(b, Folded))
    assert (hint.kind, answer.kind) == ("hint", "answer")
    before = [inline_text(b.text) for b in box.blocks if isinstance(b, Prose)]
    assert before == ["A slide says:", "What is wrong with it?"]
    assert any("≈ convention" in inline_text(b.text) for b in answer.blocks if isinstance(b, Prose))


def test_a_sentence_is_not_judged_and_its_answer_takes_what_these_data_say() -> None:
    (box,) = of_slides(course(), 4, more=("On these data it diverges.",))
    said = [inline_text(b.text) for b in every_block((box,)) if isinstance(b, Prose)]
    assert not any("symgd check" in s for s in said)
    assert said[-1].endswith("On these data it diverges.")


def test_a_formula_that_cannot_be_typeset_whole_is_shown_as_typed_too() -> None:
    shown = [b.text for n in (3, 7, 12) for b in every_block(of_slides(course(), n)) if isinstance(b, Code)]
    assert shown == [ERRORS[3].said, ERRORS[7].said]


def test_a_right_formula_in_a_box_is_called_right() -> None:
    (box,) = mistake(course(), r"\frac{dL}{db} = \frac{2}{n} \sum_i u_i", ("Nothing.",))
    assert any("✓ right" in inline_text(b.text) for b in every_block((box,)) if isinstance(b, Prose))


@pytest.mark.parametrize("lesson", [x for x in LESSONS if x.slug in {e.lesson for e in ERRORS.values()}], ids=lambda x: x.slug)
def test_the_lesson_that_gets_an_error_right_shows_it(lesson: Lesson) -> None:
    c = course()
    w = c.writing()
    lesson.write(c, w)
    shown = [b.blocks[1] for b in every_block(w.blocks) if isinstance(b, Box) and b.kind == "mistake"]
    for e in ERRORS.values():
        (box,) = of_slides(c, e.number)
        assert isinstance(box, Box)
        assert e.lesson != lesson.slug or e.number == 14 or box.blocks[1] in shown  # 14 is the end of the line of 13


# ---------------------------------------------------------------- exercises from the derivation


def goals(c: Course) -> list[D]:
    return [d.goal for d in c.example.gradient.tape if isinstance(d.goal, D)]


def filled(sheet: str, line: str) -> str:
    """The worksheet with the line where the blank is."""
    found, many = re.subn(rf"^.* = {BLANK}$", lambda _: line, sheet, flags=re.MULTILINE)
    assert many == 1
    return found


def refused(key: str) -> str:
    """The line with the other sign."""
    left, _, right = key.partition(" = ")
    return f"{left} = -({right})"


@pytest.mark.parametrize(("letters", "half"), [("w b", False), ("m c", True), ("theta", False)])
def test_every_next_line_is_right_on_its_worksheet_and_wrong_with_the_other_sign(letters: str, half: bool) -> None:
    c = course(letters, half)
    for goal in goals(c):
        d = derivation_of(c, goal)
        for k in {0, len(d.steps) - 1, len(d.steps) + len(d.in_full) - 1}:
            e = fill_next(c, goal, k)
            sheet = worksheet(SLIDES, 1, e)
            assert status(filled(sheet, e.key)) <= {"given", "right"}
            assert check(filled(sheet, e.key)).findings[-1].line.text == e.key
            last = check(filled(sheet, refused(e.key))).findings[-1]
            assert last.verdict == "wrong"
            assert (k < len(d.steps) - 1 or {"sign", "arithmetic"} & {s.name for s in last.slips})
            *stated, blank = check(sheet).findings
            assert (len(stated), {f.verdict for f in stated} <= {"given", "right"}, blank.verdict) == (len(e.stated), True, "unread")


@pytest.mark.parametrize(("letters", "half", "whole"), [("w b", False, True), ("theta", True, False)])
def test_a_wrong_line_is_found_by_the_check_and_by_numbers_and_its_correction_is_right(letters: str, half: bool, whole: bool) -> None:
    c = course(letters, half)
    problem = c.example.gradient.problem
    made = 0
    for goal in (by_definition(c, c.dw),) if whole else (goals(c)[0], goals(c)[3], c.dw):
        d = derivation_of(c, goal)
        for slip in slips_in(c, goal):
            e, s = find_wrong(c, goal, slip), spoiled(problem, d, slip)
            true = [agree(problem, s.goal, t) for _, t in s.lines]
            assert true.index(False) == s.at
            assert inline_text(e.answer[0].text).startswith(f"Line {s.at + 1}.")  # type: ignore[union-attr]
            sheet = worksheet(SLIDES, 2, e)
            assert [f.verdict for f in check(sheet).findings] == ["given"] * len(definitions(problem)) + ["unread"]
            assert status(filled(sheet, e.key)) <= {"given", "right"}
            last = check(filled(sheet, e.wrong)).findings[-1]
            assert last.verdict == "wrong"
            assert slip in {x.name for x in last.slips}
            made += 1
    assert made >= 5


def test_a_slip_that_cannot_be_made_there_is_refused_with_those_that_can() -> None:
    with pytest.raises(ValueError, match="outer-derivative"):
        find_wrong(course(), course().dw, "transpose")
    with pytest.raises(KeyError, match="dL/dw"):
        fill_next(course(), D(course().x, course().w))
    with pytest.raises(IndexError):
        fill_next(course(), course().dw, 99)


def test_the_way_without_names_ends_at_the_same_slope() -> None:
    c = course()
    for goal in (c.dw, c.db):
        d = by_definition(c, goal)
        assert {s.check.verdict for s in d.steps} == {"proved"}
        assert agree(c.example.gradient.problem, derivation_of(c, goal).result, d.result)


def test_hints_do_not_give_the_answer_away() -> None:
    c = course()
    made = (fill_next(c, c.dw), fill_next(c, by_definition(c, c.db), 3), find_wrong(c, c.dw, "outer-derivative"), predict(c, 0.1))
    for e in made:
        assert 1 <= len(e.hints) <= 2
        said = " ".join(inline_text(h) for h in e.hints)
        assert not e.key or e.key not in said
        assert not re.search(r"\bline \d", said)
        assert not any(words in said for words in exercise.REGIMES.values())


STYLES = [Style("brief", "matrix"), Style("tutorial", "sum", "prime"), Style("full", "sum", "nabla"), Style("full", "sample", "leibniz")]


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.derivatives)
def test_in_every_style_the_lines_that_are_shown_differ(style: Style) -> None:
    c = replace(course(), style=style)
    for e in (fill_next(c, c.dw), find_wrong(c, by_definition(c, c.dw), "outer-derivative")):
        for chain in (b for b in e.question if isinstance(b, Chain)):
            assert len({line.right for line in chain.lines}) == len(chain.lines) >= 2


def test_the_same_course_makes_the_same_exercises() -> None:
    c = course()
    assert to_blocks((find_wrong(c, c.dw, "outer-derivative"),)) == to_blocks((find_wrong(c, c.dw, "outer-derivative"),))


@pytest.mark.parametrize(("w", "b"), [("exp", "b"), ("I", "J"), ("d", "g")])
def test_letters_that_mean_something_else_to_the_check_spoil_no_exercise_and_no_verdict(w: str, b: str) -> None:
    c = Course(replace(course().example, gradient=line_gradient(False, {"w": w, "b": b})))
    for e in (fill_next(c, c.db, 2), find_wrong(c, c.dw, "inner-derivative"), find_wrong(c, by_definition(c, c.db), "outer-derivative")):
        assert e.question
        assert not e.key or check(filled(worksheet(SLIDES, 1, e), e.key)).findings[-1].verdict == "right"
    for number, good in GOOD.items():
        said = [inline_text(x.text) for x in every_block(of_slides(c, number)) if isinstance(x, Prose)]
        assert any(f" {verdict} (" in s for s in said for verdict in good)


# ---------------------------------------------------------------- at this rate


def run(c: Course, rate: float, standard: bool, held: float | None) -> str:
    """What a descent with plain loops does, begun beside the minimum along the steepest direction."""
    e = c.example
    f, y, s = (e.z if standard else e.x), e.y, 2 * e.scale
    X = np.column_stack((f, np.ones_like(f) if held is None else np.zeros_like(f)))
    best = np.linalg.lstsq(X, y - (held or 0.0), rcond=None)[0]
    along = np.linalg.svd(X)[2][0]
    theta, places = best + along, []
    for _ in range(40):
        places.append(float((theta - best) @ along))
        theta = theta - rate * s * X.T @ (X @ theta + (held or 0.0) - y) / e.n
    if abs(abs(places[-1]) - 1) < 1e-6:
        return "swings"
    return "diverges" if abs(places[-1]) > 1 else "zig-zags" if places[1] < -1e-9 else "comes down"


@pytest.mark.parametrize("data", [{}, {"half": True}, {"shift": 50.0}, {"shift": 1e6}, {"size": 1e-6}, {"size": 1e4}], ids=str)
@pytest.mark.parametrize("part", [0.01, 0.5, 0.9, 1.1, 1.9, 2.0, 2.1, 30.0])
def test_what_is_predicted_happens(part: float, data: dict[str, float]) -> None:
    c = course(**data)  # type: ignore[arg-type]
    for standard, held in ((False, None), (True, None), (False, 1.5)):
        rate = part / exercise._steepest(c, standard, held)
        e = predict(c, rate, standard=standard, held=held)
        does = run(c, rate, standard, held)
        assert regime(rate, exercise._steepest(c, standard, held)) == does
        assert exercise.REGIMES[does] in inline_text(e.answer[0].text)  # type: ignore[union-attr]
        program = predict_program(c, rate, standard=standard, held=held)
        found = numbers_printed(printed(program, c.example))
        said = [inline_text(b.text) for b in every_block(to_blocks((e,))) if isinstance(b, Prose)]
        assert [n.text for s in said for n in numbers(s) if not n.is_among(found)] == []


def test_a_prediction_that_a_run_contradicts_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    c = course()
    monkeypatch.setattr(exercise, "_steepest", lambda *_: 2.0 * c.example.rates.eigenvalues[-1])
    with pytest.raises(ArithmeticError, match="was predicted"):
        predict(c, 0.3)


# ---------------------------------------------------------------- worksheets and answers


def test_symgd_check_marks_a_worksheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    c = course()
    e = find_wrong(c, by_definition(c, c.dw), "inner-derivative")
    sheet = worksheet(SLIDES, 2, e)
    path = tmp_path / name_of(SLIDES, 2)
    found = []
    for text in (filled(sheet, e.key), filled(sheet, e.wrong), sheet):
        path.write_text(text)
        found.append((main(["check", str(path)]), "inner-derivative" in capsys.readouterr().out))
    assert found == [(0, False), (1, True), (0, False)]


@functools.cache
def sheets(letters: str = "w b", half: bool = False) -> tuple[tuple[str, str, Exercise], ...]:
    """(path, worksheet, exercise) of every exercise of the course in which a line is to be written."""
    c = course(letters, half)
    written = [e for lesson in LESSONS for e in lesson.exercises(c) if e.key]
    return tuple((path, text, e) for (path, text), e in zip(worksheets(c), written, strict=True))


@pytest.mark.parametrize(("letters", "half"), [("w b", False), ("m c", True)])
def test_every_worksheet_of_the_course_takes_its_key_and_holds_nothing_wrong_before(letters: str, half: bool) -> None:
    assert len({path for path, *_ in sheets(letters, half)}) == len(sheets(letters, half)) >= 2
    for path, text, e in sheets(letters, half):
        before = check(text).findings
        blank = [f for f in before if "___" in f.line.text]
        assert [(f.verdict, f.says) for f in blank] == [("unread", "this blank is not filled in")] * text.split("```text")[1].count("______"), path
        assert {f.verdict for f in before} <= {"given", "right", "notation", "unread"}, path
        assert [f for f in before if f.verdict == "unread"] == blank, path
        done = check(filled(text, e.key)).findings
        assert (done[-1].line.text, done[-1].verdict in ("right", "given")) == (e.key, True), path
        assert "wrong" not in {f.verdict for f in done}, path


def test_the_answers_stand_by_lesson_with_the_way_back() -> None:
    c = course()
    page = answers(c)
    assert isinstance(page, Page)
    links = [piece for b in page.blocks if isinstance(b, Prose) for piece in b.text if not isinstance(piece, str) and hasattr(piece, "path")]
    assert [x.path for x in links[1:]] == [lesson.slug for lesson in LESSONS if lesson.exercises(c)]
    assert not any(isinstance(b, Folded) and b.kind == "answer" for b in page.blocks)
    for lesson in LESSONS:
        for e in lesson.exercises(c):
            assert all(block in page.blocks for block in e.answer)


# ---------------------------------------------------------------- cards


class Reader(HTMLParser):
    """What a field holds: elements, balanced; the text outside of formulas."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert attrs == []
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


HOSTILE = [
    ("=cmd|' /C calc'!A0", "<script>alert(1)</script>"), (r"\(\href{javascript:alert(1)}{x}\)", "[sound:x.mp3] {{c1::a}} [latex]b[/latex]"),
    ('"quoted"', "\u202egpj.exe"), ("+1 -1 @a", "@SUM(A1)"),
]  # fmt: skip


def read_back(text: str) -> list[list[str]]:
    """The rows, as Anki and spreadsheets take them apart."""
    head = [line for line in text.split("\n") if line.startswith("#")]
    assert head == ["#separator:tab", "#html:true", "#columns:" + "\t".join(COLUMNS), "#tags column:3"]
    rows = list(csv.reader(io.StringIO("\n".join(text.split("\n")[len(head) :])), delimiter="\t"))
    assert rows == [line.split("\t") for line in text.rstrip("\n").split("\n")[len(head) :]]  # no quotation mark means anything
    return rows


@pytest.mark.parametrize("names", [("hours", "points"), *HOSTILE], ids=lambda names: names[0])
def test_cards_are_harmless_html_whatever_the_columns_are_called(names: tuple[str, str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(names)
    c = course(names=out.getvalue().strip())
    for front, back, tags in read_back(to_tsv(c)):
        assert re.fullmatch(r"[a-z]+(::[A-Za-z0-9_-]+)+( [a-z]+(::[A-Za-z0-9_-]+)+)*", tags)
        for field in (front, back):
            assert field[0] not in "=+-@"
            found = Reader(field)
            assert found.tags <= {"div", "p", "b", "small", "code", "pre", "br", "span", "table", "tr", "th", "td"}
            formulas = re.findall(r"\\\((.*?)\\\)", field)
            assert field.count(r"\(") == field.count(r"\)") == len(formulas)
            assert not any("href" in f or "script" in f for f in formulas)
            assert not re.search(r"\[sound:|\{\{c1|\[latex\]|\u202e", field)


def test_there_is_a_card_for_every_exercise_and_every_step() -> None:
    c = course()
    steps = [(d, s) for d in c.example.gradient.tape for s in (*d.steps, *d.in_full)]
    exercises = [e for lesson in LESSONS for e in lesson.exercises(c)]
    rows = list(cards(c))
    assert len(rows) == len(steps) + len(exercises) == len(set(rows))
    for (_, step), (_, back, tags) in zip(steps, rows[len(exercises) :], strict=True):
        assert step.rule in "".join(Reader(back).texts)
        assert f"rule::{step.rule.replace(' ', '-')}" in tags


def test_the_last_card_of_a_derivation_shows_its_result() -> None:
    c = replace(course("theta"), style=Style("brief", "matrix"))
    backs = [back for _, back, tags in cards(c) if "derivation::dL-dtheta_1" in tags]
    assert r"\theta_1 x_i + \theta_0 - y_i" in backs[-1]


def test_lines_are_typed_with_plain_letters() -> None:
    c = course(half=True)
    d = derivation_of(c, D(c.L, c.u))
    typed = [as_line(d.goal, s.after) for s in d.steps]
    assert not any("'" in line or "{" in line or "0.5" in line for line in typed)
    assert typed[0] == "dL/du_i = d/du_i(1/n*sum_j(1/2*u_j^2))"
