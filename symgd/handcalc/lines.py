"""The lines of a working as terms: read one by one, then once more with the names of all of them known.

A name that is applied to names, h(x) or price(i), is that name; J(w, b) = … says what J depends on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from symgd.handcalc.verdict import Written
from symgd.language import FUNCTIONS
from symgd.reading import Unread
from symgd.reading.line import Statement, read_line
from symgd.term import Call, D, Mul, Name, Sum, Term, children, names, rebuild, subterms
from symgd.term import replace as replace_terms

__all__ = ["MARKS", "Row", "Said", "read_rows", "sign_of"]

# what the reader says that is no function: the judge gives it its meaning
MARKS = frozenset(("transpose", "matmul", "hadamard", "norm", "norm1", "list", "matrix", "gradient", "at", "sum", "mean", "Cov", "Var"))


_ARROW = re.compile(r":=|←|<-|\\(?:leftarrow|gets|coloneqq|coloneq)(?![A-Za-z])|≔")
_ROUND = re.compile(r"∂|\\partial(?![A-Za-z])")
_UNNAMED = frozenset("fghsSpqr")  # letters that functions have, and parameters seldom


@dataclass(frozen=True)
class Said:
    """One a = b = c.

    terms      its members; wide: as they read where Σ and d/dw take everything up to their end, or the same
    places     where each member stands in the line
    relations  relations[k] stands before terms[k]; "" before the first one, unless the line goes on from the one above
    arguments  what the name on the left was said to depend on
    notes      what was written loosely
    counts     what its sums run to
    rounds     is ∂ written in the k-th member, not d?
    """

    terms: tuple[Term, ...]
    wide: tuple[Term, ...]
    places: tuple[tuple[int, int], ...]
    relations: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    rounds: tuple[bool, ...] = ()

    @property
    def continues(self) -> bool:
        return self.relations[0] != ""


@dataclass(frozen=True)
class Row:
    """A line as read: what it says, or why it could not be read."""

    written: Written
    said: tuple[Said, ...] = ()
    unread: Unread | None = None
    symbols: frozenset[str] = field(default=frozenset(), compare=False)


def read_rows(lines: Sequence[Written]) -> list[Row]:
    """Every line, the names of all of them known."""
    first = [_row(w, frozenset()) for w in lines]
    running = frozenset(x.index for r in first for said in r.said for t in said.terms for x in subterms(t) if isinstance(x, Sum) and x.index[-1:].isdigit())
    first = _one_alphabet([_row(w, frozenset(), running=running) for w in lines] if running else first)
    heads = {said.terms[0].symbol for r in first for said in r.said if len(said.terms) > 1 and isinstance(said.terms[0], Name)}
    symbols = frozenset(s for r in first for said in r.said for t in said.terms for s in names(t) if s.isidentifier()) - ({"e", "pi"} - heads)
    symbols -= {s for s in symbols if _product(s, symbols, first)}
    functions = frozenset(s for r in first for said in r.said for s in _applied(said, r.written.text)) | _always_applied(lines, symbols)
    second = [_row(w, symbols - functions, functions, running) for w in lines]
    rows = [a if b.unread and not a.unread else b for a, b in zip(first, second, strict=True)]
    return _at_places(_one_alphabet(rows))


def _at_places(rows: list[Row]) -> list[Row]:
    """f′(w_0), where f(w) = … was stated: the derivative by w, at w_0."""
    stated = [(said.terms[0], said.arguments[0], said.terms[1]) for r in rows for said in r.said if len(said.arguments) == 1 and len(said.terms) > 1]
    by = {t.symbol: argument for t, argument, value in stated if isinstance(t, Name) and argument in names(value)}

    def change(t: Term) -> Term | None:
        match t:
            case D(Name(f, ()), Name(s, ()) as u) if f in by and s != by[f] and s.partition("_")[0] == by[f]:
                return Call(f + "'", (u,))
        return None

    return _changed(rows, change)


def _one_alphabet(rows: list[Row]) -> list[Row]:
    """z_c, where a Σ over c stands in another line and z carries an index there: the c of z."""
    every = [x for r in rows for said in r.said for t in said.terms for x in subterms(t)]
    bound = {x.index for x in every if isinstance(x, Sum)}
    indexed = {x.symbol for x in every if isinstance(x, Name) and x.indices}

    def change(t: Term) -> Term | None:
        if not isinstance(t, Name) or t.indices:
            return None
        stem, _, tail = t.symbol.rpartition("_")
        return Name(stem, (tail,)) if tail in bound and stem in indexed else None

    return _changed(rows, change)


def _changed(rows: list[Row], change: Callable[[Term], Term | None]) -> list[Row]:
    def new(terms: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(replace_terms(t, change) for t in terms)

    return [replace(r, said=tuple(replace(s, terms=new(s.terms), wide=new(s.wide)) for s in r.said)) for r in rows]


def _always_applied(lines: Sequence[Written], symbols: frozenset[str]) -> frozenset[str]:
    """s in s(n1) and s(n2): a letter that never stands without a bracket, with one name in it, is a function."""
    text = "\n".join(w.text for w in lines)
    out = set()
    for s in symbols & _UNNAMED:
        every = re.findall(rf"(?<![A-Za-z\\_]){s}(?![A-Za-z_])", text)
        called = re.findall(rf"(?<![A-Za-z\\_]){s}\((?:[A-Za-z][A-Za-z0-9]*)(?:_(?:\w|\{{\w+\}}))?\)", text)
        if called and len(called) == len(every):
            out.add(s)
    return frozenset(out)


def _product(s: str, symbols: frozenset[str], rows: Sequence[Row]) -> bool:
    """Is the word uv two names that stand elsewhere by themselves, and nowhere a name that is defined?"""
    if len(s) != 2 or not s.isalpha() or not s.islower() or not {*s} <= symbols:
        return False
    heads = {said.terms[0].symbol for r in rows for said in r.said if len(said.terms) > 1 and isinstance(said.terms[0], Name)}
    return s not in heads and {*s} <= heads | {"x", "y", "w", "b"}


def _applied(said: Said, text: str) -> list[str]:
    """f in f(x) = …: it may be applied to other things elsewhere."""
    first = said.terms[0]
    if isinstance(first, Mul) and len(said.terms) > 1 and len(first.factors) == 2 and all(isinstance(x, Name) and not x.indices for x in first.factors):
        f, x = (s.symbol for s in first.factors if isinstance(s, Name))  # q(v) = vᵀ A v
        right = names(said.terms[1])
        return [f] if re.match(rf"\W*{re.escape(f)}\s*\(", text) and x in right and f not in right else []
    named = isinstance(first, Name) and len(said.arguments) == 1 and len(said.terms) > 1
    return [first.symbol] if named and isinstance(first, Name) and first.symbol.partition("_")[0] in ("f", "g", "h") else []


def _row(w: Written, declared: frozenset[str], functions: frozenset[str] = frozenset(), running: frozenset[str] = frozenset()) -> Row:
    """The line as read; `running`: the numbered letters, h1, that a Σ of some line runs over."""
    try:
        found = read_line(w.text, w.syntax, declared, functions)
        wide = read_line(w.text, w.syntax, declared, functions, wide=True) if any(s.open for s in found) else found
    except Unread as unread:
        return Row(w, unread=unread)
    if len(wide) != len(found) or any(len(a.members) != len(b.members) for a, b in zip(found, wide, strict=True)):
        wide = found
    letters = frozenset(a for s in found for m in s.members for x in subterms(m.term) if isinstance(x, Name) for a in x.indices) | {"i"}
    return Row(w, tuple(_said(w.text, a, b, letters, running) for a, b in zip(found, wide, strict=True)))


def _said(text: str, s: Statement, wide: Statement, letters: frozenset[str], running: frozenset[str]) -> Said:
    arguments = tuple(a.symbol for a in s.arguments if isinstance(a, Name))
    return Said(
        tuple(spoken(m.term, letters, running) for m in s.members),
        tuple(spoken(m.term, letters, running) for m in wide.members),
        tuple((m.start, m.end) for m in s.members),
        s.relations,
        arguments,
        s.notes,
        s.counts,
        tuple(_ROUND.search(text[m.start : m.end]) is not None for m in s.members),
    )


def spoken(t: Term, letters: frozenset[str] = frozenset(), running: frozenset[str] = frozenset()) -> Term:
    """t with f(x) as the name f, at the sample that x belongs to; f(3) and f(x + h) stay applied."""

    def go(x: Term) -> Term:
        return spoken(x, letters, running)

    match t:
        case Name(s, indices) if any(i[-1:].isdigit() for i in indices):
            return _numbered(s, indices, letters, running)
        case Call("Cov" | "cov", (a, b)):
            return Call("Cov", (go(a), go(b)))
        case Call("Var" | "var", (a,)):
            return Call("Var", (go(a),))
        case Call(f, args) if f not in FUNCTIONS and f not in MARKS and not f.endswith("'") and all(isinstance(a, Name) for a in args):
            symbols = [a for a in args if isinstance(a, Name)]
            if len(symbols) == 1 and symbols[0].symbol in letters and not symbols[0].indices:
                return Name(f, (symbols[0].symbol,))
            return Name(f, tuple(dict.fromkeys(i for a in symbols for i in a.indices)))
        case D(of, by, partial):
            inner, below = go(of), go(by)
            return D(inner, below if isinstance(below, Name) else by, partial and not isinstance(inner, Name))
    return rebuild(t, [go(c) for c in children(t)])


def _numbered(s: str, indices: tuple[str, ...], letters: frozenset[str], running: frozenset[str]) -> Name:
    """x_i1 is x_1 of the sample i; out_h1 is a name, unless a Σ runs over h1."""
    kept: list[str] = []
    for index in indices:
        letter, digits = index.rstrip("0123456789"), index.lstrip("abcdefghijklmnopqrstuvwxyz'")
        if index in running:
            kept.append(index)
        elif letter in letters and digits.isdigit():
            s, index = f"{s}_{digits}", letter
            kept.append(letter)
        elif digits.isdigit():
            s = f"{s}_{index}"
        else:
            kept.append(index)
    return Name(s, tuple(kept))


def sign_of(text: str, said: Said, k: int) -> str:
    """How the writer sets the k-th member: ←, := or another arrow for an update, else =."""
    arrow = _ARROW.search(text[said.places[k - 1][1] : said.places[k][0]]) if k == 1 and said.relations[k] == ":=" else None
    return arrow[0] if arrow else "="
