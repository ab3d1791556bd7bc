"""The setting of a working: what its lines define, and what is missing and therefore assumed, aloud.

A definition counts wherever it stands: a loss may be stated before the prediction that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from symgd.forward import Definition
from symgd.handcalc.conventions import ROLES, base, usual_loss, usual_losses, version
from symgd.handcalc.resolve import Misfit, resolve, resolve_all
from symgd.handcalc.roles import Facts, Roles
from symgd.handcalc.setting import Setting
from symgd.language import CONSTANTS
from symgd.term import Add, Call, D, Mul, Name, Neg, Num, Sum, Term, axis, free, names, subterms
from symgd.typeset import to_ascii

__all__ = ["Stated", "build", "is_number", "stated_definition"]


@dataclass(frozen=True)
class Stated:
    """name = value, on the line with this number, as the writer wrote both."""

    name: Name
    value: Term
    line: int


def is_number(t: Term) -> bool:
    """Is t made of numbers alone?"""
    return not names(t) - set(CONSTANTS) and not any(isinstance(s, D) for s in subterms(t))


def stated_definition(members: tuple[Term, ...], facts: Facts, roles: Roles, line: int) -> Stated | None:
    """The definition that a line may be: a new name = an expression, or an expression = a new name."""
    if len(members) < 2:
        return None
    for name, value in ((members[0], members[1]), (members[-1], members[-2])):
        if _may_define(name, value, facts, roles, first=name is members[0]):
            assert isinstance(name, Name)
            return Stated(name, value, line)
    return None


def _may_define(name: Term, value: Term, facts: Facts, roles: Roles, first: bool) -> bool:
    if not isinstance(name, Name) or is_number(value) or any(isinstance(s, D) for s in subterms(value)) or isinstance(value, Name):
        return False
    s = name.symbol
    if version(s)[1] or s in names(value) or roles.of.get(s) in ("data", "count", "rate", "slope"):
        return False
    if roles.of.get(s) == "target" and roles.the("prediction"):
        return False
    if roles.of.get(s) == "parameter":
        return False
    return first or facts.bare.get(s, 0) + len(facts.indexed.get(s, ())) > 1 or s not in facts.defined


def build(lines: Iterable[tuple[int, tuple[Term, ...]]], facts: Facts, roles: Roles) -> Setting:
    """The setting of the lines, each its number and the members of a = b = c."""
    lines = tuple(lines)
    found: dict[str, Stated] = {}
    for number, members in lines:
        if (d := stated_definition(members, facts, roles, number)) and d.name.symbol not in found:
            found[d.name.symbol] = d
    symbols = sorted(s for s in {*facts.symbols, *(b for _, b in facts.tops)} if s not in roles.aliases and s not in CONSTANTS and version(s)[1] != "new")
    roles = replace(roles, axes=_axes_of_defined(found, roles, symbols))
    setting = Setting(roles, leaves=tuple(Name(s, roles.axes.get(s, ())) for s in symbols if s != roles.count))
    for d in found.values():
        setting = _with(setting, d)
    setting = _objective_by_derivatives(setting, lines)
    return _complete(setting, lines, facts)


def _with(setting: Setting, d: Stated) -> Setting:
    """With one stated definition, where it makes sense."""
    try:
        out = resolve_all(setting, (d.name, d.value))
    except Misfit:
        return setting
    name, value = out.members
    if not isinstance(name, Name) or free(value) - set(name.indices):
        return setting
    try:
        return setting.define(Definition(name, value), d.line)
    except ValueError:
        return setting


def _axes_of_defined(found: dict[str, Stated], roles: Roles, symbols: list[str]) -> dict[str, tuple[str, ...]]:
    """A name defined by what has one value a sample has one itself."""
    axes = dict(roles.axes)
    for _ in range(4):
        before = dict(axes)
        setting = Setting(replace(roles, axes=axes), leaves=tuple(Name(s, axes.get(s, ())) for s in symbols))
        for s, d in found.items():
            try:
                indices = tuple(sorted({axis(a) for a in free(resolve(setting, d.value))}))
            except Misfit:
                continue
            if s not in roles.axes:
                axes[s] = indices
            elif roles.of.get(s) == "residual" and not indices and not d.name.indices:
                axes[s] = indices
        if axes == before:
            break
    return axes


def _objective_by_derivatives(setting: Setting, lines: tuple[tuple[int, tuple[Term, ...]], ...]) -> Setting:
    """∂J/∂w = ∂/∂w (…): says what J is, where nothing else does."""
    for number, members in lines:
        for a, b in zip(members, members[1:], strict=False):
            match a, b:
                case D(Name(s, ()), by), D(value, other) if by == other and not isinstance(value, Name) and s not in {d.name.symbol for d in setting.tape}:
                    setting = _with(setting, Stated(Name(s), value, 0))
                    if setting.definition(s):
                        setting = replace(setting, stated={k: v for k, v in setting.stated.items() if k != s})
                        setting = replace(setting, assumed=(*setting.assumed, f"{s} = {to_ascii(value)}, as line {number} says"))
    return setting


# ---------------------------------------------------------------- what is missing


def _complete(setting: Setting, lines: tuple[tuple[int, tuple[Term, ...]], ...], facts: Facts) -> Setting:
    """The prediction, the residual and the loss, where they are used and never defined."""
    tries = list(_completions(setting, lines, facts))
    if len(tries) == 1:
        return tries[0]
    claims = [m for _, m in lines if any(isinstance(x, D) for x in m[:-1])]
    scores = [sum(_fits(s, m) for m in claims[:12]) for s in tries]
    return tries[scores.index(max(scores))]


def _fits(setting: Setting, members: tuple[Term, ...]) -> bool:
    """Does a derivative follow, under these assumptions?"""
    try:
        out = resolve_all(setting, members).members
    except Misfit:
        return False
    a, b = out[0], out[1]
    return free(a) >= free(b) and setting.proved(a, b)


def _completions(setting: Setting, lines: tuple[tuple[int, tuple[Term, ...]], ...], facts: Facts) -> Iterator[Setting]:
    """What may be meant, the likeliest first."""
    roles = setting.roles
    defined = {d.name.symbol for d in setting.tape}
    tops = {a for a, _ in facts.tops}
    main = next((s for s in roles.all("objective") if s in tops or s in facts.bare), None)
    setting = _with_prediction(setting, lines, facts, main)
    residuals = [s for s in roles.all("residual") if s not in defined and (s in facts.bare or s in facts.indexed)]
    prediction = _prediction(setting)
    target = _target(setting)
    for turned in (False, True) if residuals and prediction else (False,):
        one = setting
        for s in residuals if prediction else ():
            value = target - prediction if turned else prediction - target
            one = _assumed(one, Definition(one.declared(s), value), f"{s} = {to_ascii(_bare(value))}")
        missing = main is None and facts.updated or (main is not None and main not in defined)
        if not missing or not prediction:
            yield one
            continue
        symbol = main or "L"
        logistic = any("sigmoid" in repr(d.value) for d in one.tape) or any(base(s) in ("p", "p_hat", "a") for s in facts.logs)
        for kind in usual_losses(symbol, logistic, roles.samples):
            value, words = usual_loss(kind, prediction, target, setting.count)
            if free(value):
                axes = {**one.roles.axes, symbol: tuple(sorted(free(value)))}
                one = replace(one, roles=replace(one.roles, axes=axes))
            yield _assumed(one, Definition(Name(symbol, tuple(sorted(free(value)))), value), f"{symbol} is {words}")


def _assumed(setting: Setting, d: Definition, says: str) -> Setting:
    try:
        setting = setting.knows(d.value)
        if d.name.symbol not in setting.roles.of:
            setting = replace(setting, roles=replace(setting.roles, of={**setting.roles.of, d.name.symbol: "objective"}))
        return setting.assume(d, says)
    except ValueError:
        return setting


def _prediction(setting: Setting) -> Name | None:
    found = setting.roles.the("prediction")
    return setting.declared(found) if found else None


def _target(setting: Setting) -> Name:
    found = setting.roles.the("target")
    return setting.declared(found) if found else Name("y", ("i",) if setting.roles.samples else ())


def _with_prediction(setting: Setting, lines: tuple[tuple[int, tuple[Term, ...]], ...], facts: Facts, main: str | None) -> Setting:
    """ŷ, where it is used and never defined: what the target is compared with in another line, or a straight line."""
    roles = setting.roles
    defined = {d.name.symbol for d in setting.tape}
    found = roles.the("prediction")
    bys = {setting.roles.aliases.get(b, b) for _, b in facts.tops}
    parameters = [s for s in roles.all("parameter") if s in bys or s in facts.updated or s in facts.bare or s in facts.indexed]
    wanted = found is not None and found not in defined
    if found is None and main is not None and main in defined:
        return setting
    if found is None and not (main or facts.updated) or not parameters:
        return setting
    if found is None:
        roles = replace(roles, of={**roles.of, "y_hat": "prediction"}, axes={**roles.axes, "y_hat": ("i",) if roles.samples else ()})
        setting, found, wanted = replace(setting, roles=roles), "y_hat", True
    for other in roles.all("prediction"):
        if other in defined and wanted and found not in defined:
            return _assumed(setting, Definition(setting.declared(found), setting.declared(other)), f"{found} = {other}: two names for the prediction")
    if not wanted:
        return setting
    name = setting.declared(found)
    if value := _compared(setting, lines, parameters):
        return _assumed(setting, Definition(name, value), f"{found} = {to_ascii(value)}, as it is compared with {_target(setting).symbol}")
    if not any(b in parameters for b in bys) and not facts.updated:
        return setting
    return _straight(setting, name, parameters)


def _compared(setting: Setting, lines: tuple[tuple[int, tuple[Term, ...]], ...], parameters: list[str]) -> Term | None:
    """E in (y − E) or (E − y), where E is made of parameters."""
    target = _target(setting)
    for _, members in lines:
        for t in members:
            for s in subterms(t):
                if isinstance(s, Add) and target.symbol in names(s) and names(s) & set(parameters):
                    try:
                        rest = _without(resolve(setting, s), target)
                    except Misfit:
                        continue
                    if rest is not None and names(rest) & set(parameters) and target.symbol not in names(rest) and free(rest) <= set(target.indices):
                        return rest
    return None


def _without(t: Term, target: Name) -> Term | None:
    """E, where t is E − y or y − E."""
    if not isinstance(t, Add):
        return None
    for sign in (1, -1):
        own = target if sign < 0 else Neg(target)
        if t.terms.count(own) == 1:
            rest = [x for x in t.terms if x != own]
            if sign < 0:
                rest = [x.body if isinstance(x, Neg) else Neg(x) for x in rest]
            return Add(tuple(rest)) if len(rest) > 1 else rest[0]
    return None


def _straight(setting: Setting, name: Name, parameters: list[str]) -> Setting:
    """w x + b, in the writer's letters."""
    data = next((setting.declared(s) for s in setting.roles.all("data")), None) or Name("x", ("i",) if setting.roles.samples else ())
    vector = next((s for s in parameters if setting.declared(s).indices), None)
    if vector:
        j = setting.declared(vector).indices[0]
        if len(data.indices) < 2 and data.indices != (j,):
            data = Name(data.symbol, (*data.indices, j))
        value: Term = Sum(j, Mul((Name(vector, (j,)), data)))
        rest = [s for s in parameters if s != vector and _intercept(s)]
        value = value + Name(rest[0]) if rest else value
    else:
        slope = next((s for s in parameters if not _intercept(s)), parameters[0])
        intercept = next((s for s in parameters if s != slope and (_intercept(s) or len(parameters) == 2)), None)
        value = Mul((Name(slope), data))
        value = value + Name(intercept) if intercept else value
    return _assumed(setting, Definition(name, value), f"{name.symbol} = {to_ascii(_bare(value))}")


def _intercept(s: str) -> bool:
    return base(s) in ("b", "c", "intercept", "bias") or s.rstrip("0").rstrip("_") != s


def _bare(t: Term) -> Term:
    return t


_ = (ROLES, Call, Num)
