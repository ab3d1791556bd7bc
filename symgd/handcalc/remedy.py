"""A wrong line put right, in the writer's own names and syntax: the left side as written = what our own derivation gives."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

from symgd.backward import Refuted, derive, paths
from symgd.forward import Definition, Problem
from symgd.handcalc.claims import Claim
from symgd.handcalc.setting import Setting
from symgd.handcalc.slips import explained
from symgd.indices import free, rename
from symgd.rules.arithmetic import tidy
from symgd.rules.table import NoRule
from symgd.stationary import closed_form
from symgd.term import TWO, Add, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul, names, size, subterms
from symgd.term import replace as rewrite

__all__ = ["corrected", "solution", "truth"]

LARGEST = 120  # nodes of a line that is offered as a correction


def corrected(claim: Claim) -> Term | None:
    """What the left side of a false claim is equal to, as a reader wants it; None where nothing short is known.

    Where a slip of the pen explains the line, it is the line with that slip undone.
    """
    found = _meant(claim)
    turned = explained(claim.setting.problem, claim.left, claim.right, claim.setting.referee, claim.kind).turned
    derived = any(isinstance(s, D) for s in subterms(claim.left))
    if turned is not None and (found is None or not derived or size(found) > 2 * size(turned)):
        found = tidy(turned)
    said = (tidy(claim.right),) if claim.kind == "update" else (tidy(claim.right), tidy(claim.left))
    return found if found is not None and size(found) <= LARGEST and tidy(found) not in said else None


def _meant(claim: Claim) -> Term | None:
    mended = explained(claim.setting.problem, claim.left, claim.right, claim.setting.referee, claim.kind).mended
    if mended is not None:
        return tidy(mended)
    if claim.kind == "update":
        return claim.left
    match claim.left:
        case D() if claim.kind == "chain" and (chained := _chain(claim)) is not None:
            return chained
        case D():
            return truth(claim.setting, claim.left)
        case Name(s, ()) if claim.setting.roles.of.get(s) == "parameter":
            return solution(claim)
        case Name(s, _) if (d := claim.setting.definition(s)) is not None:
            return _written_like(claim.setting, d, claim.left, claim.right)
        case _ if not any(isinstance(s, D) for s in subterms(claim.left)):
            return tidy(_multiplied_out(claim.left, claim.setting.count))
        case _:
            return tidy(rewrite(claim.left, lambda t: truth(claim.setting, t) if isinstance(t, D) else None))


def _multiplied_out(t: Term, n: Name) -> Term:
    """t without brackets: products, squares, quotients and sums term by term; Σ c is n c."""

    def out(t: Term) -> tuple[Term, ...]:
        match t:
            case Add(ts):
                return tuple(x for s in ts for x in out(s))
            case Neg(a):
                return tuple(x.body if isinstance(x, Neg) else Neg(x) for x in out(a))
            case Div(a, b):
                return tuple(Div(x, b) for x in out(a))
            case Pow(Add() as u, Num(v)) if v == 2:
                xs = out(u)
                return tuple(Pow(x, TWO) if j == k else mul(TWO, x, y) for j, x in enumerate(xs) for k, y in enumerate(xs[j:], j))
            case Mul(fs):
                return tuple(mul(*choice) for choice in product(*map(out, fs)))
            case Sum(index, body):
                return tuple(Sum(index, x) if index in free(x) else mul(n, x) for x in out(body))
        return (t,)

    return add(*out(t))


def truth(setting: Setting, rate: D) -> Term | None:
    """What a derivative is equal to, by our own walk; None where it has none."""
    problem = setting.problem
    if isinstance(rate.of, Name) and rate.of.symbol == rate.by.symbol:
        return None
    if any(isinstance(s, D) for s in subterms(rate.of)):  # the inner derivative first
        inner = rewrite(rate.of, lambda s: truth(setting, s) if isinstance(s, D) else None)
        return truth(setting, D(inner, rate.by, True)) if not any(isinstance(s, D) for s in subterms(inner)) else None
    plain = _of_one(rate)
    if plain is None:
        return None
    of, by = plain
    if isinstance(of, Name):
        if (d := problem.definition(of.symbol)) is None:
            return None
        value = d.value if not d.name.indices else _without_letter(d.value, d.name.indices)
    else:
        value = of
    if value is None:
        return None
    try:
        return _restored(_derived(problem, value, by, bool(rate.of != of)), rate, problem)
    except (Refuted, NoRule, ValueError, KeyError, AssertionError, ArithmeticError):
        return None


def _of_one(rate: D) -> tuple[Term, Name] | None:
    """The derivative as one of a single number by a name: one value a sample is looked at at one sample."""
    letters = {a for s in subterms(rate.of) if isinstance(s, Name) for a in s.indices} if not any(isinstance(s, Sum) for s in subterms(rate.of)) else set()
    if isinstance(rate.of, Name) and not rate.of.indices:
        return rate.of, rate.by
    if not letters:
        return rate.of, rate.by
    bare = _without_letter(rate.of, tuple(sorted(letters)))
    return (bare, Name(rate.by.symbol)) if bare is not None else None


def _without_letter(t: Term, letters: tuple[str, ...]) -> Term | None:
    if any(isinstance(s, Sum) for s in subterms(t)):
        return None
    return rewrite(t, lambda s: Name(s.symbol) if isinstance(s, Name) and s.indices else None)


@lru_cache(256)
def _derived(problem: Problem, value: Term, by: Name, single: bool) -> Term:
    """d(value)/d(by) along the tape, by our own derivation.  Raises what `derive` raises."""
    tape = _one_sample(problem) if single else problem.tape
    goal = Definition(Name("goal_"), value)
    made = {d.name.symbol for d in tape}
    own = [v for v in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants)) if v.symbol not in made]
    leaves = [Name(v.symbol) if single else v for v in own]
    symbols = {d.name.symbol for d in tape}
    on_tape = by.symbol in symbols
    parameters = tuple(v for v in leaves if v.symbol == by.symbol) if not on_tape else ()
    data = tuple(v for v in leaves if v.indices and v.symbol != by.symbol)
    constants = tuple((v, None) for v in leaves if not v.indices and v.symbol != by.symbol)
    if on_tape:  # what it is made of does not matter
        tape = tuple(d for d in tape if d.name.symbol != by.symbol)
        parameters = (Name(by.symbol, () if single else next(d.name.indices for d in problem.tape if d.name.symbol == by.symbol)),)
    whole = Problem("a line", parameters, data, (*tape, goal), constants, problem.count if not single else ())
    whole = replace(whole, tape=(*(d for d in tape if d.name.symbol in whole.needed()), goal))
    gradient = derive(whole)
    found = gradient.whole(by.symbol)
    return rewrite(found, lambda t: value if t == goal.name else None)


def _one_sample(problem: Problem) -> tuple[Definition, ...]:
    """The tape for one sample alone, without what is summed."""
    bare = ((d.name.symbol, _without_letter(d.value, d.name.indices)) for d in problem.tape)
    return tuple(Definition(Name(s), v) for s, v in bare if v is not None)


def _restored(t: Term, rate: D, problem: Problem) -> Term:
    """t with the letters of the line: those of the name derived by, and the sample's where one sample was looked at."""
    declared = problem.declared()
    if rate.by.indices:
        own = declared.get(rate.by.symbol, rate.by).indices
        t = rename(t, {a: b for a, b in zip(own, rate.by.indices, strict=False) if a != b})
    letters = {a for s in subterms(rate.of) if isinstance(s, Name) for a in s.indices}
    if letters and not any(isinstance(s, Name) and s.indices for s in subterms(t)):
        t = rewrite(t, lambda s: declared.get(s.symbol) if isinstance(s, Name) else None)
    return t


def _chain(claim: Claim) -> Term | None:
    """∂L/∂w = Σ ∂L/∂c · ∂c/∂w over what w goes through."""
    left = claim.left
    if not isinstance(left, D) or not isinstance(left.of, Name) or left.of != claim.setting.objective:
        return None
    try:
        found = paths(claim.setting.problem, left.by)
    except (AssertionError, ValueError, KeyError):
        return None
    return add(*(p for _, p in found)) if found else None


def solution(claim: Claim) -> Term | None:
    """The value of the parameter on the left at which the gradient is zero, where there is a formula."""
    setting, main = claim.setting, claim.setting.objective
    if not isinstance(claim.left, Name) or main is None or setting.roles.of.get(p := claim.left.symbol) != "parameter":
        return None
    used = setting.referee.made_of(frozenset((main.symbol,)))
    problem = setting.problem
    problem = replace(
        problem, parameters=tuple(v for v in problem.parameters if v.symbol in used), tape=tuple(d for d in problem.tape if d.name.symbol in used), name=""
    )
    try:
        form = closed_form(derive(problem))
    except (Refuted, NoRule, ValueError, KeyError, ArithmeticError, AssertionError):
        return None
    value = next((v for n, v in form.solution if n.symbol == p), None)
    if value is None:
        return None
    known = {d.name.symbol for d in setting.tape} | {v.symbol for v in setting.leaves}
    for name, meaning in reversed(form.definitions):
        if name.symbol not in known:
            value = rewrite(value, lambda s, name=name, meaning=meaning: meaning if s == name else None)  # type: ignore[misc]
    return value


def _written_like(setting: Setting, d: Definition, left: Name, right: Term) -> Term:
    """The definition, unfolded as far as the writer's line goes."""
    value = rename(d.value, {a: b for a, b in zip(d.name.indices, left.indices, strict=True) if a != b})
    for other in reversed(setting.tape):
        if other.name.symbol in names(value) and other.name.symbol not in names(right) and (names(other.value) & names(right)) - names(value):
            value = _put_in(value, other)
    return tidy(value)


def _put_in(t: Term, d: Definition) -> Term:
    """t with the definition put in for its name."""

    def change(s: Term) -> Term | None:
        return rename(d.value, dict(zip(d.name.indices, s.indices, strict=True))) if isinstance(s, Name) and s.symbol == d.name.symbol else None

    return rewrite(t, change)
