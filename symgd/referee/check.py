"""The verdict of the referee on a claim a = b: proved, held or refuted, never two-valued."""

from __future__ import annotations

from dataclasses import dataclass

from symgd.document.page import Page, Prose, Strong
from symgd.document.shown import shows_itself

__all__ = ["Check"]


@shows_itself
@dataclass(frozen=True)
class Check:
    """verdict   proved (an argument covers every value) | held (agrees wherever tried, no argument) | refuted (a witness)
    evidence  the argument, or the witness, in one sentence for a person; deterministic text, no random numbers
    scope     for which sizes, signs and domain it was decided, and why that suffices
    witness   for refuted: (name, value) pairs at which the two sides differ, as they are printed
    values    for refuted: the two sides there, as they are printed
    """

    verdict: str
    evidence: str = ""
    scope: str = ""
    witness: tuple[tuple[str, str], ...] = ()
    values: tuple[str, str] | None = None

    def shown(self) -> Page:
        """The verdict in one sentence, and its scope."""
        says = f": {self.evidence}" if self.evidence else ""
        return Page((), (Prose((Strong(self.verdict), says)), Prose((self.scope,))))
