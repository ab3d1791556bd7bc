"""Numbers to pictures: SVG with a title, a description in words, and the numbers shown."""

from symgd.pictures.loss_curve import loss_over_iterations
from symgd.pictures.scatter import scatter_with_line
from symgd.pictures.svg import Drawing, Rows

__all__ = ["Drawing", "Rows", "loss_over_iterations", "scatter_with_line"]
