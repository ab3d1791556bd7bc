r"""A line of somebody's working → its statements: members, the relations between them, and what was loosely written.

`read_line(r"\frac{dL}{dw} = 2u\,x_i \approx 3.2")`
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from symgd.language import FUNCTIONS
from symgd.reading.limits import within_limits
from symgd.reading.loose import LOOSE_INFIX, LOOSE_PREFIX
from symgd.reading.loose_names import PRIMED, spread
from symgd.reading.loose_rates import headless
from symgd.reading.marks import RELATIONS
from symgd.reading.letters import divide
from symgd.reading.passes import passed
from symgd.reading.pratt import Cursor, Reading, Student, expression
from symgd.reading.reader import settle
from symgd.reading.statements import lexed, parted
from symgd.reading.tokens import Token, brackets
from symgd.reading.unread import Unread
from symgd.term import Add, Call, D, Div, Mul, Name, Neg, Term, add, mul, names

__all__ = ["Statement", "read_line", "statements"]

_STEPS = {"-=": -1, "+=": 1, "*=": 1, "/=": -1}
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Statement:
    """One a = b = c of a line.

    members    the sides, each a Reading with its place in the line
    relations  relations[k] stands before members[k]: "=", ":=" (also for ← and −=), "≈", "≡", "∝", "or", "<", …;
               relations[0] is "" unless the line continues the one above
    start, end its place
    notes      what was written loosely, and how it was read: one sentence each
    arguments  of J(w, b) = …: what the name on the left depends on
    counts     what its sums run to: n, N, 3
    open       would Σ or d/dw, taken up to the end of their bracket (`wide=True`), give another reading?
    """

    members: tuple[Reading, ...]
    relations: tuple[str, ...]
    start: int
    end: int
    notes: tuple[str, ...] = ()
    arguments: tuple[Term, ...] = ()
    counts: tuple[str, ...] = ()
    open: bool = False

    @property
    def continues(self) -> bool:
        """Does it begin with a relation?"""
        return self.relations[0] != ""


def statements(text: str, syntax: str = "auto") -> tuple[tuple[int, int], ...]:
    """The place of each statement in the line; one that holds all, where the line cannot be divided."""
    try:
        pieces = parted(_passed(text, _syntax(text, syntax), NONE, Student()))
    except Unread:
        return ((0, len(text)),)
    return tuple((piece[0].start, piece[-1].end) for piece in pieces)


def read_line(
    text: str, syntax: str = "auto", declared: Collection[str] = NONE, functions_of: Collection[str] = NONE, wide: bool = False
) -> tuple[Statement, ...]:
    """The statements of the line, in order.  Raises Unread.

    declared      names that are names, whatever else they could mean, and whose letters side by side are products
    functions_of  names that are functions: h(x) is then no product
    wide          Σ and d/dw take everything up to the end of their bracket
    """
    chosen = _syntax(text, syntax)
    notes = Student(wide)
    tokens = _passed(text, chosen, {*declared, *functions_of}, notes)
    pieces = parted(tokens)
    if not pieces:
        raise Unread("there is no mathematics in this line", text, 0, len(text))
    common, notes.notes = notes.notes, []
    out = []
    for piece in pieces:
        student = Student(wide, [note for note in common if piece[0].start <= note[1] < piece[-1].end])
        out.append(_statement(text, chosen, piece, declared, functions_of, student))
    return tuple(out)


def _syntax(text: str, syntax: str) -> str:
    return syntax if syntax != "auto" else "latex" if "\\" in text or "$" in text else "ascii"


def _passed(text: str, syntax: str, declared: Collection[str], notes: Student) -> list[Token]:
    return passed(lexed(text, syntax), text, syntax, declared, notes)


def _statement(text: str, syntax: str, piece: list[Token], declared: Collection[str], functions_of: Collection[str], student: Student) -> Statement:
    """The members of one statement, from its tokens."""
    end = piece[-1].end
    raw = [*piece, Token("end", "", end, end)]
    brackets(raw, text)
    tokens = settle(raw, text, syntax, {*declared, *functions_of}, divide=divide(student))
    student.letters = frozenset(a.text for a, b in pairwise(tokens) if a.kind == "word" and b[:2] != ("op", "^"))
    p = Cursor(text, tokens, brackets(tokens, text), syntax, declared, functions_of, LOOSE_PREFIX, LOOSE_INFIX, student)
    members: list[Reading] = []
    relations: list[str] = []
    lengths: list[int] = []
    while True:
        relations.append(_relation(p, members))
        if p.here.kind == "end" and members:
            relations.pop()
            break
        side, length = _listed(p)
        members.append(within_limits(side, text))
        lengths.append(length)
        if p.here.kind == "end":
            break
    _paired(p, members, lengths)
    return _finished(p, piece, members, relations)


def _listed(p: Cursor) -> tuple[Reading, int]:
    """A side, and how many values it names side by side: w, b = 0, 0 has lists for sides."""
    first = expression(p)
    if not p.sees(","):
        return first, 1
    items = [first]
    while p.sees(","):
        p.at += 1
        items.append(expression(p))
    return p.made(Call("list", tuple(x.term for x in items)), first.start, items[-1].end, *items), len(items)


def _paired(p: Cursor, members: list[Reading], lengths: list[int]) -> None:
    """Beside w, b stand two values: 0, 0 or [0, 0]."""
    counts = [len(m.term.args) if isinstance(m.term, Call) and m.term.function == "list" else 1 for m in members]
    if max(lengths) > 1 and len(members) > 1 and len(set(counts)) > 1:
        p.refuse("as many values are expected as names", members[lengths.index(max(lengths))])


def _relation(p: Cursor, members: list[Reading]) -> str:
    """The relation here; "" at the beginning."""
    t = p.here
    if t.kind == "op" and (t.text in RELATIONS or (members and t.text in ("or", "→"))):
        p.at += 1
        while p.sees("prose"):
            p.at += 1
        return ":=" if t.text == "→" else t.text
    if members:
        if p.sees("prose") and p.tokens[p.at + 1].text in RELATIONS:
            p.at += 1
            return _relation(p, members)
        p.refuse("the expression ends before this")
    return ""


def _finished(p: Cursor, piece: list[Token], members: list[Reading], relations: list[str]) -> Statement:
    """With += written out, a missing = put in, and what J(w, b) = … depends on."""
    student = p.student
    assert student is not None
    arguments: tuple[Term, ...] = ()
    for k, r in enumerate(relations):
        if r in _STEPS and k:
            members[k], relations[k] = _updated(p, members[k - 1], r, members[k]), ":="
    if len(members) == 1 and relations == [""]:
        members, relations = _with_equals(p, members[0], student)
    if len(members) > 1 and relations[0] == "" and relations[1] in ("=", ":=", "≡", "∝"):
        first = members[0]
        if isinstance(first.term, Call) and first.term.function not in FUNCTIONS and _defines(first.term):
            arguments = first.term.args
            members[0] = spread(headless(first.term, labelled=True), first.start, first.end)
        elif isinstance(first.term, Name):
            arguments = student.applied.get(first.term.symbol, ())
        members[0] = _next(members)
    _counted(members, student)
    ordered = sorted(dict.fromkeys(student.notes), key=lambda note: note[1:])
    return Statement(tuple(members), tuple(relations), piece[0].start, piece[-1].end, tuple(dict.fromkeys(note for note, _, _ in ordered)),
                     arguments, tuple(dict.fromkeys(student.counts)), student.open)  # fmt: skip


def _defines(t: Call) -> bool:
    """J(w, b) and f(x_i), but not L(w_new)"""
    plain = tuple(Name(a.symbol) if isinstance(a, Name) else a for a in t.args)
    return headless(Call(t.function, plain)) != Call(t.function, plain)


def _updated(p: Cursor, left: Reading, sign: str, right: Reading) -> Reading:
    """w −= a is w := w − a"""
    match sign:
        case "-=":
            whole = add(left.term, Neg(right.term))
        case "+=":
            whole = add(left.term, right.term)
        case "*=":
            whole = mul(left.term, right.term)
        case _:
            whole = Div(left.term, right.term)
    return spread(whole, right.start, right.end)


def _with_equals(p: Cursor, whole: Reading, student: Student) -> tuple[list[Reading], list[str]]:
    """∂E/∂w(a − b) c, on a line alone, has lost its equals sign."""
    if isinstance(whole.term, Mul) and isinstance(whole.term.factors[0], D) and isinstance(whole.term.factors[0].of, Name) and p.syntax == "ascii":
        first, second = whole.parts[0], whole.parts[1]
        if first.end == second.start and p.text[second.start] == "(" and not any(isinstance(f, D) for f in whole.term.factors[1:]):
            student.notes.append((f"the sign = after {p.text[first.start : first.end]} is missing", first.end, first.end))
            rest = whole.parts[1:]
            return [first, spread(mul(*(r.term for r in rest)), rest[0].start, rest[-1].end)], ["", "="]
    return [whole], [""]


def _next(members: list[Reading]) -> Reading:
    """w' = w − … : the next w"""
    first, second = members[0].term, members[1].term
    match first:
        case D(Name(symbol, indices), by) if by == PRIMED and isinstance(second, Add) and Name(symbol, indices) in second.terms:
            return spread(Name(symbol + "_prime", indices), members[0].start, members[0].end)
    return members[0]


def _counted(members: list[Reading], student: Student) -> None:
    """n over the sum and N outside"""
    written = set().union(*(names(m.term) for m in members)) if members else set()
    for count in student.counts:
        other = count.swapcase()
        if other in written and count not in written and count != other:
            student.notes.append((f"the sum runs to {count}, and {other} stands outside: one count is meant", members[0].start, members[0].end))
