"""The playground: moved by real keys, it says what is true of the data, asks for nothing, and stands without its script."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import io
import itertools
import json
import re
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from symgd.course.example import example_of, line_gradient
from symgd.course.lesson import Course
from symgd.course.playground import NEAR, playground
from symgd.exposition.style import Style
from symgd.numeric.data.table import example, parse_csv
from symgd.numeric.descent.descend import descend_bound
from symgd.pictures.lettering import number
from symgd.term import Name
from tests.browser import Tab

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
FOLLOWS = ("verdict", "rate-shown", "at-w", "at-b", "at-loss", "at-gap", "standard-desc", "scatter-desc", "curve-desc")
NOISE = np.random.default_rng(5).standard_normal((2, 300))

DATA = {
    "falling": (np.linspace(1, 9, 40), 20 - 2.5 * np.linspace(1, 9, 40) + NOISE[0, :40]),
    "three rows": (np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 7.0])),
    "perfect": (np.arange(1.0, 9.0), 3 * np.arange(1.0, 9.0) - 5),
    "offset": (1e8 + NOISE[0], 5 + NOISE[1]),
    "tiny": (1e-6 * NOISE[0], 1e3 * NOISE[1]),
    "even about 0": (np.array([-1.0, 1.0, -1.0, 1.0]), np.array([0.0, 1.0, 0.5, 2.0])),
}  # fmt: skip


@functools.cache
def course(data: str = "", half: bool = False, names: tuple[str, str] = ("hours", "points")) -> Course:
    gradient, scale = line_gradient(half, {"w": "m", "b": "c"} if half else {}), 0.5 if half else 1.0
    if not data:
        table = example(texts=None)
        return Course(example_of(table, "sat_sum", "fy_gpa", gradient=gradient, scale=scale, source="the bundled example", rows_are="students"))
    head = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    rows = "\n".join(f"{u!r},{v!r}" for u, v in zip(*(map(float, column) for column in DATA[data]), strict=True))
    found = example_of(parse_csv(io.BytesIO(f"{head}\n{rows}\n".encode()), "grades.csv"), *names, gradient=gradient, scale=scale, source="grades.csv")
    return Course(found, Style(alpha=Name("eta" if half else "alpha")))


@pytest.fixture
def page(tmp_path: Path, tab: Tab):
    """Opens the playground of these data; afterwards the page has said nothing on its console and asked for nothing."""

    def opened(c: Course, **look: object) -> Tab:
        (tmp_path / "playground.html").write_text(playground(c), "utf-8")
        tab.look(**look)  # type: ignore[arg-type]
        tab.open(tmp_path / "playground.html")
        return tab

    yield opened
    assert tab.complaints == []
    assert tab.requests == []


def text(tab: Tab, name: str) -> str:
    return tab.evaluate(f"document.getElementById({name!r}).textContent")


def state(tab: Tab) -> dict[str, str]:
    """All that follows a slider."""
    shown = {name: text(tab, name) for name in FOLLOWS}
    drawn = {name: tab.evaluate(f"document.getElementById({name!r}).innerHTML") for name in ("standard-way", "scatter-line", "curve-way")}
    return shown | drawn | {"spoken": tab.evaluate("document.getElementById('rate').getAttribute('aria-valuetext')")}


def reach(tab: Tab, name: str) -> None:
    """Tab, Tab, … until the element has the focus."""
    for _ in range(40):
        tab.press("Tab")
        if tab.evaluate("document.activeElement.id") == name:
            return
    raise AssertionError(f"no number of tabs leads to {name}")


# ---------------------------------------------------------------------------------------------------------------- the keys


def test_an_arrow_key_on_the_rate_changes_path_line_curve_numbers_and_descriptions(page) -> None:
    tab = page(course())
    reach(tab, "rate")
    tab.press("PageDown")
    before = state(tab)
    tab.press("ArrowRight", times=3)
    after = state(tab)
    assert [name for name in before if before[name] == after[name]] == []
    assert after["spoken"] == after["rate-shown"].replace("×", "times")


def test_the_last_position_of_the_rate_is_three_times_the_bound_and_diverges(page) -> None:
    tab = page(course())
    reach(tab, "rate")
    tab.press("End")
    assert "3 × the bound" in text(tab, "rate-shown")
    said = "It overshoots and never settles: it diverges. The rate is 3 times the bound 2/λmax = 1; every step lands 5 times as far away"
    assert text(tab, "verdict").startswith(said)


def test_the_bound_itself_can_be_reached_by_keys_and_swings_for_ever(page) -> None:
    tab = page(course())
    reach(tab, "rate")
    tab.press("End")
    tab.press("ArrowLeft", times=24)
    assert "exactly the bound" in text(tab, "rate-shown")
    assert text(tab, "verdict").startswith("It swings for ever: exactly at the bound")
    tab.press("ArrowLeft")
    assert text(tab, "verdict").startswith("It overshoots, each time by less")


def test_a_rate_a_hair_below_the_bound_is_not_called_the_bound(page) -> None:
    tab = page(course())
    tab.evaluate("document.getElementById('form-raw').click(); document.querySelector('[data-share=best]').click()")
    assert text(tab, "rate-shown").endswith(", just below the bound")
    assert text(tab, "verdict").startswith("It overshoots, each time by less")


def test_the_start_moves_by_keys_and_the_path_begins_there(page) -> None:
    tab = page(course())
    reach(tab, "w")
    tab.press("ArrowRight", times=5)
    tab.press("Tab", "PageUp")
    w, b = (float(text(tab, f"{letter}-shown")) for letter in "wb")
    assert w > 0 < b
    reach(tab, "step")
    tab.press("Home")
    assert [float(text(tab, f"at-{letter}")) for letter in "wb"] == [w, b]
    e = course().example
    assert float(text(tab, "at-loss")) == pytest.approx(e.standard.loss(w, b), rel=1e-5)


def test_the_sentence_is_said_once_the_keys_rest(page) -> None:
    tab = page(course())
    reach(tab, "rate")
    tab.press("ArrowRight", times=2)
    assert text(tab, "announced") == ""
    tab.evaluate("new Promise(done => setTimeout(done, 900))")
    assert text(tab, "announced") == text(tab, "verdict").replace("−", "minus ")
    assert tab.evaluate("document.getElementById('announced').getAttribute('aria-live')") == "polite"
    assert tab.evaluate("document.querySelectorAll('[aria-live], output, [role=status]').length") == 1


def test_every_control_has_a_name_and_shows_its_focus(page) -> None:
    tab = page(course())
    seen = []
    for _ in range(40):
        tab.press("Tab")
        named = "e.labels && e.labels.length ? e.labels[0].textContent : e.textContent"
        tag, name, outline = tab.evaluate(f"(e => [e.tagName, {named}, getComputedStyle(e).outlineStyle])(document.activeElement)")
        if tag == "BODY":
            break
        seen.append((name, outline))
    assert len(seen) >= 13
    assert all(name.strip() and outline != "none" for name, outline in seen), seen


def test_where_motion_is_unwelcome_nothing_plays(page) -> None:
    assert page(course(), calm=True).evaluate("getComputedStyle(document.getElementById('play')).display") == "none"
    tab = page(course())
    reach(tab, "play")
    tab.press("Enter")
    tab.evaluate("new Promise(done => setTimeout(done, 400))")
    tab.press("Enter")
    assert 0 < int(text(tab, "at-step")) < 50


# ------------------------------------------------------------------------------------------------------------------ the truth


def whole(values: np.ndarray) -> list[Fraction]:
    return [Fraction(float(v)) for v in values]


def exactly(f: Fraction) -> mpmath.mpf:
    return mpmath.mpf(f.numerator) / f.denominator


@functools.cache
def surface(e, standard: bool):
    """The lowest point, the eigenvalues and eigenvectors of the second derivatives, and Σ (y − mean)²/n: from the exact sums, in 60 digits."""
    x, y, n = whole(e.x), whole(e.y), e.n
    mean_x, mean_y = sum(x) / n, sum(y) / n
    u, v = [a - mean_x for a in x], [b - mean_y for b in y]
    sxx, sxy, syy = (sum(map(Fraction.__mul__, p, q)) / n for p, q in ((u, u), (u, v), (v, v)))
    if standard:  # both eigenvalues are one: every direction is an axis
        return (exactly(sxy) / mpmath.sqrt(exactly(sxx)), exactly(mean_y)), [mpmath.mpf(2 * e.scale)] * 2, mpmath.eye(2), exactly(syy)
    m = exactly(mean_x)
    values, vectors = mpmath.eigsy(2 * e.scale * mpmath.matrix([[m * m + exactly(sxx), m], [m, 1]]))
    return (exactly(sxy / sxx), exactly(mean_y - sxy / sxx * mean_x)), list(values), vectors, exactly(syy)


def truth(e, standard: bool, share: Fraction, start: tuple[float, float], steps: int) -> tuple[str, float]:
    """What becomes of the descent: from the eigenvalues, and from how far the start lies along their axes."""
    (w, b), values, vectors, spread = surface(e, standard)
    away = [vectors[0, k] * (start[0] - w) + vectors[1, k] * (start[1] - b) for k in (0, 1)]
    moving = [k for k in (0, 1) if abs(away[k]) > mpmath.mpf(10) ** -50]
    q = [2 * exactly(share) * values[k] / values[1] for k in (0, 1)]
    largest = max((q[k] for k in moving), default=mpmath.mpf(0))
    if not moving:
        return "stays", 0
    if abs(largest - 2) < mpmath.mpf(10) ** -50:
        return "swings", np.inf
    if largest > 2:
        return "diverges", np.inf

    def near(k: int) -> bool:
        return sum(values[j] / (2 * e.scale) * (away[j] * (1 - q[j]) ** k) ** 2 for j in (0, 1)) <= NEAR**2 * spread

    low, high = -1, 1
    while not near(high) and high <= 2**53:
        low, high = high, 2 * high
    while high - low > 1 and high <= 2**53:
        middle = (low + high) // 2
        low, high = (low, middle) if near(middle) else (middle, high)
    needs = high if high <= 2**53 else np.inf
    if needs == 0:
        return "near", 0
    return ("overshoots" if needs <= steps else "overshoots, not there") if largest > 1 else "settles" if needs <= steps else "creeps", needs


POSITIONS = (-200, -120, -60, -30, -16, -15, -14, -5, -1, 0, 1, 5, 23, 24)


@pytest.mark.parametrize("data", ["", *DATA])
def test_the_sentence_is_the_truth_of_the_eigenvalues_at_every_rate(page, data: str) -> None:
    c = course(data, half=data == "falling")
    tab = page(c)
    forms = json.loads(tab.evaluate("JSON.stringify(given.forms.map(f => f.start))"))
    for k, start in enumerate(forms):
        places = [(0.0, 0.0), *((start["w"][j] * start["w"][2], start["b"][j] * start["b"][2]) for j in (0, 1))]
        asked = [(p, *at, steps) for p, at, steps in itertools.product(POSITIONS, places, (100,))]
        found = tab.evaluate(f"{json.dumps(asked)}.map(([p, w, b, n]) => verdict(given.forms[{k}], shareAt(p), w, b, n)).map(v => [v.kind, String(v.needs)])")
        shares = tab.evaluate(f"{json.dumps(POSITIONS)}.map(shareAt)")
        assert shares[POSITIONS.index(0)] == 1
        assert shares[-1] == 3
        exact = {p: Fraction(s) for p, s in zip(POSITIONS, shares, strict=True)}
        for (p, w, b, n), (kind, needs) in zip(asked, found, strict=True):
            with mpmath.workdps(60):
                expected, least = truth(c.example, k == 1, exact[p], (w, b), n)
            assert (kind, p, w, b, n) == (expected, p, w, b, n)
            assert float(needs) == pytest.approx(least, rel=1e-6, abs=0 if least < 1e5 else 1)


@pytest.mark.parametrize(("form", "share"), [("standard", 0.1), ("standard", 0.95), ("standard", 1.1), ("raw", 0.95), ("raw", 1.1)])
def test_the_numbers_are_those_of_a_descent_that_is_run(page, form: str, share: float) -> None:
    c = course()
    tab = page(c)
    tab.evaluate(f"document.getElementById('form-{form}').click(); document.querySelector('[data-share=\"{share}\"]').click()")
    bound = (c.example.rates if form == "raw" else c.example.standard_rates).bound
    trace = descend_bound(c.example.raw if form == "raw" else c.example.standard, start=(0.0, 0.0), rate=share * bound, max_iterations=50, stop="never")
    shown = [as_float(text(tab, f"at-{name}")) for name in ("w", "b", "loss")]
    assert shown == pytest.approx([*trace.points[-1], trace.losses[-1]], rel=2e-5)


def test_the_path_the_line_and_the_curve_end_where_the_numbers_say(page) -> None:
    tab = page(course())
    reach(tab, "step")
    tab.press("Home")
    tab.press("ArrowRight", times=7)
    e, known = course().example, json.loads(tab.evaluate("JSON.stringify(given)"))
    w, b, loss = (as_float(text(tab, f"at-{name}")) for name in ("w", "b", "loss"))
    u, v = ends(tab, "standard-way", "rect")
    assert [value(known["forms"][1]["plot"]["x"], u + 5), value(known["forms"][1]["plot"]["y"], v + 5)] == pytest.approx([w, b], rel=1e-2)
    u, v = ends(tab, "curve-way", "rect")
    assert value(known["curve"]["x"], u + 5) == pytest.approx(7 / 50, abs=1e-3)
    assert 10 ** value(known["curve"]["y"], v + 5) == pytest.approx((loss - e.least) / (e.standard.loss(0, 0) - e.least), rel=1e-2)
    line = [float(t) for t in re.findall(r"-?[\d.]+", tab.evaluate("document.querySelector('#scatter-line path').getAttribute('d')"))]
    scales = known["scatter"]
    ends_of_line = [(value(scales["x"], line[k]), value(scales["y"], line[k + 1])) for k in (0, 2)]
    for x, y in ends_of_line:
        assert y == pytest.approx(w * (x - e.x.mean()) / e.x.std() + b, abs=0.01)


def ends(tab: Tab, group: str, tag: str) -> tuple[float, float]:
    u, v = tab.evaluate(f"(r => [r.getAttribute('x'), r.getAttribute('y')])(document.querySelector('#{group} {tag}'))")
    return float(u), float(v)


def value(scale: list[float], place: float) -> float:
    """The value whose place on an axis this is."""
    low, high, start, end = scale
    return low + (place - start) / (end - start) * (high - low)


def test_numbers_are_written_as_the_pictures_write_them(page) -> None:
    tab = page(course("falling"))
    values = [0.0, 1.0, -0.5, 12.5, 0.02387, -9.187e-5, 123456.789, 999999.7, 5.14e8, -1e-300, 0.00012345]
    for digits in (3, 4, 6):
        assert tab.evaluate(f"{json.dumps(values)}.map(v => number(v, {digits}))") == [number(v, digits) for v in values]
    assert tab.evaluate("[spoken(number(-9.187e-5)), number(Infinity), number(NaN)]") == ["minus 9.187 times ten to the -5", "∞", "not a number"]


@pytest.mark.parametrize("data", DATA)
def test_whatever_the_data_nothing_overlaps_or_sticks_out(page, data: str) -> None:
    tab = page(course(data, names=(HOSTILE, "a name of a column that is much longer than its picture is wide")), width=360)
    looking = Path(__file__).with_name("looking.js").read_text("utf-8")
    for width, form, share in ((360, "raw", 1.1), (768, "standard", 1.0)):
        tab.look(width=width)
        tab.evaluate(f"document.getElementById('form-{form}').click(); document.querySelector('[data-share=\"{share}\"]').click()")
        assert tab.evaluate(looking) == []


def as_float(shown: str) -> float:
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    return float(re.sub(r" × 10(.+)", lambda m: "e" + m[1], shown).replace(",", "").translate(digits))


# ----------------------------------------------------------------------------------------------------------------- strangers' names


def test_names_that_try_to_break_out_are_shown_and_do_nothing(page) -> None:
    c = course("falling", names=(HOSTILE, "=cmd|' /C calc'!A0"))
    written = playground(c)
    assert written.count("<script") == 2
    assert "<img" not in written
    assert "\u202e" not in written
    tab = page(c)
    assert tab.evaluate("document.querySelectorAll('img, script:not([id]):not(:last-of-type)').length") == 0
    assert "onerror" in text(tab, "scatter-desc") or "onerror" in tab.evaluate("document.querySelector('legend').textContent")


def test_the_policy_allows_the_one_script_by_its_hash_and_nothing_from_anywhere() -> None:
    written = playground(course("falling"))
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', written)[1])
    script = re.search(r"<script>(.*?)</script>", written, re.DOTALL)[1]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", written)
    assert not re.search(r" on[a-z]+=", written)


def test_a_script_that_is_not_ours_does_not_run(page) -> None:
    tab = page(course("falling"))
    tab.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.strange = 1'}))")
    assert tab.evaluate("window.strange === undefined")
    assert any("Content Security Policy" in said for said in tab.complaints)
    tab.complaints.clear()


# -------------------------------------------------------------------------------------------------------------------- without script


def test_without_script_pictures_with_their_numbers_stand(page) -> None:
    tab = page(course(), script=False)
    shown = "[...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 0).length"
    assert tab.evaluate("document.getElementById('alive').getBoundingClientRect().height") == 0
    assert tab.evaluate(shown) == 4
    assert tab.evaluate("document.querySelectorAll('#still table').length") == 4
    assert page(course()).evaluate(shown) == 3


def test_the_page_is_the_same_every_time_and_light() -> None:
    assert playground(course()) == playground(course())
    assert len(playground(course()).encode()) <= 300_000
