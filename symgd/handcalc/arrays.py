"""Lines in vectors and matrices, written out in entries: Xᵀ(Xβ − y) is Σ_i X_ij (Σ_j' X_ij' β_j' − y_i), a column with the free letter j.

A vector is a column; products do not commute, and a product whose inner axes differ is refused: there a transpose is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from symgd.arrays import Array, Unfit, contracted, entrywise, scaled, squares, summed, transposed
from symgd.handcalc.conventions import derived_by
from symgd.handcalc.setting import Setting
from symgd.indices import axis, free, fresh, rename
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import ONE, ZERO, Add, Call, Cases, Compare, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul, subterms

__all__ = ["IDENTITIES", "Shapes", "aligned", "entries", "in_arrays"]

MARKS = frozenset(("transpose", "matmul", "norm", "norm1", "gradient", "hadamard"))


class Shapes(ValueError):
    """The shapes do not fit; the message says which."""


IDENTITIES = frozenset(("I", "I_d", "I_n", "I_p", "identity"))


def _array(term: Term, row: str | None = None, col: str | None = None) -> Array:
    """One entry of a matrix; without a letter there is one row, or one column."""
    return Array(term, (row, col))


def _says(a: Array) -> str:
    row, col = ({"i": "n"}.get(x or "", x or "1") for x in a.shape)
    return f"({row} × {col})".replace("j", "d")


def in_arrays(setting: Setting, members: tuple[Term, ...], letters: Mapping[str, str]) -> bool:
    """Are the members written in vectors: transposes, norms, or names that hide an axis of theirs?"""
    for t in members:
        for s in subterms(t):
            if isinstance(s, Call) and s.function in MARKS - {"hadamard"}:
                return True
            if isinstance(s, Name) and (setting.roles.vectors.hidden(s) or s.symbol == "𝟏"):
                return True
            if isinstance(s, Name) and setting.roles.vectors.rank:
                declared = setting.declared(s.symbol).indices
                hidden = declared[len(s.indices) :]
                if any(axis(a) != "i" for a in hidden) and (not s.indices or len(declared) > 1):
                    return True
    return False


def entries(setting: Setting, t: Term, letters: dict[str, str], plain: Callable[[Name], str]) -> Array:
    """One entry of t.  `letters`: the line's letters as those of their axes; `plain`: the symbol that a name stands for.  Raises Shapes."""
    return _Walk(setting, letters, plain, set(letters.values())).go(t)


def aligned(a: Array, b: Array, either_way: bool = False) -> tuple[Term, Term]:
    """Both entries with the same letters; `either_way`: a gradient may be written as a row or as a column.  Raises Shapes."""
    if a.unit or b.unit:
        raise Shapes("the size of the identity is not known here")
    if a.scalar and not b.scalar and a.term == ZERO:
        return a.term, b.term
    if b.scalar and not a.scalar and b.term == ZERO:
        return a.term, b.term
    if a.shape != b.shape and either_way and a.shape == transposed(b).shape:
        b = transposed(b)
    if a.shape != b.shape:
        raise Shapes(f"the left side has the shape {_says(a)}, the right side {_says(b)}")
    return a.term, _lettered(a, b)


def _lettered(a: Array, b: Array) -> Term:
    """The entry of b at the letters of a, whose shape it has."""
    return rename(b.term, {x: y for x, y in zip(b.axes, a.axes, strict=True) if x and y and x != y})


@dataclass
class _Walk:
    setting: Setting
    letters: dict[str, str]
    plain: Callable[[Name], str]
    used: set[str]
    around: tuple[str, ...] = ()

    def letter(self, over: str) -> str:
        new = fresh(over, self.used)
        self.used.add(new)
        return new

    def go(self, t: Term) -> Array:
        match t:
            case Name("𝟏", ()):
                return Array(ONE, (None, None), many=frozenset({0}))
            case Name(s, _) if s in IDENTITIES and s not in self.setting.known:
                return Array(ONE, (None, None), unit=True)
            case Name():
                return self.name(t)
            case Num():
                return _array(t)
            case Neg(a):
                return self.each(Neg, a)
            case Add(ts):
                return self.total([self.go(x) for x in ts])
            case Mul(fs):
                return self.product([self.go(f) for f in fs])
            case Call("matmul", fs):
                return self.product([self.go(f) for f in fs])
            case Div(a, b):
                top, bottom = self.go(a), self.go(b)
                if not bottom.scalar:
                    raise Shapes("a division by a vector or matrix")
                return replace(top, term=Div(top.term, bottom.term))
            case Call("transpose", (a,)):
                return transposed(self.go(a))
            case Call("hadamard", (a, b)):
                return self.alike(lambda s, t: mul(s, t), self.go(a), self.go(b))
            case Pow(Call("norm", (a,)), Num(v)) if v == 2:
                return _array(squares(self.go(a)).term)
            case Call("norm", (a,)):
                return _array(Call("sqrt", (squares(self.go(a)).term,)))
            case Call("norm1", (a,)):
                return _array(summed(self.each(lambda t: Call("abs", (t,)), a)).term)
            case Pow(a, b):
                x = self.go(a)
                if len(x.letters) == 2 or x.axes[1] or x.unit:
                    raise Shapes("a power of a matrix")
                return replace(x, term=Pow(x.term, self.go(b).term))
            case Sum(index, body):
                letter = self.letters.get(index) or "i"
                x = self.within(letter, {**self.letters, index: letter}).go(body)
                if letter in x.axes:
                    raise Shapes("the sum runs over a letter that is already bound")
                return replace(x, term=Sum(letter, x.term))
            case Call("sum" | "mean" as f, (body,)):
                x = self.loose_sum(body)
                return replace(x, term=mul(Div(ONE, self.setting.count), x.term)) if f == "mean" else x
            case Call("gradient", (of, *by)):
                return self.gradient(of, tuple(b for b in by if isinstance(b, Name)))
            case D(of, by):
                return self.rate(self.go(of), self.go(by))
            case Cases(pieces, otherwise):
                return self.cases(pieces, otherwise)
            case Call(f, args) if f in FUNCTIONS:
                xs = [self.go(a) for a in args]
                return replace(xs[0], term=Call(f, tuple(x.term for x in xs)))
        raise Shapes("this is not read in vectors")

    def cases(self, pieces: tuple[tuple[Term, Compare], ...], otherwise: Term) -> Array:
        """Entry by entry."""
        parts = [self.go(x) for value, when in pieces for x in (value, when.left, when.right)] + [self.go(otherwise)]
        shaped = next((x for x in parts if not x.scalar), parts[0])
        terms = [x.term if x.scalar else self.same_shape(shaped, x) for x in parts]
        triples = zip(terms[:-1:3], terms[1:-1:3], terms[2:-1:3], pieces, strict=True)
        return replace(shaped, term=Cases(tuple((v, Compare(a, when.relation, b)) for v, a, b, (_, when) in triples), terms[-1]))

    def within(self, letter: str, letters: dict[str, str]) -> _Walk:
        self.used.add(letter)
        return _Walk(self.setting, letters, self.plain, self.used, (*self.around, letter))

    def loose_sum(self, body: Term) -> Array:
        """Σ without an index: over the samples, or over the entries of a vector."""
        letter = self.letter("i")
        run = {a: letter for a, own in self.letters.items() if axis(own) == "i"}
        x = self.within(letter, {**self.letters, **run}).go(body)
        if letter in free(x.term):
            return replace(x, term=Sum(letter, x.term))
        if x.scalar:
            raise Shapes("what the sum runs over is not said")
        return _array(summed(x).term)

    def each(self, f: Callable[[Term], Term], a: Term) -> Array:
        x = self.go(a)
        return replace(x, term=f(x.term))

    def name(self, t: Name) -> Array:
        s = self.plain(t)
        by = derived_by(s, frozenset(self.setting.roles.all("parameter"))) if s not in self.setting.known else None
        if by and (main := self.setting.objective):
            return self.rate(_array(main), self.name(Name(by)))
        if s in self.setting.rates and not self.setting.rates[s].name.indices and not t.indices:
            return _array(self.setting.rates[s].value)
        declared = self.setting.declared(s).indices
        if s in CONSTANTS and s not in self.setting.known:
            return _array(Name(s))
        if len(t.indices) > len(declared):
            raise Shapes(f"{s} carries fewer indices elsewhere")
        written = tuple(self.letters.get(a, a) for a in t.indices)
        hidden = list(declared)
        for a in written:
            hit = next((k for k, h in enumerate(hidden) if h and axis(h) == axis(a)), None)
            if hit is None:
                raise Shapes(f"{s} does not run over {a}")
            hidden[hit] = ""
        rows = []
        it = iter(written)
        full = []
        for h in hidden:
            if h and axis(h) == "i" and not self.whole(t.symbol, declared):  # of one sample
                full.append(next((b for b in reversed(self.around) if axis(b) == "i"), "i"))
            elif h:
                rows.append(self.letter(axis(h)))
                full.append(rows[-1])
            else:
                full.append(next(it))
        if s == self.setting.count.symbol:
            return _array(self.setting.count)
        entry: Term = Name(s, tuple(full))
        if s in self.setting.rates:
            named = self.setting.rates[s]
            entry = rename(named.value, {a: b for a, b in zip(named.name.indices, full, strict=True) if a != b})
        return _array(entry, rows[0] if rows else None, rows[1] if len(rows) > 1 else None)

    def whole(self, s: str, declared: tuple[str, ...]) -> bool:
        """Does the bare name stand for all samples at once: X, and y beside it?"""
        return self.setting.roles.vectors.rank.get((s, 0), 0) == len(declared)

    def total(self, xs: list[Array]) -> Array:
        """a + b: one shape, numbers and multiples of the identity beside it"""
        shaped = next((x for x in xs if not x.unit and not x.scalar and not x.many), None)
        for x in xs:
            if shaped and not x.unit and not x.scalar and not x.many:
                self.same_shape(shaped, x)
        try:
            return entrywise(lambda *ts: add(*ts), *xs) if shaped or all(x.unit == xs[0].unit for x in xs) else self.no_matrix()
        except Unfit:
            return self.no_matrix()

    def no_matrix(self) -> NoReturn:
        raise Shapes("the identity is added to what is no matrix")

    def same_shape(self, a: Array, b: Array) -> Term:
        """The entry of b at the letters of a."""
        if a.shape != b.shape:
            raise Shapes(f"{_says(a)} and {_says(b)} cannot be added")
        return _lettered(a, b)

    def alike(self, f: Callable[[Term, Term], Term], a: Array, b: Array) -> Array:
        return replace(a, term=f(a.term, self.same_shape(a, b)))

    def product(self, xs: list[Array]) -> Array:
        out = xs[0]
        for x in xs[1:]:
            out = self.times(out, x)
        return out

    def times(self, a: Array, b: Array) -> Array:
        if a.scalar or b.scalar or a.unit or b.unit:
            return scaled(a, b)
        if a.shape == b.shape and not a.axes[1]:  # two columns side by side: entry by entry is meant
            return self.alike(lambda s, t: mul(s, t), a, b)
        try:
            return contracted(a, b)
        except Unfit:
            raise Shapes(f"the product of {_says(a)} and {_says(b)} does not exist: a transpose is missing, or one too many") from None

    def rate(self, of: Array, by: Array) -> Array:
        if not isinstance(by.term, Name):
            raise Shapes("a derivative is taken by a name")
        term = self.setting.rate(of.term, by.term)
        if by.scalar:
            return replace(of, term=term)
        if of.scalar:
            return replace(by, term=term)
        if of.axes[1] or by.axes[1]:
            raise Shapes("a derivative of a matrix by a vector has more than two axes")
        return _array(term, of.axes[0], by.axes[0])

    def gradient(self, of: Term, by: tuple[Name, ...]) -> Array:
        x = self.go(of)
        if not by:
            every = [p for p in self.setting.problem.parameters if self.setting.depends(x.term, p.symbol)]
            inner = of.args[0] if isinstance(of, Call) and of.function == "gradient" else of
            said = self.setting.roles.arguments.get(inner.symbol) if isinstance(inner, Name) else None
            by = (Name(said),) if said else (Name(every[0].symbol),) if len(every) == 1 else ()
        if len(by) != 1 or x.axes[1]:
            raise Shapes("what the gradient is taken by is not said")
        return self.rate(x, self.name(by[0]))

