"""The compiled functions of the catalogue by name: `from symgd.gradients import line_mse`.

Each is derived, proved and compiled when it is first imported; its texts are kept in the user's cache directory (`cache` says where and how safely), so
that the next process imports no SymPy.  A text from the cache is run only if it is arithmetic (`numeric.program.compiled`), for the same problem.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from symgd.cache import keep, kept
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.records import to_json

if TYPE_CHECKING:
    from symgd.numeric.function import GradientFunction

__all__ = [name.replace("-", "_") for name in CATALOGUE]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"symgd.gradients has no {name!r}; it has {', '.join(__all__)}")
    function = globals()[name] = _compiled(problem(name.replace("_", "-")))
    return function


def _compiled(stated: Problem) -> GradientFunction:
    """From the cache, or made and kept."""
    from symgd.numeric.function import GradientFunction, from_written

    record = to_json(Gradient(stated, ()))
    with contextlib.suppress(ValueError):  # what is no longer such a text is written again
        if (text := kept("function", record)) is not None:
            return from_written(stated, json.loads(text))
    from symgd.backward import derive

    function = GradientFunction(derive(stated))
    keep(json.dumps(function.written(), ensure_ascii=False), "function", record)
    return function


def __dir__() -> list[str]:
    return list(__all__)
