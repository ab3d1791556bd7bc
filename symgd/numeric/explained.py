"""A plan in words: what is taken once, what each call computes for each sample, and how often it passes over the data; all counts are of its own lines."""

from __future__ import annotations

from collections import Counter

from symgd.document.page import Inline, Mono, Page, Prose, Table
from symgd.indices import free
from symgd.numeric.bound.quadratic import costs, square
from symgd.numeric.bound.squares import wide_square
from symgd.numeric.program.line import MADE
from symgd.numeric.program.plan import Line, Plan
from symgd.numeric.program.to_numpy import names_of
from symgd.term import Add, Call, Cases, Div, Mul, Name, Num, Pow, Sum, Term, children, names, replace
from symgd.typeset.layout import layout
from symgd.typeset.plain import to_unicode

__all__ = ["counts", "explained", "passes"]

WORDS = {"×": "multiplication", "+": "addition", "÷": "division", "≥": "comparison", "exp": "exponential", "log": "logarithm", "tanh": "tanh"}
KINDS = {"scalar": "once a call", "sample": "for each sample", "sum": "summed over the samples"}
SIGNS = {"⁼": "s", "·": "l", "⌈": "max ", "ₑ": "e ", "⁻": "inverse "}  # for the signs that the symbols made by a plan begin with
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _many(many: int, one: str, more: str = "") -> str:
    """three means, one mean"""
    return f"{NUMBERS[many] if many < len(NUMBERS) else f'{many:,}'} {one if many == 1 else more or one + 's'}"


def counts(p: Plan) -> Counter[str]:
    """What one call of loss_and_gradient computes for each sample; of a sum its product and its addition."""
    out: Counter[str] = Counter()
    for x in p.lines:
        if x.kind != "scalar":
            out += _operations(x.value)
            out["+"] += x.kind == "sum"
    return +out


def _operations(t: Term) -> Counter[str]:
    """Subtractions count as additions; what stays the same from sample to sample counts not at all."""
    out: Counter[str] = Counter()
    for c in children(t):
        out += _operations(c)
    if not free(t):
        return Counter()
    match t:
        case Add(ts):
            out["+"] += len(ts) - 1
        case Mul(fs):
            out["×"] += len(fs) - 1
        case Div():
            out["÷"] += 1
        case Pow(b, Num(k)) if k in (2, 4) or (k == 3 and isinstance(b, Name)):
            out["×"] += 1 if k == 2 else 2
        case Pow():
            out["power"] += 1
        case Call(f, _):
            out[{"log1p": "log"}.get(f, f)] += 1
        case Cases(pieces, _):
            out["≥"] += len(pieces)
    return out


def passes(p: Plan) -> int:
    """How often a call goes over the data: sums that need each other come one after the other."""
    if not p.blocks:
        return 1
    stage: dict[str, int] = {}
    kinds = {x.symbol: x.kind for x in p.lines}
    for x in p.lines:
        stage[x.symbol] = max((stage[s] + (kinds[s] == "sum") for s in names(x.value) if s in stage), default=0)
    return max((k + 1 for s, k in stage.items() if kinds[s] == "sum"), default=0)


def explained(p: Plan) -> Page:
    """The lines in their order, and two sentences."""
    table = Table((("what is computed",), ("how often",)), tuple(((Mono(_said(x)),), (KINDS[x.kind] + ", of data alone" * x.once,)) for x in p.lines))
    return Page((f"The plan of {p.problem.title}",), (table, Prose(_each(p)), *(Prose(s) for s in _once(p))))


def _each(p: Plan) -> Inline:
    """each call: one pass over the data, for each sample three multiplications"""
    if not p.samples or not p.data:
        return ("each call: plain numbers, no data",)
    over = f"each call: {_many(passes(p), 'pass', 'passes')} over the data"
    if not p.flat:
        return (f"{over}, {'a block of rows at a time' if p.blocks else 'all rows at once'}",)
    found = sorted(counts(p).items(), key=lambda c: ([*WORDS, c[0]].index(c[0]), c[0]))
    return (f"{over}, for each sample {', '.join(_many(many, WORDS.get(sign, sign)) for sign, many in found)}",)


def _once(p: Plan) -> list[Inline]:
    """What is reduced over data alone."""
    q = square(p) if p.flat else None
    if q is not None and p.data:
        means = len(q.columns) + 1
        products = means * (means + 1) // 2
        times, plus = costs(q, p, names_of(p))
        taken = f"bound to data: {_many(means, 'mean')} and {_many(products, 'sum')} of products are taken once"
        return [(f"{taken}; each call: {_many(times, 'multiplication')} and {_many(plus, 'addition')}, for any number of rows",)]
    if not p.flat and wide_square(p.problem) is not None:
        return [("bound to data: one Gram matrix of the columns is taken once; each call is made from it, for any number of rows",)]
    return []


def _said(x: Line) -> str:
    value = Sum(next(a for a in sorted(free(x.value)) if a not in x.axes), x.value) if x.kind == "sum" and free(x.value) - set(x.axes) else x.value
    name = x.symbol if x.symbol[0] in ("∂", "Σ") else to_unicode(layout(_spoken(Name(x.symbol, x.axes))))
    return f"{name} := {to_unicode(layout(_spoken(value)))}"


def _word(symbol: str) -> str:
    return SIGNS.get(symbol[0], symbol[0]) + symbol[1:]


def _spoken(t: Term) -> Term:
    return replace(t, lambda s: Name(_word(s.symbol), s.indices) if isinstance(s, Name) and s.symbol[0] in MADE else None)
