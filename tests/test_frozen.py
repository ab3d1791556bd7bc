"""Frozen classes made quickly are those that `dataclasses.dataclass(frozen=True)` makes: the same fields, text, equality, hash, order of arguments."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from symgd import frozen
from symgd.term import Add, Name


def three(made_by: Callable[..., Any]) -> Any:
    @made_by(frozen=True)
    class Three:
        """A class."""

        kinds: ClassVar[tuple[str, ...]] = ("a", "b")
        a: int
        b: str = "two"
        c: tuple[int, ...] = dataclasses.field(default=(), compare=False)
        d: int = dataclasses.field(default=4, repr=False)

        def twice(self) -> int:
            return 2 * self.a

    return Three


def own(made_by: Callable[..., Any]) -> Any:
    @made_by(frozen=True)
    class Own:
        """With methods of its own."""

        a: int

        def __repr__(self) -> str:
            return f"<{self.a}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self)) and self.a % 2 == other.a % 2

    return Own


def none(made_by: Callable[..., Any]) -> Any:
    @made_by(frozen=True)
    class Empty:
        """Without fields."""

    return Empty


CLASSES = [(three, (1,)), (three, (1, "b")), (three, (1, "b", (3,))), (three, (1, "b", (), 5)), (own, (1,)), (own, (3,)), (none, ())]


@pytest.mark.parametrize(("make", "values"), CLASSES)
def test_a_class_made_quickly_is_the_standard_one(make: Callable[..., Any], values: tuple[Any, ...]) -> None:
    quick, standard = make(frozen.dataclass), make(dataclasses.dataclass)
    x, y = quick(*values), standard(*values)
    assert repr(x) == repr(y)
    assert dataclasses.asdict(x) == dataclasses.asdict(y)
    assert [(f.name, f.default, f.compare, f.repr) for f in dataclasses.fields(x)] == [(f.name, f.default, f.compare, f.repr) for f in dataclasses.fields(y)]
    assert quick.__match_args__ == standard.__match_args__
    assert list(inspect.signature(quick).parameters) == list(inspect.signature(standard).parameters)
    assert dataclasses.is_dataclass(quick)
    assert quick.__dataclass_params__.frozen


@pytest.mark.parametrize("make", [three, own])
def test_it_is_compared_and_hashed_as_the_standard_one(make: Callable[..., Any]) -> None:
    quick, standard = make(frozen.dataclass), make(dataclasses.dataclass)
    points = [args for other, args in CLASSES if other is make]
    for a in points:
        for b in points:
            assert (quick(*a) == quick(*b)) == (standard(*a) == standard(*b))
        assert hash(quick(*a)) == hash(standard(*a))
        assert quick(*a) != standard(*a)


@pytest.mark.parametrize("wrong", [lambda x: setattr(x, "a", 2), lambda x: setattr(x, "new", 2), lambda x: delattr(x, "a")])
def test_it_cannot_be_changed(wrong: Callable[[Any], None]) -> None:
    x = three(frozen.dataclass)(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrong(x)
    assert x.a == 1


@pytest.mark.parametrize("arguments", [((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"a": 1}), ((1,), {"e": 1})])
def test_a_wrong_call_is_refused(arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    with pytest.raises(TypeError):
        three(frozen.dataclass)(*arguments[0], **arguments[1])


def test_it_is_replaced_copied_and_pickled() -> None:
    t = Add((Name("x", ("i",)), Name("b")))
    assert dataclasses.replace(t, terms=(Name("w"),)) == Add((Name("w"),))
    assert copy.copy(t) == copy.deepcopy(t) == pickle.loads(pickle.dumps(t)) == t


def test_what_is_not_a_class_of_plain_fields_is_refused() -> None:
    class Late:
        a: int = 1

        def __post_init__(self) -> None: ...

    class Listed:
        a: list[int] = dataclasses.field(default_factory=list)

    for cls in (Late, Listed):
        with pytest.raises(TypeError, match=r"dataclasses\.dataclass makes it"):
            frozen.dataclass(frozen=True)(cls)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="frozen class"):
        frozen.dataclass(frozen=False)
