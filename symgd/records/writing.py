"""Gradient, closed form and curvature → the text of a record.  Same derivation, same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol

from symgd.derivation import ClosedForm, Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.records.trees import Data, term_to_data
from symgd.term import Compare, D, Name, Term, names
from symgd.typeset import to_ascii, to_latex
from symgd.typeset.layout import layout

__all__ = ["VERSION", "derivation_to_json", "scalar_problem", "to_json"]

VERSION = 1


class Curved(Protocol):
    """What `hessian.Curvature` holds."""

    @property
    def problem(self) -> Problem: ...
    @property
    def slopes(self) -> tuple[Definition, ...]: ...
    @property
    def entries(self) -> tuple[tuple[tuple[Name, Name], Derivation], ...]: ...
    @property
    def convex(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def along(self) -> tuple[Derivation, ...]: ...
    @property
    def direction(self) -> tuple[Name, ...]: ...
    @property
    def slope(self) -> Definition | None: ...
    @property
    def step(self) -> Name: ...
    @property
    def named(self) -> tuple[Definition, ...]: ...


def to_json(gradient: Gradient, closed: ClosedForm | None = None, curve: Curved | None = None, page_title: str = "") -> str:
    """The record of a gradient, with its closed form and curvature where given.

    Raises ValueError where these belong to another problem.
    """
    for what in (closed, curve):
        if what is not None and what.problem != gradient.problem:
            raise ValueError("the closed form or the curvature is that of another problem")
    w = _Writing()
    return w.record(page_title or gradient.problem.title, gradient.problem, gradient.tape, closed, curve)


def derivation_to_json(derivation: Derivation) -> str:
    """The record of one scalar derivative, (expression)′ by one name.  Raises ValueError for another kind of derivation."""
    return _Writing(straight=True).record(derivation.name, scalar_problem(derivation), (derivation,))


def scalar_problem(derivation: Derivation) -> Problem:
    """What a scalar derivative is taken of: no tape, the other names are constants."""
    match derivation.goal:
        case D(expression, Name(by, ()), True):
            others = tuple((Name(s), None) for s in sorted(names(expression) - {by}))
            return Problem("derivative", (Name(by),), (), (), others, count=())
    raise ValueError(f"{derivation.name} is no derivative of one expression by one name")


class _Writing:
    """A record in the making: the rules and arguments met so far.  straight: one variable, d instead of ∂."""

    def __init__(self, straight: bool = False) -> None:
        self.straight = straight
        self.rules: set[str] = set()
        self.arguments: dict[str, tuple[int, Data]] = {}

    def record(
        self, title: str, problem: Problem, tape: tuple[Derivation, ...], closed: ClosedForm | None = None, curve: Curved | None = None
    ) -> str:
        body: dict[str, Data] = {
            "symgd": VERSION,
            "title": title,
            "problem": self.problem(problem),
            "derivations": self.derivations(tape),
            "closed_form": self.closed(closed) if closed else None,
            "curvature": self.curvature(curve) if curve else None,
        }
        return _laid_out(body | {"rules": _laws(self.rules), "arguments": [argument for _, argument in self.arguments.values()]}) + "\n"

    # ------------------------------------------------------------ the problem

    def problem(self, p: Problem) -> Data:
        return _full(
            name=p.name,
            title=p.title,
            parameters=_terms(p.parameters),
            data=_terms(p.data),
            constants=[{"name": term_to_data(c), "value": None if v is None else str(v)} for c, v in p.constants],
            count=[{"axis": a, "name": term_to_data(c)} for a, c in p.count],
            given=[{"symbol": s, "axis": a} for s, a in p.given],
            roles=[{"symbol": s, "says": says} for s, says in p.roles],
            sizes=[{"axis": a, "size": size} for a, size in p.sizes],
            tape=[self.definition(d) for d in p.tape],
        )

    def definition(self, d: Definition) -> Data:
        shown = {"text": f"{to_ascii(d.name)} := {to_ascii(d.value)}", "latex": f"{self.latex(d.name)} := {self.latex(d.value)}"}
        return _full(name=term_to_data(d.name), value=term_to_data(d.value), says=d.says, **shown)

    def latex(self, t: Term) -> str:
        return to_latex(layout(t, derivatives="leibniz" if self.straight else "partial"))

    def line(self, key: str, t: Term) -> dict[str, Data]:
        """A term under its key, and how it reads."""
        return {key: term_to_data(t), "text": to_ascii(t), "latex": self.latex(t)}

    def conditions(self, where: Iterable[Compare]) -> Data:
        return [self.line("condition", c) for c in where]

    # ------------------------------------------------------------ lines

    def derivations(self, ds: Iterable[Derivation]) -> Data:
        return [self.derivation(d) for d in ds]

    def derivation(self, d: Derivation) -> dict[str, Data]:
        return _full(name=d.name, **self.line("goal", d.goal)) | _full(steps=[self.step(s) for s in d.steps], in_full=[self.step(s) for s in d.in_full])

    def step(self, s: Step) -> Data:
        self.rules.add(s.rule)
        about = None if s.about == s.before else term_to_data(s.about)
        moved = _full(rule=s.rule, law=_own_law(s.rule, s.about), about=about, where=self.conditions(s.where), cites=_terms(s.cites))
        return self.line("after", s.after) | moved | {"verdict": s.check.verdict, "argument": self.argument(s)}

    def argument(self, s: Step) -> int:
        """Its place among the arguments: one argument serves many steps."""
        said = _full(evidence=s.check.evidence, scope=s.check.scope, witness=_lists(s.check.witness), values=list(s.check.values or ()))
        return self.arguments.setdefault(json.dumps(said), (len(self.arguments), said))[0]

    # ------------------------------------------------------------ closed form and curvature

    def closed(self, c: ClosedForm) -> Data:
        return _full(
            why_not=c.why_not,
            definitions=[self.definition(Definition(*d)) for d in c.definitions],
            system=[{"parameter": term_to_data(p), **self.line("zero", t)} for p, t in c.system],
            solution=[{"name": term_to_data(p), **self.line("value", t)} for p, t in c.solution],
            requires=self.conditions(c.requires),
            derivations=self.derivations(c.steps),
        )

    def curvature(self, c: Curved) -> Data:
        return _full(
            slopes=[self.definition(d) for d in c.slopes],
            entries=[{"by": _terms(by), **self.derivation(d)} for by, d in c.entries],
            convex=c.convex,
            says=c.says,
            direction=_terms(c.direction),
            step=term_to_data(c.step) if c.direction else None,
            named=[self.definition(d) for d in c.named],
            slope=self.definition(c.slope) if c.slope else None,
            along=self.derivations(c.along),
        )


def _full(**fields: Data) -> dict[str, Data]:
    """The fields that are not empty."""
    return {key: value for key, value in fields.items() if value not in (None, "", [])}


def _terms(ts: Iterable[Term]) -> list[Data]:
    return [term_to_data(t) for t in ts]


def _lists(pairs: Iterable[tuple[str, str]]) -> list[Data]:
    return [[a, b] for a, b in pairs]


def _laws(rules: Iterable[str]) -> Data:
    """The laws of these rules."""
    if not rules:
        return {}
    from symgd.rules import LAWS  # SymPy, which the record of a problem does without

    return {r: {"law": LAWS[r][0], "reason": LAWS[r][1]} for r in sorted(rules) if r in LAWS}


def _own_law(rule: str, about: Term) -> str:
    """The law of this move where it is more than its rule's: that of a known function."""
    from symgd.rules import LAWS, law_of  # SymPy, which reading a record does without

    law = law_of(rule, about)[0] if rule in LAWS else ""
    return law if rule in LAWS and law != LAWS[rule][0] else ""


def _laid_out(data: Data, margin: str = "") -> str:
    """JSON with one field a line; a term is one line however deep it is, so that a changed step is a few changed lines."""
    inner = margin + " "
    match data:
        case dict() if data:
            body = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(value, inner)}" for key, value in data.items()]
            return "{\n" + ",\n".join(inner + line for line in body) + f"\n{margin}}}"
        case list() if any(isinstance(x, dict) for x in data):
            return "[\n" + ",\n".join(inner + _laid_out(x, inner) for x in data) + f"\n{margin}]"
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
