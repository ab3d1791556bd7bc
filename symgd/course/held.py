"""The loss while the intercept is held: L = A w² + B w + C, its letters defined, so that a line in them can be proved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symgd.course.lesson import Course
from symgd.course.proved import along
from symgd.forward import Definition, Problem
from symgd.term import ONE, TWO, Div, Name, Neg, Num, Sum, Term, add, mul

__all__ = ["Parabola", "parabola_of"]


@dataclass(frozen=True)
class Parabola:
    """problem  the line's, with A, B, C and the lowest point defined along its tape
    w        the parameter that moves
    low      w_min = −B/(2A)
    """

    problem: Problem
    A: Name
    B: Name
    C: Name
    w: Name
    low: Name

    def at(self, w: Term) -> Term:
        """A w² + B w + C"""
        return add(mul(self.A, w**2), mul(self.B, w), self.C)

    @property
    def slope(self) -> Term:
        """2A w + B"""
        return add(mul(TWO, self.A, self.w), self.B)


def parabola_of(c: Course) -> Parabola:
    """A, B and C in the reader's letters: A := (1/n) Σ x_i², with 1/(2n) where his loss has it."""
    problem = c.example.gradient.problem
    A, B, C, low = problem.unused("A", "B", "C", f"{c.w.symbol}_min")
    scale = Fraction(c.example.scale)
    one = Div(ONE, c.n if scale == 1 else mul(TWO, c.n))
    double = Div(Num(2 * scale), c.n)
    away = add(c.b, Neg(c.y))
    named = (
        Definition(A, mul(one, Sum("i", c.x**2)), "half of how fast the slope grows"),
        Definition(B, mul(double, Sum("i", mul(c.x, away))), "the slope where the line is level"),
        Definition(C, mul(one, Sum("i", away**2)), "the loss where the line is level"),
        Definition(low, Neg(Div(B, mul(TWO, A))), "the lowest point, where the slope is 0"),
    )
    return Parabola(along(problem, *named), A, B, C, c.w, low)
