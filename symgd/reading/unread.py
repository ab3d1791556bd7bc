"""What is said of a text that could not be read: the reason, the place, and a caret under it, as compilers do."""

from __future__ import annotations

import unicodedata

__all__ = ["Unread"]

_WINDOW = 100  # characters of a long line that are shown around the place


class Unread(ValueError):
    """The text could not be read: `message` says why, text[start:end] is the place, `hint` is what to write instead (or "")."""

    def __init__(self, message: str, text: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message, text, start, end, hint)
        self.message, self.text, self.hint = message, text, hint
        self.start = max(0, min(start, len(text)))
        self.end = max(self.start, min(end, len(text)))

    def __str__(self) -> str:
        number, line, first, last = self._line()
        margin = " " * len(str(number))
        caret = " " * _columns(line[:first]) + "^" * max(1, _columns(line[first:last]))
        rows = [f"error[unread]: {self.message}", f" {margin} |", f" {number} | {_shown(line)}".rstrip(), f" {margin} | {caret}"]
        return "\n".join(rows + ([f" {margin} = help: {self.hint}"] if self.hint else []))

    def _line(self) -> tuple[int, str, int, int]:
        """The number of the line of the place, the line (a window of it, where long), and the place within."""
        begins = self.text.rfind("\n", 0, self.start) + 1
        ends = self.text.find("\n", begins)
        line = self.text[begins : ends if ends >= 0 else None]
        first, last = self.start - begins, min(self.end - begins, len(line))
        if len(line) > _WINDOW:
            left = max(0, min(first - _WINDOW // 2, len(line) - _WINDOW))
            line, first, last = line[left : left + _WINDOW], first - left, min(last - left, _WINDOW)
        return self.text.count("\n", 0, begins) + 1, line, first, last


def _shown(line: str) -> str:
    """The line with everything that a terminal would obey replaced."""
    return "".join(c if c.isprintable() or unicodedata.combining(c) else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in line)


def _columns(piece: str) -> int:
    """How many columns of a terminal the piece takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in piece)
