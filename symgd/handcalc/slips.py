"""What explains a wrong line: each slip that reproduces it exactly, up to a convention's factor that is then named.

Deriving the left side with one move spoiled gives the right side, or the right side with one slip undone gives the left:
that is proved by the referee, or the slip is not named.

`left` what is to be found, with pending derivatives or without; `right` what was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from symgd.forward import Problem
from symgd.handcalc.explaining import Candidate, FalseClaim, Tables
from symgd.handcalc.slips_of_algebra import REWRITINGS
from symgd.handcalc.slips_of_brackets import BRACKETS_LOST, BRACKETS_REWRITTEN
from symgd.handcalc.slips_of_chain import CHAIN
from symgd.handcalc.slips_of_functions import OF_FUNCTIONS
from symgd.handcalc.slips_of_names import NAMES
from symgd.handcalc.slips_of_powers import POWERS
from symgd.handcalc.slips_of_products import PRODUCTS
from symgd.handcalc.slips_of_sums import SUMS
from symgd.handcalc.slips_of_terms import TERMS
from symgd.handcalc.slips_of_wholes import WHOLE
from symgd.handcalc.spoil import SlipRule
from symgd.handcalc.verdict import Slip
from symgd.language import FUNCTIONS
from symgd.referee.tape import Referee
from symgd.rules.arithmetic import tidy
from symgd.term import Name, Term
from symgd.typeset import to_unicode
from symgd.typeset.layout import Notation, layout

__all__ = ["SLIPS", "Explained", "explain", "explained"]

MOST = 2  # slips named for one line

TABLES = Tables(
    moves={**POWERS, **SUMS, **PRODUCTS, **OF_FUNCTIONS, **CHAIN},
    rewritten={**BRACKETS_REWRITTEN, **REWRITINGS},
    undone={**BRACKETS_LOST, **TERMS, **NAMES},
    whole=WHOLE,
)
SLIPS: dict[str, SlipRule] = {**TABLES.moves, **TABLES.rewritten, **TABLES.undone, **TABLES.whole}

# the likeliest first, where several of one tier explain a line
LIKELY = (
    "update-direction", "sum-dropped", "sign", "product-rule", "quotient-rule", "exponent-kept", "inner-derivative", "exponent-lost", "factor", "count",
    "function-derivative", "wrong-parameter", "outer-derivative", "bracket", "chain-rule", "path-dropped", "term-dropped", "constant-kept", "wrong-variable",
    "sum-product", "additive", "cancelling", "term-added", "reciprocal", "sum-kept", "transpose", "arithmetic",
)  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """The slips, the likeliest first; the right side as the writer meant it, where the first slip tells, a part or the whole; how far-fetched they are."""

    slips: tuple[Slip, ...] = ()
    mended: Term | None = None
    turned: Term | None = None
    far: int = 9


def explain(problem: Problem, left: Term, right: Term, referee: Referee, kind: str = "") -> tuple[Slip, ...]:
    """Every slip that gives `right` for `left` exactly, the likeliest first; none where nothing explains it, or the claim is true.

    Where no slip does it alone, one that does it up to a convention's factor is named with the factor.
    """
    return explained(problem, left, right, referee, kind).slips


@lru_cache(64)
def explained(problem: Problem, left: Term, right: Term, referee: Referee, kind: str = "") -> Explained:
    """The slips that explain the claim, and the correction that they tell."""
    with np.errstate(all="ignore"):
        claim = FalseClaim(problem, left, right, kind, TABLES)
        candidates = sorted(claim.candidates(), key=_likely)
    found: dict[str, Candidate] = {}
    for c in candidates:
        if len(found) == MOST or (found and c.tier > next(iter(found.values())).tier):
            break
        if c.made.rule.name not in found and claim.proved(c, referee):
            found[c.made.rule.name] = c
    if "update-direction" in found:  # a step uphill has the other sign: that is the same slip
        found = {"update-direction": found["update-direction"]}
    first = next(iter(found.values()), None)
    if first is None:
        return Explained()
    whole = (c for c in candidates if c.turned is not None and c.made.rule.name == first.made.rule.name and claim.proved(c, referee))
    turned = next((c.turned for c in whole), None)
    return Explained(tuple(_slip(c, problem) for c in found.values()), first.mended, turned, first.made.rule.rare + 4 * bool(first.besides))


def _likely(c: Candidate) -> tuple[tuple[bool, int], int]:
    name = c.made.rule.name
    return c.tier, LIKELY.index(name) if name in LIKELY else len(LIKELY)


def _slip(c: Candidate, problem: Problem) -> Slip:
    matrices = any(len(v.indices) > 1 for v in problem.declared().values())
    says = c.made.rule.says.format_map({k: _shown(v, "matrix" if matrices else "sum") for k, v in c.made.words})
    return Slip(c.made.rule.name, says + (f" (Besides, {c.besides}.)" if c.besides else ""))


def _shown(t: Term, notation: Notation) -> str:
    """A part that a sentence speaks of; a function by its law."""
    return FUNCTIONS[t.symbol].law if isinstance(t, Name) and t.symbol in FUNCTIONS else to_unicode(layout(tidy(t), notation))
