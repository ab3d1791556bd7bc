"""The walk backwards: for each name between the objective and the parameters its sensitivity ∂L/∂name, as a chain of checked lines.

`L` the objective, `v` the name differentiated by, `c` a name that uses v, `at` the line as it stands.
"""

from __future__ import annotations

from collections.abc import Callable

from symgd.derivation import Derivation, Gradient, Refuted, Step
from symgd.indices import binds, bound, free, fresh, rename
from symgd.language import CONSTANTS
from symgd.forward import Definition, Problem
from symgd.meaning import Instance, see_defined
from symgd.referee.tape import Referee
from symgd.rules import CALCULUS, INDICES, INVERSES, LINEAR, SUMS
from symgd.rules.arithmetic import tidy
from symgd.rules.closing import close, count_out, fold
from symgd.rules.spreading import spread
from symgd.rules.table import Rule, first
from symgd.term import ZERO, Add, Compare, D, Name, Sum, Term, add, children, mul, names, parts, rebuild, replace, size
from symgd.term import subterms

__all__ = ["Refuted", "derive", "differentiate", "opened", "paths"]

SHORT = 9  # nodes: a sensitivity up to this size is written out where it is used, a longer one keeps its name ∂L/∂c
LONG = 40  # nodes: a gradient written out in full is shown up to this size


class _Walk:
    """One derivation in the making: where the line stands, and the steps that led there."""

    def __init__(self, name: str, goal: Term, referee: Referee) -> None:
        self.name, self.goal, self.at, self.referee = name, goal, goal, referee
        self.steps: list[Step] = []

    def to(self, after: Term | None, rule: str, about: Term | None = None, where: tuple[Compare, ...] = (), cites: tuple[D, ...] = ()) -> None:
        """One move, checked.  Raises Refuted."""
        if after is None or after == self.at:
            return
        step = Step(self.at, after, rule, about or self.at, where, cites, self.referee.compare(self.at, after))
        if step.check.verdict == "refuted":
            raise Refuted(self.name, len(self.steps) + 1, step)
        self.steps.append(step)
        self.at = after

    def moves(self, *tables: dict[str, Rule]) -> None:
        """Rules, one at a time, until none fires."""
        while move := first(self.at, *tables):
            self.to(move.after, move.rule.name, move.about, move.rule.where(move.about))

    def differentiate(self, problem: Problem) -> None:
        """The pending derivatives taken, and the line tidied."""
        self.moves(LINEAR, CALCULUS, SUMS)
        self.to(tidy(self.at), "arithmetic")
        self.moves(INDICES, INVERSES)
        self.finish(problem)

    def finish(self, problem: Problem) -> None:
        self.to(tidy(self.at), "arithmetic")
        self.to(tidy(spread(problem, self.at)), "sums apart")
        self.to(count_out(problem, self.at), "count")
        self.to(fold(problem, self.at), "call by name")
        self.to(tidy(self.at), "arithmetic")
        self.to(close(problem, self.at), "closing algebra")

    def done(self, in_full: tuple[Step, ...] = ()) -> Derivation:
        return Derivation(self.name, self.goal, tuple(self.steps), in_full)


def derive(problem: Problem) -> Gradient:
    """∂L/∂p for every parameter p, and for every name on the way, each step checked.

    Raises Refuted where a step is not true, NoRule where a function has no derivative here, ValueError where L does not depend on a parameter.
    """
    used = problem.needed()
    if lost := [p.symbol for p in problem.parameters if p.symbol not in used]:
        raise ValueError(f"{problem.objective.symbol} does not depend on {', '.join(lost)}: there is nothing to differentiate")
    backward = _Backward(problem)
    for d in reversed(problem.tape[:-1]):
        if d.name.symbol in used:
            backward.local_ones(d.name)
            backward.total(d.name)
    for p in problem.parameters:
        backward.local_ones(p)
    for p in problem.parameters:
        backward.total(p)
    return Gradient(problem, tuple(backward.tape))


class _Backward:
    """The backward tape in the making; `known` holds each goal's result."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.L, self.referee = problem, problem.objective, Referee(problem)
        self.known: dict[tuple[str, str, bool], tuple[D, Term]] = {}
        self.tape: list[Derivation] = []

    def paths(self, v: Name) -> list[tuple[D, Term]]:
        return paths(self.problem, v)

    def only_user_is_objective(self, v: Name) -> bool:
        return not any(_through(local) for local, _ in self.paths(v))

    def local_ones(self, v: Name) -> None:
        """∂c/∂v for each c that uses v, from c's own definition; where only L does, that is ∂L/∂v itself."""
        for local, _ in self.paths(v):
            if not _through(local):
                continue
            walk = _Walk(f"d{_word(local.of)}/d{v.symbol}", local, self.referee)
            walk.to(opened(self.problem, local), "definition", local)
            walk.differentiate(self.problem)
            self.keep(local, walk.done())

    def total(self, v: Name) -> None:
        """∂L/∂v = Σ over the paths, what is known put in, tidied."""
        goal = D(self.L, v)
        walk = _Walk(f"d{self.L.symbol}/d{v.symbol}", goal, self.referee)
        if self.only_user_is_objective(v):
            walk.to(opened(self.problem, D(self.L, v, True)), "definition", goal)
            walk.differentiate(self.problem)
        else:
            walk.to(add(*(path for _, path in self.paths(v))), "chain rule through names")
            self.put_in(walk, lambda found: size(found) <= SHORT)
            walk.differentiate(self.problem)
            self.write_out(walk)
        in_full = self.in_full(walk) if v in self.problem.parameters else ()
        self.keep(goal, walk.done(in_full))

    def keep(self, goal: D, derivation: Derivation) -> None:
        self.known[_key(goal)] = goal, derivation.result
        self.tape.append(derivation)

    def put_in(self, walk: _Walk, which: Callable[[Term], bool]) -> None:
        """Known results for the derivatives they are the results of."""
        cites: list[D] = []

        def found(t: Term) -> Term | None:
            if isinstance(t, D) and (hit := self.known.get(_key(t))):
                goal, result = hit
                if t.partial or which(result):
                    cites.append(goal)
                    to = dict(zip((*goal.by.indices, *_indices(goal.of)), (*t.by.indices, *_indices(t.of)), strict=True))
                    return rename(result, {a: b for a, b in to.items() if a != b})
            return None

        walk.to(replace(walk.at, found), "insert", cites=tuple(dict.fromkeys(cites)))

    def write_out(self, walk: _Walk) -> None:
        """A sensitivity that kept its name is written out if the line does not get longer by it."""
        trial = _Walk(walk.name, walk.at, self.referee)
        before, trial_at = len(trial.steps), walk.at
        self.put_in(trial, lambda found: True)
        trial.finish(self.problem)
        if len(trial.steps) > before and size(trial.at) <= size(trial_at):
            walk.steps += trial.steps
            walk.at = trial.at

    def in_full(self, walk: _Walk) -> tuple[Step, ...]:
        """The named substitutions put back, one name at a time, the last defined first."""
        out = _Walk(walk.name, walk.at, self.referee)
        if any(isinstance(s, D) for s in subterms(walk.at)):
            return ()
        for d in reversed(self.problem.tape[:-1]):
            if d.name.symbol in names(out.at):
                longer = replace(out.at, lambda t, d=d: _value(d, t) if isinstance(t, Name) and t.symbol == d.name.symbol else None)  # type: ignore[misc]
                if size(longer) > LONG:
                    return tuple(out.steps)
                out.to(_apart(longer, free(longer)), "put back", d.name)
        return tuple(out.steps)


def paths(problem: Problem, v: Name) -> list[tuple[D, Term]]:
    """For each c that uses v: (∂c/∂v, its path ∂L/∂c · ∂c/∂v).  An index that c and v do not share is summed over.

    Where L itself uses v beside others, that path is the derivative of what L writes with v in it: ∂(λw²)/∂w.
    """
    out: list[tuple[D, Term]] = []
    for d in problem.tape:
        uses = _uses(d.value, v.symbol)
        if not uses or d.name.symbol not in problem.needed():
            continue
        to = {letters[0]: b for b, letters in zip(v.indices, _letters(uses), strict=True) if len(letters) == 1 and letters[0] in d.name.indices}
        summed = [a for a in d.name.indices if a not in to]
        for a in summed:
            to[a] = fresh(a, set(v.indices) | set(to.values()))
        c = rename(d.name, to)
        assert isinstance(c, Name)
        if c.symbol == problem.objective.symbol:
            local = D(add(*(t for t in parts(Add, d.value) if v.symbol in names(t))), v, True)
            out.append((local, local))
            continue
        local = D(c, v, True)
        path: Term = mul(D(problem.objective, c), local)
        for a in reversed(summed):
            path = Sum(to[a], path)
        out.append((local, path))
    return out


def _through(local: D) -> bool:
    """Is it ∂c/∂v of a name c on the way?  The objective L = v + … has ∂v/∂v of its own."""
    return isinstance(local.of, Name) and local.of.symbol != local.by.symbol


def opened(problem: Problem, local: D) -> D:
    """∂c/∂v with c's definition written for c; its bound indices step aside from those in use."""
    assert isinstance(local.of, Name)
    value = _value(problem.definition(local.of.symbol), local.of)
    return D(_apart(value, free(local)), local.by, True)


def _uses(t: Term, symbol: str, inside: frozenset[str] = frozenset()) -> tuple[Name, ...]:
    """Where the symbol stands in t; a letter that is bound there is marked, for it may be called as a free one is."""
    if isinstance(t, Name):
        return (Name(symbol, tuple(f"{a} bound" if a in inside else a for a in t.indices)),) if t.symbol == symbol else ()
    return tuple(use for c in children(t) for use in _uses(c, symbol, inside | frozenset(binds(t))))


def _letters(uses: tuple[Name, ...]) -> list[list[str]]:
    """For each slot of a name, the distinct letters that stand in it."""
    return [sorted(set(slot)) for slot in zip(*(u.indices for u in uses), strict=True)]


def _key(d: D) -> tuple[str, str, bool]:
    return _word(d.of), d.by.symbol, d.partial


def _word(t: Term) -> str:
    return t.symbol if isinstance(t, Name) else ""


def _indices(t: Term) -> tuple[str, ...]:
    return t.indices if isinstance(t, Name) else ()


def _value(d: Definition | None, name: Name) -> Term:
    """The definition's value at the indices of `name`."""
    assert d is not None, f"{name.symbol} has no definition"
    return rename(d.value, {a: b for a, b in zip(d.name.indices, name.indices, strict=True) if a != b})


def _apart(t: Term, taken: frozenset[str]) -> Term:
    """Bound indices step aside from the ones in use around them: ∂/∂p_i of a sum over i is written with i'."""
    t = rebuild(t, [_apart(c, taken) for c in children(t)])
    if isinstance(t, Sum) and t.index in taken:
        new = fresh(t.index, taken | free(t.body) | bound(t.body))
        return Sum(new, rename(t.body, {t.index: new}))
    return t


def differentiate(expression: Term, by: Name) -> Derivation:
    """(expression)′ by one name, every other name a constant, step by step.

    Raises Refuted, NoRule where a function has no derivative here, NotDefined where the expression has no value anywhere.
    """
    others = tuple(Name(s) for s in sorted(names(expression) - {by.symbol} - set(CONSTANTS)))
    problem = Problem("derivative", (by,), (), (), tuple((c, None) for c in others), count=())
    walk = _Walk(f"d/d{by.symbol}", D(expression, by, True), Referee(problem))
    if isinstance(expression, Name) and expression.symbol != by.symbol:  # elsewhere a name by itself waits for its definition
        walk.to(ZERO, "constant")
    walk.differentiate(problem)
    see_defined(Instance(problem, {}).say(expression, {}))
    return walk.done()
