"""A problem stated in arrays → its forward tape in indexed terms, with the axes of every name.

`state(("Y_hat = X @ W + b",), objective="sum((Y_hat - Y)^2)/n", parameters=("W", "b"), shapes={"X": ("n", "d"), …})`
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from symgd.arrays.array import Array, Letters
from symgd.arrays.elaborate import Walk
from symgd.arrays.known import SAMPLES, Known, in_order, settled
from symgd.arrays.places import Place
from symgd.arrays.sizes import Shape, ShapeError, axes_of
from symgd.indices import axis, rename
from symgd.reading.arrays import read_array_definition, read_arrays
from symgd.reading.pratt import Reading
from symgd.reading.reader import formula_within
from symgd.term import ONE, Det, Div, Inverse, Name, Sum, Term, mul, subterms

__all__ = ["Stated", "entry", "state"]

@dataclass(frozen=True)
class Stated:
    """names   every declared name with its indices
    tape    (name, value, what it is), in order; the last is the objective
    count   (axis, the name of its size), of the sizes that formulas count with
    sizes   (axis, its size as the writer says it)
    """

    names: dict[str, Name]
    tape: tuple[tuple[Name, Term, str], ...]
    count: tuple[tuple[str, Name], ...]
    sizes: tuple[tuple[str, str], ...]


def state(
    let: Sequence[str], loss: str, objective: str, parameters: Sequence[str], data: Sequence[str], constants: Collection[str], shapes: Mapping[str, Shape]
) -> Stated:
    """The tape.  Raises ShapeError, reading.Unread."""
    return _Stating(let, loss, objective, parameters, data, constants, dict(shapes)).stated()


def entry(text: str, declared: Mapping[str, Name], sizes: Sequence[tuple[str, str]], indices: tuple[str, ...]) -> Term:
    """One entry of what the text says, at these indices: entry("X.T @ u", problem.declared(), problem.sizes, ("j",)) is Σ_i x_ij u_i.

    Raises ShapeError, reading.Unread.
    """
    letters = {size: over for over, size in sizes}
    known = Known({s: tuple(map(axis, n.indices)) for s, n in declared.items() if s not in letters}, letters)
    walk = Walk(known, Place(text), formula_within(text)[0] == "latex", Letters(indices))
    right = read_arrays(text, frozenset((*known.axes, *letters)))
    x = walk.whole(right)
    own = tuple(map(axis, x.letters))
    if not x.letters or own == tuple(map(axis, indices)):
        return settled(rename(x.term, dict(zip(x.letters, indices, strict=False))))
    raise walk.place.error(f"this is {known.words(x)}, and {known.words(Array(x.term, indices))} is needed", right)


def _pairs(t: Term) -> bool:
    """A sum over samples within another, or a matrix that may be made of them: equal rows have no inverse."""
    if isinstance(t, Det | Inverse):
        return True
    return isinstance(t, Sum) and axis(t.index) == SAMPLES and any(isinstance(s, Sum) and axis(s.index) == SAMPLES for s in subterms(t.body))


@dataclass
class _Stating:
    let: Sequence[str]
    loss: str
    objective: str
    parameters: Sequence[str]
    data: Sequence[str]
    constants: Collection[str]
    shapes: dict[str, Shape]

    def stated(self) -> Stated:
        self.shapes |= {d: ("n",) for d in self.data if d not in self.shapes}
        letters = axes_of(self.shapes)
        axes = {s: tuple(letters[size] if size != "1" else None for size in shape) for s, shape in self.shapes.items()}
        lost = frozenset(s for s in self.parameters if s not in axes)
        axes |= {s: () for s in (*self.parameters, *self.constants) if s not in axes}
        self.known = Known(axes, letters, lost, naming=True)
        declared = {s: Name(s, in_order([a for a in own if a])) for s, own in axes.items()}
        for line in self.let:
            self.define(line)
        self.known.tape.append(self.goal())
        return Stated(declared, tuple(self.known.tape), self.counts(axes.values()), tuple((a, s) for s, a in letters.items()))

    def counts(self, shapes: Collection[tuple[str | None, ...]]) -> tuple[tuple[str, Name], ...]:
        """The sizes that the formulas count with, and that of the samples where each is only added up."""
        letters = self.known.letters
        paired = any(shape.count(SAMPLES) > 1 for shape in shapes) or any(_pairs(s) for _, value, _ in self.known.tape for s in subterms(value))
        if SAMPLES in letters.values() and not paired:
            self.known.count(SAMPLES)
        found = sorted(((letters[s], name) for s, name in self.known.counted.items()), key=lambda pair: (pair[0] != SAMPLES, pair))
        return tuple(found)

    def define(self, line: str) -> None:
        """u = X @ w - y, u_i = x_i @ w - y_i"""
        name, right = read_array_definition(line, self.symbols())
        if name.symbol in self.known.axes:
            raise ShapeError(f"{name.symbol} is defined twice; choose another name in {line[:40]!r}")
        walk = self.walk(line)
        x = walk.whole(right)
        if extra := [a for a in walk.loose if a not in name.indices]:
            raise ShapeError(f"the index {extra[0]} stands on the right side only, in {line[:60]!r}")
        if extra := [a for a in name.indices if a not in walk.loose]:
            raise ShapeError(f"the index {extra[0]} stands on the left side only, in {line[:60]!r}")
        x = Array(x.term, (*(walk.loose[a] for a in name.indices), *x.axes))
        own = tuple(axis(a) if a else None for a in x.axes)
        self.known.axes[name.symbol] = own
        indices = in_order([a for a in own if a])
        value = rename(x.term, {a: b for a, b in zip(x.letters, indices, strict=True) if a != b})
        self.known.tape.append((Name(name.symbol, indices), settled(value), ""))

    def goal(self) -> tuple[Name, Term, str]:
        """The objective: the mean of the loss of one sample, or as stated."""
        text = self.loss or self.objective
        right = read_arrays(text, self.symbols())
        walk = self.walk(text)
        walk.sample = bool(self.loss)
        x = walk.whole(right)
        left = [*x.letters, *walk.loose.values()]
        term = x.term
        if self.loss and any(axis(a) == SAMPLES for a in left):
            sample = next(a for a in left if axis(a) == SAMPLES)
            left.remove(sample)
            if not left:
                term = mul(Div(ONE, self.known.count(SAMPLES)), Sum(sample, term))
        if left:
            raise self.no_number(walk, right, x, bool(self.loss))
        symbol = next(s for s in ("L", "J", *(f"L{k}" for k in range(1, len(self.known.axes) + 2))) if s not in self.known.axes)
        return Name(symbol), settled(term), "the objective"

    def no_number(self, walk: Walk, r: Reading, x: Array, of_sample: bool) -> ShapeError:
        if walk.loose and not x.letters:
            return walk.place.error(f"the index {', '.join(walk.loose)} is not summed over; write sum_{next(iter(walk.loose))} …", r)
        what = "the loss of one sample" if of_sample and len(x.letters) > 1 else "the objective"
        how = "sum(…, axis=1)" if of_sample and len(x.letters) > 1 else "sum(…) or mean(…)"
        return walk.place.error(f"{what} is {self.known.words(x)}, and must be a number: take {how}", r)

    def walk(self, text: str) -> Walk:
        columns = formula_within(text)[0] == "latex"
        return Walk(self.known, Place(text), columns, Letters())

    def symbols(self) -> frozenset[str]:
        """Every name that is declared, or defined so far."""
        return frozenset({*self.known.axes, *(s for s in self.known.letters if not s.isdigit())})
