"""The numbers of a working: what has been given, what follows from it, and whether what is printed is that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from symgd.handcalc.claims import Claim, Judged
from symgd.handcalc.conventions import version
from symgd.handcalc.figures import Figure, NoValue, bind, same, worth
from symgd.handcalc.remedy import truth
from symgd.handcalc.resolve import Misfit, resolve
from symgd.handcalc.setting import Setting
from symgd.handcalc.verdict import Slip
from symgd.stationary import unfold
from symgd.term import Add, Call, D, Mul, Name, Neg, Num, Term, children, names, parts, rebuild, subterms
from symgd.typeset import to_ascii

__all__ = ["Reckoning", "said_of"]

ROUNDED = 3  # decimals from which on a printed number is taken for a rounded one


@dataclass
class Reckoning:
    """values  the numbers that names and derivatives have been given, as the writer wrote them
    forms   what names and derivatives were said to be equal to, as the writer wrote it
    """

    values: dict[str, Figure] = field(default_factory=dict)
    rates: dict[Term, Figure] = field(default_factory=dict)
    forms: dict[Term, list[Term]] = field(default_factory=dict)

    def learn(self, left: Term, right: Term) -> None:
        """left = right, for later."""
        if isinstance(left, Name | D) and right not in self.forms.setdefault(left, []):
            self.forms[left].append(right)

    def keep(self, left: Term, right: Term) -> None:
        """The printed number is what the writer goes on with."""
        try:
            value = worth(right, {})
        except NoValue:
            return
        if isinstance(left, Name):
            self.values[left.symbol] = value
        elif isinstance(left, D):
            self.rates[left] = value

    def value(self, t: Term, setting: Setting, depth: int = 0) -> Figure | None:
        """What t is worth by now, or None."""
        if t in self.rates:
            return self.rates[t]
        values = self.with_count(setting)
        for attempt in (t, self.filled(t, setting, depth)):
            if attempt is None:
                continue
            try:
                return worth(attempt, values)
            except NoValue:
                pass
        try:
            return worth(resolve(setting, t), values)
        except (NoValue, Misfit, ValueError, KeyError):
            pass
        return self.by_forms(t, setting, depth) if depth < 4 else None

    def by_forms(self, t: Term, setting: Setting, depth: int) -> Figure | None:
        for form in self.forms.get(t, ()):
            if (found := self.value(form, setting, depth + 1)) is not None:
                return found
        if isinstance(t, Name) and (d := setting.definition(t.symbol)) is not None and t.symbol in setting.stated:
            for whole in (d.value, unfold(setting.problem, d.value)):
                try:
                    return worth(whole, self.with_count(setting))
                except NoValue:
                    continue
            return self.value(d.value, setting, depth + 1) if not any(isinstance(s, D) for s in subterms(d.value)) else None
        return self.derivative(t, setting) if isinstance(t, D) else None

    def derivative(self, t: D, setting: Setting) -> Figure | None:
        """A derivative by the formula that our own derivation finds."""
        if not self.values:
            return None
        try:
            rate = resolve(setting, t)
            found = truth(setting, rate) if isinstance(rate, D) else None
            if found is None:
                return None
            try:
                return worth(unfold(setting.problem, found), self.with_count(setting))
            except NoValue:
                return self.value(found, setting, 3)
        except (Misfit, ValueError, KeyError):
            return None

    def filled(self, t: Term, setting: Setting, depth: int) -> Term | None:
        """t with the numbers of its derivatives, and w for w_old, put in."""
        changed = False

        def go(s: Term) -> Term:
            nonlocal changed
            if isinstance(s, D):
                found = self.rates.get(s)
                if found is None and depth < 4:
                    found = self.by_forms(s, setting, depth + 1)
                if found is not None and not isinstance(found, tuple | float):
                    changed = True
                    return Num(found)
                return s
            if isinstance(s, Name) and s.symbol not in self.values:
                stem = version(s.symbol)
                if stem[1] == "old" and stem[0] in self.values:
                    changed = True
                    return Name(stem[0], s.indices)
                found = self.by_forms(s, setting, depth + 1) if depth < 4 else None
                if found is not None and not isinstance(found, tuple | float):
                    changed = True
                    return Num(found)
                return s
            return rebuild(s, [go(c) for c in children(s)])

        out = go(t)
        return out if changed else None

    def with_count(self, setting: Setting) -> dict[str, Figure]:
        """The values, and n where lists say how many there are."""
        lengths = {len(v) for v in self.values.values() if isinstance(v, tuple)}
        n = setting.count.symbol
        if n in self.values or len(lengths) != 1:
            return self.values
        return {**self.values, n: Fraction(lengths.pop())}

    # ------------------------------------------------------------ judging

    def judge(self, left: Term, before: Term, right: Term, relation: str, carried: bool, setting: Setting) -> tuple[Judged, tuple[Slip, ...], str]:
        """(the verdict on before = right, a number; what explains it; the right number), where left is what the line began with."""
        claim = Claim(setting, before, right, "number")
        value = self.value(before, setting)
        if value is None and before is not left:
            value = self.value(left, setting)
        if value is None:
            return self.learnt(before, right, claim), (), ""
        if isinstance(value, tuple) and isinstance(before, Mul) and not any(isinstance(s, Call) for s in subterms(right)):  # w · x of two lists
            value = worth(Call("sum", (before,)), self.values)
        anew = self.anew(before, setting) if before is left and isinstance(before, Name | D) else None
        value = value if anew is None else anew
        try:
            if same(value, right, relation == "≈") or (anew is not None and isinstance(before, Name | D) and self.within_rounding(before, right, setting)):
                return Judged("carried" if carried else "right", "the numbers agree", claim=claim), (), ""
        except NoValue as none:
            return Judged("undecided", str(none), claim=claim), (), ""
        shown = said_of(value, _places(right))
        return Judged("wrong", f"the arithmetic gives {shown}", claim=claim), self.slips(before, right, relation, setting), shown

    def anew(self, t: Name | D, setting: Setting) -> Figure | None:
        """What t is worth by what it is made of, where that has other values than when t was last worked out."""
        values = {s: v for s, v in self.values.items() if not (isinstance(t, Name) and s == t.symbol)}
        rates = {r: v for r, v in self.rates.items() if r != t}
        return replace(self, values=values, rates=rates, forms={**self.forms, t: [f for f in self.forms.get(t, ()) if names(f)]}).value(t, setting)

    def within_rounding(self, t: Name | D, right: Term, setting: Setting) -> bool:
        """Is right the value, or between the values, that t has where the numbers printed before it with many decimals are half a unit more or less?"""
        printed = worth(right, {})
        found = []
        for s, v in self.values.items():
            places = next((k for k in range(ROUNDED, 12) if isinstance(v, Fraction) and (v * 10**k).denominator == 1), None)
            if isinstance(v, Fraction) and places is not None and (v * 10 ** (ROUNDED - 1)).denominator != 1:
                for half in (Fraction(-1, 2 * 10**places), Fraction(1, 2 * 10**places)):
                    found.append(replace(self, values={**self.values, s: v + half}).anew(t, setting))
        ends = [float(x) for x in found if x is not None and not isinstance(x, tuple)]
        if not ends or isinstance(printed, tuple):
            return False
        unit = 10.0 ** -_places(right)
        return min(ends) - unit <= float(printed) <= max(ends) + unit

    def learnt(self, before: Term, right: Term, claim: Claim) -> Judged:
        """A value that is given here: of a name, or of the names of the formula before."""
        if isinstance(before, Name | D):
            return Judged("given", f"{to_ascii(before)} has this value", claim=claim)
        found = bind(before, right)
        if found and all(s not in self.values or self.values[s] == v for s, v in found.items()):
            self.values |= found
            return Judged("given", "numbers put in", claim=claim)
        return Judged("undecided", "the numbers behind this are not known", claim=claim)

    def slips(self, before: Term, right: Term, relation: str, setting: Setting) -> tuple[Slip, ...]:
        """The derivative by another parameter, a sign, where one turned round gives what is printed; else arithmetic."""
        if isinstance(before, D) and (by := self.of_another(before, right, relation, setting)):
            says = f"This is the value of the derivative by {by}, not by {before.by.symbol}."
            return (Slip("wrong-parameter", says),)
        for k, t in enumerate(parts(Add, before)):
            turned = t.body if isinstance(t, Neg) else Neg(t)
            other = Add(tuple(turned if j == k else x for j, x in enumerate(parts(Add, before)))) if isinstance(before, Add) else turned
            try:
                if same(worth(other, self.values), right, relation == "≈"):
                    says = f"With the other sign of {to_ascii(t.body if isinstance(t, Neg) else t)} this number comes out."
                    return (Slip("sign", says),)
            except NoValue:
                break
        return (Slip("arithmetic", "The formula is right, the number is not: a slip of arithmetic."),)

    def of_another(self, rate: D, right: Term, relation: str, setting: Setting) -> str | None:
        """The parameter whose derivative has the value that is printed."""
        for p in setting.roles.all("parameter"):
            value = self.value(D(rate.of, Name(p), rate.partial), setting) if p != rate.by.symbol else None
            try:
                if value is not None and same(value, right, relation == "≈"):
                    return p
            except NoValue:
                continue
        return None


def said_of(value: Figure, places: int) -> str:
    """The number with as many decimals as were printed, and more where it needs them."""
    if isinstance(value, tuple):
        return "[" + ", ".join(said_of(v, places) for v in value) + "]"
    for digits in range(max(places, 0), max(places, 0) + 4):
        if abs(float(value) - float(f"{float(value):.{digits}f}")) <= 5e-10 * max(1.0, abs(float(value))):
            return f"{float(value):.{digits}f}"
    return f"{float(value):.{max(places + 2, 6)}g}"


def _places(t: Term) -> int:
    return max((s.places or 0 for s in subterms(t) if isinstance(s, Num)), default=0)
