"""What a line says, in the names and indices of its setting: `Σ x(y − ŷ)` becomes Σ_i x_i (y_i − ŷ_i).

A name that stands for one value a sample and is written without its index takes that of the sum around it; outside of sums, a free one: each sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgd.handcalc.conventions import derived_by, version
from symgd.handcalc.setting import Setting
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import ONE, Call, D, Div, Mul, Name, Num, Sum, Term, axis, children, fresh, mul, rebuild, subterms

__all__ = ["Misfit", "Resolved", "resolve", "resolve_all"]

SAMPLES = "i"


class Misfit(ValueError):
    """A name or function stands where it makes no sense; the message says which."""


@dataclass
class Resolved:
    """members  the members of the line, resolved
    mixed     names written both with and without their index under one sum or in one product
    bare      names that stand for one value a sample, written without their index outside of every sum
    stripped  parameters written with the index of the data
    unknown   names of which nothing is known
    swapped   (written, meant) second names
    """

    members: tuple[Term, ...] = ()
    mixed: set[str] = field(default_factory=set)
    indexed: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    stripped: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    swapped: set[tuple[str, str]] = field(default_factory=set)


def resolve_all(setting: Setting, members: Iterable[Term]) -> Resolved:
    """The members of one line, their letters named alike.  Raises Misfit."""
    members = tuple(members)
    out = Resolved()
    walk = _Walk(setting, _letters(setting, members), out)
    out.members = tuple(walk.go(t, ()) for t in members)
    out.mixed = out.bare if out.indexed else set()
    return out


def resolve(setting: Setting, t: Term) -> Term:
    """One term.  Raises Misfit."""
    return resolve_all(setting, (t,)).members[0]


def _letters(setting: Setting, members: Iterable[Term]) -> dict[str, str]:
    """Each letter of the line as a letter of its axis: the first one met of an axis is the axis itself, the next one has a prime."""
    kinds: dict[str, str] = {}
    for t in members:
        for s in subterms(t):
            if isinstance(s, Name) and s.indices:
                declared = setting.declared(_plain(setting, s.symbol)).indices
                for letter, a in zip(s.indices, declared, strict=False):
                    kinds.setdefault(letter, axis(a))
    for t in members:
        for s in subterms(t):
            if isinstance(s, Sum):
                kinds.setdefault(s.index, SAMPLES)
    taken: set[str] = set()
    out = {}
    for letter, a in kinds.items():
        out[letter] = fresh(a, taken)
        taken.add(out[letter])
    return out


def _plain(setting: Setting, symbol: str) -> str:
    return setting.roles.aliases.get(symbol, symbol)


@dataclass
class _Walk:
    setting: Setting
    letters: Mapping[str, str]
    out: Resolved

    def go(self, t: Term, around: tuple[str, ...]) -> Term:
        """t with the letters `around` bound by sums, the innermost last."""
        match t:
            case Name(s, indices):
                return self.name(s, indices, around)
            case Sum(index, body):
                letter = fresh(self.letters.get(index, SAMPLES), around)
                inner = _Walk(self.setting, {**self.letters, index: letter}, self.out)
                return Sum(letter, inner.go(body, (*around, letter)))
            case Call("sum", (body,)):
                return self.whole(body, around)
            case Call("mean", (body,)):
                return mul(Div(ONE, self.setting.count), self.whole(body, around))
            case D(of, by):
                return self.rate(of, by, around)
            case Call(f, args) if f not in FUNCTIONS:
                return self.applied(f, args, around)
        return rebuild(t, [self.go(c, around) for c in children(t)])

    def whole(self, body: Term, around: tuple[str, ...]) -> Term:
        """Σ body over the axis of what stands in it; a letter written in it is the one that runs."""
        letters = {a for s in subterms(body) if isinstance(s, Name) for a in s.indices} - {s.index for s in subterms(body) if isinstance(s, Sum)}
        axes = {axis(a) for s in subterms(body) if isinstance(s, Name) for a in self.setting.declared(_plain(self.setting, s.symbol)).indices}
        over = SAMPLES if SAMPLES in axes or not axes else min(axes)
        letter = fresh(over, around)
        run = {a: letter for a in letters if axis(self.letters.get(a, over)) == over}
        return Sum(letter, _Walk(self.setting, {**self.letters, **run}, self.out).go(body, (*around, letter)))

    def name(self, s: str, indices: tuple[str, ...], around: tuple[str, ...]) -> Term:
        setting, known = self.setting, self.setting.known
        if s in setting.roles.aliases:
            self.out.swapped.add((s, setting.roles.aliases[s]))
            s = setting.roles.aliases[s]
        if s not in known and (by := derived_by(s, frozenset(setting.roles.all("parameter")))) and (main := setting.objective):
            return setting.rate(main, setting.declared(by))
        stem, kind = version(s)
        if s not in known and kind == "old" and stem in known:
            s = stem
        if s == setting.count.symbol:
            return setting.count
        declared = setting.declared(s).indices
        if s not in known and s not in CONSTANTS:
            self.out.unknown.add(s)
        if indices and not declared:
            self.out.stripped.add(s)
            return Name(s)
        if indices and len(indices) == len(declared):
            self.out.indexed.add(s)
            return Name(s, tuple(self.letters.get(a, a) for a in indices))
        if indices:
            raise Misfit(f"{s} carries {len(declared)} indices elsewhere, and {len(indices)} here")
        if not declared:
            return Name(s)
        self.out.bare.add(s)
        return Name(s, tuple(next((b for b in reversed(around) if axis(b) == axis(a)), axis(a)) for a in declared))

    def rate(self, of: Term, by: Name, around: tuple[str, ...]) -> Term:
        by_ = self.go(by, around)
        if not isinstance(by_, Name):
            raise Misfit(f"{by.symbol} is no name to differentiate by")
        return self.setting.rate(self.go(of, around), by_)

    def applied(self, f: str, args: tuple[Term, ...], around: tuple[str, ...]) -> Term:
        """f(x): the name f where it was defined as one, at the sample that x belongs to."""
        if f not in self.setting.known and f not in self.setting.roles.of:
            raise Misfit(f"the function {f} is not known")
        indices = tuple(dict.fromkeys(a for x in args for s in subterms(x) if isinstance(s, Name) for a in s.indices))
        if len(args) == 1 and isinstance(args[0], Name) and not args[0].indices and args[0].symbol in self.letters:
            indices = (args[0].symbol,)  # price(i)
        declared = self.setting.declared(f).indices
        return self.name(f, indices if len(indices) == len(declared) else (), around)


_ = (Mul, Num)
