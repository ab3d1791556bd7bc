"""Where a shape does not fit, in words: the part of the formula, the two shapes, the column, in one line that a terminal shows whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgd.arrays.sizes import ShapeError
from symgd.reading.pratt import Reading

__all__ = ["Place"]

_WIDE = 93  # columns of a message, with `error: ` before it


@dataclass(frozen=True)
class Place:
    """The text of one formula, for messages about its parts."""

    text: str

    def of(self, r: Reading) -> str:
        """What is written there."""
        start, end = self.inside(r.start, r.end)
        return " ".join(self.text[start:end].split())

    def inside(self, start: int, end: int) -> tuple[int, int]:
        """Without the brackets around it: of (X) the place of X."""
        said = self.text[start:end]
        if said[:1] + said[-1:] != "()":
            return start, end
        depth = 0
        for k, c in enumerate(said):
            depth += {"(": 1, ")": -1}.get(c, 0)
            if not depth:
                return self.inside(start + 1, end - 1) if k == len(said) - 1 else (start, end)
        return start, end

    def between(self, a: Reading, b: Reading) -> str:
        """The sign of the product of two neighbours, "" where there is none."""
        return self.text[a.end : b.start].strip().strip("()[]{}").removesuffix("\\left").strip() if a.end < b.start else ""

    def error(self, why: str, at: Reading, span: tuple[int, int] | None = None, shapes: tuple[tuple[str, str], ...] = ()) -> ShapeError:
        """`X @ w: X is (n × d) and w is (h): the inner sizes d and h differ, at column 5 of "…"`, shortened to fit one line."""
        return ShapeError(next(self._said(why, at, span, shapes)))

    def _said(self, why: str, at: Reading, span: tuple[int, int] | None, shapes: tuple[tuple[str, str], ...]) -> Iterator[str]:
        column = f"at column {self.inside(at.start, at.end)[0] + 1}"
        span = self.inside(*span) if span else None
        said = ""
        for most in (200, 60, 40, 28, 20, 14, 10):
            parts = " and ".join(f"{_short(what, most)} is {shape}" for what, shape in shapes)
            whole = f"{_short(' '.join(self.text[span[0] : span[1]].split()), most)}: " if span else ""
            lead = f"{whole}{parts}: " if parts else ""
            quoted = f' of "{_short(" ".join(self.text.split()), 2 * most)}"'
            for said in (f"{lead}{why}, {column}{quoted}", f"{lead}{why}, {column}", f"{parts}: {why}, {column}" if parts else f"{why}, {column}"):
                if len(said) <= _WIDE and (most <= 60 or quoted in said):
                    yield said
        yield said


def _short(text: str, most: int) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[len(text) - half :]}"
