"""Terms worked out by plain loops, for the tests: it shares nothing with the code under test but the tree.

`env` holds the scalars by (symbol, index values): ("w", ()), ("x", (0,)); `at` the value of each index; `sizes` how far an axis runs.
The numbers may be Fractions, mpmath numbers (complex ones too) or SymPy symbols; `functions` says what a call is worth there.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import mpmath as mp
import sympy as sp

from symgd.forward import Problem
from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term

Functions = Mapping[str, Callable[..., Any]]
Env = Mapping[tuple[str, tuple[int, ...]], Any]

NUMBERS: dict[str, Callable[..., Any]] = {
    "exp": mp.exp, "log": mp.log, "log2": lambda u: mp.log(u) / mp.log(2), "log10": lambda u: mp.log(u) / mp.log(10), "sqrt": mp.sqrt,
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "cot": mp.cot, "sec": mp.sec, "csc": mp.csc,
    "asin": mp.asin, "acos": mp.acos, "atan": mp.atan, "acot": lambda u: mp.atan(1 / u), "asec": lambda u: mp.acos(1 / u), "acsc": lambda u: mp.asin(1 / u),
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "coth": mp.coth, "sech": mp.sech, "csch": mp.csch,
    "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh, "acoth": lambda u: mp.atanh(1 / u),
    "asech": lambda u: mp.acosh(1 / u), "acsch": lambda u: mp.asinh(1 / u),
    "sigmoid": lambda u: 1 / (1 + mp.exp(-u)), "softplus": lambda u: mp.log(1 + mp.exp(u)), "erf": mp.erf,
    "leakyrelu": lambda u: u if mp.re(u) > 0 else u / 100, "silu": lambda u: u / (1 + mp.exp(-u)),
    "gelu": lambda u: u * mp.erfc(-u / mp.sqrt(2)) / 2, "logcosh": lambda u: mp.log(mp.cosh(u)),
    "relu": lambda u: u if mp.re(u) > 0 else u * 0, "abs": lambda u: u if mp.re(u) > 0 else -u, "sign": lambda u: mp.sign(mp.re(u)),
    "max": lambda u, v: u if mp.re(u) > mp.re(v) else v, "min": lambda u, v: u if mp.re(u) < mp.re(v) else v,
}  # fmt: skip

SYMBOLS: dict[str, Callable[..., Any]] = {
    "exp": sp.exp, "log": sp.log, "log2": lambda u: sp.log(u) / sp.log(2), "log10": lambda u: sp.log(u) / sp.log(10), "sqrt": sp.sqrt,
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "cot": sp.cot, "sec": sp.sec, "csc": sp.csc,
    "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "acot": sp.acot, "asec": sp.asec, "acsc": sp.acsc,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "coth": sp.coth, "sech": sp.sech, "csch": sp.csch,
    "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh, "acoth": sp.acoth, "asech": sp.asech, "acsch": sp.acsch, "erf": sp.erf,
    "abs": lambda u: sp.Piecewise((u, u > 0), (-u, True)), "sign": lambda u: sp.Piecewise((1, u > 0), (-1, True)),
    "sigmoid": lambda u: 1 / (1 + sp.exp(-u)), "softplus": lambda u: sp.log(1 + sp.exp(u)), "relu": lambda u: sp.Piecewise((u, u > 0), (0, True)),
    "leakyrelu": lambda u: sp.Piecewise((u, u > 0), (u / 100, True)), "silu": lambda u: u / (1 + sp.exp(-u)),
    "gelu": lambda u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2, "logcosh": lambda u: sp.log(sp.cosh(u)),
    "max": lambda u, v: sp.Piecewise((u, u > v), (v, True)), "min": lambda u, v: sp.Piecewise((u, u < v), (v, True)),
}  # fmt: skip

RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}


def value(t: Term, env: Env, sizes: Mapping[str, int] = {}, at: Mapping[str, int] = {}, functions: Functions = NUMBERS) -> Any:
    """What t is worth.  A pending derivative is SymPy's diff, so it needs symbols, and every name in it is held fixed but `by`."""

    def go(s: Term, at: Mapping[str, int] = at) -> Any:
        return value(s, env, sizes, at, functions)

    match t:
        case Num(v):
            return sp.Rational(v.numerator, v.denominator) if functions is SYMBOLS else v
        case Name("pi", ()) if ("pi", ()) not in env:
            return sp.pi if functions is SYMBOLS else mp.pi()
        case Name(s, indices):
            return env[s, tuple(at[a] for a in indices)]
        case Add(ts):
            return functools.reduce(_with(operator.add), map(go, ts))
        case Mul(fs):
            return functools.reduce(_with(operator.mul), map(go, fs))
        case Neg(a):
            return -go(a)
        case Div(a, b):
            return _with(operator.truediv)(go(a), go(b))
        case Pow(a, b):
            exponent = go(b)
            if isinstance(exponent, Fraction):
                return go(a) ** int(exponent) if exponent.denominator == 1 else mp.mpmathify(go(a)) ** exponent
            return go(a) ** exponent if functions is SYMBOLS else mp.mpmathify(go(a)) ** exponent
        case Call(f, args):
            return functions[f](*((x if functions is SYMBOLS else mp.mpmathify(x)) for x in map(go, args)))
        case Sum(index, body):
            return functools.reduce(_with(operator.add), (go(body, {**at, index: k}) for k in range(sizes[index.rstrip("'")])))
        case Det(row, column, entry):
            return determinant(matrix(row, column, entry, go, sizes, at))
        case Inverse(a, b, row, column, entry):
            m = matrix(row, column, entry, go, sizes, at)
            minor = [[x for c, x in enumerate(line) if c != at[a]] for r, line in enumerate(m) if r != at[b]]
            return _with(operator.truediv)((-1) ** (at[a] + at[b]) * determinant(minor), determinant(m))
        case Match(a, b):
            return sp.Integer(at[a] == at[b]) if functions is SYMBOLS else Fraction(at[a] == at[b])
        case Compare(a, relation, b):
            left, right = (x if functions is SYMBOLS or isinstance(x, Fraction) else mp.re(x) for x in map(go, (a, b)))  # a complex step stays in its case
            return _with(RELATIONS[relation])(left, right)
        case Cases(pieces, otherwise) if functions is SYMBOLS:
            return sp.Piecewise(*((go(v), go(when)) for v, when in pieces), (go(otherwise), True))
        case Cases(pieces, otherwise):
            return go(next((v for v, when in pieces if go(when)), otherwise))
        case D(of, by, True):
            return sp.diff(go(of), go(by))
    raise TypeError(t)


def matrix(row: str, column: str, entry: Term, go: Callable[..., Any], sizes: Mapping[str, int], at: Mapping[str, int]) -> list[list[Any]]:
    size = range(sizes[row.rstrip("'")])
    return [[go(entry, {**at, row: r, column: c}) for c in size] for r in size]


def determinant(m: list[list[Any]]) -> Any:
    """Leibniz's sum over the permutations."""
    out: Any = 0
    for p in itertools.permutations(range(len(m))):
        odd = sum(p[a] > p[b] for a in range(len(p)) for b in range(a + 1, len(p))) % 2
        out = _with(operator.add)(out, functools.reduce(_with(operator.mul), (m[r][c] for r, c in enumerate(p)), -1 if odd else 1))
    return out


def _with(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The operation, a Fraction among mpmath numbers made one of them."""

    def of(a: Any, b: Any) -> Any:
        if isinstance(a, Fraction) != isinstance(b, Fraction):
            a, b = mp.mpmathify(a), mp.mpmathify(b)
        return operation(a, b)

    return of


def places(indices: tuple[str, ...], sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Every assignment of values to the indices."""
    for where in itertools.product(*(range(sizes[a.rstrip("'")]) for a in indices)):
        yield dict(zip(indices, where, strict=True))


def forward(problem: Problem, leaves: Env, sizes: Mapping[str, int], functions: Functions = NUMBERS) -> dict[tuple[str, tuple[int, ...]], Any]:
    """The leaves, the counts, and every name of the tape worked out."""
    env = {**leaves, **{(n.symbol, ()): sp.Integer(sizes[a]) if functions is SYMBOLS else Fraction(sizes[a]) for a, n in problem.count if a in sizes}}
    for d in problem.tape:
        for at in places(d.name.indices, sizes):
            env[d.name.symbol, tuple(at.values())] = value(d.value, env, sizes, at, functions)
    return env


def leaves(problem: Problem, sizes: Mapping[str, int], number: Callable[[str], Any]) -> dict[tuple[str, tuple[int, ...]], Any]:
    """A number for every scalar of parameters, data and constants without value; `number` is told its name, x[1]."""
    out: dict[tuple[str, tuple[int, ...]], Any] = {}
    for v in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants)):
        for at in places(v.indices, sizes):
            out[v.symbol, tuple(at.values())] = number(f"{v.symbol}{list(at.values()) or ''}")
    return out
