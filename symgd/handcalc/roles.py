"""Who is who in a working: the role of every letter and the indices it carries, read off the lines themselves.

Glossary: axes `i` samples, `j` features, `h`, `k` … others; a slot is the place of an index on a name; `by` what is differentiated by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symgd.handcalc.conventions import ROLES, SURE_PREDICTIONS, base, derived_by, version
from symgd.handcalc.facts import Facts
from symgd.term import Call, Sum, subterms

__all__ = ["Roles", "infer"]

OTHER_AXES = ("j", "h", "k", "l", "q", "r", "s", "v")
DESIGNS = ("X", "Phi", "A")
LOOKALIKES = {"omega": "w", "alpha": "a", "B": "b", "W": "w"}


@dataclass(frozen=True)
class Roles:
    """Who is who.

    of        the role of each symbol that has one, the main objective before others
    axes      the indices that each symbol carries
    stripped  parameters that were written with the index of the data, which they do not carry
    aliases   a second name → the name it stands for
    samples   are there samples at all, or is everything said of one?
    count     the name of the number of samples
    design    the matrix whose rows are the samples, where lines are written in matrices
    """

    of: Mapping[str, str]
    axes: Mapping[str, tuple[str, ...]]
    stripped: frozenset[str]
    aliases: Mapping[str, str]
    samples: bool
    count: str
    design: str | None = None

    def the(self, role: str) -> str | None:
        """The first symbol that has the role."""
        return next((s for s, r in self.of.items() if r == role), None)

    def all(self, role: str) -> tuple[str, ...]:
        return tuple(s for s, r in self.of.items() if r == role)


def infer(facts: Facts, known: Mapping[str, str] | None = None, axes: Mapping[str, tuple[str, ...]] | None = None) -> Roles:
    """The roles that the facts show; `known` roles, and the axes of those symbols, stand."""
    of = dict(known or {})
    bys = {b for _, b in facts.tops}
    counts = _counts(facts, of, bys)
    of |= dict.fromkeys(counts, "count")
    _predictions(facts, of)
    for s in facts.symbols:
        if s not in of and not version(s)[1] and (role := _role(s, facts, bys, of)):
            of[s] = role
    for s in sorted({version(x)[0] for x in facts.symbols if version(x)[1]} | set(facts.updated)):
        if s not in of and (s in facts.symbols or s in facts.updated):
            of[s] = "parameter"
    for s in facts.symbols:
        if s not in of and derived_by(s, frozenset(x for x, r in of.items() if r == "parameter")):
            of[s] = "slope"
    design = next((s for s in DESIGNS if s in facts.vectors or (s in facts.bare and facts.functions & {"transpose", "norm", "matmul"})), None)
    indices = any(i[:1].isalpha() for uses in facts.indexed.values() for _, idx in uses for i in idx)
    samples = facts.sums or indices or bool(counts) or design is not None
    aliases = _aliases(facts, of, counts, bys)
    found, stripped = _axes(facts, of, samples, design)
    ordered = {s: of[s] for s in sorted(of, key=lambda s: _order(s, facts))}
    return Roles(ordered, {**found, **(axes or {})}, stripped, aliases, samples, counts[0] if counts else "n", design)


def _order(s: str, facts: Facts) -> tuple[int, int, str]:
    """What is defined and differentiated most comes first."""
    return 0 if s in facts.defined else 1, -sum(top == s for top, _ in facts.tops), s


def _counts(facts: Facts, of: Mapping[str, str], bys: set[str]) -> tuple[str, ...]:
    """What sums run to, and n, N, m in denominators, where nothing is differentiated by it."""
    stated = [s for s, r in of.items() if r == "count"]
    free = [s for s in (*facts.counts, *facts.under) if s not in bys and s not in facts.updated and s not in facts.defined and s not in of]
    usual = [s for s in free if s in facts.counts or (s in ("n", "N") or (s in ("m", "M", "T") and facts.sums))]
    return tuple(dict.fromkeys((*stated, *usual)))


def _predictions(facts: Facts, of: dict[str, str]) -> None:
    """ŷ and its kin; else what the target is compared with, or what stands in logarithms."""
    sure = [s for s in facts.symbols if base(s) in SURE_PREDICTIONS and s not in of]
    of |= dict.fromkeys(sure, "prediction")
    if sure or "prediction" in of.values():
        return
    for pair in facts.minus:
        for s, target in (pair, pair[::-1]):
            weak = base(s) in ROLES["prediction"] or (base(s) == "y" and base(target) != "y") or (base(s) in ("f", "z") and s in facts.defined)
            if base(target) in ROLES["target"] and weak and s not in of and target not in of and base(target) != base(s):
                of[s], of[target] = "prediction", "target"
                return
    for s in sorted(facts.logs):
        if base(s) in ROLES["prediction"] and s not in of:
            of[s] = "prediction"


def _role(s: str, facts: Facts, bys: set[str], of: Mapping[str, str]) -> str | None:
    word, tops = base(s), {a for a, b in facts.tops if a != b}
    known = s in facts.defined
    sums = any(isinstance(x, Sum | Call) for right in facts.defined.get(s, ()) for x in subterms(right))
    if word in ROLES["target"] and s not in tops and not (known and "prediction" not in of.values() and not any(s in p for p in facts.minus)):
        return "target" if s not in bys or "prediction" in of.values() else "parameter"
    if s in tops and s not in bys and (word in ROLES["objective"] or word not in (*ROLES["residual"], *ROLES["prediction"], *ROLES["target"], "z")):
        return "objective"
    if word in ROLES["objective"] and ((known and sums) or s in tops):
        return "objective"
    if word in ROLES["data"]:
        return "parameter" if s in facts.updated or (s in bys and "prediction" not in of.values()) else "data"
    if word in ROLES["residual"] and s not in facts.updated and (known or s not in bys):
        return "residual"
    if word in ROLES["target"]:
        return "prediction"
    if s in facts.updated or (s in bys and not known):
        return "parameter"
    for role in ("slope", "rate", "parameter"):
        if word in ROLES[role] and not known:
            return role
    return "objective" if word in ROLES["objective"] and known else None


def _aliases(facts: Facts, of: dict[str, str], counts: tuple[str, ...], bys: set[str]) -> dict[str, str]:
    """N for n; B for b and W5 for w5, where only one of the two is ever more than differentiated by; ω for w."""
    out = dict.fromkeys(counts[1:], counts[0]) if counts else {}
    stems = {version(s)[0] for s in facts.symbols if version(s)[1]} | set(facts.symbols)
    for s in sorted(bys - {"?"}):
        twin = s[0].swapcase() + s[1:]
        only_by = facts.uses(s) <= sum(b == s for _, b in facts.tops)
        if twin in stems and only_by and s not in facts.defined and twin not in bys:
            out[s] = twin
            of[twin] = "parameter"
            of.pop(s, None)
    for s, plain in LOOKALIKES.items():
        idle = s in facts.symbols and s not in bys and s not in facts.updated and s not in out and of.get(s) in ("parameter", None)
        if idle and plain in bys and plain not in out.values() and (s in ("omega", "W") or facts.uses(s) == 1):
            out[s] = plain
            of[plain] = "parameter"
    return out


# ---------------------------------------------------------------- axes


def _axes(facts: Facts, of: Mapping[str, str], samples: bool, design: str | None) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The indices of each symbol, and the parameters that carry the data's index for nothing.

    Letters of one statement and slots of one symbol that meet are one axis; that of the target, the prediction and the residual is the samples'.
    """
    own = {s for s in facts.indexed if of.get(s) != "parameter"}
    classes = _Classes()
    _join(classes, facts, own)
    sample = {classes.root((s, 0)) for s in sorted(own) if of.get(s) in ("target", "prediction", "residual")}
    if not sample:
        singles = {classes.root((s, 0)) for s in sorted(own) if all(len(idx) == 1 for _, idx in facts.indexed[s])}
        sample = singles if len(singles) == 1 else {r for r in singles if any(x[1] == "i" for x in classes.of(r))}
    stripped = {s for s in facts.indexed if of.get(s) == "parameter" and _for_nothing(s, facts, classes, sample)}
    _join(classes, facts, set(facts.indexed) - own - stripped)
    sample = {classes.root(r) for r in sample}
    names: dict[object, str] = {}
    axes: dict[str, tuple[str, ...]] = {}
    for s in sorted(set(facts.indexed) - stripped):
        roots = [classes.root((s, k)) for k in range(max(len(idx) for _, idx in facts.indexed[s]))]
        axes[s] = tuple("i" if r in sample else names.setdefault(r, OTHER_AXES[min(len(names), len(OTHER_AXES) - 1)]) for r in roots)
    if samples:
        for s, role in of.items():
            if role in ("target", "prediction", "residual", "data"):
                axes.setdefault(s, ("i",))
    if facts.functions & {"transpose", "norm", "norm1", "matmul"} or (design and facts.vectors):
        _vectors(axes, facts, of, samples, design)
    return axes, frozenset(stripped)


def _join(classes: _Classes, facts: Facts, symbols: set[str]) -> None:
    for s in sorted(symbols):
        for number, indices in sorted(facts.indexed[s]):
            for k, letter in enumerate(indices):
                classes.join((s, k), (number, letter))


def _for_nothing(s: str, facts: Facts, classes: _Classes, sample: set[tuple[object, object]]) -> bool:
    """Has the parameter the index of the samples, or one that nothing else has while it stands bare elsewhere?"""
    uses = facts.indexed[s]
    if any(len(idx) > 1 for _, idx in uses):
        return False
    if any(classes.root((number, idx[0])) in sample for number, idx in uses):
        return True
    return facts.bare.get(s, 0) > 0 and s not in facts.vectors and not any(classes.known((number, idx[0])) for number, idx in uses)


def _vectors(axes: dict[str, tuple[str, ...]], facts: Facts, of: Mapping[str, str], samples: bool, design: str | None) -> None:
    """Shapes of what is transposed, normed, or stands beside a matrix: X (n, d), y (n), β (d), x (d) of one sample."""
    if design:
        axes[design] = ("i", "j")
    for s in sorted(facts.vectors | {b for _, b in facts.tops if b in facts.vectors}):
        role = of.get(s)
        if s == design or (s in axes and role not in ("parameter", "data", None)):
            continue
        if role == "parameter":
            axes[s] = ("j",) if base(s) not in ("b", "c", "bias") else ()
        elif role == "data":
            axes[s] = ("i", "j") if samples and (not design or s in facts.indexed) else ("j",)


class _Classes:
    """Union-find over slots (symbol, k) and letters (statement, letter)."""

    def __init__(self) -> None:
        self.up: dict[tuple[object, object], tuple[object, object]] = {}

    def known(self, x: tuple[object, object]) -> bool:
        return x in self.up

    def root(self, x: tuple[object, object]) -> tuple[object, object]:
        while self.up.get(x, x) != x:
            x = self.up[x]
        return x

    def join(self, a: tuple[object, object], b: tuple[object, object]) -> None:
        self.up.setdefault(a, a)
        self.up.setdefault(b, b)
        ra, rb = sorted((self.root(a), self.root(b)), key=str)
        self.up[rb] = ra

    def of(self, root: tuple[object, object]) -> Iterator[tuple[object, object]]:
        """The letters and slots of one axis."""
        return (x for x in self.up if self.root(x) == root and isinstance(x[0], int))
