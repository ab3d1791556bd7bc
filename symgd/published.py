"""The published documents: one folder a problem, in every format, and an index.  The same bytes on every run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.course.cost import COST, cost
from symgd.course.example import bundled
from symgd.course.folder import files
from symgd.course.lesson import Course
from symgd.derivation import Gradient
from symgd.document.drawings import with_files
from symgd.document.files import write_bytes, write_text
from symgd.document.formats import render
from symgd.explained import page_of
from symgd.exposition.layers import layers_of, names_of
from symgd.exposition.page import shown_goals
from symgd.exposition.writing import Writing
from symgd.forward import Problem
from symgd.hessian import curvature
from symgd.records import to_json
from symgd.stationary import closed_form
from symgd.term import D
from symgd.typeset import to_latex
from symgd.typeset.layout import Layout, layout

__all__ = ["build", "documents"]

COURSE, FONT = "course", "stix-two-math.woff2"


def documents(names: Iterable[str] = tuple(CATALOGUE)) -> Iterator[tuple[str, str | bytes]]:
    """(path below the folder, contents) of every document; the HTML pages share one font file."""
    rows: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        gradient = derive(problem(name))
        closed, curve = closed_form(gradient), curvature(gradient)
        page, drawn = with_files(page_of(gradient, closed, curve), name)
        yield from ((f"{name}/{path}", svg) for path, svg in drawn)
        yield f"{name}/{name}.md", render(page, "markdown")
        yield f"{name}/{name}.tex", render(page, "latex")
        yield f"{name}/{name}.html", render(page, "html", font=f"link:../{FONT}")
        yield f"{name}/{name}.json", to_json(gradient, closed, curve)
        rows[_group(gradient.problem)].append(_row(name, gradient))
    for path, contents in files(Course(bundled(), outputs=False), "markdown"):  # what a program prints may differ in its last digits between machines
        yield f"{COURSE}/{path}", contents
    page, drawn = with_files(cost(), COST)
    yield from drawn
    yield f"{COST}.md", render(page, "markdown")
    yield f"{COST}.html", render(page, "html", font=f"link:{FONT}")
    tables = (f"## {group}\n\n{_HEAD}\n" + "\n".join(found) for group, found in rows.items() if found)
    yield "README.md", "\n\n".join([_INDEX, *tables]) + "\n"
    yield FONT, resources.files("symgd.document").joinpath(FONT).read_bytes()
    licence = resources.files("symgd.document").joinpath("stix-two-math.LICENSE.txt").read_bytes()
    yield "stix-two-math.LICENSE.txt", licence


GROUPS = ("One feature", "Many features", "Classes", "Networks")


def _group(problem: Problem) -> str:
    """Where a problem stands in the index, by the shapes of its parameters."""
    if layers_of(problem):
        return "Networks"
    return GROUPS[max(len(p.indices) for p in problem.parameters)]


def _row(name: str, gradient: Gradient) -> str:
    """One line of the index: the gradients, of a network those of its first layer."""
    problem = gradient.problem
    layers = layers_of(problem)
    goals = [D(problem.objective, p) for p in layers[0].weights] if layers else shown_goals(gradient)
    w = Writing("brief", "sum", called=names_of(problem, layers))
    formulas = [f"{_latex(w.layout(goal))} = {_latex(w.layout(gradient.of(goal.by.symbol).result))}" for goal in goals]
    if layers:
        delta = D(problem.objective, layers[0].total.name)
        formulas.append(f"{_latex(w.layout(delta))} = {_latex(layout(delta))}")
    moves = sum(len(d.steps) + len(d.in_full) for d in gradient.tape)
    verdict = "all proved" if gradient.proved else "not all proved"
    return f"| [{problem.title}]({name}/{name}.md) | {', '.join(f'$`{f}`$' for f in formulas)} | {moves}, {verdict} |"


def _latex(formula: Layout) -> str:
    """For a cell of a table, which a bar would end."""
    return to_latex(formula).replace("|", r"\vert ")


_INDEX = """# Derivations

Written by `symgd build`: every step is proved, and each document says how. Beside each page lie the same derivation as LaTeX, HTML and JSON.

**[The course](course/README.md)** leads through gradient descent idea by idea, on the data of 1,000 students, with pictures, exercises and a playground.

**[A line through 10¹² rows](cost.md)** says what the squared loss costs there, and why it is six numbers a part."""

_HEAD = "| problem | gradient | moves |\n| --- | --- | --- |"


def build(directory: Path) -> Iterator[Path]:
    """Write every document below the directory, replacing older ones; yields each path.  Raises OSError, ValueError for a file in the way."""
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file; name a folder")
    for name, contents in documents():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, contents, force=True) if isinstance(contents, bytes) else write_text(path, contents, force=True)
        yield path
