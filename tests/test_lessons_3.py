"""Chain rule, gradient, update, convexity, back-propagation: what these lessons claim holds on very different data, found by another route."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.course.example import Example, line_gradient
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.backpropagation import BACKPROPAGATION, KEY, STATED
from symgd.course.lessons.chain_rule import CHAIN_RULE, _pairs
from symgd.course.lessons.convexity import CONVEXITY, eigenvalues, small
from symgd.course.lessons.gradient import GRADIENT, _found, _places
from symgd.course.lessons.update import UPDATE, after_another, rate_of, start_of, together
from symgd.course.network import WEIGHTS, Network, derived, linear, products
from symgd.course.program import printed
from symgd.course.spoiled import findings
from symgd.course.trial import agreeing, cells, exact, power_below, trial
from symgd.document.page import Box, Chain, Note, Page, Picture, Prose, every_block
from symgd.document.plain import inline_text
from symgd.exposition.style import Style
from symgd.exposition.writing import Writing
from symgd.numeric.function import GradientFunction
from tests.course_numbers import lost

LESSONS = (CHAIN_RULE, GRADIENT, UPDATE, CONVEXITY, BACKPROPAGATION)


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


DATA = {
    "rising": (np.linspace(50, 150, 30), 0.02 * np.linspace(50, 150, 30) + 0.5 * noise(30, 1)),
    "falling": (np.linspace(1, 9, 40), 20 - 2.5 * np.linspace(1, 9, 40) + noise(40, 2)),
    "three rows": (np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 7.0])),
    "perfect": (np.arange(1.0, 9.0), 3 * np.arange(1.0, 9.0) - 5),
    "offset": (1e6 + noise(50, 3), 5 + noise(50, 4)),
    "tiny": (1e-6 * noise(60, 5), 1e3 * noise(60, 6)),
    "huge": (1e5 * np.abs(noise(60, 7)), 1e8 * noise(60, 8)),
    "centred": (np.array([-3.0, -1, 0, 1, 3]), np.array([-2.0, 1, 0, 1, 4])),
    "uncorrelated": (np.array([-2.0, -1, 1, 2]), np.array([1.0, -1, -1, 1])),
    "through the origin": (np.array([0.0, 1, 2, 3, 5]), np.array([0.0, 2, 4, 6, 10])),
    "many rows": (50 + 10 * noise(100_000, 9), 3 * noise(100_000, 9) + noise(100_000, 10)),
}
each = pytest.mark.parametrize("data", DATA)
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[x.slug for x in LESSONS])


@functools.cache
def course(data: str, half: bool = False, letters: tuple[tuple[str, str], ...] = (), detail: str = "full") -> Course:
    x, y = DATA[data]
    example = Example(x, y, "hours", "points", line_gradient(half, dict(letters)), "h", "points", "rows", "grades.csv", 0.5 if half else 1.0)
    return Course(example, Style(detail))


@functools.cache
def page_of(c: Course, lesson: Lesson) -> Page:
    w = c.writing()
    assert isinstance(w, Writing)
    lesson.write(c, w)
    boxes = tuple(b for e in lesson.exercises(c) for b in (*e.question, *(Prose(h) for h in e.hints), *e.answer))
    return Page((lesson.title,), (*w.blocks, *boxes))


def said(page: Page) -> str:
    return " ".join(inline_text(b.text) for b in every_block(page.blocks) if isinstance(b, Prose | Note))


def sums(c: Course, w: Fraction, b: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """(L, ∂L/∂w, ∂L/∂b), exact."""
    e, scale = c.example, Fraction(c.example.scale)
    rows = [(Fraction(float(x)), Fraction(float(y))) for x, y in zip(e.x, e.y, strict=True)]
    u = [w * x + b - y for x, y in rows]
    return scale * sum(v * v for v in u) / e.n, 2 * scale * sum(v * x for v, (x, _) in zip(u, rows, strict=True)) / e.n, 2 * scale * sum(u) / e.n


# ---------------------------------------------------------------- every page


@each_lesson
@each
def test_its_program_finds_the_numbers_of_the_page(lesson: Lesson, data: str) -> None:
    c = course(data)
    output = printed(lesson.program(c), c.example)
    assert [f"{x.text} in: {x.place[:200]}" for x in lost(page_of(c, lesson), output)] == []


@each_lesson
@pytest.mark.parametrize("detail", ["brief", "tutorial"])
def test_with_other_details_letters_and_a_half_too(lesson: Lesson, detail: str) -> None:
    c = course("falling", True, (("w", "theta1"), ("b", "theta0"), ("n", "m"), ("L", "J")), detail)
    output = printed(lesson.program(c), c.example)
    assert [f"{x.text} in: {x.place[:200]}" for x in lost(page_of(c, lesson), output)] == []


@each_lesson
@each
def test_every_line_with_a_claim_is_proved(lesson: Lesson, data: str) -> None:
    w = course(data).writing()
    lesson.write(course(data), w)
    claims = [line for b in w.blocks if isinstance(b, Chain) for line in b.lines if line.relation == "="]
    assert claims
    assert {line.check for line in claims} == {"proved"}


@each_lesson
def test_a_page_has_a_picture_of_its_own_and_three_exercises(lesson: Lesson) -> None:
    pictures = [b for b in every_block(page_of(course("rising"), lesson).blocks) if isinstance(b, Picture)]
    assert pictures
    assert all(f'id="{lesson.slug}-' in p.svg for p in pictures)
    assert len(lesson.exercises(course("rising"))) == 3


@pytest.mark.parametrize(("lesson", "boxes"), [(CHAIN_RULE, 5), (GRADIENT, 3), (UPDATE, 1), (CONVEXITY, 1)])
def test_the_errors_of_the_slides_stand_on_the_page_that_gets_them_right(lesson: Lesson, boxes: int) -> None:
    assert sum(isinstance(b, Box) and b.kind == "mistake" for b in page_of(course("rising"), lesson).blocks) == boxes


@each_lesson
def test_the_same_data_make_the_same_page(lesson: Lesson) -> None:
    x, y = DATA["falling"]
    again = Course(Example(x.copy(), y.copy(), "hours", "points", line_gradient(), "h", "points", "rows", "grades.csv"), Style("full"))
    first, second = again.writing(), course("falling").writing()
    lesson.write(again, first)
    lesson.write(course("falling"), second)
    assert first.blocks == second.blocks


# ---------------------------------------------------------------- the trial line


@each
def test_the_trial_line_is_not_the_best_one_and_misses_the_row_that_is_followed(data: str) -> None:
    t = trial(course(data).example)
    assert t.w != 0
    assert abs(t.u[t.i]) > 1e-3 * np.abs(t.u).max() or not np.any(t.u * t.example.x)
    L, by_w, by_b = sums(course(data), Fraction(t.w), Fraction(t.b)) if t.example.n < 1000 else (1, 1, 1)
    assert L > 0
    assert by_w or by_b


@each
def test_the_trial_line_is_short_to_write(data: str) -> None:
    t = trial(course(data).example)
    assert len(f"{t.w:.15g}".strip("-0.").replace("0.", "").split("e")[0].replace(".", "").strip("0")) <= 1
    assert exact(t.b) == exact(float(f"{t.b:.10g}"))


@pytest.mark.parametrize(("size", "power"), [(1.0, 1.0), (9.99, 1.0), (10.0, 10.0), (0.02, 0.01), (1e-6, 1e-6), (1000.0, 1000.0), (0.001, 0.001)])
def test_the_power_of_ten_below(size: float, power: float) -> None:
    assert power_below(size) == power


@pytest.mark.parametrize(("a", "b", "digits"), [(1.0, 1.0, "12 or more"), (1.234, 1.2341, "4"), (1.0, -1.0, "0"), (0.0, 1e-16, "0"), (0.0, 0.0, "12 or more")])
def test_how_many_digits_agree(a: float, b: float, digits: str) -> None:
    assert agreeing(a, b) == digits


def test_what_is_rounding_alone_is_shown_as_zero() -> None:
    assert cells([1e-17, 0.25, 31504.359], 4, beside=1.0) == ["0", "0.25", "31,504"]


# ---------------------------------------------------------------- chain rule and gradient


@pytest.mark.parametrize("data", [d for d in DATA if d != "many rows"])
@pytest.mark.parametrize("half", [False, True])
def test_every_factor_of_the_chain_is_that_of_exact_arithmetic(data: str, half: bool) -> None:
    c = course(data, half)
    t = trial(c.example)
    x, y = Fraction(float(c.example.x[t.i])), Fraction(float(c.example.y[t.i]))
    u = Fraction(t.w) * x + Fraction(t.b) - y
    slope = 2 * Fraction(c.example.scale) * u / c.example.n
    for (rule, difference), value in zip(_pairs(c, t), (x, 1, 1, slope, slope), strict=True):
        assert rule == pytest.approx(float(value), rel=1e-9)
        assert difference == pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize("data", [d for d in DATA if d != "many rows"])
@pytest.mark.parametrize("half", [False, True])
def test_three_ways_lead_to_the_exact_slopes(data: str, half: bool) -> None:
    c = course(data, half)
    t = trial(c.example)
    for place in _places(t):
        for f, value in zip(_found(c, t, *place), sums(c, *map(Fraction, place))[1:], strict=True):
            for found in (f.sums, f.difference, f.complex_step):
                assert found == pytest.approx(float(value), rel=1e-7, abs=1e-9 * f.size)


def test_who_forgets_to_divide_by_the_count_is_off_by_it() -> None:
    assert "1,000" not in said(page_of(course("rising"), GRADIENT))
    assert "a slope 30 times too large, and needs a learning rate 30 times smaller" in said(page_of(course("rising"), GRADIENT))


# ---------------------------------------------------------------- update


def exactly(c: Course, steps: int, *, in_turn: bool) -> list[tuple[Fraction, ...]]:
    way, rate = [tuple(map(Fraction, start_of(c)))], Fraction(rate_of(c))
    for _ in range(steps):
        w, b = way[-1]
        after = w - rate * sums(c, w, b)[1]
        way.append((after, b - rate * sums(c, after if in_turn else w, b)[2]))
    return way


@pytest.mark.parametrize("data", [d for d in DATA if d != "many rows"])
@pytest.mark.parametrize("half", [False, True])
def test_both_ways_to_update_are_those_of_exact_arithmetic(data: str, half: bool) -> None:
    c = course(data, half)
    for run, in_turn in ((together, False), (after_another, True)):
        for found, value in zip(run(c, rate_of(c), 5), exactly(c, 5, in_turn=in_turn), strict=True):
            assert found == pytest.approx(tuple(map(float, value)), rel=1e-7, abs=1e-300)


@each
def test_the_descent_begins_where_the_loss_can_still_fall(data: str) -> None:
    c = course(data)
    assert start_of(c) == ((0.0, 0.0) if data != "uncorrelated" else (0.1, 0.5))
    losses = [float(c.example.raw.loss(*at)) for at in together(c, rate_of(c), 5)]
    assert all(after < before for before, after in pairwise(losses))


@each
def test_the_rate_of_the_update_is_below_its_bound(data: str) -> None:
    c = course(data)
    assert 0.26 * c.example.rates.bound < rate_of(c) <= 0.3 * c.example.rates.bound * (1 + 1e-9)


@pytest.mark.parametrize(("data", "same"), [("centred", True), ("uncorrelated", True), ("falling", False), ("offset", False)])
def test_both_ways_are_said_to_be_the_same_exactly_where_the_feature_has_mean_zero(data: str, same: bool) -> None:
    c = course(data)
    assert ("both ways are the same, step by step" in said(page_of(c, UPDATE))) is same
    ways = [np.array(run(c, rate_of(c), 5)) for run in (together, after_another)]
    assert bool(np.all(np.abs(ways[0] - ways[1]) <= 1e-9 * np.abs(ways[0]))) is same


# ---------------------------------------------------------------- convexity


@pytest.mark.parametrize("data", [d for d in DATA if d != "many rows"])
@pytest.mark.parametrize("half", [False, True])
def test_the_eigenvalues_keep_their_digits_however_long_the_valley(data: str, half: bool) -> None:
    c = course(data, half)
    with mpmath.workdps(60):
        x = [mpmath.mpf(float(v)) for v in c.example.x]
        factor = 2 * mpmath.mpf(c.example.scale) / len(x)
        H = mpmath.matrix([[factor * sum(v * v for v in x), factor * sum(x)], [factor * sum(x), factor * len(x)]])
        values = sorted(map(float, mpmath.eigsy(H, eigvals_only=True)))
    assert eigenvalues(c) == pytest.approx(values, rel=1e-7)


@pytest.mark.parametrize("data", [d for d in DATA if d != "uncorrelated"])
def test_the_small_network_has_two_valleys_and_a_hilltop_between_them(data: str) -> None:
    found = small(course(data))
    assert found is not None
    s = found.best()
    assert found.loss(s) == pytest.approx(found.loss(-s), rel=1e-12)
    assert found.loss(s) < min(found.loss(0.9 * s), found.loss(1.1 * s), found.loss(0.0))
    assert max(found.loss(0.01 * s), found.loss(-0.01 * s)) < found.loss(0.0)


def test_where_feature_and_target_do_not_go_together_no_valleys_are_claimed() -> None:
    page = page_of(course("uncorrelated"), CONVEXITY)
    assert small(course("uncorrelated")) is None
    assert "nothing for such a network to learn" in said(page)
    assert not any(isinstance(b, Picture) for b in page.blocks)


@pytest.mark.parametrize(("data", "words"), [("falling", "equal but for their sign"), ("rising", "We keep both weights equal, and call them s")])
def test_a_network_on_falling_data_has_weights_of_two_signs(data: str, words: str) -> None:
    assert words in said(page_of(course(data), CONVEXITY))


# ---------------------------------------------------------------- back-propagation


@pytest.mark.parametrize("data", ["falling", "offset", "tiny", "centred", "many rows"])
@pytest.mark.parametrize("half", [False, True])
def test_the_gradient_unit_by_unit_is_that_of_the_compiled_derivation(data: str, half: bool) -> None:
    c = course(data, half)
    net, f = Network.on(c), GradientFunction(derived(c))
    W1, b1, w2, b2 = WEIGHTS
    loss, slopes = f.loss_and_gradient(W1[None, :], b1, w2, b2, X=net.x[:, None], y=net.t)
    assert float(np.real(net.loss(net.theta))) == pytest.approx(float(loss), rel=1e-12)
    assert net.gradient == pytest.approx(np.concatenate([np.ravel(s) for s in slopes]), rel=1e-9, abs=1e-12)


def by_hand(sizes: list[int]) -> tuple[int, int, int]:
    """The arrows drawn one by one, each parameter's followed."""
    arrows: dict[object, list[object]] = {"y": ["u"], "u": ["L"], "L": []}
    parameters: list[object] = []
    for k, (into, out) in enumerate(pairwise(sizes), 1):
        for j in range(out):
            unit: object = "y" if k == len(sizes) - 1 else ("z", k, j)
            own: list[object] = [("w", k, j, i) for i in range(into)] + [("b", k, j)]
            parameters += own
            for p in [*own, *(("a", k - 1, i) for i in range(into) if k > 1)]:
                arrows.setdefault(p, []).append(unit)
            if unit != "y":
                arrows[unit] = [("a", k, j)]

    def followed(p: object) -> int:
        reached, new = {p}, [p]
        while new:
            new = [q for q in {q: 1 for r in new for q in arrows[r]} if q not in reached]
            reached.update(new)
        return sum(len(arrows[q]) for q in reached)

    return len(parameters), sum(map(len, arrows.values())), sum(map(followed, parameters))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_products_are_counted_as_arrows_are_drawn(hidden: list[int], features: int) -> None:
    sizes = [features, *hidden, 1]
    assert products(sizes) == by_hand(sizes)


def test_the_linear_network_keeps_the_reader_s_letters_apart_from_its_own() -> None:
    c = course("falling", False, (("w", "W1"), ("b", "z")))
    problem, parameters = linear(c)
    assert len({p.symbol for p in parameters} | {d.name.symbol for d in problem.tape}) == 4 + len(problem.tape)
    assert page_of(c, BACKPROPAGATION)


def test_the_key_of_its_exercise_is_what_the_check_calls_right() -> None:
    assert findings((*STATED, KEY))[-1].verdict == "right"
    assert findings((*STATED, "da/dz = 1 + a^2"))[-1].verdict != "right"


def test_the_factors_of_a_layer_are_the_derivatives_of_tanh() -> None:
    net = Network.on(course("falling"))
    h = 1e-6
    assert 1 - net.a**2 == pytest.approx((np.tanh(net.z + h) - np.tanh(net.z - h)) / (2 * h), abs=1e-9)
    assert math.isclose(float(net.a[0, 0]), math.tanh(float(net.x[0]) * float(WEIGHTS[0][0]) + float(WEIGHTS[1][0])))
