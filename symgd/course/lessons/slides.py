"""The slides themselves: each of their formulas with the verdict of `symgd check`, the fourteen errors, and the lesson that gets each right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from symgd.course.errors import ERRORS, SlideError, of_slides
from symgd.course.exercise import Exercise, by_definition, fill_next, find_wrong, predict, predict_program
from symgd.course.lesson import Course, Lesson
from symgd.course.mistake import B, L, N, W
from symgd.document.page import Chain, Cite, Code, Inline, Line, Mono, Strong
from symgd.document.plain import CHECKS
from symgd.exposition.writing import Writing
from symgd.handcalc.judge import check
from symgd.handcalc.show import counts
from symgd.handcalc.to_page import judged
from symgd.handcalc.verdict import Finding, Verdict

__all__ = ["FORMULAS", "LOOSE", "SLIDES", "TYPED", "slides_verdict"]

# the formulas of the slides, as they are typed there, under what they are about
FORMULAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("The line", ("y = wx + b", "y = w_i * x_i + b_i")),
    (
        "The loss",
        (
            r"\text{MSE} = (1/n) \sum |\hat{y} - y|^2",
            r"= (1/n) \sum |(wx + b) - y|^2",
            r"\frac{d}{dw}(MSE)",
            r"MSE = \frac{1}{N} \sum_{i=1}^n ((wx_i + b) - y_i)^2",
        ),
    ),
    (
        "The step, and where it ends",
        (
            r"\text{New weight } (w_{\text{new}}) = \text{Old Weight } (w_{\text{old}}) - \text{Slope}",
            r"w_{new} = w_{old} - \text{Learning Rate} * \text{slope}",
            r"w_{new} = w_{old} - \text{learning rate} * 0",
            r"w_{new} = w_{old}",
        ),
    ),
    (
        "The chain rule",
        (
            r"L = \frac{1}{n} \sum_{i=1}^n (\hat{y}_i - y_i)^2",
            r"\hat{y} = \omega_i^* x_i + b",
            r"\hat{y} - y = u",
            r"L = \frac{1}{N} \sum u^2",
            r"\frac{dL}{du} = \frac{1}{N} \frac{d(u^2)}{du}",
            r"\frac{dL}{du} = \frac{2u}{N}",
            r"\frac{dL}{d\hat{y}} = \frac{du}{d\hat{y}} * \frac{dL}{du}",
            r"\frac{du}{d\hat{y}} = \frac{d}{d\hat{y}} (\hat{y} - y) = 1",
            r"\frac{dL}{d\hat{y}} = \frac{2u}{N}",
        ),
    ),
    (
        "The slopes, and both updates",
        (
            r"y_i = w \cdot x_i + b",
            r"\frac{dL}{dw} = \frac{dL}{d\hat{y}} * \frac{d\hat{y}}{dw}",
            r"\frac{dL}{db} = \frac{dL}{d\hat{y}} * \frac{d\hat{y}}{db}",
            r"\frac{dL}{dw} = 2u \cdot x_i \quad \text{or} \quad 2(\hat{y} - y) \cdot x_i",
            r"2((w^*x + b) - y) \cdot x_i",
            r"b_{new} = b_{old} - \text{learning rate} * \text{slope}",
            r"\frac{dL}{dB} = 2u - y = 2(w_{old} * x + b)",
        ),
    ),
)
TYPED = tuple(text for _, texts in FORMULAS for text in texts)
STAR = "^*"  # read as a multiplication sign, not typeset
RATE = 0.001  # the slides' good starting point

LOOSE: tuple[tuple[str, str, str], ...] = (  # what the slides say, what can be said, the lesson
    ("the closed form becomes complex with many variables", "its cost is counted: where descent overtakes it is a number", "closed-form"),
    ("there are infinitely many combinations to try", "on a grid they are finitely many, and their number is the reason against it", "grid"),
    ("descent finds the local minimum", "for this loss every local minimum is the global one", "convexity"),
    ("subtracting a large slope can jump over the minimum", "it does exactly when the slope's own slope is above 1", "raw-slope"),
    ("limit the iterations to a fixed number", "a limit is a budget; it does not say that the minimum is near", "stopping"),
    ("both updates subtract the slope", "they are two slopes, one for each parameter, taken at the same place", "update"),
    ("earlier layers affect the loss", "how they do is the chain rule again, layer by layer", "backpropagation"),
)


@cache
def slides_verdict() -> Verdict:
    """What `symgd check` finds on the formulas of the slides, given to it in their order."""
    return check("\n\n".join(f"$${text}$$" for text in TYPED))


def _write(c: Course, w: Writing) -> None:
    verdict = slides_verdict()
    w.say(
        f"This course took the place of a deck of slides. Here are the {len(TYPED)} formulas of the deck in their order, with what ", Mono("symgd check"),
        " finds on each when it is given them as one working: a line is judged by what the slides define above it.",
    )  # fmt: skip
    w.say(*_counted(verdict))
    _letters(c, w)
    findings = iter(verdict.findings)
    for title, texts in FORMULAS:
        w.head(title)
        _group(w, [next(findings) for _ in texts])
    w.head("The fourteen errors")
    w.say("Ten stand in formulas, four in sentences. A check of formulas cannot see the sentences, and it lets pass what is right for one sample alone.")
    rows: list[tuple[Inline, ...]] = [((str(e.number),), (f"{e.called}: see ", c.to(e.lesson, _title(e.lesson))), _found(e)) for e in ERRORS.values()]
    w.table(("", "what is wrong", "verdict"), rows)
    w.head("Loose words")
    w.say("Some sentences of the slides are not wrong, but say less than can be said.")
    w.table(("the slides", "what can be said"), [((says,), (f"{can}: see ", c.to(slug, _title(slug)))) for says, can, slug in LOOSE])
    w.head("Find the mistakes yourself")
    w.say("Here each formula stands alone. It is judged by the definitions with their indices, so more of the loose ones are noticed.")
    for numbers in ((1, 2), (3,), (4,), (5,), (6,), (7,), (8,), (9,), (10,), (11,), (12,), (13,), (14,)):
        w.blocks.extend(of_slides(c, *numbers))


def _counted(verdict: Verdict) -> Inline:
    """Of the formulas: 8 right, 1 wrong …, each with its mark and what it means."""
    out: list[str | Strong] = []
    for word, many in counts(verdict).items():
        if many:
            mark, name, means = CHECKS[word]
            out += ["; " if out else "", Strong(f"{mark} {name}"), f" {many} ({means})"]
    return (*out, ".")


def _letters(c: Course, w: Writing) -> None:
    """The slides keep their letters here; a table says how they are called elsewhere in the course."""
    other: list[tuple[Inline, ...]] = [((c.formula(a),), (c.formula(b),)) for a, b in ((W, c.w), (B, c.b), (L, c.L), (N, c.n)) if a != b]
    if other:
        w.say("On this page the slides keep their own letters.")
        w.table(("the slides", "this course"), other)


def _group(w: Writing, findings: Sequence[Finding]) -> None:
    """The formulas under one another with verdict and number; what is told of one at length, and what cannot be typeset, stands between them."""
    lines: list[Line] = []
    for f in findings:
        for block in (*judged(f), *((Code(f.line.text, "latex"),) if STAR in f.line.text else ())):
            if isinstance(block, Chain) and any(x.check for x in block.lines):
                lines += [replace(x, number=str(f.line.number) if k == 0 else "") for k, x in enumerate(block.lines)]
                continue
            w.chain(tuple(lines))
            lines = []
            w.blocks.append(block)
    w.chain(tuple(lines))


def _found(e: SlideError) -> Inline:
    """The line of the working that holds the error, and the verdict on it; a sentence has neither."""
    if e.words:
        return ("a sentence",)
    at = TYPED.index(e.said) if e.said in TYPED else len(TYPED) - 1
    mark, word, _ = CHECKS[slides_verdict().findings[at].verdict]
    return Cite(str(at + 1)), f" {mark}\u00a0{word}"


def _title(slug: str) -> str:
    from symgd.course.path import LESSONS

    return next((x.title for x in LESSONS if x.slug == slug), slug)


def _program(c: Course) -> str:
    verdicts = [f.verdict for f in slides_verdict().findings]
    return f'''# the verdicts of symgd check on the slides' formulas, in their order
verdicts = """
{_in_rows(verdicts)}
""".split()
print("formulas", len(verdicts), "errors", {len(ERRORS)})
for line, verdict in enumerate(verdicts, 1):
    print("line", line, verdict)
for verdict in sorted(set(verdicts)):
    print(verdict, verdicts.count(verdict))

# the slope for the intercept at one sample, by a difference of the loss, and what the slide writes for it
X, Y, W, B = 2.0, 3.0, 1.0, 0.0
one = lambda b: (W * X + b - Y) ** 2
U = W * X + B - Y
print("slope", one(B + 0.5) - one(B - 0.5), "slide", 2 * U - Y, 2 * (W * X + B))

# the slides' learning rate on these data
{predict_program(c, RATE)}'''


def _in_rows(words: Sequence[str]) -> str:
    return "\n".join(" ".join(words[k : k + 9]) for k in range(0, len(words), 9))


def _exercises(c: Course) -> Sequence[Exercise]:
    return (
        fill_next(c, c.db, 2),
        find_wrong(c, by_definition(c, c.db), "outer-derivative"),
        predict(c, RATE),
    )


SLIDES = Lesson("slides", "The slides, checked", "Which formulas of the slides hold, and where are the mistakes?", _write, _program, _exercises)
