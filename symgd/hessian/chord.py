"""A chord that the loss rises above: two places and the one half way between, where the loss is larger than the mean of the two.

One such chord refutes convexity; anybody can compute it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symgd.forward import Problem
from symgd.indices import axis
from symgd.meaning import Instance
from symgd.referee.residues import Unfit
from symgd.referee.values import RANGES, Reals

__all__ = ["Chord", "chord", "held"]

SEEDS = [12 * k + r for k in range(16) for r in (0, 1, 6)] + list(range(12, 36))  # short numbers near 1 first, then all ranges
Place = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Chord:
    """sizes    of each axis: n = 1
    data     the data and constants, alike at all three places
    ends     the parameters at the two ends
    losses   the losses at the ends, and half way
    """

    sizes: tuple[tuple[str, int], ...]
    data: Place
    ends: tuple[Place, Place]
    losses: tuple[float, float, float]

    @property
    def says(self) -> str:
        """The two places and the three losses, in one sentence."""
        first, second, half = self.losses
        sizes = ", ".join(f"{name} = {k}" for name, k in self.sizes)
        where = "".join((f"for {sizes}, " if self.sizes else "", f"{'' if self.sizes else 'at '}{_list(self.data)}, " if self.data else ""))
        return (
            f"{where}the loss is {first:.6g} at {_list(self.ends[0])} and {second:.6g} at {_list(self.ends[1])}, "
            f"but half way between it is {half:.6g}, more than the mean of the two"
        )


def chord(problem: Problem) -> Chord | None:
    """The first chord met above which the loss rises, with one sample, one feature, … where that suffices; else None."""
    axes = sorted({axis(a) for v in problem.declared().values() for a in v.indices})
    names = dict(problem.sizes) | {a: n.symbol for a, n in problem.count}
    summing = {a for _, a in problem.given}
    for many in (1, 2):
        sizes = {a: max(many, 2 if a in summing else 1) for a in axes}
        instance = Instance(problem, sizes)
        loss = instance.symbol(problem.objective.symbol, ())
        mine = {symbol for v, symbol in instance.leaves() if v in problem.parameters}
        for seed in SEEDS:
            places = _places(instance, seed, mine)
            try:
                a, b, half = (place.value(loss) for place in places)
            except Unfit:
                continue
            if half > (a + b) / 2:
                given = places[0].leaves
                ends = tuple(tuple((_text(s), v) for s, v in place.leaves.items() if s in mine) for place in places[:2])
                return Chord(
                    tuple((names.get(x, x), k) for x, k in sizes.items()), tuple((_text(s), v) for s, v in given.items() if s not in mine),
                    (ends[0], ends[1]), (float(a), float(b), float(half)),
                )  # fmt: skip
    return None


def _places(instance: Instance, seed: int, mine: set[Any]) -> tuple[Reals, Reals, Reals]:
    """The two ends and the place half way, the data alike."""
    first, second, half = Reals(instance, seed), Reals(instance, seed), Reals(instance, seed)
    other = Reals(instance, seed + 40 * len(RANGES))  # the same range of numbers, others of it
    for place in (first, second, half):
        for s, v in {**held(instance), **_targets(instance)}.items():
            place.leaves[s] = place.at[s] = v
    for s in mine:
        second.leaves[s] = second.at[s] = other.leaves[s]
        half.leaves[s] = half.at[s] = (first.leaves[s] + other.leaves[s]) / 2
    return first, second, half


def held(instance: Instance) -> dict[Any, Fraction]:
    """The constants at the values they have."""
    return {instance.symbol(c.symbol, ()): v for c, v in instance.problem.constants if v is not None}


def _targets(instance: Instance) -> dict[Any, Fraction]:
    """The last data, what is predicted: 1, which every loss takes; of classes mostly the first."""
    problem = instance.problem
    classes = dict(problem.given)
    if not problem.data:
        return {}
    target = problem.data[-1]
    along = target.indices.index(classes[target.symbol]) if target.symbol in classes else None
    every = (tuple(at.values()) for at in instance.values(target.indices))
    if along is None:
        return {instance.symbol(target.symbol, at): Fraction(1) for at in every}
    others = instance.sizes[axis(target.indices[along])] - 1
    return {instance.symbol(target.symbol, at): Fraction(1, 4 * others) if at[along] else Fraction(3, 4) for at in every}


def _text(symbol: Any) -> str:
    return str(symbol).replace("[", "_").replace("]", "").replace(",", "")


def _list(place: Place) -> str:
    return ", ".join(f"{name} = {float(v):.6g}" for name, v in place)
