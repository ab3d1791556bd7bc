"""The job of judging a text, done in the process in which strangers' texts are decided; verdicts and references as plain data, both ways.

The job yields what is known ever better: first every line as undecided, then line after line, then the verdict, then with it the document; the last that
came in time counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from symgd import catalogue
from symgd.document.formats import render
from symgd.document.to_typst import to_typst
from symgd.forward import Problem
from symgd.handcalc.sources import written
from symgd.handcalc.to_page import to_page
from symgd.handcalc.verdict import Finding, Slip, StepVerdict, Verdict, Written
from symgd.reading import Unread, read_line
from symgd.typeset import to_ascii

__all__ = ["JOBS", "Reference", "as_texts", "document", "from_data", "nothing_known", "to_data", "warm"]


EVERY = 0.5  # seconds: how often a working that takes long is handed on as far as it is judged


@dataclass(frozen=True)
class Reference:
    """What the teacher states, as texts: a problem by name or as TOML, or definitions, with a loss or without.

    let    definitions in order; without `loss` or `objective` they only complete what the writer defines
    """

    name: str = ""
    toml: str = ""
    let: tuple[str, ...] = ()
    loss: str = ""
    objective: str = ""
    wrt: tuple[str, ...] = ()
    data: str = ""
    constants: tuple[tuple[str, str], ...] = ()

    def problem(self) -> Problem | None:
        """The problem that is stated, if one is.

        Raises what `Problem.from_text`, `Problem.from_toml` and `catalogue.problem` raise; Unread for a definition that cannot be read, or is none.
        """
        if self.toml:
            return Problem.from_toml(self.toml)
        if self.name:
            return catalogue.problem(self.name)
        if self.loss or self.objective:
            return Problem.from_text(self.let, self.loss, self.wrt, self.data, objective=self.objective, constants=dict(self.constants))
        for text in self.let:
            if not any(len(s.members) > 1 for s in read_line(text, "ascii")):
                raise Unread("this is no definition", text, 0, len(text), "name = expression")
        return None


def as_texts(problem: Problem) -> Reference:
    """A problem as the texts that state it.  Raises ValueError for one that no text states."""
    if problem.name and catalogue.problem(problem.name) == problem:
        return Reference(name=problem.name)
    *first, last = problem.tape
    found = Reference(
        let=tuple(f"{d.name.symbol} = {to_ascii(d.value)}" for d in first), objective=to_ascii(last.value),
        wrt=tuple(p.symbol for p in problem.parameters), data=" ".join(x.symbol for x in problem.data),
        constants=tuple((c.symbol, str(v)) for c, v in problem.constants if v is not None),
    )  # fmt: skip
    again = found.problem()
    if again is None or (again.tape, again.parameters, again.data) != (problem.tape, problem.parameters, problem.data):
        raise ValueError(f"the problem {problem.title!r} cannot be handed over as text; name one of the catalogue, or state it with let and loss")
    return found


def to_data(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data, everything in it."""
    return asdict(verdict)


def from_data(data: Mapping[str, Any]) -> Verdict:
    """The verdict that `to_data` took apart."""
    return Verdict(data["problem"], tuple(data["definitions"]), tuple(data["assumed"]), tuple(map(_finding, data["findings"])))


def _finding(data: Mapping[str, Any]) -> Finding:
    numbers = data["counterexample"]
    return Finding(
        **{
            **data,
            "line": Written(**data["line"]),
            "slips": tuple(Slip(**s) for s in data["slips"]),
            "counterexample": None if numbers is None else tuple((n, v) for n, v in numbers),
            "steps": tuple(StepVerdict(**s) for s in data["steps"]),
        }
    )


def nothing_known(text: str, reference: Reference) -> Verdict:
    """The verdict on a text of which not even the lines are known."""
    first = Written(1, 1, 1, text.strip().partition("\n")[0][:200], "ascii")
    return Verdict(reference.name or None, (), (), (Finding(first, "undecided", ""),))


def document(verdict: Verdict, name: str, form: str, font: str = "", typeset: bool = True) -> str:
    """The verdict in a format of `document.formats`, for "pdf" the text of which Typst makes it; as it was typed, where a formula cannot be typeset."""
    options = {"font": font} if form == "html" and font else {}
    try:
        page = to_page(verdict, name, typeset)
        return to_typst(page) if form == "pdf" else str(render(page, form, **options))
    except ValueError:
        if not typeset:
            raise
        return document(verdict, name, form, font, typeset=False)


def _check(text: str, reference: Mapping[str, Any], name: str, form: str, font: str) -> Iterator[dict[str, Any]]:
    """A text → {"verdict": …, "report": …}; name: of its file; form, font: of the report, or "".  {"unusable": why} for a file that is none."""
    from symgd.handcalc.judge import judging

    stated = _reference(reference)
    try:
        lines = written(text, name)
    except Unread as why:  # a notebook that is none
        yield {"unusable": why.message}
        return
    verdict = Verdict(stated.name or None, (), (), tuple(Finding(line, "undecided", "") for line in lines))
    yield {"verdict": to_data(verdict)}
    told = time.monotonic()
    for k, found in enumerate(judging(lines, stated.problem(), stated.let)):
        verdict = found if isinstance(found, Verdict) else replace(verdict, findings=(*verdict.findings[:k], found, *verdict.findings[k + 1 :]))
        if found is verdict or time.monotonic() - told > EVERY:
            yield {"verdict": to_data(verdict)}
            told = time.monotonic()
    if form:
        yield {"verdict": to_data(verdict), "report": document(verdict, name, form, font)}


def _reference(data: Mapping[str, Any]) -> Reference:
    lists = {"let": tuple(data["let"]), "wrt": tuple(data["wrt"]), "constants": tuple((n, v) for n, v in data["constants"])}
    return Reference(**{**data, **lists})


JOBS = {"check": _check}


def warm() -> None:
    """What the job needs, imported and used once."""
    for _ in _check("$y = w x + b$\n\n$L = (y - t)^2$\n\n$dL/dw = 2 (y - t) x$\n", asdict(Reference()), "warm.tex", "", ""):
        pass
