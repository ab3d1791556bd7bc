r"""Formulas in arrays → one entry as an indexed term: X @ w is Σ_j x_ij w_j with the free letter i.

In plain text the language is NumPy's: a vector has one axis, * and / go entry by entry, @ contracts.  In LaTeX a vector is a column, letters side by side
are matrix products, A^{-1} is the inverse, ⊙ goes entry by entry.  The words (sum, trace, softmax, …) are the table of `words.py`.

Glossary: `r` a reading, `x`, `a`, `b` arrays; `columns`: are vectors columns (LaTeX)?
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symgd.arrays.array import Array, Letters, Unfit, contracted, entrywise, repeated, scaled, transposed
from symgd.arrays.known import SAMPLES, Known
from symgd.arrays.places import Place
from symgd.arrays.sizes import ShapeError
from symgd.arrays.words import WORDS
from symgd.indices import axis, free
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.reading.pratt import Reading
from symgd.term import ONE, Add, Call, Cases, Compare, D, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, add, mul, subterms

__all__ = ["Walk"]


@dataclass
class Walk:
    """One formula.  `bound`: the letters of the sums around; `loose`: letters that no sum binds, of one sample or of the left side;
    `sample`: is it the loss of one sample?"""

    known: Known
    place: Place
    columns: bool
    letters: Letters = field(default_factory=Letters)
    bound: dict[str, str] = field(default_factory=dict)
    loose: dict[str, str] = field(default_factory=dict)
    sample: bool = False

    def refuse(self, why: str, at: Reading) -> ShapeError:
        return self.place.error(why, at)

    def whole(self, r: Reading) -> Array:
        """The array that the formula says; a column is a vector."""
        x = self.go(r)
        if x.unit:
            raise self.refuse("the size of the identity is not known here; write eye(d)", r)
        if x.many:
            raise self.refuse("how many ones 𝟏 has is not said here", r)
        if self.columns and len(x.axes) == 2 and x.axes[1] is None:
            x = replace(x, axes=x.axes[:1])
        return replace(x, axes=()) if x.scalar else x

    def go(self, r: Reading) -> Array:
        x = self._go(r)
        return replace(x, axes=()) if self.columns and x.scalar else x

    def _go(self, r: Reading) -> Array:
        t = r.term
        match t:
            case Name():
                return self.name(t, r)
            case Num():
                return Array(t)
            case Neg():
                return self.each(Neg, r.parts[0])
            case Add():
                return self.together(lambda a, b: add(a, b), r)
            case Mul():
                return self.product(r)
            case Div():
                return self.together(Div, r)
            case Pow():
                return self.power(r)
            case Sum(index, _):
                return self.over_letter(index, r)
            case Match(a, b):
                return Array(Match(*(self.bound.get(x) or self.loose[x] if x in self.loose else self.lettered(x, None, r) for x in (a, b))))
            case Cases():
                return self.cases(r)
            case Call("matmul", _):
                return self.matmul(r.parts[0], r.parts[1], r)
            case Call("transpose", _):
                return transposed(self.go(r.parts[0]))
            case Call("hadamard", _):
                return self.together(lambda a, b: mul(a, b), r)
            case Call(f, _) if f in WORDS and (f not in FUNCTIONS or len(r.parts) != FUNCTIONS[f].arity):
                return WORDS[f](self, r)
            case Call(f, _) if f in FUNCTIONS:
                return self.function(f, r)
            case Call(f, _):
                raise self.refuse(f"unknown function {f}; the functions are {', '.join((*sorted(WORDS), *FUNCTIONS))}", r)
            case D():
                raise self.refuse("a derivative is not read in a problem stated in arrays", r)
        raise self.refuse("this is not read in arrays", r)

    # ------------------------------------------------------------ names and letters

    def name(self, t: Name, r: Reading) -> Array:
        s, own = t.symbol, self.known.axes.get(t.symbol)
        if own is None:
            return self.unknown(t, r)
        if len(t.indices) > len(own):
            many = "indices" if len(t.indices) > 1 else "index"
            raise self.refuse(f"{s} is {self.known.words(Array(t, own))}: it does not carry the {many} {', '.join(t.indices)}", r)
        full: list[str | None] = [self.lettered(letter, over, r) for letter, over in zip(t.indices, own, strict=False)]
        axes = [self.letters.new(a) if a else None for a in own[len(full) :]]
        entry = Name(s, tuple(a for a in (*full, *axes) if a))
        if self.columns and len(axes) == 1:
            axes.append(None)
        return Array(entry, tuple(axes))

    def lettered(self, letter: str, over: str | None, r: Reading) -> str:
        """The index that a letter written in the formula stands for."""
        found = self.bound.get(letter) or self.loose.get(letter)
        if found is None:
            if over is None:
                raise self.refuse(f"what the index {letter} runs over is not said", r)
            found = self.loose[letter] = self.letters.new(over)
        if over and axis(found) != over:
            raise self.refuse(f"the index {letter} runs over {self.known.size(found)} elsewhere, here over {self.known.size(over)}", r)
        return found

    def unknown(self, t: Name, r: Reading) -> Array:
        s = t.symbol
        if s in self.known.letters and not t.indices:
            return Array(self.known.count(self.known.letters[s]))
        head, _, size = s.partition("_")
        size = "".join(t.indices) if t.indices and not size else size
        if head == "I" and size in self.known.letters:
            return self.identity(self.known.letters[size])
        if s == "𝟏":
            return Array(ONE, (None, None), many=frozenset({0}))
        if s == "I" and not t.indices:
            return Array(ONE, unit=True)
        if s in CONSTANTS and not t.indices:
            return Array(t)
        names = ", ".join((*self.known.axes, *(x for x in self.known.letters if not x.isdigit() and x not in self.known.axes)))
        raise self.refuse(f"{s} is neither defined nor declared, and has no shape; the names are {names}", r)

    def identity(self, over: str) -> Array:
        row, col = self.letters.new(over), self.letters.new(over)
        return Array(Match(row, col), (row, col))

    # ------------------------------------------------------------ entry by entry

    def each(self, f: Callable[[Term], Term], r: Reading) -> Array:
        x = self.go(r)
        return replace(x, term=f(x.term))

    def together(self, f: Callable[..., Term], r: Reading) -> Array:
        """Entry by entry; sums and products part after part, so that the two that do not fit are named."""
        if len(r.parts) == 1:
            return self.each(f, r.parts[0])
        out, start = self.go(r.parts[0]), r.parts[0].start
        for part in r.parts[1:]:
            out = self.two(f, out, self.go(part), (start, part), r)
        return out

    def function(self, f: str, r: Reading) -> Array:
        """f(a, …); a product of arrays inside gets a name, z1, so that the way back goes through it."""
        xs = [self.named(self.go(part)) for part in r.parts]
        out = xs[0]
        if len(xs) == 1:
            return replace(out, term=Call(f, (out.term,)))
        return self.two(lambda a, b: Call(f, (a, b)), out, xs[1], (r.parts[0].start, r.parts[1]), r)

    def named(self, x: Array) -> Array:
        """What a function is taken of, by name where products are in it."""
        if x.unit or not free(x.term) or not any(isinstance(s, Sum) for s in subterms(x.term)):
            return x
        return self.known.define(x, "z")

    def activated(self, x: Array) -> Array:
        """What is multiplied as a matrix, by name where functions are in it."""
        bent = any(free(s.bottom if isinstance(s, Div) else s) for s in subterms(x.term) if isinstance(s, Call | Cases | Div))
        return self.known.define(x, "a") if bent and not x.unit else x

    def two(self, f: Callable[[Term, Term], Term], a: Array, b: Array, at: tuple[int, Reading], r: Reading) -> Array:
        """f(a, b); in LaTeX a bias, a column, is added to every row."""
        try:
            return entrywise(f, a, b, letters=self.letters)
        except Unfit as unfit:
            if self.columns and unfit.why == "differ":
                for x, y in ((a, transposed(b)), (transposed(a), b)):
                    if len(x.letters) + len(y.letters) == 3 and (x.shape[-1] == y.shape[-1]):
                        return entrywise(f, x, y, letters=self.letters)
            raise self.unfit(unfit, a, b, at, r) from unfit

    def unfit(self, unfit: Unfit, a: Array, b: Array, at: tuple[int, Reading], r: Reading) -> ShapeError:
        """X @ w: X is (n × d) and w is (h): the inner sizes d and h differ"""
        start, right = at
        end = start + len(self.place.text[start : right.start].rstrip(" +-−*/@·⊙,&").removesuffix("\\odot").removesuffix("\\cdot").rstrip())
        left = self.place.text[slice(*self.place.inside(start, end))]
        one, other = (self.known.size(x) for x in unfit.axes) if unfit.axes else ("", "")
        says = {
            "inner": f"the inner sizes {one} and {other} differ", "differ": f"the sizes {one} and {other} differ", "ones": "how many ones 𝟏 has is not said",
            "identity": "the identity goes with square matrices only",
        }[unfit.why]  # fmt: skip
        return self.place.error(says, right, (start, max(right.end, start)), ((left, self.known.words(a)), (self.place.of(right), self.known.words(b))))

    def cases(self, r: Reading) -> Array:
        """cases(value, a < b, …, otherwise)"""
        assert isinstance(r.term, Cases)
        flat = [x for part in r.parts for x in (part.parts if isinstance(part.term, Compare) else (part,))]
        relations = [when.relation for _, when in r.term.pieces]

        def together(*ts: Term) -> Term:
            triples = zip(ts[:-1:3], ts[1:-1:3], ts[2:-1:3], relations, strict=True)
            return Cases(tuple((v, Compare(a, relation, b)) for v, a, b, relation in triples), ts[-1])

        return self.several(together, flat, r)

    def several(self, f: Callable[..., Term], parts: list[Reading], r: Reading) -> Array:
        xs = [self.go(x) for x in parts]
        try:
            return entrywise(f, *xs, letters=self.letters)
        except Unfit as unfit:
            raise self.unfit(unfit, unfit.a, unfit.b or unfit.a, (parts[0].start, parts[unfit.at]), r) from unfit

    def over_letter(self, index: str, r: Reading) -> Array:
        """Σ_i body: the letter runs over the axis of the slots that it fills."""
        over = self.axis_of(index, r.parts[0])
        if over is None:
            raise self.refuse(f"what the sum over {index} runs over is not said: nothing in it carries the index {index}", r)
        letter = self.letters.new(over)
        inner = replace(self, bound={**self.bound, index: letter}, loose=self.loose)
        x = inner.go(r.parts[0])
        return replace(x, term=Sum(letter, x.term))

    def axis_of(self, index: str, r: Reading) -> str | None:
        if isinstance(r.term, Name) and index in r.term.indices and (own := self.known.axes.get(r.term.symbol)):
            k = r.term.indices.index(index)
            return own[k] if k < len(own) else None
        return next((a for part in r.parts if (a := self.axis_of(index, part))), None)

    # ------------------------------------------------------------ products and powers

    def product(self, r: Reading) -> Array:
        """a * b entry by entry; side by side, or in LaTeX, as matrices."""
        out, start = self.go(r.parts[0]), r.parts[0].start
        row = _turned(r.parts[0])
        for before, part in zip(r.parts, r.parts[1:], strict=False):
            b = self.go(part)
            sign = self.place.between(before, part)
            if out.scalar or b.scalar or out.unit or b.unit:
                out = scaled(out, b) if out.scalar or b.scalar or self.columns else self.two(lambda s, t: mul(s, t), out, b, (start, part), r)
            elif self.columns:
                out = self.beside(out, b, bool(sign) or bool(isinstance(before.term, Name) and before.term.indices), (start, part), r)
            elif sign:
                out = self.two(lambda s, t: mul(s, t), out, b, (start, part), r)
            else:
                out = self.unsigned(out, b, row, (start, before, part), r)
            row = (row or _turned(part)) and len(out.axes) == 1
        return out

    def unsigned(self, a: Array, b: Array, row: bool, at: tuple[int, Reading, Reading], r: Reading) -> Array:
        """X w, xᵀ y and x yᵀ in plain text: matrix products; of two vectors alone it is not known.  `row`: is a one?"""
        start, before, part = at
        if len(a.axes) == len(b.axes) == 1:
            if _turned(part) and not row:
                return Array(mul(a.term, b.term), (*a.axes, *b.axes))
            if not row:
                left, right = self.place.text[start : before.end], self.place.of(part)
                raise self.refuse(f"is {left} {right} the dot product, {left} @ {right}, or entry by entry, {left} * {right}?", part)
        return self.times(a, b, (start, part), r)

    def beside(self, a: Array, b: Array, dot: bool, at: tuple[int, Reading], r: Reading) -> Array:
        """a b in LaTeX; u · v of two columns is their dot product, and X_i w that of a row with a column; y log p of two columns goes entry by entry."""
        if a.shape == b.shape and a.axes[1] is None and (not dot or (self.sample and a.shape[0] == SAMPLES)):
            return self.two(lambda s, t: mul(s, t), a, b, at, r)
        if dot and a.shape == b.shape and a.axes[1] is None:
            a = transposed(a)
        return self.times(a, b, at, r)

    def times(self, a: Array, b: Array, at: tuple[int, Reading], r: Reading) -> Array:
        try:
            return contracted(self.activated(a), self.activated(b))
        except Unfit as unfit:
            raise self.unfit(unfit, a, b, at, r) from unfit

    def matmul(self, left: Reading, right: Reading, r: Reading) -> Array:
        a, b = self.go(left), self.go(right)
        for x, part in ((a, left), (b, right)):
            if not x.axes and not x.unit and not self.columns:
                lost = self.place.of(part) in self.known.lost
                name = self.place.of(part)
                why = f'{name} has no shape: say --shape "{name}: …"' if lost else f"{name} is a number, and @ multiplies arrays; write *"
                raise self.refuse(why, part)
        if a.number or b.number:
            return scaled(a, b)
        return self.times(a, b, (left.start, right), r)

    def power(self, r: Reading) -> Array:
        """Entry by entry; ‖x‖² is a sum of squares; in LaTeX A^{-1} is the inverse and A^2 is A A."""
        low, high = r.parts
        base, exponent = self.go(low), self.go(high)
        value = _whole(exponent.term)
        match base.term, low.term:
            case Call("sqrt", (inner,)), Call("norm", _) if value and value % 2 == 0:
                return replace(base, term=inner if value == 2 else Pow(inner, Num(Fraction(value // 2))))
        if base.unit:
            return base
        if len(base.letters) == 2:
            sign = self.place.text[low.end : high.start + 1]
            if value is not None and value < 0 and (self.columns or "⁻" in sign or "{" in sign):
                return self.raised(self.inverse(base, r), -value, r)
            if value == -1:
                raise self.refuse(f"write inv({self.place.of(low)}), or 1/{self.place.of(low)} entry by entry", r)
            if self.columns and value:
                return self.raised(base, value, r)
            if self.columns:
                raise self.refuse("a matrix is raised to whole numbers", r)
        return self.two(Pow, base, exponent, (low.start, high), r)

    def raised(self, x: Array, times: int, r: Reading) -> Array:
        """x @ x @ …"""
        if times > 12:
            raise self.refuse("a power of a matrix goes up to 12", r)
        try:
            return repeated(x, times, self.letters)
        except Unfit:
            raise self.not_square(x, r) from None

    def not_square(self, x: Array, r: Reading) -> ShapeError:
        return self.refuse(f"{self.place.of(r)}: it is {self.known.words(x)}, and a square matrix is needed", r)

    def inverse(self, x: Array, r: Reading) -> Array:
        if not x.square:
            raise self.not_square(x, r)
        row, col = x.axes
        if row is None or col is None:
            return replace(x, term=Div(ONE, x.term))
        a, b = self.letters.new(row), self.letters.new(col)
        return Array(Inverse(a, b, row, col, x.term), (a, b))


def _turned(r: Reading) -> bool:
    return isinstance(r.term, Call) and r.term.function == "transpose"


def _whole(t: Term) -> int | None:
    match t:
        case Num(v) if v.denominator == 1:
            return int(v)
        case Neg(Num(v)) if v.denominator == 1:
            return -int(v)
    return None
