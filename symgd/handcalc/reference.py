"""What a teacher states, in the letters of the one who is judged: a problem becomes the definitions that every line is held against."""

from __future__ import annotations

from dataclasses import replace

from symgd.forward import Problem
from symgd.handcalc.axes import in_letters_of
from symgd.handcalc.conventions import ROLES, base
from symgd.handcalc.facts import Facts
from symgd.handcalc.roles import Roles
from symgd.handcalc.setting import Setting
from symgd.language import GREEK

__all__ = ["second_names", "taken_over", "with_problem"]


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


def second_names(roles: Roles, problem: Problem, facts: Facts) -> Roles:
    """The roles, with the writer's letters for the problem's: x_ij for X_ij, y_ik for t_ik, ŷ for p; and with what sums to one.

    Only what the writer does not define is another name: the same letter in the other case, or the one that has its role.  What a reader sees as
    one name, z_1 and z1, is one in any case.
    """
    theirs = problem.declared()
    free = [s for s in facts.symbols if s not in theirs and s not in roles.aliases]
    found: dict[str, str] = {}
    letters = {_letters(t): t for t in theirs if t != problem.objective.symbol}
    for s in free:
        own = letters.get(_letters(s))
        if s in facts.defined and not (own and _letters(s) != s):
            continue
        if twin := own or letters.get(_letters(s[0].swapcase() + s[1:])):
            found[s] = twin
            continue
        role = roles.of.get(s)
        same = [t for t, r in taken_over(problem, facts)[0].items() if r == role]
        if role in ("target", "prediction") and len(same) == 1:
            found[s] = same[0]
    of = {s: r for s, r in roles.of.items() if s not in found}
    rank = {(s, m): r if m or (t := found.get(s, s)) not in theirs else len(theirs[t].indices) for (s, m), r in roles.vectors.rank.items()}
    ones = tuple(dict.fromkeys((*roles.ones, *problem.given)))
    declared = {s: v.indices for s, v in theirs.items()}
    axes = {**in_letters_of(declared, roles.axes, {**{s: s for s in theirs}, **found}), **declared}
    return replace(roles, of=of, axes=axes, vectors=replace(roles.vectors, rank=rank), aliases={**roles.aliases, **found}, ones=ones)


def _letters(symbol: str) -> str:
    """What a reader sees: λ for lam and lambda, W1 for W_1."""
    return GREEK.get(symbol, symbol.replace("_", ""))


def with_problem(setting: Setting, problem: Problem) -> Setting:
    """The setting with the problem's definitions."""
    for v in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants)):
        setting = setting.knows(v)
    for d in problem.tape:
        setting = setting.knows(d.value).define(d, 0)
    return setting
