"""Terms whose names are arrays → NumPy text: every array aligned by its axes, a sum of products as `@`, and as einsum only where `@` cannot say it.

A name's indices label the dimensions of its array, in their order.  `want` the axes of the array that is written, `have` those of one that is
given: u of (i,) stands in an array of (i, h) as u[:, None], and a row of (h,) as it is.

Glossary: `s` an index summed over; `open` axes of a factor that stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from symgd.indices import axis, free, fresh, rename
from symgd.numeric.program.printing import printed
from symgd.term import ONE, TWO, Add, Call, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, mul, rebuild, subterms

__all__ = ["Writer", "aligned", "fraction", "one", "ordered", "quotient"]

Axes = tuple[str, ...]
SIZE = "#"  # before an axis: the symbol of its size


def one(text: str) -> str:
    """The text as one piece: bracketed where it is more than a name with subscripts."""
    whole = re.fullmatch(r"[\w.]+(\[[^][]*\])*(\.T)?|np\.[\w.]+\([^()]*\)|\([^()]*\)", text)
    return text if whole else f"({text})"


def ordered(axes: Iterable[str], want: Sequence[str]) -> Axes:
    """The axes in the order of `want`, those it does not have behind in the order of the alphabet."""
    rest = set(axes)
    return (*(a for a in dict.fromkeys(want) if a in rest), *sorted(rest - set(want)))


def aligned(text: str, have: Axes, want: Axes) -> str:
    """The array `text` with axes `have`, turned and widened so that it broadcasts in an array of axes `want`."""
    order = tuple(a for a in want if a in have)
    if order != have:
        text = f"{one(text)}.T" if len(have) == 2 else f"np.transpose({text}, {tuple(have.index(a) for a in order)})"
    slots = [":" if a in have else "None" for a in want]
    while slots and slots[0] == "None":
        slots.pop(0)
    while slots and slots[-1] == ":":
        slots.pop()
    return f"{one(text)}[{', '.join(slots)}]" if slots else text


def fraction(t: Term) -> tuple[int, list[Term], list[Term]]:
    """(sign, factors above, factors below) of a product."""
    match t:
        case Neg(a):
            sign, top, bottom = fraction(a)
            return -sign, top, bottom
        case Div(a, b):
            sign, top, bottom = fraction(a)
            other, below, above = fraction(b)
            return sign * other, top + above, bottom + below
        case Mul(fs):
            found = [fraction(f) for f in fs]
            sign = -1 if sum(s < 0 for s, _, _ in found) % 2 else 1
            return sign, [f for _, top, _ in found for f in top], [f for _, _, bottom in found for f in bottom]
        case Num(v) if v < 0:
            return -1, [Num(-v)] if v != -1 else [], []
    return 1, [] if t == ONE else [t], []


def quotient(sign: int, top: Sequence[Term], bottom: Sequence[Term]) -> Term:
    """sign · top/bottom"""
    out = mul(*top)
    out = Div(out, mul(*bottom)) if bottom else out
    return Neg(out) if sign < 0 else out


@dataclass
class Writer:
    """Terms as text; `ids` gives each symbol's identifier.  A product that is summed over becomes a name of its own on the way: its text is kept in `ids`.

    samples  the axis that comes first in what is made on the way
    ones   a vector of ones as long as the samples, or "": a sum over the rows of a matrix is faster as a product with it
    calls  such a name → (the NumPy function, its arguments), for who wants to give it a place for its result
    flat   are there columns alone?  Then their blocks are long, and products are summed by `dot`, piece by piece
    own    may the text call functions of the module that it stands in, as sum_log1p?
    """

    ids: Mapping[str, str]
    samples: str = ""
    ones: str = ""
    flat: bool = False
    own: bool = False
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    pieces: dict[str, str] = field(default_factory=dict)
    adds: bool = False  # was `ones` needed?

    def text(self, t: Term, want: Axes) -> str:
        """t as an expression that broadcasts in an array of axes `want`."""
        if (isinstance(t, Sum | Match | Inverse | Det) or _largest(t)) and (found := self.short(t, want)) is not None:
            return self.array(found, want)
        atoms: dict[str, str] = {}

        def atom(text: str) -> Name:
            key = f"§{len(atoms)}"
            atoms[key] = text
            return Name(key)

        def go(s: Term) -> Term:
            own = tuple(a for a in want if a in free(s))
            compound = not isinstance(s, Name | Sum | Match | Inverse | Det | Neg) and not _largest(s)
            if compound and own and own != want and aligned("x", own, want) != "x":
                return atom(aligned(self.text(s, own), own, want))
            match s:
                case Call("log", (Det(row, column, entry),)) if free(s) == set():
                    return atom(f"log_det({self.text(entry, (row, column))})")
                case Call("log", (Call("abs", (Det(row, column, entry),)),)) if free(s) == set():
                    return atom(f"np.linalg.slogdet({self.text(entry, (row, column))})[1]")
                case Name(symbol, indices):
                    if symbol in self.pieces:
                        return atom(one(self.array(s, want)) if t is not s else self.array(s, want))
                    return atom(self.array(s, want)) if indices else s
                case Sum() | Match() | Inverse() | Det() | Call("largest") if (short := self.short(s, want)) is not None:
                    return atom(one(self.array(short, want)))
                case Add(ts):
                    return rebuild(s, [atom(self.text(x, want)) if isinstance(x, Sum) and free(x) == set(want) else go(x) for x in ts])
                case Mul() | Div() | Neg() if len(groups := self.groups(s, want)) > 1:
                    return self.joined(s, groups, go)
            return rebuild(s, [go(c) for c in children(s)])

        return printed(go(t), {**self.ids, **atoms})

    def groups(self, t: Term, want: Axes) -> list[Axes]:
        """The different sets of axes that the factors of a product have."""
        _, top, bottom = fraction(t)
        return sorted({tuple(a for a in want if a in free(f)) for f in (*top, *bottom)} - {()}, key=lambda g: (len(g), g))

    def joined(self, t: Term, groups: list[Axes], go: Callable[[Term], Term]) -> Term:
        """A product as the product of its parts of like axes, the small ones first multiplied out among themselves."""
        sign, top, bottom = fraction(t)

        def own(f: Term) -> Axes:
            return next((g for g in groups if set(g) == free(f)), groups[0])

        above = [[f for f in top if own(f) == g] for g in groups]
        below = [[f for f in bottom if own(f) == g] for g in groups]
        over = [go(quotient(1, a, b)) for a, b in zip(above, below, strict=True) if a]
        return quotient(sign, over, [go(mul(*b)) for a, b in zip(above, below, strict=True) if b and not a])

    def array(self, n: Name, want: Axes) -> str:
        """The array of a name; one index twice is its diagonal."""
        text = self.pieces.get(n.symbol) or self.ids[n.symbol]
        have = n.indices
        if len(set(have)) == 1 and len(have) == 2:
            text, have = f"np.diagonal({text})", have[:1]
        elif len(set(have)) < len(have):
            letters = {a: chr(97 + k) for k, a in enumerate(dict.fromkeys(have))}
            text = f'np.einsum("{"".join(letters[a] for a in have)}->{"".join(letters.values())}", {text})'
            have = tuple(letters)
        return aligned(text, have, want)

    def piece(self, text: str, axes: Axes, call: tuple[str, str] | None = None) -> Name:
        """A text as a name."""
        key = f"§§{len(self.pieces)}"
        self.pieces[key] = text
        if call:
            self.calls[key] = call
        return Name(key, axes)

    # ---------------------------------------------------------------- sums of products, matrices

    def short(self, t: Term, want: Axes) -> Name | None:
        """A sum, the largest of its terms, a unit matrix, a determinant, an inverse as a name."""
        match t:
            case Call("largest", (Sum(index, a),)):
                axes = (*ordered(free(t), want), index)
                text = self.text(a, axes)
                return self.piece(f"{one(text)}.max(axis={len(axes) - 1})", axes[:-1], ("np.max", f"{text}, axis={len(axes) - 1}"))
            case Sum():
                return self.contraction(*flat(t), want)
            case Match(a, b):
                return self.piece(f"np.eye({self.ids[SIZE + axis(a)]})", (a, b))
            case Det(row, column, entry):
                outer = ordered(free(t), want)
                return self.piece(f"np.linalg.det({self.text(entry, (*outer, row, column))})", outer)
            case Inverse(a, b, row, column, entry):
                outer = ordered(free(t) - {a, b}, want)
                return self.piece(f"np.linalg.inv({self.text(entry, (*outer, row, column))})", (*outer, a, b))
        return None

    def contraction(self, over: Sequence[str], factors: Sequence[Term], want: Axes) -> Name:
        """Σ over the indices of the product of the factors: one index after the other, the one that leaves least first."""
        rest, left = list(factors), list(over)
        while left:
            s = min(reversed(left), key=lambda s: self.cost(s, rest))
            touching = [f for f in rest if s in free(f)]
            groups = _components(touching, s)
            if len(groups) == 2 and (product := self.product(s, groups[0], groups[1], want)) is not None:
                done, found = [s], product
            else:
                done = [a for a in left if [f for f in rest if a in free(f)] == touching]
                found = self.reduced(done, touching, want)
            left = [a for a in left if a not in done]
            rest = [*(f for f in rest if f not in touching), found]
        if len(rest) == 1 and isinstance(rest[0], Name):
            return rest[0]
        axes = ordered(frozenset().union(*map(free, rest)), want)
        return self.piece(self.text(mul(*rest), axes), axes)

    def cost(self, s: str, factors: Sequence[Term]) -> tuple[bool, int]:
        touching = [f for f in factors if s in free(f)]
        return len(_components(touching, s)) != 2, len(frozenset().union(*map(free, touching)))

    def product(self, s: str, one_side: list[Term], other: list[Term], want: Axes) -> Name | None:
        """Σ_s of two factors that share no other axis, as `@`; None where both have too many dimensions for that."""
        sides = [(side, ordered(frozenset().union(*map(free, side)) - {s}, want)) for side in (one_side, other)]
        place = {a: k for k, a in enumerate(want)}
        sides.sort(key=lambda x: [-1 if axis(a) == self.samples else place.get(a, len(want)) for a in x[1]] or [-2])
        (left, a), (right, b) = sides
        if (not a and b and _natural(right)[-1:] == (s,)) or len(b) > 1:  # X @ w, not w @ X.T
            (left, a), (right, b) = (right, b), (left, a)
        if len(b) > 1:
            return None
        x, y = one(self.text(mul(*left), (*a, s))), one(self.text(mul(*right), (s, *b)))
        return self.piece(f"{x} @ {y}", (*a, *b), ("np.matmul", f"{x}, {y}"))

    def reduced(self, over: Sequence[str], factors: Sequence[Term], want: Axes) -> Name:
        """Σ over of a product whose factors share other axes: a dot product, einsum, or .sum."""
        every = frozenset().union(*map(free, factors))
        whole = next((f.indices for f in factors if isinstance(f, Name) and sorted(f.indices) == sorted(every)), None)
        if len(factors) == 1 and isinstance(factors[0], Name) and len(factors[0].indices) == 2 > len(every):
            return self.piece(f"np.trace({self.array(Name(factors[0].symbol, ('a', 'b')), ('a', 'b'))})", ())
        axes = whole or ordered(every, (*want, *over))
        stay = tuple(a for a in axes if a not in over)
        full = [f for f in factors if free(f) == set(axes)]
        if len(full) >= 2 and not stay:
            last = full[-1]
            rest = list(factors)
            rest.pop(len(rest) - 1 - rest[::-1].index(last))
            x, y = self.text(mul(*rest), axes), self.text(last, axes)
            short = f"dot({x}, {y})" if self.flat else f"{one(x)} @ {one(y)}"
            return self.piece(short if len(axes) == 1 else f"np.vdot({x}, {y})", ())
        if len(factors) >= 2 and stay:
            letters = {a: chr(97 + k) for k, a in enumerate(axes)}
            own = [tuple(a for a in axes if a in free(f)) for f in factors]
            rule = ",".join("".join(letters[a] for a in o) for o in own) + "->" + "".join(letters[a] for a in stay)
            texts = ", ".join(self.text(f, o) for f, o in zip(factors, own, strict=True))
            return self.piece(f'np.einsum("{rule}", {texts})', stay, ("np.einsum", f'"{rule}", {texts}'))
        text = self.text(mul(*factors), axes)
        if self.own and len(axes) == 1 and len(factors) == 1 and isinstance(factors[0], Call) and factors[0].function == "log1p":
            return self.piece(f"sum_log1p({self.text(factors[0].args[0], axes)})", ())
        if not stay:
            return self.piece(f"{one(text)}.sum()", ())
        if self.ones and len(axes) == 2 and axes[0] in over and axis(axes[0]) == self.samples:
            self.adds = True
            return self.piece(f"{self.ones} @ {one(text)}", stay)
        at = [axes.index(a) for a in over]
        along = str(at[0]) if len(at) == 1 else str(tuple(sorted(at)))
        return self.piece(f"{one(text)}.sum(axis={along})", stay, ("np.sum", f"{text}, axis={along}"))


def _largest(t: Term) -> bool:
    return isinstance(t, Call) and t.function == "largest"


def _natural(side: list[Term]) -> Axes:
    """How the arrays of a side lie: the axes of the first that has them all."""
    axes = frozenset().union(*map(free, side))
    return next((n.indices for t in side for n in subterms(t) if isinstance(n, Name) and set(n.indices) == axes), ())


def _components(factors: Sequence[Term], s: str) -> list[list[Term]]:
    """The factors in groups that share no axis but s; those with no other axis are one group, or go with the first where there are two already."""
    groups: list[tuple[set[str], list[Term]]] = []
    bare: list[Term] = []
    for f in factors:
        axes = set(free(f)) - {s}
        if not axes:
            bare.append(f)
            continue
        near = [g for g in groups if g[0] & axes]
        merged = (axes.union(*(g[0] for g in near)), [x for g in near for x in g[1]] + [f])
        groups = [g for g in groups if g not in near] + [merged]
    found = [g for _, g in groups]
    if bare and len(found) >= 2:
        found[0] = bare + found[0]
    elif bare:
        found = [bare, *found]
    return found


def flat(t: Sum) -> tuple[list[str], list[Term]]:
    """Σ_i Σ_k a b as ([i, k], [a, b]), its indices apart from one another; a square is a factor twice."""
    over, factors = [t.index], _factors(t.body)
    while any(isinstance(f, Sum) for f in factors):
        k = next(k for k, f in enumerate(factors) if isinstance(f, Sum))
        inner = factors[k]
        assert isinstance(inner, Sum)
        index = fresh(inner.index, {*over, *frozenset().union(*map(free, factors))})
        over.append(index)
        factors[k : k + 1] = _factors(rename(inner.body, {inner.index: index}))
    return over, factors


def _factors(t: Term) -> list[Term]:
    sign, top, bottom = fraction(t)
    out: list[Term] = [Num(-ONE.value)] if sign < 0 else []
    for f in top:
        out += [f.base, f.base] if isinstance(f, Pow) and f.exponent == TWO and isinstance(f.base, Name) else [f]
    return out + [Div(ONE, f) for f in bottom]
