"""A derivation with one move spoiled at one occurrence: for a line with pending derivatives, the right result and every wrong one, each with its slip.

The moves are those of `rules/`; where a rule fires, each slip that spoils it gives another line, and the rest is derived rightly.
A derivative along the tape is taken in two ways, as people take it: by the chain rule through the names, and with the definitions put in.

`d` a pending derivative, `by` the name differentiated by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from itertools import chain

from symgd.backward import opened, paths
from symgd.forward import Problem
from symgd.indices import rename
from symgd.rules import CALCULUS, SUMS
from symgd.rules.arithmetic import tidy
from symgd.rules.table import NoRule
from symgd.term import ZERO, D, Name, Sum, Term, add, children, names, rebuild, replace, size, subterms

__all__ = ["Around", "Made", "SlipRule", "Spoiling", "Words", "Wrongs", "outcomes", "places", "put", "slip"]

MISTAKES = 8  # outcomes of a slip that are tried at every place at once
WRITTEN_OUT = 60  # nodes: a definition is put in, and differentiated whole, up to this size
Words = Mapping[str, Term]
Wrongs = Iterator[Term | tuple[Term, Words]]


@dataclass(frozen=True)
class Around:
    """What stands around a move.

    pool     the terms that the sums near by hold, without their signs
    letters  the indices that stand for a value at the place
    within   what the part stands in
    kind     what sort of line it is: "update", "number", or any other
    """

    problem: Problem
    pool: tuple[Term, ...] = ()
    letters: frozenset[str] = frozenset()
    within: Term | None = None
    kind: str = ""


Spoil = Callable[[Term, Around], Wrongs]


@dataclass(frozen=True)
class SlipRule:
    """name    the stable word
    spoils  the move that goes wrong: a name of `rules.LAWS`
    rare    -1: stands above all others · 0: likely · 1, 2: named only where nothing likelier explains the line
    everywhere  is it a rule that is known wrongly, and so may be made at every place?
    says    one sentence for the writer, with {a}, {b} for the parts that it speaks of
    spoil   (what the move is made on, what stands around it) → each wrong outcome, with those parts
    """

    name: str
    spoils: str
    says: str
    spoil: Spoil
    rare: int = 0
    everywhere: bool = False


@dataclass(frozen=True)
class Made:
    """One slip that was made: the rule, and the parts its sentence speaks of."""

    rule: SlipRule
    words: tuple[tuple[str, Term], ...] = ()


def slip(table: dict[str, SlipRule], name: str, spoils: str, rare: int = 0, everywhere: bool = False) -> Callable[[Spoil], Spoil]:
    """Put a function into the table, by its own name; its docstring is the sentence."""

    def enter(spoil: Spoil) -> Spoil:
        table[spoil.__name__] = SlipRule(name, spoils, " ".join(cleandoc(spoil.__doc__ or "").split()), spoil, rare, everywhere)
        return spoil

    return enter


def outcomes(r: SlipRule, t: Term, around: Around) -> Iterator[tuple[Made, Term]]:
    """What one slip makes of t, with what its sentence speaks of."""
    for wrong in r.spoil(t, around):
        yield (Made(r), wrong) if isinstance(wrong, Term) else (Made(r, tuple(wrong[1].items())), wrong[0])


@dataclass
class Spoiling:
    """The derivations of one problem, right and wrong; each pending derivative is taken once."""

    around: Around
    table: Mapping[str, SlipRule]
    _right: dict[D, Term] = field(default_factory=dict)
    _wrong: dict[D, tuple[tuple[Made, Term], ...]] = field(default_factory=dict)
    _first: dict[D, tuple[str, Term]] = field(default_factory=dict)
    _by_move: dict[str, list[SlipRule]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for r in self.table.values():
            self._by_move.setdefault(r.spoils, []).append(r)

    @property
    def problem(self) -> Problem:
        return self.around.problem

    def right(self, t: Term) -> Term:
        """t with its pending derivatives taken."""
        return replace(t, lambda s: self.taken(s) if isinstance(s, D) else None)

    def wrong(self, t: Term) -> Iterator[tuple[Made, Term]]:
        """t with one move on a pending derivative spoiled, the outermost first; what is still pending is to be taken rightly."""
        for path, d in _pending(t):
            for made, result in self._spoiled(d):
                yield made, put(t, path, result)

    def everywhere(self, t: Term) -> Iterator[tuple[Made, Term]]:
        """t with one slip made wherever its move is made, at two places at least: a rule that is known wrongly."""
        moves = Counter(self.moves_of(t))
        for r in self.table.values():
            for k in range(MISTAKES if r.everywhere and moves[r.spoils] > 1 else 0):
                made: list[Made] = []
                wrong = self._all_wrong(t, r, k, made)
                if not made:
                    break
                if len(made) > 1:
                    yield made[0], wrong

    def moves_of(self, t: Term) -> Iterator[str]:
        """The moves that the pending derivatives in t take."""
        for _, d in _pending(t):
            move, after = self.first(d)
            yield move
            yield from self.moves_of(after)

    def _all_wrong(self, t: Term, r: SlipRule, k: int, made: list[Made]) -> Term:
        """t with its pending derivatives taken, the k-th outcome of the slip wherever there is one."""

        def taken(d: Term) -> Term | None:
            if not isinstance(d, D):
                return None
            move, after = self.first(d)
            wrongs = [*outcomes(r, self._settled(d), self.around)] if move == r.spoils else []
            if k < len(wrongs):
                made.append(wrongs[k][0])
                after = wrongs[k][1]
            return self._all_wrong(after, r, k, made)

        return replace(t, taken)

    def first(self, d: D) -> tuple[str, Term]:
        """The first move on a pending derivative."""
        if d not in self._first:
            self._first[d] = next(self.moves(d))
        return self._first[d]

    def taken(self, d: D) -> Term:
        """What a pending derivative is equal to."""
        if d not in self._right:
            _, after = self.first(d)
            self._right[d] = self.right(after)
        return self._right[d]

    def _spoiled(self, d: D) -> tuple[tuple[Made, Term], ...]:
        if d not in self._wrong:
            self._wrong[d] = ()
            outer = self._settled(d)
            other = () if isinstance(d.of, Name) and d.partial else self.spoiled("definition", outer)  # another name to differentiate by
            moves = chain.from_iterable(self._one_move(outer, rule, after) for rule, after in self.moves(outer))
            self._wrong[d] = (*other, *self._inside(d), *moves)
        return self._wrong[d]

    def _settled(self, d: D) -> D:
        """A derivative of a derivative, with the inner one taken."""
        return D(tidy(self.right(d.of)), d.by, True) if any(isinstance(s, D) for s in subterms(d.of)) else d

    def _inside(self, d: D) -> Iterator[tuple[Made, Term]]:
        """A derivative of a derivative, with the inner one spoiled."""
        yield from ((made, D(inner, d.by, True)) for made, inner in self.wrong(d.of))

    def _one_move(self, d: D, rule: str, after: Term) -> Iterator[tuple[Made, Term]]:
        """This move spoiled and the rest right, then this move right and one of the rest spoiled."""
        yield from self.spoiled(rule, d)
        yield from self.wrong(after)

    def spoiled(self, move: str, t: Term) -> Iterator[tuple[Made, Term]]:
        """What each slip on this move makes of t."""
        for r in self._by_move.get(move, ()):
            yield from outcomes(r, t, self.around)

    def moves(self, d: D) -> Iterator[tuple[str, Term]]:
        """The first move on a pending derivative, by each way of taking it.  Raises NoRule."""
        d = self._settled(d)
        if not d.partial:
            yield from self._along(d)
        elif isinstance(d.of, Name) and d.of.symbol != d.by.symbol:
            yield ("definition", opened(self.problem, d)) if self.problem.definition(d.of.symbol) else ("constant", ZERO)
        else:
            move = next(((r.name, after) for table in (CALCULUS, SUMS) for r in table.values() if (after := r.move(d)) is not None), None)
            if move is None:
                raise NoRule(f"no rule differentiates this by {d.by.symbol}")
            yield move

    def _along(self, d: D) -> Iterator[tuple[str, Term]]:
        """∂L/∂v along the tape: the paths added up; and with what the names stand for put in."""
        through = [path for _, path in paths(self.problem, d.by)] if self.problem.tape and d.of == self.problem.objective else []
        if any(isinstance(s, D) and not s.partial for path in through for s in subterms(path)):
            yield "chain rule through names", add(*through)
        whole = self.written_out(d.of, d.by.symbol)
        if not through or size(whole) <= WRITTEN_OUT:
            yield "definition", D(whole, d.by, True) if not isinstance(whole, Name) or whole.symbol == d.by.symbol else ZERO
        elif not any(isinstance(s, D) and not s.partial for path in through for s in subterms(path)):
            yield "definition", add(*through)

    def written_out(self, t: Term, by: str | None = None) -> Term:
        """t with the definition put in for each name that is made of `by`, or for every name."""
        made = {by} if by else set()
        for d in self.problem.tape:
            if by is None or names(d.value) & made:
                made.add(d.name.symbol)

        def put_in(s: Term) -> Term | None:
            if isinstance(s, Name) and s.symbol != by and s.symbol in made and (d := self.problem.definition(s.symbol)):
                return replace(rename(d.value, {a: b for a, b in zip(d.name.indices, s.indices, strict=True) if a != b}), put_in)
            return s if isinstance(s, D) else None

        return replace(t, put_in)


Path = tuple[int, ...]


def _pending(t: Term, path: Path = ()) -> Iterator[tuple[Path, D]]:
    """Each pending derivative with its place, outermost only."""
    if isinstance(t, D):
        yield path, t
        return
    for k, c in enumerate(children(t)):
        yield from _pending(c, (*path, k))


Place = tuple[Path, Term, frozenset[str], Term | None]


def places(t: Term, letters: frozenset[str] = frozenset(), path: Path = (), within: Term | None = None) -> Iterator[Place]:
    """Each part of t with its place, the indices that stand for a value there, and what it stands in; pending derivatives are not looked into."""
    yield path, t, letters, within
    if isinstance(t, Sum):
        letters |= {t.index}
    for k, c in enumerate(children(t)) if not isinstance(t, D) else ():
        yield from places(c, letters, (*path, k), t)


def put(t: Term, path: Path, new: Term) -> Term:
    """t with the part at that place replaced."""
    if not path:
        return new
    inside = list(children(t))
    inside[path[0]] = put(inside[path[0]], path[1:], new)
    return rebuild(t, inside)
