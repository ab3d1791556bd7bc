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
    equations = Equations(problem, system, full, {p: line for p, line in lines.items() if line is not None})
    if len(problem.parameters) == 1 and not problem.parameters[0].indices:
        return one(equations)
    for b in problem.parameters[::-1]:
        if len(problem.parameters) - 1 <= LARGEST and (stage := centred(equations, b)):
            try:
                return solve(stage)
            except Unproved:  # b enters every prediction with factor 1, but what is left is no sum of squares about the means
                break
    if len(problem.parameters) <= LARGEST and (stage := plain(equations)):
        return solve(stage)
    return _as_numbers(equations)


def _as_numbers(e: Equations) -> ClosedForm:
    """The equations alone, written out: their solution as a formula is too long to be read, `numeric.closed` solves them as numbers."""
    steps = Steps(e.problem)
    for p, left in e.system:
        steps.chain(f"dL/d{p.symbol}", D(e.problem.objective, p), (left, "insert"), (e.full[p], "put back"))
    return ClosedForm(e.problem, e.system, steps=tuple(steps.done))
