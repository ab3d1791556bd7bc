"""Two layers with numbered weights, as so many workings have them: i1, i2 → h1, h2 → o1, o2 with w1 … w8, all units sigmoid.

The weights are numbered unit by unit, layer by layer: with I inputs, H hidden units and O outputs, hidden unit k has the weights
(k − 1) I + 1 … k I, output k the weights H I + (k − 1) H + 1 … H I + k H.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from symgd.forward import Definition
from symgd.handcalc.setting import Setting
from symgd.term import ONE, TWO, Add, Call, Div, Mul, Name, Pow, Term, add, mul

__all__ = ["numbered_network"]

_PARTS = {
    "weight": re.compile(r"([wW])_?([0-9]{1,2})"),
    "hidden": re.compile(r"(ah|h|out_?h|a_h|h_)_?([0-9])"),
    "output": re.compile(r"(ao|o|out_?o|a_o|y_hat|o_)_?([0-9])"),
    "input": re.compile(r"(i|x|in|in_?i)_?([0-9])"),
    "target": re.compile(r"(t|target|target_?o|y|d)_?([0-9])"),
}


@dataclass(frozen=True)
class _Layer:
    """The names of a layer: its letters, and the numbers that were met."""

    letters: str
    numbers: tuple[int, ...]

    def name(self, k: int) -> Name:
        return Name(f"{self.letters}{k}")


def numbered_network(setting: Setting, symbols: list[str], objective: str) -> Setting | None:
    """The setting with such a network assumed, aloud; None where the names are not those of one."""
    layers = {part: _layer(pattern, symbols) for part, pattern in _PARTS.items()}
    weight, hidden, output, inputs, target = (layers[p] for p in ("weight", "hidden", "output", "input", "target"))
    if not (weight and hidden and output and target):
        return None
    h, o, most = max(hidden.numbers), max(output.numbers), max(weight.numbers)
    width, rest = divmod(most - h * o, h)
    if rest or width < 1 or h < 1 or (inputs and max(inputs.numbers) > width) or any(setting.definition(hidden.name(k).symbol) for k in hidden.numbers):
        return None
    inputs = inputs or _Layer("i", ())
    definitions = [Definition(hidden.name(k), _unit(weight, (k - 1) * width, [inputs.name(j) for j in range(1, width + 1)])) for k in range(1, h + 1)]
    definitions += [Definition(output.name(k), _unit(weight, h * width + (k - 1) * h, [hidden.name(j) for j in range(1, h + 1)])) for k in range(1, o + 1)]
    squares = [Pow(Add((target.name(k), -output.name(k))), TWO) for k in range(1, o + 1)]
    loss: Term = mul(Div(ONE, TWO), add(*squares))
    other = weight.letters.swapcase()
    second = {f"{other}{k}": f"{weight.letters}{k}" for k in range(1, most + 1) if f"{other}{k}" in symbols}
    setting = replace(setting, roles=replace(setting.roles, aliases={**setting.roles.aliases, **second}))
    for d in definitions:
        setting = setting.knows(d.value).define(d)
    rows = ", ".join(f"{part.letters}1…{part.letters}{k}" for part, k in ((inputs, width), (hidden, h), (output, o)))
    says = f"two layers of sigmoid units: {rows}"
    setting = setting.knows(loss).assume(
        Definition(Name(objective), loss),
        f"{objective} is half the sum of ({target.letters} - {output.letters})^2; {says}, with the weights {weight.letters}1…{weight.letters}{most} in order",
    )
    return setting


def _unit(weight: _Layer, before: int, values: list[Name]) -> Term:
    return Call("sigmoid", (add(*(Mul((weight.name(before + k), v)) for k, v in enumerate(values, 1))),))


def _layer(pattern: re.Pattern[str], symbols: list[str]) -> _Layer | None:
    found: dict[str, set[int]] = {}
    for s in symbols:
        if hit := pattern.fullmatch(s):
            found.setdefault(s[: -len(hit[2])], set()).add(int(hit[2]))
    if not found:
        return None
    letters = max(sorted(found), key=lambda x: (x in ("w", "w_"), len(found[x])))
    return _Layer(letters, tuple(sorted(found[letters] | found.get(letters.swapcase(), set()))))
