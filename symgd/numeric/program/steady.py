"""Softmax without overflow: e_ik = e^(z_ik) over S_i = Σ_k e_ik is the same for e_ik = e^(z_ik − m_i), m_i the largest z_ik of its row.

All lines that use e and S are looked through: one that is multiplied by c^d where e and S are multiplied by c has the degree d.  The loss and its
derivatives must have the degree 0, else nothing is changed.  Logarithms are taken before that: log S_i = m_i + log Σ_k e^(z_ik − m_i) and
log p_ik = z_ik − log S_i.  At last e_ik/p_ik is S_i, so that nothing is divided by a p_ik that has come out as 0.

Glossary: `a` what e is the exponential of; `k` the index that is summed over; `m` the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symgd.derivation import Gradient
from symgd.indices import free, rename
from symgd.numeric.program.aligned import fraction, quotient
from symgd.term import Add, Call, Cases, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, children, names, rebuild, replace, subterms

__all__ = ["EXP", "LARGEST", "steady"]

Lines = list[tuple[Name, Term]]
Degree = dict[tuple[str, ...], Fraction]  # the power of c_i for each group of indices i
LARGEST, EXP = "⌈", "ₑ"  # how the symbols begin that are made here


@dataclass(frozen=True)
class _Row:
    """e = exp(a), S = Σ_k e, p = e/S (None where it has no name), m the largest a."""

    e: Name
    a: Term
    S: Name
    m: Name
    p: Name | None


def steady(gradient: Gradient) -> tuple[Lines, Lines]:
    """The definitions and the sensitivities (by what, value), in order, with every softmax in the form that cannot overflow."""
    problem = gradient.problem
    forward = [(d.name, d.value) for d in problem.tape]
    backward = [(s.goal.by, s.result) for s in gradient.sensitivities() if isinstance(s.goal, D)]
    for name, value in list(forward):
        for s in subterms(value):
            if isinstance(s, Sum) and (found := _steadied(forward, backward, name, s, gradient)) is not None:
                forward, backward = found
    return forward, backward


def _steadied(forward: Lines, backward: Lines, name: Name, total: Sum, gradient: Gradient) -> tuple[Lines, Lines] | None:
    """The lines with the softmax whose sum is `total`, written in the definition of `name`, shifted; None where that would change a result."""
    values = {n.symbol: (n, v) for n, v in forward}
    e = total.body
    inner = _value(values, e) if isinstance(e, Name) else e
    if not isinstance(inner, Call) or inner.function != "exp" or any(s[0] == LARGEST for s in names(inner)):
        return None
    a = inner.args[0]
    stem = a.symbol if isinstance(a, Name) else name.symbol
    taken = {n.symbol for n, _ in forward}
    where = next(j for j, (n, _) in enumerate(forward) if n == name)
    before, after = forward[:where], forward[where:]
    if not isinstance(e, Name):
        e = Name(_unused(EXP + stem, taken), a.indices if isinstance(a, Name) else tuple(sorted(free(a))))
        before = [*before, (e, inner)]
        after, backward = (_each(lines, _folding(inner, e)) for lines in (after, backward))
    own = next((v for n, v in after if n == name), None)
    if own == Sum(total.index, e):
        S = name
    else:
        S = Name(_unused(EXP + "sum_" + stem, taken), tuple(x for x in e.indices if x != total.index))
        before = [*before, (S, Sum(total.index, e))]
        after, backward = (_each(lines, _folding(Sum(total.index, e), S)) for lines in (after, backward))
    m = Name(_unused(LARGEST + stem, taken), S.indices)
    p = next((n.symbol for n, v in after if _quotient_of(v) == (e.symbol, S.symbol) and isinstance(v, Div) and v.top == Name(e.symbol, n.indices)), None)
    row = _Row(e, a, S, m, Name(p, e.indices) if p else None)
    forward = [*before, *after]
    if not _invariant(row, _each(forward, lambda t: _logs(row, t)), _each(backward, lambda t: _logs(row, t)), gradient):
        return None
    at = next(j for j, (n, _) in enumerate(forward) if n.symbol == e.symbol)
    shifted = [*forward[:at], (m, Call("largest", (Sum(total.index, a),))), (e, Call("exp", (a - m,))), *forward[at + 1 :]]
    results = {by.symbol: (by, v) for by, v in backward}
    return _each(shifted, lambda t: _logs(row, t)), _each(backward, lambda t: _cancelled(row, _logs(row, t), results))


def _quotient_of(t: Term) -> tuple[str, str] | None:
    return (t.top.symbol, t.bottom.symbol) if isinstance(t, Div) and isinstance(t.top, Name) and isinstance(t.bottom, Name) else None


def _unused(symbol: str, taken: set[str]) -> str:
    return next(s for k in range(len(taken) + 1) if (s := f"{symbol}{k or ''}") not in taken)


def _each(lines: Lines, change: Callable[[Term], Term]) -> Lines:
    return [(n, change(v)) for n, v in lines]


def _value(values: Mapping[str, tuple[Name, Term]], n: Name) -> Term | None:
    """What a name is defined as, at its indices."""
    if n.symbol not in values:
        return None
    own, value = values[n.symbol]
    return rename(value, {a: b for a, b in zip(own.indices, n.indices, strict=True) if a != b})


def _folding(pattern: Term, n: Name) -> Callable[[Term], Term]:
    """Puts the name for the pattern, whatever letters its indices have."""

    def one(t: Term) -> Term | None:
        to: dict[str, str] = {}
        if type(t) is type(pattern) and _alike(pattern, t, to):
            return Name(n.symbol, tuple(to[a] for a in n.indices))
        return None

    return lambda t: replace(t, one)


def _alike(a: Term, b: Term, to: dict[str, str]) -> bool:
    """Is b the term a with its indices renamed?  `to` gets the letters."""
    if type(a) is not type(b):
        return False
    match a, b:
        case (Name(s, one), Name(t, other)):
            return s == t and len(one) == len(other) and all(to.setdefault(x, y) == y for x, y in zip(one, other, strict=True))
        case (Sum(i, f), Sum(j, g)):
            inner = {**to, i: j}
            if not _alike(f, g, inner):
                return False
            to |= {x: y for x, y in inner.items() if x != i}
            return True
        case (Num(), Num()):
            return a == b
        case (Call(f, _), Call(g, _)) if f != g:
            return False
    one_side, other_side = children(a), children(b)
    return bool(one_side) and len(one_side) == len(other_side) and all(_alike(x, y, to) for x, y in zip(one_side, other_side, strict=True))


# ---------------------------------------------------------------- does the shift change a result?


def _invariant(row: _Row, forward: Lines, backward: Lines, gradient: Gradient) -> bool:
    """Have the loss and its derivatives the degree 0, and is every line they are made of of one degree?"""
    inner = {row.e.symbol: row.S.indices, row.S.symbol: row.S.indices}
    degrees: dict[str, Degree | None] = {}
    own: dict[str, tuple[str, ...]] = {}
    for n, value in (*forward, *((Name(_word(by), by.indices), v) for by, v in backward)):
        own[n.symbol] = row.e.indices if n.symbol == row.e.symbol else n.indices
        degrees[n.symbol] = {inner[n.symbol]: Fraction(1)} if n.symbol in inner else _degree(value, degrees, own, row.S.symbol)
    results = [gradient.problem.objective.symbol, *(_word(p) for p in gradient.problem.parameters)]
    return all(degrees.get(r) == {} for r in results)


def _word(by: Name) -> str:
    return f"∂{by.symbol}"


def _degree(t: Term, degrees: Mapping[str, Degree | None], own: Mapping[str, tuple[str, ...]], total: str) -> Degree | None:
    """The degree of a term, or None where it has none; log S stands beside m, and both together have the degree 0."""

    def go(s: Term) -> Degree | None:
        match s:
            case Name() | D():
                n = s if isinstance(s, Name) else Name(_word(s.by), s.by.indices)
                found = degrees.get(n.symbol, {})
                to = dict(zip(own.get(n.symbol, ()), n.indices, strict=False))
                return None if found is None else {tuple(to.get(a, a) for a in key): d for key, d in found.items()}
            case Call("log", (Name(symbol, _),)) if symbol == total:
                return {}
            case Add(ts):
                return _alone([go(x) for x in ts])
            case Cases(pieces, otherwise):
                return _alone([go(v) for v, _ in pieces] + [go(otherwise)]) if all(go(c) is not None for _, c in pieces) else None
            case Compare(left, _, right):
                return _alone([go(left), go(right)])
            case Mul(fs):
                return _plus([(go(f), 1) for f in fs])
            case Div(a, b):
                return _plus([(go(a), 1), (go(b), -1)])
            case Neg(a):
                return go(a)
            case Pow(a, Num(k)):
                return _plus([(go(a), k)])
            case Sum(index, body):
                found = go(body)
                return None if found is None or any(index in key for key in found) else found
        return {} if all(go(c) == {} for c in children(s)) else None

    return go(t)


def _alone(found: list[Degree | None]) -> Degree | None:
    return found[0] if all(d == found[0] for d in found) else None


def _plus(found: list[tuple[Degree | None, Fraction | int]]) -> Degree | None:
    out: Degree = {}
    for degree, times in found:
        if degree is None:
            return None
        for key, d in degree.items():
            out[key] = out.get(key, Fraction(0)) + d * times
    return {key: d for key, d in out.items() if d}


# ---------------------------------------------------------------- logarithms, and what cancels


def _logs(row: _Row, t: Term) -> Term:
    """log e, log S and log p over what stands in the exponent."""

    def at(pattern: Name, n: Name, value: Term) -> Term:
        return rename(value, {a: b for a, b in zip(pattern.indices, n.indices, strict=True) if a != b})

    def one(s: Term) -> Term | None:
        match s:
            case Call("log", (Name() as n,)) if n.symbol == row.e.symbol:
                return at(row.e, n, row.a)
            case Call("log", (Name() as n,)) if n.symbol == row.S.symbol:
                return at(row.S, n, row.m + Call("log", (row.S,)))
            case Call("log", (Name() as n,)) if row.p is not None and n.symbol == row.p.symbol:
                return at(row.p, n, row.a - row.m - Call("log", (row.S,)))
            case Call("log", (Div(Name() as n, Name() as o),)) if (n.symbol, o.symbol) == (row.e.symbol, row.S.symbol):
                return at(row.e, n, row.a - row.m - Call("log", (row.S,)))
        return None

    return replace(t, one)


def _cancelled(row: _Row, t: Term, results: Mapping[str, tuple[Name, Term]]) -> Term:
    """e/p as S in every product, and a sensitivity that is divided by p written out where e stands beside it."""
    if row.p is None:
        return t
    if not isinstance(t, Mul | Div):
        return rebuild(t, [_cancelled(row, c, results) for c in children(t)])
    sign, top, bottom = fraction(t)
    top, bottom = ([x for f in side for x in _repeated(f)] for side in (top, bottom))
    for f in top:
        beside = isinstance(f, D) and any(isinstance(g, Name) and g == Name(row.e.symbol, f.by.indices) for g in top)
        if isinstance(f, D) and beside and f.by.symbol in (row.e.symbol, row.p.symbol):
            value = _value(results, f.by)
            if value is not None and _divides(value, row.p.symbol):
                rest = list(top)
                rest.remove(f)
                terms = value.terms if isinstance(value, Add) else (value,)
                return _cancelled(row, add(*(quotient(sign, [*rest, x], bottom) for x in terms)), results)
        if isinstance(f, Add) and _divides(f, row.p.symbol) and any(isinstance(g, Name) and g.symbol == row.e.symbol for g in top):
            rest = list(top)
            rest.remove(f)
            return _cancelled(row, add(*(quotient(sign, [*rest, x], bottom) for x in f.terms)), results)
    for q in [q for q in bottom if isinstance(q, Name) and q.symbol == row.p.symbol]:
        over = Name(row.e.symbol, q.indices)
        if over in top:
            top.remove(over)
            bottom.remove(q)
            to = dict(zip(row.p.indices, q.indices, strict=True))
            top.append(Name(row.S.symbol, tuple(to[a] for a in row.S.indices)))
    for s in [s for s in top if isinstance(s, Name) and s.symbol == row.S.symbol]:
        if s in bottom:
            top.remove(s)
            bottom.remove(s)
    return quotient(sign, [_cancelled(row, f, results) for f in top], [_cancelled(row, f, results) for f in bottom])


def _repeated(f: Term) -> list[Term]:
    if isinstance(f, Pow) and isinstance(f.base, Name) and isinstance(f.exponent, Num) and f.exponent.value.denominator == 1 and 0 < f.exponent.value < 5:
        return [f.base] * int(f.exponent.value)
    return [f]


def _divides(t: Term, symbol: str) -> bool:
    """Is the name below a fraction stroke?"""
    return any(isinstance(s, Div) and symbol in names(s.bottom) for s in subterms(t))
