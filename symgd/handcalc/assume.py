"""What a working uses and never says: the prediction, the residual, the loss.  It is assumed from what is usual, and said aloud.

Where several usual losses may be meant, the one is taken under which most of the writer's derivatives follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgd.forward import Definition
from symgd.handcalc.applied import opaque
from symgd.handcalc.conventions import base, derived_by, usual_loss, usual_losses
from symgd.handcalc.defining import Numbered, Stated, with_stated
from symgd.handcalc.facts import PRIMED, Facts
from symgd.handcalc.networks import numbered_network
from symgd.handcalc.resolve import Misfit, resolve, resolve_all
from symgd.handcalc.setting import Setting
from symgd.handcalc.symmetry import symmetric, symmetrised
from symgd.indices import free
from symgd.term import Add, Call, D, Mul, Name, Neg, Sum, Term, mean, names, subterms
from symgd.typeset import to_ascii

__all__ = ["complete"]

TRIED = 8  # derivatives by which the usual losses are told apart


def complete(setting: Setting, statements: Numbered, facts: Facts) -> Setting:
    """The setting with what is missing assumed."""
    setting = _objective_by_derivatives(_means(_any_functions(_symmetric(setting, facts), facts), facts), statements)
    tries = list(_completions(setting, statements, facts))
    claims = [said.terms for _, said in statements if len(said.terms) > 1 and _is_rate(said.terms[0], setting)][:TRIED]
    if len(tries) == 1 and (not claims or tries[0].assumed == setting.assumed):
        return tries[0]
    fits = [[m for m in claims if _fits(s, m)] for s in tries]
    best, following = max(zip(tries, fits, strict=True), key=lambda pair: len(pair[1]))  # the first of those under which most follow
    new = {s for s, _ in best.assumed} - {s for s, _ in setting.assumed}
    return replace(best, loose=frozenset(s for s in new if not any(_rests_on(best, m, s) for m in following))) if claims else best


def _rests_on(setting: Setting, members: tuple[Term, ...], s: str) -> bool:
    """Is what is derived in the line made of s, and s of what it is derived by?"""
    d, left = setting.definition(s), members[0]
    if d is None:
        return True
    below = setting.referee.made_of(names(d.value))
    if not isinstance(left, D):
        return True
    return left.by.symbol in below and s in setting.referee.made_of(names(left.of) | {d.name.symbol for d in setting.tape if d.name == left.of})


def _any_functions(setting: Setting, facts: Facts) -> Setting:
    """a = f(z), f′(z), where nobody says what f is: any function."""
    for f in facts.symbols:
        bys = {b for a, b in facts.tops if a == f}
        if base(f).partition("_")[0] in ("f", "g", "h", "phi", "psi") and len(bys) == 1 and setting.definition(f) is None and PRIMED not in bys:
            (of,) = bys
            setting = opaque(setting, f, of) if setting.definition(of) and any(x == Name(f) for d in setting.tape for x in [d.value]) else setting
    return setting


def _symmetric(setting: Setting, facts: Facts) -> Setting:
    """A, where it is said to be symmetric: half of it is as good as all."""
    for s in symmetric(facts, setting.roles.vectors.symbols):
        if (d := symmetrised(setting, s)) is not None:
            setting = _assumed(setting, d, f"{s} is symmetric")
    return setting


def _is_rate(t: Term, setting: Setting) -> bool:
    return isinstance(t, D) or (isinstance(t, Name) and derived_by(t.symbol, frozenset(setting.roles.all("parameter"))) is not None)


def _fits(setting: Setting, members: tuple[Term, ...]) -> bool:
    """Does a derivative follow, under these assumptions?"""
    try:
        a, b = resolve_all(setting, members[:2]).members
        return free(a) >= free(b) and setting.knows(a).knows(b).proved(a, b)
    except (Misfit, ValueError, KeyError):
        return False


def _means(setting: Setting, facts: Facts) -> Setting:
    """x̄, where nobody says what it is: the mean of the x_i."""
    for s in facts.symbols:
        stem = "_".join(p for p in s.split("_") if p != "bar")
        if stem != s and not setting.definition(s) and setting.roles.axes.get(stem) == ("i",) and not setting.declared(s).indices:
            value = mean("i", setting.declared(stem), setting.count)
            setting = _assumed(setting, Definition(Name(s), value), f"{s} is the mean of {stem}")
    return setting


def _objective_by_derivatives(setting: Setting, statements: Numbered) -> Setting:
    """∂J/∂w = ∂/∂w (…) says what J is, where nothing else does."""
    for number, said in statements:
        match said.terms:
            case (D(Name(s, ()), by), D(value, other), *_) if by == other and not isinstance(value, Name) and PRIMED not in names(value):
                found = setting if s in setting.stated else with_stated(setting, Stated(Name(s), value, number))
                if s in found.stated and s not in setting.stated:
                    says = f"{s} = {to_ascii(value)}, as line {number} differentiates it"
                    setting = replace(found, stated=setting.stated, assumed=(*found.assumed, (s, says)))
    return setting


def _completions(setting: Setting, statements: Numbered, facts: Facts) -> Iterator[Setting]:
    """What may be meant, the likeliest first."""
    roles = setting.roles
    defined = {d.name.symbol for d in setting.tape}
    tops = {a for a, _ in facts.tops}
    main = next((s for s in roles.all("objective") if s in tops or s in facts.bare), None)
    if main is not None and main not in defined and (network := numbered_network(setting, facts.symbols, main)):
        yield network
        return
    setting = _with_prediction(setting, statements, facts, main)
    residuals = [s for s in roles.all("residual") if s not in defined and (s in facts.bare or s in facts.indexed)]
    prediction = _prediction(setting)
    target = _target(setting)
    for turned in (False, True) if residuals and prediction else (False,):
        one = setting
        for s in residuals if prediction else ():
            value = target - prediction if turned else prediction - target  # type: ignore[operator]
            one = _assumed(one, Definition(one.declared(s), value), f"{s} = {to_ascii(value)}")
        gradients = any(_is_rate(said.terms[0], setting) for _, said in statements)
        missing = main not in defined if main is not None else bool(facts.updated) or gradients
        if not missing or not prediction:
            yield one
            continue
        symbol = main or next(s for s in ("L", "J", "E", "L_0") if s not in facts.symbols)
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
        if d.name.symbol not in setting.roles.of and not free(d.name) and not d.name.symbol.endswith("_bar"):
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


def _with_prediction(setting: Setting, statements: Numbered, facts: Facts, main: str | None) -> Setting:
    """ŷ, where it is used and never defined: what the target is compared with in another line, or a straight line."""
    roles = setting.roles
    defined = {d.name.symbol for d in setting.tape}
    found = roles.the("prediction")
    bys = {setting.roles.aliases.get(b, b) for _, b in facts.tops}
    parameters = [s for s in roles.all("parameter") if s not in roles.aliases]
    wanted = found is not None and found not in defined
    if found is None and main is not None and main in defined:
        return setting
    gradients = any(derived_by(s, frozenset(parameters)) for s in facts.symbols)
    if (found is None and not (main or facts.updated or gradients)) or not parameters:
        return setting
    if found is None:
        roles = replace(roles, of={**roles.of, "y_hat": "prediction"}, axes={**roles.axes, "y_hat": ("i",) if roles.samples else ()})
        setting, found, wanted = replace(setting, roles=roles), "y_hat", True
    said = next((s for s in roles.all("prediction") if s in defined), None)
    for other in roles.all("prediction") if said else ():
        apart = {(other, said), (said, other)} & set(facts.minus)
        if other not in defined and other in facts.symbols and not apart and setting.declared(other).indices == setting.declared(str(said)).indices:
            same = Definition(setting.declared(other), setting.declared(str(said)))
            setting, wanted = _assumed(setting, same, f"{other} = {said}: two names for the prediction"), False
    if not wanted:
        return setting
    name = setting.declared(found)
    if value := _compared(setting, statements, parameters):
        return _assumed(setting, Definition(name, value), f"{found} = {to_ascii(value)}, as it is compared with {_target(setting).symbol}")
    if not any(b in parameters for b in bys) and not facts.updated and not gradients:
        return setting
    return _straight(setting, name, parameters, facts)


def _compared(setting: Setting, statements: Numbered, parameters: list[str]) -> Term | None:
    """E in (y − E) or (E − y), where E is made of parameters."""
    target = _target(setting)
    for _, said in statements:
        for t in said.terms:
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


def _straight(setting: Setting, name: Name, parameters: list[str], facts: Facts) -> Setting:
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
        unit = next((s for s in parameters if base(s) in ("z", "net") and (len(parameters) == 1 or (name.symbol, s) in facts.tops)), None)
        if unit:  # what a unit is given
            value = Call("sigmoid", (setting.declared(unit),))
            setting = _assumed(setting, Definition(name, value), f"{name.symbol} = {to_ascii(value)}")
            others = [s for s in parameters if s != unit]
            return _straight(setting, setting.declared(unit), others, facts) if others and not setting.definition(unit) else setting
        slope = next((s for s in parameters if not _intercept(s)), parameters[0])
        intercept = next((s for s in parameters if s != slope and (_intercept(s) or len(parameters) == 2)), None)
        value = Mul((Name(slope), data))
        value = value + Name(intercept) if intercept else value
    return _assumed(setting, Definition(name, value), f"{name.symbol} = {to_ascii(value)}")


def _intercept(s: str) -> bool:
    return base(s) in ("b", "c", "intercept", "bias") or s.rstrip("0").rstrip("_") != s
