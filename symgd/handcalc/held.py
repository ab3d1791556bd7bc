"""∂p/∂e, where p := e/S and S := Σ e: the derivative along the definition of p as it is written, what it names beside e held.

A ∂ may be meant so, a d never.  On the left a sensitivity by a name of the writer's own is read so, but no gradient of the objective and none by
a parameter, which nobody holds anything for; on the right, what the chain rule over several paths supposes: dz/dx = ∂z/∂x + ∂z/∂y · dy/dx.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgd.handcalc.claims import Claim, Judged, listed
from symgd.handcalc.setting import Setting
from symgd.indices import rename
from symgd.term import Add, D, Mul, Name, Sum, Term, names, parts, subterms
from symgd.term import replace as rewrite

__all__ = ["along_definitions"]


def along_definitions(claim: Claim, rounds: tuple[bool, bool]) -> Iterator[Judged | None]:
    """The claim with ∂ read along the definitions; `rounds`: is ∂ written on the left, on the right?"""
    setting = claim.setting
    left = _held(setting, claim.left) if rounds[0] and _own(setting, claim.left) else None
    right = rewrite(claim.right, lambda s: _held(setting, s)) if rounds[1] and (left is not None or _paths(claim.right)) else claim.right
    for a, b in dict.fromkeys(((left or claim.left, claim.right), (claim.left, right), (left or claim.left, right))):
        if (a, b) != (claim.left, claim.right) and setting.proved(a, b):
            kept = listed(set().union(*(_kept(setting, s) for s in _rates(claim, a, b))))
            says = f"follows with {kept} held: ∂ along the definition as it is written"
            yield Judged("right", says, claim=replace(claim, left=a, right=b), meant=left if a == left else None)


def _own(setting: Setting, t: Term) -> bool:
    """Is t differentiated by a name that is defined itself, and is it not the objective?"""
    return isinstance(t, D) and t.of != setting.objective and setting.definition(t.by.symbol) is not None


def _paths(t: Term) -> bool:
    """Is t a sum over paths, of which one at least has several links?"""
    return isinstance(t, Add) and any(len([f for f in parts(Mul, x.body if isinstance(x, Sum) else x) if isinstance(f, D)]) > 1 for x in t.terms)


def _held(setting: Setting, t: Term) -> Term | None:
    """The derivative along the definition, where that is another than the whole one; else None."""
    if not isinstance(t, D) or t.partial or not isinstance(t.of, Name) or not _kept(setting, t):
        return None
    d = setting.definition(t.of.symbol)
    return D(rename(d.value, {a: b for a, b in zip(d.name.indices, t.of.indices, strict=True) if a != b}), t.by, True) if d else None


def _kept(setting: Setting, t: D) -> set[str]:
    """What stands beside `by` in the definition and is made of it."""
    d = setting.definition(t.of.symbol) if isinstance(t.of, Name) else None
    if d is None or t.by.symbol not in names(d.value):
        return set()
    return {s for s in names(d.value) - {t.by.symbol} if setting.depends(Name(s), t.by.symbol)}


def _rates(claim: Claim, a: Term, b: Term) -> list[D]:
    """The derivatives of the claim that were read otherwise."""
    return [s for old, new in ((claim.left, a), (claim.right, b)) if old != new for s in subterms(old) if isinstance(s, D)]
