"""Plan → C99, a header and a source: one loop over the samples, no global state, nothing kept between calls."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.indices import axis
from symgd.numeric.program.aligned import SIZE
from symgd.numeric.program.line import NotSupported
from symgd.numeric.program.plan import Plan, plan
from symgd.numeric.targets.called import FUNCTIONS, Called, Machine, doubles
from symgd.numeric.targets.loops import For, Loops, Make, Plus, Put, Statement
from symgd.numeric.targets.scalar import Words
from symgd.numeric.targets.told import commented, given, indented, named, story

__all__ = ["FLAGS", "compile", "files", "module"]

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic")
MATH = ("exp", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf")
WORDS = Words(
    target="c",
    numpy={f: f for f in MATH} | {f"arc{f}": f"a{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
    | {"abs": "fabs", "maximum": "fmax", "minimum": "fmin"},
    calls={
        "max": "fmax({0}, {1})", "min": "fmin({0}, {1})", "clip": "fmin(fmax({0}, {1}), {2})", "sign": "sign({0})",
        "softplus": "(fmax({0}, 0.0) + log1p(exp(-fabs({0}))))", "logcosh": "(fabs({0}) + log1p(exp(-2.0*fabs({0}))) - log(2.0))",
    },
    number=lambda v: repr(float(v)),
    choice="({0} ? {1} : {2})",
    power="pow({0}, {1})",
    pi="3.141592653589793",
)  # fmt: skip
KEYWORDS = re.findall(r"\w+", """
    auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return short signed sizeof
    static struct switch typedef union unsigned void volatile while NULL NAN INFINITY size_t main sign out malloc calloc free pow fabs fmax fmin
""")
USED = (*KEYWORDS, *MATH, *(f"a{f}" for f in MATH))
GLUE = "\x00"  # a space at which no line is broken
SIGN = """
/* -1, 0 or 1 */
static double sign(double u)
{
    return (double)((u > 0.0) - (u < 0.0));
}
"""


def module(gradient: Gradient, stem: str = "") -> str:
    """The header and the source one after the other, as one text to look at; `files` gives them apart."""
    header, source = files(gradient, stem)
    return f"{header}\n{source}"


def files(gradient: Gradient, stem: str = "") -> tuple[str, str]:
    """(header, source); stem: the name of the files without suffix, and what the functions' names begin with."""
    p = plan(gradient)
    own = _ascii(re.sub(r"\W+", "_", stem or p.problem.name or "loss").strip("_").lower()) or "loss"
    own = f"f_{own}" if own[0].isdigit() or own in USED else own
    return _files(p, own, stem or own)


def compile(gradient: Gradient) -> Called:  # noqa: A001  the word of the interface
    """The gradient as functions that the C compiler of this machine (cc) makes, in a folder that is removed again.

    Raises NotSupported where there is no compiler, or where it fails.
    """
    return Called(gradient, Machine("c", _made, USED, doubles, _ascii))


def _made(p: Plan) -> tuple[str, dict[str, Any]]:
    """(text, functions)"""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotSupported("the target c needs a C compiler, and there is no cc here; symgd export --to c writes the text without one")
    header, source = _files(p, "it", "it")
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "it.h").write_text(header, encoding="utf-8")
        (at / "it.c").write_text(source, encoding="utf-8")
        command = [compiler, *FLAGS, "-shared", "-fPIC", "-o", str(at / "it.so"), str(at / "it.c"), "-lm"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise NotSupported(f"the C compiler failed: {made.stderr.strip().splitlines()[0] if made.stderr else made.returncode}")
        library = ctypes.CDLL(str(at / "it.so"))
    return f"{header}\n{source}", {name: _called(library, name, p) for name in FUNCTIONS}


def _called(library: ctypes.CDLL, name: str, p: Plan) -> Any:
    """A function of the library that takes arrays of NumPy."""
    f = getattr(library, f"it_{name}")
    f.restype = ctypes.c_int if name == "gradient" else ctypes.c_double

    def call(*values: Any) -> Any:
        sizes: dict[str, int] = {}
        for x, v in zip(given(p), values, strict=True):
            sizes |= {axis(a): k for a, k in zip(x.indices, np.shape(v), strict=True)}
        arguments: list[Any] = [v.ctypes.data_as(ctypes.c_void_p) if x.indices else ctypes.c_double(v) for x, v in zip(given(p), values, strict=True)]
        arguments += [ctypes.c_size_t(sizes[a]) for a in _axes(p)]
        out = [np.zeros([sizes[axis(a)] for a in x.indices]) for x in p.problem.parameters] if name != "loss" else []
        loss = f(*arguments, *(v.ctypes.data_as(ctypes.c_void_p) for v in out))
        if name == "loss":
            return loss
        if name == "gradient" and loss:
            raise MemoryError
        derivatives = tuple(v if x.indices else float(v) for x, v in zip(p.problem.parameters, out, strict=True))
        return derivatives if name == "gradient" else (loss, derivatives)

    return call


# ---------------------------------------------------------------- the text


def _ascii(word: str) -> str:
    """λ as lamda: C99 promises no letters but Latin ones."""
    return "".join(c if c.isascii() else unicodedata.name(c, "x").split()[-1].lower() for c in word)


def _inside(text: str) -> str:
    """Text that neither ends a comment nor begins one."""
    return text.replace("*/", "* /").replace("/*", "/ *")


def _axes(p: Plan) -> list[str]:
    """The axes of all arrays that are handed over, in their order."""
    data_first = sorted(given(p), key=lambda x: x in p.problem.parameters)
    return list(dict.fromkeys(axis(a) for x in data_first for a in x.indices))


def _files(p: Plan, own: str, stem: str) -> tuple[str, str]:
    ids = named(p, (*USED, *(f"{own}_{f}" for f in FUNCTIONS)), _ascii)
    heads = {f: _signature(f, p, ids, own) for f in FUNCTIONS}
    guard = f"{_ascii(re.sub(r'[^0-9A-Za-z]+', '_', stem)).upper()}_H"
    says = {
        "loss": "The loss.", "gradient": "Its derivatives, in the order of the parameters; returns 0, or 1 where there is no memory.",
        "loss_and_gradient": "The loss, and its derivatives; NAN where there is no memory.",
    }  # fmt: skip
    declared = "\n\n".join(f"/* {says[f]} */\n{head};" for f, head in heads.items())
    told = textwrap.indent(_inside(story(p)), " * ", lambda line: True).replace(" * \n", " *\n")
    shapes = [f"{ids[x.symbol]} ({', '.join(ids[SIZE + axis(a)] for a in x.indices)})" for x in (*p.problem.data, *p.problem.parameters) if x.indices]
    rows = "; arrays of several dimensions row by row" if any("," in s for s in shapes) else ""
    about = f"/*\n{told}\n *\n * Arrays: {', '.join(shapes) or 'none'}{rows}.\n */"
    fixed = [f"{ids[c.symbol]} = {float(v)!r}" for c, v in p.problem.constants if v is not None]
    about = about[:-3] + f" * Constants as stated: {', '.join(fixed)}.\n */" if fixed else about
    header = f"{about}\n#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n\n{declared}\n\n#endif\n"
    bodies = [_function(f, head, p, ids) for f, head in heads.items()]
    more = SIGN if any("sign(" in b for b in bodies) else ""
    library = "#include <stdlib.h>\n" if any("calloc(" in b for b in bodies) else ""
    title = _inside("".join(c for c in p.problem.title if c.isprintable()))
    return header, "\n".join([f'/* {title}: see {stem}.h for the derivation. */\n#include "{stem}.h"\n\n#include <math.h>\n{library}{more}', *bodies])


def _signature(name: str, p: Plan, ids: dict[str, str], own: str) -> str:
    words = [f"const double *{ids[x.symbol]}" if x.indices else f"double {ids[x.symbol]}" for x in given(p)]
    words += [f"size_t {ids[SIZE + a]}" for a in _axes(p)]
    if name != "loss":
        words += [f"double *{ids[r]}" for r in p.results[1:]]
    head = f"{'int' if name == 'gradient' else 'double'} {own}_{name}("
    whole = f"{head}{', '.join(words)})".replace(" ", GLUE).replace(f",{GLUE}", ", ")
    return textwrap.fill(whole, 110, subsequent_indent="    ").replace(GLUE, " ")


def _function(name: str, head: str, p: Plan, ids: dict[str, str]) -> str:
    results = {"loss": p.results[:1], "gradient": p.results[1:], "loss_and_gradient": p.results}[name]
    theirs = frozenset(r for r, x in zip(p.results[1:], p.problem.parameters, strict=True) if x.indices) if name != "loss" else frozenset()
    walk = Loops(p, dict(ids), WORDS, _entry, "fmax({0}, {1})", "(double){0}", "-INFINITY", theirs)
    statements = walk.statements(results)
    arrays = [s for s in statements if isinstance(s, Make)]
    numbers = {ids[r] for r, x in zip(p.results[1:], p.problem.parameters, strict=True) if not x.indices}
    body = _printed((s for s in statements if not isinstance(s, Make)), numbers)
    body += [*(f"free({s.name});" for s in arrays), f"return {'0' if name == 'gradient' else ids[p.results[0]]};"]
    made = _room(arrays, "1" if name == "gradient" else "NAN")
    used = "\n".join([*made, *body])
    words = [*(ids[x.symbol] for x in given(p)), *(ids[SIZE + a] for a in _axes(p))]
    unused = [f"(void){word};" for word in words if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", used)]
    return "\n".join([head, "{", *indented((*unused, *made, *body)), "}", ""])


def _room(arrays: Sequence[Make], failed: str) -> list[str]:
    """Room for the arrays on the way, or none at all."""
    if not arrays:
        return []
    out = [f"double *{s.name} = calloc({'*'.join(s.sizes)}, sizeof(double));" for s in arrays]
    none = " || ".join(f"!{s.name}" for s in arrays)
    freed = [f"    free({s.name});" for s in arrays if len(arrays) > 1]
    return [*out, f"if ({none}) {{", *freed, f"    return {failed};", "}"]


def _entry(array: str, at: Sequence[tuple[str, str]]) -> str:
    """W[j*c + k]: row by row"""
    (text, _), *rest = at
    for letter, size in rest:
        text = f"{text}*{size}" if "+" not in text else f"({text})*{size}"
        text += f" + {letter}"
    return f"{array}[{text}]"


def _printed(statements: Iterable[Statement], out_there: set[str]) -> list[str]:
    """The statements as lines of C; `out_there` the numbers that the caller wants at an address."""
    out: list[str] = []
    for s in statements:
        match s:
            case Put(target, value, comment) if target in out_there:
                out.append(_said(f"*{target} = {value};", comment))
            case Put(target, value, comment, new):
                out.append(_said(f"{'double ' * new}{target} = {value};", comment))
            case Plus(target, value, comment):
                out.append(_said(f"{'*' * (target in out_there)}{target} += {value};", comment))
            case For(letter, size, body):
                out += [f"for (size_t {letter} = 0; {letter} < {size}; {letter}++) {{", *indented(_printed(body, out_there)), "}"]
    return out


def _said(code: str, comment: str) -> str:
    return commented(code, f"{comment} */" if comment else "", "/*")
