"""Exercises: a question, hints before the answer, and what `symgd check` accepts."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.document.page import Block, Box, Folded, Inline

__all__ = ["Exercise", "to_blocks"]


@dataclass(frozen=True)
class Exercise:
    """question  what is asked; the first block is a Prose
    hints     each a little more, none of them the answer
    answer    with its reason
    kind      "fill": write the next line · "find": which line is wrong · "predict": what happens
    stated    for "fill": the lines before, as text that `symgd check` reads
    key       for "fill": the line that follows; for "find": the corrected line
    """

    question: tuple[Block, ...]
    hints: tuple[Inline, ...]
    answer: tuple[Block, ...]
    kind: str = "predict"
    stated: tuple[str, ...] = ()
    key: str = ""


def to_blocks(exercises: tuple[Exercise, ...]) -> tuple[Block, ...]:
    """A box an exercise, numbered; hints and answer fold."""
    from symgd.document.page import Prose

    return tuple(
        Box(
            (f"Exercise {k}",),
            (*e.question, *(Folded((f"Hint {j}" if len(e.hints) > 1 else "Hint",), (Prose(h),), "hint") for j, h in enumerate(e.hints, 1)),
             Folded(("Answer",), e.answer, "answer")),
            "exercise",
        )
        for k, e in enumerate(exercises, 1)
    )  # fmt: skip
