"""Slips in matrix notation: a transpose lost or one too many, a sign, an order turned round; each undone on the line as it is written.

Products of matrices do not commute, so these slips are found before the line is written out in entries: where it is right with one undone, that was it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from symgd.handcalc.readings import judge
from symgd.handcalc.resolve import Misfit
from symgd.handcalc.setting import Setting
from symgd.handcalc.spoil import places, put
from symgd.handcalc.verdict import Slip
from symgd.term import Add, Call, Div, Mul, Name, Neg, Num, Term, add, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["of_shapes"]

MOST = 60  # lines tried
GOOD = ("right", "notation")


def of_shapes(setting: Setting, left: Term, right: Term) -> tuple[tuple[Slip, ...], Term | None]:
    """The slip that explains a line in matrices, left = right as written, and the right side as it was meant; nothing where none does."""
    if not any((isinstance(s, Call) and s.function in ("transpose", "matmul")) or _matrix(s, setting) for s in subterms(right)):
        return (), None
    for k, (slip, meant) in enumerate(_edits(right)):
        if k == MOST:
            break
        try:
            j = judge(setting, left, meant)
        except (Misfit, ValueError, KeyError):
            continue
        if j.verdict in GOOD:
            return (slip,), meant
    return (), None


def _matrix(t: Term, setting: Setting) -> bool:
    return isinstance(t, Name) and not t.indices and len(setting.declared(t.symbol).indices) == 2


def _edits(right: Term) -> Iterator[tuple[Slip, Term]]:
    """Each slip undone: one transpose, a sign, an order, then two transposes."""
    turned = [(path, s, new) for path, s, new in _turned(right)]
    for path, s, new in turned:
        yield _transpose(((s, new),)), put(right, path, new)
    yield from _signs(right)
    yield from _orders(right)
    for (p, s, a), (q, t, b) in combinations(turned, 2):
        if p[: len(q)] != q and q[: len(p)] != p:
            yield _transpose(((s, a), (t, b))), put(put(right, p, a), q, b)


def _turned(t: Term) -> Iterator[tuple[tuple[int, ...], Term, Term]]:
    """Each factor with its transpose put on or taken off."""
    for path, s, _, within in places(t):
        if isinstance(s, Call) and s.function == "transpose":
            yield path, s, s.args[0]
        elif isinstance(s, Name | Add) and isinstance(within, Mul | Call | None) and not (isinstance(within, Call) and within.function == "transpose"):
            yield path, s, Call("transpose", (s,))


def _transpose(turned: tuple[tuple[Term, Term], ...]) -> Slip:
    said = " and ".join(f"{_shown(s)} where {_shown(new)} is meant" for s, new in turned)
    return Slip("transpose", f"Here stands {said}: products of matrices do not commute, and the transpose decides over which index is summed.")


def _signs(t: Term) -> Iterator[tuple[Slip, Term]]:
    for path, s, _, _ in places(t):
        if isinstance(s, Add):
            for k, x in enumerate(s.terms):
                new = x.body if isinstance(x, Neg) else Neg(x)
                says = f"Here stands {_shown(x)} where {_shown(new)} is meant: the sign is turned round."
                yield Slip("sign", says), put(t, path, add(*s.terms[:k], new, *s.terms[k + 1 :]))
    yield Slip("sign", "Only the sign is turned round: everything else is right."), t.body if isinstance(t, Neg) else Neg(t)


def _orders(t: Term) -> Iterator[tuple[Slip, Term]]:
    """Two neighbours of a product in the other order."""
    for path, s, _, _ in places(t):
        fs = s.factors if isinstance(s, Mul) else s.args if isinstance(s, Call) and s.function == "matmul" else ()
        for k in range(len(fs) - 1):
            if not isinstance(fs[k], Num | Div):
                swapped = (*fs[:k], fs[k + 1], fs[k], *fs[k + 2 :])
                says = f"Products of matrices do not commute: {_shown(fs[k + 1])} stands before {_shown(fs[k])}."
                yield Slip("transpose", says), put(t, path, Mul(swapped) if isinstance(s, Mul) else Call("matmul", swapped))


def _shown(t: Term) -> str:
    """A part in matrices, as people write it."""
    match t:
        case Call("transpose", (Name() as a,)):
            return f"{_shown(a)}ᵀ"
        case Call("transpose", (a,)):
            return f"({_shown(a)})ᵀ"
        case Call("matmul", fs) | Mul(fs):
            return " ".join(f"({_shown(f)})" if isinstance(f, Add | Neg) else _shown(f) for f in fs)
        case Neg(a):
            return f"−{_shown(a)}"
        case Add(ts):
            return " ".join(f"− {_shown(x.body)}" if isinstance(x, Neg) and k else f"+ {_shown(x)}" if k else _shown(x) for k, x in enumerate(ts))
    return to_unicode(layout(t))
