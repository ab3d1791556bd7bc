"""`dataclass(frozen=True)`, made quickly: terms, layouts and pages are of many small classes, and every start of the program makes them all.

The standard one writes six methods of a frozen class as six texts and compiles each, 0.4 ms a class: a fifth of the time of a short command was theirs.
Here three are one text, and those that no class needs for itself are the same for all.  A class of plain fields is the same either way; what a class
writes itself stays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool) -> Callable[[type], type]:
        """The decorator.  Raises TypeError for what it does not make: a class that may change, a field made by a factory, __post_init__."""
        if not frozen:
            raise TypeError("only a frozen class is made here; dataclasses.dataclass makes the others")
        return _made


def _made(cls: type) -> type:
    own = {name for name, what in vars(cls).items() if what is not None}  # with __eq__ Python writes __hash__ = None
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    fields = dataclasses.fields(made)
    if hasattr(cls, "__post_init__") or any(f.default_factory is not dataclasses.MISSING or not f.init or f.kw_only for f in fields):
        raise TypeError(f"{cls.__qualname__} has more than plain fields; dataclasses.dataclass makes it")
    given = {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}
    methods = {"__repr__": _text, "__setattr__": _changed, "__delattr__": _removed, **_written(fields, given)}
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    made.__dataclass_params__.frozen = True
    return made  # type: ignore[no-any-return]


def _written(fields: tuple[dataclasses.Field[Any], ...], given: dict[str, Any]) -> dict[str, Any]:
    """The three methods in which each field stands by its name, which is one of ours: made of them once, compared and hashed by them."""
    arguments = ", ".join(f"{f.name}=given[{f.name!r}]" if f.name in given else f.name for f in fields)
    mine, others = ("".join(f"{whose}.{f.name}, " for f in fields if f.compare) for whose in ("self", "other"))
    scope: dict[str, Any] = {"given": given}
    exec(
        f"def __init__(self, {arguments}):\n    self.__dict__.update({', '.join(f'{f.name}={f.name}' for f in fields)})\n"
        f"def __eq__(self, other):\n    return ({mine}) == ({others}) if other.__class__ is self.__class__ else NotImplemented\n"
        f"def __hash__(self):\n    return hash(({mine}))\n",
        scope,
    )
    return {name: scope[name] for name in ("__init__", "__eq__", "__hash__")}


def _text(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in dataclasses.fields(self) if f.repr)})"


def _changed(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _removed(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
