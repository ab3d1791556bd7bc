"""The account of a wrong line: the slips that explain it, and the right side put right."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.handcalc.claims import Claim, claim_of
from symgd.handcalc.conditions import inverted
from symgd.handcalc.remedy import corrected, solution
from symgd.handcalc.resolve import Misfit
from symgd.handcalc.setting import Setting
from symgd.handcalc.slips import Explained, explained
from symgd.handcalc.slips_of_shapes import of_shapes
from symgd.handcalc.verdict import Slip
from symgd.term import Name, Term

__all__ = ["Account", "account"]


@dataclass(frozen=True)
class Account:
    """The slips, the likeliest first; what the right side should have been; how far-fetched the slips are (9: there are none)."""

    slips: tuple[Slip, ...] = ()
    meant: Term | None = None
    far: int = 9


def account(setting: Setting, left: Term, last: Term | None, right: Term, claim: Claim | None) -> Account:
    """What explains that left = right is wrong.

    left, right  as written
    last         the right member before `right`, where there is one and it is right: the slip may be in this last move alone
    claim        left = right as resolved; None where the shapes do not fit
    """
    try:
        if claim is None:
            slips, meant = of_shapes(setting, left, right)
            return Account(slips, meant, 0 if slips else 9)
        return _of_claim(setting, left, last, right, claim)
    except (ValueError, KeyError, ArithmeticError, RecursionError, IndexError):
        return Account()


def _of_claim(setting: Setting, left: Term, last: Term | None, right: Term, claim: Claim) -> Account:
    move = _move(setting, last, right, claim)
    if move is not None and (found := _explained(move)).slips and (not (whole := _explained(claim)).slips or found.far <= whole.far):
        return Account(found.slips, corrected(move) or corrected(claim), found.far)
    found = _explained(claim)
    if not found.slips and claim.kind != "update":
        slips, meant = of_shapes(setting, left, right)
        if slips:
            return Account(slips, meant, 0)
    if not found.slips and isinstance(claim.left, Name) and (value := solution(claim)) is not None:  # a closed form
        found = explained(claim.setting.problem, value, claim.right, claim.setting.referee, claim.kind)
        return Account(found.slips, found.mended or value, found.far)
    if not found.slips and inverted(left, right) is not None:  # the claim is A w = b, which is not what was written
        return Account()
    return Account(found.slips, corrected(claim), found.far)


def _move(setting: Setting, last: Term | None, right: Term, claim: Claim) -> Claim | None:
    """The claim of the last move alone."""
    if last is None or claim.kind == "update":
        return None
    try:
        move, _ = claim_of(setting, last, right)
    except Misfit:
        return None
    return move if move.left != claim.left else None


def _explained(claim: Claim) -> Explained:
    return explained(claim.setting.problem, claim.left, claim.right, claim.setting.referee, claim.kind)
