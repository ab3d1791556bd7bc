"""Exercises: a question, hints before the answer, and what `symgd check` accepts; and how they are drawn from a proved derivation.

`fill_next`: write the next line.  `find_wrong`: which line is wrong?  `predict`: what happens at this rate?

Glossary: λ an eigenvalue of the second derivatives; one step multiplies the distance from the minimum along its direction by 1 − αλ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symgd.document.page import Block, Box, Chain, Code, Folded, Inline, Line, Link, Mono, Prose, Strong

if TYPE_CHECKING:
    from symgd.course.lesson import Course
    from symgd.derivation import Derivation, Step
    from symgd.exposition.writing import Writing
    from symgd.handcalc.verdict import Finding
    from symgd.term import Term

__all__ = [
    "REGIMES", "Exercise", "by_definition", "derivation_of", "fill_next", "find_wrong", "predict", "predict_program", "regime", "slips_in", "to_blocks",
    "usual", "writing_of",
]  # fmt: skip


@dataclass(frozen=True)
class Exercise:
    """question  what is asked; the first block is a Prose
    hints     each a little more, none of them the answer
    answer    with its reason
    kind      "fill": write the next line · "find": which line is wrong · "predict": what happens
    stated    what `symgd check` is to know, as text that it reads: for "fill" the definitions and the lines before, for "find" the definitions
    key       for "fill": the line that follows; for "find": the corrected line
    lines     for "find": the lines that are shown, each with the rule that it claims; wrong, the one that is, and slip, what `symgd check` calls it
    """

    question: tuple[Block, ...]
    hints: tuple[Inline, ...]
    answer: tuple[Block, ...]
    kind: str = "predict"
    stated: tuple[str, ...] = ()
    key: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    wrong: str = ""
    slip: str = ""


def to_blocks(exercises: tuple[Exercise, ...], sheet: Callable[[int], str] | None = None) -> tuple[Block, ...]:
    """A box an exercise, numbered; hints and answer fold.  `sheet` tells for the k-th one where the file lies that the line can be written into."""
    return tuple(
        Box(
            (f"Exercise {k}",),
            (*e.question, *(_marked(sheet(k)) if sheet and e.key else ()), *_hints(e), Folded(("Answer",), e.answer, "answer")),
            "exercise",
        )
        for k, e in enumerate(exercises, 1)
    )  # fmt: skip


def _hints(e: Exercise) -> tuple[Block, ...]:
    return tuple(Folded((f"Hint {j}" if len(e.hints) > 1 else "Hint",), (Prose(h),), "hint") for j, h in enumerate(e.hints, 1))


def _marked(path: str) -> tuple[Block, ...]:
    """How a line is handed in."""
    return (Prose(("To have your line marked, write it into ", Link(path, path), " and run ", Mono(f"symgd check {path}"), " in the folder of the course.")),)


# ---------------------------------------------------------------- from a derivation


def derivation_of(c: Course, goal: Term | Derivation) -> Derivation:
    """The proved derivation of a goal: c.dw, D(c.L, c.y_hat), D(c.u, c.y_hat, True).  Raises KeyError, with the goals, for one that the course has not."""
    from symgd.course.spoiled import as_text
    from symgd.derivation import Derivation
    from symgd.term import D, Name

    if isinstance(goal, Derivation):
        return goal

    def bare(t: Term) -> object:
        return (bare(t.of), bare(t.by)) if isinstance(t, D) else t.symbol if isinstance(t, Name) else t

    tape = c.example.gradient.tape
    for d in tape:
        if bare(d.goal) == bare(goal):
            return d
    raise KeyError(f"no derivation of {as_text(goal)}; there are {', '.join(as_text(d.goal) for d in tape)}")


def by_definition(c: Course, goal: Term) -> Derivation:
    """The derivation of c.dw or c.db without names: the loss written out, then rule by rule, each step proved."""
    from symgd.course import spoiled
    from symgd.term import D

    assert isinstance(goal, D)
    return spoiled.by_definition(c.example.gradient, goal.by)


def slips_in(c: Course, goal: Term | Derivation) -> tuple[str, ...]:
    """The slips that `find_wrong` can make in that derivation."""
    from symgd.course import spoiled

    return spoiled.slips_in(c.example.gradient.problem, derivation_of(c, goal))


def fill_next(c: Course, goal: Term | Derivation, k: int = -1) -> Exercise:
    """Write the next line: the lines of the derivation before line k are shown (k = 0 is the line after the goal, −1 the last one).

    Where a letter of the reader's means something else to `symgd check`, a slope called exp, the exercise has no key, and no worksheet.
    Raises ValueError where the check would not call the line right in the usual letters, IndexError for a line that the derivation has not.
    """
    from symgd.course.spoiled import as_line, definitions, findings

    d = derivation_of(c, goal)
    steps = (*d.steps, *d.in_full)
    at = range(len(steps))[k]
    stated = (*definitions(c.example.gradient.problem), *(as_line(d.goal, s.after) for s in steps[:at]))
    key = as_line(d.goal, steps[at].after)
    accepted = findings((*stated, key))[-1].verdict == "right"
    if not accepted and usual(c):
        raise ValueError(f"the check does not call {key} right")
    shown = _steps(c, d, steps[:at]) if at else _goal(c, d)
    question: tuple[Block, ...] = (Prose(("What is the next line? Only one move is made.",) if at else ("What is the first line?",)), *shown)
    name, law, _ = _words_of(steps[at])
    hints: tuple[Inline, ...] = ((f"The move is called “{name}”.",), (f"Its law: {law}. It is made on ", writing_of(c).formula(steps[at].about), "."))
    line = Chain((_line(c, d, steps[at], True),))
    if not accepted:
        return Exercise(question, hints, (line,), "fill")
    typed = Prose(("Typed for ", Mono("symgd check"), " (other ways of writing the same are right too):"))
    return Exercise(question, hints, (line, typed, Code(key)), "fill", stated, key)


def usual(c: Course) -> bool:
    """Are the letters those that everything was tried with?"""
    return (c.w.symbol, c.b.symbol, c.n.symbol, c.L.symbol) == ("w", "b", "n", "L")


def _words_of(step: Step) -> tuple[str, str, str]:
    """(the rule, its law, the reason)"""
    from symgd.rules import law_of

    return (step.rule, *law_of(step.rule, step.about))


def writing_of(c: Course) -> Writing:
    """In sums, whatever the notation of the course: in arrays some moves are not seen."""
    return replace(c.writing(), notation="sum", blocks=[], numbers={}, called={})


def _goal(c: Course, d: Derivation) -> tuple[Block, ...]:
    """What the derivation begins with: the goal, and the definitions."""
    w = writing_of(c)
    tape = tuple(w.line(x.name, x.value, ":=") for x in c.example.gradient.problem.tape)
    return Chain(tape), Prose(("We look for ", w.formula(d.goal), "."))


def _steps(c: Course, d: Derivation, steps: tuple[Step, ...]) -> tuple[Block, ...]:
    """The lines so far, with the names of the rules."""
    return (Chain(tuple(_line(c, d, s, k == 0) for k, s in enumerate(steps))),)


def _line(c: Course, d: Derivation, step: Step, with_goal: bool) -> Line:
    left, right = writing_of(c).pair(d.goal, step.after)
    return Line(left if with_goal else None, right, "=", (step.rule,), check=step.check.verdict)


# ---------------------------------------------------------------- one line spoiled


def find_wrong(c: Course, goal: Term | Derivation, slip: str, which: int = 0) -> Exercise:
    """Which line is wrong?  The derivation with that slip made at one step; `which` counts the places where it can be made.

    The answer is the verdict of `symgd check`.  Where a letter of the reader's means something else to it, another slip is made, or the next line asked for.
    Raises ValueError, with the slips that can be made, where this one cannot in the usual letters.
    """
    from symgd.course import spoiled
    from symgd.handcalc.to_page import judged

    d, problem = derivation_of(c, goal), c.example.gradient.problem
    try:
        made = spoiled.spoiled(problem, d, slip, which)
    except ValueError:
        known = spoiled.slips_in(problem, d)
        if usual(c):
            raise
        if not known:
            return fill_next(c, d)
        made = spoiled.spoiled(problem, d, known[0])
    w = writing_of(c)
    rows = [w.pair(made.goal, t) for _, t in made.lines]
    claimed = [f"line {k}: {rule}" for k, (rule, _) in enumerate(made.lines, 1)]
    question: tuple[Block, ...] = (
        Prose(("One line does not follow from the one before it. Which is the first that is wrong, and what went wrong there?",)),
        Chain(tuple(Line(left if k == 0 else None, right, "=", (claimed[k],)) for k, (left, right) in enumerate(rows))),
    )
    step = d.steps[made.at]
    name, law, _ = _words_of(step)
    half = f" It is one of the {'last' if 2 * made.at >= len(rows) - 1 else 'first'} lines." if len(rows) > 2 else ""
    hints: tuple[Inline, ...] = ((f"Ask of each line which rule it claims.{half}",), (f"Look where “{name}” is claimed: {law}.",))
    answer: tuple[Block, ...] = (
        Prose((Strong(f"Line {made.at + 1}."), " ", Mono("symgd check"), " finds:")),
        *judged(_uncorrected(made.said[made.at])),
        Prose(("The line that follows is",)),
        Chain((_line(c, d, step, True),)),
    )
    typed = tuple((spoiled.as_line(made.goal, t), rule) for rule, t in made.lines)
    key = spoiled.as_line(made.goal, made.right)
    return Exercise(question, hints, answer, "find", spoiled.definitions(problem), key, typed, typed[made.at][0], made.slip)


def _uncorrected(f: Finding) -> Finding:
    """Without the corrected line: here it is the next line that corrects it, not the result."""
    return replace(f, expected=None)


# ---------------------------------------------------------------- at this rate

# regime: what a descent does whose α λmax lies there
REGIMES = {
    "comes down": "It comes down from one side, without crossing the valley",
    "zig-zags": "It crosses the valley at every step, and each time ends nearer to the bottom: it zig-zags, and settles",
    "swings": "It swings from one side of the valley to the other for ever: each step lands as far away as it began",
    "diverges": "Each step lands farther away than it began: it diverges",
}


def regime(rate: float, steepest: float) -> str:
    """What the part of the descent along the direction of the eigenvalue `steepest` does at this rate: a key of REGIMES."""
    factor = rate * steepest
    return "swings" if math.isclose(factor, 2, rel_tol=1e-9) else "diverges" if factor > 2 else "zig-zags" if factor > 1 else "comes down"


def predict(c: Course, rate: float, *, standard: bool = False, held: float | None = None) -> Exercise:
    """What happens at this rate on these data?

    standard  with the feature standardised
    held      with the intercept held at this value, so that the loss is a parabola in the slope alone

    The answer follows from the largest eigenvalue; `predict_program` prints its numbers, and a run confirms it.  Raises ArithmeticError if it does not.
    """
    steepest = _steepest(c, standard, held)
    found, factor = regime(rate, steepest), 1 - rate * steepest
    _see(c, rate, standard, held, factor)
    on = " with the feature standardised" if standard else " on these data as they are"
    only: Inline = (", ", c.formula(c.b), " held fixed,") if held is not None else ()
    exactly = ", which is exactly the bound" if found == "swings" else ""
    question: tuple[Block, ...] = (
        Prose(("What does gradient descent do", on, *only, " at the learning rate ", c.formula(c.alpha), f" = {_number(rate)}{exactly}?")),
        Prose(("Does it come down from one side, zig-zag and settle, swing for ever, or diverge?",)),
    )
    curve = "The second derivative" if held is not None else "The largest eigenvalue of the second derivatives"
    hints: tuple[Inline, ...] = (
        ("One step multiplies the distance from the minimum, along the steepest direction, by 1 minus the rate times the second derivative there.",),
        (f"{curve} is {_number(steepest)}. Is the product with the rate below 1, between 1 and 2, 2, or above 2?",),
    )
    product = f"The product is {_number(rate * steepest)}, so one step multiplies the distance along the steepest direction by {_factor(factor)}."
    answer: tuple[Block, ...] = (
        Prose((Strong(REGIMES[found]), f". {product} The bound for the rate is {_number(2 / steepest)}.")),
        *_slowest(c, standard, held, found),
    )
    return Exercise(question, hints, answer)


def _number(value: float) -> str:
    """Three digits, and before the point all that there are.  Of a value that is not 0."""
    from symgd.pictures.lettering import number

    return number(value, max(3, math.floor(math.log10(abs(value))) + 1 if 1 <= abs(value) < 1e6 else 3))


def _factor(factor: float) -> str:
    return "−1" if math.isclose(factor, -1, rel_tol=1e-9) else "0" if abs(factor) < 1e-9 else _number(factor)


def _slowest(c: Course, standard: bool, held: float | None, found: str) -> tuple[Block, ...]:
    """Whether it settles soon, in words: the flattest direction decides."""
    condition = (c.example.standard_rates if standard else c.example.rates).condition
    if held is not None or found in ("swings", "diverges") or condition <= MANY:
        return ()
    return (Prose(("That is the steepest direction. Along the flattest one the same rate is far too small: it settles there only after very many steps.",)),)


MANY = 100  # the condition from which on a descent takes very many steps


def _steepest(c: Course, standard: bool, held: float | None) -> float:
    if held is not None:
        x = c.example.z if standard else c.example.x
        return 2 * c.example.scale * float(x @ x) / c.example.n
    return (c.example.standard_rates if standard else c.example.rates).eigenvalues[-1]


RUN = 12  # steps of the run that confirms a prediction


def _see(c: Course, rate: float, standard: bool, held: float | None, factor: float) -> None:
    """A run on the data, begun beside the minimum along the steepest direction: after k steps it is factor^k as far away.  Raises ArithmeticError."""
    import numpy as np

    x, y, scale = c.example.z if standard else c.example.x, c.example.y, 2 * c.example.scale
    if held is not None:
        at, direction = np.array([float(x @ (y - held)) / float(x @ x), held]), np.array([1.0, 0.0])
    else:
        slope = float((x - x.mean()) @ (y - y.mean())) / float((x - x.mean()) @ (x - x.mean()))
        at = np.array([slope, y.mean() - slope * x.mean()])
        direction = np.linalg.eigh(np.array([[x @ x, x.sum()], [x.sum(), len(x)]]))[1][:, -1]
    away = direction * float(y.std()) / math.sqrt(float(np.mean((direction[0] * x + direction[1]) ** 2)))
    start, size, expected = at, float(away @ away), 1.0
    at = start + away
    for _ in range(RUN):
        u = at[0] * x + at[1] - y
        at = at - rate * scale * np.array([np.mean(u * x), np.mean(u) if held is None else 0.0])
        expected *= factor
        reached = float((at - start) @ away) / size
        if abs(reached - expected) > 1e-5 * max(1.0, abs(expected)):
            raise ArithmeticError(f"at the rate {rate!r} a run is at {reached!r} of the first distance, where {expected!r} was predicted")
        if abs(expected) < 1e-5:
            break


def predict_program(c: Course, rate: float, *, standard: bool = False, held: float | None = None) -> str:
    """Plain NumPy, after the course's preamble, that finds the numbers of `predict` again."""
    column = "(x - x.mean()) / x.std()" if standard else "x"
    second = "np.mean(f * f)" if held is not None else "np.linalg.eigvalsh([[np.mean(f * f), np.mean(f)], [np.mean(f), 1]])[-1]"
    return f"""f = {column}
steepest = 2 * scale * {second}
print("rate", {rate!r}, "second derivative", steepest, "product", {rate!r} * steepest, "factor", 1 - {rate!r} * steepest, "bound", 2 / steepest)
"""
