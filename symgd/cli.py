"""The command line: its words.  What each command does is in `commands`, imported only when one runs, so that --help answers at once.

Exit status: 0 yes · 1 the answer is no · 2 usage, or input that cannot be read · 3 undecided.  Results on stdout, messages on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from symgd import __version__

__all__ = ["main"]

USAGE = 2
ARRAYS = r"""
arrays: with --shape, definitions are NumPy's or LaTeX's
  symgd derive --let "Y_hat = tanh(X @ W1 + b1) @ W2 + b2" \
    --objective "sum((Y_hat - Y)^2)/n" --shape "X: n d" --shape "Y: n k" \
    --shape "W1: d h" --shape "b1: h" --shape "W2: h k" --shape "b2: k" \
    --wrt "W1 b1 W2 b2"
  @  .T  and entry by entry, with NumPy's broadcasting, *  /  **
  sum  mean (axis=0, axis=1)  norm  trace  det  inv  logdet  dot  outer  diag
  eye(d)  I  ones(n)  softmax  logsumexp  where, and tanh, exp, log, relu, ...
  a size (n) that stands in a formula is that number
  in LaTeX a vector is a column: X^\top, A^{-1}, \operatorname{tr}, \|x\|^2
"""
DERIVATIVES = ("partial", "leibniz", "prime", "nabla")
METHODS = ("gd", "momentum", "nesterov", "sgd", "line-search", "bb", "newton")
TARGETS = ("numpy", "numba", "jax", "torch", "c", "sympy")
FORMATS = ("text", "markdown", "latex", "html", "notebook", "pdf", "json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    given = _parser().parse_args(arguments)
    if not hasattr(given, "run"):
        _parser().print_help()
        return USAGE
    try:
        status = _run(given)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return USAGE
    except KeyboardInterrupt:
        return _complain("interrupted")
    except (OSError, MemoryError, RecursionError) as why:
        return _complain(_of_system(why))


def _run(given: argparse.Namespace) -> int:
    """The command itself; a document that was derived before is looked up."""
    if given.run == "commands.derive_command":
        from symgd import shelf

        if (text := shelf.document(given)) is not None:
            sys.stdout.write(text)
            return 0
    from symgd.entries import Refused

    try:
        module, _, function = given.run.partition(".")
        status: int = getattr(import_module(f"symgd.{module}"), function)(given)
        return status
    except Refused as why:
        return _complain(str(why))


def _complain(message: str) -> int:
    from symgd.document.plain import visible

    print(message if message.startswith("error[") else f"error: {visible(message)}", file=sys.stderr)
    return USAGE


def _of_system(why: BaseException) -> str:
    if isinstance(why, OSError):
        return f"{why.filename}: {why.strerror}" if why.filename else str(why.strerror or why)
    return "the input is too deeply nested" if isinstance(why, RecursionError) else "there is not enough memory for this input"


# ---------------------------------------------------------------- the words of the command line


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    p = _Parser(prog="symgd", description="Derive the gradients of gradient descent step by step, prove every step, run them.", allow_abbrev=False)
    p.epilog = "Documents once derived are kept in the user's cache directory; SYMGD_CACHE=DIR names another one, SYMGD_CACHE=off keeps none."
    p.add_argument("--version", action="version", version=f"symgd {__version__}")
    commands = p.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for add in (_list_words, _derive_words, _fit_words, _check_words, _equal_words, _course_words, _export_words, _build_words):
        add(commands)
    return p


def _command(commands: Any, name: str, run: str, says: str) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = commands.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".", allow_abbrev=False)
    p.set_defaults(run=run)
    return p


def _list_words(commands: Any) -> None:
    p = _command(commands, "list", "commands.list_command", "the catalogue: problems, models, losses")
    p.add_argument("--json", action="store_true", help="for machines")


def _statement_words(p: argparse.ArgumentParser) -> None:
    p.add_argument("--let", action="append", default=[], metavar="DEFINITION", help='a definition of your own, in order: "y_hat = w*x + b"')
    p.add_argument("--loss", default="", metavar="EXPRESSION", help="the loss of one sample; the objective is its mean")
    p.add_argument("--objective", default="", metavar="EXPRESSION", help="the whole objective, with sum(…) and mean(…)")
    p.add_argument("--wrt", action="append", default=[], metavar="NAME", help="differentiate by this name (again for more)")
    p.add_argument("--data", default="", metavar="NAMES", help="names with one value a sample: x,y")
    p.add_argument("--constant", action="append", default=[], metavar="NAME=VALUE", help="a name held fixed, with its value")


def _derive_words(commands: Any) -> None:
    p = _command(commands, "derive", "commands.derive_command", "the derivation as a document, every step proved")
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, ARRAYS
    p.add_argument("problem", nargs="?", metavar="PROBLEM", help="a name of the catalogue (symgd list), or a .toml file")
    _statement_words(p)
    p.add_argument("--shape", action="append", default=[], metavar="NAME: SIZES", help='the sizes of an array: "X: n d" (again for more); see below')
    p.add_argument("--hold", action="append", default=[], metavar="NAME=VALUE", help="hold a parameter of the problem constant")
    p.add_argument("--expression", default="", metavar="EXPRESSION", help="one scalar derivative; other names are constants")
    p.add_argument("--detail", choices=("brief", "full", "tutorial"), default="full")
    p.add_argument("--half", action="store_true", help="a squared loss of the catalogue with a half in front: 1/(2n) instead of 1/n")
    p.add_argument("--notation", choices=("sample", "sum", "matrix"), default="sum")
    p.add_argument("--layout", choices=("denominator", "numerator"), default="denominator", help="of derivatives by arrays, in --notation matrix")
    p.add_argument("--names", default="", metavar="NAMES", help="other letters for the parameters, in order: m,c; or theta, beta, which are numbered")
    _letter_words(p)
    p.add_argument("--title", default="", metavar="TEXT")
    p.add_argument("--format", choices=FORMATS, default="", help="default: text, or what FILE's suffix says")
    _output_words(p)


def _letter_words(p: argparse.ArgumentParser) -> None:
    p.add_argument("--count", default="n", metavar="LETTER", help="the letter of the number of samples: n, m or N")
    p.add_argument("--rate-letter", default="alpha", metavar="LETTER", help="the letter of the learning rate: alpha, eta")
    p.add_argument("--derivatives", choices=DERIVATIVES, default="partial", help="∂L/∂w (partial), dL/dw (leibniz), L′(w) (prime), ∇_w L (nabla)")


def _output_words(p: argparse.ArgumentParser) -> None:
    p.add_argument("-o", dest="output", default="", metavar="FILE", help="write to FILE instead of the terminal")
    p.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _fit_words(commands: Any) -> None:
    p = _command(commands, "fit", "fitting.fit_command", "the whole way on data: derive, compile, bound the rate, descend, cross-check")
    p.add_argument("data", nargs="?", default="", metavar="DATA", help="a CSV or Parquet file, or - for standard input; default: the bundled example")
    p.add_argument("--target", default="", metavar="COL", help="the column to predict")
    p.add_argument("--feature", action="append", default=[], metavar="COL", help="a column to predict from (again for more)")
    p.add_argument("--one-hot", action="append", default=[], metavar="COL", help="a feature that is a category: 0 or 1 for each level but the first")
    p.add_argument("--problem", default="", metavar="NAME", help="a name of the catalogue, MODEL+LOSS, or a .toml file (default line-mse; plane-mse for many)")
    p.add_argument("--method", choices=METHODS, default="gd", help="how the steps are made: gd is plain gradient descent (default), bb Barzilai-Borwein")
    p.add_argument("--rate", default="auto", metavar="R", help='the learning rate, or "auto": the best for the method (default)')
    p.add_argument("--momentum", default="", metavar="M", help="of momentum and nesterov, from 0 to below 1; the best for the curvature by default")
    p.add_argument("--batch", type=int, default=None, metavar="B", help="rows of a batch of sgd (default 32)")
    p.add_argument("--decay", default="", metavar="D", help="of sgd: its rate falls as R/(1 + D k) over the steps k (default 0)")
    p.add_argument("--max-iterations", type=int, default=1000, metavar="N")
    p.add_argument("--start", default="", metavar="w=0,b=0", help="where to start, in the data's own units; w.COL=0 for one weight")
    p.add_argument("--hold", action="append", default=[], metavar="NAME=VALUE", help="hold a parameter constant")
    p.add_argument("--constant", action="append", default=[], metavar="NAME=VALUE", help="a constant of the problem: lam=0.5")
    p.add_argument("--raw", action="store_true", help="do not standardise the features")
    p.add_argument("--stop", choices=("auto", "unchanged", "never"), default="auto", help="unchanged: only when a step changes nothing")
    p.add_argument("--no-intercept", action="store_true", help="leave the intercept out: a line through the origin")
    p.add_argument("--missing", choices=("refuse", "drop"), default="refuse", help="drop: leave out rows with missing values")
    p.add_argument("--stream", action="store_true", help="read DATA part by part, as is done by itself where it is large; a folder or a pattern too")
    p.add_argument("--dask", default="", metavar="ADDRESS", help='have the parts read by the workers of a Dask cluster, or by "local" processes')
    p.add_argument("--degree", type=int, default=1, metavar="K", help="fit a polynomial of this degree in one feature")
    p.add_argument("--hidden", default="8", metavar="H", help="units of a network's hidden layers: 8, or 16,8 (default 8)")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="of a network's first weights, and of the batches of sgd (default 0)")
    p.add_argument("--title", default="", metavar="TEXT", help="the title of the report")
    p.add_argument("--detail", choices=("brief", "full", "tutorial"), default="brief", help="how much of the derivation the report shows")
    p.add_argument("--report", default="", metavar="FILE", help="a document of it all, with pictures: .html .md .tex .ipynb .pdf .txt")
    p.add_argument("--force", action="store_true", help="replace FILE if it exists")
    p.add_argument("--json", action="store_true", help="for machines")


def _check_words(commands: Any) -> None:
    p = _command(commands, "check", "commands.check_command", "verify hand calculations line by line")
    p.add_argument("path", metavar="FILE|DIR|-", help="LaTeX, Markdown, text, a notebook or code; a folder of them; or - for standard input")
    p.add_argument("--problem", default="", metavar="NAME", help="judge against this problem: a name of the catalogue, or a .toml file")
    _statement_words(p)
    p.add_argument("--strict", action="store_true", help="exit with 3 where a line is undecided or unread")
    p.add_argument("--report", default="", metavar="FILE", help="a document: .html .md .tex .ipynb .pdf .txt; for a folder, a folder or its summary")
    p.add_argument("--seconds", type=float, default=20.0, metavar="S", help="time for one text; what is not decided then is undecided (default 20)")
    p.add_argument("--force", action="store_true", help="replace files that exist")
    p.add_argument("--json", action="store_true", help="for machines")


def _equal_words(commands: Any) -> None:
    p = _command(commands, "equal", "commands.equal_command", "are two expressions the same? proved, refuted or undecided")
    p.add_argument("left", metavar="LHS")
    p.add_argument("right", metavar="RHS")
    p.add_argument("--domain", default="", metavar="x:positive,n:integer", help="what the names may be; real by default")
    p.add_argument("--json", action="store_true", help="for machines")


def _course_words(commands: Any) -> None:
    p = _command(commands, "course", "teaching.course_command", "the course: every idea of gradient descent as a page, on your data")
    p.add_argument("data", nargs="?", default="", metavar="DATA", help="a CSV file, or - for standard input; default: the bundled example")
    p.add_argument("--target", default="", metavar="COL", help="the column to predict")
    p.add_argument("--feature", default="", metavar="COL", help="the column to predict from")
    p.add_argument("--unit", action="append", default=[], metavar="COL=UNIT", help="the unit of a column, for the axes: hours=h (again for the other)")
    p.add_argument("--missing", choices=("refuse", "drop"), default="refuse", help="drop: leave out rows with missing values")
    p.add_argument("-o", dest="output", required=True, metavar="DIR", help="the folder to write, new or empty")
    p.add_argument("--format", choices=("html", "markdown", "latex", "notebook", "pdf"), default="html")
    p.add_argument("--detail", choices=("brief", "full", "tutorial"), default="full")
    p.add_argument("--names", default="", metavar="NAMES", help="other letters for slope and intercept: m,c; or theta, beta, which are numbered")
    _letter_words(p)
    p.add_argument("--half", action="store_true", help="write the loss with a half: 1/(2n) instead of 1/n")
    p.add_argument("--title", default="", metavar="TEXT", help="the title of the course")
    p.add_argument("--force", action="store_true", help="write into a folder that is not empty, replacing files of the same names")


def _export_words(commands: Any) -> None:
    p = _command(commands, "export", "exporting.export_command", "the gradient as a program of its own, each line naming its step")
    p.add_argument("problem", metavar="PROBLEM", help="a name of the catalogue (symgd list), or a .toml file")
    p.add_argument("--to", choices=TARGETS, default="numpy", help="the language; c is two files, a header and a source (default numpy)")
    _output_words(p)


def _build_words(commands: Any) -> None:
    p = _command(commands, "build", "commands.build_command", "write the published documents of the catalogue")
    p.add_argument("directory", nargs="?", default="derivations", metavar="DIR")
