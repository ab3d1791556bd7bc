"""How a line may be meant, and which of these readings is true.

The readings are tried in order, the first that is proved decides.  Where none is, the claim as it is written is refuted by a witness, or undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from symgd.handcalc.conditions import condition, inverted, solution
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.resolve import Misfit, Resolved
from symgd.handcalc.facts import Facts
from symgd.handcalc.held import along_definitions
from symgd.handcalc.setting import Setting
from symgd.handcalc.symmetry import of_symmetric
from symgd.handcalc.verdict import ORDER
from symgd.indices import axis, free
from symgd.term import ONE, TWO, Add, Call, D, Div, Mul, Name, Neg, Pow, Sum, Term, children, mul, names, parts, rebuild, subterms
from symgd.term import replace as rewrite

from symgd.handcalc.claims import Claim, Judged, as_written, chained, claim_of, listed, shaped, to_be_solved, unconnected, undefined, without_index

__all__ = ["components", "judge"]


def judge(
    setting: Setting,
    left: Term,
    right: Term,
    wide: Term | None = None,
    meant: Term | None = None,
    solved: Mapping[str, Term] | None = None,
    rounds: tuple[bool, bool] = (False, False),
) -> Judged:
    """The verdict on left = right.

    wide    the right side as it reads where a Σ takes everything up to its end; None where that is the same
    meant   what the left side stands for, resolved
    solved  values of parameters that were found from gradient = 0
    rounds  is ∂ written on the left, on the right?
    Raises Misfit.
    """
    if (turned := inverted(left, right)) is not None:
        left, right = turned
    try:
        claim, found = claim_of(setting, left, right, meant)
    except Misfit as misfit:
        if "product of" in str(misfit) or "shape" in str(misfit) or "cannot be added" in str(misfit):
            if setting.loose or not shaped(setting, left, right):
                return Judged("undecided", f"the shapes of what stands here are not known well enough: {misfit}")
            return Judged("wrong", f"the shapes do not fit: {misfit}")
        raise
    if missing := undefined(claim.setting, left, right):
        return _about_nothing(claim, missing)
    if claim.setting.proved(claim.left, claim.right):
        return as_written(claim, found)
    for reading in _readings(claim, found, lambda: bracketed(claim, setting, left, wide, meant), solved or {}, rounds):
        if reading is not None:
            return reading
    return _refuted(claim, found)


def _about_nothing(claim: Claim, missing: set[str]) -> Judged:
    """∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂w holds whatever L is; anything else about an unknown L is taken as it stands."""
    if chained(claim.left, claim.right):
        return Judged("right", "the chain rule", claim=claim)
    return Judged("given", f"nothing is said about what {listed(missing)} is; taken as it stands", claim=replace(claim, kind="open"))


def _readings(
    claim: Claim, found: Resolved, brackets: Callable[[], Judged | None], solved: Mapping[str, Term], rounds: tuple[bool, bool]
) -> Iterator[Judged | None]:
    """The readings, the likeliest first; each is tried only where those before it fail."""
    yield by_chain(claim)
    yield from along_definitions(claim, rounds)
    yield brackets()
    yield from _summed(claim)
    yield from _factors(claim)
    yield from _solved(claim, solved)
    yield from _hats(claim, found)
    yield _derived(claim)
    yield _normed(claim)


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
    if p := condition(claim.setting, claim.left, claim.right, solved):
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
    for t in () if setting.roles.ones else setting.roles.all("target"):
        indices = setting.declared(t).indices
        if len(indices) not in (1, 2) or (setting.referee.weighed and len(indices) == 1):
            continue
        axes = replace(setting, roles=replace(setting.roles, ones=((t, next((a for a in indices if axis(a) != "i"), indices[0])),)))
        if axes.proved(claim.left, claim.right):
            return Judged("right", f"follows where the {t} of one example sum to one", claim=replace(claim, setting=axes))
    return None


def _derived(claim: Claim) -> Judged | None:
    """MSE = …, where the derivative of the line above is meant: = (1/n) Σ ∂/∂m (…)."""
    if isinstance(claim.left, D):
        return None
    for by in dict.fromkeys(s.by for s in subterms(claim.right) if isinstance(s, D)):
        try:
            rate = claim.setting.rate(claim.left, by)
        except Misfit:
            continue
        if claim.setting.proved(rate, claim.right):
            says = f"read as the derivative by {by.symbol} of what stands above"
            return Judged("right", says, claim=replace(claim, left=rate, kind="derivative"), meant=rate)
    return None


def _refuted(claim: Claim, found: Resolved) -> Judged:
    if found.unknown:
        return Judged("undecided", f"nothing is said about what {listed(found.unknown)} stands for", claim=claim)
    if stranger := unconnected(claim):
        return Judged("undecided", stranger, claim=replace(claim, kind="open"))
    if to_be_solved(claim):
        return Judged("given", "an equation to be solved", claim=replace(claim, kind="open"))
    check = claim.setting.compare(claim.left, claim.right)
    match check.verdict:
        case "proved":
            return as_written(claim, found)
        case "refuted":
            return replace(_if_symmetric(claim) or Judged("wrong", "this does not follow", claim=claim), check=check)
    return Judged("undecided", "neither proved nor refuted", claim=claim, check=check)


def _if_symmetric(claim: Claim) -> Judged | None:
    """∇ ½xᵀAx = Ax: right where A is symmetric, which a form with ½ in front or a quotient of forms supposes."""
    used = claim.setting.referee.made_of(names(claim.left) | names(claim.right))
    for s, setting, supposed in of_symmetric(claim.setting, used):
        if setting.proved(claim.left, claim.right):
            says = f"right where {s} is symmetric, which no line says"
            return Judged("notation" if supposed else "wrong", says, claim=claim)
    return None


def components(setting: Setting, facts: Facts, left: Call, right: Call) -> Judged:
    """∇f = (∂f/∂x, ∂f/∂y), in the order of f(x, y).  Raises Misfit."""
    of = left.args[0]
    by = left.args[1:] or tuple(map(Name, facts.arguments.get(of.symbol, ()))) if isinstance(of, Name) else ()
    entries = [r.args[0] if isinstance(r, Call) and r.function == "list" and len(r.args) == 1 else r for r in right.args]
    if len(by) != len(entries) or not by:
        raise Misfit("what the gradient is taken by is not said")
    found = [judge(setting, D(of, b), x) for b, x in zip(by, entries, strict=True) if isinstance(b, Name)]
    return next(j for v in reversed(ORDER) for j in found if j.verdict == v)
