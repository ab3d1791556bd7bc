"""What a teacher states, in the letters of the one who is judged: a problem becomes the definitions that every line is held against."""

from __future__ import annotations

from collections.abc import Mapping

from symgd.forward import Problem
from symgd.handcalc.conventions import ROLES, base
from symgd.handcalc.facts import Facts
from symgd.handcalc.setting import Setting

__all__ = ["taken_over", "with_problem"]


def taken_over(problem: Problem | None, facts: Facts) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The roles and the indices of the problem's names."""
    if problem is None:
        return {}, {}
    of: dict[str, str] = {p.symbol: "parameter" for p in problem.parameters}
    for v in problem.data:
        of[v.symbol] = "target" if base(v.symbol) in ROLES["target"] else "data"
    for d in problem.tape[:-1]:
        word = base(d.name.symbol)
        of[d.name.symbol] = next((r for r in ("prediction", "residual") if word in ROLES[r]), "name")
    of[problem.objective.symbol] = "objective"
    axes = {s: v.indices for s, v in problem.declared().items()}
    return of, axes


def with_problem(setting: Setting, problem: Problem) -> Setting:
    """The setting with the problem's definitions."""
    for v in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants)):
        setting = setting.knows(v)
    for d in problem.tape:
        setting = setting.knows(d.value).define(d, 0)
    return setting


_ = Mapping
