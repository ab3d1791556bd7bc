r"""A drawing (SVG) → TikZ, for a LaTeX document: the shapes that our pictures are made of, their text in the letters of the document.

Needs \usepackage{tikz} and \usetikzlibrary{svg.path}.  A unit of the drawing is _SCALE points, y runs down.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from symgd.document.latex_text import latex_text
from symgd.document.plain import one_line
from symgd.document.svg import inline_svg

__all__ = ["to_tikz"]

_SCALE = 300 / 420  # points of paper for a unit of the drawing
_WIDEST = 440  # points
_SVG = "{http://www.w3.org/2000/svg}"
_TEXT = ("font-size", "font-style", "font-weight", "text-anchor")
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "fill-opacity", *_TEXT)
_CAPS = {"round": "round", "square": "rect", "butt": "butt"}
_JOINS = {"round": "round", "bevel": "bevel", "miter": "miter"}
_UNSEEN = {"title", "desc", "style", "metadata", "defs"}

Style = dict[str, str]


class _NotDrawn(Exception):
    """Something that is not translated."""


def to_tikz(svg: str, title: str) -> str:
    """The drawing as a tikzpicture; "" where it holds something that is not translated.  Raises ValueError for text that is no drawing."""
    root = ET.fromstring(inline_svg(svg, one_line(title), "", "p-"))
    box = [float(v) for v in root.get("viewBox", "0 0 0 0").split()]
    if len(box) != 4 or not 0 < box[2] < 10_000 or not 0 < box[3] < 10_000:
        return ""
    scale = min(_SCALE, _WIDEST / box[2])
    try:
        inside = [row for child in root for row in _element(child, _style(root, {}), (-box[0], -box[1]), scale)]
    except (_NotDrawn, ValueError):
        return ""
    frame = rf"\path[use as bounding box] (0,0) rectangle ({_n(box[2])}pt,{_n(box[3])}pt);"
    return "\n".join([rf"\begin{{tikzpicture}}[xscale={scale:.4f},yscale=-{scale:.4f}]", frame, *inside, r"\end{tikzpicture}"])


def _n(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _style(node: ET.Element, above: Style) -> Style:
    """What the element says itself, over what holds around it; opacity multiplies."""
    own = {k: v for k in _INHERITED if (v := node.get(k))}
    opacity = float(above.get("opacity", "1")) * float(node.get("opacity", "1"))
    return {**above, **own, "opacity": str(opacity)}


def _element(node: ET.Element, above: Style, at: tuple[float, float], scale: float) -> Iterator[str]:
    tag, style = node.tag.removeprefix(_SVG), _style(node, above)
    at = _moved(node.get("transform", ""), at)
    x, y = at
    match tag:
        case "g":
            for child in node:
                yield from _element(child, style, at, scale)
        case "text":
            yield from _text(node, style, at, scale)
        case "path":
            yield from _drawn(style, scale, rf'[shift={{({_n(x)}pt,{_n(y)}pt)}}] svg "{_path(node.get("d", ""))}"')
        case "rect":
            left, top, wide, high = (float(node.get(k, "0")) for k in ("x", "y", "width", "height"))
            corner = f"[rounded corners={_n(float(node.get('rx', '0')) * scale)}pt] " if node.get("rx") else ""
            yield from _drawn(style, scale, f"{corner}({_n(x + left)}pt,{_n(y + top)}pt) rectangle ({_n(x + left + wide)}pt,{_n(y + top + high)}pt)")
        case "circle":
            cx, cy, r = (float(node.get(k, "0")) for k in ("cx", "cy", "r"))
            yield from _drawn(style, scale, f"({_n(x + cx)}pt,{_n(y + cy)}pt) circle[radius={_n(r)}pt]")
        case "line":
            x1, y1, x2, y2 = (float(node.get(k, "0")) for k in ("x1", "y1", "x2", "y2"))
            yield from _drawn({**style, "fill": "none"}, scale, f"({_n(x + x1)}pt,{_n(y + y1)}pt) -- ({_n(x + x2)}pt,{_n(y + y2)}pt)")
        case _ if tag not in _UNSEEN:
            raise _NotDrawn(tag)


def _moved(transform: str, at: tuple[float, float]) -> tuple[float, float]:
    if not transform:
        return at
    found = re.fullmatch(r"\s*translate\(\s*(-?[\d.]+)(?:[\s,]+(-?[\d.]+))?\s*\)\s*", transform)
    if found is None:
        raise _NotDrawn(transform)
    return at[0] + float(found[1]), at[1] + float(found[2] or 0)


def _path(d: str) -> str:
    """Path data of letters and numbers alone, so that nothing else reaches TeX."""
    if not re.fullmatch(r"[MmLlHhVvCcSsQqTtAaZz0-9eE.,\s+-]*", d):
        raise _NotDrawn(d[:40])
    return re.sub(r"\s+", " ", d)


def _colour(value: str) -> str:
    """A colour of xcolor; "" for none."""
    if value in ("none", "transparent"):
        return ""
    if value in ("currentColor", "black"):
        return "black"
    if value == "white":
        return "white"
    found = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", value)
    if found is None:
        raise _NotDrawn(value)
    red, green, blue = (int(part, 16) for part in found.groups())
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def _drawn(style: Style, scale: float, shape: str) -> Iterator[str]:
    line, area = _colour(style.get("stroke", "none")), _colour(style.get("fill", "black"))
    clear = float(style["opacity"])
    words = [f"fill={area}", f"fill opacity={_n(clear * float(style.get('fill-opacity', '1')))}"] if area else []
    if line:
        words += [f"draw={line}", f"line width={_n(float(style.get('stroke-width', '1')) * scale)}pt"]
        words += [f"draw opacity={_n(clear * float(style.get('stroke-opacity', '1')))}"]
        words += [f"line cap={_CAPS[cap]}" for cap in [style.get("stroke-linecap", "")] if cap in _CAPS]
        words += [f"line join={_JOINS[join]}" for join in [style.get("stroke-linejoin", "")] if join in _JOINS]
        if (dashes := style.get("stroke-dasharray", "none")) != "none":
            lengths = [float(v) * scale for v in re.split(r"[\s,]+", dashes.strip())]
            words.append("dash pattern=" + " ".join(f"{'off' if k % 2 else 'on'} {_n(v)}pt" for k, v in enumerate(lengths)))
    if words:
        yield rf"\path[{','.join(words)}] {shape};"


# ---------------------------------------------------------------------------------------------------------------------- text


def _text(node: ET.Element, style: Style, at: tuple[float, float], scale: float) -> Iterator[str]:
    """One line of text with its baseline at y, on a paper that shines through; tspans may be italic, small, lowered and raised."""
    x, y = at[0] + float(node.get("x", "0")), at[1] + float(node.get("y", "0"))
    size = float(style.get("font-size", "16").removesuffix("px"))
    low, pieces = 0.0, [_word(node.text or "", style, 0.0, size, scale)]
    for child in node:
        low += float(child.get("dy", "0"))
        pieces += [_word(child.text or "", _style(child, style), low, size, scale), _word(child.tail or "", style, low, size, scale)]
    anchor = {"middle": "base", "end": "base east"}.get(style.get("text-anchor", ""), "base west")
    paper = "fill=white,fill opacity=0.75,text opacity=1," if node.get("paint-order") == "stroke" else ""
    if inside := "".join(pieces).strip():
        look = f"anchor={anchor},{paper}inner sep=0.5pt,outer sep=0pt,text={_colour(style.get('fill', 'black')) or 'black'}"
        yield rf"\node[{look}] at ({_n(x)}pt,{_n(y)}pt) {{{_font(size * scale)}{inside}}};"


def _word(text: str, style: Style, low: float, size: float, scale: float) -> str:
    if not text:
        return ""
    out, own = latex_text(text), float(style.get("font-size", str(size)).removesuffix("px"))
    if style.get("font-style") == "italic":
        out = rf"\textit{{{out}}}"
    if own != size:
        out = f"{{{_font(own * scale)}{out}}}"
    return rf"\raisebox{{{_n(-low * scale)}pt}}{{{out}}}" if low else out


def _font(points: float) -> str:
    return rf"\fontsize{{{points:.1f}pt}}{{{1.2 * points:.1f}pt}}\selectfont\sffamily "
