"""The ways to go down: each a pure function (state, what may be asked) → state, its rule as terms, and its source, in one table.

Glossary: θ the parameters; g = ∂L/∂θ the slope; α the rate; μ the momentum; v the velocity; H the second derivatives; s, d the last changes of θ and g.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from symgd.term import ONE, TWO, Add, Call, D, Div, Name, Neg, Num, Pow, Sum, Term, mul

__all__ = ["METHODS", "Asked", "Method", "MethodName", "State", "Update"]

EPS = 2.0**-52
ENOUGH = 1e-4  # c: the share of the fall promised by the slope that a step must bring
BACK = 10  # losses that Barzilai and Borwein's step looks back on

Point = tuple[float, ...]
MethodName = Literal["gd", "momentum", "nesterov", "sgd", "line-search", "bb", "newton"]


class State(NamedTuple):
    """theta, loss, slope  where it stands
    rate      α of the next step
    velocity  v, or the last change of θ
    before    the slope at the point before
    heights   the last losses
    steps     made so far
    note      what was done instead of the rule, if anything
    """

    theta: Point
    loss: float
    slope: Point
    rate: float
    velocity: Point
    before: Point = ()
    heights: tuple[float, ...] = ()
    steps: int = 0
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """What a step may ask and must keep to.

    at        θ → the loss and its slope there
    solve     (θ, g) → (δ with H δ = g, what was done where there is none)
    part      (k, θ) → the slope over batch k
    careful   may the rule be damped where the loss would rise?  Then `rate` is a first trial.
    size      of the loss, for its rounding
    every     a stochastic step looks at the loss of the whole so seldom; between, that of the last look stands
    """

    at: Callable[[Point], tuple[float, Point]]
    solve: Callable[[Point, Point], tuple[Point, str]]
    part: Callable[[int, Point], Point]
    rate: float
    momentum: float
    decay: float
    careful: bool
    size: float
    every: int = 1


# ---------------------------------------------------------------- the rules


def plain(s: State, q: Asked) -> State:
    """θ ← θ − α g.  A.-L. Cauchy, C. R. Acad. Sci. 25, 1847; the bound 2/λmax: B. T. Polyak, doi:10.1016/0041-5553(63)90382-3"""
    return _arrive(s, q, _less(s.theta, q.rate, s.slope))


def momentum(s: State, q: Asked) -> State:
    """v ← μ v − α g, θ ← θ + v: the heavy ball.  B. T. Polyak, doi:10.1016/0041-5553(64)90137-5

    A careful one drops its velocity where the loss would rise (B. O'Donoghue, E. Candès, doi:10.1007/s10208-013-9150-3), and then halves the rate.
    """
    v = tuple([q.momentum * u - s.rate * g for u, g in zip(s.velocity, s.slope, strict=True)])
    return _carefully(s, q, _arrive(s, q, tuple([t + u for t, u in zip(s.theta, v, strict=True)]), v))


def nesterov(s: State, q: Asked) -> State:
    """v ← μ v − α g, θ ← θ + μ v − α g.  Y. Nesterov, Dokl. Akad. Nauk SSSR 269, 1983; Lectures on Convex Optimization, doi:10.1007/978-3-319-91578-4

    With p = θ − μ v it is p ← θ − α g, θ ← p + μ (p − p_before): the slope is taken at the point looked ahead to, and that point is θ.
    """
    v = tuple([q.momentum * u - s.rate * g for u, g in zip(s.velocity, s.slope, strict=True)])
    new = tuple([t + q.momentum * u - s.rate * g for t, u, g in zip(s.theta, v, s.slope, strict=True)])
    return _carefully(s, q, _arrive(s, q, new, v))


def stochastic(s: State, q: Asked) -> State:
    """θ ← θ − α/(1 + ρ k) (1/m) Σ_{i in batch k} ∂L_i/∂θ.  H. Robbins, S. Monro, doi:10.1214/aoms/1177729586"""
    rate = q.rate / (1 + q.decay * s.steps)
    theta = _less(s.theta, rate, q.part(s.steps, s.theta))
    if (s.steps + 1) % q.every:
        return s._replace(theta=theta, rate=rate, steps=s.steps + 1)
    return _arrive(s, q, theta)._replace(rate=rate)


def searched(s: State, q: Asked) -> State:
    """θ ← θ − α g with α the first of α, α/2, α/4, … that lowers the loss by c α g·g; then α is tried twice as long.  L. Armijo, doi:10.2140/pjm.1966.16.1"""
    return _backtrack(s, q, 2 * s.rate if s.steps else s.rate, s.slope, s.loss)


def barzilai_borwein(s: State, q: Asked) -> State:
    """θ ← θ − α g with α = s·s/s·d.  J. Barzilai, J. M. Borwein, doi:10.1093/imanum/8.1.141

    A careful one is halved until the loss is below the highest of the last ten (M. Raydan, doi:10.1137/S1052623494266365).
    """
    rate = s.rate
    if s.before:
        curved = _dot(s.velocity, [a - b for a, b in zip(s.slope, s.before, strict=True)])
        rate = _dot(s.velocity, s.velocity) / curved if curved > 0 else s.rate
    heights = (*s.heights, s.loss)[-BACK:]
    new = _backtrack(s, q, rate, s.slope, max(heights)) if q.careful else _arrive(s, q, _less(s.theta, rate, s.slope))._replace(rate=rate)
    return new._replace(before=s.slope, heights=heights)


def newton(s: State, q: Asked) -> State:
    """θ ← θ − α δ with H δ = g.  J. Nocedal, S. J. Wright, Numerical Optimization, 2006, ch. 3, doi:10.1007/978-0-387-40065-5

    Where H is singular, δ is the shortest; where it bends downwards, by |H| (Y. Dauphin et al., doi:10.48550/arXiv.1406.2572); a careful α is halved.
    """
    along, note = q.solve(s.theta, s.slope)
    if q.careful:
        return _backtrack(s, q, q.rate, along, s.loss)._replace(rate=q.rate, note=note or s.note)
    return _arrive(s, q, _less(s.theta, q.rate, along))._replace(note=note or s.note)


# ---------------------------------------------------------------- what they share


def _less(theta: Point, rate: float, along: Sequence[float]) -> Point:
    return tuple([t - rate * d for t, d in zip(theta, along, strict=True)])


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum([x * y for x, y in zip(a, b, strict=True)])


def _arrive(s: State, q: Asked, theta: Point, velocity: Point | None = None) -> State:
    """The state there, one step later."""
    loss, slope = q.at(theta) if theta != s.theta else (s.loss, s.slope)
    if velocity is None:
        velocity = tuple([a - b for a, b in zip(theta, s.theta, strict=True)])
    return State(theta, loss, slope, s.rate, velocity, s.before, s.heights, s.steps + 1, s.note)


def _carefully(s: State, q: Asked, new: State) -> State:
    """A step that raises the loss is made again from rest, with half the rate until it does not."""
    if not q.careful or new.loss <= s.loss + 8 * EPS * max(abs(s.loss), q.size):
        return new
    still, rate = (0.0,) * len(s.theta), s.rate
    while True:
        theta = _less(s.theta, rate, s.slope) if rate else s.theta
        new = _arrive(s, q, theta)._replace(rate=rate)
        if theta == s.theta or new.loss <= s.loss + 8 * EPS * max(abs(s.loss), q.size):
            return new._replace(velocity=still if theta == s.theta else new.velocity)
        rate /= 2


def _backtrack(s: State, q: Asked, rate: float, along: Point, height: float) -> State:
    """The first of rate, rate/2, … that brings enough; θ itself where none does."""
    promised = _dot(along, s.slope)
    while True:
        theta = _less(s.theta, rate, along)
        if theta == s.theta or not rate:
            return _arrive(s, q, s.theta)._replace(rate=rate)
        new = _arrive(s, q, theta)
        if _enough(new, along, rate, promised, height, q.size):
            return new._replace(rate=rate)
        rate /= 2


def _enough(new: State, along: Point, rate: float, promised: float, height: float, size: float) -> bool:
    """L(θ − α δ) ≤ height − c α δ·g; where that drowns in the rounding of L, the same read off the slope there (W. Hager, H. Zhang, doi:10.1137/030601880)."""
    rounding = 8 * EPS * max(abs(height), size)
    if ENOUGH * rate * promised > rounding:
        return new.loss <= height - ENOUGH * rate * promised
    return new.loss <= height + rounding and _dot(new.slope, along) >= -(1 - 2 * ENOUGH) * promised


# ---------------------------------------------------------------- the rules as terms


@dataclass(frozen=True)
class Update:
    """left relation right, and what it says: v ← μ v − α ∂L/∂θ"""

    left: Term
    relation: str
    right: Term
    says: str = ""


def _n(symbol: str, *indices: str) -> Name:
    return Name(symbol, indices)


_THETA, _L, _ALPHA, _MU, _V, _K = _n("theta"), _n("L"), _n("alpha"), _n("mu"), _n("v"), _n("k")
_SLOPE = D(_L, _THETA)
_DOWN = mul(_ALPHA, _SLOPE)
_STEP = Update(_THETA, "←", _THETA - _DOWN, "against the slope")
_BALL = Update(_V, "←", mul(_MU, _V) - _DOWN, "a part μ of the velocity stays")
_J = _n("theta", "j")
_BATCH = mul(Div(ONE, _n("m")), Sum("i", D(_n("L", "i"), _THETA)))
_SD = Div(Sum("j", Pow(_n("s", "j"), TWO)), Sum("j", mul(_n("s", "j"), _n("d", "j"))))
_DROP = Num(Fraction(1, 10000))
_LOWER = Add((_L, Neg(mul(_DROP, _ALPHA, Sum("j", Pow(D(_L, _J), TWO))))))


_E, _BEFORE, _NEXT = _n("e"), _n("e_before"), _n("e_next")
_TOP, _LOW = _n("lambda_max"), _n("lambda_min")
_KAPPA = _n("kappa")
_LEFT = ONE - mul(_ALPHA, _n("lambda"))


def _root(t: Term) -> Term:
    return Call("sqrt", (t,))


@dataclass(frozen=True)
class Method:
    """title   what a person calls it
    step    the rule
    update  the same as terms
    because one sentence: whence the rule or its constants come
    errors  the same in formulas, where there are some: what a step makes of the error e along an eigenvector of H, and the best constants
    has     what may be set: "momentum", "batch"
    """

    title: str
    step: Callable[[State, Asked], State]
    update: tuple[Update, ...]
    because: str
    errors: tuple[Update, ...] = ()
    has: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """Who published it, with its DOI: what the docstring of the rule says behind the rule."""
        first = str(self.step.__doc__).partition("\n")[0]
        return first.partition(".  ")[2]


METHODS: dict[str, Method] = {
    "gd": Method(
        "gradient descent", plain, (_STEP,),
        "along an eigenvector of H a step multiplies the error e by a factor less than 1 in size exactly where α < 2/λ; the best α makes the largest least",
        (Update(_NEXT, "=", mul(_LEFT, _E)), Update(_ALPHA, "=", Div(TWO, _TOP + _LOW))),
    ),
    "momentum": Method(
        "momentum", momentum, (_BALL, Update(_THETA, "←", _THETA + _V, "by the velocity")),
        "along an eigenvector of H the next error e depends on the last two; they shrink by √μ a step where 1 + μ − αλ lies between −2√μ and 2√μ, and the "
        "best constants make that hold for all eigenvalues with the least μ",
        (
            Update(_NEXT, "=", mul(Add((ONE, _MU, Neg(mul(_ALPHA, _n("lambda"))))), _E) - mul(_MU, _BEFORE)),
            Update(_ALPHA, "=", Div(Num(Fraction(4)), Pow(_root(_TOP) + _root(_LOW), TWO))),
            Update(_MU, "=", Pow(Div(_root(_TOP) - _root(_LOW), _root(_TOP) + _root(_LOW)), TWO)),
        ),
        frozenset({"momentum"}),
    ),
    "nesterov": Method(
        "Nesterov's momentum", nesterov, (_BALL, Update(_THETA, "←", _THETA + mul(_MU, _V) - _DOWN, "by the velocity that comes next")),
        "along an eigenvector of H the next error e depends on the last two; on a quadratic loss these constants shrink the slowest most, κ the condition "
        "number (L. Lessard, B. Recht, A. Packard, doi:10.1137/15M1009597)",
        (
            Update(_NEXT, "=", mul(_LEFT, mul(ONE + _MU, _E) - mul(_MU, _BEFORE))),
            Update(_ALPHA, "=", Div(Num(Fraction(4)), mul(Num(Fraction(3)), _TOP) + _LOW)),
            Update(_MU, "=", Div(_root(mul(Num(Fraction(3)), _KAPPA) + ONE) - TWO, _root(mul(Num(Fraction(3)), _KAPPA) + ONE) + TWO)),
        ),
        frozenset({"momentum"}),
    ),
    "sgd": Method(
        "stochastic gradient descent", stochastic,
        (
            Update(_n("alpha_k"), "=", Div(_ALPHA, Add((ONE, mul(_n("rho"), _K)))), "the rate of step k"),
            Update(_THETA, "←", _THETA - mul(_n("alpha_k"), _BATCH), "i over the m samples of a batch"),
        ),
        "a batch takes samples that have not been taken since all were, and its mean slope is the slope of the whole on average; what it is off by does "
        "not vanish at the minimum, so a rate that stays leaves it wandering there; the first rate is 1/(2S), S the expected smoothness of a batch "
        "(R. Gower et al., doi:10.48550/arXiv.1901.09401)",
        (), frozenset({"batch"}),
    ),
    "line-search": Method(
        "descent with line search", searched,
        (_STEP, Update(_n("L_next"), "≤", _LOWER, "halving α until it holds")),
        "for small α the loss falls by α times the square of the slope but for terms in α²: so some α brings the ten-thousandth part; no step raises the loss; "
        "the next search begins with twice the α found",
    ),
    "bb": Method(
        "Barzilai–Borwein descent", barzilai_borwein,
        (
            Update(_n("s"), "=", _THETA - _n("theta_before"), "the last change of θ"),
            Update(_n("d"), "=", _SLOPE - _n("g_before"), "what it changed of the slope"),
            Update(_ALPHA, "←", _SD, "after the first step"),
            _STEP,
        ),
        "1/α is the number nearest to H along the last step: the sum of the squares of s/α − d is least where its derivative by 1/α is 0",
    ),
    "newton": Method(
        "Newton's method", newton,
        (
            Update(Sum("k", mul(_n("H", "j", "k"), _n("delta", "k"))), "=", D(_L, _J), "H the second derivatives of L"),
            Update(_J, "←", _J - mul(_ALPHA, _n("delta", "j")), "α = 1 is the whole step"),
        ),
        "but for third powers of δ the loss a step δ further is a quadratic form, least where its derivative by δ is 0: where H δ is the slope",
        (
            Update(
                _n("L_next"), "≈",
                Add((
                    _L, Neg(Sum("j", mul(D(_L, _J), _n("delta", "j")))),
                    mul(Div(ONE, TWO), Sum("j", Sum("k", mul(_n("H", "j", "k"), _n("delta", "j"), _n("delta", "k"))))),
                )),
            ),
        ),
    ),
}  # fmt: skip
