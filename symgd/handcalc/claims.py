"""One equality of somebody's working: what it says, what can be judged of it, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from symgd.handcalc.resolve import Resolved, resolve_all
from symgd.handcalc.setting import Setting
from symgd.referee.check import Check
from symgd.term import D, Mul, Name, Sum, Term, names, parts, subterms
from symgd.typeset import to_ascii

__all__ = [
    "Claim", "Judged", "as_written", "broken", "chained", "claim_of", "kind_of", "listed", "noted", "shaped", "to_be_solved", "unconnected", "undefined",
    "without_index",
]  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """left = right, resolved in its setting.

    kind      derivative | chain | algebra | substitution | update | closed form | number | open: nothing is known of what it is about
    """

    setting: Setting
    left: Term
    right: Term
    kind: str


@dataclass(frozen=True)
class Judged:
    """verdict, one sentence, the constant factor where that is the difference, the claim, and the referee's check where it was refuted.

    meant  what the left side turned out to stand for, where it is not what is written
    """

    verdict: str
    says: str
    factor: str | None = None
    claim: Claim | None = None
    check: Check | None = None
    meant: Term | None = field(default=None, compare=False)


def claim_of(setting: Setting, left: Term, right: Term, meant: Term | None = None) -> tuple[Claim, Resolved]:
    """The claim that the two sides make; `meant` stands for the left side where it is known already.  Raises Misfit."""
    found = resolve_all(setting, (left, right) if meant is None else (right,))
    a, b = found.members if meant is None else (meant, *found.members)
    setting = setting.knows(a).knows(b)
    return Claim(setting, a, b, kind_of(a, b)), found


def kind_of(a: Term, b: Term) -> str:
    """What sort of move a = b is."""
    if isinstance(a, D):
        factors = parts(Mul, b.body if isinstance(b, Sum) else b)
        return "chain" if len(factors) > 1 and all(isinstance(f, D) for f in factors) else "derivative"
    if not names(b):
        return "number"
    return "substitution" if isinstance(a, Name) else "algebra"


def undefined(setting: Setting, *sides: Term) -> set[str]:
    """What is differentiated and never defined: nothing can be said of it."""
    known = {*setting.rates, *(d.name.symbol for d in setting.tape)}
    rates = [s for t in sides for s in subterms(t) if isinstance(s, D) and isinstance(s.of, Name)]
    tops = {s.of.symbol for s in rates if isinstance(s.of, Name) and s.of.symbol not in known and s.of.symbol != s.by.symbol}
    return {s for s in tops if setting.roles.of.get(s) not in ("parameter", "data", "target", "count", "rate")}


def chained(left: Term, right: Term) -> bool:
    """dE/dw = dE/do · do/dw, link by link, whatever the names are."""
    path = [f for f in parts(Mul, right) if isinstance(f, D)]
    if not isinstance(left, D) or len(path) < 2 or len(path) < len(parts(Mul, right)):
        return False
    return path[0].of == left.of and path[-1].by == left.by and all(a.by == b.of for a, b in pairwise(path))


def as_written(claim: Claim, found: Resolved) -> Judged:
    """Right; with a word where an index is loose, or one sample is meant for all."""
    remarks = [f"{listed(found.mixed)} is written without its index; each example is meant"] if found.mixed else []
    if found.stripped:
        remarks.append(without_index(found.stripped))
    if remarks:
        return Judged("notation", "right as it is meant: " + "; ".join(remarks), claim=claim)
    left = claim.left
    if isinstance(left, D) and isinstance(left.of, Name) and not left.of.indices and left.by.indices and found.bare and claim.kind == "derivative":
        return Judged("convention", "right for each example by itself: the index, and with it the sum, is left out", "one example", claim)
    return Judged("right", "follows", claim=claim)


def without_index(parameters: set[str]) -> str:
    """w_i x_i + b_i: one model for each example."""
    has, carries = ("has", "carries") if len(parameters) == 1 else ("have", "carry")
    return f"{listed(parameters)} {has} one value for all examples and {carries} no index"


def listed(symbols: set[str]) -> str:
    return " and ".join(sorted(symbols))


def unconnected(claim: Claim) -> str:
    """Is something derived by a name that no definition has?  Then more is meant than what is written."""
    setting = claim.setting
    made = setting.referee.made_of(frozenset(d.name.symbol for d in setting.tape))
    sure = ("parameter", "data", "target", "count", "rate")
    for s in (x for x in subterms(claim.left) if isinstance(x, D)):
        own = setting.referee.made_of(names(s.of))
        leaves = own - {d.name.symbol for d in setting.tape}
        unclear = s.by.symbol not in own and any(setting.roles.of.get(x) not in sure for x in leaves)
        if unclear or (isinstance(s.of, Name) and s.by.symbol not in made and s.by.symbol not in setting.roles.arguments.values()):
            return f"no line says how {to_ascii(s.of)} is made of {s.by.symbol}"
    return ""


def to_be_solved(claim: Claim) -> bool:
    """Xᵀ X b = Xᵀ y, where no loss is stated: each side has a name that the other has not, so that no rewriting is meant."""
    own, other = names(claim.left), names(claim.right)
    main = claim.setting.objective
    if isinstance(claim.left, Name | D) or not (own - other and other - own) or (main and own & claim.setting.referee.made_of(frozenset((main.symbol,)))):
        return False
    return any(claim.setting.roles.of.get(s) == "parameter" for s in own | other)


def shaped(setting: Setting, *sides: Term) -> bool:
    """Is every name in the line defined, or met in what a definition is made of?"""
    used = setting.referee.made_of(frozenset(d.name.symbol for d in setting.tape))
    return all(setting.roles.aliases.get(s, s) in used or s in ("I", "pi") for t in sides for s in names(t) if s in setting.roles.vectors.symbols)


def broken(j: Judged) -> Judged:
    """A factor that comes or goes in the middle of a chain is a slip, not a convention: the member before it had it right."""
    if j.claim is None:
        return j
    check = j.claim.setting.referee.compare(j.claim.left, j.claim.right)
    return Judged("wrong", "this does not follow from what stands before it", claim=j.claim, check=check) if check.verdict == "refuted" else j


def noted(j: Judged, notes: tuple[str, ...], k: int) -> Judged:
    """With a word on loose writing that is worth one, for the k-th member of a line."""
    loose = [n for n in notes if "star" in n or "missing" in n or "one count" in n]
    return replace(j, verdict="notation", says=loose[0]) if loose and j.verdict in ("given", "right") and k < 2 else j
