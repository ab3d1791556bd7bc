"""Plan → a module for Numba: one loop over the samples, compiled when it is first called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from symgd.derivation import Gradient
from symgd.indices import axis
from symgd.numeric.program.aligned import SIZE
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.plan import Plan, plan
from symgd.numeric.targets.arithmetic import OWN, needed
from symgd.numeric.targets.called import FUNCTIONS, Called, Machine, doubles
from symgd.numeric.targets.loops import For, Loops, Make, Plus, Put, Statement
from symgd.numeric.targets.scalar import Words
from symgd.numeric.targets.told import commented, given, indented, named, signature, story

__all__ = ["compile", "module"]

MATH = ("exp", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf")
WORDS = Words(
    target="numba",
    numpy={f: f if f in OWN else f"math.{f}" for f in MATH}
    | {f"arc{f}": f"math.a{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
    | {"abs": "abs", "maximum": "max", "minimum": "min", "sign": "np.sign", "logaddexp": "np.logaddexp"},
    calls={"max": "max({0}, {1})", "min": "min({0}, {1})", "clip": "min(max({0}, {1}), {2})"},
    number=lambda v: str(v) if v.denominator == 1 else repr(float(v)),
    choice="({1} if {0} else {2})",
    power="{0}**{1}",
    pi="math.pi",
)
USED = ("math", "np", "njit", "plus", "compiled", "numba", *OWN)
HEAD = '''import math

import numpy as np
from numba import njit

compiled = njit(fastmath={"contract"}, error_model="numpy")  # a*b + c may be rounded once; nothing else is rearranged


@njit(fastmath={"reassoc"})
def plus(total, term):
    """total + term, where the order of the terms is free: the processor adds several samples at once."""
    return total + term
'''


def module(gradient: Gradient) -> str:
    """The text: loss(w, b, x, y), gradient and loss_and_gradient, each one pass over the data."""
    return _module(plan(gradient))


def _module(p: Plan) -> str:
    ids = named(p, USED)
    says = "Compiled by Numba at the first call; data are float64 arrays, and numbers floats.  One thread."
    derivatives = f"({', '.join(ids[r] for r in p.results[1:])}{',' * (len(p.results) == 2)})"
    alone = derivatives[1:-1] if len(p.results) > 2 else derivatives
    functions = [
        _function("loss", "The loss.", p, ids, p.results[:1], ids[p.results[0]]),
        _function("gradient", "Its derivatives, in the order of the parameters.", p, ids, p.results[1:], alone),
        _function("loss_and_gradient", "The loss and its derivatives.", p, ids, p.results, f"{ids[p.results[0]]}, {derivatives}"),
    ]
    text = "\n\n".join([f'"""{story(p)}\n\n{says}\n"""\n\n{HEAD}', *needed(functions), *functions])
    for used, line in (("np.", "import numpy as np\n"), ("math.", "import math\n\n")):
        text = text if used in text else text.replace(line, "", 1)
    return text


def compile(gradient: Gradient) -> Called:  # noqa: A001  the word of the interface
    """The gradient as functions that Numba compiles at the first call."""
    return Called(gradient, Machine("numba", _made, USED, doubles, reduced=_reduced))


def _made(p: Plan) -> tuple[str, dict[str, Any]]:
    """(text, functions)"""
    source = _module(p)
    scope = compile_source(source, f"{p.problem.name or p.problem.title}, numba")
    return source, {name: scope[name] for name in FUNCTIONS}


def _reduced(f: Any) -> Any:
    """The compiled pass of a sum of squares."""
    from symgd.numeric.targets.reduced import reduced

    return reduced(f)


def _function(name: str, says: str, p: Plan, ids: dict[str, str], results: Sequence[str], outcome: str) -> str:
    walk = Loops(p, dict(ids), WORDS, lambda array, at: f"{array}[{', '.join(letter for letter, _ in at)}]")
    body = _printed(walk.statements(results))
    used = "\n".join(body) + outcome
    head = ["@compiled", f"def {name}({signature(p, ids)}):", f'    """{says}"""']
    return "\n".join([*head, *_sizes(p, ids, used), *indented(body), f"    return {outcome}"]) + "\n"


def _sizes(p: Plan, ids: dict[str, str], used: str) -> list[str]:
    """How far the axes run, where the text asks for it: n = X.shape[0]"""
    out: dict[str, str] = {}
    for x in sorted(given(p), key=lambda x: x in p.problem.parameters):
        for k, a in enumerate(x.indices):
            word = ids[SIZE + axis(a)]
            if re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", used):
                out.setdefault(word, f"    {word} = {ids[x.symbol]}.shape[{k}]" if len(x.indices) > 1 else f"    {word} = len({ids[x.symbol]})")
    return list(out.values())


def _printed(statements: Iterable[Statement]) -> list[str]:
    """The statements as lines of Python."""
    out: list[str] = []
    for s in statements:
        match s:
            case Make(name, sizes):
                out.append(f"{name} = np.zeros({sizes[0] if len(sizes) == 1 else '(' + ', '.join(sizes) + ')'})")
            case Put(target, value, comment):
                out.append(commented(f"{target} = {'0.0' if value == '0' else value}", comment))
            case Plus(target, value, comment, number):
                out.append(commented(f"{target} = plus({target}, {value})" if number else f"{target} += {value}", comment))
            case For(letter, size, body):
                out += [f"for {letter} in range({size}):", *indented(_printed(body))]
    return out
