"""What a working defines: a new name = an expression, or an expression = a new name, wherever in the working it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from symgd.forward import Definition
from symgd.handcalc.conventions import derived_by, version
from symgd.handcalc.facts import PRIMED, Facts, is_number
from symgd.handcalc.lines import Said
from symgd.handcalc.resolve import Misfit, resolve_all
from symgd.handcalc.roles import Roles
from symgd.handcalc.setting import Setting
from symgd.indices import axis, free
from symgd.language import CONSTANTS
from symgd.term import TWO, Add, Call, D, Name, Pow, Term, names, subterms
from symgd.term import replace as rewrite

__all__ = ["Stated", "collect", "plain_setting", "with_definitions", "with_stated"]

Numbered = Sequence[tuple[int, Said]]


@dataclass(frozen=True)
class Stated:
    """name = value, on the line with this number, as the writer wrote both."""

    name: Name
    value: Term
    line: int


def collect(statements: Numbered, facts: Facts, roles: Roles) -> list[Stated]:
    """Every definition, in order; of one name perhaps several."""
    out = []
    for number, said in statements:
        terms = said.terms
        if len(terms) > 1 and not said.continues and said.relations[1] in ("=", ":=", "≡"):
            for name, value in ((terms[0], terms[1]), (terms[1], terms[0])):
                if isinstance(name, Name) and _may_define(name, value, facts, roles, first=name is terms[0]):
                    out.append(Stated(name, value, number))
                    break
    return out


def _may_define(name: Name, value: Term, facts: Facts, roles: Roles, first: bool) -> bool:
    s = name.symbol
    if is_number(value) or version(s)[1] or s in names(value) or PRIMED in names(value) or s in roles.aliases:
        return False
    if any(isinstance(x, Call) and x.function in ("list", "matrix", "at") for x in subterms(value)):
        return False
    if derived_by(s, frozenset(roles.all("parameter"))) and not isinstance(value, D):
        return False
    role = roles.of.get(s)
    if role in ("data", "count", "rate", "parameter") or (role == "target" and (roles.the("prediction") or s in facts.compared)):
        return False
    if isinstance(value, Name):
        return first and role != "target" and s not in facts.numbers
    return first or s in facts.defined


def plain_setting(facts: Facts, roles: Roles, found: Iterable[Stated]) -> Setting:
    """The setting with every name as a leaf, names that are defined per sample with their index."""
    found = list(found)
    parameters = frozenset(roles.all("parameter"))
    left_out = {*roles.aliases, *CONSTANTS, PRIMED, "I"} | {s for s in facts.symbols if derived_by(s, parameters)} - {d.name.symbol for d in found}
    symbols = sorted(s for s in {*facts.symbols, *(b for _, b in facts.tops)} if s not in left_out and not version(s)[1])
    roles = replace(roles, axes=_axes_of_defined(found, roles, symbols))
    return Setting(roles, leaves=tuple(Name(s, roles.axes.get(s, ())) for s in symbols if s != roles.count))


def _axes_of_defined(found: list[Stated], roles: Roles, symbols: list[str]) -> dict[str, tuple[str, ...]]:
    """A name defined by what has one value a sample has one itself."""
    axes = dict(roles.axes)
    for _ in range(4):
        before = dict(axes)
        for d in found:
            setting = Setting(replace(roles, axes=axes), leaves=tuple(Name(s, axes.get(s, ())) for s in symbols))
            try:
                value = resolve_all(setting, (_whole(d, roles),)).members[0]
            except Misfit:
                continue
            s, indices = d.name.symbol, tuple(sorted({axis(a) for a in free(value)}))
            if s not in roles.axes or (len(indices) < len(axes.get(s, ())) and not d.name.indices and roles.of.get(s) in ("residual", "prediction")):
                axes[s] = indices
        if axes == before:
            break
    return axes


def _whole(d: Stated, roles: Roles) -> Term:
    """L = ½ (ŷ − y)² of two vectors is the sum of the squares of all entries."""
    if roles.samples or roles.of.get(d.name.symbol) != "objective" or any(isinstance(s, Name) and s.indices for s in subterms(d.value)):
        return d.value

    def vector(t: Term) -> bool:
        return isinstance(t, Add) and all(roles.vectors.rank.get((s, 0)) == 1 for s in sorted(names(t)))

    return rewrite(d.value, lambda s: Call("sum", (s,)) if isinstance(s, Pow) and s.exponent == TWO and vector(s.base) else None)


def with_definitions(setting: Setting, found: Iterable[Stated]) -> Setting:
    """With the first definition of every name."""
    found = list(found)
    for d in (*found, *found):  # the second time, for what needs a function that is stated later
        if d.name.symbol not in setting.stated:
            setting = with_stated(setting, d)
    return setting


def with_stated(setting: Setting, d: Stated, line: int | None = None) -> Setting:
    """With one stated definition, where it makes sense; a name for a derivative is kept beside the tape."""
    try:
        name, value = resolve_all(setting, (d.name, _whole(d, setting.roles))).members
    except Misfit:
        return setting
    if not isinstance(name, Name) or free(value) - set(name.indices):
        return setting
    name = Name(name.symbol, name.indices)
    stated = {**setting.stated, name.symbol: d.line if line is None else line}
    if any(isinstance(x, D) for x in subterms(value)):
        return replace(setting, rates={**setting.rates, name.symbol: Definition(name, value)}, stated=stated)
    if name.symbol in {x.symbol for x in subterms(value) if isinstance(x, Name)}:
        return setting
    try:
        return setting.define(Definition(name, value), stated[name.symbol])
    except ValueError:
        return setting

