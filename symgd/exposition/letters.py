"""The letters of a page: what each is, what it means, and the shape of its array."""

from __future__ import annotations

from fractions import Fraction

from symgd.document.page import Formula, Inline
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.indices import axis
from symgd.term import Name, symbol_problem
from symgd.typeset.layout import layout

__all__ = ["letters", "shape"]

ALL = 18  # rows that are shown one by one; of more, those that differ in a number alone share a row


def letters(w: Writing, problem: Problem) -> None:
    """A table: symbol, kind, meaning, and the shape where there are matrices."""
    roles, shaped = dict(problem.roles), _shaped(problem)
    kinds = (
        *((p, "parameter") for p in problem.parameters),
        *((x, "data") for x in problem.data),
        *((c, f"constant{_value(v)}") for c, v in problem.constants),
        *((d.name, "defined below") for d in problem.tape),
        *((n, "count") for a, n in problem.count if any(a in x.indices for x in problem.data)),
    )
    rows = [(name, kind, roles.get(name.symbol, _says(problem, name))) for name, kind in kinds]
    groups = _grouped(rows) if len(rows) > ALL else [[row] for row in rows]
    w.head("The letters")
    head = ("symbol", "kind", "meaning", *(("shape",) if shaped else ()))
    w.table(head, [_row(w, problem, group, shaped) for group in groups])


Row = tuple[Name, str, str]


def _row(w: Writing, problem: Problem, group: list[Row], shaped: bool) -> tuple[Inline, ...]:
    (first, kind, says), *more = group
    symbols: Inline = (_symbol(w, first, kind),)
    for name, _, _ in more if len(group) <= 3 else more[-1:]:
        symbols += (", " if len(group) <= 3 else ", …, ", _symbol(w, name, kind))
    shapes = shape(problem, first, w.notation == "sample")
    if more and (last := shape(problem, more[-1][0], w.notation == "sample")) != shapes:
        shapes = (*shapes, ", …, ", *last)
    return (symbols, (kind,), (says if not more else _without_number(says),), *((shapes,) if shaped else ()))


def _symbol(w: Writing, name: Name, kind: str) -> Formula:
    return Formula(layout(name, "sum" if w.notation == "sample" else w.notation)) if kind == "count" else w.formula(name)


def _grouped(rows: list[Row]) -> list[list[Row]]:
    """Rows whose names and meanings differ in a number alone stand together, where the first of them stands."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for name, kind, says in rows:
        found.setdefault((_without_number(name.symbol), kind, _without_number(says)), []).append((name, kind, says))
    return list(found.values())


def _without_number(text: str) -> str:
    return " ".join("".join(c for c in text if not c.isdigit()).split())


def _shaped(problem: Problem) -> bool:
    return any(len(x.indices) > 1 for x in (*problem.parameters, *problem.data, *(d.name for d in problem.tape)))


def shape(problem: Problem, name: Name, of_one_sample: bool = False) -> Inline:
    """n × d, d for a column, and "a number" for what has no index; of one sample without the axis of the samples."""
    counted = {a: n.symbol for a, n in problem.count}
    sizes = counted | dict(problem.sizes)
    out: list[str | Formula] = []
    for k, index in enumerate(a for a in name.indices if not (of_one_sample and axis(a) in counted)):
        size = sizes.get(axis(index), axis(index))
        out += [" × " if k else "", Formula(layout(Name(size))) if symbol_problem(size) is None else size]
    return tuple(x for x in out if x) or ("a number",)


def _value(v: Fraction | None) -> str:
    return "" if v is None else f", {float(v):g}"


def _says(problem: Problem, name: Name) -> str:
    d = problem.definition(name.symbol)
    return d.says if d else "as declared"
