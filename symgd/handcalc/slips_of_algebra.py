"""Slips of writing and rewriting.  UNDONE: each part of the wrong line as it should have been.  REWRITTEN: each part of the line before, wrongly rewritten.

A function is given one part of a line and yields what the slip has made of it (REWRITTEN), or what was there before the slip (UNDONE).
Its docstring is what the writer is told.

`s` the part of the line, `ts` the terms of a sum, `fs` the factors of a product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

from symgd.handcalc.spoil import Around, SlipRule, Words, slip
from symgd.term import ONE, TWO, Add, Call, D, Div, Mul, Name, Neg, Num, Pow, Sum, Term
from symgd.term import add, axis, free, mul, parts, rename

__all__ = ["REWRITTEN", "UNDONE"]

UNDONE: dict[str, SlipRule] = {}
REWRITTEN: dict[str, SlipRule] = {}
Wrongs = Iterator[Term | tuple[Term, Words]]
HALF = Num(Fraction(1, 2))


# ---------------------------------------------------------------- brackets


@slip(UNDONE, "bracket", spoils="arithmetic")
def bracket_before_product(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: (a + b)c = ac + bc; here the bracket {bracket} was lost."""
    match s:
        case Add(ts):
            for end, t in enumerate(ts[1:], 1):
                for inside, outside in _split_front(t):
                    for start in range(end):
                        bracket = add(*ts[start:end], inside)
                        yield add(*ts[:start], outside(bracket), *ts[end + 1 :]), {"bracket": bracket}


@slip(UNDONE, "bracket", spoils="arithmetic")
def bracket_after_product(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: c(a + b) = ca + cb; here the bracket {bracket} was lost."""
    match s:
        case Add(ts):
            for start, t in enumerate(ts[:-1]):
                for inside, outside in _split_back(t):
                    for end in range(start + 2, len(ts) + 1):
                        bracket = add(inside, *ts[start + 1 : end])
                        yield add(*ts[:start], outside(bracket), *ts[end:]), {"bracket": bracket}


@slip(UNDONE, "bracket", spoils="arithmetic")
def minus_before_bracket(s: Term, _: Around) -> Wrongs:
    """A minus in front of a bracket turns every sign in it round: −(a + b) = −a − b; here only the first term of {bracket} got the minus."""
    match s:
        case Add(ts):
            for start, t in enumerate(ts[:-1]):
                if isinstance(t, Neg):
                    for end in range(start + 2, len(ts) + 1):
                        bracket = add(t.body, *ts[start + 1 : end])
                        yield add(*ts[:start], Neg(bracket), *ts[end:]), {"bracket": bracket}


@slip(UNDONE, "bracket", spoils="arithmetic")
def power_of_bracket(s: Term, _: Around) -> Wrongs:
    """A power belongs to the whole bracket: (a b)² = a² b², and (a + b)² = a² + 2ab + b²; here only a part of {bracket} was raised."""
    match s:
        case Add(ts):
            match ts[-1]:
                case Pow(base, n) | Neg(Pow(base, n)):
                    last = Neg(base) if isinstance(ts[-1], Neg) else base
                    yield Pow(add(*ts[:-1], last), n), {"bracket": add(*ts[:-1], last)}
            roots = [_root(t) for t in ts]
            if len(ts) == 2 and all(roots):
                for signs in product((False, True), repeat=len(ts) - 1):
                    whole = add(*(Neg(r) if minus else r for r, minus in zip(roots, (False, *signs), strict=True) if r))
                    yield Pow(whole, TWO), {"bracket": whole}
        case Mul(fs):
            for k, f in enumerate(fs[1:], 1):
                if isinstance(f, Pow):
                    whole = mul(*fs[:k], f.base)
                    yield mul(Pow(whole, f.exponent), *fs[k + 1 :]), {"bracket": whole}


def _root(t: Term) -> Term | None:
    """b of b² and of −b²; c of a square number."""
    match t:
        case Pow(b, Num(n)) | Neg(Pow(b, Num(n))) if n == 2:
            return b
        case Num(v) if v > 0 and int(v**0.5) ** 2 == v:
            return Num(Fraction(int(v**0.5)))
    return None


Outside = Callable[[Term], Term]


def _split_front(t: Term) -> Iterator[tuple[Term, Outside]]:
    """b c as what may have been inside a bracket that ended before c: (… + b) c.  So too b/c, and −b c."""
    match t:
        case Neg(a):
            yield from ((Neg(inside), outside) for inside, outside in _split_front(a))
        case Mul(fs):
            for k in range(1, len(fs)):
                yield mul(*fs[:k]), lambda b, rest=fs[k:]: mul(b, *rest)  # type: ignore[misc]
        case Div(a, c):
            yield a, lambda b: Div(b, c)
            for inside, outside in _split_front(a):
                yield inside, lambda b, out=outside: Div(out(b), c)  # type: ignore[misc]


def _split_back(t: Term) -> Iterator[tuple[Term, Outside]]:
    """c a as what may have been inside a bracket that began after c: c (a + …).  So too −c a, Σ a, a/c and c Σ a."""
    match t:
        case Neg(a):
            yield from ((inside, lambda b, out=outside: Neg(out(b))) for inside, outside in _split_back(a))
        case Mul(fs):
            for k in range(1, len(fs)):
                yield mul(*fs[k:]), lambda b, front=fs[:k]: mul(*front, b)  # type: ignore[misc]
            for inside, outside in _split_back(fs[-1]) if not isinstance(fs[-1], Mul) else ():
                yield inside, lambda b, front=fs[:-1], out=outside: mul(*front, out(b))  # type: ignore[misc]
        case Div(a, c):
            yield c, lambda b: Div(a, b)
            for inside, outside in _split_back(a):
                yield inside, lambda b, out=outside: Div(out(b), c)  # type: ignore[misc]
        case Sum(index, a):
            yield a, lambda b: Sum(index, b)
            for inside, outside in _split_back(a):
                yield inside, lambda b, out=outside: Sum(index, out(b))  # type: ignore[misc]
        case Call(f, (a,)):
            yield a, lambda b: Call(f, (b,))


@slip(REWRITTEN, "bracket", spoils="arithmetic")
def square_term_by_term(s: Term, _: Around) -> Wrongs:
    """(a + b)² = a² + 2ab + b²; here each term of {bracket} was squared alone, or the middle term is not twice the product."""
    match s:
        case Pow(Add(ts) as bracket, n):
            yield add(*(Pow(t.body if isinstance(t, Neg) else t, n) for t in ts)), {"bracket": bracket}
            yield add(*(Neg(Pow(t.body, n)) if isinstance(t, Neg) else Pow(t, n) for t in ts)), {"bracket": bracket}
            if len(ts) == 2 and n == TWO:
                a, b = ts
                yield add(Pow(a, n), mul(a, b), Pow(b, n)), {"bracket": bracket}
                yield add(Pow(a, n), mul(TWO, a, b), Neg(Pow(b, n))), {"bracket": bracket}


@slip(REWRITTEN, "bracket", spoils="arithmetic")
def only_one_term_multiplied(s: Term, _: Around) -> Wrongs:
    """A factor multiplies every term of a bracket: c(a + b) = ca + cb; here only one term of {bracket} got it."""
    match s:
        case Mul(fs):
            for k, f in enumerate(fs):
                if isinstance(f, Add):
                    front, back = fs[:k], fs[k + 1 :]
                    for j in range(len(f.terms)):
                        yield add(*(mul(*front, t, *back) if i == j else t for i, t in enumerate(f.terms))), {"bracket": f}
        case Div(Add(ts) as bracket, c):
            for j in range(len(ts)):
                yield add(*(Div(t, c) if i == j else t for i, t in enumerate(ts))), {"bracket": bracket}


@slip(REWRITTEN, "bracket", spoils="arithmetic")
def brackets_multiplied_term_by_term(s: Term, _: Around) -> Wrongs:
    """(a + b)(c + d) = ac + ad + bc + bd; here only ac + bd was written."""
    match s:
        case Mul((*front, Add((a, b)), Add((c, d)))):
            yield mul(*front, add(mul(a, c), mul(b, d)))


@slip(REWRITTEN, "bracket", spoils="arithmetic")
def only_first_term_negated(s: Term, _: Around) -> Wrongs:
    """A minus in front of a bracket turns every sign in it round; here only the first term of {bracket} got the minus."""
    match s:
        case Neg(Add(ts) as bracket):
            yield add(Neg(ts[0]), *ts[1:]), {"bracket": bracket}
            yield bracket, {"bracket": bracket}


@slip(REWRITTEN, "bracket", spoils="arithmetic")
def power_of_one_factor(s: Term, _: Around) -> Wrongs:
    """(a b)² = a² b²; here only one factor of {bracket} was raised."""
    match s:
        case Pow(Mul(fs) as bracket, n):
            for k in range(len(fs)):
                yield mul(*(Pow(f, n) if j == k else f for j, f in enumerate(fs))), {"bracket": bracket}


# ---------------------------------------------------------------- signs


@slip(UNDONE, "sign", spoils="arithmetic")
def sign_of_written_term(s: Term, _: Around) -> Wrongs:
    """Here stands {t} where {right} is meant: the sign is turned round."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                yield add(*ts[:k], _minus(t), *ts[k + 1 :]), {"t": t, "right": _minus(t)}
        case Call(_f, (u,)):
            yield Call(_f, (_minus(u),)), {"t": u, "right": _minus(u)}
        case Pow(u, v) if not isinstance(v, Num):
            yield Pow(u, _minus(v)), {"t": v, "right": _minus(v)}


@slip(UNDONE, "update-direction", spoils="arithmetic")
def written_update(s: Term, around: Around) -> Wrongs:
    """Gradient descent steps against the gradient: the step is subtracted, {right}; here it is added, which makes the loss grow."""
    match s:
        case Add((p, step)) if around.kind == "update":
            yield add(p, _minus(step)), {"right": add(p, _minus(step))}


def _minus(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else Neg(t)


# ---------------------------------------------------------------- terms and factors


@slip(UNDONE, "term-dropped", spoils="arithmetic")
def written_term_dropped(s: Term, around: Around) -> Wrongs:
    """The term {t} is missing."""
    if isinstance(s, Num | Neg):
        return
    for t in _pool(around):
        yield add(s, t), {"t": t}
        yield add(s, Neg(t)), {"t": Neg(t)}


@slip(UNDONE, "term-added", spoils="arithmetic", rare=1)
def written_term_added(s: Term, _: Around) -> Wrongs:
    """The term {t} does not belong here."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                yield add(*ts[:k], *ts[k + 1 :]), {"t": t}


@slip(UNDONE, "factor", spoils="arithmetic")
def written_factor(s: Term, _: Around) -> Wrongs:
    """One term has a wrong factor: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for factor in (TWO, HALF):
                    right = _times(factor, t)
                    yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "right": right}


@slip(UNDONE, "count", spoils="arithmetic")
def written_count(s: Term, around: Around) -> Wrongs:
    """One term has a wrong count: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for _axis, n in around.problem.count:
                    for right in (_times(n, t), Div(t, n)):
                        yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "right": right}


def _times(factor: Term, t: Term) -> Term:
    return Neg(_times(factor, t.body)) if isinstance(t, Neg) else Div(t, TWO) if factor == HALF else mul(factor, t)


@slip(UNDONE, "factor", spoils="arithmetic")
def written_factor_lost(s: Term, around: Around) -> Wrongs:
    """The factor {f} is missing: {t} should be {right}."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for f in _names(around):
                    right = Neg(mul(t.body, f)) if isinstance(t, Neg) else mul(t, f)
                    yield add(*ts[:k], right, *ts[k + 1 :]), {"t": t, "f": f, "right": right}


@slip(UNDONE, "factor", spoils="arithmetic", rare=1)
def written_factor_added(s: Term, _: Around) -> Wrongs:
    """The factor {f} does not belong here."""
    match s:
        case Mul(fs):
            for k, f in enumerate(fs):
                yield mul(*fs[:k], *fs[k + 1 :]), {"f": f}


@slip(UNDONE, "exponent-kept", spoils="power rule")
def written_exponent(s: Term, _: Around) -> Wrongs:
    """The power rule brings the exponent down and lowers it by one; here {s} still has its exponent."""
    match s:
        case Pow(u, Num(n)) if n.denominator == 1 and n >= 2:
            yield u if n == 2 else Pow(u, Num(n - 1)), {"s": s}


@slip(UNDONE, "exponent-lost", spoils="arithmetic", rare=1)
def written_exponent_lost(s: Term, _: Around) -> Wrongs:
    """An exponent was lost: {s} should be {right}."""
    match s:
        case Name() | Add() | Call():
            yield Pow(s, TWO), {"s": s, "right": Pow(s, TWO)}
        case Pow(u, Num(n)) if n.denominator == 1 and n >= 2:
            yield Pow(u, Num(n + 1)), {"s": s, "right": Pow(u, Num(n + 1))}


@slip(UNDONE, "reciprocal", spoils="arithmetic", rare=1)
def written_upside_down(s: Term, _: Around) -> Wrongs:
    """A fraction stands upside down: {s} should be {right}."""
    match s:
        case Div(a, b):
            yield Div(b, a), {"s": s, "right": Div(b, a)}
            yield mul(a, b), {"s": s, "right": mul(a, b)}


# ---------------------------------------------------------------- names


@slip(UNDONE, "wrong-variable", spoils="insert")
def written_variable(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    if isinstance(s, Name) and s not in around.problem.parameters:
        for right in _names(around):
            if right != s:
                yield right, {"s": s, "right": right}


@slip(UNDONE, "wrong-parameter", spoils="insert")
def written_parameter(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    if isinstance(s, Name) and s in around.problem.parameters:
        for right in _names(around):
            if right != s:
                yield right, {"s": s, "right": right}


@slip(UNDONE, "wrong-variable", spoils="chain rule through names")
def written_derivative(s: Term, around: Around) -> Wrongs:
    """Here stands {s} where {right} is meant."""
    match s:
        case D(of, by, partial):
            for other in _names(around):
                if other.symbol != by.symbol and other.indices == by.indices and _kind(other, around) == _kind(by, around) != "parameter":
                    yield D(of, other, partial), {"s": s, "right": D(of, other, partial)}
                if isinstance(of, Name) and other.symbol != of.symbol and other.indices == of.indices and _kind(other, around) == "defined":
                    yield D(other, by, partial), {"s": s, "right": D(other, by, partial)}


@slip(UNDONE, "wrong-parameter", spoils="chain rule through names")
def written_derivative_by_other(s: Term, around: Around) -> Wrongs:
    """This is the derivative by {by}, where the one by {right} is meant."""
    match s:
        case D(of, by, partial) if by in around.problem.parameters:
            for other in around.problem.parameters:
                if other.symbol != by.symbol and len(other.indices) == len(by.indices):
                    right = Name(other.symbol, by.indices)
                    yield D(of, right, partial), {"by": by, "right": right}


def _kind(v: Name, around: Around) -> str:
    if v in around.problem.parameters:
        return "parameter"
    return "defined" if around.problem.definition(v.symbol) else "leaf"


def _names(around: Around) -> list[Name]:
    """Every name that may stand here, with the indices of the place."""
    known = (*around.problem.data, *around.problem.parameters, *(d.name for d in around.problem.tape), *(c for c, _ in around.problem.constants))
    last = [d.name for d in around.problem.tape[-1:]]
    return [v for x in known for v in _here(x, around.letters) if isinstance(v, Name) and v not in last]


def _pool(around: Around) -> list[Term]:
    return list(dict.fromkeys(v for t in around.pool for v in _here(t, around.letters)))


def _here(t: Term, letters: frozenset[str]) -> Iterator[Term]:
    """t with its free indices named as at the place; nothing where no index of its axis stands there."""
    to: dict[str, str] = {}
    for a in sorted(free(t)):
        here = sorted(b for b in letters if axis(b) == axis(a) and b not in to.values())
        if not here:
            return
        to[a] = here[0]
    yield rename(t, {a: b for a, b in to.items() if a != b})


# ---------------------------------------------------------------- sums over samples


@slip(UNDONE, "sum-dropped", spoils="linearity of the sum")
def written_sum_lost(s: Term, around: Around) -> Wrongs:
    """The Σ was lost: {t} is to be added up over all samples."""
    match s:
        case Add(ts):
            for k, t in enumerate(ts):
                for letter in sorted(free(t) & around.letters):
                    yield add(*ts[:k], Sum(letter, t), *ts[k + 1 :]), {"t": t}


@slip(UNDONE, "sum-product", spoils="linearity of the sum")
def product_of_sums(s: Term, _: Around) -> Wrongs:
    """A sum of products is not the product of the sums: {right} cannot be split."""
    match s:
        case Mul(fs):
            for j, f in enumerate(fs):
                for k, g in enumerate(fs[j + 1 :], j + 1):
                    if isinstance(f, Sum) and isinstance(g, Sum) and axis(f.index) == axis(g.index):
                        right = Sum(f.index, mul(f.body, rename(g.body, {g.index: f.index})))
                        yield mul(*fs[:j], right, *fs[j + 1 : k], *fs[k + 1 :]), {"right": right}


@slip(UNDONE, "sum-product", spoils="linearity of the sum")
def factor_before_the_sum(s: Term, around: Around) -> Wrongs:
    """{f} has a value for each sample, so it must stay inside the Σ."""
    match s:
        case Mul(fs):
            for j, f in enumerate(fs):
                for k, g in enumerate(fs):
                    if isinstance(g, Sum) and j != k and any(axis(a) == axis(g.index) for a in free(f)):
                        inside = rename(f, {a: g.index for a in free(f) if axis(a) == axis(g.index)})
                        whole = Sum(g.index, mul(inside, g.body))
                        yield mul(*(whole if i == k else x for i, x in enumerate(fs) if i != j)), {"f": f}


@slip(REWRITTEN, "sum-product", spoils="linearity of the sum")
def sum_split_over_product(s: Term, _: Around) -> Wrongs:
    """A sum of products is not the product of the sums: {s} cannot be split."""
    match s:
        case Sum(index, Mul(fs)):
            inside = [f for f in fs if index in free(f)]
            for k in range(1, len(inside)):
                yield mul(*(f for f in fs if index not in free(f)), Sum(index, mul(*inside[:k])), Sum(index, mul(*inside[k:]))), {"s": s}
        case Sum(index, Pow(u, n)):
            yield Pow(Sum(index, u), n), {"s": s}
        case Pow(Sum(index, u), n):
            yield Sum(index, Pow(u, n)), {"s": s}


@slip(REWRITTEN, "count", spoils="count")
def constant_counted_once(s: Term, _: Around) -> Wrongs:
    """A constant summed over all n samples is n times the constant: Σ c = n c; here {c} was counted once."""
    match s:
        case Sum(index, body):
            for k, t in enumerate(parts(Add, body)):
                if index not in free(t):
                    rest = [x for j, x in enumerate(parts(Add, body)) if j != k]
                    yield add(*((Sum(index, add(*rest)),) if rest else ()), t), {"c": t}


# ---------------------------------------------------------------- functions that are not linear, and cancelling


@slip(REWRITTEN, "additive", spoils="arithmetic")
def function_over_sum(s: Term, _: Around) -> Wrongs:
    """{f} of a sum is not the sum of the values: {s} cannot be taken apart like that."""
    match s:
        case Call(f, (Add(ts),)):
            yield add(*(Neg(Call(f, (t.body,))) if isinstance(t, Neg) else Call(f, (t,)) for t in ts)), {"f": Name(f), "s": s}


@slip(REWRITTEN, "additive", spoils="arithmetic")
def logarithm_of_product(s: Term, _: Around) -> Wrongs:
    """log(a b) = log a + log b, log(a/b) = log a − log b and log(aⁿ) = n log a; here {s} was taken apart otherwise."""
    match s:
        case Call("log", (Mul(fs),)):
            yield mul(*(Call("log", (f,)) for f in fs)), {"s": s}
        case Call("log", (Div(a, b),)):
            yield Div(Call("log", (a,)), Call("log", (b,))), {"s": s}
            yield add(Call("log", (a,)), Call("log", (b,))), {"s": s}
        case Call("log", (Pow(a, n),)):
            yield Pow(Call("log", (a,)), n), {"s": s}


@slip(REWRITTEN, "additive", spoils="arithmetic")
def reciprocal_of_sum(s: Term, _: Around) -> Wrongs:
    """1/(a + b) is not 1/a + 1/b: {s} cannot be taken apart like that."""
    match s:
        case Div(a, Add(ts)):
            yield add(*(Neg(Div(a, t.body)) if isinstance(t, Neg) else Div(a, t) for t in ts)), {"s": s}


@slip(REWRITTEN, "cancelling", spoils="closing algebra")
def cancelled_in_one_term(s: Term, _: Around) -> Wrongs:
    """Only a factor of the whole top can be cancelled, not of one term of it: {s}."""
    match s:
        case Div(Add(ts), bottom):
            below = parts(Mul, bottom)
            for k, t in enumerate(ts):
                above = parts(Mul, t.body if isinstance(t, Neg) else t)
                for f in below:
                    if f in above:
                        left = mul(*_without(above, f))
                        rest = _without(below, f)
                        for kept in (left, None) if left == ONE else (left,):
                            new = [] if kept is None else [Neg(kept) if isinstance(t, Neg) else kept]
                            top = add(*ts[:k], *new, *ts[k + 1 :])
                            yield Div(top, mul(*rest)) if rest else top, {"s": s}


def _without(fs: tuple[Term, ...], f: Term) -> tuple[Term, ...]:
    k = fs.index(f)
    return (*fs[:k], *fs[k + 1 :])
