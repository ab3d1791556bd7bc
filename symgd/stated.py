"""What a person states in text → the parts of a problem: names with their axes, and the forward tape.

In numbers, one a sample: "(w*x + b - y)^2".  In arrays, where shapes are given: "sum((X @ w - y)^2)/n" (`symgd.arrays`).
What reads text is imported where text is read: a problem of the catalogue needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from symgd.indices import free
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import Call, Name, Sum, Term, children, mean, names, rebuild, subterms, symbol_problem
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["ASSUMED_DATA", "COUNT", "SAMPLES", "Definition", "ProblemError", "Stated", "Statement", "in_words"]

SAMPLES, COUNT = "i", Name("n")
ASSUMED_DATA = ("x", "y")
_ARRAYS = ("@", ".T", "\\top", "axis=")
Values: TypeAlias = Mapping[str, Fraction | int | float | str]


class ProblemError(ValueError):
    """The problem as stated makes no sense; the message says which name or line, and what to do."""


@dataclass(frozen=True)
class Definition:
    """name := value, and what it is in words ("the residual")."""

    name: Name
    value: Term
    says: str = ""

    def __repr__(self) -> str:
        """uᵢ := ŷᵢ − yᵢ"""
        return f"{to_unicode(layout(self.name))} := {to_unicode(layout(self.value))}"


@dataclass(frozen=True)
class Stated:
    """The parts of a problem; the fields are those of `forward.Problem`."""

    parameters: tuple[Name, ...]
    data: tuple[Name, ...]
    tape: tuple[Definition, ...]
    constants: tuple[tuple[Name, Fraction | None], ...]
    count: tuple[tuple[str, Name], ...] = ((SAMPLES, COUNT),)
    sizes: tuple[tuple[str, str], ...] = ()


def in_words(words: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(words.replace(",", " ").split()) if isinstance(words, str) else tuple(words)


@dataclass(frozen=True)
class Statement:
    """The parts of a problem as typed."""

    let: Sequence[str]
    loss: str
    objective: str
    parameters: tuple[str, ...]
    data: tuple[str, ...]
    constants: Values
    shapes: Mapping[str, str] | Sequence[str] = ()

    def stated(self) -> Stated:
        """Raises ProblemError, Unread."""
        from symgd.reading.unread import Unread

        self.check()
        if self.shapes:
            return self.in_arrays()
        try:
            return self.in_numbers()
        except Unread as why:
            if why.hint or not any(mark in why.text for mark in _ARRAYS):
                raise
            raise Unread(why.message, why.text, why.start, why.end, 'products of arrays are read where shapes are given: --shape "X: n d"') from why

    def in_arrays(self) -> Stated:
        """What has a shape and is no parameter is data."""
        from symgd.arrays import ShapeError, state
        from symgd.arrays.sizes import read_shapes

        try:
            known = read_shapes(self.shapes)
            made = state(self.let, self.loss, self.objective, self.parameters, self.data, tuple(self.constants), known)
        except ShapeError as why:
            raise ProblemError(str(why)) from why
        used = frozenset[str]().union(*(names(value) for _, value, _ in made.tape))
        data = tuple(made.names[s] for s in dict.fromkeys((*known, *self.data)) if s not in {*self.parameters, *self.constants} and s in used)
        constants = tuple((made.names[c], _fraction(c, v)) for c, v in self.constants.items())
        tape = tuple(Definition(*line) for line in made.tape)
        return Stated(tuple(made.names[p] for p in self.parameters), data, tape, constants, made.count, made.sizes)

    def in_numbers(self) -> Stated:
        from symgd.reading import read_definition

        known = {p: Name(p) for p in self.parameters} | {d: Name(d, (SAMPLES,)) for d in self.data} | {c: Name(c) for c in self.constants} | {"n": COUNT}
        tape: list[Definition] = []
        for line in self.let:
            name, value = read_definition(line, declared=self.symbols())
            if name.symbol in known:
                raise ProblemError(f"{name.symbol} is defined twice; choose another name in {line!r}")
            value = self.resolved(value, known, line)
            known[name.symbol] = Name(name.symbol, tuple(sorted(free(value))))
            tape.append(Definition(known[name.symbol], value))
        tape.append(self.goal(known))
        if COUNT.symbol in names(tape[-1].value) and not any(x.indices for x in known.values() if x.symbol in {*self.data, *ASSUMED_DATA}):
            raise ProblemError("n counts the samples, but nothing here has one value a sample; declare the data, or use another name than n")
        used = names(tape[-1].value).union(*(names(d.value) for d in tape))
        data = tuple(known[s] for s in (*self.data, *ASSUMED_DATA) if s in used and known.get(s) == Name(s, (SAMPLES,)))
        constants = tuple((Name(c), _fraction(c, v)) for c, v in self.constants.items())
        return Stated(tuple(map(Name, self.parameters)), tuple(dict.fromkeys(data)), tuple(tape), constants)

    def symbols(self) -> frozenset[str]:
        """Every name that is declared or defined."""
        defined = {line.replace(":=", "=").partition("=")[0].strip() for line in self.let}
        return frozenset({*self.parameters, *self.data, *self.constants, *ASSUMED_DATA, "n", *(d for d in defined if symbol_problem(d) is None)})

    def check(self) -> None:
        if bool(self.loss) == bool(self.objective):
            raise ProblemError("state either loss (of one sample) or objective (the whole), one of the two")
        if not self.parameters:
            raise ProblemError("no parameters: name what to differentiate by")
        every = (*self.parameters, *self.data, *self.constants)
        for s in every:
            if wrong := symbol_problem(s):
                raise ProblemError(f"{s!r} cannot be a name: {wrong}")
            if every.count(s) > 1 or s == "n":
                raise ProblemError(f"{s} is declared twice" if s != "n" else "n is the number of samples; choose another name")

    def goal(self, known: dict[str, Name]) -> Definition:
        """The objective: the mean of the loss of one sample, or as stated."""
        from symgd.reading import read

        name = next(s for s in ("L", "J", *(f"L{k}" for k in range(1, len(known) + 2))) if s not in known)
        text = self.loss or self.objective
        value = self.resolved(read(text, declared=self.symbols()), known, text)
        if self.loss and SAMPLES in free(value):
            value = mean(SAMPLES, value, COUNT)
        if free(value):
            raise ProblemError(f"the objective {text!r} has a value for each sample; take the mean(…) or the sum(…) of it")
        return Definition(Name(name), value, "the objective")

    def resolved(self, t: Term, known: dict[str, Name], text: str) -> Term:
        """The names with their indices, mean(…) and sum(…) as sums over the samples."""
        letters = sorted({a for s in subterms(t) for a in (s.indices if isinstance(s, Name) else (s.index,) if isinstance(s, Sum) else ())})
        if letters:
            first = SAMPLES if SAMPLES in letters else letters[0]
            order = [first, *(a for a in letters if a != first)]
            t = _reindexed(t, {a: SAMPLES + "'" * k for k, a in enumerate(order)})
        return self._resolved(t, known, text)

    def _resolved(self, t: Term, known: dict[str, Name], text: str) -> Term:
        match t:
            case Name(s, indices):
                return self.known_name(s, indices, known, text)
            case Call("mean", (body,)):
                return mean(SAMPLES, self._resolved(body, known, text), COUNT)
            case Call("sum", (body,)):
                return Sum(SAMPLES, self._resolved(body, known, text))
            case Call(f, _) if f not in FUNCTIONS:
                raise ProblemError(f"unknown function {f} in {text!r}; the functions are {', '.join(FUNCTIONS)}")
        return rebuild(t, [self._resolved(c, known, text) for c in children(t)])

    def known_name(self, s: str, indices: tuple[str, ...], known: dict[str, Name], text: str) -> Term:
        if s in ASSUMED_DATA and s not in known:
            known[s] = Name(s, (SAMPLES,))
        if s not in known:
            if s in CONSTANTS:
                return Name(s)
            raise ProblemError(f"{s} in {text!r} is neither defined nor declared; the names are {', '.join(known)} (and {' and '.join(ASSUMED_DATA)} as data)")
        if indices and len(indices) != len(known[s].indices):
            what = "has one value for all samples: it carries no index" if not known[s].indices else "carries one index"
            raise ProblemError(f"{s} {what}, in {text!r}")
        return Name(s, indices) if indices else known[s]


def _reindexed(t: Term, to: Mapping[str, str]) -> Term:
    match t:
        case Name(s, indices):
            return Name(s, tuple(to.get(a, a) for a in indices))
        case Sum(index, body):
            return Sum(to.get(index, index), _reindexed(body, to))
    return rebuild(t, [_reindexed(c, to) for c in children(t)])


_LONGEST, _FURTHEST = 100, 400  # characters of a constant, powers of ten


def _fraction(name: str, value: Fraction | int | float | str) -> Fraction:
    if isinstance(value, Fraction):
        return value
    text = str(value)
    power = re.search(r"[eE]([+-]?[0-9_]+)$", text)
    if len(text) > _LONGEST or (power and abs(int(power[1])) > _FURTHEST):
        raise ProblemError(f"the constant {name} is too long or too far from 1: at most {_LONGEST} characters, powers of ten up to {_FURTHEST}")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as wrong:
        raise ProblemError(f"the constant {name} has the value {value!r}, which is no number") from wrong
