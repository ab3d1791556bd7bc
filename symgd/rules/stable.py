"""Stable forms: identities that hold for all real numbers, whose right sides overflow nowhere.  A new one is a row of STABLE.

N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 1; for the sums of exponentials P. Blanchard, D. J. Higham, N. J. Higham,
IMA J. Numer. Anal. 41, 2021, doi:10.1093/imanum/draa038.

Glossary: `z` a score, `y` a target, `k` the classes, `m` the largest score (the identities hold for any m).
"""

from __future__ import annotations

from dataclasses import dataclass

from symgd.forward import Problem
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, Name, Neg, Sum, Term, subterms

__all__ = ["SHORT", "STABLE", "Stable", "short_forms", "stable_forms"]


@dataclass(frozen=True)
class Stable:
    """left = right for all values of the names.

    why     what the left side loses as it stands
    met     the functions that stand in a problem that is computed so
    unless  those beside which it is computed otherwise
    """

    name: str
    left: Term
    right: Term
    why: str
    met: frozenset[str]
    unless: frozenset[str] = frozenset()


def _call(function: str, *args: Term) -> Call:
    return Call(function, args)


z, y, m, z_k = Name("z"), Name("y"), Name("m"), Name("z", ("k",))
_s, _tail = _call("sigmoid", z), _call("exp", Neg(_call("abs", z)))
_rest = _call("log", ONE + _tail)
_right = Cases(((ONE, Compare(z, ">=", ZERO)),), ZERO)  # [z ≥ 0]
_e, _shifted = _call("exp", z_k), _call("exp", z_k - m)
_others, _others_shifted = _call("exp", Name("z", ("k'",))), _call("exp", Name("z", ("k'",)) - m)
_LOGS, _CLASSES = frozenset({"log", "sigmoid"}), frozenset({"exp", "sum over classes"})

STABLE: tuple[Stable, ...] = (
    Stable(
        "sigmoid", _s, (ONE + _call("tanh", z / TWO)) / TWO, "e^(−z) overflows for z below −709; tanh never does", frozenset({"sigmoid"}), frozenset({"log"}),
    ),
    Stable(
        "sigmoid from its tail", _s, _call("exp", _call("min", z, ZERO)) / (ONE + _tail),
        "e^(−z) overflows for z below −709; e^(−|z|) is at most 1, and serves the loss too", _LOGS,
    ),
    Stable("log of a sigmoid", _call("log", _s), Neg(_call("softplus", Neg(z))), "σ(z) is rounded to 0 for z below −745, and log 0 is −∞", _LOGS),
    Stable("log of what is left", _call("log", ONE - _s), Neg(_call("softplus", z)), "1 − σ(z) is rounded to 0 for z above 37, and log 0 is −∞", _LOGS),
    Stable("softplus", _call("softplus", z), _call("max", z, ZERO) + _rest, "e^z overflows for z above 709; e^(−|z|) is at most 1", frozenset({"softplus"})),
    Stable(
        "log-loss of a score", Neg(y * _call("log", _s)) - (ONE - y) * _call("log", ONE - _s), _call("max", z, ZERO) - y * z + _rest,
        "both logarithms fail far out; here nothing is rounded to 0 and nothing overflows", _LOGS,
    ),
    Stable(
        "its part without exponentials", _call("max", z, ZERO) - y * z, (_right - y) * z, "where the score is right no large numbers are subtracted", _LOGS,
    ),
    Stable("softmax", _e / Sum("k'", _others), _shifted / Sum("k'", _others_shifted), "with m the largest score no exponential is above 1", _CLASSES),
    Stable(
        "log of a sum of exponentials", _call("log", Sum("k", _e)), m + _call("log", Sum("k", _shifted)),
        "with m the largest score one exponential is 1 and none is above it", _CLASSES | {"log"},
    ),
    Stable(
        "log cosh", _call("logcosh", z), _call("abs", z) + _call("log", ONE + _call("exp", Neg(TWO * _call("abs", z)))) - _call("log", TWO),
        "cosh z overflows for |z| above 710", frozenset({"logcosh"}),
    ),
)  # fmt: skip

SHORT: tuple[Stable, ...] = (  # right sides of fewer operations, for scores of which none is large; they overflow far out
    Stable(
        "log-loss of a score that is not large", Neg(y * _call("log", _s)) - (ONE - y) * _call("log", ONE - _s), _call("log", ONE + _call("exp", z)) - y * z,
        "one exponential, and the product of several 1 + e^z has one logarithm", _LOGS,
    ),
)  # fmt: skip


def short_forms(problem: Problem) -> tuple[Stable, ...]:
    """The identities by which NumPy sums faster what `stable_forms` says, where that loses no digit."""
    met = _met(problem)
    return tuple(row for row in SHORT if row.met <= met)


def stable_forms(problem: Problem) -> tuple[Stable, ...]:
    """The identities that the problem's loss and model are computed with."""
    met = _met(problem)
    return tuple(row for row in STABLE if row.met <= met and not row.unless & met)


def _met(problem: Problem) -> set[str]:
    """The functions that stand in the problem."""
    used = [s for d in problem.tape if d.name.symbol in problem.needed() for s in subterms(d.value)]
    met = {s.function for s in used if isinstance(s, Call)}
    if any(isinstance(s, Sum) and s.index.startswith("k") and _exponential(problem, s.body) for s in used):
        met.add("sum over classes")
    if met >= _LOGS:  # log σ is computed by softplus
        met.add("softplus")
    return met


def _exponential(problem: Problem, t: Term) -> bool:
    """e^z, or a name for it."""
    if isinstance(t, Name) and (d := problem.definition(t.symbol)):
        return isinstance(d.value, Call) and d.value.function == "exp"
    return isinstance(t, Call) and t.function == "exp"
