"""What every target says of a plan: the derivation for the docstring, the step that a line comes from, and names that clash with none of its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from fractions import Fraction

from symgd.indices import free, rename
from symgd.numeric.program.line import MADE, Line
from symgd.numeric.program.plan import Plan
from symgd.numeric.program.steady import LARGEST
from symgd.numeric.program.to_numpy import module, names_of
from symgd.term import D, Name, Sum, Term, replace
from symgd.typeset.layout import layout
from symgd.typeset.plain import to_unicode

__all__ = ["COMMENT_AT", "commented", "given", "indented", "named", "plain", "said", "signature", "story", "why"]

COMMENT_AT = 48


def story(p: Plan) -> str:
    """The definitions and the derivatives, one a line, under a title: the docstring of the NumPy module."""
    match ast.parse(module(p, ("loss",))).body[0]:
        case ast.Expr(ast.Constant(str(text))):
            return text.rstrip()
    return plain(p.problem.objective)


def why(x: Line, p: Plan) -> str:
    """The step of a tape that a line comes from, or what it is where it is a part of one."""
    if x.symbol[0] in MADE and x.symbol[0] != "∂":
        if x.symbol[0] == LARGEST:
            return "the largest of them: taken out of the exponents, it changes nothing, and none overflows"
        (index,) = {a for a in free(x.value) - set(x.axes) if x.kind == "sum"} or {""}
        return plain(_spelt(Sum(index, x.value) if index else x.value, p))
    if isinstance(x.about, str):
        d = p.problem.definition(x.about)
        return said(d.name, d.value, ":=") if d else ""
    L, by = x.about
    return said(D(Name(L), p.problem.declared()[by]), p.gradient.of(by).result if p.gradient is not None else x.value, "=")


def _spelt(t: Term, p: Plan) -> Term:
    """t with the names that plans make written out."""

    def change(s: Term) -> Term | None:
        match s:
            case Name(symbol, indices) if symbol[0] == LARGEST:
                return Name("max", indices)
            case Name(symbol, indices) if symbol[0] == "∂":
                of, by = symbol.replace("∂", "").split("/")
                return D(Name(of), Name(by, indices))
            case Name(symbol, indices) if symbol[0] in MADE and (line := p.line(symbol)) is not None and line.kind != "sum":
                return _spelt(rename(line.value, {a: b for a, b in zip(line.axes, indices, strict=True) if a != b}), p)
        return None

    return replace(t, change)


def plain(t: Term) -> str:
    """A formula on one line, with nothing that could end a comment."""
    return "".join(c for c in to_unicode(layout(t)) if c.isprintable() and c not in '"\\').replace("*/", "* /")


def said(left: Term, right: Term, sign: str) -> str:
    """∂L/∂w = …, as a comment"""
    return f"{plain(left)} {sign} {plain(right)}"


def commented(code: str, comment: str, mark: str = "#") -> str:
    return f"{code:<{COMMENT_AT}}  {mark} {comment}" if comment else code


def indented(lines: Iterable[str]) -> list[str]:
    """The lines a step further right, their comments where they were."""
    return ["    " + re.sub(r" {4}(  (?:#|/\*) )", r"\1", line, count=1) for line in lines]


def named(p: Plan, words: Iterable[str], spelt: Callable[[str], str] = str) -> dict[str, str]:
    """The identifier of every symbol of the plan, none of them one of `words`; `spelt` rewrites one where the target knows fewer letters."""
    used = set(words)
    out: dict[str, str] = {}
    known: dict[str, str] = {}
    for symbol, word in names_of(p).items():
        if word not in known:
            new = spelt(word)
            while new in used:
                new += "_"
            used.add(new)
            known[word] = new
        out[symbol] = known[word]
    return out


def given(p: Plan) -> tuple[Name, ...]:
    """What a function of the plan is given, in this order: parameters, data, weights where samples are weighted, constants, those with a value last."""
    weights = (Name(p.weight, (p.samples,)),) if p.weight else ()
    constants = (*(c for c, v in p.problem.constants if v is None), *(c for c, v in p.problem.constants if v is not None))
    return (*p.problem.parameters, *p.problem.data, *weights, *constants)


def signature(p: Plan, ids: dict[str, str]) -> str:
    """w, b, x, y, lam, delta=1.0"""
    values = {c.symbol: v for c, v in p.problem.constants}
    return ", ".join(ids[x.symbol] + _default(values.get(x.symbol)) for x in given(p))


def _default(v: Fraction | None) -> str:
    return "" if v is None else f"={float(v)!r}"
