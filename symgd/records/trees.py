"""Term ↔ plain data: a number is a text, every other node a list that begins with its kind.  What is read is checked node by node.

`"2"`, `"-1/3"` · `["number", "1/2", 2]` written with two decimals · `["name", "x", "i"]` is x_i · `["add", a, b, …]`, `["mul", a, b, …]`
`["div", a, b]`, `["pow", a, b]`, `["neg", a]` · `["call", "tanh", a]` · `["sum", "i", a]` · `["match", "i", "j"]` · `["<=", a, b]`, any relation
`["cases", [a, condition], …, otherwise]` · `["d", of, by]` along the tape, `["partial", of, by]` with the other names held fixed
"""

from __future__ import annotations

import re
from fractions import Fraction

from symgd.language import FUNCTIONS
from symgd.reading.limits import BITS, within_limits
from symgd.reading.pratt import Reading
from symgd.reading.unread import Unread
from symgd.term import Add, Call, Cases, Compare, D, Div, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, symbol_problem

__all__ = ["Data", "RecordError", "index_from_data", "number_from_data", "symbol_from_data", "term_from_data", "term_to_data"]

Data = str | int | list["Data"] | dict[str, "Data"] | None

DEPTH, PLACES = 200, 1_000
DIGITS = 2_500  # characters of a number, before it is made one
KINDS = ("name", "number", "add", "mul", "neg", "div", "pow", "call", "sum", "match", "cases", "d", "partial", *Compare.RELATIONS)

_NUMBER = re.compile(r"-?[0-9]+(/[0-9]+)?")
_INDEX = re.compile("[A-Za-z\u0391-\u03a9\u03b1-\u03c9][0-9]{0,3}'{0,9}")


class RecordError(ValueError):
    """What was read is no record: `path` says where ($.derivations[0].steps[2].after[1]), `problem` what is wrong there."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return f"no record of symgd: {self.problem}, at {self.path}"


def term_to_data(t: Term) -> Data:
    """The term as plain data."""
    match t:
        case Num(v, None):
            return str(v)
        case Num(v, places):
            return ["number", str(v), places]
        case Name(symbol, indices):
            return ["name", symbol, *indices]
        case Call(f, args):
            return ["call", f, *map(term_to_data, args)]
        case Sum(index, body):
            return ["sum", index, term_to_data(body)]
        case Match(a, b):
            return ["match", a, b]
        case Compare(a, relation, b):
            return [relation, term_to_data(a), term_to_data(b)]
        case Cases(pieces, otherwise):
            return ["cases", *([term_to_data(value), term_to_data(when)] for value, when in pieces), term_to_data(otherwise)]
        case D(of, by, partial):
            return ["partial" if partial else "d", term_to_data(of), term_to_data(by)]
    return [type(t).__name__.lower(), *map(term_to_data, children(t))]  # add, mul, div, pow, neg


def term_from_data(data: object, path: str = "$") -> Term:
    """The term that the data says.  Raises RecordError with the place in the data, counted from `path`."""
    t = _node(data, path, 0)
    try:
        within_limits(_measured(t), "")
    except Unread as unread:
        raise RecordError(path, unread.message) from unread
    return t


def _measured(t: Term) -> Reading:
    return Reading(t, 0, 0, tuple(map(_measured, children(t))))


def _node(data: object, path: str, depth: int) -> Term:
    """One node and all inside it."""
    if depth > DEPTH:
        raise RecordError(path, f"a term is at most {DEPTH} deep")

    def at(k: int) -> str:
        return f"{path}[{k}]"

    def part(k: int) -> Term:
        assert isinstance(data, list)
        return _value(data[k], at(k), depth + 1)

    def each(first: int) -> tuple[Term, ...]:
        assert isinstance(data, list)
        return tuple(part(k) for k in range(first, len(data)))

    match data:
        case str():
            return Num(number_from_data(data, path))
        case ["number", value, int(places)] if not isinstance(places, bool) and 0 <= places <= PLACES:
            return Num(number_from_data(value, at(1)), places)
        case ["name", symbol, *indices]:
            return Name(symbol_from_data(symbol, at(1)), tuple(index_from_data(a, at(k)) for k, a in enumerate(indices, 2)))
        case ["add", _, _, *_]:
            return Add(each(1))
        case ["mul", _, _, *_]:
            return Mul(each(1))
        case ["neg", _]:
            return Neg(part(1))
        case ["div", _, _]:
            return Div(part(1), part(2))
        case ["pow", _, _]:
            return Pow(part(1), part(2))
        case ["call", f, *args]:
            return Call(_function(f, len(args), at(1)), each(2))
        case ["sum", index, _]:
            return Sum(index_from_data(index, at(1)), part(2))
        case ["match", a, b]:
            return Match(index_from_data(a, at(1)), index_from_data(b, at(2)))
        case ["cases", _, *_, _]:
            return Cases(tuple(_piece(p, at(k), depth + 1) for k, p in enumerate(data[1:-1], 1)), part(len(data) - 1))
        case ["d" | "partial" as kind, _, _]:
            by = part(2)
            if not isinstance(by, Name):
                raise RecordError(at(2), "a derivative is taken by a name")
            return D(part(1), by, kind == "partial")
        case [str(relation), _, _] if relation in Compare.RELATIONS:
            return Compare(part(1), relation, part(2))
        case [str(kind), *_] if kind in KINDS:
            raise RecordError(path, f"a node {kind!r} has other parts than these")
        case [str(kind), *_]:
            raise RecordError(at(0), f"there is no node {kind[:40]!r}; the nodes are {', '.join(KINDS)}")
    raise RecordError(path, "a term is a number in quotes, or a list that begins with the kind of its node")


def _value(data: object, path: str, depth: int) -> Term:
    t = _node(data, path, depth)
    if isinstance(t, Compare):
        raise RecordError(path, "a condition stands where a value is expected")
    return t


def _piece(data: object, path: str, depth: int) -> tuple[Term, Compare]:
    match data:
        case [value, when]:
            condition = _node(when, f"{path}[1]", depth + 1)
            if isinstance(condition, Compare):
                return _value(value, f"{path}[0]", depth + 1), condition
    raise RecordError(path, "a case is a pair of a value and a condition")


def number_from_data(data: object, path: str) -> Fraction:
    """An exact number: "2", "-1/3", in lowest terms."""
    if not isinstance(data, str) or len(data) > DIGITS or not _NUMBER.fullmatch(data):
        raise RecordError(path, 'a number is written in quotes, "2" or "-1/3"')
    top, _, bottom = data.partition("/")
    if bottom and not int(bottom):
        raise RecordError(path, "a number divides by zero")
    value = Fraction(int(top), int(bottom or 1))
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise RecordError(path, f"a number is longer than {BITS:,} bits")
    if str(value) != data:
        raise RecordError(path, f"a number is written in lowest terms, here {str(value)[:60]!r}")
    return value


def symbol_from_data(data: object, path: str) -> str:
    """A symbol that may be a name."""
    if not isinstance(data, str):
        raise RecordError(path, "a name is a text")
    if problem := symbol_problem(data):
        raise RecordError(path, f"{data[:40]!r} cannot be a name: {problem}")
    return data


def index_from_data(data: object, path: str) -> str:
    """A letter, digits where the axis has a number (h2), primes."""
    if not isinstance(data, str) or not _INDEX.fullmatch(data):
        raise RecordError(path, "an index is a letter, perhaps with a number, and primes")
    return data


def _function(data: object, arity: int, path: str) -> str:
    if not isinstance(data, str) or data not in FUNCTIONS:
        raise RecordError(path, f"unknown function {str(data)[:40]!r}; the functions are {', '.join(FUNCTIONS)}")
    if FUNCTIONS[data].arity != arity:
        raise RecordError(path, f"{data} takes {FUNCTIONS[data].arity}, not {arity} arguments")
    return data
