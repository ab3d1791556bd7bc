"""The gradient functions against JAX's automatic differentiation of the loss."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symgd
from symgd.catalogue import CATALOGUE, problem
from symgd.forward import Problem
from symgd.term import Add, Call, Cases, Compare, Div, Mul, Name, Neg, Num, Pow, Sum, Term

jax.config.update("jax_enable_x64", True)

FUNCTIONS = {
    "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "relu": jax.nn.relu, "abs": jnp.abs, "max": jnp.maximum, "min": jnp.minimum,
    "logcosh": lambda u: jnp.logaddexp(u, -u) - jnp.log(2.0), "silu": jax.nn.silu, "gelu": lambda u: jax.nn.gelu(u, approximate=False), "erf": jax.lax.erf,
    "leaky_relu": lambda u: jax.nn.leaky_relu(u, 0.01),
}  # fmt: skip
RELATIONS = {"<": jnp.less, "<=": jnp.less_equal, ">": jnp.greater, ">=": jnp.greater_equal, "=": jnp.equal, "!=": jnp.not_equal}
SIZES = {"i": 7, "j": 3, "h": 4, "k": 3}
Labelled = tuple[Any, tuple[str, ...]]  # an array, and the letter of each of its axes


def aligned(x: Labelled, letters: tuple[str, ...]) -> Any:
    """The array with one axis for each letter, in their order."""
    array, own = x
    array = jnp.transpose(array, [own.index(a) for a in letters if a in own])
    return jnp.reshape(array, [SIZES.get(a.rstrip("'"), 4) if a in own else 1 for a in letters])


def elementwise(f: Any, *xs: Labelled) -> Labelled:
    letters = tuple(sorted({a for _, own in xs for a in own}))
    return f(*(aligned(x, letters) for x in xs)), letters


def value(t: Term, env: Mapping[str, Any]) -> Labelled:
    """The term on whole arrays; a letter is an axis, a sum a sum over it."""

    def go(s: Term) -> Labelled:
        return value(s, env)

    match t:
        case Num(v):
            return jnp.asarray(float(v)), ()
        case Name(s, indices):
            return env[s], indices
        case Add(ts):
            return functools.reduce(lambda a, b: elementwise(jnp.add, a, b), map(go, ts))
        case Mul(fs):
            return functools.reduce(lambda a, b: elementwise(jnp.multiply, a, b), map(go, fs))
        case Neg(a):
            return elementwise(jnp.negative, go(a))
        case Div(a, b):
            return elementwise(jnp.divide, go(a), go(b))
        case Pow(a, Num(v)) if v.denominator == 1:
            return elementwise(lambda x: x ** int(v), go(a))
        case Call(f, args):
            return elementwise(FUNCTIONS.get(f) or getattr(jnp, f), *map(go, args))
        case Compare(a, relation, b):
            return elementwise(RELATIONS[relation], go(a), go(b))
        case Cases(pieces, otherwise):
            return functools.reduce(lambda rest, piece: elementwise(jnp.where, go(piece[1]), go(piece[0]), rest), reversed(pieces), go(otherwise))
        case Sum(index, body):
            array, own = go(body)
            if index not in own:
                return array * SIZES[index.rstrip("'")], own
            return jnp.sum(array, own.index(index)), tuple(a for a in own if a != index)
    raise TypeError(t)


def loss(p: Problem, given: Mapping[str, Any]) -> Any:
    env = dict(given)
    for d in p.tape:
        found = value(d.value, env)
        env[d.name.symbol] = aligned(found, d.name.indices) + jnp.zeros([SIZES.get(a.rstrip("'"), 4) for a in d.name.indices])
    return env[p.objective.symbol]


@pytest.mark.parametrize("name", [*CATALOGUE, "network-1-relu+huber", "network-2-gelu+log-cosh", "residual-network-2+squared"])
def test_the_gradient_is_that_of_automatic_differentiation(name: str) -> None:
    p = problem(name)
    rng = np.random.default_rng(5)
    shape = {v.symbol: tuple(SIZES.get(a.rstrip("'"), 4) for a in v.indices) for v in (*p.parameters, *p.data)}
    at = {s: rng.normal(size=size) for s, size in shape.items()}
    for symbol, along in p.given:  # a distribution
        axis = p.declared()[symbol].indices.index(along)
        at[symbol] = np.abs(at[symbol]) / np.abs(at[symbol]).sum(axis, keepdims=True)
    constants = {c.symbol: float(v) if v is not None else 0.3 for c, v in p.constants}
    counts = {n.symbol: float(SIZES[a]) for a, n in p.count}
    gradient = symgd.derive(p)
    f = symgd.compile(gradient)
    data = {v.symbol: at[v.symbol] for v in p.data} | {c.symbol: 0.3 for c, v in p.constants if v is None}
    ours = f.gradient(*(at[w.symbol] for w in p.parameters), **data)
    theirs = jax.grad(lambda ws: loss(p, {**at, **constants, **counts, **ws}))({w.symbol: at[w.symbol] for w in p.parameters})
    for w, mine in zip(p.parameters, ours, strict=True):
        np.testing.assert_allclose(mine, theirs[w.symbol], rtol=1e-11, atol=1e-14)
