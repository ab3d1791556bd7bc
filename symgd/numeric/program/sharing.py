"""Lines among themselves: what two of them compute alike is computed once, and what a sum needs for each sample gets a line, so that it gets a buffer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from symgd.indices import free, rename
from symgd.numeric.program.aligned import ordered
from symgd.numeric.program.line import Line, split, tidy, times
from symgd.numeric.program.steady import LARGEST
from symgd.term import TWO, Call, Compare, Det, Div, Match, Mul, Name, Neg, Num, Pow, Sum, Term, children, names, rebuild, size, subterms
from symgd.term import replace as rewrite

__all__ = ["apart", "light", "shared"]


def shared(lines: tuple[Line, ...], samples: str, blocks: bool) -> tuple[Line, ...]:
    """The lines with what two of them compute alike for each sample made a line of its own, the largest first; without blocks, any array."""
    out = _folded(lines, samples, blocks)
    for k in range(1, 1000):
        counts = Counter(s for x in out if _open(x, blocks) for s in _parts(x) if _worth(s, samples, blocks))
        twice = [s for s, times in counts.items() if times > 1]
        if not twice:
            break
        best = max(twice, key=size)
        n = Name(f"⁼{k}", ordered(free(best), (samples,)))
        at = next(j for j, x in enumerate(out) if _open(x, blocks) and best in subterms(x.value))
        out = [replace(x, value=rewrite(x.value, {best: n}.get)) if _open(x, blocks) else x for x in out]
        out.insert(at, Line(n.symbol, best, "sample" if blocks else "scalar", n.symbol, all(x.once for x in out if x.symbol in names(best)), n.indices))
    return tuple(out)


def _open(x: Line, blocks: bool) -> bool:
    """May something in the line be shared?"""
    return (x.kind != "scalar" or not blocks) and x.symbol[0] != LARGEST


def _folded(lines: tuple[Line, ...], samples: str, blocks: bool) -> list[Line]:
    """The lines with what is the whole of one above called by its name."""
    known: dict[Term, Term] = {}
    out: list[Line] = []
    for x in lines:
        new = replace(x, value=rewrite(x.value, known.get)) if _open(x, blocks) else x
        out.append(new)
        if x.kind != "sum" and _open(x, blocks) and _worth(x.value, samples, blocks) and set(x.axes) == free(x.value):
            known[x.value] = Name(x.symbol, x.axes)
    return out


def _parts(x: Line) -> Iterator[Term]:
    """What stands in a line and could be shared: not the whole of it, and not a product that is summed, for that is never an array."""

    def inside(t: Term) -> Iterator[Term]:
        for c in children(t):
            for f in _factors(c) if isinstance(t, Sum) else (c,):
                yield f
                yield from inside(f)

    if x.kind == "sum":
        for f in _factors(x.value):
            yield f
            yield from inside(f)
    else:
        yield from inside(x.value)


def _factors(t: Term) -> tuple[Term, ...]:
    """What a product that is summed is made of."""
    match t:
        case Mul(fs):
            return tuple(x for f in fs for x in _factors(f))
        case Div(a, b):
            return (*_factors(a), b)
        case Neg(a):
            return _factors(a)
    return (t,)


def _worth(t: Term, samples: str, blocks: bool) -> bool:
    """Is it worth to be kept: an array (over the samples, where they come in blocks) that takes an operation of its own?"""
    array = samples in free(t) if blocks else bool(free(t)) or isinstance(t, Sum)
    if not array or isinstance(t, Name | Neg | Compare | Match | Det):
        return False
    return not (isinstance(t, Pow) and isinstance(t.base, Name))


def light(lines: tuple[Line, ...], results: tuple[str, ...]) -> tuple[Line, ...]:
    """The lines without those that are another one times a scalar: the scalar goes before the sums that they stand in."""
    inside: dict[str, Term] = {}
    out: list[Line] = []
    for x in lines:
        value = rewrite(x.value, lambda s: _light(s, inside))
        outside, rest = split(value, lambda s: bool(free(s)))
        known = x.kind == "sample" and x.symbol not in results and isinstance(rest, Name) and rest.indices == x.axes
        if known and outside and all(y.kind != "scalar" for y in lines if x.symbol in names(y.value)):
            inside[x.symbol] = value
        elif x.kind == "sum" and value != x.value:
            out += _split_off(replace(x, value=value), {y.symbol for y in (*lines, *out)})
        else:
            out.append(replace(x, value=value))
    return tuple(out)


def _split_off(x: Line, taken: set[str]) -> list[Line]:
    """Σ c f as Σ f and c times it."""
    outside, body = split(x.value, lambda s: bool(free(s) - set(x.axes)))
    if not outside:
        return [x]
    name = Name(next(s for k in range(len(taken) + 1) if (s := f"Σ{_stem(x)}{k or ''}") not in taken), x.axes)
    return [replace(x, symbol=name.symbol, value=body), replace(x, value=tidy(times(outside, name)), kind="scalar")]


def _light(s: Term, inside: dict[str, Term]) -> Term | None:
    """What stands for a name; the indices of its array may have other letters where it is used."""
    if not isinstance(s, Name) or s.symbol not in inside:
        return None
    value = inside[s.symbol]
    own = next(n.indices for n in subterms(value) if isinstance(n, Name) and n.indices)
    return rename(value, {a: b for a, b in zip(own, s.indices, strict=True) if a != b})


def _stem(x: Line) -> str:
    return x.about if isinstance(x.about, str) else f"d{x.about[1]}"


def apart(lines: tuple[Line, ...], samples: str) -> tuple[Line, ...]:
    """The lines with what a sum over the samples has to compute for each of them made a line of its own: it gets a buffer."""
    out: list[Line] = []
    for x in lines:
        if x.kind != "sum":
            out.append(x)
            continue

        def one(f: Term, x: Line = x, stem: str = _stem(x)) -> Term:
            match f:
                case Mul() | Sum() | Neg():
                    return rebuild(f, [one(c) for c in children(f)])
                case Div(above, below):
                    return Div(one(above), below)
                case Call("log1p", (e,)) if len(free(f)) == 1 and f == x.value:
                    return Call("log1p", (one(e),))
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
