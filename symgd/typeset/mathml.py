r"""LaTeX → MathML Core: one cell through latex2mathml, between a strict reading before it (`cell`) and a strict pass after it (`core`).

latex2mathml neither escapes text nor refuses what it does not know, and takes environments apart wrongly.  So text, upright and bold words and
cases never reach it: each is built on our side and stands in the cell as one private character; a command it does not draw in Core is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from symgd.typeset.cell import prepared, tokens_of
from symgd.typeset.core import strict

__all__ = ["mathml_table", "to_mathml"]

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"


@lru_cache(maxsize=4096)  # a document sets the same relation and the same names again and again
def to_mathml(latex: str, display: bool = False) -> str:
    r"""One formula as a <math> element of MathML Core, checked to be XML.

    display sets it as a block with full-size sums.  Raises ValueError, naming the command or the place, at LaTeX outside our subset:
    an unknown command or character, an environment other than cases, a group that is not closed.
    """
    math = Element("math", {"xmlns": _NAMESPACE, "display": "block" if display else "inline"})
    math.extend(_pieces(latex))
    return _checked(math)


def mathml_table(rows: Sequence[Sequence[str]], display: bool = True) -> str:
    """Rows of cells, each one formula, as one aligned table: columns of class `right` and `left` in turn, as LaTeX's aligned sets them."""
    math = Element("math", {"xmlns": _NAMESPACE, "display": "block" if display else "inline"})
    table = SubElement(math, "mtable", {"class": "aligned", "displaystyle": "true" if display else "false"})
    for row in rows:
        line = SubElement(table, "mtr")
        for k, latex in enumerate(row):
            SubElement(line, "mtd", {"class": "left" if k % 2 else "right"}).extend(_pieces(latex))
    return _checked(math)


def _checked(math: Element) -> str:
    text = tostring(math, encoding="unicode")
    fromstring(text)
    return text


def _pieces(latex: str) -> list[Element]:
    """The top-level elements of a formula."""
    whole = _convert(tokens_of(latex))
    return list(whole) if whole.tag == "mrow" and not whole.attrib else [whole]


def _convert(tokens: list[str], depth: int = 0) -> Element:
    """The tokens of one cell, as one element."""
    from latex2mathml import exceptions
    from latex2mathml.converter import Converter

    cell, built = prepared(tokens, depth, _convert)
    if not cell:
        return Element("mrow")
    try:
        math = Converter().convert_to_element(" ".join(cell))
    except (exceptions.DoubleSubscriptsError, exceptions.DoubleSuperscriptsError) as problem:
        raise ValueError(f"two scripts in one place: {''.join(tokens)}") from problem
    return strict(math[0], built)
