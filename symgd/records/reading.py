"""The text of a record → problem, derivations and closed form; every field, name and line is checked before it is believed to be one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgd.derivation import ClosedForm, Derivation, Gradient, Step
from symgd.forward import Definition, Problem
from symgd.records.checking import check_cites, check_derivations, check_problem, check_terms
from symgd.records.fields import Fields, parsed
from symgd.records.trees import RecordError
from symgd.records.writing import VERSION
from symgd.referee.check import Check
from symgd.term import ZERO, D, Name, Term, mul, names
from symgd.term import replace as rewrite

__all__ = ["Part", "Record", "from_json", "read_record"]

VERDICTS = ("proved", "held", "refuted")


@dataclass(frozen=True)
class Part:
    """Derivations that stand on one tape.

    name         "gradient", "closed form", "solution", "curvature", "along a line"
    problem      with the tape that their names are defined on
    derivations  the lines
    claims       what holds besides: (what is claimed, a, b) for a = b
    """

    name: str
    problem: Problem
    derivations: tuple[Derivation, ...] = ()
    claims: tuple[tuple[str, Term, Term], ...] = ()


@dataclass(frozen=True)
class Record:
    """What a record holds: the gradient, the closed form where there is one, and every part that can be replayed."""

    title: str
    gradient: Gradient
    closed: ClosedForm | None
    parts: tuple[Part, ...]


def from_json(text: str) -> Gradient:
    """The problem and its backward tape.  Raises RecordError with the place in the record."""
    return read_record(text).gradient


def read_record(text: str) -> Record:
    """Everything that the record holds.  Raises RecordError with the place in the record."""
    try:
        return _record(text)
    except RecursionError as deep:
        raise RecordError("$", "terms are nested too deep") from deep


def _record(text: str) -> Record:
    keys = ("symgd", "title", "problem", "derivations", "closed_form", "curvature", "rules", "arguments")
    f = parsed(text, *keys)
    if f.data.get("symgd") != VERSION or isinstance(f.data["symgd"], bool):
        raise RecordError("$.symgd", f"this reads version {VERSION} of the format, and no other")
    for law in f.named("rules", "law", "reason"):  # for people, and looked at all the same
        law.text("law"), law.text("reason")
    problem = _problem(f.inside("problem", "name", "title", "parameters", "data", "constants", "count", "given", "roles", "sizes", "tape"))
    check_problem(problem, "$.problem")
    if not problem.tape and (f.has("closed_form") or f.has("curvature")):
        raise RecordError("$.problem.tape", "a closed form and a curvature need an objective")
    lines = _Lines(tuple(_argument(x) for x in f.each("arguments", "evidence", "scope", "witness", "values")))
    gradient = Gradient(problem, lines.derivations(f, "derivations", problem))
    check_cites(gradient.tape, "$.derivations")
    closed, parts = None, [Part("gradient", problem, gradient.tape)]
    if f.has("closed_form"):
        closed, more = _closed(f.inside("closed_form", "why_not", "definitions", "system", "solution", "requires", "derivations"), problem, lines)
        parts += more
    if f.has("curvature"):
        parts += _curvature(f.inside("curvature", "slopes", "entries", "convex", "says", "direction", "step", "named", "slope", "along"), problem, lines)
    return Record(f.text("title"), gradient, closed, tuple(parts))


def _argument(f: Fields) -> Check:
    values = f.texts("values")
    if len(values) not in (0, 2):
        raise RecordError(f.at("values"), "two values are expected")
    return Check("held", f.text("evidence"), f.text("scope"), f.pairs("witness"), (values[0], values[1]) if values else None)


def _problem(f: Fields) -> Problem:
    constants = tuple((x.name("name"), x.fraction("value") if x.has("value") else None) for x in f.each("constants", "name", "value"))
    return Problem(
        title=f.text("title"),
        parameters=f.names("parameters"),
        data=f.names("data"),
        tape=_definitions(f, "tape"),
        constants=constants,
        count=tuple((x.index("axis"), x.name("name")) for x in f.each("count", "axis", "name")),
        given=tuple((x.symbol("symbol"), x.index("axis")) for x in f.each("given", "symbol", "axis")),
        name=f.text("name"),
        roles=tuple((x.symbol("symbol"), x.text("says")) for x in f.each("roles", "symbol", "says")),
        sizes=tuple((x.index("axis"), x.text("size")) for x in f.each("sizes", "axis", "size")),
    )


DEFINITION = ("name", "value", "says")


def _definition(f: Fields) -> Definition:
    return Definition(f.name("name"), f.value("value"), f.text("says"))


def _definitions(f: Fields, key: str) -> tuple[Definition, ...]:
    return tuple(_definition(x) for x in f.each(key, *DEFINITION))


# ---------------------------------------------------------------- lines


@dataclass(frozen=True)
class _Lines:
    """Reads derivations, each check by its number."""

    arguments: tuple[Check, ...]

    def derivations(self, f: Fields, key: str, problem: Problem, *more: str) -> tuple[Derivation, ...]:
        """The derivations, every name in them known to the problem."""
        found = [(self.derivation(x), x.path) for x in f.each(key, "name", "goal", "steps", "in_full", *more)]
        check_derivations(found, problem)
        return tuple(d for d, _ in found)

    def derivation(self, f: Fields) -> Derivation:
        goal = f.value("goal")
        steps = self.steps(f, "steps", goal)
        return Derivation(f.text("name"), goal, steps, self.steps(f, "in_full", steps[-1].after if steps else goal))

    def steps(self, f: Fields, key: str, before: Term) -> tuple[Step, ...]:
        """Linked: each line begins where the last one ended."""
        out = []
        for x in f.each(key, "after", "rule", "law", "about", "where", "cites", "verdict", "argument"):
            out.append(self.step(x, before))
            before = out[-1].after
        return tuple(out)

    def step(self, f: Fields, before: Term) -> Step:
        f.text("law")
        where = tuple(x.condition("condition") for x in f.each("where", "condition"))
        check = replace(self.arguments[f.number("argument", len(self.arguments))], verdict=f.text("verdict", *VERDICTS))
        return Step(before, f.value("after"), f.text("rule"), f.value("about") if f.has("about") else before, where, _derivatives(f, "cites"), check)


def _derivatives(f: Fields, key: str) -> tuple[D, ...]:
    out = []
    for k, t in enumerate(f.values(key)):
        if not isinstance(t, D):
            raise RecordError(f"{f.at(key)}[{k}]", "a derivative is expected")
        out.append(t)
    return tuple(out)


# ---------------------------------------------------------------- closed form


def _closed(f: Fields, problem: Problem, lines: _Lines) -> tuple[ClosedForm, list[Part]]:
    """The closed form; its lines stand on the tape with its definitions in front.  Claimed besides: that the system is the gradient and vanishes."""
    definitions = _definitions(f, "definitions")
    system = tuple((x.name("parameter"), x.value("zero")) for x in f.each("system", "parameter", "zero"))
    solution = tuple((x.name("name"), x.value("value")) for x in f.each("solution", "name", "value"))
    requires = tuple(x.condition("condition") for x in f.each("requires", "condition"))
    on = replace(problem, tape=(*definitions, *problem.tape))
    check_problem(on, f.path)
    check_terms([*(t for _, t in system), *requires], on, f.path)
    steps = lines.derivations(f, "derivations", on)
    for symbols, key in ((system, "system"), (solution, "solution")):
        if (f.has(key) or solution) and sorted(p.symbol for p, _ in symbols) != sorted(p.symbol for p in problem.parameters):
            raise RecordError(f.at(key), "every parameter once is expected")
    _check_solved(steps, problem, f.at("derivations"))
    closed = ClosedForm(problem, system, solution, tuple((d.name, d.value) for d in definitions), requires, steps, f.text("why_not"))
    gradient = tuple((f"d{problem.objective.symbol}/d{p.symbol}", D(problem.objective, p), left) for p, left in system)
    parts = [Part("closed form", on, steps, gradient)]
    if solution:
        there = replace(on, parameters=(), tape=(*definitions, *(Definition(p, value) for p, value in solution), *problem.tape))
        check_problem(there, f.at("solution"))
        parts.append(Part("solution", there, (), tuple((f"{name} = 0", left, ZERO) for name, _, left in gradient)))
    return closed, parts


def _check_solved(ds: tuple[Derivation, ...], problem: Problem, path: str) -> None:
    """A step "solve" solves the line before it, which holds the parameter."""
    for k, d in enumerate(ds):
        for j, s in enumerate(d.steps):
            if s.rule == "solve" and (not k or s.about != ds[k - 1].result or s.before not in problem.parameters or not names(s.before) <= names(s.about)):
                raise RecordError(f"{path}[{k}].steps[{j}]", "what is solved is not the line before it, by a parameter in it")


# ---------------------------------------------------------------- curvature


def _curvature(f: Fields, problem: Problem, lines: _Lines) -> list[Part]:
    """The second derivatives on the tape with the slopes behind it, and those along a line."""
    f.text("convex", "yes", "no", "unknown"), f.text("says")
    slopes, direction = _definitions(f, "slopes"), f.names("direction")
    if len(slopes) != len(problem.parameters) and (slopes or f.has("entries")):
        raise RecordError(f.at("slopes"), "one slope for each parameter is expected")
    on = replace(problem, tape=(*problem.tape, *slopes))
    check_problem(on, f.path)
    claims = tuple((f"d{problem.objective.symbol}/d{p.symbol}", D(problem.objective, p), g.name) for p, g in zip(problem.parameters, slopes, strict=False))
    for x in f.each("entries", "by", "name", "goal", "steps", "in_full"):
        x.names("by")
    parts = [Part("curvature", on, lines.derivations(f, "entries", on, "by"), claims)]
    return parts + ([_along(f, problem, direction, lines)] if direction else [])


def _along(f: Fields, problem: Problem, direction: tuple[Name, ...], lines: _Lines) -> Part:
    """d/dt and d²/dt² of L at p + t v_p"""
    step = f.name("step")
    if len(direction) != len(problem.parameters):
        raise RecordError(f.at("direction"), "one direction for each parameter is expected")
    moved = {p.symbol: v.symbol for p, v in zip(problem.parameters, direction, strict=True)}
    to = {s: lambda t, v=v: t + mul(step, Name(v, t.indices)) for s, v in moved.items()}
    tape = tuple(replace(d, value=rewrite(d.value, lambda t: to[t.symbol](t) if isinstance(t, Name) and t.symbol in to else None)) for d in problem.tape)
    slope = (*_definitions(f, "named"), *((_definition(f.inside("slope", *DEFINITION)),) if f.has("slope") else ()))
    fixed = tuple((p, None) for p in (*problem.parameters, *direction))
    on = replace(problem, parameters=(step,), constants=(*problem.constants, *fixed), tape=(*tape, *slope))
    check_problem(on, f.path)
    claims = tuple((f"d{problem.objective.symbol}/d{step.symbol}", D(problem.objective, step), g.name) for g in slope[-1:] if f.has("slope"))
    return Part("along a line", on, lines.derivations(f, "along", on), claims)
