"""Definitions of a tape → lines: each name an array whose axes are known, each sum over the samples a line of its own.

What does not vary with the sample stands outside its sum.  A sum over another axis stays where it is written: ŷ_i := Σ_j X_ij w_j + b is one line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from symgd.forward import Problem
from symgd.indices import axis, free, fresh, rename, settle
from symgd.numeric.program.aligned import SIZE, Axes, fraction, ordered
from symgd.numeric.program.line import Kind, Line, NotSupported, lettered, split, tidy, times
from symgd.numeric.program.matching import unmatched
from symgd.term import ONE, Add, Call, Inverse, Match, Mul, Name, Num, Pow, Sum, Term, add, children, mul, names, parts, rebuild

__all__ = ["Laying", "Meaning"]

Meaning = Literal["all", "weighted", "alone"]


def _samples(problem: Problem) -> str:
    """The axis of the samples: i where data run over it, else the first counted axis that they run over, else none."""
    over = {axis(a) for x in problem.data for a in x.indices}
    return next((a for a in ("i", *(a for a, _ in problem.count)) if a in over), "")


class Laying:
    """The lines so far, and how the arrays of all names lie.

    lies    symbol → for each dimension of its array the slot of its indices, or a letter: (0, 1) as declared; (1,) without the first index, on which
            it does not depend; ("i", 0) with the sample before it, for one sample alone
    """

    def __init__(self, problem: Problem, meaning: Meaning, weight: str, blocks: bool = True) -> None:
        self.lines: dict[str, Line] = {}
        self.meaning = meaning
        self.weight = weight
        self.sums: dict[Term, str] = {}
        self.want: Axes = ()
        self.samples = _samples(problem)
        given = (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))
        self.lies: dict[str, tuple[int | str, ...]] = {x.symbol: tuple(range(len(x.indices))) for x in given}
        self.moves = {p.symbol for p in problem.parameters} | {c.symbol for c, _ in problem.constants}
        self.sizes = {c.symbol: a for a, c in problem.count}
        fresh_rows = next(s for s in ("n", "rows", *(f"n{k}" for k in range(len(self.lies) + 1))) if s not in problem.declared())
        self.rows = next((c.symbol for a, c in problem.count if a == self.samples), fresh_rows)
        fixed = (*problem.parameters, *(c for c, _ in problem.constants))
        self.blocks = blocks and bool(self.samples) and not any(axis(a) == self.samples for x in fixed for a in x.indices)
        self.blocks &= all(sum(axis(a) == self.samples for a in x.indices) <= 1 for x in problem.data)
        if not self.blocks and blocks and meaning == "alone":
            raise NotSupported("there are no samples here that could be looked at one by one")

    def define(self, name: Name, value: Term, about: str | tuple[str, str]) -> None:
        """One definition of a tape: its sums first, then what is left."""
        self.want = name.indices
        known = set(self.lines)
        left = tidy(self.lifted(unmatched(self.laid(value)), about))
        if isinstance(left, Name) and left.symbol in self.lines.keys() - known and left.indices == name.indices:
            self.call(left.symbol, name.symbol)
            return
        depends = free(left)
        slots: list[int | str] = [k for k, a in enumerate(name.indices) if a in depends]
        if extra := sorted(depends - set(name.indices)):
            slots = [*extra, *slots]
        letters = [a if isinstance(a, str) else name.indices[a] for a in slots]
        if self.blocks:  # the samples come first
            slots = [s for _, s in sorted(zip(letters, slots, strict=True), key=lambda x: axis(x[0]) != self.samples)]
        self.put(name.symbol, left, tuple(a if isinstance(a, str) else name.indices[a] for a in slots), about)
        self.lies[name.symbol] = tuple(slots)

    def call(self, symbol: str, otherwise: str) -> None:
        """A sum that is all of a definition has its name."""
        line = self.lines.pop(symbol)
        self.lines[otherwise] = replace(line, symbol=otherwise)
        self.sums = {t: otherwise if s == symbol else s for t, s in self.sums.items()}
        self.moves |= {otherwise} if symbol in self.moves else set()
        self.lies[otherwise] = tuple(range(len(line.axes)))

    def put(self, symbol: str, value: Term, axes: Axes, about: str | tuple[str, str], kind: Kind | None = None) -> None:
        once = not names(value) & self.moves
        if kind is None:
            kind = "sample" if self.blocks and any(axis(a) == self.samples for a in axes) else "scalar"
        self.lines[symbol] = Line(symbol, value, kind, about, once, axes)
        if not once:
            self.moves.add(symbol)

    def laid(self, t: Term) -> Term:
        """t with every name carrying the indices of its array's dimensions."""
        if isinstance(t, Name) and t.symbol in self.lies:
            return Name(t.symbol, tuple(a if isinstance(a, str) else t.indices[a] for a in self.lies[t.symbol]))
        return rebuild(t, [self.laid(c) for c in children(t)])

    def lifted(self, t: Term, about: str | tuple[str, str]) -> Term:
        """t with every sum over the samples replaced by a name, n by what it means, and a sum over another axis rid of what it does not touch."""
        if isinstance(t, Name) and t.symbol == self.rows:
            return ONE if self.meaning == "alone" else self.total(ONE, "", about)
        self.see(t)
        if isinstance(t, Call) and t.function == "largest":
            (rows,) = t.args
            if isinstance(rows, Sum) and axis(rows.index) == self.samples:  # the largest of all samples has to be known before the first sum
                self.blocks = False
                if self.meaning == "alone":
                    return self.lifted(rename(rows.body, {rows.index: self.samples}), about)
            return rebuild(t, [rebuild(s, [self.lifted(c, about) for c in children(s)]) for s in t.args])
        if isinstance(t, Inverse):
            return self.inverse(Inverse(t.a, t.b, t.row, t.column, self.lifted(t.entry, about)), about)
        if not isinstance(t, Sum):
            return rebuild(t, [self.lifted(c, about) for c in children(t)])
        over_samples = axis(t.index) == self.samples
        if over_samples and self.meaning == "alone":
            self.see(t.body)
            return self.lifted(rename(t.body, {t.index: self.samples}), about)
        body = self.lifted(t.body, about)
        if over_samples and self.blocks and (terms := _products(body)):
            return add(*(self.summed(t.index, s, about) for s in terms))
        return self.summed(t.index, body, about)

    def summed(self, index: str, body: Term, about: str | tuple[str, str]) -> Term:
        """Σ_index body, what does not touch the index before it."""
        outside, inside = split(body, lambda s: index in free(s))
        if axis(index) == self.samples and self.blocks:
            return times(outside, self.total(inside, index, about))
        if axis(index) == self.samples and self.meaning == "weighted":
            inside = mul(Name(self.weight, (index,)), *(parts(Mul, inside) if inside != ONE else ()))
        return times(outside, self.size(index) if inside == ONE else Sum(index, inside))

    def see(self, t: Term) -> None:
        """Samples that look at each other: then everything is computed at once."""
        looking = {a for a in free(t) if axis(a) == self.samples}
        if len(looking) > 1 or (isinstance(t, Match) and looking):
            if self.meaning == "alone" or (self.meaning == "weighted" and isinstance(t, Match)):
                raise NotSupported("samples that look at each other have no gradients of their own, and no weights where two are compared")
            self.blocks = False

    def inverse(self, t: Inverse, about: str | tuple[str, str]) -> Term:
        """The name of an inverse, one line for equal ones."""
        others = tuple(sorted(free(t) - {t.a, t.b}))
        a = fresh(axis(t.row), others)
        b = fresh(axis(t.column), (*others, a))
        whole = settle(Inverse(a, b, t.row, t.column, t.entry))
        if whole not in self.sums:
            stem = t.entry.symbol if isinstance(t.entry, Name) else about if isinstance(about, str) else about[1]
            self.sums[whole] = next(s for k in range(len(self.sums) + 1) if (s := f"⁻{stem}{k or ''}") not in self.lines)
            self.put(self.sums[whole], whole, (*others, a, b), about)
        return Name(self.sums[whole], (*others, t.a, t.b))

    def size(self, index: str) -> Term:
        """How far an axis other than the samples runs."""
        a = axis(index)
        symbol = next((s for s, b in self.sizes.items() if a == b), SIZE + a)
        self.sizes[symbol] = a
        return Name(symbol)

    def total(self, body: Term, index: str, about: str | tuple[str, str]) -> Term:
        """The name of Σ_index body, one line for equal bodies."""
        index = index or self.samples
        if self.meaning == "weighted":
            body = mul(Name(self.weight, (index,)), *(parts(Mul, body) if body != ONE else ()))
        elif body == ONE:
            return Name(self.rows)
        axes = tuple(a for a in ordered(free(body), self.want) if a != index)
        letter = fresh(self.samples, axes)
        body = rename(body, {index: letter} if index != letter else {})
        if body not in self.sums:
            stem = lettered(body) or (about if isinstance(about, str) else f"d{about[1]}")
            symbol = next(s for k in range(len(self.sums) + 1) if (s := f"Σ{stem}{k or ''}") not in self.lines)
            self.sums[body] = symbol
            self.put(symbol, body, axes, about, "sum")
        return Name(self.sums[body], axes)


def _products(body: Term) -> tuple[Term, ...]:
    """The terms of a sum of products: Σ (a b − c d) by two dot products needs no array, and is as exact.  So is Σ log(1 + e), of one sign, by itself."""
    if not isinstance(body, Add):
        return ()
    logs = tuple(t for t in body.terms if isinstance(t, Call) and t.function == "log1p")
    rest = tuple(t for t in body.terms if t not in logs)
    return (*rest, *logs) if all(map(_product, rest)) else (add(*rest), *logs) if logs and rest else ()


def _product(t: Term) -> bool:
    _, top, _ = fraction(t)
    many = sum(len(parts(Mul, f)) if not isinstance(f, Pow) else 2 for f in top if not isinstance(f, Num))
    return many >= 2 and not any(isinstance(f, Add) for f in top)
