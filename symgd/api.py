"""What `import symgd` offers: each function hands its argument to the room that does the work.

That room is imported then: where a function is read from the cache, SymPy is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symgd import catalogue
from symgd.derivation import Derivation, Gradient
from symgd.document.files import write_file
from symgd.document.formats import format_of, render
from symgd.document.page import Page
from symgd.forward import Problem
from symgd.term import Name, Term, symbol_problem
from symgd.typeset.layout import Convention, Notation, Derivatives

if TYPE_CHECKING:
    from symgd.referee.check import Check
    from symgd.handcalc.verdict import Verdict
    from symgd.numeric.closed.form import SolvableForm
    from symgd.numeric.curve import Curve
    from symgd.numeric.fit import Fit
    from symgd.numeric.function import GradientFunction
    from symgd.numeric.descent.trace import Trace

__all__ = [
    "Problem", "after", "check", "closed_form", "compile", "curvature", "derive", "descend", "differentiate", "equal", "explain", "fit", "problem",
    "read_derivation", "write",
]  # fmt: skip


def problem(name: str) -> Problem:
    """The problem of that name in the catalogue: "line-mse".  Raises catalogue.UnknownProblem (a KeyError), with the choices."""
    return catalogue.problem(name)


def derive(problem: Problem) -> Gradient:
    """The gradient of a problem, every step checked.  Raises what `backward.derive` raises."""
    from symgd.backward import derive as derived

    return derived(problem)


def differentiate(expression: str | Term, by: str | Name) -> Derivation:
    """(expression)′ by one name, the others constant, every step checked: differentiate("sin(x)^2/x", "x").

    Raises reading.Unread for a text that cannot be read, rules.NoRule for a function without a derivative here.
    """
    from symgd.backward import differentiate as derived
    from symgd.reading import read

    name = by if isinstance(by, Name) else _name(by)
    return derived(read(expression, declared={name.symbol}) if isinstance(expression, str) else expression, name)


def _name(word: str) -> Name:
    if wrong := symbol_problem(word):
        from symgd.reading import Unread

        raise Unread(f"{word!r} cannot be a name: {wrong}", word, 0, len(word))
    return Name(word)


def explain(
    source: Gradient | Derivation, detail: str = "full", notation: Notation = "sum", title: str = "", layout: Convention = "denominator",
    derivatives: Derivatives = "partial", alpha: str = "alpha",
) -> Page:  # fmt: skip
    """The derivation as a page, with closed form and curvature.

    detail    brief, full or tutorial
    notation  sample, sum or matrix
    layout    of derivatives by arrays, in matrices: denominator (the array's shape) or numerator (its transpose's); the page says which
    derivatives     how derivatives are marked: partial (∂L/∂w), leibniz (dL/dw), prime (L′(w)) or nabla (∇_w L)
    alpha     the letter of the learning rate
    """
    from symgd import exposition

    if isinstance(source, Derivation):
        return exposition.explain_derivative(source, detail, title)
    from symgd.explained import page_of
    from symgd.hessian import curvature as second
    from symgd.stationary import closed_form as solved

    return page_of(source, solved(source), second(source), exposition.Style(detail, notation, derivatives, layout, _name(alpha)), title)


def write(page: Page, path: str, force: bool = False) -> None:
    """The page as a file; the suffix says the format (.txt .md .tex .html .ipynb .pdf).

    Raises ValueError for another suffix, FileExistsError where the name is taken and force is False, OSError where it cannot be written,
    document.formats.MissingExtra (an ImportError) for a PDF where Typst is not installed.
    """
    write_file(path, render(page, format_of(path)), force)


def compile(gradient: Gradient | Problem, target: str = "numpy") -> GradientFunction:  # noqa: A001  the word of the interface
    """The gradient as fast functions: target="numpy", or "numba", "jax", "torch", "c", "sympy", called and bound in the same way.

    A problem is derived and proved first: compile(problem("line-mse")); for NumPy its texts are kept in the user's cache directory, and where they were
    kept before nothing is derived and SymPy is not imported (`shelf`).
    Raises what `derive` raises, for a problem; ValueError for a target that is not there, document.formats.MissingExtra (an ImportError) where its
    library is not installed, numeric.program.line.NotSupported for what it cannot express.
    """
    if isinstance(gradient, Problem) and target == "numpy":
        from symgd.shelf import function

        return function(gradient)
    if isinstance(gradient, Problem):
        gradient = derive(gradient)
    if target != "numpy":
        from symgd.numeric.targets.table import compiled

        return compiled(gradient, target)  # type: ignore[no-any-return]  # called in the same way
    from symgd.numeric.function import compile_gradient

    return compile_gradient(gradient)


def closed_form(gradient: Gradient) -> SolvableForm:
    """gradient = 0 solved, with its steps; `.solve(x=x, y=y)` in exact arithmetic."""
    from symgd.numeric.closed.form import solvable

    return solvable(gradient)


def curvature(gradient: Gradient) -> Curve:
    """Second derivatives, convexity, and rates on data: `.rate_bound(x=x)`."""
    from symgd.numeric.curve import curve

    return curve(gradient)


def descend(f: GradientFunction, **options: Any) -> Trace:
    """Gradient descent of a compiled gradient on data: descend(f, x=x, y=y, start=(0, 0), rate="auto", max_iterations=1000).

    method  "gd", "momentum", "nesterov", "sgd", "line-search", "bb" (Barzilai–Borwein) or "newton"
    """
    from symgd.numeric.descent.descend import descend as walk

    return walk(f, **options)


def fit(
    data: str, *, target: str, features: Sequence[str] = (), problem: Problem | str = "", categories: Sequence[str] = (), missing: str = "refuse",
    stream: bool = False, dask: str = "", hidden: Sequence[int] = (8,), **options: Any,
) -> Fit:  # fmt: skip
    """The whole way on a file: fit("big.parquet", features=["x"], target="y"), as `symgd fit` goes it; .parameters, .closed, .trace.

    data        a CSV or Parquet file, a folder of Parquet files, a pattern; what is larger than memory may be is read part by part
    problem     by name or as a Problem; a line of one feature, a plane of several where it is left out
    categories  features whose words become columns of 0 and 1;  missing="drop" leaves out rows with missing values
    stream      read part by part whatever the size;  dask: the address of a cluster whose workers read, or "local"
    options     of the descent: rate, max_iterations, start, hold, stop, standardise, seed, method, momentum, batch, decay
    Raises ValueError (DataError for data that cannot be used, with the place), MissingExtra for Parquet without pyarrow.
    """
    from symgd.fitting import fit_file

    stated = problem if isinstance(problem, Problem) else catalogue.problem(problem or ("plane-mse" if len(features) + len(categories) > 1 else "line-mse"))
    return fit_file(data, stated, features, target, categories, missing, stream, dask, tuple(hidden), options)  # type: ignore[no-any-return]


def after(f: GradientFunction, steps: int, **options: Any) -> Any:
    """The parameters after so many steps of gradient descent on a quadratic loss, without making them: after(f, 1_000_000, x=x, y=y, rate=0.001).

    Raises ValueError for another loss: its steps must be made.
    """
    from symgd.numeric.descent.after import after as at_once

    return at_once(f, steps, **options)


def equal(left: str, right: str, domain: Mapping[str, str] | None = None, seconds: float = 2.0) -> Check:
    """Are two expressions the same?  proved, refuted (with a witness) or held, which means undecided.

    domain  {"x": "positive"}; names are real otherwise.  Strangers' text: decided in a process of its own, with limits.
    Raises reading.Unread for a text that cannot be read, ValueError for a word that is no domain.
    """
    from symgd.worker import equal as decided

    found: Check = decided(left, right, dict(domain or {}), seconds)
    return found


def check(text: str, problem: Problem | str | None = None, *, let: Sequence[str] = (), name: str = "-", seconds: float = 20.0) -> Verdict:
    """Somebody's working judged line by line: verdict.first_wrong, verdict.findings, verdict.to_json().

    text     LaTeX, Markdown, plain lines, or the text of a notebook or a program, as the suffix of `name` says
    problem  what it is judged against, by name or as a Problem; else what the writer defines
    let      definitions that the writer leaves out: "y_hat = w*x + b"
    Strangers' text: judged in a process of its own, with limits; what is not decided within `seconds` is undecided, never wrong.
    Raises catalogue.UnknownProblem; reading.Unread for a definition that cannot be read; ValueError for a text beyond 5 MB.
    """
    from symgd.checking import check as checked
    from symgd.handcalc.jobs import Reference, as_texts

    stated = as_texts(problem) if isinstance(problem, Problem) else Reference(name=problem or "")
    reference = replace(stated, let=(*stated.let, *let))
    reference.problem()
    return checked(text, reference, name, seconds)


def read_derivation(text: str) -> Gradient:
    """The gradient that `symgd derive --format json` wrote.  Raises records.RecordError."""
    from symgd.records import from_json

    return from_json(text)
