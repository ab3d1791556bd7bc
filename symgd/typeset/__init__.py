"""Term → marks on paper.  `symgd.typeset.layout` decides the shape of a formula; each printer here writes it down."""

from symgd.typeset.ascii import to_ascii
from symgd.typeset.latex import to_latex
from symgd.typeset.layout import Layout
from symgd.typeset.mathml import mathml_table, to_mathml
from symgd.typeset.plain import to_unicode
from symgd.typeset.speech import to_speech

__all__ = ["Layout", "mathml_table", "to_ascii", "to_latex", "to_mathml", "to_speech", "to_unicode"]
