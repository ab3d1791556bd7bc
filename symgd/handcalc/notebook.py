"""A Jupyter notebook → the text of its Markdown cells, and where each character of it stands in the file."""

from __future__ import annotations

import json
from dataclasses import dataclass

from symgd.reading import Unread

__all__ = ["Cell", "cells", "is_notebook"]


@dataclass(frozen=True)
class Cell:
    """The source of one Markdown cell; lines[k] is (line, column) in the file where its k-th line begins, both from 1."""

    source: str
    lines: tuple[tuple[int, int], ...]

    def place(self, line: int, column: int) -> tuple[int, int]:
        """A place in the source (from 1) as a place in the file, where quotes and backslashes take two characters."""
        row, first = self.lines[line - 1]
        before = self.source.split("\n")[line - 1][: column - 1]
        return row, first + len(json.dumps(before, ensure_ascii=False)) - 2


def is_notebook(text: str) -> bool:
    """Does the text look like a notebook's JSON?"""
    return text.lstrip()[:1] == "{" and '"cells"' in text and '"cell_type"' in text


def cells(text: str) -> tuple[Cell, ...]:
    """The Markdown cells, in order.  Raises Unread where the file is no notebook."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        at = getattr(wrong, "pos", 0)
        raise Unread("this is not a notebook: its JSON cannot be read", text[max(0, at - 80) : at + 80], min(at, 80), min(at, 80) + 1) from None
    listed = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise Unread("this is not a notebook: it has no cells", text[:80], 0, 1)
    out: list[Cell] = []
    at = 0
    for cell in listed:
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            made, at = _cell(text, cell.get("source", ""), at)
            out.append(made)
    return tuple(out)


def _cell(text: str, source: object, at: int) -> tuple[Cell, int]:
    """The cell, and how far the file has been searched for its strings."""
    pieces = [s for s in (source if isinstance(source, list) else [source]) if isinstance(s, str)]
    lines: list[tuple[int, int]] = []
    open_line = False
    for piece in pieces:
        found = next((k for quoted in (json.dumps(piece, ensure_ascii=False), json.dumps(piece)) if (k := text.find(quoted, at)) >= 0), -1)
        at = max(at, found)
        row, column = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if found >= 0 else (1, 1)
        inside = 1
        for k, part in enumerate(piece.split("\n")):
            if not (open_line and k == 0):
                lines.append((row, column + inside))
            inside += len(json.dumps(part, ensure_ascii=False))  # the text, and \n for the quotes
        open_line = not piece.endswith("\n")
        if not open_line:
            lines.pop()
    return Cell("".join(pieces), tuple(lines) or ((1, 1),)), at
