"""A sum of squares for Numba: every sum over the data in one compiled pass, about one shift and one anchor, and the steps made of the sums.

What `bound.moments` says of shift, anchor and pieces holds here: NumPy takes them from a sample and folds what the pass gives; `descend` does both itself.

Glossary: `t`, `F_k`, `a_k` as in `bound.moments`; z_0 = t − s_0 + Σ a_k z_k, z_k = F_k − s_k; P_j = Σ z_j, Q_jk = Σ z_j z_k, over a piece p_j, q_jk.
Names of ours begin with an underscore, which no symbol may.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from symgd.numeric.bound.moments import PIECE, SAMPLE, Moments, settled
from symgd.numeric.bound.quadratic import Square, columns_source, step_lines
from symgd.numeric.function import GradientFunction
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.plan import Plan
from symgd.numeric.targets.told import named

__all__ = ["Reduced", "reduced"]

WORDS = ("np", "njit", "exact", "compiled", "added", "plus", "plus_product", "kept", "columns", "piece", "sample", "sums", "steps", "descend", "range", "len")
KNOWN = {"np.abs", "np.cos", "np.cosh", "np.exp", "np.log", "np.pi", "np.sin", "np.sinh", "np.sqrt", "np.tan", "np.tanh"}  # of one number
PASSES = 3
HEAD = '''import numpy as np
from numba import njit

exact = njit(error_model="numpy")  # as written: a column that is constant is one number
compiled = njit(fastmath={"contract"}, error_model="numpy")  # a*b + c may be rounded once; nothing else is rearranged
added = njit(fastmath={"contract", "reassoc"}, error_model="numpy")  # for sums, where the order of the terms is free


@added
def plus(total, term):
    """total + term: the processor adds several samples at once."""
    return total + term


@added
def plus_product(total, a, b):
    """total + a b"""
    return total + a*b


@compiled
def kept(total, lost, term):
    """total + term, and what was lost in all such roundings so far.  D. Knuth, TAOCP 2, 4.2.2"""
    whole = total + term
    there = whole - total
    return whole, lost + ((total - (whole - there)) + (term - there))
'''


def reduced(f: GradientFunction) -> Reduced | None:
    """The compiled functions of a sum of squares of numbers; None for another loss, and where a column needs a function that has no word here."""
    if f.square is None or not f.data or not all(x.indices for x in f.problem.data):
        return None
    made = Reduced(f, f.square, f.plan)
    return made if set(re.findall(r"np\.[\w.]+", made.columns)) <= KNOWN else None


class Reduced:
    """moments(data, weights) by the pass; source the text.

    functions  `sample`, `sums` and `weighted_sums`; where the loss is quadratic in its parameters `descend(w, b, x, y, rate, steps)` too:
               where a descent ends, from the data in one call, which checks nothing and keeps nothing
    """

    def __init__(self, f: GradientFunction, q: Square, p: Plan) -> None:
        self.f, self.q, self.p = f, q, p
        self.ids = named(p, WORDS)
        self.data = [self.ids[s] for s in p.data]
        self.many = range(len(q.columns) + 1)
        self.pairs = [(j, k) for j in self.many for k in self.many if j <= k]
        self.columns = columns_source(q, p, self.ids)

    @cached_property
    def source(self) -> str:
        """The text of the module."""
        about = f'"""{self.f.name}: every sum over the data in one pass, and the steps of a descent made of the sums."""'
        affine = [_joined(self._steps()), _joined(self._descend())] if self.q.affine else []
        sample = _joined(self._sample())
        pieces = [_joined(part(masses)) for masses in (False, True) for part in (self._piece, self._sums)]
        return "\n\n".join([f"{about}\n\n{HEAD}", f"@exact\n{self.columns}", sample, *pieces, *affine])

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        scope = compile_source(self.source, f"{self.f.name}, numba, bound")
        return {k: scope[k] for k in ("sample", "sums", "weighted_sums", "descend") if k in scope}

    def moments(self, data: Sequence[Any], weights: Any) -> Moments:
        """The moments of the columns: what `bound.moments.take_moments` gives."""
        columns = [np.ascontiguousarray(x) for x in data] + ([] if weights is None else [np.ascontiguousarray(weights)])
        one_pass = self.functions["sums" if weights is None else "weighted_sums"]
        sample = self.functions["sample"](*columns[: len(data)])
        return settled(sample, lambda shift, anchor: list(one_pass(*columns, *shift, *anchor)))

    # ---------------------------------------------------------------- the text

    def _sample(self) -> Iterator[str]:
        """The columns of some samples."""
        yield from ("@exact", f"def sample({', '.join(self.data)}):", f'    """t, F_1, … of about {SAMPLE} of the samples, a row for each column."""')
        yield f"    _every = max(1, len({self.data[0]})//{SAMPLE})"
        yield f"    _out = np.empty(({len(self.many)}, (len({self.data[0]}) + _every - 1)//_every))"
        yield "    for _k in range(_out.shape[1]):"
        yield f"        {_unpacked([f'_out[{j}, _k]' for j in self.many])} = columns({', '.join(f'{x}[_k*_every]' for x in self.data)})"
        yield "    return _out"

    def _piece(self, masses: bool) -> Iterator[str]:
        """The sums over some samples, added plainly."""
        z, one = self.many, "_v" if masses else "_z"
        yield from ("@compiled", f"def {'weighted_' * masses}piece({self._arguments(masses)}):")
        yield '    """Σ z_j and Σ z_j z_k over some samples."""'
        yield f"    {' = '.join([*(['_w'] * masses), *self._each('_p'), *self._both('_q')])} = 0.0"
        yield f"    for _i in range(len({self.data[0]})):"
        yield f"        {_unpacked(['_t', *(f'_f{k}' for k in z[1:])])} = columns({', '.join(f'{x}[_i]' for x in self.data)})"
        for k in z[1:]:
            yield f"        _z{k} = _f{k} - _s{k}"
        yield "        _z0 = _t - _s0" + "".join(f" + _a{k}*_z{k}" for k in z[1:])
        if masses:
            yield "        _w = plus(_w, _m[_i])"
            yield from (f"        _v{j} = _m[_i]*_z{j}" for j in z)
        yield from (f"        _p{j} = plus(_p{j}, {one}{j})" for j in z)
        yield from (f"        _q{j}{k} = plus_product(_q{j}{k}, {one}{j}, _z{k})" for j, k in self.pairs)
        yield f"    return {', '.join([*(['_w'] * masses), *self._each('_p'), *self._both('_q')])}"

    def _sums(self, masses: bool) -> Iterator[str]:
        """The sums over all samples."""
        words = [*(["_w"] * masses), *self._each("_p"), *self._both("_q")]
        cut = [f"{x}[_at : _at + {PIECE}]" for x in (*self.data, *(["_m"] * masses))]
        shifts = [*self._each("_s"), *(f"_a{k}" for k in self.many[1:])]
        yield from ("@compiled", f"def {'weighted_' * masses}sums({self._arguments(masses)}):")
        yield f'    """How many, Σ z_j and Σ z_j z_k: pieces of {PIECE} samples, and what they give added as if nothing were rounded."""'
        yield f"    {' = '.join([*map(str.upper, words), *(f'_e{w}' for w in words)])} = 0.0"
        yield f"    for _at in range(0, len({self.data[0]}), {PIECE}):"
        yield f"        {_unpacked(words)} = {'weighted_' * masses}piece({', '.join([*cut, *shifts])})"
        yield from (f"        {w.upper()}, _e{w} = kept({w.upper()}, _e{w}, {w})" for w in words)
        yield f"    return {', '.join([*([] if masses else [f'float(len({self.data[0]}))']), *(f'{w.upper()} + _e{w}' for w in words)])}"

    def _steps(self) -> Iterator[str]:
        """A descent on the sums alone."""
        before, step = step_lines(self.q, self.p, self.ids)
        theta = [self.ids[s] for s in self.p.parameters]
        yield from ("@compiled", f"def steps({', '.join([*theta, *self._constants(), '_rate', '_steps', *self._moments()])}):")
        yield '    """The parameters after so many steps θ − rate ∂L/∂θ, made of the sums."""'
        yield from (f"    {line}" for line in before)
        yield "    for _ in range(_steps):"
        yield from (f"        {line}" for line in step)
        yield f"    return {', '.join(theta)}{',' * (len(theta) == 1)}"

    def _descend(self) -> Iterator[str]:
        """A descent from the data."""
        z, data, theta = self.many, ", ".join(self.data), [self.ids[s] for s in self.p.parameters]
        sums = f"{_unpacked(['_n', *self._each('_p'), *self._both('_q')])} = sums({data}, {', '.join([*self._each('_s'), *('0.0' for _ in z[1:])])})"
        yield from ("@compiled", f"def descend({', '.join([*theta, *self.data, *self._constants(), '_rate', '_steps'])}):")
        yield '    """The parameters after so many steps θ − rate ∂L/∂θ: one pass over the data, about shifts taken from a few of them, then the steps."""'
        yield f"    _some = sample({data})"
        yield from (f"    _s{k} = _some[{k}].mean()" for k in z)
        yield f"    {sums}"
        yield f"    for _ in range({PASSES - 1}):  # again, where the sample was unlike the rest"
        yield f"        if {' and '.join(f'_p{j}*_p{j} <= _n*_q{j}{j}/2' for j in z)}:"
        yield "            break"
        yield from (f"        _s{j} += _p{j}/_n" for j in z)
        yield f"        {sums}"
        yield from (f"    _m{k} = _s{k} + _p{k}/_n" for k in z[1:])
        yield from (f"    _S{j}{k} = _q{j}{k} - _p{j}*_p{k}/_n" for j, k in self.pairs if j)
        yield from (f"    _g{k} = _q0{k} - _p0*_p{k}/_n" for k in z[1:])
        yield "    _mean, _a0 = _s0 + _p0/_n, 0.0"
        yield from (f"    _a{k} = 0.0" for k in z[1:])
        if len(z) == 2:
            yield "    if _S11 > 0.0:  # the sums at the least squares line: near it its steps are exact to the last digits"
            yield "        _a1 = -_g1/_S11"
            yield "        _a0 = -(_mean + _a1*_m1)"
            yield "        _g1, _mean = _g1 + _a1*_S11, 0.0"
        yield f"    return steps({', '.join([*theta, *self._constants(), '_rate', '_steps', *self._moments()])})"

    def _arguments(self, masses: bool) -> str:
        return ", ".join([*self.data, *(["_m"] * masses), *self._each("_s"), *(f"_a{k}" for k in self.many[1:])])

    def _moments(self) -> list[str]:
        own = [f"{letter}{k}" for letter in ("_a", "_m", "_g") for k in self.many[1:]]
        return ["_n", "_a0", "_mean", *own, *(f"_S{j}{k}" for j, k in self.pairs if j)]

    def _constants(self) -> list[str]:
        return [self.ids[s] for s in self.p.constants]

    def _each(self, letter: str) -> list[str]:
        return [f"{letter}{j}" for j in self.many]

    def _both(self, letter: str) -> list[str]:
        return [f"{letter}{j}{k}" for j, k in self.pairs]


def _unpacked(words: Sequence[str]) -> str:
    """a, b = …; for one, a, = …"""
    return ", ".join(words) + "," * (len(words) == 1)


def _joined(lines: Iterator[str]) -> str:
    return "\n".join([*lines, ""])
