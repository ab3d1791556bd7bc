"""Term → layout: the order of terms, the brackets and the shape of a formula, decided once.  LaTeX, MathML, Unicode and speech are short walks over it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """A piece of a formula."""
