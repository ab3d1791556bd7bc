"""A drawing as PNG, for what shows no SVG."""

from __future__ import annotations

from symgd.document.to_pdf import compiled
from symgd.document.to_typst import image

__all__ = ["png_of"]


def png_of(svg: str, ppi: float = 144.0) -> bytes:
    """The drawing on white; at 144 points an inch a drawing 420 wide becomes 600 dots.  The same drawing gives the same bytes.

    Raises MissingExtra without Typst, ValueError for text that is no drawing.
    """
    sheet = '#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#set text(font: ("New Computer Modern", "DejaVu Sans Mono"))\n'
    return compiled(f"{sheet}#{image(svg, 'drawing')}\n", "png", ppi)
