"""The table of targets: a gradient goes to another language through one row of it.  A new target is one file and one row."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from symgd.derivation import Gradient
from symgd.document.formats import MissingExtra

__all__ = ["TARGETS", "Target", "compiled", "exported"]


@dataclass(frozen=True)
class Target:
    """One row.

    room    the file of this folder: module(gradient) -> text, compile(gradient) -> functions, files(gradient, stem) -> texts where there are several
    suffix  of the file that `export` writes; several where it writes several
    needs   the library that runs the text, "" where none is needed
    extra   the extra of symgd that brings it
    """

    room: str
    suffix: tuple[str, ...] = (".py",)
    needs: str = ""
    extra: str = ""


TARGETS = {
    "numpy": Target("to_numpy"),
    "numba": Target("to_numba", needs="numba", extra="numba"),
    "jax": Target("to_jax", needs="jax", extra="jax"),
    "torch": Target("to_torch", needs="torch", extra="torch"),
    "c": Target("to_c", (".h", ".c")),
    "sympy": Target("to_sympy"),
}


def compiled(gradient: Gradient, target: str) -> Any:
    """The gradient as functions of that target.

    Raises ValueError for a target that is not in the table, MissingExtra where its library is not installed, NotSupported for what it cannot express.
    """
    row = _row(target)
    if row.needs and find_spec(row.needs) is None:
        raise MissingExtra(row.needs, row.extra)
    return _room(row).compile(gradient)


def exported(gradient: Gradient, target: str, stem: str = "") -> dict[str, str]:
    """suffix → the text of the file with it; stem: the name of the files.  Raises ValueError and NotSupported as `compiled` does."""
    row = _row(target)
    texts = _room(row).files(gradient, stem) if len(row.suffix) > 1 else (_room(row).module(gradient),)
    return dict(zip(row.suffix, texts, strict=True))


def _row(target: str) -> Target:
    if target not in TARGETS:
        raise ValueError(f"no target {target!r}; there are {', '.join(TARGETS)}")
    return TARGETS[target]


def _room(row: Target) -> Any:
    return import_module(f"symgd.numeric.targets.{row.room}")
