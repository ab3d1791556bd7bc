"""Term → marks on paper.  `symgd.typeset.layout` decides the shape of a formula; each printer here writes it down."""

from typing import TYPE_CHECKING, Any

from symgd.typeset.ascii import to_ascii
from symgd.typeset.latex import to_latex
from symgd.typeset.layout import Layout
from symgd.typeset.plain import to_unicode
from symgd.typeset.speech import to_speech

if TYPE_CHECKING:
    from symgd.typeset.mathml import mathml_table, to_mathml

__all__ = ["Layout", "mathml_table", "to_ascii", "to_latex", "to_mathml", "to_speech", "to_unicode"]


def __getattr__(name: str) -> Any:
    """MathML brings a parser of XML and tables of its own: imported by whoever asks for it."""
    if name not in ("mathml_table", "to_mathml"):
        raise AttributeError(f"symgd.typeset has no {name!r}; it has {', '.join(__all__)}")
    from symgd.typeset import mathml

    return getattr(mathml, name)
