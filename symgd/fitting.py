"""`symgd fit`: the words of the command line → what is fitted to what, the fit, and what is said about it.  Everything that can be refused is refused first."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from symgd import catalogue
from symgd.bar import Bar
from symgd.document.files import see_writable, write_file
from symgd.document.formats import format_of, render, see_installed
from symgd.document.plain import visible
from symgd.entries import NO, YES, Refused, named, number, refusing, values
from symgd.forward import Problem
from symgd.tables import source_of, streams, table_of

__all__ = ["fit_command", "fit_file"]

MOST_STEPS = 10_000_000  # of a descent
MOST_UNITS = 10_000  # of a hidden layer
MANY = {"line": "plane", "logistic": "logistic-plane"}  # a model of one feature → that of many


def fit_command(given: argparse.Namespace) -> int:
    """Exit status 0 where it converged or had its steps, 1 where it diverged, oscillates, stalled, or the cross-check failed."""
    with refusing():
        form = format_of(given.report) if given.report else ""
        see_installed(form)
    if given.report:
        see_writable(given.report, given.force)
    if not 0 <= given.max_iterations <= MOST_STEPS:
        raise Refused(f"--max-iterations takes a whole number from 0 to {MOST_STEPS:,}, not {given.max_iterations}")
    rate, hidden = _rate(given.rate), _hidden(given.hidden)
    method = _method(given)
    start = {k: float(v) for k, v in _entries([given.start], "--start").items()}
    problem = _problem(given)
    from symgd.summary import after_lines, before_lines, to_data

    bar = Bar()
    with refusing(), contextlib.ExitStack() as open_ones:
        try:
            study, fit = _study(given, problem, hidden, open_ones, bar)
        except KeyboardInterrupt:
            raise Refused(f"interrupted {bar.where}: there is no result, and nothing was written") from None
        finally:
            bar.end()
        hold = _held(problem, given)[1]
        _see_entries(study, start, "--start")
        if hold and len(_see_entries(study, hold, "--hold")) == study.shapes.size:
            raise Refused("every parameter is held constant: nothing is left to find")

        def announce(warnings: tuple[str, ...], known: Any, units: Any, chosen: Any) -> None:
            print(visible("\n".join(before_lines(study, rate, warnings, known, units, method["method"], chosen))), flush=True)

        try:
            found = fit(
                study, start=start, hold=hold, rate=rate, max_iterations=given.max_iterations, stop=given.stop, standardise=not given.raw, seed=given.seed,
                announce=None if given.json else announce, tell=bar.show if sys.stderr.isatty() else None, **method,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise Refused(f"interrupted {bar.where}: there is no result, and nothing was written") from None
        finally:
            bar.end()
    print(to_data(study, found) if given.json else visible("\n".join(after_lines(study, found))))
    if given.report:
        from symgd.report import to_page

        write_file(given.report, render(to_page(study, found, given.detail, given.title), form), given.force)
        print(f"wrote {given.report}", file=sys.stderr)
    return YES if found.good else NO


def fit_file(
    data: str, problem: Problem, features: Sequence[str], target: str, categories: Sequence[str], missing: str, stream: bool, dask: str,
    hidden: tuple[int, ...], options: dict[str, Any],
) -> Any:  # fmt: skip
    """`symgd.fit`.  Raises ValueError."""
    if missing not in ("refuse", "drop"):
        raise ValueError(f'missing may be "refuse" or "drop", not {missing!r}')
    wanted = {"feature": list(features), "one_hot": list(categories), "target": target, "missing": missing, "stream": stream, "dask": dask}
    bar = Bar()
    with contextlib.ExitStack() as open_ones:
        try:
            _see_fittable(problem, len({*features, *categories}), problem.name or problem.title)
            study, fit = _study(argparse.Namespace(data=os.fspath(data), **wanted), problem, hidden, open_ones, bar)
            return fit(study, **options)
        except Refused as why:
            raise ValueError(str(why)) from why
        finally:
            bar.end()


def _entries(words: Sequence[str], option: str) -> dict[str, Fraction]:
    """w=0,w.sex=2=0.1: the last = of each is the one before its number."""
    out = {}
    for part in (p for w in words for p in w.split(",") if p):
        name, sign, value = part.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            raise Refused(f"{option} takes name=value, not {part!r}")
        out[name.strip()] = number(value.strip(), option)
    return out


def _rate(word: str) -> float | Literal["auto"]:
    if word == "auto":
        return "auto"
    if not (rate := float(number(word, "--rate"))) > 0:
        raise Refused(f'--rate takes a positive number or "auto", not {word}')
    return rate


def _method(given: argparse.Namespace) -> dict[str, Any]:
    """The method and its constants."""
    name = given.method
    if given.momentum and name not in ("momentum", "nesterov"):
        raise Refused(f"--momentum is for --method momentum or nesterov, not {name}")
    if (given.batch is not None or given.decay) and name != "sgd":
        raise Refused(f"{'--batch' if given.batch is not None else '--decay'} is for --method sgd, not {name}")
    momentum = float(number(given.momentum, "--momentum")) if given.momentum else None
    if momentum is not None and not 0 <= momentum < 1:
        raise Refused(f"--momentum takes a number from 0 to below 1, not {given.momentum}")
    decay = float(number(given.decay, "--decay")) if given.decay else 0.0
    if decay < 0:
        raise Refused(f"--decay takes a number from 0, not {given.decay}")
    if given.batch is not None and given.batch < 1:
        raise Refused(f"--batch takes a whole number of rows from 1, not {given.batch}")
    if given.seed < 0:
        raise Refused(f"--seed takes a whole number from 0, not {given.seed}")
    return {"method": name, "momentum": momentum, "batch": given.batch, "decay": decay}


def _hidden(word: str) -> tuple[int, ...]:
    sizes = [w.strip() for w in word.split(",")]
    if not all(w.isascii() and w.isdigit() and len(w) < 6 and 1 <= int(w) <= MOST_UNITS for w in sizes):
        raise Refused(f"--hidden takes the number of units of each hidden layer, from 1 to {MOST_UNITS:,}: 8 or 16,8; not {word!r}")
    return tuple(map(int, sizes))


# ---------------------------------------------------------------- the problem


def _problem(given: argparse.Namespace) -> Problem:
    """By its name, or from what was asked for: --degree K is a polynomial, several features a plane, one a line."""
    features = len(given.feature) + sum(c not in given.feature for c in given.one_hot)
    name = given.problem or (f"polynomial-{given.degree}+squared" if given.degree != 1 else "plane-mse" if features > 1 or given.one_hot else "line-mse")
    if given.degree != 1 and given.problem:
        raise Refused(f"--degree is for a polynomial; {given.problem} is none: leave out --problem, or name polynomial-{given.degree}+LOSS")
    if given.no_intercept and name == "line-mse":
        name = "proportional-mse"
    with refusing():
        problem = named(name) if name.endswith(".toml") else catalogue.problem(name)
        problem = _with_constants(problem, given)
        whole, _ = _held(problem, given)
        if given.no_intercept and name != "proportional-mse":
            whole |= _without_intercept(problem, name)
        problem = problem.hold(whole) if whole else problem
    _see_fittable(problem, features, name)
    return problem


def _without_intercept(problem: Problem, name: str) -> dict[str, Fraction]:
    """b held at 0."""
    if not any(p.symbol == "b" and not p.indices for p in problem.parameters):
        raise Refused(f"--no-intercept: {name} has no intercept b to leave out")
    return {"b": Fraction(0)}


def _held(problem: Problem, given: argparse.Namespace) -> tuple[dict[str, Fraction], dict[str, float]]:
    """(parameters without axes, which the problem itself holds; arrays and entries of them, which the run holds)."""
    every = _entries(given.hold, "--hold")
    arrays = {p.symbol for p in problem.parameters if p.indices}
    in_run = {name: float(v) for name, v in every.items() if name.split(".")[0] in arrays}
    return {name: v for name, v in every.items() if name not in in_run}, in_run


def _with_constants(problem: Problem, given: argparse.Namespace) -> Problem:
    """--constant lam=0.5"""
    chosen = values(given.constant, "--constant")
    known = [c.symbol for c, _ in problem.constants]
    if lost := sorted(set(chosen) - set(known)):
        raise Refused(f"--constant: {lost[0]} is no constant of this problem; it has {', '.join(known) or 'none'}")
    return replace(problem, constants=tuple((c, chosen.get(c.symbol, v)) for c, v in problem.constants))


def _see_fittable(problem: Problem, features: int, name: str) -> None:
    symbols = {d.symbol for d in problem.data}
    if not symbols & {"y", "t"} or not symbols <= {"x", "X", "y", "t"} or len(symbols) > 2:
        raise Refused(f"fit takes problems with features x or X and a target y or t; this one has {', '.join(sorted(symbols)) or 'no data'}")
    if open_ones := [c.symbol for c, v in problem.constants if v is None]:
        raise Refused(f"the constant {open_ones[0]} has no value; give it with --constant {open_ones[0]}=…")
    if features > 1 and "X" not in symbols:
        raise Refused(f"{name} takes one feature, not {features}; {_for_many(name)}")


def _for_many(name: str) -> str:
    model, *rest = catalogue.CATALOGUE.get(name) or name.split("+")
    if model not in MANY or not rest:
        return "name one with --feature, or a problem of many features (plane-mse, logistic-plane+log-loss, …)"
    parts = [MANY[model], *(word for word in rest if word)]
    known = next((k for k, row in catalogue.CATALOGUE.items() if [w for w in row if w] == parts), "+".join(parts))
    return f"for several take --problem {known}"


# ---------------------------------------------------------------- the columns


def _study(given: argparse.Namespace, problem: Problem, hidden: tuple[int, ...], open_ones: contextlib.ExitStack, bar: Bar) -> tuple[Any, Any]:
    """(the columns as the problem needs them and the gradient, derived; who fits them)."""
    import numpy as np

    from symgd.backward import derive
    from symgd.numeric.data.columns import Features, collinear, features, target
    from symgd.numeric.data.study import Study, feature_of, target_kind
    from symgd.numeric.fit import fit

    kind = target_kind(problem)
    if (long := source_of(given)) is not None and streams(given, long):
        return _streamed(given, problem, hidden, long, open_ones, bar)
    table, source, rows_are = table_of(given, kind, long)
    feature = feature_of(problem)
    names = list(dict.fromkeys((*table.columns, *table.texts)))
    wanted, goal = _chosen(given, names, table.skipped, used=feature is not None)
    found = target(table, goal, kind)
    _see_enough(problem, table.rows, len(wanted))
    intercept = any(p.symbol.startswith("b") for p in problem.parameters)
    X = features(table, wanted, given.one_hot, intercept=intercept) if feature is not None else Features((), np.empty((table.rows, 0)))
    _see_enough(problem, table.rows, len(X.names))
    relations = collinear(X.names, X.X, intercept=intercept) if len(X.names) > 1 else ()
    notes = (*table.says, *X.says, *filter(None, [found.says, _of_softmax(problem)]))
    return Study(derive(problem), X.names, X.X, goal, found, source, rows_are, notes, relations, hidden), fit


def _streamed(
    given: argparse.Namespace, problem: Problem, hidden: tuple[int, ...], source: Any, open_ones: contextlib.ExitStack, bar: Bar
) -> tuple[Any, Any]:
    from symgd.backward import derive
    from symgd.numeric.data.study import feature_of
    from symgd.numeric.streamed.fit import fit_streamed
    from symgd.numeric.streamed.passes import in_threads
    from symgd.numeric.streamed.study import streamed_study

    names = [n for n, kind in source.types.items() if kind in ("number", "text")]
    wanted, goal = _chosen(given, names, (), used=feature_of(problem) is not None)
    run: Any = in_threads
    if given.dask:
        from symgd.numeric.streamed.cluster import on_cluster

        run = open_ones.enter_context(on_cluster(given.dask))
    unit = "bytes" if source.rows is None else "rows"
    study = streamed_study(
        derive(problem), source, wanted, goal, given.one_hot, intercept=any(p.symbol.startswith("b") for p in problem.parameters), hidden=hidden,
        drop=given.missing == "drop", run=run, tell=(lambda done, whole: bar.read(done, whole, unit)) if sys.stderr.isatty() else None,
        see_enough=lambda rows, columns: _see_enough(problem, rows, columns),
    )  # fmt: skip
    return study, fit_streamed


def _chosen(given: argparse.Namespace, names: list[str], skipped: Sequence[tuple[str, str]], *, used: bool) -> tuple[list[str], str]:
    """(features, target) as named; of two columns the first is the feature and the last the target."""
    wanted = list(dict.fromkeys((*given.feature, *given.one_hot)))
    if len(given.feature) > len(set(given.feature)):
        wanted = list(given.feature)  # named twice: `features` says so
    target = given.target
    if not given.data:
        wanted, target = wanted or ["sat_sum"], target or "fy_gpa"
    if len(names) < 2 and skipped:
        raise Refused(skipped[0][1])
    if len(names) == 2:
        rest = [n for n in names if n not in (target, *wanted)]
        wanted = wanted or rest[:1]
        target = target or next((n for n in reversed(names) if n not in wanted), "")
    if not target or not (wanted or not used):
        raise Refused(f"name the columns with --target and --feature; there are {', '.join(map(repr, names))}")
    if target in wanted:
        raise Refused(f"the column {target!r} is both target and feature")
    return wanted, target


def _of_softmax(problem: Problem) -> str:
    """That the weights of the classes count only beside each other."""
    from symgd.numeric.data.study import penalty_of

    if penalty_of(problem) or not any(p.indices == ("j", "k") for p in problem.parameters):
        return ""
    return "The same number added to the weights of all classes changes no prediction: they count beside each other; from a start at 0 they add up to 0."


def _see_entries(study: Any, named: dict[str, float], option: str) -> set[int]:
    """The places that are named.  Raises Refused."""
    try:
        return {k for places, _ in study.shapes.entries(named) for k in places}
    except ValueError as why:
        raise Refused(f"{option}: {why}") from why


def _see_enough(problem: Problem, rows: int, columns: int) -> None:
    """A linear model without a penalty needs as many rows as it has weights."""
    from symgd.numeric.data.table import DataError
    from symgd.numeric.data.study import hidden_axes, penalty_of

    if hidden_axes(problem) or penalty_of(problem):
        return
    many = sum(columns if p.indices[:1] == ("j",) else 1 for p in problem.parameters)
    if rows < many:
        raise DataError(f"{rows} row{'s' * (rows != 1)} cannot determine {many} parameters; at least {many} are needed")
