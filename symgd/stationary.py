"""gradient = 0, solved step by step, where it is linear in the parameters: one parameter, or a slope with an intercept.

`A` the factor of the parameter, `c` what is left; `f_i` what multiplies the slope (the feature), `κ` the factor before the sum (2/n).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgd.derivation import ClosedForm, Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.indices import free, rename
from symgd.referee.check import Check
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.rules.closing import close, count_out
from symgd.term import ONE, TWO, ZERO, Add, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul, names, parts
from symgd.term import replace as rewrite

__all__ = ["closed_form", "unfold"]


def closed_form(gradient: Gradient) -> ClosedForm:
    """The solution of gradient = 0 with its steps, or the reason why there is none."""
    problem = gradient.problem
    full = {p: unfold(problem, gradient.whole(p.symbol)) for p in problem.parameters}
    system = tuple((p, gradient.of(p.symbol).result) for p in problem.parameters)
    lines = {p: linear(t, problem.parameters) for p, t in full.items()}
    if bad := [p for p, line in lines.items() if line is None]:
        which = " and ".join(f"∂{problem.objective.symbol}/∂{p.symbol} = 0" for p in bad)
        verb = "is" if len(bad) == 1 else "are"
        return ClosedForm(problem, system, why_not=f"{which} {verb} not linear in the parameters: no formula solves that, the descent has to find it")
    known = {p: line for p, line in lines.items() if line is not None}
    match problem.parameters:
        case (p,):
            return _one(problem, system, p, full[p], known[p])
        case (p, q):
            for w, b in ((p, q), (q, p)):
                if _is_intercept(problem, known, w, b):
                    return _slope_and_intercept(problem, system, w, b, full, known)
    return ClosedForm(problem, system, why_not="the linear equations of several parameters are solved as numbers, not as a formula")


@dataclass(frozen=True)
class Line:
    """Σ_p factors[p] · p + rest, the factors and the rest free of parameters."""

    factors: dict[Name, Term]
    rest: Term


def linear(t: Term, parameters: tuple[Name, ...]) -> Line | None:
    """t as a linear expression in the parameters, or None."""
    symbols = {p.symbol for p in parameters}

    def go(s: Term) -> Line | None:
        if not names(s) & symbols:
            return Line({}, s)
        match s:
            case Name():
                return Line({s: ONE}, ZERO)
            case Neg(a):
                return _each(go(a), Neg)
            case Add(ts):
                return _total([go(x) for x in ts])
            case Mul(fs):
                inside = [k for k, f in enumerate(fs) if names(f) & symbols]
                return _each(go(fs[inside[0]]), lambda x: mul(*(x if k == inside[0] else f for k, f in enumerate(fs)))) if len(inside) == 1 else None
            case Div(a, c) if not names(c) & symbols:
                return _each(go(a), lambda x: Div(x, c))
            case Sum(index, body):
                return _each(go(body), lambda x: Sum(index, x))
        return None

    found = go(t)
    return found and Line({p: f for p, x in found.factors.items() if (f := tidy(x)) != ZERO}, tidy(found.rest))


def _each(line: Line | None, f: object) -> Line | None:
    assert callable(f)
    return line and Line({p: f(x) for p, x in line.factors.items()}, f(line.rest))


def _total(lines: list[Line | None]) -> Line | None:
    if any(x is None for x in lines):
        return None
    known = [x for x in lines if x is not None]
    every = sorted({p for x in known for p in x.factors}, key=lambda p: p.symbol)
    return Line({p: add(*(x.factors[p] for x in known if p in x.factors)) for p in every}, add(*(x.rest for x in known)))


def unfold(problem: Problem, t: Term) -> Term:
    """t with every name of the tape written out, down to parameters and data."""
    for d in reversed(problem.tape):
        t = rewrite(t, lambda s, d=d: _at(d, s) if isinstance(s, Name) and s.symbol == d.name.symbol else None)  # type: ignore[misc]
    return t


def _at(d: Definition, name: Name) -> Term:
    return rename(d.value, {a: b for a, b in zip(d.name.indices, name.indices, strict=True) if a != b})


def _value(problem: Problem, t: Term) -> Term:
    return close(problem, tidy(count_out(problem, t)))


class _Steps:
    """Derivations of the solution in the making, over a tape that names the sums over data."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.referee = problem, Referee(problem)
        self.done: list[Derivation] = []

    def chain(self, name: str, goal: Term, *lines: tuple[Term, str]) -> None:
        """goal = line = line …, each checked.  A line that is not proved is an error of ours."""
        steps, at = [], goal
        for after, rule in lines:
            if after != at:
                steps.append(Step(at, after, rule, at, check=self.proved(at, after, name)))
                at = after
        self.done.append(Derivation(name, goal, tuple(steps)))

    def solved(self, p: Name, value: Term, equation: Term, where: tuple[Compare, ...]) -> None:
        """equation = 0 ⟺ p = value: put in, the value makes the equation vanish."""
        check = self.proved(_put(equation, p, value), ZERO, p.symbol)
        check = replace(check, evidence=f"put into the equation it gives 0; {check.evidence}")
        self.done.append(Derivation(p.symbol, p, (Step(p, value, "solve", equation, where, check=check),)))

    def proved(self, a: Term, b: Term, name: str) -> Check:
        check = self.referee.compare(a, b)
        if check.verdict != "proved":
            raise ArithmeticError(f"closed form of {name}: a step is {check.verdict} {check.evidence}")
        return check


def _put(t: Term, p: Name, value: Term) -> Term:
    return rewrite(t, lambda s: value if s == p else None)


def _requires(problem: Problem, factor: Term) -> tuple[Compare, ...]:
    """factor > 0, without the positive numbers and counts around it; nothing where it is a number."""
    match tidy(factor):
        case Num():
            return ()
        case Div(top, bottom) if not free(bottom) and names(bottom) <= {n.symbol for _, n in problem.count}:
            return _requires(problem, top)
        case Mul(fs) if isinstance(fs[0], Num):
            return _requires(problem, mul(*fs[1:]))
        case Name(s, ()) if s in {n.symbol for _, n in problem.count}:
            return ()
        case other:
            return (Compare(other, ">", ZERO),)


def _one(problem: Problem, system: tuple[tuple[Name, Term], ...], p: Name, full: Term, line: Line) -> ClosedForm:
    """A p + c = 0"""
    factor, rest = _value(problem, line.factors[p]), _value(problem, line.rest)
    equation = add(mul(factor, p), rest)
    value = _value(problem, tidy(Div(Neg(rest), factor)))
    value = _turned(value)
    where = _requires(problem, factor)
    steps = _Steps(problem)
    steps.chain(f"dL/d{p.symbol}", D(problem.objective, p), (dict(system)[p], "insert"), (full, "put back"), (equation, "split the sum"))
    steps.solved(p, value, equation, where)
    return ClosedForm(problem, system, ((p, value),), (), where, tuple(steps.done))


def _turned(t: Term) -> Term:
    """−Σ (b − y) x is written Σ (y − b) x: the minus goes into the difference."""
    match t:
        case Neg(Div(Sum(index, body), bottom)):
            return _turned(Div(Neg(Sum(index, body)), bottom))
        case Div(Neg(Sum(index, Mul(fs))), bottom):
            for k, f in enumerate(fs):
                match f:
                    case Add((a, Neg(c))):
                        return Div(Sum(index, mul(*fs[:k], add(c, Neg(a)), *fs[k + 1 :])), bottom)
    return t


def _is_intercept(problem: Problem, lines: dict[Name, Line], w: Name, b: Name) -> bool:
    """Does b enter every prediction with factor 1: is ∂L/∂b = κ Σ (f_i w + b − y_i)?"""
    line = lines[b]
    if set(line.factors) != {w, b} or not (found := _summand(line.factors[w])) or _summand(tidy(Neg(line.rest))) is None:
        return False
    return _value(problem, line.factors[b]) == _value(problem, mul(tidy(found[0]), problem.count[0][1]))


def _summand(t: Term) -> tuple[Term, Term] | None:
    """(κ, f) where t is κ Σ f."""
    match t:
        case Sum(_, f):
            return ONE, f
        case Neg(a) if s := _summand(a):
            return Neg(s[0]), s[1]
        case Div(a, c) if s := _summand(a):
            return Div(s[0], c), s[1]
        case Mul(fs) if isinstance(fs[-1], Sum):
            return mul(*fs[:-1]), fs[-1].body
    return None


def _slope_and_intercept(
    problem: Problem, system: tuple[tuple[Name, Term], ...], w: Name, b: Name, full: dict[Name, Term], lines: dict[Name, Line]
) -> ClosedForm:
    """b = ȳ − w x̄ from the second equation, then w = S_xy/S_xx from the first."""
    found, target = _summand(lines[b].factors[w]), _summand(tidy(Neg(lines[b].rest)))
    assert found, "asked by _is_intercept"
    assert target, "asked by _is_intercept"
    kappa, f = tidy(found[0]), found[1]
    y = target[1] if tidy(target[0]) == kappa else tidy(mul(Div(target[0], kappa), target[1]))
    fs, ys = _letter(f, "f"), _letter(y, "t")
    n = problem.count[0][1]
    f_bar, y_bar, s_ff, s_fy = problem.unused(f"{fs}_bar", f"{ys}_bar", f"S_{fs}{fs}", f"S_{fs}{ys}")
    df, dy = add(f, Neg(f_bar)), add(y, Neg(y_bar))
    named = (
        Definition(f_bar, mul(Div(ONE, n), Sum("i", f)), f"the mean of {fs}"),
        Definition(y_bar, mul(Div(ONE, n), Sum("i", y)), f"the mean of {ys}"),
        Definition(s_ff, Sum("i", Pow(df, TWO)), f"how much {fs} varies"),
        Definition(s_fy, Sum("i", mul(df, dy)), f"how {fs} and {ys} vary together"),
    )
    steps = _Steps(replace(problem, tape=(*named, *problem.tape)))
    each = _value(problem, mul(kappa, n))
    first = tidy(mul(each, add(mul(w, f_bar), b, Neg(y_bar))))
    b_value = add(y_bar, Neg(mul(w, f_bar)))
    steps.chain(f"dL/d{b.symbol}", D(problem.objective, b), (dict(system)[b], "insert"), (full[b], "put back"), (first, "split the sum"))
    steps.solved(b, b_value, first, ())

    extra = _without(lines[w].factors[w], tidy(mul(kappa, Sum("i", mul(f, f)))))
    rest: tuple[Term, ...] = () if extra == ZERO else (tidy(mul(extra, w)),)
    residual = add(mul(w, df), Neg(dy))
    second = add(mul(kappa, add(mul(w, s_ff), Neg(s_fy))), *rest)
    goal = add(mul(kappa, Sum("i", mul(add(mul(w, f), b_value, Neg(y)), f))), *rest)
    steps.chain(f"dL/d{w.symbol}", D(problem.objective, w), (dict(system)[w], "insert"), (full[w], "put back"))
    steps.chain(
        f"dL/d{w.symbol} at {b.symbol}",
        goal,
        (add(mul(kappa, Sum("i", mul(residual, f))), *rest), "collect"),
        (add(mul(kappa, Sum("i", mul(residual, df))), *rest), "centre"),
        (second, "name the sums"),
    )
    bottom = s_ff if extra == ZERO else add(s_ff, tidy(Div(extra, kappa)))
    w_value = Div(s_fy, bottom)
    where = (Compare(bottom, ">", ZERO),)
    steps.solved(w, w_value, second, where)
    for p in (w, b):
        at_solution = _put(_put(full[p], b, b_value), w, w_value)
        steps.chain(f"dL/d{p.symbol} at the solution", at_solution, (ZERO, "test the solution"))
    definitions = tuple((d.name, d.value) for d in named)
    return ClosedForm(problem, system, ((w, w_value), (b, b_value)), definitions, where, tuple(steps.done))


def _without(t: Term, part: Term) -> Term:
    """t − part, where part is one of t's terms: what a penalty adds."""
    rest = list(parts(Add, t))
    rest.remove(part)
    return add(*rest)


def _letter(t: Term, otherwise: str) -> str:
    """A name for what is averaged: that of the data where it is one."""
    return t.symbol if isinstance(t, Name) else otherwise


