"""Numbers to pictures: SVG with a title, a description in words, and the numbers shown."""

from symgd.pictures.blocks import to_blocks
from symgd.pictures.chain import chain_of_names
from symgd.pictures.contour import contour_with_path
from symgd.pictures.curves import Series, curves
from symgd.pictures.fading import fading_sensitivities
from symgd.pictures.grid import grid_of_losses
from symgd.pictures.loss_curve import loss_over_iterations
from symgd.pictures.network import Band, flow_of_sensitivities, units_in_columns
from symgd.pictures.parabola import loss_parabola
from symgd.pictures.scatter import nearest_samples, scatter_with_line
from symgd.pictures.secants import secants, ways_downhill
from symgd.pictures.squares import squares_of_residuals
from symgd.pictures.steps import rate_panels, steps_on_parabola
from symgd.pictures.svg import Drawing, Rows
from symgd.pictures.valley import valley
from symgd.pictures.ways import two_paths

__all__ = [
    "Band", "Drawing", "Rows", "Series", "chain_of_names", "contour_with_path", "curves", "fading_sensitivities", "flow_of_sensitivities", "grid_of_losses",
    "loss_over_iterations", "loss_parabola", "nearest_samples", "rate_panels", "scatter_with_line", "secants", "squares_of_residuals", "steps_on_parabola",
    "to_blocks", "two_paths", "units_in_columns", "valley", "ways_downhill",
]  # fmt: skip
