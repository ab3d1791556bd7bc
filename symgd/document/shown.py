"""How an object shows itself: as text in a terminal; as Markdown and LaTeX in a notebook, not as HTML, whose MathML an untrusted notebook drops."""

from __future__ import annotations

import re
from typing import Any, TypeVar

__all__ = ["shows_itself"]

C = TypeVar("C")
_BLOCK, _INLINE = re.compile(r"^```math\n(.*?)\n```$", re.DOTALL | re.MULTILINE), re.compile(r"\$`([^`]*)`\$")


def shows_itself(cls: type[C]) -> type[C]:
    """A class whose method `shown()` returns a Page gets `__repr__` and `_repr_mimebundle_`, both made from that page."""
    vars_of_class: Any = cls
    vars_of_class.__repr__ = _text
    vars_of_class._repr_mimebundle_ = _bundle
    return cls


def _text(self: Any) -> str:
    from symgd.document.to_text import to_text

    return to_text(self.shown()).rstrip("\n")


def _bundle(self: Any, include: object = None, exclude: object = None) -> dict[str, str]:
    """What a notebook may choose from; formulas stand between dollars there."""
    from symgd.document.to_latex import to_latex
    from symgd.document.to_markdown import to_markdown

    markdown = _INLINE.sub(r"$\1$", _BLOCK.sub(r"$$\n\1\n$$", to_markdown(self.shown())))
    return {"text/plain": _text(self), "text/markdown": markdown, "text/latex": to_latex(self.shown(), fragment=True)}
