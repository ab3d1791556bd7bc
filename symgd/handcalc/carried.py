"""False, but only because an earlier line is: the claim follows when the earlier wrong result is taken for true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symgd.forward import Definition
from symgd.handcalc.claims import Claim
from symgd.handcalc.setting import Setting
from symgd.indices import axis, free, rename
from symgd.term import D, Name, Sum, Term, mul, names, subterms
from symgd.term import replace as rewrite

__all__ = ["follows_from_wrong"]

RECENT = 6  # earlier wrong claims that are looked at


def follows_from_wrong(claim: Claim, wrong: Sequence[Claim]) -> str:
    """How the claim follows from an earlier wrong one, in one sentence; "" where it does not."""
    for earlier in reversed(wrong[-RECENT:]):
        for left in _lefts(claim, earlier):
            if claim.setting.proved(left, claim.right):
                return "false, but it follows from the wrong line before"
        if _redefined(claim, earlier):
            return "false, but it follows from the wrong line before"
    return ""


def _lefts(claim: Claim, earlier: Claim) -> Iterator[Term]:
    """The left side with the earlier wrong result in place of what it is a result for."""
    if earlier.left == claim.left:
        yield earlier.right
    if not isinstance(earlier.left, D) or not isinstance(earlier.left.of, Name):
        return
    for rate in dict.fromkeys(s for s in subterms(claim.left) if isinstance(s, D) and isinstance(s.of, Name)):
        for value in _through(claim.setting, rate, earlier):
            yield rewrite(claim.left, lambda s, rate=rate, value=value: value if s == rate else None)  # type: ignore[misc]


def _through(setting: Setting, rate: D, earlier: Claim) -> Iterator[Term]:
    """∂L/∂w by the chain rule over the place where the earlier result stands."""
    known = earlier.left
    assert isinstance(known, D)
    if rate.of == known.of and rate.by.symbol == known.by.symbol:
        yield rename(earlier.right, {a: b for a, b in zip(known.by.indices, rate.by.indices, strict=True) if a != b})
    if rate.of == known.of and setting.depends(known.by, rate.by.symbol) and rate.by.symbol != known.by.symbol:
        product = mul(earlier.right, setting.rate(known.by, rate.by))
        yield _over(product, known.by, rate)
        yield product
    if isinstance(known.of, Name) and known.of != rate.of and setting.depends(rate.of, known.of.symbol):
        outer = setting.rate(rate.of, known.of)
        if rate.by.symbol == known.by.symbol:
            yield _over(mul(outer, earlier.right), known.of, rate)
        elif setting.depends(known.by, rate.by.symbol):
            yield _over(mul(outer, earlier.right, setting.rate(known.by, rate.by)), known.of, rate)


def _over(t: Term, name: Name, rate: D) -> Term:
    for letter in name.indices:
        if letter not in rate.by.indices and letter in free(t):
            t = Sum(letter, t)
    return t


def _redefined(claim: Claim, earlier: Claim) -> bool:
    """Does the claim hold where the name means what the wrong line said it is?"""
    left = earlier.left
    if not isinstance(left, Name) or left.symbol in names(earlier.right) or claim.left == left:
        return False
    if not claim.setting.depends(claim.left, left.symbol) or {axis(a) for a in free(earlier.right)} - set(left.indices):
        return False
    try:
        other = claim.setting.define(Definition(left, earlier.right))
        return other.proved(claim.left, claim.right)
    except (ValueError, KeyError):
        return False
