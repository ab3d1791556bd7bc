"""The sums over data that the equations are made of, named: κ (Σ_q C_pq q − s_p) + extra_p p = 0 for each parameter p.

With an intercept b everything is taken about its mean: b = ȳ − Σ_q f̄_q q, and C_pq = Σ_i (f_p − f̄_p)(f_q − f̄_q).
For a vector q, Σ_j' C_jj' w_j' stands in place of C q.

Glossary: `f` what multiplies a parameter in the prediction (its feature), `y` the target, `κ` the factor before the sums (2/n),
`extra` what a penalty adds to the factor of p in its own equation (2λ).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from symgd.forward import Definition
from symgd.indices import free, rename
from symgd.rules.arithmetic import tidy
from symgd.stationary.equations import Equations, summand, value
from symgd.term import ONE, TWO, ZERO, Add, D, Div, Match, Name, Neg, Pow, Sum, Term, add, mul, parts
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

__all__ = ["LARGEST", "Group", "Stage", "centred", "over", "plain"]

LARGEST = 3  # groups that are solved one after the other, as a formula
Mentions = dict[tuple[str, str], Name]  # (p, q) → q as p's equation writes it: w_j' in that of w_j


@dataclass(frozen=True)
class Group:
    """One parameter: a number, or a vector.

    p       the parameter at its own indices: w_j
    label   what its sums are called by: S_{label}{label}
    solved  the places of its indices that the equations couple; the others are carried along (k in W_jk)
    """

    p: Name
    label: str
    solved: tuple[int, ...]

    def at(self, name: Name) -> tuple[str, ...]:
        """The coupled indices of another mention of the parameter."""
        return tuple(name.indices[k] for k in self.solved)

    @property
    def own(self) -> tuple[str, ...]:
        return self.at(self.p)


@dataclass
class Stage:
    """The equations that are left, and what stands in them.

    C       (p, q) → the sum, for p before or at q, its indices those of p's equation
    s       p → the right side
    extra   p → what the penalty adds
    other   how each equation writes each parameter
    lines   p → the lines that lead to its equation, from a goal
    letter  what the sums are called by: S, then T, U, V
    first   the intercept with its value, where there is one
    """

    equations: Equations
    kappa: Term
    groups: tuple[Group, ...]
    C: dict[tuple[str, str], Name]
    s: dict[str, Name]
    extra: dict[str, Term]
    other: Mentions
    lines: dict[str, list[tuple[Term, str]]]
    letter: str
    first: tuple[Name, Term] | None = None
    named: tuple[Definition, ...] = ()

    def coefficient(self, p: Group, q: Group) -> Term:
        """What q is multiplied by in p's equation, without κ and the penalty."""
        if (p.p.symbol, q.p.symbol) in self.C:
            return self.C[p.p.symbol, q.p.symbol]
        turned = self.C[q.p.symbol, p.p.symbol]
        here, there = self.other[p.p.symbol, q.p.symbol], self.other[q.p.symbol, p.p.symbol]
        return rename(turned, dict(zip((*q.own, *p.at(there)), (*q.at(here), *p.own), strict=True)))

    def whole(self, p: Group, q: Group) -> Term:
        """The same with the penalty: S_jj' + nλ [j = j']"""
        c, extra = self.coefficient(p, q), self.extra.get(p.p.symbol, ZERO)
        if p != q or extra == ZERO:
            return c
        equal = [Match(a, b) for a, b in zip(p.own, p.at(self.other[p.p.symbol, p.p.symbol]), strict=True)]
        return add(c, tidy(mul(Div(extra, self.kappa), *equal)))

    def equation(self, p: Group, groups: tuple[Group, ...]) -> Term:
        """κ (Σ_q C_pq q − s_p) + extra_p p"""
        terms = [over(q.at(o), _product(q, self.coefficient(p, q), o)) for q in groups for o in (self.other[p.p.symbol, q.p.symbol],)]
        inside = add(*terms, Neg(self.s[p.p.symbol]))
        left = inside if self.kappa == ONE else mul(self.kappa, inside)
        extra = self.extra.get(p.p.symbol, ZERO)
        return left if extra == ZERO else add(left, tidy(mul(extra, p.p)))


def over(indices: tuple[str, ...], body: Term) -> Term:
    for a in reversed(indices):
        body = Sum(a, body)
    return body


def _product(q: Group, factor: Term, other: Name) -> Term:
    """w S_xx, and S_jj' w_j'"""
    return mul(factor, other) if q.solved else mul(other, factor)


def _groups(e: Equations, which: tuple[Name, ...], labels: tuple[str, ...]) -> tuple[tuple[Group, ...], Mentions] | None:
    """The groups and how each is written in each equation; None where some equation lacks one, or one index pair is not enough."""
    other: Mentions = {}
    for p in which:
        for q in which:
            mentions = [m for m in e.lines[p].factors if m.symbol == q.symbol and (q != p or m != p or not p.indices)]
            if len(mentions) != 1:
                return None
            other[p.symbol, q.symbol] = mentions[0]
    groups = tuple(
        Group(p, label, tuple(k for k, (a, b) in enumerate(zip(p.indices, other[p.symbol, p.symbol].indices, strict=True)) if a != b))
        for p, label in zip(which, labels, strict=True)
    )
    return None if any(len(g.solved) > 1 or (g.p.indices and not g.solved) for g in groups) else (groups, other)


def _letter(t: Term, otherwise: str) -> str:
    """A name for what is averaged: that of the data where it is one."""
    return t.symbol if isinstance(t, Name) else otherwise


def _said(t: Term) -> str:
    return t.symbol if isinstance(t, Name) else to_unicode(layout(t))


# ---------------------------------------------------------------- without an intercept


def plain(e: Equations) -> Stage | None:
    """A_pq and c_p as the equations give them."""
    which = e.problem.parameters
    labels = tuple(str(k) for k in range(1, len(which) + 1)) if len(which) > 1 else ("",)
    if (found := _groups(e, which, labels)) is None:
        return None
    groups, other = found
    first = groups[0]
    head = summand(e.lines[first.p].factors[other[first.p.symbol, first.p.symbol]])
    kappa = tidy(head[0]) if head else ONE
    symbols = [f"A_{g.label}{h.label}".rstrip("_") for k, g in enumerate(groups) for h in groups[k:]] + [f"c_{g.label}".rstrip("_") for g in groups]
    fresh = iter(e.problem.unused(*symbols))
    C, s, named = dict[tuple[str, str], Name](), dict[str, Name](), list[Definition]()
    for k, g in enumerate(groups):
        for h in groups[k:]:
            mention = other[g.p.symbol, h.p.symbol]
            sums = value(e.problem, Div(e.lines[g.p].factors[mention], kappa))
            if not free(sums) <= {*g.own, *h.at(mention)}:
                return None
            name = Name(next(fresh).symbol, (*g.own, *h.at(mention)))
            C[g.p.symbol, h.p.symbol] = name
            named.append(Definition(name, sums, f"how {h.p.symbol} enters the equation of {g.p.symbol}"))
    for g in groups:
        s[g.p.symbol] = Name(next(fresh).symbol, g.p.indices)
        named.append(Definition(s[g.p.symbol], value(e.problem, Div(Neg(e.lines[g.p].rest), kappa)), f"what the equation of {g.p.symbol} must give"))
    extra = {g.p.symbol: f for g in groups if g.p.indices and (f := e.lines[g.p].factors.get(g.p))}
    stage = Stage(e, kappa, groups, C, s, extra, other, {}, "A", named=tuple(named))
    for g in groups:
        goal = D(e.problem.objective, g.p)
        stage.lines[g.p.symbol] = [(goal, ""), (dict(e.system)[g.p], "insert"), (e.full[g.p], "put back"), (stage.equation(g, groups), "name the sums")]
    return stage


# ---------------------------------------------------------------- with an intercept


def centred(e: Equations, b: Name) -> Stage | None:
    """Everything about its mean, where b enters every prediction with factor 1: ∂L/∂b = κ Σ (Σ_q f_q q + b − y)."""
    which = tuple(p for p in e.problem.parameters if p != b)
    line, problem = e.lines[b], e.problem
    mentions = {m.symbol: m for m in line.factors if m != b}
    found = {q.symbol: pair for q in which if q.symbol in mentions and (pair := summand(line.factors[mentions[q.symbol]]))}
    target = summand(tidy(Neg(line.rest)))
    if not which or b not in line.factors or len(mentions) != len(line.factors) - 1 or target is None or len(found) < len(which) or not problem.count:
        return None
    (sample, n), kappa = problem.count[0], tidy(found[which[0].symbol][0])
    if value(problem, line.factors[b]) != value(problem, mul(kappa, n)) or any(tidy(k) != kappa for k, _ in found.values()):
        return None
    y = target[1] if tidy(target[0]) == kappa else tidy(mul(Div(target[0], kappa), target[1]))
    features = {s: f for s, (_, f) in found.items()}
    labels = tuple(str(k) if len(which) > 1 else _letter(features[q.symbol], "f") for k, q in enumerate(which, 1))
    if (grouped := _groups(e, which, labels)) is None:
        return None
    groups, other = grouped
    if any(not free(features[g.p.symbol]) <= {sample, *g.at(mentions[g.p.symbol])} for g in groups) or not free(y) <= {sample, *b.indices}:
        return None
    return _AboutMeans(e, b, groups, other, kappa, features, mentions, y).stage()


class _AboutMeans:
    """The means and the sums about them by name, and the lines that lead to each equation; `at` the coupled indices of a group."""

    def __init__(
        self, e: Equations, b: Name, groups: tuple[Group, ...], other: Mentions, kappa: Term, features: dict[str, Term], mentions: dict[str, Name], y: Term
    ) -> None:
        self.e, self.b, self.groups, self.other, self.kappa, self.features, self.mentions, self.y = e, b, groups, other, kappa, features, mentions, y
        self.sample, self.n = e.problem.count[0]
        self.pairs = [(g, h) for k, g in enumerate(groups) for h in groups[k:]]
        ys = _letter(y, "t")
        bars = [f"{g.label}_bar" if len(groups) == 1 else f"m_{g.label}" for g in groups]
        sums = [f"S_{g.label}{h.label}" for g, h in self.pairs] + [f"S_{g.label}{ys}" for g in groups]
        fresh = iter(e.problem.unused(*bars, f"{ys}_bar", *sums))
        self.bars = {g.p.symbol: Name(next(fresh).symbol, g.own) for g in groups}
        self.y_bar = Name(next(fresh).symbol, b.indices)
        self.C = {(g.p.symbol, h.p.symbol): Name(next(fresh).symbol, (*g.own, *h.at(other[g.p.symbol, h.p.symbol]))) for g, h in self.pairs}
        self.s = {g.p.symbol: Name(next(fresh).symbol, g.p.indices) for g in groups}

    def f(self, g: Group, at: tuple[str, ...]) -> Term:
        return rename(self.features[g.p.symbol], dict(zip(g.at(self.mentions[g.p.symbol]), at, strict=True)))

    def bar(self, g: Group, at: tuple[str, ...]) -> Term:
        return rename(self.bars[g.p.symbol], dict(zip(g.own, at, strict=True)))

    def df(self, g: Group, at: tuple[str, ...]) -> Term:
        return add(self.f(g, at), Neg(self.bar(g, at)))

    def carried(self, g: Group, t: Term) -> Term:
        """t with the indices of b called as in the equation of g: k in W_jk and b_k."""
        return rename(t, dict(zip(self.b.indices, (a for k, a in enumerate(g.p.indices) if k not in g.solved), strict=True)))

    def score(self, mentions: dict[str, Name], of: Callable[[Group, tuple[str, ...]], Term]) -> list[Term]:
        """Σ_j of_j w_j for each group, as the mentions write w_j"""
        return [over(g.at(m), _product(g, of(g, g.at(m)), m)) for g in self.groups for m in (mentions[g.p.symbol],)]

    def named(self) -> Iterator[Definition]:
        sample, n, ys = self.sample, self.n, _letter(self.y, "the target")
        for g in self.groups:
            yield Definition(self.bars[g.p.symbol], mul(Div(ONE, n), Sum(sample, self.f(g, g.own))), f"the mean of {_said(self.features[g.p.symbol])}")
        yield Definition(self.y_bar, mul(Div(ONE, n), Sum(sample, self.y)), f"the mean of {ys}")
        for g, h in self.pairs:
            at = h.at(self.other[g.p.symbol, h.p.symbol])
            one, other = _said(self.features[g.p.symbol]), _said(self.features[h.p.symbol])
            alone = g == h and not at
            says = f"how much {one} varies" if alone else f"how the columns of {one} vary together" if g == h else f"how {one} and {other} vary together"
            square = Pow(self.df(g, ()), TWO) if alone else mul(self.df(g, g.own), self.df(h, at))
            yield Definition(self.C[g.p.symbol, h.p.symbol], Sum(sample, square), says)
        for g in self.groups:
            dy = self.carried(g, add(self.y, Neg(self.y_bar)))
            yield Definition(self.s[g.p.symbol], Sum(sample, mul(self.df(g, g.own), dy)), f"how {_said(self.features[g.p.symbol])} and {ys} vary together")

    def stage(self) -> Stage:
        e, b = self.e, self.b
        extra = {g.p.symbol: self.extra(g) for g in self.groups}
        out = Stage(e, self.kappa, self.groups, self.C, self.s, extra, self.other, {}, "S", named=tuple(self.named()))
        each = value(e.problem, mul(self.kappa, self.n))
        out.first = b, add(self.y_bar, *map(Neg, self.score(self.mentions, self.bar)))
        at_means = tidy(mul(each, add(*self.score(self.mentions, self.bar), b, Neg(self.y_bar))))
        out.lines[b.symbol] = [(D(e.problem.objective, b), ""), (dict(e.system)[b], "insert"), (e.full[b], "put back"), (at_means, "split the sum")]
        out.lines |= {g.p.symbol: self.lines(g, out) for g in self.groups}
        return out

    def lines(self, g: Group, stage: Stage) -> list[tuple[Term, str]]:
        """∂L/∂p with b put in; the features about their means, twice; the sums by name."""
        here = {h.p.symbol: self.other[g.p.symbol, h.p.symbol] for h in self.groups}
        extra = stage.extra[g.p.symbol]
        rest: tuple[Term, ...] = () if extra == ZERO else (tidy(mul(extra, g.p)),)
        b = [self.carried(g, self.y_bar), *map(Neg, self.score(here, self.bar))]
        residual = add(*self.score(here, self.df), Neg(self.carried(g, add(self.y, Neg(self.y_bar)))))

        def total(body: Term, factor: Term) -> Term:
            return add(mul(self.kappa, Sum(self.sample, mul(body, factor))), *rest)

        return [
            (total(add(*self.score(here, self.f), *b, Neg(self.carried(g, self.y))), self.f(g, g.own)), ""),
            (total(residual, self.f(g, g.own)), "collect"),
            (total(residual, self.df(g, g.own)), "centre"),
            (stage.equation(g, self.groups), "name the sums"),
        ]

    def extra(self, g: Group) -> Term:
        """What a penalty adds to p's factor in its own equation."""
        factors = self.e.lines[g.p].factors
        if g.solved:
            return factors.get(g.p, ZERO)
        f = self.f(g, ())
        data = tidy(mul(self.kappa, Sum(self.sample, mul(f, f))))
        return add(*(t for t in parts(Add, factors[g.p]) if t != data))
