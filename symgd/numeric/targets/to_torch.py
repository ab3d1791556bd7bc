"""Plan → a module for PyTorch: functions of whole tensors, on whatever device they lie."""

from __future__ import annotations

from collections.abc import Sequence
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
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "clip", "cos", "cosh", "diagonal", "einsum", "exp", "linalg.det", "linalg.inv",
    "linalg.slogdet", "log", "log10", "log1p", "log2", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trace",
)  # fmt: skip
OWN = {
    "maximum": '''
def maximum(a, b):
    """The larger of two, one of which may be a number: it takes the type and the place of the other."""
    like = a if isinstance(a, torch.Tensor) else b
    return torch.maximum(*(torch.as_tensor(v, dtype=like.dtype, device=like.device) for v in (a, b)))
''',
    "minimum": '''
def minimum(a, b):
    """The smaller of two, one of which may be a number: it takes the type and the place of the other."""
    like = a if isinstance(a, torch.Tensor) else b
    return torch.minimum(*(torch.as_tensor(v, dtype=like.dtype, device=like.device) for v in (a, b)))
''',
    "where": '''
def where(like, condition, a, b):
    """a where the condition holds, else b; a number takes the type and the place of `like`."""
    return torch.where(condition, *(torch.as_tensor(v, dtype=like.dtype, device=like.device) for v in (a, b)))
''',
    "logaddexp": '''
def logaddexp(a, b):
    """log(e^a + e^b), where a may be a number."""
    return torch.logaddexp(torch.as_tensor(a, dtype=b.dtype, device=b.device), b)
''',
    "vdot": '''
def vdot(a, b):
    """Σ a b over all entries."""
    return (a * b).sum()
''',
    "log_det": '''
def log_det(matrix):
    """log det without the overflow of det; nan where the determinant is negative."""
    sign, size = torch.linalg.slogdet(matrix)
    return torch.log(sign) + size
''',
}
LIBRARY = arrays.Library(
    "torch", "import math\n\nimport torch\n",
    {f: f"torch.{f}" for f in SAME} | {f: f for f in OWN} | {"erf": "torch.erf", "transpose": "torch.permute", "pi": "math.pi"}, OWN,
    spread="torch.broadcast_to(torch.as_tensor({0}), {1}.shape)", taken=("torch", "math"),
    edits=((r"np\.(sqrt|log)\(((?:\d+\*)?np\.pi|\d+)\)", r"math.\1(\2)"), (r"\.max\(axis=", ".amax(axis="),
        (r"np\.where\(", "where(LIKE, "), (r"np\.eye\((\w+)\)", r"torch.eye(\1, dtype=LIKE.dtype, device=LIKE.device)")),
)  # fmt: skip
SAYS = """Parameters and data are tensors of one type, on one device: torch.float64 for the digits of NumPy.  What runs on a GPU stays there."""


def module(gradient: Gradient) -> str:
    """The text: loss(w, b, x, y), gradient and loss_and_gradient, each of whole tensors."""
    return arrays.module(plan(gradient), LIBRARY, SAYS)


def compile(gradient: Gradient) -> Called:  # noqa: A001  the word of the interface
    """The gradient as functions of tensors.  What is no tensor becomes one of float64, where the tensors given lie; else on the GPU, if there is one."""
    return Called(gradient, Machine("torch", _made, (*LIBRARY.taken, *LIBRARY.own), _taken, plainly=_plainly, own=_is_tensor))


def _made(p: Plan) -> tuple[str, dict[str, Any]]:
    """(text, functions)"""
    source = arrays.module(p, LIBRARY, SAYS)
    scope = compile_source(source, f"{p.problem.name or p.problem.title}, torch")
    return source, {name: scope[name] for name in FUNCTIONS}


def _taken(declared: Sequence[Name], values: Sequence[Any]) -> list[Any]:
    """Tensors of one type on one device: those of the first tensor given."""
    import torch

    given = [v for v in values if isinstance(v, torch.Tensor)]
    device = given[0].device if given else torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind = given[0].dtype if given else torch.float64
    return [v if isinstance(v, torch.Tensor) else torch.as_tensor(as_array(v, n), dtype=kind, device=device) for n, v in zip(declared, values, strict=True)]


def _is_tensor(v: Any) -> bool:
    import torch

    return isinstance(v, torch.Tensor)


def _plainly(v: Any) -> Any:
    """A tensor as an array of NumPy, wherever it lies."""
    return v.detach().cpu().numpy() if _is_tensor(v) else v
