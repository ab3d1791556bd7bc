"""A number at the end of a line: the value of what stands before it, a value that is given here, a condition, or a step from an earlier value."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.handcalc.claims import Claim, Judged, undefined
from symgd.handcalc.conditions import multiples
from symgd.handcalc.figures import Figure, NoValue, worth
from symgd.handcalc.readings import judge
from symgd.handcalc.reckoning import Reckoning
from symgd.handcalc.remedy import truth
from symgd.handcalc.resolve import Misfit, resolve
from symgd.handcalc.setting import Setting
from symgd.handcalc.verdict import Slip
from symgd.term import ONE, ZERO, Add, Call, D, Name, Neg, Num, Sum, Term, mul, names, parts, subterms
from symgd.typeset import to_ascii

__all__ = ["Known", "by_numbers", "judge_number"]

Told = tuple[Judged, tuple[Slip, ...], str]  # the verdict, what explains it, the right number


@dataclass
class Known:
    """What is known where the number stands; `zeros`: what was set to zero before; `solved`: the values of parameters that were found;
    `placed`: do the words before speak of a place?
    """

    setting: Setting
    reckoning: Reckoning
    solved: dict[str, Term]
    zeros: list[Term]
    placed: bool = False


def judge_number(known: Known, left: Term, last: Term, right: Term, relation: str, carried: bool) -> Told:
    """The verdict on last = right, a number, in a line that begins with `left`.  Raises Misfit."""
    setting, reckoning = known.setting, known.reckoning
    if isinstance(last, Sum) and isinstance(last.body, Name) and right == ONE and last.body.symbol in {s for s, _ in setting.roles.ones}:
        return Judged("given", f"a condition on {last.body.symbol}"), (), ""
    if right == ZERO and not (isinstance(left, D) and reckoning.values) and any(isinstance(s, D) for s in subterms(left)) and not _never_zero(setting, last):
        known.zeros.append(last)
        return Judged("given", "the condition for a minimum"), (), ""
    if last is left and isinstance(left, Name) and left.symbol in reckoning.values and not isinstance(_bare(right), Num):
        return _stepped(setting, reckoning, left, right), (), ""
    is_parameter = last is left and isinstance(left, Name) and setting.roles.of.get(left.symbol) == "parameter"
    if is_parameter and isinstance(left, Name) and reckoning.values.get(left.symbol) not in (None, _figure(right)):
        return Judged("given", f"a new value of {left.symbol}", claim=Claim(setting, left, right, "number")), (), ""
    if not undefined(setting, last) and not isinstance(last, Name) and names(last) - {"pi"} and reckoning.value(last, setting) is None:
        found = _symbolic(known, last, right)
        if found is not None:
            return found, (), ""
    return reckoning.judge(left, last, right, relation, carried, setting)


def _figure(t: Term) -> Figure | None:
    """The number that is printed."""
    try:
        return worth(t, {})
    except NoValue:
        return None


def _never_zero(setting: Setting, t: Term) -> bool:
    """Is t a derivative that is a number, but not 0: du/dŷ = 1?"""
    rate = resolve(setting, t) if isinstance(t, D) else None
    value = truth(setting, rate) if isinstance(rate, D) else None
    return isinstance(value, Num | Neg) and not names(value) and value != ZERO


def _bare(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else t


def _symbolic(known: Known, last: Term, right: Term) -> Judged | None:
    """du/dŷ = 1, sin² x + cos² x = 1, Σ (y − ŷ) = 0: judged without any value of a name; None where values seem to be put in."""
    if any(isinstance(s, Call) and s.function == "list" for s in (*subterms(last), *subterms(right))):
        return None
    if known.setting.referee.made_of(names(last)) & {s for s, _ in known.setting.assumed} and isinstance(last, D):
        return None
    j = judge(known.setting, last, right, solved=known.solved)
    if right == ZERO and not isinstance(last, D):
        return _condition(known, last, j)
    if j.verdict in ("right", "notation", "convention"):
        return j
    whole = isinstance(_bare(right), Num) and not any(isinstance(s, Num) and s.places for s in subterms(right))
    if j.verdict == "wrong" and whole and isinstance(last, D) and not known.placed:
        return j
    given = j.verdict == "wrong" and whole and not isinstance(last, D)
    return Judged("given", "a condition; nothing to judge", claim=j.claim) if given else None


def _condition(known: Known, last: Term, j: Judged) -> Judged:
    """last = 0"""
    before = known.zeros[-1:]
    known.zeros.append(last)
    if j.verdict == "right":
        return j
    for earlier in before:
        try:
            a, b = resolve(known.setting, earlier), resolve(known.setting, last)
        except (Misfit, ValueError, KeyError):
            continue
        both = known.setting.knows(a).knows(b)
        if any(both.proved(a, mul(f, b)) for f in multiples(both.count)):
            return Judged("right", "follows from what was set to zero above", claim=j.claim)
    return Judged("given", "an equation to be solved", claim=j.claim)


def _stepped(setting: Setting, reckoning: Reckoning, left: Name, right: Term) -> Judged:
    """w = 1 − 0.1 · 3, where w was 1: the next value of w.  It goes downhill, where the slope is known."""
    claim = Claim(setting, left, right, "number")
    old = reckoning.values[left.symbol]
    first, *rest = parts(Add, right)
    try:
        change = worth(Add(tuple(rest)), {}) if len(rest) > 1 else worth(rest[0], {}) if rest else None
        from_old = worth(first, {}) == old
    except NoValue:
        return Judged("given", f"a new value of {left.symbol}", claim=claim)
    slope = next((v for d, v in reversed(reckoning.rates.items()) if isinstance(d, D) and d.by.symbol == left.symbol), None)
    if not from_old or change is None or isinstance(change, tuple):
        return Judged("given", f"a new value of {left.symbol}", claim=claim)
    if slope is not None and not isinstance(slope, tuple) and float(change) * float(slope) > 0:
        return Judged("wrong", "the step goes with the gradient, uphill: it has to be subtracted", claim=claim)
    return Judged("given", f"a step from {to_ascii(left)} = {to_ascii(first)}", claim=claim)


def by_numbers(setting: Setting, reckoning: Reckoning, j: Judged, left: Term, last: Term, right: Term) -> Judged:
    """A line in which numbers stand for names is judged by the numbers."""
    if j.verdict not in ("wrong", "undecided") or not reckoning.values:
        return j
    a = reckoning.value(last, setting) if not isinstance(last, Name) or last is not left else None
    b = reckoning.value(right, setting)
    if a is not None and b is not None and a == b:
        return Judged("right", "the numbers agree", claim=j.claim)
    if j.verdict == "wrong" and any(isinstance(s, Num) and s.places for s in subterms(right)):
        return Judged("undecided", "the numbers behind this are not known", claim=j.claim)
    return j
