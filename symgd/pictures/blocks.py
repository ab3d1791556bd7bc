"""A drawing as blocks of a page: the picture, and the table of its numbers."""

from __future__ import annotations

from symgd.document.page import Picture, Table
from symgd.pictures.svg import Drawing

__all__ = ["to_blocks"]


def to_blocks(drawing: Drawing) -> tuple[Picture, Table]:
    """The picture, and under it its numbers; columns that hold only numbers are aligned right."""
    head, rows = drawing.table.head, drawing.table.rows
    numeric = tuple(k for k in range(len(head)) if all(not row[k] or row[k].lstrip("−")[:1].isdigit() for row in rows))
    table = Table(tuple((h,) for h in head), tuple(tuple((cell,) for cell in row) for row in rows), (), numeric)
    return Picture(drawing.svg, drawing.title, drawing.description), table
