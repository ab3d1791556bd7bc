"""The path: the lessons in order."""

from __future__ import annotations

from symgd.course.lesson import Lesson
from symgd.course.lessons.line import LINE
from symgd.course.lessons.slides import SLIDES

__all__ = ["LESSONS"]

LESSONS: tuple[Lesson, ...] = (LINE, SLIDES)
