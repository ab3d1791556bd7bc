"""What a line says, in the names and indices of its setting: `Σ x(y − ŷ)` becomes Σ_i x_i (y_i − ŷ_i).

A name that stands for one value a sample and is written without its index takes that of the sum around it; outside of sums, a free one: each sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgd.forward import Definition
from symgd.handcalc.applied import at_place
from symgd.handcalc.arrays import Shapes, aligned, entries, in_arrays
from symgd.handcalc.conventions import derived_by, version
from symgd.handcalc.setting import Misfit, Setting
from symgd.indices import axis, fresh, rename, settle
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import ONE, Call, D, Div, Name, Sum, Term, children, mul, rebuild, subterms

__all__ = ["Misfit", "Resolved", "resolve", "resolve_all"]

SAMPLES = "i"


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
    letters = _letters(setting, members)
    walk = _Walk(setting, letters, out)
    if in_arrays(setting, members, letters):
        out.members = _written_out(walk, members)
        return out
    out.members = tuple(walk.go(t, ()) for t in members)
    out.mixed = out.bare if out.indexed else set()
    return out


def _written_out(walk: _Walk, members: tuple[Term, ...]) -> tuple[Term, ...]:
    """Vectors and matrices in entries, with one set of free letters for all members."""
    try:
        first, *rest = [entries(walk.setting, t, dict(walk.letters), walk.plain) for t in members]
        out = [first.term]
        for x in rest:
            out.append(aligned(first, x, any(isinstance(s, D) or (isinstance(s, Call) and s.function == "gradient") for t in members for s in subterms(t)))[1])
    except Shapes as shapes:
        raise Misfit(str(shapes)) from shapes
    return tuple(map(settle, out))


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
            case Call("Var", (a,)):
                return self.go(Call("Cov", (a, a)), around)
            case Call("Cov", (a, b)):
                return self.go(Call("mean", (mul(*(x - Call("mean", (x,)) for x in (a, b))),)), around)
            case D(of, by):
                return self.rate(of, by, around)
            case Call("hadamard", (a, b)):
                return mul(self.go(a, around), self.go(b, around))
            case Call(f, _) if f not in FUNCTIONS:
                if (value := at_place(self.setting, t, lambda x: self.go(x, around))) is not None:
                    return value
                raise Misfit(f"{f} is not known as a function here")
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
        s = self.plain(Name(s, indices))
        if s not in known and (by := derived_by(s, frozenset(setting.roles.all("parameter")))) and (main := setting.objective):
            return setting.rate(main, setting.declared(by))
        if s == setting.count.symbol:
            return setting.count
        if s in setting.rates:
            return self.macro(setting.rates[s], indices, around)
        declared = setting.declared(s).indices
        if s not in known and s not in CONSTANTS:
            self.out.unknown.add(s)
        if indices and not declared:
            if setting.roles.of.get(s) == "parameter":
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

    def macro(self, d: Definition, indices: tuple[str, ...], around: tuple[str, ...]) -> Term:
        """A name for a derivative, written out."""
        written = tuple(self.letters.get(a, a) for a in indices)
        if len(written) != len(d.name.indices):
            written = tuple(next((b for b in reversed(around) if axis(b) == axis(a)), axis(a)) for a in d.name.indices)
        return rename(d.value, {a: b for a, b in zip(d.name.indices, written, strict=True) if a != b})

    def plain(self, t: Name) -> str:
        """The symbol that the name stands for: n for N, w for w_old."""
        s = t.symbol
        if s in self.setting.roles.aliases:
            self.out.swapped.add((s, self.setting.roles.aliases[s]))
            s = self.setting.roles.aliases[s]
        stem, kind = version(s)
        return stem if s not in self.setting.known and kind == "old" and stem in self.setting.known else s

    def rate(self, of: Term, by: Name, around: tuple[str, ...]) -> Term:
        by_ = self.go(by, around)
        if not isinstance(by_, Name):
            raise Misfit(f"{by.symbol} is no name to differentiate by")
        return self.setting.rate(self.go(of, around), by_)
