"""SVG text → the same drawing, safe inside a page: known elements and attributes only, its own ids, a title and a description."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape

__all__ = ["inline_svg"]

_NAMESPACE = "{http://www.w3.org/2000/svg}"

_DRAWN = """svg g defs marker clipPath linearGradient radialGradient stop pattern path line polyline polygon rect circle ellipse text tspan use
title desc style"""

_GIVEN = """id class viewBox preserveAspectRatio width height x y x1 y1 x2 y2 cx cy r rx ry dx dy d points transform offset rotate textLength lengthAdjust
pathLength fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset
stroke-miterlimit opacity color font-family font-size font-style font-weight text-anchor dominant-baseline alignment-baseline baseline-shift
letter-spacing visibility display vector-effect paint-order shape-rendering clip-path clip-rule clipPathUnits marker-start marker-mid marker-end
markerWidth markerHeight markerUnits refX refY orient gradientUnits gradientTransform patternUnits patternTransform stop-color stop-opacity href role
aria-hidden aria-label aria-labelledby lang"""

_ELEMENTS, _ATTRIBUTES = frozenset(_DRAWN.split()), frozenset(_GIVEN.split())

_REFERENCE = re.compile(r"url\(\s*#([^)\s]+)\s*\)")


def inline_svg(svg: str, title: str, description: str, prefix: str) -> str:
    """The drawing for an HTML page; every id begins with `prefix`.

    Raises ValueError for text that is no SVG, or that holds an element, an attribute or a reference which a drawing does not need.
    """
    if "<!DOCTYPE" in svg.upper() or "<!ENTITY" in svg.upper():
        raise ValueError(f"the picture {title!r} declares a document type; a drawing needs none")
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as why:
        raise ValueError(f"the picture {title!r} is not well-formed SVG: {why}") from None
    if root.tag.removeprefix(_NAMESPACE) != "svg":
        raise ValueError(f"the picture {title!r} begins with <{root.tag}>, not with <svg>")
    if "viewBox" not in root.attrib and {"width", "height"} <= root.attrib.keys():
        root.set("viewBox", f"0 0 {_pixels(root.attrib['width'])} {_pixels(root.attrib['height'])}")
    inside = "".join(_element(child, title, prefix) for child in root if child.tag.removeprefix(_NAMESPACE) not in ("title", "desc"))
    names = f"{prefix}title {prefix}desc"
    kept = "".join(_attribute(k, v, title, prefix) for k, v in root.attrib.items() if k not in ("id", "role", "aria-labelledby", "aria-label"))
    said = f'<title id="{prefix}title">{escape(title)}</title><desc id="{prefix}desc">{escape(description)}</desc>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{names}"{kept}>{said}{inside}</svg>'


def _pixels(length: str) -> str:
    return re.sub(r"[^0-9.]", "", length) or "0"


def _element(node: ET.Element, title: str, prefix: str) -> str:
    tag = node.tag.removeprefix(_NAMESPACE)
    if tag not in _ELEMENTS:
        raise ValueError(f"the picture {title!r} holds <{tag}>, which no drawing of ours uses")
    if tag == "style" and re.search(r"url\(|@import|[\\<]", node.text or "", re.IGNORECASE):
        raise ValueError(f"the picture {title!r} has a style sheet that loads something, which no drawing of ours does")
    attributes = "".join(_attribute(k, v, title, prefix) for k, v in node.attrib.items())
    inside = escape(node.text or "", quote=False) + "".join(_element(child, title, prefix) + escape(child.tail or "", quote=False) for child in node)
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"


def _attribute(name: str, value: str, title: str, prefix: str) -> str:
    name = name.removeprefix("{http://www.w3.org/1999/xlink}")
    if name not in _ATTRIBUTES or (name == "href" and not value.startswith("#")) or "url(" in _REFERENCE.sub("", value):
        raise ValueError(f"the picture {title!r} holds {name}={value!r}, which no drawing of ours uses")
    if name == "id":
        value = prefix + value
    elif name == "href":
        value = f"#{prefix}{value[1:]}"
    elif name == "aria-labelledby":
        value = " ".join(prefix + word for word in value.split())
    return f' {name}="{escape(_REFERENCE.sub(lambda m: f"url(#{prefix}{m[1]})", value))}"'
