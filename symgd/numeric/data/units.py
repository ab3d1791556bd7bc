"""What a run does to the features, and the way back of its parameters to the units of the data.

A model sees a feature only through Σ_j w_j x_ij + b, or Σ_k c_k x_i^k.  So a run on z = (x − m)/s speaks in the units of x by
w_j ← w_j/s_j, b ← b − Σ_j m_j w_j, and for powers by the binomial theorem, Σ_k c_k ((x − m)/s)^k.  Where no intercept takes up the shift, only s is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symgd.forward import Problem
from symgd.indices import free
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.scaling import Scaling, standardise
from symgd.stationary import linear, unfold
from symgd.term import ONE, Add, Mul, Name, Neg, Num, Pow, Sum, Term, names, parts, subterms

__all__ = ["Units", "scores", "seen_units", "units_of"]

MOST_EXACT = 20_000  # entries brought over in exact arithmetic; more of them in double precision

Point = Mapping[str, Any]


@dataclass(frozen=True)
class Units:
    """pairs     (what multiplies the features, what is added to that or ""), one for each place where the model sees them
    powers    parameter → k, where a model of one feature multiplies it by x^k
    scalings  one for each feature; () where the run takes them as they are
    """

    pairs: tuple[tuple[str, str], ...] = ()
    powers: Mapping[str, int] | None = None
    scalings: tuple[Scaling, ...] = ()

    @property
    def slope(self) -> str:
        """The parameter of x itself, where the model is a line in one feature."""
        powers = self.powers or {}
        return next((p for p, k in powers.items() if k == 1), "") if max(powers.values(), default=0) == 1 else ""

    @property
    def intercept(self) -> str:
        return next((p for p, k in (self.powers or {}).items() if k == 0), "")

    @property
    def centred(self) -> bool:
        return any(s.mean for s in self.scalings)

    def own(self, point: Point) -> dict[str, Any]:
        """Parameters of the run → in the data's own units."""
        return self._through(point, back=True)

    def run(self, point: Point) -> dict[str, Any]:
        """Parameters in the data's own units → of the run."""
        return self._through(point, back=False)

    def features(self, X: Column) -> Column:
        """The features as the run sees them, of the shape given: (n,) or (n, d)."""
        if not self.scalings:
            return X
        mean, scale = (np.array([getattr(s, what) for s in self.scalings]) for what in ("mean", "scale"))
        return np.ascontiguousarray((X - (mean if X.ndim > 1 else mean[0])) / (scale if X.ndim > 1 else scale[0]))

    def _through(self, point: Point, *, back: bool) -> dict[str, Any]:
        out = dict(point)
        if not self.scalings:
            return out
        if self.powers is not None:
            return out | _powers({p: (k, point[p]) for p, k in self.powers.items() if p in point}, self.scalings[0], back=back)
        for weight, bias in self.pairs:
            out[weight], out[bias] = _affine(point[weight], point.get(bias, 0.0), self.scalings, back=back)
            if not bias:
                del out[bias]
        return out


def _affine(w: Any, b: Any, scalings: tuple[Scaling, ...], *, back: bool) -> tuple[Any, Any]:
    """(w/s, b − Σ m w/s), or forwards (w s, b + Σ m w); exactly, each number rounded once, where there are not too many."""
    w, b = np.asarray(w), np.asarray(b)
    exact = w.dtype == object or (w.size <= MOST_EXACT and np.isfinite(w).all() and np.isfinite(b).all())
    made: Callable[[Any], Any] = Fraction if exact else float
    mean, scale = (np.array([made(getattr(s, what)) for s in scalings]) for what in ("mean", "scale"))
    fractions = w.dtype == object
    w, b = (np.frompyfunc(made, 1, 1)(v) if exact else v for v in (w, b))
    column = (slice(None), *(None,) * (np.ndim(w) - 1))
    if back:
        w = w / scale[column]
        b = b - (mean[column] * w).sum(axis=0)
    else:
        b = b + (mean[column] * w).sum(axis=0)
        w = w * scale[column]
    return (w, b) if fractions else (_floats(w), _floats(b))


def _floats(v: Any) -> Any:
    array = np.asarray(v, dtype=np.float64)
    return array if array.ndim else float(array)


def _powers(factors: Mapping[str, tuple[int, Any]], scaling: Scaling, *, back: bool) -> dict[str, Any]:
    """The factors of z^k, z = (x − m)/s, from those of x^k, or back."""
    fractions = any(isinstance(c, Fraction) for _, c in factors.values())
    exact = fractions or all(map(math.isfinite, (c for _, c in factors.values())))
    made: Callable[[Any], Any] = Fraction if exact else float
    m, s = made(scaling.mean), made(scaling.scale)
    out = {}
    for p, (r, _) in factors.items():
        terms = (made(c) * math.comb(k, r) * ((-m) ** (k - r) / s**k if back else m ** (k - r) * s**r) for k, c in factors.values() if k >= r)
        total = sum(terms, made(0))
        out[p] = total if fractions else float(total)
    return out


def scores(problem: Problem) -> list[tuple[dict[Name, Term], Term]]:
    """(factors of the parameters, rest) of what each sample has that is linear in them: in the names, the last first, then inside the objective."""
    named = [d.name for d in reversed(problem.tape[:-1]) if d.name.indices]
    inside = [s for s in subterms(problem.tape[-1].value) if isinstance(s, Add | Mul | Neg) and free(s)]
    lines = (linear(unfold(problem, s), problem.parameters) for s in (*named, *inside))
    return [(line.factors, line.rest) for line in lines if line is not None and line.factors]


def units_of(problem: Problem, feature: Name, X: Column, titles: tuple[str, ...], *, standard: bool, fixed: Collection[str] = ()) -> Units:
    """How a problem sees its features, and, where `standard`, the scalings of a run on X.

    fixed  the parameters that are held: where one of them would have to take up the shift, the features are not centred
    """
    seen, centre = seen_units(problem, feature, fixed)
    if not standard or not (seen.pairs or any((seen.powers or {}).values())) or not np.any(X):
        return seen
    columns = X.T if X.ndim > 1 else X[None]
    return Units(seen.pairs, seen.powers, tuple(_scaling(c, title, centre=centre) for c, title in zip(columns, titles, strict=True)))


def seen_units(problem: Problem, feature: Name, fixed: Collection[str] = ()) -> tuple[Units, bool]:
    """(how a problem sees its features, without scalings; may they be centred: does an intercept take up the shift?)."""
    if len(feature.indices) == 1:
        powers = _of_powers(problem, feature)
        return Units(powers=powers), powers is not None and sorted(powers.values()) == list(range(max(powers.values()) + 1))
    pairs = _of_pairs(problem, feature)
    return Units(pairs), bool(pairs) and all(b and b not in fixed for _, b in pairs)


def _scaling(c: Column, title: str, *, centre: bool) -> Scaling:
    c = np.ascontiguousarray(c)
    return standardise(c, title)[1] if centre else Scaling(0.0, float(np.sqrt(np.mean(np.square(c)))))


def _of_powers(problem: Problem, x: Name) -> dict[str, int] | None:
    """Parameter → k, where the model is Σ_k c_k x^k and x stands nowhere else; None where it is not."""
    if sum(x.symbol in names(d.value) for d in problem.tape) != 1:
        return None
    for factors, rest in scores(problem):
        powers = {p.symbol: _power(f, x) for p, f in factors.items()}
        known = {p: k for p, k in powers.items() if k is not None}
        if x.symbol not in names(rest) and len(set(known.values())) == len(powers) and any(known.values()):
            return known
    return None


def _power(t: Term, x: Name) -> int | None:
    """k where t is x^k."""
    match t:
        case Name():
            return 1 if t == x else None
        case Num():
            return 0 if t == ONE else None
        case Pow(base, Num(v)) if base == x and v.denominator == 1 and v > 0:
            return int(v)
        case Mul(fs):
            inside = [_power(f, x) for f in fs]
            return None if None in inside else sum(k for k in inside if k is not None)
    return None


def _of_pairs(problem: Problem, X: Name) -> tuple[tuple[str, str], ...]:
    """(w, b) of each Σ_j x_ij w_j + b; () where the features stand elsewhere too."""
    parameters = {p.symbol for p in problem.parameters}
    found: list[tuple[str, str]] = []
    uses = sum(isinstance(s, Name) and s.symbol == X.symbol for d in problem.tape for s in subterms(d.value))
    for d in problem.tape:
        for s in (d.value, *(t for t in subterms(d.value) if isinstance(t, Add) and t is not d.value)):
            weights = [w for t in parts(Add, s) if (w := _weight(t, X, parameters))]
            if len(weights) == 1:
                biases = [t.symbol for t in parts(Add, s) if isinstance(t, Name) and t.symbol in parameters]
                found.append((weights[0], biases[0] if len(biases) == 1 else ""))
    return tuple(found) if len(found) == uses and len({w for w, _ in found}) == len(found) else ()


def _weight(t: Term, X: Name, parameters: Collection[str]) -> str:
    """w where t is Σ_j x_ij w_j."""
    match t:
        case Sum(j, Mul((Name() as a, Name() as b))):
            for x, w in ((a, b), (b, a)):
                if x.symbol == X.symbol and x.indices[-1:] == (j,) and w.symbol in parameters and w.indices[:1] == (j,):
                    return w.symbol
    return ""
