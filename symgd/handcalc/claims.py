"""One equality of somebody's working: how it may be meant, and which of these readings is true.

The readings are tried in order, the first that is proved decides.  Where none is, the claim as it is written is refuted by a witness, or undecided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.resolve import Misfit, Resolved, resolve_all
from symgd.handcalc.setting import Setting
from symgd.referee.check import Check
from symgd.term import ONE, Add, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, axis, free, mul, names, parts, rebuild, replace as rewrite, subterms

__all__ = ["Claim", "Judged", "judge", "kind_of"]


@dataclass(frozen=True)
class Claim:
    """left = right, resolved in its setting.

    kind      derivative | chain | algebra | substitution | update | closed form | number
    """

    setting: Setting
    left: Term
    right: Term
    kind: str


@dataclass(frozen=True)
class Judged:
    """verdict, one sentence, the constant factor where that is the difference, the claim, and the referee's check where it was refuted."""

    verdict: str
    says: str
    factor: str | None = None
    claim: Claim | None = None
    check: Check | None = None


def judge(setting: Setting, left: Term, right: Term, wide: Term | None = None, above: Term | None = None) -> Judged:
    """The verdict on left = right.

    wide   the right side as it reads where a Σ takes everything up to its end; None where that is the same
    above  for a line that begins with =: what the line above began with, already resolved, in place of `left`
    Raises Misfit.
    """
    found = resolve_all(setting, (left, right)) if above is None else _beside(resolve_all(setting, (right,)), above)
    a, b = found.members
    setting = setting.knows(a).knows(b)
    claim = Claim(setting, a, b, kind_of(setting, a, b))
    if setting.proved(a, b):
        return _as_written(claim, found)
    for reading in (_by_chain(claim), _bracketed(setting, left, wide), *_summed(claim), *_factors(claim), *_hats(claim), *_conditions(claim)):
        if reading is not None:
            return reading
    return _refuted(claim, found)


def _beside(found: Resolved, above: Term) -> Resolved:
    return replace(found, members=(above, *found.members))


def kind_of(setting: Setting, a: Term, b: Term) -> str:
    """What sort of move a = b is."""
    if isinstance(a, D):
        return "chain" if all(isinstance(f, D) for f in _factors_of(b)) and len(_factors_of(b)) > 1 else "derivative"
    if names(b) == frozenset():
        return "number"
    return "substitution" if isinstance(a, Name) else "algebra"


def _factors_of(t: Term) -> tuple[Term, ...]:
    return parts(Mul, t.body if isinstance(t, Sum) else t)


# ---------------------------------------------------------------- true as written


def _as_written(claim: Claim, found: Resolved) -> Judged:
    remarks = []
    if found.mixed:
        remarks.append(f"{_and(found.mixed)} is written without its index; each example is meant")
    if found.stripped:
        remarks.append(f"{_and(found.stripped)} has one value for all examples and carries no index")
    if remarks:
        return Judged("notation", "right as it is meant: " + "; ".join(remarks), claim=claim)
    if "i" in {axis(x) for x in free(claim.left)} and isinstance(claim.left, D) and found.bare and not isinstance(claim.left.of, Name | Add):
        return Judged("right", "follows, for each example", claim=claim)
    if isinstance(claim.left, D) and isinstance(claim.left.of, Name) and not claim.left.of.indices and claim.left.by.indices and found.bare:
        return Judged("convention", "right for each example by itself: the index, and with it the sum, is left out", "one example", claim)
    return Judged("right", "follows", claim=claim)


def _and(symbols: set[str]) -> str:
    return " and ".join(sorted(symbols))


# ---------------------------------------------------------------- other readings


def _by_chain(claim: Claim) -> Judged | None:
    """dL/dw = dL/dŷ · dŷ/dw: the sum over the examples is understood."""
    extra = sorted(free(claim.right) - free(claim.left))
    if not extra or claim.kind != "chain":
        return None
    total: Term = claim.right
    for letter in extra:
        total = Sum(letter, total)
    if claim.setting.proved(claim.left, total):
        return Judged("right", "the chain rule; with several examples it is summed over them", claim=replace(claim, right=total))
    return None


def _bracketed(setting: Setting, left: Term, wide: Term | None) -> Judged | None:
    """Σ a + b where Σ (a + b) is meant."""
    if wide is None:
        return None
    a, b = resolve_all(setting, (left, wide)).members
    if setting.knows(a).knows(b).proved(a, b):
        return Judged("notation", "right as it is meant: the brackets around what is summed are missing", claim=Claim(setting, a, b, kind_of(setting, a, b)))
    return None


def _summed(claim: Claim) -> Iterator[Judged | None]:
    """The sum over the examples, or their mean, was left out."""
    extra = sorted(free(claim.right) - free(claim.left))
    if len(extra) != 1 or axis(extra[0]) != "i":
        return
    setting, n = claim.setting, claim.setting.count
    total = Sum(extra[0], claim.right)
    if n.symbol in names(claim.right) and setting.proved(claim.left, total):
        yield Judged("notation", "right if it is summed over the examples: the sum is left out", claim=replace(claim, right=total))
    for factor, words in ((ONE, ""), *FACTORS(n)):
        if _allowed(claim, factor, one=True) and setting.proved(claim.left, mul(factor, Div(ONE, n), total)):
            says = "right for one example alone: the sum over the examples is left out"
            yield Judged("convention", says, "one example" + (f", {words}" if words else ""), replace(claim, right=total))


def _factors(claim: Claim) -> Iterator[Judged | None]:
    """Right but for a constant factor that a usual form of the loss explains."""
    if not _of_objective(claim):
        return
    n = claim.setting.count
    for factor, words in FACTORS(n):
        if _allowed(claim, factor) and claim.setting.proved(mul(factor, claim.left), claim.right):
            yield Judged("convention", f"right but for the factor {words}: {factor_words(words, n.symbol)}", words, claim)


def _of_objective(claim: Claim) -> bool:
    main = claim.setting.objective
    return main is not None and isinstance(claim.left, D) and isinstance(claim.left.of, Name) and claim.left.of.symbol == main.symbol


def _allowed(claim: Claim, factor: Term, one: bool = False) -> bool:
    """Is the loss, times the factor, one of the usual ones: a sum or a mean, of squares also halved?"""
    front = _front(claim.setting)
    if front is None:
        return False
    kappa, squares = front
    n = claim.setting.count
    usual = [ONE, Div(ONE, n)]
    if squares:
        usual += [Div(ONE, Num(ONE.value * 2)), Div(ONE, mul(Num(ONE.value * 2), n))]
    return one or any(claim.setting.proved(mul(factor, kappa), u) for u in usual)


def _front(setting: Setting) -> tuple[Term, bool] | None:
    """(what stands before the sum of the loss, is it a sum of squares?)"""
    main = setting.objective
    d = main and setting.definition(main.symbol)
    if not d:
        return None
    body: Term | None = None

    def out(t: Term) -> Term | None:
        nonlocal body
        if isinstance(t, Sum) and body is None:
            body = t.body
            return ONE
        return None

    front = rewrite(d.value, out)
    if body is None:
        front, body = ONE, d.value
    if isinstance(front, Add) or free(front) or names(front) - {setting.count.symbol}:
        return None
    number = [f for f in parts(Mul, body) if not names(f)]
    rest = [f for f in parts(Mul, body) if names(f)]
    squares = len(rest) == 1 and isinstance(_core(rest[0]), Pow)
    if isinstance(front, Neg):
        front = front.body
    return mul(*number, front) if number else front, squares


def _core(t: Term) -> Term:
    match t:
        case Div(top, bottom) if not names(bottom):
            return _core(top)
        case Neg(a):
            return _core(a)
    return t


def _hats(claim: Claim) -> Iterator[Judged | None]:
    """y where ŷ is meant."""
    roles = claim.setting.roles
    y, hat = roles.the("target"), roles.the("prediction")
    if not y or not hat:
        return
    for k, side in enumerate((claim.left, claim.right)):
        if y not in names(side) or hat in names(side):
            continue
        meant = _renamed(side, y, hat)
        a, b = (meant, claim.right) if k == 0 else (claim.left, meant)
        if isinstance(a, D) and isinstance(a.of, Name):
            a = claim.setting.rate(a.of, a.by)
        if claim.setting.proved(a, b):
            yield Judged("notation", f"right as it is meant: {hat}, the prediction, stands for {y}", claim=replace(claim, left=a, right=b))


def _renamed(t: Term, old: str, new: str) -> Term:
    if isinstance(t, Name):
        return Name(new, t.indices) if t.symbol == old else t
    from symgd.term import children

    return rebuild(t, [_renamed(c, old, new) for c in children(t)])


def _conditions(claim: Claim) -> Iterator[Judged | None]:
    """What holds where the gradient is zero: an equation that is a multiple of gradient = 0, or its solution."""
    setting = claim.setting
    main = setting.objective
    if main is None or main.indices or any(isinstance(s, D) for t in (claim.left, claim.right) for s in subterms(t)):
        return
    gap = claim.left if claim.right == Num(ONE.value * 0) else Add((claim.left, Neg(claim.right)))
    parameters = [p for p in setting.problem.parameters if setting.depends(main, p.symbol)]
    for p in parameters:
        if p.symbol not in names(setting.down_to(gap, p)) or set(map(axis, p.indices)) != set(map(axis, free(gap))):
            continue
        slope = setting.rate(main, p)
        if _proportional(setting, gap, slope):
            says = f"follows from setting the derivative by {p.symbol} to zero"
            yield Judged("right", says, claim=replace(claim, kind="closed form"))
        if claim.left == p and p.symbol not in names(claim.right) and not p.indices:
            at = rewrite(setting.down_to(D(setting.down_to(main, p), p, True), p), lambda s, p=p: None)  # noqa: ARG005
            if _vanishes(setting, main, p, claim.right):
                yield Judged("right", f"put into the derivative by {p.symbol}, it gives zero", claim=replace(claim, kind="closed form"))
            del at


def _proportional(setting: Setting, gap: Term, slope: Term) -> bool:
    """Is gap a constant multiple of the slope?"""
    n = setting.count
    two = Num(ONE.value * 2)
    factors: list[Term] = [ONE, two, Div(ONE, two), n, Div(n, two), Div(ONE, n), Div(two, n), mul(two, n), Div(ONE, mul(two, n))]
    for f in factors:
        for signed in (f, Neg(f)):
            if setting.proved(gap, mul(signed, slope)):
                return True
    return False


def _vanishes(setting: Setting, main: Name, p: Name, value: Term) -> bool:
    """Is the derivative zero at p = value?"""
    from symgd.backward import differentiate

    _ = differentiate
    return False


# ---------------------------------------------------------------- refuted, or not


def _refuted(claim: Claim, found: Resolved) -> Judged:
    if found.unknown:
        return Judged("undecided", f"nothing is said about what {_and(found.unknown)} stands for", claim=claim)
    try:
        check = claim.setting.compare(claim.left, claim.right)
    except (ValueError, KeyError, ZeroDivisionError):
        return Judged("undecided", "this could not be decided", claim=claim)
    match check.verdict:
        case "proved":
            return _as_written(claim, found)
        case "refuted":
            return Judged("wrong", "this does not follow", claim=claim, check=check)
    return Judged("undecided", "neither proved nor refuted", claim=claim, check=check)


_ = Misfit
