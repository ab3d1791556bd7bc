"""Where a line only seems wrong: it differs from what was assumed, not from what was said; or it has names of which nothing is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from symgd.handcalc.account import account
from symgd.handcalc.arrays import IDENTITIES
from symgd.handcalc.claims import Judged, chained
from symgd.handcalc.conventions import best
from symgd.handcalc.facts import PRIMED, Facts
from symgd.handcalc.setting import Setting
from symgd.language import CONSTANTS
from symgd.term import D, Name, Term, names

__all__ = ["doubted"]


def doubted(setting: Setting, facts: Facts, seen: Collection[str], j: Judged, left: Term, right: Term) -> Judged:
    """Not wrong, where no slip explains it, if it only differs from what was assumed and nothing follows from, or has a name that no other line has.

    seen  the names of the lines before
    """
    if j.verdict != "wrong" or j.claim is None:
        return j
    open_claim = replace(j.claim, kind="open")
    loose = _loose(setting, j, left)
    new = _strangers(setting, facts, seen, left, right) if not loose else set()
    named = _strangers(setting, facts, seen, right, left) if not loose and not isinstance(left, D | Name) else set()
    if not (loose or new or named):
        return j
    if (loose or new) and chained(left, right):
        return Judged("right", "the chain rule", claim=j.claim)
    solved = bool(loose) and isinstance(left, Name)  # a closed form of a loss that nobody stated
    if not solved and account(setting, left, None, right, j.claim).slips:
        return j
    if named:
        return Judged("given", f"says what {_and(named)} is", claim=open_claim)
    if new:
        return Judged("undecided", f"nothing is said about what {_and(new)} {'stands' if len(new) == 1 else 'stand'} for", claim=open_claim)
    return Judged("given", f"nothing is said about what {_and(loose)} {'is' if len(loose) == 1 else 'are'}; taken as it stands", claim=open_claim)


def _and(symbols: Collection[str]) -> str:
    return " and ".join(sorted(symbols))


def _loose(setting: Setting, j: Judged, left: Term) -> set[str]:
    """The assumptions on which the verdict rests and from which no line follows."""
    assert j.claim is not None
    made = set(j.claim.setting.referee.made_of(names(j.claim.left) | names(j.claim.right)))
    main = setting.objective
    if main and isinstance(left, Name) and setting.roles.of.get(best(left.symbol)) == "parameter":
        made.add(main.symbol)
    return made & setting.loose


def _strangers(setting: Setting, facts: Facts, seen: Collection[str], left: Term, right: Term) -> set[str]:
    """The names of the right side that stand in no definition and nowhere on the left."""
    known = setting.referee.made_of(names(left) | {d.name.symbol for d in setting.tape}) | facts.numbers | setting.roles.of.keys()
    return {s for s in names(right) if s not in {*known, *setting.roles.aliases, *CONSTANTS, *IDENTITIES, *seen, PRIMED}}
