"""A gradient → its page with the pictures of its network: `exposition` tells, `pictures` draws, and neither knows the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from symgd.derivation import ClosedForm, Gradient
from symgd.document.page import Block, Page
from symgd.exposition import Style, explain
from symgd.exposition.layers import Layer, indexless, layers_of, local, names_of
from symgd.exposition.vanishing import slopes
from symgd.hessian import Curvature
from symgd.indices import axis
from symgd.term import Call, D, Name, Term
from symgd.typeset import to_unicode
from symgd.typeset.layout import layout

if TYPE_CHECKING:
    from symgd.pictures import Band

__all__ = ["bands", "page_of"]

PLAIN = Style()
LONGEST = 20  # characters of a label, marks included


def page_of(
    gradient: Gradient,
    closed: ClosedForm | None = None,
    curve: Curvature | None = None,
    style: Style = PLAIN,
    title: str = "",
) -> Page:
    """The derivation as a page, with its pictures."""
    return explain(gradient, closed, curve, style, title, _drawn(gradient))


def _drawn(gradient: Gradient) -> tuple[Block, ...]:
    """The network, the flow through it, and how its sensitivities fade; nothing for a model of one layer."""
    if not (found := bands(gradient)):
        return ()
    from symgd.pictures import fading_sensitivities, flow_of_sensitivities, to_blocks, units_in_columns

    first = layers_of(gradient.problem)[0].fed_by
    units = units_in_columns(found, _size(gradient, first[0]) if first else "")
    return tuple(to_blocks(picture)[0] for picture in (units, flow_of_sensitivities(found), fading_sensitivities(slopes())))


def bands(gradient: Gradient) -> tuple[Band, ...]:
    """The layers of the network as text for its pictures, from the data to the loss."""
    layers = layers_of(gradient.problem)
    called = names_of(gradient.problem, layers)
    return tuple(_band(gradient, layers, k, called) for k in range(len(layers)))


def _band(gradient: Gradient, layers: tuple[Layer, ...], k: int, called: dict[str, str]) -> Band:
    from symgd.pictures import Band

    layer, last, loss = layers[k], k == len(layers) - 1, gradient.problem.objective
    total, before = layer.total.name, layers[k - 1].output if k else next(iter(layer.fed_by), layer.total.name)
    out = loss if last else layer.output
    return Band(
        values=(_label(before), _label(total), _label(out)),
        forward=(", ".join(_label(p) for p in layer.weights), "the loss" if last else _step(layer)),
        sensitivities=(_rate(loss, before) if k else "", _label(Name(called[total.symbol])), "" if last else _rate(loss, out)),
        backward=(_derivative(gradient, total, before) if k else "", _end(gradient, total) if last else _after(gradient, layer)),
        gradients=", ".join(_rate(loss, p) for p in layer.weights),
        size=_size(gradient, total),
    )


def _step(layer: Layer) -> str:
    """The function that makes the output: tanh, or + tanh where the layer adds to the one before."""
    found = next((d.value.function for d in layer.inside if isinstance(d.value, Call)), "")
    return f"+ {found}".strip() if len(layer.inside) > 1 or not found else found


def _after(gradient: Gradient, layer: Layer) -> str:
    """The derivative of the activation."""
    return _derivative(gradient, layer.inside[0].name, layer.total.name) if layer.inside else "1"


def _end(gradient: Gradient, total: Name) -> str:
    """The sensitivity of the last layer's sum, from the loss."""
    return _short(gradient.of(total.symbol).result, D(gradient.problem.objective, total))


def _derivative(gradient: Gradient, of: Name, by: Name) -> str:
    """∂of/∂by without indices, as its name where it is long."""
    found = local(gradient, of, by)
    return _short(found.result, D(of, by)) if found else ""


def _short(t: Term, name: D) -> str:
    text = _label(t)
    return text if len(text) <= LONGEST else _label(name)


def _rate(of: Name, by: Name) -> str:
    return _label(D(Name(of.symbol), Name(by.symbol)))


def _size(gradient: Gradient, name: Name) -> str:
    """How many values a sample has of it: h; 1 where it has one."""
    problem = gradient.problem
    counted = {a for a, _ in problem.count}
    own = [a for a in name.indices if axis(a) not in counted]
    return _plain(to_unicode(layout(Name(dict(problem.sizes).get(axis(own[-1]), axis(own[-1])))))) if own else "1"


def _label(t: Term) -> str:
    return _plain(to_unicode(layout(indexless(t))))


def _plain(text: str) -> str:
    """Lowered digits as pictures read them: a₁ is a_{1}."""
    return re.sub("[₀-₉]+", lambda m: "_{" + "".join(str(ord(c) - ord("₀")) for c in m[0]) + "}", text)
