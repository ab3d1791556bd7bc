"""Plan → a module for JAX: pure functions of whole arrays, to be jitted, vectorised and differentiated again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from symgd.derivation import Gradient
from symgd.numeric.data.fitted import as_array
from symgd.numeric.program.compiled import compile_source
from symgd.numeric.program.plan import Plan, plan
from symgd.numeric.targets import arrays
from symgd.numeric.targets.called import FUNCTIONS, Called, Machine
from symgd.term import Name

__all__ = ["compile", "module"]

SAME = (
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "clip", "cos", "cosh", "diagonal", "einsum", "exp", "eye", "linalg.det", "linalg.inv",
    "linalg.slogdet", "log", "log10", "log1p", "log2", "logaddexp", "maximum", "minimum", "pi", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trace",
    "transpose", "vdot", "where",
)  # fmt: skip
LOG_DET = '''
def log_det(matrix):
    """log det without the overflow of det; nan where the determinant is negative."""
    sign, size = jnp.linalg.slogdet(matrix)
    return jnp.log(sign) + size
'''
LIBRARY = arrays.Library(
    "jax", "import jax\nimport jax.numpy as jnp\n", {f: f"jnp.{f}" for f in SAME} | {"erf": "jax.scipy.special.erf"}, {"log_det": LOG_DET},
    spread="jnp.broadcast_to({0}, {1}.shape)", taken=("jax", "jnp"),
)  # fmt: skip
SAYS = """The functions are pure: jax.jit(loss_and_gradient), jax.vmap(gradient, in_axes=…), jax.hessian(loss).
JAX computes in float32 unless it is asked for more.  This module does not ask; for float64 say
jax.config.update("jax_enable_x64", True) before the first array is made, or set JAX_ENABLE_X64=1."""


def module(gradient: Gradient) -> str:
    """The text: loss(w, b, x, y), gradient and loss_and_gradient, each of whole arrays."""
    return _module(plan(gradient))


def _module(p: Plan) -> str:
    text = arrays.module(p, LIBRARY, SAYS)
    return text if "jax.scipy" in text else text.replace("import jax\nimport", "import", 1)


def compile(gradient: Gradient) -> Called:  # noqa: A001  the word of the interface
    """The gradient as jitted functions, called in float64 without changing what JAX does elsewhere.

    .functions are those of JAX itself, for jax.jit, jax.vmap and jax.grad, in the precision that JAX is set to.
    """
    return Called(gradient, Machine("jax", _made, (*LIBRARY.taken, *LIBRARY.own), _taken, around=_in_float64, own=lambda v: hasattr(v, "aval")))


def _made(p: Plan) -> tuple[str, dict[str, Any]]:
    """(text, functions)"""
    import jax

    source = _module(p)
    scope = compile_source(source, f"{p.problem.name or p.problem.title}, jax")
    return source, {name: jax.jit(scope[name]) for name in FUNCTIONS}


def _taken(declared: Sequence[Name], values: Sequence[Any]) -> list[Any]:
    """Arrays of JAX, in float64; what is one already, or is being traced, stays on its device."""
    import jax

    return [jax.numpy.asarray(v if hasattr(v, "aval") else as_array(v, n), jax.numpy.float64) for n, v in zip(declared, values, strict=True)]


def _in_float64() -> AbstractContextManager[Any]:
    """float64 for what is computed inside, and for nothing else."""
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)  # type: ignore[no-any-return, unused-ignore]
    from jax.experimental import enable_x64

    return enable_x64()  # type: ignore[no-any-return, unused-ignore]
