"""Z beside z_ih: many write the matrix with a capital letter and its entries with the small one.

They are one where the capital is defined nowhere, or where its definition is proved to be that of the small letter, entry by entry.
"""

from __future__ import annotations

from dataclasses import replace

from symgd.forward import Definition
from symgd.handcalc.facts import Facts
from symgd.handcalc.setting import Setting
from symgd.indices import axis
from symgd.term import Name, Term
from symgd.term import replace as rewrite

__all__ = ["with_twins"]


def with_twins(setting: Setting, facts: Facts) -> Setting:
    """The setting with every such capital as a second name of its entries."""
    rank = setting.roles.vectors.rank
    found: dict[str, str] = {}
    for d in setting.tape:
        if rank.get((d.name.symbol, 0)) == 2 and (twin := _entries(setting, facts, d.name.symbol)) and _same(setting, twin, d):
            found[d.name.symbol] = twin.symbol
    defined = {d.name.symbol for d in setting.tape}
    for s in facts.symbols:
        if rank.get((s, 0)) == 2 and s not in facts.defined and s not in defined and (twin := _entries(setting, facts, s)):
            found[s] = twin.symbol
    if not found:
        return setting

    def small(t: Term) -> Term | None:
        return Name(found[t.symbol], t.indices) if isinstance(t, Name) and t.symbol in found else None

    tape = tuple(Definition(d.name, rewrite(d.value, small)) for d in setting.tape if d.name.symbol not in found)
    rates = {s: Definition(d.name, rewrite(d.value, small)) for s, d in setting.rates.items()}
    roles = replace(setting.roles, aliases={**setting.roles.aliases, **found}, of={s: r for s, r in setting.roles.of.items() if s not in found})
    return replace(setting, tape=tape, rates=rates, roles=roles, leaves=tuple(v for v in setting.leaves if v.symbol not in found))


def _entries(setting: Setting, facts: Facts, s: str) -> Name | None:
    """The small letter, where it carries two indices and the capital none."""
    small = s[:1].lower() + s[1:]
    fits = small != s and s not in facts.indexed and small in facts.indexed and s not in setting.roles.aliases
    declared = setting.declared(small)
    return declared if fits and len(declared.indices) == 2 and declared.symbol not in setting.roles.aliases else None


def _same(setting: Setting, twin: Name, d: Definition) -> bool:
    """Is the capital's definition proved to be the small letter's?"""
    if sorted(map(axis, twin.indices)) != sorted(map(axis, d.name.indices)) or setting.definition(twin.symbol) is None:
        return False
    return setting.proved(Name(twin.symbol, d.name.indices), d.name)
