"""The two tapes → a plan: named lines, each an array whose axes are known, and over which of them it is summed.

`L := (1/n) Σ_i u_i²` becomes the sum `uu := Σ_i u_i²` and the line `L := (1/n) uu`; what does not vary with the sample stands outside its sum.
A sum over another axis stays where it is written: ŷ_i := Σ_j X_ij w_j + b is one line.

Weights m_i: Σ_i f_i means Σ_i m_i f_i, and n means Σ_i m_i.  One sample alone: Σ_i f_i means f_i, and n is 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from symgd.derivation import Gradient
from symgd.forward import Problem
from symgd.indices import axis, free, fresh, rename, settle
from symgd.numeric.aligned import SIZE, Axes, ordered
from symgd.numeric.matching import unmatched
from symgd.numeric.stable import spelled, stable, tailed
from symgd.numeric.steady import LARGEST, steady
from symgd.term import ONE, TWO, Call, Compare, D, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, mul, names, parts, rebuild, size
from symgd.term import subterms
from symgd.term import replace as rewrite

__all__ = ["MADE", "WEIGHT", "Line", "NotSupported", "Plan", "plan"]

Meaning = Literal["all", "weighted", "alone"]
Kind = Literal["scalar", "sample", "sum"]
MINUS_ONE = Num(-ONE.value)
WEIGHT = Name("m", ("i",))  # taken under another letter where the problem has an m of its own


MADE = "Σ∂⁻⁼⌈ₑ·"  # how the symbols begin that are made here


class NotSupported(NotImplementedError):
    """The problem is sound, but its numbers cannot be computed here yet; the message names what is missing."""


@dataclass(frozen=True)
class Line:
    """symbol := value, or symbol := Σ_i value where kind is "sum".

    kind   "scalar": the same for all samples (an array of a parameter's shape, perhaps) | "sample": the samples are its first axis | "sum"
    about  the line of a tape that it comes from: the symbol of a definition, or ("L", "w") for ∂L/∂w
    once   made of data and counts alone: the same at every step of a descent
    axes   what its array's dimensions run over, in their order; the names in `value` carry theirs in the same way
    """

    symbol: str
    value: Term
    kind: Kind
    about: str | tuple[str, str]
    once: bool
    axes: Axes = ()


@dataclass(frozen=True)
class Plan:
    """What is computed, in order: every line uses only parameters, constants, data and lines above it.

    results  the symbols of the loss and of each parameter's derivative, in the order of the parameters
    count    the symbol of n where it is the number of rows, or "" where no line needs it
    sizes    (symbol, axis): the other counts that lines need
    meaning  "all" | "weighted" | "alone": what a sum over the samples is
    samples  the axis of the samples, or "" where there is none
    blocks   can it be computed a block of samples at a time?  Not where samples look at each other
    """

    problem: Problem
    parameters: tuple[str, ...]
    data: tuple[str, ...]
    constants: tuple[str, ...]
    lines: tuple[Line, ...]
    results: tuple[str, ...]
    count: str = ""
    sizes: tuple[tuple[str, str], ...] = ()
    meaning: Meaning = "all"
    weight: str = ""
    samples: str = "i"
    blocks: bool = True
    gradient: Gradient | None = field(default=None, repr=False, compare=False)

    @property
    def once(self) -> tuple[Line, ...]:
        """The lines over data alone."""
        return tuple(x for x in self.lines if x.once)

    @property
    def each(self) -> tuple[Line, ...]:
        """The lines that change with the parameters."""
        return tuple(x for x in self.lines if not x.once)

    @property
    def flat(self) -> bool:
        """Is there no axis but that of the samples?"""
        fixed = (*self.problem.parameters, *(c for c, _ in self.problem.constants))
        columns = all([axis(a) for a in x.indices] in ([], [self.samples]) for x in self.problem.data)
        return columns and not any(x.indices for x in fixed) and (self.blocks or not self.samples)

    def line(self, symbol: str) -> Line | None:
        """The line that computes the symbol, or None where it is given."""
        return next((x for x in self.lines if x.symbol == symbol), None)

    def needed(self, results: Iterable[str]) -> tuple[Line, ...]:
        """The lines that these results are made of, in order."""
        wanted, out = set(results), []
        for x in reversed(self.lines):
            if x.symbol in wanted:
                wanted |= names(x.value)
                out.append(x)
        return tuple(reversed(out))


def plan(gradient: Gradient, meaning: Meaning = "all") -> Plan:
    """The plan of a gradient.

    Raises NotSupported for a derivative left unfinished, and where samples that look at each other are weighted or looked at alone.
    """
    problem = gradient.problem
    known = set(problem.declared())
    weight = next(s for s in (WEIGHT.symbol, "weight", "mass", *(f"m{k}" for k in range(len(known) + 1))) if s not in known)
    walk = _Walk(problem, meaning, weight)
    L = problem.objective.symbol
    forward, backward = steady(gradient)
    forward = [(name, stable(value, problem)) for name, value in forward]
    backward = [(by, stable(value, problem)) for by, value in backward]
    tails = tailed(value for _, value in (*forward, *backward))
    for name, value in forward:
        walk.define(name, spelled(value, tails), name.symbol)
    for by, value in backward:
        walk.define(Name(_sensitivity(L, by.symbol), by.indices), rewrite(spelled(value, tails), _named), (L, by.symbol))
    results = (L, *(_sensitivity(L, p.symbol) for p in problem.parameters))
    whole = Plan(
        problem, tuple(p.symbol for p in problem.parameters), tuple(x.symbol for x in problem.data), tuple(c.symbol for c, _ in problem.constants),
        tuple(walk.lines.values()), results, meaning=meaning, weight=weight if meaning == "weighted" else "", samples=walk.samples, blocks=walk.blocks,
        gradient=gradient,
    )  # fmt: skip
    lines = apart(shared(whole.needed(results), walk.samples), walk.samples) if walk.blocks else shared(whole.needed(results), walk.samples)
    used = frozenset().union(*(names(x.value) for x in lines))
    counted = meaning == "all" and walk.rows in used
    sizes = tuple((s, a) for s, a in walk.sizes.items() if s in used and s != walk.rows)
    return replace(whole, lines=lines, count=walk.rows if counted else "", sizes=sizes)


def shared(lines: tuple[Line, ...], samples: str) -> tuple[Line, ...]:
    """The lines with what two of them compute alike for each sample made a line of its own, the largest first."""
    out, k = list(lines), 0
    while True:
        counts: Counter[Term] = Counter()
        for x in out:
            whole = parts(Mul, x.value) if x.kind == "sum" else (x.value,)
            found = x.kind != "scalar" and x.symbol[0] != LARGEST
            inside = [s for f in whole for s in subterms(f) if found and (s is not x.value or x.kind == "sum")]
            counts.update(s for s in inside if _worth(s, samples))
        twice = [s for s, times in counts.items() if times > 1]
        if not twice:
            return tuple(out)
        best, k = max(twice, key=size), k + 1
        n = Name(f"⁼{k}", ordered(free(best), (samples,)))
        at = next(j for j, x in enumerate(out) if x.kind != "scalar" and best in subterms(x.value))
        out = [replace(x, value=rewrite(x.value, {best: n}.get)) if x.kind != "scalar" else x for x in out]
        out.insert(at, Line(n.symbol, best, "sample", n.symbol, all(x.once for x in out if x.symbol in names(best)), n.indices))


def apart(lines: tuple[Line, ...], samples: str) -> tuple[Line, ...]:
    """The lines with what a sum over the samples has to compute for each of them made a line of its own: it gets a buffer."""
    out: list[Line] = []
    for x in lines:
        if x.kind != "sum":
            out.append(x)
            continue
        stem = x.about if isinstance(x.about, str) else f"d{x.about[1]}"

        def one(f: Term, x: Line = x, stem: str = stem) -> Term:
            match f:
                case Mul() | Sum():
                    return rebuild(f, [one(c) for c in children(f)])
                case Name() | Num() | Match() | Pow(Name(), Num()) if not isinstance(f, Pow) or f.exponent == TWO:
                    return f
            if samples not in free(f):
                return f
            n = Name(next(s for k in range(len(lines) + 9) if (s := f"·{stem}{k or ''}") not in {y.symbol for y in out}), ordered(free(f), (samples,)))
            out.append(Line(n.symbol, f, "sample", n.symbol, x.once, n.indices))
            return n

        value = one(x.value)
        out.append(replace(x, value=value))
    return tuple(out)


def _worth(t: Term, samples: str) -> bool:
    """Is it worth to be kept: an array over the samples that takes an operation of its own?"""
    if samples not in free(t) or isinstance(t, Name | Neg | Compare | Match):
        return False
    return not (isinstance(t, Pow) and isinstance(t.base, Name)) and all(set(s.indices) <= free(t) for s in subterms(t) if isinstance(s, Name))


def _sensitivity(of: str, by: str) -> str:
    """The symbol ∂L/∂w: no name of a problem can hold a ∂."""
    return f"∂{of}/∂{by}"


def _named(t: Term) -> Term | None:
    """∂L/∂u_i, mentioned in another sensitivity, by its name."""
    if isinstance(t, D):
        if t.partial or not isinstance(t.of, Name):
            raise NotSupported(f"a derivative by {t.by.symbol} is left unfinished in the derivation, so there is nothing to compute")
        return Name(_sensitivity(t.of.symbol, t.by.symbol), t.by.indices)
    return None


def _samples(problem: Problem) -> str:
    """The axis of the samples: i where data run over it, else the first counted axis that they run over, else none."""
    over = {axis(a) for x in problem.data for a in x.indices}
    return next((a for a in ("i", *(a for a, _ in problem.count)) if a in over), "")


class _Walk:
    """The lines so far, and how the arrays of all names lie.

    lies    symbol → for each dimension of its array the slot of its indices, or a letter: (0, 1) as declared; (1,) without the first index, on which
            it does not depend; ("i", 0) with the sample before it, for one sample alone
    """

    def __init__(self, problem: Problem, meaning: Meaning, weight: str) -> None:
        self.lines: dict[str, Line] = {}
        self.meaning = meaning
        self.weight = weight
        self.sums: dict[Term, str] = {}
        self.want: Axes = ()
        self.samples = _samples(problem)
        given = (*problem.parameters, *problem.data, *(c for c, _ in problem.constants))
        self.lies: dict[str, tuple[int | str, ...]] = {x.symbol: tuple(range(len(x.indices))) for x in given}
        self.moves = {p.symbol for p in problem.parameters} | {c.symbol for c, _ in problem.constants}
        self.sizes = {c.symbol: a for a, c in problem.count}
        fresh_rows = next(s for s in ("n", "rows", *(f"n{k}" for k in range(len(self.lies) + 1))) if s not in problem.declared())
        self.rows = next((c.symbol for a, c in problem.count if a == self.samples), fresh_rows)
        fixed = (*problem.parameters, *(c for c, _ in problem.constants))
        self.blocks = bool(self.samples) and not any(axis(a) == self.samples for x in fixed for a in x.indices)
        self.blocks &= all(sum(axis(a) == self.samples for a in x.indices) <= 1 for x in problem.data)
        if not self.blocks and meaning == "alone":
            raise NotSupported("there are no samples here that could be looked at one by one")

    def define(self, name: Name, value: Term, about: str | tuple[str, str]) -> None:
        """One definition of a tape: its sums first, then what is left."""
        self.want = name.indices
        known = set(self.lines)
        left = _tidy(self.lifted(unmatched(self.laid(value)), about))
        if isinstance(left, Name) and left.symbol in self.lines.keys() - known and left.indices == name.indices:
            self.call(left.symbol, name.symbol)
            return
        depends = free(left)
        slots: list[int | str] = [k for k, a in enumerate(name.indices) if a in depends]
        if extra := sorted(depends - set(name.indices)):
            slots = [*extra, *slots]
        letters = [a if isinstance(a, str) else name.indices[a] for a in slots]
        if self.blocks:  # the samples come first
            slots = [s for _, s in sorted(zip(letters, slots, strict=True), key=lambda x: axis(x[0]) != self.samples)]
        self.put(name.symbol, left, tuple(a if isinstance(a, str) else name.indices[a] for a in slots), about)
        self.lies[name.symbol] = tuple(slots)

    def call(self, symbol: str, otherwise: str) -> None:
        """A sum that is all of a definition has its name."""
        line = self.lines.pop(symbol)
        self.lines[otherwise] = replace(line, symbol=otherwise)
        self.sums = {t: otherwise if s == symbol else s for t, s in self.sums.items()}
        self.moves |= {otherwise} if symbol in self.moves else set()
        self.lies[otherwise] = tuple(range(len(line.axes)))

    def put(self, symbol: str, value: Term, axes: Axes, about: str | tuple[str, str], kind: Kind | None = None) -> None:
        once = not names(value) & self.moves
        if kind is None:
            kind = "sample" if self.blocks and any(axis(a) == self.samples for a in axes) else "scalar"
        self.lines[symbol] = Line(symbol, value, kind, about, once, axes)
        if not once:
            self.moves.add(symbol)

    def laid(self, t: Term) -> Term:
        """t with every name carrying the indices of its array's dimensions."""
        if isinstance(t, Name) and t.symbol in self.lies:
            return Name(t.symbol, tuple(a if isinstance(a, str) else t.indices[a] for a in self.lies[t.symbol]))
        return rebuild(t, [self.laid(c) for c in children(t)])

    def lifted(self, t: Term, about: str | tuple[str, str]) -> Term:
        """t with every sum over the samples replaced by a name, n by what it means, and a sum over another axis rid of what it does not touch."""
        if isinstance(t, Name) and t.symbol == self.rows:
            return ONE if self.meaning == "alone" else self.total(ONE, "", about)
        self.see(t)
        if isinstance(t, Call) and t.function == "largest":
            return rebuild(t, [rebuild(s, [self.lifted(c, about) for c in children(s)]) for s in t.args])
        if isinstance(t, Inverse):
            return self.inverse(Inverse(t.a, t.b, t.row, t.column, self.lifted(t.entry, about)), about)
        if not isinstance(t, Sum):
            return rebuild(t, [self.lifted(c, about) for c in children(t)])
        over_samples = axis(t.index) == self.samples
        if over_samples and self.meaning == "alone":
            self.see(t.body)
            return self.lifted(rename(t.body, {t.index: self.samples}), about)
        outside, inside = split(self.lifted(t.body, about), lambda s: t.index in free(s))
        if over_samples:
            return _times(outside, self.total(inside, t.index, about))
        return _times(outside, self.size(t.index) if inside == ONE else Sum(t.index, inside))

    def see(self, t: Term) -> None:
        """Samples that look at each other: then everything is computed at once."""
        looking = {a for a in free(t) if axis(a) == self.samples}
        if len(looking) > 1 or (isinstance(t, Match) and looking):
            if self.meaning == "alone" or (self.meaning == "weighted" and isinstance(t, Match)):
                raise NotSupported("samples that look at each other have no gradients of their own, and no weights where two are compared")
            self.blocks = False

    def inverse(self, t: Inverse, about: str | tuple[str, str]) -> Term:
        """The name of an inverse, one line for equal ones."""
        others = tuple(sorted(free(t) - {t.a, t.b}))
        a = fresh(axis(t.row), others)
        b = fresh(axis(t.column), (*others, a))
        whole = settle(Inverse(a, b, t.row, t.column, t.entry))
        if whole not in self.sums:
            stem = t.entry.symbol if isinstance(t.entry, Name) else about if isinstance(about, str) else about[1]
            self.sums[whole] = next(s for k in range(len(self.sums) + 1) if (s := f"⁻{stem}{k or ''}") not in self.lines)
            self.put(self.sums[whole], whole, (*others, a, b), about)
        return Name(self.sums[whole], (*others, t.a, t.b))

    def size(self, index: str) -> Term:
        """How far an axis other than the samples runs."""
        a = axis(index)
        symbol = next((s for s, b in self.sizes.items() if a == b), SIZE + a)
        self.sizes[symbol] = a
        return Name(symbol)

    def total(self, body: Term, index: str, about: str | tuple[str, str]) -> Term:
        """The name of Σ_index body, one line for equal bodies."""
        index = index or self.samples
        if self.meaning == "weighted":
            body = mul(Name(self.weight, (index,)), *(parts(Mul, body) if body != ONE else ()))
        elif body == ONE:
            return Name(self.rows)
        axes = tuple(a for a in ordered(free(body), self.want) if a != index)
        letter = fresh(self.samples, axes)
        body = rename(body, {index: letter} if index != letter else {})
        if body not in self.sums:
            stem = _spelled(body) or (about if isinstance(about, str) else f"d{about[1]}")
            symbol = next(s for k in range(len(self.sums) + 1) if (s := f"Σ{stem}{k or ''}") not in self.lines)
            self.sums[body] = symbol
            self.put(symbol, body, axes, about, "sum")
        return Name(self.sums[body], axes)


def split(body: Term, depends: Callable[[Term], bool]) -> tuple[list[Term], Term]:
    """(factors that do not depend, the rest): Σ c f = c Σ f"""
    match body:
        case Neg(a):
            out, rest = split(a, depends)
            return [MINUS_ONE, *out], rest
        case Div(a, b) if not depends(b):
            out, rest = split(a, depends)
            return [*out, Div(ONE, b)], rest
        case Mul(fs):
            pairs = [split(f, depends) for f in fs]
            return [c for out, _ in pairs for c in out], mul(*(rest for _, rest in pairs if rest != ONE))
    return ([], body) if depends(body) else ([body] if body != ONE else [], ONE)


def _times(outside: list[Term], total: Term) -> Term:
    """c Σ f"""
    sign = sum(f == MINUS_ONE for f in outside) % 2
    out = mul(*(f for f in outside if f not in (ONE, MINUS_ONE)), total)
    return Neg(out) if sign else out


def _tidy(t: Term) -> Term:
    """1/n · S and S · 1/n as S/n; what stands over or beside 1 alone."""
    t = rebuild(t, [_tidy(c) for c in children(t)])
    match t:
        case Mul(fs):
            under = [f.bottom for f in fs if isinstance(f, Div) and f.top == ONE]
            top = mul(*(f for f in fs if f != ONE and not (isinstance(f, Div) and f.top == ONE)))
            return _tidy(Div(top, mul(*under))) if under else top
        case Div(a, b) if b == ONE:
            return a
    return t


def _spelled(body: Term) -> str:
    """uu for Σ u², ux for Σ u x: a product of names by its letters, anything else by none."""
    letters: list[str] = []
    for f in parts(Mul, body):
        match f:
            case Name(s, _):
                letters.append(s)
            case Pow(Name(s, _), exponent) if exponent == TWO:
                letters += [s, s]
            case _:
                return ""
    if not all(s[:1] not in MADE for s in letters):
        return ""
    return "".join(letters) if all(len(s) == 1 for s in letters) else "_".join(letters)
