"""What explains a wrong line: each slip that reproduces it exactly, up to a convention's factor that is then named.

A claim left = right is known to be false.  Deriving `left` with one move spoiled gives `right`, or `right` with one slip undone gives `left`:
that is proved by the referee, or the slip is not named.  Candidates are looked at first at one secret place, where a false one falls.

`left` what is to be found, with pending derivatives or without; `right` what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.glance import Glance, ratio
from symgd.handcalc.slips_of_algebra import REWRITTEN, UNDONE
from symgd.handcalc.slips_of_calculus import CALCULUS_SLIPS
from symgd.handcalc.spoil import Around, Made, SlipRule, Spoiling, places, put, slip
from symgd.handcalc.verdict import Slip
from symgd.language import FUNCTIONS
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, Add, D, Div, Mul, Name, Neg, Sum, Term, axis, free, mul, parts, rename, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["SLIPS", "explain"]

RANGES = ((0.1, 0.9), (1.1, 2.9), (-0.9, 0.9), (-2.9, 2.9), (0.1, 0.9))  # where names are drawn from, until both sides have a value
MOST = 3  # slips named for one line

WHOLE: dict[str, SlipRule] = {}


@slip(WHOLE, "sign", spoils="sign")
def whole_sign(t: Term, _: Around) -> Iterator[Term]:
    """The sign is turned round: everything else is right, but it should have the opposite sign."""
    yield Neg(t)


SLIPS: dict[str, SlipRule] = {**WHOLE, **CALCULUS_SLIPS, **UNDONE, **REWRITTEN}

# the likeliest first, where several explain a line
LIKELY = (
    "sign", "exponent-kept", "factor", "count", "wrong-parameter", "inner-derivative", "outer-derivative", "function-derivative",
    "product-rule", "quotient-rule", "bracket", "term-dropped", "constant-kept", "sum-dropped", "wrong-variable", "sum-product", "additive",
    "cancelling", "exponent-lost", "term-added", "reciprocal", "chain-rule", "path-dropped", "sum-kept", "transpose", "update-direction", "arithmetic",
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A slip, the claim a = b that it explains the line, and the factor that a convention explains besides, in words ("" for none)."""

    made: Made
    a: Term
    b: Term
    factor: str = ""

    @property
    def likely(self) -> tuple[bool, int]:
        name = self.made.rule.name
        return bool(self.factor), LIKELY.index(name) if name in LIKELY else len(LIKELY)

    def slip(self, problem: Problem) -> Slip:
        says = self.made.rule.says.format_map({k: _shown(v) for k, v in self.made.words})
        n = _count(problem)
        return Slip(self.made.rule.name, says + (f" (Besides, a factor {self.factor}: {factor_words(self.factor, n.symbol)}.)" if self.factor else ""))


def _shown(t: Term) -> str:
    return FUNCTIONS[t.symbol].law if isinstance(t, Name) and t.symbol in FUNCTIONS else to_unicode(layout(t))


def _count(problem: Problem) -> Name:
    return problem.count[0][1] if problem.count else Name("n")


def explain(problem: Problem, left: Term, right: Term, referee: Referee, kind: str = "") -> tuple[Slip, ...]:
    """Every slip that gives `right` for `left` exactly, the likeliest first; none where nothing explains it, or the claim is true.

    Where no slip does it alone, one that does it up to a convention's factor is named with the factor.
    """
    with np.errstate(all="ignore"):
        claim = _Claim(problem, left, right, referee)
        candidates = sorted(claim.candidates(), key=lambda c: c.likely)
    found: dict[str, Candidate] = {}
    for c in candidates:
        if len(found) == MOST or (c.factor and any(not f.factor for f in found.values())):
            break
        if c.made.rule.name not in found and claim.proved(c, referee):
            found[c.made.rule.name] = c
    return tuple(c.slip(problem) for c in found.values())


class _Claim:
    """A false claim, and the place at which candidates are looked at."""

    def __init__(self, problem: Problem, left: Term, right: Term, referee: Referee) -> None:
        self.problem, self.left, self.right = problem, left, right
        self.spoiling = Spoiling(Around(problem), CALCULUS_SLIPS)
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
            except (KeyError, ValueError, OverflowError):
                return None
        return None

    def value(self, t: Term) -> Any:
        """The value of t there; None where it has none."""
        assert self.glance is not None
        try:
            return self.glance.of(t)
        except (KeyError, ValueError, OverflowError):
            return None

    # ------------------------------------------------------------ candidates

    def candidates(self) -> Iterator[Candidate]:
        """Each spoiled line that has the value of the right side, up to a convention's factor; each line with a slip undone that has the left side's."""
        if self.glance is None or ratio(self.value(self.left), right := self.value(self.right), (1.0,)) == 0:
            return
        n = _count(self.problem)
        factors = [(ONE, ""), *FACTORS(n)] if self.problem.count else [(ONE, ""), *FACTORS(n)[:2]]
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
        yield Made(WHOLE["whole_sign"]), Neg(self.right)
        yield from self.edits(self.right, UNDONE)

    def edits(self, t: Term, table: dict[str, SlipRule]) -> Iterator[tuple[Made, Term]]:
        pool = self.pool()
        for path, s, letters in places(t, free(self.left) | free(self.right)):
            around = Around(self.problem, pool, letters)
            for r in table.values():
                for other in r.spoil(s, around):
                    new, words = (other, {}) if isinstance(other, Term) else other
                    yield Made(r, tuple(words.items())), put(t, path, new)

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
