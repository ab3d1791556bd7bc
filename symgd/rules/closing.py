"""Closing algebra: SymPy proposes a shorter last line (`cancel`, `factor`, names as atoms); it is taken only if it is shorter.

The author's own sums and signs come back as written: 1 − p, not −1 + p.  Nothing here is `simplify`: what it does has a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from symgd.forward import Problem
from symgd.indices import axis, free, rename, sorted_out
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, Add, Call, Cases, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, children, mul, names, parts, rebuild, size, subterms

__all__ = ["close", "count_out", "fold"]

LAW = "terms collected, common factors cancelled"
LARGEST = 60  # nodes, and
MANY = 8  # atoms: a longer line is left as it is, for SymPy's factor grows without bound
MOST = 240  # nodes: the terms of a longer sum are not compared with each other
Table = dict[Any, Term]


def close(problem: Problem, t: Term) -> Term:
    """t, shorter where cancelling or factoring makes it so, from the inside out."""
    forms = _written(problem, t)

    def inside(s: Term) -> Term:
        if isinstance(s, D | Name | Num):
            return s
        if (one := _given(problem, s)) is not None:
            return one
        s = tidy(rebuild(s, [inside(c) for c in children(s)]))
        if isinstance(s, Add) and (fewer := _like_terms(s)) != s:
            return inside(tidy(fewer))
        if not (_may_shorten(s) or _holds_quotient(problem, s)):
            return s
        best = _shortest(problem, s, forms)
        return inside(best) if size(best) < size(s) else s

    return tidy(_sign_in(tidy(inside(t))))


def _like_terms(t: Add) -> Term:
    """a + 2 a = 3 a, also where the two a are written in another order or with other letters of bound indices"""
    if size(t) > MOST:
        return t
    found: dict[Term, tuple[Fraction, Term]] = {}
    for s in t.terms:
        number, rest = _coefficient(s)
        known, first = found.get(key := sorted_out(rest), (Fraction(0), rest))
        found[key] = known + number, first
    if len(found) == len(t.terms):
        return t
    return add(*(x if c > 0 else Neg(x) for c, rest in found.values() if c for x in [mul(Num(abs(c)), rest) if abs(c) != 1 else rest]))


def _coefficient(t: Term) -> tuple[Fraction, Term]:
    """(c, a) where t is c a"""
    match t:
        case Num(v):
            return v, ONE
        case Neg(a):
            c, rest = _coefficient(a)
            return -c, rest
        case Mul((Num(v), *fs)):
            return v, mul(*fs)
        case Div(a, b):
            c, rest = _coefficient(a)
            return c, Div(rest, b)
    return Fraction(1), t


def _may_shorten(t: Term) -> bool:
    """Only sums, and quotients by them, can; a product of names is as short as it gets."""
    if not isinstance(t, Add | Mul | Div | Neg) or size(t) > LARGEST:
        return False
    sums = [s for s in subterms(t) if isinstance(s, Add)]
    return bool(sums) and (isinstance(t, Add) or len(sums) > 1 or isinstance(t, Div))


def _holds_quotient(problem: Problem, t: Term) -> bool:
    """t e/p with p := e/S: the two cancel to t S."""
    if not isinstance(t, Div) or size(t) > LARGEST:
        return False
    within = names(t)
    return any(isinstance(d.value, Div) and isinstance(d.value.top, Name) and {d.name.symbol, d.value.top.symbol} <= within for d in problem.tape)


def _given(problem: Problem, t: Term) -> Term | None:
    """Σ_k t_ik = 1 where that is given."""
    match t:
        case Sum(index, Name(s, _)) if (s, axis(index)) in problem.given:
            return ONE
    return None


def _written(problem: Problem, t: Term) -> list[Term]:
    """The sums that the author wrote, to be written that way again."""
    return [s for line in (*(d.value for d in problem.tape), t) for s in _plain_sums(line)]


@lru_cache(4096)
def _plain_sums(line: Term) -> tuple[Term, ...]:
    """The sums in a line that hold no like terms; a tape's lines are asked again for every line of a derivation."""
    return tuple(s for s in subterms(line) if isinstance(s, Add) and _like_terms(s) == s)


def _shortest(problem: Problem, t: Term, written: Iterable[Term]) -> Term:
    atoms: dict[Term, Any] = {}
    e = _to_sympy(t, atoms)
    if len(atoms) > MANY:
        return t
    variants = [e, *_through_quotients(problem, e, atoms)]
    forms: Table = {}
    for s in written:
        if (known := _to_sympy(s, atoms)).is_Add:  # 1 + x − x is no way to write 1
            forms.setdefault(known, s)
    back = {symbol: a for a, symbol in atoms.items()}
    rank = _ranking(problem)
    found = [t, _over_common_bottom(t)]
    for v in variants:
        if v.has(sp.zoo, sp.nan):  # a division by 0: as good as it gets
            continue
        cancelled = sp.cancel(v)
        found += [tidy(_sign_in(_from_sympy(x, back, forms, rank))) for x in (sp.factor(cancelled), cancelled)]
    return min(found, key=size)


def _over_common_bottom(t: Term) -> Term:
    """a/(n S) − b/n = (a/S − b)/n"""
    if not isinstance(t, Add) or not all(isinstance(_unsigned(s), Div) for s in t.terms):
        return t
    bottoms = [parts(Mul, b.bottom) for s in t.terms if isinstance(b := _unsigned(s), Div)]
    common = mul(*(f for f in bottoms[0] if all(f in others for others in bottoms)))
    return t if common == ONE else Div(tidy(add(*(mul(common, s) for s in t.terms))), common)


def _unsigned(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else t


def _to_sympy(t: Term, atoms: dict[Term, Any]) -> Any:
    def go(s: Term) -> Any:
        match s:
            case Num(v):
                return sp.Rational(v.numerator, v.denominator)
            case Add(ts):
                return sp.Add(*map(go, ts))
            case Mul(fs):
                return sp.Mul(*map(go, fs))
            case Neg(a):
                return -go(a)
            case Div(a, b):
                return go(a) / go(b)
            case Pow(a, Num(v)) if v.denominator == 1 and abs(v) <= 12:
                return go(a) ** int(v)
        return atoms.setdefault(s, sp.Symbol(f"s{len(atoms)}"))

    return go(t)


def _through_quotients(problem: Problem, e: Any, atoms: dict[Term, Any]) -> list[Any]:
    """p := e/S may be read as e = p S."""
    out = []
    for d in problem.tape:
        match d.value:
            case Div(Name(s, indices), bottom):
                for a in [a for a in atoms if isinstance(a, Name) and a.symbol == s]:
                    to = dict(zip(indices, a.indices, strict=True))
                    if set(to) >= set(d.name.indices):
                        out.append(e.subs(_to_sympy(a, atoms), _to_sympy(mul(rename(d.name, to), rename(bottom, to)), atoms)))
    return out


def _ranking(problem: Problem) -> Callable[[Term], int]:
    """Names in the order in which the tape writes them."""
    order: list[str] = []
    for d in problem.tape:
        order += [s.symbol for s in subterms(d.value) if isinstance(s, Name)] + [d.name.symbol]
    return lambda t: min((order.index(s) if s in order else len(order) for s in names(t)), default=-1)


def _from_sympy(e: Any, back: Table, forms: Table, rank: Callable[[Term], int]) -> Term:
    """A quotient of polynomials as a term: sums as the author wrote them, else positive terms first, in the tape's order."""

    def go(x: Any) -> Term:
        if x in forms:
            return forms[x]
        if x.is_Add and -x in forms:
            return Neg(forms[-x])
        if x.is_Rational:
            return Num(Fraction(int(x.p), int(x.q))) if x >= 0 else Neg(Num(Fraction(int(-x.p), int(x.q))))
        if x.is_Symbol:
            return back[x]
        if x.is_Pow:
            return Pow(go(x.base), go(x.exp))
        if x.is_Mul:
            return product(x)
        terms = sorted(map(go, x.args), key=lambda s: (isinstance(s, Neg), rank(s)))
        return add(*terms) if not isinstance(terms[0], Neg) else Neg(add(*(s.body for s in terms if isinstance(s, Neg))))

    def product(x: Any) -> Term:
        c, rest = x.as_coeff_Mul()
        if c < 0:
            return Neg(go(-x))
        factors = sorted(map(go, sp.Mul.make_args(rest)), key=lambda f: (isinstance(f, Add | Sum), rank(f)))
        return tidy(mul(*((go(c),) if c != 1 else ()), *factors))

    top, bottom = e.as_numer_denom()
    return tidy(go(top) if bottom == 1 else Div(go(top), go(bottom)))


def _sign_in(t: Term) -> Term:
    """−(y − p) f = (p − y) f"""
    if isinstance(t, D):
        return t
    t = rebuild(t, [_sign_in(c) for c in children(t)])
    return (_flipped(t.body) or t) if isinstance(t, Neg) else t


def _flipped(t: Term) -> Term | None:
    """−t, by turning one difference round."""
    match t:
        case Add((a, Neg(b))) if not isinstance(a, Neg):
            return Add((b, Neg(a)))
        case Div(a, b):
            return Div(f, b) if (f := _flipped(a)) else None
        case Mul(fs):
            for k, x in enumerate(fs):
                if f := _flipped(x):
                    return mul(*fs[:k], f, *fs[k + 1 :])
        case Sum(index, body):
            return Sum(index, f) if (f := _flipped(body)) else None
    return None


def fold(problem: Problem, t: Term) -> Term:
    """An expression that the tape has named is called by its name again: tanh z_ih is a_ih."""
    if isinstance(t, Call | Div):
        for d in problem.tape:
            to = _match(d.value, t, {}) if type(d.value) is type(t) else None
            if to is not None and set(to) >= set(d.name.indices):
                return rename(d.name, to)
    return t if isinstance(t, D) else rebuild(t, [fold(problem, c) for c in children(t)])


def _match(pattern: Term, t: Term, to: dict[str, str]) -> dict[str, str] | None:
    """The renaming of indices that makes the pattern t, or None."""
    match pattern, t:
        case Name(s, indices), Name(r, others) if s == r and len(indices) == len(others):
            return to if all(to.setdefault(a, b) == b for a, b in zip(indices, others, strict=True)) else None
        case (Call(f, _), Call(g, _)) if f != g:
            return None
        case (Compare(_, f, _), Compare(_, g, _)) if f != g:
            return None
        case (Num() | Sum() | Cases() | D(), _):
            return to if pattern == t else None
    inside, others_inside = children(pattern), children(t)
    if type(pattern) is not type(t) or isinstance(pattern, Name) or len(inside) != len(others_inside):
        return None
    return to if all(_match(p, c, to) is not None for p, c in zip(inside, others_inside, strict=True)) else None


def count_out(problem: Problem, t: Term) -> Term:
    """Σ_i c = n c, everywhere in t."""
    t = t if isinstance(t, D) else rebuild(t, [count_out(problem, c) for c in children(t)])
    match t:
        case Sum(index, body) if index not in free(body) and (n := dict(problem.count).get(axis(index))):
            return mul(n, body)
    return t
