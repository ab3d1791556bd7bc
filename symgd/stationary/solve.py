"""gradient = 0, solved step by step, where it is linear in the parameters; where it is not, the reason.

`L` the objective, `p` a parameter, `full` its equation written out down to parameters and data.
"""

from __future__ import annotations

from symgd.derivation import ClosedForm, Gradient
from symgd.stationary.equations import Equations, Steps, Unproved, one
from symgd.stationary.linear import linear, unfold
from symgd.stationary.reasons import why_not
from symgd.stationary.sums import LARGEST, centred, plain
from symgd.stationary.substitution import solve
from symgd.term import D

__all__ = ["closed_form"]


def closed_form(gradient: Gradient) -> ClosedForm:
    """The solution of gradient = 0 with its steps, or the reason why there is none.

    One parameter, or a vector of them: at once.  A model with an intercept: everything is taken about its mean first.  Several parameters: each
    is solved for and put into the equations that are left, up to LARGEST of them; more are solved as numbers: then there are equations, no formula.
    """
    problem = gradient.problem
    full = {p: unfold(problem, gradient.whole(p.symbol)) for p in problem.parameters}
    system = tuple((p, gradient.of(p.symbol).result) for p in problem.parameters)
    lines = {p: linear(t, problem.parameters) for p, t in full.items()}
    if bad := [p for p, line in lines.items() if line is None]:
        return ClosedForm(problem, system, why_not=why_not(gradient, bad, full))
    if flat := [p.symbol for p, line in lines.items() if line is not None and not line.factors]:
        which = f"∂{problem.objective.symbol}/∂{flat[0]}"
        return ClosedForm(problem, system, why_not=f"{which} holds no parameter: the slope is the same everywhere, so no value of {flat[0]} is singled out")
    equations = Equations(problem, system, full, {p: line for p, line in lines.items() if line is not None})
    for way in (_at_once, _about_means, _as_they_are, _as_numbers):
        try:
            if (found := way(equations)) is not None:
                return found
        except Unproved:  # the equations are not of the form that this way supposes, or hold what the referee cannot decide
            continue
    return ClosedForm(problem, system, why_not="the equations are linear in the parameters, but a step of their solution could not be proved")


def _at_once(e: Equations) -> ClosedForm | None:
    """One number."""
    return one(e) if len(e.problem.parameters) == 1 and not e.problem.parameters[0].indices else None


def _about_means(e: Equations) -> ClosedForm | None:
    """With an intercept, everything about its mean; the intercept is mostly the last parameter."""
    if len(e.problem.parameters) - 1 > LARGEST:
        return None
    stages = (centred(e, b) for b in reversed(e.problem.parameters))
    stage = next((x for x in stages if x), None)
    return solve(stage) if stage else None


def _as_they_are(e: Equations) -> ClosedForm | None:
    """Without an intercept, or with one that does not enter every prediction with factor 1."""
    stage = plain(e) if len(e.problem.parameters) <= LARGEST else None
    return solve(stage) if stage else None


def _as_numbers(e: Equations) -> ClosedForm:
    """The equations alone, written out: their solution as a formula is too long to be read, `numeric.closed` solves them as numbers."""
    steps = Steps(e.problem)
    for p, left in e.system:
        steps.chain(f"dL/d{p.symbol}", D(e.problem.objective, p), (left, "insert"), (e.full[p], "put back"))
    return ClosedForm(e.problem, e.system, steps=tuple(steps.done))
