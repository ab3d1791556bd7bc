"""The playground: one HTML page on which the reader moves the rate and the start of the descent, and path, line, curve and a sentence follow.

A little script of ours is inside (playground.js), nothing is loaded; what it knows of the data are a few moments about their mean.
Without it pictures of a few rates stand.

Glossary: z the standardised feature; σ the standard deviation of the feature, of z it is 1; L = least + s (e² + σ² dw²), see playground.js.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from importlib import resources
from itertools import pairwise

from symgd.course.lesson import Course
from symgd.document.page import Heading, Page
from symgd.document.to_html import to_html
from symgd.numeric.descent.descend import descend_bound
from symgd.pictures import contour_with_path, scatter_with_line
from symgd.pictures.axes import Key, Plot, Scale, axes, draw_keys, frame, key_rows, linear_ticks, log_ticks, margins, widen
from symgd.pictures.bowl import TALL, Bowl, contours, extent, lowest_point, with_margin
from symgd.pictures.lettering import count, number
from symgd.pictures.strokes import cross, square
from symgd.pictures.svg import FONT, Box, Element, Point, Sheet, element, fill, path, stroke
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["SLUG", "TITLE", "playground"]

SLUG, TITLE = "playground", "Try it: rate, start, steps"
ASKS = "What becomes of the descent when the rate, the start or the number of steps is another?"

NEAR = 1e-3  # of the spread of the target: so near the best line no eye tells them apart
STEPS = (10, 20, 50, 100, 1_000, 10_000, 100_000)
SHOWN = 50  # steps at first
MOST = 400  # points drawn
CURVE = (1e-8, 1e4)  # the excess of the loss as a share of that at the start
# shares of the bound, and their names
TRIED = ((0.01, "far too small"), (0.1, "small"), (0.95, "overshooting"), (1.0, "at the bound"), (1.1, "beyond the bound"))


@dataclass(frozen=True)
class Form:
    """One form of the feature: its mean and standard deviation; `unit` the σ by which the column was divided; the lowest point; the bound of the rate."""

    name: str
    says: str
    mean: float
    sigma: float
    unit: float
    best: Point
    bound: float

    def valley(self, scale: float) -> Bowl:
        """The loss from above; the determinant 4 s² σ² is known, not a difference."""
        p = math.sqrt(2 * scale * (self.mean**2 + self.sigma**2))
        q = 2 * scale * self.mean / p
        return Bowl(self.best, p, q, 2 * scale * self.sigma / p)


def playground(c: Course, suffix: str = ".html") -> str:
    """The page as HTML: self-contained, its only script named by its hash in the policy; readable without it.

    suffix  of the page with the way through the course, to which it links
    """
    e = c.example
    spread, sigma, mean = float(e.y.std()), float(e.x.std()), float(e.x.mean())
    raw = Form("raw", "as it is", mean, sigma, 1.0, e.best, e.rates.bound)
    standard = Form("standard", "standardised", 0.0, 1.0, sigma, (e.best[0] * sigma, float(e.y.mean())), e.standard_rates.bound)
    forms = (raw, standard)
    letters = tuple(to_unicode(layout(t)) for t in (c.w, c.b, c.L, c.alpha))
    views = [_view(f, e.scale, spread) for f in forms]
    maps = [_map(c, f, view) for f, view in zip(forms, views, strict=True)]
    scatter, curve = _scatter(c), _curve(c)
    known = {
        "scale": e.scale, "least": e.least, "near": NEAR * spread, "names": dict(zip(("w", "b", "L", "alpha"), letters, strict=True)),
        "best": {"x": mean, "y": float(e.y.mean()), "w": e.best[0]},
        "forms": [
            {"name": f.name, "mean": f.mean, "variance": f.sigma**2, "unit": f.unit, "w": f.best[0], "b": f.best[1], "plot": _scales(m),
             "start": {"w": _positions(view.left, view.right), "b": _positions(view.top, view.bottom)}}
            for f, view, m in zip(forms, views, maps, strict=True)
        ],
        "scatter": _scales(scatter),
        "curve": {"x": _scale(curve.x), "y": [*map(math.log10, CURVE), curve.y.start, curve.y.end], "foot": curve.box.bottom + 8 + FONT},
    }  # fmt: skip
    drawn = [_figure(m, f"The loss from above, feature {f.says}", f.name, f.name) for f, m in zip(forms, maps, strict=True)]
    drawn += [_figure(scatter, "The line over the data", "scatter"), _figure(curve, "The loss, step by step", "curve")]
    return _html(c, _still(c, standard), _panel(c, forms, letters) + _results(letters, drawn), json.dumps(known, allow_nan=False, ensure_ascii=True), suffix)


# -------------------------------------------------------------------------------------------------------------------------- pictures


def _view(form: Form, scale: float, spread: float) -> Box:
    """What of the plane is shown, whatever the rate: from the origin every descent up to the bound, and what changes a prediction by half the spread."""
    (w, b), dw, db = form.best, spread / form.sigma / 2, spread / 2
    p = form.mean**2 + form.sigma**2
    turn, steep = math.atan2(2 * form.mean, p - 1) / 2, (p + 1 + math.hypot(p - 1, 2 * form.mean)) / 2
    along = w * math.cos(turn) + b * math.sin(turn)
    beyond = 2 * along * math.cos(turn), 2 * along * math.sin(turn)  # the origin mirrored in the valley floor
    beyond = (2 * w, 2 * b) if 2 * form.sigma**2 > steep**2 else beyond  # λmin above half of λmax: both ways are overshot
    return with_margin(extent([(0.0, 0.0), beyond, (w - dw, b - db), (w + dw, b + db)]), form.valley(scale), (0.0, 0.0))


def _map(c: Course, form: Form, view: Box) -> Plot:
    """The contours, and an empty place for the path."""
    keys = [Key(_sample("purple"), "equal loss"), Key(cross((0, 0)), "lowest point"), Key(_sample("orange"), "the steps"),
            Key((element("circle", cx=0, cy=0, r=5, **fill("ink")),), "start"), Key(square((0, 0), "ink"), "the step shown")]  # fmt: skip
    plot = frame((view.left, view.right), (view.top, view.bottom), c.label(c.w), c.label(c.b), keys, grid=False, inside=TALL, math="xy")
    contours(plot, form.valley(c.example.scale), view)
    lowest_point(plot, form.valley(c.example.scale), view)
    _place(plot, f"{form.name}-way")
    return plot


def _scatter(c: Course) -> Plot:
    """The data and the best line, and an empty place for the line of the step shown."""
    e = c.example
    w = e.best[0]
    x, y = widen(float(e.x.min()), float(e.x.max())), widen(float(e.y.min()), float(e.y.max()))
    keys = [Key((element("path", d="M0 0h0", **stroke("blue", 7, stroke_linecap="round")),), e.rows_are), Key(_sample("green", "7 4"), "the best line"),
            Key(_sample("orange"), "the line of the step shown")]  # fmt: skip
    plot = frame(x, y, c.x_label, c.y_label, keys, inside=TALL)
    shown = [k * e.n // MOST for k in range(MOST)] if e.n > MOST else range(e.n)
    places = (plot.at(float(e.x[k]), float(e.y[k])) for k in shown)
    size, seen = (5.0, 0.45) if e.n > 200 else (7.0, 0.8)
    plot.sheet.draw(element("path", d="".join(f"M{u:.2f} {v:.2f}h0" for u, v in places), **stroke("blue", size, stroke_opacity=seen, stroke_linecap="round")))
    middle = float(e.x.mean()), float(e.y.mean())
    ends = [plot.at(v, middle[1] + w * (v - middle[0])) for v in x]
    group = _place(plot, "scatter-line")
    plot.sheet.draw(element("g", element("path", d=path(ends), **stroke("green", 2.5, stroke_dasharray="7 4")), clip_path=f"url(#{group})"))
    return plot


def _curve(c: Course) -> Plot:
    """The axes of the loss over the steps; the script writes the numbers of the steps."""
    rows = key_rows([Key(_sample("orange"), "the descent"), Key(_sample("green", "7 4"), "close enough"), Key(square((0, 0), "ink"), "the step shown")])
    top = 24.0 * len(rows) + 36.0
    sheet = Sheet(top + TALL + 52.0)
    draw_keys(sheet, rows)
    left, right = margins((0.0, 1.0), log_ticks(*CURVE))
    box = Box(left, top, right - 12, top + TALL)
    plot = axes(sheet, box, (0.0, 1.0), CURVE, (False, True), labels="y")
    sheet.write("loss above the least, at the start 1", 4, top - 14)
    sheet.write("step", (box.left + box.right) / 2, sheet.height - 6, "middle")
    sheet.draw(element("g", id="curve-steps"))
    _place(plot, "curve-way", 6)
    return plot


def _sample(colour: str, dashes: str = "") -> tuple[Element, ...]:
    more: dict[str, str | float] = {"stroke_dasharray": dashes} if dashes else {}
    return (element("path", d="M-12 0H12", **stroke(colour, 2.5, **more)),)


def _place(plot: Plot, name: str, more: float = 0.0) -> str:
    """An empty group that the script fills, clipped to the inside of the axes and so much more at the sides; the id of the clip."""
    b = plot.box.grown(more)
    clip = f"{name}-inside"
    plot.sheet.draw(element("clipPath", element("rect", x=b.left, y=plot.box.top, width=b.right - b.left, height=plot.box.bottom - plot.box.top), id=clip))
    plot.sheet.draw(element("g", element("g", id=name), clip_path=f"url(#{clip})"))
    return clip


def _scale(s: Scale) -> list[float]:
    return [s.low, s.high, s.start, s.end]


def _scales(plot: Plot) -> dict[str, list[float]]:
    return {"x": _scale(plot.x), "y": _scale(plot.y)}


def _positions(low: float, high: float) -> list[float]:
    """The first and last whole position of a slider, and its round step: about a hundred of them, 0 among them."""
    ticks = linear_ticks(low, high, 100).values
    step = float(min(Fraction(b) - Fraction(a) for a, b in pairwise(ticks)))
    step = float(f"{step:.0e}")
    return [math.ceil(low / step), math.floor(high / step), step]


# ------------------------------------------------------------------------------------------------------------------------------ HTML


def _panel(c: Course, forms: Sequence[Form], letters: Sequence[str]) -> str:
    """What the reader chooses; the rate last, over the sentence, so that both stay in sight."""
    w, b, _, alpha = map(escape, letters)
    radio = '<label for="form-{0}"><input type="radio" name="form" autocomplete="off" id="form-{0}"{1}>{2}</label>'
    radios = "".join(radio.format(f.name, " checked" * (f is forms[-1]), f.says) for f in forms)
    shares = (*TRIED[:2], ("best", "best for every start"), *TRIED[2:])
    tries = "".join(f'<button type="button" data-share="{share}">{name}</button>' for share, name in shares)
    often = "".join(f'<p class="shown" data-form="{f.name}"{" hidden" * (f is not forms[-1])}>{escape(_often(f, letters[3]))}</p>' for f in forms)
    options = "".join(f'<option value="{k}"{" selected" * (k == SHOWN)}>{count(k)}</option>' for k in STEPS)
    return f"""<div class="panel">
<fieldset><legend>The feature {escape(c.example.feature)}</legend>{radios}</fieldset>
<div><label for="most">Steps</label><br><select id="most" autocomplete="off">{options}</select></div>
{_slider("w", f"Start: <var>{w}</var>", 0, 1)}
{_slider("b", f"Start: <var>{b}</var>", 0, 1)}
</div>
<div class="rates" role="group" aria-label="Rates to try">{tries}</div>
{often}
<div class="rate">
{_slider("rate", f"Rate <var>{alpha}</var>", -200, 24)}
<p id="verdict"></p>
</div>
<p id="announced" class="hidden" aria-live="polite"></p>
<div class="step">{_slider("step", "Step shown", 0, SHOWN)}<button type="button" id="play">Play the steps</button></div>
"""


def _often(form: Form, alpha: str) -> str:
    """What the rate that is so often recommended does here."""
    share = 0.001 / form.bound
    fate = "it diverges" if share > 1 else "it swings for ever" if share == 1 else "it does not diverge"
    return f"The often recommended {alpha} = 0.001 is {number(share, 3)} times the bound here: {fate}."


def _slider(name: str, label: str, low: int, high: int) -> str:
    return (
        f'<div class="slider"><label for="{name}">{label}</label><span class="shown" id="{name}-shown" aria-hidden="true"></span>'
        f'<input type="range" id="{name}" min="{low}" max="{high}" step="1" value="{low}" autocomplete="off"></div>'
    )


def _results(letters: Sequence[str], drawn: Sequence[str]) -> str:
    w, b, loss, _ = map(escape, letters)
    names = ("step", f"<var>{w}</var>", f"<var>{b}</var>", f"loss <var>{loss}</var>", "above the least")
    rows = zip(names, ("at-step", "at-w", "at-b", "at-loss", "at-gap"), strict=True)
    cells = "".join(f'<div><dt>{says}</dt><dd id="{name}"></dd></div>' for says, name in rows)
    return f"""<div class="pictures">
{"".join(drawn)}
</div>
<dl class="numbers">{cells}</dl>
<p class="shown">“There” means: the predictions differ from those of the best line by less than a thousandth of the spread of the target.
The numbers follow from the second derivatives of the loss, not from a loop, so that rounding plays no part in them.</p>
"""


def _figure(plot: Plot, title: str, prefix: str, form: str = "") -> str:
    mark = f' data-form="{form}"' if form else ""
    return f"<figure{mark}>{plot.sheet.to_svg(title, title, prefix)}<figcaption>{escape(title)}</figcaption></figure>\n"


def _still(c: Course, form: Form) -> str:
    """What stands without the script: the data, and the descent at several rates, as pictures with their numbers."""
    e, w = c.example, c.writing()
    w.say("This page moves by a small script of its own, which has not run here. What it would show for a few rates follows as pictures.")
    c.draw(w, scatter_with_line(e.x, e.y, *e.best, x_label=c.x_label, y_label=c.y_label, points_are=e.rows_are, prefix="data"))
    second = e.standard.hessian()
    bent = float(second[0, 0]), float(second[0, 1]), float(second[1, 1])
    for k, (share, says) in enumerate((TRIED[1], TRIED[2], TRIED[4])):
        trace = descend_bound(e.standard, start=(0.0, 0.0), rate=share * form.bound, max_iterations=20, stop="never")
        w.blocks.append(Heading(1, (f"A rate that is {says}: {number(share)} times the bound",)))
        points = [(float(u), float(v)) for u, v in trace.points]
        c.draw(w, contour_with_path(bent, form.best, points, x_label=c.label(c.w), y_label=c.label(c.b), least=e.least, prefix=f"still-{k}"))
    return to_html(Page((TITLE,), tuple(w.blocks))).partition("</h1>")[2].rpartition("</main>")[0]


def _html(c: Course, still: str, alive: str, known: str, suffix: str) -> str:
    files = resources.files("symgd")
    script = files.joinpath("course/playground.js").read_text("utf-8")
    style = files.joinpath("document/page.css").read_text("utf-8") + files.joinpath("course/playground.css").read_text("utf-8")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    back = c.to(c.index, "the course").address(suffix)
    safe = known.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    e = c.example
    about = f"{e.target} predicted from {e.feature}: {count(e.n)} {e.rows_are}."
    policy = f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{escape(ASKS)}">
<title>{escape(TITLE)}</title>
<style>
{style}</style>
</head>
<body>
<main class="wide">
<h1>{escape(TITLE)}</h1>
<p class="summary">{ASKS}</p>
<p>{escape(about)} Move a slider with the mouse or the arrow keys; everything else follows. All pages: <a href="{escape(back)}">the course</a>.</p>
<div id="alive" hidden>
{alive}</div>
<div id="still">
{still}</div>
</main>
<script type="application/json" id="given">{safe}</script>
<script>{script}</script>
</body>
</html>
"""
