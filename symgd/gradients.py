"""The compiled functions of the catalogue by name: `from symgd.gradients import line_mse`.

Each is derived, proved and compiled when it is first imported.
"""

from __future__ import annotations

from typing import Any

from symgd.catalogue import CATALOGUE, problem

__all__ = [name.replace("-", "_") for name in CATALOGUE]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"symgd.gradients has no {name!r}; it has {', '.join(__all__)}")
    from symgd.backward import derive
    from symgd.numeric.function import compile_gradient

    function = globals()[name] = compile_gradient(derive(problem(name.replace("_", "-"))))
    return function


def __dir__() -> list[str]:
    return list(__all__)
