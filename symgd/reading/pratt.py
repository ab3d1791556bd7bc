"""Pratt's walk over tokens: what may begin an expression and what may follow one stands in two tables (`grammar.py`).

A Reading is a term with its place, and has the same shape: its parts are the readings of the term's children.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, NoReturn

from symgd.reading.tokens import DEPTH, Token
from symgd.reading.unread import Unread
from symgd.reading.words import ENDING_WORDS
from symgd.term import Add, Mul, Term

__all__ = ["LOWEST", "MINUS", "POWER", "PRODUCT", "SUM", "Cursor", "Infix", "Reading", "Student", "begins", "expression", "joined"]

# How strongly an operator binds; what stands to its right is read at the same strength.
LOWEST, SUM, MINUS, PRODUCT, POWER = 0, 20, 25, 30, 50


@dataclass(frozen=True, slots=True)
class Reading:
    """text[start:end] says `term`; parts[k].term is children(term)[k]."""

    term: Term
    start: int
    end: int
    parts: tuple[Reading, ...] = ()
    depth: int = field(default=0, compare=False)

    def at(self, start: int, end: int) -> Reading:
        """The same, with the brackets around it."""
        return replace(self, start=start, end=end)


class Infix(NamedTuple):
    """binds: how strongly; build: from what stands left, with the cursor on the operator, the whole."""

    binds: int
    build: Callable[[Cursor, Reading], Reading]


@dataclass
class Student:
    """What is kept while a stranger's looser line is read.

    wide    do Σ and d/dw take everything up to the end of their bracket (and not one product)?
    notes   (what was repaired on the way, where it starts, where it ends)
    counts  what sums run to
    open    would `wide` read the line otherwise?
    letters names that stand alone somewhere in the line
    inside  how many sums are open here
    """

    wide: bool = False
    notes: list[tuple[str, int, int]] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    open: bool = False
    letters: frozenset[str] = frozenset()
    inside: int = 0
    applied: dict[str, tuple[Term, ...]] = field(default_factory=dict)


@dataclass
class Cursor:
    """Where the walk stands, and what it knows.

    closing       for each opening bracket the one that closes it
    declared      names that are names, whatever else they could mean
    functions_of  names that are functions: w(x) is no product
    bound         letters of the sums around the place
    bars          is a | open within the innermost brackets?
    student       set where a stranger's looser line is read
    """

    text: str
    tokens: list[Token]
    closing: Mapping[int, int]
    syntax: str
    declared: Collection[str]
    functions_of: Collection[str]
    prefix: Mapping[str, Callable[[Cursor], Reading]]
    infix: Mapping[str, Infix]
    student: Student | None = None
    at: int = 0
    bound: tuple[str, ...] = ()
    bars: bool = False
    depth: int = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    @property
    def last(self) -> Token:
        return self.tokens[self.at - 1]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, *texts: str) -> bool:
        """Is the operator, bracket or command here one of these?"""
        t = self.tokens[self.at]
        return t.text in texts and t.kind not in ("word", "number")

    def refuse(self, message: str, at: Token | Reading | None = None, hint: str = "") -> NoReturn:
        at = at or self.here
        raise Unread(message, self.text, at.start, at.end, hint)

    def down(self) -> None:
        """One call deeper: each level of the text takes at most two."""
        self.depth += 1
        if self.depth > 2 * DEPTH:
            self.refuse(f"the expression is nested deeper than {DEPTH}")

    def missing(self, what: str) -> NoReturn:
        """Something else stands here than was expected."""
        t = self.here
        self.refuse(f"{what} is missing at the end" if t.kind == "end" else f"{what} is missing before {self.text[t.start : t.end]!r}")

    def made(self, term: Term, start: int, end: int, *parts: Reading) -> Reading:
        """A reading, its depth within the limit."""
        depth = 1 + max((p.depth for p in parts), default=0)
        if depth > DEPTH:
            raise Unread(f"the expression is nested deeper than {DEPTH}", self.text, start, end)
        return Reading(term, start, end, parts, depth)


def expression(p: Cursor, binds: int = LOWEST) -> Reading:
    """All that stands here and is bound more strongly than `binds`."""
    p.down()
    t = p.here
    begin = p.prefix.get(t.kind) or p.prefix.get(t.text)
    if begin is None:
        p.missing("an expression")
    left = begin(p)
    while (operator := _operator(p)) is not None and operator.binds > binds:
        left = operator.build(p, left)
    p.depth -= 1
    return left


def _operator(p: Cursor) -> Infix | None:
    """The operator here; where an operand follows at once, the product that has no sign."""
    t = p.here
    if t.kind == "op" and t.text in p.infix:
        return p.infix[t.text]
    return p.infix[""] if begins(p) else None


def begins(p: Cursor) -> bool:
    """Does an operand begin here, so that with what stands before it makes a product?"""
    t = p.here
    if t.kind == "op":
        return t.text in p.prefix and t.text not in p.infix and not (t.text == "|" and p.bars)
    return (t.kind in p.prefix or (t.kind == "command" and t.text in p.prefix)) and not (t.kind == "word" and t.text in ENDING_WORDS)


def joined(p: Cursor, kind: type[Add] | type[Mul], pieces: list[Reading]) -> Reading:
    """a + b + … or a b …, flattened as the tree is."""
    if len(pieces) == 1:
        return pieces[0]
    flat = [x for piece in pieces for x in (piece.parts if isinstance(piece.term, kind) else (piece,))]
    return p.made(kind(tuple(x.term for x in flat)), pieces[0].start, pieces[-1].end, *flat)
