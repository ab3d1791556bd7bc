"""Update rules: w_new = w_old − α ∂L/∂w, in all the ways people write them.

Glossary: `p` the parameter, `change` what is added to it, `rate` the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symgd.handcalc.claims import Claim, Judged
from symgd.handcalc.conventions import FACTORS, ROLES, derived_by, version
from symgd.handcalc.resolve import resolve_all
from symgd.handcalc.setting import Setting
from symgd.indices import axis, free
from symgd.term import ONE, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, mul, names, parts, rebuild, children, subterms

__all__ = ["Update", "judge_update", "update_of"]


@dataclass(frozen=True)
class Update:
    """p becomes `right`; `name` is how the left side is written."""

    p: str
    name: Name
    right: Term


def update_of(setting: Setting, left: Term, right: Term, relation: str) -> Update | None:
    """The update that the line may be: a parameter set to something made of itself, or a new value of it."""
    if not isinstance(left, Name):
        return None
    stem, kind = version(left.symbol)
    stem = setting.roles.aliases.get(stem, stem)
    if kind == "new" and (stem in setting.known or stem in {version(s)[0] for s in names(right)}):
        return Update(stem, left, right)
    if kind != "old" and setting.roles.of.get(left.symbol) == "parameter" and any(version(s)[0] == left.symbol for s in names(right)):
        return Update(left.symbol, left, right) if relation == ":=" or _additive(right, left.symbol) else None
    return None


def _additive(t: Term, p: str) -> bool:
    return any(isinstance(x, Name) and version(x.symbol)[0] == p for x in parts(Add, t))


def judge_update(setting: Setting, u: Update) -> Judged:
    """Is it a step against the gradient?  Raises Misfit."""
    words = _slopes(setting, u)
    pure = _pure(setting, u, words)
    if pure is not None:
        return pure
    found = resolve_all(setting, (_old(u.right, u.p),))
    right = found.members[0]
    p = setting.declared(u.p)
    setting = setting.knows(right)
    main = setting.objective
    if main is None or not setting.depends(main, u.p):
        return Judged("given", "a rule for the next value; nothing to judge", claim=Claim(setting, p, right, "update"))
    strangers = {s for s in names(right) - setting.referee.made_of(frozenset((main.symbol,))) if setting.roles.of.get(s) not in ("rate", "count")}
    if other := sorted(s for s in strangers if s != u.p and not setting.definition(s)):
        return Judged("given", f"a rule for the next value, made of {' and '.join(other)}", claim=Claim(setting, p, right, "update"))
    change = Add((right, Neg(p)))
    slope = setting.rate(main, p)
    step = mul(_rate(setting, right), slope)
    claim = Claim(setting, Add((p, step if _maximised(setting) else Neg(step))), right, "update")
    for total in _totals(change):
        for rate in _rates(setting, right):
            step = Neg(mul(rate, slope))
            if setting.proved(total, step):
                says = "a step against the gradient" + ("" if total is change else "; the sum over the examples is left out")
                return Judged("right" if total is change else "notation", says, claim=claim)
            if setting.proved(total, mul(rate, slope)):
                if _maximised(setting):
                    return Judged("right", f"a step with the gradient, uphill: {main.symbol} is to be as large as it can be", claim=claim)
                return Judged("wrong", "the step goes with the gradient, uphill: it has to be subtracted", claim=claim, check=setting.compare(change, step))
            for factor, said in FACTORS(setting.count):
                if setting.proved(total, mul(factor, step)):
                    return Judged("convention", f"a step against the gradient, but for the factor {said}, which the learning rate can take up", said, claim)
    if not names(right) & set(setting.roles.all("rate")) and setting.proved(change, Neg(slope)):
        return Judged("notation", "a step against the gradient without a learning rate", claim=claim)
    check = setting.compare(claim.left, right)
    if found.unknown or check.verdict != "refuted":
        return Judged("undecided", "it is not clear what this step is made of", claim=claim)
    return Judged("wrong", f"this is no step against the gradient by {u.p}", claim=claim, check=check)


def _old(t: Term, p: str) -> Term:
    """p for p_old, p_t and their kin."""
    if isinstance(t, Name) and version(t.symbol) == (p, "old"):
        return Name(p, t.indices)
    return rebuild(t, [_old(c, p) for c in children(t)])


def _slopes(setting: Setting, u: Update) -> set[str]:
    """Words of the right side that mean the gradient: slope, dw."""
    out = set()
    for s in names(u.right):
        if s in setting.known and setting.definition(s):
            continue
        if s.lower() in ROLES["slope"] or derived_by(s, frozenset((u.p,))) == u.p:
            out.add(s)
    return out


def _pure(setting: Setting, u: Update, words: set[str]) -> Judged | None:
    """p − rate · gradient, with the gradient by name: nothing to work out but its sign and its parameter."""
    rest = [t for t in parts(Add, u.right) if not (isinstance(t, Name) and version(t.symbol)[0] == u.p)]
    own = [t for t in parts(Add, u.right) if isinstance(t, Name) and version(t.symbol)[0] == u.p]
    claim = Claim(setting, Name(u.p), u.right, "update")
    if len(own) == 1 and not rest:
        return Judged("right", "what is left of the rule where the slope is zero: nothing changes any more", claim=claim)
    if len(own) != 1 or len(rest) != 1:
        return None
    sign, body = (-1, rest[0].body) if isinstance(rest[0], Neg) else (1, rest[0])
    factors = list(parts(Mul, body))
    if any(isinstance(f, Num) and f.value == 0 for f in factors):
        return Judged("right", "the rule where the slope is zero: nothing changes any more", claim=claim)
    slopes = [f for f in factors if _is_slope(f, words)]
    if len(slopes) != 1 or any(not isinstance(f, Name | Num | Div) or f.indices for f in factors if f is not slopes[0] and isinstance(f, Name)):
        return None
    slope = slopes[0]
    by = version(slope.by.symbol)[0] if isinstance(slope, D) else u.p
    by = setting.roles.aliases.get(by, by)
    claim = replace(claim, left=Add((own[0], Neg(mul(*(_slope_by(f, u.p) if f is slope else f for f in factors))))))
    if by != u.p and isinstance(slope, D):
        return Judged("wrong", f"the gradient by {by} is used to change {u.p}", claim=claim)
    other = next((derived_by(f.symbol, frozenset(setting.roles.all("parameter"))) for f in factors if isinstance(f, Name)), None)
    if other and other != u.p:
        return Judged("wrong", f"the gradient by {other} is used to change {u.p}", claim=claim)
    if sign > 0 and not any(isinstance(f, Num) and f.value < 0 for f in factors):
        if _maximised(setting):
            return Judged("given", "a step with the gradient, uphill: what is maximised", claim=claim)
        return Judged("wrong", "the step goes with the gradient, uphill: it has to be subtracted", claim=claim)
    if len(factors) == 1:
        return Judged("notation", "a step against the gradient without a learning rate", claim=claim)
    named = isinstance(slope, Name) and slope.symbol.lower() in ROLES["slope"]
    return Judged("right" if named else "given", "a step against the gradient", claim=claim)


def _maximised(setting: Setting) -> bool:
    """Is the objective a likelihood: logarithms with a plus, squares with a minus?"""
    d = setting.definition(setting.objective.symbol) if setting.objective else None
    inner = frozenset(setting.roles.all("parameter"))
    signs = {sign if isinstance(t, Call) else -sign for t, sign in _deviations(d.value, 1) if setting.referee.made_of(names(t)) & inner} if d else set()
    return signs == {1}


def _deviations(t: Term, sign: int) -> Iterator[tuple[Term, int]]:
    """The logarithms and squares that are added up, each with its sign."""
    match t:
        case Call("log", _) | Pow(_, Num(_)):
            yield t, sign
        case Neg(a):
            yield from _deviations(a, -sign)
        case Mul(fs):
            minus = sum(isinstance(f, Neg) or (isinstance(f, Num) and f.value < 0) for f in fs)
            for f in fs:
                yield from _deviations(f.body if isinstance(f, Neg) else f, sign * (-1) ** minus)
        case Add(ts):
            for x in ts:
                yield from _deviations(x, sign)
        case Sum(_, a) | Div(a, _):
            yield from _deviations(a, sign)


def _slope_by(slope: Term, p: str) -> Term:
    return D(slope.of, Name(p, slope.by.indices), slope.partial) if isinstance(slope, D) and slope.by.symbol != p else slope


def _is_slope(f: Term, words: set[str]) -> bool:
    if isinstance(f, D):
        return isinstance(f.of, Name)
    return isinstance(f, Name) and f.symbol in words


def _totals(change: Term) -> Iterator[Term]:
    yield change
    extra = sorted(a for a in free(change) if axis(a) == "i")
    if len(extra) == 1:
        yield _summed(change, extra[0])


def _summed(change: Term, letter: str) -> Term:
    """The terms with the index, summed; the parameter and its negative cancel."""
    terms = [Sum(letter, t) if letter in free(t) else t for t in parts(Add, change)]
    return Add(tuple(terms))


def _rate(setting: Setting, right: Term) -> Term:
    return next(_rates(setting, right), ONE)


def _rates(setting: Setting, right: Term) -> Iterator[Term]:
    """What may be the learning rate: names with that role, then numbers."""
    main = setting.objective
    inside = setting.referee.made_of(frozenset((main.symbol,))) if main else frozenset()
    own = [s for s in setting.roles.all("rate") if s in names(right) and s not in inside]
    if own:
        yield mul(*map(Name, own))
        return
    for s in dict.fromkeys(subterms(right)):
        if isinstance(s, Num) and 0 < s.value < 1:
            yield s
            yield Div(s, Num(ONE.value * 2))
            yield mul(Num(ONE.value * 2), s)
