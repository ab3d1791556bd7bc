"""Who is who in a working: the role of every letter and the indices it carries, read off the lines themselves.

Glossary: axes `i` samples, `j` features, `h`, `k` … others; a slot is the place of an index on a name; `by` what is differentiated by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symgd.handcalc.axes import DESIGNS, axes_of, features_of, in_letters_of
from symgd.handcalc.conventions import ROLES, SURE_PREDICTIONS, base, best, derived_by, version
from symgd.handcalc.facts import Facts, solved
from symgd.handcalc.vectors import Vectors, find_vectors
from symgd.term import Call, Sum, Term, names, subterms

__all__ = ["Roles", "infer"]

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
    vectors   which names are vectors and matrices
    ones      (t, axis), where the t over that axis sum to one
    arguments what f is a function of, where f(x) = … was stated
    """

    of: Mapping[str, str]
    axes: Mapping[str, tuple[str, ...]]
    stripped: frozenset[str]
    aliases: Mapping[str, str]
    samples: bool
    count: str
    vectors: Vectors = field(default_factory=Vectors)
    arguments: Mapping[str, str] = field(default_factory=dict)
    ones: tuple[tuple[str, str], ...] = ()

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
    arguments = {f: a[0] for f, a in facts.arguments.items() if len(a) == 1}
    vectors = find_vectors(facts.statements, of, arguments)
    features = {letter for _, letter in features_of(facts, of)}
    indices = any(i[:1].isalpha() and i not in features for uses in facts.indexed.values() for _, idx in uses for i in idx)
    sums = facts.sums and (bool(facts.functions & {"sum", "mean"}) or any(letter not in features for _, letter, _ in facts.dots))
    samples = sums or indices or bool(counts) or any(vectors.rank.get((s, 0)) == 2 for s in DESIGNS)
    aliases = _aliases(facts, of, counts, bys)
    as_matrix = "X" in facts.bare and not {"X"} & {*facts.defined, *facts.indexed} and vectors.rank.get(("X", 0)) == 2
    if as_matrix and "x" in facts.symbols and vectors.total("x") == 2:
        aliases["X"] = "x"
    found, stripped = axes_of(facts, of, samples, vectors)
    if axes:
        found = in_letters_of(axes, found, {s: s for s in axes})
    ones = tuple((s, found[s][k]) for s, k in sorted(facts.ones) if len(found.get(s, ())) > k)
    ordered = {s: of[s] for s in sorted(of, key=lambda s: _order(s, facts))}
    return Roles(ordered, {**found, **(axes or {})}, stripped, aliases, samples, counts[0] if counts else "n", vectors, arguments, ones)


def _order(s: str, facts: Facts) -> tuple[int, int, str]:
    """What is defined and differentiated most comes first."""
    return 0 if s in facts.defined else 1, -sum(top == s for top, _ in facts.tops), s


def _counts(facts: Facts, of: Mapping[str, str], bys: set[str]) -> tuple[str, ...]:
    """What sums run to, and n, N, m in denominators, where nothing is differentiated by it."""
    stated = [s for s, r in of.items() if r == "count"]
    free = [s for s in (*facts.counts, *facts.under) if s not in bys and s not in facts.updated and s not in facts.defined and s not in of]
    usual = [s for s in free if s in facts.counts or s in ("n", "N") or (s in ("m", "M", "T") and facts.sums) or (s in ("m", "M") and "X" in facts.bare)]
    return tuple(dict.fromkeys((*stated, *usual)))


def _predictions(facts: Facts, of: dict[str, str]) -> None:
    """ŷ and its kin; else what the target is compared with, or what stands in logarithms."""
    sure = [s for s in facts.symbols if base(s) in SURE_PREDICTIONS and s not in of]
    of |= dict.fromkeys(sure, "prediction")
    if sure:
        bare = [s for pair in facts.minus for s, t in (pair, pair[::-1]) if base(t) in ROLES["target"] and base(s) in ROLES["prediction"]]
        of |= {s: "prediction" for s in bare if s not in of and s not in facts.defined}
    if sure or "prediction" in of.values():
        return
    for pair in facts.minus:
        for s, target in (pair, pair[::-1]):
            models = base(s) in ROLES["target"] and s in facts.defined and target not in facts.defined  # price = w · area + b
            weak = models or base(s) in ROLES["prediction"] or (base(s) == "y" and base(target) != "y") or (base(s) in ("f", "z") and s in facts.defined)
            if base(target) in ROLES["target"] and weak and s not in of and target not in of and base(target) != base(s):
                of[s], of[target] = "prediction", "target"
                return
    for s in sorted(facts.logs):
        if base(s) in ROLES["prediction"] and s not in of:
            of[s] = "prediction"


def _role(s: str, facts: Facts, bys: set[str], of: Mapping[str, str]) -> str | None:
    word, tops = base(s), {a for a, b in facts.tops if a != b}
    known = s in facts.defined
    if _solved_for(s, facts, bys):
        return "parameter"
    sums = any(isinstance(x, Sum | Call) for right in facts.defined.get(s, ()) for x in subterms(right))
    apart = "prediction" in of.values() and any(s in p and of.get(p[0] if p[1] == s else p[1]) == "prediction" for p in facts.minus)
    if word in ROLES["target"] and apart:
        return "target"
    if word in ROLES["target"] and _adjusted(s, facts, bys):
        return "parameter"
    compared = s in facts.compared or any(s in p for p in facts.minus)
    if word in ROLES["target"] and s not in tops and (compared or not known or "prediction" in of.values()):
        return "target" if s not in bys or "prediction" in of.values() else "parameter"
    if s in tops and s not in bys and (word in ROLES["objective"] or word not in (*ROLES["residual"], *ROLES["prediction"], *ROLES["target"], "z")):
        return "objective"
    if word in ROLES["objective"] and ((known and sums) or s in tops):
        return "objective"
    if word in ROLES["data"]:
        return "parameter" if s in facts.updated or (s in bys and "prediction" not in of.values()) else "data"
    if word in ROLES["residual"] and s[0].islower() and s not in facts.updated and (known or s not in bys):
        return "residual"
    if word in ROLES["target"]:
        return "prediction"
    if s in facts.updated or (s in bys and not known):
        return "parameter"
    for role in ("slope", "rate", "parameter"):
        if word in ROLES[role] and not known:
            return role
    return "objective" if word in ROLES["objective"] and known else None


def _adjusted(s: str, facts: Facts, bys: set[str]) -> bool:
    """ŷ = k x + d, ∂L/∂d: a letter without an index that is differentiated by or updated, while another is the target."""
    if (s not in bys and s not in facts.updated) or s in facts.indexed or s in facts.defined:
        return False
    return any(t != s and base(t) in ROLES["target"] and t not in bys and t not in facts.updated for t in facts.symbols)


def _solved_for(s: str, facts: Facts, bys: set[str]) -> bool:
    """w = Σ x y / Σ x²: a parameter that is solved for, after its loss was stated."""
    stem = best(s)
    numbered = s in bys and base(s.rstrip("0123456789").rstrip("_")) in ROLES["parameter"] and solved(facts, s)
    if numbered and all(_of_data(right) and not names(right) & bys - {s} for right in facts.defined[s][:1]):  # b1 = (n Σxy − Σx Σy)/(n Σx² − (Σx)²)
        return True
    if (base(stem) not in ROLES["parameter"] and not (stem != s and stem in bys)) or not (solved(facts, s) or (stem != s and stem in facts.met)):
        return False
    return any(_of_data(right) or not (names(right) & bys - {s}) for right in facts.defined[s]) if s in facts.defined else False


def _of_data(t: Term) -> bool:
    """Is t made of sums, means and products over all samples?"""
    whole = any(isinstance(x, Sum) or (isinstance(x, Call) and x.function in ("sum", "mean", "transpose", "matmul")) for x in subterms(t))
    return whole or any(s.startswith("S_") or "_bar" in s for s in names(t))


def _aliases(facts: Facts, of: dict[str, str], counts: tuple[str, ...], bys: set[str]) -> dict[str, str]:
    """N for n; B for b and W5 for w5, where only one of the two is ever more than differentiated by; ω for w."""
    out = dict.fromkeys(counts[1:], counts[0]) if counts else {}
    stems = {version(s)[0] for s in facts.symbols if version(s)[1]} | set(facts.symbols)
    for s in facts.symbols:
        if best(s) != s and best(s) in facts.symbols and of.get(s) == of.get(best(s)) == "parameter" and s not in bys:
            out[s] = best(s)
            of.pop(s)
    for s in sorted(bys - {"?"}):
        twin = s[0].swapcase() + s[1:]
        only_by = facts.uses(s) <= sum(b == s for _, b in facts.tops)
        if twin in stems and only_by and s not in facts.defined and (twin not in bys or s.isupper()):
            out[s] = twin
            of[twin] = "parameter"
            of.pop(s, None)
    for s, plain in LOOKALIKES.items():
        idle = s in facts.symbols and s not in bys and s not in facts.updated and s not in out and of.get(s) in ("parameter", None)
        if idle and plain in bys and plain not in out.values() and (s in ("omega", "W") or facts.uses(s) == 1):
            out[s] = plain
            of[plain] = "parameter"
    return out
