"""What holds where the gradient is zero: multiples of gradient = 0, and its solutions, put in; and what is no claim: at u = δ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from symgd.forward import Definition
from symgd.handcalc.setting import Setting
from symgd.indices import axis, free
from symgd.stationary.linear import put, unfold
from symgd.term import ONE, TWO, ZERO, Add, D, Div, Mul, Name, Neg, Num, Pow, Term, mul, names, subterms

__all__ = ["at_a_place", "condition", "inverted", "multiples", "solution"]

_AT = re.compile(r"\b(?:at|where|if|when|whenever|unless|except|for|until|bei|wo|wenn|falls|für)$", re.IGNORECASE)
_MORE = re.compile(r"(?:[,;]|and|or|und|oder)?")


def at_a_place(setting: Setting, before: str, left: Term, right: Term, after: bool) -> bool:
    """… at u = −δ and u = δ: is it said where something holds, and not that u is δ?  `after`: does it stand beside another such place?"""
    right = right.body if isinstance(right, Neg) else right
    constant = isinstance(right, Num) or (isinstance(right, Name) and not setting.declared(right.symbol).indices and setting.definition(right.symbol) is None)
    if not (isinstance(left, Name) and constant):
        return False
    return _AT.search(before) is not None or (after and _MORE.fullmatch(before) is not None)


def condition(setting: Setting, left: Term, right: Term, solved: Mapping[str, Term] | None = None) -> str | None:
    """The parameter whose derivative is a constant multiple of left − right, or None; `solved`: the values of others, found before, are put in."""
    main = setting.objective
    if main is None or main.indices or any(isinstance(s, D) for t in (left, right) for s in subterms(t)):
        return None
    gap = left if right == ZERO else Neg(right) if left == ZERO else Add((left, Neg(right)))
    for p in setting.problem.parameters:
        if not setting.depends(main, p.symbol) or not setting.depends(gap, p.symbol):
            continue
        letters = free(gap)
        if len(letters) != len(p.indices) or {axis(a) for a in letters} != {axis(a) for a in p.indices}:
            continue
        by = Name(p.symbol, tuple(sorted(letters))) if len(letters) == 1 else p
        slope = setting.rate(main, by)
        slopes = [slope, *_with_values(setting, slope, {s: t for s, t in (solved or {}).items() if s != p.symbol})]
        if any(setting.proved(gap, mul(f, g)) for g in slopes for f in multiples(setting.count)):
            return p.symbol
    return None


def _with_values(setting: Setting, slope: Term, solved: Mapping[str, Term]) -> Iterator[Term]:
    """The slope worked out, with b = ȳ − w x̄ put in, where that is known."""
    from symgd.handcalc.remedy import truth

    worth = {s: t for s, t in solved.items() if not setting.declared(s).indices and not free(t)}
    if not worth or not isinstance(slope, D) or (value := truth(setting, slope)) is None or not setting.proved(slope, value):
        return
    value = setting.down_to(value, setting.declared(min(worth))) if len(worth) == 1 else unfold(setting.problem, value)
    for s, t in sorted(worth.items()):
        value = put(value, Name(s), t)
    yield value


def multiples(n: Name) -> list[Term]:
    """The constant factors by which a condition is usually multiplied."""
    plain: list[Term] = [ONE, TWO, Div(ONE, TWO), n, Div(n, TWO), Div(ONE, n), Div(TWO, n), mul(TWO, n), Div(ONE, mul(TWO, n))]
    return [g for f in plain for g in (f, Neg(f))]


def solution(setting: Setting, p: Name, value: Term, others: Mapping[str, Term]) -> bool:
    """Is the derivative by p zero at p = value, at the values of other parameters found before?"""
    main = setting.objective
    if main is None or main.indices or not setting.depends(main, p.symbol) or p.symbol in names(value):
        return False
    at = setting
    try:
        for symbol, term in {**others, p.symbol: value}.items():
            if symbol == p.symbol or p.symbol not in names(term):
                at = at.define(Definition(Name(symbol, p.indices if symbol == p.symbol else ()), term))
        if at.proved(D(main, p), ZERO):
            return True
        with_all = setting
        for symbol, term in {**others, p.symbol: value}.items():
            with_all = with_all.define(Definition(Name(symbol), term))
        return with_all.proved(D(main, p), ZERO)
    except (ValueError, KeyError):
        return False


def inverted(left: Term, right: Term) -> tuple[Term, Term] | None:
    """A left = b for left = A⁻¹ b, as written."""

    def inverse(t: Term) -> Term | None:
        match t:
            case Pow(a, Num(v)) if v == -1:
                return a
            case Pow(a, Neg(Num(v))) if v == 1:
                return a
        return None

    if isinstance(right, Mul) and (a := inverse(right.factors[0])) is not None:
        return mul(a, left), mul(*right.factors[1:])
    return None

