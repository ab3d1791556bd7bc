"""A plan → loops over numbers: one pass over the samples for all sums that can be had in it, every value on the way a number or a short array.

z_ik := Σ_j X_ij W_jk is a loop over k, and in it a sum over j.  How a loop is written is the target's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from symgd.indices import axis, free, rename
from symgd.numeric.program.aligned import SIZE
from symgd.numeric.program.line import Line
from symgd.numeric.program.plan import Plan
from symgd.numeric.program.printing import identifiers
from symgd.numeric.targets.scalar import Words, scalar
from symgd.numeric.targets.told import why
from symgd.term import ONE, Call, Match, Name, Sum, Term, names
from symgd.term import replace as rewrite

__all__ = ["For", "Loops", "Make", "Plus", "Put", "Statement"]


@dataclass(frozen=True)
class Make:
    """An array of zeros; sizes: how many entries each of its dimensions has."""

    name: str
    sizes: tuple[str, ...]


@dataclass(frozen=True)
class Put:
    """target = value; new: the first time that the name is met."""

    target: str
    value: str
    comment: str = ""
    new: bool = True


@dataclass(frozen=True)
class Plus:
    """target += value; number: is the target a number, and no entry of an array?"""

    target: str
    value: str
    comment: str = ""
    number: bool = True


@dataclass(frozen=True)
class For:
    """The body for letter = 0, …, size − 1."""

    letter: str
    size: str
    body: tuple[Statement, ...]


Statement: TypeAlias = Make | Put | Plus | For


@dataclass
class Loops:
    """The statements of one function of a plan.

    ids     the identifier of each symbol; `entry` writes an entry of an array, of (text of the index, size of the dimension)
    larger  "max({0}, {1})", how the larger of two numbers is written
    number  how a count that stands in a formula is written: "{0}"
    given   arrays that the caller hands over for results
    room    the arrays of one sample that there is room for: a later pass fills them again
    """

    p: Plan
    ids: dict[str, str]
    words: Words
    entry: Callable[[str, Sequence[tuple[str, str]]], str]
    larger: str = "max({0}, {1})"
    number: str = "{0}"
    smallest: str = "-math.inf"
    given: frozenset[str] = frozenset()
    letters: dict[str, str] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    room: set[str] = field(default_factory=set)

    def statements(self, results: Sequence[str]) -> tuple[Statement, ...]:
        """All lines that the results need, in order."""
        p = self.p
        lines = [self._whole(x) for x in p.needed(results)]
        stage = _stages(lines)
        out: list[Statement] = []
        for k in range(max(stage.values(), default=0) + 1):
            for x in lines:
                if x.kind == "scalar" and stage[x.symbol] == k:
                    out += self._kept(x)
            if sums := [x for x in lines if x.kind == "sum" and stage[x.symbol] == k]:
                out += self._pass(lines, sums)
        return tuple(out)

    def _whole(self, x: Line) -> Line:
        """The line of a derivative along all axes of its parameter, also where it is the same for each."""
        if x.symbol in self.p.results[1:]:
            parameter = self.p.problem.parameters[self.p.results.index(x.symbol) - 1]
            return replace(x, axes=parameter.indices)
        return x

    def _pass(self, lines: Sequence[Line], sums: Sequence[Line]) -> list[Statement]:
        """One loop over the samples: the values that the sums need, then the sums."""
        wanted = frozenset().union(*(names(x.value) for x in sums))
        chosen: list[Line] = []
        for x in reversed(lines):
            if x.kind == "sample" and x.symbol in wanted:
                wanted |= names(x.value)
                chosen.insert(0, x)
        before: list[Statement] = [s for x in sums for s in self._zero(x)]
        before += [Make(self.ids[x.symbol], self._sizes(x.axes[1:])) for x in chosen if x.axes[1:] and x.symbol not in self.room]
        self.room |= {x.symbol for x in chosen}
        body: list[Statement] = []
        for x in chosen:
            body += self._along(x.axes[1:], lambda x=x: self._put(x, x.axes[1:]))  # type: ignore[misc]
        for x in sums:
            (index,) = (a for a in free(x.value) - set(x.axes) if axis(a) == self.p.samples)
            value = rename(x.value, {index: self.p.samples} if index != self.p.samples else {})
            body += self._summed(x, value, x.axes)
        return [*before, For(self.letter(self.p.samples), self.size(self.p.samples), tuple(body))]

    def _zero(self, x: Line) -> list[Statement]:
        word = self.ids[x.symbol]
        if not x.axes:
            return [Put(word, self.words.number(0 * ONE.value))]
        if x.symbol in self.given:
            return self._along(x.axes, lambda: [Put(self._entry(x.symbol, x.axes), self.words.number(0 * ONE.value), new=False)])
        return [Make(word, self._sizes(x.axes))]

    def _summed(self, x: Line, value: Term, axes: tuple[str, ...]) -> list[Statement]:
        """total += value; a sum over the last axis of the value runs on in the total itself."""
        if isinstance(value, Sum) and not axes:
            return self._along((value.index,), lambda: self._summed(x, value.body, axes))

        def inner() -> list[Statement]:
            first, text = self.text(value)
            return [*first, Plus(self._entry(x.symbol, axes), text, why(x, self.p), number=not axes)]

        return self._along(axes, inner)

    def _kept(self, x: Line) -> list[Statement]:
        """A line without samples."""
        made: list[Statement] = [Make(self.ids[x.symbol], self._sizes(x.axes))] if x.axes and x.symbol not in self.given else []
        return [*made, *self._along(x.axes, lambda: self._put(x, x.axes))]

    def _put(self, x: Line, axes: tuple[str, ...]) -> list[Statement]:
        if not axes and (run := self._run(x)):
            return run
        first, text = self.text(x.value)
        return [*first, Put(self._entry(x.symbol, axes), text, why(x, self.p), new=not axes)]

    def _run(self, x: Line) -> list[Statement]:
        """A number that is a sum, or the largest of a row: its own name runs up to it."""
        word, about = self.ids[x.symbol], why(x, self.p)
        match x.value:
            case Sum(index, body):
                first, text = self.text(body)
                return [Put(word, self.words.number(0 * ONE.value)), For(self.letter(index), self.size(index), (*first, Plus(word, text, about)))]
            case Call("largest", (Sum(index, body),)):
                first, text = self.text(body)
                step = Put(word, self.larger.format(word, text), about, new=False)
                return [Put(word, self.smallest), For(self.letter(index), self.size(index), (*first, step))]
        return []

    def _along(self, axes: Sequence[str], inner: Callable[[], list[Statement]]) -> list[Statement]:
        """The statements in a loop for each axis."""
        if not axes:
            return inner()
        return [For(self.letter(axes[0]), self.size(axes[0]), tuple(self._along(axes[1:], inner)))]

    # ---------------------------------------------------------------- names and numbers

    def letter(self, index: str) -> str:
        """The loop's variable for an index: i, and i2 for i'."""
        if index not in self.letters:
            word = index.replace("'", "2")
            (self.letters[index],) = identifiers([word], {*self.ids.values(), *self.letters.values()}).values()
        return self.letters[index]

    def size(self, index: str) -> str:
        return self.ids[SIZE + axis(index)]

    def _sizes(self, axes: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self.size, axes))

    def _entry(self, symbol: str, indices: Sequence[str]) -> str:
        word = self.ids[symbol]
        return self.entry(word, [(self.letter(a), self.size(a)) for a in indices]) if indices else word

    def name(self, n: Name) -> str:
        """A name as a number, "" for a constant of mathematics."""
        line = self.p.line(n.symbol)
        if n.symbol not in self.ids:
            return ""
        if n.symbol == self.p.count or n.symbol in dict(self.p.sizes):
            return self.number.format(self.ids[n.symbol])
        if line is not None and line.kind == "sample":
            return self._entry(n.symbol, n.indices[1:])
        return self._entry(n.symbol, n.indices)

    def text(self, t: Term) -> tuple[list[Statement], str]:
        """(statements that come first, the value): a sum inside is added up before."""
        first: list[Statement] = []

        def other(s: Term) -> str | None:
            match s:
                case Match(a, b):
                    same = f"{self.letter(a)} == {self.letter(b)}"
                    return self.words.choice.format(same, self.words.number(ONE.value), self.words.number(0 * ONE.value))
                case Sum(index, body):
                    total = self._fresh("total")
                    before, text = self.text(body)
                    loop = For(self.letter(index), self.size(index), (*before, Plus(total, text)))
                    first.extend([Put(total, self.words.number(0 * ONE.value)), loop])
                    return total
            return None

        def largest(s: Term) -> Term | None:
            if not (isinstance(s, Call) and s.function == "largest" and isinstance(rows := s.args[0], Sum)):
                return None
            total = self._fresh("largest")
            before, text = self.text(rows.body)
            loop = For(self.letter(rows.index), self.size(rows.index), (*before, Put(total, self.larger.format(total, text), new=False)))
            first.extend([Put(total, self.smallest), loop])
            self.ids[total] = total
            return Name(total)

        return first, scalar(rewrite(t, largest), self.words, self.name, other)

    def _fresh(self, stem: str) -> str:
        """A word that no name has."""
        self.met[stem] = self.met.get(stem, 0) + 1
        word = f"{stem}{self.met[stem] if self.met[stem] > 1 else ''}"
        return f"{word}_" if word in self.ids.values() else word


def _stages(lines: Sequence[Line]) -> dict[str, int]:
    """Which pass over the samples a line belongs to: a sum is known only after its own."""
    stage: dict[str, int] = {}
    kinds = {x.symbol: x.kind for x in lines}
    for x in lines:
        stage[x.symbol] = max((stage[s] + (kinds[s] == "sum") for s in names(x.value) if s in stage), default=0)
    return stage

