"""Closed form, curvature, and how it all was checked: the end of a page."""

from __future__ import annotations

from symgd.derivation import ClosedForm, Gradient
from symgd.document.page import Formula, Inline
from symgd.exposition.writing import Writing, listed, worst
from symgd.forward import Problem
from symgd.hessian import Curvature, Majorant
from symgd.term import D, Name, add, mul
from symgd.typeset.layout import relation

__all__ = ["checked", "closed_form", "curvature"]

SEVERAL, LONG = 8, 160  # names along a line that are all written; characters of a reason that is repeated


def closed_form(w: Writing, closed: ClosedForm) -> None:
    w.head("The closed form")
    if closed.why_not:
        w.say("There is none: ", closed.why_not, ".")
        return
    w.say("At the minimum every slope is 0. The equations are linear in the parameters, so they can be solved step by step.")
    if closed.definitions:
        w.chain(tuple(w.line(name, value, ":=", number=w.number(name)) for name, value in closed.definitions))
    for d in closed.steps:
        lines = w.derivation(d)
        if isinstance(d.goal, Name):
            w.say("Set to 0 and solve for ", w.formula(d.goal), ":")
        w.chain(lines)
        if isinstance(d.goal, Name) and d.goal.indices and w.notation == "sum" and (found := w.in_arrays(d.goal, (d.result,))) and found[1][0]:
            w.say("In matrices ", Formula(relation(found[0], "=", found[1][0])), ".")
    if not closed.solution:
        many = len(closed.system)
        arrays = any(p.indices for p, _ in closed.system)
        what = "linear equations" if arrays else f"{many} linear equations in as many unknowns"
        w.say(f"These are {what}. A formula for them would be long; they are solved by elimination, as numbers.")
    for condition in closed.requires:
        w.note("This holds if ", w.formula(condition), "; otherwise there is not exactly one solution.")


def curvature(w: Writing, curve: Curvature) -> None:
    w.head("Curvature: is the minimum the only one, and how fast may we go?")
    w.chain(tuple(w.line(d.name, d.value, ":=", (d.says,), w.number(d.name)) for d in curve.slopes))
    for _, d in curve.entries:
        w.chain(w.derivation(d) if w.detail != "brief" else (w.result(d),))
    if curve.along and not curve.entries and curve.slope:
        w.say("The Hessian has a block for each pair of parameters; what a direction needs of it is its product with that direction.")
    if curve.along:
        _along(w, curve)
    sentence = curve.says[0].upper() + curve.says[1:]
    if curve.reasons:
        w.say("By the rules of convex functions: " + "; ".join(curve.reasons) + ".")
    w.note(sentence + ".", kind="note" if curve.convex == "yes" else "warning")
    if isinstance(curve.majorant, Majorant) and not curve.majorant.exact:
        w.say(f"Since {curve.majorant.says}, the second derivative along the line is nowhere more than ", w.formula(curve.majorant.term), ".")
    elif isinstance(curve.majorant, str) and not curve.constant:
        w.say(f"A rate that is safe everywhere is not known: {curve.majorant if len(curve.majorant) < LONG else 'no bound of this second derivative is seen'}.")
    if curve.constant and curve.convex == "yes":
        w.say(
            "The second derivatives are the entries of the Hessian H. With its largest eigenvalue λmax, a fixed learning rate converges exactly if 0 < ",
            w.formula(w.alpha),
            " < 2/λmax; the best one is 2/(λmax + λmin).",
        )


def _along(w: Writing, curve: Curvature) -> None:
    """The slope along a line through the parameters, and its own slope; of many parameters and names the first and the last."""
    problem, twice = curve.problem, len(curve.along) > 1
    moved = [w.formula(add(p, mul(curve.step, v))) for p, v in zip(problem.parameters, curve.direction, strict=True)]
    slope = (w.formula(curve.slope.name) if curve.slope else "its slope", " := ", w.formula(D(problem.objective, curve.step)))
    w.say("Along a line through the parameters, ", *listed(moved), ", the slope is ", *slope, " and its own slope is" if twice else ":")
    named = curve.named if len(curve.named) <= SEVERAL else (*curve.named[:2], *curve.named[-2:])
    w.chain(tuple(w.line(d.name, d.value, ":=", _with_names(w, problem, d.says)) for d in named))
    if len(named) < len(curve.named):
        w.say(f"The {len(curve.named) - len(named)} names in between are made in the same way.")
    last = curve.along[-1]
    how: Inline = ("the same walk, twice",) if twice else ("the same walk",)
    w.chain((w.line(last.goal, last.result, "=", how, check=worst(last.steps) if last.steps else ""),))


def _with_names(w: Writing, problem: Problem, says: str) -> Inline:
    """A sentence with the names in it as formulas: "how fast y_hat changes"."""
    known = {s: name for s, name in problem.declared().items() if "_" in s or any(map(str.isdigit, s))}
    pieces = (w.formula(Name(known[word].symbol)) if word in known else word for word in says.split(" "))
    out: list[str | Formula] = []
    for k, piece in enumerate(pieces):
        out += [" ", piece] if k else [piece]
    return tuple(out)


def checked(w: Writing, gradient: Gradient, closed: ClosedForm | None, curve: Curvature | None) -> None:
    steps = [s for d in gradient.tape for s in (*d.steps, *d.in_full)]
    steps += [s for d in (closed.steps if closed else ()) for s in d.steps]
    steps += [s for _, d in (curve.entries if curve else ()) for s in d.steps] + [s for d in (curve.along if curve else ()) for s in d.steps]
    proved = sum(s.check.verdict == "proved" for s in steps)
    scope = gradient.tape[-1].steps[-1].check.scope
    w.head("How this was checked")
    held = "" if proved == len(steps) else f" {len(steps) - proved} are held: they agree wherever they were tried, without a proof."
    w.say(
        f"{proved} of {len(steps)} moves are proved equal by a referee that shares no rule with the derivation: it differentiates each definition with SymPy, "
        f"accumulates along the forward lines, and compares both sides exactly in a finite field.{held} Scope: {_together(scope)}."
    )


def _together(scope: str) -> str:
    """Axes that were looked at in the same sizes, in one phrase: h₁, h₂, j = 1..2 and 3"""
    sizes: dict[str, list[str]] = {}
    for part in scope.split("; "):
        axis, found, rest = part.partition(" = ")
        sizes.setdefault(f" = {rest}" if found else "", []).append(axis.translate(_LOW) if found else part)
    said = []
    for rest, found_axes in sizes.items():
        axes = sorted(found_axes, key=lambda a: (a[:1], len(a), a)) if rest else found_axes
        shown = axes if len(axes) <= 4 or not rest else [*axes[:2], "…", *axes[-2:]]
        said.append((", " if rest else "; ").join(shown) + rest)
    return "; ".join(said)


_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
