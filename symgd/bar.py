"""How far long work has come, on the terminal's line for messages."""

from __future__ import annotations

import sys
import time

__all__ = ["Bar"]


class Bar:
    """How far a long descent, or a pass over a long table, has come: on a terminal, from the first second on."""

    def __init__(self) -> None:
        self.since, self.shown = time.monotonic(), 0.0
        self.where, self.steps = "before the first step", ""
        self.begun, self.done = self.since, 0

    def show(self, steps: int, most: int) -> None:
        self.where = self.steps = f"at step {steps:,} of at most {most:,}"
        self._draw(steps / most, f"{steps:,} of at most {most:,} steps")

    def read(self, done: int, whole: int, unit: str) -> None:
        """A pass: so much of the table is read."""
        now = time.monotonic()
        if done < self.done or not self.done:
            self.begun = now
        self.done = done
        self.where = f"{self.steps or 'in a pass over the table'}, {done:,} of {whole:,} {unit} read"
        speed = f", {done / (now - self.begun) / 1e6:.1f} M {unit}/s" if now > self.begun else ""
        self._draw(done / whole, f"{done:,} of {whole:,} {unit}{speed}{f', {self.steps}' if self.steps else ''}")

    def _draw(self, share: float, words: str) -> None:
        now = time.monotonic()
        if now - self.since > 1 and now - self.shown > 0.1:
            self.shown = now
            print(f"\r  {'█' * int(20 * share):░<20} {words:<56.56}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown:
            print(f"\r{' ' * 79}\r", end="", file=sys.stderr, flush=True)
            self.shown = 0.0
