"""Arrays → indexed terms: X @ w is Σ_j x_ij w_j, trace(A) is Σ_j a_jj.  The one home of shapes: problems stated in arrays and other people's working use it.

`state(...)` makes the forward tape of a problem in arrays · `Array` is one entry with its free letters · `entrywise`, `contracted`, … work on them
"""

from symgd.arrays.array import Array, Letters, Unfit, contracted, entrywise, repeated, scaled, squares, summed, transposed
from symgd.arrays.sizes import ShapeError
from symgd.arrays.state import Stated, entry, state

__all__ = [
    "Array", "Letters", "ShapeError", "Stated", "Unfit", "contracted", "entry", "entrywise", "repeated", "scaled", "squares", "state", "summed", "transposed",
]  # fmt: skip
