"""The compiled functions of the catalogue by name: `from symgd.gradients import line_mse`.

Each is derived, proved and compiled when it is first imported; its texts are kept in the user's cache directory (`cache` says where and how safely), so
that the next process imports no SymPy (`shelf`).
"""

from __future__ import annotations

from typing import Any

from symgd.catalogue import CATALOGUE, problem
from symgd.shelf import function

__all__ = [name.replace("-", "_") for name in CATALOGUE]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"symgd.gradients has no {name!r}; it has {', '.join(__all__)}")
    found = globals()[name] = function(problem(name.replace("_", "-")))
    return found


def __dir__() -> list[str]:
    return list(__all__)
