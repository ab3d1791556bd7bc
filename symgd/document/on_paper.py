"""A page for paper, where nothing folds: hints, answers and programs stand at its end, under headings of their own, and where each was it says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count, groupby

from symgd.document.page import Block, Box, Folded, Heading, Inline, Link, Page, Prose, every_block
from symgd.document.plain import inline_text

__all__ = ["lower", "on_paper"]

ENDS = {"hint": "Hints", "answer": "Answers", "more": "In full"}  # kind: the heading that it stands under, in this order


def on_paper(page: Page) -> Page:
    """The same page without a Folded block.  Boxes with one title are numbered, so that "Find the mistake 2" finds its answer."""
    ends: dict[str, list[Block]] = {kind: [] for kind in ENDS}
    titles = Counter(inline_text(b.title) for b in every_block(page.blocks) if isinstance(b, Box) and _folds(b.blocks))
    used: Counter[str] = Counter()
    places = count(1)

    def boxed(box: Box, owner: Inline) -> Box:
        text = inline_text(box.title)
        if titles[text] > 1:
            used[text] += 1
            box = replace(box, title=(*box.title, f" {used[text]}"))
        return replace(box, blocks=laid(box.blocks, (*owner, *(", " for _ in owner[:1]), *box.title)))

    def laid(blocks: Iterable[Block], owner: Inline) -> tuple[Block, ...]:
        out: list[Block] = []
        for folded, group in groupby(blocks, lambda b: isinstance(b, Folded)):
            some = list(group)
            anchors = [f"fold-{next(places)}" for _ in some] if folded else []
            out += [_pointer([Link(inline_text(b.title), f"#{a}") for a, b in zip(anchors, some, strict=True) if isinstance(b, Folded)])] if folded else []
            for k, block in enumerate(some):
                match block:
                    case Folded(title, inside, kind):
                        put = ends[kind if kind in ENDS else "more"]
                        put.append(Heading(2, (*owner, ": ", *title) if owner else title, anchors[k]))
                        put += lower(laid(inside, owner))
                    case Box():
                        out.append(boxed(block, owner))
                    case _:
                        out.append(block)
        return tuple(out)

    body = laid(page.blocks, ())
    return replace(page, blocks=(*body, *(b for kind, put in ends.items() if put for b in (Heading(1, (ENDS[kind],)), *put))))


def _folds(blocks: Iterable[Block]) -> bool:
    return any(isinstance(b, Folded) for b in every_block(blocks))


def lower(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Headings that stand under one of level 2."""
    return tuple(replace(b, level=b.level + 2) if isinstance(b, Heading) else b for b in blocks)


def _pointer(links: list[Link]) -> Prose:
    """(Hint 1, Hint 2 and Answer: at the end.)  A link with # leads to the heading with that anchor."""
    marks = [""] + [", "] * (len(links) - 2) + [" and "] * (len(links) > 1)
    return Prose(("(", *(piece for mark, link in zip(marks, links, strict=True) for piece in (mark, link)), ": at the end.)"))
