"""How a walk by one of the methods ended, in one sentence: step, rate, bound, first and last loss, and what to type instead."""

from __future__ import annotations

import math

from symgd.numeric.descent.constants import Constants
from symgd.numeric.descent.methods import METHODS, State
from symgd.numeric.descent.rates import Rates, shown

__all__ = ["sentence_by"]

CUT = 1e-5  # of the first rate: a rate that was halved so often has met a kink


def sentence_by(
    name: str, stopped: str, reason: str, period: int, state: State, first: float, chosen: Constants, known: Rates, gap: float | None, auto: bool,
    batch: int, seed: int, decay: float, kinked: bool, predicted: int | None,
) -> str:  # fmt: skip
    """The sentence of a method other than plain descent."""
    steps, slope = state.steps, max(map(abs, state.slope), default=0.0)
    by = f"{steps:,} step{'s' * (steps != 1)} of {METHODS[name].title}"
    at = _at(name, state, chosen, known, batch, seed)
    went = f"loss {first:.6g} → {state.loss:.6g}"
    note = f"; {state.note}" if state.note else ""
    instead = "" if auto else "; leave out --rate, and --momentum, for the best ones" if chosen.momentum else "; leave out --rate for a better one"
    match stopped:
        case "converged":
            repeat = f"the parameters repeat themselves in the last digit with period {period} and "
            how = {"unchanged": "the parameters no longer change and ", "cycle": repeat}.get(reason, "")
            what = "the predictions are those of the minimum" if reason == "arrived" else f"{how}the slope is zero within rounding"
            return f"Converged after {by}{at}: {what}; {went}{note}."
        case "stalled":
            return f"Stalled after {by}{at}: {_still(name, slope, period, known.exact)}; {went}{note}{instead}."
        case "oscillates":
            return f"Oscillates by {by}{at}: the parameters come back every {period} steps while the slope is {slope:.3g}; {went}{note}{instead}."
        case "diverged":
            return f"Diverged after {by}{at}{_must(chosen, known)}; {went}{note}{instead}."
    left = "" if gap is None else f", the gap to the closed form {gap:.3g}"
    need = f" (about {predicted:,} steps are needed)" if predicted and predicted > steps else ""
    return f"Stopped at the cap of {by}{at}: the slope is still {slope:.3g}{left}{need}; {went}{note}; {_more(name, state, chosen, decay, kinked)}."


def _at(name: str, state: State, chosen: Constants, known: Rates, batch: int, seed: int) -> str:
    match name:
        case "momentum" | "nesterov":
            bound = f" (bound {shown(chosen.bound)})" if known.exact else ""
            return f" at rate {state.rate:.6g}{bound} and momentum {chosen.momentum:.6g}"
        case "sgd":
            rows = f"{batch:,} row{'s' * (batch != 1)}"
            return f" at rate {state.rate:.6g}, batches of {rows}, seed {seed}"
        case "newton":
            return "" if chosen.rate == 1 else f", each {chosen.rate:.6g} of the whole"
    return f", the last rate {state.rate:.6g}"


def _still(name: str, slope: float, period: int, exact: bool) -> str:
    if period > 1:
        return f"the parameters repeat themselves in the last digit with period {period}, although the slope is {slope:.3g}: rounding hides it"
    if name == "line-search" or (name in ("bb", "newton") and not exact):
        return f"no step however short lowers the loss, although the slope is {slope:.3g}: at a kink, or within the rounding of the loss"
    what = "step" if name in ("bb", "newton") else "rate"
    return f"the {what} is too small for double precision, nothing changes although the slope is {slope:.3g}"


def _must(chosen: Constants, known: Rates) -> str:
    if not known.exact or not math.isfinite(chosen.bound):
        return ""
    return f": the rate must be below {chosen.formula} = {shown(chosen.bound)}"


def _more(name: str, state: State, chosen: Constants, decay: float, kinked: bool) -> str:
    if kinked and name != "sgd" and state.rate < CUT * chosen.rate:
        return "it stands at a kink, where the slope jumps and need not be 0: plain descent lets its rate fall as the steps go, and may come nearer"
    if name == "sgd" and not decay:
        return "its rate stays, so it wanders about the minimum and comes to rest nowhere: a rate that falls (--decay), or larger batches, bring it nearer"
    return "allow more steps"
