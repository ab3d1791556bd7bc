"""The forward tape: it names, line by line, what the loss is made of.

`ŷ_i := w x_i + b`, `u_i := ŷ_i − y_i`, `L := (1/n) Σ_i u_i²` is a tape of three definitions; the last is the objective.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from symgd.document.page import Chain, Line, Page, Prose, Strong
from symgd.document.shown import shows_itself
from symgd.language import CONSTANTS
from symgd.stated import ASSUMED_DATA, COUNT, SAMPLES, Definition, ProblemError, Statement, in_words
from symgd.term import Name, Term, children, mean, names, rebuild, subterms, symbol_problem
from symgd.typeset import to_ascii
from symgd.typeset.layout import layout

__all__ = ["Definition", "Problem", "ProblemError", "over_samples"]


@shows_itself
@dataclass(frozen=True)
class Problem:
    """What is differentiated by what.

    title       for a person
    parameters  the names differentiated by, with their axes
    data        the names that come from the reader's data, with their axes: x_i, y_i
    tape        the definitions in order; each uses only what stands before it; the last one is the objective
    constants   names held fixed, with their values where they have one: λ = 1/10
    count       for each axis that is counted by a name: (axis, name), here i by n
    given       (symbol, axis): that name sums to one along that axis
    name        its name in the catalogue, or ""
    """

    title: str
    parameters: tuple[Name, ...]
    data: tuple[Name, ...]
    tape: tuple[Definition, ...]
    constants: tuple[tuple[Name, Fraction | None], ...] = ()
    count: tuple[tuple[str, Name], ...] = (("i", Name("n")),)
    given: tuple[tuple[str, str], ...] = ()
    name: str = ""
    roles: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # (symbol, what it is): ("w", "the slope")
    sizes: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # (axis, its size as it is written): ("j", "d"), to show shapes

    @property
    def objective(self) -> Name:
        """The name of the last definition: L."""
        return self.tape[-1].name

    def definition(self, symbol: str) -> Definition | None:
        """The line of the tape that defines the symbol, or None."""
        return self._defined.get(symbol)

    @cached_property
    def _defined(self) -> dict[str, Definition]:
        return {d.name.symbol: d for d in reversed(self.tape)}

    def declared(self) -> dict[str, Name]:
        """Every symbol of the problem, with its indices as declared, counts included."""
        known = (*self.parameters, *self.data, *(c for c, _ in self.constants), *(d.name for d in self.tape), *(c for _, c in self.count))
        return {x.symbol: x for x in known}

    def unused(self, *symbols: str) -> tuple[Name, ...]:
        """Names that nothing here has: the symbols, or with the first number behind them that is free (t, t1, t2)."""
        taken, out = set(self.declared()), []
        for s in symbols:
            s = next(x for end in ("", *map(str, range(1, len(taken) + 2))) if (x := s[: 31 - len(end)] + end) not in taken)
            taken.add(s)
            out.append(Name(s))
        return tuple(out)

    def needed(self) -> frozenset[str]:
        """The symbols that the objective is made of."""
        return self._needed

    @cached_property
    def _needed(self) -> frozenset[str]:
        out = {self.objective.symbol}
        for d in reversed(self.tape):
            if d.name.symbol in out:
                out |= names(d.value)
        return frozenset(out)

    @staticmethod
    def from_text(
        let: Sequence[str] = (),
        loss: str = "",
        parameters: str | Iterable[str] = (),
        data: str | Iterable[str] = (),
        *,
        objective: str = "",
        constants: Mapping[str, Fraction | int | float | str] | None = None,
        shapes: Mapping[str, str] | Sequence[str] = (),
        title: str = "",
    ) -> Problem:
        """The problem that the lines state.

        let         definitions in order: "y_hat = w*x + b", "u = y_hat - y"
        loss        of one sample, the objective is its mean; or `objective`, which states it whole with sum(…) and mean(…)
        parameters  the names differentiated by: "w b"
        data        one value a sample: "x y"; x and y are data without being declared
        constants   names held fixed, with their values
        shapes      of arrays: {"X": "n d", "W": "d k"}; the text is then NumPy's: "X @ W + b", "sum((X @ w - y)^2)/n", or LaTeX's

        Raises Unread for a text that cannot be read, ProblemError for names or shapes that do not fit.
        """
        s = Statement(let, loss, objective, in_words(parameters), in_words(data), dict(constants or {}), shapes).stated()
        return Problem(title or "A problem of your own", s.parameters, s.data, s.tape, s.constants, s.count, sizes=s.sizes)

    @staticmethod
    def from_toml(text: str) -> Problem:
        """The problem that a TOML text states, with the keys of `from_text`.  Raises ProblemError, Unread."""
        import tomllib

        try:
            stated = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise ProblemError(f"this is no TOML: {wrong}") from wrong
        kinds: dict[str, type] = {"title": str, "parameters": list, "data": list, "let": list, "loss": str, "objective": str, "constants": dict, "shapes": dict}
        for key, value in stated.items():
            if key not in kinds:
                raise ProblemError(f"unknown key {key!r}; the keys are {', '.join(kinds)}")
            if not isinstance(value, kinds[key]) or (isinstance(value, list) and not all(isinstance(x, str) for x in value)):
                raise ProblemError(f"the key {key!r} must be {'a list of texts' if kinds[key] is list else 'a table' if kinds[key] is dict else 'a text'}")
        if not all(isinstance(x, str) for x in stated.get("shapes", {}).values()):
            raise ProblemError("a shape is a text: X = 'n d'")
        return Problem.from_text(**stated)

    def shown(self) -> Page:
        """The title and the forward tape."""
        lines = tuple(Line(layout(d.name), layout(d.value), ":=", (d.says,) if d.says else ()) for d in self.tape)
        return Page((), (Prose((Strong(self.title),)), Chain(lines)))

    def hold(self, values: Mapping[str, Fraction]) -> Problem:
        """The same problem with some parameters held constant at these values.  Raises ProblemError."""
        known = {p.symbol for p in self.parameters}
        if lost := sorted(set(values) - known):
            raise ProblemError(f"{lost[0]} is no parameter; the parameters are {', '.join(sorted(known))}")
        if set(values) == known:
            raise ProblemError("every parameter is held constant: nothing is left to differentiate by")
        held = tuple((p, values[p.symbol]) for p in self.parameters if p.symbol in values)
        return replace(self, parameters=tuple(p for p in self.parameters if p.symbol not in values), constants=(*self.constants, *held))

    def renamed(self, symbols: Mapping[str, str]) -> Problem:
        """The same problem in other letters: {"w": "m", "b": "c"}.  Raises ProblemError for an unknown name, or where two would become one."""
        declared = self.declared()
        if lost := sorted(set(symbols) - set(declared)):
            raise ProblemError(f"{lost[0]} is no name of the problem; the names are {', '.join(declared)}")
        after = [symbols.get(s, s) for s in declared]
        for s in sorted(symbols.values()):
            if wrong := symbol_problem(s):
                raise ProblemError(f"{s!r} cannot be a name: {wrong}")
            if after.count(s) > 1:
                raise ProblemError(f"the name {s} is taken; choose another")
        return replace(
            self,
            parameters=tuple(_called(p, symbols) for p in self.parameters),
            data=tuple(_called(v, symbols) for v in self.data),
            constants=tuple((_called(c, symbols), v) for c, v in self.constants),
            tape=tuple(replace(d, name=_called(d.name, symbols), value=_relettered(d.value, symbols)) for d in self.tape),
            count=tuple((a, _called(c, symbols)) for a, c in self.count),
            given=tuple((symbols.get(s, s), a) for s, a in self.given),
            roles=tuple((symbols.get(s, s), says) for s, says in self.roles),
        )


def _called(n: Name, symbols: Mapping[str, str]) -> Name:
    return Name(symbols.get(n.symbol, n.symbol), n.indices)


def _relettered(t: Term, symbols: Mapping[str, str]) -> Term:
    return _called(t, symbols) if isinstance(t, Name) else rebuild(t, [_relettered(c, symbols) for c in children(t)])


def over_samples(*terms: Term) -> tuple[Problem, tuple[Term, ...]]:
    """Terms with sums as lines over one set of samples, and what declares their names: x, y, ŷ and what carries an index have one value a sample.

    x̄ is the mean of x.  Raises ProblemError where an index too many is written, a function is unknown, or nothing has one value a sample.
    """
    used = {s.symbol: s.indices for t in terms for s in subterms(t) if isinstance(s, Name) and not s.indices}
    used |= {s.symbol: s.indices for t in terms for s in subterms(t) if isinstance(s, Name) and s.indices}
    data = tuple(sorted(s for s in used if used[s] or s in (*ASSUMED_DATA, "y_hat")))
    bars = {s: s.removesuffix("_bar") for s in used if s.endswith("_bar") and s.removesuffix("_bar") in data}
    others = tuple(sorted(used.keys() - set(data) - bars.keys() - {COUNT.symbol} - CONSTANTS.keys()))
    known = {d: Name(d, (SAMPLES,)) for d in data} | {p: Name(p) for p in (*others, *bars)} | {COUNT.symbol: COUNT}
    lines = tuple(Statement((), "", "", others, data, {}).resolved(t, known, to_ascii(t)) for t in terms)
    if not data:
        raise ProblemError("there is a sum, but nothing in it has one value a sample: write an index, x_i")
    means = tuple(Definition(Name(bar), mean(SAMPLES, known[s], COUNT), f"the mean of {s}") for bar, s in sorted(bars.items()))
    return Problem("", tuple(map(Name, others)), tuple(known[d] for d in data), means), lines
