"""The working so far: what is known where a line stands, and the verdict on each of its members.

A member of a = b = c is judged against the one before, and against the left side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symgd.handcalc.account import account
from symgd.handcalc.carried import follows_from_wrong
from symgd.handcalc.claims import Claim, Judged, broken, claim_of, noted, without_index
from symgd.handcalc.conditions import at_a_place
from symgd.handcalc.conventions import FACTORS, best, derived_by
from symgd.handcalc.defining import Stated, with_stated
from symgd.handcalc.doubts import doubted
from symgd.handcalc.facts import PRIMED, Facts
from symgd.handcalc.figures import is_figure
from symgd.handcalc.lines import Row, Said, sign_of
from symgd.handcalc.numerals import Known, by_numbers, judge_number
from symgd.handcalc.readings import components, judge
from symgd.handcalc.reckoning import Reckoning
from symgd.handcalc.resolve import Misfit
from symgd.handcalc.setting import Setting
from symgd.handcalc.symmetry import by_itself
from symgd.handcalc.updates import judge_update, update_of
from symgd.handcalc.verdict import Slip, Written
from symgd.term import Call, D, Name, Term, children, names, rebuild, subterms
from symgd.typeset import to_ascii

__all__ = ["Chain", "Step", "Working"]

_PLACE = re.compile(r"\b(?:at|when|for|where|with|values?|points?)\b[^.]*[0-9]", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|\s)\(?(?:[0-9]{1,2}|[a-h])[.):]?$")  # 2. y = …
_ANEW = re.compile(
    r"\b(?:instead|another|other|different|alternative\w*|suppose|assume|consider|example|e\.g|exercise|question|problem|case|variant|version|redefine|regulari[sz]\w+|"
    r"penalt\w+|multi\w*|logistic|now with|next|part|section|second|third|general\w*)\b|例|假设|设|beispiel|exemple|ejemplo",
    re.IGNORECASE,
)


@dataclass
class Chain:
    """What a line that begins with = goes on from: its left side as written and as meant, the last member, what was said of that; is ∂ on the left?"""

    left: Term
    last: Term
    verdict: str
    meant: Term | None = None
    rounds: bool = False


@dataclass
class Step:
    """What is said of one member; `meant` is what a wrong one should have been, `far` how far-fetched its slips are, `sign` = or how else it is set."""

    judged: Judged
    slips: tuple[Slip, ...] = ()
    number: str = ""
    place: tuple[int, int] = (0, 0)
    left: str = ""
    right: Term | None = None
    meant: Term | None = None
    far: int = 9
    sign: str = "="


@dataclass
class Working:
    """The working so far.

    found   every definition in it, also second ones
    wrong   the claims that were false
    zeros   what was set to zero
    solved  the values found for parameters where the gradient is zero
    used    the symbols that what was judged is made of
    """

    setting: Setting
    facts: Facts
    found: list[Stated]
    reckoning: Reckoning = field(default_factory=Reckoning)
    wrong: list[Claim] = field(default_factory=list)
    zeros: list[Term] = field(default_factory=list)
    solved: dict[str, Term] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    chain: Chain | None = None
    before: str = ""
    rounds: bool = False
    placed: bool = False
    goes_on: bool = False

    def definitions(self) -> tuple[str, ...]:
        return tuple(f"{to_ascii(d.name)} = {to_ascii(d.value)}" for d in self.setting.tape if d.name.symbol in self.setting.stated)

    def assumed(self) -> tuple[str, ...]:
        return tuple(says for symbol, says in self.setting.assumed if symbol in self.used)

    # ------------------------------------------------------------ one line

    def steps(self, row: Row, goes_on: bool = False) -> list[Step]:
        """What is said of each member of the line; `goes_on`: the next one begins with =."""
        self.before, self.goes_on = row.written.before, goes_on
        steps = [step for said in row.said for step in self.statement(said, row.written)]
        self.seen |= {s for said in row.said for t in said.terms for s in names(t)}
        return steps

    def statement(self, said: Said, written: Written) -> Iterator[Step]:
        """Each member against the one before."""
        terms = said.terms
        alone = len(terms) == 1 and not said.continues
        if alone and (self.chain is None or isinstance(terms[0], D | Name)):
            yield Step(Judged("given", "an expression; nothing is claimed"), place=said.places[0])
            return
        if alone and self.goes_on and self.like_the_one_before(terms[0]) is None:
            self.chain = Chain(terms[0], terms[0], "given", rounds=said.rounds[0])
            yield Step(Judged("given", "an expression, which the next line goes on from"), place=said.places[0])
            return
        first = 0 if said.continues or alone else 1
        if first:
            self.chain = Chain(terms[0], terms[0], "given", rounds=said.rounds[0])
        if self.chain is None:
            yield Step(Judged("undecided", "there is no line above that this goes on from"), place=said.places[0])
            return
        for k in range(first, len(terms)):
            right, wide, self.rounds = self.primed(terms[k]), self.primed(said.wide[k]), said.rounds[k]
            relation = "=" if alone or said.relations[k] == "or" else said.relations[k]
            step = self.step(right, wide if wide != right else None, relation, written.number, defines=k == 1 and first == 1)
            step.judged = noted(step.judged, said.notes, k)
            step.place = said.places[k]
            step.left = written.text[slice(*said.places[0])] if first else ""
            step.sign = sign_of(written.text, said, k)
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
                return D(of, by or Name(self.variable(of)), s.partial)
            return rebuild(s, [go(c) for c in children(s)])

        return go(t)

    def variable(self, t: Term) -> str:
        """What t is a function of: what the writer said, what everything else is derived by, or the only name that t is made of."""
        own = [self.facts.arguments[x][0] for x in sorted(names(t)) if x in self.facts.arguments]
        others = sorted({b for _, b in self.facts.tops} - {PRIMED})
        if own or len(others) == 1:
            return own[0] if own else others[0]
        made = self.setting.referee.made_of(names(t)) - {d.name.symbol for d in self.setting.tape} - {self.setting.count.symbol}
        return next(iter(made)) if len(made) == 1 else "x"

    def after(self, j: Judged, right: Term) -> None:
        """The chain goes on from here."""
        chain = self.chain
        assert chain is not None
        if j.claim is not None:
            self.used |= j.claim.setting.referee.made_of(names(j.claim.left) | names(j.claim.right)) if j.claim.kind != "number" else names(chain.left)
            if j.verdict == "wrong" and j.claim.kind != "number":
                self.wrong.append(j.claim)
            if j.verdict == "right" and j.claim.setting.roles.ones != self.setting.roles.ones:  # that the targets sum to one holds from here on
                self.setting = replace(self.setting, roles=replace(self.setting.roles, ones=j.claim.setting.roles.ones))
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

    def step(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Step:
        chain = self.chain
        assert chain is not None
        if relation in ("<", "<=", ">", ">=", "!=", "∝"):
            return Step(Judged("given", "a condition; nothing to judge"))
        chain.left, chain.last = self.primed(chain.left), self.primed(chain.last)
        try:
            if is_figure(right):
                return self.number(right, relation)
            return Step(self.of_any(right, wide, relation, number, defines))
        except Misfit as misfit:
            return Step(Judged("undecided", str(misfit)))
        except (ValueError, KeyError, ArithmeticError, RecursionError):
            return Step(Judged("undecided", "this could not be decided"))

    def of_any(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Judged:
        """What does not follow from one loss of the text may follow from another."""
        j, own = self.symbols(right, wide, relation, number, defines), self.setting
        left = self.chain.left if self.chain else right
        for view in [v for v in (own.others if j.verdict == "wrong" else ()) if not isinstance(left, D) or left.of == v.objective]:
            try:
                self.setting = view
                other = self.symbols(right, wide, relation, number, defines)
            except Misfit:
                continue
            finally:
                self.setting = own
            if other.verdict in ("right", "notation", "convention"):
                return other
            j = other if other.verdict == "wrong" and view is own.about(left) else j
        return j

    def symbols(self, right: Term, wide: Term | None, relation: str, number: int, defines: bool) -> Judged:
        chain = self.chain
        assert chain is not None
        left = chain.left
        if isinstance(left, Call) and left.function == "gradient" and isinstance(right, Call) and right.function in ("list", "matrix"):
            return components(self.setting, self.facts, left, right)
        if defines:
            if u := update_of(self.setting, left, right, relation):
                return by_numbers(self.setting, self.reckoning, judge_update(self.setting.about(Name(u.p)), u), chain.left, chain.last, right)
            if given := self.definition(left, right, number):
                return given
        elif chain.meant is None and (known := self.like_the_one_before(right)):
            return known
        j = judge(self.setting, left, right, wide, chain.meant, self.solved, (chain.rounds, self.rounds))
        j = doubted(self.setting, self.facts, self.seen, j, left, right)
        if j.verdict == "given" and chain.last is not left and j.claim is not None and j.claim.kind == "open":
            j = judge(self.setting, chain.last, right)
        if j.factor == "hat" and defines:
            j = self.first_model(j)
        if j.factor in self.factors and chain.last is not left and chain.verdict == "right":
            j = broken(j)
        self.placed = j.verdict in ("wrong", "undecided") and defines and at_a_place(self.setting, self.before, left, right, self.placed)
        if self.placed:
            return Judged("given", "a condition; nothing to judge")
        if j.verdict == "wrong" and j.claim is not None and (how := follows_from_wrong(j.claim, self.wrong)):
            return replace(j, verdict="carried", says=how, check=None)
        return by_numbers(self.setting, self.reckoning, j, left, chain.last, right)

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

    @property
    def factors(self) -> frozenset[str]:
        return frozenset(words for _, words in FACTORS(self.setting.count))

    def definition(self, left: Term, right: Term, number: int) -> Judged | None:
        """A definition on the line that states it, or another of the same name."""
        for name in (left, right):
            if isinstance(name, Name) and self.setting.stated.get(name.symbol) == number:
                return self.given(name, left, right)
        if isinstance(right, Call) and right.function == "matrix":
            return Judged("given", f"names {to_ascii(left)}")
        if isinstance(left, Name) and self.setting.roles.of.get(left.symbol) == "target" and self.setting.roles.the("prediction") is None:
            loose = {s.symbol for s in subterms(right) if isinstance(s, Name) and s.indices and s.symbol in self.setting.roles.stripped}
            return Judged("notation" if loose else "given", "; ".join(["states the model", *([without_index(loose)] if loose else [])]))
        if (a := by_itself(left, right)) and any(says == f"{a} is symmetric" for _, says in self.setting.assumed):
            return Judged("given", f"says that {a} is symmetric")
        main = self.setting.objective
        made = self.setting.referee.made_of(frozenset((main.symbol,) if main else ()))
        if isinstance(left, Name) and best(left.symbol) != left.symbol and left.symbol not in {*made, *self.setting.stated, *self.setting.roles.aliases}:
            return Judged("given", f"names {to_ascii(left)}")
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
            return Judged("notation", f"defines {to_ascii(name)}; {without_index(found.stripped)}", claim=claim)
        return Judged("given", f"defines {to_ascii(name)}", claim=claim)

    def again(self, d: Stated, left: Term, right: Term) -> Judged | None:
        """A second definition: an equality, or a new definition where the words before it say so."""
        j = judge(self.setting, left, right)
        anew = _ANEW.search(self.before) or _ITEM.search(self.before) or d.name.symbol not in self.setting.stated
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
        loose = [says for says in j.says.split("; ") if "one value for all" in says]
        return Judged("notation" if loose else "given", "; ".join([f"states the model; its value is called {hat} later", *loose]), claim=j.claim)

    def number(self, right: Term, relation: str) -> Step:
        chain = self.chain
        assert chain is not None
        known = Known(self.setting, self.reckoning, self.solved, self.zeros, _PLACE.search(self.before) is not None)
        j, slips, shown = judge_number(known, chain.left, chain.last, right, relation, chain.verdict in ("wrong", "carried"))
        return Step(j, slips, shown)

    # ------------------------------------------------------------ a wrong line

    def explain(self, step: Step, right: Term) -> None:
        """The slip, where one explains the line, and the line put right."""
        chain, claim = self.chain, step.judged.claim
        assert chain is not None
        if claim is None or claim.kind != "number":
            last = chain.last if chain.last is not chain.left and chain.verdict in ("right", "notation", "convention") else None
            found = account(self.setting.about(chain.left), chain.left, last, right, claim)
            step.slips, step.meant, step.far = found.slips, found.meant, found.far
