"""The lessons of the side, the raw slope, the rate, scaling and stopping: what they claim, found by another route, on data that are nothing like each other."""

from __future__ import annotations

import io
import math
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from symgd.course.example import Example, example_of, line_gradient
from symgd.course.halving import PART, RATE, halving
from symgd.course.lesson import Course, Lesson
from symgd.course.lessons.rate import RATE as THE_RATE
from symgd.course.lessons.raw_slope import RAW_SLOPE, SAYS, verdict
from symgd.course.lessons.scaling import SCALING
from symgd.course.lessons.side import SIDE
from symgd.course.lessons.stopping import STOPPING
from symgd.course.measured import measured
from symgd.course.program import printed
from symgd.course.runs import Form, figure, forms_of, held, jumps, needed, start_of
from symgd.course.spoiled import findings
from symgd.course.stopped import SHARES, fired, plainly, short, tolerance, too_small
from symgd.document.page import Box, Chain, Page, Table, every_block
from symgd.document.plain import inline_text
from symgd.numeric.data.table import example, parse_csv
from symgd.numeric.descent.descend import descend_bound
from tests.course_numbers import lost, texts

LESSONS = (SIDE, RAW_SLOPE, THE_RATE, SCALING, STOPPING)


def noisy(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def standardised(n: int, seed: int) -> np.ndarray:
    v = noisy(n, seed)
    return (v - v.mean()) / v.std()


DATA = {
    "falling": lambda: (np.linspace(1, 9, 40), 20 - 2.5 * np.linspace(1, 9, 40) + noisy(40, 1)),
    "three rows": lambda: (np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 7.0])),
    "perfect": lambda: (np.arange(1.0, 9.0), 3 * np.arange(1.0, 9.0) - 5),
    "offset": lambda: (1e6 + noisy(200, 2), 5 + noisy(200, 3)),
    "tiny": lambda: (1e-6 * noisy(60, 4), 1e3 * noisy(60, 5)),
    "huge": lambda: (3e5 + 1e5 * noisy(80, 8), 4e-3 * noisy(80, 9) - 2),
    "standardised": lambda: (standardised(300, 6), standardised(300, 7)),
    "level": lambda: (np.array([-1.0, 0, 1, 0]), np.array([0.0, 1, 0, -1])),
    "high": lambda: (noisy(50, 3), 1e6 + noisy(50, 4)),
    "very high": lambda: (noisy(50, 3), 1e9 + noisy(50, 4)),
    "many": lambda: (50 + 10 * noisy(100_000, 1), 3 * noisy(100_000, 2)),
}
SMALL = [d for d in DATA if d != "many"]


@cache
def of(data: str = "", half: bool = False) -> Course:
    options = {"gradient": line_gradient(half), "scale": 0.5 if half else 1.0}
    if not data:
        return Course(example_of(example(texts=None), "sat_sum", "fy_gpa", source="the bundled example", rows_are="students", **options))
    x, y = DATA[data]()
    text = "hours,points\n" + "\n".join(f"{u!r},{v!r}" for u, v in zip(x.tolist(), y.tolist(), strict=True))
    return Course(example_of(parse_csv(io.BytesIO(text.encode()), "grades.csv"), "hours", "points", source="grades.csv", **options))


@cache
def page_of(lesson: Lesson, data: str = "", half: bool = False) -> Page:
    c = of(data, half)
    w = c.writing()
    lesson.write(c, w)
    return Page((lesson.title,), tuple(w.blocks))


def words(lesson: Lesson, data: str = "", half: bool = False) -> str:
    return " ".join(texts(page_of(lesson, data, half).blocks))


def rows(lesson: Lesson, data: str, head: str) -> list[list[str]]:
    """The rows of the first table whose head has this word."""
    blocks = every_block(page_of(lesson, data).blocks)
    table = next(b for b in blocks if isinstance(b, Table) and any(head in inline_text(h) for h in b.head))
    return [[inline_text(cell) for cell in row] for row in table.rows]


def exactly(x: np.ndarray, y: np.ndarray, scale: float = 1.0) -> tuple[Fraction, ...]:
    """Σx²/n, Σx/n, Σxy/n, Σy/n, Σy²/n, each times 2·scale, in fractions."""
    n, twice = len(x), Fraction(2 * scale)
    xs, ys = [Fraction(v) for v in x.tolist()], [Fraction(v) for v in y.tolist()]
    products = ([a * a for a in xs], xs, [a * b for a, b in zip(xs, ys, strict=True)], ys, [b * b for b in ys])
    return tuple(twice * sum(p) / n for p in products)


def loss_of(sums: tuple[Fraction, ...], w: Fraction, b: Fraction, scale: float = 1.0) -> Fraction:
    xx, x, xy, y, yy = sums
    return (w * w * xx + 2 * w * b * x + b * b * Fraction(2 * scale) - 2 * w * xy - 2 * b * y + yy) / 2


each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[x.slug for x in LESSONS])
each_data = pytest.mark.parametrize("data", ["", *SMALL])


# ---------------------------------------------------------------- every page


@each_lesson
@pytest.mark.parametrize("data", [*DATA])
def test_the_program_prints_every_number_of_the_page(lesson: Lesson, data: str) -> None:
    c = of(data)
    assert [f"{x.text} in: {x.place[:150]}" for x in lost(page_of(lesson, data), printed(lesson.program(c), c.example))] == []


@each_lesson
@each_data
def test_every_line_that_is_derived_is_proved(lesson: Lesson, data: str) -> None:
    lines = [line for b in every_block(page_of(lesson, data).blocks) if isinstance(b, Chain) for line in b.lines]
    assert {line.check for line in lines} <= {"", "proved"}
    assert sum(line.check == "proved" for line in lines) >= 1


@each_lesson
def test_the_same_data_give_the_same_page(lesson: Lesson) -> None:
    again = of().writing()
    lesson.write(of(), again)
    assert tuple(again.blocks) == page_of(lesson).blocks


@each_lesson
def test_no_page_speaks_of_infinity_or_nothing(lesson: Lesson) -> None:
    for data in ("", *SMALL):
        assert not {"nan", "inf", "None", "∞"} & set(words(lesson, data).replace(",", " ").replace(".", " ").split()), data


@each_lesson
def test_three_exercises_have_hints_that_are_not_the_answer(lesson: Lesson) -> None:
    found = lesson.exercises(of())
    assert len(found) == 3
    for e in found:
        assert 1 <= len(e.hints) <= 2
        answer = " ".join(texts(e.answer))
        assert all(inline_text(h) not in answer for h in e.hints)
        assert e.kind in ("fill", "find", "predict")


FILLED = [(lesson, e) for lesson in LESSONS for e in lesson.exercises(of()) if e.kind == "fill"]


@pytest.mark.parametrize(("lesson", "e"), FILLED, ids=[x.slug for x, _ in FILLED])
def test_the_key_of_an_exercise_is_right_and_a_spoiled_one_is_wrong(lesson: Lesson, e) -> None:
    assert findings((*e.stated, e.key))[-1].verdict == "right"
    assert findings((*e.stated, e.key + " + 1"))[-1].verdict == "wrong"


# ---------------------------------------------------------------- the numbers under them


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("data", SMALL)
def test_the_few_means_give_the_loss_and_the_slopes_of_all_rows(data: str, half: bool) -> None:
    e = of(data, half).example
    for x, form in zip((e.x, 10 * e.x, e.z), forms_of(e).values(), strict=True):
        xx, x1, xy, y1, _ = sums = exactly(x, e.y, e.scale)
        w, b = (Fraction(t) * 7 / 8 + Fraction(1, 3) for t in form.best)
        slopes = (xx * w + x1 * b - xy, x1 * w + Fraction(2 * e.scale) * b - y1)
        found = form.slopes(float(w), float(b))
        each = np.abs(float(w) * x) + abs(float(b)) + np.abs(e.y)
        sizes = (float(np.mean(each * np.abs(x))), float(np.mean(each)))
        assert all(abs(float(Fraction(f) - s)) <= 1e-14 * size for f, s, size in zip(found, slopes, sizes, strict=True))
        assert float(loss_of(sums, w, b, e.scale)) == pytest.approx(form.loss(float(w), float(b)), rel=1e-9)


@pytest.mark.parametrize("data", SMALL)
def test_the_eigenvalues_are_the_roots_of_their_polynomial(data: str) -> None:
    e = of(data).example
    for x, form in zip((e.x, e.z), (forms_of(e)["raw"], forms_of(e)["standard"]), strict=True):
        xx, x1, *_ = exactly(x, e.y)
        low, high = map(Fraction, form.eigenvalues)
        assert float((low + high) / (xx + 2)) == pytest.approx(1, rel=1e-13)
        assert float(low * high / (2 * xx - x1 * x1)) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("turn", [1e-12, 0.003, 0.1, 0.5, 0.99999, 1.0, 1.2, 1.8, 1.9999, 2.0001, 2.1, 5.0, 20000.0])
@pytest.mark.parametrize("share", [1e-3, 1e-6])
def test_the_steps_needed_are_the_fewest(turn: float, share: float) -> None:
    found = needed(turn, share)
    assert found is not None
    with localcontext() as context:
        context.prec = 50
        size = abs(1 - Decimal(turn))
        goal = Decimal(str(share))

        def there(k: int) -> bool:
            return size**k <= goal * (1 + Decimal("1e-9")) if turn < 2 else size**k * goal >= 1 - Decimal("1e-9")

        assert there(found)
        assert found == 1 or not there(max(1, round(found * (1 - 1e-6)) - 1))
    assert needed(2.0, share) is None


def test_a_figure_shows_every_digit_before_its_point_up_to_six() -> None:
    assert [figure(v) for v in (49726.0, 519.755, -5197.55, 1234567.0, 0.0, 2.5e-7)] == ["49,726", "519.8", "−5198", "1.235 × 10⁶", "0", "2.5 × 10⁻⁷"]


def test_units_are_multiplied_and_divided_in_words() -> None:
    e = Example(np.arange(3.0), np.arange(3.0), "hours", "points", line_gradient(), "h", "", "rows", "")
    assert [measured(e, *k) for k in ((1, -1), (2, 0), (1, 1), (0, -2), (0, 0))] == [
        "unit of points per h", "(unit of points)²", "unit of points times h", "1 per h²", "a pure number",
    ]  # fmt: skip


# ---------------------------------------------------------------- the side


@each_data
def test_the_side_against_the_sign_of_the_slope_lowers_the_loss(data: str) -> None:
    e = of(data).example
    sums = exactly(e.x, e.y)
    for place, slope, way, right, left in rows(SIDE, data, "so move"):
        signs = tuple(t.lstrip()[:1] for t in (right, left))
        assert signs == {"to the right": ("−", "+"), "to the left": ("+", "−"), "stay": ("+", "+")}[way], place
        assert (slope[:1] == "−") == (way == "to the right")
    a, b, const = held(e)
    low, away = Fraction(-b) / (2 * Fraction(a)), Fraction(abs(-b / (2 * a) - start_of(a, b, const)))
    h = away / 10
    for k, falls in ((-1, 1), (Fraction(-1, 2), 1), (Fraction(1, 2), -1), (1, -1)):
        here, there, back = (loss_of(sums, low + k * away + s * h, Fraction(0)) for s in (0, falls, -falls))
        assert there < here < back


# ---------------------------------------------------------------- the raw slope


@each_data
def test_the_raw_slope_does_what_its_factor_says(data: str) -> None:
    """Four exact steps w − slope on the exact data."""
    e = of(data).example
    xx, _, xy, *_ = exactly(e.x, e.y)
    low, w = xy / xx, Fraction(start_of(*held(e)))
    distances = []
    for _ in range(5):
        distances.append(w - low)
        w -= xx * w - xy
    nearer = abs(distances[1]) < abs(distances[0])
    jumps_over = distances[1] * distances[0] < 0
    kind = verdict(float(xx))
    if kind not in ("swings", "lands"):
        assert (kind in ("nearer", "overshoots"), kind in ("overshoots", "diverges")) == (nearer, jumps_over)
    else:
        assert abs(abs(distances[1] / distances[0]) - (1 if kind == "swings" else 0)) < Fraction(1, 10**8)
    assert SAYS[kind] in words(RAW_SLOPE, data)


def test_a_slow_raw_slope_is_shown_moving() -> None:
    """On tiny numbers each step is tiny beside the way, and not 0."""
    table = rows(RAW_SLOPE, "tiny", "distance from")
    assert table[0][1] == "0"
    assert len({row[1] for row in table}) == len(table)


@pytest.mark.parametrize(("turn", "kind"), [(1e-9, "nearer"), (0.999, "nearer"), (1.0, "lands"), (1.001, "overshoots"), (2.0, "swings"), (2.001, "diverges")])
def test_the_bounds_of_the_factor(turn: float, kind: str) -> None:
    assert verdict(turn) == kind
    path = jumps(turn / 2, -turn, 1.0, 0.0, 400)  # lowest at 1
    last = abs(path[-1] - 1)
    assert (last < 1) == (kind in ("nearer", "lands", "overshoots")) or kind == "swings"


def test_with_both_parameters_no_data_let_the_raw_slope_settle_but_with_the_half_some_do() -> None:
    """∂²L/∂b² is 2: the largest eigenvalue is never below it."""
    for data in ("", *SMALL):
        assert forms_of(of(data).example)["raw"].eigenvalues[1] >= 2 * (1 - 1e-15)
        assert "the descent converges" not in words(RAW_SLOPE, data)
    assert "the descent converges" in words(RAW_SLOPE, "standardised", half=True)


# ---------------------------------------------------------------- the rate


@pytest.mark.parametrize("half", [False, True])
@each_data
def test_predicted_and_counted_steps_are_those_of_exact_arithmetic(data: str, half: bool) -> None:
    for (_, _, _, predicted, counted, _), turn in zip(rows(THE_RATE, data, "steps predicted"), ("1/10", "1", "9/5", "2", "21/10"), strict=True):
        assert predicted == counted
        if turn == "2":
            assert predicted == "never"
            continue
        factor, left, k = 1 - Fraction(turn), Fraction(1), 0
        while Fraction(1, 1000) < left < 1000:
            left, k = left * abs(factor), k + 1
        assert predicted == str(k)


def test_on_the_bundled_data_the_bounds_are_the_known_ones() -> None:
    raw, ten, standard = forms_of(of().example).values()
    assert [figure(f.bound, 3) for f in (raw, ten, standard)] == ["9.19 × 10⁻⁵", "9.19 × 10⁻⁷", "1"]
    assert [figure(f.condition, 2) for f in (raw, ten)] == ["580,672", "5.8 × 10⁷"]


@pytest.mark.parametrize("data", SMALL)
def test_no_start_needs_more_steps_than_the_most(data: str) -> None:
    form = forms_of(of(data).example)["raw"]
    most = needed(form.fastest * form.eigenvalues[0], 1e-3)
    assert most is not None
    for start in ((1.0, 0.0), (0.0, 1.0), (form.best[0] + 1, form.best[1] - form.mx)):
        ran = form.comes_near(form.fastest, 1e-6, 20_000, start)
        assert ran.steps <= most if ran.why == "near" else most > 19_000


# ---------------------------------------------------------------- scaling


def plain_loss_of_numbers(x: np.ndarray, y: np.ndarray, rate: float, most: int) -> int | None:
    w = b = 0.0
    with np.errstate(all="ignore"):
        for k in range(1, most):
            u = w * x + b - y
            w, b = w - rate * 2 * np.mean(u * x), b - rate * 2 * np.mean(u)
            if not (math.isfinite(w) and math.isfinite(b)):
                return k
    return None


def test_a_thousandth_leaves_the_numbers_at_the_iteration_of_a_plain_program() -> None:
    e = of().example
    shown = [row[-1] for row in rows(SCALING, "", "not finite after")]
    assert shown == [str(k or "") for k in (plain_loss_of_numbers(x, e.y, RATE, 1200) for x in (e.x, 10 * e.x, e.z))]
    assert shown[0] == "231"


@pytest.mark.parametrize("data", ["falling", "huge"])
def test_elsewhere_too(data: str) -> None:
    e = of(data).example
    form = forms_of(e)["ten"]
    assert form.bound < RATE
    assert form.first_lost(RATE).steps == plain_loss_of_numbers(10 * e.x, e.y, RATE, 5000)


@each_data
def test_each_rate_of_the_halving_rule_lowers_the_loss_by_half_of_what_the_slope_promises(data: str) -> None:
    e = of(data).example
    for form in forms_of(e).values():
        found = halving(form)
        (w, b), first = form.start, form.excess(*form.start)
        for rate in found.rates[:40]:
            g, h = form.slopes(w, b)
            before, w, b = form.excess(w, b), w - rate * g, b - rate * h
            assert form.excess(w, b) <= before - rate * (g * g + h * h) / 2
        if found.halved:  # half the bound always passes, so no rate is below a quarter of it, unless it began there
            assert min(found.rates) >= min(RATE, form.bound / 4) * (1 - 1e-9)
        if found.why == "near" and len(found.rates) <= 40:
            assert form.excess(w, b) <= PART * first


# ---------------------------------------------------------------- stopping


def test_the_rule_of_no_change_fires_where_a_plain_program_says() -> None:
    e = of().example
    w, b, k = 0.0, 0.0, 0
    while k < 20_000:
        u = w * e.z + b - e.y
        new = float(w - 0.001 * 2 * np.mean(u * e.z)), float(b - 0.001 * 2 * np.mean(u))
        if new == (w, b):
            break
        (w, b), k = new, k + 1
    shown = rows(STOPPING, "", "nothing changes after iteration")[0][1]
    assert (shown, k) == ("15,343", 15_343)


@pytest.mark.parametrize("half", [False, True])
@each_data
def test_what_is_said_of_unchanged_points_and_cycles_is_so(data: str, half: bool) -> None:
    form = forms_of(of(data, half).example)["standard"]
    for f in fired(form, tolerance(form)[1])[2:]:
        seen: dict[tuple[float, float], int] = {}
        k, at = 0, form.start
        for k, at in enumerate(form.path(f.rate)):
            if at in seen or k > 9000:
                break
            seen[at] = k
        if f.walk.why == "unchanged":
            assert (k, seen[at]) == (f.walk.steps + 1, f.walk.steps)
        elif f.walk.why == "cycle":
            assert (k, k - seen[at]) == (f.walk.steps, f.walk.period)
        else:
            assert k > 9000


@each_data
def test_the_rule_of_the_small_slope_keeps_its_promise(data: str) -> None:
    e = of(data).example
    form = forms_of(e)["standard"]
    allowed, enough = tolerance(form)
    xx, x1, xy, y1, _ = exactly(e.z, e.y)
    for f in fired(form, enough):
        if f.small is None:
            assert f.rate == 1
            continue
        for k, (w, b) in enumerate(form.path(f.rate)):
            g, h = xx * Fraction(w) + x1 * Fraction(b) - xy, x1 * Fraction(w) + 2 * Fraction(b) - y1
            if k in (f.small - 1, f.small):
                assert (math.hypot(g, h) <= enough * (1 + 1e-9)) == (k == f.small)
            if k == f.small:
                assert form.excess(w, b) <= allowed * (1 + 1e-9)
                break


@each_data
def test_the_promise_holds_for_the_feature_as_it_is(data: str) -> None:
    form = forms_of(of(data).example)["raw"]
    for dw, db in ((1.0, 0.0), (0.0, 1.0), (1.0, -form.mx), (-0.3, 0.7)):
        at = form.best[0] + dw, form.best[1] + db
        assert form.excess(*at) <= math.hypot(*form.slopes(*at)) ** 2 / (2 * form.eigenvalues[0]) * (1 + 1e-6)


@each_data
def test_at_a_rate_that_is_too_small_nothing_changes_though_the_slopes_are_not_small(data: str) -> None:
    e = of(data).example
    form = forms_of(e)["standard"]
    w, b = short(form)
    u = w * e.z + b - e.y
    slopes = float(2 * np.mean(u * e.z)), float(2 * np.mean(u))
    rate = too_small(form)
    assert (w - rate * slopes[0], b - rate * slopes[1]) == (w, b)
    assert math.hypot(*slopes) > 1e-9 * math.sqrt(form.yy)


@each_data
def test_the_words_of_symgd_are_those_of_its_runs(data: str) -> None:
    e = of(data).example
    form = forms_of(e)["standard"]
    shown = [row[1].partition(":")[0] for row in rows(STOPPING, data, "how it stopped")]
    assert shown[1:2] + shown[4:] == ["max-iterations", "diverged"]
    assert shown[0] == descend_bound(e.standard, start=form.start, rate=form.fastest, max_iterations=1000).stopped == "converged"


def test_a_plain_sum_over_all_rows_need_not_stop_where_the_means_do() -> None:
    """On the bundled data the rate ½ ends in a cycle of last digits with the one, and stands still with the other."""
    e = of().example
    form = forms_of(e)["standard"]
    found = plainly(e, 0.5)
    assert (form.walk(0.5).why, found and found.why) == ("unchanged", "cycle")


@each_data
def test_the_cap_is_enough_exactly_where_the_steps_needed_fit(data: str) -> None:
    for row in rows(STOPPING, data, "so the cap"):
        steps = float(row[2].replace(",", "").replace(" × 10", "e").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))
        assert (row[-1] == "is enough") == (steps <= 1000)


def test_the_rates_that_are_run_reach_from_a_thousandth_of_the_bound_to_the_bound() -> None:
    form: Form = forms_of(of("falling", half=True).example)["standard"]
    assert [f.rate for f in fired(form, 1.0)] == [2 * s for s in SHARES]
    assert form.bound == pytest.approx(2)


@each_lesson
def test_the_boxes_of_mistakes_have_an_answer(lesson: Lesson) -> None:
    boxes = [b for b in every_block(page_of(lesson).blocks) if isinstance(b, Box) and b.kind == "mistake"]
    assert len(boxes) == {"raw-slope": 2, "scaling": 1, "stopping": 1}.get(lesson.slug, 0)
