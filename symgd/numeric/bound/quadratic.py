"""Is the loss c Σ_i u_i² + P with u = t + Σ_k a_k(θ) F_k + a_0(θ), the F_k of data alone?  Then the moments of t and F serve every θ.

For a line: u = y − w x − b, so t = y, F_1 = x, a_1 = −w, a_0 = −b.  Written for the moments, each call costs the same for any number of rows.

Glossary: `t`, `F`, `a` as in `moments`; θ the parameters; `P` the penalty; `h_k` = ½ ∂(Σ u²)/∂a_k.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symgd.meaning import expression
from symgd.numeric.program.plan import Line, Plan
from symgd.numeric.program.printing import print_sympy
from symgd.term import TWO, Name, Pow, Term, names
from symgd.term import replace as rewrite

__all__ = ["Square", "bound_source", "columns_source", "costs", "square", "step_lines"]


@dataclass(frozen=True)
class Square:
    """L = scale · Σ u² + penalty, every field in SymPy over the plan's symbols.

    scale         c: made of n and constants
    fixed         t
    columns       F_1, …, F_K
    coefficients  a_0, a_1, …, a_K: polynomials in the parameters and constants
    penalty       P
    affine        are the a_k affine in the parameters, and P quadratic?  Then L is a quadratic form, with one Hessian for all θ.
    """

    scale: Any
    fixed: Any
    columns: tuple[Any, ...]
    coefficients: tuple[Any, ...]
    penalty: Any
    affine: bool


def square(p: Plan) -> Square | None:
    """The loss of the plan as a sum of squares, or None where it is none (or its columns need sums of their own)."""
    lines = p.needed(p.results[:1])
    sums = [x for x in lines if x.kind == "sum"]
    loss = p.line(p.results[0])
    if loss is None or loss.kind != "scalar" or (p.data and len(sums) != 1):
        return None
    if not sums:
        return _of_parameters(p, loss)
    match sums[0].value:
        case Pow(Name(u, _), exponent) if exponent == TWO:
            pass
        case _:
            return None
    values = {x.symbol: x.value for x in lines if x is not sums[0] and x is not loss}
    if any(sums[0].symbol in names(v) for v in values.values()):
        return None
    symbols = _symbols(p, sums[0].symbol)
    total = symbols[sums[0].symbol]
    L = expression(_unfolded(loss.value, values), symbols)
    theta = [symbols[s] for s in p.parameters]
    scale, penalty = sp.diff(L, total), L.subs(total, 0)
    if scale.has(total, *theta) or sp.expand(L - scale * total - penalty) != 0:
        return None
    return _split(expression(_unfolded(values[u], values), symbols), scale, penalty, theta, [symbols[s] for s in p.constants])


def _of_parameters(p: Plan, loss: Line) -> Square | None:
    """A loss without data: c = 0 and P the whole, where that is quadratic."""
    symbols = _symbols(p, "")
    values = {x.symbol: x.value for x in p.lines if x is not loss}
    out = _split(sp.S.Zero, sp.S.Zero, expression(_unfolded(loss.value, values), symbols), [symbols[s] for s in p.parameters], [])
    return out if out is not None and out.affine else None


def _symbols(p: Plan, total: str) -> dict[str, Any]:
    return {s: sp.Symbol(s, real=True) for s in (*p.parameters, *p.data, *p.constants, *_counts(p), total) if s}


def _counts(p: Plan) -> list[str]:
    """The symbols that mean n."""
    return [*(c.symbol for _, c in p.problem.count), *([p.count] if p.count else [])]


def _unfolded(t: Term, values: dict[str, Term]) -> Term:
    """t over parameters, constants and data, without indices."""

    def change(s: Term) -> Term | None:
        if isinstance(s, Name):
            return _unfolded(values[s.symbol], values) if s.symbol in values else Name(s.symbol)
        return None

    return rewrite(t, change)


def _split(u: Any, scale: Any, penalty: Any, theta: Sequence[Any], constants: Sequence[Any]) -> Square | None:
    """u by columns of data: each monomial of u in θ and the constants belongs to the column that is its coefficient."""
    letters = [*theta, *constants]
    if not u.is_polynomial(*letters):
        return None
    found: dict[Any, Any] = {}
    for powers, coefficient in sp.Poly(u, *letters).terms():
        for part in sp.Add.make_args(sp.expand(coefficient)):
            number, column = part.as_coeff_Mul()
            found[column] = found.get(column, 0) + number * sp.Mul(*(v**k for v, k in zip(letters, powers, strict=True)))
    fixed = sp.Add(*(a * column for column, a in found.items() if a.is_number))
    moving = sorted((column for column, a in found.items() if not a.is_number and column != 1), key=sp.default_sort_key)
    constant = found[sp.S.One] if sp.S.One in found and not found[sp.S.One].is_number else sp.S.Zero
    sign = -1 if fixed.could_extract_minus_sign() else 1
    coefficients = tuple(sp.expand(sign * a) for a in (constant, *(found[c] for c in moving)))
    affine = all(sp.diff(a, v, w) == 0 for a in coefficients for v in theta for w in theta)
    curved = [sp.diff(penalty, v, w, x) for v in theta for w in theta for x in theta]
    return Square(scale, sign * fixed, tuple(moving), coefficients, penalty, affine and all(sp.expand(c) == 0 for c in curved))


def columns_source(q: Square, p: Plan, ids: Mapping[str, str]) -> str:
    """def columns(x, y): t and F_1, …, of as many rows as it is given."""
    to = {sp.Symbol(s, real=True): sp.Symbol(ids[s]) for s in p.data}
    texts = [print_sympy(c.xreplace(to)) for c in (q.fixed, *q.columns)]
    return "\n".join([
        f"def columns({', '.join(ids[s] for s in p.data)}):",
        '    """What the residual is made of: the part without a parameter, then a column for each coefficient."""',
        f"    return {', '.join(texts)},",
        "",
    ])  # fmt: skip


def bound_source(q: Square, p: Plan, ids: Mapping[str, str]) -> str:
    """def bound(moments): closures over plain floats.  Names of ours begin with an underscore, which no symbol may."""
    write = _Writer(q, p, ids)
    values = {c.symbol: v for c, v in p.problem.constants}
    fixed = "".join(f", {ids[c]}" + ("" if (v := values[c]) is None else f"={float(v)!r}") for c in p.constants)
    signature = ", ".join(write.theta_ids)
    return "\n".join([
        f"def bound(_moments{fixed}):",
        '    """The loss and its derivatives with every sum over the data taken: functions of the parameters alone."""',
        "    _n, _a0, _mean, _R = _moments.n, _moments.constant, _moments.mean, _moments.R",
        *_indented(4, [*write.unpacked(), f"_half = {write.text(q.scale)}", f"_c = {write.text(2 * q.scale)}"]),
        "",
        f"    def loss({signature}):",
        *_indented(8, [*write.distances(), *write.square(), f"return {write.loss()}"]),
        "",
        f"    def loss_and_gradient({signature}):",
        *_indented(8, [*write.distances(), *write.square(), *write.halves(), f"return {write.loss()}, ({', '.join(write.gradient())},)"]),
        "",
        *(_walk(write) if q.affine else ["    walk = None"]),
        "",
        "    def form():",
        '        """What Σ u² is multiplied by, twice; its coefficients by each parameter; the second derivatives of the rest; its coefficients at 0."""',
        f"        return {write.form() if q.affine else None}",
        "",
        "    return loss, loss_and_gradient, walk, form",
        "",
    ])  # fmt: skip


def costs(q: Square, p: Plan, ids: Mapping[str, str]) -> tuple[int, int]:
    """(multiplications, additions) of one call of the loss and its derivatives, bound: those in its text, subtractions among the additions."""
    write = _Writer(q, p, ids)
    lines = [*write.distances(), *write.square(), *write.halves(), write.loss(), *write.gradient()]
    signs = [type(s.op) for line in lines for s in ast.walk(ast.parse(line)) if isinstance(s, ast.BinOp)]
    return signs.count(ast.Mult), signs.count(ast.Add) + signs.count(ast.Sub)


def step_lines(q: Square, p: Plan, ids: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(lines that come first, lines of one step θ − _rate ∂L/∂θ): of the parameters and of _n, _a0, _mean, _ak, _mk, _gk, _Sjk, the fields of the moments."""
    write = _Writer(q, p, ids)
    slopes = [f"_e{j} = {g}" for j, g in enumerate(write.gradient())]
    step = ", ".join(f"{t} - _rate*_e{j}" for j, t in enumerate(write.theta_ids))
    return [f"_c = {write.text(2 * q.scale)}"], [*write.distances(), *write.halves(), *slopes, f"{', '.join(write.theta_ids)} = {step}"]


def _walk(write: _Writer) -> list[str]:
    """The descent itself, every step spelled out: nothing is looked up, packed or called.  Its rules are those of `descend._Walk.go`."""
    theta = write.theta_ids
    count = range(len(theta))
    new = ", ".join(f"_t{j}" for j in count)
    here = ", ".join(theta)
    mark = ", ".join(f"_k{j}" for j in count)

    def same(other: str) -> str:
        return " and ".join(f"{t} == {other}{j}" for j, t in enumerate(theta))

    slopes = [f"_e{j} = {g}" for j, g in enumerate(write.gradient())]
    values = [*write.distances(), *write.square(), *write.halves(), f"_loss = {write.loss()}", *slopes]
    step = ", ".join(f"{t} - _rate*_e{j}" for j, t in enumerate(theta))
    body = [
        f"{new} = {step}",
        f"if _halt and {same('_t')}:",
        '    _why = "unchanged"',
        "    break",
        f"{here} = {new}",
        "_old = _loss",
        *values,
        "_steps += 1",
        "if _points is not None:",
        *(f"    _points.append({t})" for t in theta),
        "    _losses.append(_loss)",
        "if _watch:",
        "    if not _loss <= _limit and not _loss <= _old:",
        '        _why = "diverged"',
        "        break",
        f"    if {same('_k')}:",
        '        _why = "cycle"',
        "        break",
        "    if _steps == _next:",
        f"        {mark}, _marked, _next = {here}, _steps, 2*_next",
    ]
    return [
        f"    def walk({here}, _rate, _most, _halt, _watch, _limit, _points, _losses):",
        '        """Steps θ − rate ∂L/∂θ until the parameters stand still, come back (Brent), or the loss blows up."""',
        f"        _why, _steps, _marked, _next, {mark} = '', 0, 0, 1, {here}",
        *_indented(8, values),
        "        if not _halt and not _watch and _points is None:  # where it ends is all that is asked: no loss on the way",
        "            for _steps in range(1, _most + 1):",
        *_indented(16, [f"{here} = {step}", *write.distances(), *write.halves(), *slopes]),
        *_indented(12, [*write.square(), f"_loss = {write.loss()}"]),
        "        while _steps < _most:",
        *_indented(12, body),
        f"        return _why, _steps, _steps - _marked, ({here},), _loss, ({', '.join(f'_e{j}' for j in count)},)",
    ]


def _indented(by: int, lines: Sequence[str]) -> list[str]:
    return [" " * by + line for line in lines]


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms) if terms else "0.0"


class _Writer:
    """The scalar expressions of a square as text: d_k the distance of a_k from the anchor, u the mean of u, q the sum Σ u²."""

    def __init__(self, q: Square, p: Plan, ids: Mapping[str, str]) -> None:
        self.q = q
        self.many = range(1, len(q.columns) + 1)
        self.theta = [sp.Symbol(s, real=True) for s in p.parameters]
        self.theta_ids = [ids[s] for s in p.parameters]
        self.to = {sp.Symbol(s, real=True): sp.Symbol(ids[s]) for s in (*p.parameters, *p.constants)}
        self.to |= {sp.Symbol(s, real=True): sp.Symbol("_n") for s in _counts(p)}

    def text(self, e: Any) -> str:
        return print_sympy((e if isinstance(e, sp.Basic) else sp.Integer(e)).xreplace(self.to), scalar=True)

    def unpacked(self) -> list[str]:
        out = [f"_a{k}, _m{k}, _g{k} = _moments.anchor[{k - 1}], _moments.means[{k - 1}], _moments.g[{k - 1}]" for k in self.many]
        return out + [f"_S{j}{k} = _moments.S[{j - 1}][{k - 1}]" for j in self.many for k in self.many if j <= k]

    def distances(self) -> list[str]:
        """_d_k = a_k − anchor_k, _u the mean of u, _h0 = n u, _s_k = Σ (F_k − m_k) u"""
        many = self.many
        return [
            *(f"_d{k} = {self.text(a)} - _a{k}" for k, a in enumerate(self.q.coefficients)),
            f"_u = {_sum(['_mean', '_d0', *(f'_m{k}*_d{k}' for k in many)])}",
            "_h0 = _n*_u",
            *(f"_s{k} = " + _sum([f"_g{k}", *(f"_S{min(j, k)}{max(j, k)}*_d{j}" for j in many)]) for k in many),
        ]

    def square(self) -> list[str]:
        """_q = Σ u²"""
        return ["_q = _h0*_u + (" + _sum(["_R", *(f"_d{k}*(_g{k} + _s{k})" for k in self.many)]) + ")"]

    def halves(self) -> list[str]:
        """_h_k = ½ ∂(Σ u²)/∂a_k"""
        return [f"_h{k} = _m{k}*_h0 + _s{k}" for k in self.many]

    def loss(self) -> str:
        """c Σ u² + P"""
        return f"_half*_q + {self.text(self.q.penalty)}" if self.q.penalty != 0 else "_half*_q"

    def gradient(self) -> list[str]:
        """2c Σ_k h_k ∂a_k/∂θ_j + ∂P/∂θ_j"""
        out = []
        for v in self.theta:
            turns = [(k, sp.diff(a, v)) for k, a in enumerate(self.q.coefficients)]
            terms = [f"_h{k}" if d == 1 else f"-_h{k}" if d == -1 else f"({self.text(d)})*_h{k}" for k, d in turns if d != 0]
            by_penalty = sp.diff(self.q.penalty, v)
            out.append(_sum([f"_c*({_sum(terms)})"] * bool(terms) + [self.text(by_penalty)] * (by_penalty != 0)))
        return out

    def form(self) -> str:
        """2c, ∂a/∂θ, ∂²P/∂θ², a(0)"""
        turns = [[sp.diff(a, v) for a in self.q.coefficients] for v in self.theta]
        bend = [[sp.diff(self.q.penalty, v, w) for w in self.theta] for v in self.theta]
        return f"_c, {self.rows(turns)}, {self.rows(bend)}, {self.rows([[a.subs(dict.fromkeys(self.theta, 0)) for a in self.q.coefficients]])}[0]"

    def rows(self, entries: list[list[Any]]) -> str:
        return "[" + ", ".join(f"[{', '.join(map(self.text, row))}]" for row in entries) + "]"
