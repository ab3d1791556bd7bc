"""Definitions → a NumPy function of the names that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgd.forward import Definition
from symgd.numeric.program.aligned import Writer
from symgd.numeric.program.printing import identifiers
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.heads import ERF, WIDE
from symgd.term import Name

__all__ = ["written"]


def written(tape: Sequence[Definition], given: Sequence[Name], results: Sequence[Name], label: str) -> Callable[..., tuple[Any, ...]]:
    """The values of `results`, lines of the tape, as a function of what is given, by name: arrays along their indices, in double precision."""
    ids = identifiers([*(x.symbol for x in given), *(d.name.symbol for d in tape)])
    write = Writer(ids)
    lines = [f"    {ids[d.name.symbol]} = {write.text(d.value, d.name.indices)}" for d in tape]
    head = [WIDE, ERF if any("erf(" in line for line in lines) else "", "", f"def values({', '.join(ids[x.symbol] for x in given)}):"]
    function = compile_source("\n".join([*head, *lines, f"    return {', '.join(ids[r.symbol] for r in results)},", ""]), label)["values"]

    def values(**by_name: Any) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            return tuple(np.asarray(v, dtype=np.float64) for v in function(**{ids[s]: v for s, v in by_name.items()}))

    return values
