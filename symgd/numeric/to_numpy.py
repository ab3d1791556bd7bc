"""Plan → the text of a NumPy module that imports NumPy alone: blocks that stay in the cache, buffers used again, each line naming its step."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from symgd.language import FUNCTIONS
from symgd.numeric.plan import Line, Plan
from symgd.numeric.printing import RESERVED, identifiers, printed
from symgd.term import TWO, Add, Call, D, Mul, Name, Neg, Pow, Term, names, occurrences, parts
from symgd.typeset.layout import layout
from symgd.typeset.plain import to_unicode

__all__ = ["compile_source", "module", "names_of"]

HEAD = '''import numpy as np

BLOCK = 8192  # samples: what is computed on the way stays in the cache, and BLAS starts no threads for so few
'''
ERF = '''
from math import erf as _erf

erf = np.vectorize(_erf, otypes=[float])  # NumPy has none
'''
COMMENT_AT = 52


def names_of(p: Plan) -> dict[str, str]:
    """The identifier of every symbol of the plan."""
    given = [*p.parameters, *p.data, *p.constants, *([p.weight] if p.weight else []), *([p.count] if p.count else [])]
    return identifiers([*given, *(x.symbol for x in p.lines)])


def module(p: Plan, only: Sequence[str] = ("loss", "gradient", "loss_and_gradient")) -> str:
    """The source text: a docstring with the derivation, and the functions asked for.

    loss(w, b, x, y) -> float; gradient -> a tuple in the order of the parameters; loss_and_gradient -> both; per_sample (where sums mean one sample) -> (n, p).
    """
    ids = names_of(p)
    functions = {
        "loss": lambda: _function("loss", p, ids, p.results[:1], _outcome(ids, p.results[:1])),
        "gradient": lambda: _function("gradient", p, ids, p.results[1:], _outcome(ids, p.results[1:], "()")),
        "loss_and_gradient": lambda: _function("loss_and_gradient", p, ids, p.results, f"{ids[p.results[0]]}, {_outcome(ids, p.results[1:], '()')}"),
        "per_sample": lambda: _rows(p, ids),
    }
    texts = [functions[f]() for f in only]
    needs_erf = any("erf(" in t for t in texts)
    return "\n\n".join([f'"""{_story(p)}"""\n\n{HEAD}{ERF if needs_erf else ""}', *texts])


def compile_source(source: str, name: str) -> dict[str, Any]:
    """The functions of a source text that this module wrote; a traceback through them shows its lines."""
    place = f"<symgd {name}>"
    scope: dict[str, Any] = {}
    exec(compile(source, place, "exec"), scope)  # our own text: every name in it passed `identifiers`
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    return scope


# ---------------------------------------------------------------- words for a reader


def _said(t: Term) -> str:
    """The formula for a comment: one line whatever a name holds."""
    return _printable(to_unicode(layout(t)))


def _printable(text: str) -> str:
    """Text that can neither end a comment nor a docstring."""
    return "".join(c for c in text if c.isprintable() and c not in '"\\')


def _story(p: Plan) -> str:
    """The docstring: the definitions and the derivatives."""
    lines = [f"{_printable(p.problem.title)}: the loss and its gradient, as derived step by step.", ""]
    lines += [f"    {_said(d.name)} := {_said(d.value)}" for d in p.problem.tape]
    if p.gradient is not None:
        lines += [f"    {_said(d.goal)} = {_said(d.result)}" for d in p.gradient.sensitivities()]
    if p.meaning == "weighted":
        lines += ["", f"Every sum over the samples is weighted: each term times {p.weight}, and their number is the sum of the weights."]
    if p.meaning == "alone":
        lines += ["", "Each sample alone: a sum over the samples is its one term, and their number is 1."]
    return "\n".join(lines) + "\n"


def _why(x: Line, p: Plan) -> str:
    """The comment of a line: the step it comes from."""
    if x.kind == "sum":
        return f"Σᵢ {_bracketed(x.value)}"
    if isinstance(x.about, str):
        d = p.problem.definition(x.about)
        return f"{_said(d.name)} := {_said(d.value)}" if d else ""
    L, by = x.about
    declared = p.problem.declared()[by]
    result = p.gradient.of(by).result if p.gradient is not None else x.value
    return f"{_said(D(Name(L), declared))} = {_said(result)}"


def _bracketed(t: Term) -> str:
    return f"({_said(t)})" if isinstance(t, Add) else _said(t)


def _commented(code: str, comment: str) -> str:
    return f"{code:<{COMMENT_AT}}  # {comment}" if comment else code


def _outcome(ids: dict[str, str], results: Sequence[str], brackets: str = "") -> str:
    text = ", ".join(ids[r] for r in results)
    return f"({text}{',' * (len(results) == 1)})" if brackets else text


# ---------------------------------------------------------------- one function


def _signature(p: Plan, ids: dict[str, str]) -> str:
    values = {c.symbol: v for c, v in p.problem.constants}
    fixed = [ids[c] + ("" if values[c] is None else f"={_decimal(values[c])}") for c in p.constants]
    order = [ids[s] for s in (*p.parameters, *p.data)] + ([ids[p.weight]] if p.weight else [])
    return ", ".join(order + (["*", *fixed] if fixed else []))


def _decimal(v: Fraction | None) -> str:
    return repr(float(v)) if v is not None else "None"


def _columns(p: Plan, lines: Iterable[Line]) -> list[str]:
    """The data with a value for each sample that the lines use."""
    used = frozenset().union(*(names(x.value) for x in lines))
    varying = {x.symbol for x in p.problem.data if x.indices} | ({p.weight} if p.weight else set())
    return [s for s in (*p.data, *([p.weight] if p.weight else ())) if s in varying and s in used]


def _function(name: str, p: Plan, ids: dict[str, str], results: tuple[str, ...], outcome: str) -> str:
    """def name(parameters, data): the scalars, then a pass over the blocks, then the scalars that need its sums, and so on."""
    lines = p.needed(results)
    stage = _stages(lines)
    what = {"loss": "The loss.", "gradient": "Its derivatives, in the order of the parameters.", "loss_and_gradient": "The loss and its derivatives."}[name]
    body = [f"def {name}({_signature(p, ids)}):", f'    """{what}"""']
    columns = _columns(p, lines)
    if p.count in frozenset().union(*(names(x.value) for x in lines)) or columns:
        rows = ids.get(p.count, "rows")
        body.append(f"    {rows} = len({ids[columns[0] if columns else next(x.symbol for x in p.problem.data if x.indices)]})")
    for k in range(max(stage.values(), default=0) + 1):
        body += [_commented(f"    {ids[x.symbol]} = {printed(x.value, ids)}", _why(x, p)) for x in lines if x.kind == "scalar" and stage[x.symbol] == k]
        if sums := [x for x in lines if x.kind == "sum" and stage[x.symbol] == k]:
            body += _pass(p, ids, lines, sums)
    return "\n".join([*body, f"    return {outcome}"]) + "\n"


def _stages(lines: Sequence[Line]) -> dict[str, int]:
    """Which pass over the data a line belongs to: a sum is known only after its own."""
    stage: dict[str, int] = {}
    kinds = {x.symbol: x.kind for x in lines}
    for x in lines:
        stage[x.symbol] = max((stage[s] + (kinds[s] == "sum") for s in names(x.value) if s in stage), default=0)
    return stage


def _pass(p: Plan, ids: dict[str, str], lines: Sequence[Line], sums: Sequence[Line]) -> list[str]:
    """One pass over the blocks: the values per sample that these sums need, then the sums."""
    wanted = frozenset().union(*(names(x.value) for x in sums))
    chosen: list[Line] = []
    for x in reversed(lines):
        if x.kind == "sample" and x.symbol in wanted:
            wanted |= names(x.value)
            chosen.insert(0, x)
    columns = _columns(p, [*chosen, *sums])
    parts_of = identifiers([f"{ids[s]}_" for s in columns], {*ids.values(), *RESERVED})
    inner = ids | {s: parts_of[f"{ids[s]}_"] for s in columns}
    rows = ids.get(p.count, "rows")
    varying = {*columns, *(x.symbol for x in chosen)}
    emitted, rooms = _block(chosen, sums, inner, varying, p)
    first = inner[columns[0]]
    out = [f"    {' = '.join(ids[x.symbol] for x in sums)} = 0.0"]
    if rooms:
        out.append(f"    room = np.empty(({rooms}, min({rows}, BLOCK)))")
    out.append(f"    for at in range(0, {rows}, BLOCK):")
    out += [f"        {inner[s]} = {ids[s]}[at:at + BLOCK]" for s in columns]
    if rooms:
        out.append(f"        part = room[:, :len({first})]")
    out += ["        " + e for e in emitted]
    return out + [_commented(f"        {ids[x.symbol]} += {_reduced(x.value, inner, varying)}", _why(x, p)) for x in sums]


def _block(chosen: Sequence[Line], sums: Sequence[Line], ids: dict[str, str], varying: set[str], p: Plan) -> tuple[list[str], int]:
    """The statements that compute the values per sample, and how many buffers they need.  A buffer whose value is used up is used again."""
    uses = [x.value for x in (*chosen, *sums)]
    last = {x.symbol: max((k for k, t in enumerate(uses) if x.symbol in names(t)), default=-1) for x in chosen}
    room: dict[str, int] = {}
    out: list[str] = []
    used = 0
    for k, x in enumerate(chosen):
        dying = [s for s in room if last[s] == k and len(occurrences(x.value, s)) == 1]
        taken = {room[s] for s in room if last[s] > k}
        own = next((room[s] for s in dying if s in _head(x.value)), None)
        slot = own if own is not None else next(r for r in range(len(chosen) + 1) if r not in taken | {room[s] for s in room if last[s] == k})
        statements, filled = _fill(ids[x.symbol], x.value, f"part[{slot}]", ids, varying)
        if filled:
            room[x.symbol], used = slot, max(used, slot + 1)
        statements[-1] = _commented("        " + statements[-1], _why(x, p))[8:]
        out += statements
    return out, used


def _head(t: Term) -> frozenset[str]:
    """The names read before the buffer is written to: those of the first statement of `_fill`."""
    match t:
        case Add(ts):
            return names(ts[0]) if isinstance(ts[0], Mul) else names(ts[0]) | names(ts[1])
        case Mul(fs):
            return names(fs[0]) | names(fs[1])
    return names(t)


def _fill(v: str, t: Term, buffer: str, ids: dict[str, str], varying: set[str]) -> tuple[list[str], bool]:
    """v := t in place where t is a sum or product of simple pieces or one function of such; else as one expression.  True where the buffer is used."""

    def two(f: str, a: Term, b: Term) -> str:
        return f"{v} = np.{f}({printed(a, ids)}, {printed(b, ids)}, out={buffer})"

    def more(operator: str, t: Term) -> str:
        return f"{v} {operator}= {printed(t, ids)}"

    if not names(t) & varying:
        return [f"{v} = {printed(t, ids)}"], False
    match t:
        case Add((Mul((a, b)), *rest)) if names(Mul((a, b))) & varying:
            return [two("multiply", a, b), *(_added(more, s) for s in rest)], True
        case Add((a, Neg(b), *rest)) if names(Add((a, b))) & varying:
            return [two("subtract", a, b), *(_added(more, s) for s in rest)], True
        case Add((a, b, *rest)) if names(Add((a, b))) & varying:
            return [two("add", a, b), *(_added(more, s) for s in rest)], True
        case Mul((a, b, *rest)) if names(Mul((a, b))) & varying:
            return [two("multiply", a, b), *(more("*", s) for s in rest)], True
        case Call(f, (u,)) if re.fullmatch(r"np\.\w+\(\{0\}\)", FUNCTIONS[f].numpy):
            return [f"{v} = {FUNCTIONS[f].numpy.format(printed(u, ids))[:-1]}, out={buffer})"], True
    return [f"{v} = {printed(t, ids)}"], False


def _added(more: Callable[[str, Term], str], t: Term) -> str:
    return more("-", t.body) if isinstance(t, Neg) else more("+", t)


def _reduced(t: Term, ids: dict[str, str], varying: set[str]) -> str:
    """Σ t over the block: a product as `@`, anything else by .sum()."""
    factors: list[Term] = []
    for f in parts(Mul, t):
        factors += [f.base, f.base] if isinstance(f, Pow) and f.exponent == TWO and isinstance(f.base, Name) else [f]
    if len(factors) >= 2 and all(names(f) & varying for f in factors):
        left = printed(Mul(tuple(factors[:-1])) if len(factors) > 2 else factors[0], ids)
        right = printed(factors[-1], ids)
        return f"{_one(left)} @ {_one(right)}"
    text = printed(t, ids)
    return f"{_one(text)}.sum()"


def _one(text: str) -> str:
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _rows(p: Plan, ids: dict[str, str]) -> str:
    """def per_sample: every line is a value per sample, the derivatives side by side."""
    lines = p.needed(p.results[1:])
    columns = _columns(p, lines) or [x.symbol for x in p.problem.data if x.indices][:1]
    body = [f"def per_sample({_signature(p, ids)}):", '    """One row a sample: the derivatives of its own loss, in the order of the parameters."""']
    body += [_commented(f"    {ids[x.symbol]} = {printed(x.value, ids)}", _why(x, p)) for x in lines]
    body.append(f"    out = np.empty(({f'len({ids[columns[0]]})' if columns else '1'}, {len(p.parameters)}))")
    body += [f"    out[:, {k}] = {ids[r]}" for k, r in enumerate(p.results[1:])]
    return "\n".join([*body, "    return out"]) + "\n"
