"""What each command does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import symgd
from symgd import catalogue
from symgd.catalogue import CATALOGUE
from symgd.derivation import Derivation, Gradient
from symgd.document.files import write_file
from symgd.document.formats import BYTES, format_of, render, see_installed
from symgd.entries import NO, UNDECIDED, YES, Refused, named, pair, refusing, text_of_problem, values
from symgd.forward import Problem
from symgd.losses import LOSSES, PENALTIES
from symgd.models import ACTIVATIONS, MODELS, spelled
from symgd.shelf import put

__all__ = ["build_command", "check_command", "derive_command", "equal_command", "halved", "list_command"]

MOST_SECONDS = 3_600  # for one text


# ---------------------------------------------------------------- list, equal, build


def list_command(given: argparse.Namespace) -> int:
    if given.json:
        rows = [
            {"name": name, "title": catalogue.problem(name).title, "model": model, "loss": loss, "penalty": penalty or None}
            for name, (model, loss, penalty) in CATALOGUE.items()
        ]
        print(json.dumps({"problems": rows, "models": list(map(spelled, MODELS)), "losses": list(LOSSES), "penalties": list(PENALTIES)}, indent=1))
        return YES
    wide = max(map(len, CATALOGUE))
    print("problems")
    for name in CATALOGUE:
        print(f"  {name:{wide}}  {catalogue.problem(name).title}")
    for word, names in (("models", map(spelled, MODELS)), ("activations", ACTIVATIONS), ("losses", LOSSES), ("penalties", PENALTIES)):
        print(f"{word}\n  {', '.join(names)}")
    print("any that fit are put together as MODEL+LOSS or MODEL+LOSS+PENALTY: plane+huber+lasso")
    return YES


def equal_command(given: argparse.Namespace) -> int:
    pairs = [pair(word, ":", "--domain") for word in given.domain.split(",") if word]
    if len(domain := dict(pairs)) < len(pairs):
        raise Refused("--domain names a letter twice; give each one domain")
    with refusing():
        check = symgd.equal(given.left, given.right, domain)
    word = "undecided" if check.verdict == "held" else check.verdict
    if given.json:
        both = list(check.values) if check.values else None
        data = {"verdict": word, "says": check.evidence, "scope": check.scope, "witness": dict(check.witness) or None, "values": both}
        print(json.dumps(data, ensure_ascii=False))
    else:
        print(f"{word}: {check.evidence}" + (f"\n{check.scope}" if check.scope and word == "proved" else ""))
    return {"proved": YES, "refuted": NO, "held": UNDECIDED}[check.verdict]


def build_command(given: argparse.Namespace) -> int:
    from symgd.published import build

    with refusing():
        for path in build(Path(given.directory)):
            print(path)
    return YES


# ---------------------------------------------------------------- derive


def _stated(given: argparse.Namespace) -> Problem:
    """The problem that the words state: a name, a file, or definitions."""
    own = given.let or given.loss or given.objective or given.shape
    if bool(given.problem) == bool(own):
        raise Refused("name a problem (symgd list), or state one with --let and --loss" if not own else "either a PROBLEM, or --let and --loss, not both")
    with refusing():
        if own:
            wrt = [name for word in given.wrt for name in word.replace(",", " ").split()]
            constants = values(given.constant, "--constant")
            found = Problem.from_text(given.let, given.loss, wrt, given.data, objective=given.objective, constants=constants, shapes=given.shape)
        else:
            found = named(given.problem) if given.problem.endswith(".toml") else catalogue.problem(halved(given.problem) if given.half else given.problem)
            found = _only(found, [name for word in given.wrt for name in word.replace(",", " ").split()])
        return found.hold(values(given.hold, "--hold")) if given.hold else found


def _only(problem: Problem, wanted: Sequence[str]) -> Problem:
    """--wrt on a named problem: the other parameters are held constant."""
    known = {p.symbol: p for p in problem.parameters}
    if lost := [name for name in wanted if name not in known]:
        raise Refused(f"{lost[0]} is no parameter; the parameters are {', '.join(known)}")
    if not wanted:
        return problem
    kept = tuple(known[name] for name in dict.fromkeys(wanted))
    return replace(problem, parameters=kept, constants=(*problem.constants, *((p, None) for p in problem.parameters if p not in kept)))


def halved(name: str) -> str:
    """The same problem with ½ in front of its squared loss.  Raises Refused for another loss."""
    model, loss, *penalty = CATALOGUE.get(name) or name.split("+")
    if loss not in ("squared", "half-squared"):
        raise Refused(f"--half is for the squared loss; {name} has the loss {loss}")
    return "line-half-mse" if name == "line-mse" else "+".join([model, "half-squared", *filter(None, penalty)])


def _renamed(problem: Problem, names: str, count: str) -> Problem:
    """m,c for the parameters in order; one name (theta) is numbered, the last parameter from 0; another letter for the number of samples."""
    if count != "n":
        problem = problem.renamed({"n": count})
    if not names:
        return problem
    words = [w.strip() for w in names.split(",") if w.strip()]
    if len(words) == 1 and (many := len(problem.parameters)) > 1:  # theta0 is the intercept, as usual
        words = [f"{words[0]}{k}" for k in reversed(range(many))]
    if len(words) != len(problem.parameters):
        raise Refused(f"--names: {len(words)} names for the {len(problem.parameters)} parameters {', '.join(p.symbol for p in problem.parameters)}")
    return problem.renamed({p.symbol: w for p, w in zip(problem.parameters, words, strict=True)})


def derive_command(given: argparse.Namespace) -> int:
    form = given.format or _format_of(given.output)
    _see_shown(form, given.output)
    if given.expression:
        if given.problem or given.let or given.loss or given.objective or len(given.wrt) != 1:
            raise Refused("--expression takes one --wrt NAME, and no problem")
        with refusing():
            derivation = symgd.differentiate(given.expression, given.wrt[0])
            out = _derivation_json(derivation) if form == "json" else render(symgd.explain(derivation, given.detail, title=given.title), form)
        return _derived(given, out)
    with refusing():
        gradient = symgd.derive(_renamed(_stated(given), given.names, given.count))
        style = (given.detail, given.notation, given.title, given.layout, given.derivatives, given.rate_letter)
        page = None if form == "json" else symgd.explain(gradient, *style)
        if page and form == "notebook":
            from symgd.report import as_program

            page = replace(page, blocks=(*page.blocks, *as_program(gradient)))
        out = render(page, form) if page else _gradient_json(gradient, given.title)
    return _derived(given, out)


def _derived(given: argparse.Namespace, out: str | bytes) -> int:
    """Deliver, and keep what goes to the terminal for the next time."""
    status = _deliver(out, given.output, given.force)
    if isinstance(out, str):
        put(given, out if out.endswith("\n") else f"{out}\n")
    return status


def _format_of(path: str) -> str:
    if not path or path == "-":
        return "text"
    with refusing():
        return format_of(path, "json")


def _see_shown(form: str, path: str) -> None:
    """Refuse before anything is derived: a format whose library is not there, and bytes on a terminal."""
    with refusing():
        see_installed(form)
    if form in BYTES and path in ("", "-") and sys.stdout.isatty():
        raise Refused(f"{form} is no text for a terminal; name a file with -o FILE.{form}, or send the output to one")


def _gradient_json(gradient: Gradient, title: str) -> str:
    from symgd.hessian import curvature
    from symgd.records import to_json
    from symgd.stationary import closed_form

    return to_json(gradient, closed_form(gradient), curvature(gradient), page_title=title)


def _derivation_json(derivation: Derivation) -> str:
    from symgd.records import derivation_to_json

    return derivation_to_json(derivation)


def _deliver(out: str | bytes, path: str, force: bool) -> int:
    """To the terminal, or to a file that is written whole or not at all."""
    if isinstance(out, str) and not out.endswith("\n"):
        out += "\n"
    if path and path != "-":
        write_file(path, out, force)
        print(f"wrote {path}", file=sys.stderr)
    elif isinstance(out, str):
        sys.stdout.write(out)
    else:
        sys.stdout.buffer.write(out)
    return YES


# ---------------------------------------------------------------- check


def check_command(given: argparse.Namespace) -> int:
    """Somebody's working, judged in processes of their own; the reference is stated by whoever types the command, and read here."""
    from symgd.checking import Wish, begin, run
    from symgd.handcalc.jobs import Reference

    if given.problem and (given.loss or given.objective):
        raise Refused("either --problem, or --loss with --let, not both")
    if (given.wrt or given.data or given.constant) and not (given.loss or given.objective):
        raise Refused("--wrt, --data and --constant belong to a --loss or an --objective; give one, or leave them out")
    if not 0 < given.seconds <= MOST_SECONDS:
        raise Refused(f"--seconds takes a number up to {MOST_SECONDS}, not {given.seconds:g}")
    begin()
    name = given.problem if not given.problem.endswith(".toml") else ""
    wrt = tuple(name for word in given.wrt for name in word.replace(",", " ").split())
    constants = tuple((n, str(v)) for n, v in values(given.constant, "--constant").items())
    with refusing():
        toml = text_of_problem(given.problem) if given.problem and not name else ""
        reference = Reference(name, toml, tuple(given.let), given.loss, given.objective, wrt, given.data, constants)
        reference.problem()
        return run(Wish(given.path, reference, given.strict, given.report, given.json, given.force, given.seconds))
