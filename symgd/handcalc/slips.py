"""What explains a wrong line: each slip that reproduces it exactly, up to a convention's factor that is then named.

A claim left = right is known to be false.  Deriving `left` with one move spoiled gives `right`, or `right` with one slip undone gives `left`:
that is proved by the referee, or the slip is not named.  Candidates are looked at first at one secret place, where a false one falls.

`left` what is to be found, with pending derivatives or without; `right` what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symgd.forward import Problem
from symgd.handcalc.conventions import FACTORS, factor_words
from symgd.handcalc.slips_of_algebra import REWRITTEN, UNDONE
from symgd.handcalc.slips_of_calculus import CALCULUS_SLIPS
from symgd.handcalc.spoil import Around, Made, SlipRule, Spoiling, places, put, slip
from symgd.handcalc.verdict import Slip
from symgd.language import FUNCTIONS
from symgd.referee.residues import Undecided, Unfit
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.term import ONE, Add, D, Div, Mul, Name, Neg, Sum, Term, axis, free, mul, parts, rename, subterms
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["SLIPS", "explain"]

PLACES = 30  # drawn until one is met at which both sides have a value
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
class Found:
    """A slip that reproduces the line, with the factor that a convention explains, in words ("" for none)."""

    made: Made
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
    """Every slip that gives `right` for `left` exactly, the likeliest first; none where nothing explains it."""
    found: dict[str, Found] = {}
    claim = _Claim(problem, left, right, referee)
    for f in sorted(claim.explained(), key=lambda f: f.likely):
        found.setdefault(f.made.rule.name, f)
    exact = [f for f in found.values() if not f.factor]
    return tuple(f.slip(problem) for f in (exact or list(found.values()))[:MOST])


class _Claim:
    """A false claim, and the place at which candidates are looked at."""

    def __init__(self, problem: Problem, left: Term, right: Term, referee: Referee) -> None:
        self.problem, self.left, self.right, self.referee = problem, left, right, referee
        self.spoiling = Spoiling(Around(problem), CALCULUS_SLIPS)
        self.letters = tuple(sorted(free(left) | free(right)))
        self.samples = free(right) - free(left)
        self.case = referee.case(referee.sizes(left, right)[0])
        self.truth = self.spoiling.right(left)
        self.targets = [left, *self.one_sample(self.truth)]
        self.values = self.place()

    # ------------------------------------------------------------ the place

    def place(self) -> Any:
        """A place at which both sides have a value, or None."""
        for k in range(PLACES):
            values, _ = self.case.place(0, anew=k > 0)
            try:
                self.at_place(values, self.left)
                self.at_place(values, self.right)
                return values
            except Unfit:
                continue
            except (Undecided, ValueError):
                return None
        return None

    def at_place(self, values: Any, t: Term) -> list[Any]:
        return [values.of(t, at) for at in self.case.instance.values(self.letters)]

    def value(self, t: Term) -> list[Any] | None:
        """The values of t there; None where it has none."""
        try:
            return self.at_place(self.values, t)
        except (Unfit, Undecided, ValueError, KeyError):
            return None

    # ------------------------------------------------------------ candidates

    def explained(self) -> Iterator[Found]:
        if self.values is None or self.value(self.left) == self.value(self.right):
            return
        factors = [(ONE, ""), *FACTORS(_count(self.problem))] if self.problem.count else [(ONE, ""), *FACTORS(Name("n"))[:2]]
        right = self.value(self.right) or []
        truths = [(t, v) for t in self.targets if (v := self.value(t))]
        weights = [(f, word, self.value(f)) for f, word in factors]
        p = self.values.field.place.p
        written: dict[tuple[Any, ...], tuple[Term, str]] = {}
        for f, word, v in weights:
            if v:
                written.setdefault(tuple(a * self.values.field.inverse(b) % p for a, b in zip(right, v, strict=True)), (f, word))
        for made, candidate in self.forward():
            for c in (candidate, *self.one_sample(candidate)):
                got = self.value(c)
                if got and (hit := written.get(tuple(got))) and self.proved(mul(hit[0], c), self.right):
                    yield Found(made, hit[1])
        wanted: dict[tuple[Any, ...], tuple[Term, Term, str]] = {}
        for t, v in truths:
            for f, word, u in weights:
                if u:
                    wanted.setdefault(tuple(a * b % p for a, b in zip(v, u, strict=True)), (t, f, word))
        for made, undone in self.undone():
            got = self.value(undone)
            if got and (target := wanted.get(tuple(got))) and self.proved(undone, mul(target[1], target[0])):
                yield Found(made, target[2])

    def proved(self, a: Term, b: Term) -> bool:
        return self.referee.compare(a, b).verdict == "proved"

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
        for path, s, letters in places(t, frozenset(self.letters)):
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
