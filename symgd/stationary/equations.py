"""The equations ∂L/∂p = 0, the checked steps of their solution, and the solution of one equation in one unknown.

`A` the factor of the parameter, `c` what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgd.derivation import ClosedForm, Derivation, Step
from symgd.forward import Definition, Problem
from symgd.indices import axis, free, settle
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.rules.closing import close, count_out
from symgd.stationary.linear import Line, put
from symgd.term import ONE, ZERO, Add, Compare, D, Div, Mul, Name, Neg, Num, Sum, Term, add, mul, names, subterms

__all__ = ["Equations", "Steps", "Unproved", "one", "requires", "summand", "turned", "value"]


class Unproved(ArithmeticError):
    """A step of a solution that the referee did not prove."""


@dataclass(frozen=True)
class Equations:
    """system  (p, ∂L/∂p as derived); full: ∂L/∂p written out; lines: the same, as linear expressions in the parameters"""

    problem: Problem
    system: tuple[tuple[Name, Term], ...]
    full: dict[Name, Term]
    lines: dict[Name, Line]


def value(problem: Problem, t: Term) -> Term:
    """t with its counts and its algebra done; its sums do not run over an index that stands free in it."""
    t = close(problem, tidy(count_out(problem, t)))
    return settle(t, free(t))


class Steps:
    """Derivations of the solution in the making, over a tape that names the sums over data."""

    def __init__(self, problem: Problem, named: tuple[Definition, ...] = ()) -> None:
        self.problem, self.named = problem, named
        self.referee = Referee(replace(problem, tape=(*named, *problem.tape)))
        counted = {a for a, _ in problem.count}
        self.known = {x.symbol: x for x in (*problem.declared().values(), *(d.name for d in named)) if not counted & set(map(axis, x.indices))}
        self.algebra = Referee(Problem("", (), (), (), tuple((x, None) for x in self.known.values()), count=()))  # each name any number
        self.done: list[Derivation] = []

    def chain(self, name: str, goal: Term, *lines: tuple[Term, str]) -> None:
        """goal = line = line …, each checked.  Raises Unproved."""
        steps, at = [], goal
        for after, rule in lines:
            if after != at:
                steps.append(Step(at, after, rule, at, check=self.proved(at, after, name)))
                at = after
        self.done.append(Derivation(name, goal, tuple(steps)))

    def follows(self, name: str, goal: Term, after: Term, rule: str, named: tuple[Definition, ...]) -> None:
        """goal = after, whatever the sums are worth that its names stand for; those named last are written out.  Raises Unproved."""
        written = after
        for d in named:
            written = put(written, d.name, d.value)
        check = self.proved(goal, written, name, by_names=True)
        self.done.append(Derivation(name, goal, (Step(goal, after, rule, goal, check=check),)))

    def solved(self, p: Name, found: Term, where: tuple[Compare, ...]) -> None:
        """The last line = 0 ⟺ p = found: put in, the value makes it vanish."""
        equation = self.done[-1].result
        check = self.proved(put(equation, p, found), ZERO, p.symbol, by_names=True)
        check = replace(check, evidence=f"put into the equation it gives 0; {check.evidence}")
        self.done.append(Derivation(p.symbol, p, (Step(p, found, "solve", equation, where, check=check),)))

    def proved(self, a: Term, b: Term, name: str, *, by_names: bool = False) -> Check:
        """The verdict on a = b, along the tape; or for whatever its names are worth, where it holds none of single samples.  Raises Unproved."""
        alone = by_names and names(a) | names(b) <= self.known.keys() and not any(isinstance(s, D) for s in subterms(a))
        check = (self.algebra if alone else self.referee).compare(a, b)
        if check.verdict != "proved":
            raise Unproved(f"closed form of {name}: a step is {check.verdict} {check.evidence}")
        return check


def requires(problem: Problem, factor: Term) -> tuple[Compare, ...]:
    """factor > 0, without the positive numbers and counts around it; nothing where it is a number."""
    match tidy(factor):
        case Num():
            return ()
        case Div(top, bottom) if not free(bottom) and names(bottom) <= {n.symbol for _, n in problem.count}:
            return requires(problem, top)
        case Mul(fs) if isinstance(fs[0], Num):
            return requires(problem, mul(*fs[1:]))
        case Name(s, ()) if s in {n.symbol for _, n in problem.count}:
            return ()
        case other:
            return (Compare(other, ">", ZERO),)


def one(e: Equations) -> ClosedForm:
    """A p + c = 0"""
    problem, ((p, left),) = e.problem, e.system
    line = e.lines[p]
    factor, rest = value(problem, line.factors[p]), value(problem, line.rest)
    equation = add(mul(factor, p), rest)
    found = turned(value(problem, tidy(Div(Neg(rest), factor))))
    where = requires(problem, factor)
    steps = Steps(problem)
    steps.chain(f"dL/d{p.symbol}", D(problem.objective, p), (left, "insert"), (e.full[p], "put back"), (equation, "split the sum"))
    steps.solved(p, found, where)
    return ClosedForm(problem, e.system, ((p, found),), (), where, tuple(steps.done))


def turned(t: Term) -> Term:
    """−Σ (b − y) x is written Σ (y − b) x: the minus goes into the difference."""
    match t:
        case Neg(Div(Sum(index, body), bottom)):
            return turned(Div(Neg(Sum(index, body)), bottom))
        case Div(Neg(Sum(index, Mul(fs))), bottom):
            for k, f in enumerate(fs):
                match f:
                    case Add((a, Neg(c))):
                        return Div(Sum(index, mul(*fs[:k], add(c, Neg(a)), *fs[k + 1 :])), bottom)
    return t


def summand(t: Term) -> tuple[Term, Term] | None:
    """(κ, f) where t is κ Σ f over the samples."""
    match t:
        case Sum(_, f):
            return ONE, f
        case Neg(a) if s := summand(a):
            return Neg(s[0]), s[1]
        case Div(a, c) if s := summand(a):
            return Div(s[0], c), s[1]
        case Mul(fs) if isinstance(fs[-1], Sum):
            return mul(*fs[:-1]), fs[-1].body
    return None
