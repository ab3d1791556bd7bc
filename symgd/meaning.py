"""Term → SymPy: what a line means, on concrete small samples u_1, u_2, …, every derivative taken by SymPy's own `diff`.

A name with indices means one scalar symbol for each value of them; a sum means the sum of its values.  Functions of ours are unfolded to
SymPy's (`language.FUNCTIONS`), so that our own derivative never judges itself.

Multiplicity: on an axis that is counted (samples, by n) each of the few samples stands for m_1, m_2, … equal copies, symbols themselves:
Σ_i f_i means m_1 f_1 + m_2 f_2 + …, n means m_1 + m_2 + …, and a derivative by one copy's u_i is the derivative by u_1 divided by m_1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache, cached_property, lru_cache
from typing import Any

import sympy as sp

from symgd.forward import Problem
from symgd.indices import axis, binds, free, rename
from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import ONE, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, subterms

__all__ = ["Instance", "NotDefined", "expression", "mixes", "see_defined", "symbols_of"]


class NotDefined(ValueError):
    """A part of a term has no value at all: it divides by zero whatever the names are worth."""


At = Mapping[str, int]  # the value of each index
_INFINITE = (sp.nan, sp.zoo, sp.oo, -sp.oo)
_NOWHERE = "the expression is not defined anywhere: a part of it divides by zero, or is infinite, whatever the names are worth"
_RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "=": sp.Eq, "!=": sp.Ne}


def expression(t: Term, symbols: Mapping[str, Any] | None = None) -> Any:
    """The SymPy expression of a term without indices or derivatives; each name a real symbol, or the one given for it.

    Raises ValueError for an index, a sum or a derivative: those need an `Instance`.
    """
    known = symbols or {}

    def name(n: Name) -> Any:
        if n.indices:
            raise ValueError(f"{n.symbol} carries indices; its meaning needs concrete sizes")
        if n.symbol in known:
            return known[n.symbol]
        return CONSTANTS[n.symbol][0](sp) if n.symbol in CONSTANTS else sp.Symbol(n.symbol, real=True)

    def go(s: Term) -> Any:
        if isinstance(s, Name):
            return name(s)
        if isinstance(s, Sum | Match | D):
            raise ValueError(f"{type(s).__name__} has no meaning without concrete sizes")
        return _plain(s, go)

    return go(t)


def _plain(t: Term, go: Any) -> Any:
    """The nodes whose meaning is that of their children put together.  Raises NotDefined."""
    e = _together(t, go)
    if e in _INFINITE:
        raise NotDefined(_NOWHERE)
    return e


def see_defined(e: Any) -> None:
    """What a person wrote must have a value somewhere: x/0 has none, 1/sign(x) has.  Raises NotDefined."""
    if _nowhere(e):
        raise NotDefined(_NOWHERE)


def _nowhere(e: Any) -> bool:
    if isinstance(e, sp.Piecewise):
        return all(_nowhere(case) for case, _ in e.args)
    return e in _INFINITE or (e.has(*_INFINITE) and any(_nowhere(a) for a in e.args))


def _together(t: Term, go: Any) -> Any:
    match t:
        case Num(v):
            return sp.Rational(v.numerator, v.denominator)
        case Add(ts):
            return sp.Add(*map(go, ts))
        case Mul(fs):
            return sp.Mul(*map(go, fs))
        case Neg(a):
            return -go(a)
        case Div(a, b):
            return go(a) / go(b)
        case Pow(a, b):
            return go(a) ** go(b)
        case Call(f, args):
            return call(f, tuple(map(go, args)))
        case Cases(pieces, otherwise):
            return sp.Piecewise(*((go(value), go(when)) for value, when in pieces), (go(otherwise), True), evaluate=False)
        case Compare(a, relation, b):
            return _RELATIONS[relation](go(a), go(b))
    raise ValueError(f"no meaning for {t}")


def call(f: str, args: tuple[Any, ...]) -> Any:
    """f(args) in SymPy.  Raises NotDefined."""
    e = FUNCTIONS[f].meaning(sp, *args)
    if any(a.is_number for a in args) and e.has(sp.AccumBounds):  # artanh(1/0)
        raise NotDefined(f"{f} is not defined at {args[0]}")
    return e


def split(f: str, args: tuple[Any, ...]) -> Any:
    """A function with a kink (|u|, max, sign), case by case: SymPy then differentiates it for any real u, without a Dirac delta at the kink."""
    pattern, slots = _pattern(f)
    return pattern.xreplace(dict(zip(slots, args, strict=True)))


# |u|, max and their kin; a root or an arc has its kink at the edge of its domain only, where SymPy needs no split.
_KINKED = frozenset(name for name, row in FUNCTIONS.items() if row.arity == 2 or (row.kinks(ONE) and not row.domain(ONE)))


@cache
def _pattern(f: str) -> tuple[Any, tuple[Any, ...]]:
    slots = tuple(sp.Dummy(f"u{k}", real=True) for k in range(FUNCTIONS[f].arity))
    return FUNCTIONS[f].meaning(sp, *slots).rewrite(sp.Piecewise), slots


@lru_cache(16384)
def letters(t: Term) -> tuple[str, ...]:
    """The indices that t depends on, in order: its value at them is its value."""
    return tuple(sorted(free(t)))


@lru_cache(20_000)
def symbols_of(e: Any) -> frozenset[Any]:
    """SymPy's free symbols, which it collects anew each time."""
    return frozenset(e.free_symbols)


@lru_cache(4096)
def _slope(e: Any, by: Any) -> Any:
    """SymPy's derivative; the same definitions are met by each derivation of a problem.

    Terms and factors in which `by` does not stand are put aside first: SymPy would look through each of them.
    """
    if e.is_Add:
        return sp.Add(*(_slope(a, by) for a in e.args if by in symbols_of(a)))
    if e.is_Mul and (still := [a for a in e.args if by not in symbols_of(a)]):
        return sp.Mul(*still, _slope(sp.Mul(*(a for a in e.args if by in symbols_of(a))), by)) if len(still) < len(e.args) else sp.S.Zero
    return sp.diff(e, by)


def mixes(problem: Problem, over: str) -> bool:
    """Does a name that carries the axis depend on a sum over it (batch normalisation), or a sum over it hold another one?  Then copies are no mere weight."""

    def sums(t: Term) -> bool:
        return any(isinstance(s, Sum) and axis(s.index) == over for s in subterms(t))

    def nested(t: Term) -> bool:
        return any(isinstance(s, Sum) and axis(s.index) == over and sums(s.body) for s in subterms(t))

    if any(isinstance(s, Det | Inverse) and over in map(axis, binds(s)) for d in problem.tape for s in subterms(d.value)):
        return True
    made_by_sum: set[str] = set()
    for d in problem.tape:
        if sums(d.value) or any(isinstance(s, Name) and s.symbol in made_by_sum for s in subterms(d.value)):
            made_by_sum.add(d.name.symbol)
            if any(axis(a) == over for a in d.name.indices):
                return True
        if nested(d.value):
            return True
    return False


class Instance:
    """A problem at concrete sizes, `sizes` by axis; `weighed` are the axes whose samples carry multiplicities."""

    def __init__(self, problem: Problem, sizes: Mapping[str, int], weighed: frozenset[str] = frozenset()) -> None:
        self.problem = problem
        self.sizes = dict(sizes)
        self.weighed = weighed
        self.constants = frozenset(c.symbol for c, _ in problem.constants)
        self.counts = {c.symbol: sp.Add(*(self.weight(a, k) for k in range(self.sizes[a]))) for a, c in problem.count if a in self.sizes}
        self._symbols: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.inside: dict[Any, Any] = {}  # a symbol for what stands inside a kink or a condition → its expression
        self.within = 0
        self._slopes: dict[tuple[Any, Any], Any] = {}
        self._said: dict[Any, Any] = {}
        self._tape: tuple[tuple[Any, Any], ...] | None = None
        self._users: dict[Any, list[tuple[Any, Any]]] | None = None

    def weight(self, index: str, k: int) -> Any:
        """How many copies there are of sample k: a symbol on a weighed axis, else 1."""
        return sp.Symbol(f"copies of {axis(index)} {k + 1}", positive=True) if axis(index) in self.weighed else sp.S.One

    def symbol(self, symbol: str, where: tuple[int, ...]) -> Any:
        """The scalar that a name means at these values of its indices."""
        key = symbol, where
        if key not in self._symbols:
            if symbol in CONSTANTS and not where and self.problem.definition(symbol) is None and symbol not in self.problem.declared():
                self._symbols[key] = CONSTANTS[symbol][0](sp)
            else:
                self._symbols[key] = sp.Symbol(f"{symbol}[{','.join(str(k + 1) for k in where)}]" if where else symbol, real=True)
        return self._symbols[key]

    def values(self, indices: tuple[str, ...]) -> Iterator[dict[str, int]]:
        """Every assignment of values to the indices."""
        for where in itertools.product(*(range(self.sizes[axis(a)]) for a in indices)):
            yield dict(zip(indices, where, strict=True))

    def say(self, t: Term, at: At) -> Any:
        """The SymPy expression of t at index values `at`; names stay names, a derivative is SymPy's diff of what it is taken of."""
        key = t, tuple(at[a] for a in letters(t))
        if key not in self._said:
            self._said[key] = self._say(t, at)
        return self._said[key]

    def _say(self, t: Term, at: At) -> Any:
        match t:
            case Name(s, ()) if s in self.counts:
                return self.counts[s]
            case Name(s, indices):
                return self.symbol(s, tuple(at[a] for a in indices))
            case Match(a, b):
                return sp.Integer(at[a] == at[b]) / self.weight(a, at[a]) if a != b else sp.S.One
            case Call(f, args) if f in _KINKED:
                return split(f, tuple(self.named(self.say(a, at)) for a in args))
            case Compare(a, relation, b):
                return _RELATIONS[relation](self.named(self.say(a, at) - self.say(b, at)), 0)
            case Sum(index, body):
                return self.total(index, body, at)
            case Det(row, column, entry):
                return self.named(self.matrix(row, column, entry, at).det(method="berkowitz"))
            case Inverse(a, b, row, column, entry):
                m = self.matrix(row, column, entry, at)
                return self.named(m.cofactor(at[b], at[a], method="berkowitz") / self.named(m.det(method="berkowitz")))
            case D(of, by, True):
                return self.local(of, by, at)
            case D():
                raise ValueError("a derivative along the whole tape is accumulated by the referee")
        return _plain(t, lambda s: self.say(s, at))

    def total(self, index: str, body: Term, at: At) -> Any:
        """Σ; one inside another is a scalar of the tape by itself: written out, A B C D would grow with every product."""
        self.within += 1
        try:
            e = sp.Add(*(self.weight(index, k) * self.say(body, {**at, index: k}) for k in range(self.sizes[axis(index)])))
        finally:
            self.within -= 1
        return self.named(e) if self.within else e

    def matrix(self, row: str, column: str, entry: Term, at: At) -> Any:
        """The square matrix of an entry, at concrete sizes, each entry by a name.  Raises ValueError where it is not square."""
        rows, columns = self.sizes[axis(row)], self.sizes[axis(column)]
        if rows != columns:
            raise ValueError(f"a determinant or an inverse is of a square matrix, not of {rows} × {columns}")
        return sp.Matrix(rows, rows, lambda r, c: self.named(self.say(entry, {**at, row: int(r), column: int(c)})))

    def named(self, e: Any) -> Any:
        """A symbol that stands for e: conditions and determinants of symbols are all that SymPy handles fast."""
        if e.is_Symbol or e.is_number:
            return e
        for symbol, what in self.inside.items():
            if what == e:
                return symbol
        symbol = sp.Symbol(f"inside {len(self.inside) + 1}", real=True)
        self.inside[symbol] = e
        return symbol

    def diff(self, e: Any, by: Any) -> Any:
        """SymPy's derivative, also through what stands inside kinks."""
        if (e, by) not in self._slopes:
            within = sorted(e.free_symbols & self.inside.keys(), key=str)
            self._slopes[e, by] = sp.Add(_slope(e, by), *(_slope(e, k) * self.diff(self.inside[k], by) for k in within))
        return self._slopes[e, by]

    def slope(self, definition: Any, by: Any) -> Any:
        """SymPy's derivative of one scalar definition by one of its symbols."""
        return _slope(definition, by)

    def unnamed(self, e: Any) -> Any:
        """e with what stands inside kinks written out."""
        while within := {k: what for k, what in self.inside.items() if k in e.free_symbols}:
            e = e.xreplace(within)
        return e

    def local(self, of: Term, by: Name, at: At) -> Any:
        """∂of/∂by by SymPy, the other names held fixed; a name is looked at through its own definition."""
        if isinstance(of, Name) and of.symbol != by.symbol and (d := self.problem.definition(of.symbol)):
            value = rename(d.value, dict(zip(d.name.indices, of.indices, strict=True)))
        else:
            value = of
        by_scalar = self.symbol(by.symbol, tuple(at[a] for a in by.indices))
        return self.diff(self.say(value, at), by_scalar) / self.copies(of, by, at)

    def copies(self, of: Term, by: Name, at: At) -> Any:
        """How many copies share the symbol of `by`, where `of` is not one of their own: what a derivative by one copy is divided by."""
        return sp.Mul(*(self.weight(a, at[a]) for a in by.indices if a not in free(of)))

    def scalars(self) -> tuple[tuple[Any, Any], ...]:
        """The forward tape in scalars, in order: (symbol, its expression in earlier symbols), what stands inside kinks among them."""
        if self._tape is None:
            tape: list[tuple[Any, Any]] = []
            for d in self.problem.tape:
                for at in self.values(d.name.indices):
                    known = len(self.inside)
                    value = self.say(d.value, at)
                    see_defined(value)
                    tape += [*list(self.inside.items())[known:], (self.symbol(d.name.symbol, tuple(at.values())), value)]
            self._tape = tuple(tape)
        return self._tape

    def users(self, symbol: Any) -> tuple[tuple[Any, Any], ...]:
        """The scalars that are made of this one, with their definitions."""
        if self._users is None:
            self._users = {}
            for made, definition in self.scalars():
                for v in definition.free_symbols:
                    self._users.setdefault(v, []).append((made, definition))
        return tuple(self._users.get(symbol, ()))

    def made_of(self, symbol: Any) -> tuple[Any, tuple[Any, ...]]:
        """The definition of a scalar, and the scalars that it is made of, in order; (None, ()) of one that is given."""
        return self._makers.get(symbol, (None, ()))

    @cached_property
    def _makers(self) -> dict[Any, tuple[Any, tuple[Any, ...]]]:
        return {made: (definition, tuple(sorted(definition.free_symbols, key=str))) for made, definition in self.scalars()}

    @cached_property
    def objective(self) -> Any:
        """The scalar of the last definition; None where there is none."""
        return self.symbol(self.problem.objective.symbol, ()) if self.problem.tape else None

    @cached_property
    def sampled(self) -> frozenset[Any]:
        """The scalars that belong to one sample: the others are shared by all."""
        counted = {a for a, _ in self.problem.count}
        return frozenset(symbol for v, symbol in self.leaves() if counted & set(map(axis, v.indices)))

    def leaves(self) -> Iterator[tuple[Name, Any]]:
        """Every scalar that is given, not computed: parameters, data, constants."""
        for v in (*self.problem.parameters, *self.problem.data, *(c for c, _ in self.problem.constants)):
            for at in self.values(v.indices):
                yield v, self.symbol(v.symbol, tuple(at.values()))
