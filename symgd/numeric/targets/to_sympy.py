"""Tapes → a module of plain SymPy expressions: the loss of one sample and its derivatives, for the user's own lambdify."""

from __future__ import annotations

from typing import Any

from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.indices import axis, rename
from symgd.meaning import expression, mixes
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.line import NotSupported, tidy
from symgd.numeric.program.plan import Plan, plan
from symgd.numeric.program.printing import identifiers
from symgd.numeric.targets.called import Called, Machine, doubles
from symgd.numeric.targets.scalar import Words, scalar
from symgd.numeric.targets.told import commented, given, said, story
from symgd.term import ONE, D, Name, Sum, Term, children, names, rebuild
from symgd.term import replace as rewrite

__all__ = ["compile", "module"]

SAME = ("exp", "log", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch", "sign", "erf")
SAME_ARC = ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch")
WORDS = Words(
    target="sympy",
    numpy={},
    calls={f: f"sympy.{f}({{0}})" for f in SAME} | {f"a{f}": f"sympy.a{f}({{0}})" for f in SAME_ARC} | {
        "abs": "sympy.Abs({0})", "max": "sympy.Max({0}, {1})", "min": "sympy.Min({0}, {1})", "relu": "sympy.Max({0}, 0)",
        "leakyrelu": "sympy.Max({0}, {0}/100)", "sigmoid": "1/(1 + sympy.exp(-{0}))", "softplus": "sympy.log(1 + sympy.exp({0}))",
        "silu": "{0}/(1 + sympy.exp(-{0}))", "gelu": "{0}*(1 + sympy.erf({0}/sympy.sqrt(2)))/2", "logcosh": "sympy.log(sympy.cosh({0}))",
        "log2": "sympy.log({0}, 2)", "log10": "sympy.log({0}, 10)",
    },
    number=lambda v: str(v) if v.denominator == 1 else f"sympy.Rational({v.numerator}, {v.denominator})",
    choice="sympy.Piecewise(({1}, {0}), ({2}, True))",
    power="{0}**{1}",
    pi="sympy.pi",
    products=False,
    cases=lambda pieces, otherwise: f"sympy.Piecewise({', '.join(f'({value}, {when})' for value, when in pieces)}, ({otherwise}, True))",
)  # fmt: skip
LONG = 80  # characters: the comment of a longer line stands above it
OTHERS = "numpy, numba, jax, torch and c take it"
TAKEN = ("sympy", "arguments", "derivatives")


def module(gradient: Gradient) -> str:
    """The text: a symbol for each name, the definitions, L and its derivatives, all of one sample; `derivatives` and `arguments` name them in order.

    Raises NotSupported where a problem has arrays, or samples that look at each other.
    """
    return _module(plan(gradient))


def _module(whole: Plan) -> str:
    p, lines, ids = _lines(whole)
    over = _over(whole)
    words = [ids[x.symbol] for x in given(whole)]
    results = [ids[f"∂{p.objective.symbol}/∂{w.symbol}"] for w in p.parameters]
    L = ids[p.objective.symbol]
    says = (
        f"Everything is of one sample: the {over} over the samples is the loss and its gradient.\n\n"
        f"    f = sympy.lambdify(arguments, [{L}, *derivatives], cse=True)\n"
        f"    each = f({', '.join(words)})    # with arrays for the data; the {over} of each is what it stands for"
    )
    fixed = [f"    {ids[c.symbol]} is {v} as stated" for c, v in p.constants if v is not None]
    text = [f'"""{story(whole)}\n\n{says}', *(["", *fixed] if fixed else []), '"""', "", "import sympy", ""]
    text.append(f"{', '.join(words)} = arguments = sympy.symbols({' '.join(words)!r}, real=True, seq=True)".replace("'", '"'))
    for n, value, comment in lines:
        text += [f"# {comment}", f"{ids[n.symbol]} = {value}"] if len(value) > LONG else [commented(f"{ids[n.symbol]} = {value}", comment)]
    return "\n".join([*text, f"derivatives = ({', '.join(results)}{',' * (len(results) == 1)})", ""])


def compile(gradient: Gradient) -> Called:  # noqa: A001  the word of the interface
    """The gradient as functions by SymPy's own lambdify: readable, and neither fast nor guarded against overflow."""
    return Called(gradient, Machine("sympy", _made, TAKEN, doubles))


def _made(p: Plan) -> tuple[str, dict[str, Any]]:
    """(text, functions); of weighted samples the same text, its values weighted where they are added."""
    import numpy as np
    import sympy

    whole = plan(p.gradient) if p.meaning == "weighted" and p.gradient else p
    source = _module(whole)
    problem, _, ids = _lines(whole)
    scope = compile_source(source, f"{problem.name or problem.title}, sympy")
    each = sympy.lambdify(scope["arguments"], [scope[ids[problem.objective.symbol]], *scope["derivatives"]], cse=True)
    first = next((k for k, x in enumerate(given(whole)) if x.indices), None)
    mean, at = _over(whole) == "mean", len(p.parameters) + len(p.data)

    def both(*values: Any) -> Any:
        shape = np.shape(values[first]) if first is not None else ()
        weights = values[at] if p.weight else np.ones(shape)
        many = weights.sum() if mean else 1.0
        L, *rest = (float((weights * v).sum() / many) for v in each(*values[:at], *values[at + bool(p.weight) :]))
        return L, tuple(rest)

    return source, {"loss": lambda *v: both(*v)[0], "gradient": lambda *v: both(*v)[1], "loss_and_gradient": both}


def _lines(whole: Plan) -> tuple[Problem, list[tuple[Name, str, str]], dict[str, str]]:
    """(the problem, (name, text, step) of each line, identifiers): the tapes for one sample, where Σ_i f is f and n is 1."""
    p, gradient = whole.problem, whole.gradient
    assert gradient is not None
    if whole.samples and mixes(p, whole.samples):
        raise NotSupported(f"the target sympy writes one sample, and the samples of {p.name or p.title} look at each other; {OTHERS}")
    if not whole.flat or whole.samples not in ("", "i"):
        raise NotSupported(f"the target sympy writes problems of numbers, and {p.name or p.title} has arrays; {OTHERS}")
    counts = {c.symbol for _, c in p.count}
    tape = [(d.name, d.value, said(d.name, d.value, ":=")) for d in p.tape]
    by = {d.goal.by.symbol: d for d in gradient.sensitivities() if isinstance(d.goal, D)}
    made = [(Name(f"∂{p.objective.symbol}/∂{s}"), d.result, said(d.goal, d.result, "=")) for s, d in by.items()]
    ids = identifiers([*(x.symbol for x in given(whole)), *(n.symbol for n, _, _ in [*tape, *made])], TAKEN)

    def name(n: Name) -> str:
        return ids.get(n.symbol, "")

    wanted = {p.objective.symbol, *(f"∂{p.objective.symbol}/∂{w.symbol}" for w in p.parameters)}
    out: list[tuple[Name, str, str]] = []
    for n, value, comment in reversed([*tape, *made]):
        if n.symbol in wanted:
            one = tidy(_alone(value, whole.samples, counts))
            wanted |= names(one)
            out.insert(0, (n, scalar(one, WORDS, name), comment))
    return p, out, ids


def _alone(t: Term, samples: str, counts: set[str]) -> Term:
    """Σ_i f as f, n as 1, a derivative by its name."""
    match t:
        case Sum(index, body) if axis(index) == samples:
            return _alone(rename(body, {index: samples} if index != samples else {}), samples, counts)
        case D(Name(of, _), Name(by, _), False):
            return Name(f"∂{of}/∂{by}")
        case Name(symbol, _) if symbol in counts:
            return ONE
    return rebuild(t, [_alone(c, samples, counts) for c in children(t)])


def _over(p: Plan) -> str:
    """"mean" or "sum": what the loss is of the losses of single samples, each made with n = 1.

    Raises NotSupported where it is neither: a root of a mean, or a sum with a penalty, which would be added once a sample.
    """
    import sympy as sp

    lines = p.needed(p.results[:1])
    values = {x.symbol: x.value for x in lines if x.kind == "scalar"}
    sums = [sp.Symbol(x.symbol, real=True) for x in lines if x.kind == "sum"]
    n = sp.Symbol(p.count, real=True) if p.count else sp.Dummy()

    def unfolded(t: Term) -> Term:
        return rewrite(t, lambda s: unfolded(values[s.symbol]) if isinstance(s, Name) and s.symbol in values else None)

    L = expression(unfolded(Name(p.results[0])))
    shares, rest = [sp.diff(L, s) for s in sums], L.subs(dict.fromkeys(sums, 0))
    if not any(c.has(*sums) for c in shares) and not any(p.count in names(x.value) for x in lines if x.kind != "scalar"):
        if not any(sp.cancel(c * n).has(n) for c in shares) and not rest.has(n):
            return "mean"
        if not any(c.has(n) for c in shares) and rest == 0:
            return "sum"
    name = p.problem.name or p.problem.title
    raise NotSupported(f"the target sympy writes one sample, and the loss of {name} is no mean and no sum over samples; {OTHERS}")
