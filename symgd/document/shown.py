"""How an object shows itself: as text in a terminal; as Markdown and LaTeX in a notebook, not as HTML, whose MathML an untrusted notebook drops."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from symgd.document.page import Picture

__all__ = ["png_if_any", "shows_itself"]

C = TypeVar("C")


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
    """What a notebook may choose from; formulas stand between dollars there, pictures are PNG where typst is installed."""
    from symgd.document.to_latex import to_latex
    from symgd.document.to_markdown import NOTEBOOK, to_markdown

    page = self.shown()
    markdown = to_markdown(page, replace(NOTEBOOK, address=_inside))
    return {"text/plain": _text(self), "text/markdown": markdown, "text/latex": to_latex(page, fragment=True)}


def _inside(picture: Picture) -> str:
    """The drawing in the address itself."""
    png = png_if_any(picture.svg)
    return "" if png is None else f"data:image/png;base64,{b64encode(png).decode('ascii')}"


def png_if_any(svg: str) -> bytes | None:
    """The drawing as PNG; None where typst is not installed."""
    try:
        from symgd.document.png import png_of

        return png_of(svg)
    except ImportError:
        return None
