"""Whether a line is true, by numbers alone (`tests.by_hand`): each side worked out in mpmath, a derivative by a complex step of 1e-25."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath as mp

from symgd.forward import Problem
from symgd.indices import free
from symgd.term import D, Name, Term
from symgd.term import replace as change
from tests.by_hand import NUMBERS, leaves, places, value

__all__ = ["CLOSE", "agree", "ratios"]

SIZES = {"i": 3}
STEP = mp.mpf(10) ** -25
CLOSE = mp.mpf(10) ** -9


class Numbers:
    """One place: a number for every name, as many samples as SIZES says."""

    def __init__(self, given: Problem, seed: int) -> None:
        dice = random.Random(seed)
        self.problem = given
        self.leaves = leaves(given, SIZES, lambda _: mp.mpf(dice.uniform(0.2, 0.9)))
        self.env = self.forward(None)

    def forward(self, moved: tuple[str, tuple[int, ...]] | None) -> dict[tuple[str, tuple[int, ...]], Any]:
        """Every name worked out, one of them moved by a step along i."""
        env: dict[tuple[str, tuple[int, ...]], Any] = {**self.leaves, **{(n.symbol, ()): Fraction(SIZES[a]) for a, n in self.problem.count}}
        if moved in env:
            env[moved] += mp.mpc(0, STEP)
        for d in self.problem.tape:
            for at in places(d.name.indices, SIZES):
                key = d.name.symbol, tuple(at.values())
                env[key] = value(d.value, env, SIZES, at)
                if key == moved:
                    env[key] += mp.mpc(0, STEP)
        return env

    def of(self, t: Term, at: Mapping[str, int]) -> Any:
        """What t is worth, its derivatives taken by a step."""
        env = dict(self.env)

        def named(s: Term) -> Term | None:
            if not isinstance(s, D):
                return None
            name = Name(f"D{len(env)}", tuple(sorted(free(s))))
            for where in places(name.indices, SIZES):
                env[name.symbol, tuple(where[a] for a in name.indices)] = self.rate(s, where)
            return name

        return value(change(t, named), env, SIZES, at, NUMBERS)

    def rate(self, d: D, at: Mapping[str, int]) -> Any:
        """A derivative: along the whole tape, or of one definition with all other names held fixed."""
        key = d.by.symbol, tuple(at[a] for a in d.by.indices)
        if not d.partial:
            return mp.im(value(d.of, self.forward(key), SIZES, at)) / STEP
        found = self.problem.definition(d.of.symbol) if isinstance(d.of, Name) else None
        inside = found.value if found else d.of
        env = {**self.env, key: self.env[key] + mp.mpc(0, STEP)}
        return mp.im(value(inside, env, SIZES, at)) / STEP


@cache
def _numbers(given: Problem, seed: int) -> Numbers:
    return Numbers(given, seed)


def ratios(given: Problem, a: Term, b: Term) -> list[Any]:
    """b/a at every sample of two places; None where a is 0 and b is not."""
    out = []
    for seed in (1, 2):
        world = _numbers(given, seed)
        for at in places(tuple(sorted(free(a) | free(b))), SIZES):
            x, y = (mp.mpmathify(world.of(t, at)) for t in (a, b))
            out.append(mp.mpf(1) if abs(x - y) <= CLOSE * (1 + abs(x)) else y / x if x else None)
    return out


def agree(given: Problem, a: Term, b: Term) -> bool:
    """Is a = b, as far as numbers tell?"""
    return all(q == 1 for q in ratios(given, a, b))
