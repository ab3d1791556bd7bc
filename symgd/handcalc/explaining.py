"""A false claim, and what may explain it: every line that a slip makes of its left side, every right side with a slip undone.

A claim left = right is known to be false.  A candidate is looked at first at one place in floating point, where a false one falls.

`left` what is to be found, with pending derivatives or without; `right` what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.glance import Glance, ratio
from symgd.handcalc.spoil import Around, Made, SlipRule, Spoiling, outcomes, places, put
from symgd.indices import axis, free, rename
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, Add, D, Div, Mul, Name, Neg, Sum, Term, add, mul, names, parts, replace, subterms

__all__ = ["Candidate", "FalseClaim", "Tables"]

RANGES = ((0.1, 0.9), (-0.9, 0.9), (1.1, 2.9), (-2.9, 2.9))  # where names are drawn from, until both sides have values, and different ones
PLACES = 12  # looked at, at most
NO_VALUE = (KeyError, ValueError, OverflowError, IndexError)  # what has no value at a place


@dataclass(frozen=True)
class Tables:
    """moves      a move on a pending derivative gone wrong
    rewritten  each part of the line before, wrongly rewritten
    undone     each part of the wrong line as it should have been
    whole      the whole wrong line as it should have been
    """

    moves: Mapping[str, SlipRule]
    rewritten: Mapping[str, SlipRule]
    undone: Mapping[str, SlipRule]
    whole: Mapping[str, SlipRule]


@dataclass(frozen=True)
class Candidate:
    """A slip that explains the claim if a = b; what a convention explains besides, in words.

    mended, turned  the right side as it should have been, where a part of it or the whole of it was wrong
    """

    made: Made
    a: Term
    b: Term
    besides: str = ""
    mended: Term | None = None
    turned: Term | None = None

    @property
    def tier(self) -> tuple[bool, int]:
        """Only the slips of the first tier that explains the line are named: alone before besides a convention, likely before rare."""
        return bool(self.besides), self.made.rule.rare


@dataclass
class FalseClaim:
    """The claim, and the place at which candidates are looked at; `kind` as in `claims.Claim`."""

    problem: Problem
    left: Term
    right: Term
    kind: str
    tables: Tables
    spoiling: Spoiling = field(init=False)

    def __post_init__(self) -> None:
        self.spoiling = Spoiling(self.around(), self.tables.moves)

    def around(self, pool: tuple[Term, ...] = (), letters: frozenset[str] = frozenset(), within: Term | None = None) -> Around:
        return Around(self.problem, pool, letters, within, self.kind)

    @cached_property
    def truth(self) -> Term:
        return self.spoiling.right(self.left)

    @cached_property
    def readings(self) -> tuple[Term, ...]:
        """The right side; and with its Σ over all the terms that carry its index."""
        wide = _widened(self.right)
        return (self.right,) if wide is None else (self.right, wide)

    # ------------------------------------------------------------ the place

    @cached_property
    def glance(self) -> Glance | None:
        """A place at which both sides have values, and different ones; None where there is none."""
        for seed in range(PLACES):
            glance = Glance(self.problem, self.spoiling.taken, seed, *RANGES[seed % len(RANGES)])
            try:
                a, b = glance.of(self.left), glance.of(self.right)
            except NO_VALUE:
                return None
            if np.all(np.isfinite(a)) and np.all(np.isfinite(b)) and ratio(a, b, (1.0,)) is None:
                return glance
        return None

    def value(self, t: Term) -> Any:
        """The value of t there; None where it has none."""
        assert self.glance is not None
        try:
            return self.glance.of(t)
        except NO_VALUE:
            return None

    # ------------------------------------------------------------ candidates

    def candidates(self) -> Iterator[Candidate]:
        """Each spoiled line that has the value of the right side, up to a convention's factor; each line with a slip undone that has the left side's."""
        if self.glance is None:
            yield from self.as_written()
            return
        factors = self.factors()
        weights = [self.value(f) for f, _ in factors]
        written = [(r, self.value(r)) for r in self.readings]
        vanishes = names(self.right) and ratio(written[0][1], 0.0, (1.0,)) == 0
        for made, spoiled in self.rewritten() if vanishes else self.forward():
            for c in (spoiled, *self.one_sample(spoiled)):
                got = self.value(c)
                for r, value in written if got is not None else ():
                    if (k := ratio(value, got, weights)) is not None:
                        yield Candidate(made, mul(factors[k][0], c), r, factors[k][1])
        truths = [(t, self.value(t)) for t in (self.left, *self.one_sample(self.truth))]
        for made, undone in self.undone():
            got = self.value(undone)
            for t, v in truths if got is not None else ():
                if (k := ratio(got, v, weights)) is not None:
                    key, told = made.rule.spoil.__name__, t is self.left and k == 0
                    mended, turned = (undone if told and key in table else None for table in (self.tables.undone, self.tables.whole))
                    yield Candidate(made, undone, mul(factors[k][0], t), factors[k][1], mended, turned)

    def as_written(self) -> Iterator[Candidate]:
        """Where names have no values: each right side with a slip undone that reads like the left side."""
        for made, undone in self.edits(self.right, self.tables.undone):
            if tidy(undone) == tidy(self.left):
                yield Candidate(made, self.left, self.left, "", undone)

    def factors(self) -> list[tuple[Term, str]]:
        """1, and the factors that a convention explains where the derivative of the objective is taken."""
        main = self.problem.objective if self.problem.tape else None
        if not any(isinstance(s, D) and s.of == main for s in subterms(self.left)):
            return [(ONE, "")]
        n = self.problem.count[0][1] if self.problem.count else Name("n")
        usual = FACTORS(n) if self.problem.count else FACTORS(n)[:2]
        return [(ONE, ""), *((f, f"a factor {words}: {factor_words(words, n.symbol)}") for f, words in usual)]

    def proved(self, c: Candidate, referee: Referee) -> bool:
        a, b = self.spoiling.right(c.a), self.spoiling.right(c.b)
        return a == b or referee.compare(a, b).verdict == "proved"

    def forward(self) -> Iterator[tuple[Made, Term]]:
        """What the left side becomes with one move spoiled, at one place or wherever it is made."""
        yield from self.spoiling.wrong(self.left)
        yield from self.spoiling.everywhere(self.left)
        yield from self.rewritten()

    def rewritten(self) -> Iterator[tuple[Made, Term]]:
        """What the left side becomes with a part of it wrongly rewritten."""
        before = tidy(self.truth) if _pending(self.left) else self.left
        yield from self.edits(before, self.tables.rewritten)
        yield from self.all_edits(before, self.tables.rewritten)

    def undone(self) -> Iterator[tuple[Made, Term]]:
        """The right side with one slip undone.  Where the left side is 0 nothing is undone: whatever makes a part vanish would do."""
        nothing = ratio(self.value(self.left), 0.0, (1.0,)) == 0
        for right in self.readings:
            for r in self.tables.whole.values() if not nothing else ():
                yield from outcomes(r, right, self.around())
            yield from self.edits(right, {k: r for k, r in self.tables.undone.items() if not nothing or r.name == "term-added"})
            if not _pending(self.left):  # put together wrongly what is taken apart wrongly the other way round
                yield from self.edits(right, self.tables.rewritten)

    def all_edits(self, t: Term, table: Mapping[str, SlipRule]) -> Iterator[tuple[Made, Term]]:
        """t with one slip made at every part that allows it."""
        for r in table.values():
            if r.everywhere:
                made: list[Made] = []

                def change(s: Term, r: SlipRule = r, made: list[Made] = made) -> Term | None:
                    first = next(outcomes(r, s, self.around()), None)
                    if first is None:
                        return None
                    made.append(first[0])
                    return first[1]

                new = replace(t, change)
                if len(made) > 1:
                    yield made[0], new

    def edits(self, t: Term, table: Mapping[str, SlipRule]) -> Iterator[tuple[Made, Term]]:
        for path, s, letters, within in places(t, free(self.left) | free(self.right)):
            around = self.around(self.pool, letters, within)
            for r in table.values():
                yield from ((made, put(t, path, new)) for made, new in outcomes(r, s, around) if r.name == "sign" or not _cancels(new))

    @cached_property
    def pool(self) -> tuple[Term, ...]:
        """The terms of the sums near by, without their signs: what may have been dropped."""
        lines = (*(d.value for d in self.problem.tape), self.left, tidy(self.truth))
        terms = (t.body if isinstance(t, Neg) else t for line in lines for s in subterms(line) if isinstance(s, Add) for t in s.terms)
        return tuple(dict.fromkeys((*terms, *(d.name for d in self.problem.tape if d.name.indices))))

    def one_sample(self, t: Term) -> list[Term]:
        """t for one sample alone: without its outermost Σ, where the right side speaks of one sample."""
        letters = sorted(free(self.right) - free(self.left))
        return [without for letter in letters if (without := _without_sum(t, letter)) is not None]


def _cancels(t: Term) -> bool:
    """Does a term of the sum stand in it with both signs?"""
    return isinstance(t, Add) and any(s.body in t.terms for s in t.terms if isinstance(s, Neg))


def _pending(t: Term) -> bool:
    return any(isinstance(s, D) for s in subterms(t))


def _widened(t: Term) -> Term | None:
    """c Σ_i a + b_i as c Σ_i (a + b_i): the Σ over the terms behind it that carry its index, and all between; None where there are none."""
    if not isinstance(t, Add):
        return None
    for k, s in enumerate(t.terms[:-1]):
        index = next((x.index for x in subterms(s) if isinstance(x, Sum)), None)
        last = next((j for j in range(len(t.terms) - 1, k, -1) if index in free(t.terms[j])), None)
        if index is not None and last is not None and (inside := _with_terms(s, index, t.terms[k + 1 : last + 1])) is not None:
            return add(*t.terms[:k], inside, *t.terms[last + 1 :])
    return None


def _with_terms(t: Term, index: str, terms: tuple[Term, ...]) -> Term | None:
    """t with these terms added in its Σ."""
    match t:
        case Sum(i, body) if i == index:
            return Sum(index, add(body, *terms))
        case Div(a, b):
            inside = _with_terms(a, index, terms)
            return Div(inside, b) if inside is not None else None
        case Mul((*front, last)):
            inside = _with_terms(last, index, terms)
            return mul(*front, inside) if inside is not None else None
    return None


def _without_sum(t: Term, letter: str) -> Term | None:
    match t:
        case Sum(index, body) if axis(index) == axis(letter):
            return rename(body, {index: letter}) if index != letter else body
        case Neg(a):
            inside = _without_sum(a, letter)
            return Neg(inside) if inside is not None else None
        case Div(a, b):
            inside = _without_sum(a, letter)
            return Div(inside, b) if inside is not None else None
        case Mul():
            fs = parts(Mul, t)
            for k, f in enumerate(fs):
                if (inside := _without_sum(f, letter)) is not None:
                    return mul(*fs[:k], inside, *fs[k + 1 :])
    return None
