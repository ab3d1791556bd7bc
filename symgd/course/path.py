"""The path: the lessons in order."""

from __future__ import annotations

from symgd.course.lesson import Lesson
from symgd.course.lessons.backpropagation import BACKPROPAGATION
from symgd.course.lessons.chain_rule import CHAIN_RULE
from symgd.course.lessons.closed_form import CLOSED_FORM
from symgd.course.lessons.convexity import CONVEXITY
from symgd.course.lessons.gradient import GRADIENT
from symgd.course.lessons.grid import GRID
from symgd.course.lessons.line import LINE
from symgd.course.lessons.loss import LOSS
from symgd.course.lessons.parabola import PARABOLA
from symgd.course.lessons.rate import RATE
from symgd.course.lessons.raw_slope import RAW_SLOPE
from symgd.course.lessons.scaling import SCALING
from symgd.course.lessons.side import SIDE
from symgd.course.lessons.slides import SLIDES
from symgd.course.lessons.slope import SLOPE
from symgd.course.lessons.stopping import STOPPING
from symgd.course.lessons.update import UPDATE

__all__ = ["LESSONS"]

LESSONS: tuple[Lesson, ...] = (
    LINE, LOSS, GRID, CLOSED_FORM, PARABOLA, SLOPE, SIDE, RAW_SLOPE, RATE, SCALING, STOPPING, CHAIN_RULE, GRADIENT, UPDATE, CONVEXITY, BACKPROPAGATION, SLIDES,
)  # fmt: skip
