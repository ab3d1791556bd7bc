"""Numbers to pictures: SVG with a title, a description in words, and the numbers shown."""

from symgd.pictures.blocks import to_blocks
from symgd.pictures.chain import chain_of_names
from symgd.pictures.contour import contour_with_path
from symgd.pictures.fading import fading_sensitivities
from symgd.pictures.loss_curve import loss_over_iterations
from symgd.pictures.network import Band, flow_of_sensitivities, units_in_columns
from symgd.pictures.parabola import loss_parabola
from symgd.pictures.scatter import scatter_with_line
from symgd.pictures.svg import Drawing, Rows

__all__ = [
    "Band", "Drawing", "Rows", "chain_of_names", "contour_with_path", "fading_sensitivities", "flow_of_sensitivities", "loss_over_iterations",
    "loss_parabola", "scatter_with_line", "to_blocks", "units_in_columns",
]  # fmt: skip
