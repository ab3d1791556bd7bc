"""Which axes the names of a working have: letters of one statement, slots of one symbol and factors of one product that meet are one axis.

Glossary: `i` samples, `j`, `h`, `k` … others; a slot (s, k) is the place of the k-th index of the name s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from symgd.handcalc.conventions import ROLES, base
from symgd.handcalc.facts import Facts
from symgd.handcalc.vectors import Vectors
from symgd.indices import axis, fresh

__all__ = ["DESIGNS", "axes_of", "features_of", "in_letters_of"]

DESIGNS = ("X", "Phi")
OTHER_AXES = ("j", "h", "k", "l", "q", "r", "s", "v")


def axes_of(facts: Facts, of: Mapping[str, str], samples: bool, vectors: Vectors) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The indices of each symbol, and the parameters that carry the data's index for nothing.

    Letters of one statement and slots of one symbol that meet are one axis; that of the target, the prediction and the residual is the samples'.
    """
    own = {s for s in facts.indexed if of.get(s) != "parameter"}
    classes = _Classes()
    _join(classes, facts, own)
    for a, b, free in vectors.joins:
        if free or not classes.clash(a, b):
            classes.join(a, b)
    _same_letters(classes, facts, own)
    whole = {s for s in vectors.symbols if of.get(s) != "parameter"}
    sample = _sample_roots(classes, facts, of, own, whole)
    stripped = {s for s in facts.indexed if of.get(s) == "parameter" and _for_nothing(s, facts, classes, sample, vectors)}
    _join(classes, facts, set(facts.indexed) - own - stripped)
    _same_letters(classes, facts, set(facts.indexed) - stripped)
    sample = {classes.root(r) for r in sample}
    names: dict[object, str] = {}
    axes: dict[str, tuple[str, ...]] = {}
    for s in sorted((set(facts.indexed) - stripped) | vectors.symbols):
        most = max([len(idx) for _, idx in facts.indexed.get(s, ())] + [vectors.total(s)])
        roots = [classes.root((s, k)) for k in range(most)]
        letters = ["i" if r in sample else names.setdefault(r, OTHER_AXES[min(len(names), len(OTHER_AXES) - 1)]) for r in roots]
        axes[s] = _apart(tuple(letters))
    if samples:
        for s, role in of.items():
            if role in ("target", "prediction", "residual", "data"):
                axes.setdefault(s, ("i",))
                if role == "data" and vectors.rank.get((s, 0)) == 1 and len(axes[s]) == 1 and axes[s] != ("i",) and (facts.sums or facts.indexed):
                    axes[s] = ("i", *axes[s])
    return axes, frozenset(stripped)


def in_letters_of(theirs: Mapping[str, tuple[str, ...]], own: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The axes `own` in the letters that `theirs` has for them: an axis of a name here is that axis of names[name] there."""
    to: dict[str, str] = {}
    for s, other in sorted(names.items()):
        if s in own and len(own[s]) == len(theirs.get(other, ())):
            for a, b in zip(own[s], theirs[other], strict=True):
                to.setdefault(axis(a), axis(b))
    for a in sorted({axis(a) for indices in own.values() for a in indices} - to.keys()):
        taken = {*to.values()}
        to[a] = a if a not in taken else next((b for b in OTHER_AXES if b not in taken), a)
    return {s: _apart(tuple(to[axis(a)] for a in indices)) for s, indices in own.items()}


def _apart(letters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fresh(a, letters[:k]) for k, a in enumerate(letters))


def _sample_roots(classes: _Classes, facts: Facts, of: Mapping[str, str], own: set[str], whole: set[str]) -> set[Slot]:
    """The axes of the samples: of the target and its kin; else of the rows of X; else of what has one index alone."""
    classed = {classes.root(slot) for slot in sorted(facts.ones)} | {classes.root((number, letter)) for number, letter in features_of(facts, of)}
    sample = {classes.root((s, 0)) for s in sorted(own | whole) if of.get(s) in ("target", "prediction", "residual")} - classed
    sample = sample or {classes.root((s, 0)) for s in DESIGNS if s in whole}
    if sample or whole:
        return sample
    singles = {classes.root((s, 0)) for s in sorted(own) if all(len(idx) == 1 for _, idx in facts.indexed[s])}
    singles -= classed
    return singles if len(singles) == 1 else {r for r in singles if any(x[1] == "i" for x in classes.of(r))}


def features_of(facts: Facts, of: Mapping[str, str]) -> list[tuple[int, str]]:
    """The letters of dot products, Σ_j w_j x_j: a weight carries them, and nothing that there is one of for each sample."""
    kinds = [(number, letter, {of.get(s) for s in symbols}) for number, letter, symbols in facts.dots]
    return [(number, letter) for number, letter, roles in kinds if "parameter" in roles and not roles & {"target", "prediction", "residual"}]


def _same_letters(classes: _Classes, facts: Facts, symbols: set[str]) -> None:
    """One letter is one axis in all lines, where that makes no two slots of one symbol the same."""
    uses = sorted((letter, number) for s in symbols for number, indices in facts.indexed[s] for letter in indices)
    for (a, first), (b, second) in pairwise(dict.fromkeys(uses)):
        if a == b and not classes.clash((first, a), (second, b)):
            classes.join((first, a), (second, b))


def _join(classes: _Classes, facts: Facts, symbols: set[str]) -> None:
    for s in sorted(symbols):
        for number, indices in sorted(facts.indexed[s]):
            for k, letter in enumerate(indices):
                classes.join((s, k), (number, letter))


def _for_nothing(s: str, facts: Facts, classes: _Classes, sample: set[Slot], vectors: Vectors) -> bool:
    """Has the parameter the index of the samples, or one that nothing else has while it stands bare elsewhere?"""
    uses = facts.indexed[s]
    if any(len(idx) > 1 for _, idx in uses):
        return False
    if any(classes.root((number, idx[0])) in sample for number, idx in uses):
        return base(s) in ROLES["parameter"] or facts.bare.get(s, 0) > sum(by == s for _, by in facts.tops)
    return facts.bare.get(s, 0) > 0 and s not in vectors.symbols and not any(classes.known((number, idx[0])) for number, idx in uses)


Slot = tuple[object, object]


class _Classes:
    """Union-find over slots (symbol, k) and letters (statement, letter)."""

    def __init__(self) -> None:
        self.up: dict[Slot, Slot] = {}

    def known(self, x: Slot) -> bool:
        return x in self.up

    def root(self, x: Slot) -> Slot:
        while self.up.get(x, x) != x:
            x = self.up[x]
        return x

    def join(self, a: Slot, b: Slot) -> None:
        self.up.setdefault(a, a)
        self.up.setdefault(b, b)
        ra, rb = sorted((self.root(a), self.root(b)), key=str)
        self.up[rb] = ra

    def clash(self, a: Slot, b: Slot) -> bool:
        """Would one symbol have the same axis twice, if a and b were one?"""
        one, other = ({x for x in self.up if self.root(x) == self.root(y) and isinstance(x[0], str)} for y in (a, b))
        return self.root(a) != self.root(b) and bool({s for s, _ in one} & {s for s, _ in other})

    def of(self, root: Slot) -> Iterator[Slot]:
        """The letters and slots of one axis."""
        return (x for x in self.up if self.root(x) == root and isinstance(x[0], int))
