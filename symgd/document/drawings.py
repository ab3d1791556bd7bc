"""A page whose pictures lie in files beside it, for the format that can only link to them."""

from __future__ import annotations

from dataclasses import replace

from symgd.document.page import Block, Box, Folded, Page, Picture

__all__ = ["with_files"]


def with_files(page: Page, stem: str) -> tuple[Page, list[tuple[str, str]]]:
    """The page with the path of each of its pictures, and (file, SVG) of each: stem-1.svg, stem-2.svg, … in the order of the page."""
    files: list[tuple[str, str]] = []

    def placed(block: Block) -> Block:
        if isinstance(block, Box | Folded):
            return replace(block, blocks=tuple(map(placed, block.blocks)))
        if isinstance(block, Picture):
            files.append((f"{stem}-{len(files) + 1}.svg", block.svg + "\n"))
            return replace(block, path=files[-1][0])
        return block

    return replace(page, blocks=tuple(map(placed, page.blocks))), files
