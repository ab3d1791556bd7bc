"""symgd: derive the gradients of gradient descent step by step, prove every step, run them.

    >>> import symgd
    >>> gradient = symgd.derive(symgd.problem("line-mse"))
    >>> f = symgd.compile(gradient)

Nothing heavy is imported until a name is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from symgd.api import (
        Problem, after, check, closed_form, compile, curvature, derive, descend, differentiate, equal, explain, fit, problem,  # noqa: A004
        read_derivation, write,
    )  # fmt: skip

__all__ = [
    "Problem", "after", "check", "closed_form", "compile", "curvature", "derive", "descend", "differentiate", "equal", "explain", "fit", "problem",
    "read_derivation", "write",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"symgd has no {name!r}; it has {', '.join(__all__)}")
    from symgd import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
