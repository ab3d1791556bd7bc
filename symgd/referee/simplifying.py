"""The last try on a stranger's pair: SymPy's `simplify`, which may take for ever and all memory.  Imported by the worker alone, which can be killed."""

from __future__ import annotations

import sympy as sp

from symgd.referee.check import Check
from symgd.referee.equality import Pair

__all__ = ["simplified"]


def simplified(pair: Pair) -> Check | None:
    """Proved if SymPy's simplify makes the difference 0; anything else it says counts for nothing."""
    if pair.missing or not pair.agreed:
        return None
    assumed = {s: sp.Symbol(s.name, **_assumptions(pair.domain.get(s.name, "real"))) for s in pair.symbols}
    if sp.simplify((pair.left - pair.right).xreplace(assumed)) == 0:
        return Check("proved", "SymPy's simplify brings the difference to 0", pair.scope())
    return None


def _assumptions(words: str) -> dict[str, bool]:
    """SymPy's words for a domain."""
    named = {"(0,1)": "positive", ">1": "positive"}
    return {"real": True} | {named.get(word, word): True for word in words.split()}
