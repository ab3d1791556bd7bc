"""JSON text → fields with their place: what is missing, of the wrong kind, unknown or there twice is refused where it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symgd.records.trees import RecordError, index_from_data, number_from_data, symbol_from_data, term_from_data
from symgd.term import Compare, Name, Term

__all__ = ["Fields", "parsed"]

LONGEST = 5_000_000  # characters of a record
FOR_PEOPLE = ("text", "latex")  # stand beside any term


@dataclass(frozen=True)
class _Stray:
    """JSON that no record holds; it is refused where it stands."""

    what: str


def parsed(text: str, *keys: str) -> Fields:
    """The object that the text is, with these keys.  Raises RecordError."""
    if len(text) > LONGEST:
        raise RecordError("$", f"a record has at most {LONGEST:,} characters")
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_stray, parse_constant=_stray)
    except json.JSONDecodeError as wrong:
        raise RecordError(f"line {wrong.lineno}, column {wrong.colno}", f"this is no JSON ({wrong.msg})") from wrong
    except RecursionError as wrong:
        raise RecordError("$", "lists are nested too deep") from wrong
    return Fields(data, "$", *keys)


def _object(pairs: list[tuple[str, Any]]) -> Any:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return _Stray(f"the key {key[:40]!r} stands twice in one object")
        seen.add(key)
    return dict(pairs)


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= 6 else _stray(digits)


def _stray(digits: str) -> _Stray:
    return _Stray(f"{digits[:40]} is not written so in a record: numbers stand in quotes, exact")


class Fields:
    """An object of the record, its place and its fields; a field that is left out is empty.  Everything raises RecordError."""

    def __init__(self, data: Any, path: str, *keys: str) -> None:
        if not isinstance(data, dict):
            raise _wrong(data, path, f"an object with {', '.join(keys)} is expected")
        self.data, self.path = data, path
        if unknown := [k for k in data if k not in keys and k not in FOR_PEOPLE]:
            raise RecordError(path, f"unknown key {unknown[0][:40]!r}; the keys here are {', '.join(keys)}")
        for key in FOR_PEOPLE:
            self.text(key)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}"

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str, *choices: str) -> str:
        found = _text(self.data.get(key, ""), self.at(key))
        if choices and found not in choices:
            raise RecordError(self.at(key), f"one of {', '.join(choices)} is expected")
        return found

    def number(self, key: str, below: int) -> int:
        """A count from 0, less than `below`."""
        found = self.data.get(key)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < below:
            raise _wrong(found, self.at(key), f"a whole number less than {below} is expected")
        return found

    def value(self, key: str) -> Term:
        return _value(self.data.get(key), self.at(key))

    def name(self, key: str) -> Name:
        return _name(self.data.get(key), self.at(key))

    def condition(self, key: str) -> Compare:
        found = term_from_data(self.data.get(key), self.at(key))
        if not isinstance(found, Compare):
            raise RecordError(self.at(key), "a condition is expected")
        return found

    def fraction(self, key: str) -> Fraction:
        return number_from_data(self.data.get(key), self.at(key))

    def symbol(self, key: str) -> str:
        return symbol_from_data(self.data.get(key), self.at(key))

    def index(self, key: str) -> str:
        return index_from_data(self.data.get(key), self.at(key))

    # ------------------------------------------------------------ lists and what is inside

    def inside(self, key: str, *keys: str) -> Fields:
        return Fields(self.data.get(key), self.at(key), *keys)

    def each(self, key: str, *keys: str) -> tuple[Fields, ...]:
        return tuple(Fields(x, path, *keys) for x, path in self.items(key))

    def named(self, key: str, *keys: str) -> tuple[Fields, ...]:
        """The objects inside an object whose keys are free."""
        found = self.data.get(key, {})
        if not isinstance(found, dict):
            raise _wrong(found, self.at(key), "an object is expected")
        return tuple(Fields(x, f"{self.at(key)}.{name[:40]}", *keys) for name, x in found.items())

    def names(self, key: str) -> tuple[Name, ...]:
        return tuple(_name(x, path) for x, path in self.items(key))

    def values(self, key: str) -> tuple[Term, ...]:
        return tuple(_value(x, path) for x, path in self.items(key))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(_text(x, path) for x, path in self.items(key))

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        return tuple(_pair(x, path) for x, path in self.items(key))

    def items(self, key: str) -> list[tuple[Any, str]]:
        found = self.data.get(key, [])
        if not isinstance(found, list):
            raise _wrong(found, self.at(key), "a list is expected")
        return [(x, f"{self.at(key)}[{k}]") for k, x in enumerate(found)]


def _wrong(data: Any, path: str, expected: str) -> RecordError:
    return RecordError(path, data.what if isinstance(data, _Stray) else expected)


def _value(data: Any, path: str) -> Term:
    found = term_from_data(data, path)
    if isinstance(found, Compare):
        raise RecordError(path, "a condition stands where a value is expected")
    return found


def _name(data: Any, path: str) -> Name:
    found = term_from_data(data, path)
    if not isinstance(found, Name):
        raise RecordError(path, 'a name is expected: ["name", "x", "i"]')
    return found


def _text(data: Any, path: str) -> str:
    if not isinstance(data, str):
        raise _wrong(data, path, "a text is expected")
    if any("\ud800" <= c <= "\udfff" for c in data):
        raise RecordError(path, "a text holds half a character")
    return data


def _pair(data: Any, path: str) -> tuple[str, str]:
    if not isinstance(data, list) or len(data) != 2:
        raise _wrong(data, path, "a pair of texts is expected")
    return _text(data[0], f"{path}[0]"), _text(data[1], f"{path}[1]")
