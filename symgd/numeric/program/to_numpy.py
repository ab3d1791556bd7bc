"""Plan → the text of a NumPy module that imports NumPy alone: blocks that stay in the cache, buffers used again, each line naming its step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from symgd.indices import axis, free, rename
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.aligned import SIZE, Writer, aligned
from symgd.numeric.program.filling import Block, tail_of
from symgd.numeric.program.heads import head
from symgd.numeric.program.plan import MADE, WEIGHT, Line, Plan
from symgd.numeric.program.printing import RESERVED, identifiers
from symgd.numeric.program.steady import LARGEST
from symgd.numeric.program.together import LOG_LOSS, together
from symgd.term import Add, Call, D, Match, Name, Sum, Term, children, names, subterms
from symgd.term import replace as rewrite
from symgd.typeset.layout import layout
from symgd.typeset.plain import to_unicode

__all__ = ["compile_source", "module", "names_of"]

COMMENT_AT = 52


def names_of(p: Plan) -> dict[str, str]:
    """The identifier of every symbol of the plan."""
    given = [*p.parameters, *p.data, *p.constants, *([p.weight] if p.weight else []), *([p.count] if p.count else [])]
    ids = identifiers([*given, *(x.symbol for x in p.lines)])
    counted = {a: c.symbol for a, c in p.problem.count} | dict(p.problem.sizes)
    everything = (*p.problem.parameters, *p.problem.data, *(c for c, _ in p.problem.constants))
    sizes = dict(p.sizes) | ({p.count: p.samples} if p.count else {})
    for a in sorted({axis(i) for x in everything for i in x.indices} | ({p.samples} if p.samples else set())):
        symbol = next((s for s, b in sizes.items() if a == b), None)
        if symbol in ids:
            ids[SIZE + a] = ids[symbol]
            continue
        ids[SIZE + a] = "rows" if a == p.samples else next(iter(identifiers([counted.get(a, a)], ids.values()).values()))
        if symbol:
            ids[symbol] = ids[SIZE + a]
    return ids


def module(p: Plan, only: Sequence[str] = ("loss", "gradient", "loss_and_gradient")) -> str:
    """The source text: a docstring with the derivation, and the functions asked for.

    loss(w, b, x, y) -> float; gradient -> a tuple in the order of the parameters; loss_and_gradient -> both; per_sample (where sums mean one sample) -> (n, p).
    """
    p = replace(p, lines=together(p.lines)) if p.blocks else p
    ids = names_of(p)
    functions: dict[str, Callable[[], tuple[str, int]]] = {
        "loss": lambda: _function("loss", p, ids, p.results[:1], _outcome(ids, p.results[:1])),
        "gradient": lambda: _function("gradient", p, ids, p.results[1:], _outcome(ids, p.results[1:], "()")),
        "loss_and_gradient": lambda: _function("loss_and_gradient", p, ids, p.results, f"{ids[p.results[0]]}, {_outcome(ids, p.results[1:], '()')}"),
        "per_sample": lambda: (_rows(p, ids), 1),
    }
    made = [functions[f]() for f in only]
    texts = [text for text, _ in made]
    return "\n\n".join([f'"""{_story(p)}"""\n\n{head(texts, max(many for _, many in made) if p.flat else 0)}', *texts])


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
    if not p.flat:
        lines += [f"    {_shapes(p)}", ""]
    lines += [f"    {_said(d.name)} := {_said(d.value)}" for d in p.problem.tape]
    if p.gradient is not None:
        lines += [f"    {_said(d.goal)} = {_said(d.result)}" for d in p.gradient.sensitivities()]
    if p.meaning == "weighted":
        lines += ["", f"Every sum over the samples is weighted: each term times {p.weight}, and their number is the sum of the weights."]
    if p.meaning == "alone":
        lines += ["", "Each sample alone: a sum over the samples is its one term, and their number is 1."]
    return "\n".join(lines) + "\n"


def _shapes(p: Plan) -> str:
    """X (n, d), w (d,), b a number"""
    words = {a: c.symbol for a, c in p.problem.count} | dict(p.problem.sizes)
    given = (*p.problem.data, *p.problem.parameters, *(c for c, _ in p.problem.constants))
    arrays = [(x, [words.get(axis(a), axis(a)) for a in x.indices]) for x in given]
    return _printable(", ".join(f"{x.symbol} ({', '.join(s)}{',' * (len(s) == 1)})" if s else f"{x.symbol} a number" for x, s in arrays))


def _why(x: Line, p: Plan) -> str:
    """The comment of a line: the step it comes from, or what it is where it has no step of its own."""
    if x.symbol[0] in MADE and x.symbol not in p.results and x.symbol[0] != "∂":
        if x.symbol[0] == LARGEST:
            return "the largest of each row: taken out of the exponents, it changes nothing, and none overflows"
        value = _spelt(x.value, p)
        return f"Σᵢ {_bracketed(value)}" if x.kind == "sum" else _said(value)
    if isinstance(x.about, str):
        d = p.problem.definition(x.about)
        return f"{_said(d.name)} := {_said(d.value)}" if d else ""
    L, by = x.about
    declared = p.problem.declared()[by]
    result = p.gradient.of(by).result if p.gradient is not None else x.value
    return f"{_said(D(Name(L), declared))} = {_said(result)}"


def _spelt(t: Term, p: Plan) -> Term:
    """t with names that the plan made written out."""

    def change(s: Term) -> Term | None:
        if isinstance(s, Call) and s.function == LOG_LOSS:
            return _spelt(Call("sigmoid", s.args[:1]), p)
        if not isinstance(s, Name) or s.symbol[0] not in MADE:
            return None
        if s.symbol[0] == LARGEST:
            return Name("max", s.indices)
        if s.symbol[0] == "∂":
            L, by = s.symbol.replace("∂", "").split("/")
            return D(Name(L), Name(by, s.indices))
        line = p.line(s.symbol)
        if line is None:
            return None
        value = Sum(_over(line, p)[0], line.value) if line.kind == "sum" else line.value
        return _spelt(rename(value, {a: b for a, b in zip(line.axes, s.indices, strict=True) if a != b}), p)

    return rewrite(t, change)


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
    varying = {x.symbol for x in p.problem.data if any(axis(a) == p.samples for a in x.indices)} | ({p.weight} if p.weight else set())
    return [s for s in (*p.data, *([p.weight] if p.weight else ())) if s in varying and s in used]


def _function(name: str, p: Plan, ids: dict[str, str], results: tuple[str, ...], outcome: str) -> tuple[str, int]:
    """def name(parameters, data): the lines without samples, then a pass over the blocks, then the lines that need its sums, and so on; and its buffers."""
    lines = p.needed(results)
    write = Writer(ids, p.samples)
    what = {"loss": "The loss.", "gradient": "Its derivatives, in the order of the parameters.", "loss_and_gradient": "The loss and its derivatives."}[name]
    stage = _stages(lines) if p.blocks else {}
    body: list[str] = []
    buffers = 1
    axes: set[str] = {a for s, a in p.sizes if s in frozenset().union(*(names(x.value) for x in lines))}
    axes |= {axis(s.a) for x in lines for s in subterms(x.value) if isinstance(s, Match)}
    columns = _columns(p, lines)
    if p.count in frozenset().union(*(names(x.value) for x in lines)) or (p.blocks and columns):
        axes.add(p.samples)
    if not p.blocks:
        body += [_commented(f"    {ids[x.symbol]} = {_whole(x, p, write)}", _why(x, p)) for x in lines]
    for k in range(max(stage.values(), default=0) + 1 if p.blocks else 0):
        body += [_commented(f"    {ids[x.symbol]} = {_whole(x, p, write)}", _why(x, p)) for x in lines if x.kind == "scalar" and stage[x.symbol] == k]
        if sums := [x for x in lines if x.kind == "sum" and stage[x.symbol] == k]:
            text, needed, many = _pass(p, write, lines, sums)
            body += text
            axes |= needed
            buffers = max(buffers, many)
    head = [f"def {name}({_signature(p, ids)}):", f'    """{what}"""', *_sizes(p, ids, axes, columns)]
    if any(line.endswith(", dtype)") for line in body):
        head.append(f"    dtype = {_dtype(p, ids)}")
    return "\n".join([*head, *body, f"    return {outcome}"]) + "\n", buffers


def _whole(x: Line, p: Plan, write: Writer) -> str:
    """A line as one expression; a derivative that is the same for every entry of its parameter is repeated."""
    value = Sum(*_over(x, p), x.value) if x.kind == "sum" else x.value
    if x.symbol in p.results[1:]:
        parameter = p.problem.parameters[p.results.index(x.symbol) - 1]
        if x.axes != parameter.indices:
            array = write.ids[parameter.symbol]
            return f"np.full({array}.shape, {write.text(value, parameter.indices)}, {array}.dtype)"
    return write.text(value, x.axes)


def _over(x: Line, p: Plan) -> tuple[str]:
    """The index of the samples that a sum runs over."""
    (index,) = (a for a in free(x.value) - set(x.axes) if axis(a) == p.samples)
    return (index,)


def _sizes(p: Plan, ids: dict[str, str], axes: set[str], columns: Sequence[str]) -> list[str]:
    """How far the axes run, read off the arrays: n, d = X.shape."""
    out: list[str] = []
    left = set(axes)
    given = [x for x in (*p.problem.data, *p.problem.parameters, *(c for c, _ in p.problem.constants)) if x.indices]
    given.sort(key=lambda x: x.symbol not in columns)
    for x in given:
        found = {axis(a): k for k, a in reversed(list(enumerate(x.indices))) if axis(a) in left}
        if len(found) == len(x.indices) > 1:
            out.append(f"    {', '.join(ids[SIZE + axis(a)] for a in x.indices)} = {ids[x.symbol]}.shape")
        else:
            out += [f"    {ids[SIZE + a]} = {_length(ids[x.symbol], k)}" for a, k in sorted(found.items(), key=lambda f: f[1])]
        left -= set(found)
    return out


def _length(array: str, k: int) -> str:
    return f"{array}.shape[{k}]" if k else f"len({array})"


def _stages(lines: Sequence[Line]) -> dict[str, int]:
    """Which pass over the data a line belongs to: a sum is known only after its own."""
    stage: dict[str, int] = {}
    kinds = {x.symbol: x.kind for x in lines}
    for x in lines:
        stage[x.symbol] = max((stage[s] + (kinds[s] == "sum") for s in names(x.value) if s in stage), default=0)
    return stage


def _pass(p: Plan, write: Writer, lines: Sequence[Line], sums: Sequence[Line]) -> tuple[list[str], set[str], int]:
    """One pass over the blocks: the values per sample that these sums need, then the sums.  Also the axes whose sizes it needs, and how many buffers."""
    wanted = frozenset().union(*(names(x.value) for x in sums))
    chosen: list[Line] = []
    for x in reversed(lines):
        if x.kind == "sample" and x.symbol in wanted:
            wanted |= names(x.value)
            chosen.insert(0, x)
    ids = dict(write.ids)
    declared = {x.symbol: x for x in (*p.problem.data, Name(p.weight or WEIGHT.symbol, (p.samples,)))}
    columns = _columns(p, [*chosen, *sums])
    slices = identifiers([f"{ids[s]}_" for s in columns], {*ids.values(), *RESERVED})
    called = ids | {s: slices[f"{ids[s]}_"] for s in columns}
    length = _length(called[columns[0]], _slot(declared[columns[0]], p))
    inner = Writer(called, p.samples, "" if p.flat else f"ones[:{length}]", p.flat, own=True)
    tails = sorted({tail_of(x) for x in chosen} - {()})
    sized = {t: "".join(ids[SIZE + a] for a in t) for t in tails}
    words = identifiers([f"{s}_{sized[t]}" for t in tails for s in ("room", "part")], {*ids.values(), *slices.values()})
    room, part = ({t: words[f"{s}_{sized[t]}"] for t in tails} | {(): s} for s in ("room", "part"))
    given = {s: x for x in sums if _given(x) for s in names(x.value)}
    block = Block(inner, part, {ids[s]: ids[x.symbol] for s, x in given.items()})
    comments = {x.symbol: (f"{_log_loss(x.value, p)}; " if x.symbol in given else "") + _why(x, p) for x in chosen}
    statements = block.statements(chosen, sums, comments)
    if single := p.flat and block.rooms.get(()) == 1:  # an array, and not the first of several: beside a short column each call counts
        statements = [(re.sub(r"\bpart\[0\]", "part", text), comment) for text, comment in statements]
    statements += [(f"{ids[x.symbol]} += {inner.text(Sum(*_over(x, p), x.value), x.axes)}", _why(x, p)) for x in sums if not _given(x)]
    rows = ids[SIZE + p.samples]
    wide = set() if p.flat else {axis(a) for x in (*chosen, *(declared[s] for s in columns)) for a in getattr(x, "axes", getattr(x, "indices", ()))}
    wide -= {p.samples}
    sizes = [ids[SIZE + a] for a in sorted(wide)]
    out = [f"    {' = '.join(ids[x.symbol] for x in sums)} = 0.0"]
    step = "BLOCK"
    if sizes:
        step = "step"
        widest = sizes[0] if len(sizes) == 1 else f"max({', '.join(sizes)})"
        out.append(f"    step = max(256, BLOCK // {widest})")
    kind = "" if p.flat else ", dtype"
    for tail, count in sorted(block.rooms.items()):
        along = [*([] if single else [str(count)]), f"min({rows}, {step})", *(ids[SIZE + a] for a in tail)]
        shape = f"({', '.join(along)})" if len(along) > 1 else along[0]
        out.append(f"    {room[tail]} = np.empty({shape}{kind})")
    if inner.adds:
        out.append(f"    ones = np.ones(min({rows}, {step}){kind})")
    out.append(f"    for at in range(0, {rows}, {step}):")
    out += [f"        {inner.ids[s]} = {ids[s]}[{_before(declared[s], p)}at:at + {step}]" for s in columns]
    out += [f"        {part[t]} = {room[t]}[{':, ' * (not single)}:{length}]" for t in sorted(block.rooms)]
    out += [_commented(f"        {text}", comment) for text, comment in statements]
    return out, wide | {a for t in block.rooms for a in t}, sum(block.rooms.values())


def _given(x: Line) -> bool:
    """Is it a sum that the function gives back which fills the buffer of another line?"""
    return x.kind == "sum" and isinstance(x.value, Call) and x.value.function == LOG_LOSS


def _log_loss(t: Term, p: Plan) -> str:
    """What that function sums."""
    z, target = children(t)
    return f"Σᵢ ({_said(_spelt(Call('log', (1 + Call('exp', (z,)),)) - target * z, p))})"


def _slot(x: Name, p: Plan) -> int:
    return next(k for k, a in enumerate(x.indices) if axis(a) == p.samples)


def _before(x: Name, p: Plan) -> str:
    return ":, " * _slot(x, p)


def _dtype(p: Plan, ids: dict[str, str]) -> str:
    """The type of the numbers on the way: that of the data and the parameters together."""
    arrays = [next(x for x in p.problem.data if x.indices), *(x for x in p.problem.parameters if x.indices)][:2]
    return f"np.result_type({', '.join(ids[x.symbol] for x in arrays)})"


def _rows(p: Plan, ids: dict[str, str]) -> str:
    """def per_sample: every line has a value for each sample, the derivatives by scalars side by side, those by arrays in arrays of their own."""
    lines = p.needed(p.results[1:])
    write = Writer(ids, p.samples)
    columns = _columns(p, lines) or [x.symbol for x in p.problem.data if x.indices][:1]
    what = "One row a sample: the derivatives of its own loss, in the order of the parameters."
    axes = {a for s, a in p.sizes} | {axis(s.a) for x in lines for s in subterms(x.value) if isinstance(s, Match)} | {p.samples}
    body = [f"def per_sample({_signature(p, ids)}):", f'    """{what}"""', *_sizes(p, ids, axes, columns)]
    body += [_commented(f"    {ids[x.symbol]} = {write.text(x.value, x.axes)}", _why(x, p)) for x in lines]
    rows = ids[SIZE + p.samples]
    if all(not x.indices for x in p.problem.parameters):
        body.append(f"    out = np.empty(({rows}, {len(p.parameters)}))")
        body += [f"    out[:, {k}] = {ids[r]}" for k, r in enumerate(p.results[1:])]
        return "\n".join([*body, "    return out"]) + "\n"
    found = []
    for parameter, r in zip(p.problem.parameters, p.results[1:], strict=True):
        x = p.line(r)
        own = (p.samples, *parameter.indices)
        shape = f"({rows}, *{ids[parameter.symbol]}.shape)" if parameter.indices else f"({rows},)"
        text = ids[r] if x is None or x.axes == own else f"np.broadcast_to({aligned(ids[r], x.axes, own)}, {shape})"
        found.append(text)
    return "\n".join([*body, f"    return ({', '.join(found)}{',' * (len(found) == 1)})"]) + "\n"
