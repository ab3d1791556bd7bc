"""Somebody's working → a verdict on every line, against the writer's own definitions or a reference.

`check("dL/dw = (2/n) Σ x(ŷ − y)")`.  Each further member of a = b = c is judged against the one before, and against the left side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from symgd.forward import Problem
from symgd.handcalc.account import account
from symgd.handcalc.assume import complete
from symgd.handcalc.carried import follows_from_wrong
from symgd.handcalc.claims import Claim, Judged, claim_of, judge
from symgd.handcalc.conventions import derived_by
from symgd.handcalc.defining import Stated, collect, plain_setting, with_definitions, with_stated
from symgd.handcalc.facts import PRIMED, Facts, gather
from symgd.handcalc.figures import is_figure
from symgd.handcalc.lines import Row, Said, read_rows
from symgd.handcalc.reckoning import Reckoning
from symgd.handcalc.reference import taken_over, with_problem
from symgd.handcalc.remedy import printed
from symgd.handcalc.resolve import Misfit
from symgd.handcalc.roles import infer
from symgd.handcalc.setting import Setting
from symgd.handcalc.updates import judge_update, update_of
from symgd.handcalc.verdict import Finding, Slip, StepVerdict, Verdict, Written, worst
from symgd.term import D, Name, Num, Term, children, names, rebuild, subterms
from symgd.typeset import to_ascii

__all__ = ["check", "check_lines", "judging"]

_ANEW = re.compile(
    r"\b(?:instead|another|other|different|alternative\w*|suppose|assume|consider|example|e\.g|exercise|question|problem|case|variant|version|redefine|regulari[sz]\w+|"
    r"penalt\w+|multi\w*|logistic|now with|next|part|section|second|third|general\w*)\b|例|假设|设|beispiel|exemple|ejemplo",
    re.IGNORECASE,
)


def check(text: str, problem: Problem | None = None, let: Sequence[str] = (), name: str = "") -> Verdict:
    """The verdict on every displayed line of the text: LaTeX, Markdown or plain.

    problem  what is judged against, instead of what the writer states
    let      definitions that complete what the writer states: "y_hat = w*x + b"
    name     the file's name, which may tell how to read it

    Raises Unread for a notebook that is none, and beyond 5 MB.
    """
    from symgd.handcalc.sources import written

    return check_lines(written(text, name), problem, let)


def check_lines(lines: Sequence[Written], problem: Problem | None = None, let: Sequence[str] = ()) -> Verdict:
    """The verdict on these lines."""
    *_, verdict = judging(lines, problem, let)
    assert isinstance(verdict, Verdict)
    return verdict


def judging(lines: Sequence[Written], problem: Problem | None = None, let: Sequence[str] = ()) -> Iterator[Finding | Verdict]:
    """One finding a line as soon as it is known, and last the verdict."""
    stated = [Written(0, 0, 0, text, "ascii") for text in let]
    rows = read_rows([*stated, *lines])
    numbered = [(r.written.number, s) for r in rows for s in r.said]
    facts = gather(s for _, s in numbered)
    roles = infer(facts, *taken_over(problem, facts))
    found = collect(numbered, facts, roles)
    setting = plain_setting(facts, roles, found)
    if problem is not None:
        setting = with_problem(setting, problem)
    setting = complete(with_definitions(setting, found), numbered, facts)
    working = _Working(setting, facts, found)
    findings = []
    for row in rows[len(stated) :]:
        findings.append(working.finding(row))
        yield findings[-1]
    yield Verdict(problem.name or None if problem else None, working.definitions(), working.assumed(), tuple(findings))


@dataclass
class _Chain:
    """What a line that begins with = goes on from: its left side as written and as meant, the last member, and what was said of that."""

    left: Term
    last: Term
    verdict: str
    meant: Term | None = None


@dataclass
class _Step:
    """What is said of one member; `meant` is what a wrong one should have been, `far` how far-fetched its slips are."""

    judged: Judged
    slips: tuple[Slip, ...] = ()
    number: str = ""
    place: tuple[int, int] = (0, 0)
    left: str = ""
    right: Term | None = None
    meant: Term | None = None
    far: int = 9


@dataclass
class _Working:
    """The working so far.

    found   every definition in it, also second ones
    wrong   the claims that were false
    solved  the values found for parameters where the gradient is zero
    used    the symbols that what was judged is made of
    """

    setting: Setting
    facts: Facts
    found: list[Stated]
    reckoning: Reckoning = field(default_factory=Reckoning)
    wrong: list[Claim] = field(default_factory=list)
    solved: dict[str, Term] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    chain: _Chain | None = None
    before: str = ""

    def definitions(self) -> tuple[str, ...]:
        return tuple(f"{to_ascii(d.name)} = {to_ascii(d.value)}" for d in self.setting.tape if d.name.symbol in self.setting.stated)

    def assumed(self) -> tuple[str, ...]:
        return tuple(says for symbol, says in self.setting.assumed if symbol in self.used)

    # ------------------------------------------------------------ one line

    def finding(self, row: Row) -> Finding:
        """The verdict on one line."""
        if row.unread is not None:
            u, w = row.unread, row.written
            says = u.message + (f"; {u.hint}" if u.hint else "")
            return Finding(w, "unread", says, steps=(StepVerdict(w.text[u.start : u.end], "unread", u.message, u.start, u.end),))
        self.before = row.written.before
        steps = [step for said in row.said for step in self.statement(said, row.written)]
        self.seen |= {s for said in row.said for t in said.terms for s in names(t)}
        return _summed_up(row.written, steps)

    def statement(self, said: Said, written: Written) -> Iterator[_Step]:
        """Each member against the one before."""
        terms = said.terms
        alone = len(terms) == 1 and not said.continues
        if alone and (self.chain is None or isinstance(terms[0], D | Name)):
            yield _Step(Judged("given", "an expression; nothing is claimed"), place=said.places[0])
            return
        first = 0 if said.continues or alone else 1
        if first:
            self.chain = _Chain(terms[0], terms[0], "given")
        if self.chain is None:
            yield _Step(Judged("undecided", "there is no line above that this goes on from"), place=said.places[0])
            return
        for k in range(first, len(terms)):
            right, wide = self.primed(terms[k]), self.primed(said.wide[k])
            relation = "=" if alone or said.relations[k] == "or" else said.relations[k]
            step = self.step(right, wide if wide != right else None, relation, written.number, defines=k == 1 and first == 1)
            step.judged = _noted(step.judged, said, k)
            step.place = said.places[k]
            step.left = written.text[slice(*said.places[0])] if first else ""
            step.right = right
            if alone and step.judged.verdict == "wrong":
                step.judged = replace(step.judged, says="this is not what stands above")
            if step.judged.verdict == "wrong" and not step.slips:
                self.explain(step, right)
            self.after(step.judged, right)
            yield step

    def primed(self, t: Term) -> Term:
        """u′ is differentiated by what the left side is, or by the only name that is."""
        if PRIMED not in names(t):
            return t
        chain = self.chain
        by = chain.left.by if chain and isinstance(chain.left, D) and chain.left.by.symbol != PRIMED else None

        def go(s: Term) -> Term:
            if isinstance(s, D) and s.by.symbol == PRIMED:
                of = go(s.of)
                own = next((self.facts.arguments[x][0] for x in sorted(names(of)) if x in self.facts.arguments), None)
                others = sorted({b for _, b in self.facts.tops} - {PRIMED})
                name = by or (Name(own) if own else Name(others[0]) if len(others) == 1 else Name("x"))
                return D(of, name, s.partial)
            return rebuild(s, [go(c) for c in children(s)])

        return go(t)

    def after(self, j: Judged, right: Term) -> None:
        """The chain goes on from here."""
        chain = self.chain
        assert chain is not None
        if j.claim is not None:
            self.used |= j.claim.setting.referee.made_of(names(j.claim.left) | names(j.claim.right)) if j.claim.kind != "number" else names(chain.left)
            if j.verdict == "wrong" and j.claim.kind != "number":
                self.wrong.append(j.claim)
            if j.claim.kind == "closed form" and isinstance(j.claim.left, Name):
                self.solved[j.claim.left.symbol] = j.claim.right
        if j.meant is not None:
            chain.meant = j.meant
        bad = chain.verdict in ("wrong", "carried") and j.verdict in ("right", "carried")
        chain.last, chain.verdict = right, "carried" if bad else j.verdict
        if is_figure(right):
            self.reckoning.keep(chain.left, right)
        else:
            self.reckoning.learn(chain.left, right)

    # ------------------------------------------------------------ one member

    def step(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> _Step:
        chain = self.chain
        assert chain is not None
        if relation in ("<", "<=", ">", ">=", "!=", "∝"):
            return _Step(Judged("given", "a condition; nothing to judge"))
        chain.left = self.primed(chain.left)
        try:
            if is_figure(right):
                return self.number(right, relation)
            return _Step(self.symbols(right, wide, relation, number, defines))
        except Misfit as misfit:
            return _Step(Judged("undecided", str(misfit)))
        except (ValueError, KeyError, ArithmeticError, RecursionError):
            return _Step(Judged("undecided", "this could not be decided"))

    def symbols(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Judged:
        chain = self.chain
        assert chain is not None
        left = chain.left
        if defines:
            if u := update_of(self.setting, left, right, relation):
                return self.by_numbers(judge_update(self.setting, u), right)
            if given := self.definition(left, right, number):
                return given
        elif chain.meant is None and (known := self.like_the_one_before(right)):
            return known
        j = judge(self.setting, left, right, wide, chain.meant, self.solved)
        if j.factor == "hat" and defines:
            j = self.first_model(j)
        if j.verdict == "wrong" and j.claim is not None and (how := follows_from_wrong(j.claim, self.wrong)):
            return replace(j, verdict="carried", says=how, check=None)
        return self.by_numbers(j, right)

    def like_the_one_before(self, right: Term) -> Judged | None:
        """Equal to the member before it: as good as that one."""
        chain = self.chain
        assert chain is not None
        try:
            claim, _ = claim_of(self.setting, chain.last, right)
        except Misfit:
            return None
        if not claim.setting.proved(claim.left, claim.right):
            return None
        match chain.verdict:
            case "wrong" | "carried":
                return Judged("carried", "follows from what stands before it, which is false", claim=claim)
            case "convention":
                return Judged("convention", "follows from what stands before it, with the same convention", claim=claim)
        return Judged("right", "follows", claim=claim)

    def definition(self, left: Term, right: Term, number: int) -> Judged | None:
        """A definition on the line that states it, or another of the same name."""
        for name in (left, right):
            if isinstance(name, Name) and self.setting.stated.get(name.symbol) == number:
                return self.given(name, left, right)
        known = {*self.setting.known, *self.setting.rates}
        gradient = isinstance(left, Name) and derived_by(left.symbol, frozenset(self.setting.roles.all("parameter"))) is not None
        if isinstance(left, Name) and left.symbol not in known and left.symbol not in self.setting.roles.aliases and not gradient:
            return Judged("given", f"names {to_ascii(left)}")
        again = next((d for d in self.found if d.line == number and d.name in (left, right)), None)
        if again is None or (again.name.symbol not in self.setting.stated and self.setting.definition(again.name.symbol) is None):
            return self.by_derivatives(left, right)
        return self.again(again, left, right)

    def given(self, name: Name, left: Term, right: Term) -> Judged:
        try:
            claim, found = claim_of(self.setting, left, right)
        except Misfit:
            return Judged("given", f"defines {to_ascii(name)}")
        if found.stripped:
            says = f"defines {to_ascii(name)}; {' and '.join(sorted(found.stripped))} has one value for all examples and carries no index"
            return Judged("notation", says, claim=claim)
        return Judged("given", f"defines {to_ascii(name)}", claim=claim)

    def again(self, d: Stated, left: Term, right: Term) -> Judged | None:
        """A second definition: an equality, or a new definition where the words before it say so."""
        j = judge(self.setting, left, right)
        anew = _ANEW.search(self.before) or d.name.symbol not in self.setting.stated
        if j.verdict in ("wrong", "undecided") and anew:
            self.setting = with_stated(self.setting, d)
            self.wrong.clear()
            return Judged("given", f"defines {to_ascii(d.name)} anew", claim=j.claim)
        return None

    def by_derivatives(self, left: Term, right: Term) -> Judged | None:
        """∂J/∂w = ∂/∂w (…) before J is defined: it says what J is."""
        match left, right:
            case D(Name(s, ()), by), D(value, other) if by == other and not isinstance(value, Name) and s in self.setting.stated and s not in self.seen:
                found = with_stated(self.setting, Stated(Name(s), value, 0), line=0)
                stated = {k: v for k, v in found.stated.items() if k != s}
                self.setting = replace(found, stated=stated)
                return Judged("right", f"says what {s} is")
        return None

    def first_model(self, j: Judged) -> Judged:
        """y = w x + b, before ŷ was ever written: the model, stated."""
        hat = self.setting.roles.the("prediction")
        if hat in self.seen:
            return j
        given = [says for says in j.says.split("; ") if "carries no index" in says]
        return Judged("notation" if given else "given", f"states the model; its value is called {hat} later", claim=j.claim)

    # ------------------------------------------------------------ numbers

    def number(self, right: Term, relation: str) -> _Step:
        chain = self.chain
        assert chain is not None
        condition = isinstance(right, Num) and right.value == 0 and any(isinstance(s, D) for s in subterms(chain.left))
        if condition and not (isinstance(chain.left, D) and self.reckoning.values):
            return _Step(Judged("given", "the condition for a minimum"))
        if self.constant(chain.last):
            j = judge(self.setting, chain.last, right)
            if j.verdict != "undecided":
                return _Step(j)
        carried = chain.verdict in ("wrong", "carried")
        j, slips, shown = self.reckoning.judge(chain.left, chain.last, right, relation, carried, self.setting)
        return _Step(j, slips, shown)

    def constant(self, t: Term) -> bool:
        """du/dŷ = 1: a derivative of what is known, and no number has been given."""
        return isinstance(t, D) and not self.reckoning.values

    def by_numbers(self, j: Judged, right: Term) -> Judged:
        """A line in which numbers stand for names is judged by the numbers."""
        chain = self.chain
        assert chain is not None
        if j.verdict not in ("wrong", "undecided") or not self.reckoning.values:
            return j
        a = self.reckoning.value(chain.last, self.setting) if not isinstance(chain.last, Name) or chain.last is not chain.left else None
        b = self.reckoning.value(right, self.setting)
        if a is not None and b is not None and a == b:
            return Judged("right", "the numbers agree", claim=j.claim)
        if j.verdict == "wrong" and any(isinstance(s, Num) and s.places for s in subterms(right)):
            return Judged("undecided", "the numbers behind this are not known", claim=j.claim)
        return j

    # ------------------------------------------------------------ a wrong line

    def explain(self, step: _Step, right: Term) -> None:
        """The slip, where one explains the line, and the line put right."""
        chain, claim = self.chain, step.judged.claim
        assert chain is not None
        if claim is None or claim.kind != "number":
            last = chain.last if chain.last is not chain.left and chain.verdict in ("right", "notation", "convention") else None
            found = account(self.setting, chain.left, last, right, claim)
            step.slips, step.meant, step.far = found.slips, found.meant, found.far


def _noted(j: Judged, said: Said, k: int) -> Judged:
    """Loose writing that is worth a word."""
    loose = [n for n in said.notes if "star" in n or "missing" in n or "one count" in n]
    return replace(j, verdict="notation", says=loose[0]) if loose and j.verdict in ("given", "right") and k < 2 else j


def _summed_up(written: Written, steps: list[_Step]) -> Finding:
    """The line's verdict is its worst member's; a definition that is only rewritten stays given."""
    verdicts = tuple(s.judged.verdict for s in steps) or ("given",)
    verdict = worst(verdicts)
    if verdict == "right" and verdicts[0] == "given" and not any(s.right is not None and is_figure(s.right) for s in steps):
        verdict = "given"
    those = [s for s in steps if s.judged.verdict == verdict]
    main = min(those, key=lambda s: s.far) if those else _Step(Judged(verdict, "stated; nothing to judge"))
    j = main.judged
    numbers = (*j.check.witness, ("left", j.check.values[0]), ("right", j.check.values[1])) if j.check is not None and j.check.values else None
    expected = _expected(written, main) if verdict == "wrong" else None
    shown = tuple(StepVerdict(written.text[slice(*s.place)], s.judged.verdict, s.judged.says, *s.place) for s in steps)
    return Finding(written, verdict, j.says, main.slips if verdict == "wrong" else (), j.factor if verdict == "convention" else None, expected, numbers, shown)


def _expected(written: Written, step: _Step) -> str | None:
    """The corrected line: the left side as written, the right result."""
    sign = " = " if step.left else "= "
    if step.number:
        return f"{step.left}{sign}{step.number}"
    if step.meant is None:
        return None
    bare = not any(isinstance(s, Name) and s.indices for s in subterms(step.right)) if step.right is not None else False
    return f"{step.left}{sign}{printed(step.meant, written.syntax, written.text, bare)}"
