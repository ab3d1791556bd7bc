"""The texts that compute a gradient, and what is known of them: each is made from the derivation when first asked for, or was read from a file.

SymPy is imported where a text is made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.numeric.program.compiled import functions_of, see_arithmetic

if TYPE_CHECKING:
    from symgd.numeric.bound.quadratic import Square
    from symgd.numeric.bound.wide import WideSum
    from symgd.numeric.program.plan import Plan

__all__ = ["Texts", "see_written"]

WRITTEN = {
    "source": str, "weighted_source": str, "alone_source": str, "bound_source": str,
    "affine": bool, "wide": bool, "blocks": bool, "mixes": bool, "samples": str, "ids": dict,
}  # fmt: skip


def see_written(problem: Problem, data: Any) -> None:
    """Raises ValueError unless these are the texts of this problem, each of them arithmetic: a text of a file is read as a stranger's."""
    needed = {k for k in WRITTEN if k not in ("weighted_source", "alone_source")}
    if not isinstance(data, dict) or not needed <= data.keys() <= WRITTEN.keys() or not all(type(v) is WRITTEN[k] for k, v in data.items()):
        raise ValueError("these are not the texts of a gradient function")
    symbols = [x.symbol for x in (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))]
    words = data["ids"]
    if sorted(words) != sorted(symbols) or not all(isinstance(w, str) and w.isidentifier() and not w.startswith("_") for w in words.values()):
        raise ValueError("these are not the names of the problem")
    for key, text in data.items():
        if key.endswith("source"):
            see_arithmetic(text)
    if not {"loss", "gradient", "loss_and_gradient"} <= functions_of(data["source"]):
        raise ValueError("a function is missing")


class Texts:
    """The NumPy texts of one problem."""

    def __init__(self, gradient: Gradient | Problem, written: Mapping[str, Any] | None = None) -> None:
        """written  what `written()` gave, for the same problem: then nothing is derived until it is asked for"""
        if isinstance(gradient, Gradient):
            self.derivation = gradient
        self.problem = gradient.problem if isinstance(gradient, Gradient) else gradient
        self.__dict__.update(written or {})

    def written(self) -> dict[str, Any]:
        """Its texts and what is known of them, as plain data: all that another process needs to run them.  What is not supported is left out."""
        out: dict[str, Any] = {}
        for key in WRITTEN:
            with contextlib.suppress(NotImplementedError):
                out[key] = getattr(self, key)
        names = {x.symbol for x in (*self.problem.parameters, *self.problem.data, *(c for c, _ in self.problem.constants))}
        return out | {"ids": {s: word for s, word in self.ids.items() if s in names}}

    @cached_property
    def derivation(self) -> Gradient:
        """The gradient, derived now where the texts were read."""
        from symgd.backward import derive

        return derive(self.problem)

    @cached_property
    def plan(self) -> Plan:
        """What is computed, in order."""
        from symgd.numeric.program.plan import plan

        return plan(self.derivation)

    @cached_property
    def ids(self) -> dict[str, str]:
        """The identifiers of parameters, data and constants."""
        from symgd.numeric.program.to_numpy import names_of

        return names_of(self.plan)

    @cached_property
    def source(self) -> str:
        """The NumPy text that runs, each line naming the step it comes from."""
        from symgd.numeric.program.to_numpy import module

        return module(self.plan)

    @cached_property
    def weighted_source(self) -> str:
        """The same for weighted samples.  Raises NotSupported where samples look at each other."""
        return self._text("weighted")

    @cached_property
    def alone_source(self) -> str:
        """The same for each sample alone.  Raises NotSupported where samples look at each other."""
        return self._text("alone", ["per_sample"])

    def _text(self, meaning: Any, *only: Sequence[str]) -> str:
        from symgd.numeric.program.plan import plan
        from symgd.numeric.program.to_numpy import module

        return module(plan(self.derivation, meaning), *only)

    @cached_property
    def bound_source(self) -> str:
        """The text that runs when a sum of squares is bound, or "" for another loss."""
        from symgd.numeric.bound.quadratic import bound_source, columns_source

        if self.square is None:
            return ""
        return f"import numpy as np\n\n\n{columns_source(self.square, self.plan, self.ids)}\n\n{bound_source(self.square, self.plan, self.ids)}"

    @cached_property
    def square(self) -> Square | None:
        """The loss as c Σ u² + P, where it is one."""
        from symgd.numeric.bound.quadratic import square

        return None if self.wide else square(self.plan)

    @cached_property
    def affine(self) -> bool:
        """Is it one that is quadratic in its parameters?"""
        return self.square is not None and self.square.affine

    @cached_property
    def wide(self) -> bool:
        """Is there any axis but that of the samples?"""
        return not self.plan.flat

    @cached_property
    def samples(self) -> str:
        """The axis of the samples, or "" where there is none."""
        return self.plan.samples

    @cached_property
    def blocks(self) -> bool:
        """Is it evaluated in blocks of rows?"""
        return self.plan.blocks

    @cached_property
    def mixes(self) -> bool:
        """Does a sample look at others?"""
        from symgd.meaning import mixes

        return bool(self.samples) and mixes(self.problem, self.samples)

    @cached_property
    def wide_square(self) -> WideSum | None:
        """The loss as a sum of squares of arrays, where it is one: bound by its Gram matrix."""
        from symgd.numeric.bound.wide import wide_sum

        return wide_sum(self.problem)
