"""One equality of somebody's working: how it may be meant, and which of these readings is true.

The readings are tried in order, the first that is proved decides.  Where none is, the claim as it is written is refuted by a witness, or undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from symgd.handcalc.conditions import condition, inverted, solution
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.resolve import Misfit, Resolved, resolve_all
from symgd.handcalc.setting import Setting
from symgd.referee.check import Check
from symgd.term import ONE, TWO, Add, D, Div, Mul, Name, Neg, Pow, Sum, Term, axis, children, free, mul, names, parts, rebuild, rename, subterms
from symgd.term import replace as rewrite

__all__ = ["Claim", "Judged", "chained", "claim_of", "judge", "kind_of", "undefined", "without_index"]


@dataclass(frozen=True)
class Claim:
    """left = right, resolved in its setting.

    kind      derivative | chain | algebra | substitution | update | closed form | number | open: nothing is known of what it is about
    """

    setting: Setting
    left: Term
    right: Term
    kind: str


@dataclass(frozen=True)
class Judged:
    """verdict, one sentence, the constant factor where that is the difference, the claim, and the referee's check where it was refuted.

    meant  what the left side turned out to stand for, where it is not what is written
    """

    verdict: str
    says: str
    factor: str | None = None
    claim: Claim | None = None
    check: Check | None = None
    meant: Term | None = field(default=None, compare=False)


def claim_of(setting: Setting, left: Term, right: Term, meant: Term | None = None) -> tuple[Claim, Resolved]:
    """The claim that the two sides make; `meant` stands for the left side where it is known already.  Raises Misfit."""
    found = resolve_all(setting, (left, right) if meant is None else (right,))
    a, b = found.members if meant is None else (meant, *found.members)
    setting = setting.knows(a).knows(b)
    return Claim(setting, a, b, kind_of(a, b)), found


def kind_of(a: Term, b: Term) -> str:
    """What sort of move a = b is."""
    if isinstance(a, D):
        factors = parts(Mul, b.body if isinstance(b, Sum) else b)
        return "chain" if len(factors) > 1 and all(isinstance(f, D) for f in factors) else "derivative"
    if not names(b):
        return "number"
    return "substitution" if isinstance(a, Name) else "algebra"


def undefined(setting: Setting, *sides: Term) -> set[str]:
    """What is differentiated and never defined: nothing can be said of it."""
    known = {*setting.rates, *(d.name.symbol for d in setting.tape)}
    rates = [s for t in sides for s in subterms(t) if isinstance(s, D) and isinstance(s.of, Name)]
    tops = {s.of.symbol for s in rates if isinstance(s.of, Name) and s.of.symbol not in known and s.of.symbol != s.by.symbol}
    return {s for s in tops if setting.roles.of.get(s) not in ("parameter", "data", "target", "count", "rate")}


def judge(setting: Setting, left: Term, right: Term, wide: Term | None = None, meant: Term | None = None, solved: Mapping[str, Term] | None = None) -> Judged:
    """The verdict on left = right.

    wide    the right side as it reads where a Σ takes everything up to its end; None where that is the same
    meant   what the left side stands for, resolved
    solved  values of parameters that were found from gradient = 0
    Raises Misfit.
    """
    if (turned := inverted(left, right)) is not None:
        left, right = turned
    try:
        claim, found = claim_of(setting, left, right, meant)
    except Misfit as misfit:
        if "product of" in str(misfit) or "shape" in str(misfit) or "cannot be added" in str(misfit):
            if setting.loose or not _shaped(setting, left, right):
                return Judged("undecided", f"the shapes of what stands here are not known well enough: {misfit}")
            return Judged("wrong", f"the shapes do not fit: {misfit}")
        raise
    if missing := undefined(claim.setting, left, right):
        return _about_nothing(claim, missing)
    if claim.setting.proved(claim.left, claim.right):
        return as_written(claim, found)
    for reading in _readings(claim, found, lambda: bracketed(claim, setting, left, wide, meant), solved or {}):
        if reading is not None:
            return reading
    return _refuted(claim, found)


def _shaped(setting: Setting, *sides: Term) -> bool:
    """Is every name in the line defined, or met in what a definition is made of?"""
    used = setting.referee.made_of(frozenset(d.name.symbol for d in setting.tape))
    return all(setting.roles.aliases.get(s, s) in used or s in ("I", "pi") for t in sides for s in names(t) if s in setting.roles.vectors.symbols)


def chained(left: Term, right: Term) -> bool:
    """dE/dw = dE/do · do/dw, link by link, whatever the names are."""
    path = [f for f in parts(Mul, right) if isinstance(f, D)]
    if not isinstance(left, D) or len(path) < 2 or len(path) < len(parts(Mul, right)):
        return False
    return path[0].of == left.of and path[-1].by == left.by and all(a.by == b.of for a, b in pairwise(path))


def _about_nothing(claim: Claim, missing: set[str]) -> Judged:
    """∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂w holds whatever L is; anything else about an unknown L is taken as it stands."""
    if chained(claim.left, claim.right):
        return Judged("right", "the chain rule", claim=claim)
    return Judged("given", f"nothing is said about what {_and(missing)} is; taken as it stands", claim=replace(claim, kind="open"))


def _readings(claim: Claim, found: Resolved, brackets: Callable[[], Judged | None], solved: Mapping[str, Term]) -> Iterator[Judged | None]:
    """The readings, the likeliest first; each is tried only where those before it fail."""
    yield by_chain(claim)
    yield brackets()
    yield from _summed(claim)
    yield from _factors(claim)
    yield from _solved(claim, solved)
    yield from _hats(claim, found)
    yield _derived(claim)
    yield _normed(claim)


# ---------------------------------------------------------------- true as written


def as_written(claim: Claim, found: Resolved) -> Judged:
    """Right; with a word where an index is loose, or one sample is meant for all."""
    remarks = [f"{_and(found.mixed)} is written without its index; each example is meant"] if found.mixed else []
    if found.stripped:
        remarks.append(without_index(found.stripped))
    if remarks:
        return Judged("notation", "right as it is meant: " + "; ".join(remarks), claim=claim)
    left = claim.left
    if isinstance(left, D) and isinstance(left.of, Name) and not left.of.indices and left.by.indices and found.bare and claim.kind == "derivative":
        return Judged("convention", "right for each example by itself: the index, and with it the sum, is left out", "one example", claim)
    return Judged("right", "follows", claim=claim)


def without_index(parameters: set[str]) -> str:
    """w_i x_i + b_i: one model for each example."""
    has, carries = ("has", "carries") if len(parameters) == 1 else ("have", "carry")
    return f"{_and(parameters)} {has} one value for all examples and {carries} no index"


def _and(symbols: set[str]) -> str:
    return " and ".join(sorted(symbols))


# ---------------------------------------------------------------- other readings


def by_chain(claim: Claim) -> Judged | None:
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


def bracketed(narrow: Claim, setting: Setting, left: Term, wide: Term | None, meant: Term | None) -> Judged | None:
    """Σ a + b where Σ (a + b) is meant."""
    if wide is None:
        return None
    claim, _ = claim_of(setting, left, wide, meant)
    if not free(narrow.right) - free(narrow.left):  # what the brackets would take in has no index: a number, lost n times
        return None
    if claim.setting.proved(claim.left, claim.right):
        return Judged("notation", "right as it is meant: the brackets around what is summed are missing", claim=claim)
    return None


def _summed(claim: Claim) -> Iterator[Judged | None]:
    """The sum over the examples, or their mean, was left out."""
    extra = sorted(free(claim.right) - free(claim.left))
    if len(extra) != 1 or axis(extra[0]) != "i" or not isinstance(claim.left, D | Name):
        return
    setting, n = claim.setting, claim.setting.count
    total = Sum(extra[0], claim.right)
    if n.symbol in names(claim.right) and setting.proved(claim.left, total):
        yield Judged("notation", "right if it is summed over the examples: the sum is left out", claim=replace(claim, right=total))
    for factor, words in ((ONE, ""), *FACTORS(n)):
        if setting.proved(claim.left, mul(factor, Div(ONE, n), total)):
            says = "right for one example alone: the sum over the examples is left out"
            yield Judged("convention", says, "one example" + (f", {words}" if words else ""), replace(claim, right=total))


def _factors(claim: Claim) -> Iterator[Judged | None]:
    """Right but for a constant factor that a usual form of the loss explains."""
    main = claim.setting.objective
    if main is None or not isinstance(claim.left, D) or not isinstance(claim.left.of, Name) or claim.left.of.symbol != main.symbol:
        return
    n, front = claim.setting.count, _front(claim.setting)
    for factor, words in FACTORS(n) if front else ():
        assert front
        if _usual(claim.setting, mul(factor, front[0]), front[1]) and claim.setting.proved(mul(factor, claim.left), claim.right):
            yield Judged("convention", f"right but for the factor {words}: {factor_words(words, n.symbol)}", words, claim)


def _usual(setting: Setting, front: Term, squares: bool) -> bool:
    """Does a loss with this in front of its sum mean something usual: a sum or a mean, of squares also halved?"""
    n = setting.count
    usual: list[Term] = [ONE, Div(ONE, n)] if setting.roles.samples else [ONE]
    halves: list[Term] = [Div(ONE, mul(TWO, n)), Div(ONE, TWO)] if setting.roles.samples else [Div(ONE, TWO)]
    return any(setting.proved(front, u) for u in (*usual, *(halves if squares else ())))


def _front(setting: Setting) -> tuple[Term, bool] | None:
    """(what stands before the sum of the loss, is it a sum of squares?)"""
    main = setting.objective
    d = main and setting.definition(main.symbol)
    if not d:
        return None
    sums = [s for s in subterms(d.value) if isinstance(s, Sum)]
    body = sums[0].body if sums else d.value
    front = rewrite(d.value, lambda s: ONE if s is sums[0] else None) if sums else ONE
    if isinstance(front, Add) or free(front) or names(front) - {setting.count.symbol}:
        return None
    number, rest = _split(body)
    front = mul(*number, front.body if isinstance(front, Neg) else front)
    return front, len(rest) == 1 and isinstance(rest[0], Pow)


def _split(t: Term) -> tuple[list[Term], list[Term]]:
    """The constant factors of t, and the others."""
    match t:
        case Neg(a):
            return _split(a)
        case Div(a, b) if not names(b):
            number, rest = _split(a)
            return [*number, Div(ONE, b)], rest
    fs = parts(Mul, t)
    return [f for f in fs if not names(f)], [f for f in fs if names(f)]


def _hats(claim: Claim, found: Resolved) -> Iterator[Judged | None]:
    """y where ŷ is meant."""
    roles = claim.setting.roles
    y, hat = roles.the("target"), roles.the("prediction")
    if not y or not hat:
        return
    for left in (True, False):
        side = claim.left if left else claim.right
        if y not in names(side) or hat in names(side):
            continue
        meant = _renamed(claim.setting, side, y, hat)
        a, b = (meant, claim.right) if left else (claim.left, meant)
        if claim.setting.proved(a, b):
            says = f"right as it is meant: {hat}, the prediction, stands for {y}"
            says += f"; {without_index(found.stripped)}" if found.stripped else ""
            yield Judged("notation", says, "hat", replace(claim, left=a, right=b))


def _renamed(setting: Setting, t: Term, old: str, new: str) -> Term:
    match t:
        case Name(s, indices):
            return Name(new, indices) if s == old else t
        case D(of, by):
            of, by_ = _renamed(setting, of, old, new), _renamed(setting, by, old, new)
            return setting.rate(of, by_) if isinstance(by_, Name) else t
    return rebuild(t, [_renamed(setting, c, old, new) for c in children(t)])


def _solved(claim: Claim, solved: Mapping[str, Term]) -> Iterator[Judged | None]:
    """What holds where the gradient is zero."""
    if p := condition(claim.setting, claim.left, claim.right):
        yield Judged("right", f"follows from setting the derivative by {p} to zero", claim=replace(claim, kind="closed form"))
    for p_, value in ((claim.left, claim.right), (claim.right, claim.left)):
        free_one = isinstance(p_, Name) and claim.setting.roles.of.get(p_.symbol) == "parameter" and not p_.indices and not free(value)
        if isinstance(p_, Name) and free_one and solution(claim.setting, p_, value, solved):
            says = f"put into the derivative by {p_.symbol}, it gives zero"
            yield Judged("right", says, claim=replace(claim, left=p_, right=value, kind="closed form"))
        if isinstance(p_, Name) and free_one and _minimiser(replace(claim, left=p_, right=value)):
            yield Judged("right", f"the value of {p_.symbol} where both derivatives are zero", claim=replace(claim, left=p_, right=value, kind="closed form"))


def _minimiser(claim: Claim) -> bool:
    """Is the right side the parameter's value where all derivatives are zero, as our own solution has it?"""
    from symgd.handcalc.remedy import solution

    value = solution(claim)
    return value is not None and claim.setting.knows(value).proved(value, claim.right)


def _normed(claim: Claim) -> Judged | None:
    """∂L/∂z_k = s_k − t_k, where the targets of one example sum to one."""
    setting = claim.setting
    t = setting.roles.the("target")
    if t is None or setting.roles.ones or setting.referee.weighed or len(setting.declared(t).indices) != 1:
        return None
    axes = replace(setting, roles=replace(setting.roles, ones=((t, setting.declared(t).indices[0]),)))
    if axes.proved(claim.left, claim.right):
        return Judged("right", f"follows where the {t} of one example sum to one", claim=replace(claim, setting=axes))
    return None


def _derived(claim: Claim) -> Judged | None:
    """MSE = …, where the derivative of the line above is meant: = (1/n) Σ ∂/∂m (…)."""
    if isinstance(claim.left, D):
        return None
    for by in dict.fromkeys(s.by for s in subterms(claim.right) if isinstance(s, D)):
        rate = claim.setting.rate(claim.left, rename(by, {}))  # type: ignore[arg-type]
        if claim.setting.proved(rate, claim.right):
            says = f"read as the derivative by {by.symbol} of what stands above"
            return Judged("right", says, claim=replace(claim, left=rate, kind="derivative"), meant=rate)
    return None


# ---------------------------------------------------------------- refuted, or not


def _unconnected(claim: Claim) -> str:
    """Is something derived by a name that no definition has?  Then more is meant than what is written."""
    setting = claim.setting
    made = setting.referee.made_of(frozenset(d.name.symbol for d in setting.tape))
    for s in subterms(claim.left):
        if not (isinstance(s, D) and isinstance(s.of, Name)):
            continue
        own = setting.referee.made_of(frozenset((s.of.symbol,)))
        leaves = own - {d.name.symbol for d in setting.tape} - {s.of.symbol}
        unclear = s.by.symbol not in own and any(x not in setting.roles.of for x in leaves)
        if unclear or (s.by.symbol not in made and s.by.symbol not in setting.roles.arguments.values()):
            return f"no line says how {s.of.symbol} is made of {s.by.symbol}"
    return ""


def _refuted(claim: Claim, found: Resolved) -> Judged:
    if found.unknown:
        return Judged("undecided", f"nothing is said about what {_and(found.unknown)} stands for", claim=claim)
    if stranger := _unconnected(claim):
        return Judged("undecided", stranger, claim=replace(claim, kind="open"))
    check = claim.setting.compare(claim.left, claim.right)
    match check.verdict:
        case "proved":
            return as_written(claim, found)
        case "refuted":
            return Judged("wrong", "this does not follow", claim=claim, check=check)
    return Judged("undecided", "neither proved nor refuted", claim=claim, check=check)
