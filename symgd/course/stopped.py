"""When a descent on the standardised feature stops, by each rule: runs at several rates, and the program that finds their numbers again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from string import Template

import numpy as np

from symgd.course.example import Example
from symgd.course.runs import MOST, Form, Point, Walk, forms_of
from symgd.pictures.lettering import count

__all__ = ["CAP", "GOOD", "LOOKED", "MANY", "PART", "SHARES", "Fired", "fired", "plainly", "program", "short", "tolerance", "too_small", "when"]

SHARES = (0.001, 0.01, 0.1, 0.5, 0.95, 1.0)  # rates, as multiples of the bound
CAP = 1000
PART = 1e-6  # of the distance that a descent has to go
GOOD = 1e-6  # of the variance of the target: an excess of the loss that nobody sees
LOOKED = (1, 10, 100, 1000)  # iterations at which the certificate is looked at
SAME = 1e-9
MANY = 20_000  # rows: with more of them a pass for each iteration takes too long for a page


@dataclass(frozen=True)
class Fired:
    """One rate on the standardised feature, and when each rule fires."""

    rate: float
    walk: Walk
    at_cap: Point
    small: int | None


def fired(form: Form, enough: float) -> list[Fired]:
    out = []
    for share in SHARES:
        rate = share / form.scale  # standardised, the bound is 1/scale
        at_cap = next(islice(form.path(rate), CAP, None))
        out.append(Fired(rate, form.walk(rate), at_cap, small_after(form, rate, enough)))
    return out


def small_after(form: Form, rate: float, enough: float) -> int | None:
    """The first iteration after which the slopes, taken together, are no larger than that."""
    for k, at in zip(range(CAP * 20), form.path(rate), strict=False):
        size = math.hypot(*form.slopes(*at))
        if size <= enough:
            return k
        if k > 2 and rate * form.eigenvalues[1] >= 2 - SAME:
            return None
    return None


def tolerance(form: Form) -> tuple[float, float]:
    """(the excess that is allowed, the size of the slopes that guarantees it): |g|² ≤ 2μ · excess"""
    allowed = GOOD * form.scale * form.variance
    return allowed, math.sqrt(2 * form.eigenvalues[0] * allowed)


def plainly(e: Example, rate: float) -> Walk | None:
    """Until nothing changes or a point comes back."""
    w, b = forms_of(e)["standard"].start
    seen: dict[Point, int] = {}
    for k in range(CAP):
        if (w, b) in seen:
            return Walk(k, (w, b), "cycle", k - seen[w, b])
        seen[w, b] = k
        u = w * e.z + b - e.y
        new = w - rate * float(e.scale * 2 * np.mean(u * e.z)), b - rate * float(e.scale * 2 * np.mean(u))
        if new == (w, b):
            return Walk(k, new, "unchanged")
        w, b = new
    return None


def when(walk: Walk, *, told: bool = False) -> str:
    if walk.why == "unchanged":
        return f"nothing changes after iteration {count(walk.steps)}" if told else count(walk.steps)
    if walk.why == "cycle":
        return f"never: from iteration {count(walk.steps)} on the same {walk.period} points return" if walk.period > 1 else f"{count(walk.steps)}"
    return f"not in {count(walk.steps)}"


def short(form: Form) -> Point:
    """Between the start and the lowest point; a parameter that would be 0 there stands aside."""
    (w, b), (v, a), size = form.start, form.best, math.sqrt(form.yy)
    return tuple(t if abs(t) > SAME * size else size / 2 for t in ((w + v) / 2, (b + a) / 2))  # type: ignore[return-value]


def too_small(form: Form) -> float:
    """A rate at which nothing changes half way: a quarter of the distance to the next number, divided by the slope."""
    at = short(form)
    return min(math.ulp(t) / 4 / abs(g) for t, g in zip(at, form.slopes(*at), strict=True) if g)


def program(e: Example) -> str:
    """Plain NumPy after the preamble."""
    forms = forms_of(e)
    starts = {name: f"math.sqrt(np.mean(y * y) / np.mean({c} * {c}))" if forms[name].start[0] else "0.0" for name, c in (("standard", "z"), ("raw", "x"))}
    return Template(_PROGRAM).substitute(starts)


_PROGRAM = f'''import math

z = (x - x.mean()) / x.std()


def means(form):
    mx, my = float(form.mean()), float(y.mean())
    return mx, my, float(np.mean((form - mx) * (form - mx))), float(np.mean((form - mx) * (y - my)))


mx, my, sxx, sxy = means(z)
least = scale * np.mean((sxy / sxx * (z - mx) - (y - my)) ** 2)
start = $standard
top = scale * (sxx + mx**2 + 1 + math.hypot(sxx + mx**2 - 1, 2 * mx))
low, bound = 4 * scale**2 * sxx / top, 1 / scale


def slopes_of(w, b):
    m = w * mx + b - my
    return 2 * scale * (sxx * w - sxy + mx * m), 2 * scale * m


def above(w, b):
    return scale * (sxx * (w - sxy / sxx) ** 2 + (w * mx + b - my) ** 2)


print("least", least, "start", start, "bound", bound, "of at most", {MOST})
allowed = {GOOD} * scale * np.var(y)
tolerance = math.sqrt(2 * low * allowed)
print("excess allowed", allowed, "slopes at most", tolerance)
first = above(start, 0.0)
for share in {SHARES}:
    rate, w, b, seen, small = share * bound, start, 0.0, {{}}, None
    turn = abs(math.log(abs(1 - rate * low))) if 0 < abs(1 - rate * low) < 1 - 1e-9 else 99
    print("rate", rate, "needed", max(1, math.ceil(math.log(1e6) / turn)))
    for k in range({MOST} + 1):
        g, h = slopes_of(w, b)
        size = math.hypot(g, h)
        if k in {(0, *LOOKED)}:
            print(k, "slopes", size, "promise", size * size / (2 * low), "excess", above(w, b), "loss", least + above(w, b), above(w, b) / first)
        if small is None and size <= tolerance:
            small = k
            print("slopes small after", k, "excess", above(w, b))
        if (w, b) in seen:
            print("comes back at", k, "after", k - seen[w, b], "steps; distance", math.sqrt(above(w, b) / scale))
            break
        seen[w, b] = k
        new = w - rate * g, b - rate * h
        if new == (w, b):
            print("nothing changes after", k, "distance", math.sqrt(above(w, b) / scale))
            break
        w, b = new
    else:
        print("after", k, "distance", math.sqrt(above(w, b) / scale))

# each slope summed over all rows
rate, w, b, seen = 0.5 / scale, start, 0.0, {{}}
for k in range({CAP} if n <= {MANY} else 0):
    if (w, b) in seen:
        print("comes back at", k, "after", k - seen[w, b], "steps")
        break
    seen[w, b] = k
    u = w * z + b - y
    w, b = w - rate * float(scale * 2 * np.mean(u * z)), b - rate * float(scale * 2 * np.mean(u))

# too early: w alone has stopped; and a rate that is too small
low_w = np.mean(x * y) / np.mean(x * x)
print("slopes", slopes(low_w, 0), "at", low_w, "loss", loss(low_w, 0))
half = math.sqrt(np.mean(y * y))
w, b = (t if abs(t) > 1e-9 * half else half / 2 for t in ((start + sxy / sxx) / 2, (my - sxy / sxx * mx) / 2))
print("short of it", w, b, "loss", least + above(w, b), "rate", min(math.ulp(t) / 4 / abs(g) for t, g in zip((w, b), slopes_of(w, b)) if g))

# the feature as it is, at its best rate
mx, my, sxx, sxy = means(x)
H = scale * 2 * np.array([[np.mean(x * x), mx], [mx, 1]])
top = np.linalg.eigvalsh(H)[-1]
low = 4 * scale**2 * sxx / top
rate, w, b = 2 / (top + low), $raw, 0.0
first = above(w, b)
print("condition", top / low, "too early by", above(low_w, 0.0))
print("rate", rate, "needed", max(1, math.ceil(math.log(1e6) / abs(math.log1p(-min(rate * low, 0.9999999))))))
for k in range({CAP}):
    g, h = slopes_of(w, b)
    w, b = w - rate * g, b - rate * h
g, h = slopes_of(w, b)
print("loss", least + above(w, b), "of the first excess", above(w, b) / first, "excess", above(w, b), "promise", (g * g + h * h) / (2 * low))
'''
