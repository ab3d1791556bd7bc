"""Why a line may be rewritten: the rules by name.  `calculus`, `sums` move one step; `arithmetic` and `closing` tidy up."""

from symgd.rules import arithmetic, closing
from symgd.rules.calculus import CALCULUS
from symgd.rules.sums import INDICES, SUMS
from symgd.rules.table import NoRule

__all__ = ["CALCULUS", "INDICES", "LAWS", "SUMS", "NoRule"]

# name of a move → (its law, one sentence of reason); those of the tables and those of the walk backwards
LAWS: dict[str, tuple[str, str]] = {name: (r.law, r.reason) for table in (CALCULUS, SUMS, INDICES) for name, r in table.items()} | {
    "definition": ("a name stands for its definition", "The derivative is taken of what the name was defined as; every other name in it is held fixed."),
    "chain rule through names": (
        "∂L/∂v = Σ ∂L/∂c · ∂c/∂v over every c that uses v",
        "A change reaches the loss only through the quantities that use it: multiply along each path and add the paths.",
    ),
    "insert": ("equals for equals", "The derivatives found before are put in."),
    "call by name": ("a value that has a name is called by it", "The expression was named on the way; its name is shorter."),
    "arithmetic": (arithmetic.LAW, "Only arithmetic: nothing is multiplied out."),
    "closing algebra": (closing.LAW, "The line becomes shorter when like things are put together."),
    "put back": ("a name stands for its definition", "The substitution is undone: the definition is put back for the name."),
}
