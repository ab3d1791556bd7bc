"""The referee: is before = after?  Decided along the tape, at random places, by SymPy's `diff` of one scalar definition at a time.

The objective is never unfolded as a whole.  The forward tape is computed in scalars, each definition is differentiated by SymPy, and the
chain ∂L/∂v = Σ_c ∂L/∂c · ∂c/∂v is accumulated backwards over the scalars (`values.py`).  No rule of `rules/` is used here.

Samples carry multiplicities, and there are as many as `scope.py` says, so that a line is decided for every n.
Where samples mix (a name per sample that is made by a sum over samples) copies are no mere weight: then several sizes are taken.
Axes that no name counts (features, units) have two instances of unequal sizes.
Signs, roots and cases are split: such a line is looked at at several places, until every pattern of signs was met (`residues.py`).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from symgd.forward import Problem
from symgd.indices import axis, binds, free
from symgd.language import FUNCTIONS
from symgd.meaning import Instance, mixes
from symgd.referee.check import Check
from symgd.referee.residues import Pattern, Undecided, Unfit
from symgd.referee.scope import Known, degree
from symgd.referee.values import RANGES, Reals, Residues, Values
from symgd.term import ZERO, Call, Cases, Det, Inverse, Num, Pow, Term, children, names, remembered, subterms

__all__ = ["Referee"]

DRAWS = 400  # places tried before a line is called unfit for residues
PRIMES = 48  # in turn, where a place is unfit
CLEAN = -1  # the place where no sign was asked for yet: a line without signs needs no other
PATIENCE = 7  # draws of one sample before everything is drawn again, in another field
AGAIN = 24  # places tried for a line after another of the same derivation was unfit
FORMS = 1  # lines of one derivation whose canonical form is tried: it may take a second
PLACES = 40  # looked at where a line has signs or cases; four independent signs show all their patterns in that many, more do not
ROOTS = 12  # looked at at least where a line has even roots: what stands in a root may be a square, of either sign


Entries = tuple[dict[str, int], ...]  # index values


class Case:
    """One instance with its places."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.places: dict[int, tuple[Values, Residues]] = {}
        self.draws, self.primes = DRAWS, 0

    def place(self, k: int) -> tuple[Values, Residues]:
        """The k-th place, drawn when first asked for."""
        if k not in self.places:
            self.take(k, Residues(self.instance, self.primes))
        return self.places[k]

    def take(self, k: int, residues: Residues) -> None:
        self.places[k] = Values(self.instance, residues), residues

    def move(self, k: int, unfit: Unfit, refused: Counter[Any]) -> None:
        """Another k-th place.  Where a sign is not what it must be, only what it is made of is drawn again: the other samples stay fit."""
        refused[unfit.on] += 1
        residues = self.places[k][1]
        if unfit.on is not None and refused[unfit.on] % PATIENCE and (other := residues.leaves(unfit.on)):
            self.take(k, Residues(self.instance, residues.place.numbered, residues, other))
            return
        self.primes = (self.primes + 1) % PRIMES
        self.take(k, Residues(self.instance, self.primes))

    def agree(self, a: Term, b: Term, domain: tuple[Term, ...]) -> bool:
        """Do both lines have the same values, under every pattern of signs that the domain allows?  Raises Unfit, Undecided."""
        met: set[Pattern] = set()
        positive = tuple(dict.fromkeys((*positives(a), *positives(b), *domain)))
        entries = tuple(self.instance.values(tuple(sorted(free(a) | free(b)))))
        inside = tuple((u, at) for u in positive for at in self.instance.values(tuple(sorted(free(u)))))
        same, residues = self.sides(a, b, entries, CLEAN, ())
        if not (residues.place.signs or residues.place.rooted):
            return same
        del self.places[CLEAN]
        kinds = alike(entries)
        for k in range(PLACES):
            same, residues = self.sides(a, b, tuple(kind[k % len(kind)] for kind in kinds), k, inside)
            if not same:
                return False
            met.add(residues.place.pattern())
            if every(met) and (k + 1 >= ROOTS or not residues.place.rooted):
                break
        return True

    def sides(self, a: Term, b: Term, entries: Entries, k: int, positive: tuple[tuple[Term, dict[str, int]], ...]) -> tuple[bool, Residues]:
        """Are all entries equal at the k-th place?  It lies where what is `positive` is so."""
        refused: Counter[Any] = Counter()
        for _ in range(self.draws):
            values, residues = self.place(k)
            try:
                for u, at in positive:
                    residues.must_be_positive(self.instance.say(u, at))
                return all(values.of(a, at) == values.of(b, at) for at in entries), residues
            except Unfit as unfit:
                self.move(k, unfit, refused)
        self.draws = AGAIN
        raise Unfit("no value in a finite field was found")


def alike(entries: Entries) -> list[Entries]:
    """The entries by which of their indices agree: on the diagonal or off it.  Within a kind one is as good as another, for all places are random."""
    kinds: dict[frozenset[tuple[str, str]], list[dict[str, int]]] = {}
    for at in entries:
        same = frozenset((a, b) for a in at for b in at if a < b and axis(a) == axis(b) and at[a] == at[b])
        kinds.setdefault(same, []).append(at)
    return [tuple(kind) for kind in kinds.values()]


@remembered
def positives(t: Term) -> tuple[Term, ...]:
    """What must be positive for t to be real; the values of cases are left out, each holds in its case only."""
    own: tuple[Term, ...] = ()
    match t:
        case Call(f, args):
            conditions = FUNCTIONS[f].domain(args[0]) if f in FUNCTIONS else ()
            own = tuple(c.left for c in conditions if c.relation in (">", ">=") and c.right == ZERO)
        case Pow(u, v) if not isinstance(v, Num):
            own = (u,)
    return sum(map(positives, children(t) if not isinstance(t, Cases) else ()), own)


def every(patterns: set[Pattern]) -> bool:
    """Is each assignment of signs one of the patterns, or an extension of one?"""
    if frozenset() in patterns or not patterns:
        return bool(patterns)
    if len(patterns) < 2 ** min(map(len, patterns)):
        return False
    expression = next(e for p in patterns for e, _ in p)
    return all(every({p - {(expression, s)} for p in patterns if (expression, -s) not in p}) for s in (1, -1))


@remembered
def rows_of_inverses(t: Term) -> frozenset[str]:
    """The axes of the matrices of which the term takes a determinant or an inverse."""
    return frozenset(axis(x) for s in subterms(t) if isinstance(s, Det | Inverse) for x in binds(s))


class Referee:
    """compare(a, b): proved with its scope, refuted with a witness, or held."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.axes = sorted({axis(a) for v in problem.declared().values() for a in v.indices})
        self.counted = frozenset(a for a in self.axes if a in {x for x, _ in problem.count})
        self.weighed = frozenset(a for a in self.counted if not mixes(problem, a))
        self.cases: dict[tuple[tuple[int, ...], frozenset[str]], Case] = {}
        self.square = frozenset[str]().union(*(rows_of_inverses(d.value) for d in problem.tape))
        self.degrees: Known = {}
        self.made = {d.name.symbol: (names(d.value), positives(d.value)) for d in problem.tape}
        self.forms = FORMS

    def compare(self, a: Term, b: Term) -> Check:
        """The verdict on a = b, for all values of the free indices."""
        sizes, why, weighed = self.sizes(a, b), "the residues differ", self.weighed_in(a, b)
        used = self.made_of(names(a) | names(b))
        domain = tuple(u for s in self.made if s in used for u in self.made[s][1])
        try:
            if all(self.case(s, weighed).agree(a, b, domain) for s in sizes):
                return Check("proved", "both sides agree at secret random places of a finite field (a chance error is below 1e-20)", self.scope(sizes, weighed))
        except (Unfit, Undecided) as unfit:
            why = str(unfit)
        met, refuted = self.witness(a, b)
        if refuted:
            return refuted
        return self.by_form(a, b, why) if met else Check("held", "no place was met at which both sides have a value", self.scope(sizes, weighed))

    def weighed_in(self, a: Term, b: Term) -> frozenset[str]:
        """The axes whose samples may stand for copies of themselves: a matrix with two equal rows has no inverse."""
        return self.weighed - rows_of_inverses(a) - rows_of_inverses(b)

    def case(self, sizes: tuple[int, ...], weighed: frozenset[str]) -> Case:
        key = sizes, weighed
        if key not in self.cases:
            self.cases[key] = Case(Instance(self.problem, dict(zip(self.axes, sizes, strict=True)), weighed))
        return self.cases[key]

    def small(self, k: int, shift: int, square: frozenset[str]) -> int:
        """How far the k-th axis runs: 2 or 3, and neighbours differ; beside the rows of an inverse 4, for XᵀX has one only if X has rows enough."""
        return 4 if square and self.axes[k] not in square else 2 + (k + shift) % 2

    def sizes(self, a: Term, b: Term) -> list[tuple[int, ...]]:
        """The sizes at which a line is decided, axis by axis in the order of self.axes."""
        indices, square = free(a) | free(b), self.square | rows_of_inverses(a) | rows_of_inverses(b)
        unweighed, counted = self.counted - self.weighed_in(a, b) - square, self.counted - square
        samples = {x: max(2, degree(self.problem, a, b, x, self.degrees) + sum(axis(i) == x for i in indices)) for x in counted}
        out = []
        for shift in (0, 1) if set(self.axes) - counted else (0,):
            plain = [samples.get(x, self.small(k, shift, square)) for k, x in enumerate(self.axes)]
            for more in range(3) if unweighed else range(1):
                out.append(tuple(s + more if x in unweighed else s for x, s in zip(self.axes, plain, strict=True)))
        return out

    def scope(self, sizes: list[tuple[int, ...]], weighed: frozenset[str]) -> str:
        """For which sizes the verdict holds, in words."""
        words = []
        for k, x in enumerate(self.axes):
            at = sorted({s[k] for s in sizes})
            if x in weighed:
                words.append(f"every number of samples ({at[-1]} samples, each in any number of copies)")
            else:
                words.append(f"{x} = 1..{' and '.join(map(str, at))}")
        return "; ".join(words) or "every value of the names"

    def witness(self, a: Term, b: Term) -> tuple[bool, Check | None]:
        """(have both sides a value at some real place?, a real place where they differ, written so that a person can recompute it)"""
        met = False
        indices = tuple(sorted(free(a) | free(b)))
        for extra in (0, 1, 2, 4) if self.axes else (0,):
            instance = Instance(self.problem, {x: 2 + extra if x in self.counted else self.small(k, extra, self.square) for k, x in enumerate(self.axes)})
            for seed in range(2 * len(RANGES)):
                reals = Reals(instance, seed, 192)
                values = Values(instance, reals)
                for at in instance.values(indices):
                    try:
                        left, right = values.of(a, at), values.of(b, at)
                    except Unfit:
                        continue
                    except ValueError:  # a derivative along the tape inside a function: no scalar expression says it
                        return True, None
                    met = met or bool(left.is_finite() and right.is_finite())
                    if not left.overlaps(right):
                        return True, self.refuted(reals, at, left, right, a, b)
        return met, None

    def refuted(self, reals: Reals, at: dict[str, int], left: Any, right: Any, a: Term, b: Term) -> Check:
        """The place, as far as the two sides are made of it, and their values there, with as many digits as tell them apart."""
        used = self.made_of(names(a) | names(b))
        leaves = [(str(symbol), v) for symbol, v in reals.leaves.items()]
        place = [(s.replace("[", "_").replace("]", ""), _decimal(v)) for s, v in leaves if s.partition("[")[0] in used]
        place += [(c.symbol, str(reals.counts[c.symbol])) for _, c in self.problem.count if c.symbol in used]
        place += [(index, str(k + 1)) for index, k in sorted(at.items())]
        two = next(x for digits in (6, 12, 30, 60) if (x := (_shown(left, digits), _shown(right, digits)))[0] != x[1] or digits == 60)
        says = f"at {', '.join(f'{s} = {v}' for s, v in place)}: " if place else "whatever the names are worth: "
        return Check("refuted", f"{says}{two[0]} is not {two[1]}", "one counterexample suffices", tuple(place), two)

    def made_of(self, symbols: frozenset[str]) -> frozenset[str]:
        """The symbols, and what their definitions are made of."""
        out = set(symbols)
        for s in reversed(self.made):
            if s in out:
                out |= self.made[s][0]
        return frozenset(out)

    def by_form(self, a: Term, b: Term, why: str) -> Check:
        """What residues could not tell: the canonical form of both sides, at the same sizes."""
        from symgd.referee.equality import decide

        sizes, weighed = self.sizes(a, b), self.weighed_in(a, b)
        held = Check("held", f"agrees wherever it was tried, to 50 digits; {why}", self.scope(sizes, weighed))
        if not self.forms:
            return held
        self.forms -= 1
        indices = tuple(sorted(free(a) | free(b)))
        alone = not self.axes and not (names(a) | names(b)) & {d.name.symbol for d in self.problem.tape}  # here a defined name is any number
        try:
            for s in sizes:
                instance = self.case(s, weighed).instance
                for at in instance.values(indices):
                    check = decide(*(instance.unnamed(instance.say(t, at)) for t in (a, b)))
                    if check.verdict == "refuted" and alone:
                        return check
                    if check.verdict != "proved":
                        return held
        except ValueError:
            return held
        return Check("proved", "both sides have one canonical form", self.scope(sizes, weighed))


def _shown(x: Any, digits: int) -> str:
    if x.contains(0):
        return "0"
    text = str(x.mid().str(digits, radius=False))
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _decimal(v: Fraction) -> str:
    """0.7, −3, 1/3: exact."""
    return f"{float(v):.12g}" if Fraction(f"{float(v):.12g}") == v else str(v)
