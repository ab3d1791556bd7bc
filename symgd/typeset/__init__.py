"""Term → marks on paper.  `symgd.typeset.layout` decides the shape of a formula; each printer here writes it down."""

from symgd.typeset.latex import to_latex
from symgd.typeset.layout import Layout
from symgd.typeset.plain import to_unicode

__all__ = ["Layout", "to_latex", "to_unicode"]
