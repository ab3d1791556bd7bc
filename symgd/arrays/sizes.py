"""Sizes → axes: the first size named n is the axis i (samples), d is j (features), h hidden units, k classes; every other size gets a letter that is free."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from symgd.term import symbol_problem

__all__ = ["Shape", "ShapeError", "axes_of", "read_shape", "read_shapes"]

Shape = tuple[str, ...]  # of sizes: ("n", "d"); () is a number

_USUAL = {
    "n": "i", "N": "i", "samples": "i", "d": "j", "p": "j", "m": "j", "D": "j", "M": "j", "features": "j", "h": "h", "H": "h", "hidden": "h", "units": "h",
    "k": "k", "K": "k", "c": "k", "C": "k", "classes": "k", "outputs": "k", "l": "l",
}  # fmt: skip
_LETTER = re.compile(r"[hkl][0-9]+")


class ShapeError(ValueError):
    """The problem in arrays makes no sense; the message says which shapes, and where."""


def read_shape(text: str, name: str) -> Shape:
    """ "n d", "n, d", "(n, d)" → ("n", "d"); "" and "()" are a number's.  Raises ShapeError."""
    words = text.strip().strip("()[]").replace(",", " ").replace("×", " ").split()
    for word in words:
        if word.isdigit() and word.isascii():
            if int(word) < 1 or len(word) > 6:
                raise ShapeError(f"{name} has the size {word[:12]}; sizes are names (n, d) or whole numbers from 1")
        elif wrong := symbol_problem(word):
            raise ShapeError(f"{word[:40]!r} cannot be a size of {name}: {wrong}")
    if len(words) > 2:
        raise ShapeError(f"{name} has {len(words)} axes ({' × '.join(words)[:40]}); arrays have one axis or two")
    return tuple(words)


def read_shapes(shapes: Mapping[str, str] | Sequence[str]) -> dict[str, Shape]:
    """{"X": "n d"}, or ["X: n d", "w: d"].  Raises ShapeError."""
    pairs = list(shapes.items()) if isinstance(shapes, Mapping) else [_pair(word) for word in shapes]
    out: dict[str, Shape] = {}
    for name, text in pairs:
        name = name.strip()
        if wrong := symbol_problem(name):
            raise ShapeError(f"{name[:40]!r} cannot be a name: {wrong}")
        if name in out:
            raise ShapeError(f"{name} has two shapes; give it one")
        out[name] = read_shape(text, name)
    return out


def _pair(word: str) -> tuple[str, str]:
    name, mark, text = word.partition(":")
    if not mark:
        raise ShapeError(f'a shape is written "X: n d", not {word[:40]!r}')
    return name, text


def axes_of(shapes: Mapping[str, Shape]) -> dict[str, str]:
    """The letter of each size's axis, in the order in which the sizes are met; a size of 1 has none."""
    sizes = [s for shape in shapes.values() for s in shape if s != "1"]
    out: dict[str, str] = {}
    for s in dict.fromkeys(sizes):
        letter = _USUAL.get(s, s if _LETTER.fullmatch(s) else "")
        if letter and letter not in out.values():
            out[s] = letter
    for s in dict.fromkeys(sizes):
        if s not in out:
            letters = ("h", "k", "l", *(f"h{k}" for k in range(1, len(sizes) + 2)))
            out[s] = next(x for x in letters if x not in out.values())
    return {s: out[s] for s in dict.fromkeys(sizes)}
