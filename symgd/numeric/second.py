"""The second derivatives of any loss at any θ, exact: H v along both tapes (`hessian.product`) as NumPy text, once for each number of θ.

Where a line of that product is left unfinished (a determinant, an inverse) central differences of the gradient stand in, about ten digits.

A loss with kinks (|u|, max) has those of its smooth pieces.  Memory is that of a few passes over the data; for many parameters a product H v is what
one wants, not H: beyond MOST numbers in θ H is refused.

Glossary: θ the flat vector of the parameters; `v` a direction; `t` how far along it; ċ how fast c changes; `m` the weights of the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.forward import Definition
from symgd.hessian import hessian_product
from symgd.indices import axis
from symgd.numeric.data.arrays import Column
from symgd.numeric.program.aligned import SIZE, Writer
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.line import NotSupported
from symgd.numeric.program.printing import identifiers
from symgd.numeric.program.stable import stable
from symgd.numeric.program.heads import ERF, LOG_DET
from symgd.term import D, Name, Sum, Term, mul, names, replace, subterms

__all__ = ["MOST", "differences", "second"]

MOST = 1_000  # numbers in θ
CUBE_ROOT = 6e-6  # of the smallest step in double precision: where a central difference is nearest

Product = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, int]], tuple[Any, ...]]


def second(gradient: Gradient, samples: str, *, weighted: bool) -> Callable[..., Column]:
    """hessian(point, values, sizes) -> (p, p) for the parameters `point` in order, all else by name, and how far each axis runs.

    weighted  Σ_i f_i means Σ_i m_i f_i: `values` has the weights under "" and n as their sum
    Raises NotSupported where a line of the product is unfinished or not proved, NoRule where a function has no second derivative here.
    """
    product = _product(gradient, samples if weighted else "")
    declared = gradient.problem.parameters

    def hessian(point: Sequence[Any], values: Mapping[str, Any], sizes: Mapping[str, int]) -> Column:
        shapes = [np.shape(t) for t in point]
        flat = np.concatenate([np.ravel(t) for t in point]).astype(np.float64)
        see_size(len(flat))
        ends = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
        here = {p.symbol: t for p, t in zip(declared, point, strict=True)}
        H = np.empty((len(flat), len(flat)))
        for k in range(len(flat)):
            one = np.zeros(len(flat))
            one[k] = 1.0
            way = {p.symbol: v.reshape(s) if s else float(v[0]) for p, v, s in zip(declared, np.split(one, ends), shapes, strict=True)}
            with np.errstate(all="ignore"):
                found = product({**values, **here}, way, sizes)
            H[k] = np.concatenate([np.broadcast_to(h, s).ravel() for h, s in zip(found, shapes, strict=True)])
        return (H + H.T) / 2

    return hessian


def differences(slope: Callable[[Column], Column], theta: Column) -> Column:
    """The second derivatives at the flat vector θ by central differences of the gradient."""
    see_size(len(theta))
    steps = CUBE_ROOT * np.maximum(1.0, np.abs(theta))
    H: Column = np.array([(slope(theta + h * e) - slope(theta - h * e)) / (2 * h) for h, e in zip(steps, np.eye(len(theta)), strict=True)])
    return np.asarray((H + H.T) / 2)


def see_size(many: int) -> None:
    """Raises ValueError for more numbers in θ than a matrix of second derivatives is made for."""
    if many > MOST:
        raise ValueError(f"θ holds {many:,} numbers, and a matrix of second derivatives is made for {MOST:,} at most")


def _product(gradient: Gradient, weighed: str) -> Product:
    """(values, direction, sizes) -> (H v)_p for each parameter in order."""
    problem = gradient.problem
    found = hessian_product(gradient)
    for speed in found.speeds:
        if any(s.check.verdict == "refuted" for s in speed.steps) or any(isinstance(s, D) for s in subterms(speed.result)):
            raise NotSupported("a line of the product of the Hessian with a vector is unfinished")
    on = found.problem
    (weight,) = on.unused("m")
    along = [Definition(d.name, stable(_weighed(d.value, weighed, weight), problem)) for d in on.tape if d.name != problem.objective]
    speeds = {d.goal.of.symbol: d.result for d in found.speeds if isinstance(d.goal, D) and isinstance(d.goal.of, Name)}
    along += [Definition(found.names[s], _weighed(value, weighed, weight)) for s, value in speeds.items()]
    results = [found.names.get(found.slopes[p.symbol].symbol) for p in problem.parameters]
    needed = {r.symbol for r in results if r is not None}
    tape: list[Definition] = []
    for d in reversed(along):
        if d.name.symbol in needed:
            needed |= names(d.value)
            tape.insert(0, d)
    fixed = [*problem.data, *problem.parameters, *(c for c, _ in problem.constants), *found.direction, found.step, *(n for _, n in problem.count), weight]
    given = [x for x in dict.fromkeys(fixed) if x.symbol in needed]
    axes = sorted({axis(a) for x in (*given, *(d.name for d in tape)) for a in x.indices} | {a for a, _ in problem.count})
    ids = identifiers([*(x.symbol for x in given), *(d.name.symbol for d in tape), *(f"size_{a}" for a in axes)])
    write = Writer({**ids, **{SIZE + a: ids[f"size_{a}"] for a in axes}}, weighed or "i")
    lines = [f"    {ids[d.name.symbol]} = {_full(write.text(d.value, d.name.indices), [ids[f'size_{axis(a)}'] for a in d.name.indices])}" for d in tape]
    out = "".join(f"{ids[r.symbol] if r else '0.0'}, " for r in results)
    head = f"def product({', '.join([*(ids[x.symbol] for x in given), *(ids[f'size_{a}'] for a in axes)])}):"
    more = "".join(text for word, text in (("erf(", ERF), ("log_det(", LOG_DET)) if any(word in line for line in lines))
    run = compile_source("\n".join([f"import numpy as np\n{more}\n", head, *lines, f"    return {out}", ""]), f"{problem.title}, second derivatives")["product"]
    directions = {v.symbol: p.symbol for p, v in zip(problem.parameters, found.direction, strict=True)}

    def product(values: Mapping[str, Any], way: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[Any, ...]:
        def value(x: Name) -> Any:
            if x.symbol in directions:
                return way[directions[x.symbol]]
            return 0.0 if x == found.step else values["" if x == weight else x.symbol]

        return tuple(run(*map(value, given), *(sizes.get(a, 0) for a in axes)))

    return product


def _full(text: str, sizes: Sequence[str]) -> str:
    """A line that comes out the same along an axis, made as long as its axes are."""
    return f"np.broadcast_to({text}, ({', '.join(sizes)},))" if sizes else text


def _weighed(t: Term, samples: str, weight: Name) -> Term:
    """Σ_i f_i as Σ_i m_i f_i"""
    if not samples:
        return t

    def change(s: Term) -> Term | None:
        match s:
            case Sum(index, body) if axis(index) == samples:
                return Sum(index, mul(Name(weight.symbol, (index,)), _weighed(body, samples, weight)))
        return None

    return replace(t, change)
