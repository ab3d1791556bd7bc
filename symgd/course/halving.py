"""A rate that finds itself: twice the last one, halved until the loss falls by half of what the slope promises (Armijo's rule, doi:10.2140/pjm.1966.16.1)."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.course.runs import Form

__all__ = ["CAP", "PART", "RATE", "ROUNDING", "Search", "halving"]

RATE = 0.001
PART = 1e-6  # of the excess of the loss at the start
CAP = 2000  # steps
ROUNDING = 1e-13  # of the excess: a fall that is smaller cannot be told from rounding


@dataclass(frozen=True)
class Search:
    """One descent whose rate finds itself.

    steps   made
    rates   of each step
    halved  how often a rate was halved
    why     "near": PART of the first excess is left; "stuck": what the slope promises drowns in rounding; "" where all steps were made
    loss    the last one
    """

    steps: int
    rates: list[float]
    halved: int
    why: str
    loss: float


def halving(form: Form, rate: float = RATE) -> Search:
    """Each step tries twice the last rate, and halves it until the loss falls by at least half of what the slope promises: L(θ − αg) ≤ L(θ) − ½ α |g|²."""
    (w, b), rates, halved = form.start, list[float](), 0
    enough = PART * form.excess(w, b)
    rate /= 2
    while form.excess(w, b) > enough and len(rates) < CAP:
        g, h = form.slopes(w, b)
        rate, here = 2 * rate, form.excess(w, b)
        while not form.excess(w - rate * g, b - rate * h) <= here - rate * (g * g + h * h) / 2:
            rate, halved = rate / 2, halved + 1
            if rate * (g * g + h * h) <= ROUNDING * here:
                return Search(len(rates), rates, halved, "stuck", form.loss(w, b))
        w, b = w - rate * g, b - rate * h
        rates.append(rate)
    return Search(len(rates), rates, halved, "near" if form.excess(w, b) <= enough else "", form.loss(w, b))
