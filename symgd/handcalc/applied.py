"""A function of the writer's at another place: f(x + h), f′(5), dL/dw at w = 2, where f(x) = … was stated; and one of which only the name is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symgd.forward import Definition
from symgd.handcalc.setting import Setting
from symgd.term import ONE, Call, Compare, D, Name, Num, Pow, Term, add, mul, subterms
from symgd.term import replace as rewrite

__all__ = ["OPAQUE", "at_place", "opaque"]

OPAQUE = "any_"  # what the coefficients of an unknown function are called
DEGREE = 4


def at_place(setting: Setting, t: Call, go: Callable[[Term], Term]) -> Term | None:
    """The value of f(u), f′(u) or (…)|_{w = u} as a term; `go` resolves a term.  None where f was never stated as a function of one name."""
    match t:
        case Call("at", (of, *places)) if places and all(isinstance(c, Compare) and c.relation == "=" and isinstance(c.left, Name) for c in places):
            value = _settled(setting, go(of))
            for c in places:
                if value is not None and isinstance(c, Compare) and isinstance(c.left, Name):
                    value = _put_in(setting, value, c.left.symbol, go(c.right))
            return value
        case Call(f, (u,)):
            name = f.rstrip("'")
            by = setting.roles.arguments.get(name)
            if by is None or (setting.definition(name) is None):
                return None
            value = go(Name(name))
            for _ in range(len(f) - len(name)):
                slope = _settled(setting, setting.rate(value, setting.declared(by)))
                if slope is None:
                    return None
                value = slope
            return _put_in(setting, _written_out(setting, value, by), by, go(u))
    return None


def _settled(setting: Setting, t: Term) -> Term | None:
    """t with its derivatives worked out, each proved; None where one is not."""
    from symgd.handcalc.remedy import truth

    failed = False

    def out(s: Term) -> Term | None:
        nonlocal failed
        if not isinstance(s, D):
            return None
        found = truth(setting, s)
        if found is None or not setting.knows(found).proved(s, found):
            failed = True
            return s
        return found

    done = rewrite(t, out)
    return None if failed else done


def _written_out(setting: Setting, t: Term, by: str) -> Term:
    """t with every name that is made of `by` written out."""
    return setting.down_to(t, setting.declared(by))


def _put_in(setting: Setting, t: Term, symbol: str, value: Term) -> Term | None:
    t = _written_out(setting, t, symbol)
    if any(isinstance(s, D) for s in subterms(t)) or setting.declared(symbol).indices:
        return None
    return rewrite(t, lambda s: value if s == Name(symbol) else None)


# ---------------------------------------------------------------- of which only the name is known


def opaque(setting: Setting, f: str, of: str) -> Setting:
    """f as any function of one quantity: a polynomial with coefficients that are free, so that f, f′, f″, … are any numbers.

    A claim about the values of f and its first derivatives at one quantity holds for every f exactly if it holds for this one.
    """
    u = setting.declared(of)
    taken = setting.known.keys()
    letters = [f"{OPAQUE}{f}{k}" for k in range(DEGREE)]
    if any(s in taken for s in letters):
        return setting
    value = add(Name(letters[0]), *(mul(Name(s), Pow(u, Num(ONE.value * k)) if k > 1 else u) for k, s in enumerate(letters[1:], 1)))
    roles = replace(setting.roles, axes={**setting.roles.axes, f: u.indices})
    leaves = tuple(v for v in setting.leaves if v.symbol != f)
    try:
        return replace(setting, roles=roles, leaves=leaves).knows(value).assume(Definition(Name(f, u.indices), value), f"{f} is any function of {of}")
    except ValueError:
        return setting

