"""The table: a row for each workload, the target beside what was measured, every other contestant beside ours."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["Row", "in_readme", "machine", "markdown", "row_of", "told"]

PEERS = {
    "lambdify": "sympy", "autograd": "autograd", "JAX": "jax", "torch": "torch", "numba": "numba", "SciPy": "scipy", "pyarrow": "pyarrow",
    "polars": "polars",
}  # fmt: skip
ORDER = ("hand", "NumPy", "Fractions", *PEERS)
TIE = 1.1  # somebody else is faster only beyond it
IN_README = ("hand", "NumPy", "JAX", "numba")
NOTES = (
    "A read is one pass over x and y.  `hand` is NumPy as one writes it who knows the caches and hoists by hand, `NumPy` what one writes first.  "
    f"Lost: somebody is more than {TIE - 1:.0%} better.  Loops that pass over the data in each step are run for a few steps and scaled.  "
    "What is compiled is compiled before the clock starts."
)
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


@dataclass(frozen=True)
class Row:
    """what    the workload
    ours    what it costs here; None where it is not built
    unit    what is counted: "reads" of the data, "ms", "× import numpy"
    target  at most this; at least, where `least`
    beside  the other contestants, in the same unit
    short   does it stand in README?
    absent  what is said where there is no value
    """

    what: str
    ours: float | None
    unit: str = ""
    target: float | None = None
    least: bool = False
    beside: Mapping[str, float] = field(default_factory=dict)
    short: bool = False
    absent: str = "not built"

    @property
    def missed(self) -> bool:
        return self.ours is not None and self.target is not None and not (self.ours >= self.target if self.least else self.ours <= self.target)

    @property
    def faster(self) -> list[str]:
        """Who does it better."""
        if self.ours is None:
            return []
        better = {name: v > TIE * self.ours if self.least else v * TIE < self.ours for name, v in self.beside.items()}
        return [name for name in ORDER if better.get(name)]

    @property
    def verdict(self) -> str:
        """met · missed · not built, and to whom it is lost"""
        if self.ours is None:
            return self.absent
        said = [] if self.target is None else ["missed" if self.missed else "met"]
        return ", ".join([*said, *(["lost to " + " and ".join(self.faster)] if self.faster else [])])

    @property
    def goal(self) -> str:
        return "" if self.target is None else f"{'≥' if self.least else '≤'} {self.target:g}"


def row_of(found: Row | tuple[str, float, float | None]) -> Row:
    """(what, value, target) as a row."""
    return found if isinstance(found, Row) else Row(found[0], found[1], "", found[2])


def digits(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cell(words: str) -> str:
    return words.replace("|", "\\|")


def told(name: str, row: Row) -> str:
    """The row for a terminal."""
    beside = " · ".join(f"{k} {digits(v)}" for k, v in row.beside.items())
    return f"{name:5} {row.what:64} {digits(row.ours):>8} {row.unit:10} {row.goal:>8} {row.verdict}{'   ' + beside if beside else ''}"


def versions() -> tuple[list[str], list[str]]:
    """(those installed, with their versions; those not installed)"""
    here, lost = [], []
    for name, package in PEERS.items():
        try:
            here.append(f"{'SymPy' if name == 'lambdify' else name} {version(package)}")
        except PackageNotFoundError:
            lost.append(name)
    return here, lost


def machine(load: float) -> str:
    """The machine in words.  load: how many others ran when it began"""
    here, lost = versions()
    words = f"{os.cpu_count()} cores ({platform.machine()}), one used; Python {platform.python_version()}, NumPy {version('numpy')}, {', '.join(here)}"
    return words + (f"; not installed: {', '.join(lost)}" if lost else "") + ("; other jobs running" if load > 0.5 else "")


def account(rows: Iterable[tuple[str, Row]]) -> str:
    """How many targets are met, and which are not."""
    rows = list(rows)
    with_target = [(name, r) for name, r in rows if r.target is not None and r.ours is not None]
    missed = [f"{name} ({digits(r.ours)} {r.unit}, not {r.goal})" for name, r in with_target if r.missed]
    absent = list(dict.fromkeys(f"{name} ({r.absent})" for name, r in rows if r.ours is None))
    said = f"{len(with_target) - len(missed)} of {len(with_target)} targets are met"
    said += f"; missed: {'; '.join(missed)}" if missed else ""
    behind = list(dict.fromkeys(name for name, r in rows if "hand" in r.faster))
    said += f"; NumPy by hand is more than {TIE - 1:.0%} better in {', '.join(behind)}" if behind else ""
    return said + (f"; without a value: {', '.join(absent)}" if absent else "") + "."


def markdown(rows: Sequence[tuple[str, Row]], load: float, command: str) -> str:
    """The table with its date, its command and its machine."""
    named = [p for p in ORDER if any(p in r.beside for _, r in rows)]
    lines = [
        f"Measured on {datetime.date.today().isoformat()} by `{command}`: {machine(load)}.", "",
        "| | workload | counted in | symgd | target | | " + " | ".join(named) + " |",
        "|---|---|---|--:|--:|---|" + "--:|" * len(named),
    ]  # fmt: skip
    for name, r in rows:
        cells = [name, cell(r.what), r.unit, digits(r.ours), r.goal, r.verdict, *(digits(r.beside.get(p)) for p in named)]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", account(rows)]
    lines += ["", NOTES]
    return "\n".join(lines) + "\n"


def in_readme(readme: Path, rows: Sequence[tuple[str, Row]], load: float) -> None:
    """Writes the short rows between the marks.  Raises ValueError where README has no marks."""
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{readme.name} has no single pair of marks {BEGIN} … {END}")
    short = [(name, r) for name, r in rows if r.short]
    lines = [
        f"Measured on {datetime.date.today().isoformat()}, {machine(load)}; `--markdown FILE` writes every row and every contestant.", "",
        "| | workload | counted in | symgd | target | | " + " | ".join(IN_README) + " |", "|---|---|---|--:|--:|---|" + "--:|" * len(IN_README),
    ]  # fmt: skip
    for name, r in short:
        cells = [name, cell(r.what), r.unit, digits(r.ours), r.goal, r.verdict, *(digits(r.beside.get(p)) for p in IN_README)]
        lines.append("| " + " | ".join(cells) + " |")
    block = "\n".join([BEGIN, *lines, "", NOTES, "", account(rows), END])
    readme.write_text(re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: block, text, flags=re.DOTALL), encoding="utf-8")
