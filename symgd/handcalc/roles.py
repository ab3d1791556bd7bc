"""Who is who in a working: the role of every letter and the indices it carries, read off the lines themselves.

Glossary: axes `i` samples, `j`, `h`, `k` the others; a slot is the place of an index on a name; `by` what is differentiated by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from symgd.handcalc.conventions import ROLES, SURE_PREDICTIONS, base, derived_by, version
from symgd.term import Add, Call, D, Div, Mul, Name, Neg, Num, Sum, Term, axis, children, names, parts, subterms

__all__ = ["Facts", "Roles", "gather", "infer"]

OTHER_AXES = ("j", "h", "k", "l", "q", "r", "s", "v")


@dataclass
class Facts:
    """What the lines show.

    bare, indexed   how often a symbol stands without indices, and the index tuples it was met with, each with the number of its line
    tops            what was differentiated, and by what, in order
    defined         symbols that stand alone left of a =, with what stands right of it
    minus           pairs (a, b) of names of which one is taken from the other
    under           symbols met in denominators
    sums            the letters of the sums by line; "" where a sum has none
    """

    bare: dict[str, int] = field(default_factory=dict)
    indexed: dict[str, set[tuple[int, tuple[str, ...]]]] = field(default_factory=dict)
    tops: list[tuple[str, str]] = field(default_factory=list)
    defined: dict[str, list[Term]] = field(default_factory=dict)
    minus: set[frozenset[str]] = field(default_factory=set)
    under: set[str] = field(default_factory=set)
    sums: set[tuple[int, str]] = field(default_factory=set)
    logs: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)

    @property
    def symbols(self) -> list[str]:
        return sorted({*self.bare, *self.indexed})


def gather(lines: Iterable[tuple[Term, ...]]) -> Facts:
    """The facts of the lines, each the members of a = b = c."""
    facts = Facts()
    for number, members in enumerate(lines):
        for t in members:
            _look(facts, t, number)
        match members:
            case (Name(s, _), right, *_):
                facts.defined.setdefault(s, []).append(right)
                stem, kind = version(s)
                if kind == "new" or (s in names(right) and isinstance(right, Add)):
                    facts.updated.add(stem if kind else s)
    return facts


def _look(facts: Facts, t: Term, number: int) -> None:
    match t:
        case Name(s, indices):
            if indices:
                facts.indexed.setdefault(s, set()).add((number, indices))
            else:
                facts.bare[s] = facts.bare.get(s, 0) + 1
        case D(of, by):
            if isinstance(of, Name):
                facts.tops.append((of.symbol, by.symbol))
            else:
                facts.tops.append(("", by.symbol))
        case Sum(index, _):
            facts.sums.add((number, index))
        case Call("sum" | "mean", _):
            facts.sums.add((number, ""))
        case Call("log", (Name(s, _),)):
            facts.logs.add(s)
        case Div(_, bottom):
            facts.under |= {f.symbol for f in parts(Mul, bottom) if isinstance(f, Name) and not f.indices}
        case Add(ts):
            plus = [x.symbol for x in ts if isinstance(x, Name)]
            less = [x.body.symbol for x in ts if isinstance(x, Neg) and isinstance(x.body, Name)]
            facts.minus |= {frozenset((a, b)) for a in plus for b in less if len(ts) == 2 and a != b}
    if isinstance(t, Call):
        facts.functions.add(t.function)
    for c in children(t):
        _look(facts, c, number)


# ---------------------------------------------------------------- roles


@dataclass(frozen=True)
class Roles:
    """Who is who.

    of          the role of each symbol that has one
    axes        the indices that each symbol carries
    stripped    parameters that were written with the index of the data, which they do not carry
    aliases     a second name → the name it stands for
    samples     are there samples at all, or is everything said of one?
    count       the name of the number of samples
    """

    of: Mapping[str, str]
    axes: Mapping[str, tuple[str, ...]]
    stripped: frozenset[str]
    aliases: Mapping[str, str]
    samples: bool
    count: str

    def the(self, role: str) -> str | None:
        """The first symbol that has the role."""
        return next((s for s, r in self.of.items() if r == role), None)

    def all(self, role: str) -> tuple[str, ...]:
        return tuple(s for s, r in self.of.items() if r == role)


def infer(facts: Facts, known: Mapping[str, str] | None = None) -> Roles:
    """The roles that the facts show; `known` roles stand."""
    of = dict(known or {})
    count = _count(facts, of)
    of |= {s: "count" for s in count}
    _predictions(facts, of)
    bys = {b for _, b in facts.tops}
    for s in facts.symbols:
        stem, kind = version(s)
        if s in of or kind:
            continue
        if role := _role(s, facts, bys, of):
            of[s] = role
    for s in sorted({version(x)[0] for x in (*facts.symbols, *facts.updated) if version(x)[1]} | (bys - set(facts.bare) - set(facts.indexed))):
        of.setdefault(s, "parameter")
    samples = bool(facts.sums) or any(_is_index(i) for uses in facts.indexed.values() for _, idx in uses for i in idx) or bool(count)
    aliases = _aliases(facts, of, count, bys)
    axes, stripped = _axes(facts, of, samples)
    ordered = {s: of[s] for s in sorted(of, key=lambda s: _first(s, facts))}
    return Roles(ordered, axes, stripped, aliases, samples, count[0] if count else "n")


def _first(s: str, facts: Facts) -> tuple[int, int, str]:
    """The main objective is what is differentiated most by parameters; other symbols in order of use."""
    uses = facts.bare.get(s, 0) + len(facts.indexed.get(s, ()))
    return (0 if s in facts.defined else 1, -sum(top == s for top, _ in facts.tops) - uses // 8, s)


def _is_index(letter: str) -> bool:
    return letter[:1].isalpha()


def _count(facts: Facts, of: Mapping[str, str]) -> tuple[str, ...]:
    """n, N, m in denominators of a working with sums, that nothing is differentiated by."""
    bys = {b for _, b in facts.tops}
    stated = tuple(s for s, r in of.items() if r == "count")
    found = [s for s in sorted(facts.under, key=lambda s: ("nNmMkKT".find(s[0]), s)) if s in ("n", "N", "m", "M", "n_samples", "T") and s not in bys and s not in facts.updated]
    return stated or tuple(s for s in found if facts.sums or s in "nN")


def _predictions(facts: Facts, of: dict[str, str]) -> None:
    """ŷ and its kin; y itself where it is only ever defined and nothing is taken from it."""
    sure = [s for s in facts.symbols if base(s) in SURE_PREDICTIONS and of.get(s) is None]
    for s in sure:
        of[s] = "prediction"
    if sure or "prediction" in of.values():
        return
    for pair in sorted(map(sorted, facts.minus)):
        target = next((s for s in pair if base(s) in ROLES["target"]), None)
        if target is None:
            continue
        for s in pair:
            if s != target and base(s) in ROLES["prediction"] and s not in of:
                of[s], of[target] = "prediction", "target"
            elif s != target and base(s) == "y" and s not in of:  # t − y: y is what is predicted
                of[s], of[target] = "prediction", "target"
    for s in sorted(facts.logs):
        if base(s) in ROLES["prediction"] and s not in of:
            of[s] = "prediction"


def _role(s: str, facts: Facts, bys: set[str], of: Mapping[str, str]) -> str | None:
    word, tops = base(s), {a for a, b in facts.tops if a != b}
    sums = any(isinstance(x, Sum | Call) for right in facts.defined.get(s, ()) for x in subterms(right))
    if s in tops and word in ROLES["objective"] and not ("prediction" not in of.values() and word in ("h",)):
        return "objective"
    if word in ROLES["objective"] and s in facts.defined and (sums or s in tops):
        return "objective"
    if word in ROLES["target"] and s not in tops and not _is_prediction(s, facts, of):
        return "target"
    if word in ROLES["data"]:
        return "data" if s not in bys or "objective" in of.values() and s not in facts.updated else "parameter"
    if word in ROLES["residual"] and (s in facts.defined or word not in ("u", "r", "e", "epsilon", "diff")):
        return "residual"
    if word in ROLES["target"]:
        return "prediction"
    if s in facts.updated or (s in bys and s not in facts.defined and of.get(s) is None):
        return "parameter"
    if word in ROLES["slope"]:
        return "slope"
    if word in ROLES["rate"] and s not in facts.defined:
        return "rate"
    if word in ROLES["parameter"] and s not in facts.defined:
        return "parameter"
    if word in ROLES["objective"] and s in facts.defined:
        return "objective"
    return None


def _is_prediction(s: str, facts: Facts, of: Mapping[str, str]) -> bool:
    """Is y what is predicted: defined as a model, never compared with a prediction?"""
    return s in facts.defined and "prediction" not in of.values() and not any(s in pair for pair in facts.minus)


def _aliases(facts: Facts, of: dict[str, str], counts: tuple[str, ...], bys: set[str]) -> dict[str, str]:
    """N for n; B for b, W5 for w5 where only one of the two is ever more than differentiated by."""
    out = {other: counts[0] for other in counts[1:]}
    stems = sorted({version(s)[0] for s in facts.symbols} | bys)
    for s in sorted(bys):
        twin = s.swapcase() if len(s) == 1 else s[0].swapcase() + s[1:]
        if twin in stems and facts.bare.get(s, 0) <= sum(b == s for _, b in facts.tops) and s not in facts.indexed and s not in facts.defined and twin not in bys:
            out[s] = twin
            of[twin] = "parameter"
            of.pop(s, None)
    return out


# ---------------------------------------------------------------- axes


def _axes(facts: Facts, of: Mapping[str, str], samples: bool) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The indices of each symbol, and the parameters that carry the data's index for nothing.

    Letters of one line and slots of one symbol that meet are one axis; that of the target, the prediction and the residual is the samples'.
    """
    own = {s for s in facts.indexed if of.get(s) != "parameter"}
    classes = _Classes()
    for s in sorted(own):
        for number, indices in sorted(facts.indexed[s]):
            for k, letter in enumerate(indices):
                classes.join((s, k), (number, letter))
    sample = {classes.root((s, 0)) for s in sorted(own) if of.get(s) in ("target", "prediction", "residual")}
    singles = {classes.root((s, 0)) for s in sorted(own) if all(len(idx) == 1 for _, idx in facts.indexed[s])}
    if not sample:
        sample = {min(singles)} if len(singles) == 1 else {r for r in singles if any(c[1] == "i" for c in classes.of(r) if isinstance(c[0], int))}
    stripped = {s for s in facts.indexed if of.get(s) == "parameter" and _for_nothing(s, facts, classes, sample)}
    for s in sorted(set(facts.indexed) - own - stripped):
        for number, indices in sorted(facts.indexed[s]):
            for k, letter in enumerate(indices):
                classes.join((s, k), (number, letter))
    sample = {classes.root(r) for r in sample}
    name_of: dict[object, str] = {}
    axes: dict[str, tuple[str, ...]] = {}
    for s in sorted(set(facts.indexed) - stripped):
        slots = range(max(len(idx) for _, idx in facts.indexed[s]))
        out = []
        for k in slots:
            root = classes.root((s, k))
            if root in sample:
                out.append("i")
            else:
                out.append(name_of.setdefault(root, OTHER_AXES[min(len(name_of), len(OTHER_AXES) - 1)]))
        axes[s] = tuple(out)
    if samples:
        for s, role in of.items():
            if role in ("target", "prediction", "residual", "data") and s not in axes:
                axes[s] = ("i",)
    return axes, frozenset(stripped)


def _for_nothing(s: str, facts: Facts, classes: _Classes, sample: set[object]) -> bool:
    """Does the parameter stand bare elsewhere, or with the index of the samples outside every sum over it?"""
    uses = facts.indexed[s]
    if any(len(idx) > 1 for _, idx in uses):
        return False
    if any(classes.root((number, idx[0])) in sample for number, idx in uses):
        return True
    return facts.bare.get(s, 0) > 0 and not any(classes.known((number, idx[0])) for number, idx in uses)


class _Classes:
    """Union-find over slots (symbol, k) and letters (line, letter)."""

    def __init__(self) -> None:
        self.up: dict[object, object] = {}

    def known(self, x: object) -> bool:
        return x in self.up

    def root(self, x: object) -> object:
        while self.up.get(x, x) != x:
            x = self.up[x]
        return x

    def join(self, a: object, b: object) -> None:
        self.up.setdefault(a, a)
        self.up.setdefault(b, b)
        ra, rb = sorted((self.root(a), self.root(b)), key=str)
        self.up[rb] = ra

    def of(self, root: object) -> Iterator[tuple[object, object]]:
        for x in self.up:
            if self.root(x) == root and isinstance(x, tuple):
                yield x
