"""The referee: is before = after?  Decided along the tape, at random places, by SymPy's `diff` of one scalar definition at a time.

The objective is never unfolded as a whole.  The forward tape is computed in scalars, each definition is differentiated by SymPy, and the
chain ∂L/∂v = Σ_c ∂L/∂c · ∂c/∂v is accumulated backwards over the scalars (`values.py`).  No rule of `rules/` is used here.

Samples carry multiplicities, and there are as many as `scope.py` says, so that a line is decided for every n.
Where samples mix (a name per sample that is made by a sum over samples) copies are no mere weight: then several sizes are taken.
Axes that no name counts (features, units) have two instances of unequal sizes.
Signs, roots and cases are split: such a line is looked at at several real places, and each pattern of signs met there is decided.
"""

from __future__ import annotations

from typing import Any

from symgd.forward import Problem
from symgd.meaning import Instance, mixes
from symgd.referee.check import Check
from symgd.referee.residues import Undecided, Unfit
from symgd.referee.scope import degree
from symgd.referee.values import RANGES, Reals, Residues, Values
from symgd.term import Term, axis, free

__all__ = ["Referee"]

DRAWS = 60  # places tried before a line is called unfit for residues
AGAIN = 4  # places tried for a line after another of the same derivation was unfit
FORMS = 1  # lines of one derivation whose canonical form is tried: it may take a second
SPLITS = 6  # real places looked at where a line has signs, roots or cases


class Case:
    """One instance with its places."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.places: dict[int, tuple[Values, Values]] = {}  # (real values, residues)
        self.seed, self.draws = 0, DRAWS

    def place(self, k: int, anew: bool) -> tuple[Values, Values]:
        """The k-th place, drawn when first asked for, or anew."""
        if anew or k not in self.places:
            reals, self.seed = Reals(self.instance, self.seed), self.seed + 1
            self.places[k] = Values(self.instance, reals), Values(self.instance, Residues(self.instance, reals))
        return self.places[k]

    def agree(self, a: Term, b: Term) -> bool:
        """Do both lines have the same values at every place looked at?  Raises Unfit, Undecided."""
        k, places = 0, 1
        while k < places:
            same, reals, split = self.sides(a, b, k)
            if not same or (split and self.apart(reals, a, b)):
                return False
            k, places = k + 1, SPLITS if split else places
        return True

    def sides(self, a: Term, b: Term, k: int) -> tuple[bool, Values, bool]:
        """(are all values equal at the k-th place, its real values, was a sign, root or case met).

        Which root of a square is "positive" is the place's choice; one choice under which the lines agree shows that they agree as
        algebraic functions on that branch, and the real places (`apart`) that it is the real one.
        """
        indices = tuple(sorted(free(a) | free(b)))
        fit = None
        for attempt in range(self.draws):
            reals, values = self.place(k, anew=attempt > 0)
            try:
                same = all(values.of(a, at) == values.of(b, at) for at in self.instance.values(indices))
            except Unfit:
                continue
            fit = same, reals, values.field.split  # type: ignore[attr-defined]
            if same or not fit[2]:
                return fit
        if fit is None:
            tried, self.draws = self.draws, AGAIN
            raise Unfit(f"{tried} places gave no value")
        return fit

    def apart(self, values: Values, a: Term, b: Term) -> bool:
        """Do the two sides differ at the real place?  (√(x²) = x holds for some signs only.)"""
        for at in self.instance.values(tuple(sorted(free(a) | free(b)))):
            try:
                if not values.of(a, at).overlaps(values.of(b, at)):
                    return True
            except Unfit:
                continue
        return False


class Referee:
    """compare(a, b): proved with its scope, refuted with a witness, or held."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.axes = sorted({axis(a) for v in problem.declared().values() for a in v.indices})
        self.counted = frozenset(a for a in self.axes if a in {x for x, _ in problem.count})
        self.weighed = frozenset(a for a in self.counted if not mixes(problem, a))
        self.cases: dict[tuple[int, ...], Case] = {}
        self.forms = FORMS

    def compare(self, a: Term, b: Term) -> Check:
        """The verdict on a = b, for all values of the free indices."""
        sizes, why = self.sizes(a, b), "the residues differ"
        try:
            if all(self.case(s).agree(a, b) for s in sizes):
                return Check("proved", "both sides agree at secret random places of a finite field (a chance error is below 1e-20)", self.scope(sizes))
        except (Unfit, Undecided) as unfit:
            why = str(unfit)
        return self.witness(a, b) or self.by_form(a, b, why)

    def case(self, sizes: tuple[int, ...]) -> Case:
        if sizes not in self.cases:
            self.cases[sizes] = Case(Instance(self.problem, dict(zip(self.axes, sizes, strict=True)), self.weighed))
        return self.cases[sizes]

    def sizes(self, a: Term, b: Term) -> list[tuple[int, ...]]:
        """The sizes at which a line is decided, axis by axis in the order of self.axes."""
        indices = free(a) | free(b)
        samples = {x: max(2, degree(self.problem, a, b, x) + sum(axis(i) == x for i in indices)) for x in self.counted}
        out = []
        for shift in (0, 1) if set(self.axes) - self.counted else (0,):
            plain = [samples.get(x, 2 + (k + shift) % 2) for k, x in enumerate(self.axes)]
            for more in range(3) if self.counted - self.weighed else range(1):
                out.append(tuple(s + more if x in self.counted - self.weighed else s for x, s in zip(self.axes, plain, strict=True)))
        return out

    def scope(self, sizes: list[tuple[int, ...]]) -> str:
        """For which sizes the verdict holds, in words."""
        words = []
        for k, x in enumerate(self.axes):
            at = sorted({s[k] for s in sizes})
            if x in self.weighed:
                words.append(f"every number of samples ({at[-1]} samples, each in any number of copies)")
            else:
                words.append(f"{x} = 1..{' and '.join(map(str, at))}")
        return "; ".join(words) or "every value of the names"

    def witness(self, a: Term, b: Term) -> Check | None:
        """A real place where the two sides differ, written so that a person can recompute it."""
        indices = tuple(sorted(free(a) | free(b)))
        for extra in (0, 1, 2):
            instance = Instance(self.problem, {x: 2 + (extra if x in self.counted else (k + extra) % 2) for k, x in enumerate(self.axes)})
            for seed in range(2 * len(RANGES)):
                reals = Reals(instance, seed, 192)
                values = Values(instance, reals)
                for at in instance.values(indices):
                    try:
                        left, right = values.of(a, at), values.of(b, at)
                    except Unfit:
                        continue
                    except ValueError:  # a derivative along the tape inside a function: no scalar expression says it
                        return None
                    if not left.overlaps(right):
                        return _refuted(reals, left, right)
        return None

    def by_form(self, a: Term, b: Term, why: str) -> Check:
        """What residues could not tell: the canonical form of both sides, at the same sizes."""
        from symgd.referee.equality import decide

        if not self.forms:
            return Check("held", f"agrees wherever it was tried, to 50 digits; {why}", self.scope(self.sizes(a, b)))
        self.forms -= 1
        indices, sizes = tuple(sorted(free(a) | free(b))), self.sizes(a, b)
        try:
            for s in sizes:
                instance = self.case(s).instance
                for at in instance.values(indices):
                    check = decide(*(instance.unnamed(instance.say(t, at)) for t in (a, b)))
                    if check.verdict != "proved":
                        return Check("held", check.evidence, self.scope(sizes))
            return Check("proved", "both sides have one canonical form", self.scope(sizes))
        except ValueError:
            return Check("held", f"agrees wherever it was tried, to 50 digits; {why}", self.scope(sizes))


def _refuted(reals: Reals, left: Any, right: Any) -> Check:
    def shown(x: Any) -> str:
        return f"{float(x.mid()):.6g}"

    at = tuple((str(symbol).replace("[", "_").replace("]", ""), f"{float(v):.6g}") for symbol, v in reals.leaves.items())
    two = shown(left), shown(right)
    return Check("refuted", f"at {', '.join(f'{s} = {v}' for s, v in at)}: {two[0]} is not {two[1]}", "one counterexample suffices", at, two)
