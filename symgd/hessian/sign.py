"""Is a second derivative ≥ 0, seen from its form; and at which place is it negative, where it is?"""

from __future__ import annotations

from symgd.derivation import Derivation, Step
from symgd.forward import Problem
from symgd.hessian.chord import held
from symgd.indices import axis, free, fresh, rename
from symgd.meaning import Instance
from symgd.referee.residues import Unfit
from symgd.referee.tape import Referee
from symgd.referee.values import RANGES, Reals, Values
from symgd.term import TWO, Add, Call, Cases, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul

__all__ = ["as_variance", "complement", "negative", "nonnegative"]

POSITIVE = ("exp", "sigmoid", "softplus", "relu", "abs", "sqrt", "cosh", "sech", "logcosh")


def nonnegative(problem: Problem, t: Term) -> bool:
    """Is t ≥ 0 for all values of the names, seen from its form alone?  False means: not seen."""
    match t:
        case Num(v):
            return v >= 0
        case Name(s, _):
            known = {c.symbol for _, c in problem.count} | {c.symbol for c, v in problem.constants if v is not None and v >= 0}
            d = problem.definition(s)
            return s in known or (d is not None and nonnegative(problem, d.value))
        case Add(ts):
            return all(nonnegative(problem, x) for x in ts) or complement(problem, t) is not None
        case Mul(fs):
            return all(nonnegative(problem, f) for f in fs)
        case Div(a, c):
            return nonnegative(problem, a) and nonnegative(problem, c)
        case Pow(a, Num(v)):
            return (v.denominator == 1 and v % 2 == 0) or nonnegative(problem, a)
        case Call(f, _):
            return f in POSITIVE
        case Sum(_, body):
            return nonnegative(problem, body)
        case Cases(pieces, otherwise):
            return nonnegative(problem, otherwise) and all(nonnegative(problem, x) for x, _ in pieces)
    return False


def complement(problem: Problem, t: Term) -> Term | None:
    """What 1 − f takes from 1, where f is at most 1: σ(z), tanh² z, p := σ(z), a² with a := tanh z."""
    match t:
        case Add((Num(v), Neg(f))) if v >= 1:
            inside = f.base if isinstance(f, Pow) and f.exponent == TWO else f
            if isinstance(inside, Name) and (d := problem.definition(inside.symbol)):
                inside = d.value
            match inside:
                case Call("sigmoid", _):
                    return f
                case Call("tanh", _) if isinstance(f, Pow):
                    return f
    return None


def as_variance(problem: Problem, d: Derivation, speeds: dict[str, Name]) -> Derivation:
    """The derivation with two more steps, where its result is (1/n) Σ_i of the variance of s_ik under the probabilities p_ik = e^z_ik/Σ_k e^z_ik.

    `speeds`: s by the score z that changes with it.
    """
    referee = Referee(problem)
    for total in problem.tape:
        match total.value:
            case Sum(k, part):
                exponent = problem.definition(part.symbol).value if isinstance(part, Name) and problem.definition(part.symbol) else part  # type: ignore[union-attr]
                if not (isinstance(exponent, Call) and exponent.function == "exp" and isinstance(z := exponent.args[0], Name) and z.symbol in speeds):
                    continue
                p = _probability(problem, part, total.name)
                s = Name(speeds[z.symbol].symbol, z.indices)
                for after in _variances(problem, p, s, k, tuple(a for a in z.indices if a != k)):
                    check = referee.compare(d.result, after[0])
                    if check.verdict == "proved":
                        collected = Step(d.result, after[0], "closing algebra", d.result, check=check)
                        spread = Step(after[0], after[1], "variance", after[0], check=referee.compare(*after))
                        return Derivation(d.name, d.goal, (*d.steps, *(x for x in (collected, spread) if x.before != x.after)), d.in_full)
    return d


def _probability(problem: Problem, e: Term, total: Name) -> Term:
    """p_ik where the tape names e/S, else e/S itself."""
    return next((d.name for d in problem.tape if d.value == Div(e, total)), Div(e, total))


def _variances(problem: Problem, p: Term, s: Name, k: str, rest: tuple[str, ...]) -> list[tuple[Term, Term]]:
    """(Σ_k p s² − (Σ_k p s)², Σ_k p (s − s̄)²) over the other indices of s, divided by n or not."""
    other = fresh(k, free(p) | {k})
    mean = Sum(k, mul(p, s))
    inner = Sum(other, rename(mul(p, s), {k: other}))
    squares: Term = add(Sum(k, mul(p, Pow(s, TWO))), Neg(Pow(mean, TWO)))
    spread: Term = Sum(k, mul(p, Pow(add(s, Neg(inner)), TWO)))
    for a in reversed(rest):
        squares, spread = Sum(a, squares), Sum(a, spread)
    counts = [n for a, n in problem.count if a in rest]
    return [*((Div(squares, n), Div(spread, n)) for n in counts), (squares, spread)]


def negative(problem: Problem, t: Term) -> str:
    """A place where t < 0, as "w = 0.3, …", or "" where none was met; with one sample, one feature … where that suffices."""
    axes = sorted({axis(a) for v in problem.declared().values() for a in v.indices})
    for many in (1, 2) if any(p.indices for p, _ in problem.constants) else (2,):
        instance = Instance(problem, dict.fromkeys(axes, many))
        for seed in range(4 * len(RANGES)):
            reals = Reals(instance, seed)
            reals.leaves |= held(instance)
            reals.at |= held(instance)
            try:
                value = Values(instance, reals).of(t, {})
            except Unfit:
                continue
            if value < 0:
                return ", ".join(f"{str(s).replace('[', '_').replace(']', '').replace(',', '')} = {float(v):.6g}" for s, v in reals.leaves.items())
    return ""
