"""Term ↔ plain data: a number is a text, every other node a list that begins with its kind.  What is read is checked node by node.

`"2"`, `"-1/3"` · `["number", "1/2", 2]` written with two decimals · `["name", "x", "i"]` is x_i · `["add", a, b, …]`, `["mul", a, b, …]`
`["div", a, b]`, `["pow", a, b]`, `["neg", a]` · `["call", "tanh", a]` · `["sum", "i", a]` · `["match", "i", "j"]` · `["<=", a, b]`, any relation
`["det", "j", "j'", a]` · `["inverse", "k", "l", "j", "j'", a]`
`["cases", a, condition, …, otherwise]` · `["d", of, by]` along the tape, `["partial", of, by]` with the other names held fixed
"""

from __future__ import annotations

import re
from fractions import Fraction

from symgd.language import FUNCTIONS
from symgd.reading.limits import BITS, within_limits
from symgd.reading.pratt import Reading
from symgd.reading.unread import Unread
from symgd.term import Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, subterms, symbol_problem

__all__ = ["Data", "RecordError", "index_from_data", "number_from_data", "symbol_from_data", "term_from_data", "term_to_data"]

Data = str | int | list["Data"] | dict[str, "Data"] | None

DEPTH, PLACES = 200, 1_000
DIGITS = 2_500  # characters of a number, before it is made one

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
        case Det(row, column, entry):
            return ["det", row, column, term_to_data(entry)]
        case Inverse(a, b, row, column, entry):
            return ["inverse", a, b, row, column, term_to_data(entry)]
        case Compare(a, relation, b):
            return [relation, term_to_data(a), term_to_data(b)]
        case D(of, by, partial):
            return ["partial" if partial else "d", term_to_data(of), term_to_data(by)]
    return [type(t).__name__.lower(), *map(term_to_data, children(t))]  # add, mul, div, pow, neg, cases


def term_from_data(data: object, path: str = "$") -> Term:
    """The term that the data says.  Raises RecordError with the place in the data, counted from `path`."""
    t = _node(data, path, 0)
    if sum(s.value.numerator.bit_length() + s.value.denominator.bit_length() for s in subterms(t) if isinstance(s, Num)) > 4 * BITS:
        raise RecordError(path, f"the numbers of one term are longer than {4 * BITS:,} bits together")
    try:
        within_limits(_measured(t), "")
    except Unread as unread:
        raise RecordError(path, unread.message) from unread
    return t


def _measured(t: Term) -> Reading:
    return Reading(t, 0, 0, tuple(map(_measured, children(t))))


# The terms inside a node: (where the first one stands, at least how many, at most how many).
SLOTS = {
    "add": (1, 2, None), "mul": (1, 2, None), "neg": (1, 1, 1), "div": (1, 2, 2), "pow": (1, 2, 2), "call": (2, 1, None), "sum": (2, 1, 1),
    "det": (3, 1, 1), "inverse": (5, 1, 1),
    "d": (1, 2, 2), "partial": (1, 2, 2), "number": (3, 0, 0), "match": (3, 0, 0), "name": (1, 0, 0), "cases": (1, 3, None),
} | dict.fromkeys(Compare.RELATIONS, (1, 2, 2))  # fmt: skip


def _node(data: object, path: str, depth: int) -> Term:
    """One node and all inside it.  Two frames of Python a level, so that DEPTH levels fit."""
    if depth > DEPTH:
        raise RecordError(path, f"a term is at most {DEPTH} deep")
    if isinstance(data, str):
        return Num(number_from_data(data, path))
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise RecordError(path, "a term is a number in quotes, or a list that begins with the kind of its node")
    kind = data[0]
    if kind not in SLOTS:
        raise RecordError(f"{path}[0]", f"there is no node {kind[:40]!r}; the nodes are {', '.join(SLOTS)}")
    if kind in ("name", "number", "match"):
        return _leaf(data, path)
    first, least, most = SLOTS[kind]
    inside = [_node(x, f"{path}[{k}]", depth + 1) for k, x in enumerate(data) if k >= first]
    if not least <= len(inside) <= (most or len(inside)):
        raise RecordError(path, f"a node {kind!r} has {least if most else f'at least {least}'} inside, not {len(inside)}")
    for k, t in enumerate(inside, first):
        if isinstance(t, Compare) != (kind == "cases" and k % 2 == 0):
            raise RecordError(f"{path}[{k}]", "a condition stands where a value is expected" if isinstance(t, Compare) else "a condition is expected")
    return _put_together(data, inside, path)


def _leaf(data: list[object], path: str) -> Term:
    match data:
        case ["number", value, int(places)] if not isinstance(places, bool) and 0 <= places <= PLACES:
            return Num(number_from_data(value, f"{path}[1]"), places)
        case ["name", symbol, *indices]:
            return Name(symbol_from_data(symbol, f"{path}[1]"), tuple(index_from_data(a, f"{path}[{k}]") for k, a in enumerate(indices, 2)))
        case ["match", a, b]:
            return Match(index_from_data(a, f"{path}[1]"), index_from_data(b, f"{path}[2]"))
    raise RecordError(path, f"a node {data[0]!r} has other parts than these")


def _put_together(data: list[object], inside: list[Term], path: str) -> Term:
    """The node of the kind data[0] with these terms inside."""
    match data[0], inside:
        case "add", _:
            return Add(tuple(inside))
        case "mul", _:
            return Mul(tuple(inside))
        case "neg", [a]:
            return Neg(a)
        case "div", [a, b]:
            return Div(a, b)
        case "pow", [a, b]:
            return Pow(a, b)
        case "call", _:
            return Call(_function(data[1], len(inside), f"{path}[1]"), tuple(inside))
        case "sum", [body]:
            return Sum(index_from_data(data[1], f"{path}[1]"), body)
        case "det", [entry]:
            row, column = _letters(data[1:3], path)
            return Det(row, column, entry)
        case "inverse", [entry]:
            at, to, row, column = _letters(data[1:5], path)
            return Inverse(at, to, row, column, entry)
        case "cases", [*pieces, otherwise] if len(pieces) % 2 == 0:
            pairs = zip(pieces[::2], pieces[1::2], strict=True)
            return Cases(tuple((value, when) for value, when in pairs if isinstance(when, Compare)), otherwise)
        case "d" | "partial" as kind, [of, by]:
            if not isinstance(by, Name):
                raise RecordError(f"{path}[2]", "a derivative is taken by a name")
            return D(of, by, kind == "partial")
        case str(relation), [a, b]:
            return Compare(a, relation, b)
    raise RecordError(path, f"a node {data[0]!r} has other parts than these")


def _letters(data: list[object], path: str) -> list[str]:
    """The letters that stand before what is inside a node."""
    return [index_from_data(a, f"{path}[{k}]") for k, a in enumerate(data, 1)]


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
