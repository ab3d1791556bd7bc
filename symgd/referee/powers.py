"""Roots, logarithms and exponentials of fractions in kernels, factor by factor and term by term.

Glossary: `k` the kernels of a case; `u` a fraction; `f` an irreducible polynomial or a prime number; `R` a root, `E` an exponential; `c` a rational.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from symgd.referee.kernels import QRING, RING, SLOTS, Kernels, Nowhere, Poly, Ratio

__all__ = ["alternating", "call", "exp", "log", "root", "split_terms", "times"]


def root(k: Kernels, u: Ratio, c: Fraction) -> Ratio:
    """|u|^c, factor by factor."""
    if u.top.is_zero():
        if c < 0:
            raise Nowhere
        return u
    if c.denominator > 1:
        u = k.rational(u)
    (a, tops), (b, bottoms) = k.factors(u.top), k.factors(u.bottom)
    out = [root_of(k, f, c * e) for f, e in tops] + [root_of(k, f, -c * e) for f, e in bottoms]
    out += [root_of(k, RING.constant(p), c * e) for p, e in primes(abs(a))] + [root_of(k, RING.constant(p), -c * e) for p, e in primes(abs(b))]
    return k.mul(*out)


def root_of(k: Kernels, f: Poly, c: Fraction) -> Ratio:
    """|f|^c for an irreducible f or a prime number."""
    whole = c.numerator // c.denominator
    base = Ratio(f, RING.constant(1))
    if c.denominator == 1:
        return k.power(Ratio(f * k.sign(f), base.bottom) if whole % 2 else base, whole)
    slot = k.alone(f)
    if slot is not None and (part := k.kernels[slot]).kind in ("exp", "root", "symbol"):
        k.fine(f"{part.kind} {part.key}", part.parts * c.denominator)
    q = k.fine(f"root {f}", c.denominator)
    R = k.kernel("root", f, str(f), q, 1, (q, f))
    rest = (c - whole) * q
    return k.mul(root_of(k, f, Fraction(whole)), Ratio(R ** int(rest), base.bottom)) if whole else Ratio(R ** int(rest), base.bottom)


def log(k: Kernels, u: Ratio) -> Ratio:
    """log|u| = Σ e log|f| over the factors f^e of u."""
    if u.top.is_zero():
        raise Nowhere
    u = k.rational(u)
    (a, tops), (b, bottoms) = k.factors(u.top), k.factors(u.bottom)
    out = [times(k, log_of(k, f), e) for f, e in tops] + [times(k, log_of(k, f), -e) for f, e in bottoms]
    return k.add(*out, log_number(k, abs(a)), k.neg(log_number(k, abs(b))))


def times(k: Kernels, u: Ratio, c: int | Fraction) -> Ratio:
    return k.mul(u, k.number(Fraction(c)))


def log_number(k: Kernels, n: int) -> Ratio:
    """log n over its primes."""
    return k.add(*(times(k, Ratio(k.kernel("log", p, str(p), 1, 1), RING.constant(1)), e) for p, e in primes(n)))


def log_of(k: Kernels, f: Poly) -> Ratio:
    """log|f| for an irreducible f: an exponent comes down, of two conjugates a ± bR one is kept."""
    slot = k.alone(f)
    if slot is not None:
        part = k.kernels[slot]
        if part.kind == "exp":
            return times(k, part.of, Fraction(1, part.parts))
        if part.kind == "root":
            return times(k, log(k, Ratio(part.of, RING.constant(1))), Fraction(1, part.parts))
    for j in reversed(k.relations):
        if k.relations[j][0] == 2 and f.degrees()[j] == 1:
            a, b = k.linear(f, j)
            other = a - b * SLOTS[j]
            other *= 1 if other.leading_coefficient() > 0 else -1
            norm = k.reduce(f * other)
            if str(other) < str(f) and not norm.is_zero():  # log|a + bR| = log|a² − b²f| − log|a − bR|
                return k.add(log(k, Ratio(norm, RING.constant(1))), k.neg(log_of(k, other)))
    return Ratio(k.kernel("log", f, str(f)), RING.constant(1))


def split_terms(k: Kernels, u: Ratio) -> list[tuple[Fraction, Ratio]]:
    """u = Σ c m: the whole part's monomials, and those of what is left over the bottom, each in lowest terms with number 1."""
    u = k.rational(u)
    d = int(u.bottom.content())
    whole, rest, scale = QRING.from_dict({}), u.top, 1
    if len(u.bottom) > 1:
        whole, over = divmod(QRING.from_dict(u.top.to_dict()), QRING.from_dict(u.bottom.to_dict()))
        scale = lcm(*(int(c.q) for c in over.coeffs()))
        rest = RING.from_dict({powers: int((c * scale).p) for powers, c in over.to_dict().items()})
    out = [(Fraction(int(c.p), int(c.q)), k.ratio(RING.from_dict({powers: 1}), RING.constant(1))) for powers, c in sorted(whole.to_dict().items())]
    for powers, c in sorted(rest.to_dict().items()):
        out.append((Fraction(int(c), d * scale), k.ratio(RING.from_dict({powers: 1}), u.bottom / d)))
    return out


def exp(k: Kernels, u: Ratio) -> Ratio:
    """e^u = Π (e^(m/N))^(cN) over the terms c m of u; e^(c log|f|) = |f|^c."""
    out = []
    for c, m in split_terms(k, u):
        slot = k.alone(m.top) if m.bottom == 1 else None
        if slot is not None and k.kernels[slot].kind == "log":
            f = k.kernels[slot].of
            out.append(root_of(k, RING.constant(f) if isinstance(f, int) else f, c))
            continue
        key = f"{m.top}/{m.bottom}"
        n = k.fine(f"exp {key}", c.denominator)
        E = k.kernel("exp", m, key, n, 1)
        out.append(k.power(Ratio(E, RING.constant(1)), int(c * n)))
    return k.mul(*out)


def alternating(k: Kernels, u: Ratio) -> Ratio:
    """(−1)^u for an integer u, parity by parity: a product of names is odd where all of them are."""
    out = 1
    for c, m in split_terms(k, u):
        names = [k.kernels[j].of for j, degree in enumerate(m.top.degrees()) if degree]
        if c % 2 and all(k.ask(f"(-1)^{name}") < 0 for name in names):
            out = -out
    return k.number(Fraction(out))


def call(k: Kernels, name: str, *us: Ratio) -> Ratio:
    """A function that is only known to give equal values at equal arguments."""
    us = tuple(k.rational(u) for u in us)
    return Ratio(k.kernel("call", (name, us), f"{name} {[(str(u.top), str(u.bottom)) for u in us]}"), RING.constant(1))


def primes(n: int) -> list[tuple[int, int]]:
    """n = Π p^e by division up to 1,000; what is left counts as one more prime, for roots and logs need no more."""
    out, p = [], 2
    while n > 1 and p < 1000:
        e = 0
        while n % p == 0:
            n, e = n // p, e + 1
        if e:
            out.append((p, e))
        p += 1 if p == 2 else 2
    return [*out, (n, 1)] if n > 1 else out
