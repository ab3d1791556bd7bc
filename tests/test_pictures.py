"""Pictures: what they say is true, what they draw lies where it should, and every letter can be read."""

from __future__ import annotations

import csv
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symgd.document.page import Page, Picture, Table
from symgd.document.to_html import to_html
from symgd.pictures import Band, Drawing, Rows, Series, chain_of_names, contour_with_path, curves, fading_sensitivities, flow_of_sensitivities
from symgd.pictures import grid_of_losses, loss_over_iterations, loss_parabola, nearest_samples, rate_panels, scatter_with_line, secants, squares_of_residuals
from symgd.pictures import steps_on_parabola, to_blocks, two_paths, units_in_columns, valley, ways_downhill
from symgd.pictures.axes import linear_ticks, log_ticks
from symgd.pictures.lettering import clean, number, pieces
from symgd.pictures.svg import COLOURS, FONT, WIDTH

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> & \"quoted\" \u202ereversed\u202c \x07 " + "very " * 40 + "long"
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@cache
def students() -> tuple[tuple[float, ...], tuple[float, ...]]:
    with resources.files("symgd.data").joinpath("satgpa.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple(float(r["sat_sum"]) for r in rows), tuple(float(r["fy_gpa"]) for r in rows)


def moments() -> tuple[float, float, float, float, float]:
    """Means of x, x², y, x y, y²."""
    x, y = students()
    n = len(x)
    return sum(x) / n, sum(v * v for v in x) / n, sum(y) / n, sum(u * v for u, v in zip(x, y, strict=True)) / n, sum(v * v for v in y) / n


def descent(rate: float, steps: int) -> tuple[list[tuple[float, float]], list[float]]:
    """Plain gradient descent on the raw data."""
    mx, mxx, my, mxy, myy = moments()
    w = b = 0.0
    way, losses = [], []
    for _ in range(steps + 1):
        way.append((w, b))
        losses.append(w * w * mxx + 2 * w * b * mx + b * b - 2 * w * mxy - 2 * b * my + myy)
        w, b = w - rate * 2 * (w * mxx + b * mx - mxy), b - rate * 2 * (w * mx + b - my)
    return way, losses


LINE = (0.02386573594, 0.00192737102)
LEAST = 0.4320933


def gpa_scatter() -> Drawing:
    return scatter_with_line(*students(), *LINE, x_label="sat_sum", y_label="fy_gpa", points_are="students", sticks=5)


def gpa_contour(rate: float = 5e-5, steps: int = 400) -> Drawing:
    mx, mxx, *_ = moments()
    return contour_with_path((2 * mxx, 2 * mx, 2.0), LINE, descent(rate, steps)[0], least=LEAST)


def gpa_parabola() -> Drawing:
    _, mxx, _, mxy, myy = moments()
    return loss_parabola(mxx, -2 * mxy, myy, [-0.02, -0.01, 0.0, 0.01, 0.03, 0.05], y_label="MSE (GPA²)", held="b = 0")


def line_chain() -> Drawing:
    arrows = (("w", "ŷ_i", "∂ŷ_i/∂w = x_i"), ("b", "ŷ_i", "∂ŷ_i/∂b = 1"), ("ŷ_i", "u_i", "∂u_i/∂ŷ_i = 1"), ("u_i", "L", "∂L/∂u_i = 2u_i/n"))
    return chain_of_names(("w", "b", "ŷ_i", "u_i", "L"), arrows)


def layers(many: int, odd: str = "") -> list[Band]:
    """A tanh network of so many layers, the last one with one unit; `odd` for every text."""

    def layer(k: int) -> Band:
        last = k == many
        before, total, after = (f"a_{k - 1}" if k > 1 else "x"), ("ŷ" if last else f"z_{k}"), ("L" if last else f"a_{k}")
        rates = (f"∂L/∂{before}" if k > 1 else "", f"δ_{k}", "" if last else f"∂L/∂a_{k}")
        steps = (f"W_{k}, b_{k}", "the loss" if last else "tanh"), (f"W_{k}", "2u/n" if last else f"1 − a_{k}²")
        whole = Band((before, total, after), steps[0], rates, steps[1], f"∂L/∂W_{k}, ∂L/∂b_{k}", "1" if last else "h_{10}")
        return whole if not odd else Band((odd,) * 3, (odd, odd), (odd,) * 3, (odd, odd), odd, odd)

    return [layer(k) for k in range(1, many + 1)]


def run_down(parabola: tuple[float, float, float], rate: float, steps: int, w: float = 0.0) -> list[float]:
    """Gradient descent in one variable."""
    way = [w]
    for _ in range(steps):
        way.append(way[-1] - rate * (2 * parabola[0] * way[-1] + parabola[1]))
    return way


def run_over(hessian: tuple[float, float, float], center: tuple[float, float], rate: float, steps: int, in_turn: bool = False) -> list[tuple[float, float]]:
    """Gradient descent on a quadratic loss from (0, 0), both parameters together or one after the other."""
    (p, q, r), (c, d) = hessian, center
    way = [(0.0, 0.0)]
    for _ in range(steps):
        w, b = way[-1]
        new = w - rate * (p * (w - c) + q * (b - d))
        way.append((new, b - rate * (q * ((new if in_turn else w) - c) + r * (b - d))))
    return way


def held_b(b: float) -> tuple[float, float, float]:
    """(A, B, C) of the students' loss with the intercept held."""
    mx, mxx, my, mxy, myy = moments()
    return mxx, 2 * (b * mx - mxy), myy - 2 * b * my + b * b


def students_bend() -> tuple[float, float, float]:
    """The second derivatives of the students' loss."""
    mx, mxx, *_ = moments()
    return 2 * mxx, 2 * mx, 2.0


ROUND = (1.0, -3.0, 4.0)
TILTED = (2.0, 0.9, 2.0)
TENTHS = [k / 10 for k in range(-5, 25)]
HUNDREDTHS = [0.4 + k / 100 for k in range(21)]


GALLERY = {
    "students": gpa_scatter,
    "one point": lambda: scatter_with_line([5], [3], 1, 0),
    "constant y": lambda: scatter_with_line([1, 2, 3], [4, 4, 4], 0, 4),
    "far away": lambda: scatter_with_line([1e8, 1e8 + 1, 1e8 + 2.5], [-1e8, -1e8 + 5, -1e8 + 7], 2, -3e8),
    "tiny and negative": lambda: scatter_with_line([-3e-9, -1e-9], [-5e-7, 2e-7], 350, 0),
    "neighbouring floats": lambda: scatter_with_line([1.0, math.nextafter(1.0, 2)], [1e150, -1e150], 0, 0),
    "6,000 points": lambda: scatter_with_line(range(6000), [k % 7 for k in range(6000)], 0, 3),
    "hostile labels": lambda: scatter_with_line(range(10), [k * k * 1e6 for k in range(10)], 9e6, -1.2e7, x_label=HOSTILE, y_label=HOSTILE, points_are=HOSTILE),
    "loss": lambda: loss_over_iterations(descent(5e-5, 1000)[1], 0.43, stopped="1,000 iterations", y_label="mean squared error (GPA²)"),
    "diverged": lambda: loss_over_iterations(descent(1e-3, 400)[1], LEAST, stopped="diverged"),
    "swings": lambda: loss_over_iterations([3.0, 3.5] * 2000, 1.0, stopped="oscillates"),
    "one loss": lambda: loss_over_iterations([3.0]),
    "lost at once": lambda: loss_over_iterations([1, math.inf]),
    "a hole": lambda: loss_over_iterations([1, 5, math.nan, 7]),
    "down to zero": lambda: loss_over_iterations([10.0 ** (-k) for k in range(30)] + [0.0, 0.0], 0.0, stopped=HOSTILE, y_label=HOSTILE),
    "parabola": gpa_parabola,
    "far parabola": lambda: loss_parabola(1, -2e8, 1e16, [1e8 - 1, 1e8 + 3]),
    "flat parabola": lambda: loss_parabola(1e-9, 0, 5, [0.0], w_label=HOSTILE, y_label=HOSTILE, held=HOSTILE),
    "valley": gpa_contour,
    "blown up": lambda: gpa_contour(1e-3, 231),
    "round": lambda: contour_with_path((2, 0, 2), (1, 2), [(1 - 0.8**k, 2 - 2 * 0.8**k) for k in range(40)], stopped="converged"),
    "only the start": lambda: contour_with_path((4, 1.5, 1), (1, 2), [(1, 2)]),
    "held b": lambda: contour_with_path((4, 0, 1), (1, 2), [(3, 2), (2, 2), (1.5, 2)], x_label=HOSTILE, y_label=HOSTILE),
    "zigzag": lambda: contour_with_path((20, 0, 1), (0, 0), [(2 * (-0.6) ** k, 2 * 0.95**k) for k in range(20)]),
    "not a number": lambda: contour_with_path((1, 0, 1), (0, 0), [(1, 1), (5, 5), (math.nan, 3)]),
    "squares": lambda: squares_of_residuals(*students(), *LINE, x_label="sat_sum (points)", y_label="fy_gpa (GPA)"),
    "three squares": lambda: squares_of_residuals([1, 2, 3], [2, 1, 4], 1, 1 / 3),
    "one square": lambda: squares_of_residuals([1e8], [-3.0], 0, 5, x_label=HOSTILE, y_label=HOSTILE),
    "no residual": lambda: squares_of_residuals([1, 2, 3], [-1, -2, -3], -1, 0),
    "chosen squares": lambda: squares_of_residuals(range(9), [k * k for k in range(9)], 8, -9.3, chosen=[0, 4, 8]),
    "secants": lambda: secants(*held_b(0.0), 0.0, (0.04, 0.02, 0.01)),
    "secants to the left": lambda: secants(*ROUND, 2.0, (-1, -0.1), w_label="θ_{1}"),
    "hostile secants": lambda: secants(1e-9, 1e3, 5, 1e8, (1e-3,), w_label=HOSTILE, y_label=HOSTILE),
    "sides": lambda: ways_downhill(*held_b(0.0), [0, 0.01, 0.0239, 0.035, 0.045], w_label="w (GPA per point)"),
    "one side": lambda: ways_downhill(*ROUND, [1.5], w_label="θ_{1}"),
    "hostile sides": lambda: ways_downhill(1, -2e8, 1e16, [1e8 - 1, 1e8 + 3], w_label=HOSTILE, y_label=HOSTILE),
    "valleys": lambda: valley([(b, *held_b(b)) for b in (0, 0.5, 1, 1.5, 2)]),
    "one valley": lambda: valley([(0, 1, 0, 0)]),
    "equal valleys": lambda: valley([(0, 1, -6, 9), (1, 1, -6, 9.0), (2, 1, -6, 11)], w_label=HOSTILE, b_label=HOSTILE, y_label=HOSTILE),
    "steps": lambda: steps_on_parabola(*ROUND, run_down(ROUND, 0.1, 30), held="b = 0"),
    "steps across": lambda: steps_on_parabola(*ROUND, run_down(ROUND, 0.9, 12)),
    "steps for ever": lambda: steps_on_parabola(*ROUND, run_down(ROUND, 1.0, 3000)),
    "steps out": lambda: steps_on_parabola(*ROUND, run_down(ROUND, 1.1, 3000), held=HOSTILE, w_label=HOSTILE, y_label=HOSTILE),
    "the raw slope": lambda: steps_on_parabola(*held_b(0.0), run_down(held_b(0.0), 1.0, 100), held="b = 0"),
    "no step": lambda: steps_on_parabola(*ROUND, [1.5]),
    "steps to nowhere": lambda: steps_on_parabola(*ROUND, [1.0, math.nan]),
    "four rates": lambda: rate_panels(*ROUND, [(f"rate {a}", a, run_down(ROUND, a, 10)) for a in (0.02, 0.5, 0.9, 1.2)]),
    "three rates": lambda: rate_panels(*held_b(0.0), [(s, a, run_down(held_b(0.0), a, 9)) for s, a in (("small", 1e-6), (HOSTILE, 5e-5), ("bound", 9e-5))]),
    "one rate": lambda: rate_panels(*ROUND, [("still", 0.1, [1.5, 1.5])], w_label="θ_{1}", y_label=HOSTILE),
    "curves": lambda: curves(
        [Series("α = 0.001", range(2000), [10 * 0.998**k + 0.43 for k in range(2000)], "stops here"),
         Series("α = 0.1", range(2000), [10 * 0.9**k + 0.43 for k in range(2000)]),
         Series("never", range(900), [0.5 + k % 2 for k in range(900)], "never stops")],
        x_label="iteration", y_label="loss (GPA²)", log_y=True, verticals=[(1000, "cap of 1,000")], title="Losses", description="How the loss falls.",
    ),
    "both axes in powers": lambda: curves(
        [Series("grid", range(1, 7), [10.0 ** (3 * k) for k in range(1, 7)]), Series("zeros", [1, 2, 3], [0, 0, 5])],
        x_label=HOSTILE, y_label=HOSTILE, log_x=True, log_y=True, verticals=[(3, HOSTILE), (-1, "never")], title=HOSTILE, description=HOSTILE,
    ),
    "a curve that leaves": lambda: curves(
        [Series("raw", range(300), descent(1e-3, 299)[1]), Series("hole", range(4), [1, math.nan, 2, 3])], x_label="iteration", y_label="loss", log_y=True,
        title="Losses", description="One of them leaves.", table=Rows(("a",), (("b",),)),
    ),
    "one point of a curve": lambda: curves([Series("one", [5], [-7], HOSTILE)], x_label="x", y_label="y", title="One", description="One."),
    "grid": lambda: grid_of_losses(TILTED, (0.52, 1.23), 0.25, TENTHS, TENTHS),
    "finer grid": lambda: grid_of_losses(TILTED, (0.52, 1.23), 0.25, TENTHS, TENTHS, zoom=(HUNDREDTHS, [v + 0.7 for v in HUNDREDTHS]), w_label="θ_{1}"),
    "large grid": lambda: grid_of_losses(students_bend(), LINE, LEAST, [k / 1e4 for k in range(500)], [k / 99 for k in range(400)]),
    "one pair": lambda: grid_of_losses((2, 0, 2), (1, 1), 0.0, [0.0], [0.0], w_label=HOSTILE, b_label=HOSTILE),
    "two ways": lambda: two_paths(TILTED, (1, 1), [(s, run_over(TILTED, (1, 1), 0.5, 12, s == "in turn")) for s in ("together", "in turn")], least=2.0),
    "a way that leaves": lambda: two_paths(
        TILTED, (1, 1), [(HOSTILE, run_over(TILTED, (1, 1), 2, 999)), ("in", [(0.5, 0.1)]), ("turn", [(0, 0), (1, 1)])], w_label=HOSTILE, b_label=HOSTILE
    ),
    "chain": line_chain,
    "fan": lambda: chain_of_names("wabcL", [("w", k, f"x_{k}") for k in "abc"] + [(k, "L", f"2u_{k}/n") for k in "abc"]),
    "fan of wide numbers": lambda: chain_of_names(
        ("w = −200", "ŷ_1 = −0.0008694", "ŷ_2 = −0.0011234", "ŷ_3 = −0.002468", "…", "L = 1.312"),
        [("w = −200", "ŷ_1 = −0.0008694", "8.468 × 10⁻⁷"), ("w = −200", "ŷ_2 = −0.0011234", "2.13 × 10⁻⁶"), ("w = −200", "ŷ_3 = −0.002468", "1000000.17"),
         ("w = −200", "…", ""), ("…", "L = 1.312", "")],
    ),
    "wide numbers": lambda: chain_of_names(
        ("w = 1", "b = −999986", "ŷ_i = 16.55"), [("w = 1", "ŷ_i = 16.55", "∂ŷ_i/∂w = 1000002.55"), ("b = −999986", "ŷ_i = 16.55", "")]
    ),
    "fan of numbers": lambda: chain_of_names(
        ("w = 0.01", "ŷ_1 = 3.07", "ŷ_2 = 3.02", "ŷ_3 = −2.96", "…", "L = 0.6048"),
        [("w = 0.01", "ŷ_1 = 3.07", "127"), ("w = 0.01", "ŷ_2 = 3.02", "122"), ("w = 0.01", "ŷ_3 = −2.96", "116"), ("w = 0.01", "…", ""),
         ("ŷ_1 = 3.07", "L = 0.6048", "−0.00022"), ("ŷ_2 = 3.02", "L = 0.6048", "0.00126"), ("ŷ_3 = −2.96", "L = 0.6048", "−0.00058"), ("…", "L = 0.6048", "")],
    ),
    **{f"{k} layers": (lambda k=k: units_in_columns(layers(k), "d")) for k in (1, 2, 6, 7, 50)},
    **{f"flow through {k}": (lambda k=k: flow_of_sensitivities(layers(k))) for k in (1, 2, 3, 6, 7, 50)},
    "fading": lambda: fading_sensitivities({"σ′(0)": 0.25, "σ′(2)": 0.105, "tanh′(1)": 0.42, "tanh′(2)": 0.0707}),
    "kept as it is": lambda: fading_sensitivities({"relu′(1)": 1.0, HOSTILE: 0.5}, 2),
    "hostile layers": lambda: units_in_columns(layers(3, HOSTILE), HOSTILE),
    "hostile flow": lambda: flow_of_sensitivities(layers(3, HOSTILE)),
    "by-way": lambda: chain_of_names(
        ("w", "ŷ_i", "u_i", HOSTILE), (("w", "ŷ_i", "x_i"), ("ŷ_i", "u_i", "1"), ("u_i", HOSTILE, HOSTILE), ("w", HOSTILE, "2λ w"))
    ),
}


@cache
def drawn(name: str) -> Drawing:
    return GALLERY[name]()


def parsed(drawing: Drawing) -> ET.Element:
    return ET.fromstring(drawing.svg)


@pytest.fixture(params=GALLERY)
def picture(request: pytest.FixtureRequest) -> Drawing:
    return drawn(request.param)


# ------------------------------------------------------------------------------------------------ reading a picture back


def texts(drawing: Drawing) -> list[tuple[str, float, float, str]]:
    """(text, x, baseline, anchor)"""
    return [("".join(t.itertext()), float(t.get("x", "")), float(t.get("y", "")), t.get("text-anchor", "start")) for t in parsed(drawing).iter(f"{SVG}text")]


def printed_boxes(drawing: Drawing) -> list[tuple[str, float, float, float, float]]:
    """Each text with its box, by the widths of a common font: half an em a letter, more for capitals and wide letters, less for narrow ones."""
    found = []
    for text, x, y, anchor in texts(drawing):
        wide = FONT * sum(0.3 if c in "il.,:;'|! ()" else 0.8 if c in "mwMW" else 0.67 if c.isupper() else 0.55 for c in text)
        left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * wide
        found.append((text, left, y - 0.72 * FONT, left + wide, y + 0.2 * FONT))
    return found


def value(label: str) -> Fraction:
    """A tick's label as a number."""
    label = label.replace(",", "").replace("−", "-")
    head, times, power = label.partition(" × ")
    if label.startswith("10") and label[2:3] in set("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"):
        return Fraction(10) ** int(label[2:].translate(SUPERSCRIPTS))
    return Fraction(head) * (value(power) if times else 1)


def axis(drawing: Drawing, vertical: bool, log: bool = False):
    """position → value, from the two outermost tick labels of an axis and the ticks at which they stand."""
    marks = []
    for text, x, y, anchor in texts(drawing):
        if re.fullmatch(r"−?[\d,]+(\.\d+)?|10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", text) and anchor == ("end" if vertical else "middle"):
            marks.append((y - 0.35 * FONT if vertical else x, y if not vertical else x, value(text)))
    line = (min if vertical else max)(m[1] for m in marks)  # labels of one axis stand on one line, left of the plot or below it
    marks = sorted(m for m in marks if m[1] == line)
    (p, _, low), (q, _, high) = marks[0], marks[-1]
    u, v = (math.log10(low), math.log10(high)) if log else (float(low), float(high))

    def read(at: float) -> float:
        found = u + (at - p) / (q - p) * (v - u)
        return 10**found if log else found

    return read


def lines(drawing: Drawing, colour: str) -> list[list[tuple[float, float]]]:
    """The open paths of a colour, in the plot (not in the key, which is moved by a transform)."""
    found = []
    for shape in parsed(drawing).findall(f"{SVG}path"):
        d = shape.get("d", "")
        if shape.get("class") == colour and "h0" not in d:
            found += [[tuple(map(float, p.split())) for p in piece.rstrip("Z").split("L")] for piece in d.split("M")[1:]]
    return found


# ------------------------------------------------------------------------------------------------ of every picture


def test_a_picture_is_well_formed_and_names_itself(picture: Drawing) -> None:
    root = parsed(picture)
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert len(ids) == len(set(ids))
    assert root.get("aria-labelledby", "").split() == ids[:2] == [root[0].get("id"), root[1].get("id")]
    assert (root[0].tag, root[0].text, root[1].tag, root[1].text) == (f"{SVG}title", picture.title, f"{SVG}desc", picture.description)


def test_no_text_covers_another_and_all_stay_on_the_sheet(picture: Drawing) -> None:
    _, _, width, height = map(float, parsed(picture).get("viewBox", "").split())
    boxes = printed_boxes(picture)
    assert boxes
    for text, left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text  # noqa: PT018  one rectangle
    for (s, a, b, c, d), (t, e, f, g, h) in combinations(boxes, 2):
        assert c <= e or g <= a or d <= f or h <= b, f"{s!r} covers {t!r}"


def test_every_stroke_stays_on_the_sheet(picture: Drawing) -> None:
    _, _, width, height = map(float, parsed(picture).get("viewBox", "").split())
    for colour in COLOURS:
        for line in lines(picture, colour):
            assert all(-1 <= x <= width + 1 and -1 <= y <= height + 1 for x, y in line)


def test_numbers_are_finite_and_have_at_most_two_decimals(picture: Drawing) -> None:
    for e in parsed(picture).iter():
        for name in ("d", "x", "y", "cx", "cy", "r", "width", "height", "transform", "viewBox", "font-size", "dy"):
            assert not re.search(r"nan|inf|e[+-]?\d|\.\d{3}", e.get(name, "")), (name, e.get(name))


def test_the_axis_labels_are_never_left_out() -> None:
    for name in ("students", "constant y", "far away", "parabola", "valley", "diverged"):
        shown = [t for t, *_ in texts(drawn(name))]
        bottom = max(texts(drawn(name)), key=lambda t: t[2])[0]
        assert len(bottom) >= 1 and not value_like(bottom), name  # noqa: PT018
        assert sum(1 for t in shown if value_like(t)) >= 4, name


def value_like(text: str) -> bool:
    return re.fullmatch(r"[−\d,.]+|10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", text) is not None


def test_the_same_numbers_give_the_same_bytes_in_every_process() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_pictures as t; print([t.drawn(n).svg for n in t.GALLERY])"
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    found = {subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "12"}
    assert len(found) == 1


NAMED_BY_FORMULAS = ("chain", "fan", "wide numbers", "by-way", "layers", "flow")  # their digits belong to names


def written(text: str) -> list[tuple[str, Fraction]]:
    """The numbers in a text, as they stand there."""
    found = re.findall(r"(?<![\w.⁻₀-₉])−?\d[\d,]*(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?![\w⁰¹²³⁴⁵⁶⁷⁸⁹])", text)
    return [(t, value(t.rstrip(","))) for t in found]


@pytest.mark.parametrize("name", [n for n in GALLERY if not any(part in n for part in NAMED_BY_FORMULAS)])
def test_every_number_of_a_description_stands_in_the_table(name: str) -> None:
    picture = drawn(name)
    cells = [v for row in picture.table.rows for cell in row for _, v in written(cell)]
    for text, v in written(picture.description):
        digits = len(text.partition(" ")[0].replace(",", "").replace(".", "").lstrip("−0")) or 1
        rounded = {float(f"{float(c):.{digits - 1}e}") for c in cells}
        assert v in range(13) or float(v) in rounded, (text, picture.description, picture.table)


def test_tables_under_pictures_are_short() -> None:
    for name in GALLERY:
        assert len(drawn(name).table.rows) <= (8 if not any(p in name for p in ("layers", "flow", *NAMED_BY_FORMULAS)) else 60), name


def test_a_picture_is_at_most_40_kb() -> None:
    for name in GALLERY:
        assert len(drawn(name).svg.encode()) <= 40_000, name


def test_a_page_takes_every_picture_with_its_table() -> None:
    blocks = [b for name in GALLERY for b in to_blocks(drawn(name))]
    html = to_html(Page(("All",), tuple(blocks)), font="none")
    assert html.count("<svg") == len(GALLERY)
    assert sum(isinstance(b, Table) for b in blocks) == sum(isinstance(b, Picture) for b in blocks) == len(GALLERY)
    assert "<script" not in html


def test_pictures_need_neither_numpy_nor_sympy() -> None:
    code = "import sys, symgd.pictures; print(sorted({'numpy', 'sympy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_letters_are_12_px_on_a_phone_of_360_px_with_margins_of_20() -> None:
    assert FONT * (360 - 2 * 20) / WIDTH >= 12


@pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
def test_colours_stand_off_the_paper(shade: int) -> None:
    def luminance(colour: str) -> float:  # WCAG 2.2, relative luminance
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    paper = luminance(COLOURS["paper"][shade])
    for name, shades in COLOURS.items():
        if name != "paper":
            dark, light = sorted((luminance(shades[shade]), paper))
            assert (light + 0.05) / (dark + 0.05) >= (7 if name == "ink" else 3), name


# ------------------------------------------------------------------------------------------------ text


def test_hostile_labels_are_text_shortened_and_without_marks_that_turn_it() -> None:
    for name in ("hostile labels", "down to zero", "flat parabola", "held b", "by-way"):
        svg = drawn(name).svg
        assert "<script" not in svg
        assert "\u202e" not in svg and "\x07" not in svg  # noqa: PT018
        assert "&lt;script&gt;" in svg
        assert any(t.endswith("…") or "…" in t for t, *_ in texts(drawn(name)))


@pytest.mark.parametrize(("text", "expected"), [
    ("plain", "plain"), ("  two\n\tlines ", "two lines"), ("a\u202eb\u2066c\u200f", "abc"), ("\x00\x1b[31m", "[31m"),
    ("y\u0302", "ŷ"), ("e" + "\u0316" * 9, "e\u0316\u0316"), ("شما", "شما"), ("x" * 500, "x" * 119 + "…"),
])  # fmt: skip
def test_text_is_cleaned(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(("given_", "digits", "expected"), [
    (0.02386573594, 4, "0.02387"), (-12.5, 4, "−12.5"), (0.0, 4, "0"), (1e8, 4, "1 × 10⁸"), (1.25e-7, 4, "1.25 × 10⁻⁷"), (999999.6, 4, "1 × 10⁶"),
    (123456.0, 4, "123,500"), (100.0, 4, "100"), (math.inf, 4, "∞"), (math.nan, 4, "not a number"), (-9.99999e-5, 3, "−0.0001"), (15343.0, 6, "15,343"),
    (-2024.5, 5, "−2024.5"), (10880.807, 6, "10,880.8"),
])  # fmt: skip
def test_numbers_are_written_as_a_reader_writes_them(given_: float, digits: int, expected: str) -> None:
    assert number(given_, digits) == expected


@given(st.floats(-1e300, 1e300), st.integers(1, 10))
def test_a_written_number_reads_back_to_its_digits(v: float, digits: int) -> None:
    assert float(value(number(v, digits))) == float(f"{v:.{digits - 1}e}")


@pytest.mark.parametrize("prefix", ["", "1a", 'a"b', "a b", "é"])
def test_a_prefix_that_cannot_begin_an_id_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot begin an id"):
        scatter_with_line([1], [1], 1, 0, prefix=prefix)


def test_pictures_with_different_prefixes_share_no_id() -> None:
    first, second = (re.findall(r' id="([^"]*)"', scatter_with_line([1], [1], 1, 0, prefix=p).svg) for p in ("one", "two"))
    assert first
    assert not set(first) & set(second)


# ------------------------------------------------------------------------------------------------ ticks

ranges = st.tuples(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12)).map(lambda r: (r[0], r[0] + r[1])).filter(lambda r: r[1] - r[0] > 1e-12 * max(map(abs, r)))


@given(ranges, st.integers(5, 9))
def test_ticks_are_all_multiples_of_a_round_step_in_the_range(span: tuple[float, float], about: int) -> None:
    low, high = span
    ticks = linear_ticks(low, high, about)
    assert 2 <= len(ticks.values) <= about + 1
    assert all(low <= float(t) <= high for t in ticks.values)
    exact = [exactly(t, ticks.note) for t in ticks.labels]
    (step,) = {b - a for a, b in pairwise(exact)}
    mantissa = step / Fraction(10) ** math.floor(math.log10(step))
    assert mantissa in (1, 2, 5)
    assert not any(low <= t <= high for t in (exact[0] - step, exact[-1] + step))


@given(ranges)
def test_a_tick_label_with_its_note_is_the_tick(span: tuple[float, float]) -> None:
    ticks = linear_ticks(*span)
    assert [float(exactly(t, ticks.note)) for t in ticks.labels] == list(ticks.values)
    assert max(map(len, ticks.labels)) <= 8


def exactly(label: str, note: str) -> Fraction:
    """Label and note ("minus 10⁸, in 10⁻³") → the value at the tick."""
    found = value(label)
    for part in reversed(note.split(", ") if note else []):
        kind, _, what = part.partition(" ")
        found = found * value(what) if kind == "in" else found + value(what) * {"minus": 1, "plus": -1}[kind]
    return found


@given(st.floats(-300, 300), st.floats(0.1, 300))
def test_logarithmic_ticks_lie_in_the_range_and_read_back(power: float, decades: float) -> None:
    low, high = 10.0**power, 10.0 ** min(power + decades, 307)
    if high <= low * 1.05:
        return
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks.values) <= 9
    assert list(ticks.values) == sorted(set(ticks.values))
    assert all(low * (1 - 1e-9) <= t <= high * (1 + 1e-9) for t in ticks.values)
    assert [float(exactly(t, ticks.note)) for t in ticks.labels] == pytest.approx(list(ticks.values), rel=1e-12)


# ------------------------------------------------------------------------------------------------ the scatter


def test_every_student_and_the_line_lie_where_the_axes_say() -> None:
    picture = drawn("students")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    layers = [re.findall(r"M(\S+) (\S+)h0", p.get("d", "")) for p in parsed(picture).findall(f"{SVG}path")]
    found = sorted((round(x(float(u))), round(y(float(v)), 2)) for layer in layers for u, v in layer)
    assert found == sorted((round(u), v) for u, v in zip(*students(), strict=True))
    (line,) = lines(picture, "orange")
    assert [y(v) for _, v in line] == pytest.approx([LINE[0] * x(u) + LINE[1] for u, _ in line], abs=2e-3)


def test_the_scatter_states_slope_intercept_and_error() -> None:
    x, y = students()
    error = sum((LINE[0] * u + LINE[1] - v) ** 2 for u, v in zip(x, y, strict=True)) / len(x)
    said = drawn("students").description
    for part in ("1,000 students", "slope 0.0238657", "intercept 0.00192737", f"error is {error:.6f}", "sat_sum from 53 to 144", "For 5 of the students"):
        assert part in said


def test_residual_sticks_join_points_to_the_line() -> None:
    picture = drawn("students")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    sticks = lines(picture, "green")
    data = set(zip(*students(), strict=True))
    assert len(sticks) == 5
    for (u, v), (u2, v2) in sticks:
        assert u == u2
        assert y(v2) == pytest.approx(LINE[0] * x(u) + LINE[1], abs=0.02)
        assert min(math.hypot(x(u) - a, y(v) - b) for a, b in data) < 0.05


def test_more_than_1500_points_are_thinned_and_the_picture_says_so() -> None:
    picture = drawn("6,000 points")
    assert picture.svg.count("h0") == 1500 + 1  # one in the key
    assert "1,500 of 6,000 points" in picture.svg
    assert "too many to draw" in picture.description


# ------------------------------------------------------------------------------------------------ the loss over iterations


def test_the_excess_lies_on_its_logarithmic_axis() -> None:
    losses = [0.5 + 6 * 0.97**k for k in range(400)]
    picture = loss_over_iterations(losses, 0.5)
    x, y = axis(picture, vertical=False), axis(picture, vertical=True, log=True)
    (curve,) = lines(picture, "blue")
    assert (round(x(curve[0][0])), round(x(curve[-1][0]))) == (0, 399)
    for u, v in curve:
        assert y(v) == pytest.approx(losses[round(x(u))] - 0.5, rel=0.01)


def test_the_start_the_end_and_the_rule_that_fired_are_stated() -> None:
    picture = loss_over_iterations([4.0, 2.0, 1.5], 1.25, stopped="3 iterations", y_label="MSE")
    assert "MSE is 4 at the start and 1.5 after 2 iterations" in picture.description
    assert "stopped: 3 iterations" in picture.description
    assert "least possible MSE is 1.25" in picture.description
    assert [t for t, *_ in texts(picture) if "3 iterations" in t] == ["3 iterations: 1.5"]
    assert picture.table.rows[-2:] == (("2", "1.5", "0.25"), ("least possible", "1.25", "0"))


def test_a_run_that_overflows_leaves_the_picture_with_a_mark() -> None:
    losses = descent(1e-3, 400)[1]
    lost = next(k for k, v in enumerate(losses) if not math.isfinite(v))
    picture = drawn("diverged")
    assert f"left the picture at {lost}" in [t for t, *_ in texts(picture)]
    assert f"at iteration {lost} it is" in picture.description
    y = axis(picture, vertical=True, log=True)
    top = min(v for curve in lines(picture, "blue") for _, v in curve)
    assert math.log10(y(top)) == pytest.approx(math.log10(losses[lost - 1]), abs=1)


@pytest.mark.parametrize("extreme", [9.0, -9.0])
def test_thinning_keeps_a_single_extreme_of_thousands_of_iterations(extreme: float) -> None:
    losses = [math.sin(k / 50) for k in range(20000)]
    losses[7777] = extreme
    picture = loss_over_iterations(losses)
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    (curve,) = lines(picture, "blue")
    at = (min if extreme > 0 else max)(curve, key=lambda p: p[1])
    assert len(curve) < 2000
    assert y(at[1]) == pytest.approx(extreme, abs=0.05)
    assert x(at[0]) == pytest.approx(7777, abs=30)


# ------------------------------------------------------------------------------------------------ the parabola


def test_the_parabola_and_its_vertex_lie_where_the_axes_say() -> None:
    a, b, c = 2.0, -6.0, 7.0
    picture = loss_parabola(a, b, c, [-1, 0, 4])
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    (curve,) = lines(picture, "blue")
    assert len(curve) > 30
    assert [y(v) for _, v in curve] == pytest.approx([a * x(u) ** 2 + b * x(u) + c for u, _ in curve], abs=0.15)
    for (u, v), (u2, v2) in pairwise(curve):  # nor does the curve stray between its points
        assert abs(y((v + v2) / 2) - (a * x((u + u2) / 2) ** 2 + b * x((u + u2) / 2) + c)) < 0.15
    (drop,) = lines(picture, "green")
    assert (x(drop[0][0]), y(drop[0][1])) == pytest.approx((1.5, 2.5), abs=0.05)


def test_tangents_touch_the_parabola_and_point_downhill() -> None:
    picture = loss_parabola(2.0, -6.0, 7.0, [-1, 0, 4])
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    slopes = []
    for (u, v), (u2, v2) in (t for t in lines(picture, "orange")):
        slope = (y(v2) - y(v)) / (x(u2) - x(u))
        at = (slope + 6) / 4  # where 2·2 w − 6 is that slope
        assert y(v) + slope * (at - x(u)) == pytest.approx(2 * at**2 - 6 * at + 7, abs=0.1)
        assert y(v2) < y(v)
        slopes.append(slope)
    assert slopes == pytest.approx([-10, -6, 10], abs=0.2)


def test_the_parabola_states_its_slopes_and_its_vertex() -> None:
    picture = drawn("parabola")
    _, mxx, _, mxy, _ = moments()
    assert f"lowest point is at w = {mxy / mxx:.6g}" in picture.description
    assert [row[3] for row in picture.table.rows] == ["to larger w"] * 4 + ["to smaller w"] * 2 + ["lowest point"]
    for row in picture.table.rows[:-1]:
        assert float(value(row[2])) == pytest.approx(2 * mxx * float(value(row[0])) - 2 * mxy, rel=1e-5)


def test_coefficients_as_fractions_keep_a_least_loss_far_below_them() -> None:
    exact = Fraction(1), Fraction(-2 * 10**12), Fraction(10**24) + Fraction(1, 4)
    assert "where it is 0.25." in loss_parabola(*exact, [1e12 - 1, 1e12 + 2]).description
    assert "where it is 0.25." not in loss_parabola(*map(float, exact), [1e12 - 1, 1e12 + 2]).description  # a float C holds no quarter there


def test_a_vertex_that_cancels_is_exact() -> None:
    assert "lowest point is at w = 1 × 10⁸, where it is 0." in drawn("far parabola").description.replace("100,000,000", "1 × 10⁸")


def test_a_letter_of_the_reader_s_is_lowered_on_the_axis_and_in_the_words() -> None:
    picture = loss_parabola(1, 0, 0, [1], w_label="θ_{1} (GPA per point)", held="θ_{0} = 0")
    assert "θ1 (GPA per point)" in [t for t, *_ in texts(picture)]
    assert "loss, θ₀ = 0 held" in [t for t, *_ in texts(picture)]
    assert "lowest point is at θ₁ = 0" in picture.description
    assert picture.table.head[0] == "θ₁"


# ------------------------------------------------------------------------------------------------ the contours


@pytest.mark.parametrize(("hessian", "center", "way"), [
    ((2, 0, 2), (1, 2), [(0, 0), (0.5, 1), (0.9, 1.8)]),
    ((4, 1.5, 1), (0, 0), [(-1, 2), (0.1, 0.2)]),
    ((21761.5, 206.66, 2.0), (0.0239, 0.0019), [(0, 0), (0.026, 0.00025), (0.0239, 0.0003)]),
    ((21761.5, 206.66, 2.0), (0.0239, 500.0), [(0, 0), (0.026, 0.00025), (0.0239, 0.0003)]),
])  # fmt: skip
def test_along_a_contour_the_loss_is_the_same_and_the_numbers_on_contours_are_their_losses(hessian, center, way) -> None:
    picture = contour_with_path(hessian, center, way)
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    unit_x, unit_y = factors(picture)
    p, q, r = hessian

    def root(u: float, v: float) -> float:  # √ of the excess at a place on the sheet
        dw, db = x(u) * unit_x - center[0], y(v) * unit_y - center[1]
        return math.sqrt(max(0.0, 0.5 * (p * dw * dw + 2 * q * dw * db + r * db * db)))

    def pixel(u: float, v: float) -> float:
        return abs(root(u + 0.5, v) - root(u, v)) + abs(root(u, v + 0.5) - root(u, v))

    curves = [along(c) for c in lines(picture, "purple")]
    assert len(curves) >= 5
    for curve in curves:
        roots = [root(u, v) for u, v in curve]
        assert max(roots) - min(roots) <= 2 * max(pixel(u, v) for u, v in curve)
    named = [(float(value(t)), u, v - 0.35 * FONT) for t, u, v, _ in texts(picture) if value_like(t)]
    inside = [(e, u, v) for e, u, v in named if any(math.hypot(u - a, v - b) < 3 for curve in curves for a, b in curve)]
    assert len(inside) >= 2
    for e, u, v in inside:
        assert math.sqrt(e) == pytest.approx(root(u, v), rel=0.01, abs=2 * pixel(u, v))


def along(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places on the line through the points, at most 2 apart."""
    found = []
    for (x0, y0), (x1, y1) in pairwise(points):
        n = 1 + int(math.hypot(x1 - x0, y1 - y0) / 2)
        found += [(x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n) for k in range(n)]
    return [*found, points[-1]]


def factors(picture: Drawing) -> tuple[float, float]:
    """What the labels of the ticks of x and of y were divided by ("w, in 10⁻³")."""
    shown = [t for t, *_ in sorted(texts(picture), key=lambda t: t[2])]
    units = {s[0]: float(value(m[1])) for s in shown if (m := re.search(r"in (10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", s))}
    return units.get("w", 1.0), units.get("b", 1.0)


def test_the_path_visits_its_points() -> None:
    way = [(1 - 0.5**k, 2 - 2 * 0.5**k) for k in range(5)]
    picture = contour_with_path((2, 0, 2), (1, 2), way)
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    (path,) = lines(picture, "orange")
    assert [(x(u), y(v)) for u, v in path] == [pytest.approx(at, abs=0.02) for at in way]


def test_a_long_valley_is_called_one() -> None:
    assert "nearly parallel lines" in drawn("valley").description
    assert "ellipses round it" in drawn("zigzag").description
    assert "circles round it" in drawn("round").description


def test_a_path_that_leaves_the_picture_is_said_to() -> None:
    assert "From iteration 2 on it lies outside the picture" in drawn("blown up").description
    assert "leaves at iteration 2" in [t for t, *_ in texts(drawn("blown up"))]
    assert "no longer finite at iteration 2" in drawn("not a number").description


def test_a_lowest_point_far_beyond_the_path_is_said_to_be_outside() -> None:
    assert "outside the picture" in contour_with_path((2, 0, 0.001), (1, 1e6), [(0, 0), (0.5, 1), (0.9, 2)]).description


# ------------------------------------------------------------------------------------------------ residuals as squares


def test_squares_have_the_residual_as_side_and_stand_on_their_samples() -> None:
    picture = drawn("squares")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    w, b = LINE
    drawn_squares = [q for g in parsed(picture).findall(f"{SVG}g") for q in g.findall(f"{SVG}rect")]
    assert len(drawn_squares) == 6 == len(picture.table.rows) - 1
    for q, row in zip(drawn_squares, picture.table.rows[:-1], strict=True):
        left, top, wide, high = (float(q.get(k, "")) for k in ("x", "y", "width", "height"))
        at, actual, predicted, residual, area = (float(value(cell)) for cell in row)
        assert wide == high
        assert (at, actual) in set(zip(*students(), strict=True))
        assert (y(top) - y(top + high)) ** 2 == pytest.approx(area, abs=0.03)
        assert min(abs(x(left) - at), abs(x(left + wide) - at)) < 0.2
        assert (predicted, residual, area) == pytest.approx((w * at + b, w * at + b - actual, (w * at + b - actual) ** 2), rel=1e-4, abs=1e-5)
    mean = sum((w * u + b - v) ** 2 for u, v in zip(*students(), strict=True)) / 1000
    assert float(value(picture.table.rows[-1][4])) == pytest.approx(mean, rel=1e-5)


def test_the_samples_are_the_first_nearest_to_even_places() -> None:
    assert nearest_samples([0, 1, 2, 3, 4, 5, 6], 3) == [1, 3, 5]
    assert nearest_samples([5, 5, 5], 6) == [0]
    assert nearest_samples([0.0, 10.0], 4) == [0, 1]
    assert nearest_samples([10, 0, 9, 1], 2) == [3, 2]  # 2.5 and 7.5


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.integers(1, 9))
def test_the_samples_are_those_of_the_definition(xs: list[int], n: int) -> None:
    low, high = min(xs), max(xs)
    away = [[abs(v - (low + (k + 0.5) / n * (high - low))) for v in xs] for k in range(n)]
    assert nearest_samples(xs, n) == list(dict.fromkeys(d.index(min(d)) for d in away))


def test_chosen_samples_are_taken_as_they_are() -> None:
    assert [row[0] for row in drawn("chosen squares").table.rows] == ["0", "4", "8", "mean of all 9"]


# ------------------------------------------------------------------------------------------------ slopes


def test_secants_go_through_both_points_and_the_tangent_has_the_slope() -> None:
    a, b, c = ROUND
    picture = secants(a, b, c, 2.0, (1, 0.5, 0.1))
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    found = [(y(q[1]) - y(p[1])) / (x(q[0]) - x(p[0])) for p, q in lines(picture, "purple")]
    assert found == pytest.approx([((a * (2 + h) ** 2 + b * (2 + h)) - (4 * a + 2 * b)) / h for h in (1, 0.5, 0.1)], abs=0.03)
    ((p, q),) = lines(picture, "orange")
    assert (y(q[1]) - y(p[1])) / (x(q[0]) - x(p[0])) == pytest.approx(2 * a * 2 + b, abs=0.03)
    for (u, v), (u2, v2) in [*lines(picture, "purple"), (p, q)]:
        assert y(v) + (2 - x(u)) * (y(v2) - y(v)) / (x(u2) - x(u)) == pytest.approx(4 * a + 2 * b + c, abs=0.03)
    assert [row[1] for row in picture.table.rows] == ["2", "1.5", "1.1", "1"]
    dashes = {e.get("stroke-dasharray") for e in parsed(picture).findall(f"{SVG}path") if e.get("class") == "purple"}
    assert len(dashes) == 3


def test_arrows_go_where_minus_the_slope_points() -> None:
    picture = ways_downhill(*ROUND, [0, 1, 1.5, 2, 4])  # the lowest point is 1.5
    x = axis(picture, vertical=False)
    arrows = [(round(x(p[0]), 1), x(q[0])) for p, q in lines(picture, "orange")]
    assert [start for start, _ in arrows] == [0, 1, 2, 4]
    assert all((tip - start) * (1.5 - start) > 0 for start, tip in arrows)
    assert {"−3", "−1", "0", "+1", "+5"} <= {t for t, *_ in texts(picture)}
    assert [row[2:] for row in picture.table.rows] == [("−", "to larger w")] * 2 + [("0", "flat")] + [("+", "to smaller w")] * 2


def test_the_lowest_points_of_a_valley_lie_where_each_parabola_turns() -> None:
    picture = drawn("valleys")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    (joined,) = lines(picture, "green")
    expected = [(-B / (2 * A), C - B * B / (4 * A)) for A, B, C in (held_b(b) for b in (0, 0.5, 1, 1.5, 2))]
    assert [x(u) for u, _ in joined] == pytest.approx([w for w, _ in expected], abs=1e-4)
    assert [y(v) for _, v in joined] == pytest.approx([height for _, height in expected], abs=0.05)
    assert [float(value(row[1])) for row in picture.table.rows] == pytest.approx([w for w, _ in expected], rel=1e-5)


# ------------------------------------------------------------------------------------------------ steps


def test_steps_go_sideways_and_land_on_the_curve() -> None:
    a, b, c = ROUND
    way = run_down(ROUND, 0.8, 3)
    picture = steps_on_parabola(a, b, c, way)
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    (corners,) = lines(picture, "orange")
    assert len(corners) == 7
    for k, (u, v) in enumerate(corners):
        assert x(u) == pytest.approx(way[(k + 1) // 2], abs=0.01)
        assert y(v) == pytest.approx(a * way[k // 2] ** 2 + b * way[k // 2] + c, abs=0.03)
    assert [row[0] for row in picture.table.rows] == ["0", "1", "2", "3", "lowest point"]


@pytest.mark.parametrize(("way", "tip"), [([0.0, 1e6], "right"), ([3.0, -1e6], "left"), ([0.0, math.inf], "right"), ([0.0, 3.0, -1e200], "left")])
def test_a_step_that_leaves_points_to_its_side(way: list[float], tip: str) -> None:
    picture = steps_on_parabola(*ROUND, way)
    (dashed,) = (e for e in parsed(picture).findall(f"{SVG}path") if e.get("stroke-dasharray") == "5 3")
    start, end = (tuple(map(float, p.split())) for p in dashed.get("d", "")[1:].split("L"))
    assert (end[0] > start[0]) == (tip == "right")
    assert start[1] == end[1]
    assert f"Step {len(way) - 1} leaves the picture" in picture.description


def test_steps_that_swing_between_two_places_share_their_numbers() -> None:
    assert {"0, 2, 4, …", "1, 3, 5, …"} <= {t for t, *_ in texts(drawn("steps for ever"))}


def test_each_rate_has_a_panel_of_its_own_with_the_same_axes() -> None:
    picture = drawn("four rates")
    heads = [(t, u, v) for t, u, v, _ in texts(picture) if t.startswith("rate ")]
    assert [t for t, *_ in heads] == [f"rate {a}" for a in ("0.02", "0.02", "0.5", "0.5", "0.9", "0.9", "1.2", "1.2")]
    assert len({u for _, u, _ in heads}) == len({v for _, _, v in heads}) / 2 == 2
    curves_drawn = [line for line in lines(picture, "blue") if len(line) > 10]
    assert len(curves_drawn) == 4
    for line, (_, u, v) in zip(curves_drawn, heads[::2], strict=True):
        offsets = [(p[0] - u, p[1] - v) for p in (line[0], line[-1], max(line, key=lambda p: p[1]))]
        reference = [(p[0] - heads[0][1], p[1] - heads[0][2]) for p in (curves_drawn[0][0], curves_drawn[0][-1], max(curves_drawn[0], key=lambda p: p[1]))]
        assert [c for p in offsets for c in p] == pytest.approx([c for p in reference for c in p], abs=0.5)
    assert sum(anchor == "end" and value_like(t) for t, _, _, anchor in texts(picture)) >= 2 * 2  # ticks of y beside both rows
    assert picture.description.count("leaves the picture") == 1
    ends = {row[1]: float(value(row[3])) for row in picture.table.rows if row[1]}
    assert ends["0.02"] == pytest.approx(1.5 * (1 - 0.96**10), rel=1e-5)


# ------------------------------------------------------------------------------------------------ curves


def test_curves_lie_on_their_axes_and_differ_in_dash() -> None:
    first, second = [k**2 for k in range(1, 50)], [100 / k for k in range(1, 50)]
    picture = curves([Series("a", range(1, 50), first), Series("b", range(1, 50), second)],
                     x_label="k", y_label="value", log_x=True, log_y=True, title="Two", description="Two curves.")  # fmt: skip
    x, y = axis(picture, vertical=False, log=True), axis(picture, vertical=True, log=True)
    for colour, law in (("blue", lambda k: k**2), ("orange", lambda k: 100 / k)):
        ((p, q),) = ((line[0], line[-1]) for line in lines(picture, colour))
        assert [x(p[0]), x(q[0])] == pytest.approx([1, 49], rel=0.02)
        assert [y(p[1]), y(q[1])] == pytest.approx([law(1), law(49)], rel=0.03)
    shapes = parsed(drawn("curves")).findall(f"{SVG}path")
    looks = [(e.get("class"), e.get("stroke-dasharray")) for e in shapes if e.get("class") in ("blue", "orange", "green")]
    assert len({dash for _, dash in looks}) == len({hue for hue, _ in looks}) == 3


def test_a_curve_that_is_no_number_any_more_leaves_with_an_arrow() -> None:
    picture = drawn("a curve that leaves")
    top = min(v for _, v in (p for line in lines(picture, "blue") for p in line))
    assert all(v >= top for line in lines(picture, "orange") for _, v in line)
    assert len(lines(picture, "orange")) == 2  # the hole
    assert picture.table == Rows(("a",), (("b",),))


# ------------------------------------------------------------------------------------------------ grids and ways


@pytest.mark.parametrize(("hessian", "center"), [(TILTED, (0.52, 1.23)), ((9.0, -2.9, 1.0), (0.52, 1.23)), (TILTED, (50.0, -9.0)), ((1e-9, 0, 1e6), (0, 1.05))])
def test_the_best_of_a_grid_is_the_best_of_all_its_pairs(hessian, center) -> None:
    p, q, r = hessian
    picture = grid_of_losses(hessian, center, 2.0, TENTHS, reversed(TENTHS))

    def excess(at: tuple[float, float]) -> float:
        dw, db = at[0] - center[0], at[1] - center[1]
        return 0.5 * (p * dw * dw + 2 * q * dw * db + r * db * db)

    best = min(((w, b) for w in TENTHS for b in TENTHS), key=excess)
    which, tried, w, b, loss = picture.table.rows[0]
    assert (which, tried) == ("grid", "900")
    assert float(value(loss)) == pytest.approx(2 + excess(best), rel=1e-5)
    assert excess((float(value(w)), float(value(b)))) == pytest.approx(excess(best), rel=1e-9, abs=1e-12)


def test_of_equally_good_pairs_the_first_is_the_best() -> None:
    picture = grid_of_losses((2.0, 0.3, 2.0), (0.1, 0.3), 0.0, [0.1], [k / 10 for k in range(12) if k != 3])
    assert picture.table.rows[0][2:4] == ("0.1", "0.2")


def test_the_dots_of_a_grid_are_its_pairs_and_the_ring_is_on_the_best() -> None:
    picture = drawn("grid")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    dots = [(float(u), float(v)) for e in parsed(picture).findall(f"{SVG}path") for u, v in re.findall(r"M(\S+) (\S+)h0", e.get("d", ""))]
    assert len(dots) > 200
    assert all(abs(at * 10 - round(at * 10)) < 0.1 for u, v in dots for at in (x(u), y(v)))
    ring = next(e for e in parsed(picture).findall(f"{SVG}circle") if e.get("r") == "8")
    assert (x(float(ring.get("cx", ""))), y(float(ring.get("cy", "")))) == pytest.approx((0.5, 1.2), abs=0.02)
    coarse, fine, lowest = drawn("finer grid").table.rows
    assert (coarse[:4], fine[:4], lowest[2:4]) == (("grid", "900", "0.5", "1.2"), ("finer grid", "441", "0.52", "1.23"), ("0.52", "1.23"))


@pytest.mark.parametrize(("hessian", "center"), [
    ((2.0e12 + 24, 2.0e6, 2.0), (3.08777, 14 - 3.08777e6)), ((2.0, -2.0e6, 2.0e12 + 24), (3e6, 3.0)), ((2.0, 0.0, 2.0), (1e3, 1e3)),
])  # fmt: skip
def test_lines_of_equal_loss_are_drawn_where_the_lowest_point_is_a_million_views_away(hessian, center) -> None:
    picture = two_paths(hessian, center, [("down", [(0.0, 0.0), (1.1e-5, 0.3e-11), (1.2e-5, 1e-11)])])
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    p, q, r = map(Fraction, hessian)

    def loss(u: float, v: float) -> Fraction:  # exact, at a place on the sheet
        dw, db = Fraction(x(u) * factors(picture)[0]) - Fraction(center[0]), Fraction(y(v) * factors(picture)[1]) - Fraction(center[1])
        return (p * dw * dw + 2 * q * dw * db + r * db * db) / 2

    found = [line for line in lines(picture, "purple") if math.dist(line[0], line[-1]) > 100]
    corners = [loss(u, v) for u in (60, 400) for v in (100, 300)]
    assert len(found) >= 5
    assert "lowest point" not in [t for t, *_ in texts(picture)]
    for line in found:
        assert abs(loss(*line[0]) - loss(*line[-1])) <= (max(corners) - min(corners)) / 50


def test_two_ways_visit_their_points_and_differ_in_dash() -> None:
    picture = drawn("two ways")
    x, y = axis(picture, vertical=False), axis(picture, vertical=True)
    for colour, in_turn in (("orange", False), ("blue", True)):
        way = run_over(TILTED, (1, 1), 0.5, 12, in_turn)
        (line,) = lines(picture, colour)
        assert [(x(u), y(v)) for u, v in line] == [pytest.approx(at, abs=0.02) for at in way[: len(line)]]
    dashes = {e.get("class"): e.get("stroke-dasharray") for e in parsed(picture).findall(f"{SVG}path") if e.get("class") in ("orange", "blue")}
    assert dashes["orange"] != dashes["blue"]
    assert [t for t, *_ in texts(picture)].count("start") == 1


# ------------------------------------------------------------------------------------------------ the chain


def test_the_chain_shows_every_name_and_every_local_derivative() -> None:
    shown = {t for t, *_ in texts(drawn("chain"))}
    assert shown == {"w", "b", "ŷi", "ui", "L", "∂ŷi/∂w = xi", "∂ŷi/∂b = 1", "∂ui/∂ŷi = 1", "∂L/∂ui = 2ui/n"}
    assert "w feeds ŷ_i, with ∂ŷ_i/∂w = x_i" in drawn("chain").description
    assert drawn("chain").table.rows[3] == ("u_i", "L", "∂L/∂u_i = 2u_i/n")


def test_in_a_crowded_chain_values_stand_below_their_names_and_no_local_derivative_is_lost() -> None:
    where = {t: (x, y) for t, x, y, _ in texts(drawn("fan of numbers"))}
    assert {"127", "122", "116", "−0.00022", "0.00126", "−0.00058", "w = 0.01", "L = 0.6048"} <= set(where)
    wide = {t for t, *_ in texts(drawn("fan of wide numbers"))}
    assert {"8.468 × 10⁻⁷", "2.13 × 10⁻⁶", "1000000.17", "−0.0008694", "−0.0011234", "−0.002468"} <= wide
    assert {"∂ŷi/∂w", "= 1000002.55"} <= {t for t, *_ in texts(drawn("wide numbers"))}
    for name, below in (("ŷ1", "3.07"), ("ŷ2", "3.02"), ("ŷ3", "−2.96")):
        assert where[name][0] == where[below][0]
        assert FONT < where[below][1] - where[name][1] < 2 * FONT


LINKS = [("a", "b", "1"), ("b", "c", "2"), ("c", "e", "3"), ("a", "e", "4"), ("d", "c", "5")]


@pytest.mark.parametrize("order", ["abcde", "edcba", "caebd"])
def test_what_feeds_stands_above_what_is_fed(order: str) -> None:
    picture = chain_of_names(order, LINKS)
    where = {t: y for t, _, y, _ in texts(picture)}
    assert all(where[source] < where[target] for source, target, _ in LINKS)
    assert where["d"] == where["b"]  # one above what it feeds
    for line, (source, target, _) in zip(lines(picture, "blue"), LINKS, strict=True):
        assert where[source] < line[0][1] + FONT < line[-1][1] + FONT < where[target] + FONT


@pytest.mark.parametrize(("many", "drawn_ones"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 6, 7]), (50, [1, 2, 49, 50])])
def test_a_network_shows_its_layers_from_left_to_right_and_of_a_deep_one_the_first_and_the_last(many: int, drawn_ones: list[int]) -> None:
    units, flow = units_in_columns(layers(many), "d"), flow_of_sensitivities(layers(many))
    deltas = sorted((x, t) for t, x, *_ in texts(units) if t.startswith("δ"))
    assert [t for _, t in deltas] == [f"δ{k}" for k in drawn_ones]
    assert len(units.table.rows) == many + 1
    rows = {t: y for t, _, y, _ in texts(flow)}
    assert [k for k in range(1, many + 1) if f"δ{k}" in rows] == drawn_ones
    assert [rows[f"δ{k}"] for k in drawn_ones] == sorted(rows[f"δ{k}"] for k in drawn_ones)
    assert (f"layers 3 to {many - 2}: the same" in rows) == (many > 6)
    assert len(flow.table.rows) == many


def test_the_lines_of_fading_sensitivities_are_powers() -> None:
    picture = drawn("fading")
    height = axis(picture, vertical=True, log=True)
    for colour, slope in zip(("blue", "orange", "green", "purple"), (0.25, 0.105, 0.42, 0.0707), strict=True):
        (line,) = (points for points in lines(picture, colour) if len(points) == 10)
        assert [height(y) for _, y in line] == pytest.approx([slope**n for n in range(1, 11)], rel=0.02)
    assert [row[0] for row in picture.table.rows] == ["1", "2", "5", "10"]
    assert picture.table.rows[-1][1] == "9.54 × 10⁻⁷"
    dashes = {e.get("stroke-dasharray") for e in parsed(picture).findall(f"{SVG}path") if e.get("class") in ("blue", "orange", "green", "purple")}
    assert len(dashes) == 4  # not told apart by colour alone


def test_values_flow_to_the_right_and_sensitivities_to_the_left() -> None:
    flow = flow_of_sensitivities(layers(3))
    straight = {c: [(p, q) for p, q in (line for line in lines(flow, c) if len(line) == 2) if p[1] == q[1]] for c in ("blue", "orange")}
    assert len(straight["blue"]) == 1 + 3 * 2  # the key, and two steps a layer
    assert len(straight["orange"]) == 1 + 3 * 2 - 1  # none to the data
    assert all(p[0] < q[0] for p, q in straight["blue"])
    assert all(p[0] > q[0] for p, q in straight["orange"])


# ------------------------------------------------------------------------------------------------ what must be refused


@pytest.mark.parametrize(("draw", "why"), [
    (lambda: scatter_with_line([1, math.nan], [1, 2], 1, 0), r"x\[1\] is nan"),
    (lambda: scatter_with_line([1], [math.inf], 1, 0), r"y\[0\] is inf"),
    (lambda: scatter_with_line([1], [1], math.nan, 0), "the line"),
    (lambda: scatter_with_line([], [], 1, 0), "x is empty"),
    (lambda: scatter_with_line([1, 2], [1], 1, 0), "x has 2 values and y has 1"),
    (lambda: scatter_with_line([1e200], [1], 1, 0), "at most 1e150"),
    (lambda: loss_over_iterations([]), "losses is empty"),
    (lambda: loss_over_iterations([math.nan, 1]), r"losses\[0\] is nan"),
    (lambda: loss_over_iterations([1], math.nan), "optimum"),
    (lambda: loss_parabola(0, 1, 1, [1]), "needs it positive"),
    (lambda: loss_parabola(-1, 1, 1, [1]), "needs it positive"),
    (lambda: loss_parabola(1, 1, math.nan, [1]), "coefficients"),
    (lambda: loss_parabola(1, 1, 1, []), "w_points is empty"),
    (lambda: loss_parabola(1, 1, 1, [math.inf]), "w_points"),
    (lambda: loss_parabola(1e-140, 1e140, 1, [1]), "the vertex"),
    (lambda: contour_with_path((1, 1, 1), (0, 0), [(1, 1)]), "not positive definite"),
    (lambda: contour_with_path((-1, 0, -1), (0, 0), [(1, 1)]), "not positive definite"),
    (lambda: contour_with_path((1, 0, 1), (0, math.nan), [(1, 1)]), "center"),
    (lambda: contour_with_path((1, 0, 1), (0, 0), []), "first point is empty"),
    (lambda: contour_with_path((1, 0, 1), (0, 0), [(math.nan, 1)]), "the first point"),
    (lambda: squares_of_residuals([1, 2], [1], 1, 0), "x has 2 values and y has 1"),
    (lambda: squares_of_residuals([1], [1], math.inf, 0), "the line"),
    (lambda: secants(0, 1, 1, 1), "needs it positive"),
    (lambda: secants(1, 1, 1, 1, (0.1, 0)), "none of them 0"),
    (lambda: secants(1, 1, 1, 1, (1, 2, 3, 4, 5)), "one to 4 steps"),
    (lambda: secants(1, 1, 1, math.nan), "the point"),
    (lambda: ways_downhill(1, 1, 1, []), "points is empty"),
    (lambda: valley([]), "one to 6 parabolas"),
    (lambda: valley([(0, -1, 0, 0)]), "needs it positive"),
    (lambda: valley([(math.nan, 1, 0, 0)]), "b.0. is nan"),
    (lambda: steps_on_parabola(1, 0, 0, []), "the start is empty"),
    (lambda: steps_on_parabola(1, 0, 0, [math.nan]), "the start"),
    (lambda: rate_panels(1, 0, 0, []), "one to four runs"),
    (lambda: rate_panels(1, 0, 0, [("a", math.nan, [1])]), "the rates"),
    (lambda: rate_panels(1, 0, 0, [("a", 1, [])]), "the starts"),
    (lambda: curves([], x_label="", y_label="", title="", description=""), "one to 6 curves"),
    (lambda: curves([Series("a", [1], [])], x_label="", y_label="", title="", description=""), "1 xs and 0 ys"),
    (lambda: curves([Series("a", [1], [0])], log_y=True, x_label="", y_label="", title="", description=""), "above 0 on a logarithmic axis"),
    (lambda: grid_of_losses((1, 1, 1), (0, 0), 0, [1], [1]), "not positive definite"),
    (lambda: grid_of_losses((1, 0, 1), (0, 0), 0, [], [1]), "grid_w is empty"),
    (lambda: grid_of_losses((1, 0, 1), (0, 0), math.nan, [1], [1]), "least"),
    (lambda: two_paths((1, 0, 1), (0, 0), []), "one to 3 paths"),
    (lambda: two_paths((1, 0, 1), (0, 0), [("a", [])]), "the start of a is empty"),
    (lambda: chain_of_names((), ()), "at least one node"),
    (lambda: units_in_columns([], "d"), "at least one layer"),
    (lambda: fading_sensitivities({}), "slopes is empty"),
    (lambda: fading_sensitivities({str(k): 0.5 for k in range(5)}), "one to four slopes"),
    (lambda: fading_sensitivities({"exp′(1)": 2.7}), "up to 1"),
    (lambda: fading_sensitivities({"σ′(0)": 0.25}, 1), "two layers or more"),
    (lambda: fading_sensitivities({"σ′(0)": math.nan}), "slopes"),
    (lambda: flow_of_sensitivities([]), "at least one layer"),
    (lambda: chain_of_names(("w", "w"), ()), "named once"),
    (lambda: chain_of_names(("w",), (("w", "L", ""),)), "no node"),
    (lambda: chain_of_names(("w", "L"), (("w", "L", ""), ("L", "w", ""))), "circle"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_refused_with_its_reason(draw, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        draw()


# ------------------------------------------------------------------------------------------------ all numbers

numbers = st.floats(-1e9, 1e9).map(lambda v: float(f"{v:.6g}"))
places = st.tuples(numbers, numbers)


@settings(max_examples=40, deadline=None)
@given(st.lists(places, min_size=1, max_size=30), numbers, numbers)
def test_any_points_with_any_line_can_be_read(points: list[tuple[float, float]], w: float, b: float) -> None:
    picture = scatter_with_line(*zip(*points, strict=True), w, b, sticks=3)
    test_no_text_covers_another_and_all_stay_on_the_sheet(picture)
    test_every_stroke_stays_on_the_sheet(picture)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30), st.floats(-1e100, 1e100), st.none() | st.floats(-1e100, 1e100))
def test_any_losses_can_be_drawn(losses: list[float], first: float, optimum: float | None) -> None:
    picture = loss_over_iterations([first, *losses], optimum, stopped="converged")
    test_no_text_covers_another_and_all_stay_on_the_sheet(picture)
    test_every_stroke_stays_on_the_sheet(picture)
    test_numbers_are_finite_and_have_at_most_two_decimals(picture)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-0.999, 0.999), st.floats(1e-3, 1e3), places, st.lists(places, min_size=1, max_size=20))
@example(1.0, 0.0, 1.0, (0.0, 2.1e-303), [(0.0, 0.0), (0.0, 1874.0)])
@example(1.0, 0.0, 1.0, (0.0, 2.1e-303), [(0.0, 0.0)])
@example(466.0, 0.0, 0.5, (58689100.0, 1e-06), [(0.0, 0.0)])
def test_any_bowl_with_any_path_can_be_drawn(p: float, tilt: float, r: float, center: tuple[float, float], way: list[tuple[float, float]]) -> None:
    picture = contour_with_path((p, tilt * math.sqrt(p * r), r), center, way)
    test_no_text_covers_another_and_all_stay_on_the_sheet(picture)
    test_every_stroke_stays_on_the_sheet(picture)
    test_numbers_are_finite_and_have_at_most_two_decimals(picture)


def readable(picture: Drawing) -> None:
    test_no_text_covers_another_and_all_stay_on_the_sheet(picture)
    test_every_stroke_stays_on_the_sheet(picture)
    test_numbers_are_finite_and_have_at_most_two_decimals(picture)


cups = st.tuples(st.floats(1e-6, 1e6), numbers, numbers)
bends = st.tuples(st.floats(1e-3, 1e3), st.floats(-0.999, 0.999), st.floats(1e-3, 1e3)).map(lambda h: (h[0], h[1] * math.sqrt(h[0] * h[2]), h[2]))
anything = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(places, min_size=1, max_size=30), numbers, numbers)
def test_any_squares_can_be_drawn(points: list[tuple[float, float]], w: float, b: float) -> None:
    readable(squares_of_residuals(*zip(*points, strict=True), w, b))


@settings(max_examples=30, deadline=None)
@given(cups, numbers, st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=4), st.lists(numbers, min_size=1, max_size=6))
def test_any_slopes_can_be_drawn(cup: tuple[float, float, float], at: float, steps: list[float], points: list[float]) -> None:
    readable(secants(*cup, at, steps))
    readable(ways_downhill(*cup, points))
    readable(loss_parabola(*cup, points))


@settings(max_examples=30, deadline=None)
@given(cups, numbers, st.lists(anything, max_size=30))
@example((1.0, 0.0, 0.0), 0.0, [1e300, -1e300])
@example((176476.0, 0.0, 0.0), 0.0, [2.069947515698191e72])
@example((1.0, -2e9, 1e18), 1e9, [1e9, 1e9 + 1e-6])
def test_any_steps_can_be_drawn(cup: tuple[float, float, float], start: float, steps: list[float]) -> None:
    readable(steps_on_parabola(*cup, [start, *steps]))
    readable(rate_panels(*cup, [("one", 0.1, [start, *steps]), ("two", 2.0, [start])]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(numbers, cups), min_size=1, max_size=6))
def test_any_valley_can_be_drawn(several: list[tuple[float, tuple[float, float, float]]]) -> None:
    readable(valley([(b, *cup) for b, cup in several]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(numbers, st.lists(anything, max_size=20)), min_size=1, max_size=6), st.booleans())
def test_any_curves_can_be_drawn(several: list[tuple[float, list[float]]], log: bool) -> None:
    series = [Series("a", range(1, len(ys) + 2), [abs(first) + 1, *ys], "here") for first, ys in several]
    readable(curves(series, x_label="x", y_label="y", log_x=log, log_y=log, verticals=[(2, "two")], title="Any", description="Any curves."))


@settings(max_examples=30, deadline=None)
@given(bends, places, st.lists(numbers, min_size=1, max_size=8), st.lists(places, min_size=1, max_size=9))
def test_any_grid_and_any_two_ways_can_be_drawn(bend, center, values: list[float], way) -> None:
    readable(grid_of_losses(bend, center, 0.0, values, values[::2], zoom=(values[:2], values[:3])))
    readable(two_paths(bend, center, [("there", way), ("back", [*way[::-1], (math.inf, 0.0)])]))


# ------------------------------------------------------------------------------------------------ in a browser

MEASURE = """<script>
const found = [];
for (const svg of document.querySelectorAll('svg.symgd-picture')) {
  const sheet = svg.getBoundingClientRect(), boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  for (const [text, b] of boxes) {
    if (b.left < sheet.left || b.right > sheet.right || b.top < sheet.top - 2 || b.bottom > sheet.bottom + 3) found.push('outside: ' + text);
    if (parseFloat(getComputedStyle(svg.querySelector('text')).fontSize) * sheet.width / svg.viewBox.baseVal.width < 12) found.push('small: ' + text);
  }
  boxes.forEach(([s, a], i) => boxes.slice(i + 1).forEach(([t, b]) => {
    const high = 0.2 * Math.min(a.height, b.height);  // a line's box is higher than its letters
    if (a.left < b.right && b.left < a.right && a.top + high < b.bottom - high && b.top + high < a.bottom - high) found.push('covers: ' + s + ' / ' + t);
  }));
}
document.body.textContent = 'MEASURED ' + document.querySelectorAll('*').length + ' [' + found.join('; ') + ']';
</script>"""


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
def test_in_chromium_no_letters_cover_others_at_360_px() -> None:
    pictures = "".join(f'<div style="width:320px">{drawn(name).svg}</div>' for name in GALLERY)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{pictures}{MEASURE}", encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--user-data-dir={folder}/profile", "--dump-dom"]
        shown = subprocess.run(["chromium", *flags, page.as_uri()], capture_output=True, text=True, timeout=120, check=False).stdout
    assert re.search(r"MEASURED \d+ \[\]", shown), re.findall(r"MEASURED.*", shown)


@pytest.mark.parametrize(("text", "italic"), [("uᵢ", True), ("ŷᵢ = 3", True), ("L", True), ("sin", False), ("loss", False), ("of unit", False)])
def test_a_letter_with_an_index_is_italic_as_the_letter_alone_is(text: str, italic: bool) -> None:
    assert pieces(text)[0].italic is italic
