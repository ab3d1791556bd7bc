"""NumPy texts of ours → functions; and whether a text that lay in a file is such a text: arithmetic on its arguments, and nothing besides.

No SymPy here: what was written once is run again without it.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from typing import Any

__all__ = ["compile_source", "functions_of", "see_arithmetic"]

IMPORTS = ("import numpy as np", "from math import erf as _erf")
GIVEN = {"abs", "float", "len", "max", "min", "range", "_erf", "np"}  # names that a text may say without binding them
TAKEN = GIVEN | set(dir(builtins))  # names that it may not bind: where one function binds `open`, another would find Python's own
METHODS = {  # of NumPy and of arrays; none of them reads, writes, calls back or leads out
    "abs", "add", "all", "anchor", "any", "append", "arange", "arctan", "argmax", "asarray", "bincount", "broadcast_to", "clip", "constant", "copysign",
    "copyto", "cos", "cosh", "det", "diag", "diagonal", "divide", "dot", "dtype", "einsum", "empty", "equal", "exp", "exp2", "expm1", "eye", "float32",
    "float64", "floor", "full", "g", "greater", "greater_equal", "heaviside", "inf", "inv", "less", "less_equal", "linalg", "log", "log10", "log1p",
    "log2", "logaddexp", "matmul", "max", "maximum", "mean", "means", "min", "minimum", "mod", "moveaxis", "multiply", "n", "nan", "ndim", "negative",
    "newaxis", "not_equal", "ones", "outer", "pi", "power", "R", "reciprocal", "reduce", "reshape", "result_type", "S", "select", "shape", "sign",
    "signbit", "sin", "sinh", "size", "slogdet", "solve", "sqrt", "square", "subtract", "sum", "swapaxes", "T", "take", "tan", "tanh", "tensordot",
    "trace", "transpose", "true_divide", "vdot", "vecdot", "vectorize", "where", "zeros",
}  # fmt: skip
NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.Break, ast.Expr, ast.Name,
    ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Attribute, ast.Subscript,
    ast.Slice, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip


def compile_source(source: str, name: str) -> dict[str, Any]:
    """The functions of a source text that this program wrote; a traceback through them shows its lines."""
    place = f"<symgd {name}>"
    scope: dict[str, Any] = {}
    exec(compile(source, place, "exec"), scope)  # a text written here, its names passed by `identifiers`; one from a file passed `see_arithmetic`
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    return scope


def see_arithmetic(source: str) -> None:
    """Raises ValueError unless the text holds functions of assignments, loops, and the arithmetic of NumPy alone.

    Imports are those two; attributes are read, never set, and those of a table; names are those that the text itself binds, none of them one of Python's,
    and a few of Python's.  No name or attribute like `__class__` can be said, nothing is decorated, a default is a constant, and outside the functions
    nothing runs: there are a docstring and numbers.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as why:
        raise ValueError("the text is no Python") from why
    tops = [s for s in tree.body if not isinstance(s, ast.Import | ast.ImportFrom)]
    if any(ast.unparse(s) not in IMPORTS for s in tree.body if s not in tops):
        raise ValueError("the text imports what it needs not")
    if not all(_at_rest(s) for s in tops):
        raise ValueError("the text holds more than functions and constants")
    nodes = [n for s in tops for n in ast.walk(s)]
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)} | {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    if taken := sorted(bound & TAKEN):
        raise ValueError(f"the text gives {taken[0]} another meaning")
    for n in nodes:
        if not isinstance(n, NODES) or not _plain(n, bound | GIVEN):
            raise ValueError(f"line {getattr(n, 'lineno', 0)} of the text is more than arithmetic")


def functions_of(source: str) -> set[str]:
    """The names of the functions of a text."""
    return {s.name for s in ast.parse(source).body if isinstance(s, ast.FunctionDef)}


def _plain(n: ast.AST, bound: set[str]) -> bool:
    match n:
        case ast.Name(id=name):
            return name in bound and not name.startswith("__")
        case ast.arg(arg=name, annotation=None):
            return not name.startswith("__")
        case ast.FunctionDef(name=name, decorator_list=[], returns=None):
            return not name.startswith("__")
        case ast.arg() | ast.FunctionDef():
            return False
        case ast.Attribute(attr=name, ctx=context):
            return name in METHODS and isinstance(context, ast.Load)
        case ast.arguments(defaults=defaults, kw_defaults=named):
            return all(d is None or isinstance(d, ast.Constant) or _negative(d) for d in (*defaults, *named))
        case ast.Constant(value=value):
            return value is None or isinstance(value, int | float | str)
        case ast.For(orelse=orelse) | ast.While(orelse=orelse):
            return not orelse
    return True


def _at_rest(s: ast.stmt) -> bool:
    """Is it a function, a docstring or NAME = 8192?"""
    match s:
        case ast.FunctionDef() | ast.Expr(value=ast.Constant(value=str())) | ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
    return False


def _negative(n: ast.AST) -> bool:
    """Is it -1, and not -x?"""
    match n:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
    return False
