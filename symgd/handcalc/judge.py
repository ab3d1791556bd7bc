"""Somebody's working → a verdict on every line, against the writer's own definitions.

`check("dL/dw = (2/n) Σ x(ŷ − y)")`.  Each further member of a = b = c is judged against the one before, and against the left side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from symgd.forward import Problem
from symgd.handcalc.assume import build, is_number, stated_definition
from symgd.handcalc.claims import Claim, Judged, judge, kind_of
from symgd.handcalc.figures import Figure, NoValue, bind, is_figure, same, worth
from symgd.handcalc.resolve import Misfit, resolve
from symgd.handcalc.roles import Facts, Roles, gather, infer
from symgd.handcalc.setting import Setting
from symgd.handcalc.updates import judge_update, update_of
from symgd.handcalc.verdict import Finding, StepVerdict, Verdict, Written, worst
from symgd.reading import Unread
from symgd.reading.line import Statement, read_line
from symgd.term import D, Name, Num, Term, names, subterms
from symgd.typeset import to_ascii

__all__ = ["check", "check_lines"]


def check(text: str, problem: Problem | None = None, let: Sequence[str] = ()) -> Verdict:
    """The verdict on every displayed line of the text: LaTeX, Markdown or plain.

    problem  what is judged against, instead of what the writer states
    let      definitions that complete what the writer states: "y_hat = w*x + b"
    """
    from symgd.handcalc.sources import written

    return check_lines(written(text), problem, let)


def check_lines(lines: Sequence[Written], problem: Problem | None = None, let: Sequence[str] = ()) -> Verdict:
    """The verdict on these lines."""
    rows = _read(lines)
    members = [(r.written.number, _terms(s)) for r in rows for s in r.statements]
    facts = gather(m for _, m in members)
    roles = infer(facts)
    setting = build(members, facts, roles)
    working = _Working(setting, facts)
    findings = tuple(working.finding(r) for r in rows)
    definitions = tuple(f"{to_ascii(d.name)} = {to_ascii(d.value)}" for d in working.setting.tape if d.name.symbol in working.setting.stated)
    return Verdict(problem.name or None if problem else None, definitions, working.setting.assumed, findings)


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Row:
    """A line as read: its statements, or why it could not be; `wide` are the statements with Σ taking everything up to the end."""

    written: Written
    statements: tuple[Statement, ...] = ()
    wide: tuple[Statement, ...] = ()
    unread: Unread | None = None


def _read(lines: Sequence[Written]) -> list[_Row]:
    """Every line, the names of all of them known."""
    first = [_row(w, frozenset()) for w in lines]
    symbols = frozenset(s for r in first for st in r.statements for m in st.members for s in names(m.term)) - {"?"}
    second = [_row(w, symbols) for w in lines]
    return [a if b.unread and not a.unread else b for a, b in zip(first, second, strict=True)]


def _row(w: Written, declared: frozenset[str]) -> _Row:
    try:
        found = read_line(w.text, w.syntax, declared)
        wide: tuple[Statement, ...] = ()
        if any(s.open for s in found):
            wide = read_line(w.text, w.syntax, declared, wide=True)
        return _Row(w, found, wide if len(wide) == len(found) else ())
    except Unread as unread:
        return _Row(w, unread=unread)


def _terms(s: Statement) -> tuple[Term, ...]:
    return tuple(m.term for m in s.members)


# ---------------------------------------------------------------- judging


@dataclass
class _Chain:
    """What a line that begins with = goes on from: its left side, the last member, and what was said of that."""

    left: Term
    last: Term
    verdict: str
    resolved: Term | None = None


@dataclass
class _Working:
    """The working so far.

    values  the numbers that names have been given
    wrong   the claims that were false
    """

    setting: Setting
    facts: Facts
    values: dict[str, Figure] = field(default_factory=dict)
    wrong: list[Claim] = field(default_factory=list)
    chain: _Chain | None = None
    seen: set[str] = field(default_factory=set)

    def finding(self, row: _Row) -> Finding:
        """The verdict on one line."""
        if row.unread is not None:
            u = row.unread
            return Finding(row.written, "unread", f"{u.message}" + (f"; {u.hint}" if u.hint else ""), steps=(StepVerdict(row.written.text[u.start : u.end], "unread", u.message, u.start, u.end),))
        steps: list[StepVerdict] = []
        judged: list[Judged] = []
        for k, s in enumerate(row.statements):
            wide = row.wide[k] if row.wide else None
            for j, place in self.statement(s, wide, row):
                judged.append(j)
                steps.append(StepVerdict(row.written.text[place[0] : place[1]], j.verdict, j.says, *place))
        for s in row.statements:
            self.seen |= {x for m in s.members for x in names(m.term)}
        return self.summed_up(row.written, judged, steps)

    def summed_up(self, written: Written, judged: list[Judged], steps: list[StepVerdict]) -> Finding:
        verdicts = tuple(j.verdict for j in judged) or ("given",)
        verdict = worst(verdicts)
        if verdict == "right" and verdicts[0] == "given" and not any(is_figure(j.claim.right) for j in judged if j.claim):
            verdict = "given"
        main = next((j for j in judged if j.verdict == verdict), Judged(verdict, "stated; nothing to judge"))
        numbers = None
        if main.check is not None and main.check.values:
            numbers = (*main.check.witness, ("left", main.check.values[0]), ("right", main.check.values[1]))
        return Finding(written, verdict, main.says, (), main.factor, None, numbers, tuple(steps))

    # ------------------------------------------------------------ one statement

    def statement(self, s: Statement, wide: Statement | None, row: _Row) -> Iterable[tuple[Judged, tuple[int, int]]]:
        terms, number = _terms(s), row.written.number
        places = [(m.start, m.end) for m in s.members]
        bare = len(terms) == 1 and not s.continues
        if bare and (self.chain is None or isinstance(terms[0], D | Name)):
            yield Judged("given", "an expression; nothing is claimed"), places[0]
            return
        first = 0 if s.continues or bare else 1
        if first:
            self.chain = _Chain(terms[0], terms[0], "given")
        if self.chain is None:
            yield Judged("undecided", "there is no line above that this goes on from"), places[0]
            return
        for k in range(first, len(terms)):
            wider = wide.members[k].term if wide and len(wide.members) == len(terms) and wide.members[k].term != terms[k] else None
            relation = "=" if bare else s.relations[k]
            j = self.step(terms[k], wider, relation, number, k == 1 and first == 1)
            yield self.noted(j, s), places[k]
            self.after(j, terms[k])

    def noted(self, j: Judged, s: Statement) -> Judged:
        """Loose writing that is worth a word."""
        loose = [n for n in s.notes if "star" in n or "missing" in n or "one count" in n]
        if loose and j.verdict in ("given", "right"):
            return replace(j, verdict="notation", says=loose[0])
        return j

    def after(self, j: Judged, right: Term) -> None:
        assert self.chain is not None
        if j.verdict == "wrong" and j.claim is not None:
            self.wrong.append(j.claim)
        if j.claim is not None and j.claim.kind == "derived":
            self.chain.resolved = j.claim.left
        bad = self.chain.verdict in ("wrong", "carried") and j.verdict in ("right", "carried")
        self.chain.last = right
        self.chain.verdict = "carried" if bad else j.verdict

    def step(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Judged:
        chain = self.chain
        assert chain is not None
        if relation in ("<", "<=", ">", ">=", "!=", "∝"):
            return Judged("given", "a condition; nothing to judge")
        if is_figure(right):
            return self.number(right, relation)
        try:
            return self.symbols(chain, right, wide, relation, number, defines)
        except Misfit as misfit:
            return Judged("undecided", str(misfit))
        except (ValueError, KeyError, RecursionError) as wrong:
            return Judged("undecided", f"this could not be decided ({wrong})")

    def symbols(self, chain: _Chain, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Judged:
        left = chain.left
        if defines and (u := update_of(self.setting, left, right, relation)):
            return judge_update(self.setting, u)
        if defines and (given := self.definition(left, right, number)):
            return given
        if chain.last is not left and chain.resolved is None and (known := self.like_the_one_before(chain, right)):
            return known
        return self.carried(judge(self.setting, left, right, wide, chain.resolved))

    def like_the_one_before(self, chain: _Chain, right: Term) -> Judged | None:
        """Equal to the member before it: as good as that one."""
        from symgd.handcalc.resolve import resolve_all

        found = resolve_all(self.setting, (chain.last, right))
        a, b = found.members
        setting = self.setting.knows(a).knows(b)
        if not setting.proved(a, b):
            return None
        claim = Claim(setting, a, b, kind_of(setting, a, b))
        if chain.verdict in ("wrong", "carried"):
            return Judged("carried", "follows from what stands before it, which is false", claim=claim)
        if chain.verdict == "convention":
            return Judged("convention", "follows from what stands before it, with the same convention", claim=claim)
        return Judged("right", "follows", claim=claim)

    def definition(self, left: Term, right: Term, number: int) -> Judged | None:
        """A definition on the line that states it, or a second one."""
        for name in (left, right):
            if isinstance(name, Name) and self.setting.stated.get(name.symbol) == number:
                return Judged("given", f"defines {to_ascii(name)}")
        if isinstance(left, Name) and left.symbol not in self.setting.known:
            return Judged("given", f"names {to_ascii(left)}")
        return None

    def carried(self, j: Judged) -> Judged:
        return j

    # ------------------------------------------------------------ numbers

    def number(self, right: Term, relation: str) -> Judged:
        """Is the number what stands before it is worth?"""
        chain = self.chain
        assert chain is not None
        claim = Claim(self.setting, chain.last, right, "number")
        if isinstance(right, Num) and right.value == 0 and any(isinstance(s, D) for s in subterms(chain.left)):
            return Judged("given", "the condition for a minimum", claim=None)
        value = self.value_of(chain.last)
        if value is None and chain.last is not chain.left:
            value = self.value_of(chain.left)
        if value is None:
            return self.learnt(chain, right, claim)
        try:
            if same(value, right, relation == "≈"):
                self.keep(chain, right)
                return Judged("carried" if chain.verdict in ("wrong", "carried") else "right", "the numbers agree", claim=claim)
        except NoValue as none:
            return Judged("undecided", str(none))
        self.keep(chain, right)
        return Judged("wrong", f"the arithmetic gives {_shown(value)}", claim=claim)

    def learnt(self, chain: _Chain, right: Term, claim: Claim) -> Judged:
        """A value that is given here: of a name, or of the names of the formula before."""
        if isinstance(chain.last, Name):
            self.keep(chain, right)
            return Judged("given", f"{to_ascii(chain.last)} has this value", claim=claim)
        if found := bind(chain.last, right):
            clash = [s for s, v in found.items() if s in self.values and self.values[s] != v]
            if not clash:
                self.values |= found
                self.keep(chain, right)
                return Judged("given", "numbers put in", claim=claim)
        if isinstance(chain.left, D) and _by_symbols(self.setting, chain.left):
            j = judge(self.setting, chain.left, right)
            if j.verdict in ("right", "convention", "wrong"):
                return j
        return Judged("undecided", "the numbers behind this are not known", claim=claim)

    def value_of(self, t: Term) -> Figure | None:
        try:
            return worth(t, self.values)
        except NoValue:
            pass
        try:
            return worth(resolve(self.setting, t), self.values)
        except (NoValue, Misfit, ValueError, KeyError):
            return None

    def keep(self, chain: _Chain, right: Term) -> None:
        """The printed value is what the writer goes on with."""
        name = chain.left
        if isinstance(name, Name):
            try:
                self.values[name.symbol] = worth(right, {})
            except NoValue:
                return


def _by_symbols(setting: Setting, left: D) -> bool:
    """Is the derivative a constant, as du/dŷ = 1 is?"""
    return isinstance(left.of, Name) and setting.definition(left.of.symbol) is not None or not isinstance(left.of, Name)


def _shown(value: Figure) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return f"{float(value):.6g}"


_ = (Roles, is_number, stated_definition)
