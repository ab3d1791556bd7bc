"""Why ∂L/∂p = 0 has no formula: one true sentence."""

from __future__ import annotations

from symgd.derivation import Gradient
from symgd.indices import free
from symgd.language import FUNCTIONS
from symgd.term import ONE, Call, Cases, Det, Inverse, Name, Num, Pow, Term, names, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["why_not"]

MOST = 3  # equations that are named one by one


def why_not(gradient: Gradient, bad: list[Name], full: dict[Name, Term]) -> str:
    """The equations that are not linear, and what they are instead: piecewise, transcendental, or products of parameters."""
    problem = gradient.problem
    mine = {p.symbol for p in problem.parameters}
    each = [f"∂{problem.objective.symbol}/∂{p.symbol} = 0" for p in bad]
    which = " and ".join([", ".join(each[:-1]), each[-1]] if len(each) > 1 else each) if len(each) <= MOST else f"{len(each)} of the equations"
    verb, they = ("is", "it") if len(bad) == 1 else ("are", "they")
    held = [s for p in bad for s in subterms(full[p]) if names(s) & mine]
    return f"{which} {verb} not linear in the parameters{_instead(held, they, verb)}"


def _instead(held: list[Term], they: str, are: str) -> str:
    calls = list(dict.fromkeys(s.function for s in held if isinstance(s, Call)))
    kinked = [f for f in calls if FUNCTIONS[f].kinks(ONE) and not FUNCTIONS[f].domain(ONE)]
    if kinked or any(isinstance(s, Cases) for s in held) or any(FUNCTIONS[f].arity == 2 for f in calls):
        shown = f", as {_shown(kinked[0])} is" if kinked else ""
        return f": {they} {are} piecewise{shown}, and which piece holds is known only at the solution, so the descent has to find it"
    if any(isinstance(s, Inverse | Det) for s in held):
        return f": {they} {'hold' if are == 'are' else 'holds'} the inverse of a matrix of parameters: no formula is sought here, the descent has to find it"
    powers = any(isinstance(s, Pow) and not (isinstance(s.exponent, Num) and s.exponent.value.denominator == 1) for s in held)
    if calls or powers:
        where = f"inside {_shown(calls[0])}" if calls else "under a root or in an exponent"
        each = any(free(s) for s in held if isinstance(s, Call) or powers)  # of each sample another value
        why = "for such transcendental equations there is in general no formula of finitely many steps" if each else "no formula is sought here"
        return f", which stand {where}: {why}, and the descent has to find the minimum"
    return f": {they} {'multiply' if are == 'are' else 'multiplies'} parameters with each other: no formula solves that in general, the descent has to find it"


def _shown(f: str) -> str:
    return to_unicode(layout(Call(f, tuple(map(Name, ("z", "v")[: FUNCTIONS[f].arity])))))
