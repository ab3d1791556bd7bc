"""The first lessons: what their prose claims is true of other data too, their numbers are found again by another route, their formulas are proved."""

from __future__ import annotations

import functools
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.course.amounts import amount, column, round_step, settled
from symgd.course.example import example_of, line_gradient
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.closed_form import CLOSED_FORM, crossing, work
from symgd.course.lessons.grid import GRID
from symgd.course.lessons.line import LINE, one_more
from symgd.course.lessons.loss import LOSS, lines_tried
from symgd.course.lessons.parabola import PARABOLA, drawn, excess, intercepts, lowest, moves
from symgd.course.lessons.slope import SLOPE, by_complex_step, places, slope_at, steps
from symgd.course.program import printed
from symgd.course.proved import along, chain, proved
from symgd.course.search import places as middles_of
from symgd.course.search import promises, search
from symgd.course.spoiled import findings
from symgd.document.page import Chain, Page
from symgd.document.to_text import to_text
from symgd.forward import Definition
from symgd.numeric.data.table import parse_csv
from symgd.pictures.bowl import bowl
from symgd.pictures.grid import search as drawn_best
from symgd.term import TWO, Name, mean
from tests.course_numbers import lost

LESSONS = (LINE, LOSS, GRID, CLOSED_FORM, PARABOLA, SLOPE)
PROBLEM = line_gradient(False).problem
W, B = PROBLEM.parameters
X = Name("x", ("i",))


def noisy(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def with_mean_zero(v: np.ndarray) -> np.ndarray:
    return (v - v.mean()) / v.std()


DATA = {
    "falling": lambda: (np.linspace(1, 9, 40), 20 - 2.5 * np.linspace(1, 9, 40) + noisy(40, 1)),
    "steep": lambda: (np.linspace(0, 1, 30), 1e6 - 1e6 * np.linspace(0, 1, 30) + 1e4 * noisy(30, 9)),
    "three rows": lambda: (np.array([0.0, 1.0, 3.0]), np.array([5.0, 1.0, 0.0])),
    "perfect": lambda: (np.arange(1.0, 9.0), 3 * np.arange(1.0, 9.0) - 5),
    "far feature": lambda: (1e6 + noisy(200, 2), 5 + noisy(200, 3)),
    "far target": lambda: (noisy(80, 10), 1e6 + noisy(80, 11)),
    "tiny": lambda: (1e-6 * noisy(60, 4), 1e-6 * noisy(60, 5)),
    "whole numbers": lambda: (np.repeat(np.arange(1.0, 6), 4), np.tile([0.0, 1, 1, 2], 5) + np.repeat(np.arange(5.0), 4)),
    "standardised": lambda: (with_mean_zero(noisy(500, 6)), noisy(500, 7)),
    "no slope": lambda: (np.array([-1.0, 0, 1, 0]), np.array([1.0, 0, 1, 3])),
    "negative": lambda: (-50 + 10 * noisy(50, 14), -3 + noisy(50, 15)),
    "many": lambda: (noisy(4_000, 12), 3 * noisy(4_000, 12) + noisy(4_000, 13)),
}


def course_on(x: np.ndarray, y: np.ndarray, half: bool = False, **letters: str) -> Course:
    rows = "\n".join(f"{u!r},{v!r}" for u, v in zip(x.tolist(), y.tolist(), strict=True))
    table = parse_csv(io.BytesIO(f"hours,points\n{rows}\n".encode()), "grades.csv")
    return Course(example_of(table, "hours", "points", gradient=line_gradient(half, letters), scale=0.5 if half else 1.0, source="grades.csv"))


@functools.cache
def course(data: str, half: bool = False) -> Course:
    return course_on(*DATA[data](), half=half)


@functools.cache
def page_of(data: str, lesson: Lesson) -> Page:
    return _page(course(data), lesson)


def _page(c: Course, lesson: Lesson) -> Page:
    """The lesson and its exercises, without the way through the course."""
    from symgd.course.exercise import to_blocks

    w = c.writing()
    lesson.write(c, w)
    return Page((lesson.title,), (*w.blocks, *to_blocks(tuple(lesson.exercises(c)))))


def prose(data: str, lesson: Lesson) -> str:
    return " ".join(to_text(page_of(data, lesson), columns=10_000).split())


each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[x.slug for x in LESSONS])
each_data = pytest.mark.parametrize("data", DATA)


# ---------------------------------------------------------------- lines that are proved


def test_a_true_line_is_marked_proved() -> None:
    assert proved(PROBLEM.objective, mean("i", (W * X + B - Name("y", ("i",))) ** 2, Name("n")), PROBLEM).check == "proved"


def test_a_false_line_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="refuted"):
        proved(PROBLEM.objective, mean("i", (W * X + B) ** 2, Name("n")), PROBLEM)


def test_a_chain_with_one_false_line_is_refused() -> None:
    h = Name("h")
    with pytest.raises(ArithmeticError, match="refuted"):
        chain((W + h) ** 2, [(W**2 + TWO * W * h + h**2, "expanded"), (W**2 + W * h + h**2, "wrong")], PROBLEM)


def test_a_name_put_before_the_tape_is_known_by_its_definition() -> None:
    a = Definition(Name("A"), mean("i", X**2, Name("n")), "the mean square")
    assert proved(Name("A") * W, mean("i", X**2 * W, Name("n")), along(PROBLEM, a)).check == "proved"
    with pytest.raises(ArithmeticError, match="refuted"):
        proved(Name("A") * W, mean("i", X**2 * W, Name("n")) + TWO, along(PROBLEM, a))


@each_lesson
@pytest.mark.parametrize("half", [False, True])
def test_every_equation_of_a_page_is_proved(lesson: Lesson, half: bool) -> None:
    w = (c := course("falling", half)).writing()
    lesson.write(c, w)
    lines = [x for block in w.blocks if isinstance(block, Chain) for x in block.lines if x.relation == "="]
    assert [x for x in lines if x.check != "proved"] == []


# ---------------------------------------------------------------- numbers


@each_lesson
@each_data
def test_every_number_is_found_again_by_the_program(lesson: Lesson, data: str) -> None:
    c = course(data)
    assert [f"{x.text} in: {x.place[:120]}" for x in lost(page_of(data, lesson), printed(lesson.program(c), c.example))] == []


@pytest.mark.parametrize(
    ("value", "text"), [(997_719.4, "997,719"), (0.0238657, "0.02387"), (12345.678, "12,346"), (1234567.0, "1.235 × 10⁶"), (0.0, "0"), (-2e-7, "−2 × 10⁻⁷")]
)
def test_an_amount_rounds_no_digit_before_the_point_away(value: float, text: str) -> None:
    assert amount(value) == text


def test_a_column_has_the_digits_that_tell_its_values_apart() -> None:
    assert column([1_000_000.25, 1_000_000.5]) == ["1,000,000.25", "1,000,000.5"]


@given(st.floats(1e-12, 1e12))
def test_a_round_step_is_one_two_or_five_and_at_least_two_fifths_of_the_span(span: float) -> None:
    step = round_step(span)
    assert 0.4 * span * (1 - 1e-9) <= step <= span * (1 + 1e-9)
    assert f"{step:.0e}"[0] in "125"


def test_what_is_rounding_alone_is_zero() -> None:
    assert (settled(3e-17, 1.0), settled(3e-7, 1.0)) == (0.0, 3e-7)


# ---------------------------------------------------------------- the line, the loss


@pytest.mark.parametrize(
    ("data", "said", "not_said"),
    [("falling", " less of points", " more of points"), ("no slope", "The slope is 0", "1 more of hours"),
     ("perfect", "Every point lies on the line", "lies below"),
     ("far feature", "the data run from 99", "For hours = 0"), ("standardised", "for hours = 0 the line predicts", "the data run from"),
     ("three rows", "Of these rows 1 lies below", "1 rows lie")],
)  # fmt: skip
def test_the_prose_of_the_line_follows_the_data(data: str, said: str, not_said: str) -> None:
    assert said in prose(data, LINE)
    assert not_said not in prose(data, LINE)


@each_data
def test_no_line_tried_beats_the_best_one_and_each_through_the_means_has_mean_residual_zero(data: str) -> None:
    e = course(data).example
    losses = [float(np.mean((w * e.x + b - e.y) ** 2)) for _, w, b in lines_tried(course(data))]
    assert all(loss >= losses[-1] for loss in losses)
    assert losses[3] == pytest.approx(losses[-1] + e.y.var(), rel=1e-6)
    assert losses[1] == pytest.approx(losses[2], rel=1e-6)
    for _, w, b in lines_tried(course(data))[:3]:
        assert abs(np.mean(w * e.x + b - e.y)) < 1e-8 * e.y.std() + 1e-12 * abs(e.y).max()


# ---------------------------------------------------------------- the grid


@each_data
def test_the_box_holds_the_best_pair_and_the_best_dot_is_within_half_a_step(data: str) -> None:
    s = search(course(data))
    for (low, high), best in zip(s.box, s.best, strict=True):
        assert low <= best <= high
    for m, w, b, _ in s.found:
        half = (s.box[0][1] - s.box[0][0]) / m / 2 * (1 + 1e-9)
        assert abs(w - s.best[0]) <= half
        assert abs(b - s.best[1]) <= half * (1 + 1e-6)


@pytest.mark.parametrize("data", ["falling", "three rows", "far feature", "whole numbers", "perfect"])
def test_no_dot_of_the_coarse_grid_has_a_smaller_loss_than_the_one_found(data: str) -> None:
    e, s = course(data).example, search(course(data))
    z, (m, w, b, loss) = (e.x - e.x.mean()) / e.x.std(), s.found[0]
    ws, bs = (np.linspace(low, high, 2 * m + 1)[1::2] for low, high in s.box)
    tried = [float(np.mean((p * z + q - e.y) ** 2)) for p in ws for q in bs]
    assert min(tried) == pytest.approx(loss, rel=1e-9)
    assert min(abs(ws - w)) + min(abs(bs - b)) == pytest.approx(0, abs=1e-9 * (s.box[0][1] + abs(b)))


@each_data
def test_the_descent_arrives_at_the_step_that_is_named_and_not_before(data: str) -> None:
    s = search(course(data))
    side = s.box[0][1] - s.box[0][0]
    for (m, *_), k in zip(s.found, s.needed, strict=True):
        away = [max(abs(a - b) for a, b in zip(p, s.best, strict=True)) for p in s.points]
        assert away[k] <= side / m / 2 * (1 + 1e-6)
        assert all(v > side / m / 2 * (1 - 1e-6) for v in away[:k])


@each_data
@pytest.mark.parametrize("half", [False, True])
def test_the_descent_lemma_holds_on_every_step(data: str, half: bool) -> None:
    rows, held = promises(course(data, half))
    assert held == len(rows) == search(course(data, half)).needed[-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=3, max_size=8), st.floats(-3, 3), st.floats(-3, 3), st.floats(0.01, 0.99))
def test_the_descent_lemma_holds_for_any_feature_and_any_rate_below_its_bound(rows: list[tuple[float, float]], w: float, b: float, share: float) -> None:
    x, y = np.array(rows).T
    lam = 2 * np.mean(x**2 + 1)
    rate = share * 2 / lam

    def loss(p: float, q: float) -> float:
        return float(np.mean((p * x + q - y) ** 2))

    u = w * x + b - y
    p, q = 2 * np.mean(u * x), 2 * np.mean(u)
    assert loss(w - rate * p, b - rate * q) <= loss(w, b) - rate * (1 - rate * lam / 2) * (p * p + q * q) + 1e-9 * (1 + loss(w, b))


# ---------------------------------------------------------------- the closed form


@pytest.mark.parametrize(("n", "steps"), [(3, 100), (1000, 1000), (10**6, 100)])
def test_at_the_crossing_both_ways_cost_the_same(n: int, steps: int) -> None:
    p = crossing(n, steps)
    assert n * p**2 + p**3 == pytest.approx(steps * n * p)
    below, above = work(n, int(p)), work(n, int(p) + 1)
    assert below[0] <= steps * below[1] * (1 + 1e-9)
    assert above[0] >= steps * above[1] * (1 - 1e-9)


def test_with_few_rows_the_page_does_not_promise_that_the_descent_is_cheaper() -> None:
    assert "there can be at most 3 parameters" in prose("three rows", CLOSED_FORM)
    assert "the descent is cheaper" in prose("many", CLOSED_FORM)


# ---------------------------------------------------------------- the parabola, the slope


@each_data
@pytest.mark.parametrize("half", [False, True])
def test_the_lowest_point_is_lower_than_its_neighbours(data: str, half: bool) -> None:
    c = course(data, half)
    e = c.example
    for b in (0.0, *intercepts(c)):
        w, least = lowest(c, b)
        side = 0.01 * np.sqrt(max(least / e.scale, e.y.var()) / np.mean(e.x**2))
        around = [e.scale * np.mean(((w + d) * e.x + b - e.y) ** 2) for d in (-side, 0.0, side)]
        assert around[0] > around[1] < around[2]
        assert around[1] == pytest.approx(least, rel=1e-6, abs=1e-6 * e.scale * e.y.var())


@each_data
def test_the_lowest_point_moves_along_a_line_and_what_holding_costs_is_the_distance_squared(data: str) -> None:
    c = course(data)
    e, bs = c.example, intercepts(c)
    ws = [lowest(c, b)[0] for b in bs]
    assert np.diff(ws) == pytest.approx([-moves(c) * (bs[1] - bs[0])] * 4, rel=1e-5, abs=1e-9 * (abs(ws[0]) + abs(e.best[0])))
    for b in bs:
        assert excess(c, b) == pytest.approx(lowest(c, b)[1] - e.least, rel=1e-3, abs=1e-7 * e.y.var())


def test_the_parabola_that_is_drawn_keeps_its_least_loss_beside_a_constant_a_trillion_times_as_large() -> None:
    c = course("far feature")
    b = intercepts(c)[0]
    A, B_, C = drawn(c, b)
    assert float(C - B_**2 / (4 * A)) == pytest.approx(lowest(c, b)[1], rel=1e-12)
    assert float(C) > 1e9 * lowest(c, b)[1]


@pytest.mark.parametrize(
    ("data", "said"), [("falling", "becomes smaller by"), ("negative", "becomes larger by"), ("standardised", "the lowest point stays where it is")]
)
def test_the_page_says_which_way_the_lowest_point_moves(data: str, said: str) -> None:
    assert [x for x in ("becomes smaller by", "becomes larger by", "the lowest point stays where it is") if x in prose(data, PARABOLA)] == [said]


@each_data
def test_three_places_lie_up_to_the_lowest_point_and_three_beyond(data: str) -> None:
    ws, w = places(course(data)), lowest(course(data), 0.0)[0]
    assert len(ws) == len(set(ws)) == 6
    assert ws[2] <= w * (1 + 1e-12) if w > 0 else ws[2] <= w * (1 - 1e-12)
    assert w < ws[3]


@pytest.mark.parametrize("data", [d for d in DATA if d != "far feature"])
def test_a_tenth_of_the_step_leaves_a_tenth_of_the_difference(data: str) -> None:
    c = course(data)
    e, at = c.example, places(c)[1]
    slope = slope_at(c, at)

    def loss(w: float) -> float:
        return float(np.mean((w * e.x - e.y) ** 2))

    over = [(loss(at + h) - loss(at)) / h - slope for h in steps(c)]
    assert over[0] / over[1] == pytest.approx(10, rel=1e-3)
    assert over[1] / over[2] == pytest.approx(10, rel=1e-2)
    assert by_complex_step(c, at) == pytest.approx(slope, rel=1e-9)


# ---------------------------------------------------------------- exercises


@each_lesson
@pytest.mark.parametrize("half", [False, True])
def test_each_lesson_has_three_exercises_and_the_check_calls_their_keys_right(lesson: Lesson, half: bool) -> None:
    exercises = lesson.exercises(course("falling", half))
    assert len(exercises) == 3
    fills = [e for e in exercises if e.kind == "fill"]
    assert fills
    for e in fills:
        assert findings((*e.stated, e.key))[-1].verdict == "right"
        left, _, right = e.key.partition(" = ")
        assert findings((*e.stated, f"{left} = {right} + 1"))[-1].verdict != "right"


@each_lesson
def test_hints_are_not_the_answer(lesson: Lesson) -> None:
    for e in lesson.exercises(course("falling")):
        assert e.hints
        told = [str(h) for h in e.hints]
        assert not e.key or all(e.key not in h for h in told)


@pytest.mark.parametrize("data", DATA)
def test_of_dots_that_are_equally_good_the_table_and_the_picture_name_the_same(data: str) -> None:
    c = course(data)
    s, H = search(c), c.example.standard.hessian()
    valley = bowl((float(H[0, 0]), float(H[0, 1]), float(H[1, 1])), s.best)
    for m, w, b, loss in s.found[:2]:
        assert (w, b) == drawn_best(valley, *(list(map(float, middles_of(side, m))) for side in s.box))
        assert loss == pytest.approx(c.example.least + valley.excess((w, b)), rel=1e-12)


@pytest.mark.parametrize(("span", "step"), [(91.0, 1.0), (1.0, 1.0), (0.6, 0.1), (7.3e-6, 1e-6), (5e9, 1.0)])
def test_one_more_is_a_step_that_fits_between_the_values(span: float, step: float) -> None:
    assert one_more(np.array([3.0, 3.0 + span])) == pytest.approx(step, rel=1e-6)
