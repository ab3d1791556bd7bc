"""The published documents: one folder a problem, in every format, and an index.  The same bytes on every run."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from symgd.backward import derive
from symgd.catalogue import CATALOGUE, problem
from symgd.derivation import Gradient
from symgd.document.files import write_bytes, write_text
from symgd.document.formats import render
from symgd.explained import page_of
from symgd.hessian import curvature
from symgd.records import to_json
from symgd.stationary import closed_form
from symgd.term import D
from symgd.typeset import to_latex
from symgd.typeset.layout import layout

__all__ = ["build", "documents"]

FONT = "stix-two-math.woff2"


def documents() -> Iterator[tuple[str, str | bytes]]:
    """(path below the folder, contents) of every document; the HTML pages share one font file."""
    rows = []
    for name in CATALOGUE:
        gradient = derive(problem(name))
        closed, curve = closed_form(gradient), curvature(gradient)
        page = page_of(gradient, closed, curve)
        yield f"{name}/{name}.md", render(page, "markdown")
        yield f"{name}/{name}.tex", render(page, "latex")
        yield f"{name}/{name}.html", render(page, "html", font=f"link:../{FONT}")
        yield f"{name}/{name}.json", to_json(gradient, closed, curve)
        rows.append(_row(name, gradient))
    yield "README.md", "\n".join([_INDEX, *rows]) + "\n"
    yield FONT, files("symgd.document").joinpath(FONT).read_bytes()
    licence = files("symgd.document").joinpath("stix-two-math.LICENSE.txt").read_bytes()
    yield "stix-two-math.LICENSE.txt", licence


def _row(name: str, gradient: Gradient) -> str:
    """One line of the index."""
    goals = [(D(gradient.problem.objective, p), gradient.of(p.symbol).result) for p in gradient.problem.parameters]
    formulas = ", ".join(f"$`{to_latex(layout(goal))} = {to_latex(layout(result))}`$" for goal, result in goals)
    moves = sum(len(d.steps) + len(d.in_full) for d in gradient.tape)
    verdict = "all proved" if gradient.proved else "not all proved"
    return f"| [{gradient.problem.title}]({name}/{name}.md) | {formulas} | {moves}, {verdict} |"


_INDEX = """# Derivations

Written by `symgd build`: every step is proved, and each document says how. Beside each page lie the same derivation as LaTeX, HTML and JSON.

| problem | gradient | moves |
| --- | --- | --- |"""


def build(directory: Path) -> Iterator[Path]:
    """Write every document below the directory, replacing older ones; yields each path.  Raises OSError, ValueError for a file in the way."""
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file; name a folder")
    for name, contents in documents():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, contents, force=True) if isinstance(contents, bytes) else write_text(path, contents, force=True)
        yield path
