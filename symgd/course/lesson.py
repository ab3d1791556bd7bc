"""What a lesson is, and what it may use: the example, the reader's letters, the words for numbers.

A lesson writes its page into a `Writing` (say, note, chain, table, blocks) and names no letter of the problem itself: `c.w` may be m, θ₁ or β₁.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from symgd.course.example import Example
from symgd.course.exercise import Exercise
from symgd.document.page import Formula, Link
from symgd.exposition.style import Style
from symgd.exposition.writing import Writing
from symgd.pictures import Drawing, to_blocks
from symgd.term import D, Name, Num, Term
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["Course", "Lesson"]

PLAIN = Style()


@dataclass(frozen=True, eq=False)
class Course:
    """The example, and how the reader wants it written.

    index    the stem of the page with the way through the course
    outputs  do the programs stand with what they print?
    """

    example: Example
    style: Style = PLAIN
    index: str = "index"
    outputs: bool = True

    # ------------------------------------------------------------ the letters of the problem, as terms

    @cached_property
    def L(self) -> Name:
        return self.example.gradient.problem.objective

    @cached_property
    def w(self) -> Name:
        """The slope of the line."""
        return self.example.gradient.problem.parameters[0]

    @cached_property
    def b(self) -> Name:
        """The intercept."""
        return self.example.gradient.problem.parameters[1]

    @cached_property
    def x(self) -> Name:
        return next(d for d in self.example.gradient.problem.data if d.symbol == "x")

    @cached_property
    def y(self) -> Name:
        return next(d for d in self.example.gradient.problem.data if d.symbol == "y")

    @cached_property
    def y_hat(self) -> Name:
        return self.example.gradient.problem.tape[0].name

    @cached_property
    def u(self) -> Name:
        """The residual."""
        return self.example.gradient.problem.tape[1].name

    @cached_property
    def n(self) -> Name:
        """The number of samples, as it is written."""
        name: Name = self.example.gradient.problem.count[0][1]
        return name

    @property
    def alpha(self) -> Name:
        """The learning rate."""
        return self.style.alpha

    @property
    def dw(self) -> D:
        """∂L/∂w"""
        return D(self.L, self.w)

    @property
    def db(self) -> D:
        return D(self.L, self.b)

    # ------------------------------------------------------------ marks on paper

    def writing(self) -> Writing:
        return Writing.in_style(self.style)

    def formula(self, t: Term) -> Formula:
        return Formula(layout(t, derivatives=self.style.derivatives))

    def value(self, number: float | int | Fraction) -> Formula:
        """An exact number as a formula."""
        return Formula(layout(Num(Fraction(number))))

    def label(self, t: Term) -> str:
        """The term for a picture's label: θ_{1}."""
        return re.sub("[₀-₉]+", lambda m: "_{" + "".join(str(ord(d) - ord("₀")) for d in m[0]) + "}", to_unicode(layout(t, derivatives=self.style.derivatives)))

    def draw(self, w: Writing, drawing: Drawing) -> None:
        """The picture, and its numbers under it."""
        w.blocks.extend(to_blocks(drawing))

    def to(self, slug: str, words: str) -> Link:
        """Words that lead to another page of the course."""
        return Link(words, slug, page=True)

    # ------------------------------------------------------------ columns in words

    @property
    def x_label(self) -> str:
        """The axis of x: the column, with its unit where it has one."""
        return _labelled(self.example.feature, self.example.x_unit)

    @property
    def y_label(self) -> str:
        return _labelled(self.example.target, self.example.y_unit)


def _labelled(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


@dataclass(frozen=True)
class Lesson:
    """slug       the stem of its files, and how other pages lead to it
    title      of the page
    asks       the question that it answers, one sentence: its summary
    write      puts the page's blocks into the writing
    program    plain NumPy after `PREAMBLE`: finds every number of the page again by another route, from x and y alone, and prints them with their names
    exercises  a few, from easy to hard
    """

    slug: str
    title: str
    asks: str
    write: Callable[[Course, Writing], None]
    program: Callable[[Course], str]
    exercises: Callable[[Course], Sequence[Exercise]]
