"""Page → Jupyter notebook (nbformat 4.5, plain JSON): Markdown with formulas between dollars, programs as cells with what they print, pictures attached."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from symgd.document.page import Block, Box, Code, Folded, Heading, Page, Picture, Prose, Strong, every_block
from symgd.document.plain import inline_text, visible
from symgd.document.shown import png_if_any
from symgd.document.to_markdown import NOTEBOOK, blocks_to_markdown, legend_to_markdown, to_markdown

__all__ = ["to_notebook"]

Cell = dict[str, Any]

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def to_notebook(page: Page) -> str:
    """The page as a notebook: the same bytes for the same page.

    A Python `Code` whose output is known becomes a cell that can be run, with that output; other code is shown.  What holds such a cell and folds
    ("more") is opened; hints and answers stay folded.  Pictures are PNG attachments where typst is installed; else their description stands alone.
    No HTML but <details> and <span>: a notebook that is not trusted shows everything.
    """
    cells: list[Cell] = [_markdown(to_markdown(replace(page, blocks=()), NOTEBOOK), ())] if page.title or page.summary else []
    waiting: list[Block] = []
    for block in (*_opened(page.blocks), None):
        runs = isinstance(block, Code) and _runs(block)
        if waiting and (block is None or runs or isinstance(block, Heading | Box)):
            cells.append(_of_blocks(tuple(waiting)))
            waiting = []
        if isinstance(block, Code) and runs:
            cells.append(_program(block, 1 + sum(c["cell_type"] == "code" for c in cells)))
        elif isinstance(block, Box):
            cells.append(_of_blocks((block,)))
        elif block is not None:
            waiting.append(block)
    if marks := legend_to_markdown(page):
        cells.append(_markdown(marks, ()))
    kept = [{"id": f"cell-{k}"} | c for k, c in enumerate((c for c in cells if c["source"]), 1)]
    return json.dumps({"cells": kept, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _runs(code: Code) -> bool:
    return code.language == "python" and code.output is not None


def _opened(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, those that hold a cell to be run laid open."""
    for block in blocks:
        held = isinstance(block, Box) or (isinstance(block, Folded) and block.kind not in ("hint", "answer"))
        if held and isinstance(block, Box | Folded) and any(isinstance(b, Code) and _runs(b) for b in _seen(block.blocks)):
            yield Prose((Strong(inline_text(block.title)),))
            yield from _opened(block.blocks)
        else:
            yield block


def _seen(blocks: Iterable[Block]) -> Iterator[Block]:
    """What is not behind a hint or an answer."""
    for block in blocks:
        yield block
        if isinstance(block, Box) or (isinstance(block, Folded) and block.kind not in ("hint", "answer")):
            yield from _seen(block.blocks)


def _of_blocks(blocks: tuple[Block, ...]) -> Cell:
    """One Markdown cell, its pictures attached."""
    drawn: dict[Picture, tuple[str, bytes]] = {}
    for picture in (b for b in every_block(blocks) if isinstance(b, Picture)):
        if picture not in drawn and (png := png_if_any(picture.svg)) is not None:
            drawn[picture] = (f"picture-{len(drawn) + 1}.png", png)
    dialect = replace(NOTEBOOK, address=lambda picture: f"attachment:{drawn[picture][0]}" if picture in drawn else "")
    return _markdown(blocks_to_markdown(blocks, dialect), drawn.values())


def _markdown(text: str, attached: Iterable[tuple[str, bytes]]) -> Cell:
    pictures = {name: {"image/png": base64.b64encode(png).decode("ascii")} for name, png in attached}
    cell: Cell = {"cell_type": "markdown", "metadata": {}, "source": _lines(text.strip())}
    return cell | {"attachments": pictures} if pictures else cell


def _program(code: Code, number: int) -> Cell:
    printed = visible(code.output or "")
    outputs = [{"name": "stdout", "output_type": "stream", "text": _lines(printed)}] if printed else []
    source = _lines(visible(code.text).rstrip("\n"))
    return {"cell_type": "code", "execution_count": number, "metadata": {}, "outputs": outputs, "source": source}


def _lines(text: str) -> list[str]:
    """As notebooks keep text: a list of lines, each with its end."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]
