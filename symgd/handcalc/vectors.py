"""Which names of a working are vectors and matrices, and which of their axes are one: read off its products, transposes and norms.

A vector is a column.  A slot (s, k) is the k-th axis of the name s: those that are written as indices first, then those that are not written.
Capital letters that are no objective are matrices; a small letter is a vector where a matrix or a transpose stands before it, under a norm, or
where it is added to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from symgd.handcalc.conventions import ROLES, base
from symgd.term import Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term, children, parts, subterms

__all__ = ["Vectors", "find_vectors"]

Slot = tuple[str, int]
Type = tuple[Slot | None, Slot | None] | None  # the slots of rows and columns; None for what is not known
SCALAR: Type = (None, None)
EVIDENCE = frozenset(("transpose", "matmul", "norm", "norm1"))
MATRICES = frozenset("ABDGHKPUVWXZ") | {"Phi", "Psi", "Theta", "Sigma"}
PASSES = 4
ONES = Name("𝟏")


@dataclass
class Vectors:
    """rank     how many axes a name has beside those that are written: of (symbol, number of indices written)
    joins    pairs of slots that are one axis, those of definitions first; of the others, only such as make no two axes of one name the same
    settled  how many axes those symbols have in all that stand in a line which is written in indices throughout
    """

    rank: dict[tuple[str, int], int] = field(default_factory=dict)
    settled: Mapping[str, int] = field(default_factory=dict)
    joins: list[tuple[Slot, Slot, bool]] = field(default_factory=list)

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(s for (s, _), r in self.rank.items() if r)

    def most(self, t: Name) -> int:
        """How many axes there may be beside those that are written."""
        return max(self.settled.get(t.symbol, 9) - len(t.indices), 0)

    def hidden(self, t: Name) -> int:
        return self.rank.get((t.symbol, len(t.indices)), 0)

    def total(self, s: str) -> int:
        return max((m + r for (x, m), r in self.rank.items() if x == s), default=0)


def find_vectors(statements: Sequence[tuple[Term, ...]], role: Mapping[str, str], arguments: Mapping[str, str]) -> Vectors:
    """The vectors and matrices of these statements; none where nothing is transposed, normed or multiplied as a matrix."""
    out = Vectors()
    every = [s for terms in statements for t in terms for s in subterms(t)]
    marked = any((isinstance(s, Call) and s.function in EVIDENCE) or s == ONES for s in every)
    if not marked and not any(_is_design(a) and _may_be_vector(b, role) for s in every if isinstance(s, Mul) for a, b in pairwise(s.factors)):
        return out
    capital = {s.symbol for s in every if isinstance(s, Name) and not s.indices and _is_matrix(s.symbol, role)}
    out.rank |= {(s, 0): 2 for s in sorted(capital)}
    out.settled = _in_indices(statements)
    for s in every:
        if isinstance(s, Name):
            out.rank.setdefault((s.symbol, len(s.indices)), 0)
            if s.symbol in out.settled and (s.indices or not s.symbol[:1].islower()):  # x beside x_ij may be that of one sample
                out.rank[s.symbol, len(s.indices)] = out.most(s)
    definitions = [terms for terms in statements if len(terms) > 1 and isinstance(terms[0], Name)]
    for _ in range(PASSES):
        before = dict(out.rank)
        out.joins = []
        for terms in definitions:
            _Typing(out, role, arguments, free=True).statement(terms)
        for terms in statements:
            if terms not in definitions:
                _Typing(out, role, arguments, free=False).statement(terms)
        if before == out.rank:
            break
    return out


def _in_indices(statements: Sequence[tuple[Term, ...]]) -> dict[str, int]:
    """How many indices the names of these lines carry at most: without marks of vectors, with a name that carries two indices, and with a sum."""
    out: dict[str, int] = {}
    for terms in statements:
        inside = [s for t in terms for s in subterms(t)]
        own = [s for s in inside if isinstance(s, Name)]
        marked = any(s == ONES or (isinstance(s, Call) and s.function in (*EVIDENCE, "gradient", "hadamard")) for s in inside)
        if marked or not any(isinstance(s, Sum) for s in inside):
            continue
        for s in own if any(len(s.indices) > 1 for s in own) else ():
            out[s.symbol] = max(out.get(s.symbol, 0), len(s.indices))
    return out


def _is_design(t: Term) -> bool:
    return isinstance(t, Name) and not t.indices and t.symbol in ("X", "Phi")


def _may_be_vector(t: Term, role: Mapping[str, str]) -> bool:
    return isinstance(t, Name) and not t.indices and role.get(t.symbol) == "parameter" and t.symbol[:1].islower()


def _is_matrix(s: str, role: Mapping[str, str]) -> bool:
    stem = s.rstrip("0123456789").rstrip("_")
    return stem in MATRICES and role.get(s) not in ("objective", "count", "prediction", "target")


def _intercept(s: str) -> bool:
    return base(s).rstrip("0123456789").rstrip("_") in ("b", "c", "bias", "intercept")


@dataclass
class _Typing:
    """One statement; `free`: it is a definition, whose products exist."""

    out: Vectors
    role: Mapping[str, str]
    arguments: Mapping[str, str]
    free: bool

    def statement(self, terms: tuple[Term, ...]) -> None:
        types = [self.of(t) for t in terms]
        for a, b, t in zip(terms, terms[1:], types[1:], strict=False):
            left = a.by if isinstance(a, D) and isinstance(a.of, Name) and self.of(a.of) == SCALAR else a
            if t not in (None, SCALAR) and isinstance(left, Name) and self.of(left) == SCALAR and b is terms[1]:
                self.raise_to(left, self.rank_of(t))
            if self.rank_of(types[0]) == 1 and t == SCALAR and isinstance(a, Name) and (a.symbol, 1) in self.out.rank:
                self.alike(a, b)
        types = [self.of(t) for t in terms]
        for one, other in pairwise(types):
            self.same(one, other)

    def alike(self, a: Name, b: Term) -> None:
        """u = ŷ − y, where u is the vector of the u_i: so are ŷ and y."""
        for t in parts(Add, b):
            t = t.body if isinstance(t, Neg) else t
            if isinstance(t, Name) and not t.indices and self.role.get(t.symbol) in ("target", "prediction", "residual", "data"):
                self.raise_to(t, 1)

    def rank_of(self, t: Type) -> int:
        return sum(s is not None for s in t or ())

    def raise_to(self, t: Name, rank: int) -> None:
        key = (t.symbol, len(t.indices))
        scalar = self.role.get(t.symbol) in ("count", "rate", "objective" if rank < 2 else "count")  # no objective is a matrix
        if not scalar:
            self.out.rank[key] = max(min(rank, self.out.most(t)), self.out.rank.get(key, 0))

    def slots(self, t: Name) -> Type:
        rank, total = self.out.hidden(t), self.out.total(t.symbol)
        if rank == 2:
            return (t.symbol, total - 2), (t.symbol, total - 1)
        return ((t.symbol, total - 1), None) if rank == 1 else SCALAR

    def join(self, a: Slot | None, b: Slot | None) -> None:
        if a is not None and b is not None and a != b:
            self.out.joins.append((a, b, self.free))

    def same(self, a: Type, b: Type) -> None:
        if a is None or b is None:
            return
        if self.rank_of(a) == self.rank_of(b) == 1 and (a[0] is None) != (b[0] is None):
            b = (b[1], b[0])
        self.join(a[0], b[0])
        self.join(a[1], b[1])

    # ------------------------------------------------------------ the type of a term

    def of(self, t: Term) -> Type:
        match t:
            case Name("𝟏", ()):  # as long as what stands beside it
                return ("𝟏", len(self.out.joins)), None
            case Name():
                return self.slots(t)
            case Num():
                return SCALAR
            case Neg(a) | Pow(a, _):
                return self.of(a)
            case Div(a, b):
                self.of(b)
                return self.of(a)
            case Add(ts):
                return self.added(ts)
            case Mul(fs) | Call("matmul", fs):
                return self.product(list(fs))
            case Sum(_, body):
                return self.of(body)
            case D(of, by):
                top, below = self.of(of), self.of(by)
                return below if top == SCALAR else top if below == SCALAR else None
            case Call("gradient", (_, Name() as by)):
                return self.of(by)
            case Call("gradient", (Name(f, _),)) if f in self.arguments:
                return self.of(Name(self.arguments[f]))
            case Call("gradient", _) | Call("list" | "matrix" | "at", _):
                return None
            case Call("transpose", (a,)):
                if isinstance(a, Name) and self.of(a) == SCALAR:
                    self.raise_to(a, 1)
                turned = self.of(a)
                return None if turned is None else (turned[1], turned[0])
            case Call("norm" | "norm1", (a,)):
                self.normed(a)
                self.of(a)
                return SCALAR
            case Call("hadamard", (a, b)):
                x, y = self.of(a), self.of(b)
                for one, other in ((a, y), (b, x)):  # y ⊙ z
                    if isinstance(one, Name) and self.of(one) == SCALAR and other not in (None, SCALAR) and self.rank_of(other) == 1:
                        self.raise_to(one, 1)
                self.same(x, y)
                return y if x == SCALAR else x
            case Call("sum" | "mean", (a,)):
                self.of(a)
                return SCALAR
        found = [self.of(c) for c in children(t)]
        return found[0] if found else SCALAR

    def normed(self, t: Term) -> None:
        """What stands under a norm is a vector."""
        for s in parts(Add, t):
            s = s.body if isinstance(s, Neg) else s
            last = parts(Mul, s)[-1]
            if isinstance(last, Name) and self.of(s) == SCALAR and not _intercept(last.symbol):
                self.raise_to(last, 1)

    def added(self, ts: tuple[Term, ...]) -> Type:
        found = [self.of(t) for t in ts]
        shaped = next((x for x in found if x is not None and x != SCALAR), None)
        if shaped is None:
            return None if None in found else SCALAR
        for t, x in zip(ts, found, strict=True):
            t = t.body if isinstance(t, Neg) else t
            if x == SCALAR and isinstance(t, Name) and not t.indices and self.joins_in(t, shaped):
                bias = _intercept(t.symbol)
                self.raise_to(t, 1 if bias else self.rank_of(shaped))
                own = self.of(t)
                if bias and own:
                    self.join(own[0], shaped[1] or shaped[0])
            if x not in (None, SCALAR) and self.rank_of(x) == self.rank_of(shaped):
                self.same(shaped, x)
            elif x not in (None, SCALAR) and self.rank_of(x) == 1:
                self.join(x[0], shaped[1])
        return shaped

    def joins_in(self, t: Name, shaped: Type) -> bool:
        """Is a name that is added to a vector one itself?  An intercept only where there is one a unit, not one for all samples."""
        assert shaped is not None
        if _intercept(t.symbol):
            return self.rank_of(shaped) == 2 or not any(s and self.role.get(s[0]) in ("data", "prediction", "target") for s in shaped)
        return self.role.get(t.symbol) in ("target", "prediction", "residual", "data") or base(t.symbol) in ROLES["target"]

    def product(self, fs: list[Term]) -> Type:
        out: Type = SCALAR
        for f in fs:
            x = self.of(f)
            if x == SCALAR and out is not None and out[1] is not None and isinstance(f, Name) and _may_be_vector_here(f, self.role):
                self.raise_to(f, 1)
                x = self.of(f)
            out = self.times(out, x)
        return out

    def times(self, a: Type, b: Type) -> Type:
        if a is None or b is None:
            return None
        if a == SCALAR or b == SCALAR:
            return b if a == SCALAR else a
        if a[1] is not None and b[0] is not None:
            self.join(a[1], b[0])
            return a[0], b[1]
        return (a[0], b[1]) if a[1] is None and b[0] is None else None


def _may_be_vector_here(t: Name, role: Mapping[str, str]) -> bool:
    return role.get(t.symbol) not in ("count", "rate", "objective") and t.symbol not in ("I", "pi", "e", "lambda")

