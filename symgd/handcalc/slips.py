"""What explains a wrong line: each slip that reproduces it exactly, up to a convention's factor that is then named.

A claim left = right is known to be false.  Deriving `left` with one move spoiled gives `right`, or `right` with one slip undone gives `left`:
that is proved by the referee, or the slip is not named.  Candidates are looked at first at one secret place, where a false one falls.

`left` what is to be found, with pending derivatives or without; `right` what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.glance import Glance, ratio
from symgd.handcalc.slips_of_algebra import REWRITINGS
from symgd.handcalc.slips_of_brackets import BRACKETS_LOST, BRACKETS_REWRITTEN
from symgd.handcalc.slips_of_chain import CHAIN
from symgd.handcalc.slips_of_functions import OF_FUNCTIONS
from symgd.handcalc.slips_of_names import NAMES
from symgd.handcalc.slips_of_powers import POWERS
from symgd.handcalc.slips_of_products import PRODUCTS
from symgd.handcalc.slips_of_sums import SUMS
from symgd.handcalc.slips_of_terms import TERMS
from symgd.handcalc.spoil import Around, Made, SlipRule, Spoiling, places, put, slip
from symgd.handcalc.verdict import Slip
from symgd.language import FUNCTIONS
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, TWO, Add, D, Div, Mul, Name, Neg, Num, Sum, Term, axis, free, mul, parts, rename, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["SLIPS", "explain"]

RANGES = ((0.1, 0.9), (1.1, 2.9), (-0.9, 0.9), (-2.9, 2.9), (0.1, 0.9))  # where names are drawn from, until both sides have a value
NO_VALUE = (KeyError, ValueError, OverflowError, IndexError)  # what has no value at a place
MOST = 3  # slips named for one line

WHOLE: dict[str, SlipRule] = {}


@slip(WHOLE, "sign", spoils="sign")
def whole_sign(t: Term, _: Around) -> Iterator[Term]:
    """The sign is turned round: everything else is right, but it should have the opposite sign."""
    yield Neg(t)


@slip(WHOLE, "factor", spoils="constant multiple")
def whole_factor(t: Term, _: Around) -> Iterator[tuple[Term, dict[str, Term]]]:
    """Everything else is right, but a constant factor is not: what stands here is {f} times what it should be."""
    for f in (TWO, Div(ONE, TWO), Num(Fraction(4)), Div(ONE, Num(Fraction(4)))):
        yield Div(t, f), {"f": f}


@slip(WHOLE, "count", spoils="constant multiple")
def whole_count(t: Term, around: Around) -> Iterator[tuple[Term, dict[str, Term]]]:
    """Everything else is right, but the count is not: what stands here is {f} times what it should be."""
    for _, n in around.problem.count:
        for f in (n, Div(ONE, n), mul(n, n), Div(ONE, mul(n, n))):
            yield Div(t, f), {"f": f}


@slip(WHOLE, "sum-dropped", spoils="linearity of the sum")
def whole_sum(t: Term, _: Around) -> Iterator[Term]:
    """The Σ was lost: the values of all samples are to be added up."""
    for index in sorted(free(t)):
        yield Sum(index, t)


MOVES: dict[str, SlipRule] = {**POWERS, **SUMS, **PRODUCTS, **OF_FUNCTIONS, **CHAIN}  # a move on a pending derivative gone wrong
REWRITTEN: dict[str, SlipRule] = {**BRACKETS_REWRITTEN, **REWRITINGS}  # each part of the line before, wrongly rewritten
UNDONE: dict[str, SlipRule] = {**BRACKETS_LOST, **TERMS, **NAMES}  # each part of the wrong line as it should have been
SLIPS: dict[str, SlipRule] = {**WHOLE, **MOVES, **UNDONE, **REWRITTEN}

# the likeliest first, where several explain a line
LIKELY = (
    "update-direction", "sum-dropped", "sign", "exponent-kept", "factor", "count", "inner-derivative", "function-derivative", "wrong-parameter",
    "outer-derivative", "product-rule", "quotient-rule", "bracket", "term-dropped", "constant-kept", "wrong-variable", "sum-product", "additive",
    "cancelling", "exponent-lost", "term-added", "reciprocal", "chain-rule", "path-dropped", "sum-kept", "transpose", "arithmetic",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A slip, the claim a = b that it explains the line, and what a convention explains besides, in words ("" for nothing)."""

    made: Made
    a: Term
    b: Term
    besides: str = ""
    known: bool = False

    @property
    def tier(self) -> tuple[int, int]:
        """Candidates of the first tier that explains the line are named: alone before besides a convention, a rule before a slip of the pen."""
        return len(self.besides), self.made.rule.rare + (self.made.rule.spoil.__name__ in UNDONE or self.made.rule.spoil.__name__ in REWRITTEN)

    @property
    def likely(self) -> tuple[tuple[int, int], int]:
        name = self.made.rule.name
        return self.tier, -1 if self.known else LIKELY.index(name) if name in LIKELY else len(LIKELY)

    def slip(self) -> Slip:
        says = self.made.rule.says.format_map({k: _shown(v) for k, v in self.made.words})
        return Slip(self.made.rule.name, says + (f" (Besides: {self.besides}.)" if self.besides else ""))


def _shown(t: Term) -> str:
    return FUNCTIONS[t.symbol].law if isinstance(t, Name) and t.symbol in FUNCTIONS else to_unicode(layout(t))


def _count(problem: Problem) -> Name:
    return problem.count[0][1] if problem.count else Name("n")


def explain(problem: Problem, left: Term, right: Term, referee: Referee, kind: str = "") -> tuple[Slip, ...]:
    """Every slip that gives `right` for `left` exactly, the likeliest first; none where nothing explains it, or the claim is true.

    Where no slip does it alone, one that does it up to a convention's factor is named with the factor.
    """
    with np.errstate(all="ignore"):
        claim = _Claim(problem, left, right, referee, kind)
        candidates = sorted(claim.candidates(), key=lambda c: c.likely)
    found: dict[str, Candidate] = {}
    for c in candidates:
        if len(found) == MOST or (found and c.tier > next(iter(found.values())).tier):
            break
        if c.made.rule.name not in found and claim.proved(c, referee):
            found[c.made.rule.name] = c
    return tuple(c.slip() for c in found.values())


class _Claim:
    """A false claim, and the place at which candidates are looked at."""

    def __init__(self, problem: Problem, left: Term, right: Term, referee: Referee, kind: str) -> None:
        self.problem, self.left, self.right, self.kind = problem, left, right, kind
        self.spoiling = Spoiling(Around(problem, kind=kind), MOVES)
        self.samples = sorted(free(right) - free(left))
        self.truth = self.spoiling.right(left)
        self.glance = self.place()

    # ------------------------------------------------------------ the place

    def place(self) -> Glance | None:
        """A place at which both sides have a value, or None."""
        for seed, (low, high) in enumerate(RANGES):
            glance = Glance(self.problem, self.spoiling.taken, seed, low, high)
            try:
                if all(np.all(np.isfinite(glance.of(t))) for t in (self.left, self.right)):
                    return glance
            except NO_VALUE:
                return None
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
        if self.glance is None or ratio(self.value(self.left), right := self.value(self.right), (1.0,)) == 0:
            return
        n = _count(self.problem)
        usual = FACTORS(n) if self.problem.count else FACTORS(n)[:2]
        factors = [(ONE, ""), *((f, f"a factor {words}: {factor_words(words, n.symbol)}") for f, words in usual)]
        weights = [self.value(f) for f, _ in factors]
        for made, spoiled in self.forward():
            for c in (spoiled, *self.one_sample(spoiled)):
                got = self.value(c)
                if got is not None and (k := ratio(right, got, weights)) is not None:
                    yield Candidate(made, mul(factors[k][0], c), self.right, factors[k][1])
        truths = [(t, self.value(t)) for t in (self.left, *self.one_sample(self.truth))]
        for made, undone in self.undone():
            got = self.value(undone)
            for t, v in truths if got is not None else ():
                if (k := ratio(got, v, weights)) is not None:
                    yield Candidate(made, undone, mul(factors[k][0], t), factors[k][1])

    def proved(self, c: Candidate, referee: Referee) -> bool:
        return referee.compare(self.spoiling.right(c.a), self.spoiling.right(c.b)).verdict == "proved"

    def forward(self) -> Iterator[tuple[Made, Term]]:
        """What the left side becomes with one move spoiled."""
        yield from self.spoiling.wrong(self.left)
        yield from self.edits(self.left if not _pending(self.left) else self.truth, REWRITTEN)

    def undone(self) -> Iterator[tuple[Made, Term]]:
        """The right side with one slip undone."""
        around = Around(self.problem, kind=self.kind)
        for r in WHOLE.values():
            yield from _made(r, self.right, around)
        yield from self.edits(self.right, UNDONE)

    def edits(self, t: Term, table: dict[str, SlipRule]) -> Iterator[tuple[Made, Term]]:
        pool = self.pool()
        for path, s, letters in places(t, free(self.left) | free(self.right)):
            around = Around(self.problem, pool, letters, self.kind)
            for r in table.values():
                yield from ((made, put(t, path, new)) for made, new in _made(r, s, around))

    def pool(self) -> tuple[Term, ...]:
        """The terms of the sums near by, without their signs: what may have been dropped."""
        lines = (*(d.value for d in self.problem.tape), self.left, tidy(self.truth))
        terms = (t.body if isinstance(t, Neg) else t for line in lines for s in subterms(line) if isinstance(s, Add) for t in s.terms)
        return tuple(dict.fromkeys((*terms, *(d.name for d in self.problem.tape if d.name.indices))))

    def one_sample(self, t: Term) -> list[Term]:
        """t for one sample alone: without its outermost Σ, where the right side speaks of one sample."""
        out = []
        for letter in sorted(self.samples):
            without = _without_sum(t, letter)
            if without is not None:
                out.append(without)
        return out


def _made(r: SlipRule, t: Term, around: Around) -> Iterator[tuple[Made, Term]]:
    """Each outcome of one slip on one part, with what its sentence speaks of."""
    for outcome in r.spoil(t, around):
        new, words = (outcome, {}) if isinstance(outcome, Term) else outcome
        yield Made(r, tuple(words.items())), new


def _pending(t: Term) -> bool:
    return any(isinstance(s, D) for s in subterms(t))


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
