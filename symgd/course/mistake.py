"""Find the mistake: what a slide says, what is wrong with it; a formula gets the verdict of `symgd check`, found there and then.

Formulas are given in the slides' letters and shown in the reader's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from symgd.course.lesson import Course
from symgd.document.page import Block, Box, Chain, Code, Folded, Inline, Mono, Prose, Strong
from symgd.document.plain import CHECKS
from symgd.handcalc.judge import check
from symgd.handcalc.to_page import formula_block, judged
from symgd.handcalc.verdict import Finding
from symgd.term import Name
from symgd.typeset import to_latex
from symgd.typeset.layout import layout

__all__ = ["GIVEN", "in_letters_of", "mistake", "verdict_on"]

W, B, L, N = map(Name, ("w", "b", "L", "n"))  # as the slides call them

# what the slides define, as their formulas are judged by
GIVEN = (r"\hat{y}_i = w x_i + b", r"u_i = \hat{y}_i - y_i", r"L = \frac{1}{n} \sum_{i=1}^n u_i^2")
_NOT_SHOWN = re.compile(r"\^\{?\*|\\sum_\{[^{}]*\}\s*\^")  # a star, an upper limit: read, but not typeset


@lru_cache(256)
def verdict_on(said: str, given: tuple[str, ...] = GIVEN) -> Finding:
    """What `symgd check` finds on the line `said`, after the lines `given`, as they stand."""
    return check("\n\n".join(f"$${text}$$" for text in (*given, said))).findings[-1]


def in_letters_of(c: Course, text: str) -> str:
    """LaTeX in the slides' letters w, b, n, L → in the reader's: w_{old} → \\theta_{1,old}.  A second count is called n where the reader's is N."""
    own = {a.symbol: to_latex(layout(b)) for a, b in ((W, c.w), (B, c.b), (L, c.L), (N, c.n)) if a != b}
    if own.get("n") == "N":
        own["N"] = "n"
    if "b" in own:
        own["B"] = own["b"]

    def renamed(m: re.Match[str]) -> str:
        if m["letter"] not in own:
            return m[0]
        head, _, index = own[m["letter"]].partition("_")
        below = ",".join(filter(None, (index.strip("{}"), (m["below"] or "").strip("{}"))))
        return f"{head}_{{{below}}}" if below else f"{head} " if head[0] == "\\" else head

    return _LETTER.sub(renamed, text)


_LETTER = re.compile(r"\\text\{[^{}]*\}|\\[A-Za-z]+|MSE|(?P<letter>[wbBnLN])(?:_(?P<below>\{[^{}]*\}|[A-Za-z]))?")


def mistake(
    c: Course, said: str, why: Inline, *, hint: Inline = (), asks: Inline = (), given: tuple[str, ...] = GIVEN, words: bool = False
) -> tuple[Block, ...]:
    """A box "Find the mistake": what is said, the question, a hint and an answer that fold.

    said   a formula as LaTeX text in the slides' letters, shown typeset in the reader's; or with words=True a sentence
    why    the explanation, in our words and the reader's letters
    asks   the question; without it "What is wrong with it?"
    given  the lines of LaTeX that the formula is judged by, the definitions; they stand in the answer
    """
    lead = "A slide says:"
    if not words:
        said, given, lead = _in_letters(c, said, given)
    shown: tuple[Block, ...] = (Prose((Strong(f"“{said}”"),)),) if words else _quoted(said)
    answer = (*(() if words else _verdict(said, given)), Prose(why))
    question = Prose((lead,)), *shown, Prose(asks or ("What is wrong with it?",))
    folded = (*((Folded(("Hint",), (Prose(hint),), "hint"),) if hint else ()), Folded(("Answer",), answer, "answer"))
    return (Box(("Find the mistake",), (*question, *folded), "mistake"),)


def _in_letters(c: Course, said: str, given: tuple[str, ...]) -> tuple[str, tuple[str, ...], str]:
    """The line and its definitions in the reader's letters, and how it is said that they are; in the slides' own where the reader's mean something else."""
    own, own_given = in_letters_of(c, said), tuple(in_letters_of(c, text) for text in given)
    if (own, own_given) == (said, given):
        return said, given, "A slide says:"
    if verdict_on(own, own_given).verdict != verdict_on(said, given).verdict:  # a slope called exp
        return said, given, "A slide says, in its own letters:"
    return own, own_given, "A slide says, in our letters:"


def _quoted(said: str) -> tuple[Block, ...]:
    """The formula typeset, and as it is typed where the typeset one does not show all of it."""
    return (*formula_block(said, "latex"), *((Code(said, "latex"),) if _NOT_SHOWN.search(said) else ()))


def _verdict(said: str, given: tuple[str, ...]) -> tuple[Block, ...]:
    """The definitions, what `symgd check` says, the line with its mark, and where it is wrong the slip, the correction and the numbers."""
    found = verdict_on(said, given)
    mark, word, means = CHECKS[found.verdict]
    by: tuple[Block, ...] = ()
    if given:
        lines = tuple(line for text in given for block in formula_block(text, "latex") if isinstance(block, Chain) for line in block.lines)
        by = (Prose(("By the definitions",)), Chain(lines))
    return (*by, Prose((Mono("symgd check"), " says: ", Strong(f"{mark} {word}"), f" ({means}).")), *judged(found))
